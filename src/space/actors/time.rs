//! Time: ticks, and the moment from which on the bounds of a partially synchronous system hold.
//!
//! What is in flight is one item before the moment, and one item for each pair of ticks that can remain afterwards: they are chained by
//! [`Item::next`], so that a tick is a step along the chain. An actor with timers has its own event for a tick, memoised like any other.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use super::absorb::Miss;
use super::layout::{Item, NO_ITEM, Place, TICK_EVENT, UNKNOWN_ITEM};
use super::network::insert_sorted;
use super::steps::Effect;
use super::{ActorSpace, Scratch};
use crate::error::Error;
use crate::space::intern::{ContentHash, Kind};
use crate::space::{Pace, sabotage::Sabotage};
use crate::system::{Blueprint, Link, TimingKind, Window};

/// What a system with ticks has besides.
pub(super) struct Clock {
    /// The bounds hold from an unknown moment on; a word of each state says whether it has come.
    pub(super) is_partial: bool,
    /// What the moment having come adds to a state's sum.
    hash: u128,
}

/// Ticks that a message may take at most. Each content in flight has an item for each.
const DELAY_MAX: u32 = 1000;

impl Clock {
    /// # Errors
    /// The unit is no time at all.
    pub(super) fn of(system: &Blueprint) -> Result<Option<Self>, Error> {
        if !system.timing.has_ticks() {
            return Ok(None);
        }
        if system.timing.unit.is_zero() {
            return Err(Error::model("a tick takes no time").with_cure(
                "declare a unit longer than zero: `.unit(Duration::from_millis(100))`",
            ));
        }
        Ok(Some(Clock {
            is_partial: system.timing.kind == TimingKind::PartiallySynchronous,
            hash: 0,
        }))
    }

    pub(super) fn rehash(&mut self, hash: &ContentHash) {
        self.hash = hash.of(Kind::Phase, 0, 0, &[1]);
    }
}

/// The ticks that a message on this link may take; `None` where there are no ticks.
///
/// # Errors
/// The range is empty or too long; the link is of a kind that has no meaning together with ticks.
pub(super) fn delay_of(system: &Blueprint, link: &Link) -> Result<Option<(u32, u32)>, Error> {
    let (earliest, latest) = link.delay.unwrap_or((0, system.timing.delay_max));
    if earliest > latest {
        return Err(Error::model(format!(
            "a link delivers after {earliest}..={latest} ticks, which is never"
        ))
        .with_cure("give the shorter delay first: `.delay(1..=2)`"));
    }
    if !system.timing.has_ticks() {
        return Ok(None);
    }
    if latest > DELAY_MAX {
        return Err(
            Error::model(format!("a message may take {latest} ticks")).with_cure(format!(
                "declare longer ticks: {DELAY_MAX} is the most that a message may take"
            )),
        );
    }
    if link.duplicating && link.duplicate_budget.is_none() && !link.fifo {
        return Err(Error::model(
            "an unordered link that duplicates without limit is a set, which does not say how old its messages are",
        )
        .with_cure("in a system with ticks bound the duplicates, `.duplicates(1)`, or keep the order, `.fifo()`"));
    }
    Ok(Some((earliest, latest)))
}

impl ActorSpace {
    /// The word that says whether the bounds hold, if it may change.
    #[inline]
    pub(super) fn phase_at(&self) -> Option<usize> {
        let is_partial = self.clock.as_ref().is_some_and(|clock| clock.is_partial);
        is_partial.then(|| {
            self.budget_at()
                + usize::from(!self.budget.is_empty())
                + usize::from(!self.cuts.is_empty())
        })
    }

    /// Whether the bounds on time hold in a state.
    #[inline]
    pub(super) fn keeps_time(&self, words: &[u32]) -> bool {
        self.clock.is_some() && self.phase_at().is_none_or(|at| words[at] == 1)
    }

    /// What the phase adds to a state's sum.
    pub(super) fn phase_sum(&self, words: &[u32]) -> u128 {
        match (&self.clock, self.phase_at()) {
            (Some(clock), Some(at)) if words[at] == 1 => clock.hash,
            _ => 0,
        }
    }

    /// The item that a message becomes when it is sent.
    #[inline]
    pub(super) fn sent_as(&self, send: u32, keeps_time: bool) -> u32 {
        let item = &self.items[send as usize];
        if keeps_time && item.rule.delay.is_some() && !item.is_sink {
            item.next
        } else {
            send
        }
    }

    /// Makes the items that a message in flight is while time passes.
    pub(super) fn chain(&mut self, send: u32) -> Result<(), Error> {
        let item = self.items[send as usize];
        let Some((earliest, latest)) = item.rule.delay else {
            return Ok(());
        };
        let mut window = Some(Window { earliest, latest });
        let mut last = send;
        while let Some(Window { earliest, latest }) = window {
            let mut bytes = item.hash.to_le_bytes().to_vec();
            bytes.extend(earliest.to_le_bytes());
            bytes.extend(latest.to_le_bytes());
            let later = Item {
                hash: self.hash.of(Kind::Timed, 0, 0, &bytes),
                earliest,
                latest,
                next: NO_ITEM,
                ..item
            };
            let later = self.push_item(later, self.item_envelopes[send as usize])?;
            self.items[last as usize].next = later;
            last = later;
            window = Window { earliest, latest }.ticked();
        }
        Ok(())
    }

    /// Interns what a channel is a tick later, or from the moment on: what can wait no longer is gone.
    pub(super) fn pass(&mut self, channel: u32) -> Result<(), Error> {
        let content = self.channel_contents[&channel].iter();
        let later = content.map(|&item| self.items[item as usize].next);
        let later: Vec<u32> = later.filter(|&item| item != NO_ITEM).collect();
        let pair = self.items[channel as usize].pair;
        self.items[channel as usize].next = self.channel_item(pair, later)?.unwrap_or(NO_ITEM);
        Ok(())
    }

