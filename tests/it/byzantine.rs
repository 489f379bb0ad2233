//! Byzantine actors: what they can do, what they cannot, and what is refused.

use allways::prelude::*;
use allways::search::{Options, Outcome, Verdict};
use allways::space::{ActorSpace, StateSpace, StepKind};
use allways::trace::{About, record};
use allways::{Error, check};

use crate::settings::verdict;

message! { enum Msg { Hello, Evil, Secret, Ping, Pong } }

/// What was received, from whom.
type Heard = Set<(Id, Msg)>;

/// Sends something on start, answers pings, remembers what it hears.
#[derive(Default)]
struct Node {
    sends: Option<(Id, Msg)>,
    sets_timer: bool,
}

impl Actor for Node {
    type Msg = Msg;
    type State = Heard;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Heard {
        if let Some((to, msg)) = &self.sends {
            o.send(*to, msg.clone());
        }
        if self.sets_timer {
            o.set_timer((), ticks(0..1));
        }
        Heard::new()
    }

    fn on_msg(&self, _: Id, heard: &mut Cow<'_, Heard>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if msg == Msg::Ping {
            o.send(src, Msg::Pong);
        }
        heard.to_mut().insert((src, msg));
    }

    fn on_timeout(&self, id: Id, heard: &mut Cow<'_, Heard>, (): &(), _: &mut Out<Self>) {
        heard.to_mut().insert((id, Msg::Hello));
    }
}

/// Hears nothing, does nothing.
struct Deaf;

impl Actor for Deaf {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}
}

/// Counts what it hears.
struct Counter;

impl Actor for Counter {
    type Msg = Msg;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> u8 {
        0
    }

    fn on_msg(&self, _: Id, n: &mut Cow<'_, u8>, _: Id, _: Msg, _: &mut Out<Self>) {
        *n.to_mut() += 1;
    }
}

fn run(sys: System<Msg>) -> Result<Outcome, Error> {
    let options = Options {
        threads: 2,
        exact: true,
        ..Options::default()
    };
    check(&mut ActorSpace::new(sys)?, &options, &())
}

fn node(sends: Option<(Id, Msg)>) -> Node {
    Node {
        sends,
        sets_timer: false,
    }
}

#[test]
fn a_sender_is_forged_where_links_are_not_authenticated() {
    let no_creation = |link: Link| {
        let mut sys = System::new();
        sys.links(link);
        let receiver = sys.actor("receiver", node(None));
        let to = receiver.id();
        let honest = sys.actor("honest", node(Some((to, Msg::Hello))));
        let evil = sys.actor("evil", Deaf);
        sys.byzantine(evil, Byzantine::new().sends(1).alphabet([Msg::Evil]));
        let sent = sys.observer("honest sent evil", false, move |_, event| match event {
            Event::Sent(envelope) => {
                (envelope.src == honest.id() && *envelope.msg == Msg::Evil).then_some(true)
            }
            _ => None,
        });
        sys.always("no creation", move |s| {
            s[sent] || !s[receiver].contains(&(honest.id(), Msg::Evil))
        });
        sys.always("nobody sent what is forged", move |s| !s[sent]);
        sys.reachable("in its own name", move |s| {
            s[receiver].contains(&(evil.id(), Msg::Evil))
        });
        sys.reachable("honestly", move |s| {
            s[receiver].contains(&(honest.id(), Msg::Hello))
        });
        sys.always("who is correct", move |s| {
            s.is_correct(honest) && s.is_correct(receiver) && !s.is_correct(evil)
        });
        let mut space = ActorSpace::new(sys).unwrap();
        let outcome = check(&mut space, &Options::default(), &()).unwrap();
        for name in [
            "nobody sent what is forged",
            "in its own name",
            "honestly",
            "who is correct",
        ] {
            assert_eq!(verdict(&outcome, name), Verdict::Holds, "{name}");
        }
        let property = outcome.properties.into_iter().nth(1).unwrap();
        let trace = (property.verdict == Verdict::Violated)
            .then(|| record(&mut space, &property, &About::default()))
            .map(|trace| trace.unwrap().expect("a counterexample"));
        (property.verdict, trace)
    };
    assert_eq!(no_creation(Link::reliable()).0, Verdict::Holds);
    let (verdict, trace) = no_creation(Link::reliable().unauthenticated());
    assert_eq!(verdict, Verdict::Violated);
    let steps = &trace.expect("it is violated").paths[0].steps;
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0].kind, StepKind::Forge);
    assert_eq!(steps[0].lane, "evil");
    assert_eq!(steps[0].from.as_deref(), Some("honest"));
    assert_eq!(steps[0].content.text(), "Evil");
    assert_eq!(steps[1].kind, StepKind::Deliver);
    assert_eq!(steps[1].from.as_deref(), Some("honest"));
}

