//! What a system declares to happen so often: the kinds of faults, how many of each a state's past holds, and all budgets.

/// A kind of fault that has a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultKind {
    /// One of them: `crash`.
    pub one: String,
    /// Several: `crashes`. No two kinds of a system share it.
    pub many: String,
    /// How many there may be in a run.
    pub limit: u32,
    /// The limit is not the model's: the search was told to go no further.
    pub is_bounded: bool,
}

impl FaultKind {
    /// So many of the kind: `no crash`, `1 crash`, `2 crashes`.
    pub fn words(&self, n: u32) -> String {
        match n {
            0 => format!("no {}", self.one),
            1 => format!("1 {}", self.one),
            _ => format!("{n} {}", self.many),
        }
    }
}

/// How often something may happen in a run, as the model declares it: a stimulus, or faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Of what: `losses`, `stimulus "write"`.
    pub name: String,
    /// How often.
    pub limit: u32,
    /// What is assumed once it is spent, in words, where that is more than that it happens no more: `reliable after 2 losses`.
    pub then: Option<String>,
}

impl Budget {
    /// The name and the limit, and what comes then: `losses 2 (reliable after 2 losses)`.
    pub fn words(&self) -> String {
        let Budget { name, limit, then } = self;
        match then {
            Some(then) => format!("{name} {limit} ({then})"),
            None => format!("{name} {limit}"),
        }
    }
}

/// All faults that may happen in a system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultKinds {
    /// The kinds with a budget, in the order of [`StateSpace::faults`](super::StateSpace::faults).
    pub kinds: Vec<FaultKind>,
    /// What bounds several of them together, or one of them once more, in words: `at most 2 faults together`.
    pub restrictions: Vec<String>,
    /// The kinds without a budget, in words: their number is no part of a state.
    pub unlimited: Vec<String>,
}
