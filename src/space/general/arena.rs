//! States of a general model, one behind the other. The few that stand for a panic are listed aside.

use std::ops::Index;

use crate::space::Arena;

/// States as the model made them.
pub struct GeneralArena<T> {
    states: Vec<T>,
    /// Which of them stand for a panic in that state, ascending, and what it said.
    panics: Vec<(usize, String)>,
}

impl<T> Default for GeneralArena<T> {
    fn default() -> Self {
        GeneralArena {
            states: Vec::new(),
            panics: Vec::new(),
        }
    }
}

impl<T> GeneralArena<T> {
    #[inline]
    pub(super) fn push(&mut self, state: T) {
        self.states.push(state);
    }

    pub(super) fn push_panic(&mut self, state: T, message: String) {
        self.panics.push((self.states.len(), message));
        self.states.push(state);
    }

    /// What the panic said that this state stands for.
    #[inline]
    pub(super) fn panic(&self, index: usize) -> Option<&str> {
        if self.panics.is_empty() {
            return None;
        }
        let found = self.panics.binary_search_by_key(&index, |&(i, _)| i);
        found.ok().map(|i| self.panics[i].1.as_str())
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.states.truncate(len);
        while self.panics.last().is_some_and(|&(i, _)| i >= len) {
            self.panics.pop();
        }
    }
}

impl<T> Index<usize> for GeneralArena<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.states[index]
    }
}

impl<T: Send + Sync> Arena for GeneralArena<T> {
    #[inline]
    fn len(&self) -> usize {
        self.states.len()
    }

    fn clear(&mut self) {
        self.states.clear();
        self.panics.clear();
    }

    fn append(&mut self, other: &mut Self) {
        let offset = self.states.len();
        self.states.append(&mut other.states);
        let panics = other.panics.drain(..);
        self.panics
            .extend(panics.map(|(i, message)| (i + offset, message)));
    }

    fn pop(&mut self) {
        self.truncate(self.states.len().saturating_sub(1));
    }

    /// Capacity of the arena itself; what the states hold on the heap is not known.
    fn bytes(&self) -> usize {
        self.states.capacity() * size_of::<T>()
    }
}
