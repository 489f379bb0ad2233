//! Random finite graphs with fairness classes, as a state space, and the oracle that decides their liveness by definition: it goes through
//! every set of steps that a run can take again and again.

use allways::search::Path;
use allways::space::{
    Absorbed, Answer, Arena, Class, FairClass, Fairness, Fingerprint, Judgement, Label,
    PropertyDecl, PropertyKind, Rendered, Role, Share, StateSpace, StepKind,
};
use allways::value::Tree;

/// A step of a graph.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) to: usize,
    pub(crate) shares: Vec<(usize, Role)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) steps: Vec<Step>,
    pub(crate) goal: bool,
    pub(crate) premise: bool,
    /// Outside the boundary.
    pub(crate) outside: bool,
    /// Its steps are not known: a bound was reached.
    pub(crate) unknown: bool,
}

/// A graph with its classes; its properties are the kinds of liveness, all about the same goal and premise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) states: Vec<State>,
    pub(crate) initial: Vec<usize>,
    pub(crate) classes: Vec<Fairness>,
    pub(crate) decls: Vec<PropertyDecl>,
    pub(crate) lanes: Vec<String>,
    pub(crate) boundaries: Vec<String>,
}

pub(crate) const KINDS: [PropertyKind; 5] = [
    PropertyKind::Eventually,
    PropertyKind::LeadsTo,
    PropertyKind::Measure,
    PropertyKind::InfinitelyOften,
    PropertyKind::Stabilises,
];

impl Graph {
    /// A graph without states.
    pub(crate) fn new(classes: &[Fairness]) -> Self {
        let decl = |kind: PropertyKind| PropertyDecl {
            name: kind.word().to_owned(),
            kind,
        };
        Graph {
            classes: classes.to_vec(),
            initial: vec![0],
            decls: [PropertyKind::NoPanic]
                .into_iter()
                .chain(KINDS)
                .map(decl)
                .collect(),
            lanes: vec!["graph".to_owned()],
            boundaries: vec!["inside".to_owned()],
            ..Graph::default()
        }
    }

    pub(crate) fn state(&mut self, goal: bool) -> usize {
        self.states.push(State {
            goal,
            premise: true,
            ..State::default()
        });
        self.states.len() - 1
    }

    /// A step that takes these classes.
    pub(crate) fn step(&mut self, from: usize, to: usize, takes: &[usize]) {
        let shares = takes.iter().map(|&class| (class, Role::Takes)).collect();
        self.states[from].steps.push(Step { to, shares });
    }
}

#[derive(Default)]
pub(crate) struct States(Vec<usize>);

