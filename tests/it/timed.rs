//! Random small systems with ticks against a naive interpreter, written from what [`Timing`]'s documentation promises: states are plain
//! values compared in full, and fair cycles are found by definition.

use std::collections::{BTreeMap, BTreeSet};

use allways::check;
use allways::search::{Options, Verdict};
use allways::space::ActorSpace;

use crate::timed_systems::{Effect, Random, Reaction, Spec, Watch, Window};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Local {
    /// `None` while down.
    state: Option<u8>,
    timers: BTreeMap<u8, Window>,
    /// How many alternatives there are.
    choices: u8,
}

/// Messages, each with the ticks that remain.
type Channel = Vec<(u8, Option<Window>)>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    locals: Vec<Local>,
    /// By sender and receiver, in the order of sending; without order where the link keeps none. Before the moment no message has a window.
    in_flight: Vec<Vec<Channel>>,
    keeps_time: bool,
    lost: bool,
    duplicated: bool,
    crashed: bool,
    is_cut: bool,
    was_cut: bool,
    /// The stimuli that happened.
    stimulated: Vec<bool>,
    seen: u8,
}

/// What fairness speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Delivery(usize, usize, u8),
    Timer(usize, u8),
    Choice(usize),
    Stimulus(usize),
    Recovery,
    Heal,
    Tick,
    Moment,
}

#[derive(Clone, Debug)]
struct Step {
    to: State,
    takes: BTreeSet<Class>,
    is_tick: bool,
    /// It happens at once and by itself.
    is_instant: bool,
    /// Neither fault nor a tick that changes nothing.
    wakes: bool,
}

/// A handler that runs: the event is consumed already.
struct Happening<'a> {
    before: State,
    actor: usize,
    reaction: &'a Reaction,
    told: Watch,
    takes: BTreeSet<Class>,
    is_instant: bool,
    wakes: bool,
}

/// The numbers of effects after which a crash inside leaves something of its own behind: what was sent differs from what is sent by fewer, and by all.
fn prefixes(reaction: &Reaction) -> Vec<usize> {
    let n = reaction.effects.len();
    let sent = |k: usize| {
        let sends = reaction.effects[..k].iter();
        sends
            .filter(|effect| matches!(effect, Effect::Send(..)))
            .count()
    };
    let is_own = |k: usize| sent(k) != sent(n) && (0..k).all(|fewer| sent(fewer) != sent(k));
    (0..=n).filter(|&k| k == 0 || is_own(k)).collect()
}

impl State {
    /// The first so many effects happen, or all.
    fn react(
        &mut self,
        spec: &Spec,
        actor: usize,
        reaction: &Reaction,
        effects_max: Option<usize>,
    ) -> BTreeSet<Class> {
        let before = self.locals[actor].timers.clone();
        let mut again = BTreeSet::new();
        if let Some(next) = reaction.state {
            self.locals[actor].state = Some(next);
        }
        let n = effects_max.unwrap_or(reaction.effects.len());
        for effect in &reaction.effects[..n] {
            match *effect {
                Effect::Send(to, msg) => {
                    self.tell(spec, Watch::Sent);
                    let link = spec.links[actor][to];
                    let channel = &mut self.in_flight[actor][to];
                    let copies = channel.iter().filter(|(other, _)| *other == msg).count();
                    if link.copies_max().is_none_or(|most| copies < most) {
                        channel.push((msg, self.keeps_time.then_some(link.delay)));
                        if !link.fifo {
                            channel.sort_unstable();
                        }
                    }
                }
                Effect::Set(timer, a, b) => {
                    if before.contains_key(&timer) {
                        again.insert(Class::Timer(actor, timer));
                    }
                    self.locals[actor].timers.insert(timer, (a, b - 1));
                }
                Effect::Cancel(timer) => {
                    self.locals[actor].timers.remove(&timer);
                }
                Effect::Choose(n) => self.locals[actor].choices = n,
            }
        }
        again
    }

    fn tell(&mut self, spec: &Spec, event: Watch) {
        if spec.watches == Some(event) {
            self.seen = (self.seen + 1).min(Watch::MAX);
        }
    }

