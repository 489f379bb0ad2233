//! Short labels, over the catalogue: what an action is can be read from each, and which of several it is.

use std::collections::BTreeMap;

use allways::explore::{Action, Explorer};
use allways::models::catalogue;
use allways::trace::About;
use unicode_width::UnicodeWidthStr;

/// Paths of each variant whose actions are looked at.
const PATHS: usize = 24;

/// Columns of a short label, and those that its content has at least.
const SHORT: usize = 60;
const CONTENT_MIN: usize = 16;

/// The actions after a path.
fn actions(explorer: &mut Explorer, path: &str) -> (String, Vec<Action>) {
    let next = explorer.next(path, None).expect("the model is sound");
    let actions = next.groups.into_iter().flat_map(|group| group.actions);
    (next.path, actions.collect())
}

/// Holds the actions of one state against each other.
fn check(place: &str, actions: &[Action]) {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for action in actions {
        let happens = &action.happens;
        let (label, short, parts) = (&happens.label, &happens.short, &happens.parts);
        let other = known.insert(short, label).unwrap_or(label);
        assert_eq!(other, label, "{place}: both are {short}");
        assert_eq!(*short, parts.text(), "{place}");
        let inside = label
            .strip_prefix(&parts.before)
            .and_then(|rest| rest.strip_suffix(&parts.after));
        let inside = inside.unwrap_or_else(|| panic!("{place}: {label} became {short}"));
        let is_cut = parts.content != inside;
        assert!(!is_cut || parts.content.contains('…'), "{place}: {short}");
        assert!(!is_cut || label.width() > SHORT, "{place}: {label}");
        let around = parts.before.width() + parts.after.width();
        let most = SHORT.max(around + CONTENT_MIN);
        assert!(short.width() <= most, "{place}: {short} is long");
    }
}

#[test]
fn actions_that_differ_look_different() {
    let mut n_cut = 0;
    for entry in catalogue().entries() {
        let values = entry.values(&[]).expect("the defaults are allowed");
        for variant in &entry.variants {
            let place = format!("{}/{}", entry.model, variant.name);
            let model = variant.build(&values).expect("it can be built");
            let mut explorer = model.explorer(About::default());
            let mut paths = vec!["0".to_owned()];
            let mut at = 0;
            while at < paths.len() && at < PATHS {
                let (path, actions) = actions(&mut explorer, &paths[at]);
                check(&format!("{place} after {path}"), &actions);
                let is_cut = |one: &&Action| one.happens.short != one.happens.label;
                n_cut += actions.iter().filter(is_cut).count();
                // Deep rather than wide: what is long comes late.
                let longer = actions.iter().rev().take(2);
                paths.extend(longer.map(|action| format!("{path}{}", action.code)));
                at += 1;
            }
        }
    }
    assert!(n_cut > 1000, "hardly a label was cut: {n_cut}");
}

/// The case that people saw: a state that is sent, duplicated, lost, and on whose arrival the receiver crashes.
#[test]
fn what_becomes_of_a_message_is_never_cut() {
    let catalogue = catalogue();
    let (entry, variants) = catalogue.select("crdt/plain-counter").expect("it is there");
    let values = entry.values(&[]).expect("the defaults are allowed");
    let model = variants[0].build(&values).expect("it can be built");
    let mut explorer = model.explorer(About::default());
    let mut shorts = Vec::new();
    let mut paths = vec!["0".to_owned()];
    for at in 0..PATHS {
        let (path, actions) = actions(&mut explorer, &paths[at]);
        paths.extend(actions.iter().map(|one| format!("{path}{}", one.code)));
        let shown = actions.into_iter().map(|action| action.happens.short);
        shorts.extend(shown.filter(|short| short.contains('…')));
    }
    for says in [" ─▶ replica[", "(and a copy stays)", "(crashes after "] {
        let told = shorts.iter().filter(|short| short.contains(says)).count();
        assert!(told > 0, "{says} is in none of {shorts:#?}");
    }
}
