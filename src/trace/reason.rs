//! Why the end of a path contradicts its property, in one line: what the property says there, and which part of what it reads the last step
//! changed, from what to what.
//!
//! Nothing is guessed: which parts a property reads is what its space says of the states of the path, and changes are those between two states.
//! Where no part that is read shows a change, none is named. Which field of a part a property reads nobody knows, so all of the part's changes
//! in the last step stand there.

use super::diff::{STATE, facets};
use super::text::{changed_in_words, differing, elide, place_of, width};
use super::{Change, diff};
use crate::space::{Asked, Asks, IN_FLIGHT, Look, PropertyKind, Rendered, Said};
use crate::value::{Tree, printable};

/// Columns of the whole line.
const LINE: usize = 240;

/// Columns of one change.
const CHANGE: usize = 96;

/// Columns of a value that did not change; a longer one is only named.
const VALUE: usize = 40;

/// Columns of each of two values that differ.
const SIDE: usize = 72;

/// A state of a path, as far as the property goes.
pub(crate) struct Seen {
    /// What it asks there.
    pub(crate) asked: Vec<Asked>,
    /// The state; empty where it is not needed.
    pub(crate) state: Rendered,
}

impl Seen {
    fn asked(&self, asks: Asks) -> Option<&Asked> {
        self.asked.iter().find(|asked| asked.asks == asks)
    }

    fn says(&self, asks: Asks, said: &Said) -> bool {
        self.asked(asks).is_some_and(|asked| asked.said == *said)
    }
}

/// A path whose states were looked at.
pub(crate) struct Told<'a> {
    pub(crate) kind: PropertyKind,
    pub(crate) lanes: &'a [String],
    /// All states of the path, the first one included. Of a path without a loop the last two are looked at, of one with a loop the parts of those of the
    /// loop, and what the property asks in all of them.
    pub(crate) seen: &'a [Seen],
    pub(crate) loop_start: Option<usize>,
}

/// That something panicked.
pub(crate) fn of_panic(message: &str) -> String {
    format!("panicked: {message}")
}

