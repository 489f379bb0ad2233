//! A document and a message about it: the message may be faster than replication, and slower than the next change.
//!
//! Source: "Managing delays in distributed systems with RavenDB".
//!
//! A user creates a document on one database node and puts a message about it on a queue. A worker takes the message and loads the document from its
//! own node. Nodes replicate asynchronously, so the worker may come before the document. And the message may wait until the document has changed
//! again. The text's answer is to put the document's change vector into the message: no document means *later*, the same vector means *process it*, and
//! a different vector means that *the document was modified*.
//!
//! That rule is good as long as every message is about a new document, and all writes go to one node. If an update is enqueued too
//! (`change-vector-update`), a node that lags holds an *older* version, and its vector is different as well: the message is handled as if somebody had
//! modified the document, and the update is never processed. If a change goes to the other node before the creation is there
//! (`change-vector-both-nodes`), that node holds a version that knows nothing of the one enqueued, and it is taken for its modification all the same. Change
//! vectors tell more than equal or not: compared in all four ways (`change-vector-order`), an older version means *later*, a newer one *modified*, and
//! one that is neither means a *conflict*.
//!
//! Two more things can happen. A document that was deleted is no document, which means *later*, for ever (`change-vector-deleted`). With a tombstone
//! that a worker can see, it means *deleted*: but only until the tombstone is purged (`change-vector-tombstone-purged`). And a queue that
//! delivers at least once gives a message to two workers (`two-workers`); what has to happen once must then be idempotent, or marked
//! in one place that both ask. A marker has its price: a worker that crashes between the mark and the effect leaves a message
//! that everybody takes for handled (`two-workers-marker-crash`).
//!
//! Where the source leaves something open:
//! - A change vector has an entry for each node that has written. A node that stores a write raises its own entry, above all that its version had.
//!   Replication is a stream in the order of changes. Of two concurrent versions the latest wins, and the result knows of both: RavenDB's
//!   default.
//! - A client that loads a deleted document is told that there is none, though RavenDB keeps a tombstone for replication. With
//!   `change-vector-tombstone` the worker is shown it. Purging is RavenDB's cleaning of tombstones.
//! - The queue is one of the pieces that systems are built from. It hides a message that it has handed out; unless the worker removes it, it is visible
//!   again after some time, however short. So *later* is simply not to remove it. Which of several messages comes next is a free choice.
//! - The user writes one thing after the other. Each change goes to node A; in `change-vector-both-nodes`, `change-vector-order`
//!   and `change-vector-tombstone` to either node. A deletion has no message.
//! - Workers crash, also between two effects, and start again with nothing but the next question to the queue, except in
//!   `two-workers` and `two-workers-marker`, where none crashes.
//!
//! The minimal traces are the text's story. In `naive` the message is at the worker, which asks node B, before node A's replication is. In
//! `retry-when-missing` (and in `naive`) the user updates the document while its message is on the way to the queue, and the worker processes the
//! update in the name of the creation. In `change-vector-update` node B has the creation and not yet the update; in
//! `change-vector-both-nodes` it has the update and not yet the creation. In `change-vector-deleted` the queue and
//! the worker pass the message to and fro. In `two-workers` the message is visible again while the first worker still has it.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `naive` | 3,928 | 12,789 | 24 |
//! | `retry-when-missing` | 2,210 | 7,004 | 24 |
//! | `change-vector` | 2,210 | 7,004 | 24 |
//! | `change-vector-update` | 12,840 | 40,941 | 39 |
//! | `change-vector-both-nodes` | 7,241 | 24,687 | 25 |
//! | `change-vector-order` | 40,441 | 141,012 | 40 |
//! | `change-vector-deleted` | 9,619 | 31,171 | 40 |
//! | `change-vector-tombstone` | 45,067 | 156,186 | 40 |
//! | `change-vector-tombstone-purged` | 21,082 | 77,387 | 41 |
//! | `two-workers` | 2,202 | 7,689 | 23 |
//! | `two-workers-idempotent` | 47,618 | 207,254 | 30 |
//! | `two-workers-marker` | 3,002 | 10,423 | 24 |
//! | `two-workers-marker-crash` | 66,192 | 281,950 | 33 |

