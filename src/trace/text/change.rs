//! What changed: the right half of a step.

use super::line::{Line, Role, elide, width};
use super::shown_in_brief;
use crate::space::Rendered;
use crate::trace::{Change, Sent, TraceStep};
use crate::value::{Tree, printable};

/// The one part of a general model.
const STATE: &str = "state";

/// A label longer than this does not push the values of other rows aside.
const LABEL_MAX: usize = 28;

/// A value is given at least this many columns, beyond the page if it must.
const VALUE_MIN: usize = 16;

/// More columns than any line has.
pub(super) const UNLIMITED: usize = 1 << 40;

/// A row: where, and what.
struct Row {
    label: String,
    value: Value,
}

enum Value {
    Changed(Tree, Tree),
    Appeared(Tree),
    Vanished(Tree),
    Words(String),
}

/// What changed in a step and what it sent, fitted to `room` columns.
pub(in crate::trace) fn rows(
    step: &TraceStep,
    lanes: &[String],
    full: bool,
    room: usize,
) -> Vec<Line> {
    let changes = step
        .changes
        .iter()
        .filter(|change| full || shown_in_brief(&change.part, lanes))
        .map(|change| changed(change, lanes));
    let mut lines = fitted(&changes.collect::<Vec<Row>>(), room);
    lines.extend(sent(&step.sent, room));
    lines
}

/// What changed in a step and what it sent, each in a few words that stand in no column, in brief.
pub(in crate::trace) fn rows_in_words(
    step: &TraceStep,
    lanes: &[String],
    room: usize,
) -> Vec<String> {
    let changes = step.changes.iter();
    let shown = changes.filter(|change| shown_in_brief(&change.part, lanes));
    let changed = shown.map(|change| changed_in_words(change, lanes, room));
    let sent = sent(&step.sent, room);
    let sent = sent.map(|line| line.pieces().map(|(_, text)| text).collect());
    changed.chain(sent).collect()
}

/// Changes outside a step, fitted to `room` columns.
pub(in crate::trace) fn changes_rows(
    changes: &[Change],
    lanes: &[String],
    room: usize,
) -> Vec<Line> {
    let rows: Vec<Row> = changes
        .iter()
        .map(|change| changed(change, lanes))
        .collect();
    fitted(&rows, room)
}

/// A whole state, fitted to `room` columns.
pub(in crate::trace) fn state_rows(state: &Rendered, room: usize) -> Vec<Line> {
    let rows: Vec<Row> = state
        .iter()
        .map(|(part, tree)| Row {
            label: printable(part).into_owned(),
            value: Value::Words(tree.text()),
        })
        .collect();
    fitted(&rows, room)
}

/// A place in a state, safe to print.
pub(in crate::trace) fn place_of(part: &str, path: &str, lanes: &[String]) -> String {
    // Where nobody acts but the model, its state needs no name either.
    let place = match path.strip_prefix('.') {
        Some(path) if lanes.len() == 1 && part == STATE => path.to_owned(),
        _ => format!("{part}{path}"),
    };
    printable(&place).into_owned()
}

/// A change in a few words, its value fitted to `room` columns.
pub(in crate::trace) fn changed_in_words(change: &Change, lanes: &[String], room: usize) -> String {
    let Row { label, value } = changed(change, lanes);
    let left = room.saturating_sub(width(&label) + 1).max(VALUE_MIN);
    let line = value.fitted(left);
    let value: String = line.pieces().map(|(_, text)| text).collect();
    format!("{label} {value}")
}

fn changed(change: &Change, lanes: &[String]) -> Row {
    Row {
        label: place_of(&change.part, &change.path, lanes),
        value: match (&change.before, &change.after) {
            (Some(before), Some(after)) => Value::Changed(before.clone(), after.clone()),
            (None, Some(after)) => Value::Appeared(after.clone()),
            (Some(before), None) => Value::Vanished(before.clone()),
            (None, None) => Value::Words("changed".to_owned()),
        },
    }
}

/// What was sent: one line for equal messages sent one after the other.
fn sent(sent: &[Sent], room: usize) -> impl Iterator<Item = Line> {
    let groups = sent.chunk_by(|a, b| a.content == b.content);
    groups.map(move |group| {
        let to: Vec<_> = group.iter().map(|sent| printable(&sent.to)).collect();
        let (begin, end) = ("sends ", format!(" to {}", to.join(", ")));
        let message = group[0].content.text();
        let left = room
            .saturating_sub(begin.len() + width(&end))
            .max(VALUE_MIN);
        let line = format!("{begin}{}{end}", elide(&message, left));
        Line::of(Role::Dim, &line)
    })
}

