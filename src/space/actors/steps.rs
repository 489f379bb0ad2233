//! The steps of a state: which places there are, and what each does to the words and to the sum.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use super::absorb::Miss;
use super::budget::Spends;
use super::layout::{
    CRASH_EVENT, Entry, Event, FORGE_EVENT, Item, PENDING_EVENT, Place, RECOVER_EVENT,
    WITHOUT_EFFECT, Words,
};
use super::network::insert_sorted;
use super::{ActorSpace, Scratch, suppresses};
use crate::space::sabotage::Sabotage;
use crate::space::{Answer, Fingerprint};
use crate::system::NoOp;

/// What a place does in a state.
pub(super) enum Effect {
    /// It is no step here.
    Disabled,
    /// User code has to run first; noted in the scratch.
    Missing,
    /// A step, with the sum of its successor.
    Enabled(u128),
}

/// A place looked up: what happens, apart from the network.
struct Move {
    entry: Option<Entry>,
    actor: usize,
    signature: u32,
    /// The word whose item, or whose channel's head, leaves the network.
    consumed: Option<usize>,
    /// What is spent.
    spends: Spends,
    /// The partition that forms or heals.
    flips: Option<usize>,
    /// Remembered as the last delivery.
    delivered: Option<u32>,
}

impl ActorSpace {
    /// The memoised answer of a handler.
    #[inline]
    pub(super) fn entry(&self, local: u32, event: u32, scratch: &mut Scratch) -> Option<Entry> {
        if let Some(found) = self.memo.get(local, event) {
            return Some(self.entries[(found & !WITHOUT_EFFECT) as usize]);
        }
        if self.hash.sabotage.is(Sabotage::StaleMemo)
            && let Some(found) = self.memo.get(local, event ^ 1)
        {
            return Some(self.entries[(found & !WITHOUT_EFFECT) as usize]);
        }
        scratch.misses.push(Miss::Handler { local, event });
        None
    }

