//! Fewest faults: what one search says of every smaller budget, against a search for each of them.

use std::collections::BTreeMap;

use allways::prelude::*;
use allways::report::{Human, Measured, Notice, Paint, Report, Reporter as _, Subject, TraceFile};
use allways::search::{FaultFrontier, Options, Outcome, PropertyOutcome, Verdict};
use allways::space::{ActorSpace, PropertyKind};
use allways::system::Steps;
use allways::trace;
use proptest::strategy::{Strategy as _, ValueTree as _};

use crate::coverage::Coverage;
use crate::oracle::Graph;
use crate::random::{PropertySpec, Spec};
use crate::random_systems::{runner, systems};
use crate::walk::Space;

/// Systems that are compared.
const SYSTEMS: u32 = 400;

/// More states than this are cut off by a bound on the depth.
const STATES_MAX: usize = 1_200;

fn fewest(depth_max: Option<u32>) -> Options {
    Options {
        fewest_faults: true,
        depth_max,
        ..Options::default()
    }
}

/// All combinations within these limits.
pub(crate) fn combinations(limits: &[u32]) -> Vec<Vec<u32>> {
    limits.iter().fold(vec![Vec::new()], |all, &limit| {
        let longer = |v: &Vec<u32>| {
            let v = v.clone();
            (0..=limit).map(move |n| [&v[..], &[n]].concat())
        };
        all.iter().flat_map(longer).collect()
    })
}

