//! How handlers are called: as they are, or with an alteration between them and what comes of them. Whether an effect is missed is asked of what it
//! leaves behind, so a mistake that makes no difference is none.

use std::any::type_name;
use std::borrow::Cow;

use stateright::actor::{Actor, Command, Id, Out};

use super::{ActorProcess, Local, rearmed};
use crate::system::mutation::{Effect, Handler, effect_of};

impl<A: Actor> ActorProcess<A> {
    /// The handler as an alteration knows it, where there is one.
    pub(super) fn handler(&self, handler: impl FnOnce() -> Handler) -> Option<Handler> {
        self.alteration.is_some().then(handler)
    }

    /// Calls a handler, unless an alteration has it ignore its event, and takes from its effects what an alteration drops. `local` is what
    /// its effects fall upon, without its state; `fired` the timer that it is called for.
    pub(super) fn call<'s>(
        &self,
        handler: Option<Handler>,
        (local, fired): (&Local<A>, Option<&A::Timer>),
        state: &mut Cow<'s, A::State>,
        call: impl FnOnce(&A, &mut Cow<'s, A::State>, &mut Out<A>),
    ) -> Out<A>
    where
        A::Msg: Send + Sync + 'static,
    {
        let mut out = Out::new();
        let (Some(alteration), Some(handler)) = (&self.alteration, handler) else {
            call(&self.actor, state, &mut out);
            return out;
        };
        let name = type_name::<A>();
        if alteration.ignores(name, &handler) {
            return out;
        }
        let before = state.clone().into_owned();
        call(&self.actor, state, &mut out);
        let touched = matches!(state, Cow::Owned(_));
        let matters = |effect: &_, out: &_| self.matters(local, fired, touched, effect, out);
        alteration.apply(name, handler, **state != before, out, matters)
    }

    /// Calls `on_start`, and takes from its effects what an alteration drops.
    pub(super) fn call_start(&self, id: Id, storage: &Option<A::Storage>) -> (A::State, Out<A>)
    where
        A::Msg: Send + Sync + 'static,
    {
        let mut out = Out::new();
        let state = self.actor.on_start(id, storage, &mut out);
        let out = match &self.alteration {
            Some(alteration) => {
                let local = Local::starting(storage.clone());
                let matters = |effect: &_, out: &_| self.matters(&local, None, true, effect, out);
                alteration.apply(type_name::<A>(), Handler::Start, true, out, matters)
            }
            None => out,
        };
        (state, out)
    }

    /// Whether anything is different afterwards if a handler's effects happen to `local` without those of one kind. A timer that is cancelled
    /// and was not set makes no difference, nor does a choice that was on offer already.
    fn matters(
        &self,
        local: &Local<A>,
        fired: Option<&A::Timer>,
        touched: bool,
        effect: &Effect,
        out: &Out<A>,
    ) -> bool
    where
        A::Msg: Send + Sync + 'static,
    {
        if let Effect::Send(_) = effect {
            return true;
        }
        let others = out.iter().filter(|command| effect_of(command) != *effect);
        let others: Out<A> = others.map(copy_of::<A>).collect();
        // By stateright's rule nothing has happened where a handler leaves its state alone and asks for nothing, or for its timer once more.
        let may_be_nothing = !touched
            && match &others[..] {
                [] => fired.is_none(),
                [Command::SetTimer(timer, _)] => fired == Some(timer),
                _ => false,
            };
        if may_be_nothing || rearmed(local, out) != rearmed(local, &others) {
            return true;
        }
        let after = |out| self.settle(local.clone(), true, out).0;
        match (after(out.iter().map(copy_of::<A>).collect()), after(others)) {
            (Some(with), Some(without)) => !with.is_like(&without),
            _ => true,
        }
    }
}

/// Commands cannot be cloned as they are.
fn copy_of<A: Actor>(
    command: &Command<A::Msg, A::Timer, A::Random, A::Storage>,
) -> Command<A::Msg, A::Timer, A::Random, A::Storage> {
    match command {
        Command::Send(to, msg) => Command::Send(*to, msg.clone()),
        Command::SetTimer(timer, range) => Command::SetTimer(timer.clone(), range.clone()),
        Command::CancelTimer(timer) => Command::CancelTimer(timer.clone()),
        Command::ChooseRandom(key, alternatives) => {
            Command::ChooseRandom(key.clone(), alternatives.clone())
        }
        Command::Save(storage) => Command::Save(storage.clone()),
    }
}
