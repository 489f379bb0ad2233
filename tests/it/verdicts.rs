//! `docs/verdicts.md`, held: its tables are read, and every combination of their options is run on small systems. One holds, one is violated
//! within the bounds, one beyond them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use allways::check;
use allways::prelude::*;
use allways::search::{Monitor, Options, Outcome, Progress, Stop, Verdict};
use allways::space::ActorSpace;

const PAGE: &str = include_str!("../../docs/verdicts.md");

/// The rows of the table whose head begins with these words: each cell without its quotes.
fn table(head: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_matches('|').split('|');
        inner
            .map(|cell| cell.replace('`', "").trim().to_owned())
            .collect()
    };
    let lines = PAGE
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {head} |")));
    let rows: Vec<Vec<String>> = lines
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect();
    assert!(!rows.is_empty(), "no table begins with {head}");
    rows
}

/// Where a system goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Never,
    /// After two steps, which every bound leaves.
    Near,
    /// After seven, which every bound cuts.
    Far,
}

const TRAPS: [u8; 2] = [100, 101];
const END: u8 = 8;

/// Counts to [`END`]; on the way there may be a state from which it can go astray, in either of two ways.
struct Counter {
    astray_from: Option<u8>,
    panics: bool,
    /// It counts on from its end.
    ends: bool,
}

impl Actor for Counter {
    type Msg = ();
    type State = u8;
    type Timer = ();
    type Random = u8;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        o.set_timer((), model_timeout());
        0
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, (): &(), o: &mut Out<Self>) {
        let next = if **state == END { END } else { **state + 1 };
        *state.to_mut() = next;
        if next < END || !self.ends {
            o.set_timer((), model_timeout());
        }
        if self.astray_from == Some(next) {
            o.choose_random("astray", TRAPS.to_vec());
        } else {
            o.remove_random("astray");
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, u8>, trap: &u8, o: &mut Out<Self>) {
        assert!(!self.panics, "it went astray");
        *state.to_mut() = *trap;
        o.cancel_timer(());
    }
}

/// The system for a row of the table of verdicts. `distracts`: another property is violated after three steps.
fn system(row: &str, wrong: Wrong, within: bool, distracts: bool) -> System<()> {
    let mut sys = System::new();
    let astray_from = match wrong {
        Wrong::Never => None,
        Wrong::Near => Some(1),
        Wrong::Far => Some(6),
    };
    let counter = sys.actor(
        "counter",
        Counter {
            astray_from,
            panics: row == "no_panic",
            ends: row != "confluent, no run ends",
        },
    );
    let is_sound = move |s: &Snapshot<'_, ()>| !TRAPS.contains(&s[counter]);
    let at_end = move |s: &Snapshot<'_, ()>| s[counter] == END;
    match row {
        "no_panic" => {}
        "no_deadlock" => sys.may_end_when(at_end),
        "always" => sys.always(row, is_sound),
        "implies" => sys.implies(row, |_| true, is_sound),
        "implies, premise never true" => sys.implies(row, |_| false, is_sound),
        "reachable" => sys.reachable(row, move |s| !is_sound(s)),
        "confluent" | "confluent, no run ends" => sys.confluent(row, move |s| s[counter]),
        "eventually" => sys.eventually(row, at_end),
        "leads_to" => sys.leads_to(row, move |s| s[counter] == 0, at_end),
        "leads_to, premise never true" => sys.leads_to(row, |_| false, at_end),
        "infinitely_often" => sys.infinitely_often(row, at_end),
        "stabilises" => sys.stabilises(row, at_end),
        other => panic!("the page speaks of {other}, which the test does not know"),
    }
    if within {
        sys.within("at most 4", move |s| s[counter] <= 4 || !is_sound(s));
    }
    if distracts {
        sys.always("distraction", move |s| s[counter] != 3);
    }
    sys
}

/// Does nothing.
struct Bystander;

impl Actor for Bystander {
    type Msg = ();
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}
}

/// Adds so many interchangeable actors.
fn add_symmetric(sys: &mut System<()>, n: usize) {
    let bystanders = sys.actors("bystander", n, |_| Bystander);
    sys.symmetric(&bystanders);
}

/// Stops a search once it is two steps deep.
struct StopsAt(Option<Stop>);

