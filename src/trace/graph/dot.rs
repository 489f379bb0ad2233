//! A graph in DOT, the language of Graphviz.
//!
//! Whatever a model contains, it stays inside the quotes and is shown as it is. Nothing is said by colour alone: initial states have a double
//! border and say so, violating ones have another shape and say what they violate.

use std::fmt::Write;

use super::{Graph, GraphState};
use crate::value::printable;

/// The graph in DOT: one line for each state, then one for each step.
pub fn graph_to_dot(graph: &Graph) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "digraph {} {{",
        quoted(&[format!("{}/{}", graph.model, graph.variant)])
    );
    let _ = writeln!(out, "  label={};", quoted(&title(graph)));
    out.push_str(
        "  labelloc=t;\n  node [shape=box, fontname=monospace];\n  edge [fontname=monospace];\n",
    );
    for state in &graph.states {
        let _ = write!(out, "  s{} [label={}", state.id, quoted(&lines(state)));
        if state.initial {
            out.push_str(", peripheries=2");
        }
        if !state.violates.is_empty() {
            out.push_str(", shape=octagon, color=red");
        }
        out.push_str("];\n");
    }
    for step in &graph.steps {
        let mut text = vec![step.text.clone()];
        if step.renamed {
            text.push("(actors change places)".to_owned());
        }
        let text = quoted(&text);
        let _ = writeln!(
            out,
            "  s{} -> s{} [label={text}];",
            step.source, step.target
        );
    }
    out.push_str("}\n");
    out
}

/// What the graph is of, and whether it is whole.
fn title(graph: &Graph) -> Vec<String> {
    let parameters = graph.parameters.iter();
    let parameters: String = parameters.map(|(k, v)| format!(" {k}={v}")).collect();
    let mut title = vec![
        format!("{}/{}{parameters}", graph.model, graph.variant),
        format!(
            "states: {}, steps: {}, depth: {}",
            graph.unique_states, graph.transitions, graph.depth
        ),
    ];
    if let Some(symmetry) = &graph.symmetry {
        title.push(format!("{symmetry}; states are up to who is who"));
    }
    if !graph.cut_by.is_empty() {
        title.push(format!("cut by {}", graph.cut_by.join(", ")));
    }
    title
}

fn lines(state: &GraphState) -> Vec<String> {
    let mut lines = vec![if state.initial {
        format!("{} initial", state.id)
    } else {
        state.id.to_string()
    }];
    lines.extend(state.violates.iter().map(|name| format!("✗ {name}")));
    lines.extend(state.witnesses.iter().map(|name| format!("✓ {name}")));
    let parts = state.parts.iter();
    lines.extend(parts.map(|(part, value)| format!("{part}  {}", value.text())));
    lines
}

/// Lines as one quoted string of DOT, each line flush left where there are several.
///
/// A quoted string ends at the next `"` without a backslash before it; in a label a backslash begins an escape and `&` a character by its name.
fn quoted(lines: &[String]) -> String {
    let mut out = String::from("\"");
    for line in lines {
        for c in printable(line).chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '&' => out.push_str("&amp;"),
                c => out.push(c),
            }
        }
        if lines.len() > 1 {
            out.push_str("\\l");
        }
    }
    out.push('"');
    out
}
