//! A page for each model, made from its source and its checks: `docs/models/NAME.md`. A page that says something else than what is made now
//! is a failure; the same test writes all pages anew where the environment asks for it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use allways::catalogue::{Entry, Variant};
use allways::search::{PropertyOutcome, StepsTaken, Verdict};
use allways::space::PropertyKind;
use allways::trace::{Style, Trace, text, to_mermaid};

use super::checked::{CATALOGUE, checked};
use super::sources::{Source, sources};

/// Writes the pages anew.
const COMMAND: &str = "ALLWAYS_PAGES=write cargo test --test it models::pages";

/// A trace with more steps is folded away.
const UNFOLDED: usize = 12;

#[test]
fn pages_say_what_is_true_now() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/models");
    let sources = sources();
    let mut pages = vec![("README.md".to_owned(), index())];
    for entry in CATALOGUE.entries() {
        let source = &sources[&entry.model.replace('-', "_")];
        pages.push((format!("{}.md", entry.model), page(entry, source)));
    }
    if std::env::var_os("ALLWAYS_PAGES").is_some_and(|asked| asked == "write") {
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the old pages can be removed");
        }
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, page) in &pages {
            fs::write(folder.join(name), page).expect("it can be written");
        }
    }
    let there = fs::read_dir(&folder)
        .map(Iterator::count)
        .unwrap_or_default();
    assert_eq!(
        there,
        pages.len(),
        "pages in docs/models; write them anew: {COMMAND}"
    );
    for (name, page) in &pages {
        let there = fs::read_to_string(folder.join(name)).unwrap_or_default();
        let differs = there
            .lines()
            .zip(page.lines())
            .find(|(old, new)| old != new);
        assert!(
            there == *page,
            "docs/models/{name} is not what is true now; write it anew: {COMMAND}\nthe first difference: {differs:?}"
        );
    }
}

/// Where a page comes from.
fn begin(title: &str) -> String {
    format!(
        "<!-- Made by `{COMMAND}` from the model and its checks: change those, not this. -->\n# {title}\n\n"
    )
}

/// The list of all models.
fn index() -> String {
    let mut page = begin("The models");
    page.push_str(
        "Each page tells a model's story, its variants with their verdicts and sizes, and for each violated property the shortest way to break \
         it. Whatever stands there was found by checking the model with its default parameters.\n\n\
         | model | about | variants | of them with a violated property | states in all |\n| --- | --- | --- | --- | --- |\n",
    );
    for entry in CATALOGUE.entries() {
        let checks = entry
            .variants
            .iter()
            .map(|variant| &checked(entry, variant).outcome);
        let n_broken = checks
            .clone()
            .filter(|outcome| outcome.properties.iter().any(is_violated));
        let states: u64 = checks.clone().map(|outcome| outcome.counts.unique).sum();
        let _ = writeln!(
            page,
            "| [`{0}`]({0}.md) | {1} | {2} | {3} | {4} |",
            entry.model,
            plain(&entry.summary),
            entry.variants.len(),
            n_broken.count(),
            thousands(states)
        );
    }
    page
}

fn page(entry: &Entry, source: &Source) -> String {
    let mut page = begin(&format!("`{}`", entry.model));
    for line in story(source) {
        page.push_str(line);
        page.push('\n');
    }
    let main = source.main.display().to_string().replace('\\', "/");
    let _ = writeln!(
        page,
        "\nThe model is [models/{main}](../../models/{main}); `allways check {}` checks all of it.",
        entry.model
    );
    if !entry.params.is_empty() {
        page.push_str("\n## Parameters\n\n| parameter | default | range | meaning |\n| --- | --- | --- | --- |\n");
        for param in &entry.params {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                param.name,
                param.default,
                param.domain,
                plain(&param.help)
            );
        }
    }
    page.push_str(
        "\n## Variants\n\nWith the default parameters:\n\n| variant | violated | unique states | transitions | depth |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for variant in &entry.variants {
        let outcome = &checked(entry, variant).outcome;
        let violated = outcome
            .properties
            .iter()
            .filter(|property| is_violated(property));
        let violated: Vec<String> = violated
            .map(|property| plain(&property.decl.name))
            .collect();
        let _ = writeln!(
            page,
            "| [`{0}`](#{0}) | {1} | {2} | {3} | {4} |",
            variant.name,
            if violated.is_empty() {
                "—".to_owned()
            } else {
                violated.join("; ")
            },
            thousands(outcome.counts.unique),
            thousands(outcome.counts.transitions),
            outcome.counts.depth
        );
    }
    for variant in &entry.variants {
        section(&mut page, entry, variant);
    }
    page
}

