//! `allways.lock`: what the checks of a project found when somebody last looked, to be compared with what they find now.
//!
//! Invariant: only what is the same on every run and machine is locked; a check that was stopped is not.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files;
use crate::error::Error;
use crate::report::{LockReport, Moved, Origin, Report};
use crate::search::{DIGEST_VERSION, Verdict};
use crate::value::ENCODING_VERSION;

/// The version of the file.
const VERSION: u32 = 1;

const HEADING: &str = "\
# What the checks of this project found: `allways ci --lock` compares with it, `allways ci --update-lock` writes it anew.
# Do not edit it: look at what changed, and commit it with the change that explains it.

";

/// What has to be known before the rest can be read.
#[derive(Serialize, Deserialize)]
struct Versions {
    version: u32,
    /// Of the canonical encoding.
    encoding: u32,
    /// Of fingerprints and digests.
    digest: u32,
}

const NOW: Versions = Versions {
    version: VERSION,
    encoding: ENCODING_VERSION,
    digest: DIGEST_VERSION,
};

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(flatten)]
    versions: Versions,
    #[serde(default)]
    check: Vec<Locked>,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    name: String,
    unique: u64,
    generated: u64,
    depth: u32,
    /// In hexadecimal; nothing where a bound cut the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    verdicts: BTreeMap<String, Verdict>,
    /// For each handler the steps that it takes, and the distinct local situations that it takes them in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    handlers: BTreeMap<String, (u64, u64)>,
}

/// The file beside a project's list of checks.
pub(super) fn path(project: &Path) -> PathBuf {
    project.with_extension("lock")
}

/// The checks of a lockfile, and what was found of them this time.
pub(super) struct Lock {
    path: PathBuf,
    locked: Vec<Locked>,
    found: Vec<(Locked, Option<Origin>)>,
    left_out: Vec<String>,
    is_first: bool,
}

impl Lock {
    /// Reads a lockfile, to be compared with.
    ///
    /// # Errors
    /// It is not there, is none of ours, or was written by a version whose digests cannot be compared.
    pub(super) fn read(path: PathBuf) -> Result<Self, Error> {
        let shown = path.display();
        let text = fs::read_to_string(&path).map_err(|e| {
            Error::file(format!("cannot read {shown}: {e}"))
                .with_cure("`allways ci --update-lock` writes it")
        })?;
        let damaged = |error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = files::line_of(&text, at);
            let why = error.message().trim_end().replace('\n', ", ");
            Error::file(format!("{shown}:{line}: {why}"))
                .with_cure("take it from version control again, or write it anew with `allways ci --update-lock`")
        };
        let versions: Versions = toml::from_str(&text).map_err(damaged)?;
        for (what, then, now) in [
            ("lockfile", versions.version, NOW.version),
            ("encoding", versions.encoding, NOW.encoding),
            ("digest", versions.digest, NOW.digest),
        ] {
            if then != now {
                return Err(Error::file(format!(
                    "{shown}: re-lock needed: it has version {then} of the {what}, and this is version {now}"
                ))
                .with_cure(
                    "nothing is said about the models: write it anew with `allways ci --update-lock`, with a version of allways in which they are unchanged",
                ));
            }
        }
        let file: File = toml::from_str(&text).map_err(damaged)?;
        Ok(Lock {
            locked: file.check,
            is_first: false,
            ..Lock::anew(path)
        })
    }

    /// A lockfile that is to be written anew, whatever it holds.
    pub(super) fn update(path: PathBuf) -> Self {
        // What cannot be read cannot be compared with, and need not be.
        Lock::read(path.clone()).unwrap_or_else(|_| Lock::anew(path))
    }

    fn anew(path: PathBuf) -> Self {
        Lock {
            path,
            locked: Vec::new(),
            found: Vec::new(),
            left_out: Vec::new(),
            is_first: true,
        }
    }

    /// Takes a finished check.
    pub(super) fn add(&mut self, report: &Report) {
        let (subject, outcome) = (&report.subject, &report.outcome);
        if outcome.stopped.is_some() {
            let why = "was stopped, so that its counts differ from run to run";
            self.left_out.push(format!("{} {why}", subject.name()));
            return;
        }
        let verdicts = outcome.properties.iter();
        let locked = Locked {
            name: subject.name(),
            unique: outcome.counts.unique,
            generated: outcome.counts.generated,
            depth: outcome.counts.depth,
            digest: outcome.digest.map(|digest| format!("{digest:032x}")),
            params: subject.params.texts().into_iter().collect(),
            verdicts: verdicts.map(|p| (p.decl.name.clone(), p.verdict)).collect(),
            handlers: (outcome.handlers.iter())
                .map(|handler| (handler.name.clone(), (handler.fired, handler.situations)))
                .collect(),
        };
        self.found.push((locked, subject.origin.clone()));
    }

    /// How what was found stands to what was locked. `names`: all checks of the run.
    pub(super) fn compare(&self, names: &[String]) -> LockReport {
        let mut moved = Vec::new();
        // Where there is nothing to compare with, nothing has moved.
        for (found, origin) in self.found.iter().filter(|_| !self.is_first) {
            let locked = self.locked.iter().find(|locked| locked.name == found.name);
            let how = match locked {
                Some(locked) => changes(locked, found),
                None => vec!["not in the lockfile yet".to_owned()],
            };
            if !how.is_empty() {
                moved.push(Moved {
                    check: found.name.clone(),
                    how,
                    origin: origin.clone(),
                });
            }
        }
        for locked in &self.locked {
            if !names.contains(&locked.name) {
                moved.push(Moved {
                    check: locked.name.clone(),
                    how: vec!["in the lockfile, and not checked any more".to_owned()],
                    origin: None,
                });
            }
        }
        let mut left_out = self.left_out.clone();
        let n_told = self.found.len() + left_out.len();
        if n_told < names.len() {
            let n = names.len() - n_told;
            left_out.push(format!("{n} that did not come to their end"));
        }
        LockReport {
            file: self.path.display().to_string(),
            n_found: self.found.len(),
            moved,
            left_out,
            is_updated: false,
            is_first: self.is_first,
        }
    }

    /// Writes what was found.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write(self) -> Result<(), Error> {
        let file = File {
            versions: NOW,
            check: self.found.into_iter().map(|(locked, _)| locked).collect(),
        };
        // Numbers, texts and tables of them: there is nothing that TOML could not say.
        let text = toml::to_string(&file).expect("a lockfile serialises");
        files::write(&self.path, &format!("{HEADING}{text}"))
    }
}

