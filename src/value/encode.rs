//! The canonical encoding: the bytes that are a value's identity.
//!
//! Two values of one type are the same to Allways if and only if their encodings are equal. For a fixed type the encoding is
//! injective on what the type's `Serialize` says, and no encoding is a prefix of another, so encodings may be joined. What
//! `Serialize` leaves out (`#[serde(skip)]`, a lossy `with`, an untagged enum with variants of one shape) cannot be seen
//! here: the state space compares values of equal encoding by `PartialEq` as well.
//!
//! # The format, version 1
//! Every value is a tag byte and what follows from it. A *count* is one byte below 255, else 255 and eight bytes, big-endian.
//!
//! | value | encoding |
//! | --- | --- |
//! | unit, `false`, `true`, `None` | tag |
//! | unsigned integer, `char` | tag, big-endian |
//! | signed integer | tag, big-endian with the sign bit flipped |
//! | float | tag, IEEE bits big-endian, ordered as numbers; −0.0 as 0.0, since the two are equal; NaN is refused, since it is not equal to itself |
//! | string, bytes | tag, count, the bytes |
//! | `Some(x)`, newtype struct | tag, x |
//! | list, tuple, struct | tag, count, the elements |
//! | map | tag, count, the entries (key, value) sorted by encoded key; equal keys are refused |
//! | enum variant | tag, index of the variant as a count, then as the struct, tuple or value it holds |
//!
//! Names are left out, so that renaming a field or a variant changes no identity; their order counts instead. Integers, floats and
//! variants of one type are ordered by their encoding as they are by their own `Ord`: semantic keys, which are made of encodings,
//! order steps as a reader expects. Lists and strings are ordered by length first.
//!
//! A sequence is written as it comes, so a set must iterate in a fixed order: the hash sets that can be recognised are refused.
//! Maps are sorted here, hash maps included. A field left out by `skip_serializing_if` is refused.

use std::any::type_name;
use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::sets::{Order, order_of};
use crate::error::Error;

/// The version of the format. Identities of different versions cannot be compared.
pub const ENCODING_VERSION: u32 = 1;

/// What a list begins with; its count follows.
pub(crate) const LIST_TAG: u8 = tag::LIST;

mod tag {
    pub(super) const UNIT: u8 = 0x00;
    pub(super) const FALSE: u8 = 0x01;
    pub(super) const TRUE: u8 = 0x02;
    pub(super) const NONE: u8 = 0x03;
    pub(super) const SOME: u8 = 0x04;
    pub(super) const NEWTYPE: u8 = 0x05;
    pub(super) const U8: u8 = 0x10;
    pub(super) const U16: u8 = 0x11;
    pub(super) const U32: u8 = 0x12;
    pub(super) const U64: u8 = 0x13;
    pub(super) const U128: u8 = 0x14;
    pub(super) const I8: u8 = 0x18;
    pub(super) const I16: u8 = 0x19;
    pub(super) const I32: u8 = 0x1a;
    pub(super) const I64: u8 = 0x1b;
    pub(super) const I128: u8 = 0x1c;
    pub(super) const F32: u8 = 0x20;
    pub(super) const F64: u8 = 0x21;
    pub(super) const CHAR: u8 = 0x22;
    pub(super) const STRING: u8 = 0x30;
    pub(super) const BYTES: u8 = 0x31;
    pub(super) const LIST: u8 = 0x32;
    pub(super) const TUPLE: u8 = 0x33;
    pub(super) const STRUCT: u8 = 0x34;
    pub(super) const MAP: u8 = 0x35;
    pub(super) const VARIANT: u8 = 0x40;
}

/// The first count that does not fit one byte.
const COUNT_LONG: usize = 255;

