//! The states that a path goes through, from its first one and what each step changed.
//!
//! A trace holds changes, whose places are text: they are found again by it, and by what was there. Where that does not give the state exactly,
//! which whoever records a step finds out, the step holds the whole part ([`TraceStep::whole`]). In traces of older versions it does not: what was found is not
//! taken on trust, so the changes between the two states have to be those that the trace tells, or the part is not known from there on.

use super::diff::STATE;
use super::{Change, TracePath, diff};
use crate::space::{IN_FLIGHT, Rendered};
use crate::value::Tree;

/// A state, part by part; `None` where the trace does not tell.
pub(crate) type Known = Vec<(String, Option<Tree>)>;

/// The states of a path, the first one included.
pub(super) fn states(path: &TracePath) -> Vec<Known> {
    let mut state = known(&path.state);
    let mut states = vec![state.clone()];
    for step in &path.steps {
        step_over(&mut state, &step.changes, &step.whole);
        states.push(state.clone());
    }
    states
}

/// What is known of a state that is wholly known.
pub(crate) fn known(state: &Rendered) -> Known {
    let parts = state.iter();
    parts
        .map(|(part, tree)| (part.clone(), Some(tree.clone())))
        .collect()
}

/// Goes a step further: the parts of the state after it that are not found from what is known before and the changes. Then they are known too.
pub(crate) fn whole(known: &mut Known, changes: &[Change], after: &Rendered) -> Rendered {
    step_over(known, changes, &Rendered::new());
    let is_found = |(part, tree): &&(String, Tree)| {
        let mut known = known.iter();
        known.any(|(name, found)| {
            name == part && found.as_ref().is_some_and(|found| same(found, tree))
        })
    };
    let whole: Rendered = after
        .iter()
        .filter(|part| !is_found(part))
        .cloned()
        .collect();
    step_over(known, &[], &whole);
    whole
}

fn step_over(state: &mut Known, changes: &[Change], whole: &Rendered) {
    let mut done: Vec<&str> = whole.iter().map(|(part, _)| part.as_str()).collect();
    for change in changes {
        if !done.contains(&change.part.as_str()) {
            done.push(&change.part);
            let of_part = |other: &&Change| other.part == change.part;
            let changes: Vec<&Change> = changes.iter().filter(of_part).collect();
            advance(state, &change.part, &changes);
        }
    }
    for (part, tree) in whole {
        match state.iter_mut().find(|(name, _)| name == part) {
            Some((_, known)) => *known = Some(tree.clone()),
            None => state.push((part.clone(), Some(tree.clone()))),
        }
    }
}

/// Changes one part.
fn advance(state: &mut Known, part: &str, changes: &[&Change]) {
    let at = state.iter().position(|(name, _)| name == part);
    let before = at.and_then(|at| state[at].1.clone());
    let after = match changes {
        // All of it, whatever it was.
        [all] if all.path.is_empty() && before.is_none() => all.after.clone(),
        [all] if all.path.is_empty() && all.after.is_none() => {
            if let Some(at) = at {
                state.remove(at);
            }
            return;
        }
        _ => before.and_then(|before| changed(&before, part, changes)),
    };
    match at {
        Some(at) => state[at].1 = after,
        None => state.push((part.to_owned(), after)),
    }
}

/// The part after its changes, if they are found in it, and are what then differs.
fn changed(before: &Tree, part: &str, changes: &[&Change]) -> Option<Tree> {
    let mut tree = before.clone();
    let leaves = |change: &&&Change| change.after.is_none();
    // Elements of a list are counted before any of them is gone: the last goes first.
    let gone = changes.iter().filter(leaves).rev();
    let rest = changes.iter().filter(|change| !leaves(change));
    for change in gone.chain(rest) {
        if !apply(&mut tree, change) {
            return None;
        }
    }
    let side = |tree: &Tree| vec![(part.to_owned(), tree.clone())];
    let found = diff(&side(before), &side(&tree));
    let is_told = |one: &Change| changes.iter().any(|told| same_change(one, told));
    let is_told = found.len() == changes.len() && found.iter().all(is_told);
    is_told.then(|| without_empty(part, tree))
}

