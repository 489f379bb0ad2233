//! The item whose state is toggled, as it is stored and as it travels.

use super::*;

message! {
    /// What a database node holds under the item's key, and what a server writes there.
    pub(super) enum Item {
        /// The state itself, with the time at which a server wrote it: the item's version.
        State { written: Stamp, on: bool },
        /// Every toggle that ever was.
        Operations(Set<Operation>),
    }

    /// A time of a logical clock, and whose: no two writes have the same, and what was written in the knowledge of another has the greater.
    #[derive(Copy)]
    pub(super) struct Stamp(pub(super) u8, pub(super) Id);

    /// One toggle: the server that took it, and its sequence number there.
    #[derive(Copy)]
    pub(super) struct Operation(pub(super) Id, pub(super) u8);

    /// What a server tells of a write of which the browser has not heard.
    pub(super) enum Change {
        /// This was written.
        To(Item),
        /// It is the other way round now.
        Flipped,
        /// Something was written: go and see.
        Made,
    }
}

impl Item {
    pub(super) fn on(&self) -> bool {
        match self {
            Item::State { on, .. } => *on,
            Item::Operations(toggles) => toggles.len() % 2 == 1,
        }
    }

    /// The time of the server's clock that it tells of.
    pub(super) fn time(&self) -> u8 {
        match self {
            Item::State { written, .. } => written.0,
            Item::Operations(_) => 0,
        }
    }

    /// Both in one: the last writer wins, as in every Cassandra cell; operations add up.
    pub(super) fn join(&self, other: &Item) -> Item {
        match (self, other) {
            (Item::Operations(these), Item::Operations(those)) => {
                Item::Operations(these.clone().union(those.clone()))
            }
            _ => self.max(other).clone(),
        }
    }

    /// The time of the later, and `on` where either is: the merge of a flag that only ever goes up.
    pub(super) fn or(&self, other: &Item) -> Item {
        match (self, other) {
            (Item::State { written: this, on }, Item::State { written: that, .. }) => Item::State {
                written: *this.max(that),
                on: *on || other.on(),
            },
            _ => self.join(other),
        }
    }
}
