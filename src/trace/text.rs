//! A trace as text for a terminal: numbered steps, who sent what to whom, and what changed.
//!
//! A pure function of the trace and the style. Colour only repeats what words and signs say. Nothing in a trace reaches the terminal
//! unescaped.

mod change;
mod event;
mod line;
mod replay;

pub use replay::replay_text;

use std::fmt::Write;

use super::{
    Change, Explained, Explanation, Fair, Met, Trace, TracePath, TraceStep, decided_in_words,
};
use crate::space::{IN_FLIGHT, Rendered};
use crate::value::printable;
use change::UNLIMITED;
pub(super) use change::{
    changed_in_words, changes_rows, differing, place_of, rows, rows_in_words, state_rows,
};
use event::Columns;
pub(super) use event::Event;
pub(crate) use event::{Parts, event};
pub(super) use line::{Line, Role};
pub(crate) use line::{elide, width};

/// Parts of a state of which a step's own line says how they change: the messages on their way, the budgets used up, the partitions
/// that are up, and the message that a duplicating network of stateright's remembers.
const IMPLIED: [&str; 4] = [IN_FLIGHT, "spent", "partitions", "last delivery"];

/// Whether changes of a part are shown where not everything is. An actor always is, whatever its name.
pub(super) fn shown_in_brief(part: &str, lanes: &[String]) -> bool {
    !is_implied(part, lanes)
}

/// Whether a step's own line says how a part changes.
pub(crate) fn is_implied(part: &str, lanes: &[String]) -> bool {
    IMPLIED.contains(&part) && !lanes.iter().any(|lane| lane == part)
}

/// The least width that a trace is fitted to.
const WIDTH_MIN: usize = 40;

/// How a trace is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to colour, by ANSI escapes.
    pub color: bool,
    /// Show everything: initial states, messages in flight, long values whole.
    pub full: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            width: 100,
            color: false,
            full: false,
        }
    }
}

/// The steps of a trace, one below the other; of both paths if it has two. Every line ends with a line break.
pub fn text(trace: &Trace, style: &Style) -> String {
    write(trace, None, style)
}

/// The same without what the violation does not need, and with the step that decided it.
pub fn explained_text(trace: &Trace, explanation: &Explanation, style: &Style) -> String {
    write(trace, Some(explanation), style)
}

fn write(trace: &Trace, explanation: Option<&Explanation>, style: &Style) -> String {
    let mut out = String::new();
    let several = trace.paths.len() > 1;
    for (i, path) in trace.paths.iter().enumerate() {
        if several {
            let break_before = if i > 0 { "\n" } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "{break_before}  run {} of {}",
                i + 1,
                trace.paths.len()
            );
        }
        let explained = explanation.and_then(|explanation| explanation.paths.get(i));
        write_path(&mut out, path, explained, &trace.lanes, style);
        if let Some(decided) = explained.and_then(|explained| explained.decided.as_ref()) {
            let page = Page::of(path, &trace.lanes, style);
            page.sentence(&mut out, &decided_in_words(trace, decided));
        }
    }
    if !trace.ends.is_empty() {
        let page = Page {
            style,
            lanes: &trace.lanes,
            width: style.width.max(WIDTH_MIN),
            indent: 2,
        };
        out.push('\n');
        page.line(
            &mut out,
            Line::of(Role::Plain, "where they end: run 1 → run 2"),
        );
        page.changes(&mut out, &trace.ends);
    }
    out
}

fn write_path(
    out: &mut String,
    path: &TracePath,
    explained: Option<&Explained>,
    lanes: &[String],
    style: &Style,
) {
    let page = Page::of(path, lanes, style);
    let (indent, number_width) = (page.indent, page.indent - 3);
    if style.full || path.initial_states > 1 || path.steps.is_empty() {
        let which = if path.initial_states > 1 {
            format!(
                "initially (state {} of {})",
                path.initial.saturating_add(1),
                path.initial_states
            )
        } else {
            "initially".to_owned()
        };
        page.state(out, &which, &path.state);
    }
    let columns = Columns::of(&path.steps, lanes, page.width - indent, style.full);
    let is_kept = |i: usize| explained.is_none_or(|explained| explained.kept[i]);
    for (i, step) in path.steps.iter().enumerate() {
        if !is_kept(i) {
            if i == 0 || is_kept(i - 1) {
                let n = (i..path.steps.len()).take_while(|&i| !is_kept(i)).count();
                let s = if n == 1 { "" } else { "s" };
                let text = format!("{n} concurrent step{s} left out");
                page.line(out, Line::of(Role::Dim, &text));
            }
            continue;
        }
        if path.loop_start == Some(i) {
            page.line(out, Line::of(Role::Dim, "from here it repeats for ever:"));
        }
        let number = format!("{:>1$}", i + 1, number_width + 1);
        page.step(out, &number, step, &columns);
    }
    if let Some(start) = path.loop_start {
        let text = if start == path.steps.len() {
            "and stays there for ever: fairness asks for no step".to_owned()
        } else {
            format!("and again from step {}", start.saturating_add(1))
        };
        page.line(out, Line::of(Role::Dim, &text));
        page.fairness(out, path, style.full);
    }
    if let Some(reason) = &path.reason {
        page.sentence(out, reason);
    }
}

