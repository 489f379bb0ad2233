//! Leader election: what can be promised depends on what is known of time, and on what a vote is worth.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 9, Leader Election. The algorithms are those of Garcia-Molina ("Elections in a
//! Distributed Computing System", 1982), Chang and Roberts ("An Improved Algorithm for Decentralized Extrema-Finding", 1979) and Ongaro and Ousterhout
//! ("In Search of an Understandable Consensus Algorithm", 2014); who leads by number alone is the *monarchical* election of Cachin, Guerraoui and
//! Rodrigues (2011, 2.6).
//!
//! The text asks "that there is at most one leader at any given time and that an election eventually completes even in the presence of
//! failures": safety and liveness.
//!
//! *By number.* The highest process that is alive leads. Whoever can tell a crash from a slow message needs no more (`highest-id-synchronous`,
//! `bully-synchronous`). Without a bound on time the next one takes over while the highest still leads (`highest-id`, `bully-asynchronous`): nothing tells
//! the old leader's word from the new one's. And where a crashed process comes back and is again the highest, it leads at once, before the other
//! has heard (`bully-synchronous-recovery`): what is proof against a crash is not proof against a return.
//!
//! *Round a ring.* Nobody waits for anything but messages, so time plays no part: `ring` holds. But a candidacy that a process took with it when it crashed
//! comes back to nobody (`ring-crash`).
//!
//! *By votes.* A majority's votes make a leader for one term, and two majorities have a voter in common. That is safe without any bound
//! on time. It does not end without one (`raft-asynchronous`): a candidate loses patience just before its votes arrive, and again in
//! the next term, for ever; as Fischer, Lynch and Paterson showed (1985), something of the kind is left in any such algorithm. When time-outs differ enough
//! and messages are late only so often, it does end (`raft-partially-synchronous`). What votes do not give is the text's
//! "at any given time" (`raft-any-time`): the leader of an old term leads on until it hears of the new one. That is why terms are on every message.
//!
//! Where the source leaves something open:
//! - A message takes up to one tick where time is known, and time-outs are the least that are safe. A leader says at every tick that it leads.
//! - Partially synchronous is what the text says, "synchronously most of the time": all messages are in time but for a few, which are as good as lost.
//! - A bully that leads and is asked says that it leads. If it called an election, as the algorithm is often told, it would lead nobody
//!   meanwhile, the others would miss it and ask again, and so on for ever. One that comes back calls an election, and as the highest wins it at once.
//! - Every process of the ring misses a leader at some moment.
//! - Refused votes are not answered; a newer term shows soon enough in a request or a heartbeat.
//! - In an endless run terms grow for ever. Where it is about such runs they are counted round a circle of three, which is exact as long as the
//!   terms in use are two in a row: a bound, and the verdicts are within it. There two processes call elections, and the others vote.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `highest-id` | 64 | 321 | 6 |
//! | `highest-id-synchronous` | 1,063 | 3,682 | 15 |
//! | `bully-synchronous` | 3,377 | 12,492 | 17 |
//! | `bully-synchronous-recovery` | 19,346 | 83,655 | 24 |
//! | `bully-asynchronous` | 8,710 | 73,332 | 14 |
//! | `ring` | 73 | 164 | 9 |
//! | `ring-crash` | 291 | 709 | 10 |
//! | `raft-asynchronous` | 5,927 | 24,171 | 25 |
//! | `raft-partially-synchronous` | 5,017 | 16,255 | 33 |
//! | `raft-any-time` | 5,927 | 24,171 | 25 |

use allways::prelude::*;

mod bully;
mod highest_id;
mod raft;
mod ring;

use bully::Returns;
use raft::Time;

params! {
    struct Params {
        /// processes
        processes: usize = 3, 3..=4;
        /// how many of them crash, where they do; in `raft-…` no more than a minority
        crashes: u32 = 1, 1..=2;
        /// processes that call elections in `raft-asynchronous` and `raft-any-time`
        candidates: usize = 2, 2..=3;
        /// messages that come too late in `raft-partially-synchronous`
        late: u32 = 1, 0..=3;
    }
}

/// How large a system is, and how many of its processes crash.
#[derive(Clone, Copy)]
struct Size {
    processes: usize,
    crashes: u32,
}

