//! Whether engine and oracle agree on one random system: on every state, every step, every count, every verdict, every length, and on
//! which of the shortest paths is reported.

use std::collections::BTreeMap;

use allways::search::{Options, PropertyOutcome, Verdict};
use allways::space::{Arena, Label, PropertyKind, StateSpace, StepKind};

use crate::coverage::{Coverage, Feature};
use crate::oracle::{Action, Finding, Graph};
use crate::random::{PropertySpec, Spec};
use crate::table::property_name;
use crate::walk::{Halt, Space, Walk, Walked, follow, recognise};

/// More states than this are cut off by a bound on the depth.
const STATES_MAX: usize = 300;

/// More shortest paths than this are not enumerated.
const PATHS_MAX: u64 = 3_000;

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

/// Both sides walked together, from the initial states, over every step: a bijection between their states that keeps every step.
pub(crate) struct Lockstep {
    /// For each oracle state its steps' labels, in the oracle's order.
    labels: Vec<Vec<Label>>,
    /// For each finding the keys of the paths that must be reported; `None` where there are none, or too many to choose from.
    least: Vec<Option<Vec<Keys>>>,
    enumerated: u64,
}

/// States that have met.
struct Pairing<'a> {
    graph: &'a Graph,
    /// Which state of the space each oracle state is.
    theirs: Vec<Option<usize>>,
    /// Which oracle state a text or a fingerprint stands for.
    by_text: BTreeMap<String, usize>,
    by_fingerprint: BTreeMap<u128, usize>,
    /// Oracle states in the order they were met.
    met: Vec<usize>,
}

impl Pairing<'_> {
    /// State `at` of the space is the oracle's `ours`; `None` where that lies outside a boundary.
    fn meet(&mut self, walk: &mut Walk<'_>, at: usize, ours: Option<usize>) -> Result<(), Halt> {
        let Some(ours) = ours else {
            return match walk.judge(at)?.outside {
                0 => Err(Halt::Differ(format!(
                    "not outside a boundary: {}",
                    walk.text(at)
                ))),
                _ => Ok(()),
            };
        };
        let (text, fingerprint) = (walk.text(at), walk.fingerprint(at));
        let by_text = self.by_text.get(&text).copied();
        let by_fingerprint = self.by_fingerprint.get(&fingerprint).copied();
        match (by_text, by_fingerprint, self.theirs[ours]) {
            (Some(a), Some(b), Some(c)) if a == ours && b == ours && walk.same(at, c) => Ok(()),
            (None, None, None) => {
                if let Some(other) = self
                    .theirs
                    .iter()
                    .flatten()
                    .find(|&&other| walk.same(at, other))
                {
                    let other = walk.text(*other);
                    return Err(Halt::Differ(format!(
                        "two states are the same: {text}\n  and {other}"
                    )));
                }
                self.by_text.insert(text, ours);
                self.by_fingerprint.insert(fingerprint, ours);
                self.theirs[ours] = Some(at);
                self.met.push(ours);
                Ok(())
            }
            known => Err(Halt::Differ(format!(
                "states are told apart differently: {text} is {ours} {:?}\n  but known as {known:?}",
                self.graph.states[ours]
            ))),
        }
    }
}

