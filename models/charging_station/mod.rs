//! An aggregate with a physical side effect: a command that cannot be taken back, and an event that can be refused.
//!
//! Source: "DDD - Concurrency and Command retrying with side-effects"
//!
//! A server manages a charging station by an event-sourced aggregate. To unlock a connector it loads the aggregate in version X, tells the station
//! (`RemoteStartTransaction`), and appends `StationUnlocked` under version X + 1. Heartbeats of the station are events of the same aggregate, handled at
//! the same time. If one of them is appended in between, the event store refuses the unlock: the connector is unlocked, and nothing says so. And running
//! the command again does not help, since the station rejects a second unlock.
//!
//! What the checker makes of the answers to the question:
//! - *Retry* (`blind-retry`): as the question says, the station rejects the second unlock. A *command id* in the metadata of events (`command-id`)
//!   changes nothing, since the append that lost has stored no id. It does what it is for where there is no heartbeat in between: a duplicated command is
//!   answered OK (`command-id-duplicate`). But not if two handlers have the two copies at the same time: the station rejects the second before any
//!   version can be wrong (`command-id-duplicate-concurrent`). The id helps where the side effect is: if the station knows it, every conflict, and every
//!   crash of the handler, can be answered by running the command again (`command-id-at-station`).
//! - *Outbox* (`outbox`): the command leaves after the append, so a retry costs nothing. What is recorded but fails to be sent is never done
//!   (`outbox-send-fails`). And with ids, two handlers and the rule "ignore the duplicate and return OK", a driver hears OK while the connector is still
//!   locked (`outbox-duplicate`): recorded is not done.
//! - *Subscriber* (`subscriber`): whoever hears of `StationUnlocked` sends the command, until it is answered, over a network that loses messages, and
//!   after a crash again from the first event. It needs a station that takes an unlock twice (`subscriber-rejecting-station` is the one without). To
//!   accept while unlocked is not enough: a repeat that comes when the driver has left unlocks the connector for nobody (`subscriber-session-ends`).
//!   Again the station has to know the id (`subscriber-id-at-station`).
//! - *Telemetry apart* (`telemetry-split`): heartbeats go into a read model that mirrors the station, so nothing competes for versions, and the handler
//!   consults the mirror: unlocked for this session is OK, for another is an error, locked is to proceed. It holds, duplicates included, if the mirror is
//!   at least as new as the station's last answer. With a stale mirror the aggregate still keeps the station from a second command, but refuses to the
//!   driver what it has granted (`telemetry-split-stale`). And "return OK and safely ignore the command" is not safe if the handler stops between the
//!   station and the event store: the connector is unlocked and the driver told OK, and it is never recorded; or the mirror is not there yet, and the
//!   station rejects the repeat (`telemetry-split-handler-stops`).
//!
//! Where the source leaves something open:
//! - There is one connector. The driver stands for the command and for the session: the id is the driver's. A driver may arrive at any time, or not at
//!   all.
//! - The pseudocode refuses to unlock what *is* available; we take it the other way round. Who finds the connector taken is told
//!   `ErrorConnectorNotAvailable`.
//! - A handler handles one command at a time; the next ones wait, each once. A driver is told OK when the station has accepted and the event is recorded,
//!   in the order of the design: with the outbox and the subscriber the station's answer is passed on.
//! - A heartbeat that loses is appended again: it has no side effect. In `as-asked` a command that loses is answered with the error.
//! - The event store is one of the pieces that systems are built from. Connections keep their order, those to the event store and to the station too. A
//!   crashed handler forgets everything; when it starts again it is sent what was not answered, as message brokers do.
//! - To proceed with a locked station (`telemetry-split`) is to load the aggregate, which decides as ever.
//! - The station accepts or rejects; faults such as under voltage are left out.
//!
//! The shortest traces: in `as-asked`, `blind-retry` and `command-id` the heartbeat is loaded and appended while the station unlocks. In
//! `outbox-send-fails` the one message is lost. In `subscriber-rejecting-station` the timer fires before the answer comes, which is a retry as good as
//! any.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `as-asked` | 730 | 1,681 | 22 |
//! | `blind-retry` | 778 | 1,785 | 26 |
//! | `outbox` | 854 | 2,085 | 20 |
//! | `outbox-send-fails` | 1,002 | 2,479 | 20 |
//! | `outbox-duplicate` | 3,410 | 10,295 | 22 |
//! | `subscriber` | 28,390 | 137,331 | 31 |
//! | `subscriber-rejecting-station` | 14,460 | 71,087 | 28 |
//! | `subscriber-session-ends` | 16,600 | 75,577 | 27 |
//! | `subscriber-id-at-station` | 6,572 | 29,059 | 26 |
//! | `command-id` | 778 | 1,785 | 26 |
//! | `command-id-duplicate` | 324 | 617 | 17 |
//! | `command-id-duplicate-concurrent` | 4,268 | 11,961 | 26 |
//! | `command-id-at-station` | 35,331 | 117,639 | 37 |
//! | `telemetry-split` | 1,284 | 3,239 | 23 |
//! | `telemetry-split-stale` | 3,384 | 9,655 | 26 |
//! | `telemetry-split-handler-stops` | 21,737 | 70,761 | 35 |

