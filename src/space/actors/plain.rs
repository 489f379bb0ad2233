//! The fast path: deliveries where every link is unordered, unbounded and reliable. What such a delivery changes is one constant
//! of its memo entry, whatever else the state holds.

use super::absorb::Miss;
use super::layout::{WITHOUT_EFFECT, Words};
use super::network::insert_sorted;
use super::{ActorSpace, DOWN, Scratch};
use crate::space::Fingerprint;

impl ActorSpace {
    /// Appends the fingerprint behind each delivery: the same places, in the same order, as the general path visits.
    #[inline]
    pub(super) fn expand_deliveries<F: Fingerprint>(
        &self,
        words: &[u32],
        sum: u128,
        scratch: &mut Scratch,
        out: &mut Vec<F>,
    ) {
        let network = &words[self.header..];
        for (at, &item) in network.iter().enumerate() {
            if at == 0 || network[at - 1] != item {
                let after = self.delivery(words, sum, item, scratch);
                out.push(after.map_or(F::default(), F::finish));
            }
        }
    }

    /// The sum after a delivery; `None` if it is no step, or something is missing.
    #[inline]
    fn delivery(&self, words: &[u32], sum: u128, item: u32, scratch: &mut Scratch) -> Option<u128> {
        let aim = self.item_aims[item as usize];
        let local = words[aim.actor as usize];
        // Most messages in flight are of no interest any more, and one bit says so.
        if self.local_inert[local as usize] & aim.bit != 0 {
            return None;
        }
        if self.local_pending[local as usize] == DOWN {
            return None;
        }
        let Some(found) = self.memo.get(local, item) else {
            scratch.misses.push(Miss::Handler { local, event: item });
            return None;
        };
        if found & WITHOUT_EFFECT != 0 && !self.every_delivery_counts {
            return None;
        }
        let entry = &self.entries[(found & !WITHOUT_EFFECT) as usize];
        let mut sum = sum
            .wrapping_add(entry.delta)
            .wrapping_sub(self.item_hashes[item as usize]);
        let mut tells = false;
        let n_told = if entry.signature == 0 {
            0
        } else {
            self.folds.len()
        };
        let observers = self.folds.iter().zip(&self.observed).enumerate();
        for (k, (folds, table)) in observers.take(n_told) {
            let before = words[self.processes.len() + k];
            let Some(after) = folds.get(before, entry.signature) else {
                let signature = entry.signature;
                scratch.misses.push(Miss::Fold {
                    observer: k as u32,
                    value: before,
                    signature,
                });
                return None;
            };
            if after != before {
                tells = true;
                sum = sum
                    .wrapping_add(table.hash(after))
                    .wrapping_sub(table.hash(before));
            }
        }
        let has_no_effect = entry.is_silent() && !tells && !self.every_delivery_counts;
        if has_no_effect { None } else { Some(sum) }
    }

    /// Appends the successors by those of `steps`, ascending, that are deliveries; how many they are, and how many deliveries there
    /// are before the first other step.
    #[inline]
    pub(super) fn build_deliveries(
        &self,
        words: &[u32],
        steps: &[u32],
        out: &mut Words,
    ) -> (usize, u32) {
        let mut wanted = steps.iter().copied().peekable();
        let (mut step, mut built) = (0, 0);
        for at in self.header..words.len() {
            if at > self.header && words[at] == words[at - 1] {
                continue;
            }
            if wanted.next_if_eq(&step).is_some() {
                if self.build_delivery(words, at, out.open()) {
                    out.seal();
                    built += 1;
                }
                if wanted.peek().is_none() {
                    break;
                }
            }
            step += 1;
        }
        (built, step)
    }

    /// Appends the successor by delivering the item at word `at`, which is a step.
    #[inline]
    pub(super) fn build_delivery(&self, words: &[u32], at: usize, out: &mut Vec<u32>) -> bool {
        let item = words[at];
        let actor = self.item_aims[item as usize].actor as usize;
        let Some(found) = self.memo.get(words[actor], item) else {
            return false;
        };
        let entry = &self.entries[(found & !WITHOUT_EFFECT) as usize];
        let start = out.len();
        out.extend_from_slice(&words[..at]);
        out.extend_from_slice(&words[at + 1..]);
        out[start + actor] = entry.local;
        let n_told = if entry.signature == 0 {
            0
        } else {
            self.folds.len()
        };
        for (k, folds) in self.folds.iter().enumerate().take(n_told) {
            let word = self.processes.len() + k;
            let Some(after) = folds.get(words[word], entry.signature) else {
                return false;
            };
            out[start + word] = after;
        }
        let network = start + self.header;
        for &send in &self.sends[entry.sends_at as usize..][..usize::from(entry.n_sends)] {
            if !self.items[send as usize].is_sink {
                insert_sorted(out, network, send);
            }
        }
        true
    }
}
