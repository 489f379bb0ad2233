//! What a value feeds to a hasher, as bytes: the identity of values that only have `Hash`.

use std::hash::{Hash, Hasher};

/// Appends everything that `value.hash(…)` writes, little-endian and with `usize` as 64 bits, so that it is the same on every machine.
pub fn hash_stream<T: Hash + ?Sized>(value: &T, out: &mut Vec<u8>) {
    value.hash(&mut Stream(out));
}

struct Stream<'a>(&'a mut Vec<u8>);

macro_rules! little_endian {
    ($($method:ident: $ty:ty as $wide:ty),*) => {
        $(
            #[inline]
            fn $method(&mut self, value: $ty) {
                self.0.extend_from_slice(&(value as $wide).to_le_bytes());
            }
        )*
    };
}

impl Hasher for Stream<'_> {
    fn finish(&self) -> u64 {
        // Only a value that hashes its parts by itself asks in between: it gets a hash of what was written so far.
        xxhash_rust::xxh3::xxh3_64(self.0)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    little_endian! {
        write_u8: u8 as u8, write_u16: u16 as u16, write_u32: u32 as u32, write_u64: u64 as u64, write_u128: u128 as u128,
        write_usize: usize as u64, write_i8: i8 as i8, write_i16: i16 as i16, write_i32: i32 as i32, write_i64: i64 as i64,
        write_i128: i128 as i128, write_isize: isize as i64
    }
}
