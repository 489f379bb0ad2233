//! What `list` and `check` report, in text and in JSON, and when their exit codes say that something is not as expected or undecided.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{BROKEN, SOUND, Sandbox, finished, run, trace_file, unmeasured};

#[test]
fn list_names_every_model_with_its_variants() {
    let text = run(&["list"]);
    assert_eq!(text.code, 0);
    for name in ["duva-join/fire-and-forget", SOUND, "--set rms="] {
        assert!(text.stdout.contains(name), "{name} in\n{}", text.stdout);
    }
    let one = run(&["list", "two-phase-commit-tla"]);
    assert!(!one.stdout.contains("duva-join"));
    // A name as everywhere else: one variant.
    let variant = run(&["list", SOUND]);
    assert_eq!(variant.code, 0, "{}", variant.stderr);
    assert!(variant.stdout.contains("two-phase-commit-tla/atomic"));
    assert!(!variant.stdout.contains(BROKEN), "{}", variant.stdout);
    let unknown = run(&["list", "two-phase-commit-tla/atmoic"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("\"atomic\""), "{}", unknown.stderr);
}

#[test]
fn list_json_is_one_array_of_the_documented_shape() {
    let list = run(&["list", "--json"]);
    assert_eq!(list.code, 0);
    let models: Value = serde_json::from_str(&list.stdout).expect("one JSON value");
    let models = models.as_array().expect("an array");
    let commit = models
        .iter()
        .find(|m| m["model"] == "two-phase-commit-tla")
        .expect("the model");
    assert!(commit["source"].is_string());
    let rms = &commit["params"][0];
    assert_eq!(rms["name"], "rms");
    assert_eq!(rms["type"], "integer");
    assert!(rms["default"].is_i64());
    assert!(rms["min"].is_i64() && rms["max"].is_i64());
    assert!(rms["choices"].is_null());
    for model in models {
        for variant in model["variants"].as_array().expect("variants") {
            let properties = variant["properties"].as_array().expect("properties");
            assert!(properties.len() > 1, "{variant}");
            for property in properties {
                for field in ["name", "kind", "expected"] {
                    assert!(property[field].is_string(), "{field} in {property}");
                }
            }
        }
    }
}

#[test]
fn the_last_line_of_a_check_is_its_summary() {
    let check = run(&["check", SOUND, "--set", "rms=3", "--json"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    let lines = check.lines();
    assert_eq!(lines[0]["type"], "started");
    assert_eq!(lines[0]["params"]["rms"], 3);
    for line in &lines {
        assert_eq!(line["schema"], 1);
    }
    let summary = check.summary();
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["model"], "two-phase-commit-tla");
    assert_eq!(summary["variant"], "atomic");
    assert_eq!(summary["verdict"], "holds");
    assert_eq!(summary["as_expected"], true);
    assert_eq!(summary["unique_states"], 288);
    assert_eq!(summary["generated"], 1146);
    assert_eq!(summary["transitions"], 1145);
    assert!(summary["depth"].as_u64().expect("a number") > 0);
    assert!(summary["measured"].is_object());
    let properties = summary["properties"].as_array().expect("properties");
    assert_eq!(properties[0]["kind"], "no_panic");
    assert!(properties[0]["trace_len"].is_null());
    for property in properties {
        for field in ["name", "kind", "verdict", "expected"] {
            assert!(property[field].is_string(), "{field} in {property}");
        }
        if property["kind"] == "reachable" {
            assert!(property["trace_len"].as_u64().expect("a witness") > 0);
        }
    }
}

#[test]
fn a_violation_is_reported_with_its_trace_and_can_be_replayed() {
    let sandbox = Sandbox::new();
    let check = sandbox.run(&["check", BROKEN]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    assert!(check.stdout.contains("✗"), "{}", check.stdout);
    assert!(check.stdout.contains("violated in "), "{}", check.stdout);
    assert!(check.stdout.contains("as expected"), "{}", check.stdout);

    // The command that the report proposes is run as it stands.
    let replay = check
        .stdout
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("replay "))
        .expect("a proposed command")
        .trim();
    let words: Vec<&str> = replay.split_whitespace().collect();
    let replayed = finished(
        Command::new(words[0])
            .args(&words[1..])
            .current_dir(sandbox.dir.path())
            .output()
            .expect("it runs"),
    );
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);

    let file = words.last().expect("a file");
    let shown = sandbox.run(&["trace", "show", file]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    // What `check` printed of the trace is what `show` prints of it.
    let steps = |text: &str| {
        text.lines()
            .filter(|l| l.trim_start().starts_with(|c: char| c.is_ascii_digit()))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert!(!steps(&shown.stdout).is_empty());
    assert_eq!(steps(&check.stdout), steps(&shown.stdout));
}

#[test]
fn a_trace_that_the_model_does_not_follow_is_exit_1_with_the_step() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let text = fs::read_to_string(&file).expect("the trace");
    // The same way in the design that waits for everybody.
    let repaired = text.replacen("premature-commit", "atomic", 1);
    assert_ne!(repaired, text);
    fs::write(&file, repaired).expect("written");
    let run = sandbox.run(&["trace", "replay", file.to_str().expect("UTF-8")]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let told = "the model differs at step ";
    let (_, told) = run
        .stdout
        .split_once(told)
        .unwrap_or_else(|| panic!("{}", run.stdout));
    // All that was done before the manager commits can be done here, too.
    let steps: u32 = told
        .split(':')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    assert!(steps > 1, "{}", run.stdout);
    assert!(
        told.contains("nothing of the kind can happen there"),
        "{}",
        run.stdout
    );
}

#[test]
fn the_same_bytes_for_one_two_and_three_threads_ten_times_each() {
    for model in ["duva-join", "two-phase-commit-tla"] {
        for json in [false, true] {
            let sandbox = Sandbox::new();
            let mut first: Option<(i32, String)> = None;
            for threads in ["1", "2", "3"] {
                for _ in 0..10 {
                    let mut args = vec!["check", model, "--threads", threads];
                    if json {
                        args.push("--json");
                    }
                    let run = sandbox.run(&args);
                    let found = (run.code, unmeasured(&run.stdout));
                    match &first {
                        None => first = Some(found),
                        Some(first) => assert_eq!(*first, found, "{threads} threads"),
                    }
                }
            }
        }
    }
}

#[test]
fn measured_figures_stand_on_the_last_line_and_nowhere_else() {
    let check = run(&["check", SOUND]);
    let last = check.stdout.lines().last().expect("a last line");
    assert!(last.starts_with("  measured"), "{}", check.stdout);
    assert_eq!(check.stdout.matches("measured").count(), 1);
    assert_eq!(check.stdout.matches("states/s").count(), 1);
}

#[test]
fn bounds_and_stops_leave_a_check_undecided() {
    for args in [
        &["--max-depth", "1"][..],
        &["--max-states", "1"],
        &["--time", "0s"],
        &["--memory", "1"],
    ] {
        let run = run(&[&["check", SOUND, "--json"], args].concat());
        assert_eq!(run.code, 3, "{args:?}: {}{}", run.stdout, run.stderr);
        let summary = run.summary();
        assert_eq!(summary["as_expected"], false, "{args:?}");
        assert_eq!(summary["agreement"], "undecided", "{args:?}");
        let cut = summary["cut_by"].as_array().is_some_and(|c| !c.is_empty());
        let stopped = summary["stopped"].is_string();
        assert!(cut || stopped, "{args:?}: {summary}");
        assert_ne!(summary["verdict"], "holds", "{args:?}");
        for property in summary["properties"].as_array().expect("properties") {
            if property["trace_len"].is_null() {
                assert_ne!(property["verdict"], "holds", "{args:?}: {property}");
            }
        }
    }
}

#[test]
fn bounds_can_be_allowed() {
    // Deep enough for every witness, not for every state.
    let model = "clocks/vector";
    let whole = run(&["check", model, "--json"]).summary();
    let deepest = whole["properties"]
        .as_array()
        .expect("properties")
        .iter()
        .filter_map(|p| p["trace_len"].as_u64())
        .max()
        .expect("a witness");
    assert!(deepest < whole["depth"].as_u64().expect("a number"));
    let bound = deepest.to_string();
    let args = ["check", model, "--max-depth", &bound];
    let bounded = run(&args);
    assert_eq!(bounded.code, 3);
    assert!(
        bounded
            .stdout
            .contains("holds within bounds, expected: holds"),
        "{}",
        bounded.stdout
    );
    let allowed = run(&[&args[..], &["--allow-bounds"]].concat());
    assert_eq!(allowed.code, 0, "{}", allowed.stdout);
}

#[test]
fn an_unexpected_verdict_is_exit_1() {
    // A single manager agrees with itself whatever it decides.
    let check = run(&["check", BROKEN, "--set", "rms=1"]);
    assert_eq!(check.code, 1, "{}", check.stderr);
    assert!(
        check.stdout.contains("holds, expected: violated"),
        "{}",
        check.stdout
    );
    let json = run(&["check", BROKEN, "--set", "rms=1", "--json"]);
    assert_eq!(json.code, 1);
    assert_eq!(json.summary()["agreement"], "contradicted");
    assert_eq!(json.summary()["verdict"], "holds");
}

#[test]
fn exactness_and_wide_fingerprints_find_the_same() {
    let of = |args: &[&str]| {
        let run = run(&[&["check", SOUND, "--json"], args].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.summary()
    };
    let plain = of(&[]);
    let exact = of(&["--exact"]);
    let wide = of(&["--fingerprint", "128"]);
    let seeded = of(&["--hash-seed", "7"]);
    for other in [&exact, &wide, &seeded] {
        for field in ["unique_states", "generated", "depth", "properties"] {
            assert_eq!(plain[field], other[field], "{field}");
        }
    }
    assert_eq!(exact["omission_bound"], 0.0);
    assert_eq!(exact["exact"], true);
    assert!(plain["omission_bound"].as_f64() > wide["omission_bound"].as_f64());
    assert_eq!(wide["fingerprint_bits"], 128);
    assert_eq!(seeded["hash_seed"], 7);
}

#[test]
fn a_property_can_be_checked_alone() {
    let run = run(&["check", SOUND, "--property", "no panic", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let summary = run.summary();
    assert_eq!(summary["properties"].as_array().map(Vec::len), Some(1));
}
