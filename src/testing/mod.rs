//! Checks in a user's own tests: assertions about a system whose failure tells the story.
//!
//! A plain `#[test]` says what a system has to satisfy, with [`assert_holds!`](crate::assert_holds) and
//! [`assert_violated!`](crate::assert_violated), or with the builder [`check`] where bounds, threads or a file are wanted. The message of a failing assertion has
//! the verdicts, the shortest trace step by step, and how to replay it. Nothing is printed; nothing is written unless
//! [`Check::trace_dir`] names a folder.
//!
//! ```
//! use allways::prelude::*;
//! use allways::testing::check;
//!
//! /// A register that anybody may write to.
//! struct Register;
//! impl Actor for Register {
//!     type Msg = char;
//!     type State = char;
//!     type Timer = ();
//!     type Random = ();
//!     type Storage = ();
//!     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char {
//!         '-'
//!     }
//!     fn on_msg(&self, _: Id, value: &mut Cow<'_, char>, _: Id, written: char, _: &mut Out<Self>) {
//!         *value.to_mut() = written;
//!     }
//! }
//!
//! fn system(writes: u32) -> System<char> {
//!     let mut sys = System::new();
//!     let register = sys.actor("register", Register);
//!     for value in ['x', 'y'].into_iter().take(writes as usize) {
//!         sys.stimulus("write", register.id(), value);
//!     }
//!     sys.always("nobody writes y", move |s| s[register] != 'y');
//!     sys
//! }
//!
//! // In a test of your own each of these is a line:
//! assert_holds!(system(1));
//! assert_violated!(system(2), "nobody writes y");
//!
//! // The builder says how to search, and its assertions return what was found.
//! let checked = check(system(2)).threads(2).exact().assert_violated("nobody writes y");
//! assert_eq!(checked.trace("nobody writes y").map(|trace| trace.len()), Some(1));
//! assert_eq!(check(system(1)).assert_holds().outcome.counts.unique, 2);
//! ```

mod failure;

use std::fs;
use std::path::PathBuf;

use crate::catalogue::{Catalogue, Checkable, Checked, IntoCheckable};
use crate::error::Error;
use crate::report::TraceFile;
use crate::search::{Options, Verdict};
use crate::trace::{self, About, Trace};

/// Asserts that every property of a system holds, or, with names behind it, that these do. Returns what was found.
///
/// Anything less than *holds* fails: what is vacuous, inconclusive or holds within bounds only. See [`testing`](crate::testing) for an example.
///
/// # Panics
/// Some property does not hold, or the model is at fault. The message has the verdicts and the traces.
#[macro_export]
macro_rules! assert_holds {
    ($system:expr $(, $property:expr)* $(,)?) => {
        $crate::testing::check($system)$(.property($property))*.assert_holds()
    };
}

/// Asserts that a property of a system is violated: that a test finds the mistake that it is there for. Returns what was found, the trace included.
///
/// See [`testing`](crate::testing) for an example.
///
/// # Panics
/// The property is not violated, or the model is at fault. The message has the verdict.
#[macro_export]
macro_rules! assert_violated {
    ($system:expr, $property:expr $(,)?) => {
        $crate::testing::check($system).assert_violated($property)
    };
}

/// A check that is about to be made: of a [`System`](crate::system::System), or of any state space.
///
/// Without further words it looks at every property, has one thread and no bounds, and writes nothing.
pub fn check(system: impl IntoCheckable) -> Check {
    Check {
        system: system.into_checkable(),
        options: Options::default(),
        about: About::default(),
        allow_bounds: false,
        trace_dir: None,
    }
}

/// How a system is to be checked; made by [`check`].
#[must_use = "nothing is checked before `run` or one of the assertions"]
pub struct Check {
    system: Result<Box<dyn Checkable>, Error>,
    options: Options,
    about: About,
    allow_bounds: bool,
    trace_dir: Option<PathBuf>,
}

impl Check {
    /// Names the model and the variant, for traces. Where the crate has the command line of [`main!`](crate::main) and a model of that name
    /// in it, its `trace replay` can replay them.
    pub fn named(mut self, model: &str, variant: &str) -> Self {
        self.about.model = model.to_owned();
        self.about.variant = variant.to_owned();
        self
    }

    /// Looks at this property only; said more than once, at each of them. That nothing panics is always looked at.
    pub fn property(mut self, name: &str) -> Self {
        let asked = self.options.properties.get_or_insert_with(Vec::new);
        asked.push(name.to_owned());
        self
    }

    /// Searches with so many threads. The result does not depend on it.
    pub fn threads(mut self, n_threads: usize) -> Self {
        self.options.threads = n_threads;
        self
    }

    /// Bound: explores no further than so many steps.
    pub fn max_depth(mut self, n_steps: u32) -> Self {
        self.options.depth_max = Some(n_steps);
        self
    }

    /// Bound: begins no further level once so many states are known.
    pub fn max_states(mut self, n_states: u64) -> Self {
        self.options.states_max = Some(n_states);
        self
    }

    /// A property that holds within bounds is as good as one that holds.
    pub fn allow_bounds(mut self) -> Self {
        self.allow_bounds = true;
        self
    }

    /// Compares states in full, so that no hash can hide one.
    pub fn exact(mut self) -> Self {
        self.options.exact = true;
        self
    }

    /// Seeds every hash: another seed repeats the check with independent chances of an omission.
    pub fn hash_seed(mut self, seed: u64) -> Self {
        self.options.hash_seed = seed;
        self
    }

