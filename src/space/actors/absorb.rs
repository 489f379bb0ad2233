//! Running the user's handlers and observers: each miss once, in parallel, twice over to see that it answers alike, interned in order.

use std::collections::HashSet;

use rayon::prelude::*;
use stateright::actor::{Envelope, Id};

use super::layout::{
    CRASH_EVENT, Entry, PENDING_EVENT, RECOVER_EVENT, TICK_EVENT, Told, WITHOUT_EFFECT,
};
use super::{ActorSpace, Scratch};
use crate::error::Error;
use crate::space::Absorbed;
use crate::space::sabotage::Sabotage;
use crate::system::{
    Activity, Component, Content, Event, NoOp, Reaction, Thrown, guarded, guarded_as,
};

/// Something user code has to answer, or a channel that was never seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Miss {
    Handler {
        local: u32,
        event: u32,
    },
    /// The crashes inside a handler.
    Inside {
        local: u32,
        event: u32,
    },
    /// What a Byzantine actor sends of its own accord.
    Forge {
        local: u32,
        k: u32,
    },
    /// What is left when it ignores an event.
    Ignore {
        local: u32,
        event: u32,
    },
    Fold {
        observer: u32,
        value: u32,
        signature: u32,
    },
    Push {
        channel: u32,
        send: u32,
    },
    Pop {
        channel: u32,
    },
    /// A channel a tick later, or once the bounds on time hold.
    Pass {
        channel: u32,
    },
    /// A predicate in a state, where its decision tree ends: at `node`, under `key`.
    Decide {
        question: u32,
        node: u32,
        key: u32,
        words: Vec<u32>,
    },
}

/// A handler's answer with the bytes that identify it.
pub(super) struct Answered {
    /// The new component with its identity; `None`: unchanged.
    pub(super) local: Option<(Component, Vec<u8>)>,
    pub(super) sends: Vec<(Id, Content, Vec<u8>)>,
    pub(super) untouched: bool,
    /// Positions of timers that were set again.
    pub(super) rearmed: Vec<usize>,
}

impl Answered {
    /// Whether both left the same behind and sent the same.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let bytes = |answered: &'_ Self| answered.local.as_ref().map(|(_, bytes)| bytes.clone());
        let sends = || self.sends.iter().zip(&other.sends);
        bytes(self) == bytes(other)
            && self.sends.len() == other.sends.len()
            && sends().all(|(a, b)| a.0 == b.0 && a.2 == b.2)
            && self.untouched == other.untouched
            && self.rearmed == other.rearmed
    }
}

/// What a fold came to, with its identity; `None`: the value it began with.
type Folded = Option<(Component, Vec<u8>)>;

impl ActorSpace {
    pub(super) fn absorb_all(&mut self, scratches: &mut [Scratch]) -> Result<Absorbed, Error> {
        let mut asked = HashSet::new();
        let (mut handlers, mut folds, mut decides) = (Vec::new(), Vec::new(), Vec::new());
        let (mut inside, mut forged, mut ignored) = (Vec::new(), Vec::new(), Vec::new());
        let mut judged = 0;
        for scratch in scratches.iter_mut() {
            if let Some(error) = scratch.error.take() {
                return Err(error);
            }
            judged += std::mem::take(&mut scratch.judged);
            for miss in scratch.misses.drain(..) {
                match &miss {
                    // The states of one decision miss differ; where it ended is what counts.
                    Miss::Decide {
                        question,
                        node,
                        key,
                        ..
                    } => {
                        let place = Miss::Decide {
                            question: *question,
                            node: *node,
                            key: *key,
                            words: Vec::new(),
                        };
                        if asked.insert(place) {
                            decides.push(miss);
                        }
                    }
                    _ if !asked.insert(miss.clone()) => {}
                    Miss::Handler { local, event } => handlers.push((*local, *event)),
                    Miss::Inside { local, event } => inside.push((*local, *event)),
                    Miss::Forge { local, k } => forged.push((*local, *k)),
                    Miss::Ignore { local, event } => ignored.push((*local, *event)),
                    Miss::Fold {
                        observer,
                        value,
                        signature,
                    } => folds.push((*observer, *value, *signature)),
                    Miss::Push { channel, send } => self.push(*channel, *send)?,
                    Miss::Pop { channel } => self.pop(*channel)?,
                    Miss::Pass { channel } => self.pass(*channel)?,
                }
            }
        }
        if self.orbits.is_on {
            self.close()?;
            self.add_images(&mut handlers);
            self.add_fold_images(&mut folds);
        }
        let answers: Vec<_> = handlers
            .par_iter()
            .map(|&(local, event)| self.run_handler(local, event))
            .collect();
        for (&(local, event), answer) in handlers.iter().zip(answers) {
            let entry = self.intern_answer(local, event, answer?)?;
            let id = self.entries.len() as u32;
            if id >= WITHOUT_EFFECT - 1 {
                return Err(Error::capacity("more handler answers than can be numbered"));
            }
            let has_no_effect = entry.is_silent() && entry.signature == 0;
            self.entries.push(entry);
            let mark = if has_no_effect { WITHOUT_EFFECT } else { 0 };
            self.memo.insert(local, event, id | mark);
            if has_no_effect && !self.every_delivery_counts && event < PENDING_EVENT {
                self.local_inert[local as usize] |= self.item_aims[event as usize].bit;
            }
        }
        if self.orbits.is_on {
            self.close()?;
            self.compare_with_images(&handlers)?;
        }
        self.absorb_inside(&inside)?;
        self.absorb_forged(&forged)?;
        self.absorb_ignored(&ignored)?;
        self.fired.grow(self.entries.len());
        let answers: Vec<_> = folds.par_iter().map(|&fold| self.run_fold(fold)).collect();
        for (&(observer, value, signature), answer) in folds.iter().zip(answers) {
            let after = self.intern_fold(observer, value, answer?)?;
            self.folds[observer as usize].insert(value, signature, after);
        }
        if self.orbits.is_on {
            self.close()?;
            self.compare_folds(&folds)?;
        }
        self.decide(decides, judged)?;
        if self
            .network_asked
            .load(std::sync::atomic::Ordering::Relaxed)
            && !self.every_delivery_counts
        {
            let reads_matter = !self.hash.sabotage.is(Sabotage::NoOpAlwaysSuppressed);
            self.every_delivery_counts = reads_matter;
            if reads_matter && self.system.rules.no_op == NoOp::Equality {
                self.is_stale = true;
                return Ok(Absorbed::Restart);
            }
        }
        Ok(Absorbed::Continue)
    }

