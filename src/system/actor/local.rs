//! What belongs to one actor, as one component: its state, timers, choices and storage.

use std::cmp::Ordering;

use stateright::actor::Actor;

use crate::system::Window;
use crate::value::Tree;

/// Everything that belongs to one actor: one component of a system's state.
pub(crate) struct Local<A: Actor> {
    /// `None` while the actor is down, unless the rules keep it.
    pub(crate) state: Option<A::State>,
    pub(crate) up: bool,
    /// Sorted by the actor's rules.
    pub(crate) timers: Vec<A::Timer>,
    /// For each timer the ticks that remain; empty where there are no ticks.
    pub(crate) windows: Vec<Window>,
    /// Sorted by key.
    pub(crate) choices: Vec<(String, Vec<A::Random>)>,
    pub(crate) storage: Option<A::Storage>,
}

impl<A: Actor> Clone for Local<A> {
    fn clone(&self) -> Self {
        Local {
            state: self.state.clone(),
            up: self.up,
            timers: self.timers.clone(),
            windows: self.windows.clone(),
            choices: self.choices.clone(),
            storage: self.storage.clone(),
        }
    }
}

impl<A: Actor> Local<A> {
    /// Of an actor that starts, with what it saved when it last was up.
    pub(super) fn starting(storage: Option<A::Storage>) -> Self {
        Local {
            state: None,
            up: true,
            timers: Vec::new(),
            windows: Vec::new(),
            choices: Vec::new(),
            storage,
        }
    }

    /// Whether all is the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.up == other.up
            && self.state == other.state
            && self.timers == other.timers
            && self.windows == other.windows
            && self.choices == other.choices
            && self.storage == other.storage
    }

    pub(super) fn remove_timer(&mut self, position: usize) -> A::Timer {
        if !self.windows.is_empty() {
            self.windows.remove(position);
        }
        self.timers.remove(position)
    }

    pub(super) fn sort_timers(&mut self, order: fn(&A::Timer, &A::Timer) -> Ordering) {
        if self.windows.is_empty() {
            self.timers.sort_by(order);
            return;
        }
        let windows = std::mem::take(&mut self.windows);
        let mut both: Vec<_> = std::mem::take(&mut self.timers)
            .into_iter()
            .zip(windows)
            .collect();
        both.sort_by(|(a, _), (b, _)| order(a, b));
        (self.timers, self.windows) = both.into_iter().unzip();
    }
}

/// An actor's component as people read it: its state alone where there is nothing else to say.
pub(super) fn local_tree<A: Actor>(
    local: &Local<A>,
    state: impl Fn(&A::State) -> Tree,
    timer: impl Fn(&A::Timer) -> Tree,
    alternatives: impl Fn(&Vec<A::Random>) -> Tree,
    storage: impl Fn(&A::Storage) -> Tree,
) -> Tree {
    let shown = match &local.state {
        Some(value) if local.up => state(value),
        _ => Tree::Unit("down".into()),
    };
    let mut parts = Vec::new();
    if !local.timers.is_empty() {
        let names = local.timers.iter().map(timer);
        let timers = if local.windows.is_empty() {
            Tree::Set(names.collect())
        } else {
            let windows = local.windows.iter().map(|w| Tree::Atom(w.text()));
            Tree::Map(names.zip(windows).collect())
        };
        parts.push(("timers".to_owned(), timers));
    }
    if !local.choices.is_empty() {
        let choices = local.choices.iter();
        let entries = choices.map(|(key, values)| (Tree::Text(key.clone()), alternatives(values)));
        parts.push(("choices".to_owned(), Tree::Map(entries.collect())));
    }
    if let Some(saved) = &local.storage {
        parts.push(("saved".to_owned(), storage(saved)));
    }
    if parts.is_empty() {
        return shown;
    }
    parts.insert(0, ("state".to_owned(), shown));
    Tree::Struct(String::new(), parts)
}
