//! Parameters of a model: declared with a type, a default, a range and a line of help; given as text; read as Rust values.
//! The declaration is the only place that knows what is allowed.

use std::fmt;
use std::ops::RangeInclusive;

use crate::error::Error;

/// A parameter as people and tools see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamDecl {
    /// The name on the command line.
    pub name: String,
    /// One line that says what it is.
    pub help: String,
    /// What it may be.
    pub domain: Domain,
    /// What it is unless set.
    pub default: Value,
}

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A whole number from `min` to `max`, both included.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// `true` or `false`.
    Bool,
    /// One of these words.
    Choice(Vec<&'static str>),
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A word.
    Choice(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(n) => n.fmt(f),
            Value::Bool(b) => b.fmt(f),
            Value::Choice(word) => word.fmt(f),
        }
    }
}

impl Domain {
    /// `integer`, `bool` or `choice`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Domain::Integer { .. } => "integer",
            Domain::Bool => "bool",
            Domain::Choice(_) => "choice",
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Integer { min, max } => write!(f, "{min} to {max}"),
            Domain::Bool => f.write_str("true or false"),
            Domain::Choice(words) => f.write_str(&words.join(", ")),
        }
    }
}

impl ParamDecl {
    /// The value that a text stands for.
    ///
    /// # Errors
    /// The text is no value of this parameter.
    pub fn parse(&self, text: &str) -> Result<Value, Error> {
        let value = match &self.domain {
            Domain::Integer { min, max } => match text.parse::<i64>() {
                Ok(n) if (*min..=*max).contains(&n) => Some(Value::Integer(n)),
                _ => None,
            },
            Domain::Bool => text.parse().ok().map(Value::Bool),
            Domain::Choice(words) => words
                .contains(&text)
                .then(|| Value::Choice(text.to_owned())),
        };
        value.ok_or_else(|| {
            let what = match self.domain {
                Domain::Integer { .. } if text.parse::<i64>().is_ok() => "is out of range",
                Domain::Integer { .. } => "is not a whole number",
                Domain::Bool => "is neither true nor false",
                Domain::Choice(_) => "is not one of the choices",
            };
            Error::usage(format!("{}={text} {what}", self.name)).with_cure(format!(
                "`{}` takes {}; the default is {}",
                self.name, self.domain, self.default
            ))
        })
    }
}

/// The values of all parameters of a model, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(String, Value)>);

impl Values {
    /// Every parameter at its default, in order.
    pub fn defaults(decls: &[ParamDecl]) -> Self {
        Values(
            decls
                .iter()
                .map(|d| (d.name.clone(), d.default.clone()))
                .collect(),
        )
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Sets a parameter.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Names and values, in the order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v))
    }

    /// Names and texts, as a trace file keeps them.
    pub fn texts(&self) -> Vec<(String, String)> {
        self.iter()
            .map(|(n, v)| (n.to_owned(), v.to_string()))
            .collect()
    }
}

/// A struct of parameters; made by [`params!`](crate::params).
pub trait Params: Sized + 'static {
    /// The declarations, in order.
    fn decls() -> Vec<ParamDecl>;

    /// The struct with these values.
    ///
    /// # Errors
    /// A value is missing or of the wrong type.
    fn from_values(values: &Values) -> Result<Self, Error>;
}

/// For a model without parameters.
impl Params for () {
    fn decls() -> Vec<ParamDecl> {
        Vec::new()
    }

    fn from_values(_: &Values) -> Result<Self, Error> {
        Ok(())
    }
}

/// A Rust type that a parameter can have; `D` is how its domain is written in [`params!`](crate::params).
pub trait Parameter<D>: Sized {
    /// What the domain allows.
    fn domain(domain: D) -> Domain;

    /// As a value.
    fn to_value(self) -> Value;

    /// From a value of that domain; `None` if it is of another type.
    fn from_value(value: &Value, domain: D) -> Option<Self>;
}

