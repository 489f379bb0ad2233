//! The event store, and who subscribes to it.

use super::*;

/// The stream of the station's aggregate. (Station, version) is unique: what is appended under a version that exists is refused.
pub(super) struct EventStore;

state! {
    #[derive(Default)]
    pub(super) struct Stream {
        pub(super) events: Vec<Recorded>,
        /// Who is told of each `StationUnlocked`.
        subscriber: Option<Id>,
    }
}

impl Stream {
    /// The sessions of which it says that the station was unlocked.
    pub(super) fn unlocks(&self) -> Set<Id> {
        unlocks(&self.events).collect()
    }

    pub(super) fn heartbeats(&self) -> usize {
        let heartbeat = |event: &&Recorded| **event == Recorded::StationSentHeartbeat;
        self.events.iter().filter(heartbeat).count()
    }
}

/// The sessions of these events.
pub(super) fn unlocks(events: &[Recorded]) -> impl Iterator<Item = Id> {
    events.iter().filter_map(|event| match event {
        Recorded::StationUnlocked { session } => Some(*session),
        Recorded::StationSentHeartbeat => None,
    })
}

impl Actor for EventStore {
    type Msg = Msg;
    type State = Stream;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Stream {
        Stream::default()
    }

    fn on_msg(&self, _: Id, stream: &mut Cow<'_, Stream>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Load => o.send(src, Msg::Events(stream.events.clone())),
            Msg::Append { version, .. } if version != stream.events.len() + 1 => {
                o.send(src, Msg::WrongVersion);
            }
            Msg::Append { event, .. } => {
                let stream = stream.to_mut();
                stream.events.push(event);
                o.send(src, Msg::Appended);
                if let Some(subscriber) = stream.subscriber
                    && let Recorded::StationUnlocked { session } = event
                {
                    o.send(subscriber, Msg::StationUnlocked { session });
                }
            }
            Msg::Subscribe => {
                let stream = stream.to_mut();
                stream.subscriber = Some(src);
                for session in unlocks(&stream.events) {
                    o.send(src, Msg::StationUnlocked { session });
                }
            }
            _ => {}
        }
    }
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
            Msg::StationUnlocked { session } => {
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
