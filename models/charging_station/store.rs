//! What the server says to the event store, which is one of the [pieces] that systems are built from, and who subscribes to it.

use super::*;
use pieces::event_store::{Answer as Told, Call, Events};

/// There is one stream: the station's aggregate. (Station, version) is unique: what is appended under a version that exists is refused.
pub(super) type Stream = ();

/// The event store. Subscribers are told of each `StationUnlocked`.
pub(super) type EventStore = pieces::event_store::EventStore<Msg, Stream, Recorded>;

pub(super) fn event_store() -> EventStore {
    EventStore::new().tells(|event| matches!(event, Recorded::StationUnlocked { .. }))
}

impl TryFrom<Msg> for Call<Stream, Recorded> {
    type Error = Msg;

    fn try_from(msg: Msg) -> Result<Self, Msg> {
        let stream = ();
        Ok(match msg {
            Msg::Load => Call::Load(stream),
            Msg::Append { version, event } => Call::Append {
                stream,
                expected: Some(version - 1),
                event,
            },
            Msg::Subscribe => Call::Subscribe,
            other => return Err(other),
        })
    }
}

impl From<Told<Stream, Recorded>> for Msg {
    fn from(told: Told<Stream, Recorded>) -> Msg {
        match told {
            Told::Loaded { events, .. } => Msg::Events(events),
            Told::Appended { .. } => Msg::Appended,
            Told::WrongVersion { .. } => Msg::WrongVersion,
            Told::Published { event, .. } => Msg::Published(event),
        }
    }
}

/// The sessions of which the store says that the station was unlocked.
pub(super) fn unlocked(store: &Events<Stream, Recorded>) -> Set<Id> {
    unlocks(store.all()).collect()
}

pub(super) fn heartbeats(store: &Events<Stream, Recorded>) -> usize {
    let heartbeat = |event: &&Recorded| **event == Recorded::StationSentHeartbeat;
    store.all().filter(heartbeat).count()
}

/// The sessions of these events.
pub(super) fn unlocks<'a>(
    events: impl IntoIterator<Item = &'a Recorded>,
) -> impl Iterator<Item = Id> {
    events.into_iter().filter_map(|event| match event {
        Recorded::StationUnlocked { session } => Some(*session),
        Recorded::StationSentHeartbeat => None,
    })
}

/// Sends a command to the station for every `StationUnlocked`, until it is answered.
pub(super) struct Subscriber {
    pub(super) store: Id,
    pub(super) station: Id,
}

impl Subscriber {
    fn send(&self, session: Id, o: &mut Out<Self>) {
        o.send(self.station, Msg::RemoteStartTransaction { session });
        o.set_timer(session, model_timeout());
    }
}

impl Actor for Subscriber {
    type Msg = Msg;
    /// Sessions that the station has not answered for.
    type State = Set<Id>;
    type Timer = Id;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Set<Id> {
        o.send(self.store, Msg::Subscribe);
        Set::new()
    }

    fn on_msg(&self, _: Id, unanswered: &mut Cow<'_, Set<Id>>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let (session, answer) = match msg {
            Msg::Published(Recorded::StationUnlocked { session }) => {
                unanswered.to_mut().insert(session);
                return self.send(session, o);
            }
            Msg::Accepted { session } => (session, Answer::Ok),
            Msg::Rejected { session } => (session, Answer::StationRejectedUnlock),
            _ => return,
        };
        if unanswered.to_mut().remove(&session).is_some() {
            o.send(session, Msg::Answer(answer));
        }
    }

    fn on_timeout(
        &self,
        _: Id,
        unanswered: &mut Cow<'_, Set<Id>>,
        session: &Id,
        o: &mut Out<Self>,
    ) {
        if unanswered.contains(session) {
            self.send(*session, o);
        }
    }
}
