//! What the steps of a state are, and what the initial states: the part of the oracle that knows what links, crashes and partitions do.

use std::collections::BTreeSet;

use allways::space::StepKind;

use super::doing::Doing;
use super::{Action, Content, Local, State};
use crate::coverage::{Coverage, Feature};
use crate::random::{EventKind, Spec};

impl State {
    fn affords_faults(&self, spec: &Spec, n: u32) -> bool {
        spec.faults_max
            .is_none_or(|most| self.faults_spent + n <= most)
    }

    /// Whether budgets let the actor crash; `more` faults come with it.
    fn affords_crash(&self, spec: &Spec, actor: usize, more: u32) -> bool {
        let Some(rule) = spec.crash_rule(actor) else {
            return false;
        };
        let (spent, rule) = (self.crashes_spent[rule], &spec.crashes[rule]);
        spent < rule.budget
            && (!rule.bounds_each() || Some(self.crashes_of[actor]) < rule.each)
            && self.affords_faults(spec, 1 + more)
    }

    fn is_cut(&self, spec: &Spec, from: usize, to: usize) -> bool {
        let mut partitions = spec.partitions.iter().zip(&self.partitions_up);
        partitions.any(|(partition, &is_up)| is_up && partition.is_between(from, to))
    }
}

/// A finished step: its label, the next state, what it exercised, and whether it is left out.
pub(super) struct Done {
    pub(super) action: Action,
    pub(super) state: State,
    pub(super) coverage: Coverage,
    pub(super) is_no_op: bool,
    /// Timers that were set before, and that the handler sets again.
    pub(super) rearmed: Vec<(usize, u8)>,
}

/// The steps of a state, being collected.
struct Steps<'a> {
    spec: &'a Spec,
    state: &'a State,
    all: Vec<Done>,
}

