//! Systems that follow another checker's rules: what a conversion needs and users do not.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::Id;

use super::component::Identity;
use super::handle::SystemId;
use super::link::Link;
use super::observer::{self, Event};
use super::process::Process;
use super::rules::{MessageRules, NoOp, Rules};
use super::symmetry::Symmetries;
use super::{Slot, System, Timing};

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
        System {
            id: SystemId::fresh(),
            slots: Vec::new(),
            link: foreign.link,
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
            initially_in_flight: foreign.in_flight,
            message: MessageRules::hashed(),
            rules: Rules {
                no_op: NoOp::Untouched,
                remembers_last_delivery: foreign.link.duplicating,
                sends_to_nobody: true,
                delivery_keeps: true,
                simultaneous_crashes: Some(foreign.max_crashes),
            },
            assumptions: Vec::new(),
            timing: Timing::asynchronous(),
            symmetries: Symmetries::default(),
            byzantine: Vec::new(),
        }
    }

    pub(crate) fn foreign_actor(&mut self, name: String, process: impl Process<M> + 'static) {
        self.slots.push(Slot {
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
        self.observers.push(observer::boxed(
            name.to_owned(),
            initial,
            fold,
            Identity::debugged(),
        ));
        self.interests.push(None);
    }
}