/// The module documentation without its table of counts: the page has its own.
fn story(source: &Source) -> Vec<&str> {
    let mut lines = source.documentation();
    if let Some(table) = lines
        .iter()
        .position(|line| line.starts_with("| variant | unique states |"))
    {
        let is_lead =
            |line: &&&str| line.is_empty() || line.starts_with("With the default parameters");
        let n_lead = lines[..table].iter().rev().take_while(is_lead).count();
        let rows = lines[table..]
            .iter()
            .take_while(|line| line.starts_with('|'));
        let end = table + rows.count();
        lines.drain(table - n_lead..end);
    }
    lines
}

fn section(page: &mut String, entry: &Entry, variant: &Variant) {
    let checked = checked(entry, variant);
    let _ = writeln!(
        page,
        "\n### `{}`\n\n| property | expected | found |\n| --- | --- | --- |",
        variant.name
    );
    for property in &checked.outcome.properties {
        let decl = &property.decl;
        let _ = writeln!(
            page,
            "| {} | {} | {}{} |",
            shown(property),
            variant.expected(&decl.name).words(),
            found(property),
            property
                .note
                .as_ref()
                .map(|note| format!(": {}", plain(note)))
                .unwrap_or_default()
        );
    }
    for (property, trace) in checked.outcome.properties.iter().zip(&checked.traces) {
        if is_violated(property) {
            violation(page, entry, variant, property, trace.as_ref());
        }
    }
}

/// The verdict, and of a measure the number that it is about.
fn found(property: &PropertyOutcome) -> String {
    match property.steps {
        Some(StepsTaken::AtMost(n)) => format!("at most {} steps", thousands(n)),
        Some(StepsTaken::Unbounded) => "in the end, in any number of steps".to_owned(),
        None => property.verdict.words().to_owned(),
    }
}

/// The shortest way to break a property.
fn violation(
    page: &mut String,
    entry: &Entry,
    variant: &Variant,
    property: &PropertyOutcome,
    trace: Option<&Trace>,
) {
    let _ = write!(page, "\n#### `{}`: {}\n\n", variant.name, shown(property));
    let Some(trace) = trace else {
        assert_eq!(
            property.decl.kind,
            PropertyKind::Reachable,
            "a violation has a trace"
        );
        let _ = writeln!(
            page,
            "The whole state space was searched: there is no such state."
        );
        return;
    };
    let n = trace.len();
    let for_ever = trace.paths.iter().any(|path| path.loop_start.is_some());
    let _ = writeln!(
        page,
        "The shortest way there: {n} {}{}.\n\n```mermaid\n{}```\n",
        if n == 1 { "step" } else { "steps" },
        if for_ever { ", and so on for ever" } else { "" },
        fenced(to_mermaid(trace))
    );
    let text = format!("```text\n{}```\n", fenced(text(trace, &Style::default())));
    if n <= UNFOLDED {
        page.push_str(&text);
    } else {
        let _ = write!(
            page,
            "<details>\n<summary>{}/{}, step by step</summary>\n\n{text}\n</details>\n",
            entry.model, variant.name
        );
    }
}

/// A text that does not end its own fence.
fn fenced(text: String) -> String {
    assert!(!text.contains("```"), "it would end the block: {text}");
    text
}

/// A property's kind and name.
fn shown(property: &PropertyOutcome) -> String {
    let (kind, name) = (property.decl.kind.word(), &property.decl.name);
    if kind == name {
        return kind.to_owned();
    }
    format!("{kind} “{}”", plain(name))
}

fn is_violated(property: &PropertyOutcome) -> bool {
    property.verdict == Verdict::Violated
}

/// Text in which nothing means anything to Markdown, also inside a table.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\`*_[]<>|#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
