//! Symmetry: interchangeable actors, and what becomes of a state where they change places.
//!
//! While a search reduces, the space is closed under the *generators* of the group, which exchange two neighbours of a group of actors: whatever is
//! interned is interned renamed as well, and tables say which number becomes which. So no user code runs to rename a state.
//!
//! States themselves are never renamed: the search keeps the first of each orbit that it came to, along real steps. So its paths are paths of
//! the whole system.
//!
//! Invariant: whenever `absorb` or `initial` has returned, the image of every number under every generator is known.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};

use stateright::actor::Id;

use super::ActorSpace;
use super::canonical::plain_changes;
use super::layout::{CRASH_EVENT, PENDING_EVENT, RECOVER_EVENT, Told};
use crate::error::Error;
use crate::system::{Content, Pending, guarded};
use crate::value::Tree;

/// The largest group that is reduced by: a property is asked about so many images of a state.
const ORDER_MAX: u64 = 5_040;

/// The image of a number is not known yet.
const UNKNOWN: u32 = u32::MAX;

/// Exchanges two actors.
pub(super) struct Generator {
    pub(super) swap: [usize; 2],
    /// What each budget counter becomes.
    pub(super) counters: Vec<usize>,
    /// Whether that is anything but itself.
    pub(super) moves_counters: bool,
    pub(super) locals: Vec<u32>,
    pub(super) items: Vec<u32>,
    /// Per observer its values.
    pub(super) observed: Vec<Vec<u32>>,
    /// Lists of events that observers are told of.
    pub(super) signatures: Vec<u32>,
    /// Per local component what each of its pending events becomes.
    pending: Vec<Vec<u32>>,
}

impl Generator {
    /// What an actor, or any other id, becomes.
    pub(super) fn actor(&self, actor: usize) -> usize {
        match self.swap {
            [a, b] if actor == a => b,
            [a, b] if actor == b => a,
            _ => actor,
        }
    }
}

/// Something that was interned and has no images yet.
#[derive(Clone, Copy)]
enum Part {
    Local(u32),
    Item(u32),
    Observed(u32, u32),
    Signature(u32),
}

/// The group, and the images of everything.
#[derive(Default)]
pub(super) struct Orbits {
    /// A search reduces.
    pub(super) is_on: bool,
    pub(super) generators: Vec<Generator>,
    /// Per group its actors, and the number of its first generator: the one that exchanges its first two actors.
    pub(super) groups: Vec<(Vec<usize>, usize)>,
    /// Per group size the exchanges that lead through all orders.
    pub(super) changes: Vec<Vec<usize>>,
    unclosed: VecDeque<Part>,
    /// Per local component a key that its images share; 0: not known yet.
    pub(super) local_keys: Vec<u64>,
    /// Per item where it comes from, where it goes, and a key that its images share.
    pub(super) item_keys: Vec<(usize, usize, u64)>,
}

impl Orbits {
    pub(super) fn note_local(&mut self, id: u32) {
        if self.is_on {
            self.unclosed.push_back(Part::Local(id));
        }
    }

    pub(super) fn note_item(&mut self, id: u32) {
        if self.is_on {
            self.unclosed.push_back(Part::Item(id));
        }
    }

    pub(super) fn note_observed(&mut self, observer: usize, id: u32) {
        if self.is_on {
            self.unclosed.push_back(Part::Observed(observer as u32, id));
        }
    }

    pub(super) fn note_signature(&mut self, id: u32) {
        if self.is_on {
            self.unclosed.push_back(Part::Signature(id));
        }
    }

