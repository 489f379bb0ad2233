//! A state that is read, and a change that is pushed: which of them reaches the screen last?
//!
//! Source: "What server-side architectures could provide high availability and avoid race conditions?"
//!
//! Servers S1 and S2 share the Cassandra nodes DB1 and DB2. A user opens the browser C1, which asks S1 for the state of an item: S1 reads it at one of
//! the nodes and sends it as M1. In the browser C2 he toggles the item: S2 writes it to one of the nodes, which sync, and publishes the change in a
//! queue; S1 is told, and sends it to C1 as M2. "On C1, what arrives first, M1 or M2? M1 might include the state update contained in M2, or not."
//!
//! In the end the screen is to show the latest state, and the toggle is to be answered, also where nodes or servers do not reach each other.
//!
//! What the checker makes of the cures:
//! - *Versions* (`versioned`): with the version of the item in M1 and M2, C1 drops what is older. That holds, also while DB1 and DB2 are cut off from
//!   each other for ever (`versioned-cut`), as long as every M2 reaches C1. It does not for a change that comes to S1 before C1 is connected: S1 has
//!   nobody to tell, and then reads an older state at the other node (`versioned-connecting`). If S1 remembers the newest of what was pushed to it, and
//!   never sends anything older, that race is gone (`versioned-remembered`). And nobody tells C1 if S2 stops between the write and the push, which are
//!   two steps (`versioned-server-stops`).
//! - *Hooks* (`replica-hook`): the node at which the state was read tells S1 of each change when the change gets there. On one connection M1 and M2 are
//!   in order by themselves, without any version, and S2 may stop when it likes (`replica-hook-server-stops`): the push is no step of its own. The price
//!   is that C1 sees no more than its node: cut off from the other, it shows an old state for ever (`replica-hook-cut`).
//! - *Merging*: a boolean that is toggled is not monotonic. To push "it is the other way round" is wrong where M1 has it already (`toggle-naive`), and to
//!   take *on* from whoever says so never gets it off again (`toggle-joined`). A last-writer-wins register holds (`toggle-lww`). So does what the
//!   question despairs of, operations with sequence numbers (`operation-transfer`): a set of toggles is monotonic, although its parity is not, and of two
//!   toggles at the same time it loses none.
//! - *A lock server* (`lock-server`): it holds, if the lock is kept until M2 is on its way, and the queue delivers exactly once. Redelivered later, a
//!   change that was shown under the lock is shown again without it (`lock-server-redelivery`). When DB1 is down everybody waits (`lock-server-down`),
//!   and also when somebody stops who has the lock (`lock-server-holder-stops`).
//! - *A consistent store* (`consistent-store`): "more tractable", says the question, and it is not more than that. One linearizable store in the place of
//!   the nodes leaves the race as it is: what S1 has read is old when it arrives behind M2. It holds if what is pushed is only that there is something to
//!   be read, and S1 reads again (`consistent-store-reread`). Under a partition it does not answer (`consistent-store-cut`), where `versioned-cut` does.
//!
//! Where the source leaves something open:
//! - The item is off in the beginning, and C2 shows it. The user toggles what a screen shows, and only after the last toggle of that screen is answered.
//!   In the `toggle-` variants and `operation-transfer` he toggles in both browsers.
//! - Writes carry the time of a logical clock of the server, and the later wins on every node, as in Cassandra. Nodes exchange each write by itself, in
//!   any order. A server that reads or writes chooses a node freely.
//! - Browsers, servers and nodes talk over connections that keep their order. The queue does not, and, where a variant does not say otherwise, repeats
//!   messages, as NSQ does; variants that break without that have a queue that delivers exactly once.
//! - C1's connection is there from the beginning, and its request follows: only `versioned-connecting`, `versioned-remembered`, the hooks and
//!   `consistent-store-reread` and `-cut` let pushes come before it. The question itself has both sent on it.
//! - A partition that heals is a long delay, and there is no bound on delays here: only one that stays is a fault of its own.
//! - Under the lock, and in the consistent store, a write is done when both nodes have it.
//!
//! The shortest traces: in `as-asked` S1 reads, the toggle is written, published and pushed, and only then the answer to the read becomes M1: M2 arrives
//! first. `consistent-store` has the same trace with a synchronous write in it. In `toggle-naive` the read comes after the write, so M1 includes what M2
//! flips. `toggle-joined` needs two toggles: on, and off again. In `lock-server-redelivery` the queue keeps the change to *on* until *off* is shown. In
//! the variants where something stops or is cut off, it is the last that happens, or what never happens after it.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `as-asked` | 6,488 | 23,531 | 25 |
//! | `versioned` | 21,374 | 84,289 | 27 |
//! | `versioned-cut` | 12,064 | 43,795 | 26 |
//! | `versioned-connecting` | 28,654 | 110,293 | 24 |
//! | `versioned-remembered` | 23,254 | 92,779 | 24 |
//! | `versioned-server-stops` | 13,871 | 57,094 | 25 |
//! | `replica-hook` | 1,774 | 4,886 | 23 |
//! | `replica-hook-server-stops` | 3,978 | 12,459 | 24 |
//! | `replica-hook-cut` | 3,548 | 10,117 | 24 |
//! | `toggle-naive` | 3,434 | 11,316 | 25 |
//! | `toggle-joined` | 5,456 | 18,711 | 25 |
//! | `toggle-lww` | 21,639 | 81,987 | 27 |
//! | `operation-transfer` | 18,252 | 70,269 | 27 |
//! | `lock-server` | 834 | 1,978 | 38 |
//! | `lock-server-redelivery` | 3,770 | 10,853 | 41 |
//! | `lock-server-down` | 1,662 | 4,352 | 39 |
//! | `lock-server-holder-stops` | 1,907 | 5,196 | 39 |
//! | `consistent-store` | 763 | 1,768 | 24 |
//! | `consistent-store-reread` | 2,597 | 7,103 | 29 |
//! | `consistent-store-cut` | 5,194 | 16,572 | 30 |

