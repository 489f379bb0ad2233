//! Cluster join in Duva: data may move to a new node only once every member has heard of it.
//!
//! Source: "Taming Asynchrony: How Duva Solved a Node-to-Node Race Condition".
//!
//! A node joins a cluster through its seed node, and gossip spreads the word. If the seed asks the owners of slots to migrate
//! some of them to the newcomer at once, a member can be asked to send data to a node it has never heard of, and the
//! request fails. Duva's cure is a chain of callbacks: connect, await *connected*, synchronise, await *sync complete*, and
//! only then rebalance.
//!
//! Where the source leaves something open:
//! - Gossip is push-pull, as in epidemic protocols: in each round a node picks one peer at random and sends its whole
//!   membership list, and the peer answers with its own. A node goes on until it has exchanged lists with every peer
//!   since it last learnt something. So gossip ends by itself, and the state space is finite without a bound on rounds.
//! - *Sync complete* is given by the seed, once every other member has shown it a list with the newcomer in it.
//! - The newcomer answers gossip but begins none: others must hear of it through the cluster.
//! - An owner hands over half of its slots, rounded up. A refused request is not repeated.
//! - Links keep their order, as TCP connections do. The race needs no reordering.
//!
//! In `fire-and-forget` it is not even a race: the seed's request reaches the first member that gossip is to tell before the
//! gossip does, so some owner always refuses and `every owner hands over its share` is out of reach.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `fire-and-forget` | 865 | 2,594 | 17 |
//! | `callback-chain` | 625 | 1,845 | 22 |
use allways::prelude::*;

type Slot = u8;

message! {
    /// What nodes say to each other.
    enum Msg {
        /// Fire-and-forget: let me in.
        Join,
        /// The chain: open a connection; it is open.
        Connect, Connected,
        /// The chain: make me known to the cluster; every member knows you.
        Synchronise, SyncComplete,
        /// The chain: now move data to me.
        Rebalance,
        /// One round of gossip: everyone I know; everyone I know, in answer.
        Gossip(Set<Id>), GossipBack(Set<Id>),
        /// To an owner of slots: hand your share over to this node.
        Migrate { to: Id },
        /// From an owner: these slots are yours now.
        Slots(Set<Slot>),
    }
}

/// How a node is let in.
#[derive(Clone, Copy, PartialEq)]
enum Design {
    FireAndForget,
    CallbackChain,
}

/// A node of the existing cluster; any of them can be a seed.
struct Member {
    cluster: Set<Id>,
    slots: Set<Slot>,
}

state! {
    struct MemberState {
        /// The membership list, as far as it is known here.
        members: Set<Id>,
        /// Peers that may not have heard of all of them.
        unheard: Set<Id>,
        /// The peer of this round of gossip, until it answers.
        asked: Option<Id>,
        slots: Set<Slot>,
        /// Whom we let in and have not yet told that synchronisation is complete.
        awaiting_sync: Option<Id>,
        /// Whom we refused to migrate to, since we do not know them.
        stranger: Option<Id>,
    }
}

impl Member {
    /// Takes over what a peer's list has and ours has not; what we learn is news for all our peers.
    fn learn(&self, me: Id, state: &mut MemberState, list: &Set<Id>) {
        if !list.is_subset(&state.members) {
            state.unheard = state.members.without(&me);
            state.members = state.members.clone().union(list.clone());
        }
    }

    /// Makes a newcomer known: the first to have news of it.
    fn welcome(&self, me: Id, state: &mut MemberState, joiner: Id, o: &mut Out<Self>) {
        self.learn(me, state, &Set::unit(joiner));
        self.next_round(state, o);
        o.send(joiner, Msg::GossipBack(state.members.clone()));
    }

    /// Learns from a peer's list, and learns what that peer knows.
    fn exchange(
        &self,
        me: Id,
        state: &mut MemberState,
        peer: Id,
        list: &Set<Id>,
        o: &mut Out<Self>,
    ) {
        self.learn(me, state, list);
        if state.members.is_subset(list) {
            state.unheard.remove(&peer);
        }
        self.next_round(state, o);
    }

    /// Chooses the peer of the next round of gossip, while there is someone to tell.
    fn next_round(&self, state: &MemberState, o: &mut Out<Self>) {
        if state.asked.is_none() {
            o.choose_random("gossip with", state.unheard.iter().copied().collect());
        }
    }

    /// Asks every owner of the old cluster to hand over its share.
    fn rebalance(&self, me: Id, state: &mut MemberState, to: Id, o: &mut Out<Self>) {
        for &owner in self.cluster.iter().filter(|&&owner| owner != me) {
            o.send(owner, Msg::Migrate { to });
        }
        self.hand_over(state, to, o);
    }

