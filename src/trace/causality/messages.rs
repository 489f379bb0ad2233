//! The way of each message through a path: which step sent what a step delivers, and which sends no step delivers.
//!
//! Equal messages between the same two are indistinguishable, so the oldest is taken to be delivered first. A loop is gone through twice:
//! what its end sends, its beginning may deliver.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::space::{IN_FLIGHT, Rendered, StepKind};
use crate::trace::{TracePath, TraceStep};
use crate::value::Tree;

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is in flight in the initial state.
    Start,
    /// This step of the path sent it, counted from 0.
    Step(usize),
}

/// The messages of a path.
pub(in crate::trace) struct Messages {
    /// For each step that delivers, loses or ignores a message where that comes from, if the path says so.
    /// What differs from round to round of a loop is not said.
    pub(in crate::trace) origins: Vec<Option<Origin>>,
    /// The same for the first time that each step is taken; where a message can only come from the round before, from there.
    pub(in crate::trace) first: Vec<Option<Origin>>,
    /// Which steps of a loop deliver, lose or ignore what was sent in the round before: the sender, then the step.
    pub(in crate::trace) wraps: Vec<(usize, usize)>,
    /// The sends of which no step says what came of them: step and position in what it sent.
    pub(in crate::trace) left: BTreeSet<(usize, usize)>,
}

/// Sender, receiver, content.
type Key<'a> = (&'a str, &'a str, String);

/// A step and a position in what it sent.
type Send = (usize, usize);

pub(in crate::trace) fn messages(path: &TracePath) -> Messages {
    let mut sends: BTreeSet<Send> = BTreeSet::new();
    let mut in_flight: BTreeMap<Key<'_>, VecDeque<(Send, bool)>> = BTreeMap::new();
    // On a link that keeps what it delivers, a message is delivered again.
    let mut last: BTreeMap<Key<'_>, Send> = BTreeMap::new();
    let mut found: BTreeSet<Send> = BTreeSet::new();
    let mut origins: Vec<Option<Origin>> = vec![None; path.steps.len()];
    let mut first = origins.clone();
    let mut wraps = Vec::new();

    let again = path.loop_start.unwrap_or(path.steps.len());
    let once = path.steps.iter().enumerate();
    let twice = once.clone().skip(again).map(|step| (step, true));
    for ((i, step), is_again) in once.map(|step| (step, false)).chain(twice) {
        if let Some(key) = taken(step) {
            let waiting = in_flight.entry(key.clone()).or_default();
            let oldest = match event(step) {
                StepKind::Duplicate => waiting.front().copied(),
                _ => waiting.pop_front(),
            };
            if let Some(((sender, _), false)) = oldest
                && is_again
                && sender >= again
            {
                wraps.push((sender, i));
            }
            let oldest = oldest.map(|(send, _)| send);
            let send = oldest.or_else(|| last.get(&key).copied());
            found.extend(send);
            let origin = match send {
                Some((sender, _)) => Some(Origin::Step(sender)),
                None if is_in_flight(&path.state, &key) => Some(Origin::Start),
                None => None,
            };
            first[i] = first[i].or(origin);
            origins[i] = origin.filter(|_| !is_again || origins[i] == origin);
        }
        let sender = match (step.kind, &step.from) {
            (StepKind::Forge, Some(from)) => from,
            _ => &step.lane,
        };
        for (position, sent) in step.sent.iter().enumerate() {
            let key: Key<'_> = (sender, &sent.to, sent.content.text());
            let send = (i, position);
            sends.insert(send);
            in_flight
                .entry(key.clone())
                .or_default()
                .push_back((send, is_again));
            last.insert(key, send);
        }
    }
    Messages {
        origins,
        first,
        wraps,
        left: sends.difference(&found).copied().collect(),
    }
}

/// What kind of event it is; where a process crashes in its handler, the event that was handled.
pub(in crate::trace) fn event(step: &TraceStep) -> StepKind {
    step.interrupted.as_ref().map_or(step.kind, |at| at.event)
}

/// The message that a step takes from its link, or copies.
fn taken(step: &TraceStep) -> Option<Key<'_>> {
    let from = step.from.as_deref()?;
    match event(step) {
        StepKind::Deliver | StepKind::Duplicate | StepKind::Drop | StepKind::Ignore => {
            Some((from, &step.lane, step.content.text()))
        }
        _ => None,
    }
}

/// Whether a message is in flight in a state, as actor spaces render it.
fn is_in_flight(state: &Rendered, (from, to, content): &Key<'_>) -> bool {
    let link = format!("{from} → {to}");
    let links = state.iter().filter_map(|(part, tree)| match tree {
        Tree::Map(links) if part == IN_FLIGHT => Some(links),
        _ => None,
    });
    links.flatten().any(|(name, messages)| match messages {
        Tree::Set(messages) | Tree::List(messages) => {
            let is_it = |message: &Tree| {
                message.text() == *content
                    || matches!(message, Tree::Tuple(name, parts)
                        if name.is_empty() && parts.first().is_some_and(|it| it.text() == *content))
            };
            *name == Tree::Text(link.clone()) && messages.iter().any(is_it)
        }
        _ => false,
    })
}
