//! Fair loops of graphs that are too large for going through every set of steps: by pruning, over a transitive closure, until nothing changes.
//!
//! Shares no algorithm with the search, which takes graphs apart by depth-first search. On small graphs it is held against the definition itself.

use std::collections::{BTreeMap, BTreeSet};

use allways::space::{Fairness, PropertyKind, Role};

use crate::fair_graphs::{Edge, Graph};

/// Nodes that the search for a shortest loop visits at most.
const NODES_MAX: usize = 30_000;

/// What is true of a property.
#[derive(Debug)]
pub(crate) struct Pruned {
    /// The length of the shortest stem to a state that lies on a fair loop; `None`: no fair run contradicts the property.
    pub(crate) stem: Option<usize>,
    /// The states that lie on one.
    pub(crate) fair: Vec<bool>,
    /// The steps that a fair loop may take, and others that connect them.
    region: Vec<Edge>,
    kind: PropertyKind,
}

/// Which states can be come to from which, in any number of steps, none included.
struct Closure {
    n_words: usize,
    bits: Vec<u64>,
}

impl Closure {
    fn of(n: usize, edges: &[Edge]) -> Self {
        let n_words = n.div_ceil(64);
        let mut closure = Closure {
            n_words,
            bits: vec![0; n * n_words],
        };
        for at in 0..n {
            closure.set(at, at);
        }
        for &(from, _, to) in edges {
            closure.set(from, to);
        }
        // Warshall (Journal of the ACM 9:1, 1962).
        for through in 0..n {
            for from in 0..n {
                if from != through && closure.has(from, through) {
                    for word in 0..n_words {
                        closure.bits[from * n_words + word] |=
                            closure.bits[through * n_words + word];
                    }
                }
            }
        }
        closure
    }

    fn set(&mut self, from: usize, to: usize) {
        self.bits[from * self.n_words + to / 64] |= 1 << (to % 64);
    }

    fn has(&self, from: usize, to: usize) -> bool {
        self.bits[from * self.n_words + to / 64] >> (to % 64) & 1 == 1
    }
}

impl Pruned {
    pub(crate) fn kind(&self) -> PropertyKind {
        self.kind
    }
}

impl Graph {
    /// Whether fairness asks for a class that the state enables, so that a run may not stay there for ever.
    pub(crate) fn asks(&self, state: usize) -> bool {
        let fair = |class: usize| matches!(self.classes[class], Fairness::Weak | Fairness::Strong);
        (0..self.classes.len()).any(|class| fair(class) && self.enables(state, class))
    }

    /// Decides a property.
    pub(crate) fn pruned(&self, kind: PropertyKind) -> Pruned {
        let distances = self.distances(kind);
        let n = self.states.len();
        let may_visit = |state: usize| distances[state][1].is_some();
        let mut region: Vec<Edge> = Vec::new();
        for (from, state) in self
            .states
            .iter()
            .enumerate()
            .filter(|(s, _)| may_visit(*s))
        {
            let steps = state.steps.iter().enumerate();
            region.extend(
                steps
                    .filter(|(_, step)| may_visit(step.to))
                    .map(|(at, step)| (from, at, step.to)),
            );
        }
        let mut left = region.clone();
        loop {
            let n_before = left.len();
            left = self.prune(kind, left);
            if left.len() == n_before {
                break;
            }
        }
        let mut fair = vec![false; n];
        for state in (0..n).filter(|&state| may_visit(state)) {
            fair[state] = !self.states[state].unknown
                && !self.asks(state)
                && self.contradicts(kind, &[state]);
        }
        for edge in &left {
            fair[edge.0] = true;
        }
        let stem = (0..n)
            .filter(|&state| fair[state])
            .filter_map(|state| distances[state][1])
            .min();
        Pruned {
            stem,
            fair,
            region: left,
            kind,
        }
    }