fn fitted(rows: &[Row], room: usize) -> Vec<Line> {
    let labels = rows
        .iter()
        .map(|row| width(&row.label))
        .filter(|width| *width <= LABEL_MAX)
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|row| {
            let mut line = Line::of(Role::Plain, &row.label);
            line.pad_to(labels);
            line.push(Role::Plain, "  ");
            let left = room.saturating_sub(line.width()).max(VALUE_MIN);
            line.append(row.value.fitted(left));
            line
        })
        .collect()
}

impl Value {
    fn fitted(&self, room: usize) -> Line {
        match self {
            Value::Words(words) => Line::of(Role::Plain, &elide(words, room)),
            Value::Appeared(tree) => {
                Line::of(Role::Added, &elide(&format!("+ {}", tree.text()), room))
            }
            Value::Vanished(tree) => {
                Line::of(Role::Removed, &elide(&format!("− {}", tree.text()), room))
            }
            Value::Changed(before, after) => changed_value(before, after, room),
        }
    }
}

/// `before → after`; for sets too long for that what was added and removed; else both cut.
fn changed_value(before: &Tree, after: &Tree, room: usize) -> Line {
    let (old, new) = (before.text(), after.text());
    let arrow = " → ";
    if width(&old) + width(arrow) + width(&new) > room
        && let (Tree::Set(old), Tree::Set(new)) = (before, after)
    {
        return set_change(old, new, room);
    }
    let both = room.saturating_sub(width(arrow));
    let (old, new) = if width(&old) + width(&new) > both {
        differing(&old, &new)
    } else {
        (old, new)
    };
    // What is new matters more: what was gets the smaller share where both are long.
    let share = both.saturating_sub(width(&new)).max(both * 2 / 5);
    let old = elide(&old, share);
    let new = elide(&new, both.saturating_sub(width(&old)));
    let mut line = Line::of(Role::Removed, &old);
    line.push(Role::Plain, arrow);
    line.push(Role::Added, &new);
    line
}

/// Two texts without the words that they begin and end with alike.
pub(in crate::trace) fn differing(old: &str, new: &str) -> (String, String) {
    let word_end = |c: char| c.is_whitespace() || "{}[](),".contains(c);
    let words = |text: &'_ str| -> Vec<String> {
        text.split_inclusive(word_end).map(str::to_owned).collect()
    };
    let (old, new) = (words(old), words(new));
    let shorter = old.len().min(new.len());
    let alike = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
        pairs.take_while(|(a, b)| a == b).count()
    };
    let head = alike(&mut old.iter().zip(&new));
    let tail = alike(&mut old.iter().rev().zip(new.iter().rev())).min(shorter - head);
    // A name in front of a value stays with it.
    let named = |words: &[String]| head > 0 && words[head - 1].trim_end() != words[head - 1];
    let head = if named(&old) { head - 1 } else { head };
    let rest = |words: &[String]| {
        let begin = if head > 0 { "…" } else { "" };
        let end = if tail > 0 { "…" } else { "" };
        let middle = words[head..words.len() - tail].concat();
        format!("{begin}{}{end}", middle.trim_end())
    };
    (rest(&old), rest(&new))
}

fn set_change(old: &[Tree], new: &[Tree], room: usize) -> Line {
    let missing_in = |from: &[Tree], other: &[Tree]| -> String {
        let texts: Vec<String> = from
            .iter()
            .filter(|tree| !other.contains(tree))
            .map(Tree::text)
            .collect();
        texts.join(", ")
    };
    let (added, removed) = (missing_in(new, old), missing_in(old, new));
    let mut line = Line::default();
    if !added.is_empty() {
        let room = if removed.is_empty() { room } else { room / 2 };
        line.push(Role::Added, &elide(&format!("+ {added}"), room));
    }
    if !removed.is_empty() {
        if !added.is_empty() {
            line.push(Role::Plain, "  ");
        }
        let left = room.saturating_sub(line.width());
        line.push(Role::Removed, &elide(&format!("− {removed}"), left));
    }
    line
}
