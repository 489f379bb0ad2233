//! Who did what: the left half of a step.

use super::line::{Line, Role, elide, width};
use crate::space::StepKind;
use crate::trace::TraceStep;
use crate::trace::causality::ENVIRONMENT;
use crate::value::{Tree, printable};

/// A message is given at least this many columns before it is cut.
const MESSAGE_MIN: usize = 16;

/// How wide the columns of a path's events are.
pub(super) struct Columns {
    /// Whether nobody acts but the model: then it needs no name.
    sole: bool,
    /// The widest sender.
    from: usize,
    /// The widest message of those that leave room beside them: arrows end below each other.
    message: usize,
    /// The most columns a message may take.
    message_max: usize,
    /// The widest event of those that leave room beside them.
    width: usize,
}

/// An event, in words that are safe to print.
pub(in crate::trace) enum Event {
    /// From one lane to another.
    Arrow {
        from: String,
        message: String,
        head: &'static str,
        to: String,
        remark: String,
    },
    /// By one lane alone.
    Alone {
        lane: String,
        what: String,
        fault: bool,
    },
}

/// A step's event in one line, taken apart: what is sent, set, chosen or done, and what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Who acts, and how.
    pub(crate) before: String,
    /// Empty where there is nothing of the kind.
    pub(crate) content: String,
    /// On whom, and what becomes of it.
    pub(crate) after: String,
}

impl Parts {
    /// Those of a step; `lanes` are all that there are.
    pub(crate) fn of(step: &TraceStep, lanes: &[String]) -> Self {
        // Text that is safe to print has no such character.
        const PLACE: char = '\0';
        let event = Event::with(step, lanes.len() == 1, PLACE.to_string()).text();
        match event.split_once(PLACE) {
            Some((before, after)) => Parts {
                before: before.to_owned(),
                content: content(step),
                after: after.to_owned(),
            },
            None => Parts {
                before: event,
                content: String::new(),
                after: String::new(),
            },
        }
    }

    /// The event.
    pub(crate) fn text(&self) -> String {
        [&self.before[..], &self.content, &self.after].concat()
    }
}

/// What a step's event is about, and its name where it stands beside that.
fn content(step: &TraceStep) -> String {
    let name = step.name.as_deref().map(printable).unwrap_or_default();
    match kind(step) {
        StepKind::Partition | StepKind::Heal => sides(&step.content),
        StepKind::Stimulus | StepKind::Choose if !name.is_empty() => {
            format!("{name}: {}", step.content.text())
        }
        _ => step.content.text(),
    }
}

/// What kind of event it is; where its handler crashes on the way, which one's.
fn kind(step: &TraceStep) -> StepKind {
    step.interrupted
        .as_ref()
        .map_or(step.kind, |interrupted| interrupted.event)
}

impl Event {
    /// The event of a step; `sole`: nobody acts but the model.
    pub(in crate::trace) fn of(step: &TraceStep, sole: bool) -> Self {
        Self::with(step, sole, content(step))
    }

    /// The event of a step, with something in place of its content.
    fn with(step: &TraceStep, sole: bool, content: String) -> Self {
        let lane = printable(&step.lane).into_owned();
        let name = step.name.as_deref().map(printable).unwrap_or_default();
        // For a crash inside a handler: how far it came.
        let crashes = match &step.interrupted {
            Some(at) => format!("crashes after {} of {} effects", at.after, at.of),
            None => String::new(),
        };
        let arrow = |message: String, head, remark: &str| Event::Arrow {
            from: match &step.from {
                Some(from) => printable(from).into_owned(),
                None => ENVIRONMENT.to_owned(),
            },
            message,
            head,
            to: lane.clone(),
            remark: [remark, &crashes]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
        };
        let alone = |what: String| Event::Alone {
            lane: if sole { String::new() } else { lane.clone() },
            what: if crashes.is_empty() {
                what
            } else {
                format!("{what}, {crashes}")
            },
            fault: step.kind.is_fault(),
        };
        match kind(step) {
            StepKind::Deliver => arrow(content, "▶", ""),
            StepKind::Duplicate => arrow(content, "▶", "and a copy stays"),
            StepKind::Drop => arrow(content, "✗", "lost"),
            StepKind::Stimulus => arrow(content, "▶", ""),
            StepKind::Timeout => alone(format!("timer {content}")),
            StepKind::Choose => alone(format!("chooses {content}")),
            StepKind::Recover => alone("recovers".to_owned()),
            StepKind::Crash => alone("crashes".to_owned()),
            // An interrupted event that is not named; no trace of ours has one.
            StepKind::CrashInside => alone("crashes inside a handler".to_owned()),
            StepKind::Partition => alone(format!("{name} forms: {content}")),
            StepKind::Heal => alone(format!("{name} heals: {content}")),
            StepKind::Forge => match &step.from {
                Some(from) if *from != step.lane => {
                    alone(format!("forges {content} of {}", printable(from)))
                }
                _ => alone(format!("sends {content} of its own accord")),
            },
            StepKind::Ignore => match &step.from {
                Some(from) => alone(format!("ignores {content} from {}", printable(from))),
                None => alone(format!("ignores {content}")),
            },
            StepKind::Tick => alone("tick".to_owned()),
            StepKind::Stabilise => alone("bounds on time hold from here on".to_owned()),
            StepKind::Act => alone(content),
        }
    }

