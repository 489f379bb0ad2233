//! Graphs: the same states and steps as a check counts, and nothing that a model contains can break out of what they are written in.

use std::collections::BTreeSet;
use std::fs;

use allways::Error;
use allways::prelude::*;
use allways::search::{Options, Verdict};
use allways::space::{PropertyKind, StateSpace};
use allways::trace::{About, GRAPH_STATES_MAX, Graph, graph, graph_to_dot, graph_to_json};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

use crate::cli::Sandbox;
use crate::documented;
use crate::dot::{self, Dot};
use crate::models::checked::{CATALOGUE, checked};
use crate::random::Spec;
use crate::random_systems::{runner, space, systems};

/// A machine over the numbers below `n` that counts up, and at the end stays where it is.
#[derive(Clone)]
struct Counter {
    n: u32,
}

impl Model for Counter {
    type State = u32;
    type Action = &'static str;

    fn init_states(&self) -> Vec<u32> {
        vec![0, 0]
    }

    fn actions(&self, _: &u32, actions: &mut Vec<&'static str>) {
        actions.push("count");
    }

    fn next_state(&self, state: &u32, _: &'static str) -> Option<u32> {
        Some((state + 1).min(self.n - 1))
    }
}

fn drawn<S: StateSpace>(space: &mut S, options: &Options) -> Result<Graph, Error> {
    graph(space, options, &About::default())
}

fn counter(n: u32) -> Result<Graph, Error> {
    let mut space = GeneralSpace::encoded(Counter { n }).always("not the last", move |_, s| {
        // With ten states, the last one is bad.
        n != 10 || *s != 9
    });
    drawn(&mut space, &Options::default())
}

/// Says that a graph is what it says it is.
fn consistent(graph: &Graph) {
    assert_eq!(graph.states.len(), graph.unique_states);
    assert_eq!(graph.steps.len(), graph.transitions);
    for (id, state) in graph.states.iter().enumerate() {
        assert_eq!(state.id, id);
        assert_eq!(state.initial, state.depth == 0);
    }
    let depths: Vec<u32> = graph.states.iter().map(|state| state.depth).collect();
    assert!(depths.is_sorted());
    let mut reached: BTreeSet<usize> = graph
        .states
        .iter()
        .filter(|s| s.initial)
        .map(|s| s.id)
        .collect();
    for step in &graph.steps {
        assert!(reached.contains(&step.source), "states come in order");
        reached.insert(step.target);
        assert!(depths[step.target] <= depths[step.source] + 1);
    }
    assert_eq!(reached.len(), graph.unique_states, "all can be reached");
    let fingerprints: BTreeSet<&str> = graph.states.iter().map(|s| &*s.fingerprint).collect();
    assert_eq!(fingerprints.len(), graph.unique_states);
}

/// The graph in DOT, read again.
fn read(graph: &Graph) -> Dot {
    let text = graph_to_dot(graph);
    assert!(text.is_ascii() || !text.contains(|c: char| c.is_control() && c != '\n'));
    let dot = dot::read(&text);
    assert_eq!(dot.nodes.len(), graph.unique_states);
    assert_eq!(dot.edges.len(), graph.transitions);
    let mut names = BTreeSet::new();
    for ((name, attributes), state) in dot.nodes.iter().zip(&graph.states) {
        assert!(names.insert(name.clone()), "{name} twice");
        assert_eq!(attributes.contains_key("peripheries"), state.initial);
        // By shape, not by colour alone.
        assert_eq!(attributes.contains_key("shape"), !state.violates.is_empty());
        let lines = dot::shown(&attributes["label"]);
        for name in &state.violates {
            assert!(lines.contains(&format!("✗ {name}")), "{lines:?}");
        }
    }
    for ((from, to, attributes), step) in dot.edges.iter().zip(&graph.steps) {
        assert_eq!(*from, format!("s{}", step.source));
        assert_eq!(*to, format!("s{}", step.target));
        assert!(names.contains(from) && names.contains(to));
        assert_eq!(dot::shown(&attributes["label"]).concat(), step.text);
    }
    dot
}

