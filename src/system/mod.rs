//! What a user builds: actors joined by a message type, links, faults, stimuli, observers, properties.
//! Knows nothing of how it is searched.

mod actor;
mod byzantine;
mod claims;
mod component;
mod encoded;
mod fairness;
mod foreign;
mod guard;
mod handle;
mod link;
mod mutation;
mod observer;
mod process;
mod property;
mod rules;
mod snapshot;
mod symmetry;
mod timing;

pub use byzantine::Byzantine;
pub use encoded::EncodedActor;
pub use fairness::{Fairness, Steps};
pub use handle::{Handle, Handles, ObserverHandle};
pub use link::{Crashes, Link, Partitions};
pub use mutation::{Alteration, Effect, Handler, Mutation, Occasions};
pub use observer::Event;
pub use snapshot::Snapshot;
pub use symmetry::{RenamedActor, Symmetric};
pub use timing::{Timing, ticks};

pub(crate) use actor::{ActorProcess, Local};
pub(crate) use byzantine::ByzantineProcess;
pub(crate) use component::{Component, Content};
pub(crate) use fairness::StepsKind;
pub(crate) use foreign::Foreign;
pub use guard::{Activity, Running, in_user_code, running};
pub(crate) use guard::{Thrown, guarded, guarded_as};
pub(crate) use handle::SystemId;
pub(crate) use observer::{Interest, Observer};
pub(crate) use process::{ENVIRONMENT, Happening, Interrupted, Pending, Process, Reaction};
pub(crate) use property::{Predicate, Property, Test, Valuation};
pub(crate) use rules::{MessageRules, NoOp, Rules};
pub(crate) use snapshot::{Facet, View, typed};
pub(crate) use timing::{TimingKind, Window};

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use component::Identity;
use serde::Serialize;
use stateright::actor::{Actor, Id};
use symmetry::Symmetries;

/// What actors send each other. Every type with these bounds is one.
pub trait Message: Clone + Debug + Eq + Hash + Serialize + Send + Sync + 'static {}

impl<M: Clone + Debug + Eq + Hash + Serialize + Send + Sync + 'static> Message for M {}

/// The id that stimuli come from.
pub fn environment() -> Id {
    Id::from(ENVIRONMENT)
}

/// A distributed system to be checked: any mix of actor types that share one message type `M`.
///
/// ```
/// use allways::prelude::*;
///
/// message! { enum Msg { Ping, Pong } }
///
/// struct Server;
/// impl Actor for Server {
///     type Msg = Msg;
///     type State = u8;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> u8 {
///         0
///     }
///     fn on_msg(&self, _: Id, served: &mut Cow<'_, u8>, src: Id, msg: Msg, o: &mut Out<Self>) {
///         if msg == Msg::Ping {
///             *served.to_mut() += 1;
///             o.send(src, Msg::Pong);
///         }
///     }
/// }
///
/// let mut sys = System::new();
/// let server = sys.actor("server", Server);
/// sys.stimulus("a client asks", server.id(), Msg::Ping).times(2);
/// sys.always("at most two are served", move |s| s[server] <= 2);
/// ```
pub struct System<M> {
    pub(crate) blueprint: Blueprint,
    messages: PhantomData<fn() -> M>,
}

/// What a system is made of, whatever its messages.
pub(crate) struct Blueprint {
    pub(crate) id: SystemId,
    pub(crate) slots: Vec<Slot>,
    pub(crate) link: Link,
    pub(crate) links: BTreeMap<(usize, usize), Link>,
    pub(crate) crashes: Vec<Crashes>,
    pub(crate) partitions: Vec<Partitions>,
    /// Faults of a run altogether.
    pub(crate) faults_max: Option<u32>,
    pub(crate) stimuli: Vec<Stimulus>,
    pub(crate) observers: Vec<Box<dyn Observer>>,
    /// Per observer which events it is told of; `None`: all.
    pub(crate) interests: Vec<Option<Interest>>,
    pub(crate) properties: Vec<Property>,
    pub(crate) boundaries: Vec<(String, Predicate)>,
    pub(crate) may_end_when: Option<Predicate>,
    pub(crate) initially_in_flight: Vec<(Id, Id, Content)>,
    pub(crate) message: MessageRules,
    pub(crate) rules: Rules,
    pub(crate) assumptions: Vec<(Steps, Fairness)>,
    pub(crate) timing: Timing,
    pub(crate) symmetries: Symmetries,
    pub(crate) byzantine: Vec<(Id, Byzantine<Content>)>,
}

