//! A trace as paths of today's model: walked by the semantic keys of its steps, as a replay walks it.

use serde::Serialize;

use super::ground::Spot;
use super::verdicts::Shows;
use super::way::{self, Parting, PartingKind, Way};
use super::{Explorer, Refused, STEPS_MAX, Stuck};
use crate::error::Error;
use crate::search::{Discovery, Verdict};
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
        let mut paths = Vec::new();
        let mut ways = Vec::new();
        for path in &trace.paths {
            let way = self.along(trace, path)?;
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
        let says = property.is_some_and(|property| self.says(trace, property, &ways));
        Ok(Loaded {
            property: Some(LoadedProperty {
                property,
                name: shown.name.clone(),
                kind: shown.kind,
                verdict: shown.verdict,
            }),
            paths,
            same: goes && says,
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
            let Some((choice, _)) = self.find(spot, &hex(key), None)? else {
                return Ok(None);
            };
            let code = self.ground.choices(spot)?[choice].code;
            way.take(&mut *self.ground, choice, code)?;
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
        let settings = |trace: &Trace| -> String {
            let all = trace.parameters.iter();
            all.map(|(name, value)| format!(" --set {name}={value}"))
                .collect()
        };
        let error = Error::usage(format!(
            "the trace is of {}/{}{}",
            trace.model,
            trace.variant,
            settings(trace)
        ))
        .with_cure(format!(
            "allways explore {}/{}{}",
            trace.model,
            trace.variant,
            settings(trace)
        ));
        Err(Stuck::Refused(Refused::Foreign(error)))
    }

    /// Walks a path of a trace.
    fn along(&mut self, trace: &Trace, path: &TracePath) -> Result<Way, Stuck> {
        // Fingerprints decide where they can be compared; else what is shown does.
        let comparable =
            trace.encoding == ENCODING_VERSION && trace.hash_seed == self.about.hash_seed;
        let of = path.steps.len();
        let parting = |kind, step, message: String| Parting {
            kind,
            step,
            of,
            message,
            enabled: Vec::new(),
        };
        let initial_states = self.ground.initial_states()?;
        let initial = path.initial.min(initial_states - 1);
        let mut way = way::from(&mut *self.ground, initial, initial_states)?;
        if path.initial != initial {
            let message = format!(
                "the model changed: it has {initial_states} initial states, and the trace starts from number {}",
                path.initial.saturating_add(1)
            );
            way.parting = Some(parting(PartingKind::NoInitialState, 0, message));
            return Ok(way.finished(&*self.ground)?);
        }
        let start = way.spots[0];
        let is_same = match comparable {
            true => hex64(self.ground.fingerprint(start)) == path.fingerprint,
            false => self.ground.render(start) == path.state,
        };
        if !is_same {
            let message = "the model changed: its initial state is another".to_owned();
            way.parting = Some(parting(PartingKind::InitialState, 0, message));
            return Ok(way.finished(&*self.ground)?);
        }
        for (i, step) in path.steps.iter().enumerate() {
            let spot = way.spots[i];
            if i >= STEPS_MAX {
                let message = format!("a path has at most {STEPS_MAX} steps");
                way.parting = Some(parting(PartingKind::TooLong, i + 1, message));
                break;
            }
            let found = self.find(spot, &step.key, comparable.then_some(&step.fingerprint))?;
            let what = match found {
                None => Some((
                    PartingKind::NoSuchStep,
                    "what happened there is not enabled",
                )),
                Some((choice, is_exact)) => {
                    let leads_there = if comparable {
                        is_exact
                    } else {
                        let after = self.ground.take(spot, choice)?;
                        diff(&self.ground.render(spot), &self.ground.render(after)) == step.changes
                    };
                    (!leads_there)
                        .then_some((PartingKind::AnotherState, "it leads to another state"))
                }
            };
            match (what, found) {
                (None, Some((choice, _))) => {
                    let code = self.ground.choices(spot)?[choice].code;
                    way.take(&mut *self.ground, choice, code)?;
                }
                (Some((kind, what)), _) => {
                    let message = format!("the model changed at step {}: {what}", i + 1);
                    let mut parting = parting(kind, i + 1, message);
                    parting.enabled = way::enabled(&mut *self.ground, spot)?;
                    way.parting = Some(parting);
                    break;
                }
                (None, None) => unreachable!("a step that is not found is a difference"),
            }
        }
        let whole = way.parting.is_none();
        if let Some(start) = path.loop_start.filter(|_| whole)
            && let Err(message) = way.close(&mut *self.ground, start)?
        {
            way.parting = Some(parting(PartingKind::Loop, of, message));
        }
        Ok(way.finished(&*self.ground)?)
    }

    /// The step with this key, and whether it leads to the state with this fingerprint: of several the one that does.
    fn find(
        &mut self,
        spot: Spot,
        key: &str,
        fingerprint: Option<&String>,
    ) -> Result<Option<(usize, bool)>, Stuck> {
        let leads: Vec<u64> = {
            let choices = self.ground.choices(spot)?;
            choices.iter().map(|choice| choice.fingerprint).collect()
        };
        let mut found = None;
        for (choice, leads_to) in leads.into_iter().enumerate() {
            if hex(&self.ground.label(spot, choice)?.key) != key {
                continue;
            }
            if fingerprint.is_some_and(|wanted| *wanted == hex64(leads_to)) {
                return Ok(Some((choice, true)));
            }
            found = found.or(Some((choice, false)));
        }
        Ok(found)
    }

    /// Whether the property says of these ways what the trace was recorded for.
    fn says(&self, trace: &Trace, property: usize, ways: &[Way]) -> bool {
        let shows = |shows: &Shows| shows.property == property;
        match (trace.property.kind, trace.property.verdict) {
            // Nothing is claimed: a way that somebody walked.
            (_, Verdict::Inconclusive) => true,
            (PropertyKind::Confluent, _) => {
                let value = |way: &Way| {
                    let end = self.ground.judgement(way.spots[way.n_steps()]);
                    let mut of = end.confluent.iter();
                    of.find(|(p, _, _)| *p == property).map(|&(_, i, v)| (i, v))
                };
                matches!((ways.first().and_then(value), ways.get(1).and_then(value)),
                    (Some((a_inputs, a)), Some((b_inputs, b))) if a_inputs == b_inputs && a != b)
            }
            _ => ways.iter().any(|way| way.shows.iter().any(shows)),
        }
    }
}
