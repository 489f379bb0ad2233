//! The external supervisor: nodes start individually, and join the cluster only when ordered to.

use super::{Life, Msg, Order};
use allways::prelude::*;

/// What the supervisor does with nodes that were ordered to join one which has crashed since: they may be in its cluster, or not.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum InDoubt {
    /// Nothing: they are not members until they say so.
    Forgotten,
    /// They are terminated and started again, before anything else is decided.
    Terminated,
}

pub(super) struct Supervisor {
    pub(super) in_doubt: InDoubt,
}

state! {
    pub(super) struct Known {
        life: Life,
        standing: Standing,
    }

    #[derive(Copy)]
    enum Standing {
        /// Has started and has no order yet.
        Started,
        /// Was ordered to form a cluster.
        Forming,
        /// Was ordered to join this node.
        Joining(Id),
        Member,
        /// Was ordered to terminate and start again.
        Terminating,
    }
}

impl Supervisor {
    fn order(&self, state: &mut Map<Id, Known>, node: Id, order: Order, o: &mut Out<Self>) {
        if let Some(known) = state.get_mut(&node) {
            known.standing = match order {
                Order::JoinSelf => Standing::Forming,
                Order::Join(seed) => Standing::Joining(seed),
                Order::Terminate => Standing::Terminating,
            };
            let to = known.life;
            o.send(node, Msg::Order { to, order });
        }
    }

    /// A node has started, for the first time or again.
    fn started(&self, state: &mut Map<Id, Known>, node: Id, life: Life, o: &mut Out<Self>) {
        let standing = Standing::Started;
        state.insert(node, Known { life, standing });
        if self.in_doubt == InDoubt::Terminated {
            for in_doubt in with(state, |standing| standing == Standing::Joining(node)) {
                self.order(state, in_doubt, Order::Terminate, o);
            }
        }
    }

    /// Gives the orders that can be given.
    fn decide(&self, state: &mut Map<Id, Known>, o: &mut Out<Self>) {
        let started = with(state, |standing| standing == Standing::Started);
        let member = with(state, |standing| standing == Standing::Member);
        let undecided = with(state, |standing| match standing {
            Standing::Forming => true,
            Standing::Joining(_) | Standing::Terminating => self.in_doubt == InDoubt::Terminated,
            Standing::Started | Standing::Member => false,
        });
        if let Some(&member) = member.first() {
            for node in started {
                self.order(state, node, Order::Join(member), o);
            }
        } else if undecided.is_empty()
            && let Some(&node) = started.first()
        {
            self.order(state, node, Order::JoinSelf, o);
        }
    }
}

/// The nodes of such a standing.
fn with(state: &Map<Id, Known>, is: impl Fn(Standing) -> bool) -> Vec<Id> {
    let nodes = state.iter().filter(|(_, known)| is(known.standing));
    nodes.map(|(&node, _)| node).collect()
}

impl Actor for Supervisor {
    type Msg = Msg;
    type State = Map<Id, Known>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Map<Id, Known> {
        Map::new()
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, Map<Id, Known>>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        match msg {
            Msg::Started(life) => self.started(state, src, life, o),
            Msg::Joined => {
                if let Some(known) = state.get_mut(&src)
                    && known.standing != Standing::Terminating
                {
                    known.standing = Standing::Member;
                }
            }
            _ => {}
        }
        self.decide(state, o);
    }
}
