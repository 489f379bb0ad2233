//! Chain replication: writes enter at the head, reads are answered by the tail, and clients see a single copy.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 10, Replication. The protocol is that of van Renesse and Schneider, "Chain
//! Replication for Supporting High Throughput and Availability" (2004).
//!
//! The servers stand in a row. A write goes to the head and from each to the next; when the tail has it, all have it, and the tail tells the
//! client. So what the tail has is what is certain, and a client that reads there sees what the text promises: data that appear "to be stored
//! on a single process, even if it's actually replicated" (`tail-reads`). "The more replicas there are, the more clients can access the data
//! concurrently" is not to be had by asking anybody (`read-anywhere`): a node near the head knows of a write that the next one has not heard of,
//! and who reads here and then there sees the new value and then the old one.
//!
//! When a node fails, a control plane takes it out of the chain and tells all others; the node before the gap sends on whatever it has. The protocol
//! is made for nodes that are known to have halted, and nobody can know: a silent node may only be slow. So the control plane makes sure, and halts
//! it first (`tail-reads-fenced`). If it takes silence for proof (`tail-reads-unfenced`), the old tail goes on answering: a write is done without
//! it, and a client that has not heard of the new chain reads there what was before.
//!
//! Where the source leaves something open:
//! - The control plane does not fail. Which node is silent is a free choice, and whether any is.
//! - A node sends all its writes to a new successor, and a new tail confirms them all, where the paper keeps a list of those that
//!   are not acknowledged; who has a write already ignores it.
//! - A node that is asked takes the client's word that it is the head or the tail: clients know from the control plane, and may know earlier.
//! - A client whose node has left the chain asks again. Links are reliable and keep their order, as TCP connections do.
//! - Whether clients see a single copy is asked in the sense of linearizability (Herlihy and Wing, 1990).
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `tail-reads` | 393 | 785 | 12 |
//! | `tail-reads-fenced` | 7,359 | 26,187 | 18 |
//! | `tail-reads-unfenced` | 7,186 | 26,283 | 16 |
//! | `read-anywhere` | 1,833 | 4,051 | 14 |

use allways::prelude::*;

mod explanations;

use explanations::{Explanation, observe};

/// What the data are; 0 before any write.
type Value = u8;

message! {
    enum Msg {
        /// From a client to the head.
        Write(Value),
        /// From the tail to the client.
        Written(Value),
        /// From a client, with the number of its request, to the tail or whomever it likes; and the answer.
        Read(u8), Data(u8, Value),
        /// Down the chain: what takes which place in the order of all writes.
        Update { place: u8, write: Write },
        /// From the environment to the control plane: some node is silent.
        Silence,
        /// From the control plane: stop; and the answer, after which nothing else comes.
        Halt, Halted,
        /// From the control plane to everybody: the nodes, from head to tail.
        Chain(Vec<Id>),
    }

    #[derive(Copy)]
    struct Write { client: Id, value: Value }
}

/// Whom clients ask, and what is done about a node that is silent.
#[derive(Clone, Copy)]
struct Design {
    reads_anywhere: bool,
    /// Whether a node is halted before it is taken out of the chain.
    fences: bool,
}

/// Reads go to the tail.
const TAIL_READS: Design = Design {
    reads_anywhere: false,
    fences: true,
};

/// A server of the chain.
struct Node {
    /// The chain at first.
    chain: Vec<Id>,
    control_plane: Id,
}

state! {
    struct NodeState {
        chain: Vec<Id>,
        writes: Vec<Write>,
        halted: bool,
    }
}

impl NodeState {
    /// Whom we pass updates on to; none for the tail.
    fn successor(&self, me: Id) -> Option<Id> {
        let place = self.chain.iter().position(|&node| node == me)?;
        self.chain.get(place + 1).copied()
    }

    /// Passes on the write of this place, or if nobody comes after us tells the client that it is done.
    fn pass_on(&self, me: Id, place: usize, o: &mut Out<Node>) {
        let write = self.writes[place];
        match self.successor(me) {
            Some(successor) => {
                let place = place as u8;
                o.send(successor, Msg::Update { place, write });
            }
            None => o.send(write.client, Msg::Written(write.value)),
        }
    }

    fn append(&mut self, me: Id, write: Write, o: &mut Out<Node>) {
        if !self.writes.contains(&write) {
            self.writes.push(write);
            self.pass_on(me, self.writes.len() - 1, o);
        }
    }
}

