//! The state space of a model: initial states, steps, successors, identity, rendering. Knows nobody who searches it.
//!
//! Everything above this room (search, traces, replay, explorer) sees a model only through [`StateSpace`].

mod actors;
mod asked;
mod fairness;
mod faults;
mod fingerprint;
mod general;
mod intern;
#[doc(hidden)]
pub mod sabotage;
mod stateright;

pub use actors::{ActorSpace, Words};
pub use asked::{Asked, Asks, Look, Said};
pub use fairness::{Class, FairClass, Fairness, Role, Share};
pub use faults::{Budget, FaultKind, FaultKinds};
pub use fingerprint::Fingerprint;
pub(crate) use general::OWN_BOUNDARY;
pub use general::{
    Audited, Buffer, Encoded, GeneralArena, GeneralScratch, GeneralSpace, Hashed, Identity,
};
pub use stateright::from_stateright;

use crate::error::Error;
use crate::value::Tree;

/// What a property asserts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PropertyKind {
    /// Holds in every reachable state.
    Always,
    /// Wherever the premise holds, the conclusion holds; vacuous where the premise never does.
    Implies,
    /// Holds in some reachable state.
    Reachable,
    /// All quiescent states with equal inputs agree on a value.
    Confluent,
    /// A quiescent state is one where the run may end.
    NoDeadlock,
    /// No handler, property or observer panics. Every space has it, first.
    NoPanic,
    /// Every fair run comes to a state where it holds.
    Eventually,
    /// Whenever the premise holds, every fair run comes, then or later, to a state where the goal holds; vacuous where the
    /// premise never does.
    LeadsTo,
    /// Like [`LeadsTo`](PropertyKind::LeadsTo); and how many steps it takes at most is reported.
    Measure,
    /// Every fair run comes again and again to a state where it holds.
    InfinitelyOften,
    /// Every fair run comes to a point from which on it always holds.
    Stabilises,
}

impl PropertyKind {
    /// The word for the terminal: `always`, `implies`, `reachable`, `confluent`, `no deadlock`, `no panic`,
    /// `eventually`, `leads to`, `infinitely often`, `stabilises`.
    pub fn word(self) -> &'static str {
        match self {
            PropertyKind::Always => "always",
            PropertyKind::Implies => "implies",
            PropertyKind::Reachable => "reachable",
            PropertyKind::Confluent => "confluent",
            PropertyKind::NoDeadlock => "no deadlock",
            PropertyKind::NoPanic => "no panic",
            PropertyKind::Eventually => "eventually",
            PropertyKind::LeadsTo => "leads to",
            PropertyKind::Measure => "measure",
            PropertyKind::InfinitelyOften => "infinitely often",
            PropertyKind::Stabilises => "stabilises",
        }
    }

    /// Whether it is about runs without end: its counterexample is a lasso, and fairness decides.
    pub fn is_liveness(self) -> bool {
        matches!(
            self,
            PropertyKind::Eventually
                | PropertyKind::LeadsTo
                | PropertyKind::Measure
                | PropertyKind::InfinitelyOften
                | PropertyKind::Stabilises
        )
    }
}

/// A property's name and kind; its index in [`StateSpace::properties`] is its bit in a [`Judgement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyDecl {
    /// Unique within the model.
    pub name: String,
    /// What it asserts.
    pub kind: PropertyKind,
}

/// The most properties, and the most boundaries, that one model may have.
pub const PROPERTIES_MAX: usize = 64;

/// Many states in one place: a level of the search, or a part of one.
///
/// An arena is filled by its space and read by index, `0..len`.
pub trait Arena: Default + Send + Sync {
    /// How many states it holds.
    fn len(&self) -> usize;
    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Forgets all states, keeps the memory.
    fn clear(&mut self);
    /// Moves all states of `other` behind its own, in order; `other` is empty afterwards.
    fn append(&mut self, other: &mut Self);
    /// Forgets the last state.
    fn pop(&mut self);
    /// Forgets all states but the first `len`.
    fn truncate(&mut self, len: usize) {
        while self.len() > len {
            self.pop();
        }
    }
    /// Bytes held, for memory limits: capacity, not length.
    fn bytes(&self) -> usize;
}

/// Whether a question was answered from what the space already knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// The answer is whole.
    Complete,
    /// User code has to run first; what is missing is noted in the scratch. Call [`StateSpace::absorb`] and ask again.
    Missing,
}

/// What [`StateSpace::absorb`] asks of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Absorbed {
    /// Ask the same questions again.
    Continue,
    /// What was learnt changes earlier answers (a property turned out to read the network, so deliveries
    /// without effect must be kept): forget every state and begin again from [`StateSpace::initial`].
    Restart,
}

