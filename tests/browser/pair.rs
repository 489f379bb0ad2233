//! Two runs that contradict a property together, neither of them alone: each is shown as a counterexample, and the keys go on from it.

use serde_json::Value;

use crate::Stage;
use crate::driver::key;
use crate::page::Page;
use crate::server::{PAIR, Server};

/// What the check found of a property.
fn discovery(server: &Server, property: &str) -> Value {
    let number = server.property(property);
    let run = server.checked();
    let found = run["discoveries"].as_array().expect("a list");
    let found = found.iter().find(|one| one["property"] == number);
    found.expect("it is violated").clone()
}

fn paths(discovery: &Value) -> [String; 2] {
    let paths = discovery["paths"].as_array().expect("a list");
    let path = |i: usize| paths[i].as_str().expect("a path").to_owned();
    assert_eq!(paths.len(), 2);
    [path(0), path(1)]
}

/// The headline says of the run that is shown that it violates the property, and how.
fn headline_says(page: &Page<'_, '_>, property: &str, run: usize) {
    let of = page.n_steps();
    let headline = page.text("[data-headline]");
    assert_eq!(page.attribute("[data-headline]", "data-headline"), property);
    assert_eq!(
        page.attribute("[data-headline]", "data-verdict"),
        "violated"
    );
    for said in [property, "violated", &format!("run {run} of 2, {of} steps")] {
        assert!(headline.contains(said), "{said} is not in: {headline}");
    }
    assert!(!headline.contains("shows none"), "{headline}");
    assert_eq!(page.at(), of, "it is scrolled to its end");
    let end = format!("[data-diagram] [data-step=\"{of}\"][data-broken=true]");
    assert_eq!(page.count(&end), 1, "its end is marked");
}

/// What the check finds first is two runs.
pub(crate) fn shown(stage: &Stage<'_>) {
    let (model, property, others) = PAIR;
    let server = Server::of(&[model]);
    let found = discovery(&server, property);
    let [first, second] = paths(&found);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.checked();
    page.wait_path(&first);
    headline_says(&page, property, 1);
    let headline = page.text("[data-headline]");
    let reason = found["reason"].as_str().expect("a reason");
    let said = found["why"].as_str().unwrap_or(reason);
    assert!(headline.contains(said), "{said} is not in: {headline}");

    // To its end by key, to the other run, and to both beside each other.
    page.press(key::HOME);
    page.wait_at(0);
    page.press("v");
    page.wait_at(page.n_steps());
    browser.click("[data-command=other-run]");
    page.wait_path(&second);
    headline_says(&page, property, 2);
    browser.click("[data-command=compare]");
    page.wait_for("#app[data-tab-shown=compare] [data-divergence]");

    // The next property, and from the last back to the first.
    for property in others.into_iter().chain([property]) {
        page.press("V");
        page.wait_for(&format!("[data-headline=\"{property}\"]"));
        page.ready();
    }
    headline_says(&page, property, 1);
}

/// A trace file of two runs says the same, without a check; and so does what the page saves of it.
pub(crate) fn opened(stage: &Stage<'_>) {
    let (model, property, _) = PAIR;
    let trace = {
        let server = Server::of(&[model]);
        let [first, second] = paths(&discovery(&server, property));
        let number = server.property(property);
        server.text(&format!(
            "/paths/{first}/export?format=json&property={number}&with={second}"
        ))
    };
    let file = stage.downloads().join("two-runs.trace.json");
    std::fs::write(&file, &trace).expect("it can be written");
    let file = file.to_str().expect("it is text");
    let server = Server::of(&["--no-check", "--trace", file]);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    headline_says(&page, property, 1);
    let saved = crate::files::save(&page, stage.downloads(), "json");
    let saved = std::fs::read_to_string(saved).expect("it is text");
    // But for what only the check knows: that no other two runs read better.
    let (chosen, unknown) = ("\"tie_break\": true", "\"tie_break\": false");
    assert!(trace.contains(chosen));
    assert!(
        saved == trace.replace(chosen, unknown),
        "what is saved is another file"
    );
}
