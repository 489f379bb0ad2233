//! Traces: how a system gets from an initial state to where a property shows. What happened, why, what changed.
//!
//! A [`Trace`] stands by itself: it holds names and values as text and trees, no index into a model that may have changed since. So it can be read
//! without its model, and be [`replay`]ed against what the model has become. This room prints nothing and reads no file.
//! The file format is described in `docs/trace.md`.
//!
//! ```
//! use allways::prelude::*;
//! use allways::search::Options;
//! use allways::space::ActorSpace;
//! use allways::trace::{self, About, Style};
//!
//! struct Register;
//! impl Actor for Register {
//!     type Msg = char;
//!     type State = char;
//!     type Timer = ();
//!     type Random = ();
//!     type Storage = ();
//!     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char {
//!         '-'
//!     }
//!     fn on_msg(&self, _: Id, value: &mut Cow<'_, char>, _: Id, written: char, _: &mut Out<Self>) {
//!         *value.to_mut() = written;
//!     }
//! }
//!
//! fn space() -> Result<ActorSpace, allways::Error> {
//!     let mut sys = System::new();
//!     let register = sys.actor("register", Register);
//!     sys.stimulus("write", register.id(), 'x');
//!     sys.always("nobody writes", move |s| s[register] == '-');
//!     ActorSpace::new(sys)
//! }
//!
//! let mut searched = space()?;
//! let outcome = allways::check(&mut searched, &Options::default(), &())?;
//! let violated = &outcome.properties[1];
//! let trace = trace::record(&mut searched, violated, &About::default())?.ok_or("it is violated")?;
//! assert_eq!(
//!     trace::text(&trace, &Style::default()),
//!     "  1  environment ─ write: 'x' ─▶ register  register  '-' → 'x'\n     \
//!      step 1 makes it false: register '-' → 'x'\n"
//! );
//!
//! let file = trace::to_json(&trace);
//! let read = trace::from_json(&file)?;
//! assert!(trace::replay(&mut space()?, &read)?.is_same());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod avoid;
mod causality;
pub(crate) mod choose;
#[cfg(test)]
mod choose_tests;
mod compare;
mod diff;
mod explain;
mod format;
mod graph;
mod lasso;
mod layout;
mod levels;
mod lifted;
mod name;
mod reason;
mod record;
mod replay;
pub(crate) mod states;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod text;
mod walk;
mod words;

pub use avoid::{AHEAD_STATES_MAX, Decided, Unknown};
pub use causality::{Causality, Origin};
// What the explorer says is what a trace says.
pub use compare::{Differs, Divergence, compare, compare_text};
pub use diff::diff;
pub use explain::{Explained, Explanation, decided_in_words, explain};
pub use format::Format;
#[cfg(feature = "cli")]
pub(crate) use format::claim::claim;
pub use format::html::to_html;
pub(crate) use format::html::{Place, STYLE, to_html_story};
pub use format::itf::to_itf;
pub use format::json::{SIZE_MAX, from_json, to_json};
pub use format::mermaid::to_mermaid;
pub use format::rust_test::to_rust_test;
pub use format::shiviz::{SHIVIZ_PARSER, to_shiviz};
pub(crate) use format::svg::escape;
pub use format::svg::to_svg;
pub use graph::{
    GRAPH_FORMAT, GRAPH_STATES_MAX, GRAPH_VERSION, Graph, GraphProperty, GraphState, GraphStep,
    graph, graph_to_dot, graph_to_json,
};
pub use lasso::{Fair, Flaw, Met};
pub(crate) use lasso::{contradicts, fairness};
pub(crate) use layout::{COLUMN, Layout, Mark, ROW, Way, y_of};
pub use name::file_name;
pub(crate) use reason::{Seen, Told, of_panic, of_two_ends};
pub use record::{About, record, record_path};
pub(crate) use record::{hex, hex64};
pub use replay::{AtEnd, Difference, Replay, replay};
pub(crate) use text::{Parts, elide, event as line, is_implied, step_texts, width};
pub use text::{Style, explained_text, replay_text, text};
pub(crate) use words::{grouped, length, plural, quoted_name, titled};

