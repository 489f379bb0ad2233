//! `allways check`: explore everything, print verdicts and the shortest traces.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction;

use super::exit::Exit;
use super::watch::{self, Watch};
use super::{Context, complain, files, panics, units, watchdog, width};
use crate::catalogue::{Agreement, Catalogue, Checkable, Entry, Values, Variant, unknown};
use crate::error::Error;
use crate::report::{
    Finding, Human, Json, Measured, Notice, Report, Reporter, Subject, Tally, TraceFile,
};
use crate::search::{Options, Stop};
use crate::system::{Alteration, Occasions};
use crate::trace::{self, About};

/// Check models: every interleaving, a verdict for each property
///
/// Explores every state that a model can reach, and says of each property whether it holds. Where one is violated it
/// prints the shortest way there, and writes it to a trace file that can be shown and replayed.
///
/// Progress goes to standard error. Ctrl-C ends a check with what is known by then; on Unix the signal SIGUSR1 prints how
/// far it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways check duva-join                       every variant of a model
  allways check duva-join/fire-and-forget       one of them
  allways check two-phase-commit-tla --set rms=5
  allways check duva-join/callback-chain --dump dot | dot -Tsvg > join.svg
  allways check --all --json --time 1m")]
pub(super) struct Args {
    /// What to check; a model alone stands for all its variants
    #[arg(value_name = "MODEL[/VARIANT]", required_unless_present = "all")]
    names: Vec<String>,

    /// Check the whole catalogue
    #[arg(long, conflicts_with = "names")]
    all: bool,

    /// Set a parameter of the model; `allways list` shows them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting, action = ArgAction::Append)]
    settings: Vec<(String, String)>,

    /// Check only this property; may be repeated
    #[arg(
        long = "property",
        value_name = "NAME",
        help_heading = "What is checked"
    )]
    properties: Vec<String>,

    /// Stop a check after its first violation
    #[arg(long, help_heading = "What is checked")]
    first: bool,

    /// Which combinations of faults break each property, and a trace with the fewest
    ///
    /// One search tells for every smaller budget of crashes, losses, duplicates and partitions whether the property is safe
    /// with it. Every kind of fault needs a budget.
    #[arg(long, conflicts_with = "first", help_heading = "What is checked")]
    fewest_faults: bool,

    /// Put one small mistake at a time into each variant, and say which property notices it
    ///
    /// Of every handler that ran, each kind of effect is dropped (sending a message variant, saving, setting or cancelling a timer, a
    /// choice) and each kind of event ignored; mistakes that the model names are made too. A mistake is caught when a property that holds
    /// is violated or vacuous with it. Those that survive show what no property asks for.
    #[arg(long, conflicts_with = "first", help_heading = "What is checked")]
    mutations: bool,

    /// With --mutations: a score below this percentage is not as expected (exit code 1)
    #[arg(long, value_name = "PERCENT", requires = "mutations", value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "What is checked")]
    min_score: Option<u8>,

    /// A property that holds within bounds is as good as one that holds
    #[arg(long, help_heading = "What is checked")]
    allow_bounds: bool,

    /// Explore no further than so many steps
    #[arg(long, value_name = "N", help_heading = "Limits, for each check")]
    max_depth: Option<u32>,

    /// Begin no further level once so many states are known
    #[arg(long, value_name = "N", help_heading = "Limits, for each check")]
    max_states: Option<u64>,

    /// Stop after this time: 500ms, 30s, 10m
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Limits, for each check")]
    time: Option<Duration>,

    /// Stop when the search holds this much: 512MiB, 4GiB
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, help_heading = "Limits, for each check")]
    memory: Option<u64>,

    /// Give up when a handler or property does not return for so long; 0s never does
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "60s", help_heading = "Limits, for each check")]
    handler_time: Duration,

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

    /// Tell all states apart, also those that differ only by which of symmetric actors is which
    #[arg(long, help_heading = "How it is searched")]
    no_symmetry: bool,

    /// Repeat a check independently of the hash of another
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "How it is searched"
    )]
    hash_seed: u64,

    /// Where trace files go
    #[arg(long, value_name = "DIR", default_value = files::TRACE_DIR, help_heading = "Output")]
    trace_dir: PathBuf,

    /// Write no trace files
    #[arg(long, conflicts_with = "trace_dir", help_heading = "Output")]
    no_trace_file: bool,

    /// One JSON object a line instead of text
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Write the graph of all states instead of a report: dot or json
    ///
    /// Of one variant, with up to 10,000 states; `--max-depth` leaves out what is further away. For Graphviz (`| dot
    /// -Tsvg`) or for programs. Nothing is compared with what is expected: exit code 0 says that the graph is there.
    #[arg(
        long,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output",
        conflicts_with_all = ["first", "fewest_faults", "mutations", "allow_bounds", "time", "memory", "exact", "fingerprint", "trace_dir", "no_trace_file", "json"]
    )]
    dump: Option<Format>,

    /// Show no progress
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

