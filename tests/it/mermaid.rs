//! Traces as Mermaid sequence diagrams: how each kind of step is drawn, and that nothing a model says is obeyed by Mermaid.

pub(crate) mod grammar;

use allways::search::Verdict;
use allways::space::{Interrupted, PropertyKind, StepKind};
use allways::trace::{Change, Sent, Shown, Trace, TracePath, TraceStep, to_mermaid};
use allways::value::Tree;

use crate::cli::Sandbox;
use grammar::{Line, parse};

pub(crate) fn unit(name: &str) -> Tree {
    Tree::Unit(name.to_owned())
}

/// A step of `lane`.
pub(crate) fn step(kind: StepKind, lane: &str, content: &str) -> TraceStep {
    TraceStep {
        kind,
        lane: lane.to_owned(),
        from: None,
        name: None,
        interrupted: None,
        content: unit(content),
        sent: Vec::new(),
        changes: Vec::new(),
        whole: Vec::new(),
        key: String::new(),
        fingerprint: "0".repeat(16),
    }
}

/// What happens to a message on its way from one to the other.
pub(crate) fn message(kind: StepKind, from: &str, to: &str, content: &str) -> TraceStep {
    TraceStep {
        from: Some(from.to_owned()),
        ..step(kind, to, content)
    }
}

/// The step sends this, too.
pub(crate) fn sends(mut step: TraceStep, to: &str, content: &str) -> TraceStep {
    step.sent.push(Sent {
        to: to.to_owned(),
        content: unit(content),
    });
    step
}

pub(crate) fn named(name: &str, step: TraceStep) -> TraceStep {
    TraceStep {
        name: Some(name.to_owned()),
        ..step
    }
}

pub(crate) fn path(steps: Vec<TraceStep>) -> TracePath {
    TracePath {
        initial: 0,
        initial_states: 1,
        state: vec![
            ("a".to_owned(), unit("Idle")),
            ("in flight".to_owned(), Tree::Map(Vec::new())),
        ],
        fingerprint: "0".repeat(16),
        steps,
        loop_start: None,
        fairness: Vec::new(),
        reason: None,
        reads: Vec::new(),
    }
}

/// A trace that violates `all is well`.
pub(crate) fn trace(lanes: &[&str], paths: Vec<TracePath>) -> Trace {
    Trace {
        format: "allways-trace".to_owned(),
        version: 1,
        encoding: 1,
        model: "model".to_owned(),
        variant: "variant".to_owned(),
        parameters: vec![("members".to_owned(), "2".to_owned())],
        hash_seed: 0,
        property: Shown {
            name: "all is well".to_owned(),
            kind: PropertyKind::Always,
            verdict: Verdict::Violated,
        },
        lanes: lanes.iter().map(|lane| (*lane).to_owned()).collect(),
        tie_break: true,
        paths,
        ends: Vec::new(),
    }
}

/// Compares a diagram, which is given with a line break in front and without what every one begins with.
fn check(trace: &Trace, expected: &str) {
    let drawn = to_mermaid(trace);
    parse(&drawn);
    let head = "sequenceDiagram\n  title: model/variant, members=2";
    let body = drawn.strip_prefix(head).expect("every one begins so");
    assert_eq!(body, expected, "{drawn}");
}

fn check_steps(lanes: &[&str], steps: Vec<TraceStep>, expected: &str) {
    check(&trace(lanes, vec![path(steps)]), expected);
}

#[test]
fn messages_are_arrows_where_they_are_delivered_and_say_when_they_were_sent() {
    let ask = named("ask", message(StepKind::Stimulus, "environment", "a", "Go"));
    let ask = sends(sends(sends(ask, "b", "One"), "b", "Two"), "c", "Three");
    check_steps(
        &["a", "b", "c", "environment"],
        vec![
            ask,
            message(StepKind::Deliver, "a", "b", "Two"),
            message(StepKind::Deliver, "a", "b", "One"),
        ],
        "
  participant a
  participant b
  participant c
  actor environment
  environment->>a: 1. ask: Go
  a--)c: Three, not delivered
  a->>b: 2. Two
  a->>b: 3. One, sent in 1
  Note over b: violated: all is well
",
    );
}

