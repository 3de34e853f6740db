//! What the processes need goes away while they work, and comes back: the database, a broker, the network between.

use std::time::Duration;

use rand::RngExt as _;
use testkit::{Kafka, Nats, Postgres, Proxy};

use super::on_postgres;
use super::system::{HALVES, number, rounds};
use crate::program::Place;

/// Outages of each kind.
const OUTAGES: u64 = 2;

fn count() -> u64 {
    number("DESKHAND_OUTAGES").unwrap_or(OUTAGES)
}

/// Short and longer than what a process bears without noticing.
fn pause(random: &mut impl rand::RngExt) -> Duration {
    Duration::from_millis(random.random_range(0..2500))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_may_crash_and_come_back_under_load() {
    let mut postgres = Postgres::start().await;
    let place = Place::new().on_postgres(&postgres.new_database().await);
    rounds(&place, HALVES, count(), async |_, random| {
        postgres.kill();
        tokio::time::sleep(pause(random)).await;
        postgres.start_again();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_the_database_and_the_broker_may_be_cut_under_load() {
    let (postgres, nats) = (Postgres::start().await, Nats::start());
    let (to_postgres, to_nats) = (Proxy::start(postgres.address()), Proxy::start(nats.address()));
    let url = postgres.new_database().await.replace(&postgres.address(), to_postgres.address());
    let bus = format!("nats://{}", to_nats.address());
    let place = Place::new().on_postgres(&url).with("DESKHAND_BUS_URL", &bus);
    rounds(&place, HALVES, count(), async |_, random| {
        for _ in 0..random.random_range(1..4) {
            match random.random_range(0..3) {
                0 => to_postgres.cut(),
                1 => to_nats.cut(),
                _ => {
                    to_postgres.cut();
                    to_nats.cut();
                }
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_may_crash_and_come_back_under_load() {
    let mut server = Nats::start();
    let place = on_postgres(&format!("nats://{}", server.address())).await;
    rounds(&place, HALVES, count(), async |_, random| {
        server.kill();
        tokio::time::sleep(pause(random)).await;
        server.start_again();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_kafka_brokers_may_crash_and_come_back_under_load() {
    let mut brokers = Kafka::three();
    let place = on_postgres(&format!("kafka://{}", brokers.address()))
        .await
        .with("DESKHAND_BROKER__REPLICATION", "3");
    rounds(&place, HALVES, count(), async |_, random| {
        let index = random.random_range(0..3);
        brokers.kill_one(index);
        tokio::time::sleep(pause(random)).await;
        brokers.start_one_again(index);
    })
    .await;
}
