//! `deskhand migrate` and the topics that carry events: what differs is said, and a desk with other partitions does not
//! start until they are remapped.

use serde_json::Value;
use sqlx::{Connection, Executor};

use crate::program::Place;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Runs SQL on the embedded database.
async fn spoil(place: &Place, sql: &'static str) {
    let file = place.path().join("deskhand-data/deskhand.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_with_other_partitions_is_refused_by_serve_and_migrate_noticed_by_check_and_remapped() {
    let place = Place::new();
    assert_eq!(place.run(&["migrate"]).0, 0);
    // As a version before with five partitions has left it.
    let five = "INSERT INTO bus_partitions (topic, partition, next_position)
        VALUES ('audit', 0, 0), ('audit', 1, 0), ('audit', 2, 0), ('audit', 3, 0), ('audit', 4, 0)
        ON CONFLICT DO NOTHING";
    spoil(&place, five).await;
    let sentence = "this desk's events of audit are in 5 partitions, and this version has 3: stop every process, and \
                    run `deskhand migrate --remap`";
    for command in ["serve", "migrate"] {
        let (code, _, err) = place.run(&[command]);
        assert_eq!((code, err), (1, format!("error: {sentence}\n")), "{command}");
    }
    let (code, out, err) = place.run(&["migrate", "--check", "--json"]);
    assert_eq!((code, err.as_str()), (3, "a topic is not as it should be\n"));
    let difference = &json(&out)["differences"][0];
    assert_eq!(difference["sentence"], sentence);
    assert_eq!((difference["what"].as_str(), difference["found"].as_i64()), (Some("mapping"), Some(5)));
    let (code, out, _) = place.run(&["migrate", "--remap"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.ends_with("audit went from 5 partitions to 3\n"), "{out}");
    assert_eq!(place.run(&["migrate", "--check"]).0, 0);
    place.start("desk", &[]).ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_with_a_broker_is_a_sentence_each_and_stops_nothing_but_a_check() {
    let url = format!("nats://{}", testkit::nats());
    let prefix = format!("test-{}", uuid::Uuid::now_v7().simple());
    let place = Place::new().with("DESKHAND_BUS_URL", &url).with("DESKHAND_BROKER__PREFIX", &prefix);
    assert_eq!(place.run(&["migrate", "--check"]).0, 3, "there is no database yet");
    let (code, out, err) = place.run(&["migrate", "--json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(json(&out)["differences"], serde_json::json!([]), "the streams are made");
    assert_eq!(place.run(&["migrate", "--check"]).0, 0);

    let place = place.with("DESKHAND_BROKER__REPLICATION", "3");
    let sentence = format!(
        "{prefix}-task-events-* keeps 1 copy of each event, and broker.replication says 3: change the setting, or the \
         topic by the broker's own tools"
    );
    let (code, out, err) = place.run(&["migrate", "--check"]);
    assert_eq!((code, err.as_str()), (3, "5 things about topics are not as they should be\n"));
    assert!(out.lines().any(|line| line == sentence), "{out}");
    let (code, out, _) = place.run(&["migrate"]);
    assert!(code == 0 && out.lines().any(|line| line == sentence), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_the_database_is_migrated_and_a_check_cannot_say() {
    let place = Place::new().with("DESKHAND_BUS_URL", "nats://127.0.0.1:1");
    let (code, out, err) = place.run(&["migrate", "--json"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(json(&out)["differences"], Value::Null);
    assert!(err.starts_with("the topics were not looked at: the broker "), "{err}");
    assert_eq!(place.run(&["migrate", "--check"]).0, 1);
}
