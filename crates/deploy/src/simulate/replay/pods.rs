//! The replicas: where they come from, how long that takes, and which of them go first.
//!
//! It must not know how many there should be, except by being told.

use crate::simulate::fleet::{Cpu, Fleet, Nodes};
use crate::simulate::hpa::{self, Phase, Ready, Samples, Status};

/// How far a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There is no room for it.
    Waiting,
    /// It has a place, since then.
    Starting { since: u32 },
    /// It handles events.
    Ready { since: u32, ready_since: u32 },
}

/// A replica.
#[derive(Debug, Clone)]
struct Replica {
    id: u64,
    stage: Stage,
    /// When it is done with what it handles, in seconds.
    free_at: f64,
    /// How long it handled events since the controller last looked, in seconds.
    busy_secs: f64,
}

/// All replicas of the fleet.
#[derive(Debug, Clone)]
pub(super) struct Pods {
    replicas: Vec<Replica>,
    /// Until when those that were taken away finish what they handle.
    leaving: Vec<f64>,
    start_secs: u32,
    nodes: Option<Nodes>,
    /// When ordered nodes come.
    coming: Vec<u32>,
    next_id: u64,
    has_changed: bool,
}

impl Pods {
    /// The replicas of the beginning, ready as far as there is room.
    pub(super) fn new(fleet: &Fleet) -> Self {
        let mut pods = Self {
            replicas: Vec::new(),
            leaving: Vec::new(),
            start_secs: fleet.workers.start_secs,
            nodes: fleet.nodes,
            coming: Vec::new(),
            next_id: 0,
            has_changed: true,
        };
        pods.scale(fleet.replicas, 0);
        let room = pods.room();
        for replica in pods.replicas.iter_mut().take(room) {
            replica.stage = Stage::Ready { since: 0, ready_since: 0 };
        }
        pods
    }

    /// Places that are not taken.
    fn room(&self) -> usize {
        let Some(nodes) = self.nodes else { return usize::MAX };
        let places = nodes.ready as usize * nodes.replicas_each as usize;
        places.saturating_sub(self.paid() as usize)
    }

    /// What has happened by itself when `second` begins.
    pub(super) fn begin(&mut self, second: u32) {
        self.leaving.retain(|until| *until > f64::from(second));
        if let Some(nodes) = &mut self.nodes {
            let come = self.coming.iter().filter(|at| **at <= second).count();
            self.coming.drain(..come);
            nodes.ready += u32::try_from(come).unwrap_or(0);
        }
        for replica in &mut self.replicas {
            if let Stage::Starting { since } = replica.stage
                && since + self.start_secs <= second
            {
                replica.stage = Stage::Ready { since, ready_since: second };
                replica.free_at = f64::from(second);
                self.has_changed = true;
            }
        }
    }

    /// Gives waiting replicas a place, and orders nodes where there is none.
    pub(super) fn place(&mut self, second: u32) {
        let mut room = self.room();
        let mut waiting = 0_u32;
        for replica in self.replicas.iter_mut().filter(|replica| replica.stage == Stage::Waiting) {
            if room == 0 {
                waiting += 1;
                continue;
            }
            room -= 1;
            replica.stage = match self.start_secs {
                0 => Stage::Ready { since: second, ready_since: second },
                _ => Stage::Starting { since: second },
            };
            replica.free_at = f64::from(second);
            self.has_changed |= self.start_secs == 0;
        }
        if let Some(nodes) = self.nodes {
            let coming = u32::try_from(self.coming.len()).unwrap_or(u32::MAX);
            let needed = waiting.div_ceil(nodes.replicas_each).saturating_sub(coming);
            let more = needed.min(nodes.most.saturating_sub(nodes.ready + coming));
            self.coming.extend((0..more).map(|_| second + nodes.start_secs));
        }
    }

