//! A state space of numbers, its steps and judgements given by closures, that can answer late, begin again, or tell no state from another.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::search::Path;
use crate::space::{
    Absorbed, Answer, Arena, Fingerprint, Judgement, Label, PropertyDecl, PropertyKind, Rendered,
    StateSpace, StepKind,
};
use crate::value::Tree;

/// As a successor: a step number that is not used.
pub(super) const VOID: u32 = u32::MAX;

/// States are node numbers.
#[derive(Default)]
pub(super) struct Nodes(Vec<u32>);

impl Arena for Nodes {
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
        self.0.capacity() * 4
    }
}

/// The successors of a node.
pub(super) type Steps = dyn Fn(u32) -> Vec<u32> + Send + Sync;

/// Evaluates the properties in a node.
pub(super) type Judge = dyn Fn(u32, &mut Judgement) + Send + Sync;

/// A graph with properties of its nodes.
pub(super) struct Graph {
    pub(super) initial: Vec<u32>,
    pub(super) steps: Box<Steps>,
    pub(super) decls: Vec<PropertyDecl>,
    pub(super) judge: Box<Judge>,
    pub(super) boundaries: Vec<String>,
    /// A fingerprint that is the same for all states.
    pub(super) constant: bool,
    /// Answers only for nodes that were absorbed before.
    pub(super) lazy: Option<(BTreeSet<u32>, BTreeSet<u32>)>,
    /// The order in which nodes were absorbed.
    pub(super) absorbed: Vec<u32>,
    /// Begin again once, when this node is absorbed.
    pub(super) restart_at: Option<u32>,
    pub(super) lanes: Vec<String>,
}

impl Graph {
    pub(super) fn of(
        initial: &[u32],
        steps: impl Fn(u32) -> Vec<u32> + Send + Sync + 'static,
        properties: &[(&str, PropertyKind)],
        judge: impl Fn(u32, &mut Judgement) + Send + Sync + 'static,
    ) -> Self {
        let decl = |&(name, kind): &(&str, PropertyKind)| PropertyDecl {
            name: name.into(),
            kind,
        };
        let mut decls = vec![decl(&("no panic", PropertyKind::NoPanic))];
        decls.extend(properties.iter().map(decl));
        Graph {
            initial: initial.to_vec(),
            steps: Box::new(steps),
            decls,
            judge: Box::new(judge),
            boundaries: Vec::new(),
            constant: false,
            lazy: None,
            absorbed: Vec::new(),
            restart_at: None,
            lanes: vec!["graph".into()],
        }
    }

    /// From rows of (node, successors).
    pub(super) fn table(
        initial: &[u32],
        rows: &[(u32, &[u32])],
        properties: &[(&str, PropertyKind)],
        judge: impl Fn(u32, &mut Judgement) + Send + Sync + 'static,
    ) -> Self {
        let rows: Vec<(u32, Vec<u32>)> = rows.iter().map(|(n, to)| (*n, to.to_vec())).collect();
        let steps = move |node| {
            let row = rows.iter().find(|(n, _)| *n == node);
            row.map_or(Vec::new(), |(_, to)| to.clone())
        };
        Graph::of(initial, steps, properties, judge)
    }

    /// 0..n, each with steps to 3i+1, 5i+2, 7i+3 and i+1, modulo n.
    pub(super) fn arithmetic(
        n: u32,
        properties: &[(&str, PropertyKind)],
        judge: impl Fn(u32, &mut Judgement) + Send + Sync + 'static,
    ) -> Self {
        let steps = move |i: u32| {
            let i = u64::from(i);
            let to = [3 * i + 1, 5 * i + 2, 7 * i + 3, i + 1];
            to.map(|j| (j % u64::from(n)) as u32).to_vec()
        };
        Graph::of(&[0, 1, 0], steps, properties, judge)
    }

    pub(super) fn lazy(mut self) -> Self {
        self.lazy = Some(Default::default());
        self
    }

    pub(super) fn bounded(mut self, name: &str) -> Self {
        self.boundaries.push(name.into());
        self
    }