#[test]
fn what_was_in_flight_from_the_start_says_so() {
    let mut path = path(vec![
        step(StepKind::Timeout, "a", "Tick"),
        message(StepKind::Deliver, "a", "b", "Hello"),
        message(StepKind::Deliver, "b", "a", "Unknown"),
    ]);
    let link = Tree::Text("a → b".to_owned());
    path.state[1].1 = Tree::Map(vec![(link, Tree::Set(vec![unit("Hello")]))]);
    check(
        &trace(&["a", "b"], vec![path]),
        "
  participant a
  participant b
  a->>a: 1. timer Tick
  a->>b: 2. Hello, sent at the start
  b->>a: 3. Unknown
  Note over a: violated: all is well
",
    );
}

#[test]
fn faults_of_links() {
    let start = sends(
        sends(step(StepKind::Timeout, "a", "Go"), "b", "M"),
        "b",
        "N",
    );
    check_steps(
        &["a", "b"],
        vec![
            start,
            message(StepKind::Duplicate, "a", "b", "M"),
            message(StepKind::Drop, "a", "b", "N"),
            message(StepKind::Deliver, "a", "b", "M"),
            message(StepKind::Deliver, "a", "b", "M"),
        ],
        "
  participant a
  participant b
  a->>a: 1. timer Go
  a->>b: 2. M, and a copy stays
  a-xb: 3. N, lost, sent in 1
  a->>b: 4. M, sent in 1
  a->>b: 5. M, sent in 1
  Note over b: violated: all is well
",
    );
}

#[test]
fn faults_of_processes() {
    let inside = TraceStep {
        interrupted: Some(Interrupted {
            event: StepKind::Deliver,
            after: 1,
            of: 3,
        }),
        ..message(StepKind::CrashInside, "a", "b", "M")
    };
    let timer = TraceStep {
        interrupted: Some(Interrupted {
            event: StepKind::Timeout,
            after: 0,
            of: 1,
        }),
        ..step(StepKind::CrashInside, "b", "T")
    };
    check_steps(
        &["a", "b"],
        vec![
            step(StepKind::Crash, "a", ""),
            step(StepKind::Recover, "a", ""),
            inside,
            timer,
        ],
        "
  participant a
  participant b
  Note over a: 1. crashes
  Note over a: 2. recovers
  a->>b: 3. M, crashes after 1 of 3 effects
  b->>b: 4. timer T, crashes after 0 of 1 effects
  Note over b: violated: all is well
",
    );
}

#[test]
fn what_concerns_all_is_a_note_over_all() {
    let sides = Tree::Tuple(
        String::new(),
        vec![Tree::Set(vec![unit("a")]), Tree::Set(vec![unit("b")])],
    );
    let cut = |kind| TraceStep {
        content: sides.clone(),
        ..named("cut", step(kind, "environment", ""))
    };
    check_steps(
        &["a", "b", "c", "environment"],
        vec![
            cut(StepKind::Partition),
            cut(StepKind::Heal),
            step(StepKind::Tick, "environment", ""),
            step(StepKind::Stabilise, "environment", ""),
        ],
        "
  participant a
  participant b
  participant c
  Note over a,c: 1. cut forms: {a} | {b}
  Note over a,c: 2. cut heals: {a} | {b}
  Note over a,c: 3. tick
  Note over a,c: 4. bounds on time hold from here on
  Note over a,c: violated: all is well
",
    );
}

