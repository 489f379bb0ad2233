//! What can happen after a position of a path, and what would come of it.

use serde::Serialize;

use super::code::Code;
use super::happening::Happening;
use super::short::shorts;
use super::verdicts::{Memory, StateVerdict};
use super::way::Way;
use super::{Explorer, Stuck};
use crate::trace::{Parts, hex64};

/// What can happen next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Next {
    /// The path up to here, without loop.
    pub path: String,
    /// The position.
    pub at: usize,
    /// The fingerprint of the state there.
    pub state: String,
    /// How many actions there are.
    pub n_actions: usize,
    /// By who acts.
    pub groups: Vec<Group>,
    /// The initial states, where there is a choice and the position is their own.
    pub starts: Vec<StartState>,
}

/// What one of them can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Who.
    pub lane: usize,
    /// By name.
    pub name: String,
    /// In semantic order.
    pub actions: Vec<Action>,
}

/// One thing that can happen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// From 1, through all groups.
    pub number: usize,
    /// What it appends to the path.
    pub code: Code,
    /// What happens.
    #[serde(flatten)]
    pub happens: Happening,
    /// The fingerprint of the state that it leads to.
    pub state: String,
    /// The first position of the path, up to here, with the same state.
    pub seen_at: Option<usize>,
    /// The properties that would read violated.
    pub breaks: Vec<usize>,
    /// The properties that would read met, and do not here.
    pub meets: Vec<usize>,
    /// It leads outside a boundary.
    pub outside: bool,
    /// It is the next step of the path.
    pub taken: bool,
}

/// An initial state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartState {
    /// Which.
    pub initial: usize,
    /// Its path.
    pub path: String,
    /// The path begins there.
    pub current: bool,
}

/// Initial states that are offered at most.
const STARTS_MAX: usize = 1000;

impl Explorer {
    pub(super) fn next_view(&mut self, path: &str, at: Option<usize>) -> Result<Next, Stuck> {
        let way = self.way(path)?;
        let at = way.position(at)?;
        let spot = way.spots[at];
        let memory = self.memory(&way, at);
        let choices: Vec<(u64, Code)> = {
            let choices = self.ground.choices(spot)?;
            choices.iter().map(|c| (c.fingerprint, c.code)).collect()
        };
        let mut actions: Vec<Action> = Vec::with_capacity(choices.len());
        let mut labels = Vec::with_capacity(choices.len());
        for (choice, (fingerprint, code)) in choices.into_iter().enumerate() {
            let after = self.ground.take(spot, choice)?;
            let step = self.step_between(spot, choice, after)?;
            let judgement = self.ground.judgement(after);
            let verdicts = memory.clone().next(self.ground.properties(), judgement);
            let here = &way.verdicts[at];
            let properties = 0..verdicts.len();
            let is = |p: &usize, verdict| verdicts[*p] == verdict;
            let mut before = way.spots[..=at].iter();
            actions.push(Action {
                number: 0,
                code,
                happens: self.happening(&step),
                state: hex64(fingerprint),
                seen_at: before.position(|&spot| self.ground.fingerprint(spot) == fingerprint),
                breaks: (properties.clone())
                    .filter(|p| is(p, StateVerdict::Violated))
                    .collect(),
                meets: properties
                    .filter(|p| is(p, StateVerdict::Met) && here[*p] != StateVerdict::Met)
                    .collect(),
                outside: judgement.outside != 0,
                taken: way.choices.get(at) == Some(&choice),
            });
            labels.push(Parts::of(&step, self.lanes()));
        }
        // Beside each other, no two that differ may look the same.
        for (action, parts) in actions.iter_mut().zip(shorts(&labels)) {
            action.happens.cut(parts);
        }
        let n_actions = actions.len();
        Ok(Next {
            path: way.id_at(at).to_owned(),
            at,
            state: hex64(self.ground.fingerprint(spot)),
            n_actions,
            groups: self.grouped(actions),
            starts: match at {
                0 if way.initial_states > 1 => self.starts(&way)?,
                _ => Vec::new(),
            },
        })
    }

    /// What the properties remember up to a position.
    fn memory(&self, way: &Way, at: usize) -> Memory {
        let mut memory = Memory::default();
        for &spot in &way.spots[..=at] {
            memory.next(self.ground.properties(), self.ground.judgement(spot));
        }
        memory
    }

    fn grouped(&self, actions: Vec<Action>) -> Vec<Group> {
        let lanes = self.lanes().iter().enumerate();
        let mut groups: Vec<Group> = lanes
            .map(|(lane, name)| Group {
                lane,
                name: name.clone(),
                actions: Vec::new(),
            })
            .collect();
        for action in actions {
            groups[action.happens.lane].actions.push(action);
        }
        groups.retain(|group| !group.actions.is_empty());
        let all = groups.iter_mut().flat_map(|group| &mut group.actions);
        for (i, action) in all.enumerate() {
            action.number = i + 1;
        }
        groups
    }

    fn starts(&mut self, way: &Way) -> Result<Vec<StartState>, Stuck> {
        (0..way.initial_states.min(STARTS_MAX))
            .map(|initial| {
                let spot = self.ground.start(initial)?;
                Ok(StartState {
                    initial,
                    path: super::code::base(initial, self.ground.fingerprint(spot)),
                    current: initial == way.initial,
                })
            })
            .collect()
    }
}
