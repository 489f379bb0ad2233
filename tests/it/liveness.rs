//! Liveness against an oracle that goes through fair cycles by definition, and the classic traps, each by itself.

use allways::search::{Options, Outcome, StepsTaken, Verdict};
use allways::space::{Fairness, PropertyKind, Role};

use crate::fair_graphs::{Graph, KINDS, State, Step};

/// A small generator (SplitMix64), so that a failure names its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

fn random_graph(random: &mut Random) -> Graph {
    let kinds = [
        Fairness::Weak,
        Fairness::Strong,
        Fairness::Weak,
        Fairness::Strong,
        Fairness::Matched,
        Fairness::None,
    ];
    let n_classes = random.below(4) as usize;
    let classes: Vec<Fairness> = (0..n_classes)
        .map(|_| kinds[random.below(kinds.len() as u64) as usize])
        .collect();
    let n = 1 + random.below(5) as usize;
    let mut graph = Graph::new(&classes);
    for _ in 0..n {
        graph.states.push(State {
            goal: random.one_in(3),
            premise: random.one_in(2),
            outside: random.one_in(12),
            ..State::default()
        });
    }
    for _ in 0..random.below(11) {
        let from = random.below(n as u64) as usize;
        let to = random.below(n as u64) as usize;
        let mut shares = Vec::new();
        for (class, fairness) in classes.iter().enumerate() {
            if random.one_in(2) {
                let role = match fairness {
                    Fairness::Matched if random.one_in(2) => Role::Uses,
                    Fairness::Weak | Fairness::Strong if random.one_in(5) => Role::Enables,
                    _ => Role::Takes,
                };
                shares.push((class, role));
            }
        }
        graph.states[from].steps.push(Step { to, shares });
    }
    if random.one_in(3) {
        graph.initial.push(random.below(n as u64) as usize);
    }
    graph
}

fn search(graph: &Graph, options: &Options) -> Outcome {
    allways::search::search(&mut graph.clone(), options, &()).expect("the graph is a model")
}

/// The verdict that the oracle stands for.
fn expected(graph: &Graph, outcome: &Outcome, kind: PropertyKind, violated: bool) -> Verdict {
    let whole = outcome.cuts.is_empty();
    let premise_seen = reachable(graph)
        .iter()
        .any(|&state| graph.states[state].premise);
    match (violated, whole) {
        (true, _) => Verdict::Violated,
        (false, false) => Verdict::Inconclusive,
        (false, true)
            if matches!(kind, PropertyKind::LeadsTo | PropertyKind::Measure) && !premise_seen =>
        {
            Verdict::Vacuous
        }
        (false, true) => Verdict::Holds,
    }
}

fn reachable(graph: &Graph) -> Vec<usize> {
    let inside = |state: &usize| !graph.states[*state].outside;
    let mut seen: Vec<usize> = graph.initial.iter().copied().filter(inside).collect();
    let mut next = 0;
    while next < seen.len() {
        for step in &graph.states[seen[next]].steps {
            if inside(&step.to) && !seen.contains(&step.to) {
                seen.push(step.to);
            }
        }
        next += 1;
    }
    seen
}

