//! The least among all shortest paths to some states: the fewest faults, then the fewest switches between lanes, then the least in semantic order.
//!
//! All shortest paths to a set of states of level `d` run through levels 0, 1, …, `d`, so a forward dynamic programme over (state, lane of
//! the last step) is exact. A node keeps its least (faults, switches, rank); the rank stands for the path's sequence of semantic keys:
//! paths of one level are ranked by (rank of the predecessor, key of the last step), initial states by their place in the model's list.
//! Only states from which the set can still be reached take part.
//!
//! Invariant: what is chosen depends on semantic keys alone, never on ids, on the order in which steps are listed, or on threads. Only
//! steps that the model itself cannot tell apart are taken in the order in which they are listed.

use std::collections::HashMap;

use super::Path;
use crate::error::Error;
use crate::space::Label;

/// A step between two neighbouring levels; states are indices into their level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) step: u32,
    pub(crate) to: u32,
}

/// The states at each distance from the initial ones, and the steps from one distance to the next.
pub(crate) trait Layers {
    /// The steps, level by level and ascending, of all shortest paths to the `targets` of level `depth`.
    fn edges_to(&self, depth: u32, targets: &[u32]) -> Result<Vec<Vec<Edge>>, Error>;
    /// A step as people read it.
    fn label(&self, level: u32, state: u32, step: u32) -> Result<Label, Error>;
    /// Which initial state a state of level 0 is.
    fn initial(&self, state: u32) -> usize {
        state as usize
    }
}

/// No step was taken yet.
const NO_LANE: u32 = u32::MAX;

/// A state together with the lane of the last step on the way to it, and the best way.
struct Node {
    state: u32,
    lane: u32,
    faults: u32,
    switches: u32,
    rank: u32,
    /// The node before, in the level above, and the step from there.
    before: u32,
    step: u32,
}

/// What a path to a node must beat: faults, switches, rank of the predecessor, key of the last step.
type Cost<'k> = (u32, u32, u32, &'k [u8]);

/// The least path to any of `targets`, ascending indices of states of level `depth`, and which it leads to. `None` above the limit.
pub(crate) fn least(
    levels: &impl Layers,
    depth: u32,
    targets: &[u32],
    n_max: usize,
) -> Result<Option<(Path, u32)>, Error> {
    let edges = levels.edges_to(depth, targets)?;
    let initial = match edges.first() {
        Some(edges) => {
            let mut initial: Vec<u32> = edges.iter().map(|edge| edge.from).collect();
            initial.dedup();
            initial
        }
        None => targets.to_vec(),
    };
    let initial = initial.iter().enumerate().map(|(rank, &state)| Node {
        state,
        lane: NO_LANE,
        faults: 0,
        switches: 0,
        rank: rank as u32,
        before: 0,
        step: 0,
    });
    let mut ways: Vec<Vec<Node>> = vec![initial.collect()];
    let mut n_nodes = ways[0].len();
    for (level, edges) in edges.iter().enumerate() {
        let mut labels = Vec::with_capacity(edges.len());
        for edge in edges {
            let label = levels.label(level as u32, edge.from, edge.step)?;
            labels.push((label.key, label.lane, label.kind.is_fault()));
        }
        let Some(nodes) = ways.last() else {
            unreachable!("level 0 was just pushed")
        };
        let mut next: Vec<Node> = Vec::new();
        let mut costs: Vec<Cost<'_>> = Vec::new();
        let mut known: HashMap<(u32, u32), usize> = HashMap::new();
        // Nodes and edges are both in the order of their state.
        let mut first = 0;
        for (edge, (key, lane, is_fault)) in edges.iter().zip(&labels) {
            while nodes[first].state < edge.from {
                first += 1;
            }
            let own = nodes[first..].iter().enumerate();
            for (i, node) in own.take_while(|(_, node)| node.state == edge.from) {
                let faults = node.faults + u32::from(*is_fault);
                let is_switch = node.lane != NO_LANE && node.lane != *lane;
                let switches = node.switches + u32::from(is_switch);
                let cost = (faults, switches, node.rank, key.as_slice());
                let candidate = Node {
                    state: edge.to,
                    lane: *lane,
                    faults,
                    switches,
                    rank: 0,
                    before: (first + i) as u32,
                    step: edge.step,
                };
                let slot = known.entry((edge.to, *lane)).or_insert(next.len());
                if *slot == next.len() {
                    next.push(candidate);
                    costs.push(cost);
                } else if cost < costs[*slot] {
                    next[*slot] = candidate;
                    costs[*slot] = cost;
                }
            }
        }
        n_nodes += next.len();
        if n_nodes > n_max {
            return Ok(None);
        }
        rank(&mut next, &costs);
        next.sort_unstable_by_key(|node| (node.state, node.lane));
        ways.push(next);
    }
    let last = ways.last().map_or(&[][..], Vec::as_slice);
    let best = last
        .iter()
        .enumerate()
        .min_by_key(|(_, node)| (node.faults, node.switches, node.rank));
    let Some((mut at, node)) = best else {
        unreachable!("a path to a target was found before")
    };
    let target = node.state;
    let mut steps = Vec::with_capacity(depth as usize);
    for nodes in ways[1..].iter().rev() {
        steps.push(nodes[at].step);
        at = nodes[at].before as usize;
    }
    steps.reverse();
    let path = Path {
        initial: levels.initial(ways[0][at].state),
        steps,
        loop_start: None,
    };
    Ok(Some((path, target)))
}

/// Gives the nodes of a level their ranks: dense, in the order of (rank of the predecessor, key).
fn rank(nodes: &mut [Node], costs: &[Cost<'_>]) {
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    let sequence = |i: usize| (costs[i].2, costs[i].3);
    order.sort_by_key(|&i| sequence(i));
    let mut rank = 0;
    for (n, &i) in order.iter().enumerate() {
        if n > 0 && sequence(order[n - 1]) != sequence(i) {
            rank += 1;
        }
        nodes[i].rank = rank;
    }
}
