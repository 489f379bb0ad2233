//! Who is how in a state: each actor with what is on its way to it, its timers and what else belongs to it.
//!
//! Reads states as they are rendered for people (`space/actors/label.rs`): an actor's part is its state alone, or a nameless struct that begins
//! with it; a Byzantine actor's part is that of its protocol beside what it knows.

use serde::Serialize;

use super::state::{PartView, ValueView};
use crate::space::{IN_FLIGHT, Rendered};
use crate::value::Tree;

/// An actor in a state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActorView {
    /// Its lane.
    pub lane: usize,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub status: Status,
    /// The step that led here changed it.
    pub changed: bool,
    /// What is in flight to it.
    pub inbox: Vec<InFlightView>,
    /// From whom messages arrive in order.
    pub ordered: Vec<usize>,
    /// The timers that are set.
    pub timers: Vec<ValueView>,
    /// What else belongs to it.
    pub facets: Vec<FacetView>,
    /// Its state, where that is asked for.
    pub state: Option<ValueView>,
}

/// Whether an actor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It runs.
    Up,
    /// It has crashed.
    Down,
    /// Its handler panicked.
    Panicked,
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InFlightView {
    /// Who sent it.
    pub from: Option<usize>,
    /// The same by name.
    pub from_name: String,
    /// What.
    pub content: ValueView,
    /// The ticks that remain.
    pub remaining: Option<String>,
}

/// Something that belongs to an actor beside its state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FacetView {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: ValueView,
}

/// The actors of a state; the last lane is the environment.
pub(super) fn actors(
    state: &Rendered,
    lanes: &[String],
    down: &[u32],
    changed: &[usize],
    has_ticks: bool,
    full: bool,
) -> Vec<ActorView> {
    let n = lanes.len() - 1;
    // An actor's part is the one at its place: an observer may have its name.
    let parts = state.iter().take(n).enumerate();
    parts
        .map(|(lane, (name, part))| {
            let (own, beside) = facets(part);
            let status = match own {
                _ if down.contains(&(lane as u32)) => Status::Down,
                Tree::Tuple(name, _) if name == "panicked" => Status::Panicked,
                _ => Status::Up,
            };
            let (inbox, ordered) = inbox(state, lanes, name, has_ticks);
            let (timers, facets): (Vec<_>, Vec<_>) =
                beside.into_iter().partition(|(name, _)| *name == "timers");
            ActorView {
                lane,
                name: name.clone(),
                status,
                changed: changed.contains(&lane),
                inbox,
                ordered,
                timers: timers.into_iter().flat_map(|(_, set)| each(set)).collect(),
                facets: facets
                    .into_iter()
                    .map(|(name, value)| FacetView {
                        name: name.to_owned(),
                        value: ValueView::of(value),
                    })
                    .collect(),
                state: (full && status != Status::Down).then(|| ValueView::of(own)),
            }
        })
        .collect()
}

/// What belongs to no actor and is on its way to none.
pub(super) fn others(state: &Rendered, lanes: &[String], has_actors: bool) -> Vec<PartView> {
    let n = if has_actors { lanes.len() - 1 } else { 0 };
    let view = |part: &str, tree: &Tree| PartView {
        part: part.to_owned(),
        value: ValueView::of(tree),
    };
    let mut parts = Vec::new();
    for (name, tree) in state.iter().skip(n) {
        match tree {
            Tree::Map(links) if has_actors && name == IN_FLIGHT => {
                let to_actor = |link: &Tree| lanes[..n].iter().any(|to| sender(link, to).is_some());
                let rest = links.iter().filter(|(link, _)| !to_actor(link));
                let rest: Vec<(Tree, Tree)> = rest.cloned().collect();
                if !rest.is_empty() {
                    parts.push(view(name, &Tree::Map(rest)));
                }
            }
            _ => parts.push(view(name, tree)),
        }
    }
    parts
}

/// An actor's state, and what stands beside it.
fn facets(part: &Tree) -> (&Tree, Vec<(&str, &Tree)>) {
    if let Tree::Struct(name, fields) = part
        && name.is_empty()
        && let Some(((first, own), rest)) = fields.split_first()
        && (first == "state" || first == "protocol")
    {
        let rest = rest.iter().map(|(name, tree)| (name.as_str(), tree));
        // A protocol has facets of its own.
        let (own, mut beside) = match first.as_str() {
            "protocol" => facets(own),
            _ => (own, Vec::new()),
        };
        beside.extend(rest);
        return (own, beside);
    }
    (part, Vec::new())
}

/// The timers of a set, or of a map to the ticks that remain, which say themselves that they do: `in 1..=2`.
fn each(timers: &Tree) -> Vec<ValueView> {
    match timers {
        Tree::Set(timers) => timers.iter().map(ValueView::of).collect(),
        Tree::Map(timers) => {
            let timers = timers.iter();
            timers
                .map(|(timer, remaining)| ValueView {
                    tree: timer.clone(),
                    text: format!("{} {}", timer.text(), remaining.text()),
                })
                .collect()
        }
        other => vec![ValueView::of(other)],
    }
}

/// The sender of a link to `to`: what stands before the arrow.
fn sender<'a>(link: &'a Tree, to: &str) -> Option<&'a str> {
    match link {
        Tree::Text(link) => link.strip_suffix(to)?.strip_suffix(" → "),
        _ => None,
    }
}

/// What is in flight to an actor, and from whom it arrives in order.
fn inbox(
    state: &Rendered,
    lanes: &[String],
    to: &str,
    has_ticks: bool,
) -> (Vec<InFlightView>, Vec<usize>) {
    let (mut inbox, mut ordered) = (Vec::new(), Vec::new());
    let links = state.iter().rev().find_map(|(part, tree)| match tree {
        Tree::Map(links) if part == IN_FLIGHT => Some(links),
        _ => None,
    });
    for (link, messages) in links.into_iter().flatten() {
        // Where one name ends like another behind an arrow, the longest is meant.
        let longer = |lane: &&String| lane.len() > to.len() && sender(link, lane).is_some();
        let Some(from_name) = sender(link, to).filter(|_| !lanes.iter().any(|l| longer(&l))) else {
            continue;
        };
        let from = lanes.iter().position(|lane| lane == from_name);
        let messages = match messages {
            Tree::List(messages) => {
                ordered.extend(from);
                messages
            }
            Tree::Set(messages) => messages,
            _ => continue,
        };
        inbox.extend(messages.iter().map(|message| {
            let (content, remaining) = match message {
                Tree::Tuple(name, parts) if has_ticks && name.is_empty() => match &parts[..] {
                    [content, Tree::Atom(remaining)] => (content, Some(remaining.clone())),
                    _ => (message, None),
                },
                _ => (message, None),
            };
            InFlightView {
                from,
                from_name: from_name.to_owned(),
                content: ValueView::of(content),
                remaining,
            }
        }));
    }
    (inbox, ordered)
}
