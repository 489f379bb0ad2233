//! Where a counterexample of a liveness property can lie: the states that its loop may visit, and the shortest ways there.
//!
//! | property | loop within | stem within |
//! | --- | --- | --- |
//! | eventually P | ¬P | ¬P |
//! | infinitely often P | ¬P | anywhere |
//! | stabilises P | anywhere, some state with ¬P | anywhere |
//! | P leads to Q, measure from P to Q | ¬Q, pending | anywhere to a state with P and ¬Q, then ¬Q |

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;

use super::components::{Digraph, Marks};
use super::graph::{Graph, OUT};
use crate::space::PropertyKind;

/// The states that a loop may visit.
pub(super) struct Region<'a> {
    pub(super) graph: &'a Graph,
    pub(super) kind: PropertyKind,
    /// The property's position among the liveness properties.
    pub(super) property: usize,
    /// For each state whether a loop may visit it, and a stem come to it so that it counts.
    inside: Vec<bool>,
}

/// A state that can be come to by a stem, the property not pending.
const REACHED: u8 = 1;
/// One where it is pending.
const PENDING: u8 = 2;

/// States that one thread goes on from.
const CHUNK: usize = 1024;

/// A way to a state.
pub(super) struct Stem {
    /// The first state.
    pub(super) initial: u32,
    /// For each step the state it leaves and its edge.
    pub(super) edges: Vec<(u32, u32)>,
}

/// A node that was come to: a state, and whether the property is pending there.
#[derive(Clone, Copy)]
pub(super) struct Come {
    pub(super) state: u32,
    mark: u8,
    /// The position of the node before, or [`OUT`].
    before: u32,
    /// The edge from there.
    edge: u32,
}

/// The shortest ways into a region, up to the distance where something was found.
pub(super) struct Ways<'r, 'a> {
    region: &'r Region<'a>,
    /// In the order in which they were come to.
    nodes: Vec<Come>,
    /// Where each distance begins, and the end.
    starts: Vec<usize>,
    /// Of the last distance, the positions within it of what was looked for, ascending.
    pub(super) targets: Vec<u32>,
}

impl<'a> Region<'a> {
    /// Goes through the graph once.
    pub(super) fn new(graph: &'a Graph, kind: PropertyKind, property: usize) -> Self {
        let nodes = 0..graph.len() as u32;
        let without_goal = |state: u32| graph.is_node(state) && !graph.goal(state, property);
        let inside = match kind {
            PropertyKind::Eventually => reached(
                graph,
                graph.initial().filter(|&s| without_goal(s)),
                without_goal,
            ),
            PropertyKind::LeadsTo | PropertyKind::Measure => {
                let come_to = all_reached(graph);
                let owed = nodes.filter(|&state| {
                    come_to[state as usize] && without_goal(state) && graph.premise(state, property)
                });
                reached(graph, owed, without_goal)
            }
            PropertyKind::InfinitelyOften => {
                let mut inside = all_reached(graph);
                for (state, inside) in nodes.zip(&mut inside) {
                    *inside &= without_goal(state);
                }
                inside
            }
            _ => all_reached(graph),
        };
        Region {
            graph,
            kind,
            property,
            inside,
        }
    }

    /// Whether a loop may visit the state.
    #[inline]
    pub(super) fn contains(&self, state: u32) -> bool {
        self.inside[state as usize]
    }

    /// The states that a loop may visit, as nodes among which to look for components.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = Marks::new(self.inside.len());
        for state in (0..self.inside.len() as u32).filter(|&state| self.contains(state)) {
            marks.add(state);
        }
        marks
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
            PropertyKind::LeadsTo | PropertyKind::Measure
                if !self.graph.goal(state, self.property)
                    && (from == PENDING || self.graph.premise(state, self.property)) =>
            {
                PENDING
            }
            _ => REACHED,
        }
    }

    /// Breadth-first search, in the order of states and steps, to the end of the first distance at which a state that a loop may visit
    /// is one that `is_it`.
    fn walk(&self, marks: &mut [u8], is_it: impl Fn(u32) -> bool) -> Ways<'_, 'a> {
        let graph = self.graph;
        let mut ways = Ways {
            region: self,
            nodes: Vec::new(),
            starts: vec![0],
            targets: Vec::new(),
        };
        let mut come = |nodes: &mut Vec<Come>, come: Come| {
            if come.mark != 0 && marks[come.state as usize] & come.mark == 0 {
                marks[come.state as usize] |= come.mark;
                nodes.push(come);
            }
        };
        for state in graph.initial() {
            let first = Come {
                state,
                mark: self.mark(0, state),
                before: OUT,
                edge: 0,
            };
            come(&mut ways.nodes, first);
        }
        loop {
            let start = ways.starts[ways.starts.len() - 1];
            let end = ways.nodes.len();
            ways.starts.push(end);
            let level = ways.nodes[start..end].iter().zip(0..);
            let found = level
                .filter(|(node, _)| self.is_loop_state(node.state, node.mark) && is_it(node.state));
            ways.targets = found.map(|(_, position)| position).collect();
            if !ways.targets.is_empty() || start == end {
                return ways;
            }
            for before in start..end {
                let from = ways.nodes[before];
                for (edge, &to) in graph.edges(from.state).iter().enumerate() {
                    if to != OUT {
                        let next = Come {
                            state: to,
                            mark: self.mark(from.mark, to),
                            before: before as u32,
                            edge: edge as u32,
                        };
                        come(&mut ways.nodes, next);
                    }
                }
            }
        }
    }

    fn is_loop_state(&self, state: u32, mark: u8) -> bool {
        match self.kind {
            PropertyKind::LeadsTo | PropertyKind::Measure => mark & PENDING != 0,
            PropertyKind::InfinitelyOften => !self.graph.goal(state, self.property),
            _ => true,
        }
    }

    /// The shortest ways to states that `is_it`; without [targets](Ways::targets) where there are none.
    pub(super) fn ways(&self, is_it: impl Fn(u32) -> bool) -> Ways<'_, 'a> {
        let mut marks = vec![0; self.graph.len()];
        self.walk(&mut marks, is_it)
    }
}

