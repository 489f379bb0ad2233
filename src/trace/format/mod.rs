//! The formats a trace is written in.

pub(super) mod json;
