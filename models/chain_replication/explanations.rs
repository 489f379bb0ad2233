//! Whether what clients saw can be explained by a single copy: linearizability (Herlihy and Wing, 1990), event by event.

use allways::prelude::*;

use super::{Msg, Value};

message! {
    /// One way in which the requests so far can have taken effect, one at a time, each between its beginning and its answer.
    pub(super) struct Explanation {
        pub(super) value: Value,
        /// Requests that are not answered yet, and whether they have taken effect.
        pub(super) open: Map<Id, Open>,
    }

    #[derive(Copy)]
    pub(super) enum Open {
        Write(Value), Written(Value),
        /// With the number of the request.
        Read(u8), Data(u8, Value),
    }
}

/// All the ways there are; none if what clients saw cannot be explained by a single copy.
///
/// A request takes effect as late as possible: only when an answer comes is it asked which open requests came before. That is Wing and Gong's check
/// ("Testing and Verifying Concurrent Objects", 1993), event by event, and keeps nothing of the history but what still matters.
pub(super) type Explanations = Set<Explanation>;

pub(super) fn observe(explanations: &Explanations, event: &Event<'_, Msg>) -> Option<Explanations> {
    match event {
        Event::Sent(sent) => {
            let request = match *sent.msg {
                Msg::Write(value) => Open::Write(value),
                Msg::Read(number) => Open::Read(number),
                _ => return None,
            };
            let mut all = explanations.iter();
            let asks_again = all.any(|explanation| explanation.open.contains_key(&sent.src));
            let opened = |explanation: &Explanation| Explanation {
                open: explanation.open.update(sent.src, request),
                ..explanation.clone()
            };
            (!asks_again).then(|| explanations.iter().map(opened).collect())
        }
        Event::Received(received) => {
            let (before, after) = match *received.msg {
                Msg::Written(value) => (Open::Write(value), Open::Written(value)),
                Msg::Data(number, value) => (Open::Read(number), Open::Data(number, value)),
                _ => return None,
            };
            let client = received.dst;
            let is_open = |explanation: &Explanation| match explanation.open.get(&client) {
                Some(Open::Data(number, _)) => Open::Read(*number) == before,
                Some(Open::Written(value)) => Open::Write(*value) == before,
                open => open == Some(&before),
            };
            if !explanations.iter().any(is_open) {
                return None;
            }
            let answered = with_effects(explanations).into_iter();
            let answered = answered.filter(|e| e.open.get(&client) == Some(&after));
            let closed = answered.map(|explanation| Explanation {
                open: explanation.open.without(&client),
                ..explanation
            });
            Some(closed.collect())
        }
        _ => None,
    }
}

/// Lets open requests take effect, any of them in any order.
fn with_effects(explanations: &Explanations) -> Explanations {
    let (mut all, mut new) = (explanations.clone(), explanations.clone());
    while let Some(explanation) = new.remove_min() {
        for (&client, request) in &explanation.open {
            let (value, effect) = match *request {
                Open::Write(value) => (value, Open::Written(value)),
                Open::Read(number) => (explanation.value, Open::Data(number, explanation.value)),
                Open::Written(_) | Open::Data(..) => continue,
            };
            let open = explanation.open.update(client, effect);
            let next = Explanation { value, open };
            if all.insert(next.clone()).is_none() {
                new.insert(next);
            }
        }
    }
    all
}
