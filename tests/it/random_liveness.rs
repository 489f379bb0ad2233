//! The engine agrees with the oracle on the liveness of thousands of random actor systems: verdicts, the length of the stem, that of the loop
//! where it is promised. Every counterexample is also walked in the oracle's graph, judged there by definition, recorded and replayed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use allways::search::{Options, Path, PropertyOutcome, Verdict};
use allways::space::{Fairness, PropertyKind};
use allways::trace::{About, from_json, record, replay, to_json};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};

use crate::agree::Make;
use crate::coverage::{Coverage, Feature};
use crate::fair_graphs;
use crate::oracle::Graph;
use crate::pruned::Pruned;
use crate::random::{LIVE_BYTES, LiveKind, LiveSpec, Spec};
use crate::random_systems::{BYTES, SEED, from_environment, runner, shrink, space};
use crate::table::liveness_name;
use crate::walk::{Space, follow};

/// How many systems, unless `ALLWAYS_SYSTEMS` says otherwise.
const SYSTEMS: u32 = 3_000;

/// More states than this are cut off by a bound on the depth.
const STATES_MAX: usize = 250;

/// A fault must show within so many systems.
#[cfg(debug_assertions)]
const SYSTEMS_MAX: u32 = 500;

fn kind_of(property: &LiveSpec) -> PropertyKind {
    match property.kind {
        LiveKind::Eventually => PropertyKind::Eventually,
        LiveKind::LeadsTo => PropertyKind::LeadsTo,
        LiveKind::InfinitelyOften => PropertyKind::InfinitelyOften,
        LiveKind::Stabilises => PropertyKind::Stabilises,
    }
}

/// A property on the oracle's graph.
struct Known {
    fair: fair_graphs::Graph,
    truth: Pruned,
    verdict: Verdict,
}

impl Known {
    fn of(spec: &Spec, graph: &Graph, property: &LiveSpec, coverage: &mut Coverage) -> Self {
        let fair = graph.fair(spec, property, coverage);
        let kind = kind_of(property);
        let truth = fair.pruned(kind);
        let premise_seen = fair.states.iter().any(|state| state.premise);
        let verdict = match (truth.stem, graph.is_cut) {
            (Some(_), _) => Verdict::Violated,
            (None, true) => Verdict::Inconclusive,
            (None, false) if kind == PropertyKind::LeadsTo && !premise_seen => Verdict::Vacuous,
            (None, false) => Verdict::Holds,
        };
        note(&fair, &truth, kind, verdict, coverage);
        Known {
            fair,
            truth,
            verdict,
        }
    }
}

/// Notes the verdict, and whether fairness was decisive.
fn note(
    fair: &fair_graphs::Graph,
    truth: &Pruned,
    kind: PropertyKind,
    verdict: Verdict,
    coverage: &mut Coverage,
) {
    let features = match kind {
        PropertyKind::Eventually => [
            Feature::EventuallyViolated,
            Feature::EventuallyHolds,
            Feature::EventuallyInconclusive,
        ],
        PropertyKind::LeadsTo => [
            Feature::LeadsToViolated,
            Feature::LeadsToHolds,
            Feature::LeadsToInconclusive,
        ],
        PropertyKind::InfinitelyOften => [
            Feature::InfinitelyOftenViolated,
            Feature::InfinitelyOftenHolds,
            Feature::InfinitelyOftenInconclusive,
        ],
        _ => [
            Feature::StabilisesViolated,
            Feature::StabilisesHolds,
            Feature::StabilisesInconclusive,
        ],
    };
    coverage.note(match verdict {
        Verdict::Violated => features[0],
        Verdict::Holds => features[1],
        Verdict::Vacuous => Feature::LeadsToVacuous,
        _ => features[2],
    });
    if truth.stem.is_some() {
        return;
    }
    for (fairness, instead, feature) in [
        (Fairness::Strong, Fairness::Weak, Feature::StrongDecides),
        (Fairness::Weak, Fairness::None, Feature::WeakDecides),
        (Fairness::Matched, Fairness::None, Feature::KeptDecides),
    ] {
        if fair.classes.contains(&fairness) {
            let mut other = fair.clone();
            for class in other.classes.iter_mut().filter(|class| **class == fairness) {
                *class = instead;
            }
            if other.pruned(kind).stem.is_some() {
                coverage.note(feature);
            }
        }
    }
}

