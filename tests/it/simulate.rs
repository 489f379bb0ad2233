//! Simulation against the exhaustive search, what probabilistic concurrency testing promises, and the command.

use std::collections::BTreeSet;

use allways::catalogue::Checkable;
use allways::prelude::*;
use allways::search::{
    Options, Shrunk, Simulation, SimulationOptions, Strategy, Verdict, simulate,
};
use allways::space::{ActorSpace, PropertyKind, StateSpace};
use allways::trace::{About, replay};
use proptest::strategy::{Strategy as _, ValueTree};
use serde_json::Value;

use crate::cli::{Run, Sandbox};
use crate::models::checked::{CATALOGUE, variants};
use crate::random::Spec;
use crate::random_systems::{SEED, runner, space, systems};

/// How many random systems.
const SYSTEMS: u32 = 400;

/// Whatever walks show is there: the exhaustive search has it too, in as many steps at most, and a trace of it replays.
#[test]
fn walks_show_nothing_that_is_not_there() {
    let mut runner = runner(SEED, SYSTEMS);
    let (mut n_shown, mut n_shortest, mut n_undecided) = (0, 0, 0);
    for number in 0..SYSTEMS {
        let Ok(tree) = systems().new_tree(&mut runner) else {
            unreachable!("bytes are always to be had")
        };
        let spec = Spec::decode(&tree.current());
        let options = SimulationOptions {
            seed: number.into(),
            runs: 20,
            steps_max: 40,
            strategy: match number % 2 {
                0 => Strategy::Random,
                _ => Strategy::Pct { depth: 2 },
            },
            ..SimulationOptions::default()
        };
        let about = About::default();
        let Ok(mut simulated) = space(&spec) else {
            continue;
        };
        let Ok(walked) = Checkable::simulate(&mut simulated, &options, &about, &()) else {
            // A mistake in the model is one for the search too.
            let mut searched = space(&spec).expect("it was whole");
            assert!(allways::check(&mut searched, &Options::default(), &()).is_err());
            continue;
        };
        let mut searched = space(&spec).expect("it was whole");
        let bounds = Options {
            states_max: Some(20_000),
            ..Options::default()
        };
        let Ok(exact) = allways::check(&mut searched, &bounds, &()) else {
            continue;
        };
        let properties = walked.simulation.properties.iter().zip(&walked.traces);
        for ((property, trace), exact) in properties.zip(&exact.properties) {
            let (decl, verdict) = (&property.outcome.decl, property.outcome.verdict);
            assert_eq!(decl, &exact.decl);
            let Some(sighting) = property.sighting else {
                assert_eq!(verdict, Verdict::Inconclusive);
                n_undecided += 1;
                continue;
            };
            n_shown += 1;
            let what = format!("system {number}, {decl:?}: {spec:?}");
            assert!(!decl.kind.is_liveness(), "{what}");
            let is_witness = decl.kind == PropertyKind::Reachable;
            let expected = if is_witness {
                Verdict::Holds
            } else {
                Verdict::Violated
            };
            assert_eq!(verdict, expected, "{what}");
            // What the bound cut off is not known.
            let is_known = !matches!(
                exact.verdict,
                Verdict::HoldsWithinBounds | Verdict::Inconclusive
            );
            assert!(!is_known || exact.verdict == verdict, "{what}");
            let trace = trace.as_ref().expect("it was seen");
            let replayed = replay(&mut space(&spec).expect("it was whole"), trace);
            let replayed = replayed.expect("the model is sound");
            assert!(replayed.is_same(), "{what}\n{replayed:?}");
            assert!(trace.len() <= sighting.steps as usize, "{what}");
            let shortest = exact.paths.iter().map(|path| path.steps.len()).max();
            if let (true, Some(shortest), false) =
                (is_known, shortest, decl.kind == PropertyKind::Confluent)
            {
                assert!(trace.len() >= shortest, "{what}");
                if sighting.shrunk == Shrunk::Shortest {
                    assert_eq!(trace.len(), shortest, "{what}");
                    n_shortest += 1;
                }
            }
        }
    }
    let numbers = (n_shown, n_shortest, n_undecided);
    println!("shown, of them shortest, undecided: {numbers:?}");
    assert!(
        n_shown > 300 && n_shortest > 200 && n_undecided > 300,
        "{numbers:?}"
    );
}

