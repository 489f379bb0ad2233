//! The canonical encoding.

use serde::Serialize;

use crate::error::Error;

/// Appends the canonical encoding of `value`.
pub fn canonical<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    // Stand-in until the real one lands: JSON text.
    serde_json::to_writer(out, value).map_err(|e| Error::model(e.to_string()))
}
