//! A chunk: a few neighbouring states on their way through one batch, with everything that one thread finds out about them.
//!
//! Nothing here is shared between threads: a chunk reads the space and the states of its level, and writes to itself. What
//! chunks found is put together by the batch, in chunk order.

use super::frontier::{Block, Stretch};
use super::liveness::{Edges, Found};
use super::visited::group_of;
use crate::error::Error;
use crate::space::{Answer, Arena, Fingerprint, Judgement, PropertyKind, StateSpace};

/// What the search wants to hear about, bit by property.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// Report where the bit is clear: a violation.
    pub(super) always: u64,
    /// Report where the bit is set: a witness.
    pub(super) reachable: u64,
    /// Report quiescent states.
    pub(super) confluent: u64,
    /// Report the faults behind each violation.
    pub(super) faults: u64,
    /// Note goals and premises in every state.
    pub(super) live: u64,
}

impl Watch {
    /// Wants to hear about a property.
    pub(super) fn add(&mut self, property: usize, kind: PropertyKind) {
        let bits = match kind {
            PropertyKind::Reachable => &mut self.reachable,
            PropertyKind::Confluent => &mut self.confluent,
            PropertyKind::Always
            | PropertyKind::Implies
            | PropertyKind::NoDeadlock
            | PropertyKind::NoPanic => &mut self.always,
            // Decided when all states are known; see `liveness`.
            PropertyKind::Eventually
            | PropertyKind::LeadsTo
            | PropertyKind::Measure
            | PropertyKind::InfinitelyOften
            | PropertyKind::Stabilises => &mut self.live,
        };
        *bits |= 1 << property;
    }
}

/// What is worth telling about the new states of a chunk. States are indices into the chunk's arena.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Outside a boundary, ascending.
    pub(super) outside: Vec<u32>,
    /// The boundaries that states lie outside of.
    pub(super) outside_bits: u64,
    /// States with properties that are decided there.
    pub(super) decided: Vec<(u32, u64)>,
    /// Premises that hold in some state inside.
    pub(super) premise: u64,
    /// Quiescent states: property, inputs, value.
    pub(super) quiescent: Vec<(u32, (usize, u128, u128))>,
    /// Why there was a panic.
    pub(super) panics: Vec<(u32, String)>,
    /// For properties whose faults are watched: a property, the faults behind a violation, and the first state with both.
    pub(super) faults: Vec<(usize, Vec<u32>, u32)>,
}

impl Report {
    fn clear(&mut self) {
        self.outside.clear();
        self.outside_bits = 0;
        self.decided.clear();
        self.premise = 0;
        self.quiescent.clear();
        self.panics.clear();
        self.faults.clear();
    }

    /// Adds a state; the properties that are decided there.
    fn add(&mut self, state: u32, watch: Watch, judgement: &mut Judgement) -> u64 {
        if judgement.outside != 0 {
            self.outside.push(state);
            self.outside_bits |= judgement.outside;
            return 0;
        }
        self.premise |= judgement.premise;
        let decided = (!judgement.holds & watch.always) | (judgement.holds & watch.reachable);
        if decided != 0 {
            self.decided.push((state, decided));
            if let Some(why) = judgement.panic.take() {
                self.panics.push((state, why));
            }
        }
        let confluent = judgement.confluent.drain(..);
        let watched = confluent.filter(|&(property, ..)| watch.confluent & (1 << property) != 0);
        self.quiescent.extend(watched.map(|entry| (state, entry)));
        decided
    }

    /// Adds what broke the properties in `bits`.
    fn add_faults(&mut self, state: u32, mut bits: u64, faults: &[u32]) {
        while bits != 0 {
            let p = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let mut known = self.faults.iter_mut();
            match known.find(|(known, own, _)| *known == p && own == faults) {
                // States may be judged in two goes.
                Some((_, _, first)) => *first = state.min(*first),
                None => self.faults.push((p, faults.to_vec(), state)),
            }
        }
    }

    /// States were judged in two goes: back to ascending order.
    fn sort(&mut self) {
        self.outside.sort_unstable();
        self.decided.sort_unstable_by_key(|&(state, _)| state);
        self.quiescent
            .sort_by_key(|&(state, (property, ..))| (state, property));
        self.panics.sort_unstable_by_key(|&(state, _)| state);
        self.faults
            .sort_unstable_by_key(|&(p, _, state)| (state, p));
    }

