//! What a variant expects of its properties, and whether a verdict is that.

use crate::search::Verdict;

/// The verdict that a variant declares for one of its properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The property's name.
    pub property: String,
    /// The verdict it is to get.
    pub verdict: Verdict,
}

/// How a verdict stands to the one that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// It is what was expected, or better.
    AsExpected,
    /// Too little was seen to tell.
    Undecided,
    /// It is something else.
    Contradicted,
}

impl Agreement {
    /// Compares. With `allow_bounds` a property that is expected to hold may hold within bounds.
    pub fn of(expected: Verdict, found: Verdict, allow_bounds: bool) -> Self {
        use Verdict::{Holds, HoldsWithinBounds, Inconclusive, Violated};
        match (expected, found) {
            (expected, found) if expected == found => Agreement::AsExpected,
            // The whole is more than the part.
            (HoldsWithinBounds, Holds) => Agreement::AsExpected,
            (Holds, HoldsWithinBounds) if allow_bounds => Agreement::AsExpected,
            (_, Inconclusive) => Agreement::Undecided,
            // What is expected may lie behind the bound.
            (Holds | Violated, HoldsWithinBounds) => Agreement::Undecided,
            _ => Agreement::Contradicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Agreement::{AsExpected, Contradicted, Undecided};
    use Verdict::{Holds, HoldsWithinBounds, Inconclusive, Vacuous, Violated};

    #[test]
    fn every_pair_of_verdicts() {
        let verdicts = [Holds, HoldsWithinBounds, Vacuous, Inconclusive, Violated];
        // Rows: expected. Columns: found, in the order above.
        #[rustfmt::skip]
        let table = [
            (Holds,             [AsExpected, Undecided, Contradicted, Undecided, Contradicted]),
            (HoldsWithinBounds, [AsExpected, AsExpected, Contradicted, Undecided, Contradicted]),
            (Vacuous,           [Contradicted, Contradicted, AsExpected, Undecided, Contradicted]),
            (Inconclusive,      [Contradicted, Contradicted, Contradicted, AsExpected, Contradicted]),
            (Violated,          [Contradicted, Undecided, Contradicted, Undecided, AsExpected]),
        ];
        for (expected, row) in table {
            for (found, agreement) in verdicts.into_iter().zip(row) {
                assert_eq!(
                    Agreement::of(expected, found, false),
                    agreement,
                    "{expected:?} {found:?}"
                );
            }
        }
        assert_eq!(Agreement::of(Holds, HoldsWithinBounds, true), AsExpected);
        assert_eq!(Agreement::of(Violated, HoldsWithinBounds, true), Undecided);
    }
}
