//! Values as people read them.

use std::fmt::{Debug, Write};

use serde::Serialize;

use super::escape::printable;

/// How deep a tree may be. What lies deeper is text, so that a tree survives the recursion limits of those who read it.
pub const TREE_DEPTH_MAX: usize = 20;

/// A value's shape, after serde's data model: what diffs compare and traces show.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tree {
    /// A number, boolean, character or actor's id, written as Rust's `Debug` would; or an actor's name.
    Atom(String),
    /// A string, unquoted.
    Text(String),
    /// A unit struct or unit variant, by its name; `()` is the empty name.
    Unit(String),
    /// A list: its elements in order. Arrays too.
    List(Vec<Tree>),
    /// A collection without order: its elements, sorted.
    Set(Vec<Tree>),
    /// A map: its entries, sorted by key.
    Map(Vec<(Tree, Tree)>),
    /// A struct or struct variant: its name and its fields in order.
    Struct(String, Vec<(String, Tree)>),
    /// A tuple struct or tuple variant: its name and its fields in order; a tuple has the empty name.
    Tuple(String, Vec<Tree>),
    /// Only the `Debug` text is known.
    Debug(String),
}

impl Tree {
    /// The tree of a serialisable value. If its `Serialize` fails, the reason stands in its place.
    ///
    /// ```
    /// use allways::prelude::*;
    /// use allways::value::Tree;
    ///
    /// message! { enum Msg { Gossip { members: Set<char>, round: u8 } } }
    ///
    /// let msg = Msg::Gossip { members: Set::from_iter(['B', 'A']), round: 3 };
    /// assert_eq!(Tree::of(&msg).text(), "Gossip{members: {'A', 'B'}, round: 3}");
    /// ```
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Tree {
        match super::grow::grow(value) {
            Ok(tree) => tree.limited(TREE_DEPTH_MAX),
            Err(why) => Tree::Debug(why),
        }
    }

    /// The tree of a value that is not serialisable.
    pub fn debug<T: Debug + ?Sized>(value: &T) -> Tree {
        Tree::Debug(format!("{value:?}"))
    }

    /// The tree with every actor's id replaced by the actor's name: `Id(2)` becomes `member[1]`.
    #[must_use]
    pub fn with_names(mut self, name_of: &impl Fn(usize) -> Option<String>) -> Tree {
        self.rename(name_of);
        self
    }

    fn rename(&mut self, name_of: &impl Fn(usize) -> Option<String>) {
        if let Some(name) = self.as_id().and_then(name_of) {
            *self = Tree::Atom(name);
            return;
        }
        match self {
            Tree::Atom(_) | Tree::Text(_) | Tree::Unit(_) | Tree::Debug(_) => {}
            Tree::List(elements) | Tree::Set(elements) | Tree::Tuple(_, elements) => {
                elements.iter_mut().for_each(|tree| tree.rename(name_of));
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    key.rename(name_of);
                    value.rename(name_of);
                }
            }
            Tree::Struct(_, fields) => {
                fields.iter_mut().for_each(|(_, tree)| tree.rename(name_of));
            }
        }
    }

    /// The number of an actor's id.
    fn as_id(&self) -> Option<usize> {
        let Tree::Atom(text) = self else { return None };
        let number = text.strip_prefix("Id(")?.strip_suffix(')')?;
        number.parse().ok()
    }

    /// The tree with everything below `depth` levels as text.
    fn limited(mut self, depth: usize) -> Tree {
        self.limit(depth);
        self
    }

    fn limit(&mut self, depth: usize) {
        let Some(below) = depth.checked_sub(1) else {
            *self = Tree::Debug(self.text());
            return;
        };
        match self {
            Tree::Atom(_) | Tree::Text(_) | Tree::Unit(_) | Tree::Debug(_) => {}
            Tree::List(elements) | Tree::Set(elements) | Tree::Tuple(_, elements) => {
                elements.iter_mut().for_each(|tree| tree.limit(below));
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    key.limit(below);
                    value.limit(below);
                }
            }
            Tree::Struct(_, fields) => fields.iter_mut().for_each(|(_, tree)| tree.limit(below)),
        }
    }

    /// One line, close to Rust's `Debug` but terse, and safe to print: `{B, C}`, `[1, 2]`, `Member{term: 3}`, `Some(x)`.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Tree::Atom(text) | Tree::Debug(text) => out.push_str(&printable(text)),
            Tree::Text(text) => {
                // Writing to a string cannot fail. `Debug` quotes and escapes; what it leaves, `printable` finds.
                let mut quoted = String::new();
                let _ = write!(quoted, "{text:?}");
                out.push_str(&printable(&quoted));
            }
            Tree::Unit(name) if name.is_empty() => out.push_str("()"),
            Tree::Unit(name) => out.push_str(&printable(name)),
            Tree::List(elements) => list(out, '[', elements, ']'),
            Tree::Set(elements) => list(out, '{', elements, '}'),
            Tree::Tuple(name, fields) => {
                out.push_str(&printable(name));
                list(out, '(', fields, ')');
            }
            Tree::Map(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    separate(out, i);
                    key.write(out);
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
            Tree::Struct(name, fields) => {
                out.push_str(&printable(name));
                out.push('{');
                for (i, (field, value)) in fields.iter().enumerate() {
                    separate(out, i);
                    out.push_str(&printable(field));
                    out.push_str(": ");
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn separate(out: &mut String, i: usize) {
    if i > 0 {
        out.push_str(", ");
    }
}

fn list(out: &mut String, open: char, elements: &[Tree], close: char) {
    out.push(open);
    for (i, element) in elements.iter().enumerate() {
        separate(out, i);
        element.write(out);
    }
    out.push(close);
}
