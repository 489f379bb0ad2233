//! For everybody: without a mouse, with a screen reader, in light and dark, without motion.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::driver::{Browser, key};
use crate::page::Page;
use crate::server::{LASSO, RACE, Server};
use crate::{Stage, files, vendored};

/// Says of each element where a person could stop that can be seen: something that tells it from others, and the name of its kind.
const STOPS: &str = "
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.closest('[inert]');
    const all = document.querySelectorAll('a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), summary, [tabindex]');
    const places = [...all].filter((one) => isSeen(one) && one.tabIndex >= 0);
    places.forEach((one, i) => { one.dataset.testStop = i; });
    return places.length;";

/// Where the focus is: the number of the place, what it is, and whether it can be seen that it is there.
const FOCUS: &str = "
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const own = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
    const inside = [...one.querySelectorAll('*')].some((each) => getComputedStyle(each).outlineStyle !== 'none');
    const around = one.parentElement && (getComputedStyle(one.parentElement).outlineStyle !== 'none' || getComputedStyle(one.parentElement).boxShadow !== 'none');
    return { stop: one.dataset.testStop ?? null, what: one.outerHTML.slice(0, 160), isMarked: own || inside || around, isSeen: box.width > 0 && box.height > 0 };";

/// Tabs on until the focus is on an element of a selector.
fn tab_to(page: &Page<'_, '_>, selector: &str) {
    for _ in 0..200 {
        let there = "return document.activeElement?.matches(arguments[0]) ?? false";
        if page.browser.run(there, &[json!(selector)]) == json!(true) {
            return;
        }
        page.press(key::TAB);
    }
    panic!("no Tab leads to {selector}");
}

/// Point 15, without a mouse: every interaction of the page, and nothing that can be clicked is out of reach.
pub(crate) fn keyboard(stage: &Stage<'_>) {
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    page.wait_path(&path);
    let n = page.n_steps();
    page.wait_at(n);

    // Steps.
    for (keys, at) in [
        (key::HOME, 0),
        ("j", 1),
        (key::DOWN, 2),
        ("k", 1),
        (key::UP, 0),
        (key::END, n),
        (key::HOME, 0),
        ("v", n),
    ] {
        page.press(keys);
        page.wait_at(at);
    }
    page.press(key::HOME);
    page.wait_at(0);
    // The verdict changes in the last step, and back before it.
    page.press("u");
    page.wait_at(n);
    page.press("U");
    page.wait_at(n - 1);

    // An action, and back to the path before with the browser's own key.
    page.press(key::HOME);
    page.press("jj");
    page.wait_at(2);
    page.wait_for("[data-action][data-taken=false]");
    let other = page.attribute("[data-action][data-taken=false]", "data-action-number");
    page.press("n");
    page.wait_for(".picking");
    page.press(&other);
    page.wait_at(3);
    let forked = page.path();
    assert_ne!(forked, path);
    assert_eq!(page.n_steps(), 3);
    browser.back();
    page.wait_path(&path);

    // Cone, whole states, an actor, hiding it, the filter, tabs, help.
    page.press("c");
    page.wait_for("[data-diagram]:not([data-cone=\"\"])");
    page.press(key::ESCAPE);
    page.wait_for("[data-diagram][data-cone=\"\"]");
    page.press("d");
    page.wait_for("[data-whole]");
    page.press("d");
    page.wait_without("[data-whole]");
    tab_to(&page, ".lane-head[data-lane=\"1\"]");
    page.press(key::ENTER);
    page.wait_for(".lane-head[data-lane=\"1\"][aria-pressed=true]");
    page.press("h");
    page.wait_for("[data-hidden-lane=\"1\"]");
    page.press("h");
    page.wait_without("[data-hidden-lane]");
    page.press("/");
    page.press("database");
    page.wait_for("[data-found-count]");
    page.press(key::ENTER);
    page.press(key::ESCAPE);
    page.wait_without("[data-found-count]");
    for tab in ["steps", "tree", "compare", "spacetime"] {
        page.press("t");
        page.wait_for(&format!("#app[data-tab-shown={tab}]"));
    }
    tab_to(&page, "[role=tab][aria-selected=true]");
    page.press(key::RIGHT);
    page.wait_for("#app[data-tab-shown=steps]");
    page.press(key::HOME);
    page.wait_at(0);
    // A row is a place, too, and the focus goes along with the steps.
    tab_to(&page, ".steps [data-step=\"0\"]");
    page.press("j");
    page.wait_at(1);
    page.wait(
        "the focus goes along",
        "document.activeElement.dataset.step === '1'",
        &[],
    );
    page.press("?");
    page.wait_for("dialog[open]");
    page.press(key::ESCAPE);
    page.wait_without("dialog[open]");

    // Saving, the theme, and taking an action by going to its button.
    let folder = files::into(&page, stage.downloads());
    tab_to(&page, "[data-command=export]");
    page.press(key::ENTER);
    page.wait_for("[data-menu=export]");
    tab_to(&page, "[data-menu=export] [data-format=json]");
    page.press(key::ENTER);
    files::await_saved(&folder);
    tab_to(&page, "[data-command=theme]");
    page.press(key::ENTER);
    page.wait_for("html[data-theme]");
    tab_to(&page, "[data-action]");
    page.press(key::ENTER);
    page.wait_at(2);
    tab_to(&page, "[data-scrubber]");
    page.press(key::LEFT);
    page.wait_at(1);

    for tab in ["spacetime", "steps", "tree", "compare"] {
        everything_is_reached(&page, tab);
    }
}

