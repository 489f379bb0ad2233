//! The engine agrees with the oracle on thousands of random systems.

use std::collections::BTreeMap;

use allways::space::ActorSpace;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::agree::{Make, Sizes, compare};
use crate::coverage::{Coverage, Feature};
use crate::random::Spec;
use crate::walk::Space;

/// How many systems, unless `ALLWAYS_SYSTEMS` says otherwise.
const SYSTEMS: u32 = 2_500;

/// The seed, unless `ALLWAYS_SEED` says otherwise.
pub(crate) const SEED: u64 = 20_260_101;

/// Systems tried to make one that differs smaller.
const SHRINK_MAX: u32 = 2_000;

/// Enough for most systems; what is missing is zero.
pub(crate) const BYTES: usize = 1_200;

pub(crate) fn from_environment(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => default,
    }
}

pub(crate) fn space(spec: &Spec) -> Result<Space, String> {
    ActorSpace::new(spec.system()).map_err(|e| e.to_string())
}

/// The bytes of random systems, in an order that the seed decides.
pub(crate) fn runner(seed: u64, cases: u32) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

pub(crate) fn systems() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), BYTES)
}

/// What a run over many systems saw.
pub(crate) struct Tally {
    pub(crate) exercised: BTreeMap<Feature, u32>,
    pub(crate) sizes: Sizes,
}

/// Compares `n` systems; the first that differs is the error, made small if so asked.
pub(crate) fn compare_all(
    seed: u64,
    n: u32,
    make: Make<'_>,
    shrinks: bool,
) -> Result<Tally, (u32, String)> {
    let mut runner = runner(seed, n);
    let mut tally = Tally {
        exercised: BTreeMap::new(),
        sizes: Sizes::default(),
    };
    for number in 0..n {
        let Ok(mut tree) = systems().new_tree(&mut runner) else {
            unreachable!("bytes are always to be had")
        };
        let mut coverage = Coverage::default();
        match compare(&Spec::decode(&tree.current()), make, &mut coverage) {
            Ok(sizes) => {
                tally.sizes.states += sizes.states;
                tally.sizes.enumerated += sizes.enumerated;
                tally.sizes.chosen += sizes.chosen;
            }
            Err(why) => {
                let differs = |bytes: &[u8]| {
                    compare(&Spec::decode(bytes), make, &mut Coverage::default()).err()
                };
                let (bytes, why) = if shrinks {
                    shrink(&mut tree, &differs, why)
                } else {
                    (tree.current(), why)
                };
                let spec = Spec::decode(&bytes);
                let what = format!("system {number} of seed {seed}: {spec:?}\n{why}");
                return Err((number, what));
            }
        }
        for feature in coverage.features() {
            *tally.exercised.entry(feature).or_default() += 1;
        }
    }
    Ok(tally)
}

#[test]
fn engine_and_oracle_agree() {
    let n = from_environment("ALLWAYS_SYSTEMS", SYSTEMS.into()) as u32;
    let seed = from_environment("ALLWAYS_SEED", SEED);
    let tally = compare_all(seed, n, &space, true).unwrap_or_else(|(_, why)| panic!("{why}"));
    let sizes = tally.sizes;
    println!(
        "{n} systems from seed {seed}: {} states; {} shortest paths enumerated for {} tie-breaks",
        sizes.states, sizes.enumerated, sizes.chosen
    );
    assert!(
        sizes.chosen >= u64::from(n) / 4,
        "only {} tie-breaks were compared",
        sizes.chosen
    );
    for feature in Feature::ALL {
        let count = tally.exercised.get(&feature).copied().unwrap_or(0);
        println!(
            "{:5.1} % {feature:?}",
            f64::from(count) * 100.0 / f64::from(n)
        );
        // Few systems say little about shares.
        assert!(
            n < 1_000 || count * 20 >= n,
            "{feature:?} happens in {count} of {n} systems, less than 5 %"
        );
    }
    let told = tally.exercised.get(&Feature::PartitionTold).copied();
    assert!(
        n < 1_000 || told.unwrap_or(0) * 100 >= n,
        "observers hear of partitions in {told:?} of {n} systems"
    );
}

/// Makes bytes of a system on which the sides differ as small as they get.
pub(crate) fn shrink(
    tree: &mut impl ValueTree<Value = Vec<u8>>,
    differs: &dyn Fn(&[u8]) -> Option<String>,
    mut why: String,
) -> (Vec<u8>, String) {
    let mut left = SHRINK_MAX;
    while left > 0 && tree.simplify() {
        left -= 1;
        loop {
            match differs(&tree.current()) {
                Some(still) => {
                    why = still;
                    break;
                }
                None if left > 0 && tree.complicate() => left -= 1,
                None => return (tree.current(), why),
            }
        }
    }
    (tree.current(), why)
}
