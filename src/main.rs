//! The `allways` binary.
fn main() {}
