//! Walking a state space by hand, through nothing but its public contract, and recognising the oracle's steps in its own.

use allways::search::Path;
use allways::space::{
    Absorbed, ActorSpace, Answer, Arena, Interrupted, Judgement, Label, StateSpace,
};
use allways::value::Tree;

use crate::oracle::{Action, Content, Graph};
use crate::random::Spec;
use crate::table::{Listed, Note, Plain, Shape, key_name, partition_name, stimulus_name};

/// The space of a random system.
pub(crate) type Space = ActorSpace;

/// Why a walk ended early.
pub(crate) enum Halt {
    /// The space asked to begin again.
    Restart,
    /// Space and oracle differ.
    Differ(String),
}

impl From<String> for Halt {
    fn from(why: String) -> Self {
        Halt::Differ(why)
    }
}

/// States of a space, and what it takes to ask about them.
pub(crate) struct Walk<'s> {
    pub(crate) space: &'s mut Space,
    pub(crate) states: <Space as StateSpace>::Arena,
    scratch: <Space as StateSpace>::Scratch,
}

/// A step of the space.
pub(crate) struct Place {
    pub(crate) step: u32,
    pub(crate) fingerprint: u128,
    pub(crate) label: Label,
}

impl<'s> Walk<'s> {
    /// Holds the initial states, in order.
    pub(crate) fn start(space: &'s mut Space) -> Result<Self, Halt> {
        let mut walk = Walk {
            space,
            states: Default::default(),
            scratch: Default::default(),
        };
        walk.space
            .initial(&mut walk.states)
            .map_err(|e| e.to_string())?;
        Ok(walk)
    }

    fn ask(&mut self, mut question: impl FnMut(&mut Self) -> Answer) -> Result<(), Halt> {
        loop {
            if question(self) == Answer::Complete {
                return Ok(());
            }
            let absorbed = self.space.absorb(std::slice::from_mut(&mut self.scratch));
            match absorbed.map_err(|e| e.to_string())? {
                Absorbed::Continue => {}
                Absorbed::Restart => return Err(Halt::Restart),
            }
        }
    }

    pub(crate) fn steps(&mut self, at: usize) -> Result<Vec<Place>, Halt> {
        let mut fingerprints: Vec<u128> = Vec::new();
        self.ask(|walk| {
            fingerprints.clear();
            walk.space
                .expand(&walk.states, at, &mut walk.scratch, &mut fingerprints)
        })?;
        let mut places = Vec::new();
        for (step, fingerprint) in (0..).zip(fingerprints) {
            // Zero marks a place without a step.
            if fingerprint != 0 {
                let label = self
                    .space
                    .label(&self.states, at, step)
                    .map_err(|e| e.to_string())?;
                places.push(Place {
                    step,
                    fingerprint,
                    label,
                });
            }
        }
        Ok(places)
    }

    /// Appends the successor; its index.
    pub(crate) fn take(&mut self, at: usize, step: u32) -> Result<usize, Halt> {
        let mut next = Default::default();
        let taken = self
            .space
            .successor(&self.states, at, step, &mut self.scratch, &mut next);
        taken.map_err(|e| e.to_string())?;
        if next.len() != 1 {
            return Err(format!("a step has {} successors", next.len()).into());
        }
        self.states.append(&mut next);
        Ok(self.states.len() - 1)
    }

    pub(crate) fn judge(&mut self, at: usize) -> Result<Judgement, Halt> {
        let mut judgement = Judgement::default();
        self.ask(|walk| {
            walk.space
                .judge(&walk.states, at, &mut walk.scratch, &mut judgement)
        })?;
        Ok(judgement)
    }

    pub(crate) fn fingerprint(&self, at: usize) -> u128 {
        self.space.fingerprint(&self.states, at)
    }

    pub(crate) fn same(&self, a: usize, b: usize) -> bool {
        self.space.same(&self.states, a, &self.states, b)
    }

    /// The state as text; two states that differ read differently.
    pub(crate) fn text(&self, at: usize) -> String {
        format!("{:?}", self.space.render(&self.states, at))
    }
}

