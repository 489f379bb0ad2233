//! A path, and a window of its steps.

use serde::Serialize;

use super::code::{CODE_LENGTH, Code};
use super::happening::Happening;
use super::verdicts::{Shows, StateVerdict};
use super::way::{Parting, Way};
use super::{Explorer, Stuck};
use crate::error::Error;
use crate::trace::{Fair, TraceStep, hex64};

/// A path, and a window of its steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathView {
    /// The canonical address of what is valid of it.
    pub id: String,
    /// Characters before the first step.
    pub base_length: usize,
    /// Characters of a step.
    pub code_length: usize,
    /// Which initial state it starts from.
    pub initial: usize,
    /// How many there are.
    pub initial_states: usize,
    /// All its steps.
    pub n_steps: usize,
    /// Position 0.
    pub start: StartView,
    /// The number of the first step of the window.
    pub from: usize,
    /// The window.
    pub steps: Vec<StepView>,
    /// Where it goes on for ever.
    #[serde(rename = "loop")]
    pub loops: Option<LoopView>,
    /// The properties that it shows.
    pub counterexamples: Vec<Shows>,
    /// The numbers of the steps at which a verdict changes.
    pub turns: Vec<usize>,
    /// The numbers of the steps that are faults.
    pub faults: Vec<usize>,
    /// Where it and today's model part.
    pub differs: Option<Parting>,
}

/// The initial state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StartView {
    /// Its fingerprint.
    pub state: String,
    /// A letter for each property.
    pub verdicts: String,
    /// It lies outside a boundary.
    pub outside: bool,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepView {
    /// From 1.
    pub number: usize,
    /// What stands for it in an address.
    pub code: Code,
    /// What happens.
    #[serde(flatten)]
    pub happens: Happening,
    /// The lanes whose actors changed.
    pub changed: Vec<usize>,
    /// How many rows its diff has.
    pub changes: usize,
    /// How many messages it sent.
    pub sent: usize,
    /// The fingerprint of the resulting state.
    pub state: String,
    /// A letter for each property.
    pub verdicts: String,
    /// The properties whose verdict changed.
    pub turned: Vec<Turn>,
    /// The resulting state lies outside a boundary.
    pub outside: bool,
}

/// A property whose verdict changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Its number.
    pub property: usize,
    /// What it was.
    pub before: StateVerdict,
    /// What it is.
    pub after: StateVerdict,
}

/// Where a path goes on for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoopView {
    /// The position where the loop begins.
    pub start: usize,
    /// It has no steps: the run stays.
    pub stays: bool,
    /// Why fairness allows it.
    pub fairness: Vec<FairView>,
}

/// How a loop is fair to a class of steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FairView {
    /// The class.
    pub class: String,
    /// What it is owed.
    pub fairness: crate::space::Fairness,
    /// How that is served.
    pub met: String,
}

/// The next position at which a verdict changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Until {
    /// The path.
    pub path: String,
    /// Where it was looked from.
    pub at: usize,
    /// Whether there is one.
    pub found: bool,
    /// Where.
    pub to: usize,
    /// What changes there.
    pub turned: Vec<Turn>,
}

impl Way {
    /// The properties whose verdict changes in a step, counted from 0.
    pub(super) fn turned(&self, step: usize) -> Vec<Turn> {
        turned(&self.verdicts[step], &self.verdicts[step + 1])
    }

    /// The letters of the verdicts at a position.
    fn letters(&self, at: usize) -> String {
        self.verdicts[at].iter().map(|v| v.letter()).collect()
    }
}

fn turned(before: &[StateVerdict], after: &[StateVerdict]) -> Vec<Turn> {
    let both = before.iter().zip(after).enumerate();
    both.filter(|(_, (before, after))| before != after)
        .map(|(property, (&before, &after))| Turn {
            property,
            before,
            after,
        })
        .collect()
}

