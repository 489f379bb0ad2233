//! The ground that paths are walked on: the states that were come to, and the steps between them, kept so that nothing is walked twice.
//!
//! The only part of this room that knows a [`StateSpace`]; everything above asks a [`Terrain`]. A *spot* is the number of a state on one way from an initial
//! state; it is never seen outside, and holds until the ground is [forgotten](Terrain::forget). Two ways to one state are two spots.
//!
//! Every delivery counts here, also one without effect: what a check leaves out because nobody could notice is still something that can happen.

use super::code::{Code, codes};
use crate::error::Error;
use crate::search::{Halt, Path, ask, steps};
use crate::space::{Arena, Asked, Judgement, Label, PropertyDecl, Rendered, StateSpace, StepKind};
use crate::trace::{Fair, Flaw, fairness};

/// The number of a state that was come to.
pub(super) type Spot = usize;

/// A step that is enabled at a spot.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// What the space calls it.
    place: u32,
    /// The fingerprint of the state that it leads to.
    pub(super) fingerprint: u64,
    pub(super) code: Code,
    pub(super) kind: StepKind,
    /// Where it leads, once it was taken.
    to: Option<Spot>,
}

/// A model that can be walked through, its types left behind.
pub(super) trait Terrain: Send {
    /// Who acts, by index.
    fn lanes(&self) -> &[String];
    /// Its properties.
    fn properties(&self) -> &[PropertyDecl];
    /// The names of its boundaries.
    fn boundaries(&self) -> &[String];
    /// Whether messages in flight and timers hold the ticks that remain.
    fn has_ticks(&self) -> bool;
    /// How many initial states there are.
    fn initial_states(&mut self) -> Result<usize, Halt>;
    /// The spot of an initial state that there is.
    fn start(&mut self, initial: usize) -> Result<Spot, Halt>;
    /// The steps that are enabled, in semantic order.
    fn choices(&mut self, spot: Spot) -> Result<&[Choice], Halt>;
    /// A step in words. Only after [`choices`](Terrain::choices).
    fn label(&self, spot: Spot, choice: usize) -> Result<Label, Halt>;
    /// Takes a step. Only after [`choices`](Terrain::choices).
    fn take(&mut self, spot: Spot, choice: usize) -> Result<Spot, Halt>;
    /// The fingerprint of a state.
    fn fingerprint(&self, spot: Spot) -> u64;
    /// What holds in a state.
    fn judgement(&self, spot: Spot) -> &Judgement;
    /// How a property comes to what it says of a state.
    fn asked(&self, spot: Spot, property: usize) -> Result<Vec<Asked>, Halt>;
    /// A state as people read it.
    fn render(&self, spot: Spot) -> Rendered;
    /// The lanes whose actors are down.
    fn down(&self, spot: Spot) -> Vec<u32>;
    /// Whether two states are equal.
    fn same(&self, a: Spot, b: Spot) -> bool;
    /// Why fairness allows a loop: the last of `spots` is where it ends, `choices` are the steps between them.
    fn fairness(
        &mut self,
        initial: usize,
        spots: &[Spot],
        choices: &[usize],
        loop_start: usize,
    ) -> Result<Result<Vec<Fair>, Flaw>, Halt>;
    /// How many spots are kept.
    fn len(&self) -> usize;
    /// Forgets all spots.
    fn forget(&mut self);
}

/// The ground of a state space.
struct Ground<S: StateSpace> {
    space: S,
    scratch: S::Scratch,
    spots: Vec<Node<S::Arena>>,
    /// The spots of the initial states, as far as they were asked for; empty until the first is.
    starts: Vec<Option<Spot>>,
}

struct Node<A> {
    /// The state is the last one.
    arena: A,
    judgement: Judgement,
    choices: Option<Vec<Choice>>,
}

/// Makes a space ready to be walked through.
pub(super) fn terrain<S: StateSpace + 'static>(mut space: S) -> Box<dyn Terrain> {
    space.count_every_delivery();
    Box::new(Ground {
        space,
        scratch: S::Scratch::default(),
        spots: Vec::new(),
        starts: Vec::new(),
    })
}

impl<S: StateSpace> Ground<S> {
    /// Keeps a state: judges it.
    fn keep(&mut self, arena: S::Arena) -> Result<Spot, Halt> {
        let mut judgement = Judgement::default();
        let index = arena.len() - 1;
        ask(&mut self.space, &mut self.scratch, |space, scratch| {
            space.judge(&arena, index, scratch, &mut judgement)
        })?;
        self.spots.push(Node {
            arena,
            judgement,
            choices: None,
        });
        Ok(self.spots.len() - 1)
    }

    fn at(&self, spot: Spot) -> (&S::Arena, usize) {
        let arena = &self.spots[spot].arena;
        (arena, arena.len() - 1)
    }

