//! Tests of the canonical encoding: injective, prefix-free, ordered, and equal for equal values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proptest::prelude::*;
use serde::Serialize;
use serde::ser::{SerializeSeq, SerializeTuple};

use super::*;

fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    canonical(value, &mut out).expect("the value has an encoding");
    out
}

fn refused<T: Serialize + ?Sized>(value: &T) -> Error {
    let mut out = vec![7];
    let error = canonical(value, &mut out).expect_err("the value has no encoding");
    assert_eq!(out, [7], "a refused value leaves nothing behind");
    assert!(error.is_model());
    error
}

#[test]
fn the_format_is_fixed() {
    #[derive(Serialize)]
    struct Pair(u8, i16);
    #[derive(Serialize)]
    struct Named {
        flag: bool,
        name: &'static str,
    }
    #[derive(Serialize)]
    enum Choice {
        Unit,
        Newtype(Option<char>),
        Fields { x: i128 },
    }
    assert_eq!(bytes(&()), [0x00]);
    assert_eq!(bytes(&258u64), [0x13, 0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(bytes(&258usize), bytes(&258u64));
    assert_eq!(bytes(&Pair(7, -1)), [0x33, 2, 0x10, 7, 0x19, 0x7f, 0xff]);
    let named = Named {
        flag: true,
        name: "ab",
    };
    assert_eq!(bytes(&named), [0x34, 2, 0x02, 0x30, 2, b'a', b'b']);
    assert_eq!(bytes(&Choice::Unit), [0x40, 0, 0x00]);
    assert_eq!(
        bytes(&Choice::Newtype(Some('a'))),
        [0x40, 1, 0x04, 0x22, 0, 0, 0, b'a']
    );
    assert_eq!(
        bytes(&Choice::Fields { x: 0 })[..5],
        [0x40, 2, 0x34, 1, 0x1c]
    );
    assert_eq!(
        bytes(&BTreeMap::from([(1u8, false)])),
        [0x35, 1, 0x10, 1, 0x01]
    );
    assert_eq!(bytes(&vec![1u8; 2]), [0x32, 2, 0x10, 1, 0x10, 1]);
}

#[test]
fn long_counts_take_nine_bytes() {
    for n in [254usize, 255, 256, 70_000] {
        let encoded = bytes(&vec![0u8; n]);
        let count: &[u8] = &if n < 255 {
            vec![n as u8]
        } else {
            [vec![255], (n as u64).to_be_bytes().to_vec()].concat()
        };
        assert_eq!(encoded[1..=count.len()], *count);
        assert_eq!(encoded.len(), 1 + count.len() + 2 * n);
    }
}

#[test]
fn a_list_of_unannounced_length_is_a_list() {
    struct Unannounced(Vec<u8>);
    impl Serialize for Unannounced {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(None)?;
            for element in &self.0 {
                seq.serialize_element(element)?;
            }
            seq.end()
        }
    }
    for n in [0, 3, 300] {
        let list = vec![1; n];
        assert_eq!(bytes(&Unannounced(list.clone())), bytes(&list));
    }
}

#[test]
fn a_wrong_announcement_is_refused() {
    struct Short;
    impl Serialize for Short {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut tuple = serializer.serialize_tuple(2)?;
            tuple.serialize_element(&1)?;
            tuple.end()
        }
    }
    assert!(
        refused(&Short)
            .to_string()
            .contains("announces 2 elements and writes 1")
    );
}

#[test]
fn a_field_left_out_at_times_is_refused() {
    #[derive(Serialize)]
    struct Lossy {
        #[serde(skip_serializing_if = "Option::is_none")]
        leader: Option<u8>,
    }
    assert!(!bytes(&Lossy { leader: Some(1) }).is_empty());
    let error = refused(&Lossy { leader: None });
    assert!(error.to_string().contains("`leader`"));
    assert!(error.cure().is_some());
}

#[test]
fn hash_sets_are_refused_and_hash_maps_sorted() {
    assert!(refused(&HashSet::from([1])).cure().is_some());
    assert!(
        refused(&(1, vec![Some(HashSet::<u8>::new())]))
            .to_string()
            .contains("arbitrary order")
    );
    let sorted: BTreeMap<u16, String> = (0..500).map(|i| (i, format!("{i}"))).collect();
    let hashed: HashMap<u16, String> = sorted.clone().into_iter().collect();
    assert_eq!(bytes(&hashed), bytes(&sorted));
}

#[test]
fn equal_keys_are_refused() {
    /// Hashes and compares by a field that it does not write.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Hidden(u8);
    impl Serialize for Hidden {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_unit()
        }
    }
    let map = BTreeMap::from([(Hidden(1), 1), (Hidden(2), 2)]);
    assert!(refused(&map).to_string().contains("two keys"));
}

