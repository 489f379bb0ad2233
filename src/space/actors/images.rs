//! Images: what each part of a state becomes where two symmetric actors are exchanged, interned as well.
//!
//! How a value is renamed is partly said by its type (`Deserialize`, `Permute`), and nothing of that is believed. The images of each part have to be those that
//! a group has: exchanging twice changes nothing, and exchanges go together as those of actors do (the relations by which Coxeter defines the
//! symmetric group). Then every way to put actors in places has one image, however it is composed, and a part has no more images than there are
//! ways; so closing ends. Whether the *model* stays what it is under these images is asked elsewhere (`equivariance.rs`).
//!
//! Invariant: after `close` the image of every part under every generator is known, and the relations hold for it.

use std::cell::Cell;
use std::collections::BTreeSet;

use stateright::actor::Id;

use super::ActorSpace;
use super::layout::{NO_ITEM, Told, UNKNOWN_ITEM};
use super::orbits::{Generator, Part, exchanged, renaming};
use crate::error::Error;
use crate::system::{Component, Pending};
use crate::value::Tree;

/// What everybody is told to do whose values are not renamed as actors are exchanged.
const CURE: &str = "let `Deserialize` read exactly what `Serialize` writes, and `Permute` do nothing but put other actors in the places of those \
                    that are exchanged";

/// Whether a value, as people read it, holds one of two ids.
fn holds_one_of(tree: Tree, ids: [usize; 2]) -> bool {
    let found = Cell::new(false);
    let _ = tree.with_names(&|id| {
        found.set(found.get() || ids.contains(&id));
        None
    });
    found.get()
}

