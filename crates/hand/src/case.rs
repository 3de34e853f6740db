//! Questions about the customer's own case: where an order is, a refund, a change of one's own booking.
//!
//! An article can say how such things go in general, but not how this one stands. So these questions are recognised
//! by their words, and answered only by a section that is plainly about just that; see `score`. Nothing here knows
//! articles.

use crate::language;

/// What a customer has of a company, in the singular.
const OWN: &str = "order parcel package delivery shipment shipping invoice bill receipt payment refund reimbursement \
    booking reservation subscription contract purchase money item items product voucher coupon appointment flight \
    insurance warranty guarantee policy salary loan rent bank card credit repair";

/// What a customer says of having done or suffered.
const DEALT: &str =
    "ordered bought purchased paid booked subscribed charged billed cancelled canceled overcharged";

fn is_own(word: &str) -> bool {
    let stem = language::stem(word);
    OWN.split_whitespace().any(|known| known == word || language::stem(known) == stem)
}

fn is_dealt(word: &str) -> bool {
    DEALT.split_whitespace().any(|known| known == word)
}

/// Whether the question is about the customer's own case.
pub(crate) fn is_own_case(question: &str) -> bool {
    let words = language::words(question);
    words.iter().enumerate().any(|(at, word)| {
        let after = |count: usize| words[at + 1..].iter().take(count);
        match word.as_str() {
            // "my last order", "our invoice of March"
            "my" | "our" => after(3).any(|next| is_own(next)),
            // "I have already paid", "we were charged"
            "i" | "we" | "ive" | "weve" => after(4).any(|next| is_dealt(next)),
            // "order 88123", "invoice no. 2026-114"
            _ => is_own(word) && after(2).any(|next| is_long_number(next)),
        }
    })
}

fn is_long_number(word: &str) -> bool {
    word.len() >= 4 && word.chars().filter(char::is_ascii_digit).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::is_own_case;

    #[test]
    fn what_a_customer_has_or_did_is_an_own_case() {
        for text in [
            "where is my order",
            "Please cancel our second booking",
            "I already paid for it twice",
            "we've been charged for nothing",
            "status of order no. 44871?",
            "my last two invoices are wrong",
        ] {
            assert!(is_own_case(text), "{text}");
        }
    }

    #[test]
    fn questions_that_an_article_can_answer_are_none() {
        for text in [
            "how long does delivery take",
            "can I pay by card",
            "how do I reset my password",
            "where is my data kept",
            "who paid whom",
            "see ticket #12",
        ] {
            assert!(!is_own_case(text), "{text}");
        }
    }
}
