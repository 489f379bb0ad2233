//! The back end: the workers, and where it shows what they did. The queue is one of the [pieces] that systems are built from.

use super::database::{Order, compare};
use super::*;

/// Takes one message at a time, loads the document from its own node, and decides.
pub(super) struct Worker {
    pub(super) rule: Rule,
    pub(super) database: Id,
    pub(super) queue: Id,
    pub(super) outside: Id,
    /// Where messages are marked as handled, if they are.
    pub(super) marker: Option<Id>,
}

state! {
    pub(super) enum WorkerState {
        Receiving,
        /// It has a message, and waits for the document.
        Loading(Message),
        /// It knows what to do, and waits for the marker.
        Marking(Handling),
    }
}

impl Worker {
    /// Which path a message takes; `None`: none yet, it is for later.
    fn path(&self, message: &Message, found: Option<&Version>) -> Option<Path> {
        let Some(found) = found else {
            return (self.rule == Rule::LoadOnce).then_some(Path::NoSuchDocument);
        };
        let modified = if found.deleted {
            Path::Deleted
        } else {
            Path::Modified
        };
        match (self.rule, compare(&found.vector, &message.vector)) {
            (Rule::LoadOnce | Rule::RetryWhenMissing, _) => Some(Path::Process),
            (_, Order::Equal) => Some(Path::Process),
            (Rule::EqualOrModified, _) => Some(modified),
            (Rule::FourWay, Order::Older) => None,
            (Rule::FourWay, Order::Newer) => Some(modified),
            (Rule::FourWay, Order::Concurrent) => Some(Path::Conflict),
        }
    }

    /// Does what is to be done, unless that was done, and removes the message only then.
    fn finish(&self, handling: Handling, is_first: bool, o: &mut Out<Self>) -> WorkerState {
        let message = handling.message.clone();
        if is_first {
            o.send(self.outside, Msg::Handle(handling));
        }
        o.send(self.queue, Msg::Remove(message));
        self.receive(o)
    }

    fn receive(&self, o: &mut Out<Self>) -> WorkerState {
        o.send(self.queue, Msg::Receive);
        WorkerState::Receiving
    }
}

impl Actor for Worker {
    type Msg = Msg;
    type State = WorkerState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> WorkerState {
        self.receive(o)
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, WorkerState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let next = match (&**state, msg) {
            (WorkerState::Receiving, Msg::Deliver(message)) => {
                o.send(self.database, Msg::Load);
                WorkerState::Loading(message)
            }
            (WorkerState::Loading(message), Msg::Loaded(found)) => {
                let message = message.clone();
                match (self.path(&message, found.as_ref()), self.marker) {
                    (None, _) => self.receive(o),
                    (Some(path), marker) => {
                        let handling = Handling {
                            message,
                            path,
                            found,
                        };
                        match marker {
                            None => self.finish(handling, true, o),
                            Some(marker) => {
                                o.send(marker, Msg::Mark(handling.message.write));
                                WorkerState::Marking(handling)
                            }
                        }
                    }
                }
            }
            (WorkerState::Marking(handling), Msg::Marked { write, is_first })
                if handling.message.write == write =>
            {
                self.finish(handling.clone(), is_first, o)
            }
            _ => return,
        };
        *state.to_mut() = next;
    }
}

/// A linearizable store of marks: of several who mark a message exactly one is the first.
pub(super) struct Marker;

impl Actor for Marker {
    type Msg = Msg;
    type State = Set<Write>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Set<Write> {
        Set::new()
    }

    fn on_msg(
        &self,
        _: Id,
        marked: &mut Cow<'_, Set<Write>>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        if let Msg::Mark(write) = msg {
            let is_first = !marked.contains(&write);
            if is_first {
                marked.to_mut().insert(write);
            }
            o.send(src, Msg::Marked { write, is_first });
        }
    }
}

/// Where the handling of a message takes effect.
pub(super) struct Outside {
    /// Whether it knows messages again, and handles none twice.
    pub(super) is_idempotent: bool,
}

state! {
    #[derive(Default)]
    pub(super) struct OutsideState {
        pub(super) handlings: Set<Handling>,
        /// Messages that were handled more than once.
        pub(super) repeated: Set<Write>,
    }
}

impl OutsideState {
    /// Whether the message about this write has been handled: on any path but that of giving up.
    pub(super) fn has_handled(&self, write: Write) -> bool {
        let mut of_write = self.handlings.iter().filter(|h| h.message.write == write);
        of_write.any(|h| h.path != Path::NoSuchDocument)
    }
}

impl Actor for Outside {
    type Msg = Msg;
    type State = OutsideState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> OutsideState {
        OutsideState::default()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, OutsideState>, _: Id, msg: Msg, _: &mut Out<Self>) {
        if let Msg::Handle(handling) = msg {
            let write = handling.message.write;
            let is_repeated = state.handlings.iter().any(|h| h.message.write == write);
            if is_repeated && self.is_idempotent {
                return;
            }
            let state = state.to_mut();
            if is_repeated {
                state.repeated.insert(write);
            }
            state.handlings.insert(handling);
        }
    }
}