mod backend;
mod database;

use allways::prelude::*;

use backend::{Marker, Outside, Worker, WorkerState};
use database::{Database, Order, User};
use pieces::queue::{Answer, Call, Queue};

/// A write of the user, numbered by the user's clock: the latest has the greatest.
type Write = u8;

/// How many writes of each database node a version knows of.
type ChangeVector = Map<Id, u8>;

message! {
    enum Msg {
        /// From the environment: the user wants to change the document.
        ChangeIt,
        /// From the environment to a database node: tombstones are old enough to be thrown away.
        Purge,
        /// To a database node: store this content; delete the document.
        Put(Write), Delete(Write),
        /// To the user: stored, as this version; deleted, if it was there.
        Stored(Version), Deleted,
        /// From one database node to the other.
        Replicate(Version),
        /// To the queue: a message; give me one; I am done with this one.
        Enqueue(Message), Receive, Remove(Message),
        /// To a worker: a message.
        Deliver(Message),
        /// To a worker's database node, and the answer.
        Load, Loaded(Option<Version>),
        /// To the marker: I am about to handle this message; whether nobody was before.
        Mark(Write), Marked { write: Write, is_first: bool },
        /// To the outside world: what handling a message comes to.
        Handle(Handling),
    }

    #[derive(Copy)]
    enum Change { Update, Delete }

    /// A version of the document, or the tombstone of its deletion.
    struct Version {
        /// The write that it comes from.
        write: Write,
        vector: ChangeVector,
        deleted: bool,
        /// All writes that it includes or overwrites: a ghost that no decision reads.
        past: Set<Write>,
    }

    /// A message on the queue: the version that was stored, by its write and its change vector.
    struct Message { write: Write, vector: ChangeVector }

    /// What was done about a message, and the document that it was decided upon.
    struct Handling {
        message: Message,
        path: Path,
        found: Option<Version>,
    }

    /// The logic that a message is handled with.
    #[derive(Copy)]
    enum Path {
        /// The document is the one enqueued.
        Process,
        /// It was modified since.
        Modified,
        /// It was deleted since.
        Deleted,
        /// Somebody else has changed it at the same time.
        Conflict,
        /// There is none.
        NoSuchDocument,
    }
}

carries! { Msg = Call<Message> { Enqueue(message), Receive, Remove(message) } }
carries! { Msg = Answer<Message> { Deliver(message) } }

/// How a worker decides by what it loads.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// Whatever is there is the document; if nothing is there, there is none.
    LoadOnce,
    /// Whatever is there is the document; if nothing is there, later.
    RetryWhenMissing,
    /// The text's rule: the same change vector, or else the document was modified; if nothing is there, later.
    EqualOrModified,
    /// Older: later. Equal: process. Newer: modified. Concurrent: a conflict.
    FourWay,
}

/// What keeps a message from taking effect twice.
#[derive(Clone, Copy, PartialEq)]
enum Once {
    Nothing,
    /// Its effect is idempotent.
    Idempotent,
    /// A linearizable marker.
    Marker,
}

