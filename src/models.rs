//! The models of `models/`, taken in as they are; each compiles unchanged in a crate of its own.

use crate::catalogue::Catalogue;

#[path = "../models/clocks.rs"]
mod clocks;
#[path = "../models/duva_join.rs"]
mod duva_join;
#[path = "../models/failure_detector.rs"]
mod failure_detector;
#[path = "../models/links.rs"]
mod links;
#[path = "../models/two_phase_commit_tla.rs"]
pub mod two_phase_commit_tla;

/// All of them, in the order they are listed.
pub fn catalogue() -> Catalogue {
    Catalogue::new([
        duva_join::entry(),
        links::entry(),
        failure_detector::entry(),
        clocks::entry(),
        two_phase_commit_tla::entry(),
    ])
}

#[cfg(test)]
mod tests;