/// How a step changes a state.
type Act<'a> = &'a dyn Fn(&mut Doing<'_>);

/// What happens to whom: kind, actor, sender, content.
type What = (StepKind, usize, Option<usize>, Content);

impl Steps<'_> {
    fn step(&mut self, what: What, act: Act<'_>) {
        self.add(what, None, act);
    }

    /// Adds a step; `ignored`: it is to ignore an event of this kind.
    fn add(&mut self, what: What, ignored: Option<StepKind>, act: Act<'_>) {
        let (kind, actor, from, content) = what;
        let mut doing = Doing::of(self.spec, self.state.clone(), None);
        act(&mut doing);
        let is_no_op = match (ignored.unwrap_or(kind), from) {
            (StepKind::Deliver, Some(from)) => {
                self.spec.links[from][actor].may_suppress()
                    && doing.sent.is_empty()
                    && doing.state.locals == self.state.locals
                    && doing.state.observed == self.state.observed
            }
            _ => false,
        };
        self.all.push(Done {
            action: Action {
                kind,
                actor,
                from,
                content,
                sent: doing.sent,
                interrupted: None,
                ignored,
            },
            rearmed: rearmed(self.state, &doing.timers_set),
            state: doing.state,
            coverage: doing.coverage,
            is_no_op,
        });
    }

    /// A Byzantine actor need not care: what happens then.
    fn ignore(&mut self, what: What, act: Act<'_>) {
        let (kind, actor, from, content) = what;
        if self.spec.traitor(actor).is_some() {
            let what = (StepKind::Ignore, actor, from, content);
            self.add(what, Some(kind), &|doing| {
                doing.coverage.note(match kind {
                    StepKind::Timeout | StepKind::Choose => Feature::IgnoredOwn,
                    StepKind::Stimulus => Feature::IgnoredStimulus,
                    _ => Feature::IgnoredMessage,
                });
                act(doing);
            });
        }
    }

    /// What a Byzantine actor sends of its own accord.
    fn forge(&mut self, actor: usize) {
        let (spec, state) = (self.spec, self.state);
        let Some(traitor) = spec.traitor(actor) else {
            return;
        };
        let affords = (traitor.sends).is_none_or(|sends| state.forges_spent[actor] < sends);
        if !affords || !state.affords_faults(spec, 1) {
            return;
        }
        let known: BTreeSet<u8> = (traitor.alphabet.iter())
            .chain(&state.locals[actor].knows)
            .copied()
            .collect();
        let n = spec.actors.len();
        for (src, dst) in (0..n).flat_map(|src| (0..n).map(move |dst| (src, dst))) {
            let link = spec.links[src][dst];
            if src != actor && (!link.unauthenticated || state.is_cut(spec, actor, dst)) {
                continue;
            }
            let in_flight = &state.in_flight[src][dst];
            for &msg in &known {
                let copies = in_flight.iter().filter(|&&other| other == msg).count();
                if link.copies_max().is_some_and(|most| copies >= most) {
                    continue;
                }
                let what = (StepKind::Forge, actor, Some(src), Content::Msg(msg));
                self.step(what, &|doing| {
                    doing.coverage.note(match (src == actor, traitor.sends) {
                        (false, _) => Feature::ForgedName,
                        (true, Some(_)) => Feature::Forged,
                        (true, None) => Feature::ForgedWithoutEnd,
                    });
                    if !traitor.alphabet.contains(&msg) {
                        doing.coverage.note(Feature::ForgedWhatWasSeen);
                    }
                    if traitor.sends.is_some() {
                        doing.state.forges_spent[actor] += 1;
                    }
                    doing.fault();
                    // Nobody has sent what is sent in another's name.
                    if src == actor {
                        doing.tell((EventKind::Sent, actor, Some(msg)));
                    }
                    doing.put(src, dst, msg);
                });
            }
        }
    }

    /// A step in which a handler runs, and the crashes inside that handler.
    fn event(&mut self, what: What, act: Act<'_>) {
        self.step(what, act);
        let (kind, actor, from, content) = what;
        let rule = self.spec.crash_rule(actor);
        let more = u32::from(kind == StepKind::Duplicate);
        if !rule.is_some_and(|rule| self.spec.crashes[rule].inside)
            || !self.state.affords_crash(self.spec, actor, more)
        {
            return;
        }
        for (after, of, doing) in interrupted(self.spec, self.state, actor, act) {
            let mut coverage = doing.coverage;
            coverage.note(Feature::CrashInside);
            if self.spec.traitor(actor).is_some() {
                coverage.note(Feature::TraitorCrashes);
            }
            if after > 0 {
                coverage.note(Feature::CrashInsideAfterEffects);
            }
            self.all.push(Done {
                action: Action {
                    kind: StepKind::CrashInside,
                    actor,
                    from,
                    content,
                    sent: doing.sent,
                    interrupted: Some((kind, after, of)),
                    ignored: None,
                },
                // It is down, and its timers are gone.
                rearmed: Vec::new(),
                state: doing.state,
                coverage,
                is_no_op: false,
            });
        }
    }
}

/// Of the timers that a handler sets those that were set before.
fn rearmed(before: &State, timers_set: &[(usize, u8)]) -> Vec<(usize, u8)> {
    let was_set = |&&(actor, timer): &&(usize, u8)| before.locals[actor].timers.contains(&timer);
    timers_set.iter().filter(was_set).copied().collect()
}

/// The ways to crash in what an actor does: after no effect, then after each number of them, but not all, that leaves something else
/// behind than fewer do, and than all do. With the number of effects that happened, and of all.
fn interrupted<'a>(
    spec: &'a Spec,
    state: &State,
    actor: usize,
    act: Act<'_>,
) -> Vec<(u32, u32, Doing<'a>)> {
    let crash_after = |n: usize| {
        let mut doing = Doing::of(spec, state.clone(), Some(n));
        act(&mut doing);
        doing.crash(actor);
        doing
    };
    let leaves = |doing: &Doing<'_>| (doing.sent.clone(), doing.state.locals[actor].saved);
    let n_all = crash_after(0).n_effects;
    let whole = leaves(&crash_after(n_all));
    let mut known = Vec::new();
    let mut all = Vec::new();
    for n in 0..=n_all {
        let doing = crash_after(n);
        let left = leaves(&doing);
        if n == 0 || left != whole && !known.contains(&left) {
            all.push((n as u32, n_all as u32, doing));
        }
        known.push(left);
    }
    all
}

