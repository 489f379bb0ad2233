//! `allways trace export`: where a trace goes in another format, and what is refused.

use std::fs;

use super::Sandbox;
use crate::mermaid::grammar::{Line, parse};
use crate::stories::trace_file;

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
    fs::write(sandbox.path("story.mmd"), "old").expect("written");
    let written = export(&["--format", "mermaid", "--output", "story.mmd"]);
    assert_eq!((written.code, &*written.stdout), (0, ""));
    let text = fs::read_to_string(sandbox.path("story.mmd")).expect("it is there");
    assert_eq!(text, drawn.stdout);
    let names = fs::read_dir(sandbox.path(".")).expect("the folder");
    let mut names: Vec<_> = names
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["story.mmd", "target"]);

    let json = export(&["--format", "json"]).stdout;
    let read = fs::read_to_string(sandbox.path(&file)).expect("it is there");
    assert_eq!(json, read);
}

#[test]
fn what_cannot_be_exported_is_said_with_a_cure() {
    let sandbox = Sandbox::new();
    let file = trace_file(&sandbox);
    fs::create_dir(sandbox.path("folder")).expect("made");
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
