//! The tests of the tests: the engine is told to have a fault, and the comparison with the oracle must notice.

use allways::space::sabotage::Sabotage;

use crate::random_systems::{compare_all, space};

/// The systems of the comparison are tried in their order; a fault must show within so many.
const SYSTEMS_MAX: u32 = 300;

const SEED: u64 = 20_260_101;

fn is_caught(fault: Sabotage) {
    let make = |spec: &_| Ok(space(spec)?.sabotaged(fault));
    match compare_all(SEED, SYSTEMS_MAX, &make, false) {
        Err((number, why)) => println!(
            "{fault:?} shows in system {number}: {}",
            why.lines().last().unwrap_or("")
        ),
        Ok(_) => panic!("{fault:?} goes unnoticed in {SYSTEMS_MAX} systems"),
    }
}

#[test]
fn without_a_fault_nothing_is_reported() {
    if let Err((_, why)) = compare_all(SEED, SYSTEMS_MAX, &space, true) {
        panic!("{why}");
    }
}

macro_rules! caught {
    ($($test:ident: $fault:ident),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                is_caught(Sabotage::$fault);
            }
        )+
    };
}

caught! {
    a_hash_without_lengths_is_caught: HashWithoutLength,
    a_hash_without_slots_is_caught: HashWithoutSlot,
    a_forgotten_timer_is_caught: ForgottenTimer,
    a_dropped_multiset_count_is_caught: DroppedMultisetCount,
    a_stale_memo_is_caught: StaleMemo,
    a_wrong_parent_is_caught: WrongParent,
    actions_ordered_by_numbers_are_caught: IdsOrderActions,
    a_budget_outside_the_state_is_caught: BudgetNotInState,
    storage_outside_the_state_is_caught: StorageNotInState,
    a_channel_without_order_is_caught: FifoAsMultiset,
    history_outside_the_state_is_caught: HistoryNotInState,
    deliveries_wrongly_left_out_are_caught: NoOpAlwaysSuppressed,
    a_partition_outside_the_state_is_caught: PartitionNotInState,
    a_partition_of_one_direction_is_caught: PartitionOneWay,
    a_crash_one_effect_early_is_caught: PrefixOffByOne,
    a_duplicate_for_nothing_is_caught: DuplicateNotSpent,
    a_crash_that_its_actor_does_not_pay_is_caught: CrashOfActorNotSpent,
    a_link_that_holds_too_much_is_caught: CapacityOffByOne,
}
