//! Telling what was found while the search goes on.
//!
//! A path is told by the semantic keys of its steps, since only they mean something to another space. Walking it asks the space nothing that it was not asked before,
//! so that the search goes on as if nobody had been told.

use super::levels::Search;
use super::{Discovery, Monitor, Path};
use crate::error::Error;
use crate::space::{Answer, Arena, Fingerprint, StateSpace};

impl<S: StateSpace, F: Fingerprint> Search<S, F> {
    /// Tells what is new since it last told.
    pub(super) fn tell(&mut self, space: &mut S, monitor: &dyn Monitor) -> Result<(), Error> {
        if !monitor.wants_discoveries() {
            return Ok(());
        }
        for (property, place) in self.findings.news() {
            let path = self.log.path(place);
            if let Some(way) = keys::<S, F>(space, &path)? {
                monitor.found(&space.properties()[property], &way);
            }
        }
        Ok(())
    }
}

/// The keys of a path's steps; nothing where the space would have to learn something for them.
fn keys<S: StateSpace, F: Fingerprint>(
    space: &mut S,
    path: &Path,
) -> Result<Option<Discovery>, Error> {
    let mut here = S::Arena::default();
    space.initial(&mut here)?;
    here.truncate(path.initial + 1);
    let (mut scratch, mut successors) = (S::Scratch::default(), Vec::<F>::new());
    let mut keys = Vec::with_capacity(path.steps.len());
    for &step in &path.steps {
        let index = here.len() - 1;
        successors.clear();
        if let Answer::Missing = space.expand(&here, index, &mut scratch, &mut successors) {
            return Ok(None);
        }
        keys.push(space.label(&here, index, step)?.key);
        let mut next = S::Arena::default();
        space.successor(&here, index, step, &mut scratch, &mut next)?;
        here = next;
    }
    Ok(Some(Discovery {
        initial: path.initial,
        keys,
    }))
}
