//! Years that can be worked out by hand, and what must hold of every year.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::check::{Demand, Prices as _};
use crate::simulate::{Fleet, Load, Workers, hpa, replay, scaled};
use crate::workload::{self, Part, Requests, Volume, tests::support_fleet};

fn bill(workers: u32) -> Bill {
    let objects = support_fleet();
    let mut bill = Bill::new(&workload::read(&objects).unwrap(), false);
    assert!(bill.occupy("workers", &Occupancy::constant(workers)));
    bill
}

fn given() -> Table {
    Table::named("given").unwrap()
}

#[test]
fn the_given_prices_make_what_the_requirements_say_of_2_and_12_workers() {
    for (workers, expected) in [(2, 2_208.0), (12, 7_008.0)] {
        let mut bill = bill(workers);
        // Neither brokers nor disks are in that sum.
        bill.pods.retain(|pods| pods.part != Part::Brokers);
        let year = year(&bill, &given()).unwrap();
        assert!((year.by_requests.unwrap() - expected).abs() < 1e-9, "{:?}", year.by_requests);
        assert_eq!(year.by_nodes, None);
        assert!(year.unpriced.contains(&"storage postgres data".to_owned()), "{:?}", year.unpriced);
    }
}

#[test]
fn what_is_checked_against_a_budget_costs_what_the_given_prices_say() {
    let demand = |workers: i64| Demand {
        cpu_milli: 2_500 + 1_000 * workers,
        memory_bytes: (3_584 + 1_024 * workers) << 20,
        ..Demand::default()
    };
    assert!((given().year(demand(2)) - 2_208.0).abs() < 1e-9);
    assert!((given().year(demand(12)) - 7_008.0).abs() < 1e-9);
    // A node's worth of both is a node.
    let azure = Table::named("azure").unwrap();
    let whole = Demand { cpu_milli: 1_900, memory_bytes: 6_044 << 20, ..Demand::default() };
    assert!((azure.year(whole) - (0.096 + 0.1) * YEAR_HOURS).abs() < 1e-6);
}

#[test]
fn the_same_fleet_looks_the_same_in_whichever_order_its_manifests_are() {
    let mut objects = support_fleet();
    let one = Bill::new(&workload::read(&objects).unwrap(), true);
    objects.reverse();
    assert_eq!(Bill::new(&workload::read(&objects).unwrap(), true), one);
}

#[test]
fn every_table_that_comes_along_says_when_and_where_each_price_was_read() {
    for name in PROVIDERS {
        let table = Table::named(name).unwrap();
        assert_eq!(table.name, name);
        let prices =
            [&table.vcpu, &table.memory_gib, &table.storage_gib, &table.balancer, &table.control_plane];
        let prices = prices.into_iter().flatten().chain(table.node.iter().map(|node| &node.price));
        for price in prices {
            assert!(price.source.starts_with("https://") || name == "given", "{name}: {}", price.source);
            assert!(price.dated.as_str() <= "2026-11-22", "{name}: {}", price.dated);
        }
        year(&bill(4), &table).unwrap();
    }
    assert_eq!(Table::named("GKE").unwrap().name, "google");
}

#[test]
fn an_unknown_provider_is_answered_with_the_nearest() {
    let error = Table::named("azur").unwrap_err().to_string();
    assert!(error.contains("is it azure?") && error.contains("digitalocean"), "{error}");
    let error = Table::named("my own cloud").unwrap_err().to_string();
    assert!(!error.contains("is it") && error.contains("oracle"), "{error}");
}

#[test]
fn a_file_of_prices_that_makes_no_sense_is_refused_with_its_line() {
    let good = "name: own\ntitle: Own\ncurrency: EUR\nvcpu: {price: 30, per: month, dated: 2026-01-31, source: here}\n\
                memoryGib:\n  price: 4\n  per: month\n  dated: 2026-01-31\n  source: here\n";
    assert_eq!(Table::parse(good).unwrap().currency, "EUR");
    for (from, to, line, said) in [
        ("  price: 4", "  price: -4", 6, "-4 has to be a price"),
        ("  price: 4", "  price: .nan", 6, "NaN has to be a price"),
        ("  price: 4", "  price: .inf", 6, "inf has to be a price"),
        ("  price: 4", "  price: cheap", 6, "invalid floating point"),
        ("  price: 4", "  prize: 4", 6, "prize"),
        ("  per: month", "  per: week", 7, "week"),
        ("  dated: 2026-01-31\n", "  dated: today\n", 8, "YYYY-MM-DD"),
        ("currency: EUR", "currency: euros", 3, "three capital letters"),
        ("title: Own", "titel: Own", 2, "titel"),
        ("title: Own", "title: [", 2, ""),
    ] {
        let error = Table::parse(&good.replace(from, to)).unwrap_err();
        let PriceError::Unreadable { line: found, reason } = &error else { panic!("{error}") };
        assert!(reason.contains(said), "{to}: {error}");
        if to != "title: [" {
            assert_eq!(*found, Some(line), "{to}: {error}");
        }
    }
    let node = "name: own\ntitle: Own\ncurrency: EUR\nnode:\n  name: tiny\n  vcpu: 2\n  memoryGib: 4\n  \
                allocatable: {cpuMilli: 2500, memoryMib: 3000, source: here}\n  \
                price: {price: 1, per: hour, dated: 2026-01-31, source: here}\n";
    assert!(Table::parse(node).unwrap_err().to_string().contains("no more than it has"));
    assert!(Table::parse(&node.replace("2500", "1900")).is_ok());
}

