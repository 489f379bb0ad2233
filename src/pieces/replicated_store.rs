//! A store of keys and values on several replicas that agree on one order of all calls: clients see a single copy.
//!
//! # Rules
//! - A client sends a [`Call`] to any replica, which gives it a number and has it put in order ([`total_order`](super::total_order)). Every replica applies
//!   what is decided, in that order, reads too; the one that was asked then answers.
//! - [`Call::Put`] and [`Call::Swap`] are answered [`Answer::Stored`] or [`Answer::Different`], [`Call::Get`] is answered [`Answer::Found`].
//! - The replicas are told by a [`Word::Lead`] who is to lead when the leader is lost, as the [rules](super::total_order) of the order have it.
//!
//! # Guarantees
//! *Always*: what clients see is linearizable. Each call takes effect at one moment between its sending and its answer, or, if it is not answered, at one moment after its sending or
//! never.
//!
//! *In the end*, over reliable links, as long as a majority stays up and with it the leader of the newest epoch: every call to a replica that stays up is
//! answered. In a part of the network without a majority nothing is answered, reads included.
//!
//! *Not* guaranteed: that a call whose answer does not come has had no effect. A client that sends it again to another replica makes a second call; let writes be idempotent,
//! or make them conditional (`Swap`).
//!
//! # Crashes
//! Nothing is saved, and a replica that crashes has to stay down ([`Crashes::stop`]). What was answered is on a majority, so no answer is undone as long
//! as a majority stays up; what a crashed replica was asked and had not passed on is lost.
//!
//! A store whose replicas do not agree first, and may be read while they lag, is [`lagging_store`](super::lagging_store).

use std::marker::PhantomData;

use super::total_order::{Member, TotalOrder, Word};
use super::{Data, Speaks};
use crate::prelude::*;
use crate::system::Message;

message! {
    /// What a replica is asked.
    #[derive(Deserialize)]
    pub enum Call<K: Data, V: Data> {
        /// Let this be the value of the key.
        Put {
            /// The key.
            key: K,
            /// Its new value.
            value: V,
        },
        /// The same, if its value is what is expected.
        Swap {
            /// The key.
            key: K,
            /// The value that it has to have; `None`: none.
            expected: Option<V>,
            /// Its new value.
            value: V,
        },
        /// The value of the key, please.
        Get {
            /// The key.
            key: K,
        },
    }

    /// What it says to clients.
    #[derive(Deserialize)]
    pub enum Answer<K: Data, V: Data> {
        /// The key has the new value.
        Stored {
            /// The key.
            key: K,
        },
        /// It has not: it has another value than expected, which is this.
        Different {
            /// The key.
            key: K,
            /// Its value.
            value: Option<V>,
        },
        /// The key has this value, or none.
        Found {
            /// The key.
            key: K,
            /// Its value.
            value: Option<V>,
        },
    }

    /// A call, as replicas put it in order.
    #[derive(Deserialize)]
    pub struct Command<K: Data, V: Data> {
        /// The replica that was asked.
        pub asked: Id,
        /// The number of the call there, from 1.
        pub number: u8,
        /// Who is answered.
        pub client: Id,
        /// What it asked.
        pub call: Call<K, V>,
    }
}

state! {
    /// What a replica knows.
    #[derive(Deserialize)]
    pub struct Known<K: Data, V: Data> {
        order: Member<Command<K, V>>,
        /// How often this replica was asked.
        n_asked: u8,
        /// How many of the decided commands have been applied.
        n_applied: usize,
        values: Map<K, V>,
    }
}