    /// Makes them `wanted`. Those go first that wait for a place, then those that start, then the youngest, as a
    /// ReplicaSet ranks them; what they handle they finish.
    pub(super) fn scale(&mut self, wanted: u32, second: u32) {
        let wanted = wanted as usize;
        while self.replicas.len() < wanted {
            let (id, stage) = (self.next_id, Stage::Waiting);
            self.replicas.push(Replica { id, stage, free_at: f64::from(second), busy_secs: 0.0 });
            self.next_id += 1;
        }
        while self.replicas.len() > wanted {
            let last = self.replicas.iter().enumerate().max_by_key(|(_, replica)| match replica.stage {
                Stage::Waiting => (2, 0, replica.id),
                Stage::Starting { since } => (1, since, replica.id),
                Stage::Ready { ready_since, .. } => (0, ready_since, replica.id),
            });
            let Some((index, _)) = last else { return };
            let gone = self.replicas.remove(index);
            if matches!(gone.stage, Stage::Ready { .. }) {
                self.has_changed = true;
                if gone.free_at > f64::from(second) {
                    self.leaving.push(gone.free_at);
                }
            }
        }
    }

    /// As many there should be.
    pub(super) fn wanted(&self) -> u32 {
        u32::try_from(self.replicas.len()).unwrap_or(u32::MAX)
    }

    /// As many are ready.
    pub(super) fn ready(&self) -> u32 {
        u32::try_from(self.ready_ids().len()).unwrap_or(u32::MAX)
    }

    /// As many have a place on a node, those that leave included.
    pub(super) fn paid(&self) -> u32 {
        let placed = self.replicas.iter().filter(|replica| replica.stage != Stage::Waiting).count();
        u32::try_from(placed + self.leaving.len()).unwrap_or(u32::MAX)
    }

    /// Whether other replicas are ready than when this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Those that are ready, the oldest first.
    pub(super) fn ready_ids(&self) -> Vec<u64> {
        let ready = self.replicas.iter().filter(|replica| matches!(replica.stage, Stage::Ready { .. }));
        ready.map(|replica| replica.id).collect()
    }

    /// Gives each that is ready, in order, its time to be free to be read and written.
    pub(super) fn each_ready(&mut self, mut give: impl FnMut(usize, &mut f64, &mut f64)) {
        let ready = self.replicas.iter_mut().filter(|replica| matches!(replica.stage, Stage::Ready { .. }));
        for (index, replica) in ready.enumerate() {
            give(index, &mut replica.free_at, &mut replica.busy_secs);
        }
    }

    /// Begins a new window of measuring the CPU.
    pub(super) fn measured(&mut self) {
        self.replicas.iter_mut().for_each(|replica| replica.busy_secs = 0.0);
    }

    /// What the controller sees of them, measured over the last `window_secs`.
    pub(super) fn seen(&self, cpu: Cpu, second: u32, window_secs: i64) -> (Vec<hpa::Pod>, Samples) {
        let ms = |secs: u32| i64::from(secs) * 1_000;
        let pod = |replica: &Replica| {
            let (phase, started_ms, ready) = match replica.stage {
                Stage::Waiting => (Phase::Pending, None, None),
                Stage::Starting { since } => (
                    Phase::Running,
                    Some(ms(since)),
                    Some(Ready { status: Status::False, since_ms: ms(since) }),
                ),
                Stage::Ready { since, ready_since } => (
                    Phase::Running,
                    Some(ms(since)),
                    Some(Ready { status: Status::True, since_ms: ms(ready_since) }),
                ),
            };
            hpa::Pod { phase, is_deleting: false, started_ms, ready, request_milli: Some(cpu.request_milli) }
        };
        let sample = |replica: &Replica| {
            let share = (replica.busy_secs / window_secs as f64).min(1.0);
            let used = cpu.idle_milli as f64 + (cpu.busy_milli - cpu.idle_milli) as f64 * share;
            (replica.stage != Stage::Waiting).then_some(hpa::Sample {
                milli: used as i64,
                at_ms: ms(second),
                window_ms: window_secs * 1_000,
            })
        };
        let of_pods = self.replicas.iter().map(sample).collect();
        (self.replicas.iter().map(pod).collect(), Samples { of_pods, strays_milli: Vec::new() })
    }
}
