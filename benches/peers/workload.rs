//! What is measured: a model at a size, by an engine.

use std::fmt;
use std::str::FromStr;

/// A model at a size. Written `paxos:3`, `abd:2x3`, `single-copy:4`, `two-phase:10`, `two-phase-sets:8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Single-decree Paxos with three servers.
    Paxos { clients: usize },
    /// The register of Attiya, Bar-Noy and Dolev.
    Abd { clients: usize, servers: usize },
    /// A register in one place.
    SingleCopy { clients: usize },
    /// Two-phase commit, its state a few machine words: the catalogue's model.
    TwoPhase { rms: usize },
    /// Two-phase commit with vectors and a set in the state.
    TwoPhaseSets { rms: usize },
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Workload::Paxos { clients } => write!(f, "paxos:{clients}"),
            Workload::Abd { clients, servers } => write!(f, "abd:{clients}x{servers}"),
            Workload::SingleCopy { clients } => write!(f, "single-copy:{clients}"),
            Workload::TwoPhase { rms } => write!(f, "two-phase:{rms}"),
            Workload::TwoPhaseSets { rms } => write!(f, "two-phase-sets:{rms}"),
        }
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "unknown workload `{text}`; known are paxos:N, abd:NxM, single-copy:N, two-phase:N, two-phase-sets:N"
            )
        };
        let number = |text: &str| text.parse::<usize>().map_err(|_| unknown());
        let (name, size) = text.split_once(':').ok_or_else(unknown)?;
        Ok(match name {
            "paxos" => Workload::Paxos {
                clients: number(size)?,
            },
            "abd" => {
                let (clients, servers) = size.split_once('x').ok_or_else(unknown)?;
                Workload::Abd {
                    clients: number(clients)?,
                    servers: number(servers)?,
                }
            }
            "single-copy" => Workload::SingleCopy {
                clients: number(size)?,
            },
            "two-phase" => Workload::TwoPhase { rms: number(size)? },
            "two-phase-sets" => Workload::TwoPhaseSets { rms: number(size)? },
            _ => return Err(unknown()),
        })
    }
}

/// Who searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Allways,
    /// stateright, breadth first.
    Bfs,
    /// stateright, depth first: no shortest traces.
    Dfs,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Allways => "allways",
            Engine::Bfs => "stateright-bfs",
            Engine::Dfs => "stateright-dfs",
        })
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "allways" => Ok(Engine::Allways),
            "stateright-bfs" | "bfs" => Ok(Engine::Bfs),
            "stateright-dfs" | "dfs" => Ok(Engine::Dfs),
            _ => Err(format!(
                "unknown engine `{text}`; known are allways, bfs, dfs"
            )),
        }
    }
}
