//! What is known of the check in the background, and who listens to it.
//!
//! It is one value, [`RunView`], behind one lock; whoever listens gets what changes. A listener that does not keep up is let go: when it comes back, it
//! gets everything anew.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::search::{Stop, Verdict};

/// What a listener may be behind.
const BEHIND_MAX: usize = 64;

/// The check in the background.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunView {
    pub(super) run: u64,
    pub(super) state: Phase,
    pub(super) progress: ProgressView,
    pub(super) verdict: Option<Verdict>,
    pub(super) properties: Vec<RunProperty>,
    pub(super) discoveries: Vec<Discovery>,
    pub(super) summary: Option<Summary>,
    pub(super) error: Option<String>,
}

/// How far the check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Idle,
    Running,
    Stopping,
    Done,
    Failed,
}

/// How far the search is.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct ProgressView {
    pub(super) unique: u64,
    pub(super) generated: u64,
    pub(super) depth: u32,
    pub(super) queue: u64,
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    pub(super) rate: f64,
}

/// What is known of a property.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunProperty {
    pub(super) property: usize,
    pub(super) verdict: Option<Verdict>,
    pub(super) as_expected: Option<bool>,
    pub(super) note: Option<String>,
}

/// A violation, or the witness of a `reachable`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Discovery {
    pub(super) property: usize,
    pub(super) verdict: Verdict,
    pub(super) steps: usize,
    pub(super) paths: Vec<String>,
    pub(super) loop_start: Option<usize>,
    pub(super) reason: String,
    pub(super) why: Option<String>,
    #[serde(rename = "final")]
    pub(super) is_final: bool,
    /// The paths are the least among the shortest.
    #[serde(skip)]
    pub(super) is_least: bool,
}

/// What a finished check comes to, besides its verdicts.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) unique: u64,
    pub(super) generated: u64,
    pub(super) transitions: u64,
    pub(super) depth: u32,
    pub(super) stopped: Option<Stop>,
    pub(super) cuts: Vec<String>,
    pub(super) omission_bound: f64,
    pub(super) symmetry: Option<String>,
    pub(super) assumptions: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) never_exercised: Vec<String>,
}

/// An event for those who listen: its name and one line of JSON.
pub(super) type Event = (&'static str, Arc<str>);

/// What is known of the check, and who listens.
pub(super) struct Hub {
    state: Mutex<State>,
    stop: AtomicBool,
}

struct State {
    view: RunView,
    listeners: Vec<tokio::sync::mpsc::Sender<Event>>,
}

impl Hub {
    /// No check was started; so many properties there are.
    pub(super) fn new(n_properties: usize) -> Self {
        Hub {
            state: Mutex::new(State {
                view: RunView::unknown(0, Phase::Idle, n_properties),
                listeners: Vec::new(),
            }),
            stop: AtomicBool::new(false),
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // Nothing here is left half done by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known now.
    pub(super) fn view(&self) -> RunView {
        self.locked().view.clone()
    }

    /// Whether these paths are those that the check chose for a property, as the least among the shortest.
    pub(super) fn is_least(&self, property: usize, paths: &[String]) -> bool {
        let state = self.locked();
        let mut found = state.view.discoveries.iter();
        found.any(|one| one.is_least && one.property == property && one.paths == paths)
    }

    /// What is known now, and then what changes.
    pub(super) fn listen(&self) -> tokio::sync::mpsc::Receiver<Event> {
        let (send, receive) = tokio::sync::mpsc::channel(BEHIND_MAX);
        let mut state = self.locked();
        let _ = send.try_send(("run", line(&state.view)));
        state.listeners.push(send);
        receive
    }

    /// Nobody is told any more; a check that runs stops.
    pub(super) fn close(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.locked().listeners.clear();
    }

    /// Asks the check to stop. Whether one runs.
    pub(super) fn stop(&self) -> bool {
        let mut state = self.locked();
        let runs = state.runs();
        if runs {
            self.stop.store(true, Ordering::SeqCst);
            state.view.state = Phase::Stopping;
        }
        runs
    }

    /// Whether the check is to stop.
    pub(super) fn is_to_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// A check begins, of which nothing is known; whether none ran.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.locked();
        if state.runs() {
            return false;
        }
        self.stop.store(false, Ordering::SeqCst);
        let RunView {
            run, properties, ..
        } = &state.view;
        state.view = RunView::unknown(run + 1, Phase::Running, properties.len());
        let line = line(&state.view);
        state.tell("run", &line);
        true
    }

    /// Changes what is known, and tells of it.
    pub(super) fn change(&self, name: &'static str, change: impl FnOnce(&mut RunView) -> Arc<str>) {
        let mut state = self.locked();
        let line = change(&mut state.view);
        state.tell(name, &line);
    }
}

impl State {
    fn runs(&self) -> bool {
        matches!(self.view.state, Phase::Running | Phase::Stopping)
    }

    /// Tells those who listen; who does not keep up is let go.
    fn tell(&mut self, name: &'static str, line: &Arc<str>) {
        self.listeners
            .retain(|listener| listener.try_send((name, Arc::clone(line))).is_ok());
    }
}

impl RunView {
    /// Nothing is known of so many properties.
    fn unknown(run: u64, state: Phase, n_properties: usize) -> Self {
        let unknown = |property| RunProperty {
            property,
            verdict: None,
            as_expected: None,
            note: None,
        };
        RunView {
            run,
            state,
            progress: ProgressView::default(),
            verdict: None,
            properties: (0..n_properties).map(unknown).collect(),
            discoveries: Vec::new(),
            summary: None,
            error: None,
        }
    }
}

/// A value as one line of JSON.
pub(super) fn line(value: &impl Serialize) -> Arc<str> {
    match serde_json::to_string(value) {
        Ok(line) => line.into(),
        // Strings, numbers and lists.
        Err(error) => panic!("an event did not become JSON: {error}"),
    }
}
