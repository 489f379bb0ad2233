//! Traces as space-time diagrams in SVG: a lane for each actor, time downwards, messages as arrows from where they are sent to where they are
//! delivered.
//!
//! The picture stands by itself: no script, no font and no file besides it, readable on light and on dark. A lost message ends in a cross, one that stays in
//! flight is dashed, a lane is dashed while its process is down, the step that shows the property has a background, and what repeats for
//! ever a bracket. Text is cut where it is long; the whole of it is its title, which browsers show. Whatever a model calls things is text.

use std::fmt::Write;

use super::super::layout::{Arrow, Layout, Mark, Row, Way, pixels};
use super::super::text::{elide, shown_in_brief, width};
use super::super::{Trace, TracePath};
use super::claim::{claim, is_bad, is_mere, subject};
use crate::value::printable;

/// Pixels from one line of text to the next.
const LINE: i32 = 18;

/// Longer lines of text are cut.
const TEXT: usize = 100;

/// Around everything.
const MARGIN: i32 = 12;

/// Differences between two last states that are shown at most.
const ROWS: usize = 8;

/// The colours, on light and on dark. All selectors begin with the picture's own class, so that a page can hold it.
const STYLE: &str = "\
.allways-trace{--bg:#ffffff;--fg:#1f2328;--dim:#59636e;--line:#9198a1;--hue:#0550ae;--bad:#cf222e;--good:#1a7f37;--shade:#ffebe9;--met:#dafbe1;\
color-scheme:light dark;font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
@media(prefers-color-scheme:dark){.allways-trace{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#656c76;--hue:#79c0ff;--bad:#ff8182;--good:#56d364;\
--shade:#42191c;--met:#12361f}}\
.allways-trace .bg{fill:var(--bg)}\
.allways-trace text{fill:var(--fg);paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}\
.allways-trace .n,.allways-trace .dim{fill:var(--dim)}\
.allways-trace .b{font-weight:bold}\
.allways-trace .bad{fill:var(--bad)}\
.allways-trace .good{fill:var(--good)}\
.allways-trace .shade{fill:var(--shade)}\
.allways-trace .met{fill:var(--met)}\
.allways-trace .on text{stroke:none}\
.allways-trace .lane{stroke:var(--line)}\
.allways-trace .down{stroke:var(--bg);stroke-width:3px}\
.allways-trace .gone{stroke:var(--bad);stroke-dasharray:2 5}\
.allways-trace .name{fill:var(--bg);stroke:var(--line)}\
.allways-trace .arrow{fill:none;stroke:var(--hue);stroke-width:1.5px}\
.allways-trace .copied{stroke-width:3px}\
.allways-trace .lost{stroke:var(--bad)}\
.allways-trace .left,.allways-trace .again{stroke-dasharray:5 4}\
.allways-trace .left{stroke:var(--dim)}\
.allways-trace .head{fill:var(--hue)}\
.allways-trace .tip{fill:var(--dim)}\
.allways-trace .mark{fill:var(--hue);stroke:var(--hue);stroke-width:1.5px}\
.allways-trace .open{fill:var(--bg)}\
.allways-trace .fault{stroke:var(--bad)}\
.allways-trace .band{stroke:var(--dim);stroke-dasharray:8 4}\
.allways-trace .bracket{fill:none;stroke:var(--fg);stroke-width:1.5px}\
.allways-trace .turn{fill:var(--fg)}";

/// The trace as an SVG picture, with a line break at the end. Two paths stand below each other.
pub fn to_svg(trace: &Trace) -> String {
    picture(trace, true, "allways-")
}

/// The picture; without its heading where that stands above it anyway. `ids` begins the names of what it refers to.
pub(super) fn picture(trace: &Trace, heading: bool, ids: &str) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    let mut columns = 0;
    let mut wide = 0;
    let mut lines = Lines {
        out: &mut body,
        y: &mut y,
        columns: &mut columns,
    };
    if heading {
        lines.line("b", &subject(trace));
        lines.line("", &claim(trace));
    }
    for (i, path) in trace.paths.iter().enumerate() {
        *lines.y += LINE / 2;
        if trace.paths.len() > 1 {
            let run = format!("run {} of {}", i + 1, trace.paths.len());
            lines.line("b", &run);
        }
        if path.initial_states > 1 {
            let number = path.initial.saturating_add(1);
            let from = format!("from initial state {number} of {}", path.initial_states);
            lines.line("dim", &from);
        }
        let layout = Layout::of(trace, path);
        wide = wide.max(layout.width);
        draw(lines.out, trace, path, &layout, (*lines.y, ids));
        *lines.y += layout.height + LINE;
        // A page says why at its top.
        let reason = path.reason.as_ref().filter(|_| heading);
        for (class, line) in ends(trace, path, reason) {
            lines.line(class, &line);
        }
    }
    for (class, line) in verdict(trace, heading) {
        lines.line(class, &line);
    }
    let width = wide.max(2 * MARGIN + pixels(columns));
    let height = y + MARGIN;
    let title = escape(&format!("{}: {}", subject(trace), claim(trace)));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"allways-trace\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<defs>\
         <marker id=\"{ids}head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M0 0L8 4L0 8Z\"/></marker>\
         <marker id=\"{ids}tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8Z\"/></marker>\
         <marker id=\"{ids}turn\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"turn\" d=\"M0 0L8 4L0 8Z\"/></marker>\
         </defs>\n<rect class=\"bg\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n"
    )
}