    fn crash(&mut self, spec: &Spec, actor: usize) {
        self.crashed = true;
        self.locals[actor] = Local {
            state: None,
            timers: BTreeMap::new(),
            choices: 0,
        };
        self.tell(spec, Watch::Crashed);
    }

    fn may_crash_inside(&self, spec: &Spec) -> bool {
        spec.crashes.is_some() && spec.crashes_inside && !self.crashed
    }

    /// One state, and one for each crash inside `on_start`.
    fn initial(spec: &Spec) -> Vec<State> {
        let n = spec.tables.len();
        let down = Local {
            state: None,
            timers: BTreeMap::new(),
            choices: 0,
        };
        let mut states = vec![State {
            locals: vec![down; n],
            in_flight: vec![vec![Vec::new(); n]; n],
            keeps_time: !spec.is_partial,
            lost: false,
            duplicated: false,
            crashed: false,
            is_cut: false,
            was_cut: false,
            stimulated: vec![false; spec.stimuli.len()],
            seen: 0,
        }];
        for actor in 0..n {
            let start = &spec.tables[actor].start;
            let mut next = Vec::new();
            for state in states {
                let mut begun = state.clone();
                begun.react(spec, actor, start, None);
                next.push(begun);
                if state.may_crash_inside(spec) {
                    for k in prefixes(start) {
                        let mut crashed = state.clone();
                        crashed.react(spec, actor, start, Some(k));
                        crashed.crash(spec, actor);
                        next.push(crashed);
                    }
                }
            }
            states = next;
        }
        states
    }

    fn is_held_back(&self, from: usize, to: usize) -> bool {
        self.is_cut && (from, to) != (to, from) && from.max(to) == 1
    }

    fn may_happen_now(&self, window: Option<Window>) -> bool {
        !self.keeps_time || window.is_none_or(|(earliest, _)| earliest == 0)
    }

    /// The state a tick later, if there is a tick.
    fn ticked(&self) -> Option<State> {
        let later = |(earliest, latest): Window| (earliest.saturating_sub(1), latest - 1);
        let mut next = self.clone();
        for local in &mut next.locals {
            for window in local.timers.values_mut() {
                if window.1 == 0 {
                    return None;
                }
                *window = later(*window);
            }
        }
        for from in 0..self.locals.len() {
            for to in 0..self.locals.len() {
                if self.is_held_back(from, to) {
                    continue;
                }
                let channel = &mut next.in_flight[from][to];
                let is_up = self.locals[to].state.is_some();
                for (_, window) in channel.iter() {
                    if is_up && window.is_some_and(|(_, latest)| latest == 0) {
                        return None;
                    }
                }
                channel.retain(|(_, window)| window.is_none_or(|(_, latest)| latest > 0));
                for (_, window) in channel.iter_mut() {
                    *window = window.map(later);
                }
            }
        }
        Some(next)
    }

