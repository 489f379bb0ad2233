//! All states of a search, by number: the order in which they were found.

use crate::search::frontier::Block;
use crate::space::Arena;

/// All states of a search. State numbers count also those that lie outside a boundary or repeat: they are no nodes.
pub(in crate::search) struct Store<A> {
    /// All but the initial states, which are kept elsewhere.
    blocks: Vec<Block<A>>,
}

impl<A: Arena> Store<A> {
    /// The states that were used up, block by block, and those that were not. The initial states are given when they are looked up.
    pub(super) fn new(used_up: Vec<Block<A>>, rest: impl Iterator<Item = Block<A>>) -> Self {
        let mut blocks = used_up;
        blocks.extend(rest);
        Store { blocks }
    }

    /// All blocks, the initial states first.
    pub(super) fn with_initial<'a>(&'a self, initial: &'a Block<A>) -> States<'a, A> {
        let blocks: Vec<&Block<A>> = [initial].into_iter().chain(&self.blocks).collect();
        let mut starts = vec![0];
        let mut n = 0_usize;
        for block in &blocks {
            n += block.arena.len();
            starts.push(n);
        }
        States { blocks, starts }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.arena.bytes()).sum()
    }
}

/// All states, ready to be looked up.
pub(super) struct States<'a, A> {
    pub(super) blocks: Vec<&'a Block<A>>,
    /// The number of each block's first state, and the number of all.
    pub(super) starts: Vec<usize>,
}

impl<A: Arena> States<'_, A> {
    pub(super) fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The arena that holds a state, and its index there.
    pub(super) fn locate(&self, state: u32) -> (&A, usize) {
        let state = state as usize;
        let block = self.starts.partition_point(|&start| start <= state) - 1;
        (&self.blocks[block].arena, state - self.starts[block])
    }
}
