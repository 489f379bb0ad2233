//! The catalogue: models by name, each with its parameters, its variants and the verdicts they expect.
//! Decides nothing about how a model is searched and prints nothing. Building a variant twice from the same values gives the
//! same system.

mod checkable;
mod expectation;
mod macros;
mod mutations;
mod params;

pub use checkable::{Checkable, Checked, IntoCheckable, Walked};
pub use expectation::{Agreement, Expectation};
pub use mutations::{Fate, Mistake, Mutant, Mutants};
pub use params::{Domain, ParamDecl, Parameter, Params, Value, Values};
#[doc(hidden)]
pub use params::{declare, field};

use std::fmt;

use crate::error::Error;
use crate::names;
use crate::search::Verdict;
use crate::system::Alteration;
use crate::trace::{Replay, Trace};

/// Builds the system of a variant, altered or not.
type Build =
    Box<dyn Fn(&Values, Option<&Alteration>) -> Result<Box<dyn Checkable>, Error> + Send + Sync>;

/// A model: one story, some parameters, and the designs it can be checked with.
#[derive(Debug)]
pub struct Entry {
    /// The name on the command line: `duva-join`.
    pub model: String,
    /// One line that says what it is about.
    pub summary: String,
    /// The title of the text it follows.
    pub source: String,
    /// Its parameters, in order.
    pub params: Vec<ParamDecl>,
    /// Its variants, in order; names are unique.
    pub variants: Vec<Variant>,
}

impl Entry {
    /// The variant of that name.
    ///
    /// # Errors
    /// There is none; the cure lists the nearest names.
    pub fn variant(&self, name: &str) -> Result<&Variant, Error> {
        self.variants
            .iter()
            .find(|v| v.name == name)
            .ok_or_else(|| {
                let known = self.variants.iter().map(|v| v.name.as_str());
                unknown(
                    &format!("model `{}` has no variant `{name}`", self.model),
                    name,
                    known,
                )
            })
    }

    /// The values of all parameters: the defaults, with `settings` (name, text) in their place.
    ///
    /// # Errors
    /// An unknown parameter, a text that is no such value, a value out of range.
    pub fn values(&self, settings: &[(String, String)]) -> Result<Values, Error> {
        let mut values = Values::defaults(&self.params);
        for (name, text) in settings {
            let Some(decl) = self.params.iter().find(|p| p.name == *name) else {
                let known = self.params.iter().map(|p| p.name.as_str());
                return Err(unknown(
                    &format!("model `{}` has no parameter `{name}`", self.model),
                    name,
                    known,
                ));
            };
            values.set(name, decl.parse(text)?);
        }
        Ok(values)
    }
}

/// One design of a model, with what is expected of it.
pub struct Variant {
    /// The name on the command line, behind the model's: `fire-and-forget`.
    pub name: String,
    /// The verdict of each property that is not simply expected to hold.
    pub expects: Vec<Expectation>,
    build: Build,
    /// Mistakes that the model names, each with the system that has it.
    mistakes: Vec<(String, Build)>,
}

fn builder<P: Params, S: IntoCheckable>(build: impl Fn(&P) -> S + Send + Sync + 'static) -> Build {
    Box::new(move |values, alteration| {
        let mut system = build(&P::from_values(values)?);
        if let Some(alteration) = alteration {
            system.alter(alteration);
        }
        system.into_checkable()
    })
}

impl Variant {
    /// A variant that is built from the model's parameters; all its properties are expected to hold.
    pub fn new<P: Params, S: IntoCheckable>(
        name: impl Into<String>,
        build: impl Fn(&P) -> S + Send + Sync + 'static,
    ) -> Self {
        Variant {
            name: name.into(),
            expects: Vec::new(),
            build: builder(build),
            mistakes: Vec::new(),
        }
    }

    /// The same variant, with a mistake that mutation testing makes in it besides those it finds by itself: a guard left out, say.
    #[must_use]
    pub fn mistaken<P: Params, S: IntoCheckable>(
        mut self,
        name: impl Into<String>,
        build: impl Fn(&P) -> S + Send + Sync + 'static,
    ) -> Self {
        self.mistakes.push((name.into(), builder(build)));
        self
    }

    /// The same variant, where one property is expected to get another verdict than *holds*.
    #[must_use]
    pub fn expecting(mut self, verdict: Verdict, property: impl Into<String>) -> Self {
        self.expects.push(Expectation {
            property: property.into(),
            verdict,
        });
        self
    }