/// With Tab alone: every place, each visibly, and out at the end.
fn everything_is_reached(page: &Page<'_, '_>, tab: &str) {
    page.show(tab);
    page.ready();
    page.browser.run("document.activeElement?.blur()", &[]);
    let n = page.browser.run(STOPS, &[]);
    let n = n.as_u64().expect("a number") as usize;
    assert!(n > 10, "there are only {n} places with {tab}");
    let mut reached = BTreeSet::new();
    for _ in 0..n + 25 {
        page.press(key::TAB);
        let focus = page.browser.run(FOCUS, &[]);
        if focus == Value::Null {
            continue;
        }
        assert_eq!(
            focus["isMarked"], true,
            "it cannot be seen where the focus is: {}",
            focus["what"]
        );
        if let Some(stop) = focus["stop"].as_str() {
            reached.insert(stop.to_owned());
        }
    }
    let missed = page.browser.run(
        "return [...document.querySelectorAll('[data-test-stop]')].filter((one) => !arguments[0].includes(one.dataset.testStop)).map((one) => one.outerHTML.slice(0, 160))",
        &[json!(reached)],
    );
    assert_eq!(missed, json!([]), "no Tab leads there, with {tab}");
}

/// Makes the browser prefer something.
fn prefer(browser: &Browser<'_>, name: &str, value: &str) {
    let features = json!([{ "name": name, "value": value }]);
    browser.devtools(
        "Emulation.setEmulatedMedia",
        json!({ "features": features }),
    );
}

/// Point 15, in light.
pub(crate) fn axe_in_light(stage: &Stage<'_>) {
    axe(stage, "light");
}

/// Point 15, in dark.
pub(crate) fn axe_in_dark(stage: &Stage<'_>) {
    axe(stage, "dark");
}

