//! Systems that follow another checker's rules: what a conversion needs and users do not.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Id;

use super::component::{Content, Identity};
use super::link::Link;
use super::observer::{self, Event};
use super::process::Process;
use super::rules::{MessageRules, NoOp, Rules};
use super::{Blueprint, Slot, System};

/// What is the same for all pairs and actors of a stateright model.
pub(crate) struct Foreign<M> {
    pub(crate) link: Link,
    pub(crate) max_crashes: usize,
    /// What is in flight before any actor starts.
    pub(crate) in_flight: Vec<(Id, Id, M)>,
}

impl<M: Clone + Debug + Eq + Hash + Send + Sync + 'static> System<M> {
    /// A system without actors that follows stateright's rules.
    pub(crate) fn foreign(foreign: Foreign<M>) -> Self {
        let mut blueprint = Blueprint::new(
            MessageRules::hashed::<M>(),
            Rules {
                no_op: NoOp::Untouched,
                remembers_last_delivery: foreign.link.duplicating,
                sends_to_nobody: true,
                delivery_keeps: true,
                simultaneous_crashes: Some(foreign.max_crashes),
            },
            foreign.link,
        );
        let in_flight = foreign.in_flight.into_iter();
        blueprint.initially_in_flight = in_flight
            .map(|(src, dst, msg)| (src, dst, Content::new(msg)))
            .collect();
        System::of(blueprint)
    }

    pub(crate) fn foreign_actor(&mut self, name: String, process: impl Process + 'static) {
        self.blueprint.slots.push(Slot {
            name,
            process: Some(Box::new(process)),
            starts: Vec::new(),
        });
    }

    /// The one observer of a stateright model.
    pub(crate) fn foreign_history<H>(
        &mut self,
        name: &str,
        initial: H,
        fold: impl Fn(&H, &Event<'_, M>) -> Option<H> + Send + Sync + 'static,
    ) where
        H: Clone + Debug + Hash + Send + Sync + 'static,
    {
        self.blueprint.observers.push(observer::boxed(
            name.to_owned(),
            initial,
            fold,
            Identity::debugged(),
        ));
        self.blueprint.interests.push(None);
    }
}
