//! Arbitrary (Byzantine) actors: they know what they have seen, and send what they like of it.

use std::collections::BTreeMap;
use std::time::Duration;

use stateright::actor::Id;

use super::component::{Component, Content, Identity};
use super::mutation::Alteration;
use super::process::{Happening, Interrupted, Pending, Process, Reaction};
use super::timing::Window;
use crate::error::Error;
use crate::value::Tree;

/// How an actor misbehaves that need not follow its protocol, for [`System::byzantine`](super::System::byzantine).
///
/// Such an actor handles an event as its protocol says, or ignores it. And at any time it may send any content that it knows to anyone: what was ever delivered to
/// it, what it has sent, and what its alphabet has. It sends in its own name; over links that are [unauthenticated](super::Link::unauthenticated) in
/// anybody's. It cannot make up what it does not know: a signature, say, that it has never seen.
///
/// What it sends of its own accord is a fault, and nobody can count on it: it is under no fairness. So that there is an end to it, it needs a budget of
/// [`sends`](Byzantine::sends), or links of bounded [`capacity`](super::Link::capacity) only.
///
/// ```
/// use allways::prelude::*;
/// use allways::search::{Options, Verdict};
/// use allways::space::ActorSpace;
///
/// message! { enum Msg { Vote(bool) } }
///
/// /// Hears the votes of others: who voted what, and who voted twice.
/// struct Judge;
/// impl Actor for Judge {
///     type Msg = Msg;
///     type State = Set<(Id, bool)>;
///     type Timer = ();
///     type Random = ();
///     type Storage = ();
///     fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Set<(Id, bool)> { Set::new() }
///     fn on_msg(&self, _: Id, votes: &mut Cow<'_, Set<(Id, bool)>>, src: Id, Msg::Vote(vote): Msg, _: &mut Out<Self>) {
///         votes.to_mut().insert((src, vote));
///     }
/// }
///
/// /// Votes once.
/// struct Voter { judge: Id }
/// # impl Actor for Voter {
/// #     type Msg = Msg;
/// #     type State = ();
/// #     type Timer = ();
/// #     type Random = ();
/// #     type Storage = ();
/// #     fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) { o.send(self.judge, Msg::Vote(true)) }
/// # }
///
/// let mut sys = System::new();
/// let judge = sys.actor("judge", Judge);
/// let voters = sys.actors("voter", 2, |_| Voter { judge: judge.id() });
/// sys.byzantine(voters[0], Byzantine::new().sends(1).alphabet([Msg::Vote(false)]));
/// sys.always("nobody votes twice", move |s| {
///     voters.iter().all(|v| s[judge].iter().filter(|(src, _)| *src == v.id()).count() <= 1)
/// });
/// let outcome = allways::check(&mut ActorSpace::new(sys)?, &Options::default(), &())?;
/// assert_eq!(outcome.properties[1].verdict, Verdict::Violated);
/// # Ok::<(), allways::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Byzantine<M> {
    pub(crate) sends: Option<u32>,
    pub(crate) alphabet: Vec<M>,
}

impl<M> Byzantine<M> {
    /// It sends what it knows, any number of times.
    pub fn new() -> Self {
        Byzantine {
            sends: None,
            alphabet: Vec::new(),
        }
    }

    /// It sends at most `budget` messages of its own accord in a run, besides those of its protocol.
    #[must_use]
    pub fn sends(self, budget: u32) -> Self {
        Byzantine {
            sends: Some(budget),
            ..self
        }
    }

    /// It knows these contents from the start.
    #[must_use]
    pub fn alphabet(self, contents: impl IntoIterator<Item = M>) -> Self {
        Byzantine {
            alphabet: contents.into_iter().collect(),
            ..self
        }
    }
}

impl<M: Send + Sync + 'static> Byzantine<M> {
    /// The same, the type of messages erased.
    pub(crate) fn erased(self) -> Byzantine<Content> {
        Byzantine {
            sends: self.sends,
            alphabet: self.alphabet.into_iter().map(Content::new).collect(),
        }
    }
}

impl<M> Default for Byzantine<M> {
    fn default() -> Self {
        Self::new()
    }
}

