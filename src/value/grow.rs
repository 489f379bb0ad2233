//! Growing a tree from what a value's `Serialize` writes.

use std::any::type_name;
use std::fmt::{self, Debug, Display};

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::encode::canonical;
use super::sets::{Order, order_of};
use super::tree::Tree;

/// The tree of a value, or why there is none.
pub(super) fn grow<T: Serialize + ?Sized>(value: &T) -> Result<Tree, String> {
    subtree(value).map_err(|why| why.0)
}

fn subtree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, Why> {
    value.serialize(Grower {
        of: type_name::<T>(),
    })
}

/// Why a value has no tree.
#[derive(Debug)]
struct Why(String);

impl Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Why {}

impl ser::Error for Why {
    fn custom<M: Display>(message: M) -> Self {
        Why(message.to_string())
    }
}

fn atom(value: impl Debug) -> Result<Tree, Why> {
    Ok(Tree::Atom(format!("{value:?}")))
}

/// What orders elements and keys that come in an arbitrary order. One without an encoding comes first.
fn sort_key<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut key = Vec::new();
    match canonical(value, &mut key) {
        Ok(()) => key,
        Err(_) => Vec::new(),
    }
}

struct Grower {
    /// The name of the value's type.
    of: &'static str,
}

macro_rules! atoms {
    ($($method:ident: $ty:ty;)*) => {
        $(
            fn $method(self, value: $ty) -> Result<Tree, Why> {
                atom(value)
            }
        )*
    };
}

impl Serializer for Grower {
    type Ok = Tree;
    type Error = Why;
    type SerializeSeq = Sequence;
    type SerializeTuple = Sequence;
    type SerializeTupleStruct = Sequence;
    type SerializeTupleVariant = Sequence;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    atoms! {
        serialize_bool: bool;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
        serialize_u128: u128;
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_i128: i128;
        serialize_f32: f32;
        serialize_f64: f64;
        serialize_char: char;
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Why> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Tree, Why> {
        let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Tree::Atom(format!("0x{digits}")))
    }

