//! Clients of a register, the history of what they saw, and the properties: what all three register protocols share.
//!
//! A client writes its own value, waits, reads, waits, and is done. The properties look at the history and at the clients alone, never at the
//! network, so both engines may leave out deliveries that change nothing.

use std::collections::BTreeMap;
use std::hash::Hash;

use allways::prelude::*;
use allways::stateright;
use serde::Serialize;
use stateright::Expectation;
use stateright::actor::register::{RegisterActor, RegisterActorState, RegisterMsg};
use stateright::actor::{ActorModel, Network};
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};

/// What clients and servers send each other; `I` is what servers send among themselves.
pub(crate) type Msg<I> = RegisterMsg<u64, char, I>;

/// What stateright's model keeps as its history.
pub(crate) type Tester = LinearizabilityTester<Id, Register<char>>;

/// stateright's model of a register protocol.
pub(crate) type Peer<S> = ActorModel<RegisterActor<S>, (), Tester>;

/// What the register holds before any write.
pub(crate) const NOTHING: char = '\0';

/// The property that decides.
pub(crate) const LINEARIZABLE: &str = "linearizable";

/// The property that shows that something happens at all.
pub(crate) const A_VALUE_IS_READ: &str = "a value is read";

/// How large a system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) clients: usize,
    pub(crate) servers: usize,
}

/// A size.
pub(crate) fn size(clients: usize, servers: usize) -> Size {
    Size { clients, servers }
}

/// What the clients saw, in the form of our own system's observer.
///
/// stateright ignores a reply that its client does not wait for, since such a delivery changes nothing; an observer sees every delivery.
/// So it keeps for each client the request that is open and passes on only the reply to that one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct History {
    tester: Tester,
    open: BTreeMap<Id, u64>,
}

impl History {
    fn new() -> Self {
        History {
            tester: Tester::new(Register(NOTHING)),
            open: BTreeMap::new(),
        }
    }

    /// Whether some order of the operations explains what was read.
    pub(crate) fn is_linearizable(&self) -> bool {
        self.tester.is_consistent()
    }

    fn invoked(&self, client: Id, request: u64, op: RegisterOp<char>) -> Option<Self> {
        let mut next = self.clone();
        next.open.insert(client, request);
        // A client that invokes twice would make the tester reject the history, which the property reports.
        let _ = next.tester.on_invoke(client, op);
        Some(next)
    }

    fn returned(&self, client: Id, request: u64, ret: RegisterRet<char>) -> Option<Self> {
        if self.open.get(&client) != Some(&request) {
            return None;
        }
        let mut next = self.clone();
        next.open.remove(&client);
        let _ = next.tester.on_return(client, ret);
        Some(next)
    }

    /// The history after an event, where the event is part of it.
    fn fold<I>(&self, event: &Event<'_, Msg<I>>) -> Option<Self> {
        match event {
            Event::Sent(envelope) => match envelope.msg {
                RegisterMsg::Put(request, value) => {
                    self.invoked(envelope.src, *request, RegisterOp::Write(*value))
                }
                RegisterMsg::Get(request) => self.invoked(envelope.src, *request, RegisterOp::Read),
                _ => None,
            },
            Event::Received(envelope) => match envelope.msg {
                RegisterMsg::PutOk(request) => {
                    self.returned(envelope.dst, *request, RegisterRet::WriteOk)
                }
                RegisterMsg::GetOk(request, value) => {
                    self.returned(envelope.dst, *request, RegisterRet::ReadOk(*value))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether a client has written and read: it waits for nothing more.
fn is_done<S>(state: &RegisterActorState<S, u64>) -> bool {
    matches!(state, RegisterActorState::Client { awaiting: None, .. })
}

fn client<S>(size: Size) -> RegisterActor<S> {
    RegisterActor::Client {
        put_count: 1,
        server_count: size.servers,
    }
}

/// The protocol as stateright's own model.
pub(crate) fn peer<S, I>(size: Size, server: impl Fn(usize) -> S) -> Peer<S>
where
    S: Actor<Msg = Msg<I>>,
    S::Timer: Ord,
    I: Clone + std::fmt::Debug + Eq + Hash + Ord,
{
    ActorModel::new((), Tester::new(Register(NOTHING)))
        .actors((0..size.servers).map(|i| RegisterActor::Server(server(i))))
        .actors((0..size.clients).map(|_| client(size)))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, LINEARIZABLE, |_, state| {
            state.history.is_consistent()
        })
        .property(Expectation::Sometimes, A_VALUE_IS_READ, |_, state| {
            state.actor_states.iter().any(|actor| is_done(actor))
        })
        .record_msg_in(RegisterMsg::record_returns)
        .record_msg_out(RegisterMsg::record_invocations)
}

/// The protocol as a system of our own.
pub(crate) fn system<S, I>(size: Size, server: impl Fn(usize) -> S) -> System<Msg<I>>
where
    S: Actor<Msg = Msg<I>> + Send + Sync + 'static,
    S::State: Serialize + Send + Sync + 'static,
    S::Timer: Serialize + Send + Sync + 'static,
    S::Random: Serialize + Send + Sync + 'static,
    S::Storage: Serialize + Send + Sync + 'static,
    I: allways::system::Message,
{
    let mut sys = System::new();
    sys.actors("server", size.servers, |i| RegisterActor::Server(server(i)));
    let clients = sys.actors("client", size.clients, |_| client::<S>(size));
    sys.links(Link::reliable().unordered());
    let history = sys.observer("history", History::new(), History::fold);
    // What servers send each other is no part of the history.
    sys.observer_wants(history, |event| match event {
        Event::Sent(envelope) | Event::Received(envelope) => {
            !matches!(envelope.msg, RegisterMsg::Internal(_))
        }
        _ => false,
    });
    sys.always(LINEARIZABLE, move |s| s[history].is_linearizable());
    sys.reachable(A_VALUE_IS_READ, move |s| {
        clients.iter().any(|client| is_done(&s[client]))
    });
    sys
}

/// The other servers, as ids.
pub(crate) fn others(me: usize, servers: usize) -> Vec<Id> {
    (0..servers).filter(|&i| i != me).map(Id::from).collect()
}
