//! Signals to a check that runs: how far it is, and its end with what is known by then.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Run, SOUND, Sandbox};

/// So much to check that nobody waits for its end.
const LARGE: [&str; 4] = ["--quiet", "--json", "--set", "rms=10"];

/// Nothing that is waited for takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(300);

/// A check that runs. Ends with this value.
struct Running {
    child: Child,
    stdout: ChildStdout,
    stderr: BufReader<ChildStderr>,
    /// What it has written so far.
    begun: Vec<u8>,
}

impl Running {
    fn start(sandbox: &Sandbox, name: &str) -> Self {
        let mut child = sandbox
            .command(&[&["check", name], &LARGE[..]].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut running = Running {
            stdout: child.stdout.take().expect("piped"),
            stderr: BufReader::new(child.stderr.take().expect("piped")),
            begun: vec![0; 1],
            child,
        };
        // Signals are listened to before the first line is written.
        let first = running.stdout.read_exact(&mut running.begun);
        first.expect("a first byte");
        running
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// What it answers when it is asked how far it is.
    fn asked(&mut self) -> String {
        self.signal("-USR1");
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("UTF-8");
        line
    }

    /// Asks until it knows more than so many states; what it answered then, and how many they are.
    fn knows_more_than(&mut self, n: u64) -> (String, u64) {
        let begun = Instant::now();
        loop {
            let line = self.asked();
            let words = line.split_once(": ").map(|(_, words)| words);
            let number = words.and_then(|words| words.split(' ').next());
            match number.and_then(|number| number.replace(',', "").parse().ok()) {
                Some(states) if states > n => return (line, states),
                // It only begins, or has found nothing since.
                Some(_) => {}
                None => assert_eq!(line, "no check is running\n"),
            }
            assert!(begun.elapsed() < PATIENCE, "it does not go on: {line:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end.
    fn ended(mut self) -> Run {
        let mut stdout = std::mem::take(&mut self.begun);
        self.stdout.read_to_end(&mut stdout).expect("the rest");
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).expect("UTF-8");
        let status = self.child.wait().expect("it ends");
        Run {
            code: status.code().expect("an exit code"),
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_interrupt_or_a_request_to_end_leaves_a_partial_report() {
    let sandbox = Sandbox::new();
    for signal in ["-INT", "-TERM"] {
        let mut check = Running::start(&sandbox, "two-phase-commit-tla");
        check.knows_more_than(1);
        check.signal(signal);
        let run = check.ended();
        assert_eq!(run.code, 130, "{signal}: {}", run.stderr);
        // What it had seen by then, and what it did not come to.
        let summary = run.summary();
        assert_eq!(summary["type"], "summary");
        assert_eq!(summary["stopped"], "interrupt");
        assert_ne!(summary["verdict"], "holds");
        assert!(summary["unique_states"].as_u64() > Some(1), "{summary}");
        assert_eq!(run.stderr, "error: interrupted: checks not begun: 1\n");
    }
}

#[test]
fn a_running_check_says_how_far_it_is_when_it_is_asked() {
    let sandbox = Sandbox::new();
    let mut check = Running::start(&sandbox, SOUND);
    let (first, states) = check.knows_more_than(0);
    let (later, more) = check.knows_more_than(states);
    assert!(more > states);
    for line in [first, later] {
        assert!(
            line.starts_with("two-phase-commit-tla/atomic: "),
            "{line:?}"
        );
        let words: Vec<&str> = line.split_whitespace().collect();
        for word in ["states", "queue", "depth", "s", "generated"] {
            assert!(words.contains(&word), "{word} in {line:?}");
        }
        assert!(words.iter().any(|word| word.ends_with("/s")), "{line:?}");
    }
    check.signal("-INT");
    let run = check.ended();
    assert_eq!(
        (run.code, &*run.stderr),
        (130, ""),
        "one line for each signal"
    );
    assert_eq!(run.summary()["stopped"], "interrupt");
}