/// Searches the graph every way there is, and compares with the oracle; the verdicts.
fn agree(graph: &Graph) -> Vec<Verdict> {
    let plain = Options::default();
    let first = search(graph, &plain);
    let others = [
        Options {
            threads: 2,
            ..plain.clone()
        },
        Options {
            threads: 3,
            exact: true,
            ..plain.clone()
        },
        Options {
            fingerprint_bits: 128,
            hash_seed: 7,
            ..plain.clone()
        },
    ];
    for options in &others {
        let other = search(graph, options);
        for (a, b) in first.properties.iter().zip(&other.properties) {
            assert_eq!(
                (a.verdict, &a.paths, &a.note),
                (b.verdict, &b.paths, &b.note)
            );
        }
    }
    for (kind, property) in KINDS.iter().zip(&first.properties[1..]) {
        let truth = graph.truth(*kind);
        let verdict = expected(graph, &first, *kind, truth.stem.is_some());
        assert_eq!(property.verdict, verdict, "{kind:?}: {truth:?}");
        let is_measured = *kind == PropertyKind::Measure && verdict == Verdict::Holds;
        let steps = is_measured.then(|| match graph.longest(&reachable(graph)) {
            Some(steps) => StepsTaken::AtMost(steps),
            None => StepsTaken::Unbounded,
        });
        assert_eq!(property.steps, steps);
        // The oracle of actor systems, whose graphs are larger, is held against the definition here.
        let pruned = graph.pruned(*kind);
        assert_eq!((pruned.stem, &pruned.fair), (truth.stem, &truth.fair));
        for state in (0..graph.states.len()).filter(|&state| truth.fair[state]) {
            let shortest = graph.shortest_loop(&truth, state);
            assert_eq!(graph.loop_length(&pruned, state), Some(shortest));
        }
        match &property.paths[..] {
            [] => assert_ne!(verdict, Verdict::Violated),
            [path] => graph.assert_lasso(&truth, path),
            paths => panic!("{} paths", paths.len()),
        }
    }
    first.properties[1..].iter().map(|p| p.verdict).collect()
}

#[test]
fn agrees_with_the_oracle_on_random_graphs() {
    let mut seen = std::collections::BTreeMap::new();
    let n = 4000;
    for seed in 0..n {
        let graph = random_graph(&mut Random(seed));
        let checked = std::panic::catch_unwind(|| agree(&graph));
        let Ok(verdicts) = checked else {
            panic!("seed {seed}: {graph:#?}");
        };
        for (kind, verdict) in KINDS.iter().zip(verdicts) {
            *seen.entry((*kind, verdict)).or_insert(0) += 1;
        }
    }
    for kind in KINDS {
        for verdict in [Verdict::Holds, Verdict::Violated, Verdict::Inconclusive] {
            let n_seen = seen.get(&(kind, verdict)).copied().unwrap_or(0);
            assert!(n_seen * 50 > n, "{kind:?} {verdict:?}: {n_seen} of {n}");
        }
    }
}

/// The verdict of `eventually`, the length of its stem and of its loop.
fn eventually(graph: &Graph) -> (Verdict, Option<(usize, usize)>) {
    agree(graph);
    let outcome = search(graph, &Options::default());
    let property = &outcome.properties[1];
    let lasso = property.paths.first().map(|path| {
        let stem = path.loop_start.expect("a lasso");
        (stem, path.steps.len() - stem)
    });
    (property.verdict, lasso)
}

const HOLDS: (Verdict, Option<(usize, usize)>) = (Verdict::Holds, None);

fn violated(stem: usize, length: usize) -> (Verdict, Option<(usize, usize)>) {
    (Verdict::Violated, Some((stem, length)))
}

#[test]
fn a_cycle_that_never_meets_the_goal() {
    let mut graph = Graph::new(&[Fairness::Weak]);
    let [a, b, goal] = [graph.state(false), graph.state(false), graph.state(true)];
    graph.step(a, b, &[0]);
    graph.step(b, a, &[0]);
    graph.step(b, goal, &[0]);
    assert_eq!(eventually(&graph), violated(0, 2));
}

#[test]
fn a_join_of_a_path_that_met_the_goal_with_one_that_did_not() {
    let mut graph = Graph::new(&[Fairness::Weak]);
    let [start, good, bad, join] = [
        graph.state(false),
        graph.state(true),
        graph.state(false),
        graph.state(false),
    ];
    graph.step(start, good, &[0]);
    graph.step(start, bad, &[0]);
    graph.step(good, join, &[0]);
    graph.step(bad, join, &[0]);
    assert_eq!(eventually(&graph), violated(2, 0));
    graph.states[bad].goal = true;
    assert_eq!(eventually(&graph), HOLDS);
}

