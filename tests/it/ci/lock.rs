//! The lockfile: what moves it, what does not, and when nothing is said of the models.

use super::{SOUND, ends, listing, read, write};

#[test]
fn a_lockfile_is_the_same_however_it_is_searched_and_says_when_nothing_moved() {
    let list = format!(
        "{SOUND}[[check]]\nmodel = \"two-phase-commit-tla\"\nparams = {{ rms = 2 }}\n[[check]]\nmodel = \"duva-join\"\nvariant = \"fire-and-forget\"\n"
    );
    let sandbox = listing(&list);
    let run = ends(&sandbox, &["--lock"], 2);
    assert!(run.stderr.contains("--update-lock"), "{}", run.stderr);
    let run = ends(&sandbox, &["--update-lock"], 0);
    assert!(
        run.stdout.contains("behaviour locked: 4 checks"),
        "{}",
        run.stdout
    );
    let locked = read(&sandbox, "allways.lock");
    for field in [
        "unique = 288",
        "generated = 1146",
        "rms = \"3\"",
        "consistent = \"holds\"",
    ] {
        assert!(locked.contains(field), "{field} in {locked}");
    }
    assert_eq!(locked.matches("\ndigest = \"").count(), 4, "{locked}");
    for how in [
        &["--threads", "1"][..],
        &["--threads", "2"],
        &["--threads", "3"],
        &["--exact", "--threads", "2"],
        &["--fingerprint", "128"],
    ] {
        let run = ends(&sandbox, &[how, &["--lock"]].concat(), 0);
        let told = "behaviour unchanged: 4 checks";
        assert!(run.stdout.contains(told), "{how:?}: {}", run.stdout);
        ends(&sandbox, &[how, &["--update-lock"]].concat(), 0);
        assert_eq!(read(&sandbox, "allways.lock"), locked, "{how:?}");
    }
}

#[test]
fn a_check_that_moved_is_named_with_what_moved() {
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    let digest = locked
        .lines()
        .find(|line| line.starts_with("digest = \""))
        .expect("a digest")
        .to_owned();
    let other = format!("digest = \"{:032x}\"", 7);
    for (from, to, how) in [
        ("unique = 288", "unique = 289", "unique states: 289 → 288"),
        ("depth = ", "depth = 1", "depth: 1"),
        (
            "consistent = \"holds\"",
            "consistent = \"violated\"",
            "property \"consistent\": violated → holds",
        ),
        (
            "consistent = ",
            "consistence = ",
            "property \"consistence\": gone (it was holds)",
        ),
        ("rms = \"3\"", "rms = \"4\"", "parameter \"rms\": 4 → 3"),
        (
            digest.as_str(),
            other.as_str(),
            "other states, though as many as before",
        ),
        (digest.as_str(), "", "no bound cuts it any more"),
        ("rms=3)", "rms=9)", "not in the lockfile yet"),
        ("rms=3)", "rms=9)", "not checked any more"),
    ] {
        let changed = locked.replacen(from, to, 1);
        assert_ne!(changed, locked, "{from}");
        write(&sandbox, "allways.lock", &changed);
        let run = ends(&sandbox, &["--lock"], 1);
        assert!(run.stdout.contains("behaviour moved"), "{}", run.stdout);
        assert!(
            run.stdout.contains("two-phase-commit-tla/atomic (rms=3)"),
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains(how), "{how} in {}", run.stdout);
        assert_eq!(
            read(&sandbox, "allways.lock"),
            changed,
            "--lock writes nothing"
        );
        let json = ends(&sandbox, &["--lock", "--json"], 1);
        let lock = json.summary();
        assert_eq!(
            (&lock["type"], &lock["unchanged"]),
            (&"lock".into(), &false.into())
        );
        assert!(
            lock["moved"]
                .to_string()
                .contains(&how.replace('"', "\\\"")),
            "{lock}"
        );
    }
    let run = ends(&sandbox, &["--update-lock"], 0);
    assert!(run.stdout.contains("what moved"), "{}", run.stdout);
    assert_eq!(read(&sandbox, "allways.lock"), locked);
}

