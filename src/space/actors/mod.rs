//! The state space of an actor system.
//!
//! Everything of one actor is one component; so is every envelope, FIFO channel and observed value. Components are interned and a
//! state is a short vector of their numbers. Handlers run once per distinct local situation; what they did is memoised. A state's
//! fingerprint is the finished sum of its components' content hashes, so a successor's follows from its parent's and what changed.

mod absorb;
mod asked;
mod budget;
mod byzantine;
mod canonical;
mod compile;
mod components;
mod coverage;
mod decision;
mod equivariance;
mod fairness;
mod images;
mod initial;
mod inside;
mod judge;
mod keymap;
mod label;
mod layout;
mod network;
mod orbits;
mod partitions;
mod places;
mod plain;
mod reading;
mod space;
mod steps;
mod tally;
#[cfg(test)]
mod tests;
mod time;

pub use layout::Words;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use self::budget::{Budget, Free};
use self::byzantine::Traitor;
use self::decision::Decision;
use self::inside::Interruption;
use self::judge::Question;
use self::keymap::KeyMap;
use self::layout::{Aim, Entry, Item, Rule, Told};
use self::orbits::Orbits;
use self::partitions::Cuts;
use self::tally::Fired;
use self::time::Clock;
use super::intern::{ContentHash, Kind, Table};
#[cfg(debug_assertions)]
use super::sabotage::{Sabotage, Sabotaged};
use super::{FaultKinds, PROPERTIES_MAX, PropertyDecl};
use crate::error::Error;
use crate::system::{Blueprint, ENVIRONMENT, NoOp, Pending, Process};

/// The state space of a [`System`](crate::system::System).
pub struct ActorSpace {
    system: Blueprint,
    processes: Vec<Box<dyn Process>>,
    lanes: Vec<String>,
    /// Rules per ordered pair of actors; the last row and column stand for ids that are no actor.
    rules: Vec<Rule>,
    budget: Budget,
    /// The counters of the faults that have a budget.
    fault_counters: Vec<usize>,
    /// Per actor the first crash rule that names it.
    crash_rules: Vec<Option<usize>>,
    may_crash: bool,
    /// Per actor whether it may crash inside a handler; whether any may.
    crashes_inside: Vec<bool>,
    may_crash_inside: bool,
    cuts: Cuts,
    /// Per actor whether, and how, it is Byzantine; whether any is.
    traitors: Vec<Option<Traitor>>,
    may_betray: bool,
    /// Where there are ticks.
    clock: Option<Clock>,
    /// Every link is unordered, unbounded and never loses: deliveries take the fast path.
    is_plain: bool,
    /// Where the network items begin in a state.
    header: usize,
    properties: Vec<PropertyDecl>,
    boundaries: Vec<String>,
    questions: Vec<Question>,
    asks_quiescence: bool,
    asks_liveness: bool,

    hash: ContentHash,
    locals: Table,
    local_infos: Vec<LocalInfo>,
    /// Per local component its number of pending events, or [`DOWN`].
    local_pending: Vec<u16>,
    /// Per local component the [`bits`](Aim::bit) of items whose delivery is known to have no effect. All of them if the actor is down.
    local_inert: Vec<u64>,
    /// Per item what the fast path needs of [`Item`].
    item_aims: Vec<Aim>,
    item_hashes: Vec<u128>,
    /// Per actor how many items can be delivered to it.
    n_items_to: Vec<u32>,
    observed: Vec<Table>,
    /// Observed values that are a panic: (observer, id) → message.
    observed_panics: HashMap<(u32, u32), String>,
    envelopes: Table,
    /// Per envelope number its item, and back.
    items: Vec<Item>,
    item_envelopes: Vec<u32>,
    envelope_items: Vec<u32>,
    channels: HashMap<(u32, Vec<u32>), u32>,
    channel_contents: HashMap<u32, Vec<u32>>,
    pushes: KeyMap,
    stimulus_items: Vec<u32>,

    memo: KeyMap,
    entries: Vec<Entry>,
    sends: Vec<u32>,
    /// (local component, event) → position in the lists; where a list begins and ends among the interruptions.
    inside: KeyMap,
    inside_lists: Vec<(u32, u32)>,
    interruptions: Vec<Interruption>,
    /// (local component of a Byzantine actor, event) → what ignoring it does.
    ignored: KeyMap,
    folds: Vec<KeyMap>,
    signatures: HashMap<Vec<Told>, u32>,
    signature_list: Vec<Vec<Told>>,
    decisions: Vec<Decision>,
    /// Some component is a panic.
    any_panic: bool,
    /// A property reads the network, or asks where runs end or what they do for ever: deliveries without effect count.
    every_delivery_counts: bool,
    /// What is known belongs to another seed or to answers that no longer count: the next search begins from nothing.
    is_stale: bool,
    /// Set by properties while they are evaluated.
    network_asked: AtomicBool,
    never: Seen,
    /// Some tick was taken.
    has_ticked: AtomicBool,
    own_classes: fairness::OwnClasses,
    /// Per memo entry that sets timers again their classes.
    rearmed: HashMap<u32, Vec<u32>>,
    /// Symmetric actors, while a search reduces by them.
    orbits: Orbits,
    /// How often handlers run, where a search is to count that.
    fired: Fired,
}

