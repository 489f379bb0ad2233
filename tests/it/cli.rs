//! The binary, tested as a binary: commands, exit codes, bad input, files, signals.

mod fewest_faults;

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A quick general model with a violated variant.
const BROKEN: &str = "two-phase-commit-tla/premature-commit";
const SOUND: &str = "two-phase-commit-tla/atomic";

/// What a run of the binary left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON object on each line"))
            .collect()
    }

    pub(crate) fn summary(&self) -> Value {
        self.lines().pop().expect("a last line")
    }
}

/// The binary in a folder of its own.
pub(crate) struct Sandbox {
    dir: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Sandbox {
            dir: tempfile::tempdir().expect("a scratch folder"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allways"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        finished(self.command(args).output().expect("the binary runs"))
    }
}

fn finished(output: Output) -> Run {
    Run {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn run(args: &[&str]) -> Run {
    Sandbox::new().run(args)
}

/// The run's output without what is measured.
fn unmeasured(stdout: &str) -> String {
    stdout
        .lines()
        .filter(|line| !line.starts_with("  measured"))
        .map(|line| {
            let Ok(mut object) = serde_json::from_str::<Value>(line) else {
                return line.to_owned();
            };
            if let Some(fields) = object.as_object_mut() {
                fields.remove("measured");
            }
            object.to_string()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn list_names_every_model_with_its_variants() {
    let text = run(&["list"]);
    assert_eq!(text.code, 0);
    for name in ["duva-join/fire-and-forget", SOUND, "--set rms="] {
        assert!(text.stdout.contains(name), "{name} in\n{}", text.stdout);
    }
    let one = run(&["list", "two-phase-commit-tla"]);
    assert!(!one.stdout.contains("duva-join"));
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
fn what_is_not_known_runs_nothing_and_names_what_is_near() {
    for (args, expected) in [
        (&["check", "duva-jion"][..], "did you mean \"duva-join\""),
        (
            &["check", "duva-join/fire-and-forgot"],
            "did you mean \"fire-and-forget\"",
        ),
        (&["check", SOUND, "--set", "rm=3"], "did you mean \"rms\""),
        (&["check", SOUND, "--set", "rms=0"], "rms=0 is out of range"),
        (
            &["check", SOUND, "--set", "rms=many"],
            "rms=many is not a whole number",
        ),
        (&["check", SOUND, "--set", "rms"], "NAME=VALUE"),
        (&["check", SOUND, "--property", "no pank"], "\"no panic\""),
        (&["check", SOUND, "xyzzy"], "there is \""),
        (&["check"], "--all"),
        (&["check", "--all", SOUND], "cannot be used with"),
        (&["check", SOUND, "--threads", "0"], "0 is not in 1..=1024"),
        (&["check", SOUND, "--fingerprint", "32"], "64 or 128"),
        (&["check", SOUND, "--time", "soon"], "a duration is"),
        (&["check", SOUND, "--memory", "lots"], "a size is"),
        (
            &["check", SOUND, "--exact", "--fingerprint", "128"],
            "cannot be used with",
        ),
        (&["chekc", SOUND], "check"),
        (&["list", "duva"], "did you mean \"duva-join\""),
        (&["man", "chek"], "did you mean \"check\""),
        (&["completions", "cmd"], "possible values"),
        (&[], "Usage"),
    ] {
        let run = run(args);
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
    }
}

#[test]
fn a_property_can_be_checked_alone() {
    let run = run(&["check", SOUND, "--property", "no panic", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let summary = run.summary();
    assert_eq!(summary["properties"].as_array().map(Vec::len), Some(1));
}

/// Writes a trace file for `BROKEN`; returns its path.
fn trace_file(sandbox: &Sandbox) -> PathBuf {
    let run = sandbox.run(&["check", BROKEN, "--json"]);
    let file = run
        .lines()
        .iter()
        .find(|l| l["type"] == "property" && l["verdict"] == "violated")
        .and_then(|l| l["trace_file"].as_str().map(str::to_owned))
        .expect("a trace file");
    sandbox.dir.path().join(file)
}

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

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_the_verdict_still_told() {
    let sandbox = Sandbox::new();
    for args in [
        &["check", BROKEN][..],
        &["check", BROKEN, "--json"],
        &["list"],
        &["man"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("the device");
        let run = finished(
            sandbox
                .command(args)
                .stdout(full)
                .output()
                .expect("it runs"),
        );
        assert_eq!(run.code, 2, "{args:?}: {}", run.stderr);
        assert!(
            run.stderr.contains("could not be written"),
            "{args:?}: {}",
            run.stderr
        );
        if args[0] == "check" {
            assert!(run.stderr.contains("violated"), "{}", run.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["check", "two-phase-commit-tla", "--json", "--set", "rms=5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut stderr)
        .expect("UTF-8");
    let code = child.wait().expect("it ends").code();
    assert!(
        !stderr.contains("panic") && !stderr.contains("could not"),
        "{stderr}"
    );
    assert_eq!(code, Some(130), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_a_partial_report() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["check", SOUND, "--json", "--set", "rms=9"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // The check has begun once its first line is there.
    let mut stdout = child.stdout.take().expect("piped");
    let mut text = vec![0; 1];
    stdout.read_exact(&mut text).expect("a first byte");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success());
    stdout.read_to_end(&mut text).expect("the rest");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let text = String::from_utf8(text).expect("UTF-8");
    let summary: Value =
        serde_json::from_str(text.lines().last().expect("a last line")).expect("JSON");
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["stopped"], "interrupt");
    assert_ne!(summary["verdict"], "holds");
}

#[cfg(unix)]
#[test]
fn a_running_check_says_how_far_it_is_when_it_is_asked() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["check", SOUND, "--quiet", "--json", "--set", "rms=9"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let signal = |name: &str, id: u32| {
        let sent = Command::new("kill").args([name, &id.to_string()]).status();
        assert!(sent.expect("kill runs").success());
    };
    // The check has begun once its first line is there.
    let mut stdout = child.stdout.take().expect("piped");
    let mut text = vec![0; 1];
    stdout.read_exact(&mut text).expect("a first byte");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut uniques = Vec::new();
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(200));
        signal("-USR1", child.id());
        let mut line = String::new();
        stderr.read_line(&mut line).expect("UTF-8");
        let rest = line.strip_prefix("two-phase-commit-tla/atomic: ");
        let words: Vec<&str> = rest.expect("its name").split_whitespace().collect();
        for word in ["states", "queue", "depth", "s", "generated"] {
            assert!(words.contains(&word), "{word} in {line:?}");
        }
        assert!(words.iter().any(|word| word.ends_with("/s")), "{line:?}");
        uniques.push(words[0].replace(',', "").parse::<u64>().expect("a number"));
    }
    assert!(uniques[0] < uniques[1], "{uniques:?}");
    signal("-INT", child.id());
    stdout.read_to_end(&mut text).expect("the rest");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("UTF-8");
    assert_eq!(rest, "", "one line for each signal");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let text = String::from_utf8(text).expect("UTF-8");
    for line in text.lines() {
        serde_json::from_str::<Value>(line).expect("nothing but JSON");
    }
}

#[test]
fn files_that_are_no_traces_are_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    let good = fs::read_to_string(trace_file(&sandbox)).expect("the trace");
    let version = good.replacen("\"version\": 1", "\"version\": 999", 1);
    let version = version.replacen("\"version\":1", "\"version\":999", 1);
    assert_ne!(good, version);
    let files: [(&str, &[u8]); 8] = [
        ("empty", b""),
        ("text", b"hello"),
        ("binary", b"\xff\xfe\x00\x01"),
        ("array", b"[]"),
        ("foreign", br#"{"format":"something else","version":1}"#),
        ("truncated", &good.as_bytes()[..good.len() / 2]),
        ("newer", version.as_bytes()),
        ("deep", &[b'['; 200_000]),
    ];
    for (name, bytes) in files {
        let mut file = fs::File::create(sandbox.path(name)).expect("created");
        file.write_all(bytes).expect("written");
        refused(&sandbox, name);
    }
    fs::create_dir(sandbox.path("folder")).expect("made");
    refused(&sandbox, "folder");
    refused(&sandbox, "missing");
}

fn refused(sandbox: &Sandbox, name: &str) {
    for command in ["show", "replay"] {
        let run = sandbox.run(&["trace", command, name]);
        assert_eq!(
            run.code, 2,
            "{command} {name}: {}{}",
            run.stdout, run.stderr
        );
        assert_eq!(run.stdout, "", "{command} {name}");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert!(
            run.stderr.contains(name),
            "{command} {name}: {}",
            run.stderr
        );
        assert!(
            run.stderr.contains("help: "),
            "{command} {name}: {}",
            run.stderr
        );
    }
}

/// Changes the first occurrence in a trace file and replays it.
fn replay_changed(from: &str, to: &str) -> Run {
    let sandbox = Sandbox::new();
    let path = trace_file(&sandbox);
    let text = fs::read_to_string(&path).expect("the trace");
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed, "{from} is not in the trace");
    write(&path, &changed);
    sandbox.run(&["trace", "replay", path.to_str().expect("UTF-8")])
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
}

#[test]
fn a_trace_of_what_is_gone_is_refused() {
    let model = replay_changed("two-phase-commit-tla", "three-phase-commit");
    assert_eq!(model.code, 2);
    assert!(
        model.stderr.contains("three-phase-commit"),
        "{}",
        model.stderr
    );

    let variant = replay_changed("premature-commit", "premature-comit");
    assert_eq!(variant.code, 2);
    assert!(
        variant.stderr.contains("did you mean \"premature-commit\""),
        "{}",
        variant.stderr
    );
}

#[test]
fn completions_and_manual_pages_come_from_the_binary() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = run(&["completions", shell]);
        assert_eq!(run.code, 0);
        for word in ["check", "replay", "max-depth"] {
            assert!(run.stdout.contains(word), "{word} for {shell}");
        }
    }
    let overview = run(&["man"]);
    assert_eq!(overview.code, 0);
    assert!(
        overview.stdout.contains(".TH allways 1"),
        "{}",
        overview.stdout
    );
    assert!(overview.stdout.contains("Exit codes"));
    let check = run(&["man", "check"]).stdout;
    assert!(check.contains("max\\-depth") && check.contains("SIGUSR1"));
    assert!(run(&["man", "trace", "replay"]).stdout.contains("FILE"));
}

#[test]
fn help_fits_eighty_columns() {
    let sandbox = Sandbox::new();
    for command in [
        &[][..],
        &["list"],
        &["check"],
        &["trace"],
        &["trace", "show"],
        &["trace", "replay"],
        &["completions"],
        &["man"],
    ] {
        for help in ["-h", "--help"] {
            let args = [command, &[help]].concat();
            let run = finished(
                sandbox
                    .command(&args)
                    .env("COLUMNS", "80")
                    .output()
                    .expect("it runs"),
            );
            assert_eq!(run.code, 0);
            for line in run.stdout.lines() {
                assert!(line.chars().count() <= 80, "{args:?}: {line}");
            }
        }
    }
}

#[test]
fn colour_is_there_where_it_is_wanted_and_never_alone() {
    let sandbox = Sandbox::new();
    let plain = sandbox.run(&["check", BROKEN]).stdout;
    assert!(!plain.contains('\x1b'));
    let never = sandbox.run(&["check", BROKEN, "--color", "never"]).stdout;
    assert_eq!(unmeasured(&plain), unmeasured(&never));
    let always = sandbox.run(&["check", BROKEN, "--color", "always"]).stdout;
    assert!(always.contains("\x1b[1;31m✗\x1b[0m"));
    assert!(plain.contains("✗") && plain.contains("violated"));
}
