//! What is refused with a reason and a cure: names, values and options that are not there, files that are no traces.

use std::fs;

use super::{BROKEN, Run, SOUND, Sandbox, run, trace_file};

/// Holds a run against what is promised of every mistake: exit code 2, nothing on standard output, the reason on standard error.
fn assert_refused(run: &Run, told: &str, what: &dyn std::fmt::Debug) {
    assert_eq!(run.code, 2, "{what:?}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "", "{what:?}");
    assert!(
        run.stderr.starts_with("error: "),
        "{what:?}: {}",
        run.stderr
    );
    assert!(run.stderr.contains(told), "{what:?}: {}", run.stderr);
}

/// And with a cure of ours.
fn assert_refused_with_a_cure(run: &Run, told: &str, what: &dyn std::fmt::Debug) {
    assert_refused(run, told, what);
    assert!(run.stderr.contains("help: "), "{what:?}: {}", run.stderr);
}

#[test]
fn a_model_variant_parameter_or_value_that_there_is_not_is_refused_by_every_command() {
    let sandbox = Sandbox::new();
    for command in ["check", "simulate", "explore"] {
        for (rest, told) in [
            (&["duva-jion"][..], "did you mean \"duva-join\""),
            (&["duva-jion/callback-chain"], "did you mean \"duva-join\""),
            (
                &["duva-join/fire-and-forgot"],
                "did you mean \"fire-and-forget\"",
            ),
            (&["duva-join/"], "no variant"),
            (&[""], "there is no model"),
            (&[SOUND, "--set", "rm=3"], "did you mean \"rms\""),
            (&[SOUND, "--set", "rms=0"], "rms=0 is out of range"),
            (&[SOUND, "--set", "rms=11"], "rms=11 is out of range"),
            (&[SOUND, "--set", "rms=-1"], "rms=-1 is out of range"),
            (
                &[SOUND, "--set", "rms=2.5"],
                "rms=2.5 is not a whole number",
            ),
            (
                &[SOUND, "--set", "rms=many"],
                "rms=many is not a whole number",
            ),
            (&[SOUND, "--set", "rms="], "rms= is not a whole number"),
            (
                &["two-phase-commit/no-crash", "--set", "duplicating=perhaps"],
                "duplicating=perhaps is neither true nor false",
            ),
            (
                &["raft/correct", "--set", "start=gone"],
                "start=gone is not one of the choices",
            ),
        ] {
            let run = sandbox.run(&[&[command], rest].concat());
            assert_refused_with_a_cure(&run, told, &(command, rest));
        }
        for rest in [&[SOUND, "--set", "rms"][..], &[SOUND, "--set", "=3"]] {
            let run = sandbox.run(&[&[command], rest].concat());
            assert_refused(&run, "NAME=VALUE", &(command, rest));
        }
    }
    // One mistake among several names: nothing is run.
    let run = sandbox.run(&["check", SOUND, "xyzzy"]);
    assert_refused_with_a_cure(&run, "there is \"", &"check");
    let list = sandbox.run(&["list", "duva"]);
    assert_refused_with_a_cure(&list, "did you mean \"duva-join\"", &"list");
    let page = sandbox.run(&["man", "chek"]);
    assert_refused_with_a_cure(&page, "did you mean \"check\"", &"man");
    assert_eq!(
        fs::read_dir(sandbox.path("")).expect("the folder").count(),
        0
    );
}

#[test]
fn a_property_that_there_is_not_is_refused() {
    for command in ["check", "simulate"] {
        let run = run(&[command, SOUND, "--property", "no pank"]);
        assert_refused_with_a_cure(&run, "did you mean \"no panic\"", &command);
        let args = [command, SOUND, "--property", "no panic", "--property", "x"];
        assert_refused_with_a_cure(&self::run(&args), "no property \"x\"", &command);
    }
}

#[test]
fn a_command_line_that_says_nothing_or_too_much_is_refused() {
    for (args, told) in [
        (&[][..], "Usage"),
        (&["chekc", SOUND], "check"),
        (&["check"], "--all"),
        (&["check", "--all", SOUND], "cannot be used with"),
        (
            &["check", SOUND, "--exact", "--fingerprint", "128"],
            "cannot be used with",
        ),
        (
            &["check", SOUND, "--json", "--format", "junit"],
            "cannot be used with",
        ),
        (
            &["check", SOUND, "--dump", "dot", "--json"],
            "cannot be used with",
        ),
        (
            &["check", SOUND, "--watch", "--dump", "dot"],
            "cannot be used with",
        ),
        (
            &["check", SOUND, "--mutations", "--first"],
            "cannot be used with",
        ),
        (
            &["check", SOUND, "--no-trace-file", "--trace-dir", "x"],
            "cannot be used with",
        ),
        (&["check", SOUND, "--min-score", "3"], "--mutations"),
        (&["simulate"], "--all"),
        (&["simulate", "--all", SOUND], "cannot be used with"),
        (&["simulate", SOUND, "--depth", "2"], "--strategy pct"),
        (&["explore"], "MODEL"),
        (&["trace"], "Usage"),
        (&["new"], "<NAME>"),
        (&["completions", "cmd"], "possible values"),
    ] {
        // A bare command prints its help instead of an error.
        let run = run(args);
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
    }
}

#[test]
fn a_value_that_an_option_does_not_take_is_refused() {
    let check = ["check", SOUND];
    let simulate = ["simulate", SOUND];
    let explore = ["explore", SOUND];
    for (command, option, value, told) in [
        (&check, "--threads", "0", "0 is not in 1..=1024"),
        (&check, "--threads", "1025", "1025 is not in 1..=1024"),
        (&check, "--fingerprint", "32", "64 or 128"),
        (&check, "--time", "soon", "a duration is"),
        (&check, "--time", "-1s", "a duration is"),
        (
            &check,
            "--handler-time",
            "99999999999999999999h",
            "a duration is",
        ),
        (&check, "--memory", "lots", "a size is"),
        (&check, "--memory", "99999999999TiB", "a size is"),
        (&check, "--max-depth", "4294967296", "4294967296 is not in"),
        (&check, "--max-depth", "deep", "invalid digit"),
        (&check, "--max-states", "1.5", "invalid digit"),
        (&check, "--faults-max", "few", "invalid digit"),
        (&check, "--hash-seed", "x", "invalid digit"),
        (&check, "--color", "sometimes", "possible values"),
        (&check, "--format", "xml", "there is no format `xml`"),
        (
            &check,
            "--format",
            "junit=",
            "the name of the file is missing",
        ),
        (&check, "--dump", "png", "possible values"),
        (&simulate, "--runs", "0", "0 is not in"),
        (&simulate, "--steps", "0", "0 is not in"),
        (&simulate, "--seed", "x", "invalid digit"),
        (&simulate, "--strategy", "best", "possible values"),
        (&simulate, "--threads", "0", "0 is not in 1..=1024"),
        (&explore, "--port", "65536", "65536 is not in"),
        (&explore, "--host", "nowhere", "invalid IP address"),
    ] {
        let assigned = format!("{option}={value}");
        let run = run(&[&command[..], &[&assigned]].concat());
        assert_refused(&run, told, &(command, assigned));
    }
    let score = run(&["check", SOUND, "--mutations", "--min-score=101"]);
    assert_refused(&score, "101 is not in 0..=100", &"--min-score");
}

/// Everything that reads a trace, and what comes before and behind the name of its file.
const READERS: [(&[&str], &[&str]); 7] = [
    (&["trace", "show"], &[]),
    (&["trace", "show"], &["--explain"]),
    (&["trace", "replay"], &[]),
    (&["trace", "diff"], &["good.json"]),
    (&["trace", "diff", "good.json"], &[]),
    (&["trace", "export"], &["--format", "svg"]),
    (&["explore", "--trace"], &[]),
];

/// Holds everything that reads a trace against what is promised where a file is none.
fn assert_no_trace(sandbox: &Sandbox, name: &str, told: &str) {
    for (before, behind) in READERS {
        let args = [before, &[name], behind].concat();
        let run = sandbox.run(&args);
        assert_refused_with_a_cure(&run, told, &args);
        assert!(run.stderr.contains(name), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn files_that_are_no_traces_are_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    let good = fs::read_to_string(trace_file(&sandbox)).expect("the trace");
    let write = |name: &str, bytes: &[u8]| fs::write(sandbox.path(name), bytes).expect("written");
    write("good.json", good.as_bytes());
    let version = |number: &str| {
        let other = good.replacen("\"version\": 1", &format!("\"version\": {number}"), 1);
        assert_ne!(good, other);
        other
    };
    // What other tools, or we for them, write as JSON.
    let itf = sandbox
        .run(&["trace", "export", "good.json", "--format", "itf"])
        .stdout;
    let graph = sandbox
        .run(&["check", SOUND, "--set", "rms=1", "--dump", "json"])
        .stdout;
    let sarif = sandbox
        .run(&["check", SOUND, "--set", "rms=1", "--format", "sarif"])
        .stdout;
    for text in [&itf, &graph, &sarif] {
        assert!(text.starts_with('{'), "{text}");
    }
    let foreign = "not a trace of Allways";
    for (name, bytes, told) in [
        ("empty", &b""[..], "ends too early"),
        ("text", b"hello", "not JSON"),
        ("binary", b"\xff\xfe\x00\x01", "it is not text"),
        ("array", b"[]", foreign),
        (
            "foreign",
            br#"{"format":"something else","version":1}"#,
            foreign,
        ),
        ("itf", itf.as_bytes(), foreign),
        ("graph", graph.as_bytes(), foreign),
        ("sarif", sarif.as_bytes(), foreign),
        (
            "truncated",
            &good.as_bytes()[..good.len() / 2],
            "ends too early",
        ),
        (
            "newer",
            version("999").as_bytes(),
            "the trace has version 999",
        ),
        (
            "next",
            version("2").as_bytes(),
            "use the newer version of Allways",
        ),
        (
            "before",
            version("0").as_bytes(),
            "its version is missing or is none",
        ),
        (
            "worded",
            version("\"1\"").as_bytes(),
            "its version is missing or is none",
        ),
        ("deep", &[b'['; 200_000], "not JSON"),
    ] {
        write(name, bytes);
        assert_no_trace(&sandbox, name, told);
    }
    fs::create_dir(sandbox.path("folder")).expect("made");
    assert_no_trace(&sandbox, "folder", "is a folder");
    assert_no_trace(&sandbox, "missing", "cannot read missing");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_or_has_no_end_is_refused() {
    let sandbox = Sandbox::new();
    trace_file(&sandbox);
    // It opens, and gives nothing at its beginning: whoever asks.
    let run = sandbox.run(&["trace", "show", "/proc/self/mem"]);
    assert_refused_with_a_cure(&run, "cannot read /proc/self/mem", &"a file");
    let run = sandbox.run(&["trace", "show", "/dev/zero"]);
    assert_refused_with_a_cure(&run, "a trace has at most", &"a device");
}

/// Changes the first occurrence in a trace file and replays it.
fn replay_changed(from: &str, to: &str) -> Run {
    let sandbox = Sandbox::new();
    let path = trace_file(&sandbox);
    let text = fs::read_to_string(&path).expect("the trace");
    let changed = text.replacen(from, to, 1);
    assert_ne!(text, changed, "{from} is not in the trace");
    fs::write(&path, changed).expect("written");
    sandbox.run(&["trace", "replay", path.to_str().expect("UTF-8")])
}

#[test]
fn a_trace_of_what_is_gone_is_refused() {
    for (from, to, told) in [
        (
            "two-phase-commit-tla",
            "three-phase-commit",
            "three-phase-commit",
        ),
        (
            "premature-commit",
            "premature-comit",
            "did you mean \"premature-commit\"",
        ),
        ("\"rms\"", "\"rmss\"", "did you mean \"rms\""),
        ("\"5\"", "\"99\"", "rms=99 is out of range"),
    ] {
        assert_refused_with_a_cure(&replay_changed(from, to), told, &(from, to));
    }
}

#[test]
fn a_trace_of_another_model_cannot_be_explored_as_this_one() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let file = file.to_str().expect("UTF-8");
    let run = sandbox.run(&["explore", "duva-join/fire-and-forget", "--trace", file]);
    let told = format!("the trace is of {BROKEN}");
    assert_refused_with_a_cure(&run, &told, &"explore");
}
