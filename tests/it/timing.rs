//! Time: when exactly messages arrive and timers fire, what tells one timing from another, and what is refused.

mod detector;
mod zeno;

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use allways::prelude::*;
use allways::search::{Options, Outcome, Verdict};
use allways::space::{Absorbed, ActorSpace, Answer, Arena, Label, StateSpace, StepKind};
use allways::{Error, check};

use crate::settings::verdict;

message! { enum Msg { Beat, Ping, Pong } }

/// No test looks further than so many ticks.
const TICKS_MAX: u32 = 7;

/// After how many ticks from the start a step of this kind can happen.
fn moments(sys: System<Msg>, wanted: impl Fn(&Label) -> bool) -> BTreeSet<u32> {
    let mut space = ActorSpace::new(sys).expect("the model is sound");
    type Scratch = <ActorSpace as StateSpace>::Scratch;
    let mut states = <ActorSpace as StateSpace>::Arena::default();
    space.initial(&mut states).expect("the model is sound");
    let mut ticks = vec![0_u32; states.len()];
    let mut seen: HashSet<(u128, u32)> = HashSet::new();
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < states.len() {
        let mut scratch = [Scratch::default()];
        let mut steps: Vec<u128> = Vec::new();
        while space.expand(&states, at, &mut scratch[0], &mut steps) == Answer::Missing {
            steps.clear();
            assert_eq!(
                space.absorb(&mut scratch).expect("the model is sound"),
                Absorbed::Continue
            );
        }
        for (step, &fingerprint) in (0_u32..).zip(&steps).filter(|(_, f)| **f != 0) {
            let label = space.label(&states, at, step).expect("the model is sound");
            if wanted(&label) {
                found.insert(ticks[at]);
            }
            let later = ticks[at] + u32::from(label.kind == StepKind::Tick);
            if later <= TICKS_MAX && seen.insert((fingerprint, later)) {
                let mut next = <ActorSpace as StateSpace>::Arena::default();
                space
                    .successor(&states, at, step, &mut scratch[0], &mut next)
                    .expect("the model is sound");
                assert_eq!(space.fingerprint::<u128>(&next, 0), fingerprint);
                states.append(&mut next);
                ticks.push(later);
            }
        }
        at += 1;
    }
    found
}

fn kind(kind: StepKind) -> impl Fn(&Label) -> bool {
    move |label| label.kind == kind
}

fn run(sys: System<Msg>) -> Result<Outcome, Error> {
    let options = Options {
        threads: 2,
        ..Options::default()
    };
    check(&mut ActorSpace::new(sys)?, &options, &())
}

/// Sends one message on start, and one more by a timer if it has one.
struct Sender {
    to: Id,
    again: Option<std::ops::Range<Duration>>,
}

impl Actor for Sender {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.send(self.to, Msg::Beat);
        if let Some(range) = &self.again {
            o.set_timer((), range.clone());
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, ()>, (): &(), o: &mut Out<Self>) {
        o.send(self.to, Msg::Ping);
    }
}

/// Counts what it receives.
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

fn sending(
    timing: Timing,
    link: Link,
    again: Option<std::ops::Range<Duration>>,
) -> (System<Msg>, Handle<Counter>) {
    let mut sys = System::new();
    sys.timing(timing);
    sys.links(link);
    let counter = sys.actor("counter", Counter);
    let to = counter.id();
    sys.actor("sender", Sender { to, again });
    (sys, counter)
}

#[test]
fn a_message_arrives_within_its_delay() {
    let delivered = |timing, link| moments(sending(timing, link, None).0, kind(StepKind::Deliver));
    let usual = Link::reliable();
    let known = Timing::synchronous_within(2);
    assert_eq!(delivered(known, usual), BTreeSet::from([0, 1, 2]));
    assert_eq!(
        delivered(Timing::synchronous(), usual),
        BTreeSet::from([0, 1])
    );
    let slow = |range| delivered(known, usual.delay(range));
    assert_eq!(slow(1..=3), BTreeSet::from([1, 2, 3]));
    assert_eq!(slow(2..=2), BTreeSet::from([2]));
    assert_eq!(slow(0..=0), BTreeSet::from([0]));
    // Other kinds of links carry it in the same time.
    for link in [
        usual.fifo(),
        usual.capacity(1),
        Link::losing(),
        Link::fair_loss(),
        usual.fifo().duplicating(),
        usual.duplicates(1),
    ] {
        assert_eq!(
            delivered(known, link.delay(1..=2)),
            BTreeSet::from([1, 2]),
            "{link:?}"
        );
    }
    // Without ticks there is no other moment than the first.
    let unknown = Timing::asynchronous();
    assert_eq!(delivered(unknown, usual.delay(1..=2)), BTreeSet::from([0]));
    // From the unknown moment on it is as if it were sent then; before it anything goes, and no tick is counted.
    let partial = Timing::partially_synchronous(2);
    assert_eq!(
        delivered(partial, usual.delay(1..=2)),
        BTreeSet::from([0, 1, 2])
    );
}

