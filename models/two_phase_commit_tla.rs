//! Two-phase commit: a transaction manager asks resource managers for their votes, and all commit or all abort.
//!
//! Source: "Consensus on Transaction Commit" by Jim Gray and Leslie Lamport, and its TLA+ specification `TwoPhase`. As there, no
//! message is lost or used up: what was sent once can be received at any time, and again. A resource manager may abort on its own while it has
//! not voted; the transaction manager may abort as long as it has not decided.
//!
//! `premature-commit` lets the transaction manager commit with one vote missing: the one that did not vote may still abort.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `atomic` | 8,832 | 58,146 | 16 |
//! | `premature-commit` | 9,232 | 60,321 | 16 |
use allways::prelude::*;

/// A set of resource managers: bit `rm` for the one of that number.
type Rms = u16;

state! {
    /// The resource managers that are in none of the three sets are still working.
    #[derive(Copy)]
    struct State {
        prepared: Rms,
        committed: Rms,
        aborted: Rms,
        /// Whose vote was sent.
        votes: Rms,
        /// Whose vote the transaction manager has received.
        heard: Rms,
        /// What the transaction manager has decided, if anything: from then on a message to all.
        commit: bool,
        abort: bool,
    }

    #[derive(Copy)]
    enum Action {
        ManagerHears { rm: u8 },
        ManagerCommits,
        ManagerAborts,
        Prepares { rm: u8 },
        ChoosesToAbort { rm: u8 },
        HearsCommit { rm: u8 },
        HearsAbort { rm: u8 },
    }
}

struct TwoPhase {
    rms: u8,
    /// How many votes the transaction manager does without.
    votes_missing: u32,
}

impl TwoPhase {
    fn all(&self) -> Rms {
        (1 << self.rms) - 1
    }
}

impl Model for TwoPhase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            prepared: 0,
            committed: 0,
            aborted: 0,
            votes: 0,
            heard: 0,
            commit: false,
            abort: false,
        }]
    }

    fn actions(&self, s: &State, actions: &mut Vec<Action>) {
        let undecided = !(s.commit || s.abort);
        if undecided {
            if (self.all() & !s.heard).count_ones() <= self.votes_missing {
                actions.push(Action::ManagerCommits);
            }
            actions.push(Action::ManagerAborts);
        }
        let working = self.all() & !(s.prepared | s.committed | s.aborted);
        for rm in 0..self.rms {
            if undecided && s.votes >> rm & 1 == 1 {
                actions.push(Action::ManagerHears { rm });
            }
            if working >> rm & 1 == 1 {
                actions.push(Action::Prepares { rm });
                actions.push(Action::ChoosesToAbort { rm });
            }
            if s.commit {
                actions.push(Action::HearsCommit { rm });
            }
            if s.abort {
                actions.push(Action::HearsAbort { rm });
            }
        }
    }

    fn next_state(&self, s: &State, action: Action) -> Option<State> {
        let mut next = *s;
        match action {
            Action::ManagerHears { rm } => next.heard |= 1 << rm,
            Action::ManagerCommits => next.commit = true,
            Action::ManagerAborts => next.abort = true,
            Action::Prepares { rm } => {
                next.prepared |= 1 << rm;
                next.votes |= 1 << rm;
            }
            Action::ChoosesToAbort { rm } => next.aborted |= 1 << rm,
            Action::HearsCommit { rm } => {
                next.prepared &= !(1 << rm);
                next.aborted &= !(1 << rm);
                next.committed |= 1 << rm;
            }
            Action::HearsAbort { rm } => {
                next.prepared &= !(1 << rm);
                next.committed &= !(1 << rm);
                next.aborted |= 1 << rm;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("consistent", |_, s: &State| {
                s.committed == 0 || s.aborted == 0
            }),
            Property::sometimes("all commit", |m: &Self, s: &State| s.committed == m.all()),
            Property::sometimes("all abort", |m: &Self, s: &State| s.aborted == m.all()),
        ]
    }
}

params! {
    struct Params {
        /// Resource managers.
        rms: u8 = 5, 1..=10;
    }
}

fn space(p: &Params, votes_missing: u32) -> GeneralSpace<TwoPhase> {
    let model = TwoPhase {
        rms: p.rms,
        votes_missing,
    };
    GeneralSpace::encoded(model).with_encoded_actions()
}

catalogue_entry! {
    "two-phase-commit-tla", Params,
    "Resource managers that all commit or all abort, as their transaction manager decides.",
    source "Consensus on Transaction Commit (Gray and Lamport)",
    "atomic" => |p| space(p, 0);
    "premature-commit" => |p| space(p, 1), violates "consistent";
}
