//! A lock service whose locks are held for a time only: who holds one and is not heard of loses it.
//!
//! # Rules
//! - There is a lock for each name `K`. [`Call::Acquire`] is answered at once: [`Answer::Granted`] if nobody holds the lock, [`Answer::Refused`] if somebody else does. Its holder is
//!   granted it once more with the same token, and its time begins anew: so one renews a lock, and a request that is repeated does no harm.
//! - [`Call::Await`] is the same, but whoever is not granted the lock stands in line for it, and is granted it when it is their turn. To ask twice is to stand there once.
//! - [`Call::Release`] with the token of the grant gives the lock back; with another token it is too late, and does nothing.
//! - When the time of a lock is up it is taken from its holder, *who is not told*, and granted to who is first in line. The time counts from the moment in which it is
//!   granted, not in which the grant arrives.
//! - Every new grant of a lock has a greater *token* than the one before, from 1: a resource that is told the token, and refuses a smaller one than it has
//!   seen, is safe from holders whose time was up. Tokens grow without end, so bound how often locks are acquired.
//! - The time is what [`Lock::held_for`] says: [`ticks`], where a system [keeps time](crate::system::Timing); [`model_timeout()`] is any moment, so far as anybody
//!   knows. [`Lock::held_until_released`] has no time at all.
//!
//! # Guarantees
//! *Always*: one holder at a time, so far as the service knows; tokens of one lock are granted in ascending order.
//!
//! *In the end*, over reliable links: every `Acquire` is answered; every `Await` is granted, if every holder releases the lock or has a time.
//!
//! *Not* guaranteed: that who was granted a lock still has it. Nobody can promise that where there is no bound on how long messages and processes take.
//!
//! # Crashes
//! A service forgets everything when it crashes, its tokens too, unless it is [`durable`](Lock::durable): then it has saved who holds what, who stands in line and the tokens before it
//! answers. When it starts again the time of every lock begins anew.

use std::marker::PhantomData;
use std::ops::Range;
use std::time::Duration;

use super::{Data, Speaks};
use crate::prelude::*;
use crate::system::Message;

/// Tells the grants of one lock apart.
pub type Token = u8;

message! {
    /// What a lock service is asked.
    #[derive(Deserialize)]
    pub enum Call<K: Data> {
        /// The lock of this name; now or not at all.
        Acquire(K),
        /// The lock of this name, when it is free.
        Await(K),
        /// It is free again.
        Release {
            /// The lock.
            name: K,
            /// The token of the grant.
            token: Token,
        },
    }

    /// What it says.
    #[derive(Deserialize)]
    pub enum Answer<K: Data> {
        /// The lock is yours.
        Granted {
            /// The lock.
            name: K,
            /// Greater than that of any earlier grant to another.
            token: Token,
        },
        /// It is somebody else's.
        Refused {
            /// The lock.
            name: K,
        },
    }
}

state! {
    /// What a lock service knows.
    #[derive(Deserialize)]
    pub struct Locks<K: Data> {
        locks: Map<K, One>,
    }

    /// One lock.
    #[derive(Default, Deserialize)]
    struct One {
        holder: Option<Id>,
        /// That of the last grant.
        token: Token,
        /// Who stands in line.
        line: Vec<Id>,
    }
}

impl<K: Data> Locks<K> {
    /// Who holds a lock, so far as the service knows.
    pub fn holder(&self, name: &K) -> Option<Id> {
        self.locks.get(name).and_then(|lock| lock.holder)
    }

    /// The token of the last grant of a lock; 0 before the first.
    pub fn token(&self, name: &K) -> Token {
        self.locks.get(name).map_or(0, |lock| lock.token)
    }

    /// Who stands in line for a lock.
    pub fn line(&self, name: &K) -> &[Id] {
        self.locks.get(name).map_or(&[], |lock| &lock.line)
    }

