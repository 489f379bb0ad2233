//! Where the things of a space-time diagram are: a lane for each actor, time downwards, a row for each step.
//!
//! Draws nothing: whoever draws (a picture, a page) reads positions, in pixels of a font that is [`COLUMN`] wide, and words that are not escaped for
//! any language but safe to print. A message goes from where it is sent to where it is delivered; a label stands on the side that its arrow does
//! not come from.

use std::collections::BTreeSet;

use super::causality::{ENVIRONMENT, Messages, Origin, event, messages};
use super::text::{Event, elide, width};
use super::{Trace, TracePath, TraceStep};
use crate::space::StepKind;
use crate::value::printable;

/// Pixels of a column of text.
pub(crate) const COLUMN: f64 = 7.25;

/// Pixels from a row to the next.
pub(crate) const ROW: i32 = 36;

/// Where the start is, below the lanes' names.
const START: i32 = 56;

/// Pixels left of the lanes, for numbers and the bracket of a loop.
const GUTTER: i32 = 62;

/// The least distance of two lanes.
const LANE_MIN: i32 = 110;

/// Between a mark and its label, on each side.
const ROOM: i32 = 14;

/// Longer labels are cut.
const LABEL: usize = 36;

/// Longer names of lanes are cut.
const NAME: usize = 28;

/// How far the start of an arrow is from its end where nothing says where it comes from, or where it goes.
const STUB: i32 = 44;

/// The picture of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) lanes: Vec<Lane>,
    /// The row of the initial state.
    pub(crate) start: i32,
    pub(crate) rows: Vec<Row>,
    pub(crate) arrows: Vec<Arrow>,
    /// Where a lane is down: its x, from where to where.
    pub(crate) down: Vec<(i32, i32, i32)>,
    /// From where to where it repeats for ever.
    pub(crate) bracket: Option<(i32, i32)>,
    pub(crate) width: i32,
    /// Where the lanes end.
    pub(crate) height: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) x: i32,
    /// Which of the trace's lanes it is.
    pub(crate) lane: String,
    /// Cut where it is long.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) columns: usize,
}

/// How an event is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Something is handled.
    Dot,
    /// It is handled, and a copy stays in flight.
    Copy,
    /// A timer fires.
    Timer,
    /// A random choice.
    Choice,
    /// A process crashes, maybe while it handles something.
    Crash,
    /// A process starts again.
    Recover,
    /// A message is lost, or ignored on arrival.
    Lost,
    /// Something happens to all: a line across.
    Band,
}

/// What happens in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) y: i32,
    /// Where the mark is.
    pub(crate) x: i32,
    /// Nothing is drawn: it is on a lane that is hidden.
    pub(crate) hidden: bool,
    /// It is on no lane: it happens to all.
    pub(crate) across: bool,
    pub(crate) mark: Mark,
    /// Whether it is a fault.
    pub(crate) fault: bool,
    /// Cut where it is long.
    pub(crate) label: String,
    /// All of it.
    pub(crate) title: String,
    /// Where the label begins, or ends where it stands to the left.
    pub(crate) label_x: i32,
    pub(crate) to_left: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Delivered,
    /// Delivered, and a copy stays in flight.
    Copied,
    Lost,
    /// Sent in the round before of a loop.
    RoundBefore,
    /// Delivered in the next round of a loop: so far as that round begins.
    NextRound,
    /// Still in flight in the end.
    Left,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrow {
    pub(crate) from: (i32, i32),
    pub(crate) to: (i32, i32),
    pub(crate) way: Way,
    /// The steps, counted from 0, that it comes from and leads to, where it is drawn from or to one.
    pub(crate) steps: (Option<usize>, Option<usize>),
    /// From an actor to itself.
    pub(crate) to_itself: bool,
    pub(crate) title: String,
}

impl Layout {
    /// The picture of a path.
    pub(super) fn of(trace: &Trace, path: &TracePath) -> Self {
        Layout::without(&trace.lanes, &trace.paths, path, &BTreeSet::new())
    }

