//! The one integration test binary.

mod cli;
mod published;
mod traces;
