//! One stream of notices, many reporters: each turns a notice into text for a person or a program. What random walks found is a report of its own
//! ([`SimulationReport`]).
//!
//! Decides nothing: verdicts come from the search, agreement with expectations from the catalogue, exit codes from the command line.
//! Writes nothing: it makes text. Everything but [`Measured`] is the same, byte for byte, for any number of threads.

mod facts;
mod github;
mod html;
mod human;
mod json;
#[cfg(feature = "cli")]
mod junit;
mod markdown;
mod paint;
mod problem;
mod sarif;
mod simulation;
mod words;

pub use github::GitHub;
pub use html::Html;
pub use human::Human;
pub use json::{Json, SCHEMA};
#[cfg(feature = "cli")]
pub use junit::JUnit;
pub use markdown::Markdown;
pub use paint::Paint;
pub use sarif::Sarif;
pub use simulation::{SimulationReport, SimulationSubject};
#[cfg(feature = "cli")]
pub(crate) use words::{bytes, safe_lines};
pub(crate) use words::{full_title, quoted};

use crate::catalogue::{Agreement, Mutants, Values};
use crate::error::Error;
use crate::search::{Options, Outcome, PropertyOutcome, Verdict};
use crate::trace::{Explanation, Trace};

/// What is checked, and how.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The model's name.
    pub model: String,
    /// The variant's name.
    pub variant: String,
    /// What tells the check from others of the same variant: `rms=5, max-depth 3`. Empty where nothing does.
    pub details: String,
    /// Where a file lists it.
    pub origin: Option<Origin>,
    /// The values of all parameters.
    pub params: Values,
    /// How it is searched.
    pub options: Options,
}

impl Subject {
    /// `model/variant`, and what tells the check from others of the variant.
    pub fn name(&self) -> String {
        let Subject { model, variant, .. } = self;
        match self.details.as_str() {
            "" => format!("{model}/{variant}"),
            details => format!("{model}/{variant} ({details})"),
        }
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// Where the trace of a property went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceFile {
    /// Nowhere: there is none, or none was wanted.
    None,
    /// To this file.
    Written(String),
    /// It could not be written, for this reason.
    NotWritten(String),
}

/// What was found out about one property, beside what was expected.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What the search says.
    pub outcome: PropertyOutcome,
    /// What the variant expects.
    pub expected: Verdict,
    /// How the two stand to each other.
    pub agreement: Agreement,
    /// The counterexample or witness.
    pub trace: Option<Trace>,
    /// What explains a violation, where that was asked for.
    pub explanation: Option<Explanation>,
    /// Where it was written.
    pub file: TraceFile,
}

impl Finding {
    /// Steps of the counterexample or witness; the longer of two.
    pub fn trace_len(&self) -> Option<usize> {
        self.outcome.paths.iter().map(|p| p.steps.len()).max()
    }

    /// Why it is violated, in one line, where that can be said.
    pub fn reason(&self) -> Option<&str> {
        let violated = self.outcome.verdict == Verdict::Violated;
        self.trace.as_ref().filter(|_| violated)?.reason()
    }

    /// Where the counterexample goes on for ever: the number of steps before its loop.
    pub fn loop_start(&self) -> Option<usize> {
        self.outcome.paths.iter().find_map(|p| p.loop_start)
    }
}

/// What differs from run to run.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Wall time of the search and the choice of its traces, in seconds.
    pub seconds: f64,
    /// The most bytes that the search held, by its own count.
    pub bytes_peak: u64,
    /// Threads it had.
    pub threads: usize,
}

impl Measured {
    /// So many of something, each second.
    pub fn rate(&self, n: u64) -> f64 {
        if self.seconds > 0.0 {
            n as f64 / self.seconds
        } else {
            0.0
        }
    }
}

/// A finished check.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was checked.
    pub subject: Subject,
    /// One per property, in the model's order.
    pub findings: Vec<Finding>,
    /// What the search found, all properties included.
    pub outcome: Outcome,
    /// What became of mistakes in the variant, where that was asked for and the search was not stopped.
    pub mutants: Option<Mutants>,
    /// What differs from run to run.
    pub measured: Measured,
}

impl Report {
    /// The worst verdict of its properties.
    pub fn verdict(&self) -> Verdict {
        self.findings
            .iter()
            .map(|f| f.outcome.verdict)
            .max()
            .unwrap_or(Verdict::Holds)
    }

    /// The worst agreement of its properties.
    pub fn agreement(&self) -> Agreement {
        self.findings
            .iter()
            .map(|f| f.agreement)
            .max()
            .unwrap_or(Agreement::AsExpected)
    }
}

/// How many checks of a run ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All properties got the verdict that was expected.
    pub as_expected: usize,
    /// Some property got another one.
    pub contradicted: usize,
    /// Too little was seen to tell.
    pub undecided: usize,
    /// The check could not be made.
    pub failed: usize,
}

impl Tally {
    /// Counts a finished check.
    pub fn add(&mut self, agreement: Agreement) {
        match agreement {
            Agreement::AsExpected => self.as_expected += 1,
            Agreement::Undecided => self.undecided += 1,
            Agreement::Contradicted => self.contradicted += 1,
        }
    }

    /// All checks that were begun.
    pub fn checks(&self) -> usize {
        self.as_expected + self.contradicted + self.undecided + self.failed
    }
}

/// How the checks of a run stand to a lockfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockReport {
    /// The lockfile, as it was named.
    pub file: String,
    /// How many checks came to their end: what is compared, or locked.
    pub n_found: usize,
    /// Those that are not what they were; none where there was nothing to compare with.
    pub moved: Vec<Moved>,
    /// Checks that could not be compared, each with the reason.
    pub left_out: Vec<String>,
    /// The file holds what was found now: it was written anew. Else it is as it was.
    pub is_updated: bool,
    /// There was no lockfile that could be compared with.
    pub is_first: bool,
}

impl LockReport {
    /// Whether nothing was compared and nothing locked: there was no lockfile, and none could be written.
    pub fn is_unlocked(&self) -> bool {
        self.is_first && !self.is_updated
    }
}

/// A check that is not what the lockfile says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub check: String,
    /// What moved, and how.
    pub how: Vec<String>,
    /// Where a file lists it.
    pub origin: Option<Origin>,
}

/// An item of the stream.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A check begins.
    Started(&'a Subject),
    /// A check has ended.
    Finished(&'a Report),
    /// A check could not be made: the model is at fault, or a table is full.
    Failed(&'a Subject, &'a Error),
    /// A check was not begun: the run was interrupted.
    NotBegun(&'a Subject),
    /// The checks were compared with a lockfile.
    Locked(&'a LockReport),
    /// The run has ended.
    Ended(&'a Tally),
}

/// Turns notices into text.
pub trait Reporter {
    /// The text for a notice; empty where this reporter has nothing to say.
    fn text(&mut self, notice: &Notice<'_>) -> String;
}