/// What the graph is written in.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// The language of Graphviz
    Dot,
    /// One JSON object
    Json,
}

/// A check that is to be made.
struct Check<'a> {
    variant: &'a Variant,
    subject: Subject,
    checkable: Box<dyn Checkable>,
    /// The mistakes that the check comes by, where they are asked for.
    occasions: Option<Occasions>,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let checks = plan(args, context.catalogue)?;
    if let Some(format) = args.dump {
        return dump(checks, format, args, context);
    }
    let mut reporter: Box<dyn Reporter> = if args.json {
        Box::new(Json)
    } else {
        Box::new(Human::new(context.paint, width(), context.program.clone()))
    };
    watch::catch_signals();
    let mut tally = Tally::default();
    let mut exit = if checks.is_empty() {
        complain("nothing was checked: the catalogue is empty");
        Exit::NothingChecked
    } else {
        Exit::AsExpected
    };
    let mut waiting = checks.len();
    for check in checks {
        if watch::interrupted() || context.out.is_closed() {
            exit = Exit::Interrupted;
            break;
        }
        waiting -= 1;
        let ended = one(check, args, context, reporter.as_mut(), &mut tally);
        exit = exit.max(ended);
    }
    context.out.write(&reporter.text(&Notice::Ended(&tally)));
    if waiting > 0 {
        complain(&format!("interrupted: checks not begun: {waiting}"));
    }
    Ok(exit)
}

