//! The files of a new crate. The texts stand in `template/`; what differs from crate to crate is in double braces there.
//!
//! Invariant: `tests/it/new.rs` makes a crate of them, runs it and its tests, and holds `docs/guide.md` against the model.

/// What differs from crate to crate.
pub(super) struct Crate<'a> {
    /// The package's name.
    pub(super) name: &'a str,
    /// What stands behind `allways = `: a version, or a table with a path.
    pub(super) dependency: &'a str,
    /// Whether the dependency is a folder of this machine.
    pub(super) is_local: bool,
    /// Whether a folder above belongs to a workspace, which the crate is to stay out of.
    pub(super) is_inside_workspace: bool,
}

/// Every file: its path, and its text.
const FILES: [(&str, &str); 10] = [
    ("Cargo.toml", include_str!("template/manifest.toml.txt")),
    ("README.md", include_str!("template/readme.md.txt")),
    ("allways.toml", include_str!("template/allways.toml.txt")),
    (".gitignore", include_str!("template/gitignore.txt")),
    (
        ".github/workflows/models.yml",
        include_str!("template/workflow.yml.txt"),
    ),
    ("src/lib.rs", include_str!("template/lib.rs.txt")),
    ("src/main.rs", include_str!("template/main.rs.txt")),
    ("src/lamp.rs", include_str!("template/lamp.story.txt")),
    // The rest of the same file: apart, so that the guide's examples can include it.
    ("src/lamp.rs", include_str!("template/lamp.rs.txt")),
    ("tests/lamp.rs", include_str!("template/test.rs.txt")),
];

/// For the README where the dependency is a folder.
const LOCAL: &str = "
`Cargo.toml` takes Allways from a folder of this machine. For the gate, and for others, name a version or a repository there.
";

/// For the manifest where a folder above belongs to a workspace.
const STAND_ALONE: &str = "
# A workspace of its own, though there is one above: remove this to become its member.
[workspace]
";

/// The files of a crate: the path of each, and its text.
pub(super) fn files(of: &Crate<'_>) -> Vec<(&'static str, String)> {
    let crate_name = of.name.replace('-', "_");
    let dependency = format!("allways = {}", of.dependency);
    let when = |condition: bool, text| if condition { text } else { "" };
    let mut files: Vec<(&'static str, String)> = Vec::new();
    for (path, text) in FILES {
        let text = text
            .replace("{{name}}", of.name)
            .replace("{{crate}}", &crate_name)
            .replace("{{rust}}", env!("CARGO_PKG_RUST_VERSION"))
            .replace("{{dependency}}", &dependency)
            .replace("{{gate}}\n", when(of.is_local, LOCAL))
            .replace("{{workspace}}\n", when(of.is_inside_workspace, STAND_ALONE));
        match files.last_mut() {
            Some((last, begun)) if *last == path => begun.push_str(&text),
            _ => files.push((path, text)),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_open_and_the_manifest_is_toml() {
        for (is_local, is_inside_workspace) in [(false, false), (true, true)] {
            let files = files(&Crate {
                name: "my-models",
                dependency: "\"0.1\"",
                is_local,
                is_inside_workspace,
            });
            for (path, text) in &files {
                assert!(
                    !text.contains("{{") && !text.contains("}}"),
                    "{path}: {text}"
                );
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            }
            let of = |name: &str| {
                let mut files = files.iter().filter(|(path, _)| *path == name);
                let (_, text) = files.next().expect("the file is there");
                assert!(files.next().is_none(), "{name} is there once");
                text
            };
            assert!(of("src/main.rs").contains("my_models::lamp"));
            assert!(of("src/lamp.rs").starts_with("//! A switch"));
            let manifest: toml::Table = of("Cargo.toml").parse().expect("it is TOML");
            assert_eq!(manifest["dependencies"]["allways"].as_str(), Some("0.1"));
            assert_eq!(manifest.contains_key("workspace"), is_inside_workspace);
            assert_eq!(of("README.md").contains("this machine"), is_local);
        }
    }
}
