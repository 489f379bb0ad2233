//! Raft: what a majority has is safe, if one looks closely at what "has" means.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 10, Replication. The protocol and the names of its properties are those of Ongaro and
//! Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended version, 2014); changes of the cluster by one server at a time are
//! those of Ongaro's dissertation (2014), chapter 4, and what is wrong with them of his message "bug in single-server membership changes" to the
//! list raft-dev (2015).
//!
//! To clients "the data appears to be stored on a single process". A leader, elected by a majority, orders what clients ask in its log
//! and copies it to the others. What a majority has is *committed*, and given to the state machines; since any two majorities have
//! a server in common, the next leader has it too. The broken variants are three ways to get that almost right.
//!
//! - `volatile-vote`: a vote is not saved before it is given. A server votes, crashes, comes back, and votes again in the same term: each of two
//!   candidates has a majority, and the server in common is the one that forgot. Saved in time, the vote also survives a crash in the middle
//!   of a handler (`correct-crash-inside`).
//! - `commit-older-term`: a leader counts an entry of an *older* term as committed as soon as a majority has it. Figure 8 of the paper: the leader of
//!   term 1 comes back in term 3 and brings its entry to a majority; but the leader of term 2, whose own entry nobody else has, is
//!   still ahead of that majority, wins term 4, and overwrites what was committed. The right rule (`commit-own-term`) counts entries of the leader's
//!   own term alone; older ones are committed along with them (`commit-own-term-along`).
//! - `single-server-change`: a leader takes out one server at a time, the next when the last is committed; so the majorities before and after
//!   a change have a server in common. But a change that was begun in term 1, and that nobody was told of, is still in force at its leader when
//!   the leader of term 2 commits another one. The clusters without `server[1]` and without `server[0]` have majorities that do not meet, and
//!   the first leader is elected in term 3 without what was committed in term 2. The cure (`single-server-change-noop`): a leader changes
//!   nothing before an entry of its own term is committed, which leaves a forgotten change no majority; so it begins its term with one that does
//!   nothing.
//!
//! What is safe is not yet done. `repair` begins with the logs of Figure 7: a follower that lacks entries, and one that has others, come to have what the leader has, which
//! goes back with each of them to where both agree, and sends on from there; and all state machines are given it.
//!
//! Where the source leaves something open:
//! - Links are reliable and unordered; a message may take for ever, and for safety that is as good as lost. So nothing is sent twice, and
//!   a request of an older term is ignored: the paper's answer with the newer term only hastens matters.
//! - Heartbeats that would say nothing new are left out. Who has something to tell a follower does so when its heartbeat is due.
//!   What is committed is told at once in `correct` and `repair`, elsewhere with the next entry.
//! - A leader always has a client's request to take. There is one operator, who has a leader take out one server in its term, or none.
//! - Figure 8 has five servers and crashes; three servers do, and a leader that is not heard of needs not crash.
//! - Terms and the length of logs are bounded by what a variant is about, and all verdicts are within these bounds.
//! - `repair` begins with the leader elected. Nobody else calls an election, or there need not be an end.
//! - The variants about Figure 8 and about changes begin in the middle: each server has just started again with what it had saved, but for the
//!   leader of term 2 in those about changes. That a run with empty logs comes there is the witness of each `…-start` (messages that are still under
//!   way there are as good as lost). With `start=empty` the whole way is gone, which takes minutes.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `correct` | 51,058 | 112,275 | 26 |
//! | `correct-crash` | 88,498 | 221,581 | 25 |
//! | `correct-crash-inside` | 7,087 | 16,999 | 13 |
//! | `repair` | 446 | 1,035 | 20 |
//! | `volatile-vote` | 394 | 763 | 8 |
//! | `commit-older-term` | 50,506 | 108,844 | 30 |
//! | `commit-older-term-start` | 745 | 1,497 | 14 |
//! | `commit-own-term` | 37,463 | 86,926 | 29 |
//! | `commit-own-term-along` | 11,629 | 29,539 | 26 |
//! | `single-server-change` | 2,215 | 6,533 | 21 |
//! | `single-server-change-start` | 4,885 | 12,274 | 15 |
//! | `single-server-change-noop` | 27,570 | 77,024 | 28 |
//! | `single-server-change-noop-start` | 42,467 | 117,621 | 28 |

use allways::prelude::*;

mod server;
mod start;

use server::{CORRECT, Changes, Command, Design, Entry, Msg, Role, Server, State, Term, Timer};
use start::Start;

