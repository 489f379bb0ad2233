//! Make yourself stateless: "the ground truth is stored in the routing tables of the switches themselves".

use allways::prelude::*;

use super::Params;
use super::control::{Controller, Design, Post};
use super::network::{Configuration, LinkId, Msg, Notice};
use super::stage::{Scenario, Stage, blackhole, latest};

/// Computes everything anew on taking over, and on every event.
#[derive(Clone, Copy)]
pub(super) struct Stateless {
    /// Whether it looks at ports too, or trusts the tables.
    pub(super) asks_for_ports: bool,
}

state! {
    #[derive(Default)]
    pub(super) struct Memory {
        /// What switches answered in this computation.
        answers: Map<Id, Answer>,
        /// The link that this computation was started for.
        event: Option<LinkId>,
    }

    struct Answer {
        flow: Option<LinkId>,
        down: Set<LinkId>,
    }
}

impl Stateless {
    /// Starts the computation, or starts it again: what was known is forgotten.
    fn restart(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        event: Option<LinkId>,
        o: &mut Out<Controller<Self>>,
    ) {
        *memory = Memory {
            event: event.filter(|_| !self.asks_for_ports),
            ..Memory::default()
        };
        for &switch in &post.world.switches {
            o.send(switch, Msg::Query { epoch: post.epoch });
        }
    }

    /// Where flows should go, as far as the answers tell.
    fn recompute(self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        let mut down: Set<LinkId> = memory.event.into_iter().collect();
        if self.asks_for_ports {
            down.extend(
                memory
                    .answers
                    .values()
                    .flat_map(|answer| answer.down.clone()),
            );
        }
        let configuration = Configuration {
            down: down.clone(),
            avoided: None,
        };
        for (switch, route) in post.routes(&configuration) {
            let Some(answer) = memory.answers.get_mut(&switch) else {
                continue;
            };
            // Who knows nothing of ports has no reason to touch an entry over a link that nobody complains of.
            let is_fine = answer.flow.is_some_and(|link| !down.contains(&link));
            if answer.flow != route && (self.asks_for_ports || !is_fine) {
                answer.flow = route;
                post.write(switch, route, &[], o);
            }
        }
        if memory.answers.len() == post.world.switches.len() {
            *memory = Memory::default();
        }
    }
}

impl Design for Stateless {
    type State = Memory;

    fn notified(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        notice: Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        if post.is_master() {
            let event = match notice {
                Notice::LinkDown(link) => Some(link),
                _ => None,
            };
            self.restart(post, memory, event, o);
        }
    }

    fn promoted(&self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        self.restart(post, memory, None, o);
    }

    /// Whatever we were about to compute is another's business now.
    fn outranked(&self, _: &Post<'_>, memory: &mut Memory, _: &mut Out<Controller<Self>>) {
        *memory = Memory::default();
    }

    fn received(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        src: Id,
        msg: Msg,
        o: &mut Out<Controller<Self>>,
    ) {
        if let Msg::Answer { flow, down } = msg
            && post.is_master()
        {
            memory.answers.insert(src, Answer { flow, down });
            self.recompute(post, memory, o);
        }
    }
}

pub(super) fn system(p: &Params, design: Stateless) -> System<Msg> {
    let scenario = Scenario {
        connects_late: design.asks_for_ports,
        ..Scenario::default()
    };
    let mut stage = Stage::new(p, p.controllers, scenario);
    for controller in stage.controllers.iter() {
        let world = stage.world.clone();
        stage.sys.set(controller, Controller { design, world });
    }
    stage.election();
    stage.best_way(latest);
    // A new master takes longer to get up to speed than one that was kept up to date: how long?
    if let Some(&successor) = stage.controllers.last() {
        let (of, again) = (stage.switches.clone(), stage.switches.clone());
        stage.sys.measure(
            "recovery time",
            move |s| s[successor].master == successor.id() && blackhole(s, &of),
            move |s| !blackhole(s, &again),
        );
    }
    stage.sys
}
