//! A register kept in one place by each server, without any protocol between servers: linearizable with one server, not with two.

use allways::prelude::*;
use allways::stateright;
use stateright::actor::register::RegisterMsg;

use super::register::{self, Msg, NOTHING, Peer, Size};

/// Holds a value, writes and reads it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server;

impl Actor for Server {
    type Msg = Msg<()>;
    type State = char;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char {
        NOTHING
    }

    fn on_msg(
        &self,
        _: Id,
        held: &mut Cow<'_, char>,
        client: Id,
        msg: Self::Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            RegisterMsg::Put(request, value) => {
                if **held != value {
                    *held.to_mut() = value;
                }
                o.send(client, RegisterMsg::PutOk(request));
            }
            RegisterMsg::Get(request) => o.send(client, RegisterMsg::GetOk(request, **held)),
            _ => {}
        }
    }
}

/// For stateright.
pub(crate) fn peer(size: Size) -> Peer<Server> {
    register::peer(size, |_| Server)
}

/// For Allways.
pub(crate) fn system(size: Size) -> System<Msg<()>> {
    register::system(size, |_| Server)
}
