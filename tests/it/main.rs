//! The one integration test binary.

mod agree;
mod cli;
mod coverage;
mod oracle;
mod published;
mod random;
mod random_systems;
mod table;
mod traces;
mod walk;