    fn steps(&self, spec: &Spec) -> Vec<Step> {
        let n = self.locals.len();
        let mut steps = Vec::new();
        let mut push = |to: State, takes: BTreeSet<Class>, is_instant: bool, wakes: bool| {
            steps.push(Step {
                to,
                takes,
                is_tick: false,
                is_instant: is_instant && self.keeps_time,
                wakes,
            });
        };
        // A handler runs, or its actor crashes while it does.
        let happens = |push: &mut dyn FnMut(State, BTreeSet<Class>, bool, bool),
                       happening: Happening<'_>| {
            let Happening {
                mut before,
                actor,
                reaction,
                told,
                mut takes,
                is_instant,
                wakes,
            } = happening;
            before.tell(spec, told);
            let mut next = before.clone();
            takes.extend(next.react(spec, actor, reaction, None));
            push(next, takes, is_instant, wakes);
            if before.may_crash_inside(spec) {
                for k in prefixes(reaction) {
                    let mut next = before.clone();
                    next.react(spec, actor, reaction, Some(k));
                    next.crash(spec, actor);
                    push(next, BTreeSet::new(), false, false);
                }
            }
        };
        for from in 0..n {
            for to in 0..n {
                let link = spec.links[from][to];
                let channel = &self.in_flight[from][to];
                let mut places: Vec<usize> = (0..channel.len()).collect();
                if link.fifo {
                    places.truncate(1);
                } else {
                    places.dedup_by_key(|at| channel[*at]);
                }
                for at in places {
                    let (msg, window) = channel[at];
                    let mut without = self.clone();
                    without.in_flight[from][to].remove(at);
                    if let Some(state) = self.locals[to].state
                        && !self.is_held_back(from, to)
                        && self.may_happen_now(window)
                    {
                        let reaction =
                            &spec.tables[to].on_msg[usize::from(state)][usize::from(msg)];
                        let received = |before: State, is_first: bool| Happening {
                            before,
                            actor: to,
                            reaction,
                            told: Watch::Received,
                            takes: BTreeSet::from([Class::Delivery(from, to, msg)]),
                            is_instant: is_first,
                            wakes: is_first,
                        };
                        happens(&mut push, received(without.clone(), true));
                        if link.duplicates_once && !self.duplicated {
                            let mut next = self.clone();
                            next.duplicated = true;
                            happens(&mut push, received(next, false));
                        }
                    }
                    if link.fair_loss || link.loses_once && !self.lost {
                        let mut next = without;
                        next.lost = link.loses_once;
                        next.lost |= self.lost;
                        next.tell(spec, Watch::Lost);
                        push(next, BTreeSet::new(), false, false);
                    }
                }
            }
        }
        for actor in 0..n {
            let local = &self.locals[actor];
            let Some(state) = local.state else {
                if let Some((true, recovers)) = spec.crashes {
                    let takes = recovers.then_some(Class::Recovery);
                    let recovery = Happening {
                        before: self.clone(),
                        actor,
                        reaction: &spec.tables[actor].start,
                        told: Watch::Recovered,
                        takes: takes.into_iter().collect(),
                        is_instant: true,
                        wakes: true,
                    };
                    happens(&mut push, recovery);
                }
                continue;
            };
            for (&timer, &window) in &local.timers {
                if self.may_happen_now(Some(window)) {
                    let mut before = self.clone();
                    before.locals[actor].timers.remove(&timer);
                    let row = &spec.tables[actor].on_timer[usize::from(state)];
                    let fires = Happening {
                        before,
                        actor,
                        reaction: &row[usize::from(timer)],
                        told: Watch::TimedOut,
                        takes: BTreeSet::from([Class::Timer(actor, timer)]),
                        is_instant: true,
                        wakes: true,
                    };
                    happens(&mut push, fires);
                }
            }
            for side in 0..local.choices {
                let mut before = self.clone();
                before.locals[actor].choices = 0;
                let row = &spec.tables[actor].on_choice[usize::from(state)];
                let chooses = Happening {
                    before,
                    actor,
                    reaction: &row[usize::from(side)],
                    told: Watch::Chose,
                    takes: BTreeSet::from([Class::Choice(actor)]),
                    is_instant: true,
                    wakes: true,
                };
                happens(&mut push, chooses);
            }
            for (i, &(to, msg, must_happen)) in spec.stimuli.iter().enumerate() {
                if to == actor && !self.stimulated[i] {
                    let mut before = self.clone();
                    before.stimulated[i] = true;
                    let row = &spec.tables[actor].on_msg[usize::from(state)];
                    let takes = must_happen.then_some(Class::Stimulus(i));
                    let stimulus = Happening {
                        before,
                        actor,
                        reaction: &row[usize::from(msg)],
                        told: Watch::Received,
                        takes: takes.into_iter().collect(),
                        is_instant: false,
                        wakes: false,
                    };
                    happens(&mut push, stimulus);
                }
            }
            if spec.crashes.is_some() && !self.crashed {
                let mut next = self.clone();
                next.crash(spec, actor);
                push(next, BTreeSet::new(), false, false);
            }
        }
        if let Some(heals) = spec.partition {
            let mut next = self.clone();
            next.is_cut = !self.is_cut;
            if self.is_cut && heals {
                next.tell(spec, Watch::Healed);
                push(next, BTreeSet::from([Class::Heal]), false, true);
            } else if !self.was_cut {
                next.was_cut = true;
                next.tell(spec, Watch::Partitioned);
                push(next, BTreeSet::new(), false, false);
            }
        }
        if self.keeps_time {
            if let Some(to) = self.ticked() {
                steps.push(Step {
                    wakes: to != *self,
                    to,
                    takes: BTreeSet::from([Class::Tick]),
                    is_tick: true,
                    is_instant: false,
                });
            }
        } else {
            let mut next = self.clone();
            next.keeps_time = true;
            for (from, row) in next.in_flight.iter_mut().enumerate() {
                for (to, channel) in row.iter_mut().enumerate() {
                    for (_, window) in channel.iter_mut() {
                        *window = Some(spec.links[from][to].delay);
                    }
                }
            }
            push(next, BTreeSet::from([Class::Moment]), false, true);
        }
        steps
    }
}