#[test]
fn a_step_to_the_same_state_is_a_step() {
    let graph = counter(10).expect("it is small");
    consistent(&graph);
    assert_eq!((graph.unique_states, graph.transitions), (10, 10));
    let last = &graph.steps[9];
    assert_eq!((last.source, last.target), (9, 9));
    assert_eq!(graph.states[9].violates, ["not the last"]);
    assert!(graph.states[..9].iter().all(|s| s.violates.is_empty()));
    let dot = read(&graph);
    assert_eq!(dot.edges[9].0, dot.edges[9].1);
    assert!(graph.cut_by.is_empty());
}

#[test]
fn ten_thousand_states_and_not_one_more() {
    let graph = counter(10_000).expect("it is just small enough");
    assert_eq!(graph.unique_states, GRAPH_STATES_MAX);
    assert_eq!(graph.transitions, GRAPH_STATES_MAX);
    let error = counter(10_001).expect_err("it is too large");
    assert!(error.is_usage());
    let cure = error.cure().expect("there is a way out");
    assert!(cure.contains("--max-depth") && cure.contains("--set"));
}

/// Variants with more states are not drawn.
const STATES_COMPARED_MAX: u64 = 2_000;

#[test]
fn every_small_variant_has_the_counts_of_its_check_at_every_depth() {
    let (mut n_all, mut n_drawn) = (0, 0);
    for entry in CATALOGUE.entries() {
        for variant in &entry.variants {
            let name = format!("{}/{}", entry.model, variant.name);
            // Five graphs and five checks of each take their time, and larger ones show nothing else.
            let n_states = checked(entry, variant).outcome.counts.unique;
            n_all += 1;
            if n_states > STATES_COMPARED_MAX {
                continue;
            }
            n_drawn += 1;
            let values = entry.values(&[]).expect("defaults are in range");
            let build = || variant.build(&values).expect("the variant is whole");
            let about = About::default();
            for depth_max in [None, Some(0), Some(1), Some(3), Some(7)] {
                let options = Options {
                    depth_max,
                    ..Options::default()
                };
                let checked = build().check(&options, &about, &()).expect("it is sound");
                let graph = build().graph(&options, &about).expect("it is small");
                consistent(&graph);
                read(&graph);
                let outcome = checked.outcome;
                let said = (graph.unique_states, graph.transitions, graph.depth);
                let counts = outcome.counts;
                let counted = (
                    counts.unique as usize,
                    counts.transitions as usize,
                    counts.depth,
                );
                assert_eq!(said, counted, "{name} {depth_max:?}");
                assert_eq!(graph.cut_by, outcome.cuts, "{name} {depth_max:?}");
                for property in &outcome.properties {
                    marks(&graph, property, &name);
                }
            }
        }
    }
    assert!(n_drawn * 3 > n_all, "only {n_drawn} of {n_all} are small");
}

/// A property is violated just where the graph marks a state, and the shortest way is to the nearest of them.
fn marks(graph: &Graph, property: &allways::search::PropertyOutcome, name: &str) {
    let kind = property.decl.kind;
    let is_witness = kind == PropertyKind::Reachable;
    let nearest = graph.states.iter().find(|state| {
        let marked = if is_witness {
            &state.witnesses
        } else {
            &state.violates
        };
        marked.contains(&property.decl.name)
    });
    if kind == PropertyKind::Confluent {
        let is_violated = property.verdict == Verdict::Violated;
        assert_eq!(nearest.is_some(), is_violated, "{name}: {property:?}");
        return;
    }
    if kind.is_liveness() {
        // No single state violates it.
        assert_eq!(nearest.map(|state| state.id), None, "{name}: {property:?}");
        return;
    }
    let shortest = property.paths.first().map(|path| path.steps.len());
    let nearest = nearest.map(|state| state.depth as usize);
    assert_eq!(nearest, shortest, "{name}: {property:?}");
}