/// A variant.
#[derive(Clone, Copy)]
struct Design {
    rule: Rule,
    /// Whether later changes may go to either node, or to the first alone.
    writes_anywhere: bool,
    enqueues_updates: bool,
    /// Whether the user may also delete the document, and what workers see of that.
    deletion: Option<Tombstone>,
    /// One on the second node, or one on each.
    workers: usize,
    once: Once,
    crashes: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Tombstone {
    /// As if there had been no such document.
    Hidden,
    /// That there was one, and the change vector of the deletion.
    Shown,
    /// The same, until the tombstone is purged.
    Purged,
}

/// The design that the text begins with.
const NAIVE: Design = Design {
    rule: Rule::LoadOnce,
    writes_anywhere: false,
    enqueues_updates: false,
    deletion: None,
    workers: 1,
    once: Once::Nothing,
    crashes: true,
};

/// The design that it needs in the end.
const ORDER: Design = Design {
    rule: Rule::FourWay,
    writes_anywhere: true,
    enqueues_updates: true,
    ..NAIVE
};

const TWO_WORKERS: Design = Design {
    workers: 2,
    writes_anywhere: false,
    enqueues_updates: false,
    ..ORDER
};

params! {
    struct Params {
        /// changes of the document after it was created
        changes: u32 = 1, 1..=2;
        /// crashes of workers
        crashes: u32 = 1, 0..=2;
    }
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    let user = sys.reserve("user");
    let nodes: Handles<Database> = ["A", "B"]
        .map(|name| sys.reserve(name))
        .into_iter()
        .collect();
    let [a, b] = [nodes[0], nodes[1]];
    let queue = sys.actor("queue", Queue::new());
    let is_idempotent = design.once == Once::Idempotent;
    let outside = sys.actor("outside", Outside { is_idempotent });
    let marker = (design.once == Once::Marker).then(|| sys.actor("marker", Marker).id());

    let shows_tombstones = !matches!(design.deletion, None | Some(Tombstone::Hidden));
    for (node, peer) in [(a, b.id()), (b, a.id())] {
        sys.set(
            node,
            Database {
                peer,
                shows_tombstones,
            },
        );
    }
    let to = |change| {
        let written = if design.writes_anywhere { 2 } else { 1 };
        nodes
            .ids()
            .into_iter()
            .take(written)
            .map(move |node| (change, node))
    };
    let mut ways: Vec<(Change, Id)> = to(Change::Update).collect();
    if design.deletion.is_some() {
        ways.extend(to(Change::Delete));
    }
    sys.set(
        user,
        User {
            first_node: a.id(),
            ways,
            queue: queue.id(),
            enqueues_updates: design.enqueues_updates,
        },
    );
    let worker = |node: Handle<Database>| Worker {
        rule: design.rule,
        database: node.id(),
        queue: queue.id(),
        outside: outside.id(),
        marker,
    };
    let workers: Handles<Worker> = match design.workers {
        1 => [sys.actor("worker", worker(b))].into_iter().collect(),
        _ => sys.actors("worker", 2, |i| worker(nodes[i])),
    };

    // Replication is a stream of changes in their order; a worker makes its calls to the queue one after the other.
    sys.link_between(a.id(), b.id(), Link::reliable().fifo());
    for worker in workers.ids() {
        sys.link(worker, queue.id(), Link::reliable().fifo());
    }
    if design.crashes {
        let crashes = Crashes::recovery(p.crashes).of(workers.ids());
        // Where a mark comes first, a crash between the two steps is enough.
        sys.crashes(match design.once {
            Once::Marker => crashes.recovers(),
            _ => crashes.recovers().inside_handlers(),
        });
    }
    sys.stimulus("the user changes the document", user.id(), Msg::ChangeIt)
        .times(p.changes);
    if design.deletion == Some(Tombstone::Purged) {
        sys.stimulus("tombstones are purged", b.id(), Msg::Purge);
    }

    // How the documents that messages found truly stood to the versions that were enqueued.
    let handled = move |s: &Snapshot<'_, Msg>, path: Path, is_right: fn(Order) -> bool| {
        let mut so_handled = s[outside].handlings.iter().filter(|h| h.path == path);
        so_handled.all(
            |h| match (&h.found, s[user].enqueued.get(&h.message.write)) {
                (Some(found), Some(past)) => is_right(Order::of_pasts(&found.past, past)),
                _ => false,
            },
        )
    };
    // Every message is about a version that was stored.
    sys.always(
        "no message ends as \"no such document\" for a document that was written",
        move |s| handled(s, Path::NoSuchDocument, |_| false),
    );
    sys.always(
        "an updated document is never taken for the one enqueued",
        move |s| handled(s, Path::Process, |order| order == Order::Equal),
    );
    if matches!(design.rule, Rule::EqualOrModified | Rule::FourWay) {
        sys.always(
            "only a newer version is taken for a modified document",
            move |s| {
                let is_newer = |order| order == Order::Newer;
                handled(s, Path::Modified, is_newer) && handled(s, Path::Deleted, is_newer)
            },
        );
    }
    if design.rule == Rule::FourWay {
        sys.always("a conflict is told only where there is one", move |s| {
            handled(s, Path::Conflict, |order| order == Order::Concurrent)
        });
    }
    if design.workers > 1 {
        sys.always("a message is handled at most once in effect", move |s| {
            s[outside].repeated.is_empty()
        });
    }

