//! General models against a naive oracle: random machines written down as tables, their quiescent states, deadlocks, and what they agree on.

use std::collections::{BTreeMap, BTreeSet};

use allways::Error;
use allways::prelude::*;
use allways::search::{Options, Outcome, Verdict};
use allways::space::PropertyKind;
use proptest::strategy::{Strategy, ValueTree};

use crate::random_systems::{runner, systems};

/// How many machines.
const MACHINES: u32 = 1_000;

/// Where an action leads.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    To(u8),
    /// `next_state` says that it cannot be taken.
    Disabled,
    Panics,
}

/// What there is to know of a state.
#[derive(Clone, Debug)]
struct Row {
    steps: Vec<Step>,
    inside: bool,
    may_end: bool,
    input: u8,
    value: u8,
}

/// A machine; its states are the numbers of its rows.
#[derive(Clone, Debug)]
struct Machine {
    initial: Vec<u8>,
    rows: Vec<Row>,
}

impl Machine {
    fn decode(bytes: &[u8]) -> Machine {
        let mut bytes = bytes.iter().copied();
        let mut next = |below: u8| bytes.next().unwrap_or(0) % below;
        let n = 2 + next(11);
        let mut row = |_| {
            let n_steps = [0, 1, 1, 2, 2, 3][usize::from(next(6))];
            let steps = (0..n_steps).map(|_| match next(24) {
                0 => Step::Panics,
                1..=3 => Step::Disabled,
                _ => Step::To(next(n)),
            });
            Row {
                steps: steps.collect(),
                inside: next(12) > 0,
                may_end: next(3) > 0,
                input: next(2),
                value: next(2),
            }
        };
        let rows: Vec<Row> = (0..n).map(&mut row).collect();
        let n_initial = 1 + next(2);
        let initial = (0..n_initial).map(|_| next(n)).collect();
        Machine { initial, rows }
    }

    fn row(&self, state: u8) -> &Row {
        &self.rows[usize::from(state)]
    }

    fn space(&self) -> GeneralSpace<Machine> {
        GeneralSpace::encoded(self.clone())
            .within("inside", |m, s| m.row(*s).inside)
            .confluent("all agree", |m, s| m.row(*s).value)
            .may_end_when(|m, s| m.row(*s).may_end)
            .confluent_given(
                "those alike agree",
                |m, s| m.row(*s).input,
                |m, s| m.row(*s).value,
            )
    }
}

impl Model for Machine {
    type State = u8;
    type Action = Step;

    fn init_states(&self) -> Vec<u8> {
        self.initial.clone()
    }

    fn actions(&self, state: &u8, actions: &mut Vec<Step>) {
        actions.extend(&self.row(*state).steps);
    }

    fn next_state(&self, _: &u8, step: Step) -> Option<u8> {
        match step {
            Step::To(next) => Some(next),
            Step::Disabled => None,
            Step::Panics => panic!("it cannot be"),
        }
    }
}

/// A state of the oracle: of the machine, or what a panic in one leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    At(u8),
    PanicIn(u8),
}

/// What the oracle saw: depths by node, and whether something was cut.
struct Seen {
    depths: BTreeMap<Node, usize>,
    is_cut: bool,
}

impl Machine {
    fn successors(&self, node: Node) -> Vec<Node> {
        let Node::At(state) = node else {
            return Vec::new();
        };
        let steps = self.row(state).steps.iter();
        steps
            .filter_map(|step| match *step {
                Step::To(next) => Some(Node::At(next)),
                Step::Disabled => None,
                Step::Panics => Some(Node::PanicIn(state)),
            })
            .collect()
    }

    fn is_inside(&self, node: Node) -> bool {
        match node {
            Node::At(state) => self.row(state).inside,
            Node::PanicIn(_) => true,
        }
    }

    fn walk(&self, depth_max: Option<usize>) -> Seen {
        let mut seen = Seen {
            depths: BTreeMap::new(),
            is_cut: false,
        };
        let mut level: BTreeSet<Node> = self.initial.iter().map(|&s| Node::At(s)).collect();
        let mut depth = 0;
        loop {
            let n_before = level.len();
            level.retain(|&node| self.is_inside(node));
            seen.is_cut |= level.len() < n_before;
            level.retain(|node| !seen.depths.contains_key(node));
            if level.is_empty() {
                return seen;
            }
            if depth_max.is_some_and(|max| depth > max) {
                seen.is_cut = true;
                return seen;
            }
            seen.depths.extend(level.iter().map(|&node| (node, depth)));
            level = level.iter().flat_map(|&n| self.successors(n)).collect();
            depth += 1;
        }
    }

    /// The states without a step, with their depths.
    fn quiescent(&self, seen: &Seen) -> Vec<(u8, usize)> {
        let nodes = seen.depths.iter();
        nodes
            .filter_map(|(&node, &depth)| match node {
                Node::At(state) if self.successors(node).is_empty() => Some((state, depth)),
                _ => None,
            })
            .collect()
    }

    fn deadlock(&self, seen: &Seen) -> (Verdict, Option<usize>) {
        let quiescent = self.quiescent(seen).into_iter();
        let stuck = quiescent.filter(|&(state, _)| !self.row(state).may_end);
        violated_or(
            stuck.map(|(_, depth)| depth).min(),
            match seen.is_cut {
                true => Verdict::HoldsWithinBounds,
                false => Verdict::Holds,
            },
        )
    }