#[test]
fn choices_and_arbitrary_actors() {
    let own = sends(
        message(StepKind::Forge, "liar", "liar", "Mine"),
        "a",
        "Mine",
    );
    let forged = sends(message(StepKind::Forge, "b", "liar", "Lie"), "a", "Lie");
    check_steps(
        &["a", "b", "liar"],
        vec![
            named("peer", step(StepKind::Choose, "a", "b")),
            step(StepKind::Choose, "a", "left"),
            sends(own, "b", "Other"),
            forged,
            message(StepKind::Deliver, "b", "a", "Lie"),
            message(StepKind::Ignore, "liar", "b", "Other"),
            step(StepKind::Ignore, "liar", "Beat"),
        ],
        "
  participant a
  participant b
  participant liar
  a->>a: 1. chooses peer: b
  a->>a: 2. chooses left
  Note over liar: 3. sends Mine of its own accord
  liar--)a: Mine, not delivered
  Note over liar: 4. forges Lie of b
  b->>a: 5. Lie, forged by liar
  liar-xb: 6. Other, ignored, sent in 3
  Note over liar: 7. ignores Beat
  Note over liar: violated: all is well
",
    );
}

#[test]
fn general_models_are_notes_over_one() {
    check_steps(
        &["model"],
        vec![step(StepKind::Act, "model", "Prepares { rm: 0 }")],
        "
  participant model
  Note over model: 1. Prepares { rm: 0 }
  Note over model: violated: all is well
",
    );
}

#[test]
fn a_lasso_is_a_loop_whose_end_may_send_what_its_beginning_delivers() {
    let first = sends(step(StepKind::Timeout, "a", "Go"), "b", "Ping");
    let ping = sends(message(StepKind::Deliver, "a", "b", "Ping"), "a", "Pong");
    let pong = sends(message(StepKind::Deliver, "b", "a", "Pong"), "b", "Ping");
    let pong = sends(pong, "b", "Never");
    let path = TracePath {
        loop_start: Some(1),
        ..path(vec![first, ping, pong])
    };
    let mut trace = trace(&["a", "b"], vec![path]);
    trace.property.kind = PropertyKind::Eventually;
    check(
        &trace,
        "
  participant a
  participant b
  a->>a: 1. timer Go
  loop for ever
    a->>b: 2. Ping
    b->>a: 3. Pong
    a--)b: Never, not delivered
  end
  Note over a,b: violated: all is well (eventually)
",
    );
}

#[test]
fn a_lasso_may_stay_where_it_is() {
    let path = TracePath {
        loop_start: Some(1),
        ..path(vec![message(StepKind::Drop, "a", "b", "M")])
    };
    let mut trace = trace(&["a", "b"], vec![path]);
    trace.property.kind = PropertyKind::Stabilises;
    check(
        &trace,
        "
  participant a
  participant b
  a-xb: 1. M, lost
  Note over a,b: and stays there for ever: fairness asks <br/>for no step
  Note over a,b: violated: all is well (stabilises)
",
    );
}

#[test]
fn two_paths_each_have_a_background() {
    let run = |content| path(vec![message(StepKind::Deliver, "a", "b", content)]);
    let mut trace = trace(&["a", "b"], vec![run("X"), run("Y")]);
    trace.property.kind = PropertyKind::Confluent;
    trace.ends = vec![
        Change {
            part: "b".to_owned(),
            path: ".value".to_owned(),
            before: Some(unit("X")),
            after: Some(unit("Y")),
        },
        Change {
            part: "spent".to_owned(),
            path: String::new(),
            before: Some(unit("0")),
            after: None,
        },
    ];
    check(
        &trace,
        "
  participant a
  participant b
  rect rgba(128, 128, 128, 0.12)
    Note over a,b: run 1 of 2
    a->>b: 1. X
  end
  rect rgba(128, 128, 128, 0.12)
    Note over a,b: run 2 of 2
    a->>b: 1. Y
  end
  Note over a,b: violated: all is well<br/>b.value: X or Y
",
    );
}

#[test]
fn an_initial_state_and_a_panic_are_told() {
    let start = TracePath {
        initial: 2,
        initial_states: 9,
        reason: Some("panicked: index out of bounds".to_owned()),
        reads: Vec::new(),
        ..path(Vec::new())
    };
    let mut trace = trace(&["a"], vec![start]);
    trace.property.kind = PropertyKind::NoPanic;
    check(
        &trace,
        "
  participant a
  Note over a: initially (state 3 of 9)<br/>a: Idle
  Note over a: violated: all is well<br/>panicked: index out of bounds
",
    );
}

