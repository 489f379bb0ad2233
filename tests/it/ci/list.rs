//! The list of checks: parameters, expectations, bounds, and its mistakes, each with its line and a cure.

use std::process::Command;

use serde_json::Value;

use super::{BROKEN, SOUND, ends, listing, write};
use crate::cli::Sandbox;

#[test]
fn a_list_is_checked_with_its_parameters_and_all_variants_of_a_model() {
    let list =
        format!("{SOUND}[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = {{ rms = 2 }}\n");
    let sandbox = listing(&list);
    let run = ends(&sandbox, &["--json"], 0);
    let lines = run.lines();
    let summaries: Vec<_> = lines.iter().filter(|l| l["type"] == "summary").collect();
    let started: Vec<_> = lines.iter().filter(|l| l["type"] == "started").collect();
    let of = |values: &[&Value], field: &str| -> Vec<Value> {
        values.iter().map(|v| v[field].clone()).collect()
    };
    assert_eq!(
        of(&summaries, "variant"),
        ["atomic", "atomic", "premature-commit"]
    );
    let rms: Vec<_> = started.iter().map(|s| s["params"]["rms"].clone()).collect();
    assert_eq!(rms, [3, 2, 2]);
    assert_eq!(summaries[0]["unique_states"], 288);
    assert!(summaries[0]["digest"].is_null(), "nobody asked for it");

    // The text names the same, and another file can be named.
    write(&sandbox, "other.toml", SOUND);
    let text = ends(&sandbox, &["other.toml"], 0);
    assert!(text.stdout.contains("two-phase-commit-tla/atomic  rms=3"));
    assert!(!text.stdout.contains("premature-commit"), "{}", text.stdout);
}

#[test]
fn an_expectation_of_the_list_takes_the_place_of_the_variants() {
    let run = ends(&listing(BROKEN), &[], 1);
    let told = "violated in";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert!(run.stdout.contains("expected: holds"), "{}", run.stdout);
    let violated = SOUND.to_owned() + "expect = { consistent = \"violated\" }\n";
    let run = ends(&listing(&violated), &["--json"], 1);
    assert_eq!(run.summary()["agreement"], "contradicted");
    let declared = BROKEN.replace("expect", "# expect");
    ends(&listing(&declared), &[], 0);
}

#[test]
fn bounds_and_limits_of_a_list_cut_its_checks() {
    for (limit, code, agreement) in [
        ("max-depth = 3", 3, "undecided"),
        ("max-states = 5", 3, "undecided"),
        ("time = \"0s\"", 3, "undecided"),
        ("memory = \"1B\"", 3, "undecided"),
        ("memory = \"1GiB\"\ntime = \"1h\"", 0, "as_expected"),
    ] {
        let run = ends(&listing(&format!("{SOUND}{limit}\n")), &["--json"], code);
        assert_eq!(run.summary()["agreement"], agreement, "{limit}");
    }
    // Deep enough for one witness, not for the other, nor for every state.
    let bounded =
        format!("{SOUND}max-depth = 3\nexpect = {{ \"all commit\" = \"inconclusive\" }}\n");
    ends(&listing(&bounded), &[], 3);
    let allowed = format!("{bounded}allow-bounds = true\n");
    let run = ends(&listing(&allowed), &["--json"], 0);
    let properties = run.summary()["properties"].clone();
    let verdicts: Vec<_> = properties
        .as_array()
        .expect("properties")
        .iter()
        .map(|p| &p["verdict"])
        .collect();
    assert_eq!(
        verdicts,
        [
            "holds_within_bounds",
            "holds_within_bounds",
            "inconclusive",
            "holds"
        ]
    );
}

