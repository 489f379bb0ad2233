//! A client: the user's browser, with the item on its screen.

use super::*;

/// What a browser makes of a state or a change that reaches it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Screen {
    /// Shows what came last.
    Replaces,
    /// Shows what was written last: what is older is dropped. (Of operations it keeps all.)
    KeepsNewest,
    /// Adds up: the state it was given, turned round once for each change.
    Flips,
    /// On is on, whoever says so.
    Joins,
}

pub(super) struct Browser {
    pub(super) server: Id,
    pub(super) screen: Screen,
    /// What is on the screen from the beginning; `None`: the browser is just being opened.
    pub(super) initial: Option<Item>,
}

state! {
    pub(super) struct BrowserState {
        item: Option<Item>,
        /// It is the other way round than `item` says.
        flipped: bool,
        /// The toggle was not answered yet: its button is grey.
        pub(super) waiting: bool,
        /// How often the user has toggled here.
        pub(super) toggles: u8,
    }
}

impl BrowserState {
    /// What the screen shows.
    pub(super) fn shows(&self) -> Option<bool> {
        self.item.as_ref().map(|item| item.on() != self.flipped)
    }
}

impl Browser {
    fn show(&self, state: &mut BrowserState, item: Item) {
        state.item = Some(match (&state.item, self.screen) {
            (Some(shown), Screen::KeepsNewest) => shown.join(&item),
            (Some(shown), Screen::Joins) => shown.or(&item),
            _ => item,
        });
    }

    fn change(&self, state: &mut BrowserState, change: Change) {
        match change {
            Change::To(item) => self.show(state, item),
            Change::Flipped => state.flipped = !state.flipped,
            Change::Made => {}
        }
    }
}

impl Actor for Browser {
    type Msg = Msg;
    type State = BrowserState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> BrowserState {
        if self.initial.is_none() {
            o.send(self.server, Msg::Open);
        }
        BrowserState {
            item: self.initial.clone(),
            flipped: false,
            waiting: false,
            toggles: 0,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, BrowserState>, _: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Press => {
                if let Some(on) = state.shows()
                    && !state.waiting
                {
                    let state = state.to_mut();
                    state.waiting = true;
                    state.toggles += 1;
                    o.send(self.server, Msg::Toggle { to: !on });
                }
            }
            Msg::M1(item) => self.show(state.to_mut(), item),
            Msg::M2(change) => self.change(state.to_mut(), change),
            Msg::Toggled(change) => {
                let state = state.to_mut();
                state.waiting = false;
                self.change(state, change);
            }
            _ => {}
        }
    }
}