    /// Forgets all images.
    pub(super) fn clear(&mut self) {
        self.unclosed.clear();
        self.local_keys.clear();
        self.item_keys.clear();
        for generator in &mut self.generators {
            generator.locals.clear();
            generator.items.clear();
            generator.pending.clear();
            generator.observed.iter_mut().for_each(Vec::clear);
            generator.signatures.clear();
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let generators = self.generators.iter().map(|g| {
            let pending: usize = g.pending.iter().map(|p| p.capacity() * 4 + 24).sum();
            (g.locals.capacity() + g.items.capacity()) * 4 + pending
        });
        generators.sum::<usize>() + self.local_keys.capacity() * 8 + self.item_keys.capacity() * 24
    }
}

/// Whether a value, as people read it, holds one of two ids.
fn holds_one_of(tree: Tree, ids: [usize; 2]) -> bool {
    let found = Cell::new(false);
    let _ = tree.with_names(&|id| {
        found.set(found.get() || ids.contains(&id));
        None
    });
    found.get()
}

fn set<T: Clone>(table: &mut Vec<T>, id: u32, unknown: &T, value: T) {
    let id = id as usize;
    if table.len() <= id {
        table.resize(id + 1, unknown.clone());
    }
    table[id] = value;
}

impl ActorSpace {
    /// The declared symmetry in words; `None` if there is none.
    pub(super) fn symmetry_in_words(&self) -> Option<String> {
        let groups = &self.system.symmetries.groups;
        let sizes = groups.iter().map(Vec::len).filter(|&n| n > 1);
        let words: Vec<String> = sizes
            .map(|n| format!("{n} interchangeable actors"))
            .collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }

    /// From now on, states that differ by who is who are told apart, or not.
    pub(super) fn set_reduction(&mut self, on: bool) -> Result<(), Error> {
        if self.orbits.is_on == on {
            return Ok(());
        }
        // Decisions were made of other readings.
        for decision in &mut self.decisions {
            *decision = super::Decision::default();
        }
        if !on {
            self.orbits.is_on = false;
            return Ok(());
        }
        let mut orbits = Orbits::default();
        let mut order = 1_u64;
        for group in &self.system.symmetries.groups {
            let n = group.len() as u64;
            order = (1..=n).fold(order, u64::saturating_mul);
            orbits.groups.push((group.clone(), orbits.generators.len()));
            for pair in group.windows(2) {
                orbits.generators.push(self.generator([pair[0], pair[1]])?);
            }
        }
        if order > ORDER_MAX {
            return Err(Error::usage(format!(
                "the symmetric actors can change places in {order} ways, and at most {ORDER_MAX} can be checked"
            ))
            .with_cure("declare fewer of them symmetric (7 at most), or check without symmetry (--no-symmetry)"));
        }
        let largest = orbits.groups.iter().map(|(group, _)| group.len()).max();
        orbits.changes = (0..=largest.unwrap_or(0)).map(plain_changes).collect();
        orbits.is_on = true;
        self.orbits = orbits;
        self.is_stale = true;
        Ok(())
    }

    /// What exchanging two actors does to the system, if it leaves it as it is.
    fn generator(&self, swap: [usize; 2]) -> Result<Generator, Error> {
        let mut generator = Generator {
            swap,
            counters: (0..self.budget.limits.len()).collect(),
            moves_counters: false,
            locals: Vec::new(),
            items: Vec::new(),
            observed: vec![Vec::new(); self.n_observers()],
            signatures: Vec::new(),
            pending: Vec::new(),
        };
        let n = self.n_actors();
        let names = format!(
            "\"{}\" and \"{}\"",
            self.lanes[swap[0]], self.lanes[swap[1]]
        );
        let differ = |what: &str| {
            let message = format!("{names} are declared symmetric, but {what}");
            Err(Error::model(message)
                .with_cure("treat symmetric actors alike, or do not declare them symmetric"))
        };
        let refuse = |what: &str| {
            let message = format!("symmetry cannot be combined with {what}");
            Err(Error::usage(message).with_cure("check without symmetry (--no-symmetry)"))
        };
        if self.may_crash_inside {
            return refuse("crashes inside handlers, whose effects happen in an order");
        }
        if self.clock.is_some() {
            return refuse("ticks");
        }
        if self.may_betray {
            return refuse("Byzantine actors");
        }
        if self.system.rules.remembers_last_delivery
            || self.system.rules.simultaneous_crashes.is_some()
        {
            return refuse("a system converted from stateright");
        }
        for src in 0..=n {
            for dst in 0..=n {
                let image = self.rule(generator.actor(src), generator.actor(dst)).1;
                if self.rule(src, dst).1 != image {
                    return differ("their links differ");
                }
            }
        }
        let [a, b] = swap;
        if self.crash_rules[a] != self.crash_rules[b] {
            return differ("they do not crash alike");
        }
        for side in self.cuts.sides.iter().flatten() {
            if side.contains(&a) != side.contains(&b) {
                return differ("a partition comes between them");
            }
        }
        if let (Some(&a), Some(&b)) = (
            self.budget.crashes_of[a].as_ref(),
            self.budget.crashes_of[b].as_ref(),
        ) {
            generator.counters.swap(a, b);
        }
        let mut taken = BTreeSet::new();
        for (i, stimulus) in self.system.stimuli.iter().enumerate() {
            let bytes = self.message_bytes(&self.renamed_message(&generator, &stimulus.msg)?)?;
            let to = generator.actor(usize::from(stimulus.to));
            let image = self
                .system
                .stimuli
                .iter()
                .enumerate()
                .position(|(j, other)| {
                    !taken.contains(&j)
                        && usize::from(other.to) == to
                        && other.budget == stimulus.budget
                        && self.message_bytes(&other.msg).is_ok_and(|own| own == bytes)
                });
            let Some(image) = image else {
                let name = &stimulus.name;
                return differ(&format!("stimulus \"{name}\" has no counterpart"));
            };
            taken.insert(image);
            generator.counters[i] = image;
        }
        let mut counters = generator.counters.iter().enumerate();
        generator.moves_counters = counters.any(|(i, &image)| i != image);
        Ok(generator)
    }

