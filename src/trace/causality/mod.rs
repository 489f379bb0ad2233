//! Who caused what: which step sent what another delivers, and what happened before what.
//!
//! A step is an event on one line: the actor's that acts, or, where nobody does (a message is lost, a partition forms, time passes), the
//! environment's. An event comes after the one before it on its line, and after the step that sent what it delivers: Lamport's happens-before, as
//! vector clocks. What the environment sends has no cause. On the environment's own line events keep the order of the trace.
//!
//! Source: Mattern, "Virtual Time and Global States of Distributed Systems" (1989), for the clocks.

mod messages;
#[cfg(test)]
mod tests;

pub(in crate::trace) use messages::{Messages, event, messages};

pub use messages::Origin;

use super::{TracePath, TraceStep};
use crate::space::StepKind;

/// The lane of what nobody does, where a trace has it.
pub(in crate::trace) const ENVIRONMENT: &str = "environment";

/// The causes of a path's steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Causality {
    /// The lines, by name: the trace's lanes, and the environment if it is not among them.
    pub lines: Vec<String>,
    /// For each step its line: an index into `lines`.
    pub line: Vec<usize>,
    /// For each step that takes a message from a link where that comes from, if the path says so. In a loop the sender may be a later step: of the
    /// round before.
    pub origins: Vec<Option<Origin>>,
    /// For each step its vector clock: for each line how many of its events happened before, or are, this one.
    pub clocks: Vec<Vec<u32>>,
}

impl Causality {
    /// The causes of a path of a trace with these lanes.
    pub fn of(path: &TracePath, lanes: &[String]) -> Self {
        Causality::with(path, lanes, &messages(path))
    }

    pub(in crate::trace) fn with(path: &TracePath, lanes: &[String], messages: &Messages) -> Self {
        let mut lines = lanes.to_vec();
        if !lines.iter().any(|lane| lane == ENVIRONMENT) {
            lines.push(ENVIRONMENT.to_owned());
        }
        let environment = lines.iter().rposition(|lane| lane == ENVIRONMENT);
        let environment = environment.unwrap_or(0);
        let line: Vec<usize> = path
            .steps
            .iter()
            .map(|step| {
                let own = lines.iter().position(|lane| *lane == step.lane);
                own.filter(|_| is_on_own_line(step)).unwrap_or(environment)
            })
            .collect();
        let mut clocks: Vec<Vec<u32>> = Vec::with_capacity(line.len());
        let mut last: Vec<Option<usize>> = vec![None; lines.len()];
        for (i, &own) in line.iter().enumerate() {
            let cause = match messages.first[i] {
                Some(Origin::Step(at)) if at < i => Some(at),
                _ => None,
            };
            let mut clock = vec![0; lines.len()];
            for before in last[own].iter().chain(&cause) {
                for (mine, theirs) in clock.iter_mut().zip(&clocks[*before]) {
                    *mine = (*mine).max(*theirs);
                }
            }
            clock[own] += 1;
            clocks.push(clock);
            last[own] = Some(i);
        }
        Causality {
            lines,
            line,
            origins: messages.first.clone(),
            clocks,
        }
    }

    /// Whether one step happened before another, so that it can have caused it; steps are counted from 0.
    pub fn is_before(&self, first: usize, second: usize) -> bool {
        let own = self.line[first];
        first != second && self.clocks[first][own] <= self.clocks[second][own]
    }
}

/// Whether somebody acts in this step.
fn is_on_own_line(step: &TraceStep) -> bool {
    !matches!(
        step.kind,
        StepKind::Drop
            | StepKind::Partition
            | StepKind::Heal
            | StepKind::Tick
            | StepKind::Stabilise
    )
}
