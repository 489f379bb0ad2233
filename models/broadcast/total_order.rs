//! Total-order broadcast: a leader puts messages in order, and a majority has to accept an order before it counts.

use super::{MessageId, Msg, PROCESSES, Receiver};
use allways::prelude::*;

/// A process of the group. The first leads, until the second is told to.
pub(super) struct TotalOrder;

state! {
    #[derive(Default)]
    pub(super) struct State {
        /// How many messages were broadcast here.
        n_broadcast: u8,
        /// What was broadcast here or asked of us and is not delivered yet.
        requests: Set<MessageId>,
        /// The newest leader we have heard of: leaders have epochs of their own, and those of older ones are over.
        pub(super) epoch: u8,
        role: Role,
        /// The order that we have accepted, and in which epoch.
        pub(super) log: Vec<MessageId>,
        accepted_in: u8,
        pub(super) delivered: Vec<MessageId>,
    }

    #[derive(Default)]
    enum Role {
        #[default]
        Follower,
        /// About to lead; who has told us what they have accepted.
        Preparing(Set<Id>),
        /// Leading; who has accepted the order that is being decided, if one is.
        Leading(Set<Id>),
    }
}

impl TotalOrder {
    fn send_to_others(&self, me: Id, msg: &Msg, o: &mut Out<Self>) {
        for peer in (0..PROCESSES).map(Id::from).filter(|&peer| peer != me) {
            o.send(peer, msg.clone());
        }
    }

    /// A leader that has nothing to decide appends a message to the order.
    fn go_on(&self, me: Id, state: &mut State, o: &mut Out<Self>) {
        if let Role::Leading(accepted) = &state.role
            && accepted.is_empty()
            && let Some(first) = state.requests.get_min()
        {
            state.log.push(*first);
            self.ask(me, state, o);
        }
    }

    /// Asks all to accept the order that we propose.
    fn ask(&self, me: Id, state: &mut State, o: &mut Out<Self>) {
        state.accepted_in = state.epoch;
        state.role = Role::Leading(Set::unit(me));
        let (epoch, log) = (state.epoch, state.log.clone());
        self.send_to_others(me, &Msg::Accept { epoch, log }, o);
    }

    /// Delivers what is decided.
    fn deliver(state: &mut State, log: Vec<MessageId>) {
        if log.len() > state.delivered.len() {
            state.requests = state
                .requests
                .clone()
                .relative_complement(log.iter().copied().collect());
            state.delivered = log;
        }
    }

    /// Takes note of the epoch of a message; whether it is not over.
    fn hear_of(state: &mut State, epoch: u8) -> bool {
        if epoch > state.epoch {
            state.epoch = epoch;
            state.role = Role::Follower;
        }
        epoch == state.epoch
    }
}

impl Actor for TotalOrder {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        let role = if me == Id::from(0) {
            Role::Leading(Set::new())
        } else {
            Role::Follower
        };
        State {
            role,
            ..State::default()
        }
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::Broadcast => {
                state.n_broadcast += 1;
                let id = MessageId {
                    sender: me,
                    n: state.n_broadcast,
                };
                state.requests.insert(id);
                let leader = Id::from(usize::from(state.epoch));
                if leader != me {
                    o.send(leader, Msg::Request(id));
                }
                self.go_on(me, state, o);
            }
            Msg::Request(id) => {
                if !state.delivered.contains(&id) {
                    state.requests.insert(id);
                    self.go_on(me, state, o);
                }
            }
            Msg::Lead => {
                state.epoch += 1;
                state.role = Role::Preparing(Set::unit(me));
                let epoch = state.epoch;
                self.send_to_others(me, &Msg::Prepare { epoch }, o);
            }
            Msg::Prepare { epoch } => {
                if Self::hear_of(state, epoch) {
                    let (accepted_in, log) = (state.accepted_in, state.log.clone());
                    let requests = state.requests.clone();
                    o.send(
                        src,
                        Msg::Promise {
                            accepted_in,
                            log,
                            requests,
                        },
                    );
                }
            }
            Msg::Promise {
                accepted_in,
                log,
                requests,
            } => {
                state.requests = state
                    .requests
                    .clone()
                    .union(requests)
                    .relative_complement(state.delivered.iter().copied().collect());
                if let Role::Preparing(promised) = &mut state.role {
                    promised.insert(src);
                    let is_majority = promised.len() >= majority(PROCESSES);
                    if (accepted_in, log.len()) > (state.accepted_in, state.log.len()) {
                        (state.accepted_in, state.log) = (accepted_in, log);
                    }
                    if is_majority {
                        state.role = Role::Leading(Set::new());
                        if !state.log.is_empty() {
                            self.ask(me, state, o);
                        }
                    }
                }
                self.go_on(me, state, o);
            }
            Msg::Accept { epoch, log } => {
                if Self::hear_of(state, epoch)
                    && (epoch, log.len()) > (state.accepted_in, state.log.len())
                {
                    let length = log.len();
                    (state.accepted_in, state.log) = (epoch, log);
                    o.send(src, Msg::Accepted { epoch, length });
                }
            }
            Msg::Accepted { epoch, length } => {
                if epoch == state.epoch
                    && length == state.log.len()
                    && let Role::Leading(accepted) = &mut state.role
                    && !accepted.is_empty()
                {
                    accepted.insert(src);
                    if accepted.len() >= majority(PROCESSES) {
                        accepted.clear();
                        let log = state.log.clone();
                        self.send_to_others(me, &Msg::Decided(log.clone()), o);
                        Self::deliver(state, log);
                        self.go_on(me, state, o);
                    }
                }
            }
            Msg::Decided(log) => Self::deliver(state, log),
            Msg::Update(_) => {}
        }
    }
}

impl Receiver for TotalOrder {
    fn n_broadcast(state: &State) -> u8 {
        state.n_broadcast
    }

    fn delivered(state: &State) -> Vec<MessageId> {
        state.delivered.clone()
    }
}
