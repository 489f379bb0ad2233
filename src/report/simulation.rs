//! What random walks found: for a person, and for a program.
//!
//! Invariant: nothing here says that a property holds in every run. A walk that shows something is certain, what no walk shows is undecided.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::json::{self, SCHEMA, agreement, line, params};
use super::words::{full_title, grouped, plural, safe_lines, stop_words, title};
use super::{Finding, Paint, TraceFile};
use crate::catalogue::{Agreement, Value, Values};
use crate::error::Error;
use crate::search::{Shrunk, Sighting, Simulation, SimulationOptions, Stop, Strategy, Verdict};
use crate::space::PropertyKind;
use crate::trace::{self, Style, Trace};
use crate::value::printable;

/// What is simulated, and how.
#[derive(Clone, Debug)]
pub struct SimulationSubject {
    /// The model's name.
    pub model: String,
    /// The variant's name.
    pub variant: String,
    /// The values of all parameters.
    pub params: Values,
    /// How it is walked.
    pub options: SimulationOptions,
}

/// A finished simulation.
#[derive(Clone, Debug)]
pub struct SimulationReport {
    /// What was simulated.
    pub subject: SimulationSubject,
    /// One per property, in the model's order.
    pub findings: Vec<Finding>,
    /// What the walks found, all properties included.
    pub simulation: Simulation,
    /// What differs from run to run: wall time in seconds.
    pub seconds: f64,
}

/// One object of the stream. The variant's name is its `type`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    SimulatedProperty {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        name: &'a str,
        kind: PropertyKind,
        verdict: Verdict,
        expected: Verdict,
        agreement: &'static str,
        trace_len: Option<usize>,
        run: Option<u64>,
        runs: Option<u64>,
        walk_len: Option<u32>,
        shrunk: Option<Shrunk>,
        note: Option<&'a str>,
        trace_file: Option<&'a str>,
        trace_file_error: Option<&'a str>,
        trace: Option<&'a Trace>,
    },
    Simulation {
        schema: u32,
        model: &'a str,
        variant: &'a str,
        params: BTreeMap<&'a str, &'a Value>,
        options: OptionsLine<'a>,
        verdict: Verdict,
        agreement: &'static str,
        runs: u64,
        steps: u64,
        distinct_states: u64,
        longest: u32,
        ended: u64,
        cut: u64,
        confined: u64,
        boundaries: &'a [String],
        stopped: Option<Stop>,
        identity: Option<&'a str>,
        measured: MeasuredLine,
    },
}

/// The options that decide what is found; threads do not, and stand under `measured`.
#[derive(Serialize)]
struct OptionsLine<'a> {
    seed: u64,
    runs: u64,
    steps_max: u32,
    strategy: &'static str,
    depth: Option<u32>,
    properties: Option<&'a [String]>,
    first: bool,
}

#[derive(Serialize)]
struct MeasuredLine {
    seconds: f64,
    steps_per_second: f64,
    threads: usize,
}

impl SimulationSubject {
    /// `model/variant`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.model, self.variant)
    }

    /// The line that a person reads while it begins.
    pub fn text(&self, paint: Paint) -> String {
        let params = self.params.iter();
        let params: String = params
            .map(|(name, value)| format!("  {name}={value}"))
            .collect();
        let options = &self.options;
        let strategy = match options.strategy {
            Strategy::Random => "random".to_owned(),
            Strategy::Pct { depth } => format!("pct of depth {depth}"),
        };
        format!(
            "{}{params}\n  {} from seed {}, {strategy}, at most {} each\n",
            paint.bold(&self.name()),
            plural(options.runs as usize, "run"),
            options.seed,
            plural(options.steps_max as usize, "step"),
        )
    }

    /// The text for a simulation that could not be made.
    pub fn failed(&self, error: &Error, paint: Paint) -> String {
        let mark = paint.bad("✗ not simulated:");
        format!("\n  {mark} {}\n", safe_lines(&error.to_string()))
    }

    /// The same for a program.
    pub fn failed_json(&self, error: &Error) -> String {
        json::failed(&self.model, &self.variant, error)
    }
}

