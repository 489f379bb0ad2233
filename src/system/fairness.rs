//! What may be assumed of runs without end, where the system model's own assumptions are to be changed.

use stateright::actor::Id;

/// What a run without end owes to some steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fairness {
    /// Nothing: they may be put off for ever.
    None,
    /// What is enabled from some point on is done again and again.
    Weak,
    /// What is enabled again and again is done again and again.
    Strong,
}

/// Which kind of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepsKind {
    Deliveries,
    Timers,
    Choices,
    Alternatives,
    Recoveries,
    Stimuli,
    Heals,
}

/// Some steps of a system, for [`assume`](super::System::assume).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    pub(crate) kind: StepsKind,
    /// `None`: from anybody.
    pub(crate) from: Option<Id>,
    /// `None`: of anybody.
    pub(crate) of: Option<Id>,
}

impl Steps {
    fn kind(kind: StepsKind) -> Self {
        Steps {
            kind,
            from: None,
            of: None,
        }
    }

    /// Deliveries: each message content on each link by itself. The actor they are [`of`](Steps::of) is the one that receives.
    pub fn deliveries() -> Self {
        Steps::kind(StepsKind::Deliveries)
    }

    /// Timers that fire, each by itself.
    pub fn timers() -> Self {
        Steps::kind(StepsKind::Timers)
    }

    /// Random choices: that some alternative is taken, for each choice.
    pub fn choices() -> Self {
        Steps::kind(StepsKind::Choices)
    }

    /// Random choices: that this alternative is taken, for each alternative. With [`Fairness::Strong`] a choice is *probabilistic*: offered again and
    /// again, every alternative is taken again and again.
    pub fn alternatives() -> Self {
        Steps::kind(StepsKind::Alternatives)
    }

    /// Crashed processes that start again.
    pub fn recoveries() -> Self {
        Steps::kind(StepsKind::Recoveries)
    }

    /// Steps of the environment. The actor they are [`of`](Steps::of) is the one that is told.
    pub fn stimuli() -> Self {
        Steps::kind(StepsKind::Stimuli)
    }

    /// Partitions that heal.
    pub fn heals() -> Self {
        Steps::kind(StepsKind::Heals)
    }

    /// Only those of this actor.
    #[must_use]
    pub fn of(self, actor: Id) -> Self {
        Steps {
            of: Some(actor),
            ..self
        }
    }

    /// Only deliveries from this actor.
    #[must_use]
    pub fn from(self, actor: Id) -> Self {
        Steps {
            from: Some(actor),
            ..self
        }
    }
}
