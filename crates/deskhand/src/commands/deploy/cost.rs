//! `deploy cost`: a year of the fleet, by provider, and what meets a budget.

use deploy::cost::{Bill, Occupancy, PROVIDERS, Plan, Table, Wish, Year, plan, year};
use deploy::simulate::{Load, replay};
use deploy::workload::Found;
use serde_json::json;

use super::subject::{load, name, objects, prices, prices_or_given, refused, subject};
use crate::args::{DeployCost, Format};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, table};

/// The load that is taken where a budget is asked for and no load is named.
const LOAD: &str = "daily:1:10";

/// Years under one number of replicas.
struct Case {
    name: String,
    bill: Bill,
}

pub(super) fn run(args: &DeployCost, output: Output) -> Outcome {
    if let Some(gib) = args.egress.filter(|gib| !(0.0..=1e9).contains(gib)) {
        return Err(Failure::Usage(format!("--egress is {gib}: it has to be a number of GiB, from 0")));
    }
    if let Some(budget) = args.budget.filter(|budget| !budget.is_finite() || *budget < 0.0) {
        return Err(refused(&deploy::cost::Error::Budget { found: budget }));
    }
    let objects = objects(&args.subject)?;
    let found = deploy::workload::read(&objects).map_err(|error| refused(&error))?;
    let tables = match prices(&args.prices)? {
        Some(table) => vec![table],
        None if args.budget.is_some() => vec![prices_or_given(&args.prices)?],
        None => {
            let all: Result<Vec<Table>, _> = PROVIDERS.into_iter().map(Table::named).collect();
            all.map_err(|error| refused(&error))?
        }
    };
    let cases = cases(args, &found)?;
    let mut years: Vec<(&Case, Year)> = Vec::new();
    for case in &cases {
        for table in &tables {
            years.push((case, year(&case.bill, table).map_err(|error| refused(&error))?));
        }
    }
    let plan = match (args.budget, tables.first()) {
        (Some(budget), Some(table)) => planned(args, &found, budget, table)?,
        _ => None,
    };
    let notes = cases.first().map(|case| case.bill.notes.clone()).unwrap_or_default();
    let answer = json!({
        "fleet": name(&args.subject),
        "years": years.iter().map(|(case, year)| json!({ "replicas": case.name, "year": year })).collect::<Vec<_>>(),
        "notes": notes,
        "plan": plan,
    });
    let output = if args.format == Format::Json { Output::new(true) } else { output };
    output.result(&answer, || {
        let mut text = String::new();
        if tables.len() == 1 {
            for (case, year) in &years {
                text.push_str(&format!("{}: {}\n{}\n", name(&args.subject), case.name, year.table()));
            }
        } else {
            text.push_str(&side_by_side(&name(&args.subject), &years));
        }
        for note in &notes {
            text.push_str(&format!("note: {note}\n"));
        }
        if let Some(plan) = &plan {
            text.push_str(&format!("\n{}", plan.table()));
        }
        text
    })?;
    over(args.budget, plan.as_ref(), &years)
}

/// The bills: under the load, or at the least and at the most replicas.
fn cases(args: &DeployCost, found: &Found<'_>) -> Outcome<Vec<Case>> {
    let case = |name: &str, is_most| {
        let mut bill = Bill::new(found, is_most);
        bill.egress_gib = args.egress;
        Case { name: name.to_owned(), bill }
    };
    let is_scaled = found.workloads.iter().any(|workload| workload.most_replicas.is_some());
    if !is_scaled {
        return Ok(vec![case("its replicas are fixed", false)]);
    }
    let Some(text) = &args.load else {
        return Ok(vec![case("at the least replicas", false), case("at the most replicas", true)]);
    };
    let subject = subject(found, &args.workers)?;
    let run = replay(&subject.fleet, &load(text)?, args.workers.duration).map_err(|error| refused(&error))?;
    let replicas = Occupancy::of_run(&run, subject.fleet.replicas);
    let rest = if found.scalers.len() > 1 { "; everything else that is scaled at its least" } else { "" };
    let mut case = case(&format!("under {text}, {}{rest}", subject.origins.join("; ")), false);
    case.bill.occupy(&subject.scaled.workload, &replicas);
    Ok(vec![case])
}

/// What meets the budget, where something in the fleet follows a load.
fn planned(args: &DeployCost, found: &Found<'_>, budget: f64, prices: &Table) -> Outcome<Option<Plan>> {
    if found.scalers.is_empty() {
        return Ok(None);
    }
    let subject = subject(found, &args.workers)?;
    let load: Load = load(args.load.as_deref().unwrap_or(LOAD))?;
    let mut bill = Bill::new(found, false);
    bill.egress_gib = args.egress;
    let wish = Wish {
        budget,
        promise_secs: args.workers.promise,
        workload: &subject.scaled.workload,
        fleet: &subject.fleet,
        load: &load,
        duration_secs: args.workers.duration,
        table: prices,
    };
    plan(&bill, &wish).map_err(|error| refused(&error))
}

/// One line a provider.
fn side_by_side(name: &str, years: &[(&Case, Year)]) -> String {
    let of =
        |value: Option<f64>| value.map_or_else(|| "not priced".to_owned(), |value| format!("{value:.0}"));
    let mut text = String::new();
    let mut rows = Vec::new();
    let mut before = "";
    for (case, year) in years {
        if case.name != before {
            text.push_str(&table(&rows));
            text.push_str(&format!(
                "{}A year of {name}, {}\n\n",
                if before.is_empty() { "" } else { "\n" },
                case.name
            ));
            let heads = ["prices", "", "by requests", "by whole nodes", "nodes", "not priced"];
            rows = vec![heads.map(str::to_owned).to_vec()];
            before = &case.name;
        }
        let nodes = year.nodes.as_ref().map(|nodes| format!("{:.1} x {}", nodes.mean, nodes.name));
        rows.push(vec![
            year.table.clone(),
            year.currency.clone(),
            of(year.by_requests),
            of(year.by_nodes),
            nodes.unwrap_or_default(),
            year.unpriced.join(", "),
        ]);
    }
    text.push_str(&table(&rows));
    text.push_str("\n--provider NAME shows every line, and where each price was read\n");
    text
}

/// Whether the budget is passed: by the plan's fleet as it is, or by the dearest of the years.
fn over(budget: Option<f64>, plan: Option<&Plan>, years: &[(&Case, Year)]) -> Outcome {
    let Some(budget) = budget else { return Ok(()) };
    let paid = match plan {
        Some(plan) => Some(plan.as_it_is.year),
        None => years.iter().filter_map(|(_, year)| year.paid()).max_by(f64::total_cmp),
    };
    match paid {
        Some(paid) if paid > budget => {
            Err(Failure::Found(format!("a year costs {paid:.0}, and the budget is {budget:.0}")))
        }
        Some(_) => Ok(()),
        None => Err(Failure::Failed(
            "the table has no price for what pods request, so no budget can be held against it".to_owned(),
        )),
    }
}
