//! The space by itself, walked naively; the search and the oracle test it as a whole elsewhere.

use std::collections::HashMap;

use stateright::actor::{Actor, ActorModel, Id, Network, Out, model_timeout};

use crate::prelude::{Cow, Crashes, Link, System};
use crate::space::{Absorbed, ActorSpace, Answer, Arena, Fingerprint, StateSpace};

/// Unique and generated states, by whole words.
fn walk<S: StateSpace>(space: &mut S) -> (usize, usize) {
    let mut states = S::Arena::default();
    'restart: loop {
        states.clear();
        space.initial(&mut states).unwrap();
        let mut seen: HashMap<u128, usize> = HashMap::new();
        let mut generated = states.len();
        for index in 0..states.len() {
            seen.insert(space.fingerprint(&states, index), index);
        }
        let mut at = 0;
        while at < states.len() {
            let mut steps: Vec<u128> = Vec::new();
            let mut scratch = [S::Scratch::default()];
            while space.expand(&states, at, &mut scratch[0], &mut steps) == Answer::Missing {
                steps.clear();
                if space.absorb(&mut scratch).unwrap() == Absorbed::Restart {
                    continue 'restart;
                }
            }
            for (step, &fingerprint) in steps.iter().enumerate().filter(|(_, f)| **f != 0) {
                generated += 1;
                let mut next = S::Arena::default();
                space
                    .successor(&states, at, step as u32, &mut scratch[0], &mut next)
                    .unwrap();
                assert_eq!(
                    space.fingerprint::<u128>(&next, 0),
                    fingerprint,
                    "step {step} of state {at}"
                );
                space.label(&states, at, step as u32).unwrap();
                match seen.get(&fingerprint) {
                    Some(&known) => assert!(space.same(&next, 0, &states, known)),
                    None => {
                        seen.insert(fingerprint, states.len());
                        states.append(&mut next);
                    }
                }
            }
            at += 1;
        }
        return (states.len(), generated);
    }
}

struct Sleeper;

impl Actor for Sleeper {
    type Msg = ();
    type State = bool;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
        o.set_timer((), model_timeout());
        false
    }
}

#[test]
fn n_timers_make_two_to_the_n_states() {
    for n in 1..=8 {
        let mut sys = System::new();
        sys.actors("sleeper", n, |_| Sleeper);
        let steps = n * (1 << n) / 2;
        assert_eq!(
            walk(&mut ActorSpace::new(sys).unwrap()),
            (1 << n, 1 + steps)
        );
        let model = ActorModel::new((), ()).actors((0..n).map(|_| Sleeper));
        assert_eq!(
            walk(&mut crate::space::from_stateright(model).unwrap()),
            (1 << n, 1 + steps)
        );
    }
}

/// Sends its number to the next actor on start; counts what it hears up to 3.
struct Chatter {
    next: Id,
}

impl Actor for Chatter {
    type Msg = u8;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = u8;

    fn on_start(&self, _: Id, saved: &Option<u8>, o: &mut Out<Self>) -> u8 {
        o.send(self.next, 1);
        o.send(self.next, 2);
        saved.unwrap_or(0)
    }

    fn on_msg(&self, _: Id, heard: &mut Cow<'_, u8>, _: Id, msg: u8, o: &mut Out<Self>) {
        if **heard < 3 {
            *heard.to_mut() += msg;
            o.save(**heard);
            o.send(self.next, msg);
        }
    }
}

fn chatters(n: usize) -> impl Iterator<Item = Chatter> {
    (0..n).map(move |i| Chatter {
        next: Id::from((i + 1) % n),
    })
}

#[test]
fn every_kind_of_link_and_crashes_have_consistent_steps() {
    let links = [
        Link::reliable(),
        Link::reliable().fifo(),
        Link::losing().up_to(1),
        Link::reliable().duplicating(),
        Link::losing().fifo().duplicating(),
        Link::losing().capacity(1),
    ];
    let mut sizes = Vec::new();
    for link in links {
        let mut sys = System::new();
        sys.links(link);
        let mut actors = chatters(2);
        sys.actors("chatter", 2, |_| actors.next().unwrap());
        sys.crashes(Crashes::recovery(1));
        sys.within("short channels", |s| s.in_flight().count() <= 6);
        sizes.push(walk(&mut ActorSpace::new(sys).unwrap()).0);
    }
    assert!(sizes.iter().all(|&size| size > 20), "{sizes:?}");
}

#[test]
fn a_converted_model_has_the_counts_of_its_own_checker_where_that_is_exact() {
    use stateright::{Checker, Model};
    let networks = || {
        [
            Network::new_unordered_nonduplicating([]),
            Network::new_ordered([]),
            Network::new_unordered_duplicating([]),
        ]
    };
    for network in networks() {
        for lossy in [
            stateright::actor::LossyNetwork::No,
            stateright::actor::LossyNetwork::Yes,
        ] {
            let model = || {
                ActorModel::new((), 0_u8)
                    .actors(chatters(3))
                    .init_network(network.clone())
                    .lossy_network(lossy)
                    // Without an open property its checker has nothing to look for.
                    .property(stateright::Expectation::Always, "true", |_, _| true)
                    .record_msg_in(|_, heard, _| Some((heard + 1) % 4))
            };
            let theirs = model().checker().spawn_bfs().join();
            let ours = walk(&mut crate::space::from_stateright(model()).unwrap());
            assert_eq!(
                ours,
                (theirs.unique_state_count(), theirs.state_count()),
                "{network:?}"
            );
        }
    }
}

#[test]
fn fingerprints_never_are_zero() {
    assert_ne!(u64::finish(0), 0);
    assert_ne!(u128::finish(0), 0);
}
