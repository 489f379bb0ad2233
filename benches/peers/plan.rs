//! Which pairs are measured, how often.

use crate::workload::{Engine, Workload};

/// The text for `--help`.
pub(crate) const HELP: &str = "\
Allways beside stateright: cargo bench --bench peers -- [OPTIONS]

  (nothing)            small sizes of every row: a couple of minutes
  --full               the sizes of docs/benchmarks.md: about twenty minutes and 4 GiB
  --row WORKLOAD       only this workload, at this size; may be repeated
                       (paxos:3, abd:2x3, single-copy:4, two-phase:10, two-phase-sets:8)
  --against bfs|dfs    with --row: stateright's search (default: bfs; dfs for two-phase)
  --threads N,M        with --row: threads on both sides (default: 1,2)
  --peer-states N      with --row: stop stateright after so many generated states, compare by rate
  --scaling WORKLOAD   two threads against one, beside two runs side by side; may be repeated
  --rounds N           pairs of runs (default: 3)

  child WORKLOAD ENGINE THREADS [STATES]   one run, in this process: for profilers
";

/// Two sides on one workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) workload: Workload,
    pub(crate) peer: Engine,
    pub(crate) threads: usize,
    /// Stop the peer after so many generated states and compare rates.
    pub(crate) peer_states: Option<u64>,
    pub(crate) rounds: usize,
}

/// Everything to be measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) scaling: Vec<Workload>,
    pub(crate) rounds: usize,
}

impl Plan {
    /// Reads the command line.
    pub(crate) fn parse(args: &[String]) -> Result<Self, String> {
        let (mut full, mut rounds) = (false, 3);
        let (mut rows, mut scaling) = (Vec::new(), Vec::new());
        let (mut against, mut peer_states, mut threads) = (None, None, vec![1, 2]);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value\n\n{HELP}"));
            let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
            match arg.as_str() {
                "--full" => full = true,
                "--row" => rows.push(value()?.parse::<Workload>()?),
                "--scaling" => scaling.push(value()?.parse()?),
                "--against" => against = Some(value()?.parse()?),
                "--threads" => {
                    threads = value()?
                        .split(',')
                        .map(|text| number(text).map(|n: u64| n as usize))
                        .collect::<Result<_, _>>()?;
                }
                "--peer-states" => peer_states = Some(number(value()?)?),
                "--rounds" => rounds = number(value()?)?.max(1) as usize,
                _ => return Err(format!("unknown option `{arg}`\n\n{HELP}")),
            }
        }
        if rows.is_empty() && scaling.is_empty() {
            return Ok(Plan::standard(full, rounds));
        }
        let pairs = rows
            .into_iter()
            .flat_map(|workload| {
                threads.iter().map(move |&threads| Pair {
                    workload,
                    peer: against.unwrap_or(default_peer(workload)),
                    threads,
                    peer_states,
                    rounds,
                })
            })
            .collect();
        Ok(Plan {
            pairs,
            scaling,
            rounds,
        })
    }

    /// The table of the documentation, at its own sizes or at small ones.
    fn standard(full: bool, rounds: usize) -> Self {
        let size = |small, large| if full { large } else { small };
        let paxos = Workload::Paxos {
            clients: size(2, 3),
        };
        let abd = Workload::Abd {
            clients: size(1, 2),
            servers: 3,
        };
        let single_copy = Workload::SingleCopy {
            clients: size(3, 4),
        };
        let two_phase = Workload::TwoPhase { rms: size(8, 10) };
        let sets = Workload::TwoPhaseSets { rms: size(7, 8) };
        // stateright needs minutes for ten managers: once is enough.
        let long = if full { 1 } else { rounds };
        let pair = |workload, peer, threads, rounds| Pair {
            workload,
            peer,
            threads,
            peer_states: None,
            rounds,
        };
        // stateright's peak on the whole register would be tens of gigabytes.
        let by_rate = |threads| Pair {
            peer_states: full.then_some(10_000_000),
            ..pair(abd, Engine::Bfs, threads, rounds.min(2))
        };
        Plan {
            pairs: vec![
                pair(paxos, Engine::Bfs, 1, rounds),
                pair(paxos, Engine::Bfs, 2, rounds),
                by_rate(1),
                by_rate(2),
                pair(single_copy, Engine::Bfs, 1, rounds.min(2)),
                pair(single_copy, Engine::Bfs, 2, rounds),
                pair(two_phase, Engine::Dfs, 1, long),
                pair(two_phase, Engine::Dfs, 2, long),
                pair(two_phase, Engine::Bfs, 1, long),
                pair(sets, Engine::Dfs, 1, rounds),
                pair(sets, Engine::Dfs, 2, rounds),
                pair(sets, Engine::Bfs, 1, rounds),
                pair(sets, Engine::Bfs, 2, rounds),
            ],
            scaling: vec![abd, Workload::TwoPhase { rms: size(8, 9) }],
            rounds,
        }
    }
}

fn default_peer(workload: Workload) -> Engine {
    match workload {
        Workload::TwoPhase { .. } => Engine::Dfs,
        _ => Engine::Bfs,
    }
}
