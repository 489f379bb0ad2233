//! Tests of reading and writing JSON: what is written is read back, and nothing else is read.

use proptest::prelude::*;

use super::*;
use crate::space::Fairness;
use crate::trace::tests::{recorded, story};
use crate::trace::{Fair, Met, Style, replay};
use crate::value::Tree;

/// The error for this text, with a cure.
fn refused(text: &str) -> String {
    let error = from_json(text).expect_err("not a trace");
    assert!(error.is_file());
    assert!(error.cure().is_some(), "{error} has no cure");
    error.to_string()
}

/// The error for the story's trace after a change to its JSON.
fn refused_after(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut json: serde_json::Value =
        serde_json::from_str(&to_json(&recorded())).expect("our own JSON");
    change(&mut json);
    refused(&json.to_string())
}

#[test]
fn a_trace_is_read_back_as_it_was_written() {
    let trace = recorded();
    let text = to_json(&trace);
    assert_eq!(from_json(&text).expect("our own"), trace);
    assert_eq!(to_json(&from_json(&text).expect("our own")), text);
    assert!(text.ends_with("}\n"));
}

#[test]
fn the_fields_come_in_a_fixed_order() {
    let mut trace = recorded();
    trace.paths[0].steps.remove(2);
    trace.paths[0].steps.remove(0);
    trace.paths[0].state.truncate(1);
    let shown = to_json(&trace);
    assert_eq!(shown, include_str!("example.trace.json"), "{shown}");
}