/// Compares everything. What was exercised is noted in `coverage`.
pub(crate) fn compare(spec: &Spec, make: Make<'_>, coverage: &mut Coverage) -> Result<(), String> {
    let graph = Graph::of(spec, STATES_MAX, spec.depth_max, &mut Coverage::default());
    let known: Vec<Known> = (spec.liveness.iter())
        .map(|property| Known::of(spec, &graph, property, coverage))
        .collect();
    let base = Options {
        depth_max: graph.depth_max,
        ..Options::default()
    };
    let mut space = make(spec)?;
    let outcome = check(&mut space, &base)?;
    let counts = (outcome.counts.unique, outcome.counts.generated);
    if counts != (graph.states.len() as u64, graph.generated) {
        let ours = (graph.states.len(), graph.generated);
        return Err(format!("{counts:?} states and steps, not {ours:?}"));
    }
    let properties = &outcome.properties[outcome.properties.len() - known.len()..];
    for (index, (property, known)) in properties.iter().zip(&known).enumerate() {
        let name = liveness_name(index);
        assert_eq!(property.decl.name, name);
        agrees(make, spec, &graph, &mut space, known, property, coverage)
            .map_err(|why| format!("{name}: {why}"))?;
    }
    let other = check(
        &mut make(spec)?,
        &Options {
            threads: 2,
            exact: true,
            fingerprint_bits: 128,
            hash_seed: 7,
            ..base
        },
    )?;
    let others = &other.properties[other.properties.len() - known.len()..];
    for (one, other) in properties.iter().zip(others) {
        let said = |p: &PropertyOutcome| {
            let lengths = p
                .paths
                .first()
                .map(|path| (path.steps.len(), path.loop_start));
            (p.verdict, lengths, p.note.clone())
        };
        if said(one) != said(other) {
            return Err(format!("another search says {other:?}\n  than {one:?}"));
        }
    }
    Ok(())
}

/// A check, with its panics as errors: the engine's assertions are part of what is tested.
fn check(space: &mut Space, options: &Options) -> Result<allways::search::Outcome, String> {
    guarded(|| allways::check(space, options, &()).map_err(|e| e.to_string()))
}

fn guarded<T>(act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<String>().cloned();
        Err(format!("the engine panics: {why:?}"))
    })
}

/// One property's outcome.
fn agrees(
    make: Make<'_>,
    spec: &Spec,
    graph: &Graph,
    space: &mut Space,
    known: &Known,
    property: &PropertyOutcome,
    coverage: &mut Coverage,
) -> Result<(), String> {
    if property.verdict != known.verdict {
        let (verdict, truth) = (known.verdict, &known.truth);
        return Err(format!(
            "{property:?}, but {verdict:?}: stem {:?}",
            truth.stem
        ));
    }
    let path = match &property.paths[..] {
        [] if known.truth.stem.is_none() => return Ok(()),
        [path] => path,
        paths => return Err(format!("{} paths", paths.len())),
    };
    let loop_length = is_lasso(spec, graph, space, known, path)?;
    if property.note.is_none()
        && let Some(shortest) = loop_length.shortest
    {
        coverage.note(Feature::LoopCompared);
        if shortest != loop_length.found {
            let found = loop_length.found;
            return Err(format!("a loop of {found} steps, where {shortest} do"));
        }
    }
    coverage.note(match loop_length.found {
        0 => Feature::Stays,
        _ => Feature::LoopOfSteps,
    });
    // Recording checks the lasso again, with the engine's own classes.
    guarded(|| {
        let about = About::default();
        let trace = record(space, property, &about).map_err(|e| e.to_string())?;
        let Some(trace) = trace else {
            return Err("no trace is recorded".to_owned());
        };
        let read = from_json(&to_json(&trace)).map_err(|e| e.to_string())?;
        let replayed = replay(&mut make(spec)?, &read).map_err(|e| e.to_string())?;
        if replayed.is_same() {
            Ok(())
        } else {
            Err(format!("the replay differs: {replayed:?}"))
        }
    })
}

/// How long a loop is, and the shortest through its state, where that is known.
struct LoopLength {
    found: usize,
    shortest: Option<usize>,
}