impl Told<'_> {
    /// What the property reads: in the last state, or in the loop.
    pub(crate) fn reads(&self) -> Vec<String> {
        let from = self.loop_start.unwrap_or(self.seen.len() - 1);
        let asked = self.seen[from..].iter().flat_map(|seen| &seen.asked);
        let mut parts: Vec<String> = Vec::new();
        for look in asked.flat_map(|asked| &asked.looks) {
            if !parts.contains(&look.part) {
                parts.push(look.part.clone());
            }
        }
        parts
    }

    /// The reason; `None` where there is nothing to say.
    pub(crate) fn reason(&self) -> Option<String> {
        match self.kind {
            PropertyKind::Always => self.condition(Asks::Condition, "it"),
            PropertyKind::Implies => self.implication(),
            PropertyKind::NoDeadlock => self.deadlock(),
            kind if kind.is_liveness() => self.lasso(self.loop_start?),
            _ => None,
        }
    }

    fn last(&self) -> &Seen {
        &self.seen[self.seen.len() - 1]
    }

    /// The state before the last step, if there is one.
    fn before(&self) -> Option<&Seen> {
        self.seen.len().checked_sub(2).map(|at| &self.seen[at])
    }

    /// The number of the last step.
    fn n_steps(&self) -> usize {
        self.seen.len() - 1
    }

    /// A condition that the last step makes false.
    fn condition(&self, asks: Asks, what: &str) -> Option<String> {
        let asked = self.last().asked(asks)?;
        if asked.said != Said::No {
            return None;
        }
        Some(match self.before() {
            Some(before) if before.says(asks, &Said::Yes) => {
                let step = format!("step {} makes {what} false", self.n_steps());
                self.becomes(&step, before, asked)
            }
            None => format!("{what} is false initially{}", self.reads_there(asked)),
            Some(_) => format!("{what} is false there{}", self.reads_there(asked)),
        })
    }

    fn implication(&self) -> Option<String> {
        let conclusion = self.last().asked(Asks::Conclusion)?;
        let premise = self.last().asked(Asks::Premise)?;
        if conclusion.said != Said::No {
            return None;
        }
        match self.before() {
            Some(before) if before.says(Asks::Premise, &Said::No) => {
                let step = format!("step {} makes its premise true", self.n_steps());
                let premise = self.becomes(&step, before, premise);
                let conclusion =
                    format!("; its conclusion is false{}", self.reads_there(conclusion));
                Some(elide(&(premise + &conclusion), LINE))
            }
            Some(_) => self
                .condition(Asks::Conclusion, "its conclusion")
                .map(|text| elide(&format!("{text}; its premise holds"), LINE)),
            None => Some(format!(
                "initially its premise holds and its conclusion does not{}",
                self.reads_there(conclusion)
            )),
        }
    }

    /// Nothing can happen: what is in flight, which timers are set, and what keeps the run from being allowed to end.
    fn deadlock(&self) -> Option<String> {
        let asked = self.last().asked(Asks::MayEnd)?;
        let when = after(self.n_steps());
        let waits = self
            .waits()
            .map_or_else(String::new, |waits| format!(": {waits}"));
        let there = self.reads_there(asked);
        let text =
            format!("nothing can happen {when}{waits}; and the run may not end there{there}");
        Some(elide(&text, LINE))
    }

    /// What is in flight and which timers are set in the last state, though nothing can happen; `None`: there is nothing of the kind.
    fn waits(&self) -> Option<String> {
        let state = &self.last().state;
        let links = state.iter().find_map(|(part, tree)| match tree {
            Tree::Map(links) if part == IN_FLIGHT && !self.lanes.contains(part) => Some(links),
            _ => None,
        })?;
        let messages = match links.is_empty() {
            true => "no message is in flight".to_owned(),
            false => {
                let links = listed(links.iter().map(link).collect(), CHANGE);
                format!("what is in flight changes nothing or cannot arrive ({links})")
            }
        };
        let timers: Vec<String> = (state.iter())
            .filter(|(part, tree)| self.lanes.contains(part) && has_timers(tree))
            .map(|(part, _)| printable(part).into_owned())
            .collect();
        Some(match timers.is_empty() {
            true => format!("{messages}, no timer is set"),
            false => {
                let timers = listed(timers, VALUE);
                format!("{messages}, the timers of {timers} cannot fire")
            }
        })
    }

    /// What stays unmet for ever.
    fn lasso(&self, start: usize) -> Option<String> {
        let asks = match self.kind {
            PropertyKind::LeadsTo | PropertyKind::Measure => Asks::Conclusion,
            _ => Asks::Condition,
        };
        let states = self.seen;
        let in_loop = &states[start..];
        let unmet = match self.kind {
            PropertyKind::Eventually => "its goal never holds".to_owned(),
            PropertyKind::InfinitelyOften => match in_loop.len() {
                1 => "its goal does not hold where the run stays".to_owned(),
                _ => "its goal holds nowhere in the loop".to_owned(),
            },
            PropertyKind::Stabilises => {
                let at = in_loop.iter().position(|seen| seen.says(asks, &Said::No))?;
                let every = if in_loop.len() > 1 {
                    ", in every round"
                } else {
                    ""
                };
                let seen = &in_loop[at];
                let asked = seen.asked(asks)?;
                return Some(elide(
                    &format!(
                        "its goal is false {}{every}{}",
                        after(start + at),
                        reads(": it reads ", values(&asked.looks, &seen.state, self.lanes))
                    ),
                    LINE,
                ));
            }
            _ => {
                let last_goal = states.iter().rposition(|seen| seen.says(asks, &Said::Yes));
                let pending = last_goal.map_or(0, |at| at + 1);
                let premise = |seen: &Seen| seen.says(Asks::Premise, &Said::Yes);
                let at = pending + states[pending..].iter().position(premise)?;
                format!(
                    "its premise holds {}, its goal neither then nor later",
                    after(at)
                )
            }
        };
        let throughout = throughout(in_loop, asks, self.lanes);
        let lead = match in_loop.len() {
            1 => ": where the run stays it reads ",
            _ => ": in the loop it reads ",
        };
        Some(elide(&(unmet + &reads(lead, throughout)), LINE))
    }

    /// The changes in what is read that make an answer another, and what else is read.
    fn becomes(&self, step: &str, before: &Seen, asked: &Asked) -> String {
        let after = self.last();
        let changes_of = |looks: &[Look]| -> Vec<Change> {
            diff(
                &restricted(&before.state, looks),
                &restricted(&after.state, looks),
            )
        };
        let changes = changes_of(&asked.looks);
        if changes.is_empty() {
            let names = asked.looks.iter().map(|look| printable(&look.part));
            let names = listed(names.map(|name| name.into_owned()).collect(), CHANGE);
            let shown = match names.is_empty() {
                true => String::new(),
                false => format!("; it reads {names}, of which nothing that is shown changed"),
            };
            return elide(&format!("{step}{shown}"), LINE);
        }
        let same: Vec<Look> = (asked.looks.iter())
            .filter(|look| changes_of(std::slice::from_ref(*look)).is_empty())
            .cloned()
            .collect();
        let words = changes
            .iter()
            .map(|change| changed_in_words(change, self.lanes, CHANGE));
        let room = LINE.saturating_sub(width(step) + 2);
        let text = format!("{step}: {}", listed(words.collect(), room));
        let also = reads("; it also reads ", values(&same, &after.state, self.lanes));
        // What changed is the reason; the rest stands there only where all of it can.
        match width(&text) + width(&also) <= LINE {
            true => text + &also,
            false => text,
        }
    }

    fn reads_there(&self, asked: &Asked) -> String {
        let values = values(&asked.looks, &self.last().state, self.lanes);
        reads(": it reads ", values)
    }
}