/// All states and steps.
struct Graph {
    states: Vec<State>,
    /// Where each step leads.
    steps: Vec<Vec<(usize, Step)>>,
    /// How many of the first states are initial.
    n_initial: usize,
}

/// No system with more states is compared.
const STATES_MAX: usize = 1500;

impl Graph {
    fn of(spec: &Spec) -> Option<Graph> {
        let mut known: BTreeMap<State, usize> = BTreeMap::new();
        let mut graph = Graph {
            states: Vec::new(),
            steps: Vec::new(),
            n_initial: 0,
        };
        for initial in State::initial(spec) {
            let next = graph.states.len();
            if *known.entry(initial.clone()).or_insert(next) == next {
                graph.states.push(initial);
            }
        }
        graph.n_initial = graph.states.len();
        while graph.steps.len() < graph.states.len() {
            let steps = graph.states[graph.steps.len()].steps(spec);
            let mut placed = Vec::new();
            for step in steps {
                let next = graph.states.len();
                let at = *known.entry(step.to.clone()).or_insert(next);
                if at == next {
                    graph.states.push(step.to.clone());
                }
                placed.push((at, step));
            }
            graph.steps.push(placed);
            if graph.states.len() > STATES_MAX {
                return None;
            }
        }
        Some(graph)
    }

    /// The states from which, along the steps that are `let_through`, some state of `goals` can be come to.
    fn coming_to(
        &self,
        goals: impl Fn(usize) -> bool,
        let_through: impl Fn(usize, usize, &Step) -> bool,
    ) -> Vec<bool> {
        let n = self.states.len();
        let mut comes: Vec<bool> = (0..n).map(goals).collect();
        loop {
            let mut changed = false;
            for from in (0..n).rev() {
                let reaches =
                    |(to, step): &(usize, Step)| comes[*to] && let_through(from, *to, step);
                if !comes[from] && self.steps[from].iter().any(reaches) {
                    comes[from] = true;
                    changed = true;
                }
            }
            if !changed {
                return comes;
            }
        }
    }

    /// Strongly connected sets of states, by steps that are let through: those with a cycle.
    fn components(
        &self,
        among: &[bool],
        let_through: impl Fn(&Step) -> bool,
    ) -> Vec<BTreeSet<usize>> {
        let n = self.states.len();
        let successors = |from: usize| {
            let steps = self.steps[from].iter();
            let inside = steps.filter(|(to, step)| among[*to] && let_through(step));
            inside.map(|(to, _)| *to).collect::<Vec<usize>>()
        };
        // Kosaraju: by the order in which a depth-first search ends, then backwards.
        let mut order = Vec::new();
        let mut seen = vec![false; n];
        for root in (0..n).filter(|&at| among[at]) {
            let mut way = vec![(root, false)];
            while let Some((at, is_done)) = way.pop() {
                if is_done {
                    order.push(at);
                } else if !seen[at] {
                    seen[at] = true;
                    way.push((at, true));
                    way.extend(successors(at).into_iter().map(|to| (to, false)));
                }
            }
        }
        let mut before = vec![Vec::new(); n];
        for from in (0..n).filter(|&at| among[at]) {
            for to in successors(from) {
                before[to].push(from);
            }
        }
        let mut taken = vec![false; n];
        let mut components = Vec::new();
        for root in order.into_iter().rev() {
            let mut component = BTreeSet::new();
            let mut open = vec![root];
            while let Some(at) = open.pop() {
                if !taken[at] {
                    taken[at] = true;
                    component.insert(at);
                    open.extend(&before[at]);
                }
            }
            let is_cycle =
                component.len() > 1 || component.iter().any(|&at| successors(at).contains(&at));
            if is_cycle {
                components.push(component);
            }
        }
        components
    }

