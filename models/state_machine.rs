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
//! - Orders travel as a whole, which spares the bookkeeping of gaps.
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

message! {
    enum Msg {
        /// From a client, one of the environment: carry this out.
        Ask(Command),
        /// From the environment, to the successor of the leader: the leader is suspected, lead in its place.
        Lead,
        /// To the leader: this is to be put in order.
        Propose(Request),
        /// From a new leader: which order have you accepted? In answer: this one, in that epoch; and this is still to be put in order.
        Prepare { epoch: u8 }, Promise { accepted_in: u8, log: Vec<Request>, requests: Set<Request> },
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

/// The function that handles commands on each replica.
#[derive(Clone, Copy, PartialEq)]
enum Function {
    Deterministic,
    /// It also adds what the replica draws: a random number, its clock, the order of a hash map.
    Draws,
}

struct Replica {
    n_replicas: usize,
    function: Function,
}

state! {
    struct State {
        /// What this replica was asked for.
        asked: Option<Request>,
        /// What was asked for here or proposed to us, and is not decided as far as we know.
        requests: Set<Request>,
        /// The newest leader we have heard of: leaders have epochs of their own, and those of older ones are over.
        epoch: u8,
        role: Role,
        /// The order that we have accepted, and in which epoch.
        log: Vec<Request>,
        accepted_in: u8,
        /// The order that was decided, as far as we know.
        decided: Vec<Request>,
        /// How many of the decided commands have been applied, and the value that they made.
        n_applied: usize,
        value: u8,
    }

    enum Role {
        Follower,
        /// About to lead; who has told us what they have accepted.
        Preparing(Set<Id>),
        /// Leading; who has accepted the order that is being decided, if one is.
        Leading(Set<Id>),
    }
}

impl State {
    fn applied(&self) -> &[Request] {
        &self.decided[..self.n_applied]
    }

    /// Whether the client that asked this replica has no answer yet.
    fn owes_an_answer(&self) -> bool {
        self.asked
            .is_some_and(|request| !self.applied().contains(&request))
    }

    /// Takes note of the epoch of a message; whether it is not over.
    fn hear_of(&mut self, epoch: u8) -> bool {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.role = Role::Follower;
        }
        epoch == self.epoch
    }

    /// Applies the next command that is decided, with what was drawn.
    fn apply(&mut self, drawn: u8) {
        if let Some(request) = self.decided.get(self.n_applied) {
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
    fn send_to_others(&self, me: Id, msg: &Msg, o: &mut Out<Self>) {
        for peer in (0..self.n_replicas)
            .map(Id::from)
            .filter(|&peer| peer != me)
        {
            o.send(peer, msg.clone());
        }
    }

    /// A leader that has nothing to decide appends a request to the order.
    fn go_on(&self, me: Id, state: &mut State, o: &mut Out<Self>) {
        if let Role::Leading(accepted) = &state.role
            && accepted.is_empty()
            && let Some(first) = state.requests.get_min()
        {
            state.log.push(*first);
            self.ask(me, state, o);
        }
    }

    /// Asks all to accept the order that we propose.
    fn ask(&self, me: Id, state: &mut State, o: &mut Out<Self>) {
        state.accepted_in = state.epoch;
        state.role = Role::Leading(Set::unit(me));
        let (epoch, log) = (state.epoch, state.log.clone());
        self.send_to_others(me, &Msg::Accept { epoch, log }, o);
    }

    fn decide(&self, state: &mut State, log: Vec<Request>, o: &mut Out<Self>) {
        if log.len() > state.decided.len() {
            state.requests = state
                .requests
                .clone()
                .relative_complement(log.iter().copied().collect());
            state.decided = log;
            self.apply_decided(state, o);
        }
    }

    fn apply_decided(&self, state: &mut State, o: &mut Out<Self>) {
        match self.function {
            Function::Deterministic => {
                while state.n_applied < state.decided.len() {
                    state.apply(0);
                }
            }
            Function::Draws if state.n_applied < state.decided.len() => {
                o.choose_random("draws", vec![0, 1])
            }
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
            requests: Set::new(),
            epoch: 0,
            role: if me == Id::from(0) {
                Role::Leading(Set::new())
            } else {
                Role::Follower
            },
            log: Vec::new(),
            accepted_in: 0,
            decided: Vec::new(),
            n_applied: 0,
            value: 1,
        }
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::Ask(command) => {
                let request = Request { command, asked: me };
                state.asked = Some(request);
                state.requests.insert(request);
                let leader = Id::from(usize::from(state.epoch));
                if leader != me {
                    o.send(leader, Msg::Propose(request));
                }
                self.go_on(me, state, o);
            }
            Msg::Propose(request) => {
                if !state.decided.contains(&request) {
                    state.requests.insert(request);
                    self.go_on(me, state, o);
                }
            }
            Msg::Lead => {
                state.epoch += 1;
                state.role = Role::Preparing(Set::unit(me));
                let epoch = state.epoch;
                self.send_to_others(me, &Msg::Prepare { epoch }, o);
            }
            Msg::Prepare { epoch } => {
                if state.hear_of(epoch) {
                    let (accepted_in, log) = (state.accepted_in, state.log.clone());
                    let requests = state.requests.clone();
                    o.send(
                        src,
                        Msg::Promise {
                            accepted_in,
                            log,
                            requests,
                        },
                    );
                }
            }
            Msg::Promise {
                accepted_in,
                log,
                requests,
            } => {
                let decided = state.decided.iter().copied().collect();
                state.requests = state
                    .requests
                    .clone()
                    .union(requests)
                    .relative_complement(decided);
                if let Role::Preparing(promised) = &mut state.role {
                    promised.insert(src);
                    let is_majority = promised.len() >= majority(self.n_replicas);
                    if (accepted_in, log.len()) > (state.accepted_in, state.log.len()) {
                        (state.accepted_in, state.log) = (accepted_in, log);
                    }
                    if is_majority {
                        state.role = Role::Leading(Set::new());
                        if !state.log.is_empty() {
                            self.ask(me, state, o);
                        }
                    }
                }
                self.go_on(me, state, o);
            }
            Msg::Accept { epoch, log } => {
                if state.hear_of(epoch) && (epoch, log.len()) > (state.accepted_in, state.log.len())
                {
                    let length = log.len();
                    (state.accepted_in, state.log) = (epoch, log);
                    o.send(src, Msg::Accepted { epoch, length });
                }
            }
            Msg::Accepted { epoch, length } => {
                if epoch == state.epoch
                    && length == state.log.len()
                    && let Role::Leading(accepted) = &mut state.role
                    && !accepted.is_empty()
                {
                    accepted.insert(src);
                    if accepted.len() >= majority(self.n_replicas) {
                        accepted.clear();
                        let log = state.log.clone();
                        self.send_to_others(me, &Msg::Decided(log.clone()), o);
                        self.decide(state, log, o);
                        self.go_on(me, state, o);
                    }
                }
            }
            Msg::Decided(log) => self.decide(state, log, o),
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
        n_replicas,
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
        (!s.is_up(leader) || s.is_partitioned()) && s[successor].epoch == 0
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
            lost && s[successor].epoch > 0 && s.state(last).is_some_and(|state| state.n_applied > 0)
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
