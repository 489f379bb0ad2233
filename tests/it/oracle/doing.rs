//! A step under way: what handlers, links, crashes and budgets make of a state, effect by effect.

use super::{Local, State};
use crate::coverage::{Coverage, Feature};
use crate::random::{
    CrashSpec, Effect, EventKind, LinkSpec, PartitionSpec, Reaction, Spec, Target, Told,
};

/// A step under way: the state so far, what was sent, what observers make of it.
pub(super) struct Doing<'a> {
    pub(super) spec: &'a Spec,
    pub(super) state: State,
    pub(super) sent: Vec<(usize, u8)>,
    /// So many effects happen; `None`: all.
    effects_max: Option<usize>,
    /// How many effects the handler has.
    pub(super) n_effects: usize,
    /// Timers that the handler sets.
    pub(super) timers_set: Vec<(usize, u8)>,
    pub(super) coverage: Coverage,
}

impl<'a> Doing<'a> {
    pub(super) fn of(spec: &'a Spec, state: State, effects_max: Option<usize>) -> Self {
        Doing {
            spec,
            state,
            sent: Vec::new(),
            effects_max,
            n_effects: 0,
            timers_set: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    pub(super) fn fault(&mut self) {
        if self.spec.faults_max.is_some() {
            self.state.faults_spent += 1;
            self.coverage.note(Feature::FaultOfAtMost);
        }
    }

    /// The actor goes down, with what it has saved.
    pub(super) fn crash(&mut self, actor: usize) {
        let local = &mut self.state.locals[actor];
        *local = Local {
            saved: local.saved,
            knows: std::mem::take(&mut local.knows),
            ..Local::default()
        };
        if let Some(rule) = self.spec.crash_rule(actor) {
            self.state.crashes_spent[rule] += 1;
            if self.spec.crashes[rule].bounds_each() {
                self.state.crashes_of[actor] += 1;
                self.coverage.note(Feature::CrashOfEach);
            }
        }
        self.fault();
        self.tell((EventKind::Crashed, actor, None));
    }

    pub(super) fn tell(&mut self, told: Told) {
        for (value, observer) in self.state.observed.iter_mut().zip(&self.spec.observers) {
            if let Some(next) = observer.fold(*value, told) {
                if matches!(told.0, EventKind::Partitioned | EventKind::Healed) && next != *value {
                    self.coverage.note(Feature::PartitionTold);
                }
                *value = next;
            }
        }
    }

    /// A Byzantine actor remembers what it has seen.
    pub(super) fn learn(&mut self, actor: usize, msg: u8) {
        let traitor = self.spec.traitor(actor);
        if traitor.is_some_and(|traitor| !traitor.alphabet.contains(&msg)) {
            self.state.locals[actor].knows.insert(msg);
        }
    }

    fn send(&mut self, from: usize, to: usize, msg: u8) {
        self.learn(from, msg);
        self.tell((EventKind::Sent, from, Some(msg)));
        self.put(from, to, msg);
    }

    /// Puts a message in flight.
    pub(super) fn put(&mut self, from: usize, to: usize, msg: u8) {
        self.sent.push((to, msg));
        if to >= self.spec.actors.len() {
            return;
        }
        let link = self.spec.links[from][to];
        let channel = &mut self.state.in_flight[from][to];
        self.coverage.note_link(link);
        let copies = channel.iter().filter(|&&other| other == msg).count();
        if copies > 0 {
            self.coverage.note(Feature::DuplicateEnvelope);
        }
        if link.copies_max().is_some_and(|most| copies >= most) {
            self.coverage.note(Feature::SendIntoFull);
            return;
        }
        channel.push(msg);
        if !link.fifo {
            channel.sort_unstable();
        }
    }

    fn effects(&mut self, actor: usize, src: Option<usize>, effects: &[Effect]) {
        // A reply to nobody is no command.
        let is_command =
            |effect: &&Effect| src.is_some() || !matches!(effect, Effect::Send(Target::Reply, _));
        let commands: Vec<&Effect> = effects.iter().filter(is_command).collect();
        self.n_effects = commands.len();
        let n_happening = self.effects_max.unwrap_or(commands.len());
        for effect in commands.into_iter().take(n_happening) {
            let local = &mut self.state.locals[actor];
            match effect {
                Effect::Send(Target::Actor(to), msg) => self.send(actor, *to, *msg),
                Effect::Send(Target::Reply, msg) => {
                    if let Some(src) = src {
                        self.send(actor, src, *msg);
                    }
                }
                Effect::Set(timer) => {
                    self.timers_set.push((actor, *timer));
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

    pub(super) fn react(&mut self, actor: usize, src: Option<usize>, reaction: &Reaction) {
        if let Some(next) = reaction.state {
            self.state.locals[actor].state = Some(next);
        }
        self.effects(actor, src, &reaction.effects);
    }

    pub(super) fn receive(&mut self, actor: usize, src: usize, msg: u8) {
        self.learn(actor, msg);
        self.tell((EventKind::Received, actor, Some(msg)));
        let spec = self.spec;
        if let Some(state) = self.state.locals[actor].state {
            let handler = &spec.actors[actor].on_msg[usize::from(state)][usize::from(msg)];
            self.react(actor, Some(src), handler.reaction(src));
        }
    }

    pub(super) fn start(&mut self, actor: usize) {
        let spec = self.spec;
        let saved = self.state.locals[actor].saved;
        let start = &spec.actors[actor].start[saved.map_or(0, |saved| usize::from(saved) + 1)];
        self.state.locals[actor].state = Some(start.state);
        self.effects(actor, None, &start.effects);
    }
}

impl LinkSpec {
    /// How many copies of one content the link holds.
    pub(crate) fn copies_max(self) -> Option<usize> {
        let declared = self.capacity.map(|capacity| capacity as usize);
        if self.duplicating && !self.duplicates_budgeted && !self.fifo {
            return Some(1);
        }
        if self.losing && self.fair && !self.budgeted {
            return declared.or(Some(1));
        }
        declared
    }

    /// Deliveries without effect are left out where nothing else could notice them.
    pub(super) fn may_suppress(self) -> bool {
        !self.fifo && !self.duplicating && self.copies_max().is_none()
    }
}

impl CrashSpec {
    /// Its bound for each actor is tighter than the one for all.
    pub(super) fn bounds_each(&self) -> bool {
        self.each.is_some_and(|each| each < self.budget)
    }
}

impl PartitionSpec {
    pub(super) fn times_max(&self) -> Option<u32> {
        if self.heals {
            self.times
        } else {
            Some(self.times.map_or(1, |times| times.min(1)))
        }
    }

    pub(super) fn is_between(&self, a: usize, b: usize) -> bool {
        let [these, those] = &self.sides;
        these.contains(&a) && those.contains(&b) || these.contains(&b) && those.contains(&a)
    }
}

impl Spec {
    /// The first rule that names the actor.
    pub(super) fn crash_rule(&self, actor: usize) -> Option<usize> {
        let names = |rule: &CrashSpec| rule.of.as_ref().is_none_or(|of| of.contains(&actor));
        self.crashes.iter().position(names)
    }
}
