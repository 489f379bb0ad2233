//! Which fairness classes the steps of an actor system belong to, and what is assumed of each: it follows from the system model.
//!
//! A class of deliveries is a message content on its link; a timer, a random choice and each of its alternatives are classes of their
//! actor; a duplicated content may be kept for ever only if it is sent for ever.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use stateright::actor::Id;

use super::ActorSpace;
use super::layout::{Event, FORGE_EVENT, PENDING_EVENT, Place, WITHOUT_EFFECT};
use crate::error::Error;
use crate::space::sabotage::Sabotage;
use crate::space::{Class, FairClass, Fairness, Role, Share};
use crate::system::{self, Crashes, ENVIRONMENT, NoOp, Pending, StepsKind};

/// What a class is of: the high half of its number.
const DELIVERY: u64 = 0;
const KEPT: u64 = 1;
const OWN: u64 = 2;
const RECOVERY: u64 = 3;
const STIMULUS: u64 = 4;
const HEAL: u64 = 5;
const SOME_STEP: u64 = 6;
const TICK: u64 = 7;
const STABILISE: u64 = 8;

fn class(of: u64, number: u32) -> Class {
    Class(of << 32 | u64::from(number))
}

/// Timers, choices and alternatives, numbered as they are first seen.
#[derive(Default)]
pub(super) struct OwnClasses {
    numbers: HashMap<(u32, StepsOf, Vec<u8>), u32>,
    list: Vec<OwnClass>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum StepsOf {
    Timer,
    Choice,
    Alternative,
}

struct OwnClass {
    actor: u32,
    of: StepsOf,
    name: String,
    /// For an alternative the class of its choice.
    choice: Option<u32>,
}

impl OwnClasses {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.list.clear();
    }

    fn number(&mut self, key: Vec<u8>, new: OwnClass) -> u32 {
        let next = self.list.len() as u32;
        let number = *self.numbers.entry((new.actor, new.of, key)).or_insert(next);
        if number == next {
            self.list.push(new);
        }
        number
    }
}

impl ActorSpace {
    /// The classes of a local component's pending events.
    pub(super) fn classes_of(
        &mut self,
        actor: usize,
        local: u32,
        pending: &[Pending],
    ) -> Result<Vec<u32>, Error> {
        let mut classes = Vec::with_capacity(pending.len());
        for event in pending {
            let component = self.locals.get(local);
            let process = &self.processes[actor];
            let key = process.pending_key(component, event)?;
            let (choice_name, content) = process.pending_tree(component, event);
            let content = self.named(content).text();
            let new = |of: StepsOf, name: String, choice: Option<u32>| OwnClass {
                actor: actor as u32,
                of,
                name,
                choice,
            };
            let number = match (event, choice_name) {
                (Pending::Choice(..), Some(choice)) => {
                    let name = format!("the choice \"{choice}\"");
                    let bytes = choice.clone().into_bytes();
                    let of = self
                        .own_classes
                        .number(bytes, new(StepsOf::Choice, name, None));
                    let name = format!("{content} of the choice \"{choice}\"");
                    let alternative = new(StepsOf::Alternative, name, Some(of));
                    self.own_classes.number(key, alternative)
                }
                _ => {
                    let name = format!("timer {content}");
                    self.own_classes
                        .number(key, new(StepsOf::Timer, name, None))
                }
            };
            classes.push(number);
        }
        Ok(classes)
    }

    /// Whether steps that only stateright's rules know of are all the same class.
    fn is_foreign(&self) -> bool {
        self.system.rules.no_op == NoOp::Untouched
    }

    /// The last declaration about steps, if there is one.
    fn assumed(&self, kind: StepsKind, from: Option<Id>, of: Id) -> Option<Fairness> {
        let declared = self.system.assumptions.iter().rev();
        let of_all = self.hash.sabotage.is(Sabotage::AssumedOfAll);
        let matches = |steps: &system::Steps| {
            steps.kind == kind
                && (of_all
                    || steps.from.is_none_or(|id| Some(id) == from)
                        && steps.of.is_none_or(|id| id == of))
        };
        let mut declared = declared.filter(|(steps, _)| matches(steps));
        declared.next().map(|&(_, fairness)| match fairness {
            system::Fairness::None => Fairness::None,
            system::Fairness::Weak => Fairness::Weak,
            system::Fairness::Strong => Fairness::Strong,
        })
    }

    pub(super) fn fairness_of(&self, class: Class) -> Fairness {
        match self.sound_fairness_of(class) {
            Fairness::Strong if self.hash.sabotage.is(Sabotage::StrongAsWeak) => Fairness::Weak,
            Fairness::Matched if self.hash.sabotage.is(Sabotage::KeptForNothing) => Fairness::None,
            fairness => fairness,
        }
    }