#[test]
fn random_systems_have_the_counts_of_their_checks() {
    let mut runner = runner(7, 150);
    let mut n_drawn = 0;
    for number in 0..150 {
        let bytes = systems()
            .new_tree(&mut runner)
            .expect("bytes are to be had");
        let spec = Spec::decode(&bytes.current());
        let options = Options {
            depth_max: Some(spec.depth_max.unwrap_or(6).min(6)),
            ..Options::default()
        };
        let outcome = allways::check(&mut space(&spec).expect("it is sound"), &options, &());
        let outcome = outcome.expect("it is sound");
        if outcome.counts.unique > 3_000 {
            continue;
        }
        n_drawn += 1;
        let name = format!("system {number}");
        let graph = drawn(&mut space(&spec).expect("it is sound"), &options);
        let graph = graph.expect("it is small");
        consistent(&graph);
        read(&graph);
        let said = (graph.unique_states as u64, graph.transitions as u64);
        let counts = outcome.counts;
        assert_eq!(said, (counts.unique, counts.transitions), "{name}");
        assert_eq!(graph.depth, counts.depth, "{name}");
        assert_eq!(graph.cut_by, outcome.cuts, "{name}");
        for property in &outcome.properties {
            marks(&graph, property, &name);
        }
    }
    assert!(n_drawn > 100, "{n_drawn} systems are small enough");
}

/// A machine whose one state is a text.
struct Texts(Vec<String>);

impl Model for Texts {
    type State = String;
    type Action = String;

    fn init_states(&self) -> Vec<String> {
        self.0.clone()
    }

    fn actions(&self, state: &String, actions: &mut Vec<String>) {
        actions.push(state.clone());
    }

    fn next_state(&self, state: &String, _: String) -> Option<String> {
        Some(state.clone())
    }
}

#[test]
fn no_text_breaks_out_of_its_quotes() {
    let texts = [
        "\"",
        "\\",
        "\\\"",
        "ends with \\",
        "two\nlines",
        "\\n",
        "\\N \\G",
        "a\0b",
        "\u{202e}x",
        "&amp;",
        "&quot;x",
        "<b>bold</b>",
        "a -> b; }",
        "]; evil [x=\"y\"",
        "größer 東京",
        "",
        "\r\n\t\u{1b}[2J",
    ]
    .map(str::to_owned);
    let name = "at \"home\"\\\n";
    let mut space = GeneralSpace::encoded(Texts(texts.to_vec())).always(name, |_, _| false);
    let about = About {
        model: "a \"model\"".to_owned(),
        variant: "\\".to_owned(),
        parameters: vec![("k".to_owned(), "\"".to_owned())],
        ..About::default()
    };
    let graph = graph(&mut space, &Options::default(), &about).expect("it is small");
    assert_eq!(graph.unique_states, texts.len());
    let text = graph_to_dot(&graph);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    let dot = dot::read(&text);
    assert_eq!(dot.nodes.len(), texts.len());
    assert_eq!(dot.edges.len(), texts.len());
    assert_eq!(dot::shown(&dot.name), ["a \"model\"/\\"]);
    for ((_, attributes), state) in dot.nodes.iter().zip(&graph.states) {
        let lines = dot::shown(&attributes["label"]);
        let value = state.parts[0].1.text();
        assert_eq!(
            lines,
            [
                &format!("{} initial", state.id),
                "✗ at \"home\"\\\\n",
                &format!("state  {value}")
            ]
        );
    }
    let json = graph_to_json(&graph);
    assert!(!json[..json.len() - 1].contains(char::is_control));
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    for (i, text) in texts.iter().enumerate() {
        assert_eq!(json["states"][i]["parts"][0][1]["text"], **text);
    }
    assert_eq!(json["states"][0]["violates"][0], name);
}

