//! The examples of the help texts, about the models that there are: a program over other models shows other examples.
//!
//! In a help text `{model}`, `{variant}` and `{own}` stand for a model, one of its variants and that variant's own name, `{set}` and `{params}` for a
//! setting of a parameter at the terminal and in a list of checks, `{program}` for the program; a tab divides an example from what it does.

use crate::catalogue::{Catalogue, Domain, Entry, ParamDecl};

/// What examples are made of.
struct Names {
    program: String,
    model: String,
    /// The variant's own name.
    variant: String,
    /// A parameter of the model at the terminal and in a list; `None` where no model has one.
    setting: Option<(String, String)>,
}

/// The command with its help texts, and those of the commands below it, about the models of a catalogue.
pub(super) fn adapted(
    command: clap::Command,
    program: &str,
    catalogue: &Catalogue,
) -> clap::Command {
    let mut entries = catalogue.entries().iter();
    let with_parameter = entries.find(|entry| !entry.params.is_empty());
    let entry = with_parameter.or_else(|| catalogue.entries().first());
    let variant = |entry: &Entry| entry.variants.first().map(|variant| variant.name.clone());
    let names = Names {
        program: program.to_owned(),
        model: entry.map_or_else(|| "MODEL".to_owned(), |entry| entry.model.clone()),
        variant: entry.and_then(variant).unwrap_or("VARIANT".to_owned()),
        setting: entry.and_then(|entry| entry.params.first()).map(setting),
    };
    names.adapt(command)
}

/// A parameter as it is set at the terminal, and in a list of checks.
fn setting(param: &ParamDecl) -> (String, String) {
    let (name, value) = (&param.name, &param.default);
    let listed = match param.domain {
        Domain::Choice(_) => format!("{name} = \"{value}\""),
        Domain::Integer { .. } | Domain::Bool => format!("{name} = {value}"),
    };
    (format!("--set {name}={value}"), listed)
}

impl Names {
    fn adapt(&self, command: clap::Command) -> clap::Command {
        let help = command.get_after_help().map(ToString::to_string);
        let command = match help {
            Some(help) => command.after_help(self.filled(&help)),
            None => command,
        };
        // What is said of other commands names this program too.
        let command = command.mut_args(|arg| {
            let told = |help: &clap::builder::StyledStr| {
                let call = format!("`{} ", self.program);
                help.to_string().replace("`allways ", &call)
            };
            let (short, long) = (arg.get_help().map(told), arg.get_long_help().map(told));
            let arg = match short {
                Some(help) => arg.help(help),
                None => arg,
            };
            match long {
                Some(help) => arg.long_help(help),
                None => arg,
            }
        });
        command.mut_subcommands(|command| self.adapt(command))
    }

    /// The text with the names, and what stands behind tabs in a column.
    fn filled(&self, text: &str) -> String {
        let variant = format!("{}/{}", self.model, self.variant);
        let lines = text.lines().filter_map(|line| {
            let line = match &self.setting {
                Some((set, params)) => {
                    let line = line.replace("{set}", &format!("{variant} {set}"));
                    line.replace("{params}", params)
                }
                None if line.contains("{set}") || line.contains("{params}") => return None,
                None => line.to_owned(),
            };
            let line = line.replace("{model}", &self.model);
            let line = line.replace("{variant}", &variant);
            let line = line.replace("{own}", &self.variant);
            let line = line.replace("{program}", &self.program);
            Some(match line.strip_prefix("  allways ") {
                Some(rest) => format!("  {} {rest}", self.program),
                None => line,
            })
        });
        let lines: Vec<String> = lines.collect();
        let divided = lines.iter().filter_map(|line| line.split_once('\t'));
        let widths = divided.map(|(example, _)| example.chars().count());
        let width = widths.max().unwrap_or(0) + 3;
        let lines = lines.iter().map(|line| match line.split_once('\t') {
            Some((example, what)) => {
                let gap = " ".repeat(width - example.chars().count());
                format!("{example}{gap}{what}")
            }
            None => line.clone(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_about_the_models_there_are() {
        let names = Names {
            program: "demo".to_owned(),
            model: "lamp".to_owned(),
            variant: "naïve".to_owned(),
            setting: None,
        };
        let text = "Examples:\n  allways check {model}\tall of it\n  allways check {set}\n  allways check {variant}\tone";
        assert_eq!(
            names.filled(text),
            "Examples:\n  demo check lamp         all of it\n  demo check lamp/naïve   one"
        );
        let set = Names {
            setting: Some(("--set presses=2".to_owned(), "presses = 2".to_owned())),
            ..names
        };
        let filled = set.filled("  allways check {set}\nparams = { {params} }");
        assert_eq!(
            filled,
            "  demo check lamp/naïve --set presses=2\nparams = { presses = 2 }"
        );
    }
}
