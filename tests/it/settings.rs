//! Each setting of links, partitions and crashes beside its neighbour: the smallest system that tells them apart, with everything that it
//! allows. What is not listed is forbidden.

mod crashes;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use allways::prelude::*;
use allways::search::{Counts, Options, Outcome, Verdict};
use allways::space::ActorSpace;
use allways::{Error, check};

message! { enum Msg { A, B } }

/// Sends its messages when it starts, and keeps what it hears, three messages at most.
struct Peer {
    sends: Vec<(Id, Msg)>,
}

impl Actor for Peer {
    type Msg = Msg;
    type State = String;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> String {
        self.sends
            .iter()
            .for_each(|(to, msg)| o.send(*to, msg.clone()));
        String::new()
    }

    fn on_msg(&self, _: Id, heard: &mut Cow<'_, String>, _: Id, msg: Msg, _: &mut Out<Self>) {
        if heard.len() < 3 {
            heard.to_mut().push_str(&format!("{msg:?}"));
        }
    }
}

fn run(sys: System<Msg>) -> Outcome {
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    check(&mut space, &Options::default(), &()).expect("the model is sound")
}

/// The verdict of a property.
pub(crate) fn verdict(outcome: &Outcome, name: &str) -> Verdict {
    let property = outcome.properties.iter().find(|p| p.decl.name == name);
    property.expect("it is declared").verdict
}

