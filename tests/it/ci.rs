//! `allways ci`: the list of checks and its mistakes, expectations, bounds, the lockfile, reports for other tools.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::cli::{Run, Sandbox};

/// Quick, and as expected.
const SOUND: &str = "
[[check]]
model = \"two-phase-commit-tla\"
variant = \"atomic\"
params = { rms = 3 }
";

/// A violation that the variant expects, but the list does not.
const BROKEN: &str = "
[[check]]
model = \"two-phase-commit-tla\"
variant = \"premature-commit\"
params = { rms = 3 }
expect = { consistent = \"holds\" }
";

fn listing(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    write(&sandbox, "allways.toml", text);
    sandbox
}

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    fs::write(sandbox.path(name), text).expect("it can be written");
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).expect("it was written")
}

fn ci(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["ci", "-q"], args].concat())
}

/// Runs, and holds the exit code against what is expected.
fn ends(sandbox: &Sandbox, args: &[&str], code: i32) -> Run {
    let run = ci(sandbox, args);
    assert_eq!(run.code, code, "{args:?}: {}{}", run.stdout, run.stderr);
    run
}

fn objects(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("an object on each line"))
        .collect()
}

#[test]
fn a_list_is_checked_with_its_parameters_and_all_variants_of_a_model() {
    let list =
        format!("{SOUND}[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = {{ rms = 2 }}\n");
    let sandbox = listing(&list);
    let run = ends(&sandbox, &["--json"], 0);
    let lines = objects(&run);
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
fn a_lockfile_is_the_same_however_it_is_searched_and_says_when_nothing_moved() {
    let list = format!(
        "{SOUND}[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = {{ rms = 2 }}\n[[check]]\nmodel = \"duva-join\"\nvariant = \"fire-and-forget\"\n"
    );
    let sandbox = listing(&list);
    let run = ends(&sandbox, &["--lock"], 2);
    assert!(run.stderr.contains("--update-lock"), "{}", run.stderr);
    let run = ends(&sandbox, &["--update-lock"], 0);
    assert!(
        run.stdout.contains("behaviour locked: 4 checks"),
        "{}",
        run.stdout
    );
    let locked = read(&sandbox, "allways.lock");
    for field in [
        "unique = 288",
        "generated = 1146",
        "rms = \"3\"",
        "consistent = \"holds\"",
    ] {
        assert!(locked.contains(field), "{field} in {locked}");
    }
    assert_eq!(locked.matches("\ndigest = \"").count(), 4, "{locked}");
    for how in [
        &["--threads", "1"][..],
        &["--threads", "2"],
        &["--threads", "3"],
        &["--exact", "--threads", "2"],
        &["--fingerprint", "128"],
    ] {
        let run = ends(&sandbox, &[how, &["--lock"]].concat(), 0);
        let told = "behaviour unchanged: 4 checks";
        assert!(run.stdout.contains(told), "{how:?}: {}", run.stdout);
        ends(&sandbox, &[how, &["--update-lock"]].concat(), 0);
        assert_eq!(read(&sandbox, "allways.lock"), locked, "{how:?}");
    }
}

#[test]
fn a_check_that_moved_is_named_with_what_moved() {
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    let digest = locked
        .lines()
        .find(|line| line.starts_with("digest = \""))
        .expect("a digest")
        .to_owned();
    let other = format!("digest = \"{:032x}\"", 7);
    for (from, to, how) in [
        ("unique = 288", "unique = 289", "unique states: 289 → 288"),
        ("depth = ", "depth = 1", "depth: 1"),
        (
            "consistent = \"holds\"",
            "consistent = \"violated\"",
            "property \"consistent\": violated → holds",
        ),
        (
            "consistent = ",
            "consistence = ",
            "property \"consistence\": gone (it was holds)",
        ),
        ("rms = \"3\"", "rms = \"4\"", "parameter \"rms\": 4 → 3"),
        (
            digest.as_str(),
            other.as_str(),
            "other states, though as many as before",
        ),
        (digest.as_str(), "", "no bound cuts it any more"),
        ("rms=3)", "rms=9)", "not in the lockfile yet"),
        ("rms=3)", "rms=9)", "not checked any more"),
    ] {
        let changed = locked.replacen(from, to, 1);
        assert_ne!(changed, locked, "{from}");
        write(&sandbox, "allways.lock", &changed);
        let run = ends(&sandbox, &["--lock"], 1);
        assert!(run.stdout.contains("behaviour moved"), "{}", run.stdout);
        assert!(
            run.stdout.contains("two-phase-commit-tla/atomic (rms=3)"),
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains(how), "{how} in {}", run.stdout);
        assert_eq!(
            read(&sandbox, "allways.lock"),
            changed,
            "--lock writes nothing"
        );
        let json = ends(&sandbox, &["--lock", "--json"], 1);
        let lock = json.summary();
        assert_eq!(
            (&lock["type"], &lock["unchanged"]),
            (&"lock".into(), &false.into())
        );
        assert!(
            lock["moved"]
                .to_string()
                .contains(&how.replace('"', "\\\"")),
            "{lock}"
        );
    }
    let run = ends(&sandbox, &["--update-lock"], 0);
    assert!(run.stdout.contains("what moved"), "{}", run.stdout);
    assert_eq!(read(&sandbox, "allways.lock"), locked);
}

#[test]
fn a_lockfile_of_another_version_says_nothing_about_the_models() {
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    for field in ["version = 1", "encoding = 1", "digest = 1"] {
        let changed = locked.replacen(field, &field.replace('1', "9"), 1);
        assert_ne!(changed, locked);
        write(&sandbox, "allways.lock", &changed);
        let run = ends(&sandbox, &["--lock"], 2);
        assert!(run.stderr.contains("re-lock needed"), "{}", run.stderr);
        assert!(!run.stderr.contains("moved"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    write(
        &sandbox,
        "allways.lock",
        &locked.replace("unique = ", "unique = x"),
    );
    let run = ends(&sandbox, &["--lock"], 2);
    assert!(run.stderr.contains("allways.lock:"), "{}", run.stderr);
}

#[test]
fn what_is_cut_has_no_digest_and_what_is_stopped_is_not_locked() {
    let cut = format!(
        "{SOUND}max-depth = 3\nallow-bounds = true\nexpect = {{ \"all commit\" = \"inconclusive\" }}\n"
    );
    let sandbox = listing(&cut);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    assert!(!locked.contains("digest = \""), "{locked}");
    assert!(locked.contains("(rms=3, max-depth 3)"), "{locked}");
    ends(&sandbox, &["--lock"], 0);

    let stopped = format!("{SOUND}time = \"0s\"\n");
    let sandbox = listing(&stopped);
    let run = ends(&sandbox, &["--update-lock"], 3);
    assert!(run.stderr.contains("was not written"), "{}", run.stderr);
    assert!(!sandbox.path("allways.lock").exists());
    write(&sandbox, "allways.toml", SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    write(&sandbox, "allways.toml", &stopped);
    let run = ends(&sandbox, &["--lock"], 3);
    assert!(run.stdout.contains("not compared"), "{}", run.stdout);
}

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

#[test]
fn the_list_of_this_repository_names_every_model() {
    let list = include_str!("../../allways.toml");
    assert!(list.contains("all = true"), "{list}");
    let locked = include_str!("../../allways.lock");
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
