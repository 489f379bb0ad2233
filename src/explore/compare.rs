//! Two paths of one model: where they part.

use serde::Serialize;

use super::path::StepView;
use super::state::DiffRow;
use super::way::Way;
use super::{Explorer, Stuck};
use crate::trace::{Differs, compare, diff};

/// Where two paths part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The one.
    pub a: String,
    /// The other.
    pub b: String,
    /// How many steps they have in common.
    pub common: usize,
    /// How they part; nothing: they do not.
    pub differs: Option<Parted>,
}

/// How two paths part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parted {
    /// What differs first.
    pub kind: PartedKind,
    /// The number of the step, from 1; 0: the start.
    pub step: usize,
    /// One line for people.
    pub message: String,
    /// The step of the one.
    pub a: Option<StepView>,
    /// The step of the other.
    pub b: Option<StepView>,
    /// From the state behind the one to the state behind the other.
    pub state: Vec<DiffRow>,
}

/// What differs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartedKind {
    /// The initial states.
    Start,
    /// What happens.
    Event,
    /// What comes of it.
    Effect,
    /// One ends.
    Length,
    /// Where it repeats.
    Loop,
}

impl Explorer {
    pub(super) fn compare_view(&mut self, a: &str, b: &str) -> Result<Compared, Stuck> {
        let (way_a, way_b) = (self.way(a)?, self.way(b)?);
        let (trace_a, trace_b) = (self.trace_about(&way_a, 0)?, self.trace_about(&way_b, 0)?);
        let found = compare(&trace_a, &trace_b);
        let (n_a, n_b) = (way_a.n_steps(), way_b.n_steps());
        let differs = match found.map(|found| found.what) {
            None | Some(Differs::Paths) => None,
            Some(Differs::Start { .. }) => Some((
                PartedKind::Start,
                0,
                "they start in different states".to_owned(),
            )),
            Some(Differs::Event { step }) => Some((
                PartedKind::Event,
                step,
                format!("they differ at step {step}: something else happens"),
            )),
            Some(Differs::Effect { step }) => Some((
                PartedKind::Effect,
                step,
                format!("they differ at step {step}: it has another effect"),
            )),
            Some(Differs::Length { steps }) => {
                let (ends, goes_on) = if n_a < n_b { ("A", "B") } else { ("B", "A") };
                let message = match steps {
                    0 => format!("{ends} ends at the start, {goes_on} goes on"),
                    n => format!("{ends} ends after step {n}, {goes_on} goes on"),
                };
                Some((PartedKind::Length, steps + 1, message))
            }
            Some(Differs::Loop) => Some((
                PartedKind::Loop,
                n_a,
                "all steps are the same, and they repeat from different places".to_owned(),
            )),
        };
        let common = match &differs {
            None => n_a,
            Some((PartedKind::Loop, step, _)) => *step,
            Some((_, step, _)) => step.saturating_sub(1),
        };
        let differs = match differs {
            None => None,
            Some((kind, step, message)) => Some(self.parted(&way_a, &way_b, kind, step, message)?),
        };
        Ok(Compared {
            a: way_a.id.clone(),
            b: way_b.id.clone(),
            common,
            differs,
        })
    }

    fn parted(
        &mut self,
        a: &Way,
        b: &Way,
        kind: PartedKind,
        step: usize,
        message: String,
    ) -> Result<Parted, Stuck> {
        let view = |explorer: &mut Explorer, way: &Way| -> Result<Option<StepView>, Stuck> {
            match step.checked_sub(1).filter(|&i| i < way.n_steps()) {
                Some(i) => Ok(Some(explorer.step_view(way, i)?)),
                None => Ok(None),
            }
        };
        let state = match (a.spots.get(step), b.spots.get(step)) {
            (Some(&a), Some(&b)) => {
                self.rows(&diff(&self.ground.render(a), &self.ground.render(b)))
            }
            _ => Vec::new(),
        };
        Ok(Parted {
            kind,
            step,
            message,
            a: view(self, a)?,
            b: view(self, b)?,
            state,
        })
    }
}
