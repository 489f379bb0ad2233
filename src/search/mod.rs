//! Exhaustive breadth-first search: what to visit next, what was seen, when to stop, which verdict follows; and random walks, where there is too much to
//! see all of it. Knows no actor and no message: only [`StateSpace`].

mod asking;
mod batch;
mod chunk;
mod digest;
mod discover;
mod exact;
mod faults;
mod frontier;
mod least;
mod levels;
mod limits;
mod liveness;
mod log;
mod simulate;
mod verdicts;
mod visited;

use crate::error::Error;
use crate::space::{Budget, FaultKinds, HandlerCount, NeverExercised, PropertyDecl, StateSpace};

pub(crate) use asking::{Halt, RESTARTS_MAX, ask, steps, walking};
pub use digest::DIGEST_VERSION;
pub use faults::FaultFrontier;
pub(crate) use frontier::Block;
pub(crate) use least::{Edge, Layers, least};
pub(crate) use levels::{Explored, explore, in_pool, reduces};
pub(crate) use limits::asked;
pub use simulate::{
    Shrunk, Sighting, Simulated, Simulation, SimulationOptions, Strategy, simulate,
};

/// Goes through every state of a space, breadth first, and says for each property what is known.
///
/// The outcome is the same for any number of threads. Its paths are the shortest, and among them the first found; use
/// [`check`](crate::check) for those that read best.
///
/// # Errors
/// A mistake in the model, or in the options. A violated property is no error.
pub fn search<S: StateSpace>(
    space: &mut S,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Outcome, Error> {
    let explored = explore(space, options, monitor);
    space.reduce(false)?;
    let outcome = explored?.outcome;
    space.bound_faults(None)?;
    Ok(outcome)
}

/// What is known of a property after a check. The order is from best to worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole state space was seen, and nothing contradicts the property.
    Holds,
    /// Nothing contradicts it in the part that the named bounds left.
    HoldsWithinBounds,
    /// Nothing in the whole state space exercised it.
    Vacuous,
    /// The search was stopped, or bounds cut what would decide it.
    Inconclusive,
    /// A trace contradicts it; for a `reachable` property, the whole state space holds no witness.
    Violated,
}

impl Verdict {
    /// The words for the terminal: `holds`, `holds within bounds`, `vacuous`, `inconclusive`, `violated`.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::HoldsWithinBounds => "holds within bounds",
            Verdict::Vacuous => "vacuous",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Violated => "violated",
        }
    }
}

/// How to search.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads to use; the result does not depend on it.
    pub threads: usize,
    /// Bound: states deeper than this many steps are not expanded.
    pub depth_max: Option<u32>,
    /// Bound: no further level is begun once this many unique states are known.
    pub states_max: Option<u64>,
    /// Stop: bytes that the search itself may hold.
    pub memory_max: Option<u64>,
    /// Only the properties with these names (and the built-in ones); all where `None`.
    pub properties: Option<Vec<String>>,
    /// Stop after the first violation, at the end of its level.
    pub first: bool,
    /// Visit only one of all states that differ by which of the actors that are declared symmetric is which.
    pub symmetry: bool,
    /// Find for each property the least combinations of faults that break it, and report a trace with the fewest faults instead of
    /// the shortest. Every kind of fault needs a budget, or a bound by [`faults_max`](Options::faults_max).
    pub fewest_faults: bool,
    /// Bound: of each kind of fault that has no budget no more happen than so many.
    pub faults_max: Option<u32>,
    /// Keep every state whole and compare in full, so that no hash can hide a state.
    pub exact: bool,
    /// Bits stored per state: 64 or 128.
    pub fingerprint_bits: u32,
    /// Seeds every hash: another seed repeats the search with independent chances of an omission.
    pub hash_seed: u64,
    /// Sum up the set of states, so that two checks can be compared: [`Outcome::digest`].
    pub digest: bool,
    /// Above this many (state, lane) pairs the tie-break among shortest traces is given up, and said so.
    pub tie_break_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            threads: 1,
            depth_max: None,
            states_max: None,
            memory_max: None,
            properties: None,
            first: false,
            symmetry: true,
            fewest_faults: false,
            faults_max: None,
            exact: false,
            fingerprint_bits: 64,
            hash_seed: 0,
            digest: false,
            tie_break_max: 250_000,
        }
    }
}

/// Why a search ended before it had seen everything it was to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The caller's time is over.
    Time,
    /// The memory limit was reached.
    Memory,
    /// The caller was interrupted.
    Interrupt,
}

/// Counts of a search, at any moment of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Distinct states inside the boundary.
    pub unique: u64,
    /// Initial states plus successors inside the boundary, repeats included.
    pub generated: u64,
    /// `generated` less the initial states.
    pub transitions: u64,
    /// Steps on the longest of the shortest paths.
    pub depth: u32,
}

/// What a caller sees of a running search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Counts so far.
    pub counts: Counts,
    /// States found and not yet expanded.
    pub queue: u64,
    /// Bytes that the search holds.
    pub bytes: u64,
}

