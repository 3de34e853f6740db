//! `deploy simulate`: how the fleet scales under a load, and which threshold keeps a promise.

use std::fs;

use deploy::cost::{Bill, Occupancy, Table, year};
use deploy::simulate::{Caption, Rate, Solution, replay, solve};
use serde_json::json;

use super::subject::{load, name, objects, prices_or_given, refused, subject};
use crate::args::{DeploySimulate, Format};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note};

pub(super) fn run(args: &DeploySimulate, output: Output) -> Outcome {
    let objects = objects(&args.subject)?;
    let found = deploy::workload::read(&objects).map_err(|error| refused(&error))?;
    let subject = subject(&found, &args.workers)?;
    let load = load(&args.load)?;
    let duration = args.workers.duration;
    let table = prices_or_given(&args.prices)?;
    let workload = &subject.scaled.workload;
    let rate = rate(&Bill::new(&found, false), workload, &table);
    let service_secs = subject.fleet.workers.service_secs;
    let wait_secs = args.workers.promise - service_secs;
    let is_promise = wait_secs > 0.0;
    let (run, solution) = if args.solve {
        if !is_promise {
            let promise_secs = args.workers.promise;
            return Err(refused(&deploy::simulate::Error::NoTimeToWait { service_secs, promise_secs }));
        }
        let solution = solve(&subject.fleet, &load, duration, wait_secs).map_err(|error| refused(&error))?;
        (solution.run.clone(), Some(solution))
    } else {
        (replay(&subject.fleet, &load, duration).map_err(|error| refused(&error))?, None)
    };
    let threshold = |solution: &Solution| format!(", threshold {}", solution.threshold);
    let title = format!(
        "{}: {workload} under {}{}",
        name(&args.subject),
        args.load,
        solution.as_ref().map(threshold).unwrap_or_default()
    );
    if let Some(path) = &args.svg {
        let promise_secs = is_promise.then_some(wait_secs);
        let svg = run.svg(&Caption { title: &title, promise_secs, rate: rate.as_ref() });
        fs::write(path, svg)
            .map_err(|error| Failure::because(format!("cannot write {}", path.display()), &error))?;
        note(&format!("the picture is in {}", path.display()));
    }
    let answer_secs = run.p99_secs + service_secs;
    let is_kept = answer_secs <= args.workers.promise;
    let answer = json!({
        "title": title,
        "workload": workload,
        "origins": subject.origins,
        "rate": rate,
        "answer_p99_secs": answer_secs,
        "promise_secs": args.workers.promise,
        "is_kept": is_kept,
        "threshold": solution.as_ref().map(|solution| solution.threshold),
        "trials": solution.as_ref().map(|solution| &solution.trials),
        "run": run,
    });
    let output = if args.format == Format::Json { Output::new(true) } else { output };
    output.result(&answer, || {
        let kept = if is_kept { "kept" } else { "broken" };
        let solved = solution.as_ref().map(|solution| format!("\n{}", solution.table())).unwrap_or_default();
        format!(
            "{title}\n{}\n\n{}\n99 of 100 are answered within {answer_secs:.2} s: the promise of {} s is {kept}\n{solved}",
            subject.origins.join("\n"),
            run.table(rate.as_ref()),
            args.workers.promise,
        )
    })
}

/// What an hour of one replica costs; nothing where the table cannot tell.
fn rate(bill: &Bill, workload: &str, table: &Table) -> Option<Rate> {
    let mut one = bill.clone();
    one.pods.retain(|pods| pods.name == workload);
    one.occupy(workload, &Occupancy::constant(1));
    let year = year(&one, table).ok()?;
    let hour = year.requests.first()?.year? / deploy::cost::YEAR_HOURS;
    Some(Rate { hour, currency: year.currency })
}
