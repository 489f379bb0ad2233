//! Completions, manual pages, help, colour.

use super::{BROKEN, Sandbox, finished, run, unmeasured};

#[test]
fn completions_and_manual_pages_come_from_the_binary() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = run(&["completions", shell]);
        assert_eq!(run.code, 0);
        for word in ["check", "replay", "max-depth"] {
            assert!(run.stdout.contains(word), "{word} for {shell}");
        }
    }
    let overview = run(&["man"]);
    assert_eq!(overview.code, 0);
    assert!(
        overview.stdout.contains(".TH allways 1"),
        "{}",
        overview.stdout
    );
    let version = format!("\"Allways {}\"", env!("CARGO_PKG_VERSION"));
    assert!(overview.stdout.contains(&version), "{}", overview.stdout);
    assert!(overview.stdout.contains("Exit codes"));
    let check = run(&["man", "check"]).stdout;
    assert!(check.contains(".TH allways\\-check 1") || check.contains(".TH allways-check 1"));
    assert!(check.contains(&version), "{check}");
    let plain = check.replace('\\', "");
    for word in [
        "[--set NAME=VALUE]...",
        "[--time TIME]",
        "[MODEL[/VARIANT]]...",
    ] {
        assert!(plain.contains(word), "{word} in {check}");
    }
    assert!(check.contains("max\\-depth") && check.contains("SIGUSR1"));
    assert!(run(&["man", "trace", "replay"]).stdout.contains("FILE"));
}

#[test]
fn help_fits_eighty_columns() {
    let sandbox = Sandbox::new();
    for command in [
        &[][..],
        &["list"],
        &["check"],
        &["trace"],
        &["trace", "show"],
        &["trace", "replay"],
        &["completions"],
        &["man"],
    ] {
        for help in ["-h", "--help"] {
            let args = [command, &[help]].concat();
            let run = finished(
                sandbox
                    .command(&args)
                    .env("COLUMNS", "80")
                    .output()
                    .expect("it runs"),
            );
            assert_eq!(run.code, 0);
            for line in run.stdout.lines() {
                assert!(line.chars().count() <= 80, "{args:?}: {line}");
            }
        }
    }
}

#[test]
fn colour_is_there_where_it_is_wanted_and_never_alone() {
    let sandbox = Sandbox::new();
    let plain = sandbox.run(&["check", BROKEN]).stdout;
    assert!(!plain.contains('\x1b'));
    let never = sandbox.run(&["check", BROKEN, "--color", "never"]).stdout;
    assert_eq!(unmeasured(&plain), unmeasured(&never));
    let always = sandbox.run(&["check", BROKEN, "--color", "always"]).stdout;
    assert!(always.contains("\x1b[1;31m✗\x1b[0m"));
    assert!(plain.contains("✗") && plain.contains("violated"));
    // Help and mistakes too, wherever the word stands.
    for args in [&["--help"][..], &["check", "--bogus"], &["check", "-h"]] {
        let colored = |color: &[&str]| {
            let run = sandbox.run(&[color, args].concat());
            run.stdout + &run.stderr
        };
        let plain = colored(&[]);
        assert!(!plain.contains('\x1b'), "{args:?}");
        assert_eq!(colored(&["--color", "never"]), plain);
        assert_eq!(colored(&["--color=never"]), plain);
        assert!(colored(&["--color", "always"]).contains('\x1b'), "{args:?}");
        let last = sandbox.run(&[args, &["--color=always"]].concat());
        assert!((last.stdout + &last.stderr).contains('\x1b'), "{args:?}");
    }
}

#[test]
fn exit_codes_are_those_of_the_documentation() {
    let help = run(&["--help"]).stdout;
    let (_, told) = help.split_once("Exit codes, ").expect("they are told");
    let (order, rows) = told.split_once(":\n").expect("a line of its own");
    let order = order.split_once("the first of ").expect("an order").1;
    let code = |text: &str| text.trim().parse::<u8>().ok();
    let mut codes: Vec<u8> = rows
        .lines()
        .filter_map(|row| code(row.split("  ").find(|cell| !cell.is_empty())?))
        .collect();
    let mut sorted: Vec<u8> = order.split(", ").filter_map(code).collect();
    assert_eq!(sorted, [130, 70, 2, 1, 3, 4, 0]);
    for page in [
        include_str!("../../../README.md"),
        include_str!("../../../docs/ci.md"),
    ] {
        let rows = page
            .lines()
            .skip_while(|line| !line.starts_with("| exit code |"));
        let rows = rows.take_while(|line| line.starts_with('|'));
        let listed: Vec<u8> = rows
            .filter_map(|row| code(row.split('|').nth(1)?))
            .collect();
        assert_eq!(listed, codes);
        assert!(page.contains(&format!("the first of {order} is taken")));
    }
    codes.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(codes, sorted);
}
