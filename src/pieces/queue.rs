//! An at-least-once queue with a visibility time-out, as most hosted queues are.
//!
//! # Rules
//! - [`Call::Enqueue`] adds a message; there is no answer. Equal messages are one message: give each a number where that is not meant. One that
//!   is hidden and enqueued again is visible again.
//! - [`Call::Receive`] says that its sender, a consumer, wants one message. It is handed one ([`Answer::Deliver`]) as soon as there is one, and has to ask again for the next. To
//!   ask twice before one comes is to ask once.
//! - Which message goes to which of the consumers that wait is a choice where there are several ways: there is no order.
//! - A message that was handed out is *hidden*, and its time-out is set. [`Call::Remove`] removes it for good, whoever says so. If the time-out comes first it is visible again and
//!   handed out again, also while the first consumer still works on it.
//! - The time-out is [`model_timeout()`], any moment from at once to never so far as anybody knows; [`Queue::hides_for`] says how long where a system
//!   [keeps time](crate::system::Timing).
//! - Whoever asks again and again for what is not removed sends without end: let the link to the queue hold one copy of equal calls ([`Link::capacity`]), or
//!   keep its order.
//!
//! # Guarantees
//! *Always*: what is delivered was enqueued, and was not removed before it was handed out.
//!
//! *In the end*, over reliable links: a message that is enqueued is delivered again and again until it is removed, as long as consumers ask. *Not*
//! guaranteed: that it is delivered once, that it comes in any order, that a `Remove` comes before the time-out. Whoever handles messages has to be idempotent.
//!
//! # Crashes
//! A queue forgets everything when it crashes, unless it is [`durable`](Queue::durable): then it has saved which messages there are before it does anything else about
//! them. All are visible when it starts again; what arrives in the moment of a crash inside a handler is lost. Who had asked is forgotten in either case, so where a queue crashes its consumers have to ask again now and then.

use std::marker::PhantomData;
use std::ops::Range;
use std::time::Duration;

use super::{Data, Speaks};
use crate::prelude::*;
use crate::system::Message;

message! {
    /// What a queue is asked.
    #[derive(Deserialize)]
    pub enum Call<T: Data> {
        /// Here is a message.
        Enqueue(T),
        /// Give me one.
        Receive,
        /// I am done with this one.
        Remove(T),
    }

    /// What it says to consumers.
    #[derive(Deserialize)]
    pub enum Answer<T: Data> {
        /// Here is a message; remove it when you are done with it.
        Deliver(T),
    }
}

state! {
    /// What a queue holds.
    #[derive(Deserialize)]
    pub struct Contents<T: Data> {
        visible: Set<T>,
        hidden: Set<T>,
        waiting: Set<Id>,
    }
}

impl<T: Data> Contents<T> {
    /// Messages that may be handed out.
    pub fn visible(&self) -> &Set<T> {
        &self.visible
    }

    /// Messages that were handed out, and neither removed nor given up.
    pub fn hidden(&self) -> &Set<T> {
        &self.hidden
    }

    /// Consumers that have asked for a message.
    pub fn waiting(&self) -> &Set<Id> {
        &self.waiting
    }

    /// Whether there is no message, visible or hidden.
    pub fn is_empty(&self) -> bool {
        self.visible.is_empty() && self.hidden.is_empty()
    }

    fn messages(&self) -> Set<T> {
        self.visible.clone().union(self.hidden.clone())
    }
}

/// The queue, for messages `T`, in a system whose messages are `M`.
///
/// A worker that counts what it handles shows what *at least once* means:
///
/// ```
/// use allways::prelude::*;
/// use allways::pieces::queue::{Answer, Call, Queue};
///
/// type Job = u8;
///
/// message! { enum Msg { Queue(Call<Job>), Worker(Answer<Job>) } }
/// carries! { Msg: Queue(Call<Job>), Worker(Answer<Job>) }
///
/// /// Handles one job at a time, and counts up to the second time, which is once too often.
/// struct Worker { queue: Id, knows_jobs: bool }
///
/// impl Actor for Worker {
///     type Msg = Msg;
///     type State = Map<Job, u8>;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///
///     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Map<Job, u8> {
///         o.send(self.queue, Msg::Queue(Call::Receive));
///         Map::new()
///     }
///
///     fn on_msg(&self, _: Id, handled: &mut Cow<'_, Map<Job, u8>>, _: Id, msg: Msg, o: &mut Out<Self>) {
///         if let Msg::Worker(Answer::Deliver(job)) = msg {
///             let before = handled.get(&job).copied().unwrap_or(0);
///             if before == 0 || before == 1 && !self.knows_jobs {
///                 handled.to_mut().insert(job, before + 1);
///             }
///             o.send(self.queue, Msg::Queue(Call::Remove(job)));
///             o.send(self.queue, Msg::Queue(Call::Receive));
///         }
///     }
/// }
///
/// fn system(knows_jobs: bool) -> System<Msg> {
///     let mut sys = System::new();
///     let queue = sys.actor("queue", Queue::new());
///     let worker = sys.actor("worker", Worker { queue: queue.id(), knows_jobs });
///     // A call may overtake another; what is on its way already need not be sent once more.
///     sys.link(worker.id(), queue.id(), Link::reliable().capacity(1));
///     for job in [1, 2] {
///         sys.stimulus(format!("job {job}"), queue.id(), Msg::Queue(Call::Enqueue(job))).must_happen();
///     }
///     sys.always("no job is handled twice", move |s| s[worker].values().all(|&times| times == 1));
///     sys.stabilises("every job is handled and gone", move |s| s[worker].len() == 2 && s[queue].is_empty());
///     sys
/// }
///
/// // A job that is visible again and asked for before it is removed is handled twice, unless the worker knows it again.
/// assert_violated!(system(false), "no job is handled twice");
/// assert_holds!(system(true));
/// ```
#[derive(Clone, Debug)]
pub struct Queue<M, T> {
    hides_for: Range<Duration>,
    durable: bool,
    speaks: Speaks<M, T>,
}

