//! Walking a state space step by step, by whatever tells steps apart.

use crate::error::Error;
use crate::space::{
    Absorbed, Answer, Arena, Asked, Class, FairClass, Judgement, Label, PROPERTIES_MAX, Rendered,
    Share, StateSpace,
};

/// How often a space may ask to begin again before it is not making progress: once per property it may hold, and once more.
const RESTARTS_MAX: usize = PROPERTIES_MAX + 1;

/// Why a walk cannot go on.
pub(crate) enum Halt {
    /// What the space learnt changes its earlier answers: walk again from the beginning.
    Restart,
    /// The model is at fault.
    Error(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt::Error(error)
    }
}

/// A state of a space, and what is needed to leave it.
pub(super) struct Walk<'s, S: StateSpace> {
    space: &'s mut S,
    /// How many initial states there are.
    pub(super) initial_states: usize,
    /// The state walked to, alone.
    here: S::Arena,
    scratch: S::Scratch,
}

/// Walks as often as the space asks to begin again.
pub(super) fn walking<S: StateSpace, T>(
    space: &mut S,
    mut walk: impl FnMut(&mut S) -> Result<T, Halt>,
) -> Result<T, Error> {
    for _ in 0..RESTARTS_MAX {
        match walk(space) {
            Ok(done) => return Ok(done),
            Err(Halt::Restart) => {}
            Err(Halt::Error(error)) => return Err(error),
        }
    }
    panic!("a state space asked to begin again more often than it can have reasons to")
}

/// Asks until the space knows the answer.
pub(crate) fn ask<S: StateSpace>(
    space: &mut S,
    scratch: &mut S::Scratch,
    mut question: impl FnMut(&S, &mut S::Scratch) -> Answer,
) -> Result<(), Halt> {
    while let Answer::Missing = question(space, scratch) {
        match space.absorb(std::slice::from_mut(scratch))? {
            Absorbed::Continue => {}
            Absorbed::Restart => return Err(Halt::Restart),
        }
    }
    Ok(())
}

/// The steps among the places of an expansion: a zero marks a place without a step.
pub(crate) fn steps(successors: &[u64]) -> Vec<(u32, u64)> {
    let places = (0_u32..).zip(successors.iter().copied());
    places
        .filter(|&(_, fingerprint)| fingerprint != 0)
        .collect()
}

impl<'s, S: StateSpace> Walk<'s, S> {
    /// Starts in the initial state `index`; if there is no such state, says how many there are.
    pub(super) fn start(space: &'s mut S, index: usize) -> Result<Result<Self, usize>, Halt> {
        let mut here = S::Arena::default();
        space.initial(&mut here)?;
        let initial_states = here.len();
        if index >= initial_states {
            return Ok(Err(initial_states));
        }
        while here.len() > index + 1 {
            here.pop();
        }
        Ok(Ok(Walk {
            space,
            initial_states,
            here,
            scratch: S::Scratch::default(),
        }))
    }

    fn index(&self) -> usize {
        self.here.len() - 1
    }

    /// The fingerprint of this state.
    pub(super) fn fingerprint(&self) -> u64 {
        self.space.fingerprint(&self.here, self.index())
    }

    /// This state as people read it.
    pub(super) fn render(&self) -> Rendered {
        self.space.render(&self.here, self.index())
    }

    /// What holds here.
    pub(super) fn judge(&mut self) -> Result<Judgement, Halt> {
        let mut judgement = Judgement::default();
        let (here, index) = (&self.here, self.index());
        ask(self.space, &mut self.scratch, |space, scratch| {
            space.judge(here, index, scratch, &mut judgement)
        })?;
        Ok(judgement)
    }

    /// How a property comes to what it says here.
    pub(super) fn asked(&self, property: usize) -> Result<Vec<Asked>, Halt> {
        Ok(self.space.asked(&self.here, self.index(), property)?)
    }

    /// The steps, each with the fingerprint of its successor, in step order.
    pub(super) fn steps(&mut self) -> Result<Vec<(u32, u64)>, Halt> {
        let mut successors: Vec<u64> = Vec::new();
        let (here, index) = (&self.here, self.index());
        ask(self.space, &mut self.scratch, |space, scratch| {
            successors.clear();
            space.expand(here, index, scratch, &mut successors)
        })?;
        Ok(steps(&successors))
    }

    /// What the steps share in fairness.
    pub(super) fn fair(&mut self) -> Result<Vec<Share>, Halt> {
        let steps: Vec<u32> = self.steps()?.into_iter().map(|(step, _)| step).collect();
        let mut shares = Vec::new();
        self.space
            .fair(&self.here, self.index(), &steps, &mut shares);
        Ok(shares)
    }

    /// A fairness class in words.
    pub(super) fn class(&self, class: Class) -> FairClass {
        self.space.class(class)
    }

    /// Whether this is the state that was [left](Walk::take).
    pub(super) fn is(&self, left: &S::Arena) -> bool {
        self.space
            .same(&self.here, self.index(), left, left.len() - 1)
    }

    /// The step with this index, one of [`steps`](Walk::steps).
    pub(super) fn label(&self, step: u32) -> Result<Label, Halt> {
        Ok(self.space.label(&self.here, self.index(), step)?)
    }

    /// Takes the step with this index, one of [`steps`](Walk::steps); the arena whose last state was left.
    pub(super) fn take(&mut self, step: u32) -> Result<S::Arena, Halt> {
        let mut next = S::Arena::default();
        let index = self.index();
        self.space
            .successor(&self.here, index, step, &mut self.scratch, &mut next)?;
        assert!(next.len() == 1, "a step leads to one state");
        Ok(std::mem::replace(&mut self.here, next))
    }

    /// The names of the boundaries.
    pub(super) fn boundaries(&self) -> &[String] {
        self.space.boundaries()
    }

    /// The names of the lanes.
    pub(super) fn lanes(&self) -> &[String] {
        self.space.lanes()
    }

    /// The name of a lane.
    pub(super) fn lane(&self, lane: u32) -> String {
        match self.space.lanes().get(lane as usize) {
            Some(name) => name.clone(),
            None => panic!("a step names lane {lane}, which the space does not have"),
        }
    }
}
