//! States and steps as people read them.

use std::collections::BTreeMap;

use super::layout::{
    CRASH_EVENT, FORGE_EVENT, Item, PENDING_EVENT, Place, RECOVER_EVENT, WITHOUT_EFFECT,
};
use super::{ActorSpace, Scratch};
use crate::error::Error;
use crate::space::sabotage::Sabotage;
use crate::space::{IN_FLIGHT, Interrupted, Label, Rendered, StepKind};
use crate::system::{ENVIRONMENT, Window};
use crate::value::Tree;

impl ActorSpace {
    pub(super) fn message_tree(&self, item: u32) -> Tree {
        self.named((self.system.message.identity.tree)(self.envelope(item).msg))
    }

    /// A message with the ticks that remain, where there are ticks.
    fn in_flight_tree(&self, item: u32) -> Tree {
        let message = self.message_tree(item);
        let Item {
            earliest, latest, ..
        } = self.items[item as usize];
        if latest == u32::MAX {
            return message;
        }
        let window = Tree::Atom(Window { earliest, latest }.text());
        Tree::Tuple(String::new(), vec![message, window])
    }

    /// A tree with ids replaced by the names of their actors.
    pub(super) fn named(&self, tree: Tree) -> Tree {
        tree.with_names(&|id| self.lanes.get(id).filter(|_| id < self.n_actors()).cloned())
    }

    pub(super) fn local_tree(&self, local: u32) -> Tree {
        let info = &self.local_infos[local as usize];
        match &info.panicked {
            Some(message) => Tree::Tuple("panicked".to_owned(), vec![Tree::Text(message.clone())]),
            None => self.named(self.processes[info.actor as usize].tree(self.locals.get(local))),
        }
    }

    /// An observer's value.
    pub(super) fn observed_tree(&self, k: usize, value: u32) -> Tree {
        match self.observed_panics.get(&(k as u32, value)) {
            Some(message) => Tree::Tuple("panicked".to_owned(), vec![Tree::Text(message.clone())]),
            None => self.named(self.system.observers[k].tree(self.observed[k].get(value))),
        }
    }

    /// An id as a lane: the actor's number, else the environment.
    fn lane(&self, id: usize) -> u32 {
        id.min(self.n_actors()) as u32
    }

    /// An id's name.
    pub(super) fn lane_name(&self, id: usize) -> String {
        match self.lanes.get(id) {
            Some(name) if id < self.n_actors() => name.clone(),
            _ if id == ENVIRONMENT => "environment".to_owned(),
            _ => format!("nobody ({id})"),
        }
    }

    pub(super) fn render_words(&self, words: &[u32]) -> Rendered {
        let n = self.n_actors();
        let mut parts: Rendered = (0..n)
            .map(|actor| (self.lanes[actor].clone(), self.local_tree(words[actor])))
            .collect();
        for (k, observer) in self.system.observers.iter().enumerate() {
            parts.push((
                observer.name().to_owned(),
                self.observed_tree(k, words[n + k]),
            ));
        }
        if !self.budget.is_empty() {
            let word = words[self.budget_at()];
            let spent = self.budget.names.iter().enumerate().map(|(counter, name)| {
                (
                    name.clone(),
                    Tree::Atom(self.budget.value(word, counter).to_string()),
                )
            });
            parts.push((
                "spent".to_owned(),
                Tree::Struct(String::new(), spent.collect()),
            ));
        }
        if !self.cuts.is_empty() {
            let up = self.partitions_up(words);
            let names = self.cuts.names.iter().enumerate();
            let names = names.filter(|(partition, _)| up >> partition & 1 == 1);
            let names = names.map(|(_, name)| Tree::Unit(name.clone()));
            parts.push(("partitions".to_owned(), Tree::Set(names.collect())));
        }
        if self.phase_at().is_some() {
            let phase = if self.keeps_time(words) {
                "synchronous"
            } else {
                "asynchronous"
            };
            parts.push(("timing".to_owned(), Tree::Unit(phase.to_owned())));
        }
        if let Some(item) = self.last_at().and_then(|at| words[at].checked_sub(1)) {
            parts.push(("last delivery".to_owned(), self.message_tree(item)));
        }
        let mut links: BTreeMap<(usize, usize), (bool, Vec<Tree>)> = BTreeMap::new();
        for &word in &words[self.header..] {
            let ends = self.envelope(word);
            let (is_channel, messages) =
                links.entry((ends.src.into(), ends.dst.into())).or_default();
            match self.channel_contents.get(&word) {
                Some(content) => {
                    *is_channel = true;
                    messages.extend(content.iter().map(|&item| self.in_flight_tree(item)));
                }
                None => messages.push(self.in_flight_tree(word)),
            }
        }
        let in_flight = links
            .into_iter()
            .map(|((src, dst), (is_channel, mut messages))| {
                let link = Tree::Text(format!("{} → {}", self.lane_name(src), self.lane_name(dst)));
                if is_channel {
                    return (link, Tree::List(messages));
                }
                // Numbers give no order that anybody may see.
                messages.sort_by_cached_key(Tree::text);
                (link, Tree::Set(messages))
            });
        parts.push((IN_FLIGHT.to_owned(), Tree::Map(in_flight.collect())));
        parts
    }