    fn serialize_none(self) -> Result<Tree, Why> {
        Ok(Tree::Unit("None".to_owned()))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Why> {
        Ok(Tree::Tuple("Some".to_owned(), vec![subtree(value)?]))
    }

    fn serialize_unit(self) -> Result<Tree, Why> {
        Ok(Tree::Unit(String::new()))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Tree, Why> {
        Ok(Tree::Unit(name.to_owned()))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Tree, Why> {
        Ok(Tree::Unit(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Tree, Why> {
        let inner = subtree(value)?;
        // An actor's id is no struct to its readers, and no other type of that name is taken for one.
        match (&inner, self.of.trim_start_matches('&')) {
            (Tree::Atom(number), "stateright::actor::Id") => {
                Ok(Tree::Atom(format!("Id({number})")))
            }
            _ => Ok(Tree::Tuple(name.to_owned(), vec![inner])),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, Why> {
        Ok(Tree::Tuple(variant.to_owned(), vec![subtree(value)?]))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Sequence, Why> {
        Ok(Sequence::new(match order_of(self.of) {
            Order::List => Kind::List,
            Order::Sorted => Kind::Set,
            Order::Arbitrary => Kind::Shuffled(Vec::new()),
        }))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Sequence, Why> {
        // To serde an array is a tuple.
        let is_array = self.of.trim_start_matches('&').starts_with('[');
        Ok(Sequence::new(if is_array {
            Kind::List
        } else {
            Kind::Tuple("")
        }))
    }

    fn serialize_tuple_struct(self, name: &'static str, _len: usize) -> Result<Sequence, Why> {
        Ok(Sequence::new(Kind::Tuple(name)))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Sequence, Why> {
        Ok(Sequence::new(Kind::Tuple(variant)))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Entries, Why> {
        Ok(Entries {
            key: None,
            entries: Vec::new(),
        })
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Fields, Why> {
        Ok(Fields {
            name,
            fields: Vec::new(),
        })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Fields, Why> {
        Ok(Fields {
            name: variant,
            fields: Vec::new(),
        })
    }
}

enum Kind {
    List,
    Set,
    /// A set in arbitrary order, with what to sort it by.
    Shuffled(Vec<Vec<u8>>),
    Tuple(&'static str),
}

struct Sequence {
    kind: Kind,
    elements: Vec<Tree>,
}

impl Sequence {
    fn new(kind: Kind) -> Self {
        Sequence {
            kind,
            elements: Vec::new(),
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Why> {
        if let Kind::Shuffled(keys) = &mut self.kind {
            keys.push(sort_key(value));
        }
        self.elements.push(subtree(value)?);
        Ok(())
    }

    fn finish(self) -> Tree {
        match self.kind {
            Kind::List => Tree::List(self.elements),
            Kind::Set => Tree::Set(self.elements),
            Kind::Shuffled(keys) => {
                let mut keyed: Vec<_> = keys.into_iter().zip(self.elements).collect();
                keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
                Tree::Set(keyed.into_iter().map(|(_, element)| element).collect())
            }
            Kind::Tuple(name) => Tree::Tuple(name.to_owned(), self.elements),
        }
    }
}

macro_rules! sequences {
    ($($trait:ident::$method:ident;)*) => {
        $(
            impl ser::$trait for Sequence {
                type Ok = Tree;
                type Error = Why;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Why> {
                    self.push(value)
                }

                fn end(self) -> Result<Tree, Why> {
                    Ok(self.finish())
                }
            }
        )*
    };
}

sequences! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

struct Fields {
    name: &'static str,
    fields: Vec<(String, Tree)>,
}

macro_rules! fields {
    ($($trait:ident),*) => {
        $(
            impl ser::$trait for Fields {
                type Ok = Tree;
                type Error = Why;

                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    key: &'static str,
                    value: &T,
                ) -> Result<(), Why> {
                    self.fields.push((key.to_owned(), subtree(value)?));
                    Ok(())
                }

                fn end(self) -> Result<Tree, Why> {
                    Ok(Tree::Struct(self.name.to_owned(), self.fields))
                }
            }
        )*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

struct Entries {
    key: Option<(Vec<u8>, Tree)>,
    entries: Vec<(Vec<u8>, (Tree, Tree))>,
}

impl ser::SerializeMap for Entries {
    type Ok = Tree;
    type Error = Why;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Why> {
        self.key = Some((sort_key(key), subtree(key)?));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Why> {
        let Some((sort_key, key)) = self.key.take() else {
            return Err(Why(
                "its `Serialize` writes a value without a key".to_owned()
            ));
        };
        self.entries.push((sort_key, (key, subtree(value)?)));
        Ok(())
    }

    fn end(mut self) -> Result<Tree, Why> {
        self.entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Tree::Map(
            self.entries.into_iter().map(|(_, entry)| entry).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

    use super::*;

    fn check<T: Serialize>(value: T, text: &str) {
        assert_eq!(Tree::of(&value).text(), text);
    }

    #[derive(Serialize)]
    struct Unit;
    #[derive(Serialize)]
    struct Newtype(u8);
    #[derive(Serialize)]
    struct Pair(u8, char);
    #[derive(Serialize)]
    struct Member {
        term: u64,
        log: Vec<Msg>,
    }
    #[derive(Serialize)]
    enum Msg {
        Join,
        Slots(BTreeSet<u8>),
        Vote(u8, bool),
        Ask { to: Option<u8> },
    }

    #[test]
    fn every_shape_has_its_text() {
        check((), "()");
        check(Unit, "Unit");
        check(Newtype(3), "Newtype(3)");
        check(Pair(3, 'x'), "Pair(3, 'x')");
        check((1, "a\"b"), "(1, \"a\\\"b\")");
        check([1, 2], "[1, 2]");
        check(vec![1.5, -0.0], "[1.5, -0.0]");
        check(i128::MIN, "-170141183460469231731687303715884105728");
        check(Some(true), "Some(true)");
        check(None::<u8>, "None");
        check(Msg::Join, "Join");
        check(Msg::Slots([2, 1].into()), "Slots({1, 2})");
        check(Msg::Vote(1, false), "Vote(1, false)");
        let member = Member {
            term: 2,
            log: vec![Msg::Ask { to: Some(1) }],
        };
        check(member, "Member{term: 2, log: [Ask{to: Some(1)}]}");
        check(BTreeMap::from([("a", 1), ("b", 2)]), "{\"a\": 1, \"b\": 2}");
        check(std::net::Ipv4Addr::LOCALHOST, "\"127.0.0.1\"");
    }

    #[test]
    fn collections_without_order_are_sorted() {
        let numbers: Vec<u16> = (0..50).collect();
        let shown = Tree::of(&numbers.iter().copied().collect::<BTreeSet<u16>>());
        assert_eq!(
            Tree::of(&numbers.iter().copied().collect::<HashSet<u16>>()),
            shown
        );
        let entries = numbers.iter().map(|n| (*n, 0));
        assert_eq!(
            Tree::of(&entries.clone().collect::<HashMap<u16, u8>>()),
            Tree::of(&entries.collect::<BTreeMap<u16, u8>>())
        );
    }

    #[test]
    fn a_serialize_that_fails_shows_why() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(ser::Error::custom("no\nluck"))
            }
        }
        check(Fails, "no\\nluck");
        assert_eq!(Tree::of(&vec![Fails]), Tree::Debug("no\nluck".to_owned()));
    }

    #[test]
    fn nothing_in_a_value_reaches_the_terminal_raw() {
        check("\u{1b}[31m", "\"\\u{1b}[31m\"");
        check("\u{202e}x\n", "\"\\u{202e}x\\n\"");
        assert_eq!(Tree::debug(&Raw).text(), "raw \\u{1b}]\\n");
        struct Raw;
        impl Debug for Raw {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("raw \u{1b}]\n")
            }
        }
    }

    #[test]
    fn ids_take_names() {
        use stateright::actor::Id;
        let names = ["seed", "member[0]"];
        let named =
            |value: Tree| value.with_names(&|id| names.get(id).map(|name| (*name).to_owned()));
        let value = (Id::from(1), vec![Some(Id::from(0))], Id::from(9));
        assert_eq!(
            named(Tree::of(&value)).text(),
            "(member[0], [Some(seed)], Id(9))"
        );
        let map = BTreeMap::from([(Id::from(0), BTreeSet::from([Id::from(1)]))]);
        assert_eq!(named(Tree::of(&map)).text(), "{seed: {member[0]}}");
        let mine = {
            #[derive(Serialize)]
            struct Id(u64);
            Tree::of(&Id(1))
        };
        assert_eq!(named(mine).text(), "Id(1)");
    }

    #[test]
    fn deep_trees_end_in_text() {
        #[derive(Serialize)]
        struct Link(Option<Box<Link>>);
        let mut chain = Link(None);
        for _ in 0..200 {
            chain = Link(Some(Box::new(chain)));
        }
        let tree = Tree::of(&chain);
        let json = serde_json::to_string(&tree).expect("a tree is JSON");
        let back: Tree = serde_json::from_str(&json).expect("within the recursion limit");
        assert_eq!(back, tree);
        assert!(
            tree.text().ends_with("Link(None)".to_owned().as_str())
                || tree.text().contains("Link(None)")
        );
    }
}
