//! Dead letters: what a group could not handle, seen, handled again, or dropped for good.

use std::time::Duration;

use domain::event::data;
use domain::ids::DeadLetterId;
use domain::{Caller, EventType};
use store::Tx;
use store::bus::dead;

use crate::error::{Error, Result};
use crate::job::Job;
use crate::{Desk, Page, Paging, UseCase};

pub use store::bus::dead::{DeadLetter, Depth, Filter, Reason};

/// How many letters one transaction touches.
const ROUND: usize = 1000;

/// A page of the workspace's dead letters, newest first.
pub async fn list(desk: &Desk, caller: &Caller, filter: Filter, paging: Paging) -> Result<Page<DeadLetter>> {
    desk.read(caller, UseCase::ManageDeadLetters, (filter, paging), |tx, (filter, paging)| {
        Box::pin(async move { Ok(dead::list(tx, filter, paging.limit, paging.cursor).await?) })
    })
    .await
}

/// The dead letter of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: DeadLetterId) -> Result<DeadLetter> {
    desk.read(caller, UseCase::ManageDeadLetters, id, |tx, id| {
        Box::pin(async move { dead::get(tx, *id).await?.ok_or(Error::NotFound("dead letter")) })
    })
    .await
}

/// How many dead letters `filter` means, by group, topic and reason.
pub async fn depths(desk: &Desk, caller: &Caller, filter: Filter) -> Result<Vec<Depth>> {
    desk.read(caller, UseCase::ManageDeadLetters, filter, |tx, filter| {
        Box::pin(async move { Ok(dead::depths(tx, filter).await?) })
    })
    .await
}

/// Has the resting letters that `filter` means handled again by the group that failed, `per_second` of them in a
/// second. Gives how many they are.
///
/// Where it is cut short, those that were reached are handled; asked again, it goes on with the others.
pub async fn replay(desk: &Desk, caller: &Caller, filter: Filter, per_second: u32) -> Result<usize> {
    let gap = Duration::from_secs(1) / per_second.max(1);
    let mut all = 0;
    loop {
        let after = gap * u32::try_from(all).unwrap_or(u32::MAX);
        let queued = desk
            .write(caller, UseCase::ManageDeadLetters, (filter.clone(), after, gap), |tx, job| {
                Box::pin(async move {
                    let (filter, after, gap) = &job.input;
                    let limit = i64::try_from(ROUND).unwrap_or(i64::MAX);
                    let letters = dead::queue(tx, filter, limit, (*after, *gap)).await?;
                    record(tx, job, EventType::DeadLetterReplayed, filter, letters).await?;
                    Ok(letters)
                })
            })
            .await?;
        all += queued;
        if queued < ROUND {
            return Ok(all);
        }
    }
}

/// Removes the resting letters that `filter` means for good. Gives how many they were.
pub async fn discard(desk: &Desk, caller: &Caller, filter: Filter) -> Result<usize> {
    let mut all = 0;
    loop {
        let removed = desk
            .write(caller, UseCase::ManageDeadLetters, filter.clone(), |tx, job| {
                Box::pin(async move {
                    let limit = i64::try_from(ROUND).unwrap_or(i64::MAX);
                    let letters = dead::remove(tx, &job.input, limit).await?;
                    record(tx, job, EventType::DeadLetterDropped, &job.input, letters).await?;
                    Ok(letters)
                })
            })
            .await?;
        all += removed;
        if removed < ROUND {
            return Ok(all);
        }
    }
}

/// Records what was done with `letters` of those that `filter` means, if there were any.
async fn record<I>(
    tx: &mut Tx,
    job: &Job<I>,
    kind: EventType,
    filter: &Filter,
    letters: usize,
) -> Result<()> {
    if letters == 0 {
        return Ok(());
    }
    let id = job.desk.ids.next();
    let letters = i64::try_from(letters).unwrap_or(i64::MAX);
    let snapshot = data::DeadLetters { id, title: describe(filter, letters), letters };
    job.record(tx, kind, id, 1, snapshot, Vec::new()).await?;
    Ok(())
}

/// Which letters were meant, for the history.
fn describe(filter: &Filter, letters: i64) -> String {
    let mut words = vec![letters.to_string()];
    if let Some(reason) = filter.reason {
        words.push(reason.as_str().replace('_', " "));
    }
    words.push(if letters == 1 { "dead letter" } else { "dead letters" }.to_owned());
    if let Some(group) = &filter.group {
        words.push(format!("of {}", domain::text::shorten(group, 40)));
    }
    if let Some(topic) = filter.topic {
        words.push(format!("in {}", topic.as_str()));
    }
    words.join(" ")
}