    /// See [`StateSpace::label`](crate::space::StateSpace::label).
    pub(super) fn label_step(&self, words: &[u32], step: u32) -> Result<Label, Error> {
        let Some(place) = self.place(words, step) else {
            return Err(Error::model(format!("the state has no step {step}")));
        };
        let mut label = Label {
            key: Vec::new(),
            lane: 0,
            kind: StepKind::Deliver,
            from: None,
            content: Tree::Unit(String::new()),
            name: None,
            interrupted: None,
            sent: Vec::new(),
        };
        let mut detail: Vec<u8> = Vec::new();
        let mut entry = None;
        if let Place::CrashInside(event, k) = place {
            let (actor, key) = self.event_key(words, event);
            self.describe(words, event.place(), &mut label, &mut detail)?;
            let kind = std::mem::replace(&mut label.kind, StepKind::CrashInside);
            // A step that is asked for has been looked up.
            let crash = self.interruption(words[actor], key, k, &mut Scratch::default());
            if let Ok(crash) = crash {
                entry = Some(crash.entry);
                label.interrupted = Some(Interrupted {
                    event: kind,
                    after: crash.after,
                    of: crash.of,
                });
                detail.insert(0, kind as u8);
                detail.extend(crash.after.to_be_bytes());
            }
        } else if let Some((local, event)) = self.describe(words, place, &mut label, &mut detail)? {
            let found = self.memo.get(local, event);
            entry = found.map(|found| self.entries[(found & !WITHOUT_EFFECT) as usize]);
        }
        if let Some(entry) = entry {
            for &item in &self.sends[entry.sends_at as usize..][..usize::from(entry.n_sends)] {
                let dst = usize::from(self.envelope(item).dst);
                label.sent.push((self.lane(dst), self.message_tree(item)));
            }
        }
        label.key.push(label.kind as u8);
        label.key.extend(label.lane.to_be_bytes());
        if self.hash.sabotage.is(Sabotage::IdsOrderActions) {
            label.key.extend((u32::MAX - step).to_be_bytes());
        }
        label.key.extend(detail);
        Ok(label)
    }

