//! What fairness asks of the runs of a system: the table of the documentation ("fairness follows from the system model"), read naively.
//!
//! A delivery is always a step that takes its message, with an effect or without.

use std::collections::BTreeMap;

use allways::space::{Fairness, Role, StepKind};

use super::{Action, Content, Graph, State, Step};
use crate::coverage::{Coverage, Feature};
use crate::fair_graphs;
use crate::random::{AssumeSpec, Assumed, LiveSpec, Spec, StepsOf};

/// Steps that fairness knows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// From, to, content: some copy of it is delivered.
    Delivery(usize, usize, u8),
    /// It is sent: what is delivered and kept for ever must be.
    Sending(usize, usize, u8),
    Timer(usize, u8),
    /// Some alternative is taken.
    Choice(usize, u8),
    Alternative(usize, u8, u8),
    Recovery(usize),
    Stimulus(usize),
    Heal(usize),
}

impl Class {
    /// Whose steps they are, in the words of a declaration: kind, sender, actor.
    fn steps(self, spec: &Spec) -> Option<(StepsOf, Option<usize>, Option<usize>)> {
        Some(match self {
            Class::Delivery(from, to, _) => (StepsOf::Deliveries, Some(from), Some(to)),
            Class::Sending(..) => return None,
            Class::Timer(actor, _) => (StepsOf::Timers, None, Some(actor)),
            Class::Choice(actor, _) => (StepsOf::Choices, None, Some(actor)),
            Class::Alternative(actor, ..) => (StepsOf::Alternatives, None, Some(actor)),
            Class::Recovery(actor) => (StepsOf::Recoveries, None, Some(actor)),
            Class::Stimulus(index) => (StepsOf::Stimuli, None, Some(spec.stimuli[index].to)),
            Class::Heal(_) => (StepsOf::Heals, None, None),
        })
    }

    /// The last declaration that speaks of it.
    fn assumed(self, spec: &Spec) -> Option<&AssumeSpec> {
        let (of, from, actor) = self.steps(spec)?;
        let speaks = |assumed: &&AssumeSpec| {
            assumed.of == of
                && (assumed.from.is_none() || assumed.from == from)
                && (assumed.actor.is_none() || assumed.actor == actor)
        };
        spec.assumed.iter().rev().find(speaks)
    }

    /// What follows from the system, and what it is that says so.
    fn derived(self, spec: &Spec) -> (Fairness, Feature) {
        match self {
            Class::Delivery(from, to, _) => {
                let link = spec.links[from][to];
                let recurs = |partition: &&crate::random::PartitionSpec| {
                    partition.is_between(from, to) && partition.times_max().is_none()
                };
                if link.losing && link.fair && !link.budgeted {
                    (Fairness::Strong, Feature::FairLossDelivery)
                } else if spec.partitions.iter().any(|p| recurs(&p)) {
                    (Fairness::Strong, Feature::DeliveryAcrossUnlimited)
                } else if link.losing && link.budgeted {
                    (Fairness::Weak, Feature::DeliveryAfterLosses)
                } else if link.fifo {
                    (Fairness::Weak, Feature::HeadDelivery)
                } else {
                    (Fairness::Weak, Feature::WeakDelivery)
                }
            }
            Class::Sending(..) => (Fairness::Matched, Feature::KeptForEver),
            Class::Timer(..) => (Fairness::Weak, Feature::WeakTimer),
            Class::Choice(..) => (Fairness::Weak, Feature::WeakChoice),
            Class::Alternative(..) => (Fairness::None, Feature::FreeAlternative),
            Class::Recovery(actor) => {
                let rule = spec.crash_rule(actor).map(|rule| &spec.crashes[rule]);
                if rule.is_some_and(|rule| rule.recovers) {
                    (Fairness::Weak, Feature::WeakRecovery)
                } else {
                    (Fairness::None, Feature::FreeRecovery)
                }
            }
            Class::Stimulus(index) if spec.stimuli[index].must_happen => {
                (Fairness::Weak, Feature::MustHappen)
            }
            Class::Stimulus(_) => (Fairness::None, Feature::FreeStimulus),
            Class::Heal(_) => (Fairness::Weak, Feature::WeakHeal),
        }
    }

