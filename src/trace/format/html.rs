//! Traces as a page: one file with the picture, the steps and what each changed. It needs no script, no network and nothing beside it.
//!
//! The rows of a step are those of the text of the trace: both come from `trace::text`. Whatever a model calls things is text, and the page forbids
//! itself to load or run anything.

use std::fmt::Write;

use super::super::text::{Line, Role, changes_rows, event, rows, state_rows};
use super::super::{Fair, Trace, TraceStep};
use super::claim::{claim, is_bad, is_mere, subject};
use super::svg::{escape, picture};
use crate::space::Rendered;
use crate::value::printable;

/// Columns of what a step changed, in brief.
const BRIEF: usize = 120;

/// A path with more steps has a way to the last.
const MANY: usize = 20;

/// Values are whole, and the page breaks their lines.
const UNLIMITED: usize = 1 << 40;

/// The page of a single trace.
const OWN: Place<'static> = Place {
    ids: "",
    heading: "h2",
};

/// Colours, on light and on dark, and shapes.
pub(crate) const STYLE: &str = "\
:root{--bg:#ffffff;--fg:#1f2328;--dim:#59636e;--line:#d1d9e0;--bad:#cf222e;--good:#1a7f37;--shade:#ffebe9;--met:#dafbe1;--card:#f6f8fa;color-scheme:light dark}\
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--bad:#ff8182;--good:#56d364;--shade:#42191c;--met:#12361f;--card:#151b23}}\
body{margin:0 auto;padding:1.5rem;max-width:76rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}\
h1{font-size:1.4rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
p{margin:.25rem 0}.dim{color:var(--dim)}.bad{color:var(--bad)}.good{color:var(--good)}\
.verdict{font-size:1.1rem;font-weight:600;overflow-wrap:anywhere}\
.reason{margin:.25rem 0 1rem;overflow-wrap:anywhere}a{color:inherit}\
.picture{overflow:auto;max-height:85vh;border:1px solid var(--line);border-radius:6px}.picture svg{display:block}\
ol{list-style:none;margin:0;padding:0}\
li{border:1px solid var(--line);border-radius:6px;padding:.5rem .75rem;margin:.4rem 0;display:grid;grid-template-columns:2.5rem 1fr}\
li>.n{color:var(--dim);text-align:right;padding-right:.75rem}\
li.last{background:var(--shade)}li.met{background:var(--met)}li.loop{border-left:4px solid var(--fg)}\
.turn{margin:.6rem 0;font-weight:600}\
code,pre,.n{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
code{font-weight:600;overflow-wrap:anywhere;white-space:pre-wrap}\
pre{margin:.25rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere}\
.step>div{min-width:0}\
.add{color:var(--good)}.del{color:var(--bad)}.who{font-weight:600}\
details{margin:.25rem 0}summary{cursor:pointer;color:var(--dim)}.step summary{font-size:.85rem}\
li:target{outline:2px solid var(--fg)}\
.state{background:var(--card);border-radius:6px;padding:.5rem .75rem}\
@media print{.picture{overflow:visible;max-height:none}}";

/// The trace as a page, with a line break at the end.
pub fn to_html(trace: &Trace) -> String {
    let (subject, claim) = (escape(&subject(trace)), escape(&claim(trace)));
    let (class, mark) = match is_bad(trace) {
        _ if is_mere(trace) => ("dim", "·"),
        true => ("bad", "✗"),
        false => ("good", "✓"),
    };
    let reason = match trace.reason() {
        Some(reason) => format!("<p class=\"reason\">{}</p>\n", escape(&printable(reason))),
        None => String::new(),
    };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{claim} · {subject}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{subject}</h1>\n<p class=\"verdict {class}\">{mark} {claim}</p>\n{reason}</header>\n\
         <main>\n{}",
        to_html_story(trace, &OWN)
    );
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// Where the picture and the steps of a trace stand in a page.
pub(crate) struct Place<'a> {
    /// Begins the names of its elements, so that a page can hold several traces.
    pub(crate) ids: &'a str,
    /// The element of its headings.
    pub(crate) heading: &'static str,
}

