//! What the explorer costs: time to the first view, time of a step, memory of server and page. Printed as rows for `docs/benchmarks.md`.

use std::fs;

use serde_json::{Value, json};

use crate::Stage;
use crate::driver::key;
use crate::long::{open_ms, step_ms};
use crate::page::Page;
use crate::server::{SHORT, Server};

/// Times that are measured so often; the median is told.
const ROUNDS: usize = 5;

/// Steps that are measured.
const STEPS: usize = 20;

/// Measures what stands in the documentation.
pub(crate) fn all(stage: &Stage<'_>) {
    println!("| model | states | steps | first view | step (slowest) | server | page |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let (model, property) = SHORT;
    let found = Server::of(&[model]);
    let path = found.counterexample(property);
    measure(stage, &format!("`{model}`"), &found, &path);
    drop(found);

    // The largest of the catalogue; nothing of it is violated, so a way through it is walked.
    let large = Server::of(&["floodlight/self-stabilising"]);
    large.checked();
    let path = way(&large, STEPS);
    measure(stage, "`floodlight/self-stabilising`", &large, &path);
    drop(large);

    let long = Server::of_own(&["rally/long"]);
    let path = long.counterexample("the rally goes on");
    measure(stage, "a rally of 5,000 strokes", &long, &path);
}

/// A path of so many steps: always by another of the actions, so that it neither stays near the start nor goes round.
fn way(server: &Server, steps: usize) -> String {
    let model = server.get("/model");
    let start = model["start"].as_str().expect("a path");
    let header = server.get(&format!("/paths/{start}"));
    let mut path = header["id"].as_str().expect("a name").to_owned();
    for at in 0..steps {
        let next = server.get(&format!("/paths/{path}/next?at={at}"));
        let groups = next["groups"].as_array().expect("a list").iter();
        let actions = groups.flat_map(|group| group["actions"].as_array().expect("a list"));
        let effective = actions.filter(|action| action["no_op"] == false);
        let effective: Vec<&Value> = effective.collect();
        let Some(n) = effective.len().checked_sub(1) else {
            break;
        };
        path += effective[at % (n + 1)]["code"].as_str().expect("a code");
    }
    path
}

fn measure(stage: &Stage<'_>, name: &str, server: &Server, path: &str) {
    let states = server.checked()["summary"]["unique"].clone();
    let header = server.get(&format!("/paths/{path}"));
    let n = header["n_steps"].as_u64().expect("a number") as usize;
    let browser = stage.browser();
    let page = Page::open(&browser, &server.url_of(&format!("p={path}&at={n}")));
    page.wait_at(n);
    let mut opened: Vec<f64> = (0..ROUNDS).map(|_| open_ms(&page, n)).collect();
    let mut steps: Vec<f64> = Vec::new();
    page.press(key::HOME);
    page.wait_at(0);
    steps.extend((1..=STEPS.min(n)).map(|at| step_ms(&page, "j", at)));
    let slowest = steps.iter().copied().fold(0.0, f64::max);
    println!(
        "| {name} | {states} | {n} | {:.0} ms | {:.0} ms ({slowest:.0} ms) | {} MiB | {:.1} MiB |",
        median(&mut opened),
        median(&mut steps),
        resident_kib(server.id()) / 1024,
        heap_mib(&page),
    );
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The largest resident size of a process so far.
fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.trim().strip_suffix(" kB"));
    digits
        .and_then(|digits| digits.trim().parse().ok())
        .unwrap_or(0)
}

/// What the page's scripts hold, once what nobody needs is gone.
fn heap_mib(page: &Page<'_, '_>) -> f64 {
    page.browser
        .devtools("HeapProfiler.collectGarbage", json!({}));
    let heap = page.browser.devtools("Runtime.getHeapUsage", json!({}));
    let used: &Value = &heap["usedSize"];
    used.as_f64().expect("bytes") / f64::from(1 << 20)
}
