//! Interning: equal components get one number. Numbers are dense, given in a deterministic order, never moved or freed during a search,
//! and never visible outside the space.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::sabotage::{Sabotage, Sabotaged};
use crate::error::Error;
use crate::system::Component;
use crate::value::LIST_TAG;

/// Components per table at most: the top bit of an event number says that it is not a component.
pub(crate) const COMPONENTS_MAX: usize = 1 << 31;

/// What kind of component a hash stands for; part of what is hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Local = 1,
    Observed = 2,
    Envelope = 3,
    Channel = 4,
    Budget = 5,
    LastDelivery = 6,
    Panicked = 7,
    Partitions = 8,
    /// A message in flight with the ticks that remain.
    Timed = 9,
    Phase = 10,
}

/// Content hashes: XXH3-128 of kind, slot, ordinal, length and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ContentHash {
    pub(crate) seed: u64,
    pub(crate) sabotage: Sabotaged,
}

impl ContentHash {
    /// The hash of one component. The ordinal tells apart different components with equal bytes.
    pub(crate) fn of(&self, kind: Kind, slot: u64, ordinal: u32, bytes: &[u8]) -> u128 {
        let mut buffer = Vec::with_capacity(bytes.len() + 24);
        buffer.push(kind as u8);
        buffer.extend_from_slice(&slot.to_le_bytes());
        buffer.extend_from_slice(&ordinal.to_le_bytes());
        buffer.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        buffer.extend_from_slice(bytes);
        xxh3_128_with_seed(&buffer, self.seed)
    }

    /// The hash that goes into fingerprints: [`of`](ContentHash::of), but for a deliberate fault.
    fn shown(&self, kind: Kind, slot: u64, ordinal: u32, bytes: &[u8]) -> u128 {
        if self.sabotage.is(Sabotage::HashWithoutSlot) {
            return self.of(kind, 0, ordinal, bytes);
        }
        if self.sabotage.is(Sabotage::HashWithoutLength) {
            // A list becomes its elements alone: ([1], []) and ([], [1]) are the same.
            let mut unended = Vec::new();
            let mut rest = bytes.iter();
            while let Some(&byte) = rest.next() {
                if byte == LIST_TAG {
                    rest.next();
                } else {
                    unended.push(byte);
                }
            }
            return self.of(kind, slot, ordinal, &unended);
        }
        self.of(kind, slot, ordinal, bytes)
    }
}

/// Appends a component's canonical encoding.
pub(crate) type Encode<'a> = dyn Fn(&Component, &mut Vec<u8>) -> Result<(), Error> + 'a;

/// How the components of one slot are compared, for [`Table::intern`].
pub(crate) struct Comparison<'a> {
    pub(crate) same: &'a dyn Fn(&Component, &Component) -> bool,
    pub(crate) bytes: &'a Encode<'a>,
    /// The user's own hash, if there is one: equal values have equal ones.
    pub(crate) user_hash: Option<&'a dyn Fn(&Component) -> u64>,
    /// Identity is the canonical encoding: equal bytes and equal values must coincide.
    pub(crate) strict: bool,
    /// Names the component in an error.
    pub(crate) name: &'a dyn Fn() -> String,
}

/// Interned components of one kind, over all slots.
pub(crate) struct Table {
    kind: Kind,
    components: Vec<Component>,
    slots: Vec<u64>,
    hashes: Vec<u128>,
    by_hash: HashMap<u128, u32>,
    by_user_hash: HashMap<(u64, u64), Vec<u32>>,
    bytes: usize,
}

impl Table {
    pub(crate) fn new(kind: Kind) -> Self {
        Table {
            kind,
            components: Vec::new(),
            slots: Vec::new(),
            hashes: Vec::new(),
            by_hash: HashMap::new(),
            by_user_hash: HashMap::new(),
            bytes: 0,
        }
    }

    #[inline]
    pub(crate) fn hash(&self, id: u32) -> u128 {
        self.hashes[id as usize]
    }

    pub(crate) fn get(&self, id: u32) -> &Component {
        &self.components[id as usize]
    }

    /// The slot a component belongs to.
    pub(crate) fn slot(&self, id: u32) -> u64 {
        self.slots[id as usize]
    }

    /// An estimate of the bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of the component equal to `component` in `slot`, whose identity bytes are `bytes`; whether it is new.
    ///
    /// # Errors
    /// Equality and encoding disagree; the table is full.
    pub(crate) fn intern(
        &mut self,
        hash: &ContentHash,
        slot: u64,
        bytes: &[u8],
        component: Component,
        comparison: &Comparison<'_>,
    ) -> Result<(u32, bool), Error> {
        let mut ordinal = 0;
        let content = loop {
            let content = hash.of(self.kind, slot, ordinal, bytes);
            let Some(&id) = self.by_hash.get(&content) else {
                break content;
            };
            let known = &self.components[id as usize];
            if self.slots[id as usize] == slot {
                if (comparison.same)(known, &component) {
                    return Ok((id, false));
                }
                let mut known_bytes = Vec::new();
                (comparison.bytes)(known, &mut known_bytes)?;
                if comparison.strict && known_bytes == bytes {
                    return Err(Error::model(format!(
                        "two values of {} are not equal but serialise to the same bytes",
                        (comparison.name)()
                    ))
                    .with_cure("serialise every field that `==` compares (no skipped or lossy fields, no NaN)"));
                }
            }
            // Different values behind one hash: tell them apart by arrival, which is the same in every run.
            ordinal += 1;
        };
        if let Some(user_hash) = comparison.user_hash {
            let bucket = self
                .by_user_hash
                .entry((slot, user_hash(&component)))
                .or_default();
            if comparison.strict {
                let twin = bucket
                    .iter()
                    .find(|&&id| (comparison.same)(&self.components[id as usize], &component));
                if twin.is_some() {
                    return Err(Error::model(format!(
                        "two values of {} are equal but serialise to different bytes",
                        (comparison.name)()
                    ))
                    .with_cure("use ordered collections (`Set`, `Map`, BTreeSet, BTreeMap) instead of hashed ones, and serialise only what `==` compares"));
                }
            }
            bucket.push(self.components.len() as u32);
        }
        if self.components.len() >= COMPONENTS_MAX {
            return Err(Error::capacity(format!(
                "more than {COMPONENTS_MAX} different values of one kind"
            ))
            .with_cure("bound what grows without end, for example by `within`"));
        }
        let id = self.components.len() as u32;
        self.bytes += 2 * bytes.len() + 160;
        self.components.push(component);
        self.slots.push(slot);
        self.hashes
            .push(hash.shown(self.kind, slot, ordinal, bytes));
        self.by_hash.insert(content, id);
        Ok((id, true))
    }

    /// The number of the component that stands for a panic with this message in `slot`; whether it is new.
    ///
    /// # Errors
    /// The table is full.
    pub(crate) fn intern_panic(
        &mut self,
        hash: &ContentHash,
        slot: usize,
        message: &str,
    ) -> Result<(u32, bool), Error> {
        let comparison = Comparison {
            same: &|a, b| a.get::<String>() == b.get::<String>(),
            bytes: &|component, out| {
                out.extend_from_slice(component.get::<String>().as_bytes());
                Ok(())
            },
            user_hash: None,
            strict: false,
            name: &|| "a panic".to_owned(),
        };
        // Panics live in slots of their own, so that they are never compared with a user's values.
        let slot = ((Kind::Panicked as u64) << 56) | slot as u64;
        let component = Component::new(message.to_owned());
        self.intern(hash, slot, message.as_bytes(), component, &comparison)
    }
}
