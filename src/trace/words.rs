//! What properties are called, how long a path is and how it goes on for ever, in words: the same at the terminal and in what a trace becomes.

use crate::space::PropertyKind;
use crate::value::printable;

/// A property's kind and name; the built-in ones are called as their kind.
pub(crate) fn titled(name: &str, kind: PropertyKind) -> String {
    match quoted_name(name, kind).as_str() {
        "" => kind.word().to_owned(),
        quoted => format!("{} {quoted}", kind.word()),
    }
}

/// A property's name in quotes; the built-in ones need none beside their kind.
pub(crate) fn quoted_name(name: &str, kind: PropertyKind) -> String {
    if name == kind.word() {
        String::new()
    } else {
        format!("\"{}\"", printable(name))
    }
}

/// So many steps, and what repeats of them: `12 steps, the last 4 again and again`.
pub(crate) fn length(steps: usize, loop_start: Option<usize>) -> String {
    format!("{}{}", plural(steps, "step"), for_ever(steps, loop_start))
}

/// How a path goes on for ever, behind the number of its steps.
pub(crate) fn for_ever(steps: usize, loop_start: Option<usize>) -> String {
    match loop_start.map(|start| steps.saturating_sub(start)) {
        None => String::new(),
        Some(0) => ", and stays there".to_owned(),
        Some(n) if n == steps => ", again and again".to_owned(),
        Some(1) => ", the last again and again".to_owned(),
        Some(n) => format!(", the last {} again and again", grouped(n as u64)),
    }
}

/// `1 step`, `2 steps`.
pub(crate) fn plural(n: usize, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(n as u64))
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (61_515_776, "61,515,776"),
        ] {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn a_loop_is_told_behind_the_number_of_steps() {
        for (steps, loop_start, text) in [
            (1, None, "1 step"),
            (1_200, None, "1,200 steps"),
            (3, Some(3), "3 steps, and stays there"),
            (3, Some(2), "3 steps, the last again and again"),
            (3, Some(0), "3 steps, again and again"),
            (
                1_200,
                Some(100),
                "1,200 steps, the last 1,100 again and again",
            ),
        ] {
            assert_eq!(length(steps, loop_start), text);
        }
    }
}