impl SimulationReport {
    /// The worst verdict of its properties.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.findings.iter().map(|f| f.outcome.verdict);
        verdicts.max().unwrap_or(Verdict::Inconclusive)
    }

    /// The worst agreement of its properties.
    pub fn agreement(&self) -> Agreement {
        let agreements = self.findings.iter().map(|f| f.agreement);
        agreements.max().unwrap_or(Agreement::Undecided)
    }

    fn sighting(&self, finding: &Finding) -> Option<Sighting> {
        let mut properties = self.simulation.properties.iter();
        properties
            .find(|property| property.outcome.decl == finding.outcome.decl)?
            .sighting
    }

    /// The report for a person; `program` begins the commands that it proposes.
    pub fn text(&self, paint: Paint, width: usize, program: &str) -> String {
        let mut text = String::from("\n");
        let kinds = self
            .findings
            .iter()
            .map(|f| f.outcome.decl.kind.word().len());
        let kind_width = kinds.max().unwrap_or(0);
        let names = self.findings.iter().map(|f| title(f).chars().count());
        let name_width = names.max().unwrap_or(0);
        for finding in &self.findings {
            let (kind, name) = (finding.outcome.decl.kind.word(), title(finding));
            let gap = " ".repeat(name_width - name.chars().count());
            let (mark, words) = marked(finding, paint);
            let expected = match (finding.agreement, finding.expected) {
                (Agreement::Undecided, Verdict::Violated) => ", expected: violated".to_owned(),
                (Agreement::AsExpected, Verdict::Violated) => ", as expected".to_owned(),
                (Agreement::Undecided | Agreement::AsExpected, _) => String::new(),
                (Agreement::Contradicted, expected) => {
                    let expected = format!("expected: {}", expected.words());
                    format!(", {}", paint.bad(&expected))
                }
            };
            let _ = writeln!(
                text,
                "  {mark} {kind:kind_width$}  {name}{gap}  {words}{expected}"
            );
        }
        for finding in &self.findings {
            self.story(finding, paint, width, program, &mut text);
        }
        text.push('\n');
        self.facts(paint, &mut text);
        text
    }

    /// The trace of a violation, where it was seen, and how to replay it.
    fn story(
        &self,
        finding: &Finding,
        paint: Paint,
        width: usize,
        program: &str,
        text: &mut String,
    ) {
        let violated = finding.outcome.verdict == Verdict::Violated;
        if let (Some(trace), Some(sighting)) = (&finding.trace, self.sighting(finding))
            && violated
        {
            let (mark, words) = marked(finding, paint);
            let _ = writeln!(
                text,
                "\n{mark} {}: {words} · {}\n",
                full_title(finding),
                seen(sighting, finding.trace_len().unwrap_or(0))
            );
            let style = Style {
                width,
                color: paint.is_on(),
                full: false,
            };
            text.push_str(&trace::text(trace, &style));
        }
        match &finding.file {
            TraceFile::Written(path) if violated => {
                let name = self.subject.name();
                let _ = write!(text, "\n{}", super::human::commands(program, &name, path));
            }
            TraceFile::NotWritten(why) => {
                let _ = writeln!(text, "\n  {} {why}", paint.warn("trace not written:"));
            }
            TraceFile::Written(_) | TraceFile::None => {}
        }
    }

    fn facts(&self, paint: Paint, text: &mut String) {
        let simulation = &self.simulation;
        let mut fact = |name: &str, value: &str| {
            let _ = writeln!(text, "  {} {value}", paint.dim(&format!("{name:15}")));
        };
        let mut ends = Vec::new();
        for (n, how) in [
            (simulation.ended, "came to a state without steps"),
            (simulation.cut, "had as many steps as they may"),
            (simulation.confined, "could only leave a boundary"),
        ] {
            if n > 0 {
                ends.push(format!("{} {how}", grouped(n)));
            }
        }
        let gap = if ends.is_empty() { "" } else { ": " };
        let runs = format!("{}{gap}{}", grouped(simulation.runs), ends.join(", "));
        fact("runs", &runs);
        let steps = format!(
            "{}, {} in the longest run",
            grouped(simulation.steps),
            grouped(u64::from(simulation.longest))
        );
        fact("steps", &steps);
        fact("distinct states", &grouped(simulation.unique));
        if let Some(note) = &simulation.identity_note {
            fact("identity", note);
        }
        for boundary in &simulation.boundaries {
            fact("cut by", &printable(boundary));
        }
        if let Some(stop) = simulation.stopped {
            fact("stopped by", stop_words(stop));
        }
        let undecided = |f: &&Finding| f.outcome.verdict == Verdict::Inconclusive;
        let undecided: Vec<&Finding> = self.findings.iter().filter(undecided).collect();
        let is_liveness = |f: &&Finding| f.outcome.decl.kind.is_liveness();
        if undecided.iter().any(is_liveness) {
            fact(
                "not judged",
                "what happens in the end: no walk is without end",
            );
        }
        if !undecided.iter().all(is_liveness) {
            fact(
                "undecided",
                "what no walk showed can happen all the same; a check decides",
            );
        }
        for finding in &self.findings {
            let witness = finding.outcome.verdict != Verdict::Violated;
            if let (TraceFile::Written(path), true) = (&finding.file, witness) {
                fact("witness", path);
            }
        }
        let threads = plural(self.subject.options.threads, "thread");
        let figures = format!(
            "{:.2} s, {} steps/s, {threads}",
            self.seconds,
            grouped(self.rate() as u64)
        );
        fact("measured", &figures);
    }

    fn rate(&self) -> f64 {
        match self.seconds > 0.0 {
            true => self.simulation.steps as f64 / self.seconds,
            false => 0.0,
        }
    }

    /// The report for a program; `docs/json.md` documents it.
    pub fn json(&self) -> String {
        let (subject, simulation) = (&self.subject, &self.simulation);
        let mut text = String::new();
        for finding in &self.findings {
            let decl = &finding.outcome.decl;
            let sighting = self.sighting(finding);
            let (trace_file, trace_file_error) = json::trace_file(&finding.file);
            text.push_str(&line(&Line::SimulatedProperty {
                schema: SCHEMA,
                model: &subject.model,
                variant: &subject.variant,
                name: &decl.name,
                kind: decl.kind,
                verdict: finding.outcome.verdict,
                expected: finding.expected,
                agreement: agreement(finding.agreement),
                trace_len: finding.trace_len(),
                run: sighting.map(|sighting| sighting.run),
                runs: sighting.map(|sighting| sighting.runs),
                walk_len: sighting.map(|sighting| sighting.steps),
                shrunk: sighting.map(|sighting| sighting.shrunk),
                note: finding.outcome.note.as_deref(),
                trace_file,
                trace_file_error,
                trace: finding.trace.as_ref(),
            }));
        }
        let options = &subject.options;
        text.push_str(&line(&Line::Simulation {
            schema: SCHEMA,
            model: &subject.model,
            variant: &subject.variant,
            params: params(&subject.params),
            options: OptionsLine {
                seed: options.seed,
                runs: options.runs,
                steps_max: options.steps_max,
                strategy: options.strategy.word(),
                depth: match options.strategy {
                    Strategy::Random => None,
                    Strategy::Pct { depth } => Some(depth),
                },
                properties: options.properties.as_deref(),
                first: options.first,
            },
            verdict: self.verdict(),
            agreement: agreement(self.agreement()),
            runs: simulation.runs,
            steps: simulation.steps,
            distinct_states: simulation.unique,
            longest: simulation.longest,
            ended: simulation.ended,
            cut: simulation.cut,
            confined: simulation.confined,
            boundaries: &simulation.boundaries,
            stopped: simulation.stopped,
            identity: simulation.identity_note.as_deref(),
            measured: MeasuredLine {
                seconds: self.seconds,
                steps_per_second: self.rate(),
                threads: options.threads,
            },
        }));
        text
    }
}

/// The mark and the words of a verdict. That a state was reached is said in no word that could be taken for more.
fn marked(finding: &Finding, paint: Paint) -> (String, String) {
    let steps = plural(finding.trace_len().unwrap_or(0), "step");
    match finding.outcome.verdict {
        Verdict::Violated => (paint.bad("✗"), paint.bad(&format!("violated in {steps}"))),
        Verdict::Holds => (paint.good("✓"), paint.good(&format!("reached in {steps}"))),
        verdict => (paint.warn("?"), paint.warn(verdict.words())),
    }
}

/// Where it was seen first, how often, and what became of the walk.
fn seen(sighting: Sighting, n_steps: usize) -> String {
    let others = match sighting.runs - 1 {
        0 => String::new(),
        n => format!(" and {} more", grouped(n)),
    };
    let from = match sighting.steps as usize {
        n if n == n_steps => String::new(),
        n => format!(", shrunk from {}", plural(n, "step")),
    };
    let how = match sighting.shrunk {
        Shrunk::Shortest => "shortest possible",
        Shrunk::Minimal => "no step can be left out",
        Shrunk::Unfinished => "perhaps not as short as it could be",
    };
    format!("in run {}{others}{from}; {how}", grouped(sighting.run))
}
