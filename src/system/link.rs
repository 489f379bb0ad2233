//! Links, partitions and crashes: what the network and the processes may do.

use std::ops::RangeInclusive;

use stateright::actor::Id;

/// What a link from one actor to another may do with messages.
///
/// The words are those of Cachin, Guerraoui and Rodrigues (*Introduction to Reliable and Secure Distributed Programming*, 2.4):
///
/// | there | here |
/// | --- | --- |
/// | fair-loss link | [`Link::fair_loss()`]; with [`duplicating`](Link::duplicating) where the network may also copy |
/// | stubborn link | an actor that sends again and again, by a timer, over a fair-loss link |
/// | perfect link | [`Link::reliable()`]: every message arrives, exactly once |
/// | FIFO perfect link | `Link::reliable().fifo()` |
/// | authenticated link | every link, unless [`unauthenticated`](Link::unauthenticated) |
///
/// A finite budget of losses ([`up_to`](Link::up_to)) or duplicates ([`duplicates`](Link::duplicates)) is shared by all links that declare
/// one: a link with a budget of k losses is reliable after k losses.
///
/// ```
/// use allways::prelude::*;
/// let queue = Link::reliable().fifo();
/// let datagrams = Link::losing().up_to(2).duplicates(1);
/// let radio = Link::fair_loss().capacity(2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub(crate) fifo: bool,
    pub(crate) duplicating: bool,
    pub(crate) duplicate_budget: Option<u32>,
    pub(crate) losing: bool,
    /// What is sent again and again arrives again and again.
    pub(crate) fair: bool,
    pub(crate) loss_budget: Option<u32>,
    pub(crate) capacity: Option<u32>,
    pub(crate) authenticated: bool,
    /// Ticks that a message takes; `None`: what the system's timing says.
    pub(crate) delay: Option<(u32, u32)>,
}

impl Link {
    /// A perfect link: every message arrives exactly once, in any order.
    pub fn reliable() -> Self {
        Link {
            fifo: false,
            duplicating: false,
            duplicate_budget: None,
            losing: false,
            fair: false,
            loss_budget: None,
            capacity: None,
            authenticated: true,
            delay: None,
        }
    }

    /// A lossy link: any message may be lost, and nothing is promised: not even that something arrives in the end.
    pub fn losing() -> Self {
        Link {
            losing: true,
            ..Link::reliable()
        }
    }

