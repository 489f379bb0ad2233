//! Bounds and stops: what kept a search from seeing everything, and what that is called. Also what was asked for at all.

use super::verdicts::Extent;
use super::{Options, Stop};
use crate::error::Error;
use crate::names;
use crate::space::PropertyDecl;

/// What cut or stopped a search so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// The boundaries that some state lies outside of.
    pub(super) outside_bits: u64,
    depth: Option<u32>,
    states: Option<u64>,
    /// Ended after the first violation although there was more to see.
    pub(super) up_to_first: bool,
    /// Stopped by the caller, or for want of memory.
    pub(super) stopped: Option<Stop>,
}

impl Limits {
    /// The greatest depth cut states off.
    pub(super) fn cut_by_depth(&mut self, depth_max: u32) {
        self.depth = Some(depth_max);
    }

    /// The greatest number of states cut levels off.
    pub(super) fn cut_by_states(&mut self, states_max: u64) {
        self.states = Some(states_max);
    }

    /// How much was seen.
    pub(super) fn extent(&self) -> Extent {
        if self.stopped.is_some() {
            Extent::Stopped
        } else if self.up_to_first {
            Extent::UpToFirst
        } else if self.outside_bits != 0 || self.depth.is_some() || self.states.is_some() {
            Extent::WithinBounds
        } else {
            Extent::Whole
        }
    }

    /// The bounds that cut something, in words.
    pub(super) fn cuts(&self, boundaries: &[String]) -> Vec<String> {
        let outside = boundaries.iter().enumerate();
        let outside = outside.filter(|&(b, _)| self.outside_bits & (1 << b) != 0);
        let depth = self.depth.map(|n| format!("--max-depth {n}"));
        let states = self.states.map(|n| format!("--max-states {n}"));
        outside
            .map(|(_, name)| name.clone())
            .chain(depth)
            .chain(states)
            .collect()
    }
}

/// The properties that the options ask for, bit by bit. The built-in ones are always among them.
pub(crate) fn asked(decls: &[PropertyDecl], options: &Options) -> Result<u64, Error> {
    let Some(names) = &options.properties else {
        return Ok(mask(decls.len()));
    };
    let mut asked = 1;
    for name in names {
        let Some(p) = decls.iter().position(|decl| decl.name == *name) else {
            let known = decls.iter().map(|decl| decl.name.as_str());
            let error = Error::usage(format!("there is no property \"{name}\""));
            return Err(error.with_cure(names::cure(name, known)));
        };
        asked |= 1 << p;
    }
    Ok(asked)
}

/// The lowest `n` bits.
fn mask(n: usize) -> u64 {
    match n {
        0..64 => (1 << n) - 1,
        _ => u64::MAX,
    }
}

/// An upper bound for the chance that two of `n` different states have equal fingerprints of `bits` bits, if the hash behaves as
/// random: N(N−1)/2 pairs, each equal with chance 2^-bits, and a little more since 0 is given to 1.
pub(super) fn omission_bound(n: u64, bits: u32) -> f64 {
    let pairs = n as f64 * n.saturating_sub(1) as f64 / 2.0;
    let equal = (-f64::from(bits)).exp2();
    (pairs * equal * (1.0 + 2.0 * equal)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_omission_bound_is_the_birthday_bound() {
        assert_eq!(omission_bound(0, 64), 0.0);
        assert_eq!(omission_bound(1, 64), 0.0);
        assert_eq!(omission_bound(2, 64), (-64f64).exp2());
        assert_eq!(
            omission_bound(1 << 20, 128) / omission_bound(1 << 20, 64),
            (-64f64).exp2()
        );
        assert_eq!(omission_bound(u64::MAX, 64), 1.0);
    }
}
