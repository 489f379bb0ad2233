//! Labels where there is little room: what an action is, and what a step breaks, is never what is cut off.

use std::collections::BTreeSet;

use serde_json::json;

use crate::Stage;
use crate::driver::key;
use crate::page::Page;
use crate::server::{LASSO, LONG_LABELS, Server};

/// Columns of a label of which nothing is cut off: each has its end on the screen.
const WHOLE: &str =
    "return [...document.querySelectorAll(arguments[0] + ' .cuts')].every((one) => {
    const box = one.parentElement.getBoundingClientRect(), end = one.querySelector('.after');
    const { right } = end.getBoundingClientRect();
    return right <= box.right + 1 && end.scrollWidth <= end.clientWidth + 1;
})";

/// Actions on a long message: each says what it is.
pub(crate) fn actions(stage: &Stage<'_>) {
    let (model, _) = LONG_LABELS;
    let server = Server::of(&[model]);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.checked();
    page.press(key::HOME);
    page.press("jj");
    page.wait_at(2);
    page.wait_for("[data-region=actions][aria-busy=false] [data-action]");
    let shown = browser.run(
        "return [...document.querySelectorAll('[data-action] .what')].map((one) => one.innerText)",
        &[],
    );
    let shown: Vec<String> = serde_json::from_value(shown).expect("texts");
    let different: BTreeSet<&String> = shown.iter().collect();
    assert_eq!(different.len(), shown.len(), "{shown:#?}");
    for says in ["─▶ replica[", "(and a copy stays)", "(crashes after "] {
        let is_said = |text: &&String| text.contains('…') && text.contains(says);
        assert!(shown.iter().any(|text| is_said(&text)), "{shown:#?}");
    }
}

/// Steps in a narrow list: the message gives way, and nothing else does.
pub(crate) fn steps(stage: &Stage<'_>) {
    let (model, property) = LONG_LABELS;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}&tab=steps")));
    page.wait_for(".steps .cuts");
    for width in [1440, 1000, 900] {
        browser.resize(width, 900);
        for (tab, place) in [("steps", ".steps [role=row]"), ("tree", ".visited")] {
            page.show(tab);
            page.wait_for(&format!("{place} .cuts"));
            let is_whole = browser.run(WHOLE, &[json!(place)]);
            assert_eq!(is_whole, json!(true), "{tab} at {width} pixels");
        }
    }

    // What a step breaks stands before whose verdict it is, also on a path that goes on for ever; and both views mark the same steps.
    let (model, property) = LASSO;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    let broken = page.attributes("[data-diagram] [data-broken=true]", "data-step");
    assert!(!broken.is_empty(), "a step breaks something");
    page.show("steps");
    page.wait_for(".steps [data-broken=true]");
    assert_eq!(
        page.attributes(".steps [data-broken=true]", "data-step"),
        broken
    );
    let row = page.text(".steps [data-broken=true]");
    assert!(row.contains('✗') && row.contains("violated: "), "{row}");
}