/// Everything that a question answers in the reachable states.
fn seen(
    mut sys: System<Msg>,
    ask: impl Fn(&Snapshot<'_, Msg>) -> String + Send + Sync + 'static,
) -> String {
    let answers: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let noted = Arc::clone(&answers);
    sys.always("noted", move |s| {
        noted.lock().expect("no panic").insert(ask(s));
        true
    });
    let outcome = run(sys);
    assert_eq!(verdict(&outcome, "noted"), Verdict::Holds);
    let answers: Vec<String> = answers.lock().expect("no panic").iter().cloned().collect();
    answers.join(" ")
}

/// What the receiver has heard, and how many messages are in flight, in all states of one sender, one receiver and this link.
fn heard(link: Link, sends: &[Msg]) -> String {
    let mut sys = System::new();
    let receiver = sys.reserve("receiver");
    let sends = sends.iter().map(|msg| (receiver.id(), msg.clone()));
    let sends = sends.collect();
    let sender = sys.actor("sender", Peer { sends });
    sys.set(receiver, Peer { sends: Vec::new() });
    sys.link(sender.id(), receiver.id(), link);
    seen(sys, move |s| {
        format!("{}+{}", s[receiver], s.in_flight().count())
    })
}

#[test]
fn fifo_keeps_the_order_and_unordered_does_not() {
    let sends = [Msg::A, Msg::B];
    assert_eq!(heard(Link::reliable().fifo(), &sends), "+2 A+1 AB+0");
    assert_eq!(
        heard(Link::reliable().unordered(), &sends),
        "+2 A+1 AB+0 B+1 BA+0"
    );
}

#[test]
fn a_losing_link_loses_and_a_reliable_one_does_not() {
    let sends = [Msg::A, Msg::A];
    assert_eq!(heard(Link::reliable(), &sends), "+2 A+1 AA+0");
    assert_eq!(heard(Link::losing(), &sends), "+0 +1 +2 A+0 A+1 AA+0");
}

#[test]
fn a_fair_loss_link_holds_as_many_copies_as_it_has_room_for() {
    let sends = [Msg::A, Msg::A];
    assert_eq!(heard(Link::fair_loss(), &sends), "+0 +1 A+0");
    assert_eq!(
        heard(Link::fair_loss().capacity(2), &sends),
        heard(Link::losing(), &sends)
    );
    // Only equal content competes for room, in a channel too.
    assert_eq!(heard(Link::reliable().capacity(1), &sends), "+1 A+0");
    assert_eq!(
        heard(
            Link::reliable().capacity(1).fifo(),
            &[Msg::A, Msg::B, Msg::A]
        ),
        "+2 A+1 AB+0"
    );
    assert_eq!(
        heard(Link::fair_loss().fifo(), &[Msg::A, Msg::B, Msg::A]),
        "+0 +1 +2 A+0 A+1 AB+0 B+0"
    );
}

#[test]
fn a_budget_of_losses_is_kept_to() {
    let sends = [Msg::A, Msg::A];
    assert_eq!(heard(Link::losing().up_to(1), &sends), "+1 +2 A+0 A+1 AA+0");
    assert_eq!(
        heard(Link::losing().up_to(2), &sends),
        "+0 +1 +2 A+0 A+1 AA+0"
    );
    // With a budget there is nothing to be fair about, and room for all.
    assert_eq!(
        heard(Link::fair_loss().up_to(1), &sends),
        heard(Link::losing().up_to(1), &sends)
    );
}

#[test]
fn a_budget_of_duplicates_is_kept_to() {
    let sends = [Msg::A];
    assert_eq!(heard(Link::reliable(), &sends), "+1 A+0");
    assert_eq!(
        heard(Link::reliable().duplicates(1), &sends),
        "+1 A+0 A+1 AA+0"
    );
    assert_eq!(
        heard(Link::reliable().duplicates(2), &sends),
        "+1 A+0 A+1 AA+0 AA+1 AAA+0"
    );
    assert_eq!(
        heard(Link::reliable().duplicating(), &sends),
        "+1 A+0 A+1 AA+0 AA+1 AAA+0 AAA+1"
    );
    // Without a budget the link is a set, with one it counts.
    let twice = [Msg::A, Msg::A];
    assert_eq!(
        heard(Link::reliable().duplicating(), &twice),
        heard(Link::reliable().duplicating(), &sends)
    );
    assert_eq!(
        heard(Link::reliable().duplicates(1), &twice),
        "+2 A+1 A+2 AA+0 AA+1 AAA+0"
    );
}

#[test]
fn links_are_set_per_pair() {
    let counts = |set: fn(&mut System<Msg>, Id, Id)| {
        let mut sys = System::new();
        let [a, b] = ["a", "b"].map(|name| sys.reserve(name));
        for (from, to) in [(a, b), (b, a)] {
            let sends = vec![(to.id(), Msg::A)];
            sys.set(from, Peer { sends });
        }
        set(&mut sys, a.id(), b.id());
        seen(sys, move |s| {
            format!("{}+{}", s[a].len() + s[b].len(), s.in_flight().count())
        })
    };
    assert_eq!(counts(|_, _, _| {}), "0+2 1+1 2+0");
    assert_eq!(
        counts(|sys, a, b| sys.link(a, b, Link::losing())),
        "0+1 0+2 1+0 1+1 2+0"
    );
    let both = "0+0 0+1 0+2 1+0 1+1 2+0";
    assert_eq!(
        counts(|sys, a, b| sys.link_between(a, b, Link::losing())),
        both
    );
    assert_eq!(
        counts(|sys, a, b| sys.links_among([a, b], Link::losing())),
        both
    );
}

/// Sender, receiver and a bystander under these partitions of the first two: the counts, and whether the run may end only with the
/// message heard.
fn parted(partitions: Option<Partitions>, link: Link) -> (Counts, Verdict) {
    let mut sys = System::new();
    let receiver = sys.reserve("receiver");
    let sends = vec![(receiver.id(), Msg::A)];
    let sender = sys.actor("sender", Peer { sends });
    sys.set(receiver, Peer { sends: Vec::new() });
    sys.links(link);
    assert_eq!(
        (usize::from(receiver.id()), usize::from(sender.id())),
        (0, 1)
    );
    partitions.into_iter().for_each(|p| sys.partitions(p));
    sys.may_end_when(move |s| s[receiver] == "A");
    let outcome = run(sys);
    (outcome.counts, verdict(&outcome, "no deadlock"))
}

#[test]
fn nothing_crosses_a_partition_while_it_is_up() {
    let between = || Partitions::between([Id::from(0)], [Id::from(1)]);
    let of = |partitions: Option<Partitions>| {
        let (counts, deadlock) = parted(partitions, Link::reliable());
        (counts.unique, counts.transitions, deadlock)
    };
    assert_eq!(of(None), (2, 1, Verdict::Holds));
    // In flight or heard, before, during and after; no delivery during: 3 + 3 states, 2 + 2 turns of the partition, 2 deliveries.
    assert_eq!(of(Some(between())), (6, 6, Verdict::Holds));
    assert_eq!(of(Some(between().times(2))), (10, 11, Verdict::Holds));
    // Any number of times: nothing is counted, so before and after are the same.
    assert_eq!(of(Some(between().unlimited())), (4, 5, Verdict::Holds));
    // Without healing the message may never arrive.
    assert_eq!(of(Some(between().never_heals())), (4, 3, Verdict::Violated));
    assert_eq!(
        of(Some(between().never_heals().unlimited())),
        (4, 3, Verdict::Violated)
    );
    // A FIFO link is cut as well, and in the other direction as well.
    let fifo = parted(Some(between().never_heals()), Link::reliable().fifo());
    assert_eq!((fifo.0.transitions, fifo.1), (3, Verdict::Violated));
    let other = Partitions::between([Id::from(1)], [Id::from(0)]);
    assert_eq!(of(Some(other)), (6, 6, Verdict::Holds));
    // What waits may be lost: 3 states more, with 2 turns, reached by 3 losses.
    let (losing, _) = parted(Some(between()), Link::losing());
    assert_eq!((losing.unique, losing.transitions), (9, 6 + 2 + 3));
}

#[test]
fn who_is_on_neither_side_reaches_both() {
    let mut sys = System::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| sys.reserve(name));
    sys.set(a, Peer { sends: Vec::new() });
    sys.set(b, Peer { sends: Vec::new() });
    let sends = vec![(a.id(), Msg::A), (b.id(), Msg::A)];
    sys.set(c, Peer { sends });
    sys.partitions(
        Partitions::between([a.id()], [b.id()])
            .never_heals()
            .named("a from b"),
    );
    sys.may_end_when(move |s| s[a] == "A" && s[b] == "A");
    sys.reachable("up", |s| {
        s.partition_is_up("a from b") && s.is_partitioned()
    });
    let outcome = run(sys);
    assert_eq!(verdict(&outcome, "no deadlock"), Verdict::Holds);
    assert_eq!(verdict(&outcome, "up"), Verdict::Holds);
}