/// What differs, in words; nothing where nothing does.
fn changes(then: &Locked, now: &Locked) -> Vec<String> {
    let mut changes = Vec::new();
    map_changes("parameter", &then.params, &now.params, &mut changes);
    let words = |verdicts: &BTreeMap<String, Verdict>| -> BTreeMap<String, &'static str> {
        let verdicts = verdicts.iter();
        verdicts.map(|(n, v)| (n.clone(), v.words())).collect()
    };
    let (before, after) = (words(&then.verdicts), words(&now.verdicts));
    map_changes("property", &before, &after, &mut changes);
    for (what, then, now) in [
        ("unique states", then.unique, now.unique),
        ("generated", then.generated, now.generated),
        ("depth", u64::from(then.depth), u64::from(now.depth)),
    ] {
        if then != now {
            changes.push(format!("{what}: {then} → {now}"));
        }
    }
    handler_changes(&then.handlers, &now.handlers, &mut changes);
    match (&then.digest, &now.digest) {
        (Some(then), Some(now)) if then != now => changes.push(if changes.is_empty() {
            "other states, though as many as before".to_owned()
        } else {
            "other states".to_owned()
        }),
        (Some(_), None) => changes.push("a bound cuts it now".to_owned()),
        (None, Some(_)) => changes.push("no bound cuts it any more".to_owned()),
        _ => {}
    }
    changes
}

/// Handlers that run more or less often than they did. What is only called otherwise counts as it did.
fn handler_changes(
    then: &BTreeMap<String, (u64, u64)>,
    now: &BTreeMap<String, (u64, u64)>,
    changes: &mut Vec<String>,
) {
    let sorted = |handlers: &BTreeMap<String, (u64, u64)>| -> Vec<(u64, u64)> {
        let mut counts: Vec<_> = handlers.values().copied().collect();
        counts.sort_unstable();
        counts
    };
    // A check that a bound cuts has none.
    if then.is_empty() || now.is_empty() || sorted(then) == sorted(now) {
        return;
    }
    let words = |handlers: &BTreeMap<String, (u64, u64)>| -> BTreeMap<String, String> {
        let handlers = handlers.iter();
        let words = handlers.map(|(name, (fired, situations))| {
            let words = format!("{fired} steps in {situations} situations");
            (name.clone(), words)
        });
        words.collect()
    };
    map_changes("handler", &words(then), &words(now), changes);
}

fn map_changes<V: Display + PartialEq>(
    what: &str,
    then: &BTreeMap<String, V>,
    now: &BTreeMap<String, V>,
    changes: &mut Vec<String>,
) {
    for (name, before) in then {
        match now.get(name) {
            None => changes.push(format!("{what} \"{name}\": gone (it was {before})")),
            Some(after) if after != before => {
                changes.push(format!("{what} \"{name}\": {before} → {after}"));
            }
            Some(_) => {}
        }
    }
    for (name, after) in now {
        if !then.contains_key(name) {
            changes.push(format!("{what} \"{name}\": new ({after})"));
        }
    }
}