impl Arena for States {
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

impl StateSpace for Graph {
    type Arena = States;
    type Scratch = ();

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
    fn initial(&mut self, out: &mut States) -> Result<(), allways::Error> {
        out.0.extend(&self.initial);
        Ok(())
    }
    fn fingerprint<F: Fingerprint>(&self, states: &States, index: usize) -> F {
        F::finish(states.0[index] as u128 + 1)
    }
    fn expand<F: Fingerprint>(
        &self,
        states: &States,
        index: usize,
        _: &mut (),
        out: &mut Vec<F>,
    ) -> Answer {
        for step in &self.states[states.0[index]].steps {
            out.push(F::finish(step.to as u128 + 1));
        }
        Answer::Complete
    }
    fn successor(
        &self,
        states: &States,
        index: usize,
        step: u32,
        _: &mut (),
        out: &mut States,
    ) -> Result<(), allways::Error> {
        out.0
            .push(self.states[states.0[index]].steps[step as usize].to);
        Ok(())
    }
    fn judge(&self, states: &States, index: usize, _: &mut (), out: &mut Judgement) -> Answer {
        let state = &self.states[states.0[index]];
        *out = Judgement {
            holds: if state.goal { u64::MAX } else { 1 },
            premise: if state.premise { u64::MAX } else { 0 },
            outside: u64::from(state.outside),
            ..Judgement::default()
        };
        Answer::Complete
    }
    fn absorb(&mut self, _: &mut [()]) -> Result<Absorbed, allways::Error> {
        Ok(Absorbed::Continue)
    }
    fn fair(&self, states: &States, index: usize, _: &[u32], out: &mut Vec<Share>) {
        for (step, at) in self.states[states.0[index]].steps.iter().zip(0..) {
            out.extend(step.shares.iter().map(|&(class, role)| Share {
                step: at,
                class: Class(class as u64),
                role,
            }));
        }
    }
    fn may_stay(&self, states: &States, index: usize, steps: &[u32]) -> bool {
        let mut shares = Vec::new();
        self.fair(states, index, steps, &mut shares);
        !shares.iter().any(|share| {
            let fairness = self.classes[share.class.0 as usize];
            share.role != Role::Uses && matches!(fairness, Fairness::Weak | Fairness::Strong)
        })
    }
    fn class(&self, class: Class) -> FairClass {
        FairClass {
            name: format!("class {}", class.0),
            fairness: self.classes[class.0 as usize],
        }
    }
    fn same(&self, a: &States, a_index: usize, b: &States, b_index: usize) -> bool {
        a.0[a_index] == b.0[b_index]
    }
    fn label(&self, states: &States, index: usize, step: u32) -> Result<Label, allways::Error> {
        Ok(Label {
            key: step.to_be_bytes().to_vec(),
            lane: 0,
            kind: StepKind::Act,
            from: None,
            content: Tree::Text(format!("{} by {step}", states.0[index])),
            name: None,
            sent: Vec::new(),
            interrupted: None,
        })
    }
    fn render(&self, states: &States, index: usize) -> Rendered {
        vec![("state".to_owned(), Tree::Atom(states.0[index].to_string()))]
    }
    fn bytes(&self) -> usize {
        0
    }
}

/// An edge of the oracle: from, the step there, to.
pub(crate) type Edge = (usize, usize, usize);

/// What the oracle says of one property.
#[derive(Debug)]
pub(crate) struct Truth {
    /// The length of the shortest stem to a state that lies on a fair loop; `None`: no fair run contradicts the property.
    pub(crate) stem: Option<usize>,
    /// The states that lie on one.
    pub(crate) fair: Vec<bool>,
    edges: Vec<Edge>,
    kind: PropertyKind,
}

impl Graph {
    pub(crate) fn enables(&self, state: usize, class: usize) -> bool {
        let steps = self.states[state].steps.iter();
        let mut shares = steps.flat_map(|step| &step.shares);
        shares.any(|&(c, role)| c == class && role != Role::Uses)
    }

    pub(crate) fn does(&self, edge: Edge, class: usize, role: Role) -> bool {
        let shares = &self.states[edge.0].steps[edge.1].shares;
        shares.contains(&(class, role))
    }

    /// Whether a run may visit just these states and take just these steps again and again, by the definition of fairness.
    pub(crate) fn is_fair(&self, states: &[usize], edges: &[Edge]) -> bool {
        self.classes.iter().enumerate().all(|(class, fairness)| {
            let taken = edges.iter().any(|&e| self.does(e, class, Role::Takes));
            match fairness {
                Fairness::None => true,
                Fairness::Weak => taken || states.iter().any(|&s| !self.enables(s, class)),
                Fairness::Strong => taken || !states.iter().any(|&s| self.enables(s, class)),
                Fairness::Matched => {
                    taken || !edges.iter().any(|&e| self.does(e, class, Role::Uses))
                }
            }
        })
    }

    /// Whether every state can be come to from every other by these steps.
    pub(crate) fn is_connected(states: &[usize], edges: &[Edge]) -> bool {
        states.iter().all(|&start| {
            let mut seen = vec![start];
            let mut next = 0;
            while next < seen.len() {
                for edge in edges {
                    if edge.0 == seen[next] && !seen.contains(&edge.2) {
                        seen.push(edge.2);
                    }
                }
                next += 1;
            }
            states.iter().all(|state| seen.contains(state))
        })
    }

    pub(crate) fn states_of(edges: &[Edge]) -> Vec<usize> {
        let mut states: Vec<usize> = edges.iter().flat_map(|e| [e.0, e.2]).collect();
        states.sort_unstable();
        states.dedup();
        states
    }

