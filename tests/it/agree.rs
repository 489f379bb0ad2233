//! Whether engine and oracle agree on one random system: on every state, every step, every count, every verdict, every length, and on
//! which of the shortest paths is reported.

mod lockstep;

use allways::search::{Options, PropertyOutcome, Verdict};
use allways::space::PropertyKind;

use self::lockstep::Lockstep;
use crate::coverage::{Coverage, Feature};
use crate::oracle::{Finding, Graph};
use crate::random::{PropertySpec, Spec};
use crate::table::property_name;
use crate::walk::{Halt, Space, Walked, follow};

/// More states than this are cut off by a bound on the depth.
const STATES_MAX: usize = 300;

/// How a space is made of a system; tests of the tests make broken ones.
pub(crate) type Make<'a> = &'a dyn Fn(&Spec) -> Result<Space, String>;

/// Compares everything. What was exercised is noted in `coverage`.
pub(crate) fn compare(
    spec: &Spec,
    make: Make<'_>,
    coverage: &mut Coverage,
) -> Result<Sizes, String> {
    let graph = Graph::of(spec, STATES_MAX, spec.depth_max, coverage);
    let findings = findings(spec, &graph);
    note_verdicts(&findings, coverage);
    let mut space = make(spec)?;
    let mut lockstep = Lockstep::of(&mut space, spec, &graph, &findings);
    if let Err(Halt::Restart) = lockstep {
        // The space has learnt that the network is read; there is nothing else to learn.
        lockstep = Lockstep::of(&mut space, spec, &graph, &findings);
    }
    let lockstep = match lockstep {
        Ok(lockstep) => lockstep,
        Err(Halt::Differ(why)) => return Err(why),
        Err(Halt::Restart) => return Err("the space asks to begin again, again".to_owned()),
    };
    let base = Options {
        depth_max: graph.depth_max,
        ..Options::default()
    };
    let runs = [
        ("1 thread", base.clone()),
        (
            "2 threads",
            Options {
                threads: 2,
                ..base.clone()
            },
        ),
        (
            "3 threads",
            Options {
                threads: 3,
                ..base.clone()
            },
        ),
        (
            "exact",
            Options {
                exact: true,
                ..base.clone()
            },
        ),
        (
            "exact, 2 threads",
            Options {
                exact: true,
                threads: 2,
                ..base.clone()
            },
        ),
        (
            "128 bits, another seed",
            Options {
                fingerprint_bits: 128,
                hash_seed: 7,
                ..base.clone()
            },
        ),
        (
            "first found",
            Options {
                threads: 2,
                tie_break_max: 0,
                ..base
            },
        ),
    ];
    let mut first: Option<Said> = None;
    for (name, options) in runs {
        let mut space = make(spec)?;
        let said = check_run(&mut space, spec, &graph, &findings, &lockstep, &options)
            .map_err(|why| format!("{name}: {why}"))?;
        match &first {
            None => first = Some(said),
            // Where the first found is reported it may be another of the shortest.
            Some(first) if *first == said || name == "first found" => {}
            Some(first) => {
                return Err(format!(
                    "{name}: says {said:?}\n  where 1 thread says {first:?}"
                ));
            }
        }
    }
    let chosen = lockstep.least.iter().flatten().count() as u64;
    Ok(Sizes {
        states: graph.states.len(),
        enumerated: lockstep.enumerated,
        chosen,
    })
}

/// The oracle's findings: kind, name, finding.
type Findings = Vec<(PropertyKind, String, Finding)>;

/// How much was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    pub(crate) states: usize,
    /// Shortest paths enumerated for the tie-break.
    pub(crate) enumerated: u64,
    /// Findings whose least path was compared.
    pub(crate) chosen: u64,
}

/// The oracle's findings, in the order of the space's properties: the deadlock check first, if there is one.
fn findings(spec: &Spec, graph: &Graph) -> Findings {
    let deadlock = spec.may_end_when.iter().map(|may_end| {
        (
            PropertyKind::NoDeadlock,
            "no deadlock".to_owned(),
            graph.deadlock(may_end),
        )
    });
    let declared = spec.properties.iter().enumerate().map(|(index, property)| {
        let kind = match property {
            PropertySpec::Always(_) => PropertyKind::Always,
            PropertySpec::Implies(..) => PropertyKind::Implies,
            PropertySpec::Reachable(_) => PropertyKind::Reachable,
            PropertySpec::Confluent(_) | PropertySpec::ConfluentGiven(..) => {
                PropertyKind::Confluent
            }
        };
        (kind, property_name(index), graph.finding(property))
    });
    deadlock.chain(declared).collect()
}

fn note_verdicts(findings: &Findings, coverage: &mut Coverage) {
    for (kind, _, finding) in findings {
        match (kind, finding.verdict) {
            (PropertyKind::NoDeadlock, Verdict::Violated) => coverage.note(Feature::Deadlock),
            (PropertyKind::Always, Verdict::Violated) => coverage.note(Feature::AlwaysViolated),
            (PropertyKind::Implies, Verdict::Violated) => coverage.note(Feature::ImpliesViolated),
            (PropertyKind::Implies, Verdict::Vacuous) => coverage.note(Feature::ImpliesVacuous),
            (PropertyKind::Reachable, Verdict::Violated) => {
                coverage.note(Feature::ReachableViolated)
            }
            (PropertyKind::Confluent, Verdict::Violated) => {
                coverage.note(Feature::ConfluentViolated)
            }
            (PropertyKind::Confluent, Verdict::Holds) => coverage.note(Feature::ConfluentHolds),
            _ => {}
        }
    }
}

