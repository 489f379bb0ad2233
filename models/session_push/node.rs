//! A database node, and the message queue.

use super::*;

/// DB1 or DB2. Of two writes the later wins, on every node alike.
pub(super) struct Node {
    pub(super) other: Id,
    pub(super) store: Store,
    pub(super) initial: Item,
}

state! {
    pub(super) struct NodeState {
        pub(super) item: Item,
        /// Who is to be told when a change reaches this node.
        hook: Option<Id>,
        /// As a lock server: who holds the lock, and behind it who waits.
        lock: Vec<Id>,
    }
}

impl Node {
    /// A write reaches this node.
    fn apply(&self, state: &mut NodeState, item: &Item, o: &mut Out<Self>) {
        state.item = state.item.join(item);
        if let Some(server) = state.hook {
            o.send(server, Msg::Reached(state.item.clone()));
        }
    }
}

impl Actor for Node {
    type Msg = Msg;
    type State = NodeState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> NodeState {
        NodeState {
            item: self.initial.clone(),
            hook: None,
            lock: Vec::new(),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, NodeState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Read => o.send(src, Msg::Value(state.item.clone())),
            Msg::ReadAndHook => {
                state.to_mut().hook = Some(src);
                o.send(src, Msg::Value(state.item.clone()));
            }
            Msg::Write(item) if self.store == Store::Eventual => {
                self.apply(state.to_mut(), &item, o);
                o.send(src, Msg::Written(item.clone()));
                o.send(self.other, Msg::Replicate(item));
            }
            Msg::Replicate(item) => self.apply(state.to_mut(), &item, o),
            Msg::Write(item) => o.send(self.other, Msg::Copy { item, writer: src }),
            Msg::Copy { item, writer } => {
                self.apply(state.to_mut(), &item, o);
                o.send(src, Msg::Copied { item, writer });
            }
            Msg::Copied { item, writer } => {
                self.apply(state.to_mut(), &item, o);
                o.send(writer, Msg::Written(item));
            }
            Msg::Lock => {
                let lock = &mut state.to_mut().lock;
                lock.push(src);
                if lock.len() == 1 {
                    o.send(src, Msg::Granted);
                }
            }
            Msg::Unlock => {
                let lock = &mut state.to_mut().lock;
                // Its holder may wait for it again already.
                lock.remove(0);
                if let Some(&next) = lock.first() {
                    o.send(next, Msg::Granted);
                }
            }
            _ => {}
        }
    }
}

/// The message queue: what one server publishes is pushed to the other.
pub(super) struct Queue {
    pub(super) servers: [Id; 2],
}

impl Actor for Queue {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}

    fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if let Msg::Publish(change) = msg {
            for &server in self.servers.iter().filter(|&&server| server != src) {
                o.send(server, Msg::Push(change.clone()));
            }
        }
    }
}
