//! The oracle: a naive interpreter of random systems, written from what the documentation promises and not from the engine's code.
//!
//! States are plain values, compared in full; nothing is hashed, interned, memoised or computed in advance. It goes level by level
//! and keeps every step, so that whatever the engine says can be looked up.

mod doing;
mod fair;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use allways::search::Verdict;
use allways::space::StepKind;

use self::steps::{ends_a_run_when_missing, initial, steps};
use crate::coverage::{Coverage, Feature};
use crate::random::{Pred, PropertySpec, Spec, Value};

/// Everything a state consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    pub(crate) locals: Vec<Local>,
    /// By sender and receiver: from the head where the link keeps order, else sorted.
    pub(crate) in_flight: Vec<Vec<Vec<u8>>>,
    stimuli_spent: Vec<u32>,
    crashes_spent: Vec<u32>,
    losses_spent: u32,
    duplicates_spent: u32,
    /// Where a rule bounds the crashes of each actor.
    crashes_of: Vec<u32>,
    /// What each actor sent of its own accord, where that is bounded.
    forges_spent: Vec<u32>,
    /// How often each formed, where that is bounded.
    partitions_spent: Vec<u32>,
    faults_spent: u32,
    partitions_up: Vec<bool>,
    observed: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Local {
    /// `None` while down.
    pub(crate) state: Option<u8>,
    pub(crate) timers: BTreeSet<u8>,
    pub(crate) choices: BTreeMap<u8, Vec<u8>>,
    pub(crate) saved: Option<u8>,
    /// What a Byzantine actor has seen, what it knew from the start left out. It survives crashes.
    pub(crate) knows: BTreeSet<u8>,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    Msg(u8),
    Timer(u8),
    /// Key and alternative.
    Choice(u8, u8),
    /// Which stimulus, and its message.
    Stimulus(usize, u8),
    Partition(usize),
    Nothing,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultOf {
    /// Under this rule.
    Crash(usize),
    /// On links that share a budget.
    Loss,
    /// On links without one.
    FreeLoss,
    Duplicate,
    FreeDuplicate,
    Partition(usize),
    Forge(usize),
}

/// A step as it can be recognised. The number of actors stands for the environment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Action {
    pub(crate) kind: StepKind,
    pub(crate) actor: usize,
    pub(crate) from: Option<usize>,
    pub(crate) content: Content,
    /// Receiver and message.
    pub(crate) sent: Vec<(usize, u8)>,
    /// Of a crash inside a handler: the event, how many effects happened, of how many.
    pub(crate) interrupted: Option<(StepKind, u32, u32)>,
    /// Of an event that is ignored: which kind it is of.
    pub(crate) ignored: Option<StepKind>,
}

pub(crate) struct Step {
    pub(crate) action: Action,
    /// `None` outside a boundary.
    pub(crate) to: Option<usize>,
    /// Timers that were set before, and that the handler sets again.
    rearmed: Vec<(usize, u8)>,
}

/// The reachable states, in breadth-first order.
pub(crate) struct Graph {
    pub(crate) states: Vec<State>,
    pub(crate) depths: Vec<u32>,
    /// Empty where a state is not expanded.
    pub(crate) steps: Vec<Vec<Step>>,
    pub(crate) is_expanded: Vec<bool>,
    pub(crate) is_quiescent: Vec<bool>,
    /// The initial states; `None` outside a boundary.
    pub(crate) initial: Vec<Option<usize>>,
    /// The bound that the search needs to see the same.
    pub(crate) depth_max: Option<u32>,
    /// Something was cut off by a boundary or by the bound.
    pub(crate) is_cut: bool,
    pub(crate) generated: u64,
}

/// What the oracle knows of a property.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// Steps of the shortest counterexample or witness.
    pub(crate) shortest: Option<u32>,
    /// The states in which a shortest one may end.
    pub(crate) ends: Vec<usize>,
    /// `confluent`: pairs of states that disagree.
    pub(crate) pairs: Vec<(usize, usize)>,
}

