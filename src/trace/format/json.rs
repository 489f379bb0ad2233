//! Traces as JSON: our own format, versioned, complete, replayable.
//!
//! Reading trusts nothing: a file may be cut short, of another kind, newer than this program or made to harm. Each is an error that says
//! what to do. Depth is limited by serde_json, size here.

use serde::Deserialize;

use crate::error::Error;
use crate::trace::{FORMAT, Trace, TracePath, VERSION};
use crate::value::is_unsafe;

/// A trace file larger than this many bytes is not read.
pub const SIZE_MAX: usize = 256 << 20;

/// The most paths that a trace holds.
const PATHS_MAX: usize = 2;

/// What a file is, as far as any version says.
#[derive(Deserialize)]
struct Header {
    format: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

/// The trace as JSON, indented, fields in a fixed order, with a line break at the end. Characters that a terminal would obey are escaped.
pub fn to_json(trace: &Trace) -> String {
    let mut text = match serde_json::to_string_pretty(trace) {
        Ok(text) => text,
        // Strings, numbers and lists: there is nothing in a trace that JSON cannot hold.
        Err(error) => panic!("a trace did not become JSON: {error}"),
    };
    text.push('\n');
    escaped(text)
}

/// Escapes what is not visible. Outside of strings JSON has no such characters but line breaks, which stay.
pub(in crate::trace) fn escaped(text: String) -> String {
    let hidden = |c: char| c != '\n' && is_unsafe(c);
    if !text.contains(hidden) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if hidden(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Reads a trace.
///
/// # Errors
/// The text is too large, not JSON, cut short, not a trace, of a newer version, or damaged; each with what to do.
pub fn from_json(text: &str) -> Result<Trace, Error> {
    if text.len() > SIZE_MAX {
        return Err(Error::file(format!(
            "the file has {} bytes; a trace has at most {SIZE_MAX}",
            text.len()
        ))
        .with_cure("give a trace file as `allways check` writes it"));
    }
    let header: Header = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    match &header.format {
        Some(format) if format == FORMAT => {}
        _ => {
            return Err(
                Error::file("the file is JSON, but not a trace of Allways").with_cure(format!(
                    "a trace file says \"format\": \"{FORMAT}\"; `allways check` writes one for each violated property"
                )),
            );
        }
    }
    match header.version.as_ref().map(serde_json::Value::as_u64) {
        Some(Some(version)) if version == u64::from(VERSION) => {}
        Some(Some(version)) if version > u64::from(VERSION) => {
            return Err(Error::file(format!(
                "the trace has version {version}; this program reads version {VERSION}"
            ))
            .with_cure("use the newer version of Allways that wrote it"));
        }
        _ => return Err(damaged("its version is missing or is none")),
    }
    let trace: Trace = serde_json::from_str(text).map_err(|error| damaged(&plain(&error)))?;
    consistent(&trace).map_err(|what| damaged(&what))?;
    Ok(trace)
}

/// An error's text with nothing in it that a terminal would obey: it may quote the file.
fn plain(error: &serde_json::Error) -> String {
    crate::value::printable(&error.to_string()).into_owned()
}

fn not_json(error: &serde_json::Error) -> Error {
    match error.classify() {
        serde_json::error::Category::Eof => {
            Error::file(format!("the file ends too early (line {})", error.line()))
                .with_cure("it was cut short: run the check again to write it anew")
        }
        // The header takes any object: one of a wrong shape is JSON of another kind.
        serde_json::error::Category::Data => {
            Error::file("the file is JSON, but not a trace of Allways")
                .with_cure("`allways check` writes a trace file for each violated property")
        }
        _ => Error::file(format!("the file is not JSON: {}", plain(error)))
            .with_cure("give a trace file as `allways check` writes it"),
    }
}

fn damaged(what: &str) -> Error {
    Error::file(format!("the trace is damaged: {what}"))
        .with_cure("run the check again to write it anew")
}

/// What every reader of a trace relies on.
fn consistent(trace: &Trace) -> Result<(), String> {
    if trace.paths.is_empty() || trace.paths.len() > PATHS_MAX {
        return Err(format!(
            "it has {} paths, not one or two",
            trace.paths.len()
        ));
    }
    for path in &trace.paths {
        consistent_path(trace, path)?;
    }
    Ok(())
}

fn consistent_path(trace: &Trace, path: &TracePath) -> Result<(), String> {
    if path.initial >= path.initial_states {
        return Err(format!(
            "it starts from initial state {} of {}",
            path.initial, path.initial_states
        ));
    }
    if path
        .loop_start
        .is_some_and(|start| start > path.steps.len())
    {
        return Err("its loop begins behind its end".to_owned());
    }
    let is_fingerprint = |text: &str| text.len() == 16 && is_hex(text);
    if !is_fingerprint(&path.fingerprint) {
        return Err("the fingerprint of its initial state is none".to_owned());
    }
    for (i, step) in path.steps.iter().enumerate() {
        let number = i + 1;
        let lanes = [&step.lane].into_iter().chain(&step.from);
        if let Some(lane) = lanes
            .chain(step.sent.iter().map(|sent| &sent.to))
            .find(|lane| !trace.lanes.contains(lane))
        {
            return Err(format!(
                "step {number} names {:?}, which is not among its lanes",
                crate::value::printable(lane)
            ));
        }
        if !is_fingerprint(&step.fingerprint) {
            return Err(format!("the fingerprint of step {number} is none"));
        }
        if step.key.len() % 2 != 0 || !is_hex(&step.key) {
            return Err(format!("the key of step {number} is none"));
        }
    }
    Ok(())
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
