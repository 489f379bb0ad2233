//! Anything that can be checked, whatever its types: what a variant builds.

use crate::error::Error;
use crate::explore::Explorer;
use crate::search::{
    Monitor, Options, Outcome, PropertyOutcome, Simulation, SimulationOptions, in_pool,
};
use crate::space::{ActorSpace, PropertyDecl, StateSpace};
use crate::system::{Alteration, Message, System};
use crate::trace::{self, About, Explanation, Graph, Replay, Trace};

/// A system that is ready to be checked, once, to have a trace replayed, or to be drawn. For another check, build another.
pub trait Checkable: Send {
    /// Its properties.
    fn properties(&self) -> &[PropertyDecl];

    /// Who acts, by index: the actors, then the environment.
    fn lanes(&self) -> &[String];

    /// Explores it. `about` goes into the traces.
    ///
    /// # Errors
    /// The model is at fault, or a table is full.
    fn check(
        &mut self,
        options: &Options,
        about: &About,
        monitor: &dyn Monitor,
    ) -> Result<Checked, Error>;

    /// Walks it at random. `about` goes into the traces.
    ///
    /// # Errors
    /// As for [`check`](Checkable::check).
    fn simulate(
        &mut self,
        options: &SimulationOptions,
        about: &About,
        monitor: &dyn Monitor,
    ) -> Result<Walked, Error>;

    /// Walks a trace.
    ///
    /// # Errors
    /// The model is at fault.
    fn replay(&mut self, trace: &Trace) -> Result<Replay, Error>;

    /// What it takes to understand a trace: the causal past of the violation, and the step that decided it.
    ///
    /// # Errors
    /// The model is at fault.
    fn explain(&mut self, trace: &Trace) -> Result<Explanation, Error>;

    /// Writes down all states and steps, as far as the options' bounds let it.
    ///
    /// # Errors
    /// There are too many states; the model is at fault.
    fn graph(&mut self, options: &Options, about: &About) -> Result<Graph, Error>;

    /// Makes it ready to be walked through by hand. `about` goes into the traces.
    fn explorer(self: Box<Self>, about: About) -> Explorer;
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Verdicts and counts.
    pub outcome: Outcome,
    /// For each property of the outcome its counterexample or witness, if there is one.
    pub traces: Vec<Option<Trace>>,
}

/// What walks at random found.
#[derive(Clone, Debug)]
pub struct Walked {
    /// Verdicts and counts.
    pub simulation: Simulation,
    /// For each property of the simulation its counterexample or witness, if there is one.
    pub traces: Vec<Option<Trace>>,
}

impl Checked {
    /// What was found out about the property of that name, if it was asked for.
    pub fn property(&self, name: &str) -> Option<&PropertyOutcome> {
        let mut properties = self.outcome.properties.iter();
        properties.find(|property| property.decl.name == name)
    }

    /// The counterexample or witness of the property of that name, if there is one.
    pub fn trace(&self, name: &str) -> Option<&Trace> {
        let mut traces = self.outcome.properties.iter().zip(&self.traces);
        let (_, trace) = traces.find(|(property, _)| property.decl.name == name)?;
        trace.as_ref()
    }
}

impl<S: StateSpace + 'static> Checkable for S {
    fn properties(&self) -> &[PropertyDecl] {
        StateSpace::properties(self)
    }

    fn lanes(&self) -> &[String] {
        StateSpace::lanes(self)
    }

    fn check(
        &mut self,
        options: &Options,
        about: &About,
        monitor: &dyn Monitor,
    ) -> Result<Checked, Error> {
        let outcome = crate::check::check(self, options, monitor)?;
        let traces = outcome
            .properties
            .iter()
            .map(|property| trace::record(self, property, about))
            .collect::<Result<_, _>>()?;
        Ok(Checked { outcome, traces })
    }

    fn simulate(
        &mut self,
        options: &SimulationOptions,
        about: &About,
        monitor: &dyn Monitor,
    ) -> Result<Walked, Error> {
        let simulation = crate::search::simulate(self, options, monitor)?;
        let properties = simulation.properties.iter();
        let traces = properties
            .map(|property| trace::record(self, &property.outcome, about))
            .collect::<Result<_, _>>()?;
        Ok(Walked { simulation, traces })
    }

    fn replay(&mut self, trace: &Trace) -> Result<Replay, Error> {
        trace::replay(self, trace)
    }

    fn explain(&mut self, trace: &Trace) -> Result<Explanation, Error> {
        trace::explain(self, trace)
    }

    fn graph(&mut self, options: &Options, about: &About) -> Result<Graph, Error> {
        in_pool(options, || trace::graph(self, options, about))?
    }

    fn explorer(self: Box<Self>, about: About) -> Explorer {
        Explorer::new(*self, about)
    }
}

/// What a variant's function may return: a [`System`], or a state space of its own.
pub trait IntoCheckable: Sized {
    /// Alters the handlers of its actors; what is no system of actors has none.
    fn alter(&mut self, alteration: &Alteration) {
        let _ = alteration;
    }

    /// Makes it ready.
    ///
    /// # Errors
    /// It is not whole: an actor was reserved and never set, say.
    fn into_checkable(self) -> Result<Box<dyn Checkable>, Error>;
}

impl<S: StateSpace + 'static> IntoCheckable for S {
    fn into_checkable(self) -> Result<Box<dyn Checkable>, Error> {
        Ok(Box::new(self))
    }
}

impl<M: Message> IntoCheckable for System<M> {
    fn alter(&mut self, alteration: &Alteration) {
        System::alter(self, alteration);
    }

    fn into_checkable(self) -> Result<Box<dyn Checkable>, Error> {
        Ok(boxed(ActorSpace::new(self)?))
    }
}

/// Not generic, so that a search of systems is compiled here, not again in each crate that has some.
#[inline(never)]
fn boxed(space: ActorSpace) -> Box<dyn Checkable> {
    Box::new(space)
}
