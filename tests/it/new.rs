//! `allways new`: what it makes works as it is, and it overwrites nothing.

use std::fs;
use std::process::{Command, Output};

use crate::cli::Sandbox;
use crate::folders::{files_in, root};
use crate::generated::cargo;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command said that did what it was to do, and had nothing to complain about.
fn done(output: &Output) -> String {
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    assert!(!complained.contains("warning"), "{complained}");
    said
}

#[test]
fn a_new_crate_is_checked_and_tested_at_once() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["new", "demo"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("cargo run -- check"), "{}", run.stdout);
    let demo = sandbox.path("demo");
    assert_eq!(
        files_in(&demo),
        [
            ".github/workflows/models.yml",
            ".gitignore",
            "Cargo.toml",
            "README.md",
            "allways.toml",
            "src/lamp.rs",
            "src/lib.rs",
            "src/main.rs",
            "tests/lamp.rs",
        ]
    );
    // The versions that are there; cargo leaves out what is not needed.
    fs::copy(root().join("Cargo.lock"), demo.join("Cargo.lock")).expect("it can be copied");

    let checked = done(&cargo(
        &demo,
        &["run", "--quiet", "--", "check", "--threads", "2"],
    ));
    for part in [
        "lamp/unnumbered  presses=2",
        "violated in 4 steps, as expected",
        "lamp/numbered  presses=2",
        "2 checks: 2 as expected",
    ] {
        assert!(checked.contains(part), "{part} in\n{checked}");
    }
    let tested = done(&cargo(&demo, &["test", "--quiet"]));
    assert!(tested.contains("2 passed"), "{tested}");
    let mutations = ["check", "lamp/numbered", "--mutations"];
    let mutated = done(&cargo(
        &demo,
        &[&["run", "--quiet", "--"], &mutations[..]].concat(),
    ));
    as_the_guide_says(&(checked + &mutated));
    done(&cargo(&demo, &["run", "--quiet", "--", "ci", "--quiet"]));
    // Formatted as the guide and rustfmt have it.
    let format = Command::new(env!("CARGO"))
        .args(["fmt", "--check"])
        .current_dir(&demo)
        .output();
    // Without rustfmt there is no difference to be told.
    if let Ok(format) = format {
        let differs = text(&format.stdout);
        assert!(!differs.contains("Diff in"), "{differs}");
    }
}

/// Holds every line of output that the guide shows against what was said.
fn as_the_guide_says(said: &str) {
    let guide = fs::read_to_string(root().join("docs/guide.md")).expect("it is there");
    let blocks: Vec<&str> = guide.split("```text\n").skip(1).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let (block, _) = block.split_once("```").expect("a block has an end");
        for line in block.lines().filter(|line| !line.is_empty()) {
            // Where cargo puts the program is for the environment to say.
            let line = match line.split_once("target/debug/demo ") {
                Some((_, command)) => command,
                None => line,
            };
            assert!(
                said.contains(line),
                "the guide shows {line:?}; there is\n{said}"
            );
        }
    }
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let sandbox = Sandbox::new();
    let full = sandbox.path("full");
    fs::create_dir(&full).expect("it can be made");
    fs::write(full.join("mine"), "mine").expect("it can be written");
    fs::write(sandbox.path("file"), "mine").expect("it can be written");
    for (name, told) in [
        ("full", "full is there and is not empty"),
        ("file", "file is there and is no folder"),
        ("My Crate", "did you mean `my-crate`?"),
        ("some/where", "is a path"),
        ("self", "did you mean `my-self`?"),
    ] {
        let run = sandbox.run(&["new", name]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        assert!(run.stderr.contains(told), "{name}: {}", run.stderr);
        assert!(run.stderr.contains("help: "), "{name}: {}", run.stderr);
    }
    let there = files_in(&sandbox.path(""));
    assert_eq!(there, ["file", "full/mine"]);
    // An empty folder is as good as none.
    fs::create_dir(sandbox.path("empty")).expect("it can be made");
    assert_eq!(sandbox.run(&["new", "empty"]).code, 0);
    assert!(sandbox.path("empty/src/lamp.rs").is_file());
    let again = sandbox.run(&["new", "empty"]);
    assert_eq!(again.code, 2);
    assert!(
        !fs::read_dir(sandbox.path("."))
            .expect("it can be listed")
            .any(|entry| {
                let name = entry.expect("it can be listed").file_name();
                name.to_string_lossy().starts_with(".allways-new-")
            })
    );
}

