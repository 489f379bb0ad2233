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
mod record;
mod region;
mod store;
mod time;

pub(super) use graph::{Edges, Found, Graph};
pub(super) use record::Record;
pub(super) use store::Store;

use rayon::prelude::*;

use self::close::{Close, Components};
use self::components::components;
use self::cycle::cycle;
use self::fair::fair_parts;
use self::longest::longest;
use self::region::{Region, Ways};
use self::store::States;
use super::faults::{self, FaultFrontier, Least, total};
use super::levels::Explored;
use super::{
    Edge, LOOP_NOT_MINIMAL, Layers, Monitor, Options, Path, Progress, Stop, Verdict, least,
};
use crate::error::Error;
use crate::space::{Label, PropertyDecl, PropertyKind, StateSpace};

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

/// States whose components are looked at between two questions to the caller.
const ROUND_STATES: usize = 1 << 18;

/// Bytes that deciding a property takes for each state, besides the graph, at most: a region, components and the way to them, and which
/// states are fair.
const WORK_BYTES: usize = 28;

/// Whether so many liveness properties can be decided at once; `asked` are those that are to be, bit by bit.
///
/// # Errors
/// There are too many.
pub(super) fn validate(decls: &[PropertyDecl], asked: u64) -> Result<(), Error> {
    let asked = decls
        .iter()
        .enumerate()
        .filter(|(p, _)| asked & (1 << p) != 0);
    if asked.filter(|(_, decl)| decl.kind.is_liveness()).count() > PROPERTIES_MAX {
        return Err(Error::capacity(format!(
            "more than {PROPERTIES_MAX} liveness properties in one check"
        ))
        .with_cure("check some of them at a time, with --property"));
    }
    Ok(())
}

