//! The one integration test binary.

mod agree;
mod byzantine;
mod cli;
mod coverage;
mod determinism;
mod dot;
mod exponential;
mod fair_graphs;
mod fewest_faults;
mod general;
mod graph;
mod liveness;
mod liveness_systems;
mod mermaid;
mod mistakes;
mod models;
mod oracle;
mod pruned;
mod published;
mod random;
mod random_liveness;
mod random_systems;
#[cfg(debug_assertions)]
mod sabotage;
mod settings;
mod sqlite;
mod symmetric_systems;
mod symmetry;
mod table;
mod tidy;
mod timed;
mod timed_systems;
mod timing;
mod traces;
mod verdicts;
mod walk;
