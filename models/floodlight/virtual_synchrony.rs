//! Reorder events when no one will notice: a process group with atomic multicast in views, in which every member is a master.

use allways::prelude::*;

use super::Params;
use super::control::World;
use super::membership::Membership;
use super::network::{Configuration, LinkId, Msg, Notice};
use super::stage::{Scenario, Stage};

message! {
    pub(super) enum Group {
        /// To the membership component: let me in.
        Join,
        /// From it: say what you have delivered, and deliver no more in this view; the answer.
        Flush { view: u8 }, Flushed { view: u8, delivered: Vec<Notice> },
        /// From it: a new view, and what was delivered before it began.
        View { number: u8, members: Vec<Id>, delivered: Vec<Notice> },
        /// To the member that orders: send this to all.
        Send { view: u8, notice: Notice },
        /// To the other members.
        Multicast { view: u8, notice: Notice },
    }
}

/// In which order members deliver.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    /// All in the same: the first member of the view chooses it.
    Total,
    /// As they come: operations that are not causally related are reordered as is most efficient.
    Concurrent,
}

/// A controller in the process group.
pub(super) struct Member {
    pub(super) order: Order,
    pub(super) world: World,
    /// Who says who is in the group, if that changes.
    pub(super) membership: Option<Id>,
    /// Those who begin. The others join.
    pub(super) founders: Vec<Id>,
}

state! {
    #[derive(Default)]
    pub(super) struct MemberState {
        /// Whether it may deliver: it is in a view that is not at its end.
        pub(super) active: bool,
        /// What it has delivered, in all views.
        pub(super) delivered: Vec<Notice>,
        /// The views that it has been in.
        pub(super) views: Vec<View>,
        /// What it was told and has not delivered.
        pub(super) held: Vec<Notice>,
        /// What came from a view that is not installed here yet.
        pub(super) early: Vec<Notice>,
    }

    pub(super) struct View {
        pub(super) number: u8,
        pub(super) members: Vec<Id>,
        /// How much was delivered before it began.
        pub(super) n_before: usize,
    }
}

impl MemberState {
    fn number(&self) -> u8 {
        self.views.last().map_or(0, |view| view.number)
    }

    fn members(&self) -> &[Id] {
        self.views.last().map_or(&[], |view| &view.members)
    }

    fn knows(&self, notice: &Notice) -> bool {
        self.delivered.contains(notice) || self.held.contains(notice)
    }
}

impl Member {
    /// The registered handler: the notice has its place among all others, and we bring the switches up to date.
    fn deliver(&self, me: Id, state: &mut MemberState, notice: Notice, o: &mut Out<Self>) {
        if !state.delivered.contains(&notice) {
            let before = self.routes(state);
            state.held.retain(|held| *held != notice);
            state.delivered.push(notice);
            self.configure(me, state, &before, o);
        }
    }

    fn routes(&self, state: &MemberState) -> Vec<Option<LinkId>> {
        let configuration = Configuration::after(&state.delivered);
        self.world.network.routes(&configuration)
    }

    /// Writes the flow tables of the switches whose master we are, where they are not as they were. Members share the switches.
    fn configure(&self, me: Id, state: &MemberState, before: &[Option<LinkId>], o: &mut Out<Self>) {
        let masters = state.members().iter().cycle();
        let switches = self.world.switches.iter().zip(masters);
        for (((&switch, &master), flow), i) in switches.zip(self.routes(state)).zip(0..) {
            if master == me && before.get(i) != Some(&flow) {
                let write = Msg::Write {
                    epoch: state.number(),
                    flow,
                    decisions: Vec::new(),
                };
                o.send(switch, write);
            }
        }
    }

    /// Sends a notice to the group.
    fn send(&self, me: Id, state: &mut MemberState, notice: Notice, o: &mut Out<Self>) {
        let view = state.number();
        let first = state.members()[0];
        if self.order == Order::Total && first != me {
            // What switches tell, the first is told too.
            if notice.is_request() {
                o.send(first, Msg::Group(Group::Send { view, notice }));
            }
        } else if !state.delivered.contains(&notice) {
            self.deliver(me, state, notice.clone(), o);
            for &member in state.members().iter().filter(|&&member| member != me) {
                let notice = notice.clone();
                o.send(member, Msg::Group(Group::Multicast { view, notice }));
            }
        }
    }

    /// Takes a notice in, and sends it if that is possible now.
    fn take(&self, me: Id, state: &mut MemberState, notice: Notice, o: &mut Out<Self>) {
        if !state.knows(&notice) {
            state.held.push(notice.clone());
            if state.active {
                self.send(me, state, notice, o);
            }
        }
    }