/// Decides the liveness properties of a finished search, and writes down verdicts and lassos.
pub(super) fn decide<S: StateSpace>(
    space: &S,
    graph: Graph,
    store: &Store<S::Arena>,
    options: &Options,
    monitor: &dyn Monitor,
    explored: &mut Explored<S::Arena>,
) -> Result<(), Error> {
    let outcome = &mut explored.outcome;
    let states = store.with_initial(&explored.initial);
    assert_eq!(graph.len(), states.len(), "every state is in the graph");
    let bytes = graph.bytes() + store.bytes() + space.bytes() + WORK_BYTES * graph.len();
    outcome.bytes_peak = outcome.bytes_peak.max(bytes as u64);
    let progress = Progress {
        counts: outcome.counts,
        queue: 0,
        bytes: outcome.bytes_peak,
    };
    if (options.memory_max).is_some_and(|limit| outcome.bytes_peak > limit) {
        stopped(outcome, Stop::Memory);
        return Ok(());
    }
    outcome.warnings = time::warnings(space, &states, &graph)?;
    let of_liveness = (outcome.properties.iter_mut()).filter(|p| p.decl.kind.is_liveness());
    let decider = Decider {
        space,
        states: &states,
        options,
        monitor,
        progress,
    };
    for (position, property) in of_liveness.enumerate() {
        let region = Region::new(&graph, property.decl.kind, position);
        let (lasso, least) = match decider.lasso(&region)? {
            Decided::Stopped(stop) => {
                stopped(outcome, stop);
                return Ok(());
            }
            Decided::Whole(lasso, least) => (lasso, least),
        };
        property.fault_frontier = least.map(|least| {
            let within_bounds = faults::is_cut(&outcome.cuts, options);
            FaultFrontier::new(&least, &outcome.faults, within_bounds)
        });
        if property.decl.kind == PropertyKind::Measure && property.verdict == Verdict::Holds {
            property.steps = lasso.is_none().then(|| longest(&region));
        }
        if let Some(lasso) = lasso {
            property.tie_break = lasso.tie_break;
            property.verdict = Verdict::Violated;
            property.paths = vec![lasso.path];
            property.note = (!lasso.is_shortest).then(|| LOOP_NOT_MINIMAL.to_owned());
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

/// What it takes to decide a property.
struct Decider<'a, S: StateSpace> {
    space: &'a S,
    states: &'a States<'a, S::Arena>,
    options: &'a Options,
    monitor: &'a dyn Monitor,
    progress: Progress,
}

/// How deciding a property ended.
enum Decided {
    /// The counterexample, if there is one; and if so asked the least combinations of faults.
    Whole(Option<Lasso>, Option<Least<()>>),
    Stopped(Stop),
}

impl<S: StateSpace> Decider<'_, S> {
    /// The shortest stem to a fair loop in the region, with the shortest such loop through its last state. If so asked, also the least
    /// combinations of faults on such loops; then the stem is the shortest to one with the fewest faults.
    fn lasso(&self, region: &Region<'_>) -> Result<Decided, Error> {
        let (space, states, options) = (self.space, self.states, self.options);
        let graph = region.graph;
        if let Some(stop) = self.monitor.poll(&self.progress) {
            return Ok(Decided::Stopped(stop));
        }
        let stays = self.stays(region);
        let mut found = Components::default();
        let mut marks = region.marks();
        components(region, &mut marks, 0..graph.len() as u32, |component| {
            if component.iter().any(|&state| region.accepts(state)) {
                found.push(component);
            }
        });
        found.place(marks.into_inner());
        // Per state whether a fair loop goes through it.
        let mut is_fair = stays.clone();
        for group in found.groups(ROUND_STATES) {
            if let Some(stop) = self.monitor.poll(&self.progress) {
                return Ok(Decided::Stopped(stop));
            }
            let fair = group
                .into_par_iter()
                .map_init(Close::default, |close, component| {
                    close.look(space, states, graph, &found, component);
                    let parts = fair_parts(close, |at| region.accepts(close.states[at as usize]));
                    let all = parts.iter().flat_map(|part| &part.states);
                    all.map(|&at| close.states[at as usize])
                        .collect::<Vec<u32>>()
                });
            for state in fair.collect::<Vec<_>>().into_iter().flatten() {
                is_fair[state as usize] = true;
            }
        }
        let least = (options.fewest_faults).then(|| keep_fewest(space, states, &mut is_fair));
        if !is_fair.contains(&true) {
            return Ok(Decided::Whole(None, least));
        }
        let ways = region.ways(|state| is_fair[state as usize]);
        assert!(!ways.targets.is_empty(), "a region can be come to");
        let (mut path, target, tie_break) = stem(space, states, &ways, options.tie_break_max)?;
        path.loop_start = Some(path.steps.len());
        let mut is_shortest = true;
        if !stays[target as usize] {
            let Some(component) = found.component_of(target) else {
                unreachable!("the stem ends in a component")
            };
            let mut close = Close::default();
            close.look(space, states, graph, &found, component);
            let accepts = |at: u32| region.accepts(close.states[at as usize]);
            let parts = fair_parts(&close, accepts);
            let at = close.states.binary_search(&target).ok();
            let at = at.map(|at| at as u32);
            let mut own = parts.iter();
            let own = own.find(|part| at.is_some_and(|at| part.states.binary_search(&at).is_ok()));
            let (Some(at), Some(part)) = (at, own) else {
                unreachable!("the stem ends in a fair part")
            };
            let cycle = cycle(graph, &close, part, at, accepts);
            is_shortest = cycle.is_shortest;
            path.steps.extend(cycle.steps);
        }
        let lasso = Lasso {
            path,
            tie_break,
            is_shortest,
        };
        Ok(Decided::Whole(Some(lasso), least))
    }

    /// For each state whether a run may stay there for ever and so contradict the property.
    fn stays(&self, region: &Region<'_>) -> Vec<bool> {
        let graph = region.graph;
        let stays = |steps: &mut Vec<u32>, state: u32| {
            if !(region.contains(state) && region.accepts(state) && graph.is_expanded(state)) {
                return false;
            }
            steps.clear();
            graph.steps(state, steps);
            let (arena, index) = self.states.locate(state);
            self.space.may_stay(arena, index, steps)
        };
        let all = (0..graph.len() as u32).into_par_iter().with_min_len(1024);
        all.map_init(Vec::new, stays).collect()
    }
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
fn stem<S: StateSpace>(
    space: &S,
    states: &States<'_, S::Arena>,
    ways: &Ways<'_, '_>,
    tie_break_max: usize,
) -> Result<(Path, u32, bool), Error> {
    let state_of = |target: u32| ways.level(ways.depth())[target as usize].state;
    if ways.len() <= tie_break_max {
        let layers = Stems {
            space,
            states,
            ways,
        };
        if let Some((path, target)) = least(&layers, ways.depth(), &ways.targets, tie_break_max)? {
            return Ok((path, state_of(target), true));
        }
    }
    let first = ways.targets[0];
    let stem = ways.first(first);
    let steps = (stem.edges.iter()).map(|&(state, edge)| ways.graph().step(state, edge));
    let path = Path {
        initial: stem.initial as usize,
        steps: steps.collect(),
        loop_start: None,
    };
    Ok((path, state_of(first), false))
}

/// The shortest ways to the targets as layers of states.
struct Stems<'a, S: StateSpace> {
    space: &'a S,
    states: &'a States<'a, S::Arena>,
    ways: &'a Ways<'a, 'a>,
}

impl<S: StateSpace> Layers for Stems<'_, S> {
    fn edges_to(&self, _: u32, _: &[u32]) -> Result<Vec<Vec<Edge>>, Error> {
        let levels = self.ways.edges().into_iter().zip(0..);
        let levels = levels.map(|(edges, level)| {
            let nodes = self.ways.level(level);
            let edges = edges.into_iter().map(|(from, edge, to)| {
                let state = nodes[from as usize].state;
                let step = self.ways.graph().step(state, edge);
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
