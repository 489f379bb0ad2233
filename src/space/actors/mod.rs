//! The state space of an actor system.
//!
//! Everything of one actor is one component; so is every envelope, FIFO channel and observed value. Components are interned and a
//! state is a short vector of their numbers. Handlers run once per distinct local situation; what they did is memoised. A state's
//! fingerprint is the finished sum of its components' content hashes, so a successor's follows from its parent's and what changed.

mod absorb;
mod judge;
mod keymap;
mod label;
mod layout;
mod plain;
mod space;
mod steps;
#[cfg(test)]
mod tests;

pub use layout::Words;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32};

use stateright::actor::Id;

use self::judge::{Decision, Question};
use self::keymap::KeyMap;
use self::layout::{Entry, Item, NOBODY, Rule, Told};
use super::intern::{ContentHash, Kind, Table};
#[cfg(debug_assertions)]
use super::sabotage::{Sabotage, Sabotaged};
use super::{PROPERTIES_MAX, PropertyDecl, PropertyKind};
use crate::error::Error;
use crate::system::{
    Component, Crashes, ENVIRONMENT, NoOp, Pending, Process, System, Test, guarded,
};

/// The state space of a [`System`].
pub struct ActorSpace<M> {
    system: System<M>,
    processes: Vec<Box<dyn Process<M>>>,
    lanes: Vec<String>,
    /// Rules per ordered pair of actors; the last row and column stand for ids that are no actor.
    rules: Vec<Rule>,
    budget: Budget,
    /// Per actor the first crash rule that names it.
    crash_rules: Vec<Option<usize>>,
    may_crash: bool,
    /// Every link is unordered, unbounded and never loses: deliveries take the fast path.
    is_plain: bool,
    /// Where the network items begin in a state.
    header: usize,
    properties: Vec<PropertyDecl>,
    boundaries: Vec<String>,
    questions: Vec<Question>,
    asks_quiescence: bool,

    hash: ContentHash,
    locals: Table,
    local_infos: Vec<LocalInfo>,
    /// Per local component its number of pending events, or [`DOWN`].
    local_pending: Vec<u16>,
    /// Per item the actor it can be delivered to: what the fast path needs of [`Item`].
    item_targets: Vec<u32>,
    item_hashes: Vec<u128>,
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
    folds: Vec<KeyMap>,
    signatures: HashMap<Vec<Told>, u32>,
    signature_list: Vec<Vec<Told>>,
    decisions: Vec<Decision>,
    /// Some component is a panic.
    any_panic: bool,
    /// A property reads the network: deliveries without effect count.
    network_read: bool,
    /// What is known belongs to another seed or to answers that no longer count: the next search begins from nothing.
    is_stale: bool,
    /// Set by properties while they are evaluated.
    network_asked: AtomicBool,
    never: Seen,
}

/// Instead of a number of pending events: the actor is down.
const DOWN: u16 = u16::MAX;

