//! A strongly connected component seen from close: its steps, and what they share in fairness. States are positions within it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use rayon::prelude::*;

use super::graph::{Graph, OUT};
use super::store::States;
use crate::space::{Class, Fairness, Role, Share, StateSpace};

/// The share of a step in a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The edge, counted from the state's first.
    pub(super) edge: u32,
    /// The class, numbered within the component: an index into [`Close::fairness`].
    pub(super) class: u32,
    pub(super) role: Role,
}

/// All components of a region: their states, one component after the other.
#[derive(Default)]
pub(super) struct Components {
    /// The states of each component, ascending.
    nodes: Vec<u32>,
    ends: Vec<usize>,
    /// For each state its position among the nodes, if it is one of them.
    positions: Vec<u32>,
}

/// A component's steps.
#[derive(Default)]
pub(super) struct Close {
    /// The states, ascending.
    pub(super) states: Vec<u32>,
    edge_ends: Vec<usize>,
    /// The position that each edge leads to, or [`OUT`] for one that leaves the component.
    to: Vec<u32>,
    part_ends: Vec<usize>,
    parts: Vec<Part>,
    /// Per class, what is required of it.
    pub(super) fairness: Vec<Fairness>,
    numbers: HashMap<Class, u32, BuildHasherDefault<ClassHasher>>,
    steps: Vec<u32>,
    shares: Vec<Share>,
}

/// A quick hash of a class. Classes are numbers that a space hands out, not what somebody else may choose.
#[derive(Default)]
pub(super) struct ClassHasher(u64);

impl Hasher for ClassHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

/// States whose steps one thread looks at, of a component that several threads look at.
const CHUNK: usize = 4096;

impl Components {
    /// Adds a component.
    pub(super) fn push(&mut self, component: &[u32]) {
        self.nodes.extend_from_slice(component);
        self.ends.push(self.nodes.len());
    }

    /// Where each state stands; `positions` has an entry for each state, none of them a position.
    pub(super) fn place(&mut self, mut positions: Vec<u32>) {
        for (&node, position) in self.nodes.iter().zip(0..) {
            positions[node as usize] = position;
        }
        self.positions = positions;
    }

    fn range(&self, component: usize) -> Range<usize> {
        let start = if component == 0 {
            0
        } else {
            self.ends[component - 1]
        };
        start..self.ends[component]
    }

    /// The component that a state belongs to.
    pub(super) fn component_of(&self, state: u32) -> Option<usize> {
        let position = self.positions[state as usize] as usize;
        (position < self.nodes.len()).then(|| self.ends.partition_point(|&end| end <= position))
    }

    /// Components one after the other, in groups of about so many states.
    pub(super) fn groups(&self, n_states: usize) -> Vec<Range<usize>> {
        let mut groups = Vec::new();
        let (mut first, mut start) = (0, 0);
        for (component, &end) in self.ends.iter().enumerate() {
            if end - start >= n_states || component + 1 == self.ends.len() {
                groups.push(first..component + 1);
                (first, start) = (component + 1, end);
            }
        }
        groups
    }
}

impl Close {
    /// Looks at a component. What was known of another one is forgotten.
    pub(super) fn look<S: StateSpace>(
        &mut self,
        space: &S,
        states: &States<'_, S::Arena>,
        graph: &Graph,
        components: &Components,
        component: usize,
    ) {
        self.states.clear();
        self.edge_ends.clear();
        self.to.clear();
        self.part_ends.clear();
        self.parts.clear();
        self.fairness.clear();
        self.numbers.clear();
        let range = components.range(component);
        self.states
            .extend_from_slice(&components.nodes[range.clone()]);
        let first = range.start as u32;
        let len = range.len() as u32;
        for &state in &components.nodes[range.clone()] {
            for &to in graph.edges(state) {
                let mut at = OUT;
                if to != OUT {
                    let position = components.positions[to as usize].wrapping_sub(first);
                    if position < len {
                        at = position;
                    }
                }
                self.to.push(at);
            }
            self.edge_ends.push(self.to.len());
        }
        // Most components are small.
        if range.len() <= CHUNK {
            for at in range {
                self.shares.clear();
                let state = components.nodes[at];
                shares_of(
                    space,
                    states,
                    graph,
                    state,
                    &mut self.steps,
                    &mut self.shares,
                );
                let shares = std::mem::take(&mut self.shares);
                self.add(space, &shares);
                self.shares = shares;
            }
        } else {
            let look = |chunk: &[u32]| {
                let (mut steps, mut shares, mut ends) = (Vec::new(), Vec::new(), Vec::new());
                for &state in chunk {
                    shares_of(space, states, graph, state, &mut steps, &mut shares);
                    ends.push(shares.len());
                }
                (shares, ends)
            };
            let chunks: Vec<(Vec<Share>, Vec<usize>)> = components.nodes[range]
                .par_chunks(CHUNK)
                .map(look)
                .collect();
            for (shares, ends) in chunks {
                let mut start = 0;
                for end in ends {
                    self.add(space, &shares[start..end]);
                    start = end;
                }
            }
        }
        #[cfg(debug_assertions)]
        if space.fault() == Some(crate::space::sabotage::Sabotage::EnabledOnlyInside) {
            self.forget_what_leaves();
        }
    }