params! {
    struct Params {
        /// servers, in the variants that begin with empty logs
        servers: usize = 3, 3..=4;
        /// terms beyond those that a variant is about
        more_terms: u8 = 0, 0..=1;
        /// entries beyond those that a variant is about
        more_entries: usize = 0, 0..=1;
        /// crashes beyond those that a variant is about
        more_crashes: u32 = 0, 0..=1;
        /// where the variants about Figure 8 and about changes begin: in the state that they give, or with empty logs
        start: &'static str = "given", ["given", "empty"];
    }
}

/// How far a check goes.
struct Bounds {
    terms: Term,
    log: usize,
    crashes: u32,
    /// Whether servers crash also in the middle of a handler, between one save or message and the next.
    inside_handlers: bool,
    /// The servers that call elections, those that clients ask, and those that the operator may take out.
    candidates: Vec<usize>,
    asked: Vec<usize>,
    removable: Vec<usize>,
    announces: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            terms: 2,
            log: 1,
            crashes: 0,
            inside_handlers: false,
            candidates: vec![0, 1, 2],
            asked: Vec::new(),
            removable: Vec::new(),
            announces: false,
        }
    }
}

fn ids(servers: impl IntoIterator<Item = usize>) -> Set<Id> {
    servers.into_iter().map(Id::from).collect()
}

fn system(
    p: &Params,
    design: Design,
    start: &Start,
    bounds: &Bounds,
) -> (System<Msg>, Handles<Server>) {
    let mut sys = System::new();
    let n = start.kept.len();
    let cluster = sys.actors("server", n, |i| Server {
        design,
        servers: ids(0..n),
        stands: bounds.candidates.contains(&i),
        is_asked: bounds.asked.contains(&i),
        announces: bounds.announces,
        removable: ids(bounds.removable.iter().copied()),
        start: start.kept[i].clone(),
        starts_as_leader: start.leader == Some(i),
    });
    let crashes = bounds.crashes + p.more_crashes;
    if crashes > 0 {
        let crashes = Crashes::recovery(crashes);
        sys.crashes(match bounds.inside_handlers {
            true => crashes.inside_handlers(),
            false => crashes,
        });
    }
    let terms = bounds.terms + p.more_terms;
    let of = cluster.clone();
    sys.within(format!("terms ≤ {terms}"), move |s| {
        live(s, &of).all(|(_, state)| state.kept.term <= terms)
    });
    let entries = bounds.log + p.more_entries;
    let of = cluster.clone();
    sys.within(format!("entries in a log ≤ {entries}"), move |s| {
        live(s, &of).all(|(_, state)| state.kept.log.len() <= entries)
    });
    properties(&mut sys, &cluster);
    hygiene(&mut sys, &cluster, design, &bounds.candidates);
    (sys, cluster)
}

/// The properties of Figure 3 of the paper but one: that a leader only appends can be seen in its code.
fn properties(sys: &mut System<Msg>, cluster: &Handles<Server>) {
    let of = cluster.clone();
    sys.always("election safety", move |s| {
        let terms: Vec<Term> = leaders(s, &of).map(|leader| leader.kept.term).collect();
        terms.iter().copied().collect::<Set<Term>>().len() == terms.len()
    });
    let of = cluster.clone();
    sys.always("log matching", move |s| {
        pairs(s, &of).all(|(a, b)| {
            let (a, b) = (&a.kept.log, &b.kept.log);
            let same = a.iter().zip(b).rposition(|(a, b)| a.term == b.term);
            same.is_none_or(|place| a[..=place] == b[..=place])
        })
    });
    let of = cluster.clone();
    sys.always("leader completeness", move |s| {
        leaders(s, &of).all(|leader| {
            let earlier = live(s, &of).filter(|(_, other)| other.kept.term <= leader.kept.term);
            let mut applied = earlier.map(|(_, other)| &other.applied);
            applied.all(|applied| leader.kept.log.starts_with(applied))
        })
    });
    let of = cluster.clone();
    sys.always("state-machine safety", move |s| {
        pairs(s, &of).all(|(a, b)| a.applied.iter().zip(&b.applied).all(|(a, b)| a == b))
    });
}

