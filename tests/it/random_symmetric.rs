//! Random systems of interchangeable members: the search up to who is who against the search of all states, and against a count of the
//! states that differ by more than who is who, made from what people read of them.

use std::collections::BTreeSet;

use allways::Error;
use allways::prelude::*;
use allways::search::{Options, Outcome, Verdict};
use allways::space::ActorSpace;
use allways::trace::{self, About, Graph, Trace};
use allways::value::Tree;

use crate::symmetric_systems::{Msg, random_system};

/// Random systems that are compared.
const SYSTEMS: u64 = 100;

/// Larger systems are compared to a smaller depth.
const STATES_MAX: u64 = 400;

fn check(sys: System<Msg>, options: &Options) -> Result<(ActorSpace, Outcome), Error> {
    let mut space = ActorSpace::new(sys)?;
    let outcome = allways::check(&mut space, options, &())?;
    Ok((space, outcome))
}

/// All orders of the first `n` numbers.
fn orders(n: usize) -> Vec<Vec<usize>> {
    (0..n).fold(vec![Vec::new()], |all, i| {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=i).map(move |at| [&order[..at], &[i], &order[at..]].concat())
        };
        all.iter().flat_map(longer).collect()
    })
}

/// What members become: their places among the members, the first of which has the id `first`.
#[derive(Clone, Copy)]
struct Order<'o> {
    of: &'o [usize],
    first: usize,
}

impl Order<'_> {
    fn id(self, id: usize) -> usize {
        let member = id.checked_sub(self.first);
        let image = member.and_then(|member| self.of.get(member));
        image.map_or(id, |image| image + self.first)
    }
}

/// A text with every `m[i]` replaced.
fn renamed(text: &str, order: Order<'_>) -> String {
    let mut parts = text.split("m[");
    let mut renamed = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (number, rest) = part.split_once(']').expect("a bracket that closes");
        let member: usize = number.parse().expect("the number of a member");
        renamed.push_str(&format!("m[{}]{rest}", order.of[member]));
    }
    renamed
}

fn number(tree: &Tree) -> usize {
    let Tree::Atom(number) = tree else {
        panic!("{tree:?} is no number")
    };
    number.parse().expect("a number")
}

/// A tree as text, members renamed, collections without order sorted.
fn text(tree: &Tree, order: Order<'_>) -> String {
    let all = |trees: &[Tree]| trees.iter().map(|t| text(t, order)).collect::<Vec<_>>();
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.join(" ")
    };
    match tree {
        // What people read does not say that these numbers are actors.
        Tree::Tuple(name, trees) if name == "Crowd" => {
            let mask = number(&trees[0]);
            let bits = (0..16).filter(|bit| mask >> bit & 1 == 1);
            let mut ids: Vec<usize> = bits.map(|bit| order.id(bit)).collect();
            ids.sort();
            format!("Crowd{ids:?}")
        }
        Tree::Tuple(name, trees) if name == "Place" => {
            format!("Place({})", order.id(number(&trees[0])))
        }
        Tree::Struct(name, fields) if name == "Tally" => {
            let [(_, Tree::List(counts)), (_, last), (_, crowd)] = &fields[..] else {
                panic!("{tree:?} is no tally")
            };
            let counts = counts.iter().enumerate();
            let mut counts: Vec<_> = counts.map(|(id, n)| (order.id(id), number(n))).collect();
            counts.sort();
            let last = match last {
                Tree::Tuple(_, last) => Some(order.id(number(&last[0]))),
                _ => None,
            };
            format!("{counts:?} {last:?} {}", text(crowd, order))
        }
        Tree::Atom(word) | Tree::Text(word) | Tree::Unit(word) | Tree::Debug(word) => {
            renamed(word, order)
        }
        Tree::List(trees) => format!("[{}]", all(trees).join(" ")),
        Tree::Tuple(name, trees) => format!("{name}({})", all(trees).join(" ")),
        Tree::Set(trees) => format!("{{{}}}", sorted(all(trees))),
        Tree::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(k, v)| format!("{}:{}", text(k, order), text(v, order)));
            format!("{{{}}}", sorted(entries.collect()))
        }
        Tree::Struct(name, fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(k, v)| format!("{}:{}", renamed(k, order), text(v, order)));
            format!("{name}{{{}}}", sorted(fields.collect()))
        }
    }
}

