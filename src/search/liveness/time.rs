//! Time in a model that has ticks: whether it can always go on, and what could happen for ever in no time.
//!
//! A run without end has infinitely many ticks. Were there a state from which no tick can be come to, nothing that goes on from it would count
//! as a run, and whatever one asks of such runs would hold: that is an error of the model. A cycle of steps without a tick is no run either, but a
//! run may go round it as often as it likes before the next tick: that is warned of. (It is named after Zeno of Elea, whose runner does infinitely
//! many things in finite time.) Faults and steps of the environment do not count towards such a cycle.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::components::{Digraph, components};
use super::graph::{Graph, OUT};
use super::store::States;
use crate::error::Error;
use crate::space::{Answer, Fingerprint, Pace, StateSpace};

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
    fn len(&self) -> usize {
        self.graph.len()
    }

    fn is_node(&self, node: u32) -> bool {
        self.graph.is_node(node)
    }

    fn degree(&self, node: u32) -> usize {
        self.graph.edges(node).len()
    }

    fn edge(&self, node: u32, edge: usize) -> Option<u32> {
        let to = self.graph.edges(node)[edge];
        (to != OUT && self.paces[node as usize][edge] < FREE).then_some(to)
    }
}

/// Checks that time can always go on, and warns of cycles that take no time.
pub(super) fn warnings<S: StateSpace, F: Fingerprint>(
    space: &S,
    states: &States<'_, S::Arena>,
    graph: &Graph,
) -> Result<Vec<String>, Error> {
    if !space.has_ticks() {
        return Ok(Vec::new());
    }
    let paces = paces::<S, F>(space, states, graph);
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
    components(&instants, 0..graph.len() as u32, |component| {
        let mut lanes = BTreeSet::new();
        for &state in component {
            for edge in 0..instants.degree(state) {
                if let Some(to) = instants.edge(state, edge)
                    && component.binary_search(&to).is_ok()
                {
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
fn paces<S: StateSpace, F: Fingerprint>(
    space: &S,
    states: &States<'_, S::Arena>,
    graph: &Graph,
) -> Vec<Vec<u32>> {
    let numbers: Vec<u32> = (0..graph.len() as u32).collect();
    let chunks = numbers.par_chunks(CHUNK).map(|chunk| {
        let mut scratch = S::Scratch::default();
        let mut successors: Vec<F> = Vec::new();
        let mut paces: Vec<Pace> = Vec::new();
        let of_state = |&state: &u32| {
            if graph.edges(state).is_empty() {
                return Vec::new();
            }
            let (arena, index) = states.locate(state);
            successors.clear();
            paces.clear();
            let answer = space.expand(arena, index, &mut scratch, &mut successors);
            assert_eq!(answer, Answer::Complete, "the state was expanded before");
            space.paces(arena, index, &mut paces);
            assert_eq!(paces.len(), successors.len(), "each place has its pace");
            let steps = paces.iter().zip(&successors);
            steps
                .filter(|(_, fingerprint)| **fingerprint != F::default())
                .map(|(pace, _)| match *pace {
                    Pace::Tick => TICK,
                    Pace::Free => FREE,
                    Pace::Instant(lane) => lane,
                })
                .collect()
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
