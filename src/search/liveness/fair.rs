//! Fair components: the states that lie on a cycle which fairness allows.
//!
//! By the textbook (Emerson and Lei 1987; Baier and Katoen, Principles of Model Checking, 6.5): in a strongly connected component a weak class must be
//! taken, or disabled somewhere; where a strong class is enabled and never taken, the states that enable it are deleted; where a matched
//! class is used and never taken, the steps that use it are deleted; what remains is taken apart again.

use super::close::Close;
use super::components::{Digraph, components};
use super::graph::OUT;
use crate::space::{Fairness, Role};

/// States on fair cycles: strongly connected by the steps that are not banned, and fair as a whole.
#[derive(Clone, Debug)]
pub(super) struct FairPart {
    /// Positions, ascending.
    pub(super) states: Vec<u32>,
    /// Matched classes whose uses are left out.
    pub(super) banned: Vec<u32>,
}

/// What the steps inside a part do with a class.
#[derive(Clone, Default)]
struct Tally {
    n_enabling: usize,
    /// The last state that was seen to enable it.
    last: Option<u32>,
    taken: bool,
    used: bool,
}

/// What is left of a component, less the steps that are banned.
struct Rest<'a> {
    close: &'a Close,
    /// Per position the part it belongs to.
    part_of: &'a [u32],
    part: u32,
    banned: &'a [u32],
}

impl Digraph for Rest<'_> {
    fn len(&self) -> usize {
        self.close.len()
    }

    fn is_node(&self, node: u32) -> bool {
        self.part_of[node as usize] == self.part
    }

    fn degree(&self, node: u32) -> usize {
        self.close.edges(node).len()
    }

    fn edge(&self, node: u32, edge: usize) -> Option<u32> {
        let to = self.close.edges(node)[edge];
        let is_left =
            to != OUT && self.is_node(to) && !self.close.is_banned(node, edge as u32, self.banned);
        is_left.then_some(to)
    }
}

/// The fair parts of a component. `accepts`: what one state of a loop must satisfy.
pub(super) fn fair_parts(close: &Close, accepts: impl Fn(u32) -> bool) -> Vec<FairPart> {
    let mut fair = Vec::new();
    let mut left = vec![FairPart {
        states: (0..close.len() as u32).collect(),
        banned: Vec::new(),
    }];
    let mut part_of = vec![OUT; close.len()];
    let mut n_parts = 0;
    while let Some(part) = left.pop() {
        if !part.states.iter().any(|&at| accepts(at)) {
            continue;
        }
        n_parts += 1;
        for &at in &part.states {
            part_of[at as usize] = n_parts;
        }
        let tallies = tally(close, &part, &part_of, n_parts);
        let is = |class: usize, fairness| close.fairness[class] == fairness;
        let is_unfair = |(class, tally): (usize, &Tally)| {
            is(class, Fairness::Weak) && tally.n_enabling == part.states.len() && !tally.taken
        };
        if tallies.iter().enumerate().any(is_unfair) {
            continue;
        }
        let missed = |class: usize| {
            let tally = &tallies[class];
            is(class, Fairness::Strong) && tally.n_enabling > 0 && !tally.taken
        };
        let mut n_deleted = 0;
        for &at in &part.states {
            let mut parts = close.parts(at).iter();
            if parts.any(|p| p.role != Role::Uses && missed(p.class as usize)) {
                part_of[at as usize] = OUT;
                n_deleted += 1;
            }
        }
        let mut banned = part.banned.clone();
        for (class, tally) in tallies.iter().enumerate() {
            if is(class, Fairness::Matched) && tally.used && !tally.taken {
                banned.push(class as u32);
            }
        }
        if n_deleted == 0 && banned.len() == part.banned.len() {
            fair.push(part);
            continue;
        }
        let rest = Rest {
            close,
            part_of: &part_of,
            part: n_parts,
            banned: &banned,
        };
        let mut parts = Vec::new();
        components(&rest, part.states.iter().copied(), |states| {
            parts.push(FairPart {
                states: states.to_vec(),
                banned: banned.clone(),
            });
        });
        left.extend(parts.into_iter().rev());
    }
    fair
}

/// What the steps inside a part do with each class.
fn tally(close: &Close, part: &FairPart, part_of: &[u32], number: u32) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); close.fairness.len()];
    for &at in &part.states {
        let edges = close.edges(at);
        for share in close.parts(at) {
            let tally = &mut tallies[share.class as usize];
            if share.role != Role::Uses && tally.last != Some(at) {
                tally.last = Some(at);
                tally.n_enabling += 1;
            }
            let to = edges[share.edge as usize];
            let is_inside = to != OUT
                && part_of[to as usize] == number
                && !close.is_banned(at, share.edge, &part.banned);
            if is_inside {
                tally.taken |= share.role == Role::Takes;
                tally.used |= share.role == Role::Uses;
            }
        }
    }
    tallies
}