/// Whether each number is at most the other.
pub(crate) fn is_within(a: &[u32], b: &[u32]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

/// The system with a budget for everything.
fn budgeted(mut spec: Spec) -> Spec {
    for link in spec.links.iter_mut().flatten() {
        link.budgeted = link.losing;
        link.duplicates_budgeted = link.duplicating;
    }
    for partition in &mut spec.partitions {
        let times = partition.times.unwrap_or(1);
        partition.times = Some(if partition.heals { times } else { times.min(1) });
    }
    spec.properties.retain(|property| {
        matches!(
            property,
            PropertySpec::Always(_) | PropertySpec::Implies(..)
        )
    });
    spec
}

/// The budgets of the kinds of faults, in the order in which they are reported.
fn budgets(spec: &mut Spec) -> Vec<&mut u32> {
    let n = spec.actors.len();
    let first = |actor: usize, spec: &Spec| {
        let names = |of: &Option<Vec<usize>>| of.as_ref().is_none_or(|of| of.contains(&actor));
        spec.crashes.iter().position(|rule| names(&rule.of))
    };
    let rules: Vec<Option<usize>> = (0..n).map(|actor| first(actor, spec)).collect();
    let loses = spec.links.iter().flatten().any(|link| link.losing);
    let duplicates = spec.links.iter().flatten().any(|link| link.duplicating);
    let crashes = spec.crashes.iter_mut().enumerate();
    let crashes = crashes.filter(|(rule, _)| rules.contains(&Some(*rule)));
    let mut budgets: Vec<&mut u32> = crashes.map(|(_, rule)| &mut rule.budget).collect();
    budgets.extend(loses.then_some(&mut spec.loss_budget));
    budgets.extend(duplicates.then_some(&mut spec.duplicate_budget));
    budgets.extend(spec.partitions.iter_mut().filter_map(|p| p.times.as_mut()));
    budgets
}

/// What the oracle finds of each property with no more than these faults: the length of the shortest counterexample.
fn oracle(spec: &Spec, faults: &[u32], depth_max: Option<u32>) -> Vec<Option<u32>> {
    let mut spec = spec.clone();
    for (budget, &n) in budgets(&mut spec).into_iter().zip(faults) {
        *budget = n;
    }
    let graph = Graph::of(&spec, usize::MAX, depth_max, &mut Coverage::default());
    let deadlock = spec.may_end_when.iter().map(|end| graph.deadlock(end));
    let declared = spec
        .properties
        .iter()
        .map(|property| graph.finding(property));
    deadlock
        .chain(declared)
        .map(|finding| {
            finding
                .shortest
                .filter(|_| finding.verdict == Verdict::Violated)
        })
        .collect()
}

fn check(spec: &Spec, options: &Options) -> Outcome {
    checked(spec, options).1
}

/// The outcome, and the space that its paths belong to.
fn checked(spec: &Spec, options: &Options) -> (Space, Outcome) {
    let mut space = ActorSpace::new(spec.system()).expect("the system is whole");
    let outcome = allways::check(&mut space, options, &()).expect("the system is sound");
    (space, outcome)
}

/// The properties as they are reported, less the built-in one that is never violated here.
fn declared(outcome: &Outcome) -> Vec<&PropertyOutcome> {
    let properties = outcome.properties.iter();
    properties
        .filter(|property| property.decl.kind != PropertyKind::NoPanic)
        .collect()
}

/// Compares one system; how many combinations of how many properties, and how many of them break one.
fn compare(spec: &Spec) -> (usize, usize) {
    let mut graph = Graph::of(spec, STATES_MAX, spec.depth_max, &mut Coverage::default());
    let depth_max = graph.depth_max.take();
    let limits: Vec<u32> = budgets(&mut spec.clone()).iter().map(|n| **n).collect();
    let options = fewest(depth_max);
    let (mut space, outcome) = checked(spec, &options);
    let kinds: Vec<u32> = outcome.faults.kinds.iter().map(|kind| kind.limit).collect();
    assert_eq!(kinds, limits, "{:?}", outcome.faults);
    let plain = check(
        spec,
        &Options {
            fewest_faults: false,
            ..options.clone()
        },
    );
    for (with, without) in outcome.properties.iter().zip(&plain.properties) {
        assert_eq!((with.verdict, &with.decl), (without.verdict, &without.decl));
        assert_eq!(without.fault_frontier, None);
    }
    assert_eq!(outcome.counts, plain.counts);
    let others = [
        Options {
            threads: 3,
            ..options.clone()
        },
        Options {
            exact: true,
            threads: 2,
            ..options.clone()
        },
    ];
    for options in others {
        let other = check(spec, &options);
        assert_eq!(
            format!("{:?}", other.properties),
            format!("{:?}", outcome.properties)
        );
    }

    let all = combinations(&limits);
    let found: BTreeMap<&Vec<u32>, Vec<Option<u32>>> = all
        .iter()
        .map(|faults| (faults, oracle(spec, faults, depth_max)))
        .collect();
    let mut n_broken = 0;
    let declared = declared(&outcome);
    for (p, property) in declared.iter().enumerate() {
        let frontier = property.fault_frontier.as_ref().expect("it was asked for");
        assert_eq!(frontier.within_bounds, !outcome.cuts.is_empty());
        for faults in &all {
            let is_broken = found[faults][p].is_some();
            n_broken += usize::from(is_broken);
            let name = &property.decl.name;
            assert_eq!(
                frontier
                    .broken_by
                    .iter()
                    .any(|least| is_within(least, faults)),
                is_broken,
                "{name} with {faults:?}: {frontier:?}"
            );
            assert_eq!(
                frontier
                    .safe_with
                    .iter()
                    .any(|most| is_within(faults, most)),
                !is_broken,
                "{name} with {faults:?}: {frontier:?}"
            );
        }
        // The trace has the fewest faults, and among those the fewest steps.
        let sum = |faults: &[u32]| faults.iter().sum::<u32>();
        let lengths = found
            .iter()
            .filter_map(|(v, found)| Some((sum(v), found[p]?)));
        let Some((n_faults, length)) = lengths.min() else {
            assert!(property.paths.is_empty());
            continue;
        };
        assert_eq!(
            property.paths[0].steps.len(),
            length as usize,
            "{property:?}"
        );
        let trace = trace::record(&mut space, property, &trace::About::default());
        let trace = trace.expect("it can be told").expect("it has a path");
        let in_trace = trace.paths[0]
            .steps
            .iter()
            .filter(|step| step.kind.is_fault());
        // Crashes in `on_start` are no steps.
        assert!(in_trace.count() <= n_faults as usize, "{property:?}");
    }
    (all.len() * declared.len(), n_broken)
}

#[test]
fn one_search_agrees_with_the_oracle_on_every_smaller_budget() {
    let mut runner = runner(20_261_122, SYSTEMS);
    let (mut n_compared, mut n_broken, mut n_dimensions) = (0, 0, 0);
    for number in 0..SYSTEMS {
        let bytes = systems().new_tree(&mut runner).expect("bytes").current();
        let mut spec = budgeted(Spec::decode(&bytes));
        if combinations(&budgets(&mut spec).iter().map(|n| **n).collect::<Vec<_>>()).len() > 40 {
            continue;
        }
        println!("system {number}: {spec:?}");
        n_dimensions += budgets(&mut spec).len();
        let (compared, broken) = compare(&spec);
        n_compared += compared;
        n_broken += broken;
    }
    println!("{n_compared} verdicts, {n_broken} of them broken, {n_dimensions} budgets");
    assert!(n_broken > 300 && n_compared - n_broken > 300 && n_dimensions > 300);
}

message! { enum Msg { Work, Done } }

/// Sends its work to both helpers.
struct Boss {
    helpers: [Id; 2],
}

impl Actor for Boss {
    type Msg = Msg;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        o.broadcast(&self.helpers, &Msg::Work);
        0
    }

    fn on_msg(&self, _: Id, done: &mut Cow<'_, u8>, _: Id, msg: Msg, _: &mut Out<Self>) {
        if msg == Msg::Done {
            *done.to_mut() = 1;
        }
    }
}

