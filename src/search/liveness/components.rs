//! Strongly connected components, by Tarjan's algorithm (SIAM Journal on Computing 1:2, 1972), without recursion.

use super::graph::OUT;

/// A graph over small numbers.
pub(super) trait Digraph {
    /// Where the edges of a node lead: to numbers that need not be nodes, or [`OUT`].
    fn edges(&self, node: u32) -> &[u32];
    /// Whether an edge counts.
    fn counts(&self, node: u32, edge: usize) -> bool {
        let _ = (node, edge);
        true
    }
}

/// What components are looked for in: for each number whether it is a node that was not come to yet, and while it is being dealt with its own
/// number, lowered to the least number it reaches.
pub(super) struct Marks(Vec<u32>);

/// Not numbered yet.
const NEW: u32 = u32::MAX;
/// No node, or in a finished component.
const DONE: u32 = u32::MAX - 1;

impl Marks {
    /// No nodes among the numbers below `len`.
    pub(super) fn new(len: usize) -> Self {
        Marks(vec![DONE; len])
    }

    /// Makes a number a node, until its component is found.
    pub(super) fn add(&mut self, node: u32) {
        self.0[node as usize] = NEW;
    }

    /// The memory, to be used for something else: no number below 2^32 - 2.
    pub(super) fn into_inner(self) -> Vec<u32> {
        self.0
    }
}

/// Calls `visit` with each component whose nodes may lie on a cycle: two nodes or more, or one with an edge to itself.
/// The nodes come ascending; the components in an order that the graph and the order of the roots alone determine. Every node that a root
/// reaches is no node any more afterwards.
pub(super) fn components<G: Digraph>(
    graph: &G,
    marks: &mut Marks,
    roots: impl Iterator<Item = u32>,
    mut visit: impl FnMut(&[u32]),
) {
    let low = &mut marks.0[..];
    let mut open: Vec<u32> = Vec::new();
    // Nodes on the way, each with its own number and its next edge.
    let mut way: Vec<(u32, u32, u32)> = Vec::new();
    let mut n_numbered = 0;
    let mut found: Vec<u32> = Vec::new();
    for root in roots {
        if low[root as usize] != NEW {
            continue;
        }
        way.push((root, n_numbered, 0));
        low[root as usize] = n_numbered;
        n_numbered += 1;
        open.push(root);
        'way: while let Some((node, number, next)) = way.last_mut() {
            let (node, number) = (*node, *number);
            let mut reached = low[node as usize];
            let edges = graph.edges(node);
            for (edge, &to) in edges.iter().enumerate().skip(*next as usize) {
                if to == OUT {
                    continue;
                }
                let mark = low[to as usize];
                if mark == DONE || !graph.counts(node, edge) {
                    continue;
                }
                if mark == NEW {
                    *next = edge as u32 + 1;
                    low[node as usize] = reached;
                    way.push((to, n_numbered, 0));
                    low[to as usize] = n_numbered;
                    n_numbered += 1;
                    open.push(to);
                    continue 'way;
                }
                reached = reached.min(mark);
            }
            low[node as usize] = reached;
            way.pop();
            if let Some(&(before, ..)) = way.last() {
                low[before as usize] = low[before as usize].min(reached);
            }
            if reached != number {
                continue;
            }
            found.clear();
            loop {
                let Some(member) = open.pop() else {
                    unreachable!("a component ends with its first node")
                };
                low[member as usize] = DONE;
                found.push(member);
                if member == node {
                    break;
                }
            }
            let loops = |node: u32| {
                let edges = graph.edges(node).iter().enumerate();
                edges
                    .filter(|(_, to)| **to == node)
                    .any(|(edge, _)| graph.counts(node, edge))
            };
            if found.len() > 1 || loops(node) {
                found.sort_unstable();
                visit(&found);
            }
        }
    }
}
