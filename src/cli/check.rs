//! `allways check`: explore everything, print verdicts and the shortest traces.

use std::time::Duration;

use clap::ArgAction;

use super::exit::Exit;
use super::runner::{Check, How, Run, about, build};
use super::{Context, complain, on_change, outputs, panics, units, watchdog};
use crate::catalogue::{Catalogue, Checkable, Entry, Variant, unknown};
use crate::error::Error;
use crate::report::Subject;
use crate::search::Options;
use crate::system::Occasions;
use crate::trace;

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
  allways check {model}\tevery variant of a model
  allways check {variant}\tone of them
  allways check {set}
  allways check {variant} --dump dot | dot -Tsvg > states.svg
  allways check --all --json --time 1m
  cargo run -- check --watch\tin a crate of your own")]
pub(super) struct Args {
    /// What to check; a model alone stands for all its variants
    ///
    /// In a crate of your own nothing stands for everything.
    #[arg(value_name = "MODEL[/VARIANT]")]
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
    /// with it. Every kind of fault needs a budget, or --faults-max.
    #[arg(long, conflicts_with = "first", help_heading = "What is checked")]
    fewest_faults: bool,

    /// Explain each violation: only the steps that led to it, and the one that decided it
    ///
    /// Left out are steps that happened beside the violation: those that neither led to its last step nor to what the property reads. The step
    /// that decides is the last before which some fair run still satisfied the property. Both are searched for from the trace, up to a limit of
    /// states.
    #[arg(long, help_heading = "Output")]
    explain: bool,

    /// Put one small mistake at a time into each variant, and say which property notices it
    ///
    /// Of every handler that ran, each kind of effect is dropped (sending a message variant, saving, setting or cancelling a timer, a
    /// choice) and each kind of event ignored; mistakes that the model names are made too. What makes no difference anywhere is left
    /// out. A mistake is caught when a property that holds does not hold with it. Those that survive show what no property asks for.
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

    /// Go no further than so many faults of each kind that has no budget
    ///
    /// Of losses, duplicates, partitions and Byzantine sends that the model does not bound. A loop that takes such a fault again and
    /// again is then not found.
    #[arg(long, value_name = "N", help_heading = "Limits, for each check")]
    faults_max: Option<u32>,

    /// Stop after this time: 500ms, 30s, 10m; a number alone is seconds
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Limits, for each check")]
    time: Option<Duration>,

    /// Stop when the search holds this much: 512MiB, 4GiB; a number alone is bytes
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, help_heading = "Limits, for each check")]
    memory: Option<u64>,

    #[command(flatten)]
    how: How,

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

    /// Check again whenever the sources of the crate change, until Ctrl-C
    ///
    /// In a crate of your own: `cargo run -- check --watch`. The crate is built anew with its default features; a check that is under way when a
    /// change comes is ended. Not on Windows.
    #[arg(long, conflicts_with = "dump", help_heading = "How it is searched")]
    watch: bool,

    #[command(flatten)]
    outputs: outputs::Args,

    /// Write the graph of all states instead of a report: dot or json
    ///
    /// Of one variant, with up to 10,000 states; `--max-depth` leaves out what is further away, and `--no-symmetry` draws states apart that differ by who is who. For
    /// Graphviz (`| dot -Tsvg`) or for programs. Nothing is compared with what is expected: exit code 0 says that the graph is there.
    #[arg(
        long,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output",
        conflicts_with_all = ["first", "explain", "fewest_faults", "mutations", "allow_bounds", "time", "memory", "exact", "fingerprint", "trace_dir", "no_trace_file", "json", "formats"]
    )]
    dump: Option<Format>,
}

/// What the graph is written in.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// The language of Graphviz
    Dot,
    /// One JSON object
    Json,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    if args.watch {
        return on_change::run(context);
    }
    let checks = plan(args, context.catalogue)?;
    if let Some(format) = args.dump {
        return dump(checks, format, args, context);
    }
    if checks.is_empty() {
        complain("nothing was checked: the catalogue is empty");
    }
    let mut run = Run::begin(&args.how, &args.outputs, context)?;
    run.score_min = args.min_score;
    run.explains = args.explain;
    let exit = run.checks(checks, &mut |_| {});
    Ok(exit.max(run.end()))
}

