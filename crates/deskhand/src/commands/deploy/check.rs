//! `deploy check`: contradictions in a fleet or in any manifests, each with what happens when.

use deploy::check::{NodeSize, Options, Prices, Severity, check, quantity_milli};
use deploy::manifests::{self, Manifests};
use deploy::output::text;

use super::{fleet, subject};
use crate::args::{CheckFormat, DeployCheck, SubjectArgs};
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Output, note};

pub(super) fn run(args: &DeployCheck, output: Output) -> Outcome {
    let table = args.budget.map(|_| subject::prices_or_given(&args.prices)).transpose()?;
    let options = Options {
        namespace: &args.namespace,
        node: args.node.as_deref().map(node).transpose()?,
        promise_secs: args.promise.map(|secs| seconds("--promise", secs)).transpose()?,
        service_secs: args.service.map(|secs| seconds("--service", secs)).transpose()?,
        max_connections: args.max_connections,
        budget: args.budget.zip(table.as_ref().map(|table| table as &dyn Prices)),
    };
    let format = if output.is_json() { CheckFormat::Json } else { args.format };
    let report = check(&read(&args.subject)?, &options);
    match format {
        CheckFormat::Json => output.json(&report.to_json())?,
        CheckFormat::Sarif => output.json(&report.to_sarif(env!("CARGO_PKG_VERSION")))?,
        CheckFormat::Text => {
            for notice in &report.notices {
                note(&format!("{}:{}: {}", notice.file, notice.line, notice.text));
            }
            output.text(&report.text(args.notes))?;
        }
    }
    if report.count(Severity::Error) + report.count(Severity::Warning) == 0 {
        return Ok(());
    }
    Err(Failure::Found(report.summary()))
}

/// The manifests of the paths, or those of the profile as `deploy render` prints them.
fn read(args: &SubjectArgs) -> Outcome<Manifests> {
    let Some(args) = subject::of_profile(args) else { return subject::manifests(&args.paths) };
    let mut manifests = Manifests::new();
    let objects = deploy::render(&fleet(&args)?)?;
    manifests.add(&format!("deploy render --profile {}", args.profile), text(&objects)?.as_bytes())?;
    Ok(manifests)
}

fn node(text: &str) -> Outcome<NodeSize> {
    let amounts =
        text.split_once('/').and_then(|(cpu, memory)| quantity_milli(cpu).zip(quantity_milli(memory)));
    let size = amounts.filter(|(cpu, memory)| *cpu > 0 && *memory > 0);
    let (cpu_milli, memory) = size.ok_or_else(|| {
        Failure::Usage(format!("--node {text}: write cores and memory as Kubernetes does, such as 4/16Gi"))
    })?;
    Ok(NodeSize { cpu_milli, memory_bytes: memory / 1_000 })
}

fn seconds(flag: &str, secs: f64) -> Outcome<f64> {
    if secs > 0.0 && secs <= 86_400.0 {
        return Ok(secs);
    }
    Err(Failure::Usage(format!("{flag} {secs}: it has to be more than 0 and at most a day, in seconds")))
}

impl From<manifests::Error> for Failure {
    fn from(error: manifests::Error) -> Self {
        Self::Failed(chain(&error))
    }
}
