//! `openapi.json` as answers are held against it: by a validator of JSON schemas that is not ours.
//!
//! Two things are refused that it lets pass: keywords that it does not check, and whole numbers that are written with a fraction.

use std::sync::LazyLock;

use jsonschema::{Keyword, ValidationError, Validator};
use serde_json::{Value, json};

/// What the schemas of OpenAPI 3.1 are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The parts of it whose keywords say what is allowed, or only describe.
const VOCABULARIES: [&str; 5] = [
    "core",
    "applicator",
    "unevaluated",
    "validation",
    "meta-data",
];

/// The document.
pub(super) fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let text = include_str!("../../../src/explorer/openapi.json");
        serde_json::from_str(text).expect("JSON")
    });
    &DOCUMENT
}

/// What is wrong with a value, and where; nothing: it is as its schema says.
pub(super) fn flaws(schema: &Value, value: &Value) -> Vec<String> {
    flaws_by(&validator(schema), value)
}

fn flaws_by(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    let flaws = errors.map(|error| {
        let (place, keyword) = (error.instance_path(), error.kind().keyword());
        format!("{place}: {keyword}: {error}")
    });
    flaws.collect()
}

/// What holds values against a schema of the document.
fn validator(schema: &Value) -> Validator {
    // What schemas refer to is found where it is in the document.
    let components = &document()["components"];
    let mut whole = json!({ "$schema": DIALECT, "allOf": [schema], "components": components });
    ask_for_whole_numbers(&mut whole);
    let options = jsonschema::options().with_keyword(WHOLE, |_, _, _| Ok(Box::new(Whole)));
    options.build(&whole).expect("a schema")
}

/// The keyword of [`Whole`].
const WHOLE: &str = "x-whole";

/// A number has no fraction, not even `.0`, which JSON Schema takes for an integer.
struct Whole;

