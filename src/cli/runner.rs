//! Runs checks that are planned, one after another, and reports them: what `check` and `ci` have in common.
//! Decides nothing about what is checked.

use std::time::Duration;

use super::exit::Exit;
use super::files::{self, TraceArgs};
use super::outputs::{self, Outputs};
use super::watch::{self, Limits, Watch};
use super::{Context, complain, cores, panics, units, watchdog};
use crate::catalogue::{Agreement, Checkable, Checked, Entry, Expectation, Values, Variant};
use crate::error::Error;
use crate::report::{Finding, Measured, Notice, Report, Subject, Tally, TraceFile};
use crate::search::{Options, Stop, Verdict};
use crate::system::{Alteration, Occasions};
use crate::trace::{About, Explanation, Trace};

/// How checks are run, whatever is checked.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct How {
    /// Give up when a handler or property does not return for so long; 0s never does
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "60s", help_heading = "Limits, for each check")]
    pub(super) handler_time: Duration,

    /// Threads; the result does not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "How it is searched")]
    threads: Option<u16>,

    /// Compare states in full, so that no hash can hide one
    #[arg(
        long,
        conflicts_with = "fingerprint",
        help_heading = "How it is searched"
    )]
    exact: bool,

    /// Bits stored for each state: 64 or 128
    #[arg(long, value_name = "BITS", value_parser = fingerprint, default_value = "64", help_heading = "How it is searched")]
    fingerprint: u32,

    #[command(flatten)]
    traces: TraceArgs,

    /// Show no progress
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

impl How {
    /// The options of a search, as far as they are said here.
    pub(super) fn options(&self) -> Options {
        Options {
            threads: self.threads.map_or_else(cores, usize::from),
            exact: self.exact,
            fingerprint_bits: self.fingerprint,
            ..Options::default()
        }
    }
}

/// A check that is to be made.
pub(super) struct Check<'a> {
    pub(super) variant: &'a Variant,
    pub(super) subject: Subject,
    pub(super) checkable: Box<dyn Checkable>,
    /// The mistakes that the check comes by, where they are asked for.
    pub(super) occasions: Option<Occasions>,
    /// What is expected instead of what the variant declares.
    pub(super) expects: Vec<Expectation>,
    /// A property that holds within bounds is as good as one that holds.
    pub(super) allow_bounds: bool,
    /// Stop after this time.
    pub(super) time_max: Option<Duration>,
}

impl Check<'_> {
    fn expected(&self, property: &str) -> Verdict {
        let own = self.expects.iter().find(|e| e.property == property);
        own.map_or_else(|| self.variant.expected(property), |e| e.verdict)
    }
}

/// A run of the program over its checks.
pub(super) struct Run<'r, 'c> {
    how: &'r How,
    context: &'r mut Context<'c>,
    outputs: Outputs,
    tally: Tally,
    /// A mutation score below this percentage is not as expected.
    pub(super) score_min: Option<u8>,
    /// Violations are explained.
    pub(super) explains: bool,
}

impl<'r, 'c> Run<'r, 'c> {
    /// Makes everything ready for the first check.
    ///
    /// # Errors
    /// Reports cannot go where they are to go.
    pub(super) fn begin(
        how: &'r How,
        outputs: &outputs::Args,
        context: &'r mut Context<'c>,
    ) -> Result<Self, Error> {
        let outputs = Outputs::open(outputs, context)?;
        watch::catch_signals();
        Ok(Run {
            how,
            context,
            outputs,
            tally: Tally::default(),
            score_min: None,
            explains: false,
        })
    }

    /// Tells all reporters.
    pub(super) fn tell(&mut self, notice: &Notice<'_>) {
        self.outputs.tell(notice, &mut self.context.out);
    }

    /// Makes the checks, and hands each report on.
    pub(super) fn checks(
        &mut self,
        checks: Vec<Check<'_>>,
        on_report: &mut dyn FnMut(&Report),
    ) -> Exit {
        let mut exit = if checks.is_empty() {
            Exit::NothingChecked
        } else {
            Exit::AsExpected
        };
        let mut n_waiting = 0;
        for check in checks {
            if n_waiting > 0 || watch::interrupted() || self.context.out.is_closed() {
                exit = Exit::Interrupted;
                n_waiting += 1;
                self.tell(&Notice::NotBegun(&check.subject));
                continue;
            }
            exit = exit.max(self.check(check, on_report));
        }
        if n_waiting > 0 {
            complain(&format!(
                "{}: checks not begun: {n_waiting}",
                watch::why_not_begun()
            ));
        }
        exit
    }

    /// Tells that the run has ended, and completes all files.
    pub(super) fn end(mut self) -> Exit {
        let tally = self.tally;
        self.tell(&Notice::Ended(&tally));
        let mut exit = Exit::AsExpected;
        for error in self.outputs.close() {
            complain(&format!("a report could not be written: {error}"));
            exit = Exit::Usage;
        }
        exit
    }