    /// Shortest distances: for each state without, and with, a pending obligation.
    pub(crate) fn distances(&self, kind: PropertyKind) -> Vec<[Option<usize>; 2]> {
        let mut distances = vec![[None; 2]; self.states.len()];
        let come = |pending: bool, state: usize| -> Option<usize> {
            let State {
                goal,
                premise,
                outside,
                ..
            } = self.states[state];
            match kind {
                _ if outside => None,
                PropertyKind::Eventually => (!goal).then_some(1),
                PropertyKind::LeadsTo | PropertyKind::Measure => {
                    Some(usize::from(!goal && (pending || premise)))
                }
                PropertyKind::InfinitelyOften => Some(usize::from(!goal)),
                _ => Some(1),
            }
        };
        let mut level: Vec<(usize, usize)> = Vec::new();
        for &state in &self.initial {
            level.extend(come(false, state).map(|bit| (state, bit)));
        }
        let mut depth = 0;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (state, bit) in level {
                if distances[state][bit].is_some() {
                    continue;
                }
                distances[state][bit] = Some(depth);
                for step in &self.states[state].steps {
                    next.extend(come(bit == 1, step.to).map(|bit| (step.to, bit)));
                }
            }
            level = next;
            depth += 1;
        }
        distances
    }

    /// Decides a property.
    pub(crate) fn truth(&self, kind: PropertyKind) -> Truth {
        let distances = self.distances(kind);
        let may_visit = |state: usize| distances[state][1].is_some();
        let mut edges: Vec<Edge> = Vec::new();
        for (from, state) in self.states.iter().enumerate() {
            for (step, to) in state.steps.iter().map(|step| step.to).enumerate() {
                if may_visit(from) && may_visit(to) {
                    edges.push((from, step, to));
                }
            }
        }
        let mut fair = vec![false; self.states.len()];
        for state in (0..self.states.len()).filter(|&state| may_visit(state)) {
            fair[state] = self.contradicts(kind, &[state]) && self.is_fair(&[state], &[]);
        }
        assert!(edges.len() <= 14, "too many sets of steps to go through");
        for set in 1_u32..1 << edges.len() {
            let taken: Vec<Edge> = (edges.iter().enumerate())
                .filter(|(i, _)| set >> i & 1 == 1)
                .map(|(_, &edge)| edge)
                .collect();
            let states = Graph::states_of(&taken);
            if self.contradicts(kind, &states)
                && self.is_fair(&states, &taken)
                && Graph::is_connected(&states, &taken)
            {
                states.iter().for_each(|&state| fair[state] = true);
            }
        }
        let stem = (0..self.states.len())
            .filter(|&state| fair[state])
            .filter_map(|state| distances[state][1])
            .min();
        Truth {
            stem,
            fair,
            edges,
            kind,
        }
    }

    /// Whether a loop over these states, in the region where loops may lie, contradicts the property.
    pub(crate) fn contradicts(&self, kind: PropertyKind, states: &[usize]) -> bool {
        kind != PropertyKind::Stabilises || states.iter().any(|&state| !self.states[state].goal)
    }

    /// The length of the shortest fair loop through a state: breadth first over (state, set of steps taken).
    pub(crate) fn shortest_loop(&self, truth: &Truth, start: usize) -> usize {
        let is_it = |set: u32| {
            let taken: Vec<Edge> = (truth.edges.iter().enumerate())
                .filter(|(i, _)| set >> i & 1 == 1)
                .map(|(_, &edge)| edge)
                .collect();
            let mut states = Graph::states_of(&taken);
            states.push(start);
            self.contradicts(truth.kind, &states) && self.is_fair(&states, &taken)
        };
        if is_it(0) {
            return 0;
        }
        let mut seen = std::collections::HashSet::from([(start, 0_u32)]);
        let mut level = vec![(start, 0_u32)];
        let mut length = 0;
        loop {
            length += 1;
            let mut next = Vec::new();
            for (state, set) in level {
                for (i, edge) in truth.edges.iter().enumerate().filter(|(_, e)| e.0 == state) {
                    let reached = (edge.2, set | 1 << i);
                    if reached.0 == start && is_it(reached.1) {
                        return length;
                    }
                    if seen.insert(reached) {
                        next.push(reached);
                    }
                }
            }
            assert!(!next.is_empty(), "the state lies on a fair loop");
            level = next;
        }
    }