use allways::prelude::*;

mod handlers;
mod properties;
mod station;
mod store;

use handlers::{HeartbeatHandler, UnlockHandler};
use station::{Driver, Mirror, Repeats, Station};
use store::{EventStore, Subscriber};

message! {
    enum Msg {
        /// To a driver from the surroundings: there is a car to be charged.
        Arrive,
        /// From a driver to the server: unlock the connector for me.
        Unlock,
        /// A handler of commands has started again: it wants what is not answered.
        Ready,
        /// To the driver: what has become of the command.
        Answer(Answer),
        /// To the event store, and its answer.
        Load, Events(Vec<Recorded>),
        /// To the event store: the event that makes the aggregate this version; and the answers.
        Append { version: usize, event: Recorded }, Appended, WrongVersion,
        /// To the station: unlock and reserve the connector; and the answers.
        RemoteStartTransaction { session: Id }, Accepted { session: Id }, Rejected { session: Id },
        /// To the station from its surroundings: time for a heartbeat; the driver unplugs the car.
        Beat, EndSession,
        /// From the station: it is alive; and its state.
        Heartbeat, StatusNotification { unlocked: Option<Id> },
        /// To the mirror of the station, and its answer.
        Consult, Mirrored { unlocked: Option<Id> },
        /// To the event store: tell me of what happens, from the beginning; and what it tells.
        Subscribe, Published(Recorded),
    }

    /// How a command ends.
    enum Answer {
        /// The connector is yours.
        Ok,
        /// The aggregate says that it is taken.
        ConnectorNotAvailable,
        /// The station rejected it.
        StationRejectedUnlock,
        /// Something else happened to the aggregate meanwhile.
        WrongVersion,
    }

    /// Events of the aggregate.
    #[derive(Copy)]
    enum Recorded {
        StationUnlocked { session: Id },
        StationSentHeartbeat,
    }
}

/// Of the command to the station and the event in the store, which comes first.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    SendThenAppend,
    /// The outbox: messages leave when their consumer is done.
    AppendThenSend,
    /// Whoever subscribes to the event sends.
    AppendOnly,
}

/// Where the station's telemetry goes.
#[derive(Clone, Copy, PartialEq)]
enum Telemetry {
    /// Heartbeats are events of the aggregate.
    Aggregate,
    /// Into a read model that mirrors the station. The station has one connection: what it tells of itself arrives before the answers
    /// that it gives later.
    Mirror,
    /// The same, but what it tells of itself travels for itself.
    StaleMirror,
}

/// What may fail.
#[derive(Clone, Copy, PartialEq)]
enum Faults {
    None,
    /// What the handler sends to the station is lost, once.
    SendFails,
    /// The network to the station is a fair-loss link.
    StationHardToReach,
    /// And the subscriber stops and starts again.
    SubscriberStops,
    /// The handler of commands stops and starts again, and is then sent what is not answered.
    HandlerStops,
}

/// In what the variants differ.
#[derive(Clone, Copy)]
struct Design {
    order: Order,
    /// On a conflict the whole command is run again.
    runs_again: bool,
    /// The metadata of events has the command's id: who finds its own command in the stream is done.
    command_ids: bool,
    repeats: Repeats,
    telemetry: Telemetry,
    /// There are heartbeats.
    beats: bool,
    /// A command is delivered twice.
    duplicated: bool,
    /// Each command goes to two handlers of commands, at the same time.
    two_handlers: bool,
    /// The driver leaves again.
    session_ends: bool,
    faults: Faults,
}

