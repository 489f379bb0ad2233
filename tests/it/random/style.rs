//! How a system is rolled: what all its parts have in common, and each part.

use super::{
    ActorSpec, CrashSpec, Dice, Effect, EventKind, Handler, LinkSpec, ObserverSpec, PartitionSpec,
    Pattern, Pred, PropertySpec, Reaction, Spec, Start, StimulusSpec, Target, VALUES_MAX, Value,
};

const EVENT_KINDS: [EventKind; 7] = [
    EventKind::Received,
    EventKind::Sent,
    EventKind::TimedOut,
    EventKind::Chose,
    EventKind::Crashed,
    EventKind::Recovered,
    EventKind::Lost,
];

/// What all parts of one system have in common.
pub(super) struct Style {
    pub(super) n_actors: usize,
    pub(super) n_states: usize,
    pub(super) n_msgs: usize,
    /// A reaction that sends moves to a later state: the space is finite.
    pub(super) ends: bool,
    /// In percent: how often a table entry does something, and how often effects are of each kind.
    pub(super) busy: usize,
    pub(super) asks_network: bool,
    /// Some pairs of actors have links of their own.
    pub(super) mixes_links: bool,
    pub(super) several_starts: bool,
    pub(super) n_partitions: usize,
    /// Handlers have more effects.
    pub(super) does_much: bool,
    /// Links hold a limited number of copies.
    pub(super) limited: bool,
}

impl Spec {
    /// A system in this style.
    pub(super) fn decode_in(style: &Style, dice: &mut Dice<'_>) -> Spec {
        let mut spec = Spec {
            loss_budget: 1 + dice.below(2) as u32,
            duplicate_budget: 1 + dice.below(2) as u32,
            faults_max: dice
                .chance(18)
                .then(|| [1, 2, 0][dice.weighted(&[50, 40, 10])]),
            ..Spec::default()
        };
        for _ in 0..style.n_partitions {
            spec.partitions.push(style.partition(dice));
        }
        let usual = style.link(dice);
        for _ in 0..style.n_actors {
            let row = (0..style.n_actors).map(|_| {
                if style.mixes_links && dice.chance(40) {
                    style.link(dice)
                } else {
                    usual
                }
            });
            spec.links.push(row.collect());
        }
        for _ in 0..dice.weighted(&[45, 40, 15]) {
            spec.stimuli.push(StimulusSpec {
                to: dice.below(style.n_actors),
                msg: dice.below(style.n_msgs) as u8,
                budget: 1 + dice.below(2) as u32,
                must_happen: false,
            });
        }
        for _ in 0..dice.weighted(&[50, 40, 10]) {
            let some = dice.chance(40);
            let budget = 1 + dice.weighted(&[65, 35]) as u32;
            spec.crashes.push(CrashSpec {
                recover: dice.chance(65),
                recovers: false,
                budget,
                each: dice.chance(60).then(|| 1 + dice.weighted(&[80, 20]) as u32),
                inside: dice.chance(if style.does_much { 85 } else { 35 }),
                of: some.then(|| (0..style.n_actors).filter(|_| dice.chance(50)).collect()),
            });
        }
        for _ in 0..dice.weighted(&[60, 30, 10]) {
            let rules = (0..1 + dice.below(3)).map(|_| (style.pattern(dice), dice.below(3) as u8));
            let rules = rules.collect();
            spec.observers.push(ObserverSpec {
                hashed: dice.chance(30),
                rules,
            });
        }
        for _ in 0..style.n_actors {
            spec.actors.push(style.actor(dice));
        }
        let n_observers = spec.observers.len();
        for _ in 0..dice.weighted(&[60, 30, 10]) {
            // A boundary that the initial state lies outside of says little: most keep a later state out.
            let late = Pred::StateIs(
                dice.below(style.n_actors),
                1 + dice.below(style.n_states - 1) as u8,
            );
            let any = style.pred(dice, n_observers, 0);
            let out = if dice.chance(50) { any } else { late };
            spec.boundaries.push(Pred::Not(Box::new(out)));
        }
        if dice.chance(30) {
            spec.may_end_when = Some(style.pred(dice, n_observers, 1));
        }
        for _ in 0..1 + dice.below(4) {
            let pred = |dice: &mut Dice<'_>| style.pred(dice, n_observers, 0);
            let property = match dice.weighted(&[30, 20, 20, 20, 10]) {
                0 => PropertySpec::Always(Pred::Not(Box::new(pred(dice)))),
                1 => PropertySpec::Implies(pred(dice), pred(dice)),
                2 => PropertySpec::Reachable(Pred::And(Box::new(pred(dice)), Box::new(pred(dice)))),
                3 => PropertySpec::Confluent(style.values(dice, n_observers)),
                _ => PropertySpec::ConfluentGiven(
                    style.values(dice, n_observers),
                    style.values(dice, n_observers),
                ),
            };
            spec.properties.push(property);
        }
        spec.depth_max = dice.chance(10).then(|| dice.below(6) as u32);
        spec.ask_early();
        spec
    }

