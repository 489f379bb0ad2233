//! Panics of Allways itself: caught at the outermost place and reported as a fault of Allways. Those of handlers are
//! caught by the search, which makes violations of them; here they are only kept from printing.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Where the last panic on this thread came from.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A caught panic.
pub(super) struct Caught {
    pub(super) message: String,
    place: Option<String>,
}

/// Keeps panics from printing; whoever catches one says what is to be said.
pub(super) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        PLACE.with(|p| *p.borrow_mut() = place);
    }));
}

/// Runs `f`; a panic is an `Err`.
pub(super) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Caught> {
    // What `f` touched is dropped by the callers, or only said to be broken.
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Caught {
        message: message(payload.as_ref()),
        place: PLACE.with(|p| p.borrow_mut().take()),
    })
}

/// What to tell about a panic of Allways.
pub(super) fn report(caught: &Caught) -> String {
    let place = caught
        .place
        .as_ref()
        .map_or_else(String::new, |place| format!(" ({place})"));
    format!(
        "internal error: {}{place}\n  help: this is a fault of allways {}, not of your model; please report it with the command \
         that you ran",
        caught.message,
        env!("CARGO_PKG_VERSION"),
    )
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}
