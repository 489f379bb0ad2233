//! Standard output, which may be a closed pipe or a full disk.

use std::io::{self, Write};

/// Standard output, and what became of it. What is written after it broke is dropped, so that a check still ends with its exit code.
#[derive(Debug, Default)]
pub(super) struct Output {
    error: Option<io::Error>,
}

impl Output {
    /// Writes text, at once.
    pub(super) fn write(&mut self, text: &str) {
        if self.error.is_some() || text.is_empty() {
            return;
        }
        let mut stdout = io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        self.error = written.err();
    }

    /// Whether the reader has gone away: no fault of anybody, and no reason to go on.
    pub(super) fn is_closed(&self) -> bool {
        self.error
            .as_ref()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Why not all of it could be written, other than a reader that went away.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.error.as_ref().filter(|_| !self.is_closed())
    }
}