#[test]
fn a_witness_is_reached() {
    let mut trace = trace(&["a"], vec![path(vec![step(StepKind::Timeout, "a", "T")])]);
    trace.property.kind = PropertyKind::Reachable;
    trace.property.verdict = Verdict::Holds;
    check(
        &trace,
        "
  participant a
  a->>a: 1. timer T
  Note over a: reached: all is well
",
    );
}

/// Names and contents that mean something to Mermaid, to HTML, to Markdown or to a terminal.
pub(crate) const HOSTILE: [&str; 33] = [
    "",
    " ",
    "end",
    "END",
    "the end.",
    "weekend ends endless",
    "a;b",
    "a#b",
    "#35;",
    "#lt;b#gt;",
    "a<br/>b",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "say \"hi\"",
    "it's `code`",
    "a\nb\r\nc\td",
    "\u{1b}[2J\u{7}",
    "a->>b: c",
    "a--xb",
    "Note over a: b",
    "participant x as y",
    "loop",
    "%% comment",
    "%%{init: {\"theme\": \"dark\"}}%%",
    "wrap: narrow",
    "nowrap:wide",
    "style:x#y;",
    "classDef:#fff;",
    "$$x^2$$",
    "ﬂ°°60¶ß ﬂ°lt¶ß",
    "&lt;&amp;",
    "größer → 東京 \u{202e}nimda",
    "a,b(c)[d]{e}+-:/\\|@",
];

