//! The search on graphs written down by hand, and on larger ones given by arithmetic.

mod graph;
mod simulate;

use std::sync::atomic::{AtomicU64, Ordering};

use graph::{Graph, VOID};

use super::*;
use crate::space::{Judgement, PropertyKind};
use PropertyKind::{Always, Confluent, Implies, Reachable};

/// Clears or sets the bit of a property.
fn set(judgement: &mut Judgement, property: usize, holds: bool) {
    judgement.holds &= !(1 << property);
    judgement.holds |= u64::from(holds) << property;
}

fn run(graph: &mut Graph, options: &Options) -> Outcome {
    search(graph, options, &()).expect("a sound graph")
}

/// Everything but what is measured.
fn visible(mut outcome: Outcome) -> String {
    outcome.bytes_peak = 0;
    format!("{outcome:?}")
}

/// unique, generated, transitions, depth.
fn counts(outcome: &Outcome) -> (u64, u64, u64, u32) {
    let Counts {
        unique,
        generated,
        transitions,
        depth,
    } = outcome.counts;
    (unique, generated, transitions, depth)
}

fn verdicts(outcome: &Outcome) -> Vec<Verdict> {
    outcome.properties.iter().map(|p| p.verdict).collect()
}

/// 0 → {1, 2} → 3 → 4 → 0, and 3 → 3.
const DIAMOND: &[(u32, &[u32])] = &[(0, &[1, 2]), (1, &[3]), (2, &[3]), (3, &[4, 3]), (4, &[0])];

#[test]
fn counts_states_steps_and_depth() {
    let mut graph = Graph::table(&[0], DIAMOND, &[], |_, _| {});
    let outcome = run(&mut graph, &Options::default());
    assert_eq!(counts(&outcome), (5, 8, 7, 3));
    assert_eq!(verdicts(&outcome), [Verdict::Holds]);
    assert_eq!(outcome.cuts, Vec::<String>::new());
    assert!(outcome.omission_bound > 0.0);
}

#[test]
fn unused_step_numbers_are_no_steps() {
    let rows: &[(u32, &[u32])] = &[
        (0, &[VOID, 1, VOID, VOID, 2]),
        (1, &[3, VOID]),
        (2, &[VOID]),
    ];
    for (exact, threads) in [(false, 1), (false, 2), (true, 1)] {
        let mut graph = Graph::table(&[0], rows, &[("not 3", Always)], |node, j| {
            set(j, 1, node != 3);
            j.outside = u64::from(node == 2);
        })
        .bounded("not 2");
        let options = Options {
            exact,
            threads,
            ..Options::default()
        };
        let outcome = run(&mut graph, &options);
        assert_eq!(counts(&outcome), (3, 3, 2, 2));
        assert_eq!(outcome.properties[1].paths[0].steps, [1, 0]);
    }
}

#[test]
fn repeated_initial_states_are_generated_but_not_unique() {
    let mut graph = Graph::table(&[3, 0, 3], DIAMOND, &[], |_, _| {});
    for exact in [false, true] {
        let outcome = run(
            &mut graph,
            &Options {
                exact,
                ..Options::default()
            },
        );
        assert_eq!(counts(&outcome), (5, 10, 7, 1));
    }
}

#[test]
fn no_initial_state_and_no_steps_are_no_trouble() {
    let mut graph = Graph::table(&[], DIAMOND, &[("r", Reachable)], |_, _| {});
    let outcome = run(&mut graph, &Options::default());
    assert_eq!(counts(&outcome), (0, 0, 0, 0));
    assert_eq!(verdicts(&outcome), [Verdict::Holds, Verdict::Violated]);
    let mut graph = Graph::table(&[9], DIAMOND, &[], |_, _| {});
    assert_eq!(counts(&run(&mut graph, &Options::default())), (1, 1, 0, 0));
}

#[test]
fn paths_are_the_shortest_and_the_first() {
    let kinds = [
        ("not 3", Always),
        ("4 is met", Reachable),
        ("not 9", Always),
    ];
    let mut graph = Graph::table(&[0], DIAMOND, &kinds, |node, j| {
        set(j, 1, node != 3);
        set(j, 2, node == 4);
        set(j, 3, node != 9);
    });
    let outcome = run(&mut graph, &Options::default());
    let path = |i: usize| graph.walk(&outcome.properties[i].paths[0]);
    assert_eq!(
        verdicts(&outcome),
        [
            Verdict::Holds,
            Verdict::Violated,
            Verdict::Holds,
            Verdict::Holds
        ]
    );
    assert_eq!(path(1), [0, 1, 3]);
    assert_eq!(path(2), [0, 1, 3, 4]);
    assert!(outcome.properties[3].paths.is_empty());
}