#[test]
fn a_terminal_state() {
    let mut graph = Graph::new(&[Fairness::Weak]);
    let [start, end, goal] = [graph.state(false), graph.state(false), graph.state(true)];
    graph.step(start, end, &[0]);
    graph.step(start, goal, &[0]);
    assert_eq!(eventually(&graph), violated(1, 0));
}

#[test]
fn a_state_whose_only_step_has_no_fairness() {
    // Say, a crash: the run may stay before it for ever, and after it.
    let mut graph = Graph::new(&[Fairness::None]);
    let [start, goal] = [graph.state(false), graph.state(true)];
    graph.step(start, goal, &[0]);
    assert_eq!(eventually(&graph), violated(0, 0));
    graph.classes[0] = Fairness::Weak;
    assert_eq!(eventually(&graph), HOLDS);
}

#[test]
fn a_fair_cycle_hidden_behind_an_unfair_one() {
    // a ⇄ b is unfair to class 0, which leads to the goal from both; c ⇄ d, come to from b, does not enable it.
    let mut graph = Graph::new(&[Fairness::Weak, Fairness::Weak]);
    let [a, b, c, d] = [(); 4].map(|()| graph.state(false));
    let goal = graph.state(true);
    graph.step(a, b, &[1]);
    graph.step(b, a, &[1]);
    graph.step(a, goal, &[0]);
    graph.step(b, goal, &[0]);
    graph.step(b, c, &[1]);
    graph.step(c, d, &[1]);
    graph.step(d, c, &[1]);
    assert_eq!(eventually(&graph), violated(2, 2));
}

#[test]
fn strong_fairness_where_weak_does_not_do() {
    let mut graph = Graph::new(&[Fairness::Weak, Fairness::None]);
    let [a, b, goal] = [graph.state(false), graph.state(false), graph.state(true)];
    // Class 0 is enabled in a only, again and again.
    graph.step(a, goal, &[0]);
    graph.step(a, b, &[1]);
    graph.step(b, a, &[1]);
    // b itself asks for nothing, so give it something to do.
    graph.classes[1] = Fairness::Weak;
    assert_eq!(eventually(&graph), violated(0, 2));
    graph.classes[0] = Fairness::Strong;
    assert_eq!(eventually(&graph), HOLDS);
}

#[test]
fn a_delivery_without_effect_under_strong_fairness() {
    let mut graph = Graph::new(&[Fairness::Strong, Fairness::Weak]);
    let [a, b, goal] = [graph.state(false), graph.state(false), graph.state(true)];
    graph.step(a, b, &[1]);
    graph.step(b, a, &[1]);
    // The message would reach the goal from a; in b it has no effect, but it is delivered.
    graph.step(a, goal, &[0]);
    assert_eq!(eventually(&graph), HOLDS);
    graph.step(b, b, &[0]);
    assert_eq!(eventually(&graph), violated(0, 3));
}

#[test]
fn a_step_that_leaves_the_region_counts_as_enabled() {
    // The only way on from a leads to the goal: a run may not stay in a.
    let mut graph = Graph::new(&[Fairness::Weak]);
    let [a, goal] = [graph.state(false), graph.state(true)];
    graph.step(a, goal, &[0]);
    assert_eq!(eventually(&graph), HOLDS);
    // Outside a boundary it is still enabled, but nothing is known of what follows.
    graph.states[goal].outside = true;
    assert_eq!(eventually(&graph), (Verdict::Inconclusive, None));
}

#[test]
fn a_message_is_duplicated_for_ever_only_if_it_is_sent_for_ever() {
    let mut graph = Graph::new(&[Fairness::Matched, Fairness::Weak]);
    let [a, goal] = [graph.state(false), graph.state(true)];
    graph.states[a].steps.push(Step {
        to: a,
        shares: vec![(0, Role::Uses), (1, Role::Takes)],
    });
    graph.step(a, goal, &[1]);
    assert_eq!(eventually(&graph), HOLDS);
    // Another step sends it again.
    graph.step(a, a, &[0]);
    assert_eq!(eventually(&graph), violated(0, 2));
}
