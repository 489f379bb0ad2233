//! Two users edit the version of an article that both have seen: the second edit must not land on the result of the first.
//!
//! Source: "CQRS, multiple write nodes for a single aggregate entry, while maintaining concurrency", among the texts on server architectures.
//!
//! Users look at an article and send an `ArticleEditCommand` for the version that they saw. A queue hands commands to several nodes in their order, but nodes
//! take as long as they take. Whoever comes second must not have their edit applied to a version that they have never seen; and edits of different
//! articles should go on at once.
//!
//! To compare versions before writing (`check-then-act`) is not enough, since two nodes compare before either writes. To compare while writing is
//! (`optimistic-notify`), if a conflict is told to its author. The text's other answer, ten retries that load the article again and apply the edit to
//! what they find (`optimistic-retry`), loses no edit but does just what was to be prevented. The one who asks finds that nobody should be
//! able to queue an edit of an article while another one is pending (`pending-lock`). That holds as long as nodes do not crash; and it replaces no
//! check of versions: who looked before the first edit and queues after it is completed is not refused (`pending-lock-unchecked`).
//!
//! A lock that a crashed node holds is held for ever (`pending-lock-crash`), so give it a lease. A lease needs to know how long a node may take
//! (`pending-lock-lease`, where time is bounded). Without that, a slow node is taken for a dead one, and writes after its lease
//! (`pending-lock-lease-asynchronous`), unless the write itself is conditional (`pending-lock-lease-fenced`): and then it is the condition that
//! protects, not the lock.
//!
//! To send all commands for an article to one node (`partitioned`) needs neither lock nor condition, until the number of nodes changes: then two nodes have
//! commands for one article (`partitioned-resize`). A grid that hands a key over only when its old owner is done with it avoids that (`grid`).
//!
//! Where the source leaves something open:
//! - A command that a node has taken off the queue is lost if the node crashes, and its author hears nothing more. Crashed nodes stay down.
//! - Who is refused, because an edit is pending, looks again after a while. Who is told of a conflict gives up.
//! - The lease counts from when the queue hands the command to a node. Where time is known, a call of the store takes up to one tick each way, and everything
//!   else none.
//! - A node compares versions in all variants but `unchecked`, `optimistic-retry` and `pending-lock-unchecked`.
//! - The one more node may come at any time, once. On the grid no node crashes.
//!
//! The minimal traces are the text's story: both users look at version 1, and the second one's edit is applied to version 2. In `unchecked` and
//! `check-then-act` both nodes load version 1 and both save. `optimistic-retry` does not even have to retry: the version that its save depends on is
//! the one that the node has loaded, not the one that the author saw; trying again only makes that certain. In
//! `partitioned-resize` the second command goes to the new node while the first is at the old one. In `pending-lock-crash` a node that has
//! crashed is handed a command, and the other author is refused again and again.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `unchecked` | 6,472 | 18,333 | 30 |
//! | `check-then-act` | 7,352 | 20,787 | 30 |
//! | `optimistic-notify` | 19,056 | 62,990 | 31 |
//! | `optimistic-retry` | 7,600 | 21,429 | 31 |
//! | `pending-lock` | 4,390 | 12,515 | 30 |
//! | `pending-lock-unchecked` | 4,610 | 13,083 | 30 |
//! | `pending-lock-crash` | 12,950 | 43,334 | 31 |
//! | `pending-lock-lease` | 74,184 | 238,906 | 62 |
//! | `pending-lock-lease-asynchronous` | 68,707 | 283,229 | 32 |
//! | `pending-lock-lease-fenced` | 64,147 | 265,605 | 32 |
//! | `partitioned` | 1,330 | 3,318 | 27 |
//! | `partitioned-resize` | 6,876 | 18,889 | 28 |
//! | `grid` | 17,583 | 59,072 | 32 |

mod nodes;
mod queue;

use allways::prelude::*;

use nodes::{Node, Store};
use queue::{Queue, User, UserState};

type Article = u8;
/// A version of an article, from 1.
type Version = u8;

/// Nodes at first.
const NODES: usize = 2;

/// Two articles that are on different nodes of two; with three nodes both are elsewhere.
const ARTICLES: [Article; 2] = [2, 3];

message! {
    enum Msg {
        /// To the store: the article, please. The answer: it is in this version.
        Get(Article), Row(Version),
        /// To the store: the article as edited, if it is still in that version. The answer: it is saved, or it was in another version.
        Save { edit: Edit, only_if: Option<Version> }, Saved, NewerVersionExists,
        /// The command, from its author to the queue, and on to a node.
        Edit(Edit),
        /// From the queue to an author: another edit of this article has to be completed first.
        Pending,
        /// From a node to the author.
        Answer(Answer),
        /// From a node to the queue: this command is completed.
        Done(Edit),
        /// From the environment to the queue: there is one more node from now on.
        Resize,
        /// From the queue to a node: when you have processed what you have for this article, it is that node's.
        Migrate { article: Article, to: Id },
        /// From a node to another: this article is yours.
        Owned(Article),
    }

    /// An `ArticleEditCommand`: what its author wants of an article that was in the version they saw.
    #[derive(Copy)]
    struct Edit { author: Id, article: Article, saw: Version }

    #[derive(Copy)]
    enum Answer {
        Applied,
        /// The article has changed since: look again.
        Conflict,
    }
}

