//! Running user code: panics are caught and become part of the answer.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IN_USER_CODE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is running a model's code under a guard: a panic hook may then stay silent, since the panic is
/// reported as a violation with its trace.
pub fn in_user_code() -> bool {
    IN_USER_CODE.get()
}

/// A panic of user code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thrown {
    pub(crate) message: String,
    /// It is a misuse of the library (a [`Mistake`]): an error, not a finding about the model.
    pub(crate) is_mistake: bool,
}

/// The payload of panics that tell a misuse of the library where no error can be returned, such as a foreign handle.
pub(crate) struct Mistake(pub(crate) String);

/// Runs user code; a panic becomes its message.
pub(crate) fn guarded<T>(code: impl FnOnce() -> T) -> Result<T, Thrown> {
    let before = IN_USER_CODE.replace(true);
    // A handler that panics leaves nothing behind that is used again: its arguments were clones or shared references.
    let result = catch_unwind(AssertUnwindSafe(code));
    IN_USER_CODE.set(before);
    result.map_err(|payload| {
        let (message, is_mistake) = if let Some(text) = payload.downcast_ref::<&str>() {
            ((*text).to_owned(), false)
        } else if let Some(text) = payload.downcast_ref::<String>() {
            (text.clone(), false)
        } else if let Some(Mistake(text)) = payload.downcast_ref::<Mistake>() {
            (text.clone(), true)
        } else {
            ("a panic without a message".to_owned(), false)
        };
        Thrown {
            message,
            is_mistake,
        }
    })
}