/// Lines of text, one below the other.
struct Lines<'a> {
    out: &'a mut String,
    y: &'a mut i32,
    /// The widest.
    columns: &'a mut usize,
}

impl Lines<'_> {
    fn line(&mut self, class: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let shown = elide(text, TEXT);
        *self.y += LINE;
        *self.columns = width(&shown).max(*self.columns);
        self.out.push_str(&labelled(
            "text",
            &format!("class=\"{class}\" x=\"{MARGIN}\" y=\"{}\"", *self.y - 5),
            &shown,
            text,
        ));
        self.out.push('\n');
    }
}

/// What is to be said at the end of a path.
fn ends(trace: &Trace, path: &TracePath, reason: Option<&String>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    match path.loop_start {
        Some(start) if start < path.steps.len() => {
            lines.push((
                "b",
                format!("and again from step {}, for ever", start.saturating_add(1)),
            ));
        }
        Some(_) => lines.push((
            "b",
            "and stays there for ever: fairness asks for no step".to_owned(),
        )),
        None => {}
    }
    if let Some(reason) = reason {
        let class = if is_bad(trace) { "bad" } else { "" };
        lines.push((class, printable(reason).into_owned()));
    }
    lines
}

/// What the whole trace comes to: the property, where that does not stand above, and how two last states differ.
fn verdict(trace: &Trace, heading: bool) -> Vec<(&'static str, String)> {
    let (class, mark) = match is_bad(trace) {
        _ if is_mere(trace) => ("dim", "·"),
        true => ("bad", "✗"),
        false => ("good", "✓"),
    };
    let mut lines = Vec::new();
    if heading {
        lines.push((class, format!("{mark} {}", claim(trace))));
    }
    let shown = |part: &str| shown_in_brief(part, &trace.lanes);
    let ends = trace.ends.iter().filter(|change| shown(&change.part));
    let n_ends = ends.clone().count();
    for change in ends.take(ROWS) {
        let side = |tree: &Option<crate::value::Tree>| match tree {
            Some(tree) => tree.text(),
            None => "nothing".to_owned(),
        };
        let place = format!("{}{}", change.part, change.path);
        let (first, second) = (side(&change.before), side(&change.after));
        lines.push(("", format!("{}: {first} or {second}", printable(&place))));
    }
    if n_ends > ROWS {
        lines.push(("dim", format!("and {} more", n_ends - ROWS)));
    }
    lines
}

/// One path, moved down by `y`; it refers to what `ids` begins the names of.
fn draw(out: &mut String, trace: &Trace, path: &TracePath, layout: &Layout, (y, ids): (i32, &str)) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<g transform=\"translate(0 {y})\">");
    let last = layout.rows.last().map_or(layout.start, |row| row.y);
    if path.loop_start.is_none() && trace.paths.len() == 1 && !is_mere(trace) {
        let class = if is_bad(trace) { "shade" } else { "met" };
        let (top, wide) = (last - 16, layout.width - 2 * MARGIN);
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{MARGIN}\" y=\"{top}\" width=\"{wide}\" height=\"32\" rx=\"4\"/>"
        );
    }
    lanes(out, layout);
    for arrow in &layout.arrows {
        draw_arrow(out, arrow, ids);
    }
    for (i, row) in layout.rows.iter().enumerate() {
        let is_shaded =
            i + 1 == layout.rows.len() && path.loop_start.is_none() && trace.paths.len() == 1;
        draw_row(out, i + 1, row, is_shaded, layout.width);
    }
    if let Some((top, bottom)) = layout.bracket {
        let _ = writeln!(
            out,
            "<path class=\"bracket\" marker-end=\"url(#{ids}turn)\" d=\"M54 {bottom}H44V{top}H54\"/>"
        );
    }
    out.push_str("</g>\n");
}

