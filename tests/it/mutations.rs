//! Mutation testing: which mistakes are made in a system whose every effect is known, which property notices each, what is said of them, and
//! whether the page that states the catalogue's scores tells the truth.

use std::collections::BTreeMap;
use std::fs;

use allways::catalogue::{Entry, Fate, Mistake, Mutants, Variant};
use allways::prelude::*;
use allways::search::{Options, Verdict};
use allways::system::{Alteration, Occasions};
use allways::trace::About;
use serde_json::Value;

use crate::cli::{Run, run};
use crate::folders::root;
use crate::models::checked::{CATALOGUE, variants};

message! {
    enum Msg { Job, Done, Chatter, Note, Noted }

    enum Timer {
        /// The master has waited long enough.
        Patience,
        /// Is never set.
        Never,
    }
}

/// Has a job for the worker.
struct Master {
    worker: Id,
}

state! {
    struct MasterState { done: bool, noted: bool, impatient: bool, late: bool }
}

impl Actor for Master {
    type Msg = Msg;
    type State = MasterState;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> MasterState {
        o.send(self.worker, Msg::Job);
        o.set_timer(Timer::Patience, model_timeout());
        MasterState {
            done: false,
            noted: false,
            impatient: false,
            late: false,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, MasterState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Done => {
                state.to_mut().done = true;
                o.cancel_timer(Timer::Patience);
                // Makes no difference, so it is no mistake to leave it out.
                o.cancel_timer(Timer::Never);
            }
            Msg::Noted => state.to_mut().noted = true,
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, MasterState>, _: &Timer, _: &mut Out<Self>) {
        let state = state.to_mut();
        state.impatient = true;
        state.late = state.done;
    }
}

/// Does the job, at the pace it likes.
struct Worker {
    ledger: Id,
}

impl Actor for Worker {
    type Msg = Msg;
    type State = Option<Id>;
    type Timer = ();
    type Random = u8;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<Id> {
        None
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Option<Id>>, src: Id, _: Msg, o: &mut Out<Self>) {
        *state.to_mut() = Some(src);
        o.choose_random("pace", vec![1, 2]);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, Option<Id>>, pace: &u8, o: &mut Out<Self>) {
        if let Some(master) = **state {
            o.send(master, Msg::Done);
            if *pace > 1 {
                o.send(master, Msg::Chatter);
            }
            o.send(self.ledger, Msg::Note);
        }
    }
}

/// Writes down that the job was done; it may crash.
struct Ledger {
    master: Id,
    /// Whether it reads what it has written when it starts again.
    reads: bool,
}

impl Actor for Ledger {
    type Msg = Msg;
    type State = bool;
    type Timer = ();
    type Random = ();
    type Storage = bool;

    fn on_start(&self, _: Id, saved: &Option<bool>, _: &mut Out<Self>) -> bool {
        self.reads && *saved == Some(true)
    }

