//! Crashes inside a handler: the event is consumed, the first so many effects happen, the actor is down.
//!
//! What a crash at each of a handler's effects leaves behind is kept beside the memo of handlers, by the same pair of component and
//! event. How many such steps a state has is known only once the handler has been run; until then one place stands for them. So what
//! could keep the step from being one is asked before: a place whose handler nobody asks about would change its number later.

use std::ops::ControlFlow;

use rayon::prelude::*;
use stateright::actor::Id;

use super::absorb::{Answered, Miss};
use super::budget::Spends;
use super::layout::{Entry, Event, NOBODY, PENDING_EVENT, Place, RECOVER_EVENT, Told};
use super::{ActorSpace, DOWN, Scratch};
use crate::error::Error;
use crate::space::sabotage::Sabotage;
use crate::system::{Activity, Happening, Pending, Thrown, guarded_as};

/// What a crash after some of a handler's effects does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interruption {
    pub(super) entry: Entry,
    /// How many effects happened, of how many.
    pub(super) after: u32,
    pub(super) of: u32,
}

/// A way to crash inside a handler, with the bytes that identify it.
pub(super) struct Cutoff {
    after: u32,
    of: u32,
    pub(super) answered: Answered,
}

impl ActorSpace {
    /// Visits the crashes inside handlers.
    pub(super) fn places_inside<B>(
        &self,
        words: &[u32],
        visit: &mut impl FnMut(Place) -> ControlFlow<B>,
    ) -> Option<B> {
        let mut visit_event = |event: Event| {
            let (actor, key) = self.event_key(words, event);
            self.crash_inside_spends(words, event)?;
            for k in 0..self.n_inside(words[actor], key) {
                if let ControlFlow::Break(value) = visit(Place::CrashInside(event, k)) {
                    return Some(value);
                }
            }
            None
        };
        macro_rules! visit_event {
            ($event:expr) => {
                if let Some(value) = visit_event($event) {
                    return Some(value);
                }
            };
        }
        let is_down = |actor: usize| self.local_pending[words[actor] as usize] == DOWN;
        for at in self.header..words.len() {
            let item = &self.items[words[at] as usize];
            let is_again = at > self.header && words[at] == words[at - 1];
            if item.dst == NOBODY || is_again || is_down(item.dst as usize) {
                continue;
            }
            if item.rule.consumes {
                visit_event!(Event::Deliver(at));
            }
            if item.rule.keeps {
                visit_event!(Event::Keep(at));
            }
        }
        for (actor, &local) in words[..self.n_actors()].iter().enumerate() {
            if is_down(actor) {
                visit_event!(Event::Recover(actor));
            } else {
                for k in 0..u32::from(self.local_pending[local as usize]) {
                    visit_event!(Event::Pending(actor, k));
                }
            }
        }
        for i in 0..self.budget.n_stimuli {
            if !is_down(usize::from(self.system.stimuli[i].to)) {
                visit_event!(Event::Stimulus(i));
            }
        }
        None
    }

    /// What a crash in this event's handler spends, the event's own budget included; `None` where it is no step, whatever the handler does.
    pub(super) fn crash_inside_spends(&self, words: &[u32], event: Event) -> Option<Spends> {
        let (actor, _) = self.event_key(words, event);
        let rule = self.crash_rules[actor].filter(|_| self.crashes_inside[actor])?;
        let crash = self.crash_spends(actor)?;
        let spends = match event {
            Event::Deliver(at) | Event::Keep(at) => {
                let item = &self.items[words[at] as usize];
                if item.earliest > 0 || self.is_cut(words, item) {
                    return None;
                }
                match event {
                    Event::Keep(_) => crash.and(&self.keep_spends(item)),
                    _ => crash,
                }
            }
            Event::Stimulus(i) => crash.add(Some(i)),
            Event::Recover(_) if !self.system.crashes[rule].recover => return None,
            Event::Pending(actor, k) if !self.is_due(words, actor, k) => return None,
            Event::Recover(_) | Event::Pending(..) => crash,
        };
        self.affords(words, &spends).then_some(spends)
    }

    /// Whose event it is, and the second half of its memo key.
    pub(super) fn event_key(&self, words: &[u32], event: Event) -> (usize, u32) {
        match event {
            Event::Deliver(at) | Event::Keep(at) => {
                let item = &self.items[words[at] as usize];
                (item.dst as usize, item.head)
            }
            Event::Pending(actor, k) => (actor, PENDING_EVENT | k),
            Event::Stimulus(i) => (
                usize::from(self.system.stimuli[i].to),
                self.stimulus_items[i],
            ),
            Event::Recover(actor) => (actor, RECOVER_EVENT),
        }
    }

    /// How many places there are for crashes inside the handler: one until it is known.
    fn n_inside(&self, local: u32, event: u32) -> u32 {
        self.inside.get(local, event).map_or(1, |list| {
            let (start, end) = self.inside_lists[list as usize];
            end - start
        })
    }

