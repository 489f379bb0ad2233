//! Assertions for users' own tests: what passes, what fails, and what a failure says.

use std::panic::{AssertUnwindSafe, catch_unwind};

use allways::prelude::*;
use allways::search::Verdict;
use allways::testing::check;
use allways::trace;

use crate::cli::Sandbox;

/// Remembers what it was told last.
struct Register;

impl Actor for Register {
    type Msg = char;
    type State = char;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char {
        '-'
    }

    fn on_msg(&self, _: Id, value: &mut Cow<'_, char>, _: Id, written: char, _: &mut Out<Self>) {
        *value.to_mut() = written;
    }
}

/// A register to which each of these is written once, in any order.
fn register(values: &str) -> System<char> {
    let mut sys = System::new();
    let register = sys.actor("register", Register);
    for value in values.chars() {
        sys.stimulus(format!("write {value}"), register.id(), value);
    }
    sys.always("never y", move |s| s[register] != 'y');
    sys.reachable("x is there", move |s| s[register] == 'x');
    sys
}

/// The message with which this fails.
fn failure<T>(assertion: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(assertion()))).expect_err("it has to fail");
    *panic.downcast::<String>().expect("a message")
}

#[test]
fn what_holds_passes_and_says_what_was_found() {
    let checked = assert_holds!(register("x"));
    assert_eq!(checked.outcome.counts.unique, 2);
    assert_eq!(checked.outcome.properties.len(), 3);
    assert_eq!(
        checked.trace("x is there").map(|trace| trace.len()),
        Some(1)
    );
    assert_eq!(checked.trace("never y"), None);
    assert!(checked.property("never z").is_none());

    // Other properties than those that are named do not matter.
    assert_holds!(register("xy"), "x is there");
    assert_holds!(register("xz"), "x is there", "never y");
}

#[test]
fn what_is_violated_passes_where_that_is_asserted() {
    let checked = assert_violated!(register("xy"), "never y");
    let trace = checked.trace("never y").expect("a counterexample");
    assert_eq!(trace.len(), 1);
    check(register("xy")).assert_replays(trace);
}

#[test]
fn a_failure_has_verdicts_traces_and_how_to_replay_them() {
    let message = failure(|| assert_holds!(register("ay")));
    assert_eq!(
        message,
        "\
2 of 3 properties do not hold

  ✓ no panic                 holds
  ✗ always     \"never y\"     violated in 1 step
  ✗ reachable  \"x is there\"  violated: no reachable state satisfies it

✗ always \"never y\": violated in 1 step · shortest possible

  1  environment ─ write y: 'y' ─▶ register  register  '-' → 'y'
     step 1 makes it false: register '-' → 'y'

  replay   run this test again: it finds the same trace. To keep it in a file:
           allways::testing::check(system).trace_dir(\"target/allways\")
"
    );
}

/// Wakes up for ever.
struct Clock;

impl Actor for Clock {
    type Msg = char;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.set_timer((), model_timeout());
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, ()>, (): &(), o: &mut Out<Self>) {
        o.set_timer((), model_timeout());
    }
}

#[test]
fn a_loop_that_may_not_be_the_shortest_is_not_called_so() {
    let clocks = |n: usize| {
        let mut sys: System<char> = System::new();
        sys.actors("clock", n, |_| Clock);
        sys.eventually("it is midnight", |_| false);
        sys
    };
    // Every clock has to go on: up to twelve things that a loop owes the shortest is found.
    let message = failure(|| assert_holds!(clocks(12)));
    let told = "violated in 12 steps, again and again · shortest possible\n";
    assert!(message.contains(told), "{message}");
    let message = failure(|| assert_holds!(clocks(13)));
    let told = "again and again · shortest way to a loop; loop not minimal\n";
    assert!(message.contains(told), "{message}");
    assert!(!message.contains("shortest possible"), "{message}");
}

#[test]
fn the_message_is_the_same_for_any_number_of_threads() {
    let message = |threads| failure(|| check(register("abcy")).threads(threads).assert_holds());
    assert_eq!(message(1), message(3));
}

#[test]
fn a_property_that_holds_is_not_violated() {
    let message = failure(|| assert_violated!(register("x"), "never y"));
    assert_eq!(
        message,
        "\
\"never y\" is not violated

  ✓ no panic             holds
  ✓ always    \"never y\"  holds
"
    );
}