impl Lockstep {
    fn of(
        space: &mut Space,
        spec: &Spec,
        graph: &Graph,
        findings: &Findings,
    ) -> Result<Self, Halt> {
        let names: Vec<String> = space
            .properties()
            .iter()
            .skip(1)
            .map(|decl| decl.name.clone())
            .collect();
        if !names.iter().eq(findings.iter().map(|(_, name, _)| name)) {
            return Err(Halt::Differ(format!("the properties are {names:?}")));
        }
        let n = graph.states.len();
        let mut walk = Walk::start(space)?;
        if walk.states.len() != graph.initial.len() {
            let (theirs, ours) = (walk.states.len(), graph.initial.len());
            return Err(Halt::Differ(format!("{theirs} initial states, not {ours}")));
        }
        let mut pairing = Pairing {
            graph,
            theirs: vec![None; n],
            by_text: BTreeMap::new(),
            by_fingerprint: BTreeMap::new(),
            met: Vec::new(),
        };
        for (at, &ours) in graph.initial.iter().enumerate() {
            pairing.meet(&mut walk, at, ours)?;
        }
        let mut labels: Vec<Vec<Label>> = Vec::new();
        labels.resize_with(n, Vec::new);
        // Wherever an action is taken it has one key, and no other action has it.
        let mut keys = BTreeMap::new();
        let mut actions = BTreeMap::new();
        let mut done = 0;
        while let Some(&ours) = pairing.met.get(done) {
            done += 1;
            let Some(at) = pairing.theirs[ours] else {
                unreachable!("it has met")
            };
            judge(&mut walk, at, spec, graph, ours)?;
            if !graph.is_expanded[ours] {
                continue;
            }
            let places = walk.steps(at)?;
            let recognised = recognise(spec, graph, ours, &places)?;
            let mut ordered: Vec<(usize, Label)> = Vec::new();
            for (place, &step) in places.into_iter().zip(&recognised) {
                let next = walk.take(at, place.step)?;
                if walk.fingerprint(next) != place.fingerprint {
                    let text = walk.text(next);
                    return Err(Halt::Differ(format!(
                        "the successor has another fingerprint: {text}"
                    )));
                }
                pairing.meet(&mut walk, next, graph.steps[ours][step].to)?;
                ordered.push((step, place.label));
            }
            ordered.sort_by_key(|(step, _)| *step);
            labels[ours] = ordered.into_iter().map(|(_, label)| label).collect();
            for (step, label) in graph.steps[ours].iter().zip(&labels[ours]) {
                let Action {
                    kind,
                    actor,
                    from,
                    content,
                    interrupted,
                    ignored,
                    ref sent,
                } = step.action;
                let to = sent.first().filter(|_| kind == StepKind::Forge);
                // How many effects a handler has depends on the state it runs in.
                let crash = interrupted.map(|(event, after, _)| (event, after));
                let action = (kind, actor, from, content, crash, ignored, to.copied());
                let known = keys.entry(action).or_insert_with(|| label.key.clone());
                let owner = actions.entry(label.key.clone()).or_insert(action);
                if (&*known, &*owner) != (&label.key, &action) {
                    return Err(Halt::Differ(format!(
                        "a key is not an action's own: {label:?}"
                    )));
                }
            }
        }
        if pairing.met.len() != n {
            return Err(Halt::Differ(format!(
                "{} states, not {n}",
                pairing.met.len()
            )));
        }
        let mut lockstep = Lockstep {
            labels,
            least: Vec::new(),
            enumerated: 0,
        };
        for (_, _, finding) in findings {
            let least = lockstep.least_paths(graph, finding);
            lockstep.least.push(least);
        }
        Ok(lockstep)
    }

