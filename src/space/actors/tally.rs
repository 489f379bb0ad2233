//! How often each handler runs, over all steps of a search, and in how many distinct local situations: what a lockfile says of behaviour beside
//! the set of states.
//!
//! Counts are of memo entries, each of which is one local situation: an actor's component and an event. Threads add to them in any order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ActorSpace;
use super::layout::{FORGE_EVENT, PENDING_EVENT, Place, RECOVER_EVENT, WITHOUT_EFFECT};
use crate::space::HandlerCount;
use crate::system::Pending;
use crate::value::Tree;

/// For each memo entry how many steps are its handler's.
#[derive(Default)]
pub(super) struct Fired {
    /// Whether anybody asks.
    pub(super) is_on: bool,
    counts: Vec<AtomicU64>,
}

impl Fired {
    /// Makes room for entries that are new.
    pub(super) fn grow(&mut self, n_entries: usize) {
        if self.is_on {
            self.counts.resize_with(n_entries, AtomicU64::default);
        }
    }

    pub(super) fn clear(&mut self) {
        self.counts.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.counts.capacity() * size_of::<AtomicU64>()
    }
}

impl ActorSpace {
    /// See [`StateSpace::tally`](crate::space::StateSpace::tally).
    pub(super) fn tally_state(&self, words: &[u32], is_step: &dyn Fn(usize) -> bool) {
        let mut step = 0;
        self.places(words, |place| {
            if is_step(step)
                && let Some((actor, event)) = self.handled(words, place)
                && let Some(found) = self.memo.get(words[actor], event)
                && let Some(count) = self.fired.counts.get((found & !WITHOUT_EFFECT) as usize)
            {
                count.fetch_add(1, Ordering::Relaxed);
            }
            step += 1;
            ControlFlow::<()>::Continue(())
        });
    }

    /// The handler of a place that runs to its end: whose, and at which event.
    fn handled(&self, words: &[u32], place: Place) -> Option<(usize, u32)> {
        match place {
            Place::Deliver(at) | Place::Keep(at) => {
                let item = &self.items[words[at] as usize];
                Some((item.dst as usize, item.head))
            }
            Place::Pending(actor, k) => Some((actor, PENDING_EVENT | k)),
            Place::Stimulus(i) => {
                let to = usize::from(self.system.stimuli[i].to);
                Some((to, self.stimulus_items[i]))
            }
            Place::Recover(actor) => Some((actor, RECOVER_EVENT)),
            _ => None,
        }
    }

    /// See [`StateSpace::handlers`](crate::space::StateSpace::handlers).
    pub(super) fn handler_counts(&self) -> Vec<HandlerCount> {
        let mut handlers: BTreeMap<(usize, u8, String), (u64, u64)> = BTreeMap::new();
        self.memo.each(|local, event, found| {
            let count = self.fired.counts.get((found & !WITHOUT_EFFECT) as usize);
            let fired = count.map_or(0, |count| count.load(Ordering::Relaxed));
            if fired > 0
                && let Some((kind, name)) = self.handler_name(local, event)
            {
                let actor = self.local_infos[local as usize].actor as usize;
                let count = handlers.entry((actor, kind, name)).or_default();
                count.0 += fired;
                count.1 += 1;
            }
        });
        let named = handlers.into_iter().map(|((actor, _, name), counts)| {
            let (fired, situations) = counts;
            HandlerCount {
                name: format!("{}: {name}", self.lanes[actor]),
                fired,
                situations,
            }
        });
        named.collect()
    }

    /// What a handler handles: its kind, for the order, and in words.
    fn handler_name(&self, local: u32, event: u32) -> Option<(u8, String)> {
        if event == RECOVER_EVENT {
            return Some((3, "recovers".to_owned()));
        }
        if event < PENDING_EVENT {
            let message = self.message_tree(event);
            return Some((0, variant(&message).unwrap_or("a message").to_owned()));
        }
        if event >= FORGE_EVENT {
            return None;
        }
        let info = &self.local_infos[local as usize];
        let pending = info.pending.get((event & !PENDING_EVENT) as usize)?;
        let process = &self.processes[info.actor as usize];
        let (name, content) = process.pending_tree(self.locals.get(local), pending);
        Some(match pending {
            Pending::Timer(_) => match variant(&content) {
                Some(name) => (1, format!("timer {name}")),
                None => (1, "a timer".to_owned()),
            },
            Pending::Choice(..) => (2, format!("chooses {}", name.unwrap_or_default())),
        })
    }
}

/// The name of a value's type or alternative, if it has one.
pub(super) fn variant(tree: &Tree) -> Option<&str> {
    match tree {
        Tree::Unit(name) | Tree::Struct(name, _) | Tree::Tuple(name, _) => {
            Some(name.as_str()).filter(|name| !name.is_empty())
        }
        _ => None,
    }
}
