//! Fingerprints: what is kept of a state once it has been seen.

use std::fmt::Debug;
use std::hash::Hash;

/// A finished fingerprint of 64 or 128 bits. Zero is never a fingerprint, so that tables can use it for "empty".
pub trait Fingerprint:
    Copy + Eq + Ord + Hash + Debug + Default + Send + Sync + bytemuck::Pod + 'static
{
    /// How many bits are stored.
    const BITS: u32;

    /// Finishes a 128-bit sum of component hashes, non-linearly.
    fn finish(sum: u128) -> Self;

    /// Takes one whole 128-bit hash, which is mixed well enough already.
    fn of_hash(hash: u128) -> Self;

    /// 64 well-mixed bits: for choosing shards and buckets.
    fn bits(self) -> u64;
}

/// An invertible non-linear mix of 64 bits (the finaliser of `SplitMix64`, Steele, Lea and Flood 2014).
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Fingerprint for u64 {
    const BITS: u32 = 64;

    #[inline]
    fn finish(sum: u128) -> Self {
        // Both halves of the sum reach every bit of the result.
        let (high, low) = ((sum >> 64) as u64, sum as u64);
        mix(low ^ mix(high ^ 0x9e37_79b9_7f4a_7c15)).max(1)
    }

    #[inline]
    fn of_hash(hash: u128) -> Self {
        (hash as u64).max(1)
    }

    #[inline]
    fn bits(self) -> u64 {
        self
    }
}

impl Fingerprint for u128 {
    const BITS: u32 = 128;

    #[inline]
    fn finish(sum: u128) -> Self {
        // A two-round Feistel network: a bijection of the sum, so that nothing is lost.
        let (high, low) = ((sum >> 64) as u64, sum as u64);
        let high = high ^ mix(low ^ 0x9e37_79b9_7f4a_7c15);
        let low = low ^ mix(high);
        ((u128::from(high) << 64) | u128::from(low)).max(1)
    }

    #[inline]
    fn of_hash(hash: u128) -> Self {
        hash.max(1)
    }

    #[inline]
    fn bits(self) -> u64 {
        self as u64
    }
}