    /// The paths that must be reported: one to the best of the ends, or of states that disagree the best of the deepest, and of those
    /// that disagree with it the best of the shallowest.
    fn least_paths(&mut self, graph: &Graph, finding: &Finding) -> Option<Vec<Keys>> {
        if finding.pairs.is_empty() {
            return Some(vec![self.least_path(graph, &finding.ends)?.0]);
        }
        let others = |at: usize| {
            let both = finding.pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]);
            both.filter_map(move |(a, b)| (a == at).then_some(b))
        };
        let shallowest = |candidates: Vec<usize>, depth: Option<u32>| -> Vec<usize> {
            (0..graph.states.len())
                .filter(|at| candidates.contains(at) && Some(graph.depths[*at]) == depth)
                .collect()
        };
        let all = finding.pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
        let (later, end) = self.least_path(graph, &shallowest(all, finding.shortest))?;
        let depth = others(end).map(|at| graph.depths[at]).min();
        let (earlier, _) = self.least_path(graph, &shallowest(others(end).collect(), depth))?;
        Some(vec![earlier, later])
    }

    /// Enumerates all shortest paths to the ends, which are equally deep, and picks the one with the fewest faults, then the fewest
    /// switches between lanes, then the least keys.
    fn least_path(&mut self, graph: &Graph, ends: &[usize]) -> Option<(Keys, usize)> {
        let mut n_paths = vec![0_u64; graph.states.len()];
        let mut parents: Vec<Vec<(usize, usize)>> = vec![Vec::new(); graph.states.len()];
        for at in graph.initial.iter().flatten() {
            n_paths[*at] += 1;
        }
        // States are in breadth-first order.
        for at in 0..graph.states.len() {
            for (step, to) in graph.steps[at].iter().enumerate() {
                if let Some(to) = to.to.filter(|&to| graph.depths[to] == graph.depths[at] + 1) {
                    parents[to].push((at, step));
                    n_paths[to] = n_paths[to].saturating_add(n_paths[at]);
                }
            }
        }
        let n_all = ends
            .iter()
            .fold(0_u64, |sum, &end| sum.saturating_add(n_paths[end]));
        if n_all == 0 || n_all > PATHS_MAX {
            return None;
        }
        self.enumerated += n_all;
        let mut least = None;
        let mut open: Vec<(usize, usize, Vec<&Label>)> =
            ends.iter().map(|&end| (end, end, Vec::new())).collect();
        while let Some((end, at, later)) = open.pop() {
            if graph.depths[at] == 0 {
                let labels: Vec<&Label> = later.iter().rev().copied().collect();
                let faults = labels.iter().filter(|label| label.kind.is_fault()).count();
                let switches = labels
                    .windows(2)
                    .filter(|pair| pair[0].lane != pair[1].lane)
                    .count();
                let initial = graph
                    .initial
                    .iter()
                    .position(|initial| *initial == Some(at));
                let keys: Vec<Vec<u8>> = labels.iter().map(|label| label.key.clone()).collect();
                let rank = (faults, switches, initial, keys, end);
                if least.as_ref().is_none_or(|least| rank < *least) {
                    least = Some(rank);
                }
                continue;
            }
            for &(parent, step) in &parents[at] {
                let mut later = later.clone();
                later.push(&self.labels[parent][step]);
                open.push((end, parent, later));
            }
        }
        least.map(|(_, _, _, keys, end)| (keys, end))
    }
}

/// What the space says of one state, against the oracle.
fn judge(
    walk: &mut Walk<'_>,
    at: usize,
    spec: &Spec,
    graph: &Graph,
    ours: usize,
) -> Result<(), Halt> {
    let judgement = walk.judge(at)?;
    let state = &graph.states[ours];
    let offset = 1 + usize::from(spec.may_end_when.is_some());
    // `no panic` always holds: tables do not panic.
    let mut holds = 1_u64;
    let mut premise = 0_u64;
    if let Some(may_end) = &spec.may_end_when {
        holds |= u64::from(!graph.is_quiescent[ours] || state.satisfies(may_end)) << 1;
    }
    for (index, property) in spec.properties.iter().enumerate() {
        let bit = offset + index;
        let is_true = match property {
            PropertySpec::Always(p) | PropertySpec::Reachable(p) => state.satisfies(p),
            PropertySpec::Implies(p, q) => {
                premise |= u64::from(state.satisfies(p)) << bit;
                !state.satisfies(p) || state.satisfies(q)
            }
            PropertySpec::Confluent(_) | PropertySpec::ConfluentGiven(..) => true,
        };
        holds |= u64::from(is_true) << bit;
    }
    let n_confluent = spec.properties.iter().filter(|property| {
        matches!(
            property,
            PropertySpec::Confluent(_) | PropertySpec::ConfluentGiven(..)
        )
    });
    let n_confluent = if graph.is_quiescent[ours] {
        n_confluent.count()
    } else {
        0
    };
    if (
        judgement.holds,
        judgement.premise,
        judgement.outside,
        judgement.confluent.len(),
    ) != (holds, premise, 0, n_confluent)
    {
        return Err(Halt::Differ(format!(
            "a state is judged differently: {judgement:?}\n  holds is {holds:b}, premise {premise:b}, {n_confluent} values: {state:?}"
        )));
    }
    Ok(())
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
