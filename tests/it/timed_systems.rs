//! Random small systems with ticks as plain data, and the engine's side of them; `timed.rs` has the other.

use allways::prelude::*;

/// A small generator (SplitMix64), so that a failure names its seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % u64::from(n)) as u32
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

pub(crate) const STATES: u8 = 4;
pub(crate) const MSGS: u8 = 2;
pub(crate) const TIMERS: u8 = 2;

/// Remaining ticks: at least, at most.
pub(crate) type Window = (u32, u32);

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Send(usize, u8),
    /// With the range `a..b`.
    Set(u8, u32, u32),
    Cancel(u8),
    /// So many alternatives, instead of those that there were.
    Choose(u8),
}

/// What an observer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    Received,
    Sent,
    TimedOut,
    Chose,
    Crashed,
    Recovered,
    Lost,
    Partitioned,
    Healed,
}

impl Watch {
    /// It counts up to here.
    pub(crate) const MAX: u8 = 2;

    fn of(event: &Event<'_, u8>) -> Watch {
        match event {
            Event::Received(_) => Watch::Received,
            Event::Sent(_) => Watch::Sent,
            Event::TimedOut(_) => Watch::TimedOut,
            Event::Chose(_) => Watch::Chose,
            Event::Crashed(_) => Watch::Crashed,
            Event::Recovered(_) => Watch::Recovered,
            Event::Lost(_) => Watch::Lost,
            Event::Partitioned(_) => Watch::Partitioned,
            Event::Healed(_) => Watch::Healed,
        }
    }

