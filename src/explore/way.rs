//! From an address to the way that it names: walked as far as today's model goes along.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use serde::Serialize;

use super::code::{self, Address, CODE_LENGTH, Code, STEPS_MAX};
use super::ground::{Spot, Terrain};
use super::verdicts::{Memory, Shows, StateVerdict, shows};
use crate::error::Error;
use crate::space::Judgement;
use crate::trace::{Causality, Fair, Flaw, Halt, Layout, TracePath, TraceStep, line};

/// Labels that are told where a step is not there any more.
const ENABLED_MAX: usize = 20;

/// Ways that are kept.
const KEPT: usize = 24;

/// Where a path and today's model part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parting {
    /// How.
    pub kind: PartingKind,
    /// The number of the step, from 1; 0: the initial state.
    pub step: usize,
    /// How many steps were asked for.
    pub of: usize,
    /// One line for people.
    pub message: String,
    /// What is enabled there today: some of it, where it is much.
    pub enabled: Vec<String>,
}

/// How a path and today's model part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartingKind {
    /// There are fewer initial states.
    NoInitialState,
    /// The initial state is another.
    InitialState,
    /// The step is not enabled.
    NoSuchStep,
    /// The step leads to another state.
    AnotherState,
    /// The loop does not close, or is not fair.
    Loop,
    /// It has more steps than a path may have.
    TooLong,
}

/// A way through a model.
pub(super) struct Way {
    /// The canonical address.
    pub(super) id: String,
    pub(super) base_length: usize,
    pub(super) initial: usize,
    pub(super) initial_states: usize,
    /// The states: one more than steps.
    pub(super) spots: Vec<Spot>,
    /// The steps, as choices at their spots.
    pub(super) choices: Vec<usize>,
    /// The verdicts of all properties at each state.
    pub(super) verdicts: Vec<Vec<StateVerdict>>,
    pub(super) loop_start: Option<usize>,
    pub(super) fairness: Vec<Fair>,
    pub(super) shows: Vec<Shows>,
    pub(super) parting: Option<Parting>,
    /// The way as a trace has it, once that is asked for.
    pub(super) traced: OnceLock<Arc<TracePath>>,
    /// The picture that was asked for last.
    pub(super) drawn: Mutex<Option<Arc<Drawn>>>,
}

/// A way's picture without some lanes, and its causes.
pub(super) struct Drawn {
    pub(super) hidden: Vec<usize>,
    pub(super) layout: Layout,
    pub(super) causality: Causality,
}

impl Way {
    pub(super) fn n_steps(&self) -> usize {
        self.choices.len()
    }

    /// The address of the way up to a position, without loop.
    pub(super) fn id_at(&self, at: usize) -> &str {
        &self.id[..self.base_length + CODE_LENGTH * at]
    }

    /// A position; one beyond the end of a loop comes back into it.
    pub(super) fn position(&self, at: Option<usize>) -> Result<usize, Error> {
        let n = self.n_steps();
        match (at, self.loop_start) {
            (None, _) => Ok(n),
            (Some(at), _) if at <= n => Ok(at),
            (Some(_), Some(start)) if start == n => Ok(n),
            // The state at the end of a loop is the one at its start.
            (Some(at), Some(start)) => Ok(start + (at - start) % (n - start)),
            (Some(at), None) => Err(Error::usage(format!(
                "`at` is {at}, and the path has {n} steps"
            ))
            .with_cure(format!("`at` takes 0 to {n}"))),
        }
    }

    /// The position behind one: at the end of a loop its start.
    pub(super) fn after(&self, at: usize) -> Option<usize> {
        match at < self.n_steps() {
            true => Some(at + 1),
            false => self.loop_start,
        }
    }
}

/// The ways that were walked last.
#[derive(Default)]
pub(super) struct Ways(VecDeque<(String, Arc<Way>)>);

impl Ways {
    pub(super) fn get(&self, asked: &str) -> Option<Arc<Way>> {
        let mut kept = self.0.iter();
        let (_, way) = kept.find(|(known, way)| known == asked || way.id == asked)?;
        Some(Arc::clone(way))
    }

