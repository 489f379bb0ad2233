//! One run of one engine, in a process of its own.

use std::fmt::Debug;
use std::hash::Hash;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use allways::stateright;
use serde::{Deserialize, Serialize};
use stateright::{Checker, Model};

use crate::machine;
use crate::protocols::register::size;
use crate::protocols::two_phase::TwoPhase;
use crate::protocols::two_phase_compact::TwoPhaseCompact;
use crate::protocols::{abd, paxos, single_copy};
use crate::workload::{Engine, Workload};

/// The argument that makes this program a measured run.
pub(crate) const CHILD: &str = "child";

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) workload: Workload,
    pub(crate) engine: Engine,
    pub(crate) threads: usize,
    /// Stop after about so many generated states.
    pub(crate) states: Option<u64>,
}

/// What a run found and took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) unique: u64,
    pub(crate) generated: u64,
    /// Wall time of the search, without building the model.
    pub(crate) seconds: f64,
    /// Of the whole process; `None` where the system does not tell.
    pub(crate) peak_bytes: Option<u64>,
    /// Processor time of the whole process, over all threads; `None` where the system does not tell.
    pub(crate) cpu_seconds: Option<f64>,
    /// The properties with a trace, sorted.
    pub(crate) traces: Vec<String>,
}

impl Measured {
    /// Generated states per second.
    pub(crate) fn rate(&self) -> f64 {
        self.generated as f64 / self.seconds
    }

    /// Whether both saw the same state space and found the same.
    pub(crate) fn agrees(&self, other: &Measured) -> bool {
        (self.unique, self.generated, &self.traces)
            == (other.unique, other.generated, &other.traces)
    }
}

impl Job {
    pub(crate) fn new(workload: Workload, engine: Engine, threads: usize) -> Self {
        Job {
            workload,
            engine,
            threads,
            states: None,
        }
    }

    /// Runs it in a process of its own.
    pub(crate) fn measure(&self) -> Result<Measured, String> {
        let measured = self.collect(self.start()?)?;
        eprintln!("{self:?}: {measured:?}");
        Ok(measured)
    }

    /// Runs it twice at the same time.
    pub(crate) fn measure_side_by_side(&self) -> Result<(Measured, Measured), String> {
        let (left, right) = (self.start()?, self.start()?);
        let measured = (self.collect(left)?, self.collect(right)?);
        eprintln!("{self:?}: side by side {measured:?}");
        Ok(measured)
    }

    fn start(&self) -> Result<Child, String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        Command::new(program)
            .arg(CHILD)
            .arg(self.workload.to_string())
            .arg(self.engine.to_string())
            .arg(self.threads.to_string())
            .args(self.states.map(|n| n.to_string()))
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{self:?} does not start: {e}"))
    }

    fn collect(&self, child: Child) -> Result<Measured, String> {
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("{self:?} failed: {}", output.status));
        }
        serde_json::from_slice(&output.stdout).map_err(|e| format!("{self:?}: {e}"))
    }
}

/// The measured process: runs the job and prints what it found as a line of JSON.
pub(crate) fn child(args: &[String]) -> Result<(), String> {
    let [workload, engine, threads, states @ ..] = args else {
        return Err("child needs WORKLOAD ENGINE THREADS [STATES]".to_owned());
    };
    let number = |text: &String| text.parse().map_err(|_| format!("`{text}` is no number"));
    let job = Job {
        workload: workload.parse()?,
        engine: engine.parse()?,
        threads: number(threads)? as usize,
        states: states.first().map(number).transpose()?,
    };
    let mut measured = match job.engine {
        Engine::Allways => crate::ours::run(&job)?,
        Engine::Bfs | Engine::Dfs => run_peer(&job),
    };
    measured.peak_bytes = machine::peak_bytes();
    measured.cpu_seconds = machine::cpu_seconds();
    let line = serde_json::to_string(&measured).map_err(|e| e.to_string())?;
    println!("{line}");
    Ok(())
}

fn run_peer(job: &Job) -> Measured {
    match job.workload {
        Workload::Paxos { clients } => check(paxos::peer(size(clients, 3)), job),
        Workload::Abd { clients, servers } => check(abd::peer(size(clients, servers)), job),
        Workload::SingleCopy { clients } => check(single_copy::peer(size(clients, 1)), job),
        Workload::TwoPhase { rms } => check(TwoPhaseCompact { rms: rms as u8 }, job),
        Workload::TwoPhaseSets { rms } => check(TwoPhase { rms }, job),
    }
}

/// A run of stateright's checker.
fn check<M>(model: M, job: &Job) -> Measured
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    let mut builder = model.checker().threads(job.threads);
    if let Some(states) = job.states {
        builder = builder.target_state_count(states as usize);
    }
    match job.engine {
        Engine::Dfs => timed::<M, _>(|| builder.spawn_dfs().join()),
        _ => timed::<M, _>(|| builder.spawn_bfs().join()),
    }
}

fn timed<M, C>(search: impl FnOnce() -> C) -> Measured
where
    M: Model,
    M::State: Clone + Debug + Hash + PartialEq,
    M::Action: Clone + PartialEq,
    C: Checker<M>,
{
    let start = Instant::now();
    let checker = search();
    let seconds = start.elapsed().as_secs_f64();
    let mut traces: Vec<String> = checker
        .discoveries()
        .into_keys()
        .map(str::to_owned)
        .collect();
    traces.sort();
    Measured {
        unique: checker.unique_state_count() as u64,
        generated: checker.state_count() as u64,
        seconds,
        peak_bytes: None,
        cpu_seconds: None,
        traces,
    }
}
