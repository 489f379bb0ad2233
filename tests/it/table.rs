//! Random systems as the engine sees them: actors that follow a table, and closures that evaluate predicates.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Duration;

use allways::prelude::*;
use allways::serde::Serialize;

use crate::random::{
    ActorSpec, AssumeSpec, Assumed, CrashSpec, Effect, EventKind, LinkSpec, LiveKind, Pred,
    PropertySpec, Reaction, Spec, StepsOf, Target, Told, Value,
};

message! {
    /// Message number n is a list of n elements, so that only lengths tell messages apart.
    pub(crate) struct Note(Vec<u8>);
}

impl Note {
    pub(crate) fn of(number: u8) -> Note {
        Note(vec![7; usize::from(number)])
    }

    fn number(&self) -> u8 {
        self.0.len() as u8
    }
}

/// How an actor's numbers are written in Rust types. Two shapes make systems of two actor types.
pub(crate) trait Shape: Send + Sync + 'static {
    type State: Clone + Debug + PartialEq + Hash + Serialize + Send + Sync + 'static;
    type Timer: Clone + Debug + Eq + Hash + Serialize + Send + Sync + 'static;
    fn state(number: u8) -> Self::State;
    fn state_number(state: &Self::State) -> u8;
    fn timer(number: u8) -> Self::Timer;
    fn timer_number(timer: &Self::Timer) -> u8;
}

/// Numbers as they are.
pub(crate) struct Plain;

impl Shape for Plain {
    type State = u8;
    type Timer = u8;
    fn state(number: u8) -> u8 {
        number
    }
    fn state_number(state: &u8) -> u8 {
        *state
    }
    fn timer(number: u8) -> u8 {
        number
    }
    fn timer_number(timer: &u8) -> u8 {
        *timer
    }
}

/// Lists whose elements are all the same: ([], [1]) and ([1], []) differ in where one list ends.
pub(crate) struct Listed;

state! {
    pub(crate) struct Lists {
        odd: Vec<u8>,
        pairs: Vec<u8>,
    }
}

impl Shape for Listed {
    type State = Lists;
    type Timer = String;
    fn state(number: u8) -> Lists {
        Lists {
            odd: vec![1; usize::from(number % 2)],
            pairs: vec![1; usize::from(number / 2)],
        }
    }
    fn state_number(state: &Lists) -> u8 {
        (state.odd.len() + 2 * state.pairs.len()) as u8
    }
    fn timer(number: u8) -> String {
        format!("t{number}")
    }
    fn timer_number(timer: &String) -> u8 {
        timer.as_bytes()[1] - b'0'
    }
}

/// An actor that follows its table.
pub(crate) struct TableActor<S> {
    spec: ActorSpec,
    n_actors: usize,
    shape: PhantomData<fn() -> S>,
}

impl<S: Shape> TableActor<S> {
    fn new(spec: &ActorSpec, n_actors: usize) -> Self {
        TableActor {
            spec: spec.clone(),
            n_actors,
            shape: PhantomData,
        }
    }

    fn react(
        &self,
        reaction: &Reaction,
        src: Option<Id>,
        state: &mut Cow<'_, S::State>,
        o: &mut Out<Self>,
    ) {
        if let Some(next) = reaction.state {
            *state.to_mut() = S::state(next);
        }
        self.perform(&reaction.effects, src, o);
    }

    fn perform(&self, effects: &[Effect], src: Option<Id>, o: &mut Out<Self>) {
        for effect in effects {
            match effect {
                Effect::Send(Target::Actor(to), msg) => o.send(Id::from(*to), Note::of(*msg)),
                Effect::Send(Target::Reply, msg) => {
                    if let Some(src) = src {
                        o.send(src, Note::of(*msg));
                    }
                }
                Effect::Set(timer) => o.set_timer(S::timer(*timer), Duration::ZERO..Duration::ZERO),
                Effect::Cancel(timer) => o.cancel_timer(S::timer(*timer)),
                Effect::Choose(key, alternatives) => {
                    o.choose_random(key_name(*key), alternatives.clone())
                }
                Effect::Save(value) => o.save(*value),
            }
        }
    }
}

/// The key of a random choice.
pub(crate) fn key_name(key: u8) -> String {
    format!("key {key}")
}

/// The name of a partition.
pub(crate) fn partition_name(index: usize) -> String {
    match index {
        0 => "partition".to_owned(),
        _ => format!("split {index}"),
    }
}

