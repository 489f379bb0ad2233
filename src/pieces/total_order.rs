//! Total-order broadcast: a leader puts items in order, and a majority has to accept an order before it counts.
//!
//! This is a part of an actor and no actor of its own: a replica of some kind calls it for the words of the protocol and does what it likes
//! with what is decided. [`Replica`](super::replicated_store::Replica) is one such actor.
//!
//! # Rules
//! - The members are a fixed list. Leaders have *epochs*, numbered from 0, and take turns: epoch `e` is led by the member at position `e`, counted round the list.
//!   So no two members ever lead in the same epoch. The first leads from the beginning.
//! - Whoever is asked to have an item put in order ([`TotalOrder::propose`]) remembers it, and tells the leader. A leader decides one position at a time: it appends the
//!   least item that waits, asks all to accept the order, and when a majority has, itself included, the order is decided, and all are told so.
//! - A member that is told to lead ([`Word::Lead`]) takes the next epoch that is its own and asks everybody what they have accepted. A majority's answers are
//!   enough: it takes over the order accepted in the newest epoch (of two, the longer), and has it accepted again in its own.
//! - Orders travel as a whole, which spares the bookkeeping of gaps: bound the number of items.
//! - An item is decided once, however often it is proposed: what is to happen twice must differ.
//! - There are two members or more.
//!
//! # Guarantees
//! *Always*, over links of any kind, with any number of members crashed for good and any number told to lead at any time: of the orders that two members know to be decided
//! one begins with the other; nothing is decided that nobody has proposed, or twice.
//!
//! *In the end*, over reliable links, if a majority stays up, and with it the leader of the newest epoch that anybody was told to lead: what a member that stays up
//! has proposed is decided, and all members that stay up know of it. Nothing is sent twice, so a message that is lost is missed.
//!
//! When the leader is to be replaced is not decided here: a failure detector of the system's own, or a stimulus, sends `Lead`.
//!
//! # Crashes
//! Nothing is saved. A member that crashes has to stay down ([`Crashes::stop`]): one that came back would have forgotten what it has accepted, and the
//! guarantees would be void.

use stateright::actor::majority;

use super::Data;
use crate::prelude::*;

message! {
    /// What members say to each other.
    #[derive(Deserialize)]
    pub enum Word<T: Data> {
        /// To the leader: this is to be put in order.
        Propose(T),
        /// To a member, from the environment or a failure detector: lead.
        Lead,
        /// From a new leader: which order have you accepted?
        Prepare {
            /// The epoch that begins.
            epoch: u8,
        },
        /// In answer: this one; and we shall accept none of an older epoch.
        Promise {
            /// The epoch that begins.
            epoch: u8,
            /// The epoch in which the order was accepted.
            accepted_in: u8,
            /// The order.
            log: Vec<T>,
            /// What was proposed, and is not decided as far as the member knows.
            waiting: Set<T>,
        },
        /// From the leader: let this be the order.
        Accept {
            /// The leader's epoch.
            epoch: u8,
            /// The order as a whole.
            log: Vec<T>,
        },
        /// In answer: as far as we are concerned, it is.
        Accepted {
            /// The leader's epoch.
            epoch: u8,
            /// How long it is.
            length: usize,
        },
        /// From the leader: a majority has accepted this order.
        Decided(Vec<T>),
    }
}

state! {
    /// What a member of the group knows.
    #[derive(Deserialize)]
    pub struct Member<T: Data> {
        /// What was proposed here or to us, and is not decided as far as we know.
        waiting: Set<T>,
        /// The newest epoch we have heard of; the leaders of older ones are over.
        epoch: u8,
        role: Role,
        /// The order that we have accepted, and in which epoch.
        log: Vec<T>,
        accepted_in: u8,
        decided: Vec<T>,
    }

    #[derive(Deserialize)]
    enum Role {
        Follower,
        /// About to lead; who has told us what they have accepted.
        Preparing(Set<Id>),
        /// Leading; who has accepted the order that is being decided, if one is.
        Leading(Set<Id>),
    }
}

impl<T: Data> Member<T> {
    /// The order that is decided, as far as this member knows: it only ever grows at its end.
    pub fn decided(&self) -> &[T] {
        &self.decided
    }

    /// The order that this member has accepted: what comes after the decided part may still be replaced.
    pub fn accepted(&self) -> &[T] {
        &self.log
    }

    /// What was proposed to this member and is not decided, so far as it knows.
    pub fn waiting(&self) -> &Set<T> {
        &self.waiting
    }

