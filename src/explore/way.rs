//! From an address, or the path of a trace, to the way that it names: walked as far as today's model goes along.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use serde::Serialize;

use super::code::{self, Address, CODE_LENGTH, STEPS_MAX};
use super::ground::{Choice, Spot, Terrain};
use super::verdicts::{Memory, Shows, StateVerdict, shows};
use crate::error::Error;
use crate::search::Halt;
use crate::space::Judgement;
use crate::trace::{Causality, Fair, Flaw, Layout, TracePath, TraceStep, line};

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

    /// What it shows of a property.
    pub(super) fn shown(&self, property: usize) -> Option<&Shows> {
        self.shows.iter().find(|shows| shows.property == property)
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

/// What a way follows: an address, or the path of a trace.
pub(super) trait Guide {
    /// Which initial state it starts from.
    fn initial(&self) -> usize;
    /// Whether that is the state it starts from.
    fn starts_in(&self, ground: &dyn Terrain, start: Spot) -> bool;
    /// How many steps it has.
    fn n_steps(&self) -> usize;
    /// What is its step, counted from 0, at this spot; else how it and today's model part.
    fn step(
        &self,
        ground: &mut dyn Terrain,
        spot: Spot,
        step: usize,
    ) -> Result<Result<usize, PartingKind>, Halt>;
    /// Where it goes on for ever.
    fn loop_start(&self) -> Option<usize>;
}

impl Guide for Address {
    fn initial(&self) -> usize {
        self.initial
    }

    fn starts_in(&self, ground: &dyn Terrain, start: Spot) -> bool {
        let start = ground.fingerprint(start);
        self.check.is_none_or(|check| check == code::check(start))
    }

    fn n_steps(&self) -> usize {
        self.codes.len()
    }

    fn step(
        &self,
        ground: &mut dyn Terrain,
        spot: Spot,
        step: usize,
    ) -> Result<Result<usize, PartingKind>, Halt> {
        let code = self.codes[step];
        let choices = ground.choices(spot)?;
        let found = choices.iter().position(|choice| choice.code == code);
        let is_same_action = |choice: &Choice| choice.code.is_same_action(code);
        Ok(
            found.ok_or_else(|| match choices.iter().any(is_same_action) {
                true => PartingKind::AnotherState,
                false => PartingKind::NoSuchStep,
            }),
        )
    }

    fn loop_start(&self) -> Option<usize> {
        self.loop_start
    }
}

/// Walks as far as today's model goes along.
pub(super) fn follow(ground: &mut dyn Terrain, guide: &dyn Guide) -> Result<Way, Halt> {
    let initial_states = ground.initial_states()?;
    let initial = Some(guide.initial()).filter(|&initial| initial < initial_states);
    let mut way = from(ground, initial.unwrap_or(0), initial_states)?;
    way.parting = if initial.is_none() {
        let message = format!(
            "the model changed: it has {initial_states} initial states, and this is number {}",
            guide.initial().saturating_add(1)
        );
        Some(Parting::at(PartingKind::NoInitialState, 0, guide, message))
    } else if !guide.starts_in(ground, way.spots[0]) {
        let message = "the model changed: its initial state is another".to_owned();
        Some(Parting::at(PartingKind::InitialState, 0, guide, message))
    } else {
        way.go(ground, guide)?
    };
    way.finished(ground)
}

impl Parting {
    fn at(kind: PartingKind, step: usize, guide: &dyn Guide, message: String) -> Self {
        Parting {
            kind,
            step,
            of: guide.n_steps(),
            message,
            enabled: Vec::new(),
        }
    }
}

/// The labels of what is enabled: at most so many.
fn enabled(ground: &mut dyn Terrain, spot: Spot) -> Result<Vec<String>, Halt> {
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
    /// Goes all steps, and back to where the loop begins; says where that is not possible any more.
    fn go(&mut self, ground: &mut dyn Terrain, guide: &dyn Guide) -> Result<Option<Parting>, Halt> {
        let n = guide.n_steps();
        for step in 0..n {
            let parting = |kind, message| Parting::at(kind, step + 1, guide, message);
            if step >= STEPS_MAX {
                let message = format!("a path has at most {STEPS_MAX} steps");
                return Ok(Some(parting(PartingKind::TooLong, message)));
            }
            let spot = self.spots[step];
            match guide.step(ground, spot, step)? {
                Ok(choice) => self.take(ground, choice)?,
                Err(kind) => {
                    let what = match kind {
                        PartingKind::AnotherState => "it leads to another state",
                        _ => "what happened there is not enabled",
                    };
                    let message = format!("the model changed at step {}: {what}", step + 1);
                    return Ok(Some(Parting {
                        enabled: enabled(ground, spot)?,
                        ..parting(kind, message)
                    }));
                }
            }
        }
        let Some(start) = guide.loop_start() else {
            return Ok(None);
        };
        let closed = self.close(ground, start)?;
        let open = |message| Parting::at(PartingKind::Loop, n, guide, message);
        Ok(closed.err().map(open))
    }

    /// Goes one step on.
    pub(super) fn take(&mut self, ground: &mut dyn Terrain, choice: usize) -> Result<(), Halt> {
        let last = self.spots[self.n_steps()];
        let code = ground.choices(last)?[choice].code;
        self.spots.push(ground.take(last, choice)?);
        self.choices.push(choice);
        self.id.push_str(&code.to_string());
        Ok(())
    }

    /// Makes it a way without end; if it is none, says why.
    fn close(
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

    /// Says what the properties say, and why.
    fn finished(mut self, ground: &dyn Terrain) -> Result<Self, Halt> {
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
        for shown in &mut self.shows {
            shown.tell_why(ground, &self.spots, self.loop_start)?;
        }
        Ok(self)
    }
}