#[test]
fn implies_is_vacuous_where_its_premise_never_holds() {
    let kinds = [("a", Implies), ("b", Implies), ("c", Implies)];
    let mut graph = Graph::table(&[0], DIAMOND, &kinds, |node, j| {
        j.premise = (u64::from(node == 2) << 1) | (u64::from(node == 4) << 3);
        set(j, 3, node != 4);
    });
    let outcome = run(&mut graph, &Options::default());
    let expected = [
        Verdict::Holds,
        Verdict::Holds,
        Verdict::Vacuous,
        Verdict::Violated,
    ];
    assert_eq!(verdicts(&outcome), expected);
}

#[test]
fn a_panic_is_a_violation_that_says_why() {
    let mut graph = Graph::table(&[0], DIAMOND, &[], |node, j| {
        if node == 4 {
            set(j, 0, false);
            j.panic = Some("index out of bounds".into());
        }
    });
    let outcome = run(&mut graph, &Options::default());
    assert_eq!(verdicts(&outcome), [Verdict::Violated]);
    let note = outcome.properties[0].note.as_deref();
    assert_eq!(note, Some("index out of bounds"));
    assert_eq!(outcome.properties[0].paths[0].steps.len(), 3);
}

#[test]
fn confluent_compares_quiescent_states_with_equal_inputs() {
    // Three ends: 5 and 6 with inputs 1, 7 with inputs 2.
    const ENDS: &[(u32, &[u32])] = &[(0, &[1, 2]), (1, &[5, 7]), (2, &[3]), (3, &[6])];
    let check = |value_of_6: u128, rows: &'static [(u32, &'static [u32])]| {
        let mut graph = Graph::table(
            &[0],
            rows,
            &[("agree", Confluent)],
            move |node, j| match node {
                5 => j.confluent.push((1, 1, 10)),
                6 => j.confluent.push((1, 1, value_of_6)),
                7 => j.confluent.push((1, 2, 99)),
                _ => {}
            },
        );
        let outcome = run(&mut graph, &Options::default());
        let property = outcome.properties[1].clone();
        let ends: Vec<u32> = (property.paths.iter())
            .map(|path| *graph.walk(path).last().expect("a path has a state"))
            .collect();
        (property.verdict, ends)
    };
    assert_eq!(check(10, ENDS), (Verdict::Holds, vec![]));
    assert_eq!(check(11, ENDS), (Verdict::Violated, vec![5, 6]));
    assert_eq!(check(11, DIAMOND), (Verdict::Vacuous, vec![]));
}

/// 0 → 1 → … → 9.
fn chain(properties: &[(&str, PropertyKind)]) -> Graph {
    let steps = |n| if n < 9 { vec![n + 1] } else { vec![] };
    Graph::of(&[0], steps, properties, |node, j| {
        set(j, 1, node != 20);
        set(j, 2, node == 5);
    })
}

#[test]
fn depth_bounds_cut_only_what_is_new() {
    let kinds = [("a", Always), ("r", Reachable)];
    let run = |depth_max| {
        let options = Options {
            depth_max: Some(depth_max),
            ..Options::default()
        };
        run(&mut chain(&kinds), &options)
    };
    let cut = run(4);
    assert_eq!(counts(&cut), (5, 5, 4, 4));
    assert_eq!(cut.cuts, ["--max-depth 4"]);
    let expected = [
        Verdict::HoldsWithinBounds,
        Verdict::HoldsWithinBounds,
        Verdict::Inconclusive,
    ];
    assert_eq!(verdicts(&cut), expected);
    let cut = run(8);
    assert_eq!(cut.cuts, ["--max-depth 8"]);
    assert_eq!(cut.properties[2].verdict, Verdict::Holds);
    // All states lie within: the bound changes nothing.
    for depth_max in [9, 10] {
        let whole = run(depth_max);
        assert_eq!(counts(&whole), (10, 10, 9, 9));
        assert_eq!(whole.cuts, Vec::<String>::new());
    }
    // Nor where the deepest states have steps, all of them back to known ones; those count.
    let options = Options {
        depth_max: Some(3),
        ..Options::default()
    };
    let mut graph = Graph::table(&[0], DIAMOND, &[], |_, _| {});
    let outcome = search(&mut graph, &options, &()).expect("a sound graph");
    assert_eq!(counts(&outcome), (5, 8, 7, 3));
    assert_eq!(outcome.properties[0].verdict, Verdict::Holds);
}

