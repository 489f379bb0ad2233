//! The API against `openapi.json`: every path and status that it names is answered, and every answer is as its schema says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::client::{Answer, Explorer};
use super::schema::{document, flaws};

/// The document, and what of it was seen.
struct Contract {
    document: &'static Value,
    seen: BTreeSet<(String, String, u16)>,
}

impl Contract {
    /// Holds an answer against the document.
    fn holds(&mut self, method: &str, template: &str, answer: &Answer) {
        let responses = &self.document["paths"][template][method]["responses"];
        assert!(
            responses.is_object(),
            "{method} {template} is not documented"
        );
        let mut response = &responses[answer.status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("within");
            response = self.document.pointer(pointer).expect("it is there");
        }
        let place = format!("{method} {template} {}", answer.status);
        assert!(
            response.is_object(),
            "{place} is not documented: {}",
            answer.text()
        );
        let kind = answer.header("content-type").expect("a type");
        let kind = kind.split(';').next().expect("a type");
        let content = &response["content"][kind];
        assert!(content.is_object(), "{place} as {kind} is not documented");
        if kind.ends_with("json") && template != "/api/v1/paths/{p}/export" {
            let flaws = flaws(&content["schema"], &answer.json());
            assert_eq!(flaws, [""; 0], "{place}");
        }
        let (method, template) = (method.to_owned(), template.to_owned());
        self.seen.insert((method, template, answer.status));
    }

    /// What is documented and was not seen.
    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (template, methods) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                for status in operation["responses"].as_object().expect("some").keys() {
                    let number = status.parse().expect("a status");
                    let key = (method.clone(), template.clone(), number);
                    if !self.seen.contains(&key) {
                        missing.push(format!("{method} {template} {status}"));
                    }
                }
            }
        }
        missing
    }
}

/// Every operation, with what makes it answer well: an address, and for `post` a body.
fn good(
    path: &str,
    trace: &str,
    hide: &str,
) -> Vec<(&'static str, &'static str, String, Option<String>)> {
    let get = |template: &'static str, behind: &str| {
        let target = template.replace("{p}", path) + behind;
        ("get", template, target, None)
    };
    vec![
        get("/api/v1/model", ""),
        get("/api/v1/openapi.json", ""),
        get("/api/v1/paths/{p}", ""),
        get("/api/v1/paths/{p}", "?from=2&count=1"),
        get("/api/v1/paths/{p}/state", ""),
        get("/api/v1/paths/{p}/state", "?at=0&view=full"),
        get("/api/v1/paths/{p}/state", "?at=1&view=full"),
        get("/api/v1/paths/{p}/next", "?at=0"),
        get("/api/v1/paths/{p}/next", ""),
        get("/api/v1/paths/{p}/until", "?at=0"),
        get("/api/v1/paths/{p}/until", "?direction=backward&property=1"),
        get("/api/v1/paths/{p}/spacetime", ""),
        get("/api/v1/paths/{p}/spacetime", hide),
        get("/api/v1/paths/{p}/export", "?format=json"),
        get("/api/v1/paths/{p}/export", "?format=mermaid&property=0"),
        get("/api/v1/paths/{p}/export", "?format=svg"),
        get("/api/v1/paths/{p}/export", "?format=html"),
        (
            "get",
            "/api/v1/compare",
            format!("/api/v1/compare?a={path}&b=0"),
            None,
        ),
        (
            "get",
            "/api/v1/compare",
            format!("/api/v1/compare?a={path}&b={path}"),
            None,
        ),
        ("get", "/api/v1/run", "/api/v1/run".to_owned(), None),
        (
            "post",
            "/api/v1/paths",
            "/api/v1/paths".to_owned(),
            Some(trace.to_owned()),
        ),
    ]
}

/// Where the document says 400: an address that has it.
const BAD: [(&str, &str); 12] = [
    ("/api/v1/paths/{p}", "/api/v1/paths/x"),
    ("/api/v1/paths/{p}", "/api/v1/paths/0?count=9999"),
    ("/api/v1/paths/{p}", "/api/v1/paths/0?from=0"),
    ("/api/v1/paths/{p}/state", "/api/v1/paths/0/state?at=1"),
    (
        "/api/v1/paths/{p}/state",
        "/api/v1/paths/0/state?view=other",
    ),
    ("/api/v1/paths/{p}/next", "/api/v1/paths/0/next?at=-1"),
    (
        "/api/v1/paths/{p}/until",
        "/api/v1/paths/0/until?property=99",
    ),
    (
        "/api/v1/paths/{p}/spacetime",
        "/api/v1/paths/0/spacetime?hide=99",
    ),
    (
        "/api/v1/paths/{p}/spacetime",
        "/api/v1/paths/0/spacetime?cone=1",
    ),
    (
        "/api/v1/paths/{p}/spacetime",
        "/api/v1/paths/0/spacetime?hide=a",
    ),
    (
        "/api/v1/paths/{p}/export",
        "/api/v1/paths/0/export?format=other",
    ),
    ("/api/v1/compare", "/api/v1/compare?a=0"),
];

