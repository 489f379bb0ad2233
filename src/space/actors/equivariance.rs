//! Whether actors that are declared symmetric are: every answer of user code is compared with its answers where they change places.
//!
//! What is compared: the initial states as a set; each handler, in all images of a situation, with the images of its answer; each predicate and
//! value of a property, in all images of a state, with its answer there. An answer's sends are compared up to what no order of
//! sends can tell: on an unordered link the order does not matter.
//!
//! Handlers need only be compared along generators, because the situations that are asked about are closed under them. A predicate is asked
//! about all images of a state, and counts as having read, in the state, what it read in any of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::ActorSpace;
use super::layout::{CRASH_EVENT, Entry, PENDING_EVENT, RECOVER_EVENT};
use crate::error::Error;

/// What everybody is told to do about it.
const CURE: &str = "nothing but their ids may tell symmetric actors apart: hold peers as `Id` and not as numbers, or let the type that counts them say \
                    how it is renamed (`Permute`, and `sys.symmetric(…).permuting::<T>()`), and treat them alike; or do not declare them symmetric";

impl ActorSpace {
    /// Adds to the questions about handlers all their images.
    pub(super) fn add_images(&self, handlers: &mut Vec<(u32, u32)>) {
        let mut known: HashSet<(u32, u32)> = handlers.iter().copied().collect();
        let mut next = 0;
        while next < handlers.len() {
            let (local, event) = handlers[next];
            for g in 0..self.orbits.generators.len() {
                let image = (
                    self.local_image(g, local),
                    self.event_image(g, local, event),
                );
                if self.memo.get(image.0, image.1).is_none() && known.insert(image) {
                    handlers.push(image);
                }
            }
            next += 1;
        }
    }

    /// Compares the answers to questions, which were just given, with those to their images.
    pub(super) fn compare_with_images(&self, handlers: &[(u32, u32)]) -> Result<(), Error> {
        for &(local, event) in handlers {
            let Some(entry) = self.known_entry(local, event) else {
                unreachable!("the question was just answered")
            };
            for g in 0..self.orbits.generators.len() {
                let there = self.local_image(g, local);
                let image = self.event_image(g, local, event);
                let Some(other) = self.known_entry(there, image) else {
                    unreachable!("images of questions are asked with them")
                };
                if !self.is_image(g, &entry, &other) {
                    return Err(self.handled_differently(g, (local, event), (there, image)));
                }
                let is_panic = self.local_infos[entry.local as usize].panicked.is_some();
                let signature = self.orbits.generators[g].signatures[entry.signature as usize];
                if !is_panic && signature != other.signature {
                    return Err(self.told_in_another_order(g, local, event));
                }
            }
        }
        Ok(())
    }

    /// Adds to the questions about observers all their images.
    pub(super) fn add_fold_images(&self, folds: &mut Vec<(u32, u32, u32)>) {
        let mut known: HashSet<(u32, u32, u32)> = folds.iter().copied().collect();
        let mut next = 0;
        while next < folds.len() {
            for g in 0..self.orbits.generators.len() {
                let image = self.fold_image(g, folds[next]);
                let is_known = self.folds[image.0 as usize].get(image.1, image.2).is_some();
                if !is_known && known.insert(image) {
                    folds.push(image);
                }
            }
            next += 1;
        }
    }

    fn fold_image(&self, g: usize, (k, value, signature): (u32, u32, u32)) -> (u32, u32, u32) {
        let generator = &self.orbits.generators[g];
        let value = generator.observed[k as usize][value as usize];
        (k, value, generator.signatures[signature as usize])
    }

    /// Compares the answers of observers, which were just given, with those to the images of the questions.
    pub(super) fn compare_folds(&self, folds: &[(u32, u32, u32)]) -> Result<(), Error> {
        for &fold in folds {
            for (g, generator) in self.orbits.generators.iter().enumerate() {
                let image = self.fold_image(g, fold);
                let k = fold.0 as usize;
                let after = |(k, value, signature): (u32, u32, u32)| {
                    let after = self.folds[k as usize].get(value, signature);
                    after.unwrap_or_else(|| unreachable!("images of questions are asked with them"))
                };
                let (here, there) = (after(fold), after(image));
                let panics = |id: u32| self.observed_panics.contains_key(&(fold.0, id));
                let is_alike = match (panics(here), panics(there)) {
                    (false, false) => generator.observed[k][here as usize] == there,
                    (here, there) => here && there,
                };
                if !is_alike {
                    let [a, b] = generator.swap;
                    let observer = &self.system.observers[k];
                    let told = |fold: (u32, u32, u32), after: u32| {
                        let text = |id: u32| self.observed_tree(k, id).text();
                        format!("{} becomes {}", text(fold.1), text(after))
                    };
                    return Err(Error::model(format!(
                        "observer \"{}\" answers differently where \"{}\" and \"{}\", which are declared symmetric, change places\n  {}\n  {}",
                        observer.name(),
                        self.lanes[a],
                        self.lanes[b],
                        told(fold, here),
                        told(image, there),
                    ))
                    .with_cure(CURE));
                }
            }
        }
        Ok(())
    }

    fn known_entry(&self, local: u32, event: u32) -> Option<Entry> {
        let found = self.memo.get(local, event)?;
        Some(self.entries[(found & !super::layout::WITHOUT_EFFECT) as usize])
    }