    /// The newest epoch that this member has heard of.
    pub fn epoch(&self) -> u8 {
        self.epoch
    }

    /// Whether it leads in that epoch.
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leading(_))
    }

    /// Takes note of the epoch of a message; whether it is not over.
    fn hear_of(&mut self, epoch: u8) -> bool {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.role = Role::Follower;
        }
        epoch == self.epoch
    }

    fn decide(&mut self, log: Vec<T>) {
        if log.len() > self.decided.len() {
            let decided = log.iter().cloned().collect();
            self.waiting = self.waiting.clone().relative_complement(decided);
            self.decided = log;
        }
    }
}

/// A group whose members agree on one order of items.
///
/// Three members, any of which crashes, and the second of which may lead:
///
/// ```
/// use allways::prelude::*;
/// use allways::pieces::total_order::{Member, TotalOrder, Word};
///
/// message! {
///     enum Msg {
///         /// From the environment: have this put in order.
///         Say(char),
///         Order(Word<char>),
///     }
/// }
/// carries! { Msg: Order(Word<char>) }
///
/// struct Node { group: TotalOrder }
///
/// impl Actor for Node {
///     type Msg = Msg;
///     type State = Member<char>;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///
///     fn on_start(&self, me: Id, _: &Option<()>, _: &mut Out<Self>) -> Member<char> {
///         self.group.start(me)
///     }
///
///     fn on_msg(&self, me: Id, state: &mut Cow<'_, Member<char>>, src: Id, msg: Msg, o: &mut Out<Self>) {
///         match msg {
///             Msg::Say(item) => self.group.propose(me, state.to_mut(), item, o),
///             Msg::Order(word) => self.group.hear(me, state.to_mut(), src, word, o),
///         }
///     }
/// }
///
/// let mut sys = System::new();
/// let ids: Vec<Id> = (0..3).map(Id::from).collect();
/// let nodes = sys.actors("node", 3, |_| Node { group: TotalOrder::among(ids.clone()) });
/// let [leader, successor, last] = [0, 1, 2].map(|i| nodes[i]);
/// sys.crashes(Crashes::stop(1).of([leader.id()]));
/// sys.stimulus("the leader says a", leader.id(), Msg::Say('a'));
/// sys.stimulus("the last says b", last.id(), Msg::Say('b'));
/// sys.stimulus("the leader is suspected", successor.id(), Msg::Order(Word::Lead));
///
/// sys.always("one order", move |s| {
///     let decided = |node| s.state(node).map_or(&[][..], Member::decided);
///     let agree = |a: &[char], b: &[char]| a.iter().zip(b).all(|(a, b)| a == b);
///     nodes.iter().all(|one| nodes.iter().all(|other| agree(decided(one), decided(other))))
/// });
/// sys.reachable("without the leader", move |s| !s.is_up(leader) && s[last].decided() == ['b']);
/// assert_holds!(sys);
/// ```
#[derive(Clone, Debug)]
pub struct TotalOrder {
    members: Vec<Id>,
}

impl TotalOrder {
    /// The group of these members. All of them have to be told the same list.
    pub fn among(members: impl IntoIterator<Item = Id>) -> Self {
        TotalOrder {
            members: members.into_iter().collect(),
        }
    }

    /// What a member knows when it starts.
    pub fn start<T: Data>(&self, me: Id) -> Member<T> {
        Member {
            waiting: Set::new(),
            epoch: 0,
            role: if self.leader(0) == Some(me) {
                Role::Leading(Set::new())
            } else {
                Role::Follower
            },
            log: Vec::new(),
            accepted_in: 0,
            decided: Vec::new(),
        }
    }

