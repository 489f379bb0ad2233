//! The stream as workflow commands of GitHub Actions: each problem is an annotation, at the line that lists the check.
//! What is as expected is not mentioned.

use super::problem::problems;
use super::{Notice, Reporter};

/// Reports as annotations.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitHub;

impl Reporter for GitHub {
    fn text(&mut self, notice: &Notice<'_>) -> String {
        let mut text = String::new();
        for problem in problems(notice) {
            let level = match problem.rule.is_error() {
                true => "error",
                false => "warning",
            };
            let mut properties = Vec::new();
            if let Some(origin) = problem.origin {
                properties.push(format!("file={}", property(&origin.file)));
                properties.push(format!("line={}", origin.line));
            }
            properties.push(format!("title={}", property(&problem.check)));
            let properties = properties.join(",");
            let message = data(&problem.whole());
            text.push_str(&format!("::{level} {properties}::{message}\n"));
        }
        text
    }
}

/// Text as a command's message.
fn data(text: &str) -> String {
    text.trim_end()
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Text as the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_its_command() {
        assert_eq!(data("50 %\na::b\r"), "50 %25%0Aa::b");
        assert_eq!(property("a/b (x=1, y=2): 3"), "a/b (x=1%2C y=2)%3A 3");
    }
}