#[test]
fn a_lockfile_of_another_version_says_nothing_about_the_models() {
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    for field in ["version = 1", "encoding = 1", "digest = 1"] {
        let changed = locked.replacen(field, &field.replace('1', "9"), 1);
        assert_ne!(changed, locked);
        write(&sandbox, "allways.lock", &changed);
        let run = ends(&sandbox, &["--lock"], 2);
        assert!(run.stderr.contains("re-lock needed"), "{}", run.stderr);
        assert!(!run.stderr.contains("moved"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    write(
        &sandbox,
        "allways.lock",
        &locked.replace("unique = ", "unique = x"),
    );
    let run = ends(&sandbox, &["--lock"], 2);
    assert!(run.stderr.contains("allways.lock:"), "{}", run.stderr);
}

#[test]
fn what_is_cut_has_no_digest_and_what_is_stopped_is_not_locked() {
    let cut = format!(
        "{SOUND}max-depth = 3\nallow-bounds = true\nexpect = {{ \"all commit\" = \"inconclusive\" }}\n"
    );
    let sandbox = listing(&cut);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    assert!(!locked.contains("digest = \""), "{locked}");
    assert!(locked.contains("(rms=3, max-depth 3)"), "{locked}");
    ends(&sandbox, &["--lock"], 0);

    let stopped = format!("{SOUND}time = \"0s\"\n");
    let sandbox = listing(&stopped);
    let run = ends(&sandbox, &["--update-lock"], 3);
    assert!(run.stderr.contains("was not written"), "{}", run.stderr);
    assert!(!sandbox.path("allways.lock").exists());
    write(&sandbox, "allways.toml", SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    write(&sandbox, "allways.toml", &stopped);
    let run = ends(&sandbox, &["--lock"], 3);
    assert!(run.stdout.contains("not compared"), "{}", run.stdout);
}

#[test]
fn a_handler_that_has_less_to_do_is_named_whatever_it_is_called() {
    let list = "[[check]]\nmodel = \"duva-join\"\nvariant = \"fire-and-forget\"\n";
    let sandbox = listing(list);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    let line = locked
        .lines()
        .find(|line| line.starts_with("\"seed: Join\" = ["));
    let line = line.expect("the seed handles it").to_owned();
    let (_, counts) = line.split_once('[').expect("counts");
    let (fired, situations) = counts.trim_end_matches(']').split_once(", ").expect("two");
    let more = fired.parse::<u64>().expect("a number") + 5;

    let changed = locked.replace(&line, &format!("\"seed: Join\" = [{more}, {situations}]"));
    write(&sandbox, "allways.lock", &changed);
    let run = ends(&sandbox, &["--lock"], 1);
    let told = format!(
        "handler \"seed: Join\": {more} steps in {situations} situations → {fired} steps in {situations} situations"
    );
    assert!(run.stdout.contains(&told), "{told} in {}", run.stdout);

    // Only called otherwise, it counts as it did.
    write(
        &sandbox,
        "allways.lock",
        &locked.replace("\"seed: Join\"", "\"root: Enter\""),
    );
    ends(&sandbox, &["--lock"], 0);

    // General models have none.
    let sandbox = listing(SOUND);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    assert!(!locked.contains("handlers"), "{locked}");
}

#[test]
fn what_a_bound_cuts_is_compared_by_counts_and_verdicts() {
    let cut = format!(
        "{SOUND}max-depth = 3\nallow-bounds = true\nexpect = {{ \"all commit\" = \"inconclusive\" }}\n"
    );
    let sandbox = listing(&cut);
    ends(&sandbox, &["--update-lock"], 0);
    let locked = read(&sandbox, "allways.lock");
    for (from, to, how) in [
        ("unique = ", "unique = 1", "unique states: 1"),
        ("generated = ", "generated = 1", "generated: 1"),
        (
            "\"all abort\" = \"holds\"",
            "\"all abort\" = \"violated\"",
            "property \"all abort\": violated → holds",
        ),
    ] {
        let changed = locked.replacen(from, to, 1);
        assert_ne!(changed, locked, "{from}");
        write(&sandbox, "allways.lock", &changed);
        let run = ends(&sandbox, &["--lock"], 1);
        assert!(run.stdout.contains(how), "{how} in {}", run.stdout);
    }
}

#[test]
fn nothing_has_moved_where_there_is_no_lockfile() {
    let quick = "[[check]]\nmodel = \"links\"\nvariant = \"raw\"\n";
    let sandbox = listing(&format!("{quick}{SOUND}time = \"0s\"\n"));
    let reports = ["--format", "junit=j.xml", "--format", "markdown=m.md"];
    let run = ends(&sandbox, &[&["--update-lock"], &reports[..]].concat(), 3);
    for part in [
        "? behaviour not locked: there is no allways.lock, and none was written\n",
        "? not compared: two-phase-commit-tla/atomic (rms=3) was stopped",
    ] {
        assert!(run.stdout.contains(part), "{part} in {}", run.stdout);
    }
    assert!(!run.stdout.contains("moved"), "{}", run.stdout);
    let junit = read(&sandbox, "j.xml");
    assert!(
        junit.contains("not locked: there is no lockfile"),
        "{junit}"
    );
    let page = read(&sandbox, "m.md");
    assert!(page.contains("**Behaviour not locked**"), "{page}");
    assert!(!junit.contains("unchanged") && !page.contains("unchanged"));
    let run = ends(&sandbox, &["--update-lock", "--json"], 3);
    let lines = run.lines();
    let lock = lines.iter().find(|line| line["type"] == "lock");
    let lock = lock.expect("a line about the lockfile");
    assert_eq!(lock["unchanged"], false, "{lock}");
    assert_eq!(lock["updated"], false, "{lock}");
    assert_eq!(lock["compared"], 0, "{lock}");
    assert_eq!(lock["moved"], serde_json::json!([]), "{lock}");
}
