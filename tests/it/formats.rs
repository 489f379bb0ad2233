//! Formats of traces beside JSON and Mermaid: each read by a parser that is not ours.

pub(crate) mod html;
mod shiviz;
mod svg;

use std::collections::BTreeMap;
use std::fs;

use allways::space::PropertyKind;
use allways::trace::{
    Format, SHIVIZ_PARSER, Style, Trace, compare_text, from_json, to_html, to_itf, to_json,
    to_rust_test, to_svg,
};

use crate::cli::Sandbox;
use crate::stories::{everything, hostile, lasso, stories, trace_file};

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
        from_json(&fs::read_to_string(sandbox.path(&file)).expect("a file")).expect("a trace");
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

#[test]
fn what_goes_on_for_ever_is_said_in_every_heading() {
    let headings = |trace: &Trace| {
        let itf: serde_json::Value =
            serde_json::from_str(&to_itf(trace)).expect("JSON that is ITF");
        let itf = itf["#meta"]["description"]
            .as_str()
            .expect("a text")
            .to_owned();
        let svg = to_svg(trace).replace("&quot;", "\"");
        let html = to_html(trace).replace("&quot;", "\"");
        [itf, svg, html, to_rust_test(trace)]
    };
    let told = "eventually \"all is well\": violated in 3 steps, the last 2 again and again";
    for text in headings(&lasso()) {
        assert!(text.contains(told), "{text}");
    }
    // What every model has needs no name beside its kind.
    let mut panicked = everything();
    panicked.property.name = "no panic".to_owned();
    panicked.property.kind = PropertyKind::NoPanic;
    for text in headings(&panicked) {
        assert!(text.contains("no panic: violated in "), "{text}");
        assert!(!text.contains("no panic \""), "{text}");
    }
    let other = lasso();
    let told = compare_text(&panicked, &other, None, &Style::default());
    assert!(told.contains("property: no panic: violated in A"), "{told}");
}
