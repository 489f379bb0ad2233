//! The properties and boundaries of a general model: its own, and closures beside them.

use std::sync::Arc;

use serde::Serialize;
use stateright::{Expectation, Model};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::{GeneralSpace, Identity};
use crate::error::Error;
use crate::space::{
    Asked, Asks, Judgement, Look, PROPERTIES_MAX, PropertyDecl, PropertyKind, Said,
};
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
fn valued<M: Model, V: Serialize>(
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
fn is_neutral(kind: PropertyKind) -> bool {
    !matches!(kind, PropertyKind::Reachable | PropertyKind::NoPanic)
}

/// Putting a space together.
impl<M: Model, I: Identity<M::State>> GeneralSpace<M, I> {
    pub(super) fn new(model: M) -> Self {
        let own = model.properties();
        let mut space = GeneralSpace {
            model,
            decls: vec![PropertyDecl {
                name: "no panic".into(),
                kind: PropertyKind::NoPanic,
            }],
            properties: Vec::new(),
            neutral: 0,
            asks_quiescence: false,
            boundary_names: vec!["within_boundary".into()],
            boundaries: vec![Boundary::Own],
            lanes: vec!["model".into()],
            action_key: None,
            seed: 0,
            mistake: None,
            identity: std::marker::PhantomData,
        };
        for property in own {
            let kind = match property.expectation {
                Expectation::Always => PropertyKind::Always,
                Expectation::Sometimes => PropertyKind::Reachable,
                Expectation::Eventually => PropertyKind::Eventually,
            };
            space = space.with(property.name, kind, Property::Own(property.condition));
        }
        space
    }

    /// Requires that `holds` in every reachable state.
    #[must_use]
    pub fn always(
        self,
        name: impl Into<String>,
        holds: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(name, PropertyKind::Always, Property::Holds(Box::new(holds)))
    }

    /// Requires that `holds` in some reachable state.
    #[must_use]
    pub fn reachable(
        self,
        name: impl Into<String>,
        holds: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(
            name,
            PropertyKind::Reachable,
            Property::Holds(Box::new(holds)),
        )
    }

    /// Requires that `conclusion` holds wherever `premise` does.
    #[must_use]
    pub fn implies(
        self,
        name: impl Into<String>,
        premise: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
        conclusion: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        let property = Property::Implies(Box::new(premise), Box::new(conclusion));
        self.with(name, PropertyKind::Implies, property)
    }

    /// All quiescent states, those without a step, agree on `value`.
    #[must_use]
    pub fn confluent<V: Serialize>(
        self,
        name: impl Into<String>,
        value: impl Fn(&M, &M::State) -> V + Send + Sync + 'static,
    ) -> Self {
        let property = Property::Confluent {
            inputs: None,
            value: valued(value),
        };
        self.with(name, PropertyKind::Confluent, property)
    }

    /// All quiescent states, those without a step, with equal `inputs` agree on `value`.
    #[must_use]
    pub fn confluent_given<K: Serialize, V: Serialize>(
        self,
        name: impl Into<String>,
        inputs: impl Fn(&M, &M::State) -> K + Send + Sync + 'static,
        value: impl Fn(&M, &M::State) -> V + Send + Sync + 'static,
    ) -> Self {
        let property = Property::Confluent {
            inputs: Some(valued(inputs)),
            value: valued(value),
        };
        self.with(name, PropertyKind::Confluent, property)
    }

    /// Only where `may_end` holds may a run end: a quiescent state elsewhere, one without a step, is a deadlock. Without this, deadlock is not
    /// checked.
    #[must_use]
    pub fn may_end_when(
        self,
        may_end: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        let property = Property::MayEnd(Box::new(may_end));
        self.with("no deadlock", PropertyKind::NoDeadlock, property)
    }

    /// Requires that every run comes to a state where `goal` holds, if some step is taken while one is enabled.
    #[must_use]
    pub fn eventually(
        self,
        name: impl Into<String>,
        goal: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(
            name,
            PropertyKind::Eventually,
            Property::Holds(Box::new(goal)),
        )
    }

    /// Requires that every run comes again and again to a state where `goal` holds, if some step is taken while one is enabled.
    #[must_use]
    pub fn infinitely_often(
        self,
        name: impl Into<String>,
        goal: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(
            name,
            PropertyKind::InfinitelyOften,
            Property::Holds(Box::new(goal)),
        )
    }

    /// Requires that every run comes to a point from which on `goal` always holds, if some step is taken while one is enabled.
    #[must_use]
    pub fn stabilises(
        self,
        name: impl Into<String>,
        goal: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(
            name,
            PropertyKind::Stabilises,
            Property::Holds(Box::new(goal)),
        )
    }

    /// Requires that whenever `premise` holds every run comes, then or later, to a state where `goal` holds, if some step is taken while one
    /// is enabled.
    #[must_use]
    pub fn leads_to(
        self,
        name: impl Into<String>,
        premise: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
        goal: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        let property = Property::LeadsTo(Box::new(premise), Box::new(goal));
        self.with(name, PropertyKind::LeadsTo, property)
    }

    /// Like [`leads_to`](GeneralSpace::leads_to); and when it holds, the report says how many steps lie at most between the two, over all runs.
    #[must_use]
    pub fn measure(
        self,
        name: impl Into<String>,
        from: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
        to: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        let property = Property::LeadsTo(Box::new(from), Box::new(to));
        self.with(name, PropertyKind::Measure, property)
    }

    /// A boundary: only states where `inside` answers true are explored. If it ever cuts something, the report names it.
    #[must_use]
    pub fn within(
        mut self,
        name: impl Into<String>,
        inside: impl Fn(&M, &M::State) -> bool + Send + Sync + 'static,
    ) -> Self {
        if self.boundaries.len() == PROPERTIES_MAX {
            self.refuse(Error::capacity(format!(
                "a model has at most {PROPERTIES_MAX} boundaries"
            )));
            return self;
        }
        self.boundary_names.push(name.into());
        self.boundaries.push(Boundary::Within(Box::new(inside)));
        self
    }

    fn with(mut self, name: impl Into<String>, kind: PropertyKind, property: Property<M>) -> Self {
        let name = name.into();
        if self.decls.iter().any(|decl| decl.name == name) {
            self.refuse(
                Error::model(format!("two properties are called \"{name}\""))
                    .with_cure("give each property a name of its own"),
            );
            return self;
        }
        if self.decls.len() == PROPERTIES_MAX {
            self.refuse(Error::capacity(format!(
                "a model has at most {PROPERTIES_MAX} properties"
            )));
            return self;
        }
        self.asks_quiescence |= matches!(kind, PropertyKind::NoDeadlock | PropertyKind::Confluent);
        if is_neutral(kind) {
            self.neutral |= 1 << self.decls.len();
        }
        self.decls.push(PropertyDecl { name, kind });
        self.properties.push(property);
        self
    }

    /// Keeps the first mistake for when the space is searched.
    fn refuse(&mut self, error: Error) {
        self.mistake.get_or_insert(error);
    }

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

/// Semantic keys of actions.
impl<M: Model, I: Identity<M::State>> GeneralSpace<M, I>
where
    M::Action: serde::Serialize,
{
    /// Orders steps by the canonical encoding of their action, where otherwise their place in `Model::actions` counts.
    #[must_use]
    pub fn with_encoded_actions(mut self) -> Self {
        self.action_key = Some(crate::value::canonical);
        self
    }
}
