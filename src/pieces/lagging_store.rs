//! A store of keys and values on several nodes that replicate to each other in their own time: always there, and never certain to be up to date.
//!
//! # Rules
//! - A client sends a [`Call`] to any node. [`Call::Put`] is done when that node has it: it is answered [`Answer::Stored`], and sent on to all other nodes.
//!   [`Call::Get`] is answered with what that node has ([`Answer::Found`]).
//! - Every write has a [`Stamp`]: the node's logical clock, which is past everything that the node has seen, and the node's id. Of two values of a key the one with
//!   the greater stamp wins, on every node alike (*last writer wins*); so of two writes at the same time one is lost, and which has nothing to do with clocks on the wall.
//! - Answers tell the stamp, so that a client can see that it has read an older state than before.
//!
//! # Guarantees
//! *Always*: what a node has of a key was written, and its stamp only ever grows. Calls are answered whoever is cut off or down, if their node is up.
//!
//! *In the end*, over reliable links, if no node crashes: all nodes have the same, the write with the greatest stamp of each key.
//!
//! *Not* guaranteed: that who reads finds what is written, not even by itself, if it reads at another node; that reads go forward in time, if they go to several nodes;
//! that a write that was answered survives the next one.
//!
//! # Crashes
//! A node forgets everything when it crashes, its clock too, so that a later write may have the stamp of an earlier one; unless it is [`durable`](Node::durable): then it has saved a write before it answers it and sends it on. A write that it had
//! not sent on to everybody when it crashed inside the handler is not sent on later: others may never hear of it. There is no repair.
//!
//! A store whose replicas agree before they answer is [`replicated_store`](super::replicated_store).

use std::marker::PhantomData;

use super::{Data, Speaks};
use crate::prelude::*;
use crate::system::Message;

message! {
    /// What a node is asked.
    #[derive(Deserialize)]
    pub enum Call<K: Data, V: Data> {
        /// Let this be the value of the key.
        Put {
            /// The key.
            key: K,
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
        /// This node has it, as this write.
        Stored {
            /// The key.
            key: K,
            /// The stamp of the write.
            stamp: Stamp,
        },
        /// The value that this node has, and the stamp of its write; or none.
        Found {
            /// The key.
            key: K,
            /// What there is.
            value: Option<Written<V>>,
        },
    }

    /// What one node tells another: this was written.
    #[derive(Deserialize)]
    pub struct Replicate<K: Data, V: Data> {
        /// The key.
        pub key: K,
        /// Its value.
        pub written: Written<V>,
    }

    /// A value as it was written.
    #[derive(Deserialize)]
    pub struct Written<V: Data> {
        /// Which write it was.
        pub stamp: Stamp,
        /// What was written.
        pub value: V,
    }

    /// Tells writes apart and puts them in order: no two have the same, and what was written in the knowledge of another has the greater.
    #[derive(Copy, Deserialize)]
    pub struct Stamp {
        /// The time of the node's logical clock.
        pub time: u8,
        /// The node.
        pub node: Id,
    }
}

state! {
    /// What a node has.
    #[derive(Deserialize)]
    pub struct Held<K: Data, V: Data> {
        values: Map<K, Written<V>>,
    }
}

impl<K: Data, V: Data> Held<K, V> {
    /// What this node has of a key.
    pub fn value(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|written| &written.value)
    }

    /// The stamp of what it has.
    pub fn stamp(&self, key: &K) -> Option<Stamp> {
        self.values.get(key).map(|written| written.stamp)
    }

    /// The time of its clock: that of the latest write it has.
    fn time(&self) -> u8 {
        let times = self.values.values().map(|written| written.stamp.time);
        times.max().unwrap_or(0)
    }
}