fn graph(sys: System<Msg>, options: &Options) -> Graph {
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    trace::graph(&mut space, options, &About::default()).expect("few states")
}

/// The states that there are up to who is who, made from what people read of them: of each orbit the least text.
fn orbits(graph: &Graph, n: usize, first: usize) -> BTreeSet<String> {
    let orders = orders(n);
    let least = graph.states.iter().map(|state| {
        let texts = orders.iter().map(|order| {
            let order = Order { of: order, first };
            let parts = state.parts.iter().map(|(name, tree)| {
                let name = match name.as_str() {
                    // Stimuli are named by the member's id.
                    "spent" => return spent(tree, order),
                    name => renamed(name, order),
                };
                format!("{name}={}", text(tree, order))
            });
            let mut parts: Vec<String> = parts.collect();
            parts.sort();
            parts.join("\n")
        });
        texts.min().expect("there is an order")
    });
    least.collect()
}

/// The budgets, where stimuli are named by the ids of members.
fn spent(tree: &Tree, order: Order<'_>) -> String {
    let Tree::Struct(_, fields) = tree else {
        panic!("budgets are a struct")
    };
    let fields = fields.iter().map(|(name, value)| {
        let name = match name.strip_suffix(" acts") {
            Some(id) => {
                let id = id.parse::<usize>().expect("an id");
                format!("{} acts", order.id(id))
            }
            None => renamed(name, order),
        };
        format!("{name}={}", value.text())
    });
    let mut fields: Vec<String> = fields.collect();
    fields.sort();
    format!("spent={}", fields.join(" "))
}

/// What must not depend on symmetry: verdicts and lengths; of two paths, the longer.
pub(crate) fn said(outcome: &Outcome) -> Vec<(String, Verdict, Option<usize>)> {
    let properties = outcome.properties.iter();
    properties
        .map(|p| {
            let length = p.paths.iter().map(|path| path.steps.len()).max();
            (p.decl.name.clone(), p.verdict, length)
        })
        .collect()
}

/// The traces of all properties.
fn traces(space: &mut ActorSpace, outcome: &Outcome) -> Vec<Option<Trace>> {
    let properties = outcome.properties.iter();
    let traces = properties.map(|property| trace::record(space, property, &About::default()));
    traces
        .collect::<Result<_, _>>()
        .expect("traces can be told")
}

