//! What meets a budget, and what it gives up for that.
//!
//! Each proposal is a set of changes to the bill, and each is simulated: whether the promise is kept under it is
//! known, not hoped. What a simulation cannot know, such as how fast a worker is with less of a CPU, is said with the
//! proposal. It must not propose what does not run.

use serde::Serialize;

use super::Error;
use super::bill::{Bill, Occupancy};
use super::prices::Table;
use super::year::{Year, year};
use crate::simulate::{self, Fleet, Load, Run, Scaling, replay, solve};
use crate::workload::{Part, Requests};

/// As many proposals are made.
const MOST_PROPOSALS: usize = 5;
/// No pod is asked to get by with less: a tenth of a core, and 128 MiB.
const LEAST: Requests = Requests { cpu_milli: 100, memory_bytes: 134_217_728 };

/// What is wanted, and under which load.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish<'a> {
    /// What a year may cost, in the table's currency.
    pub budget: f64,
    /// After which time 99 of 100 answers are there, in seconds.
    pub promise_secs: f64,
    /// The name of the workload that follows the load.
    pub workload: &'a str,
    /// How that is scaled, and how fast it works.
    pub fleet: &'a Fleet,
    /// The load.
    pub load: &'a Load,
    /// How much of it is simulated, in seconds.
    pub duration_secs: u32,
    /// The prices.
    pub table: &'a Table,
}

/// Changes, and what comes of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// What is changed; nothing for the fleet as it is.
    pub changes: Vec<String>,
    /// What that gives up.
    pub gives_up: Vec<String>,
    /// A year of it.
    pub year: f64,
    /// How many workers there are on average.
    pub mean_workers: f64,
    /// After which time 99 of 100 answers are there, in seconds, as simulated.
    pub answer_p99_secs: f64,
    /// Whether that keeps the promise.
    pub is_kept: bool,
    /// Whether the year is within the budget.
    pub is_within: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What a year may cost.
    pub budget: f64,
    /// In which currency.
    pub currency: String,
    /// The fleet as it is.
    pub as_it_is: Proposal,
    /// What meets the budget and keeps the promise, what gives up least first.
    pub proposals: Vec<Proposal>,
    /// The cheapest that keeps the promise, where nothing that does meets the budget.
    pub nearest: Option<Proposal>,
    /// How many sets of changes were looked at.
    pub tried: usize,
    /// What the fleet as it is uses and the table has no price for.
    pub unpriced: Vec<String>,
}

/// One way to have workers and brokers, simulated.
struct Way {
    changes: Vec<Change>,
    run: Run,
    workers: Occupancy,
    brokers: Brokers,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Brokers {
    AsTheyAre,
    One,
    None,
}

/// A change, what it gives up, and how much that weighs against others.
#[derive(Clone, PartialEq, Eq)]
struct Change {
    what: String,
    gives_up: &'static str,
    weight: u32,
}

fn change(what: impl Into<String>, gives_up: &'static str, weight: u32) -> Change {
    Change { what: what.into(), gives_up, weight }
}

/// What is asked of a kind of pods: the change, and what their requests are divided by.
type Cut = (Option<Change>, i64);

impl Wish<'_> {
    fn wait_secs(&self) -> Result<f64, Error> {
        let service_secs = self.fleet.workers.service_secs;
        let left = self.promise_secs - service_secs;
        if left > 0.0 {
            return Ok(left);
        }
        let promise_secs = self.promise_secs;
        Err(Error::Simulation(simulate::Error::NoTimeToWait { service_secs, promise_secs }))
    }

    fn way(&self, fleet: &Fleet, run: Run, changes: Vec<Change>, brokers: Brokers) -> Way {
        Way { changes, workers: Occupancy::of_run(&run, fleet.replicas), run, brokers }
    }

    /// The same fleet with another least number of replicas; nothing where it has no such number.
    fn with_least(&self, least: i32) -> Option<Fleet> {
        let mut fleet = self.fleet.clone();
        match &mut fleet.scaling {
            Scaling::Fixed => return None,
            Scaling::Hpa { min_replicas, .. } => *min_replicas = least,
            Scaling::Keda { object, .. } => object.min_replicas = least,
        }
        fleet.replicas = u32::try_from(least).unwrap_or(0);
        Some(fleet)
    }

    fn bounds(&self) -> (i32, i32) {
        match &self.fleet.scaling {
            Scaling::Fixed => (0, 0),
            Scaling::Hpa { min_replicas, max_replicas, .. } => (*min_replicas, *max_replicas),
            Scaling::Keda { object, .. } => (object.min_replicas, object.max_replicas),
        }
    }

