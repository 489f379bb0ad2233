//! `two-phase-commit-tla` against the counts of its specification, and its traces in other sizes.

use allways::catalogue::Checked;
use allways::search::{Options, Verdict};
use allways::trace::About;

use super::CATALOGUE;

fn check(model: &str, variant: &str, set: &[(&str, &str)], options: &Options) -> Checked {
    let entry = CATALOGUE.model(model).expect("the model is listed");
    let set: Vec<(String, String)> = set
        .iter()
        .map(|&(name, value)| (name.into(), value.into()))
        .collect();
    let values = entry.values(&set).expect("the values are in range");
    let variant = entry.variant(variant).expect("the variant is listed");
    let mut built = variant.build(&values).expect("the variant is whole");
    built
        .check(options, &About::default(), &())
        .expect("the model is sound")
}

#[test]
fn two_phase_commit_has_the_counts_of_its_specification() {
    for (rms, unique, generated, threads) in [
        ("3", 288, 1_146, 1),
        ("5", 8_832, 58_146, 2),
        ("7", 296_448, 2_744_706, 1),
        ("7", 296_448, 2_744_706, 3),
    ] {
        let options = Options {
            threads,
            ..Options::default()
        };
        let checked = check("two-phase-commit-tla", "atomic", &[("rms", rms)], &options);
        let outcome = checked.outcome;
        assert_eq!(
            (outcome.counts.unique, outcome.counts.generated),
            (unique, generated)
        );
        assert!(
            outcome
                .properties
                .iter()
                .all(|p| p.verdict == Verdict::Holds)
        );
    }
}

#[test]
fn premature_commit_breaks_in_the_fewest_steps() {
    for (rms, steps) in [("2", 5), ("3", 7), ("5", 11)] {
        let set = [("rms", rms)];
        let checked = check(
            "two-phase-commit-tla",
            "premature-commit",
            &set,
            &Options::default(),
        );
        let verdicts: Vec<Verdict> = (checked.outcome.properties.iter())
            .map(|p| p.verdict)
            .collect();
        let holds = Verdict::Holds;
        assert_eq!(verdicts, [holds, Verdict::Violated, holds, holds]);
        // All but one vote and are heard, the manager commits, one hears of it, and the one left aborts.
        let path = &checked.outcome.properties[1].paths[0];
        assert_eq!(path.steps.len(), steps);
    }
}
