//! `allways ci`: every check that a project lists, with what it expects, for a gate.

use std::path::PathBuf;

use super::exit::Exit;
use super::lock::{self, Lock};
use super::runner::{How, Run};
use super::{Context, complain, outputs, project};
use crate::error::Error;
use crate::report::{LockReport, Notice};

/// Run the checks that a project lists, and compare with what it expects
///
/// Reads `allways.toml`, checks everything it lists, and ends with an exit code for a gate. Where anything in the file is wrong nothing
/// is run. With --lock the states that were found are compared with those in `allways.lock`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A list of checks:
  [[check]]
  all = true\t# every variant of every model

  [[check]]\t# in the place of what comes by `all`
  model = \"{model}\"\t# every variant of a model, or
  variant = \"{own}\"\t# one of them
  params = { {params} }\t# else their defaults
  expect = { \"no panic\" = \"holds\" }\t# instead of what the variant expects
  max-depth = 20\t# bounds
  max-states = 1000000
  time = \"10m\"\t# limits
  memory = \"4GiB\"
  allow-bounds = true\t# holds within bounds is as good as holds

Examples:
  allways ci
  allways ci --lock --format junit=target/junit.xml
  allways ci --update-lock")]
pub(super) struct Args {
    /// The list of checks
    #[arg(value_name = "FILE", default_value = "allways.toml")]
    file: PathBuf,

    /// Compare with the lockfile: a check whose states or verdicts moved is not as expected (exit code 1)
    #[arg(long, help_heading = "Lockfile, beside the list: allways.lock")]
    lock: bool,

    /// Write the lockfile anew, and tell what moved
    #[arg(
        long,
        conflicts_with = "lock",
        help_heading = "Lockfile, beside the list: allways.lock"
    )]
    update_lock: bool,

    #[command(flatten)]
    how: How,

    #[command(flatten)]
    outputs: outputs::Args,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let digest = args.lock || args.update_lock;
    let checks = match project::plan(&args.file, &args.how, digest, context.catalogue) {
        Ok(checks) => checks,
        Err(mistakes) => {
            for mistake in mistakes {
                complain(&mistake.to_string());
            }
            return Ok(Exit::Usage);
        }
    };
    let path = lock::path(&args.file);
    let mut lock = if args.lock {
        Some(Lock::read(path)?)
    } else if args.update_lock {
        Some(Lock::update(path))
    } else {
        None
    };
    if checks.is_empty() {
        complain(&format!(
            "nothing was checked: {} lists no check",
            args.file.display()
        ));
    }
    let names: Vec<String> = checks.iter().map(|check| check.subject.name()).collect();
    let mut run = Run::begin(&args.how, &args.outputs, context)?;
    let mut exit = run.checks(checks, &mut |report| {
        if let Some(lock) = &mut lock {
            lock.add(report);
        }
    });
    if let Some(lock) = lock {
        let mut compared = lock.compare(&names);
        if args.update_lock {
            exit = exit.max(update(lock, &mut compared));
        } else if !compared.moved.is_empty() {
            exit = exit.max(Exit::NotAsExpected);
        }
        if !compared.left_out.is_empty() {
            exit = exit.max(Exit::Undecided);
        }
        run.tell(&Notice::Locked(&compared));
    }
    Ok(exit.max(run.end()))
}

/// Writes the lockfile, unless something is missing from it.
fn update(lock: Lock, compared: &mut LockReport) -> Exit {
    if let Some(left_out) = compared.left_out.first() {
        complain(&format!(
            "{} was not written: {left_out}\n  help: let every check come to its end, or leave out those that cannot",
            compared.file
        ));
        return Exit::Undecided;
    }
    match lock.write() {
        Ok(()) => {
            compared.is_updated = true;
            Exit::AsExpected
        }
        Err(error) => {
            complain(&error.to_string());
            Exit::Usage
        }
    }
}
