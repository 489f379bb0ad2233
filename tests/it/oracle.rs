//! The oracle: a naive interpreter of random systems, written from what the documentation promises and not from the engine's code.
//!
//! States are plain values, compared in full; nothing is hashed, interned, memoised or computed in advance. It goes level by level
//! and keeps every step, so that whatever the engine says can be looked up.

use std::collections::{BTreeMap, BTreeSet};

use allways::search::Verdict;
use allways::space::StepKind;

use crate::coverage::{Coverage, Feature};
use crate::random::{
    Effect, EventKind, LinkSpec, Pred, PropertySpec, Reaction, Spec, Target, Told, Value,
};

/// Everything a state consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    pub(crate) locals: Vec<Local>,
    /// By sender and receiver: from the head where the link keeps order, else sorted.
    pub(crate) in_flight: Vec<Vec<Vec<u8>>>,
    stimuli_spent: Vec<u32>,
    crashes_spent: Vec<u32>,
    losses_spent: u32,
    observed: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Local {
    /// `None` while down.
    pub(crate) state: Option<u8>,
    pub(crate) timers: BTreeSet<u8>,
    pub(crate) choices: BTreeMap<u8, Vec<u8>>,
    pub(crate) saved: Option<u8>,
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
    Nothing,
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
}

pub(crate) struct Step {
    pub(crate) action: Action,
    /// `None` outside a boundary.
    pub(crate) to: Option<usize>,
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

/// A step under way: the state so far, what was sent, what observers make of it.
struct Doing<'a> {
    spec: &'a Spec,
    state: State,
    sent: Vec<(usize, u8)>,
    coverage: Coverage,
}

impl Doing<'_> {
    fn tell(&mut self, told: Told) {
        for (value, observer) in self.state.observed.iter_mut().zip(&self.spec.observers) {
            if let Some(next) = observer.fold(*value, told) {
                *value = next;
            }
        }
    }

    fn send(&mut self, from: usize, to: usize, msg: u8) {
        self.sent.push((to, msg));
        self.tell((EventKind::Sent, from, Some(msg)));
        if to >= self.spec.actors.len() {
            return;
        }
        let link = self.spec.links[from][to];
        let channel = &mut self.state.in_flight[from][to];
        self.coverage.note_link(link);
        if link.fifo {
            channel.push(msg);
            return;
        }
        let copies = channel.iter().filter(|&&other| other == msg).count();
        if copies > 0 {
            self.coverage.note(Feature::DuplicateEnvelope);
        }
        let is_full = link
            .capacity
            .is_some_and(|capacity| copies >= capacity as usize);
        if !(link.duplicating && copies > 0 || is_full) {
            channel.push(msg);
            channel.sort_unstable();
        }
    }

    fn effects(&mut self, actor: usize, src: Option<usize>, effects: &[Effect]) {
        for effect in effects {
            let local = &mut self.state.locals[actor];
            match effect {
                Effect::Send(Target::Actor(to), msg) => self.send(actor, *to, *msg),
                Effect::Send(Target::Reply, msg) => {
                    if let Some(src) = src {
                        self.send(actor, src, *msg);
                    }
                }
                Effect::Set(timer) => {
                    let feature = if local.timers.insert(*timer) {
                        Feature::TimerSet
                    } else {
                        Feature::TimerReset
                    };
                    self.coverage.note(feature);
                }
                Effect::Cancel(timer) => {
                    if local.timers.remove(timer) {
                        self.coverage.note(Feature::TimerCancelled);
                    }
                }
                Effect::Choose(key, alternatives) => {
                    local.choices.remove(key);
                    if !alternatives.is_empty() {
                        local.choices.insert(*key, alternatives.clone());
                    }
                }
                Effect::Save(value) => local.saved = Some(*value),
            }
        }
    }

    fn react(&mut self, actor: usize, src: Option<usize>, reaction: &Reaction) {
        if let Some(next) = reaction.state {
            self.state.locals[actor].state = Some(next);
        }
        self.effects(actor, src, &reaction.effects);
    }

    fn receive(&mut self, actor: usize, src: usize, msg: u8) {
        self.tell((EventKind::Received, actor, Some(msg)));
        let spec = self.spec;
        if let Some(state) = self.state.locals[actor].state {
            let handler = &spec.actors[actor].on_msg[usize::from(state)][usize::from(msg)];
            self.react(actor, Some(src), handler.reaction(src));
        }
    }

    fn start(&mut self, actor: usize) {
        let spec = self.spec;
        let saved = self.state.locals[actor].saved;
        let start = &spec.actors[actor].start[saved.map_or(0, |saved| usize::from(saved) + 1)];
        self.state.locals[actor].state = Some(start.state);
        self.effects(actor, None, &start.effects);
    }
}

