//! Every variant of the catalogue: its expected verdicts, the counts its file states, its traces, its page; and every model of `models/` in a
//! crate of its own.

pub(crate) mod checked;
mod pages;
mod sources;
mod specification;

use std::collections::BTreeMap;
use std::fs;

use allways::search::Verdict;
use allways::space::PropertyKind;
use allways::trace::to_mermaid;

use crate::folders::root;
use crate::generated::cargo;
use crate::mermaid::grammar;
use checked::{CATALOGUE, checked, variants};
use sources::{Source, sources};

/// What a model's file states of its variants, in the table of its module documentation: unique states, generated, depth.
fn stated(source: &Source) -> BTreeMap<String, [u64; 3]> {
    let row = |line: &str| -> Option<(String, [u64; 3])> {
        let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let number = |cell: &&str| cell.replace(',', "").parse::<u64>().ok();
        let numbers: Vec<u64> = cells.get(1..4)?.iter().filter_map(number).collect();
        let name = cells[0].strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), numbers.try_into().ok()?))
    };
    source.documentation().into_iter().filter_map(row).collect()
}

#[test]
fn every_source_is_listed_and_every_model_has_its_source() {
    let sources = sources();
    let entries = CATALOGUE.entries().iter();
    let mut listed: Vec<String> = entries.map(|entry| entry.model.replace('-', "_")).collect();
    listed.sort();
    assert_eq!(sources.into_keys().collect::<Vec<_>>(), listed);
}

#[test]
fn every_model_states_its_counts() {
    let sources = sources();
    let mut wrong = Vec::new();
    for entry in CATALOGUE.entries() {
        let counted: BTreeMap<String, [u64; 3]> = entry
            .variants
            .iter()
            .map(|variant| {
                let counts = checked(entry, variant).outcome.counts;
                let counts = [counts.unique, counts.generated, counts.depth.into()];
                (variant.name.clone(), counts)
            })
            .collect();
        let stated = stated(&sources[&entry.model.replace('-', "_")]);
        if stated != counted {
            wrong.push(format!(
                "{}: unique states, generated, depth\n stated {stated:?}\n counted {counted:?}",
                entry.model
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_variant_has_its_expected_verdicts_and_shows_something() {
    let mut wrong = Vec::new();
    for (entry, variant) in variants() {
        let name = format!("{}/{}", entry.model, variant.name);
        let mut can_fail = false;
        let mut does_something = false;
        for property in &checked(entry, variant).outcome.properties {
            let decl = &property.decl;
            let expected = variant.expected(&decl.name);
            if property.verdict != expected {
                wrong.push(format!(
                    "{name}: {} is {}, not {}",
                    decl.name,
                    property.verdict.words(),
                    expected.words()
                ));
            }
            let is_reachable = decl.kind == PropertyKind::Reachable;
            can_fail |= !is_reachable && decl.kind != PropertyKind::NoPanic;
            does_something |= is_reachable && property.verdict == Verdict::Holds;
        }
        if !can_fail || !does_something {
            wrong.push(format!("{name} shows too little"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_trace_replays_and_is_drawn() {
    for (entry, variant) in variants() {
        let values = entry.values(&[]).expect("defaults are in range");
        for trace in checked(entry, variant).traces.iter().flatten() {
            let mut built = variant.build(&values).expect("the variant is whole");
            let replay = built.replay(trace).expect("the model is sound");
            assert!(
                replay.is_same(),
                "{}/{}: {replay:?}",
                entry.model,
                variant.name
            );
            grammar::parse(&to_mermaid(trace));
        }
    }
}

/// The minimal trace is the source's story: a member is asked to migrate to a node it has not heard of.
#[test]
fn fire_and_forget_tells_the_story() {
    let entry = CATALOGUE.model("duva-join").expect("it is listed");
    let variant = entry.variant("fire-and-forget").expect("it is listed");
    let checked = checked(entry, variant);
    let name = "no migration to a stranger";
    let position = checked
        .outcome
        .properties
        .iter()
        .position(|property| property.decl.name == name);
    let trace = checked.traces[position.expect("it is a property")]
        .as_ref()
        .expect("it is violated");
    let story: Vec<String> = trace.paths[0]
        .steps
        .iter()
        .map(|step| format!("{} gets {}", step.lane, step.content.text()))
        .collect();
    assert_eq!(
        story,
        ["seed gets Join", "member[0] gets Migrate{to: joiner}"]
    );
}

#[test]
fn every_model_compiles_in_a_crate_that_depends_on_allways_alone() {
    let crate_dir = tempfile::tempdir().expect("a scratch folder");
    let root = root();
    let source = crate_dir.path().join("src");
    fs::create_dir(&source).expect("the folder can be made");
    let manifest = format!(
        "[package]\nname = \"generated\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nallways = {{ path = {root:?} }}\n"
    );
    fs::write(crate_dir.path().join("Cargo.toml"), manifest).expect("it can be written");
    fs::copy(root.join("Cargo.lock"), crate_dir.path().join("Cargo.lock"))
        .expect("it can be copied");
    let sources = sources();
    for (name, text) in sources.values().flat_map(|source| &source.files) {
        let path = source.join(name);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }
    let names: Vec<&str> = sources.keys().map(String::as_str).collect();
    let modules: String = names.iter().map(|name| format!("mod {name};\n")).collect();
    let main = format!("{modules}allways::main!({});\n", names.join(", "));
    fs::write(source.join("main.rs"), main).expect("it can be written");
    let output = cargo(crate_dir.path(), &["check", "--quiet"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("warning"),
        "{said}"
    );
}