/// Looks at every view of the page in a colour scheme.
fn axe(stage: &Stage<'_>, scheme: &str) {
    let source = vendored::axe();
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let browser = stage.browser();
    prefer(&browser, "prefers-color-scheme", scheme);
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    let dark = browser.run(
        "return matchMedia('(prefers-color-scheme: dark)').matches",
        &[],
    );
    assert_eq!(dark, json!(scheme == "dark"));
    browser.run(&source, &[]);
    let mut issues: Vec<String> = Vec::new();
    let mut look = |view: &str| issues.extend(serious(&page, view));

    look("a violation in space-time");
    page.press("c");
    page.wait_for("[data-diagram]:not([data-cone=\"\"])");
    page.press("d");
    page.wait_for("[data-whole]");
    browser.click("[data-hide=\"0\"]");
    page.wait_for("[data-hidden-lane]");
    look("cone, whole states, a hidden actor");
    page.press(key::HOME);
    page.wait_at(0);
    page.press("n");
    page.wait_for(".picking");
    look("the start, choosing an action");
    page.press(key::ESCAPE);
    page.press("jj");
    page.wait_at(2);
    page.show("steps");
    page.press("/");
    page.press("database");
    page.wait_for("[data-found-count]");
    look("steps, filtered");
    page.press(key::ESCAPE);
    page.wait_for("[data-action][data-taken=false]");
    let code = page.attribute("[data-action][data-taken=false]", "data-action");
    page.act(&code);
    page.show("tree");
    look("the visited tree with a fork");
    let forked = page.path();
    let both = format!("p={path}&vs={forked}&tab=compare");
    browser.run("location.hash = arguments[0]", &[json!(both)]);
    page.wait_for("[data-divergence]");
    look("a comparison");
    browser.click("[data-command=export]");
    page.wait_for("[data-menu=export]");
    look("the menu of exports");
    browser.click("[data-command=share]");
    page.wait_for("[data-menu=share]");
    look("the menu of sharing");
    page.press(key::ESCAPE);
    page.press("?");
    page.wait_for("dialog[open]");
    look("the help");
    page.press(key::ESCAPE);

    let (model, property) = LASSO;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    browser.run(&source, &[]);
    issues.extend(serious(&page, "a loop"));
    drop(server);
    page.wait_for(".top [data-connection=disconnected]");
    issues.extend(serious(&page, "a server that is gone"));
    assert!(issues.is_empty(), "in {scheme}:\n{}", issues.join("\n"));
}

/// What axe-core finds serious or critical.
fn serious(page: &Page<'_, '_>, view: &str) -> Vec<String> {
    let found = page.browser.run_async(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => done({
             passes: passes.length,
             issues: violations.filter((one) => ['serious', 'critical'].includes(one.impact))
                 .map((one) => `${one.id} (${one.impact}): ${one.help}: ` + one.nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.failureSummary.replaceAll('\\n', ' ').slice(0, 200)}`).join(' | ')),
         }), (error) => done({ passes: 0, issues: [String(error)] }));",
        &[],
    );
    let passes = found["passes"].as_u64().expect("a number");
    assert!(passes > 10, "axe looked at nothing in {view}: {found}");
    let issues = found["issues"].as_array().expect("a list").iter();
    let issues = issues.map(|issue| format!("{view}: {}", issue.as_str().expect("a text")));
    issues.collect()
}

/// Point 15, without motion.
pub(crate) fn reduced_motion(stage: &Stage<'_>) {
    // A check that goes on as long as the test does: what moves on the page says so.
    let server = Server::of_own(&["slow/property", "--set", "dials=12"]);
    let browser = stage.browser();
    let page = Page::open(&browser, server.url());
    page.wait_for(".top [data-run=running]");
    let moving = "document.getAnimations().filter((one) => one.playState === 'running').length";
    page.wait("something moves", moving, &[]);

    prefer(&browser, "prefers-reduced-motion", "reduce");
    page.wait("nothing moves any more", &format!("{moving} === 0"), &[]);
    page.wait_for(".top [data-run=running]");
    // Nor does anything while things change.
    for keys in ["n", "1", key::HOME, "t", "t", "t", "t", "?"] {
        page.press(keys);
        let n = browser.run(&format!("return {moving}"), &[]);
        assert_eq!(n, json!(0), "after {keys:?}");
    }
    let smooth = browser.run(
        "return [...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).scrollBehavior === 'smooth').length",
        &[],
    );
    assert_eq!(smooth, json!(0), "scrolling is motion, too");
}