impl ActorSpace {
    /// Gives everything that was interned its images, which are interned as well.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        loop {
            while let Some(part) = self.orbits.unclosed.pop_front() {
                for g in 0..self.orbits.generators.len() {
                    self.image(g, part)?;
                }
                self.check_images(part)?;
            }
            if !self.answer_about_channels()? {
                break;
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

    /// Answers the images of one question about a channel; whether there was one. The images of all items are known.
    fn answer_about_channels(&mut self) -> Result<bool, Error> {
        if let Some((channel, send)) = self.orbits.pushed.pop() {
            for g in 0..self.orbits.generators.len() {
                let there = match channel {
                    NO_ITEM => NO_ITEM,
                    channel => self.known_item_image(g, channel),
                };
                let sent = self.known_item_image(g, send);
                if self.pushes.get(there, sent).is_none() {
                    self.push(there, sent)?;
                }
            }
            return Ok(true);
        }
        if let Some(channel) = self.orbits.popped.pop() {
            for g in 0..self.orbits.generators.len() {
                let there = self.known_item_image(g, channel);
                if self.items[there as usize].tail == UNKNOWN_ITEM {
                    self.pop(there)?;
                }
            }
            return Ok(true);
        }
        Ok(false)
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

    /// Whether the images of a part are those of a group.
    fn check_images(&mut self, part: Part) -> Result<(), Error> {
        // A list of events is made of items, and its images of theirs.
        if let Part::Signature(_) = part {
            return Ok(());
        }
        for g in 0..self.orbits.generators.len() {
            let twice = self.image_after(&[g, g], part)?;
            if twice != part {
                return Err(Error::model(format!(
                    "{} is not what it was where {} change places twice\n  before: {}\n  after: {}",
                    self.part_name(part),
                    self.swap_names(g),
                    self.part_text(part),
                    self.part_text(twice),
                ))
                .with_cure(CURE));
            }
            for h in 0..g {
                let swap = self.orbits.generators[g].swap;
                let is_apart = |actor| !swap.contains(&actor);
                let (one, other) = if self.orbits.generators[h].swap.into_iter().all(is_apart) {
                    (vec![g, h], vec![h, g])
                } else {
                    (vec![g, h, g], vec![h, g, h])
                };
                let (there, also) = (
                    self.image_after(&one, part)?,
                    self.image_after(&other, part)?,
                );
                if there != also {
                    let order = |exchanges: &[usize]| -> String {
                        let names = exchanges.iter().map(|&g| self.swap_names(g));
                        names.collect::<Vec<_>>().join(", then ")
                    };
                    return Err(Error::model(format!(
                        "{} becomes two different ones where symmetric actors change places in two ways that lead to the same\n  it is: {}\n  \
                         {}: {}\n  {}: {}",
                        self.part_name(part),
                        self.part_text(part),
                        order(&one),
                        self.part_text(there),
                        order(&other),
                        self.part_text(also),
                    ))
                    .with_cure(CURE));
                }
            }
        }
        Ok(())
    }

    fn swap_names(&self, g: usize) -> String {
        let [a, b] = self.orbits.generators[g].swap;
        format!("\"{}\" and \"{}\"", self.lanes[a], self.lanes[b])
    }

    fn part_name(&self, part: Part) -> String {
        match part {
            Part::Local(id) => {
                let actor = self.local_infos[id as usize].actor as usize;
                format!("the state of actor \"{}\"", self.lanes[actor])
            }
            Part::Item(_) => "a message".to_owned(),
            Part::Observed(k, _) => {
                let name = self.system.observers[k as usize].name();
                format!("the value of observer \"{name}\"")
            }
            Part::Signature(_) => "what observers are told of".to_owned(),
        }
    }

    fn part_text(&self, part: Part) -> String {
        match part {
            Part::Local(id) => self.local_tree(id).text(),
            Part::Item(id) => self.message_tree(id).text(),
            Part::Observed(k, id) => self.observed_tree(k as usize, id).text(),
            Part::Signature(id) => format!("{:?}", self.signature_list[id as usize]),
        }
    }

    /// The image of a part after several exchanges.
    fn image_after(&mut self, exchanges: &[usize], part: Part) -> Result<Part, Error> {
        exchanges
            .iter()
            .try_fold(part, |part, &g| self.image(g, part))
    }

    /// The image of a part.
    fn image(&mut self, g: usize, part: Part) -> Result<Part, Error> {
        if let Some(known) = self.orbits.generators[g].known(part) {
            return Ok(known);
        }
        let image = match part {
            Part::Local(id) => Part::Local(self.image_of_local(g, id)?),
            Part::Item(id) => Part::Item(self.image_of_item(g, id)?),
            Part::Observed(k, id) => Part::Observed(k, self.image_of_observed(g, k as usize, id)?),
            Part::Signature(id) => Part::Signature(self.image_of_signature(g, id)?),
        };
        self.orbits.generators[g].note(part, image);
        Ok(image)
    }

    fn image_of_local(&mut self, g: usize, id: u32) -> Result<u32, Error> {
        let actor = self.local_infos[id as usize].actor as usize;
        let swap = self.orbits.generators[g].swap;
        let to = exchanged(swap, actor);
        let name = self.lanes[actor].clone();
        let (image, pending) = if let Some(message) = &self.local_infos[id as usize].panicked {
            let message = message.clone();
            (self.panicked_local(to, message)?, Vec::new())
        } else {
            let about = |error: Error| error.about(&format!("the state of actor \"{name}\""));
            let of = |id| exchanged(swap, id);
            let component = self.locals.get(id).clone();
            let renamer = self.system.symmetries.renamers.get(&actor).copied();
            let image = match renamer {
                Some(renamer) => {
                    let renames = self.system.symmetries.renames(&of);
                    let moved = renaming(|| (renamer.local)(&component, renames)).map_err(about)?;
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
                        let renames = self.system.symmetries.renames(&of);
                        let at =
                            renaming(|| (renamer.timer)(&component, *position, there, renames));
                        let at = at.map_err(about)?.map(Pending::Timer);
                        infos.iter().position(|other| Some(other) == at.as_ref())
                    }
                    (Pending::Choice(..), _) => infos.iter().position(|other| other == event),
                    (Pending::Timer(_), None) => Some(k),
                };
                let Some(k) = k else {
                    return Err(Error::model(format!(
                        "the state of actor \"{name}\": a timer or choice is another one after it was renamed\n  it is: {}\n  it becomes: {}",
                        self.local_tree(id).text(),
                        self.local_tree(image).text(),
                    ))
                    .with_cure(CURE));
                };
                pending.push(k as u32);
            }
            (image, pending)
        };
        let known = &mut self.orbits.generators[g].pending;
        if known.len() <= id as usize {
            known.resize(id as usize + 1, Vec::new());
        }
        known[id as usize] = pending;
        Ok(image)
    }

    fn image_of_observed(&mut self, g: usize, k: usize, id: u32) -> Result<u32, Error> {
        if self.observed_panics.contains_key(&(k as u32, id)) {
            return Ok(id);
        }
        let observer = &self.system.observers[k];
        let name = observer.name().to_owned();
        let value = self.observed[k].get(id).clone();
        let swap = self.orbits.generators[g].swap;
        let Some(renamer) = self.system.symmetries.observers.get(&k) else {
            if holds_one_of(observer.tree(&value), swap) {
                return Err(Error::model(format!(
                    "the value of observer \"{name}\" mentions symmetric actors"
                ))
                .with_cure(
                    "say so where they are declared: `sys.symmetric(…).remembered_by(handle)`",
                ));
            }
            return Ok(id);
        };
        let about = |error: Error| error.about(&format!("observer \"{name}\""));
        let of = |id| exchanged(swap, id);
        let renames = self.system.symmetries.renames(&of);
        let moved = renaming(|| renamer(&value, renames)).map_err(about)?;
        let mut bytes = Vec::new();
        observer.identity(&moved, &mut bytes).map_err(about)?;
        self.observed_value(k, moved, &bytes)
    }

    fn image_of_signature(&mut self, g: usize, id: u32) -> Result<u32, Error> {
        let swap = self.orbits.generators[g].swap;
        let actor = |actor: u32| exchanged(swap, actor as usize) as u32;
        let mut image = Vec::new();
        for told in self.signature_list[id as usize].clone() {
            image.push(match told {
                Told::Received(item) => Told::Received(self.item_image(g, item)?),
                Told::Sent(item) => Told::Sent(self.item_image(g, item)?),
                Told::Lost(item) => Told::Lost(self.item_image(g, item)?),
                Told::TimedOut(who) => Told::TimedOut(actor(who)),
                Told::Chose(who) => Told::Chose(actor(who)),
                Told::Crashed(who) => Told::Crashed(actor(who)),
                Told::Recovered(who) => Told::Recovered(actor(who)),
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
        Ok(image)
    }

    /// Whether the component of an actor without a renamer holds one of two ids.
    fn mentions(&self, actor: usize, component: &Component, swap: [usize; 2]) -> bool {
        holds_one_of(self.processes[actor].tree(component), swap)
    }

    fn item_image(&mut self, g: usize, id: u32) -> Result<u32, Error> {
        match self.image(g, Part::Item(id))? {
            Part::Item(image) => Ok(image),
            other => unreachable!("an item becomes an item and not {other:?}"),
        }
    }

    fn image_of_item(&mut self, g: usize, id: u32) -> Result<u32, Error> {
        if self.items[id as usize].is_channel {
            let mut content = Vec::new();
            for item in self.channel_contents[&id].clone() {
                content.push(self.item_image(g, item)?);
            }
            let pair = self.items[content[0] as usize].pair;
            let Some(image) = self.channel_item(pair, content)? else {
                unreachable!("a channel that holds something has an image that does")
            };
            return Ok(image);
        }
        let (src, dst, msg) = {
            let envelope = self.envelope(id);
            let (src, dst) = (usize::from(envelope.src), usize::from(envelope.dst));
            let generator = &self.orbits.generators[g];
            let msg = self.renamed_message(generator, envelope.msg)?;
            (generator.actor(src), generator.actor(dst), msg)
        };
        // The environment's id was cut to its half of a slot.
        let bytes = self.message_bytes(&msg)?;
        self.envelope_item(src, Id::from(dst), msg, &bytes)
    }
}
