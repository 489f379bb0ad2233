//! Interning the parts of a state: local components, envelopes, channels, observed values, and lists of observer events.

use stateright::actor::Id;

use super::layout::{self, Aim, Item, NO_ITEM, NOBODY, Told};
use super::{ActorSpace, DOWN, LocalInfo};
use crate::error::Error;
use crate::space::intern::{COMPONENTS_MAX, Comparison, Kind};
use crate::system::{Component, Content, ENVIRONMENT, Pending, guarded};

impl ActorSpace {
    pub(super) fn message_bytes(&self, msg: &Content) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        (self.system.message.identity.bytes)(msg, &mut bytes)?;
        Ok(bytes)
    }

    /// Interns an envelope and its item.
    pub(super) fn envelope_item(
        &mut self,
        src: usize,
        dst: Id,
        msg: Content,
        bytes: &[u8],
    ) -> Result<u32, Error> {
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
        let comparison = Comparison {
            same: &identity.same,
            bytes: &identity.bytes,
            user_hash: Some(&self.system.message.user_hash),
            strict: identity.strict,
            name: &|| "the message type".to_owned(),
        };
        let (envelope, is_new) =
            self.envelopes
                .intern(&self.hash, slot, bytes, msg, &comparison)?;
        if !is_new {
            return Ok(self.envelope_items[envelope as usize]);
        }
        let (pair, rule) = self.rule(src, dst);
        let item = Item {
            hash: self.envelopes.hash(envelope),
            dst: if dst < n { dst as u32 } else { NOBODY },
            pair,
            head: self.items.len() as u32,
            earliest: 0,
            latest: u32::MAX,
            next: layout::NO_ITEM,
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
        self.chain(id)?;
        Ok(id)
    }

    pub(super) fn push_item(&mut self, item: Item, envelope: u32) -> Result<u32, Error> {
        if self.items.len() >= COMPONENTS_MAX {
            return Err(Error::capacity(
                "more different messages and channel contents than can be numbered",
            )
            .with_cure("bound what grows without end, for example by `within`"));
        }
        let mut bit = 0;
        if let Some(n) = self.n_items_to.get_mut(item.dst as usize) {
            bit = 1_u64.checked_shl(*n).unwrap_or(0);
            *n += 1;
        }
        self.items.push(item);
        self.item_aims.push(Aim {
            bit,
            actor: item.dst,
        });
        self.item_hashes.push(item.hash);
        self.item_envelopes.push(envelope);
        let id = self.items.len() as u32 - 1;
        self.orbits.note_item(id);
        Ok(id)
    }

    /// The item of a FIFO channel with this content (envelope items from the head); `None` for an empty one.
    pub(super) fn channel_item(
        &mut self,
        pair: u32,
        content: Vec<u32>,
    ) -> Result<Option<u32>, Error> {
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
            next: layout::UNKNOWN_ITEM,
            is_channel: true,
            ..first
        };
        let id = self.push_item(item, self.item_envelopes[head as usize])?;
        self.channel_contents.insert(id, content.clone());
        self.channels.insert((pair, content), id);
        Ok(Some(id))
    }

    /// The number of a list of observer events.
    pub(super) fn signature(&mut self, mut told: Vec<Told>) -> u32 {
        told.retain(|&told| (0..self.n_observers()).any(|k| self.is_told(k, told)));
        if let Some(&known) = self.signatures.get(&told) {
            return known;
        }
        let id = self.signature_list.len() as u32;
        self.signature_list.push(told.clone());
        self.signatures.insert(told, id);
        self.orbits.note_signature(id);
        id
    }

    /// Interns a local component; a panic message stands for a handler that panicked.
    pub(super) fn local(
        &mut self,
        actor: usize,
        local: Component,
        bytes: &[u8],
    ) -> Result<u32, Error> {
        let process = &self.processes[actor];
        let comparison = Comparison {
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
            let windows = process.windows(component);
            let latest = windows.iter().map(|window| window.latest).min();
            let earliest = if windows.is_empty() {
                Vec::new()
            } else {
                let of_timers = windows.iter().map(|window| window.earliest);
                // Timers come first; nothing holds a choice back.
                let others = std::iter::repeat_n(0, pending.len() - windows.len());
                of_timers.chain(others).collect()
            };
            let up = process.is_up(component);
            let Some(n_pending) = u16::try_from(pending.len()).ok().filter(|&n| n < DOWN) else {
                return Err(Error::capacity(format!(
                    "actor \"{}\" has {} timers and alternatives at once",
                    self.lanes[actor],
                    pending.len()
                )));
            };
            let classes = if self.asks_liveness {
                self.classes_of(actor, id, &pending)?
            } else {
                Vec::new()
            };
            let n_forges = self.n_forges(actor, id)?;
            self.local_pending.push(if up { n_pending } else { DOWN });
            self.local_inert.push(if up { 0 } else { u64::MAX });
            self.local_infos.push(LocalInfo {
                actor: actor as u32,
                up,
                pending,
                earliest,
                latest,
                n_forges,
                classes,
                panicked: None,
            });
            self.orbits.note_local(id);
        }
        Ok(id)
    }

    /// A component that stands for a panic of this actor.
    pub(super) fn panicked_local(&mut self, actor: usize, message: String) -> Result<u32, Error> {
        let (id, is_new) = self.locals.intern_panic(&self.hash, actor, &message)?;
        if is_new {
            self.local_pending.push(DOWN);
            self.local_inert.push(u64::MAX);
            self.local_infos.push(LocalInfo {
                actor: actor as u32,
                up: false,
                pending: Vec::new(),
                earliest: Vec::new(),
                latest: None,
                n_forges: 0,
                classes: Vec::new(),
                panicked: Some(message),
            });
            self.orbits.note_local(id);
        }
        self.any_panic = true;
        Ok(id)
    }

    /// Interns an observer's value.
    pub(super) fn observed_value(
        &mut self,
        k: usize,
        value: Component,
        bytes: &[u8],
    ) -> Result<u32, Error> {
        let observer = &self.system.observers[k];
        let comparison = Comparison {
            same: &|a: &Component, b: &Component| observer.same(a, b),
            bytes: &|component: &Component, out: &mut Vec<u8>| observer.identity(component, out),
            user_hash: None,
            strict: observer.is_strict(),
            name: &|| format!("observer \"{}\"", observer.name()),
        };
        let (id, is_new) =
            self.observed[k].intern(&self.hash, k as u64, bytes, value, &comparison)?;
        if is_new {
            self.orbits.note_observed(k, id);
        }
        Ok(id)
    }

    /// A value that stands for a panic of this observer.
    pub(super) fn panicked_observed(&mut self, k: usize, message: String) -> Result<u32, Error> {
        let (id, is_new) = self.observed[k].intern_panic(&self.hash, k, &message)?;
        if is_new {
            self.orbits.note_observed(k, id);
        }
        self.observed_panics.insert((k as u32, id), message);
        self.any_panic = true;
        Ok(id)
    }

    /// Interns a channel with one more message.
    pub(super) fn push(&mut self, channel: u32, send: u32) -> Result<(), Error> {
        self.orbits.note_push(channel, send);
        let mut content = if channel == NO_ITEM {
            Vec::new()
        } else {
            self.channel_contents[&channel].clone()
        };
        let item = &self.items[send as usize];
        let is_copy = |other: &&u32| self.items[**other as usize].head == item.head;
        let copies = content.iter().filter(is_copy).count();
        let is_full = |capacity: u32| copies >= capacity as usize;
        if item.rule.capacity.is_some_and(is_full) {
            self.pushes.insert(channel, send, channel);
            return Ok(());
        }
        content.push(send);
        let pair = self.items[send as usize].pair;
        if let Some(after) = self.channel_item(pair, content)? {
            self.pushes.insert(channel, send, after);
        }
        Ok(())
    }

    /// Interns a channel without its head.
    pub(super) fn pop(&mut self, channel: u32) -> Result<(), Error> {
        self.orbits.note_pop(channel);
        let content = self.channel_contents[&channel][1..].to_vec();
        let pair = self.items[channel as usize].pair;
        self.items[channel as usize].tail = self.channel_item(pair, content)?.unwrap_or(NO_ITEM);
        Ok(())
    }
}