#[test]
fn an_event_is_ignored() {
    let pinged = |is_byzantine: bool| {
        let mut sys = System::new();
        let server = sys.actor("server", node(None));
        let to = server.id();
        let client = sys.actor("client", node(Some((to, Msg::Ping))));
        if is_byzantine {
            sys.byzantine(server, Byzantine::new().sends(0));
        }
        let answered = move |s: &Snapshot<'_, Msg>| s[client].contains(&(server.id(), Msg::Pong));
        sys.reachable("may be answered", answered);
        sys.eventually("is answered", answered);
        sys.reachable("was told nothing and has nothing to come", move |s| {
            s[server].is_empty() && s.in_flight().count() == 0
        });
        run(sys).unwrap()
    };
    let names = [
        "may be answered",
        "is answered",
        "was told nothing and has nothing to come",
    ];
    use Verdict::{Holds, Violated};
    let verdicts = |outcome: &Outcome| names.map(|name| verdict(outcome, name));
    assert_eq!(verdicts(&pinged(false)), [Holds, Holds, Violated]);
    assert_eq!(verdicts(&pinged(true)), [Holds, Violated, Holds]);
}

#[test]
fn timers_and_stimuli_are_ignored_too() {
    let mut sys = System::new();
    let evil = sys.actor(
        "evil",
        Node {
            sends: None,
            sets_timer: true,
        },
    );
    sys.byzantine(evil, Byzantine::new().sends(0));
    sys.stimulus("go", evil.id(), Msg::Ping);
    sys.reachable("neither", move |s| {
        !s.has_timer(evil, &()) && s[evil].is_empty()
    });
    sys.reachable("both", move |s| {
        !s.has_timer(evil, &()) && s[evil].len() == 2
    });
    sys.may_end_when(move |s| !s.has_timer(evil, &()));
    let outcome = run(sys).unwrap();
    for name in ["neither", "both", "no deadlock"] {
        assert_eq!(verdict(&outcome, name), Verdict::Holds, "{name}");
    }
    // Timer and stimulus each not yet happened, handled, ignored.
    assert_eq!(outcome.counts.unique, 3 * 3);
}

#[test]
fn what_is_known_can_be_repeated_and_nothing_else() {
    let told = |tells: bool| {
        let mut sys = System::new();
        let evil = sys.actor("evil", Deaf);
        let receiver = sys.actor("receiver", Counter);
        let sends = tells.then_some((evil.id(), Msg::Secret));
        sys.actor("source", node(sends));
        sys.byzantine(evil, Byzantine::new().sends(1));
        sys.reachable("repeated", move |s| s[receiver] == 1);
        run(sys).unwrap()
    };
    let outcome = told(true);
    assert_eq!(verdict(&outcome, "repeated"), Verdict::Holds);
    // In flight; known, by handling or by ignoring it; sent on to one of three, of whom the receiver and the source hear.
    assert_eq!((outcome.counts.unique, outcome.counts.transitions), (7, 7));
    let outcome = told(false);
    assert_eq!(verdict(&outcome, "repeated"), Verdict::Violated);
    assert_eq!((outcome.counts.unique, outcome.counts.transitions), (1, 0));
    let never = "Byzantine sends of evil: never happens (budget 1)";
    assert!(outcome.never_exercised.iter().any(|text| text == never));
}

#[test]
fn what_its_protocol_sent_is_known() {
    let mut sys = System::new();
    let receiver = sys.actor("receiver", Counter);
    let to = receiver.id();
    let evil = sys.actor("evil", node(Some((to, Msg::Hello))));
    sys.byzantine(evil, Byzantine::new().sends(1));
    sys.reachable("twice", move |s| s[receiver] == 2);
    sys.always("no more", move |s| s[receiver] <= 2);
    let outcome = run(sys).unwrap();
    assert_eq!(verdict(&outcome, "twice"), Verdict::Holds);
    assert_eq!(verdict(&outcome, "no more"), Verdict::Holds);
}

