//! Labels cut short: who acts, on whom and what becomes of it always stay; only what is sent, set or chosen is cut.
//!
//! Labels that stand beside each other are cut together, so that no two that differ look the same: where their contents begin alike, the
//! beginning is left out in favour of the place at which they part.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::Serializer;

use crate::trace::{Parts, elide, width};

/// Columns of a short label, where what is never cut leaves room for it.
const SHORT: usize = 60;

/// Columns that are left to the content, whatever stands around it.
const CONTENT_MIN: usize = 16;

/// Columns of the beginning that are kept where the contents part further on, and of what comes before that place.
const BEGINNING: usize = 6;
const LEAD: usize = 2;

/// So often contents that still look the same are cut anew, before they are not cut at all.
const ROUNDS: usize = 4;

/// A label that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// Who acts, and how.
    pub before: String,
    /// What is sent, set, chosen or done, as far as there is room for it.
    pub content: String,
    /// On whom, and what becomes of it.
    pub after: String,
}

impl Short {
    /// The whole.
    pub fn text(&self) -> String {
        [&self.before[..], &self.content, &self.after].concat()
    }
}

/// As its three parts.
impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [&self.before, &self.content, &self.after].serialize(serializer)
    }
}

/// A label alone.
pub(super) fn short(label: &Parts) -> Short {
    cut(label, 0)
}

/// Labels that stand beside each other.
pub(super) fn shorts(labels: &[Parts]) -> Vec<Short> {
    let mut shorts: Vec<Short> = labels.iter().map(short).collect();
    for _ in 0..ROUNDS {
        let alike = alike(labels, &shorts);
        if alike.is_empty() {
            return shorts;
        }
        for group in alike {
            let parts_at = common(group.iter().map(|&i| labels[i].content.as_str()));
            for i in group {
                shorts[i] = cut(&labels[i], parts_at);
            }
        }
    }
    for i in alike(labels, &shorts).into_iter().flatten() {
        shorts[i].content.clone_from(&labels[i].content);
    }
    shorts
}

/// The labels that differ and look the same, by how they look.
fn alike(labels: &[Parts], shorts: &[Short]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, short) in shorts.iter().enumerate() {
        groups.entry(short.text()).or_default().push(i);
    }
    groups.retain(|_, group| group.iter().any(|&i| labels[i] != labels[group[0]]));
    groups.into_values().collect()
}

/// How many bytes these texts have in common at their beginning.
fn common<'a>(mut texts: impl Iterator<Item = &'a str>) -> usize {
    let Some(first) = texts.next() else { return 0 };
    texts.fold(first.len(), |common, text| {
        let both = first[..common].char_indices().zip(text.chars());
        let mut parts = both.filter(|((_, a), b)| a != b).map(|((at, _), _)| at);
        parts.next().unwrap_or(common.min(text.len()))
    })
}

/// A label with no more of its content than fits. If that leaves out what stands at `place`, a byte of it, its middle is left out instead.
fn cut(label: &Parts, place: usize) -> Short {
    let around = width(&label.before) + width(&label.after);
    let room = SHORT.saturating_sub(around).max(CONTENT_MIN);
    let content = &label.content;
    // One column is for the sign that something was left out.
    let is_seen = width(content) <= room || width(&content[..place]) + 1 < room;
    let cut = match is_seen {
        true => elide(content, room),
        false => {
            let beginning = elide(content, BEGINNING);
            let mut lead = content[..place].char_indices().rev().map(|(at, _)| at);
            let from = lead.nth(LEAD - 1).unwrap_or(0);
            let rest = elide(&content[from..], room - BEGINNING);
            beginning + &rest
        }
    };
    Short {
        before: label.before.clone(),
        content: cut,
        after: label.after.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(content: &str) -> Parts {
        Parts {
            before: "replica[1] ─ ".to_owned(),
            content: content.to_owned(),
            after: " ─▶ replica[0] (crashes after 1 of 2 effects)".to_owned(),
        }
    }

    /// The contents of these labels, cut together: each around the same label.
    fn check(contents: &[&str], expected: &[&str]) {
        let labels: Vec<Parts> = contents.iter().map(|content| label(content)).collect();
        let shorts = shorts(&labels);
        let found: Vec<&str> = shorts.iter().map(|short| &short.content[..]).collect();
        assert_eq!(found, expected);
        for (short, label) in shorts.iter().zip(&labels) {
            assert_eq!((&short.before, &short.after), (&label.before, &label.after));
        }
    }

    #[test]
    fn only_the_content_is_cut() {
        check(&["Gossip{members}"], &["Gossip{members}"]);
        check(&["Gossip{members: {a, b}}"], &["Gossip{members:…"]);
        let alone = Parts {
            before: "a name that is longer than all that a short label may be, and is kept"
                .to_owned(),
            content: String::new(),
            after: String::new(),
        };
        assert_eq!(short(&alone).text(), alone.before);
    }

    #[test]
    fn labels_that_differ_look_different() {
        // Where they part is shown.
        check(
            &["State{known: {1, 2}, at: 1}", "State{known: {1, 2}, at: 2}"],
            &["State…: 1}", "State…: 2}"],
        );
        // One is the beginning of the other.
        check(
            &[
                "Note(aaaaaaaaaaaaaaaaaaaa",
                "Note(aaaaaaaaaaaaaaaaaaaaaaaab",
            ],
            &["Note(…aa", "Note(…aaaaaab"],
        );
        // Two by two.
        check(
            &[
                "abcdefghijklmnopqr-1-xxxxxxxxxx-1",
                "abcdefghijklmnopqr-1-xxxxxxxxxx-2",
                "abcdefghijklmnopqr-2-xxxxxxxxxx-1",
            ],
            &["abcde…x-1", "abcde…x-2", "abcde…r-2-xxxxx…"],
        );
        // The same label is the same.
        check(&["Gossip{members: {a, b}}"; 2], &["Gossip{members:…"; 2]);
    }

    #[test]
    fn letters_are_never_cut_apart() {
        check(
            &["«ä€漢字漢字漢字漢字漢字»é", "«ä€漢字漢字漢字漢字漢字»è"],
            &["«ä€漢…字»é", "«ä€漢…字»è"],
        );
        check(
            &["a\u{308}a\u{308}a\u{308}漢字漢字漢字漢字漢字"],
            &["a\u{308}a\u{308}a\u{308}漢字漢字漢字…"],
        );
    }
}
