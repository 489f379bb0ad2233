//! Broadcast: what a message to everybody is worth, from best effort to a total order.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 11, Coordination Avoidance. The contracts and the algorithms are those of Cachin,
//! Guerraoui and Rodrigues, "Introduction to Reliable and Secure Distributed Programming" (2011), chapters 3 and 6.
//!
//! State machine replication needs "a broadcast protocol that guarantees every replica receives the same updates in the same order even in the
//! presence of faults". Weaker broadcasts promise less, and each of them fails the next contract:
//!
//! | broadcast | what it does | what it promises besides |
//! | --- | --- | --- |
//! | best-effort | sends to everybody | *validity*, *no duplication*, *no creation* |
//! | reliable | everybody sends on what they hear of for the first time | *agreement*: what one correct process delivers, all do |
//! | fifo | holds a message back until its sender's earlier ones have come | *fifo order* |
//! | causal | holds it back until all have come that its sender knew of | *causal order* |
//! | total-order | a leader, and a majority that accepts its order | *total order*, instead of these two |
//!
//! The last one "requires consensus": an order counts once a majority has accepted it. If the leader is suspected, rightly or not, its
//! successor asks a majority what they have accepted, takes over the newest order, and goes on from there.
//!
//! Where the source leaves something open:
//! - Processes stop at any moment, also when a message has been sent to some and not to others. Links are reliable; for total order
//!   they keep their order, too, as TCP connections do.
//! - What a process broadcasts itself it delivers at once, except in total order.
//! - A message carries along its causal past. The fifo broadcast heeds only the part that is the sender's own.
//! - The leader detector is a component of its own, here a step of the environment that tells the successor to lead, at any time. It trusts a process in
//!   the end that does not crash: the successor does not. A run that ends with the leader down and nobody told is none that the contracts speak of.
//! - Orders travel as a whole, which spares the bookkeeping of gaps. One position is decided at a time. This protocol is one of the pieces that systems are built from, and
//!   `state-machine` is built from it.
//!
//! The shortest traces: in `best-effort-as-reliable` the sender crashes when half of the others have been sent to. In `reliable-as-fifo` a later message
//! overtakes an earlier one. In `fifo-as-causal` an answer comes before what it answers. In `causal-as-total-order` two processes broadcast
//! at the same time, and each delivers its own message first.
//!
//! That the chain ends there is worth a variant: total order is not a stronger causal order. In `total-order-as-fifo` links do not keep their order,
//! requests overtake each other on their way to the leader, and everybody delivers them in one order, which is the wrong one. Over links that
//! do, and with the same faults as before, both are kept (`total-order-and-fifo`).
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `best-effort` | 1,934 | 6,067 | 9 |
//! | `best-effort-as-reliable` | 1,934 | 6,067 | 9 |
//! | `reliable` | 50,044 | 275,831 | 12 |
//! | `reliable-as-fifo` | 50,044 | 275,831 | 12 |
//! | `fifo` | 28,513 | 127,023 | 13 |
//! | `fifo-as-causal` | 28,513 | 127,023 | 13 |
//! | `causal` | 21,759 | 95,165 | 13 |
//! | `causal-as-total-order` | 21,759 | 95,165 | 13 |
//! | `total-order` | 55,959 | 210,524 | 25 |
//! | `total-order-as-fifo` | 1,043 | 3,714 | 15 |
//! | `total-order-and-fifo` | 37,551 | 143,272 | 25 |

mod flooding;
mod total_order;

use allways::prelude::*;

use flooding::{Flooding, Order};
use total_order::TotalOrder;

message! {
    enum Msg {
        /// From the environment: the application has something to say to all.
        Broadcast,
        /// What was broadcast, from its sender or relayed.
        Update(Update),
        /// Total order. To the leader: this is to be put in order.
        Propose(MessageId),
        /// Total order. From the environment, to the successor of the leader: the leader is suspected, lead in its place.
        Lead,
        /// Total order. From a new leader: which order have you accepted? In answer: this one, in that epoch; and this waits to be put in order.
        Prepare { epoch: u8 }, Promise { epoch: u8, accepted_in: u8, log: Vec<MessageId>, waiting: Set<MessageId> },
        /// Total order. From the leader: let this be the order. In answer: as far as I am concerned, it is.
        Accept { epoch: u8, log: Vec<MessageId> }, Accepted { epoch: u8, length: usize },
        /// Total order. From the leader: a majority has accepted this order, deliver.
        Decided(Vec<MessageId>),
    }

    /// The n-th message of its sender, from 1.
    #[derive(Copy)]
    struct MessageId { sender: Id, n: u8 }

    /// A message with its causal past: what its sender had broadcast or delivered before.
    struct Update { id: MessageId, past: Set<MessageId> }
}