#[test]
fn the_source_can_be_named_and_is_looked_at() {
    let sandbox = Sandbox::new();
    let path = root().to_str().expect("it is text");
    assert_eq!(sandbox.run(&["new", "one", "--path", path]).code, 0);
    let manifest = fs::read_to_string(sandbox.path("one/Cargo.toml")).expect("it was written");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    let dependency = &manifest["dependencies"]["allways"];
    assert_eq!(dependency["path"].as_str(), Some(path));
    for (path, told) in [("one", "holds the package `one`"), (".", "no Cargo.toml")] {
        let run = sandbox.run(&["new", "two", "--path", path]);
        assert_eq!(run.code, 2, "{path}");
        assert!(run.stderr.contains(told), "{path}: {}", run.stderr);
        assert!(!sandbox.path("two").exists());
    }
    // Inside a workspace the crate stands by itself.
    fs::write(sandbox.path("Cargo.toml"), "[workspace]\n").expect("it can be written");
    assert_eq!(sandbox.run(&["new", "three"]).code, 0);
    let manifest = fs::read_to_string(sandbox.path("three/Cargo.toml")).expect("it was written");
    assert!(manifest.contains("[workspace]"), "{manifest}");
}

#[test]
fn the_guide_begins_with_the_model_that_is_made() {
    let guide = fs::read_to_string(root().join("docs/guide.md")).expect("it is there");
    let model = root().join("src/cli/new/template/lamp.rs.txt");
    let model = fs::read_to_string(model).expect("it is there");
    // Without its entry in the catalogue, which the guide shows apart.
    for part in model.split("\n\n") {
        assert!(
            guide.contains(part.trim_end()),
            "the guide does not show:\n{part}"
        );
    }
}

#[test]
fn there_has_to_be_a_crate_to_watch() {
    let nowhere = Sandbox::new();
    let mut program = Command::new(env!("CARGO_BIN_EXE_allways"));
    let program = program
        .args(["check", "--watch", "duva-join"])
        .env_remove("CARGO_MANIFEST_DIR")
        .current_dir(nowhere.path("."));
    let output = program.output().expect("the binary runs");
    let complained = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{complained}");
    let told = if cfg!(windows) {
        "Windows"
    } else {
        "there is no crate here"
    };
    assert!(complained.contains(told), "{complained}");
    assert!(complained.contains("help: "), "{complained}");
}

#[test]
fn the_help_of_what_begins_a_project_fits_eighty_columns() {
    let sandbox = Sandbox::new();
    for command in ["new", "simulate", "check"] {
        for help in ["-h", "--help"] {
            let mut program = Command::new(env!("CARGO_BIN_EXE_allways"));
            let run = program.args([command, help]).env("COLUMNS", "80").output();
            let run = run.expect("the binary runs");
            assert!(run.status.success());
            for line in text(&run.stdout).lines() {
                assert!(line.chars().count() <= 80, "{command}: {line}");
            }
        }
        let page = sandbox.run(&["man", command]).stdout;
        assert!(
            page.contains("EXAMPLE") || page.contains("Example"),
            "{page}"
        );
    }
    let script = sandbox.run(&["completions", "bash"]);
    for word in ["simulate", "--strategy", "--watch", "--path"] {
        assert!(script.stdout.contains(word), "{word}");
    }
}