    /// Whether the second answer is the first one's image.
    fn is_image(&self, g: usize, entry: &Entry, other: &Entry) -> bool {
        let panics = |local: u32| self.local_infos[local as usize].panicked.is_some();
        if panics(entry.local) || panics(other.local) {
            // A message may name whom it is about.
            return panics(entry.local) && panics(other.local);
        }
        let sends = self.sends_of(entry).iter();
        let sends: Vec<u32> = sends.map(|&item| self.known_item_image(g, item)).collect();
        self.local_image(g, entry.local) == other.local
            && self.without_order(&sends) == self.without_order(self.sends_of(other))
    }

    fn sends_of(&self, entry: &Entry) -> &[u32] {
        &self.sends[entry.sends_at as usize..][..usize::from(entry.n_sends)]
    }

    /// Sends, but for an order that nobody can tell.
    fn without_order(&self, sends: &[u32]) -> BTreeMap<(u32, u32), Vec<u32>> {
        let mut by_link: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
        for &send in sends {
            let item = &self.items[send as usize];
            let content = if item.rule.fifo { 0 } else { send };
            by_link.entry((item.pair, content)).or_default().push(send);
        }
        by_link
    }

    fn handled_differently(&self, g: usize, here: (u32, u32), there: (u32, u32)) -> Error {
        let [a, b] = self.orbits.generators[g].swap;
        let actor = |local: u32| &self.lanes[self.local_infos[local as usize].actor as usize];
        let told = |(local, event): (u32, u32)| {
            let answer = match self.known_entry(local, event) {
                Some(entry) => self.answer_text(local, &entry),
                None => String::new(),
            };
            format!(
                "{} in state {} handles {}: {answer}",
                actor(local),
                self.local_tree(local).text(),
                self.event_text(local, event),
            )
        };
        Error::model(format!(
            "actor \"{}\" answers differently where \"{}\" and \"{}\", which are declared symmetric, change places\n  {}\n  {}",
            actor(here.0),
            self.lanes[a],
            self.lanes[b],
            told(here),
            told(there),
        ))
        .with_cure(CURE)
    }

    fn told_in_another_order(&self, g: usize, local: u32, event: u32) -> Error {
        let [a, b] = self.orbits.generators[g].swap;
        let actor = &self.lanes[self.local_infos[local as usize].actor as usize];
        Error::model(format!(
            "an observer is told in another order of what actor \"{actor}\" sends when it handles {}, where \"{}\" and \"{}\", which are \
             declared symmetric, change places",
            self.event_text(local, event),
            self.lanes[a],
            self.lanes[b],
        ))
        .with_cure(
            "the order of sends follows the ids: let the observer be told of other events (`observer_wants`), of receipts say, or check without \
             symmetry (--no-symmetry)",
        )
    }

    fn event_text(&self, local: u32, event: u32) -> String {
        match event {
            CRASH_EVENT => "a crash".to_owned(),
            RECOVER_EVENT => "a recovery".to_owned(),
            event if event >= PENDING_EVENT => {
                let info = &self.local_infos[local as usize];
                let pending = &info.pending[(event - PENDING_EVENT) as usize];
                let process = &self.processes[info.actor as usize];
                process
                    .pending_tree(self.locals.get(local), pending)
                    .1
                    .text()
            }
            item => {
                let from = self.lane_name(self.envelope(item).src.into());
                format!("{} from {from}", self.message_tree(item).text())
            }
        }
    }

    fn answer_text(&self, before: u32, entry: &Entry) -> String {
        let mut parts = Vec::new();
        if entry.local != before {
            parts.push(format!("becomes {}", self.local_tree(entry.local).text()));
        }
        for &send in self.sends_of(entry) {
            let to = self.lane_name(self.envelope(send).dst.into());
            parts.push(format!("sends {} to {to}", self.message_tree(send).text()));
        }
        if parts.is_empty() {
            "does nothing".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// Whether the initial states stay the same, as a set, where symmetric actors change places.
    pub(super) fn compare_initial(&self, states: &[Vec<u32>]) -> Result<(), Error> {
        let known: BTreeSet<Vec<u32>> = states.iter().map(|state| self.in_order(state)).collect();
        for state in states {
            for (g, generator) in self.orbits.generators.iter().enumerate() {
                let mut image = state.clone();
                self.exchange(g, &mut image);
                let image = self.in_order(&image);
                if !known.contains(&image) {
                    let [a, b] = generator.swap;
                    return Err(Error::model(format!(
                        "the initial states differ where \"{}\" and \"{}\", which are declared symmetric, change places\n  {}\n  is none: {}",
                        self.lanes[a],
                        self.lanes[b],
                        self.state_text(state),
                        self.state_text(&image),
                    ))
                    .with_cure(CURE));
                }
            }
        }
        Ok(())
    }

    pub(super) fn state_text(&self, words: &[u32]) -> String {
        let parts = self.render_words(words);
        let parts: Vec<String> = parts
            .iter()
            .map(|(name, tree)| format!("{name} = {}", tree.text()))
            .collect();
        parts.join(", ")
    }

    /// A property, or another question about a state, tells symmetric actors apart.
    pub(super) fn tells_apart(
        &self,
        question: &str,
        here: (&[u32], &str),
        there: (&[u32], &str),
    ) -> Error {
        Error::model(format!(
            "{question} tells actors apart that are declared symmetric\n  {}: {}\n  {}: {}",
            here.1,
            self.state_text(here.0),
            there.1,
            self.state_text(there.0),
        ))
        .with_cure(CURE)
    }
}
