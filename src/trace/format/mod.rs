//! The formats that a trace can be written in. Each is a pure function of the trace.

pub(super) mod json;
pub(super) mod mermaid;

use super::Trace;

/// A format that a trace can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Our own: complete and replayable. See [`to_json`](super::to_json).
    Json,
    /// A sequence diagram. See [`to_mermaid`](super::to_mermaid).
    Mermaid,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 2] = [Format::Json, Format::Mermaid];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Mermaid => "mermaid",
        }
    }

    /// One line that says what it is.
    pub fn about(self) -> &'static str {
        match self {
            Format::Json => "our own format: complete, replayable",
            Format::Mermaid => "a sequence diagram for Markdown and mermaid.js",
        }
    }

    /// A trace in this format, with a line break at the end.
    pub fn export(self, trace: &Trace) -> String {
        match self {
            Format::Json => json::to_json(trace),
            Format::Mermaid => mermaid::to_mermaid(trace),
        }
    }
}
