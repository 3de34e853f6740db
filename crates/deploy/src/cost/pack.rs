//! How many nodes pods need: first fit, the largest first.
//!
//! It is what a scheduler and an autoscaler of nodes come to at best; they may need more. It must not know a price.

use serde::Serialize;

use super::Error;
use super::bill::Pods;
use super::prices::Node;

const MIB: i64 = 1_048_576;

/// Nodes that pods were put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Packed {
    /// How many.
    pub nodes: u32,
}

/// One node, with what is left of it.
struct Space {
    cpu_milli: i64,
    memory_bytes: i64,
    /// Workloads that are on it and want no other pod of theirs there.
    apart: Vec<usize>,
}

impl Packed {
    /// Puts as many pods of each workload on nodes as `counts` says; there is at least one node where there is a pod.
    ///
    /// Errors where a pod fits on no node.
    pub fn new(pods: &[Pods], counts: &[u32], node: &Node) -> Result<Self, Error> {
        let (room_milli, room_mib) = node.room();
        let of_each = pods.iter().filter(|pods| pods.is_on_each_node).map(|pods| pods.requests);
        let (taken_milli, taken_bytes) = of_each.fold((0_i64, 0_i64), |(cpu, memory), requests| {
            (cpu.saturating_add(requests.cpu_milli), memory.saturating_add(requests.memory_bytes))
        });
        let free_milli = room_milli.saturating_sub(taken_milli);
        let free_bytes = room_mib.saturating_mul(MIB).saturating_sub(taken_bytes);
        let mut order: Vec<usize> = (0..pods.len()).filter(|index| !pods[*index].is_on_each_node).collect();
        let size = |index: usize| {
            let requests = pods[index].requests;
            let (cpu, memory) = (room_milli.max(1) as f64, (room_mib * MIB).max(1) as f64);
            (requests.cpu_milli as f64 / cpu).max(requests.memory_bytes as f64 / memory)
        };
        order.sort_by(|one, other| size(*other).total_cmp(&size(*one)));
        let mut nodes: Vec<Space> = Vec::new();
        for index in order {
            let one = &pods[index];
            let (cpu, memory) = (one.requests.cpu_milli, one.requests.memory_bytes);
            let count = counts.get(index).copied().unwrap_or(0);
            if count > 0 && (cpu > free_milli || memory > free_bytes) {
                return Err(Error::TooLarge {
                    workload: one.name.clone(),
                    cpu_milli: cpu,
                    memory_mib: memory / MIB,
                    node: node.name.clone(),
                    room_milli: free_milli,
                    room_mib: free_bytes / MIB,
                });
            }
            // What is full for one pod is full for the next of the same size.
            let mut from = 0;
            for _ in 0..count {
                let fits = |space: &Space| {
                    space.cpu_milli >= cpu
                        && space.memory_bytes >= memory
                        && !(one.is_apart && space.apart.contains(&index))
                };
                from += nodes[from..].iter().take_while(|space| !fits(space)).count();
                if from == nodes.len() {
                    nodes.push(Space { cpu_milli: free_milli, memory_bytes: free_bytes, apart: Vec::new() });
                }
                let space = &mut nodes[from];
                space.cpu_milli -= cpu;
                space.memory_bytes -= memory;
                if one.is_apart {
                    space.apart.push(index);
                }
            }
        }
        let is_any = pods.iter().any(|pods| pods.is_on_each_node);
        Ok(Self { nodes: u32::try_from(nodes.len()).unwrap_or(u32::MAX).max(u32::from(is_any)) })
    }
}
