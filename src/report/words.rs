//! The words that reports, and the command line, have in common: verdicts, names and numbers for people. Nothing here knows where on a page it
//! stands.

use super::Finding;
use crate::search::{StepsTaken, Stop, Verdict};
use crate::space::PropertyKind;
pub(crate) use crate::trace::{grouped, plural, quoted_name};
use crate::trace::{length, titled};
use crate::value::printable;

/// The verdict in words, with its length: `violated in 2 steps`.
pub(super) fn words(finding: &Finding) -> String {
    let verdict = finding.outcome.verdict;
    match (finding.outcome.decl.kind, verdict, finding.trace_len()) {
        (PropertyKind::Reachable, Verdict::Violated, _) => {
            "violated: no reachable state satisfies it".to_owned()
        }
        (PropertyKind::Reachable, _, Some(len)) => {
            format!("{}, reached in {}", verdict.words(), plural(len, "step"))
        }
        (PropertyKind::Measure, Verdict::Holds, _) => match finding.outcome.steps {
            Some(StepsTaken::AtMost(n)) => {
                format!("at most {}", plural(n as usize, "step"))
            }
            Some(StepsTaken::Unbounded) => "in the end, in any number of steps".to_owned(),
            None => verdict.words().to_owned(),
        },
        (_, Verdict::Violated, Some(len)) => {
            format!("violated in {}", length(len, finding.loop_start()))
        }
        _ => verdict.words().to_owned(),
    }
}

/// The name of a finding's property.
pub(super) fn title(finding: &Finding) -> String {
    quoted_name(&finding.outcome.decl.name, finding.outcome.decl.kind)
}

/// The kind and the name.
pub(crate) fn full_title(finding: &Finding) -> String {
    titled(&finding.outcome.decl.name, finding.outcome.decl.kind)
}

/// What stopped a search.
pub(super) fn stop_words(stop: Stop) -> &'static str {
    match stop {
        Stop::Time => "the time limit",
        Stop::Memory => "the memory limit",
        Stop::Interrupt => "an interrupt",
    }
}

/// Lines as they are, but for what a terminal would obey.
pub(crate) fn safe_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable).collect();
    lines.join("\n")
}

/// Bytes in the largest binary unit that leaves a whole part.
pub(crate) fn bytes(n: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", units[unit])
}

/// A word as a POSIX shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        for (n, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (48 << 20, "48.0 MiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("target/a.b.json"), "target/a.b.json");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
