//! The state beside the diagram: what a step changed, no more and no less.

use serde_json::json;

use crate::Stage;
use crate::page::Page;
use crate::server::{RACE, Server};

/// Point 9.
pub(crate) fn one_field(stage: &Stage<'_>) {
    // A field of a value in a map in a struct in a struct, of a model that is there for it.
    let server = Server::of_own(&["ledger/deposit"]);
    let path = server.counterexample("nobody is richer");
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}&at=1")));
    page.wait_at(1);
    let changed = rows(&page);
    assert_eq!(
        changed,
        json!([["changed", "teller.branch.accounts[2].balance", "10", "42"]])
    );
    assert_eq!(page.count("[data-diff=others]"), 0, "and in no other actor");

    // A field that was not there before, of a protocol of the catalogue.
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let page = Page::open(&browser, &server.url_of(&format!("p={path}&at=4")));
    page.wait_at(4);
    let changed = rows(&page);
    assert_eq!(changed.as_array().map(Vec::len), Some(1), "{changed}");
    let cell = |i: usize| changed[0][i].as_str().unwrap_or_default();
    assert_eq!(
        (cell(0), cell(1)),
        ("added", "database.open[client[0]].read[Savings]")
    );
    assert!(cell(3).contains("balance: 1"), "{changed}");
}

/// What is empty, and when a timer fires, is said in the words of the terminal.
pub(crate) fn as_in_the_terminal(stage: &Stage<'_>) {
    let (model, _) = RACE;
    let server = Server::of(&[model, "--no-check"]);
    let browser = stage.browser();
    let lane = |server: &Server, name: &str| {
        let model = server.get("/model");
        let lanes = model["lanes"].as_array().expect("a list").clone();
        let lane = lanes.into_iter().find(|lane| lane["name"] == name);
        lane.expect("there is one")["lane"].clone()
    };
    let database = lane(&server, "database");
    let page = Page::open(
        &browser,
        &server.url_of(&format!("at=0&view=full&actor={database}")),
    );
    page.wait_for("[data-whole=database]");
    let whole = page.text("[data-whole=database]");
    assert!(whole.contains("open: {}"), "{whole}");

    let server = Server::of(&[
        "failure-detector/heartbeat-partially-synchronous",
        "--no-check",
    ]);
    let page = Page::open(&browser, &server.url_of("at=0&actor=0"));
    page.wait_for("[data-timers] li");
    let timer = page.text("[data-timers] li");
    assert!(
        timer.contains(" in ") && !timer.contains("in in"),
        "{timer}"
    );
}

/// Kind, place, old and new of each change of the actor.
fn rows(page: &Page<'_, '_>) -> serde_json::Value {
    page.browser.run(
        "return [...document.querySelectorAll('[data-diff=changes] [data-change]')].map((one) =>
             [one.dataset.change, one.dataset.path, one.querySelector('[data-before]').innerText, one.querySelector('[data-after]').innerText])",
        &[],
    )
}
