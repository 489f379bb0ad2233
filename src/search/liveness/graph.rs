//! The graph of a searched space: all states and all steps between them, compactly, as the search finds them.
//!
//! A state is a number, its place in search order. The states whose steps are known are the first ones, since a search expands states in the
//! order in which it finds them.
//!
//! Invariant: the graph depends on the order in which states were found and on nothing else.

use crate::space::Judgement;

/// Instead of the number of a state: the step leads out of what was explored.
pub(in crate::search) const OUT: u32 = u32::MAX;

/// The state is a node: it lies inside and repeats no other.
const NODE: u8 = 1;
/// A run that comes to the state ends in a panic.
const PANICS: u8 = 2;

/// Stands for a number of places that is kept aside.
const LARGE: u8 = u8::MAX;

/// States and steps. A state's edges stand in the order of its steps, places without a step left out.
#[derive(Default)]
pub(in crate::search) struct Graph {
    flags: Vec<u8>,
    /// Per state for each liveness property, from the lowest bit, whether its goal holds; from bit 32 whether its premise does.
    bits: Vec<u64>,
    /// Per state that was expanded where its edges end.
    ends: Vec<u64>,
    /// The state that each edge leads to, or [`OUT`].
    to: Vec<u32>,
    /// How many places without a step lie between the step of each edge and the one before it.
    gaps: Vec<u8>,
    /// The gaps that are [`LARGE`], each with its edge, ascending.
    large: Vec<(u64, u32)>,
    /// How many of the first states are initial.
    n_initial: usize,
    /// Whether some state panics.
    panics: bool,
}

/// What is known of a state without its steps.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::search) struct Found {
    flags: u8,
    bits: u64,
}

/// The steps of neighbouring states.
#[derive(Default)]
pub(in crate::search) struct Edges {
    ends: Vec<u32>,
    to: Vec<u32>,
    gaps: Vec<u8>,
    large: Vec<(u32, u32)>,
    /// The least step that the next edge can have.
    next: u32,
}

impl Found {
    /// What a judgement says; `live` are the liveness properties, bit by bit.
    pub(in crate::search) fn of(judgement: &Judgement, live: u64) -> Self {
        let mut flags = 0;
        if judgement.outside == 0 {
            flags |= NODE;
        }
        if judgement.panic.is_some() {
            flags |= PANICS;
        }
        let (mut bits, mut left, mut position) = (0, live, 0);
        while left != 0 {
            let property = left.trailing_zeros();
            left &= left - 1;
            bits |= (judgement.holds >> property & 1) << position;
            bits |= (judgement.premise >> property & 1) << (position + 32);
            position += 1;
        }
        Found { flags, bits }
    }

    /// Whether the state lies inside.
    pub(in crate::search) fn is_node(self) -> bool {
        self.flags & NODE != 0
    }
}

impl Edges {
    /// Forgets everything.
    pub(in crate::search) fn clear(&mut self) {
        self.ends.clear();
        self.to.clear();
        self.gaps.clear();
        self.large.clear();
        self.next = 0;
    }

    /// Adds a step of the next state.
    #[inline]
    pub(in crate::search) fn push(&mut self, step: u32, to: u32) {
        let gap = step - self.next;
        self.next = step + 1;
        match u8::try_from(gap) {
            Ok(byte) if byte != LARGE => self.gaps.push(byte),
            _ => {
                self.large.push((self.gaps.len() as u32, gap));
                self.gaps.push(LARGE);
            }
        }
        self.to.push(to);
    }

    /// The state has no more steps.
    #[inline]
    pub(in crate::search) fn seal(&mut self) {
        self.ends.push(self.to.len() as u32);
        self.next = 0;
    }

    /// Where the edges lead, in order.
    pub(in crate::search) fn targets(&mut self) -> &mut [u32] {
        &mut self.to
    }

    /// Bytes held.
    pub(in crate::search) fn bytes(&self) -> usize {
        self.ends.capacity() * size_of::<u32>()
            + self.to.capacity() * size_of::<u32>()
            + self.gaps.capacity()
            + self.large.capacity() * size_of::<(u32, u32)>()
    }
}

/// Makes room for so many more, in steps that keep the memory close to what is needed.
fn reserve<T>(list: &mut Vec<T>, n: usize) {
    if list.capacity() - list.len() < n {
        list.reserve_exact(n.max(list.len() / 4));
    }
}

impl Graph {
    /// Begins with the initial states; those at `skip`, ascending, are no nodes.
    pub(in crate::search) fn begin(&mut self, found: &[Found], skip: &[u32]) {
        *self = Graph::default();
        self.extend_states(found);
        for &state in skip {
            self.flags[state as usize] &= !NODE;
        }
        self.n_initial = found.len();
    }

    /// Adds states, in the order in which they were found.
    pub(in crate::search) fn extend_states(&mut self, found: &[Found]) {
        reserve(&mut self.flags, found.len());
        reserve(&mut self.bits, found.len());
        for state in found {
            self.flags.push(state.flags);
            self.bits.push(state.bits);
            self.panics |= state.flags & PANICS != 0;
        }
    }

