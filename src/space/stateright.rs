//! A stateright `ActorModel` as our actor space, with stateright's own semantics but for its faults: every reachable state is found.

use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use stateright::actor::{
    Actor, ActorModel, ActorModelState, Id, LossyNetwork, Network, Out, RandomChoices, Timers,
};
use stateright::{Expectation, Model};

use super::ActorSpace;
use crate::error::Error;
use crate::system::{ActorProcess, Event, Foreign, Link, Local, Snapshot, System, typed};

/// One actor of a shared model.
struct Member<A, C, H>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    H: Clone + Debug + Hash,
{
    model: Arc<ActorModel<A, C, H>>,
    index: usize,
}

/// Runs a handler of the wrapped actor and hands its commands on.
macro_rules! delegate {
    ($self:ident, $out:ident, |$actor:ident, $inner:ident| $call:expr) => {{
        let $actor = &$self.model.actors[$self.index];
        let mut inner: Out<A> = Out::new();
        let $inner = &mut inner;
        let result = $call;
        $out.append(&mut inner);
        result
    }};
}

impl<A, C, H> Actor for Member<A, C, H>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    H: Clone + Debug + Hash,
{
    type Msg = A::Msg;
    type State = A::State;
    type Timer = A::Timer;
    type Random = A::Random;
    type Storage = A::Storage;

    fn on_start(&self, id: Id, storage: &Option<A::Storage>, o: &mut Out<Self>) -> A::State {
        delegate!(self, o, |actor, out| actor.on_start(id, storage, out))
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, A::State>,
        src: Id,
        msg: A::Msg,
        o: &mut Out<Self>,
    ) {
        delegate!(self, o, |actor, out| actor.on_msg(id, state, src, msg, out));
    }

    fn on_timeout(
        &self,
        id: Id,
        state: &mut Cow<'_, A::State>,
        timer: &A::Timer,
        o: &mut Out<Self>,
    ) {
        delegate!(self, o, |actor, out| actor
            .on_timeout(id, state, timer, out));
    }

    fn on_random(
        &self,
        id: Id,
        state: &mut Cow<'_, A::State>,
        random: &A::Random,
        o: &mut Out<Self>,
    ) {
        delegate!(self, o, |actor, out| actor
            .on_random(id, state, random, out));
    }

    fn name(&self) -> String {
        self.model.actors[self.index].name()
    }
}

/// The actor space of a stateright `ActorModel`: an existing stateright project becomes exact by this one call.
///
/// Components are told apart by `PartialEq` behind their `Hash` (the history, which has no `Eq` there, by its `Debug` text);
/// timers, networks and choices are compared by Allways. What is kept of stateright's semantics: a delivery that leaves the `Cow`
/// borrowed and gives no command is no step, except on ordered networks; a duplicating network remembers its last
/// delivery; `max_crashes` bounds simultaneous crashes; an ordered network loses its heads. Of a run it is assumed that some step is taken while one
/// is enabled, and nothing else: an `eventually` that holds here holds on every path, cycles and joins included.
///
/// # Errors
/// Two properties have one name, or there are too many.
///
/// ```
/// use allways::search::Options;
/// use stateright::actor::{Actor, ActorModel, Id, Out, model_timeout};
///
/// /// Sets one timer and forgets it when it fires.
/// struct Sleeper;
/// impl Actor for Sleeper {
///     type Msg = ();
///     type State = ();
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
///         o.set_timer((), model_timeout());
///     }
/// }
///
/// let sleepers = (0..5).map(|_| Sleeper);
/// let space = allways::space::from_stateright(ActorModel::new((), ()).actors(sleepers))?;
/// # let _ = (space, Options::default());
/// # Ok::<(), allways::Error>(())
/// ```
pub fn from_stateright<A, C, H>(model: ActorModel<A, C, H>) -> Result<ActorSpace, Error>
where
    A: Actor + Send + Sync + 'static,
    A::Msg: Ord + Send + Sync + 'static,
    A::State: Send + Sync + 'static,
    A::Timer: Ord + Send + Sync + 'static,
    A::Random: Send + Sync + 'static,
    A::Storage: Send + Sync + 'static,
    C: Send + Sync + 'static,
    H: Clone + Debug + Hash + Send + Sync + 'static,
{
    let link = match model.init_network {
        Network::Ordered(_) => Link::reliable().fifo(),
        Network::UnorderedDuplicating(..) => Link::reliable().duplicating(),
        Network::UnorderedNonDuplicating(_) => Link::reliable(),
    };
    let foreign = Foreign {
        link: Link {
            losing: model.lossy_network == LossyNetwork::Yes,
            ..link
        },
        max_crashes: model.max_crashes,
        in_flight: model
            .init_network
            .iter_all()
            .map(|env| (env.src, env.dst, env.msg.clone()))
            .collect(),
    };
    let mut system: System<A::Msg> = System::foreign(foreign);
    let model = Arc::new(model);
    for index in 0..model.actors.len() {
        let name = model.actors[index].name();
        let name = if name.is_empty() {
            format!("actor[{index}]")
        } else {
            format!("{name}[{index}]")
        };
        system.foreign_actor(
            name,
            ActorProcess::hashed(Member {
                model: Arc::clone(&model),
                index,
            }),
        );
    }
    let recorder = Arc::clone(&model);
    system.foreign_history(
        "history",
        model.init_history.clone(),
        move |history: &H, event: &Event<'_, A::Msg>| match event {
            Event::Received(envelope) => {
                (recorder.record_msg_in)(&recorder.cfg, history, *envelope)
            }
            Event::Sent(envelope) => (recorder.record_msg_out)(&recorder.cfg, history, *envelope),
            _ => None,
        },
    );
    for property in Model::properties(&*model) {
        let owner = Arc::clone(&model);
        let condition =
            move |s: &Snapshot<'_, A::Msg>| (property.condition)(&owner, &rebuild(&owner, s));
        match property.expectation {
            Expectation::Always => system.always(property.name, condition),
            Expectation::Sometimes => system.reachable(property.name, condition),
            Expectation::Eventually => system.eventually(property.name, condition),
        }
    }
    let owner = Arc::clone(&model);
    system.within("within_boundary", move |s| {
        (owner.within_boundary)(&owner.cfg, &rebuild(&owner, s))
    });
    ActorSpace::new(system)
}

