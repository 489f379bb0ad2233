//! The files that a check writes: where they go, what they hold, and that none of what they hold is lost where they cannot be written.

use std::fs;

use super::{BROKEN, Sandbox, trace_file};

#[test]
fn trace_files_go_where_they_are_told_and_leave_nothing_beside() {
    let sandbox = Sandbox::new();
    let usual = trace_file(&sandbox);
    assert!(usual.starts_with(sandbox.path("target/allways")));
    let name = usual
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(name.starts_with("two-phase-commit-tla.premature-commit."));
    assert!(name.ends_with(".trace.json"));
    for entry in fs::read_dir(sandbox.path("target/allways")).expect("the folder") {
        let name = entry.expect("an entry").file_name();
        assert!(name.to_string_lossy().ends_with(".trace.json"), "{name:?}");
    }

    let elsewhere = Sandbox::new();
    elsewhere.run(&["check", BROKEN, "--trace-dir", "a/b"]);
    assert!(elsewhere.path("a/b").join(&name).is_file());
    assert!(!elsewhere.path("target").exists());

    let none = Sandbox::new();
    none.run(&["check", BROKEN, "--no-trace-file"]);
    assert_eq!(
        fs::read_dir(none.dir.path()).expect("the folder").count(),
        0
    );
}

#[test]
fn a_trace_file_is_the_same_whoever_writes_it() {
    let sandbox = Sandbox::new();
    let path = trace_file(&sandbox);
    let first = fs::read(&path).expect("the trace");
    sandbox.run(&["check", BROKEN, "--threads", "3"]);
    assert_eq!(first, fs::read(&path).expect("the trace"));
}

#[test]
fn an_unwritable_trace_folder_loses_nothing() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("taken"), "a file, not a folder").expect("written");
    for dir in ["taken", "taken/below"] {
        let run = sandbox.run(&["check", BROKEN, "--trace-dir", dir]);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stdout.contains("violated in "), "{}", run.stdout);
        assert!(run.stdout.contains("trace not written"), "{}", run.stdout);
        assert!(!run.stdout.contains("  replay"), "{}", run.stdout);
        assert!(run.stderr.contains("help: "), "{}", run.stderr);

        let run = sandbox.run(&["check", BROKEN, "--trace-dir", dir, "--json"]);
        assert_eq!(run.code, 2);
        let property = run
            .lines()
            .into_iter()
            .find(|l| l["verdict"] == "violated" && l["type"] == "property")
            .expect("the violation");
        assert!(property["trace"].is_object());
        assert!(property["trace_file"].is_null());
        assert!(property["trace_file_error"].is_string());
    }
}

#[test]
fn why_a_loop_is_fair_names_actors_as_its_steps_do() {
    let sandbox = Sandbox::new();
    let variant = "failure-detector/ping-asynchronous";
    let lines = sandbox.run(&["check", "-q", variant, "--json"]).lines();
    let loops = lines.iter().filter(|line| line["loop_start"].is_number());
    let mut n_named = 0;
    for line in loops.filter(|line| line["type"] == "property") {
        let path = &line["trace"]["paths"][0];
        for fair in path["fairness"].as_array().expect("a list") {
            let class = fair["class"].as_str().expect("a name");
            assert!(!class.contains("Id("), "{class}");
            n_named += usize::from(class.contains("(process[0]) of monitor"));
        }
    }
    assert!(n_named > 0, "no timer is about an actor");
}
