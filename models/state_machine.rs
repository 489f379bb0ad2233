//! State machine replication: replicas that agree on the order of commands, and apply them with the same function.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 11, Coordination Avoidance.
//!
//! The text names "two main ingredients": a broadcast protocol "that guarantees every replica receives the same updates in the same order even in
//! the presence of faults", and "a deterministic function that handles updates on each replica". Clients ask different replicas to double and to
//! increment a number; the two do not commute. A leader puts requests in order, one after the other, and an order counts
//! once a majority has accepted it. If the leader is suspected, rightly or not, its successor asks a majority what they
//! have accepted, takes over the newest order, and goes on from there.
//!
//! With that, replicas stay equal although the leader or another one crashes at any moment. Without the second ingredient
//! (`nondeterministic-function`) nothing has to fail: the same command in the same place makes two values, as the function uses what each replica
//! draws for itself.
//!
//! And "total order broadcast isn't available during network partitions as the CAP theorem applies to it as well". In `partitioned` the leader is cut
//! off for good. The others suspect it and go on, and what they can answer is answered; the one that is cut off stays right and says nothing. If the
//! partition heals (`partition-heals`), it hears of its successor, and its client has an answer after all.
//!
//! Where the source leaves something open:
//! - Two replicas are asked for something, once each. An answer is given when the replica has applied the command.
//! - The leader detector is a component of its own, here a step of the environment that tells the successor to lead, at any time. It trusts a replica in
//!   the end that does not crash: the successor does not. A run that ends with the leader lost and nobody told is not held against the replicas.
//! - Links keep their order, as TCP connections do. Replicas that crash stay down.
//! - Orders travel as a whole, which spares the bookkeeping of gaps. The protocol is total-order broadcast, one of the pieces that systems are built from; `broadcast` holds it to
//!   its contract.
//!
//! In `partitioned` the shortest trace is a request that the leader cannot get accepted any more: the other two have promised themselves to its
//! successor, and hear no more of the request.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `total-order` | 55,959 | 210,524 | 25 |
//! | `nondeterministic-function` | 9,704 | 38,689 | 21 |
//! | `partitioned` | 31,528 | 86,066 | 26 |
//! | `partition-heals` | 47,292 | 154,647 | 27 |

use allways::prelude::*;
use pieces::total_order::{Member, TotalOrder, Word};

message! {
    enum Msg {
        /// From a client, one of the environment: carry this out.
        Ask(Command),
        /// From the environment, to the successor of the leader: the leader is suspected, lead in its place.
        Lead,
        /// To the leader: this is to be put in order.
        Propose(Request),
        /// From a new leader: which order have you accepted? In answer: this one, in that epoch; and this waits to be put in order.
        Prepare { epoch: u8 }, Promise { epoch: u8, accepted_in: u8, log: Vec<Request>, waiting: Set<Request> },
        /// From the leader: let this be the order. In answer: as far as I am concerned, it is.
        Accept { epoch: u8, log: Vec<Request> }, Accepted { epoch: u8, length: usize },
        /// From the leader: a majority has accepted this order.
        Decided(Vec<Request>),
    }

    /// A command and the replica that was asked for it, which is asked once.
    #[derive(Copy)]
    struct Request { command: Command, asked: Id }

    /// They do not commute: it matters which comes first.
    #[derive(Copy)]
    enum Command { Double, Increment }
}

carries! {
    Msg = Word<Request> {
        Propose(request), Lead, Prepare { epoch }, Promise { epoch, accepted_in, log, waiting }, Accept { epoch, log }, Accepted { epoch, length }, Decided(log)
    }
}

/// The function that handles commands on each replica.
#[derive(Clone, Copy, PartialEq)]
enum Function {
    Deterministic,
    /// It also adds what the replica draws: a random number, its clock, the order of a hash map.
    Draws,
}

struct Replica {
    /// The replicas, which agree on one order of requests.
    group: TotalOrder,
    function: Function,
}

state! {
    struct State {
        /// What this replica was asked for.
        asked: Option<Request>,
        order: Member<Request>,
        /// How many of the decided commands have been applied, and the value that they made.
        n_applied: usize,
        value: u8,
    }
}

impl State {
    fn applied(&self) -> &[Request] {
        &self.order.decided()[..self.n_applied]
    }

    /// Whether the client that asked this replica has no answer yet.
    fn owes_an_answer(&self) -> bool {
        self.asked
            .is_some_and(|request| !self.applied().contains(&request))
    }

    /// Applies the next command that is decided, with what was drawn.
    fn apply(&mut self, drawn: u8) {
        if let Some(request) = self.order.decided().get(self.n_applied) {
            self.value = drawn
                + match request.command {
                    Command::Double => 2 * self.value,
                    Command::Increment => self.value + 1,
                };
            self.n_applied += 1;
        }
    }
}

impl Replica {
    fn apply_decided(&self, state: &mut State, o: &mut Out<Self>) {
        let is_behind = |state: &State| state.n_applied < state.order.decided().len();
        match self.function {
            Function::Deterministic => {
                while is_behind(state) {
                    state.apply(0);
                }
            }
            Function::Draws if is_behind(state) => o.choose_random("draws", vec![0, 1]),
            Function::Draws => {}
        }
    }
}

