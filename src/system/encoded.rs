//! What an actor has to be so that a system can tell its states apart by their canonical encoding.

use serde::Serialize;
use stateright::actor::Actor;

/// An actor that a [`System`](super::System) takes: all that belongs to it can be serialised and shared between threads. Every such
/// actor is one; there is nothing to implement.
pub trait EncodedActor:
    Actor<
        State: Serialize + Send + Sync + 'static,
        Timer: Serialize + Send + Sync + 'static,
        Random: Serialize + Send + Sync + 'static,
        Storage: Serialize + Send + Sync + 'static,
    > + Send
    + Sync
    + 'static
{
}

impl<A> EncodedActor for A
where
    A: Actor + Send + Sync + 'static,
    A::State: Serialize + Send + Sync + 'static,
    A::Timer: Serialize + Send + Sync + 'static,
    A::Random: Serialize + Send + Sync + 'static,
    A::Storage: Serialize + Send + Sync + 'static,
{
}
