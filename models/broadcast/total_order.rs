//! Total-order broadcast: a leader puts messages in order, and a majority has to accept an order before it counts. The protocol is one of the
//! [pieces] that systems are built from; here it is what processes deliver by.

use super::{MessageId, Msg, Receiver};
use allways::prelude::*;
use pieces::total_order::{self, Member};

carries! {
    Msg = total_order::Word<MessageId> {
        Propose(id), Lead, Prepare { epoch }, Promise { epoch, accepted_in, log, waiting }, Accept { epoch, log }, Accepted { epoch, length }, Decided(log)
    }
}

/// A process of the group. The first leads, until the second is told to.
pub(super) struct TotalOrder {
    pub(super) group: total_order::TotalOrder,
}

state! {
    pub(super) struct State {
        /// How many messages were broadcast here.
        n_broadcast: u8,
        /// What is decided is delivered.
        pub(super) order: Member<MessageId>,
    }
}

impl Actor for TotalOrder {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            n_broadcast: 0,
            order: self.group.start(me),
        }
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        if msg == Msg::Broadcast {
            state.n_broadcast += 1;
            let id = MessageId {
                sender: me,
                n: state.n_broadcast,
            };
            self.group.propose(me, &mut state.order, id, o);
        } else if let Ok(word) = msg.try_into() {
            self.group.hear(me, &mut state.order, src, word, o);
        }
    }
}

impl Receiver for TotalOrder {
    fn n_broadcast(state: &State) -> u8 {
        state.n_broadcast
    }

    fn delivered(state: &State) -> Vec<MessageId> {
        state.order.decided().to_vec()
    }
}