/// Where lines go.
struct Page<'a> {
    style: &'a Style,
    /// The trace's lanes.
    lanes: &'a [String],
    width: usize,
    /// Columns left of everything but numbers.
    indent: usize,
}

impl<'a> Page<'a> {
    /// For the steps of a path.
    fn of(path: &TracePath, lanes: &'a [String], style: &'a Style) -> Self {
        let number_width = path.steps.len().to_string().len().max(2);
        Page {
            style,
            lanes,
            width: style.width.max(WIDTH_MIN),
            indent: number_width + 3,
        }
    }
}

impl Page<'_> {
    fn line(&self, out: &mut String, line: Line) {
        let mut indented = Line::of(Role::Plain, &" ".repeat(self.indent));
        indented.append(line);
        indented.write(out, self.style.color);
    }

    /// What is left of the page behind a column.
    fn room(&self, column: usize) -> usize {
        if self.style.full {
            UNLIMITED
        } else {
            self.width.saturating_sub(column)
        }
    }

    /// Changes, below a heading.
    fn changes(&self, out: &mut String, changes: &[Change]) {
        for row in changes_rows(changes, self.lanes, self.room(self.indent + 4)) {
            let mut line = Line::of(Role::Plain, "    ");
            line.append(row);
            self.line(out, line);
        }
    }

    /// Why fairness allows the loop: in brief, only what the loop owes and does not simply do.
    fn fairness(&self, out: &mut String, path: &TracePath, full: bool) {
        let shown = path.fairness.iter();
        let shown: Vec<&Fair> = shown
            .filter(|fair| full || matches!(fair.met, Met::NotEnabled { .. }))
            .collect();
        if shown.is_empty() {
            return;
        }
        self.line(out, Line::of(Role::Dim, "fairness allows it:"));
        for fair in shown {
            let class = printable(&fair.class);
            let text = format!("  {class} ({}): {}", fair.fairness.word(), fair.met);
            self.line(out, Line::of(Role::Dim, &text));
        }
    }

    /// A sentence, on as many lines as it takes.
    fn sentence(&self, out: &mut String, sentence: &str) {
        for line in wrapped(&printable(sentence), self.room(self.indent)) {
            self.line(out, Line::of(Role::Plain, &line));
        }
    }

    fn state(&self, out: &mut String, which: &str, state: &Rendered) {
        self.line(out, Line::of(Role::Dim, which));
        for row in state_rows(state, self.room(self.indent + 2)) {
            let mut line = Line::of(Role::Plain, "  ");
            line.append(row);
            self.line(out, line);
        }
    }

    fn step(&self, out: &mut String, number: &str, step: &TraceStep, columns: &Columns) {
        let event = columns.line(step);
        let rows = |room| rows(step, self.lanes, self.style.full, room);
        // Beside the event if all of it can be read there, else below it, where there is more room.
        let (beside, below) = (self.indent + columns.width() + 2, self.indent + 4);
        let fits = event.width() <= columns.width()
            && rows(UNLIMITED)
                .iter()
                .all(|row| row.width() <= self.room(beside));
        let column = if fits { beside } else { below };
        let mut rows = rows(self.room(column)).into_iter();

        let mut line = Line::of(Role::Dim, number);
        line.push(Role::Plain, "  ");
        line.append(event);
        if fits && let Some(first) = rows.next() {
            line.pad_to(column);
            line.append(first);
        }
        line.write(out, self.style.color);
        for row in rows {
            let mut line = Line::of(Role::Plain, &" ".repeat(column));
            line.append(row);
            line.write(out, self.style.color);
        }
    }
}

/// For each step of a path who acts, and in one line what happens, what that changes and what it sends.
pub(crate) fn step_texts(trace: &Trace, path: &TracePath) -> Vec<(String, String)> {
    let steps = path.steps.iter().map(|step| {
        let rows = rows_in_words(step, &trace.lanes, STEP_TEXT);
        let event = event(step, &trace.lanes);
        let text = match rows.is_empty() {
            true => event,
            false => format!("{event}: {}", rows.join("; ")),
        };
        (printable(&step.lane).into_owned(), text)
    });
    steps.collect()
}

/// Columns of what one step changes, in a line of text.
const STEP_TEXT: usize = 120;

/// A text in lines of at most `room` columns where words allow it; all but the first are indented.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
#[path = "text/tests.rs"]
mod tests;
