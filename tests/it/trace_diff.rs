//! Two traces compared: the first difference is found and told, from files and in code.

use allways::space::StepKind;
use allways::trace::{Differs, Divergence, Sent, Style, Trace, compare, compare_text, to_json};

use crate::cli::Sandbox;
use crate::stories::{message, path, sends, step, trace, unit};

/// Two steps, after which one differs from the other by this change.
fn check(change: impl FnOnce(&mut Trace), expected: Option<Differs>, words: &str) {
    let steps = vec![
        sends(step(StepKind::Timeout, "a", "Go"), "b", "Hi"),
        message(StepKind::Deliver, "a", "b", "Hi"),
    ];
    let a = trace(&["a", "b"], vec![path(steps)]);
    let mut b = a.clone();
    change(&mut b);
    let found = compare(&a, &b);
    assert_eq!(found, expected.map(|what| Divergence { path: 0, what }));
    let text = compare_text(&a, &b, found.as_ref(), &Style::default());
    assert_eq!(text, words, "{text}");
    // From the other side it is found at the same place.
    let back = compare(&b, &a);
    assert_eq!(back.is_some(), found.is_some());
}

#[test]
fn equal_traces_do_not_differ() {
    check(|_| {}, None, "  all 2 steps are the same\n");
    // Keys and fingerprints may change with the engine; what the traces say of themselves is told.
    check(
        |b| {
            b.paths[0].steps[0].key = "00".to_owned();
            b.variant = "other".to_owned();
            b.parameters[0].1 = "3".to_owned();
        },
        None,
        "  variant: variant in A, other in B\n  parameters: members=2 in A, members=3 in B\n  all 2 steps are the same\n",
    );
}

#[test]
fn the_first_difference_is_told() {
    check(
        |b| b.paths[0].steps[1].content = unit("Ho"),
        Some(Differs::Event { step: 2 }),
        "  they differ at step 2: something else happens\n    A  a ─ Hi ─▶ b\n    B  a ─ Ho ─▶ b\n",
    );
    check(
        |b| {
            b.paths[0].steps[0].sent.push(Sent {
                to: "b".to_owned(),
                content: unit("Ho"),
            });
            b.paths[0].steps[1].content = unit("Ho");
        },
        Some(Differs::Effect { step: 1 }),
        "  they differ at step 1: it has another effect\n    A  a  timer Go\n         sends Hi to b\n    B  a  timer Go\n         sends Hi to b\n         sends Ho to b\n",
    );
    check(
        |b| b.paths[0].state[0].1 = unit("Busy"),
        Some(Differs::Start {
            changes: vec![allways::trace::Change {
                part: "a".to_owned(),
                path: String::new(),
                before: Some(unit("Idle")),
                after: Some(unit("Busy")),
            }],
        }),
        "  they differ at the start: A → B\n    a  Idle → Busy\n",
    );
    check(
        |b| {
            b.paths[0].steps.pop();
        },
        Some(Differs::Length { steps: 1 }),
        "  B ends after step 1, A goes on\n    A  a ─ Hi ─▶ b\n",
    );
    check(
        |b| b.paths[0].loop_start = Some(1),
        Some(Differs::Loop),
        "  all 2 steps are the same; A ends there, B goes on again from step 2\n",
    );
}

#[test]
fn a_second_run_is_compared_too() {
    let run = |value: &str| path(vec![step(StepKind::Choose, "a", value)]);
    let a = trace(&["a"], vec![run("0"), run("1")]);
    let b = trace(&["a"], vec![run("0"), run("2")]);
    let found = compare(&a, &b).expect("a difference");
    assert_eq!(
        found,
        Divergence {
            path: 1,
            what: Differs::Event { step: 1 }
        }
    );
    let text = compare_text(&a, &b, Some(&found), &Style::default());
    assert!(
        text.starts_with("  run 2: they differ at step 1: something else happens\n"),
        "{text}"
    );
    let one = trace(&["a"], vec![run("0")]);
    let found = compare(&a, &one).expect("a difference");
    assert_eq!(
        found,
        Divergence {
            path: 1,
            what: Differs::Paths
        }
    );
    assert_eq!(
        compare_text(&a, &one, Some(&found), &Style::default()),
        "  A has 2 runs, B has 1\n"
    );
}

#[test]
fn files_are_compared() {
    let sandbox = Sandbox::new();
    let go = |content: &str| {
        trace(
            &["a"],
            vec![path(vec![step(StepKind::Timeout, "a", content)])],
        )
    };
    for (name, content) in [("a.json", "Go"), ("b.json", "Stop")] {
        std::fs::write(sandbox.path(name), to_json(&go(content))).expect("written");
    }
    let same = sandbox.run(&["trace", "diff", "a.json", "a.json"]);
    assert_eq!(
        (same.code, &*same.stdout),
        (0, "A  a.json\nB  a.json\n\n  the one step is the same\n")
    );
    let other = sandbox.run(&["trace", "diff", "a.json", "b.json"]);
    assert_eq!(other.code, 1);
    assert!(
        other.stdout.contains("they differ at step 1"),
        "{}",
        other.stdout
    );
    assert!(other.stdout.contains("B  timer Stop"), "{}", other.stdout);
    let missing = sandbox.run(&["trace", "diff", "a.json", "none.json"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.stderr.contains("cannot read none.json"),
        "{}",
        missing.stderr
    );
}
