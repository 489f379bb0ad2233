//! Links and crashes: what the network and the processes may do.

use stateright::actor::Id;

/// What a link from one actor to another may do with messages.
///
/// ```
/// use allways::prelude::*;
/// let queue = Link::reliable().fifo();
/// let datagrams = Link::losing().up_to(2).duplicating();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub(crate) fifo: bool,
    pub(crate) duplicating: bool,
    pub(crate) losing: bool,
    pub(crate) loss_budget: Option<u32>,
    pub(crate) capacity: Option<u32>,
}

impl Link {
    /// Every message arrives exactly once, in any order.
    pub fn reliable() -> Self {
        Link {
            fifo: false,
            duplicating: false,
            losing: false,
            loss_budget: None,
            capacity: None,
        }
    }

    /// Any message may be lost.
    pub fn losing() -> Self {
        Link {
            losing: true,
            ..Link::reliable()
        }
    }

    /// Messages arrive in the order they were sent. What is lost or duplicated is the head of the channel.
    #[must_use]
    pub fn fifo(self) -> Self {
        Link { fifo: true, ..self }
    }

    /// Messages may overtake each other (the default).
    #[must_use]
    pub fn unordered(self) -> Self {
        Link {
            fifo: false,
            ..self
        }
    }

    /// A message may be delivered and stay in flight. An unordered duplicating link is a set: it holds a content at most once, and
    /// sending what it holds changes nothing.
    #[must_use]
    pub fn duplicating(self) -> Self {
        Link {
            duplicating: true,
            ..self
        }
    }

    /// At most `budget` messages are lost, over all links that say so.
    #[must_use]
    pub fn up_to(self, budget: u32) -> Self {
        Link {
            loss_budget: Some(budget),
            ..self
        }
    }

    /// An unordered link that holds at most `copies` of equal content; a send beyond that changes nothing.
    #[must_use]
    pub fn capacity(self, copies: u32) -> Self {
        Link {
            capacity: Some(copies),
            ..self
        }
    }
}

/// Which processes may crash, how often, and whether they come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crashes {
    pub(crate) recover: bool,
    pub(crate) budget: u32,
    /// `None`: all actors.
    pub(crate) of: Option<Vec<Id>>,
}

impl Crashes {
    /// Crash-stop: at most `budget` crashes in a run, over the actors named; a crashed process stays down.
    pub fn stop(budget: u32) -> Self {
        Crashes {
            recover: false,
            budget,
            of: None,
        }
    }

    /// Crash-recovery: as [`stop`](Crashes::stop), but a crashed process may start again with what it saved.
    pub fn recovery(budget: u32) -> Self {
        Crashes {
            recover: true,
            ..Crashes::stop(budget)
        }
    }

    /// Only these actors.
    #[must_use]
    pub fn of(self, actors: impl IntoIterator<Item = Id>) -> Self {
        Crashes {
            of: Some(actors.into_iter().collect()),
            ..self
        }
    }
}