    fn enabled(&self, at: usize) -> BTreeSet<Class> {
        let steps = self.steps[at].iter();
        let mut classes: BTreeSet<Class> = steps.flat_map(|(_, step)| step.takes.clone()).collect();
        // Ticks are asked for wherever the bounds hold.
        if self.states[at].keeps_time {
            classes.insert(Class::Tick);
        }
        classes
    }

    /// Whether some fair cycle lies among these states and has one that `accepts`.
    fn has_fair_cycle(&self, spec: &Spec, among: &[bool], accepts: &dyn Fn(usize) -> bool) -> bool {
        let is_strong = |class: &Class| matches!(class, Class::Delivery(from, to, _) if spec.links[*from][*to].fair_loss);
        self.components(among, |_| true)
            .into_iter()
            .any(|component| {
                if !component.iter().any(|&at| accepts(at)) {
                    return false;
                }
                let mut taken = BTreeSet::new();
                for &at in &component {
                    for (to, step) in &self.steps[at] {
                        if component.contains(to) {
                            taken.extend(step.takes.iter().copied());
                        }
                    }
                }
                let enabled: Vec<BTreeSet<Class>> =
                    component.iter().map(|&at| self.enabled(at)).collect();
                let always = enabled
                    .iter()
                    .cloned()
                    .reduce(|a, b| a.intersection(&b).copied().collect())
                    .unwrap_or_default();
                if always.iter().any(|class| !taken.contains(class)) {
                    return false;
                }
                let owes = |classes: &BTreeSet<Class>| {
                    (classes.iter()).any(|class| is_strong(class) && !taken.contains(class))
                };
                if !enabled.iter().any(owes) {
                    return true;
                }
                let mut fewer = vec![false; self.states.len()];
                for (&at, classes) in component.iter().zip(&enabled) {
                    fewer[at] = !owes(classes);
                }
                self.has_fair_cycle(spec, &fewer, accepts)
            })
    }
}

