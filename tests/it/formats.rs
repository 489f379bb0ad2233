//! Formats of traces beside JSON and Mermaid: each read by a parser that is not ours.

use std::collections::BTreeMap;

use allways::search::Verdict;
use allways::space::{Interrupted, PropertyKind, StepKind};
use allways::trace::{
    Causality, Format, SHIVIZ_PARSER, Trace, from_json, to_html, to_json, to_rust_test, to_shiviz,
    to_svg,
};
use allways::value::Tree;

use crate::cli::Sandbox;
use crate::mermaid::{message, named, path, sends, step, trace, trace_file, unit};

/// Nothing that a browser, a terminal or a parser must see as anything but text.
const EVIL: &str = "<img src=x onerror=alert(1)>&amp;\"'\u{1b}[31m\n]]>-->\u{202e}\u{fffe}#\"##";

/// A story with every kind of step.
fn everything() -> Trace {
    use StepKind::*;
    let request = || message(Deliver, "client", "server[0]", "Request");
    let steps = vec![
        sends(
            named("ask", message(Stimulus, "environment", "client", "Go")),
            "server[0]",
            "Request",
        ),
        sends(request(), "client", "Reply"),
        message(Drop, "server[0]", "client", "Reply"),
        named("split", step(Partition, "environment", "groups")),
        sends(step(Timeout, "client", "Retry"), "server[1]", "Request"),
        message(Duplicate, "client", "server[1]", "Request"),
        step(Crash, "server[0]", ""),
        named("split", step(Heal, "environment", "groups")),
        named("which", step(Choose, "server[1]", "0")),
        step(Recover, "server[0]", ""),
        sends(step(Timeout, "server[1]", "Beat"), "server[1]", "Beat"),
        message(Deliver, "server[1]", "server[1]", "Beat"),
        step(Tick, "environment", ""),
        step(Stabilise, "environment", ""),
        sends(
            message(Forge, "client", "server[1]", "Lie"),
            "server[0]",
            "Lie",
        ),
        message(Deliver, "client", "server[0]", "Lie"),
        message(Ignore, "client", "server[1]", "Request"),
        allways::trace::TraceStep {
            interrupted: Some(Interrupted {
                event: Deliver,
                after: 1,
                of: 2,
            }),
            kind: CrashInside,
            ..message(Deliver, "client", "server[1]", "Request")
        },
    ];
    trace(
        &["client", "server[0]", "server[1]", "environment"],
        vec![path(steps)],
    )
}

/// A story that repeats for ever: what its end sends, its beginning delivers.
pub(crate) fn lasso() -> Trace {
    let mut lasso = path(vec![
        sends(step(StepKind::Timeout, "a", "Start"), "b", "Ping"),
        message(StepKind::Deliver, "a", "b", "Ping"),
        sends(step(StepKind::Timeout, "a", "Again"), "b", "Ping"),
    ]);
    lasso.loop_start = Some(1);
    let mut trace = trace(&["a", "b"], vec![lasso]);
    trace.property.kind = PropertyKind::Eventually;
    trace
}

/// A story in which every name and value is hostile.
fn hostile() -> Trace {
    let evil = |n: usize| format!("{EVIL}{n}");
    let tree = || Tree::Text(EVIL.to_owned());
    let mut bad = sends(
        message(StepKind::Deliver, &evil(1), &evil(2), ""),
        &evil(1),
        "",
    );
    bad.content = tree();
    bad.sent[0].content = tree();
    let mut lost = named(EVIL, message(StepKind::Drop, &evil(2), &evil(1), ""));
    lost.content = Tree::Debug(EVIL.to_owned());
    let crash = step(StepKind::Crash, &evil(1), "");
    let mut bad = path(vec![bad, lost, crash]);
    bad.reason = Some(EVIL.to_owned());
    bad.state = vec![(evil(1), tree()), (evil(2), tree())];
    let mut trace = trace(&[&evil(1), &evil(2)], vec![bad]);
    trace.model = evil(3);
    trace.variant = evil(4);
    trace.parameters = vec![(evil(5), evil(6))];
    trace.property.name = evil(7);
    trace
}

