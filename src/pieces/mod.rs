//! Pieces to build systems from: actors that most systems have somewhere, with their guarantees said exactly.
//!
//! | piece | what it is |
//! | --- | --- |
//! | [`Replica`](replicated_store::Replica) | one of several replicas of a store of keys and values that agree before they answer: linearizable, and silent without a majority |
//! | [`Node`](lagging_store::Node) | one of several nodes of a store of keys and values that replicate later: always there, the last writer wins |
//! | [`Queue`](queue::Queue) | a queue that delivers at least once, in any order, with a visibility time-out |
//! | [`EventStore`](event_store::EventStore) | streams of events with optimistic concurrency, and subscribers |
//! | [`Lock`](lock::Lock) | a lock service whose locks have a time, and tokens to fence with |
//! | [`TotalOrder`](total_order::TotalOrder) | a part of an actor: members of a group agree on one order of items |
//!
//! Each module says which calls there are, what is guaranteed and what is not, and what a crash does.
//!
//! # How a piece speaks a system's language
//! All actors of a system share one message type. A piece has types of its own for what it is asked (`Call`) and what it says (`Answer`), and the
//! message type of the system has to be made from the one and turned into the other: `From<Answer<…>>` and `TryInto<Call<…>>`, which
//! [`carries!`](crate::carries) writes. A message that is no call of a piece is ignored by it.
//!
//! The short way is a variant for each word of each piece:
//!
//! ```
//! use allways::prelude::*;
//! use allways::pieces::{lock, queue};
//!
//! message! {
//!     enum Msg {
//!         Queue(queue::Call<Job>), Worker(queue::Answer<Job>),
//!         Lock(lock::Call<()>), Holder(lock::Answer<()>),
//!     }
//!
//!     struct Job(u8);
//! }
//! carries! {
//!     Msg: Queue(queue::Call<Job>), Worker(queue::Answer<Job>), Lock(lock::Call<()>), Holder(lock::Answer<()>)
//! }
//!
//! let mut sys: System<Msg> = System::new();
//! let queue = sys.actor("queue", queue::Queue::new());
//! let lock = sys.actor("lock", lock::Lock::held_for(ticks(3..4)));
//! sys.stimulus("a job", queue.id(), Msg::Queue(queue::Call::Enqueue(Job(1))));
//! sys.always("nobody takes the lock", move |s| s[lock].holder(&()).is_none());
//! assert_holds!(sys);
//! ```
//!
//! Where the words of a piece are to stand among the system's own, as they do in the models of the catalogue, each gets a variant of the same shape. Traces are easier
//! to read that way, and [mutations](crate::catalogue) are told apart by variant:
//!
//! ```
//! use allways::prelude::*;
//! use allways::pieces::queue::{Answer, Call, Queue};
//!
//! message! {
//!     enum Msg { Hello, Enqueue(u8), Receive, Remove(u8), Deliver(u8) }
//! }
//! carries! { Msg = Call<u8> { Enqueue(job), Receive, Remove(job) } }
//! carries! { Msg = Answer<u8> { Deliver(job) } }
//!
//! assert_eq!(Msg::from(Answer::Deliver(3)), Msg::Deliver(3));
//! assert_eq!(Call::try_from(Msg::Receive), Ok(Call::Receive));
//! assert_eq!(Call::try_from(Msg::Hello), Err(Msg::Hello));
//! # let _: Queue<Msg, u8> = Queue::new();
//! ```
//!
//! Words that do not match so well are translated by hand: a piece needs nothing but the two traits.

mod carries;
pub mod event_store;
pub mod lagging_store;
pub mod lock;
pub mod queue;
pub mod replicated_store;
pub mod total_order;

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use serde::Serialize;

/// What pieces carry, keep and tell apart: a job, an event, a key. Every type that [`message!`](crate::message) makes is one.
pub trait Data: Clone + Debug + Ord + Hash + Serialize + Send + Sync + 'static {}

impl<T: Clone + Debug + Ord + Hash + Serialize + Send + Sync + 'static> Data for T {}

/// What a piece speaks and carries, and holds nothing of.
type Speaks<M, T> = PhantomData<fn() -> (M, T)>;
