//! The stream as JSON, one object a line; `docs/json.md` documents it. Within a schema version fields are only ever added.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Finding, LockReport, Measured, Notice, Report, Reporter, Subject, TraceFile};
use crate::catalogue::{Agreement, Fate, Mistake, Mutant, Mutants, Value, Values};
use crate::error::Error;
use crate::search::{FaultFrontier, StepsTaken, Stop, Verdict};
use crate::space::{FaultKind, FaultKinds, PropertyKind};
use crate::trace::{Decided, Explanation, Trace};

/// The version of the schema, in every object under `schema`.
pub const SCHEMA: u32 = 1;

/// Reports as JSON lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

/// One object of the stream. The variant's name is its `type`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Started {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        params: BTreeMap<&'a str, &'a Value>,
        options: OptionsLine<'a>,
    },
    Property {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        #[serde(flatten)]
        property: PropertyLine<'a>,
        as_expected: bool,
        tie_break: Option<bool>,
        note: Option<&'a str>,
        reason: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        explanation: Option<Vec<ExplainedLine<'a>>>,
        fault_frontier: Option<FrontierLine<'a>>,
        trace_file: Option<&'a str>,
        trace_file_error: Option<&'a str>,
        trace: Option<&'a Trace>,
    },
    Summary {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        verdict: Verdict,
        as_expected: bool,
        agreement: &'static str,
        unique_states: u64,
        generated: u64,
        transitions: u64,
        depth: u32,
        properties: Vec<PropertyLine<'a>>,
        budgets: Vec<BudgetLine<'a>>,
        unlimited: &'a [String],
        cut_by: &'a [String],
        stopped: Option<Stop>,
        exact: bool,
        fingerprint_bits: u32,
        hash_seed: u64,
        omission_bound: f64,
        identity: Option<&'a str>,
        assumptions: &'a [String],
        warnings: &'a [String],
        symmetry: Option<&'a str>,
        never_exercised: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        handlers: Vec<HandlerLine<'a>>,
        measured: MeasuredLine,
    },
    Mutant {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        mistake: String,
        /// Whether the model names it.
        named: bool,
        #[serde(flatten)]
        fate: FateLine<'a>,
    },
    MutationScore {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        mutants: usize,
        caught: usize,
        survived: usize,
        undecided: usize,
        score: Option<usize>,
    },
    Lock {
        schema: u32,
        file: &'a str,
        unchanged: bool,
        updated: bool,
        compared: usize,
        moved: Vec<MovedLine<'a>>,
        left_out: &'a [String],
    },
    Error {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        message: String,
        help: Option<&'a str>,
    },
}

/// A property, as it stands in `property` and `summary`.
#[derive(Serialize)]
struct PropertyLine<'a> {
    name: &'a str,
    kind: PropertyKind,
    verdict: Verdict,
    expected: Verdict,
    trace_len: Option<usize>,
    loop_start: Option<usize>,
    /// For a `measure` that holds: the most steps, or `"unbounded"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<StepsLine>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StepsLine {
    AtMost(u64),
    Unbounded(&'static str),
}

/// A check that is not what a lockfile says.
#[derive(Serialize)]
struct MovedLine<'a> {
    check: &'a str,
    how: &'a [String],
}

/// How often something may happen.
#[derive(Serialize)]
struct BudgetLine<'a> {
    name: &'a str,
    limit: u32,
    then: Option<&'a str>,
}

/// How often a handler runs.
#[derive(Serialize)]
struct HandlerLine<'a> {
    name: &'a str,
    fired: u64,
    situations: u64,
}

/// What explains one path of a trace.
#[derive(Serialize)]
struct ExplainedLine<'a> {
    /// The steps that happened beside the violation, counted from 1.
    left_out: Vec<usize>,
    decided: Option<&'a Decided>,
}

/// What a mistake came to.
#[derive(Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
enum FateLine<'a> {
    Caught {
        property: &'a str,
        kind: PropertyKind,
        verdict: Verdict,
        trace_len: Option<usize>,
    },
    Refused {
        message: &'a str,
    },
    Survived {
        unique_states: u64,
    },
    Undecided {
        message: &'a str,
    },
}

/// Which faults break a property.
#[derive(Serialize)]
struct FrontierLine<'a> {
    kinds: Vec<KindLine<'a>>,
    restrictions: &'a [String],
    broken_by: &'a [Vec<u32>],
    safe_with: &'a [Vec<u32>],
    within_bounds: bool,
}

/// A kind of fault.
#[derive(Serialize)]
struct KindLine<'a> {
    name: &'a str,
    limit: u32,
    bounded: bool,
}

