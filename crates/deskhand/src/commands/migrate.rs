//! `migrate`: brings the database up to date, or says whether it is.

use std::path::PathBuf;

use serde_json::json;
use store::{SCHEMA_VERSION, Store};

use crate::args::Migrate;
use crate::database;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

pub(crate) async fn run(args: &Migrate, settings: Option<PathBuf>, output: Output) -> Outcome {
    let settings = database::settings(settings, &args.place)?;
    let location = database::location(&settings);
    database::require_whole(&location)?;
    let found = Store::version(&location).await?;
    if found > SCHEMA_VERSION {
        return Err(store::Error::Newer { found, known: SCHEMA_VERSION }.into());
    }
    if args.check {
        let answer =
            json!({ "version": found, "needed": SCHEMA_VERSION, "current": found == SCHEMA_VERSION });
        output.result(&answer, || {
            format!("the database is at version {found}; this Deskhand needs {SCHEMA_VERSION}")
        })?;
        return if found == SCHEMA_VERSION {
            Ok(())
        } else {
            Err(Failure::Found("the database is behind: run `deskhand migrate`".to_owned()))
        };
    }
    let store = Store::open(database::options(&settings, true)).await?;
    let bus = crate::events::open(&settings, store.clone()).await?;
    let moved = bus.move_here().await;
    store.close().await;
    let moved = moved?;
    let answer = json!({ "from": found, "to": SCHEMA_VERSION, "events_from": moved });
    output.result(&answer, || {
        let schema = match found {
            SCHEMA_VERSION => format!("the database is at version {SCHEMA_VERSION} already"),
            _ => format!("the database went from version {found} to {SCHEMA_VERSION}"),
        };
        match moved {
            Some(other) => {
                format!("{schema}\nevents go to {} from now on, no longer to {other}", settings.bus_url)
            }
            None => schema,
        }
    })
}