/// What holds in one state. Bit `p` belongs to property `p`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// `always`, `reachable`, `implies` (premise without conclusion clears it), `no_deadlock`, `no_panic`: the property
    /// is satisfied here. For `confluent` the bit is always set. For liveness properties: the goal holds here.
    pub holds: u64,
    /// `implies` and `leads to`: the premise holds here.
    pub premise: u64,
    /// Bit `b`: the state lies *outside* boundary `b`.
    pub outside: u64,
    /// For each `confluent` property, if the state is quiescent: (property, hash of the inputs, hash of the value).
    pub confluent: Vec<(usize, u128, u128)>,
    /// Whether the state is quiescent; only meaningful where a property asks (`confluent`, `no_deadlock`).
    pub quiescent: bool,
    /// Why `no_panic` does not hold here.
    pub panic: Option<String>,
}

/// What kind of step it is. The order is the first part of the semantic order of steps.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A message is delivered and handled.
    Deliver,
    /// A timer fires.
    Timeout,
    /// One alternative of a random choice is taken.
    Choose,
    /// An action of a general model.
    Act,
    /// The environment acts.
    Stimulus,
    /// A crashed process starts again.
    Recover,
    /// Fault: a message is delivered and stays in flight.
    Duplicate,
    /// Fault: a message is lost.
    Drop,
    /// Fault: a process crashes.
    Crash,
    /// Fault: a process crashes while it handles an event, after some of the handler's effects.
    CrashInside,
    /// Fault: a partition forms.
    Partition,
    /// A partition heals.
    Heal,
    /// Time passes, for everybody.
    Tick,
    /// The bounds on time hold from here on.
    Stabilise,
    /// Fault: a Byzantine process sends something of its own accord, in its own name or in another's.
    Forge,
    /// A Byzantine process ignores an event.
    Ignore,
}

impl StepKind {
    /// Whether the step is a fault: it counts against the fewest-faults tie-break and does not end quiescence.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            StepKind::Duplicate
                | StepKind::Drop
                | StepKind::Crash
                | StepKind::CrashInside
                | StepKind::Partition
                | StepKind::Forge
        )
    }
}

/// What a step has to do with time, in a model that has ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Time passes.
    Tick,
    /// This lane acts at once: infinitely many such steps without a tick are infinitely much in no time.
    Instant(u32),
    /// Nothing: a fault, a step of the environment, or any step while no bound on time holds.
    Free,
}

/// Where in a handler a process crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interrupted {
    /// The event that was handled: a delivery, a duplicate, a timeout, a choice, a stimulus or a recovery.
    pub event: StepKind,
    /// How many of the handler's effects happened.
    pub after: u32,
    /// How many it has.
    pub of: u32,
}

/// A step as people read it, and as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Total order of steps that does not depend on the run: kind, lane, canonical encoding of the event. Two enabled steps
    /// of one state have different keys unless they are indistinguishable to the model.
    pub key: Vec<u8>,
    /// Who acts: an index into [`StateSpace::lanes`].
    pub lane: u32,
    /// What kind of step.
    pub kind: StepKind,
    /// Who sent the message that is delivered, duplicated, lost or ignored, or in whose name it is forged: an index into [`StateSpace::lanes`].
    pub from: Option<u32>,
    /// The message, timer, choice or action. For a stimulus its message, for a partition its two groups.
    pub content: Tree,
    /// The name of a stimulus or partition, the key of a choice.
    pub name: Option<String>,
    /// For a crash inside a handler where that is; the other fields are those of the event.
    pub interrupted: Option<Interrupted>,
    /// What the step sent: destination lane and message, in order.
    pub sent: Vec<(u32, Tree)>,
}

/// A part of a state as people read it: `("seed", …)`, `("in flight", …)`.
pub type Rendered = Vec<(String, Tree)>;

/// The part of a system's rendered state that holds the messages in flight: for each link those that are on it.
pub(crate) const IN_FLIGHT: &str = "in flight";

/// Something of the model that a whole search never exercised, in words: `joiner never received a message`.
pub type NeverExercised = String;

/// How often a handler runs over all steps of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerCount {
    /// Whose, and what it handles: `seed: Join`, `monitor: timer Ask`.
    pub name: String,
    /// The steps that it takes.
    pub fired: u64,
    /// The distinct local situations that it takes them in: an actor's state, and what it handles.
    pub situations: u64,
}

/// What a search needs of a model.
///
/// A space answers questions about states from what it already knows; where user code has to run, it notes the need in the
/// caller's scratch and [`absorb`](StateSpace::absorb) runs all of it, in parallel, deduplicated, in an order that does not depend
/// on threads. General models, whose code runs directly, never answer [`Answer::Missing`].
///
/// Invariants that a search relies on:
/// - the steps of a state come in an order that depends on nothing but the questions asked before, which are the same for any
///   number of threads; once complete, the list of a state's steps never changes (except by a restart);
/// - equal states have equal fingerprints; [`same`](StateSpace::same) decides equality without hashing.
pub trait StateSpace: Send + Sync {
    /// Where its states live.
    type Arena: Arena;
    /// A thread's working memory.
    type Scratch: Default + Send;