/// The options that decide what is found; threads do not, and stand under `measured`.
#[derive(Serialize)]
struct OptionsLine<'a> {
    depth_max: Option<u32>,
    states_max: Option<u64>,
    memory_max: Option<u64>,
    properties: Option<&'a [String]>,
    first: bool,
    symmetry: bool,
    fewest_faults: bool,
    faults_max: Option<u32>,
    exact: bool,
    fingerprint_bits: u32,
    hash_seed: u64,
}

#[derive(Serialize)]
struct MeasuredLine {
    seconds: f64,
    states_per_second: f64,
    transitions_per_second: f64,
    peak_bytes: u64,
    threads: usize,
}

impl Reporter for Json {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        match notice {
            Notice::Started(subject) => line(&started(subject)),
            Notice::Finished(report) => finished(report),
            Notice::Failed(subject, error) => failed(&subject.model, &subject.variant, error),
            Notice::Locked(lock) => line(&locked(lock)),
            Notice::NotBegun(_) | Notice::Ended(_) => String::new(),
        }
    }
}

fn started(subject: &Subject) -> Line<'_> {
    let options = &subject.options;
    Line::Started {
        schema: SCHEMA,
        model: &subject.model,
        variant: &subject.variant,
        params: params(&subject.params),
        options: OptionsLine {
            depth_max: options.depth_max,
            states_max: options.states_max,
            memory_max: options.memory_max,
            properties: options.properties.as_deref(),
            first: options.first,
            symmetry: options.symmetry,
            fewest_faults: options.fewest_faults,
            faults_max: options.faults_max,
            exact: options.exact,
            fingerprint_bits: options.fingerprint_bits,
            hash_seed: options.hash_seed,
        },
    }
}

fn locked(lock: &LockReport) -> Line<'_> {
    let moved = lock.moved.iter().map(|moved| MovedLine {
        check: &moved.check,
        how: &moved.how,
    });
    Line::Lock {
        schema: SCHEMA,
        file: &lock.file,
        unchanged: lock.moved.is_empty() && !lock.is_first,
        updated: lock.is_updated,
        compared: match lock.is_first {
            true => 0,
            false => lock.n_found,
        },
        moved: moved.collect(),
        left_out: &lock.left_out,
    }
}

fn finished(report: &Report) -> String {
    let mut text: String = report
        .findings
        .iter()
        .map(|finding| line(&property(report, finding)))
        .collect();
    let (subject, outcome) = (&report.subject, &report.outcome);
    if let Some(mutants) = &report.mutants {
        text.push_str(&mutated(subject, mutants));
    }
    text.push_str(&line(&Line::Summary {
        schema: SCHEMA,
        model: &subject.model,
        variant: &subject.variant,
        verdict: report.verdict(),
        as_expected: report.agreement() == Agreement::AsExpected,
        agreement: agreement(report.agreement()),
        unique_states: outcome.counts.unique,
        generated: outcome.counts.generated,
        transitions: outcome.counts.transitions,
        depth: outcome.counts.depth,
        properties: report.findings.iter().map(property_line).collect(),
        budgets: (outcome.budgets.iter())
            .map(|budget| BudgetLine {
                name: &budget.name,
                limit: budget.limit,
                then: budget.then.as_deref(),
            })
            .collect(),
        unlimited: &outcome.faults.unlimited,
        cut_by: &outcome.cuts,
        stopped: outcome.stopped,
        exact: outcome.exact,
        fingerprint_bits: outcome.fingerprint_bits,
        hash_seed: subject.options.hash_seed,
        omission_bound: outcome.omission_bound,
        identity: outcome.identity_note.as_deref(),
        assumptions: &outcome.assumptions,
        warnings: &outcome.warnings,
        symmetry: outcome.symmetry.as_deref(),
        never_exercised: &outcome.never_exercised,
        digest: outcome.digest.map(|digest| format!("{digest:032x}")),
        handlers: (outcome.handlers.iter())
            .map(|handler| HandlerLine {
                name: &handler.name,
                fired: handler.fired,
                situations: handler.situations,
            })
            .collect(),
        measured: measured(report, &report.measured),
    }));
    text
}

fn mutated(subject: &Subject, mutants: &Mutants) -> String {
    let one = |mutant: &Mutant| {
        line(&Line::Mutant {
            schema: SCHEMA,
            model: &subject.model,
            variant: &subject.variant,
            mistake: mutant.mistake.to_string(),
            named: matches!(mutant.mistake, Mistake::Named(_)),
            fate: fate_line(&mutant.fate),
        })
    };
    let mut text: String = mutants.mutants.iter().map(one).collect();
    text.push_str(&line(&Line::MutationScore {
        schema: SCHEMA,
        model: &subject.model,
        variant: &subject.variant,
        mutants: mutants.mutants.len(),
        caught: mutants.caught(),
        survived: mutants.survivors().count(),
        undecided: mutants.undecided(),
        score: mutants.score(),
    }));
    text
}

