//! The one integration test binary.

mod agree;
mod cli;
mod coverage;
mod mistakes;
mod oracle;
mod published;
mod random;
mod random_systems;
#[cfg(debug_assertions)]
mod sabotage;
mod table;
mod traces;
mod walk;
