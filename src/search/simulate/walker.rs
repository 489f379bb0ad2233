//! One run: a walk from an initial state, step by step, until it ends by itself, is long enough, or cannot stay inside the boundaries.
//!
//! A walker only reads the space. Where the space lacks an answer, the walker waits until it has been absorbed, and asks again.
//!
//! Invariant: where a walk goes depends on its random numbers and on the model alone: of the steps of a state the one with the least fingerprint of its
//! successor is the first, whatever the numbers that the space gave them.

use super::dice::Dice;
use super::strategy::Scheduler;
use crate::error::Error;
use crate::search::chunk::Watch;
use crate::space::{Answer, Arena, Judgement, StateSpace};

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There was no further step.
    ByItself,
    /// It was long enough, and there was a further step.
    Long,
    /// Every further step leads outside a boundary; or there is no initial state inside.
    Boundary,
}

/// Where a walk is.
enum Here {
    /// Before its first state: the initial states that were not tried.
    Nowhere(Vec<u32>),
    /// In an initial state.
    Initial(u32),
    /// In the only state of the arena.
    Arrived,
}

/// What a walk does next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// Find the steps of the state.
    Expand,
    /// Choose one of them, and take it.
    Choose,
    /// Judge where it leads: the state at `next`, or an initial one.
    Judge { step: u32, lane: u32, initial: u32 },
}

/// A property that is decided in a state of the walk.
pub(super) struct Seen {
    pub(super) property: usize,
    /// The steps before the state.
    pub(super) n_steps: u32,
    /// Of a panic: its message.
    pub(super) why: Option<String>,
}

/// A quiescent state of the walk.
pub(super) struct Quiescent {
    pub(super) property: usize,
    pub(super) n_steps: u32,
    pub(super) inputs: u128,
    pub(super) value: u128,
}

pub(super) struct Walker<A> {
    dice: Dice,
    scheduler: Scheduler,
    watch: Watch,
    steps_max: u32,
    here: Here,
    task: Task,
    arena: A,
    next: A,
    /// The steps that may be taken: the successor's fingerprint, the step's number. Least first.
    candidates: Vec<(u64, u32)>,
    fingerprints: Vec<u64>,
    lanes: Vec<u32>,
    judgement: Judgement,
    /// Properties that were decided before.
    decided: u64,
    /// Whether the space lacks the answer to what was asked last.
    pub(super) is_waiting: bool,
    pub(super) end: Option<End>,
    pub(super) error: Option<Error>,
    /// Which initial state it began in.
    pub(super) initial: usize,
    /// The steps taken.
    pub(super) steps: Vec<u32>,
    /// The fingerprints of the states visited since they were last taken away.
    pub(super) visited: Vec<u64>,
    pub(super) seen: Vec<Seen>,
    pub(super) quiescent: Vec<Quiescent>,
    /// The boundaries that some step led outside of.
    pub(super) outside: u64,
}

impl<A: Arena> Walker<A> {
    pub(super) fn new(
        dice: Dice,
        scheduler: Scheduler,
        watch: Watch,
        n_initial: usize,
        steps_max: u32,
    ) -> Self {
        Walker {
            dice,
            scheduler,
            watch,
            steps_max,
            here: Here::Nowhere((0..n_initial as u32).collect()),
            task: Task::Choose,
            arena: A::default(),
            next: A::default(),
            candidates: Vec::new(),
            fingerprints: Vec::new(),
            lanes: Vec::new(),
            judgement: Judgement::default(),
            decided: 0,
            is_waiting: false,
            end: None,
            error: None,
            initial: 0,
            steps: Vec::new(),
            visited: Vec::new(),
            seen: Vec::new(),
            quiescent: Vec::new(),
            outside: 0,
        }
    }

    /// Whether there is nothing left to do.
    pub(super) fn is_done(&self) -> bool {
        self.end.is_some() || self.error.is_some()
    }

