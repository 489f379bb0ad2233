//! The digest of a set of states: one number that tells whether a model still has the states that it had.
//!
//! It is the sum, modulo 2^128, of a mix of each state's whole fingerprint. A sum does not ask in which order states were found, so the digest is the
//! same for any number of threads and however many bits of a fingerprint the visited set keeps. The mix is not linear: fingerprints begin as
//! sums of component hashes, and a plain sum over states would be a sum over all components, which cannot tell {(a, x), (b, y)} from {(a, y), (b, x)}.
//!
//! Costs nothing where it is not asked for.

use super::batch::each;
use super::chunk::Chunk;
use super::frontier::Block;
use super::levels::Search;
use crate::space::{Arena, Fingerprint, StateSpace};

/// The version of fingerprints and of their sum: what else than the canonical encoding decides a digest. Digests of different versions cannot be compared.
pub const DIGEST_VERSION: u32 = 1;

/// What a state adds.
fn share<S: StateSpace>(space: &S, arena: &S::Arena, index: usize) -> u128 {
    mixed(space.fingerprint::<u128>(arena, index))
}

/// A bijection that is not linear, and another one than that which finishes fingerprints.
fn mixed(fingerprint: u128) -> u128 {
    u128::finish(!fingerprint)
}

impl<S: StateSpace, F: Fingerprint> Search<S, F> {
    /// Adds the states of level 0.
    pub(super) fn digest_initial(&mut self, space: &S, block: &Block<S::Arena>) {
        if let Some(digest) = &mut self.digest {
            for i in block.live(0..block.arena.len()) {
                *digest = digest.wrapping_add(share(space, &block.arena, i));
            }
        }
    }

    /// Adds the new states of a batch, those outside a boundary left out.
    pub(super) fn digest_batch(&mut self, space: &S, n: usize) {
        let Some(digest) = &mut self.digest else {
            return;
        };
        let phase = |chunk: &mut Chunk<S::Arena, F>, _: &mut S::Scratch| {
            let outside = &chunk.report.outside;
            let inside =
                (0..chunk.arena.len()).filter(|&i| outside.binary_search(&(i as u32)).is_err());
            let shares = inside.map(|i| share(space, &chunk.arena, i));
            chunk.digest = shares.fold(0, u128::wrapping_add);
        };
        let chunks = &mut self.chunks[..n];
        each(self.options.threads > 1, chunks, &mut self.scratches, phase);
        for chunk in chunks {
            *digest = digest.wrapping_add(chunk.digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_a_plain_sum_cannot_tell_apart_are_told_apart() {
        // Component hashes of two parts, each with two values.
        let [a, b]: [u128; 2] = [0x1234_5678_9abc_def0 << 60, 0x0fed_cba9_8765_4321 << 61];
        let [x, y]: [u128; 2] = [0xdead_beef_0bad_cafe << 59, 0x5eed_5eed_5eed_5eed << 57];
        let straight = [a.wrapping_add(x), b.wrapping_add(y)];
        let crossed = [a.wrapping_add(y), b.wrapping_add(x)];
        let plain = |sums: [u128; 2]| sums.into_iter().fold(0, u128::wrapping_add);
        assert_eq!(plain(straight), plain(crossed));
        let digest = |sums: [u128; 2]| {
            let shares = sums.map(|sum| mixed(u128::finish(sum)));
            shares.into_iter().fold(0, u128::wrapping_add)
        };
        assert_ne!(digest(straight), digest(crossed));
        // The order of states does not count.
        assert_eq!(digest(straight), digest([straight[1], straight[0]]));
    }
}