/// What a node does about versions.
#[derive(Clone, Copy, PartialEq)]
enum Check {
    /// Nothing: the last write wins.
    None,
    /// It compares the version that it loads with the one that the author saw, and then saves.
    ThenAct,
    /// It saves on condition that the article is in the version that the author saw.
    OnSave,
    /// It saves on condition that the article is in the version that it loaded, and else does everything again, so many times.
    OnSaveRetrying { retries: u8 },
}

/// Whether an article is locked while an edit of it is pending.
#[derive(Clone, Copy, PartialEq)]
enum Lock {
    /// Until the edit is completed.
    Forever,
    /// No longer than a lease, counted from when a node gets the command.
    Lease,
}

/// Which node gets a command.
#[derive(Clone, Copy, PartialEq)]
enum Routing {
    /// Any node that has nothing to do.
    AnyNode,
    /// The article's number modulo the number of nodes.
    Modulo,
    /// The same, but the new owner begins when the old one has handed over.
    Grid,
}

/// A variant.
#[derive(Clone, Copy)]
struct Design {
    check: Check,
    lock: Option<Lock>,
    routing: Routing,
    timing: Timing,
    resizes: bool,
    crashes: bool,
}

fn with(check: Check) -> Design {
    Design {
        check,
        lock: None,
        routing: Routing::AnyNode,
        timing: Timing::asynchronous(),
        resizes: false,
        crashes: false,
    }
}

fn locked(lock: Lock, check: Check) -> Design {
    Design {
        lock: Some(lock),
        ..with(check)
    }
}

fn routed(routing: Routing) -> Design {
    Design {
        routing,
        ..with(Check::ThenAct)
    }
}