/// The most that a receiver can hear of an actor that knows one word.
fn heard_at_most(byzantine: Byzantine<Msg>, faults: Option<u32>) -> u8 {
    let mut most = 0;
    for n in 1..=4 {
        let mut sys = System::new();
        let receiver = sys.actor("receiver", Counter);
        let evil = sys.actor("evil", Deaf);
        sys.byzantine(evil, byzantine.clone());
        if let Some(faults) = faults {
            sys.faults_at_most(faults);
        }
        sys.reachable("so many", move |s| s[receiver] == n);
        if verdict(&run(sys).expect("the model is sound"), "so many") == Verdict::Holds {
            most = n;
        }
    }
    most
}

#[test]
fn a_budget_of_sends_is_kept() {
    let knows = |sends| Byzantine::new().sends(sends).alphabet([Msg::Evil]);
    for n in 0..=3 {
        assert_eq!(heard_at_most(knows(n), None), n as u8);
    }
    // What it sends is a fault.
    assert_eq!(heard_at_most(knows(3), Some(2)), 2);

    let mut sys = System::new();
    sys.actor("receiver", Counter);
    let evil = sys.actor("evil", Deaf);
    sys.byzantine(evil, knows(1));
    let outcome = run(sys).unwrap();
    // Nothing sent; in flight to either; received by one. What it sends itself has no effect.
    assert_eq!((outcome.counts.unique, outcome.counts.transitions), (4, 3));
}

