//! The actor space as a [`StateSpace`], the type of its messages erased.
//!
//! A search is compiled once for all systems, not once for each type of messages: users' crates build in seconds. One dynamic call a
//! state costs nothing beside what the call does.

use std::any::Any;

use super::{KeyMap, Scratch, TypedSpace, Words, judge};
use crate::error::Error;
#[cfg(debug_assertions)]
use crate::space::sabotage::Sabotage;
use crate::space::{
    Absorbed, Answer, Class, FairClass, FaultKinds, Fingerprint, Judgement, Label, NeverExercised,
    Pace, PropertyDecl, Rendered, Share, StateSpace,
};
use crate::system::{Message, System};

/// The state space of a [`System`].
pub struct ActorSpace(Box<dyn Actors>);

impl ActorSpace {
    /// Compiles a system.
    ///
    /// # Errors
    /// A reserved actor was never set; two actors or properties share a name; too many properties; a stimulus for nobody.
    pub fn new<M: Message>(system: System<M>) -> Result<Self, Error> {
        Self::of(system)
    }

    /// Compiles a system whose messages need not have an encoding.
    pub(crate) fn of<M: Clone + Send + Sync + 'static>(system: System<M>) -> Result<Self, Error> {
        Ok(ActorSpace(Box::new(TypedSpace::new(system)?)))
    }

    /// The same space with a deliberate fault, for the tests that must catch it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    #[must_use]
    pub fn sabotaged(mut self, fault: Sabotage) -> Self {
        self.0.sabotage(fault);
        self
    }
}

/// A [`TypedSpace`], whatever its messages: the methods of [`StateSpace`], by state.
trait Actors: Send + Sync {
    #[cfg(debug_assertions)]
    fn sabotage(&mut self, fault: Sabotage);
    #[cfg(debug_assertions)]
    fn fault(&self) -> Option<Sabotage>;
    fn properties(&self) -> &[PropertyDecl];
    fn boundaries(&self) -> &[String];
    fn lanes(&self) -> &[String];
    fn seed(&mut self, seed: u64);
    fn initial(&mut self, out: &mut Words) -> Result<(), Error>;
    /// The sum that a fingerprint finishes.
    fn sum_of(&self, state: &[u32]) -> u128;
    fn expand_64(&self, state: &[u32], scratch: &mut Scratch, out: &mut Vec<u64>) -> Answer;
    fn expand_128(&self, state: &[u32], scratch: &mut Scratch, out: &mut Vec<u128>) -> Answer;
    fn successor(&self, state: &[u32], step: u32, scratch: &mut Scratch, out: &mut Words) -> bool;
    /// How many were built.
    fn successors(
        &self,
        state: &[u32],
        steps: &[u32],
        scratch: &mut Scratch,
        out: &mut Words,
    ) -> usize;
    fn judge(&self, state: &[u32], scratch: &mut Scratch, out: &mut Judgement) -> Answer;
    fn absorb(&mut self, scratches: &mut [Scratch]) -> Result<Absorbed, Error>;
    fn fair(&self, state: &[u32], scratch: &mut Scratch, out: &mut Vec<Share>);
    fn may_stay(&self, state: &[u32], has_steps: bool, scratch: &mut Scratch) -> bool;
    fn class(&self, class: Class) -> FairClass;
    fn has_ticks(&self) -> bool;
    fn paces(&self, state: &[u32], out: &mut Vec<Pace>);
    fn assumptions(&self) -> Vec<String>;
    fn symmetry(&self) -> Option<String>;
    fn reduce(&mut self, on: bool) -> Result<(), Error>;
    fn fault_kinds(&self) -> FaultKinds;
    fn faults(&self, state: &[u32], out: &mut Vec<u32>);
    fn same(&self, a: &[u32], b: &[u32]) -> bool;
    fn label(&self, state: &[u32], step: u32) -> Result<Label, Error>;
    fn render(&self, state: &[u32]) -> Rendered;
    fn never_exercised(&self) -> Vec<NeverExercised>;
    fn bytes(&self) -> usize;
}

impl StateSpace for ActorSpace {
    type Arena = Words;
    type Scratch = Scratch;

    fn properties(&self) -> &[PropertyDecl] {
        self.0.properties()
    }

    fn boundaries(&self) -> &[String] {
        self.0.boundaries()
    }

    fn lanes(&self) -> &[String] {
        self.0.lanes()
    }

    fn seed(&mut self, seed: u64) {
        self.0.seed(seed);
    }

