//! The first levels of a space, kept whole: what it takes to compare all shortest paths to a state. Judges nothing by itself.
//!
//! The space has answered every question asked here before, during the search, so none is answered with [`Answer::Missing`]. In a search up to symmetry
//! it has answered the images of the questions as well.

use std::collections::HashMap;

use crate::error::Error;
use crate::search::{Block, Edge, Layers};
use crate::space::{Answer, Arena, Fingerprint, Judgement, Label, StateSpace};

/// A state of a level, as far as properties go.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    pub(super) holds: u64,
    /// Not part of the level: outside a boundary, or repeated.
    skip: bool,
}

/// A quiescent state: level, index, property, inputs, value.
type Quiescent = (u32, u32, usize, u128, u128);

/// All states down to some depth.
pub(super) struct Levels<'a, S: StateSpace, F> {
    space: &'a S,
    initial: &'a Block<S::Arena>,
    /// Levels 1, 2, …
    later: Vec<S::Arena>,
    judged: Vec<Vec<Judged>>,
    quiescent: Vec<Quiescent>,
    /// Where the states with a fingerprint are: level and index. One each, unless states are compared in full.
    places: HashMap<F, Vec<(u32, u32)>>,
    exact: bool,
}

impl<'a, S: StateSpace, F: Fingerprint> Levels<'a, S, F> {
    /// Explores levels 0 to `depth`.
    pub(super) fn build(
        space: &'a S,
        initial: &'a Block<S::Arena>,
        depth: u32,
        exact: bool,
    ) -> Result<Self, Error> {
        let mut levels = Levels {
            space,
            initial,
            later: Vec::new(),
            judged: Vec::new(),
            quiescent: Vec::new(),
            places: HashMap::new(),
            exact,
        };
        let judged = levels.judge(0, &initial.skip);
        for (i, state) in judged.iter().enumerate() {
            if !state.skip {
                let fingerprint = space.fingerprint(&initial.arena, i);
                let places = levels.places.entry(fingerprint).or_default();
                places.push((0, i as u32));
            }
        }
        levels.judged.push(judged);
        for level in 0..depth {
            levels.extend(level)?;
        }
        Ok(levels)
    }

