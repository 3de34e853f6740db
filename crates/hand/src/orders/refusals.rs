//! Sentences for what cannot be done or was not clear: each says what to do, with an example where it helps.

use desk::{Error, FieldError};
use domain::Role;
use words::Clarify;

use super::describe::month;
use super::outcome::Outcome;
use super::{Line, Status};

/// What to say about an error; nothing where it is no matter for a sentence.
pub(super) fn sentence(error: &Error) -> Option<String> {
    Some(match error {
        Error::Forbidden { role: Some(Role::Viewer) } => {
            "Viewers read and search, but do not change anything; ask an admin for another role.".to_owned()
        }
        Error::Forbidden { .. } => "Your role does not allow this; ask an admin.".to_owned(),
        Error::NotFound(what) => format!("There is no such {what}; it may have been deleted meanwhile."),
        Error::Invalid(fields) => fields.iter().map(field).collect::<Vec<_>>().join(" "),
        Error::Stale { kind, .. } => {
            format!("The {kind} was changed by somebody else just now; say it again.")
        }
        Error::AlreadyClaimed { .. } | Error::Conflict { .. } => capital(&format!("{error}.")),
        _ => return None,
    })
}

fn field(error: &FieldError) -> String {
    format!("The {} {}.", error.field.replace(['.', '_'], " "), error.message)
}

/// `text` with a capital letter at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `text` with a small letter at its beginning.
pub(super) fn small(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The question that an order which is not clear is answered with.
pub(super) fn question(reason: Clarify, text: &str) -> String {
    match reason {
        Clarify::TooLong => "That is longer than 1,000 characters. Say it in a sentence, such as “call Dana \
                             tomorrow at 9”, and write the rest into the task's notes."
            .to_owned(),
        Clarify::NoTitle => {
            "What is to be done? Say it with the time, such as “call Dana tomorrow at 9”.".to_owned()
        }
        Clarify::AmbiguousDate => match two_readings(text) {
            Some((written, one, other)) => {
                format!("Is {written} the {one} or the {other}? Write the month, such as “on {one}”.")
            }
            None => "That date can be read in two ways. Write the month, such as “on 3 April”.".to_owned(),
        },
        Clarify::InvalidDate => {
            "There is no such day in the calendar. Name one that there is, such as “on 28 February”."
                .to_owned()
        }
        Clarify::PastDate => {
            "That time is over already. Name one that is to come, such as “tomorrow at 9”.".to_owned()
        }
        Clarify::InvalidTime => {
            "There is no such time of day. Write it like “at 9:30” or “at 14:00”.".to_owned()
        }
        Clarify::UnknownZone => {
            "That time zone is not known. Name it by area and city, such as “at 9:00 America/New_York”."
                .to_owned()
        }
    }
}

/// The first date like `3/4` in a text, and its two readings.
fn two_readings(text: &str) -> Option<(String, String, String)> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '!' | '?')).find_map(
        |word| {
            let mut parts = word.trim_end_matches('.').split('/');
            let mut number = || {
                let part = parts.next()?;
                let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| part.parse::<i8>().ok()).flatten().filter(|n| (1..=12).contains(n))
            };
            let (a, b) = (number()?, number()?);
            (a != b).then(|| (word.to_owned(), format!("{a} {}", month(b)), format!("{b} {}", month(a))))
        },
    )
}

/// What can be said.
pub(super) fn help() -> Outcome {
    const EXAMPLES: [(&str, &str); 12] = [
        ("Add", "call Dana tomorrow at 9 about the refund, remind me 30 min before"),
        ("Repeat", "water the plants every Monday at 8"),
        ("Arrange", "send the offer on Friday p1 @sales #Acme +Bea"),
        ("Complete", "complete #12"),
        ("Change", "move #12 to Friday at 10"),
        ("Assign", "assign #12 to me"),
        ("Snooze", "snooze #12 until Monday"),
        ("Part", "add subtask book the room to #12"),
        ("Comment", "comment on #12: Dana agreed"),
        ("Remind", "remind me about #12 tomorrow at 9"),
        ("List", "what's due this week"),
        ("Search", "search refund"),
    ];
    let mut text = "Say what is to be done, in plain words. For example:".to_owned();
    for (_, example) in EXAMPLES {
        text.push_str("\n• ");
        text.push_str(example);
    }
    text.push_str("\nInstead of a number you can say a task's title; “undo” takes the last thing back.");
    let lines =
        EXAMPLES.iter().map(|(label, example)| Line { label, value: (*example).to_owned() }).collect();
    Outcome { lines, ..Outcome::new(Status::Answer, text) }
}

#[cfg(test)]
mod tests {
    use words::Clarify;

    use super::{question, two_readings};

    #[test]
    fn an_ambiguous_date_is_asked_about_with_its_own_readings() {
        assert_eq!(
            question(Clarify::AmbiguousDate, "call Dana on 3/4, p1"),
            "Is 3/4 the 3 April or the 4 March? Write the month, such as “on 3 April”."
        );
        assert_eq!(two_readings("and/or 24/7 13/4 5/5"), None);
    }

    #[test]
    fn every_question_shows_how_to_say_it() {
        for reason in [
            Clarify::TooLong,
            Clarify::NoTitle,
            Clarify::AmbiguousDate,
            Clarify::InvalidDate,
            Clarify::PastDate,
            Clarify::InvalidTime,
            Clarify::UnknownZone,
        ] {
            assert!(question(reason, "").contains('“'), "{reason:?}");
        }
    }
}