/// A story of two runs.
fn two_runs() -> Trace {
    let run = |value: &str| path(vec![step(StepKind::Choose, "a", value)]);
    let mut trace = trace(&["a"], vec![run("0"), run("1")]);
    trace.property.kind = PropertyKind::Confluent;
    trace.paths[1].initial_states = 2;
    trace.ends = vec![allways::trace::Change {
        part: "a".to_owned(),
        path: String::new(),
        before: Some(unit("Zero")),
        after: Some(unit("One")),
    }];
    trace
}

pub(crate) fn stories() -> Vec<Trace> {
    let empty = trace(&["a"], vec![path(Vec::new())]);
    vec![everything(), lasso(), hostile(), two_runs(), empty]
}

#[test]
fn formats_have_names() {
    let names = Format::ALL.map(Format::name);
    assert_eq!(
        names,
        [
            "json",
            "mermaid",
            "svg",
            "html",
            "itf",
            "shiviz",
            "rust-test"
        ]
    );
    let docs = include_str!("../../docs/trace.md");
    for trace in stories() {
        for format in Format::ALL {
            let text = format.export(&trace);
            assert!(text.ends_with('\n'), "{text}");
            assert_eq!(text, format.export(&trace));
        }
        assert_eq!(Format::Json.export(&trace), to_json(&trace));
    }
    for name in names {
        assert!(docs.contains(&format!("--format {name}")), "{name}");
    }
}

/// The elements with this class.
fn of_class<'a>(
    svg: &'a roxmltree::Document<'_>,
    class: &'a str,
) -> impl Iterator<Item = roxmltree::Node<'a, 'a>> {
    svg.root().descendants().filter(move |node| {
        let classes = node.attribute("class").unwrap_or_default();
        classes.split(' ').any(|one| one == class)
    })
}

/// The text of a step's row: its number and its label.
fn labels(svg: &roxmltree::Document<'_>) -> Vec<String> {
    of_class(svg, "step")
        .map(|row| {
            let texts = row.children().filter(|node| node.has_tag_name("text"));
            let texts: Vec<&str> = texts.filter_map(|node| node.text()).collect();
            texts.join(" ")
        })
        .collect()
}

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
    assert_eq!(body, include_str!("formats/greeting.svg.txt"), "{body}");
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

/// A log, taken apart by its own regular expression: who, the clock, what.
fn parsed(log: &str) -> Vec<(String, BTreeMap<String, u32>, String)> {
    let (parser, rest) = log.split_once('\n').expect("a line");
    assert_eq!(parser, SHIVIZ_PARSER);
    let (_, rest) = rest.split_once('\n').expect("a line");
    let parser = regex::Regex::new(parser).expect("a regular expression");
    let mut end = 0;
    let events = parser
        .captures_iter(rest)
        .map(|found| {
            let whole = found.get(0).expect("all of it");
            let between = &rest[end..whole.start()];
            assert!(
                between.trim().is_empty() || between.trim().starts_with("==="),
                "{between}"
            );
            end = whole.end();
            let clock = serde_json::from_str(&found["clock"]).expect("JSON");
            (found["host"].to_owned(), clock, found["event"].to_owned())
        })
        .collect();
    assert_eq!(&rest[end..], if rest.is_empty() { "" } else { "\n" });
    events
}

#[test]
fn a_log_has_the_clock_of_each_step() {
    for trace in stories() {
        let events = parsed(&to_shiviz(&trace));
        let steps: Vec<_> = (trace.paths.iter())
            .flat_map(|path| {
                let causality = Causality::of(path, &trace.lanes);
                let clocks = causality.clocks.clone();
                causality.line.clone().into_iter().zip(clocks)
            })
            .collect();
        assert_eq!(events.len(), steps.len());
        for ((host, clock, _), (own, expected)) in events.iter().zip(steps) {
            // ShiViz's own rule: every event counts its host up by one.
            assert_eq!(clock[host], expected[own], "{host}");
            assert_eq!(clock.len(), expected.iter().filter(|n| **n > 0).count());
        }
    }
}

