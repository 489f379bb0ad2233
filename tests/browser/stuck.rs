//! A handler or a property that never returns: whatever runs it says which, and ends. Needs no browser, but a model as only these tests have one.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::own;

/// Every command that runs a model.
pub(crate) fn named() {
    let folder = TempDir::new().expect("a folder");
    let handler = "stuck/handler: a handler of actor \"brooder\"";
    let property = "stuck/property: a property";
    for (arguments, what) in [
        (&["check", "stuck/handler"][..], handler),
        (
            &["check", "stuck/property", "--threads", "1", "--json"],
            property,
        ),
        (&["check", "stuck/handler", "--dump", "dot"], handler),
        (&["simulate", "stuck/handler"], handler),
        (&["simulate", "stuck/property"], property),
        (&["explore", "stuck/handler"], handler),
    ] {
        let run = own()
            .args(arguments)
            .args(["--handler-time", "300ms"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let complained = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(70), "{arguments:?}: {complained}");
        let told = format!("error: {what} has not returned for 0.3 s\n  help: ");
        assert!(complained.contains(&told), "{arguments:?}: {complained}");
    }
}

/// With nobody to give up, the second Ctrl-C does what the first cannot.
#[cfg(unix)]
pub(crate) fn interrupted() {
    use std::process::Command;

    let folder = TempDir::new().expect("a folder");
    let mut check = own()
        .args(["check", "stuck/handler", "--handler-time", "0s", "--quiet"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    // Once its first line is there it listens.
    let mut first = [0];
    let mut said = check.stdout.take().expect("it is piped");
    std::io::Read::read_exact(&mut said, &mut first).expect("a first byte");
    let begun = Instant::now();
    let ended = loop {
        let sent = Command::new("kill")
            .args(["-INT", &check.id().to_string()])
            .status();
        sent.expect("kill runs");
        thread::sleep(Duration::from_millis(50));
        if let Some(ended) = check.try_wait().expect("it can be asked") {
            break ended;
        }
        if begun.elapsed() > Duration::from_secs(120) {
            let _ = check.kill();
            panic!("it does not end");
        }
    };
    assert_eq!(ended.code(), Some(130));
}
