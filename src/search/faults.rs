//! Fewest faults: which combinations of faults break a property, and which are safe.
//!
//! How many faults of each kind a run took is part of its state, so one search at the largest budgets knows what every smaller
//! budget would have found: a property is broken under a budget if and only if some state that breaks it took no more. What is kept are the
//! least combinations (Pareto-least: none of them has another below it in every kind).

use crate::error::Error;
use crate::space::{FaultKinds, PropertyDecl, PropertyKind};

use super::Options;

/// Which combinations of faults break a property. A combination has one number for each of the
/// [kinds](crate::space::FaultKinds::kinds).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultFrontier {
    /// The least combinations that break it, by their sum, then in order; it is broken by these and by whatever has more. Empty: by none.
    pub broken_by: Vec<Vec<u32>>,
    /// The greatest combinations within the budgets that it is safe with, greatest sum first; it is safe with these and with whatever has
    /// less. Empty: with none, not even without faults.
    pub safe_with: Vec<Vec<u32>>,
    /// Bounds cut something (other than faults beyond those that are tried): what breaks it breaks it, but fewer faults may do as well.
    pub within_bounds: bool,
}

impl FaultFrontier {
    /// The frontier that these least combinations draw.
    pub(super) fn new<T>(least: &Least<T>, kinds: &FaultKinds, within_bounds: bool) -> Self {
        let mut broken_by: Vec<Vec<u32>> = least.0.iter().map(|(v, _)| v.clone()).collect();
        broken_by.sort_by_key(|v| (total(v), std::cmp::Reverse(v.clone())));
        let mut safe_with = vec![kinds.kinds.iter().map(|kind| kind.limit).collect()];
        for broken in &broken_by {
            safe_with = below(safe_with, broken);
        }
        safe_with.sort_by_key(|v| std::cmp::Reverse((total(v), v.clone())));
        FaultFrontier {
            broken_by,
            safe_with,
            within_bounds,
        }
    }

    /// In words: `safe with no more than 1 crash and no loss; broken by 2 crashes; by 1 crash and 1 loss`.
    pub fn words(&self, kinds: &FaultKinds) -> String {
        let is_nothing = |v: &Vec<u32>| v.iter().all(|&n| n == 0);
        let both = |v: &Vec<u32>| {
            let words = kinds.kinds.iter().zip(v);
            let words: Vec<String> = words.map(|(kind, &n)| kind.words(n)).collect();
            joined(&words)
        };
        let faults = |v: &Vec<u32>| {
            let words = kinds.kinds.iter().zip(v).filter(|(_, n)| **n > 0);
            let words: Vec<String> = words.map(|(kind, &n)| kind.words(n)).collect();
            joined(&words)
        };
        let bounds = if self.within_bounds {
            " (within bounds)"
        } else {
            ""
        };
        if kinds.kinds.is_empty() {
            return match self.broken_by.is_empty() {
                true => format!("no faults are declared{bounds}"),
                false => "broken; no faults are declared".to_owned(),
            };
        }
        if self.broken_by.iter().any(is_nothing) {
            return "broken without any fault".to_owned();
        }
        let safe = match &self.safe_with[..] {
            [all] if self.broken_by.is_empty() => {
                let which = match kinds.kinds.iter().any(|kind| kind.is_bounded) {
                    true => "tried",
                    false => "declared",
                };
                return format!("safe{bounds} with all that are {which}: {}", faults(all));
            }
            [none] if is_nothing(none) => format!("safe{bounds} only without faults"),
            safe => {
                let (safe, rest) = safe.split_at(safe.len().min(WORDS_MAX));
                let safe: Vec<String> = safe.iter().map(both).collect();
                let rest = and_more(rest.len());
                format!(
                    "safe{bounds} with no more than {}{rest}",
                    safe.join(", or ")
                )
            }
        };
        let (broken, rest) = (self.broken_by).split_at(self.broken_by.len().min(WORDS_MAX));
        let broken: Vec<String> = broken.iter().map(|v| format!("by {}", faults(v))).collect();
        let rest = and_more(rest.len());
        format!("{safe}; broken {}{rest}", broken.join("; "))
    }
}

/// Combinations that are told in words; the others are counted.
const WORDS_MAX: usize = 6;

