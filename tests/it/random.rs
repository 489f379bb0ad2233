//! Random small actor systems as plain data: what the oracle interprets and the engine runs.
//!
//! A system is decoded from bytes, so that proptest can shrink it: a zero byte always means the simplest choice, and bytes past the
//! end are zero. Nothing here knows what a step is: the meaning is written twice, in `table.rs` for the engine and in `oracle.rs`.

mod byzantine;
mod live;

pub(crate) use byzantine::{BYZANTINE_BYTES, ByzantineSpec};
pub(crate) use live::{AssumeSpec, Assumed, LIVE_BYTES, LiveKind, LiveSpec, StepsOf};

/// The most values a state, message, timer, alternative or saved value may have; small, so that things meet.
pub(crate) const VALUES_MAX: u8 = 4;

/// A system of two or three table-driven actors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    pub(crate) actors: Vec<ActorSpec>,
    /// From (row) and to (column).
    pub(crate) links: Vec<Vec<LinkSpec>>,
    pub(crate) loss_budget: u32,
    pub(crate) duplicate_budget: u32,
    pub(crate) partitions: Vec<PartitionSpec>,
    pub(crate) faults_max: Option<u32>,
    pub(crate) crashes: Vec<CrashSpec>,
    /// By actor; those beyond the end follow their protocol.
    pub(crate) byzantine: Vec<Option<ByzantineSpec>>,
    pub(crate) stimuli: Vec<StimulusSpec>,
    pub(crate) observers: Vec<ObserverSpec>,
    pub(crate) boundaries: Vec<Pred>,
    pub(crate) properties: Vec<PropertySpec>,
    /// Declared after the other properties.
    pub(crate) liveness: Vec<LiveSpec>,
    /// What is assumed instead of what follows from the system; the last that fits counts.
    pub(crate) assumed: Vec<AssumeSpec>,
    pub(crate) may_end_when: Option<Pred>,
    /// How deep to search, where that is bounded.
    pub(crate) depth_max: Option<u32>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ActorSpec {
    /// Which of the two Rust types runs it.
    pub(crate) listed: bool,
    /// Without storage, then for each saved value.
    pub(crate) start: Vec<Start>,
    /// Initial states that replace the one of `start`; empty: none do.
    pub(crate) starts: Vec<u8>,
    /// By state and message.
    pub(crate) on_msg: Vec<Vec<Handler>>,
    /// By state and timer.
    pub(crate) on_timer: Vec<Vec<Reaction>>,
    /// By state and alternative.
    pub(crate) on_choice: Vec<Vec<Reaction>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    pub(crate) state: u8,
    pub(crate) effects: Vec<Effect>,
}

/// What a message does, which may depend on who sent it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handler {
    pub(crate) usual: Reaction,
    /// For messages from this sender (the number of actors stands for the environment).
    pub(crate) from: Option<(usize, Reaction)>,
}