#[test]
fn state_bounds_end_at_a_level() {
    let kinds = [("a", Always), ("r", Reachable)];
    let run = |states_max| {
        let options = Options {
            states_max: Some(states_max),
            ..Options::default()
        };
        run(&mut chain(&kinds), &options)
    };
    let cut = run(3);
    assert_eq!(counts(&cut), (3, 3, 2, 2));
    assert_eq!(cut.cuts, ["--max-states 3"]);
    assert_eq!(cut.properties[1].verdict, Verdict::HoldsWithinBounds);
    // The last level was found, and not expanded.
    assert_eq!(run(10).cuts, ["--max-states 10"]);
    assert_eq!(run(11).cuts, Vec::<String>::new());
}

#[test]
fn first_ends_with_the_level_of_the_first_violation() {
    let kinds = [
        ("not 3", Always),
        ("5 is met", Reachable),
        ("not 1, not 9", Always),
    ];
    let graph = || {
        let steps = |n| if n < 9 { vec![n + 1] } else { vec![] };
        Graph::of(&[0], steps, &kinds, |node, j| {
            set(j, 1, node != 3);
            set(j, 2, node == 5);
            set(j, 3, node < 10);
        })
    };
    let options = Options {
        first: true,
        ..Options::default()
    };
    let outcome = run(&mut graph(), &options);
    assert_eq!(outcome.counts.depth, 3);
    let expected = [
        Verdict::Inconclusive,
        Verdict::Violated,
        Verdict::Inconclusive,
        Verdict::Inconclusive,
    ];
    assert_eq!(verdicts(&outcome), expected);
    let everything = run(&mut graph(), &Options::default());
    assert_eq!(everything.counts.depth, 9);
}

#[test]
fn properties_can_be_chosen_without_changing_counts() {
    let options = |names: &[&str]| Options {
        properties: Some(names.iter().map(|n| n.to_string()).collect()),
        ..Options::default()
    };
    let kinds = [("a", Always), ("r", Reachable)];
    let outcome = run(&mut chain(&kinds), &options(&["r"]));
    let names: Vec<&str> = (outcome.properties.iter())
        .map(|p| p.decl.name.as_str())
        .collect();
    assert_eq!(names, ["no panic", "r"]);
    assert_eq!(counts(&outcome), (10, 10, 9, 9));
    let error = search(&mut chain(&kinds), &options(&["R!"]), &()).expect_err("no such property");
    assert!(error.is_usage());
    assert!(error.to_string().contains("\"r\""), "{error}");
}

#[test]
fn states_outside_a_boundary_are_neither_counted_nor_expanded() {
    // 0..100 with steps to n+1 and n+2 and back to 0; outside from 10 on.
    let graph = || {
        let steps = |n| vec![n + 1, n + 2, 0, n + 1];
        Graph::of(&[0, 50], steps, &[("small", Always)], |node, j| {
            j.outside = u64::from(node >= 10);
            set(j, 1, node < 10);
        })
        .bounded("below 10")
    };
    for (exact, constant) in [(false, false), (true, false), (true, true)] {
        let options = Options {
            exact,
            ..Options::default()
        };
        let mut graph = graph();
        graph.constant = constant;
        let outcome = run(&mut graph, &options);
        // 10 states; of 40 steps 2 of node 9 to 10, 1 of 9 to 11, 1 of 8 to 10 lead outside.
        assert_eq!(counts(&outcome), (10, 1 + 36, 36, 5), "exact {exact}");
        assert_eq!(outcome.cuts, ["below 10"]);
        assert_eq!(
            verdicts(&outcome),
            [Verdict::HoldsWithinBounds, Verdict::HoldsWithinBounds]
        );
    }
    // Nothing lies outside: the boundary cuts nothing.
    let mut graph = Graph::table(&[0], DIAMOND, &[], |_, _| {}).bounded("never");
    let outcome = run(&mut graph, &Options::default());
    assert_eq!(outcome.cuts, Vec::<String>::new());
    assert_eq!(outcome.properties[0].verdict, Verdict::Holds);
}

/// A large graph with a bit of everything.
fn everything() -> Graph {
    let kinds = [
        ("far", Always),
        ("met", Reachable),
        ("implied", Implies),
        ("agree", Confluent),
    ];
    Graph::arithmetic(70_001, &kinds, |node, j| {
        set(j, 1, node % 1009 != 1007);
        set(j, 2, node % 10_007 == 5);
        j.premise = u64::from(node % 3 == 0) << 3;
        if node % 97 == 11 {
            j.confluent
                .push((4, u128::from(node % 5), u128::from(node % 1000 / 998)));
        }
        j.outside = u64::from(node % 331 == 17);
    })
    .bounded("not 17 modulo 331")
}