    /// Some predicates are asked only in some states. Where one of them reads the network, another that is asked everywhere does
    /// too: then it makes no difference whether reading it at all, or reading it somewhere, is what counts.
    fn ask_early(&mut self) {
        if self.reads_network() {
            self.properties
                .insert(0, PropertySpec::Always(Pred::InFlightMax(99)));
        }
    }
}

impl Style {
    pub(super) fn roll(dice: &mut Dice<'_>) -> Style {
        Style {
            n_actors: 2 + dice.weighted(&[70, 30]),
            n_states: 2 + dice.below(usize::from(VALUES_MAX) - 1),
            n_msgs: 1 + dice.below(3),
            ends: !dice.chance(15),
            busy: 35 + dice.below(45),
            asks_network: dice.chance(20),
            mixes_links: dice.chance(60),
            several_starts: dice.chance(20),
            n_partitions: dice.weighted(&[78, 17, 5]),
            does_much: dice.chance(30),
            limited: false,
        }
    }

    pub(super) fn partition(&self, dice: &mut Dice<'_>) -> PartitionSpec {
        let mut sides = [vec![0], vec![1]];
        for actor in 2..self.n_actors {
            if let Some(side) = sides.get_mut(dice.below(3)) {
                side.push(actor);
            }
        }
        PartitionSpec {
            sides,
            times: [Some(1), Some(2), None][dice.weighted(&[45, 25, 30])],
            heals: !dice.chance(30),
        }
    }

    pub(super) fn link(&self, dice: &mut Dice<'_>) -> LinkSpec {
        let fifo = dice.chance(35);
        let losing = dice.chance(35);
        let duplicating = dice.chance(30);
        LinkSpec {
            fifo,
            duplicating,
            duplicates_budgeted: duplicating && dice.chance(50),
            losing,
            fair: losing && dice.chance(50),
            budgeted: losing && dice.chance(50),
            capacity: (dice.chance(if fifo { 15 } else { 25 }) || self.limited)
                .then(|| 1 + dice.below(2) as u32),
            unauthenticated: false,
        }
    }

    pub(super) fn pattern(&self, dice: &mut Dice<'_>) -> Pattern {
        if self.n_partitions > 0 && dice.chance(50) {
            let forms = dice.chance(60);
            return Pattern {
                kind: if forms {
                    EventKind::Partitioned
                } else {
                    EventKind::Healed
                },
                actor: dice.chance(30).then(|| dice.below(self.n_partitions)),
                msg: None,
            };
        }
        Pattern {
            kind: EVENT_KINDS[dice.below(EVENT_KINDS.len())],
            actor: dice.chance(50).then(|| dice.below(self.n_actors)),
            msg: dice.chance(30).then(|| dice.below(self.n_msgs) as u8),
        }
    }

    pub(super) fn actor(&self, dice: &mut Dice<'_>) -> ActorSpec {
        let mut start: Vec<Start> = (0..=VALUES_MAX)
            .map(|_| Start {
                state: dice.below(self.n_states) as u8,
                effects: self.effects(dice, true, false),
            })
            .collect();
        if !dice.chance(50) {
            start[0].state = 0;
        }
        let starts = if self.several_starts && dice.chance(60) {
            (0..self.n_states as u8)
                .filter(|_| dice.chance(50))
                .collect()
        } else {
            Vec::new()
        };
        let listed = dice.chance(50);
        let mut on_msg = Vec::new();
        let mut on_timer = Vec::new();
        let mut on_choice = Vec::new();
        for state in 0..self.n_states {
            let handlers = (0..self.n_msgs).map(|_| Handler {
                usual: self.reaction(dice, state, true),
                from: dice.chance(25).then(|| {
                    (
                        dice.below(self.n_actors + 1),
                        self.reaction(dice, state, true),
                    )
                }),
            });
            on_msg.push(handlers.collect());
            on_timer.push(
                (0..VALUES_MAX)
                    .map(|_| self.reaction(dice, state, false))
                    .collect(),
            );
            on_choice.push(
                (0..VALUES_MAX)
                    .map(|_| self.reaction(dice, state, false))
                    .collect(),
            );
        }
        ActorSpec {
            listed,
            start,
            starts,
            on_msg,
            on_timer,
            on_choice,
        }
    }

