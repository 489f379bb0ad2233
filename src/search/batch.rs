//! One batch through its phases: expand, probe, emit, append. See [`levels`](super::levels) for what they are.

use rayon::prelude::*;

use super::chunk::Chunk;
use super::levels::{BATCH_CHUNKS, Search, Visited};
use super::liveness::Record;
use super::log::Place;
use super::{Monitor, Progress, Stop};
use crate::error::Error;
use crate::space::{Absorbed, Fingerprint, StateSpace};

/// How a batch ended.
pub(super) enum Batch {
    Done,
    /// What the space learnt changes earlier answers.
    Restart,
    /// It found a state that is deeper than it may be.
    Beyond,
}

/// Neighbouring chunks that one thread takes at a time.
const CHUNKS_AT_ONCE: usize = 4;

/// Runs a phase: each chunk with its scratch, in parallel where there is more than one thread.
pub(super) fn each<C: Send, X: Send>(
    parallel: bool,
    chunks: &mut [C],
    scratches: &mut [X],
    phase: impl Fn(&mut C, &mut X) + Sync,
) {
    if parallel && chunks.len() > 1 {
        let pairs = chunks.par_iter_mut().zip(scratches);
        let pairs = pairs
            .with_min_len(CHUNKS_AT_ONCE)
            .with_max_len(CHUNKS_AT_ONCE);
        pairs.for_each(|(chunk, scratch)| phase(chunk, scratch));
    } else {
        for (chunk, scratch) in chunks.iter_mut().zip(scratches) {
            phase(chunk, scratch);
        }
    }
}

impl<S: StateSpace, F: Fingerprint> Search<S, F> {
    /// Expands the next states of the current level. Where they are the deepest allowed, finds out whether they have new
    /// successors, and keeps none.
    pub(super) fn batch(&mut self, space: &mut S, is_last: bool) -> Result<Batch, Error> {
        self.current
            .stretches(self.used, BATCH_CHUNKS, &mut self.stretches);
        let n = self.stretches.len();
        for (chunk, stretch) in self.chunks.iter_mut().zip(&self.stretches) {
            chunk.begin(stretch.clone());
        }
        if let Absorbed::Restart = self.expand(space, n)? {
            return Ok(Batch::Restart);
        }
        if self.digest.is_some() {
            let (current, shared) = (&self.current, &*space);
            let phase = |chunk: &mut Chunk<S::Arena, F>, _: &mut S::Scratch| {
                chunk.tally(shared, current.block(&chunk.stretch));
            };
            let parallel = self.options.threads > 1;
            each(parallel, &mut self.chunks[..n], &mut self.scratches, phase);
        }
        self.probe(space, n)?;
        if let Absorbed::Restart = self.emit(space, n)? {
            return Ok(Batch::Restart);
        }
        if is_last && self.chunks[..n].iter().any(|chunk| !chunk.steps.is_empty()) {
            return Ok(Batch::Beyond);
        }
        self.count(n)?;
        self.digest_batch(space, n);
        self.record_batch(n)?;
        self.append(n);
        Ok(Batch::Done)
    }

    fn expand(&mut self, space: &mut S, n: usize) -> Result<Absorbed, Error> {
        let (parallel, n_groups) = (self.options.threads > 1, self.n_groups);
        loop {
            let (current, shared) = (&self.current, &*space);
            let phase = |chunk: &mut Chunk<S::Arena, F>, scratch: &mut S::Scratch| {
                if chunk.missing {
                    let block = current.block(&chunk.stretch);
                    chunk.expand(shared, block, scratch);
                    if n_groups > 1 && !chunk.missing {
                        chunk.group(n_groups);
                    }
                }
            };
            each(parallel, &mut self.chunks[..n], &mut self.scratches, phase);
            if !self.chunks[..n].iter().any(|chunk| chunk.missing) {
                break;
            }
            if let Absorbed::Restart = space.absorb(&mut self.scratches)? {
                return Ok(Absorbed::Restart);
            }
        }
        let too_many = |chunk: &Chunk<S::Arena, F>| u32::try_from(chunk.candidates.len()).is_err();
        if self.chunks[..n].iter().any(too_many) {
            return Err(Error::capacity("a state has more than 2^26 steps"));
        }
        Ok(Absorbed::Continue)
    }

    fn probe(&mut self, space: &S, n: usize) -> Result<(), Error> {
        let chunks = &mut self.chunks[..n];
        match &mut self.visited {
            Visited::Hashed { seen, .. } if self.n_groups == 1 => {
                let mut seen = seen.whole();
                for chunk in chunks {
                    let fresh = &mut chunk.fresh;
                    fresh.clear();
                    seen.insert_all(&chunk.candidates, |position| fresh.push(position as u32))?;
                }
            }
            Visited::Hashed { seen, .. } => {
                let mut parts = seen.parts(self.n_groups);
                let fresh = parts.par_iter_mut().enumerate().with_max_len(1);
                let fresh = fresh.map(|(group, part)| {
                    let mut fresh = Vec::new();
                    let mut ends = Vec::with_capacity(n);
                    for chunk in &*chunks {
                        let (candidates, positions) = chunk.of_group(group);
                        part.insert_all(candidates, |i| fresh.push(positions[i]))?;
                        ends.push(fresh.len());
                    }
                    Ok((fresh, ends))
                });
                let fresh: Vec<(Vec<u32>, Vec<usize>)> = fresh.collect::<Result<_, Error>>()?;
                for (i, chunk) in chunks.iter_mut().enumerate() {
                    chunk.fresh.clear();
                    for (positions, ends) in &fresh {
                        let start = if i == 0 { 0 } else { ends[i - 1] };
                        chunk.fresh.extend_from_slice(&positions[start..ends[i]]);
                    }
                    chunk.fresh.sort_unstable();
                }
            }
            Visited::Exact(exact) => {
                exact.begin_batch();
                for (chunk, scratch) in chunks.iter_mut().zip(&mut self.scratches) {
                    let block = self.current.block(&chunk.stretch);
                    exact.probe(space, chunk, block, scratch)?;
                }
            }
        }
        Ok(())
    }

