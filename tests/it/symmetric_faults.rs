//! Symmetry together with fewest faults, with a bound on faults that have no budget, and switched off: the same verdicts, frontiers and traces.

use std::fs;
use std::process::Command;

use allways::prelude::*;
use allways::search::{FaultFrontier, Options, Outcome, Verdict};
use allways::space::ActorSpace;
use allways::trace::{self, About, Trace};

message! {
    #[derive(Deserialize)]
    enum Msg { Put, Kept(Id) }
}

/// Keeps what it is told, and says so.
struct Keeper {
    writer: Id,
}

impl Actor for Keeper {
    type Msg = Msg;
    type State = bool;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> bool {
        false
    }

    fn on_msg(&self, id: Id, keeps: &mut Cow<'_, bool>, _: Id, msg: Msg, o: &mut Out<Self>) {
        if msg == Msg::Put {
            *keeps.to_mut() = true;
            o.send(self.writer, Msg::Kept(id));
        }
    }
}

/// Writes to all keepers, and knows who has kept it.
struct Writer {
    keepers: Vec<Id>,
}

impl Actor for Writer {
    type Msg = Msg;
    type State = Set<Id>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Set<Id> {
        o.broadcast(self.keepers.iter(), &Msg::Put);
        Set::new()
    }

    fn on_msg(&self, _: Id, known: &mut Cow<'_, Set<Id>>, _: Id, msg: Msg, _: &mut Out<Self>) {
        if let Msg::Kept(who) = msg {
            known.to_mut().insert(who);
        }
    }
}

/// Three keepers of which two may crash, links that lose what `link` says.
fn register(link: Link, crashes: Crashes) -> System<Msg> {
    let mut sys = System::new();
    let writer = sys.reserve("writer");
    let keepers = sys.actors("keeper", 3, |_| Keeper {
        writer: writer.id(),
    });
    let ids = keepers.ids();
    sys.set(
        writer,
        Writer {
            keepers: ids.clone(),
        },
    );
    sys.symmetric(&keepers).mentioned_by(writer);
    sys.links(link);
    sys.crashes(crashes.of(ids));
    let all = keepers.clone();
    sys.always("what is written is kept by somebody", move |s| {
        let is_over = s.in_flight().next().is_none();
        !is_over || all.iter().any(|keeper| s.state(keeper) == Some(&true))
    });
    let all = keepers.clone();
    sys.always("who is known to keep it keeps it", move |s| {
        let mut known = all.iter().filter(|keeper| s[writer].contains(&keeper.id()));
        known.all(|keeper| s.state(keeper) == Some(&true))
    });
    sys.reachable("all keep it", move |s| {
        keepers.iter().all(|keeper| s.state(keeper) == Some(&true))
    });
    sys
}

fn check(sys: System<Msg>, options: &Options) -> (Outcome, Vec<Option<Trace>>) {
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    let outcome = allways::check(&mut space, options, &()).expect("the system is sound");
    let properties = outcome.properties.iter();
    let traces = properties
        .map(|property| trace::record(&mut space, property, &About::default()))
        .collect::<Result<_, _>>();
    (outcome, traces.expect("they can be told"))
}

/// A check with symmetry and one without, which say the same of everything but counts.
fn compared(make: impl Fn() -> System<Msg>, options: Options) -> (Outcome, Vec<Option<Trace>>) {
    let (all, expected) = check(
        make(),
        &Options {
            symmetry: false,
            ..options.clone()
        },
    );
    assert_eq!(all.symmetry, None);
    for threads in [1, 2, 3] {
        let (reduced, traces) = check(
            make(),
            &Options {
                threads,
                ..options.clone()
            },
        );
        let said = |outcome: &Outcome| -> Vec<(Verdict, Option<FaultFrontier>, bool)> {
            let properties = outcome.properties.iter();
            properties
                .map(|p| (p.verdict, p.fault_frontier.clone(), p.tie_break))
                .collect()
        };
        assert_eq!(said(&reduced), said(&all));
        assert_eq!(reduced.cuts, all.cuts);
        assert_eq!(traces, expected);
        assert!(reduced.symmetry.is_some());
        assert!(reduced.counts.unique * 3 < all.counts.unique);
    }
    (all, expected)
}

