//! Real processes under a load, broken in every way that is promised to be harmless; afterwards every record is
//! compared with a ledger of what was acknowledged.
//!
//! A failure prints its seed; `DESKHAND_SEED` repeats the run. `make chaos` does more of everything.

mod clocks;
mod hook;
mod kill;
mod ledger;
mod load;
mod outages;
mod pauses;
mod replicas;
mod rolling;
mod system;
mod visit;

use serde_json::json;
use uuid::Uuid;

use crate::api::Api;
use crate::program::Place;

/// An API at the same place for a visitor.
fn visitor(api: &Api, token: &str) -> Api {
    api.at(&api.url, token)
}

fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// A place for several processes on one database and one log.
async fn on_postgres(bus: &str) -> Place {
    Place::new().on_postgres(&testkit::empty_postgres().await).with("DESKHAND_BUS_URL", bus)
}

/// Imports the articles that the load asks about; gives the key of the widget's channel.
async fn open_doors(api: &Api) -> String {
    let articles: Vec<_> =
        load::ARTICLES.iter().map(|(path, text)| json!({"path": path, "text": text})).collect();
    let imported = api.post("/api/v1/articles/import", &json!({"files": articles})).await;
    assert_eq!(imported["created"], load::ARTICLES.len());
    api.get("/api/v1/channels").await["items"][0]["key"].as_str().unwrap().to_owned()
}
