//! The message of a failing assertion: verdicts, traces, how to replay them.
//!
//! It is plain text of a fixed width, without colour: test runners keep it for later.

use std::fmt::Write;

use crate::catalogue::{Agreement, Checked};
use crate::report::{Finding, Human, Paint, TraceFile, full_title, quoted};
use crate::search::{Options, Verdict};
use crate::trace::{self, About, Replay, Style, Trace};
use crate::value::printable;

/// Columns of a message.
const WIDTH: usize = 100;

/// What was checked, and how.
pub(super) struct Story {
    pub(super) options: Options,
    pub(super) about: About,
}

impl Story {
    /// Some property is not as it has to be.
    pub(super) fn not_holding(
        &self,
        checked: &Checked,
        files: Vec<TraceFile>,
        is_well: impl Fn(Verdict) -> bool,
    ) -> String {
        let properties = &checked.outcome.properties;
        let n_failing = properties.iter().filter(|p| !is_well(p.verdict)).count();
        let does = if n_failing == 1 { "does" } else { "do" };
        let mut text = format!(
            "{n_failing} of {} properties{} {does} not hold\n\n",
            properties.len(),
            self.subject()
        );
        self.tell(checked, files, &mut text);
        text
    }

    /// This property is not violated.
    pub(super) fn not_violated(
        &self,
        checked: &Checked,
        files: Vec<TraceFile>,
        property: &str,
    ) -> String {
        let mut text = format!(
            "\"{}\"{} is not violated\n\n",
            printable(property),
            self.subject()
        );
        self.tell(checked, files, &mut text);
        text
    }

    /// ` of MODEL/VARIANT`, where it has a name.
    fn subject(&self) -> String {
        match (&self.about.model[..], &self.about.variant[..]) {
            ("", "") => String::new(),
            (model, variant) => format!(" of {}/{}", printable(model), printable(variant)),
        }
    }

    /// Verdicts, then the story of each violation, then what made verdicts less than they could be.
    fn tell(&self, checked: &Checked, files: Vec<TraceFile>, text: &mut String) {
        let outcome = &checked.outcome;
        let human = Human::new(Paint::default(), WIDTH, "");
        let found = outcome.properties.iter().zip(&checked.traces).zip(files);
        let findings: Vec<Finding> = found
            .map(|((property, trace), file)| Finding {
                outcome: property.clone(),
                // Nothing is compared here: the assertion says what was expected.
                expected: Verdict::Holds,
                agreement: Agreement::AsExpected,
                trace: trace.clone(),
                explanation: None,
                file,
            })
            .collect();
        human.rows(&findings, text);
        for finding in &findings {
            human.violation(finding, &self.options, outcome.stopped.is_some(), text);
            self.replay(finding, text);
        }
        let mut facts = String::new();
        for cut in &outcome.cuts {
            let _ = writeln!(facts, "  cut by   {}", printable(cut));
        }
        for finding in &findings {
            let told = finding.outcome.verdict == Verdict::Violated;
            if let Some(note) = finding.outcome.note.as_ref().filter(|_| !told) {
                let title = full_title(finding);
                let _ = writeln!(facts, "  note     {title}: {}", printable(note));
            }
        }
        for warning in &outcome.warnings {
            let _ = writeln!(facts, "  warning  {}", printable(warning));
        }
        if !facts.is_empty() {
            let _ = write!(text, "\n{facts}");
        }
    }

    /// How a violation's trace is replayed.
    fn replay(&self, finding: &Finding, text: &mut String) {
        if finding.outcome.verdict != Verdict::Violated || finding.trace.is_none() {
            return;
        }
        text.push('\n');
        let _ = match &finding.file {
            TraceFile::None => writeln!(
                text,
                "  replay   run this test again: it finds the same trace. To keep it in a file:\n           \
                 allways::testing::check(system).trace_dir(\"target/allways\")"
            ),
            TraceFile::Written(path) if self.about == About::default() => writeln!(
                text,
                "  trace    {path}\n  \
                 replay   allways::testing::check(system).assert_replays(&trace), where trace is\n           \
                 allways::trace::from_json of the file's text"
            ),
            TraceFile::Written(path) => writeln!(
                text,
                "  trace    {path}\n  replay   cargo run -- trace replay {}",
                quoted(path)
            ),
            TraceFile::NotWritten(why) => writeln!(text, "  trace not written: {why}"),
        };
    }
}

/// The trace does not replay.
pub(super) fn not_replayed(trace: &Trace, replay: &Replay) -> String {
    let style = Style {
        width: WIDTH,
        ..Style::default()
    };
    format!(
        "the trace of \"{}\" does not replay\n\n{}\n{}",
        printable(&trace.property.name),
        trace::text(trace, &style),
        trace::replay_text(trace, replay, &style)
    )
}