impl Blueprint {
    /// Nothing yet; links are `link` unless told otherwise.
    pub(crate) fn new(message: MessageRules, rules: Rules, link: Link) -> Self {
        Blueprint {
            id: SystemId::fresh(),
            slots: Vec::new(),
            link,
            links: BTreeMap::new(),
            crashes: Vec::new(),
            partitions: Vec::new(),
            faults_max: None,
            stimuli: Vec::new(),
            observers: Vec::new(),
            interests: Vec::new(),
            properties: Vec::new(),
            boundaries: Vec::new(),
            may_end_when: None,
            initially_in_flight: Vec::new(),
            message,
            rules,
            assumptions: Vec::new(),
            timing: Timing::asynchronous(),
            symmetries: Symmetries::default(),
            byzantine: Vec::new(),
        }
    }
}

/// A named place for an actor.
pub(crate) struct Slot {
    pub(crate) name: String,
    /// `None` while only reserved.
    pub(crate) process: Option<Box<dyn Process>>,
    /// Initial states that replace the one `on_start` returns; empty: that one alone.
    pub(crate) starts: Vec<Component>,
}

/// A step of the environment: a message to one actor, a bounded number of times.
#[derive(Clone)]
pub struct Stimulus {
    pub(crate) name: String,
    pub(crate) to: Id,
    pub(crate) msg: Content,
    pub(crate) budget: u32,
    pub(crate) must_happen: bool,
}

impl Stimulus {
    /// Not only may it happen: while it can, it does in the end (weak fairness).
    pub fn must_happen(&mut self) -> &mut Self {
        self.must_happen = true;
        self
    }

    /// How often it may happen in a run; once unless told otherwise.
    pub fn times(&mut self, budget: u32) -> &mut Self {
        self.budget = budget;
        self
    }
}

impl<M: Message> Default for System<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> System<M> {
    fn of(blueprint: Blueprint) -> Self {
        System {
            blueprint,
            messages: PhantomData,
        }
    }
}

impl<M: Message> System<M> {
    /// A system without actors; links are reliable and unordered, nothing crashes.
    pub fn new() -> Self {
        System::of(Blueprint::new(
            MessageRules::encoded::<M>(),
            Rules::default(),
            Link::reliable(),
        ))
    }

    /// Adds an actor. Ids are given in the order of `actor`, `actors` and `reserve`, from 0.
    pub fn actor<A>(&mut self, name: impl Into<String>, actor: A) -> Handle<A>
    where
        A: EncodedActor<Msg = M>,
    {
        let handle = self.reserve(name);
        self.set(handle, actor);
        handle
    }

    /// Adds `n` actors named `name[0]`, `name[1]`, …, made from their position in the group.
    pub fn actors<A>(
        &mut self,
        name: &str,
        n: usize,
        mut make: impl FnMut(usize) -> A,
    ) -> Handles<A>
    where
        A: EncodedActor<Msg = M>,
    {
        (0..n)
            .map(|i| self.actor(format!("{name}[{i}]"), make(i)))
            .collect()
    }

    /// A handle for an actor that is set later, so that actors can name each other.
    pub fn reserve<A>(&mut self, name: impl Into<String>) -> Handle<A>
    where
        A: Actor<Msg = M>,
    {
        self.blueprint.slots.push(Slot {
            name: name.into(),
            process: None,
            starts: Vec::new(),
        });
        Handle::new(self.blueprint.id, self.blueprint.slots.len() - 1)
    }

    /// Fills a reserved place.
    ///
    /// # Panics
    /// The handle belongs to another system, or its place is filled.
    pub fn set<A>(&mut self, handle: Handle<A>, actor: A)
    where
        A: EncodedActor<Msg = M>,
    {
        let slot = &mut self.blueprint.slots[handle.index_in(self.blueprint.id)];
        assert!(
            slot.process.is_none(),
            "actor \"{}\" is set twice",
            slot.name
        );
        slot.process = Some(Box::new(ActorProcess::encoded(actor)));
    }

    /// Gives an actor several initial states. Its `on_start` still runs, for what it sends and sets. Over several actors all
    /// combinations are explored.
    pub fn starts<A>(&mut self, handle: Handle<A>, states: impl IntoIterator<Item = A::State>)
    where
        A: Actor<Msg = M> + 'static,
        A::State: Send + Sync + 'static,
    {
        let slot = &mut self.blueprint.slots[handle.index_in(self.blueprint.id)];
        slot.starts = states.into_iter().map(Component::new).collect();
    }

    /// The link between every pair of actors that has none of its own.
    pub fn links(&mut self, link: Link) {
        self.blueprint.link = link;
    }

    /// The link from one actor to another.
    pub fn link(&mut self, from: Id, to: Id, link: Link) {
        self.blueprint
            .links
            .insert((usize::from(from), usize::from(to)), link);
    }

    /// The link between two actors, in both directions.
    pub fn link_between(&mut self, a: Id, b: Id, link: Link) {
        self.link(a, b, link);
        self.link(b, a, link);
    }

