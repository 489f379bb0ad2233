//! Up to which step a violation could still be avoided: the last state of a path from which some fair run still satisfies the property.
//!
//! *Run*: what follows a state for ever, or until it stays somewhere for ever as fairness allows. It satisfies the property or not; the steps
//! taken so far belong to it. If some fair run from a state satisfies it, then so does one from every state before, so there is one step that decides. What
//! lies ahead is looked at state by state, from the end of the path backwards, up to a limit; whatever is said was seen whole.
//!
//! - `always`, `implies`, `no deadlock`, `no panic`: a fair run none of whose states violates it.
//! - `eventually`: the goal can be reached, since every beginning of a run is that of a fair one.
//! - `infinitely often`: a fair run with the goal in its loop; `stabilises`: one with nothing else there; `leads to`: one that has no goal pending again
//!   and again.
//!
//! By the textbook: strongly connected parts of what is ahead, taken apart until they are fair (as in `search/liveness/fair.rs`, with which tests compare
//! it), and then everything from where one is reached.

mod ahead;
mod components;
mod fair;

use super::{Trace, TracePath, TraceStep};
use crate::error::Error;
use crate::search::{Halt, walking};
use crate::space::{PropertyKind, StateSpace};
use ahead::Ahead;
use fair::Product;

/// States that are looked at ahead of one path.
pub const AHEAD_STATES_MAX: usize = 50_000;

/// Which step decides that a property is violated.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// This one, counted from 1: from the state before it some fair run satisfies the property, after it none does.
    AtStep {
        /// The step.
        step: usize,
        /// What else can happen there that leads to such a run, in the order of steps.
        instead: Vec<TraceStep>,
        /// Such a run stays in the state before the step.
        may_stay: bool,
    },
    /// None: no fair run from this initial state satisfies the property.
    FromTheStart,
    /// None: from every state on the way, the loop included, some fair run satisfies it.
    Nowhere,
    /// After so many steps it is not known whether some fair run still satisfies it; none does after more steps than these.
    Unknown {
        /// Steps.
        after: usize,
        /// Why not.
        why: Unknown,
    },
}

/// Why it is not known which step decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// More states lie ahead than are looked at.
    TooMany {
        /// So many are.
        limit: usize,
    },
    /// Runs leave a named boundary.
    Boundary,
    /// The model is not the one that the trace was made with.
    Differs,
}

/// Which step of each path decides; `None` where the question makes no sense: for a witness, and for two runs that end differently.
///
/// # Errors
/// The model is at fault.
pub(super) fn decided<S: StateSpace>(
    space: &mut S,
    trace: &Trace,
    limit: usize,
) -> Result<Vec<Option<Decided>>, Error> {
    let shown = &trace.property;
    let decls = space.properties().iter();
    let property = decls
        .clone()
        .position(|decl| decl.kind == shown.kind && decl.name == shown.name);
    let is_asked = !matches!(
        shown.kind,
        PropertyKind::Reachable | PropertyKind::Confluent
    );
    if !is_asked {
        return Ok(vec![None; trace.paths.len()]);
    }
    space.seed(trace.hash_seed);
    space.ask_of_runs();
    walking(space, |space| {
        let of_path = |path: &TracePath| match property {
            Some(property) => decide(space, (property, shown.kind), path, limit).map(Some),
            None => Ok(Some(Decided::Unknown {
                after: path.steps.len(),
                why: Unknown::Differs,
            })),
        };
        trace.paths.iter().map(of_path).collect()
    })
}

fn decide<S: StateSpace>(
    space: &mut S,
    (property, kind): (usize, PropertyKind),
    path: &TracePath,
    limit: usize,
) -> Result<Decided, Halt> {
    let mut ahead = Ahead::<S>::new();
    let n_steps = path.steps.len();
    let unknown = |after, why| Decided::Unknown { after, why };
    let on_path = match ahead.path(space, path)? {
        Ok(on_path) => on_path,
        Err(_) => return Ok(unknown(n_steps, Unknown::Differs)),
    };
    let product = Product::new(property, kind);
    let pending = product.on_path(&ahead.nodes, &on_path);
    // What is whole from one state on stays so.
    let mut extent = Extent::Whole;
    for after in (0..=n_steps).rev() {
        extent = extent.max(explore(space, &mut ahead, &product, on_path[after], limit)?);
        let satisfied = product.satisfied(&ahead.nodes, &ahead.fairness);
        let at = (on_path[after], pending[after]);
        if satisfied.contains(at) {
            if after == n_steps {
                return Ok(Decided::Nowhere);
            }
            let (instead, may_stay) = other_ways(space, &ahead, &satisfied, at)?;
            return Ok(Decided::AtStep {
                step: after + 1,
                instead,
                may_stay,
            });
        }
        match extent {
            Extent::Whole => {}
            Extent::Cut => return Ok(unknown(after, Unknown::Boundary)),
            Extent::Limited => return Ok(unknown(after, Unknown::TooMany { limit })),
        }
    }
    Ok(Decided::FromTheStart)
}

/// How much of what is ahead was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    Whole,
    /// Less what lies outside a boundary.
    Cut,
    /// Up to the limit.
    Limited,
}

/// Looks at all that is ahead of a state, and of use.
fn explore<S: StateSpace>(
    space: &mut S,
    ahead: &mut Ahead<S>,
    product: &Product,
    from: u32,
    limit: usize,
) -> Result<Extent, Halt> {
    let mut extent = Extent::Whole;
    let mut seen = vec![false; ahead.nodes.len()];
    let mut queue = vec![from];
    seen[from as usize] = true;
    let mut next = 0;
    while let Some(&node) = queue.get(next) {
        next += 1;
        let state = &ahead.nodes[node as usize];
        if state.judged.outside != 0 {
            extent = extent.max(Extent::Cut);
        }
        if !product.goes_on(state) {
            continue;
        }
        if !state.is_expanded && ahead.nodes.len() >= limit {
            extent = Extent::Limited;
            continue;
        }
        ahead.expand(space, node)?;
        seen.resize(ahead.nodes.len(), false);
        for edge in &ahead.nodes[node as usize].edges {
            if !std::mem::replace(&mut seen[edge.to as usize], true) {
                queue.push(edge.to);
            }
        }
    }
    Ok(extent)
}

/// The steps of a state from which some fair run satisfies the property that lead to another such state, in the order of steps.
fn other_ways<S: StateSpace>(
    space: &S,
    ahead: &Ahead<S>,
    satisfied: &fair::Satisfied,
    (node, pending): (u32, bool),
) -> Result<(Vec<TraceStep>, bool), Halt> {
    let state = &ahead.nodes[node as usize];
    let mut instead = Vec::new();
    for edge in &state.edges {
        if satisfied.leads(&ahead.nodes, pending, edge.to) {
            instead.push(ahead.label(space, node, edge.step)?);
        }
    }
    instead.sort_by(|a, b| a.key.cmp(&b.key));
    instead.dedup_by(|a, b| a.key == b.key);
    Ok((instead, satisfied.may_stay(&ahead.nodes, (node, pending))))
}
