//! Lassos, checked again: whether a loop is closed, contradicts its property, and is one that fairness allows. Shares no code with the search
//! that found it: only the loop itself is looked at, step by step.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::walk::Walk;
use crate::search::{Halt, Path};
use crate::space::{Class, Fairness, Judgement, PropertyKind, Role, StateSpace};

/// Why a loop is fair to one class of steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fair {
    /// The class, in words.
    pub class: String,
    /// What is required of it.
    pub fairness: Fairness,
    /// How the loop meets that.
    pub met: Met,
}

/// How a loop meets what is required of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// This step of the path, counted from 1, takes it.
    Taken {
        /// The step.
        step: usize,
    },
    /// It is not enabled in the state after this step, counted from 1; 0: in the initial state.
    NotEnabled {
        /// The step.
        after: usize,
    },
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Met::Taken { step } => write!(f, "taken in step {step}"),
            Met::NotEnabled { after: 0 } => f.write_str("not enabled initially"),
            Met::NotEnabled { after } => write!(f, "not enabled after step {after}"),
        }
    }
}

/// What is wrong with a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It does not lead back to where it begins.
    Open,
    /// Fairness does not allow it: the class is owed a step.
    Unfair {
        /// The class, in words.
        class: String,
        /// What is required of it.
        fairness: Fairness,
    },
}

/// What a class has to do with a loop.
#[derive(Default)]
struct Tally {
    /// The first state that does not enable it, by the number of steps before.
    not_enabled: Option<usize>,
    is_enabled: bool,
    /// The first step that takes it, from 1.
    taken: Option<usize>,
    is_used: bool,
}

/// A path with a loop, looked at as it is walked.
pub(super) struct Lasso<S: StateSpace> {
    /// Steps before the loop.
    start: usize,
    /// What holds in the states so far.
    judged: Vec<Judgement>,
    tallies: BTreeMap<Class, Tally>,
    /// The state that the loop begins in, once it was left.
    anchor: Option<S::Arena>,
}

impl<S: StateSpace> Lasso<S> {
    /// A path whose loop begins after `start` steps.
    pub(super) fn new(start: usize) -> Self {
        Lasso {
            start,
            judged: Vec::new(),
            tallies: BTreeMap::new(),
            anchor: None,
        }
    }

    /// Looks at the state that the walk is in, before this step is taken there.
    pub(super) fn leave(&mut self, walk: &mut Walk<'_, S>, step: Option<u32>) -> Result<(), Halt> {
        if self.judged.len() >= self.start {
            self.note(walk, step)?;
        }
        self.judged.push(walk.judge()?);
        Ok(())
    }

    /// Takes a state that was left.
    pub(super) fn keep(&mut self, left: S::Arena) {
        if self.judged.len() > self.start {
            self.anchor.get_or_insert(left);
        }
    }

    /// The walk has come to the last state: why fairness allows the loop, and whether the path contradicts the property.
    pub(super) fn end(
        mut self,
        walk: &mut Walk<'_, S>,
        shown: Option<(usize, PropertyKind)>,
    ) -> Result<Result<(Vec<Fair>, bool), Flaw>, Halt> {
        if self.judged.len() == self.start {
            // It stays there.
            self.leave(walk, None)?;
        } else if self.anchor.as_ref().is_some_and(|anchor| !walk.is(anchor)) {
            return Ok(Err(Flaw::Open));
        }
        let contradicts = shown
            .is_none_or(|(property, kind)| contradicts(kind, property, &self.judged, self.start));
        Ok(self.judge(walk).map(|fairness| (fairness, contradicts)))
    }

