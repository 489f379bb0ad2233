//! The same value with other actors' ids in it: written down, ids replaced, read back.
//!
//! An id is recognised by its type, `stateright::actor::Id`, wherever serde passes it. What identifies an actor in another way (an index, a bit
//! of a mask) is left as it is, unless its type says what becomes of it (`permute.rs`): whoever relies on a renaming has to check that the
//! model behaves accordingly.

use std::any::type_name;
use std::fmt::{self, Display};

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::ser::{self, Serialize, Serializer};

use super::permute::Permutes;
use crate::error::Error;

/// How values are renamed.
#[derive(Clone, Copy)]
pub(crate) struct Renames<'r> {
    /// Which id becomes which.
    pub(crate) of: &'r dyn Fn(usize) -> usize,
    /// The types that hold actors in another way.
    pub(crate) permutes: &'r Permutes,
}

/// The value with every id replaced, and what its types say of other ways to hold an actor.
///
/// # Errors
/// The value cannot be written down, or not be read back, or one of its types cannot do what it says.
pub(crate) fn renamed<T: Serialize + DeserializeOwned>(
    value: &T,
    renames: Renames<'_>,
) -> Result<T, Error> {
    let written = term(value, renames).and_then(read);
    written.map_err(|why| why.into_error(type_name::<T>()))
}

/// A value as it is.
pub(super) fn written<T: Serialize>(value: &T) -> Result<Term, Why> {
    let renames = Renames {
        of: &|id| id,
        permutes: &Permutes::default(),
    };
    term(value, renames)
}

/// Reads a value back.
pub(super) fn read<T: DeserializeOwned>(term: Term) -> Result<T, Why> {
    T::deserialize(Reader(term))
}

