//! Recording: from a path by its choices to a trace that stands by itself.

use super::lasso::Lasso;
use super::reason::{Seen, Told, of_panic, of_two_ends};
use super::states::{known, whole};
use super::walk::Walk;
use super::{FORMAT, Sent, Shown, Trace, TracePath, TraceStep, VERSION, diff};
use crate::error::Error;
use crate::search::{Halt, Path, PropertyOutcome, Verdict};
use crate::space::{Label, PropertyDecl, PropertyKind, Rendered, StateSpace};
use crate::value::ENCODING_VERSION;

/// What a trace says of where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The model's name.
    pub model: String,
    /// The variant's name.
    pub variant: String,
    /// The parameters' names and values, in the model's order.
    pub parameters: Vec<(String, String)>,
    /// The seed that the space was given.
    pub hash_seed: u64,
}

/// The trace of a property's outcome, if it has one. `space` is the one that was searched, as the search left it.
///
/// # Errors
/// The model answers differently than during the search.
pub fn record<S: StateSpace>(
    space: &mut S,
    outcome: &PropertyOutcome,
    about: &About,
) -> Result<Option<Trace>, Error> {
    if outcome.paths.is_empty() {
        return Ok(None);
    }
    let shown = Recorded {
        decl: Some(&outcome.decl),
        is_violated: outcome.verdict == Verdict::Violated,
    };
    let (mut paths, lasts): (Vec<TracePath>, Vec<Seen>) = outcome
        .paths
        .iter()
        .map(|path| record_to_end(space, path, shown))
        .collect::<Result<_, _>>()?;
    let ends = match (&lasts[..], &mut paths[..]) {
        ([first, second], [_, last]) => {
            last.reason = last.reason.take().or_else(|| of_two_ends(first, second));
            diff(&first.state, &second.state)
        }
        _ => Vec::new(),
    };
    Ok(Some(Trace {
        format: FORMAT.to_owned(),
        version: VERSION,
        encoding: ENCODING_VERSION,
        model: about.model.clone(),
        variant: about.variant.clone(),
        parameters: about.parameters.clone(),
        hash_seed: about.hash_seed,
        property: Shown {
            name: outcome.decl.name.clone(),
            kind: outcome.decl.kind,
            verdict: outcome.verdict,
        },
        lanes: space.lanes().to_vec(),
        tie_break: outcome.tie_break,
        paths,
        ends,
    }))
}

/// Walks a path and writes down what happens. `space` is the one that was searched, as the search left it.
///
/// # Errors
/// The model answers differently than during the search.
pub fn record_path<S: StateSpace>(space: &mut S, path: &Path) -> Result<TracePath, Error> {
    let (recorded, _) = record_to_end(space, path, Recorded::default())?;
    Ok(recorded)
}

/// What a path is recorded for.
#[derive(Clone, Copy, Default)]
struct Recorded<'a> {
    decl: Option<&'a PropertyDecl>,
    /// The path shows why it is violated.
    is_violated: bool,
}

/// The path, and its last state.
fn record_to_end<S: StateSpace>(
    space: &mut S,
    path: &Path,
    shown: Recorded<'_>,
) -> Result<(TracePath, Seen), Error> {
    walk_path(space, path, shown).map_err(|halt| match halt {
        Halt::Restart => not_repeated("a property reads what it did not read before"),
        Halt::Error(error) => error,
    })
}

