//! The same answer for any number of threads, word for word, for every model. Random systems are compared in `agree.rs`.

use allways::models::catalogue;
use allways::search::Options;
use allways::trace::to_json;

use crate::models::check;

#[test]
fn every_model_gives_the_same_report_for_1_2_and_3_threads() {
    for entry in catalogue().entries() {
        for variant in &entry.variants {
            let report = |threads: usize| {
                let checked = check(
                    entry,
                    variant,
                    &Options {
                        threads,
                        ..Options::default()
                    },
                );
                let traces: Vec<Option<String>> = checked
                    .traces
                    .iter()
                    .map(|trace| trace.as_ref().map(to_json))
                    .collect();
                let mut outcome = checked.outcome;
                // The one measured figure.
                outcome.bytes_peak = 0;
                format!("{outcome:?}\n{traces:?}")
            };
            let expected = report(1);
            for threads in [1, 2, 3, 2, 3] {
                assert_eq!(
                    report(threads),
                    expected,
                    "{}/{}, {threads} threads",
                    entry.model,
                    variant.name
                );
            }
        }
    }
}