fn node(vcpu: f64, memory_gib: f64) -> Node {
    let price = Price {
        price: 100.0,
        per: Per::Year,
        dated: "2026-01-01".to_owned(),
        source: "here".to_owned(),
        note: None,
    };
    Node { name: "n".to_owned(), vcpu, memory_gib, allocatable: None, price }
}

fn pods(name: &str, cpu_milli: i64, mib: i64, replicas: u32) -> Pods {
    Pods {
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
        part: Part::Application,
        requests: Requests { cpu_milli, memory_bytes: mib << 20 },
        replicas: Occupancy::constant(replicas),
        is_apart: false,
        is_on_each_node: false,
    }
}

#[test]
fn pods_are_put_on_as_few_nodes_as_they_fit_on_and_those_apart_on_as_many_as_they_are() {
    let nodes = |pods: &[Pods], counts: &[u32]| {
        Packed::new(pods, counts, &node(4.0, 16.0)).map(|packed| packed.nodes)
    };
    assert_eq!(nodes(&[pods("a", 1_000, 1_024, 1)], &[9]), Ok(3));
    assert_eq!(nodes(&[pods("a", 1_000, 8_192, 1)], &[9]), Ok(5));
    assert_eq!(nodes(&[pods("a", 3_000, 512, 1), pods("b", 1_000, 512, 1)], &[2, 2]), Ok(2));
    assert_eq!(
        nodes(&[Pods { is_apart: true, ..pods("a", 100, 128, 1) }, pods("b", 100, 128, 1)], &[3, 3]),
        Ok(3)
    );
    let each = Pods { is_on_each_node: true, ..pods("agent", 500, 128, 1) };
    assert_eq!(nodes(&[each.clone(), pods("a", 1_000, 1_024, 1)], &[1, 4]), Ok(2));
    assert_eq!(nodes(&[each], &[1]), Ok(1));
    assert_eq!(nodes(&[pods("a", 1_000, 1_024, 1)], &[0]), Ok(0));
    let error = nodes(&[pods("a", 5_000, 1_024, 1)], &[1]).unwrap_err().to_string();
    assert!(error.starts_with("a pod of a requests 5000m"), "{error}");
}

