//! What is written for other tools, held against the schemas of these formats: SARIF and ITF by a validator that is not ours, JUnit by what its
//! schema allows.

mod junit;

use std::fs;

use allways::trace::{Trace, from_json, to_itf};
use allways::value::Tree;
use serde_json::Value;

use crate::cli::Sandbox;
use crate::stories::{lasso, path, stories, trace, trace_file};

/// What a schema has to say against a document.
fn faults(schema: &str, document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// The schema, with one pattern as it was meant: a bracket in it has no partner, which not every reader of patterns forgives.
fn sarif_schema() -> String {
    let pattern = "[a-zA-Z]{2}]?$";
    assert!(SARIF.contains(pattern));
    SARIF.replace(pattern, "[a-zA-Z]{2}\\\\]?$")
}

fn check(schema: &str, document: &Value) {
    assert_eq!(faults(schema, document), [""; 0], "{document:#}");
}

/// From the npm package `@microsoft/jest-sarif` 1.0.0-beta.0 (MIT licence), `lib/schemas/sarif-2.1.0-rtm.5.json`, unchanged: the schema of the OASIS
/// standard as its tools have it.
const SARIF: &str = include_str!("schemas/sarif-2.1.0-rtm.5.json");

const ITF: &str = include_str!("formats/itf.schema.json");

/// Checks of every outcome: as expected, violated by one run, by two and for ever, not violated where that is expected, undecided.
const LIST: &str = r#"
[[check]]
model = "two-phase-commit-tla"
variant = "atomic"
params = { rms = 3 }

[[check]]
model = "two-phase-commit-tla"
variant = "premature-commit"
params = { rms = 3 }
expect = { consistent = "holds" }

[[check]]
model = "links"
expect = { "no panic" = "violated" }

[[check]]
model = "crdt"
variant = "g-counter-volatile"
expect = { "the same updates end in the same values" = "holds" }

[[check]]
model = "failure-detector"
variant = "ping-asynchronous"
expect = { "in the end only crashed processes are suspected" = "holds" }

[[check]]
model = "two-phase-commit-tla"
variant = "atomic"
params = { rms = 4 }
max-depth = 3
"#;

/// All reports of a run over the list: SARIF and JUnit.
fn reports(list: &str) -> (Value, String) {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("allways.toml"), list).expect("it can be written");
    let run = sandbox.run(&[
        "ci",
        "-q",
        "--format=sarif=a.sarif",
        "--format=junit=junit.xml",
    ]);
    assert!(run.code == 1 || run.code == 3, "{}", run.stderr);
    let read = |name: &str| fs::read_to_string(sandbox.path(name)).expect("it was written");
    let sarif = serde_json::from_str(&read("a.sarif")).expect("JSON");
    (sarif, read("junit.xml"))
}

#[test]
fn reports_are_what_their_schemas_allow() {
    let (sarif, junit) = reports(LIST);
    check(&sarif_schema(), &sarif);
    assert_eq!(junit::faults(&junit), [""; 0], "{junit}");
    // A schema that finds nothing wrong with anything would be none.
    let mut wrong = sarif.clone();
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!faults(&sarif_schema(), &wrong).is_empty());

    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let violated = |property: &str| {
        let told = format!("\"{property}\": violated");
        let text = |result: &&Value| {
            result["message"]["text"]
                .as_str()
                .is_some_and(|t| t.contains(&told))
        };
        let found = results.iter().find(text);
        found.unwrap_or_else(|| panic!("{property} is not told of: {results:#?}"))
    };
    let threads = |result: &Value| {
        let threads = result["codeFlows"][0]["threadFlows"].as_array();
        threads.expect("threads").clone()
    };
    assert_eq!(
        threads(violated("the same updates end in the same values")).len(),
        2
    );
    let for_ever = threads(violated("in the end only crashed processes are suspected"));
    assert!(
        for_ever[0].to_string().contains("repeats for ever"),
        "{for_ever:#?}"
    );
    let violated = violated("consistent");
    let threads = threads(violated);
    let steps = threads[0]["locations"].as_array().expect("steps");
    assert!(steps.len() >= 5, "{violated:#}");
    for (step, number) in steps.iter().zip(1..) {
        assert_eq!(step["executionOrder"], number);
        let text = step["location"]["message"]["text"]
            .as_str()
            .expect("a text");
        assert!(text.starts_with(&format!("{number}. ")), "{text}");
        assert!(!text.contains("  "), "no columns in a sentence: {text}");
        let place = &step["location"]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "allways.toml");
    }
    let message = violated["message"]["text"].as_str().expect("a text");
    assert!(message.contains(" makes it false: "), "{message}");
    assert_eq!(message.matches(" makes it false: ").count(), 1, "{message}");
}

