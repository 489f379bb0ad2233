//! The initial states: every `on_start`, once and again, and the product of the declared starts.

use stateright::actor::Id;

use super::ActorSpace;
use super::layout::{NO_ITEM, Told};
use crate::error::Error;
use crate::system::{Activity, guarded_as};

impl<M: Clone + Send + Sync + 'static> ActorSpace<M> {
    /// Runs every `on_start` and builds the initial states: one, or the product of the declared starts.
    pub(super) fn initial_states(&mut self) -> Result<Vec<Vec<u32>>, Error> {
        let n = self.n_actors();
        let mut alternatives: Vec<Vec<u32>> = Vec::with_capacity(n);
        let mut network: Vec<u32> = Vec::new();
        let mut observed = Vec::new();
        for k in 0..self.n_observers() {
            let value = self.system.observers[k].initial();
            let mut bytes = Vec::new();
            self.system.observers[k].identity(&value, &mut bytes)?;
            observed.push(self.observed_value(k, value, &bytes)?);
        }
        for (src, dst, msg) in self.system.initially_in_flight.clone() {
            let bytes = self.message_bytes(&msg)?;
            let item = self.envelope_item(usize::from(src), dst, msg, &bytes)?;
            self.send_initially(&mut network, item)?;
        }
        for actor in 0..n {
            let id = Id::from(actor);
            let run = || {
                guarded_as(Activity::Actor(actor as u32), || {
                    self.processes[actor].start(id, None)
                })
            };
            let (first, second) = (self.answered(actor, run())?, self.answered(actor, run())?);
            let answered = match (first, second) {
                (Ok(a), Ok(b)) => {
                    let alike = a.local.as_ref().map(|l| &l.1) == b.local.as_ref().map(|l| &l.1)
                        && a.sends.len() == b.sends.len()
                        && a.sends
                            .iter()
                            .zip(&b.sends)
                            .all(|(a, b)| a.0 == b.0 && a.2 == b.2);
                    if !alike {
                        return Err(Error::model(format!(
                            "actor \"{}\" starts differently when it is started twice",
                            self.lanes[actor]
                        ))
                        .with_cure("on_start must depend on nothing but its arguments"));
                    }
                    a
                }
                (Err(message), _) | (_, Err(message)) => {
                    alternatives.push(vec![self.panicked_local(actor, message)?]);
                    continue;
                }
            };
            let Some((component, bytes)) = answered.local else {
                unreachable!("a start makes a component")
            };
            let starts = self.system.slots[actor].starts.clone();
            let mut locals = Vec::new();
            for state in &starts {
                let component = self.processes[actor].with_state(&component, state);
                let bytes = self.local_bytes(actor, &component)?;
                locals.push(self.local(actor, component, &bytes)?);
            }
            if starts.is_empty() {
                locals.push(self.local(actor, component, &bytes)?);
            }
            alternatives.push(locals);
            for (to, msg, bytes) in answered.sends {
                let item = self.envelope_item(actor, to, msg, &bytes)?;
                self.send_initially(&mut network, item)?;
                let signature = self.signature(vec![Told::Sent(item)]);
                for (k, value) in observed.iter_mut().enumerate() {
                    let answer = self.run_fold((k as u32, *value, signature))?;
                    *value = self.intern_fold(k as u32, *value, answer)?;
                }
            }
        }
        network.sort_unstable();
        // The product, the last actor's alternatives varying fastest.
        let mut states: Vec<Vec<u32>> = vec![Vec::new()];
        for locals in alternatives {
            states = states
                .iter()
                .flat_map(|state| locals.iter().map(|&l| [&state[..], &[l]].concat()))
                .collect();
        }
        for state in &mut states {
            state.extend_from_slice(&observed);
            state.resize(self.header, 0);
            state.extend_from_slice(&network);
        }
        Ok(states)
    }

    fn send_initially(&mut self, network: &mut Vec<u32>, send: u32) -> Result<(), Error> {
        let item = self.items[send as usize];
        if item.is_sink {
            return Ok(());
        }
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