impl Graph {
    /// Every reachable state. Beyond `states_max` states, or where `depth_max` says so, a bound on the depth cuts the rest off.
    pub(crate) fn of(
        spec: &Spec,
        states_max: usize,
        depth_max: Option<u32>,
        coverage: &mut Coverage,
    ) -> Graph {
        let keeps_no_ops = spec.keeps_no_ops();
        let mut graph = Graph {
            states: Vec::new(),
            depths: Vec::new(),
            steps: Vec::new(),
            is_expanded: Vec::new(),
            is_quiescent: Vec::new(),
            initial: Vec::new(),
            depth_max,
            is_cut: false,
            generated: 0,
        };
        let mut known: BTreeMap<State, usize> = BTreeMap::new();
        let mut level: Vec<usize> = Vec::new();
        for state in initial(spec, coverage) {
            let at = graph.place(spec, &mut known, &mut level, state, 0);
            graph.initial.push(at);
            graph.generated += u64::from(at.is_some());
        }
        graph.is_cut = graph.initial.contains(&None);
        let mut depth = 0;
        while !level.is_empty() {
            let before = (graph.states.len(), graph.generated, graph.is_cut);
            let mut next = Vec::new();
            let mut here = coverage.clone();
            for &from in &level {
                let mut kept = Vec::new();
                for done in steps(spec, &graph.states[from].clone()) {
                    if done.is_no_op {
                        here.note(Feature::NoOp);
                        if !keeps_no_ops {
                            here.note(Feature::NoOpLeftOut);
                            continue;
                        }
                    }
                    here.add(&done.coverage);
                    let to = graph.place(spec, &mut known, &mut next, done.state, depth + 1);
                    graph.generated += u64::from(to.is_some());
                    if to.is_none() {
                        here.note(Feature::Boundary);
                        graph.is_cut = true;
                    }
                    kept.push(Step {
                        action: done.action,
                        to,
                        rearmed: done.rearmed,
                    });
                }
                graph.is_expanded[from] = true;
                graph.is_quiescent[from] = !kept
                    .iter()
                    .any(|step| ends_a_run_when_missing(step.action.kind));
                graph.steps[from] = kept;
            }
            let is_deepest = graph.depth_max == Some(depth) && !next.is_empty();
            if is_deepest || graph.states.len() > states_max {
                // The states of this level are known, but not what follows them.
                (_, graph.generated, _) = before;
                graph.is_cut = true;
                graph.depth_max = Some(depth);
                for &from in &level {
                    graph.steps[from].clear();
                    graph.is_expanded[from] = false;
                }
                graph.states.truncate(before.0);
                graph.depths.truncate(before.0);
                graph.steps.truncate(before.0);
                graph.is_expanded.truncate(before.0);
                graph.is_quiescent.truncate(before.0);
                coverage.note(Feature::DepthBound);
                return graph;
            }
            *coverage = here;
            level = next;
            depth += 1;
        }
        graph
    }

    /// The state's number, a new one for a new state; none outside a boundary.
    fn place(
        &mut self,
        spec: &Spec,
        known: &mut BTreeMap<State, usize>,
        level: &mut Vec<usize>,
        state: State,
        depth: u32,
    ) -> Option<usize> {
        if spec
            .boundaries
            .iter()
            .any(|boundary| !state.satisfies(boundary))
        {
            return None;
        }
        if let Some(&at) = known.get(&state) {
            return Some(at);
        }
        let at = self.states.len();
        known.insert(state.clone(), at);
        level.push(at);
        self.states.push(state);
        self.depths.push(depth);
        self.steps.push(Vec::new());
        self.is_expanded.push(false);
        self.is_quiescent.push(false);
        Some(at)
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depths.last().copied().unwrap_or(0)
    }

    /// What is to be said of the deadlock check.
    pub(crate) fn deadlock(&self, may_end: &Pred) -> Finding {
        self.invariant(|at| !self.is_quiescent[at] || self.states[at].satisfies(may_end))
    }

    pub(crate) fn finding(&self, property: &PropertySpec) -> Finding {
        let holds = |p: &Pred, at: usize| self.states[at].satisfies(p);
        match property {
            PropertySpec::Always(p) => self.invariant(|at| holds(p, at)),
            PropertySpec::Implies(p, q) => {
                let finding = self.invariant(|at| !holds(p, at) || holds(q, at));
                let is_vacuous = !self.is_cut && !(0..self.states.len()).any(|at| holds(p, at));
                if is_vacuous {
                    Finding {
                        verdict: Verdict::Vacuous,
                        ..finding
                    }
                } else {
                    finding
                }
            }
            PropertySpec::Reachable(p) => {
                let finding = self.first(|at| holds(p, at));
                let verdict = match (finding.shortest, self.is_cut) {
                    (Some(_), _) => Verdict::Holds,
                    (None, true) => Verdict::Inconclusive,
                    (None, false) => Verdict::Violated,
                };
                Finding { verdict, ..finding }
            }
            PropertySpec::Confluent(values) => {
                self.confluent(State::spent, |state| state.values(values))
            }
            PropertySpec::ConfluentGiven(inputs, values) => {
                self.confluent(|state| state.values(inputs), |state| state.values(values))
            }
        }
    }

