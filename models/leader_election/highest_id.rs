//! The highest of those that speak leads: nobody is asked, and there are no terms.

use super::{Size, agreement, at_most_one_leader, takes_over};
use allways::prelude::*;

message! {
    pub(super) enum Msg { Heartbeat }

    enum Timer {
        /// Time for our own heartbeat.
        Beat,
        /// We have waited long enough for a word of this process.
        Wait(Id),
    }
}

/// Ticks after which silence means a crash, if a message takes one tick at most: between two heartbeats are a tick and a message's delay.
const PATIENCE: u32 = 3;

/// One of the processes.
struct Process {
    /// They would lead before us, the highest first.
    higher: Vec<Id>,
    /// They want to know whether we are there.
    lower: Vec<Id>,
}

impl Process {
    fn beat_later(&self, o: &mut Out<Self>) {
        if !self.lower.is_empty() {
            o.set_timer(Timer::Beat, ticks(1..2));
        }
    }

    fn wait_for(&self, process: Id, o: &mut Out<Self>) {
        o.set_timer(Timer::Wait(process), ticks(PATIENCE..PATIENCE + 1));
    }
}

state! {
    struct State {
        leader: Id,
        /// Who has been silent for too long.
        silent: Set<Id>,
    }
}

impl Process {
    /// The highest that is not silent: of those above us, or we ourselves.
    fn choose(&self, me: Id, state: &mut State) {
        let mut speaking = self
            .higher
            .iter()
            .filter(|&peer| !state.silent.contains(peer));
        state.leader = speaking.next().copied().unwrap_or(me);
    }
}

impl Actor for Process {
    type Msg = Msg;
    type State = State;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        self.beat_later(o);
        for &process in &self.higher {
            self.wait_for(process, o);
        }
        let mut state = State {
            leader: me,
            silent: Set::new(),
        };
        self.choose(me, &mut state);
        state
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, _: Msg, o: &mut Out<Self>) {
        if state.silent.contains(&src) {
            let state = state.to_mut();
            state.silent.remove(&src);
            self.choose(me, state);
        }
        self.wait_for(src, o);
    }

    fn on_timeout(&self, me: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Beat => {
                o.broadcast(&self.lower, &Msg::Heartbeat);
                self.beat_later(o);
            }
            Timer::Wait(process) => {
                let state = state.to_mut();
                state.silent.insert(*process);
                self.choose(me, state);
            }
        }
    }
}

pub(super) fn system(size: Size, timing: Timing) -> System<Msg> {
    let mut sys = System::new();
    sys.timing(timing);
    sys.links(Link::reliable().capacity(1));
    let n = size.processes;
    let processes = sys.actors("process", n, |i| Process {
        higher: (i + 1..n).rev().map(Id::from).collect(),
        lower: (0..i).map(Id::from).collect(),
    });
    sys.crashes(Crashes::stop(size.crashes));
    let leader = |_: Id, state: &State| Some(state.leader);
    at_most_one_leader(&mut sys, &processes, leader);
    agreement(&mut sys, &processes, leader);
    if size.crashes > 0 {
        takes_over(&mut sys, &processes, leader);
    }
    sys
}
