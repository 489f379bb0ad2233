//! Tests of the text, as it is read.

use super::*;
use crate::search::Path;
use crate::space::{Interrupted, Label, StepKind};
use crate::trace::table::Table;
use crate::trace::tests::{recorded, story};
use crate::trace::{Change, TraceStep, record_path};
use crate::value::Tree;

/// Compares a trace's text, which is given with a line break in front.
fn check(trace: &Trace, style: &Style, expected: &str) {
    let shown = format!("\n{}", text(trace, style));
    assert_eq!(shown, expected, "{shown}");
}

/// A trace with the one path that takes the first step of each state.
fn straight(mut table: Table, n_steps: usize) -> Trace {
    let path = Path {
        initial: 0,
        steps: vec![0; n_steps],
        loop_start: None,
    };
    Trace {
        paths: vec![record_path(&mut table, &path).expect("recorded")],
        ..recorded()
    }
}

fn unit(name: &str) -> Tree {
    Tree::Unit(name.to_owned())
}

#[test]
fn the_story() {
    check(
        &recorded(),
        &Style::default(),
        "
  1  environment ─ A starts: Start ───────────▶ joiner  joiner  Idle → Joining
                                                        sends Join to seed
  2  joiner      ─ Join ──────────────────────▶ seed    seed.members  {'B', 'C'} → {'A', 'B', 'C'}
                                                        sends Migrate{slot: 3, to: 'A'} to member
                                                        sends Welcome to joiner
  3  seed        ─ Migrate{slot: 3, to: 'A'} ─▶ member  member.asked  None → Some('A')
",
    );
}

#[test]
fn full() {
    check(
        &recorded(),
        &Style {
            full: true,
            ..Style::default()
        },
        "
     initially
       joiner  Idle
       seed    Member{members: {'B', 'C'}, asked: None}
       member  Member{members: {'B', 'C'}, asked: None}
  1  environment ─ A starts: Start ───────────▶ joiner  joiner  Idle → Joining
                                                        sends Join to seed
  2  joiner      ─ Join ──────────────────────▶ seed    seed.members  {'B', 'C'} → {'A', 'B', 'C'}
                                                        sends Migrate{slot: 3, to: 'A'} to member
                                                        sends Welcome to joiner
  3  seed        ─ Migrate{slot: 3, to: 'A'} ─▶ member  member.asked  None → Some('A')
",
    );
}