    /// With the threshold that keeps the promise at the least cost, where there is one.
    fn solved(&self, fleet: &Fleet) -> Result<Option<(i64, Run)>, Error> {
        match solve(fleet, self.load, self.duration_secs, self.wait_secs()?) {
            Ok(solution) => Ok(Some((solution.threshold, solution.run))),
            Err(simulate::Error::Unkept { .. } | simulate::Error::NoThreshold) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The least fixed number of workers that keeps the promise, up to `most`.
    fn fixed(&self, most: u32) -> Result<Option<(Fleet, Run)>, Error> {
        let wait_secs = self.wait_secs()?;
        for replicas in 1..=most {
            let fleet = Fleet { scaling: Scaling::Fixed, replicas, ..self.fleet.clone() };
            let run = replay(&fleet, self.load, self.duration_secs)?;
            if run.p99_secs <= wait_secs {
                return Ok(Some((fleet, run)));
            }
        }
        Ok(None)
    }

    /// Every way to have workers and brokers.
    fn ways(&self, bill: &Bill) -> Result<Vec<Way>, Error> {
        let name = self.workload;
        let plain = replay(self.fleet, self.load, self.duration_secs)?;
        let mut scaled = vec![(self.fleet.clone(), plain, Vec::new())];
        let (least, most) = self.bounds();
        if let Some((threshold, run)) = self.solved(self.fleet)? {
            let what = format!("{name}: a lag threshold of {threshold}");
            scaled.push((self.fleet.clone(), run, vec![change(what, "", 0)]));
        }
        if least > 1
            && let Some(fleet) = self.with_least(1)
            && let Some((threshold, run)) = self.solved(&fleet)?
        {
            let what = format!("{name}: from 1 replica, at a lag threshold of {threshold}");
            let gives_up = "with one worker, its loss is a pause until the next has started";
            scaled.push((fleet, run, vec![change(what, gives_up, 2)]));
        }
        let has_brokers = bill.pods.iter().any(|pods| pods.part == Part::Brokers);
        let has_spare =
            bill.pods.iter().any(|pods| pods.part == Part::Brokers && pods.replicas.bounds().1 > 1);
        let mut ways = Vec::new();
        for (fleet, run, changes) in scaled {
            if has_spare {
                let gives_up = "events that only the one broker has are lost with its disk, and its restart is a pause for all groups";
                let one = change("1 broker, replication 1", gives_up, 5);
                let changes = [changes.clone(), vec![one]].concat();
                ways.push(self.way(&fleet, run.clone(), changes, Brokers::One));
            }
            ways.push(self.way(&fleet, run, changes, Brokers::AsTheyAre));
        }
        if has_brokers && let Some((fleet, run)) = self.fixed(u32::try_from(most.max(1)).unwrap_or(1))? {
            let what =
                format!("no brokers: events in PostgreSQL; {name}: {} replicas, fixed", fleet.replicas);
            let gives_up =
                "no other program reads events from a broker, and workers no longer follow the load";
            ways.push(self.way(&fleet, run, vec![change(what, gives_up, 3)], Brokers::None));
        }
        Ok(ways)
    }

    /// What may be cut of requests: of the workers, of the rest of the application, of the database, of brokers.
    fn cuts(&self, bill: &Bill) -> [Vec<Cut>; 4] {
        let name = self.workload;
        let is_worker = |pods: &super::Pods| pods.name == name;
        let has = |part: Part| bill.pods.iter().any(|pods| pods.part == part && !is_worker(pods));
        let slower = "a worker that computes is slower on a full node: the simulation takes it to be as fast, as one that waits for a model is";
        let half = |what: &str, gives_up, weight, is_there: bool| {
            let cut = is_there
                .then(|| (Some(change(format!("{what}: half of the requests"), gives_up, weight)), 2));
            std::iter::once((None, 1)).chain(cut).collect::<Vec<Cut>>()
        };
        let mut workers = half(name, slower, 1, true);
        workers.push((Some(change(format!("{name}: a quarter of the requests"), slower, 2)), 4));
        [
            workers,
            half("web, api and the rest", "slower pages on a full node", 1, has(Part::Application)),
            half(
                "the database",
                "slower queries on a full node, and less of the data in memory",
                2,
                has(Part::Database),
            ),
            half("brokers", "slower brokers on a full node", 1, has(Part::Brokers)),
        ]
    }

    /// The bill with everything that is chosen.
    fn changed(&self, bill: &Bill, way: &Way, divisors: [i64; 4], is_fewer: bool) -> Bill {
        let mut bill = bill.clone();
        if way.brokers == Brokers::None {
            bill.pods.retain(|pods| pods.part != Part::Brokers);
            bill.volumes.retain(|volume| volume.part != Part::Brokers);
        }
        for volume in &mut bill.volumes {
            if volume.part == Part::Brokers && way.brokers == Brokers::One {
                volume.count = volume.count.min(1);
            }
        }
        for pods in &mut bill.pods {
            let is_worker = pods.name == self.workload;
            let divisor = match pods.part {
                _ if is_worker => divisors[0],
                Part::Application => divisors[1],
                Part::Database => divisors[2],
                Part::Brokers => divisors[3],
                Part::Monitoring => 1,
            };
            let cut = |value: i64, least: i64| (value / divisor).max(least.min(value));
            pods.requests.cpu_milli = cut(pods.requests.cpu_milli, LEAST.cpu_milli);
            pods.requests.memory_bytes = cut(pods.requests.memory_bytes, LEAST.memory_bytes);
            if is_worker {
                pods.replicas = way.workers.clone();
            } else if pods.part == Part::Brokers && way.brokers == Brokers::One {
                pods.replicas = Occupancy::constant(pods.replicas.bounds().1.min(1));
            } else if pods.part == Part::Application && is_fewer && pods.replicas.bounds().0 > 2 {
                pods.replicas = Occupancy::constant(2);
            }
        }
        bill
    }

    fn proposal(&self, bill: &Bill, way: &Way, changes: &[Change]) -> Result<Option<Proposal>, Error> {
        let year: Year = year(bill, self.table)?;
        let Some(paid) = year.paid() else { return Ok(None) };
        let answer_p99_secs = way.run.p99_secs + self.fleet.workers.service_secs;
        let gives_up = changes.iter().filter(|change| !change.gives_up.is_empty());
        Ok(Some(Proposal {
            changes: changes.iter().map(|change| change.what.clone()).collect(),
            gives_up: gives_up.map(|change| change.gives_up.to_owned()).collect(),
            year: paid,
            mean_workers: way.workers.mean(),
            answer_p99_secs,
            is_kept: answer_p99_secs <= self.promise_secs,
            is_within: paid <= self.budget,
        }))
    }
}

/// Looks for what brings a year of `bill` under the budget and keeps the promise, with what it gives up. Nothing where
/// the table cannot price what pods request.
///
/// Errors where the budget is none, where what is wanted cannot be simulated, and where a pod fits on no node.
pub fn plan(bill: &Bill, wish: &Wish<'_>) -> Result<Option<Plan>, Error> {
    if !wish.budget.is_finite() || wish.budget < 0.0 {
        return Err(Error::Budget { found: wish.budget });
    }
    let ways = wish.ways(bill)?;
    let [workers, others, database, brokers] = wish.cuts(bill);
    let has_spare = bill.pods.iter().any(|pods| {
        pods.part == Part::Application && pods.name != wish.workload && pods.replicas.bounds().0 > 2
    });
    let fewer = change("2 replicas of what has more", "an update or a lost node takes half of it away", 2);
    let mut all: Vec<(u32, Vec<Change>, Proposal)> = Vec::new();
    for way in &ways {
        for (cut, divisor) in &workers {
            for (other_cut, other) in &others {
                for (database_cut, of_database) in &database {
                    for (broker_cut, of_brokers) in &brokers {
                        for is_fewer in if has_spare { &[false, true][..] } else { &[false] } {
                            if way.brokers == Brokers::None && broker_cut.is_some() {
                                continue;
                            }
                            let divisors = [*divisor, *other, *of_database, *of_brokers];
                            let cuts = [cut, other_cut, database_cut, broker_cut].into_iter().flatten();
                            let fewer = is_fewer.then_some(&fewer);
                            let changes: Vec<Change> =
                                way.changes.iter().chain(cuts).chain(fewer).cloned().collect();
                            let changed = wish.changed(bill, way, divisors, *is_fewer);
                            let Some(proposal) = wish.proposal(&changed, way, &changes)? else {
                                return Ok(None);
                            };
                            let weight = changes.iter().map(|change| change.weight).sum();
                            all.push((weight, changes, proposal));
                        }
                    }
                }
            }
        }
    }
    let tried = all.len();
    let as_it_is =
        all.iter().find(|(_, changes, _)| changes.is_empty()).map(|(.., proposal)| proposal.clone());
    let Some(as_it_is) = as_it_is else { return Ok(None) };
    all.retain(|(.., proposal)| proposal.is_kept);
    let cheapest =
        all.iter().min_by(|one, other| one.2.year.total_cmp(&other.2.year)).map(|(.., one)| one.clone());
    all.retain(|(.., proposal)| proposal.is_within);
    all.sort_by(|one, other| one.0.cmp(&other.0).then(one.2.year.total_cmp(&other.2.year)));
    let mut chosen: Vec<(Vec<Change>, Proposal)> = Vec::new();
    for (_, changes, proposal) in all {
        // Who changes all that a proposal changes, and more, gives up more for what is reached already.
        let is_more = chosen.iter().any(|(fewer, _)| fewer.iter().all(|change| changes.contains(change)));
        if !is_more && chosen.len() < MOST_PROPOSALS {
            chosen.push((changes, proposal));
        }
    }
    let proposals: Vec<Proposal> = chosen.into_iter().map(|(_, proposal)| proposal).collect();
    let nearest = if proposals.is_empty() { cheapest } else { None };
    let currency = wish.table.currency.clone();
    let mut unpriced = year(bill, wish.table)?.unpriced;
    unpriced.sort();
    Ok(Some(Plan { budget: wish.budget, currency, as_it_is, proposals, nearest, tried, unpriced }))
}
