//! The check in the background: a thread of its own, with a space of its own, told of and stopped from anywhere.
//!
//! What is known of it is one value, [`RunView`], behind one lock; whoever listens gets what changes. A listener that does not keep up is let go: when it comes back, it
//! gets everything anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Subject;
use super::walker::Walker;
use crate::catalogue::{Agreement, Checkable, Checked};
use crate::error::Error;
use crate::search::{Discovery as Way, Monitor, Options, Progress, Stop, Verdict};
use crate::space::{PropertyDecl, PropertyKind};
use crate::trace::{About, Trace};

/// Progress is told at most so often.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What a listener may be behind.
const BEHIND_MAX: usize = 64;

/// A check goes deep: its own code needs little, a model's may recurse.
const STACK_BYTES: usize = 16 << 20;

/// The check in the background.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunView {
    run: u64,
    state: Phase,
    progress: ProgressView,
    verdict: Option<Verdict>,
    properties: Vec<RunProperty>,
    discoveries: Vec<Discovery>,
    summary: Option<Summary>,
    error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Idle,
    Running,
    Stopping,
    Done,
    Failed,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct ProgressView {
    unique: u64,
    generated: u64,
    depth: u32,
    queue: u64,
    bytes: u64,
    seconds: f64,
    rate: f64,
}

#[derive(Clone, Debug, Serialize)]
struct RunProperty {
    property: usize,
    verdict: Option<Verdict>,
    as_expected: Option<bool>,
    note: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Discovery {
    property: usize,
    verdict: Verdict,
    steps: usize,
    paths: Vec<String>,
    loop_start: Option<usize>,
    reason: String,
    #[serde(rename = "final")]
    is_final: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Summary {
    unique: u64,
    generated: u64,
    transitions: u64,
    depth: u32,
    stopped: Option<Stop>,
    cuts: Vec<String>,
    omission_bound: f64,
    symmetry: Option<String>,
    assumptions: Vec<String>,
    warnings: Vec<String>,
    never_exercised: Vec<String>,
}

/// What bounds and stops a check.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub(super) max_states: Option<u64>,
    pub(super) max_depth: Option<u32>,
    pub(super) time: Option<Duration>,
}

/// What is asked of the check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) action: Action,
    pub(super) max_states: Option<u64>,
    pub(super) max_depth: Option<u32>,
    pub(super) seconds: Option<f64>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Start,
    Stop,
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
        let view = RunView {
            run: 0,
            state: Phase::Idle,
            progress: ProgressView::default(),
            verdict: None,
            properties: unknown(n_properties),
            discoveries: Vec::new(),
            summary: None,
            error: None,
        };
        Hub {
            state: Mutex::new(State {
                view,
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
        let runs = matches!(state.view.state, Phase::Running | Phase::Stopping);
        if runs {
            self.stop.store(true, Ordering::SeqCst);
            state.view.state = Phase::Stopping;
        }
        runs
    }

    /// Changes what is known, and tells of it.
    fn change(&self, name: &'static str, change: impl FnOnce(&mut RunView) -> Arc<str>) {
        let mut state = self.locked();
        let line = change(&mut state.view);
        state
            .listeners
            .retain(|listener| listener.try_send((name, Arc::clone(&line))).is_ok());
    }
}

fn as_expected(agreement: Agreement) -> Option<bool> {
    match agreement {
        Agreement::AsExpected => Some(true),
        Agreement::Undecided => None,
        Agreement::Contradicted => Some(false),
    }
}

fn unknown(n: usize) -> Vec<RunProperty> {
    (0..n)
        .map(|property| RunProperty {
            property,
            verdict: None,
            as_expected: None,
            note: None,
        })
        .collect()
}

fn line(value: &impl Serialize) -> Arc<str> {
    match serde_json::to_string(value) {
        Ok(line) => line.into(),
        // Strings, numbers and lists.
        Err(error) => panic!("an event did not become JSON: {error}"),
    }
}

/// Whoever starts checks.
pub(super) struct Checker {
    begin: mpsc::SyncSender<Limits>,
    hub: Arc<Hub>,
}

impl Checker {
    /// Starts the thread; it ends when nobody can start a check any more.
    pub(super) fn start<'s>(
        scope: &'s Scope<'s, '_>,
        subject: &'s Subject<'_>,
        build: &'s (dyn Fn() -> Result<Box<dyn Checkable>, Error> + Sync),
        hub: Arc<Hub>,
        walker: Walker,
    ) -> Result<Self, Error> {
        let (begin, begun) = mpsc::sync_channel::<Limits>(1);
        let checks = Arc::clone(&hub);
        let check = move || {
            for limits in begun {
                run(subject, build, &checks, &walker, limits);
            }
        };
        let builder = Builder::new()
            .name("check".to_owned())
            .stack_size(STACK_BYTES);
        builder
            .spawn_scoped(scope, check)
            .map_err(|e| Error::capacity(format!("the check's thread cannot start: {e}")))?;
        Ok(Checker { begin, hub })
    }

    /// Begins a check; whether none ran.
    pub(super) fn begin(&self, limits: Limits) -> bool {
        let mut state = self.hub.locked();
        if matches!(state.view.state, Phase::Running | Phase::Stopping) {
            return false;
        }
        self.hub.stop.store(false, Ordering::SeqCst);
        let view = &mut state.view;
        *view = RunView {
            run: view.run + 1,
            state: Phase::Running,
            progress: ProgressView::default(),
            verdict: None,
            properties: unknown(view.properties.len()),
            discoveries: Vec::new(),
            summary: None,
            error: None,
        };
        let line = line(view);
        state
            .listeners
            .retain(|listener| listener.try_send(("run", Arc::clone(&line))).is_ok());
        // The thread waits for it: none runs.
        self.begin.try_send(limits).is_ok()
    }
}

/// The check's side of the search.
struct Watch<'a> {
    subject: &'a Subject<'a>,
    hub: &'a Hub,
    walker: &'a Walker,
    begun: Instant,
    time: Option<Duration>,
    told: Mutex<Option<Instant>>,
}

