//! Two-phase commit as a general model whose state is a few machine words: one bit per resource manager and fact.
//!
//! Source: Gray and Lamport, "Consensus on Transaction Commit" (2006), section 3 and appendix. The same transition system as
//! `models/two_phase_commit_tla.rs`; this one is public to the benchmarks, so that both engines run the very same code.

use allways::stateright;
use serde::Serialize;
use stateright::{Model, Property};

/// A set of resource managers, bit `i` for the `i`-th.
type Rms = u16;

/// A state. A resource manager that is in none of the three sets is working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct State {
    prepared: Rms,
    committed: Rms,
    aborted: Rms,
    /// Whose "prepared" message was sent; it is never taken away.
    sent: Rms,
    /// Whose "prepared" message the transaction manager has received.
    received: Rms,
    decision: Decision,
}

/// What the transaction manager decided; its message is sent with the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) enum Decision {
    None,
    Commit,
    Abort,
}

/// A step, after the paper's next-state relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) enum Action {
    TmReceivesPrepared(u8),
    TmCommits,
    TmAborts,
    RmPrepares(u8),
    RmAborts(u8),
    RmLearnsCommit(u8),
    RmLearnsAbort(u8),
}

/// Two-phase commit with so many resource managers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoPhaseCompact {
    pub(crate) rms: u8,
}

impl TwoPhaseCompact {
    fn everyone(self) -> Rms {
        (1 << self.rms) - 1
    }
}

impl State {
    /// Takes a resource manager out of whatever set it is in.
    fn leave(&mut self, rm: Rms) {
        self.prepared &= !rm;
        self.committed &= !rm;
        self.aborted &= !rm;
    }
}

impl Model for TwoPhaseCompact {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            prepared: 0,
            committed: 0,
            aborted: 0,
            sent: 0,
            received: 0,
            decision: Decision::None,
        }]
    }

    fn actions(&self, s: &State, actions: &mut Vec<Action>) {
        if s.decision == Decision::None {
            if s.received == self.everyone() {
                actions.push(Action::TmCommits);
            }
            actions.push(Action::TmAborts);
        }
        for rm in 0..self.rms {
            let bit = 1 << rm;
            match s.decision {
                Decision::None if s.sent & bit != 0 => {
                    actions.push(Action::TmReceivesPrepared(rm));
                }
                Decision::None => {}
                Decision::Commit => actions.push(Action::RmLearnsCommit(rm)),
                Decision::Abort => actions.push(Action::RmLearnsAbort(rm)),
            }
            if (s.prepared | s.committed | s.aborted) & bit == 0 {
                actions.push(Action::RmPrepares(rm));
                actions.push(Action::RmAborts(rm));
            }
        }
    }

    fn next_state(&self, s: &State, action: Action) -> Option<State> {
        let mut s = *s;
        match action {
            Action::TmReceivesPrepared(rm) => s.received |= 1 << rm,
            Action::TmCommits => s.decision = Decision::Commit,
            Action::TmAborts => s.decision = Decision::Abort,
            Action::RmPrepares(rm) => {
                s.prepared |= 1 << rm;
                s.sent |= 1 << rm;
            }
            Action::RmLearnsCommit(rm) => {
                s.leave(1 << rm);
                s.committed |= 1 << rm;
            }
            Action::RmAborts(rm) | Action::RmLearnsAbort(rm) => {
                s.leave(1 << rm);
                s.aborted |= 1 << rm;
            }
        }
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("consistent", |_, s: &State| {
                s.committed == 0 || s.aborted == 0
            }),
            Property::sometimes("all commit", |model: &Self, s: &State| {
                s.committed == model.everyone()
            }),
            Property::sometimes("all abort", |model: &Self, s: &State| {
                s.aborted == model.everyone()
            }),
        ]
    }
}
