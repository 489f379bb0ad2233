//! From which states some fair run satisfies a property: states ahead, each with and without a goal that is pending.

use super::ahead::Node;
use super::components::{Digraph, components};
use crate::space::{Fairness, PropertyKind, Role};

/// A state, and whether a goal is pending there.
pub(super) type At = (u32, bool);

/// What a property asks of runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    property: usize,
    kind: PropertyKind,
}

/// The states from which some fair run satisfies the property.
pub(super) struct Satisfied {
    product: Product,
    /// By [`number`].
    is_in: Vec<bool>,
}

fn number((node, pending): At) -> usize {
    node as usize * 2 + usize::from(pending)
}

fn at(number: usize) -> At {
    ((number / 2) as u32, number % 2 == 1)
}

impl Product {
    pub(super) fn new(property: usize, kind: PropertyKind) -> Self {
        Product { property, kind }
    }

    /// Whether the property, or its goal, holds.
    fn holds(&self, node: &Node) -> bool {
        node.judged.holds >> self.property & 1 == 1
    }

    fn has_goals(&self) -> bool {
        matches!(self.kind, PropertyKind::LeadsTo | PropertyKind::Measure)
    }

    /// Whether a goal is pending in a state, where it was or was not before.
    fn pends(&self, before: bool, node: &Node) -> bool {
        let premise = node.judged.premise >> self.property & 1 == 1;
        self.has_goals() && (before || premise) && !self.holds(node)
    }

    /// For each state of a path whether a goal is pending there.
    pub(super) fn on_path(&self, nodes: &[Node], path: &[u32]) -> Vec<bool> {
        let mut pending = false;
        let states = path.iter().map(|&node| {
            pending = self.pends(pending, &nodes[node as usize]);
            pending
        });
        states.collect()
    }

    /// Whether a run that satisfies the property can go through the state.
    fn passes(&self, node: &Node) -> bool {
        node.is_of_a_run() && (self.kind.is_liveness() || self.holds(node))
    }

    /// Whether what is ahead of a state matters.
    pub(super) fn goes_on(&self, node: &Node) -> bool {
        self.passes(node) && !self.is_met(node)
    }

    /// Whether whatever follows satisfies the property.
    fn is_met(&self, node: &Node) -> bool {
        self.kind == PropertyKind::Eventually && node.is_of_a_run() && self.holds(node)
    }

    /// Whether a state may be one of those that a run goes through again and again.
    fn recurs(&self, node: &Node) -> bool {
        self.passes(node) && (self.kind != PropertyKind::Stabilises || self.holds(node))
    }

    /// Whether one such state has to be this one, or another of which the same is said.
    fn accepts(&self, node: &Node, pending: bool) -> bool {
        match self.kind {
            PropertyKind::Eventually => false,
            PropertyKind::InfinitelyOften => self.holds(node),
            PropertyKind::LeadsTo | PropertyKind::Measure => !pending,
            _ => true,
        }
    }

    /// Whether a run that satisfies the property may stay in a state for ever.
    fn stays(&self, state: &Node, pending: bool) -> bool {
        let suits = self.recurs(state)
            && self.accepts(state, pending)
            && pending == self.pends(pending, state);
        state.is_expanded && state.may_stay && (suits || self.is_met(state))
    }

    /// The states from which some fair run satisfies the property, as far as these states show.
    pub(super) fn satisfied(&self, nodes: &[Node], fairness: &[Fairness]) -> Satisfied {
        let n = nodes.len() * 2;
        let mut is_core = vec![false; n];
        for (number, is_core) in is_core.iter_mut().enumerate() {
            let (node, pending) = at(number);
            let state = &nodes[node as usize];
            *is_core = self.is_met(state) || self.stays(state, pending);
        }
        let mut rest = Rest {
            product: *self,
            nodes,
            part_of: (0..n)
                .map(|number| u32::from(self.recurs(&nodes[at(number).0 as usize])))
                .collect(),
            part: 1,
            banned: Vec::new(),
        };
        for part in rest.fair_parts(fairness) {
            for number in part {
                is_core[number as usize] = true;
            }
        }
        // Backwards from there.
        let mut comes_from: Vec<Vec<u32>> = vec![Vec::new(); n];
        for number in 0..n {
            let (node, pending) = at(number);
            let state = &nodes[node as usize];
            if !self.goes_on(state) {
                continue;
            }
            for edge in &state.edges {
                let to = self.lead(nodes, pending, edge.to);
                comes_from[super::fair::number(to)].push(number as u32);
            }
        }
        let mut is_in = is_core;
        let mut left: Vec<usize> = (0..n).filter(|&number| is_in[number]).collect();
        while let Some(number) = left.pop() {
            for &before in &comes_from[number] {
                if !std::mem::replace(&mut is_in[before as usize], true) {
                    left.push(before as usize);
                }
            }
        }
        Satisfied {
            product: *self,
            is_in,
        }
    }

