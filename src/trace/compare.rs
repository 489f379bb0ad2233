//! Two traces side by side: the first step at which they differ, and with what.
//!
//! Steps are compared by what happens, what they send and what they change, not by keys: these may change with the engine. The first difference is
//! all that is told, since what comes after it has another past.

use super::causality::event as event_kind;
use super::text::{Line, Role, Style, changes_rows, event, rows};
use super::words::titled;
use super::{Change, Trace, TracePath, TraceStep, diff};
use crate::value::printable;

/// The first difference of two traces.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// In which of the paths, counted from 0.
    pub path: usize,
    /// What differs.
    pub what: Differs,
}

/// What differs.
#[derive(Clone, Debug, PartialEq)]
pub enum Differs {
    /// The one has fewer paths.
    Paths,
    /// The initial state: changes from the first to the second.
    Start {
        /// What differs, as changes.
        changes: Vec<Change>,
    },
    /// Something else happens in this step, counted from 1.
    Event {
        /// Which step.
        step: usize,
    },
    /// The same happens in this step, counted from 1, with another effect.
    Effect {
        /// Which step.
        step: usize,
    },
    /// The one ends after so many steps, the other goes on.
    Length {
        /// How many steps they have in common.
        steps: usize,
    },
    /// All steps are the same, but not where it repeats for ever.
    Loop,
}

/// The first difference of two traces, if there is one. What they say of themselves (model, parameters, property) is not compared.
pub fn compare(a: &Trace, b: &Trace) -> Option<Divergence> {
    for (path, (a, b)) in a.paths.iter().zip(&b.paths).enumerate() {
        if let Some(what) = compare_paths(a, b) {
            return Some(Divergence { path, what });
        }
    }
    let path = a.paths.len().min(b.paths.len());
    (a.paths.len() != b.paths.len()).then_some(Divergence {
        path,
        what: Differs::Paths,
    })
}

fn compare_paths(a: &TracePath, b: &TracePath) -> Option<Differs> {
    if a.state != b.state {
        let changes = diff(&a.state, &b.state);
        return Some(Differs::Start { changes });
    }
    for (i, (a, b)) in a.steps.iter().zip(&b.steps).enumerate() {
        let step = i + 1;
        if !same_event(a, b) {
            return Some(Differs::Event { step });
        }
        if a.sent != b.sent || a.changes != b.changes {
            return Some(Differs::Effect { step });
        }
    }
    if a.steps.len() != b.steps.len() {
        let steps = a.steps.len().min(b.steps.len());
        return Some(Differs::Length { steps });
    }
    (a.loop_start != b.loop_start).then_some(Differs::Loop)
}

fn same_event(a: &TraceStep, b: &TraceStep) -> bool {
    a.kind == b.kind
        && event_kind(a) == event_kind(b)
        && a.interrupted == b.interrupted
        && a.lane == b.lane
        && a.from == b.from
        && a.name == b.name
        && a.content == b.content
}

/// What a comparison found, for a terminal: what the traces say of themselves where that differs, then the first difference. Every line ends
/// with a line break.
pub fn compare_text(a: &Trace, b: &Trace, found: Option<&Divergence>, style: &Style) -> String {
    let mut page = Page {
        out: String::new(),
        style,
        room: style.width.saturating_sub(10).max(40),
    };
    page.about(a, b);
    match found {
        None => page.plain(&format!("{} the same", steps_are(a.len()))),
        Some(found) => page.divergence(a, b, found),
    }
    page.out
}

struct Page<'a> {
    out: String,
    style: &'a Style,
    room: usize,
}

impl Page<'_> {
    fn plain(&mut self, text: &str) {
        self.line(2, Line::of(Role::Plain, text));
    }

    fn line(&mut self, indent: usize, line: Line) {
        let mut indented = Line::of(Role::Plain, &" ".repeat(indent));
        indented.append(line);
        indented.write(&mut self.out, self.style.color);
    }

    /// What the two say of themselves, where it differs.
    fn about(&mut self, a: &Trace, b: &Trace) {
        let parameters = |trace: &Trace| {
            let all = trace.parameters.iter();
            let all: Vec<String> = all.map(|(name, value)| format!("{name}={value}")).collect();
            all.join(" ")
        };
        let property = |trace: &Trace| {
            let shown = &trace.property;
            let title = titled(&shown.name, shown.kind);
            format!("{title}: {}", shown.verdict.words())
        };
        let rows = [
            ("model", a.model.clone(), b.model.clone()),
            ("variant", a.variant.clone(), b.variant.clone()),
            ("parameters", parameters(a), parameters(b)),
            ("property", property(a), property(b)),
        ];
        for (name, a, b) in rows {
            if a != b {
                let text = format!("{name}: {} in A, {} in B", printable(&a), printable(&b));
                self.plain(&text);
            }
        }
    }

    fn divergence(&mut self, a: &Trace, b: &Trace, found: &Divergence) {
        let run = match a.paths.len().max(b.paths.len()) {
            1 => String::new(),
            _ => format!("run {}: ", found.path + 1),
        };
        let paths = a.paths.get(found.path).zip(b.paths.get(found.path));
        let Some((path_a, path_b)) = paths else {
            let text = format!("A has {} runs, B has {}", a.paths.len(), b.paths.len());
            return self.plain(&text);
        };
        match &found.what {
            Differs::Paths => {}
            Differs::Start { changes } => {
                self.plain(&format!("{run}they differ at the start: A → B"));
                for row in changes_rows(changes, &a.lanes, self.room) {
                    self.line(4, row);
                }
            }
            Differs::Event { step } => {
                self.plain(&format!(
                    "{run}they differ at step {step}: something else happens"
                ));
                self.step("A", a, path_a, *step, true);
                self.step("B", b, path_b, *step, true);
            }
            Differs::Effect { step } => {
                self.plain(&format!(
                    "{run}they differ at step {step}: it has another effect"
                ));
                self.step("A", a, path_a, *step, false);
                self.step("B", b, path_b, *step, false);
            }
            Differs::Length { steps } => {
                let (ends, longer, trace, path) = match path_a.steps.len() < path_b.steps.len() {
                    true => ("A", "B", b, path_b),
                    false => ("B", "A", a, path_a),
                };
                let text = format!("{run}{ends} ends after step {steps}, {longer} goes on");
                self.plain(&text);
                self.step(longer, trace, path, steps + 1, true);
            }
            Differs::Loop => {
                let words = |path: &TracePath| match path.loop_start {
                    Some(start) if start == path.steps.len() => "stays there for ever".to_owned(),
                    Some(start) => format!("goes on again from step {}", start.saturating_add(1)),
                    None => "ends there".to_owned(),
                };
                let text = format!(
                    "{run}{} the same; A {}, B {}",
                    steps_are(path_a.steps.len()),
                    words(path_a),
                    words(path_b)
                );
                self.plain(&text);
            }
        }
    }

    /// One of the two steps, with what it changed and sent; in brief without what its own line says.
    fn step(&mut self, name: &str, trace: &Trace, path: &TracePath, step: usize, brief: bool) {
        let Some(step) = path.steps.get(step - 1) else {
            return;
        };
        let mut line = Line::of(Role::Actor, name);
        line.push(Role::Plain, &format!("  {}", event(step, &trace.lanes)));
        self.line(4, line);
        for row in rows(step, &trace.lanes, !brief || self.style.full, self.room) {
            self.line(9, row);
        }
    }
}

/// So many steps are.
fn steps_are(n: usize) -> String {
    match n {
        0 => "the initial states are".to_owned(),
        1 => "the one step is".to_owned(),
        n => format!("all {n} steps are"),
    }
}
