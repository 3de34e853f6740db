//! The built-in answer: the best sections, quoted in whole sentences, and where they come from.

use desk::articles::Passage;
use domain::conversation::Source;

use crate::question::Clue;
use crate::{language, markup};

/// The most sections that one answer quotes.
pub(crate) const SECTIONS: usize = 3;
/// How near another section has to come to the best one to be quoted as well.
const NEAR: f64 = 0.7;
/// About how many characters of a section are quoted.
const QUOTE_CHARS: usize = 600;

/// A section and how well it fits the question.
#[derive(Debug, Clone)]
pub struct Found {
    /// The section.
    pub passage: Passage,
    /// How well it fits; see `score`.
    pub fit: f64,
}

impl Found {
    /// The source that an answer names, with the words that it rests on.
    pub(crate) fn source(&self, quote: String) -> Source {
        Source {
            article_id: self.passage.article_id,
            slug: self.passage.slug.clone(),
            title: self.passage.title.clone(),
            heading: self.passage.heading.clone(),
            quote,
        }
    }
}

/// The answer made of `found`, which is sorted, the best first, and not empty.
///
/// Its text is Markdown and keeps what is marked as code in the sections, and so do the sources' quotes, letter by
/// letter: the widget shows a source's quote only where the answer does not hold it already.
pub(crate) fn answer(found: &[Found], clues: &[Clue]) -> (String, Vec<Source>) {
    let best = found.first().map_or(0.0, |first| first.fit);
    let quoted: Vec<&Found> = found.iter().take(SECTIONS).filter(|one| one.fit >= best * NEAR).collect();
    let mut text = match quoted.as_slice() {
        [_] => "This is what our help pages say:".to_owned(),
        _ => "These parts of our help pages should answer that:".to_owned(),
    };
    let mut sources = Vec::new();
    for one in quoted {
        let quote = markup::balanced(&excerpt(&one.passage.body, clues));
        let place = match &one.passage.heading {
            Some(heading) => format!("{} – {heading}", one.passage.title),
            None => one.passage.title.clone(),
        };
        text.push_str(&format!("\n\n**{}**\n", place.replace(['*', '\n'], " ")));
        for line in quote.lines() {
            text.push_str("\n> ");
            text.push_str(line);
        }
        sources.push(one.source(quote));
    }
    (text, sources)
}

/// At most about 600 characters of `body`: whole sentences around the one that has most of what is asked.
fn excerpt(body: &str, clues: &[Clue]) -> String {
    if body.chars().count() <= QUOTE_CHARS {
        return body.trim().to_owned();
    }
    let sentences = language::sentences(body);
    let stems: Vec<String> = clues.iter().map(|clue| language::stem(&clue.word)).collect();
    let worth = |sentence: &str| -> f64 {
        let words: Vec<String> = language::words(sentence).iter().map(|word| language::stem(word)).collect();
        clues.iter().zip(&stems).filter(|(_, stem)| words.contains(stem)).map(|(clue, _)| clue.weight).sum()
    };
    let mut best = (0, 0.0);
    for (place, sentence) in sentences.iter().enumerate() {
        let worth = worth(sentence);
        if worth > best.1 {
            best = (place, worth);
        }
    }
    let long =
        |from: usize, to: usize| -> usize { sentences[from..to].iter().map(|s| s.chars().count() + 1).sum() };
    let (mut from, mut to) = (best.0, best.0 + 1);
    // The section's beginning says what it is about, so it is kept where both fit.
    if long(0, to) <= QUOTE_CHARS {
        from = 0;
    }
    while to < sentences.len() && long(from, to + 1) <= QUOTE_CHARS {
        to += 1;
    }
    let mut out = String::new();
    if from > 0 {
        out.push_str("… ");
    }
    let start = sentences.get(from).map_or(0, |sentence| offset(body, sentence));
    let end = sentences.get(to - 1).map_or(body.len(), |sentence| offset(body, sentence) + sentence.len());
    out.push_str(&domain::text::shorten(body[start..end].trim(), QUOTE_CHARS * 2));
    if to < sentences.len() {
        out.push_str(" …");
    }
    out
}

/// Where `part`, which is a part of `whole`, begins in it.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr()).min(whole.len())
}

#[cfg(test)]
mod tests {
    use desk::articles::Passage;
    use domain::ids::ArticleId;
    use uuid::Uuid;

    use super::{Found, answer, excerpt};
    use crate::question::Clue;

    fn clue(word: &str) -> Clue {
        Clue {
            word: word.to_owned(),
            weight: 1.0,
            is_strange: false,
            is_general: false,
            place: 0,
            terms: Vec::new(),
        }
    }

    #[test]
    fn a_short_section_is_quoted_whole() {
        assert_eq!(excerpt(" Send it back.\n- now ", &[clue("x")]), "Send it back.\n- now");
    }

    #[test]
    fn of_a_long_section_whole_sentences_around_the_best_one_are_quoted() {
        let filler = "Here is a sentence that says nothing of it. ".repeat(30);
        let body = format!("{filler}A refund takes five days. {filler}");
        let quote = excerpt(&body, &[clue("refunds"), clue("days")]);
        assert!(quote.starts_with("… ") && quote.ends_with(" …"), "{quote}");
        assert!(quote.contains("A refund takes five days."), "{quote}");
        assert!(quote.chars().count() < 620, "{quote}");
    }

    #[test]
    fn code_stays_marked_in_the_answer_and_in_its_sources() {
        let passage = Passage {
            id: 1,
            article_id: ArticleId(Uuid::nil()),
            slug: "backup".to_owned(),
            title: "Backup".to_owned(),
            summary: String::new(),
            heading: None,
            body: "Type this:\n\n`deskhand backup FILE`".to_owned(),
        };
        let (text, sources) = answer(&[Found { passage, fit: 1.0 }], &[]);
        assert!(text.ends_with("> Type this:\n> \n> `deskhand backup FILE`"), "{text}");
        assert_eq!(sources[0].quote, "Type this:\n\n`deskhand backup FILE`");
    }

    #[test]
    fn a_sentence_without_end_is_cut() {
        assert!(excerpt(&"word ".repeat(2_000), &[clue("word")]).chars().count() <= 1_210);
    }
}
