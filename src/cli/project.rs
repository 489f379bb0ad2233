//! A project's list of checks, `allways.toml`: read, held against the catalogue, and made into checks. `docs/ci.md` describes it.
//!
//! Invariant: every mistake is told with its line, its name and its cure, all of them at once; where there is one, nothing is planned.
//! What names a variant takes the place of what comes by it in passing, and no check is made twice.

mod listed;

use std::fs;
use std::path::Path;
use std::time::Duration;

use toml::{Spanned, Value};

use super::files::line_of;
use super::runner::{Check, How, build};
use super::units;
use crate::catalogue::{Catalogue, Entry, Expectation, Variant};
use crate::error::Error;
use crate::names;
use crate::report::{Origin, Subject};
use crate::search::{Options, Verdict};
use listed::Listed;

const VERDICTS: [(&str, Verdict); 5] = [
    ("holds", Verdict::Holds),
    ("holds_within_bounds", Verdict::HoldsWithinBounds),
    ("vacuous", Verdict::Vacuous),
    ("inconclusive", Verdict::Inconclusive),
    ("violated", Verdict::Violated),
];

/// The checks that a file lists.
///
/// # Errors
/// All mistakes in it, in the order of their lines.
pub(super) fn plan<'a>(
    path: &Path,
    how: &How,
    digest: bool,
    catalogue: &'a Catalogue,
) -> Result<Vec<Check<'a>>, Vec<Error>> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|e| {
        vec![
            Error::file(format!("cannot read {shown}: {e}"))
                .with_cure("name the file that lists a project's checks; see `allways ci --help`"),
        ]
    })?;
    let mut plan = Plan {
        file: shown,
        text,
        options: Options {
            digest,
            ..how.options()
        },
        mistakes: Vec::new(),
    };
    let checks = plan.checks(catalogue);
    if plan.mistakes.is_empty() {
        return Ok(checks);
    }
    plan.mistakes.sort_by_key(|(line, _)| *line);
    Err(plan.mistakes.into_iter().map(|(_, e)| e).collect())
}

struct Plan {
    file: String,
    text: String,
    options: Options,
    /// Each with its line.
    mistakes: Vec<(usize, Error)>,
}

/// How closely a `[[check]]` names what it checks. The closest takes the place of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// One variant.
    Variant,
    /// All variants of a model.
    Model,
    /// All variants of all models.
    All,
}

/// A check that is built.
struct Planned<'a> {
    check: Check<'a>,
    scope: Scope,
}

/// What a `[[check]]` says, once it is known to be right.
struct Request<'a> {
    line: usize,
    scope: Scope,
    selected: Vec<(&'a Entry, &'a Variant)>,
    settings: Vec<(String, String)>,
    expects: Vec<Expectation>,
    time_max: Option<Duration>,
    options: Options,
    allow_bounds: bool,
}

impl Plan {
    fn mistake(&mut self, at: usize, error: Error) {
        let line = line_of(&self.text, at);
        let error = error.about(&format!("{}:{line}", self.file));
        self.mistakes.push((line, error));
    }

