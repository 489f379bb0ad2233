//! Symmetry declared: what it saves, and what is refused because it is not symmetric, or cannot be combined with it.

use allways::Error;
use allways::prelude::*;
use allways::search::{Options, Outcome};
use allways::space::ActorSpace;

use crate::random_symmetric::said;

message! {
    #[derive(Deserialize)]
    enum Vote { Ask, Yes(Id) }
}

state! {
    #[derive(Default, Deserialize)]
    struct Voter { votes: Set<Id>, voted: Option<Id>, leads: bool }
}

/// Stands for election once, votes once.
struct Member {
    n: usize,
    /// Deliberate mistakes.
    favours: Option<Id>,
    counts_down: bool,
}

impl Actor for Member {
    type Msg = Vote;
    type State = Voter;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Voter {
        o.set_timer((), model_timeout());
        Voter::default()
    }

    fn on_timeout(&self, id: Id, voter: &mut Cow<'_, Voter>, _: &(), o: &mut Out<Self>) {
        if voter.voted.is_none() {
            voter.to_mut().voted = Some(id);
            voter.to_mut().votes.insert(id);
            let peers = (0..self.n).map(Id::from).filter(|peer| *peer != id);
            o.broadcast(peers.collect::<Vec<_>>().iter(), &Vote::Ask);
        }
    }

    fn on_msg(&self, id: Id, voter: &mut Cow<'_, Voter>, src: Id, msg: Vote, o: &mut Out<Self>) {
        match msg {
            Vote::Ask if voter.voted.is_none() && self.favours.is_none_or(|f| f == src) => {
                voter.to_mut().voted = Some(src);
                o.send(src, Vote::Yes(id));
            }
            Vote::Ask => {}
            Vote::Yes(who) => {
                voter.to_mut().votes.insert(who);
                if voter.votes.len() > self.n / 2 {
                    voter.to_mut().leads = true;
                }
                if self.counts_down && usize::from(who) == 0 {
                    voter.to_mut().leads = false;
                }
            }
        }
    }
}

fn election(n: usize) -> (System<Vote>, Handles<Member>) {
    voting(n, |_| Member {
        n,
        favours: None,
        counts_down: false,
    })
}

fn voting(n: usize, make: impl FnMut(usize) -> Member) -> (System<Vote>, Handles<Member>) {
    let mut sys = System::new();
    let members = sys.actors("member", n, make);
    sys.symmetric(&members);
    let all = members.clone();
    sys.always("one leader at most", move |s| {
        all.iter().filter(|m| s[*m].leads).count() <= 1
    });
    let all = members.clone();
    sys.always("two stand at most", move |s| {
        all.iter().filter(|m| s[*m].voted == Some(m.id())).count() <= 2
    });
    let all = members.clone();
    sys.reachable("somebody leads", move |s| all.iter().any(|m| s[m].leads));
    (sys, members)
}

fn elect(sys: System<Vote>, symmetry: bool) -> Result<Outcome, Error> {
    let options = Options {
        symmetry,
        ..Options::default()
    };
    allways::check(&mut ActorSpace::new(sys)?, &options, &())
}

#[test]
fn five_members_need_a_fraction_of_the_states() {
    let with = elect(election(5).0, true).expect("the system is sound");
    let without = elect(election(5).0, false).expect("the system is sound");
    assert_eq!(said(&with), said(&without));
    assert_eq!(without.counts.unique, 12_192);
    assert_eq!(with.counts.unique, 187);
}

/// The message of the error.
fn refused(sys: System<Vote>) -> String {
    let error = elect(sys, true).expect_err("it is refused");
    assert!(error.cure().is_some(), "{error}");
    error.message()
}

#[test]
fn an_asymmetric_handler_is_refused_with_both_answers() {
    let favours = |n| {
        voting(n, |_| Member {
            n,
            favours: Some(Id::from(1)),
            counts_down: false,
        })
    };
    let message = refused(favours(3).0);
    assert!(message.contains("answers differently where"), "{message}");
    assert!(message.contains("handles Ask from member["), "{message}");
    assert!(message.contains("sends Yes(member["), "{message}");
    assert!(message.contains(": does nothing"), "{message}");
    // The same system is fine without.
    assert!(elect(favours(3).0, false).is_ok());

    // A number that stands for a member.
    let counts_down = voting(3, |_| Member {
        n: 3,
        favours: None,
        counts_down: true,
    });
    let message = refused(counts_down.0);
    assert!(message.contains("handles Yes(member["), "{message}");

    // Actors that differ from the start, although they are of one type.
    let differ = voting(3, |i| Member {
        n: if i == 2 { 1 } else { 3 },
        favours: None,
        counts_down: false,
    });
    assert!(refused(differ.0).contains("answers differently where"));
}

