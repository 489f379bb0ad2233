//! Who is in the process group: a component of its own, and correct, as election is elsewhere.

use allways::prelude::*;

use super::control::Timer;
use super::network::{Msg, Notice};
use super::virtual_synchrony::Group;

/// Installs one view after the other: whoever goes on has delivered the same before.
pub(super) struct Membership {
    pub(super) founders: Vec<Id>,
    /// The member that may crash.
    pub(super) watched: Option<Id>,
}

state! {
    pub(super) struct MembershipState {
        view: u8,
        members: Vec<Id>,
        joining: Set<Id>,
        /// The watched member is held for crashed.
        suspects: bool,
        pub(super) heard: bool,
        change: Option<Change>,
    }

    /// The end of a view.
    struct Change {
        /// Who has yet to say what it delivered.
        unflushed: Set<Id>,
        delivered: Vec<Notice>,
    }
}

impl Membership {
    fn watch(&self, o: &mut Out<Self>) {
        if let Some(member) = self.watched {
            o.send(member, Msg::Heartbeat);
            o.set_timer(Timer::HeartbeatsDue, model_timeout());
        }
    }

    fn is_suspect(&self, state: &MembershipState, member: Id) -> bool {
        state.suspects && self.watched == Some(member)
    }

    /// Ends the view if somebody comes or goes, and installs the next when all that go on have said what they delivered.
    fn go_on(&self, state: &mut MembershipState, o: &mut Out<Self>) {
        let stay = |member: &Id| !self.is_suspect(state, *member);
        let staying: Vec<Id> = state.members.iter().copied().filter(stay).collect();
        let Some(change) = &mut state.change else {
            if !state.joining.is_empty() || staying.len() < state.members.len() {
                for &member in &staying {
                    o.send(member, Msg::Group(Group::Flush { view: state.view }));
                }
                state.change = Some(Change {
                    unflushed: staying.into_iter().collect(),
                    delivered: Vec::new(),
                });
            }
            return;
        };
        let unflushed = change.unflushed.iter().copied();
        change.unflushed = unflushed
            .filter(|member| staying.contains(member))
            .collect();
        if change.unflushed.is_empty() {
            let gone = state
                .members
                .iter()
                .filter(|member| !staying.contains(member));
            let members: Vec<Id> = staying
                .iter()
                .copied()
                .chain(state.joining.clone())
                .collect();
            state.view += 1;
            for &controller in members.iter().chain(gone) {
                let view = Group::View {
                    number: state.view,
                    members: members.clone(),
                    delivered: change.delivered.clone(),
                };
                o.send(controller, Msg::Group(view));
            }
            state.members = members;
            state.joining.clear();
            state.change = None;
        }
    }
}

impl Actor for Membership {
    type Msg = Msg;
    type State = MembershipState;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> MembershipState {
        self.watch(o);
        MembershipState {
            view: 1,
            members: self.founders.clone(),
            joining: Set::new(),
            suspects: false,
            heard: false,
            change: None,
        }
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, MembershipState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Heartbeat if !state.suspects => state.to_mut().heard = true,
            Msg::Group(Group::Join) => {
                let state = state.to_mut();
                state.joining.insert(src);
                self.go_on(state, o);
            }
            Msg::Group(Group::Flushed { view, delivered }) => {
                if view != state.view || self.is_suspect(state, src) {
                    return;
                }
                let state = state.to_mut();
                if let Some(change) = &mut state.change {
                    change.unflushed.remove(&src);
                    for notice in delivered {
                        if !change.delivered.contains(&notice) {
                            change.delivered.push(notice);
                        }
                    }
                }
                self.go_on(state, o);
            }
            _ => {}
        }
    }

    fn on_timeout(
        &self,
        _: Id,
        state: &mut Cow<'_, MembershipState>,
        _: &Timer,
        o: &mut Out<Self>,
    ) {
        let state = state.to_mut();
        if state.heard {
            state.heard = false;
            self.watch(o);
        } else {
            state.suspects = true;
            self.go_on(state, o);
        }
    }
}
