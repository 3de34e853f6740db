//! What a year of the manifests costs, against a budget. The prices are somebody else's.

use super::requests::of_pod;
use super::value::{items, memory, milli, text};
use super::world::World;
use super::{Found, Says, Severity, at, then};

/// What there is to be paid for, at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demand {
    /// Requested CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// Requested memory, in bytes.
    pub memory_bytes: i64,
    /// Requested storage, in bytes.
    pub storage_bytes: i64,
    /// Load balancers of a cloud.
    pub load_balancers: i64,
}

/// Prices.
pub trait Prices {
    /// What a year of `demand` costs, in the budget's currency.
    fn year(&self, demand: Demand) -> f64;
}

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let Some((budget, prices)) = world.options.budget else { return };
    let (least, most) = (prices.year(demand(world, false)), prices.year(demand(world, true)));
    if most <= budget {
        return;
    }
    let weight = |index: &usize| {
        world.workloads.get(*index).map_or(0, |workload| {
            of_pod(workload, "cpu", "requests").saturating_mul(world.replicas(*index).1)
        })
    };
    let Some(largest) = (0..world.workloads.len()).max_by_key(weight) else { return };
    let Some(workload) = world.workloads.get(largest) else { return };
    let (few, many) = world.replicas(largest);
    let (cpu, bytes) = (of_pod(workload, "cpu", "requests"), of_pod(workload, "memory", "requests"));
    let severity = if least > budget { Severity::Error } else { Severity::Warning };
    let day = 86_400;
    let spent = |rate: f64| (budget / rate * 365.0) as u64;
    let mut timeline = vec![at(0, format!("at the least replicas a year costs {least:.0}"))];
    if least > budget {
        timeline.push(at(
            spent(least) * day,
            format!("the budget of {budget:.0} is spent, with nothing scaled up"),
        ));
    }
    timeline.push(then(format!("at the most replicas a year costs {most:.0}")));
    timeline.push(at(
        spent(most) * day,
        format!("if that were always so, the budget would be spent after {} days", spent(most)),
    ));
    let says = Says {
        what: format!("a year costs {least:.0} to {most:.0}, and the budget is {budget:.0}"),
        remedy: format!(
            "begin with {}, which is the largest part: {few} to {many} pods of {cpu}m and {}",
            workload.title(),
            memory(bytes)
        ),
        timeline,
    };
    found.add(
        world,
        ("cost-above-budget", severity),
        (workload.object, &workload.at("/containers/0/resources")),
        says,
    );
}

fn demand(world: &World<'_>, at_most: bool) -> Demand {
    let mut sum = Demand::default();
    for (index, workload) in world.workloads.iter().enumerate().filter(|(_, workload)| !workload.is_made) {
        // Jobs come and go.
        if matches!(workload.object.kind(), "Job" | "CronJob") {
            continue;
        }
        let (least, most) = world.replicas(index);
        let count = if at_most { most } else { least };
        let add = |sum: i64, one: i64| sum.saturating_add(one.saturating_mul(count));
        sum.cpu_milli = add(sum.cpu_milli, of_pod(workload, "cpu", "requests"));
        sum.memory_bytes = add(sum.memory_bytes, of_pod(workload, "memory", "requests") / 1_000);
        for claim in items(&workload.object.value, "/spec/volumeClaimTemplates") {
            sum.storage_bytes = add(sum.storage_bytes, size(claim));
        }
    }
    for claim in world.of_kind("PersistentVolumeClaim") {
        sum.storage_bytes = sum.storage_bytes.saturating_add(size(&claim.value));
    }
    let balancers =
        world.of_kind("Service").filter(|service| text(&service.value, "/spec/type") == Some("LoadBalancer"));
    sum.load_balancers = i64::try_from(balancers.count()).unwrap_or(i64::MAX);
    sum
}

fn size(claim: &serde_json::Value) -> i64 {
    claim.pointer("/spec/resources/requests/storage").and_then(milli).unwrap_or(0) / 1_000
}