    /// The `k`th crash inside the handler; `Err` if the handler has to be run first.
    pub(super) fn interruption(
        &self,
        local: u32,
        event: u32,
        k: u32,
        scratch: &mut Scratch,
    ) -> Result<Interruption, ()> {
        match self.inside.get(local, event) {
            Some(list) => {
                let (start, _) = self.inside_lists[list as usize];
                Ok(self.interruptions[(start + k) as usize])
            }
            None => {
                scratch.misses.push(Miss::Inside { local, event });
                Err(())
            }
        }
    }

    /// What a crash of the actor spends; `None` where no rule lets it crash.
    pub(super) fn crash_spends(&self, actor: usize) -> Option<Spends> {
        let rule = self.crash_rules[actor]?;
        let spends = Spends::default()
            .add(Some(self.budget.n_stimuli + rule))
            .add(self.budget.crashes_of[actor])
            .add(self.budget.faults);
        Some(spends)
    }

    /// The ways to crash inside a handler, found twice. None where it panics.
    pub(super) fn run_inside(
        &self,
        actor: usize,
        local: Option<u32>,
        happening: &Happening<'_>,
    ) -> Result<Vec<Cutoff>, Error> {
        let component = local.map(|local| self.locals.get(local));
        let run = || {
            let id = Id::from(actor);
            let cutoffs = guarded_as(Activity::Actor(actor as u32), || {
                self.processes[actor].interrupted(id, component, happening)
            });
            self.cutoffs(actor, cutoffs)
        };
        let (first, second) = (run()?, run()?);
        let alike = first.len() == second.len()
            && first.iter().zip(&second).all(|(a, b)| {
                (a.after, a.of) == (b.after, b.of) && a.answered.is_like(&b.answered)
            });
        if alike {
            return Ok(first);
        }
        Err(Error::model(format!(
            "actor \"{}\" answers differently when the same event is handled twice",
            self.lanes[actor]
        ))
        .with_cure("handlers must depend on nothing but their arguments"))
    }

    fn cutoffs(
        &self,
        actor: usize,
        interrupted: Result<Vec<crate::system::Interrupted>, Thrown>,
    ) -> Result<Vec<Cutoff>, Error> {
        let mut cutoffs = Vec::new();
        for cut in interrupted.unwrap_or_default() {
            let reaction = crate::system::Reaction {
                local: Some(cut.local),
                sends: cut.sends,
                untouched: false,
                rearmed: Vec::new(),
            };
            // A reaction that is there has an identity.
            if let Ok(answered) = self.answered(actor, Ok(reaction))? {
                cutoffs.push(Cutoff {
                    after: cut.after,
                    of: cut.of,
                    answered,
                });
            }
        }
        Ok(cutoffs)
    }

    /// Runs the handlers of these components and events for their crashes, in parallel, and keeps what they come to, in order.
    pub(super) fn absorb_inside(&mut self, misses: &[(u32, u32)]) -> Result<(), Error> {
        let answers: Vec<_> = misses
            .par_iter()
            .map(|&(local, event)| {
                let info = &self.local_infos[local as usize];
                let actor = info.actor as usize;
                let happening = match event {
                    RECOVER_EVENT => Happening::Start,
                    event if event >= PENDING_EVENT => {
                        Happening::Pending(&info.pending[(event - PENDING_EVENT) as usize])
                    }
                    item => {
                        let envelope = self.envelope(item);
                        Happening::Message(envelope.src, envelope.msg)
                    }
                };
                self.run_inside(actor, Some(local), &happening)
            })
            .collect();
        for (&(local, event), cutoffs) in misses.iter().zip(answers) {
            let actor = self.local_infos[local as usize].actor as usize;
            let told = match event {
                RECOVER_EVENT => Told::Recovered(actor as u32),
                event if event >= PENDING_EVENT => {
                    match self.local_infos[local as usize].pending[(event - PENDING_EVENT) as usize]
                    {
                        Pending::Timer(_) => Told::TimedOut(actor as u32),
                        Pending::Choice(..) => Told::Chose(actor as u32),
                    }
                }
                item => Told::Received(item),
            };
            let start = self.interruptions.len() as u32;
            for cutoff in cutoffs? {
                let (after, of) = (cutoff.after, cutoff.of);
                let (down, sends) = self.intern_cutoff(actor, local, cutoff)?;
                let sent = sends.iter().map(|&item| Told::Sent(item));
                let told = [told].into_iter().chain(sent);
                let signature = self.signature(told.chain([Told::Crashed(actor as u32)]).collect());
                let entry = self.make_entry(local, down, &sends, signature, false)?;
                self.interruptions.push(Interruption { entry, after, of });
            }
            let end = u32::try_from(self.interruptions.len()).map_err(|_| {
                Error::capacity("more crashes inside handlers than can be numbered")
            })?;
            self.inside
                .insert(local, event, self.inside_lists.len() as u32);
            self.inside_lists.push((start, end));
        }
        Ok(())
    }

    /// Interns the actor that is down, and what it had sent.
    pub(super) fn intern_cutoff(
        &mut self,
        actor: usize,
        local: u32,
        cutoff: Cutoff,
    ) -> Result<(u32, Vec<u32>), Error> {
        let mut sends = cutoff.answered.sends;
        if self.hash.sabotage.is(Sabotage::PrefixOffByOne) {
            sends.pop();
        }
        self.intern_sends(actor, local, cutoff.answered.local, sends)
    }
}