    /// The properties; index 0 is always the built-in `no panic`.
    fn properties(&self) -> &[PropertyDecl];

    /// The names of the boundaries; index `b` is bit `b` of [`Judgement::outside`].
    fn boundaries(&self) -> &[String];

    /// The lanes of a trace: actors in order, then `environment`; for a general model one lane.
    fn lanes(&self) -> &[String];

    /// How states are told apart, where that is less than an exact comparison: for example "the model's Hash".
    fn identity_note(&self) -> Option<String> {
        None
    }

    /// From now on every delivery is a step, also one that nobody could notice. Called before [`initial`](StateSpace::initial).
    fn count_every_delivery(&mut self) {}

    /// Seeds every content hash from now on. Called before [`initial`](StateSpace::initial).
    fn seed(&mut self, seed: u64);

    /// Appends the initial states, in order; equal ones may repeat. Whenever it is called it appends the same.
    fn initial(&mut self, out: &mut Self::Arena) -> Result<(), Error>;

    /// The fingerprint of a state.
    fn fingerprint<F: Fingerprint>(&self, states: &Self::Arena, index: usize) -> F;

    /// Appends to `out` the fingerprint of each step's successor, in step order. A zero (its `Default`) marks a place
    /// without a step: it keeps the numbering of the others simple, is no transition, and is to be skipped. On [`Answer::Missing`] what was
    /// appended is meaningless.
    fn expand<F: Fingerprint>(
        &self,
        states: &Self::Arena,
        index: usize,
        scratch: &mut Self::Scratch,
        out: &mut Vec<F>,
    ) -> Answer;

    /// Appends to `out` the successor by step `step` (an index into what [`expand`](StateSpace::expand) appended). Only after
    /// a complete expansion.
    ///
    /// # Errors
    /// The model answers differently the second time.
    fn successor(
        &self,
        states: &Self::Arena,
        index: usize,
        step: u32,
        scratch: &mut Self::Scratch,
        out: &mut Self::Arena,
    ) -> Result<(), Error>;

    /// Appends to `out` the successors by several steps, in the order of `steps`, which ascend.
    ///
    /// # Errors
    /// As [`successor`](StateSpace::successor).
    fn successors(
        &self,
        states: &Self::Arena,
        index: usize,
        steps: &[u32],
        scratch: &mut Self::Scratch,
        out: &mut Self::Arena,
    ) -> Result<(), Error> {
        let mut steps = steps.iter();
        steps.try_for_each(|&step| self.successor(states, index, step, scratch, out))
    }

    /// Evaluates properties and boundaries in a state. `out` is overwritten.
    fn judge(
        &self,
        states: &Self::Arena,
        index: usize,
        scratch: &mut Self::Scratch,
        out: &mut Judgement,
    ) -> Answer;

    /// How a property comes to what it says of a state: the questions it asks there, in order, each with what it looks at. Nothing where something
    /// panicked on the way to the state, for `no panic`, and in a space that cannot tell.
    ///
    /// # Errors
    /// The property is at fault.
    fn asked(
        &self,
        states: &Self::Arena,
        index: usize,
        property: usize,
    ) -> Result<Vec<Asked>, Error> {
        let _ = (states, index, property);
        Ok(Vec::new())
    }

    /// Runs the user code that the scratches ask for, and empties their lists.
    ///
    /// # Errors
    /// A handler, property or observer that answers differently the second time; an encoding that is not canonical; a component
    /// table that is full.
    fn absorb(&mut self, scratches: &mut [Self::Scratch]) -> Result<Absorbed, Error>;

    /// Appends which fairness classes the steps of a state take, enable or use, in step order. `steps` are the steps that there are, ascending: the
    /// places of a complete [expansion](StateSpace::expand) that are none left out.
    ///
    /// Counts all steps of the model, also those that lead outside a boundary.
    fn fair(&self, states: &Self::Arena, index: usize, steps: &[u32], out: &mut Vec<Share>) {
        let _ = (states, index);
        fairness::some_step(steps, out);
    }

    /// Whether a run may stay in a state for ever: fairness asks for no step that is enabled there. What [`fair`](StateSpace::fair) says in full, in one
    /// word. `steps` as for [`fair`](StateSpace::fair).
    fn may_stay(&self, states: &Self::Arena, index: usize, steps: &[u32]) -> bool {
        let _ = (states, index);
        steps.is_empty()
    }

    /// What a class is called, and how it is fair.
    fn class(&self, class: Class) -> FairClass {
        let _ = class;
        FairClass {
            name: "some step".to_owned(),
            fairness: Fairness::Weak,
        }
    }

