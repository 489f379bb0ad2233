//! Symmetry: interchangeable actors, and what becomes of a state where they change places.
//!
//! While a search reduces, the space is closed under the *generators* of the group, which exchange two neighbours of a group of actors: whatever is
//! interned is interned renamed as well (`images.rs`), and tables say which number becomes which. So no user code runs to rename a state.
//!
//! States themselves are never renamed: the search keeps the first of each orbit that it came to, along real steps. So its paths are paths of
//! the whole system.
//!
//! Invariant: whenever `absorb` or `initial` has returned, the image of every number under every generator is known, and of every question about
//! handlers, observers and channels that was answered all images were. So the steps of every image of a state that was expanded are known.

use std::collections::{BTreeSet, VecDeque};

use super::ActorSpace;
use super::canonical::plain_changes;
use super::layout::{CRASH_EVENT, PENDING_EVENT, RECOVER_EVENT};
use crate::error::Error;
use crate::system::{Content, guarded};

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
    pub(super) pending: Vec<Vec<u32>>,
}

impl Generator {
    /// What an actor, or any other id, becomes.
    pub(super) fn actor(&self, actor: usize) -> usize {
        exchanged(self.swap, actor)
    }

    /// The image of a part, if it is known.
    pub(super) fn known(&self, part: Part) -> Option<Part> {
        let at = |table: &Vec<u32>, id: u32| {
            let image = table.get(id as usize).copied();
            image.filter(|&image| image != UNKNOWN)
        };
        match part {
            Part::Local(id) => at(&self.locals, id).map(Part::Local),
            Part::Item(id) => at(&self.items, id).map(Part::Item),
            Part::Observed(k, id) => {
                let image = at(&self.observed[k as usize], id);
                image.map(|image| Part::Observed(k, image))
            }
            Part::Signature(id) => at(&self.signatures, id).map(Part::Signature),
        }
    }

    /// Notes the image of a part, which is one of the same kind.
    pub(super) fn note(&mut self, part: Part, image: Part) {
        let (table, id, image) = match (part, image) {
            (Part::Local(id), Part::Local(image)) => (&mut self.locals, id, image),
            (Part::Item(id), Part::Item(image)) => (&mut self.items, id, image),
            (Part::Observed(k, id), Part::Observed(_, image)) => {
                (&mut self.observed[k as usize], id, image)
            }
            (Part::Signature(id), Part::Signature(image)) => (&mut self.signatures, id, image),
            (part, image) => unreachable!("{part:?} does not become {image:?}"),
        };
        if table.len() <= id as usize {
            table.resize(id as usize + 1, UNKNOWN);
        }
        table[id as usize] = image;
    }
}

/// What an actor becomes where two are exchanged.
pub(super) fn exchanged([a, b]: [usize; 2], actor: usize) -> usize {
    if actor == a {
        b
    } else if actor == b {
        a
    } else {
        actor
    }
}

/// Something that was interned, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Local(u32),
    Item(u32),
    /// An observer, and a value of it.
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
    /// What has no images yet.
    pub(super) unclosed: VecDeque<Part>,
    /// Questions about channels (with one message more, without the head) whose images were not answered yet.
    pub(super) pushed: Vec<(u32, u32)>,
    pub(super) popped: Vec<u32>,
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

    pub(super) fn note_push(&mut self, channel: u32, send: u32) {
        if self.is_on {
            self.pushed.push((channel, send));
        }
    }

    pub(super) fn note_pop(&mut self, channel: u32) {
        if self.is_on {
            self.popped.push(channel);
        }
    }

    /// Forgets all images.
    pub(super) fn clear(&mut self) {
        self.unclosed.clear();
        self.pushed.clear();
        self.popped.clear();
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

/// Renames something, in which the code of its type runs.
pub(super) fn renaming<T>(rename: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match guarded(rename) {
        Ok(renamed) => renamed,
        Err(thrown) => Err(Error::model(format!(
            "it panics when it is renamed: {}",
            thrown.message
        ))
        .with_cure("let `Serialize`, `Deserialize` and `Permute` take every value")),
    }
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

    pub(super) fn renamed_message(
        &self,
        generator: &Generator,
        msg: &Content,
    ) -> Result<Content, Error> {
        let symmetries = &self.system.symmetries;
        let Some(rename) = symmetries.message else {
            return Ok(msg.clone());
        };
        let of = |id| generator.actor(id);
        renaming(|| rename(msg, symmetries.renames(&of))).map_err(|error| error.about("a message"))
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
