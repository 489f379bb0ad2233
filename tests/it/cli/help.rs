//! What help texts and the README show is what the binary does.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::{Sandbox, run};

/// The examples in the help of a command, each as words, without what a shell does with them.
fn examples(command: &str) -> Vec<Vec<String>> {
    let help = run(&[command, "--help"]).stdout;
    let lines = help.lines().filter(|line| line.starts_with("  allways "));
    let examples = lines.map(|line| {
        let example = line.trim_start().split("   ").next().expect("an example");
        let words = example.split_whitespace().skip(1).map(str::to_owned);
        words
            .take_while(|word| !["|", ">", "&&"].contains(&word.as_str()))
            .collect()
    });
    examples.collect()
}

#[test]
fn the_examples_of_the_help_work_as_they_stand() {
    let sandbox = Sandbox::new();
    let mut n_run = 0;
    for (command, quickly) in [
        ("list", &[][..]),
        ("check", &["--max-depth", "0", "--handler-time", "0s"]),
        ("simulate", &["--quiet", "--steps", "1"]),
        ("completions", &[]),
        ("man", &[]),
    ] {
        for example in examples(command) {
            let words: Vec<&str> = example.iter().map(String::as_str).collect();
            let run = sandbox.run(&[&words[..], quickly].concat());
            // What is cut is undecided; what is wrong with the words would be 2.
            assert!([0, 3].contains(&run.code), "{example:?}: {}", run.stderr);
            n_run += 1;
        }
    }
    assert!(n_run >= 14, "only {n_run} examples");
    if !cfg!(feature = "explorer") {
        return;
    }
    let mut n_served = 0;
    for example in examples("explore") {
        if example.iter().any(|word| word == "--trace") {
            continue;
        }
        let words = example.iter().filter(|word| *word != "--open");
        let words: Vec<&str> = words.map(String::as_str).collect();
        let mut server = sandbox
            .command(&[&words[..], &["--no-check"]].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut address = String::new();
        let mut stdout = BufReader::new(server.stdout.take().expect("piped"));
        stdout.read_line(&mut address).expect("UTF-8");
        server.kill().expect("it can be ended");
        server.wait().expect("it ends");
        assert!(address.starts_with("http://"), "{example:?}: {address}");
        n_served += 1;
    }
    assert_eq!(n_served, 2);
}

#[test]
fn the_readme_shows_what_a_check_prints() {
    let readme = include_str!("../../../README.md");
    let (_, block) = readme.split_once("```text\n✗ always").expect("an example");
    let (block, _) = block.split_once("```").expect("its end");
    let told = format!("✗ always{block}");
    let checked = run(&["check", "duva-join/fire-and-forget"]);
    assert!(checked.stdout.contains(&told), "{}", checked.stdout);
}
