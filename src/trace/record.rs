//! Recording: from a path by its choices to a trace that stands by itself.

use super::lasso::Lasso;
use super::walk::{Halt, Walk};
use super::{FORMAT, Sent, Shown, Trace, TracePath, TraceStep, VERSION, diff};
use crate::error::Error;
use crate::search::{Path, PropertyOutcome};
use crate::space::{Label, PropertyDecl, Rendered, StateSpace};
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
    let (paths, lasts): (Vec<TracePath>, Vec<Rendered>) = outcome
        .paths
        .iter()
        .map(|path| record_to_end(space, path, Some(&outcome.decl)))
        .collect::<Result<_, _>>()?;
    let ends = match &lasts[..] {
        [first, second] => diff(first, second),
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
    let (recorded, _) = record_to_end(space, path, None)?;
    Ok(recorded)
}

/// The path, and its last state.
fn record_to_end<S: StateSpace>(
    space: &mut S,
    path: &Path,
    shown: Option<&PropertyDecl>,
) -> Result<(TracePath, Rendered), Error> {
    walk_path(space, path, shown).map_err(|halt| match halt {
        Halt::Restart => not_repeated("a property reads what it did not read before"),
        Halt::Error(error) => error,
    })
}

fn walk_path<S: StateSpace>(
    space: &mut S,
    path: &Path,
    shown: Option<&PropertyDecl>,
) -> Result<(TracePath, Rendered), Halt> {
    let shown = shown.and_then(|shown| {
        let mut decls = space.properties().iter();
        Some((decls.position(|decl| decl == shown)?, shown.kind))
    });
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
    };
    let mut before = recorded.state.clone();
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
        recorded_step.fingerprint = hex64(walk.fingerprint());
        recorded.steps.push(recorded_step);
        before = after;
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
    recorded.reason = panic.map(|message| format!("panicked: {message}"));
    Ok((recorded, before))
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