/// A violated model of actors, one with a lasso, a general one, one that loses messages, one with ticks, one with crashes, storage and a boundary.
const MODELS: [(&str, &str); 6] = [
    ("duva-join/fire-and-forget", "no migration to a stranger"),
    ("duva-join/fire-and-forget", "rebalancing happens"),
    ("two-phase-commit-tla/premature-commit", "consistent"),
    ("links/raw", ""),
    ("failure-detector/heartbeat-partially-synchronous", ""),
    ("raft/volatile-vote", ""),
];

#[test]
fn every_documented_answer_is_given_and_is_as_documented() {
    let mut contract = Contract {
        document: document(),
        seen: BTreeSet::new(),
    };
    for (model, property) in MODELS {
        let explorer = Explorer::start(&[model]);
        let path = match property {
            "" => longest(&explorer),
            property => explorer.path_of(property),
        };
        // Where there is one lane, it cannot be hidden.
        let hide = match explorer.json("/api/v1/model")["kind"].as_str() {
            Some("actors") => "?cone=1&hide=0&from=1&count=5",
            _ => "?cone=1&hide=&from=1&count=5",
        };
        let trace = explorer.get(&format!("/api/v1/paths/{path}/export?format=json"));
        assert_eq!(trace.status, 200, "{model}: {}", trace.text());
        for (method, template, target, body) in good(&path, trace.text(), hide) {
            let answer = match &body {
                None => explorer.get(&target),
                Some(body) => explorer.post(&target, body),
            };
            assert_eq!(answer.status, 200, "{target}: {}", answer.text());
            contract.holds(method, template, &answer);
        }
    }
    let explorer = Explorer::start(&["two-phase-commit-tla/atomic", "--no-check"]);
    refused(&explorer, &mut contract);
    let missing = contract.missing();
    // What a sound model, and a server that is whole, never answer.
    let missing: Vec<&String> = missing.iter().filter(|m| !m.ends_with(" 500")).collect();
    assert!(missing.is_empty(), "documented and not seen: {missing:#?}");
}

/// The longest path that the check found.
fn longest(explorer: &Explorer) -> String {
    let run = explorer.done();
    let discoveries = run["discoveries"].as_array().expect("a list");
    let paths = discoveries
        .iter()
        .flat_map(|d| d["paths"].as_array().expect("a list"));
    let paths = paths.filter_map(Value::as_str);
    paths
        .max_by_key(|path| path.len())
        .unwrap_or("0")
        .to_owned()
}

fn refused(explorer: &Explorer, contract: &mut Contract) {
    for (template, target) in BAD {
        let answer = explorer.get(target);
        assert_eq!(answer.status, 400, "{target}: {}", answer.text());
        assert!(
            answer.json()["cure"].is_string() || target.contains("compare"),
            "{target}"
        );
        contract.holds("get", template, &answer);
    }
    let run = "/api/v1/run";
    for (template, body, status) in [
        (run, "{\"action\":\"jump\"}", 400),
        (run, "{\"action\":\"start\",\"seconds\":0}", 400),
        (run, "{\"action\":\"start\",\"more\":1}", 400),
        (run, "no JSON", 400),
        (run, "{\"action\":\"stop\"}", 409),
        (run, "{\"action\":\"start\",\"max_states\":10}", 202),
        ("/api/v1/paths", "{\"format\":\"other\"}", 422),
        ("/api/v1/paths", "\u{1}", 422),
        (
            "/api/v1/paths",
            include_str!("../../../src/trace/format/example.trace.json"),
            409,
        ),
    ] {
        let answer = explorer.post(template, body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        contract.holds("post", template, &answer);
    }
    let stream = explorer.connect();
    super::run::first_event(explorer, stream, contract_head(contract));
    guarded(explorer, contract);
}

/// Notes that the event stream was answered as documented.
fn contract_head(contract: &mut Contract) -> impl FnOnce(&Answer) + '_ {
    |head| contract.holds("get", "/api/v1/run/events", head)
}

/// Every operation without token, of another host, with another type, too large.
fn guarded(explorer: &Explorer, contract: &mut Contract) {
    let operations: Vec<(String, String)> = {
        let paths = contract.document["paths"].as_object().expect("paths");
        let all = paths.iter().flat_map(|(template, methods)| {
            let methods = methods.as_object().expect("methods").keys();
            methods.map(|method| (method.clone(), template.clone()))
        });
        all.collect()
    };
    for (method, template) in operations {
        let target = template.replace("{p}", "0");
        let line = format!(
            "{} {target} HTTP/1.1\r\nConnection: close\r\n",
            method.to_uppercase()
        );
        let (host, cookie) = (&explorer.host, &explorer.cookie);
        let ours = format!("Host: {host}\r\nOrigin: http://{host}\r\n");
        let json = "Content-Type: application/json\r\n";
        let mut tries = vec![
            (format!("{line}{ours}{json}\r\n"), 401),
            (
                format!("{line}Host: evil.example\r\nCookie: {cookie}\r\n{json}\r\n"),
                403,
            ),
        ];
        if method == "post" {
            let known = format!("{line}{ours}Cookie: {cookie}\r\n");
            tries.push((format!("{known}Content-Type: text/plain\r\n\r\n"), 415));
            tries.push((
                format!("{known}{json}Content-Length: 999999999999\r\n\r\n"),
                413,
            ));
        }
        for (request, status) in tries {
            let answer = explorer.send(&request);
            assert_eq!(answer.status, status, "{request}{}", answer.text());
            contract.holds(&method, &template, &answer);
        }
    }
}
