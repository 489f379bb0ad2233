//! The same answer for any number of threads, word for word, for every model. Random systems are compared in `agree.rs`.

use allways::catalogue::Checked;
use allways::search::Options;
use allways::trace::to_json;

use crate::models::checked::{check, checked, variants};

/// Variants with more unique states are not checked again: their checks run the same code on more of the same, and would take most of
/// the time of all tests.
const STATES_MAX: u64 = 10_000;

/// Variants with more are checked again once for each number of threads, not twice.
const STATES_TWICE_MAX: u64 = 1_000;

/// All that is told of a check, but for what is measured.
fn report(checked: &Checked) -> String {
    let traces: Vec<Option<String>> = checked
        .traces
        .iter()
        .map(|trace| trace.as_ref().map(to_json))
        .collect();
    let mut outcome = checked.outcome.clone();
    outcome.bytes_peak = 0;
    format!("{outcome:?}\n{traces:?}")
}

#[test]
fn every_model_gives_the_same_report_for_1_2_and_3_threads() {
    let mut n_compared = 0;
    for (entry, variant) in variants() {
        // With two threads.
        let first = checked(entry, variant);
        let n_states = first.outcome.counts.unique;
        if n_states > STATES_MAX {
            continue;
        }
        let is_tiny = n_states <= STATES_TWICE_MAX;
        let threads: &[usize] = if is_tiny { &[1, 3, 2, 1, 3] } else { &[1, 3] };
        n_compared += 1;
        for &threads in threads {
            let options = Options {
                threads,
                ..Options::default()
            };
            assert_eq!(
                report(&check(entry, variant, &options)),
                report(first),
                "{}/{}, {threads} threads",
                entry.model,
                variant.name
            );
        }
    }
    let n_all = variants().count();
    assert!(
        n_compared * 2 > n_all,
        "only {n_compared} of {n_all} variants are small"
    );
}
