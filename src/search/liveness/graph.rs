//! The graph of a searched space: all states and all steps between them, compactly, built in parallel.
//!
//! Invariant: the graph depends on the order in which states were found and on nothing else.

use rayon::prelude::*;

use super::numbers::Numbers;
use super::store::{States, Store};
use crate::error::Error;
use crate::search::frontier::Block;
use crate::search::{Monitor, Options, Progress, Stop};
use crate::space::{Absorbed, Answer, Arena, Fingerprint, Judgement, StateSpace};

/// Instead of the number of a state: the step leads out of what was explored.
pub(super) const OUT: u32 = u32::MAX;

/// The state is a node: it lies inside and repeats no other.
const NODE: u8 = 1;
/// Its steps are known.
const EXPANDED: u8 = 2;
/// A run may stay in it for ever.
const STAYS: u8 = 4;

/// Blocks that are worked on between two questions to the caller.
const ROUND_BLOCKS: usize = 64;

/// States and steps. A state's edges stand in the order of its steps, places without a step left out.
pub(super) struct Graph {
    flags: Vec<u8>,
    /// Where each state's edges end.
    ends: Vec<u64>,
    /// The state that each edge leads to, or [`OUT`].
    to: Vec<u32>,
    /// Per state for each liveness property, from the lowest bit, whether its goal holds; from bit 32 whether its premise does.
    bits: Vec<u64>,
    /// How many of the first states are initial.
    n_initial: usize,
}

/// What is found out about the states of one block.
#[derive(Default)]
struct Part {
    flags: Vec<u8>,
    ends: Vec<u64>,
    to: Vec<u32>,
    bits: Vec<u64>,
    missing: bool,
    failed: Option<Error>,
}

/// How building a graph ended.
pub(super) enum Built {
    Graph(Graph),
    Stopped(Stop),
}

impl Graph {
    /// Builds the graph of all states. `properties` are the liveness properties, by their bit in a judgement.
    pub(super) fn build<S: StateSpace, F: Fingerprint>(
        space: &mut S,
        store: &Store<S::Arena>,
        initial: &Block<S::Arena>,
        properties: &[usize],
        options: &Options,
        monitor: &dyn Monitor,
        progress: Progress,
    ) -> Result<Built, Error> {
        let states = store.with_initial(initial);
        if u32::try_from(states.len()).is_err_and(|_| true) || states.len() >= OUT as usize {
            return Err(Error::capacity("liveness of more than 2^32 states"));
        }
        let fingerprints: Vec<Vec<F>> = {
            let space = &*space;
            let blocks = states.blocks.par_iter();
            let blocks = blocks.map(|block| {
                let mut own = vec![F::default(); block.arena.len()];
                for i in block.live(0..block.arena.len()) {
                    own[i] = space.fingerprint(&block.arena, i);
                }
                own
            });
            blocks.collect()
        };
        let numbers = Numbers::new(&fingerprints, options.exact);
        drop(fingerprints);

        let n_edges = progress.counts.transitions as usize;
        let mut graph = Graph {
            flags: Vec::with_capacity(states.len()),
            ends: Vec::with_capacity(states.len()),
            to: Vec::with_capacity(n_edges),
            bits: Vec::with_capacity(states.len()),
            n_initial: initial.arena.len(),
        };
        let mut scratches: Vec<S::Scratch> = Vec::new();
        scratches.resize_with(ROUND_BLOCKS, S::Scratch::default);
        let mut first = 0;
        while first < states.blocks.len() {
            let last = (first + ROUND_BLOCKS).min(states.blocks.len());
            let mut parts: Vec<Part> = Vec::new();
            parts.resize_with(last - first, || Part {
                missing: true,
                ..Part::default()
            });
            while parts.iter().any(|part| part.missing) {
                let shared = &*space;
                let own = parts.par_iter_mut().zip(&mut scratches).enumerate();
                own.for_each(|(i, (part, scratch))| {
                    if part.missing {
                        let block = first + i;
                        let is_expanded = match block {
                            0 => store.is_initial_expanded,
                            later => later <= store.n_expanded,
                        };
                        let walk = Builder {
                            space: shared,
                            states: &states,
                            numbers: &numbers,
                            properties,
                            is_exact: options.exact,
                        };
                        *part = walk.part(block, is_expanded, scratch);
                    }
                });
                if let Some(error) = parts.iter_mut().find_map(|part| part.failed.take()) {
                    return Err(error);
                }
                if parts.iter().any(|part| part.missing)
                    && let Absorbed::Restart = space.absorb(&mut scratches)?
                {
                    return Err(Error::model(
                        "a property reads more when it is asked about the same states again",
                    ));
                }
            }
            for part in parts {
                graph.append(part);
            }
            first = last;
            let bytes = graph.bytes() + numbers.bytes() + store.bytes() + space.bytes();
            let bytes = progress.bytes.max(bytes as u64);
            if options.memory_max.is_some_and(|limit| bytes > limit) {
                return Ok(Built::Stopped(Stop::Memory));
            }
            if let Some(stop) = monitor.poll(&Progress { bytes, ..progress }) {
                return Ok(Built::Stopped(stop));
            }
        }
        Ok(Built::Graph(graph))
    }

