//! What a search keeps so that liveness can be decided: all states, and the graph of the steps between them.
//!
//! Once a batch is through its phases, every successor of its states has been seen, and has its number. So the steps are written down as numbers
//! of states then, while their fingerprints are at hand, and nothing has to be expanded a second time.
//!
//! Costs nothing where no liveness property is asked for.

use super::graph::{Graph, OUT};
use super::numbers::Numbers;
use super::store::Store;
use crate::error::Error;
use crate::search::batch::each;
use crate::search::chunk::Chunk;
use crate::search::frontier::Block;
use crate::search::levels::{Search, Visited};
use crate::space::{Arena, Fingerprint, StateSpace};

/// All that is kept.
pub(in crate::search) struct Record<A, F> {
    graph: Graph,
    /// Empty where states are compared in full: the visited set knows their numbers.
    numbers: Numbers<F>,
    /// The states that are used up, but the initial ones.
    pub(in crate::search) blocks: Vec<Block<A>>,
    fresh: Vec<(F, u32)>,
    /// How many states had been expanded, and how many had been found, when the level began.
    level: (usize, usize),
}

impl<A: Arena, F: Fingerprint> Record<A, F> {
    pub(in crate::search) fn new() -> Self {
        Record {
            graph: Graph::default(),
            numbers: Numbers::new(),
            blocks: Vec::new(),
            fresh: Vec::new(),
            level: (0, 0),
        }
    }

    /// A level begins.
    pub(in crate::search) fn begin_level(&mut self) {
        self.level = (self.graph.n_expanded(), self.graph.len());
    }

    /// The level is expanded; states at its end that are no nodes may never have been looked at.
    pub(in crate::search) fn end_level(&mut self) {
        self.graph.set_expanded(self.level.1);
    }

    /// The states of the level count as not expanded.
    pub(in crate::search) fn forget_level(&mut self) {
        self.graph.set_expanded(self.level.0);
    }

    /// Bytes held.
    pub(in crate::search) fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().map(|block| block.arena.bytes());
        let fresh = self.fresh.capacity() * size_of::<(F, u32)>();
        self.graph.bytes() + self.numbers.bytes() + blocks.sum::<usize>() + fresh
    }

    /// The graph, and its states together with those that were not used up.
    pub(in crate::search) fn finish(
        self,
        rest: impl Iterator<Item = Block<A>>,
    ) -> (Graph, Store<A>) {
        (self.graph, Store::new(self.blocks, rest))
    }
}

impl<A: Arena, F: Fingerprint> Chunk<A, F> {
    /// Lists the steps of its states, each with its position among all its steps instead of where it leads; `first` is the number of
    /// the first state.
    fn list_edges(&mut self, graph: &Graph, first: u32) {
        self.edges.clear();
        self.led_to.clear();
        let mut n = 0;
        let range = self.stretch.range.clone();
        let mut parents = self.parents.iter().zip(&self.ends).peekable();
        let mut start = 0;
        for (i, number) in range.zip(first..) {
            if let Some((_, &end)) = parents.next_if(|(parent, _)| **parent as usize == i) {
                let is_panic = graph.is_panic(number);
                for (&candidate, step) in self.candidates[start..end].iter().zip(0..) {
                    if candidate != F::default() {
                        if !is_panic {
                            self.edges.push(step, n);
                            self.led_to.push(candidate);
                        }
                        n += 1;
                    }
                }
                start = end;
            }
            self.edges.seal();
        }
    }
}

impl<S: StateSpace, F: Fingerprint> Search<S, F> {
    /// Notes the states of level 0.
    pub(in crate::search) fn record_initial(&mut self, space: &S, block: &Block<S::Arena>) {
        let Some(record) = &mut self.record else {
            return;
        };
        record.graph.begin(&self.chunks[0].found, &block.skip);
        if let Visited::Hashed { .. } = self.visited {
            let live = block.live(0..block.arena.len());
            let live = live.map(|i| (space.fingerprint::<F>(&block.arena, i), i as u32));
            let live: Vec<(F, u32)> = live.collect();
            record.numbers.insert_all(&live);
        }
    }

    /// Notes the new states of a batch, and the steps of those that were expanded.
    pub(in crate::search) fn record_batch(&mut self, n: usize) -> Result<(), Error> {
        let Some(record) = &mut self.record else {
            return Ok(());
        };
        let chunks = &mut self.chunks[..n];
        let is_hashed = matches!(self.visited, Visited::Hashed { .. });
        let mut expanded = record.graph.n_expanded() as u32;
        for chunk in &mut *chunks {
            chunk.first_number = expanded;
            expanded += chunk.stretch.range.len() as u32;
            let next = record.graph.len();
            if next + chunk.found.len() >= OUT as usize {
                return Err(Error::capacity("liveness of more than 2^32 states"));
            }
            record.graph.extend_states(&chunk.found);
            if is_hashed {
                let new = chunk.fresh.iter().zip(&chunk.found).zip(next as u32..);
                let new = new.filter(|((_, found), _)| found.is_node());
                let candidates = &chunk.candidates;
                let new = new.map(|((&at, _), number)| (candidates[at as usize], number));
                record.fresh.extend(new);
            }
        }
        record.numbers.insert_all(&record.fresh);
        record.fresh.clear();
        let (graph, numbers) = (&record.graph, &record.numbers);
        match &self.visited {
            Visited::Hashed { .. } => {
                let phase = |chunk: &mut Chunk<S::Arena, F>, _: &mut S::Scratch| {
                    chunk.list_edges(graph, chunk.first_number);
                    numbers.find_all(&chunk.led_to, chunk.edges.targets());
                };
                each(self.options.threads > 1, chunks, &mut self.scratches, phase);
            }
            Visited::Exact(exact) => {
                let mut first = 0;
                for chunk in &mut *chunks {
                    chunk.list_edges(graph, chunk.first_number);
                    for to in chunk.edges.targets() {
                        *to = exact.batch_number(first + *to as usize).unwrap_or(OUT);
                    }
                    first += chunk.n_steps as usize;
                }
            }
        }
        for chunk in chunks {
            record.graph.extend_edges(&chunk.edges);
        }
        Ok(())
    }
}
