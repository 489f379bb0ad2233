//! A liveness counterexample: a loop that is shown as one, and gone round.

use crate::Stage;
use crate::driver::key;
use crate::page::Page;
use crate::server::{LASSO, SHORT, Server};

/// Point 10.
pub(crate) fn goes_round(stage: &Stage<'_>) {
    let (model, property) = LASSO;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let header = server.get(&format!("/paths/{path}"));
    let number = |value: &serde_json::Value| value.as_u64().expect("a number") as usize;
    let (n, start) = (number(&header["n_steps"]), number(&header["loop"]["start"]));
    assert!(n - start > 1, "the loop has more than one step");

    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.checked();
    browser.click(&format!("[data-jump=\"{}\"]", server.property(property)));
    page.wait_path(&path);
    assert_eq!(page.attribute("[data-headline]", "data-headline"), property);
    assert!(page.text("[data-headline]").contains("for ever"));
    // A bracket with an arrow back, in the diagram and in the list.
    page.wait_for(&format!(
        "[data-diagram] [data-loop=\"{start}\"] .bracket[marker-end]"
    ));
    let height = |selector: &str| {
        let body = "return document.querySelector(arguments[0]).getBoundingClientRect().height";
        let height = browser.run(body, &[selector.into()]);
        height.as_f64().expect("pixels")
    };
    assert!(height("[data-loop] .bracket") > 20.0 * (n - start) as f64);
    page.press(key::END);
    page.wait_at(n);
    assert_eq!(page.n_steps(), n);
    // Twice round.
    for _ in 0..2 {
        page.press("j");
        page.wait_at(start);
        for at in start + 1..=n {
            page.press("j");
            page.wait_at(at);
        }
    }
    browser.click("[data-command=forward]");
    page.wait_at(start);
    page.show("steps");
    page.wait_for(".steps .loop-edge");

    // A path without a loop ends where it ends.
    let (model, property) = SHORT;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    let n = page.n_steps();
    page.press(key::END);
    page.press("j");
    page.wait_at(n);
    assert_eq!(page.count("[data-loop]"), 0);
    assert!(page.count("[data-command=forward][disabled]") == 1);
}
