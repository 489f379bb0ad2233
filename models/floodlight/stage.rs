//! What all variants are checked under: the same switches, the same environment, the same faults and properties.

use allways::prelude::*;

use super::Params;
use super::control::{Controller, Design, Election, World};
use super::network::{Configuration, Epoch, LinkId, Msg, Network, Notice, Switch};

/// What may happen besides the failure of links and the crash of a master.
#[derive(Clone, Copy, Default)]
pub(super) struct Scenario {
    /// The first switch connects only later, with entries of an earlier life.
    pub(super) connects_late: bool,
    /// It is the last link that fails, to which a policy change moves flows, and not the first.
    pub(super) last_link_fails: bool,
    /// Each switch has a master of its own.
    pub(super) shares_switches: bool,
    /// No link fails.
    pub(super) links_stay: bool,
    /// A master also crashes in the middle of what it does: some of its messages have left, and the others have not.
    pub(super) crashes_inside: bool,
    /// How many controllers may crash, if not all but the last.
    pub(super) n_mortal: Option<usize>,
    /// Switches tell the state of their ports again and again, instead of once when it changes.
    pub(super) reports: bool,
}

/// A system with all but its controllers.
pub(super) struct Stage<A> {
    pub(super) sys: System<Msg>,
    pub(super) world: World,
    pub(super) switches: Handles<Switch>,
    /// Still to be set.
    pub(super) controllers: Handles<A>,
}

impl<A: Actor<Msg = Msg> + 'static> Stage<A> {
    pub(super) fn new(p: &Params, n_controllers: usize, scenario: Scenario) -> Self {
        let mut sys = System::new();
        sys.links(Link::reliable().fifo());
        let network = Network {
            n_switches: p.switches,
        };
        let controllers: Handles<A> = (0..n_controllers)
            .map(|i| sys.reserve(format!("controller[{i}]")))
            .collect();
        let routes = network.routes(&Configuration::default());
        let switches = sys.actors("switch", p.switches, |i| Switch {
            controllers: controllers.ids(),
            master: controllers[if scenario.shares_switches { i } else { 0 }].id(),
            flow: routes[i],
            connects_late: scenario.connects_late && i == 0,
            fencing: p.fencing,
            stray_reports: if scenario.reports {
                network.every_report(i)
            } else {
                Vec::new()
            },
        });
        let uplinks = switches.iter().zip(0..).flat_map(|(switch, i)| {
            let own = network.uplinks(i).into_iter();
            own.map(move |link| (switch, link))
        });
        let mut uplinks: Vec<_> = uplinks.collect();
        if scenario.last_link_fails {
            uplinks.reverse();
        }
        let n_failures = if scenario.links_stay {
            0
        } else {
            p.link_failures
        };
        for (switch, link) in uplinks.into_iter().take(n_failures) {
            let name = format!("link {link} fails");
            sys.stimulus(name, switch.id(), Msg::LinkFails(link));
        }
        if let (true, Some(first)) = (scenario.connects_late, switches.first()) {
            sys.stimulus("a switch connects", first.id(), Msg::Connect);
        }
        // Somebody has to be left: the last of them does not crash.
        let n_mortal = scenario.n_mortal.unwrap_or(n_controllers - 1);
        let mortal = controllers.ids().into_iter().take(n_mortal);
        let crashes = Crashes::stop(p.crashes).of(mortal).each(1);
        if scenario.crashes_inside {
            sys.crashes(crashes.inside_handlers());
        } else if n_mortal > 0 {
            sys.crashes(crashes);
        }
        let world = World {
            network,
            switches: switches.ids(),
            controllers: controllers.ids(),
        };
        let mut stage = Stage {
            sys,
            world,
            switches,
            controllers,
        };
        if !scenario.links_stay {
            stage.flow_properties();
        }
        stage
    }

    /// What is asked of the flows.
    fn flow_properties(&mut self) {
        let (of, again) = (self.switches.clone(), self.switches.clone());
        self.sys.leads_to(
            "no persistent blackhole",
            move |s| blackhole(s, &of),
            move |s| !blackhole(s, &again),
        );
    }

    /// Somebody does something about a failed link, in an epoch from this one on.
    pub(super) fn reroutes(&mut self, name: &str, from: Epoch) {
        let of = self.switches.clone();
        self.sys.reachable(name, move |s| {
            let mut rerouted = of.iter().filter(|w| s[*w].epoch >= from);
            rerouted.any(|w| {
                !s[w].down.is_empty() && s[w].flow.is_some_and(|link| !s[w].down.contains(&link))
            })
        });
    }

    /// Packets neither go round for ever nor get stuck, from some point on.
    pub(super) fn no_loops(&mut self) {
        let (network, of) = (self.world.network, self.switches.clone());
        self.sys
            .stabilises("no loops, no dead ends", move |s| !strays(s, network, &of));
    }

    /// Flows take the best way that failures and the policy leave them, from some point on. `policy` says which link is avoided, from the
    /// one avoided before and a request of the operator.
    pub(super) fn best_way(&mut self, policy: fn(Option<LinkId>, &Notice) -> Option<LinkId>) {
        let policy = self
            .sys
            .observer("policy", None, move |avoided, event| match event {
                Event::Received(envelope) if envelope.src == environment() => match envelope.msg {
                    Msg::Notify(request) => Some(policy(*avoided, request)),
                    _ => None,
                },
                _ => None,
            });
        let (network, of) = (self.world.network, self.switches.clone());
        self.sys
            .stabilises("flows take the best way in the end", move |s| {
                let connected: Vec<_> = of.iter().map(|w| &s[w]).filter(|w| w.connected).collect();
                let down = connected.iter().flat_map(|w| w.down.iter().copied());
                let best = network.routes(&Configuration {
                    down: down.collect(),
                    avoided: s[policy],
                });
                let flows = of.iter().map(|w| &s[w]).zip(best);
                flows
                    .filter(|(w, _)| w.connected)
                    .all(|(w, best)| w.flow == best)
            });
    }

    /// The operator changes the policy. She asks the last controller, which is a replica at first.
    pub(super) fn policy_change(&mut self, name: &str, request: Notice) {
        if let Some(&last) = self.world.controllers.last() {
            self.sys.stimulus(name, last, Msg::Notify(request));
        }
    }
}

