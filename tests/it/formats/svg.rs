//! The space-time diagram.

use allways::search::Verdict;
use allways::space::{PropertyKind, StepKind};
use allways::trace::to_svg;

use super::{labels, of_class};
use crate::stories::{
    everything, hostile, lasso, message, path, sends, step, stories, trace, two_runs,
};

fn number(node: &roxmltree::Node<'_, '_>, name: &str) -> f64 {
    let value = node.attribute(name).expect("an attribute");
    value.parse().expect("a number")
}

#[test]
fn a_picture_has_a_row_for_each_step_and_an_arrow_for_each_message() {
    let drawn = to_svg(&everything());
    let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
    let expected = [
        "1 ask: Go",
        "2 Request",
        "3 Reply (lost)",
        "4 split forms: groups",
        "5 timer Retry",
        "6 Request (and a copy stays)",
        "7 crashes",
        "8 split heals: groups",
        "9 chooses which: 0",
        "10 recovers",
        "11 timer Beat",
        "12 Beat",
        "13 tick",
        "14 bounds on time hold from here on",
        "15 forges Lie of client",
        "16 Lie",
        "17 ignores Request from client",
        "18 Request (crashes after 1 of 2 effec…",
    ];
    assert_eq!(labels(&svg), expected);
    // Stimulus, Request, Beat, Lie, and the one that a process crashes in; those that do not arrive beside them.
    assert_eq!(of_class(&svg, "lost").count(), 2);
    assert_eq!(of_class(&svg, "copied").count(), 1);
    assert_eq!(of_class(&svg, "band").count(), 4);
    assert_eq!(of_class(&svg, "gone").count(), 2);
    assert_eq!(of_class(&svg, "name").count(), 4);
    assert_eq!(of_class(&svg, "shade").count(), 1);
    assert_eq!(of_class(&svg, "on").count(), 1);
    assert_eq!(of_class(&svg, "bracket").count(), 0);
    // The Request begins where the client is told to send it, and what was cut is whole in its title.
    let request = of_class(&svg, "arrow")
        .find(|node| node.children().any(|child| child.text() == Some("Request")));
    let path = request.expect("an arrow").attribute("d").expect("a path");
    let lanes: Vec<f64> = of_class(&svg, "lane")
        .filter_map(|lane| {
            let (x, rest) = lane.attribute("d")?.strip_prefix('M')?.split_once(' ')?;
            rest.starts_with("30V").then(|| x.parse().ok())?
        })
        .collect();
    assert!(
        path.starts_with(&format!("M{} 92L{} 128", lanes[0], lanes[1] - 5.0)),
        "{path}"
    );
    let titles = svg
        .root()
        .descendants()
        .filter(|node| node.has_tag_name("title"));
    let mut titles = titles.filter_map(|node| node.text());
    assert!(titles.any(|title| title == "Request (crashes after 1 of 2 effects)"));
}

#[test]
fn a_picture_is_what_it_was() {
    let trace = trace(
        &["a", "b"],
        vec![path(vec![
            sends(
                sends(step(StepKind::Timeout, "a", "Go"), "b", "Hi"),
                "b",
                "Ho",
            ),
            message(StepKind::Deliver, "a", "b", "Hi"),
        ])],
    );
    let drawn = to_svg(&trace);
    let (_, body) = drawn.split_once("</defs>\n").expect("a head");
    assert_eq!(body, include_str!("greeting.svg.txt"), "{body}");
}

#[test]
fn a_lasso_is_a_bracket_and_messages_of_the_round_before_come_from_its_top() {
    let drawn = to_svg(&lasso());
    let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
    let bracket = of_class(&svg, "bracket").next().expect("a bracket");
    assert_eq!(bracket.attribute("d"), Some("M54 182H44V110H54"));
    assert_eq!(of_class(&svg, "shade").count(), 0);
    assert!(drawn.contains("and again from step 2, for ever"));
    let mut stays = lasso();
    stays.paths[0].loop_start = Some(3);
    let stays = to_svg(&stays);
    roxmltree::Document::parse(&stays).expect("well-formed");
    assert!(stays.contains("stays there for ever"));
}

#[test]
fn two_runs_stand_below_each_other() {
    let drawn = to_svg(&two_runs());
    let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
    assert_eq!(labels(&svg), ["1 chooses 0", "1 chooses 1"]);
    for text in [
        "run 1 of 2",
        "run 2 of 2",
        "from initial state 1 of 2",
        "a: Zero or One",
    ] {
        assert!(drawn.contains(text), "{text}");
    }
}

#[test]
fn a_witness_is_no_violation() {
    let mut trace = lasso();
    trace.paths[0].loop_start = None;
    trace.property.kind = PropertyKind::Reachable;
    trace.property.verdict = Verdict::Holds;
    let drawn = to_svg(&trace);
    let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
    assert_eq!(
        (
            of_class(&svg, "met").count(),
            of_class(&svg, "shade").count()
        ),
        (1, 0)
    );
    assert!(drawn.contains("✓ reachable &quot;all is well&quot;: reached in 3 steps"));
}

#[test]
fn nothing_in_a_model_is_obeyed_and_everything_is_in_the_picture() {
    for trace in stories() {
        let drawn = to_svg(&trace);
        let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
        let root = svg.root_element();
        let (width, height) = (number(&root, "width"), number(&root, "height"));
        for node in root.descendants().filter(roxmltree::Node::is_element) {
            let tag = node.tag_name().name();
            let known = [
                "svg", "title", "style", "defs", "marker", "path", "rect", "g", "text", "circle",
            ];
            assert!(known.contains(&tag), "{tag}");
            for attribute in node.attributes() {
                let (name, value) = (attribute.name(), attribute.value());
                assert!(!name.starts_with("on") && !name.contains("href"), "{name}");
                assert!(
                    !value.contains("url(") || value.starts_with("url(#allways-"),
                    "{value}"
                );
            }
            if tag == "text" {
                assert!(number(&node, "x") <= width && number(&node, "y") <= height);
            }
        }
        assert!(!drawn.contains(|c: char| c.is_control() && c != '\n'));
    }
    // What is evil is there, as text.
    let drawn = to_svg(&hostile());
    let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
    let mut texts = svg.root().descendants().filter_map(|node| node.text());
    assert!(
        texts.any(|text| text.contains("<img src=x onerror=alert(1)>&amp;\"'\\u{1b}[31m\\n]]>"))
    );
}
