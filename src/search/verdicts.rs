//! From what was found to what may be said: the verdict of each property. A verdict never says more than was seen.

use std::collections::HashMap;

use super::chunk::{Report, Watch};
use super::faults::{FaultFrontier, Least};
use super::log::{Log, Place};
use super::{Path, PropertyOutcome, Verdict};
use crate::space::{FaultKinds, PropertyDecl, PropertyKind};

/// What is known of one property so far.
#[derive(Default)]
struct Found {
    /// The first violation; for a `reachable` property the first witness.
    at: Option<Place>,
    /// `confluent`: the earlier state that disagrees with the first violation.
    partner: Option<Place>,
    /// `confluent`: for all inputs seen, the value and the first state with it.
    values: HashMap<u128, (u128, Place)>,
    /// Where faults are watched: the least combinations, each with the first violation that took it, and the panic there.
    faults: Least<(Place, Option<String>)>,
}

/// What is known of all properties so far.
pub(super) struct Findings {
    decls: Vec<PropertyDecl>,
    /// The properties that were asked for.
    asked: u64,
    /// The properties whose faults are watched.
    faults: u64,
    found: Vec<Found>,
    /// Premises seen to hold.
    premise: u64,
    /// Why there was a panic.
    panic: Option<String>,
    /// The properties whose violation or witness was told of while the search goes on.
    told: u64,
}

/// How much of the state space was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// All that the bounds left.
    WithinBounds,
    /// The search ended after the first violation, as it was asked to.
    UpToFirst,
    /// The search was stopped.
    Stopped,
}

impl Extent {
    /// Whether the search came to its end by itself.
    pub(super) fn is_by_itself(self) -> bool {
        matches!(self, Extent::Whole | Extent::WithinBounds)
    }
}

impl Found {
    /// The violation with the fewest faults, and how many; `None` where faults are not watched, or there is none.
    fn fewest(&self) -> Option<(u64, &(Place, Option<String>))> {
        self.faults.fewest(|(place, _)| *place)
    }

    /// The violation or witness that is told of.
    fn told(&self) -> Option<Place> {
        self.fewest().map(|(_, (place, _))| *place).or(self.at)
    }
}

impl Findings {
    /// `faults`: the properties whose faults are watched.
    pub(super) fn new(decls: &[PropertyDecl], asked: u64, faults: u64) -> Self {
        Findings {
            decls: decls.to_vec(),
            asked,
            faults,
            found: decls.iter().map(|_| Found::default()).collect(),
            premise: 0,
            panic: None,
            told: 0,
        }
    }

    /// What was found since it was last asked for: a property, and the state that violates or witnesses it. Not where two states are needed.
    pub(super) fn news(&mut self) -> Vec<(usize, Place)> {
        let mut news = Vec::new();
        for (p, (decl, found)) in self.decls.iter().zip(&self.found).enumerate() {
            if let (Some(place), 0) = (found.at, self.told & (1 << p))
                && decl.kind != PropertyKind::Confluent
            {
                self.told |= 1 << p;
                news.push((p, place));
            }
        }
        news
    }

    /// What would still be news.
    pub(super) fn watch(&self) -> Watch {
        let mut watch = Watch {
            faults: self.faults,
            ..Watch::default()
        };
        for (p, (decl, found)) in self.decls.iter().zip(&self.found).enumerate() {
            let is_asked = self.asked >> p & 1 == 1;
            let is_open = found.at.is_none() || self.faults >> p & 1 == 1;
            if is_asked && (is_open || decl.kind.is_liveness()) {
                watch.add(p, decl.kind);
            }
        }
        watch
    }

    /// Adds what a chunk reports, in search order. Its first new state inside gets the place `first`.
    pub(super) fn add(&mut self, report: &Report, first: Place) {
        let place = |state| Place {
            depth: first.depth,
            position: first.position + report.inside_before(state),
        };
        self.premise |= report.premise;
        for &(state, mut bits) in &report.decided {
            while bits != 0 {
                let p = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if self.found[p].at.is_none() {
                    self.found[p].at = Some(place(state));
                    if self.decls[p].kind == PropertyKind::NoPanic {
                        let why = report.panics.iter().find(|&&(s, _)| s == state);
                        self.panic = why.map(|(_, why)| why.clone());
                    }
                }
            }
        }
        for (p, faults, state) in &report.faults {
            self.found[*p].faults.add(faults, || {
                let why = report.panics.iter().find(|(s, _)| s == state);
                (place(*state), why.map(|(_, why)| why.clone()))
            });
        }
        for &(state, (p, inputs, value)) in &report.quiescent {
            let found = &mut self.found[p];
            if found.at.is_some() {
                continue;
            }
            let &mut (known, earlier) = found.values.entry(inputs).or_insert((value, place(state)));
            if known != value {
                found.at = Some(place(state));
                found.partner = Some(earlier);
            }
        }
    }

