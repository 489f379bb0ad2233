//! What changed between two states, as few and as small changes as the trees allow.
//!
//! A change is reported at the deepest place that both states have: one changed leaf in a nested struct is one change. Sets change as a whole,
//! since their elements have no place; the text shows what was added and removed.

use super::Change;
use crate::space::Rendered;
use crate::value::Tree;

/// A list in which more elements than this changed is shown as a whole.
const LIST_CHANGES_MAX: usize = 8;

/// The facet of an actor that is its state, beside its timers, choices and what it saved.
pub(super) const STATE: &str = "state";

/// The changes from one state to another, part by part, in the order of the state before.
pub fn diff(before: &Rendered, after: &Rendered) -> Vec<Change> {
    let mut changes = Vec::new();
    for (part, old) in before {
        let mut differ = Differ {
            part,
            changes: &mut changes,
        };
        match find(after, part) {
            Some(new) => differ.part(old, new),
            None => differ.push("", Some(old), None),
        }
    }
    for (part, new) in after {
        if find(before, part).is_none() {
            let mut differ = Differ {
                part,
                changes: &mut changes,
            };
            differ.push("", None, Some(new));
        }
    }
    changes
}

fn find<'a>(state: &'a Rendered, part: &str) -> Option<&'a Tree> {
    state
        .iter()
        .find(|(name, _)| name == part)
        .map(|(_, tree)| tree)
}

struct Differ<'a> {
    part: &'a str,
    changes: &'a mut Vec<Change>,
}

impl Differ<'_> {
    fn push(&mut self, path: &str, before: Option<&Tree>, after: Option<&Tree>) {
        // A set or map that is not there is an empty one.
        let empty = Tree::Set(Vec::new());
        let (before, after) = match (before, after) {
            (None, Some(Tree::Map(new))) => return self.map(path, &[], new),
            (Some(Tree::Map(old)), None) => return self.map(path, old, &[]),
            (None, Some(Tree::Set(_))) => (Some(&empty), after),
            (Some(Tree::Set(_)), None) => (before, Some(&empty)),
            both => both,
        };
        self.changes.push(Change {
            part: self.part.to_owned(),
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        });
    }

    /// A whole part. An actor is its state alone, or its state with other facets beside it.
    fn part(&mut self, before: &Tree, after: &Tree) {
        let (Some(old), Some(new)) = (facets(before), facets(after)) else {
            return self.tree("", before, after);
        };
        self.named(&old, &new, |name| {
            if name == STATE {
                String::new()
            } else {
                format!(".{name}")
            }
        });
    }

    /// Two lists of named values, by name.
    fn named(
        &mut self,
        before: &[(&str, &Tree)],
        after: &[(&str, &Tree)],
        path: impl Fn(&str) -> String,
    ) {
        let get = |fields: &[(&str, &Tree)], name: &str| -> Option<usize> {
            fields.iter().position(|(field, _)| *field == name)
        };
        for (name, old) in before {
            match get(after, name) {
                Some(i) => self.tree(&path(name), old, after[i].1),
                None => self.push(&path(name), Some(old), None),
            }
        }
        for (name, new) in after {
            if get(before, name).is_none() {
                self.push(&path(name), None, Some(new));
            }
        }
    }

    fn tree(&mut self, path: &str, before: &Tree, after: &Tree) {
        if before == after {
            return;
        }
        match (before, after) {
            (Tree::Struct(old_name, old), Tree::Struct(new_name, new))
                if old_name == new_name && same_fields(old, new) =>
            {
                for ((field, old), (_, new)) in old.iter().zip(new) {
                    self.tree(&format!("{path}.{field}"), old, new);
                }
            }
            (Tree::Tuple(old_name, old), Tree::Tuple(new_name, new))
                if old_name == new_name && old.len() == new.len() =>
            {
                if let ([old_inner], [new_inner]) = (&old[..], &new[..]) {
                    self.wrapped(path, (before, old_inner), (after, new_inner));
                } else {
                    for (i, (old, new)) in old.iter().zip(new).enumerate() {
                        self.tree(&format!("{path}.{i}"), old, new);
                    }
                }
            }
            (Tree::Map(old), Tree::Map(new)) => self.map(path, old, new),
            (Tree::List(old), Tree::List(new)) => {
                if !self.list(path, old, new) {
                    self.push(path, Some(before), Some(after));
                }
            }
            _ => self.push(path, Some(before), Some(after)),
        }
    }

    /// A value in a wrapper, `Some(…)` or a newtype: the wrapper adds nothing to the path, and is shown where all of it changed.
    fn wrapped(&mut self, path: &str, before: (&Tree, &Tree), after: (&Tree, &Tree)) {
        let mut inner = Vec::new();
        let mut differ = Differ {
            part: self.part,
            changes: &mut inner,
        };
        differ.tree(path, before.1, after.1);
        match &inner[..] {
            [all] if all.path == path => self.push(path, Some(before.0), Some(after.0)),
            _ => self.changes.extend(inner),
        }
    }

    fn map(&mut self, path: &str, before: &[(Tree, Tree)], after: &[(Tree, Tree)]) {
        let get = |entries: &[(Tree, Tree)], key: &Tree| entries.iter().position(|(k, _)| k == key);
        for (key, old) in before {
            let path = format!("{path}[{}]", key.text());
            match get(after, key) {
                Some(i) => self.tree(&path, old, &after[i].1),
                None => self.push(&path, Some(old), None),
            }
        }
        for (key, new) in after {
            if get(before, key).is_none() {
                self.push(&format!("{path}[{}]", key.text()), None, Some(new));
            }
        }
    }

    /// Elements changed in place, or put in or taken out in one place. Says whether that is all that happened.
    fn list(&mut self, path: &str, before: &[Tree], after: &[Tree]) -> bool {
        let pairs = || before.iter().zip(after);
        if before.len() == after.len() {
            let changed = pairs().filter(|(old, new)| old != new).count();
            if changed > LIST_CHANGES_MAX || (changed > 1 && changed == before.len()) {
                return false;
            }
            for (i, (old, new)) in pairs().enumerate() {
                self.tree(&format!("{path}[{i}]"), old, new);
            }
            return true;
        }
        let shorter = before.len().min(after.len());
        let head = pairs().take_while(|(old, new)| old == new).count();
        let tail = before
            .iter()
            .rev()
            .zip(after.iter().rev())
            .take_while(|(old, new)| old == new)
            .count()
            .min(shorter - head);
        let (gone, come) = (
            &before[head..before.len() - tail],
            &after[head..after.len() - tail],
        );
        if !(gone.is_empty() || come.is_empty()) || gone.len() + come.len() > LIST_CHANGES_MAX {
            return false;
        }
        for (i, old) in gone.iter().enumerate() {
            self.push(&format!("{path}[{}]", head + i), Some(old), None);
        }
        for (i, new) in come.iter().enumerate() {
            self.push(&format!("{path}[{}]", head + i), None, Some(new));
        }
        true
    }
}