    /// In one line, as short as it is.
    fn text(&self) -> String {
        match self {
            Event::Arrow {
                from,
                message,
                head,
                to,
                remark,
            } if remark.is_empty() => format!("{from} ─ {message} ─{head} {to}"),
            Event::Arrow {
                from,
                message,
                head,
                to,
                remark,
            } => format!("{from} ─ {message} ─{head} {to} ({remark})"),
            Event::Alone { lane, what, .. } if lane.is_empty() => what.clone(),
            Event::Alone { lane, what, .. } => format!("{lane}  {what}"),
        }
    }
}

/// The groups of a partition.
fn sides(content: &Tree) -> String {
    match content {
        Tree::Tuple(_, sides) if !sides.is_empty() => {
            let sides: Vec<String> = sides.iter().map(Tree::text).collect();
            sides.join(" | ")
        }
        other => other.text(),
    }
}

impl Columns {
    /// Columns for these steps, in a page of `room` columns.
    pub(super) fn of(steps: &[TraceStep], lanes: &[String], room: usize, full: bool) -> Self {
        let sole = lanes.len() == 1;
        let events: Vec<Event> = steps.iter().map(|step| Event::of(step, sole)).collect();
        let (mut from, mut to) = (0, 0);
        for event in &events {
            match event {
                Event::Arrow {
                    from: sender,
                    to: receiver,
                    ..
                } => {
                    from = from.max(width(sender));
                    to = to.max(width(receiver));
                }
                Event::Alone { lane, .. } => from = from.max(width(lane)),
            }
        }
        let around = from + to + ARROW;
        let beside = (room * 3 / 5).saturating_sub(around).max(MESSAGE_MIN);
        let message = events
            .iter()
            .filter_map(|event| match event {
                Event::Arrow { message, .. } => Some(width(message)),
                Event::Alone { .. } => None,
            })
            .filter(|width| *width <= beside)
            .max()
            .unwrap_or(0);
        let mut columns = Columns {
            sole,
            from,
            message,
            message_max: if full {
                usize::MAX
            } else {
                room.saturating_sub(around).max(MESSAGE_MIN)
            },
            width: 0,
        };
        columns.width = events
            .iter()
            .map(|event| columns.event(event).width())
            .filter(|width| *width <= room * 3 / 5)
            .max()
            .unwrap_or(0);
        columns
    }

    /// The width of the events.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// A step's event.
    pub(super) fn line(&self, step: &TraceStep) -> Line {
        self.event(&Event::of(step, self.sole))
    }

    fn event(&self, event: &Event) -> Line {
        match event {
            Event::Arrow {
                from,
                message,
                head,
                to,
                remark,
            } => {
                let mut line = Line::of(Role::Actor, from);
                line.pad_to(self.from);
                let message = elide(message, self.message_max);
                let shaft = "─".repeat(1 + self.message.saturating_sub(width(&message)));
                let role = if *head == "✗" {
                    Role::Fault
                } else {
                    Role::Plain
                };
                line.push(role, &format!(" ─ {message} {shaft}{head} "));
                line.push(Role::Actor, to);
                if !remark.is_empty() {
                    line.push(Role::Plain, " ");
                    line.push(Role::Fault, &format!("({remark})"));
                }
                line
            }
            Event::Alone { lane, what, fault } => {
                let mut line = Line::of(Role::Actor, lane);
                line.pad_to(self.from);
                let role = if *fault { Role::Fault } else { Role::Plain };
                if !lane.is_empty() {
                    line.push(Role::Plain, "  ");
                }
                line.push(role, what);
                line
            }
        }
    }
}

/// A step's event in one line, as short as it is; `lanes` are all that there are.
pub(crate) fn event(step: &TraceStep, lanes: &[String]) -> String {
    Event::of(step, lanes.len() == 1).text()
}

/// Columns of an arrow around its message: ` ─ `, ` ─▶ `.
const ARROW: usize = 7;