    /// Makes one check and reports it.
    fn check(&mut self, mut check: Check<'_>, on_report: &mut dyn FnMut(&Report)) -> Exit {
        let name = check.subject.name();
        self.tell(&Notice::Started(&check.subject));
        let subject = &check.subject;
        let limits = Limits {
            time: check.time_max,
            states: subject.options.states_max,
            memory: subject.options.memory_max,
        };
        let watch = Watch::new(&name, limits, self.how.quiet);
        let about = about(subject);
        let watchdog = watchdog::watch(&name, check.checkable.lanes(), self.how.handler_time);
        let checked = panics::catch(|| {
            let checked = check.checkable.check(&subject.options, &about, &watch)?;
            let seconds = watch.elapsed().as_secs_f64();
            let is_whole = checked.outcome.stopped.is_none();
            let explanations = match self.explains && is_whole {
                true => explained(check.variant, subject, &checked)?,
                false => vec![None; checked.traces.len()],
            };
            let occasions = check.occasions.as_ref().filter(|_| is_whole);
            let mutants = occasions.map(|occasions| {
                let (params, options) = (&subject.params, &subject.options);
                (check.variant).mutants(params, &checked.outcome, occasions, options, &watch)
            });
            Ok((checked, explanations, mutants.transpose()?, seconds))
        });
        drop((watch, watchdog));
        let (checked, explanations, mutants, seconds) = match checked {
            Ok(Ok(checked)) => checked,
            Ok(Err(error)) => {
                self.failed(subject, &error);
                complain(&format!("{name}: {error}"));
                return Exit::from(&error);
            }
            Err(panic) => {
                let told = panics::report(&panic);
                self.failed(subject, &Error::model(told.clone()));
                complain(&format!("{name}: {told}"));
                return Exit::Internal;
            }
        };
        let mut findings = Vec::new();
        let traces = checked.traces.into_iter().zip(explanations);
        for (outcome, (trace, explanation)) in checked.outcome.properties.iter().zip(traces) {
            let expected = check.expected(&outcome.decl.name);
            findings.push(Finding {
                agreement: Agreement::of(expected, outcome.verdict, check.allow_bounds),
                outcome: outcome.clone(),
                expected,
                file: self.write_trace(subject, &outcome.decl.name, trace.as_ref()),
                trace,
                explanation,
            });
        }
        let report = Report {
            findings,
            measured: Measured {
                seconds,
                bytes_peak: checked.outcome.bytes_peak,
                threads: subject.options.threads,
            },
            outcome: checked.outcome,
            mutants,
            subject: check.subject,
        };
        self.tell(&Notice::Finished(&report));
        self.tally.add(report.agreement());
        if self.context.out.failure().is_some() {
            // The report is lost; its result is not.
            complain(&format!("{name}: {}", report.verdict().words()));
        }
        on_report(&report);
        let too_few = match (self.score_min, report.mutants.as_ref()) {
            (Some(least), Some(mutants)) => mutants.score().is_some_and(|s| s < usize::from(least)),
            _ => false,
        };
        if watch::interrupted() {
            Exit::Interrupted
        } else if too_few {
            exit_of(&report).max(Exit::NotAsExpected)
        } else {
            exit_of(&report)
        }
    }

    fn failed(&mut self, subject: &Subject, error: &Error) {
        self.tally.failed += 1;
        self.tell(&Notice::Failed(subject, error));
    }

    /// Writes the trace of a property, where there is one and it is wanted.
    fn write_trace(&self, subject: &Subject, property: &str, trace: Option<&Trace>) -> TraceFile {
        // Two checks of one variant have traces of their own.
        let variant = match subject.details.as_str() {
            "" => subject.variant.clone(),
            details => format!("{} {details}", subject.variant),
        };
        let traces = &self.how.traces;
        traces.write((subject.model.as_str(), &variant), property, trace)
    }
}

/// What explains the violations, each found in a system of its own: none of what the check knows is needed.
fn explained(
    variant: &Variant,
    subject: &Subject,
    checked: &Checked,
) -> Result<Vec<Option<Explanation>>, Error> {
    let properties = checked.outcome.properties.iter().zip(&checked.traces);
    let explanations = properties.map(|(outcome, trace)| {
        let violated = outcome.verdict == Verdict::Violated;
        let Some(trace) = trace.as_ref().filter(|_| violated) else {
            return Ok(None);
        };
        let mut checkable = variant.build(&subject.params)?;
        checkable.explain(trace).map(Some)
    });
    explanations.collect()
}

fn exit_of(report: &Report) -> Exit {
    let agreement = match report.agreement() {
        Agreement::AsExpected if report.findings.is_empty() => Exit::NothingChecked,
        agreement => agreement.into(),
    };
    let interrupted = report.outcome.stopped == Some(Stop::Interrupt);
    let stopped = match interrupted {
        true => Exit::Interrupted,
        false => Exit::AsExpected,
    };
    agreement
        .max(stopped)
        .max(files::exit_of_traces(&report.findings))
}

/// Builds a variant; a panic of the model's own code is the model's mistake.
pub(super) fn build(
    entry: &Entry,
    variant: &Variant,
    params: &Values,
    occasions: Option<&Occasions>,
) -> Result<Box<dyn Checkable>, Error> {
    let build = || match occasions {
        Some(occasions) => variant.altered(params, &Alteration::Note(occasions.clone())),
        None => variant.build(params),
    };
    let built = panics::catch(build).unwrap_or_else(|panic| {
        Err(
            Error::model(format!("building the system panicked: {}", panic.message)).with_cure(
                "the model's own code has to build a system for every allowed parameter",
            ),
        )
    });
    built.map_err(|error| error.about(&format!("{}/{}", entry.model, variant.name)))
}

/// What goes into traces and graphs.
pub(super) fn about(subject: &Subject) -> About {
    About {
        model: subject.model.clone(),
        variant: subject.variant.clone(),
        parameters: subject.params.texts(),
        hash_seed: subject.options.hash_seed,
    }
}

fn fingerprint(text: &str) -> Result<u32, String> {
    match text {
        "64" => Ok(64),
        "128" => Ok(128),
        _ => Err("64 or 128".to_owned()),
    }
}