fn walk_path<S: StateSpace>(
    space: &mut S,
    path: &Path,
    shown: Recorded<'_>,
) -> Result<(TracePath, Seen), Halt> {
    let is_violated = shown.is_violated;
    let shown = shown.decl.and_then(|shown| {
        let mut decls = space.properties().iter();
        Some((decls.position(|decl| decl == shown)?, shown.kind))
    });
    let mut watch = Watch {
        property: shown.filter(|_| is_violated),
        loop_start: path.loop_start,
        seen: Vec::new(),
    };
    let Ok(mut walk) = Walk::start(space, path.initial)? else {
        return Err(Halt::Error(not_repeated("an initial state is gone")));
    };
    let mut recorded = TracePath {
        initial: path.initial,
        initial_states: walk.initial_states,
        state: walk.render(),
        fingerprint: hex64(walk.fingerprint()),
        steps: Vec::with_capacity(path.steps.len()),
        loop_start: path.loop_start,
        fairness: Vec::new(),
        reason: None,
        reads: Vec::new(),
    };
    let mut before = recorded.state.clone();
    let mut so_far = known(&before);
    watch.note(&walk, &before)?;
    let mut lasso = path.loop_start.map(Lasso::<S>::new);
    for &step in &path.steps {
        if walk.steps()?.iter().all(|&(index, _)| index != step) {
            return Err(Halt::Error(not_repeated("a step is gone")));
        }
        let label = walk.label(step)?;
        let mut recorded_step = TraceStep::of(label, |lane| walk.lane(lane));
        if let Some(lasso) = &mut lasso {
            lasso.leave(&mut walk, Some(step))?;
        }
        let left = walk.take(step)?;
        if let Some(lasso) = &mut lasso {
            lasso.keep(left);
        }
        let after = walk.render();
        recorded_step.changes = diff(&before, &after);
        recorded_step.whole = whole(&mut so_far, &recorded_step.changes, &after);
        recorded_step.fingerprint = hex64(walk.fingerprint());
        recorded.steps.push(recorded_step);
        before = after;
        watch.note(&walk, &before)?;
    }
    if let Some(lasso) = lasso {
        let judged = lasso.end(&mut walk, shown)?;
        // The search found it, so a flaw is ours.
        recorded.fairness = match judged {
            Ok((fairness, contradicts)) => {
                assert!(contradicts, "a lasso contradicts its property");
                fairness
            }
            Err(flaw) => panic!("a lasso that the search found is none: {flaw:?}"),
        };
    }
    let panic = walk.judge()?.panic;
    recorded.reason = panic.as_deref().map(of_panic);
    if let Some((_, kind)) = watch.property {
        let told = Told {
            kind,
            lanes: walk.lanes(),
            seen: &watch.seen,
            loop_start: watch.loop_start,
        };
        recorded.reads = told.reads();
        recorded.reason = recorded.reason.or_else(|| told.reason());
    }
    let asked = watch.seen.pop().map_or_else(Vec::new, |last| last.asked);
    let last = Seen {
        asked,
        state: before,
    };
    Ok((recorded, last))
}

/// What a property says on the way.
struct Watch {
    /// Its bit and kind; `None`: nobody asks.
    property: Option<(usize, PropertyKind)>,
    loop_start: Option<usize>,
    seen: Vec<Seen>,
}

impl Watch {
    /// Notes the state that the walk is in.
    fn note<S: StateSpace>(&mut self, walk: &Walk<'_, S>, state: &Rendered) -> Result<(), Halt> {
        let Some((property, _)) = self.property else {
            return Ok(());
        };
        let at = self.seen.len();
        // Only the last two states of a path are compared, and those of a loop.
        if self.loop_start.is_none() && at >= 2 {
            self.seen[at - 2].state = Rendered::new();
        }
        let is_kept = self.loop_start.is_none_or(|start| at >= start);
        self.seen.push(Seen {
            asked: walk.asked(property)?,
            state: if is_kept {
                state.clone()
            } else {
                Rendered::new()
            },
        });
        Ok(())
    }
}

impl TraceStep {
    /// The step alone, without what came of it.
    pub(crate) fn of(label: Label, name_of: impl Fn(u32) -> String) -> Self {
        TraceStep {
            kind: label.kind,
            lane: name_of(label.lane),
            from: label.from.map(&name_of),
            name: label.name,
            interrupted: label.interrupted,
            content: label.content,
            sent: label
                .sent
                .into_iter()
                .map(|(to, content)| Sent {
                    to: name_of(to),
                    content,
                })
                .collect(),
            changes: Vec::new(),
            whole: Rendered::new(),
            key: hex(&label.key),
            fingerprint: String::new(),
        }
    }
}

/// The model is not a function of what it is given.
pub(super) fn not_repeated(what: &str) -> Error {
    Error::model(format!(
        "walking a path again, the model answers differently than during the search: {what}"
    ))
    .with_cure("a handler must depend on its arguments alone: no clock, no random numbers, no global or interior-mutable state")
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        })
        .collect()
}

/// A fingerprint in hexadecimal.
pub(crate) fn hex64(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}
