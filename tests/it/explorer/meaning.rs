//! What the API says of models: that it is the same as what the check found, and the same whatever was asked before.

use std::collections::BTreeSet;

use serde_json::Value;

use super::client::Explorer;

const JOIN: &str = "duva-join/fire-and-forget";
const STRANGER: &str = "no migration to a stranger";

fn array(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}

fn number(value: &Value) -> usize {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no number")) as usize
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

/// The number of a property.
fn property(explorer: &Explorer, name: &str) -> usize {
    let model = explorer.json("/api/v1/model");
    let found = array(&model["properties"])
        .iter()
        .find(|p| p["name"] == name);
    number(&found.expect("it has it")["property"])
}

fn verdict_at(explorer: &Explorer, path: &str, at: usize, property: usize) -> String {
    let state = explorer.json(&format!("/api/v1/paths/{path}/state?at={at}"));
    text(&state["verdicts"][property]["verdict"]).to_owned()
}

/// All actions after a path.
fn actions(explorer: &Explorer, path: &str) -> Vec<Value> {
    let next = explorer.json(&format!("/api/v1/paths/{path}/next"));
    let groups = array(&next["groups"]).iter();
    let actions: Vec<Value> = groups
        .flat_map(|group| array(&group["actions"]).clone())
        .collect();
    assert_eq!(number(&next["n_actions"]), actions.len());
    for (i, action) in actions.iter().enumerate() {
        assert_eq!(number(&action["number"]), i + 1);
    }
    actions
}

#[test]
fn a_property_is_violated_at_the_step_and_holds_before_it() {
    let explorer = Explorer::start(&[JOIN]);
    let path = explorer.path_of(STRANGER);
    let stranger = property(&explorer, STRANGER);
    let view = explorer.json(&format!("/api/v1/paths/{path}"));
    let n = number(&view["n_steps"]);
    assert_eq!(view["turns"], serde_json::json!([n]));
    assert_eq!(view["counterexamples"][0]["step"], n);
    assert_eq!(verdict_at(&explorer, &path, n, stranger), "violated");
    assert_eq!(verdict_at(&explorer, &path, n - 1, stranger), "holds");
    let until = explorer.json(&format!(
        "/api/v1/paths/{path}/until?at=0&property={stranger}"
    ));
    assert_eq!(
        (&until["found"], number(&until["to"])),
        (&Value::from(true), n)
    );
    let back = format!("/api/v1/paths/{path}/until?property={stranger}&direction=backward");
    assert_eq!(number(&explorer.json(&back)["to"]), n - 1);
}

#[test]
fn a_bad_state_is_bad_whatever_way_leads_there() {
    let explorer = Explorer::start(&[JOIN]);
    let stranger = property(&explorer, STRANGER);
    let path = explorer.path_of(STRANGER);
    let view = explorer.json(&format!("/api/v1/paths/{path}"));
    let bad = array(&view["steps"]).last().expect("a step")["state"].clone();
    // All states within so many steps, each by every way that leads there.
    let mut ways = vec![text(&view["id"])[..number(&view["base_length"])].to_owned()];
    let (mut seen, mut broken) = (0, 0);
    for _ in 0..4 {
        let mut longer = Vec::new();
        for way in &ways {
            for action in actions(&explorer, way) {
                let next = format!("{way}{}", text(&action["code"]));
                let breaks = array(&action["breaks"]).contains(&Value::from(stranger));
                let state = explorer.json(&format!("/api/v1/paths/{next}/state"));
                assert_eq!(state["state"], action["state"]);
                assert_eq!(state["verdicts"][stranger]["verdict"] == "violated", breaks);
                seen += usize::from(action["state"] == bad);
                broken += usize::from(breaks);
                longer.push(next);
            }
        }
        longer.truncate(60);
        ways = longer;
    }
    assert!(seen > 0 && broken > 1, "{seen} {broken}");
}

#[test]
fn a_link_into_another_model_is_valid_as_far_as_it_goes() {
    let explorer = Explorer::start(&[JOIN]);
    let path = explorer.path_of("rebalancing happens");
    let view = explorer.json(&format!("/api/v1/paths/{path}"));
    let (base, code) = (number(&view["base_length"]), number(&view["code_length"]));
    let at = |step: usize| base + code * (step - 1);
    let plain = &path[..at(number(&view["n_steps"]) + 1)];
    let damaged = |from: usize| {
        let mut damaged = plain.to_owned();
        let letter = if &damaged[from..=from] == "A" {
            "B"
        } else {
            "A"
        };
        damaged.replace_range(from..=from, letter);
        explorer.json(&format!("/api/v1/paths/{damaged}"))
    };
    let gone = damaged(at(3));
    assert_eq!(gone["differs"]["kind"], "no_such_step");
    assert_eq!(
        (&gone["differs"]["step"], &gone["n_steps"]),
        (&Value::from(3), &Value::from(2))
    );
    assert_eq!(text(&gone["id"]), &plain[..at(3)]);
    assert!(
        text(&gone["differs"]["message"]).contains("the model changed at step 3"),
        "{gone}"
    );
    assert!(!array(&gone["differs"]["enabled"]).is_empty());
    let elsewhere = damaged(at(4) - 1);
    assert_eq!(elsewhere["differs"]["kind"], "another_state");
    assert_eq!(elsewhere["differs"]["step"], 3);
    assert_eq!(damaged(base - 1)["differs"]["kind"], "initial_state");
    let other = Explorer::start(&[JOIN, "--set", "members=1", "--no-check"]);
    let other = other.json(&format!("/api/v1/paths/{path}"));
    assert_eq!(
        (&other["differs"]["step"], &other["n_steps"]),
        (&Value::from(0), &Value::from(0))
    );
    assert_eq!(
        explorer.json("/api/v1/paths/99")["differs"]["kind"],
        "no_initial_state"
    );
    let open = explorer.json(&format!("/api/v1/paths/{plain}.0"));
    assert_eq!(
        (&open["differs"]["kind"], &open["loop"]),
        (&Value::from("loop"), &Value::Null)
    );
}

#[test]
fn what_a_loop_repeats_begins_again() {
    let explorer = Explorer::start(&["failure-detector/heartbeat-asynchronous"]);
    let name = "in the end only crashed processes are suspected";
    let path = explorer.path_of(name);
    let view = explorer.json(&format!("/api/v1/paths/{path}"));
    let (start, n) = (number(&view["loop"]["start"]), number(&view["n_steps"]));
    assert!(start < n && view["loop"]["stays"] == false, "{view}");
    assert!(!array(&view["loop"]["fairness"]).is_empty());
    let stable = property(&explorer, name);
    let shown = array(&view["counterexamples"])
        .iter()
        .find(|c| c["property"] == stable);
    assert_eq!(number(&shown.expect("it shows it")["step"]), start);
    let state = |at: usize| explorer.json(&format!("/api/v1/paths/{path}/state?at={at}"));
    assert_eq!(number(&state(n)["next"]), start);
    assert_eq!(state(n)["state"], state(start)["state"]);
    assert_eq!(state(n + 1)["at"], start + 1);
    assert_eq!(state(n + 10 * (n - start) + 1), state(start + 1));
    let diagram = explorer.json(&format!("/api/v1/paths/{path}/spacetime"));
    assert_eq!(number(&diagram["bracket"]["start"]), start);
}

#[test]
fn the_cone_is_what_the_clocks_say() {
    let explorer = Explorer::start(&[JOIN]);
    let path = explorer.path_of("rebalancing happens");
    let diagram = |behind: &str| explorer.json(&format!("/api/v1/paths/{path}/spacetime{behind}"));
    let all = diagram("");
    let events = array(&all["events"]);
    let clock = |e: &Value| -> Vec<usize> { array(&e["clock"]).iter().map(number).collect() };
    for event in events {
        let step = number(&event["step"]);
        let own = clock(event);
        let related = |is: &dyn Fn(&[usize]) -> bool| -> Vec<usize> {
            let others = events.iter().filter(|other| number(&other["step"]) != step);
            others
                .filter(|o| is(&clock(o)))
                .map(|o| number(&o["step"]))
                .collect()
        };
        let below = |a: &[usize], b: &[usize]| a.iter().zip(b).all(|(a, b)| a <= b);
        let (past, future) = (related(&|c| below(c, &own)), related(&|c| below(&own, c)));
        let cone = diagram(&format!("?cone={step}"));
        let list =
            |name: &str| -> Vec<usize> { array(&cone["cone"][name]).iter().map(number).collect() };
        assert_eq!(
            (list("past"), list("future")),
            (past.clone(), future.clone()),
            "{step}"
        );
        for event in array(&cone["events"]) {
            let at = number(&event["step"]);
            let relation = if at == step {
                "self"
            } else if past.contains(&at) {
                "past"
            } else if future.contains(&at) {
                "future"
            } else {
                "concurrent"
            };
            assert_eq!(event["relation"], relation);
        }
    }
}

#[test]
fn hiding_an_actor_keeps_what_came_about_through_it() {
    let explorer = Explorer::start(&[JOIN]);
    let path = explorer.path_of("rebalancing happens");
    let all = explorer.json(&format!("/api/v1/paths/{path}/spacetime"));
    let lanes = array(&explorer.json("/api/v1/model")["lanes"]).clone();
    let mut through = 0;
    for (lane, _) in lanes
        .iter()
        .enumerate()
        .filter(|(_, l)| l["kind"] == "actor")
    {
        let hidden = explorer.json(&format!("/api/v1/paths/{path}/spacetime?hide={lane}"));
        assert_eq!(hidden["hidden"], serde_json::json!([lane]));
        assert!(array(&hidden["lanes"]).iter().all(|l| l["lane"] != lane));
        assert!(array(&hidden["events"]).iter().all(|e| e["lane"] != lane));
        let steps = |diagram: &Value| -> BTreeSet<usize> {
            array(&diagram["events"])
                .iter()
                .map(|e| number(&e["step"]))
                .collect()
        };
        let gone: BTreeSet<usize> = &steps(&all) - &steps(&hidden);
        let clocks: Vec<(usize, usize, Vec<usize>)> = array(&all["events"])
            .iter()
            .map(|e| {
                let clock = array(&e["clock"]).iter().map(number).collect();
                (number(&e["step"]), number(&e["line"]), clock)
            })
            .collect();
        let is_before = |a: usize, b: usize| {
            let of = |step: usize| {
                clocks
                    .iter()
                    .find(|(s, _, _)| *s == step)
                    .expect("it is there")
            };
            let ((_, line, first), (_, _, second)) = (of(a), of(b));
            first[*line] <= second[*line]
        };
        for edge in array(&hidden["edges"]) {
            let ends = (edge["from"]["step"].as_u64(), edge["to"]["step"].as_u64());
            for end in [ends.0, ends.1].into_iter().flatten() {
                assert!(!gone.contains(&(end as usize)), "{edge}");
            }
            if let ("hidden", (Some(a), Some(b))) = (text(&edge["kind"]), ends) {
                assert!(is_before(a as usize, b as usize), "{edge}");
                through += 1;
            }
        }
    }
    assert!(through > 0);
    let actors: Vec<String> = (0..lanes.len() - 1).map(|lane| lane.to_string()).collect();
    let none = explorer.get(&format!(
        "/api/v1/paths/{path}/spacetime?hide={}",
        actors.join(",")
    ));
    assert_eq!(none.status, 400);
}

#[test]
fn what_is_exported_is_loaded_again() {
    let explorer = Explorer::start(&["links/raw"]);
    let run = explorer.done();
    let mut n = 0;
    for discovery in array(&run["discoveries"]) {
        for path in array(&discovery["paths"]) {
            let path = text(path);
            let shown = format!("format=json&property={}", discovery["property"]);
            let file = explorer.get(&format!("/api/v1/paths/{path}/export?{shown}"));
            let named = file.header("content-disposition").expect("a name");
            assert!(
                named.starts_with("attachment; filename=\"links.raw."),
                "{named}"
            );
            let loaded = explorer.post("/api/v1/paths", file.text()).json();
            assert_eq!(loaded["paths"][0]["id"], path);
            assert_eq!(loaded["same"], true, "{loaded}");
            assert_eq!(loaded["property"]["property"], discovery["property"]);
            n += 1;
        }
    }
    assert!(n >= 2, "{run}");
    // A way that shows nothing claims nothing, and comes back as well.
    let start = text(&explorer.json("/api/v1/model")["start"]).to_owned();
    let plain = format!("{start}{}", text(&actions(&explorer, &start)[0]["code"]));
    let file = explorer.get(&format!(
        "/api/v1/paths/{plain}/export?format=json&property=0"
    ));
    assert_eq!(file.json()["property"]["verdict"], "inconclusive");
    let loaded = explorer.post("/api/v1/paths", file.text()).json();
    assert_eq!(
        (&loaded["paths"][0]["id"], &loaded["same"]),
        (&Value::from(plain), &Value::from(true))
    );
    let mut changed = file.json();
    changed["paths"][0]["steps"][0]["fingerprint"] = Value::from("0000000000000000");
    let loaded = explorer.post("/api/v1/paths", &changed.to_string()).json();
    assert_eq!(loaded["paths"][0]["differs"]["kind"], "another_state");
    assert_eq!(loaded["paths"][0]["id"], start.as_str());
}

/// The trace that a check writes of a violated property.
fn written(model: &str, property: &str) -> Value {
    let dir = tempfile::tempdir().expect("a folder");
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_allways"))
        .args(["check", model, "--property", property, "--quiet"])
        .arg("--trace-dir")
        .arg(dir.path())
        .output()
        .expect("it runs");
    let files: Vec<_> = std::fs::read_dir(dir.path()).expect("there").collect();
    assert_eq!(files.len(), 1, "{checked:?}");
    let file = files.into_iter().next().expect("one").expect("it is there");
    let file = std::fs::read_to_string(file.path()).expect("it is text");
    serde_json::from_str(&file).expect("it is JSON")
}

/// The violation of a property: as the explorer found and exports it, and as a check writes it.
fn why_of(model: &str, property: &str) -> Option<String> {
    let explorer = Explorer::start(&[model]);
    let path = explorer.path_of(property);
    let number = self::property(&explorer, property);
    let exported = format!("/api/v1/paths/{path}/export?format=json&property={number}");
    let run = explorer.done();
    let exported = explorer.get(&exported).json();
    let written = written(model, property);
    assert_eq!(exported, written, "{model}: {property}");

    let why = written["paths"][0]["reason"].as_str().map(str::to_owned);
    let shown = explorer.json(&format!("/api/v1/paths/{path}"));
    for list in [&shown["counterexamples"], &run["discoveries"]] {
        let one = array(list).iter().find(|one| one["property"] == number);
        assert_eq!(one.expect("it is told")["why"].as_str(), why.as_deref());
    }
    why
}

#[test]
fn the_explorer_says_why_as_the_trace_does() {
    let why = why_of(JOIN, STRANGER).expect("there is a reason");
    assert!(why.contains("makes it false: "), "{why}");
    let why = why_of(
        "failure-detector/heartbeat-asynchronous",
        "in the end only crashed processes are suspected",
    );
    let why = why.expect("there is a reason");
    assert!(why.contains(", in every round"), "{why}");
}

#[test]
fn a_path_that_goes_on_behind_a_violation_says_what_its_beginning_says() {
    let explorer = Explorer::start(&[JOIN]);
    let path = explorer.path_of(STRANGER);
    let stranger = property(&explorer, STRANGER);
    let shown = |path: &str| {
        let view = explorer.json(&format!("/api/v1/paths/{path}"));
        let mut shows = array(&view["counterexamples"]).iter();
        let one = shows.find(|one| one["property"] == stranger);
        one.expect("it is shown").clone()
    };
    let next = actions(&explorer, &path);
    let longer = format!("{path}{}", text(&next[0]["code"]));
    assert_eq!(shown(&longer), shown(&path));
    let export = format!("/api/v1/paths/{longer}/export?format=json&property={stranger}");
    let exported = explorer.get(&export).json();
    assert_eq!(exported["paths"][0]["reason"], shown(&path)["why"]);
    // What is read is that of the last state, which is another.
    assert_eq!(exported["paths"][0]["reads"], Value::Null);
    // A witness needs no reason.
    let witness = explorer.path_of("rebalancing happens");
    let view = explorer.json(&format!("/api/v1/paths/{witness}"));
    let mut shows = array(&view["counterexamples"]).iter();
    let one = shows.find(|one| one["verdict"] == "holds");
    assert_eq!(one.expect("it is shown")["why"], Value::Null);
}

#[test]
fn two_paths_part_where_they_part() {
    let explorer = Explorer::start(&["links/raw", "--no-check"]);
    let start = text(&explorer.json("/api/v1/model")["start"]).to_owned();
    let first = actions(&explorer, &start);
    let a = format!("{start}{}", text(&first[0]["code"]));
    let onward = actions(&explorer, &a);
    let compare = |a: &str, b: &str| explorer.json(&format!("/api/v1/compare?a={a}&b={b}"));
    assert_eq!(compare(&a, &a)["differs"], Value::Null);
    let shorter = compare(&a, &start);
    assert_eq!(
        (&shorter["differs"]["kind"], number(&shorter["common"])),
        (&Value::from("length"), 0)
    );
    assert!(onward.len() > 1, "{onward:?}");
    let (b, c) = (
        format!("{a}{}", text(&onward[0]["code"])),
        format!("{a}{}", text(&onward[1]["code"])),
    );
    let parted = compare(&b, &c);
    assert_eq!(
        (&parted["differs"]["kind"], number(&parted["common"])),
        (&Value::from("event"), 1)
    );
    assert_eq!(parted["differs"]["a"]["label"], onward[0]["label"]);
    assert_eq!(parted["differs"]["b"]["label"], onward[1]["label"]);
    assert!(!array(&parted["differs"]["state"]).is_empty());
}

#[test]
fn answers_do_not_depend_on_what_was_asked_before() {
    let model = ["raft/volatile-vote", "--no-check"];
    let (one, other) = (Explorer::start(&model), Explorer::start(&model));
    let start = text(&one.json("/api/v1/model")["start"]).to_owned();
    let mut way = start.clone();
    let mut asked = Vec::new();
    for i in 0..8 {
        let next = actions(&one, &way);
        way.push_str(text(&next[i * 7 % next.len()]["code"]));
        for question in [
            "",
            "/next",
            "/state?view=full",
            "/spacetime?cone=1",
            "/export?format=json",
        ] {
            asked.push(format!("/api/v1/paths/{way}{question}"));
        }
    }
    // The other is asked for the last first, and knows nothing of the way.
    for target in asked.iter().rev() {
        assert_eq!(other.get(target).text(), one.get(target).text(), "{target}");
    }
}

#[test]
fn one_of_several_initial_states_is_chosen() {
    let explorer = Explorer::start(&["floodlight/self-stabilising", "--no-check"]);
    let next = explorer.json("/api/v1/paths/1/next");
    let starts = array(&next["starts"]);
    assert!(starts.len() > 1);
    let current: Vec<bool> = starts.iter().map(|s| s["current"] == true).collect();
    assert_eq!(current.iter().position(|is| *is), Some(1));
    let path = text(&starts[1]["path"]);
    assert_eq!(explorer.json("/api/v1/paths/1")["id"], path);
}

#[test]
fn a_trace_file_is_opened_and_another_models_is_refused() {
    let explorer = Explorer::start(&["links/raw"]);
    let path = explorer.path_of("no duplicate");
    let file = explorer.get(&format!("/api/v1/paths/{path}/export?format=json"));
    let dir = tempfile::tempdir().expect("a folder");
    let name = dir.path().join("a.trace.json");
    std::fs::write(&name, file.text()).expect("written");
    let name = name.to_str().expect("text");
    // The trace names the model.
    let opened = Explorer::start(&["--trace", name, "--no-check"]);
    let model = opened.json("/api/v1/model");
    assert_eq!(model["name"], "links/raw");
    assert_eq!(model["opened"]["paths"][0]["id"], path.as_str());
    assert_eq!(model["opened"]["same"], true);
    let other = Explorer::start(&["links/dedup-only", "--no-check"]);
    let refused = other.post("/api/v1/paths", file.text());
    assert_eq!(refused.status, 409);
    assert_eq!(
        refused.json()["cure"],
        "allways explore links/raw --set messages=2"
    );
}

/// Two runs with the same inputs that end differently.
const PAIR: (&str, &str) = (
    "crdt/plain-counter",
    "the same updates end in the same values",
);

#[test]
fn two_runs_that_contradict_a_property_together_are_one_file() {
    let (model, name) = PAIR;
    let explorer = Explorer::start(&[model]);
    let number = property(&explorer, name);
    let run = explorer.done();
    let mut found = array(&run["discoveries"]).iter();
    let found = found.find(|one| one["property"] == number);
    let found = found.expect("it is violated");
    let paths: Vec<&str> = array(&found["paths"]).iter().map(text).collect();
    assert_eq!(paths.len(), 2);
    let reason = text(&found["reason"]);
    assert!(reason.contains(name) && reason.contains("the same inputs"));

    let target = |behind: &str| {
        let first = paths[0];
        format!("/api/v1/paths/{first}/export?format=json{behind}")
    };
    let with = format!("&with={}", paths[1]);
    let exported = explorer.get(&target(&with));
    let loaded = explorer.post("/api/v1/paths", exported.text()).json();
    assert_eq!(loaded["same"], true, "{loaded}");
    assert_eq!(loaded["paths"][1]["id"], paths[1]);
    assert_eq!(loaded["together"]["property"], number);
    assert_eq!(loaded["together"]["reason"], reason);
    // It is what a check writes.
    let written = written(model, name);
    assert_eq!(exported.json(), written);
    assert_eq!(loaded["together"]["why"], written["paths"][1]["reason"]);
    assert!(written["paths"][1]["reason"].is_string());

    // Neither of them shows it alone, and nor do others.
    let alone = explorer.get(&target(&format!("&property={number}"))).json();
    assert_eq!(alone["property"]["verdict"], "inconclusive");
    let alone = explorer.post("/api/v1/paths", &alone.to_string()).json();
    assert_eq!(alone["together"], Value::Null);
    for behind in [
        format!("&with={}", paths[0]),
        "&with=0".to_owned(),
        format!("{with}&property=0"),
    ] {
        let refused = explorer.get(&target(&behind));
        assert_eq!(refused.status, 400, "{behind}");
    }
}

#[test]
fn a_general_model_has_no_boundary_that_it_does_not_draw() {
    let model = |name: &str| Explorer::start(&[name, "--no-check"]).json("/api/v1/model");
    let general = model("two-phase-commit-tla/atomic");
    assert_eq!(general["kind"], "general");
    assert_eq!(general["boundaries"], serde_json::json!([]));
    let named = model("raft/volatile-vote");
    assert!(!array(&named["boundaries"]).is_empty(), "{named}");
}

#[test]
fn a_timer_says_when_it_fires_in_the_words_of_the_terminal() {
    let model = "failure-detector/heartbeat-partially-synchronous";
    let explorer = Explorer::start(&[model, "--no-check"]);
    let state = explorer.json("/api/v1/paths/0/state?view=full");
    let timers = array(&state["actors"]).iter();
    let timers: Vec<&str> = timers
        .flat_map(|actor| array(&actor["timers"]))
        .map(|timer| text(&timer["text"]))
        .collect();
    let form = regex::Regex::new(r"^\w+(\(.*\))? in \d+\.\.=\d+$").expect("a pattern");
    assert!(!timers.is_empty());
    assert!(
        timers.iter().all(|timer| form.is_match(timer)),
        "{timers:?}"
    );
}
