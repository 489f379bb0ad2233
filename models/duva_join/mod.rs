//! Cluster join in Duva: data may move to a new node only once every member has heard of it.
//!
//! Source: "Taming Asynchrony: How Duva Solved a Node-to-Node Race Condition".
//!
//! A node joins a cluster through its seed node, and gossip spreads the word. If the seed asks the owners of slots to migrate
//! some of them to the newcomer at once, a member can be asked to send data to a node it has never heard of, and the
//! request fails. Duva's cure is a chain of callbacks: connect, await *connected*, synchronise, await *sync complete*, and
//! only then rebalance.
//!
//! In `fire-and-forget` it is not even a race: the seed's request reaches the first member that gossip is to tell before the
//! gossip does, so some owner always refuses and rebalancing never happens. The chain repairs it, and is as good as what "complete" means:
//! a seed that says it as soon as it knows the newcomer itself (`callback-chain-seed-sync`) repairs nothing.
//!
//! The chain waits, and who waits may wait for ever: for a message that was lost (`callback-chain-lossy`), for a member that has crashed
//! (`callback-chain-crash`). Retransmission that does nothing twice cures the first (`callback-chain-retry`). A failure detector cures
//! the second, if it is perfect (`callback-chain-detector`). One that errs (`callback-chain-suspicion`) leaves out a live member that is slow to
//! answer a ping, and which is then asked to migrate to a stranger; unless nobody is suspected who was not told of the newcomer
//! (`callback-chain-suspicion-told`): on a link that keeps its order the word is ahead of the request, however slow the member. And nobody stands in
//! for the seed: if it crashes (`callback-chain-seed-crash`), the newcomer's chain ends there, detector or not.
//!
//! Two nodes that join at once, through different seeds, break the chain (`callback-chain-two-joiners`): between *sync complete* and *rebalance* the
//! first seed learns of the other newcomer, takes it for an owner like the others, and asks it to migrate to a node that it has not heard of.
//! *Complete* was said of the members of that moment. In `callback-chain-two-joiners-heard` a seed asks only those who have shown it that they
//! have heard.
//!
//! Where the source leaves something open:
//! - Gossip is push-pull, as in epidemic protocols: in each round a node picks one peer at random and sends its whole
//!   membership list, and the peer answers with its own. A node goes on until it has exchanged lists with every peer
//!   since it last learnt something. So gossip ends by itself, and the state space is finite without a bound on rounds.
//! - *Sync complete* is given by the seed, once every other member has shown it a list with the newcomer in it.
//! - The newcomer has a list from its seed. It answers gossip but begins none: others must hear of it through the cluster.
//! - All whom the seed knows are owners, newcomers too. An owner hands over half of its slots, rounded up, once to the same node.
//!   A refused request is not repeated.
//! - One key stands for all that a slot holds, and goes where the slot goes. Where links lose, the old owner keeps a copy until the new one
//!   says that it has arrived; in between the slot has no owner.
//! - Links keep their order, as TCP connections do. The race needs no reordering.
//! - Retransmission is by a timer for all that is not answered. The newcomer repeats *rebalance* until it has a share of every member.
//! - The failure detector pings those whom the seed waits for when synchronisation begins, and every round of gossip serves as a ping. Who does
//!   not answer in time is not waited for, and is again when it does. Any member but the seed may crash.
//!
//! What the shortest traces tell. `fire-and-forget`: the seed, asked to let the newcomer in, asks a member to migrate that has not heard. `-seed-sync`: the
//! same, some messages later. `-lossy`: the newcomer's first message is lost. `-crash`: the member crashes that the seed gossips with. `-suspicion`: the
//! time-out comes before the member's answer. `-seed-crash`: the seed crashes. `-two-joiners`: as told above.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `fire-and-forget` | 865 | 2,594 | 17 |
//! | `callback-chain` | 625 | 1,845 | 22 |
//! | `callback-chain-seed-sync` | 3,424 | 11,663 | 22 |
//! | `callback-chain-lossy` | 19,994 | 76,903 | 26 |
//! | `callback-chain-retry` | 3,095 | 23,425 | 26 |
//! | `callback-chain-crash` | 1,789 | 5,655 | 23 |
//! | `callback-chain-detector` | 41,265 | 155,293 | 29 |
//! | `callback-chain-suspicion` | 1,946 | 5,649 | 20 |
//! | `callback-chain-suspicion-told` | 249 | 635 | 15 |
//! | `callback-chain-seed-crash` | 152 | 354 | 15 |
//! | `callback-chain-two-joiners` | 21,992 | 75,519 | 34 |
//! | `callback-chain-two-joiners-heard` | 6,542 | 20,331 | 32 |

mod node;

use allways::prelude::*;

use node::{Design, Detector, Joining, Key, Msg, Node, NodeState, Owners, Share, Slot};