    fn sound_fairness_of(&self, class: Class) -> Fairness {
        let number = class.0 as u32;
        match class.0 >> 32 {
            DELIVERY => {
                let ends = self.envelope(number);
                let declared = self.assumed(StepsKind::Deliveries, Some(ends.src), ends.dst);
                declared.unwrap_or_else(|| {
                    if self.items[number as usize].rule.delivers_strongly {
                        Fairness::Strong
                    } else {
                        Fairness::Weak
                    }
                })
            }
            KEPT => Fairness::Matched,
            OWN => {
                let own = &self.own_classes.list[number as usize];
                let (kind, usual) = match own.of {
                    StepsOf::Timer => (StepsKind::Timers, Fairness::Weak),
                    StepsOf::Choice => (StepsKind::Choices, Fairness::Weak),
                    StepsOf::Alternative => (StepsKind::Alternatives, Fairness::None),
                };
                let declared = self.assumed(kind, None, Id::from(own.actor as usize));
                declared.unwrap_or(usual)
            }
            RECOVERY => {
                let rule = self.crash_rules[number as usize];
                let recovers = rule.is_some_and(|rule| self.system.crashes[rule].recovers);
                let declared = self.assumed(StepsKind::Recoveries, None, Id::from(number as usize));
                declared.unwrap_or(if recovers {
                    Fairness::Weak
                } else {
                    Fairness::None
                })
            }
            STIMULUS => {
                let stimulus = &self.system.stimuli[number as usize];
                let declared = self.assumed(StepsKind::Stimuli, None, stimulus.to);
                declared.unwrap_or(if stimulus.must_happen {
                    Fairness::Weak
                } else {
                    Fairness::None
                })
            }
            HEAL => {
                let declared = self.assumed(StepsKind::Heals, None, Id::from(ENVIRONMENT));
                declared.unwrap_or(Fairness::Weak)
            }
            _ => Fairness::Weak,
        }
    }

    /// See [`StateSpace::class`](crate::space::StateSpace::class).
    pub(super) fn fair_class(&self, class: Class) -> FairClass {
        let number = class.0 as u32;
        let message = |item: u32| {
            let ends = self.envelope(item);
            format!(
                "{} from {} to {}",
                self.message_tree(item).text(),
                self.lane_name(ends.src.into()),
                self.lane_name(ends.dst.into())
            )
        };
        let name = match class.0 >> 32 {
            DELIVERY => format!("delivery of {}", message(number)),
            KEPT => format!("sending of {}", message(number)),
            OWN => {
                let own = &self.own_classes.list[number as usize];
                format!("{} of {}", own.name, self.lanes[own.actor as usize])
            }
            RECOVERY => format!("recovery of {}", self.lanes[number as usize]),
            STIMULUS => format!("stimulus \"{}\"", self.system.stimuli[number as usize].name),
            HEAL => format!("healing of {}", self.cuts.names[number as usize]),
            TICK => "ticks".to_owned(),
            STABILISE => "the moment from which on the bounds hold".to_owned(),
            _ => "some step".to_owned(),
        };
        FairClass {
            name,
            fairness: self.fairness_of(class),
        }
    }

    /// The memo key of what happens in a place, where a handler runs.
    pub(super) fn memo_key(&self, words: &[u32], place: Place) -> Option<(u32, u32)> {
        match place {
            Place::Deliver(at) | Place::Keep(at) => {
                let item = &self.items[words[at] as usize];
                Some((words[item.dst as usize], item.head))
            }
            Place::Pending(actor, k) => Some((words[actor], PENDING_EVENT | k)),
            Place::Stimulus(i) => {
                let actor = usize::from(self.system.stimuli[i].to);
                Some((words[actor], self.stimulus_items[i]))
            }
            Place::Crash(actor) => Some((words[actor], super::layout::CRASH_EVENT)),
            Place::Recover(actor) => Some((words[actor], super::layout::RECOVER_EVENT)),
            Place::Forge(actor, k) => Some((words[actor], FORGE_EVENT | k)),
            Place::Lose(_)
            | Place::Ignore(_)
            | Place::Partition(_)
            | Place::Heal(_)
            | Place::CrashInside(..)
            | Place::Tick
            | Place::Stabilise => None,
        }
    }

