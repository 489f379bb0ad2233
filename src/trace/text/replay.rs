//! What became of a trace, in words: where the model differs from what was recorded.

use super::event::Columns;
use super::line::{Line, Role};
use super::{Page, Style, WIDTH_MIN};
use crate::search::Verdict;
use crate::space::PropertyKind;
use crate::trace::{AtEnd, Change, Difference, Flaw, Replay, Trace, TraceStep};
use crate::value::printable;

/// What a replay found: for each path its first difference, and what the property says at the end. Every line ends with a line break.
pub fn replay_text(trace: &Trace, replay: &Replay, style: &Style) -> String {
    let mut out = String::new();
    let page = Page {
        style,
        lanes: &trace.lanes,
        width: style.width.max(WIDTH_MIN),
        indent: 2,
    };
    let several = trace.paths.len() > 1;
    for (i, difference) in replay.differences.iter().enumerate() {
        let which = if several {
            format!("run {}: ", i + 1)
        } else {
            String::new()
        };
        let steps = trace.paths.get(i).map_or(&[][..], |path| &path.steps);
        match difference {
            None => page.line(
                &mut out,
                plain(&format!("{which}every step leads where it led")),
            ),
            Some(difference) => page.difference(&mut out, &which, difference, steps),
        }
    }
    page.line(&mut out, plain(&at_end(trace, &replay.at_end)));
    out
}

impl Page<'_> {
    fn difference(
        &self,
        out: &mut String,
        which: &str,
        difference: &Difference,
        steps: &[TraceStep],
    ) {
        let what = match difference {
            Difference::NoInitialState { initial_states } => format!(
                "the model differs at the start: it has only {initial_states} of the initial states"
            ),
            Difference::InitialState { .. } => {
                "the model differs at the start: the initial state is another".to_owned()
            }
            Difference::NoSuchStep { step, .. } => {
                format!("the model differs at step {step}: nothing of the kind can happen there")
            }
            Difference::AnotherState { step, .. } => {
                format!("the model differs at step {step}: it leads to another state")
            }
            Difference::Loop { flaw: Flaw::Open } => {
                "the model differs: the loop does not lead back to where it begins".to_owned()
            }
            Difference::Loop {
                flaw: Flaw::Unfair { class, fairness },
            } => format!(
                "the model differs: fairness does not allow the loop any more, which never has the {} ({})",
                printable(class),
                fairness.word()
            ),
            Difference::Outside { step: 0, boundary } => format!(
                "the model differs at the start: it lies outside \"{}\"",
                printable(boundary)
            ),
            Difference::Outside { step, boundary } => format!(
                "the model differs at step {step}: it leads outside \"{}\"",
                printable(boundary)
            ),
        };
        self.line(out, plain(&format!("{which}{what}")));
        match difference {
            Difference::InitialState { changes } => self.recorded_and_today(out, changes),
            Difference::AnotherState { step, changes } => {
                self.steps(out, "the step:", steps.get(step.wrapping_sub(1)..*step));
                self.recorded_and_today(out, changes);
            }
            Difference::NoSuchStep { step, enabled } => {
                self.steps(out, "recorded:", steps.get(step.wrapping_sub(1)..*step));
                self.steps(out, "possible today:", Some(enabled));
            }
            Difference::NoInitialState { .. }
            | Difference::Loop { .. }
            | Difference::Outside { .. } => {}
        }
    }

    fn steps(&self, out: &mut String, heading: &str, steps: Option<&[TraceStep]>) {
        let steps = steps.unwrap_or(&[]);
        let columns = Columns::of(
            steps,
            self.lanes,
            self.width - self.indent - 4,
            self.style.full,
        );
        self.line(out, Line::of(Role::Dim, &format!("  {heading}")));
        if steps.is_empty() {
            self.line(out, plain("    nothing"));
        }
        for step in steps {
            let mut line = plain("    ");
            line.append(columns.line(step));
            self.line(out, line);
        }
    }

    fn recorded_and_today(&self, out: &mut String, changes: &[Change]) {
        self.line(out, Line::of(Role::Dim, "  recorded → today:"));
        if changes.is_empty() {
            self.line(out, plain("    the difference is in nothing that is shown"));
        }
        self.changes(out, changes);
    }
}

fn plain(text: &str) -> Line {
    Line::of(Role::Plain, text)
}

fn at_end(trace: &Trace, end: &AtEnd) -> String {
    let name = printable(&trace.property.name);
    let witness = trace.property.kind == PropertyKind::Reachable;
    match (end, witness) {
        (AtEnd::Shows, _) if trace.property.verdict == Verdict::Inconclusive => {
            format!("nothing was recorded of \"{name}\"")
        }
        (AtEnd::Shows, false) => format!("\"{name}\" is violated there, as recorded"),
        (AtEnd::Shows, true) => format!("\"{name}\" is reached there, as recorded"),
        (AtEnd::Gone, false) => format!("\"{name}\" is not violated there any more"),
        (AtEnd::Gone, true) => format!("\"{name}\" is not reached there any more"),
        (AtEnd::NotReached, _) => {
            format!("what was recorded of \"{name}\" cannot be reached that way")
        }
        (AtEnd::NoProperty, _) => format!("the model has no property \"{name}\" of that kind"),
    }
}