    fn emit(&mut self, space: &mut S, n: usize) -> Result<Absorbed, Error> {
        let parallel = self.options.threads > 1;
        let watch = self.findings.watch();
        let (current, shared) = (&self.current, &*space);
        let phase = |chunk: &mut Chunk<S::Arena, F>, scratch: &mut S::Scratch| {
            let block = current.block(&chunk.stretch);
            chunk.failed = chunk.emit(shared, block, scratch, watch).err();
        };
        each(parallel, &mut self.chunks[..n], &mut self.scratches, phase);
        let mut failed = self.chunks[..n].iter_mut();
        if let Some(error) = failed.find_map(|chunk| chunk.failed.take()) {
            return Err(error);
        }
        while self.chunks[..n].iter().any(|chunk| chunk.missing) {
            if let Absorbed::Restart = space.absorb(&mut self.scratches)? {
                return Ok(Absorbed::Restart);
            }
            let shared = &*space;
            let phase = |chunk: &mut Chunk<S::Arena, F>, scratch: &mut S::Scratch| {
                if chunk.missing {
                    chunk.judge(shared, scratch, watch);
                }
            };
            each(parallel, &mut self.chunks[..n], &mut self.scratches, phase);
        }
        Ok(Absorbed::Continue)
    }

    /// Counts the batch, once it is known which of its states lie outside.
    fn count(&mut self, n: usize) -> Result<(), Error> {
        let chunks = &mut self.chunks[..n];
        let n_outside: u64 = match &mut self.visited {
            Visited::Hashed { outside, .. } => {
                for chunk in &*chunks {
                    self.limits.outside_bits |= chunk.report.outside_bits;
                    for &state in &chunk.report.outside {
                        let position = chunk.fresh[state as usize];
                        outside.insert(chunk.candidates[position as usize])?;
                    }
                }
                if outside.is_empty() {
                    0
                } else {
                    let outside = &*outside;
                    let phase = |chunk: &mut Chunk<S::Arena, F>, _: &mut S::Scratch| {
                        let candidates = chunk.candidates.iter();
                        chunk.n_outside = candidates
                            .filter(|&&f| f != F::default() && outside.contains(f))
                            .count() as u64;
                    };
                    let parallel = self.options.threads > 1;
                    each(parallel, chunks, &mut self.scratches, phase);
                    chunks.iter().map(|chunk| chunk.n_outside).sum()
                }
            }
            Visited::Exact(exact) => {
                let mut first = 0;
                for chunk in &*chunks {
                    self.limits.outside_bits |= chunk.report.outside_bits;
                    for &state in &chunk.report.outside {
                        exact.note_outside(first + u64::from(state));
                    }
                    first += chunk.fresh.len() as u64;
                }
                exact.n_batch_outside()
            }
        };
        let n_steps: u64 = chunks.iter().map(|chunk| chunk.n_steps).sum();
        self.counts.generated += n_steps - n_outside;
        Ok(())
    }

    /// Puts together what the chunks found, in their order.
    fn append(&mut self, n: usize) {
        let depth = self.counts.depth + 1;
        let mut n_expanded = 0;
        for chunk in &mut self.chunks[..n] {
            let first = Place {
                depth,
                position: self.next.len(),
            };
            self.findings.add(&chunk.report, first);
            self.log.extend(&chunk.n_children, &chunk.steps);
            self.counts.unique += chunk.steps.len() as u64;
            n_expanded += chunk.parents.len() as u64;
            self.next.append(&mut chunk.arena, &chunk.report.outside);
        }
        if let Some(last) = self.stretches.last() {
            let kept = self.record.as_mut().map(|record| &mut record.blocks);
            self.used = self.current.release(last, n_expanded, &mut self.next, kept);
        }
    }

    /// Tells the caller how far the search is; why to stop, if it is to.
    pub(super) fn poll(&mut self, space: &S, monitor: &dyn Monitor) -> Option<Stop> {
        let visited = match &self.visited {
            Visited::Hashed { seen, outside } => seen.bytes() + outside.bytes(),
            Visited::Exact(exact) => exact.bytes(),
        };
        let chunks: usize = self.chunks.iter().map(Chunk::bytes).sum();
        let levels = self.current.bytes() + self.next.bytes() + self.log.bytes();
        let record = self.record.as_ref().map_or(0, Record::bytes);
        let bytes = (visited + chunks + levels + record + space.bytes()) as u64;
        self.bytes_peak = self.bytes_peak.max(bytes);
        let mut counts = self.counts;
        counts.transitions = counts.generated - self.n_initial;
        let stop = monitor.poll(&Progress {
            counts,
            queue: self.current.len() + self.next.len(),
            bytes,
        });
        let full = self.options.memory_max.is_some_and(|max| bytes > max);
        stop.or(full.then_some(Stop::Memory))
    }
}