struct Helper;

impl Actor for Helper {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}

    fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if msg == Msg::Work {
            o.send(src, Msg::Done);
        }
    }
}

/// Two helpers crash, the boss does not; so many messages may be lost.
fn work(crashes: u32, losses: u32) -> System<Msg> {
    let mut sys = System::new();
    let boss = sys.reserve("boss");
    let helpers = sys.actors("helper", 2, |_| Helper);
    sys.set(
        boss,
        Boss {
            helpers: [helpers[0].id(), helpers[1].id()],
        },
    );
    sys.crashes(Crashes::stop(crashes).of([helpers[0].id(), helpers[1].id()]));
    sys.links(Link::losing().up_to(losses));
    sys.eventually("some work is done", move |s| s[boss] == 1);
    sys.always("not all is lost", move |s| {
        s[boss] == 1 || s.in_flight().next().is_some()
    });
    sys
}

fn run(sys: System<Msg>, options: &Options) -> Result<Outcome, allways::Error> {
    allways::check(&mut ActorSpace::new(sys)?, options, &())
}

fn frontier(outcome: &Outcome, p: usize) -> &FaultFrontier {
    let frontier = &outcome.properties[p].fault_frontier;
    frontier.as_ref().expect("it was asked for")
}

#[test]
fn the_frontier_of_a_liveness_property_is_that_of_its_lassos() {
    let outcome = run(work(2, 2), &fewest(None)).expect("the system is sound");
    let broken = vec![vec![2, 0], vec![1, 1], vec![0, 2]];
    assert_eq!(frontier(&outcome, 1).broken_by, broken);
    assert_eq!(frontier(&outcome, 1).safe_with, [[1, 0], [0, 1]]);
    let words = frontier(&outcome, 1).words(&outcome.faults);
    assert_eq!(
        words,
        "safe with no more than 1 crash and no loss, or no crash and 1 loss; broken by 2 crashes; by 1 crash and 1 loss; by 2 losses"
    );
    // Every smaller budget, searched by itself.
    for crashes in 0..=2 {
        for losses in 0..=2 {
            let plain = run(work(crashes, losses), &Options::default()).expect("sound");
            let broken = broken.iter().any(|v| is_within(v, &[crashes, losses]));
            let verdict = plain.properties[1].verdict;
            assert_eq!(verdict == Verdict::Violated, broken, "{crashes} {losses}");
        }
    }
    let lasso = &outcome.properties[1].paths[0];
    assert_eq!(lasso.steps.len(), lasso.loop_start.expect("a lasso"));
    for threads in [2, 3] {
        let other = Options {
            threads,
            ..fewest(None)
        };
        let other = run(work(2, 2), &other).expect("the system is sound");
        assert_eq!(
            format!("{:?}", other.properties),
            format!("{:?}", outcome.properties)
        );
    }
}