/// The partition of a name.
fn partition_number(name: &str) -> usize {
    let numbers = 0..;
    let mut named = numbers.filter(|&index| partition_name(index) == name);
    named.next().expect("every partition has a number")
}

/// The name of a stimulus.
pub(crate) fn stimulus_name(index: usize) -> String {
    format!("stimulus {index}")
}

impl<S: Shape> Actor for TableActor<S> {
    type Msg = Note;
    type State = S::State;
    type Timer = S::Timer;
    type Random = u8;
    type Storage = u8;

    fn on_start(&self, _: Id, storage: &Option<u8>, o: &mut Out<Self>) -> S::State {
        let start = &self.spec.start[storage.map_or(0, |saved| usize::from(saved) + 1)];
        self.perform(&start.effects, None, o);
        S::state(start.state)
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, S::State>, src: Id, msg: Note, o: &mut Out<Self>) {
        let handler =
            &self.spec.on_msg[usize::from(S::state_number(state))][usize::from(msg.number())];
        let sender = if src == environment() {
            self.n_actors
        } else {
            usize::from(src)
        };
        self.react(handler.reaction(sender), Some(src), state, o);
    }

    fn on_timeout(
        &self,
        _: Id,
        state: &mut Cow<'_, S::State>,
        timer: &S::Timer,
        o: &mut Out<Self>,
    ) {
        let row = &self.spec.on_timer[usize::from(S::state_number(state))];
        self.react(&row[usize::from(S::timer_number(timer))], None, state, o);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, S::State>, alternative: &u8, o: &mut Out<Self>) {
        let row = &self.spec.on_choice[usize::from(S::state_number(state))];
        self.react(&row[usize::from(*alternative)], None, state, o);
    }
}

/// A handle of either shape.
#[derive(Clone, Copy)]
enum Either {
    Plain(Handle<TableActor<Plain>>),
    Listed(Handle<TableActor<Listed>>),
}

/// What predicates need to read a snapshot.
#[derive(Clone)]
struct Reader {
    actors: Vec<Either>,
    observers: Vec<ObserverHandle<u8>>,
}

impl Reader {
    fn state(&self, s: &Snapshot<'_, Note>, actor: usize) -> Option<u8> {
        match self.actors[actor] {
            Either::Plain(h) => s.state(h).map(Plain::state_number),
            Either::Listed(h) => s.state(h).map(Listed::state_number),
        }
    }

    fn saved(&self, s: &Snapshot<'_, Note>, actor: usize) -> Option<u8> {
        match self.actors[actor] {
            Either::Plain(h) => s.storage(h).copied(),
            Either::Listed(h) => s.storage(h).copied(),
        }
    }

    fn atom(&self, s: &Snapshot<'_, Note>, pred: &Pred) -> bool {
        match *pred {
            Pred::StateIs(actor, value) => self.state(s, actor) == Some(value),
            Pred::IsUp(actor) => match self.actors[actor] {
                Either::Plain(h) => s.is_up(h),
                Either::Listed(h) => s.is_up(h),
            },
            Pred::Saved(actor, value) => self.saved(s, actor) == Some(value),
            Pred::Partitioned(Some(index)) => s.partition_is_up(&partition_name(index)),
            Pred::Partitioned(None) => s.is_partitioned(),
            Pred::HasTimer(actor, timer) => match self.actors[actor] {
                Either::Plain(h) => s.has_timer(h, &Plain::timer(timer)),
                Either::Listed(h) => s.has_timer(h, &Listed::timer(timer)),
            },
            Pred::Observed(observer, value) => s[self.observers[observer]] == value,
            Pred::InFlightMax(n_max) => s.in_flight().count() <= n_max,
            Pred::InFlight(msg) => s.in_flight().any(|envelope| *envelope.msg == Note::of(msg)),
            Pred::Not(_) | Pred::And(..) | Pred::Or(..) => unreachable!("not an atom"),
        }
    }

    fn pred(&self, pred: &Pred) -> impl Fn(&Snapshot<'_, Note>) -> bool + Send + Sync + use<> {
        let (reader, pred) = (self.clone(), pred.clone());
        move |s| pred.holds(&|atom| reader.atom(s, atom))
    }

