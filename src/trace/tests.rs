//! Tests of recording, replay and the story they share.

use std::collections::BTreeSet;

use super::table::Table;
use super::*;
use crate::error::Error;
use crate::search::{Path, PropertyOutcome};
use crate::space::{Label, StateSpace};

/// A member's state in the story.
#[derive(Clone, serde::Serialize)]
struct Member {
    members: BTreeSet<char>,
    asked: Option<char>,
}

fn member(members: &str, asked: Option<char>) -> Tree {
    Tree::of(&Member {
        members: members.chars().collect(),
        asked,
    })
}

fn unit(name: &str) -> Tree {
    Tree::Unit(name.to_owned())
}

/// A joins through B, and C is asked to hand a slot to it before it has heard of it.
pub(super) fn story() -> Table {
    let mut table = Table::new(
        &["joiner", "seed", "member", "environment"],
        &[
            ("no migration to a stranger", PropertyKind::Always),
            ("A is known", PropertyKind::Reachable),
            ("all agree", PropertyKind::Confluent),
        ],
    );
    let state = |table: &mut Table, joiner: &str, seed: &str, asked| {
        table.state(&[
            ("joiner", unit(joiner)),
            ("seed", member(seed, None)),
            ("member", member("BC", asked)),
        ])
    };
    let idle = state(&mut table, "Idle", "BC", None);
    let joining = state(&mut table, "Joining", "BC", None);
    let known = state(&mut table, "Joining", "ABC", None);
    let asked = state(&mut table, "Joining", "ABC", Some('A'));
    let lost = state(&mut table, "Lost", "BC", None);
    table.broken(asked, 1);

    let start = Label {
        name: Some("A starts".to_owned()),
        sent: vec![(table.lane("seed"), unit("Join"))],
        ..table.label(StepKind::Stimulus, "joiner", unit("Start"))
    };
    let drop = Label {
        from: Some(table.lane("joiner")),
        ..table.label(StepKind::Drop, "seed", unit("Join"))
    };
    let mut join = table.deliver("joiner", "seed", unit("Join"));
    join.sent = vec![
        (table.lane("member"), migrate()),
        (table.lane("joiner"), unit("Welcome")),
    ];
    let migrate = table.deliver("seed", "member", migrate());
    table.step(idle, start, joining);
    table.step(joining, drop, lost);
    table.step(joining, join, known);
    table.step(known, migrate, asked);
    table
}

fn migrate() -> Tree {
    #[derive(serde::Serialize)]
    struct Migrate {
        slot: u8,
        to: char,
    }
    Tree::of(&Migrate { slot: 3, to: 'A' })
}

pub(super) fn about() -> About {
    About {
        model: "duva-join".to_owned(),
        variant: "fire-and-forget".to_owned(),
        parameters: vec![("members".to_owned(), "2".to_owned())],
        hash_seed: 0,
    }
}

fn outcome(table: &Table, property: usize, verdict: Verdict, paths: Vec<Path>) -> PropertyOutcome {
    PropertyOutcome {
        decl: table.properties()[property].clone(),
        verdict,
        paths,
        tie_break: true,
        note: None,
        steps: None,
        fault_frontier: None,
    }
}

/// The story's violation, recorded.
pub(super) fn recorded() -> Trace {
    let mut table = story();
    let path = Path {
        initial: 0,
        steps: vec![0, 1, 0],
        loop_start: None,
    };
    let outcome = outcome(&table, 1, Verdict::Violated, vec![path]);
    record(&mut table, &outcome, &about())
        .expect("the story can be told")
        .expect("it has a path")
}

#[test]
fn a_trace_tells_who_acted_why_and_what_changed() {
    let trace = recorded();
    assert_eq!(trace.len(), 3);
    assert_eq!(trace.property.name, "no migration to a stranger");
    let [path] = &trace.paths[..] else {
        panic!("one path")
    };
    assert_eq!((path.initial, path.initial_states), (0, 1));
    let [start, join, migrate] = &path.steps[..] else {
        panic!("three steps")
    };
    assert_eq!(start.kind, StepKind::Stimulus);
    assert_eq!(start.name.as_deref(), Some("A starts"));
    assert_eq!(start.sent[0].to, "seed");
    assert_eq!(
        (join.from.as_deref(), join.lane.as_str()),
        (Some("joiner"), "seed")
    );
    assert_eq!(join.changes.len(), 1);
    assert_eq!(join.changes[0].part, "seed");
    assert_eq!(join.changes[0].path, ".members");
    assert_eq!(migrate.content.text(), "Migrate{slot: 3, to: 'A'}");
    assert_eq!(migrate.changes[0].path, ".asked");
}