/// Everything that is to be checked, built and validated: where anything is wrong, nothing is run.
fn plan<'a>(args: &Args, catalogue: &'a Catalogue) -> Result<Vec<Check<'a>>, Error> {
    let mut selected: Vec<(&Entry, &Variant)> = Vec::new();
    if args.all {
        for entry in catalogue.entries() {
            selected.extend(entry.variants.iter().map(|v| (entry, v)));
        }
    }
    for name in &args.names {
        let (entry, variants) = catalogue.select(name)?;
        for variant in variants {
            // Named twice is checked once.
            if !selected.iter().any(|(_, v)| std::ptr::eq(*v, variant)) {
                selected.push((entry, variant));
            }
        }
    }
    let mut checks = selected
        .into_iter()
        .map(|(entry, variant)| {
            let params = entry.values(&args.settings)?;
            let occasions = args.mutations.then(Occasions::default);
            Ok(Check {
                variant,
                checkable: build(entry, variant, &params, occasions.as_ref())?,
                occasions,
                subject: Subject {
                    model: entry.model.clone(),
                    variant: variant.name.clone(),
                    params,
                    options: options(args),
                },
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    select_properties(&args.properties, &mut checks)?;
    Ok(checks)
}

/// Keeps the checks that have one of the properties, and asks each only for those it has.
fn select_properties(wanted: &[String], checks: &mut Vec<Check<'_>>) -> Result<(), Error> {
    if wanted.is_empty() {
        return Ok(());
    }
    let has =
        |check: &Check<'_>, name: &str| check.checkable.properties().iter().any(|p| p.name == name);
    for name in wanted {
        if !checks.iter().any(|check| has(check, name)) {
            let mut known: Vec<&str> = Vec::new();
            for property in checks.iter().flat_map(|c| c.checkable.properties()) {
                if !known.contains(&property.name.as_str()) {
                    known.push(&property.name);
                }
            }
            return Err(unknown(
                &format!("there is no property \"{name}\" in what is to be checked"),
                name,
                known,
            ));
        }
    }
    checks.retain_mut(|check| {
        let own: Vec<String> = wanted.iter().filter(|n| has(check, n)).cloned().collect();
        let any = !own.is_empty();
        check.subject.options.properties = Some(own);
        any
    });
    Ok(())
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

fn options(args: &Args) -> Options {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Options {
        threads: args.threads.map_or(cores, usize::from),
        depth_max: args.max_depth,
        states_max: args.max_states,
        memory_max: args.memory,
        first: args.first,
        fewest_faults: args.fewest_faults,
        symmetry: !args.no_symmetry,
        exact: args.exact,
        fingerprint_bits: args.fingerprint,
        hash_seed: args.hash_seed,
        ..Options::default()
    }
}

/// What goes into traces and graphs.
fn about(subject: &Subject) -> About {
    About {
        model: subject.model.clone(),
        variant: subject.variant.clone(),
        parameters: subject.params.texts(),
        hash_seed: subject.options.hash_seed,
    }
}

/// Writes the graph of one variant: all of it or nothing.
fn dump(
    checks: Vec<Check<'_>>,
    format: Format,
    args: &Args,
    context: &mut Context<'_>,
) -> Result<Exit, Error> {
    let n = checks.len();
    let Ok([mut check]) = <[Check<'_>; 1]>::try_from(checks) else {
        return Err(Error::usage(format!(
            "--dump writes the graph of one variant, not of {n}"
        ))
        .with_cure("name it as MODEL/VARIANT; `allways list` shows them"));
    };
    let subject = &check.subject;
    let name = format!("{}/{}", subject.model, subject.variant);
    let watchdog = watchdog::watch(&name, check.checkable.lanes(), args.handler_time);
    let graph = panics::catch(|| check.checkable.graph(&subject.options, &about(subject)));
    drop(watchdog);
    match graph {
        Ok(graph) => {
            let graph = graph.map_err(|error| error.about(&name))?;
            context.out.write(&match format {
                Format::Dot => trace::graph_to_dot(&graph),
                Format::Json => trace::graph_to_json(&graph),
            });
            Ok(Exit::AsExpected)
        }
        Err(panic) => {
            complain(&format!("{name}: {}", panics::report(&panic)));
            Ok(Exit::Internal)
        }
    }
}

/// Makes one check and reports it.
fn one(
    mut check: Check<'_>,
    args: &Args,
    context: &mut Context<'_>,
    reporter: &mut dyn Reporter,
    tally: &mut Tally,
) -> Exit {
    let subject = &check.subject;
    let name = format!("{}/{}", subject.model, subject.variant);
    context.out.write(&reporter.text(&Notice::Started(subject)));
    let watch = Watch::new(&name, args.time, args.quiet);
    let about = about(subject);
    let watchdog = watchdog::watch(&name, check.checkable.lanes(), args.handler_time);
    let checked = panics::catch(|| {
        let checked = check.checkable.check(&subject.options, &about, &watch)?;
        let seconds = watch.elapsed().as_secs_f64();
        let is_whole = checked.outcome.stopped.is_none();
        let occasions = check.occasions.as_ref().filter(|_| is_whole);
        let mutants = occasions.map(|occasions| {
            let (params, options) = (&subject.params, &subject.options);
            (check.variant).mutants(params, &checked.outcome, occasions, options, &watch)
        });
        Ok((checked, mutants.transpose()?, seconds))
    });
    drop((watch, watchdog));
    let (checked, mutants, seconds) = match checked {
        Ok(Ok(checked)) => checked,
        Ok(Err(error)) => {
            tally.failed += 1;
            context
                .out
                .write(&reporter.text(&Notice::Failed(subject, &error)));
            complain(&format!("{name}: {error}"));
            return if error.is_capacity() {
                Exit::Undecided
            } else {
                Exit::Usage
            };
        }
        Err(panic) => {
            tally.failed += 1;
            complain(&format!("{name}: {}", panics::report(&panic)));
            return Exit::Internal;
        }
    };
    let findings = checked
        .outcome
        .properties
        .iter()
        .zip(checked.traces)
        .map(|(outcome, trace)| {
            let expected = check.variant.expected(&outcome.decl.name);
            let file = match &trace {
                Some(trace) if !args.no_trace_file => {
                    let file =
                        trace::file_name(&subject.model, &subject.variant, &outcome.decl.name);
                    match files::write_trace(&args.trace_dir, &file, trace) {
                        Ok(path) => TraceFile::Written(path.to_string_lossy().into_owned()),
                        Err(why) => TraceFile::NotWritten(why),
                    }
                }
                _ => TraceFile::None,
            };
            Finding {
                agreement: Agreement::of(expected, outcome.verdict, args.allow_bounds),
                outcome: outcome.clone(),
                expected,
                trace,
                file,
            }
        })
        .collect();
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
    context
        .out
        .write(&reporter.text(&Notice::Finished(&report)));
    tally.add(report.agreement());
    if context.out.failure().is_some() {
        // The report is lost; its result is not.
        complain(&format!("{name}: {}", report.verdict().words()));
    }
    let too_few = match (args.min_score, report.mutants.as_ref()) {
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

fn exit_of(report: &Report) -> Exit {
    let agreement = match report.agreement() {
        Agreement::AsExpected if report.findings.is_empty() => Exit::NothingChecked,
        Agreement::AsExpected => Exit::AsExpected,
        Agreement::Undecided => Exit::Undecided,
        Agreement::Contradicted => Exit::NotAsExpected,
    };
    let interrupted = report.outcome.stopped == Some(Stop::Interrupt);
    let unwritten: Vec<&str> = report
        .findings
        .iter()
        .filter_map(|f| match &f.file {
            TraceFile::NotWritten(why) => Some(why.as_str()),
            TraceFile::None | TraceFile::Written(_) => None,
        })
        .collect();
    if let Some(why) = unwritten.first() {
        complain(&format!(
            "a trace file could not be written: {why}\n  help: the report holds the trace; --trace-dir names another folder, \
             --no-trace-file writes none"
        ));
    }
    agreement
        .max(if interrupted {
            Exit::Interrupted
        } else {
            Exit::AsExpected
        })
        .max(if unwritten.is_empty() {
            Exit::AsExpected
        } else {
            Exit::Usage
        })
}

/// `NAME=VALUE`.
fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is set as NAME=VALUE".to_owned()),
    }
}

fn fingerprint(text: &str) -> Result<u32, String> {
    match text {
        "64" => Ok(64),
        "128" => Ok(128),
        _ => Err("64 or 128".to_owned()),
    }
}
