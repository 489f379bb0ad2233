//! What the space calls of an actor, its types erased. Whether it follows its protocol is its own affair: see `actor.rs` and `byzantine.rs`.

use std::time::Duration;

use stateright::actor::Id;

use super::component::{Component, Content};
use super::mutation::Alteration;
use super::timing::Window;
use crate::error::Error;
use crate::value::Tree;

/// The id number of the environment: no actor has it.
pub(crate) const ENVIRONMENT: usize = u32::MAX as usize;

/// Something an actor can do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// The timer at this position fires.
    Timer(usize),
    /// Of the choice at this position, this alternative is taken.
    Choice(usize, usize),
}

/// What a handler did.
pub(crate) struct Reaction {
    /// The actor's new component; `None`: unchanged.
    pub(crate) local: Option<Component>,
    /// What it sent, in order.
    pub(crate) sends: Vec<(Id, Content)>,
    /// The handler touched nothing, by stateright's `Cow` rule: state borrowed and no command (for a timer: that timer set again).
    pub(crate) untouched: bool,
    /// Which of the timers that were set before, by position, it set again: whoever waited for them has to wait anew.
    pub(crate) rearmed: Vec<usize>,
}

/// What a handler is called for.
pub(crate) enum Happening<'a> {
    /// The actor starts, or starts again.
    Start,
    Message(Id, &'a Content),
    Pending(&'a Pending),
}

/// A handler that the actor crashed in.
pub(crate) struct Interrupted {
    /// How many effects happened, of how many.
    pub(crate) after: u32,
    pub(crate) of: u32,
    /// The actor, down.
    pub(crate) local: Component,
    /// What it had sent, in order.
    pub(crate) sends: Vec<(Id, Content)>,
}

/// An actor with its types erased. Handlers may panic: the caller catches.
pub(crate) trait Process: Send + Sync {
    /// Starts, or starts again from what the down component `from` saved.
    fn start(&self, id: Id, from: Option<&Component>) -> Reaction;
    fn deliver(&self, id: Id, local: &Component, src: Id, msg: &Content) -> Reaction;
    fn fire(&self, id: Id, local: &Component, pending: &Pending) -> Reaction;
    fn crash(&self, local: &Component) -> Component;
    /// The ways in which the actor can crash inside a handler, by the number of effects that happened: first none at all, then each
    /// number below all of them that leaves something else behind than the numbers before it, and than all of them. `local` is `None`
    /// for the first start.
    fn interrupted(
        &self,
        id: Id,
        local: Option<&Component>,
        happening: &Happening<'_>,
    ) -> Vec<Interrupted>;
    /// The same component with another state, of type `A::State` (for several initial states).
    fn with_state(&self, local: &Component, state: &Component) -> Component;
    fn is_up(&self, local: &Component) -> bool;
    /// What the actor can do by itself, in semantic order.
    fn pending(&self, local: &Component) -> Vec<Pending>;
    /// The bytes that order a pending event among its kind.
    fn pending_key(&self, local: &Component, pending: &Pending) -> Result<Vec<u8>, Error>;
    /// The timer or alternative as people read it, and the key of the choice.
    fn pending_tree(&self, local: &Component, pending: &Pending) -> (Option<String>, Tree);
    fn identity(&self, local: &Component, out: &mut Vec<u8>) -> Result<(), Error>;
    fn same(&self, a: &Component, b: &Component) -> bool;
    /// The user's own hash of the component: equal components have equal ones.
    fn user_hash(&self, local: &Component) -> u64;
    fn tree(&self, local: &Component) -> Tree;
    /// Whether equal encodings and equal values must coincide.
    fn is_strict(&self) -> bool;
    /// The component without its timers or its storage: for deliberate faults in tests.
    fn stripped(&self, local: &Component, timers: bool, storage: bool) -> Component;
    /// From now on timers hold the ticks that remain, each so long.
    fn keep_time(&mut self, unit: Duration);
    /// From now on its handlers are altered.
    fn alter(&mut self, alteration: Alteration);
    /// For each timer of [`pending`](Process::pending), in its order, the ticks that remain; empty where there are no ticks.
    fn windows<'a>(&self, local: &'a Component) -> &'a [Window];
    /// The component a tick later. No timer is at its latest.
    fn tick(&self, local: &Component) -> Component;
    /// The component as properties see it.
    fn protocol<'a>(&self, local: &'a Component) -> &'a Component {
        local
    }
    /// The contents that a Byzantine actor may send of its own accord, in a fixed order; an honest one none.
    fn known<'a>(&'a self, local: &'a Component) -> Vec<&'a Content> {
        let _ = local;
        Vec::new()
    }
    /// The component that has ignored an event: a Byzantine actor's, or that of its protocol.
    fn ignore(&self, local: &Component, happening: &Happening<'_>) -> Component;
    /// The name of the actor's Rust type, for messages about it.
    fn type_name(&self) -> &'static str;
}