    fn install(&self, me: Id, state: &mut MemberState, view: View, o: &mut Out<Self>) {
        state.views.push(view);
        state.active = true;
        self.configure(me, state, &[], o);
        for notice in std::mem::take(&mut state.early) {
            self.deliver(me, state, notice, o);
        }
        for notice in state.held.clone() {
            self.send(me, state, notice, o);
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type State = MemberState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, o: &mut Out<Self>) -> MemberState {
        if !self.founders.contains(&me) {
            if let Some(membership) = self.membership {
                o.send(membership, Msg::Group(Group::Join));
            }
            return MemberState::default();
        }
        let first = View {
            number: 1,
            members: self.founders.clone(),
            n_before: 0,
        };
        MemberState {
            active: true,
            views: vec![first],
            ..MemberState::default()
        }
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, MemberState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        match msg {
            Msg::Heartbeat => o.send(src, Msg::Heartbeat),
            Msg::Notify(notice) => self.take(me, state, notice, o),
            // What is from a view before, its sender sends again in this one.
            Msg::Group(Group::Send { view, notice }) if view >= state.number() => {
                self.take(me, state, notice, o);
            }
            Msg::Group(Group::Multicast { view, notice }) => {
                if view == state.number() && state.active {
                    self.deliver(me, state, notice, o);
                } else if view > state.number() {
                    state.early.push(notice);
                }
            }
            Msg::Group(Group::Flush { view }) => {
                state.active = false;
                let delivered = state.delivered.clone();
                o.send(src, Msg::Group(Group::Flushed { view, delivered }));
            }
            Msg::Group(Group::View {
                number,
                members,
                delivered,
            }) => {
                if !members.contains(&me) {
                    state.active = false;
                    return;
                }
                state.held.retain(|notice| !delivered.contains(notice));
                let view = View {
                    number,
                    members,
                    n_before: delivered.len(),
                };
                state.delivered = delivered;
                self.install(me, state, view, o);
            }
            _ => {}
        }
    }
}

/// What members have to cope with.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    order: Order,
    link_fails: bool,
    /// Policy changes: two conflict.
    n_policies: usize,
    /// How many members begin, besides what the parameter says.
    n_more: usize,
    /// One more controller joins.
    joins: bool,
    /// The first member may crash, or be taken for crashed.
    crashes: bool,
}

impl Setting {
    /// A link fails, and so may the member that orders: two survivors at least have to agree.
    pub(super) const CRASH: Setting = Setting {
        order: Order::Total,
        link_fails: true,
        n_policies: 0,
        n_more: 1,
        joins: false,
        crashes: true,
    };

    /// A link fails and the policy changes while somebody joins.
    pub(super) const JOIN: Setting = Setting {
        n_policies: 1,
        n_more: 0,
        joins: true,
        crashes: false,
        ..Setting::CRASH
    };

    /// Two policy changes conflict, and the member that orders may crash.
    pub(super) const CONFLICT: Setting = Setting {
        link_fails: false,
        n_policies: 2,
        ..Setting::CRASH
    };

    /// They conflict, and nobody orders.
    pub(super) const REORDERED: Setting = Setting {
        order: Order::Concurrent,
        n_policies: 2,
        n_more: 0,
        crashes: false,
        ..Setting::CRASH
    };

    /// A link failure and a policy change commute.
    pub(super) const REORDERED_NO_CONFLICT: Setting = Setting {
        n_policies: 1,
        crashes: true,
        ..Setting::REORDERED
    };
}

pub(super) fn system(p: &Params, setting: Setting) -> System<Msg> {
    // Masters share the switches: with one switch there would be one master.
    let p = &Params {
        switches: p.switches.max(2),
        ..p.clone()
    };
    let n_founders = p.controllers + setting.n_more;
    let scenario = Scenario {
        crashes_inside: setting.crashes,
        n_mortal: Some(usize::from(setting.crashes)),
        links_stay: !setting.link_fails,
        last_link_fails: true,
        shares_switches: true,
        ..Scenario::default()
    };
    let n_controllers = n_founders + usize::from(setting.joins);
    let mut stage = Stage::new(p, n_controllers, scenario);
    let founders: Vec<Id> = stage.controllers.ids()[..n_founders].to_vec();
    let views_change = setting.crashes || setting.joins;
    let membership = views_change.then(|| stage.sys.reserve("membership"));
    for controller in stage.controllers.iter() {
        let member = Member {
            order: setting.order,
            world: stage.world.clone(),
            membership: membership.map(Handle::id),
            founders: founders.clone(),
        };
        stage.sys.set(controller, member);
    }
    if let Some(membership) = membership {
        let watched = setting.crashes.then(|| founders[0]);
        let founders = founders.clone();
        let service = Membership { founders, watched };
        stage.sys.set(membership, service);
        if setting.crashes {
            let heard = move |s: &Snapshot<'_, Msg>| s[membership].heard;
            stage.sys.reachable("a heartbeat is heard", heard);
        }
    }
    let names = ["a policy change", "another policy change"];
    let operators = founders.iter().rev().zip(0..);
    for (name, (&at, link)) in names.iter().zip(operators).take(setting.n_policies) {
        let request = Msg::Notify(Notice::Avoid(link));
        stage.sys.stimulus(*name, at, request);
    }
    properties(&mut stage, setting);
    stage.sys
}

