//! `--faults-max`: what has no budget is counted up to a bound. Against a naive product of the oracle's graph with such counts, on random systems; and
//! what a bound on faults does to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use allways::prelude::*;
use allways::search::{Options, Outcome, PropertyOutcome, Verdict};
use allways::space::{ActorSpace, PropertyKind, StepKind};
use allways::trace;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy as _, ValueTree as _};

use crate::coverage::Coverage;
use crate::fewest_faults::{combinations, is_within};
use crate::oracle::{Action, Content, FaultOf, Graph};
use crate::random::{BYZANTINE_BYTES, LIVE_BYTES, PropertySpec, Spec};
use crate::random_systems::{BYTES, runner};

/// Systems that are compared.
const SYSTEMS: u32 = 500;

/// More states than this are cut off by a bound on the depth.
const STATES_MAX: usize = 150;

/// The kinds of faults of a system, in the order in which they are reported, each with its budget where it has one.
fn kinds(spec: &Spec) -> Vec<(FaultOf, Option<u32>)> {
    let n = spec.actors.len();
    let first = |actor: usize| {
        let names = |of: &Option<Vec<usize>>| of.as_ref().is_none_or(|of| of.contains(&actor));
        spec.crashes.iter().position(|rule| names(&rule.of))
    };
    let ruled: BTreeSet<usize> = (0..n).filter_map(first).collect();
    let mut kinds: Vec<(FaultOf, Option<u32>)> = (ruled.into_iter())
        .map(|rule| (FaultOf::Crash(rule), Some(spec.crashes[rule].budget)))
        .collect();
    let links = || spec.links.iter().flatten();
    if links().any(|link| link.losing && link.budgeted) {
        kinds.push((FaultOf::Loss, Some(spec.loss_budget)));
    }
    if links().any(|link| link.losing && !link.budgeted) {
        kinds.push((FaultOf::FreeLoss, None));
    }
    if links().any(|link| link.duplicates_budgeted) {
        kinds.push((FaultOf::Duplicate, Some(spec.duplicate_budget)));
    }
    if links().any(|link| link.duplicating && !link.duplicates_budgeted) {
        kinds.push((FaultOf::FreeDuplicate, None));
    }
    for (index, partition) in spec.partitions.iter().enumerate() {
        let times = match partition.heals {
            true => partition.times,
            false => Some(partition.times.map_or(1, |times| times.min(1))),
        };
        kinds.push((FaultOf::Partition(index), times));
    }
    for actor in 0..n {
        if let Some(traitor) = spec.traitor(actor) {
            kinds.push((FaultOf::Forge(actor), traitor.sends));
        }
    }
    kinds
}

/// The kinds without a budget that a step is one of.
fn free_faults(spec: &Spec, action: &Action) -> Vec<FaultOf> {
    let Action {
        kind,
        actor,
        from,
        content,
        interrupted,
        ignored,
        ..
    } = action;
    let link = from
        .filter(|&from| from < spec.actors.len())
        .map(|from| spec.links[from][*actor]);
    let event = interrupted.map(|(event, ..)| event).or(*ignored);
    match (event.unwrap_or(*kind), content, link) {
        (StepKind::Drop, _, Some(link)) if !link.budgeted => vec![FaultOf::FreeLoss],
        (StepKind::Duplicate, _, Some(link)) if !link.duplicates_budgeted => {
            vec![FaultOf::FreeDuplicate]
        }
        (StepKind::Partition, Content::Partition(index), _) => vec![FaultOf::Partition(*index)],
        (StepKind::Forge, ..) => vec![FaultOf::Forge(*actor)],
        _ => Vec::new(),
    }
}

/// The oracle's graph, each state with how many faults without a budget it took.
struct Product {
    /// State, faults of every kind, depth.
    nodes: Vec<(usize, Vec<u32>, u32)>,
    generated: u64,
    /// Some step goes beyond the bound.
    is_cut: bool,
}