/// Contents by their identity.
type Contents = BTreeMap<Vec<u8>, Content>;

/// What belongs to a Byzantine actor: what its protocol has, and what it knows beyond its alphabet.
struct Local {
    protocol: Component,
    knows: Contents,
}

/// A process that need not follow its protocol.
pub(crate) struct ByzantineProcess {
    protocol: Box<dyn Process>,
    alphabet: Contents,
    identity: Identity<Content>,
}

impl ByzantineProcess {
    /// # Errors
    /// A content of the alphabet has no encoding.
    pub(crate) fn new(
        protocol: Box<dyn Process>,
        alphabet: &[Content],
        identity: Identity<Content>,
    ) -> Result<Self, Error> {
        let mut contents = Contents::new();
        for content in alphabet {
            let mut bytes = Vec::new();
            (identity.bytes)(content, &mut bytes)?;
            contents.insert(bytes, content.clone());
        }
        Ok(ByzantineProcess {
            protocol,
            alphabet: contents,
            identity,
        })
    }

    fn local<'a>(&self, local: &'a Component) -> &'a Local {
        local.get::<Local>()
    }

    /// What is known once these contents are, too.
    fn learn<'a>(&self, knows: &Contents, contents: impl Iterator<Item = &'a Content>) -> Contents {
        let mut knows = knows.clone();
        for content in contents {
            let mut bytes = Vec::new();
            // What cannot be encoded is an error of its own where it is delivered or sent.
            let is_encoded = (self.identity.bytes)(content, &mut bytes).is_ok();
            if is_encoded && !self.alphabet.contains_key(&bytes) {
                knows.entry(bytes).or_insert_with(|| content.clone());
            }
        }
        knows
    }

    /// The protocol's reaction, and what it teaches.
    fn reaction(&self, before: &Component, got: Option<&Content>, reaction: Reaction) -> Reaction {
        let before = self.local(before);
        let sent = reaction.sends.iter().map(|(_, msg)| msg);
        let knows = self.learn(&before.knows, got.into_iter().chain(sent));
        let is_unchanged = reaction.local.is_none() && knows.len() == before.knows.len();
        let local = (!is_unchanged).then(|| {
            let protocol = reaction.local.unwrap_or_else(|| before.protocol.clone());
            Component::new(Local { protocol, knows })
        });
        Reaction { local, ..reaction }
    }

    /// The same knowledge with another component of the protocol.
    fn with_protocol(&self, local: &Component, protocol: Component) -> Component {
        let knows = self.local(local).knows.clone();
        Component::new(Local { protocol, knows })
    }
}

impl Process for ByzantineProcess {
    fn start(&self, id: Id, from: Option<&Component>) -> Reaction {
        let before = from.map(|from| self.local(from));
        let reaction = self.protocol.start(id, before.map(|local| &local.protocol));
        let empty = Contents::new();
        let knows = self.learn(
            before.map_or(&empty, |local| &local.knows),
            reaction.sends.iter().map(|(_, msg)| msg),
        );
        Reaction {
            local: reaction
                .local
                .map(|protocol| Component::new(Local { protocol, knows })),
            ..reaction
        }
    }

    fn deliver(&self, id: Id, local: &Component, src: Id, msg: &Content) -> Reaction {
        let protocol = &self.local(local).protocol;
        self.reaction(
            local,
            Some(msg),
            self.protocol.deliver(id, protocol, src, msg),
        )
    }

    fn fire(&self, id: Id, local: &Component, pending: &Pending) -> Reaction {
        let protocol = &self.local(local).protocol;
        self.reaction(local, None, self.protocol.fire(id, protocol, pending))
    }

    fn crash(&self, local: &Component) -> Component {
        // Whoever is behind it forgets nothing.
        self.with_protocol(local, self.protocol.crash(&self.local(local).protocol))
    }

