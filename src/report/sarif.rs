//! The stream as SARIF 2.1.0 (OASIS, 2020): each problem is a result, at the line that lists the check.
//! What is as expected is no result. A counterexample is a code flow: a thread for each run, a location for each step.

use serde::Serialize;

use super::problem::{Problem, RULES, problems};
use super::{Notice, Reporter};
use crate::trace::{self, Trace};

/// Reports as SARIF, once the run has ended.
#[derive(Clone, Debug, Default)]
pub struct Sarif {
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    results: &'a [SarifResult],
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<RuleLine>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleLine {
    id: &'static str,
    short_description: Message,
}

#[derive(Clone, Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
}

/// A counterexample: a thread for each of its runs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: Vec<ThreadFlow>,
}

#[derive(Clone, Debug, Serialize)]
struct ThreadFlow {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    locations: Vec<StepLine>,
}

/// One step of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepLine {
    execution_order: usize,
    importance: &'static str,
    location: StepLocation,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StepLocation {
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Clone, Debug, Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

impl Reporter for Sarif {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        self.results.extend(problems(notice).iter().map(result));
        match notice {
            Notice::Ended(_) => self.log(),
            _ => String::new(),
        }
    }
}

impl Sarif {
    fn log(&self) -> String {
        let rules = RULES.map(|(id, text)| RuleLine {
            id,
            short_description: Message {
                text: text.to_owned(),
            },
        });
        let log = Log {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "allways",
                        version: env!("CARGO_PKG_VERSION"),
                        rules: rules.into(),
                    },
                },
                results: &self.results,
                column_kind: "unicodeCodePoints",
            }],
        };
        // No map has keys that are not strings.
        let mut text = serde_json::to_string_pretty(&log).expect("a log serialises");
        text.push('\n');
        text
    }
}

fn result(problem: &Problem<'_>) -> SarifResult {
    let place = problem.origin.map(|origin| PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri: uri(&origin.file),
        },
        region: Region {
            start_line: origin.line,
        },
    });
    let flows = problem.trace.map(|trace| code_flow(trace, place.as_ref()));
    let locations = place.map(|physical_location| Location {
        physical_location,
        logical_locations: [LogicalLocation {
            fully_qualified_name: problem.check.clone(),
        }],
    });
    SarifResult {
        rule_id: problem.rule.name(),
        rule_index: problem.rule.index(),
        level: match problem.rule.is_error() {
            true => "error",
            false => "warning",
        },
        message: Message {
            text: format!("{}: {}", problem.check, problem.whole()),
        },
        locations: locations.into_iter().collect(),
        code_flows: flows.flatten().into_iter().collect(),
    }
}

/// The steps of a counterexample, all of them at the line that lists the check; `None` where there is no step.
fn code_flow(trace: &Trace, place: Option<&PhysicalLocation>) -> Option<CodeFlow> {
    let runs = trace.paths.iter().enumerate();
    let threads = runs.filter(|(_, path)| !path.steps.is_empty());
    let threads = threads.map(|(run, path)| {
        let steps = trace::step_texts(trace, path).into_iter().enumerate();
        let steps = steps.map(|(i, (lane, text))| StepLine {
            execution_order: i + 1,
            importance: match i + 1 == path.steps.len() {
                true => "essential",
                false => "important",
            },
            location: StepLocation {
                message: Message {
                    text: match path.loop_start == Some(i) {
                        true => format!("{}. from here it repeats for ever: {text}", i + 1),
                        false => format!("{}. {text}", i + 1),
                    },
                },
                physical_location: place.cloned(),
                logical_locations: [LogicalLocation {
                    fully_qualified_name: lane,
                }],
            },
        });
        ThreadFlow {
            message: (trace.paths.len() > 1).then(|| Message {
                text: format!("run {} of {}", run + 1, trace.paths.len()),
            }),
            locations: steps.collect(),
        }
    });
    let thread_flows: Vec<ThreadFlow> = threads.collect();
    (!thread_flows.is_empty()).then_some(CodeFlow { thread_flows })
}

/// A path as a relative reference: what a URI does not take is escaped, and `\` separates folders on Windows only.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_references() {
        assert_eq!(uri("ci/allways.toml"), "ci/allways.toml");
        assert_eq!(uri("a b%ä.toml"), "a%20b%25%C3%A4.toml");
    }
}
