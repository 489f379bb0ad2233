//! Liveness: whether a run that fairness allows can go on for ever without what a property asks for.
//!
//! Such a run ends, if there is one, in a lasso: a stem, and a loop that is repeated for ever. Every state also has a loop of its own, in which
//! nothing happens: a run may stay in it for ever if fairness asks for no step that is enabled there. Which states lie on a fair loop is found by
//! strongly connected components of the graph of all states ([`fair`]); the stem is the shortest to any of them; the loop the shortest through that
//! state wherever finding it is feasible ([`cycle`]).
//!
//! Sound and complete on the explored states, and deterministic: the graph is numbered in search order.

mod close;
mod components;
mod cycle;
mod fair;
mod graph;
mod longest;
mod numbers;
mod region;
mod store;
mod time;

pub(super) use store::Store;

use std::marker::PhantomData;

use self::close::Close;
use self::components::components;
use self::cycle::cycle;
use self::fair::{FairPart, fair_parts};
use self::graph::{Built, Graph, OUT};
use self::longest::longest;
use self::region::{Region, Ways};
use self::store::States;
use super::faults::{FaultFrontier, Least, total};
use super::levels::Explored;
use super::{
    Edge, Layers, Monitor, Options, Path, Progress, PropertyOutcome, Stop, Verdict, least,
};
use crate::error::Error;
use crate::space::{Answer, Fingerprint, Label, PropertyKind, StateSpace};

/// The most liveness properties that one check decides.
const PROPERTIES_MAX: usize = 32;

/// A counterexample.
struct Lasso {
    path: Path,
    /// Whether its stem is the least among the shortest.
    tie_break: bool,
    /// Whether no loop through its state is shorter.
    is_shortest: bool,
}

/// Decides the liveness properties of a finished search, and writes down verdicts and lassos.
pub(super) fn decide<S: StateSpace, F: Fingerprint>(
    space: &mut S,
    store: &Store<S::Arena>,
    options: &Options,
    monitor: &dyn Monitor,
    explored: &mut Explored<S::Arena>,
) -> Result<(), Error> {
    let decls = space.properties().to_vec();
    let bit = |outcome: &PropertyOutcome| {
        let Some(p) = decls.iter().position(|decl| *decl == outcome.decl) else {
            unreachable!("an outcome is about a property of its space")
        };
        p
    };
    let outcome = &mut explored.outcome;
    let properties: Vec<usize> = (outcome.properties.iter())
        .filter(|property| property.decl.kind.is_liveness())
        .map(bit)
        .collect();
    if properties.len() > PROPERTIES_MAX {
        return Err(Error::capacity(format!(
            "more than {PROPERTIES_MAX} liveness properties in one check"
        ))
        .with_cure("check some of them at a time, with --property"));
    }
    let progress = Progress {
        counts: outcome.counts,
        queue: 0,
        bytes: outcome.bytes_peak,
    };
    let built = Graph::build::<S, F>(
        space,
        store,
        &explored.initial,
        &properties,
        options,
        monitor,
        progress,
    )?;
    let graph = match built {
        Built::Graph(graph) => graph,
        Built::Stopped(stop) => {
            stopped(outcome, stop);
            return Ok(());
        }
    };
    let bytes = graph.bytes() + store.bytes() + space.bytes();
    outcome.bytes_peak = outcome.bytes_peak.max(bytes as u64);
    let states = store.with_initial(&explored.initial);
    outcome.warnings = time::warnings::<S, F>(space, &states, &graph)?;
    let mut live = properties.iter().enumerate();
    let of_liveness = (outcome.properties.iter_mut()).filter(|p| p.decl.kind.is_liveness());
    for property in of_liveness {
        if let Some(stop) = monitor.poll(&progress) {
            stopped(outcome, stop);
            return Ok(());
        }
        let Some((position, _)) = live.next() else {
            unreachable!("as many liveness properties as were counted")
        };
        let region = Region::new(&graph, property.decl.kind, position);
        let (lasso, least) = lasso::<S, F>(space, &states, &region, options)?;
        property.fault_frontier = least.map(|least| {
            let within_bounds = !outcome.cuts.is_empty();
            FaultFrontier::new(&least, &outcome.faults, within_bounds)
        });
        if property.decl.kind == PropertyKind::Measure && property.verdict == Verdict::Holds {
            property.steps = lasso.is_none().then(|| longest(&region));
        }
        if let Some(lasso) = lasso {
            property.tie_break = lasso.tie_break;
            property.verdict = Verdict::Violated;
            property.paths = vec![lasso.path];
            property.note = (!lasso.is_shortest).then(|| "loop not minimal".to_owned());
        }
    }
    Ok(())
}