#[test]
fn no_path_no_trace() {
    let mut table = story();
    let outcome = outcome(&table, 1, Verdict::Holds, Vec::new());
    let trace = record(&mut table, &outcome, &about()).expect("nothing to go wrong");
    assert_eq!(trace, None);
}

#[test]
fn a_panic_is_the_reason() {
    let mut table = story();
    table.states[1].judgement.panic = Some("index out of bounds".to_owned());
    table.broken(1, 0);
    let path = Path {
        initial: 0,
        steps: vec![0],
        loop_start: None,
    };
    let recorded = record_path(&mut table, &path).expect("recorded");
    assert_eq!(
        recorded.reason.as_deref(),
        Some("panicked: index out of bounds")
    );
}

#[test]
fn a_model_that_changes_its_mind_is_an_error() {
    let told = |initial, steps: &[u32], table: &mut Table| -> Error {
        let path = Path {
            initial,
            steps: steps.to_vec(),
            loop_start: None,
        };
        record_path(table, &path).expect_err("the path is gone")
    };
    let mut table = story();
    assert!(told(1, &[], &mut table).is_model());
    assert!(told(0, &[1], &mut table).is_model());
    let mut table = story();
    table.restart_at = Some(1);
    assert!(
        told(0, &[0, 1], &mut table)
            .to_string()
            .contains("a property reads")
    );
}

#[test]
fn a_trace_replays_on_its_own_model() {
    let trace = recorded();
    let replayed = replay(&mut story(), &trace).expect("replayed");
    assert!(replayed.is_same(), "{replayed:?}");

    // Also if the space only learns on the way what it has to know, and begins again with its steps in another order.
    for restart_at in 0..4 {
        let mut table = story();
        table.restart_at = Some(restart_at);
        let replayed = replay(&mut table, &trace).expect("replayed");
        assert!(replayed.is_same(), "{restart_at}: {replayed:?}");
    }
}

#[test]
fn a_trace_carries_its_hash_seed() {
    let mut trace = recorded();
    trace.hash_seed = 5;
    let replayed = replay(&mut story(), &trace).expect("replayed");
    assert_eq!(
        replayed.differences,
        [Some(Difference::InitialState { changes: vec![] })],
        "fingerprints of another seed are others"
    );
    // Those of another encoding are not compared.
    trace.encoding += 1;
    assert!(replay(&mut story(), &trace).expect("replayed").is_same());
}

/// The first difference when the story's trace is replayed on a changed table.
fn difference(change: impl FnOnce(&mut Table)) -> (Option<Difference>, AtEnd) {
    let mut table = story();
    change(&mut table);
    let mut replayed = replay(&mut table, &recorded()).expect("replayed");
    assert_eq!(replayed.differences.len(), 1);
    (replayed.differences.remove(0), replayed.at_end)
}

#[test]
fn a_changed_model_says_at_which_step_it_differs() {
    let (found, at_end) = difference(|table| table.initial.clear());
    assert_eq!(
        found,
        Some(Difference::NoInitialState { initial_states: 0 })
    );
    assert_eq!(at_end, AtEnd::NotReached);

    let (found, _) = difference(|table| table.states[0].parts[0].1 = unit("Asleep"));
    let Some(Difference::InitialState { changes }) = found else {
        panic!("another initial state: {found:?}")
    };
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].after, Some(unit("Asleep")));

    let (found, at_end) = difference(|table| {
        table.states[1].steps.remove(1);
    });
    let Some(Difference::NoSuchStep { step: 2, enabled }) = found else {
        panic!("no second step: {found:?}")
    };
    assert_eq!(enabled.len(), 1);
    assert_eq!(enabled[0].kind, StepKind::Drop);
    assert_eq!(at_end, AtEnd::NotReached);

    let (found, _) = difference(|table| {
        table.states[2].parts[1].1 = member("ABCD", None);
        table.states[2].parts[0].1 = unit("Welcomed");
    });
    let Some(Difference::AnotherState { step: 2, changes }) = found else {
        panic!("another second state: {found:?}")
    };
    let shown: Vec<_> = changes
        .iter()
        .map(|c| {
            (
                c.part.as_str(),
                c.path.as_str(),
                c.after.as_ref().map(Tree::text),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("seed", ".members", Some("{'A', 'B', 'C', 'D'}".to_owned())),
            ("joiner", "", Some("Welcomed".to_owned())),
        ]
    );
    assert_eq!(
        changes[0].before.as_ref().map(Tree::text),
        Some("{'A', 'B', 'C'}".to_owned())
    );
}

