//! The physical charging station, its mirror on the server's side, and the drivers.

use super::*;

/// What the station does when it is told to start a session that it has started.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Repeats {
    /// It rejects every second unlock.
    Rejects,
    /// It accepts while the session lasts.
    AcceptsWhileUnlocked,
    /// It knows the command by its id, and accepts whatever has become of the session.
    KnowsId,
}

/// The charging station, with one connector.
pub(super) struct Station {
    pub(super) repeats: Repeats,
    /// Who hears its heartbeats.
    pub(super) listener: Option<Id>,
    /// Its representation on the server's side, which it tells when it is unlocked.
    pub(super) mirror: Option<Id>,
    /// Its answers go by way of the mirror.
    pub(super) answers_mirror: bool,
}

state! {
    #[derive(Default)]
    pub(super) struct StationState {
        /// The session that the connector is reserved for.
        pub(super) unlocked: Option<Id>,
        /// The sessions it was ever unlocked for, and how often; twice is once too often.
        pub(super) unlocks: Map<Id, u8>,
        /// The sessions it refused to unlock for.
        pub(super) rejected: Set<Id>,
        pub(super) heartbeats: u8,
    }
}

impl Station {
    /// Whether it is unlocked for this session now.
    fn start(&self, state: &mut StationState, session: Id, o: &mut Out<Self>) -> bool {
        let times = state.unlocks.get(&session).copied().unwrap_or(0);
        let knows = self.repeats == Repeats::KnowsId && times > 0;
        if state.unlocked.is_none() && !knows {
            state.unlocked = Some(session);
            state.unlocks.insert(session, (times + 1).min(2));
            if let Some(mirror) = self.mirror {
                let unlocked = state.unlocked;
                o.send(mirror, Msg::StatusNotification { unlocked });
            }
            return true;
        }
        knows || self.repeats == Repeats::AcceptsWhileUnlocked && state.unlocked == Some(session)
    }
}

impl Actor for Station {
    type Msg = Msg;
    type State = StationState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> StationState {
        StationState::default()
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, StationState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        match msg {
            Msg::RemoteStartTransaction { session } => {
                let answer = if self.start(state, session, o) {
                    Msg::Accepted { session }
                } else {
                    state.rejected.insert(session);
                    Msg::Rejected { session }
                };
                let via = self.mirror.filter(|_| self.answers_mirror);
                o.send(via.unwrap_or(src), answer);
            }
            Msg::Beat => {
                state.heartbeats += 1;
                if let Some(listener) = self.listener {
                    o.send(listener, Msg::Heartbeat);
                }
            }
            Msg::EndSession => state.unlocked = None,
            _ => {}
        }
    }
}

/// A representation of the physical station, as a read model outside the aggregate.
pub(super) struct Mirror {
    /// Who gets the station's answers.
    pub(super) handler: Id,
}

state! {
    #[derive(Default)]
    pub(super) struct MirrorState {
        unlocked: Option<Id>,
        pub(super) heartbeats: u8,
    }
}

impl Actor for Mirror {
    type Msg = Msg;
    type State = MirrorState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> MirrorState {
        MirrorState::default()
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, MirrorState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Heartbeat => state.to_mut().heartbeats += 1,
            Msg::StatusNotification { unlocked } => state.to_mut().unlocked = unlocked,
            Msg::Consult => {
                let unlocked = state.unlocked;
                o.send(src, Msg::Mirrored { unlocked });
            }
            Msg::Accepted { .. } | Msg::Rejected { .. } => o.send(self.handler, msg),
            _ => {}
        }
    }
}

/// A driver at the station, with a command to unlock. The command's id, and the session's, is the driver's own.
pub(super) struct Driver {
    pub(super) handlers: Vec<Id>,
}

state! {
    #[derive(Default)]
    pub(super) struct DriverState {
        asks: bool,
        /// What the driver was told.
        pub(super) answers: Set<Answer>,
    }
}

impl DriverState {
    pub(super) fn waits(&self) -> bool {
        self.asks && self.answers.is_empty()
    }

    pub(super) fn is_told(&self, answer: &Answer) -> bool {
        self.answers.contains(answer)
    }
}

impl Actor for Driver {
    type Msg = Msg;
    type State = DriverState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> DriverState {
        DriverState::default()
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, DriverState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Arrive => {
                state.to_mut().asks = true;
                for &handler in &self.handlers {
                    o.send(handler, Msg::Unlock);
                }
            }
            Msg::Ready if state.waits() => o.send(src, Msg::Unlock),
            Msg::Answer(answer) => {
                state.to_mut().answers.insert(answer);
            }
            _ => {}
        }
    }
}
