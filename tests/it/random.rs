//! Random small actor systems as plain data: what the oracle interprets and the engine runs.
//!
//! A system is decoded from bytes, so that proptest can shrink it: a zero byte always means the simplest choice, and bytes past the
//! end are zero. Nothing here knows what a step is: the meaning is written twice, in `table.rs` for the engine and in `oracle.rs`.

mod byzantine;
mod dice;
mod live;
mod style;

pub(crate) use byzantine::{BYZANTINE_BYTES, ByzantineSpec};
pub(crate) use live::{AssumeSpec, Assumed, LIVE_BYTES, LiveKind, LiveSpec, StepsOf};

use dice::Dice;
use style::Style;

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
        let mut dice = Dice::of(bytes);
        let style = Style::roll(&mut dice);
        Spec::decode_in(&style, &mut dice)
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
}
