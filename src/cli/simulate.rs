//! `allways simulate`: seeded random walks, where there is too much to check all of it.

use std::time::Duration;

use clap::{ArgAction, ValueEnum};

use super::check::{own_properties, selection, setting};
use super::exit::Exit;
use super::files::{self, TraceArgs};
use super::runner::build;
use super::watch::{self, Limits, Watch};
use super::{Context, complain, cores, panics, units, watchdog, width};
use crate::catalogue::{Agreement, Catalogue, Checkable, Variant};
use crate::error::Error;
use crate::report::{Finding, SimulationReport, SimulationSubject};
use crate::search::{SimulationOptions, Stop, Strategy};
use crate::trace::About;

/// Walk models at random, where there is too much to check
///
/// Makes a number of random walks and judges every state on the way. A violation is certain, and its walk is shrunk until no step can be left out;
/// so is the witness of a `reachable`. Nothing else is decided, however many walks there are: exit code 3. What happens in the end (liveness) is not
/// judged.
///
/// The same seed gives the same walks, whatever the number of threads.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways simulate {model} --runs 10000
  allways simulate {variant} --seed 7 --strategy pct --depth 2")]
pub(super) struct Args {
    /// What to walk through; a model alone stands for all its variants
    ///
    /// In a crate of your own nothing stands for everything.
    #[arg(value_name = "MODEL[/VARIANT]")]
    names: Vec<String>,

    /// Walk through the whole catalogue
    #[arg(long, conflicts_with = "names")]
    all: bool,

    /// Set a parameter of the model; `allways list` shows them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting, action = ArgAction::Append)]
    settings: Vec<(String, String)>,

    /// Look only at this property; may be repeated
    #[arg(long = "property", value_name = "NAME")]
    properties: Vec<String>,

    /// End with the first run that violates something
    #[arg(long)]
    first: bool,

    /// Where all random numbers come from
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "The walks"
    )]
    seed: u64,

    /// How many walks
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..), help_heading = "The walks")]
    runs: u64,

    /// The most steps of a walk
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000), help_heading = "The walks")]
    steps: u32,

    /// How a walk chooses: random, or pct
    ///
    /// With `random` every step that is enabled is as likely as the others. With `pct` (probabilistic concurrency testing) every actor has a
    /// random priority, and the highest acts; a few times in a run it changes. That finds what takes one actor to be slow for long.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "random",
        hide_possible_values = true,
        help_heading = "The walks"
    )]
    strategy: Choice,

    /// With pct: how many steps have to come in a certain order [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000), help_heading = "The walks")]
    depth: Option<u32>,

    /// Stop after this time, for each variant: 500ms, 30s, 10m; a number alone is seconds
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "The walks")]
    time: Option<Duration>,

    /// Give up when a handler or property does not return for so long; 0s never does
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "60s", help_heading = "The walks")]
    handler_time: Duration,

    /// Threads; the result does not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "The walks")]
    threads: Option<u16>,

    /// One JSON object a line instead of text
    #[arg(long, help_heading = "Output")]
    json: bool,

    #[command(flatten)]
    traces: TraceArgs,

    /// Show no progress
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Every step is as likely
    Random,
    /// Random priorities
    Pct,
}

/// How many steps have to come in a certain order, unless it is said: few violations need more.
const DEPTH: u32 = 3;

/// A variant that is to be walked through.
struct Planned<'a> {
    variant: &'a Variant,
    subject: SimulationSubject,
    checkable: Box<dyn Checkable>,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let planned = plan(args, context.catalogue)?;
    if planned.is_empty() {
        complain("nothing was simulated: the catalogue is empty");
        return Ok(Exit::NothingChecked);
    }
    watch::catch_signals();
    let mut exit = Exit::AsExpected;
    let (mut n_waiting, mut has_begun) = (0, false);
    for one in planned {
        if n_waiting > 0 || watch::interrupted() || context.out.is_closed() {
            n_waiting += 1;
            exit = Exit::Interrupted;
            continue;
        }
        if has_begun && !args.json {
            context.out.write("\n");
        }
        has_begun = true;
        exit = exit.max(simulate(one, args, context));
    }
    if n_waiting > 0 {
        complain(&format!(
            "{}: simulations not begun: {n_waiting}",
            watch::why_not_begun()
        ));
    }
    Ok(exit)
}