use serde::{Deserialize, Serialize};

use crate::search::Verdict;
use crate::space::{Interrupted, PropertyKind, Rendered, StepKind};
use crate::value::Tree;

/// What a trace file says it is.
pub const FORMAT: &str = "allways-trace";

/// The version of the trace format.
pub const VERSION: u32 = 1;

/// A counterexample or a witness, with everything needed to read it and to replay it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`] in a trace made here.
    pub version: u32,
    /// The version of the canonical encoding that keys and fingerprints were made with.
    pub encoding: u32,
    /// The model's name.
    pub model: String,
    /// The variant's name.
    pub variant: String,
    /// The parameters' names and values, in the model's order.
    pub parameters: Vec<(String, String)>,
    /// The seed of the hash that the fingerprints were made with.
    pub hash_seed: u64,
    /// What the trace shows.
    pub property: Shown,
    /// Who acts, in order.
    pub lanes: Vec<String>,
    /// Whether the trace is the least among the shortest; else it is only shortest.
    pub tie_break: bool,
    /// One path; for `confluent` two.
    pub paths: Vec<TracePath>,
    /// Where there are two paths, how their last states differ: from the first one's to the second one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<Change>,
}

/// The property that a trace belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What it asserts.
    pub kind: PropertyKind,
    /// The verdict that the trace stands for: `violated`, or `holds` for the witness of a `reachable`.
    pub verdict: Verdict,
}

/// A way from an initial state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracePath {
    /// Which of the initial states it starts from.
    pub initial: usize,
    /// How many initial states there are to choose from.
    pub initial_states: usize,
    /// The initial state, part by part.
    pub state: Rendered,
    /// Its fingerprint, in hexadecimal.
    pub fingerprint: String,
    /// What happens.
    pub steps: Vec<TraceStep>,
    /// Where the path goes on for ever: the number of steps before the loop, which ends with the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_start: Option<usize>,
    /// Why fairness allows the loop: every class of steps that it owes something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fairness: Vec<Fair>,
    /// Why the property is violated, in one line, where that can be said: the message of a panic, or what the last step changed of what the property
    /// reads. Of two paths the second has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The parts of the last state, or of those of the loop, that the property reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
}

/// One step: who acted, why, what changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceStep {
    /// What kind of step.
    pub kind: StepKind,
    /// Who acts.
    pub lane: String,
    /// Who sent the message that is delivered, duplicated or lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name of a stimulus or partition, the key of a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For a crash inside a handler where that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Interrupted>,
    /// The message, timer, choice or action; the two groups of a partition.
    pub content: Tree,
    /// What was sent, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    /// What changed.
    pub changes: Vec<Change>,
    /// Of the state after it the parts that the state before and the changes alone do not give exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub whole: Rendered,
    /// The semantic key of the step, in hexadecimal.
    pub key: String,
    /// The 64-bit fingerprint of the resulting state, in hexadecimal.
    pub fingerprint: String,
}

/// A message sent in a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// What.
    pub content: Tree,
}

/// One thing that a step changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The part of the state: usually an actor.
    pub part: String,
    /// Where in the part: `.members`, `.log[2]`, `.votes[B]`; empty for the part as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What was there; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Tree>,
    /// What is there now; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Tree>,
}

impl Trace {
    /// The number of actions: of the longer path where there are two.
    pub fn len(&self) -> usize {
        self.paths
            .iter()
            .map(|path| path.steps.len())
            .max()
            .unwrap_or(0)
    }

    /// Why the property is violated, in one line, where that can be said.
    pub fn reason(&self) -> Option<&str> {
        self.paths
            .iter()
            .rev()
            .find_map(|path| path.reason.as_deref())
    }

    /// Whether it shows the initial state only.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
