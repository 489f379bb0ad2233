//! The frontier: the states of a level in search order, as a row of blocks that are used up one after another.
//!
//! Blocks have about the same, constant size: a block whose states are all expanded is emptied and filled again with states of
//! the next level, so that two levels together need little more memory than the larger of them.
//!
//! Invariant: how a level is cut into blocks and chunks depends on its states only, never on threads.

use std::collections::VecDeque;
use std::ops::Range;

use crate::space::Arena;

/// A block takes no more states once it has this many.
const BLOCK_STATES: usize = 4096;

/// States that are expanded together by one thread.
pub(super) const CHUNK_STATES: usize = 64;

/// Emptied blocks that are kept for later.
const SPARE_MAX: usize = 64;

/// Some states of a level.
#[derive(Default)]
pub(crate) struct Block<A> {
    pub(crate) arena: A,
    /// Indices of states that are not part of the level (outside a boundary, or repeated), ascending.
    pub(crate) skip: Vec<u32>,
}

impl<A: Arena> Block<A> {
    /// How many of its states are part of the level.
    pub(crate) fn n_live(&self) -> usize {
        self.arena.len() - self.skip.len()
    }

    /// The indices, within `range`, of the states that are part of the level.
    pub(crate) fn live(&self, range: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        range.filter(|&i| self.skip.is_empty() || self.skip.binary_search(&(i as u32)).is_err())
    }
}

/// The states of one level.
#[derive(Default)]
pub(super) struct Frontier<A> {
    blocks: VecDeque<Block<A>>,
    n_live: u64,
    spare: Vec<A>,
    /// Bytes of all blocks but the last.
    bytes_full: usize,
    /// Level 0 is one block and is kept: paths begin there.
    is_initial: bool,
    initial: Option<Block<A>>,
}

/// A few neighbouring states of a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretch {
    pub(super) block_idx: usize,
    pub(super) range: Range<usize>,
}

impl<A: Arena> Frontier<A> {
    /// Level 0.
    pub(super) fn of_initial(block: Block<A>) -> Self {
        Frontier {
            n_live: block.n_live() as u64,
            blocks: VecDeque::from([block]),
            spare: Vec::new(),
            bytes_full: 0,
            is_initial: true,
            initial: None,
        }
    }

    /// How many states it has left.
    pub(super) fn len(&self) -> u64 {
        self.n_live
    }

    pub(super) fn block(&self, stretch: &Stretch) -> &Block<A> {
        &self.blocks[stretch.block_idx]
    }

    /// The first `n_max` stretches, from the front, of a frontier whose first `from` states are used up. `out` is overwritten.
    pub(super) fn stretches(&self, mut from: usize, n_max: usize, out: &mut Vec<Stretch>) {
        out.clear();
        for (block_idx, block) in self.blocks.iter().enumerate() {
            while from < block.arena.len() {
                if out.len() == n_max {
                    return;
                }
                let end = (from + CHUNK_STATES).min(block.arena.len());
                out.push(Stretch {
                    block_idx,
                    range: from..end,
                });
                from = end;
            }
            from = 0;
        }
    }

    /// Lets go of the states before the end of `last`; how many states of the first block are used up now. `n_live` of them were
    /// part of the level.
    ///
    /// Blocks that are used up go to `kept`, where there is one; else their memory goes to `next`.
    pub(super) fn release(
        &mut self,
        last: &Stretch,
        n_live: u64,
        next: &mut Frontier<A>,
        kept: Option<&mut Vec<Block<A>>>,
    ) -> usize {
        let mut kept = kept;
        self.n_live -= n_live;
        let whole = last.range.end == self.blocks[last.block_idx].arena.len();
        for _ in 0..last.block_idx + usize::from(whole) {
            let Some(block) = self.blocks.pop_front() else {
                unreachable!("a stretch lies in a block")
            };
            if !self.blocks.is_empty() {
                self.bytes_full -= block.arena.bytes();
            }
            if self.is_initial {
                self.initial = Some(block);
                continue;
            }
            if let Some(kept) = &mut kept {
                kept.push(block);
                continue;
            }
            let mut arena = block.arena;
            if next.spare.len() < SPARE_MAX {
                arena.clear();
                next.spare.push(arena);
            }
        }
        if whole { 0 } else { last.range.end }
    }

    /// Hands out what is left of a level none of whose states is left.
    pub(super) fn take_rest(&mut self) -> impl Iterator<Item = Block<A>> + use<A> {
        assert_eq!(self.n_live, 0, "a level is used up");
        self.bytes_full = 0;
        std::mem::take(&mut self.blocks).into_iter()
    }

    /// Moves all states of `arena` behind its own. `skip` names those, ascending, that are not part of the level.
    pub(super) fn append(&mut self, arena: &mut A, skip: &[u32]) {
        self.n_live += (arena.len() - skip.len()) as u64;
        if self
            .blocks
            .back()
            .is_none_or(|b| b.arena.len() >= BLOCK_STATES)
        {
            self.bytes_full += self.blocks.back().map_or(0, |b| b.arena.bytes());
            self.blocks.push_back(Block {
                arena: self.spare.pop().unwrap_or_default(),
                skip: Vec::new(),
            });
        }
        let Some(block) = self.blocks.back_mut() else {
            unreachable!("a block was just pushed")
        };
        let offset = block.arena.len() as u32;
        block.skip.extend(skip.iter().map(|i| i + offset));
        block.arena.append(arena);
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let spare: usize = self.spare.iter().map(A::bytes).sum();
        self.bytes_full + self.blocks.back().map_or(0, |b| b.arena.bytes()) + spare
    }

    /// Hands its emptied blocks on.
    pub(super) fn give_spare(&mut self, other: &mut Frontier<A>) {
        other.spare.append(&mut self.spare);
        other.spare.truncate(SPARE_MAX);
    }

    /// The blocks that are not used up.
    pub(super) fn into_blocks(self) -> impl Iterator<Item = Block<A>> {
        self.blocks.into_iter()
    }

    /// Level 0, if this frontier was it.
    pub(super) fn take_initial(&mut self) -> Option<Block<A>> {
        let is_initial = std::mem::take(&mut self.is_initial);
        if is_initial && self.initial.is_none() {
            self.initial = self.blocks.pop_front();
        }
        self.initial.take()
    }
}
