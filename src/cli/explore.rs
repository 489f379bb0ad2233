//! `allways explore`: the explorer in a browser, served from this program.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::ArgAction;

use super::exit::Exit;
use super::watch::{Limits, Watch};
use super::{Context, check, complain, cores, files, runner, units, watch, watchdog};
use crate::catalogue::{Catalogue, Entry, Variant};
use crate::error::Error;
use crate::explorer::{Server, Subject};
use crate::report::quoted;
use crate::search::Options;
use crate::trace::Trace;

/// Explore a model in a browser
///
/// Serves a page that shows what can happen: the steps of a counterexample, the state at each, what else could happen there, and
/// where that leads. A check runs in the background, and what it finds comes to the page. The address is printed once the server
/// listens; it holds a token, and nobody without it is answered. Ctrl-C ends it, with exit code 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways explore {variant} --open
  allways explore {set}
  allways explore --trace target/allways/NAME.trace.json")]
pub(super) struct Args {
    /// What to explore; the variant may be left out where there is one only
    #[arg(value_name = "MODEL[/VARIANT]", required_unless_present = "trace")]
    name: Option<String>,

    /// Set a parameter of the model; `allways list` shows them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = check::setting, action = ArgAction::Append)]
    settings: Vec<(String, String)>,

    /// Begin with this trace; names the model where nothing else does
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Do not check in the background until asked to on the page
    #[arg(long)]
    no_check: bool,

    /// Threads of the check in the background [default: all cores but one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Give up when a handler or property does not return for so long; 0s never does
    #[arg(long, value_name = "TIME", value_parser = units::duration, default_value = "60s")]
    handler_time: std::time::Duration,

    /// The port to listen on; 0 takes a free one
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "The server"
    )]
    port: u16,

    /// The address to listen on; others than this machine's own let others in
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), help_heading = "The server")]
    host: IpAddr,

    /// Open the page in a browser
    #[arg(long, help_heading = "The server")]
    open: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let trace = args.trace.as_deref().map(files::read_trace).transpose()?;
    let (entry, variant) = named(args, trace.as_ref(), context.catalogue)?;
    let settings = match &trace {
        // What is not said is as it was when the trace was made.
        Some(trace) if args.settings.is_empty() => &trace.parameters,
        _ => &args.settings,
    };
    let values = entry.values(settings)?;
    let name = format!("{}/{}", entry.model, variant.name);
    let shown: String = args
        .settings
        .iter()
        .map(|(name, value)| format!(" --set {name}={value}"))
        .collect();
    let build = || runner::build(entry, variant, &values, None);
    let lanes = build()?.lanes().to_vec();
    let address = SocketAddr::new(args.host, args.port);
    let server = Server::listen(address).map_err(|e| {
        Error::usage(format!("cannot listen on {address}: {e}"))
            .with_cure("--port 0 takes a free port; --host takes an address of this machine")
    })?;
    if !args.host.is_loopback() {
        complain_of_openness(server.address());
    }
    let subject = Subject {
        entry,
        variant,
        values: values.clone(),
        trace,
        options: Options {
            threads: args.threads.map_or((cores() - 1).max(1), usize::from),
            ..Options::default()
        },
        checks: !args.no_check,
        // It shows nothing by itself, and answers who asks how far the check is.
        watch: &|| Box::new(Watch::new(&name, Limits::default(), true)),
        command: format!("{} explore {}{shown}", context.program, quoted(&name)),
    };
    watch::catch_signals();
    let _watchdog = watchdog::watch(&name, &lanes, args.handler_time);
    let out = &mut context.out;
    let listens = |url: &str| {
        out.write(&format!("{url}\n"));
        if args.open {
            open(url);
        }
    };
    server.serve(&subject, &build, listens, watch::interrupted)?;
    Ok(Exit::AsExpected)
}

/// The variant that is asked for.
fn named<'a>(
    args: &Args,
    trace: Option<&Trace>,
    catalogue: &'a Catalogue,
) -> Result<(&'a Entry, &'a Variant), Error> {
    let of_trace = trace.map(|trace| format!("{}/{}", trace.model, trace.variant));
    let name = match (&args.name, of_trace) {
        (Some(name), Some(other)) if *name != other && !other.starts_with(&format!("{name}/")) => {
            return Err(
                Error::usage(format!("the trace is of {other}, not of {name}"))
                    .with_cure("leave the name out: the trace has it"),
            );
        }
        (_, Some(name)) => name,
        (Some(name), None) => name.clone(),
        // The arguments ask for one of them.
        (None, None) => return Err(Error::usage("nothing to explore is named")),
    };
    let (entry, variants) = catalogue.select(&name)?;
    match variants[..] {
        [variant] => Ok((entry, variant)),
        _ => {
            let names = variants.iter().map(|v| format!("{name}/{}", v.name));
            let names: Vec<String> = names.collect();
            Err(Error::usage(format!(
                "{name} has {} variants, and one is explored at a time",
                variants.len()
            ))
            .with_cure(format!("name one of them: {}", names.join(", "))))
        }
    }
}

/// Whoever reaches the port may try to guess the token, and reads what is sent.
fn complain_of_openness(address: SocketAddr) {
    use std::io::Write;
    let _ = writeln!(
        std::io::stderr(),
        "warning: listening on {address}: other machines can reach it, and what is sent is not encrypted\n  \
         help: leave out --host, and use a tunnel (ssh -L) to reach this machine from another"
    );
}

/// Opens a browser. Where there is none, the address that was printed still works.
fn open(url: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[url])
    } else if cfg!(windows) {
        ("explorer", &[url])
    } else {
        ("xdg-open", &[url])
    };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        complain(&format!(
            "no browser could be started ({program}: {error})\n  help: open the address above yourself"
        ));
    }
}
