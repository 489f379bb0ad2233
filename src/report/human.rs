//! The stream for a person at a terminal, or in a log.

use std::fmt::Write as _;

use super::facts::facts;
use super::words::{full_title, plural, quoted, safe_lines, title, words};
use super::{Finding, LockReport, Notice, Paint, Report, Reporter, Subject, Tally, TraceFile};
use crate::catalogue::{Agreement, Fate, Mutants};
use crate::search::{Options, Verdict};
use crate::space::PropertyKind;
use crate::trace::{self, Style, titled};
use crate::value::printable;

/// Reports as text.
#[derive(Clone, Debug)]
pub struct Human {
    paint: Paint,
    width: usize,
    /// How this program was called, for the commands it proposes.
    program: String,
    /// Whether something was printed before, so that a blank line separates the checks.
    begun: bool,
}

impl Human {
    /// A reporter that paints, and wraps traces, like this; `program` begins the commands that it proposes.
    pub fn new(paint: Paint, width: usize, program: impl Into<String>) -> Self {
        Human {
            paint,
            width,
            program: program.into(),
            begun: false,
        }
    }
}

impl Reporter for Human {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        match notice {
            Notice::Started(subject) => self.started(subject),
            Notice::Finished(report) => self.finished(report),
            Notice::Failed(_, error) => {
                let mark = self.paint.bad("✗ not checked:");
                format!("\n  {mark} {}\n", safe_lines(&error.to_string()))
            }
            Notice::NotBegun(_) => String::new(),
            Notice::Locked(lock) => self.locked(lock),
            Notice::Ended(tally) => self.ended(tally),
        }
    }
}

impl Human {
    fn started(&mut self, subject: &Subject) -> String {
        let name = format!("{}/{}", subject.model, subject.variant);
        let params: Vec<String> = subject
            .params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let gap = if self.begun { "\n" } else { "" };
        self.begun = true;
        format!("{gap}{}  {}\n", self.paint.bold(&name), params.join(" ")).replace("  \n", "\n")
    }

    fn finished(&self, report: &Report) -> String {
        let mut text = String::from("\n");
        self.rows(&report.findings, &mut text);
        for finding in &report.findings {
            self.story(finding, report, &mut text);
        }
        text.push('\n');
        self.facts(report, &mut text);
        if let Some(mutants) = &report.mutants {
            self.mutations(mutants, &mut text);
        }
        text
    }

    /// One row per property.
    pub(crate) fn rows(&self, findings: &[Finding], text: &mut String) {
        let kinds = findings.iter().map(|f| f.outcome.decl.kind.word());
        let kind_width = kinds.map(str::len).max().unwrap_or(0);
        let names = findings.iter().map(|f| title(f).chars().count());
        let name_width = names.filter(|n| *n <= NAME_WIDTH_MAX).max().unwrap_or(0);
        for finding in findings {
            let name = title(finding);
            let gap = " ".repeat(name_width.saturating_sub(name.chars().count()));
            let kind = finding.outcome.decl.kind.word();
            let _ = writeln!(
                text,
                "  {} {kind:kind_width$}  {name}{gap}  {}",
                self.mark(finding.outcome.verdict),
                told_verdict(finding, self.paint),
            );
        }
    }

    /// The trace of a violation, and how to replay it.
    fn story(&self, finding: &Finding, report: &Report, text: &mut String) {
        let options = &report.subject.options;
        self.violation(finding, options, report.outcome.stopped.is_some(), text);
        let violated = finding.outcome.verdict == Verdict::Violated;
        match &finding.file {
            TraceFile::Written(path) if violated => {
                let name = format!("{}/{}", report.subject.model, report.subject.variant);
                let _ = write!(text, "\n{}", commands(&self.program, &name, path));
            }
            TraceFile::NotWritten(why) => {
                let _ = writeln!(text, "\n  {} {why}", self.paint.warn("trace not written:"));
            }
            TraceFile::Written(_) | TraceFile::None => {}
        }
    }