/// What contracts ask of a process.
trait Receiver: Actor<Msg = Msg> {
    /// How many messages it has broadcast.
    fn n_broadcast(state: &Self::State) -> u8;
    /// What it has delivered to the application, in that order.
    fn delivered(state: &Self::State) -> Vec<MessageId>;
}

/// Which contract a broadcast is held to, beyond that of best-effort broadcast; each includes those above it.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Contract {
    BestEffort,
    Reliable,
    Fifo,
    Causal,
}

/// Processes of the group: the fewest with a majority that survives a crash.
const PROCESSES: usize = 3;

params! {
    struct Params {
        /// messages that the last process broadcasts, besides one of the first
        broadcasts: u32 = 2, 2..=3;
        /// messages that it broadcasts where a leader puts them in order
        requests: u32 = 1, 1..=2;
        /// processes that may crash; where it takes a majority, one
        crashes: u32 = 1, 1..=2;
    }
}

/// What the processes that are up have delivered.
fn logs<'a, A: Receiver + 'static>(
    s: &'a Snapshot<'_, Msg>,
    processes: &'a Handles<A>,
) -> impl Iterator<Item = Vec<MessageId>> {
    processes
        .iter()
        .filter_map(|p| s.state(p))
        .map(A::delivered)
}

/// Whether no message was delivered before an earlier one of its sender.
fn in_fifo_order(log: &[MessageId]) -> bool {
    let follows = |(i, id): (usize, &MessageId)| {
        let before = MessageId { n: id.n - 1, ..*id };
        id.n == 1 || log[..i].contains(&before)
    };
    log.iter().enumerate().all(follows)
}

/// Whether two processes have delivered in one order what both have delivered.
fn in_one_order(one: &[MessageId], other: &[MessageId]) -> bool {
    let common = one.iter().filter(|id| other.contains(id));
    common.eq(other.iter().filter(|id| one.contains(id)))
}

/// Who broadcasts, and the contracts up to the one that is asked for, but for the orders that need to know of causes. Where a run is
/// `excused`, nothing is promised of its end.
fn contracts<A: Receiver + 'static>(
    sys: &mut System<Msg>,
    processes: &Handles<A>,
    contract: Contract,
    broadcasts: [u32; 2],
    excused: impl Fn(&Snapshot<'_, Msg>) -> bool + Clone + Send + Sync + 'static,
) {
    let [first, last] = [0, PROCESSES - 1];
    for (talker, times) in [first, last].into_iter().zip(broadcasts) {
        let name = format!("process[{talker}] broadcasts");
        sys.stimulus(name, processes[talker].id(), Msg::Broadcast)
            .times(times);
    }

    let (of, is_excused) = (processes.clone(), excused.clone());
    sys.stabilises(
        "validity: correct processes deliver what correct ones broadcast",
        move |s| {
            let broadcast = |p: Handle<A>| {
                let n = s.state(p).map_or(0, A::n_broadcast);
                let sender = p.id();
                (1..=n).map(move |n| MessageId { sender, n })
            };
            let mut broadcast = of.iter().flat_map(broadcast);
            is_excused(s) || broadcast.all(|id| logs(s, &of).all(|log| log.contains(&id)))
        },
    );
    let of = processes.clone();
    sys.always("no duplication", move |s| {
        logs(s, &of).all(|log| log.iter().collect::<Set<&MessageId>>().len() == log.len())
    });
    let of = processes.clone();
    sys.always("no creation", move |s| {
        let was_broadcast = |id: MessageId| {
            let sender = s.state(of[usize::from(id.sender)]);
            sender.is_none_or(|sender| id.n <= A::n_broadcast(sender))
        };
        logs(s, &of).flatten().all(was_broadcast)
    });
    if contract >= Contract::Reliable {
        let of = processes.clone();
        sys.stabilises(
            "agreement: correct processes deliver the same messages",
            move |s| {
                let mut sets = logs(s, &of).map(Set::<MessageId>::from_iter);
                let first = sets.next();
                excused(s) || sets.all(|set| Some(set) == first)
            },
        );
    }
    if contract >= Contract::Fifo {
        let of = processes.clone();
        sys.always("fifo order", move |s| {
            logs(s, &of).all(|log| in_fifo_order(&log))
        });
    }

    let n_messages = broadcasts.iter().sum::<u32>() as usize;
    let of = processes.clone();
    sys.reachable("everything is delivered everywhere", move |s| {
        logs(s, &of).filter(|log| log.len() == n_messages).count() == of.len()
    });
}

/// That a crash is survived can be seen.
fn outlives<A: Receiver + 'static>(sys: &mut System<Msg>, processes: Handles<A>) {
    sys.reachable(
        "the message of a crashed process is delivered by all others",
        move |s| {
            let crashed = processes.iter().find(|&p| !s.is_up(p));
            crashed.is_some_and(|crashed| {
                logs(s, &processes).all(|log| log.iter().any(|id| id.sender == crashed.id()))
            })
        },
    );
}

