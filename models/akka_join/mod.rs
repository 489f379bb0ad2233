//! Akka: forming a cluster from scratch. Somebody has to join itself, and only one.
//!
//! Source: "Akka Cluster manual join". The state machine of ConstructR is that of its repository, github.com/hseeberger/constructr.
//!
//! An actor system joins a cluster by asking *seed nodes* to let it in, and only the first of them may form a cluster by joining itself: "who knows
//! if the one machine everything relies on will be up". So the author wants no static list. All systems touch a file periodically; who starts looks
//! up who else did so recently; if there is nobody, it joins itself, otherwise it joins those. If that does not succeed in reasonable time, it tries
//! again: in the same actor system, which Akka ignores, or by terminating the system and starting anew, which is what the author ended up with. The
//! answers advise against files, and for an external supervisor, or for a lookup service with a lock (ConstructR).
//!
//! Where the source leaves something open:
//! - *InitJoin* and its answer are left out: a node sends *Join* to all seeds at once, who is in no cluster keeps silent, and the first *Welcome*
//!   counts. The first seed joins itself if none comes in time. Links keep their order, and hold one copy of equal content.
//! - A node touches its file after it has looked up the others' (`touch-file`), or before (`touch-first`).
//! - The store of files, and the lookup service, are one process that does not fail. A look-up shows one moment of it: the partly written files that
//!   one answer fears are not needed to break the design.
//! - As in ConstructR, a node is listed only once it is in the cluster; whoever finds nobody listed asks for the lock, and the lock is not given back
//!   but expires, so late that its holder is listed by then; if only an entry of its own is listed, a node joins itself without the lock.
//! - The supervisor has no detector of crashes: it learns of one when the node comes back and reports. Nodes then do not ask again by themselves.
//! - Crashed nodes stay down, except where the variant is about their return. In the variants after a blackout there are no further crashes.
//! - Of the lives of a node that restarts by itself only every second has a name of its own, so that they are finite. An answer that comes two lives
//!   late would be taken for a fresh one; no trace here has one, and with bounded delays there is none.
//!
//! `first-seed` breaks by the first seed's crash, `touch-file` by two nodes that look before either has touched. In `retry-in-place` the node that
//! the other wants to join dies; its file goes stale, nobody is listed any more, and the second attempt, to join itself, is ignored.
//! `join-timeout-restart` is the emergency that the author is afraid of, a restart of everything: the files of the last run are still recent, each
//! node sees the other's, asks it in vain, restarts, touches its own, and so for ever.
//!
//! Findings beyond the source:
//! - It is not asynchrony that keeps them apart: `join-timeout-restart-synchronous`, where all delays are known and every live node's file is always
//!   recent, keeps at most one cluster, but only because it never has any. So a partially synchronous system is no better off. To touch first cures
//!   the race, and nothing else (`touch-first`).
//! - `first-seed` is safe only while the first seed does not come back (`first-seed-restarts`): it joins itself again before the others have
//!   answered, while the cluster of its former life welcomes somebody.
//! - The same moment breaks the better designs, if they do not mind it. When the only member crashes, its *Welcome* to another node may still be
//!   under way, and that node then is the old cluster. A supervisor that forgets whom it ordered to join the crashed node forms a second cluster, or
//!   leaves that node waiting for ever (`supervisor-hasty`); it has to terminate whoever is in doubt (`supervisor`). And ConstructR's founder, back
//!   before the other is listed, finds nothing but its own old entry, and joins itself: two clusters although time is bounded and the lock never
//!   expires early (`lookup-lock-restart`).
//! - If the lock does expire on a slow node (`lookup-lock-expired`), there are two clusters; and a join time-out that is too short keeps a node out for ever.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `first-seed` | 38 | 88 | 7 |
//! | `first-seed-restarts` | 115 | 285 | 11 |
//! | `touch-file` | 612 | 3,005 | 14 |
//! | `touch-first` | 13,923 | 53,890 | 23 |
//! | `retry-in-place` | 6,476 | 39,253 | 22 |
//! | `join-timeout-restart` | 89,244 | 513,617 | 60 |
//! | `join-timeout-restart-synchronous` | 20,164 | 61,189 | 65 |
//! | `supervisor` | 232 | 385 | 17 |
//! | `supervisor-crash` | 460 | 853 | 18 |
//! | `supervisor-hasty` | 214 | 358 | 15 |
//! | `lookup-lock` | 8,755 | 24,023 | 35 |
//! | `lookup-lock-expired` | 29,876 | 155,475 | 44 |
//! | `lookup-lock-restart` | 52,946 | 140,588 | 45 |

mod node;
mod registry;
mod supervisor;

use allways::prelude::*;
use node::{Design, Failure, Node, Touch};
use registry::Registry;
use supervisor::{InDoubt, Supervisor};