impl<'i> Keyword<'i> for Whole {
    fn validate(&self, number: &'i Value) -> Result<(), ValidationError<'i>> {
        match self.is_valid(number) {
            true => Ok(()),
            false => Err(ValidationError::custom("a whole number is written as one")),
        }
    }

    fn is_valid(&self, number: &'i Value) -> bool {
        !number.is_f64()
    }
}

/// Adds it wherever a schema asks for an integer, or for a certain one.
fn ask_for_whole_numbers(schema: &mut Value) {
    match schema {
        Value::Object(rules) => {
            rules.values_mut().for_each(ask_for_whole_numbers);
            let asks = match &rules.get("type") {
                Some(Value::Array(kinds)) => kinds.contains(&json!("integer")),
                kind => *kind == Some(&json!("integer")),
            };
            let is_one = rules
                .get("const")
                .is_some_and(|one| one.is_i64() || one.is_u64());
            if asks || is_one {
                rules.insert(WHOLE.to_owned(), Value::Bool(true));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(ask_for_whole_numbers),
        _ => {}
    }
}

#[test]
fn what_is_not_as_its_schema_says_is_noticed() {
    let schema = json!({ "$ref": "#/components/schemas/RunRequest" });
    let ok = json!({ "action": "start", "max_states": 3, "seconds": 0.5 });
    assert_eq!(flaws(&schema, &ok), [""; 0]);
    for (wrong, keyword) in [
        (json!({}), ": required: "),
        (json!({ "action": "jump" }), "/action: enum: "),
        (
            json!({ "action": "stop", "more": 1 }),
            ": additionalProperties: ",
        ),
        (
            json!({ "action": "stop", "max_depth": -1 }),
            "/max_depth: minimum: ",
        ),
        (
            json!({ "action": "stop", "max_depth": "1" }),
            "/max_depth: type: ",
        ),
        (
            json!({ "action": "stop", "max_depth": 1.5 }),
            "/max_depth: type: ",
        ),
        (
            json!({ "action": "stop", "max_depth": 1.0 }),
            "/max_depth: x-whole: ",
        ),
        (
            json!({ "action": "stop", "seconds": 0 }),
            "/seconds: exclusiveMinimum: ",
        ),
        (
            json!({ "action": "stop", "seconds": 2e6 }),
            "/seconds: maximum: ",
        ),
        (json!(3), ": type: "),
    ] {
        let flaws = flaws(&schema, &wrong);
        assert!(
            flaws.iter().any(|flaw| flaw.starts_with(keyword)),
            "{wrong}: {flaws:?}"
        );
    }
}

#[test]
fn the_document_has_no_keyword_that_is_not_checked() {
    // The language itself, of which nothing else is allowed, wherever in a schema another one stands.
    let all = VOCABULARIES.map(|name| {
        let vocabulary = DIALECT.replace("/schema", &format!("/meta/{name}"));
        json!({ "$ref": vocabulary })
    });
    let strict = jsonschema::validator_for(&json!({
        "$schema": DIALECT,
        "$id": "urn:allways:strict",
        "$dynamicAnchor": "meta",
        "allOf": all,
        "unevaluatedProperties": false,
    }));
    let strict = strict.expect("a schema");
    let schemas = schemas();
    assert!(schemas.len() > 40, "only {} schemas", schemas.len());
    for schema in schemas {
        let errors = strict.iter_errors(schema).map(|error| error.to_string());
        assert_eq!(errors.collect::<Vec<_>>(), [""; 0], "{schema}");
    }
    for unknown in [
        json!({ "typ": "string" }),
        json!({ "format": "date" }),
        json!({ "properties": { "a": { "minimun": 1 } } }),
        json!({ "oneOf": [{ "items": { "nullable": true } }] }),
        json!({ "prefixItems": [{ "additionalProperties": { "exampel": 1 } }] }),
    ] {
        assert!(!strict.is_valid(&unknown), "{unknown}");
    }
}

/// Examples, each with its schema and its name.
fn examples() -> Vec<(&'static str, &'static Value, &'static Value)> {
    let mut examples = Vec::new();
    for content in named("content", document()) {
        for (kind, content) in content.as_object().expect("an object") {
            // A stream of events is no JSON.
            if kind != "text/event-stream" {
                let named = content.get("examples").and_then(Value::as_object);
                for (name, example) in named.into_iter().flatten() {
                    examples.push((name.as_str(), &content["schema"], &example["value"]));
                }
            }
        }
    }
    assert!(examples.len() >= 15, "only {} examples", examples.len());
    examples
}

#[test]
fn the_examples_of_the_document_are_as_their_schemas_say() {
    for (name, schema, example) in examples() {
        assert_eq!(flaws(schema, example), [""; 0], "{name}");
    }
}

#[test]
fn no_example_can_be_changed_at_will() {
    let stranger = || json!({ "nobody": "expects this" });
    let (mut n_places, mut n_fields) = (0, 0);
    for (name, schema, example) in examples() {
        let validator = validator(schema);
        for place in places(example) {
            let mut changed = example.clone();
            let value = changed.pointer_mut(&place).expect("it is there");
            match value {
                // One more field in what has fields.
                Value::Object(fields) => {
                    fields.insert("nobody".to_owned(), json!("expects this"));
                    n_fields += 1;
                }
                // Another kind of value elsewhere.
                value => *value = stranger(),
            }
            n_places += 1;
            assert!(
                !flaws_by(&validator, &changed).is_empty(),
                "{name}, {place}: {changed}"
            );
        }
    }
    assert!(
        n_places > 500 && n_fields > 50,
        "{n_places} places, {n_fields} with fields"
    );
}

/// All places of a value, as JSON pointers.
fn places(value: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            fields
                .iter()
                .map(|(name, part)| (escaped(name), part))
                .collect()
        }
        Value::Array(items) => (0..).map(|i: usize| i.to_string()).zip(items).collect(),
        _ => Vec::new(),
    };
    let below = parts.into_iter().flat_map(|(name, part)| {
        let places = places(part).into_iter();
        places.map(move |place| format!("/{name}{place}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}

/// Every schema of the document, those within others left out.
fn schemas() -> Vec<&'static Value> {
    let components = document()["components"]["schemas"].as_object();
    let mut schemas: Vec<&Value> = components.expect("schemas").values().collect();
    schemas.extend(named("schema", document()));
    schemas
}

/// What stands under a name of OpenAPI's own, anywhere in the document but in schemas and examples.
fn named<'a>(name: &str, value: &'a Value) -> Vec<&'a Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            for (field, part) in fields {
                if field == name {
                    found.push(part);
                } else if !["schemas", "schema", "examples"].contains(&field.as_str()) {
                    found.extend(named(name, part));
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| found.extend(named(name, item))),
        _ => {}
    }
    found
}