/// What Figure 2 of the paper says of every moment: what must be saved is saved, and each role waits for what it has to wait for.
fn hygiene(sys: &mut System<Msg>, cluster: &Handles<Server>, design: Design, candidates: &[usize]) {
    if design.saves_votes {
        let of = cluster.clone();
        sys.always("whatever must survive a crash is saved", move |s| {
            let mut up = of
                .iter()
                .filter_map(|server| Some((server, s.state(server)?)));
            up.all(|(server, state)| s.storage(server) == Some(&state.kept))
        });
    }
    let of = cluster.clone();
    let candidates: Vec<Handle<Server>> = candidates.iter().map(|&i| cluster[i]).collect();
    sys.always("each role has its own timers", move |s| {
        let mut up = of
            .iter()
            .filter_map(|server| Some((server, s.state(server)?)));
        up.all(|(server, state)| {
            let leads = matches!(state.role, Role::Leader { .. });
            let mut heartbeats = of.iter().map(|other| Timer::Heartbeat(other.id()));
            let watches = s.has_timer(server, &Timer::Election);
            let works = s.has_timer(server, &Timer::Request)
                || heartbeats.any(|heartbeat| s.has_timer(server, &heartbeat));
            if leads {
                !watches
            } else {
                !works && watches == candidates.contains(&server)
            }
        })
    });
}

fn live<'a>(
    s: &'a Snapshot<'_, Msg>,
    cluster: &'a Handles<Server>,
) -> impl Iterator<Item = (Id, &'a State)> {
    let states = cluster
        .iter()
        .map(|server| Some((server.id(), s.state(server)?)));
    states.flatten()
}

fn leaders<'a>(
    s: &'a Snapshot<'_, Msg>,
    cluster: &'a Handles<Server>,
) -> impl Iterator<Item = &'a State> {
    let states = live(s, cluster).map(|(_, state)| state);
    states.filter(|state| leads(state))
}

fn pairs<'a>(
    s: &'a Snapshot<'_, Msg>,
    cluster: &'a Handles<Server>,
) -> impl Iterator<Item = (&'a State, &'a State)> {
    live(s, cluster).flat_map(move |(a, first)| {
        let later = live(s, cluster).filter(move |(b, _)| *b > a);
        later.map(move |(_, second)| (first, second))
    })
}

fn leads(state: &State) -> bool {
    matches!(state.role, Role::Leader { .. })
}

fn is_change(entry: &Entry) -> bool {
    matches!(entry.command, Command::Servers(_))
}

/// Some server has given such an entry to its state machine.
fn applies(
    sys: &mut System<Msg>,
    cluster: &Handles<Server>,
    name: &str,
    such: fn(&State, &Entry) -> bool,
) {
    let of = cluster.clone();
    sys.reachable(name, move |s| {
        live(s, &of).any(|(_, state)| state.applied.iter().any(|entry| such(state, entry)))
    });
}

/// Two servers hold different entries in the same place: so far neither is safe.
fn contradict(sys: &mut System<Msg>, cluster: &Handles<Server>) {
    let of = cluster.clone();
    sys.reachable("two logs contradict each other", move |s| {
        pairs(s, &of).any(|(a, b)| a.kept.log.iter().zip(&b.kept.log).any(|(a, b)| a != b))
    });
}

/// A leader that is refused goes back, until all have the same: who has refused is not left behind.
fn goes_back(sys: &mut System<Msg>, cluster: &Handles<Server>) {
    let is_refusal = |event: &Event<'_, Msg>| match event {
        Event::Sent(envelope) => matches!(envelope.msg, Msg::Refused { .. }),
        _ => false,
    };
    let refused = sys.observer("refused", false, move |_, event| {
        is_refusal(event).then_some(true)
    });
    sys.observer_wants(refused, is_refusal);
    let of = cluster.clone();
    sys.reachable("all logs are the same after a refusal", move |s| {
        let mut logs = live(s, &of).map(|(_, state)| &state.kept.log);
        let first = logs.next();
        s[refused] && first.is_some_and(|first| !first.is_empty() && logs.all(|log| log == first))
    });
}

/// The whole protocol, from the beginning.
fn from_empty(p: &Params, bounds: Bounds) -> System<Msg> {
    let all: Vec<usize> = (0..p.servers).collect();
    let bounds = Bounds {
        candidates: all.clone(),
        asked: all,
        ..bounds
    };
    let (mut sys, cluster) = system(p, CORRECT, &Start::empty(p.servers), &bounds);
    if !bounds.inside_handlers {
        sys.symmetric(&cluster);
    }
    if bounds.terms > 1 {
        contradict(&mut sys, &cluster);
        goes_back(&mut sys, &cluster);
    }
    if bounds.announces {
        let name = "a follower learns that an entry is committed";
        applies(&mut sys, &cluster, name, |state, _| {
            state.role == Role::Follower
        });
    } else {
        applies(&mut sys, &cluster, "an entry is committed", |_, _| true);
    }
    sys
}

