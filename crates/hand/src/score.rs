//! How well a section fits a question.
//!
//! The heart of it is coverage: how much of what the question's words tell is found in the section, each word
//! weighing the more the fewer sections have it. A word that no article has weighs most of all, so a question
//! about something unknown is not covered however many of its other words are. What stands in examples counts
//! little, and so do words that are together in the question and far apart in the section.

use crate::knowledge::{Knowledge, Term, Zones};
use crate::language;
use crate::question::{Clue, Question};

/// From which fit on a section answers a question.
///
/// Chosen on the questions marked `tune` in `tests/questions.jsonl`: at 0.55, some ten more of the 180 uncovered ones
/// are answered for some four more right answers; at 0.65, a dozen right answers are lost for two of those. What it
/// does to questions that it was not chosen on is measured in `tests/it/questions.rs`.
pub(crate) const ENOUGH: f64 = 0.6;
/// From which fit on a section answers a question about the customer's own case; see `case`.
pub(crate) const ENOUGH_FOR_A_CASE: f64 = 0.9;

const IN_HEADING: f64 = 1.0;
const IN_BODY: f64 = 0.85;
const IN_TITLE: f64 = 0.7;
const IN_SUMMARY: f64 = 0.5;
const IN_ARTICLE: f64 = 0.3;
const IN_EXAMPLE: f64 = 0.25;
/// What remains for each word that no article has and that is not a general one: it is probably what is asked for.
const STRANGE: f64 = 0.75;
/// What remains where all words are general ones: they do not say what is asked for.
const GENERAL: f64 = 0.7;
/// What it is worth that the heading speaks of nothing else.
const FOCUS: f64 = 0.3;
/// What it adds that the heading asks in the same way: "who", "why".
const ASKED: f64 = 0.2;
/// What remains where the heading says that something is not, and the question does not.
const DENIED: f64 = 0.9;
/// What remains of two words that stand together in the question and far apart in the section.
const APART: f64 = 0.5;
/// How many words apart is together.
const TOGETHER: usize = 8;

/// How well the section with `zones` fits: 0 not at all, from 1 on in every word.
pub(crate) fn fit(question: &Question, zones: &Zones, knowledge: &Knowledge) -> f64 {
    let clues = question.clues.as_slice();
    let total: f64 = clues.iter().map(|clue| clue.weight).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let found: f64 = clues
        .iter()
        .map(|clue| {
            let mut found = clue.weight * place(clue, zones, knowledge);
            if is_apart(clue, clues, zones) {
                found *= APART;
            }
            found
        })
        .sum();
    let strange = clues.iter().filter(|clue| clue.is_strange).count();
    let mut coverage = found / total * STRANGE.powf(strange as f64);
    if clues.iter().all(|clue| clue.is_general) {
        coverage *= GENERAL;
    }
    let asks = question.asks.iter().any(|term| zones.heading.contains(term));
    let asked = if asks { ASKED } else { 0.0 };
    let fit = coverage * (1.0 + asked) + FOCUS * focus(clues, zones, knowledge) * coverage.sqrt();
    if zones.denies && !question.denies { fit * DENIED } else { fit }
}

/// How well the section's best place for the clue stands for it.
pub(crate) fn place(clue: &Clue, zones: &Zones, knowledge: &Knowledge) -> f64 {
    let places = clue.terms.iter().map(|(term, worth)| {
        let place = if zones.heading.contains(term) {
            IN_HEADING
        } else if zones.body.contains(term) {
            IN_BODY
        } else if zones.title.contains(term) {
            IN_TITLE
        } else if zones.summary.contains(term) {
            IN_SUMMARY
        } else if knowledge.article_has(zones.article, *term) {
            IN_ARTICLE
        } else if zones.example.contains(term) {
            IN_EXAMPLE
        } else {
            0.0
        };
        place * worth
    });
    places.fold(0.0, f64::max)
}

/// Whether the clue stands beside another in the question, and the section has both, but nowhere together.
///
/// "Opening hours" are something else than hours in one sentence and something to open in another.
fn is_apart(clue: &Clue, clues: &[Clue], zones: &Zones) -> bool {
    let places = |of: &Clue| -> Vec<usize> {
        let is_it = |term: &Term| of.terms.iter().any(|(known, _)| known == term);
        zones.text.iter().enumerate().filter(|(_, term)| is_it(term)).map(|(place, _)| place).collect()
    };
    let beside = |other: &&Clue| other.place.abs_diff(clue.place) == 1;
    let mut is_apart = false;
    for other in clues.iter().filter(beside) {
        let (mine, its) = (places(clue), places(other));
        if mine.is_empty() || its.is_empty() {
            continue;
        }
        if mine.iter().any(|a| its.iter().any(|b| a != b && a.abs_diff(*b) <= TOGETHER)) {
            return false;
        }
        is_apart = true;
    }
    is_apart
}

/// How much of what the heading says is asked for.
fn focus(clues: &[Clue], zones: &Zones, knowledge: &Knowledge) -> f64 {
    let (mut all, mut asked) = (0.0, 0.0);
    for term in &zones.heading {
        if language::is_stop(knowledge.word(*term)) {
            continue;
        }
        let weight = knowledge.weight(*term);
        all += weight;
        if clues.iter().any(|clue| clue.terms.iter().any(|(known, _)| known == term)) {
            asked += weight;
        }
    }
    if all > 0.0 { asked / all } else { 0.0 }
}
