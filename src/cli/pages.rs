//! `allways completions` and `allways man`: made from the command line's own definition.

use clap::{Arg, ArgAction};
use clap_complete::Shell;

use super::exit::Exit;
use super::{Context, command, program_name};
use crate::catalogue::unknown;
use crate::error::Error;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways completions bash > ~/.local/share/bash-completion/completions/{program}
  allways completions fish > ~/.config/fish/completions/{program}.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, in roff
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways man | man -l -
  allways man check > {program}-check.1")]
pub(super) struct ManArgs {
    /// The page of this command (`check`, `trace replay`), instead of the overview
    command: Vec<String>,
}

pub(super) fn completions(
    args: &CompletionsArgs,
    context: &mut Context<'_>,
) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut command(&context.program, context.catalogue),
        program_name(&context.program),
        &mut script,
    );
    context.out.write(&String::from_utf8_lossy(&script));
    Ok(Exit::AsExpected)
}

pub(super) fn man(args: &ManArgs, context: &mut Context<'_>) -> Result<Exit, Error> {
    let program = program_name(&context.program);
    // A page is called as the program is.
    let mut root = command(&context.program, context.catalogue)
        .display_name(program.clone())
        .bin_name(program);
    root.build();
    let mut command = &root;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            let known = command.get_subcommands().map(clap::Command::get_name);
            unknown(&format!("there is no command `{name}`"), name, known)
        })?;
    }
    let usage = synopsis(command);
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().override_usage(usage))
        .source(concat!("Allways ", env!("CARGO_PKG_VERSION")))
        .manual("Manual of Allways")
        .render(&mut page)
        .map_err(|e| Error::file(format!("the manual page cannot be made: {e}")))?;
    context.out.write(&String::from_utf8_lossy(&page));
    Ok(Exit::AsExpected)
}

/// How the command is called: every option with its value, then what it is about.
fn synopsis(command: &clap::Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let options = shown().filter(|arg| !arg.is_positional()).map(option);
    let positionals = shown().filter(|arg| arg.is_positional()).map(positional);
    let mut words = vec![name.to_owned()];
    words.extend(options.chain(positionals));
    if command.has_subcommands() {
        words.push("COMMAND".to_owned());
    }
    words.join(" ")
}

fn option(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let value = match arg.get_action().takes_values() {
        true => format!(" {}", value_name(arg)),
        false => String::new(),
    };
    let call = format!("{}{value}", names.join("|"));
    match (arg.is_required_set(), is_repeated(arg)) {
        (true, false) => call,
        (true, true) => format!("{call}..."),
        (false, false) => format!("[{call}]"),
        (false, true) => format!("[{call}]..."),
    }
}

fn positional(arg: &Arg) -> String {
    let value = value_name(arg);
    let more = if is_repeated(arg) { "..." } else { "" };
    match arg.is_required_set() {
        true => format!("{value}{more}"),
        false => format!("[{value}]{more}"),
    }
}

fn value_name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    names.join(" ")
}

fn is_repeated(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}