    fn checks<'a>(&mut self, catalogue: &'a Catalogue) -> Vec<Check<'a>> {
        let lists = listed::read(&self.text);
        for (at, error) in lists.mistakes {
            self.mistake(at, error);
        }
        let mut planned: Vec<Planned<'a>> = Vec::new();
        for item in lists.checks {
            let names_something = item.listed.model.is_some() || item.listed.all.is_some();
            // What it should have named may be what could not be read.
            if item.is_partial && !names_something {
                continue;
            }
            // Without a field it may look like another check, and is none that can be built.
            let request = self.request(item.at, item.listed, catalogue);
            if let Some(request) = request.filter(|_| !item.is_partial) {
                self.build(item.at, request, &mut planned);
            }
        }
        narrowest(planned)
    }

    /// What a check says; `None` where it cannot be said what is to be checked.
    fn request<'a>(
        &mut self,
        at: usize,
        listed: Listed,
        catalogue: &'a Catalogue,
    ) -> Option<Request<'a>> {
        let n_before = self.mistakes.len();
        let selected = self.select(at, &listed, catalogue);
        let time_max = self.measure(listed.time.as_ref(), "time", units::duration);
        let memory_max = self.measure(listed.memory.as_ref(), "memory", units::bytes);
        let mut expects = Vec::new();
        for (property, verdict) in &listed.expect {
            let name = verdict.get_ref();
            match VERDICTS.iter().find(|(known, _)| known == name) {
                Some(&(_, verdict)) => expects.push(Expectation {
                    property: property.clone(),
                    verdict,
                }),
                None => {
                    let cure = names::cure(name, VERDICTS.map(|(known, _)| known));
                    let what = format!("there is no verdict `{name}`");
                    self.mistake(verdict.span().start, Error::usage(what).with_cure(cure));
                }
            }
        }
        let mut settings = Vec::new();
        for (name, value) in &listed.params {
            let text = match value.get_ref() {
                Value::Integer(n) => n.to_string(),
                Value::Boolean(b) => b.to_string(),
                Value::String(word) => word.clone(),
                other => {
                    let what = format!("parameter `{name}` cannot be a {}", other.type_str());
                    let cure = "a parameter is a whole number, true or false, or a word in quotes";
                    self.mistake(value.span().start, Error::usage(what).with_cure(cure));
                    continue;
                }
            };
            let setting = (name.clone(), text);
            // The models that are selected are one, or there are no parameters.
            if let Some((entry, _)) = selected.first()
                && let Err(error) = entry.values(std::slice::from_ref(&setting))
            {
                self.mistake(value.span().start, error);
            }
            settings.push(setting);
        }
        (self.mistakes.len() == n_before).then(|| Request {
            line: line_of(&self.text, at),
            scope: match (&listed.model, &listed.variant) {
                (Some(_), Some(_)) => Scope::Variant,
                (Some(_), None) => Scope::Model,
                (None, _) => Scope::All,
            },
            selected,
            settings,
            expects,
            time_max,
            options: Options {
                depth_max: listed.max_depth,
                states_max: listed.max_states,
                memory_max,
                ..self.options.clone()
            },
            allow_bounds: listed.allow_bounds,
        })
    }

    /// The variants that a check is about.
    fn select<'a>(
        &mut self,
        at: usize,
        listed: &Listed,
        catalogue: &'a Catalogue,
    ) -> Vec<(&'a Entry, &'a Variant)> {
        let all = listed.all.as_ref().is_some_and(|all| *all.get_ref());
        let Some(model) = &listed.model else {
            if !all {
                self.mistake(
                    at,
                    Error::usage("a check without a model").with_cure(
                        "say model = \"NAME\", or all = true for the whole catalogue; `allways list` shows the models",
                    ),
                );
                return Vec::new();
            }
            if let Some(variant) = &listed.variant {
                let what = format!("variant `{}` of no model", variant.get_ref());
                let cure = "name its model, or leave the variant out";
                self.mistake(variant.span().start, Error::usage(what).with_cure(cure));
            }
            if let Some((name, value)) = listed.params.first_key_value() {
                let what = format!("parameter `{name}` of no model");
                let cure = "parameters belong to one model: name it, or leave them out";
                self.mistake(value.span().start, Error::usage(what).with_cure(cure));
            }
            let entries = catalogue.entries().iter();
            return entries
                .flat_map(|entry| entry.variants.iter().map(move |v| (entry, v)))
                .collect();
        };
        if all {
            let what = format!("all models, and model `{}`", model.get_ref());
            let error = Error::usage(what).with_cure("say one of the two");
            self.mistake(model.span().start, error);
            return Vec::new();
        }
        let entry = match catalogue.model(model.get_ref()) {
            Ok(entry) => entry,
            Err(error) => {
                self.mistake(model.span().start, error);
                return Vec::new();
            }
        };
        let Some(variant) = &listed.variant else {
            return entry.variants.iter().map(|v| (entry, v)).collect();
        };
        match entry.variant(variant.get_ref()) {
            Ok(variant) => vec![(entry, variant)],
            Err(error) => {
                self.mistake(variant.span().start, error);
                Vec::new()
            }
        }
    }

    /// A time or a size.
    fn measure<T>(
        &mut self,
        text: Option<&Spanned<String>>,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = text?;
        match read(text.get_ref()) {
            Ok(value) => Some(value),
            Err(cure) => {
                let what = format!("{name} = \"{}\" cannot be read", text.get_ref());
                self.mistake(text.span().start, Error::usage(what).with_cure(cure));
                None
            }
        }
    }

    fn build<'a>(&mut self, at: usize, request: Request<'a>, planned: &mut Vec<Planned<'a>>) {
        let (n_before, scope) = (planned.len(), request.scope);
        for &(entry, variant) in &request.selected {
            let check = match self.one(entry, variant, &request) {
                Ok(check) => check,
                Err(error) => {
                    self.mistake(at, error);
                    continue;
                }
            };
            let same = (planned.iter())
                .find(|other| other.scope == scope && is_same(&other.check, &check));
            if let Some(other) = same {
                let origin = other.check.subject.origin.as_ref();
                let line = origin.map_or(0, |origin| origin.line);
                let name = check.subject.name();
                let what = format!("{name} is checked twice, first in line {line}");
                let cure = "leave one of them out, or give them other parameters or bounds";
                self.mistake(at, Error::usage(what).with_cure(cure));
                return;
            }
            planned.push(Planned { check, scope });
        }
        for expectation in &request.expects {
            let own = planned[n_before..].iter();
            let known: Vec<&str> = own
                .flat_map(|planned| planned.check.checkable.properties())
                .map(|property| property.name.as_str())
                .collect();
            let name = expectation.property.as_str();
            if !known.contains(&name) {
                let mut unique: Vec<&str> = Vec::new();
                for name in known {
                    if !unique.contains(&name) {
                        unique.push(name);
                    }
                }
                let what = format!("nothing that is checked here has a property \"{name}\"");
                let error = Error::usage(what).with_cure(names::cure(name, unique));
                self.mistake(at, error);
            }
        }
    }

    fn one<'a>(
        &self,
        entry: &'a Entry,
        variant: &'a Variant,
        request: &Request<'a>,
    ) -> Result<Check<'a>, Error> {
        let params = entry.values(&request.settings)?;
        let mut details: Vec<String> = (request.settings.iter())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let options = &request.options;
        details.extend(options.depth_max.map(|n| format!("max-depth {n}")));
        details.extend(options.states_max.map(|n| format!("max-states {n}")));
        Ok(Check {
            variant,
            checkable: build(entry, variant, &params, None)?,
            occasions: None,
            subject: Subject {
                model: entry.model.clone(),
                variant: variant.name.clone(),
                details: details.join(", "),
                origin: Some(Origin {
                    file: self.file.clone(),
                    line: request.line,
                }),
                params,
                options: options.clone(),
            },
            expects: request.expects.clone(),
            allow_bounds: request.allow_bounds,
            time_max: request.time_max,
        })
    }
}

/// The checks without those for which another names the same system more closely.
fn narrowest(planned: Vec<Planned<'_>>) -> Vec<Check<'_>> {
    let is_replaced = |one: &Planned<'_>| {
        let mut others = planned.iter();
        others.any(|other| other.scope < one.scope && is_of_same(&other.check, &one.check))
    };
    let replaced: Vec<bool> = planned.iter().map(is_replaced).collect();
    let all = planned.into_iter().zip(replaced);
    let kept = all.filter(|(_, is_replaced)| !is_replaced);
    kept.map(|(planned, _)| planned.check).collect()
}

/// Whether two checks are of the same system: the same variant with the same parameters.
fn is_of_same(a: &Check<'_>, b: &Check<'_>) -> bool {
    let (a, b) = (&a.subject, &b.subject);
    (&a.model, &a.variant, &a.params) == (&b.model, &b.variant, &b.params)
}

/// Whether two checks find the same.
fn is_same(a: &Check<'_>, b: &Check<'_>) -> bool {
    let bounds = |check: &Check<'_>| {
        let options = &check.subject.options;
        (options.depth_max, options.states_max)
    };
    is_of_same(a, b) && bounds(a) == bounds(b)
}
