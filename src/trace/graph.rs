//! The graph of a small state space: every state, every step, what is violated where. For people who want to see it, and for programs that
//! want to go on from it.
//!
//! A walk of its own, as plain as can be: one state after the other, compared in full. It shares no code with the search, and finds the same
//! numbers. Invariant: the numbering depends on the model alone. States are numbered breadth first, a state's steps taken in their
//! semantic order.

mod dot;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::format::json;
use super::record::{hex64, not_repeated};
use super::{About, TraceStep, text};
use crate::error::Error;
use crate::search::{Halt, Options, ask, asked, reduces, steps, walking};
use crate::space::{
    Arena, Judgement, Label, PropertyDecl, PropertyKind, Rendered, StateSpace, StepKind,
};
use crate::value::{ENCODING_VERSION, Tree};

pub use dot::graph_to_dot;

/// What a graph file says it is.
pub const GRAPH_FORMAT: &str = "allways-graph";

/// The version of the graph format.
pub const GRAPH_VERSION: u32 = 1;

/// A graph has at most so many states: a larger one is read by nobody.
pub const GRAPH_STATES_MAX: usize = 10_000;

/// The states that can be reached, and the steps between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    /// Always [`GRAPH_FORMAT`].
    pub format: &'static str,
    /// Always [`GRAPH_VERSION`].
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
    /// Who acts, in order.
    pub lanes: Vec<String>,
    /// The properties that were asked for.
    pub properties: Vec<GraphProperty>,
    /// What was taken to be interchangeable, in words: each state then stands for all that differ from it by who is who.
    pub symmetry: Option<String>,
    /// The bounds that cut something, in words; where there is none, the graph is whole.
    pub cut_by: Vec<String>,
    /// Distinct states inside the boundaries: how many [`states`](Self::states) there are.
    pub unique_states: usize,
    /// How many [`steps`](Self::steps) there are.
    pub transitions: usize,
    /// Steps on the longest of the shortest paths.
    pub depth: u32,
    /// The states, breadth first: the first ones are initial.
    pub states: Vec<GraphState>,
    /// The steps, by their source, then in semantic order.
    pub steps: Vec<GraphStep>,
}

/// A property of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphProperty {
    /// Its name.
    pub name: String,
    /// What it asserts.
    pub kind: PropertyKind,
}

/// A state of a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GraphState {
    /// Its place among the states.
    pub id: usize,
    /// Steps of the shortest path to it.
    pub depth: u32,
    /// Whether a run may begin here.
    pub initial: bool,
    /// The properties that it violates. States that disagree about a `confluent` property all do.
    pub violates: Vec<String>,
    /// The `reachable` properties that it is a witness of.
    pub witnesses: Vec<String>,
    /// Its 64-bit fingerprint, in hexadecimal.
    pub fingerprint: String,
    /// The state, part by part.
    pub parts: Rendered,
}

/// A step of a graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GraphStep {
    /// The [`id`](GraphState::id) of the state it is taken in.
    pub source: usize,
    /// The [`id`](GraphState::id) of the state it leads to.
    pub target: usize,
    /// What kind of step.
    pub kind: StepKind,
    /// Who acts.
    pub lane: String,
    /// Who sent the message that is delivered, duplicated or lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The name of a stimulus, the key of a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The message, timer, choice or action.
    pub content: Tree,
    /// The semantic key of the step, in hexadecimal.
    pub key: String,
    /// The step in one line, as a trace shows it.
    pub text: String,
    /// The state that it leads to is another one, that differs from the target by who is who.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub renamed: bool,
}

