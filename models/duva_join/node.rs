//! A node: of the existing cluster, or one that joins it.

use allways::prelude::*;

pub(super) type Slot = u8;

/// What a slot holds: one key stands for all of them.
pub(super) type Key = char;

/// Slots with what they hold.
pub(super) type Share = Map<Slot, Key>;

message! {
    /// What nodes say to each other.
    pub(super) enum Msg {
        /// Fire-and-forget: let me in.
        Join,
        /// The chain: open a connection; it is open.
        Connect, Connected,
        /// The chain: make me known to the cluster; it is done.
        Synchronise, SyncComplete,
        /// The chain: now move data to me.
        Rebalance,
        /// One round of gossip: everyone I know; everyone I know, in answer.
        Gossip(Set<Id>), GossipBack(Set<Id>),
        /// To an owner of slots: hand your share over to this node.
        Migrate { to: Id },
        /// From an owner: these slots are yours now; they have arrived.
        Slots(Share), Taken,
        /// The failure detector: are you there? I am.
        Ping, Pong,
    }

    pub(super) enum Timer {
        /// Time to send again what was not answered.
        Retry,
        /// We have waited long enough for this member's answer.
        Wait(Id),
    }
}

/// How a node is let in.
#[derive(Clone, Copy)]
pub(super) struct Design {
    pub(super) joins: Joining,
    /// Links lose: who hands over slots keeps a copy until they have arrived.
    pub(super) keeps_copies: bool,
    /// What is not answered is sent again.
    pub(super) retries: bool,
    /// Members that are waited for and do not answer in time are suspected to have crashed.
    pub(super) detects: Option<Detector>,
    /// Who is asked for a share of its slots.
    pub(super) asks: Owners,
}

/// What a member has to answer.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Detector {
    /// A ping when synchronisation begins, and every round of gossip.
    Pings,
    /// Rounds of gossip alone: nobody is suspected who was not told.
    Gossip,
}

/// When rebalancing begins.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Joining {
    /// At once.
    FireAndForget,
    /// After *connected* and *sync complete*, which the seed gives as soon as it knows the newcomer itself.
    SeedSync,
    /// After *connected* and *sync complete*, which the seed gives once every member has heard.
    CallbackChain,
}

/// Whom a seed asks to hand over a share.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Owners {
    /// Everyone it knows when it is asked to rebalance.
    Known,
    /// Those who have shown it a membership list with the newcomer in it.
    Heard,
}

pub(super) struct Node {
    pub(super) design: Design,
    /// Whom it knows at first: the cluster, or itself alone.
    pub(super) cluster: Set<Id>,
    /// What it owns at first.
    pub(super) slots: Share,
    /// Through whom it joins.
    pub(super) seed: Option<Id>,
}

state! {
    pub(super) struct NodeState {
        /// The membership list, as far as it is known here.
        pub(super) members: Set<Id>,
        /// Peers that may not have heard of all of them.
        unheard: Set<Id>,
        /// The peer of this round of gossip, until it answers.
        asked: Option<Id>,
        pub(super) slots: Share,
        /// To whom a share was handed over, once each.
        handed_over: Set<Id>,
        /// What may be lost on its way to them.
        pub(super) copies: Map<Id, Share>,
        /// Whose share has arrived.
        pub(super) taken_from: Set<Id>,
        /// How far we are in joining.
        step: Step,
        /// Whom we let in and have not yet told that synchronisation is complete.
        awaiting_sync: Set<Id>,
        /// Whom we let in, and who has heard of it, where only those are asked.
        heard: Map<Id, Set<Id>>,
        /// Who did not answer in time.
        pub(super) suspected: Set<Id>,
        /// Whom we refused to migrate to, since we do not know them.
        pub(super) stranger: Option<Id>,
    }

    /// What a joining node waits for.
    #[derive(Copy)]
    enum Step { Connecting, Synchronising, Rebalancing, Member }
}

/// Ticks after which a member that does not answer has crashed, if a message takes one at most.
const PATIENCE: std::ops::Range<u32> = 3..4;

/// Gossip.
impl Node {
    /// Takes over what a peer's list has and ours has not; what we learn is news for all our peers.
    fn learn(&self, me: Id, state: &mut NodeState, list: &Set<Id>) {
        if !list.is_subset(&state.members) {
            state.unheard = state.members.without(&me);
            state.members = state.members.clone().union(list.clone());
        }
    }

