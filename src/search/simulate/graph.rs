//! The part of a state space that shrinking walks through: states that it came to, and their steps, found when they are first asked for.
//!
//! Invariant: the steps of a state are in the order of their successors' fingerprints, and of those that lead to one state in the order of their keys: an
//! order that depends on the model alone.

use std::collections::HashMap;

use crate::search::asking::{Halt, ask, steps};
use crate::space::{Arena, Judgement, StateSpace};

/// A state, by its position among those that were come to.
pub(super) type Node = usize;

struct State<A> {
    /// The state alone; `None` for an initial state.
    arena: Option<A>,
    /// Of an initial state: which.
    index: usize,
    /// `None`: outside a boundary.
    judgement: Option<Judgement>,
    /// Once they were asked for.
    steps: Option<Vec<Step>>,
    /// The semantic keys of the steps, once they were asked for.
    keys: Option<Vec<Vec<u8>>>,
}

/// A step, and where it leads.
#[derive(Clone, Copy)]
struct Step {
    to: u64,
    number: u32,
    node: Option<Node>,
}

/// States by their fingerprints.
pub(super) struct Graph<'s, S: StateSpace> {
    space: &'s mut S,
    scratch: S::Scratch,
    /// All initial states.
    beginnings: S::Arena,
    states: Vec<State<S::Arena>>,
    known: HashMap<u64, Node>,
    /// For each initial state its node.
    pub(super) initial: Vec<Node>,
}

impl<'s, S: StateSpace> Graph<'s, S> {
    /// The initial states.
    pub(super) fn new(space: &'s mut S) -> Result<Self, Halt> {
        let mut beginnings = S::Arena::default();
        space.initial(&mut beginnings)?;
        let n = beginnings.len();
        let mut graph = Graph {
            space,
            scratch: S::Scratch::default(),
            beginnings,
            states: Vec::new(),
            known: HashMap::new(),
            initial: Vec::new(),
        };
        for index in 0..n {
            let fingerprint = graph.space.fingerprint(&graph.beginnings, index);
            let node = match graph.known.get(&fingerprint) {
                Some(&node) => node,
                None => graph.add(None, index, fingerprint)?,
            };
            graph.initial.push(node);
        }
        Ok(graph)
    }

    /// What holds in a state; `None` outside a boundary.
    pub(super) fn judgement(&self, node: Node) -> Option<&Judgement> {
        self.states[node].judgement.as_ref()
    }

    /// How many steps a state has.
    pub(super) fn n_steps(&mut self, node: Node) -> Result<usize, Halt> {
        self.expand(node)?;
        Ok(self.states[node].steps.as_ref().map_or(0, Vec::len))
    }

    /// The number of a step, as the space counts.
    pub(super) fn number(&self, node: Node, step: usize) -> u32 {
        self.step(node, step).number
    }

    fn step(&self, node: Node, step: usize) -> Step {
        match &self.states[node].steps {
            Some(steps) => steps[step],
            None => panic!("a state's steps are asked for before they are found"),
        }
    }

    /// The step that the space counts as this one.
    pub(super) fn step_of(&mut self, node: Node, number: u32) -> Result<Option<usize>, Halt> {
        self.expand(node)?;
        let steps = self.states[node].steps.iter().flatten();
        Ok(steps
            .zip(0..)
            .find_map(|(step, i)| (step.number == number).then_some(i)))
    }

    /// The first step with a key.
    pub(super) fn step_with(&mut self, node: Node, key: &[u8]) -> Result<Option<usize>, Halt> {
        self.find_keys(node)?;
        let keys = self.states[node].keys.iter().flatten();
        Ok(keys.zip(0..).find_map(|(own, i)| (own == key).then_some(i)))
    }

    /// The key of a step.
    pub(super) fn key(&mut self, node: Node, step: usize) -> Result<Vec<u8>, Halt> {
        self.find_keys(node)?;
        match &self.states[node].keys {
            Some(keys) => Ok(keys[step].clone()),
            None => panic!("keys that were just found"),
        }
    }

