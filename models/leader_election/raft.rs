//! Raft's election: a leader needs the votes of a majority in its term, and everybody has one vote a term.

use super::{Size, agreement, live_leaders};
use allways::prelude::*;

/// The number of an election.
type Term = u8;

message! {
    pub(super) enum Msg {
        RequestVote(Term),
        Vote(Term),
        /// From the leader of this term, again and again.
        Heartbeat(Term),
    }

    enum Timer {
        /// Nothing was heard of a leader for too long.
        Election,
        /// Time for the leader's heartbeat.
        Beat,
    }
}

impl Msg {
    fn term(&self) -> Term {
        let (Msg::RequestVote(term) | Msg::Vote(term) | Msg::Heartbeat(term)) = self;
        *term
    }
}

/// How terms are counted: round a circle of so many, so that an endless run comes back to where it was.
///
/// Which of two is newer can be told as long as they are less than half the circle apart.
#[derive(Clone, Copy)]
pub(super) struct Circle(pub(super) Term);

impl Circle {
    fn is_newer(self, a: Term, b: Term) -> bool {
        let ahead = (a + self.0 - b) % self.0;
        ahead > 0 && 2 * ahead <= self.0
    }

    fn next(self, term: Term) -> Term {
        (term + 1) % self.0
    }
}

struct Process {
    others: Vec<Id>,
    /// Whether we call elections.
    stands: bool,
    circle: Circle,
    /// Ticks of silence after which we call an election.
    patience: u32,
}

state! {
    struct State {
        term: Term,
        /// Whom we gave our vote of this term.
        voted_for: Option<Id>,
        role: Role,
    }

    enum Role {
        Follower { leader: Option<Id> },
        Candidate { votes: Set<Id> },
        Leader,
    }
}

impl Process {
    fn wait(&self, o: &mut Out<Self>) {
        if self.stands {
            o.set_timer(Timer::Election, ticks(self.patience..self.patience + 1));
        }
    }

    fn beat(&self, term: Term, o: &mut Out<Self>) {
        o.broadcast(&self.others, &Msg::Heartbeat(term));
        o.set_timer(Timer::Beat, ticks(1..2));
    }

    /// There is a newer term: whatever we were in ours, we are a follower in that one.
    fn enter(&self, state: &mut State, term: Term, o: &mut Out<Self>) {
        if state.role == Role::Leader {
            o.cancel_timer(Timer::Beat);
            self.wait(o);
        }
        *state = State {
            term,
            voted_for: None,
            role: Role::Follower { leader: None },
        };
    }
}

impl Actor for Process {
    type Msg = Msg;
    type State = State;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        self.wait(o);
        State {
            term: 0,
            voted_for: None,
            role: Role::Follower { leader: None },
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let term = msg.term();
        if self.circle.is_newer(term, state.term) {
            self.enter(state.to_mut(), term, o);
        }
        if term != state.term {
            return;
        }
        match msg {
            Msg::RequestVote(_) if state.voted_for.is_none() => {
                state.to_mut().voted_for = Some(src);
                o.send(src, Msg::Vote(term));
                self.wait(o);
            }
            Msg::Vote(_) => {
                let n_processes = self.others.len() + 1;
                let state = state.to_mut();
                if let Role::Candidate { votes } = &mut state.role {
                    votes.insert(src);
                    if votes.len() >= majority(n_processes) {
                        state.role = Role::Leader;
                        o.cancel_timer(Timer::Election);
                        self.beat(term, o);
                    }
                }
            }
            Msg::Heartbeat(_) => {
                let leader = Some(src);
                if state.role != (Role::Follower { leader }) {
                    state.to_mut().role = Role::Follower { leader };
                }
                self.wait(o);
            }
            Msg::RequestVote(_) => {}
        }
    }

    fn on_timeout(&self, me: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Election => {
                let term = self.circle.next(state.term);
                *state.to_mut() = State {
                    term,
                    voted_for: Some(me),
                    role: Role::Candidate {
                        votes: Set::unit(me),
                    },
                };
                o.broadcast(&self.others, &Msg::RequestVote(term));
                self.wait(o);
            }
            Timer::Beat => self.beat(state.term, o),
        }
    }
}

fn leader(me: Id, state: &State) -> Option<Id> {
    match state.role {
        Role::Leader => Some(me),
        Role::Follower { leader } => leader,
        Role::Candidate { .. } => None,
    }
}

