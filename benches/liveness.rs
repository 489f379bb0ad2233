//! What liveness costs: the same states checked for a safety property, and then for a liveness property that holds, so that the whole graph is
//! gone through.
//!
//! `cargo bench --bench liveness [-- MESSAGES…]` prints a table. The model is `links/retransmit-dedup`, whose messages are independent of each other:
//! ten states each, and one bit for whether anything was sent again, so that n of them have 2·10^n states, on cycles of retransmission.

use std::error::Error;
use std::time::Instant;

use allways::catalogue::Catalogue;
use allways::search::{Options, Verdict};
use allways::trace::About;

/// Runs of each; the median counts. Of twenty million states one.
fn rounds(messages: u8) -> usize {
    if messages < 7 { 3 } else { 1 }
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers = std::env::args().skip(1).filter(|arg| !arg.starts_with('-'));
    let mut messages: Vec<u8> = numbers.map(|arg| arg.parse()).collect::<Result<_, _>>()?;
    if messages.is_empty() {
        messages = vec![5, 6];
    }
    println!(
        "| unique states | transitions | threads | safety | with liveness | times the time | times the memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for n in messages {
        for threads in [1, 2] {
            row(n, threads)?;
        }
    }
    Ok(())
}

/// One run: seconds, bytes at the peak, and the counts.
fn run(n: u8, threads: usize, property: &str) -> Result<(f64, u64, u64, u64), Box<dyn Error>> {
    let catalogue: Catalogue = allways::models::catalogue();
    let (entry, variants) = catalogue.select("links/retransmit-dedup")?;
    let values = entry.values(&[("messages".to_owned(), n.to_string())])?;
    let mut checkable = variants[0].build(&values)?;
    let options = Options {
        threads,
        properties: Some(vec![property.to_owned()]),
        ..Options::default()
    };
    let start = Instant::now();
    let checked = checkable.check(&options, &About::default(), &())?;
    let seconds = start.elapsed().as_secs_f64();
    let holds = checked
        .outcome
        .properties
        .iter()
        .all(|p| p.verdict == Verdict::Holds);
    if !holds {
        return Err(format!("\"{property}\" is to hold").into());
    }
    let counts = checked.outcome.counts;
    Ok((
        seconds,
        checked.outcome.bytes_peak,
        counts.unique,
        counts.transitions,
    ))
}

fn row(n: u8, threads: usize) -> Result<(), Box<dyn Error>> {
    let mut times: Vec<(f64, f64)> = Vec::new();
    let mut shown = String::new();
    let mut memory = 0.0;
    for _ in 0..rounds(n) {
        let (safety, bytes, unique, transitions) = run(n, threads, "no duplicate")?;
        let (liveness, all_bytes, ..) = run(n, threads, "every message is delivered")?;
        times.push((safety, liveness));
        memory = all_bytes as f64 / bytes as f64;
        shown = format!("| {unique} | {transitions} | {threads} ");
    }
    times.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let (safety, liveness) = times[times.len() / 2];
    let ratio = liveness / safety;
    println!("{shown}| {safety:.2} s | {liveness:.2} s | {ratio:.2} | {memory:.1} |");
    Ok(())
}