/// Everything that is to be walked through, built and validated: where anything is wrong, nothing is run.
fn plan<'a>(args: &Args, catalogue: &'a Catalogue) -> Result<Vec<Planned<'a>>, Error> {
    let strategy = match (args.strategy, args.depth) {
        (Choice::Pct, depth) => Strategy::Pct {
            depth: depth.unwrap_or(DEPTH),
        },
        (Choice::Random, None) => Strategy::Random,
        (Choice::Random, Some(_)) => {
            return Err(Error::usage("--depth says nothing to random walks")
                .with_cure("it is for --strategy pct"));
        }
    };
    let mut planned = Vec::new();
    for (entry, variant) in selection(&args.names, args.all, catalogue)? {
        let params = entry.values(&args.settings)?;
        planned.push(Planned {
            variant,
            checkable: build(entry, variant, &params, None)?,
            subject: SimulationSubject {
                model: entry.model.clone(),
                variant: variant.name.clone(),
                params,
                options: SimulationOptions {
                    threads: args.threads.map_or_else(cores, usize::from),
                    seed: args.seed,
                    runs: args.runs,
                    steps_max: args.steps,
                    strategy,
                    properties: None,
                    first: args.first,
                },
            },
        });
    }
    select_properties(&args.properties, &mut planned)?;
    Ok(planned)
}

/// Keeps the variants that have one of the properties, and asks each only for those it has.
fn select_properties(wanted: &[String], planned: &mut Vec<Planned<'_>>) -> Result<(), Error> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut own = own_properties(wanted, planned.iter().map(|one| &*one.checkable))?.into_iter();
    planned.retain_mut(|one| {
        one.subject.options.properties = own.next();
        one.subject.options.properties != Some(Vec::new())
    });
    Ok(())
}

/// Walks through one variant and reports it.
fn simulate(mut one: Planned<'_>, args: &Args, context: &mut Context<'_>) -> Exit {
    let name = one.subject.name();
    if !args.json {
        context.out.write(&one.subject.text(context.paint));
    }
    let limits = Limits {
        time: args.time,
        ..Limits::default()
    };
    let watch = Watch::new(&name, limits, args.quiet);
    let about = About {
        model: one.subject.model.clone(),
        variant: one.subject.variant.clone(),
        parameters: one.subject.params.texts(),
        hash_seed: 0,
    };
    let watchdog = watchdog::watch(&name, one.checkable.lanes(), args.handler_time);
    let walked = panics::catch(|| {
        let walked = one
            .checkable
            .simulate(&one.subject.options, &about, &watch)?;
        Ok((walked, watch.elapsed().as_secs_f64()))
    });
    drop((watch, watchdog));
    let (walked, seconds) = match walked {
        Ok(Ok(walked)) => walked,
        Ok(Err(error)) => {
            tell_failure(&one.subject, &error, args, context);
            return Exit::from(&error);
        }
        Err(panic) => {
            let error = Error::model(panics::report(&panic));
            tell_failure(&one.subject, &error, args, context);
            return Exit::Internal;
        }
    };
    // They do not take the place of what a check has written.
    let named = format!("{}-simulated", one.subject.variant);
    let named = (one.subject.model.as_str(), named.as_str());
    let mut findings = Vec::new();
    for (property, trace) in walked.simulation.properties.iter().zip(walked.traces) {
        let outcome = property.outcome.clone();
        let expected = one.variant.expected(&outcome.decl.name);
        findings.push(Finding {
            agreement: Agreement::of(expected, outcome.verdict, false),
            expected,
            file: (args.traces).write(named, &outcome.decl.name, trace.as_ref()),
            outcome,
            trace,
            explanation: None,
        });
    }
    let report = SimulationReport {
        subject: one.subject,
        findings,
        simulation: walked.simulation,
        seconds,
    };
    let text = match args.json {
        true => report.json(),
        false => report.text(context.paint, width(), &context.program),
    };
    context.out.write(&text);
    exit_of(&report)
}

fn tell_failure(
    subject: &SimulationSubject,
    error: &Error,
    args: &Args,
    context: &mut Context<'_>,
) {
    context.out.write(&match args.json {
        true => subject.failed_json(error),
        false => subject.failed(error, context.paint),
    });
    complain(&format!("{}: {error}", subject.name()));
}

fn exit_of(report: &SimulationReport) -> Exit {
    let mut exit = Exit::from(report.agreement());
    if watch::interrupted() || report.simulation.stopped == Some(Stop::Interrupt) {
        exit = exit.max(Exit::Interrupted);
    }
    exit.max(files::exit_of_traces(&report.findings))
}
