//! The states that lie ahead of a path, with what fairness asks of their steps: as many as a limit lets be looked at.
//!
//! States are told apart in full, never by a fingerprint alone. Nothing here knows what a property wants.

use std::collections::HashMap;

use crate::search::{Halt, ask, steps};
use crate::space::{Arena, Class, Fairness, Judgement, Role, Share, StateSpace};
use crate::trace::record::{hex, hex64};
use crate::trace::{TracePath, TraceStep};

/// A step of a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Its index in the space.
    pub(super) step: u32,
    /// The state it leads to.
    pub(super) to: u32,
}

/// What a step has to do with a class, both counted from 0: the state's edges, the classes that were seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) edge: u32,
    pub(super) class: u32,
    pub(super) role: Role,
}

/// A state.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its place in the arena.
    at: usize,
    pub(super) judged: Judgement,
    /// Its steps were looked at; else it has none here.
    pub(super) is_expanded: bool,
    /// A run may stay there for ever.
    pub(super) may_stay: bool,
    pub(super) edges: Vec<Edge>,
    pub(super) parts: Vec<Part>,
}

impl Node {
    /// Whether a run can go on from there, or end.
    pub(super) fn is_of_a_run(&self) -> bool {
        self.judged.outside == 0 && self.judged.panic.is_none()
    }
}

/// What is known of the states ahead.
pub(super) struct Ahead<S: StateSpace> {
    states: S::Arena,
    scratch: S::Scratch,
    /// The states with a fingerprint.
    places: HashMap<u64, Vec<u32>>,
    pub(super) nodes: Vec<Node>,
    /// Of each class that was seen what is required of it.
    pub(super) fairness: Vec<Fairness>,
    classes: HashMap<Class, u32>,
}

impl<S: StateSpace> Ahead<S> {
    pub(super) fn new() -> Self {
        Ahead {
            states: S::Arena::default(),
            scratch: S::Scratch::default(),
            places: HashMap::new(),
            nodes: Vec::new(),
            fairness: Vec::new(),
            classes: HashMap::new(),
        }
    }

    /// The states of a path, found by the keys of its steps. The inner error is the number of the step at which the model is another one; 0:
    /// it begins otherwise.
    pub(super) fn path(
        &mut self,
        space: &mut S,
        path: &TracePath,
    ) -> Result<Result<Vec<u32>, usize>, Halt> {
        let mut initial = S::Arena::default();
        space.initial(&mut initial)?;
        if path.initial >= initial.len() {
            return Ok(Err(0));
        }
        initial.truncate(path.initial + 1);
        let before = self.states.len();
        self.states.append(&mut initial);
        let first = self.add(space, before + path.initial)?;
        if self.fingerprint(space, first) != path.fingerprint {
            return Ok(Err(0));
        }
        let mut nodes = vec![first];
        for (i, step) in path.steps.iter().enumerate() {
            let here = nodes[i];
            self.expand(space, here)?;
            let Some(next) = self.find(space, here, step)? else {
                return Ok(Err(i + 1));
            };
            nodes.push(next);
        }
        Ok(Ok(nodes))
    }

    fn fingerprint(&self, space: &S, node: u32) -> String {
        hex64(space.fingerprint(&self.states, self.nodes[node as usize].at))
    }

    /// Where a step leads.
    fn find(&self, space: &S, node: u32, step: &TraceStep) -> Result<Option<u32>, Halt> {
        for edge in &self.nodes[node as usize].edges {
            let label = space.label(&self.states, self.nodes[node as usize].at, edge.step)?;
            if hex(&label.key) == step.key && self.fingerprint(space, edge.to) == step.fingerprint {
                return Ok(Some(edge.to));
            }
        }
        Ok(None)
    }

    /// A step as people read it.
    pub(super) fn label(&self, space: &S, node: u32, step: u32) -> Result<TraceStep, Halt> {
        let label = space.label(&self.states, self.nodes[node as usize].at, step)?;
        let lanes = space.lanes();
        Ok(TraceStep::of(label, |lane| lanes[lane as usize].clone()))
    }

    /// The node of a state in the arena; what is judged there. The last state of the arena is forgotten where it is known.
    fn add(&mut self, space: &mut S, at: usize) -> Result<u32, Halt> {
        let fingerprint: u64 = space.fingerprint(&self.states, at);
        let known = self.places.entry(fingerprint).or_default();
        for &node in known.iter() {
            let there = self.nodes[node as usize].at;
            if space.same(&self.states, there, &self.states, at) {
                return Ok(node);
            }
        }
        let node = self.nodes.len() as u32;
        known.push(node);
        let mut judged = Judgement::default();
        let states = &self.states;
        ask(space, &mut self.scratch, |space, scratch| {
            space.judge(states, at, scratch, &mut judged)
        })?;
        self.nodes.push(Node {
            at,
            judged,
            ..Node::default()
        });
        Ok(node)
    }

    /// Looks at the steps of a state, if that was not done.
    pub(super) fn expand(&mut self, space: &mut S, node: u32) -> Result<(), Halt> {
        if self.nodes[node as usize].is_expanded {
            return Ok(());
        }
        let at = self.nodes[node as usize].at;
        let mut successors: Vec<u64> = Vec::new();
        let states = &self.states;
        ask(space, &mut self.scratch, |space, scratch| {
            successors.clear();
            space.expand(states, at, scratch, &mut successors)
        })?;
        let steps = steps(&successors);
        let mut shares: Vec<Share> = Vec::new();
        let places: Vec<u32> = steps.iter().map(|&(place, _)| place).collect();
        space.fair(&self.states, at, &places, &mut shares);
        let may_stay = space.may_stay(&self.states, at, &places);
        let mut edges: Vec<Edge> = Vec::with_capacity(steps.len());
        for (step, _) in steps {
            let mut next = S::Arena::default();
            space.successor(&self.states, at, step, &mut self.scratch, &mut next)?;
            let end = self.states.len();
            self.states.append(&mut next);
            let n_known = self.nodes.len();
            let to = self.add(space, end)?;
            if self.nodes.len() == n_known {
                self.states.pop();
            }
            edges.push(Edge { step, to });
        }
        let mut parts = Vec::with_capacity(shares.len());
        for share in shares {
            let edge = edges.iter().position(|edge| edge.step == share.step);
            let Some(edge) = edge else {
                unreachable!("a share belongs to a step")
            };
            let class = self.class(space, share.class);
            if self.fairness[class as usize] != Fairness::None {
                parts.push(Part {
                    edge: edge as u32,
                    class,
                    role: share.role,
                });
            }
        }
        let known = &mut self.nodes[node as usize];
        known.is_expanded = true;
        known.may_stay = may_stay;
        known.edges = edges;
        known.parts = parts;
        Ok(())
    }

    fn class(&mut self, space: &S, class: Class) -> u32 {
        *self.classes.entry(class).or_insert_with(|| {
            self.fairness.push(space.fairness(class));
            self.fairness.len() as u32 - 1
        })
    }
}