    /// Walks on by about so many steps, or until the space lacks an answer.
    pub(super) fn advance<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        initial: &A,
        scratch: &mut S::Scratch,
        n_steps: u32,
    ) {
        let target = self.steps.len() + n_steps as usize;
        self.is_waiting = false;
        while !self.is_done() && !self.is_waiting && self.steps.len() < target {
            let answer = match self.task {
                Task::Expand => self.expand(space, initial, scratch),
                Task::Choose => {
                    if let Err(error) = self.choose(space, initial, scratch) {
                        self.error = Some(error);
                    }
                    Answer::Complete
                }
                Task::Judge {
                    step,
                    lane,
                    initial: index,
                } => self.judge(space, initial, scratch, (step, lane, index)),
            };
            self.is_waiting = answer == Answer::Missing;
        }
    }

    fn expand<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        initial: &A,
        scratch: &mut S::Scratch,
    ) -> Answer {
        let (states, index) = match self.here {
            Here::Initial(index) => (initial, index as usize),
            _ => (&self.arena, 0),
        };
        self.fingerprints.clear();
        if let Answer::Missing = space.expand(states, index, scratch, &mut self.fingerprints) {
            return Answer::Missing;
        }
        self.candidates.clear();
        let steps = self.fingerprints.iter().zip(0..);
        let steps = steps.filter(|(fingerprint, _)| **fingerprint != 0);
        self.candidates.extend(steps.map(|(&f, step)| (f, step)));
        self.candidates.sort_unstable();
        if self.candidates.is_empty() {
            self.end = Some(End::ByItself);
        } else if self.steps.len() >= self.steps_max as usize {
            self.end = Some(End::Long);
        } else {
            self.task = Task::Choose;
        }
        Answer::Complete
    }

    /// Takes one of the candidates: it is none any more.
    fn choose<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        initial: &A,
        scratch: &mut S::Scratch,
    ) -> Result<(), Error> {
        if let Here::Nowhere(untried) = &mut self.here {
            if untried.is_empty() {
                self.end = Some(End::Boundary);
                return Ok(());
            }
            let index = untried.remove(self.dice.position(untried.len()));
            self.task = Task::Judge {
                step: 0,
                lane: 0,
                initial: index,
            };
            return Ok(());
        }
        if self.candidates.is_empty() {
            self.end = Some(End::Boundary);
            return Ok(());
        }
        let (states, index) = match self.here {
            Here::Initial(index) => (initial, index as usize),
            _ => (&self.arena, 0),
        };
        self.lanes.clear();
        for &(_, step) in &self.candidates {
            self.lanes.push(match self.scheduler.asks_lanes() {
                true => space.label(states, index, step)?.lane,
                false => 0,
            });
        }
        let chosen = self.scheduler.choose(&self.lanes, &mut self.dice);
        let (_, step) = self.candidates.remove(chosen);
        self.next.clear();
        space.successor(states, index, step, scratch, &mut self.next)?;
        self.task = Task::Judge {
            step,
            lane: self.lanes[chosen],
            initial: 0,
        };
        Ok(())
    }

    /// Judges where the step leads, and goes there, unless it is outside a boundary.
    fn judge<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        initial: &A,
        scratch: &mut S::Scratch,
        (step, lane, index): (u32, u32, u32),
    ) -> Answer {
        let begins = matches!(self.here, Here::Nowhere(_));
        let (states, at) = match begins {
            true => (initial, index as usize),
            false => (&self.next, 0),
        };
        if let Answer::Missing = space.judge(states, at, scratch, &mut self.judgement) {
            return Answer::Missing;
        }
        if self.judgement.outside != 0 {
            self.outside |= self.judgement.outside;
            self.task = Task::Choose;
            return Answer::Complete;
        }
        self.visited.push(space.fingerprint(states, at));
        if begins {
            self.initial = at;
            self.here = Here::Initial(index);
        } else {
            std::mem::swap(&mut self.arena, &mut self.next);
            self.here = Here::Arrived;
            self.steps.push(step);
            self.scheduler.taken(lane, self.steps.len() as u32);
        }
        self.note();
        self.task = Task::Expand;
        Answer::Complete
    }

    /// Writes down what the judgement decides.
    fn note(&mut self) {
        let n_steps = self.steps.len() as u32;
        let holds = self.judgement.holds;
        let mut bits = (!holds & self.watch.always) | (holds & self.watch.reachable);
        bits &= !self.decided;
        self.decided |= bits;
        while bits != 0 {
            let property = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            self.seen.push(Seen {
                property,
                n_steps,
                // Property 0 is that nothing panics.
                why: (self.judgement.panic.clone()).filter(|_| property == 0),
            });
        }
        for (property, inputs, value) in self.judgement.confluent.drain(..) {
            if self.watch.confluent >> property & 1 == 1 {
                self.quiescent.push(Quiescent {
                    property,
                    n_steps,
                    inputs,
                    value,
                });
            }
        }
    }
}
