//! Counts of models that others have published, and stateright's own checker as one more oracle where it is exact.

#[path = "../../benches/protocols/mod.rs"]
mod protocols;

use allways::search::{Options, Verdict, search};
use allways::space::{ActorSpace, GeneralSpace, PropertyKind, StateSpace, from_stateright};
use allways::stateright::{Checker, Model};
use protocols::register::{A_VALUE_IS_READ, LINEARIZABLE, size};
use protocols::two_phase::TwoPhase;
use protocols::two_phase_compact::TwoPhaseCompact;
use protocols::{abd, paxos, single_copy};
use serde::Serialize;

/// Unique and generated states.
type Counts = (u64, u64);

/// What stateright's breadth-first search says: counts, and which properties it has a trace for.
fn stateright<M>(model: M) -> (Counts, Vec<&'static str>)
where
    M: Model + Send + Sync + 'static,
    M::State: std::hash::Hash + std::fmt::Debug + Clone + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    let checker = model.checker().spawn_bfs().join();
    let counts = (
        checker.unique_state_count() as u64,
        checker.state_count() as u64,
    );
    let mut traces: Vec<_> = checker.discoveries().into_keys().collect();
    traces.sort_unstable();
    (counts, traces)
}

/// What our own search says, with so many threads.
fn allways<S: StateSpace>(mut space: S, threads: usize) -> (Counts, Vec<String>) {
    let options = Options {
        threads,
        ..Options::default()
    };
    let outcome = search(&mut space, &options, &()).expect("the model has no mistake");
    assert!(outcome.stopped.is_none() && outcome.cuts.is_empty());
    let mut traces: Vec<_> = outcome
        .properties
        .iter()
        .filter(|property| match property.decl.kind {
            PropertyKind::Reachable => property.verdict == Verdict::Holds,
            _ => property.verdict == Verdict::Violated,
        })
        .map(|property| property.decl.name.clone())
        .collect();
    traces.sort_unstable();
    ((outcome.counts.unique, outcome.counts.generated), traces)
}

/// Checks that stateright and we, on its own model and on our system, say the same, and just that.
macro_rules! check_register {
    ($protocol:ident, $clients:expr, $servers:expr, $counts:expr) => {{
        let size = size($clients, $servers);
        let traces = vec![A_VALUE_IS_READ];
        let expected = ($counts, traces);
        assert_eq!(stateright($protocol::peer(size)), expected, "stateright");
        let converted = || from_stateright($protocol::peer(size)).expect("it converts");
        let system = || ActorSpace::new($protocol::system(size)).expect("it is complete");
        for threads in [1, 2] {
            let (counts, traces) = allways(converted(), threads);
            assert_eq!((counts, as_strs(&traces)), expected, "converted, {threads}");
            let (counts, traces) = allways(system(), threads);
            assert_eq!((counts, as_strs(&traces)), expected, "system, {threads}");
        }
    }};
}

fn as_strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[test]
fn paxos_has_the_published_states() {
    // With two clients the count of stateright's own example.
    check_register!(paxos, 1, 3, (265, 482));
    check_register!(paxos, 2, 3, (16_668, 32_971));
}

#[test]
fn abd_has_the_published_states() {
    check_register!(abd, 1, 2, (13, 13));
    check_register!(abd, 1, 3, (1_449, 3_728));
    // The count of stateright's own example.
    check_register!(abd, 2, 2, (544, 875));
}

#[test]
fn a_single_copy_has_the_published_states() {
    check_register!(single_copy, 1, 1, (5, 5));
    // The count of stateright's own example.
    check_register!(single_copy, 2, 1, (93, 121));
    check_register!(single_copy, 3, 1, (4_243, 6_778));
}

#[test]
fn two_copies_are_no_register() {
    // stateright stops once each property has its trace, so only verdicts can be compared.
    let expected = vec![A_VALUE_IS_READ, LINEARIZABLE];
    assert_eq!(stateright(single_copy::peer(size(2, 2))).1, expected);
    let converted = from_stateright(single_copy::peer(size(2, 2))).expect("it converts");
    assert_eq!(as_strs(&allways(converted, 1).1), expected);
    let system = ActorSpace::new(single_copy::system(size(2, 2))).expect("it is complete");
    assert_eq!(as_strs(&allways(system, 1).1), expected);
}

/// Checks a general model in both, by `Hash` and by its encoding.
fn check_general<M>(model: M, counts: Counts)
where
    M: Model + Clone + Send + Sync + 'static,
    M::State: std::hash::Hash + std::fmt::Debug + Clone + PartialEq + Send + Sync + Serialize,
    M::Action: Clone + std::fmt::Debug + PartialEq + Send + Sync,
{
    let expected = (counts, vec!["all abort", "all commit"]);
    assert_eq!(stateright(model.clone()), expected, "stateright");
    for threads in [1, 2] {
        let (counts, traces) = allways(GeneralSpace::hashed(model.clone()), threads);
        assert_eq!((counts, as_strs(&traces)), expected, "hashed, {threads}");
        let (counts, traces) = allways(GeneralSpace::encoded(model.clone()), threads);
        assert_eq!((counts, as_strs(&traces)), expected, "encoded, {threads}");
    }
}

#[test]
fn two_phase_commit_has_the_published_states() {
    for (rms, counts) in [(3, (288, 1_146)), (5, (8_832, 58_146))] {
        check_general(TwoPhaseCompact { rms: rms as u8 }, counts);
        check_general(TwoPhase { rms }, counts);
    }
    let seven = TwoPhaseCompact { rms: 7 };
    let (counts, _) = allways(GeneralSpace::hashed(seven), 2);
    assert_eq!(counts, (296_448, 2_744_706));
}