    /// Where a step leads.
    pub(super) fn follow(&mut self, node: Node, step: usize) -> Result<Node, Halt> {
        let Step {
            to,
            number,
            node: known,
        } = self.step(node, step);
        if let Some(known) = known.or_else(|| self.known.get(&to).copied()) {
            self.note(node, step, known);
            return Ok(known);
        }
        let mut arena = S::Arena::default();
        let (states, at) = place(&self.states[node], &self.beginnings);
        self.space
            .successor(states, at, number, &mut self.scratch, &mut arena)?;
        let found = self.add(Some(arena), 0, to)?;
        self.note(node, step, found);
        Ok(found)
    }

    /// The steps of a state that lead to where somebody was, each with that.
    pub(super) fn known_steps(&self, node: Node) -> Vec<(usize, Node)> {
        let steps = self.states[node].steps.iter().flatten().enumerate();
        let known = steps.filter_map(|(i, step)| {
            let to = step.node.or_else(|| self.known.get(&step.to).copied());
            Some((i, to?))
        });
        known.collect()
    }

    fn note(&mut self, node: Node, step: usize, to: Node) {
        if let Some(steps) = &mut self.states[node].steps {
            steps[step].node = Some(to);
        }
    }

    /// Adds a state, judged.
    fn add(
        &mut self,
        arena: Option<S::Arena>,
        index: usize,
        fingerprint: u64,
    ) -> Result<Node, Halt> {
        let mut judgement = Judgement::default();
        let (states, at) = (arena.as_ref().unwrap_or(&self.beginnings), index);
        ask(self.space, &mut self.scratch, |space, scratch| {
            space.judge(states, at, scratch, &mut judgement)
        })?;
        let node = self.states.len();
        self.states.push(State {
            arena,
            index,
            judgement: (judgement.outside == 0).then_some(judgement),
            steps: None,
            keys: None,
        });
        self.known.insert(fingerprint, node);
        Ok(node)
    }

    fn expand(&mut self, node: Node) -> Result<(), Halt> {
        if self.states[node].steps.is_some() {
            return Ok(());
        }
        let (states, at) = place(&self.states[node], &self.beginnings);
        let mut successors: Vec<u64> = Vec::new();
        ask(self.space, &mut self.scratch, |space, scratch| {
            successors.clear();
            space.expand(states, at, scratch, &mut successors)
        })?;
        let mut steps: Vec<Step> = steps(&successors)
            .into_iter()
            .map(|(number, to)| Step {
                to,
                number,
                node: None,
            })
            .collect();
        steps.sort_by_key(|step| step.to);
        // Only where several lead to one state does it take their keys to tell which is first.
        let is_ambiguous = steps.windows(2).any(|pair| pair[0].to == pair[1].to);
        if is_ambiguous {
            let mut keyed = Vec::new();
            for step in steps {
                let label = self.space.label(states, at, step.number)?;
                keyed.push((step, label.key));
            }
            keyed.sort_by(|(a, a_key), (b, b_key)| (a.to, a_key).cmp(&(b.to, b_key)));
            steps = keyed.into_iter().map(|(step, _)| step).collect();
        }
        self.states[node].steps = Some(steps);
        Ok(())
    }

    fn find_keys(&mut self, node: Node) -> Result<(), Halt> {
        self.expand(node)?;
        let state = &self.states[node];
        if state.keys.is_some() {
            return Ok(());
        }
        let (states, at) = place(state, &self.beginnings);
        let mut keys = Vec::new();
        for step in state.steps.iter().flatten() {
            let label = self.space.label(states, at, step.number)?;
            keys.push(label.key);
        }
        self.states[node].keys = Some(keys);
        Ok(())
    }
}

/// Where a state is.
fn place<'a, A>(state: &'a State<A>, beginnings: &'a A) -> (&'a A, usize) {
    match &state.arena {
        Some(arena) => (arena, 0),
        None => (beginnings, state.index),
    }
}