    /// The picture of a path, one of those that stand beside each other, without the lanes of these names: their events are rows that nothing is
    /// drawn in, and what goes to or from them has no arrow.
    pub(crate) fn without(
        lanes: &[String],
        paths: &[TracePath],
        path: &TracePath,
        hidden: &BTreeSet<String>,
    ) -> Self {
        let messages = messages(path);
        let mut shown = shown_lanes(lanes, paths);
        shown.retain(|lane| !hidden.contains(lane));
        let place = Places::of(&shown, hidden, path, &messages);
        let mut layout = Layout {
            lanes: place.lanes(),
            start: START,
            rows: Vec::with_capacity(path.steps.len()),
            arrows: Vec::new(),
            down: Vec::new(),
            bracket: None,
            width: place.width,
            height: START + ROW * (path.steps.len() as i32 + 1),
        };
        for i in 0..path.steps.len() {
            layout.step(path, i, &messages, &place);
        }
        layout.crashes(path, &place);
        layout.wraps(path, &messages, &place);
        if let Some(start) = path.loop_start {
            // Where it stays in the last state, the bracket is below the last step.
            let rows_end = y_of(path.steps.len()) - ROW / 2;
            let end = match start == path.steps.len() {
                true => layout.height,
                false => rows_end,
            };
            layout.bracket = Some((y_of(start) - ROW / 2, end));
        }
        layout
    }

    fn step(&mut self, path: &TracePath, i: usize, messages: &Messages, place: &Places<'_>) {
        let step = &path.steps[i];
        let (at, from) = (place.end(step), place.from(path, i, messages));
        let (mark, y) = (mark(step), y_of(i));
        let hidden = place.is_hidden(step);
        let title = words(step);
        let mut x = at.map_or(place.left(), |lane| place.x[lane]);
        let mut to_left = false;
        if let (Some(lane), Some(from)) = (at, from) {
            to_left = from.is_right_of(lane);
            let to_itself = from == Sender::Lane(lane);
            let start = from.start(path, i, messages, place, x);
            if mark == Mark::Lost {
                x = match from {
                    Sender::Lane(from) if to_itself => place.x[from] + STUB / 2,
                    Sender::Lane(from) => (place.x[from] + 3 * x) / 4,
                    Sender::Unknown => x - ROOM,
                };
            }
            let again = matches!(messages.first[i], Some(Origin::Step(at)) if at >= i);
            let way = match mark {
                Mark::Lost => Way::Lost,
                _ if again => Way::RoundBefore,
                Mark::Copy => Way::Copied,
                _ => Way::Delivered,
            };
            self.arrows.push(Arrow {
                from: start,
                to: (x, y),
                way,
                steps: (earlier(messages.first[i], i), Some(i)),
                to_itself: to_itself && mark != Mark::Lost,
                title: title.clone(),
            });
        }
        let label_x = if to_left { x - ROOM } else { x + ROOM };
        self.rows.push(Row {
            y,
            x,
            hidden,
            across: at.is_none() && !hidden,
            mark,
            fault: step.kind.is_fault(),
            label: elide(&title, LABEL),
            title,
            label_x,
            to_left,
        });
        self.left(step, i, messages, place);
    }

    /// What a step sends that nothing becomes of: the beginnings of arrows.
    fn left(&mut self, step: &TraceStep, i: usize, messages: &Messages, place: &Places<'_>) {
        let Some(sender) = place.lane(&step.lane) else {
            return;
        };
        let (x, y) = (place.x[sender], y_of(i));
        let sends = step.sent.iter().enumerate();
        let left = sends.filter(|(position, _)| messages.left.contains(&(i, *position)));
        let left = left.filter(|(_, sent)| !place.hidden.contains(&sent.to));
        for (n, (_, sent)) in left.enumerate() {
            let to = place.lane(&sent.to);
            let dx = if to.is_some_and(|to| to < sender) {
                -STUB
            } else {
                STUB
            };
            let dy = 13 + 5 * (n.min(4) as i32);
            self.arrows.push(Arrow {
                from: (x, y),
                to: (x + dx, y + dy),
                way: Way::Left,
                steps: (Some(i), None),
                to_itself: false,
                title: format!(
                    "{} to {}: not delivered",
                    sent.content.text(),
                    printable(&sent.to)
                ),
            });
        }
    }

