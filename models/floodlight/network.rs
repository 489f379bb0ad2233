//! What is controlled: the network, its switches, and the words that all speak.

use allways::prelude::*;

use super::replicated::Replication;
use super::transactional::Transactions;
use super::virtual_synchrony::Group;

/// How often a master has been elected. Each that is elected has a number that nobody had before.
pub(super) type Epoch = u8;

/// A link of the network, by its place in [`Network::links`].
pub(super) type LinkId = u8;

message! {
    pub(super) enum Msg {
        /// The environment, to a switch: this link fails; connect to the controllers.
        LinkFails(LinkId), Connect,
        /// To controllers: from a switch on all of its connections, hot or cold, or from the operator.
        Notify(Notice),
        /// From a master to a switch: its whole flow table, and the decisions that led to it.
        Write { epoch: Epoch, flow: Option<LinkId>, decisions: Vec<Notice> },
        /// From a master to a switch: tell me your flow table and your ports; the answer.
        Query { epoch: Epoch }, Answer { flow: Option<LinkId>, down: Set<LinkId> },
        /// From a switch to the master, again and again: which of its links are down.
        PortStatus { down: Set<LinkId> },
        /// Between the component that elects and the master: are you there? I am.
        Heartbeat,
        /// From the component that elects.
        Elected { epoch: Epoch, master: Id },
        /// Between controllers, in the words of their design.
        Replication(Replication), Transactions(Transactions), Fact(Notice), Group(Group),
    }

    /// What happened, as controllers are told.
    pub(super) enum Notice {
        LinkDown(LinkId),
        /// A switch has connected; these links of it are down.
        SwitchConnected { switch: Id, down: Set<LinkId> },
        /// A policy change of the operator: keep off this link where there is another way.
        Avoid(LinkId),
        /// The operator takes her last policy change back.
        RollBack,
    }
}

state! {
    /// What decides where flows go.
    #[derive(Default)]
    pub(super) struct Configuration {
        pub(super) down: Set<LinkId>,
        pub(super) avoided: Option<LinkId>,
    }
}

impl Notice {
    /// Whether only one controller is told: what switches have to tell, they tell all.
    pub(super) fn is_request(&self) -> bool {
        matches!(self, Notice::Avoid(_) | Notice::RollBack)
    }
}

impl Configuration {
    /// What follows from these notices, in this order.
    pub(super) fn after<'a>(notices: impl IntoIterator<Item = &'a Notice>) -> Self {
        let mut configuration = Configuration::default();
        for notice in notices {
            configuration.apply(notice);
        }
        configuration
    }

    pub(super) fn apply(&mut self, notice: &Notice) {
        match notice {
            Notice::LinkDown(link) => {
                self.down.insert(*link);
            }
            Notice::SwitchConnected { down, .. } => {
                self.down = self.down.clone().union(down.clone());
            }
            Notice::Avoid(link) => self.avoided = Some(*link),
            // Only transactions know what there was before.
            Notice::RollBack => {}
        }
    }
}

/// Switches in a row, each with a link to the next and one to the destination of the only flow. A single switch has two to the destination.
#[derive(Clone, Copy)]
pub(super) struct Network {
    pub(super) n_switches: usize,
}

impl Network {
    /// The links by their ends, from the switch that owns the port; switches are numbered from 0, and the destination comes after them.
    fn links(self) -> Vec<(usize, usize)> {
        let destination = self.n_switches;
        let mut links: Vec<_> = (0..self.n_switches).map(|s| (s, destination)).collect();
        if self.n_switches == 1 {
            links.push((0, destination));
        }
        links.extend((1..self.n_switches).map(|s| (s - 1, s)));
        links
    }

    /// The links of a switch.
    pub(super) fn links_of(self, switch: usize) -> Vec<LinkId> {
        let links = self.links().into_iter().zip(0..);
        let own = links.filter(|((a, b), _)| *a == switch || *b == switch);
        own.map(|(_, link)| link).collect()
    }

    /// The links of a switch to the destination: those that may fail.
    pub(super) fn uplinks(self, switch: usize) -> Vec<LinkId> {
        let links = self.links().into_iter().zip(0..);
        let own = links.filter(|((from, to), _)| *from == switch && *to == self.n_switches);
        own.map(|(_, link)| link).collect()
    }

    /// Every set of failed uplinks that a switch may report, or somebody believe that it has.
    pub(super) fn every_report(self, switch: usize) -> Vec<Set<LinkId>> {
        let mut reports = vec![Set::new()];
        for link in self.uplinks(switch) {
            let with: Vec<_> = reports.iter().map(|report| report.update(link)).collect();
            reports.extend(with);
        }
        reports
    }

    /// The link over which each switch reaches the destination: the first of its shortest path, by Dijkstra's algorithm.
    pub(super) fn routes(self, configuration: &Configuration) -> Vec<Option<LinkId>> {
        let weight = |link| {
            if configuration.avoided == Some(link) {
                10
            } else {
                1
            }
        };
        let live: Vec<_> = self
            .links()
            .into_iter()
            .zip(0..)
            .filter(|(_, link)| !configuration.down.contains(link))
            .collect();
        let ends = |node| {
            let at = live.iter().filter_map(move |&((a, b), link)| match node {
                _ if node == a => Some((b, link)),
                _ if node == b => Some((a, link)),
                _ => None,
            });
            at.collect::<Vec<(usize, LinkId)>>()
        };
        let mut open = Set::unit((0, self.n_switches, None));
        let mut first: Map<usize, Option<LinkId>> = Map::new();
        while let Some((distance, node, link)) = open.remove_min() {
            if first.contains_key(&node) {
                continue;
            }
            first.insert(node, link);
            for (other, link) in ends(node) {
                open.insert((distance + weight(link), other, Some(link)));
            }
        }
        (0..self.n_switches)
            .map(|switch| first.get(&switch).copied().flatten())
            .collect()
    }