    /// Hands over half of the slots, unless the destination is a stranger: then the request fails.
    fn hand_over(&self, state: &mut MemberState, to: Id, o: &mut Out<Self>) {
        if !state.members.contains(&to) {
            state.stranger = Some(to);
            return;
        }
        let share: Set<Slot> = state
            .slots
            .iter()
            .copied()
            .take(state.slots.len().div_ceil(2))
            .collect();
        state.slots = state.slots.clone().relative_complement(share.clone());
        o.send(to, Msg::Slots(share));
    }
}

impl Actor for Member {
    type Msg = Msg;
    type State = MemberState;
    type Timer = ();
    type Random = Id;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> MemberState {
        MemberState {
            members: self.cluster.clone(),
            unheard: Set::new(),
            asked: None,
            slots: self.slots.clone(),
            awaiting_sync: None,
            stranger: None,
        }
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, MemberState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        match msg {
            Msg::Join => {
                self.welcome(me, state, src, o);
                self.rebalance(me, state, src, o);
            }
            Msg::Connect => o.send(src, Msg::Connected),
            Msg::Synchronise => {
                state.awaiting_sync = Some(src);
                self.welcome(me, state, src, o);
            }
            Msg::Gossip(list) => {
                self.exchange(me, state, src, &list, o);
                o.send(src, Msg::GossipBack(state.members.clone()));
            }
            Msg::GossipBack(list) => {
                state.asked = None;
                self.exchange(me, state, src, &list, o);
            }
            Msg::Rebalance => self.rebalance(me, state, src, o),
            Msg::Migrate { to } => self.hand_over(state, to, o),
            Msg::Connected | Msg::SyncComplete | Msg::Slots(_) => {}
        }
        if let Some(joiner) = state.awaiting_sync
            && state.unheard.is_empty()
        {
            state.awaiting_sync = None;
            o.send(joiner, Msg::SyncComplete);
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, MemberState>, peer: &Id, o: &mut Out<Self>) {
        let state = state.to_mut();
        state.asked = Some(*peer);
        o.send(*peer, Msg::Gossip(state.members.clone()));
    }
}

/// The node that joins.
struct Joiner {
    design: Design,
    seed: Id,
}

state! {
    struct JoinerState {
        members: Set<Id>,
        slots: Set<Slot>,
    }
}

impl Actor for Joiner {
    type Msg = Msg;
    type State = JoinerState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, o: &mut Out<Self>) -> JoinerState {
        o.send(
            self.seed,
            match self.design {
                Design::FireAndForget => Msg::Join,
                Design::CallbackChain => Msg::Connect,
            },
        );
        JoinerState {
            members: Set::unit(me),
            slots: Set::new(),
        }
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, JoinerState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Connected => o.send(src, Msg::Synchronise),
            Msg::SyncComplete => o.send(src, Msg::Rebalance),
            Msg::GossipBack(list) => {
                let state = state.to_mut();
                state.members = state.members.clone().union(list);
            }
            Msg::Slots(slots) => {
                let state = state.to_mut();
                state.slots = state.slots.clone().union(slots);
            }
            _ => {}
        }
    }
}

params! {
    struct Params {
        /// members of the cluster besides the seed
        members: usize = 2, 2..=4;
        /// slots that each of them owns, the seed too
        slots: u8 = 2, 1..=4;
    }
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    let seed = sys.reserve("seed");
    let others = (0..p.members).map(|i| sys.reserve(format!("member[{i}]")));
    let members: Handles<Member> = [seed].into_iter().chain(others).collect();
    let joiner = sys.reserve("joiner");
    sys.links(Link::reliable().fifo());

    for (i, member) in members.iter().enumerate() {
        let cluster = members.ids().into_iter().collect();
        let slots = (i as Slot * p.slots..).take(p.slots.into()).collect();
        sys.set(member, Member { cluster, slots });
    }
    sys.set(
        joiner,
        Joiner {
            design,
            seed: seed.id(),
        },
    );

    let of = members.clone();
    sys.always("no migration to a stranger", move |s| {
        of.iter().all(|m| s[m].stranger.is_none())
    });
    let of = members.clone();
    sys.always("a slot has at most one owner", move |s| {
        let mut owned = Set::new();
        let mut slots = of.iter().flat_map(|m| &s[m].slots).chain(&s[joiner].slots);
        slots.all(|slot| owned.insert(*slot).is_none())
    });
    sys.reachable("the joiner owns a slot", move |s| {
        !s[joiner].slots.is_empty()
    });
    let share = (p.members + 1) * usize::from(p.slots.div_ceil(2));
    sys.reachable("every owner hands over its share", move |s| {
        s[joiner].slots.len() == share
    });
    sys
}

catalogue_entry! {
    "duva-join", Params,
    "A node joins a cluster, and slots move to it.",
    source "Taming Asynchrony: How Duva Solved a Node-to-Node Race Condition",
    "fire-and-forget" => |p| system(p, Design::FireAndForget),
        violates "no migration to a stranger",
        violates "every owner hands over its share";
    "callback-chain" => |p| system(p, Design::CallbackChain);
}
