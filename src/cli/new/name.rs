//! Names that a crate may have: what cargo, crates.io and the file systems take.

use crate::error::Error;

/// Words that are no name of a crate, and why.
const TAKEN: [(&str, &[&str]); 4] = [
    (
        "is a word of the language",
        &[
            "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
            "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen",
            "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
            "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
            "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
            "yield",
        ],
    ),
    (
        "is a crate that is there already",
        &["allways", "alloc", "core", "proc-macro", "std", "test"],
    ),
    (
        "is a folder that cargo uses",
        &["build", "deps", "examples", "incremental"],
    ),
    (
        "is no file name on Windows",
        &[
            "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con",
            "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
        ],
    ),
];

/// As crates.io has it.
const LENGTH_MAX: usize = 64;

/// Accepts a name, or says what is wrong with it and how it could be.
///
/// # Errors
/// It is no name of a crate.
pub(super) fn validate(name: &str) -> Result<(), Error> {
    let Some(why) = flaw(name) else {
        return Ok(());
    };
    let cure = match near(name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a name has letters from a to z, digits, - and _, and begins with a letter: `my-protocol`".to_owned(),
    };
    Err(Error::usage(format!("`{name}` is no name for a crate: it {why}")).with_cure(cure))
}

/// What is wrong with a name.
fn flaw(name: &str) -> Option<&'static str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.contains(['/', '\\']) {
        return Some("is a path; the crate is made in the current folder");
    }
    if name.is_empty() {
        return Some("is empty");
    }
    if !name.chars().all(plain) {
        return Some("has other characters than letters from a to z, digits, - and _");
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("does not begin with a letter");
    }
    if name.len() > LENGTH_MAX {
        return Some("has more than 64 letters");
    }
    let same = name.replace('_', "-");
    let mut taken = TAKEN.iter();
    taken.find_map(|(why, words)| words.contains(&same.as_str()).then_some(*why))
}

/// A name like this one, without its flaws.
fn near(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).find(|part| !part.is_empty())?;
    let mut near = String::new();
    for c in last.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' | '_' => near.push(c),
            // What is left out is a gap, and a gap is one hyphen.
            _ if !near.is_empty() && !near.ends_with('-') => near.push('-'),
            _ => {}
        }
    }
    let near = near.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let near = near.trim_end_matches(['-', '_']);
    if near.is_empty() || near.len() > LENGTH_MAX {
        return None;
    }
    let near = match flaw(near) {
        None => near.to_owned(),
        Some(_) => format!("my-{near}"),
    };
    flaw(&near).is_none().then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_or_cured() {
        for name in [
            "demo",
            "my-protocol",
            "a",
            "raft_2",
            "x".repeat(64).as_str(),
        ] {
            assert!(validate(name).is_ok(), "{name}");
        }
        for (name, cure) in [
            ("Demo", "did you mean `demo`?"),
            ("My Protocol!", "did you mean `my-protocol`?"),
            ("2pc", "did you mean `pc`?"),
            ("../models/raft", "did you mean `raft`?"),
            ("match", "did you mean `my-match`?"),
            ("proc_macro", "did you mean `my-proc_macro`?"),
            ("allways", "did you mean `my-allways`?"),
            ("con", "did you mean `my-con`?"),
            ("-demo-", "did you mean `demo`?"),
            ("", "a name has letters"),
            ("日本", "a name has letters"),
            ("42", "a name has letters"),
            (&"x".repeat(65), "a name has letters"),
        ] {
            let error = validate(name).expect_err(name);
            assert!(error.is_usage(), "{error}");
            let told = error.cure().expect("there is a cure");
            assert!(told.starts_with(cure), "{name}: {told}");
        }
    }
}