#[test]
fn a_lost_or_duplicated_message_has_no_more_time() {
    let known = Timing::synchronous();
    let lost = |link: Link| {
        moments(
            sending(known, link.delay(1..=2), None).0,
            kind(StepKind::Drop),
        )
    };
    assert_eq!(lost(Link::losing()), BTreeSet::from([0, 1, 2]));
    let (sys, _) = sending(known, Link::reliable().duplicates(1).delay(1..=2), None);
    assert_eq!(
        moments(sys, kind(StepKind::Duplicate)),
        BTreeSet::from([1, 2])
    );
    // Delivered twice, both times within its delay.
    let (sys, counter) = sending(known, Link::reliable().duplicates(1).delay(1..=2), None);
    let mut sys = sys;
    sys.always("at most two", move |s| s[counter] <= 2);
    sys.reachable("twice", move |s| s[counter] == 2);
    sys.eventually("once", move |s| s[counter] >= 1);
    let outcome = run(sys).unwrap();
    for name in ["at most two", "twice", "once"] {
        assert_eq!(verdict(&outcome, name), Verdict::Holds, "{name}");
    }
}

#[test]
fn a_timer_fires_within_its_range() {
    let fired = |timing: Timing, range| {
        let (sys, _) = sending(timing, Link::reliable(), Some(range));
        moments(sys, kind(StepKind::Timeout))
    };
    let known = Timing::synchronous();
    assert_eq!(fired(known, ticks(2..4)), BTreeSet::from([2, 3]));
    assert_eq!(fired(known, ticks(0..1)), BTreeSet::from([0]));
    assert_eq!(fired(known, ticks(3..4)), BTreeSet::from([3]));
    let millis = |n| Duration::from_millis(n);
    assert_eq!(
        fired(known.unit(millis(50)), millis(100)..millis(200)),
        BTreeSet::from([2, 3])
    );
    assert_eq!(
        fired(Timing::asynchronous(), ticks(2..4)),
        BTreeSet::from([0])
    );
    // Before the moment at once; after it as if it had been set then.
    assert_eq!(
        fired(Timing::partially_synchronous(1), ticks(2..4)),
        BTreeSet::from([0, 2, 3])
    );
}

#[test]
fn a_channel_keeps_its_order_whatever_the_delays() {
    let arrives = |fifo: bool, msg: &'static str| {
        let link = Link::reliable().delay(1..=3);
        let link = if fifo { link.fifo() } else { link };
        let (sys, _) = sending(Timing::synchronous(), link, Some(ticks(1..2)));
        moments(sys, move |label| {
            label.kind == StepKind::Deliver && label.content.text() == msg
        })
    };
    for fifo in [true, false] {
        assert_eq!(arrives(fifo, "Beat"), BTreeSet::from([1, 2, 3]));
        assert_eq!(arrives(fifo, "Ping"), BTreeSet::from([2, 3, 4]));
    }
    let overtakes = |link: Link| {
        let (sys, _) = sending(Timing::synchronous(), link.delay(1..=3), Some(ticks(1..2)));
        let mut sys = sys;
        let order = sys.observer("order", 0_u8, |seen, event| match event {
            Event::Received(envelope) if *envelope.msg == Msg::Ping && *seen == 0 => Some(1),
            Event::Received(_) if *seen == 0 => Some(2),
            _ => None,
        });
        sys.reachable("Ping first", move |s| s[order] == 1);
        verdict(&run(sys).unwrap(), "Ping first")
    };
    assert_eq!(overtakes(Link::reliable()), Verdict::Holds);
    assert_eq!(overtakes(Link::reliable().fifo()), Verdict::Violated);
}

#[test]
fn what_a_partition_holds_back_does_not_age() {
    let (mut sys, counter) = sending(
        Timing::synchronous(),
        Link::reliable().delay(1..=2),
        Some(ticks(6..7)),
    );
    let [counter_id, sender_id] = [counter.id(), Id::from(1)];
    sys.partitions(Partitions::between([counter_id], [sender_id]).named("apart"));
    // However long it lasts, in the end the message arrives.
    sys.eventually("heard", move |s| s[counter] > 0);
    sys.reachable("held back until the timer fires", move |s| {
        s.partition_is_up("apart") && s[counter] == 0 && s.in_flight().count() == 2
    });
    let outcome = run(sys).unwrap();
    assert_eq!(verdict(&outcome, "heard"), Verdict::Holds);
    assert_eq!(
        verdict(&outcome, "held back until the timer fires"),
        Verdict::Holds
    );
}

