//! The `allways` binary: every command over the models of `models/`.

use std::process::ExitCode;

fn main() -> ExitCode {
    allways::cli::run(allways::models::catalogue())
}
