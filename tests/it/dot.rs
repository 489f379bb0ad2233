//! A strict reader of the DOT language, after its published grammar, as far as graphs without subgraphs and ports go. It shares nothing with the
//! writer.

use std::collections::BTreeMap;

/// Attributes by name, as a program sees them: quotes taken off, escapes of the label left as they are.
pub(crate) type Attributes = BTreeMap<String, String>;

/// A directed graph.
#[derive(Debug, Default)]
pub(crate) struct Dot {
    pub(crate) name: String,
    pub(crate) attributes: Attributes,
    pub(crate) nodes: Vec<(String, Attributes)>,
    pub(crate) edges: Vec<(String, String, Attributes)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Id(String),
    /// `{`, `}`, `[`, `]`, `=`, `,`, `;`, or `->`.
    Sign(&'static str),
}

/// Cuts a text into tokens; anything that the grammar does not know is an error.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
        } else if let Some(sign) = ["{", "}", "[", "]", "=", ",", ";", "->"]
            .into_iter()
            .find(|sign| rest.starts_with(sign))
        {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if c == '"' {
            // A quoted string ends at the first quote that no odd run of backslashes precedes.
            let mut value = String::new();
            let mut chars = rest[1..].char_indices();
            let end = loop {
                match chars.next().expect("a quoted string ends") {
                    (i, '"') => break 1 + i,
                    (_, '\\') => match chars.next().expect("a quoted string ends") {
                        (_, '"') => value.push('"'),
                        (_, c) => value.extend(['\\', c]),
                    },
                    (_, c) => value.push(c),
                }
            };
            tokens.push(Token::Id(value));
            rest = &rest[end + 1..];
        } else {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            assert!(end > 0, "no token begins here: {rest:?}");
            tokens.push(Token::Id(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    tokens
}

/// Reads a graph.
pub(crate) fn read(text: &str) -> Dot {
    let mut tokens = tokens(text).into_iter().peekable();
    let mut dot = Dot::default();
    let id = |what: &str, token: Option<Token>| match token {
        Some(Token::Id(id)) => id,
        other => panic!("{what} expected, found {other:?}"),
    };
    assert_eq!(id("a keyword", tokens.next()), "digraph");
    dot.name = id("a name", tokens.next());
    assert_eq!(tokens.next(), Some(Token::Sign("{")));
    loop {
        let first = match tokens.next() {
            Some(Token::Sign("}")) => break,
            token => id("a statement", token),
        };
        let mut target = None;
        match tokens.peek() {
            Some(Token::Sign("=")) => {
                tokens.next();
                dot.attributes.insert(first, id("a value", tokens.next()));
                assert_eq!(tokens.next(), Some(Token::Sign(";")));
                continue;
            }
            Some(Token::Sign("->")) => {
                tokens.next();
                target = Some(id("a node", tokens.next()));
            }
            _ => {}
        }
        let mut attributes = Attributes::new();
        assert_eq!(tokens.next(), Some(Token::Sign("[")));
        loop {
            let name = id("an attribute", tokens.next());
            assert_eq!(tokens.next(), Some(Token::Sign("=")));
            let value = id("a value", tokens.next());
            assert_eq!(attributes.insert(name, value), None, "an attribute twice");
            match tokens.next() {
                Some(Token::Sign(",")) => {}
                Some(Token::Sign("]")) => break,
                other => panic!("`,` or `]` expected, found {other:?}"),
            }
        }
        assert_eq!(tokens.next(), Some(Token::Sign(";")));
        match target {
            Some(target) => dot.edges.push((first, target, attributes)),
            // What every node, or every edge, is like.
            None if first == "node" || first == "edge" => {}
            None => dot.nodes.push((first, attributes)),
        }
    }
    assert_eq!(tokens.next(), None, "behind the graph");
    dot
}

/// The lines that a label shows: its escapes and entities resolved.
pub(crate) fn shown(label: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut chars = label.chars();
    while let Some(c) = chars.next() {
        let line = lines.last_mut().expect("there is one");
        match c {
            '\\' => match chars.next().expect("no lone backslash") {
                'n' | 'l' | 'r' => lines.push(String::new()),
                '\\' => line.push('\\'),
                // Graphviz would put in the name of the graph or node.
                other => panic!("the escape \\{other} in {label:?}"),
            },
            '&' => {
                let entity: String = chars.by_ref().take_while(|&c| c != ';').collect();
                assert_eq!(entity, "amp", "in {label:?}");
                line.push('&');
            }
            c => line.push(c),
        }
    }
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