    fn interrupted(
        &self,
        id: Id,
        local: Option<&Component>,
        happening: &Happening<'_>,
    ) -> Vec<Interrupted> {
        let before = local.map(|local| self.local(local));
        let protocol = before.map(|local| &local.protocol);
        let empty = Contents::new();
        let got = match happening {
            Happening::Message(_, msg) => Some(*msg),
            Happening::Start | Happening::Pending(_) => None,
        };
        let all = self.protocol.interrupted(id, protocol, happening);
        all.into_iter()
            .map(|cut| {
                let sent = cut.sends.iter().map(|(_, msg)| msg);
                let known = before.map_or(&empty, |local| &local.knows);
                let knows = self.learn(known, got.into_iter().chain(sent));
                let protocol = cut.local;
                Interrupted {
                    local: Component::new(Local { protocol, knows }),
                    ..cut
                }
            })
            .collect()
    }

    fn with_state(&self, local: &Component, state: &Component) -> Component {
        let protocol = &self.local(local).protocol;
        self.with_protocol(local, self.protocol.with_state(protocol, state))
    }

    fn is_up(&self, local: &Component) -> bool {
        self.protocol.is_up(&self.local(local).protocol)
    }

    fn pending(&self, local: &Component) -> Vec<Pending> {
        self.protocol.pending(&self.local(local).protocol)
    }

    fn pending_key(&self, local: &Component, pending: &Pending) -> Result<Vec<u8>, Error> {
        let protocol = &self.local(local).protocol;
        self.protocol.pending_key(protocol, pending)
    }

    fn pending_tree(&self, local: &Component, pending: &Pending) -> (Option<String>, Tree) {
        let protocol = &self.local(local).protocol;
        self.protocol.pending_tree(protocol, pending)
    }

    fn identity(&self, local: &Component, out: &mut Vec<u8>) -> Result<(), Error> {
        let local = self.local(local);
        self.protocol.identity(&local.protocol, out)?;
        for bytes in local.knows.keys() {
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend(bytes);
        }
        Ok(())
    }

    fn same(&self, a: &Component, b: &Component) -> bool {
        let (a, b) = (self.local(a), self.local(b));
        self.protocol.same(&a.protocol, &b.protocol) && a.knows.keys().eq(b.knows.keys())
    }

    fn user_hash(&self, local: &Component) -> u64 {
        self.protocol.user_hash(&self.local(local).protocol)
    }

    fn tree(&self, local: &Component) -> Tree {
        let local = self.local(local);
        let protocol = self.protocol.tree(&local.protocol);
        if local.knows.is_empty() {
            return protocol;
        }
        let knows = Tree::Set(local.knows.values().map(self.identity.tree).collect());
        let parts = [("protocol", protocol), ("knows", knows)];
        let parts = parts.map(|(name, tree)| (name.to_owned(), tree));
        Tree::Struct(String::new(), parts.to_vec())
    }

    fn is_strict(&self) -> bool {
        self.protocol.is_strict()
    }

    fn stripped(&self, local: &Component, timers: bool, storage: bool) -> Component {
        let protocol = &self.local(local).protocol;
        self.with_protocol(local, self.protocol.stripped(protocol, timers, storage))
    }

    fn keep_time(&mut self, unit: Duration) {
        self.protocol.keep_time(unit);
    }

    fn alter(&mut self, alteration: Alteration) {
        self.protocol.alter(alteration);
    }

    fn windows<'a>(&self, local: &'a Component) -> &'a [Window] {
        self.protocol.windows(&self.local(local).protocol)
    }

    fn tick(&self, local: &Component) -> Component {
        self.with_protocol(local, self.protocol.tick(&self.local(local).protocol))
    }

    fn type_name(&self) -> &'static str {
        self.protocol.type_name()
    }

    fn protocol<'a>(&self, local: &'a Component) -> &'a Component {
        &self.local(local).protocol
    }

    fn known<'a>(&'a self, local: &'a Component) -> Vec<&'a Content> {
        let mut known: BTreeMap<&Vec<u8>, &Content> = self.alphabet.iter().collect();
        known.extend(&self.local(local).knows);
        known.into_values().collect()
    }

    fn ignore(&self, local: &Component, happening: &Happening<'_>) -> Component {
        let before = self.local(local);
        match happening {
            Happening::Message(_, msg) => Component::new(Local {
                protocol: before.protocol.clone(),
                knows: self.learn(&before.knows, std::iter::once(*msg)),
            }),
            _ => self.with_protocol(local, self.protocol.ignore(&before.protocol, happening)),
        }
    }
}
