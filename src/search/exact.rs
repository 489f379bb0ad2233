//! The visited set of `--exact`: every state whole. A fingerprint only says where to look; whether two states are the same is
//! decided by [`StateSpace::same`], so that the right states are found with any fingerprint, even a constant one.
//!
//! Works through candidates one by one, in order. Slower than the table of fingerprints, and as large as all states together.

use std::collections::{HashMap, HashSet};

use super::chunk::{Chunk, differs};
use super::frontier::Block;
use crate::error::Error;
use crate::space::{Arena, Fingerprint, StateSpace};

/// States in one arena of the store.
const STORE_STATES: u64 = 1 << 16;

/// All states seen, by number: the order in which they were found.
pub(super) struct Exact<A, F> {
    store: Vec<A>,
    n: u64,
    /// Numbers of the states with a fingerprint.
    numbers: HashMap<F, Vec<u64>>,
    /// Numbers of the states that lie outside.
    outside: HashSet<u64>,
    /// The number of each candidate of the current batch.
    batch: Vec<u64>,
    /// How many states there were before the current batch.
    n_before: u64,
}

impl<A: Arena, F: Fingerprint> Exact<A, F> {
    pub(super) fn new() -> Self {
        Exact {
            store: Vec::new(),
            n: 0,
            numbers: HashMap::new(),
            outside: HashSet::new(),
            batch: Vec::new(),
            n_before: 0,
        }
    }

    /// Takes the initial states, of which those at `outside` lie outside. Which of them repeat earlier ones: their indices, ascending.
    pub(super) fn begin<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        initial: A,
        outside: &[u32],
    ) -> Vec<u32> {
        // The number of an initial state is its index; a repeated one keeps its place in the store, but is never found.
        let mut repeated = Vec::new();
        for i in 0..initial.len() {
            let numbers = self.numbers.entry(space.fingerprint(&initial, i));
            let numbers = numbers.or_default();
            if (numbers.iter()).any(|&n| space.same(&initial, i, &initial, n as usize)) {
                repeated.push(i as u32);
            } else {
                numbers.push(i as u64);
            }
        }
        self.outside.extend(outside.iter().map(|&i| u64::from(i)));
        self.n = initial.len() as u64;
        self.store.push(initial);
        repeated
    }

    /// Looks the candidates of a batch up, chunk by chunk, and notes in each chunk which are new.
    pub(super) fn probe<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        chunk: &mut Chunk<A, F>,
        block: &Block<A>,
        scratch: &mut S::Scratch,
    ) -> Result<(), Error> {
        chunk.fresh.clear();
        for position in 0..chunk.candidates.len() {
            if chunk.candidates[position] == F::default() {
                // A place without a step.
                continue;
            }
            let (parent, step) = chunk.origin(position);
            // The first arena holds the initial states alone, whatever their number.
            if self.store.len() == 1
                || self
                    .store
                    .last()
                    .is_none_or(|a| a.len() as u64 == STORE_STATES)
            {
                self.store.push(A::default());
            }
            let last = self.store.len() - 1;
            space.successor(&block.arena, parent, step, scratch, &mut self.store[last])?;
            let tail = &self.store[last];
            let state = tail.len() - 1;
            let fingerprint = space.fingerprint::<F>(tail, state);
            if fingerprint != chunk.candidates[position] {
                return Err(differs());
            }
            let numbers = self.numbers.entry(fingerprint).or_default();
            let n_initial = self.store[0].len() as u64;
            let known = numbers.iter().find(|&&number| {
                let (arena, index) = place(number, n_initial);
                space.same(tail, state, &self.store[arena], index)
            });
            if let Some(&known) = known {
                self.batch.push(known);
                self.store[last].pop();
            } else {
                numbers.push(self.n);
                self.batch.push(self.n);
                self.n += 1;
                chunk.fresh.push(position as u32);
            }
        }
        Ok(())
    }

    /// Begins a batch.
    pub(super) fn begin_batch(&mut self) {
        self.batch.clear();
        self.n_before = self.n;
    }

    /// Notes that, of the new states of the batch, the one at `position` lies outside.
    pub(super) fn note_outside(&mut self, position: u64) {
        self.outside.insert(self.n_before + position);
    }

    /// The number of the candidate at `position` among those of the batch; `None` where it lies outside.
    pub(super) fn batch_number(&self, position: usize) -> Option<u32> {
        let number = self.batch[position];
        (!self.outside.contains(&number)).then_some(number as u32)
    }

    /// How many candidates of the batch lie outside.
    pub(super) fn n_batch_outside(&self) -> u64 {
        let outside = self.batch.iter().filter(|n| self.outside.contains(n));
        outside.count() as u64
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let store: usize = self.store.iter().map(A::bytes).sum();
        let entry = size_of::<F>() + size_of::<Vec<u64>>() + 4 * size_of::<u64>();
        store + self.numbers.capacity() * entry + self.batch.capacity() * size_of::<u64>()
    }
}

/// Where the store holds a state.
fn place(number: u64, n_initial: u64) -> (usize, usize) {
    match number.checked_sub(n_initial) {
        None => (0, number as usize),
        Some(later) => (
            1 + (later / STORE_STATES) as usize,
            (later % STORE_STATES) as usize,
        ),
    }
}