impl Watch<'_> {
    fn progress(&self, progress: &Progress) -> ProgressView {
        let seconds = self.begun.elapsed().as_secs_f64();
        ProgressView {
            unique: progress.counts.unique,
            generated: progress.counts.generated,
            depth: progress.counts.depth,
            queue: progress.queue,
            bytes: progress.bytes,
            seconds,
            rate: progress.counts.unique as f64 / seconds.max(0.001),
        }
    }
}

impl Monitor for Watch<'_> {
    fn wants_discoveries(&self) -> bool {
        true
    }

    fn found(&self, property: &PropertyDecl, way: &Way) {
        let (decl, way) = (property.clone(), way.clone());
        let walked = self.walker.ask_here(move |explorer| {
            let mut decls = explorer.properties().iter();
            let number = decls.position(|known| *known == decl);
            let path = explorer.discovered(&way)?;
            let Some((property, path)) = number.zip(path) else {
                return Ok(None);
            };
            let reason = explorer.reason(std::slice::from_ref(&path), property)?;
            // What the walk does not show is not told.
            Ok(reason.map(|reason| (property, path, reason, way.keys.len())))
        });
        let Some(Ok(Some((number, path, reason, steps)))) = walked else {
            return;
        };
        let verdict = match property.kind {
            PropertyKind::Reachable => Verdict::Holds,
            _ => Verdict::Violated,
        };
        let agreement = Agreement::of(self.subject.expected(&property.name), verdict, false);
        let discovery = Discovery {
            property: number,
            verdict,
            steps,
            paths: vec![path],
            loop_start: None,
            reason,
            is_final: false,
        };
        self.hub.change("discovery", |view| {
            // Violations and witnesses are final, whatever comes.
            if verdict == Verdict::Violated {
                view.verdict = Some(verdict);
            }
            view.properties[number].verdict = Some(verdict);
            view.properties[number].as_expected = as_expected(agreement);
            let line = line(&discovery);
            view.discoveries.push(discovery);
            view.discoveries.sort_by_key(|discovery| discovery.property);
            line
        });
    }

    fn poll(&self, progress: &Progress) -> Option<Stop> {
        // Where another thread is telling, this poll has nothing to add.
        if let Ok(mut told) = self.told.try_lock()
            && told.is_none_or(|told| told.elapsed() >= TELL_EVERY)
        {
            *told = Some(Instant::now());
            let now = self.progress(progress);
            self.hub.change("progress", |view| {
                view.progress = now;
                line(&now)
            });
        }
        if self.hub.stop.load(Ordering::SeqCst) {
            Some(Stop::Interrupt)
        } else if self.time.is_some_and(|max| self.begun.elapsed() >= max) {
            Some(Stop::Time)
        } else {
            None
        }
    }
}

