//! Simulation: seeded random walks, for spaces that are too large to be gone through.
//!
//! Walks are a sample. What they come to is certain, a violation or a witness; what they do not come to is *inconclusive*, however many they are. Runs without end
//! are not judged at all: a walk has an end.
//!
//! Invariant: what is found depends on the model, the seed and the options, not on the number of threads. Each run has random numbers of its own; runs are walked in
//! batches of constant sizes, and a batch goes on in rounds, between which the space learns what it was asked.

mod dice;
mod graph;
mod runs;
mod shrink;
mod strategy;
mod walker;

pub use runs::simulate;
pub use shrink::Shrunk;
pub use strategy::Strategy;

use super::{PropertyOutcome, Stop};

/// How to simulate.
#[derive(Clone, Debug)]
pub struct SimulationOptions {
    /// Threads to use; the result does not depend on it.
    pub threads: usize,
    /// Where all random numbers come from.
    pub seed: u64,
    /// How many walks.
    pub runs: u64,
    /// The most steps of a walk.
    pub steps_max: u32,
    /// How a walk chooses among the steps that are enabled.
    pub strategy: Strategy,
    /// Only the properties with these names (and the built-in ones); all where `None`.
    pub properties: Option<Vec<String>>,
    /// End with the first run that violates something.
    pub first: bool,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        SimulationOptions {
            threads: 1,
            seed: 0,
            runs: 1_000,
            steps_max: 1_000,
            strategy: Strategy::Random,
            properties: None,
            first: false,
        }
    }
}

/// What a simulation found.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// One per property that was asked for, in the space's order.
    pub properties: Vec<Simulated>,
    /// Walks that were made.
    pub runs: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// Distinct states of all of them, told apart by 64 bits.
    pub unique: u64,
    /// Steps of the longest.
    pub longest: u32,
    /// Walks that came to a state without steps.
    pub ended: u64,
    /// Walks that had the most steps, and could have gone on.
    pub cut: u64,
    /// Walks that could not go on without leaving a boundary.
    pub confined: u64,
    /// The boundaries that some step would have led outside of, in words.
    pub boundaries: Vec<String>,
    /// Why it was stopped, if it was.
    pub stopped: Option<Stop>,
    /// How states are told apart, where that is less than an exact comparison.
    pub identity_note: Option<String>,
}

/// What was found out about one property.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The verdict, and the walk that shows it: shrunk.
    pub outcome: PropertyOutcome,
    /// Where it was seen, if it was.
    pub sighting: Option<Sighting>,
}

/// Where a violation or a witness was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The first run that shows it, counted from 1.
    pub run: u64,
    /// How many runs show it.
    pub runs: u64,
    /// The steps of the first run up to there; of a `confluent` those of the longer of two runs.
    pub steps: u32,
    /// How short it has become.
    pub shrunk: Shrunk,
}
