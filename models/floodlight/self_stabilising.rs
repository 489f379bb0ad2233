//! Guarantee self-stabilization: from whatever configuration, the network comes to one without loops and dead ends.

use allways::prelude::*;

use super::Params;
use super::control::{Controller, ControllerState, Design, Post};
use super::network::{Configuration, LinkId, Msg, Notice, SwitchState};
use super::stage::{Scenario, Stage, strays};

/// A link-state algorithm: "have each switch periodically send port status messages to the controllers, have the controllers compute
/// shortest paths using Dijkstra's, and have the master push the appropriate updates to the switches".
#[derive(Clone, Copy)]
pub(super) struct LinkState;

/// Which links of each switch are down, as a controller believes.
type Beliefs = Map<Id, Set<LinkId>>;

impl Design for LinkState {
    type State = Beliefs;

    fn notified(&self, _: &Post<'_>, _: &mut Beliefs, _: Notice, _: &mut Out<Controller<Self>>) {}

    fn promoted(&self, post: &Post<'_>, beliefs: &mut Beliefs, o: &mut Out<Controller<Self>>) {
        beliefs.clear();
        for &switch in &post.world.switches {
            o.send(switch, Msg::Query { epoch: post.epoch });
        }
    }

    fn outranked(&self, _: &Post<'_>, beliefs: &mut Beliefs, _: &mut Out<Controller<Self>>) {
        beliefs.clear();
    }

    fn received(
        &self,
        post: &Post<'_>,
        beliefs: &mut Beliefs,
        switch: Id,
        msg: Msg,
        o: &mut Out<Controller<Self>>,
    ) {
        if let Msg::PortStatus { down } = msg
            && post.is_master()
        {
            beliefs.insert(switch, down);
            let down = beliefs.values().flatten().copied().collect();
            let avoided = None;
            let mut routes = post.routes(&Configuration { down, avoided });
            if let Some((_, flow)) = routes.find(|(id, _)| *id == switch) {
                post.write(switch, flow, &[], o);
            }
        }
    }
}

/// Nothing, or any of these.
fn any(links: impl IntoIterator<Item = LinkId>) -> Vec<Option<LinkId>> {
    let links = links.into_iter().map(Some);
    [None].into_iter().chain(links).collect()
}

pub(super) fn system(p: &Params) -> System<Msg> {
    let p = Params {
        switches: p.switches.max(2),
        ..p.clone()
    };
    let scenario = Scenario {
        reports: true,
        ..Scenario::default()
    };
    let mut stage = Stage::new(&p, p.controllers, scenario);
    let network = stage.world.network;
    let design = LinkState;
    let first = stage.world.controllers[0];
    for (switch, i) in stage.switches.iter().zip(0..) {
        let flows = any(network.links_of(i)).into_iter();
        let starts = flows.map(|flow| SwitchState::new(flow, first, true));
        stage.sys.starts(switch, starts);
    }
    for controller in stage.controllers.iter() {
        let world = stage.world.clone();
        let mut starts = vec![Beliefs::new()];
        for (&switch, i) in world.switches.iter().zip(0..) {
            let reports = network.every_report(i);
            let extended = starts.iter().flat_map(|beliefs| {
                let each = reports.iter();
                each.map(|report| beliefs.update(switch, report.clone()))
            });
            starts = extended.collect();
        }
        let starts = starts.into_iter().map(|memory| ControllerState {
            master: world.controllers[0],
            epoch: 1,
            memory,
        });
        if controller.id() == first {
            stage.sys.starts(controller, starts);
        }
        stage.sys.set(controller, Controller { design, world });
    }
    stage.election();
    stage.no_loops();
    let of = stage.switches.clone();
    stage
        .sys
        .reachable("a flow goes astray", move |s| strays(s, network, &of));
    stage.sys
}
