//! All runs, batch by batch, and what they come to.

use std::collections::HashMap;

use super::dice::Dice;
use super::graph::Graph;
use super::shrink::{Goal, Shrunk, shrink};
use super::strategy::Scheduler;
use super::walker::{End, Walker};
use super::{Sighting, Simulated, Simulation, SimulationOptions};
use crate::error::Error;
use crate::search::asking::{Halt, walking};
use crate::search::batch::each;
use crate::search::chunk::Watch;
use crate::search::visited::Table;
use crate::search::{
    Counts, Monitor, Options, Path, Progress, PropertyOutcome, Stop, Verdict, in_pool, limits,
};
use crate::space::{Absorbed, Arena, PropertyDecl, PropertyKind, StateSpace};

/// The most walks at a time. The first batches are smaller, so that the length of walks is known early: some strategies ask for it.
const BATCH_MAX: u64 = 64;

/// Steps of a walk between two rounds.
const ROUND_STEPS: u32 = 64;

/// Walks at random, and says for each property what was seen of it.
///
/// What is seen is final: a violation is *violated*, the witness of a `reachable` *holds*. Everything else is *inconclusive*.
///
/// # Errors
/// A mistake in the model, or in the options. A violated property is no error.
pub fn simulate<S: StateSpace>(
    space: &mut S,
    options: &SimulationOptions,
    monitor: &dyn Monitor,
) -> Result<Simulation, Error> {
    let searched = Options {
        threads: options.threads,
        properties: options.properties.clone(),
        ..Options::default()
    };
    let asked = limits::asked(space.properties(), &searched)?;
    // Walks are through the states themselves, whatever is interchangeable.
    space.reduce(false)?;
    in_pool(&searched, || {
        space.seed(searched.hash_seed);
        walking(space, |space| attempt(space, options, asked, monitor))
    })?
}

/// Simulates once, unless the space learns something that changes its earlier answers.
fn attempt<S: StateSpace>(
    space: &mut S,
    options: &SimulationOptions,
    asked: u64,
    monitor: &dyn Monitor,
) -> Result<Simulation, Halt> {
    let mut initial = S::Arena::default();
    space.initial(&mut initial)?;
    let mut runs = Runs {
        options,
        watch: watch(space.properties(), asked),
        monitor,
        found: space
            .properties()
            .iter()
            .map(|_| Found::default())
            .collect(),
        visited: Table::new(),
        total: Totals::default(),
        scratches: (0..BATCH_MAX).map(|_| S::Scratch::default()).collect(),
    };
    let mut next_size = 1;
    while runs.total.runs < options.runs && runs.total.stopped.is_none() && !runs.is_over() {
        let size = next_size.min(options.runs - runs.total.runs);
        runs.batch(space, &initial, size)?;
        next_size = (next_size * 2).min(BATCH_MAX);
    }
    runs.end(space, asked)
}

/// What walks look for.
fn watch(decls: &[PropertyDecl], asked: u64) -> Watch {
    let mut watch = Watch::default();
    for (p, decl) in decls.iter().enumerate() {
        if asked >> p & 1 == 1 {
            watch.add(p, decl.kind);
        }
    }
    watch
}

/// A walk to a state that shows something.
#[derive(Clone)]
struct Walk {
    initial: usize,
    steps: Vec<u32>,
    goal: Goal,
}

/// What is known of one property.
#[derive(Default)]
struct Found {
    /// The first run that shows it, counted from 1, and its walk; of a `confluent` two walks, that of the earlier run first.
    first: Option<(u64, Vec<Walk>)>,
    /// How many runs show it.
    runs: u64,
    /// The message of a panic.
    why: Option<String>,
    /// `confluent`: for all inputs seen the value, and the first walk to it.
    values: HashMap<u128, (u128, Walk)>,
}

#[derive(Default)]
struct Totals {
    runs: u64,
    steps: u64,
    longest: u32,
    ended: u64,
    cut: u64,
    confined: u64,
    outside: u64,
    stopped: Option<Stop>,
}