fn and_more(n: usize) -> String {
    match n {
        0 => String::new(),
        n => format!("; and {n} more"),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// All faults of a combination.
pub(super) fn total(v: &[u32]) -> u64 {
    v.iter().map(|&n| u64::from(n)).sum()
}

/// Whether `a` has nowhere more than `b`.
fn is_within(a: &[u32], b: &[u32]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

/// The greatest combinations within one of `safe` that do not reach `broken`.
fn below(safe: Vec<Vec<u32>>, broken: &[u32]) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = Vec::new();
    for v in safe {
        if !is_within(broken, &v) {
            all.push(v);
            continue;
        }
        for (kind, &n) in broken.iter().enumerate().filter(|(_, n)| **n > 0) {
            let mut less = v.clone();
            less[kind] = n - 1;
            all.push(less);
        }
    }
    all.sort_unstable();
    all.dedup();
    let is_greatest = |v: &&Vec<u32>| !all.iter().any(|w| w != *v && is_within(v, w));
    all.iter().filter(is_greatest).cloned().collect()
}

/// The least combinations so far, each with what was first found to have it.
#[derive(Clone, Debug)]
pub(super) struct Least<T>(Vec<(Vec<u32>, T)>);

impl<T> Default for Least<T> {
    fn default() -> Self {
        Least(Vec::new())
    }
}

impl<T> Least<T> {
    /// Adds a combination, unless it or less is known.
    pub(super) fn add(&mut self, faults: &[u32], found: impl FnOnce() -> T) {
        if !self.0.iter().any(|(known, _)| is_within(known, faults)) {
            self.0.retain(|(known, _)| !is_within(faults, known));
            self.0.push((faults.to_vec(), found()));
        }
    }

    /// What was found with the fewest faults, the least of them, and how many faults that is.
    pub(super) fn fewest<K: Ord>(&self, order: impl Fn(&T) -> K) -> Option<(u64, &T)> {
        let all = self.0.iter().map(|(faults, found)| (total(faults), found));
        all.min_by_key(|&(faults, found)| (faults, order(found)))
    }
}

/// The properties that have a frontier, bit by bit: those that a single run breaks.
pub(super) fn offered(decls: &[PropertyDecl], asked: u64) -> u64 {
    let offered = decls
        .iter()
        .enumerate()
        .filter(|(_, decl)| is_offered(decl.kind));
    offered.fold(0, |bits, (p, _)| bits | 1 << p) & asked
}

fn is_offered(kind: PropertyKind) -> bool {
    !matches!(kind, PropertyKind::Reachable | PropertyKind::Confluent)
}

/// The bound on faults that have no budget, in words.
fn own_bound(options: &Options) -> Option<String> {
    options.faults_max.map(|max| format!("--faults-max {max}"))
}

/// Whether something else was cut than what has more faults than are tried: then what is said of combinations of faults holds within bounds.
pub(super) fn is_cut(cuts: &[String], options: &Options) -> bool {
    let own = own_bound(options);
    cuts.iter().any(|cut| Some(cut) != own.as_ref())
}

/// Whether fewest faults can be had.
///
/// # Errors
/// The reason why not.
pub(super) fn validate(
    decls: &[PropertyDecl],
    kinds: &FaultKinds,
    options: &Options,
) -> Result<(), Error> {
    if options.first {
        return Err(Error::usage(
            "the fewest faults cannot be found by a search that stops after the first violation",
        )
        .with_cure("leave out one of --first and --fewest-faults"));
    }
    for name in options.properties.iter().flatten() {
        let decl = decls.iter().find(|decl| decl.name == *name);
        if let Some(decl) = decl.filter(|decl| !is_offered(decl.kind)) {
            return Err(Error::usage(format!(
                "no number of faults breaks {} \"{name}\": no single run contradicts it",
                decl.kind.word()
            ))
            .with_cure("ask --fewest-faults of what a run can violate: always, implies, no deadlock, and liveness"));
        }
    }
    if !kinds.unlimited.is_empty() {
        return Err(Error::usage(format!(
            "the fewest faults need a budget for each kind of fault, and there is none for {}",
            joined(&kinds.unlimited)
        ))
        .with_cure(
            "bound losses by `Link::up_to`, duplicates by `Link::duplicates`, partitions by `Partitions::times`, or all of them for this check by \
             --faults-max; the fewest faults within those budgets are then found",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::FaultKind;

    fn kinds(limits: [u32; 2]) -> FaultKinds {
        let kind = |one: &str, many: &str, limit| FaultKind {
            one: one.to_owned(),
            many: many.to_owned(),
            limit,
            is_bounded: false,
        };
        FaultKinds {
            kinds: vec![
                kind("crash", "crashes", limits[0]),
                kind("loss", "losses", limits[1]),
            ],
            ..FaultKinds::default()
        }
    }

    fn frontier(limits: [u32; 2], broken: &[[u32; 2]]) -> FaultFrontier {
        let mut least = Least::default();
        for faults in broken {
            least.add(faults, || ());
        }
        FaultFrontier::new(&least, &kinds(limits), false)
    }

    fn words(limits: [u32; 2], broken: &[[u32; 2]]) -> String {
        frontier(limits, broken).words(&kinds(limits))
    }

    #[test]
    fn a_frontier_reads_well() {
        assert_eq!(
            words([2, 1], &[[2, 1], [1, 1], [2, 0]]),
            "safe with no more than 1 crash and no loss, or no crash and 1 loss; broken by 2 crashes; by 1 crash and 1 loss"
        );
        assert_eq!(
            words([2, 0], &[]),
            "safe with all that are declared: 2 crashes"
        );
        assert_eq!(
            words([1, 3], &[[1, 0], [0, 1]]),
            "safe only without faults; broken by 1 crash; by 1 loss"
        );
        assert_eq!(words([1, 3], &[[0, 0]]), "broken without any fault");
    }

    #[test]
    fn safe_and_broken_combinations_are_all_there_are() {
        let limits = [4, 3];
        let all = || (0..=limits[0]).flat_map(|a| (0..=limits[1]).map(move |b| [a, b]));
        for a in all() {
            for b in all() {
                for c in all() {
                    let frontier = frontier(limits, &[a, b, c]);
                    for v in all() {
                        let broken = [a, b, c].iter().any(|w| is_within(w, &v));
                        let says = |all: &[Vec<u32>], is: fn(&[u32], &[u32]) -> bool| {
                            all.iter().any(|w| is(w, &v))
                        };
                        assert_eq!(says(&frontier.broken_by, is_within), broken);
                        assert_eq!(says(&frontier.safe_with, |w, v| is_within(v, w)), !broken);
                    }
                }
            }
        }
    }

    #[test]
    fn the_fewest_is_the_least_sum_then_the_first() {
        let mut least = Least::default();
        for (faults, at) in [
            ([2, 0], 1),
            ([0, 1], 7),
            ([1, 0], 5),
            ([1, 0], 2),
            ([3, 3], 0),
        ] {
            least.add(&faults, || at);
        }
        assert_eq!(least.fewest(|&at| at), Some((1, &5)));
    }
}
