//! What a user's value looks like from outside: its canonical bytes, which are its identity, and its tree, which is
//! what people read. Knows no actor, no system and no search.

mod encode;
mod escape;
mod grow;
mod permute;
mod rename;
mod sets;
mod stream;
mod tree;

pub(crate) use encode::LIST_TAG;
pub use encode::{ENCODING_VERSION, canonical};
pub(crate) use escape::is_unsafe;
pub use escape::printable;
pub(crate) use permute::Permutes;
pub use permute::{Permute, Renaming};
pub(crate) use rename::{Renames, renamed};
pub use stream::hash_stream;
pub use tree::{TREE_DEPTH_MAX, Tree};
