//! A map from pairs of numbers to numbers, read by many threads at once and written by one between the phases of a search.
//!
//! A state asks about several events of one component, so what belongs to the first number of a pair lies together: a row of
//! its own, with open addressing over the second number.

/// Rows of pairs; see the module.
#[derive(Default)]
pub(crate) struct KeyMap {
    /// By the first number plus one, so that the largest number, which stands for "none", comes first.
    rows: Vec<Row>,
    slots: Vec<Slot>,
}

/// Where a row's slots are: `1 << log2` of them, at most three quarters used; none before the first insertion.
#[derive(Clone, Copy, Default)]
struct Row {
    start: u32,
    len: u32,
    log2: u8,
}

#[derive(Clone, Copy)]
struct Slot {
    key: u32,
    value: u32,
}

/// The value of an empty slot; no other value is this.
const EMPTY: u32 = u32::MAX;

/// Slots of a new row, as a power of two.
const FIRST_LOG2: u8 = 2;

impl Row {
    #[inline]
    fn home(self, key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b9) >> (32 - u32::from(self.log2))) as usize
    }
}

impl KeyMap {
    #[inline]
    pub(crate) fn get(&self, a: u32, b: u32) -> Option<u32> {
        let row = *self.rows.get(a.wrapping_add(1) as usize)?;
        if row.log2 == 0 {
            return None;
        }
        let slots = &self.slots[row.start as usize..][..1 << row.log2];
        let mut at = row.home(b);
        loop {
            let slot = slots[at];
            if slot.value == EMPTY {
                return None;
            }
            if slot.key == b {
                return Some(slot.value);
            }
            at = (at + 1) & (slots.len() - 1);
        }
    }

    /// Visits every pair with its value, in an order that nobody may see.
    pub(crate) fn each(&self, mut visit: impl FnMut(u32, u32, u32)) {
        for (row, &Row { start, log2, .. }) in self.rows.iter().enumerate() {
            if log2 == 0 {
                continue;
            }
            for slot in &self.slots[start as usize..][..1 << log2] {
                if slot.value != EMPTY {
                    visit((row as u32).wrapping_sub(1), slot.key, slot.value);
                }
            }
        }
    }

    /// Sets the value of a pair; `value` is below `u32::MAX`.
    pub(crate) fn insert(&mut self, a: u32, b: u32, value: u32) {
        assert!(value != EMPTY, "a map value out of range");
        let row = a.wrapping_add(1) as usize;
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Row::default());
        }
        let Row { len, log2, .. } = self.rows[row];
        if log2 == 0 || (len + 1) * 4 > (3 << log2) {
            self.grow(row);
        }
        if self.put(self.rows[row], b, value) {
            self.rows[row].len += 1;
        }
    }

    /// Writes into a row with room; whether the key is new there.
    fn put(&mut self, row: Row, key: u32, value: u32) -> bool {
        let slots = &mut self.slots[row.start as usize..][..1 << row.log2];
        let mut at = row.home(key);
        while slots[at].value != EMPTY && slots[at].key != key {
            at = (at + 1) & (slots.len() - 1);
        }
        let is_new = slots[at].value == EMPTY;
        slots[at] = Slot { key, value };
        is_new
    }

    /// Gives a row twice the room, at the end of the slots. What it leaves behind adds up to no more than what is in use.
    fn grow(&mut self, row: usize) {
        let old = self.rows[row];
        let log2 = if old.log2 == 0 {
            FIRST_LOG2
        } else {
            old.log2 + 1
        };
        let start = u32::try_from(self.slots.len()).ok();
        let Some(start) = start.filter(|_| log2 < 32) else {
            panic!("a map outgrew 2^32 slots");
        };
        let new = Row { start, log2, ..old };
        let empty = Slot {
            key: 0,
            value: EMPTY,
        };
        self.slots.resize(self.slots.len() + (1 << log2), empty);
        if old.log2 != 0 {
            for at in old.start as usize..old.start as usize + (1 << old.log2) {
                let Slot { key, value } = self.slots[at];
                if value != EMPTY {
                    self.put(new, key, value);
                }
            }
        }
        self.rows[row] = new;
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.slots.clear();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.slots.capacity() * size_of::<Slot>()
    }
}

#[cfg(test)]
mod tests {
    use super::KeyMap;

    #[test]
    fn finds_what_was_inserted_and_nothing_else() {
        let mut map = KeyMap::default();
        assert_eq!(map.get(0, 0), None);
        let rows = || (0..100).chain([u32::MAX]);
        for a in rows() {
            for b in 0..100 {
                map.insert(a, b * 7, a.wrapping_mul(1000).wrapping_add(b));
            }
        }
        for a in rows() {
            for b in 0..100 {
                assert_eq!(
                    map.get(a, b * 7),
                    Some(a.wrapping_mul(1000).wrapping_add(b))
                );
                assert_eq!(map.get(a, b * 7 + 1), None);
            }
        }
        map.insert(3, 7, 5);
        assert_eq!(map.get(3, 7), Some(5));
        assert_eq!(map.get(100, 7), None);
    }
}