    /// Looks a place up: `Ok(None)` if it is no step here, `Err` if something is missing.
    fn look_up(
        &self,
        words: &[u32],
        place: Place,
        scratch: &mut Scratch,
    ) -> Result<Option<Move>, ()> {
        let up = |actor: usize| self.local_infos[words[actor] as usize].up;
        let affords = |spends: &Spends| self.affords(words, spends);
        let of_entry = |entry: Entry, actor: usize| Move {
            entry: Some(entry),
            actor,
            signature: entry.signature,
            consumed: None,
            spends: Spends::default(),
            flips: None,
            delivered: None,
        };
        let of_faults = |spends: Spends| Move {
            entry: None,
            actor: 0,
            signature: 0,
            consumed: None,
            spends,
            flips: None,
            delivered: None,
        };
        let found = match place {
            Place::Deliver(at) | Place::Keep(at) => {
                let item = &self.items[words[at] as usize];
                let actor = item.dst as usize;
                let spends = match place {
                    Place::Keep(_) => self.keep_spends(item),
                    _ => Spends::default(),
                };
                if !up(actor) || item.earliest > 0 || self.is_cut(words, item) || !affords(&spends)
                {
                    return Ok(None);
                }
                let entry = self.entry(words[actor], item.head, scratch).ok_or(())?;
                if suppresses(self.system.rules.no_op, item, &entry) {
                    match self.system.rules.no_op {
                        NoOp::Untouched => return Ok(None),
                        NoOp::Equality if self.every_delivery_counts => {}
                        NoOp::Equality => {
                            let mut told = false;
                            for k in 0..self.n_observers() {
                                let before = words[self.n_actors() + k];
                                told |= self.fold(k, before, entry.signature, scratch).ok_or(())?
                                    != before;
                            }
                            if !told {
                                return Ok(None);
                            }
                        }
                    }
                }
                Move {
                    consumed: matches!(place, Place::Deliver(_)).then_some(at),
                    delivered: Some(item.head),
                    spends,
                    ..of_entry(entry, actor)
                }
            }
            Place::Lose(at) => {
                let item = &self.items[words[at] as usize];
                let losses = match item.rule.budgeted {
                    true => self.budget.losses,
                    false => self.budget.free_losses,
                };
                let spends = Spends::default().add(losses).add(self.budget.faults);
                if !affords(&spends) {
                    return Ok(None);
                }
                Move {
                    signature: self.items[item.head as usize].lost,
                    consumed: Some(at),
                    ..of_faults(spends)
                }
            }
            Place::Pending(actor, k) => {
                if !self.is_due(words, actor, k) {
                    return Ok(None);
                }
                let entry = self
                    .entry(words[actor], PENDING_EVENT | k, scratch)
                    .ok_or(())?;
                if self.system.rules.no_op == NoOp::Untouched && entry.is_untouched() {
                    return Ok(None);
                }
                of_entry(entry, actor)
            }
            Place::Stimulus(i) => {
                let actor = usize::from(self.system.stimuli[i].to);
                let spends = Spends::default().add(Some(i));
                if !affords(&spends) || !up(actor) {
                    return Ok(None);
                }
                let entry = self
                    .entry(words[actor], self.stimulus_items[i], scratch)
                    .ok_or(())?;
                Move {
                    spends,
                    ..of_entry(entry, actor)
                }
            }
            Place::Crash(actor) => {
                let spends = match self.system.rules.simultaneous_crashes {
                    Some(limit) => {
                        if (0..self.n_actors()).filter(|&other| !up(other)).count() >= limit {
                            return Ok(None);
                        }
                        Spends::default().add(self.budget.free_crashes)
                    }
                    None => match self.crash_spends(actor) {
                        Some(spends) => spends,
                        None => return Ok(None),
                    },
                };
                if !affords(&spends) {
                    return Ok(None);
                }
                let entry = self.entry(words[actor], CRASH_EVENT, scratch).ok_or(())?;
                Move {
                    spends,
                    ..of_entry(entry, actor)
                }
            }
            Place::Recover(actor) => {
                let recovers = self.system.rules.simultaneous_crashes.is_some()
                    || self.crash_rules[actor]
                        .is_some_and(|rule| self.system.crashes[rule].recover);
                if !recovers {
                    return Ok(None);
                }
                of_entry(
                    self.entry(words[actor], RECOVER_EVENT, scratch).ok_or(())?,
                    actor,
                )
            }
            Place::CrashInside(event, k) => {
                let (actor, key) = self.event_key(words, event);
                let Some(spends) = self.crash_inside_spends(words, event) else {
                    return Ok(None);
                };
                let consumed = match event {
                    Event::Deliver(at) => Some(at),
                    _ => None,
                };
                let entry = self.interruption(words[actor], key, k, scratch)?.entry;
                Move {
                    consumed,
                    spends,
                    ..of_entry(entry, actor)
                }
            }
            Place::Partition(partition) => {
                let spends = Spends::default()
                    .add(self.budget.partitions[partition])
                    .add(self.budget.faults);
                if !affords(&spends) {
                    return Ok(None);
                }
                Move {
                    flips: Some(partition),
                    signature: self.cuts.told[partition][0],
                    ..of_faults(spends)
                }
            }
            Place::Heal(partition) => Move {
                flips: Some(partition),
                signature: self.cuts.told[partition][1],
                ..of_faults(Spends::default())
            },
            Place::Forge(actor, k) => {
                let Some(spends) = self.forge_spends(words, actor, k) else {
                    return Ok(None);
                };
                let local = words[actor];
                let Some(found) = self.memo.get(local, FORGE_EVENT | k) else {
                    scratch.misses.push(Miss::Forge { local, k });
                    return Err(());
                };
                let entry = self.entries[found as usize];
                if self.is_full(words, &entry) {
                    return Ok(None);
                }
                Move {
                    spends,
                    ..of_entry(entry, actor)
                }
            }
            Place::Ignore(event) => {
                let (actor, event_key) = self.event_key(words, event);
                let Some(spends) = self.ignore_spends(words, event) else {
                    return Ok(None);
                };
                let local = words[actor];
                let Some(found) = self.ignored.get(local, event_key) else {
                    let event = event_key;
                    scratch.misses.push(Miss::Ignore { local, event });
                    return Err(());
                };
                let entry = self.entries[found as usize];
                let consumed = match event {
                    Event::Deliver(at) => Some(at),
                    _ => None,
                };
                let is_nothing = consumed.is_some_and(|at| {
                    let item = &self.items[words[at] as usize];
                    suppresses(NoOp::Equality, item, &entry)
                });
                if is_nothing && !self.every_delivery_counts {
                    return Ok(None);
                }
                Move {
                    consumed,
                    spends,
                    ..of_entry(entry, actor)
                }
            }
            Place::Tick | Place::Stabilise => unreachable!("time passes for all at once"),
        };
        Ok(Some(found))
    }

