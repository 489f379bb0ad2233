//! Symmetric actors that are held as bits, indices and places in lists: as exact as where they are held by id, and refused where what the type
//! says of its renaming is wrong.

use std::marker::PhantomData;

use allways::Error;
use allways::prelude::*;
use allways::search::{Options, Outcome};
use allways::space::ActorSpace;

use crate::random_symmetric::said;

message! {
    #[derive(Deserialize)]
    enum Vote { Ask, Yes(Voters) }

    /// Members, as bits.
    #[derive(Copy, Default, Deserialize)]
    struct Voters(u64);
}

impl Permute for Voters {
    fn permute(&mut self, renaming: &Renaming<'_>) {
        self.0 = renaming.mask(self.0);
    }
}

/// How a type renames itself.
trait Way: Clone + std::fmt::Debug + Eq + std::hash::Hash + Send + Sync + 'static {
    fn permute(ballot: &mut Ballot<Self>, renaming: &Renaming<'_>);
}

/// Whom a member voted for, who voted for it, and whether it asked each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, allways::serde::Serialize, Deserialize)]
#[serde(crate = "allways::serde", bound = "")]
struct Ballot<W> {
    votes: Voters,
    voted: Option<u8>,
    asked: Vec<bool>,
    leads: bool,
    way: PhantomData<W>,
}

impl<W: Way> Permute for Ballot<W> {
    fn permute(&mut self, renaming: &Renaming<'_>) {
        W::permute(self, renaming);
    }
}

/// The election of `symmetry.rs`, counted with numbers.
struct Member<W> {
    n: usize,
    way: PhantomData<W>,
}

impl<W: Way> Actor for Member<W> {
    type Msg = Vote;
    type State = Ballot<W>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Ballot<W> {
        o.set_timer((), model_timeout());
        Ballot {
            votes: Voters::default(),
            voted: None,
            asked: vec![false; self.n],
            leads: false,
            way: PhantomData,
        }
    }

    fn on_timeout(&self, id: Id, ballot: &mut Cow<'_, Ballot<W>>, _: &(), o: &mut Out<Self>) {
        if ballot.voted.is_none() {
            let ballot = ballot.to_mut();
            let own = usize::from(id);
            ballot.voted = u8::try_from(own).ok();
            ballot.votes.0 |= 1 << own;
            for peer in (0..self.n).filter(|peer| *peer != own) {
                ballot.asked[peer] = true;
                o.send(Id::from(peer), Vote::Ask);
            }
        }
    }

    fn on_msg(
        &self,
        id: Id,
        ballot: &mut Cow<'_, Ballot<W>>,
        src: Id,
        msg: Vote,
        o: &mut Out<Self>,
    ) {
        match msg {
            Vote::Ask if ballot.voted.is_none() => {
                ballot.to_mut().voted = u8::try_from(usize::from(src)).ok();
                o.send(src, Vote::Yes(Voters(1 << usize::from(id))));
            }
            Vote::Ask => {}
            Vote::Yes(Voters(who)) => {
                let ballot = ballot.to_mut();
                ballot.votes.0 |= who;
                ballot.leads |= ballot.votes.0.count_ones() as usize > self.n / 2;
            }
        }
    }
}

fn system<W: Way>(n: usize) -> System<Vote> {
    let mut sys = System::new();
    let members = sys.actors("member", n, |_| Member::<W> {
        n,
        way: PhantomData,
    });
    sys.symmetric(&members)
        .permuting::<Voters>()
        .permuting::<Ballot<W>>();
    let all = members.clone();
    sys.always("one leader at most", move |s| {
        all.iter().filter(|m| s[*m].leads).count() <= 1
    });
    let all = members.clone();
    sys.always("two stand at most", move |s| {
        let stands = |m: Handle<Member<W>>| s[m].voted.map(usize::from) == Some(m.id().into());
        all.iter().filter(|m| stands(*m)).count() <= 2
    });
    let all = members.clone();
    sys.reachable("somebody leads", move |s| all.iter().any(|m| s[m].leads));
    sys
}

fn check(sys: System<Vote>, symmetry: bool) -> Result<Outcome, Error> {
    let options = Options {
        symmetry,
        ..Options::default()
    };
    allways::check(&mut ActorSpace::new(sys)?, &options, &())
}

/// A way to rename, by name.
macro_rules! way {
    ($name:ident, |$ballot:ident, $renaming:ident| $code:block) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        struct $name;

        impl Way for $name {
            fn permute($ballot: &mut Ballot<Self>, $renaming: &Renaming<'_>) $code
        }
    };
}

fn number(ballot: &mut Ballot<impl Way>, renaming: &Renaming<'_>) {
    ballot.voted = ballot.voted.map(|voted| renaming.index(voted));
}

way!(Right, |ballot, renaming| {
    number(ballot, renaming);
    renaming.reorder(&mut ballot.asked);
});

#[test]
fn numbers_bits_and_lists_give_the_states_that_ids_give() {
    let with = check(system::<Right>(5), true).expect("the system is sound");
    let without = check(system::<Right>(5), false).expect("the system is sound");
    assert_eq!(said(&with), said(&without));
    // The same as with ids (`symmetry.rs`): what is asked of whom follows from who stands.
    assert_eq!(without.counts.unique, 12_192);
    assert_eq!(with.counts.unique, 187);
}

/// The message of the error, whose cure speaks of `Permute`.
fn refused<W: Way>() -> String {
    let error = check(system::<W>(3), true).expect_err("it is refused");
    let cure = error.cure().expect("there is a cure");
    assert!(cure.contains("Permute"), "{error}");
    assert!(check(system::<W>(3), false).is_ok());
    error.message()
}

