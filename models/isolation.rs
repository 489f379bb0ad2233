//! Isolation: which anomalies transactions suffer from each other, by the way a database keeps them apart.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 12, Transactions. The anomalies are those of Berenson and others, "A Critique of
//! ANSI SQL Isolation Levels" (1995).
//!
//! "Isolation guarantees that a transaction appears to run in isolation as if no other transactions are executing." Two clients of a bank withdraw
//! money from the two accounts of one owner, each in a transaction: it reads both balances and, if together they cover the amount, takes it from one of
//! them. They cover it once. What can go wrong depends on the database:
//!
//! | | dirty read | lost update | write skew |
//! | --- | --- | --- | --- |
//! | `read-uncommitted`: reads see what others are about to write | yes | yes | yes |
//! | `read-committed`: reads see what was committed last | no | yes | yes |
//! | `snapshot`: reads see what was committed at the beginning; of two that write the same the first to commit wins | no | no | yes |
//! | `two-phase-locking`: reads lock for writers, writes lock for everybody, until the end | no | no | no |
//! | `optimistic`: a commit fails if what was read has been written since | no | no | no |
//!
//! Each *yes* is a violated property with its shortest trace. Dirty read: a balance that nobody has committed. Lost update: both
//! withdraw from the same account, and the second writes over what the first has left. Write skew: they withdraw from different accounts, and
//! neither sees what the other takes; together the accounts are overdrawn, although each transaction has checked just that. Only the last
//! two levels hold what isolation promises: that everything is as if one transaction came after the other.
//!
//! Where the source leaves something open:
//! - Writes are held back in the database until the commit. Except for `snapshot` and `optimistic`, what is written is locked for other writers.
//! - A client may also roll back when it has written, and then does not try again. A transaction that the database aborts is tried again.
//! - Two transactions that wait for each other's locks are a deadlock. The database finds it when it comes about, and aborts the one that asked last.
//!   In `two-phase-locking-undetected` it does not look: both have read, both want to write, and wait for ever.
//! - Who waits for a lock is not overtaken by those who want it later. That matters from three transactions on, which is how `two-phase-locking-unfair`
//!   is checked: one waits to write, the other two are aborted in turn since each would wait for it and it for them, and each is back and has read
//!   again before the other lets go.
//! - A balance says which transaction wrote it. Only properties, and the database when it compares versions, look at that.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `read-uncommitted` | 713 | 1,277 | 20 |
//! | `read-committed` | 577 | 1,037 | 20 |
//! | `snapshot` | 633 | 1,157 | 26 |
//! | `two-phase-locking` | 757 | 1,209 | 27 |
//! | `two-phase-locking-undetected` | 381 | 605 | 20 |
//! | `two-phase-locking-unfair` | 31,499 | 72,409 | 44 |
//! | `optimistic` | 641 | 1,173 | 26 |

use allways::prelude::*;

message! {
    enum Msg {
        /// To the database.
        Read(Account), Write(Account, i8), Commit, RollBack,
        /// Its answers.
        Value(Account, Version), Written, Committed, RolledBack,
        /// From the database: the transaction was rolled back, it may be tried again.
        Aborted,
    }

    /// What a client decides.
    enum Choice { WithdrawFrom(Account), End(Msg) }

    #[derive(Copy)]
    enum Account { Checking, Savings }

    /// The balance of an account, and which transaction wrote it; none has written the first.
    #[derive(Copy)]
    struct Version { balance: i8, by: Option<Id> }
}

use Account::{Checking, Savings};

/// What a withdrawal takes: as much as there is in both accounts at first.
const AMOUNT: i8 = 2;

/// What is there in each account at first.
const AT_FIRST: Version = Version {
    balance: 1,
    by: None,
};

type Versions = Map<Account, Version>;

fn at_first() -> Versions {
    [Checking, Savings]
        .map(|account| (account, AT_FIRST))
        .into_iter()
        .collect()
}

fn total(versions: &Versions) -> i8 {
    versions.values().map(|version| version.balance).sum()
}

/// How the database isolates transactions.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    ReadUncommitted,
    ReadCommitted,
    Snapshot,
    TwoPhaseLocking(Locking),
    Optimistic,
}

/// How the database deals with those that wait for locks.
#[derive(Clone, Copy, PartialEq)]
enum Locking {
    /// Nobody overtakes who waits for what they want, too; and deadlocks are found.
    Fair,
    /// Deadlocks are found, but a lock that can be granted is.
    Unfair,
    /// Nobody overtakes, and nobody looks for deadlocks.
    Undetected,
}

struct Database {
    level: Level,
}

