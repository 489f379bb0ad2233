//! Typed, copyable names for actors and observers of one system.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use stateright::actor::Id;

use super::guard::Mistake;

/// Tells systems apart, so that a handle of another system is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SystemId(u64);

impl SystemId {
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        SystemId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident<$param:ident>, $what:literal) => {
        $(#[$doc])*
        pub struct $name<$param> {
            system: SystemId,
            index: usize,
            of: PhantomData<fn() -> $param>,
        }

        impl<$param> $name<$param> {
            pub(crate) fn new(system: SystemId, index: usize) -> Self {
                $name { system, index, of: PhantomData }
            }

            /// The position in its own system.
            ///
            /// # Panics
            /// The handle belongs to another system.
            pub(crate) fn index_in(self, system: SystemId) -> usize {
                if self.system != system {
                    let mistake = format!(concat!($what, " handle {} belongs to another system"), self.index);
                    std::panic::panic_any(Mistake(mistake));
                }
                self.index
            }
        }

        impl<$param> Clone for $name<$param> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$param> Copy for $name<$param> {}

        impl<$param> PartialEq for $name<$param> {
            fn eq(&self, other: &Self) -> bool {
                self.system == other.system && self.index == other.index
            }
        }

        impl<$param> Eq for $name<$param> {}

        impl<$param> fmt::Debug for $name<$param> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.index)
            }
        }
    };
}

handle! {
    /// An actor of type `A` in its system: an index into a snapshot, and an [`Id`] to send to.
    Handle<A>, "actor"
}

handle! {
    /// An observer with values of type `T` in its system: an index into a snapshot.
    ObserverHandle<T>, "observer"
}

impl<A> Handle<A> {
    /// The id other actors send to.
    pub fn id(self) -> Id {
        Id::from(self.index)
    }
}

impl<A> From<Handle<A>> for Id {
    fn from(handle: Handle<A>) -> Id {
        handle.id()
    }
}

/// The handles of a group of actors of one type, in order.
pub struct Handles<A>(Vec<Handle<A>>);

impl<A> Handles<A> {
    /// The ids, in order.
    pub fn ids(&self) -> Vec<Id> {
        self.iter().map(|handle| handle.id()).collect()
    }

    /// The handles, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Handle<A>> + '_ {
        self.0.iter().copied()
    }
}

impl<A> Clone for Handles<A> {
    fn clone(&self) -> Self {
        Handles(self.0.clone())
    }
}

impl<A> fmt::Debug for Handles<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<A> FromIterator<Handle<A>> for Handles<A> {
    fn from_iter<I: IntoIterator<Item = Handle<A>>>(handles: I) -> Self {
        Handles(handles.into_iter().collect())
    }
}

impl<A> std::ops::Deref for Handles<A> {
    type Target = [Handle<A>];

    fn deref(&self) -> &[Handle<A>] {
        &self.0
    }
}
