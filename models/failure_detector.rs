//! Failure detectors: whether silence means a crash depends on what is known of time.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapters 6 and 7. The classes of detectors are those of Chandra and Toueg, "Unreliable
//! Failure Detectors for Reliable Distributed Systems" (1996).
//!
//! A monitor watches processes that may crash and stay down. With *pings* it asks and waits for the answer, with *heartbeats* it waits for the
//! word that they send by themselves. Who is silent for too long is suspected; who speaks after all is not suspected any more, and is given
//! more time from then on.
//!
//! If messages take a bounded, known time, a time-out can be chosen that never accuses a live process: a perfect detector. Without any
//! bound, "it's impossible to tell whether the server is just very slow": every time-out is wrong in some run, again and again. In
//! between, where the bound holds from some unknown moment on, false suspicions end: an eventually perfect detector.
//!
//! Where the source leaves something open:
//! - A message takes up to one tick. A heartbeat is sent at every tick, a ping one tick after the last answer or suspicion.
//! - The time-out is the least that is safe under that bound where the bound is known from the beginning. Else it begins with one tick and grows by
//!   one with each suspicion that proves false, up to a cap, which is the safe one: a time-out without a cap would make the states infinite.
//! - A link holds two pings, answers or heartbeats at most; a further one says nothing new, and is lost.
//!
//! In the asynchronous variants the shortest trace is a time-out that fires at once: slow is not dead.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `ping-synchronous` | 24 | 38 | 12 |
//! | `heartbeat-synchronous` | 22 | 43 | 8 |
//! | `ping-asynchronous` | 154 | 400 | 17 |
//! | `heartbeat-asynchronous` | 36 | 79 | 10 |
//! | `ping-partially-synchronous` | 846 | 2,204 | 20 |
//! | `heartbeat-partially-synchronous` | 158 | 385 | 12 |

use allways::prelude::*;

message! {
    enum Msg { Ping, Pong, Heartbeat }

    enum Timer {
        /// Time to ask a process again.
        Ask(Id),
        /// We have waited long enough for a word of this process.
        Wait(Id),
        /// Time for our own heartbeat.
        Beat,
    }
}

/// How the monitor learns of the others.
#[derive(Clone, Copy, PartialEq)]
enum Design {
    Ping,
    Heartbeat,
}

impl Design {
    /// Ticks after which silence means a crash, if a message takes one tick at most: a ping and its answer take two, and between two
    /// heartbeats are a tick and a message's delay.
    fn safe(self) -> u32 {
        3
    }
}

/// Watches the others.
struct Monitor {
    design: Design,
    watched: Vec<Id>,
    /// The time-out to begin with.
    patience: u32,
}

state! {
    struct Watch {
        suspected: bool,
        /// Ticks that we wait.
        patience: u32,
    }
}

impl Monitor {
    fn wait(&self, process: Id, watch: &Watch, o: &mut Out<Self>) {
        o.set_timer(
            Timer::Wait(process),
            ticks(watch.patience..watch.patience + 1),
        );
    }

    fn ask_later(&self, process: Id, o: &mut Out<Self>) {
        o.set_timer(Timer::Ask(process), ticks(1..2));
    }
}

impl Actor for Monitor {
    type Msg = Msg;
    type State = Map<Id, Watch>;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Map<Id, Watch> {
        let watch = Watch {
            suspected: false,
            patience: self.patience,
        };
        for &process in &self.watched {
            match self.design {
                Design::Ping => self.ask_later(process, o),
                Design::Heartbeat => self.wait(process, &watch, o),
            }
        }
        self.watched
            .iter()
            .map(|&process| (process, watch.clone()))
            .collect()
    }