/// Instead of a number of pending events: the actor is down.
const DOWN: u16 = u16::MAX;

/// What is known of a local component besides its value.
struct LocalInfo {
    actor: u32,
    up: bool,
    pending: Vec<Pending>,
    /// Per pending event the ticks that have to pass before it; empty where there are none to wait for.
    earliest: Vec<u32>,
    /// The ticks that may pass until some timer fires.
    latest: Option<u32>,
    /// Messages that it can send of its own accord.
    n_forges: u32,
    /// Per pending event its fairness class, if liveness is asked for.
    classes: Vec<u32>,
    panicked: Option<String>,
}

/// What has happened, for coverage.
#[derive(Default)]
struct Seen {
    received: Vec<bool>,
    timed_out: Vec<bool>,
    chose: Vec<bool>,
    timer_set: Vec<bool>,
    choice_offered: Vec<bool>,
}

/// A thread's working memory.
#[derive(Default)]
pub struct Scratch {
    misses: Vec<absorb::Miss>,
    error: Option<Error>,
    network: Vec<u32>,
    told: Vec<u32>,
    /// Question evaluations asked of this scratch, for giving up memos that do not pay.
    judged: u64,
}

impl ActorSpace {
    /// The same space with a deliberate fault, for the tests that must catch it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    #[must_use]
    pub fn sabotaged(mut self, fault: Sabotage) -> Self {
        self.hash.sabotage = Sabotaged::with(fault);
        if fault == Sabotage::FifoAsMultiset {
            self.rules.iter_mut().for_each(|rule| rule.fifo = false);
        }
        if fault == Sabotage::NoOpAlwaysSuppressed {
            self.every_delivery_counts = false;
        }
        if fault == Sabotage::CapacityOffByOne {
            let capacities = self.rules.iter_mut().flat_map(|rule| &mut rule.capacity);
            capacities.for_each(|capacity| *capacity += 1);
        }
        if fault == Sabotage::CrashOfActorNotSpent {
            self.budget.crashes_of.fill(None);
        }
        if fault == Sabotage::PartitionOneWay {
            let columns = self.processes.len() + 1;
            for (pair, rule) in self.rules.iter_mut().enumerate() {
                let src = pair / columns;
                let [_, those] = &self.cuts.sides.first().cloned().unwrap_or_default();
                if those.contains(&src) {
                    rule.cut = 0;
                }
            }
        }
        self
    }

    fn n_actors(&self) -> usize {
        self.processes.len()
    }

    fn n_observers(&self) -> usize {
        self.observed.len()
    }

    /// The word of the budget, if there is one.
    #[inline]
    fn budget_at(&self) -> usize {
        self.n_actors() + self.n_observers()
    }

    /// The word of the partitions, if there are any.
    #[inline]
    fn partitions_at(&self) -> Option<usize> {
        (!self.cuts.is_empty()).then(|| self.budget_at() + usize::from(!self.budget.is_empty()))
    }

    /// The partitions that are up, as bits.
    #[inline]
    fn partitions_up(&self, words: &[u32]) -> u32 {
        self.partitions_at().map_or(0, |at| words[at])
    }

    /// The word of the last delivery, if it is remembered.
    #[inline]
    fn last_at(&self) -> Option<usize> {
        self.system
            .rules
            .remembers_last_delivery
            .then(|| self.header - 1)
    }

    /// The faults that may happen, and the counters of those that have a budget.
    fn declared_faults(&self) -> (FaultKinds, Vec<usize>) {
        let (mut kinds, counters) =
            self.budget
                .fault_kinds(&self.lanes, &self.crash_rules, &self.cuts.names);
        if self.budget.bound.is_some() {
            return (kinds, counters);
        }
        let free = self.free_faults(&self.budget);
        let of_all = [
            (free.losses, "losses"),
            (free.duplicates, "duplicates"),
            (free.crashes, "crashes"),
        ];
        let of_all = of_all.iter().filter(|(is_free, _)| *is_free);
        kinds
            .unlimited
            .extend(of_all.map(|(_, words)| (*words).to_owned()));
        let forges = free.forges.iter().zip(&self.lanes);
        let forges = forges.filter(|(is_free, _)| **is_free);
        let forges = forges.map(|(_, name)| format!("Byzantine sends of {name}"));
        kinds.unlimited.extend(forges);
        let partitions = free.partitions.iter().zip(&self.cuts.names);
        let partitions = partitions.filter(|(is_free, _)| **is_free);
        let partitions = partitions.map(|(_, name)| format!("partitions \"{name}\""));
        kinds.unlimited.extend(partitions);
        (kinds, counters)
    }