#[test]
fn bounds_are_said_and_stops_claim_nothing() {
    struct Impatient;
    impl allways::search::Monitor for Impatient {
        fn poll(&self, _: &allways::search::Progress) -> Option<allways::search::Stop> {
            Some(allways::search::Stop::Time)
        }
    }
    let cut = run(work(2, 2), &fewest(Some(1))).expect("the system is sound");
    assert!(frontier(&cut, 2).within_bounds);
    assert_eq!(
        frontier(&cut, 2).words(&cut.faults),
        "safe (within bounds) with all that are declared: 2 crashes and 2 losses"
    );
    let mut space = ActorSpace::new(work(2, 2)).expect("it is whole");
    let stopped = allways::check(&mut space, &fewest(None), &Impatient).expect("it is sound");
    assert!(
        stopped
            .properties
            .iter()
            .all(|p| p.fault_frontier.is_none())
    );
}

#[test]
fn a_report_tells_the_frontier_in_words() {
    let options = fewest(None);
    let outcome = run(work(2, 0), &options).expect("the system is sound");
    let findings = outcome
        .properties
        .iter()
        .map(|property| allways::report::Finding {
            outcome: property.clone(),
            expected: Verdict::Violated,
            agreement: allways::catalogue::Agreement::AsExpected,
            trace: None,
            explanation: None,
            file: TraceFile::None,
        });
    let report = Report {
        findings: findings.collect(),
        mutants: None,
        subject: Subject {
            model: "m".to_owned(),
            variant: "v".to_owned(),
            details: String::new(),
            origin: None,
            params: allways::catalogue::Values::defaults(&[]),
            options,
        },
        measured: Measured {
            seconds: 1.0,
            bytes_peak: 0,
            threads: 1,
        },
        outcome,
    };
    let text = Human::new(Paint::new(false), 100, "allways").text(&Notice::Finished(&report));
    let told =
        "eventually \"some work is done\": safe with no more than 1 crash; broken by 2 crashes\n";
    assert!(text.contains(told), "{text}");
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason() {
    let refused = |sys: System<Msg>, options: Options| {
        let error = run(sys, &options).expect_err("it is refused");
        assert!(error.is_usage() && error.cure().is_some());
        error.message()
    };
    let first = Options {
        first: true,
        ..fewest(None)
    };
    assert!(refused(work(1, 1), first).contains("stops after the first violation"));
    let mut sys = work(1, 1);
    sys.links(Link::losing());
    assert!(refused(sys, fewest(None)).contains("there is none for losses"));
    let mut sys = work(1, 1);
    sys.links(Link::reliable().duplicating());
    assert!(refused(sys, fewest(None)).contains("there is none for duplicates"));
    let mut sys = work(1, 1);
    let ids = [Id::from(0), Id::from(1)];
    sys.partitions(
        Partitions::between([ids[0]], [ids[1]])
            .unlimited()
            .named("x"),
    );
    assert!(refused(sys, fewest(None)).contains("there is none for partitions \"x\""));
    let mut sys = work(1, 1);
    sys.reachable("a witness", |_| true);
    let asked = Options {
        properties: Some(vec!["a witness".to_owned()]),
        ..fewest(None)
    };
    assert!(refused(sys, asked).contains("no number of faults breaks reachable \"a witness\""));

    // Not asked for by name, it is checked and has no frontier.
    let mut sys = work(1, 1);
    sys.reachable("a witness", |_| true);
    sys.assume(Steps::timers(), Fairness::None);
    let outcome = run(sys, &fewest(None)).expect("the system is sound");
    assert_eq!(outcome.properties[3].verdict, Verdict::Holds);
    assert_eq!(outcome.properties[3].fault_frontier, None);
}
