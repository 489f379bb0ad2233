//! Where a counterexample of a liveness property can lie: the states that its loop may visit, and the shortest ways there.
//!
//! | property | loop within | stem within |
//! | --- | --- | --- |
//! | eventually P | ¬P | ¬P |
//! | infinitely often P | ¬P | anywhere |
//! | stabilises P | anywhere, some state with ¬P | anywhere |
//! | P leads to Q | ¬Q, pending | anywhere to a state with P and ¬Q, then ¬Q |

use super::components::Digraph;
use super::graph::{Graph, OUT};
use crate::space::PropertyKind;

/// The states that a loop may visit.
pub(super) struct Region<'a> {
    pub(super) graph: &'a Graph,
    pub(super) kind: PropertyKind,
    /// The property's position among the liveness properties.
    pub(super) property: usize,
    /// For each state what is known of it: [`REACHED`], [`PENDING`].
    marks: Vec<u8>,
}

/// Can be come to by a stem, not pending.
const REACHED: u8 = 1;
/// Can be come to with the property pending.
const PENDING: u8 = 2;

/// A node that was come to: state, mark, and the position of the node before with its edge; [`OUT`] for none.
type Come = (u32, u8, u32, u32);

/// A way to a state.
pub(super) struct Stem {
    /// The first state.
    pub(super) initial: u32,
    /// For each step the state it leaves and its edge.
    pub(super) edges: Vec<(u32, u32)>,
}

impl<'a> Region<'a> {
    /// Goes through the graph once.
    pub(super) fn new(graph: &'a Graph, kind: PropertyKind, property: usize) -> Self {
        let mut region = Region {
            graph,
            kind,
            property,
            marks: Vec::new(),
        };
        let mut marks = vec![0; graph.len()];
        region.walk(&mut marks, |_| false);
        region.marks = marks;
        region
    }

    /// Whether a loop may visit the state.
    #[inline]
    pub(super) fn contains(&self, state: u32) -> bool {
        let mark = self.marks[state as usize];
        match self.kind {
            PropertyKind::LeadsTo => mark & PENDING != 0,
            PropertyKind::InfinitelyOften => mark != 0 && !self.graph.goal(state, self.property),
            _ => mark != 0,
        }
    }

    /// Whether a loop satisfies what the property asks by visiting the state.
    pub(super) fn accepts(&self, state: u32) -> bool {
        self.kind != PropertyKind::Stabilises || !self.graph.goal(state, self.property)
    }

    /// The mark that a state gets when it is come to from one with the mark `from`, if it belongs to a stem.
    #[inline]
    fn mark(&self, from: u8, state: u32) -> u8 {
        match self.kind {
            PropertyKind::Eventually if self.graph.goal(state, self.property) => 0,
            PropertyKind::LeadsTo
                if !self.graph.goal(state, self.property)
                    && (from == PENDING || self.graph.premise(state, self.property)) =>
            {
                PENDING
            }
            _ => REACHED,
        }
    }

    /// Breadth-first search, in the order of states and steps, until a state that a loop may visit is one that `is_it`. The nodes in the order in
    /// which they were come to.
    fn walk(&self, marks: &mut [u8], is_it: impl Fn(u32) -> bool) -> Vec<Come> {
        let mut nodes: Vec<Come> = Vec::new();
        let graph = self.graph;
        for state in graph.initial() {
            let mark = self.mark(0, state);
            if mark != 0 {
                marks[state as usize] |= mark;
                nodes.push((state, mark, OUT, 0));
                if self.is_loop_state(state, mark) && is_it(state) {
                    return nodes;
                }
            }
        }
        let mut next = 0;
        while next < nodes.len() {
            let (from, mark, ..) = nodes[next];
            for (edge, &to) in graph.edges(from).iter().enumerate() {
                if to == OUT {
                    continue;
                }
                let mark = self.mark(mark, to);
                if mark != 0 && marks[to as usize] & mark == 0 {
                    marks[to as usize] |= mark;
                    nodes.push((to, mark, next as u32, edge as u32));
                    if self.is_loop_state(to, mark) && is_it(to) {
                        return nodes;
                    }
                }
            }
            next += 1;
        }
        nodes
    }

    fn is_loop_state(&self, state: u32, mark: u8) -> bool {
        match self.kind {
            PropertyKind::LeadsTo => mark == PENDING,
            PropertyKind::InfinitelyOften => !self.graph.goal(state, self.property),
            _ => true,
        }
    }

    /// The shortest stem to a state that `is_it`, and that state.
    pub(super) fn stem(&self, is_it: impl Fn(u32) -> bool) -> Option<(Stem, u32)> {
        let mut marks = vec![0; self.graph.len()];
        let nodes = self.walk(&mut marks, &is_it);
        let &(target, mark, ..) = nodes.last()?;
        if !self.is_loop_state(target, mark) || !is_it(target) {
            return None;
        }
        let mut edges = Vec::new();
        let mut at = nodes.len() - 1;
        loop {
            let (state, _, before, edge) = nodes[at];
            if before == OUT {
                edges.reverse();
                let initial = state;
                return Some((Stem { initial, edges }, target));
            }
            edges.push((nodes[before as usize].0, edge));
            at = before as usize;
        }
    }
}

impl Digraph for Region<'_> {
    fn len(&self) -> usize {
        self.graph.len()
    }

    fn is_node(&self, node: u32) -> bool {
        self.contains(node)
    }

    fn degree(&self, node: u32) -> usize {
        self.graph.edges(node).len()
    }

    #[inline]
    fn edge(&self, node: u32, edge: usize) -> Option<u32> {
        let to = self.graph.edges(node)[edge];
        (to != OUT && self.contains(to)).then_some(to)
    }
}