    let all_handled = move |s: &Snapshot<'_, Msg>| {
        let mut enqueued = s[user].enqueued.keys();
        enqueued.all(|write| s[outside].has_handled(*write))
    };
    sys.leads_to(
        "every enqueued message is handled",
        move |s| !all_handled(s),
        all_handled,
    );
    let of = workers.clone();
    sys.stabilises(
        "in the end the queue is empty and the workers wait for more",
        move |s| {
            s[queue].is_empty()
                && of
                    .ids()
                    .iter()
                    .all(|worker| s[queue].waiting().contains(worker))
        },
    );
    sys.stabilises("in the end every write of the user is done", move |s| {
        s[user].is_idle()
    });
    sys.stabilises("in the end both nodes have the same document", move |s| {
        s[a].document == s[b].document
    });
    let mut is_taken = |what: &str, path: Path| {
        sys.reachable(what, move |s| {
            s[outside].handlings.iter().any(|h| h.path == path)
        });
    };
    is_taken("a message is processed", Path::Process);
    if matches!(design.rule, Rule::EqualOrModified | Rule::FourWay) {
        is_taken("a document was modified", Path::Modified);
    }
    if design.rule == Rule::FourWay && design.writes_anywhere {
        is_taken("a document is in conflict", Path::Conflict);
    }
    if shows_tombstones {
        is_taken("a document was deleted", Path::Deleted);
    }
    let of = workers.clone();
    sys.reachable("a message is faster than replication", move |s| {
        s[b].document.is_none()
            && of
                .iter()
                .any(|w| matches!(s.state(w), Some(WorkerState::Loading(_))))
    });
    sys
}

catalogue_entry! {
    "ravendb-queue", Params,
    "A message about a document, and a worker that loads the document from another node.",
    source "Managing delays in distributed systems with RavenDB",
    "naive" => |p| system(p, NAIVE),
        violates "no message ends as \"no such document\" for a document that was written",
        violates "an updated document is never taken for the one enqueued",
        violates "every enqueued message is handled";
    "retry-when-missing" => |p| system(p, Design { rule: Rule::RetryWhenMissing, ..NAIVE }),
        violates "an updated document is never taken for the one enqueued";
    "change-vector" => |p| system(p, Design { rule: Rule::EqualOrModified, ..NAIVE });
    "change-vector-update" => |p| system(p, Design { rule: Rule::EqualOrModified, enqueues_updates: true, ..NAIVE }),
        violates "only a newer version is taken for a modified document";
    "change-vector-both-nodes" => |p| system(p, Design { rule: Rule::EqualOrModified, writes_anywhere: true, ..NAIVE }),
        violates "only a newer version is taken for a modified document";
    "change-vector-order" => |p| system(p, ORDER);
    "change-vector-deleted" => |p| system(p, Design { writes_anywhere: false, deletion: Some(Tombstone::Hidden), ..ORDER }),
        violates "every enqueued message is handled",
        violates "in the end the queue is empty and the workers wait for more";
    "change-vector-tombstone" => |p| system(p, Design { deletion: Some(Tombstone::Shown), ..ORDER });
    "change-vector-tombstone-purged" => |p| system(p, Design { writes_anywhere: false, deletion: Some(Tombstone::Purged), ..ORDER }),
        violates "every enqueued message is handled",
        violates "in the end the queue is empty and the workers wait for more";
    "two-workers" => |p| system(p, Design { crashes: false, ..TWO_WORKERS }),
        violates "a message is handled at most once in effect";
    "two-workers-idempotent" => |p| system(p, Design { once: Once::Idempotent, ..TWO_WORKERS });
    "two-workers-marker" => |p| system(p, Design { once: Once::Marker, crashes: false, ..TWO_WORKERS });
    "two-workers-marker-crash" => |p| system(p, Design { once: Once::Marker, ..TWO_WORKERS }),
        violates "every enqueued message is handled";
}