    fn random(random: &mut Random) -> Watch {
        let all = [
            Watch::Received,
            Watch::Sent,
            Watch::TimedOut,
            Watch::Chose,
            Watch::Crashed,
            Watch::Recovered,
            Watch::Lost,
            Watch::Partitioned,
            Watch::Healed,
        ];
        all[random.below(all.len() as u32) as usize]
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Reaction {
    pub(crate) state: Option<u8>,
    pub(crate) effects: Vec<Effect>,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) start: Reaction,
    pub(crate) on_msg: Vec<Vec<Reaction>>,
    pub(crate) on_timer: Vec<Vec<Reaction>>,
    /// By state and alternative; none where the actor never chooses.
    pub(crate) on_choice: Vec<Vec<Reaction>>,
}

impl Table {
    fn apply(reaction: &Reaction, state: &mut Cow<'_, u8>, o: &mut Out<Self>) {
        if let Some(next) = reaction.state {
            *state.to_mut() = next;
        }
        for effect in &reaction.effects {
            match *effect {
                Effect::Send(to, msg) => o.send(Id::from(to), msg),
                Effect::Set(timer, a, b) => o.set_timer(timer, ticks(a..b)),
                Effect::Cancel(timer) => o.cancel_timer(timer),
                Effect::Choose(n) => o.choose_random("side", (0..n).collect()),
            }
        }
    }
}

impl Actor for Table {
    type Msg = u8;
    type State = u8;
    type Timer = u8;
    type Random = u8;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        let mut state = Cow::Owned(0);
        Table::apply(&self.start, &mut state, o);
        *state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, _: Id, msg: u8, o: &mut Out<Self>) {
        let reaction = &self.on_msg[usize::from(**state)][usize::from(msg)];
        Table::apply(reaction, state, o);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, timer: &u8, o: &mut Out<Self>) {
        let reaction = &self.on_timer[usize::from(**state)][usize::from(*timer)];
        Table::apply(reaction, state, o);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, u8>, side: &u8, o: &mut Out<Self>) {
        let reaction = &self.on_choice[usize::from(**state)][usize::from(*side)];
        Table::apply(reaction, state, o);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkSpec {
    pub(crate) fifo: bool,
    /// One loss in a run, over all links that say so.
    pub(crate) loses_once: bool,
    pub(crate) fair_loss: bool,
    /// One duplicate in a run, over all links that say so.
    pub(crate) duplicates_once: bool,
    pub(crate) capacity: Option<usize>,
    pub(crate) delay: Window,
}

impl LinkSpec {
    pub(crate) fn copies_max(self) -> Option<usize> {
        self.capacity.or(self.fair_loss.then_some(1))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) is_partial: bool,
    pub(crate) tables: Vec<Table>,
    pub(crate) links: Vec<Vec<LinkSpec>>,
    /// One crash of anybody; whether who crashed may start again, and does in the end.
    pub(crate) crashes: Option<(bool, bool)>,
    /// It may be inside a handler.
    pub(crate) crashes_inside: bool,
    /// Each once: receiver, message, whether it must happen.
    pub(crate) stimuli: Vec<(usize, u8, bool)>,
    pub(crate) watches: Option<Watch>,
    /// One partition between the first two actors; whether it heals.
    pub(crate) partition: Option<bool>,
    /// (actor, state) of `always not`, `eventually` and `stabilises`.
    pub(crate) asked: (usize, u8),
}

impl Spec {
    pub(crate) fn random(random: &mut Random) -> Spec {
        let n = 2 + random.below(2) as usize;
        let reaction = |random: &mut Random, from: u8| {
            let mut reaction = Reaction::default();
            if random.chance(60) {
                reaction.state = Some(random.below(u32::from(STATES)) as u8);
            }
            // What sends goes on to a later state, so that all in all not much is sent.
            let may_send = reaction.state.is_some_and(|next| next > from);
            for _ in 0..random.below(3) {
                let timer = random.below(u32::from(TIMERS)) as u8;
                reaction.effects.push(match random.below(10) {
                    0..5 if may_send => {
                        let msg = random.below(u32::from(MSGS)) as u8;
                        Effect::Send(random.below(n as u32) as usize, msg)
                    }
                    0..9 => {
                        // Few timers fire at once.
                        let earliest = random.below(7).min(2);
                        Effect::Set(timer, earliest, earliest + 1 + random.below(2))
                    }
                    _ => Effect::Cancel(timer),
                });
            }
            reaction
        };
        let mut tables = Vec::new();
        for _ in 0..n {
            let mut rows = |width: u8| -> Vec<Vec<Reaction>> {
                (0..STATES)
                    .map(|from| (0..width).map(|_| reaction(random, from)).collect())
                    .collect()
            };
            let (on_msg, on_timer) = (rows(MSGS), rows(TIMERS));
            let mut start = reaction(random, 0);
            start.state = Some(0);
            if random.chance(70) {
                start.effects.push(Effect::Set(0, 1, 2 + random.below(2)));
            }
            tables.push(Table {
                start,
                on_msg,
                on_timer,
                on_choice: Vec::new(),
            });
        }
        let link = |random: &mut Random| {
            let earliest = random.below(2);
            let fair_loss = random.chance(15);
            LinkSpec {
                fifo: random.chance(30),
                fair_loss,
                loses_once: !fair_loss && random.chance(25),
                duplicates_once: random.chance(20),
                capacity: random.chance(20).then(|| 1 + random.below(2) as usize),
                delay: (earliest, earliest + random.below(3)),
            }
        };
        let mut spec = Spec {
            is_partial: random.chance(40),
            links: (0..n)
                .map(|_| (0..n).map(|_| link(random)).collect())
                .collect(),
            tables,
            crashes: random
                .chance(35)
                .then(|| (random.chance(60), random.chance(50))),
            partition: random.chance(25).then(|| random.chance(70)),
            asked: (
                random.below(n as u32) as usize,
                1 + random.below(u32::from(STATES) - 1) as u8,
            ),
            crashes_inside: random.chance(50),
            stimuli: Vec::new(),
            watches: random.chance(35).then(|| Watch::random(random)),
        };
        if random.chance(30) {
            let to = random.below(n as u32) as usize;
            let msg = random.below(u32::from(MSGS)) as u8;
            spec.stimuli.push((to, msg, random.chance(50)));
        }
        for table in &mut spec.tables {
            if random.chance(30) {
                table.on_choice = (0..STATES)
                    .map(|from| (0..2).map(|_| reaction(random, from)).collect())
                    .collect();
                let rows = table.on_msg.iter_mut().chain(&mut table.on_timer);
                for own in rows.flatten().chain([&mut table.start]) {
                    if random.chance(30) {
                        let alternatives = [2, 2, 1, 0][random.below(4) as usize];
                        own.effects.push(Effect::Choose(alternatives));
                    }
                }
            }
        }
        spec
    }

    pub(crate) fn system(&self) -> System<u8> {
        let mut sys = System::new();
        sys.timing(if self.is_partial {
            Timing::partially_synchronous(1)
        } else {
            Timing::synchronous()
        });
        let mut tables = self.tables.iter();
        let actors = sys.actors("actor", self.tables.len(), |_| {
            tables.next().expect("one for each").clone()
        });
        for (from, row) in self.links.iter().enumerate() {
            for (to, spec) in row.iter().enumerate() {
                let mut link = match (spec.fair_loss, spec.loses_once) {
                    (true, _) => Link::fair_loss(),
                    (false, true) => Link::losing().up_to(1),
                    (false, false) => Link::reliable(),
                };
                if spec.fifo {
                    link = link.fifo();
                }
                if spec.duplicates_once {
                    link = link.duplicates(1);
                }
                if let Some(copies) = spec.capacity {
                    link = link.capacity(copies as u32);
                }
                let link = link.delay(spec.delay.0..=spec.delay.1);
                sys.link(Id::from(from), Id::from(to), link);
            }
        }
        if let Some((recover, recovers)) = self.crashes {
            let crashes = match (recover, recovers) {
                (true, true) => Crashes::recovery(1).recovers(),
                (true, false) => Crashes::recovery(1),
                (false, _) => Crashes::stop(1),
            };
            sys.crashes(match self.crashes_inside {
                true => crashes.inside_handlers(),
                false => crashes,
            });
        }
        for (i, &(to, msg, must_happen)) in self.stimuli.iter().enumerate() {
            let stimulus = sys.stimulus(format!("stimulus {i}"), Id::from(to), msg);
            if must_happen {
                stimulus.must_happen();
            }
        }
        if let Some(watch) = self.watches {
            sys.observer("seen", 0_u8, move |n: &u8, event: &Event<'_, u8>| {
                (Watch::of(event) == watch && *n < Watch::MAX).then(|| n + 1)
            });
        }
        if let Some(heals) = self.partition {
            let partitions = Partitions::between([Id::from(0)], [Id::from(1)]);
            sys.partitions(if heals {
                partitions
            } else {
                partitions.never_heals()
            });
        }
        let (actor, state) = self.asked;
        let actor = actors[actor];
        let is_there = move |s: &Snapshot<'_, u8>| s.state(actor) == Some(&state);
        sys.always("never", move |s| !is_there(s));
        sys.may_end_when(is_there);
        sys.eventually("eventually", is_there);
        sys.stabilises("stabilises", is_there);
        sys
    }
}
