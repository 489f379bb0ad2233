//! A trace as paths of today's model: walked by the semantic keys of its steps, as a replay walks it.

use serde::Serialize;

use super::ground::{Spot, Terrain};
use super::pair::Together;
use super::way::{self, Guide, Parting, PartingKind};
use super::{Explorer, Refused, STEPS_MAX, Stuck};
use crate::error::Error;
use crate::search::{Discovery, Halt, Verdict};
use crate::space::PropertyKind;
use crate::trace::{Trace, TracePath, diff, hex, hex64};
use crate::value::ENCODING_VERSION;

/// A trace as paths.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Loaded {
    /// The property that it is about.
    pub property: Option<LoadedProperty>,
    /// Its paths.
    pub paths: Vec<LoadedPath>,
    /// Everything goes as recorded, and the property says what it said.
    pub same: bool,
    /// What two of them show together.
    pub together: Option<Together>,
}

/// The property that a trace is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadedProperty {
    /// Its number, if the model still has it.
    pub property: Option<usize>,
    /// Its name.
    pub name: String,
    /// What it asserts.
    pub kind: PropertyKind,
    /// The verdict that the trace was recorded for.
    pub verdict: Verdict,
}

/// One path of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadedPath {
    /// Its address, as far as it goes.
    pub id: String,
    /// How many steps go.
    pub steps: usize,
    /// How many there are.
    pub of: usize,
    /// Where it and today's model part.
    pub differs: Option<Parting>,
}

impl Explorer {
    pub(super) fn load_trace(&mut self, trace: &Trace) -> Result<Loaded, Stuck> {
        self.is_ours(trace)?;
        let comparable =
            trace.encoding == ENCODING_VERSION && trace.hash_seed == self.about.hash_seed;
        let mut paths = Vec::new();
        let mut ways = Vec::new();
        for path in &trace.paths {
            let way = way::follow(&mut *self.ground, &Recorded { path, comparable })?;
            paths.push(LoadedPath {
                id: way.id.clone(),
                steps: way.n_steps(),
                of: path.steps.len(),
                differs: way.parting.clone(),
            });
            ways.push(way);
        }
        let shown = &trace.property;
        let decls = self.ground.properties().iter();
        let property = decls
            .clone()
            .position(|decl| decl.kind == shown.kind && decl.name == shown.name);
        let goes = paths.iter().all(|path| path.differs.is_none());
        let together = match (property, &ways[..]) {
            (Some(property), [a, b]) if goes => self.together(property, a, b)?,
            _ => None,
        };
        let says = property.is_some_and(|property| {
            match (shown.kind, shown.verdict) {
                // Nothing is claimed: a way that somebody walked.
                (_, Verdict::Inconclusive) => true,
                (PropertyKind::Confluent, _) => together.is_some(),
                _ => ways.iter().any(|way| way.shown(property).is_some()),
            }
        });
        Ok(Loaded {
            property: Some(LoadedProperty {
                property,
                name: shown.name.clone(),
                kind: shown.kind,
                verdict: shown.verdict,
            }),
            paths,
            same: goes && says,
            together,
        })
    }

    /// The address of a way that a search found.
    pub(super) fn discovered_way(&mut self, found: &Discovery) -> Result<Option<String>, Stuck> {
        let initial_states = self.ground.initial_states()?;
        if found.initial >= initial_states || found.keys.len() > STEPS_MAX {
            return Ok(None);
        }
        let mut way = way::from(&mut *self.ground, found.initial, initial_states)?;
        for key in &found.keys {
            let spot = way.spots[way.n_steps()];
            let Some((choice, _)) = find(&mut *self.ground, spot, &hex(key), None)? else {
                return Ok(None);
            };
            way.take(&mut *self.ground, choice)?;
        }
        Ok(Some(way.id))
    }

    /// Whether a trace is of this model, of this variant, with these parameters.
    fn is_ours(&self, trace: &Trace) -> Result<(), Stuck> {
        let about = &self.about;
        let named = (&trace.model, &trace.variant, &trace.parameters);
        if named == (&about.model, &about.variant, &about.parameters) {
            return Ok(());
        }
        let settings = trace.parameters.iter();
        let settings: String = settings
            .map(|(name, value)| format!(" --set {name}={value}"))
            .collect();
        let name = format!("{}/{}{settings}", trace.model, trace.variant);
        let error = Error::usage(format!("the trace is of {name}"))
            .with_cure(format!("allways explore {name}"));
        Err(Stuck::Refused(Refused::Foreign(error)))
    }
}

/// A path of a trace.
struct Recorded<'a> {
    path: &'a TracePath,
    /// Fingerprints decide where they can be compared; else what is shown does.
    comparable: bool,
}

impl Guide for Recorded<'_> {
    fn initial(&self) -> usize {
        self.path.initial
    }

    fn starts_in(&self, ground: &dyn Terrain, start: Spot) -> bool {
        match self.comparable {
            true => hex64(ground.fingerprint(start)) == self.path.fingerprint,
            false => ground.render(start) == self.path.state,
        }
    }

    fn n_steps(&self) -> usize {
        self.path.steps.len()
    }

    fn step(
        &self,
        ground: &mut dyn Terrain,
        spot: Spot,
        step: usize,
    ) -> Result<Result<usize, PartingKind>, Halt> {
        let step = &self.path.steps[step];
        let fingerprint = self.comparable.then_some(&step.fingerprint);
        let Some((choice, is_exact)) = find(ground, spot, &step.key, fingerprint)? else {
            return Ok(Err(PartingKind::NoSuchStep));
        };
        let leads_there = match self.comparable {
            true => is_exact,
            false => {
                let after = ground.take(spot, choice)?;
                diff(&ground.render(spot), &ground.render(after)) == step.changes
            }
        };
        Ok(leads_there
            .then_some(choice)
            .ok_or(PartingKind::AnotherState))
    }

    fn loop_start(&self) -> Option<usize> {
        self.path.loop_start
    }
}

/// The step with this key, and whether it leads to the state with this fingerprint: of several the one that does.
fn find(
    ground: &mut dyn Terrain,
    spot: Spot,
    key: &str,
    fingerprint: Option<&String>,
) -> Result<Option<(usize, bool)>, Halt> {
    let choices = ground.choices(spot)?.iter();
    let leads: Vec<u64> = choices.map(|choice| choice.fingerprint).collect();
    let mut found = None;
    for (choice, leads_to) in leads.into_iter().enumerate() {
        if hex(&ground.label(spot, choice)?.key) != key {
            continue;
        }
        if fingerprint.is_some_and(|wanted| *wanted == hex64(leads_to)) {
            return Ok(Some((choice, true)));
        }
        found = found.or(Some((choice, false)));
    }
    Ok(found)
}