    /// Whether an actor's own event may happen now: choices may, timers from their earliest tick on.
    #[inline]
    pub(super) fn is_due(&self, words: &[u32], actor: usize, k: u32) -> bool {
        let info = &self.local_infos[words[actor] as usize];
        info.earliest.is_empty()
            || info.earliest[k as usize] == 0
            || !self.keeps_time(words)
            || self.hash.sabotage.is(Sabotage::TimerFiresEarly)
    }

    /// Whether something can wait no longer.
    fn is_held_up(&self, words: &[u32]) -> bool {
        if self.hash.sabotage.is(Sabotage::TickIgnoresMessages) {
            return words[..self.n_actors()]
                .iter()
                .any(|&local| self.local_infos[local as usize].latest == Some(0));
        }
        let mut locals = words[..self.n_actors()].iter();
        locals.any(|&local| self.local_infos[local as usize].latest == Some(0))
            || words[self.header..].iter().any(|&id| {
                let item = &self.items[id as usize];
                let is_up = self.local_infos[words[item.dst as usize] as usize].up;
                item.latest == 0 && is_up && !self.is_cut(words, item)
            })
    }

    /// Whether a tick, where there is one, changes anything.
    pub(super) fn tick_matters(&self, words: &[u32]) -> bool {
        let mut locals = words[..self.n_actors()].iter();
        locals.any(|&local| self.local_infos[local as usize].latest.is_some())
            || words[self.header..]
                .iter()
                .any(|&id| !self.is_cut(words, &self.items[id as usize]))
    }

    /// The sum behind a tick; where `build` is given, also appends the successor's words to it.
    pub(super) fn tick(
        &self,
        words: &[u32],
        sum: u128,
        scratch: &mut Scratch,
        build: Option<&mut Vec<u32>>,
    ) -> Effect {
        if self.is_held_up(words) {
            return Effect::Disabled;
        }
        let n = self.n_actors();
        let mut sum = sum;
        let mut later = Vec::with_capacity(words.len());
        let mut is_whole = true;
        for &local in &words[..n] {
            let mut after = local;
            if self.local_infos[local as usize].latest.is_some() {
                match self.entry(local, TICK_EVENT, scratch) {
                    Some(entry) => after = entry.local,
                    None => is_whole = false,
                }
            }
            if after != local {
                sum = sum
                    .wrapping_add(self.locals.hash(after))
                    .wrapping_sub(self.locals.hash(local));
            }
            later.push(after);
        }
        later.extend_from_slice(&words[n..self.header]);
        let passed = self.pass_network(words, true, &mut later, scratch);
        match passed.filter(|_| is_whole) {
            Some(delta) => {
                if let Some(out) = build {
                    out.extend_from_slice(&later);
                }
                if !self.has_ticked.load(Ordering::Relaxed) {
                    self.has_ticked.store(true, Ordering::Relaxed);
                }
                Effect::Enabled(sum.wrapping_add(delta))
            }
            None => Effect::Missing,
        }
    }

    /// The sum behind the moment from which on the bounds hold; as [`tick`](ActorSpace::tick).
    pub(super) fn stabilise(
        &self,
        words: &[u32],
        sum: u128,
        scratch: &mut Scratch,
        build: Option<&mut Vec<u32>>,
    ) -> Effect {
        let mut later = words[..self.header].to_vec();
        let before = self.phase_sum(words);
        if let Some(at) = self.phase_at() {
            later[at] = 1;
        }
        let sum = sum
            .wrapping_add(self.phase_sum(&later))
            .wrapping_sub(before);
        match self.pass_network(words, false, &mut later, scratch) {
            Some(delta) => {
                if let Some(out) = build {
                    out.extend_from_slice(&later);
                }
                Effect::Enabled(sum.wrapping_add(delta))
            }
            None => Effect::Missing,
        }
    }

    /// Appends what is in flight afterwards; the change of the sum, unless something is missing.
    fn pass_network(
        &self,
        words: &[u32],
        is_tick: bool,
        later: &mut Vec<u32>,
        scratch: &mut Scratch,
    ) -> Option<u128> {
        let mut delta = 0_u128;
        let mut is_whole = true;
        for &id in &words[self.header..] {
            let item = &self.items[id as usize];
            // Time stands still for what a partition holds back.
            let after = if is_tick && self.is_cut(words, item) {
                id
            } else {
                item.next
            };
            delta = delta.wrapping_sub(item.hash);
            match after {
                UNKNOWN_ITEM => {
                    scratch.misses.push(Miss::Pass { channel: id });
                    is_whole = false;
                }
                NO_ITEM => {}
                after => {
                    delta = delta.wrapping_add(self.items[after as usize].hash);
                    insert_sorted(later, self.header, after);
                }
            }
        }
        is_whole.then_some(delta)
    }

    /// See [`StateSpace::paces`](crate::space::StateSpace::paces).
    pub(super) fn paces_in(&self, words: &[u32], out: &mut Vec<Pace>) {
        let keeps_time = self.keeps_time(words);
        self.places(words, |place| {
            out.push(match place {
                Place::Tick => Pace::Tick,
                Place::Deliver(at) if keeps_time => {
                    Pace::Instant(self.items[words[at] as usize].dst)
                }
                Place::Pending(actor, _) | Place::Recover(actor) if keeps_time => {
                    Pace::Instant(actor as u32)
                }
                _ => Pace::Free,
            });
            ControlFlow::<()>::Continue(())
        });
    }
}
