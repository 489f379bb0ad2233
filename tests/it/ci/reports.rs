//! Reports for other tools: where they go, what they tell, and when they are refused.

use serde_json::Value;

use super::{BROKEN, SOUND, ends, listing, read, write};
use crate::cli::Sandbox;

#[test]
fn every_report_goes_to_its_file_and_the_terminal_is_told_too() {
    let sandbox = listing(&format!("{SOUND}{BROKEN}"));
    let run = ends(
        &sandbox,
        &[
            "--format=junit=out/junit.xml",
            "--format=markdown=out/summary.md",
            "--format=sarif=out/allways.sarif",
            "--format=json=out/allways.json",
            "--format=text=out/allways.txt",
            "--format=github",
        ],
        1,
    );
    // Standard output has the annotations, so the terminal is told on standard error.
    let annotation = "::error file=allways.toml,line=7,title=two-phase-commit-tla/premature-commit (rms=3)::always \"consistent\": violated in ";
    assert!(run.stdout.starts_with(annotation), "{}", run.stdout);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    assert!(
        run.stderr.contains("✗ always \"consistent\""),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("2 checks: 1 as expected, 1 not as expected")
    );
    let told = |text: &str| {
        text.lines()
            .filter(|l| !l.contains("measured"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&read(&sandbox, "out/allways.txt")), told(&run.stderr));
    assert_eq!(
        read(&sandbox, "out/allways.json")
            .matches("\"type\":\"summary\"")
            .count(),
        2
    );

    let junit = read(&sandbox, "out/junit.xml");
    let junit = quick_junit::Report::deserialize_from_str(&junit).expect("it is JUnit XML");
    let suites: Vec<_> = (junit.test_suites.iter())
        .map(|suite| {
            (
                suite.name.as_str(),
                suite.tests,
                suite.failures,
                suite.errors,
            )
        })
        .collect();
    assert_eq!(
        suites,
        [
            ("two-phase-commit-tla/atomic (rms=3)", suites[0].1, 0, 0),
            (
                "two-phase-commit-tla/premature-commit (rms=3)",
                suites[1].1,
                1,
                0
            )
        ]
    );
    assert!(suites.iter().all(|suite| suite.1 >= 2), "{suites:?}");

    let markdown = read(&sandbox, "out/summary.md");
    assert!(
        markdown.starts_with("## Allways: 2 checks, 1 not as expected\n"),
        "{markdown}"
    );
    assert!(
        markdown.contains("```mermaid\nsequenceDiagram"),
        "{markdown}"
    );
    assert!(
        markdown.contains("| two-phase-commit-tla/atomic (rms=3) | holds | yes | 288 |"),
        "{markdown}"
    );

    let sarif: Value = serde_json::from_str(&read(&sandbox, "out/allways.sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    let rule = results[0]["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(
        run["tool"]["driver"]["rules"][rule]["id"],
        results[0]["ruleId"]
    );
    assert_eq!(results[0]["ruleId"], "not-as-expected");
    assert_eq!(results[0]["level"], "error");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "allways.toml");
    assert_eq!(place["region"]["startLine"], 7);
}

#[test]
fn reports_tell_of_the_lockfile_and_of_what_was_undecided() {
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    write(
        &sandbox,
        "allways.lock",
        &locked.replace("unique = 288", "unique = 9"),
    );
    let run = ends(&sandbox, &["--lock", "--format", "github"], 1);
    let told = "::error file=allways.toml,line=2,title=two-phase-commit-tla/atomic (rms=3)::behaviour moved: unique states: 9 → 288\n";
    assert_eq!(run.stdout, told);
    let run = ends(
        &sandbox,
        &["--lock", "--format", "junit", "--output", "j.xml"],
        1,
    );
    assert!(run.stdout.contains("behaviour moved"), "{}", run.stdout);
    let junit = quick_junit::Report::deserialize_from_str(&read(&sandbox, "j.xml")).expect("JUnit");
    assert_eq!((junit.failures, junit.errors), (1, 0));
    let run = ends(&sandbox, &["--lock", "--format", "sarif"], 1);
    assert!(
        run.stdout.contains("\"ruleId\": \"behaviour-moved\""),
        "{}",
        run.stdout
    );

    let sandbox = listing(&format!("{SOUND}max-depth = 3\n"));
    let run = ends(&sandbox, &["--format", "github"], 3);
    assert!(
        run.stdout
            .starts_with("::warning file=allways.toml,line=2,"),
        "{}",
        run.stdout
    );
    let run = ends(&sandbox, &["--format", "junit"], 3);
    let junit = quick_junit::Report::deserialize_from_str(&run.stdout).expect("JUnit");
    assert!(junit.errors > 0 && junit.failures == 0, "{}", run.stdout);
}

#[test]
fn reports_that_cannot_be_made_are_refused() {
    let sandbox = listing(SOUND);
    for (args, told) in [
        (&["--format", "xml"][..], "there is no format `xml`"),
        (&["--format", "junti"], "did you mean \"junit\""),
        (&["--format", "junit="], "the name of the file is missing"),
        (
            &["--format", "junit", "--format", "sarif"],
            "two reports cannot share",
        ),
        (
            &["--format", "junit=a", "--output", "b"],
            "--output names the file of one",
        ),
        (
            &["--format", "junit=a", "--format", "sarif=a"],
            "the file of two reports",
        ),
        (&["--format", "junit=."], "is a folder"),
        (&["--output", "b"], "--format"),
        (&["--json", "--format", "junit"], "cannot be used with"),
        (&["--lock", "--update-lock"], "cannot be used with"),
    ] {
        let run = ends(&sandbox, args, 2);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
    }
    write(&sandbox, "file", "");
    let run = ends(&sandbox, &["--format", "junit=file/j.xml"], 2);
    assert!(
        run.stderr.contains("a report could not be written"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout.contains("unique states"),
        "the terminal is told: {}",
        run.stdout
    );
}

#[test]
fn a_report_is_also_for_a_single_check() {
    let sandbox = Sandbox::new();
    let args = ["check", "duva-join/callback-chain", "--format", "junit"];
    let run = sandbox.run(&args);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let junit = quick_junit::Report::deserialize_from_str(&run.stdout).expect("JUnit");
    assert_eq!(junit.test_suites.len(), 1);
    assert!(run.stderr.contains("unique states"), "{}", run.stderr);
}
