//! The visited set: which fingerprints were seen. It holds fingerprints and nothing else, and it never forgets one.
//!
//! The high bits of a fingerprint choose one of [`SHARDS`] shards, so that several threads may insert at once, each into shards
//! of its own. A shard is an array of buckets of 64 bytes, one cache line; the next bits choose the home bucket by multiply-high,
//! which keeps the order of fingerprints, so that growing a shard reads the old array and writes the new one from front to back.
//! A bucket fills from its first slot; what does not fit goes to the next bucket. Zero means empty and is never a fingerprint.
//!
//! Most of what a search asks for it has asked for a moment ago: neighbours of a level have successors in common. So a small cache of the
//! fingerprints seen last, which stays near the processor, answers first; only what it does not hold costs a look into memory.
//!
//! Invariant: a fingerprint lies in the first bucket, from its home on, that was not full when it came; nothing is ever removed,
//! so a look-up may stop at the first bucket that is not full.

use std::marker::PhantomData;
use std::ops::Range;

use memmap2::MmapMut;

use crate::error::Error;
use crate::space::Fingerprint;

/// How many shards there are; a power of two.
pub(super) const SHARDS: usize = 64;

/// Bits that choose the shard.
const SHARD_BITS: u32 = SHARDS.trailing_zeros();

/// A bucket: eight fingerprints of 64 bits, or four of 128 bits, each as its low and its high word.
type Bucket = [u64; 8];

const EMPTY: Bucket = [0; 8];

/// A shard grows when more than this part of its slots is taken.
const LOAD_MAX: (usize, usize) = (7, 8);

/// By how much a shard grows. Small steps keep the memory close to what is needed.
const GROWTH: f64 = 1.35;

/// By how much a shard grows while it is small: memory is no burden yet, and growing is a good part of a short search.
const GROWTH_WHILE_SMALL: f64 = 2.0;

/// Buckets of the first array from which a shard grows in steps.
const STAGGERED_FROM: f64 = 512.0;

/// A shard with fewer buckets is small.
const SMALL: f64 = 4096.0;

/// Buckets of an array that is mapped. A map begins on a page, so that no bucket lies across two cache lines; what the heap gives does not.
const MAPPED_FROM: usize = (32 << 10) / size_of::<Bucket>();

/// Buckets in a large page of 2 MiB. An array of about half a page or more is mapped as whole large pages: with small ones, most look-ups would
/// also miss the processor's memory of where pages are.
const LARGE_PAGE: usize = (2 << 20) / size_of::<Bucket>();

/// Bytes of a large page.
const LARGE_PAGE_BYTES: usize = LARGE_PAGE * size_of::<Bucket>();

/// How many fingerprints wait for the memory they asked for.
const PREFETCH_AHEAD: usize = 16;

/// For each shard so many of the fingerprints seen last are remembered; a power of two.
const RECENT_PER_SHARD: usize = 256;

/// A set of fingerprints.
pub(super) struct Table<F> {
    shards: Vec<Shard<F>>,
    /// For each shard a cache of fingerprints that are in the table, or will be by the end of the running
    /// [`insert_all`](Part::insert_all). Its only effect is on time.
    recent: Vec<F>,
}

/// A part of a table that one thread may write.
pub(super) struct Part<'a, F> {
    shards: &'a mut [Shard<F>],
    recent: &'a mut [F],
    first: usize,
}

struct Shard<F> {
    buckets: Buckets,
    n_buckets: usize,
    /// Taken slots.
    len: usize,
    /// The shard grows before it takes one more than this.
    len_max: usize,
    /// How many buckets there would be without rounding. It begins differently in each shard, so that they grow one after another.
    ideal: f64,
    fingerprint: PhantomData<F>,
}

enum Buckets {
    Heap(Vec<Bucket>),
    Mapped {
        map: MmapMut,
        /// The bytes of the map that are buckets: they begin where a large page may.
        range: Range<usize>,
    },
}