    /// What is sent in a loop and delivered in its next round: to the end of the bracket, from where it goes on at its top.
    fn wraps(&mut self, path: &TracePath, messages: &Messages, place: &Places<'_>) {
        let end = y_of(path.steps.len()) - ROW / 2;
        for &(sender, receiver) in &messages.wraps {
            let lanes = (
                place.lane(&path.steps[sender].lane),
                place.lane(&path.steps[receiver].lane),
            );
            let (Some(from), Some(to)) = lanes else {
                continue;
            };
            let x = match from == to {
                true => place.x[from] + STUB / 2,
                false => (place.x[from] + place.x[to]) / 2,
            };
            self.arrows.push(Arrow {
                from: (place.x[from], y_of(sender)),
                to: (x, end),
                way: Way::NextRound,
                steps: (Some(sender), None),
                to_itself: false,
                title: format!(
                    "{}: in the next round, step {}",
                    path.steps[receiver].content.text(),
                    receiver + 1
                ),
            });
        }
    }

    /// From each crash to the recovery, or to the end.
    fn crashes(&mut self, path: &TracePath, place: &Places<'_>) {
        let mut down: Vec<Option<i32>> = vec![None; place.x.len()];
        for (i, step) in path.steps.iter().enumerate() {
            let Some(lane) = place.lane(&step.lane) else {
                continue;
            };
            match step.kind {
                StepKind::Crash | StepKind::CrashInside => down[lane] = Some(y_of(i)),
                StepKind::Recover => {
                    let since = down[lane].take();
                    self.down
                        .extend(since.map(|since| (place.x[lane], since, y_of(i))));
                }
                _ => {}
            }
        }
        for (lane, since) in down.into_iter().enumerate() {
            self.down
                .extend(since.map(|since| (place.x[lane], since, self.height)));
        }
    }
}

/// The step of the path that a message comes from, if that is one before step `i`.
fn earlier(origin: Option<Origin>, i: usize) -> Option<usize> {
    match origin {
        Some(Origin::Step(at)) if at < i => Some(at),
        _ => None,
    }
}

/// Where a step's row is; the one behind the last too.
pub(crate) fn y_of(step: usize) -> i32 {
    START + ROW * (step as i32 + 1)
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Lane(usize),
    /// The trace does not say.
    Unknown,
}

impl Sender {
    fn is_right_of(self, lane: usize) -> bool {
        matches!(self, Sender::Lane(from) if from > lane)
    }

    /// Where its arrow begins.
    fn start(
        self,
        path: &TracePath,
        i: usize,
        messages: &Messages,
        place: &Places<'_>,
        x: i32,
    ) -> (i32, i32) {
        let Sender::Lane(lane) = self else {
            return (x - STUB, y_of(i) - ROW / 3);
        };
        let y = match messages.first[i] {
            Some(Origin::Start) => START,
            Some(Origin::Step(at)) if at < i => y_of(at),
            Some(Origin::Step(_)) => {
                let top = y_of(path.loop_start.unwrap_or(0)) - ROW / 2;
                return ((place.x[lane] + x) / 2, top);
            }
            // From outside, at once.
            None if path.steps[i].from.is_none() || is_stimulus(&path.steps[i]) => y_of(i),
            None => y_of(i) - ROW / 2,
        };
        (place.x[lane], y)
    }
}

/// Whether it happens to all.
fn is_across(step: &TraceStep) -> bool {
    matches!(
        step.kind,
        StepKind::Partition | StepKind::Heal | StepKind::Tick | StepKind::Stabilise
    )
}

fn is_stimulus(step: &TraceStep) -> bool {
    event(step) == StepKind::Stimulus
}

/// The lanes that are drawn: all actors, and the environment where it sends something.
fn shown_lanes(all: &[String], paths: &[TracePath]) -> Vec<String> {
    let steps = || paths.iter().flat_map(|path| &path.steps);
    let mut lanes: Vec<String> = Vec::with_capacity(all.len());
    for lane in all {
        let is_silent = || {
            let sends =
                |step: &TraceStep| step.from.as_deref() == Some(ENVIRONMENT) || is_stimulus(step);
            all.len() > 1 && lane == ENVIRONMENT && !steps().any(sends)
        };
        if !lanes.contains(lane) && !is_silent() {
            lanes.push(lane.clone());
        }
    }
    if lanes.is_empty() {
        lanes.push("model".to_owned());
    }
    lanes
}

/// Where the lanes are.
struct Places<'a> {
    names: &'a [String],
    hidden: &'a BTreeSet<String>,
    x: Vec<i32>,
    width: i32,
}

