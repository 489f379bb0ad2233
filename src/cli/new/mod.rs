//! `allways new`: a crate with one small model, its repair, a test and a gate, which work as they are.
//!
//! Invariant: the crate is written whole or not at all, and nothing that was there is overwritten.

mod name;
mod template;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::{Context, files};
use crate::error::Error;
use crate::report::quoted;
use template::Crate;

/// Make a crate with a model of your own
///
/// The crate has one small model (two actors, a race, and its repair as a second variant), tests, a list of checks for a gate and a
/// workflow for GitHub. `cargo run -- check` and `cargo test` work in it at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  allways new demo && cd demo && cargo run -- check")]
pub(super) struct Args {
    /// The name of the crate, and of its folder
    name: String,

    /// Take Allways from this folder, which holds its source
    ///
    /// Without it the crate depends on the source that this program was built from, if that is a clone that is still there, and else on the
    /// published version.
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

/// Where this program was built from.
const BUILT_FROM: &str = env!("CARGO_MANIFEST_DIR");

/// Files that cargo leaves in a source that it fetched: it is no clone, and may be gone tomorrow.
const FETCHED: [&str; 2] = [".cargo-ok", "Cargo.toml.orig"];

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Exit, Error> {
    name::validate(&args.name)?;
    let source = match &args.path {
        Some(dir) => Some(source_in(dir)?),
        None => clone_in(Path::new(BUILT_FROM)),
    };
    let dependency = match &source {
        Some(dir) => dependency_on(dir)?,
        None => dependency_on_published(),
    };
    let folder = Path::new(&args.name);
    let files = template::files(&Crate {
        name: &args.name,
        dependency: &dependency,
        is_local: source.is_some(),
        is_inside_workspace: is_inside_workspace(),
    });
    write(folder, &files)?;
    let from = match &source {
        Some(dir) => dir.display().to_string(),
        None => format!("crates.io, version {}", env!("CARGO_PKG_VERSION")),
    };
    context.out.write(&format!(
        "made {0}/: a model of a race, and its repair\n\n  \
         cd {0}\n  \
         cargo run -- check   checks both\n  \
         cargo test           says the same in tests of your own\n\n\
         the model is {0}/src/lamp.rs; Allways is taken from {1}\n",
        quoted(&args.name),
        crate::value::printable(&from),
    ));
    Ok(Exit::AsExpected)
}

/// The folder, if it holds the source of Allways; absolute, so that it is the same one from the new crate.
fn source_in(dir: &Path) -> Result<PathBuf, Error> {
    let shown = dir.display();
    let wrong = |what: String| {
        Error::usage(what)
            .with_cure("--path names a clone of Allways: the folder with its Cargo.toml")
    };
    let absolute =
        std::path::absolute(dir).map_err(|e| wrong(format!("{shown} is no folder: {e}")))?;
    match package_in(&absolute) {
        None => Err(wrong(format!(
            "there is no Cargo.toml of a package in {shown}"
        ))),
        Some(package) if package != env!("CARGO_PKG_NAME") => {
            Err(wrong(format!("{shown} holds the package `{package}`")))
        }
        Some(_) => Ok(absolute),
    }
}

/// The folder, if it holds a clone of the source of Allways: not what cargo fetched to build it.
fn clone_in(dir: &Path) -> Option<PathBuf> {
    let is_fetched = FETCHED.iter().any(|file| dir.join(file).exists());
    let is_ours = package_in(dir).is_some_and(|package| package == env!("CARGO_PKG_NAME"));
    (is_ours && !is_fetched).then(|| dir.to_owned())
}

/// The name of the package whose manifest is in a folder.
fn package_in(dir: &Path) -> Option<String> {
    let manifest: toml::Table = fs::read_to_string(dir.join("Cargo.toml"))
        .ok()?
        .parse()
        .ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The dependency on a folder. The models of Allways itself stay out: they would be built for nothing.
fn dependency_on(dir: &Path) -> Result<String, Error> {
    let Some(text) = dir.to_str() else {
        let shown = dir.display();
        return Err(Error::usage(format!("a manifest cannot name {shown}"))
            .with_cure("move the clone to a folder whose name is text"));
    };
    let path = toml::Value::String(text.to_owned());
    Ok(format!(
        "{{ path = {path}, default-features = false, features = [\"cli\", \"explorer\"] }}"
    ))
}

/// The dependency on what is published: this version, or one that is compatible.
fn dependency_on_published() -> String {
    let [major, minor] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
    ];
    format!(
        "{{ version = \"{major}.{minor}\", default-features = false, features = [\"cli\", \"explorer\"] }}"
    )
}

/// Whether cargo, in a folder of the current one, would find the manifest of a workspace above.
fn is_inside_workspace() -> bool {
    let Ok(here) = std::env::current_dir() else {
        return false;
    };
    here.ancestors().any(|dir| {
        let manifest = fs::read_to_string(dir.join("Cargo.toml")).ok();
        let manifest: Option<toml::Table> = manifest.and_then(|text| text.parse().ok());
        manifest.is_some_and(|manifest| manifest.contains_key("workspace"))
    })
}

/// Writes the files beside the folder, and then gives them its name.
///
/// # Errors
/// There is something of that name which is no empty folder; the files cannot be written.
fn write(folder: &Path, files: &[(&'static str, String)]) -> Result<(), Error> {
    let shown = folder.display();
    let cannot = |e: io::Error| {
        Error::file(format!("cannot make {shown}: {}", files::why(&e)))
            .with_cure("change to a folder that can be written to")
    };
    let is_there = match folder.symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(cannot(e)),
        Ok(found) => {
            let is_empty = found.is_dir() && fs::read_dir(folder).map_err(cannot)?.next().is_none();
            if !is_empty {
                let what = if found.is_dir() {
                    "is there and is not empty"
                } else {
                    "is there and is no folder"
                };
                return Err(Error::usage(format!("{shown} {what}"))
                    .with_cure("choose another name, or move it away"));
            }
            true
        }
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".allways-new-");
    // It is no secret: who may read it is for the user's mask to say, as with other folders.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let unfinished = builder.tempdir_in(".").map_err(cannot)?;
    for (path, text) in files {
        let path = unfinished.path().join(path);
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(cannot)?;
        }
        fs::write(&path, text).map_err(cannot)?;
    }
    if is_there {
        // It is empty; if that changed a moment ago, this fails and changes nothing.
        fs::remove_dir(folder).map_err(cannot)?;
    }
    // From here on it is no temporary folder any more: where the name cannot be given, it is removed by hand.
    let unfinished = unfinished.keep();
    fs::rename(&unfinished, folder).map_err(|e| {
        let _ = fs::remove_dir_all(&unfinished);
        cannot(e)
    })
}