#[test]
fn every_mistake_is_told_with_its_line_and_a_cure_and_nothing_is_run() {
    let check = "[[check]]\nmodel = \"duva-join\"\n";
    for (list, line, told, cure) in [
        (
            "[[check]]\nmodel = \"duva-jion\"\n".to_owned(),
            2,
            "there is no model `duva-jion`",
            "\"duva-join\"",
        ),
        (
            format!("{check}variant = \"callback\"\n"),
            3,
            "no variant `callback`",
            "\"callback-chain\"",
        ),
        (
            format!("{check}params = {{ membres = 3 }}\n"),
            3,
            "no parameter `membres`",
            "members",
        ),
        (
            format!("{check}params = {{ members = 99 }}\n"),
            3,
            "members=99 is out of range",
            "takes",
        ),
        (
            format!("{check}params = {{ members = 1.5 }}\n"),
            3,
            "cannot be a float",
            "whole number",
        ),
        (
            format!("{check}params = {{ members = true }}\n"),
            3,
            "members=true is not a whole number",
            "takes",
        ),
        (
            "[[check]]\nmodel = \"two-phase-commit\"\nparams = { duplicating = 3 }\n".to_owned(),
            3,
            "duplicating=3 is neither true nor false",
            "true or false",
        ),
        (
            "[[check]]\nmodel = \"raft\"\nparams = { start = \"gone\" }\n".to_owned(),
            3,
            "start=gone is not one of the choices",
            "given",
        ),
        (
            "[[check]]\nmodel = 3\n".to_owned(),
            2,
            "invalid type",
            "allways ci --help",
        ),
        (
            format!("{check}expect = {{ \"no panik\" = \"holds\" }}\n"),
            1,
            "a property \"no panik\"",
            "\"no panic\"",
        ),
        (
            format!("{check}expect = {{ \"no panic\" = \"fails\" }}\n"),
            3,
            "no verdict `fails`",
            "holds",
        ),
        (
            format!("{check}max-depht = 3\n"),
            3,
            "no field `max-depht`",
            "\"max-depth\"",
        ),
        (
            format!("{check}max-depth = -3\n"),
            3,
            "invalid value",
            "allways ci --help",
        ),
        (
            format!("{check}time = \"soon\"\n"),
            3,
            "time = \"soon\"",
            "a duration is",
        ),
        (
            format!("{check}memory = \"lots\"\n"),
            3,
            "memory = \"lots\"",
            "a size is",
        ),
        (
            format!("{check}all = true\n"),
            2,
            "all models, and model `duva-join`",
            "one of the two",
        ),
        (
            "[[check]]\nmax-depth = 3\n".to_owned(),
            1,
            "without a model",
            "allways list",
        ),
        (
            "[[check]]\nall = true\nparams = { members = 3 }\n".to_owned(),
            3,
            "parameter `members` of no model",
            "name it",
        ),
        (
            "[[check]]\nall = true\nvariant = \"atomic\"\n".to_owned(),
            3,
            "variant `atomic` of no model",
            "name its model",
        ),
        (
            format!("{check}\n{check}"),
            4,
            "is checked twice, first in line 1",
            "leave one",
        ),
        ("[[chekc]]\n".to_owned(), 1, "no field `chekc`", "\"check\""),
        ("[[check]\n".to_owned(), 1, "", "table [[check]]"),
    ] {
        let run = ends(&listing(&list), &[], 2);
        assert_eq!(run.stdout, "", "nothing is run:\n{list}");
        let place = format!("error: allways.toml:{line}: ");
        for part in [place.as_str(), told, "help: ", cure] {
            assert!(
                run.stderr.contains(part),
                "{part} in {}\n{list}",
                run.stderr
            );
        }
    }
    let both =
        "[[check]]\nmodel = \"duva-jion\"\n[[check]]\nmodel = \"duva-join\"\ntime = \"soon\"\n";
    let run = ends(&listing(both), &[], 2);
    assert_eq!(run.stderr.matches("error: ").count(), 2, "{}", run.stderr);

    let run = ends(&Sandbox::new(), &[], 2);
    assert!(
        run.stderr.contains("cannot read allways.toml"),
        "{}",
        run.stderr
    );
    let run = ends(&listing(""), &[], 4);
    assert!(run.stderr.contains("nothing was checked"), "{}", run.stderr);
}

#[test]
fn the_list_of_this_repository_names_every_model() {
    let list = include_str!("../../../allways.toml");
    assert!(list.contains("all = true"), "{list}");
    let locked = include_str!("../../../allways.lock");
    let listed = Command::new(env!("CARGO_BIN_EXE_allways"))
        .args(["list", "--json"])
        .output()
        .expect("the binary runs");
    let models: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let mut n = 0;
    for model in models.as_array().expect("models") {
        for variant in model["variants"].as_array().expect("variants") {
            let name = |v: &Value| v.as_str().expect("a name").to_owned();
            let (model, variant) = (name(&model["model"]), name(&variant["name"]));
            let entry = format!("name = \"{model}/{variant}\"\n");
            assert!(
                locked.contains(&entry),
                "{model}/{variant} is not locked: `allways ci --update-lock`"
            );
            n += 1;
        }
    }
    assert_eq!(
        locked.matches("[[check]]").count(),
        n,
        "nothing else is locked"
    );
}

