//! `allways ci`, as `docs/ci.md` promises it. Here is what runs it, and its exit codes.

mod list;
mod lock;
mod reports;

use std::fs;

use crate::cli::{Run, Sandbox};

/// Quick, and as expected.
const SOUND: &str = "
[[check]]
model = \"two-phase-commit-tla\"
variant = \"atomic\"
params = { rms = 3 }
";

/// A violation that the variant expects, but the list does not.
const BROKEN: &str = "
[[check]]
model = \"two-phase-commit-tla\"
variant = \"premature-commit\"
params = { rms = 3 }
expect = { consistent = \"holds\" }
";

/// The page that promises it.
const PAGE: &str = include_str!("../../docs/ci.md");

/// The first cells of the page's table with this head, as far as they are names of something.
fn named(head: &str) -> Vec<&'static str> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with(head));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    let names: Vec<&str> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`'))
        .filter(|name| name.chars().all(|c| c.is_alphabetic() || c == '-') && !name.is_empty())
        .collect();
    assert!(!names.is_empty(), "there is no table {head}");
    names
}

/// The names between quotes, behind these words.
fn told<'a>(text: &'a str, behind: &str) -> Vec<&'a str> {
    let (_, names) = text
        .split_once(behind)
        .unwrap_or_else(|| panic!("no {behind:?} in {text}"));
    let line = names.lines().next().unwrap_or_default();
    line.split('"').skip(1).step_by(2).collect()
}

/// A folder with a list.
fn listing(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    write(&sandbox, "allways.toml", text);
    sandbox
}

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    fs::write(sandbox.path(name), text).expect("it can be written");
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).expect("it was written")
}

/// Runs, and holds the exit code against what is expected.
fn ends(sandbox: &Sandbox, args: &[&str], code: i32) -> Run {
    let run = sandbox.run(&[&["ci", "-q"], args].concat());
    assert_eq!(run.code, code, "{args:?}: {}{}", run.stdout, run.stderr);
    run
}

#[test]
fn of_several_reasons_the_first_counts() {
    let undecided = format!("{SOUND}max-depth = 3\n");
    let sandbox = listing(&undecided);
    ends(&sandbox, &[], 3);
    // Not as expected, and undecided.
    write(&sandbox, "allways.toml", &format!("{undecided}{BROKEN}"));
    ends(&sandbox, &[], 1);
    write(&sandbox, "allways.toml", &format!("{BROKEN}{undecided}"));
    ends(&sandbox, &[], 1);
    // And a report that cannot be written, behind which is the rest.
    write(&sandbox, "file", "");
    let run = ends(&sandbox, &["--format", "junit=file/j.xml"], 2);
    assert!(run.stdout.contains("not as expected"), "{}", run.stdout);
    // Moved, and not compared.
    write(&sandbox, "allways.toml", SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock").replace("unique = 288", "unique = 9");
    write(&sandbox, "allways.lock", &locked);
    let stopped = BROKEN.replace("expect", "time = \"0s\" #");
    write(&sandbox, "allways.toml", &format!("{SOUND}{stopped}"));
    let run = ends(&sandbox, &["--lock"], 1);
    assert!(run.stdout.contains("not compared"), "{}", run.stdout);
    assert!(run.stdout.contains("behaviour moved"), "{}", run.stdout);
}

#[test]
fn the_page_names_all_that_a_list_may_say() {
    let sorted = |mut names: Vec<&str>| -> Vec<String> {
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect()
    };
    let unknown = ends(&listing(&format!("{SOUND}xyzzyx = 3\n")), &[], 2).stderr;
    let mut fields = told(&unknown, "help: there is ");
    // What a list is made of.
    fields.retain(|field| *field != "check");
    assert_eq!(sorted(fields), sorted(named("| field |")));

    let unknown = BROKEN.replace("\"holds\"", "\"xyzzyx\"");
    let unknown = ends(&listing(&unknown), &[], 2).stderr;
    let verdicts = told(&unknown, "help: there is ");
    let row = PAGE.lines().find(|line| line.starts_with("| `expect` |"));
    let words = row.expect("a row").split('`').skip(3).step_by(2).collect();
    assert_eq!(sorted(verdicts), sorted(words));

    let unknown = ends(&listing(SOUND), &["--format", "xyzzyx"], 2).stderr;
    let formats = told(&unknown, "there is no format `xyzzyx`: ");
    assert_eq!(sorted(formats), sorted(named("| format |")));
}

#[test]
fn the_list_of_the_page_is_one() {
    let (_, list) = PAGE.split_once("```toml\n").expect("a list");
    let (list, _) = list.split_once("```").expect("its end");
    assert_eq!(list.matches("[[check]]").count(), 4, "{list}");
    is_sound(list);
}

#[test]
fn the_list_of_the_help_is_one() {
    let help = Sandbox::new().run(&["ci", "--help"]).stdout;
    let (_, list) = help.split_once("A list of checks:\n").expect("a list");
    let (list, _) = list.split_once("Examples:").expect("its end");
    assert_eq!(list.matches("[[check]]").count(), 2, "{list}");
    is_sound(list);
}

/// All mistakes are told at once: there is none but the one that keeps the list from being run.
fn is_sound(list: &str) {
    let wrong = format!("{list}\n[[check]]\nmodel = \"xyzzy\"\n");
    let run = ends(&listing(&wrong), &[], 2);
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("there is no model `xyzzy`"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_workflow_of_the_page_makes_its_reports() {
    let (_, command) = PAGE
        .split_once("cargo run --release --locked -- ci")
        .expect("a workflow");
    let (command, _) = command.split_once("- name").expect("a next step");
    let command = command.replace("\"$GITHUB_STEP_SUMMARY\"", "summary.md");
    let args: Vec<&str> = command.split_whitespace().collect();
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let run = ends(&sandbox, &args, 0);
    assert_eq!(run.stdout, "", "nothing is to be annotated");
    let files = [
        "target/allways/junit.xml",
        "target/allways/allways.sarif",
        "summary.md",
    ];
    for file in files {
        assert!(command.contains(file), "{command}");
        assert!(!read(&sandbox, file).is_empty(), "{file}");
    }
}
