//! Checks of the catalogue's variants with their default parameters. Every variant is checked once for all tests that ask what is
//! known of it: checks are what the time of these tests goes to, and what a check finds does not depend on who asks.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use allways::catalogue::{Catalogue, Checked, Entry, Variant};
use allways::models::catalogue;
use allways::search::Options;
use allways::trace::About;

/// The catalogue, built once.
pub(crate) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalogue);

/// What is known of each variant, once somebody asked; by model and variant.
static CHECKED: LazyLock<BTreeMap<(String, String), OnceLock<Checked>>> = LazyLock::new(|| {
    let names = CATALOGUE.entries().iter().flat_map(|entry| {
        let variants = entry.variants.iter();
        variants.map(|variant| (entry.model.clone(), variant.name.clone()))
    });
    names.map(|name| (name, OnceLock::new())).collect()
});

/// What a check of this variant finds.
pub(crate) fn checked(entry: &Entry, variant: &Variant) -> &'static Checked {
    CHECKED[&(entry.model.clone(), variant.name.clone())].get_or_init(|| {
        let options = Options {
            threads: 2,
            ..Options::default()
        };
        check(entry, variant, &options)
    })
}

/// Checks a variant with its default parameters, anew.
pub(crate) fn check(entry: &Entry, variant: &Variant, options: &Options) -> Checked {
    let values = entry.values(&[]).expect("defaults are in range");
    let mut built = variant.build(&values).expect("the variant is whole");
    let about = About {
        model: entry.model.clone(),
        variant: variant.name.clone(),
        parameters: values.texts(),
        ..About::default()
    };
    built
        .check(options, &about, &())
        .expect("the model is sound")
}

/// Every variant, with its model.
pub(crate) fn variants() -> impl Iterator<Item = (&'static Entry, &'static Variant)> {
    let entries = CATALOGUE.entries().iter();
    entries.flat_map(|entry| entry.variants.iter().map(move |variant| (entry, variant)))
}
