//! The sources of `models/`: a model is a file, `NAME.rs`, or a folder with `NAME/mod.rs` and its parts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One model's source.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where its module documentation is, relative to `models/`.
    pub(crate) main: PathBuf,
    /// All of its files, relative to `models/`, with their texts.
    pub(crate) files: BTreeMap<PathBuf, String>,
}

impl Source {
    /// The module documentation: lines without what makes them comments.
    pub(crate) fn documentation(&self) -> Vec<&str> {
        let lines = self.files[&self.main].lines();
        let lines = lines.map_while(|line| line.strip_prefix("//!"));
        lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect()
    }
}

/// The catalogue's models, by module name.
pub(crate) fn sources() -> BTreeMap<String, Source> {
    sources_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models"))
}

fn sources_in(folder: &Path) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    for path in listed(folder) {
        let is_folder = path.is_dir();
        let name = path.file_stem().expect("it has a name");
        let name = name.to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        take(folder, &path, &mut files);
        let main = if is_folder {
            Path::new(&name).join("mod.rs")
        } else {
            PathBuf::from(format!("{name}.rs"))
        };
        assert!(
            files.contains_key(&main),
            "{} has no mod.rs",
            path.display()
        );
        let source = Source { main, files };
        assert!(
            sources.insert(name, source).is_none(),
            "{} is a file and a folder",
            path.display()
        );
    }
    sources
}

/// Reads a file, or all files of a folder.
fn take(root: &Path, path: &Path, files: &mut BTreeMap<PathBuf, String>) {
    if path.is_dir() {
        listed(path).iter().for_each(|path| take(root, path, files));
        return;
    }
    assert!(
        path.extension().is_some_and(|end| end == "rs"),
        "no part of a model: {}",
        path.display()
    );
    let name = path.strip_prefix(root).expect("it is inside").to_owned();
    files.insert(name, fs::read_to_string(path).expect("it can be read"));
}

/// What a folder holds, in order.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn a_model_is_a_file_or_a_folder() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("small.rs", "//! Small.\nuse allways::prelude::*;\n");
    write(
        "large/mod.rs",
        "//! Large.\n//!\n//! - In parts.\nmod part;\n",
    );
    write("large/part.rs", "//! A part.\n");
    let sources = sources_in(folder.path());
    assert_eq!(sources.keys().collect::<Vec<_>>(), ["large", "small"]);
    assert_eq!(sources["small"].documentation(), ["Small."]);
    assert_eq!(
        sources["large"].documentation(),
        ["Large.", "", "- In parts."]
    );
    assert_eq!(sources["large"].files.len(), 2);
}