/// The whole state as stateright's properties want it.
fn rebuild<A, C, H>(model: &ActorModel<A, C, H>, s: &Snapshot<'_, A::Msg>) -> ActorModelState<A, H>
where
    A: Actor + Send + Sync + 'static,
    A::Msg: Ord + Send + Sync + 'static,
    A::State: Send + Sync + 'static,
    A::Timer: Ord + Send + Sync + 'static,
    A::Random: Send + Sync + 'static,
    A::Storage: Send + Sync + 'static,
    C: Send + Sync + 'static,
    H: Clone + Debug + Hash + Send + Sync + 'static,
{
    let n = model.actors.len();
    let view = s.view();
    let mut state = ActorModelState {
        actor_states: Vec::with_capacity(n),
        network: match &model.init_network {
            Network::Ordered(_) => Network::new_ordered(in_flight(s)),
            Network::UnorderedNonDuplicating(_) => {
                Network::new_unordered_nonduplicating(in_flight(s))
            }
            Network::UnorderedDuplicating(..) => Network::new_unordered_duplicating_with_last_msg(
                in_flight(s),
                view.last_delivery()
                    .map(|envelope| typed(envelope).to_cloned_msg()),
            ),
        },
        timers_set: Vec::with_capacity(n),
        random_choices: Vec::with_capacity(n),
        crashed: Vec::with_capacity(n),
        history: view.observed(0).get::<H>().clone(),
        actor_storages: Vec::with_capacity(n),
    };
    for actor in 0..n {
        let local = view.local(actor).get::<Local<Member<A, C, H>>>();
        if let Some(of_actor) = &local.state {
            state.actor_states.push(Arc::new(of_actor.clone()));
        }
        let mut timers = Timers::new();
        for timer in &local.timers {
            timers.set(timer.clone());
        }
        state.timers_set.push(timers);
        let mut choices = RandomChoices::default();
        for (key, alternatives) in &local.choices {
            choices.insert(key.clone(), alternatives.clone());
        }
        state.random_choices.push(choices);
        state.crashed.push(!local.up);
        state.actor_storages.push(local.storage.clone());
    }
    state
}

fn in_flight<M: Clone + 'static>(
    s: &Snapshot<'_, M>,
) -> impl Iterator<Item = stateright::actor::Envelope<M>> {
    s.in_flight().map(|envelope| envelope.to_cloned_msg())
}
