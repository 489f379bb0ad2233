//! Broadcast without coordination: to everybody at once, relayed or not, and held back until what has to come first has come.

use super::{MessageId, Msg, PROCESSES, Receiver, Update};
use allways::prelude::*;

/// Which part of a message's past must be delivered before it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    /// None.
    Any,
    /// What its sender broadcast.
    Fifo,
    /// All of it.
    Causal,
}

/// A process that sends what it broadcasts to everybody.
pub(super) struct Flooding {
    /// Sends on what it hears of for the first time (eager reliable broadcast).
    pub(super) relays: bool,
    pub(super) order: Order,
}

state! {
    #[derive(Default)]
    pub(super) struct State {
        /// How many messages were broadcast here.
        n_broadcast: u8,
        delivered: Vec<Update>,
        /// What has come and must wait.
        held_back: Set<Update>,
    }
}

impl State {
    fn has_delivered(&self, id: &MessageId) -> bool {
        self.delivered.iter().any(|update| update.id == *id)
    }
}

/// Whether nothing was delivered before something of its past.
pub(super) fn in_causal_order(state: &State) -> bool {
    let mut before = Set::new();
    state.delivered.iter().all(|update| {
        let follows = update.past.is_subset(&before);
        before.insert(update.id);
        follows
    })
}

impl Flooding {
    /// Sends an update to all others but those who have it: its sender, and who has sent it to us.
    fn send_to_others(&self, me: Id, update: &Update, from: Id, o: &mut Out<Self>) {
        for peer in (0..PROCESSES).map(Id::from) {
            if ![me, update.id.sender, from].contains(&peer) {
                o.send(peer, Msg::Update(update.clone()));
            }
        }
    }

    /// Whether everything has been delivered that this update has to wait for.
    fn is_due(&self, update: &Update, state: &State) -> bool {
        let waits_for = |id: &&MessageId| match self.order {
            Order::Any => false,
            Order::Fifo => id.sender == update.id.sender,
            Order::Causal => true,
        };
        let mut awaited = update.past.iter().filter(waits_for);
        awaited.all(|id| state.has_delivered(id))
    }
}

impl Actor for Flooding {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State::default()
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Broadcast => {
                let state = state.to_mut();
                state.n_broadcast += 1;
                let id = MessageId {
                    sender: me,
                    n: state.n_broadcast,
                };
                let past = match self.order {
                    // Nobody will ask.
                    Order::Any => Set::new(),
                    Order::Fifo | Order::Causal => {
                        state.delivered.iter().map(|update| update.id).collect()
                    }
                };
                let update = Update { id, past };
                self.send_to_others(me, &update, me, o);
                state.delivered.push(update);
            }
            Msg::Update(update)
                if !state.has_delivered(&update.id) && !state.held_back.contains(&update) =>
            {
                if self.relays {
                    self.send_to_others(me, &update, src, o);
                }
                let state = state.to_mut();
                state.held_back.insert(update);
                while let Some(due) = state
                    .held_back
                    .iter()
                    .find(|u| self.is_due(u, state))
                    .cloned()
                {
                    state.held_back.remove(&due);
                    state.delivered.push(due);
                }
            }
            _ => {}
        }
    }
}

impl Receiver for Flooding {
    fn n_broadcast(state: &State) -> u8 {
        state.n_broadcast
    }

    fn delivered(state: &State) -> Vec<MessageId> {
        state.delivered.iter().map(|update| update.id).collect()
    }
}
