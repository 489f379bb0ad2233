//! Traces as tests in Rust: each replays the trace against the model of that name, and fails when they differ.
//!
//! The test holds the whole trace, so that it needs no file besides it. It says where the crate's models are in one place, `catalogue()`.

use super::super::Trace;
use super::claim::{claim, subject};
use super::json::to_json;

/// The trace as a file of Rust with one test, with a line break at the end.
pub fn to_rust_test(trace: &Trace) -> String {
    let json = to_json(trace);
    let hashes = "#".repeat(hashes_for(&json));
    let name = test_name(&trace.property.name);
    let (subject, claim) = (subject(trace), claim(trace));
    format!(
        "//! {subject}\n\
         //! {claim}\n\
         //!\n\
         //! Written by `allways trace export --format rust-test`. Put it among the tests of the crate that has the model.\n\
         \n\
         use allways::catalogue::Catalogue;\n\
         \n\
         /// The models of this crate.\n\
         fn catalogue() -> Catalogue {{\n    \
             // In a crate of your own: Catalogue::new([my_model::entry()])\n    \
             allways::models::catalogue()\n\
         }}\n\
         \n\
         /// As long as the model has what the trace shows, every step leads where it led.\n\
         #[test]\n\
         fn {name}() {{\n    \
             allways::testing::assert_replays(&catalogue(), TRACE);\n\
         }}\n\
         \n\
         const TRACE: &str = r{hashes}\"{json}\"{hashes};\n"
    )
}

/// How many signs a raw string with this text needs around it.
fn hashes_for(text: &str) -> usize {
    let runs = text.split('"').skip(1);
    let longest = runs.map(|run| run.len() - run.trim_start_matches('#').len());
    longest.max().map_or(0, |n| n + 1)
}

/// The name of a test: `replays_no_migration_to_a_stranger`.
fn test_name(property: &str) -> String {
    let mut name = "replays".to_owned();
    let words = property.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        name.push('_');
        name.push_str(&word.to_ascii_lowercase());
    }
    name.truncate(100);
    name
}