impl Explorer {
    pub(super) fn path_view(
        &mut self,
        path: &str,
        from: usize,
        count: usize,
    ) -> Result<PathView, Stuck> {
        let way = self.way(path)?;
        let n = way.n_steps();
        let (begin, end) = window(from, count, n)?;
        let mut steps = Vec::with_capacity(end - begin);
        for step in begin..end {
            steps.push(self.step_view(&way, step)?);
        }
        let mut faults = Vec::new();
        for step in 0..n {
            let choices = self.ground.choices(way.spots[step])?;
            if choices[way.choices[step]].kind.is_fault() {
                faults.push(step + 1);
            }
        }
        let turns = (0..n).filter(|&step| way.verdicts[step] != way.verdicts[step + 1]);
        Ok(PathView {
            id: way.id.clone(),
            base_length: way.base_length,
            code_length: CODE_LENGTH,
            initial: way.initial,
            initial_states: way.initial_states,
            n_steps: n,
            start: StartView {
                state: hex64(self.ground.fingerprint(way.spots[0])),
                verdicts: way.letters(0),
                outside: self.ground.judgement(way.spots[0]).outside != 0,
            },
            from,
            steps,
            loops: way.loop_start.map(|start| LoopView {
                start,
                stays: start == n,
                fairness: way.fairness.iter().map(FairView::of).collect(),
            }),
            counterexamples: way.shows.clone(),
            turns: turns.map(|step| step + 1).collect(),
            faults,
            differs: way.parting.clone(),
        })
    }

    /// A step of a way, counted from 0.
    pub(super) fn step_view(&mut self, way: &Way, step: usize) -> Result<StepView, Stuck> {
        let happened = self.step(way, step)?;
        let (spot, after) = (way.spots[step], way.spots[step + 1]);
        let code = self.ground.choices(spot)?[way.choices[step]].code;
        let judgement = self.ground.judgement(after);
        Ok(StepView {
            number: step + 1,
            code,
            happens: self.happening(&happened),
            changed: self.changed(&happened),
            changes: happened.changes.len(),
            sent: happened.sent.len(),
            state: happened.fingerprint.clone(),
            verdicts: way.letters(step + 1),
            turned: way.turned(step),
            outside: judgement.outside != 0,
        })
    }

    /// The lanes whose actors a step changed.
    pub(super) fn changed(&self, step: &TraceStep) -> Vec<usize> {
        let lanes = self.lanes().iter().enumerate();
        let of = |name: &str| step.changes.iter().any(|change| change.part == name);
        lanes.filter(|(_, name)| of(name)).map(|(i, _)| i).collect()
    }

    pub(super) fn until_view(
        &mut self,
        path: &str,
        at: Option<usize>,
        property: Option<usize>,
        backward: bool,
    ) -> Result<Until, Stuck> {
        let way = self.way(path)?;
        let property = property.map(|p| self.property(p)).transpose()?;
        let at = match (at, backward) {
            // Looked for from the beginning, or from the end.
            (None, false) => 0,
            (at, _) => way.position(at)?,
        };
        let wanted = |turn: &Turn| property.is_none_or(|property| turn.property == property);
        let turns_at = |step: &usize| way.turned(*step).iter().any(wanted);
        let found = match backward {
            false => (at..way.n_steps()).find(turns_at),
            // The change that led to where it stands is behind it.
            true => (0..at).rev().find(turns_at),
        };
        let to = match (found, backward) {
            (Some(step), false) => step + 1,
            (Some(step), true) => step,
            (None, false) => way.n_steps(),
            (None, true) => 0,
        };
        let turned = found.map_or(Vec::new(), |step| way.turned(step));
        Ok(Until {
            path: way.id.clone(),
            at,
            found: found.is_some(),
            to,
            turned: turned.into_iter().filter(wanted).collect(),
        })
    }
}

impl FairView {
    fn of(fair: &Fair) -> Self {
        FairView {
            class: fair.class.clone(),
            fairness: fair.fairness,
            met: fair.met.to_string(),
        }
    }
}

/// Where a window of steps begins and ends, counted from 0.
///
/// # Errors
/// Steps are counted from 1.
pub(super) fn window(from: usize, count: usize, n: usize) -> Result<(usize, usize), Error> {
    match from.checked_sub(1) {
        Some(begin) => Ok((begin.min(n), begin.saturating_add(count).min(n))),
        None => Err(Error::usage("`from` is 0").with_cure("steps are counted from 1")),
    }
}