    fn renamed_message(&self, generator: &Generator, msg: &Content) -> Result<Content, Error> {
        match self.system.symmetries.message {
            Some(rename) => rename(msg, &|id| generator.actor(id)),
            None => Ok(msg.clone()),
        }
    }

    /// Gives everything that was interned its images, which are interned as well.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        while let Some(part) = self.orbits.unclosed.pop_front() {
            for g in 0..self.orbits.generators.len() {
                match part {
                    Part::Local(id) => self.close_local(g, id)?,
                    Part::Item(id) => {
                        self.item_image(g, id)?;
                    }
                    Part::Observed(observer, id) => {
                        self.close_observed(g, observer as usize, id)?
                    }
                    Part::Signature(id) => self.close_signature(g, id)?,
                }
            }
        }
        let first = self.orbits.local_keys.len();
        self.orbits.local_keys.resize(self.local_infos.len(), 0);
        for id in first..self.local_infos.len() {
            if self.orbits.local_keys[id] == 0 {
                let orbit = self.orbit(id as u32, |generator| &generator.locals);
                let least = orbit.iter().map(|&id| self.locals.hash(id)).min();
                let key = least.unwrap_or_default() as u64 | 1;
                for id in orbit {
                    self.orbits.local_keys[id as usize] = key;
                }
            }
        }
        for id in self.orbits.item_keys.len()..self.items.len() {
            let orbit = self.orbit(id as u32, |generator| &generator.items);
            let least = orbit.iter().map(|&id| self.item_hashes[id as usize]).min();
            let ends = self.envelope(id as u32);
            let ends = (usize::from(ends.src), usize::from(ends.dst));
            let key = least.unwrap_or_default() as u64;
            self.orbits.item_keys.push((ends.0, ends.1, key));
        }
        Ok(())
    }

    /// All images of a number.
    fn orbit(&self, id: u32, table: impl Fn(&Generator) -> &Vec<u32>) -> Vec<u32> {
        let mut orbit = vec![id];
        let mut known = BTreeSet::from([id]);
        let mut next = 0;
        while next < orbit.len() {
            for generator in &self.orbits.generators {
                let image = table(generator)[orbit[next] as usize];
                if known.insert(image) {
                    orbit.push(image);
                }
            }
            next += 1;
        }
        orbit
    }

    fn close_local(&mut self, g: usize, id: u32) -> Result<(), Error> {
        let actor = self.local_infos[id as usize].actor as usize;
        let swap = self.orbits.generators[g].swap;
        let (to, name) = {
            let generator = &self.orbits.generators[g];
            (generator.actor(actor), self.lanes[actor].clone())
        };
        let rename = move |id: usize| match swap {
            [a, b] if id == a => b,
            [a, b] if id == b => a,
            _ => id,
        };
        let (image, pending) = if let Some(message) = &self.local_infos[id as usize].panicked {
            let message = message.clone();
            (self.panicked_local(to, message)?, Vec::new())
        } else {
            let about = |error: Error| error.about(&format!("the state of actor \"{name}\""));
            let component = self.locals.get(id).clone();
            let renamer = self.system.symmetries.renamers.get(&actor).copied();
            let image = match renamer {
                Some(renamer) => {
                    let moved = guarded(|| (renamer.local)(&component, &rename));
                    let moved = moved.map_err(|thrown| Error::model(thrown.message));
                    let moved = moved.and_then(|moved| moved).map_err(about)?;
                    let bytes = self.local_bytes(to, &moved)?;
                    self.local(to, moved, &bytes)?
                }
                None if self.mentions(actor, &component, swap) => {
                    return Err(Error::model(format!(
                        "the state of actor \"{name}\" mentions symmetric actors"
                    ))
                    .with_cure(
                        "say so where they are declared: `sys.symmetric(…).mentioned_by(handle)`",
                    ));
                }
                None => id,
            };
            let mut pending = Vec::new();
            for (k, event) in self.local_infos[id as usize].pending.iter().enumerate() {
                let infos = &self.local_infos[image as usize].pending;
                let k = match (event, renamer) {
                    (Pending::Timer(position), Some(renamer)) => {
                        let there = self.locals.get(image);
                        let at = (renamer.timer)(&component, *position, there, &rename);
                        let at = at.map_err(about)?.map(Pending::Timer);
                        infos.iter().position(|other| Some(other) == at.as_ref())
                    }
                    (Pending::Choice(..), _) => infos.iter().position(|other| other == event),
                    (Pending::Timer(_), None) => Some(k),
                };
                let Some(k) = k else {
                    return Err(self.not_faithful(&format!("actor \"{name}\"")));
                };
                pending.push(k as u32);
            }
            (image, pending)
        };
        let generator = &mut self.orbits.generators[g];
        set(&mut generator.locals, id, &UNKNOWN, image);
        set(&mut generator.pending, id, &Vec::new(), pending);
        let back = generator.locals.get(image as usize).copied();
        if back.is_some_and(|back| back != UNKNOWN && back != id) {
            return Err(self.not_faithful(&format!("actor \"{name}\"")));
        }
        Ok(())
    }

    fn close_observed(&mut self, g: usize, k: usize, id: u32) -> Result<(), Error> {
        let observer = &self.system.observers[k];
        let name = observer.name().to_owned();
        let value = self.observed[k].get(id).clone();
        let generator = &self.orbits.generators[g];
        let swap = generator.swap;
        let rename = |id: usize| generator.actor(id);
        let image = if self.observed_panics.contains_key(&(k as u32, id)) {
            id
        } else if let Some(renamer) = self.system.symmetries.observers.get(&k) {
            let about = |error: Error| error.about(&format!("observer \"{name}\""));
            let moved = guarded(|| renamer(&value, &rename));
            let moved = moved.map_err(|thrown| Error::model(thrown.message));
            let moved = moved.and_then(|moved| moved).map_err(about)?;
            let mut bytes = Vec::new();
            observer.identity(&moved, &mut bytes).map_err(about)?;
            self.observed_value(k, moved, &bytes)?
        } else if holds_one_of(observer.tree(&value), swap) {
            return Err(Error::model(format!(
                "the value of observer \"{name}\" mentions symmetric actors"
            ))
            .with_cure(
                "say so where they are declared: `sys.symmetric(…).remembered_by(handle)`",
            ));
        } else {
            id
        };
        let table = &mut self.orbits.generators[g].observed[k];
        set(table, id, &UNKNOWN, image);
        let back = table.get(image as usize).copied();
        if back.is_some_and(|back| back != UNKNOWN && back != id) {
            return Err(self.not_faithful(&format!("observer \"{name}\"")));
        }
        Ok(())
    }

    fn close_signature(&mut self, g: usize, id: u32) -> Result<(), Error> {
        let mut image = Vec::new();
        for told in self.signature_list[id as usize].clone() {
            let actor = |actor: u32, g: usize, space: &Self| {
                space.orbits.generators[g].actor(actor as usize) as u32
            };
            image.push(match told {
                Told::Received(item) => Told::Received(self.item_image(g, item)?),
                Told::Sent(item) => Told::Sent(self.item_image(g, item)?),
                Told::Lost(item) => Told::Lost(self.item_image(g, item)?),
                Told::TimedOut(who) => Told::TimedOut(actor(who, g, self)),
                Told::Chose(who) => Told::Chose(actor(who, g, self)),
                Told::Crashed(who) => Told::Crashed(actor(who, g, self)),
                Told::Recovered(who) => Told::Recovered(actor(who, g, self)),
                // No partition comes between symmetric actors.
                Told::Partitioned(_) | Told::Healed(_) => told,
            });
        }
        let n = image.len();
        let image = self.signature(image);
        if self.signature_list[image as usize].len() != n {
            return Err(Error::model(
                "an observer wants to be told of what some symmetric actors do, and not of what others do",
            )
            .with_cure("let `observer_wants` treat symmetric actors alike"));
        }
        set(
            &mut self.orbits.generators[g].signatures,
            id,
            &UNKNOWN,
            image,
        );
        Ok(())
    }

    /// Whether the component of an actor without a renamer holds one of two ids.
    fn mentions(
        &self,
        actor: usize,
        component: &crate::system::Component,
        swap: [usize; 2],
    ) -> bool {
        holds_one_of(self.processes[actor].tree(component), swap)
    }

    fn not_faithful(&self, actor: &str) -> Error {
        Error::model(format!(
            "a value of {actor} is another one after it was written down and read back"
        ))
        .with_cure("let `Deserialize` read exactly what `Serialize` writes")
    }

    /// The image of an item.
    fn item_image(&mut self, g: usize, id: u32) -> Result<u32, Error> {
        let known = self.orbits.generators[g].items.get(id as usize).copied();
        if let Some(known) = known.filter(|&known| known != UNKNOWN) {
            return Ok(known);
        }
        let image = if self.items[id as usize].is_channel {
            let mut content = Vec::new();
            for item in self.channel_contents[&id].clone() {
                content.push(self.item_image(g, item)?);
            }
            let pair = self.items[content[0] as usize].pair;
            let Some(image) = self.channel_item(pair, content)? else {
                unreachable!("a channel that holds something has an image that does")
            };
            image
        } else {
            let (src, dst, msg) = {
                let envelope = self.envelope(id);
                let (src, dst) = (usize::from(envelope.src), usize::from(envelope.dst));
                let generator = &self.orbits.generators[g];
                let msg = self.renamed_message(generator, envelope.msg)?;
                (generator.actor(src), generator.actor(dst), msg)
            };
            // The environment's id was cut to its half of a slot.
            let bytes = self.message_bytes(&msg)?;
            self.envelope_item(src, Id::from(dst), msg, &bytes)?
        };
        let table = &mut self.orbits.generators[g].items;
        set(table, id, &UNKNOWN, image);
        let back = table.get(image as usize).copied();
        if back.is_some_and(|back| back != UNKNOWN && back != id) {
            return Err(Error::model(
                "a message is another one after it was written down and read back",
            )
            .with_cure("let `Deserialize` read exactly what `Serialize` writes"));
        }
        Ok(image)
    }

    /// What one of symmetric actors spent, each of them could have.
    pub(super) fn share_among_symmetric(&self, spent: &mut [u32]) {
        if self.orbits.is_on {
            for _ in &self.orbits.generators {
                for generator in &self.orbits.generators {
                    for (counter, &image) in generator.counters.iter().enumerate() {
                        spent[counter] = spent[counter].max(spent[image]);
                    }
                }
            }
        }
    }

    /// What an event of a local component becomes.
    pub(super) fn event_image(&self, g: usize, local: u32, event: u32) -> u32 {
        let generator = &self.orbits.generators[g];
        match event {
            CRASH_EVENT | RECOVER_EVENT => event,
            event if event >= PENDING_EVENT => {
                PENDING_EVENT | generator.pending[local as usize][(event - PENDING_EVENT) as usize]
            }
            item => generator.items[item as usize],
        }
    }

    /// What a local component becomes.
    pub(super) fn local_image(&self, g: usize, local: u32) -> u32 {
        self.orbits.generators[g].locals[local as usize]
    }

    /// What an item becomes.
    pub(super) fn known_item_image(&self, g: usize, item: u32) -> u32 {
        self.orbits.generators[g].items[item as usize]
    }
}