#[test]
fn a_report_of_nothing_is_one_too() {
    let (sarif, junit) = reports(
        "[[check]]\nmodel = \"two-phase-commit-tla\"\nvariant = \"atomic\"\nparams = { rms = 3 }\nmax-depth = 2\n",
    );
    check(&sarif_schema(), &sarif);
    assert_eq!(junit::faults(&junit), [""; 0], "{junit}");
}

fn itf(trace: &Trace) -> Value {
    let itf: Value = serde_json::from_str(&to_itf(trace)).expect("JSON");
    check(ITF, &itf);
    let vars = itf["vars"].as_array().expect("variables");
    let states = itf["states"].as_array().expect("states");
    for (state, index) in states.iter().zip(0..) {
        assert_eq!(state["#meta"]["index"], index);
        assert_eq!(
            state.as_object().map(serde_json::Map::len),
            Some(vars.len() + 1)
        );
    }
    let start = trace.paths[0].loop_start;
    let of_loop = itf.get("loop").and_then(Value::as_u64);
    assert_eq!(of_loop, start.map(|start| start as u64));
    assert!(start.is_none_or(|start| start < states.len()));
    itf
}

#[test]
fn states_and_loops_are_itf() {
    stories().iter().for_each(|trace| {
        itf(trace);
    });
    // The state after a loop's last step is its first one again, which `loop` names.
    assert_eq!(itf(&lasso())["states"].as_array().map(Vec::len), Some(3));
    assert_eq!(itf(&lasso())["loop"], 1);
    let mut stays = lasso();
    stays.paths[0].loop_start = Some(3);
    assert_eq!(itf(&stays)["states"].as_array().map(Vec::len), Some(4));
    let mut wrong = itf(&stays);
    wrong["states"][0]["#other"] = "x".into();
    assert!(!faults(ITF, &wrong).is_empty());
}

#[test]
fn a_real_trace_is_itf_with_whole_states() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let text = sandbox
        .run(&["trace", "export", &file, "--format", "itf"])
        .stdout;
    let read = fs::read_to_string(sandbox.path(&file)).expect("a file");
    let trace = from_json(&read).expect("a trace");
    assert_eq!(text, to_itf(&trace));
    let itf = itf(&trace);
    assert!(!text.contains("not told by the trace"), "{text}");
    let states = itf["states"].as_array().expect("states");
    assert_eq!(states.len(), 3);
    assert_eq!(states[1]["#meta"]["action"], "joiner ─ Join ─▶ seed");
    let stranger = |state: &Value| state["member[0]"].to_string();
    let (before, after) = (stranger(&states[1]), stranger(&states[2]));
    let none = r##""stranger":{"tag":"None","value":{"#tup":[]}}"##;
    assert!(before.contains(none), "{before}");
    let some = r#""stranger":{"tag":"Some","value":"joiner"}"#;
    assert!(after.contains(some), "{after}");
    // What an older version wrote has no whole parts: what it does not tell is not guessed.
    let mut older = trace;
    let steps = older.paths.iter_mut().flat_map(|path| &mut path.steps);
    steps.for_each(|step| step.whole.clear());
    self::itf(&older);
}

#[test]
fn values_are_what_they_are_in_itf() {
    let atom = |text: &str| Tree::Atom(text.to_owned());
    let cases = [
        (atom("-3"), r##"{"#bigint":"-3"}"##),
        (atom("true"), "true"),
        (atom("'a'"), r#""'a'""#),
        (Tree::Text("3".to_owned()), r#""3""#),
        (Tree::Unit(String::new()), r##"{"#tup":[]}"##),
        (
            Tree::Set(vec![atom("1")]),
            r##"{"#set":[{"#bigint":"1"}]}"##,
        ),
        (
            Tree::Map(vec![(atom("1"), atom("2"))]),
            r##"{"#map":[[{"#bigint":"1"},{"#bigint":"2"}]]}"##,
        ),
        (
            Tree::Tuple(String::new(), vec![atom("x")]),
            r##"{"#tup":["x"]}"##,
        ),
        (
            Tree::Struct(String::new(), vec![("#f".to_owned(), atom("x"))]),
            r##"{"_#f":"x"}"##,
        ),
        (
            Tree::Struct("S".to_owned(), vec![]),
            r#"{"tag":"S","value":{}}"#,
        ),
        (Tree::Debug("x".to_owned()), r##"{"#unserializable":"x"}"##),
    ];
    for (tree, expected) in cases {
        let mut start = path(Vec::new());
        start.state = vec![("v".to_owned(), tree)];
        let itf = itf(&trace(&["v"], vec![start]));
        assert_eq!(itf["states"][0]["v"].to_string(), expected);
    }
}
