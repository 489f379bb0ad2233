//! A line of text with roles, measured in terminal columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text is, for colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trace) enum Role {
    Plain,
    Actor,
    Fault,
    Added,
    Removed,
    Dim,
}

impl Role {
    /// The ANSI colour; all of them are readable on dark and light.
    fn ansi(self) -> Option<&'static str> {
        match self {
            Role::Plain => None,
            Role::Actor => Some("1"),
            Role::Fault => Some("31"),
            Role::Added => Some("32"),
            Role::Removed => Some("31"),
            Role::Dim => Some("2"),
        }
    }
}

/// One line. Its text is already safe to print.
#[derive(Clone, Debug, Default)]
pub(in crate::trace) struct Line(Vec<(Role, String)>);

impl Line {
    pub(in crate::trace) fn of(role: Role, text: &str) -> Self {
        let mut line = Line::default();
        line.push(role, text);
        line
    }

    pub(in crate::trace) fn push(&mut self, role: Role, text: &str) {
        if !text.is_empty() {
            self.0.push((role, text.to_owned()));
        }
    }

    pub(in crate::trace) fn append(&mut self, mut other: Line) {
        self.0.append(&mut other.0);
    }

    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Fills with blanks up to a column.
    pub(super) fn pad_to(&mut self, column: usize) {
        self.push(
            Role::Plain,
            &" ".repeat(column.saturating_sub(self.width())),
        );
    }

    /// Its pieces, in order.
    pub(in crate::trace) fn pieces(&self) -> impl Iterator<Item = (Role, &str)> {
        self.0.iter().map(|(role, text)| (*role, text.as_str()))
    }

    /// Writes the line and a line break, without blanks at the end.
    pub(in crate::trace) fn write(mut self, out: &mut String, color: bool) {
        while let Some((_, last)) = self.0.last_mut() {
            last.truncate(last.trim_end_matches(' ').len());
            if !last.is_empty() {
                break;
            }
            self.0.pop();
        }
        for (role, text) in &self.0 {
            match role.ansi().filter(|_| color) {
                Some(code) => {
                    out.push_str("\u{1b}[");
                    out.push_str(code);
                    out.push('m');
                    out.push_str(text);
                    out.push_str("\u{1b}[0m");
                }
                None => out.push_str(text),
            }
        }
        out.push('\n');
    }
}

/// Terminal columns.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, or as much of it as fits with a sign that there is more.
pub(crate) fn elide(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}