    /// Whether the budgets have as much left.
    #[inline]
    pub(super) fn affords(&self, words: &[u32], spends: &Spends) -> bool {
        spends.is_nothing() || self.budget.spend(words[self.budget_at()], spends).is_some()
    }

    /// Whether a partition keeps the item from its receiver.
    #[inline]
    pub(super) fn is_cut(&self, words: &[u32], item: &Item) -> bool {
        item.rule.cut != 0 && item.rule.cut & self.partitions_up(words) != 0
    }

    /// What a delivery spends that keeps the item in flight.
    pub(super) fn keep_spends(&self, item: &Item) -> Spends {
        // Where no delivery consumes, keeping is no fault.
        let faults = self.budget.faults.filter(|_| item.rule.consumes);
        let duplicates = match item.rule.keeps_budgeted {
            true => self.budget.duplicates,
            false => self.budget.free_duplicates.filter(|_| item.rule.consumes),
        };
        let is_forgotten = self.hash.sabotage.is(Sabotage::DuplicateNotSpent);
        Spends::default()
            .add(duplicates.filter(|_| !is_forgotten))
            .add(faults)
    }

    /// The observed value after a list of events.
    #[inline]
    fn fold(
        &self,
        observer: usize,
        value: u32,
        signature: u32,
        scratch: &mut Scratch,
    ) -> Option<u32> {
        if signature == 0 {
            return Some(value);
        }
        let found = self.folds[observer].get(value, signature);
        if found.is_none() {
            scratch.misses.push(Miss::Fold {
                observer: observer as u32,
                value,
                signature,
            });
        }
        found
    }

    /// What a place does; where `build` is given, also appends the successor's words to it.
    pub(super) fn effect(
        &self,
        words: &[u32],
        sum: u128,
        place: Place,
        scratch: &mut Scratch,
        build: Option<&mut Vec<u32>>,
    ) -> Effect {
        match place {
            Place::Tick => return self.tick(words, sum, scratch, build),
            Place::Stabilise => return self.stabilise(words, sum, scratch, build),
            _ => {}
        }
        let found = match self.look_up(words, place, scratch) {
            Ok(Some(found)) => found,
            Ok(None) => return Effect::Disabled,
            Err(()) => return Effect::Missing,
        };
        let n = self.n_actors();
        let mut sum = sum;
        scratch.told.clear();
        for k in 0..self.n_observers() {
            let before = words[n + k];
            let Some(after) = self.fold(k, before, found.signature, scratch) else {
                return Effect::Missing;
            };
            if after != before {
                let table = &self.observed[k];
                sum = sum
                    .wrapping_add(table.hash(after))
                    .wrapping_sub(table.hash(before));
            }
            scratch.told.push(after);
        }
        let mut spent_so_far = 0;
        for counter in found.spends.iter() {
            let word = words[self.budget_at()] + spent_so_far;
            let spent = self.budget.value(word, counter);
            let hashes = &self.budget.hashes[counter];
            sum = sum
                .wrapping_add(hashes[spent as usize + 1])
                .wrapping_sub(hashes[spent as usize]);
            if self.budget.spent[counter].load(Ordering::Relaxed) <= spent {
                self.budget.spent[counter].fetch_max(spent + 1, Ordering::Relaxed);
            }
            spent_so_far += self.budget.strides[counter];
        }
        if let Some(partition) = found.flips {
            let before = self.partitions_up(words);
            sum = sum
                .wrapping_add(self.cuts.sum(before ^ 1 << partition))
                .wrapping_sub(self.cuts.sum(before));
        }
        if let (Some(at), Some(delivered)) = (self.last_at(), found.delivered) {
            sum = sum
                .wrapping_add(self.last_hash(delivered + 1))
                .wrapping_sub(self.last_hash(words[at]));
        }
        let constant = found.entry.is_some_and(|entry| entry.is_constant())
            && found
                .consumed
                .is_none_or(|at| self.items[words[at] as usize].rule.is_unbounded());
        let sends = match &found.entry {
            Some(entry) => &self.sends[entry.sends_at as usize..][..usize::from(entry.n_sends)],
            None => &[],
        };
        if constant {
            if let Some(entry) = &found.entry {
                sum = sum.wrapping_add(entry.delta);
            }
            if let Some(at) = found.consumed {
                sum = sum.wrapping_sub(self.items[words[at] as usize].hash);
            }
            if let Some(out) = build {
                self.build_header(words, &found, &scratch.told, out);
                let network = out.len();
                match found.consumed {
                    Some(at) => {
                        out.extend_from_slice(&words[self.header..at]);
                        out.extend_from_slice(&words[at + 1..]);
                    }
                    None => out.extend_from_slice(&words[self.header..]),
                }
                for &item in sends {
                    if !self.items[item as usize].is_sink {
                        insert_sorted(out, network, item);
                    }
                }
            }
            return Effect::Enabled(sum);
        }
        if let Some(entry) = &found.entry {
            let before = words[found.actor];
            sum = sum
                .wrapping_add(self.locals.hash(entry.local))
                .wrapping_sub(self.locals.hash(before));
        }
        let mut network = std::mem::take(&mut scratch.network);
        network.clear();
        network.extend_from_slice(&words[self.header..]);
        let consumed = found.consumed.map(|at| at - self.header);
        let keeps_time = self.keeps_time(words);
        let moved = self.move_network(&mut network, consumed, sends, keeps_time, scratch);
        let result = match moved {
            None => Effect::Missing,
            Some(delta) => {
                if let Some(out) = build {
                    self.build_header(words, &found, &scratch.told, out);
                    out.extend_from_slice(&network);
                }
                Effect::Enabled(sum.wrapping_add(delta))
            }
        };
        scratch.network = network;
        result
    }