impl Product {
    fn of(spec: &Spec, graph: &Graph, kinds: &[(FaultOf, Option<u32>)], max: u32) -> Product {
        let mut known: BTreeSet<(usize, Vec<u32>)> = BTreeSet::new();
        let mut product = Product {
            nodes: Vec::new(),
            generated: 0,
            is_cut: false,
        };
        let mut level: Vec<(usize, Vec<u32>)> = Vec::new();
        for &state in graph.initial.iter().flatten() {
            product.generated += 1;
            let free = vec![0; kinds.len()];
            if known.insert((state, free.clone())) {
                level.push((state, free));
            }
        }
        let mut depth = 0;
        while !level.is_empty() {
            for (state, free) in &level {
                let faults = kinds.iter().zip(free);
                let faults = faults.map(|((kind, budget), &free)| match budget {
                    Some(_) => graph.states[*state].faults(*kind),
                    None => free,
                });
                product.nodes.push((*state, faults.collect(), depth));
            }
            let (mut next, mut generated, mut is_cut) = (Vec::new(), 0, false);
            for (state, free) in &level {
                for step in &graph.steps[*state] {
                    let mut free = free.clone();
                    for fault in free_faults(spec, &step.action) {
                        let kind = kinds.iter().position(|(kind, _)| *kind == fault);
                        let kind = kind.expect("the kind is one of the system's");
                        free[kind] += u32::from(kinds[kind].1.is_none());
                    }
                    // Outside, by either boundary.
                    let is_beyond = free.iter().any(|&n| n > max);
                    is_cut |= is_beyond;
                    let Some(to) = step.to.filter(|_| !is_beyond) else {
                        continue;
                    };
                    generated += 1;
                    if known.insert((to, free.clone())) {
                        next.push((to, free));
                    }
                }
            }
            if graph.depth_max == Some(depth) && !next.is_empty() {
                break;
            }
            product.generated += generated;
            product.is_cut |= is_cut;
            level = next;
            depth += 1;
        }
        product
    }
}

/// Compares one system; whether the bound cut something, and how many of its properties are broken.
fn compare(spec: &Spec, max: u32) -> (bool, usize) {
    let graph = Graph::of(spec, STATES_MAX, spec.depth_max, &mut Coverage::default());
    let kinds = kinds(spec);
    let product = Product::of(spec, &graph, &kinds, max);
    let base = Options {
        fewest_faults: true,
        faults_max: Some(max),
        depth_max: graph.depth_max,
        ..Options::default()
    };
    let mut space = ActorSpace::new(spec.system()).expect("the system is whole");
    let outcome = allways::check(&mut space, &base, &()).expect("the system is sound");
    let counts = (outcome.counts.unique, outcome.counts.generated);
    assert_eq!(counts, (product.nodes.len() as u64, product.generated));
    let name = format!("--faults-max {max}");
    assert_eq!(
        outcome.cuts.contains(&name),
        product.is_cut,
        "{:?}",
        outcome.cuts
    );
    let limits = kinds.iter().map(|(_, budget)| budget.unwrap_or(max));
    let limits: Vec<u32> = limits.collect();
    let shown: Vec<(u32, bool)> = (outcome.faults.kinds.iter())
        .map(|kind| (kind.limit, kind.is_bounded))
        .collect();
    let expected: Vec<(u32, bool)> = (limits.iter().zip(&kinds))
        .map(|(&limit, (_, budget))| (limit, budget.is_none()))
        .filter(|(limit, _)| *limit > 0)
        .collect();
    assert_eq!(shown, expected, "{:?}", outcome.faults);
    assert!(outcome.faults.unlimited.is_empty());
    for threads in [2, 3] {
        let options = Options {
            threads,
            exact: threads == 3,
            ..base.clone()
        };
        let mut space = ActorSpace::new(spec.system()).expect("the system is whole");
        let other = allways::check(&mut space, &options, &()).expect("the system is sound");
        assert_eq!(
            format!("{:?}", other.properties),
            format!("{:?}", outcome.properties)
        );
    }

    let mut n_broken = 0;
    let declared = spec.may_end_when.iter().map(|_| None);
    let declared = declared.chain(spec.properties.iter().map(Some));
    let found = outcome.properties.iter();
    let found = found.filter(|property| property.decl.kind != PropertyKind::NoPanic);
    for (property, declared) in found.zip(declared) {
        let breaks = |state: usize| {
            let holds = |pred| graph.states[state].satisfies(pred);
            match declared {
                None => graph.is_quiescent[state] && !spec.may_end_when.as_ref().is_some_and(holds),
                Some(PropertySpec::Always(p)) => !holds(p),
                Some(PropertySpec::Implies(p, q)) => holds(p) && !holds(q),
                Some(other) => panic!("not asked for: {other:?}"),
            }
        };
        let breaking: Vec<&(usize, Vec<u32>, u32)> =
            product.nodes.iter().filter(|node| breaks(node.0)).collect();
        agrees(&mut space, property, &breaking, &limits, &outcome);
        n_broken += usize::from(!breaking.is_empty());
    }
    (product.is_cut, n_broken)
}

