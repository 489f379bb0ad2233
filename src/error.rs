//! The one error type of the library.

use std::fmt;

/// Why a model could not be checked: a mistake in the model, in what was asked, or in a file.
///
/// A violated property is not an error: it is a verdict. A broken invariant of Allways itself is an assertion.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}{}", Cure(.cure))]
pub struct Error {
    kind: Kind,
    cure: Option<String>,
}

/// Prints a cure behind its error.
struct Cure<'a>(&'a Option<String>);

impl fmt::Display for Cure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(cure) => write!(f, "\n  help: {cure}"),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, thiserror::Error)]
enum Kind {
    #[error("{0}")]
    Model(String),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    File(String),
    #[error("{0}")]
    Capacity(String),
}

impl Error {
    /// A mistake in the model: a handler that is not deterministic, an encoding that is not canonical, an actor never set.
    pub fn model(what: impl Into<String>) -> Self {
        Error {
            kind: Kind::Model(what.into()),
            cure: None,
        }
    }

    /// A mistake in what was asked for: an unknown name, a value out of range, options that do not go together.
    pub fn usage(what: impl Into<String>) -> Self {
        Error {
            kind: Kind::Usage(what.into()),
            cure: None,
        }
    }

    /// A file that cannot be read, written, or is not what it should be.
    pub fn file(what: impl Into<String>) -> Self {
        Error {
            kind: Kind::File(what.into()),
            cure: None,
        }
    }

    /// A packed width overflowed: more components, steps or states than the engine can number.
    pub fn capacity(what: impl Into<String>) -> Self {
        Error {
            kind: Kind::Capacity(what.into()),
            cure: None,
        }
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn with_cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// The same error, saying what it is about: a file, an actor.
    #[must_use]
    pub(crate) fn about(mut self, what: &str) -> Self {
        let (Kind::Model(text) | Kind::Usage(text) | Kind::File(text) | Kind::Capacity(text)) =
            &mut self.kind;
        *text = format!("{what}: {text}");
        self
    }

    /// What is wrong, without the cure.
    pub fn message(&self) -> String {
        self.kind.to_string()
    }

    /// What to do about it, where known.
    pub fn cure(&self) -> Option<&str> {
        self.cure.as_deref()
    }

    /// Whether the model is at fault.
    pub fn is_model(&self) -> bool {
        matches!(self.kind, Kind::Model(_))
    }

    /// Whether what was asked for is at fault.
    pub fn is_usage(&self) -> bool {
        matches!(self.kind, Kind::Usage(_))
    }

    /// Whether a file is at fault.
    pub fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File(_))
    }

    /// Whether a packed width overflowed.
    pub fn is_capacity(&self) -> bool {
        matches!(self.kind, Kind::Capacity(_))
    }
}
