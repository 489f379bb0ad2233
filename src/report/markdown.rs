//! The stream as Markdown, for the summary of a job: what is not well first, with its trace as a Mermaid diagram, then a table of all checks.

use std::fmt::Write as _;

use super::problem::{Problem, problems, steps};
use super::words::{grouped, plural};
use super::{LockReport, Notice, Report, Reporter};
use crate::catalogue::Agreement;
use crate::trace;

/// A table with more rows is folded.
const ROWS_UNFOLDED: usize = 12;

/// Longer diagrams are more than a page takes well, and more than Mermaid draws well.
const STEPS_DRAWN_MAX: usize = 60;

/// Reports as Markdown, once the run has ended.
#[derive(Clone, Debug, Default)]
pub struct Markdown {
    /// The sections of the problems.
    problems: String,
    rows: Vec<String>,
    lock: String,
}

impl Reporter for Markdown {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        for problem in problems(notice) {
            self.problem(&problem);
        }
        match notice {
            Notice::Started(_) => {}
            Notice::Finished(report) => self.rows.push(row(report)),
            Notice::Failed(subject, _) | Notice::NotBegun(subject) => {
                let name = plain(&subject.name());
                self.rows.push(format!("| {name} | not checked | | | |"));
            }
            Notice::Locked(lock) => self.lock = locked(lock),
            Notice::Ended(tally) => {
                let title = match tally.checks() - tally.as_expected {
                    0 => format!("{}, all as expected", plural(tally.checks(), "check")),
                    n => format!("{}, {n} not as expected", plural(tally.checks(), "check")),
                };
                return self.page(&title);
            }
        }
        String::new()
    }
}

impl Markdown {
    fn problem(&mut self, problem: &Problem<'_>) {
        let text = &mut self.problems;
        let title = format!("{}: {}", problem.check, problem.text);
        let mark = match problem.rule.is_error() {
            true => "✗",
            false => "?",
        };
        let _ = writeln!(text, "\n### {mark} {}\n", plain(&title.replace('\n', " ")));
        if let Some(reason) = &problem.reason {
            let _ = writeln!(text, "{}\n", plain(reason));
        }
        if let Some(trace) = problem.trace {
            if trace.len() <= STEPS_DRAWN_MAX {
                text.push_str(&fenced("mermaid", &trace::to_mermaid(trace)));
                text.push('\n');
            }
            let _ = write!(
                text,
                "<details>\n<summary>Step by step</summary>\n\n{}\n</details>\n",
                fenced("text", &steps(trace))
            );
        }
    }

    fn page(&self, title: &str) -> String {
        let mut page = format!("## Allways: {title}\n{}{}\n", self.lock, self.problems);
        let folded = self.rows.len() > ROWS_UNFOLDED;
        if folded {
            page.push_str("<details>\n<summary>All checks</summary>\n\n");
        }
        page.push_str("| check | verdict | as expected | states | depth |\n");
        page.push_str("| --- | --- | --- | ---: | ---: |\n");
        for row in &self.rows {
            page.push_str(row);
            page.push('\n');
        }
        if folded {
            page.push_str("\n</details>\n");
        }
        page
    }
}

fn row(report: &Report) -> String {
    let counts = report.outcome.counts;
    format!(
        "| {} | {} | {} | {} | {} |",
        plain(&report.subject.name()),
        report.verdict().words(),
        match report.agreement() {
            Agreement::AsExpected => "yes",
            Agreement::Undecided => "undecided",
            Agreement::Contradicted => "**no**",
        },
        grouped(counts.unique),
        grouped(u64::from(counts.depth)),
    )
}

fn locked(lock: &LockReport) -> String {
    let file = plain(&lock.file);
    let n = plural(lock.n_found, "check");
    if lock.is_unlocked() {
        return format!("\n**Behaviour not locked**: there is no {file}, and none was written.\n");
    }
    match (lock.moved.len(), lock.is_updated) {
        (_, true) if lock.is_first => format!("\nBehaviour locked: {n} in {file}.\n"),
        (0, _) => format!("\nBehaviour unchanged: {n} as in {file}.\n"),
        (_, true) => format!("\nBehaviour locked anew in {file}.\n"),
        (moved, false) => format!(
            "\n**Behaviour moved**: {} not as in {file}.\n",
            plural(moved, "check")
        ),
    }
}

/// Text in which nothing means anything to Markdown or HTML, also inside a table.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' => out.push(' '),
            c => {
                if "\\`*_[]|#~".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    out
}

/// A block whose fence is longer than any row of backticks in it.
fn fenced(language: &str, text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_leaves_its_place() {
        assert_eq!(plain("a|b <img> `x`\n"), "a\\|b &lt;img&gt; \\`x\\` ");
        assert_eq!(fenced("text", "a\n```\nb"), "````text\na\n```\nb\n````\n");
        assert_eq!(fenced("text", "a\n"), "```text\na\n```\n");
    }
}
