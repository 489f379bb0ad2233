//! The API asked at random, from its own document, with what nobody sane would ask: no answer is a fault of the server, and every answer comes.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::client::Explorer;
use super::schema::document;

/// Requests.
const N: usize = 1200;

/// What is put in the place of anything.
const HOSTILE: [&str; 30] = [
    "",
    "0",
    "1",
    "2",
    "-1",
    "+1",
    "007",
    "0x10",
    "1e9",
    "1.5",
    "NaN",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "%00",
    "%ff%fe",
    "%2e%2e%2f",
    "..",
    ".",
    "0.",
    "0..0",
    "0.AAAA",
    "0.AAAAAAAAAA",
    "0.AAAA.0",
    "0.AAAA.99999999999999999999",
    "null",
    "true",
    "%3Cscript%3E",
    "%E2%80%A8",
    "0,0,0,1,1,2,2",
];

#[test]
fn no_request_brings_the_server_down() {
    let explorer = Explorer::start(&["duva-join/fire-and-forget"]);
    let path = explorer.path_of("no migration to a stranger");
    let looped = explorer.path_of("rebalancing happens");
    let document = document();
    let operations: Vec<(&str, &str, &Value)> = {
        let paths = document["paths"].as_object().expect("paths").iter();
        let all = paths.flat_map(|(template, methods)| {
            let methods = methods.as_object().expect("methods").iter();
            methods.map(move |(method, operation)| (method.as_str(), template.as_str(), operation))
        });
        // A stream has no end that could be waited for.
        all.filter(|(_, template, _)| !template.ends_with("/events"))
            .collect()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut pick = |n: usize| (0..n).new_tree(&mut runner).expect("a number").current();
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..N {
        let (method, template, operation) = operations[pick(operations.len())];
        let mut p = match pick(6) {
            0 => HOSTILE[pick(HOSTILE.len())].to_owned(),
            1 => looped.clone(),
            2 => "0".to_owned(),
            _ => path.clone(),
        };
        // Cut, damaged or made longer.
        match pick(6) {
            0 => p.truncate(pick(p.len() + 1)),
            1 if !p.is_empty() => {
                let at = pick(p.len());
                p.replace_range(at..=at, ["A", "_", ".", "%41", "~"][pick(5)]);
            }
            2 => p.push_str(["AAAAAA", ".0", ".1", ".2", "A"][pick(5)]),
            _ => {}
        }
        let mut target = template.replace("{p}", &p);
        let parameters = operation["parameters"].as_array().expect("a list").iter();
        let queries = parameters.filter(|parameter| parameter["in"] == "query");
        let mut separator = '?';
        for parameter in queries {
            if pick(3) == 0 {
                continue;
            }
            let allowed = parameter["schema"]["enum"].as_array();
            let value = match (pick(3), allowed) {
                (0, _) => HOSTILE[pick(HOSTILE.len())].to_owned(),
                (_, Some(allowed)) => {
                    let word = allowed[pick(allowed.len())].as_str();
                    word.expect("a word").to_owned()
                }
                (1, None) => pick(20).to_string(),
                (_, None) => match parameter["name"].as_str() {
                    Some("format") => ["json", "svg", "mermaid", "html"][pick(4)].to_owned(),
                    Some("a" | "b") => path.clone(),
                    _ => pick(4).to_string(),
                },
            };
            let name = parameter["name"].as_str().expect("a name");
            target.push_str(&format!("{separator}{name}={value}"));
            separator = '&';
        }
        let answer = match method {
            "get" => explorer.get(&target),
            _ => {
                let bodies = [
                    "",
                    "{}",
                    "[]",
                    "null",
                    "{\"action\":1}",
                    "{\"action\":\"start\",\"seconds\":1e308}",
                    "{\"action\":\"start\",\"max_states\":-1}",
                    "{\"action\":\"stop\"}",
                    "{\"format\":\"allways-trace\",\"version\":1}",
                    "{\"format\":\"allways-trace\",\"version\":99}",
                    "\"\\ud800\"",
                    "{\"action\":\"start\",\"max_depth\":0,\"max_states\":0}",
                ];
                explorer.post(&target, bodies[pick(bodies.len())])
            }
        };
        assert!(answer.status < 500, "{method} {target}: {}", answer.text());
        let kind = answer.header("content-type").unwrap_or_default();
        if answer.status >= 400 {
            assert_eq!(kind, "application/problem+json", "{method} {target}");
            assert_eq!(answer.json()["status"], answer.status);
        }
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    let well = statuses.get(&200).copied().unwrap_or(0);
    let badly = statuses.get(&400).copied().unwrap_or(0);
    assert!(well > N / 5 && badly > N / 20, "{statuses:?}");
    // And it is as it was.
    assert_eq!(
        explorer.json(&format!("/api/v1/paths/{path}"))["id"],
        path.as_str()
    );
}

#[test]
fn addresses_that_are_too_long_are_refused() {
    let explorer = Explorer::start(&["two-phase-commit-tla/atomic", "--no-check"]);
    let many = "AAAAAA".repeat(10_001);
    let model = explorer.json("/api/v1/model");
    let start = model["start"].as_str().expect("a path");
    let long = explorer.get(&format!("/api/v1/paths/{start}{many}"));
    assert_eq!(long.status, 200, "{}", long.text());
    assert_eq!(long.json()["differs"]["step"], 1);
    for n in [70_000, 200_000] {
        let longer = explorer.get(&format!("/api/v1/paths/0.{}", "A".repeat(n)));
        assert!([414, 431].contains(&longer.status), "{}", longer.status);
    }
    // As `docs/explorer.md` says: a path of 12,000 steps.
    let refused = explorer.get(&format!("/api/v1/paths/{start}{}", "AAAAAA".repeat(12_000)));
    assert_eq!((refused.status, refused.text()), (414, ""));
    assert_eq!(explorer.get("/api/v1/model").status, 200);
}