/// Every field's name in a JSON value.
fn fields(json: &serde_json::Value, names: &mut std::collections::BTreeSet<String>) {
    match json {
        serde_json::Value::Array(elements) => elements.iter().for_each(|e| fields(e, names)),
        serde_json::Value::Object(entries) => {
            for (name, value) in entries {
                names.insert(name.clone());
                fields(value, names);
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let documentation = include_str!("../../../docs/trace.md");
    let mut trace = recorded();
    trace.ends = trace.paths[0].steps[1].changes.clone();
    trace.paths[0].loop_start = Some(0);
    trace.paths[0].fairness = [Met::Taken { step: 1 }, Met::NotEnabled { after: 0 }]
        .map(|met| Fair {
            class: "some step".to_owned(),
            fairness: Fairness::Weak,
            met,
        })
        .into();
    trace.paths[0].reason = Some("panicked".to_owned());
    let every_tree = Tree::Map(vec![(
        Tree::Tuple(
            "t".to_owned(),
            vec![Tree::Text("x".to_owned()), Tree::List(vec![])],
        ),
        Tree::Debug("x".to_owned()),
    )]);
    trace.paths[0].state.push(("x".to_owned(), every_tree));
    let json = serde_json::from_str(&to_json(&trace)).expect("our own JSON");
    let mut names = std::collections::BTreeSet::new();
    fields(&json, &mut names);
    assert_eq!(names.len(), 48, "{names:?}");
    for name in names {
        assert!(documentation.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_string_survives_and_none_reaches_a_terminal_raw() {
    let evil = "\u{1b}[2J\u{9b}1m\n\t\"\\\u{202e}\u{2028}\u{7f}\u{e0041}é東";
    let mut trace = recorded();
    trace.model = evil.to_owned();
    trace.paths[0].steps[0].content = Tree::Text(evil.to_owned());
    let text = to_json(&trace);
    assert!(!text.contains(|c| c != '\n' && is_unsafe(c)));
    assert_eq!(from_json(&text).expect("our own"), trace);
}

#[test]
fn a_text_of_another_kind_is_refused() {
    assert!(refused("").contains("ends too early"));
    assert!(refused("hello").contains("not JSON"));
    assert!(refused("{\"format\": \"allways-trace\", \u{1b}}").contains("not JSON"));
    for json in [
        "[]",
        "3",
        "null",
        "{}",
        "\"allways-trace\"",
        "{\"format\": 3}",
        "{\"format\": \"itf\"}",
    ] {
        assert!(refused(json).contains("not a trace of Allways"), "{json}");
    }
}

#[test]
fn a_trace_cut_anywhere_is_refused() {
    let text = to_json(&recorded());
    let whole = text.trim_end().len();
    for end in (0..whole)
        .filter(|end| text.is_char_boundary(*end))
        .step_by(7)
    {
        assert!(refused(&text[..end]).contains("ends too early"), "{end}");
    }
}

#[test]
fn another_version_is_refused() {
    let newer = refused_after(|json| json["version"] = 2.into());
    assert!(newer.contains("version 2") && newer.contains("newer version of Allways"));
    for version in [0.into(), "1".into(), serde_json::Value::Null, (-1).into()] {
        let error = refused_after(|json| json["version"] = version);
        assert!(error.contains("its version is missing or is none"));
    }
    let missing = refused_after(|json| {
        json.as_object_mut().expect("an object").remove("version");
    });
    assert!(missing.contains("its version is missing or is none"));
}

#[test]
fn damage_is_named() {
    let check = |expected: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let error = refused_after(change);
        assert!(
            error.contains("damaged") && error.contains(expected),
            "{error}"
        );
    };
    check("missing field `model`", &|json| {
        json.as_object_mut().expect("an object").remove("model");
    });
    check("0 paths", &|json| json["paths"] = serde_json::json!([]));
    check("3 paths", &|json| {
        let path = json["paths"][0].clone();
        json["paths"] = serde_json::json!([path, path, path]);
    });
    check("initial state 1 of 1", &|json| {
        json["paths"][0]["initial"] = 1.into()
    });
    check("loop begins behind", &|json| {
        json["paths"][0]["loop_start"] = 4.into()
    });
    check("which is not among its lanes", &|json| {
        json["lanes"] = serde_json::json!(["seed"])
    });
    check("key of step 2", &|json| {
        json["paths"][0]["steps"][1]["key"] = "0".into()
    });
    check("key of step 2", &|json| {
        json["paths"][0]["steps"][1]["key"] = "0G".into()
    });
    check("fingerprint of step 3", &|json| {
        json["paths"][0]["steps"][2]["fingerprint"] = "12".into();
    });
    check("unknown variant `fly`", &|json| {
        json["paths"][0]["steps"][0]["kind"] = "fly".into()
    });
    check("expected value", &|json| {
        json["paths"][0]["steps"][0]["content"] = 7.into()
    });
}

#[test]
fn absurd_depth_is_refused_without_a_crash() {
    for (open, close) in [("[", "]"), ("{\"list\":[", "]}")] {
        let nested = format!("{}{}", open.repeat(200_000), close.repeat(200_000));
        refused(&nested);
        let text = to_json(&recorded());
        let deep = text.replacen("\"unit\": \"Start\"", &format!("\"list\": [{nested}]"), 1);
        assert_ne!(deep, text);
        let error = refused(&deep);
        // A list in a list is no tree, so that only the second reaches the limit.
        assert_eq!(error.contains("recursion"), open != "[", "{error}");
    }
}

#[test]
fn the_deepest_tree_survives() {
    #[derive(serde::Serialize)]
    enum Link {
        End,
        Next { link: Box<Link> },
    }
    let mut chain = Link::End;
    for _ in 0..100 {
        chain = Link::Next {
            link: Box::new(chain),
        };
    }
    // As deep as a space puts a value: in a link's set of the map of messages in flight.
    let tree = Tree::Map(vec![(
        Tree::Text("a → b".to_owned()),
        Tree::Struct(String::new(), vec![("state".to_owned(), Tree::of(&chain))]),
    )]);
    let mut trace = recorded();
    trace.paths[0]
        .state
        .push(("in flight".to_owned(), tree.clone()));
    trace.paths[0].steps[0].sent[0].content = tree.clone();
    trace.paths[0].steps[0].changes[0].after = Some(tree);
    assert_eq!(from_json(&to_json(&trace)).expect("our own"), trace);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever happens to a file, it is refused or read; what is read can be shown and replayed.
    #[test]
    fn a_damaged_file_harms_nobody(damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4)) {
        let mut bytes = to_json(&recorded()).into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte & 0x7f),
                _ => {
                    // Digits and letters move where they still mean something.
                    let to = (at + usize::from(byte)).min(bytes.len() - 1);
                    bytes.swap(at, to);
                }
            }
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(());
        };
        match from_json(&text) {
            Err(error) => prop_assert!(error.is_file() && error.cure().is_some()),
            Ok(trace) => {
                let replayed = replay(&mut story(), &trace);
                prop_assert!(replayed.is_ok());
                for full in [false, true] {
                    let style = Style { full, ..Style::default() };
                    let raw = crate::trace::text(&trace, &style).contains('\u{1b}');
                    prop_assert!(!raw);
                    let replayed = replayed.as_ref().map_err(|e| TestCaseError::fail(e.to_string()))?;
                    prop_assert!(!crate::trace::replay_text(&trace, replayed, &style).is_empty());
                }
            }
        }
    }
}

#[test]
fn unknown_fields_are_left_aside() {
    let mut json: serde_json::Value =
        serde_json::from_str(&to_json(&recorded())).expect("our own JSON");
    json["comment"] = "from a later version 1".into();
    assert_eq!(
        from_json(&json.to_string()).expect("still ours"),
        recorded()
    );
}
