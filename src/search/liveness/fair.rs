//! Fair components: the states that lie on a cycle which fairness allows.
//!
//! By the textbook (Emerson and Lei 1987; Baier and Katoen, Principles of Model Checking, 6.5): in a strongly connected component a weak class must be
//! taken, or disabled somewhere; where a strong class is enabled and never taken, the states that enable it are deleted; where a matched
//! class is used and never taken, the steps that use it are deleted; what remains is taken apart again.

use super::close::Close;
use super::components::{Digraph, Marks, components};
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
    banned: &'a [u32],
}

impl Digraph for Rest<'_> {
    fn edges(&self, node: u32) -> &[u32] {
        self.close.edges(node)
    }

    fn counts(&self, node: u32, edge: usize) -> bool {
        !self.close.is_banned(node, edge as u32, self.banned)
    }
}

/// The fair parts of a component. `accepts`: what one state of a loop must satisfy.
pub(super) fn fair_parts(close: &Close, accepts: impl Fn(u32) -> bool) -> Vec<FairPart> {
    let mut fair = Vec::new();
    let mut left = vec![FairPart {
        states: (0..close.len() as u32).collect(),
        banned: Vec::new(),
    }];
    // Per position the last part that it belonged to.
    let mut part_of = vec![OUT; close.len()];
    let mut n_parts = 0;
    let mut marks = Marks::new(close.len());
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
        let is_deleted = |&at: &u32| {
            let mut parts = close.parts(at).iter();
            parts.any(|p| p.role != Role::Uses && missed(p.class as usize))
        };
        let mut n_deleted = 0;
        if (0..tallies.len()).any(missed) {
            n_deleted = part.states.iter().filter(|at| is_deleted(at)).count();
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
            banned: &banned,
        };
        for &at in &part.states {
            if n_deleted == 0 || !is_deleted(&at) {
                marks.add(at);
            }
        }
        let mut parts = Vec::new();
        components(&rest, &mut marks, part.states.iter().copied(), |states| {
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
