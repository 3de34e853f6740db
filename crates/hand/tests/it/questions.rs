//! How well the built-in answerer does, measured on questions: what is covered gets the right article, what is
//! not covered gets a person, and who wants a person gets one.

use std::collections::HashSet;

use domain::conversation::Reason;
use hand::{Decision, Hand};
use serde::Deserialize;
use testkit::both;

use crate::setting::{self, Setting};

#[derive(Deserialize)]
struct Question {
    set: String,
    kind: String,
    text: String,
    article: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

const QUESTIONS: &str = include_str!("../questions.jsonl");
const BLIND: &str = include_str!("../blind.jsonl");

fn questions(lines: &str) -> Vec<Question> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[derive(Debug, Default)]
struct Tally {
    covered: usize,
    right: usize,
    wrong_article: usize,
    uncovered: usize,
    uncovered_answered: usize,
    person: usize,
    person_handed_over: usize,
}

impl Tally {
    /// Of the answers given, how many were right.
    fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong_article + self.uncovered_answered) as f64
    }

    /// Of the covered questions, how many were answered right.
    fn recall(&self) -> f64 {
        self.right as f64 / self.covered as f64
    }

    fn uncovered_answered_share(&self) -> f64 {
        self.uncovered_answered as f64 / self.uncovered as f64
    }

    fn print(&self, name: &str) {
        println!(
            "{name}: precision {:.2}, recall {:.2}; covered {}/{} right, {} with another article; uncovered {}/{} \
             answered; person {}/{} handed over",
            self.precision(),
            self.recall(),
            self.right,
            self.covered,
            self.wrong_article,
            self.uncovered_answered,
            self.uncovered,
            self.person_handed_over,
            self.person,
        );
    }
}

/// Puts the questions of one set to the answerer, counts what becomes of them and prints those that failed.
///
/// The set `test` is counted only: whoever changes the answerer must not look at single questions of it.
async fn measure(setting: &Setting, set: &str, questions: Vec<Question>) -> Tally {
    let hand = Hand::default();
    let mut tally = Tally::default();
    for question in questions.into_iter().filter(|question| question.set == set) {
        let decision = hand.decide(&setting.desk, setting.workspace, &question.text, &[]).await.unwrap();
        let good: HashSet<&String> = question.article.iter().chain(&question.also).collect();
        let outcome = match (&decision, question.kind.as_str()) {
            (Decision::Answer { sources, .. }, "covered") => {
                tally.covered += 1;
                let right = sources.iter().any(|source| good.contains(&source.slug));
                *(if right { &mut tally.right } else { &mut tally.wrong_article }) += 1;
                if right { "" } else { "answered with another article" }
            }
            (_, "covered") => {
                tally.covered += 1;
                "handed over although covered"
            }
            (Decision::Answer { .. }, "uncovered") => {
                tally.uncovered += 1;
                tally.uncovered_answered += 1;
                "answered although not covered"
            }
            (_, "uncovered") => {
                tally.uncovered += 1;
                ""
            }
            (Decision::HandOff { reason, .. }, _) => {
                tally.person += 1;
                tally.person_handed_over += 1;
                if *reason == Reason::AskedForPerson {
                    ""
                } else {
                    "handed over, but not because a person was wanted"
                }
            }
            _ => {
                tally.person += 1;
                "not handed over"
            }
        };
        if set != "test" && !outcome.is_empty() {
            let slug = match &decision {
                Decision::Answer { sources, .. } => sources.iter().map(|s| s.slug.as_str()).collect(),
                _ => String::new(),
            };
            println!("  {outcome}: {} {slug}", question.text);
        }
    }
    tally.print(set);
    tally
}

/// The threshold (`score::ENOUGH`), the weights and the word lists were chosen on the questions marked `tune`;
/// those marked `test` measure the result.
///
/// The figures flatter: the questions were written by somebody who knows the guides, the same hands that made the
/// answerer could read all of them, and the aim for covered questions (0.80) is not reached. What strangers ask
/// will be answered less often; that an uncovered question is answered wrongly should stay as rare.
#[tokio::test]
async fn covered_questions_get_their_article_and_others_a_person() {
    both(async |db| {
        let setting = setting::with_guides(&db).await;
        for set in ["tune", "test"] {
            let tally = measure(&setting, set, questions(QUESTIONS)).await;
            assert_eq!(tally.person_handed_over, tally.person, "who wants a person gets one");
            assert!(tally.uncovered_answered_share() <= 0.10, "{tally:?}");
            assert!(tally.recall() >= 0.75, "{tally:?}");
            assert!(tally.precision() >= 0.85, "{tally:?}");
        }
    })
    .await;
}

/// The questions of `blind.jsonl` were written before the guides and the answerer were read, and labelled before
/// the answerer was read.
#[tokio::test]
async fn questions_written_without_reading_the_guides_are_answered_or_handed_over() {
    both(async |db| {
        let setting = setting::with_guides(&db).await;
        let tally = measure(&setting, "blind", questions(BLIND)).await;
        assert_eq!((tally.covered, tally.uncovered, tally.person), (56, 44, 20));
        assert!(tally.recall() >= 0.80, "{tally:?}");
        assert!(tally.precision() >= 0.60, "{tally:?}");
        assert!(tally.person_handed_over >= 17, "{tally:?}");
    })
    .await;
}
