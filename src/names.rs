//! Names close to a mistyped one, for error messages.

/// The names nearest to `name`, at most three, best first, quoted and joined by commas: `"leader", "leaders"`.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<(usize, &str)> = known
        .into_iter()
        .map(|other| (distance(name, other), other))
        .collect();
    known.sort();
    let quoted = known
        .iter()
        .take(3)
        .map(|(_, other)| format!("\"{other}\""));
    quoted.collect::<Vec<_>>().join(", ")
}

/// The edit distance of two names (Levenshtein), letter case aside.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_names_come_first() {
        assert_eq!(
            nearest("leadr", ["voter", "Leader", "ladder"]),
            "\"Leader\", \"ladder\", \"voter\""
        );
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
