//! What random systems exercise in the states and steps that are really reached.

use crate::random::LinkSpec;

/// Something that a system can exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feature {
    /// A message was sent over such a link.
    ReliableLink,
    FifoLink,
    DuplicatingLink,
    BudgetedDuplicatingLink,
    LosingLink,
    FairLossLink,
    BudgetedLosingLink,
    LimitedLink,
    Loss,
    Duplication,
    /// A copy of a message was sent while another was in flight.
    DuplicateEnvelope,
    TimerSet,
    TimerReset,
    TimerCancelled,
    TimerFired,
    Choice,
    Crash,
    CrashWithStorage,
    Recovery,
    RecoveryWithStorage,
    /// A send found its class of messages full.
    SendIntoFull,
    PartitionForms,
    PartitionHeals,
    /// A message could not be delivered since a partition was up.
    PartitionHolds,
    /// An observer's value changed since a partition formed, or healed.
    PartitionTold,
    /// A crash under a rule that bounds the crashes of each actor.
    CrashOfEach,
    CrashInside,
    /// Some effects had happened.
    CrashInsideAfterEffects,
    CrashInStart,
    /// A fault under a bound of all faults.
    FaultOfAtMost,
    Stimulus,
    NoOp,
    NoOpLeftOut,
    Boundary,
    DepthBound,
    SeveralInitialStates,
    /// The deadlock check found one; each kind of property did not hold, or was vacuous.
    Deadlock,
    AlwaysViolated,
    ImpliesViolated,
    ImpliesVacuous,
    ReachableViolated,
    ConfluentViolated,
    ConfluentHolds,

    /// A step of such a class was enabled: a delivery over a plain link, of the head of a channel, over a fair-loss link, across a partition
    /// that forms again and again, over a link with a budget of losses.
    WeakDelivery,
    HeadDelivery,
    FairLossDelivery,
    DeliveryAcrossUnlimited,
    DeliveryAfterLosses,
    /// A message was sent that may be delivered and kept.
    KeptForEver,
    /// A timer was set, and set again.
    WeakTimer,
    Rearmed,
    /// A random choice, its alternatives.
    WeakChoice,
    FreeAlternative,
    /// A crashed actor that must, or need not, start again.
    WeakRecovery,
    FreeRecovery,
    /// A stimulus that must, or need not, happen.
    MustHappen,
    FreeStimulus,
    /// A partition that heals.
    WeakHeal,
    /// A declaration changed what is assumed of such steps.
    AssumedDelivery,
    AssumedTimer,
    AssumedChoice,
    AssumedOfEnvironment,
    /// It said this.
    AssumedNone,
    AssumedWeak,
    AssumedStrong,
    /// It spoke of some actors alone.
    AssumedOfSome,
    /// The verdicts.
    EventuallyViolated,
    EventuallyHolds,
    EventuallyInconclusive,
    LeadsToViolated,
    LeadsToHolds,
    LeadsToInconclusive,
    InfinitelyOftenViolated,
    InfinitelyOftenHolds,
    InfinitelyOftenInconclusive,
    StabilisesViolated,
    StabilisesHolds,
    StabilisesInconclusive,
    LeadsToVacuous,
    /// The counterexample stays in a state that has steps.
    Stays,
    /// The counterexample has a loop of steps.
    LoopOfSteps,
    /// It is known to be the shortest.
    LoopCompared,
    /// Without strong, weak, matched fairness the verdict would be another.
    StrongDecides,
    WeakDecides,
    KeptDecides,

    /// A Byzantine actor sent something of its own accord: in its own name, with or without a budget; in another's; something that it had seen.
    Forged,
    ForgedWithoutEnd,
    ForgedName,
    ForgedWhatWasSeen,
    /// It ignored a message or a copy of one, a timer or a choice, a stimulus.
    IgnoredMessage,
    IgnoredOwn,
    IgnoredStimulus,
    /// It crashed inside a handler.
    TraitorCrashes,
}

