//! A whole check: the search, then the choice of the traces that are reported.

use crate::error::Error;
use crate::search::{Monitor, Options, Outcome, explore, in_pool};
use crate::space::StateSpace;
use crate::trace::choose::choose;

/// Goes through every state of a space and says for each property what is known, with the shortest path to it: among the shortest, the
/// one with the fewest faults, then the fewest switches between lanes, then the least in semantic order.
///
/// # Errors
/// A mistake in the model, or in the options. A violated property is no error.
pub fn check<S: StateSpace>(
    space: &mut S,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Outcome, Error> {
    let outcome = explore(space, options, monitor).and_then(|mut explored| {
        in_pool(options, || choose(space, options, &mut explored))??;
        Ok(explored.outcome)
    });
    // Whoever walks the paths walks through the model as it is, and through the states themselves.
    space.reduce(false)?;
    let outcome = outcome?;
    space.bound_faults(None)?;
    Ok(outcome)
}
