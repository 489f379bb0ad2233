//! Walking a state space step by step, by whatever tells steps apart.

use crate::search::{Halt, ask, steps};
use crate::space::{Arena, Asked, Class, FairClass, Judgement, Label, Rendered, Share, StateSpace};

/// A state of a space, and what is needed to leave it.
pub(super) struct Walk<'s, S: StateSpace> {
    space: &'s mut S,
    /// How many initial states there are.
    pub(super) initial_states: usize,
    /// The state walked to, alone.
    here: S::Arena,
    scratch: S::Scratch,
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
        here.truncate(index + 1);
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