/// Walks through the whole catalogue, a few for each variant.
#[test]
fn walks_never_contradict_the_catalogue() {
    let mut n_found = 0;
    for (entry, variant) in variants() {
        let values = entry.values(&[]).expect("defaults are in range");
        let mut built = variant.build(&values).expect("the variant is whole");
        let options = SimulationOptions {
            threads: 2,
            runs: 10,
            steps_max: 100,
            ..SimulationOptions::default()
        };
        let about = About {
            model: entry.model.clone(),
            variant: variant.name.clone(),
            parameters: values.texts(),
            ..About::default()
        };
        let walked = built
            .simulate(&options, &about, &())
            .expect("the model is sound");
        for (property, trace) in walked.simulation.properties.iter().zip(&walked.traces) {
            let (name, verdict) = (&property.outcome.decl.name, property.outcome.verdict);
            if verdict == Verdict::Inconclusive {
                continue;
            }
            let what = format!("{}/{}: {name}", entry.model, variant.name);
            // Other tests hold what is expected against the whole of every variant.
            assert_eq!(verdict, variant.expected(name), "{what}");
            let trace = trace.as_ref().expect("it was seen");
            let replayed = CATALOGUE.replay(trace).expect("the model is sound");
            assert!(replayed.is_same(), "{what}\n{replayed:?}");
            n_found += usize::from(verdict == Verdict::Violated);
        }
    }
    println!("violations found: {n_found}");
    assert!(n_found >= 20, "{n_found}");
}

/// Counts its own steps.
struct Counter {
    steps: u8,
}

impl Actor for Counter {
    type Msg = char;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        o.set_timer((), model_timeout());
        0
    }

    fn on_timeout(&self, _: Id, count: &mut Cow<'_, u8>, _: &(), o: &mut Out<Self>) {
        *count.to_mut() += 1;
        if **count < self.steps {
            o.set_timer((), model_timeout());
        }
    }
}

/// Three actors that count to `steps` by themselves; the first two may not be at this pair of counts.
fn race(steps: u8, at: (u8, u8)) -> ActorSpace {
    let mut sys = System::new();
    let [a, b, _] = ["a", "b", "c"].map(|name| sys.actor(name, Counter { steps }));
    sys.always("they do not meet", move |s| (s[a], s[b]) != at);
    ActorSpace::new(sys).expect("it is whole")
}

/// In how many of so many runs the two meet.
fn n_meetings(steps: u8, at: (u8, u8), strategy: Strategy, runs: u64) -> u64 {
    let options = SimulationOptions {
        runs,
        strategy,
        threads: 2,
        ..SimulationOptions::default()
    };
    let simulation: Simulation =
        simulate(&mut race(steps, at), &options, &()).expect("the model is sound");
    simulation.properties[1]
        .sighting
        .map_or(0, |sighting| sighting.runs)
}

#[test]
fn pct_finds_with_the_promised_chance() {
    // Lanes: three actors and the environment. Steps: three times `steps`.
    let (runs, n_lanes) = (3_000_u64, 4_u64);
    for (steps, at, depth) in [
        // One is ahead of the other: one order.
        (6, (6, 0), 1),
        // One stops in the middle until the other is done: two.
        (6, (3, 6), 2),
        (4, (1, 4), 2),
        // One stops, and then the other does.
        (3, (1, 2), 3),
    ] {
        let k = 3 * u64::from(steps);
        let found = n_meetings(steps, at, Strategy::Pct { depth }, runs);
        let promised = runs / (n_lanes * k.pow(depth - 1));
        assert!(promised >= 1);
        assert!(
            found >= promised,
            "{at:?}: {found} of {runs}, promised are {promised}"
        );
    }
}

#[test]
fn pct_finds_what_takes_one_actor_to_be_slow_for_long() {
    let slow = (20, 0);
    assert_eq!(n_meetings(20, slow, Strategy::Random, 1_000), 0);
    let found = n_meetings(20, slow, Strategy::Pct { depth: 1 }, 1_000);
    assert!((400..600).contains(&found), "{found}: it is one in two");
}

