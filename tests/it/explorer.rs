//! The explorer as whoever opens it has it: a program that serves. Its API is held against its own document.

mod client;
mod command;
mod contract;
mod fuzz;
mod guard;
mod labels;
mod meaning;
mod run;
mod schema;
