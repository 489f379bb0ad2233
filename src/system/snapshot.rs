//! One state of a system, as properties read it.

use std::marker::PhantomData;
use std::ops::Index;

use stateright::actor::{Actor, Envelope};

use super::actor::Local;
use super::component::{Component, Content};
use super::guard::Mistake;
use super::handle::{Handle, ObserverHandle, SystemId};

/// What of an actor a property looks at; the words are those of a rendered state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Facet {
    /// Its state, and whether it is up.
    State,
    Timers,
    Storage,
}

impl Facet {
    /// The name in a rendered state.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Facet::State => "state",
            Facet::Timers => "timers",
            Facet::Storage => "saved",
        }
    }
}

/// The space's side of a snapshot: hands out components, and may note which ones are read.
pub(crate) trait View {
    fn system(&self) -> SystemId;
    /// All of an actor.
    fn local(&self, actor: usize) -> &Component;
    /// An actor of which nothing but this is looked at.
    fn facet(&self, actor: usize, facet: Facet) -> &Component;
    fn observed(&self, observer: usize) -> &Component;
    /// Every envelope in flight, each copy once, FIFO channels from the head, in an order that means nothing otherwise.
    fn in_flight(&self) -> Vec<Envelope<&Content>>;
    /// What was delivered last, where the system remembers it.
    fn last_delivery(&self) -> Option<Envelope<&Content>>;
    /// Whether the partition of this name, or any, is up; `None`: there is none of that name.
    fn partition_is_up(&self, name: Option<&str>) -> Option<bool>;
    /// Whether the bounds on time hold.
    fn keeps_time(&self) -> bool;
    /// Whether the actor follows its protocol.
    fn is_correct(&self, actor: usize) -> bool;
}

/// One state of a system. Index it with a [`Handle`] for an actor's state, with an [`ObserverHandle`] for an observer's value.
pub struct Snapshot<'a, M> {
    view: &'a dyn View,
    messages: PhantomData<fn() -> M>,
}

impl<'a, M: 'static> Snapshot<'a, M> {
    pub(crate) fn new(view: &'a dyn View) -> Self {
        Snapshot {
            view,
            messages: PhantomData,
        }
    }

    pub(crate) fn view(&self) -> &'a dyn View {
        self.view
    }

    fn local<A: Actor<Msg = M> + 'static>(&self, handle: Handle<A>, facet: Facet) -> &'a Local<A> {
        let actor = handle.index_in(self.view.system());
        self.view.facet(actor, facet).get::<Local<A>>()
    }

    /// Whether the actor is up: it has started and has not crashed since.
    pub fn is_up<A: Actor<Msg = M> + 'static>(&self, handle: Handle<A>) -> bool {
        self.local(handle, Facet::State).up
    }

    /// Whether the actor follows its protocol: it was not declared [Byzantine](super::Byzantine). It may crash all the same.
    pub fn is_correct<A: Actor<Msg = M> + 'static>(&self, handle: Handle<A>) -> bool {
        self.view.is_correct(handle.index_in(self.view.system()))
    }

    /// The actor's state; `None` while it is down, since a crash loses it.
    pub fn state<A: Actor<Msg = M> + 'static>(&self, handle: Handle<A>) -> Option<&'a A::State> {
        let local = self.local(handle, Facet::State);
        if local.up { local.state.as_ref() } else { None }
    }

    /// What the actor last saved; survives crashes.
    pub fn storage<A: Actor<Msg = M> + 'static>(
        &self,
        handle: Handle<A>,
    ) -> Option<&'a A::Storage> {
        self.local(handle, Facet::Storage).storage.as_ref()
    }

    /// Whether the timer is set.
    pub fn has_timer<A: Actor<Msg = M> + 'static>(
        &self,
        handle: Handle<A>,
        timer: &A::Timer,
    ) -> bool {
        self.local(handle, Facet::Timers).timers.contains(timer)
    }

    /// Whether any partition is up.
    pub fn is_partitioned(&self) -> bool {
        self.view.partition_is_up(None).unwrap_or(false)
    }

    /// Whether the partition of this name is up.
    ///
    /// # Panics
    /// No partition has this name.
    pub fn partition_is_up(&self, name: &str) -> bool {
        match self.view.partition_is_up(Some(name)) {
            Some(is_up) => is_up,
            None => std::panic::panic_any(Mistake(format!("no partition is named \"{name}\""))),
        }
    }

    /// Whether the bounds on time hold: always in a synchronous system, never in an asynchronous one, and in a partially synchronous one from the
    /// unknown moment on.
    pub fn keeps_time(&self) -> bool {
        self.view.keeps_time()
    }

    /// Every envelope in flight, equal copies repeated, in no particular order.
    ///
    /// A property that reads it makes every delivery count, also those that change no actor: the state space is larger.
    pub fn in_flight(&self) -> impl Iterator<Item = Envelope<&'a M>> + use<'a, M> {
        self.view.in_flight().into_iter().map(typed)
    }
}

impl<A: Actor<Msg = M> + 'static, M: 'static> Index<Handle<A>> for Snapshot<'_, M> {
    type Output = A::State;

    /// # Panics
    /// The actor is down: ask [`is_up`](Snapshot::is_up) first, or use [`state`](Snapshot::state).
    fn index(&self, handle: Handle<A>) -> &A::State {
        match self.state(handle) {
            Some(state) => state,
            None => panic!(
                "{} is down and has no state; ask is_up first, or use state",
                handle.id().pretty()
            ),
        }
    }
}

impl<T: 'static, M> Index<ObserverHandle<T>> for Snapshot<'_, M> {
    type Output = T;

    fn index(&self, handle: ObserverHandle<T>) -> &T {
        self.view
            .observed(handle.index_in(self.view.system()))
            .get::<T>()
    }
}

/// An envelope with its message as its actors know it.
pub(crate) fn typed<M: 'static>(envelope: Envelope<&Content>) -> Envelope<&M> {
    Envelope {
        src: envelope.src,
        dst: envelope.dst,
        msg: envelope.msg.get::<M>(),
    }
}

/// Ids as numbers.
trait Pretty {
    fn pretty(&self) -> String;
}

impl Pretty for stateright::actor::Id {
    fn pretty(&self) -> String {
        format!("actor {}", usize::from(*self))
    }
}