    /// An envelope of the network as user code sees it.
    pub(super) fn envelope(&self, item: u32) -> Envelope<&Content> {
        let envelope = self.item_envelopes[item as usize];
        let (src, dst) = self.envelope_ends(item);
        Envelope {
            src,
            dst,
            msg: self.envelopes.get(envelope),
        }
    }

    fn envelope_ends(&self, item: u32) -> (Id, Id) {
        let slot = self.envelopes.slot(self.item_envelopes[item as usize]);
        (
            Id::from((slot >> 32) as usize),
            Id::from((slot & 0xffff_ffff) as usize),
        )
    }

    /// Runs one handler, twice.
    fn run_handler(&self, local: u32, event: u32) -> Result<Result<Answered, String>, Error> {
        let info = &self.local_infos[local as usize];
        let actor = info.actor as usize;
        let process = &self.processes[actor];
        let component = self.locals.get(local);
        let id = Id::from(actor);
        let run = || {
            guarded_as(Activity::Actor(info.actor), || match event {
                CRASH_EVENT => Reaction {
                    local: Some(process.crash(component)),
                    sends: Vec::new(),
                    untouched: false,
                    rearmed: Vec::new(),
                },
                RECOVER_EVENT => process.start(id, Some(component)),
                TICK_EVENT => Reaction {
                    local: Some(process.tick(component)),
                    sends: Vec::new(),
                    untouched: false,
                    rearmed: Vec::new(),
                },
                event if event >= PENDING_EVENT => process.fire(
                    id,
                    component,
                    &info.pending[(event - PENDING_EVENT) as usize],
                ),
                item => {
                    let envelope = self.envelope(item);
                    process.deliver(id, component, envelope.src, envelope.msg)
                }
            })
        };
        let (first, second) = (self.answered(actor, run())?, self.answered(actor, run())?);
        let alike = match (&first, &second) {
            (Ok(a), Ok(b)) => a.is_like(b),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        if alike {
            Ok(first)
        } else {
            Err(self.not_deterministic(local, event))
        }
    }

    fn not_deterministic(&self, local: u32, event: u32) -> Error {
        let info = &self.local_infos[local as usize];
        let actor = info.actor as usize;
        let event = match event {
            CRASH_EVENT => "a crash".to_owned(),
            RECOVER_EVENT => "a recovery".to_owned(),
            TICK_EVENT => "a tick".to_owned(),
            event if event >= PENDING_EVENT => {
                let pending = &info.pending[(event - PENDING_EVENT) as usize];
                self.processes[actor]
                    .pending_tree(self.locals.get(local), pending)
                    .1
                    .text()
            }
            item => self.message_tree(item).text(),
        };
        Error::model(format!(
            "actor \"{}\" answers differently when the same event is handled twice\n  event: {event}\n  state: {}",
            self.lanes[actor],
            self.local_tree(local).text(),
        ))
        .with_cure("handlers must depend on nothing but their arguments: no clocks, randomness, shared memory, or iteration over hashed collections; use choose_random for choices")
    }

    /// Computes the identities of what a handler did.
    pub(super) fn answered(
        &self,
        actor: usize,
        reaction: Result<Reaction, Thrown>,
    ) -> Result<Result<Answered, String>, Error> {
        let reaction = match reaction {
            Ok(reaction) => reaction,
            Err(thrown) if thrown.is_mistake => {
                let lane = &self.lanes[actor];
                return Err(Error::model(format!("actor \"{lane}\" {}", thrown.message)).with_cure(
                    "in a system with ticks set every timer with a range of whole ticks that is not empty, such as `ticks(2..4)`, and declare how long a tick is with `Timing::unit`",
                ));
            }
            Err(thrown) => return Ok(Err(thrown.message)),
        };
        let local = match reaction.local {
            Some(component) => {
                let component = self.stripped(actor, component);
                let bytes = self.local_bytes(actor, &component)?;
                Some((component, bytes))
            }
            None => None,
        };
        let mut sends = Vec::with_capacity(reaction.sends.len());
        for (to, msg) in reaction.sends {
            let bytes = self.message_bytes(&msg)?;
            sends.push((to, msg, bytes));
        }
        Ok(Ok(Answered {
            local,
            sends,
            untouched: reaction.untouched,
            rearmed: reaction.rearmed,
        }))
    }

    /// The component, less what a deliberate fault forgets.
    pub(super) fn stripped(&self, actor: usize, component: Component) -> Component {
        let sabotage = self.hash.sabotage;
        let (timers, storage) = (
            sabotage.is(Sabotage::ForgottenTimer),
            sabotage.is(Sabotage::StorageNotInState),
        );
        if timers || storage {
            self.processes[actor].stripped(&component, timers, storage)
        } else {
            component
        }
    }

    pub(super) fn local_bytes(
        &self,
        actor: usize,
        component: &Component,
    ) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let named =
            |error: Error| error.about(&format!("the state of actor \"{}\"", self.lanes[actor]));
        self.processes[actor]
            .identity(component, &mut bytes)
            .map_err(named)?;
        Ok(bytes)
    }