    fn values(
        &self,
        values: &[Value],
    ) -> impl Fn(&Snapshot<'_, Note>) -> Vec<Option<u8>> + Send + Sync + use<> {
        let (reader, values) = (self.clone(), values.to_vec());
        move |s| {
            let value = |value: &Value| match *value {
                Value::State(actor) => reader.state(s, actor),
                Value::Saved(actor) => reader.saved(s, actor),
                Value::Observed(observer) => Some(s[reader.observers[observer]]),
            };
            values.iter().map(value).collect()
        }
    }
}

impl LinkSpec {
    fn link(self, spec: &Spec) -> Link {
        let mut link = match (self.losing, self.fair) {
            (true, true) => Link::fair_loss(),
            (true, false) => Link::losing(),
            (false, _) => Link::reliable(),
        };
        if self.budgeted {
            link = link.up_to(spec.loss_budget);
        }
        if self.fifo {
            link = link.fifo();
        }
        if self.duplicates_budgeted {
            link = link.duplicates(spec.duplicate_budget);
        } else if self.duplicating {
            link = link.duplicating();
        }
        if self.unauthenticated {
            link = link.unauthenticated();
        }
        match self.capacity {
            Some(copies) => link.capacity(copies),
            None => link,
        }
    }
}

impl CrashSpec {
    fn crashes(&self) -> Crashes {
        let crashes = if self.recover {
            Crashes::recovery(self.budget)
        } else {
            Crashes::stop(self.budget)
        };
        let crashes = if self.recovers {
            crashes.recovers()
        } else {
            crashes
        };
        let crashes = match self.each {
            Some(each) => crashes.each(each),
            None => crashes,
        };
        let crashes = if self.inside {
            crashes.inside_handlers()
        } else {
            crashes
        };
        match &self.of {
            Some(actors) => crashes.of(actors.iter().map(|&actor| Id::from(actor))),
            None => crashes,
        }
    }
}

impl AssumeSpec {
    fn steps(&self) -> (Steps, Fairness) {
        let steps = match self.of {
            StepsOf::Deliveries => Steps::deliveries(),
            StepsOf::Timers => Steps::timers(),
            StepsOf::Choices => Steps::choices(),
            StepsOf::Alternatives => Steps::alternatives(),
            StepsOf::Recoveries => Steps::recoveries(),
            StepsOf::Stimuli => Steps::stimuli(),
            StepsOf::Heals => Steps::heals(),
        };
        let steps = match self.from {
            Some(actor) => steps.from(Id::from(actor)),
            None => steps,
        };
        let steps = match self.actor {
            Some(actor) => steps.of(Id::from(actor)),
            None => steps,
        };
        let fairness = match self.fairness {
            Assumed::None => Fairness::None,
            Assumed::Weak => Fairness::Weak,
            Assumed::Strong => Fairness::Strong,
        };
        (steps, fairness)
    }
}

/// The name of a liveness property.
pub(crate) fn liveness_name(index: usize) -> String {
    format!("liveness {index}")
}

/// The name of a declared property.
pub(crate) fn property_name(index: usize) -> String {
    format!("property {index}")
}

