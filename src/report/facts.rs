//! What is to be said of a check beside its properties: counts, bounds, coverage. A name and a value each, in the order in which they are shown.

use super::words::{bytes, full_title, grouped, plural, stop_words};
use super::{Report, TraceFile};
use crate::search::Verdict;
use crate::space::Budget;
use crate::value::printable;

/// All facts; what is measured comes last.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let outcome = &report.outcome;
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut fact = |name: &'static str, value: &str| facts.push((name, value.to_owned()));
    let counts = outcome.counts;
    fact("unique states", &grouped(counts.unique));
    if let Some(symmetry) = &outcome.symmetry {
        fact(
            "symmetry",
            &format!("{symmetry}; counts are up to who is who"),
        );
    }
    fact("generated", &grouped(counts.generated));
    fact("transitions", &grouped(counts.transitions));
    fact("depth", &grouped(u64::from(counts.depth)));
    if let Some(budgets) = budgets(report) {
        fact("budgets", &budgets);
    }
    fact("omission", &omission(report));
    if let Some(note) = &outcome.identity_note {
        fact("identity", note);
    }
    for assumption in &outcome.assumptions {
        fact("assumed", &printable(assumption));
    }
    for cut in &outcome.cuts {
        fact("cut by", &printable(cut));
    }
    if let Some(stop) = outcome.stopped {
        fact("stopped by", stop_words(stop));
    }
    for finding in &report.findings {
        // Why a property is violated stands with its trace, and what stopped the search above.
        let told = finding.outcome.verdict == Verdict::Violated || outcome.stopped.is_some();
        if let Some(note) = finding.outcome.note.as_ref().filter(|_| !told) {
            fact(
                "note",
                &format!("{}: {}", full_title(finding), printable(note)),
            );
        }
    }
    for warning in &outcome.warnings {
        fact("warning", &printable(warning));
    }
    let frontiers = report.findings.iter().filter_map(|finding| {
        let frontier = finding.outcome.fault_frontier.as_ref()?;
        Some((full_title(finding), frontier.words(&outcome.faults)))
    });
    for (title, words) in frontiers {
        fact("faults", &format!("{title}: {}", printable(&words)));
    }
    if report.subject.options.fewest_faults {
        for restriction in &outcome.faults.restrictions {
            fact("faults", &printable(restriction));
        }
    }
    for never in &outcome.never_exercised {
        fact("never exercised", &printable(never));
    }
    for finding in &report.findings {
        let witness = finding.outcome.verdict != Verdict::Violated;
        if let (TraceFile::Written(path), true) = (&finding.file, witness) {
            fact("witness", path);
        }
    }
    let measured = &report.measured;
    let figures = format!(
        "{:.2} s, {} states/s, {}, {}",
        measured.seconds,
        grouped(measured.rate(counts.unique) as u64),
        bytes(measured.bytes_peak),
        plural(measured.threads, "thread"),
    );
    fact("measured", &figures);
    facts
}

fn omission(report: &Report) -> String {
    let outcome = &report.outcome;
    if outcome.exact {
        return "none possible: states were compared in full".to_owned();
    }
    format!(
        "chance at most {:.1e} if the hash behaves as random ({} bits, hash seed {})",
        outcome.omission_bound, outcome.fingerprint_bits, report.subject.options.hash_seed
    )
}

/// What the model declares to happen so often at most, and which faults it bounds by nothing.
fn budgets(report: &Report) -> Option<String> {
    let declared = report.outcome.budgets.iter().map(Budget::words);
    let free = &report.outcome.faults.unlimited;
    let free = free.iter().map(|name| format!("{name} without limit"));
    let all: Vec<String> = declared.chain(free).collect();
    (!all.is_empty()).then(|| printable(&all.join(" · ")).into_owned())
}
