//! The loop of a lasso: a closed walk through a given state that fairness allows.
//!
//! The shortest, by breadth-first search over (state, what is fulfilled), where that is small enough: finding it in general is NP-hard, as it contains
//! the travelling salesman. Else a greedy cover: always to the nearest thing that is still owed.

use std::collections::VecDeque;

use super::close::Close;
use super::fair::FairPart;
use super::graph::{Graph, OUT};
use crate::space::{Fairness, Role};

/// Bits for what may be owed, at most.
const BITS_MAX: usize = 12;

/// States times sets of what is fulfilled, at most.
const PRODUCT_MAX: usize = 1 << 22;

/// A loop.
pub(super) struct Cycle {
    /// The steps, from the state and back to it.
    pub(super) steps: Vec<u32>,
    /// Whether there is no shorter one.
    pub(super) is_shortest: bool,
}

/// What a loop owes.
#[derive(Clone, Copy, Debug)]
enum Debt {
    /// The class is taken, or disabled in some state.
    Weak(u32),
    /// If the class is enabled in some state, it is taken: two bits, seen and taken.
    Strong(u32),
    /// If the class is used, it is taken: two bits, used and taken.
    Matched(u32),
    /// Some state is one that the property asks for.
    Accept,
}

impl Debt {
    fn n_bits(self) -> usize {
        match self {
            Debt::Weak(_) | Debt::Accept => 1,
            Debt::Strong(_) | Debt::Matched(_) => 2,
        }
    }
}

/// A fair part with what a loop in it owes: each debt with its first bit.
struct Way<'a, P> {
    close: &'a Close,
    part: &'a FairPart,
    accepts: P,
    /// For each edge of the component its step.
    steps: Vec<u32>,
    debts: Vec<(Debt, usize)>,
    n_bits: usize,
}

/// One step within the part.
#[derive(Clone, Copy)]
struct Hop {
    from: u32,
    edge: u32,
    step: u32,
    to: u32,
}

/// The shortest loop through `start`, a position of the part, or a good one.
pub(super) fn cycle(
    graph: &Graph,
    close: &Close,
    part: &FairPart,
    start: u32,
    accepts: impl Fn(u32) -> bool,
) -> Cycle {
    let mut steps = Vec::new();
    for &state in &close.states {
        graph.steps(state, &mut steps);
    }
    let mut way = Way {
        close,
        part,
        accepts,
        steps,
        debts: Vec::new(),
        n_bits: 0,
    };
    way.owe(start);
    let fits = way.n_bits <= BITS_MAX && part.states.len() << way.n_bits <= PRODUCT_MAX;
    Cycle {
        steps: if fits {
            way.shortest(start)
        } else {
            way.greedy(start)
        },
        is_shortest: fits,
    }
}

