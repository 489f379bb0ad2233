//! The images of a state: which of them stand for its orbit, and all there are. No user code runs here.
//!
//! Equal states up to symmetry have equal canonical images: those whose symmetric actors stand in the order of keys that do not depend on
//! who is who. The key of an actor is made of its component and of what is in flight from it and to it. Where keys are equal, every order is
//! an image, and the least counts; so keys need not tell actors apart that differ.

use super::ActorSpace;

/// Exchanges of neighbours, by the position of the first, that lead through all orders of `n` things: plain changes (Steinhaus, Johnson,
/// Trotter).
pub(super) fn plain_changes(n: usize) -> Vec<usize> {
    if n < 2 {
        return Vec::new();
    }
    let inner = plain_changes(n - 1);
    let mut changes = Vec::new();
    let mut goes_down = true;
    for step in inner.iter().copied().map(Some).chain([None]) {
        // The last thing walks through the others, down or up; then these change once.
        if goes_down {
            changes.extend((0..n - 1).rev());
        } else {
            changes.extend(0..n - 1);
        }
        if let Some(at) = step {
            changes.push(if goes_down { at + 1 } else { at });
        }
        goes_down = !goes_down;
    }
    changes
}

fn mix(key: u64, salt: u64) -> u64 {
    let mixed = (key ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

impl ActorSpace {
    /// Exchanges two actors in a state. The network is out of order afterwards.
    pub(super) fn exchange(&self, g: usize, words: &mut [u32]) {
        let generator = &self.orbits.generators[g];
        let n = self.n_actors();
        for local in &mut words[..n] {
            *local = generator.locals[*local as usize];
        }
        words.swap(generator.swap[0], generator.swap[1]);
        for (value, images) in words[n..].iter_mut().zip(&generator.observed) {
            *value = images[*value as usize];
        }
        if generator.moves_counters {
            let word = words[self.budget_at()];
            let moved = generator
                .counters
                .iter()
                .enumerate()
                .map(|(from, &to)| self.budget.value(word, from) * self.budget.strides[to]);
            words[self.budget_at()] = moved.sum();
        }
        for item in &mut words[self.header..] {
            *item = generator.items[*item as usize];
        }
    }

    /// Shows the canonical images of a state, each with its network out of order: equal states up to symmetry have equal ones.
    pub(super) fn canonical_images(&self, words: &[u32], show: &mut dyn FnMut(&[u32])) {
        let mut words = words.to_vec();
        let orbits = &self.orbits;
        let n = self.n_actors();
        let mut keys: Vec<u64> = (words[..n].iter())
            .map(|&local| orbits.local_keys[local as usize])
            .collect();
        for &item in &words[self.header..] {
            let (src, dst, key) = orbits.item_keys[item as usize];
            if let Some(of_src) = keys.get_mut(src) {
                *of_src = of_src.wrapping_add(mix(key, 1));
            }
            if let Some(of_dst) = keys.get_mut(dst) {
                *of_dst = of_dst.wrapping_add(mix(key, 2));
            }
        }
        let mut ties: Vec<(usize, usize)> = Vec::new();
        for (group, first) in &orbits.groups {
            // Insertion sort: each exchange is one of neighbours.
            for end in 1..group.len() {
                for at in (0..end).rev() {
                    if keys[group[at]] <= keys[group[at + 1]] {
                        break;
                    }
                    keys.swap(group[at], group[at + 1]);
                    self.exchange(first + at, &mut words);
                }
            }
            let mut start = 0;
            for tie in group.chunk_by(|&a, &b| keys[a] == keys[b]) {
                if tie.len() > 1 {
                    ties.push((first + start, tie.len()));
                }
                start += tie.len();
            }
        }
        self.all_orders(&ties, &mut words, show);
    }

    /// Shows all orders of the actors of each tie: the number of its first generator, and how many actors there are.
    fn all_orders(
        &self,
        ties: &[(usize, usize)],
        words: &mut Vec<u32>,
        show: &mut dyn FnMut(&[u32]),
    ) {
        let Some((&(first, len), rest)) = ties.split_first() else {
            show(words);
            return;
        };
        self.all_orders(rest, words, show);
        for &at in &self.orbits.changes[len] {
            self.exchange(first + at, words);
            self.all_orders(rest, words, show);
        }
    }

    /// The sum that identifies a state up to symmetry.
    pub(super) fn canonical_sum(&self, words: &[u32]) -> u128 {
        let mut least = u128::MAX;
        self.canonical_images(words, &mut |image| least = least.min(self.sum(image)));
        least
    }

    /// The words that are equal for states that are equal up to symmetry.
    pub(super) fn canonical_words(&self, words: &[u32]) -> Vec<u32> {
        let mut least: Option<Vec<u32>> = None;
        self.canonical_images(words, &mut |image| {
            let image = self.in_order(image);
            if least.as_ref().is_none_or(|least| image < *least) {
                least = Some(image);
            }
        });
        least.unwrap_or_default()
    }

    /// The same state with its network in order.
    pub(super) fn in_order(&self, words: &[u32]) -> Vec<u32> {
        let mut words = words.to_vec();
        words[self.header..].sort_unstable();
        words
    }

    /// All images of a state but itself, each with the actors in whose places its actors stood before.
    pub(super) fn all_images(&self, words: &[u32]) -> Vec<(Vec<u32>, Vec<u32>)> {
        let mut images = Vec::new();
        let mut words = words.to_vec();
        let mut origins: Vec<u32> = (0..self.header as u32).collect();
        self.next_images(&self.orbits.groups, &mut words, &mut origins, &mut images);
        images.swap_remove(0);
        images
    }

    fn next_images(
        &self,
        groups: &[(Vec<usize>, usize)],
        words: &mut Vec<u32>,
        origins: &mut Vec<u32>,
        images: &mut Vec<(Vec<u32>, Vec<u32>)>,
    ) {
        let Some(((group, first), rest)) = groups.split_first() else {
            images.push((self.in_order(words), origins.clone()));
            return;
        };
        self.next_images(rest, words, origins, images);
        for &at in &self.orbits.changes[group.len()] {
            self.exchange(first + at, words);
            origins.swap(group[at], group[at + 1]);
            self.next_images(rest, words, origins, images);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn plain_changes_lead_through_all_orders() {
        for n in 0..7 {
            let mut order: Vec<usize> = (0..n).collect();
            let mut seen = BTreeSet::from([order.clone()]);
            for at in plain_changes(n) {
                order.swap(at, at + 1);
                assert!(seen.insert(order.clone()), "an order comes twice");
            }
            assert_eq!(seen.len(), (1..=n).product::<usize>());
        }
    }
}