/// Best-effort, reliable, fifo and causal broadcast, by what they do.
fn flooding(
    p: &Params,
    relays: bool,
    order: Order,
    contract: Contract,
) -> (System<Msg>, Handles<Flooding>) {
    let mut sys = System::new();
    let processes = sys.actors("process", PROCESSES, |_| Flooding { relays, order });
    sys.crashes(Crashes::stop(p.crashes).inside_handlers());
    contracts(&mut sys, &processes, contract, [1, p.broadcasts], |_| false);
    if contract >= Contract::Reliable {
        outlives(&mut sys, processes.clone());
    }
    if contract == Contract::Causal {
        let of = processes.clone();
        sys.always("causal order", move |s| {
            of.iter()
                .filter_map(|p| s.state(p))
                .all(flooding::in_causal_order)
        });
    }
    (sys, processes)
}

fn best_effort(p: &Params, contract: Contract) -> System<Msg> {
    flooding(p, false, Order::Any, contract).0
}

fn reliable(p: &Params, order: Order, contract: Contract) -> System<Msg> {
    flooding(p, true, order, contract).0
}

/// Total order asked of processes, besides a contract they have been given.
fn in_total_order<A: Receiver + 'static>(sys: &mut System<Msg>, processes: Handles<A>) {
    sys.always("total order", move |s| {
        let logs: Vec<_> = logs(s, &processes).collect();
        let alike = |one: &Vec<_>| logs.iter().all(|other| in_one_order(one, other));
        logs.iter().all(alike)
    });
}

fn causal_as_total_order(p: &Params) -> System<Msg> {
    let (mut sys, processes) = flooding(p, true, Order::Causal, Contract::Causal);
    in_total_order(&mut sys, processes);
    sys
}

/// A process that delivers in total order.
fn member() -> TotalOrder {
    let group = pieces::total_order::TotalOrder::among((0..PROCESSES).map(Id::from));
    TotalOrder { group }
}

fn total_order(contract: Contract, broadcasts: [u32; 2]) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let processes = sys.actors("process", PROCESSES, |_| member());
    let (leader, successor) = (processes[0], processes[1]);
    let mortal = processes
        .ids()
        .into_iter()
        .filter(|&id| id != successor.id());
    sys.crashes(Crashes::stop(1).of(mortal).inside_handlers());
    sys.stimulus("the leader is suspected", successor.id(), Msg::Lead);

    let leaderless =
        move |s: &Snapshot<'_, Msg>| !s.is_up(leader) && s[successor].order.epoch() == 0;
    contracts(&mut sys, &processes, contract, broadcasts, leaderless);
    let of = processes.clone();
    sys.stabilises(
        "correct processes have accepted what they deliver",
        move |s| {
            let mut states = of.iter().filter_map(|p| s.state(p));
            leaderless(s) || states.all(|state| state.order.accepted() == state.order.decided())
        },
    );
    outlives(&mut sys, processes.clone());
    in_total_order(&mut sys, processes);
    sys.reachable(
        "the successor puts in order what the leader has left",
        move |s| {
            let order = &s[successor].order;
            !s.is_up(leader) && order.epoch() > 0 && !order.decided().is_empty()
        },
    );
    sys
}

/// A total order asked for the order of each sender, too, over links that do not keep it. Nothing crashes.
fn total_order_as_fifo(p: &Params) -> System<Msg> {
    let mut sys = System::new();
    let processes = sys.actors("process", PROCESSES, |_| member());
    contracts(
        &mut sys,
        &processes,
        Contract::Fifo,
        [0, p.broadcasts],
        |_| false,
    );
    in_total_order(&mut sys, processes);
    sys
}

catalogue_entry! {
    "broadcast", Params,
    "Best-effort, reliable, fifo, causal and total-order broadcast: what each promises, and not more.",
    source "Understanding Distributed Systems: Coordination, chapter 11",
    "best-effort" => |p| best_effort(p, Contract::BestEffort);
    "best-effort-as-reliable" => |p| best_effort(p, Contract::Reliable),
        violates "agreement: correct processes deliver the same messages";
    "reliable" => |p| reliable(p, Order::Any, Contract::Reliable);
    "reliable-as-fifo" => |p| reliable(p, Order::Any, Contract::Fifo),
        violates "fifo order";
    "fifo" => |p| reliable(p, Order::Fifo, Contract::Fifo);
    "fifo-as-causal" => |p| reliable(p, Order::Fifo, Contract::Causal),
        violates "causal order";
    "causal" => |p| reliable(p, Order::Causal, Contract::Causal);
    "causal-as-total-order" => causal_as_total_order,
        violates "total order";
    "total-order" => |p| total_order(Contract::Reliable, [1, p.requests]);
    "total-order-as-fifo" => total_order_as_fifo,
        violates "fifo order";
    "total-order-and-fifo" => |p| total_order(Contract::Fifo, [0, p.requests + 1]);
}
