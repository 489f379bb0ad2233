//! Traces that are written by hand, and one that a check writes: what the tests of all formats draw, export and compare.

use allways::search::Verdict;
use allways::space::{Interrupted, PropertyKind, StepKind};
use allways::trace::{Change, Sent, Shown, Trace, TracePath, TraceStep};
use allways::value::Tree;

use crate::cli::Sandbox;

pub(crate) fn unit(name: &str) -> Tree {
    Tree::Unit(name.to_owned())
}

/// A step of `lane`.
pub(crate) fn step(kind: StepKind, lane: &str, content: &str) -> TraceStep {
    TraceStep {
        kind,
        lane: lane.to_owned(),
        from: None,
        name: None,
        interrupted: None,
        content: unit(content),
        sent: Vec::new(),
        changes: Vec::new(),
        whole: Vec::new(),
        key: String::new(),
        fingerprint: "0".repeat(16),
    }
}

/// What happens to a message on its way from one to the other.
pub(crate) fn message(kind: StepKind, from: &str, to: &str, content: &str) -> TraceStep {
    TraceStep {
        from: Some(from.to_owned()),
        ..step(kind, to, content)
    }
}

/// The step sends this, too.
pub(crate) fn sends(mut step: TraceStep, to: &str, content: &str) -> TraceStep {
    step.sent.push(Sent {
        to: to.to_owned(),
        content: unit(content),
    });
    step
}

pub(crate) fn named(name: &str, step: TraceStep) -> TraceStep {
    TraceStep {
        name: Some(name.to_owned()),
        ..step
    }
}

pub(crate) fn path(steps: Vec<TraceStep>) -> TracePath {
    TracePath {
        initial: 0,
        initial_states: 1,
        state: vec![
            ("a".to_owned(), unit("Idle")),
            ("in flight".to_owned(), Tree::Map(Vec::new())),
        ],
        fingerprint: "0".repeat(16),
        steps,
        loop_start: None,
        fairness: Vec::new(),
        reason: None,
        reads: Vec::new(),
    }
}

/// A trace that violates `all is well`.
pub(crate) fn trace(lanes: &[&str], paths: Vec<TracePath>) -> Trace {
    Trace {
        format: "allways-trace".to_owned(),
        version: 1,
        encoding: 1,
        model: "model".to_owned(),
        variant: "variant".to_owned(),
        parameters: vec![("members".to_owned(), "2".to_owned())],
        hash_seed: 0,
        property: Shown {
            name: "all is well".to_owned(),
            kind: PropertyKind::Always,
            verdict: Verdict::Violated,
        },
        lanes: lanes.iter().map(|lane| (*lane).to_owned()).collect(),
        tie_break: true,
        paths,
        ends: Vec::new(),
    }
}

/// Writes the trace file of a violation; returns its path.
pub(crate) fn trace_file(sandbox: &Sandbox) -> String {
    sandbox.run(&["check", "-q", "duva-join/fire-and-forget"]);
    let name = "duva-join.fire-and-forget.no-migration-to-a-stranger.trace.json";
    format!("target/allways/{name}")
}

/// Nothing that a browser, a terminal or a parser must see as anything but text.
pub(crate) const EVIL: &str =
    "<img src=x onerror=alert(1)>&amp;\"'\u{1b}[31m\n]]>-->\u{202e}\u{fffe}#\"##";

/// A story with every kind of step.
pub(crate) fn everything() -> Trace {
    use StepKind::*;
    let request = || message(Deliver, "client", "server[0]", "Request");
    let steps = vec![
        sends(
            named("ask", message(Stimulus, "environment", "client", "Go")),
            "server[0]",
            "Request",
        ),
        sends(request(), "client", "Reply"),
        message(Drop, "server[0]", "client", "Reply"),
        named("split", step(Partition, "environment", "groups")),
        sends(step(Timeout, "client", "Retry"), "server[1]", "Request"),
        message(Duplicate, "client", "server[1]", "Request"),
        step(Crash, "server[0]", ""),
        named("split", step(Heal, "environment", "groups")),
        named("which", step(Choose, "server[1]", "0")),
        step(Recover, "server[0]", ""),
        sends(step(Timeout, "server[1]", "Beat"), "server[1]", "Beat"),
        message(Deliver, "server[1]", "server[1]", "Beat"),
        step(Tick, "environment", ""),
        step(Stabilise, "environment", ""),
        sends(
            message(Forge, "client", "server[1]", "Lie"),
            "server[0]",
            "Lie",
        ),
        message(Deliver, "client", "server[0]", "Lie"),
        message(Ignore, "client", "server[1]", "Request"),
        TraceStep {
            interrupted: Some(Interrupted {
                event: Deliver,
                after: 1,
                of: 2,
            }),
            kind: CrashInside,
            ..message(Deliver, "client", "server[1]", "Request")
        },
    ];
    trace(
        &["client", "server[0]", "server[1]", "environment"],
        vec![path(steps)],
    )
}

/// A story that repeats for ever: what its end sends, its beginning delivers.
pub(crate) fn lasso() -> Trace {
    let mut lasso = path(vec![
        sends(step(StepKind::Timeout, "a", "Start"), "b", "Ping"),
        message(StepKind::Deliver, "a", "b", "Ping"),
        sends(step(StepKind::Timeout, "a", "Again"), "b", "Ping"),
    ]);
    lasso.loop_start = Some(1);
    let mut trace = trace(&["a", "b"], vec![lasso]);
    trace.property.kind = PropertyKind::Eventually;
    trace
}

/// A story in which every name and value is hostile.
pub(crate) fn hostile() -> Trace {
    let evil = |n: usize| format!("{EVIL}{n}");
    let tree = || Tree::Text(EVIL.to_owned());
    let mut bad = sends(
        message(StepKind::Deliver, &evil(1), &evil(2), ""),
        &evil(1),
        "",
    );
    bad.content = tree();
    bad.sent[0].content = tree();
    let mut lost = named(EVIL, message(StepKind::Drop, &evil(2), &evil(1), ""));
    lost.content = Tree::Debug(EVIL.to_owned());
    let crash = step(StepKind::Crash, &evil(1), "");
    let mut bad = path(vec![bad, lost, crash]);
    bad.reason = Some(EVIL.to_owned());
    bad.state = vec![(evil(1), tree()), (evil(2), tree())];
    let mut trace = trace(&[&evil(1), &evil(2)], vec![bad]);
    trace.model = evil(3);
    trace.variant = evil(4);
    trace.parameters = vec![(evil(5), evil(6))];
    trace.property.name = evil(7);
    trace
}

/// A story of two runs.
pub(crate) fn two_runs() -> Trace {
    let run = |value: &str| path(vec![step(StepKind::Choose, "a", value)]);
    let mut trace = trace(&["a"], vec![run("0"), run("1")]);
    trace.property.kind = PropertyKind::Confluent;
    trace.paths[1].initial_states = 2;
    trace.ends = vec![Change {
        part: "a".to_owned(),
        path: String::new(),
        before: Some(unit("Zero")),
        after: Some(unit("One")),
    }];
    trace
}

pub(crate) fn stories() -> Vec<Trace> {
    let empty = trace(&["a"], vec![path(Vec::new())]);
    vec![everything(), lasso(), hostile(), two_runs(), empty]
}
