//! A command is validated against a read model, which lags behind the events: what it said may be true no more.
//!
//! Source: "How to handle concurrency by eventual consistency?", among the texts on server architectures.
//!
//! With CQRS and event sourcing, domain events go through a queue to a projection, which updates a read cache. "If you validate using that read cache, you
//! cannot be sure that the information you base your validation on, is still valid." Here the aggregate has a number of places, and users book them. A
//! command handler asks the read model whether there is a place left, and then stores the event; two of them book the last place
//! (`stale-validation`).
//!
//! The text's own answer is to attach the aggregate's version to what the read model says, and to store the event only if the aggregate is still in
//! that version (`expected-version`). The read model may lag as much as it likes; whoever was misled by it notices, and tries again. But the version
//! protects one aggregate, and not all that the read model knows: where each user is an aggregate of their own and the places are counted over all of
//! them, no two bookings ever meet (`expected-version-many-aggregates`).
//!
//! The other answer is to live with it. Stored events cannot be taken back, but another event can correct them, and the user is told, sorry
//! (`compensate`): there may be too many bookings for a while, and in the end there are not.
//!
//! Where the source leaves something open:
//! - A handler whose version was too old asks the read model again after a while; the text throws an error to the user.
//! - The event store is one of the pieces that systems are built from. Projections get events in their order. The read model keeps nothing when it
//!   crashes; it subscribes again and gets all events from the first one on.
//! - The compensation is a subscriber too, and may crash also between two effects. It cancels the first booking beyond the places by an event
//!   that expects the version it has seen, so that it cancels nobody twice; and it tells the user when it sees the cancellation among the events, so that
//!   a crash in between does not leave the user in the dark. Who was told so twice has been told.
//!
//! In `stale-validation`, and in `expected-version-many-aggregates`, the shortest trace is the text's concern: both handlers validate with the same
//! answer of the read model, and when the second event is stored, the first has changed what that answer should have been. In `compensate` the
//! same trace is the price: for a while there is one booking too many.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `stale-validation` | 479 | 1,167 | 15 |
//! | `expected-version` | 399 | 1,039 | 13 |
//! | `expected-version-many-aggregates` | 479 | 1,167 | 15 |
//! | `compensate` | 3,618 | 11,843 | 25 |

use allways::prelude::*;
use pieces::event_store::{Answer, Call, EventStore};

message! {
    enum Msg {
        /// From a command handler to the read model: what about this aggregate?
        Query(Aggregate),
        /// The answer: how many places are taken, and how many events of the aggregate are known.
        Cached { taken: usize, version: usize },
        /// To the event store: this has happened to this aggregate, if it is in the version expected.
        Append { stream: Aggregate, expected: Option<usize>, event: Event },
        /// The answer: it is stored; it is not, since there are more.
        Stored, NewerVersion,
        /// From the compensation to the event store, without an answer: this has happened, if the aggregate is in the version expected.
        Correct { stream: Aggregate, expected: Option<usize>, event: Event },
        /// To the event store: all events, from the first one on.
        Subscribe,
        /// To a subscriber: the event at this position, from 1.
        Published { position: usize, event: Event },
        /// From the compensation to a user: your booking was cancelled.
        Sorry,
    }

    /// A domain event.
    #[derive(Copy)]
    enum Event { Booked(Id), Cancelled(Id) }

    /// What events belong to and versions are counted for.
    #[derive(Copy)]
    enum Aggregate {
        /// All places together.
        Places,
        /// The bookings of this user alone.
        Of(Id),
    }
}

impl TryFrom<Msg> for Call<Aggregate, Event> {
    type Error = Msg;

    fn try_from(msg: Msg) -> Result<Self, Msg> {
        Ok(match msg {
            Msg::Append {
                stream,
                expected,
                event,
            } => Call::Append {
                stream,
                expected,
                event,
            },
            Msg::Correct {
                stream,
                expected,
                event,
            } => Call::Offer {
                stream,
                expected,
                event,
            },
            Msg::Subscribe => Call::Subscribe,
            other => return Err(other),
        })
    }
}

impl From<Answer<Aggregate, Event>> for Msg {
    fn from(answer: Answer<Aggregate, Event>) -> Msg {
        match answer {
            Answer::Appended { .. } => Msg::Stored,
            // (Nobody loads.)
            Answer::WrongVersion { .. } | Answer::Loaded { .. } => Msg::NewerVersion,
            Answer::Published {
                position, event, ..
            } => Msg::Published { position, event },
        }
    }
}

