//! `allways trace`: traces in files, shown, replayed, compared and exported.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Subcommand, ValueEnum};

use super::exit::Exit;
use super::{Context, files, runner, width};
use crate::catalogue::Checkable;
use crate::error::Error;
use crate::report::Paint;
use crate::trace::{self, Format, Style, Trace};
use crate::value::printable;

/// Show, replay, compare and export the traces that `check` writes
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a trace, step by step
    ///
    /// Needs no model: a trace file stands by itself.
    #[command(after_help = "\
Example:
  allways trace show target/allways/NAME.trace.json")]
    Show {
        /// The trace file
        file: PathBuf,

        /// Whole states too, not only what changes
        #[arg(long)]
        full: bool,

        /// Only the steps that led to the violation, and the step that decided it
        ///
        /// Which step decided is asked of the model as it is today.
        #[arg(long)]
        explain: bool,
    },

    /// Replay a trace against the model as it is today
    ///
    /// Exit code 0: every step leads where it led, and the property shows what it showed. Exit code 1: it does not; the
    /// first step at which the model differs is named.
    #[command(after_help = "\
Example:
  allways trace replay target/allways/NAME.trace.json")]
    Replay {
        /// The trace file
        file: PathBuf,
    },

    /// The first step at which two traces differ, and with what
    ///
    /// Needs no model. Exit code 0: they do not differ; 1: they do.
    #[command(after_help = "\
Example:
  allways trace diff yesterday.trace.json target/allways/NAME.trace.json")]
    Diff {
        /// A trace file
        a: PathBuf,

        /// Another
        b: PathBuf,

        /// All that the two steps change, not only what stands beside them
        #[arg(long)]
        full: bool,
    },

    /// Write a trace in another format
    ///
    /// Needs no model: a trace file stands by itself.
    #[command(after_help = "\
Examples:
  allways trace export target/allways/NAME.trace.json --format svg
  allways trace export target/allways/NAME.trace.json --format mermaid --output NAME.mmd")]
    Export {
        /// The trace file
        file: PathBuf,

        /// The format
        #[arg(long)]
        format: Format,

        /// Write to this file, whole or not at all, instead of standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Format::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let (file, full, explain) = match &args.command {
        Command::Show {
            file,
            full,
            explain,
        } => (file, *full, *explain),
        Command::Replay { file } => (file, false, false),
        Command::Diff { a, b, full } => return diff([a, b], *full, context),
        Command::Export {
            file,
            format,
            output,
        } => {
            let text = format.export(&files::read_trace(file)?);
            match output {
                Some(path) => files::write(path, &text)?,
                None => context.out.write(&text),
            }
            return Ok(Exit::AsExpected);
        }
    };
    let trace = files::read_trace(file)?;
    let style = Style {
        width: width(),
        color: context.paint.is_on(),
        full,
    };
    let replay = match &args.command {
        Command::Replay { .. } => Some(today(&trace, context)?.replay(&trace)?),
        _ => None,
    };
    let mut text = title(&trace, context.paint);
    if explain {
        let explanation = today(&trace, context)?.explain(&trace)?;
        text.push_str(&trace::explained_text(&trace, &explanation, &style));
    } else {
        text.push_str(&trace::text(&trace, &style));
    }
    let mut exit = Exit::AsExpected;
    if let Some(replay) = &replay {
        text.push_str("\nreplayed\n");
        text.push_str(&trace::replay_text(&trace, replay, &style));
        if !replay.is_same() {
            exit = Exit::NotAsExpected;
        }
    }
    context.out.write(&text);
    Ok(exit)
}

/// Says where two traces differ.
fn diff(files: [&PathBuf; 2], full: bool, context: &mut Context<'_>) -> Result<Exit, Error> {
    let [a, b] = [files::read_trace(files[0])?, files::read_trace(files[1])?];
    let style = Style {
        width: width(),
        color: context.paint.is_on(),
        full,
    };
    let found = trace::compare(&a, &b);
    let names = files.map(|file| printable(&file.to_string_lossy()).into_owned());
    let mut text = format!("A  {}\nB  {}\n\n", names[0], names[1]);
    text.push_str(&trace::compare_text(&a, &b, found.as_ref(), &style));
    context.out.write(&text);
    Ok(match found {
        None => Exit::AsExpected,
        Some(_) => Exit::NotAsExpected,
    })
}

/// The model of a trace's name as it is today, with the parameters that the trace was made with.
fn today(trace: &Trace, context: &Context<'_>) -> Result<Box<dyn Checkable>, Error> {
    let entry = context.catalogue.model(&trace.model)?;
    let variant = entry.variant(&trace.variant)?;
    let values = entry.values(&trace.parameters)?;
    runner::build(entry, variant, &values, None)
}

/// What the trace shows, of what.
fn title(trace: &Trace, paint: Paint) -> String {
    let parameters: String = trace
        .parameters
        .iter()
        .map(|(name, value)| format!("  {}={}", printable(name), printable(value)))
        .collect();
    let name = format!("{}/{}", printable(&trace.model), printable(&trace.variant));
    format!(
        "{}{parameters}\n{}\n\n",
        paint.bold(&name),
        trace::claim(trace)
    )
}