    /// Whether a packet from this switch goes round for ever, or gets to where no entry or no live link leads on although there is a way.
    pub(super) fn strays(
        self,
        flows: &[Option<LinkId>],
        down: &Set<LinkId>,
        switch: usize,
    ) -> bool {
        let links = self.links();
        let mut at = switch;
        for _ in 0..self.n_switches {
            at = match flows[at] {
                Some(link) if !down.contains(&link) => {
                    let (a, b) = links[usize::from(link)];
                    if a == at { b } else { a }
                }
                _ => break,
            };
            if at == self.n_switches {
                return false;
            }
        }
        let best = self.routes(&Configuration {
            down: down.clone(),
            avoided: None,
        });
        best[switch].is_some()
    }
}

/// A switch: forwards by its flow table, and does what the master says.
pub(super) struct Switch {
    /// All controllers: one connection is hot, that to the master; the others are cold.
    pub(super) controllers: Vec<Id>,
    /// The first master.
    pub(super) master: Id,
    /// Where its flow goes at first.
    pub(super) flow: Option<LinkId>,
    /// Whether it connects only later, with entries of an earlier life.
    pub(super) connects_late: bool,
    /// Whether it turns down what comes from a master of an earlier epoch than it has seen.
    pub(super) fencing: bool,
    /// If it tells the master the state of its ports again and again: what may be in flight at first.
    pub(super) stray_reports: Vec<Set<LinkId>>,
}

state! {
    pub(super) struct SwitchState {
        pub(super) connected: bool,
        /// The links of its own that have failed.
        pub(super) down: Set<LinkId>,
        /// The flow table: over which link the only flow goes.
        pub(super) flow: Option<LinkId>,
        /// The highest epoch that a command came from.
        pub(super) epoch: Epoch,
        /// The decisions that led to the flow table.
        pub(super) decisions: Vec<Notice>,
        /// The hot connection: who commands in that epoch.
        pub(super) hot: Id,
        /// A deposed master has written, or two in one epoch.
        pub(super) two_masters_wrote: bool,
    }
}

impl SwitchState {
    pub(super) fn new(flow: Option<LinkId>, hot: Id, connected: bool) -> Self {
        SwitchState {
            connected,
            down: Set::new(),
            flow,
            epoch: 1,
            decisions: Vec::new(),
            hot,
            two_masters_wrote: false,
        }
    }
}

impl Switch {
    fn notify(&self, notice: Notice, o: &mut Out<Self>) {
        for &controller in &self.controllers {
            o.send(controller, Msg::Notify(notice.clone()));
        }
    }

    fn reports(&self) -> bool {
        !self.stray_reports.is_empty()
    }

    /// Whether to obey a command of that epoch.
    fn obeys(&self, state: &mut SwitchState, master: Id, epoch: Epoch) -> bool {
        let obeys = state.connected && (epoch >= state.epoch || !self.fencing);
        if obeys && epoch > state.epoch {
            state.epoch = epoch;
            state.hot = master;
        }
        obeys
    }
}

impl Actor for Switch {
    type Msg = Msg;
    type State = SwitchState;
    type Timer = ();
    /// What a message about ports says that is in flight to the master at first.
    type Random = Set<LinkId>;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> SwitchState {
        o.choose_random("in flight", self.stray_reports.clone());
        SwitchState::new(self.flow, self.master, !self.connects_late)
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, SwitchState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        if let Msg::Write { epoch, .. } | Msg::Query { epoch } = msg
            && !self.obeys(state, src, epoch)
        {
            return;
        }
        match msg {
            Msg::LinkFails(link) => {
                state.down.insert(link);
                if state.connected && !self.reports() {
                    self.notify(Notice::LinkDown(link), o);
                }
            }
            Msg::Connect => {
                state.connected = true;
                let down = state.down.clone();
                self.notify(Notice::SwitchConnected { switch: me, down }, o);
            }
            Msg::Write {
                flow, decisions, ..
            } => {
                state.two_masters_wrote |= state.hot != src;
                state.flow = flow;
                state.decisions = decisions;
                if self.reports() {
                    let down = state.down.clone();
                    o.send(src, Msg::PortStatus { down });
                }
            }
            Msg::Query { .. } => {
                let (flow, down) = (state.flow, state.down.clone());
                let status = Msg::PortStatus { down: down.clone() };
                let answer = Msg::Answer { flow, down };
                o.send(src, if self.reports() { status } else { answer });
            }
            _ => {}
        }
    }

    fn on_random(
        &self,
        _: Id,
        _: &mut Cow<'_, SwitchState>,
        down: &Set<LinkId>,
        o: &mut Out<Self>,
    ) {
        let down = down.clone();
        o.send(self.master, Msg::PortStatus { down });
    }
}