state! {
    struct Contents {
        committed: Versions,
        /// Who has committed.
        log: Set<Id>,
        open: Map<Id, Open>,
        /// Requests that wait for others' locks, in the order they came.
        waiting: Vec<(Id, Msg)>,
    }

    /// An open transaction. What it has written it has locked for others to write; by two-phase locking also to read, and what it has read, to
    /// write.
    #[derive(Default)]
    struct Open {
        /// What was committed when it began.
        snapshot: Versions,
        read: Versions,
        written: Map<Account, i8>,
    }
}

impl Database {
    /// Whether a request has to wait if another transaction uses an account, to write or only to read.
    fn conflicts(&self, request: &Msg, used: Account, writes: bool) -> bool {
        let locks_reads = matches!(self.level, Level::TwoPhaseLocking(_));
        let locks_writes = !matches!(self.level, Level::Snapshot | Level::Optimistic);
        match request {
            Msg::Read(account) => *account == used && writes && locks_reads,
            Msg::Write(account, _) => {
                *account == used && if writes { locks_writes } else { locks_reads }
            }
            _ => false,
        }
    }

    /// Whom a request has to wait for, if these wait already.
    fn blockers(
        &self,
        contents: &Contents,
        ahead: &[(Id, Msg)],
        client: Id,
        request: &Msg,
    ) -> Set<Id> {
        let holds = |open: &Open| {
            open.written
                .keys()
                .any(|used| self.conflicts(request, *used, true))
                || open
                    .read
                    .keys()
                    .any(|used| self.conflicts(request, *used, false))
        };
        let wants = |asked: &Msg| match asked {
            Msg::Read(used) => self.conflicts(request, *used, false),
            Msg::Write(used, _) => self.conflicts(request, *used, true),
            _ => false,
        };
        let holders = contents
            .open
            .iter()
            .filter(|(_, open)| holds(open))
            .map(|(other, _)| *other);
        let overtakes = self.level == Level::TwoPhaseLocking(Locking::Unfair);
        let waiting = ahead
            .iter()
            .filter(|(_, asked)| !overtakes && wants(asked))
            .map(|(other, _)| *other);
        holders
            .chain(waiting)
            .filter(|&other| other != client)
            .collect()
    }

    /// Whether those that a transaction has to wait for have to wait for it, directly or not.
    fn is_deadlock(&self, contents: &Contents, client: Id, mut awaited: Set<Id>) -> bool {
        loop {
            let mut further = awaited.clone();
            for (i, (other, request)) in contents.waiting.iter().enumerate() {
                if awaited.contains(other) {
                    let blockers = self.blockers(contents, &contents.waiting[..i], *other, request);
                    further = further.union(blockers);
                }
            }
            if further == awaited {
                return awaited.contains(&client);
            }
            awaited = further;
        }
    }

    /// Whether a transaction may commit: nothing that it relies on has been written since.
    fn is_valid(&self, contents: &Contents, open: &Open) -> bool {
        let unchanged = |account: &Account, version| contents.committed.get(account) == version;
        match self.level {
            Level::Snapshot => open
                .written
                .keys()
                .all(|account| unchanged(account, open.snapshot.get(account))),
            Level::Optimistic => open
                .read
                .iter()
                .all(|(account, version)| unchanged(account, Some(version))),
            _ => true,
        }
    }

    fn read(&self, contents: &mut Contents, client: Id, account: Account) -> Version {
        let uncommitted = contents.open.iter().find_map(|(writer, open)| {
            let balance = *open.written.get(&account)?;
            Some(Version {
                balance,
                by: Some(*writer),
            })
        });
        let committed = contents.committed[&account];
        let open = contents.open.entry(client).or_default();
        let version = match self.level {
            Level::ReadUncommitted => uncommitted.unwrap_or(committed),
            Level::Snapshot => open.snapshot.get(&account).copied().unwrap_or(committed),
            _ => committed,
        };
        open.read.insert(account, version);
        version
    }