    /// Adds the steps of the next states.
    pub(in crate::search) fn extend_edges(&mut self, edges: &Edges) {
        let first = self.to.len() as u64;
        reserve(&mut self.ends, edges.ends.len());
        reserve(&mut self.to, edges.to.len());
        reserve(&mut self.gaps, edges.gaps.len());
        (self.ends).extend(edges.ends.iter().map(|&end| first + u64::from(end)));
        self.to.extend_from_slice(&edges.to);
        self.gaps.extend_from_slice(&edges.gaps);
        let large = edges.large.iter();
        (self.large).extend(large.map(|&(edge, gap)| (first + u64::from(edge), gap)));
    }

    /// The states before this one were expanded, or are no nodes, and the others were not.
    pub(in crate::search) fn set_expanded(&mut self, n: usize) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.resize(n, end);
        let end = self.ends.last().copied().unwrap_or(0);
        self.to.truncate(end as usize);
        self.gaps.truncate(end as usize);
        let n_large = self.large.partition_point(|&(edge, _)| edge < end);
        self.large.truncate(n_large);
    }

    pub(in crate::search) fn len(&self) -> usize {
        self.flags.len()
    }

    /// How many states were expanded: the first ones.
    pub(in crate::search) fn n_expanded(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_node(&self, state: u32) -> bool {
        self.flags[state as usize] & NODE != 0
    }

    /// Whether a run that comes to the state ends in a panic, which is another property's matter.
    pub(in crate::search) fn is_panic(&self, state: u32) -> bool {
        self.flags[state as usize] & PANICS != 0
    }

    /// Whether some state panics.
    pub(super) fn has_panics(&self) -> bool {
        self.panics
    }

    /// Whether the state's steps are known.
    pub(super) fn is_expanded(&self, state: u32) -> bool {
        (state as usize) < self.ends.len() && self.flags[state as usize] & (NODE | PANICS) == NODE
    }

    fn range(&self, state: u32) -> std::ops::Range<usize> {
        let state = state as usize;
        if state >= self.ends.len() {
            return 0..0;
        }
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        start as usize..self.ends[state] as usize
    }

    /// The states that the edges of a state lead to, or [`OUT`].
    #[inline]
    pub(super) fn edges(&self, state: u32) -> &[u32] {
        &self.to[self.range(state)]
    }

    /// Appends the steps behind the edges of a state, which ascend.
    pub(super) fn steps(&self, state: u32, out: &mut Vec<u32>) {
        let mut next = 0;
        for edge in self.range(state) {
            let gap = match self.gaps[edge] {
                LARGE => self.large_gap(edge as u64),
                gap => u32::from(gap),
            };
            out.push(next + gap);
            next += gap + 1;
        }
    }

    fn large_gap(&self, edge: u64) -> u32 {
        match self.large.binary_search_by_key(&edge, |&(edge, _)| edge) {
            Ok(found) => self.large[found].1,
            Err(_) => unreachable!("a large gap is kept aside"),
        }
    }

    /// The step behind an edge of a state.
    pub(super) fn step(&self, state: u32, edge: u32) -> u32 {
        let mut steps = Vec::new();
        self.steps(state, &mut steps);
        steps[edge as usize]
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
    pub(in crate::search) fn bytes(&self) -> usize {
        self.flags.capacity()
            + self.bits.capacity() * size_of::<u64>()
            + self.ends.capacity() * size_of::<u64>()
            + self.to.capacity() * size_of::<u32>()
            + self.gaps.capacity()
            + self.large.capacity() * size_of::<(u64, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two states: one with steps near and far, one without any, and a third that was not expanded.
    #[test]
    fn gives_steps_back_with_large_gaps_too() {
        let mut edges = Edges::default();
        let steps = [0, 1, 254, 255, 509, 510, 766, 5000, 5001];
        for (step, to) in steps.into_iter().zip(10..) {
            edges.push(step, to);
        }
        edges.seal();
        edges.seal();
        edges.push(300, 7);
        edges.seal();
        let node = Found::of(&Judgement::default(), 0);
        let mut graph = Graph::default();
        graph.begin(&[node], &[]);
        graph.extend_states(&[node; 6]);
        graph.extend_edges(&edges);
        graph.extend_edges(&edges);
        let of = |graph: &Graph, state| {
            let mut steps = Vec::new();
            graph.steps(state, &mut steps);
            (steps, graph.edges(state).to_vec())
        };
        for first in [0, 3] {
            assert_eq!(of(&graph, first), (steps.to_vec(), (10..19).collect()));
            assert_eq!(of(&graph, first + 1), (vec![], vec![]));
            assert_eq!(of(&graph, first + 2), (vec![300], vec![7]));
            assert_eq!(graph.step(first, 7), 5000);
        }
        assert!(graph.is_expanded(5) && !graph.is_expanded(6));
        graph.set_expanded(4);
        assert_eq!(of(&graph, 3).0, steps);
        assert_eq!(of(&graph, 5).0, [0; 0]);
        assert!(graph.is_expanded(3) && !graph.is_expanded(4));
        graph.set_expanded(7);
        assert_eq!(of(&graph, 5).0, [0; 0]);
    }
}