    fn initial(&mut self, out: &mut Words) -> Result<(), Error> {
        self.0.initial(out)
    }

    fn fingerprint<F: Fingerprint>(&self, states: &Words, index: usize) -> F {
        F::finish(self.0.sum_of(states.state(index)))
    }

    #[inline]
    fn expand<F: Fingerprint>(
        &self,
        states: &Words,
        index: usize,
        scratch: &mut Scratch,
        out: &mut Vec<F>,
    ) -> Answer {
        let state = states.state(index);
        let out: &mut dyn Any = out;
        if let Some(out) = out.downcast_mut::<Vec<u64>>() {
            self.0.expand_64(state, scratch, out)
        } else if let Some(out) = out.downcast_mut::<Vec<u128>>() {
            self.0.expand_128(state, scratch, out)
        } else {
            unreachable!("a fingerprint has 64 or 128 bits")
        }
    }

    fn successor(
        &self,
        states: &Words,
        index: usize,
        step: u32,
        scratch: &mut Scratch,
        out: &mut Words,
    ) -> Result<(), Error> {
        assert!(
            self.0.successor(states.state(index), step, scratch, out),
            "step {step} of an expanded state is no step"
        );
        Ok(())
    }

    fn successors(
        &self,
        states: &Words,
        index: usize,
        steps: &[u32],
        scratch: &mut Scratch,
        out: &mut Words,
    ) -> Result<(), Error> {
        let built = self.0.successors(states.state(index), steps, scratch, out);
        assert!(
            built == steps.len(),
            "{} of {} steps of an expanded state are steps",
            built,
            steps.len()
        );
        Ok(())
    }

    fn judge(
        &self,
        states: &Words,
        index: usize,
        scratch: &mut Scratch,
        out: &mut Judgement,
    ) -> Answer {
        self.0.judge(states.state(index), scratch, out)
    }

    fn absorb(&mut self, scratches: &mut [Scratch]) -> Result<Absorbed, Error> {
        self.0.absorb(scratches)
    }

    fn fair(&self, states: &Words, index: usize, scratch: &mut Scratch, out: &mut Vec<Share>) {
        self.0.fair(states.state(index), scratch, out);
    }

    fn may_stay(
        &self,
        states: &Words,
        index: usize,
        has_steps: bool,
        scratch: &mut Scratch,
    ) -> bool {
        self.0.may_stay(states.state(index), has_steps, scratch)
    }

    fn class(&self, class: Class) -> FairClass {
        self.0.class(class)
    }

    fn has_ticks(&self) -> bool {
        self.0.has_ticks()
    }

    fn paces(&self, states: &Words, index: usize, out: &mut Vec<Pace>) {
        self.0.paces(states.state(index), out);
    }

    fn assumptions(&self) -> Vec<String> {
        self.0.assumptions()
    }

    fn symmetry(&self) -> Option<String> {
        self.0.symmetry()
    }

    fn reduce(&mut self, on: bool) -> Result<(), Error> {
        self.0.reduce(on)
    }

    fn fault_kinds(&self) -> FaultKinds {
        self.0.fault_kinds()
    }

    fn faults(&self, states: &Words, index: usize, out: &mut Vec<u32>) {
        self.0.faults(states.state(index), out);
    }

    fn same(&self, a: &Words, a_index: usize, b: &Words, b_index: usize) -> bool {
        self.0.same(a.state(a_index), b.state(b_index))
    }

    fn label(&self, states: &Words, index: usize, step: u32) -> Result<Label, Error> {
        self.0.label(states.state(index), step)
    }

    fn render(&self, states: &Words, index: usize) -> Rendered {
        self.0.render(states.state(index))
    }

    fn never_exercised(&self) -> Vec<NeverExercised> {
        self.0.never_exercised()
    }