/// What is empty is not there: links without messages, timers and choices of an actor that has none.
fn without_empty(part: &str, mut tree: Tree) -> Tree {
    let is_empty = |tree: &Tree| match tree {
        Tree::Set(elements) | Tree::List(elements) => elements.is_empty(),
        Tree::Map(entries) => entries.is_empty(),
        _ => false,
    };
    match &mut tree {
        Tree::Map(links) if part == IN_FLIGHT => links.retain(|(_, messages)| !is_empty(messages)),
        Tree::Struct(name, facets)
            if name.is_empty() && facets.first().is_some_and(|(first, _)| first == STATE) =>
        {
            facets.retain(|(facet, tree)| facet == STATE || !is_empty(tree));
            if facets.len() == 1 {
                return facets.remove(0).1;
            }
        }
        _ => {}
    }
    tree
}

/// Whether two trees are the same but for the order of maps, which means nothing.
fn same(a: &Tree, b: &Tree) -> bool {
    let all =
        |a: &[Tree], b: &[Tree]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    match (a, b) {
        (Tree::Map(a), Tree::Map(b)) => {
            let is_in = |(key, value): &(Tree, Tree)| {
                let mut others = b.iter();
                others.any(|(other, found)| same(key, other) && same(value, found))
            };
            a.len() == b.len() && a.iter().all(is_in)
        }
        (Tree::List(a), Tree::List(b)) | (Tree::Set(a), Tree::Set(b)) => all(a, b),
        (Tree::Tuple(name, a), Tree::Tuple(other, b)) => name == other && all(a, b),
        (Tree::Struct(name, a), Tree::Struct(other, b)) => {
            let field = |((name, a), (other, b)): (&(String, Tree), &(String, Tree))| {
                name == other && same(a, b)
            };
            name == other && a.len() == b.len() && a.iter().zip(b).all(field)
        }
        _ => a == b,
    }
}

fn same_change(a: &Change, b: &Change) -> bool {
    let side = |a: &Option<Tree>, b: &Option<Tree>| match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a == b,
    };
    a.part == b.part && a.path == b.path && side(&a.before, &b.before) && side(&a.after, &b.after)
}

/// Makes one change to a part.
fn apply(part: &mut Tree, change: &Change) -> bool {
    if let Tree::Struct(name, facets) = part
        && name.is_empty()
        && facets.first().is_some_and(|(first, _)| first == STATE)
    {
        let known = facets.iter_mut().rev();
        for (facet, tree) in known {
            let rest = match facet.as_str() {
                STATE => Some(change.path.as_str()),
                facet => below(&change.path, &format!(".{facet}")),
            };
            if rest.is_some_and(|rest| place(tree, rest, change)) {
                return true;
            }
        }
    } else if place(part, &change.path, change) {
        return true;
    }
    new_facet(part, change)
}

/// A facet that was not there: timers, choices, what an actor saved.
fn new_facet(part: &mut Tree, change: &Change) -> bool {
    let Some(path) = change.path.strip_prefix('.') else {
        return false;
    };
    let (name, rest) = path.split_at(path.find('[').unwrap_or(path.len()));
    let tree = match (rest, &change.after) {
        (_, None) => return false,
        ("", Some(after)) if was_nothing(change) => after.clone(),
        _ => {
            let mut map = Tree::Map(Vec::new());
            if !place(&mut map, rest, change) {
                return false;
            }
            map
        }
    };
    let facet = (name.to_owned(), tree);
    match part {
        Tree::Struct(nameless, facets)
            if nameless.is_empty() && facets.first().is_some_and(|(first, _)| first == STATE) =>
        {
            facets.push(facet);
        }
        alone => {
            let state = (STATE.to_owned(), alone.clone());
            *alone = Tree::Struct(String::new(), vec![state, facet]);
        }
    }
    true
}

