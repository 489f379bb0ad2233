//! What can happen for ever in no time, and time that cannot go on.

use allways::Error;
use allways::prelude::*;
use allways::search::{Outcome, Verdict};

use super::{Counter, Msg, run};
use crate::settings::verdict;

/// Answers every ping with a pong and every pong with a ping.
struct Player {
    serves: Option<Id>,
}

impl Actor for Player {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        if let Some(to) = self.serves {
            o.send(to, Msg::Ping);
        }
    }

    fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, src: Id, msg: Msg, o: &mut Out<Self>) {
        o.send(
            src,
            if msg == Msg::Ping {
                Msg::Pong
            } else {
                Msg::Ping
            },
        );
    }
}

fn players(link: Link) -> Result<Outcome, Error> {
    let mut sys = System::new();
    sys.timing(Timing::synchronous());
    sys.links(link);
    let first = sys.actor("first", Player { serves: None });
    let to = first.id();
    sys.actor("second", Player { serves: Some(to) });
    sys.actor("bystander", Counter);
    sys.infinitely_often("a ping", |s| s.in_flight().any(|e| *e.msg == Msg::Ping));
    run(sys)
}

#[test]
fn what_can_happen_for_ever_in_no_time_is_warned_of() {
    let outcome = players(Link::reliable().delay(1..=2)).unwrap();
    assert_eq!(outcome.warnings, Vec::<String>::new());
    assert_eq!(verdict(&outcome, "a ping"), Verdict::Holds);
    let outcome = players(Link::reliable().delay(0..=1)).unwrap();
    let [warning] = &outcome.warnings[..] else {
        panic!("{:?}", outcome.warnings)
    };
    assert!(
        warning.contains("Zeno: first, second can act for ever"),
        "{warning}"
    );
}

#[test]
fn time_that_cannot_go_on_is_an_error() {
    let error = players(Link::reliable().delay(0..=0)).unwrap_err();
    assert!(error.is_model());
    let text = error.to_string();
    for words in ["time cannot go on", "first, second", "help: let something"] {
        assert!(text.contains(words), "{text}");
    }
}
