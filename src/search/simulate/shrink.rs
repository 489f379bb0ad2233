//! From a walk that shows something to a short one: steps are left out while what is left still shows it.
//!
//! First in blocks of ever fewer steps, down to single ones (in the manner of Zeller and Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, 2002):
//! what is left of the walk is replayed by the keys of its steps, and a step that is not enabled any more is left out too. Then by going
//! breadth first through the states nearby.
//!
//! Invariant: whatever is returned was walked, and shows what the walk showed.

use std::collections::HashMap;

use super::graph::{Graph, Node};
use crate::search::Path;
use crate::search::asking::Halt;
use crate::space::{Judgement, StateSpace};

/// How short a walk has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shrunk {
    /// There is no shorter one.
    Shortest,
    /// No single step of it can be left out.
    Minimal,
    /// It was given up before that was known: it took too long, or was stopped.
    Unfinished,
}

/// What a walk is to show in its last state.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// The property with this number does not hold.
    Broken(usize),
    /// It does.
    Witness(usize),
    /// The state is quiescent, with these inputs and this value.
    Confluent {
        property: usize,
        inputs: u128,
        value: u128,
    },
}

impl Goal {
    fn is_met(self, judgement: &Judgement) -> bool {
        match self {
            Goal::Broken(property) => judgement.holds >> property & 1 == 0,
            Goal::Witness(property) => judgement.holds >> property & 1 == 1,
            Goal::Confluent {
                property,
                inputs,
                value,
            } => judgement.confluent.contains(&(property, inputs, value)),
        }
    }
}

/// Keys that are looked up before shrinking is given up.
const LOOKUPS_MAX: u64 = 4_000_000;

/// States that are looked at breadth first.
const NEARBY_MAX: usize = 20_000;

/// A walk through a graph.
#[derive(Clone)]
struct Trail {
    /// Which initial state.
    initial: usize,
    /// For each step the state that it leaves, and which of that state's steps it is.
    steps: Vec<(Node, usize)>,
}

/// What a search breadth first comes to.
enum Nearest {
    /// A shortest walk.
    Found(Trail),
    /// There is none so short.
    None,
    /// There is too much to look at.
    Unknown,
}

struct Shrinking<'g, 's, S: StateSpace> {
    graph: &'g mut Graph<'s, S>,
    goal: Goal,
    stop: &'g dyn Fn() -> bool,
    lookups: u64,
}

/// Makes a walk shorter, that reaches its goal in its last state, from an initial state by the numbers of its steps. `stop` is asked now and then
/// whether to leave it at that.
pub(super) fn shrink<S: StateSpace>(
    graph: &mut Graph<'_, S>,
    goal: Goal,
    initial: usize,
    numbers: &[u32],
    stop: &dyn Fn() -> bool,
) -> Result<(Path, Shrunk), Halt> {
    let mut trail = retrace(graph, initial, numbers)?;
    let mut shrinking = Shrinking {
        graph,
        goal,
        stop,
        lookups: 0,
    };
    let mut is_minimal = false;
    let shrunk = loop {
        // States that the walk came to twice, and what replays found on the way.
        if let Nearest::Found(shorter) = shrinking.nearest(trail.steps.len(), false)? {
            trail = shorter;
            is_minimal = false;
        }
        if is_minimal {
            break match shrinking.nearest(trail.steps.len(), true)? {
                Nearest::Found(shorter) => {
                    trail = shorter;
                    Shrunk::Shortest
                }
                Nearest::None => Shrunk::Shortest,
                Nearest::Unknown => Shrunk::Minimal,
            };
        }
        let finished;
        (trail, finished) = shrinking.minimise(trail)?;
        if !finished {
            break Shrunk::Unfinished;
        }
        is_minimal = true;
    };
    let steps = trail.steps.iter();
    let path = Path {
        initial: trail.initial,
        steps: steps
            .map(|&(node, step)| graph.number(node, step))
            .collect(),
        loop_start: None,
    };
    Ok((path, shrunk))
}

/// A walk in the graph.
fn retrace<S: StateSpace>(
    graph: &mut Graph<'_, S>,
    initial: usize,
    numbers: &[u32],
) -> Result<Trail, Halt> {
    let mut node = graph.initial[initial];
    let mut trail = Trail {
        initial,
        steps: Vec::with_capacity(numbers.len()),
    };
    for &number in numbers {
        let Some(step) = graph.step_of(node, number)? else {
            panic!("a walk took step {number}, which there is not")
        };
        trail.steps.push((node, step));
        node = graph.follow(node, step)?;
    }
    Ok(trail)
}

