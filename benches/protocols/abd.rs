//! An atomic register over message passing, with any number of writers.
//!
//! Sources: Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems" (1995); Lynch and Shvartsman,
//! "Robust Emulation of Shared Memory Using Dynamic Quorum-Acknowledged Broadcasts" (1997) for several writers.
//!
//! Every server keeps a tagged value. The one that a client asks coordinates: it first collects tagged values from a majority, then has a majority
//! store the value it is going to write, or the newest it has read. It serves one client at a time; other requests wait in the network.

use std::collections::{BTreeMap, BTreeSet};

use allways::prelude::*;
use allways::stateright;
use serde::Serialize;
use stateright::actor::register::RegisterMsg;

use super::register::{self, NOTHING, Peer, Size};

/// Orders writes: a counter, then the server that coordinates.
type Tag = (u64, Id);

/// Between servers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) enum Quorum {
    /// What is your value?
    Collect(u64),
    /// This one, with this tag.
    Collected(u64, Tag, char),
    /// Store this value unless yours is newer.
    Store(u64, Tag, char),
    /// Mine is at least as new now.
    Stored(u64),
}

/// All messages.
pub(crate) type Msg = register::Msg<Quorum>;

/// The request that a server coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Job {
    request: u64,
    client: Id,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum Phase {
    /// Collecting tagged values; then `write`, or for `None` the newest, is to be stored.
    Collecting {
        write: Option<char>,
        seen: BTreeMap<Id, (Tag, char)>,
    },
    /// A majority is to store it; then the client learns `read`, or for `None` that its write is done.
    Storing {
        read: Option<char>,
        stored_by: BTreeSet<Id>,
    },
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Replica {
    tag: Tag,
    value: char,
    job: Option<Job>,
}

impl Replica {
    fn store(&mut self, tag: Tag, value: char) {
        if tag > self.tag {
            (self.tag, self.value) = (tag, value);
        }
    }
}

/// A server: replica and coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    others: Vec<Id>,
}

impl Server {
    fn majority(&self) -> usize {
        majority(self.others.len() + 1)
    }

    fn begin(
        &self,
        id: Id,
        replica: &mut Cow<'_, Replica>,
        client: Id,
        request: u64,
        write: Option<char>,
        o: &mut Out<Self>,
    ) {
        if replica.job.is_some() {
            return;
        }
        o.broadcast(
            &self.others,
            &RegisterMsg::Internal(Quorum::Collect(request)),
        );
        let own = (replica.tag, replica.value);
        replica.to_mut().job = Some(Job {
            request,
            client,
            phase: Phase::Collecting {
                write,
                seen: BTreeMap::from([(id, own)]),
            },
        });
    }

    fn on_collected(
        &self,
        id: Id,
        replica: &mut Cow<'_, Replica>,
        from: Id,
        request: u64,
        held: (Tag, char),
        o: &mut Out<Self>,
    ) {
        match &replica.job {
            Some(Job {
                request: current,
                phase: Phase::Collecting { .. },
                ..
            }) if *current == request => {}
            _ => return,
        }
        let replica = replica.to_mut();
        let Some(job) = &mut replica.job else { return };
        let Phase::Collecting { write, seen } = &mut job.phase else {
            return;
        };
        seen.insert(from, held);
        if seen.len() < self.majority() {
            return;
        }
        let Some(&(newest, read)) = seen.values().max() else {
            return;
        };
        let (tag, value, read) = match *write {
            Some(value) => ((newest.0 + 1, id), value, None),
            None => (newest, read, Some(read)),
        };
        job.phase = Phase::Storing {
            read,
            stored_by: BTreeSet::from([id]),
        };
        replica.store(tag, value);
        o.broadcast(
            &self.others,
            &RegisterMsg::Internal(Quorum::Store(request, tag, value)),
        );
    }

    fn on_stored(&self, replica: &mut Cow<'_, Replica>, from: Id, request: u64, o: &mut Out<Self>) {
        match &replica.job {
            Some(Job {
                request: current,
                phase: Phase::Storing { stored_by, .. },
                ..
            }) if *current == request && !stored_by.contains(&from) => {}
            _ => return,
        }
        let replica = replica.to_mut();
        let Some(Job { client, phase, .. }) = &mut replica.job else {
            return;
        };
        let Phase::Storing { read, stored_by } = phase else {
            return;
        };
        stored_by.insert(from);
        if stored_by.len() < self.majority() {
            return;
        }
        o.send(
            *client,
            match *read {
                Some(value) => RegisterMsg::GetOk(request, value),
                None => RegisterMsg::PutOk(request),
            },
        );
        replica.job = None;
    }
}

impl Actor for Server {
    type Msg = Msg;
    type State = Replica;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, _: &mut Out<Self>) -> Replica {
        Replica {
            tag: (0, id),
            value: NOTHING,
            job: None,
        }
    }

    fn on_msg(&self, id: Id, replica: &mut Cow<'_, Replica>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            RegisterMsg::Put(request, value) => {
                self.begin(id, replica, src, request, Some(value), o);
            }
            RegisterMsg::Get(request) => self.begin(id, replica, src, request, None, o),
            RegisterMsg::Internal(Quorum::Collect(request)) => o.send(
                src,
                RegisterMsg::Internal(Quorum::Collected(request, replica.tag, replica.value)),
            ),
            RegisterMsg::Internal(Quorum::Collected(request, tag, value)) => {
                self.on_collected(id, replica, src, request, (tag, value), o);
            }
            RegisterMsg::Internal(Quorum::Store(request, tag, value)) => {
                if tag > replica.tag {
                    replica.to_mut().store(tag, value);
                }
                o.send(src, RegisterMsg::Internal(Quorum::Stored(request)));
            }
            RegisterMsg::Internal(Quorum::Stored(request)) => {
                self.on_stored(replica, src, request, o);
            }
            RegisterMsg::PutOk(_) | RegisterMsg::GetOk(..) => {}
        }
    }
}

/// For stateright.
pub(crate) fn peer(size: Size) -> Peer<Server> {
    register::peer(size, |i| server(i, size))
}

/// For Allways.
pub(crate) fn system(size: Size) -> System<Msg> {
    register::system(size, move |i| server(i, size))
}

fn server(i: usize, size: Size) -> Server {
    Server {
        others: register::others(i, size.servers),
    }
}
