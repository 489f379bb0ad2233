//! The choice among shortest traces, against trying all of them.

use super::table::Table;
use crate::check::check;
use crate::search::{Options, Outcome, Path, Verdict, search};
use crate::space::{Label, PropertyKind, StepKind};
use crate::value::Tree;

/// A small generator of pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % n as u64) as usize
    }
}

const ALWAYS: usize = 1;
const REACHABLE: usize = 2;
const CONFLUENT: usize = 3;

/// Layers of four states, a few steps from each to the next layer and back, by three lanes, some of them faults.
fn random_table(random: &mut Random) -> Table {
    let mut table = Table::new(
        &["a", "b", "c"],
        &[
            ("never", PropertyKind::Always),
            ("some", PropertyKind::Reachable),
            ("agree", PropertyKind::Confluent),
        ],
    );
    let n_layers = 3 + random.below(4);
    let n = n_layers * 4;
    for number in 0..n {
        let state = table.state(&[("n", Tree::Atom(number.to_string()))]);
        if state / 4 == n_layers - 1 && random.below(2) == 0 || random.below(40) == 0 {
            table.broken(state, ALWAYS);
        }
        if random.below(10) != 0 {
            table.broken(state, REACHABLE);
        }
        let quiescent = state / 4 >= n_layers - 2 && random.below(2) == 0;
        if quiescent {
            let inputs = random.below(2) as u128;
            let value = random.below(2) as u128;
            let judgement = &mut table.states[state].judgement;
            judgement.confluent.push((CONFLUENT, inputs, value));
        }
    }
    table.initial = vec![1, 0, 1];
    for state in 0..n {
        for i in 0..2 + random.below(3) {
            let layer = (state / 4 + 1 - usize::from(random.below(8) == 0)).min(n_layers - 1);
            let to = layer * 4 + random.below(4);
            let kind = [StepKind::Deliver, StepKind::Timeout, StepKind::Drop][random.below(3)];
            let lane = ["a", "b", "c"][random.below(3)];
            let label = table.label(kind, lane, Tree::Atom(format!("{i}")));
            let own = &table.states[state].steps;
            if own.iter().all(|(other, _)| other.key != label.key) {
                table.step(state, label, to);
            }
        }
    }
    table
}

/// What makes a path better than another: faults, switches, initial state, keys.
type Measure = (usize, usize, usize, Vec<Vec<u8>>);

fn measure(initial: usize, labels: &[&Label]) -> Measure {
    let faults = labels.iter().filter(|label| label.kind.is_fault()).count();
    let switches = labels.windows(2).filter(|w| w[0].lane != w[1].lane).count();
    let keys = labels.iter().map(|label| label.key.clone()).collect();
    (faults, switches, initial, keys)
}

/// The labels and the last state of a path.
fn walk<'t>(table: &'t Table, path: &Path) -> (Vec<&'t Label>, usize) {
    let mut state = table.initial[path.initial];
    let mut labels = Vec::new();
    for &step in &path.steps {
        let (label, to) = &table.states[state].steps[step as usize];
        labels.push(label);
        state = *to;
    }
    (labels, state)
}

/// The least measure of all paths of `len` steps, with their last states, that end where `wanted`.
fn least(table: &Table, len: usize, wanted: &dyn Fn(usize) -> bool) -> Option<(Measure, usize)> {
    let mut best: Option<(Measure, usize)> = None;
    let mut paths: Vec<(usize, Vec<&Label>, usize)> = (table.initial.iter().enumerate())
        .map(|(i, &state)| (i, Vec::new(), state))
        .collect();
    while let Some((initial, labels, state)) = paths.pop() {
        if labels.len() == len {
            let found = (measure(initial, &labels), state);
            if wanted(state) && best.as_ref().is_none_or(|best| found.0 < best.0) {
                best = Some(found);
            }
            continue;
        }
        for (label, to) in &table.states[state].steps {
            let mut longer = labels.clone();
            longer.push(label);
            paths.push((initial, longer, *to));
        }
    }
    best
}

fn outcome(table: &Table, options: &Options) -> Outcome {
    check(&mut table.clone(), options, &()).expect("a sound table")
}