    /// Appends the part of the successor before the network.
    fn build_header(&self, words: &[u32], found: &Move, told: &[u32], out: &mut Vec<u32>) {
        let start = out.len();
        out.extend_from_slice(&words[..self.header]);
        if let Some(entry) = &found.entry {
            out[start + found.actor] = entry.local;
        }
        let n = self.n_actors();
        out[start + n..start + n + told.len()].copy_from_slice(told);
        for counter in found.spends.iter() {
            out[start + self.budget_at()] += self.budget.strides[counter];
        }
        if let (Some(at), Some(partition)) = (self.partitions_at(), found.flips) {
            out[start + at] ^= 1 << partition;
        }
        if let (Some(at), Some(delivered)) = (self.last_at(), found.delivered) {
            out[start + at] = delivered + 1;
        }
    }

    pub(super) fn expand_state<F: Fingerprint>(
        &self,
        words: &[u32],
        scratch: &mut Scratch,
        out: &mut Vec<F>,
    ) -> Answer {
        if self.panic_in(words).is_some() {
            return Answer::Complete;
        }
        let sum = self.sum(words);
        let misses = scratch.misses.len();
        if self.hash.sabotage.is_on() || self.orbits.is_on {
            return self.expand_whole(words, scratch, out);
        }
        if self.is_plain {
            self.expand_deliveries(words, sum, scratch, out);
        }
        let visit = |place| {
            out.push(match self.effect(words, sum, place, scratch, None) {
                Effect::Enabled(sum) => F::finish(sum),
                Effect::Disabled | Effect::Missing => F::default(),
            });
            ControlFlow::<()>::Continue(())
        };
        if self.is_plain {
            self.own_places(words, visit);
        } else {
            self.places(words, visit);
        }
        if scratch.misses.len() == misses {
            Answer::Complete
        } else {
            Answer::Missing
        }
    }

    /// Expansion with whole successors: a sabotaged sum need not be incremental, and one up to symmetry is not.
    fn expand_whole<F: Fingerprint>(
        &self,
        words: &[u32],
        scratch: &mut Scratch,
        out: &mut Vec<F>,
    ) -> Answer {
        let misses = scratch.misses.len();
        let mut built = Vec::new();
        self.places(words, |place| {
            built.clear();
            out.push(
                match self.effect(words, 0, place, scratch, Some(&mut built)) {
                    Effect::Enabled(_) if self.orbits.is_on => {
                        F::finish(self.canonical_sum(&built))
                    }
                    Effect::Enabled(_) => F::finish(self.fingerprint_sum(&built)),
                    Effect::Disabled | Effect::Missing => F::default(),
                },
            );
            ControlFlow::<()>::Continue(())
        });
        if scratch.misses.len() == misses {
            Answer::Complete
        } else {
            Answer::Missing
        }
    }

