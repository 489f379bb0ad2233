//! Walking through a model by hand: what happened along a path, the state it has come to, what can happen next.
//!
//! A path is an address (see `code.rs`), and everything is a pure function of the model and the address: what was asked before changes no answer. What was
//! walked is kept, so that a step deep in a long path costs no more than one at its beginning. The answers are those of `docs/explorer.md`, ready to be
//! written as JSON; the meaning in them (labels, diffs, causes, positions) is that of `trace`, so that a page says what the terminal says.
//!
//! Knows no HTTP, no page and no catalogue, and searches nothing.

mod actors;
mod code;
mod compare;
mod ground;
mod happening;
mod load;
mod next;
mod pair;
mod path;
mod short;
mod spacetime;
mod state;
#[cfg(test)]
mod tests;
mod verdicts;
mod way;
mod why;

pub use actors::{ActorView, FacetView, InFlightView, Status};
pub use code::{CODE_LENGTH, Code, STEPS_MAX};
pub use compare::{Compared, Parted, PartedKind};
pub use happening::Happening;
pub use load::{Loaded, LoadedPath, LoadedProperty};
pub use next::{Action, Group, Next, StartState};
pub use pair::Together;
pub use path::{FairView, LoopView, PathView, StartView, StepView, Turn, Until};
pub use short::Short;
pub use spacetime::{Bracket, Cone, DownView, EdgeView, EventView, LaneView, Point, Spacetime};
pub use state::{ChangeKind, DiffRow, PartView, PropertyState, SentView, State, ValueView, View};
pub use verdicts::{Shows, StateVerdict};
pub use way::{Parting, PartingKind};

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Error;
use crate::search::{Discovery, Halt, RESTARTS_MAX, Verdict};
use crate::space::{PropertyDecl, StateSpace};
use crate::trace::states::{known, whole};
use crate::trace::{About, Format, Shown, Trace, TracePath, TraceStep, diff, hex64, of_panic};
use crate::value::ENCODING_VERSION;
use code::Address;
use ground::{Spot, Terrain, terrain};
use way::{Way, Ways};

/// More states than these are not kept: the next question begins from nothing.
const SPOTS_MAX: usize = 150_000;

/// A model that is walked through by hand.
pub struct Explorer {
    ground: Box<dyn Terrain>,
    about: About,
    ways: Ways,
    /// What happened on the way to a spot.
    steps: HashMap<Spot, Arc<TraceStep>>,
}

/// Why a question has no answer.
#[derive(Clone, Debug)]
pub enum Refused {
    /// What was asked for is not there, or makes no sense.
    Request(Error),
    /// What was given is no trace.
    File(Error),
    /// The trace is another model's.
    Foreign(Error),
    /// The model is at fault.
    Model(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        if error.is_usage() {
            Refused::Request(error)
        } else if error.is_file() {
            Refused::File(error)
        } else {
            Refused::Model(error)
        }
    }
}

