//! Traces as logs with vector clocks, for ShiViz and other tools that read those.
//!
//! Each step is two lines: who acts and its vector clock, as in `seed {"joiner":1, "seed":2}`, and what happens. The first line of the log is the
//! parser that ShiViz asks for, [`SHIVIZ_PARSER`]; its second is empty. Of two paths, and before a loop, a line stands between, after ShiViz's
//! delimiter for several executions.

use super::super::causality::Causality;
use super::super::text::event as words;
use super::super::{Trace, TracePath};
use crate::space::StepKind;

/// The regular expression by which ShiViz takes the log apart: the line of who acts and its clock, and the line of what happens.
pub const SHIVIZ_PARSER: &str = r"(?<host>\S+) (?<clock>\{[^\n]*\})\n(?<event>[^\n]*)";

/// What separates two executions; ShiViz takes it as a regular expression of its own.
const DELIMITER: &str = r"^=== (?<trace>.*) ===$";

/// The trace as a log for ShiViz, with a line break at the end.
pub fn to_shiviz(trace: &Trace) -> String {
    let mut out = format!("{SHIVIZ_PARSER}\n");
    let several = trace.paths.len() > 1;
    out.push_str(if several { DELIMITER } else { "" });
    out.push('\n');
    for (i, path) in trace.paths.iter().enumerate() {
        if several {
            out.push_str(&format!("=== run {} of {} ===\n", i + 1, trace.paths.len()));
        }
        write_path(&mut out, trace, path);
    }
    out
}

fn write_path(out: &mut String, trace: &Trace, path: &TracePath) {
    let causality = Causality::of(path, &trace.lanes);
    let hosts = hosts(&causality.lines);
    for (i, step) in path.steps.iter().enumerate() {
        let own = causality.line[i];
        let clock: Vec<String> = (hosts.iter().zip(&causality.clocks[i]))
            .filter(|(_, n)| **n > 0)
            .map(|(host, n)| format!("\"{host}\":{n}"))
            .collect();
        let mut what = format!("{}. {}", i + 1, words(step, &trace.lanes));
        if path.loop_start == Some(i) {
            what.push_str(" (from here it repeats for ever)");
        }
        if step.kind == StepKind::Drop && step.from.is_none() {
            what.push_str(" (lost)");
        }
        out.push_str(&format!(
            "{} {{{}}}\n{what}\n",
            hosts[own],
            clock.join(", ")
        ));
    }
}

/// The lines' names as ShiViz takes them: without blanks, quotes and backslashes, and no two alike.
fn hosts(lines: &[String]) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::with_capacity(lines.len());
    for line in lines {
        let plain = |c: char| c.is_alphanumeric() || "_-.:[]()".contains(c);
        let name: String = line
            .chars()
            .map(|c| if plain(c) { c } else { '_' })
            .collect();
        let name = if name.is_empty() {
            "_".to_owned()
        } else {
            name
        };
        let mut host = name.clone();
        let mut n = 1;
        while hosts.contains(&host) {
            n += 1;
            host = format!("{name}_{n}");
        }
        hosts.push(host);
    }
    hosts
}
