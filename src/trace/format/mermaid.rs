//! Traces as Mermaid sequence diagrams, which Markdown on many sites shows as pictures.
//!
//! A step is a line or two, numbered as in the text of the trace: a message is an arrow where it is delivered, which says when it was sent
//! if that was not just before. A message that the trace never delivers is a dashed arrow where it is sent, and one that is lost has
//! a cross for a head. Timers and choices are arrows of an actor to itself; what happens to one alone is a note over it, and what happens to
//! all a note over all. The last note says which property the trace is about. Nothing is drawn of what a step changes: the
//! text of the trace has that.

mod escape;
mod participants;

use super::super::causality::{Messages, Origin, event, messages};
use super::super::text::{Event, elide, shown_in_brief};
use super::super::{Trace, TracePath, TraceStep};
use crate::search::Verdict;
use crate::space::{PropertyKind, StepKind};
use crate::value::printable;
use escape::label;
use participants::Participants;

/// Longer messages are cut: the text of the trace has them whole.
const MESSAGE: usize = 80;

/// Parts of an initial state, and differences between two last states, that are shown at most.
const ROWS: usize = 8;

/// Behind each of two runs: visible on light and on dark.
const SHADE: &str = "rgba(128, 128, 128, 0.12)";

/// The trace as the source of a Mermaid sequence diagram, with a line break at the end. Of the two paths of a `confluent` each has
/// a background of its own.
///
/// ```
/// # use allways::prelude::*;
/// # use allways::search::Options;
/// # use allways::space::ActorSpace;
/// # use allways::trace::{self, About};
/// # struct Register;
/// # impl Actor for Register {
/// #     type Msg = char; type State = char; type Timer = (); type Random = (); type Storage = ();
/// #     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char { '-' }
/// #     fn on_msg(&self, _: Id, value: &mut Cow<'_, char>, _: Id, written: char, _: &mut Out<Self>) { *value.to_mut() = written; }
/// # }
/// let mut sys = System::new();
/// let register = sys.actor("register", Register);
/// sys.stimulus("write", register.id(), 'x');
/// sys.always("nobody writes", move |s| s[register] == '-');
///
/// let mut space = ActorSpace::new(sys)?;
/// let outcome = allways::check(&mut space, &Options::default(), &())?;
/// let trace = trace::record(&mut space, &outcome.properties[1], &About::default())?.ok_or("it is violated")?;
/// assert_eq!(
///     trace::to_mermaid(&trace),
///     "sequenceDiagram
///   participant register
///   actor environment
///   environment->>register: 1. write: 'x'
///   Note over register: violated: nobody writes<br/>step 1 makes it false: register '-' → <br/>'x'
/// "
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_mermaid(trace: &Trace) -> String {
    let mut diagram = Diagram {
        trace,
        participants: Participants::of(trace),
        out: "sequenceDiagram\n".to_owned(),
        depth: 1,
    };
    diagram.draw();
    diagram.out
}

struct Diagram<'a> {
    trace: &'a Trace,
    participants: Participants<'a>,
    out: String,
    /// How far lines are indented.
    depth: usize,
}