/// The caller's side of a search: clock, signals and terminal live behind it.
pub trait Monitor: Sync {
    /// Called after every batch of states, a few hundred times a second at most; returns why to stop.
    fn poll(&self, progress: &Progress) -> Option<Stop> {
        let _ = progress;
        None
    }

    /// Whether it wants to be told what is [found](Monitor::found) while the search goes on.
    fn wants_discoveries(&self) -> bool {
        false
    }

    /// A property is violated, or its witness found, for the first time. Called between two levels: what the end of the search tells may be another
    /// path of the same length. Not called for `confluent` and for liveness properties, which are decided in the end.
    fn found(&self, property: &PropertyDecl, way: &Discovery) {
        let _ = (property, way);
    }
}

/// The way to what was found, so that whoever has a space of its own can walk it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Index into the initial states.
    pub initial: usize,
    /// The semantic key of each step.
    pub keys: Vec<Vec<u8>>,
}

/// A monitor that never stops a search.
impl Monitor for () {}

/// A path by its choices: enough for the space to walk it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Index into the initial states.
    pub initial: usize,
    /// For each state on the way the index of the step taken.
    pub steps: Vec<u32>,
    /// Where the path goes on for ever: the number of steps before the loop, which ends with the last step. A loop without steps: the run
    /// stays in its last state.
    pub loop_start: Option<usize>,
}

/// How many steps lie at most between a premise and its goal: faults and steps of the environment count too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepsTaken {
    /// So many.
    AtMost(u64),
    /// There is no bound: a run can go round a cycle, though fairness lets it do so only so often.
    Unbounded,
}

/// What was found out about one property.
#[derive(Clone, Debug)]
pub struct PropertyOutcome {
    /// Name and kind.
    pub decl: PropertyDecl,
    /// What is known.
    pub verdict: Verdict,
    /// The shortest counterexample, or the shortest witness of a `reachable`; two paths for `confluent`. Where the fewest faults
    /// are asked for: the shortest counterexample with the fewest.
    pub paths: Vec<Path>,
    /// Whether the tie-break among shortest paths was computed.
    pub tie_break: bool,
    /// For a `measure` that holds: how many steps it takes.
    pub steps: Option<StepsTaken>,
    /// Why no_panic is violated, or what made the verdict less than "holds"; of a lasso whose loop may not be the shortest, that it may not.
    pub note: Option<String>,
    /// Which faults break it, where that was asked for and can be said: not where the search was stopped, nor for `reachable` and
    /// `confluent`.
    pub fault_frontier: Option<FaultFrontier>,
}

/// The note of a violation whose loop may not be the shortest.
const LOOP_NOT_MINIMAL: &str = "loop not minimal";

impl PropertyOutcome {
    /// Whether the loop of its counterexample may not be the shortest through the state in which it begins: finding that one was too much. The way
    /// there is the shortest all the same.
    pub fn loop_may_be_longer(&self) -> bool {
        self.decl.kind.is_liveness()
            && self.verdict == Verdict::Violated
            && self.note.as_deref() == Some(LOOP_NOT_MINIMAL)
    }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One per property that was asked for, in the space's order.
    pub properties: Vec<PropertyOutcome>,
    /// What was taken to be interchangeable, in words: `3 interchangeable actors`. Counts are then of the states up to symmetry.
    pub symmetry: Option<String>,
    /// The faults that the model declares.
    pub faults: FaultKinds,
    /// The budgets that it declares, of faults and of the environment's steps.
    pub budgets: Vec<Budget>,
    /// Final counts.
    pub counts: Counts,
    /// The bounds that cut something, in words: `terms ≤ 3`, `--max-depth 4`.
    pub cuts: Vec<String>,
    /// Why the search was stopped, if it was.
    pub stopped: Option<Stop>,
    /// Whether states were compared in full.
    pub exact: bool,
    /// Bits stored per state.
    pub fingerprint_bits: u32,
    /// Upper bound of the chance that a state was omitted, if the hash behaves as random; 0 where exact.
    pub omission_bound: f64,
    /// How states are told apart, where that is less than an exact comparison.
    pub identity_note: Option<String>,
    /// What was assumed of runs without end, in words; empty where no liveness property was asked for.
    pub assumptions: Vec<String>,
    /// What was never exercised; empty where the search was cut.
    pub never_exercised: Vec<NeverExercised>,
    /// What is likely a mistake in the model though no property says so, in words: something that can happen for ever in no time.
    pub warnings: Vec<String>,
    /// Where it was asked for and nothing was cut: a sum over the set of states, the same for the same set whatever the order in which its
    /// states were found, the number of threads and the bits stored. Another hash seed gives another digest.
    pub digest: Option<u128>,
    /// How often each handler runs, in the order of actors, where the digest was asked for and nothing was cut; none for a general model, nor up to
    /// symmetry.
    pub handlers: Vec<HandlerCount>,
    /// The most bytes the search held at once, by its own count.
    pub bytes_peak: u64,
}

#[cfg(test)]
mod tests;
