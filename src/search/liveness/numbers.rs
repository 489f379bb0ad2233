//! From a fingerprint to the number of its state, while a search goes on.
//!
//! Several groups, by the high bits of a fingerprint, each an open-addressing table of its own, so that several threads may insert at once.

use rayon::prelude::*;

use super::graph::OUT;
use crate::search::visited::prefetch;
use crate::space::Fingerprint;

/// How many groups there are; a power of two. A constant, so that nothing depends on threads.
const GROUPS: usize = 16;

/// Bits that choose the group.
const GROUP_BITS: u32 = GROUPS.trailing_zeros();

/// A group grows when more than this part of its slots is taken.
const LOAD_MAX: (usize, usize) = (3, 4);

/// Fingerprints that are asked for before the first of them is looked at.
const AHEAD: usize = 16;

/// The numbers of states by their fingerprints.
pub(in crate::search) struct Numbers<F> {
    groups: Vec<Group<F>>,
}

struct Group<F> {
    /// Fingerprints with numbers; an empty slot has the fingerprint zero.
    slots: Vec<(F, u32)>,
    len: usize,
}

fn group_of<F: Fingerprint>(fingerprint: F) -> usize {
    (fingerprint.bits() >> (u64::BITS - GROUP_BITS)) as usize
}

/// The home of a fingerprint among `n` slots: by multiply-high of the bits below those of the group.
#[inline]
fn home_of<F: Fingerprint>(fingerprint: F, n: usize) -> usize {
    let bits = fingerprint.bits() << GROUP_BITS;
    ((u128::from(bits) * n as u128) >> u64::BITS) as usize
}

impl<F: Fingerprint> Group<F> {
    /// The slot where a fingerprint is, or would be.
    #[inline]
    fn slot_of(slots: &[(F, u32)], fingerprint: F) -> usize {
        let mut at = home_of(fingerprint, slots.len());
        while slots[at].0 != fingerprint && slots[at].0 != F::default() {
            at = if at + 1 == slots.len() { 0 } else { at + 1 };
        }
        at
    }

    fn insert(&mut self, fingerprint: F, number: u32) {
        if (self.len + 1) * LOAD_MAX.1 > self.slots.len() * LOAD_MAX.0 {
            let n_slots = self.slots.len() + self.slots.len() / 2 + 8;
            let mut slots = vec![(F::default(), OUT); n_slots];
            let old = std::mem::take(&mut self.slots);
            for slot in old.into_iter().filter(|(f, _)| *f != F::default()) {
                let at = Self::slot_of(&slots, slot.0);
                slots[at] = slot;
            }
            self.slots = slots;
        }
        let at = Self::slot_of(&self.slots, fingerprint);
        if self.slots[at].0 == F::default() {
            self.slots[at] = (fingerprint, number);
            self.len += 1;
        }
    }
}

impl<F: Fingerprint> Numbers<F> {
    pub(super) fn new() -> Self {
        let group = || Group {
            slots: vec![(F::default(), OUT); 8],
            len: 0,
        };
        Numbers {
            groups: (0..GROUPS).map(|_| group()).collect(),
        }
    }

    /// Inserts states with their numbers. Of several states with one fingerprint the first counts.
    pub(super) fn insert_all(&mut self, states: &[(F, u32)]) {
        (self.groups.par_iter_mut().enumerate()).for_each(|(group_idx, group)| {
            let own = states.iter().filter(|(f, _)| group_of(*f) == group_idx);
            for &(fingerprint, number) in own {
                group.insert(fingerprint, number);
            }
        });
    }

    /// The number of a fingerprint, or [`OUT`].
    #[inline]
    fn find(&self, fingerprint: F) -> u32 {
        let slots = &self.groups[group_of(fingerprint)].slots;
        let at = Group::slot_of(slots, fingerprint);
        slots[at].1
    }

    /// Writes to `out` the number of each fingerprint, or [`OUT`].
    pub(super) fn find_all(&self, fingerprints: &[F], out: &mut [u32]) {
        let windows = fingerprints.chunks(AHEAD).zip(out.chunks_mut(AHEAD));
        for (fingerprints, out) in windows {
            for &fingerprint in fingerprints {
                let slots = &self.groups[group_of(fingerprint)].slots;
                prefetch(&slots[home_of(fingerprint, slots.len())]);
            }
            for (out, &fingerprint) in out.iter_mut().zip(fingerprints) {
                *out = self.find(fingerprint);
            }
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.groups.iter().map(|group| group.slots.capacity()).sum();
        slots * size_of::<(F, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<F: Fingerprint>(fingerprints: &[F]) {
        let mut numbers = Numbers::new();
        let all: Vec<(F, u32)> = fingerprints.iter().copied().zip(0..).collect();
        for (i, batch) in all.chunks(777).enumerate() {
            numbers.insert_all(batch);
            let known = &fingerprints[..i * 777 + batch.len()];
            let mut out = vec![0; known.len()];
            numbers.find_all(known, &mut out);
            assert!(out.iter().copied().eq(0..known.len() as u32));
        }
        let unknown: Vec<F> = (1..1000).map(|i| F::finish(i << 90 | 1)).collect();
        let mut out = vec![0; unknown.len()];
        numbers.find_all(&unknown, &mut out);
        assert!(out.iter().all(|&number| number == OUT));
    }

    #[test]
    fn finds_what_was_inserted_and_nothing_else() {
        check(&(1..6_000).map(u64::finish).collect::<Vec<_>>());
        check(&(1..3_000).map(u128::finish).collect::<Vec<_>>());
        // All in one group, with few distinct homes, at its very end.
        check(&(0..300).map(|i| u64::MAX - i).collect::<Vec<u64>>());
    }

    #[test]
    fn the_first_of_several_counts() {
        let mut numbers = Numbers::<u64>::new();
        numbers.insert_all(&[(5, 1), (5, 2)]);
        numbers.insert_all(&[(5, 3)]);
        let mut out = [OUT];
        numbers.find_all(&[5], &mut out);
        assert_eq!(out, [1]);
    }
}