    /// The faults that have no budget of the system's.
    fn free_faults(&self, budget: &Budget) -> Free {
        let n = self.n_actors();
        let any = |is: fn(&Rule) -> bool| {
            (0..n).any(|src| (0..n).any(|dst| is(&self.rules[src * (n + 1) + dst])))
        };
        let at_a_time = self.system.rules.simultaneous_crashes;
        let traitors = self.traitors.iter().zip(&budget.byzantine);
        Free {
            losses: any(|rule| rule.losing && !rule.budgeted),
            duplicates: any(|rule| rule.keeps && rule.consumes && !rule.keeps_budgeted),
            crashes: at_a_time.is_some_and(|n| n > 0),
            forges: traitors
                .map(|(traitor, sends)| traitor.is_some() && sends.is_none())
                .collect(),
            partitions: budget.partitions.iter().map(Option::is_none).collect(),
        }
    }

    /// See [`StateSpace::bound_faults`](super::StateSpace::bound_faults). What is known of components and handlers stays true, and so do the
    /// numbers of steps: only what a state counts is another.
    fn bound_faults_by(&mut self, max: Option<u32>) -> Result<(), Error> {
        if self.budget.bound.map(|(_, max)| max) == max {
            return Ok(());
        }
        let was_empty = self.budget.is_empty();
        let mut budget = Budget::of(
            &self.system,
            &self.lanes,
            &self.crash_rules,
            &self.cuts.names,
        )?;
        let mut boundaries = self.boundaries.clone();
        boundaries.truncate(self.system.boundaries.len());
        if let Some(max) = max {
            let free = self.free_faults(&budget);
            budget.bound(&free, &self.lanes, &self.cuts.names, max)?;
            boundaries.push(format!("--faults-max {max}"));
            if boundaries.len() > PROPERTIES_MAX {
                return Err(Error::capacity(format!(
                    "more than {} boundaries besides --faults-max",
                    PROPERTIES_MAX - 1
                )));
            }
        }
        (self.budget, self.boundaries) = (budget, boundaries);
        // Byzantine actors count what they send of their own accord.
        for (traitor, counter) in self.traitors.iter_mut().zip(&self.budget.byzantine) {
            if let Some(traitor) = traitor {
                traitor.sends = *counter;
            }
        }
        if was_empty != self.budget.is_empty() {
            self.header = self.header + usize::from(was_empty) - usize::from(!was_empty);
            // They know where in a state things are.
            for decision in &mut self.decisions {
                *decision = Decision::default();
            }
        }
        self.fault_counters = self.declared_faults().1;
        self.hash_budget();
        Ok(())
    }

    fn hash_budget(&mut self) {
        let hash = self.hash;
        let of_counter = |(counter, &limit): (usize, &u32)| {
            let values = (0..=limit)
                .map(|value| hash.of(Kind::Budget, counter as u64, 0, &value.to_le_bytes()));
            values.collect()
        };
        let limits = self.budget.limits.iter().enumerate();
        self.budget.hashes = limits.map(of_counter).collect();
    }

    fn rule(&self, src: usize, dst: usize) -> (u32, Rule) {
        let n = self.n_actors();
        let pair = src.min(n) * (n + 1) + dst.min(n);
        (pair as u32, self.rules[pair])
    }

