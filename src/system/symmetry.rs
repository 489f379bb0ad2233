//! Interchangeable actors: which there are, and how what anybody knows of them is renamed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::{Actor, Id};

use super::actor::Local;
use super::component::{Component, Content};
use super::encoded::EncodedActor;
use super::handle::{Handle, ObserverHandle};
use super::{Message, System};
use crate::error::Error;
use crate::value::{Permute, Permutes, Renames, canonical, renamed};

/// An actor whose state can be renamed: written down, with other actors' ids put in place of its own, and read back. Every such
/// actor is one; there is nothing to implement.
pub trait RenamedActor:
    EncodedActor
    + Actor<
        State: DeserializeOwned,
        Timer: DeserializeOwned,
        Random: DeserializeOwned,
        Storage: DeserializeOwned,
    >
{
}

impl<A> RenamedActor for A
where
    A: EncodedActor,
    A::State: DeserializeOwned,
    A::Timer: DeserializeOwned,
    A::Random: DeserializeOwned,
    A::Storage: DeserializeOwned,
{
}

/// How the component of an actor is renamed.
#[derive(Clone, Copy)]
pub(crate) struct Renamer {
    pub(crate) local: fn(&Component, Renames<'_>) -> Result<Component, Error>,
    /// Where a timer of the first component is, renamed, in the second, which is the first one renamed.
    pub(crate) timer: FindTimer,
}

/// Finds a timer again.
type FindTimer = fn(&Component, usize, &Component, Renames<'_>) -> Result<Option<usize>, Error>;

impl Renamer {
    fn of<A: RenamedActor>() -> Self {
        Renamer {
            local: renamed_local::<A>,
            timer: renamed_timer::<A>,
        }
    }
}

fn renamed_local<A: RenamedActor>(
    local: &Component,
    renames: Renames<'_>,
) -> Result<Component, Error> {
    let local = local.get::<Local<A>>();
    let mut timers = Vec::with_capacity(local.timers.len());
    for timer in &local.timers {
        let timer = renamed(timer, renames)?;
        let mut key = Vec::new();
        canonical(&timer, &mut key)?;
        timers.push((key, timer));
    }
    timers.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut choices = Vec::with_capacity(local.choices.len());
    for (key, alternatives) in &local.choices {
        let alternatives = alternatives.iter().map(|one| renamed(one, renames));
        choices.push((key.clone(), alternatives.collect::<Result<_, _>>()?));
    }
    let state = local.state.as_ref().map(|state| renamed(state, renames));
    let storage = local.storage.as_ref().map(|saved| renamed(saved, renames));
    Ok(Component::new(Local::<A> {
        state: state.transpose()?,
        up: local.up,
        timers: timers.into_iter().map(|(_, timer)| timer).collect(),
        choices,
        // Systems with ticks are not reduced.
        windows: local.windows.clone(),
        storage: storage.transpose()?,
    }))
}

fn renamed_timer<A: RenamedActor>(
    local: &Component,
    position: usize,
    image: &Component,
    renames: Renames<'_>,
) -> Result<Option<usize>, Error> {
    let timer = renamed(&local.get::<Local<A>>().timers[position], renames)?;
    let mut timers = image.get::<Local<A>>().timers.iter();
    Ok(timers.position(|other| *other == timer))
}

/// How the value of an observer is renamed.
pub(crate) type RenameObserved = fn(&Component, Renames<'_>) -> Result<Component, Error>;

/// How a message is renamed.
pub(crate) type RenameMessage = fn(&Content, Renames<'_>) -> Result<Content, Error>;

/// What was declared to be interchangeable.
#[derive(Default)]
pub(crate) struct Symmetries {
    /// Groups of actors.
    pub(crate) groups: Vec<Vec<usize>>,
    /// Per actor whose component may mention such an actor.
    pub(crate) renamers: BTreeMap<usize, Renamer>,
    /// Per observer whose value may mention such an actor.
    pub(crate) observers: BTreeMap<usize, RenameObserved>,
    pub(crate) message: Option<RenameMessage>,
    /// The types that say themselves how they are renamed.
    pub(crate) permutes: Permutes,
}

impl Symmetries {
    /// How values are renamed where these ids become others.
    pub(crate) fn renames<'r>(&'r self, of: &'r dyn Fn(usize) -> usize) -> Renames<'r> {
        Renames {
            of,
            permutes: &self.permutes,
        }
    }
}

/// A group of interchangeable actors that was just declared.
pub struct Symmetric<'s, M> {
    system: &'s mut System<M>,
}

impl<M: Message> Symmetric<'_, M> {
    /// The state of this actor, which is none of them, mentions them by their ids.
    pub fn mentioned_by<A: RenamedActor<Msg = M>>(&mut self, handle: Handle<A>) -> &mut Self {
        let actor = handle.index_in(self.system.blueprint.id);
        let renamers = &mut self.system.blueprint.symmetries.renamers;
        renamers.insert(actor, Renamer::of::<A>());
        self
    }

    /// The value of this observer mentions them by their ids.
    pub fn remembered_by<T>(&mut self, handle: ObserverHandle<T>) -> &mut Self
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let observer = handle.index_in(self.system.blueprint.id);
        let renamers = &mut self.system.blueprint.symmetries.observers;
        renamers.insert(observer, |value, renames| {
            Ok(Component::new(renamed(value.get::<T>(), renames)?))
        });
        self
    }

    /// This type holds actors in another way than by their ids, and says itself how it is renamed: a bit mask, a list indexed by actor. It counts
    /// wherever the type occurs, for all symmetric actors of the system.
    ///
    /// See [`Permute`] for an example.
    pub fn permuting<T: Permute + Serialize + DeserializeOwned>(&mut self) -> &mut Self {
        self.system.blueprint.symmetries.permutes.add::<T>();
        self
    }
}

impl<M: Message + DeserializeOwned> System<M> {
    /// These actors are interchangeable: nothing but their ids tells them apart. The search then visits only one of all states that
    /// differ by who is who. Verdicts and the lengths of traces stay what they are, counts are those of the smaller space.
    ///
    /// It is not taken on trust. Every answer of a handler and of a property is compared with its answers where the actors change
    /// places, and a difference is an error. For this the ids must be of type [`Id`] wherever actors or messages
    /// hold them, and both must be `Deserialize`. A type that holds them in another way, a bit mask say, says itself how it is renamed and is named:
    /// [`permuting`](Symmetric::permuting). Another actor whose state holds their ids has to be named:
    /// [`mentioned_by`](Symmetric::mentioned_by), and so has an observer: [`remembered_by`](Symmetric::remembered_by).
    ///
    /// ```
    /// use allways::prelude::*;
    /// use allways::search::{Options, Verdict};
    /// use allways::space::ActorSpace;
    ///
    /// message! { #[derive(Deserialize)] enum Msg { Hello } }
    ///
    /// /// Greets all others, and notes who greeted it.
    /// struct Member {
    ///     n: usize,
    /// }
    ///
    /// impl Actor for Member {
    ///     type Msg = Msg;
    ///     type State = Set<Id>;
    ///     type Timer = ();
    ///     type Random = ();
    ///     type Storage = ();
    ///
    ///     fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Set<Id> {
    ///         for peer in (0..self.n).map(Id::from).filter(|peer| *peer != id) {
    ///             o.send(peer, Msg::Hello);
    ///         }
    ///         Set::new()
    ///     }
    ///
    ///     fn on_msg(&self, _: Id, met: &mut Cow<'_, Set<Id>>, src: Id, _: Msg, _: &mut Out<Self>) {
    ///         met.to_mut().insert(src);
    ///     }
    /// }
    ///
    /// let mut sys = System::new();
    /// let members = sys.actors("member", 3, |_| Member { n: 3 });
    /// sys.symmetric(&members);
    /// sys.always("nobody greets itself", move |s| members.iter().all(|m| !s[m].contains(&m.id())));
    ///
    /// let outcome = allways::check(&mut ActorSpace::new(sys)?, &Options::default(), &())?;
    /// assert_eq!(outcome.properties[1].verdict, Verdict::Holds);
    /// // 2^6 messages are delivered or not; 16 ways up to who is who.
    /// assert_eq!(outcome.counts.unique, 16);
    /// # Ok::<(), allways::Error>(())
    /// ```
    ///
    /// # Panics
    /// One of the actors belongs to another system, or to another group.
    pub fn symmetric<A: RenamedActor<Msg = M>>(
        &mut self,
        members: &[Handle<A>],
    ) -> Symmetric<'_, M> {
        let members: Vec<usize> = members
            .iter()
            .map(|handle| handle.index_in(self.blueprint.id))
            .collect();
        for (i, member) in members.iter().enumerate() {
            let mut known = self.blueprint.symmetries.groups.iter().flatten();
            assert!(
                !members[..i].contains(member) && !known.any(|other| other == member),
                "{:?} is declared symmetric twice",
                Id::from(*member)
            );
            let renamers = &mut self.blueprint.symmetries.renamers;
            renamers.insert(*member, Renamer::of::<A>());
        }
        self.blueprint.symmetries.groups.push(members);
        self.blueprint.symmetries.message =
            Some(|msg, renames| Ok(Content::new(renamed(msg.get::<M>(), renames)?)));
        Symmetric { system: self }
    }
}
