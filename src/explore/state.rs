//! The state at a position of a path: what led there, what it says of the properties, and who is how.

use serde::Serialize;

use super::actors::{ActorView, actors, others};
use super::path::StepView;
use super::verdicts::StateVerdict;
use super::{Explorer, Stuck};
use crate::space::PropertyKind;
use crate::trace::{Change, TraceStep, hex64, of_panic};
use crate::value::Tree;

/// How much of a state is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What changed, inboxes, timers.
    Diff,
    /// Whole states too.
    Full,
}

/// A value: its shape, and one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueView {
    /// The shape.
    pub tree: Tree,
    /// As the terminal prints it.
    pub text: String,
}

/// The state at a position.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// The path up to here, without loop.
    pub path: String,
    /// The position.
    pub at: usize,
    /// Steps of the whole path.
    pub n_steps: usize,
    /// The step that led here.
    pub step: Option<StepView>,
    /// The position that follows.
    pub next: Option<usize>,
    /// The state's fingerprint.
    pub state: String,
    /// What it says of each property.
    pub verdicts: Vec<PropertyState>,
    /// The boundaries that it lies outside of.
    pub outside: Vec<String>,
    /// What the step changed.
    pub diff: Vec<DiffRow>,
    /// What the step sent.
    pub sent: Vec<SentView>,
    /// Who is how.
    pub actors: Vec<ActorView>,
    /// What belongs to no actor.
    pub parts: Vec<PartView>,
}

/// What a state says of a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyState {
    /// Its number.
    pub property: usize,
    /// Here.
    pub verdict: StateVerdict,
    /// One step earlier.
    pub before: Option<StateVerdict>,
    /// One line for people.
    pub note: Option<String>,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffRow {
    /// The part of the state.
    pub part: String,
    /// The lane, where the part is an actor.
    pub lane: Option<usize>,
    /// Where in the part.
    pub path: String,
    /// Whether it came, went or became another.
    pub change: ChangeKind,
    /// What was there.
    pub before: Option<ValueView>,
    /// What is there.
    pub after: Option<ValueView>,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It became another.
    Changed,
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
}

/// A message that a step sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentView {
    /// To whom.
    pub to: usize,
    /// What.
    pub content: ValueView,
}

/// A part of a state that is no actor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartView {
    /// Its name.
    pub part: String,
    /// What it is.
    pub value: ValueView,
}

impl ValueView {
    pub(super) fn of(tree: &Tree) -> Self {
        ValueView {
            text: tree.text(),
            tree: tree.clone(),
        }
    }
}

impl Explorer {
    pub(super) fn state_view(
        &mut self,
        path: &str,
        at: Option<usize>,
        view: View,
    ) -> Result<State, Stuck> {
        let way = self.way(path)?;
        let at = way.position(at)?;
        let spot = way.spots[at];
        let rendered = self.ground.render(spot);
        let happened = match at.checked_sub(1) {
            Some(step) => Some((self.step(&way, step)?, self.step_view(&way, step)?)),
            None => None,
        };
        let changed = happened
            .as_ref()
            .map_or(Vec::new(), |(step, _)| self.changed(step));
        let judgement = self.ground.judgement(spot);
        let verdicts = way.verdicts[at].iter().enumerate();
        let before = at.checked_sub(1).map(|before| &way.verdicts[before]);
        let decls = self.ground.properties();
        let verdicts = verdicts
            .map(|(property, &verdict)| PropertyState {
                property,
                verdict,
                before: before.map(|before| before[property]),
                note: match (decls[property].kind, &judgement.panic) {
                    (PropertyKind::NoPanic, Some(why)) => Some(of_panic(why)),
                    _ => None,
                },
            })
            .collect();
        let boundaries = self.ground.boundaries().iter().enumerate();
        let outside = boundaries.filter(|(bit, _)| judgement.outside >> bit & 1 == 1);
        let full = view == View::Full;
        let lanes = self.ground.lanes();
        Ok(State {
            path: way.id_at(at).to_owned(),
            at,
            n_steps: way.n_steps(),
            next: way.after(at),
            state: hex64(self.ground.fingerprint(spot)),
            verdicts,
            outside: outside.map(|(_, name)| name.clone()).collect(),
            actors: match self.has_actors() {
                true => actors(
                    &rendered,
                    lanes,
                    &self.ground.down(spot),
                    &changed,
                    self.ground.has_ticks(),
                    full,
                ),
                false => Vec::new(),
            },
            parts: match full {
                true => others(&rendered, lanes, self.has_actors()),
                false => Vec::new(),
            },
            diff: match &happened {
                Some((step, _)) => self.rows(&step.changes),
                None => Vec::new(),
            },
            sent: match &happened {
                Some((step, _)) => self.sent(step),
                None => Vec::new(),
            },
            step: happened.map(|(_, view)| view),
        })
    }

    pub(super) fn rows(&self, changes: &[Change]) -> Vec<DiffRow> {
        let row = |change: &Change| DiffRow {
            lane: self.lane(&change.part),
            part: change.part.clone(),
            path: change.path.clone(),
            change: match (&change.before, &change.after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                _ => ChangeKind::Changed,
            },
            before: change.before.as_ref().map(ValueView::of),
            after: change.after.as_ref().map(ValueView::of),
        };
        changes.iter().map(row).collect()
    }

    fn sent(&self, step: &TraceStep) -> Vec<SentView> {
        let sent = step.sent.iter();
        sent.map(|sent| SentView {
            to: self.lane(&sent.to).unwrap_or(0),
            content: ValueView::of(&sent.content),
        })
        .collect()
    }
}
