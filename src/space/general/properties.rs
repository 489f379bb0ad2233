//! The properties and boundaries of a general model: its own, and closures beside them.

use stateright::{Expectation, Model};

use super::{GeneralSpace, Identity};
use crate::error::Error;
use crate::space::{Judgement, PROPERTIES_MAX, PropertyDecl, PropertyKind};
use crate::system::guarded;

/// A question about one state.
type Predicate<M> = Box<dyn Fn(&M, &<M as Model>::State) -> bool + Send + Sync>;

/// A property that is judged state by state.
pub(super) enum Property<M: Model> {
    /// One of the model's own, always or sometimes.
    Own(fn(&M, &M::State) -> bool),
    Holds(Predicate<M>),
    Implies(Predicate<M>, Predicate<M>),
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
    fn judge(&self, model: &M, state: &M::State) -> (bool, bool) {
        match self {
            Property::Own(holds) => (holds(model, state), false),
            Property::Holds(holds) => (holds(model, state), false),
            Property::Implies(premise, conclusion) => {
                let premise = premise(model, state);
                (!premise || conclusion(model, state), premise)
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
                Expectation::Eventually => {
                    space.refuse(
                        Error::usage(format!(
                            "the property \"{}\" is an `eventually`: liveness is not yet checked",
                            property.name
                        ))
                        .with_cure("take it out of `Model::properties`, or state what must never happen as an `always`"),
                    );
                    continue;
                }
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

    /// Judges a state. A panic passes through.
    #[inline]
    pub(super) fn judge_all(&self, state: &M::State, out: &mut Judgement) {
        for (b, boundary) in self.boundaries.iter().enumerate() {
            out.outside |= u64::from(!boundary.is_inside(&self.model, state)) << b;
        }
        out.holds = 1;
        for (i, property) in self.properties.iter().enumerate() {
            let (holds, premise) = property.judge(&self.model, state);
            out.holds |= u64::from(holds) << (i + 1);
            out.premise |= u64::from(premise) << (i + 1);
        }
    }

    /// Judges a state in which something panics: what panics says nothing but that.
    #[cold]
    pub(super) fn judge_guarded(&self, state: &M::State, out: &mut Judgement) {
        (out.holds, out.premise, out.outside) = (0, 0, 0);
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
        for (i, property) in self.properties.iter().enumerate() {
            let decl = &self.decls[i + 1];
            let (holds, premise) = match guarded(|| property.judge(&self.model, state)) {
                Ok(judged) => judged,
                Err(thrown) => {
                    panics(out, "the property", &decl.name, thrown.message);
                    (is_neutral(decl.kind), false)
                }
            };
            out.holds |= u64::from(holds) << (i + 1);
            out.premise |= u64::from(premise) << (i + 1);
        }
        out.holds |= u64::from(out.panic.is_none());
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