    fn expand(&mut self, spot: Spot) -> Result<Vec<Choice>, Halt> {
        let arena = &self.spots[spot].arena;
        let index = arena.len() - 1;
        let mut successors: Vec<u64> = Vec::new();
        ask(&mut self.space, &mut self.scratch, |space, scratch| {
            successors.clear();
            space.expand(arena, index, scratch, &mut successors)
        })?;
        let mut found: Vec<(Vec<u8>, u64, u32, StepKind)> = Vec::new();
        for (place, fingerprint) in steps(&successors) {
            let label = self.space.label(arena, index, place)?;
            found.push((label.key, fingerprint, place, label.kind));
        }
        found.sort();
        // What has one key and one successor is one step.
        found.dedup_by(|a, b| (&a.0, a.1) == (&b.0, b.1));
        let codes = codes(found.iter().map(|(key, fp, _, _)| (key.as_slice(), *fp)));
        let choices = found.into_iter().zip(codes);
        Ok(choices
            .map(|((_, fingerprint, place, kind), code)| Choice {
                place,
                fingerprint,
                code,
                kind,
                to: None,
            })
            .collect())
    }

    fn choice(&self, spot: Spot, choice: usize) -> &Choice {
        match &self.spots[spot].choices {
            Some(choices) => &choices[choice],
            None => panic!("a step is asked for before the steps are"),
        }
    }
}

impl<S: StateSpace> Terrain for Ground<S> {
    fn lanes(&self) -> &[String] {
        self.space.lanes()
    }

    fn properties(&self) -> &[PropertyDecl] {
        self.space.properties()
    }

    fn boundaries(&self) -> &[String] {
        self.space.boundaries()
    }

    fn has_ticks(&self) -> bool {
        self.space.has_ticks()
    }

    fn initial_states(&mut self) -> Result<usize, Halt> {
        if self.starts.is_empty() {
            let mut arena = S::Arena::default();
            self.space.initial(&mut arena)?;
            if arena.is_empty() {
                return Err(Halt::Error(
                    Error::model("the model has no initial state")
                        .with_cure("without one there is nothing to explore"),
                ));
            }
            self.starts = vec![None; arena.len()];
        }
        Ok(self.starts.len())
    }

    fn start(&mut self, initial: usize) -> Result<Spot, Halt> {
        self.initial_states()?;
        if let Some(spot) = self.starts[initial] {
            return Ok(spot);
        }
        let mut arena = S::Arena::default();
        self.space.initial(&mut arena)?;
        arena.truncate(initial + 1);
        let spot = self.keep(arena)?;
        self.starts[initial] = Some(spot);
        Ok(spot)
    }

    fn choices(&mut self, spot: Spot) -> Result<&[Choice], Halt> {
        if self.spots[spot].choices.is_none() {
            let choices = self.expand(spot)?;
            self.spots[spot].choices = Some(choices);
        }
        Ok(self.spots[spot].choices.as_deref().unwrap_or_default())
    }

    fn label(&self, spot: Spot, choice: usize) -> Result<Label, Halt> {
        let (arena, index) = self.at(spot);
        let place = self.choice(spot, choice).place;
        Ok(self.space.label(arena, index, place)?)
    }

    fn take(&mut self, spot: Spot, choice: usize) -> Result<Spot, Halt> {
        let Choice { place, to, .. } = *self.choice(spot, choice);
        if let Some(to) = to {
            return Ok(to);
        }
        let mut next = S::Arena::default();
        let arena = &self.spots[spot].arena;
        let index = arena.len() - 1;
        self.space
            .successor(arena, index, place, &mut self.scratch, &mut next)?;
        assert!(next.len() == 1, "a step leads to one state");
        let to = self.keep(next)?;
        if let Some(choices) = &mut self.spots[spot].choices {
            choices[choice].to = Some(to);
        }
        Ok(to)
    }

    fn fingerprint(&self, spot: Spot) -> u64 {
        let (arena, index) = self.at(spot);
        self.space.fingerprint(arena, index)
    }

    fn judgement(&self, spot: Spot) -> &Judgement {
        &self.spots[spot].judgement
    }

    fn asked(&self, spot: Spot, property: usize) -> Result<Vec<Asked>, Halt> {
        let (arena, index) = self.at(spot);
        Ok(self.space.asked(arena, index, property)?)
    }

    fn render(&self, spot: Spot) -> Rendered {
        let (arena, index) = self.at(spot);
        self.space.render(arena, index)
    }

    fn down(&self, spot: Spot) -> Vec<u32> {
        let (arena, index) = self.at(spot);
        self.space.down(arena, index)
    }

    fn same(&self, a: Spot, b: Spot) -> bool {
        let ((a, a_index), (b, b_index)) = (self.at(a), self.at(b));
        self.space.same(a, a_index, b, b_index)
    }

    fn fairness(
        &mut self,
        initial: usize,
        spots: &[Spot],
        choices: &[usize],
        loop_start: usize,
    ) -> Result<Result<Vec<Fair>, Flaw>, Halt> {
        let taken = spots.iter().zip(choices);
        let path = Path {
            initial,
            steps: taken
                .map(|(&spot, &choice)| self.choice(spot, choice).place)
                .collect(),
            loop_start: Some(loop_start),
        };
        fairness(&mut self.space, &path, loop_start)
    }

    fn len(&self) -> usize {
        self.spots.len()
    }

    fn forget(&mut self) {
        self.spots.clear();
        self.starts.clear();
    }
}
