//! Traces in the Informal Trace Format of Apalache, which Quint and other tools read too.
//!
//! Every part of the state is a variable. Whole states are found from the first one and the changes; what the trace does not tell is written as
//! unserializable, never guessed. A value with a name (`Some(3)`, `Member{term: 1}`) has a `tag` and a `value`, as Quint's
//! sum types have.
//!
//! Source: Apalache, ADR-015, "Informal Trace Format in JSON".

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::states::{Known, states};
use super::super::text::event;
use super::super::{Trace, TracePath};
use super::claim::{claim, subject};
use super::json::escaped;
use crate::value::Tree;

/// The trace as ITF, indented, with a line break at the end. Of two paths the first.
pub fn to_itf(trace: &Trace) -> String {
    let itf = match trace.paths.first() {
        Some(path) => itf(trace, path),
        None => json!({ "vars": [], "states": [] }),
    };
    let mut text = match serde_json::to_string_pretty(&itf) {
        Ok(text) => text,
        // Strings, booleans and lists.
        Err(error) => panic!("a trace did not become JSON: {error}"),
    };
    text.push('\n');
    escaped(text)
}

fn itf(trace: &Trace, path: &TracePath) -> Value {
    let mut states = states(path);
    // The last state of a loop is its first one again.
    if path
        .loop_start
        .is_some_and(|start| start < path.steps.len())
    {
        states.pop();
    }
    let parts = states.iter().flatten().map(|(part, _)| part.clone());
    let vars: BTreeSet<String> = parts.collect();
    let names: Vec<String> = vars.iter().map(|var| plain(var)).collect();
    let all: Vec<Value> = states
        .iter()
        .enumerate()
        .map(|(i, known)| {
            let before = i.checked_sub(1).and_then(|before| path.steps.get(before));
            let action = before.map(|step| event(step, &trace.lanes));
            state(i, action, known, &vars)
        })
        .collect();
    let mut itf = json!({
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "source": subject(trace),
            "description": claim(trace),
        },
        "vars": names,
        "states": all,
    });
    if let Some(start) = path.loop_start {
        itf["loop"] = start.into();
    }
    itf
}

/// A state: what led to it, and the value of each variable.
fn state(index: usize, action: Option<String>, known: &Known, vars: &BTreeSet<String>) -> Value {
    let mut meta = Map::new();
    meta.insert("index".to_owned(), index.into());
    if let Some(action) = action {
        meta.insert("action".to_owned(), action.into());
    }
    let mut state = Map::new();
    state.insert("#meta".to_owned(), meta.into());
    for var in vars {
        let tree = known.iter().find(|(part, _)| part == var);
        let value = match tree {
            Some((_, Some(tree))) => value(tree),
            Some((_, None)) => unserializable("not told by the trace"),
            None => unserializable("nothing"),
        };
        state.insert(plain(var), value);
    }
    state.into()
}

/// A name that is not taken for one of the format's own.
fn plain(name: &str) -> String {
    match name.starts_with('#') || name.is_empty() {
        true => format!("_{name}"),
        false => name.to_owned(),
    }
}

fn unserializable(text: &str) -> Value {
    json!({ "#unserializable": text })
}

fn value(tree: &Tree) -> Value {
    let list = |trees: &[Tree]| trees.iter().map(value).collect::<Vec<Value>>();
    match tree {
        Tree::Atom(text) if text == "true" || text == "false" => (text == "true").into(),
        Tree::Atom(text) if is_integer(text) => json!({ "#bigint": text }),
        Tree::Atom(text) | Tree::Text(text) => text.as_str().into(),
        Tree::Unit(name) => named(name, json!({ "#tup": [] })),
        Tree::List(elements) => list(elements).into(),
        Tree::Set(elements) => json!({ "#set": list(elements) }),
        Tree::Map(entries) => {
            let entries = entries.iter();
            let pairs: Vec<Value> = entries
                .map(|(key, entry)| json!([value(key), value(entry)]))
                .collect();
            json!({ "#map": pairs })
        }
        Tree::Struct(name, fields) => {
            let fields = fields.iter();
            let fields: Map<String, Value> = fields
                .map(|(field, tree)| (plain(field), value(tree)))
                .collect();
            named(name, fields.into())
        }
        Tree::Tuple(name, fields) => match &fields[..] {
            [only] if !name.is_empty() => named(name, value(only)),
            fields => named(name, json!({ "#tup": list(fields) })),
        },
        Tree::Debug(text) => unserializable(text),
    }
}

/// A value with the name of its type or alternative, if it has one.
fn named(name: &str, value: Value) -> Value {
    match name.is_empty() {
        true => value,
        false => json!({ "tag": name, "value": value }),
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