    /// What a place is about: fills the label but for its key, and the part of the key that tells it from others of its kind and lane.
    /// Returns the memo key of its handler, if one runs.
    fn describe(
        &self,
        words: &[u32],
        place: Place,
        label: &mut Label,
        detail: &mut Vec<u8>,
    ) -> Result<Option<(u32, u32)>, Error> {
        let mut memo_key = None;
        match place {
            Place::Deliver(at) | Place::Keep(at) | Place::Lose(at) => {
                let item = &self.items[words[at] as usize];
                let envelope = self.envelope(item.head);
                label.kind = match place {
                    Place::Deliver(_) => StepKind::Deliver,
                    Place::Keep(_) if item.rule.consumes => StepKind::Duplicate,
                    Place::Keep(_) => StepKind::Deliver,
                    _ => StepKind::Drop,
                };
                label.lane = self.lane(envelope.dst.into());
                label.from = Some(self.lane(envelope.src.into()));
                label.content = self.message_tree(item.head);
                detail.extend((usize::from(envelope.src) as u32).to_be_bytes());
                detail.extend((usize::from(envelope.dst) as u32).to_be_bytes());
                detail.extend((self.system.message.key)(envelope.msg)?);
                if item.latest != u32::MAX {
                    detail.extend(item.latest.to_be_bytes());
                    detail.extend(item.earliest.to_be_bytes());
                }
                if !matches!(place, Place::Lose(_)) {
                    memo_key = Some((words[item.dst as usize], item.head));
                }
            }
            Place::Pending(actor, k) => {
                let local = words[actor];
                let pending = &self.local_infos[local as usize].pending[k as usize];
                let process = &self.processes[actor];
                let (name, content) = process.pending_tree(self.locals.get(local), pending);
                (label.name, label.content) = (name, self.named(content));
                label.kind = match pending {
                    crate::system::Pending::Timer(_) => StepKind::Timeout,
                    crate::system::Pending::Choice(..) => StepKind::Choose,
                };
                label.lane = actor as u32;
                *detail = process.pending_key(self.locals.get(local), pending)?;
                memo_key = Some((local, PENDING_EVENT | k));
            }
            Place::Stimulus(i) => {
                let stimulus = &self.system.stimuli[i];
                let actor = usize::from(stimulus.to);
                label.kind = StepKind::Stimulus;
                label.lane = actor as u32;
                label.from = Some(self.n_actors() as u32);
                label.name = Some(stimulus.name.clone());
                label.content = self.named((self.system.message.identity.tree)(&stimulus.msg));
                detail.extend((i as u32).to_be_bytes());
                memo_key = Some((words[actor], self.stimulus_items[i]));
            }
            Place::Crash(actor) | Place::Recover(actor) => {
                let crashes = matches!(place, Place::Crash(_));
                label.kind = if crashes {
                    StepKind::Crash
                } else {
                    StepKind::Recover
                };
                label.lane = actor as u32;
                memo_key = Some((
                    words[actor],
                    if crashes { CRASH_EVENT } else { RECOVER_EVENT },
                ));
            }
            Place::Partition(partition) | Place::Heal(partition) => {
                label.kind = match place {
                    Place::Heal(_) => StepKind::Heal,
                    _ => StepKind::Partition,
                };
                label.lane = self.n_actors() as u32;
                label.name = Some(self.cuts.names[partition].clone());
                let sides = self.cuts.sides[partition].each_ref().map(|side| {
                    let names = side.iter().map(|&actor| self.lanes[actor].clone());
                    Tree::Set(names.map(Tree::Unit).collect())
                });
                label.content = Tree::Tuple(String::new(), sides.to_vec());
                detail.extend((partition as u32).to_be_bytes());
            }
            Place::Forge(actor, k) => {
                let key = (words[actor], FORGE_EVENT | k);
                label.kind = StepKind::Forge;
                label.lane = actor as u32;
                // A step that is asked for has been looked up.
                if let Some(found) = self.memo.get(key.0, key.1) {
                    let item = self.sends[self.entries[found as usize].sends_at as usize];
                    let envelope = self.envelope(item);
                    label.from = Some(self.lane(envelope.src.into()));
                    label.content = self.message_tree(item);
                    detail.extend((usize::from(envelope.src) as u32).to_be_bytes());
                    detail.extend((usize::from(envelope.dst) as u32).to_be_bytes());
                    detail.extend((self.system.message.key)(envelope.msg)?);
                }
                memo_key = Some(key);
            }
            Place::Ignore(event) => {
                self.describe(words, event.place(), label, detail)?;
                detail.insert(0, label.kind as u8);
                label.kind = StepKind::Ignore;
            }
            Place::Tick | Place::Stabilise => {
                let is_tick = matches!(place, Place::Tick);
                label.kind = if is_tick {
                    StepKind::Tick
                } else {
                    StepKind::Stabilise
                };
                label.lane = self.n_actors() as u32;
            }
            Place::CrashInside(event, _) => {
                memo_key = self.describe(words, event.place(), label, detail)?;
            }
        }
        Ok(memo_key)
    }
}