message! {
    enum Msg {
        /// Akka's own, between nodes: let me in; you are in.
        Join(Life), Welcome { to: Life, cluster: Cluster },
        /// To the file system or lookup service: who is there; and its answer.
        LookUp(Life), Listed { to: Life, nodes: Set<Id> },
        /// To the file system: I am up. To the lookup service: I am in the cluster.
        Touch,
        /// To the lookup service: may I be the first; and its answer.
        Lock(Life), Locked { to: Life, granted: bool },
        /// To the supervisor: I have started; I am in the cluster.
        Started(Life), Joined,
        /// From the environment: the node is switched on.
        SwitchOn,
        /// From the supervisor.
        Order { to: Life, order: Order },
    }

    #[derive(Copy)]
    enum Order { JoinSelf, Join(Id), Terminate }

    /// Tells one run of a node's actor system from the others, as the unique identifier in its address does: answers to another life are not taken
    /// for its own.
    #[derive(Copy)]
    struct Life { crashes: u8, restarts: u8 }

    /// A cluster, by who formed it. Who is a member leaves it only by crashing, so the number of crashes says in which life.
    #[derive(Copy)]
    struct Cluster { founder: Id, crashes: u8 }

    enum Timer {
        /// Joining has not succeeded in reasonable time.
        JoinTimeout,
        /// Time to look up again, after the lock was refused.
        LookAgain,
        /// Time to touch the file again, or to refresh the entry.
        Touch,
        /// The node's file is not recent any more; its entry is gone.
        Stale(Id),
        /// The lock's time to live is over.
        Expired,
    }
}

params! {
    struct Params {
        /// nodes; where time-outs make three too many, there are two
        nodes: usize = 2, 2..=3;
        /// crashes of nodes
        crashes: u32 = 1, 1..=2;
    }
}

/// Where a design is tried.
struct Setting {
    timing: Timing,
    /// Whether crashed nodes come back.
    recovers: bool,
    /// Whether the files of a former run are still recent when the nodes start.
    after_blackout: bool,
    /// Whether nodes are switched on one by one, at any time; else all start at once.
    switched_on: bool,
    supervisor: InDoubt,
    supervisor_may_crash: bool,
    nodes_max: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Setting {
            timing: Timing::asynchronous(),
            recovers: false,
            after_blackout: false,
            switched_on: false,
            supervisor: InDoubt::Terminated,
            supervisor_may_crash: false,
            nodes_max: 3,
        }
    }
}

fn system(p: &Params, design: Design, setting: Setting) -> System<Msg> {
    let mut sys = System::new();
    sys.timing(setting.timing);
    sys.links(Link::reliable().fifo().capacity(1));
    let nodes: Handles<Node> = (0..p.nodes.min(setting.nodes_max))
        .map(|i| sys.reserve(format!("node[{i}]")))
        .collect();
    let mut supervisor = None;
    let mut lookup_service = None;
    let outside = match design {
        Design::FirstSeed => None,
        Design::TouchFile(..) => {
            let left_behind = if setting.after_blackout {
                nodes.ids()
            } else {
                Vec::new()
            };
            let lists_all = false;
            let files = Registry {
                left_behind,
                lists_all,
            };
            Some(sys.actor("files", files).id())
        }
        Design::LookupLock => {
            let lookup = Registry {
                left_behind: Vec::new(),
                lists_all: true,
            };
            let handle = sys.actor("lookup", lookup);
            lookup_service = Some(handle);
            Some(handle.id())
        }
        Design::Supervised => {
            let in_doubt = setting.supervisor;
            let handle = sys.actor("supervisor", Supervisor { in_doubt });
            supervisor = Some(handle);
            Some(handle.id())
        }
    };
    for node in nodes.iter() {
        let nodes = nodes.ids();
        sys.set(
            node,
            Node {
                design,
                nodes,
                outside,
                switched_on: setting.switched_on,
            },
        );
        if setting.switched_on {
            let name = format!("node[{}] is switched on", usize::from(node.id()));
            sys.stimulus(name, node.id(), Msg::SwitchOn).must_happen();
        }
    }
    // The blackout is crash enough.
    if !setting.after_blackout {
        let crashes = match setting.recovers {
            true => Crashes::recovery(p.crashes).recovers(),
            false => Crashes::stop(p.crashes),
        };
        sys.crashes(crashes.of(nodes.ids()));
    }
    if setting.supervisor_may_crash {
        sys.crashes(Crashes::stop(1).of(outside));
    }

    // The clusters that live nodes are in; `None` for a live node that is in none.
    fn clusters<'a>(
        s: &'a Snapshot<'_, Msg>,
        nodes: &'a Handles<Node>,
    ) -> impl Iterator<Item = Option<Cluster>> + 'a {
        let live = nodes.iter().filter_map(|node| s.state(node));
        live.map(|state| state.cluster())
    }
    let of = nodes.clone();
    sys.always("at most one cluster", move |s| {
        let different: Set<Cluster> = clusters(s, &of).flatten().collect();
        different.len() <= 1
    });
    let of = nodes.clone();
    sys.eventually("a cluster forms, or no node is left", move |s| {
        let live: Vec<Option<Cluster>> = clusters(s, &of).collect();
        live.is_empty() || live.iter().any(|cluster| cluster.is_some())
    });
    let of = nodes.clone();
    sys.stabilises("in the end every live node is a member", move |s| {
        clusters(s, &of).all(|cluster| cluster.is_some())
    });
    let of = nodes.clone();
    sys.reachable("two nodes are in one cluster", move |s| {
        let members: Vec<Cluster> = clusters(s, &of).flatten().collect();
        members.len() > 1 && members.iter().all(|cluster| *cluster == members[0])
    });
    if let Design::TouchFile(_, Failure::Restart) = design {
        let of = nodes.clone();
        sys.reachable("a node terminates and starts again", move |s| {
            of.iter()
                .filter_map(|node| s.state(node))
                .any(|state| state.life.restarts > 0)
        });
    }
    if design == Design::FirstSeed {
        let of = nodes.clone();
        let first = nodes[0];
        sys.stabilises(
            "in the end every live node is a member, or the first seed is down",
            move |s| !s.is_up(first) || clusters(s, &of).all(|cluster| cluster.is_some()),
        );
    }
    if let Some(lookup) = lookup_service
        && setting.switched_on
    {
        let of = nodes.clone();
        sys.stabilises("in the end every live node is listed", move |s| {
            let mut live = of.iter().filter(|node| s.is_up(*node));
            live.all(|node| s[lookup].recent.contains(&node.id()))
        });
    }
    if let Some(supervisor) = supervisor
        && setting.supervisor_may_crash
    {
        sys.stabilises(
            "in the end every live node is a member, or the supervisor is down",
            move |s| !s.is_up(supervisor) || clusters(s, &nodes).all(|cluster| cluster.is_some()),
        );
    }
    sys
}