    /// The trace of a violation, if it is one and has one, below a line that says of what.
    pub(crate) fn violation(
        &self,
        finding: &Finding,
        options: &Options,
        stopped: bool,
        text: &mut String,
    ) {
        let outcome = &finding.outcome;
        let violated = outcome.verdict == Verdict::Violated;
        let Some(trace) = finding.trace.as_ref().filter(|_| violated) else {
            return;
        };
        let shortest = shortest(finding, options, stopped);
        let _ = writeln!(
            text,
            "\n{} {}: {} · {shortest}\n",
            self.mark(outcome.verdict),
            full_title(finding),
            painted_words(finding, self.paint),
        );
        let style = Style {
            width: self.width,
            color: self.paint.is_on(),
            full: false,
        };
        text.push_str(&match &finding.explanation {
            Some(explanation) => trace::explained_text(trace, explanation, &style),
            None => trace::text(trace, &style),
        });
    }

    /// Counts, bounds, coverage; measured figures last.
    fn facts(&self, report: &Report, text: &mut String) {
        for (name, value) in facts(report) {
            let _ = writeln!(text, "  {} {value}", self.paint.dim(&format!("{name:15}")));
        }
    }

    /// One row per mistake, the survivors again, and the score.
    pub(super) fn mutations(&self, mutants: &Mutants, text: &mut String) {
        text.push_str("\n  mutations\n");
        let names = mutants.mutants.iter().map(|m| m.mistake.to_string());
        let names: Vec<String> = names.map(|name| printable(&name).into_owned()).collect();
        let widths = names.iter().map(|name| name.chars().count());
        let width = widths
            .filter(|n| *n <= MISTAKE_WIDTH_MAX)
            .max()
            .unwrap_or(0);
        for (mutant, name) in mutants.mutants.iter().zip(&names) {
            let (mark, words) = self.fate(&mutant.fate);
            let gap = " ".repeat(width.saturating_sub(name.chars().count()));
            let _ = writeln!(text, "  {mark} {name}{gap}  {words}");
        }
        let survivors: Vec<&str> = (mutants.mutants.iter().zip(&names))
            .filter(|(mutant, _)| matches!(mutant.fate, Fate::Survived { .. }))
            .map(|(_, name)| name.as_str())
            .collect();
        if !survivors.is_empty() {
            let _ = writeln!(text, "\n  survivors: no property notices these");
            for name in &survivors {
                let _ = writeln!(text, "    {name}");
            }
        }
        let score = mutants.score().map_or(
            "none: there is nothing to mutate, or no property that holds".to_owned(),
            |score| {
                let (n, of) = (mutants.caught(), mutants.mutants.len());
                let undecided = match mutants.undecided() {
                    0 => String::new(),
                    n => format!(", {n} undecided"),
                };
                format!("{score} % ({n} of {of} caught{undecided})")
            },
        );
        let _ = writeln!(
            text,
            "\n  {} {score}",
            self.paint.dim(&format!("{:15}", "mutation score"))
        );
    }

    fn fate(&self, fate: &Fate) -> (String, String) {
        match fate {
            Fate::Caught {
                property,
                kind,
                verdict,
                steps,
            } => {
                let how = match steps {
                    Some(steps) => format!("{} in {}", verdict.words(), plural(*steps, "step")),
                    None => verdict.words().to_owned(),
                };
                let words = format!("{}: {how}", titled(property, *kind));
                (self.paint.good("✓"), format!("caught by {words}"))
            }
            Fate::Refused(why) => (
                self.paint.good("✓"),
                format!("caught: the check fails: {}", printable(why)),
            ),
            Fate::Survived { unique } => (
                self.paint.bad("✗"),
                format!("survived, {}", plural(*unique as usize, "state")),
            ),
            Fate::Undecided(why) => (
                self.paint.warn("?"),
                format!("undecided: {}", printable(why)),
            ),
        }
    }