#[test]
fn a_renaming_that_forgets_something_is_refused_with_both_answers() {
    way!(Forgets, |ballot, renaming| {
        renaming.reorder(&mut ballot.asked);
    });
    let message = refused::<Forgets>();
    assert!(message.contains("answers differently where"), "{message}");
    assert!(message.contains("voted: Some(0)"), "{message}");
    assert!(message.contains("voted: Some(1)"), "{message}");

    way!(LeavesTheList, |ballot, renaming| {
        number(ballot, renaming);
    });
    let message = refused::<LeavesTheList>();
    assert!(message.contains("answers differently where"), "{message}");

    // What is in it is renamed already.
    way!(Twice, |ballot, renaming| {
        Right::permute_again(ballot, renaming);
        ballot.votes.permute(renaming);
    });
    let message = refused::<Twice>();
    assert!(message.contains("answers differently where"), "{message}");

    // A type that is not registered, within one that is.
    let mut sys = System::new();
    let members = sys.actors("member", 3, |_| Member::<Right> {
        n: 3,
        way: PhantomData,
    });
    sys.symmetric(&members).permuting::<Ballot<Right>>();
    let message = check(sys, true).expect_err("it is refused").message();
    assert!(message.contains("answers differently where"), "{message}");
}

impl Right {
    fn permute_again<W: Way>(ballot: &mut Ballot<W>, renaming: &Renaming<'_>) {
        number(ballot, renaming);
        renaming.reorder(&mut ballot.asked);
    }
}

#[test]
fn a_renaming_that_is_none_is_refused_with_both_values() {
    way!(Confuses, |ballot, _renaming| {
        ballot.voted = ballot.voted.map(|_| 0);
    });
    let message = refused::<Confuses>();
    assert!(
        message.contains("is not what it was where") && message.contains("change places twice"),
        "{message}"
    );
    assert!(
        message.contains("voted: Some(1)") && message.contains("voted: Some(0)"),
        "{message}"
    );

    // It never comes back: closing has to end all the same.
    way!(Counts, |ballot, _renaming| {
        ballot.voted = ballot.voted.map(|voted| voted.wrapping_add(1));
    });
    assert!(refused::<Counts>().contains("change places twice"));

    // Each exchange is its own inverse, but together they are none of three things.
    way!(TwoOfThem, |ballot, renaming| {
        if renaming.index(0_u8) != 0 {
            number(ballot, renaming);
            renaming.reorder(&mut ballot.asked);
        }
    });
    let message = refused::<TwoOfThem>();
    assert!(
        message.contains("becomes two different ones")
            && message.contains(
                "\"member[1]\" and \"member[2]\", then \"member[0]\" and \"member[1]\", then \"member[1]\" and \"member[2]\""
            ),
        "{message}"
    );

    way!(Miscounts, |ballot, renaming| {
        number(ballot, &renaming.counted_from(1));
    });
    let message = refused::<Miscounts>();
    assert!(message.contains("which comes before"), "{message}");
    assert!(message.contains("Ballot"), "{message}");

    way!(Panics, |ballot, _renaming| {
        assert!(ballot.voted.is_none(), "it cannot be");
    });
    let message = refused::<Panics>();
    assert!(
        message.contains("it panics when it is renamed: it cannot be"),
        "{message}"
    );
    assert!(message.contains("actor \"member["), "{message}");
}

/// Members that do not come first: what they count begins with the first of them.
#[test]
fn members_can_be_counted_from_the_first_of_them() {
    state! {
        #[derive(Deserialize)]
        struct Greeted { by: Vec<u8>, who: Who }
        #[derive(Deserialize)]
        struct Who(u8);
    }
    impl Permute for Greeted {
        fn permute(&mut self, renaming: &Renaming<'_>) {
            renaming.counted_from(2).reorder(&mut self.by);
        }
    }
    impl Permute for Who {
        fn permute(&mut self, renaming: &Renaming<'_>) {
            self.0 = renaming.counted_from(2).mask(self.0);
        }
    }
    struct Greeter;
    impl Actor for Greeter {
        type Msg = Vote;
        type State = Greeted;
        type Timer = ();
        type Random = ();
        type Storage = ();

        fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Greeted {
            if id >= Id::from(2) {
                for peer in (2..5).map(Id::from).filter(|peer| *peer != id) {
                    o.send(peer, Vote::Ask);
                }
            }
            Greeted {
                by: vec![0; 3],
                who: Who(0),
            }
        }

        fn on_msg(
            &self,
            _: Id,
            greeted: &mut Cow<'_, Greeted>,
            src: Id,
            _: Vote,
            _: &mut Out<Self>,
        ) {
            let place = usize::from(src) - 2;
            let greeted = greeted.to_mut();
            greeted.by[place] += 1;
            greeted.who.0 |= 1 << place;
        }
    }
    let make = || {
        let mut sys = System::new();
        sys.actors("other", 2, |_| Greeter);
        let members = sys.actors("member", 3, |_| Greeter);
        sys.symmetric(&members)
            .permuting::<Greeted>()
            .permuting::<Who>();
        sys.always("not all are greeted", move |s| {
            members.iter().any(|m| s[m].who.0.count_ones() < 2)
        });
        sys
    };
    let (with, without) = (
        check(make(), true).expect("the system is sound"),
        check(make(), false).expect("the system is sound"),
    );
    assert_eq!(said(&with), said(&without));
    // Directed graphs on three nodes: all, and up to isomorphism.
    assert_eq!((without.counts.unique, with.counts.unique), (64, 16));
}
