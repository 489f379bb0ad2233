//! Names and contents that mean something to Mermaid, to HTML, to Markdown or to a terminal, and texts that are too long.

use allways::space::StepKind;
use allways::trace::{Sent, Trace, TraceStep, to_mermaid};
use allways::value::Tree;

use super::grammar::{Line, parse};
use crate::stories::{message, named, path, step, trace, unit};

/// Names and contents that mean something to Mermaid, to HTML, to Markdown or to a terminal.
const HOSTILE: [&str; 33] = [
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
fn saying(hostile: &str) -> Trace {
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