/// Everything that is to be checked, built and validated: where anything is wrong, nothing is run.
fn plan<'a>(args: &Args, catalogue: &'a Catalogue) -> Result<Vec<Check<'a>>, Error> {
    let selected = selection(&args.names, args.all, catalogue)?;
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
                    details: String::new(),
                    origin: None,
                    params,
                    options: options(args),
                },
                expects: Vec::new(),
                allow_bounds: args.allow_bounds,
                time_max: args.time,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    select_properties(&args.properties, &mut checks)?;
    Ok(checks)
}

/// The variants that are named; all of them, where all are asked for or nothing is named.
///
/// # Errors
/// An unknown name; nothing is named of a catalogue that is a collection.
pub(super) fn selection<'a>(
    names: &[String],
    all: bool,
    catalogue: &'a Catalogue,
) -> Result<Vec<(&'a Entry, &'a Variant)>, Error> {
    let mut selected: Vec<(&Entry, &Variant)> = Vec::new();
    let nothing_named = names.is_empty() && !all;
    if nothing_named && catalogue.is_collection() {
        return Err(Error::usage("nothing is named that is to be checked").with_cure(
            "name a MODEL or a MODEL/VARIANT, which `allways list` shows, or check the whole catalogue with --all",
        ));
    }
    if nothing_named || all {
        for entry in catalogue.entries() {
            selected.extend(entry.variants.iter().map(|v| (entry, v)));
        }
    }
    for name in names {
        let (entry, variants) = catalogue.select(name)?;
        for variant in variants {
            // Named twice is checked once.
            if !selected.iter().any(|(_, v)| std::ptr::eq(*v, variant)) {
                selected.push((entry, variant));
            }
        }
    }
    Ok(selected)
}

/// Keeps the checks that have one of the properties, and asks each only for those it has.
fn select_properties(wanted: &[String], checks: &mut Vec<Check<'_>>) -> Result<(), Error> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut own = own_properties(wanted, checks.iter().map(|check| &*check.checkable))?.into_iter();
    checks.retain_mut(|check| {
        check.subject.options.properties = own.next();
        check.subject.options.properties != Some(Vec::new())
    });
    Ok(())
}

/// For each system which of the properties it has.
///
/// # Errors
/// One of them no system has.
pub(super) fn own_properties<'a>(
    wanted: &[String],
    systems: impl Iterator<Item = &'a dyn Checkable>,
) -> Result<Vec<Vec<String>>, Error> {
    let systems: Vec<&dyn Checkable> = systems.collect();
    let has = |system: &dyn Checkable, name: &str| {
        let mut properties = system.properties().iter();
        properties.any(|property| property.name == name)
    };
    for name in wanted {
        if !systems.iter().any(|system| has(*system, name)) {
            let mut known: Vec<&str> = Vec::new();
            for property in systems.iter().flat_map(|system| system.properties()) {
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
    let own = |system: &&dyn Checkable| {
        let own = wanted.iter().filter(|name| has(*system, name));
        own.cloned().collect()
    };
    Ok(systems.iter().map(own).collect())
}

fn options(args: &Args) -> Options {
    Options {
        depth_max: args.max_depth,
        states_max: args.max_states,
        memory_max: args.memory,
        first: args.first,
        fewest_faults: args.fewest_faults,
        faults_max: args.faults_max,
        symmetry: !args.no_symmetry,
        hash_seed: args.hash_seed,
        ..args.how.options()
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
    let name = subject.name();
    let watchdog = watchdog::watch(&name, check.checkable.lanes(), args.how.handler_time);
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

/// `NAME=VALUE`.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is set as NAME=VALUE".to_owned()),
    }
}
