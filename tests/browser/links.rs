//! The address: actions write it, Back and Forward follow it, a reload and a link restore from it, and a model that changed is told from it.

use serde_json::{Value, json};

use crate::Stage;
use crate::driver::key;
use crate::page::Page;
use crate::server::{RACE, SHORT, Server};

/// Characters of a step in an address.
const CODE: usize = 6;

/// Point 4.
pub(crate) fn back_and_forward(stage: &Stage<'_>) {
    let server = Server::of(&[SHORT.0]);
    let model = server.get("/model");
    let start = model["start"].as_str().expect("a path");
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={start}&at=0")));
    page.wait_at(0);

    // Path and address before the first action, after it, after the second.
    let mut places = vec![(page.path(), browser.url())];
    for n in 1..=2 {
        page.wait_for("[data-action][data-mark=new]");
        let code = page.attribute("[data-action][data-mark=new]", "data-action");
        page.act(&code);
        let (before, url) = &places[n - 1];
        assert_eq!(page.path(), format!("{before}{code}"), "one step more");
        assert_eq!(page.n_steps(), n);
        assert_ne!(browser.url(), *url);
        assert!(browser.url().contains(&page.path()));
        let appended = format!("[data-diagram] [data-step=\"{n}\"][data-current=true]");
        page.wait_for(&appended);
        places.push((page.path(), browser.url()));
    }
    let expect = |n: usize| {
        let (path, url) = &places[n];
        page.wait_path(path);
        page.wait_at(n);
        assert_eq!(browser.url(), *url);
        assert_eq!(page.n_steps(), n);
    };
    for n in [1, 0] {
        browser.back();
        expect(n);
    }
    for n in [1, 2] {
        browser.forward();
        expect(n);
    }
}

/// All that an address is to restore.
fn looked_at(page: &Page<'_, '_>) -> Value {
    page.checked();
    let read = |selector: &str, name: &str| page.attribute(selector, name);
    let input = |selector: &str| {
        page.browser.run(
            "return document.querySelector(arguments[0]).value",
            &[json!(selector)],
        )
    };
    json!({
        "path": page.path(),
        "at": page.at(),
        "tab": read("[role=tab][aria-selected=true]", "data-tab"),
        "actor": input("[data-actor-select]"),
        "state of": read("[data-state-at]", "data-state-actor"),
        "hidden": page.attributes("[data-hidden-lane]", "data-hidden-lane"),
        "filter": input("#search"),
        "rows": page.attributes(".steps [data-step]", "data-step"),
        "verdicts here": page.verdicts(),
    })
}

/// Point 5.
pub(crate) fn restored(stage: &Stage<'_>) {
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    page.wait_path(&path);
    let usual = looked_at(&page);

    page.press(key::HOME);
    page.wait_at(0);
    page.press("jjj");
    page.wait_at(3);
    // The last actor is selected, the first one hidden.
    let lanes = page.attributes(".lane-head", "data-lane");
    let (hidden, chosen) = (&lanes[0], &lanes[lanes.len() - 1]);
    browser.click(&format!(".lane-head[data-lane=\"{chosen}\"]"));
    page.wait_for(&format!(
        ".lane-head[data-lane=\"{chosen}\"][aria-pressed=true]"
    ));
    browser.click(&format!("[data-hide=\"{hidden}\"]"));
    page.wait_for(&format!("[data-hidden-lane=\"{hidden}\"]"));
    page.show("steps");
    let label = page.text(".steps [data-step=\"1\"] [role=cell]:nth-child(3)");
    let word: String = label.chars().take_while(|c| c.is_alphanumeric()).collect();
    assert!(!word.is_empty(), "{label}");
    page.press("/");
    page.press(&word);
    page.wait_for("[data-found-count]");
    let typed = "document.querySelector('#search').value === args[0] && new URLSearchParams(location.hash.slice(1)).get('q') === args[0]";
    page.wait("the filter is in the address", typed, &[json!(word)]);
    page.wait_at(3);
    let before = looked_at(&page);
    for field in ["at", "tab", "actor", "state of", "hidden", "filter"] {
        assert_ne!(before[field], usual[field], "{field} is as usual");
    }

    browser.reload();
    page.ready();
    page.wait_at(3);
    assert_eq!(looked_at(&page), before, "after a reload");

    // A session that has the cookie, and nothing else.
    let url = browser.url();
    let fresh = stage.browser();
    fresh.open(server.url());
    let page = Page::open(&fresh, &url);
    // A change of what is behind the `#` alone loads nothing anew: so it does not count as fresh without this.
    fresh.reload();
    page.ready();
    page.wait_at(3);
    assert_eq!(looked_at(&page), before, "in a fresh session");
}

/// Point 6.
pub(crate) fn changed_model(stage: &Stage<'_>) {
    let before = Server::of_own(&["moody/walk"]);
    let path = before.counterexample("never arrives");
    let steps = before.get(&format!("/paths/{path}"))["n_steps"].clone();
    assert_eq!(steps, 3, "it runs three times");
    drop(before);

    // Today it runs for the first two places only.
    let today = Server::of_own(&["moody/walk", "--set", "runs=false", "--no-check"]);
    let browser = stage.browser();
    let page = Page::open(&browser, &today.url_of(&format!("p={path}&at=3")));
    let valid = &path[..path.len() - 2 * CODE];
    assert_eq!(page.path(), valid);
    assert_eq!((page.n_steps(), page.at()), (1, 1));
    assert_eq!(
        page.attributes("[data-diagram] [data-step]", "data-step"),
        ["0", "1"]
    );
    let said = page.text("[data-notice=warn]");
    assert!(said.contains("the model changed at step 2"), "{said}");
    // And it goes on from there.
    let code = page.attribute("[data-action]", "data-action");
    page.act(&code);
    assert_eq!(page.n_steps(), 2);
    page.wait_without("[data-notice=warn]");
}