    pub(super) fn keep(&mut self, asked: &str, way: &Arc<Way>) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back((asked.to_owned(), Arc::clone(way)));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Walks an address, as far as it goes.
pub(super) fn walk(ground: &mut dyn Terrain, address: &Address) -> Result<Way, Halt> {
    let of = address.codes.len();
    let initial_states = ground.initial_states()?;
    let parting = |kind, step, message: String| Parting {
        kind,
        step,
        of,
        message,
        enabled: Vec::new(),
    };
    if address.initial >= initial_states {
        let message = format!(
            "the model changed: it has {initial_states} initial states, and this is number {}",
            address.initial.saturating_add(1)
        );
        let mut way = from(ground, 0, initial_states)?;
        way.parting = Some(parting(PartingKind::NoInitialState, 0, message));
        return way.finished(ground);
    }
    let mut way = from(ground, address.initial, initial_states)?;
    let start = ground.fingerprint(way.spots[0]);
    if address
        .check
        .is_some_and(|check| check != code::check(start))
    {
        let message = "the model changed: its initial state is another".to_owned();
        way.parting = Some(parting(PartingKind::InitialState, 0, message));
        return way.finished(ground);
    }
    for (i, &code) in address.codes.iter().enumerate() {
        let spot = way.spots[i];
        if i >= STEPS_MAX {
            let message = format!("a path has at most {STEPS_MAX} steps");
            way.parting = Some(parting(PartingKind::TooLong, i + 1, message));
            break;
        }
        let choices = ground.choices(spot)?;
        let Some(choice) = choices.iter().position(|choice| choice.code == code) else {
            let same = choices.iter().any(|c| c.code.is_same_action(code));
            let (kind, what) = match same {
                true => (PartingKind::AnotherState, "it leads to another state"),
                false => (
                    PartingKind::NoSuchStep,
                    "what happened there is not enabled",
                ),
            };
            let message = format!("the model changed at step {}: {what}", i + 1);
            let mut parting = parting(kind, i + 1, message);
            parting.enabled = enabled(ground, spot)?;
            way.parting = Some(parting);
            break;
        };
        way.take(ground, choice, code)?;
    }
    let whole = way.parting.is_none();
    if let Some(start) = address.loop_start.filter(|_| whole)
        && let Err(message) = way.close(ground, start)?
    {
        let n = way.n_steps();
        way.parting = Some(parting(PartingKind::Loop, n, message));
    }
    way.finished(ground)
}

/// The labels of what is enabled: at most so many.
pub(super) fn enabled(ground: &mut dyn Terrain, spot: Spot) -> Result<Vec<String>, Halt> {
    let n = ground.choices(spot)?.len().min(ENABLED_MAX);
    (0..n)
        .map(|choice| {
            let label = ground.label(spot, choice)?;
            let step = TraceStep::of(label, |lane| ground.lanes()[lane as usize].clone());
            Ok(line(&step, ground.lanes()))
        })
        .collect()
}

/// A way without steps.
pub(super) fn from(
    ground: &mut dyn Terrain,
    initial: usize,
    initial_states: usize,
) -> Result<Way, Halt> {
    let start = ground.start(initial)?;
    let id = code::base(initial, ground.fingerprint(start));
    Ok(Way {
        base_length: id.len(),
        id,
        initial,
        initial_states,
        spots: vec![start],
        choices: Vec::new(),
        verdicts: Vec::new(),
        loop_start: None,
        fairness: Vec::new(),
        shows: Vec::new(),
        parting: None,
        traced: OnceLock::new(),
        drawn: Mutex::new(None),
    })
}

impl Way {
    /// Goes one step on.
    pub(super) fn take(
        &mut self,
        ground: &mut dyn Terrain,
        choice: usize,
        code: Code,
    ) -> Result<(), Halt> {
        let last = self.spots[self.n_steps()];
        self.spots.push(ground.take(last, choice)?);
        self.choices.push(choice);
        self.id.push_str(&code.to_string());
        Ok(())
    }

    /// Makes it a way without end; if it is none, says why.
    pub(super) fn close(
        &mut self,
        ground: &mut dyn Terrain,
        start: usize,
    ) -> Result<Result<(), String>, Halt> {
        let n = self.n_steps();
        if start > n || !ground.same(self.spots[start], self.spots[n]) {
            return Ok(Err(
                "the model changed: the loop does not come back to where it begins".to_owned(),
            ));
        }
        let fairness = ground.fairness(self.initial, &self.spots, &self.choices, start)?;
        Ok(match fairness {
            Ok(fairness) => {
                self.fairness = fairness;
                self.loop_start = Some(start);
                Ok(())
            }
            Err(Flaw::Open) => {
                Err("the model changed: the loop does not come back to where it begins".to_owned())
            }
            Err(Flaw::Unfair { class, .. }) => {
                Err(format!("the loop is not fair: {class} is owed a step"))
            }
        })
    }

    /// Says what the properties say.
    pub(super) fn finished(mut self, ground: &dyn Terrain) -> Result<Self, Halt> {
        if let Some(start) = self.loop_start {
            self.id.push_str(&format!(".{start}"));
        }
        let mut memory = Memory::default();
        let decls = ground.properties();
        let judged: Vec<&Judgement> = self.spots.iter().map(|&s| ground.judgement(s)).collect();
        self.verdicts = judged
            .iter()
            .map(|state| memory.next(decls, state))
            .collect();
        self.shows = shows(decls, &self.verdicts, &judged, self.loop_start);
        Ok(self)
    }
}
