//! Properties and boundaries in a state of a general model: what they say of it, and how they come to it.

use std::sync::Arc;

use serde::Serialize;
use stateright::Model;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::{GeneralSpace, Identity};
use crate::error::Error;
use crate::space::{Asked, Asks, Judgement, Look, PropertyKind, Said};
use crate::system::guarded;
use crate::value::{Tree, canonical};

/// A question about one state.
type Predicate<M> = Box<dyn Fn(&M, &<M as Model>::State) -> bool + Send + Sync>;

/// Appends a value's canonical bytes to a buffer.
type Bytes<M> =
    Box<dyn Fn(&M, &<M as Model>::State, &mut Vec<u8>) -> Result<(), Error> + Send + Sync>;

/// Shows a value to people.
type Shown<M> = Box<dyn Fn(&M, &<M as Model>::State) -> Tree + Send + Sync>;

/// A value of one state.
pub(super) struct Valuation<M: Model> {
    /// As canonical bytes, which decide whether two values are the same.
    bytes: Bytes<M>,
    /// As people read it.
    tree: Shown<M>,
}

/// A valuation from a closure that returns something serialisable.
pub(super) fn valued<M: Model, V: Serialize>(
    value: impl Fn(&M, &M::State) -> V + Send + Sync + 'static,
) -> Valuation<M> {
    let value = Arc::new(value);
    let shown = Arc::clone(&value);
    Valuation {
        bytes: Box::new(move |model, state, out| canonical(&value(model, state), out)),
        tree: Box::new(move |model, state| Tree::of(&shown(model, state))),
    }
}

/// A property that is judged state by state.
pub(super) enum Property<M: Model> {
    /// One of the model's own.
    Own(fn(&M, &M::State) -> bool),
    Holds(Predicate<M>),
    Implies(Predicate<M>, Predicate<M>),
    /// In a quiescent state the predicate holds.
    MayEnd(Predicate<M>),
    /// Quiescent states with equal inputs, if there are any, have equal values.
    Confluent {
        inputs: Option<Valuation<M>>,
        value: Valuation<M>,
    },
    /// Premise and goal.
    LeadsTo(Predicate<M>, Predicate<M>),
}

/// A boundary: whether a state lies inside.
pub(super) enum Boundary<M: Model> {
    /// The model's own `within_boundary`.
    Own,
    Within(Predicate<M>),
}

impl<M: Model> Property<M> {
    /// Whether it is satisfied, and whether it has a premise that holds.
    #[inline]
    fn judge(&self, model: &M, state: &M::State, quiescent: bool) -> (bool, bool) {
        match self {
            Property::Own(holds) => (holds(model, state), false),
            Property::Holds(holds) => (holds(model, state), false),
            Property::Implies(premise, conclusion) => {
                let premise = premise(model, state);
                (!premise || conclusion(model, state), premise)
            }
            // Asked in every state, so that a panic shows wherever it happens.
            Property::MayEnd(may_end) => (may_end(model, state) || !quiescent, false),
            // Two states violate it, never one.
            Property::Confluent { .. } => (true, false),
            Property::LeadsTo(premise, goal) => (goal(model, state), premise(model, state)),
        }
    }

    /// For a `confluent` property the hashes of inputs and value.
    fn valuate(
        &self,
        model: &M,
        state: &M::State,
        seed: u64,
    ) -> Result<Option<(u128, u128)>, Error> {
        let Property::Confluent { inputs, value } = self else {
            return Ok(None);
        };
        let hash = |valuation: &Valuation<M>| -> Result<u128, Error> {
            let mut bytes = Vec::new();
            (valuation.bytes)(model, state, &mut bytes)?;
            Ok(xxh3_128_with_seed(&bytes, seed))
        };
        // A general model has neither stimuli nor faults: without inputs of their own all quiescent states have the same.
        let inputs = inputs.as_ref().map_or(Ok(0), hash)?;
        Ok(Some((inputs, hash(value)?)))
    }
}

impl<M: Model> Property<M> {
    /// How it comes to what it says of a state: it looks at all of it.
    fn asked(&self, model: &M, state: &M::State) -> Vec<Asked> {
        let told = |asks, said| Asked {
            asks,
            said,
            looks: vec![Look::all("state")],
        };
        let is = |asks, predicate: &dyn Fn(&M, &M::State) -> bool| {
            let said = guarded(|| predicate(model, state));
            told(asks, said.map_or(Said::Panics, Said::of))
        };
        let value = |asks, valuation: &Valuation<M>| {
            let said = guarded(|| (valuation.tree)(model, state));
            told(asks, said.map_or(Said::Panics, Said::Value))
        };
        match self {
            Property::Own(holds) => vec![is(Asks::Condition, holds)],
            Property::Holds(holds) => vec![is(Asks::Condition, holds)],
            Property::MayEnd(may_end) => vec![is(Asks::MayEnd, may_end)],
            Property::Implies(premise, conclusion) => {
                let mut asked = vec![is(Asks::Premise, premise)];
                if asked[0].said == Said::Yes {
                    asked.push(is(Asks::Conclusion, conclusion));
                }
                asked
            }
            Property::LeadsTo(premise, goal) => {
                vec![is(Asks::Premise, premise), is(Asks::Conclusion, goal)]
            }
            Property::Confluent { inputs, value: of } => {
                let inputs = inputs.as_ref().map(|inputs| value(Asks::Inputs, inputs));
                inputs.into_iter().chain([value(Asks::Value, of)]).collect()
            }
        }
    }
}

