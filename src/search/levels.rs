//! The search itself: level by level, batch by batch, the same for any number of threads.
//!
//! A batch is a constant number of chunks of a constant number of states. Its phases:
//!
//! 1. *expand*: chunks in parallel, the space is only read. Where the space lacks an answer, `absorb` runs what is missing, and
//!    the chunk asks again.
//! 2. *probe*: groups of shards of the visited set in parallel, each taking its candidates in chunk order. So the first to discover
//!    a state is the least (parent, step), whatever the threads.
//! 3. *emit*: chunks in parallel build the states that are new, and judge them.
//! 4. *append*, in chunk order: the next level, the log, the findings.
//!
//! Invariant: nothing that is found depends on how many threads there are, nor on how the visited set is cut into groups.

use super::batch::Batch;
use super::chunk::Chunk;
use super::exact::Exact;
use super::faults;
use super::frontier::{Block, Frontier, Stretch};
use super::limits::{self, Limits};
use super::liveness::{self, Graph, Record, Store};
use super::log::{Log, Place};
use super::verdicts::{Extent, Findings};
use super::visited::{SHARDS, Table};
use super::{Counts, Monitor, Options, Outcome};
use crate::error::Error;
use crate::space::{Absorbed, Arena, Fingerprint, PropertyDecl, StateSpace};

/// Chunks in a batch. It bounds what a batch needs besides the levels, and how many threads can share one.
pub(super) const BATCH_CHUNKS: usize = 128;

/// A thread's stack: user code runs on it, and may recurse.
const STACK_BYTES: usize = 64 << 20;

/// A finished search, and what it takes to choose among its shortest paths.
pub(crate) struct Explored<A> {
    pub(crate) outcome: Outcome,
    /// The initial states.
    pub(crate) initial: Block<A>,
    /// For each level how many states it has.
    pub(crate) level_sizes: Vec<u64>,
    /// For each property of the outcome the states that decided it.
    pub(crate) places: Vec<Vec<Place>>,
    /// For each property of the outcome, where the fewest faults that break it were looked for, how many they are.
    pub(crate) fewest: Vec<Option<u64>>,
}

/// Searches a space; the paths of the outcome are the first found. Where states were taken for the same up to symmetry the space still does so: whoever
/// walks the paths walks through the states themselves, and calls [`StateSpace::reduce`] before.
pub(crate) fn explore<S: StateSpace>(
    space: &mut S,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Explored<S::Arena>, Error> {
    let asked = limits::asked(space.properties(), options)?;
    space.bound_faults(options.faults_max)?;
    if options.fewest_faults {
        faults::validate(space.properties(), &space.fault_kinds(), options)?;
    }
    liveness::validate(space.properties(), asked)?;
    let reduces = reduces(space, options, asked)?;
    space.reduce(reduces)?;
    let explored = in_pool(options, || {
        space.seed(options.hash_seed);
        space.count_handlers(options.digest);
        match options.fingerprint_bits {
            64 => run::<S, u64>(space, options, monitor, asked),
            128 => run::<S, u128>(space, options, monitor, asked),
            bits => Err(Error::usage(format!("a fingerprint has no {bits} bits"))
                .with_cure("64 and 128 are possible")),
        }
    });
    let mut explored = explored??;
    explored.outcome.symmetry = space.symmetry().filter(|_| reduces);
    Ok(explored)
}

/// Whether states that differ only by who is who are taken for the same.
pub(crate) fn reduces<S: StateSpace>(
    space: &S,
    options: &Options,
    asked: u64,
) -> Result<bool, Error> {
    let reduces = options.symmetry && space.symmetry().is_some();
    if reduces && asks_liveness(space.properties(), asked) {
        return Err(Error::usage(
            "symmetry cannot be combined with properties about runs without end: fairness is about each actor by itself",
        )
        .with_cure(
            "check without symmetry (--no-symmetry), or check other properties by themselves (--property)",
        ));
    }
    Ok(reduces)
}

/// Runs with the threads that the options ask for, so that the parallel code of a space uses just as many.
pub(crate) fn in_pool<R: Send>(
    options: &Options,
    run: impl FnOnce() -> R + Send,
) -> Result<R, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .stack_size(STACK_BYTES)
        .build()
        .map_err(|error| {
            Error::capacity(format!("cannot start {} threads: {error}", options.threads))
                .with_cure("use fewer threads")
        })?;
    Ok(pool.install(run))
}

fn run<S: StateSpace, F: Fingerprint>(
    space: &mut S,
    options: &Options,
    monitor: &dyn Monitor,
    asked: u64,
) -> Result<Explored<S::Arena>, Error> {
    loop {
        let mut search = Search::<S, F>::new(space, options, asked);
        if let Flow::Done = search.run(space, monitor)? {
            let record = search.take_record();
            let mut explored = search.finish(space);
            if let Some((graph, store)) = record {
                liveness::decide(space, graph, &store, options, monitor, &mut explored)?;
            }
            return Ok(explored);
        }
    }
}