params! {
    struct Params {
        /// members of the cluster besides the seed
        members: usize = 2, 1..=3;
        /// the same in the variants that have many more states: retry, suspicion, seed-crash, two-joiners
        few: usize = 1, 1..=2;
        /// nodes that join
        joiners: usize = 1, 1..=2;
        /// slots that each member owns, the seed too
        slots: u8 = 2, 1..=4;
    }
}

const CHAIN: Design = Design {
    joins: Joining::CallbackChain,
    keeps_copies: false,
    retries: false,
    detects: None,
    asks: Owners::Known,
};

/// The system, with reliable links and without faults.
fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let seed = sys.reserve("seed");
    let others = (0..p.members).map(|i| sys.reserve(format!("member[{i}]")));
    let members: Handles<Node> = [seed].into_iter().chain(others).collect();
    let names = ["joiner", "second joiner"].into_iter().take(p.joiners);
    let joiners: Handles<Node> = names.map(|name| sys.reserve(name)).collect();

    let owned: Vec<Share> = (0..=p.members).map(|i| share(i, p.slots)).collect();
    let cluster: Set<Id> = members.ids().into_iter().collect();
    for (member, slots) in members.iter().zip(&owned) {
        let node = Node {
            design,
            cluster: cluster.clone(),
            slots: slots.clone(),
            seed: None,
        };
        sys.set(member, node);
    }
    // Each through a seed of its own.
    for (joiner, seed) in joiners.iter().zip(members.iter()) {
        let node = Node {
            design,
            cluster: Set::unit(joiner.id()),
            slots: Share::new(),
            seed: Some(seed.id()),
        };
        sys.set(joiner, node);
    }
    properties(&mut sys, &members, &joiners, owned);
    if design.retries {
        nothing_repeated(&mut sys, &members, &joiners);
    }
    if design.detects.is_some() {
        accuracy(&mut sys, members.iter().chain(joiners.iter()).collect());
    }
    sys
}

/// What the member at this position owns at first.
fn share(i: usize, n_slots: u8) -> Share {
    let first = i as Slot * n_slots;
    (first..first + n_slots)
        .map(|slot| (slot, char::from(b'a' + slot)))
        .collect()
}

/// Those of keys and slots are about the slots whose first owner is up.
fn properties(
    sys: &mut System<Msg>,
    members: &Handles<Node>,
    joiners: &Handles<Node>,
    owned: Vec<Share>,
) {
    let nodes: Handles<Node> = members.iter().chain(joiners.iter()).collect();
    let half = owned.first().map_or(0, Share::len) / 2;
    let first: Vec<(Handle<Node>, Share)> = members.iter().zip(owned).collect();
    let slots_of_live_owners = move |s: &Snapshot<'_, Msg>| -> Vec<(Slot, Key)> {
        let live = first.iter().filter(|(owner, _)| s.is_up(*owner));
        live.flat_map(|(_, share)| share.iter().map(|(&slot, &key)| (slot, key)))
            .collect()
    };

    let of = nodes.clone();
    sys.always("no migration to a stranger", move |s| {
        live(s, &of).all(|(_, node)| node.stranger.is_none())
    });
    let of = nodes.clone();
    sys.always("a slot has at most one owner", move |s| {
        let mut seen = Set::new();
        let mut slots = live(s, &of).flat_map(|(_, node)| node.slots.keys());
        slots.all(|slot| seen.insert(*slot).is_none())
    });
    let (of, slots) = (nodes.clone(), slots_of_live_owners.clone());
    sys.always("no key is lost", move |s| {
        slots(s).iter().all(|(slot, key)| {
            let has = |share: &Share| share.get(slot) == Some(key);
            live(s, &of).any(|(_, node)| has(&node.slots) || node.copies.values().any(has))
                || s.in_flight()
                    .any(|envelope| matches!(envelope.msg, Msg::Slots(share) if has(share)))
        })
    });
    let (of, old, new) = (nodes.clone(), members.clone(), joiners.clone());
    sys.eventually("rebalancing happens", move |s| {
        let has_arrived = live(s, &of).all(|(_, node)| node.copies.is_empty());
        has_arrived
            && live(s, &old).all(|(owner, node)| {
                let mut takers = new.iter();
                node.slots.len() <= half && takers.all(|new| s[new].taken_from.contains(&owner))
            })
    });
    let (of, slots) = (nodes.clone(), slots_of_live_owners);
    sys.stabilises(
        "every slot is owned by a live member that all know",
        move |s| {
            let all_know = |id| live(s, &of).all(|(_, node)| node.members.contains(&id));
            slots(s).iter().all(|(slot, _)| {
                live(s, &of).any(|(id, node)| node.slots.contains_key(slot) && all_know(id))
            })
        },
    );
    let new = joiners.clone();
    sys.reachable("a joiner owns a slot", move |s| {
        new.iter().any(|joiner| !s[joiner].slots.is_empty())
    });
}