impl Actor for Replica {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = u8;
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            asked: None,
            order: self.group.start(me),
            n_applied: 0,
            value: 1,
        }
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        if let Msg::Ask(command) = msg {
            let request = Request { command, asked: me };
            state.asked = Some(request);
            self.group.propose(me, &mut state.order, request, o);
        } else if let Ok(word) = msg.try_into() {
            self.group.hear(me, &mut state.order, src, word, o);
            self.apply_decided(state, o);
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, drawn: &u8, o: &mut Out<Self>) {
        let state = state.to_mut();
        state.apply(*drawn);
        self.apply_decided(state, o);
    }
}

params! {
    struct Params {
        /// replicas
        replicas: usize = 3, 3..=4;
    }
}

/// What fails.
enum Fault {
    Nothing,
    Crash,
    Partition { heals: bool },
}

fn system(p: &Params, function: Function, fault: &Fault) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let n_replicas = p.replicas;
    let replicas = sys.actors("replica", n_replicas, |_| Replica {
        group: TotalOrder::among((0..n_replicas).map(Id::from)),
        function,
    });
    let (leader, successor, last) = (replicas[0], replicas[1], replicas[n_replicas - 1]);
    for (replica, name, command) in [
        (leader, "doubling", Command::Double),
        (last, "incrementing", Command::Increment),
    ] {
        sys.stimulus(
            format!("a client asks for {name}"),
            replica.id(),
            Msg::Ask(command),
        );
    }
    let others = replicas.ids().split_off(1);
    let mortal = replicas
        .ids()
        .into_iter()
        .filter(|&id| id != successor.id());
    match fault {
        Fault::Nothing => {}
        Fault::Crash => sys.crashes(Crashes::stop(1).of(mortal).inside_handlers()),
        Fault::Partition { heals: true } => {
            sys.partitions(Partitions::between([leader.id()], others))
        }
        Fault::Partition { heals: false } => {
            sys.partitions(Partitions::between([leader.id()], others).never_heals())
        }
    }
    if !matches!(fault, Fault::Nothing) {
        sys.stimulus("the leader is suspected", successor.id(), Msg::Lead);
    }
    let leaderless = move |s: &Snapshot<'_, Msg>| {
        (!s.is_up(leader) || s.is_partitioned()) && s[successor].order.epoch() == 0
    };

    let of = replicas.clone();
    sys.always(
        "replicas apply the same commands in the same order",
        move |s| {
            let applied = |r: Handle<Replica>| s.state(r).map(State::applied);
            let agree =
                |one: &[Request], other: &[Request]| one.iter().zip(other).all(|(a, b)| a == b);
            let mut pairs = of
                .iter()
                .flat_map(|one| of.iter().map(move |other| (one, other)));
            pairs.all(|(one, other)| match (applied(one), applied(other)) {
                (Some(one), Some(other)) => agree(one, other),
                _ => true,
            })
        },
    );
    let of = replicas.clone();
    sys.always(
        "replicas that have applied the same commands have the same value",
        move |s| {
            let states: Vec<&State> = of.iter().filter_map(|r| s.state(r)).collect();
            let differ = |one: &State, other: &State| {
                one.applied() == other.applied() && one.value != other.value
            };
            !states
                .iter()
                .any(|one| states.iter().any(|other| differ(one, other)))
        },
    );
    let of = replicas.clone();
    sys.stabilises("every request is answered", move |s| {
        leaderless(s)
            || of
                .iter()
                .filter_map(|r| s.state(r))
                .all(|state| !state.owes_an_answer())
    });
    let of = replicas.clone();
    sys.stabilises(
        "replicas that can reach a majority apply the same commands",
        move |s| {
            let reaches = |r: &Handle<Replica>| *r != leader || !s.is_partitioned();
            let mut states = of.iter().filter(reaches).filter_map(|r| s.state(r));
            let first = states.next().map(State::applied);
            leaderless(s)
                || states.all(|state| !state.owes_an_answer() && Some(state.applied()) == first)
        },
    );
    let of = replicas.clone();
    sys.reachable("every replica has applied both commands", move |s| {
        of.iter()
            .all(|r| s.state(r).is_some_and(|state| state.n_applied == 2))
    });
    if !matches!(fault, Fault::Nothing) {
        sys.reachable("the others go on without the leader", move |s| {
            let lost = !s.is_up(leader) || s.is_partitioned() && s[leader].n_applied == 0;
            lost && s[successor].order.epoch() > 0
                && s.state(last).is_some_and(|state| state.n_applied > 0)
        });
    }
    sys
}

catalogue_entry! {
    "state-machine", Params,
    "State machine replication: a total order of commands, and a deterministic function that applies them.",
    source "Understanding Distributed Systems: Coordination, chapter 11",
    "total-order" => |p| system(p, Function::Deterministic, &Fault::Crash);
    "nondeterministic-function" => |p| system(p, Function::Draws, &Fault::Nothing),
        violates "replicas that have applied the same commands have the same value";
    "partitioned" => |p| system(p, Function::Deterministic, &Fault::Partition { heals: false }),
        violates "every request is answered";
    "partition-heals" => |p| system(p, Function::Deterministic, &Fault::Partition { heals: true });
}
