//! `check --watch`: checks again whenever the sources of the crate change.
//!
//! The program that runs is made from those sources, so a change needs another program: cargo builds it, and it makes the check. What is running when
//! a change comes is ended; a build is not, since what it was interrupted at would have to be built again.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::exit::Exit;
use super::{Context, watch};
use crate::error::Error;

/// How often the sources are looked at. A change counts once two looks see the same.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a check that is interrupted may take to say what it knows.
const GRACE: Duration = Duration::from_secs(5);

/// What of a crate is watched; what is not there may come.
const WATCHED: [&str; 4] = ["Cargo.toml", "build.rs", "models", "src"];

/// The files that are watched, each with when it was written and how long it is.
type Sources = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// What the loop sees of the world.
trait Project {
    /// The sources, as they are now.
    fn sources(&mut self) -> Sources;

    /// Builds the program; whether it could be built. Whoever builds says why not.
    fn build(&mut self) -> io::Result<bool>;

    /// Starts the check.
    fn start(&mut self) -> io::Result<()>;

    /// Whether the check is still running.
    fn is_running(&mut self) -> io::Result<bool>;

    /// Ends the check, if it is running: at once, or after it had the time to end by itself.
    fn end(&mut self, at_once: bool) -> io::Result<()>;

    /// Lets a moment pass. Whether it goes on: nobody interrupts.
    fn pause(&mut self) -> bool;

    /// Tells the user.
    fn say(&mut self, what: &str);
}

/// Builds and checks, and again after every change, until somebody interrupts.
fn run_on_change(project: &mut impl Project) -> io::Result<()> {
    loop {
        // Before the build: what changes while it builds is a change.
        let built_from = project.sources();
        let mut is_waiting = !project.build()?;
        if is_waiting {
            project.say("waiting for a change");
        } else {
            project.start()?;
        }
        let changed_to = loop {
            if !project.pause() {
                return project.end(false);
            }
            if !is_waiting && !project.is_running()? {
                is_waiting = true;
                project.say("waiting for a change");
            }
            let now = project.sources();
            if now != built_from {
                break now;
            }
        };
        let Some(settled) = settle(project, changed_to) else {
            return project.end(false);
        };
        project.end(true)?;
        project.say(&what_changed(&built_from, &settled));
    }
}

/// Waits until the sources stay as they are: editors and version control write one file after the other. `None`: somebody interrupts.
fn settle(project: &mut impl Project, mut seen: Sources) -> Option<Sources> {
    loop {
        if !project.pause() {
            return None;
        }
        let now = project.sources();
        if now == seen {
            return Some(now);
        }
        seen = now;
    }
}

/// `src/lamp.rs changed`, `src/lamp.rs and 2 more changed`.
fn what_changed(before: &Sources, after: &Sources) -> String {
    let gone = before.keys().filter(|file| !after.contains_key(*file));
    let other = after
        .iter()
        .filter(|(file, state)| before.get(*file) != Some(state));
    let changed: Vec<&PathBuf> = other.map(|(file, _)| file).chain(gone).collect();
    match &changed[..] {
        [] => "changed and changed back".to_owned(),
        [one] => format!("{} changed", one.display()),
        [one, rest @ ..] => format!("{} and {} more changed", one.display(), rest.len()),
    }
}

/// The crate whose program this is, or in whose folder it was called.
struct Crate {
    root: PathBuf,
    cargo: OsString,
    /// What cargo has to know to build this very program.
    target: Vec<OsString>,
    /// What the program is called with.
    arguments: Vec<OsString>,
    running: Option<Child>,
}

pub(super) fn run(context: &mut Context<'_>) -> Result<Exit, Error> {
    if cfg!(windows) {
        return Err(Error::usage(
            "--watch is not there on Windows: a program that runs cannot be built anew",
        )
        .with_cure("a tool like `cargo watch` can run the check"));
    }
    let run_by_cargo = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = std::env::current_dir().unwrap_or_default();
    let root = root(run_by_cargo.as_deref(), &here)?;
    let program = std::env::current_exe().unwrap_or_default();
    let is_built_here = run_by_cargo.is_some() || program.starts_with(&root);
    let mut project = Crate {
        cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        target: match is_built_here {
            true => target(&program),
            false => Vec::new(),
        },
        arguments: without_watch(&context.arguments),
        root,
        running: None,
    };
    watch::catch_signals();
    let ended = run_on_change(&mut project);
    let killed = project.end(true);
    ended.and(killed).map_err(|e| {
        Error::file(format!("cannot run cargo: {e}"))
            .with_cure("--watch builds the crate with `cargo`, which has to be in the path")
    })?;
    Ok(Exit::Interrupted)
}