impl Explorer {
    /// Makes a space ready to be walked through. `about` goes into the traces.
    pub fn new<S: StateSpace + 'static>(space: S, about: About) -> Self {
        Explorer {
            ground: terrain(space),
            about,
            ways: Ways::default(),
            steps: HashMap::new(),
        }
    }

    /// Who acts, by index.
    pub fn lanes(&self) -> &[String] {
        self.ground.lanes()
    }

    /// The properties.
    pub fn properties(&self) -> &[PropertyDecl] {
        self.ground.properties()
    }

    /// The names of the boundaries.
    pub fn boundaries(&self) -> &[String] {
        self.ground.boundaries()
    }

    /// Whether it is a system of actors, with an environment; else a general model.
    pub fn has_actors(&self) -> bool {
        self.lanes().len() > 1
    }

    /// How many initial states there are, and the address of the first.
    ///
    /// # Errors
    /// The model is at fault.
    pub fn start(&mut self) -> Result<(usize, String), Refused> {
        self.asking(|explorer| {
            let way = explorer.way("0")?;
            Ok((way.initial_states, way.id.clone()))
        })
    }

    /// A path, and at most `count` of its steps, beginning with the one of number `from`.
    ///
    /// # Errors
    /// It is no address; the model is at fault.
    pub fn path(&mut self, path: &str, from: usize, count: usize) -> Result<PathView, Refused> {
        self.asking(|explorer| explorer.path_view(path, from, count))
    }

    /// The state at a position: the end, unless one is given.
    ///
    /// # Errors
    /// It is no address, or has no such position; the model is at fault.
    pub fn state(&mut self, path: &str, at: Option<usize>, view: View) -> Result<State, Refused> {
        self.asking(|explorer| explorer.state_view(path, at, view))
    }

    /// What can happen after a position: the end, unless one is given.
    ///
    /// # Errors
    /// It is no address, or has no such position; the model is at fault.
    pub fn next(&mut self, path: &str, at: Option<usize>) -> Result<Next, Refused> {
        self.asking(|explorer| explorer.next_view(path, at))
    }

    /// The next position at which the verdict of a property changes, of any where none is named; backward if so asked.
    ///
    /// # Errors
    /// It is no address, or has no such position or property; the model is at fault.
    pub fn until(
        &mut self,
        path: &str,
        at: Option<usize>,
        property: Option<usize>,
        backward: bool,
    ) -> Result<Until, Refused> {
        self.asking(|explorer| explorer.until_view(path, at, property, backward))
    }

    /// The space-time diagram of a window of steps, without the lanes of those numbers.
    ///
    /// # Errors
    /// It is no address, or has no such lane or step; the model is at fault.
    pub fn spacetime(
        &mut self,
        path: &str,
        window: (usize, usize),
        hide: &[usize],
        cone: Option<usize>,
    ) -> Result<Spacetime, Refused> {
        self.asking(|explorer| explorer.spacetime_view(path, window, hide, cone))
    }

    /// Where two paths part.
    ///
    /// # Errors
    /// One is no address; the model is at fault.
    pub fn compare(&mut self, a: &str, b: &str) -> Result<Compared, Refused> {
        self.asking(|explorer| explorer.compare_view(a, b))
    }

    /// A trace as paths of this model.
    ///
    /// # Errors
    /// It is another model's; the model is at fault.
    pub fn load(&mut self, trace: &Trace) -> Result<Loaded, Refused> {
        self.asking(|explorer| explorer.load_trace(trace))
    }

    /// The address of a way that a search found; nothing where it does not lead through this model.
    ///
    /// # Errors
    /// The model is at fault.
    pub fn discovered(&mut self, found: &Discovery) -> Result<Option<String>, Refused> {
        self.asking(|explorer| explorer.discovered_way(found))
    }

    /// What a path shows of a property; nothing where it shows nothing.
    ///
    /// # Errors
    /// It is no address; the model is at fault.
    pub fn shown(&mut self, path: &str, property: usize) -> Result<Option<Shows>, Refused> {
        self.asking(|explorer| Ok(explorer.way(path)?.shown(property).cloned()))
    }

    /// The trace of a path, about a property: the first that it shows, unless one is named.
    ///
    /// # Errors
    /// It is no address, or there is no such property; the model is at fault.
    pub fn trace(&mut self, path: &str, property: Option<usize>) -> Result<Trace, Refused> {
        self.asking(|explorer| explorer.trace_of(path, property))
    }

    /// The trace of two paths that contradict a property together: the first such, unless one is named.
    ///
    /// # Errors
    /// They show nothing together; and as for [`trace`](Explorer::trace).
    pub fn trace_of_pair(
        &mut self,
        paths: [&str; 2],
        property: Option<usize>,
    ) -> Result<Trace, Refused> {
        self.asking(|explorer| explorer.trace_of_two(paths, property))
    }

    /// The path in a format for files.
    ///
    /// # Errors
    /// As for [`trace`](Explorer::trace).
    pub fn export(
        &mut self,
        path: &str,
        property: Option<usize>,
        format: Format,
    ) -> Result<String, Refused> {
        Ok(format.export(&self.trace(path, property)?))
    }

    /// Answers a question: as often as the space asks to begin again, from nothing.
    fn asking<T>(
        &mut self,
        mut answer: impl FnMut(&mut Self) -> Result<T, Stuck>,
    ) -> Result<T, Refused> {
        if self.ground.len() > SPOTS_MAX {
            self.forget();
        }
        for _ in 0..RESTARTS_MAX {
            match answer(self) {
                Ok(answer) => return Ok(answer),
                Err(Stuck::Restart) => self.forget(),
                Err(Stuck::Refused(refused)) => return Err(refused),
            }
        }
        panic!("a state space asked to begin again more often than it can have reasons to")
    }

    fn forget(&mut self) {
        self.ground.forget();
        self.ways.clear();
        self.steps.clear();
    }

    /// The way that an address names, as far as it goes today.
    fn way(&mut self, path: &str) -> Result<Arc<Way>, Stuck> {
        if let Some(way) = self.ways.get(path) {
            return Ok(way);
        }
        let address = Address::parse(path)?;
        let way = Arc::new(way::follow(&mut *self.ground, &address)?);
        self.ways.keep(path, &way);
        Ok(way)
    }

    /// What happens in a step, counted from 0, and what it changes.
    fn step(&mut self, way: &Way, step: usize) -> Result<Arc<TraceStep>, Stuck> {
        self.step_between(way.spots[step], way.choices[step], way.spots[step + 1])
    }

    fn step_between(
        &mut self,
        before: Spot,
        choice: usize,
        after: Spot,
    ) -> Result<Arc<TraceStep>, Stuck> {
        if let Some(step) = self.steps.get(&after) {
            return Ok(Arc::clone(step));
        }
        let label = self.ground.label(before, choice)?;
        let lanes = self.ground.lanes();
        let mut step = TraceStep::of(label, |lane| lanes[lane as usize].clone());
        step.changes = diff(&self.ground.render(before), &self.ground.render(after));
        step.fingerprint = hex64(self.ground.fingerprint(after));
        let step = Arc::new(step);
        self.steps.insert(after, Arc::clone(&step));
        Ok(step)
    }

    /// The way as a trace has it.
    fn traced(&mut self, way: &Way) -> Result<Arc<TracePath>, Stuck> {
        if let Some(traced) = way.traced.get() {
            return Ok(Arc::clone(traced));
        }
        let start = way.spots[0];
        let mut steps = Vec::with_capacity(way.n_steps());
        for i in 0..way.n_steps() {
            steps.push((*self.step(way, i)?).clone());
        }
        let end = self.ground.judgement(way.spots[way.n_steps()]);
        let state = self.ground.render(start);
        let mut so_far = known(&state);
        for (step, &spot) in steps.iter_mut().zip(&way.spots[1..]) {
            step.whole = whole(&mut so_far, &step.changes, &self.ground.render(spot));
        }
        let traced = Arc::new(TracePath {
            initial: way.initial,
            initial_states: way.initial_states,
            state,
            fingerprint: hex64(self.ground.fingerprint(start)),
            steps,
            loop_start: way.loop_start,
            fairness: way.fairness.clone(),
            reason: end.panic.as_deref().map(of_panic),
            reads: Vec::new(),
        });
        Ok(Arc::clone(way.traced.get_or_init(|| traced)))
    }

    fn trace_of(&mut self, path: &str, property: Option<usize>) -> Result<Trace, Stuck> {
        let way = self.way(path)?;
        let property = match property {
            Some(property) => self.property(property)?,
            None => way.shows.first().map_or(0, |shows| shows.property),
        };
        self.trace_about(&way, property)
    }

    /// A trace of this way. What it does not show of a property stands there as not known.
    fn trace_about(&mut self, way: &Way, property: usize) -> Result<Trace, Stuck> {
        let mut path = (*self.traced(way)?).clone();
        let decl = &self.ground.properties()[property];
        let shown = way.shown(property);
        if let Some(shown) = shown {
            path.reason = path.reason.or_else(|| shown.why.clone());
            // A path has what is read in its last state, and the one that shows it may come before.
            if decl.kind.is_liveness() || shown.step == way.n_steps() {
                path.reads.clone_from(&shown.reads);
            }
        }
        Ok(Trace {
            format: crate::trace::FORMAT.to_owned(),
            version: crate::trace::VERSION,
            encoding: ENCODING_VERSION,
            model: self.about.model.clone(),
            variant: self.about.variant.clone(),
            parameters: self.about.parameters.clone(),
            hash_seed: self.about.hash_seed,
            property: Shown {
                name: decl.name.clone(),
                kind: decl.kind,
                verdict: shown.map_or(Verdict::Inconclusive, |s| s.verdict),
            },
            lanes: self.ground.lanes().to_vec(),
            tie_break: false,
            paths: vec![path],
            ends: Vec::new(),
        })
    }

    /// The number of a property that there is.
    fn property(&self, property: usize) -> Result<usize, Error> {
        let n = self.ground.properties().len();
        match property < n {
            true => Ok(property),
            false => Err(Error::usage(format!("there is no property {property}"))
                .with_cure(format!("properties are numbered 0 to {}", n - 1))),
        }
    }

    /// The number of a lane, by its name.
    fn lane(&self, name: &str) -> Option<usize> {
        self.ground.lanes().iter().position(|lane| lane == name)
    }
}

/// Why an answer cannot be given yet, or not at all.
enum Stuck {
    Restart,
    Refused(Refused),
}

impl From<Halt> for Stuck {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Restart => Stuck::Restart,
            Halt::Error(error) => Stuck::Refused(Refused::Model(error)),
        }
    }
}

impl From<Error> for Stuck {
    fn from(error: Error) -> Self {
        Stuck::Refused(error.into())
    }
}
