//! Asking a space what it does not know yet, one question at a time: for whoever walks through few states. A search asks in batches.

use crate::error::Error;
use crate::space::{Absorbed, Answer, PROPERTIES_MAX, StateSpace};

/// How often a space may ask to begin again before it is not making progress: once per property it may hold, and once more.
pub(crate) const RESTARTS_MAX: usize = PROPERTIES_MAX + 1;

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

/// Walks as often as the space asks to begin again.
pub(crate) fn walking<S: StateSpace, T>(
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

/// The steps among the places of an expansion: a zero marks a place without a step.
pub(crate) fn steps(successors: &[u64]) -> Vec<(u32, u64)> {
    let places = (0_u32..).zip(successors.iter().copied());
    places
        .filter(|&(_, fingerprint)| fingerprint != 0)
        .collect()
}
