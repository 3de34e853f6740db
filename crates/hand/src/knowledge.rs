//! What a workspace's articles say, prepared for comparing questions with them.
//!
//! It is made once for each revision of the articles and kept in memory: which sections have each word, and where.
//! That is the index that questions are looked up in; the texts themselves stay in the database.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use desk::articles::Passage;
use desk::{Desk, articles};
use domain::ids::{ArticleId, WorkspaceId};

use crate::question::Question;
use crate::{language, markup, score};

/// How many sections are read at once.
const PAGE: i64 = 500;
/// How many sections are looked at closely, those that have most of the question.
const CANDIDATES: usize = 64;
/// How many clues of a question are looked up at most, the most telling ones.
const LOOKED_UP: usize = 24;
/// How many workspaces' articles are remembered.
const REMEMBERED: usize = 128;

/// A stem's number.
pub(crate) type Term = u32;

/// Where a section has its words.
#[derive(Debug, Clone)]
pub(crate) struct Zones {
    pub(crate) article: ArticleId,
    pub(crate) heading: HashSet<Term>,
    pub(crate) body: HashSet<Term>,
    /// Whether the heading says that something is not.
    pub(crate) denies: bool,
    /// What stands in examples of the body alone.
    pub(crate) example: HashSet<Term>,
    /// Heading and body in order, without examples.
    pub(crate) text: Vec<Term>,
    pub(crate) title: HashSet<Term>,
    pub(crate) summary: HashSet<Term>,
}

impl Zones {
    /// Every term of the section and of its article's title and summary, each once.
    fn anywhere(&self) -> HashSet<&Term> {
        [&self.heading, &self.body, &self.example, &self.title, &self.summary].into_iter().flatten().collect()
    }
}

/// One revision of a workspace's published articles.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    revision: i64,
    terms: HashMap<String, Term>,
    /// By term: how many sections have it, and the word it is seen as most.
    seen: Vec<Seen>,
    /// Every word as it is written, with its term.
    written: HashMap<String, Term>,
    /// The sections, by id.
    sections: Vec<(i64, Zones)>,
    /// What stands anywhere in an article.
    articles: HashMap<ArticleId, HashSet<Term>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// How many sections have it in heading, body or examples.
    sections: usize,
    /// The sections that have it anywhere.
    places: Vec<u32>,
    /// Whether any has it outside examples.
    is_told: bool,
    /// The word, and how often it is written.
    word: (String, usize),
}

impl Knowledge {
    /// Prepares the sections of a revision.
    pub(crate) fn of(revision: i64, passages: &[Passage]) -> Self {
        let mut knowledge = Self { revision, ..Self::default() };
        let mut counts: HashMap<String, usize> = HashMap::new();
        for passage in passages {
            let mut terms = |text: &str| -> Vec<Term> {
                let words = language::words(text).into_iter();
                words
                    .map(|word| {
                        let term = knowledge.learn(&word);
                        *counts.entry(word).or_default() += 1;
                        term
                    })
                    .collect()
            };
            let (told, examples) = markup::told_and_examples(&passage.body);
            let heading = terms(passage.heading.as_deref().unwrap_or_default());
            let body = terms(&told);
            let mut zones = Zones {
                article: passage.article_id,
                heading: heading.iter().copied().collect(),
                denies: passage.heading.as_deref().is_some_and(language::denies),
                body: body.iter().copied().collect(),
                example: terms(&examples).into_iter().collect(),
                text: heading.into_iter().chain(body).collect(),
                title: terms(&passage.title).into_iter().collect(),
                summary: terms(&passage.summary).into_iter().collect(),
            };
            zones.example.retain(|term| !zones.body.contains(term) && !zones.heading.contains(term));
            let article = knowledge.articles.entry(passage.article_id).or_default();
            for term in zones.heading.union(&zones.body) {
                let seen = &mut knowledge.seen[*term as usize];
                seen.sections += 1;
                seen.is_told = true;
                article.insert(*term);
            }
            for term in &zones.example {
                knowledge.seen[*term as usize].sections += 1;
            }
            knowledge.sections.push((passage.id, zones));
        }
        for (place, (_, zones)) in (0..).zip(&knowledge.sections) {
            for term in zones.title.union(&zones.summary) {
                let seen = &mut knowledge.seen[*term as usize];
                seen.sections = seen.sections.max(1);
                seen.is_told = true;
            }
            for term in zones.anywhere() {
                knowledge.seen[*term as usize].places.push(place);
            }
        }
        for (word, count) in counts {
            let Some(term) = knowledge.written.get(&word) else { continue };
            let seen = &mut knowledge.seen[*term as usize];
            // Of two that are as frequent the same one is taken every time.
            if (count, &seen.word.0) > (seen.word.1, &word) {
                seen.word = (word, count);
            }
        }
        knowledge
    }

    fn learn(&mut self, word: &str) -> Term {
        if let Some(term) = self.written.get(word) {
            return *term;
        }
        let next = Term::try_from(self.seen.len()).unwrap_or(Term::MAX);
        let term = *self.terms.entry(language::stem(word)).or_insert(next);
        if term == next {
            self.seen.push(Seen::default());
        }
        self.written.insert(word.to_owned(), term);
        term
    }

