//! Tests of happens-before.

use proptest::prelude::*;

use super::*;
use crate::space::StepKind;
use crate::trace::Sent;
use crate::value::Tree;

fn step(kind: StepKind, lane: &str, from: Option<&str>, content: &str, to: &[&str]) -> TraceStep {
    let unit = |name: &str| Tree::Unit(name.to_owned());
    TraceStep {
        kind,
        lane: lane.to_owned(),
        from: from.map(str::to_owned),
        name: None,
        interrupted: None,
        content: unit(content),
        sent: (to.iter())
            .map(|to| Sent {
                to: (*to).to_owned(),
                content: unit("m"),
            })
            .collect(),
        changes: Vec::new(),
        whole: Vec::new(),
        key: String::new(),
        fingerprint: String::new(),
    }
}

fn of(steps: Vec<TraceStep>, loop_start: Option<usize>) -> Causality {
    let path = TracePath {
        initial: 0,
        initial_states: 1,
        state: Vec::new(),
        fingerprint: String::new(),
        steps,
        loop_start,
        fairness: Vec::new(),
        reason: None,
        reads: Vec::new(),
    };
    let lanes = ["a", "b", "c", "environment"].map(str::to_owned);
    Causality::of(&path, &lanes)
}

#[test]
fn a_delivery_comes_after_its_send_and_what_came_before_that() {
    use StepKind::{Deliver, Drop, Stimulus, Timeout};
    let causes = of(
        vec![
            step(Timeout, "a", None, "t", &["b"]),
            step(Timeout, "b", None, "t", &["c", "c"]),
            step(Deliver, "b", Some("a"), "m", &[]),
            step(Deliver, "c", Some("b"), "m", &[]),
            step(Drop, "c", Some("b"), "m", &[]),
            step(Stimulus, "a", Some("environment"), "s", &[]),
        ],
        None,
    );
    assert_eq!(causes.line, [0, 1, 1, 2, 3, 0]);
    assert_eq!(
        causes.clocks,
        [
            [1, 0, 0, 0],
            [0, 1, 0, 0],
            [1, 2, 0, 0],
            [0, 1, 1, 0],
            // The loss knows of the send; nobody knows of the loss.
            [0, 1, 0, 1],
            [2, 0, 0, 0],
        ]
    );
    assert!(causes.is_before(0, 2) && !causes.is_before(2, 0));
    assert!(!causes.is_before(0, 3) && !causes.is_before(3, 0));
    assert!(!causes.is_before(4, 5) && !causes.is_before(3, 3));
}

#[test]
fn a_message_of_the_round_before_is_no_cause_in_the_first() {
    use StepKind::{Deliver, Timeout};
    let causes = of(
        vec![
            step(Deliver, "b", Some("a"), "m", &[]),
            step(Timeout, "a", None, "t", &["b"]),
        ],
        Some(0),
    );
    assert_eq!(causes.clocks, [[0, 1, 0, 0], [1, 0, 0, 0]]);
}

#[test]
fn a_trace_without_an_environment_gets_one() {
    let path = TracePath {
        steps: vec![step(StepKind::Tick, "model", None, "t", &[])],
        initial: 0,
        initial_states: 1,
        state: Vec::new(),
        fingerprint: String::new(),
        loop_start: None,
        fairness: Vec::new(),
        reason: None,
        reads: Vec::new(),
    };
    let causes = Causality::of(&path, &["model".to_owned()]);
    assert_eq!(causes.lines, ["model", "environment"]);
    assert_eq!(causes.clocks, [[0, 1]]);
}

proptest! {
    /// The clocks say the same as the graph of direct causes, closed by walking it.
    #[test]
    fn clocks_are_the_closure_of_direct_causes(plan in proptest::collection::vec((0usize..3, 0usize..3, any::<bool>()), 0..24)) {
        let names = ["a", "b", "c"];
        let steps: Vec<TraceStep> = plan.iter().map(|&(lane, other, delivers)| {
            let to = [names[other]];
            match delivers {
                true => step(StepKind::Deliver, names[lane], Some(names[other]), "m", &[]),
                false => step(StepKind::Timeout, names[lane], None, "t", &to),
            }
        }).collect();
        let n = steps.len();
        let causes = of(steps, None);
        let mut reaches = vec![vec![false; n]; n];
        for second in 0..n {
            for first in 0..second {
                let direct = causes.line[first] == causes.line[second]
                    || causes.origins[second] == Some(Origin::Step(first));
                if direct {
                    reaches[first][second] = true;
                    for row in reaches.iter_mut().take(first) {
                        row[second] |= row[first];
                    }
                }
            }
        }
        for (first, row) in reaches.iter().enumerate() {
            for (second, reached) in row.iter().enumerate() {
                prop_assert_eq!(causes.is_before(first, second), *reached, "{} {}", first, second);
            }
        }
    }
}