impl<M: Model> Boundary<M> {
    #[inline]
    fn is_inside(&self, model: &M, state: &M::State) -> bool {
        match self {
            Boundary::Own => model.within_boundary(state),
            Boundary::Within(inside) => inside(model, state),
        }
    }
}

/// Where a property stands when it cannot be asked: satisfied, but no witness.
pub(super) fn is_neutral(kind: PropertyKind) -> bool {
    !matches!(kind, PropertyKind::Reachable | PropertyKind::NoPanic)
}

/// Judging.
impl<M: Model, I: Identity<M::State>> GeneralSpace<M, I> {
    /// Whether a state has no step. One that panics is a step. Lies inside or outside of a boundary where it leads: it is one.
    fn is_quiescent(&self, state: &M::State, actions: &mut Vec<M::Action>) -> bool {
        let mut is_quiescent = true;
        self.each_successor(state, actions, |_| {
            is_quiescent = false;
            false
        });
        is_quiescent
    }

    /// Judges a state. A panic passes through.
    ///
    /// # Errors
    /// A value of a `confluent` property has no canonical encoding, or is another one the second time.
    #[inline]
    pub(super) fn judge_all(
        &self,
        state: &M::State,
        actions: &mut Vec<M::Action>,
        out: &mut Judgement,
    ) -> Result<(), Error> {
        for (b, boundary) in self.boundaries.iter().enumerate() {
            out.outside |= u64::from(!boundary.is_inside(&self.model, state)) << b;
        }
        out.quiescent = self.asks_quiescence && self.is_quiescent(state, actions);
        out.holds = 1;
        for (i, property) in self.properties.iter().enumerate() {
            let (holds, premise) = property.judge(&self.model, state, out.quiescent);
            out.holds |= u64::from(holds) << (i + 1);
            out.premise |= u64::from(premise) << (i + 1);
        }
        if out.quiescent && out.outside == 0 {
            for i in 0..self.properties.len() {
                self.valuate(i, state, out)?;
            }
        }
        Ok(())
    }

    /// See [`StateSpace::asked`](crate::space::StateSpace::asked).
    pub(super) fn asked_of(&self, state: &M::State, property: usize) -> Vec<Asked> {
        let property = property.checked_sub(1).map(|i| &self.properties[i]);
        property.map_or_else(Vec::new, |property| property.asked(&self.model, state))
    }

    /// Notes what a `confluent` property says of a quiescent state. A panic passes through.
    fn valuate(&self, i: usize, state: &M::State, out: &mut Judgement) -> Result<(), Error> {
        let name = || format!("property \"{}\"", self.decls[i + 1].name);
        let run = || {
            let valuated = self.properties[i].valuate(&self.model, state, self.seed);
            valuated.map_err(|error| error.about(&name()))
        };
        let Some((inputs, value)) = run()? else {
            return Ok(());
        };
        if run()? != Some((inputs, value)) {
            return Err(
                Error::model(format!("{} answers differently the second time", name()))
                    .with_cure("a property must depend on nothing but the model and the state"),
            );
        }
        out.confluent.push((i + 1, inputs, value));
        Ok(())
    }

    /// Judges a state in which something panics: what panics says nothing but that.
    ///
    /// # Errors
    /// As [`judge_all`](Self::judge_all).
    #[cold]
    pub(super) fn judge_guarded(
        &self,
        state: &M::State,
        actions: &mut Vec<M::Action>,
        out: &mut Judgement,
    ) -> Result<(), Error> {
        (out.holds, out.premise, out.outside) = (0, 0, 0);
        out.confluent.clear();
        out.panic = None;
        let panics = |out: &mut Judgement, what: &str, name: &str, message: String| {
            let message = format!("{what} \"{name}\" panics: {message}");
            out.panic.get_or_insert(message);
        };
        for (b, boundary) in self.boundaries.iter().enumerate() {
            match guarded(|| boundary.is_inside(&self.model, state)) {
                Ok(inside) => out.outside |= u64::from(!inside) << b,
                Err(thrown) => panics(out, "the boundary", &self.boundary_names[b], thrown.message),
            }
        }
        // What panics when it is asked for its steps has one: into the panic.
        out.quiescent =
            self.asks_quiescence && guarded(|| self.is_quiescent(state, actions)).unwrap_or(false);
        let quiescent = out.quiescent;
        for (i, property) in self.properties.iter().enumerate() {
            let decl = &self.decls[i + 1];
            let (holds, premise) = match guarded(|| property.judge(&self.model, state, quiescent)) {
                Ok(judged) => judged,
                Err(thrown) => {
                    panics(out, "the property", &decl.name, thrown.message);
                    (is_neutral(decl.kind), false)
                }
            };
            out.holds |= u64::from(holds) << (i + 1);
            out.premise |= u64::from(premise) << (i + 1);
            if quiescent && out.outside == 0 {
                match guarded(|| self.valuate(i, state, out)) {
                    Ok(valuated) => valuated?,
                    Err(thrown) => panics(out, "the property", &decl.name, thrown.message),
                }
            }
        }
        out.holds |= u64::from(out.panic.is_none());
        Ok(())
    }
}