    fn on_msg(&self, _: Id, noted: &mut Cow<'_, bool>, _: Id, _: Msg, o: &mut Out<Self>) {
        *noted.to_mut() = true;
        o.save(true);
        o.send(self.master, Msg::Noted);
    }
}

fn system(reads: bool) -> System<Msg> {
    let mut sys = System::new();
    let (master, worker) = (sys.reserve("master"), sys.reserve("worker"));
    let ledger = Ledger {
        master: master.id(),
        reads,
    };
    let ledger = sys.actor("ledger", ledger);
    let ledger_id = ledger.id();
    sys.set(
        master,
        Master {
            worker: worker.id(),
        },
    );
    sys.set(worker, Worker { ledger: ledger_id });
    sys.crashes(
        Crashes::recovery(1)
            .recovers()
            .inside_handlers()
            .of([ledger_id]),
    );
    sys.always("no impatience after the end", move |s| !s[master].late);
    sys.implies(
        "what was noted is not forgotten",
        move |s| s[master].noted,
        move |s| match s.state(ledger) {
            Some(noted) => *noted,
            None => s.storage(ledger) == Some(&true),
        },
    );
    sys.eventually("the job is done", move |s| s[master].done);
    sys.reachable("the master loses patience", move |s| s[master].impatient);
    sys
}

catalogue_entry! {
    "job", (),
    "A job is given, done and noted.",
    source "None",
    "sound" => |_| system(true),
        mistake "the ledger starts empty" => |_| system(false);
    "forgetful" => |_| system(false),
        violates "what was noted is not forgotten";
}

fn mutants(entry: &Entry, variant: &Variant, threads: usize) -> Mutants {
    let options = Options {
        threads,
        ..Options::default()
    };
    let values = entry.values(&[]).expect("defaults are in range");
    let occasions = Occasions::default();
    let noting = Alteration::Note(occasions.clone());
    let mut built = (variant.altered(&values, &noting)).expect("the variant is whole");
    let checked = built.check(&options, &About::default(), &());
    let outcome = checked.expect("the model is sound").outcome;
    (variant.mutants(&values, &outcome, &occasions, &options, &())).expect("mutants can be checked")
}

/// Mistake, and what came of it in words.
fn fates(mutants: &Mutants) -> Vec<(String, String)> {
    let words = |fate: &Fate| match fate {
        Fate::Caught {
            property,
            verdict: Verdict::Violated,
            steps,
            ..
        } => match steps {
            Some(steps) => format!("{property}, {steps} steps"),
            None => format!("{property}, no witness"),
        },
        Fate::Caught {
            property, verdict, ..
        } => format!("{property}, {}", verdict.words()),
        Fate::Survived { .. } => "survived".to_owned(),
        other => format!("{other:?}"),
    };
    let all = mutants.mutants.iter();
    all.map(|m| (m.mistake.to_string(), words(&m.fate)))
        .collect()
}

#[test]
fn every_kind_of_mistake_is_made_once_and_its_fate_is_told() {
    let entry = entry();
    let found = mutants(&entry, &entry.variants[0], 2);
    let expected = [
        (
            "the ledger starts empty",
            "what was noted is not forgotten, 6 steps",
        ),
        (
            "Ledger, at message Note: ignores it",
            "what was noted is not forgotten, vacuous",
        ),
        (
            "Ledger, at message Note: does not send Noted",
            "what was noted is not forgotten, vacuous",
        ),
        (
            "Ledger, at message Note: does not save",
            "what was noted is not forgotten, 5 steps",
        ),
        (
            "Master, at start: does not send Job",
            "the job is done, 1 steps",
        ),
        (
            "Master, at start: does not set timer Patience",
            "the master loses patience, no witness",
        ),
        (
            "Master, at message Done: ignores it",
            "the job is done, 6 steps",
        ),
        (
            "Master, at message Done: does not cancel timer Patience",
            "no impatience after the end, 4 steps",
        ),
        (
            "Master, at message Noted: ignores it",
            "what was noted is not forgotten, vacuous",
        ),
        (
            "Master, at timer Patience: ignores it",
            "the master loses patience, no witness",
        ),
        (
            "Worker, at message Job: ignores it",
            "the job is done, 2 steps",
        ),
        (
            "Worker, at message Job: does not choose \"pace\"",
            "the job is done, 2 steps",
        ),
        (
            "Worker, at choice \"pace\": ignores it",
            "the job is done, 3 steps",
        ),
        // Nobody listens to it: this is what a survivor is for.
        (
            "Worker, at choice \"pace\": does not send Chatter",
            "survived",
        ),
        (
            "Worker, at choice \"pace\": does not send Done",
            "the job is done, 5 steps",
        ),
        (
            "Worker, at choice \"pace\": does not send Note",
            "what was noted is not forgotten, vacuous",
        ),
    ];
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(mistake, fate)| ((*mistake).to_owned(), (*fate).to_owned()))
        .collect();
    assert_eq!(fates(&found), expected);
    assert_eq!(
        (found.caught(), found.survivors().count(), found.undecided()),
        (15, 1, 0)
    );
    assert_eq!(found.score(), Some(93));
    let named = |m: &&allways::catalogue::Mutant| matches!(m.mistake, Mistake::Named(_));
    assert_eq!(found.mutants.iter().filter(named).count(), 1);
}

/// A property that is violated anyhow notices nothing.
#[test]
fn only_properties_that_hold_judge() {
    let entry = entry();
    let found = mutants(&entry, &entry.variants[1], 2);
    let fates = fates(&found);
    assert!(
        fates.iter().all(|(_, fate)| !fate.contains("forgotten")),
        "{fates:?}"
    );
    let save = "Ledger, at message Note: does not save".to_owned();
    assert!(fates.contains(&(save, "survived".to_owned())), "{fates:?}");
}

#[test]
fn mutants_do_not_depend_on_the_number_of_threads() {
    let entry = entry();
    for variant in &entry.variants {
        let one = mutants(&entry, variant, 1);
        for threads in [2, 3] {
            let more = mutants(&entry, variant, threads);
            assert_eq!(format!("{one:?}"), format!("{more:?}"));
        }
    }
}

/// The objects of a kind.
fn lines(run: &Run, kind: &str) -> Vec<Value> {
    let all = run.lines().into_iter();
    all.filter(|line| line["type"] == kind).collect()
}