    pub(super) fn reaction(&self, dice: &mut Dice<'_>, state: usize, received: bool) -> Reaction {
        if !dice.chance(self.busy) {
            return Reaction::default();
        }
        let is_last = state + 1 == self.n_states;
        let effects = self.effects(dice, !(self.ends && is_last), received);
        let sends = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send(..)));
        let next = if self.ends && sends {
            Some(state + 1 + dice.below(self.n_states - state - 1))
        } else {
            dice.chance(70).then(|| dice.below(self.n_states))
        };
        Reaction {
            state: next.map(|next| next as u8),
            effects,
        }
    }

    pub(super) fn effects(
        &self,
        dice: &mut Dice<'_>,
        may_send: bool,
        received: bool,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let few = [30, 45, 20, 5];
        let many = [15, 30, 35, 20];
        for _ in 0..dice.weighted(if self.does_much { &many } else { &few }) {
            let value = dice.below(2) as u8;
            let effect = match dice.weighted(&[42, 22, 14, 10, 12]) {
                0 if may_send => {
                    let target = if received && dice.chance(25) {
                        Target::Reply
                    } else {
                        Target::Actor(dice.below(self.n_actors))
                    };
                    let effect = Effect::Send(target, dice.below(self.n_msgs) as u8);
                    if dice.chance(15) {
                        effects.push(effect.clone());
                    }
                    effect
                }
                0 | 1 => Effect::Set(value),
                2 => Effect::Cancel(value),
                3 => {
                    let mut alternatives: Vec<u8> = (0..3).filter(|_| dice.chance(60)).collect();
                    if dice.chance(20) {
                        alternatives.reverse();
                    }
                    Effect::Choose(value, alternatives)
                }
                _ => Effect::Save(dice.below(usize::from(VALUES_MAX)) as u8),
            };
            effects.push(effect);
        }
        effects
    }

    pub(super) fn pred(&self, dice: &mut Dice<'_>, n_observers: usize, depth: usize) -> Pred {
        let actor = dice.below(self.n_actors);
        let value = dice.below(self.n_states) as u8;
        if depth < 2 && dice.chance(35) {
            let first = Box::new(self.pred(dice, n_observers, depth + 1));
            let second = Box::new(self.pred(dice, n_observers, depth + 1));
            return if dice.chance(50) {
                Pred::And(first, second)
            } else {
                Pred::Or(first, second)
            };
        }
        if n_observers > 0 && dice.chance(30) {
            let observer = dice.below(n_observers);
            return Pred::Observed(
                observer,
                1 + dice.below(usize::from(ObserverSpec::VALUE_MAX)) as u8,
            );
        }
        if self.n_partitions > 0 && dice.chance(20) {
            let which = dice.chance(50).then(|| dice.below(self.n_partitions));
            return Pred::Partitioned(which);
        }
        if self.asks_network && dice.chance(30) {
            return if dice.chance(50) {
                Pred::InFlightMax(dice.below(4))
            } else {
                Pred::InFlight(dice.below(self.n_msgs) as u8)
            };
        }
        match dice.weighted(&[60, 15, 15, 10]) {
            0 => Pred::StateIs(actor, value),
            1 => Pred::Saved(actor, value),
            2 => Pred::HasTimer(actor, dice.below(2) as u8),
            _ => Pred::Not(Box::new(Pred::IsUp(actor))),
        }
    }

    pub(super) fn values(&self, dice: &mut Dice<'_>, n_observers: usize) -> Vec<Value> {
        (0..1 + dice.below(2))
            .map(|_| match dice.weighted(&[70, 15, 15]) {
                2 if n_observers > 0 => Value::Observed(dice.below(n_observers)),
                1 => Value::Saved(dice.below(self.n_actors)),
                _ => Value::State(dice.below(self.n_actors)),
            })
            .collect()
    }
}
