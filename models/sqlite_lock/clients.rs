//! Who uses the database: the application and the command line tool.

use super::{Call, Code, End, Msg, Period, Row};
use allways::prelude::*;

/// What the application does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Design {
    /// Whatever returns an error, it gives up until the next period, and leaves everything as it is.
    AsAsked,
    /// Begins each period with a ROLLBACK, "just to be sure there is not already an active transaction".
    RollbackFirst,
    /// When an INSERT is refused, resets it and rolls back.
    RollbackAndReset,
    /// Takes the lock at the beginning of the transaction, and waits for it.
    BeginImmediate,
    /// When BEGIN fails, closes the connection and opens another.
    Reopen,
    /// When an INSERT is refused, goes on with it in the next period: the transaction stays open.
    RetryStatement,
}

/// The application: one batch of inserts in each period, in one transaction.
pub(super) struct Writer {
    pub(super) sqlite: Id,
    pub(super) design: Design,
    pub(super) batches: u8,
    pub(super) inserts: u8,
    /// Each transaction begins with a query.
    pub(super) reads: bool,
}

state! {
    pub(super) struct WriterState {
        /// Batches that are committed, for all the application knows; it keeps the others.
        pub(super) committed: u8,
        /// Something went wrong since the last COMMIT.
        pub(super) refused: bool,
        calling: Option<Call>,
    }
}

impl Writer {
    fn row(&self, state: &WriterState, row: u8) -> Call {
        let batch = state.committed;
        Call::Insert(Row::OfBatch { batch, row })
    }

    /// How a period begins.
    fn first(&self, state: &WriterState) -> Call {
        match self.design {
            Design::RollbackFirst => Call::Rollback,
            Design::BeginImmediate => Call::BeginImmediate { patient: true },
            Design::RetryStatement if state.refused => self.row(state, 0),
            _ => Call::Begin,
        }
    }

    /// How it goes on; `None`: that was all for now.
    fn next(&self, state: &mut WriterState, done: Call, code: Code) -> Option<Call> {
        match (done, code) {
            (Call::Rollback, _) if self.design == Design::RollbackFirst => Some(Call::Begin),
            (Call::Begin | Call::BeginImmediate { .. }, Code::Ok) if self.reads => {
                Some(Call::Select)
            }
            (Call::Begin | Call::BeginImmediate { .. } | Call::Select, Code::Ok) => {
                Some(self.row(state, 0))
            }
            (Call::Insert(Row::OfBatch { row, .. }), Code::Ok) if row + 1 < self.inserts => {
                Some(self.row(state, row + 1))
            }
            (Call::Insert(_), Code::Ok) => Some(Call::Commit),
            (Call::Commit, Code::Ok) => {
                state.committed += 1;
                state.refused = false;
                None
            }
            (Call::Reset, _) => Some(Call::Rollback),
            (Call::Rollback | Call::Reopen, _) => None,
            (refused, _) => {
                state.refused = true;
                match (self.design, refused) {
                    (Design::RollbackAndReset, Call::Insert(_)) => Some(Call::Reset),
                    (Design::Reopen, Call::Begin) => Some(Call::Reopen),
                    _ => None,
                }
            }
        }
    }

    fn call(&self, state: &mut WriterState, call: Call, o: &mut Out<Self>) {
        o.send(self.sqlite, Msg::Call(call.clone()));
        state.calling = Some(call);
    }
}

impl Actor for Writer {
    type Msg = Msg;
    type State = WriterState;
    type Timer = Period;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> WriterState {
        o.set_timer(Period, model_timeout());
        WriterState {
            committed: 0,
            refused: false,
            calling: None,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, WriterState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        if let Msg::Returned(code) = msg
            && let Some(done) = state.calling.take()
        {
            if let Some(call) = self.next(state, done, code) {
                self.call(state, call, o);
            } else if state.committed < self.batches {
                o.set_timer(Period, model_timeout());
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, WriterState>, _: &Period, o: &mut Out<Self>) {
        let call = self.first(state);
        self.call(state.to_mut(), call, o);
    }
}

/// The command line tool, and its user: BEGIN IMMEDIATE, a while of waiting, END.
pub(super) struct Shell {
    pub(super) sqlite: Id,
    /// The user inserts something, too.
    pub(super) writes: bool,
}

state! {
    #[derive(Copy)]
    pub(super) enum ShellState { Away, Begins, Writes, Waits, Ends }
}

impl Actor for Shell {
    type Msg = Msg;
    type State = ShellState;
    type Timer = End;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> ShellState {
        ShellState::Away
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, ShellState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let next = match (**state, msg) {
            (ShellState::Away, Msg::Visit) => {
                o.send(
                    self.sqlite,
                    Msg::Call(Call::BeginImmediate { patient: false }),
                );
                ShellState::Begins
            }
            (ShellState::Begins, Msg::Returned(Code::Ok)) if self.writes => {
                o.send(self.sqlite, Msg::Call(Call::Insert(Row::OfShell)));
                ShellState::Writes
            }
            (ShellState::Begins | ShellState::Writes, Msg::Returned(Code::Ok)) => {
                o.set_timer(End, model_timeout());
                ShellState::Waits
            }
            (ShellState::Begins | ShellState::Ends, Msg::Returned(_)) => ShellState::Away,
            (other, _) => other,
        };
        if next != **state {
            *state.to_mut() = next;
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, ShellState>, _: &End, o: &mut Out<Self>) {
        *state.to_mut() = ShellState::Ends;
        o.send(self.sqlite, Msg::Call(Call::Commit));
    }
}