fn correct(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        announces: true,
        ..Bounds::default()
    };
    from_empty(p, bounds)
}

fn correct_crash(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        crashes: 1,
        ..Bounds::default()
    };
    from_empty(p, bounds)
}

/// A vote, or an entry, may be saved and not sent, but not the other way round.
fn correct_crash_inside(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        terms: 1,
        crashes: 1,
        inside_handlers: true,
        ..Bounds::default()
    };
    from_empty(p, bounds)
}

/// From Figure 7 on: followers that lack entries, or have others, come to have what the leader has. Nobody else stands, so there is an end.
fn repair(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        terms: 3,
        log: 3,
        candidates: Vec::new(),
        announces: true,
        ..Bounds::default()
    };
    let (mut sys, cluster) = system(p, AFTER_NO_OP, &Start::figure_7(), &bounds);
    let name = "a follower learns that an entry is committed";
    applies(&mut sys, &cluster, name, |state, _| {
        state.role == Role::Follower
    });
    let (leader, of) = (cluster[0], cluster.clone());
    sys.stabilises("all logs are the leader's", move |s| {
        let log = &s[leader].kept.log;
        live(s, &of).all(|(_, state)| state.kept.log == *log)
    });
    let of = cluster.clone();
    sys.stabilises(
        "what the leader has is given to all state machines",
        move |s| {
            let log = &s[leader].kept.log;
            live(s, &of).all(|(_, state)| state.applied == *log)
        },
    );
    sys.reachable("all logs come to be the leader's", move |s| {
        let log = &s[leader].kept.log;
        live(s, &cluster).all(|(_, state)| state.kept.log == *log)
    });
    sys
}

fn volatile_vote(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        terms: 1,
        log: 0,
        crashes: 1,
        candidates: (0..p.servers).collect(),
        ..Bounds::default()
    };
    let design = Design {
        saves_votes: false,
        ..CORRECT
    };
    let (mut sys, cluster) = system(p, design, &Start::empty(p.servers), &bounds);
    sys.reachable("a leader is elected", move |s| {
        leaders(s, &cluster).next().is_some()
    });
    sys
}

const COMMITS_OLDER_TERMS: Design = Design {
    commits_older_terms: true,
    ..CORRECT
};

/// From Figure 8 (b) on: an entry of an older term comes to a majority, and who does not have it can still be elected.
fn figure_8(p: &Params, design: Design) -> System<Msg> {
    let bounds = Bounds {
        terms: 4,
        candidates: vec![0, 2],
        // In the given state all requests have been made.
        asked: if p.start == "given" {
            Vec::new()
        } else {
            vec![0, 2]
        },
        ..Bounds::default()
    };
    let (mut sys, cluster) = system(p, design, &figure_8_start(p), &bounds);
    older_on_majority(&mut sys, &cluster);
    sys
}

/// A leader has brought an entry of an older term to a majority, and has none of its own.
fn older_on_majority(sys: &mut System<Msg>, cluster: &Handles<Server>) {
    let of = cluster.clone();
    sys.reachable("an entry of an older term is on a majority", move |s| {
        let older = |state: &State| match &state.kept.log[..] {
            [only] if only.term < state.kept.term => Some(only.clone()),
            _ => None,
        };
        leaders(s, &of).filter_map(older).any(|only| {
            let have = live(s, &of).filter(|(_, state)| state.kept.log.first() == Some(&only));
            have.count() >= majority(of.len())
        })
    });
}

/// From Figure 8 (b) on: the entry of the older term is committed along with one of the leader's own.
fn figure_8_along(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        terms: 3,
        log: 2,
        candidates: vec![0, 2],
        asked: if p.start == "given" {
            vec![0]
        } else {
            vec![0, 2]
        },
        ..Bounds::default()
    };
    let (mut sys, cluster) = system(p, CORRECT, &figure_8_start(p), &bounds);
    older_on_majority(&mut sys, &cluster);
    applies(
        &mut sys,
        &cluster,
        "an entry of an older term is committed",
        |state, entry| leads(state) && entry.term < state.kept.term,
    );
    sys
}

fn figure_8_start(p: &Params) -> Start {
    match p.start {
        "given" => Start::figure_8(),
        _ => Start::empty(3),
    }
}

const ONE_AT_A_TIME: Design = Design {
    changes: Changes::OneAtATime,
    ..CORRECT
};

const AFTER_NO_OP: Design = Design {
    changes: Changes::AfterNoOp,
    ..CORRECT
};

