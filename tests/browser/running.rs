//! The check in the background as the page shows it: counters, the verdict in the end, and whether the server is there.

use serde_json::json;

use crate::Stage;
use crate::page::Page;
use crate::server::Server;

/// Point 11.
pub(crate) fn from_counters_to_disconnection(stage: &Stage<'_>) {
    let server = Server::of_own(&["slow/property", "--threads", "1"]);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());

    // What the counter of states shows while the check goes on.
    let shown = browser.run_async(
        "const done = arguments[0], shown = [], begun = performance.now();
         const look = () => {
             const run = document.querySelector('.top [data-run]')?.dataset.run;
             const text = document.querySelector('[data-counter=unique] dd')?.innerText;
             const n = Number(text?.replaceAll(',', ''));
             if (run === 'running' && text && n !== shown[shown.length - 1]) shown.push(n);
             if (run === 'done' || performance.now() - begun > 120000) done([run, shown, n]);
             else setTimeout(look, 20);
         };
         look();",
        &[],
    );
    let (run, counts, last): (String, Vec<u64>, u64) =
        serde_json::from_value(shown.clone()).expect("counts");
    assert_eq!(run, "done", "{shown}");
    assert!(counts.len() >= 3, "the counter stands still: {shown}");
    assert!(counts.is_sorted(), "the counter goes back: {shown}");
    assert_eq!(last, 2187, "three positions, seven dials");
    let badge = ".top [data-verdict=holds][data-run=done][data-connection=connected]";
    page.wait_for(badge);
    assert!(page.text(".top .badge").contains("holds"));
    let property = page.attribute(
        "[data-property=\"no dial is turned too far\"]",
        "data-verdict",
    );
    assert_eq!(property, "holds");

    // The server goes, and the page says so without being asked.
    let port = server.port().to_string();
    browser.run("window.isTheSamePage = true", &[]);
    drop(server);
    let said = "document.querySelector('.top .badge[data-connection=disconnected]')?.innerText";
    let seen = page.wait("a stopped server is noticed", said, &[]);
    assert!(seen.as_str().expect("a text").contains("disconnected"));

    // Another one comes in its place. It has a token of its own, and the page says that this is why it is not answered.
    let server = Server::of_own(&["slow/property", "--port", &port]);
    page.wait_for(".top [data-connection=refused]");
    let said = page.text("[data-notice=error]");
    assert!(said.contains("Another server answers"), "{said}");
    assert!(said.contains("Open the address"), "{said}");

    // Its address is opened once; the page that was open goes on by itself.
    let (first, second) = browser.second_tab();
    browser.tab(&second);
    browser.open(server.url());
    browser.tab(&first);
    page.wait_for(".top [data-connection=connected]");
    let same = browser.run("return window.isTheSamePage", &[]);
    assert_eq!(same, json!(true), "it was not loaded anew");
    page.wait_for(badge);
}

/// The check is stopped before it is done, of a general model without a boundary.
pub(crate) fn stopped_early(stage: &Stage<'_>) {
    let server = Server::of_own(&["slow/property", "--threads", "1", "--set", "dials=10"]);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.wait_for("[data-property=\"a dial is turned\"][data-verdict=holds]");
    browser.click("[data-command=stop]");
    page.checked();
    let headline = page.text("[data-headline] h2");
    assert_eq!(headline, "Of 3 properties 2 are inconclusive, 1 holds");
    browser.click("[data-about-run] summary");
    let about = page.text("[data-about-run]");
    assert!(about.contains("unique states"), "{about}");
    assert!(!about.contains("boundary"), "{about}");
    // Once it is done, all of them are the same.
    let server = Server::of_own(&["slow/property", "--set", "dials=3"]);
    let page = Page::open(&browser, server.url());
    page.checked();
    page.wait_for("[data-headline][data-verdict=holds]");
    assert_eq!(page.text("[data-headline] h2"), "All 3 properties hold");
}

/// A server for another model comes in the place of the first: nothing of the first stays on the page.
pub(crate) fn another_model(stage: &Stage<'_>) {
    let server = Server::of_own(&["slow/property", "--set", "dials=3"]);
    let port = server.port().to_string();
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.checked();
    drop(server);
    page.wait_for(".top [data-connection=disconnected]");
    let server = Server::of_own(&["ledger/deposit", "--port", &port]);
    page.wait_for(".top [data-connection=refused]");
    let (first, second) = browser.second_tab();
    browser.tab(&second);
    browser.open(server.url());
    browser.tab(&first);
    page.wait_for("[data-model=\"ledger/deposit\"]");
    page.wait_for(".top [data-connection=connected]");
}