    /// Searches with these options, all of them, in place of what was said before.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Writes the trace of every violation to this folder, which is made if need be; a relative path begins where the test runs: in the
    /// root of its package. Two checks that share a folder and have properties in common should be [`named`](Check::named).
    pub fn trace_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.trace_dir = Some(dir.into());
        self
    }

    /// Makes the check.
    ///
    /// # Errors
    /// The model is at fault, there is no property of a name that was asked for, or a trace cannot be written. A violated
    /// property is no error.
    pub fn run(self) -> Result<Checked, Error> {
        let (checked, files) = self.made()?;
        match files.into_iter().find_map(|file| match file {
            TraceFile::NotWritten(why) => Some(why),
            TraceFile::Written(_) | TraceFile::None => None,
        }) {
            Some(why) => Err(Error::file(format!("cannot write a trace: {why}"))
                .with_cure("name a folder that can be written to")),
            None => Ok(checked),
        }
    }

    /// Makes the check, and asserts that every property holds that it looks at.
    ///
    /// # Panics
    /// Some property does not hold, or the model is at fault. The message has the verdicts and the traces.
    #[track_caller]
    pub fn assert_holds(self) -> Checked {
        let (story, allow_bounds) = (self.story(), self.allow_bounds);
        let (checked, files) = self.made().unwrap_or_else(|error| not_checked(&error));
        let is_well = |verdict| match verdict {
            Verdict::Holds => true,
            Verdict::HoldsWithinBounds => allow_bounds,
            Verdict::Vacuous | Verdict::Inconclusive | Verdict::Violated => false,
        };
        if (checked.outcome.properties.iter()).all(|property| is_well(property.verdict)) {
            return checked;
        }
        panic!("{}", story.not_holding(&checked, files, is_well));
    }

    /// Makes the check of this property alone, and asserts that it is violated.
    ///
    /// # Panics
    /// It is not violated, or the model is at fault. The message has the verdict.
    #[track_caller]
    pub fn assert_violated(mut self, property: &str) -> Checked {
        self.options.properties = Some(vec![property.to_owned()]);
        let story = self.story();
        let (checked, files) = self.made().unwrap_or_else(|error| not_checked(&error));
        match checked.property(property) {
            Some(found) if found.verdict == Verdict::Violated => checked,
            _ => panic!("{}", story.not_violated(&checked, files, property)),
        }
    }

    /// Replays a trace against the system, and asserts that every step leads where it led and that it shows what it showed.
    ///
    /// ```no_run
    /// # use allways::prelude::*;
    /// # fn system() -> System<char> { System::new() }
    /// let trace = allways::trace::from_json(&std::fs::read_to_string("tests/race.trace.json")?)?;
    /// allways::testing::check(system()).assert_replays(&trace);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// The system differs from the one that the trace was recorded from, or is at fault. The message names the first step at which it
    /// does.
    #[track_caller]
    pub fn assert_replays(self, trace: &Trace) {
        let replayed = self.system.and_then(|mut system| system.replay(trace));
        let replay = replayed.unwrap_or_else(|error| not_checked(&error));
        if !replay.is_same() {
            panic!("{}", failure::not_replayed(trace, &replay));
        }
    }

    /// What a failure needs to know of the check.
    fn story(&self) -> failure::Story {
        failure::Story {
            options: self.options.clone(),
            about: self.about.clone(),
        }
    }

    /// Makes the check, and writes the traces of violations where that is wanted.
    fn made(self) -> Result<(Checked, Vec<TraceFile>), Error> {
        let mut system = self.system?;
        let about = About {
            hash_seed: self.options.hash_seed,
            ..self.about
        };
        let checked = system.check(&self.options, &about, &())?;
        let properties = checked.outcome.properties.iter().zip(&checked.traces);
        let files = properties.map(|(property, trace)| match (trace, &self.trace_dir) {
            (Some(trace), Some(dir)) if property.verdict == Verdict::Violated => write(trace, dir),
            _ => TraceFile::None,
        });
        let files = files.collect();
        Ok((checked, files))
    }
}

/// Replays a trace, as JSON, against the model of its name in a catalogue, and asserts that every step leads where it led and that it
/// shows what it showed. `allways trace export --format rust-test` writes a test that does.
///
/// # Panics
/// There is no such model, it differs from the one that the trace was recorded from, or the text is no trace.
#[track_caller]
pub fn assert_replays(catalogue: &Catalogue, json: &str) {
    let replayed = trace::from_json(json).and_then(|trace| {
        let replay = catalogue.replay(&trace)?;
        Ok((trace, replay))
    });
    let (trace, replay) = replayed.unwrap_or_else(|error| not_checked(&error));
    if !replay.is_same() {
        panic!("{}", failure::not_replayed(&trace, &replay));
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check")
            .field("options", &self.options)
            .field("about", &self.about)
            .field("allow_bounds", &self.allow_bounds)
            .field("trace_dir", &self.trace_dir)
            .finish_non_exhaustive()
    }
}

#[track_caller]
fn not_checked(error: &Error) -> ! {
    panic!("the system cannot be checked: {error}")
}

/// Writes a trace into a folder: to another name first, so that nobody finds half of it.
fn write(trace: &Trace, dir: &std::path::Path) -> TraceFile {
    let (model, variant) = match (&trace.model[..], &trace.variant[..]) {
        ("", "") => ("unnamed", "system"),
        names => names,
    };
    let name = trace::file_name(model, variant, &trace.property.name);
    let path = dir.join(&name);
    let unfinished = dir.join(format!(".{}-{name}", std::process::id()));
    let written = fs::create_dir_all(dir)
        .and_then(|()| fs::write(&unfinished, trace::to_json(trace)))
        .and_then(|()| fs::rename(&unfinished, &path));
    match written {
        Ok(()) => TraceFile::Written(path.to_string_lossy().into_owned()),
        Err(error) => TraceFile::NotWritten(format!("{}: {error}", path.display())),
    }
}
