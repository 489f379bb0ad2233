//! How a state of a system is laid out in words, and what the parts mean.
//!
//! `[local; n] ++ [observed; h] ++ [budget]? ++ [partitions]? ++ [phase]? ++ [last delivery]? ++ sorted network items`. An item is an envelope on an
//! unordered link (repeated once per copy) or the whole content of a FIFO channel.

use crate::space::Arena;

/// No actor.
pub(crate) const NOBODY: u32 = u32::MAX;
/// The tail of a channel with one message.
pub(crate) const NO_ITEM: u32 = u32::MAX;
/// A tail that was never asked for.
pub(crate) const UNKNOWN_ITEM: u32 = u32::MAX - 1;

/// States as words, one behind the other.
#[derive(Default)]
pub struct Words {
    words: Vec<u32>,
    ends: Vec<usize>,
}

impl Words {
    #[inline]
    pub(crate) fn state(&self, index: usize) -> &[u32] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.words[start..self.ends[index]]
    }

    /// Where the next state is written; [`seal`](Words::seal) ends it.
    #[inline]
    pub(crate) fn open(&mut self) -> &mut Vec<u32> {
        &mut self.words
    }

    #[inline]
    pub(crate) fn seal(&mut self) {
        self.ends.push(self.words.len());
    }

    pub(crate) fn push(&mut self, state: &[u32]) {
        self.words.extend_from_slice(state);
        self.seal();
    }
}

impl Arena for Words {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
    }

    fn append(&mut self, other: &mut Self) {
        let base = self.words.len();
        self.words.append(&mut other.words);
        self.ends.extend(other.ends.drain(..).map(|end| base + end));
    }

    fn pop(&mut self) {
        if self.ends.pop().is_some() {
            self.words.truncate(self.ends.last().copied().unwrap_or(0));
        }
    }

    fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u32>() + self.ends.capacity() * size_of::<usize>()
    }
}

/// What a link does, compiled from [`Link`](crate::system::Link) or from stateright's network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) fifo: bool,
    /// A delivery may leave the message in flight.
    pub(crate) keeps: bool,
    /// A delivery may take the message out of flight; false only for stateright's duplicating network.
    pub(crate) consumes: bool,
    pub(crate) losing: bool,
    /// Losses on this link spend the loss budget.
    pub(crate) budgeted: bool,
    /// Deliveries that leave the message in flight spend the budget of duplicates.
    pub(crate) keeps_budgeted: bool,
    /// Copies of one content at most.
    pub(crate) capacity: Option<u32>,
    /// The partitions that cut this link while they are up, as bits.
    pub(crate) cut: u32,
    /// Who receives knows who sent.
    pub(crate) is_authenticated: bool,
    /// Delivery is strongly fair: losses are unlimited and fair, or a partition may cut the link again and again. Otherwise weakly.
    pub(crate) delivers_strongly: bool,
    /// Where there are ticks: how many a message takes, at least and at most.
    pub(crate) delay: Option<(u32, u32)>,
}

impl Rule {
    /// What the fast path can do: every message is delivered once, whenever its receiver is up.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_unbounded() && !self.losing && self.cut == 0
    }

    /// Unordered, unbounded, untimed and consumed by delivery: what a delivery or a send changes is a constant.
    pub(crate) fn is_unbounded(self) -> bool {
        self.consumes
            && !self.fifo
            && !self.keeps
            && self.capacity.is_none()
            && self.delay.is_none()
    }
}

/// An item of the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) hash: u128,
    /// The actor it can be delivered to.
    pub(crate) dst: u32,
    /// Which link it is on.
    pub(crate) pair: u32,
    /// The envelope that is delivered, as it is when it is sent: the item itself where nothing is known of time, or a channel's head.
    pub(crate) head: u32,
    /// Ticks that have to pass before it can be delivered, and that may pass until it is; of a channel its head's. Not a number of ticks but
    /// `u32::MAX` is the latest where nothing is known of time.
    pub(crate) earliest: u32,
    pub(crate) latest: u32,
    /// What it is a tick later, or once the bounds hold.
    pub(crate) next: u32,
    /// What remains of a channel without its head.
    pub(crate) tail: u32,
    /// The signature of losing the head.
    pub(crate) lost: u32,
    pub(crate) rule: Rule,
    pub(crate) is_channel: bool,
    /// Goes to the environment: nobody ever receives it, and it is never in flight.
    pub(crate) is_sink: bool,
}

