//! What two paths show together: of a `confluent` property, that runs with the same inputs end with different values. Neither shows that alone.

use serde::Serialize;

use super::verdicts::title;
use super::way::Way;
use super::{Explorer, Stuck};
use crate::error::Error;
use crate::search::Verdict;
use crate::space::PropertyKind;
use crate::trace::{Seen, Told, Trace, diff, of_two_ends};

/// A property that two paths contradict together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Together {
    /// Its number.
    pub property: usize,
    /// What they show, in one line for people.
    pub reason: String,
    /// What they end with, as their trace says it.
    pub why: Option<String>,
}

impl Explorer {
    /// What two ways show together of a property; nothing where they do not contradict it.
    pub(super) fn together(
        &self,
        property: usize,
        a: &Way,
        b: &Way,
    ) -> Result<Option<Together>, Stuck> {
        let end = |way: &Way| {
            let end = self.ground.judgement(way.spots[way.n_steps()]);
            let mut of = end.confluent.iter().filter(|_| way.loop_start.is_none());
            of.find(|(p, _, _)| *p == property).map(|&(_, i, v)| (i, v))
        };
        match (end(a), end(b)) {
            (Some((inputs_a, value_a)), Some((inputs_b, value_b)))
                if inputs_a == inputs_b && value_a != value_b => {}
            _ => return Ok(None),
        }
        let title = title(&self.ground.properties()[property]);
        Ok(Some(Together {
            property,
            reason: format!(
                "{title} is violated: two runs with the same inputs end with different values"
            ),
            why: of_two_ends(&self.end(a, property)?, &self.end(b, property)?),
        }))
    }

    /// What the property asks in the last state of a way, and that state.
    fn end(&self, way: &Way, property: usize) -> Result<Seen, Stuck> {
        let spot = way.spots[way.n_steps()];
        Ok(Seen {
            asked: self.ground.asked(spot, property)?,
            state: self.ground.render(spot),
        })
    }

    /// The trace of two paths that contradict a property together: the first such, unless one is named.
    pub(super) fn trace_of_two(
        &mut self,
        paths: [&str; 2],
        property: Option<usize>,
    ) -> Result<Trace, Stuck> {
        let (a, b) = (self.way(paths[0])?, self.way(paths[1])?);
        let properties = match property {
            Some(property) => {
                let property = self.property(property)?;
                property..property + 1
            }
            None => 0..self.ground.properties().len(),
        };
        let mut shown = None;
        for property in properties {
            shown = shown.or(self.together(property, &a, &b)?);
        }
        let Some(shown) = shown else {
            return Err(Error::usage("these two paths show nothing together")
                .with_cure("leave out `with`: each is a file of its own")
                .into());
        };
        let mut trace = self.trace_of(paths[0], Some(shown.property))?;
        let second = self.trace_of(paths[1], Some(shown.property))?;
        trace.paths.extend(second.paths);
        trace.property.verdict = Verdict::Violated;
        let ends = [self.end(&a, shown.property)?, self.end(&b, shown.property)?];
        for (path, end) in trace.paths.iter_mut().zip(&ends) {
            let told = Told {
                kind: PropertyKind::Confluent,
                lanes: self.ground.lanes(),
                seen: std::slice::from_ref(end),
                loop_start: None,
            };
            path.reads = told.reads();
        }
        let last = &mut trace.paths[1];
        last.reason = last.reason.take().or(shown.why);
        trace.ends = diff(&ends[0].state, &ends[1].state);
        Ok(trace)
    }
}
