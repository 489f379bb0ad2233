//! Traces as Mermaid sequence diagrams: how each kind of step is drawn, and that nothing a model says is obeyed by Mermaid.

pub(crate) mod grammar;
mod hostile;

use allways::search::Verdict;
use allways::space::{Interrupted, PropertyKind, StepKind};
use allways::trace::{Change, Trace, TracePath, TraceStep, to_mermaid};
use allways::value::Tree;

use self::grammar::parse;
use crate::stories::{message, named, path, sends, step, trace, unit};

/// Compares a diagram, which is given with a line break in front and without what every one begins with.
fn check(trace: &Trace, expected: &str) {
    let drawn = to_mermaid(trace);
    parse(&drawn);
    let head = "sequenceDiagram\n  title: model/variant, members=2";
    let body = drawn.strip_prefix(head).expect("every one begins so");
    assert_eq!(body, expected, "{drawn}");
}

fn check_steps(lanes: &[&str], steps: Vec<TraceStep>, expected: &str) {
    check(&trace(lanes, vec![path(steps)]), expected);
}

#[test]
fn messages_are_arrows_where_they_are_delivered_and_say_when_they_were_sent() {
    let ask = named("ask", message(StepKind::Stimulus, "environment", "a", "Go"));
    let ask = sends(sends(sends(ask, "b", "One"), "b", "Two"), "c", "Three");
    check_steps(
        &["a", "b", "c", "environment"],
        vec![
            ask,
            message(StepKind::Deliver, "a", "b", "Two"),
            message(StepKind::Deliver, "a", "b", "One"),
        ],
        "
  participant a
  participant b
  participant c
  actor environment
  environment->>a: 1. ask: Go
  a--)c: Three, not delivered
  a->>b: 2. Two
  a->>b: 3. One, sent in 1
  Note over b: violated: all is well
",
    );
}

#[test]
fn what_was_in_flight_from_the_start_says_so() {
    let mut path = path(vec![
        step(StepKind::Timeout, "a", "Tick"),
        message(StepKind::Deliver, "a", "b", "Hello"),
        message(StepKind::Deliver, "b", "a", "Unknown"),
    ]);
    let link = Tree::Text("a → b".to_owned());
    path.state[1].1 = Tree::Map(vec![(link, Tree::Set(vec![unit("Hello")]))]);
    check(
        &trace(&["a", "b"], vec![path]),
        "
  participant a
  participant b
  a->>a: 1. timer Tick
  a->>b: 2. Hello, sent at the start
  b->>a: 3. Unknown
  Note over a: violated: all is well
",
    );
}

#[test]
fn faults_of_links() {
    let start = sends(
        sends(step(StepKind::Timeout, "a", "Go"), "b", "M"),
        "b",
        "N",
    );
    check_steps(
        &["a", "b"],
        vec![
            start,
            message(StepKind::Duplicate, "a", "b", "M"),
            message(StepKind::Drop, "a", "b", "N"),
            message(StepKind::Deliver, "a", "b", "M"),
            message(StepKind::Deliver, "a", "b", "M"),
        ],
        "
  participant a
  participant b
  a->>a: 1. timer Go
  a->>b: 2. M, and a copy stays
  a-xb: 3. N, lost, sent in 1
  a->>b: 4. M, sent in 1
  a->>b: 5. M, sent in 1
  Note over b: violated: all is well
",
    );
}

#[test]
fn faults_of_processes() {
    let inside = TraceStep {
        interrupted: Some(Interrupted {
            event: StepKind::Deliver,
            after: 1,
            of: 3,
        }),
        ..message(StepKind::CrashInside, "a", "b", "M")
    };
    let timer = TraceStep {
        interrupted: Some(Interrupted {
            event: StepKind::Timeout,
            after: 0,
            of: 1,
        }),
        ..step(StepKind::CrashInside, "b", "T")
    };
    check_steps(
        &["a", "b"],
        vec![
            step(StepKind::Crash, "a", ""),
            step(StepKind::Recover, "a", ""),
            inside,
            timer,
        ],
        "
  participant a
  participant b
  Note over a: 1. crashes
  Note over a: 2. recovers
  a->>b: 3. M, crashes after 1 of 3 effects
  b->>b: 4. timer T, crashes after 0 of 1 effects
  Note over b: violated: all is well
",
    );
}

#[test]
fn what_concerns_all_is_a_note_over_all() {
    let sides = Tree::Tuple(
        String::new(),
        vec![Tree::Set(vec![unit("a")]), Tree::Set(vec![unit("b")])],
    );
    let cut = |kind| TraceStep {
        content: sides.clone(),
        ..named("cut", step(kind, "environment", ""))
    };
    check_steps(
        &["a", "b", "c", "environment"],
        vec![
            cut(StepKind::Partition),
            cut(StepKind::Heal),
            step(StepKind::Tick, "environment", ""),
            step(StepKind::Stabilise, "environment", ""),
        ],
        "
  participant a
  participant b
  participant c
  Note over a,c: 1. cut forms: {a} | {b}
  Note over a,c: 2. cut heals: {a} | {b}
  Note over a,c: 3. tick
  Note over a,c: 4. bounds on time hold from here on
  Note over a,c: violated: all is well
",
    );
}

