//! The space-time diagram of a path: the positions of `trace`'s layout, its causes as edges and clocks, a window of it, and what is left when actors are hidden.
//!
//! Hiding an actor takes its lane and events away, and keeps what came about through them: from the last events that are seen to the next that is seen, along the causes,
//! goes an edge of its own kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use serde::Serialize;

use super::path::{Turn, window};
use super::way::{Drawn, Way};
use super::{Explorer, Stuck};
use crate::error::Error;
use crate::trace::{COLUMN, Causality, Layout, Mark, Origin, ROW, TracePath, Way as Fate, y_of};

/// The diagram.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spacetime {
    /// The path.
    pub path: String,
    /// All its steps.
    pub n_steps: usize,
    /// The number of the first step of the window.
    pub from: usize,
    /// How many steps the window has.
    pub count: usize,
    /// Pixels of the whole diagram.
    pub width: i32,
    /// Pixels of the whole diagram.
    pub height: i32,
    /// Pixels of a column of text.
    pub column: f64,
    /// Pixels from a row to the next.
    pub row: i32,
    /// The row of the initial state.
    pub start_y: i32,
    /// The lanes that are drawn.
    pub lanes: Vec<LaneView>,
    /// The lanes that are hidden.
    pub hidden: Vec<usize>,
    /// Whose clocks there are.
    pub lines: Vec<String>,
    /// The events of the window.
    pub events: Vec<EventView>,
    /// The edges that the window shows a part of.
    pub edges: Vec<EdgeView>,
    /// Where an actor is down.
    pub down: Vec<DownView>,
    /// What repeats for ever.
    pub bracket: Option<Bracket>,
    /// The causes and effects of a step.
    pub cone: Option<Cone>,
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneView {
    /// Its number.
    pub lane: usize,
    /// Its name, cut where it is long.
    pub name: String,
    /// Its name.
    pub title: String,
    /// Where it is.
    pub x: i32,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// The step.
    pub step: usize,
    /// Where its mark stands; none: it happens to all.
    pub lane: Option<usize>,
    /// Whose clock it counts in.
    pub line: usize,
    /// Where its mark is.
    pub x: i32,
    /// Where its mark is.
    pub y: i32,
    /// How it is marked.
    pub mark: &'static str,
    /// Whether it is a fault.
    pub fault: bool,
    /// What happens, cut.
    pub label: String,
    /// What happens.
    pub title: String,
    /// Where the label begins, or ends.
    pub label_x: i32,
    /// It ends there.
    pub label_left: bool,
    /// Its vector clock.
    pub clock: Vec<u32>,
    /// The properties whose verdict changed.
    pub turned: Vec<Turn>,
    /// To the event of the cone.
    pub relation: Option<&'static str>,
}

/// An edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeView {
    /// What became of the message.
    pub kind: &'static str,
    /// Where it begins.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
    /// From an actor to itself.
    pub to_itself: bool,
    /// What it is.
    pub title: String,
    /// Both its ends lie in the cone.
    pub in_cone: Option<bool>,
}

/// An end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The step, if it is one.
    pub step: Option<usize>,
    /// Where.
    pub x: i32,
    /// Where.
    pub y: i32,
}

/// Where an actor is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DownView {
    /// Its lane.
    pub lane: usize,
    /// Where that is.
    pub x: i32,
    /// From here.
    pub from_y: i32,
    /// To here.
    pub to_y: i32,
}

/// What repeats for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bracket {
    /// The position where it begins.
    pub start: usize,
    /// From here.
    pub from_y: i32,
    /// To here.
    pub to_y: i32,
}

/// The steps that a step comes after, and those that come after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cone {
    /// The step.
    pub step: usize,
    /// Those that may have caused it.
    pub past: Vec<usize>,
    /// Those that it may have caused.
    pub future: Vec<usize>,
}

impl Cone {
    /// The cone of a step; all steps are counted from 1.
    fn of(causality: &Causality, step: usize) -> Self {
        let n = causality.clocks.len();
        let related =
            |is: &dyn Fn(usize) -> bool| (0..n).filter(|&i| is(i)).map(|i| i + 1).collect();
        Cone {
            step,
            past: related(&|i| causality.is_before(i, step - 1)),
            future: related(&|i| causality.is_before(step - 1, i)),
        }
    }

    fn relation(&self, step: usize) -> &'static str {
        if step == self.step {
            "self"
        } else if self.past.binary_search(&step).is_ok() {
            "past"
        } else if self.future.binary_search(&step).is_ok() {
            "future"
        } else {
            "concurrent"
        }
    }
}

