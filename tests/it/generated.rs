//! Cargo, in crates that tests make: without network, and with what other tests of this kind have built.

use std::env::consts::EXE_SUFFIX;
use std::path::Path;
use std::process::{Command, Output};

/// Runs cargo in a crate. Its programs are the crate's own, so that no other crate of the same name takes their place.
pub(crate) fn cargo(dir: &Path, args: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    let (command, rest) = args.split_first().expect("a command");
    cargo
        .arg(command)
        // A template may optimise the checker, which takes long to build; here it has little to do.
        .args(["--config", "profile.dev.package.allways.opt-level=0"])
        .args(["--config", "profile.dev.debug=false"])
        .args(rest)
        .current_dir(dir)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", dir.join("target"))
        // Shared, where this cargo can tell it from the folder for programs; otherwise all is built anew.
        .env(
            "CARGO_BUILD_BUILD_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated"),
        )
        // Nobody builds them a second time, and the compiler complains when it cannot tidy up what it keeps for that.
        .env("CARGO_INCREMENTAL", "0");
    // The compiler beside this cargo, not one that a dependency's own folder asks for.
    let rustc = Path::new(env!("CARGO")).with_file_name(format!("rustc{EXE_SUFFIX}"));
    if rustc.is_file() {
        cargo.env("RUSTC", rustc);
    }
    cargo.output().expect("cargo runs")
}
