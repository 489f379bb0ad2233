//! What a list of checks says, and what is wrong with its shape: fields that do not exist, values that are no values of their field.
//! Knows no catalogue: whether what it says can be checked is for others.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use crate::error::Error;
use crate::names;

/// A `[[check]]`. Every field may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Listed {
    pub(super) all: Option<Spanned<bool>>,
    pub(super) model: Option<Spanned<String>>,
    pub(super) variant: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) params: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    pub(super) expect: BTreeMap<String, Spanned<String>>,
    pub(super) max_depth: Option<u32>,
    pub(super) max_states: Option<u64>,
    pub(super) time: Option<Spanned<String>>,
    pub(super) memory: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) allow_bounds: bool,
}

/// What a check may say.
const FIELDS: [&str; 10] = [
    "all",
    "model",
    "variant",
    "params",
    "expect",
    "max-depth",
    "max-states",
    "time",
    "memory",
    "allow-bounds",
];

/// What a file lists, as far as it can be read.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) checks: Vec<Item>,
    /// Each with the byte at which it stands.
    pub(super) mistakes: Vec<(usize, Error)>,
}

/// A check of the list.
pub(super) struct Item {
    /// The byte at which it begins.
    pub(super) at: usize,
    pub(super) listed: Listed,
    /// Some field of it had to be left out.
    pub(super) is_partial: bool,
}

/// Reads a list.
pub(super) fn read(text: &str) -> Lists {
    let mut lists = Lists::default();
    match DeTable::parse(text) {
        Ok(file) => lists.file(file.into_inner()),
        Err(error) => lists.mistake(error.span().map_or(0, |span| span.start), &error),
    }
    lists
}

impl Lists {
    fn file(&mut self, file: DeTable<'_>) {
        for (key, value) in file {
            let name = key.get_ref();
            if name != "check" {
                let known = ["check"].into_iter().chain(FIELDS);
                self.mistakes.push((key.span().start, unknown(name, known)));
                continue;
            }
            match value.into_inner() {
                DeValue::Array(checks) => checks.into_iter().for_each(|check| self.check(check)),
                _ => {
                    let error = Error::usage("`check` is no list of checks")
                        .with_cure("begin each check with [[check]], in two pairs of brackets");
                    self.mistakes.push((key.span().start, error));
                }
            }
        }
    }

    /// Takes one check; each of its fields is read by itself first, so that all that are wrong are told.
    fn check(&mut self, check: Spanned<DeValue<'_>>) {
        let span = check.span();
        let DeValue::Table(fields) = check.into_inner() else {
            self.mistakes
                .push((span.start, malformed("a check is a table")));
            return;
        };
        let n_before = self.mistakes.len();
        let read = |fields: DeTable<'_>| {
            Listed::deserialize(Spanned::new(span.clone(), fields).into_deserializer())
        };
        let mut good = DeTable::new();
        for (key, value) in fields {
            let name = key.get_ref();
            if !FIELDS.contains(&name.as_ref()) {
                self.mistakes
                    .push((key.span().start, unknown(name, FIELDS)));
                continue;
            }
            let alone = [(key.clone(), value.clone())];
            match read(alone.into_iter().collect()) {
                Ok(_) => drop(good.insert(key, value)),
                Err(error) => self.mistake(value.span().start, &error),
            }
        }
        match read(good) {
            Ok(listed) => self.checks.push(Item {
                at: span.start,
                listed,
                is_partial: self.mistakes.len() > n_before,
            }),
            Err(error) => self.mistake(span.start, &error),
        }
    }

    /// What the parser says; it stands at a place of its own, if it names one.
    fn mistake(&mut self, at: usize, error: &toml::de::Error) {
        let at = error.span().map_or(at, |span| span.start);
        self.mistakes.push((at, malformed(error.message())));
    }
}

fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    Error::usage(format!("there is no field `{name}`")).with_cure(names::cure(name, known))
}

/// What is said of a file, or a value, that is not of the right shape.
fn malformed(message: &str) -> Error {
    Error::usage(message.trim_end().replace('\n', ", "))
        .with_cure("a check is a table [[check]] of the fields that `allways ci --help` shows")
}