    /// The class that a place is of by itself.
    fn class_of_place(&self, words: &[u32], place: Place) -> Option<Class> {
        match place {
            Place::Deliver(at) | Place::Keep(at) => {
                Some(class(DELIVERY, self.items[words[at] as usize].head))
            }
            Place::Pending(actor, k) => {
                let info = &self.local_infos[words[actor] as usize];
                Some(class(OWN, info.classes[k as usize]))
            }
            Place::Stimulus(i) => Some(class(STIMULUS, i as u32)),
            Place::Recover(actor) => Some(class(RECOVERY, actor as u32)),
            Place::Heal(partition) => Some(class(HEAL, partition as u32)),
            // Who ignores an event has been told of it.
            Place::Ignore(event) => self.class_of_place(words, event.place()),
            Place::Tick => Some(class(TICK, 0)),
            Place::Stabilise => Some(class(STABILISE, 0)),
            Place::Lose(_)
            | Place::Crash(_)
            | Place::CrashInside(..)
            | Place::Partition(_)
            | Place::Forge(..) => None,
        }
    }

    /// Calls `visit` with each of the steps, which ascend, and its place.
    fn each_step<B>(
        &self,
        words: &[u32],
        steps: &[u32],
        mut visit: impl FnMut(u32, Place) -> ControlFlow<B>,
    ) -> Option<B> {
        let mut steps = steps.iter().copied().peekable();
        let mut at = 0;
        self.places(words, |place| {
            at += 1;
            match steps.next_if_eq(&(at - 1)) {
                Some(step) => visit(step, place),
                None => ControlFlow::Continue(()),
            }
        })
    }

    /// See [`StateSpace::fair`](crate::space::StateSpace::fair).
    pub(super) fn shares(&self, words: &[u32], steps: &[u32], out: &mut Vec<Share>) {
        let foreign = self.is_foreign();
        // Ticks are asked for in every state, whether or not there is one.
        let mut owes_tick = self.keeps_time(words);
        let mut any_step = None;
        self.each_step(words, steps, |step, place| {
            owes_tick &= place != Place::Tick;
            any_step = any_step.or(Some(step));
            let mut share = |class: Class, role: Role| {
                out.push(Share { step, class, role });
            };
            if foreign {
                share(Class(SOME_STEP << 32), Role::Takes);
                return ControlFlow::<()>::Continue(());
            }
            if let Some(own) = self.class_of_place(words, place) {
                share(own, Role::Takes);
                if own.0 >> 32 == OWN
                    && let Some(choice) = self.own_classes.list[own.0 as u32 as usize].choice
                {
                    share(class(OWN, choice), Role::Takes);
                }
            }
            if let Place::Ignore(Event::Pending(actor, k)) = place {
                // Not to choose is the same whichever alternative came up: it may have been any.
                let info = &self.local_infos[words[actor] as usize];
                let is_of = |pending: &Pending| match (pending, &info.pending[k as usize]) {
                    (Pending::Choice(a, 1..), Pending::Choice(b, _)) => a == b,
                    _ => false,
                };
                let others = info.pending.iter().zip(&info.classes);
                for (_, &other) in others.filter(|(pending, _)| is_of(pending)) {
                    share(class(OWN, other), Role::Takes);
                }
            }
            if let Place::Keep(at) | Place::Ignore(Event::Keep(at)) = place {
                share(class(KEPT, self.items[words[at] as usize].head), Role::Uses);
            }
            let found = self
                .memo_key(words, place)
                .and_then(|(local, event)| self.memo.get(local, event));
            if let Some(found) = found {
                let id = found & !WITHOUT_EFFECT;
                let entry = &self.entries[id as usize];
                for &item in &self.sends[entry.sends_at as usize..][..usize::from(entry.n_sends)] {
                    if self.items[item as usize].rule.keeps {
                        share(class(KEPT, item), Role::Takes);
                    }
                }
                let is_owed = self.hash.sabotage.is(Sabotage::RearmedTimerOwed);
                let rearmed = self.rearmed.get(&id).filter(|_| !is_owed);
                for &timer in rearmed.into_iter().flatten() {
                    share(class(OWN, timer), Role::Takes);
                }
            }
            ControlFlow::<()>::Continue(())
        });
        if let Some(step) = any_step.filter(|_| owes_tick) {
            out.push(Share {
                step,
                class: class(TICK, 0),
                role: Role::Enables,
            });
        }
    }

