//! From a [`System`] to its space: checks what the user built, and compiles links, budgets and properties.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use stateright::actor::Id;

use super::byzantine;
use super::decision::Decision;
use super::fairness::OwnClasses;
use super::judge;
use super::keymap::KeyMap;
use super::layout::Rule;
use super::orbits::Orbits;
use super::partitions::Cuts;
use super::tally::Fired;
use super::time::{Clock, delay_of};
use super::{ActorSpace, Budget, Seen};
use crate::error::Error;
use crate::space::intern::{ContentHash, Kind, Table};
use crate::space::{PROPERTIES_MAX, PropertyDecl, PropertyKind};
use crate::system::{Blueprint, Crashes, ENVIRONMENT, NoOp, StepsKind, System, Test};

impl ActorSpace {
    /// Compiles a system.
    ///
    /// # Errors
    /// A reserved actor was never set; two actors or properties share a name; too many properties; a stimulus for nobody.
    pub fn new<M>(system: System<M>) -> Result<Self, Error> {
        Self::compile(system.blueprint)
    }

    fn compile(mut system: Blueprint) -> Result<Self, Error> {
        let mut processes = Vec::new();
        let mut lanes: Vec<String> = Vec::new();
        for slot in &mut system.slots {
            let Some(process) = slot.process.take() else {
                return Err(Error::model(format!(
                    "actor \"{}\" was reserved and never set",
                    slot.name
                ))
                .with_cure("call `set` with the handle that `reserve` returned"));
            };
            if lanes.contains(&slot.name) {
                return Err(
                    Error::model(format!("two actors are named \"{}\"", slot.name))
                        .with_cure("give every actor a name of its own"),
                );
            }
            processes.push(process);
            lanes.push(slot.name.clone());
        }
        let n = processes.len();
        lanes.push("environment".to_owned());
        let crash_rules: Vec<Option<usize>> = (0..n)
            .map(|actor| {
                let names = |crashes: &Crashes| match &crashes.of {
                    Some(ids) => ids.contains(&Id::from(actor)),
                    None => true,
                };
                system.crashes.iter().position(names)
            })
            .collect();
        let may_crash = system
            .rules
            .simultaneous_crashes
            .is_some_and(|limit| limit > 0)
            || crash_rules.iter().any(Option::is_some);
        check_assumptions(&system, n)?;
        let cuts = Cuts::of(&system, n)?;
        let clock = Clock::of(&system)?;
        if clock.is_some() {
            for process in &mut processes {
                process.keep_time(system.timing.unit);
            }
        }
        let budget = Budget::of(&system, &lanes, &crash_rules, &cuts.names)?;
        let crashes_inside: Vec<bool> = crash_rules
            .iter()
            .map(|rule| rule.is_some_and(|rule| system.crashes[rule].inside))
            .collect();
        let rules = compile_rules(&system, n, &cuts)?;
        let traitors =
            byzantine::traitors(&system, &mut processes, &lanes, &rules, &budget.byzantine)?;
        let is_plain = rules.iter().all(Rule::is_plain)
            && system.rules.no_op == NoOp::Equality
            && !system.rules.remembers_last_delivery;
        let header = n
            + system.observers.len()
            + usize::from(!budget.is_empty())
            + usize::from(!cuts.is_empty())
            + usize::from(clock.as_ref().is_some_and(|clock| clock.is_partial))
            + usize::from(system.rules.remembers_last_delivery);

        let mut properties = vec![PropertyDecl {
            name: "no panic".to_owned(),
            kind: PropertyKind::NoPanic,
        }];
        if system.may_end_when.is_some() {
            properties.push(PropertyDecl {
                name: "no deadlock".to_owned(),
                kind: PropertyKind::NoDeadlock,
            });
        }
        for property in &system.properties {
            let kind = match &property.test {
                Test::Always(_) => PropertyKind::Always,
                Test::Implies(..) => PropertyKind::Implies,
                Test::Reachable(_) => PropertyKind::Reachable,
                Test::Confluent { .. } => PropertyKind::Confluent,
                Test::Eventually(_) => PropertyKind::Eventually,
                Test::LeadsTo(..) => PropertyKind::LeadsTo,
                Test::Measure(..) => PropertyKind::Measure,
                Test::InfinitelyOften(_) => PropertyKind::InfinitelyOften,
                Test::Stabilises(_) => PropertyKind::Stabilises,
            };
            if properties.iter().any(|other| other.name == property.name) {
                return Err(Error::model(format!(
                    "two properties are named \"{}\"",
                    property.name
                )));
            }
            properties.push(PropertyDecl {
                name: property.name.clone(),
                kind,
            });
        }
        let boundaries: Vec<String> = system
            .boundaries
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        if properties.len() > PROPERTIES_MAX || boundaries.len() > PROPERTIES_MAX {
            return Err(Error::model(format!(
                "more than {PROPERTIES_MAX} properties or boundaries"
            )));
        }
        let questions = judge::questions(&system);
        let asks_quiescence = properties
            .iter()
            .any(|p| matches!(p.kind, PropertyKind::NoDeadlock | PropertyKind::Confluent));
        let asks_liveness = properties.iter().any(|p| p.kind.is_liveness());
        let n_observers = system.observers.len();
        let mut space = ActorSpace {
            processes,
            lanes,
            rules,
            budget,
            fault_counters: Vec::new(),
            crash_rules,
            may_crash,
            may_crash_inside: crashes_inside.contains(&true),
            crashes_inside,
            cuts,
            clock,
            may_betray: traitors.iter().any(Option::is_some),
            traitors,
            is_plain,
            header,
            properties,
            boundaries,
            decisions: questions.iter().map(|_| Decision::default()).collect(),
            questions,
            asks_quiescence,
            asks_liveness,
            hash: ContentHash::default(),
            locals: Table::new(Kind::Local),
            local_infos: Vec::new(),
            local_pending: Vec::new(),
            local_inert: Vec::new(),
            item_aims: Vec::new(),
            n_items_to: Vec::new(),
            item_hashes: Vec::new(),
            observed: (0..n_observers)
                .map(|_| Table::new(Kind::Observed))
                .collect(),
            observed_panics: HashMap::new(),
            envelopes: Table::new(Kind::Envelope),
            items: Vec::new(),
            item_envelopes: Vec::new(),
            envelope_items: Vec::new(),
            channels: HashMap::new(),
            channel_contents: HashMap::new(),
            pushes: KeyMap::default(),
            stimulus_items: Vec::new(),
            memo: KeyMap::default(),
            entries: Vec::new(),
            sends: Vec::new(),
            inside: KeyMap::default(),
            ignored: KeyMap::default(),
            inside_lists: Vec::new(),
            interruptions: Vec::new(),
            folds: (0..n_observers).map(|_| KeyMap::default()).collect(),
            signatures: HashMap::new(),
            signature_list: Vec::new(),
            any_panic: false,
            // A message that is ignored is gone, which shows where a run ends, and in what never happens.
            every_delivery_counts: (asks_quiescence || asks_liveness)
                && system.rules.no_op == NoOp::Equality,
            is_stale: false,
            network_asked: AtomicBool::new(false),
            never: Seen::new(n),
            has_ticked: AtomicBool::new(false),
            own_classes: OwnClasses::default(),
            rearmed: HashMap::new(),
            orbits: Orbits::default(),
            fired: Fired::default(),
            system,
        };
        space.fault_counters = space.declared_faults().1;
        space.reset()?;
        Ok(space)
    }
}

