//! Both sides walked together, from the initial states, over every step: a bijection between their states that keeps every step, and what
//! each side says of each state. It also knows which of the shortest paths has to be reported.

use std::collections::BTreeMap;

use allways::space::{Arena, Label, StateSpace, StepKind};

use super::{Findings, Keys};
use crate::oracle::{Action, Finding, Graph};
use crate::random::{PropertySpec, Spec};
use crate::walk::{Halt, Space, Walk, recognise};

/// More shortest paths than this are not enumerated.
const PATHS_MAX: u64 = 3_000;

/// Both sides walked together, from the initial states, over every step: a bijection between their states that keeps every step.
pub(super) struct Lockstep {
    /// For each oracle state its steps' labels, in the oracle's order.
    pub(super) labels: Vec<Vec<Label>>,
    /// For each finding the keys of the paths that must be reported; `None` where there are none, or too many to choose from.
    pub(super) least: Vec<Option<Vec<Keys>>>,
    pub(super) enumerated: u64,
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
    pub(super) fn of(
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
