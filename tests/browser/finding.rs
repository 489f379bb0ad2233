//! What a violated model shows: at once, at its violating step, and wherever the same state is reached.

use serde_json::{Value, json};

use crate::Stage;
use crate::driver::key;
use crate::page::Page;
use crate::server::{RACE, SHORT, Server};

/// Keeps, in each new document, the time at which the violation is on the screen for the first time.
const WATCH: &str = "(() => {
    const isSeen = (element) => {
        if (!element || !element.checkVisibility()) return false;
        const { top, bottom, left, right } = element.getBoundingClientRect();
        return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && bottom > top;
    };
    const one = (selector) => document.querySelector(selector);
    const look = () => {
        const headline = one('[data-headline][data-verdict=violated]');
        const step = headline && one(`[data-diagram] [data-step=\"${headline.dataset.headlineStep}\"][data-current=true]`);
        if (isSeen(one('.top [data-verdict=violated]')) && isSeen(headline) && isSeen(step)) window.shownAfter = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()";

/// Point 1.
pub(crate) fn without_a_click(stage: &Stage<'_>) {
    let (model, property) = SHORT;
    let server = Server::of(&[model]);
    let browser = stage.browser();
    browser.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": WATCH }),
    );
    let page = Page::open(&browser, server.url());
    let shown_ms = || {
        let shown = page.wait("the violation is on the screen", "window.shownAfter", &[]);
        shown.as_f64().expect("milliseconds")
    };
    let mut times = vec![shown_ms()];
    // The best of three: the machine may have other things to do.
    while times.len() < 3 && times.iter().all(|&ms| ms >= 1000.0) {
        browser.reload();
        times.push(shown_ms());
    }

    let path = server.counterexample(property);
    let header = server.get(&format!("/paths/{path}"));
    let number = server.property(property);
    let shows = header["counterexamples"].as_array().expect("a list").iter();
    let mut shows = shows.filter(|one| one["property"] == number);
    let shown = shows.next().expect("the path shows it");
    let step = &shown["step"];
    let why = shown["why"].as_str().expect("a reason");

    assert_eq!(page.path(), path);
    assert!(page.text(".top [data-verdict]").contains("violated"));
    let headline = page.text("[data-headline]");
    assert_eq!(page.attribute("[data-headline]", "data-headline"), property);
    for said in [property, "violated", &format!("step {step} of "), why] {
        assert!(headline.contains(said), "{said} is not in: {headline}");
    }
    let is_quick = times.iter().any(|&ms| ms < 1000.0);
    assert!(is_quick, "it took {times:.0?} ms");
}

/// Point 2.
pub(crate) fn violating_step(stage: &Stage<'_>) {
    let (model, property) = SHORT;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.wait_path(&path);
    let step = page.attribute("[data-headline]", "data-headline-step");
    let step: usize = step.parse().expect("a step");
    assert!(step > 1, "the model is violated at once");

    page.press(key::HOME);
    page.wait_at(0);
    assert_eq!(page.now(property), "holds");
    page.press("v");
    page.wait_at(step);
    assert_eq!(page.now(property), "violated");
    let current = format!("[data-diagram] [data-step=\"{step}\"]");
    assert_eq!(page.attribute(&current, "aria-current"), "step");
    page.press("k");
    page.wait_at(step - 1);
    assert_eq!(page.now(property), "holds");
    page.press("j");
    page.wait_at(step);
    assert_eq!(page.now(property), "violated");
}

/// Point 3.
pub(crate) fn another_path(stage: &Stage<'_>) {
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let header = server.get(&format!("/paths/{path}"));
    let (swapped, codes) = exchanged(&server, &header);

    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}&at={swapped}")));
    page.wait_at(swapped);
    let begun = page.path();
    for code in &codes {
        page.act(code);
    }
    let other = page.path();
    assert_ne!(other, begun, "it is another path");
    assert_eq!(page.at(), page.n_steps());
    assert_eq!(page.now(property), "violated");
    // By another way, to the same state.
    let steps = header["steps"].as_array().expect("a list");
    let there = server.get(&format!("/paths/{other}"));
    let last = |path: &Value| path["steps"].as_array().expect("a list").last().cloned();
    assert_eq!(
        last(&there).expect("it has steps")["state"],
        steps.last().expect("it has steps")["state"]
    );
    page.press("k");
    page.wait_at(steps.len() - 1);
    assert_eq!(page.now(property), "holds");
}

/// Two neighbouring steps of a path that can as well happen in the other order: how many come before them, and the codes of the steps from
/// there on, exchanged.
fn exchanged(server: &Server, path: &Value) -> (usize, Vec<String>) {
    let id = path["id"].as_str().expect("a name");
    let number = |field: &str| path[field].as_u64().expect("a number") as usize;
    let (base, code) = (number("base_length"), number("code_length"));
    let steps = path["steps"].as_array().expect("a list");
    let action = |path: &str, at: usize, label: &Value| -> Option<Value> {
        let next = server.get(&format!("/paths/{path}/next?at={at}"));
        let groups = next["groups"].as_array().expect("a list").clone();
        let mut actions = groups
            .into_iter()
            .flat_map(|group| group["actions"].as_array().expect("a list").clone());
        actions.find(|action| action["label"] == *label)
    };
    let text = |action: &Value| action["code"].as_str().expect("a code").to_owned();
    for i in 0..steps.len() - 1 {
        let before = &id[..base + code * i];
        let Some(second) = action(before, i, &steps[i + 1]["label"]) else {
            continue;
        };
        let way = format!("{before}{}", text(&second));
        let Some(first) = action(&way, i + 1, &steps[i]["label"]) else {
            continue;
        };
        if first["state"] != steps[i + 1]["state"] || second["code"] == steps[i]["code"] {
            continue;
        }
        let rest = steps[i + 2..].iter().map(text);
        return (
            i,
            [text(&second), text(&first)]
                .into_iter()
                .chain(rest)
                .collect(),
        );
    }
    panic!("no two steps of {id} can be exchanged");
}
