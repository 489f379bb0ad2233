//! `allways completions` and `allways man`: made from the command line's own definition.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::exit::Exit;
use super::{Args, Context};
use crate::catalogue::unknown;
use crate::error::Error;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways completions bash > ~/.local/share/bash-completion/completions/allways
  allways completions fish > ~/.config/fish/completions/allways.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, in roff
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways man | man -l -
  allways man check > allways-check.1")]
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
        &mut Args::command(),
        program_name(&context.program),
        &mut script,
    );
    context.out.write(&String::from_utf8_lossy(&script));
    Ok(Exit::AsExpected)
}

pub(super) fn man(args: &ManArgs, context: &mut Context<'_>) -> Result<Exit, Error> {
    let mut root = Args::command();
    root.build();
    let mut command = &root;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            let known = command.get_subcommands().map(clap::Command::get_name);
            unknown(&format!("there is no command `{name}`"), name, known)
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|e| Error::file(format!("the manual page cannot be made: {e}")))?;
    context.out.write(&String::from_utf8_lossy(&page));
    Ok(Exit::AsExpected)
}

/// The program's name without folder and extension.
fn program_name(program: &str) -> String {
    Path::new(program).file_stem().map_or_else(
        || "allways".to_owned(),
        |n| n.to_string_lossy().into_owned(),
    )
}