/// Appends the canonical encoding of `value`.
///
/// ```
/// use std::collections::{BTreeMap, HashMap};
/// use allways::value::canonical;
///
/// let (mut ordered, mut hashed) = (Vec::new(), Vec::new());
/// canonical(&BTreeMap::from([(1, 'a'), (2, 'b')]), &mut ordered)?;
/// canonical(&HashMap::from([(2, 'b'), (1, 'a')]), &mut hashed)?;
/// assert_eq!(ordered, hashed);
/// # Ok::<(), allways::Error>(())
/// ```
///
/// # Errors
/// The value has no canonical encoding: a NaN, a hash set, a field that is sometimes left out, a map with equal keys, or a
/// `Serialize` that fails. `out` is then as it was.
pub fn canonical<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    let mut encoder = Encoder { out, of: "" };
    match encoder.value(value) {
        Ok(()) => Ok(()),
        Err(refusal) => {
            out.truncate(start);
            Err(refusal.into_error(type_name::<T>()))
        }
    }
}

/// Why a value has no canonical encoding.
#[derive(Debug)]
struct Refusal {
    what: String,
    cure: Option<&'static str>,
}

impl Refusal {
    fn new(what: impl Into<String>, cure: &'static str) -> Self {
        Refusal {
            what: what.into(),
            cure: Some(cure),
        }
    }

