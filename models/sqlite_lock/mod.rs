//! SQLite: a transaction that was refused its lock has to be ended, and so has the statement that was refused it.
//!
//! Source: "sqlite db remains locked/unaccessible".
//!
//! An application inserts a batch of rows every five seconds, in a deferred transaction, with persistent statements, on a connection that it never
//! closes. Somebody opens the same database with the command line tool, says `BEGIN IMMEDIATE`, waits for longer than that, and says `END`. From then
//! on the application gets nowhere: its BEGIN returns 1, and a ROLLBACK before it returns 5. Closing the connection and opening another helps, and
//! the author does not know why.
//!
//! It is no lock that anybody holds, and no matter of threads, as the answers guess. The deferred BEGIN takes no lock and succeeds. The INSERT needs
//! the write lock, which the shell has, and returns *busy*. The application gives up until the next period, and leaves two things open. The
//! transaction: so the next BEGIN is one inside another, code 1. And the statement, stepped but not reset: so the SQLite of that time refuses to roll
//! back while a statement is in progress, code 5. Since BEGIN fails, the application never comes to the INSERT again, before which it would reset it.
//!
//! Where the source leaves something open:
//! - The application's error path is not shown. Here it resets the statement before each use, and stops at the first error.
//! - The rules are those of WAL mode. There is one write lock. Who reads goes on seeing what was committed when it began to; who sees what is
//!   outdated cannot write: *busy*, and today more exactly 517. Every INSERT here is inside a transaction. Since version 3.7.11 ROLLBACK succeeds
//!   with open statements. `sqlite=current` has these rules, and a test makes every step of it on a real database.
//! - Repairs are tried with more: the application's transactions begin with a query, and the shell inserts something.
//! - A patient call tries again whenever another call has returned; its busy time-out may come at any time.
//! - The application keeps a batch until COMMIT has succeeded, and has a bounded number of them.
//!
//! `as-asked` and `rollback-first` end in loops that return 1, and 5 and 1, period for period. Three findings beyond the source:
//! - Today its own attempt would have been enough (`rollback-first-current`): ROLLBACK ends the transaction, and the next INSERT is reset before it is used.
//! - But not if its transactions began with a query (`rollback-first-current-query`). A statement that is still open keeps what the connection sees
//!   of the file beyond the ROLLBACK. The next transaction sees it again, outdated as it is, and is refused with 517 although nobody holds the lock;
//!   and so for ever, since the error leaves the statement open again. To reset *and* to roll back is right with every version.
//! - To leave the transaction open and to step the refused statement again in the next period (`retry-statement`) is no mistake: a deferred
//!   transaction that has not read anything sees nothing outdated. With a query before, it never gets the lock (`retry-statement-query`).
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `as-asked` | 164 | 294 | 23 |
//! | `rollback-first` | 214 | 386 | 28 |
//! | `rollback-first-current` | 254 | 452 | 34 |
//! | `rollback-first-current-query` | 397 | 710 | 38 |
//! | `rollback-and-reset` | 405 | 718 | 40 |
//! | `begin-immediate` | 281 | 482 | 33 |
//! | `reopen` | 419 | 744 | 41 |
//! | `retry-statement` | 184 | 324 | 26 |
//! | `retry-statement-query` | 265 | 468 | 30 |

mod clients;
mod library;

use allways::prelude::*;
use clients::{Design, Shell, Writer};
use library::{Sqlite, Version};

message! {
    enum Msg {
        /// To SQLite: a call of its library, on the connection of who sends it.
        Call(Call),
        /// What the call returns.
        Returned(Code),
        /// From the environment: somebody opens the database with the command line tool.
        Visit,
    }

    enum Call {
        Begin,
        /// A patient one waits for the lock, up to the busy time-out.
        BeginImmediate { patient: bool },
        /// A query, stepped to its end and reset.
        Select,
        /// The persistent statement that inserts: reset, bound and stepped.
        Insert(Row),
        /// Resets that statement.
        Reset,
        Commit,
        Rollback,
        /// Finalizes the statements, closes the connection and opens another.
        Reopen,
    }

    #[derive(Copy)]
    enum Row { OfBatch { batch: u8, row: u8 }, OfShell }

    /// Result codes of SQLite: one of success, 1, 5 and 517.
    #[derive(Copy)]
    enum Code { Ok, Error, Busy, BusySnapshot }

    /// A patient call has waited long enough.
    struct BusyTimeout;

    /// The next period of the application begins.
    struct Period;

    /// The shell's user has waited long enough.
    struct End;
}