#[test]
fn a_state_that_does_not_change_any_more_differs_too() {
    let (found, _) = difference(|table| table.states[2].parts[1].1 = member("BC", None));
    let Some(Difference::AnotherState { step: 2, changes }) = found else {
        panic!("another second state: {found:?}")
    };
    assert_eq!(changes.len(), 1);
    assert_eq!(
        changes[0].after.as_ref().map(Tree::text),
        Some("{'B', 'C'}".to_owned())
    );
}

#[test]
fn a_state_outside_a_boundary_is_not_reached() {
    let (found, at_end) = difference(|table| {
        table.boundaries = vec!["terms ≤ 3".to_owned(), "slots ≤ 2".to_owned()];
        table.states[2].judgement.outside = 0b10;
    });
    assert_eq!(
        found,
        Some(Difference::Outside {
            step: 2,
            boundary: "slots ≤ 2".to_owned()
        })
    );
    assert_eq!(at_end, AtEnd::NotReached);
}

#[test]
fn a_repaired_property_is_gone() {
    let (found, at_end) = difference(|table| table.states[3].judgement.holds = u64::MAX);
    assert_eq!((found, at_end), (None, AtEnd::Gone));
    let (found, at_end) = difference(|table| table.properties[1].name = "renamed".to_owned());
    assert_eq!((found, at_end), (None, AtEnd::NoProperty));
}

#[test]
fn the_witness_of_a_reachable_shows_where_it_holds() {
    let mut table = story();
    for state in [0, 1, 3, 4] {
        table.broken(state, 2);
    }
    let path = Path {
        initial: 0,
        steps: vec![0, 1],
        loop_start: None,
    };
    let outcome = outcome(&table, 2, Verdict::Holds, vec![path]);
    let trace = record(&mut table, &outcome, &about())
        .expect("recorded")
        .expect("a path");
    assert_eq!(
        replay(&mut table, &trace).expect("replayed").at_end,
        AtEnd::Shows
    );
    table.broken(2, 2);
    assert_eq!(
        replay(&mut table, &trace).expect("replayed").at_end,
        AtEnd::Gone
    );
}

#[test]
fn two_runs_that_disagree_show_non_confluence() {
    let mut table = story();
    table.states[3].judgement.confluent = vec![(3, 7, 1)];
    table.states[4].judgement.confluent = vec![(3, 7, 2)];
    let path = |steps: &[u32]| Path {
        initial: 0,
        steps: steps.to_vec(),
        loop_start: None,
    };
    let paths = vec![path(&[0, 1, 0]), path(&[0, 0])];
    let outcome = outcome(&table, 3, Verdict::Violated, paths);
    let trace = record(&mut table, &outcome, &about())
        .expect("recorded")
        .expect("two paths");
    assert_eq!((trace.paths.len(), trace.len()), (2, 3));
    let ends: Vec<_> = trace
        .ends
        .iter()
        .map(|c| (c.part.as_str(), c.path.as_str()))
        .collect();
    assert_eq!(
        ends,
        [("joiner", ""), ("seed", ".members"), ("member", ".asked")]
    );
    assert!(replay(&mut table, &trace).expect("replayed").is_same());
    // Other inputs: no contradiction any more.
    table.states[4].judgement.confluent = vec![(3, 8, 2)];
    assert_eq!(
        replay(&mut table, &trace).expect("replayed").at_end,
        AtEnd::Gone
    );
    // The same value.
    table.states[4].judgement.confluent = vec![(3, 7, 1)];
    assert_eq!(
        replay(&mut table, &trace).expect("replayed").at_end,
        AtEnd::Gone
    );
}

#[test]
fn of_steps_with_one_key_the_one_with_the_recorded_result_is_taken() {
    let mut table = story();
    let twin = table.states[1].steps[1].0.clone();
    table.states[1].steps.insert(0, (twin, 4));
    assert!(replay(&mut table, &recorded()).expect("replayed").is_same());
}