#[test]
fn the_command_line_writes_the_graph_alone() {
    let sandbox = Sandbox::new();
    let name = "duva-join/callback-chain";
    let summary = sandbox.run(&["check", name, "--json"]).summary();
    let args = ["check", name, "--dump", "json"];
    let dumped = sandbox.run(&args);
    assert_eq!((dumped.code, &*dumped.stderr), (0, ""));
    let graph: Value = serde_json::from_str(&dumped.stdout).expect("one JSON value");
    assert_eq!(graph["format"], "allways-graph");
    assert_eq!(graph["version"], 1);
    for field in ["unique_states", "transitions", "depth"] {
        assert_eq!(graph[field], summary[field], "{field}");
    }
    let states = graph["states"].as_array().map(Vec::len);
    assert_eq!(
        states,
        summary["unique_states"].as_u64().map(|n| n as usize)
    );
    let again = sandbox.run(&[&args[..], &["--threads", "1"]].concat());
    assert_eq!(again.stdout, dumped.stdout);

    let dotted = sandbox.run(&["check", name, "--dump", "dot"]);
    assert_eq!((dotted.code, &*dotted.stderr), (0, ""));
    let dot = dot::read(&dotted.stdout);
    assert_eq!(Some(dot.nodes.len()), states);
    assert_eq!(dot::shown(&dot.name), [name]);

    // A violated variant is drawn like any other, and says what it violates.
    let broken = sandbox.run(&["check", "duva-join/fire-and-forget", "--dump", "dot"]);
    assert_eq!(broken.code, 0);
    let is_octagon = |(_, attributes): &(String, dot::Attributes)| {
        attributes
            .get("shape")
            .is_some_and(|shape| shape == "octagon")
    };
    assert!(dot::read(&broken.stdout).nodes.iter().any(is_octagon));

    let cut = sandbox.run(&[&args[..], &["--max-depth", "2"]].concat());
    let cut: Value = serde_json::from_str(&cut.stdout).expect("one JSON value");
    assert_eq!(cut["cut_by"][0], "--max-depth 2");
    assert_eq!(cut["depth"], 2);
    let written = fs::read_dir(sandbox.path(".")).expect("the folder").count();
    let traces = fs::read_dir(sandbox.path("target/allways")).expect("of the check");
    assert!(written == 1 && traces.count() > 0);
}

#[test]
fn the_page_names_every_field_and_no_other() {
    let graph = counter(2).expect("it is small");
    let graph: Value = serde_json::from_str(&graph_to_json(&graph)).expect("it is JSON");
    let found = documented::fields(&graph);
    let [page, values] = [
        include_str!("../../docs/graph.md"),
        include_str!("../../docs/trace.md"),
    ];
    let named: Vec<&str> = documented::quoted(page)
        .chain(documented::quoted(values))
        .collect();
    for field in &found {
        assert!(named.contains(&field.as_str()), "{field} is named nowhere");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).collect();
    assert!(rows.len() > 15, "{rows:?}");
    for field in rows.into_iter().flat_map(documented::quoted) {
        assert!(found.contains(field), "there is no {field}");
    }
}

#[test]
fn what_cannot_be_drawn_writes_nothing_and_says_what_to_do() {
    let sandbox = Sandbox::new();
    let large = "two-phase-commit-tla/atomic";
    for (args, expected) in [
        (&["duva-join"][..], "MODEL/VARIANT"),
        (&["--all"], "MODEL/VARIANT"),
        (&["duva-join/fire-and-forget", large], "MODEL/VARIANT"),
        (&[large, "--set", "rms=6"], "--max-depth"),
        (&[large, "--set", "rms=6"], "at most 10000 states"),
        (&[large, "--json"], "cannot be used with"),
        (&[large, "--time", "1s"], "cannot be used with"),
        (&[large, "--dump", "svg"], "invalid value"),
    ] {
        let format = if args.contains(&"--dump") {
            &[][..]
        } else {
            &["--dump", "dot"]
        };
        let run = sandbox.run(&[&["check"], args, format].concat());
        assert_eq!(run.code, 2, "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
    let bounded = sandbox.run(&[
        "check",
        large,
        "--set",
        "rms=6",
        "--max-depth",
        "4",
        "--dump",
        "dot",
    ]);
    assert_eq!(bounded.code, 0, "{}", bounded.stderr);
    let dot = dot::read(&bounded.stdout);
    assert!(dot::shown(&dot.attributes["label"]).contains(&"cut by --max-depth 4".to_owned()));
}
