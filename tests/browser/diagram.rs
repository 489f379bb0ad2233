//! The space-time diagram: what it marks and what it draws is what the vector clocks say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Stage;
use crate::page::Page;
use crate::server::{RACE, Server};

/// An event of the diagram as it is drawn.
struct Event {
    step: usize,
    lane: usize,
    clock: Vec<u64>,
    relation: String,
    is_faded: bool,
}

impl Event {
    /// By vector clocks alone: an event has happened before another if the other knows of it.
    fn is_before(&self, other: &Event) -> bool {
        self.step != other.step && self.clock[self.lane] <= other.clock[self.lane]
    }
}

/// The events that are on the page, by step.
fn events(page: &Page<'_, '_>) -> Vec<Event> {
    let drawn = page.browser.run(
        "return [...document.querySelectorAll('[data-diagram] [data-clock]')].map((one) => ({
             step: Number(one.dataset.step), lane: Number(one.dataset.lane), clock: one.dataset.clock.split(',').map(Number),
             relation: one.dataset.relation, isFaded: one.closest('.event').classList.contains('faded') }))",
        &[],
    );
    let number = |value: &Value| value.as_u64().expect("a number");
    let drawn = drawn.as_array().expect("a list").iter();
    let mut events: Vec<Event> = drawn
        .map(|one| Event {
            step: number(&one["step"]) as usize,
            lane: number(&one["lane"]) as usize,
            clock: one["clock"]
                .as_array()
                .expect("a list")
                .iter()
                .map(number)
                .collect(),
            relation: one["relation"].as_str().expect("a text").to_owned(),
            is_faded: one["isFaded"] == true,
        })
        .collect();
    events.sort_by_key(|event| event.step);
    events
}

/// Point 7.
pub(crate) fn cone(stage: &Stage<'_>) {
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let header = server.get(&format!("/paths/{path}"));
    let steps = header["steps"].as_array().expect("a list");
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}&at=0")));
    page.wait_at(0);
    page.press("c");
    let mut seen = BTreeSet::new();
    for (step, of) in (1..).zip(steps) {
        if of["kind"] != "deliver" {
            continue;
        }
        browser.click(&format!("[data-diagram] [data-step=\"{step}\"] .mark"));
        page.wait_at(step);
        page.wait_for(&format!(
            "[data-diagram][data-cone=\"{step}\"][aria-busy=false]"
        ));
        let events = events(&page);
        assert_eq!(events.len(), steps.len(), "all events are on the page");
        let chosen = &events[step - 1];
        assert_eq!(chosen.step, step);
        for event in &events {
            let relation = if event.step == step {
                "self"
            } else if event.is_before(chosen) {
                "past"
            } else if chosen.is_before(event) {
                "future"
            } else {
                "concurrent"
            };
            assert_eq!(
                event.relation, relation,
                "step {} as seen from {step}",
                event.step
            );
            let is_faded = relation == "concurrent";
            assert_eq!(event.is_faded, is_faded, "step {}", event.step);
            seen.insert(relation);
        }
    }
    let all = ["concurrent", "future", "past", "self"];
    assert_eq!(seen, all.into(), "the path has all of them");
    // Without the cone nothing is marked.
    page.press("c");
    page.wait_for("[data-diagram][data-cone=\"\"][aria-busy=false]");
    assert!(events(&page).iter().all(|event| event.relation.is_empty()));
}

/// Which of the drawn events follow from which by the arrows and lanes that are drawn: pairs of steps.
fn drawn_order(page: &Page<'_, '_>, events: &[Event]) -> BTreeSet<(usize, usize)> {
    let edges = page.browser.run(
        "return [...document.querySelectorAll('[data-diagram] [data-edge]')].map((one) => [Number(one.dataset.from), Number(one.dataset.to)])",
        &[],
    );
    let edges: Vec<(usize, usize)> = serde_json::from_value(edges).expect("pairs of steps");
    let mut order: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (i, late) in events.iter().enumerate() {
        let mut direct: Vec<usize> = Vec::new();
        direct.extend(
            events[..i]
                .iter()
                .filter(|e| e.lane == late.lane)
                .map(|e| e.step),
        );
        // What comes from the start comes from no event.
        direct.extend(
            edges
                .iter()
                .filter(|e| e.1 == late.step && e.0 > 0)
                .map(|e| e.0),
        );
        for from in direct {
            let before: Vec<usize> = order.iter().filter(|p| p.1 == from).map(|p| p.0).collect();
            order.insert((from, late.step));
            order.extend(before.into_iter().map(|first| (first, late.step)));
        }
    }
    order
}

fn clock_order(events: &[Event]) -> BTreeSet<(usize, usize)> {
    let pairs = events
        .iter()
        .flat_map(|a| events.iter().map(move |b| (a, b)));
    let before = pairs.filter(|(a, b)| a.is_before(b));
    before.map(|(a, b)| (a.step, b.step)).collect()
}

/// Point 8.
pub(crate) fn hidden_actor(stage: &Stage<'_>) {
    let (model, property) = RACE;
    let server = Server::of(&[model]);
    let path = server.counterexample(property);
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}")));
    let lanes = page.attributes(".lane-head", "data-lane");
    let all = events(&page);
    assert_eq!(
        drawn_order(&page, &all),
        clock_order(&all),
        "with all actors"
    );
    let mut n_dashed = 0;
    for lane in &lanes {
        browser.click(&format!("[data-hide=\"{lane}\"]"));
        page.wait_for(&format!("[data-hidden-lane=\"{lane}\"]"));
        page.wait_for("[data-diagram][aria-busy=false]");
        page.wait_without(&format!(".lane-head[data-lane=\"{lane}\"]"));
        assert_eq!(page.count(".lane-head"), lanes.len() - 1);
        let left = events(&page);
        let hidden: usize = lane.parse().expect("a lane");
        assert!(left.iter().all(|event| event.lane != hidden));
        let stay = all.iter().filter(|event| event.lane != hidden);
        assert_eq!(
            left.iter().map(|event| event.step).collect::<Vec<_>>(),
            stay.map(|event| event.step).collect::<Vec<_>>(),
            "the events of the others stay"
        );
        // Nothing of what follows from what is lost, and nothing is made up.
        assert_eq!(
            drawn_order(&page, &left),
            clock_order(&left),
            "without lane {lane}"
        );
        let dashes = browser.run(
            "return [...document.querySelectorAll('[data-diagram] [data-edge=hidden]')].map((one) => getComputedStyle(one).strokeDasharray)",
            &[],
        );
        let dashes = dashes.as_array().expect("a list");
        assert!(dashes.iter().all(|dash| dash != "none"), "{dashes:?}");
        n_dashed += dashes.len();
        let solid = browser.run(
            "return [...document.querySelectorAll('[data-diagram] [data-edge=delivered]')].every((one) => getComputedStyle(one).strokeDasharray === 'none')",
            &[],
        );
        assert_eq!(solid, json!(true), "other arrows are not dashed");
        browser.click(&format!("[data-hidden-lane=\"{lane}\"]"));
        page.wait_for(&format!(".lane-head[data-lane=\"{lane}\"]"));
        page.wait_for("[data-diagram][aria-busy=false]");
    }
    assert!(n_dashed > 0, "no order goes through any actor");
    assert_eq!(
        drawn_order(&page, &events(&page)),
        clock_order(&all),
        "shown again"
    );
}
