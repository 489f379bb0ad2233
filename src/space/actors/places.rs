//! The list of a state's places for steps: what could happen, by the words alone. Whether it is a step is another question.

use std::ops::ControlFlow;

use super::layout::{NOBODY, Place};
use super::{ActorSpace, DOWN};

impl ActorSpace {
    /// Visits the places of a state in step order. Nothing is looked up: the list depends on the words alone.
    pub(super) fn places<B>(
        &self,
        words: &[u32],
        mut visit: impl FnMut(Place) -> ControlFlow<B>,
    ) -> Option<B> {
        macro_rules! visit {
            ($place:expr) => {
                if let ControlFlow::Break(value) = visit($place) {
                    return Some(value);
                }
            };
        }
        for at in self.header..words.len() {
            if at > self.header && words[at] == words[at - 1] {
                continue;
            }
            let item = &self.items[words[at] as usize];
            if item.dst != NOBODY {
                if item.rule.consumes {
                    visit!(Place::Deliver(at));
                }
                if item.rule.keeps {
                    visit!(Place::Keep(at));
                }
            }
            if item.rule.losing {
                visit!(Place::Lose(at));
            }
        }
        self.own_places(words, visit)
    }

    /// Visits the places behind those of the network.
    pub(super) fn own_places<B>(
        &self,
        words: &[u32],
        mut visit: impl FnMut(Place) -> ControlFlow<B>,
    ) -> Option<B> {
        macro_rules! visit {
            ($place:expr) => {
                if let ControlFlow::Break(value) = visit($place) {
                    return Some(value);
                }
            };
        }
        for (actor, &local) in words[..self.n_actors()].iter().enumerate() {
            let n_pending = self.local_pending[local as usize];
            if n_pending != DOWN {
                for k in 0..u32::from(n_pending) {
                    visit!(Place::Pending(actor, k));
                }
            }
        }
        for i in 0..self.budget.n_stimuli {
            visit!(Place::Stimulus(i));
        }
        if self.may_crash {
            for (actor, &local) in words[..self.n_actors()].iter().enumerate() {
                if self.local_infos[local as usize].up {
                    visit!(Place::Crash(actor));
                } else {
                    visit!(Place::Recover(actor));
                }
            }
        }
        if self.may_crash_inside
            && let Some(value) = self.places_inside(words, &mut visit)
        {
            return Some(value);
        }
        if self.may_betray
            && let Some(value) = self.places_byzantine(words, &mut visit)
        {
            return Some(value);
        }
        if let Some(at) = self.partitions_at() {
            for (partition, &heals) in self.cuts.heals.iter().enumerate() {
                if words[at] >> partition & 1 == 0 {
                    visit!(Place::Partition(partition));
                } else if heals {
                    visit!(Place::Heal(partition));
                }
            }
        }
        if self.clock.is_some() {
            if self.keeps_time(words) {
                visit!(Place::Tick);
            } else {
                visit!(Place::Stabilise);
            }
        }
        None
    }

    /// The place of a step.
    pub(super) fn place(&self, words: &[u32], step: u32) -> Option<Place> {
        let mut left = step;
        self.places(words, |place| {
            if left == 0 {
                return ControlFlow::Break(place);
            }
            left -= 1;
            ControlFlow::Continue(())
        })
    }
}
