//! Bytes read as choices: a zero byte always means the simplest, and bytes past the end are zero.

/// Bytes read as choices.
pub(super) struct Dice<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Dice<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Dice { bytes, at: 0 }
    }

    fn byte(&mut self) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte)
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.byte() * n / 256
    }

    /// Yes in so many cases of a hundred; a zero byte says no.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.byte() * 100 >= (100 - percent) * 256
    }

    /// An index, with these weights of a hundred.
    pub(super) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.byte() * 100 / 256;
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        weights.len() - 1
    }
}