/// Whether a property that is asked for is about runs without end.
fn asks_liveness(decls: &[PropertyDecl], asked: u64) -> bool {
    let mut decls = decls.iter().enumerate();
    decls.any(|(p, decl)| asked & (1 << p) != 0 && decl.kind.is_liveness())
}

/// Whether the search goes on.
enum Flow {
    Done,
    /// What the space learnt changes earlier answers.
    Restart,
}

pub(super) enum Visited<A, F> {
    Hashed {
        seen: Table<F>,
        /// Those of `seen` whose states lie outside a boundary.
        outside: Table<F>,
    },
    Exact(Exact<A, F>),
}

pub(super) struct Search<S: StateSpace, F> {
    pub(super) options: Options,
    /// Groups of shards that are probed in parallel; 1 where there is one thread.
    pub(super) n_groups: usize,
    pub(super) visited: Visited<S::Arena, F>,
    /// How many initial states are inside, repeated ones included.
    pub(super) n_initial: u64,
    /// Level 0, once it is expanded.
    initial: Block<S::Arena>,
    pub(super) current: Frontier<S::Arena>,
    /// States of the first block of `current` that are used up.
    pub(super) used: usize,
    pub(super) next: Frontier<S::Arena>,
    /// Where a liveness property is asked for: all states, and the steps between them.
    pub(super) record: Option<Record<S::Arena, F>>,
    pub(super) stretches: Vec<Stretch>,
    pub(super) chunks: Vec<Chunk<S::Arena, F>>,
    pub(super) scratches: Vec<S::Scratch>,
    pub(super) log: Log,
    pub(super) findings: Findings,
    pub(super) limits: Limits,
    pub(super) counts: Counts,
    pub(super) level_sizes: Vec<u64>,
    pub(super) bytes_peak: u64,
    /// The sum over all states so far, where it is asked for.
    pub(super) digest: Option<u128>,
}

impl<S: StateSpace, F: Fingerprint> Search<S, F> {
    fn new(space: &S, options: &Options, asked: u64) -> Self {
        let threads = options.threads.max(1);
        Search {
            options: options.clone(),
            n_groups: match threads {
                1 => 1,
                _ => (threads * 4).next_power_of_two().min(SHARDS),
            },
            visited: if options.exact {
                Visited::Exact(Exact::new())
            } else {
                Visited::Hashed {
                    seen: Table::new(),
                    outside: Table::new(),
                }
            },
            n_initial: 0,
            initial: Block::default(),
            current: Frontier::default(),
            used: 0,
            next: Frontier::default(),
            record: asks_liveness(space.properties(), asked).then(Record::new),
            stretches: Vec::new(),
            chunks: (0..BATCH_CHUNKS).map(|_| Chunk::default()).collect(),
            scratches: (0..BATCH_CHUNKS).map(|_| S::Scratch::default()).collect(),
            log: Log::default(),
            findings: Findings::new(
                space.properties(),
                asked,
                match options.fewest_faults {
                    true => faults::offered(space.properties(), asked),
                    false => 0,
                },
            ),
            limits: Limits::default(),
            counts: Counts::default(),
            level_sizes: Vec::new(),
            bytes_peak: 0,
            digest: options.digest.then_some(0),
        }
    }

    fn run(&mut self, space: &mut S, monitor: &dyn Monitor) -> Result<Flow, Error> {
        if let Flow::Restart = self.begin(space)? {
            return Ok(Flow::Restart);
        }
        self.tell(space, monitor)?;
        loop {
            self.level_sizes.push(self.current.len());
            if self.current.len() == 0 {
                self.level_sizes.pop();
                return Ok(Flow::Done);
            }
            if self.options.first && self.findings.any_violated() {
                self.limits.up_to_first = true;
                return Ok(Flow::Done);
            }
            if let Some(n_max) = self.options.states_max
                && self.counts.unique >= n_max
            {
                self.limits.cut_by_states(n_max);
                return Ok(Flow::Done);
            }
            let is_last = self.options.depth_max == Some(self.counts.depth);
            let before = (self.counts, self.limits.clone());
            self.log.begin_level();
            if let Some(record) = &mut self.record {
                record.begin_level();
            }
            while self.current.len() > 0 {
                match self.batch(space, is_last)? {
                    Batch::Done => {}
                    Batch::Restart => return Ok(Flow::Restart),
                    Batch::Beyond => {
                        // The states at the greatest depth count as not expanded.
                        (self.counts, self.limits) = before;
                        if let Some(record) = &mut self.record {
                            record.forget_level();
                        }
                        self.limits.cut_by_depth(self.counts.depth);
                        return Ok(Flow::Done);
                    }
                }
                self.limits.stopped = self.poll(space, monitor);
                if self.limits.stopped.is_some() {
                    if is_last {
                        (self.counts, _) = before;
                    }
                    return Ok(Flow::Done);
                }
            }
            if let Some(initial) = self.current.take_initial() {
                self.initial = initial;
            }
            let rest = self.current.take_rest();
            if let Some(record) = &mut self.record {
                record.blocks.extend(rest);
                record.end_level();
            }
            std::mem::swap(&mut self.current, &mut self.next);
            self.current.give_spare(&mut self.next);
            self.used = 0;
            if self.current.len() > 0 {
                self.counts.depth += 1;
            }
            self.tell(space, monitor)?;
        }
    }