    /// Leaves out steps that no fair loop can take: those that lie on no loop, and in each group of states that are connected both ways those that what
    /// is owed there rules out.
    fn prune(&self, kind: PropertyKind, mut edges: Vec<Edge>) -> Vec<Edge> {
        let n = self.states.len();
        let closure = Closure::of(n, &edges);
        edges.retain(|&(from, _, to)| closure.has(to, from));
        let mut groups: BTreeMap<usize, Vec<Edge>> = BTreeMap::new();
        for edge in edges {
            let both = |other: usize| closure.has(edge.0, other) && closure.has(other, edge.0);
            let Some(least) = (0..n).find(|&other| both(other)) else {
                unreachable!("a state is connected with itself")
            };
            groups.entry(least).or_default().push(edge);
        }
        let mut left = Vec::new();
        for mut group in groups.into_values() {
            // Each state of a group has a step that stays in it.
            let states: BTreeSet<usize> = group.iter().map(|edge| edge.0).collect();
            let states: Vec<usize> = states.into_iter().collect();
            if !self.contradicts(kind, &states) {
                continue;
            }
            let (mut forbidden, mut unused, mut is_unfair) = (Vec::new(), Vec::new(), false);
            for (class, fairness) in self.classes.iter().enumerate() {
                let taken = group.iter().any(|&e| self.does(e, class, Role::Takes));
                match fairness {
                    _ if taken => {}
                    Fairness::None => {}
                    Fairness::Weak => {
                        is_unfair |= states.iter().all(|&state| self.enables(state, class));
                    }
                    Fairness::Strong => forbidden.push(class),
                    Fairness::Matched => unused.push(class),
                }
            }
            if is_unfair {
                continue;
            }
            let enables = |state: usize| forbidden.iter().any(|&c| self.enables(state, c));
            group.retain(|&edge| {
                !enables(edge.0)
                    && !enables(edge.2)
                    && !unused.iter().any(|&c| self.does(edge, c, Role::Uses))
            });
            left.extend(group);
        }
        left
    }

    /// The length of the shortest fair loop through a state that lies on one; `None` where finding it would take too long. Goes through (state,
    /// what the loop has done so far).
    pub(crate) fn loop_length(&self, pruned: &Pruned, start: usize) -> Option<usize> {
        let is_stay = !self.asks(start)
            && !self.states[start].unknown
            && self.contradicts(pruned.kind, &[start]);
        if is_stay {
            return Some(0);
        }
        let n_classes = self.classes.len();
        if n_classes > 60 {
            return None;
        }
        // Per state the classes that it enables and that it does not; per step those that it takes, and uses.
        let bits = |is: &dyn Fn(usize) -> bool| {
            (0..n_classes).fold(0_u64, |bits, class| bits | u64::from(is(class)) << class)
        };
        let of_state = |state: usize| {
            let enabled = bits(&|class| self.enables(state, class));
            let contradicts = self.contradicts(pruned.kind, &[state]);
            (enabled, u64::from(contradicts) << n_classes)
        };
        let mask = |fairness: Fairness| bits(&|class| self.classes[class] == fairness);
        let (weak, strong, matched) = (
            mask(Fairness::Weak),
            mask(Fairness::Strong),
            mask(Fairness::Matched),
        );
        // Done: taken, not enabled, enabled, used. Classes that nothing is asked of do not tell nodes apart.
        type Done = [u64; 3];
        let visit = |done: Done, state: usize| -> Done {
            let (enabled, contradicts) = of_state(state);
            [
                done[0] | (!enabled & weak) | contradicts,
                done[1] | (enabled & strong),
                done[2],
            ]
        };
        let take = |done: Done, edge: Edge| -> Done {
            let taken = bits(&|class| self.does(edge, class, Role::Takes));
            let used = bits(&|class| self.does(edge, class, Role::Uses));
            [
                done[0] | (taken & (weak | strong | matched)),
                done[1],
                done[2] | (used & matched),
            ]
        };
        let is_fair = |done: Done| {
            done[0] & weak == weak
                && done[1] & !done[0] == 0
                && done[2] & !done[0] == 0
                && done[0] >> n_classes == 1
        };
        let begin = (start, visit([0; 3], start));
        let mut seen = BTreeSet::from([begin]);
        let mut level = vec![begin];
        let mut length = 0;
        while !level.is_empty() {
            length += 1;
            let mut next = Vec::new();
            for (state, done) in level {
                for &edge in pruned.region.iter().filter(|edge| edge.0 == state) {
                    let reached = (edge.2, visit(take(done, edge), edge.2));
                    if reached.0 == start && is_fair(reached.1) {
                        return Some(length);
                    }
                    if seen.insert(reached) {
                        next.push(reached);
                    }
                }
            }
            if seen.len() > NODES_MAX {
                return None;
            }
            level = next;
        }
        panic!("the state lies on a fair loop")
    }
}