/// What a run says, in words that do not depend on how it numbers steps: counts, verdicts, and for each path its keys.
type Said = (String, Vec<Vec<Keys>>);

/// A path as the keys of its steps.
type Keys = Vec<Vec<u8>>;

/// Checks the system and holds everything that is said against the oracle.
fn check_run(
    space: &mut Space,
    spec: &Spec,
    graph: &Graph,
    findings: &Findings,
    lockstep: &Lockstep,
    options: &Options,
) -> Result<Said, String> {
    let outcome = allways::check(space, options, &()).map_err(|e| e.to_string())?;
    let (counts, n) = (outcome.counts, graph.states.len() as u64);
    let n_initial = graph.initial.iter().flatten().count() as u64;
    let ours = (
        n,
        graph.generated,
        graph.generated - n_initial,
        graph.depth(),
    );
    if (
        counts.unique,
        counts.generated,
        counts.transitions,
        counts.depth,
    ) != ours
    {
        return Err(format!(
            "{counts:?}, not (unique, generated, transitions, depth) {ours:?}"
        ));
    }
    if outcome.cuts.is_empty() == graph.is_cut {
        return Err(format!(
            "the cuts are {:?}, but cut is {}",
            outcome.cuts, graph.is_cut
        ));
    }
    if outcome.stopped.is_some()
        || outcome.exact != options.exact
        || (options.exact || n > 1) && options.exact != (outcome.omission_bound == 0.0)
    {
        return Err(format!(
            "the outcome is out of tune with its options: {outcome:?}"
        ));
    }
    let [no_panic, rest @ ..] = &outcome.properties[..] else {
        return Err("no property is reported".to_owned());
    };
    let usual = if graph.is_cut {
        Verdict::HoldsWithinBounds
    } else {
        Verdict::Holds
    };
    if (no_panic.decl.kind, no_panic.verdict) != (PropertyKind::NoPanic, usual)
        || rest.len() != findings.len()
    {
        return Err(format!("the properties are {:?}", outcome.properties));
    }
    let mut said = vec![];
    for ((property, finding), least) in rest.iter().zip(findings).zip(&lockstep.least) {
        let (kind, name, finding) = finding;
        if (property.decl.kind, &property.decl.name, property.verdict)
            != (*kind, name, finding.verdict)
        {
            return Err(format!(
                "{property:?}, but the oracle says {kind:?} {name} {finding:?}"
            ));
        }
        let mut paths = Vec::new();
        for path in &property.paths {
            paths.push(follow(space, spec, graph, path).map_err(|why| format!("{name}: {why}"))?);
        }
        check_paths(property, finding, graph, &paths)?;
        for path in &paths {
            has_known_keys(path, graph, lockstep).map_err(|why| format!("{name}: {why}"))?;
        }
        let keys: Vec<Keys> = paths
            .iter()
            .map(|path| path.labels.iter().map(|label| label.key.clone()).collect())
            .collect();
        if options.tie_break_max > 0 && keys.is_empty() == property.tie_break {
            return Err(format!("{name}: a tie-break is {}", property.tie_break));
        }
        if let Some(least) = least
            && property.tie_break
            && keys != *least
        {
            return Err(format!(
                "{name}: among the shortest not the least: {keys:?}\n  the least is {least:?}"
            ));
        }
        said.push(keys);
    }
    let verdicts: Vec<_> = outcome
        .properties
        .iter()
        .map(|p| (p.verdict, p.tie_break, p.note.clone()))
        .collect();
    Ok((format!("{counts:?} {:?} {verdicts:?}", outcome.cuts), said))
}

/// A step has the same key whichever run asks for it.
fn has_known_keys(path: &Walked, graph: &Graph, lockstep: &Lockstep) -> Result<(), String> {
    for ((&from, &to), label) in path.states.iter().zip(&path.states[1..]).zip(&path.labels) {
        let mut steps = graph.steps[from].iter().zip(&lockstep.labels[from]);
        if !steps.any(|(step, known)| step.to == Some(to) && known == label) {
            return Err(format!(
                "a step is labelled differently in another run: {label:?}"
            ));
        }
    }
    Ok(())
}

/// Paths lead where they should, and none is longer than need be.
fn check_paths(
    property: &PropertyOutcome,
    finding: &Finding,
    graph: &Graph,
    paths: &[Walked],
) -> Result<(), String> {
    let ends: Vec<usize> = paths
        .iter()
        .filter_map(|path| path.states.last().copied())
        .collect();
    let lengths: Vec<u32> = paths.iter().map(|path| path.labels.len() as u32).collect();
    let fits = match &ends[..] {
        [] => finding.shortest.is_none(),
        [end] => finding.ends.contains(end),
        [a, b] => finding.pairs.contains(&(*a, *b)) || finding.pairs.contains(&(*b, *a)),
        _ => false,
    };
    let is_shortest = lengths
        .iter()
        .zip(&ends)
        .all(|(&length, &end)| length == graph.depths[end]);
    let whole = lengths.iter().max().copied();
    if fits && is_shortest && whole == finding.shortest {
        return Ok(());
    }
    Err(format!(
        "{property:?}\n  leads to {ends:?} in {lengths:?} steps, but the oracle says {finding:?}"
    ))
}
