//! Single-decree Paxos behind a register: the first value chosen is what every read returns.
//!
//! Source: Lamport, "Paxos Made Simple" (2001). Every server is proposer, acceptor and learner; what it sends to itself it handles at once.
//! A server proposes for the first client that asks it, once; after a decision only reads are answered.

use std::collections::{BTreeMap, BTreeSet};

use allways::prelude::*;
use allways::stateright;
use serde::Serialize;
use stateright::actor::register::RegisterMsg;

use super::register::{self, Peer, Size};

/// Orders proposals: a round, then the proposer. Round 0 is before all of them.
type Ballot = (u64, Id);

/// What is chosen: a client's write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Write {
    request: u64,
    client: Id,
    value: char,
}

/// A proposal that an acceptor has accepted.
type Vote = (Ballot, Write);

/// Between servers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) enum Consensus {
    /// Phase 1a.
    Prepare(Ballot),
    /// Phase 1b: accepts nothing below this ballot any more; has accepted this so far.
    Promise(Ballot, Option<Vote>),
    /// Phase 2a.
    Accept(Ballot, Write),
    /// Phase 2b.
    Accepted(Ballot),
    /// To learners.
    Chosen(Ballot, Write),
}

/// All messages.
pub(crate) type Msg = register::Msg<Consensus>;

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Member {
    /// As acceptor: the highest ballot it has taken part in. As proposer: its current ballot, while it is still that one.
    ballot: Ballot,
    /// As acceptor: the last proposal accepted.
    accepted: Option<Vote>,
    /// As proposer: what it wants chosen.
    proposal: Option<Write>,
    /// As proposer: who promised, and what they had accepted.
    promises: BTreeMap<Id, Option<Vote>>,
    /// As proposer: who accepted.
    accepts: BTreeSet<Id>,
    /// As learner: whether `accepted` is chosen.
    is_decided: bool,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    others: Vec<Id>,
}

impl Server {
    fn majority(&self) -> usize {
        majority(self.others.len() + 1)
    }

    fn to_others(&self, msg: Consensus, o: &mut Out<Self>) {
        o.broadcast(&self.others, &RegisterMsg::Internal(msg));
    }

    /// Phase 1a: a client's write starts a ballot.
    fn propose(&self, id: Id, member: &mut Cow<'_, Member>, write: Write, o: &mut Out<Self>) {
        if member.proposal.is_some() {
            return;
        }
        let member = member.to_mut();
        member.ballot = (member.ballot.0 + 1, id);
        member.proposal = Some(write);
        member.promises = BTreeMap::from([(id, member.accepted)]);
        member.accepts = BTreeSet::new();
        self.to_others(Consensus::Prepare(member.ballot), o);
    }

    /// Phase 2a: with promises of a majority the proposer asks to accept the newest write accepted so far, else its own.
    fn on_promise(
        &self,
        id: Id,
        member: &mut Cow<'_, Member>,
        from: Id,
        ballot: Ballot,
        vote: Option<Vote>,
        o: &mut Out<Self>,
    ) {
        if ballot != member.ballot || member.promises.get(&from) == Some(&vote) {
            return;
        }
        let member = member.to_mut();
        member.promises.insert(from, vote);
        if member.promises.len() != self.majority() {
            return;
        }
        let newest = member.promises.values().flatten().max();
        let Some(write) = newest.map(|&(_, write)| write).or(member.proposal) else {
            return;
        };
        member.proposal = Some(write);
        member.accepted = Some((ballot, write));
        member.accepts.insert(id);
        self.to_others(Consensus::Accept(ballot, write), o);
    }

    /// A majority has accepted: the write is chosen; its client and the others learn it.
    fn on_accepted(
        &self,
        member: &mut Cow<'_, Member>,
        from: Id,
        ballot: Ballot,
        o: &mut Out<Self>,
    ) {
        if ballot != member.ballot || member.accepts.contains(&from) {
            return;
        }
        let member = member.to_mut();
        member.accepts.insert(from);
        if member.accepts.len() != self.majority() {
            return;
        }
        let Some(write) = member.proposal else { return };
        member.is_decided = true;
        self.to_others(Consensus::Chosen(ballot, write), o);
        o.send(write.client, RegisterMsg::PutOk(write.request));
    }
}

impl Actor for Server {
    type Msg = Msg;
    type State = Member;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Member {
        Member {
            ballot: (0, Id::from(0)),
            accepted: None,
            proposal: None,
            promises: BTreeMap::new(),
            accepts: BTreeSet::new(),
            is_decided: false,
        }
    }

    fn on_msg(&self, id: Id, member: &mut Cow<'_, Member>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if member.is_decided {
            if let (RegisterMsg::Get(request), Some((_, write))) = (msg, member.accepted) {
                o.send(src, RegisterMsg::GetOk(request, write.value));
            }
            return;
        }
        match msg {
            RegisterMsg::Put(request, value) => {
                let write = Write {
                    request,
                    client: src,
                    value,
                };
                self.propose(id, member, write, o);
            }
            RegisterMsg::Internal(Consensus::Prepare(ballot)) if member.ballot < ballot => {
                member.to_mut().ballot = ballot;
                let promise = Consensus::Promise(ballot, member.accepted);
                o.send(src, RegisterMsg::Internal(promise));
            }
            RegisterMsg::Internal(Consensus::Promise(ballot, vote)) => {
                self.on_promise(id, member, src, ballot, vote, o);
            }
            RegisterMsg::Internal(Consensus::Accept(ballot, write)) if member.ballot <= ballot => {
                let member = member.to_mut();
                member.ballot = ballot;
                member.accepted = Some((ballot, write));
                o.send(src, RegisterMsg::Internal(Consensus::Accepted(ballot)));
            }
            RegisterMsg::Internal(Consensus::Accepted(ballot)) => {
                self.on_accepted(member, src, ballot, o);
            }
            RegisterMsg::Internal(Consensus::Chosen(ballot, write)) => {
                let member = member.to_mut();
                member.ballot = ballot;
                member.accepted = Some((ballot, write));
                member.is_decided = true;
            }
            _ => {}
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
