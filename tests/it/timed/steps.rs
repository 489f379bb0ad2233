//! The interpreter: what a state of a system with ticks is, and which steps it has.

use std::collections::{BTreeMap, BTreeSet};

use crate::timed_systems::{Effect, Reaction, Spec, Watch, Window};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local {
    /// `None` while down.
    pub(super) state: Option<u8>,
    pub(super) timers: BTreeMap<u8, Window>,
    /// How many alternatives there are.
    pub(super) choices: u8,
}

/// Messages, each with the ticks that remain.
type Channel = Vec<(u8, Option<Window>)>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) locals: Vec<Local>,
    /// By sender and receiver, in the order of sending; without order where the link keeps none. Before the moment no message has a window.
    pub(super) in_flight: Vec<Vec<Channel>>,
    pub(super) keeps_time: bool,
    pub(super) lost: bool,
    pub(super) duplicated: bool,
    pub(super) crashed: bool,
    pub(super) is_cut: bool,
    pub(super) was_cut: bool,
    /// The stimuli that happened.
    pub(super) stimulated: Vec<bool>,
    pub(super) seen: u8,
}

/// What fairness speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
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
pub(super) struct Step {
    pub(super) to: State,
    pub(super) takes: BTreeSet<Class>,
    pub(super) is_tick: bool,
    /// It happens at once and by itself.
    pub(super) is_instant: bool,
    /// Neither fault nor a tick that changes nothing.
    pub(super) wakes: bool,
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
    pub(super) fn initial(spec: &Spec) -> Vec<State> {
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

    pub(super) fn steps(&self, spec: &Spec) -> Vec<Step> {
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
