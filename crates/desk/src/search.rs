//! Search over everything that a member may see.

use domain::Caller;

use crate::error::{Error, Result};
use crate::{Desk, UseCase};

pub use store::search::{Hit, Kind, Piece};

/// The most characters of what is searched for.
const TEXT_LIMIT: usize = 500;
/// The most hits of one search.
const HITS_LIMIT: usize = 50;

/// What fits `text` best; only of `kinds`, or of all where there are none.
///
/// Nothing typed is nothing found. Errors: a text that is too long.
pub async fn search(
    desk: &Desk,
    caller: &Caller,
    text: &str,
    kinds: Vec<Kind>,
    limit: usize,
) -> Result<Vec<Hit>> {
    let found = text.chars().count();
    if found > TEXT_LIMIT {
        return Err(Error::field("q", format!("has {found} characters; at most {TEXT_LIMIT} are allowed")));
    }
    desk.read(caller, UseCase::Search, (text.to_owned(), kinds, limit), |tx, (text, kinds, limit)| {
        Box::pin(async move {
            let query = store::search::Query { text, kinds, limit: (*limit).clamp(1, HITS_LIMIT) };
            Ok(store::search::query(tx, &query).await?)
        })
    })
    .await
}
