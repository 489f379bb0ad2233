//! Where nodes make themselves known: the network file system with its touched files, or the lookup service with its entries and its lock.

use super::{Msg, Timer};
use allways::prelude::*;

/// Ticks after which a file is not recent any more, and an entry is gone. A live system's file is always recent: one that restarts touches it again
/// four ticks later at most, since it is told after two who else is there, and its last and its next touch may take one tick less and more.
const RECENT: u32 = 5;
/// Ticks that the lock is held. Its holder hears of it and is listed two ticks later at most, and who looked up before that asks for the lock
/// within two more.
const LOCKED: u32 = 5;

/// One linearizable store: each request is one step.
pub(super) struct Registry {
    /// Files that a former run of the system has left behind, still recent.
    pub(super) left_behind: Vec<Id>,
    /// Whoever looks up is told of itself, too: ConstructR asks for all entries, where a node reads the files of the others.
    pub(super) lists_all: bool,
}

state! {
    #[derive(Default)]
    pub(super) struct Registered {
        pub(super) recent: Set<Id>,
        lock: Option<Id>,
    }
}

impl Registry {
    fn touch(&self, state: &mut Registered, node: Id, o: &mut Out<Self>) {
        state.recent.insert(node);
        o.set_timer(Timer::Stale(node), ticks(RECENT..RECENT + 1));
    }
}

impl Actor for Registry {
    type Msg = Msg;
    type State = Registered;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Registered {
        let mut state = Registered::default();
        for &node in &self.left_behind {
            self.touch(&mut state, node, o);
        }
        state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Registered>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Touch => self.touch(state.to_mut(), src, o),
            Msg::LookUp(to) => {
                let nodes = match self.lists_all {
                    true => state.recent.clone(),
                    false => state.recent.without(&src),
                };
                o.send(src, Msg::Listed { to, nodes });
            }
            Msg::Lock(to) => {
                let granted = state.lock.is_none_or(|holder| holder == src);
                if granted {
                    state.to_mut().lock = Some(src);
                    o.set_timer(Timer::Expired, ticks(LOCKED..LOCKED + 1));
                }
                o.send(src, Msg::Locked { to, granted });
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, Registered>, timer: &Timer, _: &mut Out<Self>) {
        match timer {
            Timer::Stale(node) => {
                state.to_mut().recent.remove(node);
            }
            Timer::Expired => state.to_mut().lock = None,
            _ => {}
        }
    }
}
