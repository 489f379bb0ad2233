//! What stimuli and faults have spent, as one word of a state.

use std::sync::atomic::AtomicU32;

use crate::error::Error;

/// Budgets as one number in mixed radix: stimuli, then crash rules, then losses.
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
    /// The most that was spent of each, for coverage.
    pub(super) spent: Vec<AtomicU32>,
}

impl Budget {
    pub(super) fn add(&mut self, name: String, limit: u32) -> Result<(), Error> {
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
        let (Some(stride), Some(_)) = (stride, fits) else {
            return Err(Error::capacity(
                "the budgets of stimuli and faults are too large together",
            )
            .with_cure("their product, each plus one, must stay below 2^32"));
        };
        self.names.push(name);
        self.limits.push(limit);
        self.strides.push(stride);
        self.spent.push(AtomicU32::new(0));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    #[inline]
    pub(super) fn value(&self, word: u32, counter: usize) -> u32 {
        word / self.strides[counter] % (self.limits[counter] + 1)
    }
}