impl<S: StateSpace> Shrinking<'_, '_, S> {
    fn is_met(&self, node: Node) -> bool {
        (self.graph.judgement(node)).is_some_and(|judgement| self.goal.is_met(judgement))
    }

    fn is_inside(&self, node: Node) -> bool {
        self.graph.judgement(node).is_some()
    }

    /// Leaves out what can be left out, until no single step can; whether it came to that.
    fn minimise(&mut self, mut trail: Trail) -> Result<(Trail, bool), Halt> {
        let mut size = (trail.steps.len() / 2).max(1);
        loop {
            let mut has_shrunk = false;
            let mut keys = self.keys(&trail)?;
            let mut end = keys.len();
            while end > 0 {
                if self.lookups > LOOKUPS_MAX || (self.stop)() {
                    return Ok((trail, false));
                }
                let start = end.saturating_sub(size);
                let left = keys[..start].iter().chain(&keys[end..]);
                end = start;
                if let Some(shorter) = self.replay(trail.initial, left)? {
                    trail = shorter;
                    keys = self.keys(&trail)?;
                    has_shrunk = true;
                    end = end.min(keys.len());
                }
            }
            match size {
                1 if !has_shrunk => return Ok((trail, true)),
                _ => size = (size / 2).max(1),
            }
        }
    }

    fn keys(&mut self, trail: &Trail) -> Result<Vec<Vec<u8>>, Halt> {
        let steps = trail.steps.iter();
        steps
            .map(|&(node, step)| self.graph.key(node, step))
            .collect()
    }

    /// Takes the steps with these keys, as far as there are such, up to the first state that meets the goal; `None` if there is none.
    fn replay<'k>(
        &mut self,
        initial: usize,
        keys: impl Iterator<Item = &'k Vec<u8>>,
    ) -> Result<Option<Trail>, Halt> {
        let mut node = self.graph.initial[initial];
        let mut trail = Trail {
            initial,
            steps: Vec::new(),
        };
        for key in keys {
            if self.is_met(node) {
                return Ok(Some(trail));
            }
            self.lookups += 1;
            let Some(step) = self.graph.step_with(node, key)? else {
                continue;
            };
            let to = self.graph.follow(node, step)?;
            if self.is_inside(to) {
                trail.steps.push((node, step));
                node = to;
            }
        }
        Ok(self.is_met(node).then_some(trail))
    }

    /// A shortest walk with fewer than `n_steps` steps that reaches the goal: through what is known, or through all there is.
    fn nearest(&mut self, n_steps: usize, explores: bool) -> Result<Nearest, Halt> {
        let mut parents: HashMap<Node, Option<(Node, usize)>> = HashMap::new();
        let mut level: Vec<Node> = Vec::new();
        for i in 0..self.graph.initial.len() {
            let node = self.graph.initial[i];
            if self.is_inside(node) && parents.insert(node, None).is_none() {
                level.push(node);
            }
        }
        for depth in 0..n_steps {
            if let Some(&met) = level.iter().find(|&&node| self.is_met(node)) {
                return Ok(Nearest::Found(self.trail_to(met, &parents)));
            }
            if depth + 1 == n_steps {
                break;
            }
            let mut next = Vec::new();
            for node in level {
                let steps = match explores {
                    true => {
                        if parents.len() > NEARBY_MAX || (self.stop)() {
                            return Ok(Nearest::Unknown);
                        }
                        let n = self.graph.n_steps(node)?;
                        let steps = (0..n).map(|step| Ok((step, self.graph.follow(node, step)?)));
                        steps.collect::<Result<Vec<_>, Halt>>()?
                    }
                    false => self.graph.known_steps(node),
                };
                for (step, to) in steps {
                    if self.is_inside(to) && !parents.contains_key(&to) {
                        parents.insert(to, Some((node, step)));
                        next.push(to);
                    }
                }
            }
            level = next;
        }
        Ok(Nearest::None)
    }

    fn trail_to(&self, met: Node, parents: &HashMap<Node, Option<(Node, usize)>>) -> Trail {
        let mut steps = Vec::new();
        let mut node = met;
        while let Some(Some((parent, step))) = parents.get(&node) {
            steps.push((*parent, *step));
            node = *parent;
        }
        steps.reverse();
        let initial = self.graph.initial.iter().position(|&first| first == node);
        let Some(initial) = initial else {
            panic!("a walk begins in no initial state")
        };
        Trail { initial, steps }
    }
}
