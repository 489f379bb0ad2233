//! A node: an Akka actor system that wants to be in the cluster, and what it does to get there.

use super::{Cluster, Life, Msg, Order, Timer};
use allways::prelude::*;

/// How a node comes to join.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Design {
    /// All ask the static list of seed nodes; the first of it forms the cluster if nobody answers.
    FirstSeed,
    /// Look up who touched a file recently: nobody, then join self; else join all of them.
    TouchFile(Touch, Failure),
    /// Join on the order of a supervisor.
    Supervised,
    /// Look up who is in the cluster: nobody, then take the lock and join self; else join them.
    LookupLock,
}

/// When a node touches its file for the first time.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Touch {
    /// After it has looked up the others'.
    After,
    /// Before.
    First,
}

/// What a node does when joining does not succeed in reasonable time.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Failure {
    /// Nothing: Akka goes on asking the same seeds.
    Ignored,
    /// Looks up and joins again, in the same actor system.
    RetryInPlace,
    /// Terminates the actor system, which is then started again.
    Restart,
}

/// Ticks between two touches of a file.
const TOUCH_EVERY: u32 = 1;
/// Ticks until who was refused the lock looks up again.
const LOOK_AGAIN: u32 = 1;
/// Ticks that joining may take: a request and its answer take two.
const JOIN_TIMEOUT: u32 = 3;

pub(super) struct Node {
    pub(super) design: Design,
    /// All nodes; the first is the first seed.
    pub(super) nodes: Vec<Id>,
    /// The file system, lookup service or supervisor; with static seed nodes there is none.
    pub(super) outside: Option<Id>,
    /// It starts only when it is switched on.
    pub(super) switched_on: bool,
}

state! {
    pub(super) struct NodeState {
        pub(super) life: Life,
        pub(super) phase: Phase,
    }

    pub(super) enum Phase {
        /// Is not switched on yet.
        Off,
        /// Waits for a list, the lock or an order.
        Waiting,
        /// Asks these nodes to be let in.
        Joining(Set<Id>),
        Member(Cluster),
    }
}

impl NodeState {
    pub(super) fn cluster(&self) -> Option<Cluster> {
        match self.phase {
            Phase::Member(cluster) => Some(cluster),
            _ => None,
        }
    }
}

impl Node {
    /// The actor system starts.
    fn start(&self, me: Id, life: Life, o: &mut Out<Self>) -> NodeState {
        let mut state = NodeState {
            life,
            phase: Phase::Waiting,
        };
        match self.design {
            Design::FirstSeed => {
                let seeds = self.nodes.iter().copied().collect();
                self.join_seed_nodes(me, &mut state, seeds, o);
            }
            Design::TouchFile(touch, _) => {
                if touch == Touch::First {
                    self.touch(o);
                }
                self.tell(Msg::LookUp(life), o);
            }
            Design::Supervised => self.tell(Msg::Started(life), o),
            Design::LookupLock => self.tell(Msg::LookUp(life), o),
        }
        state
    }

    /// To the file system, lookup service or supervisor.
    fn tell(&self, msg: Msg, o: &mut Out<Self>) {
        if let Some(outside) = self.outside {
            o.send(outside, msg);
        }
    }

    fn touch(&self, o: &mut Out<Self>) {
        self.tell(Msg::Touch, o);
        o.set_timer(Timer::Touch, ticks(TOUCH_EVERY..TOUCH_EVERY + 1));
    }

    /// Akka's `joinSeedNodes`: asks all seeds but itself.
    fn join_seed_nodes(&self, me: Id, state: &mut NodeState, seeds: Set<Id>, o: &mut Out<Self>) {
        state.phase = Phase::Joining(seeds.without(&me));
        self.ask(state, o);
    }

    fn ask(&self, state: &NodeState, o: &mut Out<Self>) {
        if let Phase::Joining(seeds) = &state.phase {
            for &seed in seeds {
                o.send(seed, Msg::Join(state.life));
            }
        }
        // Of the supervisor's nodes it is the supervisor that knows whom to wait for.
        if self.design != Design::Supervised {
            o.set_timer(Timer::JoinTimeout, ticks(JOIN_TIMEOUT..JOIN_TIMEOUT + 1));
        }
    }

    /// Joining has not succeeded in reasonable time.
    fn unanswered(&self, me: Id, state: &mut NodeState, o: &mut Out<Self>) {
        match self.design {
            Design::FirstSeed if self.nodes.first() == Some(&me) => self.join_self(me, state, o),
            Design::TouchFile(_, Failure::Restart) | Design::LookupLock => {
                self.restart(me, state, o);
            }
            Design::TouchFile(_, Failure::RetryInPlace) => {
                self.tell(Msg::LookUp(state.life), o);
                self.ask(state, o);
            }
            _ => self.ask(state, o),
        }
    }