#[test]
fn a_log_is_what_it_was() {
    let mut ping = lasso();
    ping.lanes = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(
        to_shiviz(&ping),
        r#"(?<host>\S+) (?<clock>\{[^\n]*\})\n(?<event>[^\n]*)

a {"a":1}
1. a  timer Start
b {"a":1, "b":1}
2. a ─ Ping ─▶ b (from here it repeats for ever)
a {"a":2}
3. a  timer Again
"#
    );
    assert!(to_shiviz(&two_runs()).contains("\n=== run 2 of 2 ===\na {\"a\":1}\n1. chooses 1\n"));
}

#[test]
fn names_that_a_log_cannot_hold_are_told_apart() {
    let steps = vec![
        step(StepKind::Timeout, "a b", "t"),
        step(StepKind::Timeout, "a\"b", "t"),
    ];
    let trace = trace(&["a b", "a\"b"], vec![path(steps)]);
    let hosts: Vec<String> = parsed(&to_shiviz(&trace))
        .into_iter()
        .map(|(host, ..)| host)
        .collect();
    assert_eq!(hosts, ["a_b", "a_b_2"]);
}

#[test]
fn a_trace_becomes_a_test_that_replays_it() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let test = sandbox
        .run(&["trace", "export", &file, "--format", "rust-test"])
        .stdout;
    assert!(
        test.contains("\n#[test]\nfn replays_no_migration_to_a_stranger() {\n"),
        "{test}"
    );
    // What the test does: the text between the signs of its raw string, replayed by name.
    let (_, json) = test
        .split_once("const TRACE: &str = r#\"")
        .expect("a constant");
    let json = json.strip_suffix("\"#;\n").expect("its end");
    allways::testing::assert_replays(&allways::models::catalogue(), json);
    let other = json.replace("fire-and-forget", "callback-chain");
    let failed = std::panic::catch_unwind(|| {
        allways::testing::assert_replays(&allways::models::catalogue(), &other);
    });
    let message = failed
        .expect_err("another trace")
        .downcast::<String>()
        .expect("a message");
    assert!(message.contains("does not replay"), "{message}");
}

#[test]
fn a_hostile_trace_ends_no_raw_string() {
    let test = to_rust_test(&hostile());
    let (_, rest) = test
        .split_once("const TRACE: &str = r")
        .expect("a constant");
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let (json, after) = rest[hashes + 1..].split_once(&end).expect("its end");
    assert_eq!(after, ";\n");
    assert_eq!(json, to_json(&hostile()));
    assert_eq!(hashes, 3);
    // Comments end with their lines.
    assert!(
        test.lines().take(4).all(|line| line.starts_with("//!")),
        "{test}"
    );
}

#[test]
fn what_is_exported_from_a_real_check_is_read() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let trace =
        from_json(&std::fs::read_to_string(sandbox.path(&file)).expect("a file")).expect("a trace");
    let export = |format: &str| {
        sandbox
            .run(&["trace", "export", &file, "--format", format])
            .stdout
    };
    let drawn = export("svg");
    assert_eq!(drawn, to_svg(&trace));
    let svg = roxmltree::Document::parse(&drawn).expect("well-formed");
    assert_eq!(labels(&svg), ["1 Join", "2 Migrate{to: joiner}"]);
    assert_eq!(parsed(&export("shiviz")).len(), 2);
}

/// The page as its elements: our pages are XML, but for what stands before it and the elements without an end.
fn page(html: &str) -> String {
    let body = html.strip_prefix("<!DOCTYPE html>\n").expect("a page");
    let mut closed = String::with_capacity(body.len());
    for line in body.lines() {
        match line
            .strip_suffix('>')
            .filter(|line| line.starts_with("<meta "))
        {
            Some(meta) => closed.push_str(&format!("{meta}/>")),
            None => closed.push_str(line),
        }
        closed.push('\n');
    }
    closed
}