    /// Level 0.
    fn begin(&mut self, space: &mut S) -> Result<Flow, Error> {
        let mut arena = S::Arena::default();
        space.initial(&mut arena)?;
        let n = arena.len();
        if u32::try_from(n).is_err() {
            return Err(Error::capacity("more than 2^32 initial states"));
        }
        let watch = self.findings.watch();
        let chunk = &mut self.chunks[0];
        chunk.judge_initial(space, arena, &mut self.scratches[0], watch);
        while self.chunks[0].missing {
            if let Absorbed::Restart = space.absorb(&mut self.scratches)? {
                return Ok(Flow::Restart);
            }
            self.chunks[0].judge(space, &mut self.scratches[0], watch);
        }
        let chunk = &mut self.chunks[0];
        let arena = std::mem::take(&mut chunk.arena);
        let outside = std::mem::take(&mut chunk.report.outside);
        self.limits.outside_bits |= chunk.report.outside_bits;

        let mut skip = Vec::new();
        match &mut self.visited {
            Visited::Hashed { seen, outside: out } => {
                for i in 0..n {
                    let fingerprint = space.fingerprint::<F>(&arena, i);
                    if !seen.insert(fingerprint)? {
                        skip.push(i as u32);
                    } else if outside.binary_search(&(i as u32)).is_ok() {
                        out.insert(fingerprint)?;
                    }
                }
            }
            Visited::Exact(exact) => {
                let mut stored = S::Arena::default();
                space.initial(&mut stored)?;
                skip = exact.begin(space, stored, &outside);
            }
        }
        skip.extend(&outside);
        skip.sort_unstable();
        skip.dedup();

        let report = &mut self.chunks[0].report;
        report.leave_out(&skip);
        self.findings.add(
            report,
            Place {
                depth: 0,
                position: 0,
            },
        );
        let block = Block { arena, skip };
        let live: Vec<u32> = block.live(0..n).map(|i| i as u32).collect();
        self.digest_initial(space, &block);
        self.record_initial(space, &block);
        self.n_initial = (n - outside.len()) as u64;
        self.counts.generated = self.n_initial;
        self.counts.unique = live.len() as u64;
        self.log.begin(live);
        self.current = Frontier::of_initial(block);
        Ok(Flow::Done)
    }

    /// All states and the steps between them, where a liveness property is to be decided and something can be said of it.
    fn take_record(&mut self) -> Option<(Graph, Store<S::Arena>)> {
        let record = self.record.take()?;
        if !self.limits.extent().is_by_itself() {
            return None;
        }
        if let Some(initial) = self.current.take_initial() {
            self.initial = initial;
        }
        Some(record.finish(std::mem::take(&mut self.current).into_blocks()))
    }

    /// What the caller is told.
    fn finish(mut self, space: &S) -> Explored<S::Arena> {
        #[cfg(debug_assertions)]
        if space.fault() == Some(crate::space::sabotage::Sabotage::WrongParent) {
            self.log.name_wrong_parents();
        }
        let extent = self.limits.extent();
        let whole = extent == Extent::Whole;
        let kinds = space.fault_kinds();
        let cuts = self.limits.cuts(space.boundaries());
        let is_cut = faults::is_cut(&cuts, &self.options);
        let n = match &self.visited {
            Visited::Hashed { seen, .. } => seen.len(),
            Visited::Exact(_) => 0,
        };
        if let Some(initial) = self.current.take_initial() {
            self.initial = initial;
        }
        Explored {
            outcome: Outcome {
                properties: (self.findings).outcomes(extent, is_cut, &self.log, &kinds),
                symmetry: None,
                faults: kinds,
                budgets: space.budgets(),
                counts: Counts {
                    transitions: self.counts.generated - self.n_initial,
                    ..self.counts
                },
                cuts,
                stopped: self.limits.stopped,
                exact: self.options.exact,
                fingerprint_bits: self.options.fingerprint_bits,
                omission_bound: limits::omission_bound(n, F::BITS),
                identity_note: space.identity_note(),
                assumptions: if asks_liveness(space.properties(), self.findings.asked()) {
                    space.assumptions()
                } else {
                    Vec::new()
                },
                never_exercised: if whole {
                    space.never_exercised()
                } else {
                    Vec::new()
                },
                warnings: Vec::new(),
                digest: self.digest.filter(|_| whole),
                handlers: match self.digest.is_some() && whole {
                    true => space.handlers(),
                    false => Vec::new(),
                },
                bytes_peak: self.bytes_peak,
            },
            initial: self.initial,
            level_sizes: self.level_sizes,
            places: self.findings.places(),
            fewest: self.findings.fewest(),
        }
    }
}