/// The folder of the crate: the one that cargo runs, or the nearest around this folder.
fn root(run_by_cargo: Option<&Path>, here: &Path) -> Result<PathBuf, Error> {
    let mut around = run_by_cargo.into_iter().chain(here.ancestors());
    let found = around.find(|dir| has_models(dir));
    found.map(Path::to_owned).ok_or_else(|| {
        Error::usage("there is no crate here whose sources could be watched").with_cure(
            "change to the folder of a crate that depends on allways (`allways new` makes one), and say: cargo run -- check --watch",
        )
    })
}

/// Whether a folder holds a crate that can have models: it depends on Allways, or is Allways.
fn has_models(dir: &Path) -> bool {
    let manifest = fs::read_to_string(dir.join("Cargo.toml")).ok();
    let manifest: Option<toml::Table> = manifest.and_then(|text| text.parse().ok());
    let Some(manifest) = manifest else {
        return false;
    };
    let ours = env!("CARGO_PKG_NAME");
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let is_ours = |(name, of): (&String, &toml::Value)| match of.get("package") {
        Some(package) => package.as_str() == Some(ours),
        None => name == ours,
    };
    name.and_then(toml::Value::as_str) == Some(ours)
        || dependencies.is_some_and(|all| all.iter().any(is_ours))
}

/// What tells cargo to build this program: where cargo puts it says what it is.
fn target(program: &Path) -> Vec<OsString> {
    let (Some(name), Some(folder)) = (program.file_stem(), program.parent()) else {
        return Vec::new();
    };
    let is_example = folder.file_name() == Some(OsStr::new("examples"));
    let (kind, profile) = match is_example {
        true => ("--example", folder.parent().and_then(Path::file_name)),
        false => ("--bin", folder.file_name()),
    };
    let mut target = vec![kind.into(), name.to_owned()];
    match profile.and_then(OsStr::to_str) {
        // The profile `dev` has its own name for the folder.
        None | Some("debug") => {}
        Some(profile) => target.extend(["--profile".into(), profile.into()]),
    }
    target
}

/// The arguments of this program for one that does not watch.
fn without_watch(arguments: &[OsString]) -> Vec<OsString> {
    let arguments = arguments.iter().skip(1);
    arguments
        .filter(|argument| *argument != "--watch")
        .cloned()
        .collect()
}

impl Crate {
    /// Cargo, with a command for this program.
    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo
            .args([command, "--quiet", "--manifest-path"])
            .arg(self.root.join("Cargo.toml"))
            .args(&self.target)
            .stdin(Stdio::null());
        cargo
    }
}

impl Project for Crate {
    fn sources(&mut self) -> Sources {
        let mut sources = Sources::new();
        for name in WATCHED {
            look_at(&self.root, Path::new(name), &mut sources);
        }
        sources
    }

    fn build(&mut self) -> io::Result<bool> {
        Ok(self.cargo("build").status()?.success())
    }

    fn start(&mut self) -> io::Result<()> {
        // It is built, so cargo becomes the program at once.
        let mut cargo = self.cargo("run");
        self.running = Some(cargo.arg("--").args(&self.arguments).spawn()?);
        Ok(())
    }

    fn is_running(&mut self) -> io::Result<bool> {
        if let Some(child) = &mut self.running
            && child.try_wait()?.is_some()
        {
            self.running = None;
        }
        Ok(self.running.is_some())
    }

    fn end(&mut self, at_once: bool) -> io::Result<()> {
        let begun = Instant::now();
        // A terminal's Ctrl-C reached it too: it ends by itself, with what it knows.
        while !at_once && begun.elapsed() < GRACE && self.is_running()? {
            thread::sleep(LOOK_EVERY / 10);
        }
        if self.is_running()?
            && let Some(mut child) = self.running.take()
        {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    fn pause(&mut self) -> bool {
        thread::sleep(LOOK_EVERY);
        !watch::interrupted()
    }

    fn say(&mut self, what: &str) {
        // Nobody who reads it is no reason to stop.
        let _ = writeln!(io::stderr(), "\n── {what} ──\n");
    }
}

/// Adds a file, or all files in a folder. What cannot be read now is looked at again soon.
fn look_at(root: &Path, name: &Path, sources: &mut Sources) {
    let path = root.join(name);
    let Ok(found) = path.symlink_metadata() else {
        return;
    };
    if found.is_dir() {
        let Ok(entries) = fs::read_dir(&path) else {
            return;
        };
        for entry in entries.flatten() {
            // What editors leave beside a file begins with a dot.
            if !entry.file_name().to_string_lossy().starts_with('.') {
                look_at(root, &name.join(entry.file_name()), sources);
            }
        }
    } else if let Ok(found) = path.metadata()
        && found.is_file()
    {
        sources.insert(name.to_owned(), (found.modified().ok(), found.len()));
    }
}

#[cfg(test)]
mod tests;