/// What became of a fingerprint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placed {
    Known,
    New,
    /// The bucket is full of others.
    Full,
}

impl<F: Fingerprint> Table<F> {
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).map(|i| {
            let part = i as f64 / SHARDS as f64;
            Shard::new(STAGGERED_FROM * GROWTH_WHILE_SMALL.powf(part))
        });
        Table {
            shards: shards.collect(),
            recent: vec![F::default(); SHARDS * RECENT_PER_SHARD],
        }
    }

    /// How many fingerprints it holds.
    pub(super) fn len(&self) -> u64 {
        self.shards.iter().map(|shard| shard.len as u64).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.len == 0)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let n_buckets: usize = self.shards.iter().map(|shard| shard.n_buckets).sum();
        n_buckets * size_of::<Bucket>() + self.recent.capacity() * size_of::<F>()
    }

    pub(super) fn contains(&self, fingerprint: F) -> bool {
        self.shards[shard_of(fingerprint)].contains(fingerprint)
    }

    /// Inserts one fingerprint; whether it is new.
    pub(super) fn insert(&mut self, fingerprint: F) -> Result<bool, Error> {
        let shard = &mut self.shards[shard_of(fingerprint)];
        let is_new = shard.insert(fingerprint, shard.home(fingerprint));
        shard.grow_if_full()?;
        Ok(is_new)
    }

    /// The whole table as one part.
    pub(super) fn whole(&mut self) -> Part<'_, F> {
        Part {
            shards: &mut self.shards,
            recent: &mut self.recent,
            first: 0,
        }
    }

    /// The table as `n` parts; part `g` takes the fingerprints of [`group_of`]`(…, n)` = `g`.
    pub(super) fn parts(&mut self, n: usize) -> Vec<Part<'_, F>> {
        let size = SHARDS / n;
        let shards = self.shards.chunks_mut(size);
        let recent = self.recent.chunks_mut(size * RECENT_PER_SHARD);
        (shards.zip(recent).enumerate())
            .map(|(g, (shards, recent))| Part {
                shards,
                recent,
                first: g * size,
            })
            .collect()
    }
}

/// Which of `n` parts (a power of two, at most [`SHARDS`]) a fingerprint belongs to.
#[inline]
pub(super) fn group_of<F: Fingerprint>(fingerprint: F, n: usize) -> usize {
    shard_of(fingerprint) / (SHARDS / n)
}

#[inline]
fn shard_of<F: Fingerprint>(fingerprint: F) -> usize {
    (fingerprint.bits() >> (64 - SHARD_BITS)) as usize
}

