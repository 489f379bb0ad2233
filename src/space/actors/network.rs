//! What a step does to the items in flight.

use super::absorb::Miss;
use super::layout::{NO_ITEM, UNKNOWN_ITEM};
use super::{ActorSpace, Scratch};

impl ActorSpace {
    /// Takes an item (of a channel: its head) out of the network and puts the sends in, in order; the change of the sum. `keeps_time`: the
    /// bounds on time hold.
    pub(super) fn move_network(
        &self,
        network: &mut Vec<u32>,
        consumed: Option<usize>,
        sends: &[u32],
        keeps_time: bool,
        scratch: &mut Scratch,
    ) -> Option<u128> {
        let mut delta = 0_u128;
        let mut is_whole = true;
        if let Some(at) = consumed {
            let id = network.remove(at);
            let item = &self.items[id as usize];
            delta = delta.wrapping_sub(item.hash);
            if item.is_channel && item.tail != NO_ITEM {
                if item.tail == UNKNOWN_ITEM {
                    scratch.misses.push(Miss::Pop { channel: id });
                    is_whole = false;
                } else {
                    delta = delta.wrapping_add(self.items[item.tail as usize].hash);
                    insert_sorted(network, 0, item.tail);
                }
            }
        }
        for &send in sends {
            let item = &self.items[send as usize];
            if item.is_sink {
                continue;
            }
            let content = send;
            let send = self.sent_as(send, keeps_time);
            let item = &self.items[send as usize];
            if item.rule.fifo {
                if !is_whole {
                    return None;
                }
                let known = |&id: &u32| {
                    self.items[id as usize].is_channel && self.items[id as usize].pair == item.pair
                };
                let at = network.iter().position(known);
                let before = at.map_or(NO_ITEM, |at| network[at]);
                let Some(after) = self.pushes.get(before, send) else {
                    scratch.misses.push(Miss::Push {
                        channel: before,
                        send,
                    });
                    return None;
                };
                if let Some(at) = at {
                    network.remove(at);
                    delta = delta.wrapping_sub(self.items[before as usize].hash);
                }
                delta = delta.wrapping_add(self.items[after as usize].hash);
                insert_sorted(network, 0, after);
            } else {
                if let Some(capacity) = item.rule.capacity {
                    let is_copy = |id: &&u32| self.items[**id as usize].head == content;
                    let copies = network.iter().filter(is_copy).count();
                    if copies >= capacity as usize {
                        continue;
                    }
                }
                delta = delta.wrapping_add(item.hash);
                insert_sorted(network, 0, send);
            }
        }
        is_whole.then_some(delta)
    }
}

/// Inserts an item into the sorted tail of `words` that begins at `from`.
#[inline]
pub(super) fn insert_sorted(words: &mut Vec<u32>, from: usize, item: u32) {
    let mut at = words.len();
    words.push(item);
    while at > from && words[at - 1] > item {
        words[at] = words[at - 1];
        at -= 1;
    }
    words[at] = item;
}