    fn into_error(self, type_name: &str) -> Error {
        let error = Error::model(format!(
            "a value of type {type_name} has no canonical encoding: {}",
            self.what
        ));
        match self.cure {
            Some(cure) => error.with_cure(cure),
            None => error,
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<M: Display>(message: M) -> Self {
        Refusal {
            what: message.to_string(),
            cure: None,
        }
    }
}

struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    /// The name of the type that is being written.
    of: &'static str,
}

impl Encoder<'_> {
    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.of = type_name::<T>();
        value.serialize(self)
    }

    /// A tag and at most sixteen bytes, in one write of a length that the compiler knows.
    #[inline]
    fn fixed<const N: usize>(&mut self, tag: u8, bytes: [u8; N]) -> Result<(), Refusal> {
        let mut whole = [tag; 17];
        whole[1..=N].copy_from_slice(&bytes);
        self.out.extend_from_slice(&whole[..=N]);
        Ok(())
    }

    fn count(&mut self, count: usize) {
        match u8::try_from(count) {
            Ok(byte) if count < COUNT_LONG => self.out.push(byte),
            _ => {
                self.out.push(u8::MAX);
                self.out.extend_from_slice(&(count as u64).to_be_bytes());
            }
        }
    }

    fn blob(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Refusal> {
        self.out.push(tag);
        self.count(bytes.len());
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn variant(&mut self, index: u32) {
        self.out.push(tag::VARIANT);
        self.count(index as usize);
    }
}

impl<'o> Encoder<'o> {
    #[inline]
    fn elements(&mut self, tag: u8, declared: Option<usize>) -> Elements<'_, 'o> {
        // A short count is written at once, in the hope that it is right.
        let count = declared.filter(|&n| n < COUNT_LONG).unwrap_or(0);
        self.out.extend_from_slice(&[tag, count as u8]);
        let count_at = self.out.len() - 1;
        Elements {
            encoder: self,
            count_at,
            count: 0,
            declared,
        }
    }

    fn entries(&mut self, declared: Option<usize>) -> Entries<'_, 'o> {
        Entries {
            elements: self.elements(tag::MAP, declared),
            keys: Vec::with_capacity(declared.unwrap_or(0).min(1024)),
        }
    }
}

/// The bits of a float such that unsigned order is numeric order.
macro_rules! float_bits {
    ($value:expr, $bits:ty) => {{
        if $value.is_nan() {
            return Err(Refusal::new(
                "it holds a NaN, which is not equal to itself",
                "keep NaN out of states and messages, or store the number's bits (`to_bits`)",
            ));
        }
        // Adding 0.0 turns −0.0 into 0.0 and changes nothing else.
        let bits = ($value + 0.0).to_bits();
        let sign: $bits = 1 << (<$bits>::BITS - 1);
        if bits & sign == 0 { bits | sign } else { !bits }
    }};
}

macro_rules! unsigned {
    ($($method:ident: $ty:ty, $tag:ident;)*) => {
        $(
            #[inline]
            fn $method(self, value: $ty) -> Result<(), Refusal> {
                self.fixed(tag::$tag, value.to_be_bytes())
            }
        )*
    };
}

macro_rules! signed {
    ($($method:ident: $ty:ty, $tag:ident;)*) => {
        $(
            #[inline]
            fn $method(self, value: $ty) -> Result<(), Refusal> {
                self.fixed(tag::$tag, (value ^ <$ty>::MIN).to_be_bytes())
            }
        )*
    };
}

impl<'e, 'o> Serializer for &'e mut Encoder<'o> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Elements<'e, 'o>;
    type SerializeTuple = Elements<'e, 'o>;
    type SerializeTupleStruct = Elements<'e, 'o>;
    type SerializeTupleVariant = Elements<'e, 'o>;
    type SerializeMap = Entries<'e, 'o>;
    type SerializeStruct = Elements<'e, 'o>;
    type SerializeStructVariant = Elements<'e, 'o>;

    unsigned! {
        serialize_u8: u8, U8;
        serialize_u16: u16, U16;
        serialize_u32: u32, U32;
        serialize_u64: u64, U64;
        serialize_u128: u128, U128;
    }

    signed! {
        serialize_i8: i8, I8;
        serialize_i16: i16, I16;
        serialize_i32: i32, I32;
        serialize_i64: i64, I64;
        serialize_i128: i128, I128;
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.fixed(if value { tag::TRUE } else { tag::FALSE }, [])
    }

    fn serialize_f32(self, value: f32) -> Result<(), Refusal> {
        let bits = float_bits!(value, u32);
        self.fixed(tag::F32, bits.to_be_bytes())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Refusal> {
        let bits = float_bits!(value, u64);
        self.fixed(tag::F64, bits.to_be_bytes())
    }

    fn serialize_char(self, value: char) -> Result<(), Refusal> {
        self.fixed(tag::CHAR, u32::from(value).to_be_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<(), Refusal> {
        self.blob(tag::STRING, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refusal> {
        self.blob(tag::BYTES, value)
    }

    fn serialize_none(self) -> Result<(), Refusal> {
        self.fixed(tag::NONE, [])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        self.out.push(tag::SOME);
        self.value(value)
    }

    fn serialize_unit(self) -> Result<(), Refusal> {
        self.fixed(tag::UNIT, [])
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Refusal> {
        self.fixed(tag::UNIT, [])
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result<(), Refusal> {
        self.variant(index);
        self.fixed(tag::UNIT, [])
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.out.push(tag::NEWTYPE);
        self.value(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.variant(index);
        self.value(value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Elements<'e, 'o>, Refusal> {
        if order_of(self.of) == Order::Arbitrary {
            return Err(Refusal::new(
                format!("{} iterates in an arbitrary order", self.of),
                "use `Set` of the prelude, or a `BTreeSet`",
            ));
        }
        Ok(self.elements(tag::LIST, len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements<'e, 'o>, Refusal> {
        Ok(self.elements(tag::TUPLE, Some(len)))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<Elements<'e, 'o>, Refusal> {
        Ok(self.elements(tag::TUPLE, Some(len)))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        len: usize,
    ) -> Result<Elements<'e, 'o>, Refusal> {
        self.variant(index);
        Ok(self.elements(tag::TUPLE, Some(len)))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'e, 'o>, Refusal> {
        Ok(self.entries(len))
    }

    #[inline]
    fn serialize_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<Elements<'e, 'o>, Refusal> {
        Ok(self.elements(tag::STRUCT, Some(len)))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        len: usize,
    ) -> Result<Elements<'e, 'o>, Refusal> {
        self.variant(index);
        Ok(self.elements(tag::STRUCT, Some(len)))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Elements being written; the count in front of them is known at the end.
struct Elements<'e, 'o> {
    encoder: &'e mut Encoder<'o>,
    count_at: usize,
    count: usize,
    declared: Option<usize>,
}

impl Elements<'_, '_> {
    #[inline]
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.count += 1;
        self.encoder.value(value)
    }

    #[inline]
    fn finish(self) -> Result<(), Refusal> {
        if self.declared == Some(self.count) && self.count < COUNT_LONG {
            return Ok(());
        }
        self.finish_late()
    }

    /// Writes the count, where it was not known in front, or is long.
    fn finish_late(self) -> Result<(), Refusal> {
        if self.declared.is_some_and(|declared| declared != self.count) {
            return Err(Refusal::new(
                format!(
                    "its `Serialize` announces {} elements and writes {}",
                    self.declared.unwrap_or_default(),
                    self.count
                ),
                "announce as many elements as are written, or none (`None`)",
            ));
        }
        let out = &mut *self.encoder.out;
        match u8::try_from(self.count) {
            Ok(byte) if self.count < COUNT_LONG => out[self.count_at] = byte,
            _ => {
                out[self.count_at] = u8::MAX;
                let behind = self.count_at + 1;
                out.splice(behind..behind, (self.count as u64).to_be_bytes());
            }
        }
        Ok(())
    }
}

fn left_out(field: &str) -> Refusal {
    Refusal::new(
        format!("the field `{field}` is left out at times (`skip_serializing_if`)"),
        "write the field always: remove `skip_serializing_if`",
    )
}

macro_rules! elements {
    ($($trait:ident::$method:ident;)*) => {
        $(
            impl ser::$trait for Elements<'_, '_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                    self.push(value)
                }

                #[inline]
                fn end(self) -> Result<(), Refusal> {
                    self.finish()
                }
            }
        )*
    };
}

elements! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! fields {
    ($($trait:ident),*) => {
        $(
            impl ser::$trait for Elements<'_, '_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    _key: &'static str,
                    value: &T,
                ) -> Result<(), Refusal> {
                    self.push(value)
                }

                fn skip_field(&mut self, key: &'static str) -> Result<(), Refusal> {
                    Err(left_out(key))
                }

                #[inline]
                fn end(self) -> Result<(), Refusal> {
                    self.finish()
                }
            }
        )*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

/// Entries of a map being written, to be sorted at the end.
struct Entries<'e, 'o> {
    elements: Elements<'e, 'o>,
    /// Where each key begins and ends. Its value follows, up to the next key.
    keys: Vec<(usize, usize)>,
}

impl ser::SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        let start = self.elements.encoder.out.len();
        self.elements.push(key)?;
        self.keys.push((start, self.elements.encoder.out.len()));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.elements.encoder.value(value)
    }

    fn end(self) -> Result<(), Refusal> {
        sort_entries(self.elements.encoder.out, &self.keys)?;
        self.elements.finish()
    }
}

/// Sorts the entries at the end of `out` by key. Ordered maps usually arrive sorted: then nothing moves.
fn sort_entries(out: &mut [u8], keys: &[(usize, usize)]) -> Result<(), Refusal> {
    let key = |i: usize| &out[keys[i].0..keys[i].1];
    if (1..keys.len()).all(|i| key(i - 1) < key(i)) {
        return Ok(());
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| key(a).cmp(key(b)));
    if order.windows(2).any(|pair| key(pair[0]) == key(pair[1])) {
        return Err(Refusal::new(
            "a map holds two keys of equal encoding",
            "make the key's `Serialize` write everything that its `Eq` compares",
        ));
    }
    let (begin, end) = (keys[0].0, out.len());
    let entry_end = |i: usize| keys.get(i + 1).map_or(end, |next| next.0);
    let sorted: Vec<&[u8]> = order
        .iter()
        .map(|&i| &out[keys[i].0..entry_end(i)])
        .collect();
    let sorted = sorted.concat();
    out[begin..].copy_from_slice(&sorted);
    Ok(())
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
