//! What Byzantine actors do beyond their protocol: they send what they know, and ignore what happens to them.
//!
//! How many contents an actor can send, and to whom in whose name, depends on its component alone; so the places are known before any of them has been
//! looked at. The component says what it knows: see `system::byzantine`.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::absorb::Answered;
use super::budget::Spends;
use super::layout::{Entry, Event, FORGE_EVENT, NOBODY, PENDING_EVENT, Place, Rule, Told};
use super::{ActorSpace, DOWN};
use crate::error::Error;
use crate::system::{
    Activity, Blueprint, Byzantine, ByzantineProcess, Happening, Pending, Process, Reaction,
    guarded_as,
};

/// An actor that need not follow its protocol.
pub(super) struct Traitor {
    /// Whom it can send to, and in whose name: (sender, receiver).
    pub(super) ends: Vec<(usize, usize)>,
    /// The counter of what it sends of its own accord.
    pub(super) sends: Option<usize>,
}

/// Makes the declared actors Byzantine.
///
/// # Errors
/// Something declared is no actor, or is declared twice, or could send without end.
pub(super) fn traitors(
    system: &Blueprint,
    processes: &mut Vec<Box<dyn Process>>,
    lanes: &[String],
    rules: &[Rule],
    sends: &[Option<usize>],
) -> Result<Vec<Option<Traitor>>, Error> {
    let n = processes.len();
    let mut traitors: Vec<Option<Traitor>> = (0..n).map(|_| None).collect();
    for (
        id,
        Byzantine {
            sends: budget,
            alphabet,
        },
    ) in &system.byzantine
    {
        let actor = usize::from(*id);
        if actor >= n {
            return Err(Error::model(format!(
                "id {actor} is declared Byzantine and is no actor"
            )));
        }
        if traitors[actor].is_some() {
            return Err(
                Error::model(format!("\"{}\" is declared Byzantine twice", lanes[actor]))
                    .with_cure("declare its sends and its alphabet at once"),
            );
        }
        let rule = |src: usize, dst: usize| &rules[src * (n + 1) + dst];
        let mut ends = Vec::new();
        for dst in 0..n {
            for src in 0..n {
                if src == actor || !rule(src, dst).is_authenticated {
                    ends.push((src, dst));
                }
            }
        }
        let endless = ends
            .iter()
            .find(|&&(src, dst)| rule(src, dst).capacity.is_none());
        if let (None, Some(&(src, dst))) = (budget, endless) {
            return Err(Error::model(format!(
                "\"{}\" is Byzantine and can send without end over the link from \"{}\" to \"{}\"",
                lanes[actor], lanes[src], lanes[dst]
            ))
            .with_cure("give it a budget, `Byzantine::new().sends(2)`, or give its links a capacity, `.capacity(1)`"));
        }
        let protocol = processes.remove(actor);
        let process = ByzantineProcess::new(protocol, alphabet, system.message.identity)?;
        processes.insert(actor, Box::new(process));
        traitors[actor] = Some(Traitor {
            ends,
            sends: sends[actor],
        });
    }
    Ok(traitors)
}

impl ActorSpace {
    /// Visits what Byzantine actors can do beyond their protocol.
    pub(super) fn places_byzantine<B>(
        &self,
        words: &[u32],
        visit: &mut impl FnMut(Place) -> ControlFlow<B>,
    ) -> Option<B> {
        macro_rules! visit {
            ($place:expr) => {
                if let ControlFlow::Break(value) = visit($place) {
                    return Some(value);
                }
            };
        }
        let is_awake = |actor: usize| {
            self.traitors[actor].is_some() && self.local_pending[words[actor] as usize] != DOWN
        };
        for at in self.header..words.len() {
            let item = &self.items[words[at] as usize];
            let is_again = at > self.header && words[at] == words[at - 1];
            if item.dst == NOBODY || is_again || !is_awake(item.dst as usize) {
                continue;
            }
            if item.rule.consumes {
                visit!(Place::Ignore(Event::Deliver(at)));
            }
            if item.rule.keeps {
                visit!(Place::Ignore(Event::Keep(at)));
            }
        }
        for actor in (0..self.n_actors()).filter(|&actor| is_awake(actor)) {
            let info = &self.local_infos[words[actor] as usize];
            for (k, pending) in (0_u32..).zip(&info.pending) {
                // To ignore a choice is the same whichever alternative is not taken.
                if !matches!(pending, Pending::Choice(_, 1..)) {
                    visit!(Place::Ignore(Event::Pending(actor, k)));
                }
            }
            for k in 0..info.n_forges {
                visit!(Place::Forge(actor, k));
            }
        }
        for i in 0..self.budget.n_stimuli {
            if is_awake(usize::from(self.system.stimuli[i].to)) {
                visit!(Place::Ignore(Event::Stimulus(i)));
            }
        }
        None
    }