/// What is assumed is about actors that there are.
fn check_assumptions(system: &Blueprint, n: usize) -> Result<(), Error> {
    for (steps, _) in &system.assumptions {
        let mut ids = steps.of.into_iter().chain(steps.from);
        let is_nobody = |id: &Id| usize::from(*id) >= n && usize::from(*id) != ENVIRONMENT;
        if let Some(id) = ids.find(is_nobody) {
            return Err(Error::model(format!(
                "an assumption is about id {}, which is no actor",
                usize::from(id)
            ))
            .with_cure("name the actor by its handle's `id()`"));
        }
        if steps.from.is_some() && steps.kind != StepsKind::Deliveries {
            return Err(
                Error::model("an assumption says whom steps are from that nobody sends")
                    .with_cure("only deliveries are `from` an actor; the others are `of` one"),
            );
        }
    }
    Ok(())
}

/// The rule of every pair of ids: actors, then one row and column for everybody else.
fn compile_rules(system: &Blueprint, n: usize, cuts: &Cuts) -> Result<Vec<Rule>, Error> {
    let mut rules = Vec::with_capacity((n + 1) * (n + 1));
    for src in 0..=n {
        for dst in 0..=n {
            let link = system.links.get(&(src, dst)).unwrap_or(&system.link);
            if link.capacity == Some(0) {
                return Err(Error::model("a link of capacity 0 carries no message")
                    .with_cure("give it a capacity of 1 or more, or never send over it"));
            }
            let cut = cuts.between(src, dst);
            let delay = delay_of(system, link)?;
            rules.push(Rule {
                fifo: link.fifo,
                keeps: link.duplicating,
                keeps_budgeted: link.duplicate_budget.is_some(),
                consumes: !(system.rules.delivery_keeps && link.duplicating),
                losing: link.losing,
                budgeted: link.losing && link.loss_budget.is_some(),
                capacity: link.copies_max(),
                cut,
                is_authenticated: link.authenticated,
                delivers_strongly: link.promises_fair_loss() || cut & cuts.recurring() != 0,
                // The environment's messages are never in flight.
                delay: if src < n && dst < n { delay } else { None },
            });
        }
    }
    Ok(rules)
}
