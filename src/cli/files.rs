//! Files: where traces go, how files are written (whole or not at all), and how traces are read.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::complain;
use super::exit::Exit;
use crate::error::Error;
use crate::report::{Finding, TraceFile};
use crate::trace::{self, Trace};

/// Where traces go unless told otherwise.
const TRACE_DIR: &str = "target/allways";

/// Whether traces are written, and where.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct TraceArgs {
    /// Where trace files go
    #[arg(long, value_name = "DIR", default_value = TRACE_DIR, help_heading = "Output")]
    trace_dir: PathBuf,

    /// Write no trace files
    #[arg(long, conflicts_with = "trace_dir", help_heading = "Output")]
    no_trace_file: bool,
}

impl TraceArgs {
    /// Writes the trace of a property, where there is one and it is wanted. `variant`: as the file is to name it.
    pub(super) fn write(
        &self,
        (model, variant): (&str, &str),
        property: &str,
        trace: Option<&Trace>,
    ) -> TraceFile {
        let Some(trace) = trace.filter(|_| !self.no_trace_file) else {
            return TraceFile::None;
        };
        let file = trace::file_name(model, variant, property);
        match write_trace(&self.trace_dir, &file, trace) {
            Ok(path) => TraceFile::Written(path.to_string_lossy().into_owned()),
            Err(why) => TraceFile::NotWritten(why),
        }
    }
}

/// Complains where a trace could not be written; how the run ends for it.
pub(super) fn exit_of_traces<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Exit {
    let mut files = findings.into_iter().map(|finding| &finding.file);
    let unwritten = files.find_map(|file| match file {
        TraceFile::NotWritten(why) => Some(why),
        TraceFile::None | TraceFile::Written(_) => None,
    });
    let Some(why) = unwritten else {
        return Exit::AsExpected;
    };
    // One tells of all: they go to one folder.
    complain(&format!(
        "a trace file could not be written: {why}\n  help: the report holds the trace; --trace-dir names another folder, \
         --no-trace-file writes none"
    ));
    Exit::Usage
}

/// Writes a trace into a folder, which is made if need be; the whole file or nothing.
fn write_trace(dir: &Path, name: &str, trace: &Trace) -> Result<PathBuf, String> {
    let path = dir.join(name);
    let text = trace::to_json(trace);
    fs::create_dir_all(dir)
        .and_then(|()| write_whole(dir, &path, &text))
        .map_err(|e| format!("{}: {}", path.display(), why(&e)))?;
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
        Error::file(format!("cannot write {shown}: {}", why(&e)))
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

/// The line, counted from 1, of a byte of a text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|b| *b == b'\n').count()
}

/// Why something could not be done, without the name of a temporary file: nobody chose it, and it is another one each time.
pub(super) fn why(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at path \"") {
        // What the system says names no path; what is wrapped around it does.
        Some((why, _)) if error.get_ref().is_some() => why.to_owned(),
        _ => text,
    }
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
