//! What of a violation's trace it takes to understand it: the causal past of the violation, and the step that decided it.
//!
//! The causal past is that of [`Causality`], Lamport's happens-before: of the last step, and of every step that changed a part of the state that the
//! property reads. A loop is kept whole, and so are faults and what nobody does (time, partitions, losses), since these make room for others without
//! causing them. Of a shortest trace seldom anything is left out: what a violation does not need, a shortest trace does not have.

use super::avoid::{AHEAD_STATES_MAX, Decided, Unknown, decided};
use super::causality::Causality;
use super::text::{elide, event};
use super::{Trace, TracePath};
use crate::error::Error;
use crate::space::{PropertyKind, StateSpace, StepKind};

/// What explains a trace, path by path.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// One for each path.
    pub paths: Vec<Explained>,
}

/// What explains a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// For each step whether it belongs to the causal past of the violation; the others happened beside it.
    pub kept: Vec<bool>,
    /// Which step decided; `None`: nobody asked, or there is no such step to ask for.
    pub decided: Option<Decided>,
}

/// Explains a trace. `space` is fresh: nothing was asked of it before.
///
/// # Errors
/// The model is at fault.
pub fn explain<S: StateSpace>(space: &mut S, trace: &Trace) -> Result<Explanation, Error> {
    explain_within(space, trace, AHEAD_STATES_MAX)
}

/// Explains a trace; which step decided only where no more than `limit` states have to be looked at.
pub(super) fn explain_within<S: StateSpace>(
    space: &mut S,
    trace: &Trace,
    limit: usize,
) -> Result<Explanation, Error> {
    let decided = decided(space, trace, limit)?;
    let paths = trace.paths.iter().zip(decided);
    let paths = paths.map(|(path, decided)| Explained {
        kept: causal_past(trace, path),
        decided,
    });
    Ok(Explanation {
        paths: paths.collect(),
    })
}

/// For each step of a path whether it belongs to the causal past of the violation.
fn causal_past(trace: &Trace, path: &TracePath) -> Vec<bool> {
    let n = path.steps.len();
    // That nothing can happen any more takes every step; what a property reads has to be known.
    let is_of_some_steps = match trace.property.kind {
        PropertyKind::NoPanic => true,
        PropertyKind::NoDeadlock | PropertyKind::Confluent => false,
        _ => !path.reads.is_empty(),
    };
    if !is_of_some_steps {
        return vec![true; n];
    }
    let again = path.loop_start.unwrap_or(n);
    let is_read = |part: &String| path.reads.contains(part);
    let roots: Vec<usize> = (path.steps.iter().enumerate())
        .filter(|(i, step)| {
            let is_end = *i >= again || (path.loop_start.is_none() && i + 1 == n);
            is_end || step.changes.iter().any(|change| is_read(&change.part))
        })
        .map(|(i, _)| i)
        .collect();
    let causes = Causality::of(path, &trace.lanes);
    let steps = path.steps.iter().enumerate();
    let kept = steps.map(|(i, step)| {
        let is_everybodys = step.kind.is_fault()
            || matches!(
                step.kind,
                StepKind::Recover | StepKind::Heal | StepKind::Tick | StepKind::Stabilise
            );
        is_everybodys
            || roots
                .iter()
                .any(|&root| i == root || causes.is_before(i, root))
    });
    kept.collect()
}

/// At most so many other ways are named.
const WAYS: usize = 3;

/// Columns of one of them.
const WAY: usize = 72;

/// Which step decided, in a sentence; nothing where there is nothing to say.
pub fn decided_in_words(trace: &Trace, decided: &Decided) -> String {
    match decided {
        Decided::AtStep {
            step,
            instead,
            may_stay,
        } => {
            let mut ways: Vec<String> = (instead.iter().take(WAYS))
                .map(|step| elide(&event(step, &trace.lanes), WAY))
                .collect();
            match instead.len() - ways.len() {
                0 => {}
                1 => ways.push("one other step".to_owned()),
                n => ways.push(format!("{n} other steps")),
            }
            if *may_stay {
                ways.push("nothing any more".to_owned());
            }
            let ways = match ways.split_last() {
                None => String::new(),
                Some((last, [])) => format!(", if it went on with {last}"),
                Some((last, others)) => {
                    format!(", if it went on with {}, or {last}", others.join(", "))
                }
            };
            format!(
                "step {step} decides it: after it no fair run satisfies the property; before it one still could{ways}"
            )
        }
        Decided::FromTheStart => {
            "no step decides it: no fair run from this initial state satisfies the property"
                .to_owned()
        }
        Decided::Nowhere => {
            "no step decides it: from every state on the way some fair run satisfies the property"
                .to_owned()
        }
        Decided::Unknown { after, why } => {
            let place = match after {
                0 => "from the initial state".to_owned(),
                n => format!("after step {n}"),
            };
            match why {
                Unknown::TooMany { limit } => format!(
                    "which step decides it is not known: more than {limit} states lie ahead {place}, too many to tell whether some fair run still satisfies the property"
                ),
                Unknown::Boundary => format!(
                    "which step decides it is not known: {place} the runs that might satisfy the property leave a boundary of the model"
                ),
                Unknown::Differs => {
                    "which step decides it is not known: the model is not the one that the trace was made with"
                        .to_owned()
                }
            }
        }
    }
}