/// What is not decided stays so.
fn stopped(outcome: &mut super::Outcome, stop: Stop) {
    outcome.stopped = Some(stop);
    let of_liveness = outcome.properties.iter_mut();
    for property in of_liveness.filter(|p| p.decl.kind.is_liveness()) {
        if property.verdict != Verdict::Violated {
            property.verdict = Verdict::Inconclusive;
            property.note = Some("the search was stopped".to_owned());
        }
    }
}

/// The shortest stem to a fair loop in the region, with the shortest such loop through its last state. If so asked, also the least
/// combinations of faults on such loops; then the stem is the shortest to one with the fewest faults.
fn lasso<S: StateSpace, F: Fingerprint>(
    space: &S,
    states: &States<'_, S::Arena>,
    region: &Region<'_>,
    options: &Options,
) -> Result<(Option<Lasso>, Option<Least<()>>), Error> {
    let graph = region.graph;
    // Per state whether a fair loop goes through it.
    let mut is_fair = vec![false; graph.len()];
    let mut position = vec![OUT; graph.len()];
    for state in 0..graph.len() as u32 {
        is_fair[state as usize] =
            graph.stays(state) && region.contains(state) && region.accepts(state);
    }
    let mut fair: Vec<(Close, Vec<FairPart>)> = Vec::new();
    let nodes = 0..graph.len() as u32;
    components(region, nodes, |component| {
        if !component.iter().any(|&state| region.accepts(state)) {
            return;
        }
        let close = Close::look::<S, F>(space, states, graph, component, &mut position);
        let parts = fair_parts(&close, |at| region.accepts(close.states[at as usize]));
        for &at in parts.iter().flat_map(|part| &part.states) {
            is_fair[close.states[at as usize] as usize] = true;
        }
        if !parts.is_empty() {
            fair.push((close, parts));
        }
    });
    drop(position);
    let least = (options.fewest_faults).then(|| keep_fewest(space, states, &mut is_fair));
    let ways = region.ways(|state| is_fair[state as usize]);
    if ways.targets.is_empty() {
        return Ok((None, least));
    }
    let (mut path, target, tie_break) = stem::<S, F>(space, states, &ways, options.tie_break_max)?;
    path.loop_start = Some(path.steps.len());
    let mut is_shortest = true;
    if !(graph.stays(target) && region.accepts(target)) {
        let found = fair.iter().find_map(|(close, parts)| {
            let at = close.states.binary_search(&target).ok()? as u32;
            let part = (parts.iter()).find(|part| part.states.binary_search(&at).is_ok())?;
            Some((close, part, at))
        });
        let Some((close, part, at)) = found else {
            unreachable!("the stem ends in a fair part")
        };
        let cycle = cycle(close, part, at, |at| {
            region.accepts(close.states[at as usize])
        });
        is_shortest = cycle.is_shortest;
        path.steps.extend(cycle.steps);
    }
    let lasso = Lasso {
        path,
        tie_break,
        is_shortest,
    };
    Ok((Some(lasso), least))
}

