//! The database: two nodes that replicate to each other, change vectors, and the user who writes.

use super::*;

/// How one version of a document stands to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    Older,
    Equal,
    Newer,
    Concurrent,
}

impl Order {
    /// From the answers to "is this nowhere ahead of that" and "is that nowhere ahead of this".
    fn of(this_within_that: bool, that_within_this: bool) -> Order {
        match (this_within_that, that_within_this) {
            (true, true) => Order::Equal,
            (true, false) => Order::Older,
            (false, true) => Order::Newer,
            (false, false) => Order::Concurrent,
        }
    }

    /// How versions truly stand to each other: by the writes that either knows of.
    pub(super) fn of_pasts(this: &Set<Write>, that: &Set<Write>) -> Order {
        Order::of(this.is_subset(that), that.is_subset(this))
    }
}

/// How the first change vector stands to the second.
pub(super) fn compare(this: &ChangeVector, that: &ChangeVector) -> Order {
    let within = |a: &ChangeVector, b: &ChangeVector| {
        a.iter()
            .all(|(node, n)| b.get(node).is_some_and(|m| n <= m))
    };
    Order::of(within(this, that), within(that, this))
}

/// A database node.
pub(super) struct Database {
    pub(super) peer: Id,
    /// Whether workers that load a deleted document are shown its tombstone.
    pub(super) shows_tombstones: bool,
}

state! {
    #[derive(Default)]
    pub(super) struct DatabaseState {
        /// What the node has of the one document that all is about; after a deletion a tombstone.
        /// A tombstone that was purged is nothing that anybody could load, but the node's change vectors still know of it.
        pub(super) document: Option<Version>,
        is_purged: bool,
    }
}

impl DatabaseState {
    /// What a worker that loads the document is given.
    pub(super) fn visible(&self, shows_tombstones: bool) -> Option<Version> {
        let document = self.document.clone();
        document.filter(|version| !version.deleted || (shows_tombstones && !self.is_purged))
    }
}

impl Database {
    /// Stores a write of the user: it comes after whatever this node has, and this node counts it.
    fn store(
        &self,
        me: Id,
        state: &mut DatabaseState,
        write: Write,
        deleted: bool,
        o: &mut Out<Self>,
    ) -> Version {
        let (mut vector, past) = match &state.document {
            Some(old) => (old.vector.clone(), old.past.clone()),
            None => (Map::new(), Set::new()),
        };
        let count = vector.get(&me).copied().unwrap_or(0);
        vector.insert(me, count + 1);
        let version = Version {
            write,
            vector,
            deleted,
            past: past.update(write),
        };
        state.document = Some(version.clone());
        state.is_purged = false;
        o.send(self.peer, Msg::Replicate(version.clone()));
        version
    }

    /// Takes over what the other node has, if it is news; of two concurrent versions the latest wins, and knows of both.
    fn replicate(&self, state: &mut DatabaseState, theirs: Version) {
        let Some(ours) = &state.document else {
            state.document = Some(theirs);
            return;
        };
        match compare(&theirs.vector, &ours.vector) {
            Order::Older | Order::Equal => {}
            Order::Newer => {
                state.document = Some(theirs);
                state.is_purged = false;
            }
            Order::Concurrent => {
                state.is_purged = false;
                let latest = if theirs.write > ours.write {
                    &theirs
                } else {
                    ours
                };
                state.document = Some(Version {
                    write: latest.write,
                    vector: ours
                        .vector
                        .clone()
                        .union_with(theirs.vector.clone(), u8::max),
                    deleted: latest.deleted,
                    past: ours.past.clone().union(theirs.past.clone()),
                });
            }
        }
    }
}

impl Actor for Database {
    type Msg = Msg;
    type State = DatabaseState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> DatabaseState {
        DatabaseState::default()
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, DatabaseState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Put(write) => {
                let stored = self.store(me, state.to_mut(), write, false, o);
                o.send(src, Msg::Stored(stored));
            }
            Msg::Delete(write) => {
                if state.document.as_ref().is_some_and(|old| !old.deleted) {
                    self.store(me, state.to_mut(), write, true, o);
                }
                o.send(src, Msg::Deleted);
            }
            Msg::Purge if state.document.as_ref().is_some_and(|old| old.deleted) => {
                state.to_mut().is_purged = true;
            }
            Msg::Replicate(theirs) => self.replicate(state.to_mut(), theirs),
            Msg::Load => {
                o.send(src, Msg::Loaded(state.visible(self.shows_tombstones)));
            }
            _ => {}
        }
    }
}

/// Creates the document on the first node, changes it later, one write after the other, and puts messages on the queue.
pub(super) struct User {
    pub(super) first_node: Id,
    /// What later changes may be, and which node they may go to.
    pub(super) ways: Vec<(Change, Id)>,
    pub(super) queue: Id,
    /// Whether an update is enqueued like the creation.
    pub(super) enqueues_updates: bool,
}

state! {
    pub(super) struct UserState {
        /// Writes that were sent to the database.
        writes: Write,
        is_writing: bool,
        /// Changes that are to be made next.
        asked: u8,
        /// The writes for which there is a message on the queue, each with its past: a ghost as well.
        pub(super) enqueued: Map<Write, Set<Write>>,
    }
}

impl UserState {
    pub(super) fn is_idle(&self) -> bool {
        !self.is_writing && self.asked == 0
    }
}

const CREATION: Write = 1;

impl User {
    /// Begins the next change, if there is one and the last write is done.
    fn go_on(&self, state: &mut UserState, o: &mut Out<Self>) {
        if state.is_writing || state.asked == 0 {
            return;
        }
        state.is_writing = true;
        state.asked -= 1;
        match self.ways[..] {
            [only] => self.write(state, only, o),
            _ => o.choose_random("change", self.ways.clone()),
        }
    }

    fn write(&self, state: &mut UserState, (change, node): (Change, Id), o: &mut Out<Self>) {
        state.writes += 1;
        o.send(
            node,
            match change {
                Change::Update => Msg::Put(state.writes),
                Change::Delete => Msg::Delete(state.writes),
            },
        );
    }
}

impl Actor for User {
    type Msg = Msg;
    type State = UserState;
    type Timer = ();
    /// A change, and the node that it goes to.
    type Random = (Change, Id);
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> UserState {
        o.send(self.first_node, Msg::Put(CREATION));
        UserState {
            writes: CREATION,
            is_writing: true,
            asked: 0,
            enqueued: Map::new(),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, UserState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::ChangeIt => state.asked += 1,
            Msg::Stored(version) => {
                state.is_writing = false;
                if version.write == CREATION || self.enqueues_updates {
                    state.enqueued.insert(version.write, version.past);
                    let (write, vector) = (version.write, version.vector);
                    o.send(self.queue, Msg::Enqueue(Message { write, vector }));
                }
            }
            Msg::Deleted => state.is_writing = false,
            _ => {}
        }
        self.go_on(state, o);
    }

    fn on_random(
        &self,
        _: Id,
        state: &mut Cow<'_, UserState>,
        way: &(Change, Id),
        o: &mut Out<Self>,
    ) {
        self.write(state.to_mut(), *way, o);
    }
}
