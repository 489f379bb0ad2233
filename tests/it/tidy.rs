//! What must not find its way into the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folders::{files_in, root};

/// A file with more lines is about more than one subject.
const LINES_MAX: usize = 700;

/// Every file of the repository, relative to its root: what git lists, or all files where there is no git.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(root())
        .output();
    if let Ok(output) = listed
        && output.status.success()
    {
        let names = String::from_utf8(output.stdout).expect("names are text");
        let names = names
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        return names.filter(|name| root().join(name).is_file()).collect();
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(root()).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        let name = PathBuf::from(entry.file_name());
        if !entry.path().is_dir() {
            found.push(name);
        } else if name != Path::new("target") && name != Path::new(".git") {
            let files = files_in(&entry.path()).into_iter();
            found.extend(files.map(|file| name.join(file)));
        }
    }
    found
}

/// The files with this ending, and their texts.
fn texts(ending: &str) -> Vec<(PathBuf, String)> {
    let files = files()
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == ending));
    let texts: Vec<_> = files
        .map(|file| {
            let text = fs::read_to_string(root().join(&file)).expect("it is text");
            (file, text)
        })
        .collect();
    assert!(
        !texts.is_empty(),
        "no {ending} files: the test looks in the wrong place"
    );
    texts
}

#[test]
fn no_debugging_is_left_behind_and_no_test_is_left_out() {
    // Written apart, so that this file does not contain them.
    let unwanted = [
        concat!("db", "g!("),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
        concat!("FIX", "ME"),
    ];
    for (file, text) in texts("rs") {
        for (number, line) in (1..).zip(text.lines()) {
            for word in unwanted {
                assert!(!line.contains(word), "{}:{number}: {line}", file.display());
            }
        }
    }
}

#[test]
fn no_file_has_grown_too_long() {
    for (file, text) in texts("rs") {
        let n = text.lines().count();
        assert!(
            n <= LINES_MAX,
            "{} has {n} lines, more than {LINES_MAX}",
            file.display()
        );
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    for (file, text) in texts("rs") {
        let is_said = text.lines().take(3).any(|line| line.starts_with("//!"));
        assert!(is_said, "{} has no module documentation", file.display());
    }
}

#[test]
fn nothing_depends_on_one_machine() {
    let unwanted = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Use", "rs/"),
        concat!("/wo", "rk/"),
        concat!("C:", "\\Users"),
    ];
    for ending in ["rs", "toml", "md", "json", "lock"] {
        let files = files()
            .into_iter()
            .filter(|file| file.extension().is_some_and(|e| e == ending));
        for file in files {
            let text = fs::read_to_string(root().join(&file)).expect("it is text");
            for (number, line) in (1..).zip(text.lines()) {
                for path in unwanted {
                    assert!(!line.contains(path), "{}:{number}: {line}", file.display());
                }
            }
        }
    }
}

#[test]
fn no_stray_files() {
    let folders = [
        ".ci", "benches", "docs", "examples", "models", "src", "tests",
    ];
    let at_top = [
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "allways.lock",
        "README.md",
        "allways.toml",
        "clippy.toml",
        "deny.toml",
    ];
    for file in files() {
        let first = file
            .iter()
            .next()
            .expect("a path has parts")
            .to_string_lossy()
            .into_owned();
        let is_known = match file.iter().count() {
            1 => at_top.contains(&&*first),
            _ => folders.contains(&&*first),
        };
        assert!(is_known, "{} belongs nowhere", file.display());
        let name = file.to_string_lossy();
        for ending in [".orig", ".rej", ".bak", ".swp", ".log", "~", ".DS_Store"] {
            assert!(!name.ends_with(ending), "{name} is a leftover");
        }
    }
}

#[test]
fn every_dependency_has_its_reason_beside_it() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it can be read");
    let mut is_in_dependencies = false;
    let mut has_reason = false;
    let mut n = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_in_dependencies = line.ends_with("dependencies]");
            has_reason = false;
        } else if line.trim().is_empty() {
            has_reason = false;
        } else if line.starts_with('#') {
            has_reason = true;
        } else if is_in_dependencies && line.contains('=') {
            // One reason may serve for several lines that follow each other.
            assert!(
                has_reason || line.contains(" # "),
                "no reason beside: {line}"
            );
            n += 1;
        }
    }
    assert!(
        n > 5,
        "no dependencies: the test reads the manifest wrongly"
    );
}
