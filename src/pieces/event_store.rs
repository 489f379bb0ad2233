//! An event store with optimistic concurrency: events are only ever added, each to a stream, and on condition that the stream is what the writer takes it for.
//!
//! # Rules
//! - The *version* of a stream is the number of its events. [`Call::Append`] with `expected: Some(version)` adds the event if the stream is in that version, and is answered
//!   [`Answer::Appended`]; otherwise nothing is added, and the answer is [`Answer::WrongVersion`]. With `expected: None` the event is added in any case.
//! - [`Call::Offer`] is the same without an answer, for writers that subscribe anyway.
//! - [`Call::Load`] is answered with the events of one stream, in their order.
//! - [`Call::Subscribe`] is answered with all events there are, of all streams, in the order in which they were added, and with each later one when it is added. To
//!   subscribe again is to hear them again from the first. [`EventStore::tells`] leaves out events that subscribers are not to be told of.
//! - Every call is handled as a whole: the store is linearizable.
//!
//! # Guarantees
//! *Always*: an event that was added stays, at its place; of several writers that expect the same version of a stream exactly one has its event added, if any call arrives.
//!
//! *In the end*, over reliable links: every call but `Offer` is answered, and every subscriber hears of every event that it is told of, once for each
//! time that it has subscribed; in their order over FIFO links.
//!
//! *Not* guaranteed: that a writer whose answer is lost was refused. It has to look whether its event is there before it tries again, so give events
//! that are to happen once a number of their own.
//!
//! # Crashes
//! A store forgets everything when it crashes, unless it is [`durable`](EventStore::durable): then it has saved its events and who subscribes before it
//! answers or tells anybody. Whoever has not been answered when it crashes inside a handler never is, and subscribers may miss an event until they subscribe again.

use std::marker::PhantomData;

use super::{Data, Speaks};
use crate::prelude::*;
use crate::system::Message;

message! {
    /// What an event store is asked.
    #[derive(Deserialize)]
    pub enum Call<S: Data, E: Data> {
        /// The events of this stream, please.
        Load(S),
        /// This has happened, if the stream is in the version expected.
        Append {
            /// The stream.
            stream: S,
            /// How many events it has to have; `None`: any number.
            expected: Option<usize>,
            /// What has happened.
            event: E,
        },
        /// The same, and nobody wants to know what became of it.
        Offer {
            /// The stream.
            stream: S,
            /// How many events it has to have; `None`: any number.
            expected: Option<usize>,
            /// What has happened.
            event: E,
        },
        /// All events, from the first one on.
        Subscribe,
    }

    /// What it says.
    #[derive(Deserialize)]
    pub enum Answer<S: Data, E: Data> {
        /// The events of a stream.
        Loaded {
            /// The stream.
            stream: S,
            /// Its events, in their order; its version is how many.
            events: Vec<E>,
        },
        /// The event is added.
        Appended {
            /// The stream.
            stream: S,
            /// The version that it is in now.
            version: usize,
        },
        /// It is not: the stream is not in the version expected.
        WrongVersion {
            /// The stream.
            stream: S,
            /// The version that it is in.
            version: usize,
        },
        /// To a subscriber: this has happened.
        Published {
            /// The place of the event among all of the store, from 1.
            position: usize,
            /// The stream.
            stream: S,
            /// What has happened.
            event: E,
        },
    }

    /// An event in the store.
    #[derive(Deserialize)]
    pub struct Recorded<S: Data, E: Data> {
        /// The stream that it belongs to.
        pub stream: S,
        /// What has happened.
        pub event: E,
    }
}

state! {
    /// What an event store holds.
    #[derive(Deserialize)]
    pub struct Events<S: Data, E: Data> {
        events: Vec<Recorded<S, E>>,
        subscribers: Set<Id>,
    }
}

impl<S: Data, E: Data> Events<S, E> {
    /// All events, in the order in which they were added.
    pub fn all(&self) -> impl Iterator<Item = &E> {
        self.events.iter().map(|recorded| &recorded.event)
    }

    /// The events of one stream, in their order.
    pub fn of<'a>(&'a self, stream: &'a S) -> impl Iterator<Item = &'a E> {
        let events = self.events.iter();
        let of_stream = events.filter(move |recorded| recorded.stream == *stream);
        of_stream.map(|recorded| &recorded.event)
    }

    /// The number of events of a stream.
    pub fn version(&self, stream: &S) -> usize {
        self.of(stream).count()
    }
}