    fn lock(&mut self, name: &K) -> &mut One {
        self.locks.entry(name.clone()).or_default()
    }
}

/// The lock service, for locks with names `K`, in a system whose messages are `M`.
///
/// Two clients write to a store that the lock is to protect. One whose lock is the other's by now, and who does not know, is found out by its token:
///
/// ```
/// use allways::prelude::*;
/// use allways::pieces::lock::{Answer, Call, Lock, Token};
///
/// message! {
///     enum Msg {
///         Lock(Call<()>),
///         Client(Answer<()>),
///         /// To the store, and its answer.
///         Write(Token), Written,
///     }
/// }
/// carries! { Msg: Lock(Call<()>), Client(Answer<()>) }
///
/// /// Takes the lock, writes, and gives it back; its state is the token.
/// struct Client { lock: Id, store: Id }
///
/// impl Actor for Client {
///     type Msg = Msg;
///     type State = Token;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///
///     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Token {
///         o.send(self.lock, Msg::Lock(Call::Await(())));
///         0
///     }
///
///     fn on_msg(&self, _: Id, ours: &mut Cow<'_, Token>, _: Id, msg: Msg, o: &mut Out<Self>) {
///         match msg {
///             Msg::Client(Answer::Granted { token, .. }) => {
///                 *ours.to_mut() = token;
///                 o.send(self.store, Msg::Write(token));
///             }
///             Msg::Written => o.send(self.lock, Msg::Lock(Call::Release { name: (), token: **ours })),
///             _ => {}
///         }
///     }
/// }
///
/// /// Its state are the tokens of the writes, in the order in which they took effect.
/// struct Store { checks_tokens: bool }
///
/// impl Actor for Store {
///     type Msg = Msg;
///     type State = Vec<Token>;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///
///     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Vec<Token> {
///         Vec::new()
///     }
///
///     fn on_msg(&self, _: Id, writes: &mut Cow<'_, Vec<Token>>, src: Id, msg: Msg, o: &mut Out<Self>) {
///         if let Msg::Write(token) = msg {
///             let is_late = writes.last().is_some_and(|&last| token < last);
///             if !(self.checks_tokens && is_late) {
///                 writes.to_mut().push(token);
///             }
///             o.send(src, Msg::Written);
///         }
///     }
/// }
///
/// fn system(lock: Lock<Msg, ()>, checks_tokens: bool) -> System<Msg> {
///     let mut sys = System::new();
///     let lock = sys.actor("lock", lock);
///     let store = sys.actor("store", Store { checks_tokens });
///     for name in ["a", "b"] {
///         sys.actor(name, Client { lock: lock.id(), store: store.id() });
///     }
///     sys.always("nobody writes after the next has", move |s| s[store].is_sorted());
///     sys.stabilises("in the end nobody holds the lock", move |s| s[lock].holder(&()).is_none());
///     sys.reachable("both write", move |s| s[store].len() == 2);
///     sys
/// }
///
/// // Good, if nobody crashes; with a time it needs no faith in that, but the tokens.
/// assert_holds!(system(Lock::held_until_released(), false));
/// assert_violated!(system(Lock::held_for(model_timeout()), false), "nobody writes after the next has");
/// assert_holds!(system(Lock::held_for(model_timeout()), true));
/// ```
#[derive(Clone, Debug)]
pub struct Lock<M, K> {
    /// `None`: until it is released.
    held_for: Option<Range<Duration>>,
    durable: bool,
    speaks: Speaks<M, K>,
}

impl<M, K> Lock<M, K> {
    /// Locks that are held for a time, unless they are released or renewed before.
    pub fn held_for(time: Range<Duration>) -> Self {
        Lock {
            held_for: Some(time),
            ..Self::held_until_released()
        }
    }

    /// Locks that are held until they are released, however long that takes.
    pub fn held_until_released() -> Self {
        Lock {
            held_for: None,
            durable: false,
            speaks: PhantomData,
        }
    }