/// The station management as the question has it.
const AS_ASKED: Design = Design {
    order: Order::SendThenAppend,
    runs_again: false,
    command_ids: false,
    repeats: Repeats::Rejects,
    telemetry: Telemetry::Aggregate,
    beats: true,
    duplicated: false,
    two_handlers: false,
    session_ends: false,
    faults: Faults::None,
};

/// Whatever happened meanwhile, the command is tried until it is through.
const BLIND_RETRY: Design = Design {
    runs_again: true,
    ..AS_ASKED
};

/// The command to the station leaves after the append.
const OUTBOX: Design = Design {
    order: Order::AppendThenSend,
    ..BLIND_RETRY
};

/// A subscriber of the event sends it.
const SUBSCRIBER: Design = Design {
    order: Order::AppendOnly,
    repeats: Repeats::AcceptsWhileUnlocked,
    faults: Faults::StationHardToReach,
    ..BLIND_RETRY
};

/// The station, not the server, tells what it has done, whatever became of the session.
const SUBSCRIBER_ID_AT_STATION: Design = Design {
    session_ends: true,
    beats: false,
    repeats: Repeats::KnowsId,
    faults: Faults::SubscriberStops,
    ..SUBSCRIBER
};

/// A command that is found in the stream is not run again.
const COMMAND_ID: Design = Design {
    command_ids: true,
    ..BLIND_RETRY
};

/// What ids are for: the same command, twice.
const COMMAND_ID_DUPLICATE: Design = Design {
    beats: false,
    duplicated: true,
    ..COMMAND_ID
};

/// Heartbeats are no events of the aggregate, and the mirror of the station is consulted.
const TELEMETRY_SPLIT: Design = Design {
    telemetry: Telemetry::Mirror,
    duplicated: true,
    ..BLIND_RETRY
};

params! {
    struct Params {
        /// drivers, each with a command to unlock
        drivers: usize = 2, 1..=3;
        /// heartbeats of the station
        heartbeats: u32 = 1, 1..=3;
        /// crashes, where something crashes
        crashes: u32 = 1, 1..=2;
    }
}

/// The actors.
struct Parts {
    drivers: Handles<Driver>,
    handlers: Handles<UnlockHandler>,
    store: Handle<EventStore>,
    station: Handle<Station>,
    mirror: Option<Handle<Mirror>>,
    subscriber: Option<Handle<Subscriber>>,
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    let parts = actors(&mut sys, p, design);
    network(&mut sys, p, design, &parts);
    properties::safety(&mut sys, &parts);
    properties::liveness(&mut sys, design, &parts);
    properties::witnesses(&mut sys, p, design, &parts);
    sys
}

fn actors(sys: &mut System<Msg>, p: &Params, design: Design) -> Parts {
    let drivers = (0..p.drivers).map(|i| sys.reserve(format!("driver[{i}]")));
    let drivers: Handles<Driver> = drivers.collect();
    let names: &[&str] = if design.two_handlers {
        &["unlock[0]", "unlock[1]"]
    } else {
        &["unlock"]
    };
    let handlers: Handles<UnlockHandler> = names.iter().map(|&name| sys.reserve(name)).collect();
    let store = sys.actor("store", store::event_store());
    let station = sys.reserve::<Station>("station");
    let mirror = (design.telemetry != Telemetry::Aggregate).then(|| {
        let handler = handlers[0].id();
        sys.actor("mirror", Mirror { handler })
    });
    let listener = match mirror {
        Some(mirror) => Some(mirror.id()),
        None if design.beats => {
            let store = store.id();
            let handler = sys.actor("heartbeat", HeartbeatHandler { store });
            Some(handler.id())
        }
        None => None,
    };
    let subscriber = (design.order == Order::AppendOnly).then(|| {
        let (store, station) = (store.id(), station.id());
        sys.actor("subscriber", Subscriber { store, station })
    });

    for driver in drivers.iter() {
        let handlers = handlers.ids();
        sys.set(driver, Driver { handlers });
    }
    for handler in handlers.iter() {
        let asks = match design.faults {
            Faults::HandlerStops => drivers.ids(),
            _ => Vec::new(),
        };
        let unlock = UnlockHandler {
            design,
            store: store.id(),
            station: station.id(),
            mirror: mirror.map(|mirror| mirror.id()),
            asks,
        };
        sys.set(handler, unlock);
    }
    sys.set(
        station,
        Station {
            repeats: design.repeats,
            listener,
            mirror: mirror.map(|mirror| mirror.id()),
            answers_mirror: design.telemetry == Telemetry::Mirror,
        },
    );
    Parts {
        drivers,
        handlers,
        store,
        station,
        mirror,
        subscriber,
    }
}