impl<F: Fingerprint> Part<'_, F> {
    /// Inserts fingerprints in order, zeros left out, and calls `fresh` with the position of each that is new.
    pub(super) fn insert_all(
        &mut self,
        fingerprints: &[F],
        mut fresh: impl FnMut(usize),
    ) -> Result<(), Error> {
        // A ring of those that wait, each with its position and its home, the oldest at `n_done`.
        let mut waiting = [(F::default(), 0, 0); PREFETCH_AHEAD];
        let (mut n_asked, mut n_done) = (0, 0);
        for (position, &fingerprint) in fingerprints.iter().enumerate() {
            // Zero marks a place without a step.
            if fingerprint == F::default() || self.is_recent(fingerprint) {
                continue;
            }
            if n_asked - n_done == PREFETCH_AHEAD {
                self.insert_oldest(&mut waiting, n_done, &mut fresh)?;
                n_done += 1;
            }
            let home = self.prefetch(fingerprint);
            waiting[n_asked % PREFETCH_AHEAD] = (fingerprint, position, home);
            n_asked += 1;
        }
        for oldest in n_done..n_asked {
            self.insert_oldest(&mut waiting, oldest, &mut fresh)?;
        }
        Ok(())
    }

    #[inline]
    fn insert_oldest(
        &mut self,
        waiting: &mut [(F, usize, usize); PREFETCH_AHEAD],
        oldest: usize,
        fresh: &mut impl FnMut(usize),
    ) -> Result<(), Error> {
        let (fingerprint, position, home) = waiting[oldest % PREFETCH_AHEAD];
        let shard = &mut self.shards[shard_of(fingerprint) - self.first];
        if shard.insert(fingerprint, home) {
            fresh(position);
            if shard.grow_if_full()? {
                // Whoever waits in this shard has moved.
                for (fingerprint, _, home) in waiting {
                    if *fingerprint != F::default() {
                        *home = self.prefetch(*fingerprint);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a fingerprint was seen a moment ago; from now on it was.
    #[inline]
    fn is_recent(&mut self, fingerprint: F) -> bool {
        let shard = shard_of(fingerprint) - self.first;
        let index = fingerprint.bits() as usize % RECENT_PER_SHARD;
        let last = &mut self.recent[shard * RECENT_PER_SHARD + index];
        std::mem::replace(last, fingerprint) == fingerprint
    }

    /// Asks for the memory where a fingerprint would like to be: which bucket.
    #[inline]
    fn prefetch(&self, fingerprint: F) -> usize {
        let shard = &self.shards[shard_of(fingerprint) - self.first];
        let home = shard.home(fingerprint);
        prefetch(&shard.buckets.view()[home]);
        home
    }
}

impl<F: Fingerprint> Shard<F> {
    fn new(ideal: f64) -> Self {
        Shard {
            buckets: Buckets::Heap(vec![EMPTY]),
            n_buckets: 1,
            len: 0,
            len_max: len_max::<F>(1),
            ideal,
            fingerprint: PhantomData,
        }
    }

    /// The bucket where a fingerprint would like to be.
    #[inline]
    fn home(&self, fingerprint: F) -> usize {
        home(fingerprint, self.n_buckets)
    }

    fn contains(&self, fingerprint: F) -> bool {
        let buckets = self.buckets.view();
        let mut bucket_idx = self.home(fingerprint);
        loop {
            // On a copy, so that nothing is changed.
            let mut bucket = buckets[bucket_idx];
            match place_in(&mut bucket, fingerprint) {
                Placed::Known => return true,
                Placed::New => return false,
                Placed::Full => bucket_idx = next(bucket_idx, self.n_buckets),
            }
        }
    }

    /// Inserts a fingerprint whose home is known; whether it is new. There is always a free slot.
    #[inline]
    fn insert(&mut self, fingerprint: F, home: usize) -> bool {
        let is_new = place(self.buckets.view_mut(), home, fingerprint);
        self.len += usize::from(is_new);
        is_new
    }

    /// Makes room for one more, if needed; whether everything moved.
    #[inline]
    fn grow_if_full(&mut self) -> Result<bool, Error> {
        if self.len <= self.len_max {
            return Ok(false);
        }
        self.grow()?;
        Ok(true)
    }

    #[cold]
    fn grow(&mut self) -> Result<(), Error> {
        // A small set, as most are, makes do with a small array.
        let n_buckets = if self.n_buckets * 8 < self.ideal as usize {
            self.n_buckets * 8
        } else {
            while self.ideal as usize <= self.n_buckets {
                self.ideal *= if self.ideal < SMALL {
                    GROWTH_WHILE_SMALL
                } else {
                    GROWTH
                };
            }
            match self.ideal as usize {
                n if n < LARGE_PAGE / 2 => n,
                n => n.next_multiple_of(LARGE_PAGE),
            }
        };
        let mut grown = Buckets::new(n_buckets)?;
        let to = grown.view_mut();
        for bucket in self.buckets.view() {
            for words in bucket.chunks_exact(size_of::<F>() / size_of::<u64>()) {
                let fingerprint: F = bytemuck::pod_read_unaligned(bytemuck::cast_slice(words));
                if fingerprint != F::default() {
                    place(to, home(fingerprint, n_buckets), fingerprint);
                }
            }
        }
        self.buckets = grown;
        self.n_buckets = n_buckets;
        self.len_max = len_max::<F>(n_buckets);
        Ok(())
    }
}

fn len_max<F>(n_buckets: usize) -> usize {
    let n_slots = n_buckets * (size_of::<Bucket>() / size_of::<F>());
    n_slots * LOAD_MAX.0 / LOAD_MAX.1
}

#[inline]
fn home<F: Fingerprint>(fingerprint: F, n_buckets: usize) -> usize {
    let position = fingerprint.bits() << SHARD_BITS;
    ((u128::from(position) * n_buckets as u128) >> 64) as usize
}

#[inline]
fn next(bucket_idx: usize, n_buckets: usize) -> usize {
    if bucket_idx + 1 == n_buckets {
        0
    } else {
        bucket_idx + 1
    }
}

/// Puts a fingerprint into the first free slot from its home on, unless it is there; whether it was not. There must be a free slot.
#[inline]
fn place<F: Fingerprint>(buckets: &mut [Bucket], home: usize, fingerprint: F) -> bool {
    let mut bucket_idx = home;
    loop {
        match place_in(&mut buckets[bucket_idx], fingerprint) {
            Placed::Known => return false,
            Placed::New => return true,
            Placed::Full => bucket_idx = next(bucket_idx, buckets.len()),
        }
    }
}

/// Puts a fingerprint into the first free slot of a bucket, unless it is there.
#[inline(always)]
fn place_in<F: Fingerprint>(bucket: &mut Bucket, fingerprint: F) -> Placed {
    // All slots are looked at without a branch in between, in words, so that the compiler compares several at once: the top bit
    // of `d | -d` is clear only where `d` is zero.
    let words: &[u64] = bytemuck::cast_slice(std::slice::from_ref(&fingerprint));
    let mut differs = u64::MAX;
    let mut n_words_taken = 0;
    match *words {
        [word] => {
            for slot in bucket.iter() {
                let d = slot ^ word;
                differs &= d | d.wrapping_neg();
            }
            if differs >> 63 == 0 {
                return Placed::Known;
            }
            for &slot in bucket.iter() {
                n_words_taken += usize::from(slot != 0);
            }
        }
        _ => {
            for slot in bucket.chunks_exact(2) {
                let d = (slot[0] ^ words[0]) | (slot[1] ^ words[1]);
                differs &= d | d.wrapping_neg();
            }
            if differs >> 63 == 0 {
                return Placed::Known;
            }
            for slot in bucket.chunks_exact(2) {
                n_words_taken += 2 * usize::from(slot[0] | slot[1] != 0);
            }
        }
    }
    match bucket.get_mut(n_words_taken..n_words_taken + words.len()) {
        Some(slot) => {
            slot.copy_from_slice(words);
            Placed::New
        }
        None => Placed::Full,
    }
}

impl Buckets {
    fn new(n_buckets: usize) -> Result<Self, Error> {
        if n_buckets < MAPPED_FROM {
            return Ok(Buckets::Heap(vec![EMPTY; n_buckets]));
        }
        let bytes = n_buckets * size_of::<Bucket>();
        let map = |n_bytes| {
            MmapMut::map_anon(n_bytes).map_err(|error| {
                Error::capacity(format!("the visited set cannot grow: {error}"))
                    .with_cure("give the check a memory limit, or a smaller model")
            })
        };
        if n_buckets < LARGE_PAGE {
            return Ok(Buckets::Mapped {
                map: map(bytes)?,
                range: 0..bytes,
            });
        }
        // Whole large pages from the first byte on. What is mapped beyond them is never touched.
        let map = map(bytes + LARGE_PAGE_BYTES)?;
        let start = map.as_ptr().addr().wrapping_neg() % LARGE_PAGE_BYTES;
        // Large pages only make it faster: where the system refuses them, nothing else changes.
        #[cfg(target_os = "linux")]
        let _ = map.advise_range(memmap2::Advice::HugePage, start, bytes);
        Ok(Buckets::Mapped {
            map,
            range: start..start + bytes,
        })
    }

    #[inline]
    fn view(&self) -> &[Bucket] {
        match self {
            Buckets::Heap(buckets) => buckets,
            Buckets::Mapped { map, range } => bytemuck::cast_slice(&map[range.clone()]),
        }
    }

    #[inline]
    fn view_mut(&mut self) -> &mut [Bucket] {
        match self {
            Buckets::Heap(buckets) => buckets,
            Buckets::Mapped { map, range } => bytemuck::cast_slice_mut(&mut map[range.clone()]),
        }
    }
}

/// Asks for the cache line of something before it is needed.
#[inline]
#[allow(unsafe_code)]
pub(super) fn prefetch<T>(wanted: &T) {
    // SAFETY: a prefetch reads nothing that the program can see and faults on no address; this one is of a live reference.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(wanted).cast());
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) std::ptr::from_ref(wanted), options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = wanted;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn check_against_set<F: Fingerprint>(fingerprints: &[F]) {
        let mut table = Table::<F>::new();
        let mut set = HashSet::new();
        for batch in fingerprints.chunks(1000) {
            let mut fresh = Vec::new();
            table
                .whole()
                .insert_all(batch, |position| fresh.push(position))
                .unwrap();
            let expected: Vec<usize> = (0..batch.len()).filter(|&i| set.insert(batch[i])).collect();
            assert_eq!(fresh, expected);
        }
        assert_eq!(table.len(), set.len() as u64);
        assert!(set.iter().all(|&f| table.contains(f)));
    }

    #[test]
    fn agrees_with_a_hash_set_while_it_grows() {
        let random = |i: u64| u64::finish(u128::from(i % 200_000) * 0x9e37_79b9_7f4a_7c15);
        check_against_set(&(0..300_000).map(random).collect::<Vec<u64>>());
        let random = |i: u64| u128::finish(u128::from(i % 60_000) * 0x9e37_79b9_7f4a_7c15);
        check_against_set(&(0..100_000).map(random).collect::<Vec<u128>>());
    }

    #[test]
    fn overflow_runs_on_into_the_next_buckets_and_round_the_end() {
        // All in the last shard, at its very end, and few distinct homes.
        let last: Vec<u64> = (0..500).map(|i| u64::MAX - i % 300).collect();
        check_against_set(&last);
        // All in the first shard, at its very beginning.
        let first: Vec<u64> = (0..500).map(|i| 1 + i % 300).collect();
        check_against_set(&first);
    }

    #[test]
    fn parts_and_whole_agree() {
        let fingerprints: Vec<u64> = (1..50_000u64).map(|i| u64::finish(i.into())).collect();
        let mut whole = Table::new();
        whole.whole().insert_all(&fingerprints, |_| {}).unwrap();
        let mut parted = Table::new();
        for (g, part) in parted.parts(8).iter_mut().enumerate() {
            let own: Vec<u64> = fingerprints
                .iter()
                .copied()
                .filter(|&f| group_of(f, 8) == g)
                .collect();
            part.insert_all(&own, |_| {}).unwrap();
        }
        assert_eq!(whole.len(), parted.len());
        assert!(fingerprints.iter().all(|&f| parted.contains(f)));
    }

    #[test]
    fn memory_stays_close_to_what_is_needed() {
        let mut table = Table::new();
        for i in 1..3_000_000u64 {
            table.insert(u64::finish(i.into())).unwrap();
            if i >= 200_000 && i % 100_000 == 0 {
                let arrays = table.bytes() - table.recent.capacity() * size_of::<u64>();
                let per_state = arrays as f64 / i as f64;
                let per_state_max = if i < 2_000_000 { 16.0 } else { 12.5 };
                assert!(
                    per_state < per_state_max,
                    "{per_state} bytes a state at {i}"
                );
            }
        }
    }
}
