//! Observers: history variables that fold events.

use stateright::actor::{Envelope, Id};

use super::component::{Component, Content, Identity};
use super::snapshot::typed;
use crate::error::Error;
use crate::value::Tree;

/// What an observer is told, in the order it happens: for a delivery first `Received`, then each `Sent`.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a, M> {
    /// An actor handles a message; from [`environment()`](super::environment) for a stimulus.
    Received(Envelope<&'a M>),
    /// An actor sends a message.
    Sent(Envelope<&'a M>),
    /// An actor's timer fires.
    TimedOut(Id),
    /// An actor takes a random choice.
    Chose(Id),
    /// An actor crashes.
    Crashed(Id),
    /// An actor starts again.
    Recovered(Id),
    /// A message is lost.
    Lost(Envelope<&'a M>),
    /// The partition of this name forms.
    Partitioned(&'a str),
    /// The partition of this name heals.
    Healed(&'a str),
}

impl<'a> Event<'a, Content> {
    /// The event with its message as its actors know it.
    pub(crate) fn typed<M: 'static>(&self) -> Event<'a, M> {
        match *self {
            Event::Received(envelope) => Event::Received(typed(envelope)),
            Event::Sent(envelope) => Event::Sent(typed(envelope)),
            Event::TimedOut(id) => Event::TimedOut(id),
            Event::Chose(id) => Event::Chose(id),
            Event::Crashed(id) => Event::Crashed(id),
            Event::Recovered(id) => Event::Recovered(id),
            Event::Lost(envelope) => Event::Lost(typed(envelope)),
            Event::Partitioned(name) => Event::Partitioned(name),
            Event::Healed(name) => Event::Healed(name),
        }
    }
}

/// Whether an observer is to be told of an event.
pub(crate) type Interest = Box<dyn Fn(&Event<'_, Content>) -> bool + Send + Sync>;

/// An observer with its value's type erased.
pub(crate) trait Observer: Send + Sync {
    fn name(&self) -> &str;
    fn initial(&self) -> Component;
    /// The new value, if the event changes it.
    fn fold(&self, value: &Component, event: &Event<'_, Content>) -> Option<Component>;
    /// The bytes that tell values apart.
    fn identity(&self, value: &Component, out: &mut Vec<u8>) -> Result<(), Error>;
    fn same(&self, a: &Component, b: &Component) -> bool;
    fn tree(&self, value: &Component) -> Tree;
    /// Whether equal bytes and equal values must coincide.
    fn is_strict(&self) -> bool;
}

/// Folds an event into a value.
type Fold<M, T> = Box<dyn Fn(&T, &Event<'_, M>) -> Option<T> + Send + Sync>;

struct Typed<M, T> {
    name: String,
    initial: T,
    fold: Fold<M, T>,
    identity: Identity<T>,
}

/// An observer; `identity` says how its values are told apart.
pub(crate) fn boxed<M: 'static, T: Clone + Send + Sync + 'static>(
    name: String,
    initial: T,
    fold: impl Fn(&T, &Event<'_, M>) -> Option<T> + Send + Sync + 'static,
    identity: Identity<T>,
) -> Box<dyn Observer> {
    Box::new(Typed {
        name,
        initial,
        fold: Box::new(fold),
        identity,
    })
}

impl<M: 'static, T: Clone + Send + Sync + 'static> Observer for Typed<M, T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn initial(&self) -> Component {
        Component::new(self.initial.clone())
    }

    fn fold(&self, value: &Component, event: &Event<'_, Content>) -> Option<Component> {
        (self.fold)(value.get::<T>(), &event.typed()).map(Component::new)
    }

    fn identity(&self, value: &Component, out: &mut Vec<u8>) -> Result<(), Error> {
        (self.identity.bytes)(value.get::<T>(), out)
    }

    fn same(&self, a: &Component, b: &Component) -> bool {
        (self.identity.same)(a.get::<T>(), b.get::<T>())
    }

    fn is_strict(&self) -> bool {
        self.identity.strict
    }

    fn tree(&self, value: &Component) -> Tree {
        (self.identity.tree)(value.get::<T>())
    }
}
