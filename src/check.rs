//! A whole check: the search, then the choice of the traces that are reported.

use crate::error::Error;
use crate::search::{Monitor, Options, Outcome, search};
use crate::space::StateSpace;

/// Goes through every state of a space and says for each property what is known, with the shortest path to it.
///
/// # Errors
/// A mistake in the model, or in the options. A violated property is no error.
pub fn check<S: StateSpace>(
    space: &mut S,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Outcome, Error> {
    search(space, options, monitor)
}
