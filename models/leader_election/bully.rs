//! The bully algorithm: whoever hears nothing of higher processes leads, and tells all others.

use super::{Size, agreement, at_most_one_leader, takes_over};
use allways::prelude::*;

message! {
    pub(super) enum Msg {
        /// To all that are higher: would you lead?
        Election,
        /// From a higher one: leave it to me.
        Answer,
        /// I lead; said at once, and again and again while I do.
        Coordinator,
    }

    enum Timer {
        /// Time to say again that we lead.
        Beat,
        /// We have waited long enough for what we wait for.
        Wait,
    }
}

/// Ticks to wait for an answer, if a message takes one tick at most: there and back.
const FOR_ANSWERS: u32 = 3;

/// Ticks to wait for a coordinator, once a higher process has answered: it has to wait for answers itself, and then to tell us.
const FOR_COORDINATOR: u32 = 5;

/// Ticks after which a silent coordinator is taken for dead: between two words of it are a tick and a message's delay.
const FOR_WORD: u32 = 3;

struct Process {
    higher: Vec<Id>,
    others: Vec<Id>,
}

state! {
    enum State {
        /// Has asked those above, and waits for answers.
        Electing,
        /// Somebody above has answered, and will lead.
        Answered,
        Following(Id),
        Leading,
    }
}

impl Process {
    fn elect(&self, o: &mut Out<Self>) -> State {
        if self.higher.is_empty() {
            return self.lead(o);
        }
        o.cancel_timer(Timer::Beat);
        o.broadcast(&self.higher, &Msg::Election);
        self.wait(FOR_ANSWERS, o);
        State::Electing
    }

    fn lead(&self, o: &mut Out<Self>) -> State {
        o.broadcast(&self.others, &Msg::Coordinator);
        o.set_timer(Timer::Beat, ticks(1..2));
        State::Leading
    }

    fn wait(&self, patience: u32, o: &mut Out<Self>) {
        o.set_timer(Timer::Wait, ticks(patience..patience + 1));
    }
}

impl Actor for Process {
    type Msg = Msg;
    type State = State;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    /// Who starts, or starts again, calls an election.
    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        self.elect(o)
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Election => {
                // Who leads has nobody to ask, and says so; that is answer enough.
                if **state == State::Leading {
                    o.send(src, Msg::Coordinator);
                    return;
                }
                o.send(src, Msg::Answer);
                if matches!(**state, State::Following(_)) {
                    *state.to_mut() = self.elect(o);
                }
            }
            Msg::Answer if **state == State::Electing => {
                *state.to_mut() = State::Answered;
                self.wait(FOR_COORDINATOR, o);
            }
            Msg::Coordinator if src > me => {
                *state.to_mut() = State::Following(src);
                o.cancel_timer(Timer::Beat);
                self.wait(FOR_WORD, o);
            }
            // The bully: who is higher does not put up with it.
            Msg::Coordinator if matches!(**state, State::Following(_) | State::Leading) => {
                *state.to_mut() = self.elect(o);
            }
            Msg::Answer | Msg::Coordinator => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (timer, &**state) {
            (Timer::Beat, _) | (Timer::Wait, State::Electing) => *state.to_mut() = self.lead(o),
            (Timer::Wait, _) => *state.to_mut() = self.elect(o),
        }
    }
}

/// Whom a process takes for the leader.
fn leader(me: Id, state: &State) -> Option<Id> {
    match state {
        State::Leading => Some(me),
        State::Following(leader) => Some(*leader),
        State::Electing | State::Answered => None,
    }
}

/// Whether a crashed process comes back.
#[derive(Clone, Copy)]
pub(super) enum Returns {
    Never,
    Perhaps,
}

pub(super) fn system(size: Size, timing: Timing, returns: Returns) -> System<Msg> {
    let mut sys = System::new();
    sys.timing(timing);
    sys.links(Link::reliable().capacity(1));
    let n = size.processes;
    let processes = sys.actors("process", n, |i| Process {
        higher: (i + 1..n).map(Id::from).collect(),
        others: (0..n).filter(|&other| other != i).map(Id::from).collect(),
    });
    sys.crashes(match returns {
        Returns::Never => Crashes::stop(size.crashes),
        Returns::Perhaps => Crashes::recovery(size.crashes),
    });
    let of = processes.clone();
    sys.always("who leads says so, and who does not waits", move |s| {
        let mut live = of.iter().filter_map(|p| Some((p, s.state(p)?)));
        live.all(|(p, state)| {
            let leads = *state == State::Leading;
            s.has_timer(p, &Timer::Beat) == leads && (leads || s.has_timer(p, &Timer::Wait))
        })
    });
    at_most_one_leader(&mut sys, &processes, leader);
    agreement(&mut sys, &processes, leader);
    if size.crashes > 0 {
        takes_over(&mut sys, &processes, leader);
    }
    sys
}