impl Spec {
    /// The system that the engine checks.
    pub(crate) fn system(&self) -> System<Note> {
        let n = self.actors.len();
        let mut sys = System::new();
        let mut actors = Vec::new();
        for (index, actor) in self.actors.iter().enumerate() {
            let name = format!("actor {index}");
            actors.push(if actor.listed {
                let handle = sys.actor(name, TableActor::<Listed>::new(actor, n));
                if !actor.starts.is_empty() {
                    sys.starts(
                        handle,
                        actor.starts.iter().map(|&state| Listed::state(state)),
                    );
                }
                Either::Listed(handle)
            } else {
                let handle = sys.actor(name, TableActor::<Plain>::new(actor, n));
                if !actor.starts.is_empty() {
                    sys.starts(
                        handle,
                        actor.starts.iter().map(|&state| Plain::state(state)),
                    );
                }
                Either::Plain(handle)
            });
        }
        // The commonest link is the default, as in a model that people write.
        sys.links(self.links[0][0].link(self));
        for (from, row) in self.links.iter().enumerate() {
            for (to, link) in row
                .iter()
                .enumerate()
                .filter(|(_, link)| **link != self.links[0][0])
            {
                sys.link(Id::from(from), Id::from(to), link.link(self));
            }
        }
        for (index, partition) in self.partitions.iter().enumerate() {
            let [these, those] = partition
                .sides
                .each_ref()
                .map(|side| side.iter().map(|&actor| Id::from(actor)));
            let mut partitions = Partitions::between(these, those);
            partitions = match partition.times {
                Some(times) => partitions.times(times),
                None => partitions.unlimited(),
            };
            if !partition.heals {
                partitions = partitions.never_heals();
            }
            if index > 0 {
                partitions = partitions.named(partition_name(index));
            }
            sys.partitions(partitions);
        }
        if let Some(faults) = self.faults_max {
            sys.faults_at_most(faults);
        }
        for crashes in &self.crashes {
            sys.crashes(crashes.crashes());
        }
        for (actor, byzantine) in self.byzantine.iter().enumerate() {
            if let Some(spec) = byzantine {
                let alphabet = spec.alphabet.iter().map(|&msg| Note::of(msg));
                let byzantine = Byzantine::new().alphabet(alphabet);
                sys.byzantine(
                    Id::from(actor),
                    match spec.sends {
                        Some(sends) => byzantine.sends(sends),
                        None => byzantine,
                    },
                );
            }
        }
        for (index, stimulus) in self.stimuli.iter().enumerate() {
            let declared = sys
                .stimulus(
                    stimulus_name(index),
                    Id::from(stimulus.to),
                    Note::of(stimulus.msg),
                )
                .times(stimulus.budget);
            if stimulus.must_happen {
                declared.must_happen();
            }
        }
        for assumed in &self.assumed {
            let (steps, fairness) = assumed.steps();
            sys.assume(steps, fairness);
        }
        let mut observers = Vec::new();
        for (index, observer) in self.observers.iter().enumerate() {
            let name = format!("observer {index}");
            let spec = observer.clone();
            let fold = move |value: &u8, event: &Event<'_, Note>| spec.fold(*value, told(event));
            observers.push(if observer.hashed {
                sys.observer_hashed(name, 0_u8, fold)
            } else {
                sys.observer(name, 0_u8, fold)
            });
        }
        let reader = Reader { actors, observers };
        for (index, boundary) in self.boundaries.iter().enumerate() {
            sys.within(format!("boundary {index}"), reader.pred(boundary));
        }
        if let Some(may_end) = &self.may_end_when {
            sys.may_end_when(reader.pred(may_end));
        }
        for (index, property) in self.properties.iter().enumerate() {
            let name = property_name(index);
            match property {
                PropertySpec::Always(p) => sys.always(name, reader.pred(p)),
                PropertySpec::Implies(p, q) => sys.implies(name, reader.pred(p), reader.pred(q)),
                PropertySpec::Reachable(p) => sys.reachable(name, reader.pred(p)),
                PropertySpec::Confluent(values) => sys.confluent(name, reader.values(values)),
                PropertySpec::ConfluentGiven(inputs, values) => {
                    sys.confluent_given(name, reader.values(inputs), reader.values(values));
                }
            }
        }
        for (index, liveness) in self.liveness.iter().enumerate() {
            let (name, goal) = (liveness_name(index), reader.pred(&liveness.goal));
            match liveness.kind {
                LiveKind::Eventually => sys.eventually(name, goal),
                LiveKind::LeadsTo => sys.leads_to(name, reader.pred(&liveness.premise), goal),
                LiveKind::InfinitelyOften => sys.infinitely_often(name, goal),
                LiveKind::Stabilises => sys.stabilises(name, goal),
            }
        }
        sys
    }
}

/// An event in the words of [`ObserverSpec`](crate::random::ObserverSpec).
fn told(event: &Event<'_, Note>) -> Told {
    let number = |msg: &Note| Some(msg.number());
    match event {
        Event::Received(envelope) => (
            EventKind::Received,
            envelope.dst.into(),
            number(envelope.msg),
        ),
        Event::Sent(envelope) => (EventKind::Sent, envelope.src.into(), number(envelope.msg)),
        Event::TimedOut(actor) => (EventKind::TimedOut, (*actor).into(), None),
        Event::Chose(actor) => (EventKind::Chose, (*actor).into(), None),
        Event::Crashed(actor) => (EventKind::Crashed, (*actor).into(), None),
        Event::Recovered(actor) => (EventKind::Recovered, (*actor).into(), None),
        Event::Lost(envelope) => (EventKind::Lost, envelope.dst.into(), number(envelope.msg)),
        Event::Partitioned(name) => (EventKind::Partitioned, partition_number(name), None),
        Event::Healed(name) => (EventKind::Healed, partition_number(name), None),
    }
}
