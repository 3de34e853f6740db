//! A year: what is used, times what it costs.
//!
//! Each line stands for itself, and the year is their sum. It must not look for anything better.

use serde::Serialize;

use super::Error;
use super::bill::{Bill, Pods};
use super::pack::Packed;
use super::prices::{Disks, Node, Price, Table};
use crate::workload::Volume;

const GIB: f64 = 1_073_741_824.0;

/// One line of a year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What it is for: `application`, `database`, `brokers`, `monitoring`, `storage`, `entry`, `cluster` or `egress`.
    pub part: &'static str,
    /// What it is.
    pub what: String,
    /// How much of it.
    pub quantity: String,
    /// What it costs in a year; nothing where the table has no price for it.
    pub year: Option<f64>,
    /// Where the price was read, and when.
    pub source: Option<String>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// The nodes that the pods need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nodes {
    /// What the provider calls one.
    pub name: String,
    /// The least, over the time.
    pub least: u32,
    /// On average.
    pub mean: f64,
    /// The most.
    pub most: u32,
    /// What they cost in a year.
    pub year: f64,
    /// Where the price was read, and when.
    pub source: String,
    /// Whether it is known what a node leaves to pods.
    pub is_room_known: bool,
}

/// A year of a fleet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Year {
    /// Whose prices.
    pub table: String,
    /// What that is called.
    pub title: String,
    /// The currency.
    pub currency: String,
    /// What pods request, a line a workload.
    pub requests: Vec<Line>,
    /// Everything else, which is paid whichever way nodes are counted.
    pub others: Vec<Line>,
    /// The nodes; nothing where the table names none.
    pub nodes: Option<Nodes>,
    /// The year, with the fleet's share of nodes; nothing where requests have no price.
    pub by_requests: Option<f64>,
    /// The year, with whole nodes; nothing where the table names no node.
    pub by_nodes: Option<f64>,
    /// What is used and has no price in the table, and so is in no sum.
    pub unpriced: Vec<String>,
}

impl Year {
    /// The year as it would be paid: whole nodes where a node is known, and otherwise what is requested.
    pub fn paid(&self) -> Option<f64> {
        self.by_nodes.or(self.by_requests)
    }
}

fn source(dated: &str, source: &str) -> Option<String> {
    Some(format!("{source}, {dated}"))
}

/// What `pods` request costs in a year for one of them: each resource at its price, or where only nodes have one, its
/// share of a node, with half of the node's price for the CPU and half for memory. So all pods together never cost more
/// than the nodes that they fit on.
fn pod_year(pods: &Pods, table: &Table) -> Option<(f64, Option<String>)> {
    let (cpu, gib) = (pods.requests.cpu_milli as f64 / 1_000.0, pods.requests.memory_bytes as f64 / GIB);
    if let (Some(vcpu), Some(memory)) = (&table.vcpu, &table.memory_gib) {
        return Some((cpu * vcpu.year() + gib * memory.year(), source(&vcpu.dated, &vcpu.source)));
    }
    let node = table.node.as_ref()?;
    let (room_milli, room_mib) = node.room();
    let share = f64::midpoint(cpu * 1_000.0 / room_milli as f64, gib * 1_024.0 / room_mib as f64);
    Some((share * node.price.year(), source(&node.price.dated, &node.price.source)))
}

fn pods_line(pods: &Pods, table: &Table, nodes: Option<f64>) -> Line {
    // One is on each node; where nobody knows how many there are, one is counted.
    let mean = if pods.is_on_each_node { nodes.unwrap_or(1.0) } else { pods.replicas.mean() };
    let one = pod_year(pods, table);
    let gib = pods.requests.memory_bytes as f64 / GIB;
    Line {
        part: pods.part.as_str(),
        what: pods.name.clone(),
        quantity: format!("{mean:.2} x {}m, {gib:.2} GiB", pods.requests.cpu_milli),
        year: one.as_ref().map(|(year, _)| year * mean),
        source: one.and_then(|(_, source)| source),
        note: None,
    }
}

/// A disk of `gib` where disks are sold by their sizes: its name, and a year of it.
fn sized(disks: &Disks, gib: f64) -> Option<(&str, f64)> {
    let fitting = disks.sizes.iter().find(|disk| disk.above_gib < gib && gib <= disk.gib)?;
    Some((&fitting.name, fitting.price * disks.per.a_year()))
}

fn volume_line(volume: &Volume, table: &Table) -> Line {
    let count = f64::from(volume.count);
    let (year, from, note) = match (&table.storage_gib, &table.disks) {
        (Some(price), _) => {
            let year = volume.gib * count * price.year();
            (Some(year), source(&price.dated, &price.source), price.note.clone())
        }
        (None, Some(disks)) => match sized(disks, volume.gib) {
            Some((name, year)) => {
                (Some(year * count), source(&disks.dated, &disks.source), Some(name.to_owned()))
            }
            None => (None, None, Some("the table has no disk of this size".to_owned())),
        },
        (None, None) => (None, None, None),
    };
    let quantity = format!("{} x {} GiB", volume.count, (volume.gib * 100.0).round() / 100.0);
    Line { part: "storage", what: volume.name.clone(), quantity, year, source: from, note }
}

