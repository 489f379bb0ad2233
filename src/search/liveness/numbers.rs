//! From a fingerprint to the number of its state: built once, in parallel, then only read.
//!
//! Several groups, by the high bits of a fingerprint, each an open-addressing table of its own. Where states are compared in full, a fingerprint
//! may have several numbers; else only its first.

use rayon::prelude::*;

use crate::space::Fingerprint;

/// How many groups there are; a power of two. A constant, so that nothing depends on threads.
const GROUPS: usize = 16;

/// Bits that choose the group.
const GROUP_BITS: u32 = GROUPS.trailing_zeros();

/// No state.
const NONE: u32 = u32::MAX;

/// Which states have a fingerprint.
pub(super) struct Numbers<F> {
    groups: Vec<Group<F>>,
}

struct Group<F> {
    slots: Vec<(F, u32)>,
}

fn group_of<F: Fingerprint>(fingerprint: F) -> usize {
    (fingerprint.bits() >> (u64::BITS - GROUP_BITS)) as usize
}

/// The home of a fingerprint among `n` slots: by multiply-high of the bits below those of the group.
fn home_of<F: Fingerprint>(fingerprint: F, n: usize) -> usize {
    let bits = fingerprint.bits() << GROUP_BITS;
    ((u128::from(bits) * n as u128) >> u64::BITS) as usize
}

impl<F: Fingerprint> Numbers<F> {
    /// The fingerprints of all states, block by block, in order; zero where a number is no node. With `several`, a fingerprint may
    /// belong to several states.
    pub(super) fn new(fingerprints: &[Vec<F>], several: bool) -> Self {
        let groups = (0..GROUPS).into_par_iter().map(|group| {
            let own = |f: F| f != F::default() && group_of(f) == group;
            let n = fingerprints.iter().flatten().filter(|&&f| own(f)).count();
            let n_slots = n + n / 2 + 8;
            let mut slots = vec![(F::default(), NONE); n_slots];
            let all = (0_u32..).zip(fingerprints.iter().flatten().copied());
            for (number, fingerprint) in all.filter(|&(_, f)| own(f)) {
                let mut at = home_of(fingerprint, n_slots);
                while slots[at].1 != NONE && (several || slots[at].0 != fingerprint) {
                    at = if at + 1 == n_slots { 0 } else { at + 1 };
                }
                if slots[at].1 == NONE {
                    slots[at] = (fingerprint, number);
                }
            }
            Group { slots }
        });
        Numbers {
            groups: groups.collect(),
        }
    }

    /// The first number of the fingerprint that `is_it` accepts, in the order in which states were found.
    pub(super) fn find(&self, fingerprint: F, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let slots = &self.groups[group_of(fingerprint)].slots;
        let mut at = home_of(fingerprint, slots.len());
        loop {
            let (found, number) = slots[at];
            if number == NONE {
                return None;
            }
            if found == fingerprint && is_it(number) {
                return Some(number);
            }
            at = if at + 1 == slots.len() { 0 } else { at + 1 };
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.groups.iter().map(|group| group.slots.capacity()).sum();
        slots * size_of::<(F, u32)>()
    }
}
