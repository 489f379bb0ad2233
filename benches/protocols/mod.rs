//! Protocols that Allways and stateright both check, each written once and built for either.
//!
//! They are written from the papers named in each file, as actors over stateright's `register` module. A handler asks for a
//! mutable state only where it changes something, so that both engines see the same deliveries as having no effect.

pub(crate) mod abd;
pub(crate) mod paxos;
pub(crate) mod register;
pub(crate) mod single_copy;
pub(crate) mod two_phase;
pub(crate) mod two_phase_compact;