/// The picture of a trace and its steps, for a page with the [style](STYLE) of ours.
pub(crate) fn to_html_story(trace: &Trace, place: &Place<'_>) -> String {
    let mut page = format!(
        "<div class=\"picture\">\n{}</div>\n",
        picture(trace, false, &format!("allways-{}", place.ids))
    );
    let heading = place.heading;
    for (i, path) in trace.paths.iter().enumerate() {
        let title = match trace.paths.len() {
            1 => "Steps".to_owned(),
            n => format!("Run {} of {n}", i + 1),
        };
        let _ = writeln!(page, "<section>\n<{heading}>{title}</{heading}>");
        if path.steps.len() > MANY {
            let last = path.steps.len();
            let id = step_id(place.ids, i, last);
            let _ = writeln!(
                page,
                "<p class=\"dim\">{last} steps: <a href=\"#{id}\">to the last</a></p>"
            );
        }
        write_path(&mut page, trace, i, place.ids);
        page.push_str("</section>\n");
    }
    if !trace.ends.is_empty() {
        let _ = writeln!(
            page,
            "<section>\n<{heading}>Where they end: run 1 → run 2</{heading}>"
        );
        let lines = changes_rows(&trace.ends, &trace.lanes, UNLIMITED);
        let _ = writeln!(page, "<pre>{}</pre>\n</section>", marked(lines));
    }
    page
}

/// The name of a step in the page: two runs have steps of the same number.
fn step_id(ids: &str, run: usize, number: usize) -> String {
    match run {
        0 => format!("{ids}step-{number}"),
        run => format!("{ids}run-{}-step-{number}", run + 1),
    }
}

fn write_path(page: &mut String, trace: &Trace, run: usize, ids: &str) {
    let path = &trace.paths[run];
    let open = if path.steps.is_empty() {
        " open=\"\""
    } else {
        ""
    };
    let which = match path.initial_states {
        0 | 1 => "Initial state".to_owned(),
        n => format!("Initial state {} of {n}", path.initial.saturating_add(1)),
    };
    let _ = writeln!(
        page,
        "<details{open}><summary>{which}</summary><div class=\"state\">{}</div></details>",
        state(&path.state)
    );
    page.push_str("<ol>\n");
    for (i, step) in path.steps.iter().enumerate() {
        if path.loop_start == Some(i) {
            page.push_str("<li class=\"turn\"><span class=\"n\">↻</span><div>from here it repeats for ever</div></li>\n");
        }
        let is_last = i + 1 == path.steps.len();
        let class = match path.loop_start {
            Some(start) if i >= start => "step loop",
            None if is_last && trace.paths.len() == 1 && is_bad(trace) => "step last",
            None if is_last && trace.paths.len() == 1 && !is_mere(trace) => "step met",
            _ => "step",
        };
        write_step(page, trace, step, &step_id(ids, run, i + 1), class);
    }
    page.push_str("</ol>\n");
    if let Some(start) = path.loop_start {
        let text = match start == path.steps.len() {
            true => "and stays there for ever: fairness asks for no step".to_owned(),
            false => format!("and again from step {}", start.saturating_add(1)),
        };
        let _ = writeln!(page, "<p class=\"turn\">{text}</p>");
        fairness(page, &path.fairness);
    }
}

fn write_step(page: &mut String, trace: &Trace, step: &TraceStep, id: &str, class: &str) {
    let number = id.rsplit('-').next().unwrap_or_default();
    let _ = write!(
        page,
        "<li class=\"{class}\" id=\"{id}\"><span class=\"n\">{number}</span><div><code>{}</code>",
        escape(&event(step, &trace.lanes))
    );
    let brief = marked(rows(step, &trace.lanes, false, BRIEF));
    let full = marked(rows(step, &trace.lanes, true, UNLIMITED));
    if !brief.is_empty() {
        let _ = write!(page, "<pre>{brief}</pre>");
    }
    if full != brief {
        let _ = write!(
            page,
            "<details><summary>all that changed</summary><pre>{full}</pre></details>"
        );
    }
    page.push_str("</div></li>\n");
}

fn state(state: &Rendered) -> String {
    format!("<pre>{}</pre>", marked(state_rows(state, UNLIMITED)))
}

/// Why fairness allows the loop.
fn fairness(page: &mut String, owed: &[Fair]) {
    if owed.is_empty() {
        return;
    }
    page.push_str("<details open=\"\"><summary>Why fairness allows it</summary><pre>");
    for fair in owed {
        let class = escape(&printable(&fair.class));
        let _ = writeln!(page, "{class} ({}): {}", fair.fairness.word(), fair.met);
    }
    page.push_str("</pre></details>\n");
}

/// Lines with their roles as classes.
fn marked(lines: Vec<Line>) -> String {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let piece = |(role, text): (Role, &str)| {
                let text = escape(text);
                match role {
                    Role::Plain => text,
                    Role::Actor => format!("<span class=\"who\">{text}</span>"),
                    Role::Added => format!("<span class=\"add\">{text}</span>"),
                    Role::Removed | Role::Fault => format!("<span class=\"del\">{text}</span>"),
                    Role::Dim => format!("<span class=\"dim\">{text}</span>"),
                }
            };
            line.pieces().map(piece).collect()
        })
        .collect();
    lines.join("\n")
}
