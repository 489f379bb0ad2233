//! Fairness as a search sees it: classes of steps, and what is required of a run that goes on for ever.
//!
//! A class is a number that its space gives a meaning. For each state the space lists the *shares* of its steps: which step takes, enables
//! or uses which class. From these alone it is decided whether a cycle is fair.

/// A fairness class: opaque to everybody but its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub u64);

/// What is required of a run without end.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Fairness {
    /// Nothing.
    None,
    /// Enabled from some point on, it is taken again and again.
    Weak,
    /// Enabled again and again, it is taken again and again.
    Strong,
    /// Used again and again, it is taken again and again: a message is duplicated for ever only if it is sent for ever.
    Matched,
}

impl Fairness {
    /// The word for the terminal: `none`, `weak`, `strong`, `matched`.
    pub fn word(self) -> &'static str {
        match self {
            Fairness::None => "none",
            Fairness::Weak => "weak",
            Fairness::Strong => "strong",
            Fairness::Matched => "matched",
        }
    }
}

/// A class as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FairClass {
    /// In words: `delivery of Ping from a to b`.
    pub name: String,
    /// What is required of it.
    pub fairness: Fairness,
}

/// What a step has to do with a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The step takes the class, which is therefore enabled where the step is.
    Takes,
    /// The class is enabled here, though this step does not take it.
    Enables,
    /// The step uses a [matched](Fairness::Matched) class.
    Uses,
}

/// The share of one step in one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The step: an index into what [`StateSpace::expand`](super::StateSpace::expand) appends.
    pub step: u32,
    /// The class.
    pub class: Class,
    /// What the step has to do with it.
    pub role: Role,
}

/// The only class of a space without classes of its own: some step is taken while one is enabled.
pub(super) fn some_step(steps: &[u32], out: &mut Vec<Share>) {
    out.extend(steps.iter().map(|&step| Share {
        step,
        class: Class(0),
        role: Role::Takes,
    }));
}