    pub(super) fn space(&self) -> &'a S {
        self.space
    }

    pub(super) fn arena(&self, level: u32) -> &S::Arena {
        match level {
            0 => &self.initial.arena,
            _ => &self.later[level as usize - 1],
        }
    }

    /// Adds the level behind `level`.
    fn extend(&mut self, level: u32) -> Result<(), Error> {
        self.later.push(S::Arena::default());
        let mut scratch = S::Scratch::default();
        let mut candidates = Vec::new();
        for state in 0..self.arena(level).len() {
            if self.judged[level as usize][state].skip {
                continue;
            }
            let from = self.arena(level);
            self.expand(from, state, &mut scratch, &mut candidates);
            for (step, &candidate) in candidates.iter().enumerate() {
                let step = step as u32;
                let from = self.arena(level);
                if candidate == F::default()
                    || self
                        .find(from, state, step, candidate, &mut scratch)?
                        .is_some()
                {
                    continue;
                }
                let Some(mut next) = self.later.pop() else {
                    unreachable!("the next level was just pushed")
                };
                let from = self.arena(level);
                self.space
                    .successor(from, state, step, &mut scratch, &mut next)?;
                let place = (level + 1, (next.len() - 1) as u32);
                self.later.push(next);
                self.places.entry(candidate).or_default().push(place);
            }
        }
        let judged = self.judge(level + 1, &[]);
        self.judged.push(judged);
        Ok(())
    }

    /// The fingerprints of a state's successors.
    pub(super) fn expand(
        &self,
        states: &S::Arena,
        state: usize,
        scratch: &mut S::Scratch,
        candidates: &mut Vec<F>,
    ) {
        candidates.clear();
        let answer = self.space.expand(states, state, scratch, candidates);
        assert_eq!(answer, Answer::Complete, "a space keeps its answers");
    }

    /// Where the successor of a state is, if it is in one of the levels.
    pub(super) fn find(
        &self,
        states: &S::Arena,
        state: usize,
        step: u32,
        candidate: F,
        scratch: &mut S::Scratch,
    ) -> Result<Option<(u32, u32)>, Error> {
        if !self.exact || !self.places.contains_key(&candidate) {
            let places = self.places.get(&candidate);
            return Ok(places.and_then(|places| places.first().copied()));
        }
        let mut successor = S::Arena::default();
        self.space
            .successor(states, state, step, scratch, &mut successor)?;
        Ok(self.place(&successor, 0, candidate))
    }

    /// Where a state is, if it is in one of the levels.
    pub(super) fn place(
        &self,
        states: &S::Arena,
        state: usize,
        fingerprint: F,
    ) -> Option<(u32, u32)> {
        let mut places = self.places.get(&fingerprint)?.iter();
        let is_it = |&&(level, index): &&(u32, u32)| {
            let arena = self.arena(level);
            !self.exact || self.space.same(states, state, arena, index as usize)
        };
        places.find(is_it).copied()
    }

    /// Judges the states of a level. Those at `skip`, ascending, are not part of it.
    fn judge(&mut self, level: u32, skip: &[u32]) -> Vec<Judged> {
        let mut scratch = S::Scratch::default();
        let mut judgement = Judgement::default();
        let mut quiescent = Vec::new();
        let arena = self.arena(level);
        let judged = (0..arena.len()).map(|state| {
            if skip.binary_search(&(state as u32)).is_ok() {
                // It may be the image of another one, and was never asked about.
                return Judged {
                    holds: 0,
                    skip: true,
                };
            }
            let answer = self.space.judge(arena, state, &mut scratch, &mut judgement);
            assert_eq!(answer, Answer::Complete, "a space keeps its answers");
            let skip = judgement.outside != 0;
            if !skip {
                let confluent = judgement.confluent.drain(..);
                quiescent.extend(
                    confluent.map(|(p, inputs, value)| (level, state as u32, p, inputs, value)),
                );
            }
            Judged {
                holds: judgement.holds,
                skip,
            }
        });
        let judged = judged.collect();
        self.quiescent.append(&mut quiescent);
        judged
    }

    /// The states of a level that satisfy a condition, ascending.
    pub(super) fn states(&self, level: u32, condition: impl Fn(Judged) -> bool) -> Vec<u32> {
        let judged = self.judged[level as usize].iter().enumerate();
        judged
            .filter(|&(_, &judged)| !judged.skip && condition(judged))
            .map(|(state, _)| state as u32)
            .collect()
    }

    /// Keeps those states of a level that took so many faults.
    pub(super) fn keep_with_faults(&self, level: u32, n: u64, states: &mut Vec<u32>) {
        let mut faults = Vec::new();
        states.retain(|&state| {
            faults.clear();
            self.space
                .faults(self.arena(level), state as usize, &mut faults);
            faults.iter().map(|&n| u64::from(n)).sum::<u64>() == n
        });
    }

    /// All quiescent states.
    pub(super) fn quiescent(&self) -> &[Quiescent] {
        &self.quiescent
    }
}

impl<S: StateSpace, F: Fingerprint> Layers for Levels<'_, S, F> {
    fn label(&self, level: u32, state: u32, step: u32) -> Result<Label, Error> {
        self.space.label(self.arena(level), state as usize, step)
    }

    fn edges_to(&self, depth: u32, targets: &[u32]) -> Result<Vec<Vec<Edge>>, Error> {
        let mut scratch = S::Scratch::default();
        let mut candidates = Vec::new();
        let mut wanted = vec![false; self.arena(depth).len()];
        for &target in targets {
            wanted[target as usize] = true;
        }
        let mut all = Vec::with_capacity(depth as usize);
        for level in (0..depth).rev() {
            let mut edges = Vec::new();
            let n = self.arena(level).len();
            let mut wanted_here = vec![false; n];
            for (state, is_wanted) in wanted_here.iter_mut().enumerate() {
                if self.judged[level as usize][state].skip {
                    continue;
                }
                let states = self.arena(level);
                self.expand(states, state, &mut scratch, &mut candidates);
                for (step, &candidate) in candidates.iter().enumerate() {
                    let step = step as u32;
                    if candidate == F::default() {
                        continue;
                    }
                    let place = self.find(states, state, step, candidate, &mut scratch)?;
                    if let Some((at, to)) = place
                        && at == level + 1
                        && wanted[to as usize]
                    {
                        *is_wanted = true;
                        let from = state as u32;
                        edges.push(Edge { from, step, to });
                    }
                }
            }
            all.push(edges);
            wanted = wanted_here;
        }
        all.reverse();
        Ok(all)
    }
}