#[test]
fn a_walk_that_is_too_long_to_search_around_still_shrinks() {
    // Ten counters: a space of 31^10 states. What is asked for takes 25 steps of one and none of the next.
    let mut sys = System::new();
    let counters = sys.actors("counter", 10, |_| Counter { steps: 30 });
    let [first, second] = [0, 1].map(|i| counters.iter().nth(i).expect("there are ten"));
    sys.always("the first is not far ahead", move |s| {
        s[first] < 25 || s[second] > 5
    });
    let mut space = ActorSpace::new(sys).expect("it is whole");
    let options = SimulationOptions {
        strategy: Strategy::Pct { depth: 2 },
        runs: 64,
        threads: 2,
        ..SimulationOptions::default()
    };
    let simulation = simulate(&mut space, &options, &()).expect("the model is sound");
    let property = &simulation.properties[1];
    assert_eq!(property.outcome.verdict, Verdict::Violated);
    let sighting = property.sighting.expect("it is seen");
    assert!(sighting.steps > 25, "{sighting:?}");
    assert_eq!(property.outcome.paths[0].steps.len(), 25);
    assert_eq!(sighting.shrunk, Shrunk::Minimal);
    assert_eq!(StateSpace::lanes(&space).len(), 11);
}

/// Quick, and violated.
const BROKEN: &str = "duva-join/fire-and-forget";

/// The objects of its stream, without what is measured.
fn lines(run: &Run) -> Vec<Value> {
    let mut lines = run.lines();
    for fields in lines.iter_mut().filter_map(Value::as_object_mut) {
        fields.remove("measured");
    }
    lines
}

#[test]
fn the_command_reports_replays_and_is_the_same_for_any_number_of_threads() {
    let sandbox = Sandbox::new();
    let args = ["simulate", BROKEN, "-q", "--seed", "5", "--runs", "100"];
    let run = sandbox.run(&args);
    // Something is undecided, whatever is found.
    assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
    for part in [
        "100 runs from seed 5, random",
        "✗ always      \"no migration to a stranger\"",
        "violated in 2 steps, as expected",
        "shortest possible",
        "? no panic",
        "inconclusive",
    ] {
        assert!(run.stdout.contains(part), "{part} in\n{}", run.stdout);
    }
    let words: BTreeSet<&str> = run.stdout.split(|c: char| !c.is_alphanumeric()).collect();
    assert!(!words.contains("holds"), "{}", run.stdout);
    let file =
        "target/allways/duva-join.fire-and-forget-simulated.no-migration-to-a-stranger.trace.json";
    assert!(
        run.stdout.contains(&format!("trace replay {file}\n"))
            && run
                .stdout
                .contains(&format!("explore {BROKEN} --trace {file}\n")),
        "{}",
        run.stdout
    );
    let replayed = sandbox.run(&["trace", "replay", file]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.stdout, replayed.stderr);
    assert_eq!(sandbox.run(&["trace", "show", file]).code, 0);

    let json = |threads: &str| {
        let run = sandbox.run(&[&args[..], &["--json", "--threads", threads]].concat());
        assert_eq!(run.code, 3, "{}", run.stderr);
        lines(&run)
    };
    let one = json("1");
    assert_eq!(one, json("3"));
    let last = one.last().expect("a last line");
    assert_eq!(
        (&last["type"], &last["runs"], &last["options"]["seed"]),
        (&"simulation".into(), &100.into(), &5.into())
    );
    let violated = one.iter().find(|line| line["verdict"] == "violated");
    let violated = violated.expect("it is found");
    assert_eq!(violated["type"], "simulated_property");
    assert_eq!(violated["agreement"], "as_expected");
    assert_eq!(violated["shrunk"], "shortest");
    assert_eq!(violated["trace"]["format"], "allways-trace");
}

#[test]
fn exit_codes_and_mistakes() {
    let sandbox = Sandbox::new();
    for (args, code, told) in [
        (
            &["simulate", "duva-jion"][..],
            2,
            "did you mean \"duva-join\"",
        ),
        (&["simulate"], 2, "--all"),
        (&["simulate", BROKEN, "--runs", "0"], 2, "0 is not in"),
        (&["simulate", BROKEN, "--depth", "2"], 2, "--strategy pct"),
        (
            &["simulate", BROKEN, "--property", "x"],
            2,
            "no property \"x\"",
        ),
        (&["simulate", BROKEN, "--strategy", "best"], 2, "best"),
    ] {
        let run = sandbox.run(args);
        assert_eq!(run.code, code, "{args:?}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
    }
    // A clock that stands still ends it before it has begun, and that is said.
    let stopped = sandbox.run(&["simulate", BROKEN, "-q", "--time", "0s"]);
    assert_eq!(stopped.code, 3, "{}", stopped.stderr);
    assert!(stopped.stdout.contains("stopped by"), "{}", stopped.stdout);
}
