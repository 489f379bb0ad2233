//! Random numbers: of a seed and a run's number, and of nothing else.
//!
//! Invariant: the numbers of a run are fixed by what stands here and by the specifications of XXH3 and xoshiro256++. A seed means the same on
//! every machine and in every version.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use xxhash_rust::xxh3::xxh3_128;

/// The random numbers of one run.
pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// Those of the run with this number.
    pub(super) fn of_run(seed: u64, run: u64) -> Self {
        let mut state = [0; 32];
        for (half, bytes) in (0_u8..).zip(state.chunks_exact_mut(16)) {
            let mut of = [0; 17];
            of[..8].copy_from_slice(&seed.to_le_bytes());
            of[8..16].copy_from_slice(&run.to_le_bytes());
            of[16] = half;
            bytes.copy_from_slice(&xxh3_128(&of).to_le_bytes());
        }
        Dice(Xoshiro256PlusPlus::from_seed(state))
    }

    /// A number below `n`, each as likely as the others (Lemire, *Fast random integer generation in an interval*, 2019).
    pub(super) fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below 0");
        let mut product = u128::from(self.0.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let unfair = n.wrapping_neg() % n;
            while (product as u64) < unfair {
                product = u128::from(self.0.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// A position in a list of this length.
    pub(super) fn position(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(seed: u64, run: u64, n: u64) -> Vec<u64> {
        let mut dice = Dice::of_run(seed, run);
        (0..8).map(|_| dice.below(n)).collect()
    }

    #[test]
    fn seeds_and_runs_have_numbers_of_their_own() {
        let all = [(1, 1), (1, 2), (2, 1), (0, 0), (u64::MAX, 7)];
        for (i, &(seed, run)) in all.iter().enumerate() {
            assert_eq!(numbers(seed, run, 1 << 40), numbers(seed, run, 1 << 40));
            for &(other_seed, other_run) in &all[..i] {
                assert_ne!(
                    numbers(seed, run, 1 << 40),
                    numbers(other_seed, other_run, 1 << 40)
                );
            }
        }
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        assert_eq!(numbers(7, 1, 1_000), PINNED);
    }

    /// If these change, the walks of every seed do.
    const PINNED: [u64; 8] = [308, 16, 933, 887, 640, 839, 250, 131];

    #[test]
    fn every_number_is_as_likely() {
        let mut dice = Dice::of_run(3, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[dice.position(7)] += 1;
        }
        // 10,000 each; the standard deviation is 93.
        assert!(
            counts.iter().all(|n| n.abs_diff(10_000) < 500),
            "{counts:?}"
        );
        assert!((0..100).all(|_| dice.below(1) == 0));
    }
}
