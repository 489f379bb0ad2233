//! Systems with Byzantine actors.

use std::collections::BTreeSet;

use super::{Dice, LIVE_BYTES, Spec};

/// How many bytes say who is Byzantine, and how.
pub(crate) const BYZANTINE_BYTES: usize = 40;

/// How an actor misbehaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByzantineSpec {
    /// How often it sends of its own accord; `None`: any number of times.
    pub(crate) sends: Option<u32>,
    /// What it knows from the start.
    pub(crate) alphabet: BTreeSet<u8>,
}

impl Spec {
    /// A system with a Byzantine actor. The first bytes say who that is, the others what the system is: with liveness properties where
    /// `is_live`.
    pub(crate) fn decode_byzantine(bytes: &[u8], is_live: bool) -> Spec {
        let (own, bytes) = bytes.split_at(BYZANTINE_BYTES.min(bytes.len()));
        let mut spec = if is_live {
            Spec::decode_live(bytes)
        } else {
            Spec::decode(bytes.get(LIVE_BYTES..).unwrap_or_default())
        };
        spec.betray(&mut Dice::of(own));
        spec
    }

    /// The actor's misbehaviour, if it need not follow its protocol.
    pub(crate) fn traitor(&self, actor: usize) -> Option<&ByzantineSpec> {
        self.byzantine.get(actor)?.as_ref()
    }

    fn betray(&mut self, dice: &mut Dice<'_>) {
        let n = self.actors.len();
        let n_msgs = self.actors[0].on_msg[0].len();
        let percent = [0, 40, 100][dice.weighted(&[50, 30, 20])];
        for link in self.links.iter_mut().flatten() {
            link.unauthenticated = dice.chance(percent);
        }
        let first = dice.below(n);
        self.byzantine = vec![None; n];
        for actor in 0..n {
            if actor != first && !dice.chance(15) {
                continue;
            }
            let alphabet = (0..n_msgs as u8).filter(|_| dice.chance(40)).collect();
            let sends = 1 + dice.weighted(&[70, 30]) as u32;
            let names = (0..n).filter(|&src| src == actor);
            let own = names.flat_map(|src| &self.links[src]);
            let borrowed = self.links.iter().flatten().filter(|l| l.unauthenticated);
            let ends = own.chain(borrowed).all(|link| link.copies_max().is_some());
            self.byzantine[actor] = Some(ByzantineSpec {
                sends: (!(ends && dice.chance(60))).then_some(sends),
                alphabet,
            });
        }
    }
}
