//! The command: what it refuses before it listens, and what it warns of.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use super::client::Explorer;
use crate::cli::Sandbox;

const MODEL: &str = "two-phase-commit-tla/atomic";

/// What it says on standard error where it does not listen.
fn refused(args: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&[&["explore"], args].concat());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
    run.stderr
}

#[test]
fn what_cannot_be_explored_is_refused_with_a_cure() {
    let several = refused(&["duva-join"]);
    assert!(several.contains("one is explored at a time"), "{several}");
    assert!(several.contains("duva-join/callback-chain"), "{several}");
    assert!(refused(&["duva-joint/x"]).contains("duva-join"));
    assert!(refused(&[MODEL, "--set", "rms=99"]).contains("out of range"));
    assert!(refused(&[MODEL, "--set", "rms"]).contains("NAME=VALUE"));
    assert!(refused(&[]).contains("MODEL"));
    assert!(refused(&[MODEL, "--trace", "nowhere.json"]).contains("nowhere.json"));
    assert!(refused(&[MODEL, "--host", "192.0.2.1"]).contains("cannot listen on 192.0.2.1"));
}

/// The line that proposes to explore, of a check's report.
fn proposed(report: &str) -> Option<&str> {
    let mut lines = report.lines();
    lines.find_map(|line| line.trim_start().strip_prefix("explore "))
}

#[test]
fn a_check_proposes_to_explore_what_it_found() {
    let sandbox = Sandbox::new();
    let check = sandbox.run(&["check", "links/raw", "--property", "no duplicate"]);
    let words: Vec<&str> = proposed(&check.stdout)
        .expect("a command")
        .split_whitespace()
        .collect();
    // The command is run as it stands, in the folder that the check ran in.
    let explorer = Explorer::run(
        Command::new(words[0])
            .args(&words[1..])
            .current_dir(sandbox.path("")),
    );
    let opened = explorer.json("/api/v1/model")["opened"].clone();
    assert_eq!(opened["same"], true, "{opened}");
    assert_eq!(opened["property"]["name"], "no duplicate");
    let path = opened["paths"][0]["id"].as_str().expect("a path");
    assert_eq!(explorer.path_of("no duplicate"), path);
    // Nothing is proposed where nothing is violated, or no file was written.
    let sound = sandbox.run(&["check", MODEL]);
    assert_eq!(proposed(&sound.stdout), None, "{}", sound.stdout);
    let kept = sandbox.run(&["check", "links/raw", "--no-trace-file"]);
    assert_eq!(proposed(&kept.stdout), None, "{}", kept.stdout);
}

#[test]
fn a_port_that_is_taken_is_refused() {
    let explorer = Explorer::start(&[MODEL, "--no-check"]);
    let port = explorer.host.rsplit_once(':').expect("a port").1;
    assert!(refused(&[MODEL, "--port", port]).contains("--port 0"));
}

#[test]
fn letting_others_in_is_warned_of() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_allways"))
        .args(["explore", MODEL, "--no-check", "--host", "0.0.0.0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut told).expect("text");
    assert!(line.starts_with("http://127.0.0.1:"), "{line}");
    assert!(told.starts_with("warning: listening on 0.0.0.0:"), "{told}");
}

/// Who asks by a signal how far the check is, is told; and so is who asks when none runs.
#[cfg(unix)]
#[test]
fn a_signal_is_answered_with_how_far_the_check_is() {
    use std::sync::mpsc;
    use std::time::Duration;

    let mut child = Command::new(env!("CARGO_BIN_EXE_allways"))
        .args(["explore", MODEL, "--set", "rms=9", "--threads", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let (send, said) = mpsc::channel();
    let stderr = child.stderr.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    let mut told = Vec::new();
    // The check may not have begun yet.
    while told.len() < 100 {
        let asked = Command::new("kill")
            .args(["-USR1", &child.id().to_string()])
            .status();
        assert!(asked.expect("kill runs").success());
        let line = said.recv_timeout(Duration::from_secs(10));
        told.push(line.expect("an answer"));
        if told.iter().any(|line| line.starts_with(MODEL)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    reader.join().expect("it reads to the end");
    let last = told.last().expect("it is told something");
    assert!(
        last.contains(" states") && last.contains("depth"),
        "{told:?}"
    );
}