#[test]
fn any_number_of_threads_gives_the_same_outcome() {
    for bits in [64, 128] {
        let run = |threads, lazy, exact| {
            let options = Options {
                threads,
                exact,
                fingerprint_bits: bits,
                ..Options::default()
            };
            let mut graph = everything();
            if lazy {
                graph = graph.lazy();
                graph.restart_at = Some(60_000);
            }
            let outcome = run(&mut graph, &options);
            (visible(outcome), graph.absorbed)
        };
        let one = run(1, false, false);
        let lazy_one = run(1, true, false);
        assert_eq!(one.0, lazy_one.0);
        assert!(one.0.contains("Violated"), "{}", one.0);
        for threads in [2, 3] {
            assert_eq!(run(threads, false, false), one);
            assert_eq!(run(threads, true, false), lazy_one);
        }
        let exact = run(1, false, true);
        assert_eq!(run(2, false, true), exact);
    }
}

#[test]
fn exact_finds_the_right_states_with_a_constant_fingerprint() {
    let graph = || {
        Graph::arithmetic(801, &[("a", Always)], |node, j| {
            set(j, 1, node != 640);
            j.outside = u64::from(node % 31 == 17);
        })
        .bounded("not 17 modulo 31")
    };
    let hashed = run(&mut graph(), &Options::default());
    let options = Options {
        exact: true,
        ..Options::default()
    };
    let exact = run(&mut graph().constant(), &options);
    assert_eq!(counts(&exact), counts(&hashed));
    assert_eq!(exact.properties[1].paths, hashed.properties[1].paths);
    assert_eq!(exact.omission_bound, 0.0);
    // Without exact the same fingerprint shows that it is not the fingerprint that helps.
    let fooled = run(&mut graph().constant(), &Options::default());
    assert_eq!(fooled.counts.unique, 1);
}

/// Stops at the n-th poll.
struct StopAt(AtomicU64, Stop);

impl Monitor for StopAt {
    fn poll(&self, progress: &Progress) -> Option<Stop> {
        assert!(progress.bytes > 0);
        (self.0.fetch_sub(1, Ordering::Relaxed) == 1).then_some(self.1)
    }
}

#[test]
fn a_stopped_search_keeps_what_it_found_and_decides_nothing_else() {
    let kinds = [
        ("not 2", Always),
        ("not 9", Always),
        ("5 is met", Reachable),
    ];
    let steps = |n| if n < 9 { vec![n + 1] } else { vec![] };
    let mut graph = Graph::of(&[0], steps, &kinds, |node, j| {
        set(j, 1, node != 2);
        set(j, 2, node != 9);
        set(j, 3, node == 5);
    });
    let monitor = StopAt(AtomicU64::new(4), Stop::Interrupt);
    let outcome = search(&mut graph, &Options::default(), &monitor).expect("a sound graph");
    assert_eq!(outcome.stopped, Some(Stop::Interrupt));
    let expected = [
        Verdict::Inconclusive,
        Verdict::Violated,
        Verdict::Inconclusive,
        Verdict::Inconclusive,
    ];
    assert_eq!(verdicts(&outcome), expected);
    assert_eq!(graph.walk(&outcome.properties[1].paths[0]), [0, 1, 2]);

    let options = Options {
        memory_max: Some(1),
        ..Options::default()
    };
    let outcome = run(&mut graph, &options);
    assert_eq!(outcome.stopped, Some(Stop::Memory));
}

#[test]
fn a_model_that_answers_differently_is_an_error() {
    let calls = AtomicU64::new(0);
    let mut graph = Graph::of(
        &[0],
        move |node| vec![node + 1 + (calls.fetch_add(1, Ordering::Relaxed) % 2) as u32],
        &[],
        |_, _| {},
    );
    let error = search(&mut graph, &Options::default(), &()).expect_err("it changes its mind");
    assert!(error.is_model());
    assert!(error.to_string().contains("second time"), "{error}");
    let options = Options {
        fingerprint_bits: 32,
        ..Options::default()
    };
    let mut graph = Graph::table(&[0], DIAMOND, &[], |_, _| {});
    let error = search(&mut graph, &options, &()).expect_err("no such fingerprint");
    assert!(error.is_usage());
}
