//! All states and steps of a system with ticks, and fair cycles among them, found by definition.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{Class, State, Step};
use crate::timed_systems::Spec;

/// All states and steps.
pub(super) struct Graph {
    pub(super) states: Vec<State>,
    /// Where each step leads.
    pub(super) steps: Vec<Vec<(usize, Step)>>,
    /// How many of the first states are initial.
    pub(super) n_initial: usize,
}

/// No system with more states is compared.
pub(super) const STATES_MAX: usize = 1500;

impl Graph {
    pub(super) fn of(spec: &Spec) -> Option<Graph> {
        let mut known: BTreeMap<State, usize> = BTreeMap::new();
        let mut graph = Graph {
            states: Vec::new(),
            steps: Vec::new(),
            n_initial: 0,
        };
        for initial in State::initial(spec) {
            let next = graph.states.len();
            if *known.entry(initial.clone()).or_insert(next) == next {
                graph.states.push(initial);
            }
        }
        graph.n_initial = graph.states.len();
        while graph.steps.len() < graph.states.len() {
            let steps = graph.states[graph.steps.len()].steps(spec);
            let mut placed = Vec::new();
            for step in steps {
                let next = graph.states.len();
                let at = *known.entry(step.to.clone()).or_insert(next);
                if at == next {
                    graph.states.push(step.to.clone());
                }
                placed.push((at, step));
            }
            graph.steps.push(placed);
            if graph.states.len() > STATES_MAX {
                return None;
            }
        }
        Some(graph)
    }

    /// The states from which, along the steps that are `let_through`, some state of `goals` can be come to.
    pub(super) fn coming_to(
        &self,
        goals: impl Fn(usize) -> bool,
        let_through: impl Fn(usize, usize, &Step) -> bool,
    ) -> Vec<bool> {
        let n = self.states.len();
        let mut comes: Vec<bool> = (0..n).map(goals).collect();
        loop {
            let mut changed = false;
            for from in (0..n).rev() {
                let reaches =
                    |(to, step): &(usize, Step)| comes[*to] && let_through(from, *to, step);
                if !comes[from] && self.steps[from].iter().any(reaches) {
                    comes[from] = true;
                    changed = true;
                }
            }
            if !changed {
                return comes;
            }
        }
    }

    /// Strongly connected sets of states, by steps that are let through: those with a cycle.
    pub(super) fn components(
        &self,
        among: &[bool],
        let_through: impl Fn(&Step) -> bool,
    ) -> Vec<BTreeSet<usize>> {
        let n = self.states.len();
        let successors = |from: usize| {
            let steps = self.steps[from].iter();
            let inside = steps.filter(|(to, step)| among[*to] && let_through(step));
            inside.map(|(to, _)| *to).collect::<Vec<usize>>()
        };
        // Kosaraju: by the order in which a depth-first search ends, then backwards.
        let mut order = Vec::new();
        let mut seen = vec![false; n];
        for root in (0..n).filter(|&at| among[at]) {
            let mut way = vec![(root, false)];
            while let Some((at, is_done)) = way.pop() {
                if is_done {
                    order.push(at);
                } else if !seen[at] {
                    seen[at] = true;
                    way.push((at, true));
                    way.extend(successors(at).into_iter().map(|to| (to, false)));
                }
            }
        }
        let mut before = vec![Vec::new(); n];
        for from in (0..n).filter(|&at| among[at]) {
            for to in successors(from) {
                before[to].push(from);
            }
        }
        let mut taken = vec![false; n];
        let mut components = Vec::new();
        for root in order.into_iter().rev() {
            let mut component = BTreeSet::new();
            let mut open = vec![root];
            while let Some(at) = open.pop() {
                if !taken[at] {
                    taken[at] = true;
                    component.insert(at);
                    open.extend(&before[at]);
                }
            }
            let is_cycle =
                component.len() > 1 || component.iter().any(|&at| successors(at).contains(&at));
            if is_cycle {
                components.push(component);
            }
        }
        components
    }

    fn enabled(&self, at: usize) -> BTreeSet<Class> {
        let steps = self.steps[at].iter();
        let mut classes: BTreeSet<Class> = steps.flat_map(|(_, step)| step.takes.clone()).collect();
        // Ticks are asked for wherever the bounds hold.
        if self.states[at].keeps_time {
            classes.insert(Class::Tick);
        }
        classes
    }

    /// Whether some fair cycle lies among these states and has one that `accepts`.
    pub(super) fn has_fair_cycle(
        &self,
        spec: &Spec,
        among: &[bool],
        accepts: &dyn Fn(usize) -> bool,
    ) -> bool {
        let is_strong = |class: &Class| matches!(class, Class::Delivery(from, to, _) if spec.links[*from][*to].fair_loss);
        self.components(among, |_| true)
            .into_iter()
            .any(|component| {
                if !component.iter().any(|&at| accepts(at)) {
                    return false;
                }
                let mut taken = BTreeSet::new();
                for &at in &component {
                    for (to, step) in &self.steps[at] {
                        if component.contains(to) {
                            taken.extend(step.takes.iter().copied());
                        }
                    }
                }
                let enabled: Vec<BTreeSet<Class>> =
                    component.iter().map(|&at| self.enabled(at)).collect();
                let always = enabled
                    .iter()
                    .cloned()
                    .reduce(|a, b| a.intersection(&b).copied().collect())
                    .unwrap_or_default();
                if always.iter().any(|class| !taken.contains(class)) {
                    return false;
                }
                let owes = |classes: &BTreeSet<Class>| {
                    (classes.iter()).any(|class| is_strong(class) && !taken.contains(class))
                };
                if !enabled.iter().any(owes) {
                    return true;
                }
                let mut fewer = vec![false; self.states.len()];
                for (&at, classes) in component.iter().zip(&enabled) {
                    fewer[at] = !owes(classes);
                }
                self.has_fair_cycle(spec, &fewer, accepts)
            })
    }
}