/// One property against all nodes that break it.
fn agrees(
    space: &mut ActorSpace,
    property: &PropertyOutcome,
    breaking: &[&(usize, Vec<u32>, u32)],
    limits: &[u32],
    outcome: &Outcome,
) {
    let usual = match (outcome.cuts.is_empty(), property.decl.kind) {
        _ if property.verdict == Verdict::Vacuous => Verdict::Vacuous,
        (true, _) => Verdict::Holds,
        (false, _) => Verdict::HoldsWithinBounds,
    };
    let expected = match breaking {
        [] => usual,
        _ => Verdict::Violated,
    };
    assert_eq!(property.verdict, expected, "{property:?}");
    let frontier = property.fault_frontier.as_ref().expect("it was asked for");
    // Kinds of which there may be none are not told of.
    let told = |v: &[u32]| -> Vec<u32> {
        let told = v.iter().zip(limits).filter(|(_, limit)| **limit > 0);
        told.map(|(n, _)| *n).collect()
    };
    for faults in combinations(limits) {
        let is_broken = breaking.iter().any(|node| is_within(&node.1, &faults));
        let faults = told(&faults);
        let broken_by = frontier.broken_by.iter();
        let safe_with = frontier.safe_with.iter();
        assert_eq!(
            broken_by.clone().any(|least| is_within(least, &faults)),
            is_broken,
            "{faults:?}: {property:?}"
        );
        assert_eq!(
            safe_with.clone().any(|most| is_within(&faults, most)),
            !is_broken,
            "{faults:?}: {property:?}"
        );
    }
    let sizes = breaking.iter();
    let least = sizes
        .map(|(_, faults, depth)| (faults.iter().sum::<u32>(), *depth))
        .min();
    let Some((n_faults, length)) = least else {
        return;
    };
    assert_eq!(
        property.paths[0].steps.len(),
        length as usize,
        "{property:?}"
    );
    // It is walked in the model as it is, without the bound.
    let trace = trace::record(space, property, &trace::About::default());
    let trace = trace.expect("it can be told").expect("it has a path");
    let steps = trace.paths[0].steps.iter();
    assert!(steps.filter(|step| step.kind.is_fault()).count() <= n_faults as usize);
    let replayed = trace::replay(space, &trace).expect("it can be walked");
    assert!(replayed.is_same(), "{replayed:?}");
}

#[test]
fn one_bounded_search_agrees_with_the_product_on_every_smaller_budget() {
    let mut runner = runner(20_261_123, SYSTEMS);
    let systems = vec(any::<u8>(), BYZANTINE_BYTES + LIVE_BYTES + BYTES);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for number in 0..SYSTEMS {
        let bytes = systems.new_tree(&mut runner).expect("bytes").current();
        let mut spec = Spec::decode_byzantine(&bytes, false);
        if number % 3 > 0 {
            spec.byzantine.clear();
        }
        spec.properties.retain(|property| {
            matches!(
                property,
                PropertySpec::Always(_) | PropertySpec::Implies(..)
            )
        });
        for partition in &mut spec.partitions {
            if number % 2 == 0 && partition.heals {
                partition.times = None;
            }
        }
        let max = number % 3;
        let kinds = kinds(&spec);
        let limits: Vec<u32> = kinds.iter().map(|(_, b)| b.unwrap_or(max)).collect();
        if combinations(&limits).len() > 60 {
            continue;
        }
        println!("system {number}: at most {max}, {spec:?}");
        let (is_cut, n_broken) = compare(&spec, max);
        let mut note = |what: &'static str, n: usize| *seen.entry(what).or_default() += n as u32;
        note("systems", 1);
        note("cut", usize::from(is_cut));
        note("broken", n_broken);
        for (kind, budget) in &kinds {
            let what = match (kind, budget) {
                (FaultOf::FreeLoss, _) => "losses",
                (FaultOf::FreeDuplicate, _) => "duplicates",
                (FaultOf::Partition(_), None) => "partitions",
                (FaultOf::Forge(_), None) => "forges",
                _ => "budgeted",
            };
            note(what, 1);
        }
    }
    println!("{seen:?}");
    for what in [
        "cut",
        "broken",
        "losses",
        "duplicates",
        "partitions",
        "budgeted",
    ] {
        assert!(seen[what] > 40, "{what}: {seen:?}");
    }
    assert!(seen["forges"] > 5, "{seen:?}");
}

