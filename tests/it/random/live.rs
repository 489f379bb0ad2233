//! Systems for liveness: what is asked of runs without end, and whatever bears on fairness.

use super::{ActorSpec, Dice, Effect, LinkSpec, Pred, Spec, Style, Target};

/// How many bytes say what is asked of runs without end.
pub(crate) const LIVE_BYTES: usize = 200;

/// A liveness property.
#[derive(Clone, Debug)]
pub(crate) struct LiveSpec {
    pub(crate) kind: LiveKind,
    /// For *leads to*.
    pub(crate) premise: Pred,
    pub(crate) goal: Pred,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LiveKind {
    Eventually,
    LeadsTo,
    InfinitelyOften,
    Stabilises,
}

/// What is assumed of some steps.
#[derive(Clone, Debug)]
pub(crate) struct AssumeSpec {
    pub(crate) of: StepsOf,
    /// The sender, for deliveries; else nothing has one.
    pub(crate) from: Option<usize>,
    /// Whose steps; for deliveries the receiver.
    pub(crate) actor: Option<usize>,
    pub(crate) fairness: Assumed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StepsOf {
    Deliveries,
    Timers,
    Choices,
    Alternatives,
    Recoveries,
    Stimuli,
    Heals,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assumed {
    None,
    Weak,
    Strong,
}

impl Spec {
    /// A system with liveness properties and whatever bears on fairness. The first bytes say what is asked, the others what the system is.
    pub(crate) fn decode_live(bytes: &[u8]) -> Spec {
        let (live, bytes) = bytes.split_at(LIVE_BYTES.min(bytes.len()));
        let (mut live, mut dice) = (Dice::of(live), Dice::of(bytes));
        let mut style = Style::roll(&mut dice);
        // Runs without end are the matter here: nothing has to end, but the space has to be finite.
        style.ends = !live.chance(50);
        style.limited = !style.ends;
        style.n_partitions = live.weighted(&[70, 25, 5]);
        style.asks_network = live.chance(10);
        let spec = Spec::decode_in(&style, &mut dice);
        let mut spec = Spec {
            properties: Vec::new(),
            may_end_when: None,
            ..spec
        };
        if !live.chance(20) {
            spec.boundaries.clear();
        }
        for partition in &mut spec.partitions {
            if live.chance(40) {
                (partition.times, partition.heals) = (None, true);
            }
        }
        if live.chance(40) {
            spec.crashes.clear();
        }
        for crashes in &mut spec.crashes {
            crashes.recovers = live.chance(50);
            crashes.recover |= crashes.recovers;
        }
        for stimulus in &mut spec.stimuli {
            stimulus.must_happen = live.chance(50);
        }
        for _ in 0..live.weighted(&[40, 30, 20, 10]) {
            spec.assumed.push(style.assumed(&mut live));
        }
        let hoped = style.scene(&mut spec, &mut live);
        let n_observers = spec.observers.len();
        for _ in 0..1 + live.below(3) {
            let kind = [
                LiveKind::Eventually,
                LiveKind::LeadsTo,
                LiveKind::InfinitelyOften,
                LiveKind::Stabilises,
            ][live.below(4)];
            let mut premise = style.pred(&mut live, n_observers, 1);
            let mut goal = style.pred(&mut live, n_observers, 1);
            if live.chance(30) {
                premise = Pred::IsUp(live.below(style.n_actors));
            }
            match (kind, &hoped) {
                (_, Some(hoped)) if live.chance(70) => goal = hoped.clone(),
                // What is seldom so is left again: its opposite stabilises.
                (LiveKind::Stabilises, _) if live.chance(50) => goal = Pred::Not(Box::new(goal)),
                _ => {}
            }
            spec.liveness.push(LiveSpec {
                kind,
                premise,
                goal,
            });
        }
        spec
    }
}

impl Style {
    /// Something that goes on for ever, which systems seldom do by chance: an actor that sends again and again, or a message that is copied and puts a
    /// timer off. What may be hoped for.
    fn scene(&self, spec: &mut Spec, dice: &mut Dice<'_>) -> Option<Pred> {
        let (is_beacon, is_copied) = match dice.weighted(&[30, 45, 25]) {
            0 => return None,
            1 => (true, false),
            _ => (false, true),
        };
        let from = dice.below(self.n_actors);
        let to = (from + 1 + dice.below(self.n_actors - 1)) % self.n_actors;
        let (timer, msg) = (dice.below(2) as u8, dice.below(self.n_msgs) as u8);
        let hoped = dice.below(self.n_states) as u8;
        let send = Effect::Send(Target::Actor(to), msg);
        let starts = |actor: &mut ActorSpec, effect: &Effect| {
            let starts = actor.start.iter_mut();
            starts.for_each(|start| start.effects.push(effect.clone()));
        };
        let link = &mut spec.links[from][to];
        if is_beacon {
            *link = LinkSpec {
                fifo: dice.chance(20),
                duplicating: dice.chance(15),
                losing: dice.chance(75),
                fair: dice.chance(85),
                capacity: Some(1),
                ..LinkSpec::default()
            };
            link.fair &= link.losing;
            starts(&mut spec.actors[from], &Effect::Set(timer));
            for reactions in &mut spec.actors[from].on_timer {
                let effects = &mut reactions[usize::from(timer)].effects;
                effects.extend([send.clone(), Effect::Set(timer)]);
            }
            let everywhere = dice.chance(60);
            let listens = dice.below(self.n_states);
            for (state, handlers) in spec.actors[to].on_msg.iter_mut().enumerate() {
                if everywhere || state == listens {
                    handlers[usize::from(msg)].usual.state = Some(hoped);
                }
            }
        }
        if is_copied {
            *link = LinkSpec {
                duplicating: true,
                ..LinkSpec::default()
            };
            starts(&mut spec.actors[from], &send);
            starts(&mut spec.actors[to], &Effect::Set(timer));
            for handlers in &mut spec.actors[to].on_msg {
                let usual = &mut handlers[usize::from(msg)].usual;
                usual.effects.push(Effect::Set(timer));
            }
            for reactions in &mut spec.actors[to].on_timer {
                reactions[usize::from(timer)].state = Some(hoped);
            }
        }
        Some(Pred::StateIs(to, hoped))
    }

    fn assumed(&self, dice: &mut Dice<'_>) -> AssumeSpec {
        let of = [
            StepsOf::Deliveries,
            StepsOf::Timers,
            StepsOf::Choices,
            StepsOf::Alternatives,
            StepsOf::Recoveries,
            StepsOf::Stimuli,
            StepsOf::Heals,
        ][dice.weighted(&[30, 25, 8, 12, 8, 9, 8])];
        AssumeSpec {
            of,
            from: (of == StepsOf::Deliveries && dice.chance(40)).then(|| dice.below(self.n_actors)),
            actor: (of != StepsOf::Heals && dice.chance(40)).then(|| dice.below(self.n_actors)),
            fairness: [Assumed::Strong, Assumed::None, Assumed::Weak][dice.weighted(&[40, 25, 35])],
        }
    }
}
