//! Files: where traces go, how files are written (whole or not at all), and how traces are read.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::trace::{self, Trace};

/// Where traces go unless told otherwise.
pub(super) const TRACE_DIR: &str = "target/allways";

/// Longer names are cut, so that no file system refuses them.
const NAME_BYTES_MAX: usize = 160;

/// The name of a trace's file: `MODEL.VARIANT.PROPERTY.trace.json`, in letters that every file system takes.
pub(super) fn trace_name(model: &str, variant: &str, property: &str) -> String {
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

/// Writes a trace into a folder, which is made if need be; the whole file or nothing.
pub(super) fn write_trace(dir: &Path, name: &str, trace: &Trace) -> Result<PathBuf, String> {
    let path = dir.join(name);
    let text = trace::to_json(trace);
    fs::create_dir_all(dir)
        .and_then(|()| write_whole(dir, &path, &text))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// Writes a file that the user named; the whole file or nothing.
///
/// # Errors
/// It cannot be written, or is something else than a file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let shown = path.display();
    if path.exists() && !path.is_file() {
        return Err(Error::file(format!("{shown} is there and is no file"))
            .with_cure("name a file; without one the output goes to standard output"));
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    write_whole(dir, path, text).map_err(|e| {
        Error::file(format!("cannot write {shown}: {e}"))
            .with_cure("name a file in a folder that is there and can be written to")
    })
}

/// Writes to a temporary file in the same folder, and gives it the name once it is complete.
fn write_whole(dir: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".allways-");
    // It is no secret: who may read it is for the user's mask to say, as with other files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Reads a trace.
///
/// # Errors
/// The file cannot be read, or is no trace of ours.
pub(super) fn read_trace(path: &Path) -> Result<Trace, Error> {
    let unreadable = |e: std::io::Error| {
        Error::file(format!("cannot read {}: {e}", path.display()))
            .with_cure("`check` prints where it writes the traces of violated properties")
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(Error::file(format!("{} is a folder", path.display()))
            .with_cure("name a trace file in it"));
    }
    // No more than tells that it is too large: a device may have no end.
    let mut bytes = Vec::new();
    file.take(trace::SIZE_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::file(format!(
            "{} is no trace file: it is not text",
            path.display()
        ))
        .with_cure("trace files are made by `check`")
    })?;
    trace::from_json(&text).map_err(|e| e.about(&path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_files_have_names_that_tell_and_never_clash() {
        assert_eq!(
            trace_name("duva-join", "fire-and-forget", "no migration"),
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
        .map(|(m, v, p)| trace_name(m, v, p))
        .to_vec();
        let long = "x".repeat(300);
        names.extend([long.clone() + "1", long + "2"].map(|p| trace_name("m", "v", &p)));
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