    /// The properties that were asked for.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Whether something is violated.
    pub(super) fn any_violated(&self) -> bool {
        let mut both = self.decls.iter().zip(&self.found);
        both.any(|(decl, found)| found.at.is_some() && decl.kind != PropertyKind::Reachable)
    }

    /// The states that decided each property, in the order of the outcomes: none, one, or for `confluent` two.
    pub(super) fn places(&self) -> Vec<Vec<Place>> {
        let asked = self.found.iter().enumerate();
        let asked = asked.filter(|&(p, _)| self.asked & (1 << p) != 0);
        let places =
            asked.map(|(_, found)| found.partner.into_iter().chain(found.told()).collect());
        places.collect()
    }

    /// How many faults the violation takes that is told of, in the order of the outcomes, where the fewest were looked for.
    pub(super) fn fewest(&self) -> Vec<Option<u64>> {
        let asked = self.found.iter().enumerate();
        let asked = asked.filter(|&(p, _)| self.asked & (1 << p) != 0);
        asked.map(|(_, found)| Some(found.fewest()?.0)).collect()
    }

    /// The verdicts. `is_cut`: what is said of combinations of faults is said within bounds.
    pub(super) fn outcomes(
        &self,
        extent: Extent,
        is_cut: bool,
        log: &Log,
        kinds: &FaultKinds,
    ) -> Vec<PropertyOutcome> {
        let mut outcomes = Vec::new();
        for (p, (decl, found)) in self.decls.iter().zip(&self.found).enumerate() {
            if self.asked & (1 << p) == 0 {
                continue;
            }
            let paths: Vec<Path> = (found.partner.into_iter().chain(found.told()))
                .map(|place| log.path(place))
                .collect();
            let premise_seen = self.premise & (1 << p) != 0;
            let verdict = match (decl.kind, found.at.is_some(), extent) {
                (PropertyKind::Reachable, true, _) => Verdict::Holds,
                (_, true, _) => Verdict::Violated,
                (PropertyKind::Reachable, false, Extent::Whole) => Verdict::Violated,
                (PropertyKind::Confluent, false, Extent::Whole) if found.values.is_empty() => {
                    Verdict::Vacuous
                }
                (
                    PropertyKind::Implies | PropertyKind::LeadsTo | PropertyKind::Measure,
                    false,
                    Extent::Whole,
                ) if !premise_seen => Verdict::Vacuous,
                (_, false, Extent::Whole) => Verdict::Holds,
                (kind, false, Extent::WithinBounds)
                    if kind.is_liveness()
                        || matches!(kind, PropertyKind::Reachable | PropertyKind::Confluent) =>
                {
                    Verdict::Inconclusive
                }
                (_, false, Extent::WithinBounds) => Verdict::HoldsWithinBounds,
                (_, false, Extent::UpToFirst | Extent::Stopped) => Verdict::Inconclusive,
            };
            let note = match (verdict, decl.kind) {
                (Verdict::Violated, PropertyKind::NoPanic) => match found.fewest() {
                    Some((_, (_, why))) => why.clone(),
                    None => self.panic.clone(),
                },
                (Verdict::Violated, PropertyKind::Reachable) => {
                    Some("no state of the whole state space satisfies it".into())
                }
                (Verdict::HoldsWithinBounds, PropertyKind::Implies) if !premise_seen => {
                    Some("its premise never holds within the bounds".into())
                }
                (
                    Verdict::Vacuous,
                    PropertyKind::Implies | PropertyKind::LeadsTo | PropertyKind::Measure,
                ) => Some("its premise holds in no state".into()),
                (Verdict::Vacuous, _) => Some("no state is quiescent".into()),
                (Verdict::Inconclusive, _) => Some(
                    match extent {
                        Extent::UpToFirst => "the search ended after the first violation",
                        Extent::Stopped => "the search was stopped",
                        Extent::Whole | Extent::WithinBounds => {
                            "the bounds cut what would decide it"
                        }
                    }
                    .into(),
                ),
                _ => None,
            };
            outcomes.push(PropertyOutcome {
                decl: decl.clone(),
                verdict,
                paths,
                tie_break: false,
                steps: None,
                note,
                // Liveness is decided later.
                fault_frontier: (self.faults & (1 << p) != 0 && !decl.kind.is_liveness())
                    .then_some(extent)
                    .filter(|extent| extent.is_by_itself())
                    .map(|_| FaultFrontier::new(&found.faults, kinds, is_cut)),
            });
        }
        outcomes
    }
}
