//! The server's two handlers: of commands to unlock, and of heartbeats. Each loads the aggregate and appends under the next version.

use super::*;

/// Handles one command at a time.
pub(super) struct UnlockHandler {
    pub(super) design: Design,
    pub(super) store: Id,
    pub(super) station: Id,
    /// The representation of the physical station, where there is one.
    pub(super) mirror: Option<Id>,
    /// Whom it asks for commands when it starts again.
    pub(super) asks: Vec<Id>,
}

state! {
    #[derive(Default)]
    pub(super) struct Commands {
        handling: Option<Handling>,
        /// Whose commands wait, each once.
        inbox: Vec<Id>,
    }

    struct Handling {
        session: Id,
        step: Step,
    }

    /// What we wait for.
    #[derive(Copy)]
    enum Step {
        /// The state of the station, as the mirror has it.
        Consulting,
        /// The events of the aggregate.
        Loading,
        /// The station's answer; the aggregate was loaded in this version.
        Asking { version: usize },
        Appending,
    }
}

impl UnlockHandler {
    /// Takes the next command.
    fn next(&self, state: &mut Commands, o: &mut Out<Self>) {
        if state.handling.is_none() && !state.inbox.is_empty() {
            let session = state.inbox.remove(0);
            self.run(state, session, o);
        }
    }

    /// Runs a command from the beginning.
    fn run(&self, state: &mut Commands, session: Id, o: &mut Out<Self>) {
        match self.mirror {
            Some(mirror) => {
                o.send(mirror, Msg::Consult);
                let step = Step::Consulting;
                state.handling = Some(Handling { session, step });
            }
            None => self.load(state, session, o),
        }
    }

    fn load(&self, state: &mut Commands, session: Id, o: &mut Out<Self>) {
        o.send(self.store, Msg::Load);
        let step = Step::Loading;
        state.handling = Some(Handling { session, step });
    }

    fn append(&self, state: &mut Commands, session: Id, version: usize, o: &mut Out<Self>) {
        let event = Recorded::StationUnlocked { session };
        o.send(
            self.store,
            Msg::Append {
                version: version + 1,
                event,
            },
        );
        let step = Step::Appending;
        state.handling = Some(Handling { session, step });
    }

    fn finish(&self, state: &mut Commands, session: Id, answer: Answer, o: &mut Out<Self>) {
        o.send(session, Msg::Answer(answer));
        self.done(state, o);
    }

    fn done(&self, state: &mut Commands, o: &mut Out<Self>) {
        state.handling = None;
        self.next(state, o);
    }

    /// The aggregate decides.
    fn decide(&self, state: &mut Commands, session: Id, events: &[Recorded], o: &mut Out<Self>) {
        let mut unlocks = store::unlocks(events).peekable();
        let version = events.len();
        if self.design.command_ids && store::unlocks(events).any(|unlock| unlock == session) {
            self.finish(state, session, Answer::Ok, o);
        } else if unlocks.peek().is_some() {
            self.finish(state, session, Answer::ConnectorNotAvailable, o);
        } else if self.design.order == Order::SendThenAppend {
            o.send(self.station, Msg::RemoteStartTransaction { session });
            let step = Step::Asking { version };
            state.handling = Some(Handling { session, step });
        } else {
            self.append(state, session, version, o);
        }
    }

    fn appended(&self, state: &mut Commands, session: Id, o: &mut Out<Self>) {
        match self.design.order {
            Order::SendThenAppend => self.finish(state, session, Answer::Ok, o),
            Order::AppendThenSend => {
                o.send(self.station, Msg::RemoteStartTransaction { session });
                self.done(state, o);
            }
            Order::AppendOnly => self.done(state, o),
        }
    }
}

impl Actor for UnlockHandler {
    type Msg = Msg;
    type State = Commands;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, started: &Option<()>, o: &mut Out<Self>) -> Commands {
        for &driver in &self.asks {
            match started {
                Some(()) => o.send(driver, Msg::Ready),
                None => o.save(()),
            }
        }
        Commands::default()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Commands>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        if msg == Msg::Unlock {
            if !state.inbox.contains(&src) {
                state.inbox.push(src);
            }
            return self.next(state, o);
        }
        if self.design.order == Order::AppendThenSend {
            // The station's answer is the driver's: we are done with the command.
            match msg {
                Msg::Accepted { session } => return o.send(session, Msg::Answer(Answer::Ok)),
                Msg::Rejected { session } => {
                    return o.send(session, Msg::Answer(Answer::StationRejectedUnlock));
                }
                _ => {}
            }
        }
        let Some(Handling { session, step }) = state.handling.clone() else {
            return;
        };
        match (step, msg) {
            (Step::Consulting, Msg::Mirrored { unlocked: None }) => self.load(state, session, o),
            (Step::Consulting, Msg::Mirrored { unlocked }) => {
                let answer = if unlocked == Some(session) {
                    Answer::Ok
                } else {
                    Answer::ConnectorNotAvailable
                };
                self.finish(state, session, answer, o);
            }
            (Step::Loading, Msg::Events(events)) => self.decide(state, session, &events, o),
            (Step::Asking { version }, Msg::Accepted { session: whose }) if whose == session => {
                self.append(state, session, version, o);
            }
            (Step::Asking { .. }, Msg::Rejected { session: whose }) if whose == session => {
                self.finish(state, session, Answer::StationRejectedUnlock, o);
            }
            (Step::Appending, Msg::Appended) => self.appended(state, session, o),
            (Step::Appending, Msg::WrongVersion) if self.design.runs_again => {
                self.run(state, session, o);
            }
            (Step::Appending, Msg::WrongVersion) => {
                self.finish(state, session, Answer::WrongVersion, o);
            }
            _ => {}
        }
    }
}

/// Records heartbeats in the aggregate, one at a time; it can try as often as it likes.
pub(super) struct HeartbeatHandler {
    pub(super) store: Id,
}

impl Actor for HeartbeatHandler {
    type Msg = Msg;
    /// Heartbeats that came and are not recorded.
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> u8 {
        0
    }

    fn on_msg(&self, _: Id, waiting: &mut Cow<'_, u8>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Heartbeat => {
                *waiting.to_mut() += 1;
                if **waiting == 1 {
                    o.send(self.store, Msg::Load);
                }
            }
            Msg::Events(events) => {
                let version = events.len() + 1;
                let event = Recorded::StationSentHeartbeat;
                o.send(src, Msg::Append { version, event });
            }
            Msg::Appended => {
                *waiting.to_mut() -= 1;
                if **waiting > 0 {
                    o.send(src, Msg::Load);
                }
            }
            Msg::WrongVersion => o.send(src, Msg::Load),
            _ => {}
        }
    }
}