catalogue_entry! {
    "akka-join", Params,
    "Forming a cluster from scratch: who may be the first to join itself.",
    source "Akka Cluster manual join",
    "first-seed" => |p| system(p, Design::FirstSeed, Setting::default()),
        violates "a cluster forms, or no node is left",
        violates "in the end every live node is a member";
    "first-seed-restarts" => |p| system(p, Design::FirstSeed, Setting { recovers: true, ..Setting::default() }),
        violates "at most one cluster";
    "touch-file" => |p| system(p, Design::TouchFile(Touch::After, Failure::Ignored), Setting::default()),
        violates "at most one cluster",
        violates "in the end every live node is a member";
    "touch-first" => |p| system(p, Design::TouchFile(Touch::First, Failure::Ignored),
            Setting { timing: Timing::synchronous(), nodes_max: 2, ..Setting::default() }),
        violates "a cluster forms, or no node is left",
        violates "in the end every live node is a member";
    "retry-in-place" => |p| system(p, Design::TouchFile(Touch::After, Failure::RetryInPlace), Setting { nodes_max: 2, ..Setting::default() }),
        violates "at most one cluster",
        violates "in the end every live node is a member";
    "join-timeout-restart" => |p| system(p, Design::TouchFile(Touch::After, Failure::Restart),
            Setting { after_blackout: true, nodes_max: 2, ..Setting::default() }),
        violates "at most one cluster",
        violates "a cluster forms, or no node is left",
        violates "in the end every live node is a member";
    "join-timeout-restart-synchronous" => |p| system(p, Design::TouchFile(Touch::After, Failure::Restart),
            Setting { timing: Timing::synchronous(), after_blackout: true, nodes_max: 2, ..Setting::default() }),
        violates "two nodes are in one cluster",
        violates "a cluster forms, or no node is left",
        violates "in the end every live node is a member";
    "supervisor" => |p| system(p, Design::Supervised, Setting { recovers: true, ..Setting::default() });
    "supervisor-crash" => |p| system(p, Design::Supervised, Setting { recovers: true, supervisor_may_crash: true, ..Setting::default() }),
        violates "a cluster forms, or no node is left",
        violates "in the end every live node is a member";
    "supervisor-hasty" => |p| system(p, Design::Supervised,
            Setting { recovers: true, supervisor: InDoubt::Forgotten, ..Setting::default() }),
        violates "at most one cluster",
        violates "in the end every live node is a member";
    "lookup-lock" => |p| system(p, Design::LookupLock,
            Setting { timing: Timing::synchronous(), switched_on: true, ..Setting::default() });
    "lookup-lock-expired" => |p| system(p, Design::LookupLock, Setting { nodes_max: 2, ..Setting::default() }),
        violates "at most one cluster",
        violates "in the end every live node is a member";
    "lookup-lock-restart" => |p| system(p, Design::LookupLock,
            Setting { timing: Timing::synchronous(), recovers: true, nodes_max: 2, ..Setting::default() }),
        violates "at most one cluster";
}