impl<P: Fn(u32) -> bool> Way<'_, P> {
    fn position(&self, at: u32) -> Option<usize> {
        self.part.states.binary_search(&at).ok()
    }

    /// Notes what a loop through `start` owes, in the order of classes.
    fn owe(&mut self, start: u32) {
        let n_classes = self.close.fairness.len();
        let (mut enabled, mut used) = (vec![false; n_classes], vec![false; n_classes]);
        for &at in &self.part.states {
            for share in self.close.parts(at) {
                match share.role {
                    Role::Uses => used[share.class as usize] = true,
                    Role::Takes | Role::Enables => enabled[share.class as usize] = true,
                }
            }
        }
        let mut owe = |debt: Debt| {
            self.debts.push((debt, self.n_bits));
            self.n_bits += debt.n_bits();
        };
        for class in 0..n_classes as u32 {
            match self.close.fairness[class as usize] {
                // Where it is disabled at the start, the loop has fulfilled it already.
                Fairness::Weak if self.close.enables(start, class) => owe(Debt::Weak(class)),
                Fairness::Strong if enabled[class as usize] => owe(Debt::Strong(class)),
                Fairness::Matched if used[class as usize] && !self.part.banned.contains(&class) => {
                    owe(Debt::Matched(class));
                }
                _ => {}
            }
        }
        if !(self.accepts)(start) {
            owe(Debt::Accept);
        }
    }

    /// The steps within the part, in a fixed order.
    fn hops(&self, from: u32) -> Vec<Hop> {
        let mut hops = Vec::new();
        let steps = &self.steps[self.close.edge_range(from)];
        for (edge, &to) in self.close.edges(from).iter().enumerate() {
            let stays = to != OUT && self.position(to).is_some();
            if stays && !self.close.is_banned(from, edge as u32, &self.part.banned) {
                hops.push(Hop {
                    from,
                    edge: edge as u32,
                    step: steps[edge],
                    to,
                });
            }
        }
        hops
    }

    /// Calls `set` with the bits that being in a state sets.
    fn set_by_state(&self, at: u32, mut set: impl FnMut(usize)) {
        for &(debt, bit) in &self.debts {
            let is_set = match debt {
                Debt::Weak(class) => !self.close.enables(at, class),
                Debt::Strong(class) => self.close.enables(at, class),
                Debt::Matched(_) => false,
                Debt::Accept => (self.accepts)(at),
            };
            if is_set {
                set(bit);
            }
        }
    }

    /// Calls `set` with the bits that taking a step sets, its end included.
    fn set_by_hop(&self, hop: Hop, mut set: impl FnMut(usize)) {
        let parts = self.close.parts(hop.from).iter();
        for part in parts.filter(|p| p.edge == hop.edge) {
            for &(debt, bit) in &self.debts {
                match (debt, part.role) {
                    (Debt::Weak(class), Role::Takes) if class == part.class => set(bit),
                    (Debt::Strong(class) | Debt::Matched(class), Role::Takes)
                        if class == part.class =>
                    {
                        set(bit + 1);
                    }
                    (Debt::Matched(class), Role::Uses) if class == part.class => set(bit),
                    _ => {}
                }
            }
        }
        self.set_by_state(hop.to, set);
    }

    /// The bit that a debt still lacks.
    fn lacks(&self, (debt, bit): (Debt, usize), is_set: impl Fn(usize) -> bool) -> Option<usize> {
        match debt {
            Debt::Weak(_) | Debt::Accept => (!is_set(bit)).then_some(bit),
            Debt::Strong(_) | Debt::Matched(_) => {
                (is_set(bit) && !is_set(bit + 1)).then_some(bit + 1)
            }
        }
    }

    /// Breadth-first search over (state, bits).
    fn shortest(&self, start: u32) -> Vec<u32> {
        let Some(first) = self.position(start) else {
            unreachable!("the loop begins in its part")
        };
        let node = |position: usize, bits: usize| position << self.n_bits | bits;
        // For each node that was come to the node before it, plus one, and the step between.
        let mut before: Vec<(u32, u32)> = vec![(0, 0); node(self.part.states.len(), 0)];
        let mut bits = 0;
        self.set_by_state(start, |bit| bits |= 1 << bit);
        let begin = node(first, bits);
        let mut queue = VecDeque::from([(first, bits)]);
        while let Some((position, bits)) = queue.pop_front() {
            let from = node(position, bits);
            for hop in self.hops(self.part.states[position]) {
                let Some(to) = self.position(hop.to) else {
                    unreachable!("a hop stays in its part")
                };
                let mut reached = bits;
                self.set_by_hop(hop, |bit| reached |= 1 << bit);
                let is_paid = |&debt| self.lacks(debt, |bit| reached >> bit & 1 == 1).is_none();
                if to == first && self.debts.iter().all(is_paid) {
                    let mut steps = vec![hop.step];
                    let mut back = from;
                    while back != begin {
                        let (previous, step) = before[back];
                        steps.push(step);
                        back = previous as usize - 1;
                    }
                    steps.reverse();
                    return steps;
                }
                let target = node(to, reached);
                if target != begin && before[target].0 == 0 {
                    before[target] = (from as u32 + 1, hop.step);
                    queue.push_back((to, reached));
                }
            }
        }
        unreachable!("a fair part has a fair loop through each of its states")
    }

    /// To the nearest thing that is owed, until nothing is, and back.
    fn greedy(&self, start: u32) -> Vec<u32> {
        let mut is_set = vec![false; self.n_bits];
        self.set_by_state(start, |bit| is_set[bit] = true);
        let mut steps = Vec::new();
        let mut at = start;
        loop {
            let mut needed = vec![false; self.n_bits];
            for &debt in &self.debts {
                if let Some(bit) = self.lacks(debt, |bit| is_set[bit]) {
                    needed[bit] = true;
                }
            }
            let owes = needed.contains(&true);
            if !owes && at == start && !steps.is_empty() {
                return steps;
            }
            let way = self.nearest(at, |hop| {
                let mut pays = !owes && hop.to == start;
                self.set_by_hop(hop, |bit| pays |= needed[bit]);
                pays
            });
            for hop in way {
                self.set_by_hop(hop, |bit| is_set[bit] = true);
                steps.push(hop.step);
                at = hop.to;
            }
        }
    }

    /// The shortest way from a state to a step that `is_it`, with that step.
    fn nearest(&self, at: u32, is_it: impl Fn(Hop) -> bool) -> Vec<Hop> {
        let mut before: Vec<Option<Hop>> = vec![None; self.part.states.len()];
        let mut queue = VecDeque::from([at]);
        while let Some(from) = queue.pop_front() {
            for hop in self.hops(from) {
                if is_it(hop) {
                    let mut way = vec![hop];
                    let mut back = from;
                    while back != at {
                        let known = self.position(back).and_then(|position| before[position]);
                        let Some(hop) = known else {
                            unreachable!("every state on the way was come to")
                        };
                        way.push(hop);
                        back = hop.from;
                    }
                    way.reverse();
                    return way;
                }
                if let Some(position) = self.position(hop.to)
                    && hop.to != at
                    && before[position].is_none()
                {
                    before[position] = Some(hop);
                    queue.push_back(hop.to);
                }
            }
        }
        unreachable!("a fair part has steps that pay what is owed")
    }
}