    /// A state that a step leads to, and whether a goal is pending there.
    fn lead(&self, nodes: &[Node], pending: bool, to: u32) -> At {
        (to, self.pends(pending, &nodes[to as usize]))
    }
}

impl Satisfied {
    pub(super) fn contains(&self, at: At) -> bool {
        self.is_in[number(at)]
    }

    /// Whether a step to `to` leads there.
    pub(super) fn leads(&self, nodes: &[Node], pending: bool, to: u32) -> bool {
        self.contains(self.product.lead(nodes, pending, to))
    }

    /// Whether a run that satisfies the property stays there for ever.
    pub(super) fn may_stay(&self, nodes: &[Node], (node, pending): At) -> bool {
        self.product.stays(&nodes[node as usize], pending)
    }
}

/// What is left of the states, less the steps that are banned.
struct Rest<'a> {
    product: Product,
    nodes: &'a [Node],
    /// By [`number`]: the part it belongs to; 0: none.
    part_of: Vec<u32>,
    part: u32,
    /// Matched classes whose uses are left out.
    banned: Vec<u32>,
}

impl Digraph for Rest<'_> {
    fn len(&self) -> usize {
        self.part_of.len()
    }

    fn is_node(&self, node: u32) -> bool {
        self.part_of[node as usize] == self.part
    }

    fn degree(&self, node: u32) -> usize {
        self.nodes[at(node as usize).0 as usize].edges.len()
    }

    fn edge(&self, node: u32, edge: usize) -> Option<u32> {
        let (state, pending) = at(node as usize);
        let from = &self.nodes[state as usize];
        let uses_banned = from.parts.iter().any(|part| {
            part.edge as usize == edge
                && part.role == Role::Uses
                && self.banned.contains(&part.class)
        });
        let to = self.product.lead(self.nodes, pending, from.edges[edge].to);
        let to = number(to) as u32;
        (self.is_node(to) && !uses_banned).then_some(to)
    }
}

/// What the steps inside a part do with a class.
#[derive(Clone, Default)]
struct Tally {
    n_enabling: usize,
    last: Option<u32>,
    taken: bool,
    used: bool,
}

impl Rest<'_> {
    /// The parts whose states a fair run can go through again and again, by number.
    fn fair_parts(&mut self, fairness: &[Fairness]) -> Vec<Vec<u32>> {
        let mut fair = Vec::new();
        let mut left: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        let all = 0..self.part_of.len() as u32;
        components(&*self, all, |part| left.push((part.to_vec(), Vec::new())));
        let mut n_parts = 1;
        while let Some((part, banned)) = left.pop() {
            let accepts = |&number: &u32| {
                let (node, pending) = at(number as usize);
                self.product.accepts(&self.nodes[node as usize], pending)
            };
            if !part.iter().any(accepts) {
                continue;
            }
            n_parts += 1;
            for &number in &part {
                self.part_of[number as usize] = n_parts;
            }
            self.part = n_parts;
            self.banned = banned.clone();
            let tallies = self.tally(&part, fairness.len());
            let of = |wanted| {
                let all = tallies.iter().enumerate();
                all.filter(move |(class, _)| fairness[*class] == wanted)
            };
            if of(Fairness::Weak).any(|(_, tally)| tally.n_enabling == part.len() && !tally.taken) {
                continue;
            }
            let missed: Vec<u32> = of(Fairness::Strong)
                .filter(|(_, tally)| tally.n_enabling > 0 && !tally.taken)
                .map(|(class, _)| class as u32)
                .collect();
            let unmatched: Vec<u32> = of(Fairness::Matched)
                .filter(|(_, tally)| tally.used && !tally.taken)
                .map(|(class, _)| class as u32)
                .collect();
            if missed.is_empty() && unmatched.is_empty() {
                fair.push(part);
                continue;
            }
            for &number in &part {
                let parts = &self.nodes[at(number as usize).0 as usize].parts;
                let enables = |class| {
                    let mut parts = parts.iter();
                    parts.any(|part| part.class == class && part.role != Role::Uses)
                };
                if missed.iter().any(|&class| enables(class)) {
                    self.part_of[number as usize] = 0;
                }
            }
            self.banned.extend(unmatched);
            let banned = self.banned.clone();
            components(&*self, part.iter().copied(), |part| {
                left.push((part.to_vec(), banned.clone()));
            });
        }
        fair
    }

    fn tally(&self, part: &[u32], n_classes: usize) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); n_classes];
        for &number in part {
            let state = &self.nodes[at(number as usize).0 as usize];
            for share in &state.parts {
                let tally = &mut tallies[share.class as usize];
                if share.role != Role::Uses && tally.last != Some(number) {
                    tally.last = Some(number);
                    tally.n_enabling += 1;
                }
                if self.edge(number, share.edge as usize).is_some() {
                    tally.taken |= share.role == Role::Takes;
                    tally.used |= share.role == Role::Uses;
                }
            }
        }
        tallies
    }
}