/// Walks a space and writes down all of it. Of the options those count that say what is seen: the bounds `depth_max`, `states_max` and
/// `faults_max`, the properties, symmetry, the hash seed. `space` is fresh: nothing was asked of it before.
///
/// ```
/// use allways::prelude::*;
/// use allways::search::Options;
/// use allways::space::ActorSpace;
/// use allways::trace::{self, About};
///
/// struct Lamp;
/// impl Actor for Lamp {
///     type Msg = bool;
///     type State = bool;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> bool {
///         false
///     }
///     fn on_msg(&self, _: Id, lit: &mut Cow<'_, bool>, _: Id, on: bool, _: &mut Out<Self>) {
///         *lit.to_mut() = on;
///     }
/// }
///
/// let mut sys = System::new();
/// let lamp = sys.actor("lamp", Lamp);
/// sys.stimulus("press", lamp.id(), true);
/// let graph = trace::graph(&mut ActorSpace::new(sys)?, &Options::default(), &About::default())?;
/// assert_eq!((graph.unique_states, graph.transitions), (2, 1));
/// assert_eq!(graph.steps[0].text, "environment ─ press: true ─▶ lamp");
/// # Ok::<(), allways::Error>(())
/// ```
///
/// # Errors
/// There are more than [`GRAPH_STATES_MAX`] states; the model is at fault; symmetry is asked for where a check would refuse it.
pub fn graph<S: StateSpace>(
    space: &mut S,
    options: &Options,
    about: &About,
) -> Result<Graph, Error> {
    let asked = asked(space.properties(), options)?;
    space.bound_faults(options.faults_max)?;
    let reduces = reduces(space, options, asked)?;
    space.reduce(reduces)?;
    space.seed(options.hash_seed);
    let graph = walking(space, |space| {
        let mut explorer = Explorer::new(space, asked);
        explorer.run(options)?;
        Ok(explorer.graph(options, about, reduces))
    });
    space.reduce(false)?;
    graph
}

/// The graph as JSON, in one line, fields in a fixed order. Characters that a terminal would obey are escaped.
pub fn graph_to_json(graph: &Graph) -> String {
    let mut text = match serde_json::to_string(graph) {
        Ok(text) => text,
        // Strings, numbers and lists: there is nothing in a graph that JSON cannot hold.
        Err(error) => panic!("a graph did not become JSON: {error}"),
    };
    text.push('\n');
    json::escaped(text)
}

/// What is known so far. States are compared in full.
struct Explorer<'s, S: StateSpace> {
    space: &'s mut S,
    scratch: S::Scratch,
    /// The properties that were asked for, bit by bit.
    asked: u64,
    /// All states seen, those outside a boundary too.
    seen: S::Arena,
    /// Where in `seen` the states with a fingerprint are, each with its number; none where it lies outside.
    places: HashMap<u64, Vec<(usize, Option<usize>)>>,
    /// By number the states inside.
    states: Vec<Found>,
    n_initial: usize,
    steps: Vec<GraphStep>,
    /// The boundaries that some state lies outside of.
    outside: u64,
    /// The bound of the options that cut something.
    cut: Option<String>,
}

/// A state inside.
struct Found {
    /// Where it is among those seen.
    place: usize,
    depth: u32,
    judgement: Judgement,
}

/// Whether a level was walked.
enum Level {
    Done,
    /// One of its states has a new successor.
    Beyond,
}

impl<'s, S: StateSpace> Explorer<'s, S> {
    fn new(space: &'s mut S, asked: u64) -> Self {
        Explorer {
            space,
            scratch: S::Scratch::default(),
            asked,
            seen: S::Arena::default(),
            places: HashMap::new(),
            states: Vec::new(),
            n_initial: 0,
            steps: Vec::new(),
            outside: 0,
            cut: None,
        }
    }

    fn run(&mut self, options: &Options) -> Result<(), Halt> {
        self.space.initial(&mut self.seen)?;
        for place in 0..self.seen.len() {
            let fingerprint = self.space.fingerprint(&self.seen, place);
            if self.find(fingerprint, &self.seen, place).is_none() {
                let judgement = self.judge(place)?;
                self.admit(fingerprint, place, judgement, 0)?;
            }
        }
        self.n_initial = self.states.len();
        let (mut begin, mut depth) = (0, 0);
        while begin < self.states.len() {
            let end = self.states.len();
            if let Some(n_max) = options.states_max
                && end as u64 >= n_max
            {
                self.cut = Some(format!("--max-states {n_max}"));
                return Ok(());
            }
            let is_last = options.depth_max == Some(depth);
            let before = (self.steps.len(), self.outside);
            for source in begin..end {
                if let Level::Beyond = self.leave(source, is_last)? {
                    // The states at the greatest depth count as not expanded.
                    self.steps.truncate(before.0);
                    self.outside = before.1;
                    self.cut = Some(format!("--max-depth {depth}"));
                    return Ok(());
                }
            }
            (begin, depth) = (end, depth + 1);
        }
        Ok(())
    }

