//! Which of the shortest traces is reported: the one with the fewest faults, then the fewest switches between lanes, then the least in
//! semantic order. Finds no violation and changes no verdict. Where the fewest faults are asked for, it chooses among the shortest of the
//! traces with that number of faults.
//!
//! How the least of several paths is found is told in `search/least.rs`. After a search up to symmetry it is the least of all paths of the whole system
//! (`lifted.rs`), the same as without.
//!
//! A confluent property is shown by two paths. Of all states at the depth where the first conflict shows, those with a rival (equal inputs,
//! another value, no deeper) compete for the later path. The earlier path leads to the least of its rivals, at the least depth.

use std::collections::BTreeMap;

use super::levels::Levels;
use super::lifted::Lifted;
use crate::error::Error;
use crate::search::{self, Explored, Options, Path};
use crate::space::{Fingerprint, PropertyKind, StateSpace};

/// Replaces the paths that a search found first by those that read best, wherever the levels down to them are small enough.
///
/// # Errors
/// The model answers differently the second time.
pub(crate) fn choose<S: StateSpace>(
    space: &S,
    options: &Options,
    explored: &mut Explored<S::Arena>,
) -> Result<(), Error> {
    match options.fingerprint_bits {
        128 => choose_by::<S, u128>(space, options, explored),
        _ => choose_by::<S, u64>(space, options, explored),
    }
}

fn choose_by<S: StateSpace, F: Fingerprint>(
    space: &S,
    options: &Options,
    explored: &mut Explored<S::Arena>,
) -> Result<(), Error> {
    // Whoever stops a search does not want to wait, and gets no promise of a determined trace.
    if explored.outcome.stopped.is_some() {
        return Ok(());
    }
    let n_down_to = |depth: u32| explored.level_sizes.iter().take(depth as usize + 1).sum();
    let is_small = |depth| {
        let n: u64 = n_down_to(depth);
        n <= options.tie_break_max as u64
    };
    let depths: Vec<Option<u32>> = (explored.places.iter())
        .map(|places| places.iter().map(|place| place.depth).max())
        .map(|depth| depth.filter(|&depth| is_small(depth)))
        .collect();
    let Some(deepest) = depths.iter().flatten().max() else {
        return Ok(());
    };
    let levels = Levels::<S, F>::build(space, &explored.initial, *deepest, options.exact)?;
    let choice = Choice {
        levels: &levels,
        is_up_to_symmetry: explored.outcome.symmetry.is_some(),
        n_max: options.tie_break_max,
    };
    let properties = explored.outcome.properties.iter_mut().zip(depths);
    for ((property, depth), fewest) in properties.zip(&explored.fewest) {
        let Some(depth) = depth else { continue };
        let decls = space.properties().iter();
        let Some(p) = decls.clone().position(|decl| *decl == property.decl) else {
            unreachable!("an outcome is about a property of its space")
        };
        let chosen = match property.decl.kind {
            // A lasso was chosen with its loop.
            kind if kind.is_liveness() => None,
            PropertyKind::Confluent => choice.rivals(p, depth)?,
            kind => {
                let shows = kind == PropertyKind::Reachable;
                let mut targets =
                    levels.states(depth, |state| (state.holds >> p & 1 == 1) == shows);
                if let Some(fewest) = *fewest {
                    levels.keep_with_faults(depth, fewest, &mut targets);
                }
                let best = choice.least(depth, &targets)?;
                best.map(|(path, _)| vec![path])
            }
        };
        if let Some(paths) = chosen {
            property.paths = paths;
            property.tie_break = true;
        }
    }
    Ok(())
}

/// The levels that are chosen from.
struct Choice<'l, 'a, S: StateSpace, F> {
    levels: &'l Levels<'a, S, F>,
    /// Each state stands for its orbit.
    is_up_to_symmetry: bool,
    n_max: usize,
}

impl<S: StateSpace, F: Fingerprint> Choice<'_, '_, S, F> {
    /// The least path to any of `targets`, and which it leads to. `None` above the limit.
    fn least(&self, depth: u32, targets: &[u32]) -> Result<Option<(Path, u32)>, Error> {
        if !self.is_up_to_symmetry {
            return search::least(self.levels, depth, targets, self.n_max);
        }
        let Some(lifted) = Lifted::build(self.levels, depth, targets, self.n_max)? else {
            return Ok(None);
        };
        let best = search::least(&lifted, depth, &lifted.targets(), self.n_max)?;
        Ok(best.map(|(path, target)| (path, lifted.kept(target))))
    }

    /// The two paths of a confluent property that is violated at `depth`: the earlier, the later. `None` above the limit.
    fn rivals(&self, p: usize, depth: u32) -> Result<Option<Vec<Path>>, Error> {
        // For all inputs the values, each with the states that have it. Ordered by hashes, but only membership is asked for.
        let mut values: BTreeMap<u128, BTreeMap<u128, Vec<(u32, u32)>>> = BTreeMap::new();
        for &(level, state, property, inputs, value) in self.levels.quiescent() {
            if property == p && level <= depth {
                let states = values.entry(inputs).or_default().entry(value).or_default();
                states.push((level, state));
            }
        }
        let conflicts = || values.values().filter(|by_value| by_value.len() > 1);
        let mut later: Vec<u32> = conflicts()
            .flat_map(BTreeMap::values)
            .flatten()
            .filter(|&&(level, _)| level == depth)
            .map(|&(_, state)| state)
            .collect();
        later.sort_unstable();
        let Some((later_path, later_state)) = self.least(depth, &later)? else {
            return Ok(None);
        };
        let rivals: Vec<(u32, u32)> = conflicts()
            .filter(|by_value| {
                let mut states = by_value.values().flatten();
                states.any(|&state| state == (depth, later_state))
            })
            .flat_map(BTreeMap::values)
            .filter(|states| !states.contains(&(depth, later_state)))
            .flatten()
            .copied()
            .collect();
        let Some(earliest) = rivals.iter().map(|&(level, _)| level).min() else {
            unreachable!("a state in conflict has a rival")
        };
        let mut earlier: Vec<u32> = (rivals.iter())
            .filter(|&&(level, _)| level == earliest)
            .map(|&(_, state)| state)
            .collect();
        earlier.sort_unstable();
        let earlier = self.least(earliest, &earlier)?;
        Ok(earlier.map(|(earlier_path, _)| vec![earlier_path, later_path]))
    }
}
