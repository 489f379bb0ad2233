//! The watchdog: names a handler that does not return, and ends the program. A thread that runs a model's code cannot be stopped, so
//! there is nothing to go on with.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::complain;
use super::exit::Exit;
use crate::system::{Activity, running};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Watches as long as it lives.
pub(super) struct Watchdog {
    /// Dropped with the watchdog, which ends its thread.
    _end: mpsc::Sender<()>,
}

/// Watches over one check; no call of the model's code may take longer than `limit`. A limit of zero watches nothing.
pub(super) fn watch(check: &str, lanes: &[String], limit: Duration) -> Option<Watchdog> {
    let check = check.to_owned();
    (!limit.is_zero()).then(|| watch_with(lanes, limit, move |what| give_up(&check, what, limit)))
}

/// Calls `stuck` with the name of what takes longer than `limit`.
fn watch_with(
    lanes: &[String],
    limit: Duration,
    stuck: impl Fn(&str) + Send + 'static,
) -> Watchdog {
    let (end, ended) = mpsc::channel();
    let lanes = lanes.to_vec();
    let look_every = LOOK_EVERY.min(limit);
    thread::spawn(move || {
        let mut since: HashMap<(usize, u64), Instant> = HashMap::new();
        while ended.recv_timeout(look_every) == Err(RecvTimeoutError::Timeout) {
            let now = Instant::now();
            let calls = running();
            since.retain(|call, _| calls.iter().any(|running| running.call == *call));
            for running in calls {
                let begun = *since.entry(running.call).or_insert(now);
                if now - begun >= limit {
                    stuck(&name(running.activity, &lanes));
                }
            }
        }
    });
    Watchdog { _end: end }
}

fn name(activity: Activity, lanes: &[String]) -> String {
    match activity {
        Activity::Model => "the model's own code".to_owned(),
        Activity::Actor(actor) => match lanes.get(actor as usize) {
            Some(name) => format!("a handler of actor \"{name}\""),
            None => "a handler".to_owned(),
        },
        Activity::Observer(_) => "an observer".to_owned(),
        Activity::Property => "a property".to_owned(),
    }
}

fn give_up(check: &str, what: &str, limit: Duration) -> ! {
    complain(&format!(
        "{check}: {what} has not returned for {} s\n  help: handlers and properties have to end; --handler-time allows more, or 0s \
         any time",
        limit.as_secs_f64()
    ));
    std::process::exit(i32::from(Exit::Internal.code()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::guarded_as;

    #[test]
    fn what_does_not_return_is_named_and_what_does_is_not() {
        let (tell, told) = mpsc::channel();
        // Other tests run the code of other models at the same time: none has so many actors.
        let lanes: Vec<String> = (0..1000).map(|i| format!("actor {i}")).collect();
        let watchdog = watch_with(&lanes, Duration::from_secs(1), move |what| {
            let _ = tell.send(what.to_owned());
        });
        // Together they take longer than is allowed, each of them does not.
        for _ in 0..12 {
            let quick = guarded_as(Activity::Actor(998), || {
                thread::sleep(Duration::from_millis(100));
            });
            assert!(quick.is_ok());
        }
        let mut named = Vec::new();
        let slow = guarded_as(Activity::Actor(999), || {
            while !named.iter().any(|what: &String| what.contains("999")) {
                named.extend(told.recv_timeout(Duration::from_secs(20)).ok());
            }
        });
        assert!(slow.is_ok());
        assert!(!named.iter().any(|what| what.contains("998")), "{named:?}");
        drop(watchdog);
    }
}
