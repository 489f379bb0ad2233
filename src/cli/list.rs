//! `allways list`: what there is to check.

use std::fmt::Write as _;

use serde::Serialize;

use super::exit::Exit;
use super::{Context, runner};
use crate::catalogue::{Domain, Entry, ParamDecl, Value, Variant};
use crate::error::Error;
use crate::report::Paint;
use crate::search::Verdict;
use crate::space::PropertyKind;
use crate::trace::quoted_name;

/// List models, variants, parameters and properties
///
/// For each model its source, its parameters with default and range, and its variants with the properties that are not
/// expected to hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways list
  allways list {model}
  allways list {variant}
  allways list --json")]
pub(super) struct Args {
    /// Only this model, or this variant of it
    #[arg(value_name = "MODEL[/VARIANT]")]
    name: Option<String>,

    /// One JSON array instead of text
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let selected = match &args.name {
        Some(name) => vec![context.catalogue.select(name)?],
        None => {
            let entries = context.catalogue.entries().iter();
            let all = entries.map(|entry| (entry, entry.variants.iter().collect()));
            all.collect::<Vec<(&Entry, Vec<&Variant>)>>()
        }
    };
    let models = selected
        .into_iter()
        .map(|(entry, variants)| Model::of(entry, &variants))
        .collect::<Result<Vec<_>, _>>()?;
    let text = if args.json {
        let mut text = serde_json::to_string(&models)
            .map_err(|e| Error::model(format!("the list cannot be written: {e}")))?;
        text.push('\n');
        text
    } else {
        human(&models, context)
    };
    context.out.write(&text);
    Ok(Exit::AsExpected)
}

#[derive(Serialize)]
struct Model<'a> {
    model: &'a str,
    summary: &'a str,
    source: &'a str,
    params: Vec<Param<'a>>,
    variants: Vec<VariantLine<'a>>,
}

#[derive(Serialize)]
struct Param<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'static str,
    default: &'a Value,
    min: Option<i64>,
    max: Option<i64>,
    choices: Option<&'a [&'static str]>,
    help: &'a str,
    #[serde(skip)]
    domain: &'a Domain,
}

#[derive(Serialize)]
struct VariantLine<'a> {
    name: &'a str,
    properties: Vec<PropertyLine>,
}

#[derive(Serialize)]
struct PropertyLine {
    name: String,
    kind: PropertyKind,
    expected: Verdict,
}

impl<'a> Model<'a> {
    /// Builds the variants at their defaults, to ask for their properties.
    fn of(entry: &'a Entry, variants: &[&'a Variant]) -> Result<Self, Error> {
        Ok(Model {
            model: &entry.model,
            summary: &entry.summary,
            source: &entry.source,
            params: entry.params.iter().map(Param::of).collect(),
            variants: variants
                .iter()
                .map(|variant| VariantLine::of(entry, variant))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> Param<'a> {
    fn of(decl: &'a ParamDecl) -> Self {
        let (min, max, choices) = match &decl.domain {
            Domain::Integer { min, max } => (Some(*min), Some(*max), None),
            Domain::Bool => (None, None, None),
            Domain::Choice(words) => (None, None, Some(words.as_slice())),
        };
        Param {
            name: &decl.name,
            ty: decl.domain.type_name(),
            default: &decl.default,
            min,
            max,
            choices,
            help: &decl.help,
            domain: &decl.domain,
        }
    }
}

impl<'a> VariantLine<'a> {
    fn of(entry: &Entry, variant: &'a Variant) -> Result<Self, Error> {
        let checkable = runner::build(entry, variant, &entry.values(&[])?, None)?;
        Ok(VariantLine {
            name: &variant.name,
            properties: checkable
                .properties()
                .iter()
                .map(|decl| PropertyLine {
                    name: decl.name.clone(),
                    kind: decl.kind,
                    expected: variant.expected(&decl.name),
                })
                .collect(),
        })
    }
}

fn human(models: &[Model<'_>], context: &Context<'_>) -> String {
    let mut text = String::new();
    for (i, model) in models.iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        one(model, context.paint, &mut text);
    }
    if models.is_empty() {
        text.push_str("there are no models\n");
    }
    text
}

fn one(model: &Model<'_>, paint: Paint, text: &mut String) {
    let _ = writeln!(text, "{}: {}", paint.bold(model.model), model.summary);
    let source = format!("after \"{}\"", model.source);
    let _ = writeln!(text, "  {}", paint.dim(&source));
    let settings: Vec<String> = model
        .params
        .iter()
        .map(|param| format!("--set {}={}", param.name, param.default))
        .collect();
    let width = settings.iter().map(String::len).max().unwrap_or(0);
    for (setting, param) in settings.iter().zip(&model.params) {
        let (help, domain) = (param.help, param.domain);
        let _ = writeln!(text, "  {setting:width$}  {domain}: {help}");
    }
    for variant in &model.variants {
        let _ = writeln!(text, "\n  {}/{}", model.model, paint.bold(variant.name));
        let rows: Vec<(&'static str, String, Verdict)> = variant
            .properties
            .iter()
            // Every system has it, and it is expected of every system.
            .filter(|p| p.kind != PropertyKind::NoPanic || p.expected != Verdict::Holds)
            .map(|p| (p.kind.word(), quoted_name(&p.name, p.kind), p.expected))
            .collect();
        let kinds = rows.iter().map(|r| r.0.len()).max().unwrap_or(0);
        let names = rows.iter().map(|r| r.1.chars().count()).max().unwrap_or(0);
        for (kind, name, expected) in rows {
            let gap = " ".repeat(names - name.chars().count());
            let expected = match expected {
                Verdict::Holds => paint.good(expected.words()),
                other => paint.warn(other.words()),
            };
            let _ = writeln!(text, "    {kind:kinds$}  {name}{gap}  {expected}");
        }
    }
}
