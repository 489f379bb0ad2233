//! What the tests bring along from others: exactly what was published, with its licence.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/vendor")
}

/// The source of axe-core.
pub(crate) fn axe() -> String {
    let source = fs::read_to_string(folder().join("axe-core/axe.min.js"));
    source.expect("axe-core is beside the tests; published crates come without it")
}

/// Holds the files against the manifest, and the manifest against the files.
pub(crate) fn check() {
    let manifest = fs::read_to_string(folder().join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("it is JSON");
    for package in manifest["packages"].as_array().expect("a list") {
        let text = |field: &str| {
            let text = package[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "a package without {field}");
            text
        };
        let name = text("name");
        for field in ["version", "licence", "source", "archive_sha256"] {
            text(field);
        }
        let mut listed: Vec<String> = Vec::new();
        for file in package["files"].as_array().expect("a list") {
            let path = file["path"].as_str().expect("a path");
            let bytes = fs::read(folder().join(path)).expect("what is listed is there");
            let hash = Sha256::digest(&bytes);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let published = file["sha256"].as_str();
            assert_eq!(Some(&*hash), published, "{path} is not what was published");
            listed.push(path.to_owned());
        }
        assert!(listed.iter().any(|file| file == text("licence_file")));
        let found = fs::read_dir(folder().join(name)).expect("a folder of its own");
        let found = found.map(|file| file.expect("it can be listed").file_name());
        let mut found: Vec<String> = found
            .map(|file| format!("{name}/{}", file.to_string_lossy()))
            .collect();
        found.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, found, "the manifest lists all of {name}");
    }
}