/// From where a change was begun and nobody told of it.
fn changes(p: &Params, design: Design) -> System<Msg> {
    let no_op = design.changes == Changes::AfterNoOp;
    let start = match p.start {
        "given" => Start::change_untold(no_op),
        _ => Start::empty(4),
    };
    let bounds = Bounds {
        terms: 3,
        log: if no_op { 3 } else { 1 },
        candidates: vec![0, 1],
        removable: vec![0, 1],
        ..Bounds::default()
    };
    let (mut sys, cluster) = system(p, design, &start, &bounds);
    if no_op {
        alike(&mut sys, &cluster);
    }
    applies(
        &mut sys,
        &cluster,
        "a leader commits the change that it has begun",
        |state, entry| is_change(entry) && leads(state) && entry.term == state.kept.term,
    );
    if no_op {
        applies(
            &mut sys,
            &cluster,
            "a leader commits a change that was begun in an older term",
            |state, entry| is_change(entry) && leads(state) && entry.term < state.kept.term,
        );
    }
    sys
}

/// That a run with empty logs comes to where others begin. Nothing is looked at that does not lead there.
fn start_is_reachable(
    p: &Params,
    design: Design,
    start: Start,
    bounds: Bounds,
) -> (System<Msg>, Handles<Server>) {
    let (mut sys, cluster) = system(p, design, &Start::empty(start.kept.len()), &bounds);
    let (of, to) = (cluster.clone(), start.clone());
    sys.within("logs as in the given state, or before", move |s| {
        let mut states = of.iter().map(|server| s.state(server)).enumerate();
        states.all(|(i, state)| state.is_none_or(|state| to.is_ahead(i, state)))
    });
    let of = cluster.clone();
    sys.reachable("the given state", move |s| {
        let mut states = of.iter().map(|server| s.state(server)).enumerate();
        states.all(|(i, state)| state.is_some_and(|state| start.is_reached(i, state)))
    });
    (sys, cluster)
}

/// The two servers that only vote are interchangeable.
fn alike(sys: &mut System<Msg>, cluster: &Handles<Server>) {
    let mut alike = sys.symmetric(&cluster[2..]);
    for &candidate in &cluster[..2] {
        alike.mentioned_by(candidate);
    }
}

fn figure_8_is_reachable(p: &Params) -> System<Msg> {
    let bounds = Bounds {
        candidates: vec![0, 2],
        asked: vec![0, 2],
        ..Bounds::default()
    };
    start_is_reachable(p, COMMITS_OLDER_TERMS, Start::figure_8(), bounds).0
}

fn change_is_reachable(p: &Params, design: Design) -> System<Msg> {
    let no_op = design.changes == Changes::AfterNoOp;
    let bounds = Bounds {
        log: 2,
        candidates: vec![0, 1],
        removable: vec![1],
        ..Bounds::default()
    };
    let (mut sys, cluster) = start_is_reachable(p, design, Start::change_untold(no_op), bounds);
    if no_op {
        alike(&mut sys, &cluster);
    }
    sys
}

catalogue_entry! {
    "raft", Params,
    "Elections, logs and majorities, and four ways to get them nearly right.",
    source "Understanding Distributed Systems: Coordination, chapter 10",
    "correct" => correct,
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "correct-crash" => correct_crash,
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "correct-crash-inside" => correct_crash_inside,
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "repair" => repair;
    "volatile-vote" => volatile_vote,
        holds_within_bounds "no panic",
        violates "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "each role has its own timers";
    "commit-older-term" => |p| figure_8(p, COMMITS_OLDER_TERMS),
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        violates "leader completeness",
        violates "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "commit-older-term-start" => figure_8_is_reachable,
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "commit-own-term" => |p| figure_8(p, CORRECT),
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "commit-own-term-along" => figure_8_along,
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "single-server-change" => |p| changes(p, ONE_AT_A_TIME),
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        violates "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "single-server-change-start" => |p| change_is_reachable(p, ONE_AT_A_TIME),
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "single-server-change-noop" => |p| changes(p, AFTER_NO_OP),
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
    "single-server-change-noop-start" => |p| change_is_reachable(p, AFTER_NO_OP),
        holds_within_bounds "no panic",
        holds_within_bounds "election safety",
        holds_within_bounds "log matching",
        holds_within_bounds "leader completeness",
        holds_within_bounds "state-machine safety",
        holds_within_bounds "whatever must survive a crash is saved",
        holds_within_bounds "each role has its own timers";
}