    /// Adds the shares of the next state. Their steps are edges already.
    fn add<S: StateSpace>(&mut self, space: &S, shares: &[Share]) {
        for share in shares {
            let next = self.fairness.len() as u32;
            let class = *self.numbers.entry(share.class).or_insert(next);
            if class == next {
                self.fairness.push(space.fairness(share.class));
            }
            if self.fairness[class as usize] != Fairness::None {
                self.parts.push(Part {
                    edge: share.step,
                    class,
                    role: share.role,
                });
            }
        }
        self.part_ends.push(self.parts.len());
    }

    /// A deliberate fault: steps that leave the component enable nothing.
    #[cfg(debug_assertions)]
    fn forget_what_leaves(&mut self) {
        let (mut parts, mut part_ends) = (Vec::new(), Vec::new());
        for at in 0..self.len() as u32 {
            let edges = self.edges(at);
            let own = self.parts(at).iter().copied();
            parts.extend(own.filter(|p| edges[p.edge as usize] != OUT));
            part_ends.push(parts.len());
        }
        (self.parts, self.part_ends) = (parts, part_ends);
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    fn range(ends: &[usize], at: u32) -> Range<usize> {
        let at = at as usize;
        let start = if at == 0 { 0 } else { ends[at - 1] };
        start..ends[at]
    }

    /// Where the edges of a state lead: positions, or [`OUT`].
    #[inline]
    pub(super) fn edges(&self, at: u32) -> &[u32] {
        &self.to[Self::range(&self.edge_ends, at)]
    }

    /// Where the edges of a state stand among those of all states.
    pub(super) fn edge_range(&self, at: u32) -> Range<usize> {
        Self::range(&self.edge_ends, at)
    }

    /// The shares of a state's steps.
    #[inline]
    pub(super) fn parts(&self, at: u32) -> &[Part] {
        &self.parts[Self::range(&self.part_ends, at)]
    }

    /// Whether the state enables the class.
    pub(super) fn enables(&self, at: u32, class: u32) -> bool {
        let mut parts = self.parts(at).iter();
        parts.any(|part| part.class == class && part.role != Role::Uses)
    }

    /// Whether an edge uses a class that is banned.
    pub(super) fn is_banned(&self, at: u32, edge: u32, banned: &[u32]) -> bool {
        !banned.is_empty()
            && self.parts(at).iter().any(|part| {
                part.edge == edge && part.role == Role::Uses && banned.contains(&part.class)
            })
    }
}

/// Appends the shares of a state's steps, each step as its edge.
fn shares_of<S: StateSpace>(
    space: &S,
    states: &States<'_, S::Arena>,
    graph: &Graph,
    state: u32,
    steps: &mut Vec<u32>,
    shares: &mut Vec<Share>,
) {
    let (arena, index) = states.locate(state);
    steps.clear();
    graph.steps(state, steps);
    let before = shares.len();
    space.fair(arena, index, steps, shares);
    // Shares come in the order of the steps, most of the time.
    let mut edge = 0;
    for share in &mut shares[before..] {
        if steps.get(edge) != Some(&share.step) {
            let Ok(found) = steps.binary_search(&share.step) else {
                unreachable!("a share belongs to a step")
            };
            edge = found;
        }
        share.step = edge as u32;
    }
}
