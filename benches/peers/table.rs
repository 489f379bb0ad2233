//! Runs the plan and prints Markdown: medians, ratios of neighbouring runs, the spread of these ratios.

use crate::machine;
use crate::plan::{Pair, Plan};
use crate::run::{Job, Measured};
use crate::workload::{Engine, Workload};

/// Measures and prints everything.
pub(crate) fn print(plan: &Plan) -> Result<(), String> {
    println!("Machine: {}.\n", machine::description());
    if !plan.pairs.is_empty() {
        println!(
            "| model | unique / generated | threads | against | Allways | stateright | times faster | Allways memory | stateright memory | memory ratio | bytes per state |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for pair in &plan.pairs {
            println!("{}", row(pair)?);
        }
        println!();
    }
    if !plan.scaling.is_empty() {
        println!(
            "| model | one thread | two threads | gain | two one-thread runs side by side | gain | share |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for &workload in &plan.scaling {
            println!("{}", scaling(workload, plan.rounds)?);
        }
    }
    Ok(())
}

fn row(pair: &Pair) -> Result<String, String> {
    let ours = Job::new(pair.workload, Engine::Allways, pair.threads);
    let theirs = Job {
        states: pair.peer_states,
        ..Job::new(pair.workload, pair.peer, pair.threads)
    };
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for round in 0..pair.rounds {
        // Who goes first alternates, too.
        if round % 2 == 0 {
            a.push(ours.measure()?);
            b.push(theirs.measure()?);
        } else {
            b.push(theirs.measure()?);
            a.push(ours.measure()?);
        }
    }
    let by_rate = pair.peer_states.is_some();
    for (a, b) in a.iter().zip(&b) {
        if !by_rate && !a.agrees(b) {
            return Err(format!(
                "no ratio for {}: the two disagree\n  allways {a:?}\n  {} {b:?}",
                pair.workload, pair.peer
            ));
        }
    }
    let faster: Vec<f64> = a
        .iter()
        .zip(&b)
        .map(|(a, b)| {
            if by_rate {
                a.rate() / b.rate()
            } else {
                b.seconds / a.seconds
            }
        })
        .collect();
    let (our_peak, their_peak) = (median(&a, peak), median(&b, peak));
    let counts = &a[0];
    let memory_ratio = if by_rate {
        // The peer saw fewer states, so the ratio is per state.
        format!(
            "{} per state",
            ratio(their_peak / b[0].unique as f64 / (our_peak / counts.unique as f64))
        )
    } else {
        ratio(their_peak / our_peak)
    };
    Ok(format!(
        "| {} | {} / {} | {} | {} | {} | {} | **{}**{} ({}–{}) | {} | {} | {memory_ratio} | {:.1} |",
        pair.workload,
        thousands(counts.unique),
        thousands(counts.generated),
        pair.threads,
        pair.peer,
        side(&a, by_rate),
        side(&b, by_rate),
        ratio(median(&faster, |&x| x)),
        if by_rate { " by rate" } else { "" },
        ratio(faster.iter().copied().fold(f64::INFINITY, f64::min)),
        ratio(faster.iter().copied().fold(0.0, f64::max)),
        mebibytes(our_peak),
        mebibytes(their_peak),
        our_peak / counts.unique as f64,
    ))
}

/// A side's median time, with its rate where rates are compared.
fn side(runs: &[Measured], by_rate: bool) -> String {
    let seconds = median(runs, |run| run.seconds);
    if by_rate {
        format!(
            "{seconds:.2} s, {:.2} M/s",
            median(runs, Measured::rate) / 1e6
        )
    } else {
        format!("{seconds:.2} s")
    }
}

fn scaling(workload: Workload, rounds: usize) -> Result<String, String> {
    let one = Job::new(workload, Engine::Allways, 1);
    let two = Job::new(workload, Engine::Allways, 2);
    let (mut ones, mut twos, mut sides) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (a, b) = (one.measure()?, two.measure()?);
        let (left, right) = one.measure_side_by_side()?;
        if !(a.agrees(&b) && a.agrees(&left) && a.agrees(&right)) {
            return Err(format!("{workload}: runs of Allways disagree: {a:?} {b:?}"));
        }
        ones.push(a.seconds);
        twos.push(b.seconds);
        sides.push(left.seconds.max(right.seconds));
    }
    let gain = median(&ones, |&x| x) / median(&twos, |&x| x);
    let bound = 2.0 * median(&ones, |&x| x) / median(&sides, |&x| x);
    Ok(format!(
        "| {workload} | {:.2} s | {:.2} s | **{gain:.2}** | {:.2} s | {bound:.2} | {:.0} % |",
        median(&ones, |&x| x),
        median(&twos, |&x| x),
        median(&sides, |&x| x),
        100.0 * gain / bound
    ))
}

fn peak(run: &Measured) -> f64 {
    run.peak_bytes.map_or(f64::NAN, |bytes| bytes as f64)
}

fn median<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = values.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

fn ratio(x: f64) -> String {
    if x < 10.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.1}")
    }
}

fn mebibytes(bytes: f64) -> String {
    if bytes.is_nan() {
        "–".to_owned()
    } else {
        format!("{:.0} MiB", bytes / f64::from(1 << 20))
    }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