    fn intern_answer(
        &mut self,
        local: u32,
        event: u32,
        answer: Result<Answered, String>,
    ) -> Result<Entry, Error> {
        let actor = self.local_infos[local as usize].actor as usize;
        let told = match event {
            CRASH_EVENT => Some(Told::Crashed(actor as u32)),
            RECOVER_EVENT => Some(Told::Recovered(actor as u32)),
            TICK_EVENT => None,
            event if event >= PENDING_EVENT => {
                match self.local_infos[local as usize].pending[(event - PENDING_EVENT) as usize] {
                    crate::system::Pending::Timer(_) => {
                        self.never.timed_out[actor] = true;
                        Some(Told::TimedOut(actor as u32))
                    }
                    crate::system::Pending::Choice(..) => {
                        self.never.chose[actor] = true;
                        Some(Told::Chose(actor as u32))
                    }
                }
            }
            item => {
                self.never.received[actor] = true;
                Some(Told::Received(item))
            }
        };
        let mut rearmed = Vec::new();
        let (after, sends, untouched) = match answer {
            Ok(answered) => {
                if self.asks_liveness {
                    let classes = &self.local_infos[local as usize].classes;
                    rearmed.extend(answered.rearmed.iter().map(|&timer| classes[timer]));
                }
                let (after, sends) =
                    self.intern_sends(actor, local, answered.local, answered.sends)?;
                (after, sends, answered.untouched)
            }
            Err(message) => (self.panicked_local(actor, message)?, Vec::new(), false),
        };
        let signature = self.signature(
            told.into_iter()
                .chain(sends.iter().map(|&item| Told::Sent(item)))
                .collect(),
        );
        if !rearmed.is_empty() {
            self.rearmed.insert(self.entries.len() as u32, rearmed);
        }
        self.make_entry(local, after, &sends, signature, untouched)
    }

    /// Interns a handler's new component (`local`: unchanged) and its sends.
    pub(super) fn intern_sends(
        &mut self,
        actor: usize,
        local: u32,
        new: Option<(Component, Vec<u8>)>,
        sends: Vec<(Id, Content, Vec<u8>)>,
    ) -> Result<(u32, Vec<u32>), Error> {
        let after = match new {
            Some((component, bytes)) => self.local(actor, component, &bytes)?,
            None => local,
        };
        let mut items = Vec::with_capacity(sends.len());
        for (to, msg, bytes) in sends {
            items.push(self.envelope_item(actor, to, msg, &bytes)?);
        }
        Ok((after, items))
    }

