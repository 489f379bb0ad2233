//! What stimuli and faults have spent, as one word of a state.

use std::sync::atomic::AtomicU32;

use crate::error::Error;
use crate::space::{Budget as Declared, FaultKind, FaultKinds};
use crate::system::{Blueprint, Link};

/// Budgets as one number in mixed radix: stimuli, then crash rules, then what [`Budget::of`] adds.
#[derive(Default)]
pub(super) struct Budget {
    pub(super) names: Vec<String>,
    pub(super) limits: Vec<u32>,
    pub(super) strides: Vec<u32>,
    /// The content hash of each counter's each value.
    pub(super) hashes: Vec<Vec<u128>>,
    pub(super) n_stimuli: usize,
    pub(super) n_crash_rules: usize,
    pub(super) losses: Option<usize>,
    pub(super) duplicates: Option<usize>,
    /// Faults of all kinds together.
    pub(super) faults: Option<usize>,
    /// Per actor its own crashes.
    pub(super) crashes_of: Vec<Option<usize>>,
    /// Per partition.
    pub(super) partitions: Vec<Option<usize>>,
    /// Per actor what it may send of its own accord.
    pub(super) byzantine: Vec<Option<usize>>,
    /// Losses and duplicates on links without a budget, and crashes of a system that bounds only those at a time; where a search bounds them.
    pub(super) free_losses: Option<usize>,
    pub(super) free_duplicates: Option<usize>,
    pub(super) free_crashes: Option<usize>,
    /// Where a search bounds what the system does not: the first counter that is the search's own (all later ones are, too), and its bound. Their
    /// limits are one more, and a state that reaches one lies outside.
    pub(super) bound: Option<(usize, u32)>,
    /// The most that was spent of each, for coverage.
    pub(super) spent: Vec<AtomicU32>,
}

/// What has no budget.
pub(super) struct Free {
    pub(super) losses: bool,
    pub(super) duplicates: bool,
    /// Of a system that bounds only the crashes at a time.
    pub(super) crashes: bool,
    /// Per actor what it sends of its own accord.
    pub(super) forges: Vec<bool>,
    /// Per partition.
    pub(super) partitions: Vec<bool>,
}

/// Counters that a step spends from, one as often as it is added.
#[derive(Clone, Copy, Default)]
pub(super) struct Spends {
    counters: [u16; 5],
    n: u8,
}

impl Spends {
    #[must_use]
    pub(super) fn add(mut self, counter: Option<usize>) -> Self {
        if let Some(counter) = counter {
            self.counters[usize::from(self.n)] = counter as u16;
            self.n += 1;
        }
        self
    }

    #[inline]
    pub(super) fn is_nothing(&self) -> bool {
        self.n == 0
    }

    #[must_use]
    pub(super) fn and(self, other: &Spends) -> Self {
        other
            .iter()
            .fold(self, |all, counter| all.add(Some(counter)))
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let counters = &self.counters[..usize::from(self.n)];
        counters.iter().map(|&counter| usize::from(counter))
    }
}

impl Budget {
    /// The budgets that a system declares, in a fixed order. `crash_rules` has for each actor its rule.
    ///
    /// # Errors
    /// Links declare different budgets of one kind; all together are too large; a stimulus goes to nobody.
    pub(super) fn of(
        system: &Blueprint,
        lanes: &[String],
        crash_rules: &[Option<usize>],
        partitions: &[String],
    ) -> Result<Self, Error> {
        let mut budget = Budget::default();
        for stimulus in &system.stimuli {
            if usize::from(stimulus.to) >= crash_rules.len() {
                return Err(Error::model(format!(
                    "stimulus \"{}\" goes to an id that is no actor",
                    stimulus.name
                )));
            }
            budget.add(stimulus.name.clone(), stimulus.budget)?;
        }
        budget.n_stimuli = system.stimuli.len();
        for (position, crashes) in system.crashes.iter().enumerate() {
            budget.add(numbered("crashes", position), crashes.budget)?;
        }
        budget.n_crash_rules = system.crashes.len();
        let links = || system.links.values().chain([&system.link]);
        budget.losses = budget.shared("losses", links(), |link| {
            link.loss_budget.filter(|_| link.losing)
        })?;
        budget.duplicates = budget.shared("duplicates", links(), |link| link.duplicate_budget)?;
        for (rule, name) in crash_rules.iter().zip(lanes) {
            let rule = rule.map(|rule| &system.crashes[rule]);
            let each = rule.and_then(|rule| rule.each.filter(|&each| each < rule.budget));
            let counter = match each {
                Some(each) => Some(budget.add(format!("crashes of {name}"), each)?),
                None => None,
            };
            budget.crashes_of.push(counter);
        }
        for (partition, name) in system.partitions.iter().zip(partitions) {
            let counter = match partition.times_max() {
                Some(times) => Some(budget.add(name.clone(), times)?),
                None => None,
            };
            budget.partitions.push(counter);
        }
        if let Some(limit) = system.faults_max {
            budget.faults = Some(budget.add("faults".to_owned(), limit)?);
        }
        budget.byzantine = vec![None; crash_rules.len()];
        for (actor, byzantine) in &system.byzantine {
            let actor = usize::from(*actor);
            if let (Some(sends), Some(counter)) = (byzantine.sends, budget.byzantine.get(actor)) {
                let name = format!("Byzantine sends of {}", lanes[actor]);
                let counter = counter
                    .is_none()
                    .then(|| budget.add(name, sends))
                    .transpose()?;
                budget.byzantine[actor] = counter;
            }
        }
        Ok(budget)
    }