#[test]
fn floats_follow_partial_eq() {
    assert_eq!(bytes(&0.0f64), bytes(&-0.0f64));
    assert_eq!(bytes(&0.0f32), bytes(&-0.0f32));
    assert!(refused(&f64::NAN).cure().is_some());
    assert!(refused(&vec![1.0, f32::NAN]).to_string().contains("NaN"));
    let ordered = [
        f64::NEG_INFINITY,
        -2.5,
        -f64::MIN_POSITIVE,
        0.0,
        1e-300,
        1.0,
        f64::INFINITY,
    ];
    assert!(
        ordered
            .windows(2)
            .all(|pair| bytes(&pair[0]) < bytes(&pair[1]))
    );
}

#[test]
fn a_serialize_that_fails_is_an_error_with_the_type() {
    #[derive(Serialize)]
    enum Partial {
        #[serde(skip)]
        Hidden,
    }
    let error = refused(&Partial::Hidden).to_string();
    assert!(error.contains("Partial"), "{error}");
}

/// A type that uses every shape of serde's data model.
#[derive(Clone, Debug, PartialEq, Serialize)]
enum Shape {
    Unit,
    Bool(bool),
    Small(u8),
    Signed(i64),
    Float(f32),
    Char(char),
    Text(String),
    Maybe(Option<Box<Shape>>),
    Nested(Option<Option<()>>),
    List(Vec<Shape>),
    Pair(Box<Shape>, u16),
    Fields {
        left: Box<Shape>,
        right: BTreeSet<u8>,
    },
    Map(BTreeMap<String, Shape>),
    Wrapped(Wrapper),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Wrapper(Vec<u8>);

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Unit),
        any::<bool>().prop_map(Shape::Bool),
        (0u8..3).prop_map(Shape::Small),
        (-2i64..3).prop_map(Shape::Signed),
        (-2i8..3).prop_map(|x| Shape::Float(f32::from(x) / 2.0)),
        any::<char>().prop_map(Shape::Char),
        "[ab]{0,3}".prop_map(Shape::Text),
        prop_oneof![Just(None), Just(Some(None)), Just(Some(Some(())))].prop_map(Shape::Nested),
        proptest::collection::vec(0u8..3, 0..4).prop_map(|list| Shape::Wrapped(Wrapper(list))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::option::of(inner.clone().prop_map(Box::new)).prop_map(Shape::Maybe),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Shape::List),
            (inner.clone(), 0u16..3).prop_map(|(x, n)| Shape::Pair(Box::new(x), n)),
            (inner.clone(), proptest::collection::btree_set(0u8..4, 0..3)).prop_map(
                |(left, right)| Shape::Fields {
                    left: Box::new(left),
                    right
                }
            ),
            proptest::collection::btree_map("[ab]{0,2}", inner, 0..4).prop_map(Shape::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn equal_encodings_are_equal_values(a in shape(), b in shape()) {
        let (x, y) = (bytes(&a), bytes(&b));
        prop_assert_eq!(x == y, a == b);
        if a != b {
            prop_assert!(!x.starts_with(&y) && !y.starts_with(&x), "one is a prefix of the other");
        }
        prop_assert_eq!(bytes(&a.clone()), x);
    }

    #[test]
    fn joined_encodings_can_be_taken_apart(a in proptest::collection::vec(shape(), 0..3), b in proptest::collection::vec(shape(), 0..3)) {
        let join = |shapes: &[Shape]| shapes.iter().flat_map(bytes).collect::<Vec<_>>();
        prop_assert_eq!(join(&a) == join(&b), a == b);
    }

    #[test]
    fn equal_maps_built_in_any_order_are_equal(entries in proptest::collection::btree_map("[a-d]{0,3}", 0u8..5, 0..12), seed in any::<u64>()) {
        // A map that writes its entries in an arbitrary order.
        struct Shuffled(Vec<(String, u8)>);
        impl Serialize for Shuffled {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
            }
        }
        let mut list: Vec<(String, u8)> = entries.clone().into_iter().collect();
        let mut state = seed | 1;
        for i in (1..list.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            list.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(bytes(&Shuffled(list.clone())), bytes(&entries));
        let hashed: HashMap<String, u8> = list.into_iter().collect();
        prop_assert_eq!(bytes(&hashed), bytes(&entries));
    }

    #[test]
    fn numbers_are_ordered_by_their_encoding(a in any::<(i64, u32, i8)>(), b in any::<(i64, u32, i8)>()) {
        prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
    }

    #[test]
    fn floats_are_ordered_by_their_encoding(a in any::<f64>(), b in any::<f64>()) {
        prop_assume!(!a.is_nan() && !b.is_nan());
        prop_assert_eq!(Some(bytes(&a).cmp(&bytes(&b))), a.partial_cmp(&b));
    }

    #[test]
    fn wide_numbers_are_ordered_by_their_encoding(a in any::<(i128, u128)>(), b in any::<(i128, u128)>()) {
        prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
    }
}
