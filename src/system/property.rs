//! Properties as closures over snapshots.

use serde::Serialize;

use super::snapshot::Snapshot;
use crate::error::Error;
use crate::value::canonical;

/// A question about one state.
pub(crate) type Predicate<M> = Box<dyn Fn(&Snapshot<'_, M>) -> bool + Send + Sync>;

/// A value of one state, as canonical bytes appended to the buffer.
pub(crate) type Valuation<M> =
    Box<dyn Fn(&Snapshot<'_, M>, &mut Vec<u8>) -> Result<(), Error> + Send + Sync>;

/// A named property.
pub(crate) struct Property<M> {
    pub(crate) name: String,
    pub(crate) test: Test<M>,
}

/// What it asserts.
pub(crate) enum Test<M> {
    Always(Predicate<M>),
    Implies(Predicate<M>, Predicate<M>),
    Reachable(Predicate<M>),
    Eventually(Predicate<M>),
    /// Premise and goal.
    LeadsTo(Predicate<M>, Predicate<M>),
    InfinitelyOften(Predicate<M>),
    Stabilises(Predicate<M>),
    Confluent {
        /// `None`: the stimuli and faults spent.
        inputs: Option<Valuation<M>>,
        value: Valuation<M>,
    },
}

/// A valuation from a closure that returns something serialisable.
pub(crate) fn encoded<M, V: Serialize>(
    value: impl Fn(&Snapshot<'_, M>) -> V + Send + Sync + 'static,
) -> Valuation<M> {
    Box::new(move |s, out| canonical(&value(s), out))
}