/// Makes one check and tells what it found.
fn run(
    subject: &Subject<'_>,
    build: &(dyn Fn() -> Result<Box<dyn Checkable>, Error> + Sync),
    hub: &Hub,
    walker: &Walker,
    limits: Limits,
) {
    let options = Options {
        states_max: limits.max_states.or(subject.options.states_max),
        depth_max: limits.max_depth.or(subject.options.depth_max),
        ..subject.options.clone()
    };
    let watch = Watch {
        subject,
        hub,
        walker,
        begun: Instant::now(),
        time: limits.time,
        told: Mutex::new(None),
    };
    let about: About = subject.about();
    let checked = catch_unwind(AssertUnwindSafe(|| {
        build()?.check(&options, &about, &watch)
    }));
    let error = match checked {
        Ok(Ok(checked)) => {
            tell(subject, hub, walker, &watch, &checked);
            return;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "internal error: this is a fault of Allways, not of your model".to_owned(),
    };
    hub.change("done", |view| {
        view.state = Phase::Failed;
        view.error = Some(error);
        line(view)
    });
}

fn tell(subject: &Subject<'_>, hub: &Hub, walker: &Walker, watch: &Watch<'_>, checked: &Checked) {
    let outcome = &checked.outcome;
    let progress = watch.progress(&Progress {
        counts: outcome.counts,
        queue: 0,
        bytes: outcome.bytes_peak,
    });
    let mut properties = hub.view().properties;
    let mut discoveries = Vec::new();
    for (found, trace) in outcome.properties.iter().zip(&checked.traces) {
        let expected = subject.expected(&found.decl.name);
        let name = found.decl.clone();
        let number = walker.ask_here(move |explorer| {
            let mut decls = explorer.properties().iter();
            Ok(decls.position(|decl| *decl == name))
        });
        let Some(Ok(Some(property))) = number else {
            continue;
        };
        properties[property] = RunProperty {
            property,
            verdict: Some(found.verdict),
            as_expected: as_expected(Agreement::of(expected, found.verdict, false)),
            note: found.note.clone(),
        };
        let is_found = trace.is_some()
            || (found.verdict == Verdict::Violated && found.decl.kind == PropertyKind::Reachable);
        if is_found {
            discoveries.push(discovery(
                walker,
                property,
                found.verdict,
                trace.as_ref(),
                found.note.as_ref(),
            ));
        }
    }
    for discovery in &discoveries {
        hub.change("discovery", |view| {
            view.discoveries
                .retain(|d| d.property != discovery.property);
            view.discoveries.push(discovery.clone());
            line(discovery)
        });
    }
    hub.change("done", |view| {
        view.state = Phase::Done;
        view.progress = progress;
        view.verdict = properties.iter().filter_map(|p| p.verdict).max();
        view.properties = properties;
        view.summary = Some(Summary {
            unique: outcome.counts.unique,
            generated: outcome.counts.generated,
            transitions: outcome.counts.transitions,
            depth: outcome.counts.depth,
            stopped: outcome.stopped,
            cuts: outcome.cuts.clone(),
            omission_bound: outcome.omission_bound,
            symmetry: outcome.symmetry.clone(),
            assumptions: outcome.assumptions.clone(),
            warnings: outcome.warnings.clone(),
            never_exercised: outcome.never_exercised.clone(),
        });
        line(view)
    });
}

/// What was found, as paths.
fn discovery(
    walker: &Walker,
    property: usize,
    verdict: Verdict,
    trace: Option<&Trace>,
    note: Option<&String>,
) -> Discovery {
    let mut found = Discovery {
        property,
        verdict: match verdict {
            Verdict::Violated => Verdict::Violated,
            _ => Verdict::Holds,
        },
        steps: 0,
        paths: Vec::new(),
        loop_start: None,
        reason: note.cloned().unwrap_or_default(),
        is_final: true,
    };
    let Some(trace) = trace.cloned() else {
        return found;
    };
    found.steps = trace.len();
    found.loop_start = trace.paths.iter().find_map(|path| path.loop_start);
    let is_pair = trace.paths.len() > 1;
    let walked = walker.ask_here(move |explorer| {
        let loaded = explorer.load(&trace)?;
        let paths: Vec<String> = loaded.paths.into_iter().map(|path| path.id).collect();
        let reason = explorer.reason(&paths, property)?;
        Ok((paths, reason))
    });
    if let Some(Ok((paths, reason))) = walked {
        found.paths = paths;
        if let Some(reason) = reason {
            found.reason = reason;
        } else if is_pair {
            found.reason = "two runs with the same inputs end with different values".to_owned();
        }
    }
    found
}
