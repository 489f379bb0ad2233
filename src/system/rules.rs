//! Where a system differs from a converted stateright model: identity of messages, no-ops, crashes.

use std::fmt::Debug;
use std::hash::Hash;

use super::Message;
use super::component::Identity;
use crate::error::Error;
use crate::value::{Tree, canonical, hash_stream};

/// How messages are told apart, ordered and shown.
pub(crate) struct MessageRules<M> {
    pub(crate) identity: Identity<M>,
    /// Equal messages have equal hashes.
    pub(crate) user_hash: fn(&M) -> u64,
    /// The bytes that order messages in steps.
    pub(crate) key: fn(&M) -> Result<Vec<u8>, Error>,
}

impl<M> MessageRules<M> {
    /// Identity by canonical encoding.
    pub(crate) fn encoded() -> Self
    where
        M: Message,
    {
        MessageRules {
            identity: Identity::encoded(),
            user_hash,
            key: |msg| {
                let mut bytes = Vec::new();
                canonical(msg, &mut bytes)?;
                Ok(bytes)
            },
        }
    }

    /// Identity by `Hash`, told apart by `Eq`, ordered by `Debug` text.
    pub(crate) fn hashed() -> Self
    where
        M: Eq + Hash + Debug,
    {
        MessageRules {
            identity: Identity::hashed(),
            user_hash,
            key: |msg| Ok(Tree::debug(msg).text().into_bytes()),
        }
    }
}

fn user_hash<M: Hash>(msg: &M) -> u64 {
    let mut stream = Vec::new();
    hash_stream(msg, &mut stream);
    xxhash_rust::xxh3::xxh3_64(&stream)
}

/// When an event that changes nothing is no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoOp {
    /// A delivery on an unordered, unbounded link that leaves the component equal, sends nothing and tells no observer anything.
    Equality,
    /// stateright's rule: the handler left its `Cow` borrowed and gave no command (for a timer: set just itself again), except
    /// deliveries on ordered networks.
    Untouched,
}

/// Rules of the whole system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) no_op: NoOp,
    /// The last delivered envelope is part of the state, as on stateright's duplicating network.
    pub(crate) remembers_last_delivery: bool,
    /// Messages to ids that are no actor stay in flight instead of being a mistake.
    pub(crate) sends_to_nobody: bool,
    /// A duplicating link never lets a delivery take the message out of flight.
    pub(crate) delivery_keeps: bool,
    /// Any actor may crash while fewer than this many are down, and start again: stateright's rule. `None`: as declared.
    pub(crate) simultaneous_crashes: Option<usize>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            no_op: NoOp::Equality,
            remembers_last_delivery: false,
            sends_to_nobody: false,
            delivery_keeps: false,
            simultaneous_crashes: None,
        }
    }
}