/// What is repeated makes good for what was not said once; but if nothing is lost, nothing needs to be repeated.
fn nothing_repeated(sys: &mut System<Msg>, members: &Handles<Node>, joiners: &Handles<Node>) {
    let repeated = sys.observer("repeated", false, |_, event| {
        matches!(event, Event::TimedOut(_)).then_some(true)
    });
    sys.observer_wants(repeated, |event| matches!(event, Event::TimedOut(_)));
    let (old, new) = (members.clone(), joiners.clone());
    sys.reachable("all is moved, and nothing was repeated", move |s| {
        let is_moved = |owner: Handle<Node>| {
            s[owner].copies.is_empty() && new.iter().all(|j| s[j].taken_from.contains(&owner.id()))
        };
        !s[repeated] && old.iter().all(is_moved)
    });
}

/// What a failure detector promises, a perfect one always, an eventually perfect one in the end.
fn accuracy(sys: &mut System<Msg>, nodes: Handles<Node>) {
    let accurate = move |s: &Snapshot<'_, Msg>| {
        let is_up = |id: &Id| nodes.iter().any(|node| node.id() == *id && s.is_up(node));
        live(s, &nodes).all(|(_, node)| !node.suspected.iter().any(is_up))
    };
    sys.always("only crashed members are suspected", accurate.clone());
    sys.stabilises("in the end only crashed members are suspected", accurate);
}

/// The nodes that are up.
fn live<'a>(
    s: &'a Snapshot<'_, Msg>,
    nodes: &'a Handles<Node>,
) -> impl Iterator<Item = (Id, &'a NodeState)> {
    let up = |node: Handle<Node>| Some((node.id(), s.state(node)?));
    nodes.iter().filter_map(up)
}

fn with_few(p: &Params) -> Params {
    Params {
        members: p.few,
        ..p.clone()
    }
}

fn lossy(p: &Params, retries: bool) -> System<Msg> {
    let design = Design {
        keeps_copies: true,
        retries,
        ..CHAIN
    };
    let mut sys = system(p, design);
    sys.links(Link::fair_loss().fifo());
    sys
}

/// One member crashes and stays down: any but the seed.
fn crash(p: &Params, design: Design) -> System<Msg> {
    let mut sys = system(p, design);
    sys.crashes(Crashes::stop(1).of((1..=p.members).map(Id::from)));
    sys
}

/// The same with a failure detector: a perfect one, if the time that messages take is known from the beginning.
fn detector(p: &Params, timing: Timing, detector: Detector) -> System<Msg> {
    let detects = Some(detector);
    let mut sys = crash(p, Design { detects, ..CHAIN });
    sys.timing(timing);
    sys
}

fn seed_crash(p: &Params) -> System<Msg> {
    let detects = Some(Detector::Pings);
    let mut sys = system(p, Design { detects, ..CHAIN });
    sys.timing(Timing::synchronous());
    sys.crashes(Crashes::stop(1).of([Id::from(0)]));
    sys
}

fn two_joiners(p: &Params, asks: Owners) -> System<Msg> {
    let two = Params {
        joiners: 2,
        ..with_few(p)
    };
    system(&two, Design { asks, ..CHAIN })
}

catalogue_entry! {
    "duva-join", Params,
    "A node joins a cluster, and slots move to it.",
    source "Taming Asynchrony: How Duva Solved a Node-to-Node Race Condition",
    "fire-and-forget" => |p| system(p, Design { joins: Joining::FireAndForget, ..CHAIN }),
        violates "no migration to a stranger",
        violates "rebalancing happens";
    "callback-chain" => |p| system(p, CHAIN),
        mistake "nobody is waited for" => |p| system(p, Design { joins: Joining::SeedSync, ..CHAIN });
    "callback-chain-seed-sync" => |p| system(p, Design { joins: Joining::SeedSync, ..CHAIN }),
        violates "no migration to a stranger",
        violates "rebalancing happens";
    "callback-chain-lossy" => |p| lossy(p, false),
        violates "rebalancing happens",
        violates "every slot is owned by a live member that all know";
    "callback-chain-retry" => |p| lossy(&with_few(p), true);
    "callback-chain-crash" => |p| crash(p, CHAIN),
        violates "rebalancing happens";
    "callback-chain-detector" => |p| detector(p, Timing::synchronous(), Detector::Pings);
    "callback-chain-suspicion" => |p| detector(&with_few(p), Timing::partially_synchronous(1), Detector::Pings),
        violates "no migration to a stranger",
        violates "rebalancing happens",
        violates "only crashed members are suspected";
    "callback-chain-suspicion-told" => |p| detector(&with_few(p), Timing::partially_synchronous(1), Detector::Gossip),
        violates "only crashed members are suspected";
    "callback-chain-seed-crash" => |p| seed_crash(&with_few(p)),
        violates "rebalancing happens",
        violates "every slot is owned by a live member that all know";
    "callback-chain-two-joiners" => |p| two_joiners(p, Owners::Known),
        violates "no migration to a stranger";
    "callback-chain-two-joiners-heard" => |p| two_joiners(p, Owners::Heard),
        mistake "all that are known are asked" => |p| two_joiners(p, Owners::Known);
}
