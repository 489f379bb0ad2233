//! `allways list`: what there is to check.

use std::fmt::Write as _;

use serde::Serialize;

use super::exit::Exit;
use super::{Context, check};
use crate::catalogue::{Domain, Entry, ParamDecl, Value, Variant};
use crate::error::Error;
use crate::search::Verdict;
use crate::space::PropertyKind;

/// List models, variants, parameters and properties
///
/// For each model its source, its parameters with default and range, and its variants with the properties that are not
/// expected to hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  allways list
  allways list duva-join
  allways list --json")]
pub(super) struct Args {
    /// Only this model
    model: Option<String>,

    /// One JSON array instead of text
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    let entries: Vec<&Entry> = match &args.model {
        Some(name) => vec![context.catalogue.model(name)?],
        None => context.catalogue.entries().iter().collect(),
    };
    let models = entries
        .into_iter()
        .map(Model::of)
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
    /// Builds every variant at its defaults, to ask for its properties.
    fn of(entry: &'a Entry) -> Result<Self, Error> {
        Ok(Model {
            model: &entry.model,
            summary: &entry.summary,
            source: &entry.source,
            params: entry.params.iter().map(Param::of).collect(),
            variants: entry
                .variants
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
        let checkable = check::build(entry, variant, &entry.values(&[])?)?;
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
    let paint = context.paint;
    let mut text = String::new();
    for (i, model) in models.iter().enumerate() {
        let gap = if i > 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}{}  {}", paint.bold(model.model), model.summary);
        let _ = writeln!(
            text,
            "  {}",
            paint.dim(&format!("after \"{}\"", model.source))
        );
        for param in &model.params {
            let _ = writeln!(
                text,
                "  --set {}={}  {} ({})",
                param.name, param.default, param.help, param.domain
            );
        }
        for variant in &model.variants {
            let _ = writeln!(text, "  {}/{}", model.model, paint.bold(variant.name));
            for property in &variant.properties {
                // Every system has it, and it is expected of every system.
                if property.kind == PropertyKind::NoPanic && property.expected == Verdict::Holds {
                    continue;
                }
                let expected = match property.expected {
                    Verdict::Holds => paint.good("holds"),
                    other => paint.warn(other.words()),
                };
                let name = if property.name == property.kind.word() {
                    String::new()
                } else {
                    format!(" \"{}\"", property.name)
                };
                let _ = writeln!(text, "      {}{name}  {expected}", property.kind.word());
            }
        }
    }
    if models.is_empty() {
        text.push_str("there are no models\n");
    }
    text
}
