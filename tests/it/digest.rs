//! The digest of a set of states: what moves it, and what does not.

use allways::prelude::*;
use allways::search::{Options, Outcome, search};
use allways::space::ActorSpace;

/// Keeps what it is told first, and passes it on.
struct First {
    second: Id,
}

/// Keeps what a table makes of what it is told.
struct Second {
    table: [u8; 2],
}

impl Actor for First {
    type Msg = u8;
    type State = Option<u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<u8> {
        None
    }

    fn on_msg(&self, _: Id, kept: &mut Cow<'_, Option<u8>>, _: Id, told: u8, o: &mut Out<Self>) {
        if kept.is_none() {
            *kept.to_mut() = Some(told);
            o.send(self.second, told);
        }
    }
}

impl Actor for Second {
    type Msg = u8;
    type State = Option<u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Option<u8> {
        None
    }

    fn on_msg(&self, _: Id, kept: &mut Cow<'_, Option<u8>>, _: Id, told: u8, _: &mut Out<Self>) {
        *kept.to_mut() = Some(self.table[usize::from(told)]);
    }
}

/// Two actors that end as {(0, table[0]), (1, table[1])}, on ways that differ in nothing else.
fn outcome(table: [u8; 2], bounded: bool, options: &Options) -> Outcome {
    let mut sys = System::new();
    let second = sys.actor("second", Second { table });
    let first = sys.actor(
        "first",
        First {
            second: second.id(),
        },
    );
    for told in 0..2 {
        sys.stimulus(format!("tell {told}"), first.id(), told);
    }
    sys.always("true", |_| true);
    if bounded {
        sys.within("second knows nothing", move |s| s[second].is_none());
    }
    let mut space = ActorSpace::new(sys).expect("the system is whole");
    search(&mut space, options, &()).expect("the model has no mistake")
}

fn options() -> Options {
    Options {
        digest: true,
        ..Options::default()
    }
}

#[test]
fn state_sets_that_a_plain_sum_cannot_tell_apart_have_different_digests() {
    let straight = outcome([0, 1], false, &options());
    let crossed = outcome([1, 0], false, &options());
    // As many states and steps: only who goes with whom differs.
    assert_eq!(straight.counts, crossed.counts);
    assert!(straight.digest.is_some());
    assert_ne!(straight.digest, crossed.digest);
    assert_eq!(straight.digest, outcome([0, 1], false, &options()).digest);
}

#[test]
fn the_digest_does_not_depend_on_how_is_searched() {
    let digest = outcome([0, 1], false, &options()).digest;
    for threads in [1, 2, 3] {
        for (exact, fingerprint_bits) in [(false, 64), (false, 128), (true, 64)] {
            let how = Options {
                threads,
                exact,
                fingerprint_bits,
                ..options()
            };
            assert_eq!(outcome([0, 1], false, &how).digest, digest, "{how:?}");
        }
    }
    let seeded = Options {
        hash_seed: 1,
        ..options()
    };
    assert_ne!(outcome([0, 1], false, &seeded).digest, digest);
}

#[test]
fn what_is_cut_or_not_asked_for_has_no_digest() {
    assert_eq!(outcome([0, 1], false, &Options::default()).digest, None);
    assert_eq!(outcome([0, 1], true, &options()).digest, None);
    let shallow = Options {
        depth_max: Some(1),
        ..options()
    };
    assert_eq!(outcome([0, 1], false, &shallow).digest, None);
}
