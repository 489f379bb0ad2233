//! Properties as closures over snapshots.

use serde::Serialize;

use super::snapshot::{Snapshot, View};
use crate::error::Error;
use crate::value::canonical;

/// A question about one state.
pub(crate) type Predicate = Box<dyn Fn(&dyn View) -> bool + Send + Sync>;

/// A value of one state, as canonical bytes appended to the buffer.
pub(crate) type Valuation = Box<dyn Fn(&dyn View, &mut Vec<u8>) -> Result<(), Error> + Send + Sync>;

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
    Box::new(move |view, out| canonical(&value(&Snapshot::new(view)), out))
}

/// A predicate as the user wrote it, the type of messages erased.
pub(crate) fn predicate<M: 'static>(
    predicate: impl Fn(&Snapshot<'_, M>) -> bool + Send + Sync + 'static,
) -> Predicate {
    Box::new(move |view| predicate(&Snapshot::new(view)))
}