#[test]
fn all_faults_together_have_a_budget() {
    let both = |faults: Option<u32>| {
        let mut sys = System::new();
        let receiver = sys.reserve("receiver");
        let sends = vec![(receiver.id(), Msg::A)];
        let sender = sys.actor("sender", Peer { sends });
        sys.set(receiver, Peer { sends: Vec::new() });
        sys.links(Link::losing());
        sys.crashes(Crashes::stop(1).of([sender.id()]));
        sys.partitions(Partitions::between([sender.id()], [receiver.id()]).never_heals());
        faults.into_iter().for_each(|n| sys.faults_at_most(n));
        seen(sys, move |s| {
            let is_lost = s[receiver].is_empty() && s.in_flight().count() == 0;
            let faults = [is_lost, !s.is_up(sender), s.is_partitioned()];
            faults.iter().filter(|&&f| f).count().to_string()
        })
    };
    assert_eq!(both(None), "0 1 2 3");
    assert_eq!(both(Some(2)), "0 1 2");
    assert_eq!(both(Some(1)), "0 1");
    assert_eq!(both(Some(0)), "0");
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    let refused = |set: fn(&mut System<Msg>, [Id; 2]), word: &str| {
        let mut sys = System::new();
        let ids = ["a", "b"].map(|name| sys.actor(name, Peer { sends: Vec::new() }).id());
        set(&mut sys, ids);
        let error: Error = ActorSpace::new(sys).err().expect("it is refused");
        assert!(error.is_model(), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(
        |sys, _| sys.links(Link::reliable().capacity(0)),
        "capacity 0",
    );
    refused(
        |sys, [a, b]| {
            sys.link(a, b, Link::reliable().duplicates(1));
            sys.link(b, a, Link::reliable().duplicates(2));
        },
        "different budgets of duplicates",
    );
    refused(
        |sys, [a, b]| sys.partitions(Partitions::between([a], [a, b])),
        "on both sides",
    );
    refused(
        |sys, [a, _]| sys.partitions(Partitions::between([a], [])),
        "a side without actors",
    );
    refused(
        |sys, [a, _]| sys.partitions(Partitions::between([a], [Id::from(7)])),
        "no actor",
    );
    refused(
        |sys, [a, b]| {
            sys.partitions(Partitions::between([a], [b]).named("split"));
            sys.partitions(Partitions::between([b], [a]).named("split"));
        },
        "declared twice",
    );
    // Asking for a partition that there is not is a mistake as well.
    let mut sys = System::new();
    sys.actor("a", Peer { sends: Vec::new() });
    sys.always("never", |s| !s.partition_is_up("split"));
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    let error =
        check(&mut space, &Options::default(), &()).expect_err("there is no such partition");
    assert!(
        error.to_string().contains("no partition is named"),
        "{error}"
    );
}

#[test]
fn what_no_run_spends_is_told() {
    let mut sys = System::new();
    let [a, b] = ["a", "b"].map(|name| sys.actor(name, Peer { sends: Vec::new() }).id());
    sys.partitions(Partitions::between([a], [b]).times(2).never_heals());
    sys.links(Link::reliable().duplicates(1));
    sys.crashes(Crashes::stop(2).each(1));
    let outcome = run(sys);
    assert_eq!(
        outcome.never_exercised,
        [
            "a never handles a message",
            "b never handles a message",
            "duplicates: never happens (budget 1)",
        ]
    );
}

/// Ignores messages until its timer fires, then counts the first.
struct Late;

impl Actor for Late {
    type Msg = Msg;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        o.set_timer((), model_timeout());
        0
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, (): &(), _: &mut Out<Self>) {
        *state.to_mut() = 1;
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, _: Id, _: Msg, _: &mut Out<Self>) {
        if **state == 1 {
            *state.to_mut() = 2;
        }
    }
}

#[test]
fn a_message_that_comes_too_early_is_gone() {
    let mut sys = System::new();
    let late = sys.actor("late", Late);
    let sends = vec![(late.id(), Msg::A)];
    sys.actor("sender", Peer { sends });
    sys.may_end_when(move |s| s[late] == 2);
    assert_eq!(verdict(&run(sys), "no deadlock"), Verdict::Violated);
}
