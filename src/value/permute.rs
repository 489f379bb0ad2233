//! Values that hold actors in another way than by their ids: by a number, by a bit of a mask, by the place in a list. serde cannot tell such a number from
//! any other, so the type says itself what becomes of it.
//!
//! What it says is not believed here: whoever relies on a renaming has to check that the model behaves accordingly.

use std::any::type_name;
use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::Id;

use super::rename::{Term, Why, read, written};

/// A type that holds symmetric actors in another way than as [`Id`]: it says what becomes of its values where actors change places.
///
/// It is registered with [`Symmetric::permuting`](crate::system::Symmetric::permuting), and is then renamed wherever it occurs in states, messages, timers,
/// choices, storage and the values of observers. The ids in it are renamed already, also those in what it contains: only what stands for
/// actors in another way is left to do.
///
/// It is not taken on trust. Exchanging two actors twice must change nothing, exchanges must go together as those of actors do, and handlers, observers and
/// properties are compared as for ids: what is wrong is an error that names both answers.
///
/// ```
/// use allways::prelude::*;
/// use allways::search::{Options, Verdict};
/// use allways::space::ActorSpace;
///
/// message! { #[derive(Deserialize)] struct Hello; }
///
/// state! {
///     /// Who greeted, and how often.
///     #[derive(Deserialize)]
///     struct Met {
///         /// Bit `i` is for actor `i`.
///         who: u64,
///         /// Place `i` is for actor `i`.
///         times: Vec<u8>,
///         /// The number of an actor.
///         last: Option<usize>,
///     }
/// }
///
/// impl Permute for Met {
///     fn permute(&mut self, renaming: &Renaming<'_>) {
///         self.who = renaming.mask(self.who);
///         renaming.reorder(&mut self.times);
///         self.last = self.last.map(|last| renaming.index(last));
///     }
/// }
///
/// /// Greets all others, and notes who greeted it.
/// struct Member {
///     n: usize,
/// }
///
/// impl Actor for Member {
/// #   type Msg = Hello;
/// #   type Timer = ();
/// #   type Random = ();
/// #   type Storage = ();
///     type State = Met;
///
///     // Its message, timers and so on.
/// #   fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Met {
/// #       for peer in (0..self.n).map(Id::from).filter(|peer| *peer != id) {
/// #           o.send(peer, Hello);
/// #       }
/// #       Met { who: 0, times: vec![0; self.n], last: None }
/// #   }
///     fn on_msg(&self, _: Id, met: &mut Cow<'_, Met>, src: Id, _: Hello, _: &mut Out<Self>) {
///         let (met, src) = (met.to_mut(), usize::from(src));
///         met.who |= 1 << src;
///         met.times[src] += 1;
///         met.last = Some(src);
///     }
/// }
///
/// let system = || {
///     let mut sys = System::new();
///     let members = sys.actors("member", 3, |_| Member { n: 3 });
///     sys.symmetric(&members).permuting::<Met>();
///     sys.always("nobody greets itself", move |s| {
///         members.iter().all(|m| s[m].who & 1 << usize::from(m.id()) == 0)
///     });
///     sys
/// };
/// let check = |symmetry| {
///     let options = Options { symmetry, ..Options::default() };
///     allways::check(&mut ActorSpace::new(system())?, &options, &())
/// };
/// let (with, without) = (check(true)?, check(false)?);
/// assert_eq!(with.properties[1].verdict, Verdict::Holds);
/// assert_eq!(without.properties[1].verdict, Verdict::Holds);
/// // Each of three heard nobody, one of two, or both in one of two orders.
/// assert_eq!(without.counts.unique, 5 * 5 * 5);
/// assert_eq!(with.counts.unique, 25);
/// # Ok::<(), allways::Error>(())
/// ```
pub trait Permute {
    /// Puts other actors in the places of those that this value holds, but for those that it holds as ids, which are renamed already.
    fn permute(&mut self, renaming: &Renaming<'_>);
}

/// Which actor takes whose place, for those who count actors: the number of an actor is its [`Id`]'s, unless it is
/// [counted from](Self::counted_from) another one.
#[derive(Clone, Copy)]
pub struct Renaming<'r> {
    of: &'r dyn Fn(usize) -> usize,
    /// The actor whose number is 0.
    first: usize,
    /// The first thing that could not be renamed.
    wrong: &'r RefCell<Option<String>>,
}

