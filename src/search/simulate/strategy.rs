//! Which of the steps that are enabled is taken.

use super::dice::Dice;

/// How a run chooses among the steps that are enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every step is as likely as the others.
    Random,
    /// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, *A Randomized Scheduler with Probabilistic Guarantees
    /// of Finding Bugs*, ASPLOS 2010): lanes have random priorities, of those that can act the one with the highest does, and after
    /// `depth` − 1 random steps whoever acted gets a priority below all others. A violation that needs `depth` steps in a certain order is found in a run with a
    /// chance of at least 1 in n·k^(depth − 1), for n lanes and k steps, as long as no lane has several steps at once; where one has, each of them is as likely.
    Pct {
        /// How many steps have to come in a certain order; at least 1.
        depth: u32,
    },
}

impl Strategy {
    /// `random` or `pct`.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::Random => "random",
            Strategy::Pct { .. } => "pct",
        }
    }
}

/// A strategy during one run.
pub(super) enum Scheduler {
    Random,
    Pct {
        /// Of each lane; the highest acts.
        priorities: Vec<u32>,
        /// After so many steps, whoever acted gets the priority that is this one's position: below all that were there in the beginning.
        changes: Vec<u32>,
    },
}

impl Scheduler {
    /// For a run of `n_lanes` lanes that is expected to have `n_steps` steps.
    pub(super) fn new(strategy: Strategy, n_lanes: usize, n_steps: u32, dice: &mut Dice) -> Self {
        let Strategy::Pct { depth } = strategy else {
            return Scheduler::Random;
        };
        let mut priorities: Vec<u32> = (0..n_lanes as u32).map(|lane| depth + lane).collect();
        // Fisher and Yates.
        for i in (1..priorities.len()).rev() {
            priorities.swap(i, dice.position(i + 1));
        }
        let change = |_| 1 + dice.below(u64::from(n_steps.max(1))) as u32;
        Scheduler::Pct {
            priorities,
            changes: (1..depth).map(change).collect(),
        }
    }

    /// Whether it asks who would take each step.
    pub(super) fn asks_lanes(&self) -> bool {
        matches!(self, Scheduler::Pct { .. })
    }

    /// The position of the step to take, of those whose lanes these are. Where lanes are not asked for they are all alike.
    pub(super) fn choose(&self, lanes: &[u32], dice: &mut Dice) -> usize {
        let Scheduler::Pct { priorities, .. } = self else {
            return dice.position(lanes.len());
        };
        let priority = |lane: u32| priorities[lane as usize];
        let highest = lanes.iter().map(|&lane| priority(lane)).max();
        let chosen = (0..lanes.len()).filter(|&i| Some(priority(lanes[i])) == highest);
        let chosen: Vec<usize> = chosen.collect();
        chosen[dice.position(chosen.len())]
    }

    /// A lane has taken the step with this number, counted from 1.
    pub(super) fn taken(&mut self, lane: u32, number: u32) {
        if let Scheduler::Pct {
            priorities,
            changes,
        } = self
        {
            for (i, _) in (0..).zip(changes).filter(|(_, at)| **at == number) {
                priorities[lane as usize] = i;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_decide_and_change() {
        let mut dice = Dice::of_run(1, 1);
        let mut scheduler = Scheduler::new(Strategy::Pct { depth: 2 }, 3, 4, &mut dice);
        let Scheduler::Pct {
            priorities,
            changes,
        } = &scheduler
        else {
            panic!("it is PCT")
        };
        let mut sorted = priorities.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [2, 3, 4]);
        assert_eq!(changes.len(), 1);
        let (at, highest) = (changes[0], priorities.iter().position(|&p| p == 4));
        assert!((1..=4).contains(&at));
        let highest = highest.expect("somebody is first") as u32;
        let first =
            |scheduler: &Scheduler, dice: &mut Dice| scheduler.choose(&[0, 1, 2], dice) as u32;
        for number in 1..=at {
            assert_eq!(first(&scheduler, &mut dice), highest, "step {number}");
            scheduler.taken(highest, number);
        }
        // From here on it is last.
        assert_ne!(first(&scheduler, &mut dice), highest);
        assert_eq!(scheduler.choose(&[highest], &mut dice), 0);
    }

    #[test]
    fn of_one_lane_every_step_is_as_likely() {
        let mut dice = Dice::of_run(1, 2);
        let scheduler = Scheduler::new(Strategy::Pct { depth: 1 }, 1, 9, &mut dice);
        let mut counts = [0; 3];
        for _ in 0..3_000 {
            counts[scheduler.choose(&[0, 0, 0], &mut dice)] += 1;
        }
        assert!(
            counts.iter().all(|n| (850..1_150).contains(n)),
            "{counts:?}"
        );
    }
}