#[test]
fn fewest_faults_are_the_same_with_symmetry() {
    let options = Options {
        fewest_faults: true,
        properties: Some(vec![
            "what is written is kept by somebody".to_owned(),
            "who is known to keep it keeps it".to_owned(),
        ]),
        ..Options::default()
    };
    let make = || register(Link::losing().up_to(2), Crashes::stop(2));
    let (outcome, traces) = compared(make, options.clone());
    // The first property is that nothing panics.
    let frontier = |p: usize| outcome.properties[p].fault_frontier.clone();
    let frontier = |p: usize| frontier(p).expect("it was asked for").broken_by;
    assert_eq!(frontier(1), [[2, 1], [1, 2]]);
    assert_eq!(frontier(2), [[1, 0]]);
    let faults = |trace: &Option<Trace>| {
        let trace = trace.as_ref().expect("it is violated");
        let steps = trace.paths[0].steps.iter();
        steps.filter(|step| step.kind.is_fault()).count()
    };
    assert_eq!([faults(&traces[1]), faults(&traces[2])], [3, 1]);

    // Each keeper has a budget of its own: what one spent is told apart by who it is.
    let make = || register(Link::losing().up_to(1), Crashes::recovery(3).each(1));
    let (outcome, _) = compared(make, options.clone());
    let frontier = outcome.properties[1].fault_frontier.as_ref();
    assert!(!frontier.expect("it was asked for").broken_by.is_empty());

    // Losses without a budget.
    let make = || register(Link::losing().capacity(1), Crashes::stop(1));
    let options = Options {
        faults_max: Some(2),
        ..options
    };
    let (outcome, _) = compared(make, options);
    let frontier = outcome.properties[1].fault_frontier.as_ref();
    assert_eq!(frontier.expect("it was asked for").broken_by, [[1, 2]]);
}

#[test]
fn faults_without_a_budget_are_bounded_alike() {
    for faults_max in 0..3 {
        let options = Options {
            faults_max: Some(faults_max),
            ..Options::default()
        };
        let make = || register(Link::losing().capacity(1), Crashes::stop(1));
        let (outcome, _) = compared(make, options);
        let kept = &outcome.properties[1];
        assert_eq!(kept.verdict == Verdict::Violated, faults_max == 2);
    }
}

/// The summary of a check by the command line, its text, and the trace files that it wrote.
fn by_command_line(name: &str, more: &[&str]) -> (serde_json::Value, String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let allways = |format: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_allways"))
            .args(["check", "-q", "--max-depth", "8", "--allow-bounds"])
            .arg("--trace-dir")
            .arg(folder.path())
            .args(format)
            .arg(name)
            .args(more)
            .output()
            .expect("the binary runs");
        String::from_utf8(output.stdout).expect("it is text")
    };
    let json = allways(&["--json"]);
    let last = json.lines().last().expect("there is a summary");
    let summary = serde_json::from_str(last).expect("it is JSON");
    let text = allways(&[]);
    let files = fs::read_dir(folder.path()).expect("it can be listed");
    let mut files: Vec<_> = files
        .map(|file| file.expect("it can be listed").path())
        .collect();
    files.sort();
    let traces = files.iter().map(|file| {
        let name = file.file_name().expect("it has a name").to_string_lossy();
        format!("{name}\n{}", fs::read_to_string(file).expect("it is text"))
    });
    (summary, text, traces.collect())
}

#[test]
fn the_command_line_says_the_same_without_symmetry_but_for_counts() {
    for more in [&[][..], &["--fewest-faults"]] {
        let name = "raft/correct-crash";
        let (with, text, traces) = by_command_line(name, more);
        let without: Vec<&str> = [more, &["--no-symmetry"]].concat();
        let (all, text_of_all, traces_of_all) = by_command_line(name, &without);
        assert_eq!(with["symmetry"], "3 interchangeable actors");
        assert!(all["symmetry"].is_null());
        assert!(text.contains("3 interchangeable actors; counts are up to who is who"));
        assert!(!text_of_all.contains("interchangeable"));
        assert_eq!(with["verdict"], all["verdict"]);
        assert_eq!(with["depth"], all["depth"]);
        assert!(with["unique_states"].as_u64() < all["unique_states"].as_u64());
        assert_eq!(traces, traces_of_all);
        assert_eq!(traces.len(), 2, "two witnesses are that near");
        // What was found is told in the same words.
        let rows = |text: &str| -> Vec<String> {
            let rows = text
                .lines()
                .take_while(|line| !line.contains("unique states"));
            rows.map(str::to_owned).collect()
        };
        assert_eq!(rows(&text), rows(&text_of_all));
    }
}
