//! Random systems of interchangeable members, who hold each other as ids, as bits of masks, as numbers and as places in lists.

use allways::prelude::*;

/// A small generator (SplitMix64), so that a failure names its seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

message! {
    #[derive(Deserialize)]
    pub(crate) struct Msg { kind: u8, about: Option<Id>, crowd: Crowd }

    #[derive(Deserialize)]
    enum Tick { Own, For(Id), At(Place) }

    /// Actors as the bits of a mask.
    #[derive(Copy, Default, Deserialize)]
    pub(crate) struct Crowd(u16);

    /// An actor as a number.
    #[derive(Copy, Deserialize)]
    struct Place(u8);
}

state! {
    #[derive(Default, Deserialize)]
    struct State { phase: u8, friend: Option<Id>, seen: Set<Id>, tally: Tally }

    /// How often actors were counted, by their numbers, and which was the last; and those that were, in a type within the type.
    #[derive(Default, Deserialize)]
    struct Tally { counts: Vec<u8>, last: Option<usize>, crowd: Crowd }

    #[derive(Deserialize)]
    struct Saved { who: Option<Id>, crowd: Crowd }
}

impl Permute for Crowd {
    fn permute(&mut self, renaming: &Renaming<'_>) {
        self.0 = renaming.mask(self.0);
    }
}

impl Permute for Place {
    fn permute(&mut self, renaming: &Renaming<'_>) {
        self.0 = renaming.index(self.0);
    }
}

impl Permute for Tally {
    fn permute(&mut self, renaming: &Renaming<'_>) {
        renaming.reorder(&mut self.counts);
        self.last = self.last.map(|last| renaming.index(last));
    }
}

impl Crowd {
    fn with(self, who: Id) -> Self {
        Crowd(self.0 | 1 << usize::from(who))
    }

    fn has(self, who: Id) -> bool {
        self.0 >> usize::from(who) & 1 == 1
    }
}

/// Somebody, as a handler knows them.
#[derive(Clone, Copy, Debug)]
enum Who {
    Myself,
    Sender,
    About,
    Friend,
    Server,
    Nobody,
}

const WHO: [Who; 6] = [
    Who::Myself,
    Who::Sender,
    Who::About,
    Who::Friend,
    Who::Server,
    Who::Nobody,
];

/// What a handler does in a phase.
#[derive(Clone, Debug)]
struct Rule {
    phase: u8,
    befriends: Option<Who>,
    sees: Who,
    /// Whom it counts, with numbers and bits.
    counts: Option<Who>,
    /// It tells the crowd that it knows to those it writes to.
    tells: bool,
    /// Two that it chooses between, as numbers.
    offers: Option<(Who, Who)>,
    /// To whom, what kind, about whom; to all members where there is no whom.
    sends: Vec<(Option<Who>, u8, Who)>,
    sets: Option<Who>,
    /// The timer names the one it is for by number.
    sets_by_number: bool,
    cancels: bool,
    saves: bool,
}

const PHASES: u8 = 3;

fn rule(random: &mut Random, phase: u8) -> Rule {
    let who = |random: &mut Random| WHO[random.below(6) as usize];
    let may_send = phase + 1 < PHASES && random.one_in(2);
    let sends = if may_send { 1 + random.below(2) } else { 0 };
    Rule {
        phase: if may_send {
            phase + 1
        } else {
            phase.max(random.below(PHASES.into()) as u8)
        },
        befriends: random.one_in(3).then(|| who(random)),
        sees: who(random),
        counts: random.one_in(3).then(|| who(random)),
        tells: random.one_in(2),
        offers: random.one_in(8).then(|| (who(random), who(random))),
        sends: (0..sends)
            .map(|_| {
                let to = (!random.one_in(3)).then(|| who(random));
                (to, random.below(2) as u8, who(random))
            })
            .collect(),
        sets: random.one_in(4).then(|| who(random)),
        sets_by_number: random.one_in(2),
        cancels: random.one_in(6),
        saves: random.one_in(5),
    }
}

/// By phase and kind of message, then by phase for timers.
#[derive(Clone, Debug)]
struct Rules {
    on_msg: Vec<[Rule; 2]>,
    on_timer: Vec<Rule>,
    on_choice: Vec<Rule>,
    starts: Rule,
}

fn rules(random: &mut Random) -> Rules {
    Rules {
        on_msg: (0..PHASES)
            .map(|phase| [rule(random, phase), rule(random, phase)])
            .collect(),
        on_timer: (0..PHASES).map(|phase| rule(random, phase)).collect(),
        on_choice: (0..PHASES).map(|phase| rule(random, phase)).collect(),
        starts: rule(random, 0),
    }
}

#[derive(Clone)]
struct Node {
    rules: Rules,
    members: Set<Id>,
    server: Id,
}

