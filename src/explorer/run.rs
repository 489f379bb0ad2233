//! The check in the background: a thread of its own, with a space of its own. What it finds is told to the [`Hub`], which also says when it is to stop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::Subject;
use super::hub::{Discovery, Hub, Phase, ProgressView, RunProperty, Summary, line};
use super::walker::Walker;
use crate::catalogue::{Agreement, Checkable, Checked};
use crate::error::Error;
use crate::search::{Discovery as Way, Monitor, Options, Progress, Stop, Verdict};
use crate::space::{PropertyDecl, PropertyKind};
use crate::trace::{About, Trace};

/// Progress is told at most so often.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// A check goes deep: its own code needs little, a model's may recurse.
const STACK_BYTES: usize = 16 << 20;

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
        // The thread waits for it: none runs.
        self.hub.begin() && self.begin.try_send(limits).is_ok()
    }
}

fn as_expected(agreement: Agreement) -> Option<bool> {
    match agreement {
        Agreement::AsExpected => Some(true),
        Agreement::Undecided => None,
        Agreement::Contradicted => Some(false),
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
    /// Who watches beside the page.
    beside: Box<dyn Monitor>,
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
            let shown = explorer.shown(&path, property)?;
            // What the walk does not show is not told.
            Ok(shown.map(|shown| (path, shown, way.keys.len())))
        });
        let Some(Ok(Some((path, shown, steps)))) = walked else {
            return;
        };
        let number = shown.property;
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
            reason: shown.reason,
            why: shown.why,
            is_final: false,
            is_least: false,
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
        let beside = self.beside.poll(progress);
        if self.hub.is_to_stop() {
            Some(Stop::Interrupt)
        } else if beside.is_some() {
            beside
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
        beside: (subject.watch)(),
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
    let decls = walker.ask_here(|explorer| Ok(explorer.properties().to_vec()));
    let decls = decls.and_then(Result::ok).unwrap_or_default();
    let mut properties = hub.view().properties;
    let mut discoveries = Vec::new();
    for (found, trace) in outcome.properties.iter().zip(&checked.traces) {
        let expected = subject.expected(&found.decl.name);
        let Some(property) = decls.iter().position(|decl| *decl == found.decl) else {
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
        why: None,
        is_final: true,
        is_least: trace.is_some_and(|trace| trace.tie_break),
    };
    let Some(trace) = trace.cloned() else {
        return found;
    };
    found.steps = trace.len();
    found.loop_start = trace.paths.iter().find_map(|path| path.loop_start);
    found.why = trace.reason().map(str::to_owned);
    let walked = walker.ask_here(move |explorer| {
        let loaded = explorer.load(&trace)?;
        let paths: Vec<String> = loaded.paths.into_iter().map(|path| path.id).collect();
        let reason = match (loaded.together, paths.first()) {
            (Some(together), _) => Some(together.reason),
            (None, Some(path)) => explorer.shown(path, property)?.map(|shown| shown.reason),
            (None, None) => None,
        };
        Ok((paths, reason))
    });
    if let Some(Ok((paths, reason))) = walked {
        found.paths = paths;
        if let Some(reason) = reason {
            found.reason = reason;
        }
    }
    found
}