impl<'a> Places<'a> {
    /// As far apart as the labels beside them are long.
    fn of(
        names: &'a [String],
        hidden: &'a BTreeSet<String>,
        path: &TracePath,
        messages: &Messages,
    ) -> Self {
        let n = names.len();
        let mut place = Places {
            names,
            hidden,
            x: vec![0; n],
            width: 0,
        };
        let (mut left, mut right) = (vec![0; n], vec![0; n]);
        let mut across = 0;
        let drawn = path.steps.iter().enumerate();
        for (i, step) in drawn.filter(|(_, step)| !place.is_hidden(step)) {
            let room = pixels(width(&words(step)).min(LABEL)) + 2 * ROOM;
            match (place.end(step), place.from(path, i, messages)) {
                (Some(lane), Some(from)) if from.is_right_of(lane) => {
                    left[lane] = room.max(left[lane]);
                }
                (Some(lane), _) => right[lane] = room.max(right[lane]),
                (None, _) => across = room.max(across),
            }
        }
        let half = |lane: usize| pixels(width(&name(&names[lane]))) / 2 + ROOM;
        place.x[0] = GUTTER + left[0].max(half(0));
        for lane in 1..n {
            let apart = [
                right[lane - 1],
                left[lane],
                half(lane - 1) + half(lane),
                LANE_MIN,
            ];
            place.x[lane] = place.x[lane - 1] + apart.into_iter().max().unwrap_or(LANE_MIN);
        }
        let end = place.x[n - 1] + right[n - 1].max(half(n - 1));
        place.width = end.max(GUTTER + across) + ROOM;
        place
    }

    fn lanes(&self) -> Vec<Lane> {
        let lanes = self.names.iter().zip(&self.x);
        lanes
            .map(|(lane, &x)| Lane {
                x,
                lane: lane.clone(),
                name: name(lane),
                title: printable(lane).into_owned(),
                columns: width(&name(lane)),
            })
            .collect()
    }

    fn left(&self) -> i32 {
        GUTTER
    }

    /// Whether a step's event is on a lane that is not drawn.
    fn is_hidden(&self, step: &TraceStep) -> bool {
        !is_across(step) && self.hidden.contains(&step.lane)
    }

    fn lane(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|lane| lane == name)
    }

    /// The lane where a step's event is, unless it happens to all.
    fn end(&self, step: &TraceStep) -> Option<usize> {
        match is_across(step) {
            true => None,
            false => self.lane(&step.lane),
        }
    }

    /// Where the arrow of a step begins, if it has one.
    fn from(&self, path: &TracePath, i: usize, messages: &Messages) -> Option<Sender> {
        let step = &path.steps[i];
        if step.kind == StepKind::Forge {
            return None;
        }
        let sender = match messages.first[i] {
            // In whose name it was sent does not matter.
            Some(Origin::Step(at)) => &path.steps[at].lane,
            _ if is_stimulus(step) => step.from.as_deref().unwrap_or(ENVIRONMENT),
            _ => step.from.as_deref()?,
        };
        if self.hidden.contains(sender) {
            return None;
        }
        let lane = self.lane(sender).map(Sender::Lane);
        Some(lane.unwrap_or(Sender::Unknown))
    }
}

/// A lane's name as it is drawn.
fn name(lane: &str) -> String {
    elide(&printable(lane), NAME)
}

/// The pixels of so many columns.
pub(super) fn pixels(columns: usize) -> i32 {
    (columns as f64 * COLUMN).ceil() as i32
}

fn mark(step: &TraceStep) -> Mark {
    match (step.kind, event(step)) {
        (StepKind::Crash | StepKind::CrashInside, _) => Mark::Crash,
        (_, StepKind::Timeout) => Mark::Timer,
        (_, StepKind::Choose) => Mark::Choice,
        (_, StepKind::Recover) => Mark::Recover,
        (_, StepKind::Duplicate) => Mark::Copy,
        (_, StepKind::Drop | StepKind::Ignore) => Mark::Lost,
        (_, StepKind::Partition | StepKind::Heal | StepKind::Tick | StepKind::Stabilise) => {
            Mark::Band
        }
        _ => Mark::Dot,
    }
}

/// What happens, beside the mark.
fn words(step: &TraceStep) -> String {
    match Event::of(step, false) {
        Event::Arrow {
            message, remark, ..
        } if remark.is_empty() => message,
        Event::Arrow {
            message, remark, ..
        } => format!("{message} ({remark})"),
        Event::Alone { what, .. } => what,
    }
}