#[test]
fn parameters_are_numbers_truths_and_words() {
    for (model, variant, params, name, value) in [
        (
            "two-phase-commit",
            "no-crash",
            "duplicating = true",
            "duplicating",
            Value::Bool(true),
        ),
        (
            "raft",
            "correct",
            "start = \"empty\"",
            "start",
            "empty".into(),
        ),
        ("two-phase-commit-tla", "atomic", "rms = 2", "rms", 2.into()),
    ] {
        let list = format!(
            "[[check]]\nmodel = \"{model}\"\nvariant = \"{variant}\"\nparams = {{ {params} }}\nmax-depth = 1\n"
        );
        let run = ends(&listing(&list), &["--json"], 3);
        let started = &run.lines()[0];
        assert_eq!(
            (&started["type"], &started["variant"]),
            (&"started".into(), &variant.into())
        );
        assert_eq!(started["params"][name], value);
    }
}

#[test]
fn what_names_a_variant_takes_the_place_of_what_comes_in_passing() {
    let model = "[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = { rms = 2 }\n";
    let variant = "[[check]]\nmodel = \"two-phase-commit-tla\"\nvariant = \"premature-commit\"\n\
                   params = { rms = 2 }\nexpect = { consistent = \"holds\" }\n";
    let of = |list: &str, code: i32| -> Vec<(Value, Value, Value)> {
        let run = ends(&listing(list), &["--json"], code);
        let lines = run.lines();
        let started = lines.iter().filter(|line| line["type"] == "started");
        let started: Vec<&Value> = started.collect();
        let summaries = lines.iter().filter(|line| line["type"] == "summary");
        let both = started.into_iter().zip(summaries);
        let both = both.map(|(started, summary)| {
            let bound = started["options"]["depth_max"].clone();
            let agreement = summary["agreement"].clone();
            (summary["variant"].clone(), bound, agreement)
        });
        both.collect()
    };
    let one = |variant: &str, bound: Value, agreement: &str| {
        (Value::from(variant), bound, Value::from(agreement))
    };
    // Wherever it stands in the list.
    let atomic = one("atomic", Value::Null, "as_expected");
    let premature = one("premature-commit", Value::Null, "contradicted");
    let both = [atomic.clone(), premature.clone()];
    assert_eq!(of(&format!("{model}{variant}"), 1), both);
    let reversed = [premature.clone(), atomic.clone()];
    assert_eq!(of(&format!("{variant}{model}"), 1), reversed);
    // A bound of its own too; two bounds of one variant are two checks.
    let bounded = format!("{variant}max-depth = 1\n");
    let cut = one("premature-commit", 1.into(), "undecided");
    let both = [atomic.clone(), cut.clone()];
    assert_eq!(of(&format!("{model}{bounded}"), 3), both);
    let all = [atomic, cut, premature];
    assert_eq!(of(&format!("{model}{bounded}{variant}"), 1), all);
    // With other parameters it is another check.
    let other = variant.replace("rms = 2", "rms = 3");
    assert_eq!(of(&format!("{model}{other}"), 1).len(), 3);
    // Equally close is a mistake, and so it is for whole models.
    for twice in [format!("{variant}{variant}"), format!("{model}{model}")] {
        let run = ends(&listing(&twice), &[], 2);
        assert!(run.stderr.contains("is checked twice"), "{}", run.stderr);
    }
}

#[test]
fn what_is_no_field_hides_no_other_mistake() {
    let list = "chekc = 1\n\
                [[check]]\nmodel = \"duva-join\"\nmax-depht = 3\nmax-states = -1\nallow-bounds = \"yes\"\nvariant = \"callback\"\n\
                [[check]]\nmodle = \"duva-join\"\n\
                [[check]]\nmodel = \"raft\"\ntime = \"soon\"\n";
    let run = ends(&listing(list), &[], 2);
    for (line, told) in [
        (1, "there is no field `chekc`"),
        (4, "there is no field `max-depht`"),
        (5, "invalid value"),
        (6, "invalid type"),
        (7, "no variant `callback`"),
        (9, "there is no field `modle`"),
        (12, "time = \"soon\" cannot be read"),
    ] {
        let place = format!("error: allways.toml:{line}: ");
        let mut lines = run.stderr.lines();
        let found = lines.any(|line| line.starts_with(&place) && line.contains(told));
        assert!(found, "{place}{told} in\n{}", run.stderr);
    }
    assert_eq!(run.stderr.matches("error: ").count(), 7, "{}", run.stderr);
    let run = ends(&listing("[check]\nmodel = \"raft\"\n"), &[], 2);
    assert!(run.stderr.contains("[[check]]"), "{}", run.stderr);
}
