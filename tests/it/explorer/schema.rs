//! As much of JSON Schema as `openapi.json` uses. A keyword that is not known here is a mistake, so nothing goes unchecked.

use regex::Regex;
use serde_json::Value;

/// The document.
pub(super) fn document() -> Value {
    let text = include_str!("../../../src/explorer/openapi.json");
    serde_json::from_str(text).expect("JSON")
}

/// What is wrong with a value, and where; nothing: it is as its schema says.
pub(super) fn flaws(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut flaws = Vec::new();
    Check { document }.value(schema, value, "", &mut flaws);
    flaws
}

struct Check<'a> {
    document: &'a Value,
}

impl<'a> Check<'a> {
    fn resolved(&self, reference: &str) -> &'a Value {
        let pointer = reference.strip_prefix('#').expect("within the document");
        let found = self.document.pointer(pointer);
        found.unwrap_or_else(|| panic!("there is no {reference}"))
    }

    fn value(&self, schema: &Value, value: &Value, at: &str, flaws: &mut Vec<String>) {
        let schema = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return flaws.push(format!("{at}: nothing may be here")),
            schema => schema.as_object().expect("a schema is an object"),
        };
        let mut wrong = |what: String| flaws.push(format!("{at}: {what}, and is {value}"));
        let number = value.as_f64();
        let text = value.as_str();
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "description" | "properties" | "prefixItems" | "items" | "oneOf" | "$ref" => {}
                "type" if !is_of(rule, value) => wrong(format!("is to be {rule}")),
                "enum" if !rule.as_array().expect("a list").contains(value) => {
                    wrong(format!("is to be one of {rule}"));
                }
                "const" if rule != value => wrong(format!("is to be {rule}")),
                "pattern" => {
                    let pattern = Regex::new(rule.as_str().expect("a text")).expect("a pattern");
                    if text.is_some_and(|text| !pattern.is_match(text)) {
                        wrong(format!("is to be like {rule}"));
                    }
                }
                "maxLength" => {
                    let most = rule.as_u64().expect("a number") as usize;
                    if text.is_some_and(|text| text.chars().count() > most) {
                        wrong(format!("is to have at most {rule} letters"));
                    }
                }
                "minItems" => {
                    let least = rule.as_u64().expect("a number") as usize;
                    if value.as_array().is_some_and(|items| items.len() < least) {
                        wrong(format!("is to have {rule} items"));
                    }
                }
                "minimum" if number < rule.as_f64() && number.is_some() => {
                    wrong(format!("is to be at least {rule}"));
                }
                "maximum" if number > rule.as_f64() => wrong(format!("is to be at most {rule}")),
                "exclusiveMinimum" if number <= rule.as_f64() && number.is_some() => {
                    wrong(format!("is to be more than {rule}"));
                }
                "required" => {
                    for name in rule.as_array().expect("a list") {
                        let name = name.as_str().expect("a name");
                        if value.is_object() && value.get(name).is_none() {
                            wrong(format!("is to have `{name}`"));
                        }
                    }
                }
                "additionalProperties" => {
                    assert_eq!(rule, &Value::Bool(false));
                    let known = schema.get("properties");
                    for name in value.as_object().into_iter().flat_map(|o| o.keys()) {
                        if known.is_none_or(|known| known.get(name).is_none()) {
                            wrong(format!("is not to have `{name}`"));
                        }
                    }
                }
                "type" | "enum" | "const" | "minimum" | "maximum" | "exclusiveMinimum" => {}
                other => panic!("the keyword {other} is not known to this test"),
            }
        }
        self.parts(schema, value, at, flaws);
    }

    fn parts(
        &self,
        schema: &serde_json::Map<String, Value>,
        value: &Value,
        at: &str,
        flaws: &mut Vec<String>,
    ) {
        if let Some(reference) = schema.get("$ref") {
            let schema = self.resolved(reference.as_str().expect("a text"));
            self.value(schema, value, at, flaws);
        }
        if let Some(cases) = schema.get("oneOf").and_then(Value::as_array) {
            let fits = cases.iter().filter(|case| {
                let mut own = Vec::new();
                self.value(case, value, at, &mut own);
                own.is_empty()
            });
            let n = fits.count();
            if n != 1 {
                // The last case says more than that none fits.
                if let (0, Some(last)) = (n, cases.last()) {
                    self.value(last, value, at, flaws);
                }
                flaws.push(format!("{at}: {n} cases fit {value}"));
            }
        }
        if let (Some(known), Some(object)) = (schema.get("properties"), value.as_object()) {
            for (name, part) in object {
                if let Some(schema) = known.get(name) {
                    self.value(schema, part, &format!("{at}/{name}"), flaws);
                }
            }
        }
        if let Some(items) = value.as_array() {
            let first = schema.get("prefixItems").and_then(Value::as_array);
            for (i, item) in items.iter().enumerate() {
                let own = first.and_then(|first| first.get(i));
                if let Some(schema) = own.or_else(|| schema.get("items")) {
                    self.value(schema, item, &format!("{at}/{i}"), flaws);
                }
            }
        }
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("there is no type {other}"),
        },
        other => panic!("{other} is no type"),
    }
}

#[test]
fn what_is_not_as_its_schema_says_is_noticed() {
    let document = document();
    let run = |run: Value| {
        let schema = serde_json::json!({"$ref": "#/components/schemas/RunRequest"});
        flaws(&document, &schema, &run)
    };
    let ok = serde_json::json!({"action": "start", "max_states": 3, "seconds": 0.5});
    assert_eq!(run(ok), [""; 0]);
    for (wrong, why) in [
        (serde_json::json!({}), "`action`"),
        (serde_json::json!({"action": "jump"}), "one of"),
        (serde_json::json!({"action": "stop", "more": 1}), "`more`"),
        (
            serde_json::json!({"action": "stop", "max_depth": -1}),
            "at least",
        ),
        (
            serde_json::json!({"action": "stop", "max_depth": "1"}),
            "integer",
        ),
        (
            serde_json::json!({"action": "stop", "seconds": 0}),
            "more than",
        ),
        (serde_json::json!(3), "object"),
    ] {
        let flaws = run(wrong.clone());
        assert!(flaws.iter().any(|f| f.contains(why)), "{wrong}: {flaws:?}");
    }
}

#[test]
fn the_examples_of_the_document_are_as_their_schemas_say() {
    let document = document();
    let mut n = 0;
    let mut contents: Vec<&Value> = Vec::new();
    collect(&document, &mut contents);
    for content in contents {
        for (kind, content) in content.as_object().expect("an object") {
            let examples = content.get("examples").and_then(Value::as_object);
            for (name, example) in examples.into_iter().flatten() {
                if kind != "text/event-stream" {
                    let flaws = flaws(&document, &content["schema"], &example["value"]);
                    assert_eq!(flaws, [""; 0], "{name}");
                    n += 1;
                }
            }
        }
    }
    assert!(n >= 15, "only {n} examples");
}

/// Every `content` of the document.
fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            for (name, part) in object {
                if name == "content"
                    && part
                        .as_object()
                        .is_some_and(|c| c.keys().any(|k| k.contains('/')))
                {
                    found.push(part);
                } else {
                    collect(part, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
