//! The loop with a world that is written down, and the real one looked at.

use super::*;

/// Sources in which one file has this length.
fn sources(len: u64) -> Sources {
    Sources::from([(PathBuf::from("src/lamp.rs"), (None, len))])
}

/// A world in which what is seen, one look after the other, is given: lengths of the file; what happens is written down.
#[derive(Default)]
struct Script {
    looks: Vec<u64>,
    /// Builds that fail, by the length of the file.
    broken: Vec<u64>,
    /// For how many looks a check runs.
    runs_for: usize,
    left: usize,
    look: u64,
    log: Vec<String>,
}

impl Script {
    fn of(looks: &[u64]) -> Self {
        Script {
            looks: looks.iter().rev().copied().collect(),
            ..Script::default()
        }
    }

    fn play(mut self) -> Vec<String> {
        self.look = self.looks.pop().expect("a first look");
        run_on_change(&mut self).expect("nothing fails");
        self.log
    }

    fn log(&mut self, what: &str) {
        self.log.push(what.to_owned());
    }
}

impl Project for Script {
    fn sources(&mut self) -> Sources {
        sources(self.look)
    }

    fn build(&mut self) -> io::Result<bool> {
        self.log(&format!("build {}", self.look));
        Ok(!self.broken.contains(&self.look))
    }

    fn start(&mut self) -> io::Result<()> {
        self.left = self.runs_for;
        self.log("start");
        Ok(())
    }

    fn is_running(&mut self) -> io::Result<bool> {
        self.left = self.left.saturating_sub(1);
        Ok(self.left > 0)
    }

    fn end(&mut self, at_once: bool) -> io::Result<()> {
        let how = if at_once { "kill" } else { "let end" };
        if self.left > 0 {
            self.log(how);
        }
        self.left = 0;
        Ok(())
    }

    /// The world goes on with each pause, and ends with the last look.
    fn pause(&mut self) -> bool {
        match self.looks.pop() {
            Some(look) => {
                self.look = look;
                true
            }
            None => false,
        }
    }

    fn say(&mut self, what: &str) {
        self.log(what);
    }
}

#[test]
fn a_check_is_made_once_and_then_waits() {
    assert_eq!(
        Script::of(&[1, 1, 1, 1]).play(),
        ["build 1", "start", "waiting for a change"]
    );
}

#[test]
fn a_change_ends_what_runs_and_checks_again() {
    let script = Script {
        runs_for: 100,
        ..Script::of(&[1, 1, 2, 2, 2])
    };
    assert_eq!(
        script.play(),
        [
            "build 1",
            "start",
            "kill",
            "src/lamp.rs changed",
            "build 2",
            "start",
            // The interrupt.
            "let end",
        ]
    );
}

#[test]
fn many_changes_in_a_row_are_one() {
    assert_eq!(
        Script::of(&[1, 2, 3, 4, 4, 4]).play(),
        [
            "build 1",
            "start",
            "waiting for a change",
            "src/lamp.rs changed",
            "build 4",
            "start",
            "waiting for a change",
        ]
    );
}

#[test]
fn what_cannot_be_built_is_not_run() {
    let script = Script {
        broken: vec![2],
        ..Script::of(&[1, 2, 2, 2, 3, 3, 3])
    };
    assert_eq!(
        script.play(),
        [
            "build 1",
            "start",
            "waiting for a change",
            "src/lamp.rs changed",
            "build 2",
            "waiting for a change",
            "src/lamp.rs changed",
            "build 3",
            "start",
            "waiting for a change",
        ]
    );
}

#[test]
fn an_interrupt_ends_it_also_while_sources_change() {
    assert_eq!(
        Script::of(&[1, 2]).play(),
        ["build 1", "start", "waiting for a change"]
    );
}

