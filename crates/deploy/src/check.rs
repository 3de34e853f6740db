//! Contradictions in manifests: settings that are fine one by one and do not work together.
//!
//! Each finding has a counterexample: what happens, at which second, by the objects' own numbers. Where that is a
//! matter of scaling, [`crate::simulate`] plays it. A module a family of rules; a rule that cannot be sure is silent.
//! It must not change what it checks, or read anything beside it.

mod accept;
mod autoscaler;
mod connections;
mod disruption;
mod hosts;
mod images;
mod kafka;
mod lag;
mod metrics;
mod network;
mod pods;
mod price;
mod probes;
mod quota;
mod references;
mod report;
mod requests;
mod rollout;
mod rules;
mod scaling;
mod secrets;
mod security;
mod termination;
mod value;
mod wiring;
mod world;

use serde::Serialize;

use crate::manifests::{Manifests, Notice, Object};

pub use price::{Demand, Prices};
pub use report::{Report, Rule};
pub use rules::RULES;
pub use value::quantity_milli;

use world::World;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It will not work, or stops working by itself.
    Error,
    /// It stops working when something ordinary happens besides.
    Warning,
    /// Worth knowing.
    Note,
}

/// One step of what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When, in seconds since the beginning; nothing where it is only after the step before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_secs: Option<u64>,
    /// What happens.
    pub text: String,
}

/// Something that does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule found it; one of [`RULES`].
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The object's kind.
    pub kind: String,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The file that the object is from.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do, in a sentence.
    pub remedy: String,
    /// What happens.
    pub timeline: Vec<Moment>,
    /// Why it is accepted, where the object says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// The size of a node, as far as pods can have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeSize {
    /// The CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// The memory, in bytes.
    pub memory_bytes: i64,
}

/// What the manifests do not say.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The namespace of objects that name none.
    pub namespace: &'a str,
    /// The largest node; nothing where only nodes in the manifests count.
    pub node: Option<NodeSize>,
    /// What was promised, in seconds: until when an answer is there.
    pub promise_secs: Option<f64>,
    /// How long one event takes, in seconds.
    pub service_secs: Option<f64>,
    /// As many connections a database outside of the manifests takes.
    pub max_connections: Option<i64>,
    /// The most that a year may cost, in the prices' currency, with the prices.
    pub budget: Option<(f64, &'a dyn Prices)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            namespace: "default",
            node: None,
            promise_secs: None,
            service_secs: None,
            max_connections: None,
            budget: None,
        }
    }
}

/// What rules have found so far.
#[derive(Default)]
struct Found(Vec<Finding>);

/// What a rule says of an object.
struct Says {
    what: String,
    remedy: String,
    timeline: Vec<Moment>,
}

impl Found {
    /// Adds a finding about what `pointer` leads to in `object`.
    fn add(
        &mut self,
        world: &World<'_>,
        (id, severity): (&'static str, Severity),
        (object, pointer): (&Object, &str),
        says: Says,
    ) {
        self.0.push(Finding {
            id,
            severity,
            kind: object.kind().to_owned(),
            namespace: world.namespace(object).to_owned(),
            name: object.name().to_owned(),
            file: object.file.to_string(),
            line: object.line_of(pointer),
            what: says.what,
            remedy: says.remedy,
            timeline: says.timeline,
            accepted: accept::reason(object, id),
        });
    }
}

/// A step at a second.
fn at(secs: u64, text: impl Into<String>) -> Moment {
    Moment { at_secs: Some(secs), text: text.into() }
}

/// A step after the one before.
fn then(text: impl Into<String>) -> Moment {
    Moment { at_secs: None, text: text.into() }
}

/// Every rule, over all of `manifests`.
///
/// ```
/// use deploy::check::{Options, check};
/// use deploy::manifests::Manifests;
///
/// let mut manifests = Manifests::new();
/// manifests.add("web.yaml", b"{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: web}]}}")?;
/// let report = check(&manifests, &Options::default());
/// assert!(report.findings.iter().any(|finding| finding.id == "mutable-image-tag"));
/// # Ok::<(), deploy::manifests::Error>(())
/// ```
pub fn check(manifests: &Manifests, options: &Options<'_>) -> Report {
    let world = World::new(&manifests.objects, options);
    let mut found = Found::default();
    for family in [
        disruption::check,
        rollout::check,
        scaling::check,
        lag::check,
        termination::check,
        probes::check,
        requests::check,
        quota::check,
        connections::check,
        kafka::check,
        network::check,
        wiring::check,
        references::check,
        images::check,
        secrets::check,
        security::check,
        pods::check,
        metrics::check,
        price::check,
    ] {
        family(&world, &mut found);
    }
    let mut findings = found.0;
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.severity, finding.id);
        key(one).cmp(&key(other)).then_with(|| (&one.file, one.line).cmp(&(&other.file, other.line)))
    });
    findings.dedup();
    let mut notices: Vec<Notice> = manifests.notices.clone();
    notices.extend(world.unknown_kinds());
    Report { findings, notices, objects: manifests.objects.len() }
}