/// A node of the store, for keys `K` and values `V`, in a system whose messages are `M`.
///
/// A client that writes at one node and then reads at another need not find what it has written, though in the end both nodes have it:
///
/// ```
/// use allways::prelude::*;
/// use allways::pieces::lagging_store::{Answer, Call, Node, Replicate};
///
/// message! {
///     enum Msg {
///         Store(Call<char, u8>),
///         Client(Answer<char, u8>),
///         Nodes(Replicate<char, u8>),
///     }
/// }
/// carries! { Msg: Store(Call<char, u8>), Client(Answer<char, u8>), Nodes(Replicate<char, u8>) }
///
/// /// Writes x at one node, and then reads it.
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
///             Msg::Client(Answer::Stored { key, .. }) => o.send(self.reads_at, Msg::Store(Call::Get { key })),
///             Msg::Client(Answer::Found { value, .. }) => *read.to_mut() = Some(value.map(|found| found.value)),
///             _ => {}
///         }
///     }
/// }
///
/// fn system(reads_at: usize) -> System<Msg> {
///     let mut sys = System::new();
///     let ids = [0, 1].map(Id::from);
///     let nodes = sys.actors("node", 2, |_| Node::among(ids));
///     let client = sys.actor("client", Client { writes_at: ids[0], reads_at: ids[reads_at] });
///     sys.always("who has written reads it", move |s| s[client].is_none_or(|read| read == Some(1)));
///     sys.stabilises("both nodes have it", move |s| nodes.iter().all(|node| s[node].value(&'x') == Some(&1)));
///     sys.eventually("the client has its answers", move |s| s[client].is_some());
///     sys
/// }
///
/// assert_holds!(system(0));
/// assert_violated!(system(1), "who has written reads it");
/// assert_holds!(system(1), "both nodes have it", "the client has its answers");
/// ```
#[derive(Clone, Debug)]
pub struct Node<M, K, V> {
    nodes: Vec<Id>,
    durable: bool,
    speaks: Speaks<M, (K, V)>,
}

impl<M, K, V> Node<M, K, V> {
    /// A node of a store, which replicates to the others in this list.
    pub fn among(nodes: impl IntoIterator<Item = Id>) -> Self {
        Node {
            nodes: nodes.into_iter().collect(),
            durable: false,
            speaks: PhantomData,
        }
    }

    /// Saves what it has, so that it outlives a crash.
    #[must_use]
    pub fn durable(self) -> Self {
        Node {
            durable: true,
            ..self
        }
    }
}

impl<M, K, V> Node<M, K, V>
where
    M: Message
        + TryInto<Call<K, V>>
        + From<Answer<K, V>>
        + TryInto<Replicate<K, V>>
        + From<Replicate<K, V>>,
    K: Data,
    V: Data,
{
    fn store(&self, held: &mut Held<K, V>, key: K, written: Written<V>, o: &mut Out<Self>) {
        held.values.insert(key, written);
        if self.durable {
            o.save(held.clone());
        }
    }

    fn call(
        &self,
        me: Id,
        held: &mut Cow<'_, Held<K, V>>,
        client: Id,
        call: Call<K, V>,
        o: &mut Out<Self>,
    ) {
        match call {
            Call::Put { key, value } => {
                let held = held.to_mut();
                let stamp = Stamp {
                    time: held.time() + 1,
                    node: me,
                };
                let written = Written { stamp, value };
                self.store(held, key.clone(), written.clone(), o);
                let stored = Answer::Stored {
                    key: key.clone(),
                    stamp,
                };
                o.send(client, stored.into());
                let news = Replicate { key, written };
                for &node in self.nodes.iter().filter(|&&node| node != me) {
                    o.send(node, news.clone().into());
                }
            }
            Call::Get { key } => {
                let value = held.values.get(&key).cloned();
                o.send(client, Answer::Found { key, value }.into());
            }
        }
    }
}

impl<M, K, V> Actor for Node<M, K, V>
where
    M: Message
        + TryInto<Call<K, V>>
        + From<Answer<K, V>>
        + TryInto<Replicate<K, V>>
        + From<Replicate<K, V>>,
    K: Data,
    V: Data,
{
    type Msg = M;
    type State = Held<K, V>;
    type Timer = ();
    type Random = ();
    type Storage = Held<K, V>;

    fn on_start(&self, _: Id, saved: &Option<Held<K, V>>, _: &mut Out<Self>) -> Held<K, V> {
        let nothing = Held { values: Map::new() };
        saved.clone().unwrap_or(nothing)
    }

    fn on_msg(&self, me: Id, held: &mut Cow<'_, Held<K, V>>, src: Id, msg: M, o: &mut Out<Self>) {
        if let Ok(call) = msg.clone().try_into() {
            self.call(me, held, src, call, o);
        } else if let Ok(Replicate { key, written }) = msg.try_into() {
            let is_news = held.stamp(&key).is_none_or(|ours| ours < written.stamp);
            if is_news {
                self.store(held.to_mut(), key, written, o);
            }
        }
    }
}
