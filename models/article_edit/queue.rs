//! The users who edit, and the queue that takes their commands to the nodes.

use super::*;

/// Looks at an article and edits what it saw.
pub(super) struct User {
    pub(super) article: Article,
    pub(super) store: Id,
    pub(super) queue: Id,
}

state! {
    pub(super) enum UserState {
        Looking,
        /// The edit is on its way, or under way.
        Waiting,
        /// Somebody else's edit is pending: later, from the beginning.
        Refused,
        Answered(Answer),
    }
}

impl User {
    fn look(&self, o: &mut Out<Self>) -> UserState {
        o.send(self.store, Msg::Get(self.article));
        UserState::Looking
    }
}

impl Actor for User {
    type Msg = Msg;
    type State = UserState;
    /// Time to try again.
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> UserState {
        self.look(o)
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, UserState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        *state.to_mut() = match msg {
            Msg::Row(saw) => {
                let edit = Edit {
                    author: me,
                    article: self.article,
                    saw,
                };
                o.send(self.queue, Msg::Edit(edit));
                UserState::Waiting
            }
            Msg::Pending => {
                o.set_timer((), ticks(1..2));
                UserState::Refused
            }
            Msg::Answer(answer) => UserState::Answered(answer),
            _ => return,
        };
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, UserState>, _: &(), o: &mut Out<Self>) {
        *state.to_mut() = self.look(o);
    }
}

/// Takes commands and hands them to the nodes, in their order.
pub(super) struct Queue {
    pub(super) nodes: Vec<Id>,
    pub(super) routing: Routing,
    pub(super) lock: Option<Lock>,
}

state! {
    pub(super) struct QueueState {
        backlog: Vec<Edit>,
        /// Nodes that have nothing to do.
        pub(super) idle: Set<Id>,
        /// Whose edit of an article has been accepted and is not completed.
        pub(super) pending: Map<Article, Id>,
        /// How many nodes commands are distributed over.
        n_nodes: usize,
        /// Whether a lock was ever taken away from an edit.
        pub(super) has_expired: bool,
    }
}

impl Queue {
    /// The node that has an article, of so many.
    fn owner(&self, article: Article, n_nodes: usize) -> Id {
        self.nodes[usize::from(article) % n_nodes]
    }

    /// Hands commands to nodes that have nothing to do.
    fn hand_out(&self, state: &mut QueueState, o: &mut Out<Self>) {
        while let Some(&node) = state.idle.get_min()
            && !state.backlog.is_empty()
        {
            let edit = state.backlog.remove(0);
            state.idle.remove(&node);
            o.send(node, Msg::Edit(edit));
            if self.lock == Some(Lock::Lease) {
                o.set_timer(edit.article, ticks(LEASE..LEASE + 1));
            }
        }
    }
}

/// Four messages between a node and the store, of one tick each, and one more tick.
const LEASE: u32 = 5;

impl Actor for Queue {
    type Msg = Msg;
    type State = QueueState;
    /// The lease of an article's lock.
    type Timer = Article;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> QueueState {
        QueueState {
            backlog: Vec::new(),
            idle: match self.routing {
                Routing::AnyNode => self.nodes.iter().copied().collect(),
                _ => Set::new(),
            },
            pending: Map::new(),
            n_nodes: NODES,
            has_expired: false,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, QueueState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::Edit(edit) if self.routing != Routing::AnyNode => {
                o.send(self.owner(edit.article, state.n_nodes), Msg::Edit(edit));
            }
            Msg::Edit(edit) if state.pending.contains_key(&edit.article) => {
                o.send(edit.author, Msg::Pending);
            }
            Msg::Edit(edit) => {
                if self.lock.is_some() {
                    state.pending.insert(edit.article, edit.author);
                }
                state.backlog.push(edit);
                self.hand_out(state, o);
            }
            Msg::Done(edit) => {
                if state.pending.get(&edit.article) == Some(&edit.author) {
                    state.pending.remove(&edit.article);
                    if self.lock == Some(Lock::Lease) {
                        o.cancel_timer(edit.article);
                    }
                }
                state.idle.insert(src);
                self.hand_out(state, o);
            }
            Msg::Resize => {
                let before = state.n_nodes;
                state.n_nodes = self.nodes.len();
                for article in ARTICLES {
                    let to = self.owner(article, state.n_nodes);
                    if self.routing == Routing::Grid {
                        o.send(self.owner(article, before), Msg::Migrate { article, to });
                    }
                }
            }
            _ => {}
        }
    }

    /// The lease is over: whoever has the lock is taken for dead.
    fn on_timeout(
        &self,
        _: Id,
        state: &mut Cow<'_, QueueState>,
        article: &Article,
        _: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        state.pending.remove(article);
        state.has_expired = true;
    }
}