    /// The shallowest states that satisfy a condition.
    fn first(&self, wanted: impl Fn(usize) -> bool) -> Finding {
        let all: Vec<usize> = (0..self.states.len()).filter(|&at| wanted(at)).collect();
        let shortest = all.iter().map(|&at| self.depths[at]).min();
        let ends = all
            .into_iter()
            .filter(|&at| Some(self.depths[at]) == shortest)
            .collect();
        Finding {
            verdict: Verdict::Holds,
            shortest,
            ends,
            pairs: Vec::new(),
        }
    }

    fn invariant(&self, holds: impl Fn(usize) -> bool) -> Finding {
        let finding = self.first(|at| !holds(at));
        let verdict = match (finding.shortest, self.is_cut) {
            (Some(_), _) => Verdict::Violated,
            (None, true) => Verdict::HoldsWithinBounds,
            (None, false) => Verdict::Holds,
        };
        Finding { verdict, ..finding }
    }

    fn confluent<K: PartialEq, V: PartialEq>(
        &self,
        inputs: impl Fn(&State) -> K,
        value: impl Fn(&State) -> V,
    ) -> Finding {
        let quiescent: Vec<usize> = (0..self.states.len())
            .filter(|&at| self.is_quiescent[at])
            .collect();
        let valued: Vec<(usize, K, V)> = quiescent
            .iter()
            .map(|&at| (at, inputs(&self.states[at]), value(&self.states[at])))
            .collect();
        let mut pairs = Vec::new();
        for (i, (second, inputs, value)) in valued.iter().enumerate() {
            for (first, other_inputs, other_value) in &valued[..i] {
                if inputs == other_inputs && value != other_value {
                    pairs.push((*first, *second));
                }
            }
        }
        // States are in breadth-first order: the second of a pair is the deeper one.
        let shortest = pairs.iter().map(|&(_, second)| self.depths[second]).min();
        pairs.retain(|&(_, second)| Some(self.depths[second]) == shortest);
        let verdict = match (shortest, self.is_cut, quiescent.is_empty()) {
            (Some(_), _, _) => Verdict::Violated,
            (None, true, _) => Verdict::Inconclusive,
            (None, false, true) => Verdict::Vacuous,
            (None, false, false) => Verdict::Holds,
        };
        Finding {
            verdict,
            shortest,
            ends: Vec::new(),
            pairs,
        }
    }
}

impl State {
    pub(crate) fn satisfies(&self, pred: &Pred) -> bool {
        pred.holds(&|atom| match *atom {
            Pred::StateIs(actor, value) => self.locals[actor].state == Some(value),
            Pred::IsUp(actor) => self.locals[actor].state.is_some(),
            Pred::Saved(actor, value) => self.locals[actor].saved == Some(value),
            Pred::Partitioned(Some(index)) => self.partitions_up[index],
            Pred::Partitioned(None) => self.partitions_up.contains(&true),
            Pred::HasTimer(actor, timer) => self.locals[actor].timers.contains(&timer),
            Pred::Observed(observer, value) => self.observed[observer] == value,
            Pred::InFlightMax(n_max) => self.in_flight.iter().flatten().flatten().count() <= n_max,
            Pred::InFlight(msg) => self
                .in_flight
                .iter()
                .flatten()
                .flatten()
                .any(|&other| other == msg),
            Pred::Not(_) | Pred::And(..) | Pred::Or(..) => unreachable!("not an atom"),
        })
    }

    /// How many faults of a kind that has a budget led here.
    pub(crate) fn faults(&self, of: FaultOf) -> u32 {
        match of {
            FaultOf::Crash(rule) => self.crashes_spent[rule],
            FaultOf::Loss => self.losses_spent,
            FaultOf::Duplicate => self.duplicates_spent,
            FaultOf::Partition(index) => self.partitions_spent[index],
            FaultOf::Forge(actor) => self.forges_spent[actor],
            FaultOf::FreeLoss | FaultOf::FreeDuplicate => 0,
        }
    }

    /// Stimuli and faults spent.
    fn spent(&self) -> Vec<u32> {
        let mut spent = self.stimuli_spent.clone();
        spent.extend(&self.crashes_spent);
        spent.extend([self.losses_spent, self.duplicates_spent, self.faults_spent]);
        spent.extend(self.crashes_of.iter().chain(&self.partitions_spent));
        spent.extend(&self.forges_spent);
        spent
    }

    fn values(&self, values: &[Value]) -> Vec<Option<u8>> {
        let value = |value: &Value| match *value {
            Value::State(actor) => self.locals[actor].state,
            Value::Saved(actor) => self.locals[actor].saved,
            Value::Observed(observer) => Some(self.observed[observer]),
        };
        values.iter().map(value).collect()
    }
}