/// Whether a change puts something where nothing was: a set that is not there is an empty one.
fn was_nothing(change: &Change) -> bool {
    match &change.before {
        None => true,
        Some(Tree::Set(elements)) => elements.is_empty(),
        Some(_) => false,
    }
}

/// Whether this is what a change found there.
fn was(change: &Change, tree: &Tree) -> bool {
    let before = change.before.as_ref();
    before.is_some_and(|before| same(before, tree))
}

/// What is left of a path below a place, if it leads there.
fn below<'a>(path: &'a str, place: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(place)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// Makes a change at a path below a tree; says whether what was there is there.
fn place(tree: &mut Tree, path: &str, change: &Change) -> bool {
    if path.is_empty()
        && was(change, tree)
        && let Some(after) = &change.after
    {
        *tree = after.clone();
        return true;
    }
    match tree {
        Tree::Struct(_, fields) => fields.iter_mut().any(|(field, tree)| {
            below(path, &format!(".{field}")).is_some_and(|rest| place(tree, rest, change))
        }),
        Tree::Tuple(_, fields) => {
            // A wrapper adds nothing to the path.
            if let [inner] = &mut fields[..] {
                return place(inner, path, change);
            }
            let mut fields = fields.iter_mut().enumerate();
            fields.any(|(i, tree)| {
                below(path, &format!(".{i}")).is_some_and(|rest| place(tree, rest, change))
            })
        }
        Tree::Map(entries) => place_in_map(entries, path, change),
        Tree::List(elements) => place_in_list(elements, path, change),
        Tree::Atom(_) | Tree::Text(_) | Tree::Unit(_) | Tree::Set(_) | Tree::Debug(_) => false,
    }
}

fn place_in_map(entries: &mut Vec<(Tree, Tree)>, path: &str, change: &Change) -> bool {
    for i in 0..entries.len() {
        let (key, value) = &mut entries[i];
        let Some(rest) = below(path, &format!("[{}]", key.text())) else {
            continue;
        };
        if rest.is_empty() && change.after.is_none() && was(change, value) {
            entries.remove(i);
            return true;
        }
        if place(value, rest, change) {
            return true;
        }
    }
    let Some((key, rest)) = first_key(path).filter(|_| was_nothing(change)) else {
        return false;
    };
    let value = match &change.after {
        Some(after) if rest.is_empty() => after.clone(),
        _ => {
            let mut map = Tree::Map(Vec::new());
            if !place(&mut map, rest, change) {
                return false;
            }
            map
        }
    };
    let key = key_of(key, entries);
    let at = entries.iter().position(|(other, _)| is_before(&key, other));
    entries.insert(at.unwrap_or(entries.len()), (key, value));
    true
}

/// A key that was not there before, of which only the text is known: as good as can be told, with the other keys of the map for examples.
fn key_of(text: &str, entries: &[(Tree, Tree)]) -> Tree {
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    if let Some(inside) = inside.filter(|inside| !inside.contains('\\')) {
        return Tree::Text(inside.to_owned());
    }
    if !text.contains(['(', '{', '[', ' ']) {
        if let Some((Tree::Unit(_), _)) = entries.first() {
            return Tree::Unit(text.to_owned());
        }
        return Tree::Atom(text.to_owned());
    }
    Tree::Debug(text.to_owned())
}

/// The order of a map's entries, as far as the text of keys shows it.
fn is_before(a: &Tree, b: &Tree) -> bool {
    let (a, b) = (a.text(), b.text());
    match (a.parse::<i128>(), b.parse::<i128>()) {
        (Ok(a), Ok(b)) => a < b,
        _ => a < b,
    }
}