    fn append(&mut self, part: Part) {
        let first = self.to.len() as u64;
        self.flags.extend(part.flags);
        self.ends.extend(part.ends.iter().map(|end| end + first));
        self.to.extend(part.to);
        self.bits.extend(part.bits);
    }

    pub(super) fn len(&self) -> usize {
        self.flags.len()
    }

    pub(super) fn is_node(&self, state: u32) -> bool {
        self.flags[state as usize] & NODE != 0
    }

    /// Whether the state's steps are known.
    pub(super) fn is_expanded(&self, state: u32) -> bool {
        self.flags[state as usize] & EXPANDED != 0
    }

    /// Whether a run may stay in the state for ever.
    pub(super) fn stays(&self, state: u32) -> bool {
        self.flags[state as usize] & STAYS != 0
    }

    /// The states that the edges of a state lead to, or [`OUT`].
    #[inline]
    pub(super) fn edges(&self, state: u32) -> &[u32] {
        let state = state as usize;
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        &self.to[start as usize..self.ends[state] as usize]
    }

    /// Whether the goal of the liveness property with this position holds.
    #[inline]
    pub(super) fn goal(&self, state: u32, property: usize) -> bool {
        self.bits[state as usize] >> property & 1 != 0
    }

    /// Whether its premise holds.
    #[inline]
    pub(super) fn premise(&self, state: u32, property: usize) -> bool {
        self.bits[state as usize] >> (property + 32) & 1 != 0
    }

    /// The initial states, each once.
    pub(super) fn initial(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.n_initial as u32).filter(|&state| self.is_node(state))
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.flags.capacity()
            + self.ends.capacity() * size_of::<u64>()
            + self.to.capacity() * size_of::<u32>()
            + self.bits.capacity() * size_of::<u64>()
    }
}

/// What one thread needs to build a part.
struct Builder<'a, S: StateSpace, F> {
    space: &'a S,
    states: &'a States<'a, S::Arena>,
    numbers: &'a Numbers<F>,
    properties: &'a [usize],
    is_exact: bool,
}

impl<S: StateSpace, F: Fingerprint> Builder<'_, S, F> {
    fn part(&self, block: usize, is_expanded: bool, scratch: &mut S::Scratch) -> Part {
        let block = self.states.blocks[block];
        let mut part = Part::default();
        let mut successors: Vec<F> = Vec::new();
        let mut judgement = Judgement::default();
        let mut live = block.live(0..block.arena.len()).peekable();
        for i in 0..block.arena.len() {
            let (mut flags, mut bits) = (0, 0);
            if live.next_if_eq(&i).is_some() {
                flags = NODE;
                if self.space.judge(&block.arena, i, scratch, &mut judgement) == Answer::Missing {
                    part.missing = true;
                    continue;
                }
                for (position, &property) in self.properties.iter().enumerate() {
                    bits |= (judgement.holds >> property & 1) << position;
                    bits |= (judgement.premise >> property & 1) << (position + 32);
                }
                // A run that ends in a panic is another property's matter.
                if is_expanded && judgement.panic.is_none() {
                    successors.clear();
                    let answer = self.space.expand(&block.arena, i, scratch, &mut successors);
                    if answer == Answer::Missing {
                        part.missing = true;
                        continue;
                    }
                    flags |= EXPANDED;
                    let has_steps = successors.iter().any(|&f| f != F::default());
                    if self.space.may_stay(&block.arena, i, has_steps, scratch) {
                        flags |= STAYS;
                    }
                    for (step, &fingerprint) in successors.iter().enumerate() {
                        if fingerprint != F::default() {
                            let to =
                                self.number(&block.arena, i, step as u32, fingerprint, scratch);
                            match to {
                                Ok(to) => part.to.push(to),
                                Err(error) => part.failed = Some(error),
                            }
                        }
                    }
                }
            }
            part.flags.push(flags);
            part.bits.push(bits);
            part.ends.push(part.to.len() as u64);
        }
        part
    }

    /// The number of a successor.
    #[inline]
    fn number(
        &self,
        arena: &S::Arena,
        index: usize,
        step: u32,
        fingerprint: F,
        scratch: &mut S::Scratch,
    ) -> Result<u32, Error> {
        if !self.is_exact {
            return Ok(self.numbers.find(fingerprint, |_| true).unwrap_or(OUT));
        }
        let mut built = S::Arena::default();
        self.space
            .successor(arena, index, step, scratch, &mut built)?;
        let is_it = |number| {
            let (arena, index) = self.states.locate(number);
            self.space.same(&built, 0, arena, index)
        };
        Ok(self.numbers.find(fingerprint, is_it).unwrap_or(OUT))
    }
}