/// All enabled steps of a state.
pub(super) fn steps(spec: &Spec, state: &State) -> Vec<Done> {
    let n = spec.actors.len();
    let mut steps = Steps {
        spec,
        state,
        all: Vec::new(),
    };
    let mut holds_back = false;
    for to in 0..n {
        for from in 0..n {
            let link = spec.links[from][to];
            let channel = &state.in_flight[from][to];
            let mut deliverable = channel.clone();
            deliverable.dedup();
            if link.fifo {
                deliverable.truncate(1);
            }
            let is_cut = state.is_cut(spec, from, to);
            for msg in deliverable {
                let what = |kind| (kind, to, Some(from), Content::Msg(msg));
                let take = |doing: &mut Doing<'_>| {
                    let channel = &mut doing.state.in_flight[from][to];
                    let at = channel.iter().position(|&other| other == msg);
                    channel.remove(at.expect("it is in flight"));
                };
                holds_back |= state.locals[to].state.is_some() && is_cut;
                if state.locals[to].state.is_some() && !is_cut {
                    steps.event(what(StepKind::Deliver), &|doing| {
                        take(doing);
                        doing.receive(to, from, msg);
                    });
                    steps.ignore(what(StepKind::Deliver), &|doing| {
                        take(doing);
                        doing.learn(to, msg);
                    });
                    let affords =
                        !link.duplicates_budgeted || state.duplicates_spent < spec.duplicate_budget;
                    if link.duplicating && affords && state.affords_faults(spec, 1) {
                        steps.event(what(StepKind::Duplicate), &|doing| {
                            doing.coverage.note(Feature::Duplication);
                            if link.duplicates_budgeted {
                                doing.state.duplicates_spent += 1;
                            }
                            doing.fault();
                            doing.receive(to, from, msg);
                        });
                        steps.ignore(what(StepKind::Duplicate), &|doing| {
                            if link.duplicates_budgeted {
                                doing.state.duplicates_spent += 1;
                            }
                            doing.fault();
                            doing.learn(to, msg);
                        });
                    }
                }
                let affords = !link.budgeted || state.losses_spent < spec.loss_budget;
                if link.losing && affords && state.affords_faults(spec, 1) {
                    steps.step(what(StepKind::Drop), &|doing| {
                        doing.coverage.note(Feature::Loss);
                        take(doing);
                        if link.budgeted {
                            doing.state.losses_spent += 1;
                        }
                        doing.fault();
                        doing.tell((EventKind::Lost, to, Some(msg)));
                    });
                }
            }
        }
    }
    for (actor, local) in state.locals.iter().enumerate() {
        let rule = spec.crash_rule(actor);
        let Some(now) = local.state else {
            if rule.is_some_and(|rule| spec.crashes[rule].recover) {
                let what = (StepKind::Recover, actor, None, Content::Nothing);
                steps.event(what, &|doing| {
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
            let what = (StepKind::Timeout, actor, None, Content::Timer(timer));
            steps.event(what, &|doing| {
                doing.coverage.note(Feature::TimerFired);
                doing.state.locals[actor].timers.remove(&timer);
                doing.tell((EventKind::TimedOut, actor, None));
                let reactions = &spec.actors[actor].on_timer[row];
                doing.react(actor, None, &reactions[usize::from(timer)]);
            });
            steps.ignore(what, &|doing| {
                doing.state.locals[actor].timers.remove(&timer);
            });
        }
        for (&key, alternatives) in &local.choices {
            for &alternative in alternatives {
                let content = Content::Choice(key, alternative);
                steps.event((StepKind::Choose, actor, None, content), &|doing| {
                    doing.coverage.note(Feature::Choice);
                    doing.state.locals[actor].choices.remove(&key);
                    doing.tell((EventKind::Chose, actor, None));
                    let reactions = &spec.actors[actor].on_choice[row];
                    doing.react(actor, None, &reactions[usize::from(alternative)]);
                });
            }
            // Not to choose is the same whatever is not chosen.
            let content = Content::Choice(key, alternatives[0]);
            steps.ignore((StepKind::Choose, actor, None, content), &|doing| {
                doing.state.locals[actor].choices.remove(&key);
            });
        }
        if state.affords_crash(spec, actor, 0) {
            let what = (StepKind::Crash, actor, None, Content::Nothing);
            steps.step(what, &|doing| {
                doing.coverage.note(Feature::Crash);
                if local.saved.is_some() {
                    doing.coverage.note(Feature::CrashWithStorage);
                }
                doing.crash(actor);
            });
        }
        for (index, stimulus) in spec.stimuli.iter().enumerate() {
            if stimulus.to == actor && state.stimuli_spent[index] < stimulus.budget {
                let content = Content::Stimulus(index, stimulus.msg);
                steps.event((StepKind::Stimulus, actor, None, content), &|doing| {
                    doing.coverage.note(Feature::Stimulus);
                    doing.state.stimuli_spent[index] += 1;
                    doing.receive(actor, n, stimulus.msg);
                });
                steps.ignore((StepKind::Stimulus, actor, None, content), &|doing| {
                    doing.state.stimuli_spent[index] += 1;
                    doing.learn(actor, stimulus.msg);
                });
            }
        }
    }
    for actor in (0..n).filter(|&actor| state.locals[actor].state.is_some()) {
        steps.forge(actor);
    }
    for (index, partition) in spec.partitions.iter().enumerate() {
        let content = Content::Partition(index);
        let most = partition.times_max();
        let affords = most.is_none_or(|most| state.partitions_spent[index] < most);
        if state.partitions_up[index] {
            if partition.heals {
                steps.step((StepKind::Heal, n, None, content), &|doing| {
                    doing.coverage.note(Feature::PartitionHeals);
                    doing.state.partitions_up[index] = false;
                    doing.tell((EventKind::Healed, index, None));
                });
            }
        } else if affords && state.affords_faults(spec, 1) {
            steps.step((StepKind::Partition, n, None, content), &|doing| {
                doing.coverage.note(Feature::PartitionForms);
                doing.state.partitions_up[index] = true;
                if most.is_some() {
                    doing.state.partitions_spent[index] += 1;
                }
                doing.fault();
                doing.tell((EventKind::Partitioned, index, None));
            });
        }
    }
    if let Some(done) = steps.all.first_mut().filter(|_| holds_back) {
        done.coverage.note(Feature::PartitionHolds);
    }
    steps.all
}

/// Whether the step counts for quiescence.
pub(super) fn ends_a_run_when_missing(kind: StepKind) -> bool {
    !matches!(
        kind,
        StepKind::Stimulus
            | StepKind::Crash
            | StepKind::CrashInside
            | StepKind::Drop
            | StepKind::Duplicate
            | StepKind::Partition
            | StepKind::Forge
            | StepKind::Ignore
    )
}

/// The initial states, the last actor's alternatives changing first: as it starts, then the crashes while it does.
pub(super) fn initial(spec: &Spec, coverage: &mut Coverage) -> Vec<State> {
    let n = spec.actors.len();
    let nothing = State {
        locals: vec![Local::default(); n],
        in_flight: vec![vec![Vec::new(); n]; n],
        stimuli_spent: vec![0; spec.stimuli.len()],
        crashes_spent: vec![0; spec.crashes.len()],
        losses_spent: 0,
        duplicates_spent: 0,
        crashes_of: vec![0; n],
        forges_spent: vec![0; n],
        partitions_spent: vec![0; spec.partitions.len()],
        faults_spent: 0,
        partitions_up: vec![false; spec.partitions.len()],
        observed: vec![0; spec.observers.len()],
    };
    let mut all = vec![nothing];
    for (actor, of_actor) in spec.actors.iter().enumerate() {
        let rule = spec.crash_rule(actor);
        let crashes = rule.is_some_and(|rule| spec.crashes[rule].inside);
        let mut next = Vec::new();
        for state in &all {
            let mut doing = Doing::of(spec, state.clone(), None);
            doing.start(actor);
            coverage.add(&doing.coverage);
            if of_actor.starts.is_empty() {
                next.push(doing.state);
            } else {
                next.extend(of_actor.starts.iter().map(|&start| {
                    let mut state = doing.state.clone();
                    state.locals[actor].state = Some(start);
                    state
                }));
            }
            if crashes && state.affords_crash(spec, actor, 0) {
                let start = |doing: &mut Doing<'_>| doing.start(actor);
                for (_, _, doing) in interrupted(spec, state, actor, &start) {
                    coverage.add(&doing.coverage);
                    coverage.note(Feature::CrashInStart);
                    next.push(doing.state);
                }
            }
        }
        all = next;
    }
    if spec.actors.iter().any(|actor| actor.starts.len() > 1) {
        coverage.note(Feature::SeveralInitialStates);
    }
    all
}