/// What is known of a local component besides its value.
struct LocalInfo {
    actor: u32,
    up: bool,
    pending: Vec<Pending>,
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

/// Budgets as one number in mixed radix: stimuli, then crash rules, then losses.
#[derive(Default)]
struct Budget {
    names: Vec<String>,
    limits: Vec<u32>,
    strides: Vec<u32>,
    /// The content hash of each counter's each value.
    hashes: Vec<Vec<u128>>,
    n_stimuli: usize,
    n_crash_rules: usize,
    losses: Option<usize>,
    /// The most that was spent of each, for coverage.
    spent: Vec<AtomicU32>,
}

impl Budget {
    fn add(&mut self, name: String, limit: u32) -> Result<(), Error> {
        let stride = match (self.strides.last(), self.limits.last()) {
            (Some(&stride), Some(&limit)) => limit
                .checked_add(1)
                .and_then(|radix| stride.checked_mul(radix)),
            _ => Some(1),
        };
        let fits = stride.and_then(|stride| {
            limit
                .checked_add(1)
                .and_then(|radix| stride.checked_mul(radix))
        });
        let (Some(stride), Some(_)) = (stride, fits) else {
            return Err(Error::capacity(
                "the budgets of stimuli and faults are too large together",
            )
            .with_cure("their product, each plus one, must stay below 2^32"));
        };
        self.names.push(name);
        self.limits.push(limit);
        self.strides.push(stride);
        self.spent.push(AtomicU32::new(0));
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    #[inline]
    fn value(&self, word: u32, counter: usize) -> u32 {
        word / self.strides[counter] % (self.limits[counter] + 1)
    }
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

impl<M: Clone + Send + Sync + 'static> ActorSpace<M> {
    /// Compiles a system.
    ///
    /// # Errors
    /// A reserved actor was never set; two actors or properties share a name; too many properties; a stimulus for nobody.
    pub fn new(mut system: System<M>) -> Result<Self, Error> {
        let mut processes = Vec::new();
        let mut lanes: Vec<String> = Vec::new();
        for slot in &mut system.slots {
            let Some(process) = slot.process.take() else {
                return Err(Error::model(format!(
                    "actor \"{}\" was reserved and never set",
                    slot.name
                ))
                .with_cure("call `set` with the handle that `reserve` returned"));
            };
            if lanes.contains(&slot.name) {
                return Err(
                    Error::model(format!("two actors are named \"{}\"", slot.name))
                        .with_cure("give every actor a name of its own"),
                );
            }
            processes.push(process);
            lanes.push(slot.name.clone());
        }
        let n = processes.len();
        lanes.push("environment".to_owned());
        let mut budget = Budget::default();
        for stimulus in &system.stimuli {
            if usize::from(stimulus.to) >= n {
                return Err(Error::model(format!(
                    "stimulus \"{}\" goes to an id that is no actor",
                    stimulus.name
                )));
            }
            budget.add(stimulus.name.clone(), stimulus.budget)?;
        }
        budget.n_stimuli = system.stimuli.len();
        for (position, crashes) in system.crashes.iter().enumerate() {
            let name = if position == 0 {
                "crashes".to_owned()
            } else {
                format!("crashes[{position}]")
            };
            budget.add(name, crashes.budget)?;
        }
        budget.n_crash_rules = system.crashes.len();
        let links = || system.links.values().chain([&system.link]);
        let mut loss_budgets: Vec<u32> = links()
            .filter(|link| link.losing)
            .filter_map(|link| link.loss_budget)
            .collect();
        loss_budgets.dedup();
        match loss_budgets[..] {
            [] => {}
            [limit] => {
                budget.losses = Some(budget.limits.len());
                budget.add("losses".to_owned(), limit)?;
            }
            _ => {
                return Err(Error::model("links declare different loss budgets").with_cure(
                    "the budget is shared by all links that declare one: give them the same number",
                ));
            }
        }
        let crash_rules: Vec<Option<usize>> = (0..n)
            .map(|actor| {
                let names = |crashes: &Crashes| match &crashes.of {
                    Some(ids) => ids.contains(&Id::from(actor)),
                    None => true,
                };
                system.crashes.iter().position(names)
            })
            .collect();
        let may_crash = system
            .rules
            .simultaneous_crashes
            .is_some_and(|limit| limit > 0)
            || crash_rules.iter().any(Option::is_some);
        let rules = compile_rules(&system, n);
        let is_plain = rules.iter().all(|rule| rule.is_unbounded() && !rule.losing)
            && system.rules.no_op == NoOp::Equality
            && !system.rules.remembers_last_delivery;
        let header = n
            + system.observers.len()
            + usize::from(!budget.is_empty())
            + usize::from(system.rules.remembers_last_delivery);

        let mut properties = vec![PropertyDecl {
            name: "no panic".to_owned(),
            kind: PropertyKind::NoPanic,
        }];
        if system.may_end_when.is_some() {
            properties.push(PropertyDecl {
                name: "no deadlock".to_owned(),
                kind: PropertyKind::NoDeadlock,
            });
        }
        for property in &system.properties {
            let kind = match &property.test {
                Test::Always(_) => PropertyKind::Always,
                Test::Implies(..) => PropertyKind::Implies,
                Test::Reachable(_) => PropertyKind::Reachable,
                Test::Confluent { .. } => PropertyKind::Confluent,
            };
            if properties.iter().any(|other| other.name == property.name) {
                return Err(Error::model(format!(
                    "two properties are named \"{}\"",
                    property.name
                )));
            }
            properties.push(PropertyDecl {
                name: property.name.clone(),
                kind,
            });
        }
        let boundaries: Vec<String> = system
            .boundaries
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        if properties.len() > PROPERTIES_MAX || boundaries.len() > PROPERTIES_MAX {
            return Err(Error::model(format!(
                "more than {PROPERTIES_MAX} properties or boundaries"
            )));
        }
        let questions = judge::questions(&system);
        let asks_quiescence = properties
            .iter()
            .any(|p| matches!(p.kind, PropertyKind::NoDeadlock | PropertyKind::Confluent));
        let n_observers = system.observers.len();
        let mut space = ActorSpace {
            processes,
            lanes,
            rules,
            budget,
            crash_rules,
            may_crash,
            is_plain,
            header,
            properties,
            boundaries,
            decisions: questions.iter().map(|_| Decision::default()).collect(),
            questions,
            asks_quiescence,
            hash: ContentHash::default(),
            locals: Table::new(Kind::Local),
            local_infos: Vec::new(),
            local_pending: Vec::new(),
            item_targets: Vec::new(),
            item_hashes: Vec::new(),
            observed: (0..n_observers)
                .map(|_| Table::new(Kind::Observed))
                .collect(),
            observed_panics: HashMap::new(),
            envelopes: Table::new(Kind::Envelope),
            items: Vec::new(),
            item_envelopes: Vec::new(),
            envelope_items: Vec::new(),
            channels: HashMap::new(),
            channel_contents: HashMap::new(),
            pushes: KeyMap::default(),
            stimulus_items: Vec::new(),
            memo: KeyMap::default(),
            entries: Vec::new(),
            sends: Vec::new(),
            folds: (0..n_observers).map(|_| KeyMap::default()).collect(),
            signatures: HashMap::new(),
            signature_list: Vec::new(),
            any_panic: false,
            network_read: false,
            is_stale: false,
            network_asked: AtomicBool::new(false),
            never: Seen::new(n),
            system,
        };
        space.reset()?;
        Ok(space)
    }

    /// The same space with a deliberate fault, for the tests that must catch it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    #[must_use]
    pub fn sabotaged(mut self, fault: Sabotage) -> Self {
        self.hash.sabotage = Sabotaged::with(fault);
        if fault == Sabotage::FifoAsMultiset {
            self.rules.iter_mut().for_each(|rule| rule.fifo = false);
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

    /// The word of the last delivery, if it is remembered.
    #[inline]
    fn last_at(&self) -> Option<usize> {
        self.system
            .rules
            .remembers_last_delivery
            .then(|| self.header - 1)
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
        self.item_targets.clear();
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
        self.folds.iter_mut().for_each(KeyMap::clear);
        self.signatures.clear();
        self.signature_list.clear();
        self.decisions
            .iter_mut()
            .for_each(|decision| *decision = Decision::default());
        self.any_panic = false;
        self.never = Seen::new(self.n_actors());
        // Signature 0 tells nobody anything.
        self.signatures.insert(Vec::new(), 0);
        self.signature_list.push(Vec::new());
        let hash = self.hash;
        self.budget.hashes = self
            .budget
            .limits
            .iter()
            .enumerate()
            .map(|(counter, &limit)| {
                (0..=limit)
                    .map(|value| hash.of(Kind::Budget, counter as u64, 0, &value.to_le_bytes()))
                    .collect()
            })
            .collect();
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

    fn message_bytes(&self, msg: &M) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        (self.system.message.identity.bytes)(msg, &mut bytes)?;
        Ok(bytes)
    }

    /// Interns an envelope and its item.
    fn envelope_item(&mut self, src: usize, dst: Id, msg: M, bytes: &[u8]) -> Result<u32, Error>
    where
        M: Send + Sync + 'static,
    {
        let n = self.n_actors();
        let dst = usize::from(dst);
        if dst >= n && dst != ENVIRONMENT && !self.system.rules.sends_to_nobody {
            let sender = self
                .lanes
                .get(src)
                .map_or("the environment", String::as_str);
            return Err(Error::model(format!(
                "\"{sender}\" sends a message to id {dst}, which is no actor"
            )));
        }
        let slot = ((src as u64) << 32) | (dst as u64 & 0xffff_ffff);
        let identity = self.system.message.identity;
        let comparison = super::intern::Comparison {
            same: &|a: &Component, b: &Component| (identity.same)(a.get::<M>(), b.get::<M>()),
            bytes: &|component: &Component, out: &mut Vec<u8>| {
                (identity.bytes)(component.get::<M>(), out)
            },
            user_hash: Some(&|component: &Component| {
                (self.system.message.user_hash)(component.get::<M>())
            }),
            strict: identity.strict,
            name: &|| "the message type".to_owned(),
        };
        let (envelope, is_new) =
            self.envelopes
                .intern(&self.hash, slot, bytes, Component::new(msg), &comparison)?;
        if !is_new {
            return Ok(self.envelope_items[envelope as usize]);
        }
        let (pair, rule) = self.rule(src, dst);
        let item = Item {
            hash: self.envelopes.hash(envelope),
            dst: if dst < n { dst as u32 } else { NOBODY },
            pair,
            head: self.items.len() as u32,
            tail: layout::NO_ITEM,
            lost: 0,
            rule,
            is_channel: false,
            is_sink: dst == ENVIRONMENT,
        };
        let id = self.push_item(item, envelope)?;
        self.envelope_items.push(id);
        if rule.losing && self.n_observers() > 0 {
            self.items[id as usize].lost = self.signature(vec![Told::Lost(id)]);
        }
        Ok(id)
    }

    fn push_item(&mut self, item: Item, envelope: u32) -> Result<u32, Error> {
        if self.items.len() >= super::intern::COMPONENTS_MAX {
            return Err(Error::capacity(
                "more different messages and channel contents than can be numbered",
            )
            .with_cure("bound what grows without end, for example by `within`"));
        }
        self.items.push(item);
        self.item_targets.push(item.dst);
        self.item_hashes.push(item.hash);
        self.item_envelopes.push(envelope);
        Ok(self.items.len() as u32 - 1)
    }

    /// The item of a FIFO channel with this content (envelope items from the head); `None` for an empty one.
    fn channel_item(&mut self, pair: u32, content: Vec<u32>) -> Result<Option<u32>, Error> {
        let Some(&head) = content.first() else {
            return Ok(None);
        };
        if let Some(&known) = self.channels.get(&(pair, content.clone())) {
            return Ok(Some(known));
        }
        let mut bytes = Vec::with_capacity(content.len() * 16);
        for &item in &content {
            bytes.extend_from_slice(&self.items[item as usize].hash.to_le_bytes());
        }
        let first = self.items[head as usize];
        let item = Item {
            hash: self.hash.of(Kind::Channel, u64::from(pair), 0, &bytes),
            tail: if content.len() == 1 {
                layout::NO_ITEM
            } else {
                layout::UNKNOWN_ITEM
            },
            is_channel: true,
            head,
            ..first
        };
        let id = self.push_item(item, self.item_envelopes[head as usize])?;
        self.channel_contents.insert(id, content.clone());
        self.channels.insert((pair, content), id);
        Ok(Some(id))
    }

    /// The number of a list of observer events.
    fn signature(&mut self, mut told: Vec<Told>) -> u32 {
        told.retain(|&told| (0..self.n_observers()).any(|k| self.is_told(k, told)));
        if let Some(&known) = self.signatures.get(&told) {
            return known;
        }
        let id = self.signature_list.len() as u32;
        self.signature_list.push(told.clone());
        self.signatures.insert(told, id);
        id
    }

    /// Interns a local component; a panic message stands for a handler that panicked.
    fn local(&mut self, actor: usize, local: Component, bytes: &[u8]) -> Result<u32, Error> {
        let process = &self.processes[actor];
        let comparison = super::intern::Comparison {
            same: &|a: &Component, b: &Component| process.same(a, b),
            bytes: &|component: &Component, out: &mut Vec<u8>| process.identity(component, out),
            user_hash: Some(&|component: &Component| process.user_hash(component)),
            strict: process.is_strict(),
            name: &|| format!("actor \"{}\" ({})", self.lanes[actor], process.type_name()),
        };
        let (id, is_new) =
            self.locals
                .intern(&self.hash, actor as u64, bytes, local, &comparison)?;
        if is_new {
            let component = self.locals.get(id);
            let process = &self.processes[actor];
            let pending = guarded(|| process.pending(component)).unwrap_or_default();
            for event in &pending {
                match event {
                    Pending::Timer(_) => self.never.timer_set[actor] = true,
                    Pending::Choice(..) => self.never.choice_offered[actor] = true,
                }
            }
            let up = process.is_up(component);
            let Some(n_pending) = u16::try_from(pending.len()).ok().filter(|&n| n < DOWN) else {
                return Err(Error::capacity(format!(
                    "actor \"{}\" has {} timers and alternatives at once",
                    self.lanes[actor],
                    pending.len()
                )));
            };
            self.local_pending.push(if up { n_pending } else { DOWN });
            self.local_infos.push(LocalInfo {
                actor: actor as u32,
                up,
                pending,
                panicked: None,
            });
        }
        Ok(id)
    }

    /// A component that stands for a panic of this actor.
    fn panicked_local(&mut self, actor: usize, message: String) -> Result<u32, Error> {
        let comparison = super::intern::Comparison {
            same: &|a: &Component, b: &Component| a.get::<String>() == b.get::<String>(),
            bytes: &|component: &Component, out: &mut Vec<u8>| {
                out.extend_from_slice(component.get::<String>().as_bytes());
                Ok(())
            },
            user_hash: None,
            strict: false,
            name: &|| "a panic".to_owned(),
        };
        // Panics live in slots of their own, so that they are never compared with an actor's components.
        let slot = (Kind::Panicked as u64) << 56 | actor as u64;
        let component = Component::new(message.clone());
        let (id, is_new) =
            self.locals
                .intern(&self.hash, slot, message.as_bytes(), component, &comparison)?;
        if is_new {
            self.local_pending.push(DOWN);
            self.local_infos.push(LocalInfo {
                actor: actor as u32,
                up: false,
                pending: Vec::new(),
                panicked: Some(message),
            });
        }
        self.any_panic = true;
        Ok(id)
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

/// The rule of every pair of ids: actors, then one row and column for everybody else.
fn compile_rules<M>(system: &System<M>, n: usize) -> Vec<Rule> {
    let mut rules = Vec::with_capacity((n + 1) * (n + 1));
    for src in 0..=n {
        for dst in 0..=n {
            let link = system.links.get(&(src, dst)).unwrap_or(&system.link);
            let set = link.duplicating && !link.fifo;
            rules.push(Rule {
                fifo: link.fifo,
                keeps: link.duplicating,
                consumes: !(system.rules.delivery_keeps && link.duplicating),
                losing: link.losing,
                budgeted: link.losing && link.loss_budget.is_some(),
                capacity: if set {
                    Some(1)
                } else if link.fifo {
                    None
                } else {
                    link.capacity
                },
            });
        }
    }
    rules
}

/// How a system decides that a delivery has no effect.
pub(crate) fn suppresses(rule: NoOp, item: &Item, entry: &Entry) -> bool {
    match rule {
        NoOp::Equality => entry.is_silent() && item.rule.is_unbounded(),
        NoOp::Untouched => entry.is_untouched() && !item.rule.fifo,
    }
}