    /// Notes the state that the walk is in, and the step that is taken there; none where the run stays.
    fn note(&mut self, walk: &mut Walk<'_, S>, step: Option<u32>) -> Result<(), Halt> {
        let before = self.judged.len();
        let is_first = before == self.start;
        let shares = walk.fair()?;
        for share in &shares {
            let tally = self.tallies.entry(share.class).or_insert_with(|| Tally {
                // It was not enabled in the states so far.
                not_enabled: (!is_first).then_some(self.start),
                ..Tally::default()
            });
            tally.is_enabled |= share.role != Role::Uses;
            if Some(share.step) == step {
                match share.role {
                    Role::Takes => {
                        tally.taken.get_or_insert(before + 1);
                    }
                    Role::Uses => tally.is_used = true,
                    Role::Enables => {}
                }
            }
        }
        for (&class, tally) in &mut self.tallies {
            let mut own = shares.iter().filter(|share| share.class == class);
            if !own.any(|share| share.role != Role::Uses) {
                tally.not_enabled.get_or_insert(before);
            }
        }
        Ok(())
    }

    /// Why the loop is fair, or to whom it is not.
    fn judge(self, walk: &Walk<'_, S>) -> Result<Vec<Fair>, Flaw> {
        let mut reasons = Vec::new();
        for (class, tally) in self.tallies {
            let named = walk.class(class);
            let owes = match named.fairness {
                Fairness::None => false,
                Fairness::Weak | Fairness::Strong => tally.is_enabled,
                Fairness::Matched => tally.is_used,
            };
            if !owes {
                continue;
            }
            let met = match (tally.taken, tally.not_enabled) {
                (Some(step), _) => Met::Taken { step },
                (None, Some(after)) if named.fairness == Fairness::Weak => {
                    Met::NotEnabled { after }
                }
                _ => {
                    return Err(Flaw::Unfair {
                        class: named.name,
                        fairness: named.fairness,
                    });
                }
            };
            reasons.push(Fair {
                class: named.name,
                fairness: named.fairness,
                met,
            });
        }
        // Classes are numbers that nobody may see: their names give the order.
        reasons.sort_by(|a, b| (&a.class, a.fairness).cmp(&(&b.class, b.fairness)));
        Ok(reasons)
    }
}

/// Why fairness allows the loop of a path, which begins after `start` steps. `space` is the one whose steps the path is of.
pub(crate) fn fairness<S: StateSpace>(
    space: &mut S,
    path: &Path,
    start: usize,
) -> Result<Result<Vec<Fair>, Flaw>, Halt> {
    let Ok(mut walk) = Walk::start(space, path.initial)? else {
        panic!("the initial state of a path is gone");
    };
    let mut lasso = Lasso::new(start);
    for &step in &path.steps {
        walk.steps()?;
        lasso.leave(&mut walk, Some(step))?;
        lasso.keep(walk.take(step)?);
    }
    let ended = lasso.end(&mut walk, None)?;
    Ok(ended.map(|(fairness, _)| fairness))
}

/// Whether a path with a loop contradicts a liveness property: `states` are judged from the first to the last, the loop begins with
/// the one at `start`.
pub(crate) fn contradicts<J: Borrow<Judgement>>(
    kind: PropertyKind,
    property: usize,
    states: &[J],
    start: usize,
) -> bool {
    let goal = |state: &J| Borrow::<Judgement>::borrow(state).holds >> property & 1 == 1;
    let premise = |state: &J| Borrow::<Judgement>::borrow(state).premise >> property & 1 == 1;
    let in_loop = &states[start..];
    match kind {
        PropertyKind::Eventually => !states.iter().any(goal),
        PropertyKind::InfinitelyOften => !in_loop.iter().any(goal),
        PropertyKind::Stabilises => in_loop.iter().any(|state| !goal(state)),
        PropertyKind::LeadsTo | PropertyKind::Measure => {
            let last_goal = states.iter().rposition(goal);
            let pending = &states[last_goal.map_or(0, |last| last + 1)..];
            // The loop never meets the goal; the premise held since it was last met, or holds in the loop.
            last_goal.is_none_or(|last| last < start) && pending.iter().any(premise)
        }
        _ => false,
    }
}
