//! The part of Mermaid's grammar of sequence diagrams that exported traces keep to, written without a look at the exporter: every line has an
//! allowed shape, every block is closed, whoever is named was declared, and no text holds anything that Mermaid would obey.

/// A line of a diagram, with what it says decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Title(String),
    /// A participant and how it is shown.
    Participant(String, String),
    /// From, arrow, to, label.
    Arrow(String, &'static str, String, String),
    /// Over whom: one, or two as the ends of a range.
    Note(Vec<String>, String),
    Loop(String),
    Rect,
    End,
}

/// Longest first: one is the beginning of no later one.
const ARROWS: [&str; 3] = ["->>", "--)", "-x"];

/// The lines of a diagram.
///
/// # Panics
/// Some line is not allowed.
pub(crate) fn parse(diagram: &str) -> Vec<Line> {
    let mut lines = diagram.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"), "{diagram}");
    assert!(diagram.ends_with('\n') && !diagram.ends_with("\n\n"));
    let mut declared: Vec<String> = Vec::new();
    let mut depth = 1;
    let mut parsed = Vec::new();
    for text in lines {
        let line = line(text.trim_start()).unwrap_or_else(|why| panic!("{why}: {text:?}"));
        if line == Line::End {
            depth -= 1;
            assert!(depth > 0, "an end too many");
            let empty = matches!(parsed.last(), Some(Line::Loop(_) | Line::Rect));
            assert!(!empty, "an empty block");
        }
        assert_eq!(text.len() - text.trim_start().len(), 2 * depth, "{text:?}");
        match &line {
            Line::Participant(id, _) => {
                assert!(!declared.contains(id), "{id} is declared twice");
                declared.push(id.clone());
            }
            Line::Arrow(from, _, to, _) => assert!(
                [from, to].iter().all(|id| declared.contains(id)),
                "{text:?}"
            ),
            Line::Note(over, _) => assert!(over.iter().all(|id| declared.contains(id)), "{text:?}"),
            Line::Loop(_) | Line::Rect => depth += 1,
            Line::Title(_) | Line::End => {}
        }
        parsed.push(line);
    }
    assert_eq!(depth, 1, "a block is not closed");
    parsed
}

fn line(text: &str) -> Result<Line, String> {
    if text == "end" {
        return Ok(Line::End);
    }
    if let Some(title) = text.strip_prefix("title: ") {
        return Ok(Line::Title(decoded(title)?));
    }
    for kind in ["participant ", "actor "] {
        if let Some(rest) = text.strip_prefix(kind) {
            let (declared, shown) = rest.split_once(" as ").unwrap_or((rest, rest));
            return Ok(Line::Participant(id(declared)?, decoded(shown)?));
        }
    }
    if let Some(rest) = text.strip_prefix("Note over ") {
        let (over, label) = rest.split_once(": ").ok_or("a note that says nothing")?;
        let over: Vec<String> = over.split(',').map(id).collect::<Result<_, _>>()?;
        if over.len() > 2 {
            return Err("a note over more than two".to_owned());
        }
        return Ok(Line::Note(over, decoded(label)?));
    }
    if let Some(label) = text.strip_prefix("loop ") {
        return Ok(Line::Loop(decoded(label)?));
    }
    if let Some(colour) = text
        .strip_prefix("rect rgba(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let parts: Vec<f64> = colour
            .split(", ")
            .filter_map(|part| part.parse().ok())
            .collect();
        return if parts.len() == 4 {
            Ok(Line::Rect)
        } else {
            Err("no colour".to_owned())
        };
    }
    let (ends, label) = text.split_once(": ").ok_or("no statement")?;
    for arrow in ARROWS {
        if let Some((from, to)) = ends.split_once(arrow) {
            return Ok(Line::Arrow(id(from)?, arrow, id(to)?, decoded(label)?));
        }
    }
    Err("no arrow".to_owned())
}

/// Words that open or close something, or begin a statement.
const RESERVED: &str = "accDescr accTitle activate actor alt and as autonumber box break create critical deactivate destroy details else end \
    left link links loop note off opt option over par par_over participant properties rect right sequenceDiagram title";

fn id(text: &str) -> Result<String, String> {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_reserved = RESERVED
        .split_whitespace()
        .any(|word| word.eq_ignore_ascii_case(text));
    if is_plain && begins && !is_reserved {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is no name"))
    }
}

/// What a text shows: line breaks as line breaks, escaped characters as themselves.
fn decoded(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("an empty text".to_owned());
    }
    let lines = text
        .split("<br/>")
        .map(|line| decoded_line(line.trim_end()));
    let shown = lines.collect::<Result<Vec<_>, _>>()?.join("\n");
    Ok(shown)
}

fn decoded_line(text: &str) -> Result<String, String> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(escaped) = rest.strip_prefix('#') {
            let (name, after) = escaped.split_once(';').ok_or("a # that escapes nothing")?;
            let character = match name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                number => number
                    .parse()
                    .ok()
                    .and_then(char::from_u32)
                    .ok_or("an unknown escape")?,
            };
            shown.push(character);
            rest = after;
            continue;
        }
        if matches!(c, ';' | '<' | '>' | '&' | '"' | '%' | '$' | 'ﬂ' | '¶') || c.is_control() {
            return Err(format!("{c:?} as it is"));
        }
        // Styles end in an escaped character right behind a colon.
        if c == ':' && !(rest.starts_with(": ") || rest == ":") {
            return Err("a colon with something right behind it".to_owned());
        }
        shown.push(c);
        rest = &rest[c.len_utf8()..];
    }
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    if words.clone().any(|word| word.eq_ignore_ascii_case("end")) {
        return Err("the word end as it is".to_owned());
    }
    if text.contains("wrap:") {
        return Err("wrap: as it is".to_owned());
    }
    Ok(shown)
}