#[test]
fn random_symmetric_systems_agree_with_the_search_of_all_states() {
    let (mut n_states, mut n_orbits, mut n_violated, mut n_compared) = (0, 0, 0, 0);
    let (mut n_frontiers, mut n_better, mut n_renamed) = (0, 0, 0);
    for seed in 0..SYSTEMS {
        let n = if seed % 4 == 0 {
            4
        } else {
            2 + (seed % 2) as usize
        };
        let make = || random_system(seed, n);
        let first = usize::from({
            let space = ActorSpace::new(make()).expect("the system is whole");
            allways::space::StateSpace::lanes(&space)[0] == "server"
        });
        let whole = |depth_max| Options {
            symmetry: false,
            depth_max: Some(depth_max),
            ..Options::default()
        };
        let mut fitting = None;
        for options in (0..8).map(whole) {
            let (space, outcome) = check(make(), &options).expect("the system is sound");
            if outcome.counts.unique > STATES_MAX {
                break;
            }
            fitting = Some((options, outcome, space));
        }
        let Some((options, all, mut space_of_all)) = fitting else {
            continue;
        };
        assert_eq!(all.symmetry, None);
        let reduced = Options {
            symmetry: true,
            ..options.clone()
        };
        let (mut space, outcome) =
            check(make(), &reduced).unwrap_or_else(|e| panic!("{seed}: {e}"));
        assert_eq!(
            outcome.symmetry,
            Some(format!("{n} interchangeable actors"))
        );
        assert_eq!(said(&outcome), said(&all), "seed {seed}");
        assert_eq!(outcome.cuts, all.cuts, "seed {seed}");
        assert_eq!(outcome.counts.depth, all.counts.depth, "seed {seed}");
        let counted = orbits(&graph(make(), &options), n, first);
        assert_eq!(outcome.counts.unique, counted.len() as u64, "seed {seed}");
        let drawn = graph(make(), &reduced);
        assert_eq!(drawn.symmetry, outcome.symmetry);
        assert_eq!(drawn.unique_states, counted.len(), "seed {seed}");
        assert_eq!(orbits(&drawn, n, first), counted, "seed {seed}");
        assert_eq!(drawn.transitions as u64, outcome.counts.transitions);
        assert_eq!(drawn.depth, outcome.counts.depth);
        n_renamed += drawn.steps.iter().filter(|step| step.renamed).count();
        n_compared += 1;
        n_states += all.counts.unique;
        n_orbits += outcome.counts.unique;

        for other in [
            Options {
                threads: 3,
                ..reduced.clone()
            },
            Options {
                exact: true,
                threads: 2,
                ..reduced.clone()
            },
        ] {
            let (_, other) = check(make(), &other).expect("the system is sound");
            assert_eq!(other.counts, outcome.counts, "seed {seed}");
            assert_eq!(
                format!("{:?}", other.properties),
                format!("{:?}", outcome.properties),
                "seed {seed}"
            );
        }
        // Which faults break what does not depend on who is who either; where a kind has no budget, both refuse.
        let fewest = |symmetry| {
            let options = Options {
                symmetry,
                fewest_faults: true,
                ..options.clone()
            };
            check(make(), &options).map(|(mut space, outcome)| {
                let traces = traces(&mut space, &outcome);
                let frontiers = outcome.properties.into_iter();
                let frontiers = frontiers.map(|p| (p.decl.name, p.verdict, p.fault_frontier));
                (frontiers.collect::<Vec<_>>(), traces)
            })
        };
        match (fewest(true), fewest(false)) {
            (Ok(reduced), Ok(all)) => {
                assert_eq!(reduced, all, "seed {seed}");
                n_frontiers += 1;
            }
            (Err(reduced), Err(all)) => assert_eq!(reduced.message(), all.message()),
            (reduced, all) => panic!("seed {seed}: {reduced:?} and {all:?}"),
        }
        // Traces are runs of the whole system, and the least of all that are as short: the same as without symmetry.
        let told = traces(&mut space, &outcome);
        let expected = traces(&mut space_of_all, &all);
        assert_eq!(told, expected, "seed {seed}");
        for trace in told.iter().flatten() {
            assert!(trace.tie_break, "seed {seed}");
            n_violated += 1;
            let mut fresh = ActorSpace::new(make()).expect("the system is whole");
            let replay = trace::replay(&mut fresh, trace).expect("it can be replayed");
            assert!(replay.is_same(), "seed {seed}: {replay:?}");
        }
        // Above the limit they are those that were found first, which are as short.
        let unchosen = Options {
            tie_break_max: 0,
            ..reduced
        };
        let (mut space, outcome) = check(make(), &unchosen).expect("the system is sound");
        assert_eq!(said(&outcome), said(&all), "seed {seed}");
        let first = traces(&mut space, &outcome);
        for (first, chosen) in first.iter().flatten().zip(told.iter().flatten()) {
            assert!(!first.tie_break, "seed {seed}");
            n_better += u32::from(first.paths != chosen.paths);
        }
    }
    println!(
        "{n_compared} systems, {n_states} states, {n_orbits} up to symmetry, {n_violated} traces, {n_better} of them not the first found, \
         {n_frontiers} frontiers"
    );
    assert!(n_compared * 10 >= SYSTEMS * 9);
    assert!(n_states > 2 * n_orbits && n_violated > SYSTEMS / 2);
    assert!(n_frontiers * 5 > SYSTEMS, "{n_frontiers} frontiers");
    assert!(n_better > 5, "{n_better} traces");
    assert!(n_renamed > 100, "{n_renamed} steps");
}
