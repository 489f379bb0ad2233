//! An actor that follows its protocol: stateright's `Actor` as a [`Process`].

mod altered;
mod local;

use std::any::type_name;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Command, Id, Out};

pub(crate) use self::local::Local;

use self::local::local_tree;
use super::component::{Component, Content};
use super::mutation::{Alteration, Handler, kind_of};
use super::process::{Happening, Interrupted, Pending, Process, Reaction};
use super::timing::Window;
use crate::error::Error;
use crate::value::{Tree, canonical, hash_stream};

/// Type-dependent operations of an actor, chosen by the bounds it meets.
struct Rules<A: Actor> {
    timer_order: fn(&A::Timer, &A::Timer) -> Ordering,
    timer_key: fn(&A::Timer) -> Result<Vec<u8>, Error>,
    random_key: fn(&A::Random) -> Result<Vec<u8>, Error>,
    timer_tree: fn(&A::Timer) -> Tree,
    random_tree: fn(&A::Random) -> Tree,
    identity: fn(&Local<A>, &mut Vec<u8>) -> Result<(), Error>,
    tree: fn(&Local<A>) -> Tree,
    /// stateright keeps the state of a crashed actor; here a crash loses it.
    keeps_state_when_down: bool,
    /// Equal encodings and equal values must coincide.
    strict: bool,
}

/// What a handler made of its component (`None`: it is as it was), and what it sent.
type Settled<A> = (Option<Local<A>>, Vec<(Id, Content)>);

/// An actor and how its values are told apart.
pub(crate) struct ActorProcess<A: Actor> {
    actor: A,
    rules: Rules<A>,
    /// How long a tick is, where there are ticks.
    unit: Option<Duration>,
    /// What is done to its handlers from outside.
    alteration: Option<Alteration>,
}

impl<A: Actor> ActorProcess<A> {
    /// Identity by canonical encoding.
    pub(crate) fn encoded(actor: A) -> Self
    where
        A::State: Serialize,
        A::Timer: Serialize,
        A::Random: Serialize,
        A::Storage: Serialize,
    {
        let rules = Rules {
            timer_order: |a, b| bytes_of(a).ok().cmp(&bytes_of(b).ok()),
            timer_key: |timer| bytes_of(timer),
            random_key: |random| bytes_of(random),
            timer_tree: Tree::of,
            random_tree: Tree::of,
            identity: |local, out| {
                canonical(
                    &(
                        &local.state,
                        local.up,
                        &local.timers,
                        &local.choices,
                        &local.storage,
                    ),
                    out,
                )?;
                // Without ticks the encoding is what it would be if there were no such thing.
                if local.windows.is_empty() {
                    Ok(())
                } else {
                    canonical(&local.windows, out)
                }
            },
            tree: |local| local_tree(local, Tree::of, Tree::of, Tree::of, Tree::of),
            keeps_state_when_down: false,
            strict: true,
        };
        ActorProcess {
            actor,
            rules,
            unit: None,
            alteration: None,
        }
    }

    /// Identity by the actor's own `Hash` and `PartialEq`, as stateright's models are bound.
    pub(crate) fn hashed(actor: A) -> Self
    where
        A::Timer: Ord,
    {
        let rules = Rules {
            timer_order: <A::Timer as Ord>::cmp,
            timer_key: |timer| Ok(format!("{timer:?}").into_bytes()),
            random_key: |random| Ok(format!("{random:?}").into_bytes()),
            timer_tree: Tree::debug,
            random_tree: Tree::debug,
            identity: |local, out| {
                hash_stream(
                    &(
                        &local.state,
                        local.up,
                        &local.timers,
                        &local.choices,
                        &local.storage,
                    ),
                    out,
                );
                Ok(())
            },
            tree: |local| local_tree(local, Tree::debug, Tree::debug, Tree::debug, Tree::debug),
            keeps_state_when_down: true,
            strict: false,
        };
        ActorProcess {
            actor,
            rules,
            unit: None,
            alteration: None,
        }
    }