fn fate_line(fate: &Fate) -> FateLine<'_> {
    match fate {
        Fate::Caught {
            property,
            kind,
            verdict,
            steps,
        } => FateLine::Caught {
            property,
            kind: *kind,
            verdict: *verdict,
            trace_len: *steps,
        },
        Fate::Refused(message) => FateLine::Refused { message },
        Fate::Survived { unique } => FateLine::Survived {
            unique_states: *unique,
        },
        Fate::Undecided(message) => FateLine::Undecided { message },
    }
}

fn property<'a>(report: &'a Report, finding: &'a Finding) -> Line<'a> {
    let subject = &report.subject;
    let (trace_file, trace_file_error) = trace_file(&finding.file);
    Line::Property {
        schema: SCHEMA,
        model: &subject.model,
        variant: &subject.variant,
        property: property_line(finding),
        as_expected: finding.agreement == Agreement::AsExpected,
        tie_break: finding.trace.as_ref().map(|t| t.tie_break),
        note: finding.outcome.note.as_deref(),
        reason: finding.reason(),
        explanation: finding.explanation.as_ref().map(explained),
        fault_frontier: (finding.outcome.fault_frontier.as_ref())
            .map(|frontier| frontier_line(frontier, &report.outcome.faults)),
        trace_file,
        trace_file_error,
        trace: finding.trace.as_ref(),
    }
}

fn explained(explanation: &Explanation) -> Vec<ExplainedLine<'_>> {
    let paths = explanation.paths.iter();
    let lines = paths.map(|path| ExplainedLine {
        left_out: (path.kept.iter().enumerate())
            .filter(|(_, is_kept)| !**is_kept)
            .map(|(i, _)| i + 1)
            .collect(),
        decided: path.decided.as_ref(),
    });
    lines.collect()
}

fn frontier_line<'a>(frontier: &'a FaultFrontier, faults: &'a FaultKinds) -> FrontierLine<'a> {
    let kind = |kind: &'a FaultKind| KindLine {
        name: &kind.many,
        limit: kind.limit,
        bounded: kind.is_bounded,
    };
    FrontierLine {
        kinds: faults.kinds.iter().map(kind).collect(),
        restrictions: &faults.restrictions,
        broken_by: &frontier.broken_by,
        safe_with: &frontier.safe_with,
        within_bounds: frontier.within_bounds,
    }
}

fn property_line(finding: &Finding) -> PropertyLine<'_> {
    PropertyLine {
        name: &finding.outcome.decl.name,
        kind: finding.outcome.decl.kind,
        verdict: finding.outcome.verdict,
        expected: finding.expected,
        trace_len: finding.trace_len(),
        loop_start: finding.loop_start(),
        steps: finding.outcome.steps.map(|steps| match steps {
            StepsTaken::AtMost(n) => StepsLine::AtMost(n),
            StepsTaken::Unbounded => StepsLine::Unbounded("unbounded"),
        }),
    }
}

fn measured(report: &Report, measured: &Measured) -> MeasuredLine {
    MeasuredLine {
        seconds: measured.seconds,
        states_per_second: measured.rate(report.outcome.counts.unique),
        transitions_per_second: measured.rate(report.outcome.counts.transitions),
        peak_bytes: measured.bytes_peak,
        threads: measured.threads,
    }
}

pub(super) fn agreement(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::AsExpected => "as_expected",
        Agreement::Undecided => "undecided",
        Agreement::Contradicted => "contradicted",
    }
}

/// Where a trace went, and why it could not.
pub(super) fn trace_file(file: &TraceFile) -> (Option<&str>, Option<&str>) {
    match file {
        TraceFile::None => (None, None),
        TraceFile::Written(path) => (Some(path), None),
        TraceFile::NotWritten(why) => (None, Some(why)),
    }
}

/// That something could not be done.
pub(super) fn failed(model: &str, variant: &str, error: &Error) -> String {
    line(&Line::Error {
        schema: SCHEMA,
        model,
        variant,
        message: error.message(),
        help: error.cure(),
    })
}

pub(super) fn params(values: &Values) -> BTreeMap<&str, &Value> {
    values.iter().collect()
}

/// One line. Nothing in a [`Line`] can fail to serialise: no map has keys that are not strings.
pub(super) fn line(line: &impl Serialize) -> String {
    let mut text = serde_json::to_string(line).expect("a report serialises");
    text.push('\n');
    text
}
