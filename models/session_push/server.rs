//! An application server, between its browser and the database nodes.

use super::*;

pub(super) struct AppServer {
    pub(super) design: Design,
    pub(super) browser: Id,
    /// The browser was connected long ago.
    pub(super) connected: bool,
    pub(super) other: Id,
    /// None where the nodes tell of changes.
    pub(super) queue: Option<Id>,
    pub(super) nodes: [Id; 2],
}

state! {
    pub(super) struct ServerState {
        /// The browser is connected, so that it can be told of changes.
        connected: bool,
        /// The latest time that we know of.
        clock: u8,
        /// The newest that was pushed to us.
        remembered: Option<Item>,
        /// What is to be done with the lock.
        awaiting_lock: Option<Request>,
        pub(super) holds_lock: bool,
        /// Under the lock: what we published, until it is shown.
        unshown: Option<Change>,
    }

    /// What a browser asks for.
    enum Request {
        State,
        Toggle { to: bool },
    }
}

message! {
    /// Which node to turn to, and for what.
    pub(super) enum Choice {
        Read(Id),
        Write(Id, Item),
    }
}

impl AppServer {
    /// Does what the browser asks for, or first asks for the lock.
    fn begin(&self, me: Id, state: &mut ServerState, request: Request, o: &mut Out<Self>) {
        if self.design.store == Store::Locked {
            state.awaiting_lock = Some(request);
            o.send(self.nodes[0], Msg::Lock);
        } else {
            self.perform(me, state, request, o);
        }
    }

    fn perform(&self, me: Id, state: &mut ServerState, request: Request, o: &mut Out<Self>) {
        match request {
            Request::State => self.choose("read at", Choice::Read, o),
            Request::Toggle { to } => {
                state.clock += 1;
                let item = if self.design.operations {
                    Item::Operations(Set::unit(Operation(me, state.clock)))
                } else {
                    let written = Stamp(state.clock, me);
                    Item::State { written, on: to }
                };
                self.choose("write at", |node| Choice::Write(node, item.clone()), o);
            }
        }
    }

    /// Any node will do, but the standby of a consistent store.
    fn choose(&self, what: &str, choice: impl Fn(Id) -> Choice, o: &mut Out<Self>) {
        if self.design.store == Store::Consistent {
            self.turn_to(choice(self.nodes[0]), o);
        } else {
            o.choose_random(what, self.nodes.into_iter().map(choice).collect());
        }
    }

    fn turn_to(&self, choice: Choice, o: &mut Out<Self>) {
        match choice {
            Choice::Read(node) if self.design.push == Push::Hook => o.send(node, Msg::ReadAndHook),
            Choice::Read(node) => o.send(node, Msg::Read),
            Choice::Write(node, item) => o.send(node, Msg::Write(item)),
        }
    }

    /// Our browser's toggle is written: it is to know, and whoever looks at the item elsewhere.
    fn written(&self, state: &mut ServerState, item: Item, o: &mut Out<Self>) {
        let change = match self.design.push {
            Push::Flips => Change::Flipped,
            _ => Change::To(item),
        };
        o.send(self.browser, Msg::Toggled(change.clone()));
        if let Some(queue) = self.queue {
            let change = match self.design.push {
                Push::Notices => Change::Made,
                _ => change,
            };
            if self.design.store == Store::Locked {
                state.unshown = Some(change.clone());
            }
            o.send(queue, Msg::Publish(change));
        }
    }

    /// A toggle from elsewhere.
    fn pushed(&self, state: &mut ServerState, change: Change, o: &mut Out<Self>) {
        if let Change::To(item) = &change {
            self.learn(state, item);
        }
        if self.design.store == Store::Locked {
            o.send(self.other, Msg::Shown(change.clone()));
        }
        match change {
            _ if !state.connected => {}
            Change::Made => self.choose("read at", Choice::Read, o),
            change => o.send(self.browser, Msg::M2(change)),
        }
    }

    fn learn(&self, state: &mut ServerState, item: &Item) {
        state.clock = state.clock.max(item.time());
        if self.design.remembers {
            let known = state.remembered.take();
            state.remembered = Some(known.map_or(item.clone(), |known| known.join(item)));
        }
    }

    fn unlock(&self, state: &mut ServerState, o: &mut Out<Self>) {
        if state.holds_lock {
            state.holds_lock = false;
            o.send(self.nodes[0], Msg::Unlock);
        }
    }
}

impl Actor for AppServer {
    type Msg = Msg;
    type State = ServerState;
    type Timer = ();
    type Random = Choice;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> ServerState {
        ServerState {
            connected: self.connected,
            clock: 0,
            remembered: None,
            awaiting_lock: None,
            holds_lock: false,
            unshown: None,
        }
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, ServerState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::Open => {
                state.connected = true;
                self.begin(me, state, Request::State, o);
            }
            Msg::Toggle { to } => self.begin(me, state, Request::Toggle { to }, o),
            Msg::Granted => {
                state.holds_lock = true;
                if let Some(request) = state.awaiting_lock.take() {
                    self.perform(me, state, request, o);
                }
            }
            Msg::Value(item) => {
                self.learn(state, &item);
                let newest = state.remembered.clone().unwrap_or(item);
                o.send(self.browser, Msg::M1(newest));
                self.unlock(state, o);
            }
            Msg::Written(item) => self.written(state, item, o),
            Msg::Push(change) => self.pushed(state, change, o),
            Msg::Reached(item) => o.send(self.browser, Msg::M2(Change::To(item))),
            // What the queue repeats is shown again, and may belong to an operation that is over.
            Msg::Shown(change) if state.unshown.as_ref() == Some(&change) => {
                state.unshown = None;
                self.unlock(state, o);
            }
            _ => {}
        }
    }

    fn on_random(&self, _: Id, _: &mut Cow<'_, ServerState>, choice: &Choice, o: &mut Out<Self>) {
        self.turn_to(choice.clone(), o);
    }
}
