//! The state space of a general state machine: stateright's `Model` trait, with properties as closures if wanted.
//!
//! The model's code runs directly: nothing is interned or remembered, so that a small state costs little. A successor is built,
//! identified and dropped; only those that are new are built again and kept.
//!
//! A panic of `actions` or `next_state` becomes a state of its own, without steps, that violates `no panic`. Where a property panics, the
//! state violates `no panic` and that property says nothing.

mod arena;
mod claims;
mod identity;
mod properties;
#[cfg(test)]
mod tests;
mod words;

use std::cell::RefCell;
use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use stateright::Model;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The name of the boundary that a model of stateright's draws itself, if it draws one.
pub(crate) const OWN_BOUNDARY: &str = "within_boundary";

pub use arena::GeneralArena;
pub use identity::{Audited, Buffer, Encoded, Hashed, Identity};

use super::{
    Absorbed, Answer, Arena, Asked, Fingerprint, Judgement, Label, PropertyDecl, Rendered,
    StateSpace, StepKind,
};
use crate::error::Error;
use crate::system::guarded;
use crate::value::Tree;
use properties::{Boundary, Property};

/// Appends the canonical encoding of an action.
type ActionKey<A> = fn(&A, &mut Vec<u8>) -> Result<(), Error>;

/// The state space of a model. Which constructor made it decides how states are told apart.
pub struct GeneralSpace<M: Model, I = Encoded> {
    model: M,
    /// Index 0 is `no panic`, which has no entry in `properties`.
    decls: Vec<PropertyDecl>,
    properties: Vec<Property<M>>,
    /// Bits of `properties` that say nothing of a state where the model panics.
    neutral: u64,
    /// Whether a property needs to know which states are quiescent.
    asks_quiescence: bool,
    boundary_names: Vec<String>,
    boundaries: Vec<Boundary<M>>,
    lanes: Vec<String>,
    action_key: Option<ActionKey<M::Action>>,
    seed: u64,
    /// A mistake made while it was put together, reported by [`StateSpace::initial`].
    mistake: Option<Error>,
    identity: std::marker::PhantomData<fn() -> I>,
}

impl<M: Model> GeneralSpace<M, Encoded>
where
    M::State: Serialize,
{
    /// States are the same if their canonical encodings are: exact for every type whose `Serialize` leaves nothing out.
    pub fn encoded(model: M) -> Self {
        GeneralSpace::new(model)
    }
}

impl<M: Model> GeneralSpace<M, Hashed>
where
    M::State: Hash + Debug,
{
    /// States are the same if they feed a hasher the same: as good as the state's `Hash`, and the report says so.
    pub fn hashed(model: M) -> Self {
        GeneralSpace::new(model)
    }
}

impl<M: Model> GeneralSpace<M, Audited>
where
    M::State: Hash + PartialEq + Debug,
{
    /// Found by `Hash`, told apart by `PartialEq`. Without `exact` only fingerprints are kept, so the comparison has nothing to compare with
    /// and the model's `Hash` decides; with `exact` every state is kept and `PartialEq` decides.
    pub fn audited(model: M) -> Self {
        GeneralSpace::new(model)
    }
}

/// A thread's working memory.
pub struct GeneralScratch<M: Model> {
    actions: Vec<M::Action>,
    buffer: Buffer,
    /// A state, or a property's value, that has no canonical encoding.
    refused: Option<Error>,
}

impl<M: Model> Default for GeneralScratch<M> {
    fn default() -> Self {
        GeneralScratch {
            actions: Vec::new(),
            buffer: Buffer::default(),
            refused: None,
        }
    }
}

thread_local! {
    static BUFFER: RefCell<Buffer> = RefCell::default();
}

/// A step: where it leads, or why it panicked.
type Step<T> = Result<T, String>;

impl<M: Model, I: Identity<M::State>> GeneralSpace<M, I> {
    /// The 128-bit content hash of a state.
    #[inline]
    fn content(&self, state: &M::State, buffer: &mut Buffer) -> Result<u128, Error> {
        I::content(state, self.seed, buffer)
    }

    /// The content hash of the state that stands for a panic in `state`.
    fn content_of_panic(&self, state: &M::State, message: &str) -> Result<u128, Error> {
        let content = self.content(state, &mut Buffer::default())?;
        let mut bytes = content.to_le_bytes().to_vec();
        bytes.extend_from_slice(message.as_bytes());
        Ok(xxh3_128_with_seed(&bytes, !self.seed))
    }

