//! `migrate`: brings the database up to date and makes the topics that carry events, or says what is not as it should be.

use std::path::PathBuf;

use bus::Difference;
use config::Config;
use serde_json::{Value, json};
use store::{SCHEMA_VERSION, Schema, Store};

use crate::args::Migrate;
use crate::database;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Output, note};

pub(crate) async fn run(args: &Migrate, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let location = database::location(&settings);
    database::require_whole(&location)?;
    let found = Store::schema(&location).await?;
    if let Err(newer @ store::Error::Newer { .. }) = found.suits() {
        return Err(newer.into());
    }
    if args.check {
        return check(&settings, found, output).await;
    }
    let store = Store::open(database::options(&settings, true)).await?;
    let done = topics(args, &settings, store.clone()).await;
    store.close().await;
    let Topics { moved, remapped, differences } = done?;
    let answer = json!({
        "from": found.version,
        "to": found.version.max(SCHEMA_VERSION),
        "events_from": moved,
        "remapped": objects(&remapped),
        "differences": differences.as_deref().map(objects),
    });
    output.result(&answer, || {
        let mut lines = vec![match found.version {
            SCHEMA_VERSION => format!("the database is at version {SCHEMA_VERSION} already"),
            newer @ SCHEMA_VERSION.. => {
                format!(
                    "a newer Deskhand has brought the database to version {newer}, and this one can go on"
                )
            }
            older => format!("the database went from version {older} to {SCHEMA_VERSION}"),
        }];
        lines.extend(
            moved.map(|other| format!("events go to {} from now on, no longer to {other}", settings.bus_url)),
        );
        lines.extend(remapped.iter().map(|Difference { topic, found, wanted, .. }| {
            format!("{topic} went from {} partitions to {wanted}", found.unwrap_or_default())
        }));
        lines.extend(differences.iter().flatten().map(ToString::to_string));
        lines.join("\n")
    })
}

/// What was done about the topics.
struct Topics {
    /// The log that positions counted in before, if it was another one.
    moved: Option<String>,
    remapped: Vec<Difference>,
    /// What is still not as it should be; nothing where the broker does not tell.
    differences: Option<Vec<Difference>>,
}

async fn topics(args: &Migrate, settings: &Config, store: Store) -> Outcome<Topics> {
    let bus = crate::events::open(settings, store).await?;
    let remapped = if args.remap { bus.remap().await? } else { Vec::new() };
    let moved = bus.move_here().await?;
    let differences = match bus.prepare().await {
        Ok(differences) => Some(differences),
        // The database is what must be ready before the first process starts; the relay makes the topics as well.
        Err(error @ bus::Error::Broker { .. }) => {
            note(&format!("the topics were not looked at: {}", chain(&error)));
            None
        }
        Err(error) => return Err(error.into()),
    };
    refuse(differences.as_deref().unwrap_or_default())?;
    Ok(Topics { moved, remapped, differences })
}

/// Errors where a topic has another number of partitions than is needed.
fn refuse(differences: &[Difference]) -> Outcome {
    let refused = differences.iter().filter(|difference| difference.needs_remap());
    let sentences: Vec<String> = refused.map(ToString::to_string).collect();
    if sentences.is_empty() { Ok(()) } else { Err(Failure::Failed(sentences.join("\n"))) }
}

async fn check(settings: &Config, found: Schema, output: Output) -> Outcome {
    let current = found.suits().is_ok();
    let found = found.version;
    // What an older version has written about topics is not read.
    let differences = if current { Some(look(settings).await?) } else { None };
    let answer = json!({
        "version": found,
        "needed": SCHEMA_VERSION,
        "current": current,
        "differences": differences.as_deref().map(objects),
    });
    output.result(&answer, || {
        let mut lines =
            vec![format!("the database is at version {found}; this Deskhand needs {SCHEMA_VERSION}")];
        lines.extend(differences.iter().flatten().map(ToString::to_string));
        lines.join("\n")
    })?;
    if !current {
        return Err(Failure::Found("the database is behind: run `deskhand migrate`".to_owned()));
    }
    match differences.iter().flatten().filter(|difference| difference.matters()).count() {
        0 => Ok(()),
        1 => Err(Failure::Found("a topic is not as it should be".to_owned())),
        some => Err(Failure::Found(format!("{some} things about topics are not as they should be"))),
    }
}

async fn look(settings: &Config) -> Outcome<Vec<Difference>> {
    let store = Store::open_current(database::options(settings, false)).await?;
    let differences = match crate::events::open(settings, store.clone()).await {
        Ok(bus) => bus.differences().await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    store.close().await;
    differences
}

fn objects(differences: &[Difference]) -> Vec<Value> {
    let object = |difference: &Difference| {
        json!({
            "topic": difference.topic,
            "what": difference.aspect.as_str(),
            "found": difference.found,
            "wanted": difference.wanted,
            "sentence": difference.to_string(),
        })
    };
    differences.iter().map(object).collect()
}
