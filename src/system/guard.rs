//! Running user code: panics are caught and become part of the answer, and another thread can see what runs, so that a watchdog
//! can name what never returns. No clock is read here: how long is too long is the watchdog's business.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What a thread runs of a model, seen by all threads.
#[derive(Default)]
struct Slot {
    /// Counts both ends of each call: odd while one runs.
    turns: AtomicU64,
    /// The call's [`Activity`].
    activity: AtomicU64,
}

impl Slot {
    /// The begin or the end of a call. Only its own thread calls it.
    fn turn(&self) {
        let turns = self.turns.load(Ordering::Relaxed);
        self.turns.store(turns.wrapping_add(1), Ordering::Release);
    }
}

/// A slot for each thread that ever ran user code.
static SLOTS: Mutex<Vec<Weak<Slot>>> = Mutex::new(Vec::new());

thread_local! {
    static SLOT: Arc<Slot> = {
        let slot = Arc::new(Slot::default());
        let mut slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        slot
    };
}

/// What kind of user code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Something of the model; no more is known.
    Model,
    /// A handler of this actor.
    Actor(u32),
    /// This observer.
    Observer(u32),
    /// A property or a boundary.
    Property,
}

impl Activity {
    fn pack(self) -> u64 {
        match self {
            Activity::Model => 0,
            Activity::Actor(actor) => 1 << 32 | u64::from(actor),
            Activity::Observer(observer) => 2 << 32 | u64::from(observer),
            Activity::Property => 3 << 32,
        }
    }

    fn unpack(packed: u64) -> Self {
        let index = packed as u32;
        match packed >> 32 {
            1 => Activity::Actor(index),
            2 => Activity::Observer(index),
            3 => Activity::Property,
            _ => Activity::Model,
        }
    }
}

/// A call of user code that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which thread, and which of its calls: as long as it is the same, it is the same call.
    pub call: (usize, u64),
    /// What runs.
    pub activity: Activity,
}

/// The calls of user code that run right now, on all threads.
pub fn running() -> Vec<Running> {
    let slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
    let slots = slots.iter().filter_map(Weak::upgrade);
    slots
        .filter_map(|slot| {
            let turns = slot.turns.load(Ordering::Acquire);
            let activity = Activity::unpack(slot.activity.load(Ordering::Relaxed));
            (turns % 2 == 1).then_some(Running {
                call: (Arc::as_ptr(&slot) as usize, turns),
                activity,
            })
        })
        .collect()
}

/// Whether this thread is running a model's code under a guard: a panic hook may then stay silent, since the panic is
/// reported as a violation with its trace.
pub fn in_user_code() -> bool {
    SLOT.with(|slot| slot.turns.load(Ordering::Relaxed) % 2 == 1)
}

/// A panic of user code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thrown {
    pub(crate) message: String,
    /// It is a misuse of the library (a [`Mistake`]): an error, not a finding about the model.
    pub(crate) is_mistake: bool,
}

/// The payload of panics that tell a misuse of the library where no error can be returned, such as a foreign handle.
pub(crate) struct Mistake(pub(crate) String);

/// Runs user code; a panic becomes its message.
pub(crate) fn guarded<T>(code: impl FnOnce() -> T) -> Result<T, Thrown> {
    guarded_as(Activity::Model, code)
}

/// As [`guarded`], saying what it is that runs.
pub(crate) fn guarded_as<T>(activity: Activity, code: impl FnOnce() -> T) -> Result<T, Thrown> {
    let outermost = !in_user_code();
    if outermost {
        SLOT.with(|slot| {
            slot.activity.store(activity.pack(), Ordering::Relaxed);
            slot.turn();
        });
    }
    // A handler that panics leaves nothing behind that is used again: its arguments were clones or shared references.
    let result = catch_unwind(AssertUnwindSafe(code));
    if outermost {
        SLOT.with(|slot| slot.turn());
    }
    result.map_err(|payload| {
        let (message, is_mistake) = if let Some(text) = payload.downcast_ref::<&str>() {
            ((*text).to_owned(), false)
        } else if let Some(text) = payload.downcast_ref::<String>() {
            (text.clone(), false)
        } else if let Some(Mistake(text)) = payload.downcast_ref::<Mistake>() {
            (text.clone(), true)
        } else {
            ("a panic without a message".to_owned(), false)
        };
        Thrown {
            message,
            is_mistake,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_seen_while_it_runs() {
        let activity = Activity::Actor(7);
        let mine = || -> Vec<Running> {
            running()
                .into_iter()
                .filter(|r| r.activity == activity)
                .collect()
        };
        assert!(!in_user_code());
        let (first, again) = guarded_as(activity, || {
            assert!(in_user_code());
            // A call within a call is the same call.
            assert!(guarded(in_user_code).is_ok_and(|inside| inside));
            (mine(), mine())
        })
        .expect("no panic");
        assert_eq!(first.len(), 1);
        assert_eq!(first, again);
        assert!(mine().is_empty());
        let second = guarded_as(activity, mine).expect("no panic");
        assert_ne!(first, second);
        assert!(guarded_as(activity, || panic!("over")).is_err());
        assert!(mine().is_empty() && !in_user_code());
    }

    #[test]
    fn activities_survive_packing() {
        for activity in [
            Activity::Model,
            Activity::Actor(0),
            Activity::Actor(u32::MAX),
            Activity::Observer(3),
            Activity::Property,
        ] {
            assert_eq!(Activity::unpack(activity.pack()), activity);
        }
    }
}
