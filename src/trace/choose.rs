//! Which of the shortest traces is reported: the one with the fewest faults, then the fewest switches between lanes, then the least in
//! semantic order. Finds no violation and changes no verdict. Where the fewest faults are asked for, it chooses among the shortest of the
//! traces with that number of faults.
//!
//! All shortest paths to a set of states of level `d` run through levels 0, 1, …, `d`, so a forward dynamic programme over (state, lane of
//! the last step) is exact. A node keeps its least (faults, switches, rank); the rank stands for the path's sequence of semantic keys:
//! paths of one level are ranked by (rank of the predecessor, key of the last step), initial states by their place in the model's list.
//! Only states from which the set can still be reached take part.
//!
//! A confluent property is shown by two paths. Of all states at the depth where the first conflict shows, those with a rival (equal inputs,
//! another value, no deeper) compete for the later path. The earlier path leads to the least of its rivals, at the least depth.
//!
//! Invariant: what is chosen depends on semantic keys alone, never on ids, on the order in which steps are listed, or on threads. Only
//! steps that the model itself cannot tell apart are taken in the order in which they are listed.

use std::collections::{BTreeMap, HashMap};

use super::levels::Levels;
use crate::error::Error;
use crate::search::{Explored, Options, Path};
use crate::space::{Fingerprint, PropertyKind, StateSpace};

/// Replaces the paths that a search found first by those that read best, wherever the levels down to them are small enough.
///
/// # Errors
/// The model answers differently the second time.
pub(crate) fn choose<S: StateSpace>(
    space: &S,
    options: &Options,
    explored: &mut Explored<S::Arena>,
) -> Result<(), Error> {
    match options.fingerprint_bits {
        128 => choose_by::<S, u128>(space, options, explored),
        _ => choose_by::<S, u64>(space, options, explored),
    }
}

fn choose_by<S: StateSpace, F: Fingerprint>(
    space: &S,
    options: &Options,
    explored: &mut Explored<S::Arena>,
) -> Result<(), Error> {
    // Whoever stops a search does not want to wait, and gets no promise of a determined trace.
    if explored.outcome.stopped.is_some() {
        return Ok(());
    }
    let n_down_to = |depth: u32| explored.level_sizes.iter().take(depth as usize + 1).sum();
    let is_small = |depth| {
        let n: u64 = n_down_to(depth);
        n <= options.tie_break_max as u64
    };
    let depths: Vec<Option<u32>> = (explored.places.iter())
        .map(|places| places.iter().map(|place| place.depth).max())
        .map(|depth| depth.filter(|&depth| is_small(depth)))
        .collect();
    let Some(deepest) = depths.iter().flatten().max() else {
        return Ok(());
    };
    let levels = Levels::<S, F>::build(space, &explored.initial, *deepest, options.exact)?;
    let properties = explored.outcome.properties.iter_mut().zip(depths);
    for ((property, depth), fewest) in properties.zip(&explored.fewest) {
        let Some(depth) = depth else { continue };
        let decls = space.properties().iter();
        let Some(p) = decls.clone().position(|decl| *decl == property.decl) else {
            unreachable!("an outcome is about a property of its space")
        };
        let chosen = match property.decl.kind {
            // A lasso was chosen with its loop.
            kind if kind.is_liveness() => None,
            PropertyKind::Confluent => rivals(&levels, p, depth, options.tie_break_max)?,
            kind => {
                let shows = kind == PropertyKind::Reachable;
                let mut targets =
                    levels.states(depth, |state| (state.holds >> p & 1 == 1) == shows);
                if let Some(fewest) = *fewest {
                    levels.keep_with_faults(depth, fewest, &mut targets);
                }
                let best = least(&levels, depth, &targets, options.tie_break_max)?;
                best.map(|(path, _)| vec![path])
            }
        };
        if let Some(paths) = chosen {
            property.paths = paths;
            property.tie_break = true;
        }
    }
    Ok(())
}

/// The two paths of a confluent property that is violated at `depth`: the earlier, the later. `None` above the limit.
fn rivals<S: StateSpace, F: Fingerprint>(
    levels: &Levels<'_, S, F>,
    p: usize,
    depth: u32,
    n_max: usize,
) -> Result<Option<Vec<Path>>, Error> {
    // For all inputs the values, each with the states that have it. Ordered by hashes, but only membership is asked for.
    let mut values: BTreeMap<u128, BTreeMap<u128, Vec<(u32, u32)>>> = BTreeMap::new();
    for &(level, state, property, inputs, value) in levels.quiescent() {
        if property == p && level <= depth {
            let states = values.entry(inputs).or_default().entry(value).or_default();
            states.push((level, state));
        }
    }
    let conflicts = || values.values().filter(|by_value| by_value.len() > 1);
    let mut later: Vec<u32> = conflicts()
        .flat_map(BTreeMap::values)
        .flatten()
        .filter(|&&(level, _)| level == depth)
        .map(|&(_, state)| state)
        .collect();
    later.sort_unstable();
    let Some((later_path, later_state)) = least(levels, depth, &later, n_max)? else {
        return Ok(None);
    };
    let rivals: Vec<(u32, u32)> = conflicts()
        .filter(|by_value| {
            let mut states = by_value.values().flatten();
            states.any(|&state| state == (depth, later_state))
        })
        .flat_map(BTreeMap::values)
        .filter(|states| !states.contains(&(depth, later_state)))
        .flatten()
        .copied()
        .collect();
    let Some(earliest) = rivals.iter().map(|&(level, _)| level).min() else {
        unreachable!("a state in conflict has a rival")
    };
    let mut earlier: Vec<u32> = (rivals.iter())
        .filter(|&&(level, _)| level == earliest)
        .map(|&(_, state)| state)
        .collect();
    earlier.sort_unstable();
    let earlier = least(levels, earliest, &earlier, n_max)?;
    Ok(earlier.map(|(earlier_path, _)| vec![earlier_path, later_path]))
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
fn least<S: StateSpace, F: Fingerprint>(
    levels: &Levels<'_, S, F>,
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
        initial: ways[0][at].state as usize,
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