impl Node {
    fn apply(
        &self,
        rule: &Rule,
        id: Id,
        state: &mut State,
        sender: Option<Id>,
        about: Option<Id>,
        o: &mut Out<Self>,
    ) {
        let friend = state.friend;
        let who = |who: Who| match who {
            Who::Myself => Some(id),
            Who::Sender => sender,
            Who::About => about,
            Who::Friend => friend,
            Who::Server => Some(self.server),
            Who::Nobody => None,
        };
        state.phase = rule.phase;
        if let Some(befriends) = rule.befriends {
            state.friend = who(befriends);
        }
        state.seen.extend(who(rule.sees));
        let actor = |which: Who| who(which).filter(|who| *who != environment());
        if let Some(counted) = rule.counts.and_then(actor) {
            let number = usize::from(counted);
            let tally = &mut state.tally;
            tally.counts[number] = (tally.counts[number] + 1).min(2);
            tally.last = Some(number);
            tally.crowd = tally.crowd.with(counted);
        }
        if let Some((a, b)) = rule.offers {
            let mut places: Vec<Place> = Vec::new();
            for who in [actor(a), actor(b)].into_iter().flatten() {
                let place = place_of(who);
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            o.choose_random("pick", places);
        }
        for &(to, kind, about) in &rule.sends {
            let msg = Msg {
                kind,
                about: who(about),
                crowd: if rule.tells {
                    state.tally.crowd
                } else {
                    Crowd::default()
                },
            };
            match to {
                None => o.broadcast(self.members.iter().filter(|to| **to != id), &msg),
                Some(to) => {
                    if let Some(to) = who(to).filter(|to| *to != environment()) {
                        o.send(to, msg);
                    }
                }
            }
        }
        if rule.cancels {
            o.cancel_timer(Tick::Own);
        }
        if let Some(sets) = rule.sets {
            let timer = match who(sets) {
                Some(who) if rule.sets_by_number && who != environment() => Tick::At(place_of(who)),
                Some(who) => Tick::For(who),
                None => Tick::Own,
            };
            o.set_timer(timer, model_timeout());
        }
        if rule.saves {
            o.save(Saved {
                who: who(rule.sees),
                crowd: state.tally.crowd,
            });
        }
    }
}

fn place_of(who: Id) -> Place {
    Place(u8::try_from(usize::from(who)).expect("few actors"))
}

impl Actor for Node {
    type Msg = Msg;
    type State = State;
    type Timer = Tick;
    type Random = Place;
    type Storage = Saved;