    /// A fair-loss link: any message may be lost, any number of times, but what is sent infinitely often is delivered infinitely often.
    ///
    /// It holds at most one copy of equal content unless [`capacity`](Link::capacity) says more, so that retransmission for ever leaves
    /// the system finite; what is sent beyond that is lost, without a step of its own. With a budget of losses
    /// ([`up_to`](Link::up_to)) there is nothing to be fair about: it is a reliable link after so many losses, and holds whatever is sent.
    pub fn fair_loss() -> Self {
        Link {
            fair: true,
            ..Link::losing()
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

    /// A message may be delivered and stay in flight, any number of times. An unordered link of this kind is a set: it holds a content at
    /// most once, and sending what it holds changes nothing.
    #[must_use]
    pub fn duplicating(self) -> Self {
        Link {
            duplicating: true,
            duplicate_budget: None,
            ..self
        }
    }

    /// A message may be delivered and stay in flight, at most `budget` times in a run over all links that say so; then only plain
    /// delivery is left. Copies that were sent are not merged: with so few duplicates, two sends are two messages.
    #[must_use]
    pub fn duplicates(self, budget: u32) -> Self {
        Link {
            duplicating: true,
            duplicate_budget: Some(budget),
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

    /// The link holds at most `copies` of equal content, one or more; a send beyond that changes nothing.
    #[must_use]
    pub fn capacity(self, copies: u32) -> Self {
        Link {
            capacity: Some(copies),
            ..self
        }
    }

    /// Who receives a message knows who sent it (the default).
    #[must_use]
    pub fn authenticated(self) -> Self {
        Link {
            authenticated: true,
            ..self
        }
    }

    /// An arbitrary (Byzantine) process may send in another's name. Among processes that follow their protocol it makes no difference.
    #[must_use]
    pub fn unauthenticated(self) -> Self {
        Link {
            authenticated: false,
            ..self
        }
    }

    /// A message takes any number of ticks in this range, where there are ticks: in a system that is synchronous or partially synchronous
    /// ([`Timing`](super::Timing)). In an asynchronous one it makes no difference.
    #[must_use]
    pub fn delay(self, ticks: RangeInclusive<u32>) -> Self {
        Link {
            delay: Some((*ticks.start(), *ticks.end())),
            ..self
        }
    }

    /// Copies of one content that the link holds; `None`: any number.
    pub(crate) fn copies_max(&self) -> Option<u32> {
        let is_set = self.duplicating && self.duplicate_budget.is_none() && !self.fifo;
        if is_set {
            Some(1)
        } else if self.promises_fair_loss() {
            Some(self.capacity.unwrap_or(1))
        } else {
            self.capacity
        }
    }

    /// Losses are unlimited and fair.
    pub(crate) fn promises_fair_loss(&self) -> bool {
        self.losing && self.fair && self.loss_budget.is_none()
    }
}

/// A network partition between two groups of actors, which forms (a fault) and heals (none).
///
/// While it is up, no message between the groups is delivered, in either direction. What is in flight, or sent meanwhile, waits; a losing
/// link may lose it. Actors of neither group reach both.
///
/// ```
/// use allways::prelude::*;
///
/// message! { enum Msg { Hello } }
///
/// struct Silent;
/// impl Actor for Silent {
///     type Msg = Msg;
///     type State = ();
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}
/// }
///
/// let mut sys = System::new();
/// let [a, b, c] = ["a", "b", "c"].map(|name| sys.actor(name, Silent).id());
/// sys.partitions(Partitions::between([a], [b, c]).times(2).named("a alone"));
/// sys.reachable("a is alone", |s| s.partition_is_up("a alone"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitions {
    pub(crate) sides: [Vec<Id>; 2],
    pub(crate) name: Option<String>,
    /// How often it may form; `None`: any number of times.
    pub(crate) budget: Option<u32>,
    pub(crate) heals: bool,
}

impl Partitions {
    /// Two groups that may lose sight of each other: once in a run, unless told otherwise; and in the end they find each other again.
    pub fn between(
        these: impl IntoIterator<Item = Id>,
        those: impl IntoIterator<Item = Id>,
    ) -> Self {
        Partitions {
            sides: [these.into_iter().collect(), those.into_iter().collect()],
            name: None,
            budget: Some(1),
            heals: true,
        }
    }

    /// It forms at most `budget` times in a run.
    #[must_use]
    pub fn times(self, budget: u32) -> Self {
        Partitions {
            budget: Some(budget),
            ..self
        }
    }

    /// It may form any number of times.
    #[must_use]
    pub fn unlimited(self) -> Self {
        Partitions {
            budget: None,
            ..self
        }
    }

    /// Once formed it stays.
    #[must_use]
    pub fn never_heals(self) -> Self {
        Partitions {
            heals: false,
            ..self
        }
    }

    /// Its name in traces and properties, instead of `partition`, `partition[1]`, ….
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Partitions {
            name: Some(name.into()),
            ..self
        }
    }

    /// How often it may form in a run, if that is bounded: what never heals forms once.
    pub(crate) fn times_max(&self) -> Option<u32> {
        if self.heals {
            self.budget
        } else {
            Some(self.budget.map_or(1, |budget| budget.min(1)))
        }
    }
}

/// Which processes may crash, how often, and whether they come back. Of several rules the first that names an actor counts for it.
///
/// ```
/// use allways::prelude::*;
/// let stops = Crashes::stop(2).each(1);
/// let comes_back = Crashes::recovery(1).inside_handlers();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crashes {
    pub(crate) recover: bool,
    /// A crashed process starts again in the end.
    pub(crate) recovers: bool,
    pub(crate) budget: u32,
    /// `None`: all actors.
    pub(crate) of: Option<Vec<Id>>,
    /// Crashes of one actor at most.
    pub(crate) each: Option<u32>,
    /// A process may also crash while it handles an event.
    pub(crate) inside: bool,
}

impl Crashes {
    /// Crash-stop: at most `budget` crashes in a run, over the actors named; a crashed process stays down.
    pub fn stop(budget: u32) -> Self {
        Crashes {
            recover: false,
            recovers: false,
            budget,
            of: None,
            each: None,
            inside: false,
        }
    }

    /// Crash-recovery: as [`stop`](Crashes::stop), but a crashed process may start again with what it saved.
    pub fn recovery(budget: u32) -> Self {
        Crashes {
            recover: true,
            ..Crashes::stop(budget)
        }
    }

    /// At most `budget` crashes of each actor, besides the budget of all together.
    #[must_use]
    pub fn each(self, budget: u32) -> Self {
        Crashes {
            each: Some(budget),
            ..self
        }
    }

    /// Processes crash also *inside* a handler, between one effect and the next: the event is consumed, and of what the handler
    /// asks for only the first so many sends and saves happen. State, timers and choices are lost. It is one step and one fault, and
    /// there is one such step for each prefix of the effects that makes a difference.
    ///
    /// Without this, processes crash only between events: whatever a handler does, it does as a whole.
    #[must_use]
    pub fn inside_handlers(self) -> Self {
        Crashes {
            inside: true,
            ..self
        }
    }

    /// Crash-recovery where a crashed process not only may start again, but does in the end (weak fairness).
    #[must_use]
    pub fn recovers(self) -> Self {
        Crashes {
            recover: true,
            recovers: true,
            ..self
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
