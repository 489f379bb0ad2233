//! The actor space as a [`StateSpace`].

use super::{ActorSpace, Decision, KeyMap, Scratch, Words};
use crate::error::Error;
use crate::space::{
    Absorbed, Answer, Asked, Budget, Class, FairClass, Fairness, FaultKinds, Fingerprint,
    HandlerCount, Judgement, Label, NeverExercised, Pace, PropertyDecl, Rendered, Share,
    StateSpace,
};
use crate::system::NoOp;

impl StateSpace for ActorSpace {
    type Arena = Words;
    type Scratch = Scratch;

    fn properties(&self) -> &[PropertyDecl] {
        &self.properties
    }

    fn boundaries(&self) -> &[String] {
        &self.boundaries
    }

    fn lanes(&self) -> &[String] {
        &self.lanes
    }

    fn count_every_delivery(&mut self) {
        // By stateright's rule what touches nothing is no step, whoever asks.
        if self.system.rules.no_op == NoOp::Equality {
            self.every_delivery_counts = true;
            self.is_stale = true;
        }
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

    fn fingerprint<F: Fingerprint>(&self, states: &Words, index: usize) -> F {
        let words = states.state(index);
        if self.orbits.is_on {
            return F::finish(self.canonical_sum(words));
        }
        F::finish(self.fingerprint_sum(words))
    }

    #[inline]
    fn expand<F: Fingerprint>(
        &self,
        states: &Words,
        index: usize,
        scratch: &mut Scratch,
        out: &mut Vec<F>,
    ) -> Answer {
        self.expand_state(states.state(index), scratch, out)
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
            self.build(states.state(index), step, scratch, out),
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
        let built = self.build_all(states.state(index), steps, scratch, out);
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
        self.judge_state(states.state(index), scratch, out)
    }

    fn asked(&self, states: &Words, index: usize, property: usize) -> Result<Vec<Asked>, Error> {
        self.asked_of(states.state(index), property)
    }

    fn absorb(&mut self, scratches: &mut [Scratch]) -> Result<Absorbed, Error> {
        self.absorb_all(scratches)
    }

    fn fair(&self, states: &Words, index: usize, steps: &[u32], out: &mut Vec<Share>) {
        self.shares(states.state(index), steps, out);
    }

    fn may_stay(&self, states: &Words, index: usize, steps: &[u32]) -> bool {
        self.may_stay_in(states.state(index), steps)
    }

    fn class(&self, class: Class) -> FairClass {
        self.fair_class(class)
    }

    fn fairness(&self, class: Class) -> Fairness {
        self.fairness_of(class)
    }

    fn has_ticks(&self) -> bool {
        self.clock.is_some()
    }

    fn paces(&self, states: &Words, index: usize, out: &mut Vec<Pace>) {
        self.paces_in(states.state(index), out);
    }

    fn assumptions(&self) -> Vec<String> {
        self.assumed_in_words()
    }

    fn ask_of_runs(&mut self) {
        if !self.asks_liveness {
            self.asks_liveness = true;
            // A message that is ignored is gone, which shows in what never happens.
            self.every_delivery_counts |= self.system.rules.no_op == NoOp::Equality;
            self.is_stale = true;
        }
    }

    fn symmetry(&self) -> Option<String> {
        self.symmetry_in_words()
    }

    fn reduce(&mut self, on: bool) -> Result<(), Error> {
        self.set_reduction(on)
    }

    fn fingerprint_apart(&self, states: &Words, index: usize) -> u128 {
        self.fingerprint_sum(states.state(index))
    }

    fn same_apart(&self, a: &Words, a_index: usize, b: &Words, b_index: usize) -> bool {
        a.state(a_index) == b.state(b_index)
    }

    fn bound_faults(&mut self, max: Option<u32>) -> Result<(), Error> {
        self.bound_faults_by(max)
    }

    fn fault_kinds(&self) -> FaultKinds {
        self.declared_faults().0
    }

    fn budgets(&self) -> Vec<Budget> {
        self.budget.declared_budgets()
    }

    fn faults(&self, states: &Words, index: usize, out: &mut Vec<u32>) {
        let words = states.state(index);
        let counters = self.fault_counters.iter();
        out.extend(counters.map(|&counter| self.budget.value(words[self.budget_at()], counter)));
    }

    fn same(&self, a: &Words, a_index: usize, b: &Words, b_index: usize) -> bool {
        // Components are interned by comparison, so equal states are equal words.
        let (a, b) = (a.state(a_index), b.state(b_index));
        if self.orbits.is_on {
            return self.canonical_words(a) == self.canonical_words(b);
        }
        a == b
    }

    fn label(&self, states: &Words, index: usize, step: u32) -> Result<Label, Error> {
        self.label_step(states.state(index), step)
    }

    fn render(&self, states: &Words, index: usize) -> Rendered {
        self.render_words(states.state(index))
    }

    fn down(&self, states: &Words, index: usize) -> Vec<u32> {
        let words = states.state(index);
        let locals = words[..self.n_actors()].iter().zip(0..);
        let down = locals.filter(|&(&id, _)| {
            let info = &self.local_infos[id as usize];
            !info.up && info.panicked.is_none()
        });
        down.map(|(_, lane)| lane).collect()
    }

    fn count_handlers(&mut self, on: bool) {
        self.fired.is_on = on;
    }

    fn tally(&self, states: &Words, index: usize, is_step: &dyn Fn(usize) -> bool) {
        self.tally_state(states.state(index), is_step);
    }

    fn handlers(&self) -> Vec<HandlerCount> {
        // Up to symmetry a situation stands for others, of other actors too.
        match self.orbits.is_on {
            true => Vec::new(),
            false => self.handler_counts(),
        }
    }

    fn never_exercised(&self) -> Vec<NeverExercised> {
        self.never_exercised_list()
    }

    #[cfg(debug_assertions)]
    fn fault(&self) -> Option<crate::space::sabotage::Sabotage> {
        self.hash.sabotage.fault()
    }

    fn bytes(&self) -> usize {
        self.orbits.bytes()
            + self.fired.bytes()
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
            + self.decisions.iter().map(Decision::bytes).sum::<usize>()
    }
}
