//! Walking a state space step by step, by whatever tells steps apart.

use crate::error::Error;
use crate::space::{
    Absorbed, Answer, Arena, Judgement, Label, PROPERTIES_MAX, Rendered, StateSpace,
};

/// How often a space may ask to begin again before it is not making progress: once per property it may hold, and once more.
const RESTARTS_MAX: usize = PROPERTIES_MAX + 1;

/// Why a walk cannot go on.
pub(super) enum Halt {
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
    /// Fingerprints of the successors, in step order; empty unless expanded.
    successors: Vec<u64>,
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
            successors: Vec::new(),
        }))
    }

    fn index(&self) -> usize {
        self.here.len() - 1
    }

    /// Asks until the space knows the answer.
    fn ask(
        &mut self,
        mut question: impl FnMut(&S, &S::Arena, usize, &mut S::Scratch, &mut Vec<u64>) -> Answer,
    ) -> Result<(), Halt> {
        loop {
            self.successors.clear();
            let index = self.index();
            let answer = question(
                self.space,
                &self.here,
                index,
                &mut self.scratch,
                &mut self.successors,
            );
            match answer {
                Answer::Complete => return Ok(()),
                Answer::Missing => {
                    match self.space.absorb(std::slice::from_mut(&mut self.scratch))? {
                        Absorbed::Continue => {}
                        Absorbed::Restart => return Err(Halt::Restart),
                    }
                }
            }
        }
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
        self.ask(|space, states, index, scratch, _| {
            space.judge(states, index, scratch, &mut judgement)
        })?;
        Ok(judgement)
    }

    /// The steps, each with the fingerprint of its successor, in step order.
    pub(super) fn steps(&mut self) -> Result<Vec<(u32, u64)>, Halt> {
        self.ask(|space, states, index, scratch, out| space.expand(states, index, scratch, out))?;
        let places = (0_u32..).zip(self.successors.iter().copied());
        // A zero marks a place without a step.
        Ok(places
            .filter(|&(_, fingerprint)| fingerprint != 0)
            .collect())
    }

    /// The step with this index, one of [`steps`](Walk::steps).
    pub(super) fn label(&self, step: u32) -> Result<Label, Halt> {
        Ok(self.space.label(&self.here, self.index(), step)?)
    }

    /// Takes the step with this index, one of [`steps`](Walk::steps).
    pub(super) fn take(&mut self, step: u32) -> Result<(), Halt> {
        let mut next = S::Arena::default();
        let index = self.index();
        self.space
            .successor(&self.here, index, step, &mut self.scratch, &mut next)?;
        assert!(next.len() == 1, "a step leads to one state");
        self.here = next;
        Ok(())
    }

    /// The names of the boundaries.
    pub(super) fn boundaries(&self) -> &[String] {
        self.space.boundaries()
    }

    /// The name of a lane.
    pub(super) fn lane(&self, lane: u32) -> String {
        match self.space.lanes().get(lane as usize) {
            Some(name) => name.clone(),
            None => panic!("a step names lane {lane}, which the space does not have"),
        }
    }
}
