//! Values whose types only their owners know, and how values of one type are told apart.

use std::any::{Any, type_name};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use serde::Serialize;

use crate::error::Error;
use crate::value::{Tree, canonical, hash_stream};

/// A value whose type only its owner knows.
#[derive(Clone)]
pub(crate) struct Component(Arc<dyn Any + Send + Sync>);

impl Component {
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Component(Arc::new(value))
    }

    /// The value. Its type is fixed by the slot it belongs to.
    pub(crate) fn get<T: 'static>(&self) -> &T {
        match self.0.downcast_ref::<T>() {
            Some(value) => value,
            None => panic!(
                "a handle of type {} was used for a component of another type",
                type_name::<T>()
            ),
        }
    }
}

/// A message. Its type is that of its system's messages, which only its actors, observers and properties know: so that a search is compiled
/// once, and not once for each type of messages.
pub(crate) type Content = Component;

/// How values of one type are told apart and shown.
pub(crate) struct Identity<T> {
    /// Bytes that are equal for equal values.
    pub(crate) bytes: fn(&T, &mut Vec<u8>) -> Result<(), Error>,
    /// The type's own equality.
    pub(crate) same: fn(&T, &T) -> bool,
    pub(crate) tree: fn(&T) -> Tree,
    /// Equal bytes and equal values must coincide.
    pub(crate) strict: bool,
}

impl<T> Identity<T> {
    /// Identity by canonical encoding: equal bytes and equal values must coincide.
    pub(crate) fn encoded() -> Self
    where
        T: PartialEq + Serialize,
    {
        Identity {
            strict: true,
            bytes: |value, out| canonical(value, out),
            same: |a, b| a == b,
            tree: Tree::of,
        }
    }

    /// Identity by `Hash`, told apart by `PartialEq`.
    pub(crate) fn hashed() -> Self
    where
        T: PartialEq + Hash + Debug,
    {
        Identity {
            bytes: |value, out| {
                hash_stream(value, out);
                Ok(())
            },
            same: |a, b| a == b,
            tree: Tree::debug,
            strict: false,
        }
    }
}

impl<T> Identity<T> {
    /// Identity by `Hash`, told apart by `Debug` text, for types without `PartialEq`.
    pub(crate) fn debugged() -> Self
    where
        T: Hash + Debug,
    {
        Identity {
            bytes: |value, out| {
                hash_stream(value, out);
                Ok(())
            },
            same: |a, b| format!("{a:?}") == format!("{b:?}"),
            tree: Tree::debug,
            strict: false,
        }
    }
}

impl<T> Clone for Identity<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Identity<T> {}
