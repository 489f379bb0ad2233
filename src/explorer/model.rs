//! What is explored, as the page is told once.

use serde::Serialize;

use super::Subject;
use crate::explore::{Explorer, Loaded, Refused, STEPS_MAX};
use crate::search::Verdict;
use crate::space::{OWN_BOUNDARY, PropertyKind};
use crate::trace::Format;

/// What is explored.
#[derive(Clone, Debug, Serialize)]
pub struct ModelView {
    version: &'static str,
    api: u32,
    name: String,
    model: String,
    variant: String,
    variants: Vec<String>,
    summary: String,
    source: Option<String>,
    parameters: Vec<Parameter>,
    kind: &'static str,
    lanes: Vec<Lane>,
    /// The properties, by number.
    pub properties: Vec<PropertyView>,
    boundaries: Vec<String>,
    initial_states: usize,
    start: String,
    opened: Option<Loaded>,
    formats: Vec<FormatView>,
    steps_max: usize,
    command: String,
}

#[derive(Clone, Debug, Serialize)]
struct Parameter {
    name: String,
    value: String,
    default: String,
    domain: String,
    help: String,
}

#[derive(Clone, Debug, Serialize)]
struct Lane {
    lane: usize,
    name: String,
    kind: &'static str,
}

/// A property.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyView {
    property: usize,
    /// Its name.
    pub name: String,
    /// What it asserts.
    pub kind: PropertyKind,
    words: &'static str,
    liveness: bool,
    /// The verdict that the variant declares.
    pub expected: Verdict,
    built_in: bool,
}

#[derive(Clone, Debug, Serialize)]
struct FormatView {
    name: &'static str,
    about: &'static str,
    extension: &'static str,
}

/// The type and the ending of a format's files.
pub(super) fn file_type(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Json => ("application/json", "trace.json"),
        Format::Mermaid => ("text/plain; charset=utf-8", "mmd"),
        Format::Svg => ("image/svg+xml", "svg"),
        Format::Html => ("text/html; charset=utf-8", "html"),
        Format::Itf => ("application/json", "itf.json"),
        Format::Shiviz => ("text/plain; charset=utf-8", "log"),
        Format::RustTest => ("text/plain; charset=utf-8", "rs"),
    }
}

impl ModelView {
    /// What is to be told.
    pub(super) fn of(subject: &Subject<'_>, explorer: &mut Explorer) -> Result<Self, Refused> {
        let entry = subject.entry;
        let (initial_states, start) = explorer.start()?;
        let opened = match &subject.trace {
            Some(trace) => Some(explorer.load(trace)?),
            None => None,
        };
        let has_actors = explorer.has_actors();
        let lanes = explorer.lanes();
        let kind_of = |lane: usize| match has_actors {
            false => "model",
            true if lane + 1 == lanes.len() => "environment",
            true => "actor",
        };
        let properties = explorer.properties().iter().enumerate();
        // Whether a general model draws a boundary of its own nobody knows before it cuts.
        let is_told = |name: &&String| has_actors || *name != OWN_BOUNDARY;
        let boundaries = explorer.boundaries().iter().filter(is_told);
        let parameters = entry.params.iter().map(|decl| Parameter {
            name: decl.name.clone(),
            value: subject
                .values
                .get(&decl.name)
                .unwrap_or(&decl.default)
                .to_string(),
            default: decl.default.to_string(),
            domain: decl.domain.to_string(),
            help: decl.help.clone(),
        });
        Ok(ModelView {
            version: env!("CARGO_PKG_VERSION"),
            api: 1,
            name: format!("{}/{}", entry.model, subject.variant.name),
            model: entry.model.clone(),
            variant: subject.variant.name.clone(),
            variants: entry.variants.iter().map(|v| v.name.clone()).collect(),
            summary: entry.summary.clone(),
            source: Some(entry.source.clone()).filter(|source| !source.is_empty()),
            parameters: parameters.collect(),
            kind: if has_actors { "actors" } else { "general" },
            lanes: lanes
                .iter()
                .enumerate()
                .map(|(lane, name)| Lane {
                    lane,
                    name: name.clone(),
                    kind: kind_of(lane),
                })
                .collect(),
            properties: properties
                .map(|(property, decl)| PropertyView {
                    property,
                    name: decl.name.clone(),
                    kind: decl.kind,
                    words: decl.kind.word(),
                    liveness: decl.kind.is_liveness(),
                    expected: subject.expected(&decl.name),
                    built_in: decl.kind == PropertyKind::NoPanic,
                })
                .collect(),
            boundaries: boundaries.cloned().collect(),
            initial_states,
            start,
            opened,
            formats: Format::ALL
                .into_iter()
                .map(|format| FormatView {
                    name: format.name(),
                    about: format.about(),
                    extension: file_type(format).1,
                })
                .collect(),
            steps_max: STEPS_MAX,
            command: subject.command.clone(),
        })
    }
}