    /// Forgets what was found in the states at `skip`, ascending, which include those outside, and counts them as outside.
    pub(super) fn leave_out(&mut self, skip: &[u32]) {
        let kept = |state: u32| skip.binary_search(&state).is_err();
        self.decided.retain(|&(state, _)| kept(state));
        self.quiescent.retain(|&(state, _)| kept(state));
        self.panics.retain(|&(state, _)| kept(state));
        self.faults.retain(|&(_, _, state)| kept(state));
        self.outside.clear();
        self.outside.extend_from_slice(skip);
    }

    /// How many of the states before `state` are inside.
    pub(super) fn inside_before(&self, state: u32) -> u64 {
        u64::from(state) - self.outside.partition_point(|&s| s < state) as u64
    }
}

/// A chunk's working memory; see the module.
pub(super) struct Chunk<A, F> {
    /// The states to expand.
    pub(super) stretch: Stretch,
    /// Indices of the states expanded.
    pub(super) parents: Vec<u32>,
    /// For each of them where its candidates end.
    pub(super) ends: Vec<usize>,
    /// Which of them still lack an answer.
    lacking: Vec<bool>,
    /// Whether a question of the current phase still lacks its answer.
    pub(super) missing: bool,
    /// The fingerprints of all successors, in order: the candidates.
    pub(super) candidates: Vec<F>,
    swap: Vec<F>,
    /// The candidates by group of shards, each group in order.
    grouped: Vec<F>,
    grouped_positions: Vec<u32>,
    group_starts: Vec<usize>,
    /// Positions of the candidates that are new, ascending.
    pub(super) fresh: Vec<u32>,
    /// The new states, in the order of `fresh`.
    pub(super) arena: A,
    unjudged: Vec<u32>,
    judgement: Judgement,
    /// For each new state what liveness needs of its judgement, where that is asked for.
    pub(super) found: Vec<Found>,
    /// The number of the first state of the stretch, and the steps of all its states with where they lead; where that is asked for.
    pub(super) first_number: u32,
    pub(super) edges: Edges,
    pub(super) led_to: Vec<F>,
    /// Why the chunk cannot go on.
    pub(super) failed: Option<Error>,
    /// How many of the candidates are steps, and not places without one.
    pub(super) n_steps: u64,
    /// How many candidates are known to lie outside.
    pub(super) n_outside: u64,
    /// The sum over the new states inside, where a digest is asked for.
    pub(super) digest: u128,
    pub(super) report: Report,
    /// For each parent how many of its children are new and inside.
    pub(super) n_children: Vec<u32>,
    /// For each new state inside, the step that leads to it.
    pub(super) steps: Vec<u32>,
}

impl<A: Arena, F: Fingerprint> Default for Chunk<A, F> {
    fn default() -> Self {
        Chunk {
            stretch: Stretch::default(),
            parents: Vec::new(),
            ends: Vec::new(),
            lacking: Vec::new(),
            missing: false,
            candidates: Vec::new(),
            swap: Vec::new(),
            grouped: Vec::new(),
            grouped_positions: Vec::new(),
            group_starts: Vec::new(),
            fresh: Vec::new(),
            arena: A::default(),
            unjudged: Vec::new(),
            judgement: Judgement::default(),
            found: Vec::new(),
            first_number: 0,
            edges: Edges::default(),
            led_to: Vec::new(),
            failed: None,
            n_steps: 0,
            n_outside: 0,
            digest: 0,
            report: Report::default(),
            n_children: Vec::new(),
            steps: Vec::new(),
        }
    }
}

impl<A: Arena, F: Fingerprint> Chunk<A, F> {
    /// Begins with the states of `stretch`.
    pub(super) fn begin(&mut self, stretch: Stretch) {
        self.stretch = stretch;
        self.parents.clear();
        self.missing = true;
        self.report.clear();
    }

