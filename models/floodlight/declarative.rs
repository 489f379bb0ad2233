//! Force yourself to be stateless: rules over a set of facts, whose result does not depend on the order in which the facts came.

use allways::prelude::*;

use super::Params;
use super::control::{Controller, Design, Post};
use super::network::{Configuration, LinkId, Msg, Notice};
use super::stage::{Scenario, Stage};

/// Every controller computes; only the master's result goes out.
#[derive(Clone, Copy)]
pub(super) struct Declarative;

/// The rules: a link is down if there is a fact that says so; of several policies the one about the greatest link is in force.
fn configuration(facts: &Set<Notice>) -> Configuration {
    Configuration::after(facts)
}

fn greatest(avoided: Option<LinkId>, request: &Notice) -> Option<LinkId> {
    match request {
        Notice::Avoid(link) => avoided.max(Some(*link)),
        _ => avoided,
    }
}

impl Declarative {
    fn insert(
        self,
        post: &Post<'_>,
        facts: &mut Set<Notice>,
        fact: Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        facts.insert(fact);
        if post.is_master() {
            post.configure(&configuration(facts), &[], o);
        }
    }
}

impl Design for Declarative {
    /// The facts.
    type State = Set<Notice>;

    fn notified(
        &self,
        post: &Post<'_>,
        facts: &mut Set<Notice>,
        fact: Notice,
        o: &mut Out<Controller<Self>>,
    ) {
        if fact.is_request() {
            let others = post.world.controllers.iter().filter(|&&c| c != post.me);
            for &controller in others {
                o.send(controller, Msg::Fact(fact.clone()));
            }
        }
        self.insert(post, facts, fact, o);
    }

    fn promoted(&self, post: &Post<'_>, facts: &mut Set<Notice>, o: &mut Out<Controller<Self>>) {
        post.configure(&configuration(facts), &[], o);
    }

    fn received(
        &self,
        post: &Post<'_>,
        facts: &mut Set<Notice>,
        _: Id,
        msg: Msg,
        o: &mut Out<Controller<Self>>,
    ) {
        if let Msg::Fact(fact) = msg {
            self.insert(post, facts, fact, o);
        }
    }
}

pub(super) fn system(p: &Params) -> System<Msg> {
    let scenario = Scenario {
        connects_late: p.switch_connects,
        ..Scenario::default()
    };
    let mut stage = Stage::new(p, p.controllers, scenario);
    for controller in stage.controllers.iter() {
        let world = stage.world.clone();
        let design = Declarative;
        stage.sys.set(controller, Controller { design, world });
    }
    stage.election();
    stage.best_way(greatest);
    stage.policy_change("a policy change", Notice::Avoid(0));
    stage.policy_change("another policy change", Notice::Avoid(1));
    let of = stage.switches.clone();
    stage.sys.confluent("configuration", move |s| {
        of.iter().map(|w| s[w].flow).collect::<Vec<_>>()
    });
    stage.sys
}
