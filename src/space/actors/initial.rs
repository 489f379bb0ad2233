//! The initial states: every `on_start`, once and again, and the product of the declared starts and of the crashes on the way.

use std::sync::atomic::Ordering;

use stateright::actor::Id;

use super::ActorSpace;
use super::layout::{NO_ITEM, Told};
use crate::error::Error;
use crate::system::{Activity, Happening, guarded_as};

/// A state under construction: some actors have started.
#[derive(Clone)]
struct Begun {
    locals: Vec<u32>,
    observed: Vec<u32>,
    network: Vec<u32>,
    /// The word of the budget, where there is one.
    spent: u32,
}

/// One of the ways in which an actor can start.
struct Start {
    local: u32,
    sends: Vec<u32>,
    /// It crashes in `on_start`.
    crashes: bool,
}

impl ActorSpace {
    /// Runs every `on_start` and builds the initial states: one, or the product of the declared starts and of the crashes in
    /// `on_start`, the last actor's alternatives varying fastest.
    pub(super) fn initial_states(&mut self) -> Result<Vec<Vec<u32>>, Error> {
        let n = self.n_actors();
        let mut begun = Begun {
            locals: Vec::with_capacity(n),
            observed: Vec::new(),
            network: Vec::new(),
            spent: 0,
        };
        for k in 0..self.n_observers() {
            let value = self.system.observers[k].initial();
            let mut bytes = Vec::new();
            self.system.observers[k].identity(&value, &mut bytes)?;
            begun.observed.push(self.observed_value(k, value, &bytes)?);
        }
        for (src, dst, msg) in self.system.initially_in_flight.clone() {
            let bytes = self.message_bytes(&msg)?;
            let item = self.envelope_item(usize::from(src), dst, msg, &bytes)?;
            self.send_initially(&mut begun.network, item)?;
        }
        let mut all = vec![begun];
        for actor in 0..n {
            let starts = self.starts_of(actor)?;
            let mut next = Vec::with_capacity(all.len() * starts.len());
            for begun in &all {
                for start in &starts {
                    next.extend(self.begin(begun, actor, start)?);
                }
            }
            all = next;
        }
        let states = all.into_iter().map(|mut begun| {
            let mut words = begun.locals;
            words.extend_from_slice(&begun.observed);
            words.resize(self.header, 0);
            if !self.budget.is_empty() {
                words[self.budget_at()] = begun.spent;
            }
            begun.network.sort_unstable();
            words.extend_from_slice(&begun.network);
            words
        });
        Ok(states.collect())
    }

    /// The ways in which an actor can start: as declared, then the crashes in `on_start`.
    fn starts_of(&mut self, actor: usize) -> Result<Vec<Start>, Error> {
        let id = Id::from(actor);
        let run = || {
            guarded_as(Activity::Actor(actor as u32), || {
                self.processes[actor].start(id, None)
            })
        };
        let (first, second) = (self.answered(actor, run())?, self.answered(actor, run())?);
        let answered = match (first, second) {
            (Ok(a), Ok(b)) => {
                if !a.is_like(&b) {
                    return Err(Error::model(format!(
                        "actor \"{}\" starts differently when it is started twice",
                        self.lanes[actor]
                    ))
                    .with_cure("on_start must depend on nothing but its arguments"));
                }
                a
            }
            (Err(message), _) | (_, Err(message)) => {
                return Ok(vec![Start {
                    local: self.panicked_local(actor, message)?,
                    sends: Vec::new(),
                    crashes: false,
                }]);
            }
        };
        let Some((component, bytes)) = answered.local else {
            unreachable!("a start makes a component")
        };
        let mut sends = Vec::new();
        for (to, msg, bytes) in answered.sends {
            sends.push(self.envelope_item(actor, to, msg, &bytes)?);
        }
        let declared = self.system.slots[actor].starts.clone();
        let mut locals = Vec::new();
        for state in &declared {
            let component = self.processes[actor].with_state(&component, state);
            let bytes = self.local_bytes(actor, &component)?;
            locals.push(self.local(actor, component, &bytes)?);
        }
        if declared.is_empty() {
            locals.push(self.local(actor, component, &bytes)?);
        }
        let usual = locals.first().copied().unwrap_or_default();
        let up = locals.into_iter().map(|local| Start {
            local,
            sends: sends.clone(),
            crashes: false,
        });
        let mut starts: Vec<Start> = up.collect();
        if self.crashes_inside[actor] {
            for cutoff in self.run_inside(actor, None, &Happening::Start)? {
                let (local, sends) = self.intern_cutoff(actor, usual, cutoff)?;
                starts.push(Start {
                    local,
                    sends,
                    crashes: true,
                });
            }
        }
        Ok(starts)
    }

    /// The state with one more actor started; `None` where there is no budget for it.
    fn begin(
        &mut self,
        begun: &Begun,
        actor: usize,
        start: &Start,
    ) -> Result<Option<Begun>, Error> {
        let mut begun = begun.clone();
        begun.locals.push(start.local);
        for &item in &start.sends {
            self.send_initially(&mut begun.network, item)?;
            self.tell(&mut begun.observed, Told::Sent(item))?;
        }
        if start.crashes {
            let spends = self.crash_spends(actor).unwrap_or_default();
            let Some(spent) = self.budget.spend(begun.spent, &spends) else {
                return Ok(None);
            };
            begun.spent = spent;
            for counter in spends.iter() {
                let value = self.budget.value(spent, counter);
                self.budget.spent[counter].fetch_max(value, Ordering::Relaxed);
            }
            self.tell(&mut begun.observed, Told::Crashed(actor as u32))?;
        }
        Ok(Some(begun))
    }

    /// Tells every observer.
    fn tell(&mut self, observed: &mut [u32], told: Told) -> Result<(), Error> {
        let signature = self.signature(vec![told]);
        for (k, value) in observed.iter_mut().enumerate() {
            let answer = self.run_fold((k as u32, *value, signature))?;
            *value = self.intern_fold(k as u32, *value, answer)?;
        }
        Ok(())
    }

    fn send_initially(&mut self, network: &mut Vec<u32>, send: u32) -> Result<(), Error> {
        let item = self.items[send as usize];
        if item.is_sink {
            return Ok(());
        }
        let keeps_time = self.clock.as_ref().is_some_and(|clock| !clock.is_partial);
        let send = self.sent_as(send, keeps_time);
        if !item.rule.fifo {
            let copies = network.iter().filter(|&&id| id == send).count();
            if item
                .rule
                .capacity
                .is_none_or(|capacity| copies < capacity as usize)
            {
                network.push(send);
            }
            return Ok(());
        }
        let at = network.iter().position(|&id| {
            self.items[id as usize].is_channel && self.items[id as usize].pair == item.pair
        });
        let before = at.map_or(NO_ITEM, |at| network.remove(at));
        self.push(before, send)?;
        network.extend(self.pushes.get(before, send));
        Ok(())
    }
}