    /// The shortest stems to states on a fair loop, each as its initial state's place and its steps.
    fn stems(&self, truth: &Truth, length: usize) -> Vec<Vec<usize>> {
        let come = |pending: bool, state: usize| -> Option<bool> {
            let State {
                goal,
                premise,
                outside,
                ..
            } = self.states[state];
            match truth.kind {
                _ if outside => None,
                PropertyKind::Eventually => (!goal).then_some(true),
                PropertyKind::LeadsTo | PropertyKind::Measure => {
                    Some(!goal && (pending || premise))
                }
                _ => Some(true),
            }
        };
        let mut stems: Vec<(Vec<usize>, usize, bool)> = Vec::new();
        for (place, &state) in self.initial.iter().enumerate() {
            // Of equal initial states the first counts.
            if self.initial[..place].contains(&state) {
                continue;
            }
            stems.extend(come(false, state).map(|pending| (vec![place], state, pending)));
        }
        for _ in 0..length {
            let mut longer = Vec::new();
            for (stem, state, pending) in stems {
                for (step, to) in self.states[state].steps.iter().map(|s| s.to).enumerate() {
                    let stem = [&stem[..], &[step]].concat();
                    longer.extend(come(pending, to).map(|pending| (stem, to, pending)));
                }
            }
            stems = longer;
        }
        let ends = stems.into_iter();
        let ends = ends.filter(|&(_, state, pending)| truth.fair[state] && pending);
        ends.map(|(stem, ..)| stem).collect()
    }

    /// The most steps between a premise and the next goal, over all paths one by one; `None`: some path comes back to where it was before.
    pub(crate) fn longest(&self, starts: &[usize]) -> Option<u64> {
        let owed = |&&state: &&usize| self.states[state].premise && !self.states[state].goal;
        let lengths = starts.iter().filter(owed);
        let lengths: Option<Vec<u64>> =
            lengths.map(|&s| self.longest_after(&mut vec![s])).collect();
        Some(lengths?.into_iter().max().unwrap_or(0))
    }

    fn longest_after(&self, path: &mut Vec<usize>) -> Option<u64> {
        let mut longest = 0;
        for step in &self.states[path[path.len() - 1]].steps {
            if path.contains(&step.to) {
                return None;
            }
            let mut after = 0;
            if !self.states[step.to].goal {
                path.push(step.to);
                after = self.longest_after(path)?;
                path.pop();
            }
            longest = longest.max(1 + after);
        }
        Some(longest)
    }

    /// Asserts that a lasso is one that the oracle allows, as short as promised; how long its stem and loop are.
    pub(crate) fn assert_lasso(&self, truth: &Truth, path: &Path) {
        let mut at = self.initial[path.initial];
        let loop_start = path.loop_start.expect("a lasso says where its loop begins");
        assert_eq!(Some(loop_start), truth.stem, "the stem is the shortest");
        let stem = path.steps[..loop_start].iter().map(|&step| step as usize);
        let stem: Vec<usize> = [path.initial].into_iter().chain(stem).collect();
        let least = self.stems(truth, loop_start).into_iter().min();
        assert_eq!(Some(stem), least, "the stem is the least");
        let mut pending = false;
        let mut taken = Vec::new();
        let mut states = vec![];
        let mut start = None;
        for i in 0..=path.steps.len() {
            let State {
                goal,
                premise,
                outside,
                ..
            } = self.states[at];
            assert!(!outside);
            pending = !goal && (pending || premise);
            match truth.kind {
                PropertyKind::Eventually => assert!(!goal),
                PropertyKind::LeadsTo | PropertyKind::Measure => assert!(i < loop_start || pending),
                PropertyKind::InfinitelyOften => assert!(i < loop_start || !goal),
                _ => {}
            }
            if i >= loop_start {
                start = start.or(Some(at));
                states.push(at);
            }
            if let Some(&step) = path.steps.get(i) {
                let to = self.states[at].steps[step as usize].to;
                if i >= loop_start {
                    taken.push((at, step as usize, to));
                }
                at = to;
            }
        }
        let start = start.expect("the path has a loop");
        assert_eq!(start, at, "the loop is closed");
        assert!(truth.fair[start]);
        assert!(self.contradicts(truth.kind, &states) && self.is_fair(&states, &taken));
        assert_eq!(
            path.steps.len() - loop_start,
            self.shortest_loop(truth, start),
            "the loop is the shortest through its state"
        );
    }
}