    /// Saves what it knows, so that it outlives a crash.
    #[must_use]
    pub fn durable(self) -> Self {
        Lock {
            durable: true,
            ..self
        }
    }
}

impl<M, K> Lock<M, K>
where
    M: Message + TryInto<Call<K>> + From<Answer<K>>,
    K: Data,
{
    fn set_time(&self, name: &K, o: &mut Out<Self>) {
        if let Some(time) = &self.held_for {
            o.set_timer(name.clone(), time.clone());
        }
    }

    /// The lock is to be `client`'s, if it may be; whether it is now.
    fn acquire(
        &self,
        locks: &mut Cow<'_, Locks<K>>,
        name: &K,
        client: Id,
        o: &mut Out<Self>,
    ) -> bool {
        match locks.holder(name) {
            None => self.grant(locks.to_mut(), name, client, o),
            Some(holder) if holder == client => {
                self.set_time(name, o);
                let (name, token) = (name.clone(), locks.token(name));
                o.send(client, Answer::Granted { name, token }.into());
            }
            Some(_) => return false,
        }
        true
    }

    fn grant(&self, locks: &mut Locks<K>, name: &K, client: Id, o: &mut Out<Self>) {
        let lock = locks.lock(name);
        lock.holder = Some(client);
        lock.token += 1;
        let token = lock.token;
        self.save(locks, o);
        self.set_time(name, o);
        let name = name.clone();
        o.send(client, Answer::Granted { name, token }.into());
    }

    /// The lock is nobody's any more, or that of who is first in line.
    fn free(&self, locks: &mut Locks<K>, name: &K, o: &mut Out<Self>) {
        let lock = locks.lock(name);
        lock.holder = None;
        if lock.line.is_empty() {
            self.save(locks, o);
        } else {
            let next = lock.line.remove(0);
            self.grant(locks, name, next, o);
        }
    }

    fn save(&self, locks: &Locks<K>, o: &mut Out<Self>) {
        if self.durable {
            o.save(locks.clone());
        }
    }
}

impl<M, K> Actor for Lock<M, K>
where
    M: Message + TryInto<Call<K>> + From<Answer<K>>,
    K: Data,
{
    type Msg = M;
    type State = Locks<K>;
    /// The time of this lock is up.
    type Timer = K;
    type Random = ();
    type Storage = Locks<K>;

    fn on_start(&self, _: Id, saved: &Option<Locks<K>>, o: &mut Out<Self>) -> Locks<K> {
        let nothing = Locks { locks: Map::new() };
        let locks = saved.clone().unwrap_or(nothing);
        for (name, _) in locks.locks.iter().filter(|(_, lock)| lock.holder.is_some()) {
            self.set_time(name, o);
        }
        locks
    }

    fn on_msg(&self, _: Id, locks: &mut Cow<'_, Locks<K>>, src: Id, msg: M, o: &mut Out<Self>) {
        let Ok(call) = msg.try_into() else {
            return;
        };
        match call {
            Call::Acquire(name) => {
                if !self.acquire(locks, &name, src, o) {
                    o.send(src, Answer::Refused { name }.into());
                }
            }
            Call::Await(name) => {
                if !self.acquire(locks, &name, src, o) && !locks.line(&name).contains(&src) {
                    let locks = locks.to_mut();
                    locks.lock(&name).line.push(src);
                    self.save(locks, o);
                }
            }
            Call::Release { name, token } => {
                if locks.holder(&name) == Some(src) && locks.token(&name) == token {
                    if self.held_for.is_some() {
                        o.cancel_timer(name.clone());
                    }
                    self.free(locks.to_mut(), &name, o);
                }
            }
        }
    }

    fn on_timeout(&self, _: Id, locks: &mut Cow<'_, Locks<K>>, name: &K, o: &mut Out<Self>) {
        self.free(locks.to_mut(), name, o);
    }
}