impl Monitor for StopsAt {
    fn poll(&self, progress: &Progress) -> Option<Stop> {
        self.0.filter(|_| progress.counts.depth >= 2)
    }
}

/// Runs a row with the options that these words ask for.
fn run(row: &str, wrong: Wrong, words: &[&str], identity: &str) -> Outcome {
    let has = |word: &str| words.contains(&word);
    let mut options = Options {
        depth_max: has("--max-depth").then_some(4),
        states_max: has("--max-states").then_some(6),
        // Not even one batch fits.
        memory_max: has("--memory").then_some(1),
        first: has("--first"),
        ..Options::default()
    };
    match identity {
        "--exact" => options.exact = true,
        "--fingerprint" => options.fingerprint_bits = 128,
        "--hash-seed" => options.hash_seed = 7,
        "--threads" => options.threads = 2,
        "--fewest-faults" => options.fewest_faults = true,
        "symmetry" => {}
        other => panic!("the page speaks of {other}, which the test does not know"),
    }
    let stop = match (has("--time"), has("interrupt")) {
        (true, _) => Some(Stop::Time),
        (_, true) => Some(Stop::Interrupt),
        _ => None,
    };
    let mut sys = system(row, wrong, has("within"), has("--first"));
    if identity == "symmetry" {
        add_symmetric(&mut sys, 3);
    }
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    let outcome = check(&mut space, &options, &StopsAt(stop)).expect("the model is sound");
    assert_eq!(outcome.symmetry.is_some(), identity == "symmetry");
    outcome
}

fn verdict(outcome: &Outcome, row: &str) -> Verdict {
    let is_it = |name: &str| name == row || name.replace(' ', "_") == row;
    let mut found = outcome.properties.iter().filter(|p| is_it(&p.decl.name));
    found
        .next()
        .expect("the row's property is declared")
        .verdict
}

#[test]
fn the_page_says_what_every_combination_comes_to() {
    let seen = table("what applies");
    let names: Vec<&str> = seen.iter().map(|row| row[1].as_str()).collect();
    let mut words: Vec<(&str, usize)> = Vec::new();
    for (rank, row) in seen.iter().enumerate().skip(1) {
        words.extend(row[0].split(", ").map(|word| (word, rank)));
    }
    let verdicts = table("property");
    let identities = table("option");
    let head = PAGE.lines().find(|line| line.starts_with("| property |"));
    let columns: Vec<&str> = head
        .expect("the table has a head")
        .split('|')
        .map(str::trim)
        .collect();
    let mut runs = 0;
    let mut counted: BTreeMap<(String, &str), u32> = BTreeMap::new();
    // Every set of words, with everything that should change nothing in turn.
    for set in 0_usize..1 << words.len() {
        let own: Vec<(&str, usize)> = (words.iter().enumerate())
            .filter(|(i, _)| set >> i & 1 == 1)
            .map(|(_, &word)| word)
            .collect();
        let given: Vec<&str> = own.iter().map(|&(word, _)| word).collect();
        let rank = own.iter().map(|&(_, rank)| rank).max().unwrap_or(0);
        let extent = names[rank];
        let column = columns.iter().position(|column| *column == extent);
        let column = column.expect("the extent has a column") - 1;
        for row in &verdicts {
            let name = row[0].as_str();
            let is_exercised = row[1] != "–";
            let is_liveness =
                ["eventually", "leads_to", "infinitely_often", "stabilises"].contains(&name);
            for wrong in [Wrong::Never, Wrong::Near, Wrong::Far] {
                if !is_exercised && wrong != Wrong::Never {
                    continue;
                }
                let ends_by_itself = matches!(extent, "whole" | "within bounds");
                let is_found = match wrong {
                    Wrong::Never => false,
                    // Memory for nothing shows nothing; loops are looked for at the end.
                    Wrong::Near => !given.contains(&"--memory") && (!is_liveness || ends_by_itself),
                    Wrong::Far => extent == "whole",
                };
                let expected = &row[if is_found { 1 } else { column }];
                let identity = match identities[runs % identities.len()][0].as_str() {
                    // Refused together; see below.
                    "--fewest-faults" if given.contains(&"--first") => "--exact",
                    "symmetry" if is_liveness || name.starts_with("leads_to") => "--exact",
                    identity => identity,
                };
                let outcome = run(name, wrong, &given, identity);
                let said = verdict(&outcome, name);
                assert_eq!(
                    said.words(),
                    expected,
                    "{name}, wrong {wrong:?}, with {given:?} and {identity}: {outcome:?}"
                );
                *counted.entry((expected.clone(), extent)).or_default() += 1;
                runs += 1;
            }
        }
    }
    println!("{runs} runs: {counted:?}");
    for expected in [
        "holds",
        "holds within bounds",
        "violated",
        "vacuous",
        "inconclusive",
    ] {
        assert!(
            counted.keys().any(|(word, _)| word == expected),
            "{expected}"
        );
    }
}

