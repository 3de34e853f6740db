//! Brokers that speak TLS only, and only with those who prove who they are.

use std::path::PathBuf;
use std::sync::Arc;

use bus::BrokerOptions;
use domain::BreakerState;
use domain::EventType;
use domain::ids::WorkspaceId;
use testkit::{Kafka, Nats, postgres};
use uuid::Uuid;

use crate::stage::{Ground, Process, Written, append, event, outbox, until, writer};

const USER: &str = "deskhand";
const PASSWORD: &str = "not-easily-guessed";

fn login(options: &mut BrokerOptions, ca_file: Option<PathBuf>, password: &str) {
    options.tls = true;
    options.ca_file = ca_file;
    options.user = Some(USER.to_owned());
    options.password = Some(password.to_owned());
    options.sasl = "SCRAM-SHA-512";
}

/// What is set for the broker.
type Setting = Box<dyn Fn(&mut BrokerOptions)>;

/// That events come through with what `right` sets, and wait in the outbox with each of `wrong`, whose processes
/// stay up.
async fn assert_secured(
    ground: impl AsyncFn() -> Ground,
    right: impl Fn(&mut BrokerOptions),
    wrong: Vec<(&'static str, Setting)>,
) {
    let mut db = ground().await.with(right);
    let good = db.options().clone();
    let written = Arc::new(Written::default());
    let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
    let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
    append(&db, vec![event(workspace, EventType::MessageReceived, subject, 0)]).await;
    until("the first is handled", async || written.count() == 1).await;
    process.stop().await;
    for (sequence, (what, set)) in (1..).zip(wrong) {
        eprintln!("with {what}:");
        db = db.with(set);
        let bus = db.bus(&db).await;
        let breaker = bus.breaker().expect("there is a broker");
        let process = Process::start(bus, writer("one", &db, &written));
        append(&db, vec![event(workspace, EventType::MessageReceived, subject, sequence)]).await;
        until("the broker counts as away", async || breaker.state() == BreakerState::Open).await;
        assert_eq!(outbox(&db).await, 1);
        process.stop().await;
        db = db.with(|options| *options = good.clone());
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        until("it is handled", async || written.count() == 1 + usize::try_from(sequence).unwrap()).await;
        process.stop().await;
    }
    written.assert_once_and_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_spoken_to_over_tls_by_who_proves_a_password() {
    let (kafka, ca_file) = Kafka::with_password(USER, PASSWORD);
    let file = ca_file.clone();
    assert_secured(
        async || Ground::on_kafka(postgres().await, kafka.address()),
        move |options| login(options, Some(ca_file.clone()), PASSWORD),
        vec![
            ("another password", Box::new(move |options| login(options, Some(file.clone()), "guessed"))),
            ("an authority that has not signed it", Box::new(|options| login(options, None, PASSWORD))),
            ("nothing", Box::new(|options| (options.tls, options.user) = (false, None))),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_is_spoken_to_over_tls_by_who_has_the_password() {
    let (server, ca_file) = Nats::with_password(USER, PASSWORD);
    let file = ca_file.clone();
    assert_secured(
        async || Ground::on_nats(postgres().await, server.address()),
        move |options| login(options, Some(ca_file.clone()), PASSWORD),
        vec![
            ("another password", Box::new(move |options| login(options, Some(file.clone()), "guessed"))),
            ("an authority that has not signed it", Box::new(|options| login(options, None, PASSWORD))),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_is_spoken_to_over_tls_by_who_has_credentials() {
    let (server, ca_file, credentials) = Nats::with_credentials();
    let file = ca_file.clone();
    assert_secured(
        async || Ground::on_nats(postgres().await, server.address()),
        move |options| {
            options.tls = true;
            options.ca_file = Some(ca_file.clone());
            options.credentials_file = Some(credentials.clone());
        },
        vec![(
            "none",
            Box::new(move |options| {
                options.ca_file = Some(file.clone());
                options.credentials_file = None;
            }),
        )],
    )
    .await;
}
