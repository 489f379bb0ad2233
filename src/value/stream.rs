//! What a value feeds to a hasher, as bytes: the identity of values that only have `Hash`.
//!
//! Less than the canonical encoding: what `Hash` says of a value may be the same for different ones (collections that hash their
//! elements without their number), so those who use it compare by `PartialEq` as well.

use std::hash::{Hash, Hasher};

/// Appends everything that `value.hash(…)` writes, numbers little-endian and `usize` as 64 bits, so that it is the same on every
/// 64-bit little-endian machine. (Slices of numbers are hashed by the standard library as they lie in memory.)
pub fn hash_stream<T: Hash + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    value.hash(&mut Stream { out, start });
}

struct Stream<'a> {
    out: &'a mut Vec<u8>,
    /// Where this value begins.
    start: usize,
}

macro_rules! little_endian {
    ($($method:ident: $ty:ty as $wide:ty),*) => {
        $(
            #[inline]
            fn $method(&mut self, value: $ty) {
                self.out.extend_from_slice(&(value as $wide).to_le_bytes());
            }
        )*
    };
}

impl Hasher for Stream<'_> {
    fn finish(&self) -> u64 {
        // Only a value that hashes its parts by itself asks in between: it gets a hash of what was written so far.
        xxhash_rust::xxh3::xxh3_64(&self.out[self.start..])
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    little_endian! {
        write_u8: u8 as u8, write_u16: u16 as u16, write_u32: u32 as u32, write_u64: u64 as u64, write_u128: u128 as u128,
        write_usize: usize as u64, write_i8: i8 as i8, write_i16: i16 as i16, write_i32: i32 as i32, write_i64: i64 as i64,
        write_i128: i128 as i128, write_isize: isize as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<T: Hash + ?Sized>(value: &T) -> Vec<u8> {
        let mut out = Vec::new();
        hash_stream(value, &mut out);
        out
    }

    #[test]
    fn numbers_are_little_endian() {
        assert_eq!(bytes(&0x0102u16), [2, 1]);
        assert_eq!(bytes(&-2i32), [0xfe, 0xff, 0xff, 0xff]);
        assert_eq!(bytes(&7usize), bytes(&7u64));
        assert_eq!(bytes(&-7isize), bytes(&-7i64));
        assert_eq!(bytes(&1u128).len(), 16);
    }

    #[test]
    fn collections_are_told_apart_by_their_length() {
        assert_ne!(
            bytes(&(vec![1u8], vec![2u8, 3])),
            bytes(&(vec![1u8, 2], vec![3u8]))
        );
        assert_ne!(bytes(&("ab", "c")), bytes(&("a", "bc")));
        assert_ne!(bytes(&None::<()>), bytes(&Some(())));
    }

    #[test]
    fn a_value_is_appended() {
        let mut out = vec![9];
        hash_stream(&1u8, &mut out);
        assert_eq!(out, [9, 1]);
    }

    #[test]
    fn a_hash_asked_for_in_between_covers_this_value_alone() {
        struct Asks;
        impl Hash for Asks {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u8(1);
                let so_far = state.finish();
                state.write_u64(so_far);
            }
        }
        let mut out = vec![9];
        hash_stream(&Asks, &mut out);
        assert_eq!(out[1..], bytes(&Asks));
    }

    #[test]
    fn stateright_sets_do_not_depend_on_the_order_of_insertion() {
        use stateright::util::HashableHashSet;
        let forward: HashableHashSet<u32> = (0..100).collect();
        let backward: HashableHashSet<u32> = (0..100).rev().collect();
        assert_eq!(bytes(&forward), bytes(&backward));
    }
}
