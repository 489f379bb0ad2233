//! The JSON stream against its page: the tables of `docs/json.md` become schemas, and every object of every kind is as its own says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};

use super::{BROKEN, Sandbox};
use crate::documented::{fields, quoted};

const PAGE: &str = include_str!("../../../docs/json.md");

/// What the page says of one kind of object.
#[derive(Debug, Default)]
struct Kind {
    /// The schema of each field of its table, and whether the field is always there.
    fields: BTreeMap<String, (Value, bool)>,
    /// Names of fields in running text, where there is no table.
    named: BTreeSet<String>,
}

/// The kinds of the page, by the names in its headings.
fn kinds() -> BTreeMap<String, Kind> {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    let mut name = String::new();
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            name = quoted(heading).next().unwrap_or_default().to_owned();
            continue;
        }
        let kind = kinds.entry(name.clone()).or_default();
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match cells[..] {
            [names, types, meaning] if line.starts_with("| `") => kind.row(names, types, meaning),
            _ => kind.named.extend(quoted(line).map(str::to_owned)),
        }
    }
    kinds
}

impl Kind {
    /// Takes a row of a table: one type for all its fields, or one for each.
    fn row(&mut self, names: &str, types: &str, meaning: &str) {
        let is_always = !["only ", "where "]
            .iter()
            .any(|word| meaning.starts_with(word))
            && !meaning.contains("; only ");
        let types: Vec<&str> = types.split(", ").collect();
        for (i, name) in quoted(names).enumerate() {
            let own = types[if types.len() == 1 { 0 } else { i }];
            let known = self
                .fields
                .insert(name.to_owned(), (schema(own), is_always));
            assert!(known.is_none(), "{name} is there twice");
        }
    }

