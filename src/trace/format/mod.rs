//! The formats that a trace can be written in. Each is a pure function of the trace.

pub(super) mod claim;
pub(super) mod html;
pub(super) mod itf;
pub(super) mod json;
pub(super) mod mermaid;
pub(super) mod rust_test;
pub(super) mod shiviz;
pub(super) mod svg;

use super::Trace;

/// A format that a trace can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Our own: complete and replayable. See [`to_json`](super::to_json).
    Json,
    /// A sequence diagram. See [`to_mermaid`](super::to_mermaid).
    Mermaid,
    /// A space-time diagram. See [`to_svg`](super::to_svg).
    Svg,
    /// A page with the picture, the steps and what they change. See [`to_html`](super::to_html).
    Html,
    /// States and variables, for other tools. See [`to_itf`](super::to_itf).
    Itf,
    /// A log with vector clocks. See [`to_shiviz`](super::to_shiviz).
    Shiviz,
    /// A test that replays it. See [`to_rust_test`](super::to_rust_test).
    RustTest,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 7] = [
        Format::Json,
        Format::Mermaid,
        Format::Svg,
        Format::Html,
        Format::Itf,
        Format::Shiviz,
        Format::RustTest,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
            Format::Html => "html",
            Format::Itf => "itf",
            Format::Shiviz => "shiviz",
            Format::RustTest => "rust-test",
        }
    }

    /// One line that says what it is.
    pub fn about(self) -> &'static str {
        match self {
            Format::Json => "our own format: complete, replayable",
            Format::Mermaid => "a sequence diagram for Markdown and mermaid.js",
            Format::Svg => "a space-time diagram: a picture, for light and dark",
            Format::Html => "a page with the diagram, the steps and what they change",
            Format::Itf => {
                "whole states in the Informal Trace Format, for Apalache's and Quint's tools"
            }
            Format::Shiviz => "a log with vector clocks, for ShiViz",
            Format::RustTest => "a test in Rust that replays it",
        }
    }

    /// A trace in this format, with a line break at the end.
    pub fn export(self, trace: &Trace) -> String {
        match self {
            Format::Json => json::to_json(trace),
            Format::Mermaid => mermaid::to_mermaid(trace),
            Format::Svg => svg::to_svg(trace),
            Format::Html => html::to_html(trace),
            Format::Itf => itf::to_itf(trace),
            Format::Shiviz => shiviz::to_shiviz(trace),
            Format::RustTest => rust_test::to_rust_test(trace),
        }
    }
}
