//! Chang and Roberts: candidacies go round a ring, and only that of the highest process comes back to where it began.

use super::{Size, agreement, at_most_one_leader};
use allways::prelude::*;

message! {
    pub(super) enum Msg {
        /// From the environment: there is no leader.
        NoLeader,
        /// This process is a candidate.
        Candidate(Id),
        /// This process leads.
        Leader(Id),
    }
}

struct Process {
    next: Id,
}

state! {
    #[derive(Default)]
    struct State {
        /// Whether we have sent a candidacy on, our own or another's.
        takes_part: bool,
        leader: Option<Id>,
    }
}

impl Actor for Process {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State::default()
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, _: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::NoLeader if !state.takes_part && state.leader.is_none() => {
                state.to_mut().takes_part = true;
                o.send(self.next, Msg::Candidate(me));
            }
            Msg::Candidate(candidate) if candidate > me => {
                state.to_mut().takes_part = true;
                o.send(self.next, Msg::Candidate(candidate));
            }
            // A lower one: we are the better candidate, and say so once.
            Msg::Candidate(candidate) if candidate < me && !state.takes_part => {
                state.to_mut().takes_part = true;
                o.send(self.next, Msg::Candidate(me));
            }
            // Our own has gone all the way round.
            Msg::Candidate(candidate) if candidate == me => {
                let state = state.to_mut();
                state.takes_part = false;
                state.leader = Some(me);
                o.send(self.next, Msg::Leader(me));
            }
            Msg::Leader(leader) if leader != me => {
                let state = state.to_mut();
                state.takes_part = false;
                state.leader = Some(leader);
                o.send(self.next, Msg::Leader(leader));
            }
            Msg::NoLeader | Msg::Candidate(_) | Msg::Leader(_) => {}
        }
    }
}

pub(super) fn system(size: Size) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let n = size.processes;
    let processes = sys.actors("process", n, |i| Process {
        next: Id::from((i + 1) % n),
    });
    for process in processes.iter() {
        let name = format!("process[{}] misses a leader", usize::from(process.id()));
        sys.stimulus(name, process.id(), Msg::NoLeader)
            .must_happen();
    }
    sys.crashes(Crashes::stop(size.crashes));
    let leader = |_: Id, state: &State| state.leader;
    at_most_one_leader(&mut sys, &processes, leader);
    agreement(&mut sys, &processes, leader);
    let of = processes.clone();
    sys.reachable("a candidacy gives way to a better one", move |s| {
        let lowest = of[0];
        s.state(lowest)
            .is_some_and(|state| state.takes_part && state.leader.is_none())
    });
    sys
}
