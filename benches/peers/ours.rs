//! Allways' side of a run.

use std::time::Instant;

use allways::search::{Options, Outcome, Verdict, search};
use allways::space::{ActorSpace, GeneralSpace, PropertyKind, StateSpace};
use allways::system::{Message, System};

use crate::protocols::register::size;
use crate::protocols::two_phase::TwoPhase;
use crate::protocols::two_phase_compact::TwoPhaseCompact;
use crate::protocols::{abd, paxos, single_copy};
use crate::run::{Job, Measured};
use crate::workload::Workload;

/// Searches the workload.
pub(crate) fn run(job: &Job) -> Result<Measured, String> {
    match job.workload {
        Workload::Paxos { clients } => system(paxos::system(size(clients, 3)), job),
        Workload::Abd { clients, servers } => system(abd::system(size(clients, servers)), job),
        Workload::SingleCopy { clients } => system(single_copy::system(size(clients, 1)), job),
        // By the model's own hash, as stateright does it.
        Workload::TwoPhase { rms } => {
            let model = TwoPhaseCompact { rms: rms as u8 };
            timed(|| Ok(GeneralSpace::hashed(model)), job)
        }
        Workload::TwoPhaseSets { rms } => timed(|| Ok(GeneralSpace::hashed(TwoPhase { rms })), job),
    }
}

fn system<M: Message>(system: System<M>, job: &Job) -> Result<Measured, String> {
    timed(|| ActorSpace::new(system), job)
}

fn timed<S: StateSpace>(
    space: impl FnOnce() -> Result<S, allways::Error>,
    job: &Job,
) -> Result<Measured, String> {
    let options = Options {
        threads: job.threads,
        states_max: job.states,
        ..Options::default()
    };
    let start = Instant::now();
    let mut space = space().map_err(|e| e.to_string())?;
    let outcome = search(&mut space, &options, &()).map_err(|e| e.to_string())?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Measured {
        unique: outcome.counts.unique,
        generated: outcome.counts.generated,
        seconds,
        peak_bytes: None,
        cpu_seconds: None,
        traces: traces(&outcome),
    })
}

/// The properties with a trace: what is violated, and what is reachable.
fn traces(outcome: &Outcome) -> Vec<String> {
    let has_trace = outcome.properties.iter().filter(|property| {
        if property.decl.kind == PropertyKind::Reachable {
            property.verdict == Verdict::Holds
        } else {
            property.verdict == Verdict::Violated
        }
    });
    let mut traces: Vec<String> = has_trace.map(|p| p.decl.name.clone()).collect();
    traces.sort();
    traces
}