/// The least combinations of faults among the states of fair loops; only those with the fewest faults are kept. Each of these states can
/// be come to by a stem, and no step of a loop is a fault that is counted.
fn keep_fewest<S: StateSpace>(
    space: &S,
    states: &States<'_, S::Arena>,
    is_fair: &mut [bool],
) -> Least<()> {
    let mut least = Least::default();
    let mut faults = Vec::new();
    let mut look = |state: usize| {
        let (arena, index) = states.locate(state as u32);
        faults.clear();
        space.faults(arena, index, &mut faults);
        faults.clone()
    };
    for state in (0..is_fair.len()).filter(|&state| is_fair[state]) {
        least.add(&look(state), || ());
    }
    if let Some((fewest, ())) = least.fewest(|()| ()) {
        for (state, is_fair) in is_fair.iter_mut().enumerate() {
            *is_fair = *is_fair && total(&look(state)) == fewest;
        }
    }
    least
}

/// The stem that reads best, the state it leads to, and whether it is the least: above `tie_break_max` nodes it is the first found.
fn stem<S: StateSpace, F: Fingerprint>(
    space: &S,
    states: &States<'_, S::Arena>,
    ways: &Ways<'_, '_>,
    tie_break_max: usize,
) -> Result<(Path, u32, bool), Error> {
    let state_of = |target: u32| ways.level(ways.depth())[target as usize].state;
    if ways.len() <= tie_break_max {
        let layers = Stems::<S, F> {
            space,
            states,
            ways,
            fingerprint: PhantomData,
        };
        if let Some((path, target)) = least(&layers, ways.depth(), &ways.targets, tie_break_max)? {
            return Ok((path, state_of(target), true));
        }
    }
    let first = ways.targets[0];
    let stem = ways.first(first);
    let steps =
        (stem.edges.iter()).map(|&(state, edge)| step_of_edge::<S, F>(space, states, state, edge));
    let path = Path {
        initial: stem.initial as usize,
        steps: steps.collect(),
        loop_start: None,
    };
    Ok((path, state_of(first), false))
}

/// The shortest ways to the targets as layers of states.
struct Stems<'a, S: StateSpace, F> {
    space: &'a S,
    states: &'a States<'a, S::Arena>,
    ways: &'a Ways<'a, 'a>,
    fingerprint: PhantomData<F>,
}

impl<S: StateSpace, F: Fingerprint> Layers for Stems<'_, S, F> {
    fn edges_to(&self, _: u32, _: &[u32]) -> Result<Vec<Vec<Edge>>, Error> {
        let levels = self.ways.edges().into_iter().zip(0..);
        let levels = levels.map(|(edges, level)| {
            let nodes = self.ways.level(level);
            let edges = edges.into_iter().map(|(from, edge, to)| {
                let state = nodes[from as usize].state;
                let step = step_of_edge::<S, F>(self.space, self.states, state, edge);
                Edge { from, step, to }
            });
            edges.collect()
        });
        Ok(levels.collect())
    }

    fn label(&self, level: u32, node: u32, step: u32) -> Result<Label, Error> {
        let state = self.ways.level(level)[node as usize].state;
        let (arena, index) = self.states.locate(state);
        self.space.label(arena, index, step)
    }

    fn initial(&self, node: u32) -> usize {
        self.ways.level(0)[node as usize].state as usize
    }
}

/// The step behind an edge: edges are the steps, less the places without one.
fn step_of_edge<S: StateSpace, F: Fingerprint>(
    space: &S,
    states: &States<'_, S::Arena>,
    state: u32,
    edge: u32,
) -> u32 {
    let (arena, index) = states.locate(state);
    let mut successors: Vec<F> = Vec::new();
    let answer = space.expand(arena, index, &mut S::Scratch::default(), &mut successors);
    assert_eq!(answer, Answer::Complete, "the state was expanded before");
    let mut places = (0_u32..)
        .zip(successors)
        .filter(|&(_, f)| f != F::default());
    match places.nth(edge as usize) {
        Some((step, _)) => step,
        None => unreachable!("an edge stands for a step"),
    }
}
