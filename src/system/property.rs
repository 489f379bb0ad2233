//! Properties as closures over snapshots.

use std::sync::Arc;

use serde::Serialize;

use super::snapshot::{Snapshot, View};
use crate::error::Error;
use crate::value::{Tree, canonical};

/// A question about one state.
pub(crate) type Predicate = Box<dyn Fn(&dyn View) -> bool + Send + Sync>;

/// Appends a value's canonical bytes to a buffer.
type Bytes = Box<dyn Fn(&dyn View, &mut Vec<u8>) -> Result<(), Error> + Send + Sync>;

/// Shows a value to people.
type Shown = Box<dyn Fn(&dyn View) -> Tree + Send + Sync>;

/// A value of one state.
pub(crate) struct Valuation {
    /// As canonical bytes, which decide whether two values are the same.
    pub(crate) bytes: Bytes,
    /// As people read it.
    pub(crate) tree: Shown,
}

/// A named property.
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) test: Test,
}

/// What it asserts.
pub(crate) enum Test {
    Always(Predicate),
    Implies(Predicate, Predicate),
    Reachable(Predicate),
    Eventually(Predicate),
    /// Premise and goal.
    LeadsTo(Predicate, Predicate),
    Measure(Predicate, Predicate),
    InfinitelyOften(Predicate),
    Stabilises(Predicate),
    Confluent {
        /// `None`: the stimuli and faults spent.
        inputs: Option<Valuation>,
        value: Valuation,
    },
}

/// A valuation from a closure that returns something serialisable.
pub(crate) fn encoded<M: 'static, V: Serialize>(
    value: impl Fn(&Snapshot<'_, M>) -> V + Send + Sync + 'static,
) -> Valuation {
    let value = Arc::new(value);
    let shown = Arc::clone(&value);
    Valuation {
        bytes: Box::new(move |view, out| canonical(&value(&Snapshot::new(view)), out)),
        tree: Box::new(move |view| Tree::of(&shown(&Snapshot::new(view)))),
    }
}

/// A predicate as the user wrote it, the type of messages erased.
pub(crate) fn predicate<M: 'static>(
    predicate: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
) -> Predicate {
    Box::new(move |view| predicate(&Snapshot::new(view)))
}
