//! Which partition a key belongs to, as Apache Kafka's own Java client says.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use uuid::Uuid;

const PARTITIONS: u32 = 12;

/// Keys of every length that has a rule of its own, in one byte a character and in several, and ids as ours are.
fn keys() -> Vec<String> {
    let repeated = (1..40).flat_map(|length| ["a", "ß", "語", "\u{1f980}"].map(|text| text.repeat(length)));
    let ids = (0..10_000).map(|_| Uuid::now_v7().to_string());
    repeated.chain(ids).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_kafkas_java_client_sends_each_key_to_the_same_partition() {
    let topic = format!("keys-{}", Uuid::now_v7().simple());
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", testkit::kafka()).set("group.id", &topic);
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let new = NewTopic::new(&topic, i32::try_from(PARTITIONS).unwrap(), TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    for made in admin.create_topics(&[new], &options).await.unwrap() {
        made.unwrap();
    }

    let keys = keys();
    let lines: String = keys.iter().enumerate().map(|(number, key)| format!("{key}\t{number}\n")).collect();
    testkit::send_by_java(&topic, &lines);

    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(&topic, i32::try_from(partition).unwrap(), Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut found = HashMap::new();
    let begun = Instant::now();
    while found.len() < keys.len() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} of {} came", found.len(), keys.len());
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let message = message.unwrap();
        let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
        let number: usize = std::str::from_utf8(message.payload().unwrap()).unwrap().parse().unwrap();
        assert_eq!(key, keys[number], "the key arrived as it was sent");
        found.insert(number, u32::try_from(message.partition()).unwrap());
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(domain::partition::partition(key.as_bytes(), PARTITIONS), found[&number], "{key}");
    }
}
