//! A state as predicates see it, which notes what they look at.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;

use stateright::actor::Envelope;

use super::ActorSpace;
use crate::system::{Component, Content, Facet, SystemId, View};

/// A state as user code sees it; notes which words are read.
pub(super) struct Reading<'a> {
    space: &'a ActorSpace,
    words: &'a [u32],
    reads: RefCell<Vec<u32>>,
    reads_network: Cell<bool>,
    /// Where it is to be told: what of which word is read, and whether the last delivery is.
    told: Option<RefCell<Details>>,
}

/// What was read, in detail.
#[derive(Default)]
pub(super) struct Details {
    /// Words of actors, each with what of it.
    pub(super) facets: Vec<(usize, Facet)>,
    pub(super) in_flight: bool,
    pub(super) last_delivery: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn new(space: &'a ActorSpace, words: &'a [u32]) -> Self {
        Reading {
            space,
            words,
            reads: RefCell::default(),
            reads_network: Cell::new(false),
            told: None,
        }
    }

    /// One that notes what is read in detail.
    pub(super) fn aloud(space: &'a ActorSpace, words: &'a [u32]) -> Self {
        Reading {
            told: Some(RefCell::default()),
            ..Reading::new(space, words)
        }
    }

    /// The words that were read, and whether the network was.
    pub(super) fn into_read(self) -> (Vec<u32>, bool) {
        (self.reads.into_inner(), self.reads_network.get())
    }

    /// The words that were read, and what else is to be told.
    pub(super) fn into_told(self) -> (Vec<u32>, Details) {
        let told = self.told.map(RefCell::into_inner).unwrap_or_default();
        (self.reads.into_inner(), told)
    }

    fn tell(&self, tell: impl FnOnce(&mut Details)) {
        if let Some(told) = &self.told {
            tell(&mut told.borrow_mut());
        }
    }

    fn note(&self, word: usize) {
        let mut reads = self.reads.borrow_mut();
        if !reads.contains(&(word as u32)) {
            reads.push(word as u32);
        }
    }
}

impl View for Reading<'_> {
    fn system(&self) -> SystemId {
        self.space.system.id
    }

    fn local(&self, actor: usize) -> &Component {
        for facet in [Facet::State, Facet::Timers, Facet::Storage] {
            self.tell(|told| told.facets.push((actor, facet)));
        }
        self.facet(actor, Facet::State)
    }

    fn facet(&self, actor: usize, facet: Facet) -> &Component {
        self.note(actor);
        self.tell(|told| told.facets.push((actor, facet)));
        let local = self.space.locals.get(self.words[actor]);
        match self.space.traitors[actor] {
            Some(_) => self.space.processes[actor].protocol(local),
            None => local,
        }
    }

    fn observed(&self, observer: usize) -> &Component {
        let word = self.space.n_actors() + observer;
        self.note(word);
        self.space.observed[observer].get(self.words[word])
    }

    fn in_flight(&self) -> Vec<Envelope<&Content>> {
        self.reads_network.set(true);
        self.tell(|told| told.in_flight = true);
        self.space.network_asked.store(true, Ordering::Relaxed);
        self.space.in_flight(self.words)
    }

    fn last_delivery(&self) -> Option<Envelope<&Content>> {
        self.reads_network.set(true);
        self.tell(|told| told.last_delivery = true);
        let word = self.words[self.space.last_at()?];
        word.checked_sub(1).map(|item| self.space.envelope(item))
    }

    fn is_correct(&self, actor: usize) -> bool {
        self.space.traitors[actor].is_none()
    }

    fn keeps_time(&self) -> bool {
        if let Some(at) = self.space.phase_at() {
            self.note(at);
        }
        self.space.keeps_time(self.words)
    }

    fn partition_is_up(&self, name: Option<&str>) -> Option<bool> {
        let cuts = &self.space.cuts;
        let mask = match name {
            Some(name) => 1 << cuts.names.iter().position(|known| known == name)?,
            None => u32::MAX,
        };
        let at = self.space.partitions_at()?;
        self.note(at);
        Some(self.words[at] & mask != 0)
    }
}

impl ActorSpace {
    /// Every envelope in flight.
    fn in_flight(&self, words: &[u32]) -> Vec<Envelope<&Content>> {
        let mut envelopes = Vec::new();
        for &item in &words[self.header..] {
            match self.channel_contents.get(&item) {
                Some(content) => envelopes.extend(content.iter().map(|&item| self.envelope(item))),
                None => envelopes.push(self.envelope(item)),
            }
        }
        envelopes
    }
}
