//! A model that means harm: its texts are shown as texts, and the page asks nobody but its own server.

use serde_json::{Value, json};

use crate::Stage;
use crate::models::hostile::{ACTOR, MARKUP, PROPERTY};
use crate::page::Page;
use crate::server::Server;

/// Point 14.
pub(crate) fn markup_is_text(stage: &Stage<'_>) {
    let server = Server::of_own(&["hostile/markup"]);
    let path = server.counterexample(PROPERTY);
    let browser = stage.browser();
    browser.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": "window.refused = []; addEventListener('securitypolicyviolation', (event) =>
            window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));" }),
    );
    let page = Page::open(&browser, server.url());
    page.wait_path(&path);
    page.wait_at(1);

    // In every view, as it was written, to the last letter.
    let shows = |what: &str, selector: &str| {
        let text = "[...document.querySelectorAll(args[0])].some((one) => one.textContent.includes(args[1]))";
        page.wait(
            &format!("{what} stands in {selector}"),
            text,
            &[json!(selector), json!(what)],
        );
    };
    shows(PROPERTY, "[data-headline]");
    shows(PROPERTY, "[data-property]");
    shows(MARKUP, "[data-diagram] title");
    shows(MARKUP, "[data-diff=changes] [data-after]");
    shows(ACTOR, "[data-actor-select]");
    shows("<svg onload", ".lane-head");
    let headline = page.text("[data-headline] h2");
    assert!(headline.contains(PROPERTY), "{headline}");
    page.press("k");
    page.wait_at(0);
    shows(MARKUP, "[data-inbox]");
    shows("<img src=x onerror", "[data-action]");
    page.press("j");
    page.wait_at(1);
    page.press("d");
    page.wait_for("[data-whole]");
    shows(MARKUP, "[data-whole]");
    page.press("c");
    for tab in ["steps", "tree", "compare", "spacetime"] {
        page.show(tab);
        page.ready();
    }
    browser.click("[data-command=export]");
    page.wait_for("[data-menu=export]");
    browser.click("[data-command=share]");
    page.wait_for("[data-menu=share]");
    page.press("?");
    page.wait_for("dialog[open]");

    // None of it became anything else than text.
    let obeyed = browser.run("return window.obeyed ?? null", &[]);
    assert_eq!(obeyed, Value::Null, "something ran");
    let images = page.attributes("img", "src");
    assert!(
        images.iter().all(|source| source == "icon.svg"),
        "{images:?}"
    );
    let scripts = browser.run("return document.scripts.length", &[]);
    assert_eq!(scripts, 1, "the page's own module");
    let refused = browser.run("return window.refused", &[]);
    assert_eq!(refused, json!([]), "the policy had to refuse something");
    let console = browser.log("browser");
    assert!(console.is_empty(), "the console says: {console:?}");

    // Nothing was asked of anybody else.
    let asked = requests(&browser.log("performance"));
    assert!(asked.len() > 10, "the log of requests is read wrongly");
    let origin = format!("{}/", server.origin());
    for url in asked {
        // What is fetched from nowhere: a document of the browser's own, an inline picture.
        let is_local =
            url.starts_with("data:") || url.starts_with("about:") || url.starts_with("chrome");
        assert!(url.starts_with(&origin) || is_local, "{url} was asked");
    }
}

/// The addresses that were asked, out of the browser's log.
fn requests(log: &[Value]) -> Vec<String> {
    let messages = log.iter().filter_map(|entry| {
        let message = entry["message"].as_str()?;
        serde_json::from_str::<Value>(message).ok()
    });
    let sent = messages.filter(|m| m["message"]["method"] == "Network.requestWillBeSent");
    let urls = sent.filter_map(|m| {
        let url = m["message"]["params"]["request"]["url"].as_str()?;
        Some(url.to_owned())
    });
    urls.collect()
}