params! {
    struct Params {
        /// users who edit the first article; one more edits the second
        rivals: usize = 2, 2..=3;
        /// how often a node tries again to save
        retries: u8 = 10, 1..=10;
        /// how many nodes may crash
        crashes: u32 = 1, 1..=2;
    }
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    sys.timing(design.timing);
    let store = sys.actor("store", Store);
    let queue = sys.reserve("queue");
    let users = sys.actors("user", p.rivals + 1, |i| User {
        article: ARTICLES[usize::from(i == p.rivals)],
        store: store.id(),
        queue: queue.id(),
    });
    let n_nodes = NODES + usize::from(design.resizes);
    let nodes = sys.actors("node", n_nodes, |i| Node {
        check: design.check,
        store: store.id(),
        queue: (design.routing == Routing::AnyNode).then_some(queue.id()),
        keys: (design.routing == Routing::Grid).then(|| {
            let mut keys = Set::new();
            keys.extend(
                ARTICLES
                    .into_iter()
                    .filter(|&article| usize::from(article) % NODES == i),
            );
            keys
        }),
    });
    sys.set(
        queue,
        Queue {
            nodes: nodes.ids(),
            routing: design.routing,
            lock: design.lock,
        },
    );
    // Where time is known, only what a node asks of the store takes any.
    let at_once = Link::reliable().delay(0..=0);
    for node in nodes.ids() {
        sys.link(queue.id(), node, at_once.fifo());
        sys.link(node, queue.id(), at_once);
    }
    for user in users.ids() {
        sys.link_between(user, store.id(), at_once);
        sys.link_between(user, queue.id(), at_once);
    }
    if design.resizes {
        sys.stimulus("a node is added", queue.id(), Msg::Resize);
    }
    if design.crashes {
        sys.crashes(Crashes::stop(p.crashes).of(nodes.ids()).each(1));
    }

    sys.always(
        "an edit applies only to the version its author saw",
        move |s| {
            let mut applied = s[store].values().flatten();
            applied.all(|applied| applied.onto == applied.edit.saw)
        },
    );
    let of = users.clone();
    sys.always("an author is told the truth", move |s| {
        let is_applied = |user: Id| s[store].values().flatten().any(|a| a.edit.author == user);
        of.iter().all(|user| match s[user] {
            UserState::Answered(answer) => is_applied(user.id()) == (answer == Answer::Applied),
            _ => true,
        })
    });
    let (of, on) = (users.clone(), nodes.clone());
    sys.eventually("every edit is answered, unless a node crashes", move |s| {
        of.iter()
            .all(|user| matches!(s[user], UserState::Answered(_)))
            || on.iter().any(|node| !s.is_up(node))
    });
    if design.lock.is_some() {
        for (i, user) in users.iter().take(p.rivals).enumerate() {
            sys.leads_to(
                format!("user[{i}], if refused, gets a turn"),
                move |s| s[user] == UserState::Refused,
                move |s| {
                    let is_pending = s[queue].pending.values().any(|&author| author == user.id());
                    is_pending || matches!(s[user], UserState::Answered(_))
                },
            );
        }
        sys.stabilises("in the end no edit is pending", move |s| {
            s[queue].pending.is_empty()
        });
        let of = users.clone();
        sys.reachable("an author is refused", move |s| {
            of.iter().any(|user| s[user] == UserState::Refused)
        });
    }
    if design.timing != Timing::asynchronous() {
        let on = nodes.clone();
        sys.always("a lease ends only if a node has crashed", move |s| {
            !s[queue].has_expired || on.iter().any(|node| !s.is_up(node))
        });
    }
    let on = nodes.clone();
    match design.routing {
        Routing::AnyNode => {
            sys.stabilises(
                "in the end every node that is up has nothing to do",
                move |s| {
                    on.iter()
                        .all(|node| !s.is_up(node) || s[queue].idle.contains(&node.id()))
                },
            );
        }
        Routing::Modulo => {}
        Routing::Grid => {
            let added = nodes[NODES];
            sys.reachable("an article migrates to the new node", move |s| {
                !s[added].keys.is_empty()
            });
            sys.stabilises("in the end every article has an owner", move |s| {
                on.iter().flat_map(|node| &s[node].keys).count() == ARTICLES.len()
            });
            let on = nodes.clone();
            sys.always("an article has at most one owner", move |s| {
                ARTICLES.iter().all(|article| {
                    on.iter()
                        .filter(|node| s[*node].keys.contains(article))
                        .count()
                        <= 1
                })
            });
        }
    }
    let on = nodes.clone();
    sys.reachable("two articles are edited at once", move |s| {
        let current = on.iter().filter_map(|node| s.state(node)?.current);
        let articles: Set<Article> = current.map(|edit| edit.article).collect();
        articles.len() > 1
    });
    let told = |answer: Answer| {
        let of = users.clone();
        move |s: &Snapshot<'_, Msg>| of.iter().any(|user| s[user] == UserState::Answered(answer))
    };
    sys.reachable("an edit is applied", told(Answer::Applied));
    if let Check::OnSaveRetrying { .. } = design.check {
        let on = nodes.clone();
        sys.reachable("a node tries again", move |s| {
            on.iter().any(|node| s[node].retries > 0)
        });
    }
    if matches!(design.check, Check::ThenAct | Check::OnSave) {
        sys.reachable("an author is told of a conflict", told(Answer::Conflict));
    }
    sys
}

catalogue_entry! {
    "article-edit", Params,
    "Users edit the article that they saw, and several nodes process the commands.",
    source "CQRS, multiple write nodes for a single aggregate entry, while maintaining concurrency",
    "unchecked" => |p| system(p, with(Check::None)),
        violates "an edit applies only to the version its author saw";
    "check-then-act" => |p| system(p, with(Check::ThenAct)),
        violates "an edit applies only to the version its author saw";
    "optimistic-notify" => |p| system(p, Design { crashes: true, ..with(Check::OnSave) });
    "optimistic-retry" => |p| system(p, with(Check::OnSaveRetrying { retries: p.retries })),
        violates "an edit applies only to the version its author saw";
    "pending-lock" => |p| system(p, locked(Lock::Forever, Check::ThenAct));
    "pending-lock-unchecked" => |p| system(p, locked(Lock::Forever, Check::None)),
        violates "an edit applies only to the version its author saw";
    "pending-lock-crash" => |p| system(p, Design { crashes: true, ..locked(Lock::Forever, Check::ThenAct) }),
        violates "user[0], if refused, gets a turn",
        violates "user[1], if refused, gets a turn",
        violates "in the end no edit is pending";
    "pending-lock-lease" => |p| {
        let timing = Timing::synchronous();
        system(p, Design { timing, crashes: true, ..locked(Lock::Lease, Check::ThenAct) })
    };
    "pending-lock-lease-asynchronous" => |p| system(p, Design { crashes: true, ..locked(Lock::Lease, Check::ThenAct) }),
        violates "an edit applies only to the version its author saw";
    "pending-lock-lease-fenced" => |p| system(p, Design { crashes: true, ..locked(Lock::Lease, Check::OnSave) });
    "partitioned" => |p| system(p, routed(Routing::Modulo));
    "partitioned-resize" => |p| system(p, Design { resizes: true, ..routed(Routing::Modulo) }),
        violates "an edit applies only to the version its author saw";
    "grid" => |p| system(p, Design { resizes: true, ..routed(Routing::Grid) });
}
