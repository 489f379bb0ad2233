//! What is not well in a run, one by one: for the reports of tools that show problems and nothing else.

use super::words::{full_title, words};
use super::{Finding, Notice, Origin};
use crate::catalogue::Agreement;
use crate::search::Verdict;
use crate::trace::{self, Style, Trace};
use crate::value::printable;

/// What kind of problem it is. The order is that of [`RULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// A property got another verdict than was expected.
    NotAsExpected,
    /// Too little was seen to tell.
    Undecided,
    /// A check could not be made.
    NotChecked,
    /// A check is not what the lockfile says.
    BehaviourMoved,
}

/// All rules: the name for programs, and what it means.
pub(super) const RULES: [(&str, &str); 4] = [
    (
        "not-as-expected",
        "A property got another verdict than was expected.",
    ),
    (
        "undecided",
        "A bound or a stop left too little to tell whether a verdict is as expected.",
    ),
    ("not-checked", "A check could not be made."),
    (
        "behaviour-moved",
        "The states or verdicts of a check are not those of the lockfile.",
    ),
];

impl Rule {
    pub(super) fn index(self) -> usize {
        match self {
            Rule::NotAsExpected => 0,
            Rule::Undecided => 1,
            Rule::NotChecked => 2,
            Rule::BehaviourMoved => 3,
        }
    }

    pub(super) fn name(self) -> &'static str {
        RULES[self.index()].0
    }

    /// Whether it is a mistake for sure.
    pub(super) fn is_error(self) -> bool {
        !matches!(self, Rule::Undecided)
    }
}

/// One problem.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) rule: Rule,
    /// The check's name.
    pub(super) check: String,
    /// What is wrong.
    pub(super) text: String,
    /// Why the property is violated, where that can be said and is not in the text.
    pub(super) reason: Option<String>,
    /// The counterexample, of a violation.
    pub(super) trace: Option<&'a Trace>,
    /// Where a file lists the check.
    pub(super) origin: Option<&'a Origin>,
}

impl Problem<'_> {
    /// What is wrong, and why.
    pub(super) fn brief(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}; {reason}", self.text),
            None => self.text.clone(),
        }
    }

    /// What is wrong and why, and the trace step by step.
    pub(super) fn whole(&self) -> String {
        let Some(trace) = self.trace else {
            return self.text.clone();
        };
        let mut trace = trace.clone();
        if self.reason.is_some() {
            // It stands above.
            trace.paths.iter_mut().for_each(|path| path.reason = None);
        }
        format!("{}\n\n{}", self.brief(), steps(&trace))
    }
}

/// A trace as plain text.
pub(super) fn steps(trace: &Trace) -> String {
    trace::text(trace, &Style::default())
}

/// The verdict of a property beside what was expected.
pub(super) fn told(finding: &Finding) -> String {
    let found = words(finding);
    let expected = finding.expected.words();
    let mut text = match finding.agreement {
        Agreement::AsExpected if finding.expected == Verdict::Holds => {
            format!("{}: {found}", full_title(finding))
        }
        Agreement::AsExpected => format!("{}: {found}, as expected", full_title(finding)),
        _ => format!("{}: {found}, expected: {expected}", full_title(finding)),
    };
    if let Some(note) = &finding.outcome.note {
        text.push_str(&format!(" ({note})"));
    }
    text
}

/// Why a property is violated, where that can be said and its verdict does not say so.
pub(super) fn reason(finding: &Finding) -> Option<String> {
    let outcome = &finding.outcome;
    let is_told = outcome.note.is_some() && !outcome.loop_may_be_longer();
    let reason = finding.reason().filter(|_| !is_told);
    reason.map(|reason| printable(reason).into_owned())
}

/// The problems that a notice tells of, in order.
pub(super) fn problems<'a>(notice: &Notice<'a>) -> Vec<Problem<'a>> {
    match notice {
        Notice::Started(_) | Notice::Ended(_) => Vec::new(),
        Notice::Finished(report) => {
            let findings = report.findings.iter().filter_map(|finding| {
                let rule = match finding.agreement {
                    Agreement::AsExpected => return None,
                    Agreement::Undecided => Rule::Undecided,
                    Agreement::Contradicted => Rule::NotAsExpected,
                };
                let is_violated = finding.outcome.verdict == Verdict::Violated;
                Some(Problem {
                    rule,
                    check: report.subject.name(),
                    text: told(finding),
                    reason: reason(finding),
                    trace: finding.trace.as_ref().filter(|_| is_violated),
                    origin: report.subject.origin.as_ref(),
                })
            });
            findings.collect()
        }
        Notice::Failed(subject, error) => vec![Problem {
            rule: Rule::NotChecked,
            check: subject.name(),
            text: error.to_string(),
            reason: None,
            trace: None,
            origin: subject.origin.as_ref(),
        }],
        Notice::NotBegun(subject) => vec![Problem {
            rule: Rule::NotChecked,
            check: subject.name(),
            text: "not begun: the run was interrupted".to_owned(),
            reason: None,
            trace: None,
            origin: subject.origin.as_ref(),
        }],
        Notice::Locked(lock) if lock.is_updated => Vec::new(),
        Notice::Locked(lock) => {
            let moved = lock.moved.iter().map(|moved| Problem {
                rule: Rule::BehaviourMoved,
                check: moved.check.clone(),
                text: format!("behaviour moved: {}", moved.how.join("; ")),
                reason: None,
                trace: None,
                origin: moved.origin.as_ref(),
            });
            moved.collect()
        }
    }
}
