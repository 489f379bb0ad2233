//! The stream as a page: a table of all checks, and of each check its properties, the traces of what is violated, and its counts.
//!
//! One file that needs no script, no network and nothing beside it, for light and dark. Whatever a model calls things is text, and the page forbids
//! itself to load or run anything. What is as expected is folded; what is not is open. Nothing but the row `measured` differs from run to run.

use std::fmt::Write as _;

use super::facts::facts;
use super::human::{shortest, tallied, told_verdict};
use super::problem::reason;
use super::{Finding, Human, LockReport, Notice, Paint, Report, Reporter, Subject, Tally};
use crate::catalogue::Agreement;
use crate::search::Verdict;
use crate::trace::{self, Place, Style, escape, grouped, plural, quoted_name, titled};

/// Reports as a page, once the run has ended.
#[derive(Clone, Debug, Default)]
pub struct Html {
    /// The rows of the table.
    rows: String,
    n_rows: usize,
    /// What is to be said of each check.
    sections: String,
    lock: String,
}

/// Beside the style of a trace's page.
const STYLE: &str = "\
table{border-collapse:collapse;margin:.5rem 0}\
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}\
th{font-weight:600;color:var(--dim);font-size:.85rem}.num{text-align:right;font-variant-numeric:tabular-nums}\
.checks,.properties{overflow-x:auto}\
article{border-top:1px solid var(--line);margin-top:1.5rem;padding-top:.5rem}\
article>details>summary,.trace>summary{color:var(--fg);overflow-wrap:anywhere}\
article>details>summary h2{display:inline;margin:0}\
.check{scroll-margin-top:4rem}\
.trace{border:1px solid var(--line);border-radius:6px;padding:.5rem .75rem;margin:.75rem 0}\
.trace>summary{font-weight:600}\
.warn{color:var(--warn)}:root{--warn:#9a6700}@media(prefers-color-scheme:dark){:root{--warn:#d29922}}\
h4{margin:1rem 0 .25rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.75rem 0}\
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}";

impl Reporter for Html {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        match notice {
            Notice::Started(_) => {}
            Notice::Finished(report) => self.finished(report),
            Notice::Failed(subject, error) => {
                self.without_report(subject, ("✗", "not checked"), &error.to_string());
            }
            Notice::NotBegun(subject) => {
                self.without_report(subject, ("?", "not begun"), "the run was interrupted");
            }
            Notice::Locked(lock) => self.lock = locked(lock),
            Notice::Ended(tally) => return self.page(tally),
        }
        String::new()
    }
}

