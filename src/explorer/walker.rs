//! The thread that walks the model: the only one that touches the explorer, so that requests need no lock, and with a stack that user code may recurse on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::{Builder, Scope};

use crate::error::Error;
use crate::explore::{Explorer, Refused};

/// User code runs on it, and may recurse.
const STACK_BYTES: usize = 64 << 20;

/// Requests that wait at most; more are turned away.
const WAITING_MAX: usize = 256;

type Job = Box<dyn FnOnce(&mut Explorer) + Send>;

/// Whoever asks the thread that walks the model.
#[derive(Clone)]
pub(super) struct Walker(mpsc::SyncSender<Job>);

/// Why the walker gave no answer.
pub(super) enum Trouble {
    /// The question has none.
    Refused(Refused),
    /// Too many wait.
    Busy,
    /// Allways itself is at fault.
    Broken,
}

impl Walker {
    /// Starts the thread; it ends when nobody can ask any more.
    pub(super) fn start<'s>(
        scope: &'s Scope<'s, '_>,
        mut explorer: Explorer,
    ) -> Result<Self, Error> {
        let (send, jobs) = mpsc::sync_channel::<Job>(WAITING_MAX);
        let walk = move || {
            for job in jobs {
                // A broken question must not take the later ones with it.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&mut explorer)));
            }
        };
        let builder = Builder::new()
            .name("explorer".to_owned())
            .stack_size(STACK_BYTES);
        builder
            .spawn_scoped(scope, walk)
            .map_err(|e| Error::capacity(format!("the explorer's thread cannot start: {e}")))?;
        Ok(Walker(send))
    }

    /// Asks, from a task.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Explorer) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (send, answer) = tokio::sync::oneshot::channel();
        let job: Job = Box::new(move |explorer| {
            // Whoever asked may have gone.
            let _ = send.send(question(explorer));
        });
        match self.0.try_send(job) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(_)) => return Err(Trouble::Busy),
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(Trouble::Broken),
        }
        match answer.await {
            Ok(answer) => answer.map_err(Trouble::Refused),
            Err(_) => Err(Trouble::Broken),
        }
    }

    /// Asks, from a thread.
    pub(super) fn ask_here<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Explorer) -> Result<T, Refused> + Send + 'static,
    ) -> Option<Result<T, Refused>> {
        let (send, answer) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |explorer| {
            let _ = send.send(question(explorer));
        });
        self.0.send(job).ok()?;
        answer.recv().ok()
    }
}