#[test]
fn an_asymmetric_property_is_refused_with_both_states() {
    let (mut sys, members) = election(3);
    let one = members[1];
    sys.always("member 1 does not lead", move |s| !s[one].leads);
    let message = refused(sys);
    assert!(
        message.starts_with("property \"member 1 does not lead\" tells actors apart"),
        "{message}"
    );
    assert!(message.contains("true: member[0] = ") && message.contains("false: member[0] = "));

    // One that tells them apart only in states that are never kept in that order.
    let (mut sys, members) = election(3);
    sys.always("the first to vote is not the last", move |s| {
        let votes: Vec<bool> = members.iter().map(|m| s[m].voted.is_some()).collect();
        votes != [false, false, true]
    });
    assert!(refused(sys).contains("tells actors apart"));

    let (mut sys, members) = election(3);
    let one = members[2];
    sys.confluent_given("the same vote", |_| 0_u8, move |s| s[one].voted);
    assert!(refused(sys).contains("property \"the same vote\" tells actors apart"));

    let (mut sys, members) = election(3);
    let one = members[0];
    sys.within("member 0 has not voted", move |s| s[one].voted.is_none());
    assert!(refused(sys).contains("boundary \"member 0 has not voted\""));

    let (mut sys, members) = election(3);
    let one = members[0];
    sys.may_end_when(move |s| s[one].voted.is_some());
    assert!(refused(sys).contains("may_end_when"));
}

#[test]
fn asymmetric_systems_are_refused() {
    let (mut sys, members) = election(3);
    let leads = Voter {
        leads: true,
        ..Voter::default()
    };
    sys.starts(members[0], [leads, Voter::default()]);
    let message = refused(sys);
    assert!(
        message.starts_with("the initial states differ"),
        "{message}"
    );

    let (mut sys, members) = election(3);
    sys.link(members[0].id(), members[1].id(), Link::losing());
    assert!(refused(sys).contains("their links differ"));

    let (mut sys, members) = election(3);
    sys.crashes(Crashes::stop(1).of([members[0].id()]));
    assert!(refused(sys).contains("they do not crash alike"));

    let (mut sys, members) = election(3);
    sys.stimulus("ask", members[1].id(), Vote::Ask);
    assert!(refused(sys).contains("stimulus \"ask\" has no counterpart"));

    let (mut sys, members) = election(3);
    sys.partitions(Partitions::between([members[0].id()], [members[1].id()]));
    assert!(refused(sys).contains("a partition comes between them"));
}

#[test]
fn what_symmetry_cannot_be_combined_with_is_refused() {
    let (mut sys, members) = election(3);
    let all = members.clone();
    sys.eventually("somebody leads in the end", move |s| {
        all.iter().any(|m| s[m].leads)
    });
    assert!(refused(sys).contains("properties about runs without end"));

    let (mut sys, members) = election(3);
    sys.eventually("somebody leads in the end", move |s| {
        members.iter().any(|m| s[m].leads)
    });
    let asked = Options {
        properties: Some(vec!["one leader at most".to_owned()]),
        ..Options::default()
    };
    let outcome = allways::check(&mut ActorSpace::new(sys).expect("whole"), &asked, &());
    assert!(outcome.expect("it was not asked for").symmetry.is_some());

    let (mut sys, _) = election(3);
    sys.crashes(Crashes::stop(1).inside_handlers());
    assert!(refused(sys).contains("crashes inside handlers"));

    assert!(refused(election(8).0).contains("in 40320 ways"));
}

