//! The name of a trace's file: tells what is in it, and nobody else has it.

/// Longer names are cut, so that no file system refuses them.
const NAME_BYTES_MAX: usize = 160;

/// The name of a trace's file: `MODEL.VARIANT.PROPERTY.trace.json`, in letters that every file system takes.
pub fn file_name(model: &str, variant: &str, property: &str) -> String {
    let parts = [model, variant, property];
    let safe: Vec<String> = parts.iter().map(|part| safe(part)).collect();
    let mut name = safe.join(".");
    // Blanks become hyphens, so a property without hyphens of its own keeps a name that no other one has. Where more than
    // that was replaced, a hash tells the names apart.
    let lossless = safe[0] == model
        && safe[1] == variant
        && safe[2] == property.replace(' ', "-")
        && !property.contains('-');
    if !lossless || name.len() > NAME_BYTES_MAX {
        name.truncate(NAME_BYTES_MAX);
        let hash = xxhash_rust::xxh3::xxh3_64(parts.join("\0").as_bytes());
        name.push_str(&format!("-{hash:016x}"));
    }
    name.push_str(".trace.json");
    name
}

/// Only ASCII letters, digits, `-` and `_`; anything else becomes `-`.
fn safe(part: &str) -> String {
    part.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
            _ => '-',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_files_have_names_that_tell_and_never_clash() {
        assert_eq!(
            file_name("duva-join", "fire-and-forget", "no migration"),
            "duva-join.fire-and-forget.no-migration.trace.json"
        );
        let mut names: Vec<String> = [
            ("m", "v", "a b"),
            ("m", "v", "a-b"),
            ("m", "v", "a.b"),
            ("m", "v.a", "b"),
            ("m", "v", "a/b"),
            ("m", "v", "../../a"),
            ("m", "v", "ä"),
            ("m", "v", "ö"),
            ("m", "v", ""),
            ("..", "v", "a"),
        ]
        .map(|(m, v, p)| file_name(m, v, p))
        .to_vec();
        let long = "x".repeat(300);
        names.extend([long.clone() + "1", long + "2"].map(|p| file_name("m", "v", &p)));
        for name in &names {
            assert!(name.len() < 255, "{name}");
            assert!(!name.contains(['/', '\\', '\0']), "{name}");
            assert!(!name.starts_with('.'), "{name}");
        }
        let n_names = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), n_names, "{names:?}");
    }
}
