//! The derives a model needs, behind one word each, so that a model's crate depends on `allways` alone.
//!
//! serde's derive names its crate in a string, where `$crate` has no meaning: hence `"allways::serde"`, which holds in every
//! crate that depends on this one under its own name, and in this one, which calls itself `allways` too.

/// Types that actors send, set as timers or choose between: any number of enums and structs, with the derives that messages need.
///
/// Each gets `Clone`, `Debug`, `PartialEq`, `Eq`, `PartialOrd`, `Ord`, `Hash` and `Serialize`, so it may also be an element of a
/// [`Set`](crate::prelude::Set) or a key of a [`Map`](crate::prelude::Map). Further derives are written as usual.
///
/// ```
/// use allways::prelude::*;
///
/// message! {
///     /// Between nodes.
///     enum Msg {
///         Join,
///         Gossip(Set<Id>),
///         Rebalance { to: Id, slot: Slot },
///     }
///
///     /// A slot of the key space.
///     #[derive(Copy)]
///     pub struct Slot(u8);
/// }
///
/// let slot = Slot(3);
/// assert_eq!(Msg::Rebalance { to: Id::from(0), slot }, Msg::Rebalance { to: Id::from(0), slot });
/// assert!(Msg::Join < Msg::Gossip(Set::new()));
/// ```
#[macro_export]
macro_rules! message {
    ($($item:item)+) => {
        $(
            #[derive(
                ::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::core::cmp::Eq,
                ::core::cmp::PartialOrd, ::core::cmp::Ord, ::core::hash::Hash, $crate::serde::Serialize,
            )]
            #[serde(crate = "allways::serde")]
            $item
        )+
    };
}

/// Types that make up an actor's state or storage: any number of enums and structs, with the derives that states need.
///
/// Each gets `Clone`, `Debug`, `PartialEq`, `Eq`, `Hash` and `Serialize`. Further derives, `Default` or `Ord` among them, are written
/// as usual. Use [`Set`](crate::prelude::Set) and [`Map`](crate::prelude::Map) for collections: hash sets are refused, since
/// equal ones may be written differently.
///
/// ```
/// use allways::prelude::*;
///
/// state! {
///     #[derive(Default)]
///     struct Member {
///         members: Set<Id>,
///         phase: Phase,
///     }
///
///     #[derive(Copy, Default)]
///     enum Phase {
///         #[default]
///         Connecting,
///         Synced { round: u8 },
///     }
/// }
///
/// let mut member = Member::default();
/// member.members.insert(Id::from(2));
/// member.phase = Phase::Synced { round: 1 };
/// assert_ne!(member, Member::default());
/// ```
#[macro_export]
macro_rules! state {
    ($($item:item)+) => {
        $(
            #[derive(
                ::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::hash::Hash,
                $crate::serde::Serialize,
            )]
            #[serde(crate = "allways::serde")]
            $item
        )+
    };
}