#[test]
fn the_binary_tells_mutants_in_words_and_in_json() {
    let args_of = |variant| ["check", variant, "--mutations", "-q", "--no-trace-file"];
    let args = args_of("links/retransmit-dedup");
    for (args, parts) in [
        (
            args,
            &[
                "  mutations\n",
                "✓ no de-duplication",
                "caught by always \"no duplicate\": violated in 2 steps",
                "mutation score",
            ][..],
        ),
        (
            args_of("failure-detector/ping-synchronous"),
            &[
                "survivors: no property notices these\n",
                "    Monitor, at timer Wait: does not set timer Ask\n",
            ],
        ),
    ] {
        let text = run(&args);
        assert_eq!(text.code, 0, "{}", text.stderr);
        for part in parts {
            assert!(text.stdout.contains(part), "{part:?}\n{}", text.stdout);
        }
    }

    let json = run(&[&args[..], &["--json"]].concat());
    let (all, score) = (lines(&json, "mutant"), lines(&json, "mutation_score"));
    assert_eq!(score.len(), 1);
    let count = |fate: &str| all.iter().filter(|m| m["fate"] == fate).count();
    assert_eq!(score[0]["mutants"], all.len());
    assert_eq!(score[0]["caught"], count("caught") + count("refused"));
    assert_eq!(score[0]["survived"], count("survived"));
    assert_eq!(score[0]["undecided"], 0);
    let percent = count("caught") * 100 / all.len();
    assert_eq!(score[0]["score"], percent);
    let named = all.iter().find(|m| m["mistake"] == "no de-duplication");
    let named = named.expect("the mistake that the model names");
    assert_eq!(named["named"], true);
    assert_eq!(named["kind"], "always");
    assert_eq!(named["verdict"], "violated");
    assert_eq!(named["trace_len"], 2);
    for mutant in &all {
        match mutant["fate"].as_str() {
            Some("caught") => assert!(mutant["property"].is_string(), "{mutant}"),
            Some("survived") => assert!(mutant["unique_states"].is_u64(), "{mutant}"),
            _ => panic!("{mutant}"),
        }
    }
    let again = run(&[&args[..], &["--json", "--threads", "1"]].concat());
    assert_eq!(lines(&again, "mutant"), all);
}

#[test]
fn a_score_that_is_too_low_is_not_as_expected() {
    let with = |more: &[&str]| {
        let variant = "failure-detector/ping-synchronous";
        let args = ["check", variant, "-q", "--no-trace-file"];
        run(&[&args[..], more].concat()).code
    };
    assert_eq!(with(&["--mutations", "--min-score", "40"]), 0);
    assert_eq!(with(&["--mutations", "--min-score", "100"]), 1);
    assert_eq!(with(&["--mutations", "--min-score", "101"]), 2);
    assert_eq!(with(&["--min-score", "40"]), 2);
    assert_eq!(with(&["--mutations", "--first"]), 2);
}

#[test]
fn a_general_model_has_no_mutants_and_no_score() {
    let args = [
        "check",
        "two-phase-commit-tla/atomic",
        "--mutations",
        "-q",
        "--no-trace-file",
        "--min-score",
        "100",
    ];
    let text = run(&args);
    assert_eq!(text.code, 0, "{}", text.stderr);
    assert!(text.stdout.contains("there is nothing to mutate"));
    let json = run(&[&args[..], &["--json"]].concat());
    assert!(lines(&json, "mutant").is_empty());
    assert_eq!(lines(&json, "mutation_score")[0]["score"], Value::Null);
}

/// Mutants and how many of them are caught, as `docs/mutations.md` states them: by variant, and all together.
fn stated() -> (BTreeMap<String, [usize; 2]>, [usize; 2]) {
    let path = root().join("docs/mutations.md");
    let page = fs::read_to_string(path).expect("the page is there");
    let row = |line: &str| -> Option<(String, [usize; 2])> {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let number = |cell: &str| cell.replace(',', "").parse::<usize>().ok();
        let numbers = [number(cells.get(1)?)?, number(cells.get(2)?)?];
        let percent = format!("{} %", numbers[1] * 100 / numbers[0]);
        assert_eq!(cells.get(3), Some(&&percent[..]), "{line}");
        Some((cells[0].trim_matches(['`', '*']).to_owned(), numbers))
    };
    let mut rows: BTreeMap<String, [usize; 2]> = page.lines().filter_map(row).collect();
    let total = rows.remove("all together").expect("a total");
    (rows, total)
}

#[test]
fn the_page_lists_variants_whose_claims_hold_and_adds_up() {
    let (rows, total) = stated();
    let sum = |i: usize| rows.values().map(|row| row[i]).sum::<usize>();
    assert_eq!([sum(0), sum(1)], total);
    let whole = variants().filter(|(entry, variant)| {
        let mut expects = variant.expects.iter();
        // A general model has no handlers.
        expects.all(|e| e.verdict <= Verdict::HoldsWithinBounds)
            && entry.model != "two-phase-commit-tla"
    });
    let whole: Vec<String> = whole
        .map(|(entry, variant)| format!("{}/{}", entry.model, variant.name))
        .collect();
    for name in rows.keys() {
        assert!(whole.contains(name), "{name}");
    }
    assert!(rows.len() * 10 > whole.len() * 7, "{} rows", rows.len());
}

/// Of small variants, so that it takes no time.
#[test]
fn the_page_states_what_a_run_finds() {
    let (rows, _) = stated();
    for name in [
        "links/retransmit-dedup",
        "links/authenticated",
        "failure-detector/ping-synchronous",
        "failure-detector/heartbeat-synchronous",
        "clocks/vector",
        "leader-election/ring",
        "duva-join/callback-chain",
    ] {
        let (entry, of) = CATALOGUE.select(name).expect("it is in the catalogue");
        let found = mutants(entry, of[0], 2);
        assert_eq!(rows[name], [found.mutants.len(), found.caught()], "{name}");
    }
}