#[test]
fn the_chosen_trace_is_the_least_of_all_shortest() {
    let mut random = Random(7);
    let (mut n_chosen, mut n_better, mut n_confluent) = (0, 0, 0);
    for _ in 0..300 {
        let table = random_table(&mut random);
        let chosen = outcome(&table, &Options::default());
        let first = search(&mut table.clone(), &Options::default(), &()).expect("a sound table");
        for (p, wanted) in [(ALWAYS, false), (REACHABLE, true)] {
            let [path] = &chosen.properties[p].paths[..] else {
                continue;
            };
            let shows =
                |state: usize| table.states[state].judgement.holds >> p & 1 == u64::from(wanted);
            let (labels, last) = walk(&table, path);
            assert!(shows(last));
            let (best, _) = least(&table, labels.len(), &shows).expect("a path");
            assert_eq!(measure(path.initial, &labels), best);
            assert!(chosen.properties[p].tie_break);
            n_chosen += 1;
            n_better += usize::from(first.properties[p].paths[0] != *path);
        }
        let confluent = &chosen.properties[CONFLUENT];
        if confluent.verdict != Verdict::Violated {
            continue;
        }
        n_confluent += 1;
        let ends: Vec<(Vec<&Label>, usize)> = (confluent.paths.iter())
            .map(|path| walk(&table, path))
            .collect();
        let judged = |state: usize| table.states[state].judgement.confluent.first().copied();
        let depth = ends[1].0.len();
        assert_eq!(depth, first.properties[CONFLUENT].paths[1].steps.len());
        // All states that can be met within `depth` steps, and their least depth.
        let level =
            |state: usize| (0..=depth).find(|&d| least(&table, d, &|s| s == state).is_some());
        let levels: Vec<Option<usize>> = (0..table.states.len()).map(level).collect();
        let is_rival = |a: usize, b: usize| match (judged(a), judged(b)) {
            (Some((_, i, v)), Some((_, j, w))) => {
                levels[a].is_some() && levels[b].is_some() && i == j && v != w
            }
            _ => false,
        };
        let n = table.states.len();
        let in_conflict = |a: usize| levels[a] == Some(depth) && (0..n).any(|b| is_rival(a, b));
        let (best, later) = least(&table, depth, &in_conflict).expect("a path");
        assert_eq!(measure(confluent.paths[1].initial, &ends[1].0), best);
        let rivals = (0..n).filter(|&b| is_rival(later, b));
        let earliest = rivals.filter_map(|b| levels[b]).min().expect("a rival");
        let wanted = |b: usize| is_rival(later, b) && levels[b] == Some(earliest);
        let (best, _) = least(&table, earliest, &wanted).expect("a path");
        assert_eq!(measure(confluent.paths[0].initial, &ends[0].0), best);
    }
    assert!(n_chosen > 300 && n_better > 100 && n_confluent > 50);
}

#[test]
fn the_order_in_which_steps_are_listed_does_not_matter() {
    let mut random = Random(8);
    for _ in 0..100 {
        let table = random_table(&mut random);
        let mut shuffled = table.clone();
        for row in &mut shuffled.states {
            for i in (1..row.steps.len()).rev() {
                row.steps.swap(i, random.below(i + 1));
            }
        }
        let keys = |table: &Table, options: &Options| -> Vec<Measure> {
            let outcome = outcome(table, options);
            let paths = outcome.properties.iter().flat_map(|p| &p.paths);
            paths
                .map(|path| measure(path.initial, &walk(table, path).0))
                .collect()
        };
        let expected = keys(&table, &Options::default());
        for (threads, exact, fingerprint_bits) in [(1, false, 64), (3, false, 128), (2, true, 64)] {
            let options = Options {
                threads,
                exact,
                fingerprint_bits,
                ..Options::default()
            };
            assert_eq!(keys(&shuffled, &options), expected);
        }
    }
}

#[test]
fn above_the_limit_the_first_path_stays() {
    let mut random = Random(9);
    let mut n_kept = 0;
    for _ in 0..50 {
        let table = random_table(&mut random);
        let options = Options {
            tie_break_max: 3,
            ..Options::default()
        };
        let kept = outcome(&table, &options);
        let first = search(&mut table.clone(), &options, &()).expect("a sound table");
        for (kept, first) in kept.properties.iter().zip(&first.properties) {
            if !kept.tie_break {
                assert_eq!(kept.paths, first.paths);
                n_kept += kept.paths.len();
            }
        }
    }
    assert!(n_kept > 20);
}
