//! Where each group is, told to the brokers as the offsets of a consumer group, for those who look from outside: KEDA,
//! exporters of lag, Kafka's own tools. Nothing of ours reads it, and no group is joined.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tracing::debug;

use super::Context;

/// A client for each group that is told of: offsets belong to the group that a client names.
pub(super) struct Observed {
    config: ClientConfig,
    clients: Mutex<HashMap<String, BaseConsumer<Context>>>,
}

impl Observed {
    pub(super) fn new(config: &ClientConfig) -> Self {
        let mut config = config.clone();
        config.set("enable.auto.commit", "false");
        Self { config, clients: Mutex::default() }
    }

    /// Says that `group` goes on at `position` of a topic's partition. Waits for nothing; what is lost on the way is
    /// made good by the next.
    pub(super) fn tell(&self, group: String, topic: &str, partition: u32, position: i64) {
        if let Err(error) = self.commit(group, topic, partition, position) {
            debug!(error = &error as &dyn std::error::Error, "Kafka was not told where a group is");
        }
    }

    fn commit(&self, group: String, topic: &str, partition: u32, position: i64) -> Result<(), KafkaError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if !clients.contains_key(&group) {
            let mut config = self.config.clone();
            let client = config.set("group.id", &group).create_with_context(Context)?;
            clients.insert(group.clone(), client);
        }
        let Some(client) = clients.get(&group) else { return Ok(()) };
        // What became of those before; it would pile up otherwise.
        while client.poll(Duration::ZERO).is_some() {}
        let mut list = TopicPartitionList::new();
        let number = i32::try_from(partition).unwrap_or(0);
        list.add_partition_offset(topic, number, Offset::Offset(position))?;
        client.commit(&list, CommitMode::Async)
    }
}
