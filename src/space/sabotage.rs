//! Deliberate faults of the engine, for the tests that must catch them. Only builds with debug assertions can switch one on.

/// A fault that the engine can be told to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Content hashes ignore where lists end.
    HashWithoutLength,
    /// Content hashes ignore which actor a component belongs to.
    HashWithoutSlot,
    /// A timer that is set is not part of the state.
    ForgottenTimer,
    /// Equal envelopes in flight count once in the fingerprint.
    DroppedMultisetCount,
    /// A handler's answer is reused for another message of the same sender.
    StaleMemo,
    /// A trace names another parent.
    WrongParent,
    /// Ties between traces are broken by internal numbers.
    IdsOrderActions,
    /// What is spent of a budget is not part of the state.
    BudgetNotInState,
    /// What an actor saved is not part of the state.
    StorageNotInState,
    /// A FIFO channel delivers any of its messages.
    FifoAsMultiset,
    /// An observer's value is not part of the state.
    HistoryNotInState,
    /// Deliveries without effect are suppressed even where a property reads the network.
    NoOpAlwaysSuppressed,
    /// Which partitions are up is not part of the state.
    PartitionNotInState,
    /// A crash inside a handler takes back the last message that was sent before it.
    PrefixOffByOne,
    /// A duplicate does not spend the budget of duplicates.
    DuplicateNotSpent,
    /// A partition lets through what comes from the second group.
    PartitionOneWay,
    /// A crash does not count against the budget of its actor.
    CrashOfActorNotSpent,
    /// A link holds one copy more than its capacity.
    CapacityOffByOne,
    /// A tick does not wait for messages that can wait no longer.
    TickIgnoresMessages,
    /// A timer fires before its range begins.
    TimerFiresEarly,
    /// A timer that is set again is owed as before.
    RearmedTimerOwed,
    /// Strong fairness asks no more than weak.
    StrongAsWeak,
    /// A class is enabled only where its step stays in the component that is looked at.
    EnabledOnlyInside,
    /// A run may stay in any state for ever.
    StaysAnywhere,
    /// A run may stay in a state for ever only where no step is enabled.
    StaysOnlyAtEnds,
    /// A message is delivered and kept for ever though it is never sent again.
    KeptForNothing,
    /// A declaration about the steps of one actor holds for all.
    AssumedOfAll,
}

/// Which fault is on, if any.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sabotaged {
    #[cfg(debug_assertions)]
    fault: Option<Sabotage>,
}

impl Sabotaged {
    #[cfg(debug_assertions)]
    pub(crate) fn with(fault: Sabotage) -> Self {
        Sabotaged { fault: Some(fault) }
    }

    #[inline(always)]
    #[cfg(debug_assertions)]
    pub(crate) fn is(self, fault: Sabotage) -> bool {
        self.fault == Some(fault)
    }

    /// The fault that is on.
    #[cfg(debug_assertions)]
    pub(crate) fn fault(self) -> Option<Sabotage> {
        self.fault
    }

    /// Whether any fault is on.
    #[inline(always)]
    pub(crate) fn is_on(self) -> bool {
        #[cfg(debug_assertions)]
        return self.fault.is_some();
        #[cfg(not(debug_assertions))]
        false
    }

    /// Without debug assertions there is no fault to ask for, and the question costs nothing.
    #[inline(always)]
    #[cfg(not(debug_assertions))]
    pub(crate) fn is(self, _fault: Sabotage) -> bool {
        false
    }
}