    /// Builds the system.
    ///
    /// # Errors
    /// The system is not whole (an actor never set, say), or an expectation names a property that it does not have.
    pub fn build(&self, values: &Values) -> Result<Box<dyn Checkable>, Error> {
        self.whole((self.build)(values, None)?)
    }

    /// Builds the system with its handlers altered; a general model has none.
    ///
    /// # Errors
    /// As for [`build`](Variant::build).
    pub fn altered(
        &self,
        values: &Values,
        alteration: &Alteration,
    ) -> Result<Box<dyn Checkable>, Error> {
        self.whole((self.build)(values, Some(alteration))?)
    }

    fn whole(&self, checkable: Box<dyn Checkable>) -> Result<Box<dyn Checkable>, Error> {
        let names: Vec<&str> = checkable
            .properties()
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        for expectation in &self.expects {
            if !names.contains(&expectation.property.as_str()) {
                return Err(Error::model(format!(
                    "variant `{}` expects a verdict of \"{}\", but the system has no such property",
                    self.name, expectation.property
                ))
                .with_cure(names::cure(&expectation.property, names)));
            }
        }
        Ok(checkable)
    }

    /// The verdict expected of a property: what is declared, else *holds*.
    pub fn expected(&self, property: &str) -> Verdict {
        self.expects
            .iter()
            .find(|e| e.property == property)
            .map_or(Verdict::Holds, |e| e.verdict)
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variant")
            .field("name", &self.name)
            .field("expects", &self.expects)
            .finish_non_exhaustive()
    }
}

/// A number of models, in the order they are listed and checked.
#[derive(Debug, Default)]
pub struct Catalogue {
    entries: Vec<Entry>,
    is_collection: bool,
}

impl Catalogue {
    /// A catalogue of these models.
    ///
    /// # Panics
    /// Two models, or two variants of one, share a name.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let entries: Vec<Entry> = entries.into_iter().collect();
        for (i, entry) in entries.iter().enumerate() {
            assert!(
                entries[..i].iter().all(|e| e.model != entry.model),
                "two models are named `{}`",
                entry.model
            );
            for (j, variant) in entry.variants.iter().enumerate() {
                assert!(
                    entry.variants[..j].iter().all(|v| v.name != variant.name),
                    "model `{}` has two variants named `{}`",
                    entry.model,
                    variant.name
                );
            }
        }
        Catalogue {
            entries,
            is_collection: false,
        }
    }

    /// The same models, as a collection to choose from: whoever checks all of them has to say so.
    #[must_use]
    pub fn collection(self) -> Self {
        Catalogue {
            is_collection: true,
            ..self
        }
    }

    /// Whether they are a collection to choose from, rather than the models of one project.
    pub fn is_collection(&self) -> bool {
        self.is_collection
    }

    /// The models, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The model of that name.
    ///
    /// # Errors
    /// There is none; the cure lists the nearest names.
    pub fn model(&self, name: &str) -> Result<&Entry, Error> {
        self.entries
            .iter()
            .find(|e| e.model == name)
            .ok_or_else(|| {
                let known = self.entries.iter().map(|e| e.model.as_str());
                unknown(&format!("there is no model `{name}`"), name, known)
            })
    }

    /// Replays a trace against the model of its name, with the parameters it was made with.
    ///
    /// # Errors
    /// There is no such model, variant or parameter any more; the model is at fault.
    pub fn replay(&self, trace: &Trace) -> Result<Replay, Error> {
        let entry = self.model(&trace.model)?;
        let values = entry.values(&trace.parameters)?;
        let variant = entry.variant(&trace.variant)?;
        variant.build(&values)?.replay(trace)
    }

    /// What `MODEL` or `MODEL/VARIANT` names: the model, and the variants in order.
    ///
    /// # Errors
    /// An unknown model or variant.
    pub fn select(&self, name: &str) -> Result<(&Entry, Vec<&Variant>), Error> {
        match name.split_once('/') {
            None => self
                .model(name)
                .map(|entry| (entry, entry.variants.iter().collect())),
            Some((model, variant)) => {
                let entry = self.model(model)?;
                Ok((entry, vec![entry.variant(variant)?]))
            }
        }
    }
}

/// The error for a name that is not known, with the nearest ones as its cure.
pub(crate) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    Error::usage(what).with_cure(names::cure(name, known))
}