fn place_in_list(elements: &mut Vec<Tree>, path: &str, change: &Change) -> bool {
    let Some((index, rest)) = first_key(path) else {
        return false;
    };
    let Ok(i) = index.parse::<usize>() else {
        return false;
    };
    if rest.is_empty() && change.before.is_none() && i <= elements.len() {
        let Some(after) = &change.after else {
            return false;
        };
        elements.insert(i, after.clone());
        return true;
    }
    if rest.is_empty()
        && change.after.is_none()
        && elements.get(i).is_some_and(|tree| was(change, tree))
    {
        elements.remove(i);
        return true;
    }
    elements
        .get_mut(i)
        .is_some_and(|tree| place(tree, rest, change))
}

/// What stands in the brackets that a path begins with, and what follows them. Brackets and quotes within are counted.
fn first_key(path: &str) -> Option<(&str, &str)> {
    let inside = path.strip_prefix('[')?;
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in inside.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('[' | '{' | '(', None) => depth += 1,
            (']', None) if depth == 0 => return Some((&inside[..at], &inside[at + 1..])),
            (']' | '}' | ')', None) => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::trace::TraceStep;

    #[derive(Clone, Debug, Serialize)]
    struct Outer {
        log: Vec<u8>,
        seen: BTreeSet<u8>,
        votes: BTreeMap<(u8, char), Option<Inner>>,
        deep: BTreeMap<char, BTreeMap<u8, u8>>,
        pair: (u8, Vec<Inner>),
    }

    #[derive(Clone, Debug, Serialize)]
    struct Inner {
        term: u8,
        timers: BTreeSet<u8>,
    }

    fn inner() -> impl Strategy<Value = Inner> {
        let timers = proptest::collection::btree_set(0u8..3, 0..3);
        (0u8..3, timers).prop_map(|(term, timers)| Inner { term, timers })
    }

    fn outer() -> impl Strategy<Value = Outer> {
        use proptest::collection::{btree_map, btree_set, vec};
        (
            vec(0u8..3, 0..5),
            btree_set(0u8..3, 0..3),
            btree_map(
                (0u8..2, prop_oneof![Just('a'), Just(']'), Just('\'')]),
                proptest::option::of(inner()),
                0..3,
            ),
            // An empty map that comes or goes is no change.
            btree_map(
                prop_oneof![Just('x'), Just('[')],
                btree_map(0u8..3, 0u8..3, 1..3),
                0..3,
            ),
            (0u8..3, vec(inner(), 0..3)),
        )
            .prop_map(|(log, seen, votes, deep, pair)| Outer {
                log,
                seen,
                votes,
                deep,
                pair,
            })
    }

    /// An actor: its state alone, or with facets beside it.
    fn actor() -> impl Strategy<Value = Tree> {
        let timers = proptest::option::of(proptest::collection::btree_set(0u8..3, 1..3));
        let choices = proptest::option::of(proptest::collection::btree_map("[a-c]", 0u8..3, 1..3));
        (outer(), timers, choices).prop_map(|(state, timers, choices)| {
            let mut facets = vec![(STATE.to_owned(), Tree::of(&state))];
            facets.extend(timers.map(|timers| ("timers".to_owned(), Tree::of(&timers))));
            facets.extend(choices.map(|choices| ("choices".to_owned(), Tree::of(&choices))));
            match facets.len() {
                1 => facets.remove(0).1,
                _ => Tree::Struct(String::new(), facets),
            }
        })
    }

    fn path_through(trees: &[Tree]) -> TracePath {
        let state = |tree: &Tree| vec![("p".to_owned(), tree.clone())];
        let steps = trees.windows(2).map(|pair| TraceStep {
            kind: crate::space::StepKind::Act,
            lane: "p".to_owned(),
            from: None,
            name: None,
            interrupted: None,
            content: Tree::Unit(String::new()),
            sent: Vec::new(),
            changes: diff(&state(&pair[0]), &state(&pair[1])),
            whole: Rendered::new(),
            key: String::new(),
            fingerprint: String::new(),
        });
        let mut steps: Vec<TraceStep> = steps.collect();
        let mut so_far = known(&state(&trees[0]));
        for (step, tree) in steps.iter_mut().zip(&trees[1..]) {
            step.whole = whole(&mut so_far, &step.changes, &state(tree));
        }
        TracePath {
            initial: 0,
            initial_states: 1,
            state: state(&trees[0]),
            fingerprint: String::new(),
            steps,
            loop_start: None,
            fairness: Vec::new(),
            reason: None,
            reads: Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// States are found again exactly; without the parts that a step holds whole, but for the shape of keys and for what is empty.
        #[test]
        fn states_are_found_again(trees in proptest::collection::vec(actor(), 1..5)) {
            let mut path = path_through(&trees);
            for (tree, known) in trees.iter().zip(states(&path)) {
                let known = known[0].1.as_ref();
                prop_assert!(known.is_some_and(|known| same(known, tree)), "{known:?}: {tree:?}");
            }
            path.steps.iter_mut().for_each(|step| step.whole.clear());
            for (tree, known) in trees.iter().zip(states(&path)) {
                let known = known[0].1.as_ref();
                prop_assert!(known.is_some(), "lost: {:#?}", path.steps);
                prop_assert_eq!(known.map(facets), Some(facets(tree)));
            }
        }
    }

    /// An actor's facets as text: maps sorted, empty facets left out, which are as good as none.
    fn facets(tree: &Tree) -> BTreeMap<String, String> {
        match tree {
            Tree::Struct(name, facets) if name.is_empty() => (facets.iter())
                .map(|(name, tree)| (name.clone(), normal(tree)))
                .filter(|(_, text)| text != "{}")
                .collect(),
            state => [(STATE.to_owned(), normal(state))].into(),
        }
    }

    /// A text that does not depend on the order of a map's entries.
    fn normal(tree: &Tree) -> String {
        let all = |trees: &[Tree]| trees.iter().map(normal).collect::<Vec<_>>().join(", ");
        match tree {
            Tree::Map(entries) => {
                // Changes do not tell whether a map that lost all its entries is there still.
                let pairs = entries.iter().map(|(key, value)| (key, normal(value)));
                let pairs: BTreeSet<String> = pairs
                    .filter(|(_, value)| value != "{}")
                    .map(|(key, value)| format!("{}: {value}", key.text()))
                    .collect();
                format!("{{{}}}", pairs.into_iter().collect::<Vec<_>>().join(", "))
            }
            Tree::List(elements) => format!("[{}]", all(elements)),
            Tree::Tuple(name, fields) => format!("{name}({})", all(fields)),
            Tree::Struct(name, fields) => {
                let fields = fields.iter();
                let fields: Vec<String> = fields
                    .map(|(field, tree)| format!("{field}: {}", normal(tree)))
                    .collect();
                format!("{name}{{{}}}", fields.join(", "))
            }
            other => other.text(),
        }
    }

    #[test]
    fn what_is_not_told_is_not_known() {
        let tree = Tree::of(&vec![1, 2]);
        let mut path = path_through(&[tree.clone(), Tree::of(&vec![1, 3]), Tree::of(&vec![1, 4])]);
        path.steps[0].changes[0].before = Some(Tree::Atom("9".to_owned()));
        let known = states(&path);
        assert_eq!(known[0][0].1, Some(tree));
        assert_eq!((&known[1][0].1, &known[2][0].1), (&None, &None));
        // Until all of it is told.
        path.steps[1].changes[0].path.clear();
        path.steps[1].changes[0].after = Some(Tree::Atom("7".to_owned()));
        assert_eq!(states(&path)[2][0].1, Some(Tree::Atom("7".to_owned())));
    }

    #[test]
    fn keys_end_where_their_brackets_do() {
        for (path, expected) in [
            ("[a].b", Some(("a", ".b"))),
            ("[(0, ']')]", Some(("(0, ']')", ""))),
            ("[\"a\\\"]\"][1]", Some(("\"a\\\"]\"", "[1]"))),
            ("[[1]]", Some(("[1]", ""))),
            ("[a", None),
            ("a]", None),
            ("", None),
        ] {
            assert_eq!(first_key(path), expected, "{path}");
        }
    }
}
