//! Byzantine actors: the engine agrees with the oracle on random systems that have some, on every step and every verdict, those of liveness
//! included.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};

use crate::agree;
use crate::coverage::{Coverage, Feature};
use crate::random::{BYZANTINE_BYTES, LIVE_BYTES, Spec};
use crate::random_liveness;
use crate::random_systems::{BYTES, SEED, from_environment, runner, shrink, space};

/// How many systems, unless `ALLWAYS_SYSTEMS` says otherwise; half of them with liveness properties.
const SYSTEMS: u32 = 1_600;

/// Compares everything. What was exercised is noted in `coverage`.
fn compare(spec: &Spec, coverage: &mut Coverage) -> Result<(), String> {
    if spec.liveness.is_empty() {
        agree::compare(spec, &space, coverage).map(|_| ())
    } else {
        random_liveness::compare(spec, &space, coverage)
    }
}

#[test]
fn engine_and_oracle_agree_on_byzantine_actors() {
    let n = from_environment("ALLWAYS_SYSTEMS", SYSTEMS.into()) as u32;
    let seed = from_environment("ALLWAYS_SEED", SEED);
    let mut runner = runner(seed, n);
    let mut exercised: BTreeMap<Feature, u32> = BTreeMap::new();
    let systems = vec(any::<u8>(), BYZANTINE_BYTES + LIVE_BYTES + BYTES);
    for number in 0..n {
        let Ok(mut tree) = systems.new_tree(&mut runner) else {
            unreachable!("bytes are always to be had")
        };
        let spec = |bytes: &[u8]| Spec::decode_byzantine(bytes, number % 2 == 1);
        let mut coverage = Coverage::default();
        if let Err(why) = compare(&spec(&tree.current()), &mut coverage) {
            let differs = |bytes: &[u8]| compare(&spec(bytes), &mut Coverage::default()).err();
            let (bytes, why) = shrink(&mut tree, &differs, why);
            panic!("system {number} of seed {seed}: {:?}\n{why}", spec(&bytes));
        }
        for feature in coverage.features() {
            *exercised.entry(feature).or_default() += 1;
        }
    }
    for feature in Feature::BYZANTINE {
        let count = exercised.get(&feature).copied().unwrap_or(0);
        let percent = f64::from(count) * 100.0 / f64::from(n);
        println!("{percent:5.1} % {feature:?}");
        // Few systems say little about shares.
        assert!(
            n < 1_000 || count * 50 >= n,
            "{feature:?} happens in {count} of {n} systems, less than 2 %"
        );
    }
}