    fn fairness(self, spec: &Spec, coverage: &mut Coverage) -> Fairness {
        let (derived, feature) = self.derived(spec);
        let Some(assumed) = self.assumed(spec) else {
            coverage.note(feature);
            return derived;
        };
        let fairness = match assumed.fairness {
            Assumed::None => Fairness::None,
            Assumed::Weak => Fairness::Weak,
            Assumed::Strong => Fairness::Strong,
        };
        if fairness != derived {
            coverage.note(match assumed.of {
                StepsOf::Deliveries => Feature::AssumedDelivery,
                StepsOf::Timers => Feature::AssumedTimer,
                StepsOf::Choices | StepsOf::Alternatives => Feature::AssumedChoice,
                StepsOf::Recoveries | StepsOf::Stimuli | StepsOf::Heals => {
                    Feature::AssumedOfEnvironment
                }
            });
            coverage.note(match assumed.fairness {
                Assumed::None => Feature::AssumedNone,
                Assumed::Weak => Feature::AssumedWeak,
                Assumed::Strong => Feature::AssumedStrong,
            });
            if assumed.from.is_some() || assumed.actor.is_some() {
                coverage.note(Feature::AssumedOfSome);
            }
        }
        fairness
    }
}

/// What a step has to do with which classes.
fn shares(spec: &Spec, state: &State, step: &Step) -> Vec<(Class, Role)> {
    let Action {
        kind,
        actor,
        from,
        content,
        sent,
        ignored,
        ..
    } = &step.action;
    // Who ignores something has been told of it.
    let kind = &ignored.unwrap_or(*kind);
    let mut shares = Vec::new();
    let mut takes = |class: Class| shares.push((class, Role::Takes));
    match (kind, from, content) {
        (StepKind::Deliver | StepKind::Duplicate, Some(from), Content::Msg(msg)) => {
            takes(Class::Delivery(*from, *actor, *msg));
        }
        (StepKind::Timeout, _, Content::Timer(timer)) => takes(Class::Timer(*actor, *timer)),
        (StepKind::Choose, _, Content::Choice(key, alternative)) => {
            takes(Class::Choice(*actor, *key));
            takes(Class::Alternative(*actor, *key, *alternative));
            // Whichever was not chosen may have been the one that came up.
            let others = state.locals[*actor].choices.get(key).into_iter().flatten();
            for &other in others.filter(|&other| ignored.is_some() && other != alternative) {
                takes(Class::Alternative(*actor, *key, other));
            }
        }
        (StepKind::Recover, ..) => takes(Class::Recovery(*actor)),
        (StepKind::Stimulus, _, Content::Stimulus(index, _)) => takes(Class::Stimulus(*index)),
        (StepKind::Heal, _, Content::Partition(index)) => takes(Class::Heal(*index)),
        _ => {}
    }
    // Where keeping has a budget it comes to an end by itself.
    let keeps = |from: usize, to: usize| {
        let link = spec.links[from][to];
        link.duplicating && !link.duplicates_budgeted
    };
    // What is forged goes over the link of whoever lends it a name.
    let sender = match (kind, from) {
        (StepKind::Forge, Some(name)) => *name,
        _ => *actor,
    };
    for &(to, msg) in sent {
        if to < spec.actors.len() && keeps(sender, to) {
            takes(Class::Sending(sender, to, msg));
        }
    }
    for &(actor, timer) in &step.rearmed {
        takes(Class::Timer(actor, timer));
    }
    if let (StepKind::Duplicate, Some(from), Content::Msg(msg)) = (kind, from, content)
        && keeps(*from, *actor)
    {
        shares.push((Class::Sending(*from, *actor, *msg), Role::Uses));
    }
    shares
}

impl Graph {
    /// The graph with its classes, for one property. One more state stands for everything outside the boundaries.
    pub(crate) fn fair(
        &self,
        spec: &Spec,
        property: &LiveSpec,
        coverage: &mut Coverage,
    ) -> fair_graphs::Graph {
        let outside = self.states.len();
        let mut numbers: BTreeMap<Class, usize> = BTreeMap::new();
        let mut graph = fair_graphs::Graph::new(&[]);
        graph.initial = self
            .initial
            .iter()
            .map(|at| at.unwrap_or(outside))
            .collect();
        for (at, state) in self.states.iter().enumerate() {
            let mut steps = Vec::new();
            for step in &self.steps[at] {
                let mut own: Vec<(usize, Role)> = Vec::new();
                for (class, role) in shares(spec, state, step) {
                    let number = *numbers.entry(class).or_insert_with(|| {
                        graph.classes.push(class.fairness(spec, coverage));
                        graph.classes.len() - 1
                    });
                    own.push((number, role));
                }
                if !step.rearmed.is_empty() {
                    coverage.note(Feature::Rearmed);
                }
                steps.push(fair_graphs::Step {
                    to: step.to.unwrap_or(outside),
                    shares: own,
                });
            }
            graph.states.push(fair_graphs::State {
                steps,
                goal: state.satisfies(&property.goal),
                premise: state.satisfies(&property.premise),
                outside: false,
                unknown: !self.is_expanded[at],
            });
        }
        graph.states.push(fair_graphs::State {
            outside: true,
            ..fair_graphs::State::default()
        });
        graph
    }
}