    /// Forgets every component and memo, and computes what depends on the seed alone.
    fn reset(&mut self) -> Result<(), Error> {
        self.locals = Table::new(Kind::Local);
        self.local_infos.clear();
        self.local_pending.clear();
        self.local_inert.clear();
        self.item_aims.clear();
        self.n_items_to.clear();
        self.n_items_to.resize(self.processes.len(), 0);
        self.item_hashes.clear();
        for table in &mut self.observed {
            *table = Table::new(Kind::Observed);
        }
        self.observed_panics.clear();
        self.envelopes = Table::new(Kind::Envelope);
        self.items.clear();
        self.item_envelopes.clear();
        self.envelope_items.clear();
        self.channels.clear();
        self.channel_contents.clear();
        self.pushes.clear();
        self.memo.clear();
        self.entries.clear();
        self.sends.clear();
        self.inside.clear();
        self.ignored.clear();
        self.inside_lists.clear();
        self.interruptions.clear();
        self.folds.iter_mut().for_each(KeyMap::clear);
        self.signatures.clear();
        self.signature_list.clear();
        self.decisions
            .iter_mut()
            .for_each(|decision| *decision = Decision::default());
        self.any_panic = false;
        self.own_classes.clear();
        self.rearmed.clear();
        self.orbits.clear();
        self.fired.clear();
        self.never = Seen::new(self.n_actors());
        // Signature 0 tells nobody anything.
        self.signatures.insert(Vec::new(), 0);
        self.signature_list.push(Vec::new());
        self.orbits.note_signature(0);
        self.cuts.told.clear();
        for partition in 0..self.cuts.names.len() as u32 {
            let events = [Told::Partitioned(partition), Told::Healed(partition)];
            let told = events.map(|event| self.signature(vec![event]));
            self.cuts.told.push(told);
        }
        let hash = self.hash;
        self.cuts.rehash(&hash);
        if let Some(clock) = &mut self.clock {
            clock.rehash(&hash);
        }
        *self.has_ticked.get_mut() = false;
        self.hash_budget();
        self.stimulus_items.clear();
        for i in 0..self.system.stimuli.len() {
            let stimulus = &self.system.stimuli[i];
            let (to, msg) = (stimulus.to, stimulus.msg.clone());
            let bytes = self.message_bytes(&msg)?;
            let item = self.envelope_item(ENVIRONMENT, to, msg, &bytes)?;
            self.stimulus_items.push(item);
        }
        Ok(())
    }

    /// Why the state is a panic, if it is.
    fn panic_in(&self, words: &[u32]) -> Option<&str> {
        if !self.any_panic {
            return None;
        }
        let n = self.n_actors();
        let of_locals = words[..n]
            .iter()
            .find_map(|&id| self.local_infos[id as usize].panicked.as_deref());
        of_locals.or_else(|| {
            (0..self.n_observers()).find_map(|k| {
                self.observed_panics
                    .get(&(k as u32, words[n + k]))
                    .map(String::as_str)
            })
        })
    }

    /// The sum of a state's component hashes.
    #[inline]
    fn sum(&self, words: &[u32]) -> u128 {
        let n = self.n_actors();
        let mut sum = 0_u128;
        for &id in &words[..n] {
            sum = sum.wrapping_add(self.locals.hash(id));
        }
        if self.header > n {
            sum = sum.wrapping_add(self.header_sum(words));
        }
        for &item in &words[self.header..] {
            sum = sum.wrapping_add(self.item_hashes[item as usize]);
        }
        sum
    }

    /// The part of the sum that is neither locals nor network.
    fn header_sum(&self, words: &[u32]) -> u128 {
        let n = self.n_actors();
        let mut sum = 0_u128;
        for (k, table) in self.observed.iter().enumerate() {
            sum = sum.wrapping_add(table.hash(words[n + k]));
        }
        if !self.budget.is_empty() {
            for counter in 0..self.budget.limits.len() {
                sum = sum.wrapping_add(self.budget_hash(words[self.budget_at()], counter));
            }
        }
        sum = sum.wrapping_add(self.cuts.sum(self.partitions_up(words)));
        sum = sum.wrapping_add(self.phase_sum(words));
        if let Some(at) = self.last_at() {
            sum = sum.wrapping_add(self.last_hash(words[at]));
        }
        sum
    }

    fn budget_hash(&self, word: u32, counter: usize) -> u128 {
        self.budget.hashes[counter][self.budget.value(word, counter) as usize]
    }

    /// The hash of the remembered last delivery: 0 for none, else the item plus one.
    fn last_hash(&self, word: u32) -> u128 {
        match word.checked_sub(1) {
            None => 0,
            Some(item) => self.hash.of(
                Kind::LastDelivery,
                0,
                0,
                &self.items[item as usize].hash.to_le_bytes(),
            ),
        }
    }
}

impl Seen {
    fn new(n: usize) -> Self {
        Seen {
            received: vec![false; n],
            timed_out: vec![false; n],
            chose: vec![false; n],
            timer_set: vec![false; n],
            choice_offered: vec![false; n],
        }
    }
}

/// How a system decides that a delivery has no effect.
pub(crate) fn suppresses(rule: NoOp, item: &Item, entry: &Entry) -> bool {
    match rule {
        NoOp::Equality => entry.is_silent() && item.rule.is_unbounded(),
        NoOp::Untouched => entry.is_untouched() && !item.rule.fifo,
    }
}