message! { struct Note(u8); }

/// Sends so many notes, once each.
struct Sender {
    to: Id,
    notes: u8,
}

impl Actor for Sender {
    type Msg = Note;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        (0..self.notes).for_each(|note| o.send(self.to, Note(note)));
    }
}

/// Counts notes.
struct Receiver;

impl Actor for Receiver {
    type Msg = Note;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> u8 {
        0
    }

    fn on_msg(&self, _: Id, n: &mut Cow<'_, u8>, _: Id, _: Note, _: &mut Out<Self>) {
        *n.to_mut() += 1;
    }
}

/// Three notes over links that lose, which happens three times at most.
fn notes(options: &Options) -> Outcome {
    let mut sys = System::new();
    let receiver = sys.actor("receiver", Receiver);
    let to = receiver.id();
    sys.actor("sender", Sender { to, notes: 3 });
    sys.links(Link::fair_loss());
    sys.eventually("one arrives", move |s| s[receiver] > 0);
    sys.always("no more than three", move |s| s[receiver] <= 3);
    sys.reachable("all are lost", move |s| {
        s[receiver] == 0 && s.in_flight().next().is_none()
    });
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    allways::check(&mut space, options, &()).expect("the system is sound")
}

#[test]
fn a_bound_on_faults_is_a_bound_and_counts_only_where_it_cuts() {
    use Verdict::{Holds, HoldsWithinBounds, Inconclusive, Violated};
    let mut seen = Vec::new();
    for max in [None, Some(0), Some(2), Some(3), Some(4)] {
        let outcome = notes(&Options {
            faults_max: max,
            ..Options::default()
        });
        let verdicts: Vec<Verdict> = outcome.properties.iter().map(|p| p.verdict).collect();
        seen.push((max, verdicts, outcome.cuts.len()));
    }
    let within = vec![
        HoldsWithinBounds,
        Inconclusive,
        HoldsWithinBounds,
        Inconclusive,
    ];
    let whole = vec![Holds, Violated, Holds, Holds];
    assert_eq!(
        seen,
        [
            (None, whole.clone(), 0),
            (Some(0), within.clone(), 1),
            (Some(2), within, 1),
            // There are no more than three losses.
            (Some(3), whole.clone(), 0),
            (Some(4), whole, 0),
        ]
    );
}

#[test]
fn the_fewest_faults_of_a_kind_without_a_budget_are_found_up_to_the_bound() {
    let frontier = |max: u32| {
        let outcome = notes(&Options {
            fewest_faults: true,
            faults_max: Some(max),
            ..Options::default()
        });
        let property = &outcome.properties[1];
        let frontier = property.fault_frontier.as_ref().expect("it was asked for");
        (frontier.words(&outcome.faults), property.paths.len())
    };
    assert_eq!(
        frontier(2),
        ("safe with all that are tried: 2 losses".to_owned(), 0)
    );
    let broken = "safe with no more than 2 losses; broken by 3 losses".to_owned();
    assert_eq!(frontier(3), (broken.clone(), 1));
    assert_eq!(frontier(5), (broken, 1));
}

#[test]
fn a_bound_that_leaves_no_room_is_refused() {
    let options = Options {
        faults_max: Some(u32::MAX),
        ..Options::default()
    };
    let mut sys = System::new();
    let receiver = sys.actor("receiver", Receiver);
    let to = receiver.id();
    sys.actor("sender", Sender { to, notes: 1 });
    sys.links(Link::losing());
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    let refused = allways::check(&mut space, &options, &()).expect_err("it is too large");
    assert!(refused.to_string().contains("too large"), "{refused}");
    // The space is as it was.
    let outcome = allways::check(&mut space, &Options::default(), &()).expect("it is sound");
    assert_eq!(outcome.counts.unique, 3);
}