    fn confluent(&self, seen: &Seen, given: bool) -> (Verdict, Option<usize>) {
        let quiescent = self.quiescent(seen);
        let mut shortest: Option<usize> = None;
        for &(a, depth_a) in &quiescent {
            for &(b, depth_b) in &quiescent {
                let (x, y) = (self.row(a), self.row(b));
                if x.value != y.value && (!given || x.input == y.input) {
                    let depth = depth_a.max(depth_b);
                    shortest = Some(shortest.map_or(depth, |s| s.min(depth)));
                }
            }
        }
        violated_or(
            shortest,
            match (seen.is_cut, quiescent.is_empty()) {
                (true, _) => Verdict::Inconclusive,
                (false, true) => Verdict::Vacuous,
                (false, false) => Verdict::Holds,
            },
        )
    }

    fn panics(&self, seen: &Seen) -> (Verdict, Option<usize>) {
        let panics = seen
            .depths
            .iter()
            .filter(|(n, _)| matches!(n, Node::PanicIn(_)));
        violated_or(
            panics.map(|(_, &depth)| depth).min(),
            match seen.is_cut {
                true => Verdict::HoldsWithinBounds,
                false => Verdict::Holds,
            },
        )
    }
}

fn violated_or(shortest: Option<usize>, otherwise: Verdict) -> (Verdict, Option<usize>) {
    match shortest {
        Some(_) => (Verdict::Violated, shortest),
        None => (otherwise, None),
    }
}

fn found(outcome: &Outcome, name: &str) -> (Verdict, Option<usize>) {
    let property = outcome.properties.iter().find(|p| p.decl.name == name);
    let property = property.expect("it was asked for");
    let longest = property.paths.iter().map(|path| path.steps.len()).max();
    if property.decl.kind == PropertyKind::Confluent {
        let n = if longest.is_some() { 2 } else { 0 };
        assert_eq!(property.paths.len(), n);
    }
    (property.verdict, longest)
}

#[test]
fn quiescence_is_what_the_oracle_says() {
    let mut runner = runner(11, MACHINES);
    let mut verdicts: BTreeMap<(&str, Verdict), u32> = BTreeMap::new();
    for number in 0..MACHINES {
        let bytes = systems()
            .new_tree(&mut runner)
            .expect("bytes are to be had");
        let machine = Machine::decode(&bytes.current());
        for depth_max in [None, Some(number as usize % 4)] {
            let seen = machine.walk(depth_max);
            let expected = [
                ("no panic", machine.panics(&seen)),
                ("all agree", machine.confluent(&seen, false)),
                ("no deadlock", machine.deadlock(&seen)),
                ("those alike agree", machine.confluent(&seen, true)),
            ];
            for (threads, exact) in [(1, false), (2, true)] {
                let options = Options {
                    threads,
                    exact,
                    depth_max: depth_max.map(|depth| depth as u32),
                    ..Options::default()
                };
                let mut space = machine.space();
                let outcome = allways::check(&mut space, &options, &()).expect("it is sound");
                for (name, expected) in expected {
                    let found = found(&outcome, name);
                    assert_eq!(found, expected, "{name}, {options:?}: {machine:?}");
                    *verdicts.entry((name, expected.0)).or_default() += 1;
                }
                assert_eq!(outcome.counts.unique as usize, seen.depths.len());
            }
        }
    }
    for name in ["all agree", "those alike agree"] {
        for verdict in [
            Verdict::Holds,
            Verdict::Violated,
            Verdict::Inconclusive,
            Verdict::Vacuous,
        ] {
            assert!(verdicts[&(name, verdict)] > 20, "{name}: {verdicts:?}");
        }
    }
    for verdict in [
        Verdict::Holds,
        Verdict::Violated,
        Verdict::HoldsWithinBounds,
    ] {
        assert!(verdicts[&("no deadlock", verdict)] > 20, "{verdicts:?}");
    }
}

/// Why a space cannot be checked.
fn error_of(space: GeneralSpace<Machine>) -> Error {
    let mut space = space;
    allways::check(&mut space, &Options::default(), &()).expect_err("a mistake")
}

fn ends_at_once() -> Machine {
    Machine {
        initial: vec![0],
        rows: vec![Row {
            steps: vec![Step::Disabled],
            inside: true,
            may_end: true,
            input: 0,
            value: 0,
        }],
    }
}

#[test]
fn a_value_that_is_none_is_an_error() {
    let machine = || GeneralSpace::encoded(ends_at_once());
    let nan = error_of(machine().confluent("agree", |_, _| f64::NAN));
    assert!(
        nan.is_model() && nan.to_string().contains("\"agree\""),
        "{nan}"
    );
    let calls = std::sync::atomic::AtomicU32::new(0);
    let wavers = error_of(machine().confluent("agree", move |_, _| {
        calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    }));
    assert!(wavers.to_string().contains("the second time"), "{wavers}");
    let twice = error_of(
        machine()
            .may_end_when(|_, _| true)
            .may_end_when(|_, _| true),
    );
    assert!(twice.to_string().contains("\"no deadlock\""), "{twice}");
}

#[test]
fn a_value_that_panics_is_told_and_the_others_are_judged() {
    let mut space = GeneralSpace::encoded(ends_at_once())
        .confluent("agree", |_, _| -> u8 { panic!("no value") })
        .may_end_when(|_, _| false);
    let outcome = allways::check(&mut space, &Options::default(), &()).expect("it is sound");
    assert_eq!(found(&outcome, "no panic"), (Verdict::Violated, Some(0)));
    assert_eq!(found(&outcome, "agree").0, Verdict::Vacuous);
    assert_eq!(found(&outcome, "no deadlock"), (Verdict::Violated, Some(0)));
    let note = outcome.properties[0].note.as_deref().expect("a reason");
    assert!(
        note.contains("agree") && note.contains("no value"),
        "{note}"
    );
}
