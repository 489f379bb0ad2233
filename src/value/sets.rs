//! Sets, recognised by the name of their type.
//!
//! serde writes a set as a plain sequence. The name of the static type is all that still tells them apart, and Rust promises
//! nothing about type names: so a name may refuse a value or choose how it is shown, but never changes its encoding.

/// What the name of a type says about a sequence of that type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// A list, as far as one can tell.
    List,
    /// A set that iterates in the order of its elements.
    Sorted,
    /// A set that iterates in an order of its own: equal sets may be written differently.
    Arbitrary,
}

/// Wrappers that serde looks through.
const WRAPPERS: [&str; 6] = [
    "&mut ",
    "&",
    "alloc::boxed::Box<",
    "alloc::sync::Arc<",
    "alloc::rc::Rc<",
    "alloc::borrow::Cow<",
];

/// Judges the full name of a type, as [`std::any::type_name`] gives it.
pub(super) fn order_of(type_name: &str) -> Order {
    let mut name = type_name;
    while let Some(inner) = WRAPPERS.iter().find_map(|w| name.strip_prefix(w)) {
        name = inner;
    }
    let base = name.split('<').next().unwrap_or(name);
    if base.starts_with(['[', '(']) {
        Order::List
    } else if base.ends_with("HashSet") || base.ends_with("IndexSet") {
        Order::Arbitrary
    } else if base.ends_with("Set") {
        Order::Sorted
    } else {
        Order::List
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::collections::{BTreeSet, HashSet};
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_usual_collections_are_recognised() {
        let sorted = [
            type_name::<BTreeSet<u8>>(),
            type_name::<im::OrdSet<String>>(),
            type_name::<&Box<BTreeSet<Vec<u8>>>>(),
        ];
        assert!(sorted.iter().all(|name| order_of(name) == Order::Sorted));
        let arbitrary = [
            type_name::<HashSet<u8>>(),
            type_name::<im::HashSet<u8>>(),
            type_name::<stateright::util::HashableHashSet<u8>>(),
            type_name::<Arc<HashSet<u8>>>(),
        ];
        assert!(
            arbitrary
                .iter()
                .all(|name| order_of(name) == Order::Arbitrary)
        );
        let lists = [
            type_name::<Vec<BTreeSet<u8>>>(),
            type_name::<[HashSet<u8>; 2]>(),
            type_name::<im::Vector<u8>>(),
        ];
        assert!(lists.iter().all(|name| order_of(name) == Order::List));
    }
}
