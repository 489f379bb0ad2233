//! A strongly connected component seen from close: its steps, and what they share in fairness. States are positions within it.

use std::collections::HashMap;

use rayon::prelude::*;

use super::graph::{Graph, OUT};
use super::store::States;
use crate::space::{Answer, Class, Fairness, Fingerprint, Role, Share, StateSpace};

/// The share of a step in a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The edge, counted from the state's first.
    pub(super) edge: u32,
    /// The class, numbered within the component: an index into [`Close::fairness`].
    pub(super) class: u32,
    pub(super) role: Role,
}

/// A component's steps.
pub(super) struct Close {
    /// The states, ascending.
    pub(super) states: Vec<u32>,
    edge_ends: Vec<usize>,
    /// The position that each edge leads to, or [`OUT`] for one that leaves the component.
    to: Vec<u32>,
    steps: Vec<u32>,
    part_ends: Vec<usize>,
    parts: Vec<Part>,
    /// Per class, what is required of it.
    pub(super) fairness: Vec<Fairness>,
}

/// States whose steps one thread looks at.
const CHUNK: usize = 1024;

impl Close {
    /// Looks at a component. `position` is scratch: [`OUT`] for every state, before and after.
    pub(super) fn look<S: StateSpace, F: Fingerprint>(
        space: &S,
        states: &States<'_, S::Arena>,
        graph: &Graph,
        component: &[u32],
        position: &mut [u32],
    ) -> Self {
        for (at, &state) in component.iter().enumerate() {
            position[state as usize] = at as u32;
        }
        let look = |chunk: &[u32]| {
            let mut scratch = S::Scratch::default();
            let mut successors: Vec<F> = Vec::new();
            let mut shares: Vec<Share> = Vec::new();
            let mut steps: Vec<u32> = Vec::new();
            // For each state how many shares it has.
            let mut n_shares: Vec<usize> = Vec::new();
            for &state in chunk {
                let (arena, index) = states.locate(state);
                successors.clear();
                let answer = space.expand(arena, index, &mut scratch, &mut successors);
                assert_eq!(answer, Answer::Complete, "the state was expanded before");
                let places = (0_u32..).zip(&successors);
                steps.extend(
                    places
                        .filter(|&(_, f)| *f != F::default())
                        .map(|(step, _)| step),
                );
                let before = shares.len();
                space.fair(arena, index, &mut scratch, &mut shares);
                n_shares.push(shares.len() - before);
            }
            (steps, shares, n_shares)
        };
        // Most components are small.
        let chunks: Vec<_> = if component.len() <= CHUNK {
            vec![look(component)]
        } else {
            component.par_chunks(CHUNK).map(look).collect()
        };
        let n_steps = chunks.iter().map(|(steps, ..)| steps.len()).sum();
        let n_shares = chunks.iter().map(|(_, shares, _)| shares.len()).sum();
        let mut close = Close {
            states: component.to_vec(),
            edge_ends: Vec::with_capacity(component.len()),
            to: Vec::with_capacity(n_steps),
            steps: Vec::with_capacity(n_steps),
            part_ends: Vec::with_capacity(component.len()),
            parts: Vec::with_capacity(n_shares),
            fairness: Vec::new(),
        };
        let mut numbers: HashMap<Class, u32> = HashMap::new();
        let mut at = component.iter();
        for (steps, shares, n_shares) in chunks {
            let (mut steps, mut shares) = (&steps[..], &shares[..]);
            for n in n_shares {
                let Some(&state) = at.next() else {
                    unreachable!("each state was looked at once")
                };
                let edges = graph.edges(state);
                let (own_steps, own);
                (own_steps, steps) = steps.split_at(edges.len());
                (own, shares) = shares.split_at(n);
                for (&to, &step) in edges.iter().zip(own_steps) {
                    let to = if to == OUT {
                        OUT
                    } else {
                        position[to as usize]
                    };
                    close.to.push(to);
                    close.steps.push(step);
                }
                close.edge_ends.push(close.to.len());
                for share in own {
                    let class = *numbers.entry(share.class).or_insert_with(|| {
                        close.fairness.push(space.class(share.class).fairness);
                        close.fairness.len() as u32 - 1
                    });
                    if close.fairness[class as usize] == Fairness::None {
                        continue;
                    }
                    let Ok(edge) = own_steps.binary_search(&share.step) else {
                        unreachable!("a share belongs to a step")
                    };
                    close.parts.push(Part {
                        edge: edge as u32,
                        class,
                        role: share.role,
                    });
                }
                close.part_ends.push(close.parts.len());
            }
        }
        for &state in component {
            position[state as usize] = OUT;
        }
        #[cfg(debug_assertions)]
        if space.fault() == Some(crate::space::sabotage::Sabotage::EnabledOnlyInside) {
            close.forget_what_leaves();
        }
        close
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

    fn range(ends: &[usize], at: u32) -> std::ops::Range<usize> {
        let at = at as usize;
        let start = if at == 0 { 0 } else { ends[at - 1] };
        start..ends[at]
    }

    /// Where the edges of a state lead: positions, or [`OUT`].
    #[inline]
    pub(super) fn edges(&self, at: u32) -> &[u32] {
        &self.to[Self::range(&self.edge_ends, at)]
    }

    /// The step of an edge.
    pub(super) fn step(&self, at: u32, edge: usize) -> u32 {
        self.steps[Self::range(&self.edge_ends, at)][edge]
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