#[test]
fn changes_are_named() {
    let two = |a: u64, b: u64| {
        let mut both = sources(a);
        both.insert("Cargo.toml".into(), (None, b));
        both
    };
    for (before, after, told) in [
        (sources(1), sources(2), "src/lamp.rs changed"),
        (two(1, 1), sources(1), "Cargo.toml changed"),
        (two(1, 1), two(2, 2), "Cargo.toml and 1 more changed"),
        (sources(1), sources(1), "changed and changed back"),
    ] {
        assert_eq!(what_changed(&before, &after), told);
    }
}

#[test]
fn files_are_seen_to_change() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    };
    let mut project = Crate {
        root: dir.path().to_owned(),
        cargo: "cargo".into(),
        target: Vec::new(),
        arguments: Vec::new(),
        running: None,
    };
    let mut last = project.sources();
    assert!(last.is_empty());
    for (name, is_watched) in [
        ("Cargo.toml", true),
        ("src/main.rs", true),
        ("src/deep/er.rs", true),
        ("models/one.rs", true),
        ("target/debug/demo", false),
        ("src/.main.rs.swp", false),
        ("README.md", false),
    ] {
        write(name, name);
        let now = project.sources();
        assert_eq!(now != last, is_watched, "{name}");
        assert_eq!(now.contains_key(Path::new(name)), is_watched, "{name}");
        last = now;
    }
    write("src/main.rs", "longer than before");
    assert_eq!(
        what_changed(&last, &project.sources()),
        "src/main.rs changed"
    );
}

#[test]
fn a_crate_is_found_or_the_cure_is_told() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let inner = dir.path().join("models/src");
    fs::create_dir_all(&inner).expect("it can be made");
    let manifest = |text: &str| {
        fs::write(dir.path().join("models/Cargo.toml"), text).expect("it can be written");
    };
    for (text, is_found) in [
        (
            "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\n",
            false,
        ),
        ("not TOML", false),
        (
            "[package]\nname = \"x\"\n[dependencies]\nallways = \"0.1\"\n",
            true,
        ),
        (
            "[package]\nname = \"x\"\n[dependencies]\nmc = { package = \"allways\", version = \"0.1\" }\n",
            true,
        ),
        ("[package]\nname = \"allways\"\n", true),
    ] {
        manifest(text);
        let found = root(None, &inner);
        match is_found {
            true => assert_eq!(found.expect("it is one"), dir.path().join("models")),
            false => {
                let error = found.expect_err("it is none");
                assert!(
                    error.cure().is_some_and(|cure| cure.contains("cargo run")),
                    "{error}"
                );
            }
        }
    }
    // What cargo runs comes first.
    let root = root(Some(&dir.path().join("models")), Path::new("/"));
    assert_eq!(root.expect("it is one"), dir.path().join("models"));
}

#[test]
fn cargo_is_told_what_to_build() {
    let told = |program: &str| {
        let target = target(Path::new(program));
        let words = target
            .iter()
            .map(|word| word.to_string_lossy().into_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(told("/x/target/debug/demo"), "--bin demo");
    assert_eq!(
        told("/x/target/release/demo"),
        "--bin demo --profile release"
    );
    assert_eq!(told("/x/target/fast/demo"), "--bin demo --profile fast");
    assert_eq!(told("/x/target/debug/examples/one"), "--example one");
    let arguments = ["demo", "check", "--watch", "lamp", "-q"].map(OsString::from);
    assert_eq!(without_watch(&arguments), ["check", "lamp", "-q"]);
}

/// A real child: killed, and let end by itself.
#[cfg(unix)]
#[test]
fn a_child_is_ended() {
    let sleeping = Command::new("sleep").arg("30").spawn();
    let mut project = Crate {
        root: PathBuf::new(),
        cargo: "cargo".into(),
        target: Vec::new(),
        arguments: Vec::new(),
        running: Some(sleeping.expect("it starts")),
    };
    assert!(project.is_running().expect("it can be asked"));
    let begun = Instant::now();
    project.end(true).expect("it is ended");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(!project.is_running().expect("it can be asked"));

    // One that ends by itself is let.
    let short = Command::new("sleep").arg("0.1").spawn();
    project.running = Some(short.expect("it starts"));
    project.end(false).expect("it ends");
    assert!(project.running.is_none());
}
