//! Where a run begins.

use allways::prelude::*;

use super::server::{Command, Entry, Kept, Role, State, Term};

/// What has happened before: every server but one has just started again with what it had saved.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) kept: Vec<Kept>,
    /// The one that has not, and has just won the election of its term.
    pub(super) leader: Option<usize>,
    /// Whether a leader begins its term with an entry that does nothing.
    no_op: bool,
}

fn entry(term: Term, command: Command) -> Entry {
    Entry { term, command }
}

/// What a server has saved.
fn kept(term: Term, voted_for: Option<usize>, log: &[Entry]) -> Kept {
    Kept {
        term,
        voted_for: voted_for.map(Id::from),
        log: log.to_vec(),
    }
}

impl Start {
    /// Nothing.
    pub(super) fn empty(servers: usize) -> Self {
        Start {
            kept: vec![Kept::default(); servers],
            leader: None,
            no_op: false,
        }
    }

    /// Figure 8 (b) of the paper, with three servers: the leader of term 1 and that of term 2 have each taken a request, and told nobody.
    pub(super) fn figure_8() -> Self {
        let request = |term, leader| entry(term, Command::Request(Id::from(leader)));
        Start {
            kept: vec![
                kept(2, None, &[request(1, 0)]),
                kept(2, Some(2), &[]),
                kept(2, Some(2), &[request(2, 2)]),
            ],
            ..Start::empty(3)
        }
    }

    /// `server[0]`, the leader of term 1, has been told to take out `server[1]`, and has told nobody of it; then `server[1]` won the election of term 2.
    pub(super) fn change_untold(no_op: bool) -> Self {
        let change = Command::Servers([0, 2, 3].map(Id::from).into_iter().collect());
        // Before it could be told so it committed an entry of its own term.
        let committed = [entry(1, Command::NoOp)];
        let committed = if no_op { &committed[..] } else { &[] };
        Start {
            kept: vec![
                kept(2, None, &[committed, &[entry(1, change)]].concat()),
                kept(2, Some(1), committed),
                kept(2, Some(1), committed),
                kept(2, Some(1), committed),
            ],
            leader: Some(1),
            no_op,
        }
    }

    /// As in Figure 7 of the paper: `server[0]` has just won the election of term 3, `server[1]` has heard of no entry so far, and `server[2]`, the leader of
    /// term 1, has one that nobody else has.
    pub(super) fn figure_7() -> Self {
        let request = |term, leader| entry(term, Command::Request(Id::from(leader)));
        Start {
            kept: vec![
                kept(3, Some(0), &[request(1, 2), request(2, 0)]),
                kept(3, Some(0), &[]),
                kept(1, Some(2), &[request(1, 2), request(1, 2)]),
            ],
            leader: Some(0),
            no_op: true,
        }
    }

    /// What this server has once the run has begun.
    fn begun(&self, server: usize) -> Kept {
        let mut kept = self.kept[server].clone();
        if self.leader == Some(server) && self.no_op {
            kept.log.push(entry(kept.term, Command::NoOp));
        }
        kept
    }

    /// Whether a run that began with empty logs has come to where this server begins.
    pub(super) fn is_reached(&self, server: usize, state: &State) -> bool {
        let leads = matches!(state.role, Role::Leader { .. });
        state.kept == self.begun(server) && (leads || self.leader != Some(server))
    }

    /// Whether this server can still come there.
    pub(super) fn is_ahead(&self, server: usize, state: &State) -> bool {
        self.begun(server).log.starts_with(&state.kept.log)
    }
}