    /// Counts what has no budget, up to one more than `max`: so far a step may still go, and leads outside.
    ///
    /// # Errors
    /// All budgets together are too large.
    pub(super) fn bound(
        &mut self,
        free: &Free,
        lanes: &[String],
        partitions: &[String],
        max: u32,
    ) -> Result<(), Error> {
        let first = self.limits.len();
        let limit = max.saturating_add(1);
        let mut count =
            |is_free: bool, name: String| is_free.then(|| self.add(name, limit)).transpose();
        let losses = count(free.losses, "losses without a budget".to_owned())?;
        let duplicates = count(free.duplicates, "duplicates without a budget".to_owned())?;
        let crashes = count(free.crashes, "crashes".to_owned())?;
        let mut forges = Vec::new();
        for (is_free, name) in free.forges.iter().zip(lanes) {
            forges.push(count(*is_free, format!("Byzantine sends of {name}"))?);
        }
        let mut forming = Vec::new();
        for (is_free, name) in free.partitions.iter().zip(partitions) {
            forming.push(count(*is_free, name.clone())?);
        }
        (self.free_losses, self.free_duplicates, self.free_crashes) = (losses, duplicates, crashes);
        for (counter, free) in self.byzantine.iter_mut().zip(forges) {
            *counter = counter.or(free);
        }
        for (counter, free) in self.partitions.iter_mut().zip(forming) {
            *counter = counter.or(free);
        }
        self.bound = Some((first, max));
        Ok(())
    }

    /// Whether there is something that a search bounds.
    #[inline]
    pub(super) fn is_bounded(&self) -> bool {
        self.bound.is_some() && self.n_declared() < self.limits.len()
    }

    /// Whether a word has more of something than a search goes.
    pub(super) fn is_beyond(&self, word: u32) -> bool {
        self.bound.is_some_and(|(first, max)| {
            let mut own = first..self.limits.len();
            own.any(|counter| self.value(word, counter) > max)
        })
    }

    /// The part of a word that is the system's own.
    pub(super) fn declared(&self, word: u32) -> u32 {
        match self.bound.and_then(|(first, _)| self.strides.get(first)) {
            Some(stride) => word % stride,
            None => word,
        }
    }

    /// How many of the first counters are the system's own.
    pub(super) fn n_declared(&self) -> usize {
        self.bound.map_or(self.limits.len(), |(first, _)| first)
    }