#[test]
fn bounds_are_no_proof_unless_they_are_allowed() {
    let bounded = || check(register("xz")).max_depth(1);
    let message = failure(|| bounded().assert_holds());
    assert!(
        message.contains("\"never y\"     holds within bounds\n"),
        "{message}"
    );
    assert!(message.contains("cut by   --max-depth 1\n"), "{message}");
    bounded().allow_bounds().assert_holds();
    let checked = check(register("xz")).max_states(1).run().expect("checked");
    assert_eq!(
        checked.property("never y").map(|found| found.verdict),
        Some(Verdict::HoldsWithinBounds)
    );
    // A violation behind the bound is none that was seen.
    let message = failure(|| check(register("y")).max_depth(0).assert_violated("never y"));
    assert!(message.contains("cut by   --max-depth 0"), "{message}");
}

#[test]
fn a_vacuous_property_does_not_hold() {
    let system = || {
        let mut sys = register("x");
        sys.implies("if z then not", |_| false, |_| false);
        sys
    };
    let message = failure(|| assert_holds!(system()));
    assert!(message.contains("\"if z then not\"  vacuous"), "{message}");
    assert!(
        message.starts_with("1 of 4 properties does not hold\n"),
        "{message}"
    );
}

#[test]
fn an_unknown_property_is_named_with_its_neighbours() {
    for message in [
        failure(|| assert_holds!(register("x"), "never yy")),
        failure(|| assert_violated!(register("x"), "never yy")),
    ] {
        assert!(
            message.contains("there is no property \"never yy\""),
            "{message}"
        );
        assert!(message.contains("did you mean \"never y\"?"), "{message}");
    }
}

#[test]
fn nothing_is_written_unless_a_folder_is_named() {
    let sandbox = Sandbox::new();
    let dir = sandbox.path("traces/of/tests");
    let checked = || {
        check(register("xy"))
            .named("register", "free")
            .trace_dir(&dir)
    };
    let message = failure(|| checked().assert_holds());
    let file = dir.join("register.free.never-y.trace.json");
    assert!(
        message.contains(&format!(
            "replay   cargo run -- trace replay {}",
            file.display()
        )),
        "{message}"
    );
    assert!(message.starts_with("1 of 3 properties of register/free does not hold"));
    let trace = trace::from_json(&std::fs::read_to_string(&file).expect("it is there"))
        .expect("it is a trace");
    check(register("xy")).assert_replays(&trace);
    // Of violations only, and nothing is left half-written.
    let names = || std::fs::read_dir(&dir).expect("a folder").count();
    assert_eq!(names(), 1);
    checked().assert_violated("never y");
    assert_eq!(names(), 1);
    // Without a name of its own the system cannot be found on a command line.
    let message = failure(|| check(register("xy")).trace_dir(&dir).assert_holds());
    assert!(
        message.contains("unnamed.system.never-y.trace.json"),
        "{message}"
    );
    assert!(message.contains("assert_replays(&trace)"), "{message}");
    // A folder that cannot be made does not hide the verdict.
    let message = failure(|| check(register("xy")).trace_dir(&file).assert_holds());
    assert!(message.contains("violated in 1 step"), "{message}");
    assert!(message.contains("trace not written: "), "{message}");
    let error = check(register("xy"))
        .trace_dir(&file)
        .run()
        .expect_err("no folder");
    assert!(error.is_file(), "{error}");
}

#[test]
fn a_trace_of_another_system_does_not_replay() {
    let checked = assert_violated!(register("xy"), "never y");
    let trace = checked.trace("never y").expect("a counterexample");
    let message = failure(|| check(register("x")).assert_replays(trace));
    assert!(
        message.starts_with("the trace of \"never y\" does not replay\n"),
        "{message}"
    );
    assert!(
        message.contains("the model differs at the start"),
        "{message}"
    );
}

#[test]
fn a_model_at_fault_is_told_with_its_cure() {
    let message = failure(|| {
        let mut sys = register("x");
        sys.reserve::<Register>("never set");
        assert_holds!(sys)
    });
    assert!(
        message.starts_with("the system cannot be checked: "),
        "{message}"
    );
    assert!(
        message.contains("never set") && message.contains("help: "),
        "{message}"
    );
}