#[test]
fn sending_without_end_is_refused() {
    let system = |link: Link| {
        let mut sys = System::new();
        sys.links(link);
        let receiver = sys.actor("receiver", node(None));
        let evil = sys.actor("evil", Deaf);
        sys.byzantine(evil, Byzantine::new().alphabet([Msg::Evil, Msg::Hello]));
        sys.reachable("both", move |s| s[receiver].len() == 2);
        sys
    };
    let error = run(system(Link::reliable())).unwrap_err();
    assert!(error.is_model());
    let text = error.to_string();
    for words in [
        "\"evil\" is Byzantine",
        "without end",
        "help: give it a budget",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let bounded = [
        Link::reliable().capacity(1),
        Link::reliable().fifo().capacity(2),
        Link::reliable().duplicating(),
        Link::fair_loss(),
    ];
    for link in bounded {
        let outcome = run(system(link)).unwrap();
        assert_eq!(verdict(&outcome, "both"), Verdict::Holds, "{link:?}");
    }
    // A link that takes no more is no place to send to: each of two contents in flight to each of two, or not; heard or not.
    let outcome = run(system(Link::reliable().capacity(1))).unwrap();
    assert_eq!(outcome.counts.unique, 1 << 6);
}

#[test]
fn declarations_that_mean_nothing_are_refused() {
    let mut sys: System<Msg> = System::new();
    sys.actor("only", Deaf);
    sys.byzantine(Id::from(3), Byzantine::new().sends(1));
    let text = run(sys).unwrap_err().to_string();
    assert!(text.contains("id 3"), "{text}");
    let mut sys: System<Msg> = System::new();
    let only = sys.actor("only", Deaf);
    sys.byzantine(only, Byzantine::new().sends(1));
    sys.byzantine(only, Byzantine::new().sends(1));
    let text = run(sys).unwrap_err().to_string();
    assert!(text.contains("twice"), "{text}");
}

#[test]
fn a_forged_name_is_no_way_around_a_partition() {
    let mut sys = System::new();
    sys.links(Link::reliable().unauthenticated());
    let receiver = sys.actor("receiver", node(None));
    let friend = sys.actor("friend", Deaf);
    let evil = sys.actor("evil", Deaf);
    sys.byzantine(evil, Byzantine::new().sends(1).alphabet([Msg::Evil]));
    let here = [receiver.id(), friend.id()];
    sys.partitions(Partitions::between(here, [evil.id()]).never_heals());
    sys.reachable("heard while apart", move |s| {
        s.is_partitioned() && s[receiver].contains(&(friend.id(), Msg::Evil))
    });
    sys.reachable("on its way while apart", move |s| {
        let mut in_flight = s.in_flight();
        s.is_partitioned() && in_flight.any(|e| e.src == friend.id() && e.dst == receiver.id())
    });
    let mut space = ActorSpace::new(sys).unwrap();
    let outcome = check(&mut space, &Options::default(), &()).unwrap();
    // Between friends it arrives, but it has to be sent before they are apart; else the partition would come first, as the lesser kind of step.
    for property in &outcome.properties[1..] {
        assert_eq!(property.verdict, Verdict::Holds);
        let trace = record(&mut space, property, &About::default()).unwrap();
        let trace = trace.expect("a witness");
        assert_eq!(trace.paths[0].steps[0].kind, StepKind::Forge);
    }
}

#[test]
fn crashes_do_not_make_it_forget() {
    let mut sys = System::new();
    let receiver = sys.actor("receiver", Counter);
    let evil = sys.actor("evil", Deaf);
    sys.actor("source", node(Some((evil.id(), Msg::Secret))));
    sys.byzantine(evil, Byzantine::new().sends(1));
    sys.crashes(Crashes::recovery(1).of([evil.id()]));
    let told = sys.observer(
        "told, then crashed, then recovered",
        0_u8,
        move |n, event| match (n, event) {
            (0, Event::Received(e)) if e.dst == evil.id() => Some(1),
            (1, Event::Crashed(_)) => Some(2),
            (2, Event::Recovered(_)) => Some(3),
            (3, Event::Sent(e)) if e.src == evil.id() => Some(4),
            _ => None,
        },
    );
    sys.reachable("it still knows", move |s| s[told] == 4 && s[receiver] == 1);
    assert_eq!(
        verdict(&run(sys).unwrap(), "it still knows"),
        Verdict::Holds
    );
}

#[test]
fn sends_of_its_own_accord_are_counted_as_faults() {
    let mut sys = System::new();
    let receiver = sys.actor("receiver", Counter);
    let evil = sys.actor("evil", Deaf);
    sys.byzantine(evil, Byzantine::new().sends(3).alphabet([Msg::Evil]));
    sys.stimulus("told", evil.id(), Msg::Hello);
    sys.always("at most one", move |s| s[receiver] <= 1);
    let options = Options {
        fewest_faults: true,
        ..Options::default()
    };
    let mut space = ActorSpace::new(sys).unwrap();
    let outcome = check(&mut space, &options, &()).unwrap();
    assert_eq!(outcome.properties[1].verdict, Verdict::Violated);
    let kinds = space.fault_kinds();
    let frontier = outcome.properties[1].fault_frontier.as_ref().unwrap();
    let words = frontier.words(&kinds);
    assert_eq!(frontier.broken_by, [[2]], "{words}");
    assert!(words.contains("2 Byzantine sends of evil"), "{words}");
}

/// Throws a coin at every tick of its timer, and tells which side came up last.
struct Gambler;

impl Actor for Gambler {
    type Msg = Msg;
    type State = u8;
    type Timer = ();
    type Random = u8;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        o.set_timer((), ticks(0..1));
        0
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, u8>, (): &(), o: &mut Out<Self>) {
        o.set_timer((), ticks(0..1));
        o.choose_random("coin", vec![1, 2]);
    }

    fn on_random(&self, _: Id, side: &mut Cow<'_, u8>, up: &u8, _: &mut Out<Self>) {
        *side.to_mut() = *up;
    }
}

#[test]
fn whichever_side_of_a_fair_coin_comes_up_may_be_ignored() {
    let shown = |is_byzantine: bool, up: u8| {
        let mut sys = System::new();
        let gambler = sys.actor("gambler", Gambler);
        sys.assume(Steps::alternatives(), Fairness::Strong);
        if is_byzantine {
            sys.byzantine(gambler, Byzantine::new().sends(0));
        }
        sys.eventually("shown", move |s| s[gambler] == up);
        verdict(&run(sys).expect("the system is sound"), "shown")
    };
    for up in [1, 2] {
        assert_eq!(shown(false, up), Verdict::Holds);
        assert_eq!(shown(true, up), Verdict::Violated, "side {up}");
    }
}