fn lanes(out: &mut String, layout: &Layout) {
    for lane in &layout.lanes {
        let (x, end) = (lane.x, layout.height);
        let _ = writeln!(
            out,
            "<path class=\"lane\" d=\"M{x} 30V{end}\"/><path class=\"lane\" d=\"M{} {}H{}\"/>",
            x - 5,
            layout.start,
            x + 5
        );
    }
    for (x, from, to) in &layout.down {
        let _ = writeln!(
            out,
            "<path class=\"down\" d=\"M{x} {from}V{to}\"/><path class=\"gone\" d=\"M{x} {from}V{to}\"/>"
        );
    }
    for lane in &layout.lanes {
        let wide = pixels(lane.columns) + 12;
        let _ = write!(
            out,
            "<rect class=\"name\" x=\"{}\" y=\"8\" width=\"{wide}\" height=\"22\" rx=\"4\"/>",
            lane.x - wide / 2
        );
        let at = format!(
            "class=\"b\" x=\"{}\" y=\"23\" text-anchor=\"middle\"",
            lane.x
        );
        out.push_str(&labelled("text", &at, &lane.name, &lane.title));
        out.push('\n');
    }
}

fn draw_arrow(out: &mut String, arrow: &Arrow, ids: &str) {
    let ((x0, y0), (x1, y1)) = (arrow.from, arrow.to);
    let (class, head) = match arrow.way {
        Way::Delivered => ("arrow", "head"),
        Way::Copied => ("arrow copied", "head"),
        Way::RoundBefore => ("arrow again", "head"),
        Way::NextRound => ("arrow again", ""),
        Way::Left => ("arrow left", "tip"),
        Way::Lost => ("arrow lost", ""),
    };
    // The head ends where the mark begins.
    let gap = match arrow.way {
        Way::Left | Way::Lost | Way::NextRound => 0,
        _ => 5,
    };
    let path = if arrow.to_itself {
        format!(
            "M{x0} {y0}C{} {y0} {} {y1} {} {y1}",
            x0 + 36,
            x1 + 36,
            x1 + gap
        )
    } else if x0 <= x1 {
        format!("M{x0} {y0}L{} {y1}", x1 - gap)
    } else {
        format!("M{x0} {y0}L{} {y1}", x1 + gap)
    };
    let marker = match head {
        "" => String::new(),
        head => format!(" marker-end=\"url(#{ids}{head})\""),
    };
    let title = escape(&arrow.title);
    let _ = writeln!(
        out,
        "<path class=\"{class}\"{marker} d=\"{path}\"><title>{title}</title></path>"
    );
}

fn draw_row(out: &mut String, number: usize, row: &Row, is_shaded: bool, wide: i32) {
    let (x, y) = (row.x, row.y);
    let class = if is_shaded { "step on" } else { "step" };
    let _ = write!(
        out,
        "<g class=\"{class}\"><text class=\"n\" x=\"38\" y=\"{}\" text-anchor=\"end\">{number}</text>",
        y + 4
    );
    let fault = if row.fault { " fault" } else { "" };
    let cross = |r: i32| {
        format!(
            "<path class=\"mark fault\" d=\"M{} {}L{} {}M{} {}L{} {}\"/>",
            x - r,
            y - r,
            x + r,
            y + r,
            x - r,
            y + r,
            x + r,
            y - r
        )
    };
    let shape = match row.mark {
        Mark::Dot => format!("<circle class=\"mark{fault}\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"),
        Mark::Copy => format!(
            "<circle class=\"mark open{fault}\" cx=\"{x}\" cy=\"{y}\" r=\"7\"/><circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>"
        ),
        Mark::Timer => format!(
            "<circle class=\"mark open{fault}\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/><path class=\"arrow\" d=\"M{x} {}V{y}H{}\"/>",
            y - 4,
            x + 3
        ),
        Mark::Choice => format!(
            "<path class=\"mark open{fault}\" d=\"M{x} {}L{} {y}L{x} {}L{} {y}Z\"/>",
            y - 6,
            x + 6,
            y + 6,
            x - 6
        ),
        Mark::Recover => {
            format!("<circle class=\"mark open{fault}\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>")
        }
        Mark::Crash => cross(6),
        Mark::Lost => cross(5),
        Mark::Band => format!(
            "<path class=\"band{fault}\" d=\"M{x} {y}H{}\"/>",
            wide - MARGIN
        ),
    };
    out.push_str(&shape);
    let (anchor, y) = match (row.mark, row.to_left) {
        (Mark::Band, _) => ("start", y - 4),
        (_, true) => ("end", y + 4),
        (_, false) => ("start", y + 4),
    };
    let at = format!("x=\"{}\" y=\"{y}\" text-anchor=\"{anchor}\"", row.label_x);
    out.push_str(&labelled("text", &at, &row.label, &row.title));
    out.push_str("</g>\n");
}

/// An element with a text, and all of it as a title where it was cut.
fn labelled(element: &str, attributes: &str, shown: &str, whole: &str) -> String {
    let title = match shown == whole {
        true => String::new(),
        false => format!("<title>{}</title>", escape(whole)),
    };
    format!(
        "<{element} {attributes}>{}{title}</{element}>",
        escape(shown)
    )
}

/// The text so that XML and HTML show just that, in elements and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML knows no such characters.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
