//! The page in one file.

use allways::trace::to_html;

use super::of_class;
use crate::cli::Sandbox;
use crate::stories::{hostile, lasso, stories, trace_file, two_runs};

/// The page as its elements: our pages are XML, but for what stands before it and the elements without an end.
pub(crate) fn page(html: &str) -> String {
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
pub(crate) fn text_of(node: roxmltree::Node<'_, '_>) -> String {
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