use allways::prelude::*;

mod browser;
mod item;
mod node;
mod server;

use browser::{Browser, Screen};
use item::{Change, Item, Operation, Stamp};
use node::{Node, Queue};
use server::AppServer;

message! {
    enum Msg {
        /// The user presses the toggle.
        Press,
        /// Browser to server: connects, and asks for the state.
        Open,
        /// Browser to server: turn it on, or off.
        Toggle { to: bool },
        /// Server to browser: your toggle is written.
        Toggled(Change),
        /// Server to browser: the state, as a database node has it.
        M1(Item),
        /// Server to browser: a change that was made elsewhere.
        M2(Change),
        /// Server to node: what is the state? And what is it, and tell me whenever it changes.
        Read, ReadAndHook,
        /// The node's answer.
        Value(Item),
        /// A change has reached the node.
        Reached(Item),
        /// Server to node, and the answer.
        Write(Item), Written(Item),
        /// Node to node, in its own time.
        Replicate(Item),
        /// Node to node, before the write is answered; and the answer.
        Copy { item: Item, writer: Id }, Copied { item: Item, writer: Id },
        /// Server to the queue, queue to the other server.
        Publish(Change), Push(Change),
        /// To the lock server, and its answer.
        Lock, Granted, Unlock,
        /// Server to server: what you published is on its way to my browser.
        Shown(Change),
    }
}

/// What the database is.
#[derive(Clone, Copy, PartialEq)]
enum Store {
    /// A write is done when one node has it; the other hears of it in its own time.
    Eventual,
    /// The same nodes under a lock that DB1 keeps: each operation as a whole, from the read or write up to M1 or M2. A write is done when
    /// both nodes have it.
    Locked,
    /// DB1 is the primary, which alone is read and written; a write is done when the standby DB2 has it too.
    Consistent,
}

/// Who tells the other server of a change, and what.
#[derive(Clone, Copy, PartialEq)]
enum Push {
    /// The server that wrote it, through the queue: what it wrote.
    Changes,
    /// The same: that it is the other way round.
    Flips,
    /// The same: that something was written.
    Notices,
    /// The node at which the state was read, when the change reaches it.
    Hook,
}

/// The faults, besides what the queue repeats.
#[derive(Clone, Copy, PartialEq)]
enum Faults {
    None,
    /// S2 stops.
    ServerStops,
    /// DB1 stops.
    NodeStops,
    /// DB1 and DB2 do not reach each other any more.
    Cut,
}

/// In what the variants differ.
#[derive(Clone, Copy)]
struct Design {
    store: Store,
    push: Push,
    screen: Screen,
    /// What is stored and sent are toggles, not states.
    operations: bool,
    /// A server remembers the newest of what was pushed to it, and never sends anything older.
    remembers: bool,
    /// The user toggles in both browsers, not in C2 alone.
    both_toggle: bool,
    /// S1 may be told of changes before C1 is connected.
    connects_late: bool,
    /// The queue delivers at least once, not exactly once.
    redelivers: bool,
    faults: Faults,
}

/// The architecture as the question has it.
const AS_ASKED: Design = Design {
    store: Store::Eventual,
    push: Push::Changes,
    screen: Screen::Replaces,
    operations: false,
    remembers: false,
    both_toggle: false,
    connects_late: false,
    redelivers: false,
    faults: Faults::None,
};

/// Per-item versions.
const VERSIONED: Design = Design {
    screen: Screen::KeepsNewest,
    redelivers: true,
    ..AS_ASKED
};