/// Whether the path is a fair counterexample with the shortest stem, by the oracle's own classes.
fn is_lasso(
    spec: &Spec,
    graph: &Graph,
    space: &mut Space,
    known: &Known,
    path: &Path,
) -> Result<LoopLength, String> {
    let Known { fair, truth, .. } = known;
    let walked = follow(space, spec, graph, path)?;
    let Some(start) = path.loop_start else {
        return Err("a counterexample has no loop".to_owned());
    };
    if Some(start) != truth.stem {
        return Err(format!("a stem of {start} steps, not {:?}", truth.stem));
    }
    let states = &walked.states[start..];
    let edges: Vec<fair_graphs::Edge> = (start..path.steps.len())
        .map(|i| (walked.states[i], walked.steps[i], walked.states[i + 1]))
        .collect();
    let goal = |&state: &usize| fair.states[state].goal;
    let pending = |&state: &usize| !fair.states[state].goal && fair.states[state].premise;
    let last_goal = walked.states.iter().rposition(goal);
    let since = &walked.states[last_goal.map_or(0, |last| last + 1)..];
    let contradicts = match truth.kind() {
        PropertyKind::Eventually => last_goal.is_none(),
        PropertyKind::InfinitelyOften => last_goal.is_none_or(|last| last < start),
        PropertyKind::LeadsTo => {
            last_goal.is_none_or(|last| last < start) && since.iter().any(pending)
        }
        _ => states.iter().any(|state| !goal(state)),
    };
    if !contradicts || !fair.is_fair(states, &edges) || states.first() != states.last() {
        return Err(format!("no fair counterexample: {walked:?}"));
    }
    Ok(LoopLength {
        found: edges.len(),
        shortest: fair.loop_length(truth, states[0]),
    })
}

/// Compares `n` systems; the first that differs is the error, made small if so asked.
fn compare_all(
    n: u32,
    make: Make<'_>,
    shrinks: bool,
) -> Result<BTreeMap<Feature, u32>, (u32, String)> {
    let seed = from_environment("ALLWAYS_SEED", SEED);
    let mut runner = runner(seed, n);
    let mut exercised: BTreeMap<Feature, u32> = BTreeMap::new();
    let systems = vec(any::<u8>(), LIVE_BYTES + BYTES);
    for number in 0..n {
        let Ok(mut tree) = systems.new_tree(&mut runner) else {
            unreachable!("bytes are always to be had")
        };
        let mut coverage = Coverage::default();
        let differs = |bytes: &[u8]| {
            let spec = Spec::decode_live(bytes);
            compare(&spec, make, &mut Coverage::default()).err()
        };
        let spec = Spec::decode_live(&tree.current());
        if let Err(why) = compare(&spec, make, &mut coverage) {
            let (bytes, why) = if shrinks {
                shrink(&mut tree, &differs, why)
            } else {
                (tree.current(), why)
            };
            let spec = Spec::decode_live(&bytes);
            let what = format!("system {number} of seed {seed}: {spec:?}\n{why}");
            return Err((number, what));
        }
        for feature in coverage.features() {
            *exercised.entry(feature).or_default() += 1;
        }
    }
    Ok(exercised)
}

#[test]
fn engine_and_oracle_agree_on_liveness() {
    let n = from_environment("ALLWAYS_SYSTEMS", SYSTEMS.into()) as u32;
    let exercised = compare_all(n, &space, true).unwrap_or_else(|(_, why)| panic!("{why}"));
    let mut rare = Vec::new();
    for feature in Feature::LIVE {
        let count = exercised.get(&feature).copied().unwrap_or(0);
        println!(
            "{:5.1} % {feature:?}",
            f64::from(count) * 100.0 / f64::from(n)
        );
        if count * 100 < n * 3 {
            rare.push(feature);
        }
    }
    // Few systems say little about shares.
    assert!(
        n < 1_000 || rare.is_empty(),
        "less than 3 % of {n} systems: {rare:?}"
    );
}

#[cfg(debug_assertions)]
fn is_caught(fault: allways::space::sabotage::Sabotage) {
    let make = |spec: &_| Ok(space(spec)?.sabotaged(fault));
    match compare_all(SYSTEMS_MAX, &make, false) {
        Err((number, why)) => println!(
            "{fault:?} shows in system {number}: {}",
            why.lines().last().unwrap_or("")
        ),
        Ok(_) => panic!("{fault:?} goes unnoticed in {SYSTEMS_MAX} systems"),
    }
}

#[cfg(debug_assertions)]
macro_rules! caught {
    ($($test:ident: $fault:ident),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                is_caught(allways::space::sabotage::Sabotage::$fault);
            }
        )+
    };
}

#[cfg(debug_assertions)]
caught! {
    a_timer_that_is_owed_though_set_again_is_caught: RearmedTimerOwed,
    strong_fairness_taken_for_weak_is_caught: StrongAsWeak,
    ignored_messages_that_stay_are_caught: NoOpAlwaysSuppressed,
    enabledness_within_the_component_alone_is_caught: EnabledOnlyInside,
    staying_anywhere_is_caught: StaysAnywhere,
    staying_only_where_nothing_is_enabled_is_caught: StaysOnlyAtEnds,
    copies_for_nothing_are_caught: KeptForNothing,
    declarations_about_everybody_are_caught: AssumedOfAll,
}