struct Runs<'o, S: StateSpace> {
    options: &'o SimulationOptions,
    watch: Watch,
    monitor: &'o dyn Monitor,
    found: Vec<Found>,
    visited: Table<u64>,
    total: Totals,
    scratches: Vec<S::Scratch>,
}

impl<S: StateSpace> Runs<'_, S> {
    /// Walks the next runs.
    fn batch(&mut self, space: &mut S, initial: &S::Arena, size: u64) -> Result<(), Halt> {
        let mut walkers = self.walkers(space, initial.len(), size);
        loop {
            let shared = &*space;
            let phase = |walker: &mut Walker<S::Arena>, scratch: &mut S::Scratch| {
                walker.advance(shared, initial, scratch, ROUND_STEPS);
            };
            let parallel = self.options.threads > 1;
            each(parallel, &mut walkers, &mut self.scratches, phase);
            if let Some(error) = walkers.iter_mut().find_map(|walker| walker.error.take()) {
                return Err(error.into());
            }
            if walkers.iter().any(|walker| walker.is_waiting)
                && let Absorbed::Restart = space.absorb(&mut self.scratches)?
            {
                return Err(Halt::Restart);
            }
            self.total.stopped = self.poll(space, &walkers);
            if self.total.stopped.is_some() || walkers.iter().all(Walker::is_done) {
                break;
            }
        }
        for walker in walkers {
            // What lies behind the first violation was walked for nothing, or it would depend on the size of the batch.
            if !self.is_over() {
                self.add(walker)?;
            }
        }
        Ok(())
    }

    fn walkers(&self, space: &S, n_initial: usize, size: u64) -> Vec<Walker<S::Arena>> {
        let steps_max = self.options.steps_max;
        let n_steps = match self.total.runs {
            0 => steps_max,
            _ => self.total.longest,
        };
        let runs = self.total.runs + 1..=self.total.runs + size;
        let walkers = runs.map(|run| {
            let mut dice = Dice::of_run(self.options.seed, run);
            let n_lanes = space.lanes().len();
            let scheduler = Scheduler::new(self.options.strategy, n_lanes, n_steps, &mut dice);
            Walker::new(dice, scheduler, self.watch, n_initial, steps_max)
        });
        walkers.collect()
    }

    /// Whether the first violation was seen, and is enough.
    fn is_over(&self) -> bool {
        self.options.first
            && (self.found.iter().zip(0..))
                .any(|(found, p)| found.first.is_some() && self.watch.reachable >> p & 1 == 0)
    }

    /// Adds what a run came to. Runs are added in order.
    fn add(&mut self, walker: Walker<S::Arena>) -> Result<(), Error> {
        let total = &mut self.total;
        total.runs += 1;
        total.steps += walker.steps.len() as u64;
        total.longest = total.longest.max(walker.steps.len() as u32);
        total.outside |= walker.outside;
        match walker.end {
            Some(End::ByItself) => total.ended += 1,
            Some(End::Long) => total.cut += 1,
            Some(End::Boundary) => total.confined += 1,
            None => {}
        }
        let run = total.runs;
        for &fingerprint in &walker.visited {
            self.visited.insert(fingerprint)?;
        }
        let walk = |n_steps: u32, goal| Walk {
            initial: walker.initial,
            steps: walker.steps[..n_steps as usize].to_vec(),
            goal,
        };
        for seen in walker.seen {
            let found = &mut self.found[seen.property];
            found.runs += 1;
            if found.first.is_none() {
                let goal = match self.watch.reachable >> seen.property & 1 {
                    1 => Goal::Witness(seen.property),
                    _ => Goal::Broken(seen.property),
                };
                found.first = Some((run, vec![walk(seen.n_steps, goal)]));
                found.why = seen.why;
            }
        }
        // A run shows a property once.
        let mut shown = 0_u64;
        for state in walker.quiescent {
            let bit = 1 << state.property;
            let goal = Goal::Confluent {
                property: state.property,
                inputs: state.inputs,
                value: state.value,
            };
            let found = &mut self.found[state.property];
            let known = found.values.entry(state.inputs);
            let (value, earlier) =
                known.or_insert_with(|| (state.value, walk(state.n_steps, goal)));
            if *value != state.value && shown & bit == 0 {
                shown |= bit;
                found.runs += 1;
                if found.first.is_none() {
                    found.first = Some((run, vec![earlier.clone(), walk(state.n_steps, goal)]));
                }
            }
        }
        Ok(())
    }

    /// Tells the caller how far it is; why to stop, if it is to.
    fn poll(&self, space: &S, walkers: &[Walker<S::Arena>]) -> Option<Stop> {
        let under_way: usize = walkers.iter().map(|walker| walker.steps.len()).sum();
        self.monitor.poll(&self.progress(space, under_way as u64))
    }

    fn progress(&self, space: &S, under_way: u64) -> Progress {
        let steps = self.total.steps + under_way;
        Progress {
            counts: Counts {
                unique: self.visited.len(),
                generated: steps,
                transitions: steps,
                depth: self.total.longest,
            },
            queue: self.options.runs - self.total.runs,
            bytes: (self.visited.bytes() + space.bytes()) as u64,
        }
    }

    /// Shrinks what was seen, and says what it means.
    fn end(mut self, space: &mut S, asked: u64) -> Result<Simulation, Halt> {
        let decls = space.properties().to_vec();
        let boundaries = space.boundaries().iter().enumerate();
        let boundaries = boundaries.filter(|(b, _)| self.total.outside >> b & 1 == 1);
        let boundaries: Vec<String> = boundaries.map(|(_, name)| name.clone()).collect();
        let identity_note = space.identity_note();
        let unique = self.visited.len();
        let monitor = self.monitor;
        let stopped = self.total.stopped;
        let progress = self.progress(space, 0);
        let stop = move || stopped.is_some() || monitor.poll(&progress).is_some();
        let mut graph = Graph::new(space)?;
        let mut properties = Vec::new();
        for (p, decl) in decls.into_iter().enumerate() {
            if asked >> p & 1 == 0 {
                continue;
            }
            let found = std::mem::take(&mut self.found[p]);
            properties.push(simulated(&mut graph, decl, found, self.total.runs, &stop)?);
        }
        let total = self.total;
        Ok(Simulation {
            properties,
            runs: total.runs,
            steps: total.steps,
            unique,
            longest: total.longest,
            ended: total.ended,
            cut: total.cut,
            confined: total.confined,
            boundaries,
            stopped,
            identity_note,
        })
    }
}