#[test]
fn engine_and_interpreter_agree_about_time() {
    let n_systems = 900;
    let (mut n_compared, mut n_states) = (0, 0);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..n_systems {
        let spec = Spec::random(&mut Random(seed));
        let Some(graph) = Graph::of(&spec) else {
            continue;
        };
        n_compared += 1;
        n_states += graph.states.len();
        let options = Options {
            threads: 1 + (seed % 2) as usize,
            exact: seed % 3 == 0,
            ..Options::default()
        };
        let outcome =
            ActorSpace::new(spec.system()).and_then(|mut space| check(&mut space, &options, &()));
        let goes_on = graph.coming_to(
            |at| graph.steps[at].iter().any(|(_, step)| step.is_tick),
            |_, _, _| true,
        );
        let is_stuck = goes_on.contains(&false);
        let what = || format!("seed {seed}: {spec:#?}");
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                assert!(is_stuck, "{error}\n{}", what());
                assert!(error.to_string().contains("time cannot go on"), "{error}");
                *seen.entry("time cannot go on").or_default() += 1;
                continue;
            }
        };
        assert!(!is_stuck, "time cannot go on, unnoticed\n{}", what());
        assert_eq!(
            outcome.counts.unique,
            graph.states.len() as u64,
            "{}",
            what()
        );
        let n_steps: usize = graph.steps.iter().map(Vec::len).sum();
        assert_eq!(outcome.counts.transitions, n_steps as u64, "{}", what());

        let (actor, state) = spec.asked;
        let holds = |at: usize| graph.states[at].locals[actor].state == Some(state);
        let is_violated = |name: &str| match name {
            "never" => (0..graph.states.len()).any(holds),
            "no deadlock" => (0..graph.states.len())
                .any(|at| !holds(at) && !graph.steps[at].iter().any(|(_, step)| step.wakes)),
            "eventually" => {
                let mut among = vec![false; graph.states.len()];
                let mut open: Vec<usize> = (0..graph.n_initial).collect();
                while let Some(at) = open.pop() {
                    if !holds(at) && !among[at] {
                        among[at] = true;
                        open.extend(graph.steps[at].iter().map(|(to, _)| *to));
                    }
                }
                graph.has_fair_cycle(&spec, &among, &|_| true)
            }
            _ => {
                let all = vec![true; graph.states.len()];
                graph.has_fair_cycle(&spec, &all, &|at| !holds(at))
            }
        };
        for property in &outcome.properties[1..] {
            let name = property.decl.name.as_str();
            let expected = if is_violated(name) {
                Verdict::Violated
            } else {
                Verdict::Holds
            };
            assert_eq!(property.verdict, expected, "{name}\n{}", what());
            let key = match (name, expected) {
                ("never", Verdict::Holds) => "never holds",
                ("never", _) => "never violated",
                ("no deadlock", Verdict::Holds) => "no deadlock holds",
                ("no deadlock", _) => "no deadlock violated",
                ("eventually", Verdict::Holds) => "eventually holds",
                ("eventually", _) => "eventually violated",
                (_, Verdict::Holds) => "stabilises holds",
                _ => "stabilises violated",
            };
            *seen.entry(key).or_default() += 1;
        }
        let all = vec![true; graph.states.len()];
        let is_zeno = !graph.components(&all, |step| step.is_instant).is_empty();
        assert_eq!(!outcome.warnings.is_empty(), is_zeno, "{}", what());
        *seen
            .entry(if is_zeno { "Zeno" } else { "no Zeno" })
            .or_default() += 1;
        let has = |is: fn(&Step) -> bool| graph.steps.iter().flatten().any(|(_, s)| is(s));
        let takes_choice = |step: &Step| step.takes.iter().any(|c| matches!(c, Class::Choice(_)));
        for (is, what) in [
            (spec.is_partial, "partial"),
            (has(takes_choice), "choices"),
            (graph.states.iter().any(|s| s.seen > 0), "observers"),
            (
                graph.states.iter().any(|s| s.stimulated.contains(&true)),
                "stimuli",
            ),
            (graph.n_initial > 1, "crashes inside handlers"),
        ] {
            *seen.entry(what).or_default() += u32::from(is);
        }
    }
    println!("{n_compared} systems, {n_states} states: {seen:?}");
    assert!(n_compared >= 400, "only {n_compared} systems were compared");
    for what in [
        "never holds",
        "never violated",
        "no deadlock holds",
        "no deadlock violated",
        "eventually holds",
        "eventually violated",
        "stabilises holds",
        "stabilises violated",
        "Zeno",
        "no Zeno",
        "partial",
        "time cannot go on",
        "choices",
        "observers",
        "stimuli",
        "crashes inside handlers",
    ] {
        let n = seen.get(what).copied().unwrap_or(0);
        assert!(n >= 5, "{what}: only {n} systems");
    }
}

/// The comparison would notice that the engine goes wrong about time.
#[cfg(debug_assertions)]
#[test]
fn faults_about_time_are_caught() {
    use allways::space::sabotage::Sabotage;
    for fault in [Sabotage::TickIgnoresMessages, Sabotage::TimerFiresEarly] {
        let shows = (0..100).any(|seed| {
            let spec = Spec::random(&mut Random(seed));
            let Some(graph) = Graph::of(&spec) else {
                return false;
            };
            let options = Options {
                states_max: Some(2 * STATES_MAX as u64),
                ..Options::default()
            };
            let outcome = ActorSpace::new(spec.system())
                .and_then(|space| check(&mut space.sabotaged(fault), &options, &()));
            outcome.is_ok_and(|outcome| outcome.counts.unique != graph.states.len() as u64)
        });
        assert!(shows, "{fault:?} goes unnoticed");
    }
}
