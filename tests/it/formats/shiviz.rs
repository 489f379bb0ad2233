//! The log for ShiViz.

use allways::space::StepKind;
use allways::trace::{Causality, to_shiviz};

use super::parsed;
use crate::stories::{lasso, path, step, stories, trace, two_runs};

#[test]
fn a_log_has_the_clock_of_each_step() {
    for trace in stories() {
        let events = parsed(&to_shiviz(&trace));
        let steps: Vec<_> = (trace.paths.iter())
            .flat_map(|path| {
                let causality = Causality::of(path, &trace.lanes);
                let clocks = causality.clocks.clone();
                causality.line.clone().into_iter().zip(clocks)
            })
            .collect();
        assert_eq!(events.len(), steps.len());
        for ((host, clock, _), (own, expected)) in events.iter().zip(steps) {
            // ShiViz's own rule: every event counts its host up by one.
            assert_eq!(clock[host], expected[own], "{host}");
            assert_eq!(clock.len(), expected.iter().filter(|n| **n > 0).count());
        }
    }
}

#[test]
fn a_log_is_what_it_was() {
    let mut ping = lasso();
    ping.lanes = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(
        to_shiviz(&ping),
        r#"(?<host>\S+) (?<clock>\{[^\n]*\})\n(?<event>[^\n]*)

a {"a":1}
1. a  timer Start
b {"a":1, "b":1}
2. a ─ Ping ─▶ b (from here it repeats for ever)
a {"a":2}
3. a  timer Again
"#
    );
    assert!(to_shiviz(&two_runs()).contains("\n=== run 2 of 2 ===\na {\"a\":1}\n1. chooses 1\n"));
}

#[test]
fn names_that_a_log_cannot_hold_are_told_apart() {
    let steps = vec![
        step(StepKind::Timeout, "a b", "t"),
        step(StepKind::Timeout, "a\"b", "t"),
    ];
    let trace = trace(&["a b", "a\"b"], vec![path(steps)]);
    let hosts: Vec<String> = parsed(&to_shiviz(&trace))
        .into_iter()
        .map(|(host, ..)| host)
        .collect();
    assert_eq!(hosts, ["a_b", "a_b_2"]);
}
