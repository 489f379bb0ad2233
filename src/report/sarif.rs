//! The stream as SARIF 2.1.0 (OASIS, 2020): each problem is a result, at the line that lists the check.
//! What is as expected is no result.

use serde::Serialize;

use super::problem::{Problem, RULES, problems};
use super::{Notice, Reporter};

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
    let locations = problem.origin.map(|origin| Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: uri(&origin.file),
            },
            region: Region {
                start_line: origin.line,
            },
        },
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
    }
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
