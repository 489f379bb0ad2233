//! Text of a model inside a diagram: whatever it contains, it is shown as it is and ends no line, no statement and no label.
//!
//! Mermaid knows one way to write a character that means something to it: `#` and its number or name and `;`. Besides what its grammar of
//! sequence diagrams gives a meaning (`;`, `#`, the word `end`), its readers look at a text before and after that grammar does: for
//! directives and comments (`%`), styles (a `:` right before an escaped character), `wrap:`, line breaks (`<br>`), mathematics (`$$`), and for
//! the two signs that stand for escaped characters meanwhile (`ﬂ`, `¶`).

use crate::trace::text::{elide, width};
use crate::value::printable;

/// A label is broken into lines of about this many columns: actors stand as far apart as their labels are long.
const LINE: usize = 40;

/// The text in lines, escaped.
pub(super) fn label(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= LINE {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let last = lines.len() - 1;
    for line in &mut lines[..last] {
        // It is not seen, and a colon before it needs no escape.
        line.push(' ');
    }
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    lines.join("<br/>")
}

/// A name in one line, escaped; visible also where it is blank.
pub(super) fn name(name: &str, columns: usize) -> String {
    let shown = elide(&printable(name), columns);
    if shown.trim().is_empty() {
        return escape("\"\"");
    }
    escape(&shown)
}

/// The text so that Mermaid shows just that. It has no control characters any more.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '"' => out.push_str("#quot;"),
            ';' | '#' | '%' | '$' | 'ﬂ' | '¶' => number(&mut out, c),
            ':' if !after.starts_with(' ') || is_wrap(text, rest) => number(&mut out, c),
            'e' | 'E' if !is_word(before) && is_end(rest) => number(&mut out, c),
            c => out.push(c),
        }
        before = c;
        rest = after;
    }
    out
}

fn number(out: &mut String, c: char) {
    out.push_str(&format!("#{};", u32::from(c)));
}

/// Whether the colon that `rest` begins with makes `wrap:` or `nowrap:` of what is before it.
fn is_wrap(text: &str, rest: &str) -> bool {
    text[..text.len() - rest.len()].ends_with("wrap")
}

/// Whether it begins with the word `end`, which closes a block.
fn is_end(rest: &str) -> bool {
    rest.get(..3)
        .is_some_and(|word| word.eq_ignore_ascii_case("end"))
        && !rest[3..].starts_with(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
