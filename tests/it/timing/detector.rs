//! A failure detector under each timing: how good it is depends on what is known of time.

use allways::prelude::*;
use allways::search::Verdict;

use super::{Msg, run};
use crate::settings::verdict;

/// Sends a beat every tick.
struct Peer {
    monitor: Id,
}

impl Actor for Peer {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.set_timer((), ticks(1..2));
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, ()>, (): &(), o: &mut Out<Self>) {
        o.send(self.monitor, Msg::Beat);
        o.set_timer((), ticks(1..2));
    }
}

/// Suspects its peer when it has not heard of it for some ticks; each time it was wrong it gets more patient, up to a cap.
struct Monitor {
    patience: u32,
    patience_max: u32,
}

/// Whether the peer is suspected, and the patience.
type Suspicion = (bool, u32);

impl Actor for Monitor {
    type Msg = Msg;
    type State = Suspicion;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Suspicion {
        o.set_timer((), ticks(self.patience..self.patience + 1));
        (false, self.patience)
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Suspicion>, _: Id, _: Msg, o: &mut Out<Self>) {
        let (suspects, patience) = **state;
        let patience = (patience + u32::from(suspects)).min(self.patience_max);
        *state.to_mut() = (false, patience);
        o.set_timer((), ticks(patience..patience + 1));
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, Suspicion>, (): &(), _: &mut Out<Self>) {
        state.to_mut().0 = true;
    }
}

/// Whether the detector is accurate always, in the end, and whether it is complete.
fn detector(timing: Timing, patience: u32, patience_max: u32) -> [Verdict; 3] {
    let mut sys = System::new();
    sys.timing(timing);
    // A beat is sent every tick and arrives within one: there are never three on the way where that is so.
    sys.links(Link::reliable().capacity(2));
    let monitor = sys.actor(
        "monitor",
        Monitor {
            patience,
            patience_max,
        },
    );
    let peer = sys.actor(
        "peer",
        Peer {
            monitor: monitor.id(),
        },
    );
    sys.crashes(Crashes::stop(1).of([peer.id()]));
    sys.always("accurate", move |s| !(s.is_up(peer) && s[monitor].0));
    sys.stabilises("accurate in the end", move |s| {
        !(s.is_up(peer) && s[monitor].0)
    });
    sys.stabilises("complete", move |s| s.is_up(peer) || s[monitor].0);
    let outcome = run(sys).expect("the model is sound");
    assert_eq!(outcome.warnings, Vec::<String>::new());
    ["accurate", "accurate in the end", "complete"].map(|name| verdict(&outcome, name))
}

#[test]
fn a_failure_detector_is_as_good_as_what_is_known_of_time() {
    use Verdict::{Holds, Violated};
    // Two beats are at most two ticks apart; a timer for two may fire just before the second.
    let known = Timing::synchronous();
    assert_eq!(detector(known, 3, 3), [Holds, Holds, Holds]);
    assert_eq!(detector(known, 2, 2), [Violated, Violated, Holds]);
    // Patience that grows finds out.
    assert_eq!(detector(known, 1, 3), [Violated, Holds, Holds]);
    // Slow is not dead.
    let unknown = Timing::asynchronous();
    assert_eq!(detector(unknown, 3, 3), [Violated, Violated, Holds]);
    // Before the moment there are mistakes; after it patience has to be large enough, or grow.
    let partial = Timing::partially_synchronous(1);
    assert_eq!(detector(partial, 3, 3), [Violated, Holds, Holds]);
    assert_eq!(detector(partial, 1, 3), [Violated, Holds, Holds]);
    assert_eq!(detector(partial, 1, 2), [Violated, Violated, Holds]);
    // With slower messages the same patience does not do.
    let slower = Timing::partially_synchronous(2);
    assert_eq!(detector(slower, 1, 3)[1], Violated);
}