impl Handler {
    pub(crate) fn reaction(&self, src: usize) -> &Reaction {
        match &self.from {
            Some((sender, reaction)) if *sender == src => reaction,
            _ => &self.usual,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Reaction {
    /// The next state; `None` leaves it borrowed.
    pub(crate) state: Option<u8>,
    pub(crate) effects: Vec<Effect>,
}

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Send(Target, u8),
    Set(u8),
    Cancel(u8),
    /// No alternatives: the choice is withdrawn.
    Choose(u8, Vec<u8>),
    Save(u8),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Actor(usize),
    /// The sender of the message; nobody, where nothing was received.
    Reply,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LinkSpec {
    pub(crate) fifo: bool,
    pub(crate) duplicating: bool,
    pub(crate) duplicates_budgeted: bool,
    pub(crate) losing: bool,
    pub(crate) fair: bool,
    pub(crate) budgeted: bool,
    pub(crate) capacity: Option<u32>,
    /// A Byzantine actor may send over it in the sender's name.
    pub(crate) unauthenticated: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct PartitionSpec {
    pub(crate) sides: [Vec<usize>; 2],
    pub(crate) times: Option<u32>,
    pub(crate) heals: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct CrashSpec {
    pub(crate) recover: bool,
    /// A crashed process starts again in the end.
    pub(crate) recovers: bool,
    pub(crate) budget: u32,
    pub(crate) of: Option<Vec<usize>>,
    pub(crate) each: Option<u32>,
    pub(crate) inside: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct StimulusSpec {
    pub(crate) to: usize,
    pub(crate) msg: u8,
    pub(crate) budget: u32,
    pub(crate) must_happen: bool,
}

/// Adds up what the first matching rule says, up to a limit.
#[derive(Clone, Debug)]
pub(crate) struct ObserverSpec {
    /// Its value is identified by `Hash` instead of its encoding.
    pub(crate) hashed: bool,
    pub(crate) rules: Vec<(Pattern, u8)>,
}

impl ObserverSpec {
    pub(crate) const VALUE_MAX: u8 = 2;

    /// The new value, if a rule matches (also where it is the old one).
    pub(crate) fn fold(&self, value: u8, told: Told) -> Option<u8> {
        let (_, add) = self
            .rules
            .iter()
            .find(|(pattern, _)| pattern.matches(told))?;
        Some((value + add).min(Self::VALUE_MAX))
    }
}

/// What an observer is told: kind of event, the actor that it happens to, the message.
pub(crate) type Told = (EventKind, usize, Option<u8>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum EventKind {
    Received,
    Sent,
    TimedOut,
    Chose,
    Crashed,
    Recovered,
    Lost,
    /// The partition with the number that stands for an actor.
    Partitioned,
    Healed,
}

const EVENT_KINDS: [EventKind; 7] = [
    EventKind::Received,
    EventKind::Sent,
    EventKind::TimedOut,
    EventKind::Chose,
    EventKind::Crashed,
    EventKind::Recovered,
    EventKind::Lost,
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern {
    kind: EventKind,
    actor: Option<usize>,
    msg: Option<u8>,
}

impl Pattern {
    fn matches(self, (kind, actor, msg): Told) -> bool {
        self.kind == kind
            && self.actor.is_none_or(|wanted| wanted == actor)
            && (self.msg.is_none() || self.msg == msg)
    }
}

/// A question about one state.
#[derive(Clone, Debug)]
pub(crate) enum Pred {
    StateIs(usize, u8),
    IsUp(usize),
    /// This partition is up, or any.
    Partitioned(Option<usize>),
    Saved(usize, u8),
    HasTimer(usize, u8),
    Observed(usize, u8),
    /// At most so many messages are in flight.
    InFlightMax(usize),
    /// Some copy of the message is in flight.
    InFlight(u8),
    Not(Box<Pred>),
    And(Box<Pred>, Box<Pred>),
    Or(Box<Pred>, Box<Pred>),
}

impl Pred {
    pub(crate) fn reads_network(&self) -> bool {
        match self {
            Pred::InFlightMax(_) | Pred::InFlight(_) => true,
            Pred::Not(p) => p.reads_network(),
            Pred::And(p, q) | Pred::Or(p, q) => p.reads_network() || q.reads_network(),
            _ => false,
        }
    }

    /// Its value, once the atoms are known. Every atom is asked for, so that what is read does not depend on the state.
    pub(crate) fn holds(&self, atom: &dyn Fn(&Pred) -> bool) -> bool {
        match self {
            Pred::Not(p) => !p.holds(atom),
            Pred::And(p, q) => p.holds(atom) & q.holds(atom),
            Pred::Or(p, q) => p.holds(atom) | q.holds(atom),
            _ => atom(self),
        }
    }
}

/// A small value of a state, for `confluent`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    State(usize),
    Saved(usize),
    Observed(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum PropertySpec {
    Always(Pred),
    Implies(Pred, Pred),
    Reachable(Pred),
    Confluent(Vec<Value>),
    ConfluentGiven(Vec<Value>, Vec<Value>),
}

impl Spec {
    /// The system that the bytes stand for.
    pub(crate) fn decode(bytes: &[u8]) -> Spec {
        let mut dice = Dice { bytes, at: 0 };
        let style = Style::roll(&mut dice);
        Spec::decode_in(&style, &mut dice)
    }

    fn decode_in(style: &Style, dice: &mut Dice<'_>) -> Spec {
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

    /// Whether some predicate reads the network, so that every delivery counts.
    pub(crate) fn reads_network(&self) -> bool {
        self.boundaries
            .iter()
            .chain(&self.may_end_when)
            .any(Pred::reads_network)
            || self.properties.iter().any(|property| match property {
                PropertySpec::Always(p) | PropertySpec::Reachable(p) => p.reads_network(),
                PropertySpec::Implies(p, q) => p.reads_network() || q.reads_network(),
                PropertySpec::Confluent(_) | PropertySpec::ConfluentGiven(..) => false,
            })
    }

    /// Whether it matters that a message is gone that had no effect: some predicate reads the network, or something is asked of the states
    /// in which a run ends, or of runs without end.
    pub(crate) fn keeps_no_ops(&self) -> bool {
        let asks_ends = self.properties.iter().any(|property| {
            matches!(
                property,
                PropertySpec::Confluent(_) | PropertySpec::ConfluentGiven(..)
            )
        });
        self.may_end_when.is_some()
            || asks_ends
            || !self.liveness.is_empty()
            || self.reads_network()
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

/// What all parts of one system have in common.
struct Style {
    n_actors: usize,
    n_states: usize,
    n_msgs: usize,
    /// A reaction that sends moves to a later state: the space is finite.
    ends: bool,
    /// In percent: how often a table entry does something, and how often effects are of each kind.
    busy: usize,
    asks_network: bool,
    /// Some pairs of actors have links of their own.
    mixes_links: bool,
    several_starts: bool,
    n_partitions: usize,
    /// Handlers have more effects.
    does_much: bool,
    /// Links hold a limited number of copies.
    limited: bool,
}

impl Style {
    fn roll(dice: &mut Dice<'_>) -> Style {
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

    fn partition(&self, dice: &mut Dice<'_>) -> PartitionSpec {
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

    fn link(&self, dice: &mut Dice<'_>) -> LinkSpec {
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

    fn pattern(&self, dice: &mut Dice<'_>) -> Pattern {
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

    fn actor(&self, dice: &mut Dice<'_>) -> ActorSpec {
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

    fn reaction(&self, dice: &mut Dice<'_>, state: usize, received: bool) -> Reaction {
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

    fn effects(&self, dice: &mut Dice<'_>, may_send: bool, received: bool) -> Vec<Effect> {
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

    fn pred(&self, dice: &mut Dice<'_>, n_observers: usize, depth: usize) -> Pred {
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

    fn values(&self, dice: &mut Dice<'_>, n_observers: usize) -> Vec<Value> {
        (0..1 + dice.below(2))
            .map(|_| match dice.weighted(&[70, 15, 15]) {
                2 if n_observers > 0 => Value::Observed(dice.below(n_observers)),
                1 => Value::Saved(dice.below(self.n_actors)),
                _ => Value::State(dice.below(self.n_actors)),
            })
            .collect()
    }
}

/// Bytes read as choices.
struct Dice<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Dice<'_> {
    fn byte(&mut self) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte)
    }

    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize {
        self.byte() * n / 256
    }

    /// Yes in so many cases of a hundred; a zero byte says no.
    fn chance(&mut self, percent: usize) -> bool {
        self.byte() * 100 >= (100 - percent) * 256
    }

    /// An index, with these weights of a hundred.
    fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.byte() * 100 / 256;
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len() - 1
    }
}
