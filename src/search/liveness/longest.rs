//! The most steps between a premise and its goal: the longest path through the states where the property is pending.

use super::components::components;
use super::graph::OUT;
use super::region::Region;
use crate::search::StepsTaken;

/// Not computed yet. No path is so long, since every step on it leads to another state.
const NEW: u32 = u32::MAX;

/// The longest path in the region, with the step that leaves it. Nothing on it is repeated, or there is no longest.
pub(super) fn longest(region: &Region<'_>) -> StepsTaken {
    let graph = region.graph;
    let nodes = 0..graph.len() as u32;
    let mut has_cycle = false;
    components(region, &mut region.marks(), nodes.clone(), |_| {
        has_cycle = true;
    });
    if has_cycle {
        return StepsTaken::Unbounded;
    }
    let mut steps = vec![NEW; graph.len()];
    // Nodes on the way, each with its next edge.
    let mut way: Vec<(u32, usize)> = Vec::new();
    for root in nodes {
        if !region.contains(root) || steps[root as usize] != NEW {
            continue;
        }
        way.push((root, 0));
        while let Some((node, next)) = way.last_mut() {
            let node = *node;
            if let Some(&to) = graph.edges(node).get(*next) {
                *next += 1;
                if to != OUT && region.contains(to) && steps[to as usize] == NEW {
                    way.push((to, 0));
                }
                continue;
            }
            let edges = graph.edges(node).iter().filter(|to| **to != OUT);
            let after = edges.map(|&to| match region.contains(to) {
                true => 1 + steps[to as usize],
                // Who leaves the region has come to the goal.
                false => 1,
            });
            steps[node as usize] = after.max().unwrap_or(0);
            way.pop();
        }
    }
    let known = steps.into_iter().filter(|&n| n != NEW);
    StepsTaken::AtMost(known.max().map_or(0, u64::from))
}
