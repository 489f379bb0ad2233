//! What a state feeds to a hasher, gathered in whole machine words: the bytes of [`hash_stream`](crate::value::hash_stream), padded with zeros to
//! a multiple of eight, and hashed with their length.
//!
//! Only whole words are stored, and only whole words are read again, which a processor does at once; bytes that are stored one by one and read
//! as a word make it wait longer than the hash itself takes.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

/// A reusable row of words.
#[derive(Default)]
pub(super) struct Words {
    words: Vec<u64>,
}

/// Multiplies the length before it is added to the seed, so that lengths and seeds do not meet.
const LENGTH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Words {
    /// The 128-bit content hash of what a value feeds to a hasher.
    #[inline]
    pub(super) fn content<T: Hash + ?Sized>(&mut self, value: &T, seed: u64) -> u128 {
        let mut stream = Stream {
            words: &mut self.words,
            n: 0,
            last: 0,
            n_bits: 0,
        };
        value.hash(&mut stream);
        let (n_words, n_bytes) = stream.close();
        let bytes = bytemuck::cast_slice(&self.words[..n_words]);
        let length = (n_bytes as u64).wrapping_mul(LENGTH_FACTOR);
        xxh3_128_with_seed(bytes, seed.wrapping_add(length))
    }
}

/// A hasher that only remembers.
struct Stream<'a> {
    words: &'a mut Vec<u64>,
    /// Whole words so far.
    n: usize,
    /// The bits behind them, the first one lowest.
    last: u64,
    n_bits: u32,
}

impl Stream<'_> {
    #[inline]
    fn store(&mut self, word: u64) {
        let word = word.to_le();
        match self.words.get_mut(self.n) {
            Some(place) => *place = word,
            None => self.words.push(word),
        }
        self.n += 1;
    }

    /// Adds the lowest `n_bits` bits of `value`, the others of which are zero.
    #[inline]
    fn add(&mut self, value: u64, n_bits: u32) {
        self.last |= value << self.n_bits;
        let n_after = self.n_bits + n_bits;
        if n_after >= 64 {
            self.store(self.last);
            // What did not fit. A shift by 64 would be one by 0, but then nothing is left over.
            self.last = value.checked_shr(64 - self.n_bits).unwrap_or(0);
            self.n_bits = n_after - 64;
        } else {
            self.n_bits = n_after;
        }
    }

    /// Stores the last bits; how many words and bytes there are.
    #[inline]
    fn close(mut self) -> (usize, usize) {
        let n_bytes = self.n * 8 + self.n_bits as usize / 8;
        if self.n_bits > 0 {
            self.store(self.last);
        }
        (self.n, n_bytes)
    }
}

impl Hasher for Stream<'_> {
    fn finish(&self) -> u64 {
        // Only a value that hashes its parts by itself asks in between: it gets a hash of what was written so far.
        let mut bytes: Vec<u8> = bytemuck::cast_slice(&self.words[..self.n]).to_vec();
        bytes.extend_from_slice(&self.last.to_le_bytes()[..self.n_bits as usize / 8]);
        xxh3_64(&bytes)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word), 64);
        }
        for &byte in rest {
            self.add(byte.into(), 8);
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.add(value.into(), 8);
    }
    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.add(value.into(), 16);
    }
    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.add(value.into(), 32);
    }
    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.add(value, 64);
    }
    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.add(value as u64, 64);
        self.add((value >> 64) as u64, 64);
    }
    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.add(value as u64, 64);
    }
    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.write_u8(value as u8);
    }
    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.write_u16(value as u16);
    }
    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.write_u32(value as u32);
    }
    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }
    #[inline]
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value as u128);
    }
    #[inline]
    fn write_isize(&mut self, value: isize) {
        // As on a machine of 64 bits, the sign included.
        self.write_u64(value as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::hash_stream;

    /// The bytes that both ways of listening hear.
    fn check<T: Hash>(value: &T) {
        let mut expected = Vec::new();
        hash_stream(value, &mut expected);
        // The words are used again, and what is left in them from before must not show.
        let mut words = Words {
            words: vec![u64::MAX; 3],
        };
        let mut stream = Stream {
            words: &mut words.words,
            n: 0,
            last: 0,
            n_bits: 0,
        };
        value.hash(&mut stream);
        assert_eq!(stream.finish(), xxh3_64(&expected));
        let (n_words, n_bytes) = stream.close();
        assert_eq!(n_bytes, expected.len());
        let bytes: &[u8] = bytemuck::cast_slice(&words.words[..n_words]);
        assert_eq!(bytes[..n_bytes], expected);
        assert!(bytes[n_bytes..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn hears_what_the_stream_of_bytes_hears() {
        check(&());
        check(&7u8);
        check(&(1u8, 2u16, 3u32, 4u64, 5u128));
        check(&(u64::MAX, -1i8, u32::MAX, i64::MIN, -5i16, 300u16));
        check(&(true, 'x', "a text that is longer than one word", [1u8; 5]));
        check(&vec![Some((1u16, -7i128)), None, Some((u16::MAX, 0))]);
        check(&vec![String::from("ab"); 40]);
        check(&(1u8, vec![2u8; 19], 3usize, -4isize));
    }

    #[test]
    fn length_seed_and_every_byte_count() {
        let mut words = Words::default();
        let mut seen = std::collections::HashSet::new();
        for n in 0..40usize {
            // Nothing but n zero bytes, without their number.
            assert!(seen.insert(words.content(&Zeros(n), 1000)));
            assert!(seen.insert(words.content(&Zeros(n), 1001)));
        }
    }

    struct Zeros(usize);

    impl Hash for Zeros {
        fn hash<H: Hasher>(&self, hasher: &mut H) {
            for _ in 0..self.0 {
                hasher.write_u8(0);
            }
        }
    }
}