    /// Asks for the candidates of all states, the first time, or of those that still lack them.
    pub(super) fn expand<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        block: &Block<A>,
        scratch: &mut S::Scratch,
    ) {
        if self.parents.is_empty() {
            let live = block.live(self.stretch.range.clone());
            self.parents.extend(live.map(|i| i as u32));
            self.candidates.clear();
            self.ends.clear();
            self.ends.resize(self.parents.len(), 0);
            self.lacking.clear();
            self.lacking.resize(self.parents.len(), true);
        }
        self.missing = false;
        std::mem::swap(&mut self.candidates, &mut self.swap);
        self.candidates.clear();
        let mut start = 0;
        for (i, &parent) in self.parents.iter().enumerate() {
            let known = start..self.ends[i];
            start = self.ends[i];
            let begin = self.candidates.len();
            if self.lacking[i] {
                match space.expand(&block.arena, parent as usize, scratch, &mut self.candidates) {
                    Answer::Complete => self.lacking[i] = false,
                    Answer::Missing => {
                        self.candidates.truncate(begin);
                        self.missing = true;
                    }
                }
            } else {
                self.candidates.extend_from_slice(&self.swap[known]);
            }
            self.ends[i] = self.candidates.len();
        }
        let steps = self
            .candidates
            .iter()
            .filter(|&&candidate| candidate != F::default());
        self.n_steps = steps.count() as u64;
    }

    /// Has the space count the steps of the states expanded.
    pub(super) fn tally<S: StateSpace<Arena = A>>(&self, space: &S, block: &Block<A>) {
        let mut start = 0;
        for (&parent, &end) in self.parents.iter().zip(&self.ends) {
            let candidates = &self.candidates[start..end];
            let is_step = |place: usize| candidates[place] != F::default();
            space.tally(&block.arena, parent as usize, &is_step);
            start = end;
        }
    }

    /// Sorts the candidates by groups of shards, keeping their order within each.
    pub(super) fn group(&mut self, n_groups: usize) {
        let mut counts = [0usize; super::visited::SHARDS];
        // Zeros mark places without a step: they belong to no group.
        let steps = || {
            let candidates = self.candidates.iter().enumerate();
            candidates.filter(|&(_, &candidate)| candidate != F::default())
        };
        for (_, &candidate) in steps() {
            counts[group_of(candidate, n_groups)] += 1;
        }
        self.group_starts.clear();
        let mut start = 0;
        for count in &mut counts[..n_groups] {
            self.group_starts.push(start);
            start += std::mem::replace(count, start);
        }
        self.group_starts.push(start);
        self.grouped.clear();
        self.grouped.resize(start, F::default());
        self.grouped_positions.clear();
        self.grouped_positions.resize(start, 0);
        for (position, &candidate) in steps() {
            let next = &mut counts[group_of(candidate, n_groups)];
            self.grouped[*next] = candidate;
            self.grouped_positions[*next] = position as u32;
            *next += 1;
        }
    }

    /// The candidates of a group, and where they stand among all.
    pub(super) fn of_group(&self, group: usize) -> (&[F], &[u32]) {
        let range = self.group_starts[group]..self.group_starts[group + 1];
        (&self.grouped[range.clone()], &self.grouped_positions[range])
    }

    /// The parent (position among [`parents`](Self::parents)) of the candidate at `position`, looked for from `from` on, and the
    /// position of its first candidate.
    fn parent_of(&self, position: u32, mut from: usize) -> (usize, usize) {
        while self.ends[from] <= position as usize {
            from += 1;
        }
        let start = if from == 0 { 0 } else { self.ends[from - 1] };
        (from, start)
    }

    /// The parent, an index into its block, and the step behind a candidate.
    pub(super) fn origin(&self, position: usize) -> (usize, u32) {
        let parent = self.ends.partition_point(|&end| end <= position);
        let start = if parent == 0 {
            0
        } else {
            self.ends[parent - 1]
        };
        (self.parents[parent] as usize, (position - start) as u32)
    }

    /// Builds the new states, checks that they are what was announced, and judges them.
    pub(super) fn emit<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        block: &Block<A>,
        scratch: &mut S::Scratch,
        watch: Watch,
    ) -> Result<(), Error> {
        self.steps.clear();
        self.n_children.clear();
        self.n_children.resize(self.parents.len(), 0);
        let mut parent = 0;
        for i in 0..self.fresh.len() {
            let start;
            (parent, start) = self.parent_of(self.fresh[i], parent);
            self.steps.push(self.fresh[i] - start as u32);
            self.n_children[parent] += 1;
        }
        let mut steps = &self.steps[..];
        for (i, &n) in self.n_children.iter().enumerate() {
            if n > 0 {
                let own;
                (own, steps) = steps.split_at(n as usize);
                let parent = self.parents[i] as usize;
                space.successors(&block.arena, parent, own, scratch, &mut self.arena)?;
            }
        }
        assert_eq!(
            self.arena.len(),
            self.fresh.len(),
            "a space gives one state for each step"
        );
        for (i, &position) in self.fresh.iter().enumerate() {
            if space.fingerprint::<F>(&self.arena, i) != self.candidates[position as usize] {
                return Err(differs());
            }
        }
        self.unjudged.clear();
        self.unjudged.extend(0..self.fresh.len() as u32);
        self.found.clear();
        self.judge(space, scratch, watch);
        Ok(())
    }

    /// Judges the states of the arena that are not judged yet, as far as the space can answer.
    pub(super) fn judge<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        scratch: &mut S::Scratch,
        watch: Watch,
    ) {
        let (arena, judgement, report) = (&self.arena, &mut self.judgement, &mut self.report);
        let found = &mut self.found;
        if watch.live != 0 {
            found.resize(arena.len(), Found::default());
        }
        let mut faults = Vec::new();
        let n_before = self.unjudged.len();
        self.unjudged.retain(|&state| {
            match space.judge(arena, state as usize, scratch, judgement) {
                Answer::Missing => true,
                Answer::Complete => {
                    if watch.live != 0 {
                        found[state as usize] = Found::of(judgement, watch.live);
                    }
                    let watched = report.add(state, watch, judgement) & watch.faults;
                    if watched != 0 {
                        faults.clear();
                        space.faults(arena, state as usize, &mut faults);
                        report.add_faults(state, watched, &faults);
                    }
                    false
                }
            }
        });
        self.missing = !self.unjudged.is_empty();
        if !self.missing {
            if n_before < arena.len() {
                report.sort();
            }
            self.leave_out_outside();
        }
    }

    /// Takes the states outside out of the numbers that the log is told.
    fn leave_out_outside(&mut self) {
        if self.report.outside.is_empty() || self.ends.is_empty() {
            return;
        }
        let mut outside = self.report.outside.iter().copied().peekable();
        let mut state = 0;
        let mut kept = 0;
        for n in &mut self.n_children {
            for _ in 0..std::mem::take(n) {
                if outside.next_if_eq(&state).is_none() {
                    self.steps[kept] = self.steps[state as usize];
                    kept += 1;
                    *n += 1;
                }
                state += 1;
            }
        }
        self.steps.truncate(kept);
    }

    /// Judges states that no step led to. Ask again, by [`judge`](Self::judge), while something is [`missing`](Self::missing).
    pub(super) fn judge_initial<S: StateSpace<Arena = A>>(
        &mut self,
        space: &S,
        arena: A,
        scratch: &mut S::Scratch,
        watch: Watch,
    ) {
        self.report.clear();
        self.ends.clear();
        self.arena = arena;
        self.unjudged.clear();
        self.unjudged.extend(0..self.arena.len() as u32);
        self.found.clear();
        self.judge(space, scratch, watch);
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let fingerprints = self.candidates.capacity()
            + self.swap.capacity()
            + self.grouped.capacity()
            + self.led_to.capacity();
        let positions = self.grouped_positions.capacity() + self.fresh.capacity();
        let found = self.found.capacity() * size_of::<Found>() + self.edges.bytes();
        fingerprints * size_of::<F>() + positions * size_of::<u32>() + found + self.arena.bytes()
    }
}

/// The two-state self check failed.
pub(super) fn differs() -> Error {
    Error::model("the model answers differently the second time: a step leads to another state when it is taken again").with_cure(
        "a model may depend on nothing but the state it is given: no clock, no random numbers, no iteration over hash maps, no shared memory",
    )
}
