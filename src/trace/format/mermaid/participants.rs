//! Who takes part in a diagram, and under which name its lines know them.

use super::escape;
use crate::trace::Trace;
use crate::trace::causality::ENVIRONMENT;

/// Longer names are cut.
const NAME: usize = 40;

/// Words that mean something where a line may begin with a name, in any case.
const KEYWORDS: [&str; 33] = [
    "accdescr",
    "acctitle",
    "activate",
    "actor",
    "alt",
    "and",
    "as",
    "autonumber",
    "box",
    "break",
    "create",
    "critical",
    "deactivate",
    "destroy",
    "details",
    "else",
    "end",
    "left",
    "link",
    "links",
    "loop",
    "note",
    "off",
    "opt",
    "option",
    "over",
    "par",
    "par_over",
    "participant",
    "properties",
    "rect",
    "right",
    "title",
];

/// One who takes part.
struct Participant<'a> {
    lane: &'a str,
    /// Letters, digits and `_`: means nothing to Mermaid, and is nobody else's.
    id: String,
}

/// Those who take part, in the order of the trace's lanes.
pub(super) struct Participants<'a> {
    list: Vec<Participant<'a>>,
}

impl<'a> Participants<'a> {
    /// All actors, and the environment where it sends something.
    pub(super) fn of(trace: &'a Trace) -> Self {
        let mut list: Vec<Participant<'a>> = Vec::new();
        let n = trace.lanes.len();
        for (i, lane) in trace.lanes.iter().enumerate() {
            let is_environment = lane == ENVIRONMENT && i + 1 == n && n > 1;
            if is_environment && !sends(trace, lane) {
                continue;
            }
            if list.iter().all(|other| other.lane != lane) {
                let id = unused(&list, lane);
                list.push(Participant { lane, id });
            }
        }
        if list.is_empty() {
            let id = "model".to_owned();
            list.push(Participant { lane: "model", id });
        }
        Participants { list }
    }

    /// The lines that declare them.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |participant: &Participant<'_>| {
            let kind = match participant.lane {
                ENVIRONMENT => "actor",
                _ => "participant",
            };
            let name = escape::name(participant.lane, NAME);
            if name == participant.id {
                format!("{kind} {name}")
            } else {
                format!("{kind} {} as {name}", participant.id)
            }
        };
        self.list.iter().map(line).collect()
    }

    /// Under which name a lane is known here, if it takes part.
    pub(super) fn id(&self, lane: &str) -> Option<&str> {
        let mut list = self.list.iter();
        list.find(|participant| participant.lane == lane)
            .map(|participant| participant.id.as_str())
    }

    /// From the first to the last.
    pub(super) fn all(&self) -> String {
        match &self.list[..] {
            [first, .., last] => format!("{},{}", first.id, last.id),
            [only] => only.id.clone(),
            [] => unreachable!("somebody takes part"),
        }
    }
}

/// Whether something comes from this lane.
fn sends(trace: &Trace, lane: &str) -> bool {
    let mut steps = trace.paths.iter().flat_map(|path| &path.steps);
    steps.any(|step| step.from.as_deref() == Some(lane))
}

/// A name for the lines of the diagram that nobody has yet, as near to the lane's as may be.
fn unused(list: &[Participant<'_>], lane: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    let mut id = String::new();
    for c in lane.chars().take(NAME) {
        if is_plain(c) {
            id.push(c);
        } else if !id.ends_with('_') {
            id.push('_');
        }
    }
    let mut id = id.trim_matches('_').to_owned();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic()) {
        id.insert_str(0, "lane_");
    }
    if KEYWORDS.contains(&id.to_ascii_lowercase().as_str()) {
        id.push('_');
    }
    let is_free = |id: &str| list.iter().all(|other| other.id != id);
    if is_free(&id) {
        return id;
    }
    let numbered = (2..).map(|n| format!("{id}_{n}"));
    numbered
        .into_iter()
        .find(|id| is_free(id))
        .unwrap_or_else(|| unreachable!("there are more numbers than lanes"))
}
