//! Time in a model that has ticks: whether it can always go on, and what could happen for ever in no time.
//!
//! A run without end has infinitely many ticks. Were there a state from which no tick can be come to, nothing that goes on from it would count
//! as a run, and whatever one asks of such runs would hold: that is an error of the model. A cycle of steps without a tick is no run either, but a
//! run may go round it as often as it likes before the next tick: that is warned of. (It is named after Zeno of Elea, whose runner does infinitely
//! many things in finite time.) Faults and steps of the environment do not count towards such a cycle.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::components::{Digraph, Marks, components};
use super::graph::{Graph, OUT};
use super::store::States;
use crate::error::Error;
use crate::space::{Pace, StateSpace};

/// Instead of a lane: the edge is a tick, or has nothing to do with time.
const TICK: u32 = u32::MAX;
const FREE: u32 = u32::MAX - 1;

/// States whose steps one thread looks at.
const CHUNK: usize = 1024;

/// Warnings at most.
const WARNINGS_MAX: usize = 8;

/// The graph without ticks and without what is free.
struct Instants<'a> {
    graph: &'a Graph,
    /// For each edge of each state the lane that acts at once, or what it is instead.
    paces: Vec<Vec<u32>>,
}

impl Digraph for Instants<'_> {
    fn edges(&self, node: u32) -> &[u32] {
        self.graph.edges(node)
    }

    fn counts(&self, node: u32, edge: usize) -> bool {
        self.paces[node as usize][edge] < FREE
    }
}

/// Checks that time can always go on, and warns of cycles that take no time.
pub(super) fn warnings<S: StateSpace>(
    space: &S,
    states: &States<'_, S::Arena>,
    graph: &Graph,
) -> Result<Vec<String>, Error> {
    if !space.has_ticks() {
        return Ok(Vec::new());
    }
    let paces = paces(space, states, graph);
    let names = |lanes: &[u32]| {
        let names: Vec<&str> = (lanes.iter())
            .map(|&lane| space.lanes()[lane as usize].as_str())
            .collect();
        names.join(", ")
    };
    let stuck = stuck(graph, &paces);
    if let Some(state) = (0..graph.len()).find(|&state| stuck[state]) {
        // Whatever happens there happens at once.
        let all = (0..graph.len()).filter(|&state| stuck[state]);
        let lanes: BTreeSet<u32> = (all.flat_map(|state| &paces[state]))
            .copied()
            .filter(|&lane| lane < FREE)
            .collect();
        let lanes: Vec<u32> = lanes.into_iter().collect();
        let (arena, index) = states.locate(state as u32);
        let shown: Vec<String> = (space.render(arena, index).iter())
            .map(|(name, tree)| format!("{name} = {}", tree.text()))
            .collect();
        return Err(Error::model(format!(
            "time cannot go on: from some state no tick can ever be come to; {} act for ever in no time\n  state: {}",
            names(&lanes),
            shown.join(", "),
        ))
        .with_cure("let something in the cycle take time: a link with `.delay(1..=2)`, or a timer set with a range that begins at 1 or later"));
    }
    let instants = Instants { graph, paces };
    let mut zeno: BTreeSet<Vec<u32>> = BTreeSet::new();
    let nodes = 0..graph.len() as u32;
    let mut marks = Marks::new(graph.len());
    for node in nodes.clone().filter(|&node| graph.is_node(node)) {
        marks.add(node);
    }
    components(&instants, &mut marks, nodes, |component| {
        let mut lanes = BTreeSet::new();
        for &state in component {
            for (edge, to) in graph.edges(state).iter().enumerate() {
                if instants.counts(state, edge) && component.binary_search(to).is_ok() {
                    lanes.insert(instants.paces[state as usize][edge]);
                }
            }
        }
        zeno.insert(lanes.into_iter().collect());
    });
    let n = zeno.len();
    let mut warnings: Vec<String> = (zeno.iter().take(WARNINGS_MAX))
        .map(|lanes| {
            format!(
                "Zeno: {} can act for ever in no time; runs without end leave that out, but real ones take time there",
                names(lanes)
            )
        })
        .collect();
    if n > WARNINGS_MAX {
        warnings.push(format!("Zeno: {} more such cycles", n - WARNINGS_MAX));
    }
    Ok(warnings)
}

/// For each edge of each state what it has to do with time.
fn paces<S: StateSpace>(space: &S, states: &States<'_, S::Arena>, graph: &Graph) -> Vec<Vec<u32>> {
    let numbers: Vec<u32> = (0..graph.len() as u32).collect();
    let chunks = numbers.par_chunks(CHUNK).map(|chunk| {
        let mut steps: Vec<u32> = Vec::new();
        let mut paces: Vec<Pace> = Vec::new();
        let of_state = |&state: &u32| {
            if graph.edges(state).is_empty() {
                return Vec::new();
            }
            let (arena, index) = states.locate(state);
            steps.clear();
            paces.clear();
            graph.steps(state, &mut steps);
            space.paces(arena, index, &mut paces);
            let paces = steps.iter().map(|&step| match paces[step as usize] {
                Pace::Tick => TICK,
                Pace::Free => FREE,
                Pace::Instant(lane) => lane,
            });
            paces.collect()
        };
        chunk.iter().map(of_state).collect::<Vec<Vec<u32>>>()
    });
    chunks.flatten().collect()
}

/// For each state whether no way from it comes to a tick, to a state whose steps are not known, or out of what was explored.
fn stuck(graph: &Graph, paces: &[Vec<u32>]) -> Vec<bool> {
    let n = graph.len();
    let mut goes_on = vec![false; n];
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); n];
    let mut open: Vec<u32> = Vec::new();
    for state in 0..n as u32 {
        let edges = graph.edges(state).iter().zip(&paces[state as usize]);
        let mut is_end = !graph.is_expanded(state);
        for (&to, &pace) in edges {
            is_end |= pace == TICK || to == OUT;
            if to != OUT {
                before[to as usize].push(state);
            }
        }
        if is_end {
            goes_on[state as usize] = true;
            open.push(state);
        }
    }
    while let Some(state) = open.pop() {
        for &earlier in &before[state as usize] {
            if !goes_on[earlier as usize] {
                goes_on[earlier as usize] = true;
                open.push(earlier);
            }
        }
    }
    goes_on.into_iter().map(|goes_on| !goes_on).collect()
}