impl Renaming<'_> {
    /// The same, where the actor with id `first` has the number 0, the next one 1, and so on.
    #[must_use]
    pub fn counted_from(&self, first: usize) -> Self {
        Renaming { first, ..*self }
    }

    /// What an id becomes.
    pub fn id(&self, id: Id) -> Id {
        Id::from((self.of)(usize::from(id)))
    }

    /// What the number of an actor becomes. A number that is no actor's stays.
    pub fn index<N>(&self, number: N) -> N
    where
        N: Copy + TryFrom<usize>,
        usize: TryFrom<N>,
    {
        let Ok(from) = usize::try_from(number) else {
            // As no actor's.
            return number;
        };
        let image = self.number(from);
        match N::try_from(image) {
            Ok(image) => image,
            Err(_) => {
                let what = type_name::<N>();
                self.wrong(format!(
                    "number {from} becomes {image}, which is none of {what}"
                ));
                number
            }
        }
    }

    /// What a set of actors becomes whose bits, from the lowest, stand for the numbers 0, 1, … An unsigned integer of any fixed width.
    pub fn mask<B>(&self, mask: B) -> B
    where
        B: Copy + Into<u128> + TryFrom<u128>,
    {
        let mut left: u128 = mask.into();
        let mut moved = 0_u128;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            match u32::try_from(self.number(bit)).ok() {
                Some(image) if image < u128::BITS => moved |= 1 << image,
                _ => self.wrong(format!("a mask has no place for what bit {bit} becomes")),
            }
        }
        B::try_from(moved).unwrap_or_else(|_| {
            let what = type_name::<B>();
            self.wrong(format!("the mask {moved:#b} is none of {what}"));
            mask
        })
    }

    /// Moves the elements of a list whose places are the numbers 0, 1, … of the actors that they are about.
    pub fn reorder<T>(&self, list: &mut [T]) {
        let mut to: Vec<usize> = (0..list.len()).map(|place| self.number(place)).collect();
        if let Some(from) = to.iter().position(|&place| place >= list.len()) {
            self.wrong(format!(
                "a list of {} has no place for number {}, which number {from} becomes",
                list.len(),
                to[from]
            ));
            return;
        }
        for place in 0..list.len() {
            while to[place] != place {
                let next = to[place];
                list.swap(place, next);
                to.swap(place, next);
            }
        }
    }

    fn number(&self, number: usize) -> usize {
        let Some(id) = self.first.checked_add(number) else {
            return number;
        };
        let image = (self.of)(id);
        image.checked_sub(self.first).unwrap_or_else(|| {
            let first = self.first;
            self.wrong(format!(
                "number {number}, counted from id {first}, becomes id {image}, which comes before"
            ));
            number
        })
    }

    fn wrong(&self, why: String) {
        self.wrong.borrow_mut().get_or_insert(why);
    }
}

type PermuteTerm = fn(Term, &dyn Fn(usize) -> usize) -> Result<Term, Why>;

