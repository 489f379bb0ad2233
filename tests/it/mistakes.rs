//! Mistakes in a model: each is an error that names the culprit and a cure, or, for a panic, a violation with its trace.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};

use allways::prelude::*;
use allways::search::{Options, Outcome, Verdict};
use allways::space::ActorSpace;
use allways::{Error, check};

message! { enum Msg { Go } }

/// What an actor does with `Go` in its state, and whom it sends one.
type OnGo<S> = Box<dyn Fn(&mut Cow<'_, S>) -> Option<Id> + Send + Sync>;

/// An actor made of one closure.
struct Of<S: Clone> {
    start: S,
    on_go: OnGo<S>,
}

impl<S: Clone + std::fmt::Debug + PartialEq + std::hash::Hash> Actor for Of<S> {
    type Msg = Msg;
    type State = S;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> S {
        self.start.clone()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, S>, _: Id, _: Msg, o: &mut Out<Self>) {
        if let Some(to) = (self.on_go)(state) {
            o.send(to, Msg::Go);
        }
    }
}

fn counter(on_go: impl Fn(&mut Cow<'_, u32>) -> Option<Id> + Send + Sync + 'static) -> Of<u32> {
    Of {
        start: 0,
        on_go: Box::new(on_go),
    }
}

/// Counts what it handles.
fn counting() -> Of<u32> {
    counter(|state| {
        *state.to_mut() += 1;
        None
    })
}

fn idle() -> Of<u32> {
    counter(|_| None)
}

fn run(sys: System<Msg>) -> Result<Outcome, Error> {
    check(
        &mut ActorSpace::new(sys)?,
        &Options {
            threads: 2,
            ..Options::default()
        },
        &(),
    )
}

/// The error names each of `words`.
fn assert_error(result: Result<Outcome, Error>, words: &[&str]) {
    let error = result.expect_err("the model has a mistake");
    assert!(error.is_model(), "{error}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

#[test]
fn a_panic_in_a_handler_is_a_violation_with_the_shortest_trace() {
    let mut sys = System::new();
    let worker = sys.actor(
        "worker",
        counter(|state| {
            *state.to_mut() += 1;
            assert!(**state < 3, "three is too many");
            None
        }),
    );
    sys.stimulus("go", worker.id(), Msg::Go).times(5);
    sys.always("at most two", move |s| s[worker] <= 2);
    let outcome = run(sys).unwrap();
    let no_panic = &outcome.properties[0];
    assert_eq!(no_panic.verdict, Verdict::Violated);
    assert_eq!(no_panic.paths[0].steps.len(), 3);
    assert!(
        no_panic
            .note
            .as_deref()
            .unwrap()
            .contains("three is too many")
    );
    // The state after the panic is the worker's no more, so nothing is asked of it.
    assert_eq!(outcome.properties[1].verdict, Verdict::Holds);
    assert_eq!(outcome.counts.unique, 4);
}

#[test]
fn a_panic_in_a_property_or_an_observer_is_a_violation_too() {
    let mut sys = System::new();
    let worker = sys.actor("worker", counting());
    sys.stimulus("go", worker.id(), Msg::Go).times(2);
    sys.always("tested", move |s| {
        assert!(s[worker] != 2, "the property cannot cope with two");
        true
    });
    let outcome = run(sys).unwrap();
    assert_eq!(outcome.properties[0].verdict, Verdict::Violated);
    assert_eq!(outcome.properties[0].paths[0].steps.len(), 2);
    assert!(
        outcome.properties[0]
            .note
            .as_deref()
            .unwrap()
            .contains("cannot cope")
    );

    let mut sys = System::new();
    let worker = sys.actor("worker", counting());
    sys.stimulus("go", worker.id(), Msg::Go).times(2);
    sys.observer("events", 0_u8, |seen, _| {
        assert!(*seen == 0, "one event is enough");
        Some(seen + 1)
    });
    let outcome = run(sys).unwrap();
    assert_eq!(outcome.properties[0].verdict, Verdict::Violated);
    assert_eq!(outcome.properties[0].paths[0].steps.len(), 2);
}

#[test]
fn a_handler_that_answers_differently_is_named_with_event_and_state() {
    let calls = AtomicU32::new(0);
    let mut sys = System::new();
    let worker = sys.actor(
        "worker",
        counter(move |state| {
            *state.to_mut() = 40 + calls.fetch_add(1, Ordering::Relaxed);
            None
        }),
    );
    sys.stimulus("go", worker.id(), Msg::Go);
    assert_error(
        run(sys),
        &[
            "actor \"worker\"",
            "differently",
            "event: Go",
            "state: 0",
            "help:",
        ],
    );
}

#[test]
fn a_property_that_answers_differently_is_named() {
    let calls = AtomicU32::new(0);
    let mut sys = System::new();
    sys.actor("worker", idle());
    sys.always("steady", move |_| {
        calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
    });
    assert_error(
        run(sys),
        &["property \"steady\"", "differently", "state:", "help:"],
    );
}

#[test]
fn an_observer_that_answers_differently_is_named() {
    let calls = AtomicU32::new(0);
    let mut sys = System::new();
    let worker = sys.actor("worker", counting());
    sys.stimulus("go", worker.id(), Msg::Go);
    sys.observer("events", 0_u32, move |_, _| {
        Some(calls.fetch_add(1, Ordering::Relaxed))
    });
    assert_error(run(sys), &["observer \"events\"", "differently", "help:"]);
}

/// A set with a hash of its own, as some collections have, that serialises in iteration order.
#[derive(Clone, Debug, PartialEq, Eq, allways::serde::Serialize)]
#[serde(crate = "allways::serde")]
struct Bag(HashSet<u32>);

impl std::hash::Hash for Bag {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.0.len().hash(hasher);
    }
}

#[test]
fn a_state_that_serialises_in_hash_order_is_an_error_with_a_cure() {
    let mut sys = System::new();
    // Two equal sets; what order they iterate in is up to each of them.
    let on_go: OnGo<Bag> = Box::new(|state| {
        state.to_mut().0 = (0..64).collect();
        None
    });
    let worker = sys.actor(
        "worker",
        Of {
            start: Bag(HashSet::new()),
            on_go,
        },
    );
    sys.stimulus("go", worker.id(), Msg::Go).times(2);
    assert_error(run(sys), &["worker", "help:"]);
}

#[test]
fn a_reserved_actor_has_to_be_set() {
    let mut sys: System<Msg> = System::new();
    sys.reserve::<Of<u32>>("seed");
    assert_error(run(sys), &["\"seed\"", "never set", "help:"]);
}

#[test]
fn a_handle_of_another_system_is_an_error() {
    let mut other = System::new();
    let stranger = other.actor("stranger", idle());
    let mut sys = System::new();
    sys.actor("worker", idle());
    sys.always("strange", move |s| s[stranger] == 0);
    assert_error(run(sys), &["property \"strange\"", "another system"]);
}

#[test]
fn names_are_unique_and_messages_have_a_receiver() {
    let mut sys: System<Msg> = System::new();
    sys.actor("a", idle());
    sys.actor("a", idle());
    assert_error(run(sys), &["two actors", "\"a\""]);

    let mut sys: System<Msg> = System::new();
    sys.actor("a", idle());
    sys.always("p", |_| true);
    sys.always("p", |_| true);
    assert_error(run(sys), &["two properties", "\"p\""]);

    let mut sys = System::new();
    let a = sys.actor("a", counter(|_| Some(Id::from(7))));
    sys.stimulus("go", a.id(), Msg::Go);
    assert_error(run(sys), &["\"a\"", "7"]);
}

#[test]
fn a_reply_to_the_environment_leaves_the_system() {
    let mut sys = System::new();
    let a = sys.actor(
        "a",
        counter(|state| {
            *state.to_mut() += 1;
            Some(environment())
        }),
    );
    sys.stimulus("go", a.id(), Msg::Go).times(2);
    sys.always("nothing in flight", |s| s.in_flight().count() == 0);
    let outcome = run(sys).unwrap();
    assert!(
        outcome
            .properties
            .iter()
            .all(|p| p.verdict == Verdict::Holds)
    );
    assert_eq!(outcome.counts.unique, 3);
}

#[test]
fn an_assumption_is_about_actors_that_there_are() {
    let assuming = |steps: Steps| {
        let mut sys = System::new();
        sys.actor("one", idle());
        sys.assume(steps, Fairness::None);
        run(sys)
    };
    let nobody = Id::from(7);
    let cure = "handle's `id()`";
    assert_error(assuming(Steps::timers().of(nobody)), &["id 7", cure]);
    assert_error(assuming(Steps::deliveries().from(nobody)), &["id 7", cure]);
    let only_deliveries = &["whom steps are from", "only deliveries"];
    assert_error(assuming(Steps::timers().from(Id::from(0))), only_deliveries);
    let from_stimuli = Steps::deliveries().from(environment()).of(Id::from(0));
    assert!(assuming(from_stimuli).is_ok());
}