    /// Takes every step of a state, in semantic order. Where no state may be added, says so if one would have to be.
    fn leave(&mut self, source: usize, is_last: bool) -> Result<Level, Halt> {
        let Found { place, depth, .. } = self.states[source];
        let mut steps: Vec<(Label, u32, u64)> = Vec::new();
        for (step, fingerprint) in self.expand(place)? {
            let label = self.space.label(&self.seen, place, step)?;
            steps.push((label, step, fingerprint));
        }
        steps.sort_by(|a, b| a.0.key.cmp(&b.0.key));
        for (label, step, fingerprint) in steps {
            let mut next = S::Arena::default();
            self.space
                .successor(&self.seen, place, step, &mut self.scratch, &mut next)?;
            assert!(next.len() == 1, "a step leads to one state");
            if self.space.fingerprint::<u64>(&next, 0) != fingerprint {
                return Err(not_repeated("a step leads to another state").into());
            }
            let known = self.find(fingerprint, &next, 0);
            let is_new = known.is_none();
            let target = match known {
                Some(number) => number,
                None => {
                    let place = self.seen.len();
                    self.seen.append(&mut next);
                    let judgement = self.judge(place)?;
                    if is_last && judgement.outside == 0 {
                        return Ok(Level::Beyond);
                    }
                    self.admit(fingerprint, place, judgement, depth + 1)?
                }
            };
            if let Some(target) = target {
                let mut step = self.step(source, target, label);
                let there = self.states[target].place;
                let found = is_new || self.space.same_apart(&next, 0, &self.seen, there);
                step.renamed = !found;
                self.steps.push(step);
            }
        }
        Ok(Level::Done)
    }

    /// The number of a state that was seen before.
    fn find(&self, fingerprint: u64, states: &S::Arena, index: usize) -> Option<Option<usize>> {
        let places = self.places.get(&fingerprint)?;
        let mut places = places.iter();
        let found = places.find(|(place, _)| self.space.same(states, index, &self.seen, *place))?;
        Some(found.1)
    }

    /// Gives a number to a state that is new, if it lies inside.
    fn admit(
        &mut self,
        fingerprint: u64,
        place: usize,
        judgement: Judgement,
        depth: u32,
    ) -> Result<Option<usize>, Error> {
        let number = if judgement.outside == 0 {
            let number = self.states.len();
            if number == GRAPH_STATES_MAX {
                return Err(Error::usage(format!(
                    "a graph has at most {GRAPH_STATES_MAX} states, and this one has more"
                ))
                .with_cure(
                    "--max-depth leaves out what is further away, --set makes the model smaller",
                ));
            }
            self.states.push(Found {
                place,
                depth,
                judgement,
            });
            Some(number)
        } else {
            self.outside |= judgement.outside;
            None
        };
        let places = self.places.entry(fingerprint).or_default();
        places.push((place, number));
        Ok(number)
    }

    fn judge(&mut self, place: usize) -> Result<Judgement, Halt> {
        let mut judgement = Judgement::default();
        let seen = &self.seen;
        ask(self.space, &mut self.scratch, |space, scratch| {
            space.judge(seen, place, scratch, &mut judgement)
        })?;
        Ok(judgement)
    }

    /// The steps of a state, each with the fingerprint of its successor.
    fn expand(&mut self, place: usize) -> Result<Vec<(u32, u64)>, Halt> {
        let mut successors: Vec<u64> = Vec::new();
        let seen = &self.seen;
        ask(self.space, &mut self.scratch, |space, scratch| {
            successors.clear();
            space.expand(seen, place, scratch, &mut successors)
        })?;
        Ok(steps(&successors))
    }