#[test]
fn nodes_follow_the_replicas_over_the_time() {
    let table = Table { node: Some(node(4.0, 16.0)), vcpu: None, memory_gib: None, ..given() };
    let workers = Workers { service_secs: 0.5, start_secs: 0, partitions: 12, handover_secs: 0, cpu: None };
    let scaling = scaled(&workload::read(&support_fleet()).unwrap()).unwrap()[0].scaling.clone();
    let fleet =
        Fleet { workers, replicas: 2, scaling, nodes: None, controls: hpa::Controls::default(), seed: None };
    let run = replay(&fleet, &Load::parse("step:1:20@10m").unwrap(), 3_600).unwrap();
    let replicas = Occupancy::of_run(&run, 2);
    assert!((replicas.shares().iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(replicas.bounds(), (2, run.most_replicas));
    let mut bill = bill(2);
    bill.pods = vec![Pods { replicas: replicas.clone(), ..pods("workers", 1_000, 1_024, 2) }];
    let nodes = year(&bill, &table).unwrap().nodes.unwrap();
    assert_eq!((nodes.least, nodes.most), (1, run.most_replicas.div_ceil(4)));
    assert!(
        nodes.mean >= replicas.mean() / 4.0 && nodes.mean < replicas.mean() / 4.0 + 1.0,
        "{}",
        nodes.mean
    );
    assert!((nodes.year - nodes.mean * 100.0).abs() < 1e-9);
}

#[test]
fn disks_sold_by_size_cost_what_the_size_costs_and_others_are_not_priced() {
    let table = Table::named("azure").unwrap();
    let mut bill = bill(2);
    let volume =
        |gib: f64| Volume { name: "data".to_owned(), part: Part::Database, class: None, gib, count: 2 };
    bill.volumes = vec![volume(20.0), volume(100.0)];
    let year = year(&bill, &table).unwrap();
    let storage: Vec<Option<f64>> =
        year.others.iter().filter(|line| line.part == "storage").map(|line| line.year).collect();
    assert_eq!(storage, [Some(2.4 * 12.0 * 2.0), None]);
    assert!(year.unpriced.contains(&"storage data".to_owned()));
}

#[test]
fn what_is_sent_to_the_internet_is_free_up_to_what_the_provider_says() {
    let table = Table::named("oracle").unwrap();
    let year_of = |gib| {
        let bill = Bill { egress_gib: Some(gib), ..bill(2) };
        year(&bill, &table).unwrap().others.last().unwrap().year.unwrap()
    };
    assert_eq!(year_of(10_000.0), 0.0);
    assert!((year_of(11_240.0) - 1_000.0 * 0.0085 * 12.0).abs() < 1e-6);
}

/// The budget of `support-fleet`, with the load that its two answers a second a worker can take.
#[test]
fn the_budget_of_the_support_fleet_is_missed_as_it_is_and_met_by_proposals_that_keep_the_promise() {
    let objects = support_fleet();
    let found = workload::read(&objects).unwrap();
    let one = &scaled(&found).unwrap()[0];
    let workers = Workers { service_secs: 0.5, start_secs: 20, partitions: 12, handover_secs: 0, cpu: None };
    let fleet = Fleet {
        workers,
        replicas: one.replicas,
        scaling: one.scaling.clone(),
        nodes: None,
        controls: hpa::Controls::default(),
        seed: None,
    };
    let (load, table) = (Load::parse("step:1:8@10m").unwrap(), given());
    let wish = Wish {
        budget: 2_000.0,
        promise_secs: 3.0,
        workload: "workers",
        fleet: &fleet,
        load: &load,
        duration_secs: 3_600,
        table: &table,
    };
    let plan = plan(&Bill::new(&found, false), &wish).unwrap().unwrap();
    assert!(!plan.as_it_is.is_kept && !plan.as_it_is.is_within, "{:?}", plan.as_it_is);
    assert!(!plan.proposals.is_empty());
    for proposal in &plan.proposals {
        assert!(proposal.is_kept && proposal.is_within && proposal.answer_p99_secs <= 3.0, "{proposal:?}");
        assert!(proposal.year <= 2_000.0 && !proposal.changes.is_empty());
    }
    let text = plan.table();
    assert!(text.contains("above the budget") && text.contains("gives up: "), "{text}");
    assert!(text.contains("\nin none of these sums: "), "{text}");
    // With nothing to spend there is nothing, and that is said.
    let nothing =
        super::plan(&Bill::new(&found, false), &Wish { budget: 1.0, ..wish.clone() }).unwrap().unwrap();
    assert!(nothing.proposals.is_empty() && nothing.nearest.is_some());
    assert!(nothing.table().contains("none of "), "{}", nothing.table());
    let wrong = super::plan(&Bill::new(&found, false), &Wish { budget: f64::NAN, ..wish.clone() });
    assert!(matches!(wrong, Err(Error::Budget { .. })));
    let hasty = super::plan(&Bill::new(&found, false), &Wish { promise_secs: 0.5, ..wish });
    assert!(hasty.unwrap_err().to_string().contains("nothing is left to wait"));
}

#[test]
fn a_year_is_shown_with_every_line_both_sums_and_the_sources() {
    let text = year(&bill(4), &Table::named("google").unwrap()).unwrap().table();
    for said in
        ["by requests", "by whole nodes", "e2-standard-4", "load balancers", "control plane", "prices from"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    let text = year(&bill(4), &Table::named("digitalocean").unwrap()).unwrap().table();
    assert!(text.contains("not priced in this table") && text.contains("entry load balancers"), "{text}");
    assert_eq!(report::amount(1_234_567.4), "1,234,567");
    assert_eq!(report::amount(-1_000.0), "-1,000");
    assert!(serde_json::to_value(year(&bill(4), &given()).unwrap()).unwrap()["by_nodes"] == json!(null));
}

fn any_bill() -> impl Strategy<Value = Bill> {
    let one = (1_i64..4_000, 1_i64..8_192, 0_u32..20);
    (prop::collection::vec(one, 1..6), prop::collection::vec((0.0_f64..500.0, 0_u32..5), 0..4), 0_u32..4)
        .prop_map(|(of, disks, balancers)| Bill {
            pods: of
                .into_iter()
                .zip(0..)
                .map(|((cpu, mib, replicas), index)| pods(&format!("w{index}"), cpu, mib, replicas))
                .collect(),
            volumes: disks
                .into_iter()
                .map(|(gib, count)| Volume {
                    name: "d".to_owned(),
                    part: Part::Database,
                    class: None,
                    gib,
                    count,
                })
                .collect(),
            balancers,
            egress_gib: Some(20_000.0),
            notes: Vec::new(),
        })
}

/// Every provider's table; Google's and Oracle's name all that there is.
fn any_table() -> impl Strategy<Value = Table> {
    prop::sample::select(PROVIDERS.to_vec()).prop_map(|name| {
        // All pods fit on it.
        let table = Table::named(name).unwrap();
        Table {
            node: table.node.map(|old| Node { allocatable: None, vcpu: 8.0, memory_gib: 16.0, ..old }),
            ..table
        }
    })
}

proptest! {
    #[test]
    fn a_year_is_the_sum_of_its_parts(bill in any_bill(), table in any_table()) {
        let year = year(&bill, &table).unwrap();
        let sum = |lines: &[Line]| lines.iter().filter_map(|line| line.year).sum::<f64>();
        let others = sum(&year.others);
        if let Some(by_requests) = year.by_requests {
            prop_assert!((by_requests - sum(&year.requests) - others).abs() < 1e-6);
        }
        if let (Some(by_nodes), Some(nodes)) = (year.by_nodes, &year.nodes) {
            prop_assert!((by_nodes - nodes.year - others).abs() < 1e-6);
            // Whole nodes hold all that is requested.
            let cpu: f64 = bill.pods.iter().map(|pods| pods.requests.cpu_milli as f64 * pods.replicas.mean()).sum();
            prop_assert!(f64::from(nodes.least) * 8_000.0 >= cpu);
            // Where only nodes have a price, a share of them costs no more than they do.
            prop_assert!(table.vcpu.is_some() || year.by_requests <= Some(by_nodes + 1e-6));
        }
        for line in year.requests.iter().chain(&year.others) {
            prop_assert!(line.year.is_none_or(|year| year >= 0.0 && year.is_finite()), "{line:?}");
            prop_assert!(line.year.is_some() || year.unpriced.iter().any(|name| name.contains(&line.what)));
        }
    }

    #[test]
    fn more_replicas_never_cost_less(bill in any_bill(), table in any_table(), which in 0_usize..6, more in 1_u32..9) {
        let mut larger = bill.clone();
        let which = which % larger.pods.len();
        let replicas = larger.pods[which].replicas.bounds().1 + more;
        larger.pods[which].replicas = Occupancy::constant(replicas);
        let (small, large) = (year(&bill, &table).unwrap(), year(&larger, &table).unwrap());
        prop_assert!(large.by_requests >= small.by_requests);
        let requested = |bill: &Bill| -> f64 {
            bill.pods.iter().map(|pods| pods.requests.cpu_milli as f64 * pods.replicas.mean()).sum()
        };
        prop_assert!(requested(&larger) > requested(&bill));
    }

    #[test]
    fn higher_prices_never_cost_less(bill in any_bill(), table in any_table(), factor in 1.0_f64..10.0) {
        let dearer = |price: &Option<Price>| price.clone().map(|old| Price { price: old.price * factor, ..old });
        let raised = Table {
            vcpu: dearer(&table.vcpu),
            memory_gib: dearer(&table.memory_gib),
            storage_gib: dearer(&table.storage_gib),
            balancer: dearer(&table.balancer),
            control_plane: dearer(&table.control_plane),
            node: table.node.clone().map(|old| {
                Node { price: Price { price: old.price.price * factor, ..old.price }, ..old }
            }),
            ..table.clone()
        };
        let (low, high) = (year(&bill, &table).unwrap(), year(&bill, &raised).unwrap());
        let more = |high: Option<f64>, low: Option<f64>| match (high, low) {
            (Some(high), Some(low)) => high >= low - 1e-9,
            (high, low) => high.is_none() && low.is_none(),
        };
        prop_assert!(more(high.by_requests, low.by_requests) && more(high.by_nodes, low.by_nodes));
    }
}