fn same_fields(a: &[(String, Tree)], b: &[(String, Tree)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((x, _), (y, _))| x == y)
}

/// An actor's facets: the fields of a nameless struct that begins with its state, or its state alone.
pub(super) fn facets(part: &Tree) -> Option<Vec<(&str, &Tree)>> {
    match part {
        Tree::Struct(name, fields) if name.is_empty() => {
            let (first, _) = fields.first()?;
            (first == STATE).then(|| fields.iter().map(|(f, t)| (f.as_str(), t)).collect())
        }
        _ => Some(vec![(STATE, part)]),
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    /// Compares the changes between two values of one part `p`, one per line.
    fn check<T: Serialize, U: Serialize>(before: &T, after: &U, expected: &[&str]) {
        let state = |tree| vec![("p".to_owned(), tree)];
        let changes = diff(&state(Tree::of(before)), &state(Tree::of(after)));
        let lines: Vec<String> = changes.iter().map(line).collect();
        assert_eq!(lines, expected);
    }

    fn line(change: &Change) -> String {
        let side = |tree: &Option<Tree>| tree.as_ref().map_or("nothing".to_owned(), Tree::text);
        format!(
            "{}{}: {} → {}",
            change.part,
            change.path,
            side(&change.before),
            side(&change.after)
        )
    }

    #[derive(Clone, Serialize)]
    struct Outer {
        inner: Inner,
        log: Vec<u8>,
        leader: Option<Inner>,
    }

    #[derive(Clone, Serialize)]
    struct Inner {
        term: u8,
        votes: std::collections::BTreeMap<char, u8>,
        members: std::collections::BTreeSet<u8>,
    }

    fn inner() -> Inner {
        Inner {
            term: 1,
            votes: [('a', 1), ('b', 2)].into(),
            members: [1, 2].into(),
        }
    }

    fn outer() -> Outer {
        Outer {
            inner: inner(),
            log: vec![1, 2, 3],
            leader: None,
        }
    }

    #[test]
    fn nothing_changed() {
        check(&outer(), &outer(), &[]);
    }

    #[test]
    fn one_leaf_is_one_change() {
        let mut after = outer();
        after.inner.term = 2;
        check(&outer(), &after, &["p.inner.term: 1 → 2"]);
    }

    #[test]
    fn a_leaf_behind_some_keeps_its_place() {
        let (mut before, mut after) = (outer(), outer());
        before.leader = Some(inner());
        after.leader = Some(Inner { term: 9, ..inner() });
        check(&before, &after, &["p.leader.term: 1 → 9"]);
        check(&Some(1), &Some(2), &["p: Some(1) → Some(2)"]);
        check(&None::<u8>, &Some(2), &["p: None → Some(2)"]);
    }

    #[test]
    fn maps_change_by_key() {
        let mut after = outer();
        after.inner.votes = [('b', 3), ('c', 4)].into();
        check(
            &outer(),
            &after,
            &[
                "p.inner.votes['a']: 1 → nothing",
                "p.inner.votes['b']: 2 → 3",
                "p.inner.votes['c']: nothing → 4",
            ],
        );
    }

    #[test]
    fn sets_change_as_a_whole() {
        let mut after = outer();
        after.inner.members = [2, 3].into();
        check(&outer(), &after, &["p.inner.members: {1, 2} → {2, 3}"]);
    }

    #[test]
    fn lists_change_where_they_change() {
        check(&(1, 2, 3), &(1, 9, 3), &["p.1: 2 → 9"]);
        check(&vec![1, 2, 3], &vec![1, 9, 3], &["p[1]: 2 → 9"]);
        check(&vec![1, 2], &vec![1, 2, 3], &["p[2]: nothing → 3"]);
        check(&vec![7, 7], &vec![7, 7, 7], &["p[2]: nothing → 7"]);
        check(&vec![1, 2, 3], &vec![2, 3], &["p[0]: 1 → nothing"]);
        check(&vec![1, 2, 3], &vec![4, 5], &["p: [1, 2, 3] → [4, 5]"]);
        check(&vec![1, 2], &vec![2, 1], &["p: [1, 2] → [2, 1]"]);
    }

    #[test]
    fn another_variant_is_another_value() {
        #[derive(Serialize)]
        enum Phase {
            Idle,
            Waiting { until: u8, of: u8 },
        }
        let waiting = |until| Phase::Waiting { until, of: 3 };
        check(&waiting(1), &waiting(2), &["p.until: 1 → 2"]);
        check(
            &Phase::Idle,
            &waiting(1),
            &["p: Idle → Waiting{until: 1, of: 3}"],
        );
    }

    #[test]
    fn an_actor_gains_and_loses_facets() {
        let with_timers = |term, timers: &[&str]| {
            Tree::Struct(
                String::new(),
                vec![
                    ("state".to_owned(), Tree::of(&Inner { term, ..inner() })),
                    (
                        "timers".to_owned(),
                        Tree::Set(timers.iter().map(|t| Tree::Unit((*t).to_owned())).collect()),
                    ),
                ],
            )
        };
        let state = |tree| vec![("p".to_owned(), tree)];
        let lines = |a, b| -> Vec<String> { diff(&state(a), &state(b)).iter().map(line).collect() };
        assert_eq!(
            lines(Tree::of(&inner()), with_timers(2, &["Beat"])),
            ["p.term: 1 → 2", "p.timers: {} → {Beat}"]
        );
        assert_eq!(
            lines(with_timers(1, &["Beat"]), Tree::of(&inner())),
            ["p.timers: {Beat} → {}"]
        );
        assert_eq!(
            lines(with_timers(1, &["Beat"]), Tree::Unit("down".to_owned())).len(),
            2
        );
    }

    #[test]
    fn parts_come_and_go() {
        let before = vec![
            ("a".to_owned(), Tree::of(&1)),
            ("b".to_owned(), Tree::of(&2)),
        ];
        let after = vec![
            ("b".to_owned(), Tree::of(&2)),
            ("c".to_owned(), Tree::of(&3)),
        ];
        let lines: Vec<String> = diff(&before, &after).iter().map(line).collect();
        assert_eq!(lines, ["a: 1 → nothing", "c: nothing → 3"]);
    }

    #[test]
    fn debug_text_changes_as_a_whole() {
        let state = |text: &str| vec![("p".to_owned(), Tree::Debug(text.to_owned()))];
        let lines: Vec<String> = diff(&state("S { x: 1 }"), &state("S { x: 2 }"))
            .iter()
            .map(line)
            .collect();
        assert_eq!(lines, ["p: S { x: 1 } → S { x: 2 }"]);
    }
}
