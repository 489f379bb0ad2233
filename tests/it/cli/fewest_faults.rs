//! What is said of the fewest faults that break a property, and when it is refused.

use super::run;

#[test]
fn the_fewest_faults_are_told_or_refused_with_a_cure() {
    let check = run(&[
        "check",
        "duva-join/fire-and-forget",
        "--fewest-faults",
        "--json",
    ]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    let lines = check.lines();
    assert_eq!(lines[0]["options"]["fewest_faults"], true);
    let properties = lines.iter().filter(|line| line["type"] == "property");
    let mut n_broken = 0;
    for property in properties {
        let frontier = &property["fault_frontier"];
        if property["kind"] == "reachable" {
            assert!(frontier.is_null(), "{property}");
            continue;
        }
        assert_eq!(frontier["within_bounds"], false);
        let broken = frontier["broken_by"].as_array().expect("a list");
        assert_eq!(!broken.is_empty(), property["verdict"] == "violated");
        n_broken += broken.len();
    }
    assert!(n_broken > 0);
    let text = run(&["check", "duva-join/fire-and-forget", "--fewest-faults"]);
    assert!(
        text.stdout.contains("no faults are declared"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("fewest faults, then fewest steps"),
        "{}",
        text.stdout
    );

    let refused = run(&["check", "links", "--fewest-faults"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("there is none for losses"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("help: bound losses by"),
        "{}",
        refused.stderr
    );
    let bounded = run(&[
        "check",
        "links/retransmit-dedup",
        "--fewest-faults",
        "--faults-max=1",
        "--property=no duplicate",
        "--json",
    ]);
    // It holds within the bound, which is less than is expected.
    assert_eq!(bounded.code, 3, "{}", bounded.stderr);
    let lines = bounded.lines();
    assert_eq!(lines[0]["options"]["faults_max"], 1);
    let properties = lines.iter().filter(|line| line["type"] == "property");
    for property in properties {
        assert_eq!(property["verdict"], "holds_within_bounds");
        let frontier = &property["fault_frontier"];
        let kinds = serde_json::json!([
            { "name": "losses", "limit": 1, "bounded": true },
            { "name": "duplicates", "limit": 1, "bounded": true },
        ]);
        assert_eq!(frontier["kinds"], kinds);
        assert_eq!(frontier["safe_with"], serde_json::json!([[1, 1]]));
        assert_eq!(frontier["within_bounds"], false);
    }
    let refused = run(&["check", "duva-join", "--fewest-faults", "--first"]);
    assert_eq!(refused.code, 2);
}