/// Ticks of silence that are no cause for an election, if a message takes one tick at most: between two heartbeats are a tick and a message's
/// delay.
const PATIENCE: u32 = 3;

/// What the next process is more patient: it hears of an election before it would call one itself.
const STAGGER: u32 = 3;

/// What is assumed of time.
#[derive(Clone, Copy)]
pub(super) enum Time {
    /// Nothing. So many processes call elections, the others vote.
    Asynchronous { candidates: usize },
    /// Synchronous but for so many messages, which come too late for anything.
    MostlySynchronous { late: u32 },
}

/// The election, and whether it ends.
pub(super) fn system(size: Size, time: Time) -> System<Msg> {
    let (mut sys, processes) = election(size, time);
    let of = processes.clone();
    sys.eventually("an election completes", move |s| {
        live_leaders(s, &of, leader).next().is_some()
    });
    agreement(&mut sys, &processes, leader);
    if let Time::MostlySynchronous { late } = time {
        // One for the beginning, one for each crash, and as many for each message that is late as it may spoil.
        let terms_max = 1 + size.crashes + 3 * late;
        sys.always("elections are few", move |s| {
            let mut states = processes.iter().filter_map(|p| s.state(p));
            states.all(|state| u32::from(state.term) <= terms_max)
        });
    }
    sys
}

/// The election, and the text's own words of it: one leader at any given time, whatever the term.
pub(super) fn at_any_time(size: Size, time: Time) -> System<Msg> {
    let (mut sys, processes) = election(size, time);
    sys.always("at most one leader at any given time", move |s| {
        live_leaders(s, &processes, leader).count() <= 1
    });
    sys
}

fn election(size: Size, time: Time) -> (System<Msg>, Handles<Process>) {
    let mut sys = System::new();
    let n = size.processes;
    let stands = move |i: usize| match time {
        Time::Asynchronous { candidates } => i < candidates,
        Time::MostlySynchronous { .. } => true,
    };
    let processes = sys.actors("process", n, |i| Process {
        others: (0..n).filter(|&other| other != i).map(Id::from).collect(),
        stands: stands(i),
        circle: match time {
            Time::Asynchronous { .. } => Circle(3),
            Time::MostlySynchronous { .. } => Circle(100),
        },
        patience: PATIENCE + STAGGER * i as u32,
    });
    match time {
        Time::Asynchronous { .. } => {
            sys.links(Link::reliable().fifo().capacity(1));
            let of = processes.clone();
            sys.within("terms in use are two in a row", move |s| {
                let in_flight = s.in_flight().map(|envelope| envelope.msg.term());
                let terms: Set<Term> = of.iter().map(|p| s[p].term).chain(in_flight).collect();
                terms.len() <= 2
            });
        }
        Time::MostlySynchronous { late } => {
            sys.timing(Timing::synchronous());
            sys.links(Link::losing().up_to(late).capacity(1));
            let minority = (n as u32 - 1) / 2;
            sys.crashes(Crashes::stop(size.crashes.min(minority)));
            let of = processes.clone();
            // Elections end by themselves: this cuts nothing.
            sys.within("terms ≤ 40", move |s| {
                let mut states = of.iter().filter_map(|p| s.state(p));
                states.all(|state| state.term <= 40)
            });
        }
    }
    let of = processes.clone();
    sys.always("at most one leader per term", move |s| {
        let terms: Vec<Term> = live_leaders(s, &of, leader).map(|p| s[p].term).collect();
        terms.iter().copied().collect::<Set<Term>>().len() == terms.len()
    });
    let of = processes.clone();
    sys.always("each role has its own timers", move |s| {
        let live = of.iter().enumerate();
        let mut live = live.filter_map(|(i, p)| Some((i, p, s.state(p)?)));
        live.all(|(i, p, state)| {
            let leads = state.role == Role::Leader;
            s.has_timer(p, &Timer::Beat) == leads
                && s.has_timer(p, &Timer::Election) == (!leads && stands(i))
        })
    });
    let of = processes.clone();
    sys.reachable("votes are split", move |s| {
        let states = of.iter().filter_map(|p| s.state(p));
        let candidates = states.filter(|state| matches!(state.role, Role::Candidate { .. }));
        let terms: Vec<Term> = candidates.map(|state| state.term).collect();
        terms.len() > 1 && terms.iter().all(|term| *term == terms[0])
    });
    (sys, processes)
}
