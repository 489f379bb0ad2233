//! Exit codes, and which of several wins.

use std::process::ExitCode;

use crate::catalogue::Agreement;
use crate::error::Error;

/// How a run ends. The order is the precedence: of several reasons the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// All verdicts are as expected; for other commands, done.
    AsExpected,
    /// Nothing was checked.
    NothingChecked,
    /// A bound or a stop left something undecided.
    Undecided,
    /// A verdict is not the expected one; a trace does not replay.
    NotAsExpected,
    /// The command line, the model, a file or the output is at fault.
    Usage,
    /// Allways itself is at fault, or a handler never returned.
    Internal,
    /// Interrupted: Ctrl-C, a request to terminate, a reader that went away.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub(super) fn code(self) -> u8 {
        match self {
            Exit::AsExpected => 0,
            Exit::NotAsExpected => 1,
            Exit::Usage => 2,
            Exit::Undecided => 3,
            Exit::NothingChecked => 4,
            Exit::Internal => 70,
            Exit::Interrupted => 130,
        }
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error.is_capacity() {
            true => Exit::Undecided,
            false => Exit::Usage,
        }
    }
}

impl From<Agreement> for Exit {
    fn from(agreement: Agreement) -> Self {
        match agreement {
            Agreement::AsExpected => Exit::AsExpected,
            Agreement::Undecided => Exit::Undecided,
            Agreement::Contradicted => Exit::NotAsExpected,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// For the end of the help texts and the manual page.
pub(super) const HELP: &str = "\
Exit codes, where several apply the first of 130, 70, 2, 1, 3, 4, 0:
  0    every verdict is as expected
  1    some verdict is not as expected; a trace does not replay; a check moved from its lockfile
  2    the command line, the model, a file or the output is at fault
  3    undecided: a bound or a limit was reached
  4    nothing was checked
  70   internal error, or a handler that does not return
  130  interrupted, or nobody reads the output any more";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_that_of_the_documentation() {
        let mut all = [
            Exit::AsExpected,
            Exit::NotAsExpected,
            Exit::Usage,
            Exit::Undecided,
            Exit::NothingChecked,
            Exit::Internal,
            Exit::Interrupted,
        ];
        all.sort_by(|a, b| b.cmp(a));
        assert_eq!(all.map(Exit::code), [130, 70, 2, 1, 3, 4, 0]);
    }
}
