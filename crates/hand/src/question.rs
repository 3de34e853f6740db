//! A question, taken apart: which of its words say what is asked, how much each tells, and what else means it.

use crate::knowledge::{Knowledge, Term};
use crate::language;

/// The fewest letters of a word that may be misspelled.
const TYPO_LETTERS: usize = 4;
/// How well a misspelled word stands for the right one.
const CORRECTED: f64 = 0.9;
/// How well a synonym stands for a word.
const SYNONYM: f64 = 0.8;
/// How much of its weight a general word keeps where the articles have it, and where they lack it.
const COMMON_KNOWN: f64 = 0.5;
const COMMON_UNKNOWN: f64 = 0.4;

/// A word that says something about what is asked.
#[derive(Debug)]
pub(crate) struct Clue {
    /// The word as it was typed.
    pub(crate) word: String,
    /// How much it tells.
    pub(crate) weight: f64,
    /// Whether no article tells of it, although it is not a general word.
    pub(crate) is_strange: bool,
    /// Whether it is a general word.
    pub(crate) is_general: bool,
    /// Which word of the question it is.
    pub(crate) place: usize,
    /// The terms that stand for it, each with how well it does.
    pub(crate) terms: Vec<(Term, f64)>,
}

/// What is asked.
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// The words that say what it is about, the most telling first.
    pub(crate) clues: Vec<Clue>,
    /// The words that ask, such as "why".
    pub(crate) asks: Vec<Term>,
    /// Whether it says that something is not.
    pub(crate) denies: bool,
}

/// The words that ask for something particular.
const ASKING: [&str; 5] = ["who", "where", "when", "why", "which"];

/// Takes a question apart.
pub(crate) fn take_apart(question: &str, knowledge: &Knowledge) -> Question {
    let mut clues = clues(question, knowledge);
    clues.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let asks = language::words(question).into_iter().filter(|word| ASKING.contains(&word.as_str()));
    let asks = asks.filter_map(|word| knowledge.term(&language::stem(&word))).collect();
    Question { clues, asks, denies: language::denies(question) }
}

/// The clues of a question, each once.
fn clues(question: &str, knowledge: &Knowledge) -> Vec<Clue> {
    let mut clues: Vec<(String, Clue)> = Vec::new();
    let words = language::words(question);
    for (place, word) in words.iter().cloned().enumerate() {
        if language::is_stop(&word) {
            continue;
        }
        let stem = language::stem(&word);
        if clues.iter().any(|(known, _)| *known == stem) {
            continue;
        }
        let mut terms: Vec<(Term, f64)> = knowledge.term(&stem).map(|term| (term, 1.0)).into_iter().collect();
        if terms.is_empty() {
            let bare = language::without_prefix(&word).and_then(|stem| knowledge.term(&stem));
            terms.extend(bare.map(|term| (term, SYNONYM)));
        }
        if terms.is_empty() && word.chars().count() >= TYPO_LETTERS {
            terms.extend(knowledge.correction(&word).map(|term| (term, CORRECTED)));
        }
        let phrase = language::phrase(&word, &words[place + 1..]);
        for synonym in language::synonyms(&stem).iter().chain(&phrase) {
            if let Some(term) =
                knowledge.term(synonym).filter(|term| !terms.iter().any(|(known, _)| known == term))
            {
                terms.push((term, SYNONYM));
            }
        }
        // A synonym that is everywhere makes the word itself tell no more than that.
        let weight = terms.iter().map(|(term, _)| knowledge.weight(*term)).reduce(f64::min);
        let general =
            language::is_common(&word, &stem) || (terms.is_empty() && language::is_common_misspelled(&word));
        let weight = match weight {
            Some(weight) => weight * if general { COMMON_KNOWN } else { 1.0 },
            None => knowledge.unknown_weight() * if general { COMMON_UNKNOWN } else { 1.0 },
        };
        let is_strange = !general && !terms.iter().any(|(term, _)| knowledge.is_told(*term));
        clues.push((stem, Clue { word, weight, is_strange, is_general: general, place, terms }));
    }
    clues.into_iter().map(|(_, clue)| clue).collect()
}