    fn step(&self, source: usize, target: usize, label: Label) -> GraphStep {
        let lanes = self.space.lanes();
        let name = |lane: u32| lanes[lane as usize].clone();
        let step = TraceStep::of(label, name);
        let text = text::event(&step, lanes);
        GraphStep {
            source,
            target,
            kind: step.kind,
            lane: step.lane,
            from: step.from,
            name: step.name,
            content: step.content,
            key: step.key,
            text,
            renamed: false,
        }
    }

    fn graph(&self, options: &Options, about: &About, reduces: bool) -> Graph {
        let decls: Vec<(usize, &PropertyDecl)> = self
            .space
            .properties()
            .iter()
            .enumerate()
            .filter(|(p, _)| self.asked & (1 << p) != 0)
            .collect();
        let disagreed = self.disagreed();
        let named = |wanted: &dyn Fn(usize, &PropertyDecl) -> bool| {
            let wanted = decls.iter().filter(|(p, decl)| wanted(*p, decl));
            wanted.map(|(_, decl)| decl.name.clone()).collect()
        };
        let states = self.states.iter().enumerate().map(|(id, state)| {
            let holds = |p: usize| state.judgement.holds & (1 << p) != 0;
            let values = &state.judgement.confluent;
            GraphState {
                id,
                depth: state.depth,
                initial: id < self.n_initial,
                violates: named(&|p, decl| match decl.kind {
                    PropertyKind::Reachable => false,
                    PropertyKind::Confluent => (values.iter())
                        .any(|&(q, inputs, _)| p == q && disagreed.contains(&(p, inputs))),
                    PropertyKind::Always
                    | PropertyKind::Implies
                    | PropertyKind::NoDeadlock
                    | PropertyKind::NoPanic => !holds(p),
                    // No single state violates them.
                    PropertyKind::Eventually
                    | PropertyKind::LeadsTo
                    | PropertyKind::Measure
                    | PropertyKind::InfinitelyOften
                    | PropertyKind::Stabilises => false,
                }),
                witnesses: named(&|p, decl| decl.kind == PropertyKind::Reachable && holds(p)),
                fingerprint: hex64(self.space.fingerprint(&self.seen, state.place)),
                parts: self.space.render(&self.seen, state.place),
            }
        });
        let boundaries = self.space.boundaries().iter().enumerate();
        let boundaries = boundaries.filter(|(b, _)| self.outside & (1 << b) != 0);
        let boundaries = boundaries.map(|(_, name)| name.clone());
        Graph {
            format: GRAPH_FORMAT,
            version: GRAPH_VERSION,
            encoding: ENCODING_VERSION,
            model: about.model.clone(),
            variant: about.variant.clone(),
            parameters: about.parameters.clone(),
            hash_seed: options.hash_seed,
            lanes: self.space.lanes().to_vec(),
            properties: decls
                .iter()
                .map(|(_, decl)| GraphProperty {
                    name: decl.name.clone(),
                    kind: decl.kind,
                })
                .collect(),
            symmetry: self.space.symmetry().filter(|_| reduces),
            cut_by: boundaries.chain(self.cut.clone()).collect(),
            unique_states: self.states.len(),
            transitions: self.steps.len(),
            depth: self.states.last().map_or(0, |state| state.depth),
            states: states.collect(),
            steps: self.steps.clone(),
        }
    }

    /// The `confluent` properties, with the inputs, for which quiescent states have different values.
    fn disagreed(&self) -> BTreeSet<(usize, u128)> {
        let mut values: BTreeMap<(usize, u128), BTreeSet<u128>> = BTreeMap::new();
        for state in &self.states {
            for &(p, inputs, value) in &state.judgement.confluent {
                values.entry((p, inputs)).or_default().insert(value);
            }
        }
        values.retain(|_, values| values.len() > 1);
        values.into_keys().collect()
    }
}
