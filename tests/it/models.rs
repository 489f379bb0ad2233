//! Every variant of the catalogue: its expected verdicts, the counts its file states, its traces; and every file of `models/` in a crate
//! of its own.

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use allways::catalogue::{Checked, Entry, Variant};
use allways::models::catalogue;
use allways::search::{Options, Verdict};
use allways::space::PropertyKind;
use allways::trace::About;

/// Checks a variant with its default parameters.
pub(crate) fn check(entry: &Entry, variant: &Variant, options: &Options) -> Checked {
    let values = entry.values(&[]).expect("defaults are in range");
    let mut built = variant.build(&values).expect("the variant is whole");
    let about = About {
        model: entry.model.clone(),
        variant: variant.name.clone(),
        parameters: values.texts(),
        ..About::default()
    };
    built
        .check(options, &about, &())
        .expect("the model is sound")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// The files of `models/`: module name and text.
fn files() -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("it can be listed").path();
        assert!(
            path.extension().is_some_and(|end| end == "rs"),
            "no model: {}",
            path.display()
        );
        let name = path
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        (name, fs::read_to_string(&path).expect("it can be read"))
    };
    entries.map(file).collect()
}

/// What a model's file states of its variants, in the table of its module documentation: unique states, generated, depth.
fn stated(text: &str) -> BTreeMap<String, [u64; 3]> {
    let row = |line: &str| -> Option<(String, [u64; 3])> {
        let cells: Vec<&str> = line
            .strip_prefix("//! |")?
            .split('|')
            .map(str::trim)
            .collect();
        let number = |cell: &&str| cell.replace(',', "").parse::<u64>().ok();
        let numbers: Vec<u64> = cells.get(1..4)?.iter().filter_map(number).collect();
        let name = cells[0].strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), numbers.try_into().ok()?))
    };
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .filter_map(row)
        .collect()
}

#[test]
fn every_file_is_listed_and_states_its_counts() {
    let files = files();
    let catalogue = catalogue();
    let listed: Vec<String> = catalogue
        .entries()
        .iter()
        .map(|entry| entry.model.replace('-', "_"))
        .collect();
    assert!(
        files.keys().all(|name| listed.contains(name)),
        "{:?} are listed",
        listed
    );
    assert_eq!(files.len(), listed.len());
    for entry in catalogue.entries() {
        let stated = stated(&files[&entry.model.replace('-', "_")]);
        let counted: BTreeMap<String, [u64; 3]> = entry
            .variants
            .iter()
            .map(|variant| {
                let counts = check(entry, variant, &Options::default()).outcome.counts;
                (
                    variant.name.clone(),
                    [counts.unique, counts.generated, counts.depth.into()],
                )
            })
            .collect();
        assert_eq!(
            stated, counted,
            "{}: unique states, generated, depth",
            entry.model
        );
    }
}

#[test]
fn every_variant_has_its_expected_verdicts() {
    for entry in catalogue().entries() {
        for variant in &entry.variants {
            let name = format!("{}/{}", entry.model, variant.name);
            let outcome = check(
                entry,
                variant,
                &Options {
                    threads: 2,
                    ..Options::default()
                },
            )
            .outcome;
            let mut can_fail = 0;
            let mut does_something = 0;
            for property in &outcome.properties {
                let decl = &property.decl;
                assert_eq!(
                    property.verdict,
                    variant.expected(&decl.name),
                    "{name}: {}",
                    decl.name
                );
                can_fail += u32::from(!matches!(
                    decl.kind,
                    PropertyKind::NoPanic | PropertyKind::Reachable
                ));
                does_something += u32::from(
                    decl.kind == PropertyKind::Reachable && property.verdict == Verdict::Holds,
                );
            }
            assert!(
                can_fail > 0 && does_something > 0,
                "{name} shows too little"
            );
        }
    }
}

#[test]
fn every_trace_replays() {
    for entry in catalogue().entries() {
        for variant in &entry.variants {
            let values = entry.values(&[]).expect("defaults are in range");
            for trace in check(entry, variant, &Options::default())
                .traces
                .into_iter()
                .flatten()
            {
                let mut built = variant.build(&values).expect("the variant is whole");
                let replay = built.replay(&trace).expect("the model is sound");
                assert!(
                    replay.is_same(),
                    "{}/{}: {replay:?}",
                    entry.model,
                    variant.name
                );
            }
        }
    }
}

/// The minimal trace is the source's story: a member is asked to migrate to a node it has not heard of.
#[test]
fn fire_and_forget_tells_the_story() {
    let catalogue = catalogue();
    let entry = catalogue.model("duva-join").expect("it is listed");
    let variant = entry.variant("fire-and-forget").expect("it is listed");
    let checked = check(entry, variant, &Options::default());
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
fn every_file_compiles_in_a_crate_that_depends_on_allways_alone() {
    let crate_dir = tempfile::tempdir().expect("a scratch folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = crate_dir.path().join("src");
    fs::create_dir(&source).expect("the folder can be made");
    let manifest = format!(
        "[package]\nname = \"generated\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nallways = {{ path = {root:?} }}\n"
    );
    fs::write(crate_dir.path().join("Cargo.toml"), manifest).expect("it can be written");
    fs::copy(root.join("Cargo.lock"), crate_dir.path().join("Cargo.lock"))
        .expect("it can be copied");
    let files = files();
    for (name, text) in &files {
        fs::write(source.join(format!("{name}.rs")), text).expect("it can be written");
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let modules: String = names.iter().map(|name| format!("mod {name};\n")).collect();
    let main = format!("{modules}allways::main!({});\n", names.join(", "));
    fs::write(source.join("main.rs"), main).expect("it can be written");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["check", "--offline", "--quiet"])
        .current_dir(crate_dir.path())
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated"),
        );
    // The compiler beside this cargo, not one that a dependency's own folder asks for.
    let rustc = Path::new(env!("CARGO")).with_file_name(format!("rustc{EXE_SUFFIX}"));
    if rustc.is_file() {
        cargo.env("RUSTC", rustc);
    }
    let output = cargo.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("warning"),
        "{said}"
    );
}
