//! The explorer's page: what it vendors is what was published, and nothing in it needs another origin, a build, or what its policy forbids.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::folders::{files_in, root};

fn page() -> PathBuf {
    root().join("src/explorer/page")
}

/// The page's own files with this ending, and their texts.
fn own(ending: &str) -> Vec<(String, String)> {
    let root = page();
    let own = files_in(&root)
        .into_iter()
        .filter(|name| !name.starts_with("vendor/") && name.ends_with(ending));
    let texts: Vec<_> = own
        .map(|name| {
            let text = fs::read_to_string(root.join(&name)).expect("it is text");
            (name, text)
        })
        .collect();
    assert!(!texts.is_empty(), "no {ending} files");
    texts
}

#[test]
fn what_is_vendored_is_what_the_manifest_says() {
    let vendor = page().join("vendor");
    let manifest = fs::read_to_string(vendor.join("manifest.json")).expect("there is a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("it is JSON");
    let mut listed = vec!["manifest.json".to_owned()];
    for package in manifest["packages"].as_array().expect("a list") {
        for field in [
            "name",
            "version",
            "licence",
            "source",
            "archive_sha256",
            "licence_file",
        ] {
            let text = package[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "a package without {field}");
        }
        for file in package["files"].as_array().expect("a list") {
            let name = file["path"].as_str().expect("a path").to_owned();
            let bytes = fs::read(vendor.join(&name)).expect("what is listed is there");
            let found: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(
                Some(&*found),
                file["sha256"].as_str(),
                "{name} is not what was published"
            );
            listed.push(name);
        }
        let licence = package["licence_file"].as_str().expect("a path").to_owned();
        assert!(
            listed.contains(&licence),
            "{licence} is not among the files"
        );
    }
    listed.sort_unstable();
    assert_eq!(
        files_in(&vendor),
        listed,
        "the manifest lists all that is vendored"
    );
}

#[test]
fn every_module_that_is_imported_is_there() {
    let root = page();
    let mut n = 0;
    for name in files_in(&root)
        .into_iter()
        .filter(|name| name.ends_with(".js"))
    {
        let text = fs::read_to_string(root.join(&name)).expect("it is text");
        let folder = Path::new(&name).parent().expect("it has a folder");
        // `from './x.js'`, as we write it, and `from"./x.js"`, as it is published.
        let quotes = ["from '", "from \"", "from\"", "import '", "import \""];
        for quote in quotes {
            for part in text.split(quote).skip(1) {
                let end = part.find(['\'', '"']).expect("a quote ends");
                let target = &part[..end];
                if !target.ends_with(".js") {
                    continue;
                }
                assert!(
                    target.starts_with("./") || target.starts_with("../"),
                    "{name} imports {target}, which no server of ours has"
                );
                assert!(
                    root.join(folder).join(target).is_file(),
                    "{name} imports {target}"
                );
                n += 1;
            }
        }
    }
    assert!(n > 10, "the test reads imports wrongly");
}

#[test]
fn the_page_asks_nothing_of_other_origins_and_keeps_its_policy() {
    for ending in [".html", ".css", ".js", ".svg"] {
        for (name, text) in own(ending) {
            // The name of a language, not an address that is asked.
            let text = text.replace("http://www.w3.org/", "");
            for unwanted in [
                "http://",
                "https://",
                "//cdn",
                "@import",
                "url(http",
                "eval(",
                "new Function",
                "innerHTML",
                "insertAdjacentHTML",
                "unsafeHTML",
                "unsafe-html",
                "document.write",
            ] {
                assert!(!text.contains(unwanted), "{name} has {unwanted}");
            }
            // The policy allows neither inline styles nor inline scripts.
            if ending != ".css" {
                for unwanted in [" style=", "<style", "onclick=", "javascript:"] {
                    assert!(!text.contains(unwanted), "{name} has {unwanted}");
                }
            }
            if ending == ".html" {
                assert!(!text.contains("<script>"), "{name} has an inline script");
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_and_none_has_grown_too_long() {
    for (name, text) in own(".js") {
        assert!(text.starts_with("/**"), "{name} does not say what it is");
        let lines = text.lines().count();
        assert!(lines <= 600, "{name} has {lines} lines");
    }
}