impl Actor for Node {
    type Msg = Msg;
    type State = NodeState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> NodeState {
        NodeState {
            chain: self.chain.clone(),
            writes: Vec::new(),
            halted: false,
        }
    }

    /// Who is asked to write is the head, who is asked to read is the tail: so the control plane has told the clients.
    fn on_msg(&self, me: Id, state: &mut Cow<'_, NodeState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if state.halted {
            return;
        }
        match msg {
            Msg::Write(value) => state.to_mut().append(me, Write { client: src, value }, o),
            Msg::Update { place, write } if usize::from(place) == state.writes.len() => {
                state.to_mut().append(me, write, o);
            }
            Msg::Read(number) => {
                let value = state.writes.last().map_or(0, |write| write.value);
                o.send(src, Msg::Data(number, value));
            }
            Msg::Halt => {
                state.to_mut().halted = true;
                o.send(self.control_plane, Msg::Halted);
            }
            Msg::Chain(chain) => {
                let state = state.to_mut();
                let before = state.successor(me);
                state.chain = chain;
                if state.successor(me) != before {
                    for place in 0..state.writes.len() {
                        state.pass_on(me, place, o);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Knows who is in the chain, and tells everybody; it does not fail.
struct ControlPlane {
    chain: Vec<Id>,
    clients: Vec<Id>,
    fences: bool,
}

impl ControlPlane {
    fn leave_out(&self, chain: &mut Vec<Id>, node: Id, o: &mut Out<Self>) {
        chain.retain(|&other| other != node);
        let all = chain.iter().chain(&self.clients);
        o.broadcast(all, &Msg::Chain(chain.clone()));
    }
}

impl Actor for ControlPlane {
    type Msg = Msg;
    /// The chain.
    type State = Vec<Id>;
    type Timer = ();
    type Random = Id;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Vec<Id> {
        self.chain.clone()
    }

    fn on_msg(&self, _: Id, chain: &mut Cow<'_, Vec<Id>>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Silence => o.choose_random("silent", chain.to_vec()),
            Msg::Halted => self.leave_out(chain.to_mut(), src, o),
            _ => {}
        }
    }

    fn on_random(&self, _: Id, chain: &mut Cow<'_, Vec<Id>>, node: &Id, o: &mut Out<Self>) {
        if self.fences {
            o.send(*node, Msg::Halt);
        } else {
            self.leave_out(chain.to_mut(), *node, o);
        }
    }
}

/// Makes one request after the other.
struct Client {
    chain: Vec<Id>,
    requests: Vec<Request>,
    reads_anywhere: bool,
}

#[derive(Clone, Copy)]
enum Request {
    Write(Value),
    Read,
}

state! {
    struct ClientState {
        chain: Vec<Id>,
        /// How many requests were answered.
        answered: u8,
        /// Whom we asked last; none while we choose, and in the end.
        asked: Option<Id>,
        /// What the last read gave.
        last_read: Value,
    }
}

impl Client {
    /// Makes the request that comes next, or makes it again.
    fn ask(&self, state: &mut ClientState, o: &mut Out<Self>) {
        state.asked = match self.requests.get(usize::from(state.answered)) {
            Some(Request::Write(_)) => state.chain.first().copied(),
            Some(Request::Read) if self.reads_anywhere => {
                o.choose_random("ask", state.chain.clone());
                None
            }
            Some(Request::Read) => state.chain.last().copied(),
            None => None,
        };
        self.send(state, o);
    }

    fn send(&self, state: &ClientState, o: &mut Out<Self>) {
        if let Some(node) = state.asked
            && let Some(request) = self.requests.get(usize::from(state.answered))
        {
            o.send(
                node,
                match *request {
                    Request::Write(value) => Msg::Write(value),
                    Request::Read => Msg::Read(state.answered),
                },
            );
        }
    }
}

impl Actor for Client {
    type Msg = Msg;
    type State = ClientState;
    type Timer = ();
    /// Whom to ask.
    type Random = Id;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ClientState {
        let mut state = ClientState {
            chain: self.chain.clone(),
            answered: 0,
            asked: None,
            last_read: 0,
        };
        self.ask(&mut state, o);
        state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, ClientState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let request = self.requests.get(usize::from(state.answered));
        match (msg, request) {
            (Msg::Written(value), Some(Request::Write(ours))) if value == *ours => {
                let state = state.to_mut();
                state.answered += 1;
                self.ask(state, o);
            }
            (Msg::Data(number, value), Some(Request::Read)) if number == state.answered => {
                let state = state.to_mut();
                state.answered += 1;
                state.last_read = value;
                self.ask(state, o);
            }
            (Msg::Chain(chain), _) => {
                let state = state.to_mut();
                let gone = |node: Id| !chain.contains(&node);
                state.chain = chain.clone();
                if state.asked.is_none_or(gone) {
                    self.ask(state, o);
                }
            }
            _ => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, ClientState>, node: &Id, o: &mut Out<Self>) {
        let state = state.to_mut();
        state.asked = Some(*node);
        self.send(state, o);
    }
}

params! {
    struct Params {
        /// nodes of the chain
        nodes: usize = 3, 2..=4;
        /// clients that write, once each
        writers: u8 = 2, 1..=3;
        /// clients that write, where nodes are silent
        writers_and_silence: u8 = 1, 1..=2;
        /// reads of the one that reads
        reads: usize = 2, 2..=3;
        /// how often a node is silent for too long, where that happens
        silences: u32 = 1, 1..=2;
    }
}

fn system(p: &Params, design: Design, silences: u32) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let nodes: Handles<Node> = (0..p.nodes)
        .map(|i| sys.reserve(format!("node[{i}]")))
        .collect();
    let control_plane = sys.reserve("control plane");
    let chain = nodes.ids();
    for node in nodes.iter() {
        let (chain, control_plane) = (chain.clone(), control_plane.id());
        sys.set(
            node,
            Node {
                chain,
                control_plane,
            },
        );
    }
    let client = |requests| Client {
        chain: chain.clone(),
        requests,
        reads_anywhere: design.reads_anywhere,
    };
    let n_writers = if silences > 0 {
        p.writers_and_silence
    } else {
        p.writers
    };
    let writers = (1..=n_writers).map(|value| {
        let name = format!("writer[{}]", value - 1);
        sys.actor(name, client(vec![Request::Write(value)]))
    });
    let writers: Handles<Client> = writers.collect();
    let reader = sys.actor("reader", client(vec![Request::Read; p.reads]));
    let clients: Handles<Client> = writers.iter().chain([reader]).collect();
    sys.set(
        control_plane,
        ControlPlane {
            chain: chain.clone(),
            clients: clients.ids(),
            fences: design.fences,
        },
    );
    if silences > 0 {
        let silences = silences.min(p.nodes as u32 - 1);
        sys.stimulus("a node is silent", control_plane.id(), Msg::Silence)
            .times(silences);
    }

    let explanations = Set::unit(Explanation {
        value: 0,
        open: Map::new(),
    });
    let explanations = sys.observer("explanations", explanations, observe);
    sys.observer_wants(explanations, |event| match event {
        Event::Sent(envelope) | Event::Received(envelope) => matches!(
            envelope.msg,
            Msg::Write(_) | Msg::Read(_) | Msg::Written(_) | Msg::Data(..)
        ),
        _ => false,
    });
    sys.always("linearizable", move |s| !s[explanations].is_empty());
    let of = nodes.clone();
    sys.always("each node has what its successor has", move |s| {
        let chain = s[control_plane].iter();
        let writes =
            chain.filter_map(|id| Some(&s[of.iter().find(|node| node.id() == *id)?].writes));
        let writes: Vec<_> = writes.collect();
        writes.windows(2).all(|pair| pair[0].starts_with(pair[1]))
    });
    let all = clients.clone();
    let due = p.reads;
    sys.eventually("every request is answered", move |s| {
        let answered = |client: Handle<Client>| usize::from(s[client].answered);
        writers.iter().all(|writer| answered(writer) == 1) && answered(reader) == due
    });
    sys.reachable("what was written is read", move |s| s[reader].last_read > 0);
    if silences > 0 {
        let n_nodes = p.nodes;
        sys.reachable("all is answered by a shorter chain", move |s| {
            let is_new = |client: Handle<Client>| {
                s[client].chain.len() < n_nodes && s[client].asked.is_none()
            };
            all.iter().all(is_new)
        });
    }
    sys
}

catalogue_entry! {
    "chain-replication", Params,
    "Writes enter at the head of a chain; whom may one ask to read?",
    source "Understanding Distributed Systems: Coordination, chapter 10",
    "tail-reads" => |p| system(p, TAIL_READS, 0);
    "tail-reads-fenced" => |p| system(p, TAIL_READS, p.silences);
    "tail-reads-unfenced" => |p| system(p, Design { fences: false, ..TAIL_READS }, p.silences),
        violates "linearizable";
    "read-anywhere" => |p| system(p, Design { reads_anywhere: true, ..TAIL_READS }, 0),
        violates "linearizable";
}