    /// The sum that identifies a state: [`sum`](ActorSpace::sum), less what a deliberate fault forgets.
    pub(super) fn fingerprint_sum(&self, words: &[u32]) -> u128 {
        let sabotage = self.hash.sabotage;
        let mut sum = self.sum(words);
        if sabotage.is(Sabotage::DroppedMultisetCount) {
            for pair in words[self.header..]
                .windows(2)
                .filter(|pair| pair[0] == pair[1])
            {
                sum = sum.wrapping_sub(self.items[pair[0] as usize].hash);
            }
        }
        let n = self.n_actors();
        if sabotage.is(Sabotage::HistoryNotInState) {
            for (k, table) in self.observed.iter().enumerate() {
                sum = sum.wrapping_sub(table.hash(words[n + k]));
            }
        }
        if sabotage.is(Sabotage::PartitionNotInState) {
            sum = sum.wrapping_sub(self.cuts.sum(self.partitions_up(words)));
        }
        if sabotage.is(Sabotage::BudgetNotInState) && !self.budget.is_empty() {
            for counter in 0..self.budget.limits.len() {
                sum = sum.wrapping_sub(self.budget_hash(words[self.budget_at()], counter));
            }
        }
        sum
    }

    /// Appends the successor by a step; whether the step is one.
    pub(super) fn build(
        &self,
        words: &[u32],
        step: u32,
        scratch: &mut Scratch,
        out: &mut Words,
    ) -> bool {
        let Some(place) = self.place(words, step) else {
            return false;
        };
        let enabled = matches!(
            self.effect(words, 0, place, scratch, Some(out.open())),
            Effect::Enabled(_)
        );
        if enabled {
            out.seal();
        }
        enabled
    }

    /// Appends the successors by several steps, which ascend; how many of them are steps.
    pub(super) fn build_all(
        &self,
        words: &[u32],
        steps: &[u32],
        scratch: &mut Scratch,
        out: &mut Words,
    ) -> usize {
        let (mut built, mut step) = if self.is_plain {
            self.build_deliveries(words, steps, out)
        } else {
            (0, 0)
        };
        let mut wanted = steps[built..].iter().copied().peekable();
        if wanted.peek().is_none() {
            return built;
        }
        let visit = |place| {
            if wanted.next_if_eq(&step).is_some() {
                let effect = self.effect(words, 0, place, scratch, Some(out.open()));
                if matches!(effect, Effect::Enabled(_)) {
                    out.seal();
                    built += 1;
                }
            }
            step += 1;
            if wanted.peek().is_none() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        if self.is_plain {
            self.own_places(words, visit);
        } else {
            self.places(words, visit);
        }
        built
    }

    /// Whether no step is enabled but faults and stimuli; `None` if something is missing.
    pub(super) fn is_quiescent(&self, words: &[u32], scratch: &mut Scratch) -> Option<bool> {
        let misses = scratch.misses.len();
        let awake = self.places(words, |place| {
            let ends = match place {
                Place::Keep(at) => self.items[words[at] as usize].rule.consumes,
                Place::Lose(_)
                | Place::Stimulus(_)
                | Place::Crash(_)
                | Place::CrashInside(..)
                | Place::Partition(_)
                | Place::Forge(..)
                | Place::Ignore(_) => true,
                // What a tick does not change waits for nothing.
                Place::Tick => !self.tick_matters(words),
                Place::Deliver(_)
                | Place::Pending(..)
                | Place::Recover(_)
                | Place::Heal(_)
                | Place::Stabilise => false,
            };
            if !ends
                && matches!(
                    self.effect(words, 0, place, scratch, None),
                    Effect::Enabled(_)
                )
            {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if awake.is_some() {
            // One enabled step decides it, whatever is missing elsewhere.
            scratch.misses.truncate(misses);
            return Some(false);
        }
        (scratch.misses.len() == misses).then_some(true)
    }
}
