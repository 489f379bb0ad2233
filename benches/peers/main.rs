//! Allways beside stateright on the same models: wall time, peak memory, threads.
//!
//! `cargo bench --bench peers -- --help` says what can be chosen; `docs/benchmarks.md` has results.
//!
//! Every measured run is a process of its own, so that its peak memory is its own, and the two sides take turns, so that a machine that
//! slows down slows both. Each pair of runs must agree on its unique and generated states, or there is no ratio.

#[path = "../protocols/mod.rs"]
mod protocols;

mod machine;
mod ours;
mod plan;
mod run;
mod table;
mod workload;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo passes `--bench` to every benchmark.
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let result = match args.split_first() {
        Some((first, rest)) if first == run::CHILD => run::child(rest),
        Some((first, _)) if first == "--help" => {
            print!("{}", plan::HELP);
            Ok(())
        }
        _ => plan::Plan::parse(&args).and_then(|plan| table::print(&plan)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