    /// Forms a cluster.
    fn join_self(&self, me: Id, state: &mut NodeState, o: &mut Out<Self>) {
        let cluster = Cluster {
            founder: me,
            crashes: state.life.crashes,
        };
        self.member_up(state, cluster, o);
    }

    /// We are in.
    fn member_up(&self, state: &mut NodeState, cluster: Cluster, o: &mut Out<Self>) {
        state.phase = Phase::Member(cluster);
        if self.design != Design::Supervised {
            o.cancel_timer(Timer::JoinTimeout);
        }
        match self.design {
            Design::LookupLock => self.touch(o),
            Design::Supervised => self.tell(Msg::Joined, o),
            Design::FirstSeed | Design::TouchFile(..) => {}
        }
    }

    /// Terminates the actor system and starts it again.
    fn restart(&self, me: Id, state: &mut NodeState, o: &mut Out<Self>) {
        if let Design::TouchFile(..) = self.design {
            o.cancel_timer(Timer::Touch);
        }
        // The supervisor terminates a node once for a crash of another. Where nodes do it by themselves, there is no end to it, and one life is told
        // from the next only: enough as long as no answer is two lives late.
        let restarts = match self.design {
            Design::Supervised => state.life.restarts + 1,
            _ => 1 - state.life.restarts,
        };
        let life = Life {
            restarts,
            ..state.life
        };
        *state = self.start(me, life, o);
    }

    /// Those who touched their files recently, or are in the cluster.
    fn listed(&self, me: Id, state: &mut NodeState, nodes: Set<Id>, o: &mut Out<Self>) {
        let others = nodes.without(&me);
        match self.design {
            Design::TouchFile(touch, _) => {
                if touch == Touch::After {
                    self.touch(o);
                }
                if others.is_empty() {
                    self.join_self(me, state, o);
                } else {
                    self.join_seed_nodes(me, state, others, o);
                }
            }
            _ if nodes.is_empty() => self.tell(Msg::Lock(state.life), o),
            // Only the entry of a former life is left: we are the first and only seed.
            _ if others.is_empty() => self.join_self(me, state, o),
            _ => self.join_seed_nodes(me, state, others, o),
        }
    }
}

impl Actor for Node {
    type Msg = Msg;
    type State = NodeState;
    type Timer = Timer;
    type Random = ();
    /// How often this node has crashed.
    type Storage = u8;

    fn on_start(&self, me: Id, crashes: &Option<u8>, o: &mut Out<Self>) -> NodeState {
        let crashes = crashes.map_or(0, |before| before + 1);
        o.save(crashes);
        let life = Life {
            crashes,
            restarts: 0,
        };
        if self.switched_on {
            return NodeState {
                life,
                phase: Phase::Off,
            };
        }
        self.start(me, life, o)
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, NodeState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (msg, &state.phase) {
            (Msg::SwitchOn, Phase::Off) => *state.to_mut() = self.start(me, state.life, o),
            // Who is in no cluster keeps silent.
            (Msg::Join(to), &Phase::Member(cluster)) => o.send(src, Msg::Welcome { to, cluster }),
            (Msg::Welcome { to, cluster }, Phase::Joining(_)) if to == state.life => {
                self.member_up(state.to_mut(), cluster, o);
            }
            (Msg::Listed { to, nodes }, Phase::Waiting) if to == state.life => {
                self.listed(me, state.to_mut(), nodes, o);
            }
            (Msg::Locked { to, granted }, Phase::Waiting) if to == state.life => {
                if granted {
                    self.join_self(me, state.to_mut(), o);
                } else {
                    o.set_timer(Timer::LookAgain, ticks(LOOK_AGAIN..LOOK_AGAIN + 1));
                }
            }
            (Msg::Order { to, order }, _) if to == state.life => match order {
                Order::JoinSelf => self.join_self(me, state.to_mut(), o),
                Order::Join(seed) => {
                    self.join_seed_nodes(me, state.to_mut(), Set::unit(seed), o);
                }
                Order::Terminate => self.restart(me, state.to_mut(), o),
            },
            // An answer to a former life; or another attempt in the same actor system, which Akka ignores.
            _ => {}
        }
    }

    fn on_timeout(&self, me: Id, state: &mut Cow<'_, NodeState>, timer: &Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Touch => self.touch(o),
            Timer::LookAgain => self.tell(Msg::LookUp(state.life), o),
            Timer::JoinTimeout => self.unanswered(me, state.to_mut(), o),
            Timer::Stale(_) | Timer::Expired => {}
        }
    }
}
