//! Replicate the computation: the master chooses one order for all events, and backups follow it.

use allways::prelude::*;

use super::Params;
use super::control::{Controller, Design, Post};
use super::network::{Configuration, Epoch, Msg, Notice};
use super::stage::{Scenario, Stage, latest};

message! {
    pub(super) enum Replication {
        /// To the master: this is what I was told.
        Forward(Notice),
        /// To the backups: the decisions, in their order; a backup has so many of them.
        Decided { epoch: Epoch, log: Vec<Notice> }, Known { epoch: Epoch, n_decisions: usize },
    }
}

/// When the master issues the commands that follow from a decision.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Replicated {
    /// First the commands, then the decision to the backups.
    After,
    /// First the decision to the backups; the commands when all of them have it.
    First,
}

state! {
    #[derive(Default)]
    pub(super) struct Memory {
        /// The decisions, in the master's order.
        log: Vec<Notice>,
        /// The epoch in which they were ordered.
        ordered_in: Epoch,
        /// What we were told and no master has decided yet, as far as we know.
        held: Vec<Notice>,
        /// As a master: the backups that have all decisions.
        known_by: Set<Id>,
    }
}

impl Replicated {
    fn decide(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        notices: impl IntoIterator<Item = Notice>,
        o: &mut Out<Controller<Self>>,
    ) {
        memory.log.extend(notices);
        memory.ordered_in = post.epoch;
        memory.known_by.clear();
        if self == Replicated::After {
            self.issue(post, memory, o);
        }
        for backup in post.backups() {
            let (epoch, log) = (post.epoch, memory.log.clone());
            o.send(
                backup,
                Msg::Replication(Replication::Decided { epoch, log }),
            );
        }
        if self == Replicated::First {
            self.issue_if_known(post, memory, o);
        }
    }

    fn issue(self, post: &Post<'_>, memory: &Memory, o: &mut Out<Controller<Self>>) {
        let configuration = Configuration::after(&memory.log);
        post.configure(&configuration, &memory.log, o);
    }

    fn issue_if_known(self, post: &Post<'_>, memory: &Memory, o: &mut Out<Controller<Self>>) {
        if post
            .backups()
            .all(|backup| memory.known_by.contains(&backup))
        {
            self.issue(post, memory, o);
        }
    }

    /// Holds a notice until it is decided, or decides it; `true` if it is to be held.
    fn take(
        self,
        post: &Post<'_>,
        memory: &mut Memory,
        notice: &Notice,
        o: &mut Out<Controller<Self>>,
    ) -> bool {
        if memory.log.contains(notice) || memory.held.contains(notice) {
            return false;
        }
        if post.is_master() {
            self.decide(post, memory, [notice.clone()], o);
        } else {
            memory.held.push(notice.clone());
        }
        !post.is_master()
    }
}

impl Design for Replicated {
    type State = Memory;

    fn notified(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        notice: Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        if self.take(post, memory, &notice, o) && notice.is_request() {
            o.send(post.master, Msg::Replication(Replication::Forward(notice)));
        }
    }

    fn promoted(&self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        let held = std::mem::take(&mut memory.held);
        self.decide(post, memory, held, o);
    }

    fn outranked(&self, post: &Post<'_>, memory: &mut Memory, o: &mut Out<Controller<Self>>) {
        let requests = memory.held.iter().filter(|notice| notice.is_request());
        for notice in requests.cloned() {
            o.send(post.master, Msg::Replication(Replication::Forward(notice)));
        }
    }

    fn received(
        &self,
        post: &Post<'_>,
        memory: &mut Memory,
        src: Id,
        msg: Msg,
        o: &mut Out<Controller<Self>>,
    ) {
        let Msg::Replication(msg) = msg else { return };
        match msg {
            Replication::Forward(notice) => {
                self.take(post, memory, &notice, o);
            }
            Replication::Decided { epoch, log } => {
                if epoch >= post.epoch.max(memory.ordered_in) {
                    let n_decisions = log.len();
                    memory.held.retain(|notice| !log.contains(notice));
                    (memory.log, memory.ordered_in) = (log, epoch);
                    if *self == Replicated::First {
                        let known = Replication::Known { epoch, n_decisions };
                        o.send(src, Msg::Replication(known));
                    }
                }
            }
            Replication::Known { epoch, n_decisions } => {
                if epoch == post.epoch && n_decisions == memory.log.len() {
                    memory.known_by.insert(src);
                    self.issue_if_known(post, memory, o);
                }
            }
        }
    }
}

pub(super) fn system(p: &Params, design: Replicated) -> System<Msg> {
    let scenario = Scenario {
        connects_late: p.switch_connects,
        crashes_inside: true,
        ..Scenario::default()
    };
    let mut stage = Stage::new(p, p.controllers, scenario);
    for controller in stage.controllers.iter() {
        let world = stage.world.clone();
        stage.sys.set(controller, Controller { design, world });
    }
    stage.election();
    stage.best_way(latest);
    stage.policy_change("a policy change", Notice::Avoid(0));
    let (controllers, switches) = (stage.controllers.clone(), stage.switches.clone());
    stage.sys.always(
        "the master knows what switches were told, in the same order",
        move |s| {
            let up = controllers
                .iter()
                .filter_map(|c| Some((c.id(), s.state(c)?)));
            let mut masters = up.filter(|(me, state)| state.master == *me);
            masters.all(|(_, state)| {
                // Whoever is deposed and has not heard of it can do no more harm.
                let obedient = switches.iter().filter(|w| s[*w].epoch <= state.epoch);
                let mut told = obedient.map(|w| &s[w].decisions);
                told.all(|decisions| state.memory.log.starts_with(decisions))
            })
        },
    );
    stage.sys
}
