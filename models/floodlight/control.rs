//! What all designs share: who is master, and how that is found out. Election is a component of its own, as in the text, and correct.

use std::fmt::Debug;
use std::hash::Hash;

use allways::prelude::*;

use super::network::{Configuration, Epoch, LinkId, Msg, Network, Notice};

/// Elects masters: whoever it elects has a higher epoch than all before. Controllers follow each other in a fixed order.
pub(super) struct Election {
    /// In the order in which they become master.
    pub(super) controllers: Vec<Id>,
}

message! {
    pub(super) enum Timer { HeartbeatsDue }
}

state! {
    pub(super) struct ElectionState {
        pub(super) epoch: Epoch,
        /// A heartbeat has come since they were last due.
        pub(super) heard: bool,
    }
}

impl Election {
    fn master(&self, epoch: Epoch) -> Id {
        self.controllers[usize::from(epoch) - 1]
    }

    /// Asks the master for a heartbeat, unless nobody could take its place.
    fn watch(&self, epoch: Epoch, o: &mut Out<Self>) {
        if usize::from(epoch) < self.controllers.len() {
            o.send(self.master(epoch), Msg::Heartbeat);
            o.set_timer(Timer::HeartbeatsDue, model_timeout());
        }
    }
}

impl Actor for Election {
    type Msg = Msg;
    type State = ElectionState;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ElectionState {
        self.watch(1, o);
        ElectionState {
            epoch: 1,
            heard: false,
        }
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, ElectionState>,
        src: Id,
        msg: Msg,
        _: &mut Out<Self>,
    ) {
        if msg == Msg::Heartbeat && src == self.master(state.epoch) {
            state.to_mut().heard = true;
        }
    }

    /// Heartbeats are due. If none has come, the master has crashed, or is slow: who could tell?
    fn on_timeout(&self, _: Id, state: &mut Cow<'_, ElectionState>, _: &Timer, o: &mut Out<Self>) {
        let state = state.to_mut();
        if !state.heard {
            state.epoch += 1;
            let epoch = state.epoch;
            let master = self.master(epoch);
            for &controller in &self.controllers {
                o.send(controller, Msg::Elected { epoch, master });
            }
        }
        state.heard = false;
        self.watch(state.epoch, o);
    }
}

/// What a controller knows of the world, and as whom it acts.
pub(super) struct Post<'a> {
    pub(super) me: Id,
    pub(super) master: Id,
    pub(super) epoch: Epoch,
    pub(super) world: &'a World,
}

/// What does not change.
#[derive(Clone)]
pub(super) struct World {
    pub(super) network: Network,
    pub(super) switches: Vec<Id>,
    /// In the order in which they become master.
    pub(super) controllers: Vec<Id>,
}

impl Post<'_> {
    pub(super) fn is_master(&self) -> bool {
        self.master == self.me
    }

    /// Those who may take over from us: who was master before is out of the group.
    pub(super) fn backups(&self) -> impl Iterator<Item = Id> + '_ {
        let successors = self.world.controllers.iter().copied();
        successors.skip_while(|&c| c != self.me).skip(1)
    }

    /// Where flows should go, by switch.
    pub(super) fn routes(
        &self,
        configuration: &Configuration,
    ) -> impl Iterator<Item = (Id, Option<LinkId>)> + '_ {
        let routes = self.world.network.routes(configuration);
        self.world.switches.iter().copied().zip(routes)
    }

    /// Writes a switch's flow table, which follows from these decisions.
    pub(super) fn write<D: Design>(
        &self,
        switch: Id,
        flow: Option<LinkId>,
        decisions: &[Notice],
        o: &mut Out<Controller<D>>,
    ) {
        let write = Msg::Write {
            epoch: self.epoch,
            flow,
            decisions: decisions.to_vec(),
        };
        o.send(switch, write);
    }

    /// Writes all flow tables.
    pub(super) fn configure<D: Design>(
        &self,
        configuration: &Configuration,
        decisions: &[Notice],
        o: &mut Out<Controller<D>>,
    ) {
        for (switch, flow) in self.routes(configuration) {
            self.write(switch, flow, decisions, o);
        }
    }
}

/// How controllers cope with the order of events: all that the variants differ in.
pub(super) trait Design: Copy + Send + Sync + 'static {
    type State: Clone + Debug + Default + PartialEq + Hash;

    /// A notice of a switch or of the operator has come.
    fn notified(
        &self,
        post: &Post<'_>,
        state: &mut Self::State,
        notice: Notice,
        o: &mut Out<Controller<Self>>,
    );

    /// We are the master now.
    fn promoted(&self, post: &Post<'_>, state: &mut Self::State, o: &mut Out<Controller<Self>>);

    /// Another is the master now.
    fn outranked(&self, _: &Post<'_>, _: &mut Self::State, _: &mut Out<Controller<Self>>) {}

    /// Anything else has come.
    fn received(
        &self,
        _: &Post<'_>,
        _: &mut Self::State,
        _src: Id,
        _: Msg,
        _: &mut Out<Controller<Self>>,
    ) {
    }
}

/// A controller of some design.
pub(super) struct Controller<D> {
    pub(super) design: D,
    pub(super) world: World,
}

state! {
    pub(super) struct ControllerState<S> {
        /// Whom it takes for the master.
        pub(super) master: Id,
        pub(super) epoch: Epoch,
        /// What the design keeps.
        pub(super) memory: S,
    }
}

impl<D: Design> Actor for Controller<D> {
    type Msg = Msg;
    type State = ControllerState<D::State>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Self::State {
        ControllerState {
            master: self.world.controllers[0],
            epoch: 1,
            memory: D::State::default(),
        }
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, Self::State>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        if msg == Msg::Heartbeat {
            o.send(src, Msg::Heartbeat);
            return;
        }
        let state = state.to_mut();
        if let Msg::Elected { epoch, master } = msg {
            (state.epoch, state.master) = (epoch, master);
        }
        let post = Post {
            me,
            master: state.master,
            epoch: state.epoch,
            world: &self.world,
        };
        let memory = &mut state.memory;
        match msg {
            Msg::Elected { .. } if post.is_master() => self.design.promoted(&post, memory, o),
            Msg::Elected { .. } => self.design.outranked(&post, memory, o),
            Msg::Notify(notice) => self.design.notified(&post, memory, notice, o),
            _ => self.design.received(&post, memory, src, msg, o),
        }
    }
}