/// Where an item goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aim {
    /// One bit for each of the first 64 items to an actor; none for the others.
    pub(crate) bit: u64,
    /// The actor it can be delivered to.
    pub(crate) actor: u32,
}

/// A place in the list of a state's steps. It may be empty (target down, budget spent, delivery without effect).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Deliver the item at this word, and consume it.
    Deliver(usize),
    /// Deliver the item at this word, and keep it.
    Keep(usize),
    /// Lose the item at this word.
    Lose(usize),
    /// An actor's own event.
    Pending(usize, u32),
    /// A stimulus.
    Stimulus(usize),
    /// A crash.
    Crash(usize),
    /// A recovery.
    Recover(usize),
    /// A crash inside the handler of an event: the `n`th of the ways in which it can happen.
    CrashInside(Event, u32),
    /// A partition forms.
    Partition(usize),
    /// A partition heals.
    Heal(usize),
    /// A tick.
    Tick,
    /// The bounds on time hold from here on.
    Stabilise,
    /// A Byzantine actor sends something of its own accord: the `n`th of what it can.
    Forge(usize, u32),
    /// A Byzantine actor ignores an event.
    Ignore(Event),
}

/// An event that an actor can crash in; the same words as in [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Deliver(usize),
    Keep(usize),
    Pending(usize, u32),
    Stimulus(usize),
    Recover(usize),
}

impl Event {
    /// The place of the same event, undisturbed.
    pub(crate) fn place(self) -> Place {
        match self {
            Event::Deliver(at) => Place::Deliver(at),
            Event::Keep(at) => Place::Keep(at),
            Event::Pending(actor, k) => Place::Pending(actor, k),
            Event::Stimulus(i) => Place::Stimulus(i),
            Event::Recover(actor) => Place::Recover(actor),
        }
    }
}

/// Events that a local component can be asked about, as the second half of a memo key. Below the top bit: an envelope.
pub(crate) const PENDING_EVENT: u32 = 1 << 31;
pub(crate) const CRASH_EVENT: u32 = u32::MAX - 2;
pub(crate) const RECOVER_EVENT: u32 = u32::MAX - 3;
/// With the number of a message that a Byzantine actor sends of its own accord, below 2^29.
pub(crate) const FORGE_EVENT: u32 = PENDING_EVENT | 1 << 30;
pub(crate) const TICK_EVENT: u32 = u32::MAX - 5;

/// Marks the number of a memo entry that changes nothing, sends nothing and concerns no observer: the fast path need not look at it.
pub(crate) const WITHOUT_EFFECT: u32 = 1 << 31;

/// What a handler does, ready to apply.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    /// The whole change of the fingerprint sum, history aside, where `constant`.
    pub(crate) delta: u128,
    /// The actor's new component.
    pub(crate) local: u32,
    /// What observers are told.
    pub(crate) signature: u32,
    pub(crate) sends_at: u32,
    pub(crate) n_sends: u16,
    pub(crate) flags: u8,
}

const CONSTANT: u8 = 1;
const SILENT: u8 = 2;
const UNTOUCHED: u8 = 4;

impl Entry {
    pub(crate) fn with_flags(self, constant: bool, silent: bool, untouched: bool) -> Self {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        Entry {
            flags: flag(constant, CONSTANT) | flag(silent, SILENT) | flag(untouched, UNTOUCHED),
            ..self
        }
    }

    /// Nothing but unbounded links is involved.
    #[inline]
    pub(crate) fn is_constant(&self) -> bool {
        self.flags & CONSTANT != 0
    }

    /// The component is unchanged and nothing was sent.
    #[inline]
    pub(crate) fn is_silent(&self) -> bool {
        self.flags & SILENT != 0
    }

    /// The handler touched nothing, by stateright's rule.
    #[inline]
    pub(crate) fn is_untouched(&self) -> bool {
        self.flags & UNTOUCHED != 0
    }
}

/// One observer event with its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Told {
    Received(u32),
    Sent(u32),
    TimedOut(u32),
    Chose(u32),
    Crashed(u32),
    Recovered(u32),
    Lost(u32),
    /// A partition, by its number.
    Partitioned(u32),
    Healed(u32),
}
