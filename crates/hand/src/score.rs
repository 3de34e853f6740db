//! How well a section fits a question.
//!
//! The heart of it is coverage: how much of what the question's words tell is found in the section, each word
//! weighing the more the fewer sections have it. A word that no article has weighs most of all, so a question
//! about something unknown is not covered however many of its other words are.

use crate::knowledge::{Knowledge, Zones};
use crate::language;
use crate::question::Clue;

/// From which fit on a section answers a question.
///
/// Chosen on the questions marked `tune` in `tests/questions.jsonl`: below it wrong answers to uncovered
/// questions begin to come in by twos and threes, above it right ones are lost one by one. The questions marked
/// `test` measure it; see `tests/it/questions.rs`.
pub(crate) const ENOUGH: f64 = 0.45;

const IN_HEADING: f64 = 1.0;
const IN_BODY: f64 = 0.85;
const IN_TITLE: f64 = 0.7;
const IN_SUMMARY: f64 = 0.5;
const IN_ARTICLE: f64 = 0.3;
/// What remains for each word that no article has and that is not a general one: it is probably what is asked for.
const STRANGE: f64 = 0.75;
/// What it is worth that the heading speaks of nothing else.
const FOCUS: f64 = 0.3;

/// How well the section with `zones` fits: 0 not at all, from 1 on in every word.
pub(crate) fn fit(clues: &[Clue], zones: &Zones, knowledge: &Knowledge) -> f64 {
    let total: f64 = clues.iter().map(|clue| clue.weight).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let found: f64 = clues
        .iter()
        .map(|clue| {
            let best = clue.terms.iter().map(|(term, worth)| {
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
                } else {
                    0.0
                };
                place * worth
            });
            clue.weight * best.fold(0.0, f64::max)
        })
        .sum();
    let strange = clues.iter().filter(|clue| clue.is_strange).count();
    let coverage = found / total * STRANGE.powf(strange as f64);
    coverage + FOCUS * focus(clues, zones, knowledge) * coverage.sqrt()
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