    /// The link from each of these actors to each other of them.
    pub fn links_among(&mut self, actors: impl IntoIterator<Item = Id>, link: Link) {
        let actors: Vec<Id> = actors.into_iter().collect();
        for &from in &actors {
            for &to in actors.iter().filter(|&&to| to != from) {
                self.link(from, to, link);
            }
        }
    }

    /// What is known of time: nothing, unless told otherwise.
    pub fn timing(&mut self, timing: Timing) {
        self.blueprint.timing = timing;
    }

    /// Lets the network fall apart between two groups of actors, within a budget.
    pub fn partitions(&mut self, partitions: Partitions) {
        self.blueprint.partitions.push(partitions);
    }

    /// Lets processes crash, within a budget.
    pub fn crashes(&mut self, crashes: Crashes) {
        self.blueprint.crashes.push(crashes);
    }

    /// Lets an actor, given by its handle or id, behave as it likes, within what it knows.
    pub fn byzantine(&mut self, actor: impl Into<Id>, byzantine: Byzantine<M>) {
        self.blueprint
            .byzantine
            .push((actor.into(), byzantine.erased()));
    }

    /// No more than `budget` faults in a run altogether: losses, duplicates, crashes, partitions and what Byzantine actors send of their own accord, besides the budget that each has.
    pub fn faults_at_most(&mut self, budget: u32) {
        self.blueprint.faults_max = Some(budget);
    }

    /// A step of the environment: `msg` arrives at `to` from [`environment()`], whenever `to` is up, once unless told otherwise.
    pub fn stimulus(&mut self, name: impl Into<String>, to: Id, msg: M) -> &mut Stimulus {
        self.blueprint.stimuli.push(Stimulus {
            name: name.into(),
            to,
            msg: Content::new(msg),
            budget: 1,
            must_happen: false,
        });
        let last = self.blueprint.stimuli.len() - 1;
        &mut self.blueprint.stimuli[last]
    }

    /// Folds every event into a value that is part of the state: history that properties can read. `fold` returns the new
    /// value where the event changes it.
    pub fn observer<T>(
        &mut self,
        name: impl Into<String>,
        initial: T,
        fold: impl Fn(&T, &Event<'_, M>) -> Option<T> + Send + Sync + 'static,
    ) -> ObserverHandle<T>
    where
        T: Clone + Debug + PartialEq + Serialize + Send + Sync + 'static,
    {
        self.observed(observer::boxed(
            name.into(),
            initial,
            fold,
            Identity::encoded(),
        ))
    }

    /// Tells an observer only of the events that `wants` lets through, a question about the event alone. Where the observer
    /// ignores the others anyway, nothing changes but the time it takes: deliveries that concern nobody cost the least.
    pub fn observer_wants<T>(
        &mut self,
        observer: ObserverHandle<T>,
        wants: impl Fn(&Event<'_, M>) -> bool + Send + Sync + 'static,
    ) {
        self.blueprint.interests[observer.index_in(self.blueprint.id)] =
            Some(Box::new(move |event| wants(&event.typed())));
    }

    /// Like [`observer`](System::observer) for values that cannot be serialised, stateright's consistency testers among them. They are
    /// bucketed by `Hash` and told apart by `PartialEq`.
    ///
    /// ```
    /// use allways::prelude::*;
    /// use allways::stateright::semantics::register::{Register, RegisterOp};
    /// use allways::stateright::semantics::{ConsistencyTester, LinearizabilityTester};
    ///
    /// message! { enum Msg { Write(char), Written } }
    ///
    /// let mut sys: System<Msg> = System::new();
    /// let tester: LinearizabilityTester<Id, Register<char>> = LinearizabilityTester::new(Register('-'));
    /// let history = sys.observer_hashed("history", tester, |history, event| match event {
    ///     Event::Sent(envelope) => match envelope.msg {
    ///         Msg::Write(value) => {
    ///             let mut next = history.clone();
    ///             next.on_invoke(envelope.src, RegisterOp::Write(*value)).ok()?;
    ///             Some(next)
    ///         }
    ///         Msg::Written => None,
    ///     },
    ///     _ => None,
    /// });
    /// sys.always("linearizable", move |s| s[history].is_consistent());
    /// ```
    pub fn observer_hashed<T>(
        &mut self,
        name: impl Into<String>,
        initial: T,
        fold: impl Fn(&T, &Event<'_, M>) -> Option<T> + Send + Sync + 'static,
    ) -> ObserverHandle<T>
    where
        T: Clone + Debug + PartialEq + Hash + Send + Sync + 'static,
    {
        self.observed(observer::boxed(
            name.into(),
            initial,
            fold,
            Identity::hashed(),
        ))
    }

    fn observed<T>(&mut self, observer: Box<dyn Observer>) -> ObserverHandle<T> {
        self.blueprint.observers.push(observer);
        self.blueprint.interests.push(None);
        ObserverHandle::new(self.blueprint.id, self.blueprint.observers.len() - 1)
    }
}