    /// Learns from a peer's list, and learns what that peer knows.
    fn exchange(&self, me: Id, state: &mut NodeState, peer: Id, list: &Set<Id>) {
        self.learn(me, state, list);
        if state.members.is_subset(list) {
            state.unheard.remove(&peer);
        }
        let known = state
            .heard
            .keys()
            .copied()
            .filter(|joiner| list.contains(joiner));
        for joiner in known.collect::<Vec<_>>() {
            state.heard[&joiner].insert(peer);
        }
    }

    /// Those that our gossip has to reach. A newcomer leaves it to the cluster.
    fn to_reach(&self, state: &NodeState) -> Set<Id> {
        if self.seed.is_some() {
            return Set::new();
        }
        let unheard = state.unheard.clone();
        unheard.relative_complement(state.suspected.clone())
    }

    /// Makes a newcomer known: the first to have news of it.
    fn welcome(&self, me: Id, state: &mut NodeState, joiner: Id, o: &mut Out<Self>) {
        self.learn(me, state, &Set::unit(joiner));
        o.send(joiner, Msg::GossipBack(state.members.clone()));
    }
}

/// Rebalancing.
impl Node {
    /// Asks every owner to hand over its share.
    fn rebalance(&self, me: Id, state: &mut NodeState, to: Id, o: &mut Out<Self>) {
        let owners = match self.design.asks {
            Owners::Known => state.members.clone(),
            Owners::Heard => state.heard.remove(&to).unwrap_or_default(),
        };
        for &owner in owners.iter().filter(|&&owner| owner != me && owner != to) {
            o.send(owner, Msg::Migrate { to });
        }
        self.hand_over(state, to, o);
    }

    /// Hands over half of the slots, unless the destination is a stranger: then the request fails.
    fn hand_over(&self, state: &mut NodeState, to: Id, o: &mut Out<Self>) {
        if !state.members.contains(&to) {
            state.stranger = Some(to);
            return;
        }
        if state.handed_over.insert(to).is_some() {
            return;
        }
        let half = state.slots.len().div_ceil(2);
        let all = state.slots.iter().map(|(&slot, &key)| (slot, key));
        let share: Share = all.clone().take(half).collect();
        state.slots = all.skip(half).collect();
        if self.design.keeps_copies {
            state.copies.insert(to, share.clone());
        }
        o.send(to, Msg::Slots(share));
    }

    /// Takes a share, once.
    fn take(&self, me: Id, state: &mut NodeState, from: Id, share: Share, o: &mut Out<Self>) {
        if state.taken_from.insert(from).is_none() {
            state.slots = state.slots.clone().union(share);
        }
        if state.step == Step::Rebalancing
            && state.members.without(&me).is_subset(&state.taken_from)
        {
            state.step = Step::Member;
        }
        if self.design.keeps_copies {
            o.send(from, Msg::Taken);
        }
    }
}

/// Retransmission and failure detection.
impl Node {
    /// What we said and have no answer to.
    fn unanswered(&self, state: &NodeState) -> Vec<(Id, Msg)> {
        let chain = match state.step {
            Step::Connecting => Some(Msg::Connect),
            Step::Synchronising => Some(Msg::Synchronise),
            Step::Rebalancing => Some(Msg::Rebalance),
            Step::Member => None,
        };
        let gossip = || Msg::Gossip(state.members.clone());
        let copies = state.copies.iter();
        let copies = copies.map(|(&to, share)| (to, Msg::Slots(share.clone())));
        self.seed
            .zip(chain)
            .into_iter()
            .chain(state.asked.map(|peer| (peer, gossip())))
            .chain(copies)
            .collect()
    }

    /// Asks those that are waited for whether they are there.
    fn probe(&self, state: &NodeState, o: &mut Out<Self>) {
        if self.design.detects == Some(Detector::Pings) {
            for peer in self.to_reach(state) {
                o.send(peer, Msg::Ping);
                self.watch(peer, o);
            }
        }
    }

    /// Waits for an answer of this peer, but not for ever.
    fn watch(&self, peer: Id, o: &mut Out<Self>) {
        if self.design.detects.is_some() {
            o.set_timer(Timer::Wait(peer), ticks(PATIENCE));
        }
    }

    /// A peer has answered, and owes nothing more: it is there.
    fn trust(&self, state: &mut NodeState, peer: Id, o: &mut Out<Self>) {
        if self.design.detects.is_some() && state.asked != Some(peer) {
            state.suspected.remove(&peer);
            o.cancel_timer(Timer::Wait(peer));
        }
    }

