//! What a model declares and what of it never happens: budgets, and the handlers, messages, timers and faults that nothing exercised.

use allways::prelude::*;
use allways::search::{Options, Outcome};
use allways::space::{ActorSpace, Budget};
use serde_json::Value;

use crate::cli::Sandbox;

message! { enum Msg { Hello, Bomb, After } }

/// Cannot bear a bomb. Sets two timers when it starts: the short one cancels the long one.
struct Peer {
    sends: Vec<(Id, Msg)>,
    sets_timers: bool,
}

#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
enum Timer {
    Short,
    Long,
}

impl Actor for Peer {
    type Msg = Msg;
    type State = u8;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        for (to, msg) in &self.sends {
            o.send(*to, msg.clone());
        }
        if self.sets_timers {
            o.set_timer(Timer::Short, ticks(1..2));
            o.set_timer(Timer::Long, ticks(3..4));
        }
        0
    }

    fn on_msg(&self, _: Id, heard: &mut Cow<'_, u8>, _: Id, msg: Msg, _: &mut Out<Self>) {
        assert!(msg != Msg::Bomb, "it goes off");
        *heard.to_mut() = 1;
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, u8>, timer: &Timer, o: &mut Out<Self>) {
        if *timer == Timer::Short {
            o.cancel_timer(Timer::Long);
        }
    }
}

fn run(sys: System<Msg>) -> Outcome {
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    allways::check(&mut space, &Options::default(), &()).expect("the system is sound")
}

fn peer(sends: Vec<(Id, Msg)>) -> Peer {
    Peer {
        sends,
        sets_timers: false,
    }
}

#[test]
fn a_kind_of_message_or_timer_that_is_never_handled_is_told() {
    let of = |sends: &[Msg], sets_timers: bool| {
        let mut sys = System::new();
        let b = sys.actor(
            "b",
            Peer {
                sends: Vec::new(),
                sets_timers,
            },
        );
        let sends = sends.iter().map(|msg| (b.id(), msg.clone())).collect();
        sys.actor("a", peer(sends));
        sys.links(Link::reliable().fifo());
        sys.timing(Timing::synchronous());
        run(sys).never_exercised
    };
    // Behind the bomb nothing comes through; its own handler ran.
    let told = of(&[Msg::Hello, Msg::Bomb, Msg::After], true);
    assert_eq!(
        told,
        [
            "b is sent After, and never handles it",
            "b sets timer Long, which never fires",
            "a never handles a message",
        ]
    );
    let told = of(&[Msg::Hello, Msg::After, Msg::Bomb], false);
    assert_eq!(told[0], "a never handles a message", "{told:?}");
    // Where another of the kind comes through, the kind is handled.
    let told = of(&[Msg::After, Msg::Bomb, Msg::After], false);
    assert_eq!(told[0], "a never handles a message", "{told:?}");
}

#[test]
fn a_fault_without_a_budget_that_never_happens_is_told() {
    let never = |link: Link, sends: bool| {
        let mut sys = System::new();
        let b = sys.actor("b", peer(Vec::new()));
        let sends = match sends {
            true => vec![(b.id(), Msg::Hello)],
            false => Vec::new(),
        };
        sys.actor("a", peer(sends));
        sys.links(link);
        let told = run(sys).never_exercised;
        let told = told
            .into_iter()
            .filter(|told| told.contains("never happen"));
        told.collect::<Vec<String>>()
    };
    let lost = "losses: never happen, since nothing is sent that could be lost";
    let copied = "duplicates: never happen, since nothing is sent that could be duplicated";
    assert_eq!(never(Link::fair_loss(), false), [lost]);
    assert_eq!(never(Link::fair_loss(), true), [""; 0]);
    assert_eq!(never(Link::reliable().duplicating(), false), [copied]);
    assert_eq!(never(Link::reliable().duplicating(), true), [""; 0]);
    // A budget is told of by its name, as before.
    let told = never(Link::fair_loss().up_to(2), false);
    assert_eq!(told, ["losses: never happens (budget 2)"]);
}

#[test]
fn budgets_are_part_of_what_is_told() {
    let mut sys = System::new();
    let b = sys.actor("b", peer(Vec::new()));
    sys.stimulus("greet", b.id(), Msg::Hello).times(3);
    sys.links(Link::fair_loss().up_to(2).duplicates(1));
    sys.crashes(Crashes::stop(1));
    let outcome = run(sys);
    let words: Vec<String> = outcome.budgets.iter().map(Budget::words).collect();
    assert_eq!(
        words,
        [
            "stimulus \"greet\" 3",
            "crashes 1",
            "losses 2 (reliable after 2 losses)",
            "duplicates 1",
        ]
    );
    let mut sys = System::new();
    sys.actor("b", peer(Vec::new()));
    sys.links(Link::fair_loss().up_to(1));
    assert_eq!(
        run(sys).budgets[0].words(),
        "losses 1 (reliable after 1 loss)"
    );

    // The terminal says it in a line, and JSON item by item.
    let sandbox = Sandbox::new();
    let variant = "duva-join/callback-chain-crash";
    let text = sandbox.run(&["check", "-q", variant]).stdout;
    let line = text.lines().find(|line| line.starts_with("  budgets  "));
    let line = line.unwrap_or_else(|| panic!("no budgets in {text}"));
    assert!(line.contains("crashes 1"), "{line}");
    let json = sandbox.run(&["check", "-q", variant, "--json"]).summary();
    let told = json["budgets"].as_array().expect("a list");
    let told = told.iter().map(|budget| {
        let then = match &budget["then"] {
            Value::Null => String::new(),
            then => format!(" ({})", then.as_str().expect("a text")),
        };
        let name = budget["name"].as_str().expect("a name");
        format!("{name} {}{then}", budget["limit"])
    });
    let mut told: Vec<String> = told.collect();
    let unlimited = json["unlimited"].as_array().expect("a list").iter();
    told.extend(unlimited.map(|name| format!("{} without limit", name.as_str().expect("a name"))));
    assert_eq!(
        line.trim_start(),
        format!("budgets         {}", told.join(" · "))
    );
}
