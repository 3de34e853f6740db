//! What is looked at by `deploy check`, `deploy simulate` and `deploy cost`: the objects of a profile or of manifests, the
//! workload that follows a load, the load and the prices.

use std::path::{Path, PathBuf};
use std::{fs, io};

use deploy::cost::{PriceError, Table};
use deploy::manifests::Manifests;
use deploy::simulate::{Cpu, Fleet, Load, Scaled, Scaling, Workers, hpa, scaled};
use deploy::workload::Found;
use domain::Topic;
use serde_json::Value;

use super::fleet;
use crate::args::{FleetArgs, PricesArgs, SubjectArgs, WorkersArgs};
use crate::failure::{Failure, Outcome, chain};
use crate::output::note;

/// The share of its request that a worker uses of the CPU while it has nothing to do, in per cent.
const IDLE_PERCENT: i64 = 2;

/// The objects that were asked for.
pub(super) fn objects(args: &SubjectArgs) -> Outcome<Vec<Value>> {
    if let Some(args) = of_profile(args) {
        let objects = deploy::render(&fleet(&args)?)?;
        return Ok(objects.iter().map(|object| object.value().clone()).collect());
    }
    let manifests = manifests(&args.paths)?;
    for notice in &manifests.notices {
        note(&format!("{}:{}: {}", notice.file, notice.line, notice.text));
    }
    Ok(manifests.objects.into_iter().map(|object| object.value).collect())
}

/// The fleet of the profile, where one is named.
pub(super) fn of_profile(args: &SubjectArgs) -> Option<FleetArgs> {
    let profile = args.profile.clone()?;
    Some(FleetArgs { profile, values: args.values.clone(), set: args.set.clone() })
}

/// What the files and folders hold; `-` is standard input.
pub(super) fn manifests(paths: &[PathBuf]) -> Outcome<Manifests> {
    let mut manifests = Manifests::new();
    for path in paths {
        if path.as_os_str() == "-" {
            manifests.add_reader("standard input", io::stdin().lock())?;
        } else {
            manifests.add_path(path)?;
        }
    }
    if manifests.objects.is_empty() {
        return Err(Failure::Failed("there is no Kubernetes object in it".to_owned()));
    }
    Ok(manifests)
}

/// How the fleet is called.
pub(super) fn name(args: &SubjectArgs) -> String {
    let paths = args.paths.iter().map(|path| path.display().to_string());
    args.profile.clone().unwrap_or_else(|| paths.collect::<Vec<_>>().join(", "))
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))
}

/// A load as it was typed, or from the file of that name.
pub(super) fn load(text: &str) -> Outcome<Load> {
    let path = Path::new(text);
    let is_file = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) || path.is_file();
    if !is_file {
        return Load::parse(text).map_err(|error| Failure::Usage(error.to_string()));
    }
    Load::from_csv(&read(path)?).map_err(|error| Failure::Usage(format!("{text}: {error}")))
}

/// The prices that were asked for, where any were.
pub(super) fn prices(args: &PricesArgs) -> Outcome<Option<Table>> {
    if let Some(path) = &args.prices {
        let wrong = |error: PriceError| Failure::Usage(format!("{}: {error}", path.display()));
        return Ok(Some(Table::parse(&read(path)?).map_err(wrong)?));
    }
    let named = args.provider.as_deref().map(Table::named).transpose();
    named.map_err(|error| Failure::Usage(error.to_string()))
}

/// The prices that were asked for, or else those of the requirements.
pub(super) fn prices_or_given(args: &PricesArgs) -> Outcome<Table> {
    match prices(args)? {
        Some(table) => Ok(table),
        None => Table::named("given").map_err(|error| refused(&error)),
    }
}

/// A workload that follows a load, ready to be simulated.
pub(super) struct Subject {
    /// How it is scaled.
    pub(super) scaled: Scaled,
    /// It, and how it works.
    pub(super) fleet: Fleet,
    /// Where its numbers are from, a line each.
    pub(super) origins: Vec<String>,
}

/// The partitions of the workload's topic, and where the number is from.
fn partitions(scaled: &Scaled, args: &WorkersArgs) -> (u32, &'static str) {
    if let Some(partitions) = args.partitions {
        return (partitions, "--partitions");
    }
    if let Some(partitions) = scaled.partitions {
        return (partitions, "the KafkaTopic");
    }
    let topic = scaled.topic.as_deref().and_then(|name| {
        // A prefix of the broker's stands before the name.
        Topic::ALL.into_iter().find(|topic| name.ends_with(topic.as_str()))
    });
    match topic {
        Some(topic) => (topic.partitions(), "Deskhand's topic"),
        None => (
            scaled.bounds().1.max(1),
            "the most replicas, since no topic is named: --partitions says otherwise",
        ),
    }
}

/// The workload of `found` that follows a load.
pub(super) fn subject(found: &Found<'_>, args: &WorkersArgs) -> Outcome<Subject> {
    let all = scaled(found).map_err(|error| Failure::Usage(error.to_string()))?;
    let names = all.iter().map(|scaled| scaled.workload.as_str()).collect::<Vec<_>>().join(", ");
    let chosen = match &args.workload {
        Some(name) => all.into_iter().find(|scaled| scaled.workload == *name),
        None => all.into_iter().next(),
    };
    let Some(scaled) = chosen else {
        let text = match (&args.workload, names.as_str()) {
            (_, "") => "nothing in this fleet is scaled: there is no HorizontalPodAutoscaler and no ScaledObject that is known".to_owned(),
            (Some(name), names) => format!("{name} is not scaled: {names} are"),
            (None, names) => format!("none of {names} is scaled"),
        };
        return Err(Failure::Usage(text));
    };
    let (partitions, origin) = partitions(&scaled, args);
    let request_milli = scaled.requests.cpu_milli;
    let idle_milli = request_milli * IDLE_PERCENT / 100;
    let cpu = (request_milli > 0).then_some(Cpu {
        request_milli,
        busy_milli: request_milli.saturating_mul(args.busy_cpu) / 100,
        idle_milli: idle_milli.min(request_milli.saturating_mul(args.busy_cpu) / 100),
    });
    let workers = Workers {
        service_secs: args.service_time,
        start_secs: args.start_time,
        partitions,
        handover_secs: 0,
        cpu,
    };
    let (least, most) = scaled.bounds();
    let mut origins = vec![
        format!("{}: {least} to {most} replicas, by {}", scaled.workload, scaled.by),
        format!(
            "{} s an event, {} s to start, {partitions} partitions ({origin})",
            args.service_time, args.start_time
        ),
    ];
    if matches!(scaled.scaling, Scaling::Hpa { cpu_percent: Some(_), .. }) {
        origins.push(format!(
            "a busy worker is taken to use {} % of the {request_milli}m it requests, and an idle one {IDLE_PERCENT} %",
            args.busy_cpu
        ));
    }
    origins.extend(scaled.notes.iter().map(|note| format!("not simulated: {note}")));
    let fleet = Fleet {
        workers,
        replicas: scaled.replicas,
        scaling: scaled.scaling.clone(),
        nodes: args.nodes,
        controls: hpa::Controls::default(),
        seed: args.seed,
    };
    Ok(Subject { scaled, fleet, origins })
}

/// What was wrong with what was to be simulated.
pub(super) fn refused(error: &dyn std::error::Error) -> Failure {
    Failure::Usage(chain(error))
}