/// What is known of a property, with the walks that show it, shrunk.
fn simulated<S: StateSpace>(
    graph: &mut Graph<'_, S>,
    decl: PropertyDecl,
    found: Found,
    n_runs: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Simulated, Halt> {
    let mut paths: Vec<Path> = Vec::new();
    let mut sighting = None;
    if let Some((run, walks)) = &found.first {
        let mut all_shrunk = Vec::new();
        for walk in walks {
            let (path, shrunk) = shrink(graph, walk.goal, walk.initial, &walk.steps, stop)?;
            paths.push(path);
            all_shrunk.push(shrunk);
        }
        let is = |shrunk| all_shrunk.contains(&shrunk);
        sighting = Some(Sighting {
            run: *run,
            runs: found.runs,
            steps: walks.iter().map(|walk| walk.steps.len()).max().unwrap_or(0) as u32,
            // The worse of two.
            shrunk: if is(Shrunk::Unfinished) {
                Shrunk::Unfinished
            } else if is(Shrunk::Minimal) {
                Shrunk::Minimal
            } else {
                Shrunk::Shortest
            },
        });
    }
    let verdict = match (decl.kind, sighting) {
        (_, None) => Verdict::Inconclusive,
        (PropertyKind::Reachable, Some(_)) => Verdict::Holds,
        (_, Some(_)) => Verdict::Violated,
    };
    let note = match (sighting, decl.kind.is_liveness()) {
        (Some(_), _) => found.why,
        (None, true) => Some("not judged: no walk is without end".to_owned()),
        (None, false) => Some(format!("not seen in {n_runs} runs, which decides nothing")),
    };
    Ok(Simulated {
        outcome: PropertyOutcome {
            decl,
            verdict,
            paths,
            tie_break: false,
            steps: None,
            note,
            fault_frontier: None,
        },
        sighting,
    })
}
