//! Putting a space together: what is claimed of a general model, its own properties and closures beside them, and the boundaries within which it is
//! looked at. A mistake is kept, and told once the space is searched.

use serde::Serialize;
use stateright::{Expectation, Model};

use super::properties::{Boundary, Property, is_neutral, valued};
use super::{GeneralSpace, Identity};
use crate::error::Error;
use crate::space::{OWN_BOUNDARY, PROPERTIES_MAX, PropertyDecl, PropertyKind};

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
            boundary_names: vec![OWN_BOUNDARY.into()],
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