    fn on_start(&self, id: Id, saved: &Option<Saved>, o: &mut Out<Self>) -> State {
        let mut state = State::default();
        state.tally.counts = vec![0; self.members.len() + 1];
        let rule = self.rules.starts.clone();
        let about = saved.as_ref().and_then(|saved| saved.who);
        state.tally.crowd = saved.as_ref().map_or(Crowd::default(), |saved| saved.crowd);
        // Who starts again sends nothing, so that the system stays finite.
        let rule = if saved.is_some() {
            Rule {
                sends: Vec::new(),
                ..rule
            }
        } else {
            rule
        };
        self.apply(&rule, id, &mut state, None, about, o);
        state
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let rule = &self.rules.on_msg[usize::from(state.phase)][usize::from(msg.kind)];
        let crowd = &mut state.to_mut().tally.crowd;
        crowd.0 |= msg.crowd.0;
        self.apply(rule, id, state.to_mut(), Some(src), msg.about, o);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Tick, o: &mut Out<Self>) {
        let about = match timer {
            Tick::Own => None,
            Tick::For(who) => Some(*who),
            Tick::At(place) => Some(Id::from(usize::from(place.0))),
        };
        let rule = &self.rules.on_timer[usize::from(state.phase)];
        self.apply(rule, id, state.to_mut(), None, about, o);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, State>, place: &Place, o: &mut Out<Self>) {
        let rule = &self.rules.on_choice[usize::from(state.phase)];
        let about = Some(Id::from(usize::from(place.0)));
        self.apply(rule, id, state.to_mut(), None, about, o);
    }
}

/// A random system of interchangeable members and a server, and the members' names.
pub(crate) fn random_system(seed: u64, n: usize) -> System<Msg> {
    let mut random = Random(seed);
    let (of_members, of_server) = (rules(&mut random), rules(&mut random));
    let mut sys = System::new();
    let server_first = random.one_in(2);
    let server = server_first.then(|| sys.reserve("server"));
    let ids: Set<Id> = (0..n)
        .map(|i| Id::from(i + usize::from(server_first)))
        .collect();
    let server_id = Id::from(if server_first { 0 } else { n });
    let node = |rules: &Rules| Node {
        rules: rules.clone(),
        members: ids.clone(),
        server: server_id,
    };
    let members = sys.actors("m", n, |_| node(&of_members));
    let server = server.unwrap_or_else(|| sys.reserve("server"));
    sys.set(server, node(&of_server));
    sys.symmetric(&members)
        .mentioned_by(server)
        .permuting::<Tally>()
        .permuting::<Crowd>()
        .permuting::<Place>();
    if random.one_in(3) {
        // Who was told something by a friend, and whom the environment woke.
        let heard = sys.observer("heard", Set::<Id>::new(), |heard, event| match event {
            Event::Received(envelope) if envelope.src != envelope.dst => {
                Some(heard.update(envelope.dst))
            }
            Event::Crashed(who) => Some(heard.without(who)),
            _ => None,
        });
        sys.observer_wants(heard, |event| !matches!(event, Event::Sent(_)));
        sys.symmetric(&members[..0]).remembered_by(heard);
        sys.always("somebody hears nothing", move |s| s[heard].len() <= n);
    }
    if random.one_in(3) {
        // Who was told something, as bits.
        let told = sys.observer("told", Crowd::default(), |told, event| match event {
            Event::Received(envelope) if usize::from(envelope.dst) < 16 => {
                Some(told.with(envelope.dst))
            }
            _ => None,
        });
        sys.observer_wants(told, |event| matches!(event, Event::Received(_)));
        sys.symmetric(&members[..0]).remembered_by(told);
        sys.always("somebody is told nothing", move |s| {
            s[told].0.count_ones() as usize <= n
        });
    }

    if random.one_in(4) {
        // Every member begins in one of two ways, of which one mentions it.
        for member in members.iter() {
            let tally = Tally {
                counts: vec![0; n + 1],
                ..Tally::default()
            };
            let usual = State {
                tally,
                ..State::default()
            };
            let other = State {
                phase: 1,
                friend: Some(member.id()),
                ..usual.clone()
            };
            sys.starts(member, [usual, other]);
        }
    }
    sys.links(match random.below(6) {
        0 => Link::reliable().fifo(),
        1 => Link::losing().up_to(1),
        2 => Link::reliable().duplicates(1),
        3 => Link::reliable().capacity(1),
        _ => Link::reliable(),
    });
    if random.one_in(3) {
        sys.links_among(members.ids(), Link::reliable().fifo());
    }
    match random.below(5) {
        0 => sys.crashes(Crashes::stop(1).of(members.ids())),
        1 => sys.crashes(Crashes::recovery(2).each(1).of(members.ids())),
        2 => sys.crashes(Crashes::recovery(1).of([server.id()])),
        _ => {}
    }
    if random.one_in(4) {
        sys.partitions(Partitions::between(members.ids(), [server.id()]));
    }
    if random.one_in(2) {
        for member in members.iter() {
            let msg = Msg {
                kind: 0,
                about: random.clone().one_in(2).then(|| member.id()),
                crowd: Crowd::default().with(member.id()),
            };
            sys.stimulus(
                format!("{} acts", usize::from(member.id())),
                member.id(),
                msg,
            );
        }
    }

    let (phase, n_max) = (1 + random.below(2) as u8, random.below(n as u64) as usize);
    let all = members.clone();
    let in_phase = move |s: &Snapshot<'_, Msg>| {
        let phases = all
            .iter()
            .filter(|m| s.state(*m).is_some_and(|s| s.phase == phase));
        phases.count()
    };
    let all = members.clone();
    let befriended = move |s: &Snapshot<'_, Msg>| {
        let mut members = all.iter().enumerate();
        members.any(|(i, m)| s.state(m).is_some_and(|s| s.friend == Some(all[i].id())))
    };
    let all = members.clone();
    let of_server = move |s: &Snapshot<'_, Msg>| {
        let of_server = s.state(server).and_then(|s| s.friend);
        all.iter()
            .any(|m| Some(m.id()) == of_server && s.state(m).is_none_or(|s| s.phase > 0))
    };
    let count = in_phase.clone();
    sys.always("few are in the phase", move |s| count(s) <= n_max);
    sys.always("nobody is its own friend", befriended);
    let count = in_phase.clone();
    sys.implies("the server's friend is on its way", of_server, move |s| {
        count(s) > 0
    });
    let all = members.clone();
    sys.always("who is counted last knows the one who counts", move |s| {
        all.iter().all(|m| {
            let last = s.state(m).and_then(|state| state.tally.last);
            let other = all
                .iter()
                .find(|other| Some(usize::from(other.id())) == last);
            let other = other.and_then(|other| s.state(other));
            other.is_none_or(|other| other.tally.crowd.has(m.id()))
        })
    });
    let all = members.clone();
    sys.reachable("the server knows a crowd", move |s| {
        let known = s.state(server).map_or(Crowd::default(), |s| s.tally.crowd);
        all.iter().filter(|m| known.has(m.id())).count() > 1
    });
    if random.one_in(4) {
        sys.reachable("much is in flight", move |s| s.in_flight().count() > n);
    }
    if random.one_in(3) {
        let count = in_phase.clone();
        sys.may_end_when(move |s| count(s) > 0);
    }
    if random.one_in(3) {
        sys.confluent_given("the same number gets there", |_| 0_u8, in_phase.clone());
    }
    if random.one_in(5) {
        sys.within("not all are there", move |s| in_phase(s) < n);
    }
    sys
}
