//! Two-phase commit as a general model whose state holds collections: a vector of participants, a vector of votes, a set of messages.
//!
//! Source: Gray and Lamport, "Consensus on Transaction Commit" (2006), section 3 and appendix. The same transition system as
//! `models/two_phase_commit_tla.rs`, written the way a first version is: for measuring states that own memory.

use std::collections::BTreeSet;

use allways::stateright;
use serde::Serialize;
use stateright::{Model, Property};

/// A resource manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) enum Rm {
    Working,
    Prepared,
    Committed,
    Aborted,
}

/// The transaction manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) enum Tm {
    Init,
    Committed,
    Aborted,
}

/// Messages are never taken away: the network is a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) enum Message {
    Prepared(usize),
    Commit,
    Abort,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct State {
    rms: Vec<Rm>,
    tm: Tm,
    tm_prepared: Vec<bool>,
    messages: BTreeSet<Message>,
}

/// A step, after the paper's next-state relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) enum Action {
    TmReceivesPrepared(usize),
    TmCommits,
    TmAborts,
    RmPrepares(usize),
    RmAborts(usize),
    RmLearnsCommit(usize),
    RmLearnsAbort(usize),
}

/// Two-phase commit with so many resource managers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoPhase {
    pub(crate) rms: usize,
}

impl Model for TwoPhase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            rms: vec![Rm::Working; self.rms],
            tm: Tm::Init,
            tm_prepared: vec![false; self.rms],
            messages: BTreeSet::new(),
        }]
    }

    fn actions(&self, s: &State, actions: &mut Vec<Action>) {
        let deciding = s.tm == Tm::Init;
        if deciding {
            if s.tm_prepared.iter().all(|&prepared| prepared) {
                actions.push(Action::TmCommits);
            }
            actions.push(Action::TmAborts);
        }
        let (commit, abort) = (
            s.messages.contains(&Message::Commit),
            s.messages.contains(&Message::Abort),
        );
        for rm in 0..self.rms {
            if deciding && s.messages.contains(&Message::Prepared(rm)) {
                actions.push(Action::TmReceivesPrepared(rm));
            }
            if s.rms[rm] == Rm::Working {
                actions.push(Action::RmPrepares(rm));
                actions.push(Action::RmAborts(rm));
            }
            if commit {
                actions.push(Action::RmLearnsCommit(rm));
            }
            if abort {
                actions.push(Action::RmLearnsAbort(rm));
            }
        }
    }

    fn next_state(&self, s: &State, action: Action) -> Option<State> {
        let mut s = s.clone();
        match action {
            Action::TmReceivesPrepared(rm) => s.tm_prepared[rm] = true,
            Action::TmCommits => {
                s.tm = Tm::Committed;
                s.messages.insert(Message::Commit);
            }
            Action::TmAborts => {
                s.tm = Tm::Aborted;
                s.messages.insert(Message::Abort);
            }
            Action::RmPrepares(rm) => {
                s.rms[rm] = Rm::Prepared;
                s.messages.insert(Message::Prepared(rm));
            }
            Action::RmAborts(rm) => s.rms[rm] = Rm::Aborted,
            Action::RmLearnsCommit(rm) => s.rms[rm] = Rm::Committed,
            Action::RmLearnsAbort(rm) => s.rms[rm] = Rm::Aborted,
        }
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("consistent", |_, s: &State| {
                let any = |what| s.rms.contains(&what);
                !(any(Rm::Committed) && any(Rm::Aborted))
            }),
            Property::sometimes("all commit", |_, s: &State| {
                s.rms.iter().all(|&rm| rm == Rm::Committed)
            }),
            Property::sometimes("all abort", |_, s: &State| {
                s.rms.iter().all(|&rm| rm == Rm::Aborted)
            }),
        ]
    }
}