impl<K: Data, V: Data> Known<K, V> {
    /// The value of a key, so far as this replica has applied what is decided.
    pub fn value(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    /// How many calls this replica has applied.
    pub fn n_applied(&self) -> usize {
        self.n_applied
    }

    /// Its part in the order of all calls.
    pub fn order(&self) -> &Member<Command<K, V>> {
        &self.order
    }

    /// What becomes of a call.
    fn apply(&mut self, call: Call<K, V>) -> Answer<K, V> {
        match call {
            Call::Put { key, value } => {
                self.values.insert(key.clone(), value);
                Answer::Stored { key }
            }
            Call::Swap {
                key,
                expected,
                value,
            } => {
                if self.values.get(&key) == expected.as_ref() {
                    self.values.insert(key.clone(), value);
                    Answer::Stored { key }
                } else {
                    let value = self.values.get(&key).cloned();
                    Answer::Different { key, value }
                }
            }
            Call::Get { key } => {
                let value = self.values.get(&key).cloned();
                Answer::Found { key, value }
            }
        }
    }
}

/// A replica of the store, for keys `K` and values `V`, in a system whose messages are `M`.
///
/// A client writes at one replica, and another, once that is done, reads at the next:
///
/// ```
/// use allways::prelude::*;
/// use allways::pieces::replicated_store::{Answer, Call, Command, Replica};
/// use allways::pieces::total_order::Word;
///
/// message! {
///     enum Msg {
///         Store(Call<char, u8>),
///         Client(Answer<char, u8>),
///         Order(Word<Command<char, u8>>),
///     }
/// }
/// carries! { Msg: Store(Call<char, u8>), Client(Answer<char, u8>), Order(Word<Command<char, u8>>) }
///
/// /// Writes x at one replica, and then reads it at another.
/// struct Client { writes_at: Id, reads_at: Id }
///
/// impl Actor for Client {
///     type Msg = Msg;
///     /// What it has read.
///     type State = Option<Option<u8>>;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///
///     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Option<Option<u8>> {
///         o.send(self.writes_at, Msg::Store(Call::Put { key: 'x', value: 1 }));
///         None
///     }
///
///     fn on_msg(&self, _: Id, read: &mut Cow<'_, Option<Option<u8>>>, _: Id, msg: Msg, o: &mut Out<Self>) {
///         match msg {
///             Msg::Client(Answer::Stored { key }) => o.send(self.reads_at, Msg::Store(Call::Get { key })),
///             Msg::Client(Answer::Found { value, .. }) => *read.to_mut() = Some(value),
///             _ => {}
///         }
///     }
/// }
///
/// let mut sys = System::new();
/// sys.links(Link::reliable().fifo());
/// let ids: Vec<Id> = (0..3).map(Id::from).collect();
/// let replicas = sys.actors("replica", 3, |_| Replica::among(ids.clone()));
/// let client = sys.actor("client", Client { writes_at: ids[2], reads_at: ids[1] });
/// let leader = replicas[0];
/// sys.crashes(Crashes::stop(1).of([leader.id()]));
/// sys.stimulus("the leader is suspected", ids[1], Msg::Order(Word::Lead));
///
/// sys.always("what was written is read", move |s| s[client].is_none_or(|read| read == Some(1)));
/// sys.stabilises("the client has its answers, unless nobody leads", move |s| {
///     s[client].is_some() || !s.is_up(leader) && s[replicas[1]].order().epoch() == 0
/// });
/// sys.reachable("without the leader", move |s| !s.is_up(leader) && s[client].is_some());
/// assert_holds!(sys);
/// ```
#[derive(Clone, Debug)]
pub struct Replica<M, K, V> {
    group: TotalOrder,
    speaks: Speaks<M, (K, V)>,
}

impl<M, K, V> Replica<M, K, V> {
    /// A replica of a store; all replicas have to be told the same list of them.
    pub fn among(replicas: impl IntoIterator<Item = Id>) -> Self {
        Replica {
            group: TotalOrder::among(replicas),
            speaks: PhantomData,
        }
    }
}

impl<M, K, V> Actor for Replica<M, K, V>
where
    M: Message
        + TryInto<Call<K, V>>
        + From<Answer<K, V>>
        + TryInto<Word<Command<K, V>>>
        + From<Word<Command<K, V>>>,
    K: Data,
    V: Data,
{
    type Msg = M;
    type State = Known<K, V>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, _: &mut Out<Self>) -> Known<K, V> {
        Known {
            order: self.group.start(me),
            n_asked: 0,
            n_applied: 0,
            values: Map::new(),
        }
    }

    fn on_msg(&self, me: Id, known: &mut Cow<'_, Known<K, V>>, src: Id, msg: M, o: &mut Out<Self>) {
        if let Ok(call) = msg.clone().try_into() {
            let known = known.to_mut();
            known.n_asked += 1;
            let command = Command {
                asked: me,
                number: known.n_asked,
                client: src,
                call,
            };
            self.group.propose(me, &mut known.order, command, o);
        } else if let Ok(word) = msg.try_into() {
            let known = known.to_mut();
            self.group.hear(me, &mut known.order, src, word, o);
            while let Some(command) = known.order.decided().get(known.n_applied).cloned() {
                known.n_applied += 1;
                let answer = known.apply(command.call);
                if command.asked == me {
                    o.send(command.client, answer.into());
                }
            }
        }
    }
}
