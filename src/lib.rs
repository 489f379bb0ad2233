//! Allways: a deterministic model checker for distributed systems.
//!
//! Write a protocol as actors, build a [`System`](system::System), check it: every way the messages, timers, crashes and losses can
//! interleave is explored, and each property either holds or is shown broken in the fewest possible steps.

// Model files say `allways::prelude` and compile unchanged here and in a crate of their own.
#[allow(unused_extern_crates)]
extern crate self as allways;

pub mod catalogue;
mod check;
#[cfg(feature = "cli")]
pub mod cli;
mod error;
pub mod explore;
#[cfg(feature = "explorer")]
pub mod explorer;
// Unit tests need no models, and build in half the time without.
#[cfg(all(feature = "catalogue", not(test)))]
pub mod models;
mod names;
pub mod pieces;
pub mod prelude;
mod prelude_macros;
pub mod report;
pub mod search;
pub mod space;
pub mod system;
pub mod testing;
pub mod trace;
pub mod value;

pub use check::check;
pub use error::Error;
#[doc(hidden)]
pub use serde;
pub use stateright;

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So are those of the page about liveness.
#[cfg(doctest)]
#[doc = include_str!("../docs/liveness.md")]
struct Liveness;

/// And those of the guides.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide.md")]
struct Guide;

/// For those who have a stateright model.
#[cfg(doctest)]
#[doc = include_str!("../docs/from-stateright.md")]
struct FromStateright;
