//! Why a path violates a property: what its trace says of it, from what the property asks of the states on the way.

use super::ground::{Spot, Terrain};
use super::verdicts::Shows;
use crate::search::{Halt, Verdict};
use crate::space::Rendered;
use crate::trace::{Seen, Told, of_panic};

impl Shows {
    /// Says why the path through these states violates the property; of a witness there is nothing to say.
    pub(super) fn tell_why(
        &mut self,
        ground: &dyn Terrain,
        spots: &[Spot],
        loop_start: Option<usize>,
    ) -> Result<(), Halt> {
        if self.verdict != Verdict::Violated {
            return Ok(());
        }
        let kind = ground.properties()[self.property].kind;
        let loop_start = loop_start.filter(|_| kind.is_liveness());
        // What comes after the state that shows it has no part in it.
        let (spots, asked_from) = match loop_start {
            Some(_) => (spots, 0),
            None => (&spots[..=self.step], self.step.saturating_sub(1)),
        };
        let shown_from = loop_start.unwrap_or(asked_from);
        let mut seen = Vec::with_capacity(spots.len());
        for (at, &spot) in spots.iter().enumerate() {
            seen.push(Seen {
                asked: match at >= asked_from {
                    true => ground.asked(spot, self.property)?,
                    false => Vec::new(),
                },
                state: match at >= shown_from {
                    true => ground.render(spot),
                    false => Rendered::new(),
                },
            });
        }
        let told = Told {
            kind,
            lanes: ground.lanes(),
            seen: &seen,
            loop_start,
        };
        let panic = ground.judgement(spots[spots.len() - 1]).panic.as_deref();
        self.why = panic.map(of_panic).or_else(|| told.reason());
        self.reads = told.reads();
        Ok(())
    }
}
