//! Simulation on graphs: what walks come to, what is made of it, and that it is the same for any number of threads.

use super::graph::Graph;
use super::set;
use crate::search::{
    Shrunk, Simulated, Simulation, SimulationOptions, Strategy, Verdict, simulate,
};
use crate::space::PropertyKind::{self, Always, Confluent, Eventually, Reachable};

fn run(graph: &mut Graph, options: &SimulationOptions) -> Simulation {
    simulate(graph, options, &()).expect("a sound graph")
}

fn named<'a>(simulation: &'a Simulation, name: &str) -> &'a Simulated {
    let mut properties = simulation.properties.iter();
    let found = properties.find(|property| property.outcome.decl.name == name);
    found.expect("it is a property")
}

/// Properties of a graph of 3,000 nodes in which every node can be come to.
const OF_ARITHMETIC: [(&str, PropertyKind); 3] = [
    ("not 2,991", Always),
    ("2,993", Reachable),
    ("in the end", Eventually),
];

fn arithmetic() -> Graph {
    Graph::arithmetic(3_000, &OF_ARITHMETIC, |node, j| {
        set(j, 1, node != 2_991);
        set(j, 2, node == 2_993);
        set(j, 3, false);
    })
}

#[test]
fn the_result_is_the_same_for_any_number_of_threads() {
    for strategy in [Strategy::Random, Strategy::Pct { depth: 3 }] {
        for restart_at in [None, Some(1_500)] {
            let mut told = Vec::new();
            for threads in [1, 2, 5] {
                let mut graph = arithmetic().lazy();
                graph.restart_at = restart_at;
                let options = SimulationOptions {
                    threads,
                    runs: 150,
                    steps_max: 90,
                    strategy,
                    seed: 11,
                    ..SimulationOptions::default()
                };
                let simulation = run(&mut graph, &options);
                assert_eq!((simulation.runs, simulation.cut), (150, 150));
                assert_eq!(simulation.steps, 150 * 90);
                told.push((format!("{simulation:?}"), graph.absorbed));
            }
            assert_eq!(told[0], told[1]);
            assert_eq!(told[0], told[2]);
        }
    }
}

#[test]
fn a_run_does_not_depend_on_how_many_there_are() {
    let of = |runs, seed| {
        let options = SimulationOptions {
            runs,
            seed,
            steps_max: 50,
            ..SimulationOptions::default()
        };
        let simulation = run(&mut arithmetic(), &options);
        named(&simulation, "not 2,991").sighting
    };
    let all = of(2_000, 3).expect("2,000 walks come to every node");
    assert!(all.run > 1 && all.runs > 1, "{all:?}");
    let first = of(all.run, 3).expect("it is this run that does");
    assert_eq!(
        (first.run, first.steps, first.runs),
        (all.run, all.steps, 1)
    );
    assert_eq!(of(all.run - 1, 3), None);
    assert_ne!(of(2_000, 4).map(|sighting| sighting.run), Some(all.run));
}

#[test]
fn what_is_seen_is_final_and_the_rest_is_undecided() {
    let options = SimulationOptions {
        runs: 2_000,
        steps_max: 150,
        seed: 3,
        ..SimulationOptions::default()
    };
    let mut graph = arithmetic();
    let simulation = run(&mut graph, &options);
    let verdicts: Vec<Verdict> = (simulation.properties.iter())
        .map(|property| property.outcome.verdict)
        .collect();
    let undecided = Verdict::Inconclusive;
    assert_eq!(
        verdicts,
        [undecided, Verdict::Violated, Verdict::Holds, undecided]
    );
    for (name, node) in [("not 2,991", 2_991), ("2,993", 2_993)] {
        let paths = &named(&simulation, name).outcome.paths;
        assert_eq!(graph.walk(&paths[0]).last(), Some(&node));
    }
    assert!(simulation.unique <= 3_000);

    // A walk that shows nothing decides nothing.
    let options = SimulationOptions {
        runs: 1,
        steps_max: 1,
        ..options
    };
    let simulation = run(&mut arithmetic(), &options);
    assert!((simulation.properties.iter()).all(|p| p.outcome.verdict == Verdict::Inconclusive));
    let note = |name| named(&simulation, name).outcome.note.clone().expect("why");
    assert!(note("not 2,991").starts_with("not seen in 1 run"));
    assert!(note("in the end").starts_with("not judged"));
}