/// Stops at the question with this number, from 0.
struct StopsAfter(AtomicUsize);

impl Monitor for StopsAfter {
    fn poll(&self, _: &Progress) -> Option<Stop> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        (left == 0).then_some(Stop::Time)
    }
}

#[test]
fn whenever_it_is_stopped_nothing_is_said_that_was_not_seen() {
    let space = || {
        let mut sys = system("eventually", Wrong::Near, false, false);
        sys.infinitely_often("true", |_| true);
        sys.always("always true", |_| true);
        ActorSpace::new(sys).expect("the system is whole")
    };
    let run = |options: &Options, monitor: &dyn Monitor| {
        check(&mut space(), options, monitor).expect("the model is sound")
    };
    let whole = run(&Options::default(), &());
    let said = |outcome: &Outcome| {
        let names = ["eventually", "true", "always true"];
        names.map(|name| verdict(outcome, name))
    };
    let truth = [Verdict::Violated, Verdict::Holds, Verdict::Holds];
    assert_eq!(said(&whole), truth);
    // Time runs out at every moment, also while liveness is decided; memory at every size up to what it takes.
    let by_time = (0..).map(|n| run(&Options::default(), &StopsAfter(AtomicUsize::new(n))));
    let by_memory = (0..=64).map(|n| {
        let memory_max = Some((whole.bytes_peak * n / 64).max(1));
        let options = Options {
            memory_max,
            ..Options::default()
        };
        run(&options, &())
    });
    let mut late = 0;
    let mut check = |outcome: &Outcome| {
        if outcome.stopped.is_none() {
            assert_eq!(said(outcome), truth);
            return false;
        }
        let [eventually, often, always] = said(outcome);
        assert!(matches!(
            eventually,
            Verdict::Violated | Verdict::Inconclusive
        ));
        assert_eq!(often, Verdict::Inconclusive);
        // The states themselves were all seen once liveness is being decided.
        late += u32::from(always == Verdict::Holds);
        assert!(matches!(always, Verdict::Holds | Verdict::Inconclusive));
        assert!(always == Verdict::Inconclusive || outcome.counts == whole.counts);
        true
    };
    let n_stops = by_time.take_while(|outcome| check(outcome)).count();
    assert!(n_stops > 3, "only {n_stops} questions are asked");
    by_memory.for_each(|outcome| {
        check(&outcome);
    });
    assert!(late > 0, "never stopped while liveness is decided");
}

#[test]
fn the_first_violation_counts_only_where_it_ends_a_search_with_more_to_see() {
    let first = Options {
        first: true,
        ..Options::default()
    };
    let of = |row: &str, wrong: Wrong| {
        let sys = system(row, wrong, false, false);
        let mut space = ActorSpace::new(sys).expect("the system is whole");
        check(&mut space, &first, &()).expect("the model is sound")
    };
    // Nothing is violated: the whole was seen.
    assert_eq!(
        verdict(&of("always", Wrong::Never), "always"),
        Verdict::Holds
    );
    // What is violated is known only when the search is over.
    let lasso = of("eventually", Wrong::Near);
    assert_eq!(verdict(&lasso, "eventually"), Verdict::Violated);
    assert_eq!(verdict(&lasso, "no_panic"), Verdict::Holds);
    // There is more to see.
    let cut = of("always", Wrong::Near);
    assert_eq!(verdict(&cut, "always"), Verdict::Violated);
    assert_eq!(verdict(&cut, "no_panic"), Verdict::Inconclusive);
    assert!(cut.counts.unique < of("always", Wrong::Never).counts.unique);
}

