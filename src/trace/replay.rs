//! Replay: walking a trace against what its model has become.

use super::lasso::{Flaw, Lasso};
use super::record::{hex, hex64};
use super::walk::Walk;
use super::{Change, Trace, TracePath, TraceStep, diff};
use crate::error::Error;
use crate::search::{Halt, Verdict, walking};
use crate::space::{Judgement, PropertyKind, StateSpace};
use crate::value::ENCODING_VERSION;

/// What became of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// For each path the first place where the model differs from the trace; `None`: it goes the same way.
    pub differences: Vec<Option<Difference>>,
    /// What the property says at the end.
    pub at_end: AtEnd,
}

impl Replay {
    /// Whether everything goes as recorded, and the property says what it said.
    pub fn is_same(&self) -> bool {
        self.differences.iter().all(Option::is_none) && self.at_end == AtEnd::Shows
    }
}

/// What the property says at the end of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// It shows what the trace was recorded for: the violation, or the witness.
    Shows,
    /// It does not: the model was repaired, or broken.
    Gone,
    /// The end was not reached.
    NotReached,
    /// The model has no such property any more.
    NoProperty,
}

/// How a model differs from a trace of what it was.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// There are fewer initial states than the path's.
    NoInitialState {
        /// How many there are.
        initial_states: usize,
    },
    /// The initial state is another.
    InitialState {
        /// From the recorded state to today's. Empty: the difference is in nothing that is shown.
        changes: Vec<Change>,
    },
    /// The step is not enabled any more.
    NoSuchStep {
        /// The step's number, from 1.
        step: usize,
        /// What is enabled instead.
        enabled: Vec<TraceStep>,
    },
    /// The step leads to another state.
    AnotherState {
        /// The step's number, from 1.
        step: usize,
        /// From the recorded state to today's. Empty: the difference is in nothing that is shown.
        changes: Vec<Change>,
    },
    /// The loop is none any more: it does not close, or fairness does not allow it.
    Loop {
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The state lies outside a named boundary: a check does not get there.
    Outside {
        /// The number of the step that leads there, from 1; 0: the initial state.
        step: usize,
        /// The boundary's name.
        boundary: String,
    },
}

/// Walks a trace by the semantic keys of its steps. `space` is fresh: nothing was asked of it before.
///
/// # Errors
/// The model is at fault; see [`StateSpace::absorb`].
pub fn replay<S: StateSpace>(space: &mut S, trace: &Trace) -> Result<Replay, Error> {
    space.seed(trace.hash_seed);
    walking(space, |space| {
        let mut differences = Vec::new();
        let mut ends = Vec::new();
        for path in &trace.paths {
            let outcome = replay_path(space, trace, path)?;
            match outcome {
                Ok(end) => {
                    ends.push(end);
                    differences.push(None);
                }
                Err(difference) => differences.push(Some(difference)),
            }
        }
        let at_end = at_end(space, trace, &ends);
        Ok(Replay {
            differences,
            at_end,
        })
    })
}

/// Walks one path: what holds at its end, or the first difference.
fn replay_path<S: StateSpace>(
    space: &mut S,
    trace: &Trace,
    path: &TracePath,
) -> Result<Result<End, Difference>, Halt> {
    let property = property_of(space, trace);
    // Fingerprints decide: they outlive a renaming. Those of another encoding say nothing; then what is shown decides.
    let comparable = trace.encoding == ENCODING_VERSION;
    let same = |walk: &Walk<'_, S>, fingerprint: &str, shown_same: bool| {
        if comparable {
            hex64(walk.fingerprint()) == fingerprint
        } else {
            shown_same
        }
    };
    let mut walk = match Walk::start(space, path.initial)? {
        Ok(walk) => walk,
        Err(initial_states) => return Ok(Err(Difference::NoInitialState { initial_states })),
    };
    let mut before = walk.render();
    if !same(&walk, &path.fingerprint, before == path.state) {
        return Ok(Err(Difference::InitialState {
            changes: diff(&path.state, &before),
        }));
    }
    let mut judgement = walk.judge()?;
    let mut lasso = path.loop_start.map(Lasso::<S>::new);
    for (i, step) in path.steps.iter().enumerate() {
        if let Some(boundary) = outside(&walk, &judgement) {
            return Ok(Err(Difference::Outside { step: i, boundary }));
        }
        let Some(index) = find(&mut walk, step, comparable)? else {
            let enabled = enabled(&mut walk)?;
            return Ok(Err(Difference::NoSuchStep {
                step: i + 1,
                enabled,
            }));
        };
        if let Some(lasso) = &mut lasso {
            lasso.leave(&mut walk, Some(index))?;
        }
        let left = walk.take(index)?;
        if let Some(lasso) = &mut lasso {
            lasso.keep(left);
        }
        let after = walk.render();
        let today = diff(&before, &after);
        if !same(&walk, &step.fingerprint, today == step.changes) {
            return Ok(Err(Difference::AnotherState {
                step: i + 1,
                changes: between(&step.changes, &today),
            }));
        }
        judgement = walk.judge()?;
        before = after;
    }
    if let Some(boundary) = outside(&walk, &judgement) {
        let step = path.steps.len();
        return Ok(Err(Difference::Outside { step, boundary }));
    }
    let mut contradicts = false;
    if let Some(lasso) = lasso {
        let shown = property.map(|property| (property, trace.property.kind));
        match lasso.end(&mut walk, shown)? {
            Ok((_, shows)) => contradicts = shows,
            Err(flaw) => return Ok(Err(Difference::Loop { flaw })),
        }
    }
    Ok(Ok(End {
        judgement,
        contradicts,
    }))
}

