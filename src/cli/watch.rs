//! The command line's side of a running search: clock, signals, progress on standard error.

mod counters;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::search::{Monitor, Progress, Stop};
pub(super) use counters::Limits;
use counters::{counters, fitted};

/// Whether Ctrl-C or a request to terminate has come.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Checks that end sooner show no progress.
const QUIET_FOR: Duration = Duration::from_millis(300);

/// How often a counter line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The check that runs now, for whoever asks about it.
static RUNNING: Mutex<Option<Arc<Running>>> = Mutex::new(None);

/// Lets the first Ctrl-C stop the search cleanly, and the second end the program; where there is SIGUSR1, lets it tell how far the check is.
pub(super) fn catch_signals() {
    // A second call, or a platform without signals, leaves things as they are: then Ctrl-C ends the program.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(super::exit::Exit::Interrupted.code()));
        }
    });
    #[cfg(unix)]
    if let Ok(mut signals) = signal_hook::iterator::Signals::new([signal_hook::consts::SIGUSR1]) {
        // A thread of its own answers at once, even while a handler does not return.
        std::thread::spawn(move || signals.forever().for_each(|_| tell_status()));
    }
}

/// Whether a signal to end has come.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Why what is left was not begun: nobody wants it.
pub(super) fn why_not_begun() -> &'static str {
    match interrupted() {
        true => "interrupted",
        false => "nobody reads the output any more",
    }
}

/// Writes one line about the check that runs now.
#[cfg(unix)]
fn tell_status() {
    let running = locked(&RUNNING).clone();
    match running {
        Some(running) => running.tell(),
        None => say("no check is running"),
    }
}

/// Watches one check.
pub(super) struct Watch {
    running: Arc<Running>,
}

/// A check that is under way.
struct Running {
    name: String,
    begun: Instant,
    limits: Limits,
    /// As of the last poll.
    progress: Mutex<Progress>,
    display: Option<Display>,
}

/// Where progress goes.
enum Display {
    /// A line that is drawn again and again.
    Spinner(ProgressBar),
    /// A line every few seconds; when the last one was written.
    Lines(Mutex<Instant>),
}

impl Watch {
    /// A watch over the check of that name, from now on; `quiet` shows no progress. Of the limits it keeps that of time: the search keeps the others.
    pub(super) fn new(name: &str, limits: Limits, quiet: bool) -> Self {
        let display = (!quiet).then(|| {
            if io::stderr().is_terminal() {
                Display::Spinner(spinner())
            } else {
                Display::Lines(Mutex::new(Instant::now()))
            }
        });
        let running = Arc::new(Running {
            name: name.to_owned(),
            begun: Instant::now(),
            limits,
            progress: Mutex::default(),
            display,
        });
        *locked(&RUNNING) = Some(Arc::clone(&running));
        Watch { running }
    }

    /// Time since the check began.
    pub(super) fn elapsed(&self) -> Duration {
        self.running.begun.elapsed()
    }
}

impl Running {
    /// The check's name and how far it is, in one line.
    fn line(&self, progress: &Progress) -> String {
        let counters = counters(progress, self.begun.elapsed(), &self.limits);
        format!("{}: {}", self.name, counters.join("  "))
    }

    /// Writes the line because somebody asks.
    #[cfg(unix)]
    fn tell(&self) {
        let progress = *locked(&self.progress);
        let line = self.line(&progress);
        match &self.display {
            Some(Display::Spinner(bar)) => bar.suspend(|| say(&line)),
            Some(Display::Lines(_)) | None => say(&line),
        }
    }

    fn show(&self, progress: &Progress, elapsed: Duration) {
        match &self.display {
            None => {}
            Some(Display::Spinner(_)) if elapsed < QUIET_FOR => {}
            Some(Display::Spinner(bar)) => {
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                }
                let counters = counters(progress, elapsed, &self.limits);
                let columns = terminal_size::terminal_size_of(io::stderr());
                let columns = columns.map_or(80, |(width, _)| usize::from(width.0));
                let (name, counters) = fitted(&self.name, &counters, columns.saturating_sub(2));
                bar.set_prefix(name);
                bar.set_message(counters);
                bar.tick();
            }
            Some(Display::Lines(last)) => {
                // Where another thread is writing, this poll has nothing to add.
                if let Ok(mut last) = last.try_lock()
                    && last.elapsed() >= LINE_EVERY
                {
                    *last = Instant::now();
                    say(&self.line(progress));
                }
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *locked(&RUNNING) = None;
        // Wipes the progress from the terminal.
        if let Some(Display::Spinner(bar)) = &self.running.display {
            bar.finish_and_clear();
        }
    }
}

impl Monitor for Watch {
    fn poll(&self, progress: &Progress) -> Option<Stop> {
        let elapsed = self.elapsed();
        *locked(&self.running.progress) = *progress;
        self.running.show(progress, elapsed);
        if interrupted() {
            Some(Stop::Interrupt)
        } else if self.running.limits.time.is_some_and(|max| elapsed >= max) {
            Some(Stop::Time)
        } else {
            None
        }
    }
}

/// What a mutex holds. Nothing here is left half done by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a line to standard error; if nobody can read it, nothing is lost.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A spinner that nobody sees yet.
fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style)
}