/// What the label of an action must say: everything but its key.
pub(crate) fn expected(spec: &Spec, action: &Action) -> Label {
    let n = spec.actors.len();
    let message = |msg: u8| Tree::of(&Note::of(msg));
    let (content, name) = match action.content {
        Content::Msg(msg) => (message(msg), None),
        Content::Stimulus(index, msg) => (message(msg), Some(stimulus_name(index))),
        Content::Timer(timer) if spec.actors[action.actor].listed => {
            (Tree::of(&Listed::timer(timer)), None)
        }
        Content::Timer(timer) => (Tree::of(&Plain::timer(timer)), None),
        Content::Choice(key, alternative) => (Tree::of(&alternative), Some(key_name(key))),
        Content::Partition(index) => {
            let sides = spec.partitions[index].sides.each_ref().map(|side| {
                let names = side
                    .iter()
                    .map(|actor| Tree::Unit(format!("actor {actor}")));
                Tree::Set(names.collect())
            });
            let content = Tree::Tuple(String::new(), sides.to_vec());
            (content, Some(partition_name(index)))
        }
        Content::Nothing => (Tree::Unit(String::new()), None),
    };
    let from = if matches!(action.content, Content::Stimulus(..)) {
        Some(n)
    } else {
        action.from
    };
    Label {
        key: Vec::new(),
        lane: action.actor as u32,
        kind: action.kind,
        from: from.map(|from| from as u32),
        content,
        name,
        interrupted: action
            .interrupted
            .map(|(event, after, of)| Interrupted { event, after, of }),
        sent: action
            .sent
            .iter()
            .map(|&(to, msg)| (to as u32, message(msg)))
            .collect(),
    }
}

/// Whether the label is this action's.
fn is_of(spec: &Spec, label: &Label, action: &Action) -> bool {
    // The words for ignoring a message and for ignoring a copy of it are the same: only the key, behind kind and lane, says which.
    let is_ignored = action
        .ignored
        .is_none_or(|event| label.key.get(1 + size_of::<u32>()) == Some(&(event as u8)));
    let label = Label {
        key: Vec::new(),
        ..label.clone()
    };
    is_ignored && label == expected(spec, action)
}

/// Which of the oracle's steps each of the space's steps is; an error unless each is exactly one.
pub(crate) fn recognise(
    spec: &Spec,
    graph: &Graph,
    at: usize,
    places: &[Place],
) -> Result<Vec<usize>, String> {
    let steps = &graph.steps[at];
    let found: Vec<Option<usize>> = places
        .iter()
        .map(|place| {
            steps
                .iter()
                .position(|step| is_of(spec, &place.label, &step.action))
        })
        .collect();
    let mut sorted: Vec<usize> = found.iter().flatten().copied().collect();
    sorted.sort_unstable();
    if sorted.len() == places.len() && sorted.into_iter().eq(0..steps.len()) {
        return Ok(found.into_iter().flatten().collect());
    }
    let labels: Vec<_> = places.iter().map(|place| &place.label).collect();
    let actions: Vec<_> = steps.iter().map(|step| &step.action).collect();
    Err(format!(
        "steps differ in {:?}\n  the space has {labels:#?}\n  the oracle has {actions:#?}",
        graph.states[at]
    ))
}

/// A path in the words of both sides.
#[derive(Debug)]
pub(crate) struct Walked {
    /// The oracle's states on the way.
    pub(crate) states: Vec<usize>,
    /// The oracle's steps, by their position in the state that they leave.
    pub(crate) steps: Vec<usize>,
    pub(crate) labels: Vec<Label>,
}

/// Walks a path of an outcome in the space that was searched, and on the oracle's graph beside it.
pub(crate) fn follow(
    space: &mut Space,
    spec: &Spec,
    graph: &Graph,
    path: &Path,
) -> Result<Walked, String> {
    let halt = |halt| match halt {
        Halt::Restart => "the space asks to begin again after a search".to_owned(),
        Halt::Differ(why) => why,
    };
    let mut walk = Walk::start(space).map_err(halt)?;
    let mut here = path.initial;
    let Some(Some(mut at)) = graph.initial.get(path.initial).copied() else {
        return Err(format!("a path begins in initial state {}", path.initial));
    };
    let mut walked = Walked {
        states: vec![at],
        steps: Vec::new(),
        labels: Vec::new(),
    };
    for &step in &path.steps {
        let places = walk.steps(here).map_err(halt)?;
        let recognised = recognise(spec, graph, at, &places)?;
        let Some(k) = places.iter().position(|place| place.step == step) else {
            return Err(format!("a path takes step {step}, which there is not"));
        };
        let Some(next) = graph.steps[at][recognised[k]].to else {
            return Err("a path leaves the boundary".to_owned());
        };
        here = walk.take(here, step).map_err(halt)?;
        at = next;
        walked.states.push(at);
        walked.steps.push(recognised[k]);
        walked.labels.push(places[k].label.clone());
    }
    Ok(walked)
}
