//! The case that stateright's own checker gets wrong: actors that set one timer each. Its timers hash their elements without
//! their number, so states that differ in who still waits collide.

use allways::prelude::*;
use allways::search::{Options, search};
use allways::space::{ActorSpace, StateSpace, from_stateright};
use allways::stateright::actor::ActorModel;
use allways::stateright::{Checker, Expectation, Model};

/// Sets a timer when it starts, and does nothing when it fires.
struct Sleeper;

impl Actor for Sleeper {
    type Msg = ();
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.set_timer((), model_timeout());
    }
}

fn model(n: usize) -> ActorModel<Sleeper> {
    ActorModel::new((), ())
        .actors((0..n).map(|_| Sleeper))
        .property(Expectation::Always, "true", |_, _| true)
}

fn system(n: usize) -> System<()> {
    let mut sys = System::new();
    let sleepers = sys.actors("sleeper", n, |_| Sleeper);
    sys.always("true", move |s| {
        sleepers.iter().all(|sleeper| s.is_up(sleeper))
    });
    sys
}

/// Each of the 2^n states is reached from as many others as there are timers that have fired in it.
fn is_exact(mut space: impl StateSpace, n: usize) {
    for options in [
        Options::default(),
        Options {
            threads: 2,
            exact: true,
            ..Options::default()
        },
    ] {
        let counts = search(&mut space, &options, &())
            .expect("the model is sound")
            .counts;
        let (states, n) = (1 << n, n as u64);
        assert_eq!(
            (counts.unique, counts.transitions),
            (states, n * states / 2)
        );
        assert_eq!(u64::from(counts.depth), n);
    }
}

#[test]
fn n_actors_with_a_timer_each_have_2_to_the_n_states() {
    for n in 1..=10 {
        is_exact(ActorSpace::new(system(n)).expect("it is whole"), n);
        is_exact(from_stateright(model(n)).expect("it converts"), n);
    }
}

/// What makes an exact conversion worth having. Should a later stateright count right, this is the place to say so.
#[test]
fn stateright_itself_sees_n_plus_1_of_them() {
    for n in 2..=10 {
        let checker = model(n).checker().spawn_bfs().join();
        assert_eq!(checker.unique_state_count(), n + 1);
    }
}
