//! Random small systems with ticks against a naive interpreter, written from what [`Timing`]'s documentation promises: states are plain
//! values compared in full, and fair cycles are found by definition.

mod graph;
mod steps;

use std::collections::BTreeMap;

use allways::check;
use allways::search::{Options, Verdict};
use allways::space::ActorSpace;

use self::graph::{Graph, STATES_MAX};
use self::steps::{Class, Step};
use crate::timed_systems::{Random, Spec};

#[test]
fn engine_and_interpreter_agree_about_time() {
    let n_systems = 900;
    let (mut n_compared, mut n_states) = (0, 0);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..n_systems {
        let spec = Spec::random(&mut Random(seed));
        let Some(graph) = Graph::of(&spec) else {
            continue;
        };
        n_compared += 1;
        n_states += graph.states.len();
        let options = Options {
            threads: 1 + (seed % 2) as usize,
            exact: seed % 3 == 0,
            ..Options::default()
        };
        let outcome =
            ActorSpace::new(spec.system()).and_then(|mut space| check(&mut space, &options, &()));
        let goes_on = graph.coming_to(
            |at| graph.steps[at].iter().any(|(_, step)| step.is_tick),
            |_, _, _| true,
        );
        let is_stuck = goes_on.contains(&false);
        let what = || format!("seed {seed}: {spec:#?}");
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                assert!(is_stuck, "{error}\n{}", what());
                assert!(error.to_string().contains("time cannot go on"), "{error}");
                *seen.entry("time cannot go on").or_default() += 1;
                continue;
            }
        };
        assert!(!is_stuck, "time cannot go on, unnoticed\n{}", what());
        assert_eq!(
            outcome.counts.unique,
            graph.states.len() as u64,
            "{}",
            what()
        );
        let n_steps: usize = graph.steps.iter().map(Vec::len).sum();
        assert_eq!(outcome.counts.transitions, n_steps as u64, "{}", what());

        let (actor, state) = spec.asked;
        let holds = |at: usize| graph.states[at].locals[actor].state == Some(state);
        let is_violated = |name: &str| match name {
            "never" => (0..graph.states.len()).any(holds),
            "no deadlock" => (0..graph.states.len())
                .any(|at| !holds(at) && !graph.steps[at].iter().any(|(_, step)| step.wakes)),
            "eventually" => {
                let mut among = vec![false; graph.states.len()];
                let mut open: Vec<usize> = (0..graph.n_initial).collect();
                while let Some(at) = open.pop() {
                    if !holds(at) && !among[at] {
                        among[at] = true;
                        open.extend(graph.steps[at].iter().map(|(to, _)| *to));
                    }
                }
                graph.has_fair_cycle(&spec, &among, &|_| true)
            }
            _ => {
                let all = vec![true; graph.states.len()];
                graph.has_fair_cycle(&spec, &all, &|at| !holds(at))
            }
        };
        for property in &outcome.properties[1..] {
            let name = property.decl.name.as_str();
            let expected = if is_violated(name) {
                Verdict::Violated
            } else {
                Verdict::Holds
            };
            assert_eq!(property.verdict, expected, "{name}\n{}", what());
            let key = match (name, expected) {
                ("never", Verdict::Holds) => "never holds",
                ("never", _) => "never violated",
                ("no deadlock", Verdict::Holds) => "no deadlock holds",
                ("no deadlock", _) => "no deadlock violated",
                ("eventually", Verdict::Holds) => "eventually holds",
                ("eventually", _) => "eventually violated",
                (_, Verdict::Holds) => "stabilises holds",
                _ => "stabilises violated",
            };
            *seen.entry(key).or_default() += 1;
        }
        let all = vec![true; graph.states.len()];
        let is_zeno = !graph.components(&all, |step| step.is_instant).is_empty();
        assert_eq!(!outcome.warnings.is_empty(), is_zeno, "{}", what());
        *seen
            .entry(if is_zeno { "Zeno" } else { "no Zeno" })
            .or_default() += 1;
        let has = |is: fn(&Step) -> bool| graph.steps.iter().flatten().any(|(_, s)| is(s));
        let takes_choice = |step: &Step| step.takes.iter().any(|c| matches!(c, Class::Choice(_)));
        for (is, what) in [
            (spec.is_partial, "partial"),
            (has(takes_choice), "choices"),
            (graph.states.iter().any(|s| s.seen > 0), "observers"),
            (
                graph.states.iter().any(|s| s.stimulated.contains(&true)),
                "stimuli",
            ),
            (graph.n_initial > 1, "crashes inside handlers"),
        ] {
            *seen.entry(what).or_default() += u32::from(is);
        }
    }
    println!("{n_compared} systems, {n_states} states: {seen:?}");
    assert!(n_compared >= 400, "only {n_compared} systems were compared");
    for what in [
        "never holds",
        "never violated",
        "no deadlock holds",
        "no deadlock violated",
        "eventually holds",
        "eventually violated",
        "stabilises holds",
        "stabilises violated",
        "Zeno",
        "no Zeno",
        "partial",
        "time cannot go on",
        "choices",
        "observers",
        "stimuli",
        "crashes inside handlers",
    ] {
        let n = seen.get(what).copied().unwrap_or(0);
        assert!(n >= 5, "{what}: only {n} systems");
    }
}

/// The comparison would notice that the engine goes wrong about time.
#[cfg(debug_assertions)]
#[test]
fn faults_about_time_are_caught() {
    use allways::space::sabotage::Sabotage;
    for fault in [Sabotage::TickIgnoresMessages, Sabotage::TimerFiresEarly] {
        let shows = (0..100).any(|seed| {
            let spec = Spec::random(&mut Random(seed));
            let Some(graph) = Graph::of(&spec) else {
                return false;
            };
            let options = Options {
                states_max: Some(2 * STATES_MAX as u64),
                ..Options::default()
            };
            let outcome = ActorSpace::new(spec.system())
                .and_then(|space| check(&mut space.sabotaged(fault), &options, &()));
            outcome.is_ok_and(|outcome| outcome.counts.unique != graph.states.len() as u64)
        });
        assert!(shows, "{fault:?} goes unnoticed");
    }
}