impl<M, T> Queue<M, T> {
    /// A queue that does not outlive a crash.
    pub fn new() -> Self {
        Queue {
            hides_for: model_timeout(),
            durable: false,
            speaks: PhantomData,
        }
    }

    /// How long a message that was handed out is hidden: [`ticks`], where a system keeps time.
    #[must_use]
    pub fn hides_for(self, hides_for: Range<Duration>) -> Self {
        Queue { hides_for, ..self }
    }

    /// Saves its messages, so that they outlive a crash.
    #[must_use]
    pub fn durable(self) -> Self {
        Queue {
            durable: true,
            ..self
        }
    }
}

impl<M, T> Default for Queue<M, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M, T> Queue<M, T>
where
    M: Message + TryInto<Call<T>> + From<Answer<T>>,
    T: Data,
{
    /// Hands out as many messages as there are consumers waiting; which one to whom is a choice where there are several ways.
    fn hand_out(&self, contents: &mut Contents<T>, o: &mut Out<Self>) {
        let mut ways = Vec::new();
        for message in &contents.visible {
            for &consumer in &contents.waiting {
                ways.push((message.clone(), consumer));
            }
        }
        match &ways[..] {
            [] => {}
            [only] => self.deliver(contents, &only.clone(), o),
            _ => o.choose_random("hand out", ways),
        }
    }

    fn deliver(&self, contents: &mut Contents<T>, way: &(T, Id), o: &mut Out<Self>) {
        let (message, consumer) = way;
        contents.visible.remove(message);
        contents.hidden.insert(message.clone());
        contents.waiting.remove(consumer);
        o.send(*consumer, Answer::Deliver(message.clone()).into());
        o.set_timer(message.clone(), self.hides_for.clone());
        self.hand_out(contents, o);
    }

    fn save(&self, contents: &Contents<T>, o: &mut Out<Self>) {
        if self.durable {
            o.save(contents.messages());
        }
    }
}

impl<M, T> Actor for Queue<M, T>
where
    M: Message + TryInto<Call<T>> + From<Answer<T>>,
    T: Data,
{
    type Msg = M;
    type State = Contents<T>;
    /// The time-out of a message that was handed out.
    type Timer = T;
    /// A message, and the consumer it goes to.
    type Random = (T, Id);
    /// The messages there are, where they are saved.
    type Storage = Set<T>;

    fn on_start(&self, _: Id, saved: &Option<Set<T>>, _: &mut Out<Self>) -> Contents<T> {
        Contents {
            visible: saved.clone().unwrap_or_default(),
            hidden: Set::new(),
            waiting: Set::new(),
        }
    }

    fn on_msg(
        &self,
        _: Id,
        contents: &mut Cow<'_, Contents<T>>,
        src: Id,
        msg: M,
        o: &mut Out<Self>,
    ) {
        let Ok(call) = msg.try_into() else {
            return;
        };
        let contents = contents.to_mut();
        match call {
            Call::Enqueue(message) => {
                contents.visible.insert(message);
                self.save(contents, o);
            }
            Call::Receive => {
                contents.waiting.insert(src);
            }
            Call::Remove(message) => {
                contents.visible.remove(&message);
                contents.hidden.remove(&message);
                self.save(contents, o);
                o.cancel_timer(message);
                // It is not to be chosen any more.
                o.remove_random("hand out");
            }
        }
        self.hand_out(contents, o);
    }

    fn on_timeout(
        &self,
        _: Id,
        contents: &mut Cow<'_, Contents<T>>,
        message: &T,
        o: &mut Out<Self>,
    ) {
        let contents = contents.to_mut();
        contents.hidden.remove(message);
        contents.visible.insert(message.clone());
        self.hand_out(contents, o);
    }

    fn on_random(
        &self,
        _: Id,
        contents: &mut Cow<'_, Contents<T>>,
        way: &(T, Id),
        o: &mut Out<Self>,
    ) {
        self.deliver(contents.to_mut(), way, o);
    }
}
