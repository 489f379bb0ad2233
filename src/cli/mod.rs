//! The command line: arguments, files, clock, signals, exit codes. One file per command.
//! No user of the library needs it.

mod check;
mod ci;
mod examples;
mod exit;
#[cfg(feature = "explorer")]
mod explore;
mod files;
mod list;
mod lock;
mod new;
mod on_change;
mod output;
mod outputs;
mod pages;
mod panics;
mod project;
mod runner;
mod simulate;
mod trace;
mod units;
mod watch;
mod watchdog;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::catalogue::Catalogue;
use crate::report::{Paint, safe_lines};
use exit::Exit;
use output::Output;

/// A deterministic model checker for distributed systems.
///
/// Explores every way in which the messages, timers, crashes and losses of a model can interleave, and gives a verdict for
/// each property: with the shortest counterexample where it is violated.
#[derive(Debug, Parser)]
#[command(name = "allways", version, after_help = exit::HELP, max_term_width = 100)]
struct Args {
    /// Colour: auto, always or never; auto respects NO_COLOR
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    color: Color,

    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Check(check::Args),
    #[cfg(feature = "explorer")]
    Explore(explore::Args),
    Ci(ci::Args),
    Simulate(simulate::Args),
    New(new::Args),
    Trace(trace::Args),
    Completions(pages::CompletionsArgs),
    Man(pages::ManArgs),
}

/// What every command has at hand.
struct Context<'a> {
    catalogue: &'a Catalogue,
    out: Output,
    paint: Paint,
    /// How this program was called.
    program: String,
    /// And with what; the program comes first.
    arguments: Vec<OsString>,
}

/// Runs the command line over a catalogue: all of a user's `main`.
///
/// ```no_run
/// use allways::catalogue::Catalogue;
///
/// fn main() -> std::process::ExitCode {
///     allways::cli::run(Catalogue::new([]))
/// }
/// ```
pub fn run(catalogue: Catalogue) -> ExitCode {
    panics::keep_quiet();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let outcome = panics::catch(|| dispatch(&catalogue, &arguments));
    let exit = outcome.unwrap_or_else(|panic| {
        complain(&panics::report(&panic));
        Exit::Internal
    });
    exit.into()
}

fn dispatch(catalogue: &Catalogue, arguments: &[OsString]) -> Exit {
    let program = arguments.first().map_or_else(
        || "allways".to_owned(),
        |p| p.to_string_lossy().into_owned(),
    );
    let parsed = command(&program, catalogue)
        .color(Color::named(arguments).of_help())
        .try_get_matches_from(arguments)
        .and_then(|matches| Args::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors; a reader that went away does not care.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::AsExpected
            };
        }
    };
    let mut context = Context {
        catalogue,
        out: Output::default(),
        paint: Paint::new(args.color.wanted()),
        program,
        arguments: arguments.to_vec(),
    };
    let result = match args.command {
        Command::List(args) => list::run(&args, &mut context),
        Command::Check(args) => check::run(&args, &mut context),
        #[cfg(feature = "explorer")]
        Command::Explore(args) => explore::run(&args, &mut context),
        Command::Ci(args) => ci::run(&args, &mut context),
        Command::Simulate(args) => simulate::run(&args, &mut context),
        Command::New(args) => new::run(&args, &mut context),
        Command::Trace(args) => trace::run(&args, &mut context),
        Command::Completions(args) => pages::completions(&args, &mut context),
        Command::Man(args) => pages::man(&args, &mut context),
    };
    let exit = result.unwrap_or_else(|error| {
        complain(&error.to_string());
        Exit::from(&error)
    });
    match context.out.failure() {
        Some(error) => {
            complain(&format!(
                "the output could not be written: {error}\n  help: free some space, or send it elsewhere"
            ));
            exit.max(Exit::Usage)
        }
        None => exit,
    }
}

/// The command line as this program has it, with examples about its models.
fn command(program: &str, catalogue: &Catalogue) -> clap::Command {
    examples::adapted(Args::command(), &program_name(program), catalogue)
}

/// The program's name without folder and extension.
fn program_name(program: &str) -> String {
    Path::new(program).file_stem().map_or_else(
        || "allways".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

impl Color {
    /// What the arguments say of colour. Help and mistakes are printed before the arguments can be read as a whole.
    fn named(arguments: &[OsString]) -> Color {
        let words = arguments.iter().map(|word| word.to_string_lossy());
        let mut words = words.take_while(|word| word != "--");
        let mut color = Color::Auto;
        while let Some(word) = words.next() {
            let value = match word.as_ref() {
                "--color" => words.next(),
                word => word
                    .strip_prefix("--color=")
                    .map(|value| value.to_owned().into()),
            };
            if let Some(named) = value.and_then(|value| Color::from_str(&value, false).ok()) {
                color = named;
            }
        }
        color
    }

    fn of_help(self) -> clap::ColorChoice {
        match self {
            Color::Auto => clap::ColorChoice::Auto,
            Color::Always => clap::ColorChoice::Always,
            Color::Never => clap::ColorChoice::Never,
        }
    }

    fn wanted(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
                    && io::stdout().is_terminal()
            }
        }
    }
}

/// Prints an error. Standard error that cannot be written to is no reason to stop.
fn complain(message: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "error: {}", safe_lines(message));
}

/// Threads that this machine runs at once.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Columns of the terminal; a fixed number elsewhere, so that what is piped does not depend on where it was made.
fn width() -> usize {
    if io::stdout().is_terminal() {
        terminal_size::terminal_size().map_or(100, |(w, _)| usize::from(w.0).clamp(40, 160))
    } else {
        100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_of(catalogue: &Catalogue, arguments: &[&str]) -> u8 {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        dispatch(catalogue, &arguments).code()
    }

    #[test]
    fn a_program_over_other_models_shows_examples_of_its_own() {
        let empty = Catalogue::new([]);
        let root = super::command("/somewhere/demo", &empty);
        let check = root.find_subcommand("check").expect("the command");
        let help = check.clone().render_long_help().to_string();
        assert!(help.contains("demo check MODEL/VARIANT"), "{help}");
        assert!(help.contains("`demo list`"), "{help}");
        for word in ["duva-join", "allways check", "allways list"] {
            assert!(!help.contains(word), "{word} in {help}");
        }
    }

    #[test]
    fn a_catalogue_without_models_is_nothing_checked() {
        let empty = Catalogue::new([]);
        assert_eq!(exit_of(&empty, &["allways", "check", "--all"]), 4);
        let json = ["allways", "check", "--all", "--json"];
        assert_eq!(exit_of(&empty, &json), 4);
        assert_eq!(exit_of(&empty, &["allways", "list"]), 0);
        // A name is looked for, and is not there.
        assert_eq!(exit_of(&empty, &["allways", "check", "raft"]), 2);
    }
}
