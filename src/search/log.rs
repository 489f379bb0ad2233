//! The trace log: how every state was first reached, in about two bytes a state. It holds no state and no fingerprint.
//!
//! Within a level, states stand in the order of their parents, so a state's parent follows from how many children each parent
//! has. The log keeps for every state the index of the step that led to it, and for every parent the number of its children.
//!
//! Invariant: level `d + 1` has as many states as the children of level `d` add up to.

use super::Path;

/// Numbers that are almost always small, one byte each; larger ones are kept aside.
#[derive(Default)]
struct Bytes {
    blocks: Vec<Vec<u8>>,
    large: Vec<(u64, u32)>,
}

/// Bytes in a block: large enough to be no burden, small enough to grow by.
const BLOCK_LEN: usize = 1 << 18;

/// Stands for a number kept aside.
const LARGE: u8 = u8::MAX;

impl Bytes {
    fn len(&self) -> u64 {
        let full = self.blocks.len().saturating_sub(1) * BLOCK_LEN;
        (full + self.blocks.last().map_or(0, Vec::len)) as u64
    }

    fn extend(&mut self, values: &[u32]) {
        for &value in values {
            if self.blocks.last().is_none_or(|b| b.len() == BLOCK_LEN) {
                self.blocks.push(Vec::new());
            }
            let position = self.len();
            let Some(block) = self.blocks.last_mut() else {
                unreachable!("a block was just pushed")
            };
            match u8::try_from(value) {
                Ok(byte) if byte != LARGE => block.push(byte),
                _ => {
                    block.push(LARGE);
                    self.large.push((position, value));
                }
            }
        }
    }

    fn get(&self, position: u64) -> u32 {
        let byte = self.blocks[position as usize / BLOCK_LEN][position as usize % BLOCK_LEN];
        match byte {
            LARGE => {
                let found = self.large.binary_search_by_key(&position, |&(p, _)| p);
                self.large[found.expect("a large number is kept aside")].1
            }
            byte => u32::from(byte),
        }
    }

    fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Vec::capacity).sum();
        blocks + self.large.capacity() * size_of::<(u64, u32)>()
    }
}

/// One level of the log.
#[derive(Default)]
struct Level {
    /// For each state the step that led to it.
    steps: Bytes,
    /// For each state that was expanded the number of its children.
    children: Bytes,
}

/// How every state was first reached.
#[derive(Default)]
pub(super) struct Log {
    /// For each state of level 0 its index among the initial states.
    initial: Vec<u32>,
    levels: Vec<Level>,
    /// Bytes of all levels but the last two.
    bytes_settled: usize,
    /// A deliberate fault: every parent is given as the one after it.
    #[cfg(debug_assertions)]
    names_wrong_parents: bool,
}

/// A state by its place in the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Steps from an initial state.
    pub(crate) depth: u32,
    /// Position in its level, in search order.
    pub(crate) position: u64,
}

impl Log {
    /// Notes level 0.
    pub(super) fn begin(&mut self, initial: Vec<u32>) {
        self.initial = initial;
        self.levels.push(Level::default());
    }

    /// Begins the next level.
    pub(super) fn begin_level(&mut self) {
        if let [.., settled, _] = &self.levels[..] {
            self.bytes_settled += settled.steps.bytes() + settled.children.bytes();
        }
        self.levels.push(Level::default());
    }

    /// Notes how many children the next parents of the last level but one have, and by which steps they come.
    pub(super) fn extend(&mut self, children: &[u32], steps: &[u32]) {
        let [.., parents, states] = &mut self.levels[..] else {
            unreachable!("a level was begun")
        };
        parents.children.extend(children);
        states.steps.extend(steps);
    }

    /// The path along which a state was first reached.
    pub(super) fn path(&self, place: Place) -> Path {
        let mut steps = Vec::with_capacity(place.depth as usize);
        let mut position = place.position;
        for depth in (1..=place.depth as usize).rev() {
            steps.push(self.levels[depth].steps.get(position));
            position = self.parent(depth, position);
        }
        steps.reverse();
        Path {
            initial: self.initial[position as usize] as usize,
            steps,
            loop_start: None,
        }
    }

    /// The position, one level up, of the parent of a state.
    fn parent(&self, depth: usize, position: u64) -> u64 {
        let children = &self.levels[depth - 1].children;
        let mut n_before = 0;
        for parent in 0..children.len() {
            n_before += u64::from(children.get(parent));
            if position < n_before {
                #[cfg(debug_assertions)]
                if self.names_wrong_parents {
                    return (parent + 1) % children.len();
                }
                return parent;
            }
        }
        unreachable!("every state of a later level has a parent")
    }

    /// From now on every parent is given as the one after it, for the tests that must catch it.
    #[cfg(debug_assertions)]
    pub(super) fn name_wrong_parents(&mut self) {
        self.names_wrong_parents = true;
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let last = self.levels.iter().rev().take(2);
        let last: usize = last.map(|l| l.steps.bytes() + l.children.bytes()).sum();
        self.bytes_settled + last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_paths_back_with_large_numbers_too() {
        let mut log = Log::default();
        log.begin(vec![2, 5]);
        log.begin_level();
        // The first initial state has none, the second 300 children by steps 0, 1000, 2000, …
        let steps: Vec<u32> = (0..300).map(|i| i * 1000).collect();
        log.extend(&[0, 300], &steps);
        log.begin_level();
        let mut children = vec![0; 300];
        children[254] = 1;
        children[299] = 2;
        log.extend(&children, &[255, 7, 254]);
        let path = |depth, position| log.path(Place { depth, position });
        let expected = |initial, steps: &[u32]| Path {
            initial,
            steps: steps.to_vec(),
            loop_start: None,
        };
        assert_eq!(path(0, 1), expected(5, &[]));
        assert_eq!(path(1, 299), expected(5, &[299_000]));
        assert_eq!(path(2, 0), expected(5, &[254_000, 255]));
        assert_eq!(path(2, 2), expected(5, &[299_000, 254]));
    }
}