/// What is done about a read model that lags.
#[derive(Clone, Copy, PartialEq)]
enum Design {
    /// Nothing.
    Trust,
    /// An event is stored only if the aggregate is in the version that the read model knew.
    ExpectedVersion,
    /// The same, where each user is an aggregate of their own.
    ExpectedVersionOfUser,
    /// Nothing; but whoever booked too much is cancelled afterwards, by another event.
    Compensate,
}

impl Design {
    fn aggregate(self, user: Id) -> Aggregate {
        match self {
            Design::ExpectedVersionOfUser => Aggregate::Of(user),
            _ => Aggregate::Places,
        }
    }

    fn aggregate_of(self, event: Event) -> Aggregate {
        match event {
            Event::Booked(user) | Event::Cancelled(user) => self.aggregate(user),
        }
    }

    /// How many of these events belong to the aggregate.
    fn version(self, events: &[Event], aggregate: Aggregate) -> usize {
        let of_aggregate = events
            .iter()
            .filter(|event| self.aggregate_of(**event) == aggregate);
        of_aggregate.count()
    }

    /// Whether versions are compared.
    fn expects(self) -> bool {
        matches!(
            self,
            Design::ExpectedVersion | Design::ExpectedVersionOfUser
        )
    }
}

/// Who has booked and is not cancelled, in the order of booking.
fn bookings<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Id> {
    let mut bookings = Vec::new();
    for event in events {
        match event {
            Event::Booked(user) => bookings.push(*user),
            Event::Cancelled(user) => bookings.retain(|booked| booked != user),
        }
    }
    bookings
}

/// Handles one user's command to book a place.
struct Handler {
    design: Design,
    places: usize,
    read_model: Id,
    store: Id,
}

state! {
    #[derive(Copy)]
    enum HandlerState {
        /// It has asked the read model.
        Validating,
        /// The command is valid, as far as the read model knows.
        Appending,
        /// There are events that the read model did not know: again, a little later.
        Outdated,
        /// The user has a place, has been refused, or was told that it was a mistake.
        Accepted, Refused, Cancelled,
    }
}

impl HandlerState {
    fn is_final(self) -> bool {
        use HandlerState::{Accepted, Cancelled, Refused};
        matches!(self, Accepted | Refused | Cancelled)
    }
}

impl Handler {
    fn validate(&self, me: Id, o: &mut Out<Self>) -> HandlerState {
        o.send(self.read_model, Msg::Query(self.design.aggregate(me)));
        HandlerState::Validating
    }
}

impl Actor for Handler {
    type Msg = Msg;
    type State = HandlerState;
    /// Time to try again.
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, o: &mut Out<Self>) -> HandlerState {
        self.validate(me, o)
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, HandlerState>,
        _: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let next = match (&**state, msg) {
            (_, Msg::Cached { taken, .. }) if taken >= self.places => HandlerState::Refused,
            (_, Msg::Cached { version, .. }) => {
                let append = Msg::Append {
                    stream: self.design.aggregate(me),
                    expected: self.design.expects().then_some(version),
                    event: Event::Booked(me),
                };
                o.send(self.store, append);
                HandlerState::Appending
            }
            (_, Msg::NewerVersion) => {
                o.set_timer((), model_timeout());
                HandlerState::Outdated
            }
            // The word of the cancellation may be faster than that of the booking.
            (HandlerState::Appending, Msg::Stored) => HandlerState::Accepted,
            (_, Msg::Sorry) => HandlerState::Cancelled,
            _ => return,
        };
        *state.to_mut() = next;
    }

    fn on_timeout(&self, me: Id, state: &mut Cow<'_, HandlerState>, _: &(), o: &mut Out<Self>) {
        *state.to_mut() = self.validate(me, o);
    }
}

/// The read model: a projection of the events that have arrived.
struct ReadModel {
    design: Design,
    store: Id,
}

impl Actor for ReadModel {
    type Msg = Msg;
    /// The events projected so far.
    type State = Vec<Event>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Vec<Event> {
        o.send(self.store, Msg::Subscribe);
        Vec::new()
    }

    fn on_msg(
        &self,
        _: Id,
        events: &mut Cow<'_, Vec<Event>>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Query(aggregate) => {
                let taken = bookings(events.iter()).len();
                let version = self.design.version(events, aggregate);
                o.send(src, Msg::Cached { taken, version });
            }
            Msg::Published { position, event } if is_next(events, position) => {
                events.to_mut().push(event);
            }
            _ => {}
        }
    }
}

