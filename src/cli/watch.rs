//! The command line's side of a running search: clock, signals, progress on standard error.

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::{bytes, grouped};
use crate::search::{Monitor, Progress, Stop};

/// Whether Ctrl-C or a request to terminate has come.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Checks that end sooner show no progress.
const QUIET_FOR: Duration = Duration::from_millis(300);

/// How often a counter line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Lets the first signal stop the search cleanly, and the second end the program.
pub(super) fn catch_interrupts() {
    // A second call, or a platform without signals, leaves things as they are: then Ctrl-C ends the program.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(super::exit::Exit::Interrupted.code()));
        }
    });
}

/// Whether a signal has come.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Watches one check.
pub(super) struct Watch {
    begun: Instant,
    time_max: Option<Duration>,
    display: Option<Mutex<Display>>,
}

/// Where progress goes.
enum Display {
    /// A line that is drawn again and again.
    Spinner(ProgressBar),
    /// A line every few seconds.
    Lines { name: String, last: Instant },
}

impl Watch {
    /// A watch over the check of that name, from now on; `quiet` shows no progress.
    pub(super) fn new(name: &str, time_max: Option<Duration>, quiet: bool) -> Self {
        let display = (!quiet).then(|| {
            Mutex::new(if io::stderr().is_terminal() {
                Display::Spinner(spinner(name))
            } else {
                Display::Lines {
                    name: name.to_owned(),
                    last: Instant::now(),
                }
            })
        });
        Watch {
            begun: Instant::now(),
            time_max,
            display,
        }
    }

    /// Time since the check began.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Wipes the progress from the terminal.
    pub(super) fn clear(&self) {
        if let Some(Ok(display)) = self.display.as_ref().map(Mutex::lock)
            && let Display::Spinner(bar) = &*display
        {
            bar.finish_and_clear();
        }
    }

    fn show(&self, progress: &Progress, elapsed: Duration) {
        // Where another thread is drawing, this poll has nothing to add.
        let Some(Ok(mut display)) = self.display.as_ref().map(Mutex::try_lock) else {
            return;
        };
        match &mut *display {
            Display::Spinner(bar) => {
                if elapsed >= QUIET_FOR {
                    if bar.is_hidden() {
                        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                    }
                    bar.set_message(counters(progress, elapsed));
                    bar.tick();
                }
            }
            Display::Lines { name, last } => {
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    eprintln!("{name}: {}", counters(progress, elapsed));
                }
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Monitor for Watch {
    fn poll(&self, progress: &Progress) -> Option<Stop> {
        let elapsed = self.begun.elapsed();
        self.show(progress, elapsed);
        if interrupted() {
            Some(Stop::Interrupt)
        } else if self.time_max.is_some_and(|max| elapsed >= max) {
            Some(Stop::Time)
        } else {
            None
        }
    }
}

/// A spinner that nobody sees yet.
fn spinner(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
        .with_style(style)
        .with_prefix(name.to_owned())
}

fn counters(progress: &Progress, elapsed: Duration) -> String {
    let counts = progress.counts;
    let rate = counts.unique as f64 / elapsed.as_secs_f64().max(0.001);
    format!(
        "{} states  {}/s  queue {}  depth {}  {}  {} s  {} generated",
        grouped(counts.unique),
        grouped(rate as u64),
        grouped(progress.queue),
        counts.depth,
        bytes(progress.bytes),
        elapsed.as_secs(),
        grouped(counts.generated),
    )
}
