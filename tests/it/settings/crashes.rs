//! Settings of crashes: who stops and who recovers, how often, and what a crash inside a handler leaves behind.

use allways::check;
use allways::prelude::*;
use allways::search::{Options, Verdict};
use allways::space::ActorSpace;
use allways::trace::{self, About, Style};

use super::{Msg, Peer, seen, verdict};

/// Counts its starts in its storage. On a message it saves and sends, in one order or the other.
struct Bank {
    teller: Option<Id>,
    saves_first: bool,
}

impl Actor for Bank {
    type Msg = Msg;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = u8;

    fn on_start(&self, _: Id, saved: &Option<u8>, o: &mut Out<Self>) -> u8 {
        let starts = saved.unwrap_or(0) + 1;
        if self.teller.is_none() {
            o.save(starts);
        }
        starts
    }

    fn on_msg(&self, _: Id, _: &mut Cow<'_, u8>, _: Id, _: Msg, o: &mut Out<Self>) {
        let Some(teller) = self.teller else { return };
        if self.saves_first {
            o.save(9);
            o.send(teller, Msg::B);
        } else {
            o.send(teller, Msg::B);
            o.save(9);
        }
    }
}

/// A bank alone, under this rule: how often it has started, or that it is down, and what it saved.
fn starts(crashes: Crashes) -> String {
    let mut sys = System::new();
    let bank = sys.actor(
        "bank",
        Bank {
            teller: None,
            saves_first: true,
        },
    );
    sys.crashes(crashes);
    seen(sys, move |s| {
        let state = s.state(bank).map_or("down".to_owned(), u8::to_string);
        format!("{state}/{}", s.storage(bank).copied().unwrap_or(0))
    })
}

#[test]
fn who_stops_stays_down_and_who_recovers_starts_again() {
    assert_eq!(starts(Crashes::stop(1)), "1/1 down/1");
    assert_eq!(starts(Crashes::recovery(1)), "1/1 2/2 down/1");
    assert_eq!(starts(Crashes::recovery(2)), "1/1 2/2 3/3 down/1 down/2");
    assert_eq!(starts(Crashes::recovery(2).each(1)), "1/1 2/2 down/1");
}

#[test]
fn a_process_can_crash_while_it_starts() {
    // Down before it saved anything, and after a recovery that saved nothing.
    assert_eq!(
        starts(Crashes::stop(1).inside_handlers()),
        "1/1 down/0 down/1"
    );
    assert_eq!(
        starts(Crashes::recovery(1).inside_handlers()),
        "1/1 2/2 down/0 down/1"
    );
}

#[test]
fn each_bounds_one_actor_and_the_budget_all() {
    let down = |crashes: Crashes| {
        let mut sys = System::new();
        let banks = sys.actors("bank", 2, |_| Bank {
            teller: None,
            saves_first: true,
        });
        sys.crashes(crashes);
        seen(sys, move |s| {
            let starts = banks
                .iter()
                .map(|b| s.state(b).map_or("-".to_owned(), u8::to_string));
            starts.collect()
        })
    };
    assert_eq!(down(Crashes::stop(1)), "-1 1- 11");
    assert_eq!(down(Crashes::stop(2)), "-- -1 1- 11");
    let twice = down(Crashes::recovery(2));
    let each = down(Crashes::recovery(2).each(1));
    assert_eq!(twice, "-- -1 -2 1- 11 12 13 2- 21 22 31");
    assert_eq!(each, "-- -1 -2 1- 11 12 2- 21 22");
}

/// A bank that is told to save and send: when it is down, whether it saved and whether its message is on its way or arrived.
fn left_behind(saves_first: bool, crashes: Crashes) -> (System<Msg>, Handle<Bank>, Handle<Peer>) {
    let mut sys = System::new();
    let teller = sys.actor("teller", Peer { sends: Vec::new() });
    let bank = sys.actor(
        "bank",
        Bank {
            teller: Some(teller.id()),
            saves_first,
        },
    );
    sys.stimulus("pay", bank.id(), Msg::A);
    sys.crashes(crashes.of([bank.id()]));
    (sys, bank, teller)
}

#[test]
fn a_crash_between_save_and_send_is_a_crash_inside_the_handler() {
    let left = |saves_first: bool, crashes: Crashes| {
        let (sys, bank, teller) = left_behind(saves_first, crashes);
        seen(sys, move |s| {
            let has_sent = s.in_flight().count() > 0 || !s[teller].is_empty();
            match (s.is_up(bank), s.storage(bank).is_some(), has_sent) {
                (true, ..) => "up",
                (_, true, true) => "both",
                (_, true, false) => "saved",
                (_, false, true) => "sent",
                (_, false, false) => "neither",
            }
            .to_owned()
        })
    };
    let between = || Crashes::stop(1);
    let inside = || Crashes::stop(1).inside_handlers();
    for saves_first in [true, false] {
        assert_eq!(left(saves_first, between()), "both neither up");
    }
    assert_eq!(left(true, inside()), "both neither saved up");
    assert_eq!(left(false, inside()), "both neither sent up");
}

#[test]
fn a_crash_inside_a_handler_says_where_and_consumes_the_event() {
    let (mut sys, bank, _) = left_behind(true, Crashes::stop(1).inside_handlers());
    let told = sys.observer("told", String::new(), |told: &String, event| {
        let word = match event {
            Event::Received(_) => "received ",
            Event::Sent(_) => "sent ",
            Event::Crashed(_) => "crashed ",
            _ => return None,
        };
        Some(format!("{told}{word}"))
    });
    sys.always("saved or up", move |s| {
        s.is_up(bank) || s.storage(bank).is_none() || s[told].contains("sent")
    });
    sys.reachable("consumed", move |s| s[told] == "received crashed ");
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    let outcome = check(&mut space, &Options::default(), &()).expect("the model is sound");
    assert_eq!(verdict(&outcome, "consumed"), Verdict::Holds);
    let broken = &outcome.properties[1];
    assert_eq!(broken.verdict, Verdict::Violated);
    let trace = trace::record(&mut space, broken, &About::default());
    let trace = trace.expect("it replays").expect("there is one");
    let text = trace::text(&trace, &Style::default());
    assert!(
        text.contains("bank (crashes after 1 of 2 effects)"),
        "{text}"
    );
    assert_eq!(trace.len(), 1, "{text}");
}