#[test]
fn narrow() {
    let style = Style {
        width: 50,
        ..Style::default()
    };
    check(
        &recorded(),
        &style,
        "
  1  environment ─ A starts: Start ─▶ joiner
         joiner  Idle → Joining
         sends Join to seed
  2  joiner      ─ Join ────────────▶ seed
         seed.members  + 'A'
         sends Migrate{slot: 3, to: 'A'} to member
         sends Welcome to joiner
  3  seed        ─ Migrate{slot: 3, to:… ─▶ member
         member.asked  None → Some('A')
",
    );
}

#[test]
fn every_kind_of_step_reads_as_what_it_is() {
    let mut table = Table::new(&["a", "leader", "environment"], &[]);
    let kinds = [
        (StepKind::Deliver, Some("a"), None),
        (StepKind::Timeout, None, None),
        (StepKind::Choose, None, Some("peer")),
        (StepKind::Act, None, None),
        (StepKind::Stimulus, None, Some("a user asks")),
        (StepKind::Stimulus, Some("environment"), None),
        (StepKind::Recover, None, None),
        (StepKind::Duplicate, Some("a"), None),
        (StepKind::Drop, Some("a"), None),
        (StepKind::Crash, None, None),
        (StepKind::CrashInside, Some("a"), None),
        (StepKind::Partition, None, Some("split")),
        (StepKind::Heal, None, Some("split")),
        (StepKind::Tick, None, None),
        (StepKind::Stabilise, None, None),
        (StepKind::Forge, Some("a"), None),
        (StepKind::Forge, Some("leader"), None),
        (StepKind::Ignore, Some("a"), None),
        (StepKind::Ignore, None, None),
    ];
    let mut last = table.state(&[("leader", Tree::of(&0))]);
    for (i, (kind, from, name)) in kinds.into_iter().enumerate() {
        let label = Label {
            from: from.map(|from| table.lane(from)),
            name: name.map(str::to_owned),
            interrupted: (kind == StepKind::CrashInside).then_some(Interrupted {
                event: StepKind::Duplicate,
                after: 1,
                of: 2,
            }),
            ..table.label(kind, "leader", unit("X"))
        };
        let next = table.state(&[("leader", Tree::of(&(i + 1)))]);
        table.step(last, label, next);
        last = next;
    }
    check(
        &straight(table, kinds.len()),
        &Style::default(),
        "
  1  a           ─ X ──────────────▶ leader                     leader  0 → 1
  2  leader       timer X                                       leader  1 → 2
  3  leader       chooses peer: X                               leader  2 → 3
  4  leader       X                                             leader  3 → 4
  5  environment ─ a user asks: X ─▶ leader                     leader  4 → 5
  6  environment ─ X ──────────────▶ leader                     leader  5 → 6
  7  leader       recovers                                      leader  6 → 7
  8  a           ─ X ──────────────▶ leader (and a copy stays)  leader  7 → 8
  9  a           ─ X ──────────────✗ leader (lost)              leader  8 → 9
 10  leader       crashes                                       leader  9 → 10
 11  a           ─ X ──────────────▶ leader (and a copy stays, crashes after 1 of 2 effects)
         leader  10 → 11
 12  leader       split forms: X                                leader  11 → 12
 13  leader       split heals: X                                leader  12 → 13
 14  leader       tick                                          leader  13 → 14
 15  leader       bounds on time hold from here on              leader  14 → 15
 16  leader       forges X of a                                 leader  15 → 16
 17  leader       sends X of its own accord                     leader  16 → 17
 18  leader       ignores X from a                              leader  17 → 18
 19  leader       ignores X                                     leader  18 → 19
",
    );
}

#[test]
fn colour_changes_no_word() {
    let plain = text(&recorded(), &Style::default());
    let style = Style {
        color: true,
        ..Style::default()
    };
    let colored = text(&recorded(), &style);
    assert!(colored.contains("\u{1b}[1mjoiner\u{1b}[0m"));
    let mut stripped = String::new();
    for (i, piece) in colored.split("\u{1b}[").enumerate() {
        let visible = if i == 0 {
            piece
        } else {
            piece.split_once('m').expect("a colour").1
        };
        stripped.push_str(visible);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn nothing_in_a_trace_reaches_the_terminal_raw() {
    let evil = "\u{1b}[2J\n\u{202e}x";
    let mut trace = recorded();
    trace.lanes.push(evil.to_owned());
    let path = &mut trace.paths[0];
    path.reason = Some(evil.to_owned());
    path.state
        .push((evil.to_owned(), Tree::Text(evil.to_owned())));
    for step in &mut path.steps {
        step.lane = evil.to_owned();
        step.from = Some(evil.to_owned());
        step.name = Some(evil.to_owned());
        step.content = Tree::Debug(evil.to_owned());
        step.sent.push(crate::trace::Sent {
            to: evil.to_owned(),
            content: unit(evil),
        });
        step.changes.push(Change {
            part: evil.to_owned(),
            path: format!(".{evil}"),
            before: None,
            after: Some(Tree::Struct(
                evil.to_owned(),
                vec![(evil.to_owned(), unit(evil))],
            )),
        });
    }
    for width in [40, 100, 1000] {
        let shown = text(
            &trace,
            &Style {
                width,
                full: true,
                color: false,
            },
        );
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r']));
        let cut = text(
            &trace,
            &Style {
                width,
                full: false,
                color: false,
            },
        );
        assert!(!cut.contains(['\u{1b}', '\u{202e}']));
        assert!(cut.lines().all(|line| !line.starts_with('x')));
    }
}

/// A trace of one step, with these changes.
fn one_step(changes: Vec<Change>) -> Trace {
    let mut trace = recorded();
    let path = &mut trace.paths[0];
    path.steps.truncate(1);
    path.steps[0].sent.clear();
    path.steps[0].changes = changes;
    trace
}

fn change(path: &str, before: Option<Tree>, after: Option<Tree>) -> Change {
    Change {
        part: "seed".to_owned(),
        path: path.to_owned(),
        before,
        after,
    }
}

#[test]
fn long_values_are_fitted() {
    let set = |range: std::ops::Range<u8>| Some(Tree::Set(range.map(|i| Tree::of(&i)).collect()));
    let debug = |term| {
        let text = format!(
            "Server {{ name: \"a long name of a server\", log: [1, 2, 3, 4], term: {term}, voted: None }}"
        );
        Some(Tree::Debug(text))
    };
    let words = |n| Some(Tree::Text("word ".repeat(n)));
    let trace = one_step(vec![
        change(".set", set(0..90), set(1..91)),
        change(".grown", set(0..90), set(0..91)),
        change(".text", words(30), words(31)),
        change(".debug", debug(1), debug(2)),
        change(".short", words(30), Some(Tree::of(&1))),
        change(".log[2]", None, words(40)),
        change(".log[3]", Some(Tree::of(&3)), None),
    ]);
    check(
        &trace,
        &Style::default(),
        "
  1  environment ─ A starts: Start ─▶ joiner
         seed.set     + 90  − 0
         seed.grown   + 90
         seed.text    …word… → …word word…
         seed.debug   …term: 1,… → …term: 2,…
         seed.short   \"word word word word word word word word word word word word word word wo… → 1
         seed.log[2]  + \"word word word word word word word word word word word word word word word…
         seed.log[3]  − 3
",
    );
    let full = text(
        &trace,
        &Style {
            full: true,
            ..Style::default()
        },
    );
    assert!(full.contains(&"word ".repeat(31)));
}

#[test]
fn what_a_step_implies_is_shown_only_in_full() {
    let full = Style {
        full: true,
        ..Style::default()
    };
    for part in IMPLIED {
        let mut implied = change("", None, Some(unit("Join")));
        implied.part = part.to_owned();
        let mut trace = one_step(vec![implied]);
        assert!(!text(&trace, &Style::default()).contains(part));
        assert!(text(&trace, &full).contains(part));
        trace.lanes.push(part.to_owned());
        assert!(
            text(&trace, &Style::default()).contains(part),
            "an actor is never hidden"
        );
    }
}

#[test]
fn wide_characters_take_two_columns() {
    let mut trace = recorded();
    trace.paths[0].steps[1].content = unit("参加");
    trace.paths[0].steps[1].sent.clear();
    trace.paths[0].steps.remove(0);
    check(
        &trace,
        &Style::default(),
        "
  1  joiner ─ 参加 ──────────────────────▶ seed    seed.members  {'B', 'C'} → {'A', 'B', 'C'}
  2  seed   ─ Migrate{slot: 3, to: 'A'} ─▶ member  member.asked  None → Some('A')
",
    );
}

#[test]
fn where_it_starts_is_said_where_it_is_not_obvious() {
    let mut table = story();
    table.initial = vec![0, 2];
    let path = Path {
        initial: 1,
        steps: vec![0],
        loop_start: None,
    };
    let trace = Trace {
        paths: vec![record_path(&mut table, &path).expect("recorded")],
        ..recorded()
    };
    check(
        &trace,
        &Style::default(),
        "
     initially (state 2 of 2)
       joiner  Joining
       seed    Member{members: {'A', 'B', 'C'}, asked: None}
       member  Member{members: {'B', 'C'}, asked: None}
  1  seed ─ Migrate{slot: 3, to: 'A'} ─▶ member  member.asked  None → Some('A')
",
    );
}

#[test]
fn a_trace_without_steps_shows_its_state_and_reason() {
    let mut trace = straight(story(), 0);
    trace.paths[0].reason = Some("panicked: no such slot".to_owned());
    check(
        &trace,
        &Style::default(),
        "
     initially
       joiner  Idle
       seed    Member{members: {'B', 'C'}, asked: None}
       member  Member{members: {'B', 'C'}, asked: None}
     panicked: no such slot
",
    );
}

#[test]
fn two_runs_and_a_loop() {
    let mut trace = recorded();
    trace.paths.push(trace.paths[0].clone());
    trace.paths[1].steps.truncate(2);
    trace.paths[1].loop_start = Some(1);
    trace.ends = vec![change(".owner", Some(unit("A")), Some(unit("B")))];
    for path in &mut trace.paths {
        path.steps
            .iter_mut()
            .for_each(|step: &mut TraceStep| step.sent.clear());
    }
    check(
        &trace,
        &Style::default(),
        "
  run 1 of 2
  1  environment ─ A starts: Start ───────────▶ joiner  joiner  Idle → Joining
  2  joiner      ─ Join ──────────────────────▶ seed    seed.members  {'B', 'C'} → {'A', 'B', 'C'}
  3  seed        ─ Migrate{slot: 3, to: 'A'} ─▶ member  member.asked  None → Some('A')

  run 2 of 2
  1  environment ─ A starts: Start ─▶ joiner  joiner  Idle → Joining
     from here it repeats for ever:
  2  joiner      ─ Join ────────────▶ seed    seed.members  {'B', 'C'} → {'A', 'B', 'C'}
     and again from step 2

  where they end: run 1 → run 2
      seed.owner  A → B
",
    );
}

#[test]
fn a_general_model_needs_no_names() {
    let mut table = Table::new(&["model"], &[]);
    let state = |votes: u8| {
        Tree::Struct(
            "Tm".to_owned(),
            vec![("votes".to_owned(), Tree::of(&votes))],
        )
    };
    let first = table.state(&[("state", state(0))]);
    let second = table.state(&[("state", state(1))]);
    let third = table.state(&[("state", unit("Done"))]);
    table.step(
        first,
        table.label(StepKind::Act, "model", unit("Prepare")),
        second,
    );
    table.step(
        second,
        table.label(StepKind::Act, "model", unit("Commit")),
        third,
    );
    let mut trace = straight(table, 2);
    trace.lanes = vec!["model".to_owned()];
    check(
        &trace,
        &Style::default(),
        "
  1  Prepare  votes  0 → 1
  2  Commit   state  Tm{votes: 1} → Done
",
    );
}