    pub(super) fn locked(&self, lock: &LockReport) -> String {
        let n = plural(lock.n_found, "check");
        let file = printable(&lock.file);
        let good = self.paint.good("✓");
        let bad = self.paint.bad("✗ behaviour moved:");
        let mut text = match (lock.is_updated, lock.is_first, lock.moved.is_empty()) {
            (true, true, _) => format!("\n{good} behaviour locked: {n} in {file}\n"),
            (false, true, _) => {
                let mark = self.paint.warn("? behaviour not locked:");
                format!("\n{mark} there is no {file}, and none was written\n")
            }
            (_, _, true) => format!("\n{good} behaviour unchanged: {n} as in {file}\n"),
            (true, _, false) => format!("\n{good} behaviour locked anew in {file}; what moved:\n"),
            (false, _, false) => format!("\n{bad} {n} compared with {file}\n"),
        };
        for moved in &lock.moved {
            let _ = writeln!(text, "  {}", self.paint.bold(&printable(&moved.check)));
            for how in &moved.how {
                let _ = writeln!(text, "    {}", printable(how));
            }
        }
        for left_out in &lock.left_out {
            let mark = self.paint.warn("? not compared:");
            let _ = writeln!(text, "  {mark} {}", printable(left_out));
        }
        text
    }

    fn ended(&self, tally: &Tally) -> String {
        if tally.checks() < 2 {
            return String::new();
        }
        format!(
            "\n{}: {}\n",
            plural(tally.checks(), "check"),
            tallied(tally)
        )
    }

    fn mark(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Holds | Verdict::HoldsWithinBounds => self.paint.good("✓"),
            Verdict::Vacuous => self.paint.warn("○"),
            Verdict::Inconclusive => self.paint.warn("?"),
            Verdict::Violated => self.paint.bad("✗"),
        }
    }
}

/// How many checks ended how: `3 as expected, 1 undecided`.
pub(super) fn tallied(tally: &Tally) -> String {
    let parts = [
        (tally.as_expected, "as expected"),
        (tally.contradicted, "not as expected"),
        (tally.undecided, "undecided"),
        (tally.failed, "not checked"),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, words)| format!("{n} {words}")).collect();
    parts.join(", ")
}

/// The verdict, its length, and how it stands to what was expected.
pub(super) fn told_verdict(finding: &Finding, paint: Paint) -> String {
    let words = painted_words(finding, paint);
    match (finding.agreement, finding.expected) {
        (Agreement::AsExpected, Verdict::Holds) => words,
        (Agreement::AsExpected, expected) if expected == finding.outcome.verdict => {
            format!("{words}, as expected")
        }
        (Agreement::AsExpected, _) => words,
        (_, expected) => {
            let expected = format!("expected: {}", expected.words());
            format!("{words}, {}", paint.bad(&expected))
        }
    }
}

fn painted_words(finding: &Finding, paint: Paint) -> String {
    let words = words(finding);
    match finding.outcome.verdict {
        Verdict::Holds | Verdict::HoldsWithinBounds => paint.good(&words),
        Verdict::Vacuous | Verdict::Inconclusive => paint.warn(&words),
        Verdict::Violated => paint.bad(&words),
    }
}

/// In which sense the trace of a violation is the shortest.
pub(super) fn shortest(finding: &Finding, options: &Options, stopped: bool) -> String {
    let outcome = &finding.outcome;
    let is_fewest = options.fewest_faults
        && !matches!(
            outcome.decl.kind,
            PropertyKind::Reachable | PropertyKind::Confluent
        );
    let shortest = match (is_fewest, outcome.loop_may_be_longer()) {
        (true, _) if stopped => "fewest faults so far",
        (true, false) => "fewest faults, then fewest steps",
        (true, true) => "fewest faults, then fewest steps to a loop; loop not minimal",
        (false, false) => "shortest possible",
        (false, true) => "shortest way to a loop; loop not minimal",
    };
    match outcome.tie_break {
        true => shortest.to_owned(),
        false => format!("{shortest}; tie-break not computed"),
    }
}

/// What to do with the trace of a violation, a command a line: replay it, and see it in the explorer, where there is one.
pub(super) fn commands(program: &str, name: &str, path: &str) -> String {
    let (name, path) = (quoted(name), quoted(path));
    let mut text = format!("  replay   {program} trace replay {path}\n");
    if cfg!(feature = "explorer") {
        let _ = writeln!(text, "  explore  {program} explore {name} --trace {path}");
    }
    text
}

/// Names longer than this do not widen the column.
const NAME_WIDTH_MAX: usize = 44;

/// Nor do mistakes.
const MISTAKE_WIDTH_MAX: usize = 60;