    /// What ignoring an event spends; `None` where the event cannot happen.
    pub(super) fn ignore_spends(&self, words: &[u32], event: Event) -> Option<Spends> {
        let spends = match event {
            Event::Deliver(at) | Event::Keep(at) => {
                let item = &self.items[words[at] as usize];
                if item.earliest > 0 || self.is_cut(words, item) {
                    return None;
                }
                match event {
                    Event::Keep(_) => self.keep_spends(item),
                    _ => Spends::default(),
                }
            }
            Event::Pending(actor, k) if !self.is_due(words, actor, k) => return None,
            Event::Stimulus(i) => Spends::default().add(Some(i)),
            Event::Pending(..) | Event::Recover(_) => Spends::default(),
        };
        self.affords(words, &spends).then_some(spends)
    }

    /// What a message of its own accord spends; `None` where it cannot be sent.
    pub(super) fn forge_spends(&self, words: &[u32], actor: usize, k: u32) -> Option<Spends> {
        let traitor = self.traitors[actor].as_ref()?;
        let (src, dst) = traitor.ends[k as usize % traitor.ends.len()];
        // Whoever lends it a name does not lend it a way around a partition.
        let (_, own) = self.rule(actor, dst);
        if src != actor && own.cut & self.partitions_up(words) != 0 {
            return None;
        }
        let spends = Spends::default().add(traitor.sends).add(self.budget.faults);
        self.affords(words, &spends).then_some(spends)
    }

    /// Whether the link takes no more of what the entry sends.
    pub(super) fn is_full(&self, words: &[u32], entry: &Entry) -> bool {
        let send = self.sends[entry.sends_at as usize];
        let Some(capacity) = self.items[send as usize].rule.capacity else {
            return false;
        };
        let is_copy = |id: &&u32| self.items[**id as usize].head == send;
        let copies: usize = words[self.header..]
            .iter()
            .map(|id| match self.channel_contents.get(id) {
                Some(content) => content.iter().filter(is_copy).count(),
                None => usize::from(is_copy(&id)),
            })
            .sum();
        copies >= capacity as usize
    }

    /// How many messages a component can send of its own accord.
    pub(super) fn n_forges(&self, actor: usize, local: u32) -> Result<u32, Error> {
        let Some(traitor) = &self.traitors[actor] else {
            return Ok(0);
        };
        let n_known = self.processes[actor].known(self.locals.get(local)).len();
        let n = u32::try_from(n_known * traitor.ends.len()).ok();
        n.filter(|&n| n < 1 << 29).ok_or_else(|| {
            Error::capacity(format!(
                "\"{}\" knows more than can be numbered",
                self.lanes[actor]
            ))
        })
    }

    /// Interns what Byzantine actors send of their own accord: (local component, which).
    pub(super) fn absorb_forged(&mut self, misses: &[(u32, u32)]) -> Result<(), Error> {
        for &(local, k) in misses {
            let actor = self.local_infos[local as usize].actor as usize;
            let Some(traitor) = &self.traitors[actor] else {
                unreachable!("only a Byzantine actor sends of its own accord")
            };
            let n_ends = traitor.ends.len();
            let (src, dst) = traitor.ends[k as usize % n_ends];
            let msg = {
                let known = self.processes[actor].known(self.locals.get(local));
                known[k as usize / n_ends].clone()
            };
            let bytes = self.message_bytes(&msg)?;
            let item = self.envelope_item(src, dst.into(), msg, &bytes)?;
            // Nobody has sent what is forged.
            let told = (src == actor).then_some(Told::Sent(item));
            let signature = self.signature(told.into_iter().collect());
            let entry = self.make_entry(local, local, &[item], signature, false)?;
            self.memo
                .insert(local, FORGE_EVENT | k, self.entries.len() as u32);
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Interns what ignoring an event leaves behind: (local component, event).
    pub(super) fn absorb_ignored(&mut self, misses: &[(u32, u32)]) -> Result<(), Error> {
        let answers: Vec<Result<Result<Answered, String>, Error>> = misses
            .par_iter()
            .map(|&(local, event)| {
                let info = &self.local_infos[local as usize];
                let actor = info.actor as usize;
                let component = self.locals.get(local);
                let reaction = guarded_as(Activity::Actor(info.actor), || {
                    let happening = if event >= PENDING_EVENT {
                        Happening::Pending(&info.pending[(event - PENDING_EVENT) as usize])
                    } else {
                        let envelope = self.envelope(event);
                        Happening::Message(envelope.src, envelope.msg)
                    };
                    Reaction {
                        local: Some(self.processes[actor].ignore(component, &happening)),
                        sends: Vec::new(),
                        untouched: false,
                        rearmed: Vec::new(),
                    }
                });
                self.answered(actor, reaction)
            })
            .collect();
        for (&(local, event), answer) in misses.iter().zip(answers) {
            let actor = self.local_infos[local as usize].actor as usize;
            let after = match answer? {
                Ok(answered) => {
                    self.intern_sends(actor, local, answered.local, Vec::new())?
                        .0
                }
                Err(message) => self.panicked_local(actor, message)?,
            };
            let entry = self.make_entry(local, after, &[], 0, after == local)?;
            self.ignored.insert(local, event, self.entries.len() as u32);
            self.entries.push(entry);
        }
        Ok(())
    }
}
