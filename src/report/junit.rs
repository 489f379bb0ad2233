//! The stream as JUnit XML: a suite for each check, a test case for each property. The times are measured, nothing else is.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::problem::{problems, reason, steps, told};
use super::words::full_title;
use super::{LockReport, Notice, Report, Reporter};
use crate::catalogue::Agreement;
use crate::search::Verdict;

/// Reports as JUnit XML, once the run has ended.
#[derive(Debug)]
pub struct JUnit {
    report: quick_junit::Report,
}

impl Default for JUnit {
    fn default() -> Self {
        JUnit {
            report: quick_junit::Report::new("allways"),
        }
    }
}

impl Reporter for JUnit {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        match notice {
            Notice::Started(_) => {}
            Notice::Finished(report) => {
                self.report.add_test_suite(finished(report));
            }
            Notice::Failed(subject, _) | Notice::NotBegun(subject) => {
                let mut suite = TestSuite::new(subject.name());
                let is_error = matches!(notice, Notice::Failed(..));
                for problem in problems(notice) {
                    let mut status = match is_error {
                        true => TestCaseStatus::non_success(NonSuccessKind::Error),
                        false => TestCaseStatus::skipped(),
                    };
                    status.set_message(problem.text).set_type("not-checked");
                    suite.add_test_case(case("the check", &problem.check, status));
                }
                self.report.add_test_suite(suite);
            }
            Notice::Locked(lock) => {
                self.report.add_test_suite(locked(lock));
            }
            Notice::Ended(_) => {
                // Nothing but the writer could fail, and a string takes everything.
                let text = self.report.to_string().expect("a report is written");
                return as_skipped(&text);
            }
        }
        String::new()
    }
}

/// Suites count what is skipped under the name that the schemas of Jenkins and Surefire have for it; they know no `disabled`.
fn as_skipped(text: &str) -> String {
    let mut suites = text.split("<testsuite ");
    let mut out = suites.next().unwrap_or_default().to_owned();
    for suite in suites {
        out.push_str("<testsuite ");
        // In attributes quotes and brackets are escaped, so neither is part of a name.
        let (tag, rest) = suite.split_once('>').unwrap_or((suite, ""));
        out.push_str(&tag.replacen(" disabled=\"", " skipped=\"", 1));
        out.push('>');
        out.push_str(rest);
    }
    out
}

fn finished(report: &Report) -> TestSuite {
    let name = report.subject.name();
    let mut suite = TestSuite::new(name.as_str());
    suite.set_time(Duration::from_secs_f64(report.measured.seconds));
    for (parameter, value) in report.subject.params.iter() {
        suite.add_property((parameter, value.to_string().as_str()));
    }
    for finding in &report.findings {
        let mut status = match finding.agreement {
            Agreement::AsExpected => TestCaseStatus::success(),
            Agreement::Undecided => TestCaseStatus::non_success(NonSuccessKind::Error),
            Agreement::Contradicted => TestCaseStatus::non_success(NonSuccessKind::Failure),
        };
        if finding.agreement != Agreement::AsExpected {
            let message = match reason(finding) {
                Some(reason) => format!("{}; {reason}", told(finding)),
                None => told(finding),
            };
            status
                .set_message(message)
                .set_type(match finding.agreement {
                    Agreement::Undecided => "undecided",
                    _ => "not-as-expected",
                });
            let is_violated = finding.outcome.verdict == Verdict::Violated;
            if let Some(trace) = finding.trace.as_ref().filter(|_| is_violated) {
                status.set_description(format!("{}\n\n{}", told(finding), steps(trace)));
            }
        }
        suite.add_test_case(case(&full_title(finding), &name, status));
    }
    suite
}

fn locked(lock: &LockReport) -> TestSuite {
    let mut suite = TestSuite::new(lock.file.as_str());
    if lock.is_unlocked() {
        let mut status = TestCaseStatus::skipped();
        status
            .set_message("not locked: there is no lockfile, and none was written")
            .set_type("not-locked");
        suite.add_test_case(case("behaviour locked", &lock.file, status));
        return suite;
    }
    if lock.moved.is_empty() || lock.is_updated {
        let status = TestCaseStatus::success();
        suite.add_test_case(case("behaviour unchanged", &lock.file, status));
        return suite;
    }
    for moved in &lock.moved {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_message(format!("behaviour moved: {}", moved.how.join("; ")))
            .set_type("behaviour-moved");
        suite.add_test_case(case(&moved.check, &lock.file, status));
    }
    suite
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}