    /// A word from a process.
    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, Map<Id, Watch>>,
        src: Id,
        _: Msg,
        o: &mut Out<Self>,
    ) {
        let Some(mut watch) = state.get(&src).cloned() else {
            return;
        };
        if watch.suspected {
            watch.suspected = false;
            watch.patience = (watch.patience + 1).min(self.design.safe());
            state.to_mut().insert(src, watch.clone());
        }
        match self.design {
            Design::Ping => {
                o.cancel_timer(Timer::Wait(src));
                self.ask_later(src, o);
            }
            Design::Heartbeat => self.wait(src, &watch, o),
        }
    }

    fn on_timeout(
        &self,
        _: Id,
        state: &mut Cow<'_, Map<Id, Watch>>,
        timer: &Timer,
        o: &mut Out<Self>,
    ) {
        match timer {
            Timer::Ask(process) => {
                o.send(*process, Msg::Ping);
                if let Some(watch) = state.get(process) {
                    self.wait(*process, watch, o);
                }
            }
            Timer::Wait(process) => {
                if let Some(watch) = state.to_mut().get_mut(process) {
                    watch.suspected = true;
                }
                if self.design == Design::Ping {
                    self.ask_later(*process, o);
                }
            }
            Timer::Beat => {}
        }
    }
}

/// A process that is watched.
struct Watched {
    design: Design,
    monitor: Id,
}

impl Watched {
    fn beat_later(&self, o: &mut Out<Self>) {
        o.set_timer(Timer::Beat, ticks(1..2));
    }
}

impl Actor for Watched {
    type Msg = Msg;
    type State = ();
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        if self.design == Design::Heartbeat {
            self.beat_later(o);
        }
    }

    fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if msg == Msg::Ping {
            o.send(src, Msg::Pong);
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, ()>, _: &Timer, o: &mut Out<Self>) {
        o.send(self.monitor, Msg::Heartbeat);
        self.beat_later(o);
    }
}

params! {
    struct Params {
        /// processes that are watched
        processes: usize = 1, 1..=2;
        /// how many of them may crash
        crashes: u32 = 1, 1..=2;
    }
}

fn system(p: &Params, design: Design, timing: Timing, patience: u32) -> System<Msg> {
    let mut sys = System::new();
    sys.timing(timing);
    sys.links(Link::reliable().capacity(2));
    let monitor = sys.reserve("monitor");
    let watched = sys.actors("process", p.processes, |_| Watched {
        design,
        monitor: monitor.id(),
    });
    sys.set(
        monitor,
        Monitor {
            design,
            watched: watched.ids(),
            patience,
        },
    );
    sys.crashes(Crashes::stop(p.crashes).of(watched.ids()).each(1));

    fn accurate(
        s: &Snapshot<'_, Msg>,
        monitor: Handle<Monitor>,
        watched: &Handles<Watched>,
    ) -> bool {
        watched
            .iter()
            .all(|w| !s.is_up(w) || !s[monitor][&w.id()].suspected)
    }
    let of = watched.clone();
    sys.always("only crashed processes are suspected", move |s| {
        accurate(s, monitor, &of)
    });
    let of = watched.clone();
    sys.stabilises(
        "in the end only crashed processes are suspected",
        move |s| accurate(s, monitor, &of),
    );
    for w in watched.iter() {
        sys.leads_to(
            format!(
                "a crash of process[{}] is detected",
                usize::from(w.id()) - 1
            ),
            move |s| !s.is_up(w),
            move |s| s[monitor][&w.id()].suspected,
        );
    }
    let of = watched.clone();
    sys.reachable("a crash is detected", move |s| {
        of.iter()
            .any(|w| !s.is_up(w) && s[monitor][&w.id()].suspected)
    });
    sys
}

catalogue_entry! {
    "failure-detector", Params,
    "Ping and heartbeat: perfect, eventually perfect, or neither, as time is known.",
    source "Understanding Distributed Systems: Coordination, chapters 6 and 7",
    "ping-synchronous" => |p| system(p, Design::Ping, Timing::synchronous(), Design::Ping.safe());
    "heartbeat-synchronous" => |p| system(p, Design::Heartbeat, Timing::synchronous(), Design::Heartbeat.safe());
    "ping-asynchronous" => |p| system(p, Design::Ping, Timing::asynchronous(), 1),
        violates "only crashed processes are suspected",
        violates "in the end only crashed processes are suspected";
    "heartbeat-asynchronous" => |p| system(p, Design::Heartbeat, Timing::asynchronous(), 1),
        violates "only crashed processes are suspected",
        violates "in the end only crashed processes are suspected";
    "ping-partially-synchronous" => |p| system(p, Design::Ping, Timing::partially_synchronous(1), 1),
        violates "only crashed processes are suspected";
    "heartbeat-partially-synchronous" => |p| system(p, Design::Heartbeat, Timing::partially_synchronous(1), 1),
        violates "only crashed processes are suspected";
}
