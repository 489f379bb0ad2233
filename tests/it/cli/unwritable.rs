//! A full disk, a folder that takes no files, a reader that goes away: each is said, verdicts are told all the same, and nothing is left half done.

use std::fs;
use std::process::{Command, Stdio};

use super::{BROKEN, Run, SOUND, Sandbox, finished, trace_file};
use crate::folders::files_in;

/// Commands that write files of their own, with whether their verdicts are told.
const WRITERS: [(&[&str], bool); 7] = [
    (&["check", BROKEN, "--set", "rms=2"], true),
    (&["check", BROKEN, "--set", "rms=2", "--json"], true),
    (
        &[
            "check",
            BROKEN,
            "--set",
            "rms=2",
            "--no-trace-file",
            "--format",
            "junit=junit.xml",
        ],
        true,
    ),
    (
        &["simulate", BROKEN, "--set", "rms=2", "--runs", "50"],
        true,
    ),
    (&["ci", "--no-trace-file", "--update-lock"], true),
    (
        &[
            "trace",
            "export",
            "good.json",
            "--format",
            "svg",
            "--output",
            "good.svg",
        ],
        false,
    ),
    (&["new", "demo"], false),
];

/// A folder with what the writers read.
fn prepared() -> Sandbox {
    let sandbox = Sandbox::new();
    let trace = trace_file(&sandbox);
    fs::rename(trace, sandbox.path("good.json")).expect("moved");
    fs::remove_dir_all(sandbox.path("target")).expect("removed");
    let list = "[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = { rms = 2 }\n";
    fs::write(sandbox.path("allways.toml"), list).expect("written");
    sandbox
}

#[test]
fn a_disk_without_space_leaves_no_half_file_and_the_verdict_is_told() {
    for (args, tells) in WRITERS {
        let sandbox = prepared();
        let before = files_in(&sandbox.path(""));
        // No file may grow, whoever asks: what a full disk does, too.
        let limited = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
        let run = Command::new("sh")
            .args(["-c", limited, "sh", env!("CARGO_BIN_EXE_allways")])
            .args(args)
            .current_dir(sandbox.path(""))
            .stdin(Stdio::null())
            .output();
        let run = finished(run.expect("there is a shell"));
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains("help: "), "{args:?}: {}", run.stderr);
        assert!(
            !run.stderr.contains(".allways-"),
            "{args:?}: {}",
            run.stderr
        );
        let told = ["cannot write", "could not be written", "cannot make"];
        assert!(
            told.iter().any(|told| run.stderr.contains(told)),
            "{args:?}: {}",
            run.stderr
        );
        assert_eq!(
            run.stdout.contains("violated"),
            tells,
            "{args:?}: {}",
            run.stdout
        );
        assert_eq!(files_in(&sandbox.path("")), before, "{args:?}");
        // Where there is space the same is done.
        let run = sandbox.run(args);
        assert!([0, 3].contains(&run.code), "{args:?}: {}", run.stderr);
        assert!(files_in(&sandbox.path("")).len() > before.len(), "{args:?}");
    }
}

/// A folder that nobody can make a file in.
#[cfg(target_os = "linux")]
const UNWRITABLE: &str = "/proc";

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_said_by_every_command() {
    let sandbox = prepared();
    let before = files_in(&sandbox.path(""));
    let within = |name: &str| format!("{UNWRITABLE}/{name}");
    let (junit, svg) = (format!("junit={}", within("j.xml")), within("good.svg"));
    for args in [
        &["check", BROKEN, "--set", "rms=2", "--trace-dir", UNWRITABLE][..],
        &[
            "check",
            BROKEN,
            "--set",
            "rms=2",
            "--no-trace-file",
            "--format",
            &junit,
        ],
        &[
            "simulate",
            BROKEN,
            "--set",
            "rms=2",
            "--runs",
            "50",
            "--trace-dir",
            UNWRITABLE,
        ],
        &["ci", "--trace-dir", UNWRITABLE],
        &[
            "trace",
            "export",
            "good.json",
            "--format",
            "svg",
            "--output",
            &svg,
        ],
    ] {
        let run = sandbox.run(args);
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(UNWRITABLE), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains("help: "), "{args:?}: {}", run.stderr);
        let tells = args[0] != "trace";
        assert_eq!(
            run.stdout.contains("violated"),
            tells,
            "{args:?}: {}",
            run.stdout
        );
    }
    let new = sandbox
        .command(&["new", "demo"])
        .current_dir(UNWRITABLE)
        .output();
    let new = finished(new.expect("it runs"));
    assert_eq!((new.code, &*new.stdout), (2, ""), "{}", new.stderr);
    assert!(new.stderr.contains("cannot make demo"), "{}", new.stderr);
    assert!(!new.stderr.contains(".allways-"), "{}", new.stderr);
    assert_eq!(files_in(&sandbox.path("")), before);
}

