//! Logical clocks: what can be told of the order of events without a shared clock.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 8, Time. The clocks are those of Lamport ("Time, Clocks, and the Ordering
//! of Events in a Distributed System", 1978) and of Fidge and Mattern (1988).
//!
//! Processes send each other messages. Each keeps a clock: it counts every event of its own, stamps what it sends, and on receipt goes
//! beyond the stamp that came. An event *happened before* another if a chain of steps of one process, and of messages, leads from the
//! one to the other. Lamport's numbers respect that order: what happened before has the smaller stamp. They do not tell it:
//! a smaller stamp says nothing, since concurrent events have stamps too. Vectors, one count for each process, do both.
//!
//! Where the source leaves something open:
//! - The environment asks a process to send, a bounded number of times each; to whom is a free choice.
//! - Sends and receipts are events. Each event carries along what happened before it: a ghost that no decision reads.
//! - Links are reliable and unordered.
//!
//! `lamport-converse` breaks as textbooks say: one process sends, another receives, a third acts by itself. The third's event has a smaller
//! stamp than the receipt, and neither knows of the other.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `lamport` | 432 | 772 | 9 |
//! | `lamport-converse` | 432 | 772 | 9 |
//! | `vector` | 432 | 772 | 9 |

use allways::prelude::*;

message! {
    enum Msg {
        /// From the environment: send something to somebody.
        Act,
        /// A message with the stamp of its sending, and the ghost of what had happened before, the sending included.
        Note { stamp: Vec<u8>, past: Set<EventId> },
    }

    /// The n-th event of a process, from 1.
    #[derive(Copy)]
    struct EventId { process: Id, n: u8 }
}

/// Which clock processes keep.
#[derive(Clone, Copy, PartialEq)]
enum Clock {
    /// One number.
    Lamport,
    /// A number for each process.
    Vector,
}

struct Process {
    clock: Clock,
    n_processes: usize,
}

state! {
    struct ProcessState {
        /// One number, or one for each process.
        clock: Vec<u8>,
        events: Vec<Stamped>,
    }

    struct Stamped {
        stamp: Vec<u8>,
        /// The events that happened before.
        past: Set<EventId>,
    }
}

impl Process {
    /// An event of our own: the clock goes on, and beyond the stamp that came with a message.
    fn event(&self, me: Id, state: &mut ProcessState, stamp: &[u8], past: Set<EventId>) {
        for (own, &theirs) in state.clock.iter_mut().zip(stamp) {
            *own = theirs.max(*own);
        }
        let own = match self.clock {
            Clock::Lamport => 0,
            Clock::Vector => usize::from(me),
        };
        state.clock[own] += 1;
        let past = match state.events.last() {
            Some(last) => past
                .union(last.past.clone())
                .update(id(me, state.events.len())),
            None => past,
        };
        state.events.push(Stamped {
            stamp: state.clock.clone(),
            past,
        });
    }
}

fn id(process: Id, n: usize) -> EventId {
    EventId {
        process,
        n: n as u8,
    }
}

impl Actor for Process {
    type Msg = Msg;
    type State = ProcessState;
    type Timer = ();
    type Random = Id;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> ProcessState {
        let n = match self.clock {
            Clock::Lamport => 1,
            Clock::Vector => self.n_processes,
        };
        ProcessState {
            clock: vec![0; n],
            events: Vec::new(),
        }
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, ProcessState>,
        _: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Act => {
                let others = (0..self.n_processes)
                    .map(Id::from)
                    .filter(|&peer| peer != me);
                o.choose_random("to", others.collect());
            }
            Msg::Note { stamp, past } => self.event(me, state.to_mut(), &stamp, past),
        }
    }

    fn on_random(&self, me: Id, state: &mut Cow<'_, ProcessState>, to: &Id, o: &mut Out<Self>) {
        let state = state.to_mut();
        self.event(me, state, &[], Set::new());
        if let Some(sent) = state.events.last() {
            let past = sent.past.update(id(me, state.events.len()));
            let stamp = state.clock.clone();
            o.send(*to, Msg::Note { stamp, past });
        }
    }
}

params! {
    struct Params {
        /// processes
        processes: usize = 3, 2..=4;
        /// messages that each process sends
        sends: u32 = 1, 1..=3;
    }
}

/// Whether one stamp is smaller than another: nowhere greater, and somewhere less.
fn smaller(a: &[u8], b: &[u8]) -> bool {
    a != b && a.iter().zip(b).all(|(a, b)| a <= b)
}

/// Every two different events of the system: whether the first happened before the second, and their stamps.
fn pairs<'a>(
    s: &'a Snapshot<'_, Msg>,
    processes: &'a Handles<Process>,
) -> impl Iterator<Item = (bool, &'a [u8], &'a [u8])> {
    let events = move || {
        processes.iter().flat_map(move |p| {
            let events = s[p].events.iter().zip(1..);
            events.map(move |(event, n)| (id(p.id(), n), event))
        })
    };
    events().flat_map(move |(a, first)| {
        let others = events().filter(move |(b, _)| *b != a);
        others.map(move |(_, second)| {
            let before = second.past.contains(&a);
            (before, &first.stamp[..], &second.stamp[..])
        })
    })
}

fn system(p: &Params, clock: Clock) -> (System<Msg>, Handles<Process>) {
    let mut sys = System::new();
    let n_processes = p.processes;
    let processes = sys.actors("process", n_processes, |_| Process { clock, n_processes });
    for process in processes.iter() {
        let name = format!("process[{}] acts", usize::from(process.id()));
        sys.stimulus(name, process.id(), Msg::Act).times(p.sends);
    }
    let of = processes.clone();
    sys.reachable("an event knows of two processes' events", move |s| {
        let known = |event: &Stamped| event.past.iter().map(|e| e.process).collect::<Set<Id>>();
        of.iter()
            .any(|p| s[p].events.iter().any(|e| known(e).len() > 1))
    });
    let of = processes.clone();
    sys.always("what happened before has the smaller stamp", move |s| {
        pairs(s, &of).all(|(before, a, b)| !before || smaller(a, b))
    });
    (sys, processes)
}

fn with_converse(p: &Params, clock: Clock) -> System<Msg> {
    let (mut sys, processes) = system(p, clock);
    sys.always("what has the smaller stamp happened before", move |s| {
        pairs(s, &processes).all(|(before, a, b)| before || !smaller(a, b))
    });
    sys
}

catalogue_entry! {
    "clocks", Params,
    "Logical clocks: which order of events their stamps respect, and which they tell.",
    source "Understanding Distributed Systems: Coordination, chapter 8",
    "lamport" => |p| system(p, Clock::Lamport).0;
    "lamport-converse" => |p| with_converse(p, Clock::Lamport),
        violates "what has the smaller stamp happened before";
    "vector" => |p| with_converse(p, Clock::Vector);
}
