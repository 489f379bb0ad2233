//! The page in a window as narrow as a phone.

use serde_json::json;

use crate::Stage;
use crate::page::Page;
use crate::server::Server;

/// Parameters and their values are on the screen, all of them, and whole.
pub(crate) fn parameters(stage: &Stage<'_>) {
    let server = Server::of(&["raft/volatile-vote", "--no-check"]);
    let model = server.get("/model");
    let declared = model["parameters"].as_array().expect("a list");
    let declared: Vec<String> = declared
        .iter()
        .map(|one| {
            let text = |field: &str| one[field].as_str().expect("a text");
            format!("{}={}", text("name"), text("value"))
        })
        .collect();
    assert!(declared.len() > 2, "{declared:?}");
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    for width in [400, 900, 1440] {
        browser.resize(width, 800);
        let seen = page.wait(
            "the window is that wide",
            "innerWidth === args[0] && [...document.querySelectorAll('[data-parameter]')].filter((one) => {
                 const box = one.getBoundingClientRect(), list = one.parentElement.getBoundingClientRect();
                 return one.checkVisibility() && box.width > 0 && box.left >= 0 && box.right <= Math.min(innerWidth, list.right) + 1 && box.bottom <= list.bottom + 1;
             }).map((one) => one.textContent.trim())",
            &[json!(width)],
        );
        let seen: Vec<String> = serde_json::from_value(seen).expect("texts");
        let (mut seen, mut declared) = (seen, declared.clone());
        seen.sort();
        declared.sort();
        assert_eq!(seen, declared, "at {width} pixels");
        let wide = browser.run("return document.documentElement.scrollWidth", &[]);
        assert!(wide.as_u64() <= Some(u64::from(width)), "{wide}");
    }
}