/// The text as it is to be read: nothing invisible, and blanks as line breaks may have left them.
fn read(text: &str) -> String {
    let visible = allways::value::printable(text).into_owned();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A trace in which this is everything that a model says.
pub(crate) fn saying(hostile: &str) -> Trace {
    let said = || Tree::Debug(hostile.to_owned());
    let last = HOSTILE[HOSTILE.len() - 1];
    let delivery = TraceStep {
        content: said(),
        sent: vec![Sent {
            to: "end".to_owned(),
            content: said(),
        }],
        ..message(StepKind::Deliver, hostile, last, "")
    };
    let of = |kind, lane| TraceStep {
        content: said(),
        ..named(hostile, step(kind, lane, ""))
    };
    let steps = vec![
        delivery,
        of(StepKind::Choose, "loop"),
        of(StepKind::Partition, hostile),
    ];
    let mut trace = trace(&HOSTILE, vec![path(steps)]);
    trace.property.name = hostile.to_owned();
    trace.model = format!("m{hostile}");
    trace.parameters = vec![(hostile.to_owned(), hostile.to_owned())];
    trace
}

#[test]
fn whatever_a_model_says_is_shown_and_not_obeyed() {
    for hostile in HOSTILE {
        let lines = parse(&to_mermaid(&saying(hostile)));

        let labels: Vec<String> = lines
            .iter()
            .filter_map(|line| match line {
                Line::Arrow(.., label) | Line::Note(_, label) => {
                    Some(read(&label.replace('\n', " ")))
                }
                _ => None,
            })
            .collect();
        let shown = read(hostile);
        let expected = [
            format!("1. {shown}"),
            format!("{shown}, not delivered"),
            format!("2. chooses {shown}: {shown}"),
            format!("3. {shown} forms: {shown}"),
            format!("violated: {shown}"),
        ];
        // A name that is empty is left out of a choice.
        let expected = expected.map(|text| read(&text));
        let squeezed = |text: &String| text.replace(' ', "").replace("chooses:", "chooses");
        for (label, expected) in labels.iter().zip(&expected) {
            assert_eq!(squeezed(label), squeezed(expected), "{lines:?}");
        }
        assert_eq!(labels.len(), expected.len());
    }
    let names: Vec<String> = parse(&to_mermaid(&trace(&HOSTILE, vec![path(Vec::new())])))
        .into_iter()
        .filter_map(|line| match line {
            Line::Participant(_, name) => Some(name),
            _ => None,
        })
        .collect();
    let expected = HOSTILE.map(|name| match name {
        "" | " " => "\"\"".to_owned(),
        name => allways::value::printable(name).into_owned(),
    });
    assert_eq!(names, expected);
}

#[test]
fn long_texts_are_cut_and_many_rows_counted() {
    let long = "word ".repeat(100);
    let mut start = path(vec![step(StepKind::Act, "model", &long)]);
    start.initial_states = 2;
    start.state = (0..20)
        .map(|i| (format!("part {i}"), unit(&long)))
        .collect();
    let drawn = to_mermaid(&trace(&["model"], vec![start]));
    parse(&drawn);
    assert!(drawn.contains("and 12 more"), "{drawn}");
    assert!(drawn.lines().all(|line| line.len() < 1_200), "{drawn}");
    assert_eq!(drawn.matches('…').count(), 9);
}

/// Writes the trace file of a violation; returns its path.
pub(crate) fn trace_file(sandbox: &Sandbox) -> String {
    sandbox.run(&["check", "-q", "duva-join/fire-and-forget"]);
    let name = "duva-join.fire-and-forget.no-migration-to-a-stranger.trace.json";
    format!("target/allways/{name}")
}

#[test]
fn a_trace_file_is_exported() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    let export = |more: &[&str]| sandbox.run(&[&["trace", "export", &file][..], more].concat());

    let drawn = export(&["--format", "mermaid"]);
    assert_eq!((drawn.code, &*drawn.stderr), (0, ""));
    let arrows: Vec<Line> = parse(&drawn.stdout)
        .into_iter()
        .filter(|line| matches!(line, Line::Arrow(_, "->>", ..)))
        .collect();
    let arrow = |from: &str, to: &str, label: &str| {
        Line::Arrow(from.to_owned(), "->>", to.to_owned(), label.to_owned())
    };
    let story = [
        arrow("joiner", "seed", "1. Join"),
        arrow("seed", "member_0", "2. Migrate{to: joiner}"),
    ];
    assert_eq!(arrows, story);

    // Whole, in place of what was there, and nothing beside.
    std::fs::write(sandbox.path("story.mmd"), "old").expect("written");
    let written = export(&["--format", "mermaid", "--output", "story.mmd"]);
    assert_eq!((written.code, &*written.stdout), (0, ""));
    let text = std::fs::read_to_string(sandbox.path("story.mmd")).expect("it is there");
    assert_eq!(text, drawn.stdout);
    let names = std::fs::read_dir(sandbox.path(".")).expect("the folder");
    let mut names: Vec<_> = names
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["story.mmd", "target"]);

    let json = export(&["--format", "json"]).stdout;
    let read = std::fs::read_to_string(sandbox.path(&file)).expect("it is there");
    assert_eq!(json, read);
}

#[test]
fn what_cannot_be_exported_is_said_with_a_cure() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    std::fs::create_dir(sandbox.path("folder")).expect("made");
    let mermaid = ["--format", "mermaid"];
    for (args, expected) in [
        (&[&*file][..], "--format <FORMAT>"),
        (&[&file, "--format", "mermaiden"], "'mermaid'"),
        (&[&file, "--format", "x"], "possible values: json, mermaid"),
        (
            &[&["none.json"][..], &mermaid].concat(),
            "cannot read none.json",
        ),
        (
            &[&[&*file][..], &mermaid, &["--output", "folder"]].concat(),
            "no file",
        ),
        (
            &[&[&*file][..], &mermaid, &["--output", "none/x.mmd"]].concat(),
            "cannot write none/x.mmd",
        ),
    ] {
        let run = sandbox.run(&[&["trace", "export"], args].concat());
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains("help: ") || run.stderr.contains("For more information"));
        assert_eq!(run.stdout, "");
    }
}