/// Whether the event at this position is the next one: after a crash, events come again.
fn is_next(events: &[Event], position: usize) -> bool {
    position == events.len() + 1
}

/// Cancels what was booked too much, and tells the users.
struct Compensation {
    places: usize,
    store: Id,
}

impl Actor for Compensation {
    type Msg = Msg;
    /// The events that have arrived.
    type State = Vec<Event>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Vec<Event> {
        o.send(self.store, Msg::Subscribe);
        Vec::new()
    }

    /// Cancels the first booking beyond the places, unless there are events that have not arrived: then it decides again when they do.
    fn on_msg(&self, _: Id, events: &mut Cow<'_, Vec<Event>>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let Msg::Published { position, event } = msg else {
            return;
        };
        if !is_next(events, position) {
            return;
        }
        events.to_mut().push(event);
        if let Event::Cancelled(user) = event {
            o.send(user, Msg::Sorry);
        }
        if let Some(&user) = bookings(events.iter()).get(self.places) {
            let correction = Msg::Correct {
                stream: Aggregate::Places,
                expected: Some(position),
                event: Event::Cancelled(user),
            };
            o.send(self.store, correction);
        }
    }
}

params! {
    struct Params {
        /// users who want to book
        users: usize = 2, 2..=3;
        /// places that there are
        places: usize = 1, 1..=2;
        /// crashes of the read model, or of the compensation
        crashes: u32 = 1, 0..=2;
    }
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    let store = sys.actor("store", EventStore::new());
    let read_model = sys.actor(
        "read model",
        ReadModel {
            design,
            store: store.id(),
        },
    );
    let places = p.places;
    let handlers = sys.actors("handler", p.users, |_| Handler {
        design,
        places,
        read_model: read_model.id(),
        store: store.id(),
    });
    sys.link(store.id(), read_model.id(), Link::reliable().fifo());
    let crashes = Crashes::recovery(p.crashes).recovers();
    if design == Design::Compensate {
        let store = store.id();
        let compensation = sys
            .actor("compensation", Compensation { places, store })
            .id();
        sys.link(store, compensation, Link::reliable().fifo());
        sys.crashes(crashes.of([compensation]).inside_handlers());
    } else {
        sys.crashes(crashes.of([read_model.id()]));
    }

    let fits = move |s: &Snapshot<'_, Msg>| bookings(s[store].all()).len() <= places;
    sys.always("there are no more bookings than places", fits);
    sys.stabilises("in the end there are no more bookings than places", fits);
    let enough = p.places.min(p.users);
    sys.stabilises("in the end all places are taken", move |s| {
        bookings(s[store].all()).len() >= enough
    });
    let of = handlers.clone();
    sys.eventually("every command is answered", move |s| {
        of.iter().all(|handler| s[handler].is_final())
    });
    let of = handlers.clone();
    sys.stabilises("in the end users know what they have", move |s| {
        let bookings = bookings(s[store].all());
        let has = |user: Id| bookings.contains(&user);
        of.iter()
            .all(|h| has(h.id()) == (s[h] == HandlerState::Accepted))
    });
    sys.stabilises("in the end the read model knows all events", move |s| {
        s.state(read_model)
            .is_some_and(|events| events.iter().eq(s[store].all()))
    });

    let any = |state: HandlerState| {
        let of = handlers.clone();
        move |s: &Snapshot<'_, Msg>| of.iter().any(|handler| s[handler] == state)
    };
    sys.reachable("a command is accepted", any(HandlerState::Accepted));
    sys.reachable("a command is refused", any(HandlerState::Refused));
    match design {
        Design::Trust | Design::ExpectedVersionOfUser => {}
        Design::ExpectedVersion => {
            sys.reachable("a newer version is noticed", any(HandlerState::Outdated))
        }
        Design::Compensate => sys.reachable("a booking is cancelled", any(HandlerState::Cancelled)),
    }
    sys
}

catalogue_entry! {
    "read-model", Params,
    "Commands that are validated against a read model, which lags behind the events.",
    source "How to handle concurrency by eventual consistency?",
    "stale-validation" => |p| system(p, Design::Trust),
        violates "there are no more bookings than places",
        violates "in the end there are no more bookings than places";
    "expected-version" => |p| system(p, Design::ExpectedVersion);
    "expected-version-many-aggregates" => |p| system(p, Design::ExpectedVersionOfUser),
        violates "there are no more bookings than places",
        violates "in the end there are no more bookings than places";
    "compensate" => |p| system(p, Design::Compensate),
        violates "there are no more bookings than places";
}