    /// The schema of the whole object.
    fn schema(&self, name: &str) -> Value {
        let own = [
            ("schema", json!({ "const": 1 })),
            ("type", json!({ "const": name })),
        ];
        let mut properties: Map<String, Value> = own
            .into_iter()
            .map(|(name, schema)| (name.to_owned(), schema))
            .collect();
        let mut required: Vec<&str> = vec!["schema", "type"];
        for (name, (schema, is_always)) in &self.fields {
            properties.insert(name.clone(), schema.clone());
            required.extend(is_always.then_some(name.as_str()));
        }
        if self.fields.is_empty() {
            let named = self.named.iter();
            properties.extend(named.map(|name| (name.clone(), Value::Bool(true))));
        }
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}

/// The schema of a type in the page's words.
fn schema(words: &str) -> Value {
    let one = |words: &str| {
        let items = words.strip_prefix("list of ");
        match items.or_else(|| words.strip_prefix("lists of ")) {
            Some(items) => json!({ "type": "array", "items": schema(items) }),
            None => match words.strip_suffix('s').unwrap_or(words) {
                // As of the field that the row names.
                "" => Value::Bool(true),
                "list" => json!({ "type": "array" }),
                one @ ("string" | "number" | "boolean" | "object" | "null") => {
                    json!({ "type": one })
                }
                _ => panic!("the page speaks of {words:?}, which the test does not know"),
            },
        }
    };
    let cases: Vec<Value> = words.split(" or ").map(one).collect();
    json!({ "anyOf": cases })
}

/// Objects of every kind.
fn objects() -> Vec<Value> {
    let sandbox = Sandbox::new();
    let list = "[[check]]\nmodel = \"duva-join\"\nvariant = \"fire-and-forget\"\n";
    fs::write(sandbox.path("allways.toml"), list).expect("written");
    let mut objects = Vec::new();
    for (args, code) in [
        (
            &["check", "duva-join/fire-and-forget", "--fewest-faults"][..],
            0,
        ),
        (&["check", BROKEN, "--max-depth", "2"], 3),
        (
            &["check", "failure-detector/ping-asynchronous", "--explain"],
            0,
        ),
        (
            &["check", "failure-detector/ping-synchronous", "--mutations"],
            0,
        ),
        (&["check", "links/raw", "--fewest-faults"], 2),
        (&["ci", "--update-lock"], 0),
        (&["ci", "--lock"], 0),
        (&["simulate", BROKEN, "--runs", "50"], 3),
        (
            &["simulate", BROKEN, "--runs", "50", "--strategy", "pct"],
            3,
        ),
    ] {
        let run = sandbox.run(&[args, &["--json", "--quiet"]].concat());
        assert_eq!(run.code, code, "{args:?}: {}", run.stderr);
        objects.extend(run.lines());
    }
    objects
}

#[test]
fn every_object_of_the_stream_is_as_the_page_says() {
    let kinds = kinds();
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let objects = objects();
    for object in &objects {
        let name = object["type"].as_str().expect("a type");
        let kind = kinds
            .get(name)
            .unwrap_or_else(|| panic!("the page has no {name}"));
        let schema = jsonschema::validator_for(&kind.schema(name)).expect("a schema");
        let flaws = schema.iter_errors(object);
        let flaws: Vec<String> = flaws
            .map(|flaw| format!("{}: {flaw}", flaw.instance_path()))
            .collect();
        assert_eq!(flaws, [""; 0], "{name}: {object:#}");
        let fields = object.as_object().expect("an object").keys();
        seen.entry(name).or_default().extend(fields.cloned());
        if !object["fault_frontier"].is_null() {
            let fields = object["fault_frontier"].as_object().expect("an object");
            let fields: BTreeSet<String> = fields.keys().cloned().collect();
            assert!(
                kinds["fault_frontier"].fields.keys().eq(&fields),
                "{object:#}"
            );
            seen.insert("fault_frontier", fields);
        }
    }
    let names: Vec<&str> = seen.keys().copied().collect();
    let all = [
        "error",
        "fault_frontier",
        "lock",
        "mutant",
        "mutation_score",
        "property",
        "simulated_property",
        "simulation",
        "started",
        "summary",
    ];
    assert_eq!(names, all);
    for (name, fields) in seen {
        let missing = kinds[name]
            .fields
            .keys()
            .filter(|field| !fields.contains(*field));
        let missing: Vec<&String> = missing.collect();
        match name {
            // Of a mistake that is refused, which none of these systems has.
            "mutant" => assert_eq!(missing, ["message"]),
            _ => assert!(missing.is_empty(), "{name}: never seen are {missing:?}"),
        }
    }
}

#[test]
fn what_is_not_as_the_page_says_is_noticed() {
    let kinds = kinds();
    let objects = objects();
    let summary = objects.iter().find(|object| object["type"] == "summary");
    let summary = summary.expect("a summary");
    let schema = kinds["summary"].schema("summary");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    assert!(schema.is_valid(summary));
    for (field, wrong) in [
        ("schema", json!(2)),
        ("verdict", json!(null)),
        ("unique_states", json!("3")),
        ("cut_by", json!([3])),
        ("stopped", json!(false)),
        ("unheard_of", json!(1)),
    ] {
        let mut changed = summary.clone();
        changed[field] = wrong;
        assert!(!schema.is_valid(&changed), "{changed:#}");
    }
    let mut without = summary.clone();
    let fields = without.as_object_mut().expect("an object");
    assert!(fields.remove("depth").is_some());
    assert!(!schema.is_valid(&without));
}

#[test]
fn the_list_of_models_names_no_field_that_the_page_does_not() {
    let list = super::run(&["list", "--json"]);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    let named = &kinds()["allways list --json"].named;
    let fields = fields(&list);
    let unnamed: Vec<&String> = fields
        .iter()
        .filter(|field| !named.contains(*field))
        .collect();
    assert!(
        fields.len() > 10 && unnamed.is_empty(),
        "{unnamed:?} of {fields:?}"
    );
}
