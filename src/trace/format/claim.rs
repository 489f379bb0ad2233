//! What a trace is of and what it shows, in a line each: the heading of every format that has one.

use std::fmt::Write;

use crate::search::Verdict;
use crate::space::PropertyKind;
use crate::trace::Trace;
use crate::trace::words::{length, titled};
use crate::value::printable;

/// The model, its variant and parameters.
pub(super) fn subject(trace: &Trace) -> String {
    if trace.model.is_empty() {
        return "a system".to_owned();
    }
    let mut text = format!("{}/{}", printable(&trace.model), printable(&trace.variant));
    for (name, value) in &trace.parameters {
        let _ = write!(text, "  {}={}", printable(name), printable(value));
    }
    text
}

/// What the trace shows: `always "no update is lost": violated in 8 steps`.
pub(crate) fn claim(trace: &Trace) -> String {
    let shown = &trace.property;
    let word = match (shown.kind, shown.verdict) {
        // A path that somebody walked in the explorer.
        (_, Verdict::Inconclusive) => "not shown",
        (PropertyKind::Reachable, _) => "reached",
        (_, Verdict::Violated) => "violated",
        _ => "shown",
    };
    let loop_start = trace.paths.iter().find_map(|path| path.loop_start);
    let title = titled(&shown.name, shown.kind);
    format!("{title}: {word} in {}", length(trace.len(), loop_start))
}

/// Whether the trace shows something bad. A path that somebody walked by hand may show nothing.
pub(super) fn is_bad(trace: &Trace) -> bool {
    trace.property.kind != PropertyKind::Reachable && !is_mere(trace)
}

/// Whether the trace shows nothing of its property.
pub(super) fn is_mere(trace: &Trace) -> bool {
    trace.property.verdict == Verdict::Inconclusive
}
