//! The check in the background: it is seen to grow, is told of as it goes, ends in a verdict, and stops when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use super::client::{Answer, Explorer, read_head};
use super::schema::flaws;

/// Events as they come.
struct Events {
    from: BufReader<TcpStream>,
}

/// Asks for events; how they begin.
fn listen(explorer: &Explorer, mut stream: TcpStream) -> (Answer, Events) {
    let request = format!("{}\r\n", explorer.head("GET", "/api/v1/run/events"));
    stream.write_all(request.as_bytes()).expect("sent");
    let mut from = BufReader::new(stream);
    (read_head(&mut from), Events { from })
}

impl Events {
    /// The next event: its name and what it says, which is as documented.
    fn next(&mut self) -> (String, Value) {
        let (mut name, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            let n = self.from.read_line(&mut line).expect("an event");
            assert!(n > 0, "the stream ended");
            if let Some(event) = line.trim_end().strip_prefix("event: ") {
                name = event.to_owned();
            } else if let Some(data) = line.trim_end().strip_prefix("data: ") {
                let value: Value = serde_json::from_str(data).expect("JSON");
                let schema = match name.as_str() {
                    "run" | "done" => "Run",
                    "progress" => "Progress",
                    "discovery" => "Discovery",
                    other => panic!("there is no event {other}"),
                };
                let schema = serde_json::json!({"$ref": format!("#/components/schemas/{schema}")});
                assert_eq!(flaws(&schema, &value), [""; 0], "{name}");
                return (name, value);
            }
        }
    }

    /// The next event of that name.
    fn until(&mut self, wanted: &str) -> Value {
        loop {
            let (name, value) = self.next();
            if name == wanted {
                return value;
            }
            assert!(
                name != "done",
                "the check ended before it told of {wanted}: {value}"
            );
        }
    }
}

/// The stream begins as documented.
pub(super) fn first_event(explorer: &Explorer, stream: TcpStream, head: impl FnOnce(&Answer)) {
    let (answer, mut events) = listen(explorer, stream);
    head(&answer);
    assert_eq!(events.next().0, "run");
}

/// So large that it does not end while it is looked at.
const LARGE: [&str; 4] = [
    "two-phase-commit-tla/atomic",
    "--set",
    "rms=10",
    "--no-check",
];

#[test]
fn a_check_grows_and_ends_in_a_verdict() {
    let explorer = Explorer::start(&[
        "two-phase-commit-tla/premature-commit",
        "--set",
        "rms=4",
        "--no-check",
    ]);
    let (head, mut events) = listen(&explorer, explorer.connect());
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    let (name, run) = events.next();
    assert_eq!(
        (name.as_str(), &run["state"]),
        ("run", &Value::from("idle"))
    );
    let begun = Instant::now();
    let answer = explorer.post("/api/v1/run", "{\"action\":\"start\"}");
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(events.until("run")["state"], "running");
    let (mut counts, mut discoveries) = (Vec::new(), Vec::new());
    let done = loop {
        let (name, value) = events.next();
        match name.as_str() {
            "progress" => counts.push(value["unique"].as_u64().expect("a number")),
            "discovery" => discoveries.push(value),
            _ => break value,
        }
    };
    let most = begun.elapsed().as_millis() / 250 + 2;
    assert!(counts.len() as u128 <= most, "{} in {most}", counts.len());
    assert!(counts.is_sorted() && !counts.is_empty(), "{counts:?}");
    assert_eq!(done["state"], "done");
    assert_eq!(done["verdict"], "violated");
    assert!(
        done["properties"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|p| p["as_expected"] == true)
    );
    let violated = discoveries
        .iter()
        .find(|d| d["verdict"] == "violated")
        .expect("one");
    let path = violated["paths"][0].as_str().expect("a path");
    let path = explorer.json(&format!("/api/v1/paths/{path}"));
    assert_eq!(path["differs"], Value::Null);
    assert_eq!(path["n_steps"], violated["steps"]);
    assert_eq!(path["counterexamples"][0]["property"], violated["property"]);
    assert_eq!(explorer.json("/api/v1/run"), done);
}

#[test]
fn a_check_stops_and_begins_again() {
    let explorer = Explorer::start(&LARGE);
    let (_, mut events) = listen(&explorer, explorer.connect());
    assert_eq!(
        explorer
            .post("/api/v1/run", "{\"action\":\"start\"}")
            .status,
        202
    );
    let again = explorer.post("/api/v1/run", "{\"action\":\"start\"}");
    assert_eq!(again.status, 409, "{}", again.text());
    let first = events.until("progress");
    let later = events.until("progress");
    assert!(
        later["generated"].as_u64() > first["generated"].as_u64(),
        "{first} {later}"
    );
    let stopping = explorer.post("/api/v1/run", "{\"action\":\"stop\"}");
    assert_eq!(
        (stopping.status, &stopping.json()["state"]),
        (202, &Value::from("stopping"))
    );
    let done = events.until("done");
    assert_eq!(done["summary"]["stopped"], "interrupt");
    assert_eq!(done["verdict"], "inconclusive");
    let bounded = explorer.post("/api/v1/run", "{\"action\":\"start\",\"max_depth\":2}");
    assert_eq!(bounded.json()["run"], 2);
    let done = events.until("done");
    assert_eq!(
        (&done["run"], &done["summary"]["depth"]),
        (&Value::from(2), &Value::from(2))
    );
    assert_eq!(
        done["summary"]["cuts"],
        serde_json::json!(["--max-depth 2"])
    );
}

#[test]
fn a_path_is_answered_while_a_check_runs() {
    let explorer = Explorer::start(&LARGE[..3]);
    assert_eq!(explorer.json("/api/v1/run")["state"], "running");
    let next = explorer.json("/api/v1/paths/0/next");
    assert!(next["n_actions"].as_u64() > Some(0));
    // It was not kept waiting until the check ended.
    assert_eq!(explorer.json("/api/v1/run")["state"], "running");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_while_a_check_runs_and_somebody_listens() {
    let explorer = Explorer::start(&LARGE[..3]);
    let (_, mut events) = listen(&explorer, explorer.connect());
    events.until("progress");
    let killed = std::process::Command::new("kill")
        .args(["-INT", &explorer.id().to_string()])
        .status();
    assert!(killed.expect("it runs").success());
    assert_eq!(explorer.wait(), Some(0));
}