impl Explorer {
    pub(super) fn spacetime_view(
        &mut self,
        path: &str,
        (from, count): (usize, usize),
        hide: &[usize],
        cone: Option<usize>,
    ) -> Result<Spacetime, Stuck> {
        let way = self.way(path)?;
        let (begin, end) = window(from, count, way.n_steps())?;
        let hidden = self.hidden(hide)?;
        if let Some(step) = cone
            && !(1..=way.n_steps()).contains(&step)
        {
            return Err(Error::usage(format!(
                "`cone` is {step}, and the path has {} steps",
                way.n_steps()
            ))
            .with_cure("steps are counted from 1")
            .into());
        }
        let traced = self.traced(&way)?;
        let drawn = self.drawn(&way, &traced, hidden);
        let (layout, causality) = (&drawn.layout, &drawn.causality);
        let cone = cone.map(|step| Cone::of(causality, step));
        let (top, bottom) = (y_of(begin) - ROW, y_of(end));
        let is_seen = |a: i32, b: i32| a.min(b) <= bottom && a.max(b) >= top;
        let mut edges = edges(layout, cone.as_ref());
        edges.extend(through(layout, causality, &traced, cone.as_ref()));
        edges.retain(|edge| is_seen(edge.from.y, edge.to.y));
        let lane = |x: i32| {
            let drawn = layout.lanes.iter().find(|lane| lane.x == x);
            drawn.and_then(|drawn| self.lane(&drawn.lane)).unwrap_or(0)
        };
        let down = layout
            .down
            .iter()
            .filter(|(_, from, to)| is_seen(*from, *to));
        Ok(Spacetime {
            path: way.id.clone(),
            n_steps: way.n_steps(),
            from,
            count: end - begin,
            width: layout.width,
            height: layout.height,
            column: COLUMN,
            row: ROW,
            start_y: layout.start,
            lanes: layout
                .lanes
                .iter()
                .map(|lane| LaneView {
                    lane: self.lane(&lane.lane).unwrap_or(0),
                    name: lane.name.clone(),
                    title: lane.title.clone(),
                    x: lane.x,
                })
                .collect(),
            hidden: drawn.hidden.clone(),
            lines: causality.lines.clone(),
            events: self.events(
                &way,
                (begin, end),
                layout,
                causality,
                &traced,
                cone.as_ref(),
            ),
            edges,
            down: down
                .map(|&(x, from_y, to_y)| DownView {
                    lane: lane(x),
                    x,
                    from_y,
                    to_y,
                })
                .collect(),
            bracket: way
                .loop_start
                .zip(layout.bracket)
                .map(|(start, (from_y, to_y))| Bracket {
                    start,
                    from_y,
                    to_y,
                }),
            cone,
        })
    }

    /// The picture of a way without some lanes: the one that was drawn last, if it is that.
    fn drawn(&self, way: &Way, traced: &TracePath, hidden: Vec<usize>) -> Arc<Drawn> {
        let mut last = way.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(drawn) = last.as_ref().filter(|drawn| drawn.hidden == hidden) {
            return Arc::clone(drawn);
        }
        let names: BTreeSet<String> = hidden.iter().map(|&i| self.lanes()[i].clone()).collect();
        let paths = std::slice::from_ref(traced);
        let drawn = Arc::new(Drawn {
            layout: Layout::without(self.lanes(), paths, traced, &names),
            causality: Causality::of(traced, self.lanes()),
            hidden,
        });
        *last = Some(Arc::clone(&drawn));
        drawn
    }

    /// The lanes to hide, in order.
    fn hidden(&self, hide: &[usize]) -> Result<Vec<usize>, Error> {
        let hidden: BTreeSet<usize> = hide.iter().copied().collect();
        let n = self.lanes().len();
        if let Some(lane) = hidden.iter().find(|lane| **lane >= n) {
            return Err(Error::usage(format!("there is no lane {lane}"))
                .with_cure(format!("lanes are numbered 0 to {}", n - 1)));
        }
        // The environment alone is no picture: it has a lane only where it sends something.
        let n_actors = if self.has_actors() { n - 1 } else { n };
        if hidden.range(..n_actors).count() == n_actors {
            return Err(Error::usage("all actors are hidden").with_cure("leave one of them"));
        }
        Ok(hidden.into_iter().collect())
    }

