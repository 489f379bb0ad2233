//! What a whole search never exercised, in words: handlers, kinds of messages and timers, faults, budgets.
//!
//! Nothing is counted for it while the search goes on. What a handler ran for is in the memo; what was sent or set is in the tables of
//! components; what is in the one and not in the other was never handled. Only for that are names made.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::ActorSpace;
use super::layout::{FORGE_EVENT, PENDING_EVENT};
use crate::space::NeverExercised;
use crate::system::Pending;

/// A kind of message or timer, by the actor that would handle it: a message before a timer, then by name.
type Kind = (usize, bool, String);

impl ActorSpace {
    /// Handlers, stimuli and faults that nothing exercised, and budgets that no run spends.
    pub(super) fn never_exercised_list(&self) -> Vec<NeverExercised> {
        let mut list = Vec::new();
        let kinds = self.never_handled();
        for actor in 0..self.n_actors() {
            let name = &self.lanes[actor];
            if !self.never.received[actor] {
                list.push(format!("{name} never handles a message"));
            }
            if self.never.timer_set[actor] && !self.never.timed_out[actor] {
                list.push(format!("{name} sets a timer that never fires"));
            }
            if self.never.choice_offered[actor] && !self.never.chose[actor] {
                list.push(format!("{name} offers a choice that is never taken"));
            }
            for (_, is_timer, kind) in kinds.iter().filter(|(of, ..)| *of == actor) {
                list.push(match is_timer {
                    true => format!("{name} sets timer {kind}, which never fires"),
                    false => format!("{name} is sent {kind}, and never handles it"),
                });
            }
        }
        if self.clock.is_some() && !self.has_ticked.load(Ordering::Relaxed) {
            list.push("time never passes: there is no tick".to_owned());
        }
        list.extend(self.faults_that_never_happen());
        let spent = self.budget.spent.iter();
        let mut spent: Vec<u32> = spent.map(|spent| spent.load(Ordering::Relaxed)).collect();
        self.share_among_symmetric(&mut spent);
        let declared = self.budget.names.iter().take(self.budget.n_declared());
        for (counter, name) in declared.enumerate() {
            let (limit, spent) = (self.budget.limits[counter], spent[counter]);
            let what = if counter < self.budget.n_stimuli {
                format!("stimulus \"{name}\"")
            } else {
                name.clone()
            };
            if spent == 0 && limit > 0 {
                list.push(format!("{what}: never happens (budget {limit})"));
            } else if spent < limit {
                list.push(format!("{what}: at most {spent} of {limit} in any run"));
            }
        }
        list
    }

    /// The kinds of messages that actors send to one that never handles any such, and of timers that never fire; not of an actor that handles no
    /// message at all, or whose timers never fire at all: that is said of it.
    fn never_handled(&self) -> BTreeSet<Kind> {
        let mut handled = vec![false; self.items.len()];
        let mut fired = BTreeSet::new();
        self.memo.each(|local, event, _| {
            if event < PENDING_EVENT {
                handled[self.items[event as usize].head as usize] = true;
            } else if event < FORGE_EVENT {
                fired.insert((local, event));
            }
        });
        let mut kinds = BTreeSet::new();
        for item in self.sent_items().filter(|item| !handled[*item as usize]) {
            let actor = self.items[item as usize].dst as usize;
            if self.never.received[actor]
                && let Some(kind) = self.message_kind(item)
            {
                kinds.insert((actor, false, kind));
            }
        }
        for (local, info) in (0..).zip(&self.local_infos) {
            let actor = info.actor as usize;
            let pending = (0..).zip(&info.pending);
            for (k, _) in pending.filter(|(_, event)| matches!(event, Pending::Timer(_))) {
                let event = PENDING_EVENT | k;
                if self.never.timed_out[actor]
                    && !fired.contains(&(local, event))
                    && let Some(kind) = self.timer_kind(local, event)
                {
                    kinds.insert((actor, true, kind));
                }
            }
        }
        // Another of the kind may have been handled.
        for item in self.sent_items().filter(|item| handled[*item as usize]) {
            let actor = self.items[item as usize].dst as usize;
            if kinds
                .iter()
                .any(|(of, is_timer, _)| *of == actor && !is_timer)
                && let Some(kind) = self.message_kind(item)
            {
                kinds.remove(&(actor, false, kind));
            }
        }
        for (local, event) in fired {
            let actor = self.local_infos[local as usize].actor as usize;
            if kinds
                .iter()
                .any(|(of, is_timer, _)| *of == actor && *is_timer)
                && let Some(kind) = self.timer_kind(local, event)
            {
                kinds.remove(&(actor, true, kind));
            }
        }
        kinds
    }

    /// The messages that some actor sends to an actor, each once however long it may be in flight.
    fn sent_items(&self) -> impl Iterator<Item = u32> + '_ {
        let items = (0..).zip(&self.items);
        let messages = items.filter(|&(id, item)| {
            !item.is_channel
                && !item.is_sink
                && item.head == id
                && usize::from(self.envelope(id).src) < self.n_actors()
        });
        messages.map(|(id, _)| id)
    }

    fn message_kind(&self, item: u32) -> Option<String> {
        super::tally::variant(&self.message_tree(item)).map(str::to_owned)
    }

    fn timer_kind(&self, local: u32, event: u32) -> Option<String> {
        let info = &self.local_infos[local as usize];
        let pending = info.pending.get((event & !PENDING_EVENT) as usize)?;
        let Pending::Timer(_) = pending else {
            return None;
        };
        let process = &self.processes[info.actor as usize];
        let (_, content) = process.pending_tree(self.locals.get(local), pending);
        super::tally::variant(&content).map(str::to_owned)
    }

    /// Losses and duplicates that no budget bounds and that never happen, because nothing is sent where they could. Partitions without a budget
    /// form whenever none is up.
    fn faults_that_never_happen(&self) -> Vec<NeverExercised> {
        let free = self.free_faults(&self.budget);
        let sent: Vec<_> = self
            .sent_items()
            .map(|id| &self.items[id as usize])
            .collect();
        let loses = sent
            .iter()
            .any(|item| item.rule.losing && !item.rule.budgeted);
        let copies = sent
            .iter()
            .any(|item| item.rule.keeps && item.rule.consumes && !item.rule.keeps_budgeted);
        let mut list = Vec::new();
        if free.losses && !loses {
            list.push("losses: never happen, since nothing is sent that could be lost".to_owned());
        }
        if free.duplicates && !copies {
            let why = "nothing is sent that could be duplicated";
            list.push(format!("duplicates: never happen, since {why}"));
        }
        list
    }
}
