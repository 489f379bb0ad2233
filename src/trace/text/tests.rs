
//! Tests of the text.