#[test]
fn a_lockfile_that_cannot_be_written_is_said() {
    let sandbox = prepared();
    fs::create_dir(sandbox.path("allways.lock")).expect("made");
    let run = sandbox.run(&["ci", "--update-lock"]);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr.contains("allways.lock is there and is no file"),
        "{}",
        run.stderr
    );
    assert!(!run.stdout.contains("behaviour locked"), "{}", run.stdout);
    let run = sandbox.run(&["ci", "--lock"]);
    assert_eq!((run.code, &*run.stdout), (2, ""), "{}", run.stderr);
    assert!(
        run.stderr.contains("cannot read allways.lock"),
        "{}",
        run.stderr
    );
}

/// Commands that write to standard output, and whether a verdict is told besides.
const TELLERS: [(&[&str], bool); 17] = [
    (&["check", BROKEN, "--set", "rms=2"], true),
    (&["check", BROKEN, "--set", "rms=2", "--json"], true),
    (
        &["check", BROKEN, "--set", "rms=2", "--format", "junit"],
        true,
    ),
    (&["check", BROKEN, "--set", "rms=2", "--dump", "dot"], false),
    (
        &["check", BROKEN, "--set", "rms=2", "--dump", "json"],
        false,
    ),
    (&["ci"], true),
    (&["ci", "--format", "markdown"], true),
    (
        &["simulate", BROKEN, "--set", "rms=2", "--runs", "50"],
        false,
    ),
    (
        &[
            "simulate", BROKEN, "--set", "rms=2", "--runs", "50", "--json",
        ],
        false,
    ),
    (&["list"], false),
    (&["list", "--json"], false),
    (&["trace", "show", "good.json"], false),
    (&["trace", "replay", "good.json"], false),
    (&["trace", "diff", "good.json", "good.json"], false),
    (&["trace", "export", "good.json", "--format", "json"], false),
    (&["man"], false),
    (&["completions", "bash"], false),
];

#[cfg(target_os = "linux")]
#[test]
fn standard_output_on_a_full_disk_is_said_and_the_verdict_still_told() {
    let sandbox = prepared();
    for (args, tells) in TELLERS {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let full = full.expect("the device");
        let run = sandbox.command(args).stdout(full).output();
        let run = finished(run.expect("it runs"));
        assert_eq!(run.code, 2, "{args:?}: {}", run.stderr);
        let told = "the output could not be written";
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
        assert!(
            run.stderr.contains("help: free some space"),
            "{args:?}: {}",
            run.stderr
        );
        assert!(
            !tells || run.stderr.contains("violated"),
            "{args:?}: {}",
            run.stderr
        );
    }
    // What was to be made is made.
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let run = sandbox
        .command(&["new", "demo"])
        .stdout(full.expect("the device"))
        .output();
    assert_eq!(finished(run.expect("it runs")).code, 2);
    assert!(sandbox.path("demo/src/lamp.rs").is_file());
}

/// Runs a command whose standard output nobody reads any more.
fn unread(sandbox: &Sandbox, args: &[&str]) -> Run {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    finished(
        sandbox
            .command(args)
            .stdout(writer)
            .output()
            .expect("it runs"),
    )
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = prepared();
    for (args, _) in TELLERS {
        let read = sandbox.run(args);
        let run = unread(&sandbox, args);
        // Of several checks those that are left are not begun, for nobody.
        let (code, told) = match args {
            ["ci"] => (130, "nobody reads the output any more: checks not begun: 1"),
            _ => (read.code, ""),
        };
        assert_eq!(run.code, code, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
        for word in ["panicked", "internal error", "could not be written"] {
            assert!(!run.stderr.contains(word), "{args:?}: {}", run.stderr);
        }
    }
    // A check that is under way goes to its end, and says how it ended.
    let broken = unread(&sandbox, &["check", BROKEN, "--set", "rms=1"]);
    assert_eq!(broken.code, 1, "{}", broken.stderr);
    let bounded = unread(
        &sandbox,
        &["check", SOUND, "--set", "rms=2", "--max-depth", "1"],
    );
    assert_eq!(bounded.code, 3, "{}", bounded.stderr);
}