/// Changes are pushed by the node that is read.
const REPLICA_HOOK: Design = Design {
    push: Push::Hook,
    connects_late: true,
    ..AS_ASKED
};

/// Both browsers toggle.
const TOGGLE: Design = Design {
    both_toggle: true,
    redelivers: true,
    ..AS_ASKED
};

/// DB1 as lock server.
const LOCK_SERVER: Design = Design {
    store: Store::Locked,
    ..AS_ASKED
};

/// One linearizable store.
const CONSISTENT_STORE: Design = Design {
    store: Store::Consistent,
    ..AS_ASKED
};

/// The same, and what is pushed is that there is something to be read.
const CONSISTENT_STORE_REREAD: Design = Design {
    push: Push::Notices,
    connects_late: true,
    redelivers: true,
    ..CONSISTENT_STORE
};

params! {
    struct Params {
        /// toggles altogether; where both browsers toggle, C1 has the smaller half
        toggles: u32 = 2, 2..=3;
        /// messages that the queue repeats, where it delivers at least once
        redeliveries: u32 = 1, 1..=2;
    }
}

/// Browsers with their servers, nodes, and the queue, where there is one.
struct Parts {
    sides: [(Handle<Browser>, Handle<AppServer>); 2],
    nodes: [Handle<Node>; 2],
    queue: Option<Handle<Queue>>,
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    let [c1, c2] = ["C1", "C2"].map(|name| sys.reserve::<Browser>(name));
    let [s1, s2] = ["S1", "S2"].map(|name| sys.reserve::<AppServer>(name));
    let [db1, db2] = ["DB1", "DB2"].map(|name| sys.reserve::<Node>(name));
    let servers = [s1.id(), s2.id()];
    let queue = (design.push != Push::Hook).then(|| sys.actor("queue", Queue { servers }));

    let off = if design.operations {
        Item::Operations(Set::new())
    } else {
        let written = Stamp(0, s1.id());
        Item::State { written, on: false }
    };
    for (browser, server, initial) in [(c1, s1, None), (c2, s2, Some(off.clone()))] {
        let browser_of = Browser {
            server: server.id(),
            screen: design.screen,
            initial,
        };
        sys.set(browser, browser_of);
    }
    for (server, other, browser, connected) in
        [(s1, s2, c1, !design.connects_late), (s2, s1, c2, true)]
    {
        let server_of = AppServer {
            design,
            browser: browser.id(),
            connected,
            other: other.id(),
            queue: queue.map(|queue| queue.id()),
            nodes: [db1.id(), db2.id()],
        };
        sys.set(server, server_of);
    }
    for (node, other) in [(db1, db2), (db2, db1)] {
        let node_of = Node {
            other: other.id(),
            store: design.store,
            initial: off.clone(),
        };
        sys.set(node, node_of);
    }

    let parts = Parts {
        sides: [(c1, s1), (c2, s2)],
        nodes: [db1, db2],
        queue,
    };
    network(&mut sys, p, design, &parts);
    properties(&mut sys, design, &parts);
    sys
}

/// Links, faults and what the user does.
fn network(sys: &mut System<Msg>, p: &Params, design: Design, parts: &Parts) {
    let &Parts {
        sides: [(c1, s1), (c2, s2)],
        nodes: [db1, db2],
        queue,
    } = parts;
    sys.links(Link::reliable().fifo());
    let pushes = if design.redelivers {
        Link::reliable().duplicates(p.redeliveries)
    } else {
        Link::reliable()
    };
    if let Some(queue) = queue {
        for server in [s1, s2] {
            sys.link(queue.id(), server.id(), pushes);
        }
    }
    sys.link_between(db1.id(), db2.id(), Link::reliable().unordered());
    match design.faults {
        Faults::None => {}
        Faults::ServerStops => sys.crashes(Crashes::stop(1).of([s2.id()]).inside_handlers()),
        Faults::NodeStops => sys.crashes(Crashes::stop(1).of([db1.id()])),
        Faults::Cut => sys.partitions(Partitions::between([db1.id()], [db2.id()]).never_heals()),
    }
    let at_c1 = if design.both_toggle { p.toggles / 2 } else { 0 };
    sys.stimulus("the user toggles in C2", c2.id(), Msg::Press)
        .times(p.toggles - at_c1);
    if at_c1 > 0 {
        sys.stimulus("the user toggles in C1", c1.id(), Msg::Press)
            .times(at_c1);
    }
}