    /// The term of a stem, where the articles have it.
    pub(crate) fn term(&self, stem: &str) -> Option<Term> {
        self.terms.get(stem).copied()
    }

    /// How much it tells that a section has a term: the fewer have it, the more.
    pub(crate) fn weight(&self, term: Term) -> f64 {
        self.weight_of(self.seen.get(term as usize).map_or(0, |seen| seen.sections))
    }

    /// Whether a term stands anywhere but in examples.
    pub(crate) fn is_told(&self, term: Term) -> bool {
        self.seen.get(term as usize).is_some_and(|seen| seen.is_told)
    }

    /// The weight of a word that no section has.
    pub(crate) fn unknown_weight(&self) -> f64 {
        self.weight_of(0)
    }

    fn weight_of(&self, sections: usize) -> f64 {
        ((self.sections.len() as f64 + 1.0) / (sections as f64 + 0.5)).ln().max(0.0)
    }

    /// The word that a term is written as most.
    pub(crate) fn word(&self, term: Term) -> &str {
        self.seen.get(term as usize).map_or("", |seen| seen.word.0.as_str())
    }

    /// The word of the articles that `word` is probably a misspelling of.
    pub(crate) fn correction(&self, word: &str) -> Option<Term> {
        let near =
            self.written.iter().filter(|(known, _)| known.len() >= 4 && language::is_typo_of(word, known));
        near.max_by_key(|(known, term)| (self.seen[**term as usize].word.1, *known)).map(|(_, term)| *term)
    }

    /// The revision of the articles that this is of.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// The ids of the `most` sections that fit the question best, the best first, each with its fit.
    pub(crate) fn best(&self, question: &Question, most: usize) -> Vec<(i64, f64)> {
        let mut found: HashMap<u32, f64> = HashMap::new();
        for clue in question.clues.iter().take(LOOKED_UP) {
            let mut places: Vec<u32> =
                clue.terms.iter().flat_map(|(term, _)| &self.seen[*term as usize].places).copied().collect();
            places.sort_unstable();
            places.dedup();
            for place in places {
                let zones = &self.sections[place as usize].1;
                *found.entry(place).or_default() += clue.weight * score::place(clue, zones, self);
            }
        }
        let mut found: Vec<(u32, f64)> = found.into_iter().collect();
        // Of two that are as good the older one is taken every time.
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let close = found.iter().take(CANDIDATES).map(|(place, _)| &self.sections[*place as usize]);
        let mut fits: Vec<(i64, f64)> =
            close.map(|(id, zones)| (*id, score::fit(question, zones, self))).collect();
        fits.sort_by(|a, b| b.1.total_cmp(&a.1));
        fits.truncate(most);
        fits
    }

    /// Whether an article has a term anywhere.
    pub(crate) fn article_has(&self, article: ArticleId, term: Term) -> bool {
        self.articles.get(&article).is_some_and(|terms| terms.contains(&term))
    }
}

/// The knowledge of the workspaces that were asked last.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: Mutex<HashMap<WorkspaceId, Arc<Knowledge>>>,
    /// Held while articles are read, so that many questions after a change read them once.
    reading: tokio::sync::Mutex<()>,
}

impl Memory {
    fn recall(&self, workspace: WorkspaceId) -> Option<Arc<Knowledge>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    /// What is remembered of the workspace's articles, of whatever revision; where nothing is, they are read.
    pub(crate) async fn latest(&self, desk: &Desk, workspace: WorkspaceId) -> desk::Result<Arc<Knowledge>> {
        match self.recall(workspace) {
            Some(knowledge) => Ok(knowledge),
            None => self.at(desk, workspace, articles::revision(desk, workspace).await?).await,
        }
    }

    /// What the workspace's articles say at `revision` or later.
    pub(crate) async fn at(
        &self,
        desk: &Desk,
        workspace: WorkspaceId,
        revision: i64,
    ) -> desk::Result<Arc<Knowledge>> {
        let _reading = self.reading.lock().await;
        if let Some(knowledge) = self.recall(workspace).filter(|known| known.revision >= revision) {
            return Ok(knowledge);
        }
        let mut passages: Vec<Passage> = Vec::new();
        loop {
            let after = passages.last().map_or(0, |passage| passage.id);
            let mut page = articles::passages_after(desk, workspace, after, PAGE).await?;
            let full = i64::try_from(page.len()).unwrap_or(0) == PAGE;
            passages.append(&mut page);
            if !full {
                break;
            }
        }
        let made = tokio::task::spawn_blocking(move || Arc::new(Knowledge::of(revision, &passages))).await;
        let knowledge = made.map_err(|_| {
            desk::Error::conflict("articles_unreadable", "the articles could not be prepared for answering")
        })?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(&workspace) {
            known.clear();
        }
        known.insert(workspace, Arc::clone(&knowledge));
        Ok(knowledge)
    }
}
