//! Where reports go: the terminal, standard output, files. One reporter for each place.
//!
//! Invariant: the terminal is told whatever else is asked for. Only `--json`, which is for programs, has standard output for itself.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ArgAction;

use super::output::Output;
use super::{Context, files, width};
use crate::error::Error;
use crate::names;
use crate::report::{GitHub, Html, Human, JUnit, Json, Markdown, Notice, Paint, Reporter, Sarif};

/// Which reports are made.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// One JSON object a line instead of text
    #[arg(long, conflicts_with = "formats", help_heading = "Output")]
    json: bool,

    /// Make a report besides that for the terminal: text, json, junit, github, markdown, sarif or html
    ///
    /// With `=FILE` it goes to a file; may be repeated, so that one run makes several. Without, it goes to standard output, and the report for
    /// the terminal to standard error.
    #[arg(long = "format", id = "formats", value_name = "FORMAT[=FILE]", value_parser = wanted, action = ArgAction::Append, help_heading = "Output")]
    formats: Vec<Wanted>,

    /// The file for --format, where there is one format
    #[arg(
        long,
        value_name = "FILE",
        requires = "formats",
        help_heading = "Output"
    )]
    output: Option<PathBuf>,
}

/// A report that is asked for.
#[derive(Clone, Debug)]
struct Wanted {
    format: Format,
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    JUnit,
    GitHub,
    Markdown,
    Sarif,
    Html,
}

const FORMATS: [(&str, Format); 7] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("junit", Format::JUnit),
    ("github", Format::GitHub),
    ("markdown", Format::Markdown),
    ("sarif", Format::Sarif),
    ("html", Format::Html),
];

/// Columns of a text that is no terminal's.
const WIDTH: usize = 100;

fn wanted(text: &str) -> Result<Wanted, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("the name of the file is missing behind `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    match FORMATS.iter().find(|(known, _)| *known == name) {
        Some(&(_, format)) => Ok(Wanted { format, file }),
        None => Err(format!(
            "there is no format `{name}`: {}",
            names::cure(name, FORMATS.map(|(known, _)| known))
        )),
    }
}

impl Format {
    fn reporter(self, program: &str) -> Box<dyn Reporter> {
        match self {
            Format::Text => Box::new(Human::new(Paint::default(), WIDTH, program)),
            Format::Json => Box::new(Json),
            Format::JUnit => Box::<JUnit>::default(),
            Format::GitHub => Box::new(GitHub),
            Format::Markdown => Box::<Markdown>::default(),
            Format::Sarif => Box::<Sarif>::default(),
            Format::Html => Box::<Html>::default(),
        }
    }
}

/// Everybody who is told.
pub(super) struct Outputs {
    /// Where `--json` has standard output for itself there is none.
    terminal: Option<Human>,
    /// What has standard output, which the terminal's report has otherwise.
    stdout: Option<Box<dyn Reporter>>,
    files: Vec<ToFile>,
}

/// A report on its way to a file, which is written once it is complete.
struct ToFile {
    reporter: Box<dyn Reporter>,
    path: PathBuf,
    text: String,
}

impl Outputs {
    /// Who is to be told.
    ///
    /// # Errors
    /// Two reports for one place, or a place that takes none.
    pub(super) fn open(args: &Args, context: &Context<'_>) -> Result<Self, Error> {
        let terminal = || Human::new(context.paint, width(), context.program.clone());
        if args.json {
            return Ok(Outputs {
                terminal: None,
                stdout: Some(Box::new(Json)),
                files: Vec::new(),
            });
        }
        let mut outputs = Outputs {
            terminal: Some(terminal()),
            stdout: None,
            files: Vec::new(),
        };
        let mut wanted = args.formats.clone();
        if let Some(output) = &args.output {
            match &mut wanted[..] {
                [one] if one.file.is_none() => one.file = Some(output.clone()),
                _ => {
                    return Err(Error::usage("--output names the file of one --format")
                        .with_cure("where there are several, name their files with them: --format junit=FILE"));
                }
            }
        }
        for Wanted { format, file } in wanted {
            let reporter = format.reporter(&context.program);
            match file {
                None if outputs.stdout.is_some() => {
                    return Err(Error::usage("two reports cannot share standard output")
                        .with_cure("give one of them a file: --format junit=FILE"));
                }
                None => outputs.stdout = Some(reporter),
                Some(path) => {
                    let is_taken = outputs.files.iter().any(|other| other.path == path);
                    if is_taken || path.is_dir() {
                        let why = if is_taken {
                            "is the file of two reports"
                        } else {
                            "is a folder"
                        };
                        return Err(Error::usage(format!("{} {why}", path.display()))
                            .with_cure("name a file for each report"));
                    }
                    outputs.files.push(ToFile {
                        reporter,
                        path,
                        text: String::new(),
                    });
                }
            }
        }
        Ok(outputs)
    }

    /// Tells everybody.
    pub(super) fn tell(&mut self, notice: &Notice<'_>, out: &mut Output) {
        let text = self.terminal.as_mut().map(|human| human.text(notice));
        match &mut self.stdout {
            None => out.write(&text.unwrap_or_default()),
            Some(reporter) => {
                // Standard error that cannot be written to is no reason to stop.
                let _ = io::stderr().write_all(text.unwrap_or_default().as_bytes());
                out.write(&reporter.text(notice));
            }
        }
        for file in &mut self.files {
            file.text.push_str(&file.reporter.text(notice));
        }
    }

    /// Writes the files; what could not be written.
    pub(super) fn close(self) -> Vec<Error> {
        let written = self.files.iter().map(|file| {
            if let Some(dir) = file.path.parent()
                && dir != Path::new("")
            {
                // Where this fails, writing says why.
                let _ = fs::create_dir_all(dir);
            }
            files::write(&file.path, &file.text)
        });
        written.filter_map(Result::err).collect()
    }
}
