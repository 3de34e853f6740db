//! How well the built-in answerer does, measured on questions: what is covered gets the right article, what is
//! not covered gets a person, and who wants a person gets one.

use std::collections::HashSet;

use domain::conversation::Reason;
use hand::{Decision, Hand};
use serde::Deserialize;
use testkit::both;

use crate::setting;

#[derive(Deserialize)]
struct Question {
    set: String,
    kind: String,
    text: String,
    article: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

fn questions() -> Vec<Question> {
    include_str!("../questions.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
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
        let hand = Hand::default();
        for set in ["tune", "test"] {
            let mut tally = Tally::default();
            for question in questions().into_iter().filter(|question| question.set == set) {
                let decision =
                    hand.decide(&setting.desk, setting.workspace, &question.text, &[]).await.unwrap();
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
                if set == "tune" && !outcome.is_empty() {
                    println!("  {outcome}: {}", question.text);
                }
            }
            tally.print(set);
            assert_eq!(tally.person_handed_over, tally.person, "who wants a person gets one");
            assert!(tally.uncovered_answered_share() <= 0.10, "{tally:?}");
            assert!(tally.recall() >= 0.75, "{tally:?}");
            assert!(tally.precision() >= 0.85, "{tally:?}");
        }
    })
    .await;
}
