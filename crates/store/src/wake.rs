//! Hints that there is something to do. They make things quick, never correct: whoever waits for one also
//! looks by itself now and then.

use std::collections::{HashMap, HashSet};

use domain::Topic;
use tokio::sync::broadcast;

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wake {
    /// The outbox has events.
    Outbox,
    /// A partition of the log has events up to, and without, this position.
    Log(Topic, u32, i64),
    /// A reminder was set that may be the next one due.
    Clock,
    /// A notification waits to be mailed.
    Mail,
    /// Deliveries to webhooks wait to be sent.
    Webhooks,
    /// Dead letters are to be handled again.
    Replay,
    /// Partitions of the log are free to be taken, or another process wants its share of them.
    Leases,
}

impl Wake {
    /// As one word, for sending to other processes.
    pub(crate) fn encode(self) -> String {
        match self {
            Self::Outbox => "outbox".to_owned(),
            Self::Log(topic, partition, end) => format!("log/{}/{partition}/{end}", topic.as_str()),
            Self::Clock => "clock".to_owned(),
            Self::Mail => "mail".to_owned(),
            Self::Webhooks => "webhooks".to_owned(),
            Self::Replay => "replay".to_owned(),
            Self::Leases => "leases".to_owned(),
        }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        match text {
            "outbox" => Some(Self::Outbox),
            "clock" => Some(Self::Clock),
            "mail" => Some(Self::Mail),
            "webhooks" => Some(Self::Webhooks),
            "replay" => Some(Self::Replay),
            "leases" => Some(Self::Leases),
            _ => {
                let (topic, place) = text.strip_prefix("log/")?.split_once('/')?;
                let (partition, end) = place.split_once('/')?;
                Some(Self::Log(Topic::parse(topic)?, partition.parse().ok()?, end.parse().ok()?))
            }
        }
    }
}

/// What is worth telling of `wakes`: of each partition of the log only the furthest end.
pub(crate) fn furthest(wakes: HashSet<Wake>) -> impl Iterator<Item = Wake> {
    let mut told: HashMap<Wake, Wake> = HashMap::new();
    for wake in wakes {
        let (about, end) = match wake {
            Wake::Log(topic, partition, end) => (Wake::Log(topic, partition, 0), end),
            other => (other, 0),
        };
        let known = told.entry(about).or_insert(wake);
        if matches!(known, Wake::Log(_, _, before) if *before < end) {
            *known = wake;
        }
    }
    told.into_values()
}

/// Receives wakes. One that lagged behind has missed some and should look everywhere.
pub struct Wakes(pub(crate) broadcast::Receiver<Wake>);

impl Wakes {
    /// The next wake; nothing when some were missed, or the store is gone.
    pub async fn next(&mut self) -> Option<Wake> {
        self.0.recv().await.ok()
    }

    /// Waits for a wake that `matches`, or for missed ones.
    pub async fn until(&mut self, matches: impl Fn(Wake) -> bool) {
        loop {
            match self.0.recv().await {
                Ok(wake) if !matches(wake) => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Forgets what has arrived; says whether any of it `matches` or was missed.
    pub fn drain(&mut self, matches: impl Fn(Wake) -> bool) -> bool {
        let mut any = false;
        loop {
            match self.0.try_recv() {
                Ok(wake) => any |= matches(wake),
                Err(broadcast::error::TryRecvError::Lagged(_)) => any = true,
                Err(_) => return any,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Topic, Wake, furthest};

    #[test]
    fn a_wake_reads_back_as_it_was_sent() {
        for wake in [
            Wake::Outbox,
            Wake::Clock,
            Wake::Mail,
            Wake::Webhooks,
            Wake::Replay,
            Wake::Leases,
            Wake::Log(Topic::TaskEvents, 2, 40),
        ] {
            assert_eq!(Wake::decode(&wake.encode()), Some(wake));
        }
        assert_eq!(Wake::decode("log/nothing/1/2"), None);
    }

    #[test]
    fn of_a_partition_only_the_furthest_end_is_told() {
        let log = |partition, end| Wake::Log(Topic::TaskEvents, partition, end);
        let wakes = HashSet::from([Wake::Outbox, log(1, 7), log(2, 3), log(1, 12), log(1, 9), Wake::Clock]);
        let told: HashSet<Wake> = furthest(wakes).collect();
        assert_eq!(told, HashSet::from([Wake::Outbox, log(1, 12), log(2, 3), Wake::Clock]));
    }
}