#[test]
fn a_bound_that_cuts_nothing_does_not_count() {
    for words in [&["--max-depth"][..], &["--max-states"], &["within"]] {
        let mut options = Options::default();
        match words[0] {
            "--max-depth" => options.depth_max = Some(u32::from(END)),
            "--max-states" => options.states_max = Some(u64::from(END) + 2),
            _ => {}
        }
        let mut sys = system("eventually", Wrong::Never, false, false);
        sys.within("anything", |_| true);
        let mut space = ActorSpace::new(sys).expect("the system is whole");
        let outcome = check(&mut space, &options, &()).expect("the model is sound");
        assert_eq!(verdict(&outcome, "eventually"), Verdict::Holds, "{words:?}");
    }
}

/// The words behind "refused:", or none where the page says otherwise.
fn refused(option: &str, with: &str) -> Option<String> {
    let rows = table("option | with");
    let mut rows = rows
        .iter()
        .filter(|row| (&*row[0], &*row[1]) == (option, with));
    let row = rows.next().expect("the page has the row");
    row[2].strip_prefix("refused: ").map(str::to_owned)
}

#[test]
fn what_is_refused_is_refused_with_a_reason_and_a_cure() {
    let fewest = Options {
        fewest_faults: true,
        ..Options::default()
    };
    let only = |name: &str| Options {
        properties: Some(vec![name.to_owned()]),
        ..fewest.clone()
    };
    let first = Options {
        first: true,
        ..fewest.clone()
    };
    let bits = Options {
        fingerprint_bits: 32,
        ..Options::default()
    };
    let cases = [
        ("--fewest-faults", "--first", "always", first),
        (
            "--fewest-faults",
            "--property with a reachable",
            "reachable",
            only("reachable"),
        ),
        (
            "--fewest-faults",
            "--property with a confluent",
            "confluent",
            only("confluent"),
        ),
        (
            "--fewest-faults",
            "faults without a budget, without --faults-max",
            "always",
            fewest.clone(),
        ),
        (
            "--fingerprint",
            "a number of bits that is neither 64 nor 128",
            "always",
            bits,
        ),
        ("symmetry", "liveness", "eventually", Options::default()),
        (
            "symmetry",
            "crashes inside handlers",
            "always",
            Options::default(),
        ),
        ("symmetry", "ticks", "always", Options::default()),
        ("symmetry", "Byzantine actors", "always", Options::default()),
        (
            "symmetry",
            "more than 5,040 orders of its actors",
            "always",
            Options::default(),
        ),
    ];
    for (option, with, row, options) in &cases {
        assert!(refused(option, with).is_some(), "{option} with {with}");
        let mut sys = system(row, Wrong::Never, false, false);
        match *with {
            "faults without a budget, without --faults-max" => sys.links(Link::losing()),
            "crashes inside handlers" => sys.crashes(Crashes::stop(1).inside_handlers()),
            "Byzantine actors" => sys.byzantine(Id::from(0), Byzantine::new().sends(1)),
            "ticks" => sys.timing(Timing::synchronous_within(1)),
            _ => {}
        }
        if *option == "symmetry" {
            add_symmetric(&mut sys, if with.starts_with("more") { 8 } else { 2 });
        }
        let mut space = ActorSpace::new(sys).expect("the system is whole");
        let error = check(&mut space, options, &()).expect_err("it is refused");
        assert!(error.is_usage(), "{error}");
        let error = error.to_string();
        // For this reason, and no other.
        let reason = match *with {
            "--first" => "stops after the first violation",
            "liveness" => "fairness is about each actor by itself",
            "faults without a budget, without --faults-max" => "there is none for losses",
            "a number of bits that is neither 64 nor 128" => "no 32 bits",
            "more than 5,040 orders of its actors" => "at most 5040 can be checked",
            with if with.starts_with("--property") => "no single run contradicts it",
            with => &format!("symmetry cannot be combined with {with}"),
        };
        for words in [reason, "help:"] {
            assert!(error.contains(words), "no {words:?} in: {error}");
        }
    }
    let all = table("option | with").into_iter();
    let n_refused = all.filter(|row| row[2].starts_with("refused")).count();
    assert_eq!(n_refused, cases.len(), "a row is not tried");
}