/// All the text below this element.
fn text_of(node: roxmltree::Node<'_, '_>) -> String {
    let texts = node.descendants().filter(roxmltree::Node::is_text);
    texts.filter_map(|node| node.text()).collect()
}

#[test]
fn a_page_has_the_picture_the_steps_and_what_changed() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let html = sandbox
        .run(&["trace", "export", &file, "--format", "html"])
        .stdout;
    let closed = page(&html);
    let page = roxmltree::Document::parse(&closed).expect("well-formed");
    let steps: Vec<String> = of_class(&page, "step")
        .filter(|node| node.has_tag_name("li"))
        .map(text_of)
        .collect();
    assert_eq!(steps.len(), 2);
    assert!(
        steps[0].starts_with("1joiner ─ Join ─▶ seed"),
        "{}",
        steps[0]
    );
    assert!(
        steps[0].contains("seed.unheard") && steps[0].contains("{} → {member[0], member[1]}"),
        "{}",
        steps[0]
    );
    assert!(
        steps[1].contains("member[0].stranger  None → Some(joiner)"),
        "{}",
        steps[1]
    );
    let svg = page
        .descendants()
        .filter(|node| node.tag_name().name() == "svg");
    assert_eq!(svg.count(), 1);
    assert_eq!(of_class(&page, "last").count(), 1);
    assert!(
        text_of(page.root_element())
            .contains("✗ always \"no migration to a stranger\": violated in 2 steps")
    );
}

#[test]
fn a_page_loads_nothing_runs_nothing_and_obeys_nothing() {
    for trace in stories() {
        let html = to_html(&trace);
        let closed = page(&html);
        let page = roxmltree::Document::parse(&closed).expect("well-formed");
        for node in page.descendants().filter(roxmltree::Node::is_element) {
            let tag = node.tag_name().name();
            assert!(
                !["script", "img", "link", "iframe", "a", "object"].contains(&tag),
                "{tag}"
            );
            for attribute in node.attributes() {
                let (name, value) = (attribute.name(), attribute.value());
                assert!(
                    !name.starts_with("on") && !["src", "href"].contains(&name),
                    "{name}"
                );
                assert!(
                    !value.contains("url(") || value.starts_with("url(#allways-"),
                    "{value}"
                );
            }
        }
        assert!(!html.contains(|c: char| c.is_control() && c != '\n'));
        assert!(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    }
    let closed = page(&to_html(&hostile()));
    let page = roxmltree::Document::parse(&closed).expect("well-formed");
    assert!(
        text_of(page.root_element())
            .contains("<img src=x onerror=alert(1)>&amp;\"'\\u{1b}[31m\\n]]>")
    );
}

#[test]
fn a_page_tells_the_loop_and_why_fairness_allows_it() {
    let mut trace = lasso();
    trace.paths[0].fairness = vec![allways::trace::Fair {
        class: "deliver <Ping>".to_owned(),
        fairness: allways::space::Fairness::Weak,
        met: allways::trace::Met::Taken { step: 2 },
    }];
    let closed = page(&to_html(&trace));
    let page = roxmltree::Document::parse(&closed).expect("well-formed");
    let text = text_of(page.root_element());
    assert!(text.contains("from here it repeats for ever"));
    assert!(text.contains("and again from step 2"));
    assert!(
        text.contains("deliver <Ping> (weak): taken in step 2"),
        "{text}"
    );
    assert_eq!(of_class(&page, "loop").count(), 2);
    let text = to_html(&two_runs());
    for words in [
        "Run 1 of 2",
        "Run 2 of 2",
        "Initial state 1 of 2",
        "Where they end",
    ] {
        assert!(text.contains(words), "{words}");
    }
}