/// Links, faults and what the surroundings do.
fn network(sys: &mut System<Msg>, p: &Params, design: Design, parts: &Parts) {
    sys.links(Link::reliable().fifo());
    // A command that is delivered again, or an answer, is in flight once.
    let bus = Link::reliable().capacity(1);
    let to_handler = if design.duplicated {
        bus.duplicates(1)
    } else {
        bus
    };
    for driver in parts.drivers.ids() {
        for handler in parts.handlers.ids() {
            sys.link(driver, handler, to_handler);
            sys.link(handler, driver, bus);
        }
    }
    let station = parts.station.id();
    if let Some(subscriber) = parts.subscriber {
        sys.link_between(subscriber.id(), station, Link::fair_loss());
    }
    let stops = Crashes::recovery(p.crashes).recovers();
    match (design.faults, parts.subscriber) {
        (Faults::SendFails, _) => {
            for handler in parts.handlers.ids() {
                sys.link(handler, station, Link::losing().fifo().up_to(1));
            }
        }
        (Faults::HandlerStops, _) => sys.crashes(stops.of(parts.handlers.ids())),
        (Faults::SubscriberStops, Some(subscriber)) => sys.crashes(stops.of([subscriber.id()])),
        _ => {}
    }
    for (i, driver) in parts.drivers.ids().into_iter().enumerate() {
        sys.stimulus(format!("driver[{i}] arrives"), driver, Msg::Arrive);
    }
    if design.beats {
        sys.stimulus("time for a heartbeat", station, Msg::Beat)
            .times(p.heartbeats);
    }
    if design.session_ends {
        sys.stimulus("the driver leaves", station, Msg::EndSession);
    }
}

catalogue_entry! {
    "charging-station", Params,
    "An event-sourced aggregate with a physical side effect: a connector that can be unlocked once.",
    source "DDD - Concurrency and Command retrying with side-effects",
    "as-asked" => |p| system(p, AS_ASKED),
        violates "what is unlocked is recorded";
    "blind-retry" => |p| system(p, BLIND_RETRY),
        violates "the station never rejects our unlock",
        violates "what is unlocked is recorded";
    "outbox" => |p| system(p, OUTBOX);
    "outbox-send-fails" => |p| system(p, Design { faults: Faults::SendFails, ..OUTBOX }),
        violates "what is recorded is unlocked or refused",
        violates "every driver is answered";
    "outbox-duplicate" => |p| system(p, Design { command_ids: true, two_handlers: true, beats: false, ..OUTBOX }),
        violates "OK means unlocked and recorded";
    "subscriber" => |p| system(p, Design { faults: Faults::SubscriberStops, ..SUBSCRIBER });
    "subscriber-rejecting-station" => |p| system(p, Design { repeats: Repeats::Rejects, ..SUBSCRIBER }),
        violates "the station never rejects our unlock";
    "subscriber-session-ends" => |p| system(p, Design { session_ends: true, ..SUBSCRIBER }),
        violates "a command unlocks once";
    "subscriber-id-at-station" => |p| system(p, SUBSCRIBER_ID_AT_STATION);
    "command-id" => |p| system(p, COMMAND_ID),
        violates "the station never rejects our unlock",
        violates "what is unlocked is recorded";
    "command-id-duplicate" => |p| system(p, COMMAND_ID_DUPLICATE);
    "command-id-duplicate-concurrent" => |p| system(p, Design { duplicated: false, two_handlers: true, ..COMMAND_ID_DUPLICATE }),
        violates "the station never rejects our unlock",
        violates "no command is both granted and refused";
    "command-id-at-station" => |p| system(p, Design { repeats: Repeats::KnowsId, faults: Faults::HandlerStops, ..COMMAND_ID });
    "telemetry-split" => |p| system(p, TELEMETRY_SPLIT);
    "telemetry-split-stale" => |p| system(p, Design { telemetry: Telemetry::StaleMirror, ..TELEMETRY_SPLIT }),
        violates "no command is both granted and refused";
    "telemetry-split-handler-stops" => |p| system(p, Design { duplicated: false, faults: Faults::HandlerStops, ..TELEMETRY_SPLIT }),
        violates "what is unlocked is recorded",
        violates "the station never rejects our unlock",
        violates "OK means unlocked and recorded";
}
