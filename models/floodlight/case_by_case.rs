//! The controller of the story, and the straightforward fix: one more conditional statement.

use allways::prelude::*;

use super::Params;
use super::control::{Controller, Design, Post};
use super::network::{Configuration, Msg, Notice};
use super::stage::{Scenario, Stage, latest};

/// Handles one event after the other.
#[derive(Clone, Copy)]
pub(super) struct CaseByCase {
    /// The fix: "if you're a slave, and the next message is a link failure notification, store the notification in memory in case you
    /// become master later".
    pub(super) stores_link_failures: bool,
}

state! {
    #[derive(Default)]
    pub(super) struct Memory {
        configuration: Configuration,
        /// Link failures that we were told of as a replica.
        stored: Set<Notice>,
    }
}

impl CaseByCase {
    fn handle(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        notice: &Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        memory.configuration.apply(notice);
        post.configure(&memory.configuration, &[], o);
    }
}

impl Design for CaseByCase {
    type State = Memory;

    fn notified(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        notice: Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        if post.is_master() {
            self.handle(post, memory, &notice, o);
        } else if self.stores_link_failures && matches!(notice, Notice::LinkDown(_)) {
            memory.stored.insert(notice);
        }
    }

    fn promoted(&self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        for notice in std::mem::take(&mut memory.stored) {
            self.handle(post, memory, &notice, o);
        }
    }
}

pub(super) fn system(p: &Params, design: CaseByCase, scenario: Scenario) -> System<Msg> {
    let mut stage = Stage::new(p, p.controllers, scenario);
    for controller in stage.controllers.iter() {
        let world = stage.world.clone();
        stage.sys.set(controller, Controller { design, world });
    }
    stage.election();
    stage.best_way(latest);
    stage.sys
}