impl Params {
    fn size(&self) -> Size {
        Size {
            processes: self.processes,
            crashes: self.crashes,
        }
    }

    /// Nobody crashes.
    fn sound(&self) -> Size {
        Size {
            crashes: 0,
            ..self.size()
        }
    }
}

/// Whom a process takes for the leader.
type Leader<A> = fn(Id, &<A as Actor>::State) -> Option<Id>;

/// The live processes that take themselves for the leader.
fn live_leaders<'a, A: Actor + 'static>(
    s: &'a Snapshot<'_, A::Msg>,
    processes: &'a Handles<A>,
    leader: Leader<A>,
) -> impl Iterator<Item = Handle<A>> + 'a {
    processes.iter().filter(move |&p| {
        s.state(p)
            .is_some_and(|state| leader(p.id(), state) == Some(p.id()))
    })
}

fn at_most_one_leader<A: Actor + 'static>(
    sys: &mut System<A::Msg>,
    processes: &Handles<A>,
    leader: Leader<A>,
) {
    let of = processes.clone();
    sys.always("at most one leader", move |s| {
        live_leaders(s, &of, leader).count() <= 1
    });
}

/// In the end all follow one leader, and in the beginning that can be had.
fn agreement<A: Actor + 'static>(
    sys: &mut System<A::Msg>,
    processes: &Handles<A>,
    leader: Leader<A>,
) {
    let of = processes.clone();
    sys.stabilises("a leader in the end", move |s| {
        live_leaders(s, &of, leader).any(|l| {
            let mut live = of.iter().filter_map(|p| Some((p.id(), s.state(p)?)));
            live.all(|(id, state)| leader(id, state) == Some(l.id()))
        })
    });
    let of = processes.clone();
    sys.reachable("all follow one leader", move |s| {
        live_leaders(s, &of, leader).any(|l| {
            let mut all = of.iter().map(|p| (p.id(), s.state(p)));
            all.all(|(id, state)| state.is_some_and(|state| leader(id, state) == Some(l.id())))
        })
    });
}

/// Where leaders go by number: when the highest has crashed, another leads.
fn takes_over<A: Actor + 'static>(
    sys: &mut System<A::Msg>,
    processes: &Handles<A>,
    leader: Leader<A>,
) {
    let of = processes.clone();
    sys.reachable("the next takes over", move |s| {
        let highest = of[of.len() - 1];
        !s.is_up(highest) && live_leaders(s, &of, leader).next().is_some()
    });
}

catalogue_entry! {
    "leader-election", Params,
    "Who leads: by number, round a ring or by votes, and what must be known of time.",
    source "Understanding Distributed Systems: Coordination, chapter 9",
    "highest-id" => |p| highest_id::system(p.sound(), Timing::asynchronous()),
        violates "at most one leader",
        violates "a leader in the end";
    "highest-id-synchronous" => |p| highest_id::system(p.size(), Timing::synchronous());
    "bully-synchronous" => |p| bully::system(p.size(), Timing::synchronous(), Returns::Never);
    "bully-synchronous-recovery" => |p| bully::system(p.size(), Timing::synchronous(), Returns::Perhaps),
        violates "at most one leader";
    "bully-asynchronous" => |p| bully::system(p.sound(), Timing::asynchronous(), Returns::Never),
        violates "at most one leader",
        violates "a leader in the end";
    "ring" => |p| ring::system(p.sound());
    "ring-crash" => |p| ring::system(p.size()),
        violates "a leader in the end";
    "raft-asynchronous" => |p| raft::system(p.sound(), asynchronous(p)),
        holds_within_bounds "no panic",
        holds_within_bounds "at most one leader per term",
        holds_within_bounds "each role has its own timers",
        violates "an election completes",
        violates "a leader in the end";
    "raft-partially-synchronous" => |p| raft::system(p.size(), Time::MostlySynchronous { late: p.late });
    "raft-any-time" => |p| raft::at_any_time(p.sound(), asynchronous(p)),
        holds_within_bounds "no panic",
        holds_within_bounds "at most one leader per term",
        holds_within_bounds "each role has its own timers",
        violates "at most one leader at any given time";
}

fn asynchronous(p: &Params) -> Time {
    let candidates = p.candidates;
    Time::Asynchronous { candidates }
}