/// The event store, for streams `S` and events `E`, in a system whose messages are `M`.
///
/// Two clerks book the last seat; whether they say which version they have seen makes the difference:
///
/// ```
/// use allways::prelude::*;
/// use allways::pieces::event_store::{Answer, Call, EventStore};
///
/// message! {
///     enum Msg { Store(Call<Show, Booked>), Clerk(Answer<Show, Booked>) }
///
///     #[derive(Copy)]
///     struct Show;
///
///     #[derive(Copy)]
///     struct Booked { by: Id }
/// }
/// carries! { Msg: Store(Call<Show, Booked>), Clerk(Answer<Show, Booked>) }
///
/// /// Books the seat if it is free, and looks again after a conflict; its state is whether it knows what became of it.
/// struct Clerk { store: Id, expects: bool }
///
/// impl Actor for Clerk {
///     type Msg = Msg;
///     type State = bool;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///
///     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
///         o.send(self.store, Msg::Store(Call::Load(Show)));
///         false
///     }
///
///     fn on_msg(&self, me: Id, done: &mut Cow<'_, bool>, _: Id, msg: Msg, o: &mut Out<Self>) {
///         match msg {
///             Msg::Clerk(Answer::Loaded { stream, events }) if events.is_empty() => {
///                 let expected = self.expects.then_some(events.len());
///                 let event = Booked { by: me };
///                 o.send(self.store, Msg::Store(Call::Append { stream, expected, event }));
///             }
///             Msg::Clerk(Answer::WrongVersion { stream, .. }) => {
///                 o.send(self.store, Msg::Store(Call::Load(stream)));
///             }
///             Msg::Clerk(_) => *done.to_mut() = true,
///             Msg::Store(_) => {}
///         }
///     }
/// }
///
/// fn system(expects: bool) -> System<Msg> {
///     let mut sys = System::new();
///     let store = sys.actor("store", EventStore::new());
///     let clerks = sys.actors("clerk", 2, |_| Clerk { store: store.id(), expects });
///     sys.always("the seat is booked once", move |s| s[store].version(&Show) <= 1);
///     sys.eventually("every clerk knows", move |s| clerks.iter().all(|clerk| s[clerk]));
///     sys
/// }
///
/// assert_violated!(system(false), "the seat is booked once");
/// assert_holds!(system(true));
/// ```
#[derive(Clone, Debug)]
pub struct EventStore<M, S, E> {
    tells: fn(&E) -> bool,
    durable: bool,
    speaks: Speaks<M, S>,
}

impl<M, S, E> EventStore<M, S, E> {
    /// A store that does not outlive a crash, and tells subscribers of every event.
    pub fn new() -> Self {
        EventStore {
            tells: |_| true,
            durable: false,
            speaks: PhantomData,
        }
    }

    /// Subscribers are told of such events only.
    #[must_use]
    pub fn tells(self, such: fn(&E) -> bool) -> Self {
        EventStore {
            tells: such,
            ..self
        }
    }

    /// Saves its events and who subscribes, so that they outlive a crash.
    #[must_use]
    pub fn durable(self) -> Self {
        EventStore {
            durable: true,
            ..self
        }
    }
}

impl<M, S, E> Default for EventStore<M, S, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M, S, E> EventStore<M, S, E>
where
    M: Message + TryInto<Call<S, E>> + From<Answer<S, E>>,
    S: Data,
    E: Data,
{
    /// Adds an event, unless its stream is in another version than expected, and says so to subscribers. Whether it was added, and the version of the stream then.
    fn append(
        &self,
        store: &mut Cow<'_, Events<S, E>>,
        recorded: Recorded<S, E>,
        expected: Option<usize>,
        o: &mut Out<Self>,
    ) -> (bool, usize) {
        let version = store.version(&recorded.stream);
        if expected.is_some_and(|expected| expected != version) {
            return (false, version);
        }
        let store = store.to_mut();
        store.events.push(recorded);
        self.save(store, o);
        for &subscriber in &store.subscribers {
            self.publish(store, store.events.len() - 1, subscriber, o);
        }
        (true, version + 1)
    }

    /// Tells a subscriber of the event at this place, from 0.
    fn publish(&self, store: &Events<S, E>, place: usize, subscriber: Id, o: &mut Out<Self>) {
        let Recorded { stream, event } = store.events[place].clone();
        if (self.tells)(&event) {
            let published = Answer::Published {
                position: place + 1,
                stream,
                event,
            };
            o.send(subscriber, published.into());
        }
    }

    fn save(&self, store: &Events<S, E>, o: &mut Out<Self>) {
        if self.durable {
            o.save(store.clone());
        }
    }
}

impl<M, S, E> Actor for EventStore<M, S, E>
where
    M: Message + TryInto<Call<S, E>> + From<Answer<S, E>>,
    S: Data,
    E: Data,
{
    type Msg = M;
    type State = Events<S, E>;
    type Timer = ();
    type Random = ();
    type Storage = Events<S, E>;

    fn on_start(&self, _: Id, saved: &Option<Events<S, E>>, _: &mut Out<Self>) -> Events<S, E> {
        let nothing = Events {
            events: Vec::new(),
            subscribers: Set::new(),
        };
        saved.clone().unwrap_or(nothing)
    }

    fn on_msg(&self, _: Id, store: &mut Cow<'_, Events<S, E>>, src: Id, msg: M, o: &mut Out<Self>) {
        let Ok(call) = msg.try_into() else {
            return;
        };
        match call {
            Call::Load(stream) => {
                let events = store.of(&stream).cloned().collect();
                o.send(src, Answer::Loaded { stream, events }.into());
            }
            Call::Append {
                stream,
                expected,
                event,
            } => {
                let recorded = Recorded {
                    stream: stream.clone(),
                    event,
                };
                let answer = match self.append(store, recorded, expected, o) {
                    (true, version) => Answer::Appended { stream, version },
                    (false, version) => Answer::WrongVersion { stream, version },
                };
                o.send(src, answer.into());
            }
            Call::Offer {
                stream,
                expected,
                event,
            } => {
                self.append(store, Recorded { stream, event }, expected, o);
            }
            Call::Subscribe => {
                let store = store.to_mut();
                store.subscribers.insert(src);
                self.save(store, o);
                for place in 0..store.events.len() {
                    self.publish(store, place, src, o);
                }
            }
        }
    }
}