fn priced(part: &'static str, what: &str, count: u32, price: Option<&Price>) -> Line {
    Line {
        part,
        what: what.to_owned(),
        quantity: count.to_string(),
        year: price.map(|price| price.year() * f64::from(count)),
        source: price.and_then(|price| source(&price.dated, &price.source)),
        note: price.and_then(|price| price.note.clone()),
    }
}

fn egress_line(gib: f64, table: &Table) -> Line {
    let price = table.egress_gib.as_ref();
    Line {
        part: "egress",
        what: "sent to the internet".to_owned(),
        quantity: format!("{gib} GiB a month"),
        year: price.map(|price| (gib - price.free_gib).max(0.0) * price.price * 12.0),
        source: price.and_then(|price| source(&price.dated, &price.source)),
        note: price.and_then(|price| price.note.clone()),
    }
}

/// The nodes over the time, all peaks at once: least, mean and most.
fn nodes(bill: &Bill, node: &Node) -> Result<Nodes, Error> {
    // Each workload's numbers from its busiest time on; a cut wherever one of them changes.
    let falling: Vec<Vec<(u32, f64)>> = bill
        .pods
        .iter()
        .map(|pods| {
            let mut shares = pods.replicas.shares().to_vec();
            shares.sort_by_key(|(replicas, _)| std::cmp::Reverse(*replicas));
            let mut until = 0.0;
            shares
                .iter()
                .map(|(replicas, share)| {
                    until += share;
                    (*replicas, until)
                })
                .collect()
        })
        .collect();
    let mut cuts: Vec<f64> = falling.iter().flatten().map(|(_, until)| until.min(1.0)).chain([1.0]).collect();
    cuts.sort_by(f64::total_cmp);
    let (mut least, mut most, mut mean, mut from) = (u32::MAX, 0, 0.0, 0.0);
    for until in cuts {
        // Shares that add up to one only nearly leave cuts that are nothing wide.
        if until - from < 1e-9 {
            continue;
        }
        let middle = f64::midpoint(from, until);
        let counts: Vec<u32> = falling
            .iter()
            .map(|levels| {
                let level = levels.iter().find(|(_, until)| *until > middle).or(levels.last());
                level.map_or(0, |(replicas, _)| *replicas)
            })
            .collect();
        let packed = Packed::new(&bill.pods, &counts, node)?.nodes;
        (least, most) = (least.min(packed), most.max(packed));
        mean += f64::from(packed) * (until - from);
        from = until;
    }
    Ok(Nodes {
        name: node.name.clone(),
        least: least.min(most),
        mean,
        most,
        year: mean * node.price.year(),
        source: source(&node.price.dated, &node.price.source).unwrap_or_default(),
        is_room_known: node.allocatable.is_some(),
    })
}

/// The sum of lines; what has no price is not in it.
fn sum(lines: &[Line]) -> f64 {
    lines.iter().filter_map(|line| line.year).sum()
}

/// A year of what is on `bill`, at the prices of `table`.
///
/// Errors where a pod fits on no node of the table.
pub fn year(bill: &Bill, table: &Table) -> Result<Year, Error> {
    let nodes = table.node.as_ref().map(|node| nodes(bill, node)).transpose()?;
    let mean = nodes.as_ref().map(|nodes| nodes.mean);
    let requests: Vec<Line> = bill.pods.iter().map(|pods| pods_line(pods, table, mean)).collect();
    let mut others: Vec<Line> = bill.volumes.iter().map(|volume| volume_line(volume, table)).collect();
    if bill.balancers > 0 {
        others.push(priced("entry", "load balancers", bill.balancers, table.balancer.as_ref()));
    }
    others.push(priced("cluster", "control plane", 1, table.control_plane.as_ref()));
    others.extend(bill.egress_gib.map(|gib| egress_line(gib, table)));
    let has_requests = requests.iter().all(|line| line.year.is_some());
    let unpriced = requests.iter().chain(&others).filter(|line| line.year.is_none());
    let mut unpriced: Vec<String> = unpriced.map(|line| format!("{} {}", line.part, line.what)).collect();
    if nodes.is_none() {
        unpriced.push("whole nodes".to_owned());
    }
    Ok(Year {
        table: table.name.clone(),
        title: table.title.clone(),
        currency: table.currency.clone(),
        by_requests: has_requests.then(|| sum(&requests) + sum(&others)),
        by_nodes: nodes.as_ref().map(|nodes| nodes.year + sum(&others)),
        requests,
        others,
        nodes,
        unpriced,
    })
}