    /// What is required of a class: what [`class`](StateSpace::class) says, without its name.
    fn fairness(&self, class: Class) -> Fairness {
        self.class(class).fairness
    }

    /// What is assumed of runs, in words, one assumption an item.
    fn assumptions(&self) -> Vec<String> {
        vec!["some step is taken while one is enabled (weak)".to_owned()]
    }

    /// Whether the model has ticks, so that [`paces`](StateSpace::paces) says something.
    fn has_ticks(&self) -> bool {
        false
    }

    /// Appends for each place of [`expand`](StateSpace::expand) what its step has to do with time. Only for a model with ticks.
    fn paces(&self, states: &Self::Arena, index: usize, out: &mut Vec<Pace>) {
        let _ = (states, index, out);
    }

    /// From now on [`fair`](StateSpace::fair) and [`may_stay`](StateSpace::may_stay) answer in full, though no property is about runs without end.
    /// Called before [`initial`](StateSpace::initial).
    fn ask_of_runs(&mut self) {}

    /// Which parts of the model are declared interchangeable, in words; `None`: nothing is.
    fn symmetry(&self) -> Option<String> {
        None
    }

    /// From now on states that differ only by which of interchangeable parts is which have equal fingerprints and are the
    /// [same](StateSpace::same), or again not. Steps stay those of the states themselves. Called before [`seed`](StateSpace::seed), or after a
    /// search.
    ///
    /// # Errors
    /// What is declared interchangeable is not, or cannot be compared.
    fn reduce(&mut self, on: bool) -> Result<(), Error> {
        let _ = on;
        Ok(())
    }

    /// A fingerprint that tells apart what [`reduce`](StateSpace::reduce) makes the same.
    fn fingerprint_apart(&self, states: &Self::Arena, index: usize) -> u128 {
        self.fingerprint(states, index)
    }

    /// Whether two states are equal also in what [`reduce`](StateSpace::reduce) makes the same.
    fn same_apart(&self, a: &Self::Arena, a_index: usize, b: &Self::Arena, b_index: usize) -> bool {
        self.same(a, a_index, b, b_index)
    }

    /// From now on of each kind of fault that has no budget no more than `max` happen in a run: states with one more lie outside a
    /// [boundary](StateSpace::boundaries) that says so. `None`: as the model says. Steps keep their numbers. Called before
    /// [`reduce`](StateSpace::reduce), or after a search.
    ///
    /// # Errors
    /// The budgets are too large together.
    fn bound_faults(&mut self, max: Option<u32>) -> Result<(), Error> {
        let _ = max;
        Ok(())
    }

    /// The faults that the model declares; none unless it says so.
    fn fault_kinds(&self) -> FaultKinds {
        FaultKinds::default()
    }

    /// The budgets that the model declares, of faults and of the environment's steps; none unless it says so.
    fn budgets(&self) -> Vec<Budget> {
        Vec::new()
    }

    /// Appends to `out` how many faults of each kind that has a budget the way to a state took: the same for every way.
    fn faults(&self, states: &Self::Arena, index: usize, out: &mut Vec<u32>) {
        let _ = (states, index, out);
    }

    /// Whether two states are equal, compared in full.
    fn same(&self, a: &Self::Arena, a_index: usize, b: &Self::Arena, b_index: usize) -> bool;

    /// A step as people read it. Only after a complete expansion.
    fn label(&self, states: &Self::Arena, index: usize, step: u32) -> Result<Label, Error>;

    /// A state as people read it, part by part, in a fixed order.
    fn render(&self, states: &Self::Arena, index: usize) -> Rendered;

    /// The lanes whose actors are down.
    fn down(&self, states: &Self::Arena, index: usize) -> Vec<u32> {
        let _ = (states, index);
        Vec::new()
    }

    /// Whether a search is to count how often handlers run. Called before [`initial`](StateSpace::initial).
    fn count_handlers(&mut self, on: bool) {
        let _ = on;
    }

    /// Counts the steps of a state: those of the places of [`expand`](StateSpace::expand) that `is_step` names. Only after a complete expansion.
    fn tally(&self, states: &Self::Arena, index: usize, is_step: &dyn Fn(usize) -> bool) {
        let _ = (states, index, is_step);
    }

    /// How often each handler runs over all steps that were counted; none for a model without handlers, and up to symmetry.
    fn handlers(&self) -> Vec<HandlerCount> {
        Vec::new()
    }

    /// What was never exercised by all expansions so far.
    fn never_exercised(&self) -> Vec<NeverExercised> {
        Vec::new()
    }

    /// Bytes held by components, memos and tables, for memory limits.
    fn bytes(&self) -> usize;

    /// A fault that a search of this space is to have, for the tests that must catch it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    fn fault(&self) -> Option<sabotage::Sabotage> {
        None
    }
}