impl Ways<'_, '_> {
    /// The graph that they lead through.
    pub(super) fn graph(&self) -> &Graph {
        self.region.graph
    }

    /// How far it is to the targets.
    pub(super) fn depth(&self) -> u32 {
        self.starts.len() as u32 - 2
    }

    /// How many nodes there are down to the targets.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes at a distance.
    pub(super) fn level(&self, level: u32) -> &[Come] {
        &self.nodes[self.starts[level as usize]..self.starts[level as usize + 1]]
    }

    /// The first way found to a node of the last distance.
    pub(super) fn first(&self, target: u32) -> Stem {
        let mut edges = Vec::new();
        let mut node = self.level(self.depth())[target as usize];
        while node.before != OUT {
            let before = self.nodes[node.before as usize];
            edges.push((before.state, node.edge));
            node = before;
        }
        edges.reverse();
        Stem {
            initial: node.state,
            edges,
        }
    }

    /// The steps, as edges, of all shortest ways to the targets: for each distance but the last (node, edge, node at the next distance), ascending.
    pub(super) fn edges(&self) -> Vec<Vec<(u32, u32, u32)>> {
        let depth = self.depth();
        let mut all = Vec::with_capacity(depth as usize);
        let mut wanted: HashMap<(u32, u8), u32> = HashMap::new();
        for &target in &self.targets {
            let node = self.level(depth)[target as usize];
            wanted.insert((node.state, node.mark), target);
        }
        for level in (0..depth).rev() {
            let mut edges = Vec::new();
            let mut wanted_here = HashMap::new();
            for (node, position) in self.level(level).iter().zip(0..) {
                for (edge, &to) in self.region.graph.edges(node.state).iter().enumerate() {
                    if to == OUT {
                        continue;
                    }
                    let mark = self.region.mark(node.mark, to);
                    if let Some(&next) = wanted.get(&(to, mark)) {
                        edges.push((position, edge as u32, next));
                        wanted_here.insert((node.state, node.mark), position);
                    }
                }
            }
            all.push(edges);
            wanted = wanted_here;
        }
        all.reverse();
        all
    }
}

impl Digraph for Region<'_> {
    fn edges(&self, node: u32) -> &[u32] {
        self.graph.edges(node)
    }
}

/// For each state whether it can be come to at all.
fn all_reached(graph: &Graph) -> Vec<bool> {
    if graph.has_panics() {
        // What lies behind a panic cannot.
        reached(graph, graph.initial(), |state| graph.is_node(state))
    } else {
        (0..graph.len() as u32).map(|s| graph.is_node(s)).collect()
    }
}

/// For each state whether it can be come to from one of `first` through states that `may` be come to. In parallel: what is found does not
/// depend on the order in which it is.
fn reached(
    graph: &Graph,
    first: impl Iterator<Item = u32>,
    may: impl Fn(u32) -> bool,
) -> Vec<bool> {
    const OPEN: u8 = 0;
    const REACHED: u8 = 1;
    const BARRED: u8 = 2;
    let marks = (0..graph.len() as u32).map(|state| if may(state) { OPEN } else { BARRED });
    let marks: Vec<AtomicU8> = marks.map(AtomicU8::new).collect();
    let comes = |state: u32| {
        let mark = &marks[state as usize];
        mark.load(Ordering::Relaxed) == OPEN && mark.swap(REACHED, Ordering::Relaxed) == OPEN
    };
    let mut level: Vec<u32> = first.filter(|&state| comes(state)).collect();
    let from = |states: &[u32]| {
        let mut next = Vec::new();
        for &state in states {
            let to = graph.edges(state).iter().copied();
            next.extend(to.filter(|&to| to != OUT && comes(to)));
        }
        next
    };
    while !level.is_empty() {
        level = if level.len() <= CHUNK {
            from(&level)
        } else {
            let parts: Vec<Vec<u32>> = level.par_chunks(CHUNK).map(from).collect();
            parts.concat()
        };
    }
    let marks = marks.into_iter().map(AtomicU8::into_inner);
    marks.map(|mark| mark == REACHED).collect()
}