/// Why two runs contradict a `confluent` property: what they end with.
pub(crate) fn of_two_ends(first: &Seen, second: &Seen) -> Option<String> {
    let value = |seen: &Seen, asks| match seen.asked(asks).map(|asked| &asked.said) {
        Some(Said::Value(tree)) => Some(tree.text()),
        _ => None,
    };
    let (a, b) = (value(first, Asks::Value)?, value(second, Asks::Value)?);
    let (a, b) = match width(&a).max(width(&b)) > SIDE {
        true => differing(&a, &b),
        false => (a, b),
    };
    let given = match value(first, Asks::Inputs) {
        Some(inputs) if width(&inputs) <= VALUE => format!("from the same inputs {inputs} "),
        _ => String::new(),
    };
    Some(format!(
        "{given}run 1 ends with {}, run 2 with {}",
        elide(&a, SIDE),
        elide(&b, SIDE)
    ))
}

/// A state with nothing in it but what is looked at.
fn restricted(state: &Rendered, looks: &[Look]) -> Rendered {
    let looked = looks.iter().filter_map(|look| {
        let (part, tree) = state.iter().find(|(part, _)| *part == look.part)?;
        let tree = match &look.facets {
            None => tree.clone(),
            Some(of) => {
                let is_read = |facet: &str| of.contains(&facet);
                let all = facets(tree).unwrap_or_default();
                // A part's state stands first; where nobody looks at it, nothing stands for it.
                let kept = all.iter().filter_map(|(facet, tree)| match *facet {
                    STATE if !is_read(STATE) => Some((STATE.to_owned(), Tree::Unit(String::new()))),
                    facet => is_read(facet).then(|| (facet.to_owned(), (*tree).clone())),
                });
                Tree::Struct(String::new(), kept.collect())
            }
        };
        Some((part.clone(), tree))
    });
    looked.collect()
}

/// What is looked at, each with its value.
fn looked<'a>(looks: &'a [Look], state: &'a Rendered, lanes: &[String]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for look in looks {
        let Some((part, tree)) = state.iter().find(|(part, _)| *part == look.part) else {
            continue;
        };
        let Some(of) = &look.facets else {
            found.push((place_of(part, "", lanes), tree.text()));
            continue;
        };
        let all = facets(tree).unwrap_or_default();
        for facet in of {
            let value = all.iter().find(|(name, _)| name == facet);
            let path = match *facet {
                STATE => String::new(),
                facet => format!(".{facet}"),
            };
            let text = value.map_or_else(|| "{}".to_owned(), |(_, tree)| tree.text());
            found.push((place_of(part, &path, lanes), text));
        }
    }
    found
}

/// What is read, with its value where that is short.
fn values(looks: &[Look], state: &Rendered, lanes: &[String]) -> Vec<String> {
    let looked = looked(looks, state, lanes).into_iter();
    let told = looked.map(|(place, text)| match width(&text) <= VALUE {
        true => format!("{place} = {text}"),
        false => place,
    });
    told.collect()
}

/// What is read in the states of a loop: its value, or its values one after the other.
fn throughout(states: &[Seen], asks: Asks, lanes: &[String]) -> Vec<String> {
    let mut places: Vec<(String, Vec<String>)> = Vec::new();
    for seen in states {
        let Some(asked) = seen.asked(asks) else {
            continue;
        };
        for (place, text) in looked(&asked.looks, &seen.state, lanes) {
            let at = match places.iter().position(|(known, _)| *known == place) {
                Some(at) => at,
                None => {
                    places.push((place, Vec::new()));
                    places.len() - 1
                }
            };
            let known = &mut places[at].1;
            if !known.contains(&text) {
                known.push(text);
            }
        }
    }
    let told = places.into_iter().map(|(place, texts)| {
        let text = texts.join(" or ");
        match width(&text) <= VALUE {
            true => format!("{place} = {text}"),
            false => place,
        }
    });
    told.collect()
}

/// What is read behind a few words, or nothing.
fn reads(lead: &str, items: Vec<String>) -> String {
    match items.is_empty() {
        true => String::new(),
        false => format!("{lead}{}", listed(items, LINE - CHANGE)),
    }
}

/// As many items as fit; a sign where there are more.
fn listed(items: Vec<String>, room: usize) -> String {
    let mut text = String::new();
    for item in items {
        let separator = if text.is_empty() { "" } else { ", " };
        if !text.is_empty() && width(&text) + width(separator) + width(&item) > room {
            text.push_str(", …");
            return text;
        }
        text.push_str(separator);
        text.push_str(&item);
    }
    text
}

/// When a state is, by the number of steps before it.
fn after(n_steps: usize) -> String {
    match n_steps {
        0 => "initially".to_owned(),
        n => format!("after step {n}"),
    }
}

fn has_timers(part: &Tree) -> bool {
    let facets = facets(part).unwrap_or_default();
    facets.iter().any(|(facet, _)| *facet == "timers")
}

/// A link and what is on it.
fn link((name, messages): &(Tree, Tree)) -> String {
    let name = match name {
        Tree::Text(name) => printable(name).into_owned(),
        name => name.text(),
    };
    format!("{name}: {}", messages.text())
}