#[test]
fn choices_and_arbitrary_actors() {
    let own = sends(
        message(StepKind::Forge, "liar", "liar", "Mine"),
        "a",
        "Mine",
    );
    let forged = sends(message(StepKind::Forge, "b", "liar", "Lie"), "a", "Lie");
    check_steps(
        &["a", "b", "liar"],
        vec![
            named("peer", step(StepKind::Choose, "a", "b")),
            step(StepKind::Choose, "a", "left"),
            sends(own, "b", "Other"),
            forged,
            message(StepKind::Deliver, "b", "a", "Lie"),
            message(StepKind::Ignore, "liar", "b", "Other"),
            step(StepKind::Ignore, "liar", "Beat"),
        ],
        "
  participant a
  participant b
  participant liar
  a->>a: 1. chooses peer: b
  a->>a: 2. chooses left
  Note over liar: 3. sends Mine of its own accord
  liar--)a: Mine, not delivered
  Note over liar: 4. forges Lie of b
  b->>a: 5. Lie, forged by liar
  liar-xb: 6. Other, ignored, sent in 3
  Note over liar: 7. ignores Beat
  Note over liar: violated: all is well
",
    );
}

#[test]
fn general_models_are_notes_over_one() {
    check_steps(
        &["model"],
        vec![step(StepKind::Act, "model", "Prepares { rm: 0 }")],
        "
  participant model
  Note over model: 1. Prepares { rm: 0 }
  Note over model: violated: all is well
",
    );
}

#[test]
fn a_lasso_is_a_loop_whose_end_may_send_what_its_beginning_delivers() {
    let first = sends(step(StepKind::Timeout, "a", "Go"), "b", "Ping");
    let ping = sends(message(StepKind::Deliver, "a", "b", "Ping"), "a", "Pong");
    let pong = sends(message(StepKind::Deliver, "b", "a", "Pong"), "b", "Ping");
    let pong = sends(pong, "b", "Never");
    let path = TracePath {
        loop_start: Some(1),
        ..path(vec![first, ping, pong])
    };
    let mut trace = trace(&["a", "b"], vec![path]);
    trace.property.kind = PropertyKind::Eventually;
    check(
        &trace,
        "
  participant a
  participant b
  a->>a: 1. timer Go
  loop for ever
    a->>b: 2. Ping
    b->>a: 3. Pong
    a--)b: Never, not delivered
  end
  Note over a,b: violated: all is well (eventually)
",
    );
}

#[test]
fn a_lasso_may_stay_where_it_is() {
    let path = TracePath {
        loop_start: Some(1),
        ..path(vec![message(StepKind::Drop, "a", "b", "M")])
    };
    let mut trace = trace(&["a", "b"], vec![path]);
    trace.property.kind = PropertyKind::Stabilises;
    check(
        &trace,
        "
  participant a
  participant b
  a-xb: 1. M, lost
  Note over a,b: and stays there for ever: fairness asks <br/>for no step
  Note over a,b: violated: all is well (stabilises)
",
    );
}

#[test]
fn two_paths_each_have_a_background() {
    let run = |content| path(vec![message(StepKind::Deliver, "a", "b", content)]);
    let mut trace = trace(&["a", "b"], vec![run("X"), run("Y")]);
    trace.property.kind = PropertyKind::Confluent;
    trace.ends = vec![
        Change {
            part: "b".to_owned(),
            path: ".value".to_owned(),
            before: Some(unit("X")),
            after: Some(unit("Y")),
        },
        Change {
            part: "spent".to_owned(),
            path: String::new(),
            before: Some(unit("0")),
            after: None,
        },
    ];
    check(
        &trace,
        "
  participant a
  participant b
  rect rgba(128, 128, 128, 0.12)
    Note over a,b: run 1 of 2
    a->>b: 1. X
  end
  rect rgba(128, 128, 128, 0.12)
    Note over a,b: run 2 of 2
    a->>b: 1. Y
  end
  Note over a,b: violated: all is well<br/>b.value: X or Y
",
    );
}

#[test]
fn an_initial_state_and_a_panic_are_told() {
    let start = TracePath {
        initial: 2,
        initial_states: 9,
        reason: Some("panicked: index out of bounds".to_owned()),
        reads: Vec::new(),
        ..path(Vec::new())
    };
    let mut trace = trace(&["a"], vec![start]);
    trace.property.kind = PropertyKind::NoPanic;
    check(
        &trace,
        "
  participant a
  Note over a: initially (state 3 of 9)<br/>a: Idle
  Note over a: violated: all is well<br/>panicked: index out of bounds
",
    );
}

#[test]
fn a_witness_is_reached() {
    let mut trace = trace(&["a"], vec![path(vec![step(StepKind::Timeout, "a", "T")])]);
    trace.property.kind = PropertyKind::Reachable;
    trace.property.verdict = Verdict::Holds;
    check(
        &trace,
        "
  participant a
  a->>a: 1. timer T
  Note over a: reached: all is well
",
    );
}