#[test]
fn what_can_wait_no_longer_while_its_receiver_is_down_is_gone() {
    for link in [Link::reliable(), Link::reliable().fifo()] {
        let system = |timing| {
            let (mut sys, counter) = sending(timing, link.delay(0..=1), None);
            sys.crashes(Crashes::recovery(1).of([counter.id()]).recovers());
            sys.eventually("heard", move |s| s.state(counter) == Some(&1));
            sys.reachable("lost", move |s| {
                s.is_up(counter) && s[counter] == 0 && s.in_flight().count() == 0
            });
            sys.may_end_when(move |s| s.is_up(counter));
            run(sys).unwrap()
        };
        let known = system(Timing::synchronous());
        assert_eq!(verdict(&known, "heard"), Verdict::Violated);
        assert_eq!(verdict(&known, "lost"), Verdict::Holds);
        // Deadlock is not hidden by time that passes for nobody.
        assert_eq!(verdict(&known, "no deadlock"), Verdict::Holds);
        let unknown = system(Timing::asynchronous());
        assert_eq!(verdict(&unknown, "heard"), Verdict::Holds);
    }
}

#[test]
fn a_state_in_which_only_time_passes_is_quiescent() {
    let (mut sys, counter) = sending(Timing::synchronous(), Link::reliable(), None);
    sys.may_end_when(move |s| s[counter] > 1);
    sys.confluent("the count", move |s| s[counter]);
    let outcome = run(sys).unwrap();
    assert_eq!(verdict(&outcome, "no deadlock"), Verdict::Violated);
    assert_eq!(verdict(&outcome, "the count"), Verdict::Holds);
}

#[test]
fn properties_may_ask_whether_the_bounds_hold() {
    for (timing, [before, after]) in [
        (Timing::asynchronous(), [true, false]),
        (Timing::synchronous(), [false, true]),
        (Timing::partially_synchronous(1), [true, true]),
    ] {
        let (mut sys, _) = sending(timing, Link::reliable(), None);
        sys.reachable("before", |s| !s.keeps_time());
        sys.reachable("after", |s| s.keeps_time());
        sys.eventually("at last", |s| s.keeps_time());
        let outcome = run(sys).unwrap();
        let is = |met| {
            if met {
                Verdict::Holds
            } else {
                Verdict::Violated
            }
        };
        assert_eq!(verdict(&outcome, "before"), is(before));
        assert_eq!(verdict(&outcome, "after"), is(after));
        assert_eq!(verdict(&outcome, "at last"), is(after));
    }
}

#[test]
fn without_ticks_nothing_is_asked_of_time() {
    let mut sys = System::new();
    let counter = sys.actor("counter", Counter);
    let to = counter.id();
    let again = Some(model_timeout());
    sys.actor("sender", Sender { to, again });
    sys.eventually("both", move |s| s[counter] == 2);
    let outcome = run(sys).unwrap();
    assert_eq!(verdict(&outcome, "both"), Verdict::Holds);
    assert_eq!(outcome.warnings, Vec::<String>::new());
}

#[test]
fn ranges_that_say_nothing_are_refused_where_there_are_ticks() {
    let refused = |timing: Timing, link: Link, range, words: &[&str]| {
        let (sys, _) = sending(timing, link, range);
        let error = run(sys).unwrap_err();
        assert!(error.is_model(), "{error}");
        let text = error.to_string();
        for word in words.iter().chain(&["help: "]) {
            assert!(text.contains(word), "no {word:?} in: {text}");
        }
    };
    let known = Timing::synchronous();
    let partial = Timing::partially_synchronous(1);
    let usual = Link::reliable();
    for timing in [known, partial] {
        refused(
            timing,
            usual,
            Some(model_timeout()),
            &["actor \"sender\" sets timer ()", "is empty", "ticks(2..4)"],
        );
    }
    let millis = Duration::from_millis;
    refused(
        known,
        usual,
        Some(millis(150)..millis(300)),
        &["sender", "not counted in ticks of 1s"],
    );
    refused(
        known.unit(Duration::ZERO),
        usual,
        None,
        &["a tick takes no time"],
    );
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = usual.delay(2..=1);
    refused(known, reversed, None, &["2..=1", "never"]);
    refused(known, usual.delay(0..=5000), None, &["5000 ticks"]);
    refused(
        known,
        usual.duplicating(),
        None,
        &["duplicates without limit"],
    );
}