fn properties(stage: &mut Stage<Member>, setting: Setting) {
    stage.no_loops();
    let of = stage.controllers.clone();
    let views_change = setting.crashes || setting.joins;
    let n_left = of.len() - usize::from(setting.crashes);
    let (name, n_members, from) = match (views_change, n_left) {
        (true, 1) => ("a member delivers something in a later view", 1, 2),
        (true, _) => ("two members deliver something in a later view", 2, 2),
        (false, _) => ("two members deliver something", 2, 1),
    };
    stage.sys.reachable(name, move |s| {
        let up = of.iter().filter_map(|c| s.state(c));
        let later = up.filter(|m| m.number() >= from);
        later
            .filter(|m| m.delivered.len() > m.views.last().map_or(0, |v| v.n_before))
            .count()
            >= n_members
    });
    let (of, again) = (stage.controllers.clone(), stage.controllers.clone());
    // The second member never crashes.
    let told = |s: &Snapshot<'_, Msg>, members: &Handles<Member>| {
        s[members[1]]
            .delivered
            .clone()
            .into_iter()
            .chain(s[members[1]].held.clone())
    };
    stage.sys.leads_to(
        "what a member that stays was told, all deliver",
        move |s| told(s, &of).next().is_some(),
        move |s| {
            let members = again.iter().filter_map(|c| s.state(c));
            let mut active = members.filter(|m| m.active);
            active.all(|m| told(s, &again).all(|notice| m.delivered.contains(&notice)))
        },
    );
    let of = stage.controllers.clone();
    let pairs = move |s: &Snapshot<'_, Msg>, test: fn(&MemberState, &MemberState) -> bool| {
        let up: Vec<_> = of.iter().filter_map(|c| s.state(c)).collect();
        (up.iter().enumerate()).all(|(i, a)| up[..i].iter().all(|b| test(a, b)))
    };
    let each = pairs.clone();
    stage.sys.always(
        "survivors of a view delivered the same messages in it",
        move |s| each(s, same_messages),
    );
    if setting.order == Order::Total {
        let each = pairs.clone();
        stage
            .sys
            .always("members deliver in the same order", move |s| {
                each(s, same_order)
            });
    }
    let each = pairs.clone();
    stage.sys.always(
        "all members see the same views in the same order",
        move |s| each(s, same_views),
    );
    let (of, switches) = (stage.controllers.clone(), stage.switches.clone());
    let network = stage.world.network;
    stage
        .sys
        .stabilises("members and switches agree in the end", move |s| {
            let mut up = of.iter().filter_map(|c| s.state(c)).filter(|m| m.active);
            up.next().is_some_and(|one| {
                let configuration = Configuration::after(&one.delivered);
                let routes = network.routes(&configuration).into_iter();
                let mut flows = routes.zip(switches.iter());
                up.all(|other| {
                    other.views.last() == one.views.last()
                        && Configuration::after(&other.delivered) == configuration
                }) && flows.all(|(route, w)| s[w].flow == route)
            })
        });
    if setting.order == Order::Concurrent {
        let of = stage.switches.clone();
        stage.sys.confluent("configuration", move |s| {
            of.iter().map(|w| s[w].flow).collect::<Vec<_>>()
        });
    }
}

/// What both delivered in a view that both left for the next.
fn same_messages(a: &MemberState, b: &MemberState) -> bool {
    let left = |m: &MemberState| {
        let ends = m.views.iter().zip(m.views.iter().skip(1));
        let slices = ends.map(|(view, next)| {
            let slice = m.delivered[view.n_before..next.n_before].to_vec();
            (view.number, slice)
        });
        slices.collect::<Map<u8, Vec<Notice>>>()
    };
    let (a, b) = (left(a), left(b));
    a.iter().all(|(number, messages)| {
        b.get(number).is_none_or(|others| {
            let set = |messages: &[Notice]| messages.iter().cloned().collect::<Set<Notice>>();
            set(messages) == set(others)
        })
    })
}

/// Who is in the same view has delivered the same, or the beginning of it.
fn same_order(a: &MemberState, b: &MemberState) -> bool {
    let (short, long) = if a.delivered.len() < b.delivered.len() {
        (a, b)
    } else {
        (b, a)
    };
    a.number() != b.number() || long.delivered.starts_with(&short.delivered)
}

/// Views have no gaps, and one of the same number has the same members for both.
fn same_views(a: &MemberState, b: &MemberState) -> bool {
    let gapless = |m: &MemberState| {
        let mut ends = m.views.iter().zip(m.views.iter().skip(1));
        ends.all(|(view, next)| next.number == view.number + 1)
    };
    gapless(a)
        && gapless(b)
        && a.views.iter().all(|view| {
            let other = b.views.iter().find(|other| other.number == view.number);
            other.is_none_or(|other| other.members == view.members)
        })
}