    /// Applies a handler's commands to the component it started from.
    fn settle(&self, mut local: Local<A>, touched: bool, out: Out<A>) -> Settled<A>
    where
        A::Msg: Send + Sync + 'static,
    {
        let mut sends = Vec::new();
        let mut changed = touched;
        for command in out {
            match command {
                Command::Send(to, msg) => sends.push((to, Content::new(msg))),
                Command::SetTimer(timer, range) => {
                    changed = true;
                    let known = local.timers.iter().position(|set| *set == timer);
                    if let Some(unit) = self.unit {
                        let name = || format!("timer {}", (self.rules.timer_tree)(&timer).text());
                        let window = Window::of(&range, unit, name);
                        match known {
                            Some(at) => local.windows[at] = window,
                            None => local.windows.push(window),
                        }
                    }
                    if known.is_none() {
                        local.timers.push(timer);
                    }
                }
                Command::CancelTimer(timer) => {
                    changed = true;
                    if let Some(at) = local.timers.iter().position(|set| *set == timer) {
                        local.remove_timer(at);
                    }
                }
                Command::ChooseRandom(key, alternatives) => {
                    changed = true;
                    local.choices.retain(|(set, _)| *set != key);
                    if !alternatives.is_empty() {
                        local.choices.push((key, alternatives));
                    }
                }
                Command::Save(storage) => {
                    changed = true;
                    local.storage = Some(storage);
                }
            }
        }
        local.sort_timers(self.rules.timer_order);
        local.choices.sort_by(|(a, _), (b, _)| a.cmp(b));
        (changed.then_some(local), sends)
    }
}

/// The positions of the timers that were set before and are set again.
fn rearmed<A: Actor>(before: &Local<A>, out: &Out<A>) -> Vec<usize> {
    let sets_again = |timer: &A::Timer| {
        let mut commands = out.iter();
        commands.any(|command| matches!(command, Command::SetTimer(set, _) if set == timer))
    };
    let timers = before.timers.iter().enumerate();
    timers
        .filter(|(_, timer)| sets_again(timer))
        .map(|(position, _)| position)
        .collect()
}

fn bytes_of<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    canonical(value, &mut bytes)?;
    Ok(bytes)
}

