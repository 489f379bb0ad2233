//! The digest of a set of states: what moves it, and what does not.

use std::collections::{BTreeMap, BTreeSet};

use allways::prelude::*;
use allways::search::{Options, Outcome, search};
use allways::space::{ActorSpace, StepKind};
use allways::trace::{About, Graph};
use allways::value::Tree;

use crate::models::checked::{CATALOGUE, check};

/// Keeps what it is told first, and passes it on.
struct First {
    second: Id,
}

/// Keeps what a table makes of what it is told.
struct Second {
    table: [u8; 2],
}

impl Actor for First {
    type Msg = u8;
    type State = Option<u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<u8> {
        None
    }

    fn on_msg(&self, _: Id, kept: &mut Cow<'_, Option<u8>>, _: Id, told: u8, o: &mut Out<Self>) {
        if kept.is_none() {
            *kept.to_mut() = Some(told);
            o.send(self.second, told);
        }
    }
}

impl Actor for Second {
    type Msg = u8;
    type State = Option<u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<u8> {
        None
    }

    fn on_msg(&self, _: Id, kept: &mut Cow<'_, Option<u8>>, _: Id, told: u8, _: &mut Out<Self>) {
        *kept.to_mut() = Some(self.table[usize::from(told)]);
    }
}

/// Two actors that end as {(0, table[0]), (1, table[1])}, on ways that differ in nothing else.
fn outcome(table: [u8; 2], bounded: bool, options: &Options) -> Outcome {
    let mut sys = System::new();
    let second = sys.actor("second", Second { table });
    let first = sys.actor(
        "first",
        First {
            second: second.id(),
        },
    );
    for told in 0..2 {
        sys.stimulus(format!("tell {told}"), first.id(), told);
    }
    sys.always("true", |_| true);
    if bounded {
        sys.within("second knows nothing", move |s| s[second].is_none());
    }
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    search(&mut space, options, &()).expect("the model has no mistake")
}

fn options() -> Options {
    Options {
        digest: true,
        ..Options::default()
    }
}

#[test]
fn state_sets_that_a_plain_sum_cannot_tell_apart_have_different_digests() {
    let straight = outcome([0, 1], false, &options());
    let crossed = outcome([1, 0], false, &options());
    // As many states and steps: only who goes with whom differs.
    assert_eq!(straight.counts, crossed.counts);
    assert!(straight.digest.is_some());
    assert_ne!(straight.digest, crossed.digest);
    assert_eq!(straight.digest, outcome([0, 1], false, &options()).digest);
}

#[test]
fn the_digest_does_not_depend_on_how_is_searched() {
    let digest = outcome([0, 1], false, &options()).digest;
    for threads in [1, 2, 3] {
        for (exact, fingerprint_bits) in [(false, 64), (false, 128), (true, 64)] {
            let how = Options {
                threads,
                exact,
                fingerprint_bits,
                ..options()
            };
            assert_eq!(outcome([0, 1], false, &how).digest, digest, "{how:?}");
        }
    }
    let seeded = Options {
        hash_seed: 1,
        ..options()
    };
    assert_ne!(outcome([0, 1], false, &seeded).digest, digest);
}

#[test]
fn what_is_cut_or_not_asked_for_has_no_digest() {
    assert_eq!(outcome([0, 1], false, &Options::default()).digest, None);
    assert_eq!(outcome([0, 1], true, &options()).digest, None);
    let shallow = Options {
        depth_max: Some(1),
        ..options()
    };
    assert_eq!(outcome([0, 1], false, &shallow).digest, None);
}

/// For each handler its steps and its distinct local situations, counted by hand on the graph of all states.
fn counted(graph: &Graph) -> BTreeMap<String, (u64, u64)> {
    type Situations = BTreeSet<(StepKind, String, Option<String>, String)>;
    let mut handlers: BTreeMap<String, (u64, Situations)> = BTreeMap::new();
    for step in &graph.steps {
        let named = match &step.content {
            Tree::Unit(name) | Tree::Struct(name, _) | Tree::Tuple(name, _) => name.clone(),
            _ => String::new(),
        };
        let or = |words: &str, without: &str| match named.is_empty() {
            true => without.to_owned(),
            false => format!("{words}{named}"),
        };
        let (what, kind) = match step.kind {
            StepKind::Deliver | StepKind::Stimulus | StepKind::Duplicate => {
                (or("", "a message"), StepKind::Deliver)
            }
            StepKind::Timeout => (or("timer ", "a timer"), step.kind),
            StepKind::Choose => {
                let key = step.name.clone().unwrap_or_default();
                (format!("chooses {key}"), step.kind)
            }
            StepKind::Recover => ("recovers".to_owned(), step.kind),
            _ => continue,
        };
        let parts = &graph.states[step.source].parts;
        let local = parts.iter().find(|(part, _)| *part == step.lane);
        let local = local.map_or_else(String::new, |(_, tree)| tree.text());
        let name = format!("{}: {what}", step.lane);
        let (fired, situations) = handlers.entry(name).or_default();
        *fired += 1;
        // Two stimuli may be one message.
        let content = match step.kind {
            StepKind::Choose => format!("{:?} {}", step.name, step.content.text()),
            _ => step.content.text(),
        };
        situations.insert((kind, local, step.from.clone(), content));
    }
    let counts = handlers.into_iter();
    counts
        .map(|(name, (fired, situations))| (name, (fired, situations.len() as u64)))
        .collect()
}

#[test]
fn handlers_are_counted_as_the_graph_of_all_states_counts_them() {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (model, variant) in [
        ("duva-join", "fire-and-forget"),
        ("akka-join", "first-seed-restarts"),
        ("links", "retransmit"),
        ("failure-detector", "ping-asynchronous"),
    ] {
        let entry = CATALOGUE.model(model).expect("a model");
        let variant = entry.variant(variant).expect("a variant");
        let values = entry.values(&[]).expect("defaults");
        let mut built = variant.build(&values).expect("it is whole");
        let graph = built
            .graph(&Options::default(), &About::default())
            .expect("it is small");
        let expected = counted(&graph);
        for threads in [1, 3] {
            let options = Options {
                threads,
                ..options()
            };
            let checked = check(entry, variant, &options);
            let found = checked.outcome.handlers.iter();
            let found: BTreeMap<String, (u64, u64)> = found
                .map(|handler| (handler.name.clone(), (handler.fired, handler.situations)))
                .collect();
            assert_eq!(found, expected, "{model}/{}", variant.name);
        }
        let kinds = ["timer ", "chooses ", "recovers"];
        seen.extend(
            kinds
                .iter()
                .filter(|kind| expected.keys().any(|name| name.contains(**kind))),
        );
    }
    assert_eq!(
        seen.len(),
        3,
        "every kind of handler is among them: {seen:?}"
    );
    let silent = check(
        CATALOGUE.model("duva-join").expect("a model"),
        CATALOGUE
            .model("duva-join")
            .and_then(|entry| entry.variant("fire-and-forget"))
            .expect("a variant"),
        &Options::default(),
    );
    assert!(silent.outcome.handlers.is_empty(), "nobody asked");
}
