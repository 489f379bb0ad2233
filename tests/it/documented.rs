//! What the pages of the documentation name, and what JSON has: for tests that hold one against the other.

use std::collections::BTreeSet;

use serde_json::Value;

/// The words between backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names of all fields of a value, those within others included.
pub(crate) fn fields(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    match value {
        Value::Object(fields) => {
            names.extend(fields.keys().cloned());
            names.extend(fields.values().flat_map(self::fields));
        }
        Value::Array(items) => names.extend(items.iter().flat_map(fields)),
        _ => {}
    }
    names
}