impl<A> Process for ActorProcess<A>
where
    A: Actor + Send + Sync + 'static,
    A::Msg: Send + Sync + 'static,
    A::State: Send + Sync + 'static,
    A::Timer: Send + Sync + 'static,
    A::Random: Send + Sync + 'static,
    A::Storage: Send + Sync + 'static,
{
    fn start(&self, id: Id, from: Option<&Component>) -> Reaction {
        let storage = from.and_then(|down| down.get::<Local<A>>().storage.clone());
        let (state, out) = self.call_start(id, &storage);
        let local = Local {
            state: Some(state),
            ..Local::starting(storage)
        };
        let (local, sends) = self.settle(local, true, out);
        Reaction {
            local: local.map(Component::new),
            sends,
            untouched: false,
            rearmed: Vec::new(),
        }
    }

    fn deliver(&self, id: Id, local: &Component, src: Id, msg: &Content) -> Reaction {
        let before = local.get::<Local<A>>();
        let Some(old) = &before.state else {
            panic!("a message was delivered to an actor that is down")
        };
        let mut state = Cow::Borrowed(old);
        let msg = msg.get::<A::Msg>();
        let handler = self.handler(|| Handler::Message(kind_of(msg)));
        let out = self.call(handler, (before, None), &mut state, |actor, state, out| {
            actor.on_msg(id, state, src, msg.clone(), out);
        });
        let rearmed = rearmed(before, &out);
        let touched = matches!(state, Cow::Owned(_));
        let untouched = !touched && out.is_empty();
        if !touched
            && out
                .iter()
                .all(|command| matches!(command, Command::Send(..)))
        {
            let sends = out.into_iter().filter_map(|c| {
                if let Command::Send(to, msg) = c {
                    Some((to, Content::new(msg)))
                } else {
                    None
                }
            });
            return Reaction {
                local: None,
                sends: sends.collect(),
                untouched,
                rearmed,
            };
        }
        let after = Local {
            state: Some(state.into_owned()),
            ..before.clone()
        };
        let (local, sends) = self.settle(after, touched, out);
        Reaction {
            local: local.map(Component::new),
            sends,
            untouched,
            rearmed,
        }
    }

    fn fire(&self, id: Id, local: &Component, pending: &Pending) -> Reaction {
        let mut after = local.get::<Local<A>>().clone();
        let Some(old) = after.state.take() else {
            panic!("an actor that is down has nothing pending")
        };
        let mut state = Cow::Borrowed(&old);
        let (out, untouched) = match *pending {
            Pending::Timer(position) => {
                let timer = after.remove_timer(position);
                let handler = self.handler(|| Handler::Timer(kind_of(&timer)));
                let out = self.call(
                    handler,
                    (&after, Some(&timer)),
                    &mut state,
                    |actor, state, out| {
                        actor.on_timeout(id, state, &timer, out);
                    },
                );
                let renewed = |c: &Command<_, A::Timer, _, _>| matches!(c, Command::SetTimer(set, _) if *set == timer);
                let untouched =
                    matches!(state, Cow::Borrowed(_)) && out.len() == 1 && out.iter().all(renewed);
                (out, untouched)
            }
            Pending::Choice(position, alternative) => {
                let (name, alternatives) = after.choices.remove(position);
                let handler = self.handler(|| Handler::Choice(name));
                let out = self.call(handler, (&after, None), &mut state, |actor, state, out| {
                    actor.on_random(id, state, &alternatives[alternative], out);
                });
                (out, false)
            }
        };
        let rearmed = rearmed(local.get::<Local<A>>(), &out);
        let state = state.into_owned();
        let (local, sends) = self.settle(
            Local {
                state: Some(state),
                ..after
            },
            true,
            out,
        );
        Reaction {
            local: local.map(Component::new),
            sends,
            untouched,
            rearmed,
        }
    }

    fn crash(&self, local: &Component) -> Component {
        let before = local.get::<Local<A>>();
        Component::new(Local::<A> {
            state: if self.rules.keeps_state_when_down {
                before.state.clone()
            } else {
                None
            },
            up: false,
            timers: Vec::new(),
            windows: Vec::new(),
            choices: Vec::new(),
            storage: before.storage.clone(),
        })
    }

    fn interrupted(
        &self,
        id: Id,
        local: Option<&Component>,
        happening: &Happening<'_>,
    ) -> Vec<Interrupted> {
        let before = local.map(|local| local.get::<Local<A>>());
        let saved = before.and_then(|local| local.storage.clone());
        let out = if let Happening::Start = happening {
            self.call_start(id, &saved).1
        } else {
            let Some((before, old)) = before.and_then(|local| Some((local, local.state.as_ref()?)))
            else {
                panic!("an actor that is down handles nothing")
            };
            let mut state = Cow::Borrowed(old);
            match happening {
                Happening::Message(src, msg) => {
                    let msg = msg.get::<A::Msg>();
                    let handler = self.handler(|| Handler::Message(kind_of(msg)));
                    self.call(handler, (before, None), &mut state, |actor, state, out| {
                        actor.on_msg(id, state, *src, msg.clone(), out);
                    })
                }
                Happening::Pending(Pending::Timer(at)) => {
                    let mut left = before.clone();
                    let timer = left.remove_timer(*at);
                    let handler = self.handler(|| Handler::Timer(kind_of(&timer)));
                    self.call(
                        handler,
                        (&left, Some(&timer)),
                        &mut state,
                        |actor, state, out| {
                            actor.on_timeout(id, state, &timer, out);
                        },
                    )
                }
                Happening::Pending(Pending::Choice(at, alternative)) => {
                    let mut left = before.clone();
                    let (name, alternatives) = left.choices.remove(*at);
                    let handler = self.handler(|| Handler::Choice(name));
                    self.call(handler, (&left, None), &mut state, |actor, state, out| {
                        actor.on_random(id, state, &alternatives[*alternative], out);
                    })
                }
                Happening::Start => Out::new(),
            }
        };
        // What each number of effects leaves behind: so many sends, and what is saved.
        let (mut sends, mut left) = (Vec::new(), vec![(0, saved)]);
        for command in out {
            let mut storage = left.last().and_then(|(_, storage)| storage.clone());
            match command {
                Command::Send(to, msg) => sends.push((to, Content::new(msg))),
                Command::Save(saved) => storage = Some(saved),
                Command::SetTimer(..) | Command::CancelTimer(_) | Command::ChooseRandom(..) => {}
            }
            left.push((sends.len(), storage));
        }
        let of = left.len() - 1;
        let counts = |&after: &usize| {
            after == 0 || left[after] != left[of] && !left[..after].contains(&left[after])
        };
        let interrupted = (0..=of).filter(counts).map(|after| {
            let (n_sends, storage) = &left[after];
            Interrupted {
                after: after as u32,
                of: of as u32,
                local: Component::new(Local::<A> {
                    state: None,
                    up: false,
                    timers: Vec::new(),
                    windows: Vec::new(),
                    choices: Vec::new(),
                    storage: storage.clone(),
                }),
                sends: sends[..*n_sends].to_vec(),
            }
        });
        interrupted.collect()
    }

    fn with_state(&self, local: &Component, state: &Component) -> Component {
        Component::new(Local {
            state: Some(state.get::<A::State>().clone()),
            ..local.get::<Local<A>>().clone()
        })
    }

    fn is_up(&self, local: &Component) -> bool {
        local.get::<Local<A>>().up
    }

    fn pending(&self, local: &Component) -> Vec<Pending> {
        let local = local.get::<Local<A>>();
        let timers = (0..local.timers.len()).map(Pending::Timer);
        let choices = local
            .choices
            .iter()
            .enumerate()
            .flat_map(|(choice, (_, alternatives))| {
                (0..alternatives.len()).map(move |alternative| Pending::Choice(choice, alternative))
            });
        timers.chain(choices).collect()
    }

    fn pending_key(&self, local: &Component, pending: &Pending) -> Result<Vec<u8>, Error> {
        let local = local.get::<Local<A>>();
        match *pending {
            Pending::Timer(position) => (self.rules.timer_key)(&local.timers[position]),
            Pending::Choice(position, alternative) => {
                let (name, alternatives) = &local.choices[position];
                let mut key = (name.len() as u64).to_be_bytes().to_vec();
                key.extend_from_slice(name.as_bytes());
                key.extend((self.rules.random_key)(&alternatives[alternative])?);
                Ok(key)
            }
        }
    }

    fn pending_tree(&self, local: &Component, pending: &Pending) -> (Option<String>, Tree) {
        let local = local.get::<Local<A>>();
        match *pending {
            Pending::Timer(position) => (None, (self.rules.timer_tree)(&local.timers[position])),
            Pending::Choice(position, alternative) => {
                let (name, alternatives) = &local.choices[position];
                (
                    Some(name.clone()),
                    (self.rules.random_tree)(&alternatives[alternative]),
                )
            }
        }
    }

    fn identity(&self, local: &Component, out: &mut Vec<u8>) -> Result<(), Error> {
        (self.rules.identity)(local.get::<Local<A>>(), out)
    }

    fn same(&self, a: &Component, b: &Component) -> bool {
        a.get::<Local<A>>().is_like(b.get::<Local<A>>())
    }

    fn user_hash(&self, local: &Component) -> u64 {
        let local = local.get::<Local<A>>();
        let mut stream = Vec::new();
        hash_stream(
            &(
                &local.state,
                local.up,
                &local.timers,
                &local.choices,
                &local.storage,
            ),
            &mut stream,
        );
        xxhash_rust::xxh3::xxh3_64(&stream)
    }

    fn tree(&self, local: &Component) -> Tree {
        (self.rules.tree)(local.get::<Local<A>>())
    }

    fn is_strict(&self) -> bool {
        self.rules.strict
    }

    fn stripped(&self, local: &Component, timers: bool, storage: bool) -> Component {
        let mut local = local.get::<Local<A>>().clone();
        if timers {
            local.timers.clear();
            local.windows.clear();
        }
        if storage {
            local.storage = None;
        }
        Component::new(local)
    }

    fn keep_time(&mut self, unit: Duration) {
        self.unit = Some(unit);
    }

    fn alter(&mut self, alteration: Alteration) {
        self.alteration = Some(alteration);
    }

    fn windows<'a>(&self, local: &'a Component) -> &'a [Window] {
        &local.get::<Local<A>>().windows
    }

    fn tick(&self, local: &Component) -> Component {
        let mut local = local.get::<Local<A>>().clone();
        for window in &mut local.windows {
            *window = match window.ticked() {
                Some(later) => later,
                None => unreachable!("a timer at its latest holds time up"),
            };
        }
        Component::new(local)
    }

    fn ignore(&self, local: &Component, happening: &Happening<'_>) -> Component {
        let mut local = local.get::<Local<A>>().clone();
        match happening {
            Happening::Pending(Pending::Timer(position)) => {
                local.remove_timer(*position);
            }
            Happening::Pending(Pending::Choice(position, _)) => {
                local.choices.remove(*position);
            }
            Happening::Start | Happening::Message(..) => {}
        }
        Component::new(local)
    }

    fn type_name(&self) -> &'static str {
        type_name::<A>()
    }
}
