//! How far a check is, in a line: what matters most first, and how long it can still take where a limit tells.

use std::time::Duration;

use crate::report::bytes;
use crate::search::Progress;
use crate::trace::{elide, grouped};

/// What ends a check before its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Stop after this time.
    pub(crate) time: Option<Duration>,
    /// Begin no further level once so many states are known.
    pub(crate) states: Option<u64>,
    /// Stop when the search holds so many bytes.
    pub(crate) memory: Option<u64>,
}

/// The counters, the most important first.
pub(super) fn counters(progress: &Progress, elapsed: Duration, limits: &Limits) -> Vec<String> {
    let counts = progress.counts;
    let rate = counts.unique as f64 / elapsed.as_secs_f64().max(0.001);
    let mut counters = vec![
        format!("{} states", grouped(counts.unique)),
        format!("depth {}", counts.depth),
        format!("{}/s", grouped(rate as u64)),
        format!("queue {}", grouped(progress.queue)),
    ];
    counters.extend(limits.nearest(progress, elapsed));
    counters.extend([
        format!("{} s", elapsed.as_secs()),
        bytes(progress.bytes),
        format!("{} generated", grouped(counts.generated)),
    ]);
    counters
}

/// How many counters a narrow terminal shows rather than the whole name of the check.
const FIRST: usize = 4;

/// A name is not cut below so many columns.
const NAME_MIN: usize = 12;

/// The name of a check and its counters, in so many columns: first the name is cut, then the least important counters are left out.
pub(super) fn fitted(name: &str, counters: &[String], columns: usize) -> (String, String) {
    let first: usize = counters.iter().take(FIRST).map(|c| c.len() + 2).sum();
    let all: usize = counters.iter().map(|c| c.len() + 2).sum();
    let name = match name.chars().count() + all <= columns {
        true => name.to_owned(),
        false => elide(name, columns.saturating_sub(first).max(NAME_MIN)),
    };
    let mut room = columns.saturating_sub(name.chars().count());
    let shown = counters.iter().take_while(|counter| {
        let fits = counter.len() + 2 <= room;
        room = room.saturating_sub(counter.len() + 2);
        fits
    });
    let shown: Vec<&str> = shown.map(String::as_str).collect();
    (name, shown.join("  "))
}

impl Limits {
    /// How long it is, at most, to the limit that is nearest: `at most 4 s (time limit)`. Nothing else tells how long a check takes.
    fn nearest(&self, progress: &Progress, elapsed: Duration) -> Option<String> {
        // At the rate so far; where a limit is reached, its level or its search is about to end.
        let at_rate = |limit: Option<u64>, reached: u64| {
            let left = limit?.checked_sub(reached).filter(|left| *left > 0)?;
            let seconds = elapsed.as_secs_f64() * left as f64 / reached.max(1) as f64;
            Duration::try_from_secs_f64(seconds).ok()
        };
        let time = self.time.map(|max| max.saturating_sub(elapsed));
        let nearest = [
            (time, "at most", "time"),
            (
                at_rate(self.states, progress.counts.unique),
                "about",
                "states",
            ),
            (at_rate(self.memory, progress.bytes), "about", "memory"),
        ];
        let nearest = nearest.into_iter();
        let known = nearest.filter_map(|(left, how, what)| Some((left?, how, what)));
        let (left, how, what) = known.min_by_key(|(left, ..)| *left)?;
        Some(format!("{how} {} ({what} limit)", brief(left)))
    }
}

/// A duration in its largest unit that tells enough.
fn brief(duration: Duration) -> String {
    match duration.as_secs() {
        n if n < 120 => format!("{n} s"),
        n if n < 7_200 => format!("{} min", n / 60),
        n => format!("{} h", grouped(n / 3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Counts;

    fn progress() -> Progress {
        Progress {
            counts: Counts {
                unique: 1_000_000,
                generated: 4_000_000,
                transitions: 3_999_999,
                depth: 12,
            },
            queue: 123_456,
            bytes: 64 << 20,
        }
    }

    fn told(limits: Limits) -> Vec<String> {
        counters(&progress(), Duration::from_secs(10), &limits)
    }

    #[test]
    fn how_long_it_takes_is_told_against_a_limit_only() {
        let without = told(Limits::default());
        let shown = [
            "1,000,000 states",
            "depth 12",
            "100,000/s",
            "queue 123,456",
            "10 s",
            "64.0 MiB",
            "4,000,000 generated",
        ];
        assert_eq!(without, shown);
        for (time, states, memory, told_so) in [
            (Some(40), None, None, "at most 30 s (time limit)"),
            (Some(4), None, None, "at most 0 s (time limit)"),
            (None, Some(4_000_000), None, "about 30 s (states limit)"),
            (None, None, Some(128 << 20), "about 10 s (memory limit)"),
            (
                Some(600),
                Some(4_000_000),
                Some(640 << 20),
                "about 30 s (states limit)",
            ),
            (
                Some(600),
                Some(1_000_000_000),
                None,
                "at most 9 min (time limit)",
            ),
            // Reached already: it says nothing of what is left.
            (
                Some(40_000),
                Some(1_000_000),
                None,
                "at most 11 h (time limit)",
            ),
        ] {
            let limits = Limits {
                time: time.map(Duration::from_secs),
                states,
                memory,
            };
            assert_eq!(told(limits)[FIRST], told_so);
        }
    }

    #[test]
    fn a_narrow_terminal_keeps_what_matters() {
        let counters = told(Limits {
            time: Some(Duration::from_secs(40)),
            ..Limits::default()
        });
        let long = "two-phase-commit-tla/premature-commit";
        let (name, shown) = fitted(long, &counters, 76);
        assert_eq!(name, "two-phase-commit-tla/…");
        let first = "1,000,000 states  depth 12  100,000/s  queue 123,456";
        assert_eq!(shown, first);
        let (name, shown) = fitted("links/raw", &counters, 92);
        assert_eq!(name, "links/raw");
        assert_eq!(shown, format!("{first}  at most 30 s (time limit)"));
        let (name, shown) = fitted(long, &counters, 200);
        assert_eq!((name.as_str(), shown), (long, counters.join("  ")));
        let (name, shown) = fitted(long, &counters, 30);
        assert_eq!(
            (name.as_str(), shown.as_str()),
            ("two-phase-c…", "1,000,000 states")
        );
    }
}
