//! The binary, tested as a binary: commands, exit codes, bad input, files, signals. Here is what runs it.

mod export;
mod fewest_faults;
mod help;
mod pages;
mod refused;
mod reports;
#[cfg(unix)]
mod signals;
mod stream;
#[cfg(unix)]
mod unwritable;
mod written;

use std::path::PathBuf;
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
    /// The objects of a stream of JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON object on each line"))
            .collect()
    }

    /// The last of them.
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

/// Runs it in a folder that goes with it.
pub(crate) fn run(args: &[&str]) -> Run {
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