params! {
    struct Params {
        /// version of SQLite, where the variant's name says nothing of it
        sqlite: &'static str = "3.7.7", ["3.7.7", "current"];
        /// batches that the application has
        batches: u8 = 2, 1..=4;
        /// rows of a batch
        inserts: u8 = 2, 1..=3;
        /// transactions in the command line tool
        visits: u32 = 1, 1..=3;
    }
}

impl Params {
    fn version(&self) -> Version {
        match self.sqlite {
            "current" => Version::Current,
            _ => Version::V3_7_7,
        }
    }
}

/// Which statements there are besides the application's inserts.
#[derive(Clone, Copy, PartialEq)]
enum Besides {
    Nothing,
    /// A query at the beginning of each of its transactions, and an insert by the shell.
    QueryAndChange,
}

fn system(p: &Params, version: Version, design: Design, besides: Besides) -> System<Msg> {
    let mut sys = System::new();
    let writer = sys.reserve("writer");
    let shell = sys.reserve("shell");
    let database = sys.actor("sqlite", Sqlite { version });
    let sqlite = database.id();
    let (batches, inserts) = (p.batches, p.inserts);
    let reads = besides == Besides::QueryAndChange;
    sys.set(
        writer,
        Writer {
            sqlite,
            design,
            batches,
            inserts,
            reads,
        },
    );
    let writes = reads;
    sys.set(shell, Shell { sqlite, writes });
    sys.stimulus("somebody opens the database", shell.id(), Msg::Visit)
        .times(p.visits);

    let stored = move |s: &Snapshot<'_, Msg>, batch: u8| {
        let rows = (0..inserts).map(|row| Row::OfBatch { batch, row });
        rows.filter(|row| s[database].rows.contains(row)).count()
    };
    let all = usize::from(inserts);
    sys.always("no inserted batch is lost", move |s| {
        (0..s[writer].committed).all(|batch| stored(s, batch) == all)
    });
    sys.always("a batch is there as a whole or not at all", move |s| {
        (0..batches).all(|batch| [0, all].contains(&stored(s, batch)))
    });
    sys.leads_to(
        "the writer commits again",
        move |s| s[writer].refused,
        move |s| !s[writer].refused,
    );
    sys.eventually("every batch is committed", move |s| {
        s[writer].committed == batches
    });
    sys.reachable("the writer is refused", move |s| s[writer].refused);
    sys.reachable("every batch is there", move |s| {
        (0..batches).all(|batch| stored(s, batch) == all)
    });
    sys
}

catalogue_entry! {
    "sqlite-lock", Params,
    "A writer of an SQLite database, and a transaction in the command line tool that takes longer than the writer's period.",
    source "sqlite db remains locked/unaccessible",
    "as-asked" => |p| system(p, p.version(), Design::AsAsked, Besides::Nothing),
        violates "the writer commits again",
        violates "every batch is committed";
    "rollback-first" => |p| system(p, Version::V3_7_7, Design::RollbackFirst, Besides::Nothing),
        violates "the writer commits again",
        violates "every batch is committed";
    "rollback-first-current" => |p| system(p, Version::Current, Design::RollbackFirst, Besides::Nothing);
    "rollback-first-current-query" => |p| system(p, Version::Current, Design::RollbackFirst, Besides::QueryAndChange),
        violates "the writer commits again",
        violates "every batch is committed";
    "rollback-and-reset" => |p| system(p, p.version(), Design::RollbackAndReset, Besides::QueryAndChange);
    "begin-immediate" => |p| system(p, p.version(), Design::BeginImmediate, Besides::QueryAndChange);
    "reopen" => |p| system(p, p.version(), Design::Reopen, Besides::QueryAndChange);
    "retry-statement" => |p| system(p, p.version(), Design::RetryStatement, Besides::Nothing);
    "retry-statement-query" => |p| system(p, p.version(), Design::RetryStatement, Besides::QueryAndChange),
        violates "the writer commits again",
        violates "every batch is committed";
}