    /// The counter that all links with a budget of this kind share.
    fn shared<'a>(
        &mut self,
        name: &str,
        links: impl Iterator<Item = &'a Link>,
        declared: impl Fn(&Link) -> Option<u32>,
    ) -> Result<Option<usize>, Error> {
        let mut limits: Vec<u32> = links.filter_map(declared).collect();
        limits.dedup();
        match limits[..] {
            [] => Ok(None),
            [limit] => self.add(name.to_owned(), limit).map(Some),
            _ => Err(
                Error::model(format!("links declare different budgets of {name}")).with_cure(
                    "the budget is shared by all links that declare one: give them the same number",
                ),
            ),
        }
    }

    /// The word once these are spent; `None` where there is not as much left.
    #[inline]
    pub(super) fn spend(&self, word: u32, spends: &Spends) -> Option<u32> {
        spends.iter().try_fold(word, |word, counter| {
            let affords = self.value(word, counter) < self.limits[counter];
            affords.then(|| word + self.strides[counter])
        })
    }

    fn add(&mut self, name: String, limit: u32) -> Result<usize, Error> {
        let stride = match (self.strides.last(), self.limits.last()) {
            (Some(&stride), Some(&limit)) => limit
                .checked_add(1)
                .and_then(|radix| stride.checked_mul(radix)),
            _ => Some(1),
        };
        let fits = stride.and_then(|stride| {
            limit
                .checked_add(1)
                .and_then(|radix| stride.checked_mul(radix))
        });
        let counter = self.limits.len();
        let (Some(stride), Some(_), true) = (stride, fits, counter < usize::from(u16::MAX)) else {
            return Err(Error::capacity(
                "the budgets of stimuli and faults are too large together",
            )
            .with_cure("their product, each plus one, must stay below 2^32"));
        };
        self.names.push(name);
        self.limits.push(limit);
        self.strides.push(stride);
        self.spent.push(AtomicU32::new(0));
        Ok(counter)
    }

    /// The kinds of faults in words, and the counter of each. `lanes` are the actors' names, `crash_rules` has for each its rule.
    pub(super) fn fault_kinds(
        &self,
        lanes: &[String],
        crash_rules: &[Option<usize>],
        partitions: &[String],
    ) -> (FaultKinds, Vec<usize>) {
        let (mut kinds, mut counters) = (FaultKinds::default(), Vec::new());
        let mut add = |counter: usize, one: String, many: String| {
            let bound = self.bound.filter(|(first, _)| counter >= *first);
            let limit = bound.map_or(self.limits[counter], |(_, max)| max);
            if limit > 0 {
                kinds.kinds.push(FaultKind {
                    one,
                    many,
                    limit,
                    is_bounded: bound.is_some(),
                });
                counters.push(counter);
            }
        };
        for rule in 0..self.n_crash_rules {
            let of = crash_rules.iter().zip(lanes);
            let of: Vec<&str> = of
                .filter(|(own, _)| **own == Some(rule))
                .map(|(_, name)| name.as_str())
                .collect();
            let of = match self.n_crash_rules {
                _ if of.is_empty() => continue,
                1 => String::new(),
                _ => format!(" of {}", of.join(" or ")),
            };
            let counter = self.n_stimuli + rule;
            add(counter, format!("crash{of}"), format!("crashes{of}"));
        }
        let words = [
            (self.free_crashes, None, "crash", "crashes"),
            (self.losses, None, "loss", "losses"),
            (self.free_losses, self.losses, "loss", "losses"),
            (self.duplicates, None, "duplicate", "duplicates"),
            (
                self.free_duplicates,
                self.duplicates,
                "duplicate",
                "duplicates",
            ),
        ];
        for (counter, budgeted, one, many) in words {
            // No two kinds have the same name.
            let which = budgeted.map_or("", |_| " without a budget");
            if let Some(counter) = counter {
                add(counter, format!("{one}{which}"), format!("{many}{which}"));
            }
        }
        for (counter, name) in self.partitions.iter().zip(partitions) {
            if let Some(counter) = *counter {
                let name = match (partitions.len(), name.as_str()) {
                    (1, "partition") => String::new(),
                    _ => format!(" \"{name}\""),
                };
                add(
                    counter,
                    format!("partition{name}"),
                    format!("partitions{name}"),
                );
            }
        }
        for (counter, name) in self.byzantine.iter().zip(lanes) {
            if let Some(counter) = *counter {
                add(
                    counter,
                    format!("Byzantine send of {name}"),
                    format!("Byzantine sends of {name}"),
                );
            }
        }
        for counter in self.crashes_of.iter().flatten() {
            let (name, limit) = (&self.names[*counter], self.limits[*counter]);
            kinds.restrictions.push(format!("at most {limit} {name}"));
        }
        if let Some(counter) = self.faults {
            let limit = self.limits[counter];
            kinds
                .restrictions
                .push(format!("at most {limit} faults together"));
        }
        (kinds, counters)
    }

    /// What the system itself declares, in order.
    pub(super) fn declared_budgets(&self) -> Vec<Declared> {
        let declared = 0..self.n_declared();
        let budgets = declared.map(|counter| {
            let (name, limit) = (&self.names[counter], self.limits[counter]);
            let losses = if limit == 1 { "loss" } else { "losses" };
            Declared {
                name: match counter < self.n_stimuli {
                    true => format!("stimulus \"{name}\""),
                    false => name.clone(),
                },
                limit,
                // What a link is when it has lost as much as it may is what fairness is asked of.
                then: (self.losses == Some(counter))
                    .then(|| format!("reliable after {limit} {losses}")),
            }
        });
        budgets.collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    #[inline]
    pub(super) fn value(&self, word: u32, counter: usize) -> u32 {
        word / self.strides[counter] % (self.limits[counter] + 1)
    }
}

/// `name`, then `name[1]`, `name[2]`, …
pub(super) fn numbered(name: &str, position: usize) -> String {
    if position == 0 {
        name.to_owned()
    } else {
        format!("{name}[{position}]")
    }
}
