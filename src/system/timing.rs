//! What is known of time: how long messages take and when timers fire.
//!
//! Time is never absolute. It passes in ticks, which are steps of the whole system; messages and timers hold the ticks that remain.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

use super::guard::Mistake;

/// What is known of time in a system, for [`System::timing`](super::System::timing).
///
/// | model | messages | timers |
/// | --- | --- | --- |
/// | [`asynchronous`](Timing::asynchronous) | arrive at any time | fire at any time |
/// | [`synchronous`](Timing::synchronous) | arrive within a known bound Δ | fire within the range they are set with |
/// | [`partially_synchronous`](Timing::partially_synchronous) | as asynchronous before an unknown moment, as synchronous from then on | likewise |
///
/// *Ticks.* One step, *tick*, lets time pass for everybody at once; handlers take no time. A message can arrive after any number of ticks within the
/// delay of its link ([`Link::delay`](super::Link::delay), unless declared 0 to Δ ticks). A timer set with the range `a..b` fires after `a`, `a+1`, … or
/// `b-1` ticks. There is no tick while a message is in flight that can wait no longer, or a timer is at its latest. Random choices and steps of the
/// environment do not hold time up.
///
/// *Faults.* A message that is lost, or whose receiver crashes, holds nothing up. What can wait no longer while its receiver is down is gone with
/// the next tick, without a step of its own. For a message that a partition holds back time stands still until the partition heals. A duplicate
/// that stays in flight has the ticks that its original had left, and a channel keeps its order: only its head arrives. A link of bounded
/// [`capacity`](super::Link::capacity) counts copies of equal content whatever their age; one that holds its fill keeps what it has.
///
/// *The unknown moment* of a partially synchronous system is a step that may come at any time and comes in the end. Before it no bound counts. From then on
/// everything that is in flight or set is as if it had been sent or set at that moment.
///
/// *Infinite runs* have infinitely many ticks: nobody does infinitely much in no time. If a model allows for it (a cycle of steps without a tick), the
/// report of a liveness check warns of it; if time cannot go on at all, that is an error.
///
/// ```
/// use allways::prelude::*;
/// use std::time::Duration;
///
/// let known = Timing::synchronous_within(2).unit(Duration::from_millis(50));
/// let known_in_the_end = Timing::partially_synchronous(2);
/// let nothing_known = Timing::asynchronous();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pub(crate) kind: TimingKind,
    /// Ticks that a message takes at most, unless its link says otherwise.
    pub(crate) delay_max: u32,
    pub(crate) unit: Duration,
}

/// Which of the three models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimingKind {
    Asynchronous,
    Synchronous,
    PartiallySynchronous,
}

impl Timing {
    /// Nothing is known of time (the default): messages and timers take as long as they like, and there are no ticks.
    pub fn asynchronous() -> Self {
        Timing {
            kind: TimingKind::Asynchronous,
            delay_max: 1,
            unit: UNIT,
        }
    }

    /// Messages take one tick at most, timers the time they are set to.
    pub fn synchronous() -> Self {
        Timing::synchronous_within(1)
    }

    /// Messages take `delay_max` ticks at most, timers the time they are set to.
    pub fn synchronous_within(delay_max: u32) -> Self {
        Timing {
            kind: TimingKind::Synchronous,
            delay_max,
            ..Timing::asynchronous()
        }
    }

    /// Asynchronous up to an unknown moment, synchronous within `delay_max` ticks from then on.
    pub fn partially_synchronous(delay_max: u32) -> Self {
        Timing {
            kind: TimingKind::PartiallySynchronous,
            delay_max,
            ..Timing::asynchronous()
        }
    }

    /// How long a tick is, so that the `Duration`s of timers can be counted in ticks: one second, unless told otherwise. A timer's range must
    /// begin and end at a tick.
    #[must_use]
    pub fn unit(self, unit: Duration) -> Self {
        Timing { unit, ..self }
    }

    /// Whether there are ticks.
    pub(crate) fn has_ticks(&self) -> bool {
        self.kind != TimingKind::Asynchronous
    }
}

/// A tick, unless declared.
const UNIT: Duration = Duration::from_secs(1);

/// The range of a timer in ticks of one second, which is what a tick is unless [`Timing::unit`] says otherwise: `ticks(2..4)` fires after two or three.
///
/// Unlike stateright's `model_timeout()`, which says nothing, it says something under every [`Timing`]; asynchronously it makes no difference.
///
/// ```
/// # use allways::prelude::*;
/// # use std::time::Duration;
/// assert_eq!(ticks(2..4), Duration::from_secs(2)..Duration::from_secs(4));
/// ```
pub fn ticks(range: Range<u32>) -> Range<Duration> {
    UNIT * range.start..UNIT * range.end
}

/// The ticks that remain: at least so many, at most so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Window {
    pub(crate) earliest: u32,
    pub(crate) latest: u32,
}

impl Window {
    /// A tick later; `None` if there is no later.
    pub(crate) fn ticked(self) -> Option<Window> {
        Some(Window {
            earliest: self.earliest.saturating_sub(1),
            latest: self.latest.checked_sub(1)?,
        })
    }

    /// The window of a timer's range.
    ///
    /// # Panics
    /// The range is empty, or not counted in whole ticks: a mistake of the model, which is told as one.
    pub(crate) fn of(range: &Range<Duration>, unit: Duration, timer: impl Fn() -> String) -> Self {
        let mistake = |why: String| -> ! {
            let what = format!("sets {} to the range {range:?}, which {why}", timer());
            // Not a panic of the model: nothing is printed.
            std::panic::resume_unwind(Box::new(Mistake(what)))
        };
        if range.is_empty() {
            mistake("is empty: no tick lies in it".to_owned());
        }
        let ticks = |duration: Duration| {
            let is_whole = duration.as_nanos().is_multiple_of(unit.as_nanos());
            let ticks = u32::try_from(duration.as_nanos() / unit.as_nanos());
            ticks.ok().filter(|_| is_whole)
        };
        match (ticks(range.start), ticks(range.end)) {
            (Some(start), Some(end)) => Window {
                earliest: start,
                latest: start.max(end - 1),
            },
            _ => mistake(format!("is not counted in ticks of {unit:?}")),
        }
    }

    /// As people read it.
    pub(crate) fn text(self) -> String {
        format!("in {}..={}", self.earliest, self.latest)
    }
}