macro_rules! integers {
    ($($ty:ty),*) => { $(
        impl Parameter<RangeInclusive<$ty>> for $ty {
            fn domain(domain: RangeInclusive<$ty>) -> Domain {
                // A bound that no 64-bit number reaches is no bound.
                Domain::Integer {
                    min: i64::try_from(*domain.start()).unwrap_or(i64::MAX),
                    max: i64::try_from(*domain.end()).unwrap_or(i64::MAX),
                }
            }

            fn to_value(self) -> Value {
                Value::Integer(i64::try_from(self).unwrap_or(i64::MAX))
            }

            fn from_value(value: &Value, domain: RangeInclusive<$ty>) -> Option<Self> {
                match value {
                    Value::Integer(n) => <$ty>::try_from(*n).ok().filter(|n| domain.contains(n)),
                    _ => None,
                }
            }
        }
    )* };
}

integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64);

impl Parameter<()> for bool {
    fn domain((): ()) -> Domain {
        Domain::Bool
    }

    fn to_value(self) -> Value {
        Value::Bool(self)
    }

    fn from_value(value: &Value, (): ()) -> Option<Self> {
        match value {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }
}

impl<const N: usize> Parameter<[&'static str; N]> for &'static str {
    fn domain(domain: [&'static str; N]) -> Domain {
        Domain::Choice(domain.to_vec())
    }

    fn to_value(self) -> Value {
        Value::Choice(self.to_owned())
    }

    fn from_value(value: &Value, domain: [&'static str; N]) -> Option<Self> {
        match value {
            Value::Choice(word) => domain.into_iter().find(|w| w == word),
            _ => None,
        }
    }
}

/// One declaration, for [`params!`](crate::params).
///
/// # Panics
/// The default lies outside its domain.
#[doc(hidden)]
pub fn declare<T: Parameter<D>, D>(name: &str, help: &[&str], default: T, domain: D) -> ParamDecl {
    let help = help
        .iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join(" ");
    let decl = ParamDecl {
        name: name.to_owned(),
        help,
        domain: T::domain(domain),
        default: default.to_value(),
    };
    assert!(
        decl.parse(&decl.default.to_string()).is_ok(),
        "the default of parameter `{name}` lies outside its range"
    );
    decl
}

/// One field, for [`params!`](crate::params).
#[doc(hidden)]
pub fn field<T: Parameter<D>, D>(values: &Values, name: &str, domain: D) -> Result<T, Error> {
    values
        .get(name)
        .and_then(|value| T::from_value(value, domain))
        .ok_or_else(|| Error::usage(format!("parameter `{name}` has no value of its type")))
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::params! {
        /// Some of each.
        struct Sample {
            /// How many
            /// there are.
            members: usize = 3, 2..=4;
            /// Whether messages get lost.
            lossy: bool = false;
            /// The order of delivery.
            order: &'static str = "fifo", ["fifo", "any"];
        }
    }

    fn decl(name: &str) -> ParamDecl {
        Sample::decls()
            .into_iter()
            .find(|d| d.name == name)
            .expect("declared")
    }

    #[test]
    fn declarations_keep_order_help_and_defaults() {
        let decls = Sample::decls();
        let names: Vec<&str> = decls.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["members", "lossy", "order"]);
        assert_eq!(decls[0].help, "How many there are.");
        assert_eq!(decls[0].domain, Domain::Integer { min: 2, max: 4 });
        assert_eq!(decls[2].default, Value::Choice("fifo".to_owned()));
    }

    #[test]
    fn values_are_read_back() {
        let mut values = Values::defaults(&Sample::decls());
        values.set("members", decl("members").parse("4").expect("in range"));
        values.set("order", decl("order").parse("any").expect("a choice"));
        let sample = Sample::from_values(&values).expect("complete");
        assert_eq!(
            (sample.members, sample.lossy, sample.order),
            (4, false, "any")
        );
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_the_range() {
        for (name, text, what) in [
            ("members", "5", "members=5 is out of range"),
            ("members", "1", "members=1 is out of range"),
            ("members", "-1", "members=-1 is out of range"),
            ("members", "many", "members=many is not a whole number"),
            ("members", "", "members= is not a whole number"),
            ("lossy", "yes", "lossy=yes is neither true nor false"),
            ("order", "lifo", "order=lifo is not one of the choices"),
        ] {
            let error = decl(name).parse(text).expect_err(text);
            assert!(error.is_usage());
            assert!(error.to_string().starts_with(what), "{error}");
            assert!(error.cure().is_some_and(|c| c.contains("the default is")));
        }
    }
}