    fn serve(&self, contents: &mut Contents, client: Id, request: Msg, o: &mut Out<Self>) {
        if !contents.open.contains_key(&client) {
            let snapshot = contents.committed.clone();
            contents.open.insert(
                client,
                Open {
                    snapshot,
                    ..Open::default()
                },
            );
        }
        let blockers = self.blockers(contents, &contents.waiting, client, &request);
        if !blockers.is_empty() {
            let detects = matches!(
                self.level,
                Level::TwoPhaseLocking(Locking::Fair | Locking::Unfair)
            );
            if detects && self.is_deadlock(contents, client, blockers) {
                o.send(client, Msg::Aborted);
                self.end(contents, client, o);
            } else {
                contents.waiting.push((client, request));
            }
            return;
        }
        match request {
            Msg::Read(account) => o.send(
                client,
                Msg::Value(account, self.read(contents, client, account)),
            ),
            Msg::Write(account, balance) => {
                let open = contents.open.entry(client).or_default();
                open.written.insert(account, balance);
                o.send(client, Msg::Written);
            }
            Msg::Commit => {
                let open = contents.open[&client].clone();
                if self.is_valid(contents, &open) {
                    for (account, balance) in open.written {
                        contents.committed.insert(
                            account,
                            Version {
                                balance,
                                by: Some(client),
                            },
                        );
                    }
                    contents.log.insert(client);
                    o.send(client, Msg::Committed);
                } else {
                    o.send(client, Msg::Aborted);
                }
                self.end(contents, client, o);
            }
            Msg::RollBack => {
                o.send(client, Msg::RolledBack);
                self.end(contents, client, o);
            }
            _ => {}
        }
    }

    /// A transaction is over: who waits for its locks tries again.
    fn end(&self, contents: &mut Contents, client: Id, o: &mut Out<Self>) {
        contents.open.remove(&client);
        for (client, request) in std::mem::take(&mut contents.waiting) {
            self.serve(contents, client, request, o);
        }
    }
}

impl Actor for Database {
    type Msg = Msg;
    type State = Contents;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Contents {
        Contents {
            committed: at_first(),
            log: Set::new(),
            open: Map::new(),
            waiting: Vec::new(),
        }
    }

    fn on_msg(
        &self,
        _: Id,
        contents: &mut Cow<'_, Contents>,
        client: Id,
        request: Msg,
        o: &mut Out<Self>,
    ) {
        self.serve(contents.to_mut(), client, request, o);
    }
}

/// Runs a transaction: reads both accounts and withdraws from one of them, if together they cover it.
struct Client {
    database: Id,
}

state! {
    #[derive(Default)]
    struct Transaction {
        seen: Versions,
        withdraws_from: Option<Account>,
        /// It was aborted, and tried again.
        again: bool,
        is_over: bool,
    }

}

impl Actor for Client {
    type Msg = Msg;
    type State = Transaction;
    type Timer = ();
    type Random = Choice;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Transaction {
        o.send(self.database, Msg::Read(Checking));
        Transaction::default()
    }

    fn on_msg(
        &self,
        _: Id,
        transaction: &mut Cow<'_, Transaction>,
        database: Id,
        answer: Msg,
        o: &mut Out<Self>,
    ) {
        let transaction = transaction.to_mut();
        match answer {
            Msg::Value(account, version) => {
                transaction.seen.insert(account, version);
                if account == Checking {
                    o.send(database, Msg::Read(Savings));
                } else if total(&transaction.seen) >= AMOUNT {
                    o.choose_random(
                        "which",
                        vec![
                            Choice::WithdrawFrom(Checking),
                            Choice::WithdrawFrom(Savings),
                        ],
                    );
                } else {
                    o.send(database, Msg::Commit);
                }
            }
            Msg::Written => o.choose_random(
                "how it ends",
                vec![Choice::End(Msg::Commit), Choice::End(Msg::RollBack)],
            ),
            Msg::Committed | Msg::RolledBack => transaction.is_over = true,
            Msg::Aborted => {
                *transaction = Transaction {
                    again: true,
                    ..Transaction::default()
                };
                o.send(database, Msg::Read(Checking));
            }
            _ => {}
        }
    }

    fn on_random(
        &self,
        _: Id,
        transaction: &mut Cow<'_, Transaction>,
        choice: &Choice,
        o: &mut Out<Self>,
    ) {
        match choice {
            Choice::WithdrawFrom(account) => {
                let transaction = transaction.to_mut();
                transaction.withdraws_from = Some(*account);
                if let Some(version) = transaction.seen.get(account) {
                    o.send(
                        self.database,
                        Msg::Write(*account, version.balance - AMOUNT),
                    );
                }
            }
            Choice::End(how) => o.send(self.database, how.clone()),
        }
    }
}

/// Whether these transactions, run one after the other in some order, see what they saw and leave behind what was committed.
fn is_serial(transactions: &[(Id, &Transaction)], from: &Versions, to: &Versions) -> bool {
    if transactions.is_empty() {
        return from == to;
    }
    (0..transactions.len()).any(|first| {
        let mut rest = transactions.to_vec();
        let (client, transaction) = rest.remove(first);
        let mut after = from.clone();
        if let Some(account) = transaction.withdraws_from {
            let balance = from[&account].balance - AMOUNT;
            after.insert(
                account,
                Version {
                    balance,
                    by: Some(client),
                },
            );
        }
        transaction.seen == *from && is_serial(&rest, &after, to)
    })
}