/// What is known at the end of a path.
struct End {
    judgement: Judgement,
    /// A path with a loop contradicts the property.
    contradicts: bool,
}

/// The bit of the trace's property.
fn property_of<S: StateSpace>(space: &S, trace: &Trace) -> Option<usize> {
    let shown = &trace.property;
    space
        .properties()
        .iter()
        .position(|decl| decl.kind == shown.kind && decl.name == shown.name)
}

fn outside<S: StateSpace>(walk: &Walk<'_, S>, judgement: &Judgement) -> Option<String> {
    walk.boundaries()
        .iter()
        .enumerate()
        .find(|(bit, _)| judgement.outside >> bit & 1 == 1)
        .map(|(_, name)| name.clone())
}

/// The step with the same semantic key; of several the one that leads to the recorded state.
fn find<S: StateSpace>(
    walk: &mut Walk<'_, S>,
    step: &TraceStep,
    comparable: bool,
) -> Result<Option<u32>, Halt> {
    let mut found = None;
    for (index, fingerprint) in walk.steps()? {
        if hex(&walk.label(index)?.key) != step.key {
            continue;
        }
        if comparable && hex64(fingerprint) == step.fingerprint {
            return Ok(Some(index));
        }
        found = found.or(Some(index));
    }
    Ok(found)
}

fn enabled<S: StateSpace>(walk: &mut Walk<'_, S>) -> Result<Vec<TraceStep>, Halt> {
    walk.steps()?
        .into_iter()
        .map(|(index, _)| {
            let label = walk.label(index)?;
            Ok(TraceStep::of(label, |lane| walk.lane(lane)))
        })
        .collect()
}

/// The changes from the recorded state to today's, both reached from one state by the changes given.
fn between(recorded: &[Change], today: &[Change]) -> Vec<Change> {
    let same_place = |a: &Change, b: &Change| a.part == b.part && a.path == b.path;
    let mut changes = Vec::new();
    for then in recorded {
        let now = today.iter().find(|now| same_place(then, now));
        // A place that does not change today keeps what was there.
        let today = now.map_or(&then.before, |now| &now.after);
        if *today != then.after {
            changes.push(Change {
                before: then.after.clone(),
                after: today.clone(),
                ..then.clone()
            });
        }
    }
    for now in today {
        if !recorded.iter().any(|then| same_place(then, now)) {
            changes.push(now.clone());
        }
    }
    changes
}

fn at_end<S: StateSpace>(space: &S, trace: &Trace, ends: &[End]) -> AtEnd {
    let shown = &trace.property;
    let Some(property) = property_of(space, trace) else {
        return AtEnd::NoProperty;
    };
    if ends.len() < trace.paths.len() {
        return AtEnd::NotReached;
    }
    if shown.verdict == Verdict::Inconclusive {
        // A path that somebody walked by hand: it was recorded for nothing but itself.
        return AtEnd::Shows;
    }
    let holds = |end: &End| end.judgement.holds >> property & 1 == 1;
    let shows = match shown.kind {
        PropertyKind::Reachable => ends.iter().any(holds),
        PropertyKind::Confluent => disagree(property, ends),
        PropertyKind::Always
        | PropertyKind::Implies
        | PropertyKind::NoDeadlock
        | PropertyKind::NoPanic => ends.iter().any(|end| !holds(end)),
        PropertyKind::Eventually
        | PropertyKind::LeadsTo
        | PropertyKind::Measure
        | PropertyKind::InfinitelyOften
        | PropertyKind::Stabilises => ends.iter().any(|end| end.contradicts),
    };
    if shows { AtEnd::Shows } else { AtEnd::Gone }
}

/// Whether the two ends have equal inputs and different values.
fn disagree(property: usize, ends: &[End]) -> bool {
    let of = |end: &End| {
        end.judgement
            .confluent
            .iter()
            .find(|(p, _, _)| *p == property)
            .map(|(_, inputs, value)| (*inputs, *value))
    };
    match ends {
        [a, b] => match (of(a), of(b)) {
            (Some((a_inputs, a_value)), Some((b_inputs, b_value))) => {
                a_inputs == b_inputs && a_value != b_value
            }
            _ => false,
        },
        _ => false,
    }
}
