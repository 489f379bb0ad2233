//! The shortest paths to some states of a search up to symmetry, as paths of the whole system. Chooses none.
//!
//! A search up to symmetry keeps one state of each orbit, so the steps between the states that it keeps are only some of those there are: a step may
//! lead to another state of an orbit than the one that was kept. Here every orbit that lies on a shortest path to a target is unfolded, level by
//! level, into those of its states that can be reached within such orbits. No shortest path is missing: symmetry changes no distance, so each runs
//! through these orbits alone. So what is chosen among these paths is what is chosen without symmetry.

use std::collections::{BTreeSet, HashMap};

use super::levels::Levels;
use crate::error::Error;
use crate::search::{Edge, Layers};
use crate::space::{Arena, Fingerprint, Label, StateSpace};

/// All states on the shortest paths to some orbits.
pub(super) struct Lifted<'l, 'a, S: StateSpace, F> {
    levels: &'l Levels<'a, S, F>,
    /// Levels 1, 2, …
    later: Vec<S::Arena>,
    /// The steps from each level to the next, ascending.
    edges: Vec<Vec<Edge>>,
    /// The states that paths end in, each with the kept state that stands for it.
    ends: Vec<(u32, u32)>,
}

impl<'l, 'a, S: StateSpace, F: Fingerprint> Lifted<'l, 'a, S, F> {
    /// Unfolds what leads to the orbits of `targets`, states of level `depth`. `None` if these are more than `n_max` states.
    pub(super) fn build(
        levels: &'l Levels<'a, S, F>,
        depth: u32,
        targets: &[u32],
        n_max: usize,
    ) -> Result<Option<Self>, Error> {
        let mut wanted: Vec<BTreeSet<u32>> = Vec::with_capacity(depth as usize + 1);
        for edges in levels.edges_to(depth, targets)? {
            wanted.push(edges.iter().map(|edge| edge.from).collect());
        }
        wanted.push(targets.iter().copied().collect());
        let mut lifted = Lifted {
            levels,
            later: Vec::new(),
            edges: Vec::new(),
            ends: lifted_initial(levels, &wanted[0]),
        };
        let mut n_states = lifted.ends.len();
        for level in 0..depth {
            lifted.extend(level, &wanted[level as usize + 1])?;
            n_states += lifted.ends.len();
            if n_states > n_max {
                return Ok(None);
            }
        }
        Ok(Some(lifted))
    }

    /// Unfolds the next level: that of the orbits `wanted`.
    fn extend(&mut self, level: u32, wanted: &BTreeSet<u32>) -> Result<(), Error> {
        let space = self.levels.space();
        let mut scratch = S::Scratch::default();
        let mut candidates: Vec<F> = Vec::new();
        let mut next = S::Arena::default();
        let mut known: HashMap<u128, Vec<u32>> = HashMap::new();
        let (mut edges, mut ends) = (Vec::new(), Vec::new());
        let states = arena(self.levels, &self.later, level);
        for &(from, _) in &self.ends {
            let state = from as usize;
            self.levels
                .expand(states, state, &mut scratch, &mut candidates);
            for (step, &candidate) in candidates.iter().enumerate() {
                let step = step as u32;
                let place = match candidate == F::default() {
                    true => None,
                    false => (self.levels).find(states, state, step, candidate, &mut scratch)?,
                };
                let Some((at, kept)) = place else { continue };
                if at != level + 1 || !wanted.contains(&kept) {
                    continue;
                }
                space.successor(states, state, step, &mut scratch, &mut next)?;
                let last = next.len() - 1;
                let same = known.entry(space.fingerprint_apart(&next, last));
                let same = same.or_default();
                let mut others = same.iter().copied();
                let to = match others
                    .find(|&other| space.same_apart(&next, last, &next, other as usize))
                {
                    Some(other) => {
                        next.pop();
                        other
                    }
                    None => {
                        same.push(last as u32);
                        ends.push((last as u32, kept));
                        last as u32
                    }
                };
                edges.push(Edge { from, step, to });
            }
        }
        self.later.push(next);
        self.edges.push(edges);
        self.ends = ends;
        Ok(())
    }

    /// The states that the paths end in.
    pub(super) fn targets(&self) -> Vec<u32> {
        self.ends.iter().map(|&(state, _)| state).collect()
    }

    /// The kept state that stands for one of the targets.
    pub(super) fn kept(&self, target: u32) -> u32 {
        let found = self.ends.binary_search_by_key(&target, |&(state, _)| state);
        match found {
            Ok(at) => self.ends[at].1,
            Err(_) => unreachable!("a path ends in one of the states that were asked for"),
        }
    }
}

/// The initial states of some orbits, each once, with the kept states that stand for them.
fn lifted_initial<S: StateSpace, F: Fingerprint>(
    levels: &Levels<'_, S, F>,
    wanted: &BTreeSet<u32>,
) -> Vec<(u32, u32)> {
    let space = levels.space();
    let states = levels.arena(0);
    let mut known: HashMap<u128, Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for state in 0..states.len() {
        let fingerprint = space.fingerprint(states, state);
        let Some((0, kept)) = levels.place(states, state, fingerprint) else {
            continue;
        };
        let same = known.entry(space.fingerprint_apart(states, state));
        let same = same.or_default();
        let is_repeated = |&other: &usize| space.same_apart(states, state, states, other);
        if wanted.contains(&kept) && !same.iter().any(is_repeated) {
            same.push(state);
            found.push((state as u32, kept));
        }
    }
    found
}

fn arena<'x, S: StateSpace, F: Fingerprint>(
    levels: &'x Levels<'_, S, F>,
    later: &'x [S::Arena],
    level: u32,
) -> &'x S::Arena {
    match level {
        0 => levels.arena(0),
        _ => &later[level as usize - 1],
    }
}

impl<S: StateSpace, F: Fingerprint> Layers for Lifted<'_, '_, S, F> {
    fn label(&self, level: u32, state: u32, step: u32) -> Result<Label, Error> {
        let states = arena(self.levels, &self.later, level);
        self.levels.space().label(states, state as usize, step)
    }

    fn edges_to(&self, depth: u32, targets: &[u32]) -> Result<Vec<Vec<Edge>>, Error> {
        let mut wanted: BTreeSet<u32> = targets.iter().copied().collect();
        let mut all = Vec::with_capacity(depth as usize);
        for edges in self.edges[..depth as usize].iter().rev() {
            let edges = edges.iter().filter(|edge| wanted.contains(&edge.to));
            let edges: Vec<Edge> = edges.copied().collect();
            wanted = edges.iter().map(|edge| edge.from).collect();
            all.push(edges);
        }
        all.reverse();
        Ok(all)
    }
}