params! {
    struct Params {
        /// transactions at the same time
        transactions: usize = 2, 2..=3;
    }
}

/// The transactions that have committed.
fn committed<'a>(
    s: &'a Snapshot<'_, Msg>,
    database: Handle<Database>,
    clients: &Handles<Client>,
) -> Vec<(Id, &'a Transaction)> {
    let committed = clients.iter().filter(|c| s[database].log.contains(&c.id()));
    committed.map(|c| (c.id(), &s[c])).collect()
}

/// Whether of two withdrawals that were committed neither saw the other, of the same account or of different ones.
fn neither_saw_the_other(committed: &[(Id, &Transaction)], same_account: bool) -> bool {
    let saw = |(_, one): &(Id, &Transaction), (writer, other): &(Id, &Transaction)| {
        other
            .withdraws_from
            .is_some_and(|account| one.seen[&account].by == Some(*writer))
    };
    committed.iter().enumerate().any(|(i, one)| {
        committed[..i].iter().any(|other| {
            let accounts = (one.1.withdraws_from, other.1.withdraws_from);
            let both = accounts.0.is_some() && accounts.1.is_some();
            both && (accounts.0 == accounts.1) == same_account
                && !saw(one, other)
                && !saw(other, one)
        })
    })
}

fn system(p: &Params, level: Level) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let database = sys.actor("database", Database { level });
    let clients = sys.actors("client", p.transactions, |_| Client {
        database: database.id(),
    });

    let of = clients.clone();
    sys.always("no dirty read", move |s| {
        let is_committed = |version: &Version| {
            version
                .by
                .is_none_or(|writer| s[database].log.contains(&writer))
        };
        of.iter().all(|c| s[c].seen.values().all(is_committed))
    });
    let of = clients.clone();
    sys.always("no lost update", move |s| {
        !neither_saw_the_other(&committed(s, database, &of), true)
    });
    let of = clients.clone();
    sys.always("no write skew", move |s| {
        !neither_saw_the_other(&committed(s, database, &of), false)
    });
    let of = clients.clone();
    sys.always(
        "committed transactions ran as if one after the other",
        move |s| {
            is_serial(
                &committed(s, database, &of),
                &at_first(),
                &s[database].committed,
            )
        },
    );
    sys.always("the accounts are not overdrawn", move |s| {
        total(&s[database].committed) >= 0
    });
    let of = clients.clone();
    sys.eventually("every transaction ends", move |s| {
        of.iter().all(|c| s[c].is_over)
    });
    let of = clients.clone();
    sys.reachable(
        "a withdrawal is refused, since another was committed before",
        move |s| of.iter().any(|c| s[c].is_over && total(&s[c].seen) == 0),
    );
    if !matches!(
        level,
        Level::ReadUncommitted | Level::ReadCommitted | Level::TwoPhaseLocking(Locking::Undetected)
    ) {
        let of = clients.clone();
        sys.reachable("who was aborted commits in the end", move |s| {
            let commits = |c: Handle<Client>| s[c].again && s[database].log.contains(&c.id());
            of.iter().any(commits)
        });
    }
    sys
}

/// It takes three to keep one of them waiting for ever.
fn three(p: &Params) -> Params {
    Params {
        transactions: p.transactions.max(3),
    }
}

catalogue_entry! {
    "isolation", Params,
    "Transactions at the same time: which anomalies each way to isolate them permits.",
    source "Understanding Distributed Systems: Coordination, chapter 12",
    "read-uncommitted" => |p| system(p, Level::ReadUncommitted),
        violates "no dirty read",
        violates "no lost update",
        violates "no write skew",
        violates "committed transactions ran as if one after the other",
        violates "the accounts are not overdrawn";
    "read-committed" => |p| system(p, Level::ReadCommitted),
        violates "no lost update",
        violates "no write skew",
        violates "committed transactions ran as if one after the other",
        violates "the accounts are not overdrawn";
    "snapshot" => |p| system(p, Level::Snapshot),
        violates "no write skew",
        violates "committed transactions ran as if one after the other",
        violates "the accounts are not overdrawn";
    "two-phase-locking" => |p| system(p, Level::TwoPhaseLocking(Locking::Fair));
    "two-phase-locking-undetected" => |p| system(p, Level::TwoPhaseLocking(Locking::Undetected)),
        violates "every transaction ends";
    "two-phase-locking-unfair" => |p| system(&three(p), Level::TwoPhaseLocking(Locking::Unfair)),
        violates "every transaction ends";
    "optimistic" => |p| system(p, Level::Optimistic);
}