impl Diagram<'_> {
    fn draw(&mut self) {
        let trace = self.trace;
        if !trace.model.is_empty() {
            let mut title = format!("{}/{}", trace.model, trace.variant);
            for (name, value) in &trace.parameters {
                title.push_str(&format!(", {name}={value}"));
            }
            let title = escape::name(&title, 2 * MESSAGE);
            self.line(&format!("title: {title}"));
        }
        for line in self.participants.lines() {
            self.line(&line);
        }
        if let [path] = &trace.paths[..] {
            self.path(path);
        } else {
            for (i, path) in trace.paths.iter().enumerate() {
                self.open(&format!("rect {SHADE}"));
                self.note(None, &[format!("run {} of {}", i + 1, trace.paths.len())]);
                self.path(path);
                self.close();
            }
        }
        self.verdict();
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(&"  ".repeat(self.depth));
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("end");
    }

    /// A note over one lane, or over all where it is none that takes part.
    fn note(&mut self, lane: Option<&str>, rows: &[String]) {
        let over = match lane.and_then(|lane| self.participants.id(lane)) {
            Some(id) => id.to_owned(),
            None => self.participants.all(),
        };
        let rows: Vec<String> = rows.iter().map(|row| label(row)).collect();
        self.line(&format!("Note over {over}: {}", rows.join("<br/>")));
    }

    /// An arrow between two lanes; a note where one of them takes no part.
    fn arrow(&mut self, from: Option<&str>, arrow: &str, to: &str, text: &str) {
        let from = from.and_then(|from| self.participants.id(from));
        match (from, self.participants.id(to)) {
            (Some(from), Some(to)) => {
                let line = format!("{from}{arrow}{to}: {}", label(text));
                self.line(&line);
            }
            _ => self.note(Some(to), &[text.to_owned()]),
        }
    }

    fn path(&mut self, path: &TracePath) {
        if path.initial_states > 1 || path.steps.is_empty() {
            self.initial(path);
        }
        let messages = messages(path);
        for i in 0..path.steps.len() {
            if path.loop_start == Some(i) {
                self.open("loop for ever");
            }
            self.step(path, i, &messages);
        }
        match path.loop_start {
            Some(start) if start < path.steps.len() => self.close(),
            Some(_) => {
                let stays = "and stays there for ever: fairness asks for no step";
                self.note(None, &[stays.to_owned()]);
            }
            None => {}
        }
    }

    /// The initial state, part by part.
    fn initial(&mut self, path: &TracePath) {
        let mut rows = vec!["initially".to_owned()];
        if path.initial_states > 1 {
            let number = path.initial.saturating_add(1);
            rows[0].push_str(&format!(" (state {number} of {})", path.initial_states));
        }
        let parts = path.state.iter();
        let parts: Vec<String> = parts
            .filter(|(part, _)| shown_in_brief(part, &self.trace.lanes))
            .map(|(part, tree)| elide(&format!("{}: {}", printable(part), tree.text()), MESSAGE))
            .collect();
        rows.extend(few(parts));
        self.note(None, &rows);
    }

    fn step(&mut self, path: &TracePath, i: usize, messages: &Messages) {
        let step = &path.steps[i];
        let number = i + 1;
        let lane = Some(step.lane.as_str());
        let from = step.from.as_deref();
        match Event::of(step, false) {
            Event::Arrow {
                message,
                head,
                remark,
                ..
            } => {
                let mut text = format!("{number}. {}", elide(&message, MESSAGE));
                if !remark.is_empty() {
                    text.push_str(&format!(", {remark}"));
                }
                text.push_str(&origin(path, i, messages));
                let head = if head == "✗" { "-x" } else { "->>" };
                self.arrow(from, head, &step.lane, &text);
            }
            Event::Alone { what, .. } => {
                let text = format!("{number}. {}", elide(&what, MESSAGE));
                match event(step) {
                    StepKind::Timeout | StepKind::Choose => {
                        self.arrow(lane, "->>", &step.lane, &text);
                    }
                    StepKind::Ignore if from.is_some() => {
                        let content = elide(&step.content.text(), MESSAGE);
                        let origin = origin(path, i, messages);
                        let text = format!("{number}. {content}, ignored{origin}");
                        self.arrow(from, "-x", &step.lane, &text);
                    }
                    StepKind::Partition | StepKind::Heal | StepKind::Tick | StepKind::Stabilise => {
                        self.note(None, &[text]);
                    }
                    _ => self.note(lane, &[text]),
                }
            }
        }
        let sender = match step.kind {
            StepKind::Forge => from.or(lane),
            _ => lane,
        };
        for (position, sent) in step.sent.iter().enumerate() {
            if messages.left.contains(&(i, position)) {
                let content = elide(&sent.content.text(), MESSAGE);
                let text = format!("{content}, not delivered");
                self.arrow(sender, "--)", &sent.to, &text);
            }
        }
    }

    /// What the trace shows, where it shows it.
    fn verdict(&mut self) {
        let shown = &self.trace.property;
        let word = match (shown.kind, shown.verdict) {
            (_, Verdict::Inconclusive) => "not shown",
            (PropertyKind::Reachable, _) => "reached",
            (_, Verdict::Violated) => "violated",
            _ => "shown",
        };
        let mut what = format!("{word}: {}", printable(&shown.name));
        if shown.kind.is_liveness() {
            what.push_str(&format!(" ({})", shown.kind.word()));
        }
        let mut rows = vec![what];
        let paths = &self.trace.paths;
        rows.extend(
            paths
                .iter()
                .filter_map(|path| path.reason.as_ref())
                .map(|reason| elide(&printable(reason), MESSAGE)),
        );
        let ends = self.trace.ends.iter();
        let ends = ends.filter(|change| shown_in_brief(&change.part, &self.trace.lanes));
        rows.extend(few(ends
            .map(|change| {
                let side = |tree: &Option<_>| match tree {
                    Some(tree) => crate::value::Tree::text(tree),
                    None => "nothing".to_owned(),
                };
                let place = format!("{}{}", change.part, change.path);
                let (first, second) = (side(&change.before), side(&change.after));
                let row = format!("{}: {first} or {second}", printable(&place));
                elide(&row, MESSAGE)
            })
            .collect()));
        // What one step does is shown where it is done; a loop, and two runs, concern all.
        let lane = match &paths[..] {
            [path] if path.loop_start.is_none() => path.steps.last(),
            _ => None,
        };
        let lane = lane.map(|step| step.lane.as_str());
        self.note(lane, &rows);
    }
}

/// When what this step delivers was sent, unless that was just before; by whom, if not by whom it says.
fn origin(path: &TracePath, i: usize, messages: &Messages) -> String {
    match messages.origins[i] {
        Some(Origin::Start) if i > 0 => ", sent at the start".to_owned(),
        Some(Origin::Step(at)) if is_forged(&path.steps[at]) => {
            format!(", forged by {}", printable(&path.steps[at].lane))
        }
        Some(Origin::Step(at)) if at + 1 < i => format!(", sent in {}", at + 1),
        _ => String::new(),
    }
}

/// Whether it sends something in another's name.
fn is_forged(step: &TraceStep) -> bool {
    step.kind == StepKind::Forge && step.from.as_ref().is_some_and(|from| *from != step.lane)
}

/// As many rows as fit, and how many more there are.
fn few(mut rows: Vec<String>) -> Vec<String> {
    let more = rows.len().saturating_sub(ROWS);
    if more > 1 {
        rows.truncate(ROWS);
        rows.push(format!("and {more} more"));
    }
    rows
}