impl LinkSpec {
    /// Deliveries without effect are left out where nothing else could notice them.
    fn may_suppress(self) -> bool {
        !self.fifo && !self.duplicating && self.capacity.is_none()
    }
}

/// A finished step: its label, the next state, what it exercised, and whether it is left out.
struct Done {
    action: Action,
    state: State,
    coverage: Coverage,
    is_no_op: bool,
}

/// All enabled steps of a state.
fn steps(spec: &Spec, state: &State) -> Vec<Done> {
    let n = spec.actors.len();
    let mut all = Vec::new();
    let mut step = |kind: StepKind,
                    actor: usize,
                    from: Option<usize>,
                    content: Content,
                    act: &dyn Fn(&mut Doing<'_>)| {
        let mut doing = Doing {
            spec,
            state: state.clone(),
            sent: Vec::new(),
            coverage: Coverage::default(),
        };
        act(&mut doing);
        let is_no_op = match (kind, from) {
            (StepKind::Deliver, Some(from)) => {
                spec.links[from][actor].may_suppress()
                    && doing.sent.is_empty()
                    && doing.state.locals == state.locals
                    && doing.state.observed == state.observed
            }
            _ => false,
        };
        let action = Action {
            kind,
            actor,
            from,
            content,
            sent: doing.sent,
        };
        all.push(Done {
            action,
            state: doing.state,
            coverage: doing.coverage,
            is_no_op,
        });
    };
    for to in 0..n {
        for from in 0..n {
            let link = spec.links[from][to];
            let channel = &state.in_flight[from][to];
            let mut deliverable = channel.clone();
            deliverable.dedup();
            if link.fifo {
                deliverable.truncate(1);
            }
            for msg in deliverable {
                let content = Content::Msg(msg);
                let take = |doing: &mut Doing<'_>| {
                    let channel = &mut doing.state.in_flight[from][to];
                    let at = channel.iter().position(|&other| other == msg);
                    channel.remove(at.expect("it is in flight"));
                };
                if state.locals[to].state.is_some() {
                    step(StepKind::Deliver, to, Some(from), content, &|doing| {
                        take(doing);
                        doing.receive(to, from, msg);
                    });
                    if link.duplicating {
                        step(StepKind::Duplicate, to, Some(from), content, &|doing| {
                            doing.coverage.note(Feature::Duplication);
                            doing.receive(to, from, msg);
                        });
                    }
                }
                if link.losing && !(link.budgeted && state.losses_spent >= spec.loss_budget) {
                    step(StepKind::Drop, to, Some(from), content, &|doing| {
                        doing.coverage.note(Feature::Loss);
                        take(doing);
                        if link.budgeted {
                            doing.state.losses_spent += 1;
                        }
                        doing.tell((EventKind::Lost, to, Some(msg)));
                    });
                }
            }
        }
    }
    for (actor, local) in state.locals.iter().enumerate() {
        let of_this = |of: &Option<Vec<usize>>| of.as_ref().is_none_or(|of| of.contains(&actor));
        let rule = spec.crashes.iter().position(|rule| of_this(&rule.of));
        let Some(now) = local.state else {
            if rule.is_some_and(|rule| spec.crashes[rule].recover) {
                step(StepKind::Recover, actor, None, Content::Nothing, &|doing| {
                    doing.coverage.note(Feature::Recovery);
                    if local.saved.is_some() {
                        doing.coverage.note(Feature::RecoveryWithStorage);
                    }
                    doing.tell((EventKind::Recovered, actor, None));
                    doing.start(actor);
                });
            }
            continue;
        };
        let row = usize::from(now);
        for &timer in &local.timers {
            step(
                StepKind::Timeout,
                actor,
                None,
                Content::Timer(timer),
                &|doing| {
                    doing.coverage.note(Feature::TimerFired);
                    doing.state.locals[actor].timers.remove(&timer);
                    doing.tell((EventKind::TimedOut, actor, None));
                    doing.react(
                        actor,
                        None,
                        &spec.actors[actor].on_timer[row][usize::from(timer)],
                    );
                },
            );
        }
        for (&key, alternatives) in &local.choices {
            for &alternative in alternatives {
                step(
                    StepKind::Choose,
                    actor,
                    None,
                    Content::Choice(key, alternative),
                    &|doing| {
                        doing.coverage.note(Feature::Choice);
                        doing.state.locals[actor].choices.remove(&key);
                        doing.tell((EventKind::Chose, actor, None));
                        doing.react(
                            actor,
                            None,
                            &spec.actors[actor].on_choice[row][usize::from(alternative)],
                        );
                    },
                );
            }
        }
        if let Some(rule) =
            rule.filter(|&rule| state.crashes_spent[rule] < spec.crashes[rule].budget)
        {
            step(StepKind::Crash, actor, None, Content::Nothing, &|doing| {
                doing.coverage.note(Feature::Crash);
                if local.saved.is_some() {
                    doing.coverage.note(Feature::CrashWithStorage);
                }
                doing.state.crashes_spent[rule] += 1;
                doing.state.locals[actor] = Local {
                    saved: local.saved,
                    ..Local::default()
                };
                doing.tell((EventKind::Crashed, actor, None));
            });
        }
        for (index, stimulus) in spec.stimuli.iter().enumerate() {
            if stimulus.to == actor && state.stimuli_spent[index] < stimulus.budget {
                let content = Content::Stimulus(index, stimulus.msg);
                step(StepKind::Stimulus, actor, None, content, &|doing| {
                    doing.coverage.note(Feature::Stimulus);
                    doing.state.stimuli_spent[index] += 1;
                    doing.receive(actor, n, stimulus.msg);
                });
            }
        }
    }
    all
}