    /// A member is to have an item put in order.
    pub fn propose<T, A>(&self, me: Id, member: &mut Member<T>, item: T, o: &mut Out<A>)
    where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        if member.decided.contains(&item) {
            return;
        }
        member.waiting.insert(item.clone());
        if let Some(leader) = self.leader(member.epoch)
            && leader != me
        {
            o.send(leader, Word::Propose(item).into());
        }
        self.go_on(me, member, o);
    }

    /// A word of the protocol has come to a member.
    pub fn hear<T, A>(&self, me: Id, member: &mut Member<T>, src: Id, word: Word<T>, o: &mut Out<A>)
    where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        match word {
            Word::Propose(item) => {
                if !member.decided.contains(&item) {
                    member.waiting.insert(item);
                    self.go_on(me, member, o);
                }
            }
            Word::Lead => self.lead(me, member, o),
            Word::Prepare { epoch } => {
                if member.hear_of(epoch) {
                    let promise = Word::Promise {
                        epoch,
                        accepted_in: member.accepted_in,
                        log: member.log.clone(),
                        waiting: member.waiting.clone(),
                    };
                    o.send(src, promise.into());
                }
            }
            Word::Promise {
                epoch,
                accepted_in,
                log,
                waiting,
            } => {
                let decided = member.decided.iter().cloned().collect();
                let both = member.waiting.clone().union(waiting);
                member.waiting = both.relative_complement(decided);
                if epoch == member.epoch {
                    self.promised(me, member, src, accepted_in, log, o);
                }
                self.go_on(me, member, o);
            }
            Word::Accept { epoch, log } => {
                if member.hear_of(epoch)
                    && (epoch, log.len()) > (member.accepted_in, member.log.len())
                {
                    let length = log.len();
                    (member.accepted_in, member.log) = (epoch, log);
                    o.send(src, Word::<T>::Accepted { epoch, length }.into());
                }
            }
            Word::Accepted { epoch, length } => self.accepted(me, member, src, epoch, length, o),
            Word::Decided(log) => member.decide(log),
        }
    }

    /// Who leads in an epoch; nobody in an empty group.
    fn leader(&self, epoch: u8) -> Option<Id> {
        let turn = usize::from(epoch).checked_rem(self.members.len())?;
        self.members.get(turn).copied()
    }

    /// Begins the next epoch of our own.
    fn lead<T, A>(&self, me: Id, member: &mut Member<T>, o: &mut Out<A>)
    where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        let ours = |epoch: &u8| self.leader(*epoch) == Some(me);
        if let Some(epoch) = (member.epoch..=u8::MAX).skip(1).find(ours) {
            member.epoch = epoch;
            member.role = Role::Preparing(Set::unit(me));
            self.send_to_others(me, &Word::<T>::Prepare { epoch }, o);
        }
    }

    /// A member has told us what it has accepted, in answer to our question.
    fn promised<T, A>(
        &self,
        me: Id,
        member: &mut Member<T>,
        src: Id,
        accepted_in: u8,
        log: Vec<T>,
        o: &mut Out<A>,
    ) where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        let Role::Preparing(promised) = &mut member.role else {
            return;
        };
        promised.insert(src);
        let is_majority = promised.len() >= majority(self.members.len());
        if (accepted_in, log.len()) > (member.accepted_in, member.log.len()) {
            (member.accepted_in, member.log) = (accepted_in, log);
        }
        if is_majority {
            member.role = Role::Leading(Set::new());
            if !member.log.is_empty() {
                self.ask(me, member, o);
            }
        }
    }

    /// A member has accepted an order of so many items.
    fn accepted<T, A>(
        &self,
        me: Id,
        member: &mut Member<T>,
        src: Id,
        epoch: u8,
        length: usize,
        o: &mut Out<A>,
    ) where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        if epoch == member.epoch
            && length == member.log.len()
            && let Role::Leading(accepted) = &mut member.role
            && !accepted.is_empty()
        {
            accepted.insert(src);
            if accepted.len() >= majority(self.members.len()) {
                accepted.clear();
                self.send_to_others(me, &Word::Decided(member.log.clone()), o);
                member.decide(member.log.clone());
                self.go_on(me, member, o);
            }
        }
    }

    /// A leader that has nothing to decide appends an item to the order.
    fn go_on<T, A>(&self, me: Id, member: &mut Member<T>, o: &mut Out<A>)
    where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        if let Role::Leading(accepted) = &member.role
            && accepted.is_empty()
            && let Some(first) = member.waiting.get_min()
        {
            member.log.push(first.clone());
            self.ask(me, member, o);
        }
    }

    /// Asks all to accept the order that we propose.
    fn ask<T, A>(&self, me: Id, member: &mut Member<T>, o: &mut Out<A>)
    where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        member.accepted_in = member.epoch;
        member.role = Role::Leading(Set::unit(me));
        let (epoch, log) = (member.epoch, member.log.clone());
        self.send_to_others(me, &Word::Accept { epoch, log }, o);
    }

    fn send_to_others<T, A>(&self, me: Id, word: &Word<T>, o: &mut Out<A>)
    where
        T: Data,
        A: Actor<Msg: From<Word<T>>>,
    {
        for &peer in self.members.iter().filter(|&&peer| peer != me) {
            o.send(peer, word.clone().into());
        }
    }
}