/// Whether a flow goes over a failed link.
pub(super) fn blackhole(s: &Snapshot<'_, Msg>, switches: &Handles<Switch>) -> bool {
    let mut connected = switches.iter().map(|w| &s[w]).filter(|w| w.connected);
    connected.any(|w| w.flow.is_some_and(|link| w.down.contains(&link)))
}

/// Whether packets of some switch go round for ever, or get stuck although there is a way.
pub(super) fn strays(s: &Snapshot<'_, Msg>, network: Network, switches: &Handles<Switch>) -> bool {
    let flows: Vec<_> = switches.iter().map(|w| s[w].flow).collect();
    let down = switches.iter().flat_map(|w| s[w].down.clone()).collect();
    (0..flows.len()).any(|switch| network.strays(&flows, &down, switch))
}

/// The operator's last word counts.
pub(super) fn latest(_: Option<LinkId>, request: &Notice) -> Option<LinkId> {
    match request {
        Notice::Avoid(link) => Some(*link),
        _ => None,
    }
}

impl<D: Design> Stage<Controller<D>> {
    /// Has masters elected, and asks what elections promise.
    pub(super) fn election(&mut self) {
        let controllers = self.world.controllers.clone();
        let election = self.sys.actor("election", Election { controllers });
        let of = self.switches.clone();
        self.sys.always("at most one master writes", move |s| {
            of.iter().all(|w| !s[w].two_masters_wrote)
        });
        let of = self.controllers.clone();
        self.sys
            .stabilises("there is one master in the end", move |s| {
                let up = of.iter().filter_map(|c| Some((c.id(), s.state(c)?.master)));
                up.filter(|(me, master)| me == master).count() == 1
            });
        self.reroutes("a new master takes a flow off a failed link", 2);
        self.sys
            .reachable("a heartbeat is heard", move |s| s[election].heard);
    }
}