fn properties(sys: &mut System<Msg>, design: Design, parts: &Parts) {
    let &Parts {
        sides,
        nodes: [db1, db2],
        ..
    } = parts;
    let [(c1, s1), (_, s2)] = sides;
    // What the database holds: of two nodes that differ the newer has it, but a standby holds what is not yet done.
    let latest = move |s: &Snapshot<'_, Msg>| match (s.state(db1), s.state(db2)) {
        (Some(primary), _) if design.store == Store::Consistent => primary.item.on(),
        (Some(one), Some(other)) => one.item.join(&other.item).on(),
        (one, other) => one.or(other).is_some_and(|node| node.item.on()),
    };
    let waits = move |s: &Snapshot<'_, Msg>| sides.iter().any(|(browser, _)| s[*browser].waiting);
    sys.stabilises("the screen shows the latest state", move |s| {
        let mut served = sides.iter().filter(|(_, server)| s.is_up(*server));
        served.all(|(browser, _)| s[*browser].shows() == Some(latest(s)))
    });
    sys.leads_to("every toggle is answered", waits, move |s| {
        sides
            .iter()
            .all(|(browser, server)| !s[*browser].waiting || !s.is_up(*server))
    });
    if !design.both_toggle || design.operations {
        // Of states that two servers write at the same time one wins.
        sys.stabilises("no toggle is lost", move |s| {
            let toggles: u8 = sides.iter().map(|(browser, _)| s[*browser].toggles).sum();
            waits(s) || latest(s) == (toggles % 2 == 1)
        });
    }
    sys.stabilises("nodes that reach each other agree", move |s| {
        let (one, other) = (s.state(db1), s.state(db2));
        match one.zip(other) {
            Some((one, other)) => one.item == other.item || s.is_partitioned(),
            None => true,
        }
    });
    match design.store {
        Store::Eventual => {}
        Store::Locked => sys.always("one server at a time holds the lock", move |s| {
            let holds = |server| {
                s.state::<AppServer>(server)
                    .is_some_and(|state| state.holds_lock)
            };
            !(holds(s1) && holds(s2))
        }),
        Store::Consistent => sys.always("what is done is on both nodes", move |s| {
            s[db2].item.join(&s[db1].item) == s[db2].item
        }),
    }
    sys.reachable("a toggle shows on the other screen", move |s| {
        s[c1].shows() == Some(true) && s[c1].toggles == 0
    });
}

catalogue_entry! {
    "session-push", Params,
    "A browser asks for a state while another changes it: what the screen shows in the end.",
    source "What server-side architectures could provide high availability and avoid race conditions?",
    "as-asked" => |p| system(p, AS_ASKED),
        violates "the screen shows the latest state";
    "versioned" => |p| system(p, VERSIONED);
    "versioned-cut" => |p| system(p, Design { redelivers: false, faults: Faults::Cut, ..VERSIONED });
    "versioned-connecting" => |p| system(p, Design { connects_late: true, ..VERSIONED }),
        violates "the screen shows the latest state";
    "versioned-remembered" => |p| system(p, Design { connects_late: true, remembers: true, ..VERSIONED });
    "versioned-server-stops" => |p| system(p, Design { redelivers: false, faults: Faults::ServerStops, ..VERSIONED }),
        violates "the screen shows the latest state";
    "replica-hook" => |p| system(p, REPLICA_HOOK);
    "replica-hook-server-stops" => |p| system(p, Design { faults: Faults::ServerStops, ..REPLICA_HOOK });
    "replica-hook-cut" => |p| system(p, Design { faults: Faults::Cut, ..REPLICA_HOOK }),
        violates "the screen shows the latest state";
    "toggle-naive" => |p| system(p, Design { push: Push::Flips, screen: Screen::Flips, redelivers: false, ..TOGGLE }),
        violates "the screen shows the latest state";
    "toggle-joined" => |p| system(p, Design { screen: Screen::Joins, redelivers: false, ..TOGGLE }),
        violates "the screen shows the latest state";
    "toggle-lww" => |p| system(p, Design { screen: Screen::KeepsNewest, ..TOGGLE });
    "operation-transfer" => |p| system(p, Design { screen: Screen::KeepsNewest, operations: true, ..TOGGLE });
    "lock-server" => |p| system(p, LOCK_SERVER);
    "lock-server-redelivery" => |p| system(p, Design { redelivers: true, ..LOCK_SERVER }),
        violates "the screen shows the latest state";
    "lock-server-down" => |p| system(p, Design { faults: Faults::NodeStops, ..LOCK_SERVER }),
        violates "the screen shows the latest state",
        violates "every toggle is answered";
    "lock-server-holder-stops" => |p| system(p, Design { faults: Faults::ServerStops, ..LOCK_SERVER }),
        violates "the screen shows the latest state";
    "consistent-store" => |p| system(p, CONSISTENT_STORE),
        violates "the screen shows the latest state";
    "consistent-store-reread" => |p| system(p, CONSISTENT_STORE_REREAD);
    "consistent-store-cut" => |p| system(p, Design { faults: Faults::Cut, ..CONSISTENT_STORE_REREAD }),
        violates "every toggle is answered";
}
