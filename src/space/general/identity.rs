//! How the states of a general model are told apart: by canonical encoding, by what they hash, or by `PartialEq`.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::words::Words;
use crate::error::Error;
use crate::value::{Tree, canonical, hash_stream};

/// Working memory of a content hash.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    words: Words,
}

/// A way to tell states of type `T` apart.
pub trait Identity<T>: Send + Sync + 'static {
    /// What a report says about it, where it is less than an exact comparison.
    const NOTE: Option<&'static str>;

    /// The 128-bit content hash of a state.
    ///
    /// # Errors
    /// The state has no canonical encoding.
    fn content(state: &T, seed: u64, buffer: &mut Buffer) -> Result<u128, Error>;

    /// Whether two states are the same.
    fn same(a: &T, b: &T) -> bool;

    /// The state as people read it.
    fn tree(state: &T) -> Tree;
}

/// States are the same if their canonical encodings are.
#[derive(Debug)]
pub enum Encoded {}

/// States are the same if they feed a hasher the same.
#[derive(Debug)]
pub enum Hashed {}

/// States are the same if `PartialEq` says so; they are found by what they feed a hasher.
#[derive(Debug)]
pub enum Audited {}

impl<T: Serialize> Identity<T> for Encoded {
    const NOTE: Option<&'static str> = None;

    #[inline]
    fn content(state: &T, seed: u64, buffer: &mut Buffer) -> Result<u128, Error> {
        buffer.bytes.clear();
        canonical(state, &mut buffer.bytes)?;
        Ok(xxh3_128_with_seed(&buffer.bytes, seed))
    }

    fn same(a: &T, b: &T) -> bool {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        canonical(a, &mut x).is_ok() && canonical(b, &mut y).is_ok() && x == y
    }

    fn tree(state: &T) -> Tree {
        Tree::of(state)
    }
}

impl<T: Hash + Debug> Identity<T> for Hashed {
    const NOTE: Option<&'static str> = Some("the model's Hash");

    #[inline]
    fn content(state: &T, seed: u64, buffer: &mut Buffer) -> Result<u128, Error> {
        Ok(buffer.words.content(state, seed))
    }

    fn same(a: &T, b: &T) -> bool {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        hash_stream(a, &mut x);
        hash_stream(b, &mut y);
        x == y
    }

    fn tree(state: &T) -> Tree {
        Tree::debug(state)
    }
}

impl<T: Hash + PartialEq + Debug> Identity<T> for Audited {
    const NOTE: Option<&'static str> =
        Some("the model's Hash, and PartialEq wherever states are compared in full");

    #[inline]
    fn content(state: &T, seed: u64, buffer: &mut Buffer) -> Result<u128, Error> {
        Ok(buffer.words.content(state, seed))
    }

    fn same(a: &T, b: &T) -> bool {
        a == b
    }

    fn tree(state: &T) -> Tree {
        Tree::debug(state)
    }
}
