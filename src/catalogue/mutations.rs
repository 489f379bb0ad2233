//! Mutation testing of a variant: is there a property that notices when a handler does a little less than it should?

use std::fmt;

use rayon::prelude::*;

use super::{Checkable, Checked, Values, Variant};
use crate::error::Error;
use crate::search::{Monitor, Options, Outcome, PropertyOutcome, Stop, Verdict, in_pool};
use crate::space::PropertyKind;
use crate::system::{Alteration, Mutation, Occasions};
use crate::trace::About;

/// A mutant may have so many times the states of its variant, and [`STATES_MORE`] more, before it counts as undecided.
const STATES_TIMES: u64 = 10;

/// See [`STATES_TIMES`].
const STATES_MORE: u64 = 10_000;

/// What one mistake came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A property notices it.
    Caught {
        /// The property: the first, in the model's order, of those that notice it first.
        property: String,
        /// Its kind.
        kind: PropertyKind,
        /// What it is then, in place of *holds*: violated, vacuous, or inconclusive, if what showed it is not there within the same bounds.
        verdict: Verdict,
        /// Steps of its counterexample; a reachability that fails has none.
        steps: Option<usize>,
    },
    /// The check fails, for this reason: nobody would overlook it.
    Refused(String),
    /// No property notices it.
    Survived {
        /// Unique states of the mutant.
        unique: u64,
    },
    /// Too little was seen to tell, for this reason.
    Undecided(String),
}

/// Where a mistake comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Made from outside.
    Made(Mutation),
    /// Named by the model.
    Named(String),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Made(mutation) => mutation.fmt(f),
            Mistake::Named(name) => f.write_str(name),
        }
    }
}

/// A variant with one mistake in it.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The mistake.
    pub mistake: Mistake,
    /// What it came to.
    pub fate: Fate,
}

/// All mutants of a variant.
#[derive(Clone, Debug, Default)]
pub struct Mutants {
    /// Those that the model names, then the others in order: by actor, handler, effect.
    pub mutants: Vec<Mutant>,
}

impl Mutants {
    /// How many were noticed.
    pub fn caught(&self) -> usize {
        let is_caught = |m: &&Mutant| matches!(m.fate, Fate::Caught { .. } | Fate::Refused(_));
        self.mutants.iter().filter(is_caught).count()
    }

    /// Those that nothing noticed.
    pub fn survivors(&self) -> impl Iterator<Item = &Mutant> {
        let all = self.mutants.iter();
        all.filter(|m| matches!(m.fate, Fate::Survived { .. }))
    }

    /// How many could not be decided.
    pub fn undecided(&self) -> usize {
        let is_undecided = |m: &&Mutant| matches!(m.fate, Fate::Undecided(_));
        self.mutants.iter().filter(is_undecided).count()
    }

    /// The mutation score: how many of a hundred were noticed, rounded down. `None` where there are no mutants.
    pub fn score(&self) -> Option<usize> {
        (self.caught() * 100).checked_div(self.mutants.len())
    }
}

impl Variant {
    /// Checks the variant with one mistake at a time. `outcome` is what a check of it found, while `occasions` noted the mistakes it
    /// gives occasion to.
    ///
    /// Where no property holds there is nothing that could notice a mistake, and no mutant is made.
    ///
    /// # Errors
    /// The variant cannot be built, or not so many threads be started.
    pub fn mutants(
        &self,
        values: &Values,
        outcome: &Outcome,
        occasions: &Occasions,
        options: &Options,
        monitor: &dyn Monitor,
    ) -> Result<Mutants, Error> {
        let holds = |p: &&PropertyOutcome| p.verdict <= Verdict::HoldsWithinBounds;
        let judges = outcome.properties.iter().filter(holds);
        let judges: Vec<String> = judges.map(|p| p.decl.name.clone()).collect();
        if judges.is_empty() {
            return Ok(Mutants::default());
        }
        let states_max = outcome.counts.unique * STATES_TIMES + STATES_MORE;
        let each = Options {
            threads: 1,
            first: true,
            fewest_faults: false,
            properties: Some(judges),
            states_max: Some(options.states_max.map_or(states_max, |n| n.min(states_max))),
            ..options.clone()
        };
        let named = self.mistakes.iter().map(|(n, _)| Mistake::Named(n.clone()));
        let made = occasions.mutations().into_iter().map(Mistake::Made);
        let mistakes: Vec<Mistake> = named.chain(made).collect();
        let mutants = in_pool(options, || {
            let all = mistakes.into_par_iter();
            all.map(|mistake| {
                let fate = self.fate(&mistake, values, &outcome.cuts, &each, monitor)?;
                Ok(Mutant { mistake, fate })
            })
            .collect::<Result<_, Error>>()
        })??;
        Ok(Mutants { mutants })
    }

    fn fate(
        &self,
        mistake: &Mistake,
        values: &Values,
        cuts: &[String],
        options: &Options,
        monitor: &dyn Monitor,
    ) -> Result<Fate, Error> {
        let mut mutant = match mistake {
            Mistake::Made(mutation) => self.altered(values, &Alteration::Make(mutation.clone()))?,
            Mistake::Named(name) => match self.mistakes.iter().find(|(known, _)| known == name) {
                Some((_, build)) => judged(name, build(values, None)?, options)?,
                None => unreachable!("the mistake was taken from the variant"),
            },
        };
        Ok(match mutant.check(options, &About::default(), monitor) {
            Ok(checked) => fate_of(&checked, cuts),
            Err(error) if error.is_capacity() => Fate::Undecided(error.message()),
            Err(error) => Fate::Refused(error.message()),
        })
    }
}

/// A mistake that the model names has to have the properties that judge it: that one is missing would count as noticed.
fn judged(
    name: &str,
    mutant: Box<dyn Checkable>,
    options: &Options,
) -> Result<Box<dyn Checkable>, Error> {
    let known = |judge: &&String| mutant.properties().iter().any(|p| p.name == **judge);
    match options
        .properties
        .iter()
        .flatten()
        .find(|judge| !known(judge))
    {
        None => Ok(mutant),
        Some(judge) => Err(Error::model(format!(
            "the system with the mistake \"{name}\" has no property \"{judge}\""
        ))
        .with_cure("give it the same properties as the variant that it is a mistake in")),
    }
}

/// `bounds`: what cut the variant itself.
fn fate_of(checked: &Checked, bounds: &[String]) -> Fate {
    let outcome = &checked.outcome;
    let noticed = |verdict| outcome.properties.iter().find(|p| p.verdict == verdict);
    let caught = |p: &PropertyOutcome| Fate::Caught {
        property: p.decl.name.clone(),
        kind: p.decl.kind,
        verdict: p.verdict,
        steps: p.paths.iter().map(|path| path.steps.len()).max(),
    };
    if let Some(p) = noticed(Verdict::Violated).or_else(|| noticed(Verdict::Vacuous)) {
        return caught(p);
    }
    match outcome.stopped {
        Some(Stop::Time) => Fate::Undecided("the time was over".to_owned()),
        Some(Stop::Memory) => Fate::Undecided("the memory limit was reached".to_owned()),
        Some(Stop::Interrupt) => Fate::Undecided("interrupted".to_owned()),
        None => match outcome.cuts.iter().find(|cut| !bounds.contains(cut)) {
            Some(cut) => Fate::Undecided(format!("cut by {cut}")),
            // The bounds are those within which it held: what showed it was there, and is there no more.
            None => match noticed(Verdict::Inconclusive) {
                Some(p) => caught(p),
                None => Fate::Survived {
                    unique: outcome.counts.unique,
                },
            },
        },
    }
}