    fn events(
        &self,
        way: &Way,
        (begin, end): (usize, usize),
        layout: &Layout,
        causality: &Causality,
        path: &TracePath,
        cone: Option<&Cone>,
    ) -> Vec<EventView> {
        let rows = layout.rows.iter().enumerate().take(end).skip(begin);
        let rows = rows.filter(|(_, row)| !row.hidden);
        rows.map(|(i, row)| EventView {
            step: i + 1,
            lane: match row.across {
                true => None,
                false => self.lane(&path.steps[i].lane),
            },
            line: causality.line[i],
            x: row.x,
            y: row.y,
            mark: mark(row.mark),
            fault: row.fault,
            label: row.label.clone(),
            title: row.title.clone(),
            label_x: row.label_x,
            label_left: row.to_left,
            clock: causality.clocks[i].clone(),
            turned: way.turned(i),
            relation: cone.map(|cone| cone.relation(i + 1)),
        })
        .collect()
    }
}

fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Dot => "dot",
        Mark::Copy => "copy",
        Mark::Timer => "timer",
        Mark::Choice => "choice",
        Mark::Crash => "crash",
        Mark::Recover => "recover",
        Mark::Lost => "lost",
        Mark::Band => "band",
    }
}

/// The messages.
fn edges(layout: &Layout, cone: Option<&Cone>) -> Vec<EdgeView> {
    let point = |step: Option<usize>, (x, y): (i32, i32)| Point {
        step: step.map(|step| step + 1),
        x,
        y,
    };
    let arrows = layout.arrows.iter();
    arrows
        .map(|arrow| EdgeView {
            kind: match arrow.way {
                Fate::Delivered => "delivered",
                Fate::Copied => "copied",
                Fate::Lost => "lost",
                Fate::RoundBefore => "round_before",
                Fate::NextRound => "next_round",
                Fate::Left => "left",
            },
            from: point(arrow.steps.0, arrow.from),
            to: point(arrow.steps.1, arrow.to),
            to_itself: arrow.to_itself,
            title: arrow.title.clone(),
            in_cone: cone.map(|cone| is_inside(cone, arrow.steps)),
        })
        .collect()
}

/// Whether both ends that are steps, counted from 0, lie in a cone.
fn is_inside(cone: &Cone, (from, to): (Option<usize>, Option<usize>)) -> bool {
    let inside = |step: usize| cone.relation(step + 1) != "concurrent";
    (from.is_some() || to.is_some()) && from.is_none_or(inside) && to.is_none_or(inside)
}

/// Edges in the place of chains of causes through hidden events. What the environment does has no order of its own, so no chain goes along its line.
fn through(
    layout: &Layout,
    causality: &Causality,
    path: &TracePath,
    cone: Option<&Cone>,
) -> Vec<EdgeView> {
    if layout.rows.iter().all(|row| !row.hidden) {
        return Vec::new();
    }
    let n = path.steps.len();
    let is_actor = |line: usize| causality.lines[line] != "environment";
    let mut edges = Vec::new();
    // For each hidden event the last event seen on each line that it comes after through hidden ones alone.
    let mut sources: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); n];
    let mut last: Vec<Option<usize>> = vec![None; causality.lines.len()];
    for i in 0..n {
        let line = causality.line[i];
        let own = last[line].filter(|_| is_actor(line));
        let sender = match causality.origins[i] {
            Some(Origin::Step(at)) if at < i => Some(at),
            _ => None,
        };
        let mut found: BTreeMap<usize, usize> = BTreeMap::new();
        let mut add = |line: usize, step: usize| {
            let latest = found.entry(line).or_insert(step);
            *latest = (*latest).max(step);
        };
        for before in own.into_iter().chain(sender) {
            if layout.rows[before].hidden {
                sources[before]
                    .iter()
                    .for_each(|(&line, &step)| add(line, step));
            } else if layout.rows[i].hidden {
                add(causality.line[before], before);
            }
        }
        if layout.rows[i].hidden {
            sources[i] = found;
        } else {
            // What comes before on its own line is before it anyway.
            let found = found.into_iter().filter(|(from, _)| *from != line);
            edges.extend(found.map(|(_, from)| (from, i)));
        }
        last[line] = Some(i);
    }
    let point = |step: usize| Point {
        step: Some(step + 1),
        x: layout.rows[step].x,
        y: layout.rows[step].y,
    };
    let edges = edges.into_iter().map(|(from, to)| EdgeView {
        kind: "hidden",
        from: point(from),
        to: point(to),
        to_itself: false,
        title: format!("step {} through hidden actors to step {}", from + 1, to + 1),
        in_cone: cone.map(|cone| is_inside(cone, (Some(from), Some(to)))),
    });
    edges.collect()
}