    #[cfg(debug_assertions)]
    fn fault(&self) -> Option<Sabotage> {
        self.0.fault()
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl<M: Clone + Send + Sync + 'static> Actors for TypedSpace<M> {
    #[cfg(debug_assertions)]
    fn sabotage(&mut self, fault: Sabotage) {
        self.put_fault(fault);
    }

    #[cfg(debug_assertions)]
    fn fault(&self) -> Option<Sabotage> {
        self.hash.sabotage.fault()
    }

    fn properties(&self) -> &[PropertyDecl] {
        &self.properties
    }

    fn boundaries(&self) -> &[String] {
        &self.boundaries
    }

    fn lanes(&self) -> &[String] {
        &self.lanes
    }

    fn seed(&mut self, seed: u64) {
        self.hash.seed = seed;
        self.is_stale = true;
    }

    fn initial(&mut self, out: &mut Words) -> Result<(), Error> {
        // Whoever walks a path after a search asks for the initial states again, and its steps must keep their places.
        if self.is_stale {
            self.reset()?;
            self.is_stale = false;
        }
        let states = self.initial_states()?;
        if self.orbits.is_on {
            self.close()?;
            self.compare_initial(&states)?;
        }
        for state in states {
            out.push(&state);
        }
        Ok(())
    }

    fn sum_of(&self, state: &[u32]) -> u128 {
        if self.orbits.is_on {
            self.canonical_sum(state)
        } else {
            self.fingerprint_sum(state)
        }
    }

    fn expand_64(&self, state: &[u32], scratch: &mut Scratch, out: &mut Vec<u64>) -> Answer {
        self.expand_state(state, scratch, out)
    }

    fn expand_128(&self, state: &[u32], scratch: &mut Scratch, out: &mut Vec<u128>) -> Answer {
        self.expand_state(state, scratch, out)
    }

    fn successor(&self, state: &[u32], step: u32, scratch: &mut Scratch, out: &mut Words) -> bool {
        self.build(state, step, scratch, out)
    }

    fn successors(
        &self,
        state: &[u32],
        steps: &[u32],
        scratch: &mut Scratch,
        out: &mut Words,
    ) -> usize {
        self.build_all(state, steps, scratch, out)
    }

    fn judge(&self, state: &[u32], scratch: &mut Scratch, out: &mut Judgement) -> Answer {
        self.judge_state(state, scratch, out)
    }

    fn absorb(&mut self, scratches: &mut [Scratch]) -> Result<Absorbed, Error> {
        self.absorb_all(scratches)
    }

    fn fair(&self, state: &[u32], scratch: &mut Scratch, out: &mut Vec<Share>) {
        self.shares(state, scratch, out);
    }

    fn may_stay(&self, state: &[u32], has_steps: bool, scratch: &mut Scratch) -> bool {
        self.may_stay_in(state, has_steps, scratch)
    }

    fn class(&self, class: Class) -> FairClass {
        self.fair_class(class)
    }

    fn has_ticks(&self) -> bool {
        self.clock.is_some()
    }

    fn paces(&self, state: &[u32], out: &mut Vec<Pace>) {
        self.paces_in(state, out);
    }

    fn assumptions(&self) -> Vec<String> {
        self.assumed_in_words()
    }

    fn symmetry(&self) -> Option<String> {
        self.symmetry_in_words()
    }

    fn reduce(&mut self, on: bool) -> Result<(), Error> {
        self.set_reduction(on)
    }

    fn fault_kinds(&self) -> FaultKinds {
        self.declared_faults().0
    }

    fn faults(&self, state: &[u32], out: &mut Vec<u32>) {
        let counters = self.fault_counters.iter();
        out.extend(counters.map(|&counter| self.budget.value(state[self.budget_at()], counter)));
    }

    fn same(&self, a: &[u32], b: &[u32]) -> bool {
        // Components are interned by comparison, so equal states are equal words.
        if self.orbits.is_on {
            return self.canonical_words(a) == self.canonical_words(b);
        }
        a == b
    }

    fn label(&self, state: &[u32], step: u32) -> Result<Label, Error> {
        self.label_step(state, step)
    }

    fn render(&self, state: &[u32]) -> Rendered {
        self.render_words(state)
    }

    fn never_exercised(&self) -> Vec<NeverExercised> {
        self.never_exercised_list()
    }

    fn bytes(&self) -> usize {
        self.orbits.bytes()
            + self.locals.bytes()
            + self.envelopes.bytes()
            + self
                .observed
                .iter()
                .map(crate::space::intern::Table::bytes)
                .sum::<usize>()
            + self.items.capacity() * size_of::<super::Item>()
            + self.entries.capacity() * size_of::<super::Entry>()
            + self.sends.capacity() * size_of::<u32>()
            + self.memo.bytes()
            + self.inside.bytes()
            + self.inside_lists.capacity() * size_of::<(u32, u32)>()
            + self.interruptions.capacity() * size_of::<super::Interruption>()
            + self.pushes.bytes()
            + self.folds.iter().map(KeyMap::bytes).sum::<usize>()
            + self
                .decisions
                .iter()
                .map(judge::Decision::bytes)
                .sum::<usize>()
    }
}