/// Whether the step counts for quiescence.
fn ends_a_run_when_missing(kind: StepKind) -> bool {
    !matches!(
        kind,
        StepKind::Stimulus | StepKind::Crash | StepKind::Drop | StepKind::Duplicate
    )
}

/// The initial states, the last actor's alternatives changing first.
fn initial(spec: &Spec, coverage: &mut Coverage) -> Vec<State> {
    let n = spec.actors.len();
    let mut doing = Doing {
        spec,
        state: State {
            locals: vec![Local::default(); n],
            in_flight: vec![vec![Vec::new(); n]; n],
            stimuli_spent: vec![0; spec.stimuli.len()],
            crashes_spent: vec![0; spec.crashes.len()],
            losses_spent: 0,
            observed: vec![0; spec.observers.len()],
        },
        sent: Vec::new(),
        coverage: Coverage::default(),
    };
    for actor in 0..n {
        doing.start(actor);
    }
    coverage.add(&doing.coverage);
    let mut all = vec![doing.state];
    for (actor, spec) in spec
        .actors
        .iter()
        .enumerate()
        .filter(|(_, spec)| !spec.starts.is_empty())
    {
        let with = |state: &State, start: u8| {
            let mut state = state.clone();
            state.locals[actor].state = Some(start);
            state
        };
        all = all
            .iter()
            .flat_map(|state| spec.starts.iter().map(move |&start| with(state, start)))
            .collect();
    }
    if all.len() > 1 {
        coverage.note(Feature::SeveralInitialStates);
    }
    all
}

impl Graph {
    /// Every reachable state. Beyond `states_max` states, or where `depth_max` says so, a bound on the depth cuts the rest off.
    pub(crate) fn of(
        spec: &Spec,
        states_max: usize,
        depth_max: Option<u32>,
        coverage: &mut Coverage,
    ) -> Graph {
        let keeps_no_ops = spec.reads_network();
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

    /// Stimuli and faults spent.
    fn spent(&self) -> Vec<u32> {
        let mut spent = self.stimuli_spent.clone();
        spent.extend(&self.crashes_spent);
        spent.push(self.losses_spent);
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