    pub(super) fn make_entry(
        &mut self,
        before: u32,
        after: u32,
        sends: &[u32],
        signature: u32,
        untouched: bool,
    ) -> Result<Entry, Error> {
        let sends_at = u32::try_from(self.sends.len()).ok();
        let (Some(sends_at), Ok(n_sends)) = (sends_at, u16::try_from(sends.len())) else {
            return Err(Error::capacity(
                "a handler sends more messages than can be numbered",
            ));
        };
        self.sends.extend_from_slice(sends);
        let mut delta = self
            .locals
            .hash(after)
            .wrapping_sub(self.locals.hash(before));
        let mut constant = true;
        for &item in sends {
            let item = &self.items[item as usize];
            if !item.is_sink {
                constant &= item.rule.is_unbounded();
                delta = delta.wrapping_add(item.hash);
            }
        }
        Ok(Entry {
            delta,
            local: after,
            signature,
            sends_at,
            n_sends,
            ..Entry::default()
        }
        .with_flags(constant, after == before && sends.is_empty(), untouched))
    }

    /// Folds a list of events into an observed value, twice.
    pub(super) fn run_fold(&self, fold: (u32, u32, u32)) -> Result<Result<Folded, String>, Error> {
        let (observer, value, signature) = fold;
        let folder = &self.system.observers[observer as usize];
        let run = || {
            guarded_as(Activity::Observer(observer), || {
                let mut current: Option<Component> = None;
                let wanted = self.signature_list[signature as usize].iter();
                for &told in wanted.filter(|&&told| self.is_told(observer as usize, told)) {
                    let before = match &current {
                        Some(component) => component,
                        None => self.observed[observer as usize].get(value),
                    };
                    if let Some(after) = folder.fold(before, &self.event(told)) {
                        current = Some(after);
                    }
                }
                current
            })
        };
        let bytes = |component: Option<Component>| -> Result<_, Error> {
            let Some(component) = component else {
                return Ok(None);
            };
            let mut bytes = Vec::new();
            let named = |error: Error| error.about(&format!("observer \"{}\"", folder.name()));
            folder.identity(&component, &mut bytes).map_err(named)?;
            Ok(Some((component, bytes)))
        };
        match (run(), run()) {
            (Ok(first), Ok(second)) => {
                let (first, second) = (bytes(first)?, bytes(second)?);
                if first.as_ref().map(|(_, bytes)| bytes) == second.as_ref().map(|(_, bytes)| bytes)
                {
                    return Ok(Ok(first));
                }
            }
            (Err(thrown), Err(_)) => return Ok(Err(thrown.message)),
            _ => {}
        }
        Err(Error::model(format!(
            "observer \"{}\" answers differently when the same events are folded twice\n  value: {}",
            folder.name(),
            folder.tree(self.observed[observer as usize].get(value)).text(),
        ))
        .with_cure("an observer must depend on nothing but its value and the event"))
    }

    pub(super) fn intern_fold(
        &mut self,
        observer: u32,
        value: u32,
        answer: Result<Option<(Component, Vec<u8>)>, String>,
    ) -> Result<u32, Error> {
        match answer {
            Ok(None) => Ok(value),
            Ok(Some((component, bytes))) => {
                self.observed_value(observer as usize, component, &bytes)
            }
            Err(message) => self.panicked_observed(observer as usize, message),
        }
    }

    /// Whether an observer wants to be told of an event.
    pub(super) fn is_told(&self, observer: usize, told: Told) -> bool {
        match &self.system.interests[observer] {
            // A question that panics is answered by the observer itself.
            Some(wants) => guarded(|| wants(&self.event(told))).unwrap_or(true),
            None => true,
        }
    }

    fn event(&self, told: Told) -> Event<'_, Content> {
        match told {
            Told::Received(item) => Event::Received(self.envelope(item)),
            Told::Sent(item) => Event::Sent(self.envelope(item)),
            Told::TimedOut(actor) => Event::TimedOut(Id::from(actor as usize)),
            Told::Chose(actor) => Event::Chose(Id::from(actor as usize)),
            Told::Crashed(actor) => Event::Crashed(Id::from(actor as usize)),
            Told::Recovered(actor) => Event::Recovered(Id::from(actor as usize)),
            Told::Lost(item) => Event::Lost(self.envelope(item)),
            Told::Partitioned(partition) => {
                Event::Partitioned(&self.cuts.names[partition as usize])
            }
            Told::Healed(partition) => Event::Healed(&self.cuts.names[partition as usize]),
        }
    }
}