impl Feature {
    /// What systems with safety properties exercise.
    pub(crate) const ALL: [Feature; 42] = [
        Feature::ReliableLink,
        Feature::FifoLink,
        Feature::DuplicatingLink,
        Feature::BudgetedDuplicatingLink,
        Feature::LosingLink,
        Feature::FairLossLink,
        Feature::BudgetedLosingLink,
        Feature::LimitedLink,
        Feature::Loss,
        Feature::Duplication,
        Feature::DuplicateEnvelope,
        Feature::TimerSet,
        Feature::TimerReset,
        Feature::TimerCancelled,
        Feature::TimerFired,
        Feature::Choice,
        Feature::Crash,
        Feature::CrashWithStorage,
        Feature::Recovery,
        Feature::RecoveryWithStorage,
        Feature::SendIntoFull,
        Feature::PartitionForms,
        Feature::PartitionHeals,
        Feature::PartitionHolds,
        Feature::CrashOfEach,
        Feature::CrashInside,
        Feature::CrashInsideAfterEffects,
        Feature::CrashInStart,
        Feature::FaultOfAtMost,
        Feature::Stimulus,
        Feature::NoOp,
        Feature::NoOpLeftOut,
        Feature::Boundary,
        Feature::DepthBound,
        Feature::SeveralInitialStates,
        Feature::Deadlock,
        Feature::AlwaysViolated,
        Feature::ImpliesViolated,
        Feature::ImpliesVacuous,
        Feature::ReachableViolated,
        Feature::ConfluentViolated,
        Feature::ConfluentHolds,
    ];

    /// What systems with liveness properties exercise.
    pub(crate) const LIVE: [Feature; 42] = [
        Feature::WeakDelivery,
        Feature::HeadDelivery,
        Feature::FairLossDelivery,
        Feature::DeliveryAcrossUnlimited,
        Feature::DeliveryAfterLosses,
        Feature::KeptForEver,
        Feature::WeakTimer,
        Feature::Rearmed,
        Feature::WeakChoice,
        Feature::FreeAlternative,
        Feature::WeakRecovery,
        Feature::FreeRecovery,
        Feature::MustHappen,
        Feature::FreeStimulus,
        Feature::WeakHeal,
        Feature::AssumedDelivery,
        Feature::AssumedTimer,
        Feature::AssumedChoice,
        Feature::AssumedOfEnvironment,
        Feature::AssumedNone,
        Feature::AssumedWeak,
        Feature::AssumedStrong,
        Feature::AssumedOfSome,
        Feature::EventuallyViolated,
        Feature::EventuallyHolds,
        Feature::EventuallyInconclusive,
        Feature::LeadsToViolated,
        Feature::LeadsToHolds,
        Feature::LeadsToInconclusive,
        Feature::InfinitelyOftenViolated,
        Feature::InfinitelyOftenHolds,
        Feature::InfinitelyOftenInconclusive,
        Feature::StabilisesViolated,
        Feature::StabilisesHolds,
        Feature::StabilisesInconclusive,
        Feature::LeadsToVacuous,
        Feature::Stays,
        Feature::LoopOfSteps,
        Feature::LoopCompared,
        Feature::StrongDecides,
        Feature::WeakDecides,
        Feature::KeptDecides,
    ];

    /// What systems with Byzantine actors exercise besides.
    pub(crate) const BYZANTINE: [Feature; 8] = [
        Feature::Forged,
        Feature::ForgedWithoutEnd,
        Feature::ForgedName,
        Feature::ForgedWhatWasSeen,
        Feature::IgnoredMessage,
        Feature::IgnoredOwn,
        Feature::IgnoredStimulus,
        Feature::TraitorCrashes,
    ];
}

/// A set of features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage(std::collections::BTreeSet<Feature>);

impl Coverage {
    pub(crate) fn note(&mut self, feature: Feature) {
        self.0.insert(feature);
    }

    pub(crate) fn note_link(&mut self, link: LinkSpec) {
        if link.fifo {
            self.note(Feature::FifoLink);
        }
        if link.duplicating {
            self.note(if link.duplicates_budgeted {
                Feature::BudgetedDuplicatingLink
            } else {
                Feature::DuplicatingLink
            });
        }
        if link.losing {
            self.note(if link.budgeted {
                Feature::BudgetedLosingLink
            } else if link.fair {
                Feature::FairLossLink
            } else {
                Feature::LosingLink
            });
        }
        if link.capacity.is_some() {
            self.note(Feature::LimitedLink);
        }
        if link == LinkSpec::default() {
            self.note(Feature::ReliableLink);
        }
    }

    pub(crate) fn add(&mut self, other: &Coverage) {
        self.0.extend(&other.0);
    }

    pub(crate) fn features(&self) -> impl Iterator<Item = Feature> {
        self.0.iter().copied()
    }
}