    pub(super) fn constant(mut self) -> Self {
        self.constant = true;
        self
    }
}

impl StateSpace for Graph {
    type Arena = Nodes;
    /// Nodes to expand, nodes to judge.
    type Scratch = (Vec<u32>, Vec<u32>);

    fn properties(&self) -> &[PropertyDecl] {
        &self.decls
    }
    fn boundaries(&self) -> &[String] {
        &self.boundaries
    }
    fn lanes(&self) -> &[String] {
        &self.lanes
    }
    fn seed(&mut self, _: u64) {}
    fn initial(&mut self, out: &mut Nodes) -> Result<(), Error> {
        out.0.extend(&self.initial);
        Ok(())
    }
    fn fingerprint<F: Fingerprint>(&self, states: &Nodes, index: usize) -> F {
        self.finish(states.0[index])
    }
    fn expand<F: Fingerprint>(
        &self,
        states: &Nodes,
        index: usize,
        scratch: &mut Self::Scratch,
        out: &mut Vec<F>,
    ) -> Answer {
        let node = states.0[index];
        if let Some((expanded, _)) = &self.lazy
            && !expanded.contains(&node)
        {
            scratch.0.push(node);
            out.push(F::default());
            return Answer::Missing;
        }
        out.extend(
            (self.steps)(node)
                .into_iter()
                .map(|to| self.finish::<F>(to)),
        );
        Answer::Complete
    }
    fn successor(
        &self,
        states: &Nodes,
        index: usize,
        step: u32,
        _: &mut Self::Scratch,
        out: &mut Nodes,
    ) -> Result<(), Error> {
        out.0.push((self.steps)(states.0[index])[step as usize]);
        Ok(())
    }
    fn judge(
        &self,
        states: &Nodes,
        index: usize,
        scratch: &mut Self::Scratch,
        out: &mut Judgement,
    ) -> Answer {
        let node = states.0[index];
        if let Some((_, judged)) = &self.lazy
            && !judged.contains(&node)
        {
            scratch.1.push(node);
            return Answer::Missing;
        }
        *out = Judgement {
            holds: u64::MAX,
            ..Judgement::default()
        };
        (self.judge)(node, out);
        Answer::Complete
    }
    fn absorb(&mut self, scratches: &mut [Self::Scratch]) -> Result<Absorbed, Error> {
        let mut restart = false;
        if let Some((expanded, judged)) = &mut self.lazy {
            for scratch in scratches {
                for node in scratch.0.drain(..) {
                    if expanded.insert(node) {
                        self.absorbed.push(node);
                        restart |= self.restart_at == Some(node);
                    }
                }
                judged.extend(scratch.1.drain(..));
            }
        }
        if restart {
            self.restart_at = None;
            return Ok(Absorbed::Restart);
        }
        Ok(Absorbed::Continue)
    }
    fn same(&self, a: &Nodes, i: usize, b: &Nodes, j: usize) -> bool {
        a.0[i] == b.0[j]
    }
    fn label(&self, states: &Nodes, index: usize, step: u32) -> Result<Label, Error> {
        let to = (self.steps)(states.0[index])[step as usize];
        Ok(Label {
            key: to.to_be_bytes().to_vec(),
            lane: 0,
            kind: StepKind::Act,
            from: None,
            content: Tree::Atom(to.to_string()),
            name: None,
            interrupted: None,
            sent: Vec::new(),
        })
    }
    fn render(&self, states: &Nodes, index: usize) -> Rendered {
        vec![("node".into(), Tree::Atom(states.0[index].to_string()))]
    }
    fn bytes(&self) -> usize {
        0
    }
}

impl Graph {
    fn finish<F: Fingerprint>(&self, node: u32) -> F {
        let node = if self.constant { 7 } else { node };
        if node == VOID {
            return F::default();
        }
        F::finish(u128::from(node + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
    }

    pub(super) fn walk(&self, path: &Path) -> Vec<u32> {
        let mut nodes = vec![self.initial[path.initial]];
        for &step in &path.steps {
            nodes.push((self.steps)(nodes[nodes.len() - 1])[step as usize]);
        }
        nodes
    }
}
