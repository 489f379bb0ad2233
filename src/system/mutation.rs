//! Small mistakes put into a system from outside: an effect of a handler dropped, an event ignored. Handlers' effects are data, so no model has to
//! know of it.

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use stateright::actor::{Actor, Command, Out};

use super::System;

/// What calls a handler.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handler {
    /// The actor starts, or starts again.
    Start,
    /// A message of this variant.
    Message(String),
    /// A timer of this variant fires.
    Timer(String),
    /// A choice of this name is taken.
    Choice(String),
}

/// What a handler asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A message of this variant is sent.
    Send(String),
    /// The storage is written.
    Save,
    /// A timer of this variant is set.
    SetTimer(String),
    /// A timer of this variant is cancelled.
    CancelTimer(String),
    /// A choice of this name is offered.
    Choose(String),
}

/// One mistake: a kind of effect that one handler never has, or a kind of event that no handler hears.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mutation {
    /// The actor's Rust type, its path in full.
    pub actor: String,
    /// The handler, by its event.
    pub handler: Handler,
    /// The effect that is dropped; `None`: the event is ignored.
    pub dropped: Option<Effect>,
}

impl Mutation {
    /// The actor's type without its path.
    pub fn actor_name(&self) -> &str {
        // What stands between angle brackets has paths of its own.
        let head = self.actor.split('<').next().unwrap_or(&self.actor);
        let path = head.rfind("::").map_or(0, |at| at + 2);
        &self.actor[path..]
    }
}

impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Handler::Start => f.write_str("start"),
            Handler::Message(kind) => write!(f, "message {kind}"),
            Handler::Timer(kind) => write!(f, "timer {kind}"),
            Handler::Choice(name) => write!(f, "choice \"{name}\""),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Send(kind) => write!(f, "does not send {kind}"),
            Effect::Save => f.write_str("does not save"),
            Effect::SetTimer(kind) => write!(f, "does not set timer {kind}"),
            Effect::CancelTimer(kind) => write!(f, "does not cancel timer {kind}"),
            Effect::Choose(name) => write!(f, "does not choose \"{name}\""),
        }
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actor = self.actor_name();
        match &self.dropped {
            Some(effect) => write!(f, "{actor}, at {}: {effect}", self.handler),
            None => write!(f, "{actor}, at {}: ignores it", self.handler),
        }
    }
}

/// The mistakes that a system's handlers give occasion to, as far as they ran.
#[derive(Clone, Debug, Default)]
pub struct Occasions(Arc<Mutex<BTreeSet<Mutation>>>);

impl Occasions {
    /// All so far, in order.
    pub fn mutations(&self) -> Vec<Mutation> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().cloned().collect()
    }

    fn add(&self, mutations: impl Iterator<Item = Mutation>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(mutations);
    }
}

/// What is done to a system before it is checked.
#[derive(Clone, Debug)]
pub enum Alteration {
    /// Nothing; but the occasions for mistakes are noted.
    Note(Occasions),
    /// A mistake is made.
    Make(Mutation),
}

impl<M> System<M> {
    /// Alters every actor.
    pub(crate) fn alter(&mut self, alteration: &Alteration) {
        let processes = self
            .blueprint
            .slots
            .iter_mut()
            .filter_map(|s| s.process.as_mut());
        processes.for_each(|process| process.alter(alteration.clone()));
    }
}

impl Alteration {
    /// Whether the handler of `actor` does not hear its event.
    pub(super) fn ignores(&self, actor: &str, handler: &Handler) -> bool {
        match self {
            Alteration::Note(_) => false,
            Alteration::Make(mutation) => {
                mutation.dropped.is_none()
                    && mutation.actor == actor
                    && mutation.handler == *handler
            }
        }
    }

    /// What is left of a handler's effects. `changed`: whether its state is another than before. `matters`: whether it makes a difference
    /// that these effects come without those of one kind.
    pub(super) fn apply<A: Actor>(
        &self,
        actor: &str,
        handler: Handler,
        changed: bool,
        out: Out<A>,
        matters: impl Fn(&Effect, &Out<A>) -> bool,
    ) -> Out<A> {
        match self {
            Alteration::Note(occasions) => {
                let ignorable = handler != Handler::Start && (changed || !out.is_empty());
                let effects = out.iter().map(effect_of);
                let effects = effects.filter(|effect| matters(effect, &out)).map(Some);
                let dropped = ignorable.then_some(None).into_iter().chain(effects);
                occasions.add(dropped.map(|dropped| Mutation {
                    actor: actor.to_owned(),
                    handler: handler.clone(),
                    dropped,
                }));
                out
            }
            Alteration::Make(mutation)
                if mutation.actor == actor && mutation.handler == handler =>
            {
                let is_kept = |command: &_| mutation.dropped != Some(effect_of(command));
                out.into_iter().filter(is_kept).collect()
            }
            Alteration::Make(_) => out,
        }
    }
}

/// The kind of an effect.
pub(super) fn effect_of<M: Debug, T: Debug, R, S>(command: &Command<M, T, R, S>) -> Effect {
    match command {
        Command::Send(_, msg) => Effect::Send(kind_of(msg)),
        Command::Save(_) => Effect::Save,
        Command::SetTimer(timer, _) => Effect::SetTimer(kind_of(timer)),
        Command::CancelTimer(timer) => Effect::CancelTimer(kind_of(timer)),
        Command::ChooseRandom(name, _) => Effect::Choose(name.clone()),
    }
}

/// The name of a value's variant, or of its type where it has none.
pub(super) fn kind_of<T: Debug>(value: &T) -> String {
    let text = format!("{value:?}");
    let name: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    if name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return name;
    }
    let of = std::any::type_name::<T>();
    of.rsplit("::").next().unwrap_or(of).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_the_names_of_variants() {
        assert_eq!(kind_of(&Some(3)), "Some");
        assert_eq!(kind_of(&Handler::Start), "Start");
        assert_eq!(kind_of(&Handler::Message("x".to_owned())), "Message");
        assert_eq!(kind_of(&7_u8), "u8");
        assert_eq!(kind_of(&-7_i8), "i8");
        assert_eq!(kind_of(&()), "()");
        assert_eq!(kind_of(&"text".to_owned()), "String");
    }

    #[test]
    fn words_say_which_handler_and_what_is_missing() {
        let mutation = |handler, dropped| Mutation {
            actor: "models::a::Node<models::b::Rule>".to_owned(),
            handler,
            dropped,
        };
        let send = Some(Effect::Send("Pong".to_owned()));
        assert_eq!(
            mutation(Handler::Message("Ping".to_owned()), send).to_string(),
            "Node<models::b::Rule>, at message Ping: does not send Pong"
        );
        assert_eq!(
            mutation(Handler::Timer("Beat".to_owned()), None).to_string(),
            "Node<models::b::Rule>, at timer Beat: ignores it"
        );
    }
}