#[test]
fn observers_are_compared_too() {
    let votes = |sys: &mut System<Vote>| {
        let history = sys.observer("history", Set::<Id>::new(), |history, event| match event {
            Event::Received(envelope) if *envelope.msg != Vote::Ask => {
                Some(history.update(envelope.dst))
            }
            _ => None,
        });
        sys.observer_wants(history, |event| matches!(event, Event::Received(_)));
        history
    };
    // Not named, although it mentions members.
    let mut sys = election(3).0;
    votes(&mut sys);
    assert!(refused(sys).contains("the value of observer \"history\" mentions symmetric actors"));
    // Named.
    let named = |symmetry| {
        let mut sys = election(3).0;
        let history = votes(&mut sys);
        sys.symmetric::<Member>(&[]).remembered_by(history);
        sys.always("one got votes at most", move |s| s[history].len() <= 1);
        elect(sys, symmetry).expect("the system is sound")
    };
    let (with, without) = (named(true), named(false));
    assert_eq!(said(&with), said(&without));
    assert!(with.counts.unique * 4 < without.counts.unique);
    // One that counts what one member does.
    let mut sys = election(3).0;
    let favourite = sys.observer("favourite", 0_u8, |n, event| match event {
        Event::Received(envelope) if usize::from(envelope.dst) == 1 => Some(*n + 1),
        _ => None,
    });
    sys.observer_wants(favourite, |event| matches!(event, Event::Received(_)));
    assert!(refused(sys).contains("observer \"favourite\" answers differently where"));
    // One that wants to know of one member only.
    let mut sys = election(3).0;
    let favourite = sys.observer("favourite", 0_u8, |n, _| Some(*n + 1));
    sys.observer_wants(
        favourite,
        |event| matches!(event, Event::TimedOut(who) if usize::from(*who) == 1),
    );
    assert!(refused(sys).contains("and not of what others do"));
    // One that hears of broadcasts, which go out in the order of ids.
    let mut sys = election(3).0;
    sys.observer("sends", 0_u8, |n, event| match event {
        Event::Sent(_) => Some(n.saturating_add(1).min(2)),
        _ => None,
    });
    assert!(refused(sys).contains("is told in another order"));
}

/// Remembers who spoke last.
struct Clerk;

impl Actor for Clerk {
    type Msg = Vote;
    type State = Option<Id>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<Id> {
        None
    }

    fn on_msg(&self, _: Id, last: &mut Cow<'_, Option<Id>>, src: Id, _: Vote, _: &mut Out<Self>) {
        *last.to_mut() = Some(src);
    }
}

/// Tells the clerk.
struct Teller {
    clerk: Id,
}

impl Actor for Teller {
    type Msg = Vote;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.send(self.clerk, Vote::Ask);
    }
}

#[test]
fn an_actor_that_mentions_members_has_to_be_named() {
    let make = |is_named: bool| {
        let mut sys = System::new();
        let clerk = sys.actor("clerk", Clerk);
        let tellers = sys.actors("teller", 3, |_| Teller { clerk: clerk.id() });
        let mut symmetric = sys.symmetric(&tellers);
        if is_named {
            symmetric.mentioned_by(clerk);
        }
        sys
    };
    assert!(
        refused(make(false)).contains("the state of actor \"clerk\" mentions symmetric actors")
    );
    let outcome = elect(make(true), true).expect("it is named");
    // So many messages are left, and somebody spoke last or nobody did.
    assert_eq!(outcome.counts.unique, 4);
    assert_eq!(
        elect(make(true), false).expect("sound").counts.unique,
        1 + 3 + 6 + 3
    );
}

#[test]
fn the_command_line_tells_all_states_apart_when_it_is_asked_to() {
    let summary = |more: &[&str]| {
        let arguments = ["check", "-q", "--json", "--no-trace-file", "raft/correct"];
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_allways"))
            .args(arguments)
            .args(more)
            .output()
            .expect("the binary runs");
        let text = String::from_utf8(output.stdout).expect("it is text");
        let last = text.lines().last().expect("there is a summary").to_owned();
        serde_json::from_str::<serde_json::Value>(&last).expect("it is JSON")
    };
    // Two levels are enough to see it.
    let reduced = summary(&["--max-depth", "2", "--allow-bounds"]);
    let all = summary(&["--max-depth", "2", "--allow-bounds", "--no-symmetry"]);
    assert!(reduced["symmetry"].is_string() && all["symmetry"].is_null());
    assert!(reduced["unique_states"].as_u64() < all["unique_states"].as_u64());
    assert_eq!(reduced["verdict"], all["verdict"]);
}
