//! How a property comes to what it says of a state: which questions it asks, what is answered, which parts of the state it looks at.
//!
//! For those who explain a verdict. The search has no use for it.

use crate::value::Tree;

/// A question that a property asks of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// The only predicate of a property: its condition, or its goal.
    Condition,
    /// The premise of an `implies`, a `leads to` or a `measure`.
    Premise,
    /// The conclusion of an `implies`, asked only where the premise holds; the goal of a `leads to` or a `measure`.
    Conclusion,
    /// Whether a run may end here.
    MayEnd,
    /// The inputs of a `confluent` property.
    Inputs,
    /// Its value.
    Value,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// This value.
    Value(Tree),
    /// The property panicked.
    Panics,
}

impl Said {
    pub(crate) fn of(answer: bool) -> Self {
        if answer { Said::Yes } else { Said::No }
    }
}

/// A part of a state that a property looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The part, by its name in a [rendered](super::Rendered) state.
    pub part: String,
    /// Of an actor what of it, by name: `state`, `timers`, `saved`. `None`: all of it.
    pub facets: Option<Vec<&'static str>>,
}

impl Look {
    /// All of a part.
    pub(crate) fn all(part: impl Into<String>) -> Self {
        Look {
            part: part.into(),
            facets: None,
        }
    }
}

/// One question, its answer, and what was looked at to answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The question.
    pub asks: Asks,
    /// The answer.
    pub said: Said,
    /// What was looked at, in the order of a rendered state.
    pub looks: Vec<Look>,
}