    /// What follows from every event: the next round of gossip, the end of synchronisation.
    fn go_on(&self, state: &mut NodeState, was_waiting: bool, o: &mut Out<Self>) {
        let peers = self.to_reach(state);
        if peers.is_empty() || self.design.joins == Joining::SeedSync {
            for joiner in std::mem::take(&mut state.awaiting_sync) {
                o.send(joiner, Msg::SyncComplete);
            }
        }
        if state.asked.is_none() {
            o.choose_random("gossip with", peers.into_iter().collect());
        }
        // Set once: a timer that every event set back might never fire.
        if !was_waiting && self.is_waiting(state) {
            o.set_timer(Timer::Retry, model_timeout());
        }
    }

    /// Whether something is to be sent again.
    fn is_waiting(&self, state: &NodeState) -> bool {
        self.design.retries && !self.unanswered(state).is_empty()
    }
}

impl Actor for Node {
    type Msg = Msg;
    type State = NodeState;
    type Timer = Timer;
    type Random = Id;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> NodeState {
        let mut step = Step::Member;
        if let Some(seed) = self.seed {
            if self.design.joins == Joining::FireAndForget {
                o.send(seed, Msg::Join);
            } else {
                o.send(seed, Msg::Connect);
                step = Step::Connecting;
            }
        }
        let mut state = NodeState {
            members: self.cluster.clone(),
            unheard: Set::new(),
            asked: None,
            slots: self.slots.clone(),
            handed_over: Set::new(),
            copies: Map::new(),
            taken_from: Set::new(),
            step,
            awaiting_sync: Set::new(),
            heard: Map::new(),
            suspected: Set::new(),
            stranger: None,
        };
        self.go_on(&mut state, false, o);
        state
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, NodeState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let was_waiting = self.is_waiting(state);
        let state = state.to_mut();
        match msg {
            Msg::Join => {
                self.welcome(me, state, src, o);
                self.rebalance(me, state, src, o);
            }
            Msg::Connect => o.send(src, Msg::Connected),
            Msg::Connected if state.step == Step::Connecting => {
                state.step = Step::Synchronising;
                o.send(src, Msg::Synchronise);
            }
            Msg::Synchronise => {
                if state.awaiting_sync.insert(src).is_none() && self.design.asks == Owners::Heard {
                    state.heard.insert(src, Set::new());
                }
                self.welcome(me, state, src, o);
                self.probe(state, o);
            }
            // On links that lose, the list that was sent before it may be missing: then we ask again.
            Msg::SyncComplete if state.step == Step::Synchronising && state.members.len() > 1 => {
                state.step = Step::Rebalancing;
                o.send(src, Msg::Rebalance);
            }
            Msg::Rebalance => self.rebalance(me, state, src, o),
            Msg::Gossip(list) => {
                self.exchange(me, state, src, &list);
                o.send(src, Msg::GossipBack(state.members.clone()));
            }
            Msg::GossipBack(list) => {
                if state.asked == Some(src) {
                    state.asked = None;
                }
                self.trust(state, src, o);
                self.exchange(me, state, src, &list);
            }
            Msg::Migrate { to } => self.hand_over(state, to, o),
            Msg::Slots(share) => self.take(me, state, src, share, o),
            Msg::Taken => {
                state.copies.remove(&src);
            }
            Msg::Ping => o.send(src, Msg::Pong),
            Msg::Pong => self.trust(state, src, o),
            // Answers to what was sent twice.
            Msg::Connected | Msg::SyncComplete => {}
        }
        self.go_on(state, was_waiting, o);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, NodeState>, peer: &Id, o: &mut Out<Self>) {
        let was_waiting = self.is_waiting(state);
        let state = state.to_mut();
        state.asked = Some(*peer);
        o.send(*peer, Msg::Gossip(state.members.clone()));
        self.watch(*peer, o);
        self.go_on(state, was_waiting, o);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, NodeState>, timer: &Timer, o: &mut Out<Self>) {
        let was_waiting = self.is_waiting(state) && *timer != Timer::Retry;
        let state = state.to_mut();
        match timer {
            Timer::Retry => {
                for (to, msg) in self.unanswered(state) {
                    o.send(to, msg);
                }
            }
            Timer::Wait(peer) => {
                state.suspected.insert(*peer);
                if state.asked == Some(*peer) {
                    state.asked = None;
                }
            }
        }
        self.go_on(state, was_waiting, o);
    }
}
