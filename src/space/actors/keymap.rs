//! A map from pairs of numbers to numbers, read by many threads at once and written by one between the phases of a search.

/// Open addressing with linear probing over a power of two, at most two thirds full.
#[derive(Default)]
pub(crate) struct KeyMap {
    entries: Vec<Pair>,
    len: usize,
}

/// A key with its value; aligned so that it never straddles two cache lines.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Pair {
    a: u32,
    b: u32,
    value: u32,
}

/// Marks an empty place; no value is this.
const EMPTY: u32 = u32::MAX;

#[inline]
fn spread(a: u32, b: u32) -> u64 {
    let key = (u64::from(a) << 32) | u64::from(b);
    let product = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

impl KeyMap {
    #[inline]
    pub(crate) fn get(&self, a: u32, b: u32) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        let mask = self.entries.len() - 1;
        let mut at = spread(a, b) as usize & mask;
        loop {
            let pair = &self.entries[at];
            if pair.a == a && pair.b == b && pair.value != EMPTY {
                return Some(pair.value);
            }
            if pair.value == EMPTY {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    /// Sets the value of a key; `value` is below `u32::MAX`.
    pub(crate) fn insert(&mut self, a: u32, b: u32, value: u32) {
        assert!(value != EMPTY, "a map value out of range");
        if (self.len + 1) * 3 > self.entries.len() * 2 {
            self.grow();
        }
        let mask = self.entries.len() - 1;
        let mut at = spread(a, b) as usize & mask;
        while self.entries[at].value != EMPTY {
            if self.entries[at].a == a && self.entries[at].b == b {
                self.entries[at].value = value;
                return;
            }
            at = (at + 1) & mask;
        }
        self.entries[at] = Pair { a, b, value };
        self.len += 1;
    }

    fn grow(&mut self) {
        let capacity = (self.entries.len() * 2).max(1024);
        let empty = Pair {
            a: 0,
            b: 0,
            value: EMPTY,
        };
        let old = std::mem::replace(&mut self.entries, vec![empty; capacity]);
        let mask = capacity - 1;
        for pair in old.into_iter().filter(|pair| pair.value != EMPTY) {
            let mut at = spread(pair.a, pair.b) as usize & mask;
            while self.entries[at].value != EMPTY {
                at = (at + 1) & mask;
            }
            self.entries[at] = pair;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.len = 0;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Pair>()
    }
}

#[cfg(test)]
mod tests {
    use super::KeyMap;

    #[test]
    fn finds_what_was_inserted_and_nothing_else() {
        let mut map = KeyMap::default();
        assert_eq!(map.get(0, 0), None);
        for a in 0..100 {
            for b in 0..100 {
                map.insert(a, b * 7, a * 1000 + b);
            }
        }
        assert_eq!(map.len, 10_000);
        for a in 0..100 {
            for b in 0..100 {
                assert_eq!(map.get(a, b * 7), Some(a * 1000 + b));
                assert_eq!(map.get(a, b * 7 + 1), None);
            }
        }
        map.insert(3, 7, 5);
        assert_eq!(map.get(3, 7), Some(5));
        assert_eq!(map.len, 10_000);
    }
}
