//! What a person meets while the database or the broker is away, and that it ends by itself.

use reqwest::{Client, StatusCode};
use serde_json::json;
use testkit::{Nats, Postgres};

use crate::api::set_up;
use crate::program::{Place, until};

#[tokio::test]
async fn without_its_database_the_desk_says_when_to_come_again_and_goes_on_by_itself() {
    let mut postgres = Postgres::start().await;
    let place = Place::new().on_postgres(&postgres.new_database().await);
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let http = Client::new();
    let tasks = format!("{url}/api/v1/tasks");
    let status = async |path: &str| http.get(format!("{url}{path}")).send().await.unwrap().status();
    api.post("/api/v1/tasks", &json!({"title": "Before"})).await;

    postgres.kill();
    let requests = [
        http.get(&tasks).bearer_auth(api.token()),
        http.post(&tasks).bearer_auth(api.token()).json(&json!({"title": "Meanwhile"})),
        http.get(format!("{url}/api/v1/me")).bearer_auth(api.token()),
    ];
    for request in requests {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let again: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&again), "{again} s");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    until("it is ready without its database", async || status("/ready").await != StatusCode::OK).await;
    assert_eq!(status("/health").await, StatusCode::OK, "to start it anew would not help");

    postgres.start_again();
    until("it is not ready again", async || status("/ready").await == StatusCode::OK).await;
    api.post("/api/v1/tasks", &json!({"title": "After"})).await;
    let titles: Vec<_> = api.all("/api/v1/tasks").await.iter().map(|task| task["title"].clone()).collect();
    assert!(titles.contains(&json!("Before")) && titles.contains(&json!("After")), "{titles:?}");
    assert!(!titles.contains(&json!("Meanwhile")), "what was refused is not there: {titles:?}");
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0), "it is the process that was there before");
}

#[tokio::test]
async fn without_its_broker_the_desk_goes_on_and_says_what_is_away() {
    let mut nats = Nats::start();
    let postgres = testkit::empty_postgres().await;
    let bus = format!("nats://{}", nats.address());
    let place = Place::new().on_postgres(&postgres).with("DESKHAND_BUS_URL", &bus);
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let says = async |line: &str| api.text("/metrics").await.lines().any(|said| said == line);
    until("something is away", async || {
        api.get("/ready").await == json!({"status": "ok", "degraded": []})
            && says("deskhand_breaker_state{dependency=\"broker\"} 0").await
            && says("deskhand_outbox_pending 0").await
    })
    .await;

    nats.kill();
    let task = api.post("/api/v1/tasks", &json!({"title": "Meanwhile"})).await;
    until("nobody says that the broker is away", async || {
        api.get("/ready").await == json!({"status": "ok", "degraded": ["broker"]})
            && !says("deskhand_breaker_state{dependency=\"broker\"} 0").await
            && !says("deskhand_outbox_pending 0").await
    })
    .await;

    nats.start_again();
    until("it is not as before", async || {
        api.get("/ready").await == json!({"status": "ok", "degraded": []})
            && says("deskhand_breaker_state{dependency=\"broker\"} 0").await
            && says("deskhand_outbox_pending 0").await
    })
    .await;
    until("what waited is not handled", async || {
        let entries = api.all("/api/v1/audit?kind=task").await;
        entries.iter().filter(|entry| entry["subject"]["id"] == task["id"]).count() == 1
    })
    .await;
}