    /// See [`StateSpace::may_stay`](crate::space::StateSpace::may_stay).
    pub(super) fn may_stay_in(&self, words: &[u32], steps: &[u32]) -> bool {
        let sabotage = self.hash.sabotage;
        if steps.is_empty() || sabotage.is(Sabotage::StaysAnywhere) {
            return true;
        }
        // Time does not stand still.
        if self.is_foreign() || sabotage.is(Sabotage::StaysOnlyAtEnds) || self.keeps_time(words) {
            return false;
        }
        let asks = |class: Class| {
            let choice = (class.0 >> 32 == OWN)
                .then(|| self.own_classes.list[class.0 as u32 as usize].choice)
                .flatten();
            self.fairness_of(class) != Fairness::None
                || choice.is_some_and(|c| {
                    self.fairness_of(super::fairness::class(OWN, c)) != Fairness::None
                })
        };
        let owed = self.each_step(words, steps, |_, place| {
            match self.class_of_place(words, place).is_some_and(asks) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        owed.is_none()
    }

    /// See [`StateSpace::assumptions`](crate::space::StateSpace::assumptions).
    pub(super) fn assumed_in_words(&self) -> Vec<String> {
        if self.is_foreign() {
            return vec!["some step is taken while one is enabled (weak)".to_owned()];
        }
        let mut words = Vec::new();
        let rules = &self.rules;
        if rules.iter().any(|rule| !rule.delivers_strongly) {
            let lossy = rules
                .iter()
                .any(|rule| rule.losing && !rule.budgeted && !rule.delivers_strongly);
            words.push(
                match (rules.iter().any(|rule| rule.budgeted), lossy) {
                    (_, true) => {
                        "messages: each in flight is delivered, or lost, in the end (weak)"
                    }
                    (true, _) => {
                        "messages: each is delivered in the end, once the losses are spent (weak)"
                    }
                    _ => "messages: each in flight is delivered in the end (weak)",
                }
                .to_owned(),
            );
        }
        if rules.iter().any(|rule| rule.delivers_strongly) {
            let lossy = rules
                .iter()
                .any(|rule| rule.delivers_strongly && rule.losing);
            let which = if lossy {
                "messages on fair-loss links"
            } else {
                "messages across partitions without limit"
            };
            words.push(format!(
                "{which}: in flight again and again, each is delivered again and again (strong)"
            ));
        }
        if rules.iter().any(|rule| rule.keeps) {
            words.push("duplicates: for ever only of what is sent for ever".to_owned());
        }
        if self.never.timer_set.contains(&true) {
            words.push("timers of live actors fire, are cancelled or set again (weak)".to_owned());
        }
        if self.never.choice_offered.contains(&true) {
            words.push("random choices: some alternative is taken (weak)".to_owned());
        }
        if let Some(clock) = &self.clock {
            if clock.is_partial {
                words.push("the bounds on time hold from some moment on (weak)".to_owned());
            }
            words.push("time passes: there is always another tick".to_owned());
        }
        let mut declared: BTreeMap<usize, String> = BTreeMap::new();
        for (position, (steps, fairness)) in self.system.assumptions.iter().enumerate() {
            let kind = match steps.kind {
                StepsKind::Deliveries => "deliveries",
                StepsKind::Timers => "timers",
                StepsKind::Choices => "random choices",
                StepsKind::Alternatives => "alternatives of random choices, each",
                StepsKind::Recoveries => "recoveries",
                StepsKind::Stimuli => "stimuli",
                StepsKind::Heals => "healing of partitions",
            };
            let from = steps
                .from
                .map(|id| format!(" from {}", self.lane_name(id.into())));
            let of = steps
                .of
                .map(|id| format!(" of {}", self.lane_name(id.into())));
            let fairness = match fairness {
                system::Fairness::None => "none",
                system::Fairness::Weak => "weak",
                system::Fairness::Strong => "strong",
            };
            let (from, of) = (from.unwrap_or_default(), of.unwrap_or_default());
            declared.insert(position, format!("declared: {kind}{from}{of}: {fairness}"));
        }
        words.extend(declared.into_values());
        let must: Vec<&str> = (self.system.stimuli.iter())
            .filter(|stimulus| stimulus.must_happen)
            .map(|stimulus| stimulus.name.as_str())
            .collect();
        words.extend(
            must.iter()
                .map(|name| format!("stimulus \"{name}\" happens in the end (weak)")),
        );
        if self.system.crashes.iter().any(|crashes| crashes.recovers) {
            words.push("crashed actors that can start again do in the end (weak)".to_owned());
        }
        let recovers = |crashes: &Crashes| crashes.recover && !crashes.recovers;
        if self.cuts.heals.contains(&true) {
            words.push("partitions heal in the end (weak)".to_owned());
        }
        let mut free = Vec::new();
        if !self.cuts.heals.is_empty() {
            free.push("partitions");
        }
        if rules.iter().any(|rule| rule.losing) {
            free.push("losses");
        }
        if self.may_betray {
            free.push("Byzantine actors");
        }
        if !self.system.crashes.is_empty() {
            free.push("crashes");
        }
        if self.system.crashes.iter().any(recovers) {
            free.push("recoveries");
        }
        if self
            .system
            .stimuli
            .iter()
            .any(|stimulus| !stimulus.must_happen)
        {
            free.push("stimuli");
        }
        if !free.is_empty() {
            words.push(format!("nothing is assumed of {}", free.join(", ")));
        }
        words
    }
}