#[test]
fn only_what_is_asked_for_is_looked_at() {
    let options = SimulationOptions {
        properties: Some(vec!["2,993".to_owned()]),
        ..SimulationOptions::default()
    };
    let simulation = run(&mut arithmetic(), &options);
    let names = simulation
        .properties
        .iter()
        .map(|p| p.outcome.decl.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["no panic", "2,993"]);
    let options = SimulationOptions {
        properties: Some(vec!["2,994".to_owned()]),
        ..options
    };
    let error = simulate(&mut arithmetic(), &options, &()).expect_err("there is none");
    assert!(
        error.cure().is_some_and(|cure| cure.contains("2,993")),
        "{error}"
    );
}

/// 0 → 1 → … → `n`, and from each node back to 0.
fn ladder(n: u32) -> Graph {
    let steps = move |node| match node {
        node if node == n => vec![],
        0 => vec![1],
        node => vec![node + 1, 0],
    };
    Graph::of(
        &[0],
        steps,
        &[("not at the end", Always)],
        move |node, j| {
            set(j, 1, node != n);
        },
    )
}

#[test]
fn a_walk_loses_its_detours() {
    let options = SimulationOptions {
        runs: 20,
        steps_max: 100_000,
        ..SimulationOptions::default()
    };
    let mut graph = ladder(9);
    let simulation = run(&mut graph, &options);
    let property = named(&simulation, "not at the end");
    let sighting = property.sighting.expect("every walk ends there");
    assert_eq!((sighting.run, sighting.runs), (1, 20));
    assert!(sighting.steps > 9, "the first walk has no detour");
    assert_eq!(sighting.shrunk, Shrunk::Shortest);
    assert_eq!(
        graph.walk(&property.outcome.paths[0]),
        Vec::from_iter(0..=9)
    );
    assert_eq!((simulation.ended, simulation.cut), (20, 0));
    assert!(u64::from(simulation.longest) <= simulation.steps);
}

#[test]
fn walks_stay_inside_the_boundaries() {
    let mut graph = Graph::of(
        &[0, 50],
        |node| vec![node + 1, node + 2],
        &[("below 12", Always)],
        |node, j| {
            set(j, 1, node < 12);
            j.outside = u64::from(node > 10);
        },
    )
    .bounded("up to 10");
    let simulation = run(&mut graph, &SimulationOptions::default());
    assert_eq!(
        named(&simulation, "below 12").outcome.verdict,
        Verdict::Inconclusive
    );
    assert_eq!(simulation.boundaries, ["up to 10"]);
    assert_eq!((simulation.confined, simulation.unique), (1_000, 11));
    // There is nowhere to begin.
    graph.initial = vec![50];
    let simulation = run(&mut graph, &SimulationOptions::default());
    assert_eq!((simulation.confined, simulation.steps), (1_000, 0));
}

#[test]
fn runs_that_end_with_different_values_are_two_walks() {
    // 0 and 5 have other inputs.
    let rows: &[(u32, &[u32])] = &[(0, &[1, 2]), (1, &[3]), (2, &[4]), (3, &[]), (4, &[])];
    let mut graph = Graph::table(&[0, 5], rows, &[("same", Confluent)], |node, j| {
        if node >= 3 {
            j.confluent
                .push((1, u128::from(node == 5), u128::from(node)));
        }
    });
    let simulation = run(&mut graph, &SimulationOptions::default());
    let property = named(&simulation, "same");
    assert_eq!(property.outcome.verdict, Verdict::Violated);
    let mut ends: Vec<u32> = (property.outcome.paths.iter())
        .map(|path| graph.walk(path)[2])
        .collect();
    ends.sort_unstable();
    assert_eq!(ends, [3, 4]);
    assert_eq!(property.sighting.map(|sighting| sighting.steps), Some(2));
}

#[test]
fn the_first_violation_can_be_enough() {
    let options = SimulationOptions {
        first: true,
        steps_max: 50,
        seed: 3,
        runs: 100_000,
        threads: 2,
        ..SimulationOptions::default()
    };
    let simulation = run(&mut arithmetic(), &options);
    let sighting = named(&simulation, "not 2,991")
        .sighting
        .expect("it is seen");
    assert_eq!(sighting.run, simulation.runs);
    assert!(simulation.runs <= 2_000, "so many were enough above");
}

#[test]
fn a_violation_in_the_beginning_takes_no_step() {
    let mut graph = Graph::table(&[4, 4], &[(4, &[4])], &[("never", Always)], |_, j| {
        set(j, 1, false);
    });
    let simulation = run(&mut graph, &SimulationOptions::default());
    let property = named(&simulation, "never");
    assert!(property.outcome.paths[0].steps.is_empty());
    assert_eq!(property.sighting.map(|sighting| sighting.runs), Some(1_000));
}