impl Html {
    fn finished(&mut self, report: &Report) {
        let counts = report.outcome.counts;
        let mark = mark(report.verdict());
        let expected = match report.agreement() {
            Agreement::AsExpected => "yes",
            Agreement::Undecided => "<span class=\"warn\">undecided</span>",
            Agreement::Contradicted => "<strong class=\"bad\">no</strong>",
        };
        let name = report.subject.name();
        self.row(
            &name,
            &format!("{mark} {}", report.verdict().words()),
            expected,
            [grouped(counts.unique), grouped(u64::from(counts.depth))],
        );
        let id = format!("check-{}", self.n_rows);
        let is_fine = report.agreement() == Agreement::AsExpected;
        let mut body = String::from(
            "<div class=\"properties\">\n<table>\n<tr><th></th><th>property</th><th></th><th>verdict</th></tr>\n",
        );
        for finding in &report.findings {
            body.push_str(&property(finding));
        }
        body.push_str("</table>\n</div>\n");
        for (i, finding) in report.findings.iter().enumerate() {
            story(&mut body, finding, report, &format!("{id}-{i}-"));
        }
        body.push_str("<dl>\n");
        for (name, value) in facts(report) {
            let _ = writeln!(body, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
        }
        body.push_str("</dl>\n");
        if let Some(mutants) = &report.mutants {
            let mut text = String::new();
            Human::new(Paint::default(), WIDTH, "").mutations(mutants, &mut text);
            let _ = writeln!(body, "<pre>{}</pre>", lines(&text));
        }
        let params: Vec<String> = (report.subject.params.iter())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let params = escape(&params.join("  "));
        self.section(&id, &name, (!is_fine, &params), &body);
    }

    /// A check of which nothing was found out.
    fn without_report(&mut self, subject: &Subject, (mark, what): (&str, &str), why: &str) {
        let name = subject.name();
        let class = if mark == "✗" { "bad" } else { "warn" };
        let verdict = format!("<span class=\"{class}\">{mark}</span> {what}");
        self.row(&name, &verdict, "", [String::new(), String::new()]);
        let id = format!("check-{}", self.n_rows);
        let body = format!("<pre class=\"{class}\">{}</pre>\n", lines(why));
        self.section(&id, &name, (mark == "✗", ""), &body);
    }

    fn row(&mut self, name: &str, verdict: &str, expected: &str, [states, depth]: [String; 2]) {
        self.n_rows += 1;
        let (n, name) = (self.n_rows, escape(name));
        let _ = writeln!(
            self.rows,
            "<tr><td><a href=\"#check-{n}\">{name}</a></td><td>{verdict}</td><td>{expected}</td><td class=\"num\">{states}</td><td class=\"num\">{depth}</td></tr>"
        );
    }

    /// What is said of a check. Its name in the page is within what is folded, so that a browser which goes there unfolds it.
    fn section(&mut self, id: &str, name: &str, (is_open, params): (bool, &str), body: &str) {
        let (open, name) = (if is_open { " open=\"\"" } else { "" }, escape(name));
        let _ = writeln!(
            self.sections,
            "<article>\n<details{open}><summary><h2>{name}</h2> <span class=\"dim\">{params}</span></summary>\n<div class=\"check\" id=\"{id}\">\n{body}</div>\n</details>\n</article>"
        );
    }

    fn page(&self, tally: &Tally) -> String {
        let title = match tally.checks() {
            0 => "nothing was checked".to_owned(),
            n => format!("{}: {}", plural(n, "check"), tallied(tally)),
        };
        let class = match tally.checks() > 0 && tally.checks() == tally.as_expected {
            true => "good",
            false => "bad",
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>Allways: {title}</title>\n<style>{}{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1>Allways</h1>\n<p class=\"verdict {class}\">{title}</p>\n{}</header>\n<main>\n<div class=\"checks\">\n<table>\n\
             <tr><th>check</th><th>verdict</th><th>as expected</th><th class=\"num\">states</th><th class=\"num\">depth</th></tr>\n{}</table>\n</div>\n\
             {}</main>\n</body>\n</html>\n",
            trace::STYLE,
            self.lock,
            self.rows,
            self.sections
        )
    }
}

/// Columns of what is text in the page.
const WIDTH: usize = 100;

/// A property with its verdict, and how that stands to what was expected.
fn property(finding: &Finding) -> String {
    let decl = &finding.outcome.decl;
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        mark(finding.outcome.verdict),
        decl.kind.word(),
        escape(&quoted_name(&decl.name, decl.kind)),
        escape(&told_verdict(finding, Paint::default())),
    )
}

/// The trace of a violation, with what the terminal says of it; open where nobody expected it.
fn story(body: &mut String, finding: &Finding, report: &Report, ids: &str) {
    let outcome = &finding.outcome;
    let violated = outcome.verdict == Verdict::Violated;
    let Some(trace) = finding.trace.as_ref().filter(|_| violated) else {
        return;
    };
    let open = match finding.agreement {
        Agreement::AsExpected => "",
        Agreement::Undecided | Agreement::Contradicted => " open=\"\"",
    };
    let stopped = report.outcome.stopped.is_some();
    let title = titled(&outcome.decl.name, outcome.decl.kind);
    let shortest = shortest(finding, &report.subject.options, stopped);
    let _ = writeln!(
        body,
        "<details class=\"trace\"{open}><summary>{} {}</summary>\n<p class=\"dim\">{}</p>",
        mark(outcome.verdict),
        escape(&format!("{title}: {}", super::words::words(finding))),
        escape(&shortest),
    );
    let why = reason(finding).or_else(|| outcome.note.clone());
    if let Some(why) = why.filter(|_| !outcome.loop_may_be_longer() || finding.reason().is_some()) {
        let _ = writeln!(body, "<p class=\"reason\">{}</p>", escape(&why));
    }
    if let Some(explanation) = &finding.explanation {
        let text = trace::explained_text(trace, explanation, &Style::default());
        let _ = writeln!(
            body,
            "<h4>Explained: what led to it</h4>\n<pre>{}</pre>",
            lines(&text)
        );
    }
    let place = Place { ids, heading: "h4" };
    body.push_str(&trace::to_html_story(trace, &place));
    body.push_str("</details>\n");
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds | Verdict::HoldsWithinBounds => "<span class=\"good\">✓</span>",
        Verdict::Vacuous => "<span class=\"warn\">○</span>",
        Verdict::Inconclusive => "<span class=\"warn\">?</span>",
        Verdict::Violated => "<span class=\"bad\">✗</span>",
    }
}

/// Text of several lines.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape).collect();
    lines.join("\n")
}

fn locked(lock: &LockReport) -> String {
    let text = Human::new(Paint::default(), WIDTH, "").locked(lock);
    format!("<pre>{}</pre>\n", lines(text.trim()))
}
