//! Where a system differs from a converted stateright model: identity of messages, no-ops, crashes.

use std::fmt::Debug;
use std::hash::Hash;

use super::Message;
use super::component::{Content, Identity};
use crate::error::Error;
use crate::value::{Tree, canonical, hash_stream};

/// How messages are told apart, ordered and shown.
pub(crate) struct MessageRules {
    pub(crate) identity: Identity<Content>,
    /// Equal messages have equal hashes.
    pub(crate) user_hash: fn(&Content) -> u64,
    /// The bytes that order messages in steps.
    pub(crate) key: fn(&Content) -> Result<Vec<u8>, Error>,
}

impl MessageRules {
    /// Identity by canonical encoding.
    pub(crate) fn encoded<M>() -> Self
    where
        M: Message,
    {
        MessageRules {
            identity: Identity {
                bytes: |msg, out| canonical(msg.get::<M>(), out),
                same: same::<M>,
                tree: |msg| Tree::of(msg.get::<M>()),
                strict: true,
            },
            user_hash: user_hash::<M>,
            key: |msg| {
                let mut bytes = Vec::new();
                canonical(msg.get::<M>(), &mut bytes)?;
                Ok(bytes)
            },
        }
    }

    /// Identity by `Hash`, told apart by `Eq`, ordered by `Debug` text.
    pub(crate) fn hashed<M>() -> Self
    where
        M: Eq + Hash + Debug + 'static,
    {
        MessageRules {
            identity: Identity {
                bytes: |msg, out| {
                    hash_stream(msg.get::<M>(), out);
                    Ok(())
                },
                same: same::<M>,
                tree: |msg| Tree::debug(msg.get::<M>()),
                strict: false,
            },
            user_hash: user_hash::<M>,
            key: |msg| Ok(Tree::debug(msg.get::<M>()).text().into_bytes()),
        }
    }
}

fn same<M: PartialEq + 'static>(a: &Content, b: &Content) -> bool {
    a.get::<M>() == b.get::<M>()
}

fn user_hash<M: Hash + 'static>(msg: &Content) -> u64 {
    let mut stream = Vec::new();
    hash_stream(msg.get::<M>(), &mut stream);
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
