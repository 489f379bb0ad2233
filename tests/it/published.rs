//! Counts of models that others have published, and stateright's own checker as one more oracle where it is exact.

// The benchmarks use all of it, this test a part.
#[allow(dead_code, unreachable_pub)]
#[path = "../../benches/protocols/mod.rs"]
mod protocols;

use allways::stateright::{Checker, Model};
use protocols::register::{A_VALUE_IS_READ, LINEARIZABLE, Size};
use protocols::two_phase::TwoPhase;
use protocols::{abd, paxos, single_copy};

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

fn size(clients: usize, servers: usize) -> Size {
    Size { clients, servers }
}

/// Checks what stateright says of a model.
fn check_stateright<M>(model: M, counts: Counts, traces: &[&str])
where
    M: Model + Send + Sync + 'static,
    M::State: std::hash::Hash + std::fmt::Debug + Clone + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    assert_eq!(stateright(model), (counts, traces.to_vec()));
}

#[test]
fn stateright_counts_our_protocols_as_its_own() {
    let read = [A_VALUE_IS_READ];
    // These four unique counts are those of stateright's own examples of the protocols.
    check_stateright(paxos::peer(size(2, 3)), (16_668, 32_971), &read);
    check_stateright(abd::peer(size(2, 2)), (544, 875), &read);
    check_stateright(single_copy::peer(size(2, 1)), (93, 121), &read);
    check_stateright(
        TwoPhase { rms: 5 },
        (8_832, 58_146),
        &["all abort", "all commit"],
    );
    // Two copies that do not talk are no register. It stops once each property has its trace, so its counts say nothing.
    let (_, traces) = stateright(single_copy::peer(size(2, 2)));
    assert_eq!(traces, [A_VALUE_IS_READ, LINEARIZABLE]);
}
