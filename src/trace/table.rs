//! A state space written down as a table: for the tests of this room.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::space::{
    Absorbed, Answer, Arena, Fingerprint, Judgement, Label, PropertyDecl, PropertyKind, Rendered,
    StateSpace, StepKind,
};
use crate::value::{Tree, canonical};

/// States by number, steps written out.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) lanes: Vec<String>,
    pub(super) properties: Vec<PropertyDecl>,
    pub(super) boundaries: Vec<String>,
    pub(super) initial: Vec<usize>,
    pub(super) states: Vec<Row>,
    /// Learning this state makes the space begin again, with the steps of each state in reverse order.
    pub(super) restart_at: Option<usize>,
    pub(super) known: BTreeSet<usize>,
    pub(super) seed: u64,
}

/// One state of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) parts: Rendered,
    pub(super) steps: Vec<(Label, usize)>,
    pub(super) judgement: Judgement,
}

#[derive(Default)]
pub(super) struct Numbers(Vec<usize>);

impl Arena for Numbers {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn clear(&mut self) {
        self.0.clear();
    }
    fn append(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }
    fn pop(&mut self) {
        self.0.pop();
    }
    fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<usize>()
    }
}

impl Table {
    /// A table with these lanes and properties, besides `no panic`.
    pub(super) fn new(lanes: &[&str], properties: &[(&str, PropertyKind)]) -> Self {
        let built_in = [("no panic", PropertyKind::NoPanic)];
        Table {
            lanes: lanes.iter().map(|lane| (*lane).to_owned()).collect(),
            properties: built_in
                .iter()
                .chain(properties)
                .map(|(name, kind)| PropertyDecl {
                    name: (*name).to_owned(),
                    kind: *kind,
                })
                .collect(),
            initial: vec![0],
            ..Table::default()
        }
    }

    /// Adds a state in which every property holds.
    pub(super) fn state(&mut self, parts: &[(&str, Tree)]) -> usize {
        self.states.push(Row {
            parts: parts
                .iter()
                .map(|(part, tree)| ((*part).to_owned(), tree.clone()))
                .collect(),
            steps: Vec::new(),
            judgement: Judgement {
                holds: u64::MAX,
                ..Judgement::default()
            },
        });
        self.states.len() - 1
    }

    /// Adds a step.
    pub(super) fn step(&mut self, from: usize, label: Label, to: usize) {
        self.states[from].steps.push((label, to));
    }

    /// Says that a property does not hold in a state.
    pub(super) fn broken(&mut self, state: usize, property: usize) {
        self.states[state].judgement.holds &= !(1 << property);
    }

    /// A step by `lane`, with a key made as spaces make it.
    pub(super) fn label(&self, kind: StepKind, lane: &str, content: Tree) -> Label {
        let lane = self.lane(lane);
        let mut key = vec![kind as u8];
        key.extend(lane.to_be_bytes());
        canonical(&content.text(), &mut key).expect("text has an encoding");
        Label {
            key,
            lane,
            kind,
            from: None,
            content,
            name: None,
            interrupted: None,
            sent: Vec::new(),
        }
    }

    /// A message that is delivered.
    pub(super) fn deliver(&self, from: &str, to: &str, content: Tree) -> Label {
        Label {
            from: Some(self.lane(from)),
            ..self.label(StepKind::Deliver, to, content)
        }
    }

    pub(super) fn lane(&self, name: &str) -> u32 {
        let index = self.lanes.iter().position(|lane| lane == name);
        u32::try_from(index.expect("a lane of the table")).expect("few lanes")
    }

    fn number(&self, states: &Numbers, index: usize) -> usize {
        states.0[index]
    }

    fn asks(&self, number: usize, scratch: &mut Vec<usize>) -> Answer {
        if self.known.contains(&number) {
            Answer::Complete
        } else {
            scratch.push(number);
            Answer::Missing
        }
    }
}

impl StateSpace for Table {
    type Arena = Numbers;
    type Scratch = Vec<usize>;

    fn properties(&self) -> &[PropertyDecl] {
        &self.properties
    }

    fn boundaries(&self) -> &[String] {
        &self.boundaries
    }

    fn lanes(&self) -> &[String] {
        &self.lanes
    }

    fn seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn initial(&mut self, out: &mut Numbers) -> Result<(), Error> {
        out.0.extend(&self.initial);
        Ok(())
    }

    fn fingerprint<F: Fingerprint>(&self, states: &Numbers, index: usize) -> F {
        let parts = &self.states[self.number(states, index)].parts;
        let text: Vec<String> = parts
            .iter()
            .map(|(p, t)| format!("{p}={}", t.text()))
            .collect();
        let hash = xxhash_rust::xxh3::xxh3_128_with_seed(text.join(";").as_bytes(), self.seed);
        F::finish(hash)
    }

    fn expand<F: Fingerprint>(
        &self,
        states: &Numbers,
        index: usize,
        scratch: &mut Vec<usize>,
        out: &mut Vec<F>,
    ) -> Answer {
        let number = self.number(states, index);
        let answer = self.asks(number, scratch);
        // Half an answer, which must not be used, where it is not complete.
        for (_, to) in &self.states[number].steps {
            out.push(self.fingerprint(&Numbers(vec![*to]), 0));
        }
        answer
    }

    fn successor(
        &self,
        states: &Numbers,
        index: usize,
        step: u32,
        _: &mut Vec<usize>,
        out: &mut Numbers,
    ) -> Result<(), Error> {
        let number = self.number(states, index);
        assert!(self.known.contains(&number), "expanded before");
        out.0.push(self.states[number].steps[step as usize].1);
        Ok(())
    }

    fn judge(
        &self,
        states: &Numbers,
        index: usize,
        scratch: &mut Vec<usize>,
        out: &mut Judgement,
    ) -> Answer {
        let number = self.number(states, index);
        *out = self.states[number].judgement.clone();
        self.asks(number, scratch)
    }

    fn absorb(&mut self, scratches: &mut [Vec<usize>]) -> Result<Absorbed, Error> {
        let mut absorbed = Absorbed::Continue;
        for number in scratches.iter_mut().flat_map(|scratch| scratch.drain(..)) {
            if self.known.insert(number) && self.restart_at == Some(number) {
                for state in &mut self.states {
                    state.steps.reverse();
                }
                absorbed = Absorbed::Restart;
            }
        }
        Ok(absorbed)
    }

    fn same(&self, a: &Numbers, a_index: usize, b: &Numbers, b_index: usize) -> bool {
        self.number(a, a_index) == self.number(b, b_index)
    }

    fn label(&self, states: &Numbers, index: usize, step: u32) -> Result<Label, Error> {
        let number = self.number(states, index);
        assert!(self.known.contains(&number), "expanded before");
        Ok(self.states[number].steps[step as usize].0.clone())
    }

    fn render(&self, states: &Numbers, index: usize) -> Rendered {
        self.states[self.number(states, index)].parts.clone()
    }

    fn bytes(&self) -> usize {
        0
    }
}
