//! What happens in a step, whether it is one of a path or one that could be taken.

use serde::Serialize;

use super::Explorer;
use super::short::{Short, short};
use crate::space::StepKind;
use crate::trace::{Change, Parts, TraceStep, is_implied};
use crate::value::Tree;

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// What kind of step.
    pub kind: StepKind,
    /// Who acts.
    pub lane: usize,
    /// Who sent what is delivered.
    pub from: Option<usize>,
    /// As the terminal prints it.
    pub label: String,
    /// The same, cut: of a long content only as much as there is room for.
    pub short: String,
    /// The same in three: what stands before the content, the content, what stands behind it.
    pub parts: Short,
    /// Whether it is a fault.
    pub fault: bool,
    /// Nothing comes of it.
    pub no_op: bool,
}

impl Happening {
    /// Has its label cut otherwise.
    pub(super) fn cut(&mut self, parts: Short) {
        self.short = parts.text();
        self.parts = parts;
    }
}

impl Explorer {
    pub(super) fn happening(&self, step: &TraceStep) -> Happening {
        let label = Parts::of(step, self.lanes());
        let parts = short(&label);
        Happening {
            kind: step.kind,
            lane: self.lane(&step.lane).unwrap_or(0),
            from: step.from.as_ref().and_then(|from| self.lane(from)),
            label: label.text(),
            short: parts.text(),
            parts,
            fault: step.kind.is_fault(),
            no_op: is_no_op(step, self.lanes()),
        }
    }
}

/// Whether nothing came of a step but that a message, or the timer that fired, is gone.
fn is_no_op(step: &TraceStep, lanes: &[String]) -> bool {
    let may_be = matches!(
        step.kind,
        StepKind::Deliver
            | StepKind::Timeout
            | StepKind::Choose
            | StepKind::Act
            | StepKind::Stimulus
            | StepKind::Duplicate
            | StepKind::Ignore
    );
    let is_nothing = |change: &Change| {
        is_implied(&change.part, lanes) || (step.kind == StepKind::Timeout && is_fired(change))
    };
    may_be && step.sent.is_empty() && step.changes.iter().all(is_nothing)
}

/// Whether all that changed is that a timer is no longer set.
fn is_fired(change: &Change) -> bool {
    let keys = |tree: &Option<Tree>| -> Option<Vec<Tree>> {
        match tree {
            None => Some(Vec::new()),
            Some(Tree::Set(timers)) => Some(timers.clone()),
            _ => None,
        }
    };
    change.path == ".timers"
        && matches!((keys(&change.before), keys(&change.after)), (Some(before), Some(after))
            if after.len() < before.len() && after.iter().all(|timer| before.contains(timer)))
}