    /// All steps of a state, one by one, each panic caught on its own, with the index of the action.
    fn steps_guarded(&self, state: &M::State) -> Vec<(usize, Step<M::State>)> {
        let actions = guarded(|| {
            let mut actions = Vec::new();
            self.model.actions(state, &mut actions);
            actions
        });
        let actions = match actions {
            Ok(actions) => actions,
            Err(thrown) => return vec![(0, Err(thrown.message))],
        };
        let steps = actions.into_iter().enumerate();
        steps
            .filter_map(
                |(i, action)| match guarded(|| self.model.next_state(state, action)) {
                    Ok(next) => next.map(|next| (i, Ok(next))),
                    Err(thrown) => Some((i, Err(thrown.message))),
                },
            )
            .collect()
    }

    /// Calls `visit` with every successor, in order, until it answers false. A panic passes through.
    #[inline]
    fn each_successor(
        &self,
        state: &M::State,
        actions: &mut Vec<M::Action>,
        mut visit: impl FnMut(M::State) -> bool,
    ) {
        actions.clear();
        self.model.actions(state, actions);
        for action in actions.drain(..) {
            if let Some(next) = self.model.next_state(state, action)
                && !visit(next)
            {
                break;
            }
        }
    }
}

impl<M, I> StateSpace for GeneralSpace<M, I>
where
    M: Model + Send + Sync,
    M::State: Clone + Debug + Send + Sync,
    M::Action: Debug + Send,
    I: Identity<M::State>,
{
    type Arena = GeneralArena<M::State>;
    type Scratch = GeneralScratch<M>;

    fn properties(&self) -> &[PropertyDecl] {
        &self.decls
    }

    fn boundaries(&self) -> &[String] {
        &self.boundary_names
    }

    fn lanes(&self) -> &[String] {
        &self.lanes
    }

    fn identity_note(&self) -> Option<String> {
        I::NOTE.map(str::to_owned)
    }

    fn seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn initial(&mut self, out: &mut Self::Arena) -> Result<(), Error> {
        if let Some(mistake) = &self.mistake {
            return Err(mistake.clone());
        }
        let states = guarded(|| self.model.init_states());
        let states = states.map_err(|thrown| {
            Error::model(format!(
                "the model panics before it has a state: {}",
                thrown.message
            ))
        })?;
        let mut buffer = Buffer::default();
        for state in states {
            self.content(&state, &mut buffer)?;
            out.push(state);
        }
        Ok(())
    }

    #[inline]
    fn fingerprint<F: Fingerprint>(&self, states: &Self::Arena, index: usize) -> F {
        let state = &states[index];
        let content = match states.panic(index) {
            None => BUFFER.with_borrow_mut(|buffer| self.content(state, buffer)),
            Some(message) => self.content_of_panic(state, message),
        };
        // A state that can be encoded once and not again has no fingerprint: the search will say that the model is not deterministic.
        content.map_or(F::default(), F::of_hash)
    }

    #[inline]
    fn expand<F: Fingerprint>(
        &self,
        states: &Self::Arena,
        index: usize,
        scratch: &mut Self::Scratch,
        out: &mut Vec<F>,
    ) -> Answer {
        if states.panic(index).is_some() {
            return Answer::Complete;
        }
        let state = &states[index];
        let begin = out.len();
        let GeneralScratch {
            actions,
            buffer,
            refused,
        } = scratch;
        let ran = guarded(|| {
            self.each_successor(state, actions, |next| match self.content(&next, buffer) {
                Ok(content) => {
                    out.push(F::of_hash(content));
                    true
                }
                Err(error) => {
                    *refused = Some(error);
                    false
                }
            });
        });
        if ran.is_err() {
            out.truncate(begin);
            for (_, step) in self.steps_guarded(state) {
                let content = match &step {
                    Ok(next) => self.content(next, buffer),
                    Err(message) => self.content_of_panic(state, message),
                };
                match content {
                    Ok(content) => out.push(F::of_hash(content)),
                    Err(error) => *refused = Some(error),
                }
            }
        }
        match scratch.refused {
            None => Answer::Complete,
            Some(_) => Answer::Missing,
        }
    }

    fn successor(
        &self,
        states: &Self::Arena,
        index: usize,
        step: u32,
        scratch: &mut Self::Scratch,
        out: &mut Self::Arena,
    ) -> Result<(), Error> {
        self.successors(states, index, &[step], scratch, out)
    }

    fn successors(
        &self,
        states: &Self::Arena,
        index: usize,
        steps: &[u32],
        scratch: &mut Self::Scratch,
        out: &mut Self::Arena,
    ) -> Result<(), Error> {
        let state = &states[index];
        let begin = out.len();
        let mut wanted = steps.iter().copied().peekable();
        let ran = guarded(|| {
            let mut step = 0;
            self.each_successor(state, &mut scratch.actions, |next| {
                if wanted.next_if_eq(&step).is_some() {
                    out.push(next);
                }
                step += 1;
                wanted.peek().is_some()
            });
        });
        if ran.is_err() {
            out.truncate(begin);
            wanted = steps.iter().copied().peekable();
            for (step, (_, next)) in self.steps_guarded(state).into_iter().enumerate() {
                if wanted.next_if_eq(&(step as u32)).is_some() {
                    match next {
                        Ok(next) => out.push(next),
                        Err(message) => out.push_panic(state.clone(), message),
                    }
                }
            }
        }
        match wanted.peek() {
            None => Ok(()),
            Some(_) => Err(Error::model(
                "the model answers differently the second time: a state has fewer steps when it is asked again",
            )),
        }
    }

    #[inline]
    fn judge(
        &self,
        states: &Self::Arena,
        index: usize,
        scratch: &mut Self::Scratch,
        out: &mut Judgement,
    ) -> Answer {
        out.confluent.clear();
        out.quiescent = false;
        out.outside = 0;
        out.premise = 0;
        out.panic = None;
        if let Some(message) = states.panic(index) {
            out.holds = self.neutral;
            out.panic = Some(message.to_owned());
            return Answer::Complete;
        }
        let state = &states[index];
        let actions = &mut scratch.actions;
        let judged = guarded(|| self.judge_all(state, actions, out))
            .unwrap_or_else(|_| self.judge_guarded(state, actions, out));
        match judged {
            Ok(()) => Answer::Complete,
            Err(error) => {
                scratch.refused = Some(error);
                Answer::Missing
            }
        }
    }

    fn asked(
        &self,
        states: &Self::Arena,
        index: usize,
        property: usize,
    ) -> Result<Vec<Asked>, Error> {
        Ok(match states.panic(index) {
            None => self.asked_of(&states[index], property),
            Some(_) => Vec::new(),
        })
    }

    fn absorb(&mut self, scratches: &mut [Self::Scratch]) -> Result<Absorbed, Error> {
        match scratches.iter_mut().find_map(|s| s.refused.take()) {
            None => Ok(Absorbed::Continue),
            Some(error) => Err(error),
        }
    }

    fn same(&self, a: &Self::Arena, a_index: usize, b: &Self::Arena, b_index: usize) -> bool {
        a.panic(a_index) == b.panic(b_index) && I::same(&a[a_index], &b[b_index])
    }

    fn label(&self, states: &Self::Arena, index: usize, step: u32) -> Result<Label, Error> {
        let state = &states[index];
        let steps = self.steps_guarded(state);
        let missing =
            || Error::model("the model answers differently the second time: a step is gone");
        let (action_idx, next) = steps.get(step as usize).ok_or_else(missing)?;
        let (mut key, content);
        let actions = guarded(|| {
            let mut actions = Vec::new();
            self.model.actions(state, &mut actions);
            actions
        });
        match (&actions, next) {
            (Ok(actions), _) => {
                let action = actions.get(*action_idx).ok_or_else(missing)?;
                key = Vec::new();
                match self.action_key {
                    Some(encode) => encode(action, &mut key)?,
                    None => key.extend((*action_idx as u32).to_be_bytes()),
                }
                content = Tree::Debug(self.model.format_action(action));
            }
            (Err(_), _) => {
                key = Vec::new();
                content = Tree::Text("asking for the actions".into());
            }
        }
        Ok(Label {
            key,
            lane: 0,
            kind: StepKind::Act,
            from: None,
            content,
            name: None,
            interrupted: None,
            sent: Vec::new(),
        })
    }

    fn render(&self, states: &Self::Arena, index: usize) -> Rendered {
        let mut rendered = vec![("state".to_owned(), I::tree(&states[index]))];
        if let Some(message) = states.panic(index) {
            rendered.push(("panic".to_owned(), Tree::Text(message.to_owned())));
        }
        rendered
    }

    fn bytes(&self) -> usize {
        0
    }
}
