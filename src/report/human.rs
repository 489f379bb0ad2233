//! The stream for a person at a terminal, or in a log.

use std::fmt::Write as _;

use super::words::{
    bytes, full_title, grouped, plural, quoted, quoted_name, safe_lines, stop_words, title, words,
};
use super::{Finding, LockReport, Notice, Paint, Report, Reporter, Subject, Tally, TraceFile};
use crate::catalogue::{Agreement, Fate, Mutants};
use crate::search::{Options, Verdict};
use crate::space::PropertyKind;
use crate::trace::{self, Style};
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
                self.verdict(finding),
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
                let command = format!("{} trace replay {}", self.program, quoted(path));
                let _ = writeln!(text, "\n  replay   {command}");
                if cfg!(feature = "explorer") {
                    let name = format!("{}/{}", report.subject.model, report.subject.variant);
                    let (name, path) = (quoted(&name), quoted(path));
                    let program = &self.program;
                    let _ = writeln!(text, "  explore  {program} explore {name} --trace {path}");
                }
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
        let is_fewest = options.fewest_faults
            && !matches!(
                outcome.decl.kind,
                PropertyKind::Reachable | PropertyKind::Confluent
            );
        let shortest = match is_fewest {
            true if stopped => "fewest faults so far",
            true => "fewest faults, then fewest steps",
            false => "shortest possible",
        };
        let shortest = match outcome.tie_break {
            true => shortest.to_owned(),
            false => format!("{shortest}; tie-break not computed"),
        };
        let _ = writeln!(
            text,
            "\n{} {}: {} · {shortest}\n",
            self.mark(outcome.verdict),
            full_title(finding),
            self.words(finding),
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
        let outcome = &report.outcome;
        let mut fact = |name: &str, value: &str| {
            let _ = writeln!(text, "  {} {value}", self.paint.dim(&format!("{name:15}")));
        };
        let counts = outcome.counts;
        fact("unique states", &grouped(counts.unique));
        if let Some(symmetry) = &outcome.symmetry {
            fact(
                "symmetry",
                &format!("{symmetry}; counts are up to who is who"),
            );
        }
        fact("generated", &grouped(counts.generated));
        fact("transitions", &grouped(counts.transitions));
        fact("depth", &grouped(u64::from(counts.depth)));
        fact("omission", &omission(report));
        if let Some(note) = &outcome.identity_note {
            fact("identity", note);
        }
        for assumption in &outcome.assumptions {
            fact("assumed", &printable(assumption));
        }
        for cut in &outcome.cuts {
            fact("cut by", &printable(cut));
        }
        if let Some(stop) = outcome.stopped {
            fact("stopped by", stop_words(stop));
        }
        for finding in &report.findings {
            // Why a property is violated stands with its trace, and what stopped the search above.
            let told = finding.outcome.verdict == Verdict::Violated || outcome.stopped.is_some();
            if let Some(note) = finding.outcome.note.as_ref().filter(|_| !told) {
                fact(
                    "note",
                    &format!("{}: {}", full_title(finding), printable(note)),
                );
            }
        }
        for warning in &outcome.warnings {
            fact("warning", &printable(warning));
        }
        let frontiers = report.findings.iter().filter_map(|finding| {
            let frontier = finding.outcome.fault_frontier.as_ref()?;
            Some((full_title(finding), frontier.words(&outcome.faults)))
        });
        for (title, words) in frontiers {
            fact("faults", &format!("{title}: {}", printable(&words)));
        }
        if report.subject.options.fewest_faults {
            for restriction in &outcome.faults.restrictions {
                fact("faults", &printable(restriction));
            }
        }
        for never in &outcome.never_exercised {
            fact("never exercised", &printable(never));
        }
        for finding in &report.findings {
            let witness = finding.outcome.verdict != Verdict::Violated;
            if let (TraceFile::Written(path), true) = (&finding.file, witness) {
                fact("witness", path);
            }
        }
        let measured = &report.measured;
        let figures = format!(
            "{:.2} s, {} states/s, {}, {}",
            measured.seconds,
            grouped(measured.rate(counts.unique) as u64),
            bytes(measured.bytes_peak),
            plural(measured.threads, "thread"),
        );
        fact("measured", &figures);
    }

    /// One row per mistake, the survivors again, and the score.
    fn mutations(&self, mutants: &Mutants, text: &mut String) {
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
                let title = format!("{} {}", kind.word(), quoted_name(property, *kind));
                let how = match steps {
                    Some(steps) => format!("{} in {}", verdict.words(), plural(*steps, "step")),
                    None => verdict.words().to_owned(),
                };
                let words = format!("{}: {how}", title.trim_end());
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

    fn locked(&self, lock: &LockReport) -> String {
        let n = plural(lock.n_compared, "check");
        let file = printable(&lock.file);
        let good = self.paint.good("✓");
        let bad = self.paint.bad("✗ behaviour moved:");
        let mut text = match (lock.is_updated, lock.is_first, lock.moved.is_empty()) {
            (true, true, _) => format!("\n{good} behaviour locked: {n} in {file}\n"),
            (_, _, true) => format!("\n{good} behaviour unchanged: {n} as in {file}\n"),
            (true, _, false) => format!("\n{good} behaviour locked anew in {file}; what moved:\n"),
            (false, _, false) => format!("\n{bad} {n} compared with {file}\n"),
        };
        let moved = lock.moved.iter().filter(|_| !lock.is_first);
        for moved in moved {
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
        let parts: Vec<String> = [
            (tally.as_expected, "as expected"),
            (tally.contradicted, "not as expected"),
            (tally.undecided, "undecided"),
            (tally.failed, "not checked"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n} {words}"))
        .collect();
        format!(
            "\n{}: {}\n",
            plural(tally.checks(), "check"),
            parts.join(", ")
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

    /// The verdict, its length, and how it stands to what was expected.
    fn verdict(&self, finding: &Finding) -> String {
        let words = self.words(finding);
        match (finding.agreement, finding.expected) {
            (Agreement::AsExpected, Verdict::Holds) => words,
            (Agreement::AsExpected, expected) if expected == finding.outcome.verdict => {
                format!("{words}, as expected")
            }
            (Agreement::AsExpected, _) => words,
            (_, expected) => {
                let expected = format!("expected: {}", expected.words());
                format!("{words}, {}", self.paint.bad(&expected))
            }
        }
    }

    fn words(&self, finding: &Finding) -> String {
        let words = words(finding);
        match finding.outcome.verdict {
            Verdict::Holds | Verdict::HoldsWithinBounds => self.paint.good(&words),
            Verdict::Vacuous | Verdict::Inconclusive => self.paint.warn(&words),
            Verdict::Violated => self.paint.bad(&words),
        }
    }
}

/// Names longer than this do not widen the column.
const NAME_WIDTH_MAX: usize = 44;

/// Nor do mistakes.
const MISTAKE_WIDTH_MAX: usize = 60;

fn omission(report: &Report) -> String {
    let outcome = &report.outcome;
    if outcome.exact {
        return "none possible: states were compared in full".to_owned();
    }
    format!(
        "chance at most {:.1e} if the hash behaves as random ({} bits, hash seed {})",
        outcome.omission_bound, outcome.fingerprint_bits, report.subject.options.hash_seed
    )
}