/// The types that say themselves how they are renamed, by name.
#[derive(Default)]
pub(crate) struct Permutes(Vec<(&'static str, PermuteTerm)>);

impl Permutes {
    pub(crate) fn add<T: Permute + Serialize + DeserializeOwned>(&mut self) {
        let name = type_name::<T>();
        if self.of(name).is_none() {
            self.0.push((name, permuted::<T>));
        }
    }

    /// What renames values of the type with this name.
    pub(super) fn of(&self, name: &str) -> Option<PermuteTerm> {
        if self.0.is_empty() {
            return None;
        }
        let name = behind(name);
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|&(_, permute)| permute)
    }
}

/// The name of the type behind references and boxes, which serde does not see.
fn behind(mut name: &str) -> &str {
    const BOXES: [&str; 4] = [
        "alloc::boxed::Box<",
        "alloc::rc::Rc<",
        "alloc::sync::Arc<",
        "alloc::borrow::Cow<",
    ];
    loop {
        name = name.trim_start_matches('&');
        let mut boxes = BOXES.iter();
        match boxes.find_map(|of| name.strip_prefix(of)?.strip_suffix('>')) {
            Some(inner) => name = inner,
            None => return name,
        }
    }
}

fn permuted<T: Permute + Serialize + DeserializeOwned>(
    term: Term,
    of: &dyn Fn(usize) -> usize,
) -> Result<Term, Why> {
    let mut value: T = read(term)?;
    let wrong = RefCell::new(None);
    value.permute(&Renaming {
        of,
        first: 0,
        wrong: &wrong,
    });
    match wrong.into_inner() {
        Some(why) => Err(Why::of_permute::<T>(&why)),
        None => written(&value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::Map;
    use crate::value::rename::{Renames, renamed};
    use serde::Deserialize;

    /// One becomes two, two three, three one.
    fn round(id: usize) -> usize {
        match id {
            1 => 2,
            2 => 3,
            3 => 1,
            id => id,
        }
    }

    fn renaming(test: impl Fn(&Renaming<'_>)) -> Option<String> {
        let wrong = RefCell::new(None);
        test(&Renaming {
            of: &round,
            first: 0,
            wrong: &wrong,
        });
        wrong.into_inner()
    }

    #[test]
    fn numbers_masks_and_lists_follow_the_ids() {
        let wrong = renaming(|to| {
            assert_eq!(to.id(Id::from(3)), Id::from(1));
            assert_eq!([0_u8, 1, 2, 3, 4].map(|n| to.index(n)), [0, 2, 3, 1, 4]);
            assert_eq!(to.index(usize::MAX), usize::MAX);
            assert_eq!(to.index(-1_i32), -1);
            assert_eq!(to.mask(0b0_0110_u8), 0b0_1100);
            assert_eq!(to.mask(0b1_1001_u64), 0b1_0011);
            assert_eq!(to.mask(u128::MAX), u128::MAX);
            let mut list = ['a', 'b', 'c', 'd', 'e'];
            to.reorder(&mut list);
            assert_eq!(list, ['a', 'd', 'b', 'c', 'e']);
            let from_one = to.counted_from(1);
            assert_eq!([0, 1, 2, 3].map(|n| from_one.index(n)), [1, 2, 0, 3]);
            assert_eq!(from_one.mask(0b0011_u16), 0b0110);
            let mut list = vec!['b', 'c', 'd'];
            from_one.reorder(&mut list);
            assert_eq!(list, ['d', 'b', 'c']);
        });
        assert_eq!(wrong, None);
    }

    #[test]
    fn what_has_no_place_is_said() {
        let wrong = |test: &dyn Fn(&Renaming<'_>)| renaming(test).expect("it has no place");
        let why = wrong(&|to| to.reorder(&mut [0, 1, 2]));
        assert_eq!(
            why,
            "a list of 3 has no place for number 3, which number 2 becomes"
        );
        let why = wrong(&|to| assert_eq!(to.counted_from(2).index(1), 1));
        assert_eq!(
            why,
            "number 1, counted from id 2, becomes id 1, which comes before"
        );
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Votes {
        mask: u8,
        by: Vec<Id>,
    }

    impl Permute for Votes {
        fn permute(&mut self, renaming: &Renaming<'_>) {
            self.mask = renaming.mask(self.mask);
        }
    }

    #[derive(Clone, Debug, PartialEq, PartialOrd, Ord, Eq, Serialize, Deserialize)]
    struct Place(usize);

    impl Permute for Place {
        fn permute(&mut self, renaming: &Renaming<'_>) {
            self.0 = renaming.index(self.0);
        }
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Deep {
        In {
            list: Vec<(u8, Votes)>,
            count: usize,
        },
        Boxed(Box<Votes>),
        Keyed(Map<Place, Option<Votes>>),
        Place(Place),
    }

    fn deep(a: usize, b: usize) -> Vec<Deep> {
        let votes = |a: usize| Votes {
            mask: 1 | 1 << a,
            by: vec![Id::from(a), Id::from(0)],
        };
        let list = vec![(1, votes(a)), (2, votes(b))];
        vec![
            Deep::In { list, count: 1 },
            Deep::Boxed(Box::new(votes(b))),
            Deep::Keyed(
                [(Place(a), Some(votes(b))), (Place(b), None)]
                    .into_iter()
                    .collect(),
            ),
            Deep::Place(Place(b)),
        ]
    }

    #[test]
    fn registered_types_are_found_wherever_they_are_and_once() {
        let mut permutes = Permutes::default();
        permutes.add::<Votes>();
        permutes.add::<Place>();
        permutes.add::<Votes>();
        let renames = Renames {
            of: &round,
            permutes: &permutes,
        };
        let there = renamed(&deep(1, 2), renames).expect("it is renamed");
        assert_eq!(there, deep(2, 3));
        let there = renamed(&deep(3, 1), renames).expect("it is renamed");
        assert_eq!(there, deep(1, 2));
    }

    #[test]
    fn a_type_within_a_type_is_renamed_first() {
        /// Its list is in the order of places that count anew.
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Table(Vec<Place>);

        impl Permute for Table {
            fn permute(&mut self, renaming: &Renaming<'_>) {
                renaming.reorder(&mut self.0);
            }
        }

        let mut permutes = Permutes::default();
        permutes.add::<Table>();
        permutes.add::<Place>();
        let renames = Renames {
            of: &round,
            permutes: &permutes,
        };
        let own = Table([0, 1, 2, 3].map(Place).to_vec());
        assert_eq!(renamed(&own, renames).expect("it is renamed"), own);
        let next = Table([0, 2, 3, 3].map(Place).to_vec());
        let there = Table([0, 1, 3, 1].map(Place).to_vec());
        assert_eq!(renamed(&next, renames).expect("it is renamed"), there);
    }

    #[test]
    fn what_a_type_cannot_do_is_an_error_with_a_cure() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Short([u8; 2]);

        impl Permute for Short {
            fn permute(&mut self, renaming: &Renaming<'_>) {
                renaming.reorder(&mut self.0);
            }
        }

        let mut permutes = Permutes::default();
        permutes.add::<Short>();
        let renames = Renames {
            of: &round,
            permutes: &permutes,
        };
        let error = renamed(&Some(Short([1, 2])), renames).expect_err("there is no place for 2");
        assert!(error.message().contains("Short"), "{error}");
        assert!(error.message().contains("a list of 2 has no place"));
        assert!(error.cure().is_some_and(|cure| cure.contains("Permute")));
    }
}