/// A value, after serde's data model.
pub(super) enum Term {
    Unit,
    Bool(bool),
    Unsigned(u128),
    Signed(i128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(String),
    Bytes(Vec<u8>),
    None,
    Some(Box<Term>),
    Newtype(Box<Term>),
    List(Vec<Term>),
    Map(Vec<(Term, Term)>),
    Struct(Vec<(&'static str, Term)>),
    /// Its name, and what it holds.
    Variant(&'static str, Option<Box<Term>>),
}

/// Why a value cannot be renamed.
#[derive(Debug)]
pub(super) struct Why {
    what: String,
    /// The type whose `Permute` does not go.
    permute: Option<&'static str>,
}

impl Why {
    /// What is wrong with a type's own renaming.
    pub(super) fn of_permute<T>(what: &str) -> Self {
        Why {
            what: what.to_owned(),
            permute: Some(type_name::<T>()),
        }
    }

    fn into_error(self, of: &str) -> Error {
        let what = self.what;
        match self.permute {
            Some(name) => Error::model(format!(
                "a value of type {name}, which says itself how it is renamed, cannot be: {what}"
            ))
            .with_cure(
                "let its `Permute` count as the model does (`counted_from`), with a place for each symmetric actor",
            ),
            None => Error::model(format!(
                "a value of type {of} cannot be written down and read back: {what}"
            ))
            .with_cure(
                "what symmetric actors say and remember must be `Deserialize`, and read what `Serialize` writes",
            ),
        }
    }
}

impl From<String> for Why {
    fn from(what: String) -> Self {
        Why {
            what,
            permute: None,
        }
    }
}

impl From<&str> for Why {
    fn from(what: &str) -> Self {
        what.to_owned().into()
    }
}

impl Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Why {}

impl ser::Error for Why {
    fn custom<M: Display>(message: M) -> Self {
        message.to_string().into()
    }
}

impl de::Error for Why {
    fn custom<M: Display>(message: M) -> Self {
        message.to_string().into()
    }
}

fn term<T: Serialize + ?Sized>(value: &T, renames: Renames<'_>) -> Result<Term, Why> {
    let of = type_name::<T>();
    let term = value.serialize(Writer { renames, of })?;
    match renames.permutes.of(of) {
        Some(permute) => permute(term, renames.of),
        None => Ok(term),
    }
}

struct Writer<'r> {
    renames: Renames<'r>,
    /// The name of the value's type.
    of: &'static str,
}

/// A collection being written.
struct Parts<'r> {
    renames: Renames<'r>,
    variant: Option<&'static str>,
    elements: Vec<Term>,
    fields: Vec<(&'static str, Term)>,
    entries: Vec<(Term, Term)>,
    key: Option<Term>,
}

impl<'r> Writer<'r> {
    fn parts(self, variant: Option<&'static str>) -> Parts<'r> {
        Parts {
            renames: self.renames,
            variant,
            elements: Vec::new(),
            fields: Vec::new(),
            entries: Vec::new(),
            key: None,
        }
    }
}

impl Parts<'_> {
    fn whole(variant: Option<&'static str>, term: Term) -> Term {
        match variant {
            Some(name) => Term::Variant(name, Some(Box::new(term))),
            None => term,
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Why> {
        self.elements.push(term(value, self.renames)?);
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Why> {
        self.fields.push((name, term(value, self.renames)?));
        Ok(())
    }

    fn list(self) -> Result<Term, Why> {
        Ok(Self::whole(self.variant, Term::List(self.elements)))
    }

    fn structure(self) -> Result<Term, Why> {
        Ok(Self::whole(self.variant, Term::Struct(self.fields)))
    }
}

macro_rules! written {
    ($($method:ident($ty:ty) = $make:expr;)*) => {
        $(
            fn $method(self, value: $ty) -> Result<Term, Why> {
                let make: fn($ty) -> Term = $make;
                Ok(make(value))
            }
        )*
    };
}

impl<'r> Serializer for Writer<'r> {
    type Ok = Term;
    type Error = Why;
    type SerializeSeq = Parts<'r>;
    type SerializeTuple = Parts<'r>;
    type SerializeTupleStruct = Parts<'r>;
    type SerializeTupleVariant = Parts<'r>;
    type SerializeMap = Parts<'r>;
    type SerializeStruct = Parts<'r>;
    type SerializeStructVariant = Parts<'r>;

    written! {
        serialize_bool(bool) = Term::Bool;
        serialize_u8(u8) = |n| Term::Unsigned(n.into());
        serialize_u16(u16) = |n| Term::Unsigned(n.into());
        serialize_u32(u32) = |n| Term::Unsigned(n.into());
        serialize_u64(u64) = |n| Term::Unsigned(n.into());
        serialize_u128(u128) = Term::Unsigned;
        serialize_i8(i8) = |n| Term::Signed(n.into());
        serialize_i16(i16) = |n| Term::Signed(n.into());
        serialize_i32(i32) = |n| Term::Signed(n.into());
        serialize_i64(i64) = |n| Term::Signed(n.into());
        serialize_i128(i128) = Term::Signed;
        serialize_f32(f32) = Term::F32;
        serialize_f64(f64) = Term::F64;
        serialize_char(char) = Term::Char;
        serialize_str(&str) = |text| Term::Text(text.to_owned());
        serialize_bytes(&[u8]) = |bytes| Term::Bytes(bytes.to_vec());
    }

    fn serialize_none(self) -> Result<Term, Why> {
        Ok(Term::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Term, Why> {
        Ok(Term::Some(Box::new(term(value, self.renames)?)))
    }

    fn serialize_unit(self) -> Result<Term, Why> {
        Ok(Term::Unit)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Term, Why> {
        Ok(Term::Unit)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Term, Why> {
        Ok(Term::Variant(variant, None))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Term, Why> {
        let mut inner = term(value, self.renames)?;
        // Where an id is boxed or borrowed, the type that serde names first is the box.
        let is_id = name == "Id"
            && self.of.contains("stateright::actor::Id")
            && type_name::<T>().trim_start_matches('&') == "u64";
        if let (true, Term::Unsigned(number)) = (is_id, &mut inner)
            && let Ok(id) = usize::try_from(*number)
        {
            *number = (self.renames.of)(id) as u128;
        }
        Ok(Term::Newtype(Box::new(inner)))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Term, Why> {
        let inner = term(value, self.renames)?;
        Ok(Term::Variant(variant, Some(Box::new(inner))))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'r>, Why> {
        Ok(self.parts(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'r>, Why> {
        Ok(self.parts(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'r>, Why> {
        Ok(self.parts(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'r>, Why> {
        Ok(self.parts(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'r>, Why> {
        Ok(self.parts(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'r>, Why> {
        Ok(self.parts(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'r>, Why> {
        Ok(self.parts(Some(variant)))
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident;)*) => {
        $(
            impl ser::$trait for Parts<'_> {
                type Ok = Term;
                type Error = Why;
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Why> {
                    self.element(value)
                }
                fn end(self) -> Result<Term, Why> {
                    self.list()
                }
            }
        )*
    };
}

lists! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! structs {
    ($($trait:ident;)*) => {
        $(
            impl ser::$trait for Parts<'_> {
                type Ok = Term;
                type Error = Why;
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    name: &'static str,
                    value: &T,
                ) -> Result<(), Why> {
                    self.field(name, value)
                }
                fn end(self) -> Result<Term, Why> {
                    self.structure()
                }
            }
        )*
    };
}

structs! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for Parts<'_> {
    type Ok = Term;
    type Error = Why;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Why> {
        self.key = Some(term(key, self.renames)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Why> {
        let Some(key) = self.key.take() else {
            return Err("a map has a value without a key".into());
        };
        self.entries.push((key, term(value, self.renames)?));
        Ok(())
    }

    fn end(self) -> Result<Term, Why> {
        Ok(Term::Map(self.entries))
    }
}

/// Reads a value back.
struct Reader(Term);

impl<'de> IntoDeserializer<'de, Why> for Reader {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Reader {
    type Error = Why;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Why> {
        match self.0 {
            Term::Unit => visitor.visit_unit(),
            Term::Bool(value) => visitor.visit_bool(value),
            Term::Unsigned(n) => match u64::try_from(n) {
                Ok(n) => visitor.visit_u64(n),
                Err(_) => visitor.visit_u128(n),
            },
            Term::Signed(n) => match i64::try_from(n) {
                Ok(n) => visitor.visit_i64(n),
                Err(_) => visitor.visit_i128(n),
            },
            Term::F32(value) => visitor.visit_f32(value),
            Term::F64(value) => visitor.visit_f64(value),
            Term::Char(value) => visitor.visit_char(value),
            Term::Text(text) => visitor.visit_string(text),
            Term::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Term::None => visitor.visit_none(),
            Term::Some(inner) => visitor.visit_some(Reader(*inner)),
            Term::Newtype(inner) => visitor.visit_newtype_struct(Reader(*inner)),
            Term::List(elements) => visitor.visit_seq(Elements(elements.into_iter())),
            Term::Map(entries) => visitor.visit_map(Entries {
                entries: entries.into_iter(),
                value: None,
            }),
            Term::Struct(fields) => {
                let named = fields
                    .into_iter()
                    .map(|(name, value)| (Term::Text(name.to_owned()), value));
                visitor.visit_map(Entries {
                    entries: named.collect::<Vec<_>>().into_iter(),
                    value: None,
                })
            }
            Term::Variant(name, held) => visitor.visit_enum(Variant(name, held)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Why> {
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Why> {
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Elements(std::vec::IntoIter<Term>);

impl<'de> SeqAccess<'de> for Elements {
    type Error = Why;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Why> {
        let next = self.0.next();
        next.map(|term| seed.deserialize(Reader(term))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries {
    entries: std::vec::IntoIter<(Term, Term)>,
    value: Option<Term>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Why;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Why> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Reader(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Why> {
        match self.value.take() {
            Some(value) => seed.deserialize(Reader(value)),
            None => Err("a map has no value behind its key".into()),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Variant(&'static str, Option<Box<Term>>);

impl<'de> EnumAccess<'de> for Variant {
    type Error = Why;
    type Variant = Held;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Held), Why> {
        let name: de::value::StrDeserializer<'_, Why> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, Held(self.1)))
    }
}

/// What a variant holds.
struct Held(Option<Box<Term>>);

impl<'de> VariantAccess<'de> for Held {
    type Error = Why;

    fn unit_variant(self) -> Result<(), Why> {
        match self.0 {
            None => Ok(()),
            Some(_) => Err("a variant holds something".into()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Why> {
        match self.0 {
            Some(term) => seed.deserialize(Reader(*term)),
            None => Err("a variant holds nothing".into()),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Why> {
        match self.0 {
            Some(term) => de::Deserializer::deserialize_any(Reader(*term), visitor),
            None => Err("a variant holds nothing".into()),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Why> {
        self.tuple_variant(0, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::{Id, Map, Set};
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Said {
        Nothing,
        One(Id),
        Two(Id, i64),
        Named { who: Option<Id>, text: String },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        peers: Set<Id>,
        votes: Map<Id, Vec<Said>>,
        boxed: Box<Id>,
        index: usize,
        pair: (Id, char),
        array: [u8; 3],
        unit: (),
        wrapped: Wrapped,
        float: f64,
        big: u128,
        small: i8,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(u8);

    fn everything(a: usize, b: usize) -> Everything {
        let (a, b) = (Id::from(a), Id::from(b));
        Everything {
            peers: [a, b, Id::from(7)].into_iter().collect(),
            votes: [
                (a, vec![Said::Nothing, Said::One(b), Said::Two(a, -3)]),
                (b, Vec::new()),
            ]
            .into_iter()
            .chain([(
                Id::from(9),
                vec![Said::Named {
                    who: Some(a),
                    text: "Id(1)".to_owned(),
                }],
            )])
            .collect(),
            boxed: Box::new(b),
            index: 1,
            pair: (a, 'x'),
            array: [1, 2, 3],
            unit: (),
            wrapped: Wrapped(1),
            float: 0.5,
            big: u128::MAX,
            small: -1,
        }
    }

    #[test]
    fn ids_are_replaced_wherever_they_are_and_nothing_else_is() {
        let swap = |id| match id {
            1 => 2,
            2 => 1,
            id => id,
        };
        let permutes = Permutes::default();
        let renames = Renames {
            of: &swap,
            permutes: &permutes,
        };
        let there = renamed(&everything(1, 2), renames).expect("it is written and read");
        assert_eq!(there, everything(2, 1));
        let back = renamed(&there, renames).expect("it is written and read");
        assert_eq!(back, everything(1, 2));
    }

    #[test]
    fn what_cannot_be_read_back_is_an_error_with_a_cure() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Lossy {
            #[serde(rename(serialize = "a", deserialize = "b"))]
            field: u8,
        }
        let written = written(&Lossy { field: 1 }).expect("it is written");
        let why = read::<Lossy>(written).expect_err("nothing is called b");
        let error = why.into_error(type_name::<Lossy>());
        assert!(
            error
                .cure()
                .is_some_and(|cure| cure.contains("Deserialize"))
        );
        assert!(error.message().contains("Lossy"));
    }
}
