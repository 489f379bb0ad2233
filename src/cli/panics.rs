//! Panics of Allways itself: caught at the outermost place and reported as a fault of Allways. Those of handlers are
//! caught by the search, which makes violations of them; here they are only kept from printing.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

use crate::system::in_user_code;

/// Where the last panic of Allways came from, on whatever thread.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// A caught panic.
pub(super) struct Caught {
    pub(super) message: String,
    place: Option<String>,
}

/// Keeps panics from printing; whoever catches one says what is to be said.
pub(super) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        if !in_user_code()
            && let Ok(mut place) = PLACE.lock()
        {
            *place = info.location().map(ToString::to_string);
        }
    }));
}

/// Runs `f`; a panic is an `Err`.
pub(super) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Caught> {
    // What `f` touched is dropped by the callers, or only said to be broken.
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Caught {
        message: message(payload.as_ref()),
        place: PLACE.lock().ok().and_then(|mut place| place.take()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_a_request_to_report_it() {
        let Err(caught) = catch(|| panic!("bit {} is lost", 3));
        let told = report(&caught);
        assert!(told.starts_with("internal error: bit 3 is lost"), "{told}");
        assert!(told.contains("please report it"), "{told}");
        assert!(catch(|| 1).is_ok_and(|one| one == 1));
    }
}
