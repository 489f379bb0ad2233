//! Names close to a mistyped one, for error messages.

/// What to do about an unknown name: `did you mean "duva-join"?` where some name is near; else all that there are.
pub(crate) fn cure<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = nearest(name, &known);
    if known.is_empty() {
        "there are none".to_owned()
    } else if near.is_empty() {
        format!("there is {}", quoted(&known))
    } else {
        format!("did you mean {}?", quoted(&near))
    }
}

fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The names that are near, at most three, nearest first: at most a third of the letters differ, or one contains the other.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let mut near: Vec<(usize, usize, &str)> = known
        .iter()
        .enumerate()
        .filter_map(|(i, candidate)| {
            let other = candidate.to_lowercase();
            let distance = distance(&lower, &other);
            let letters = lower.chars().count().max(other.chars().count());
            let part = lower.len() >= 3 && (other.contains(&lower) || lower.contains(&other));
            (distance <= letters.div_ceil(3) || part).then_some((distance, i, *candidate))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, _, name)| name).collect()
}

/// The edit distance of two names (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
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
    fn edit_distances() {
        for (a, b, n) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("duva-join", "duva-jion", 2),
            ("café", "cafe", 1),
        ] {
            assert_eq!(distance(a, b), n, "{a} {b}");
            assert_eq!(distance(b, a), n, "{b} {a}");
        }
    }

    #[test]
    fn near_names_come_first_and_far_ones_not_at_all() {
        for (name, known, cure_) in [
            (
                "leadr",
                &["voter", "Leader", "ladder"][..],
                "did you mean \"Leader\"?",
            ),
            (
                "callback",
                &["fire-and-forget", "callback-chain", "callback-chain-retry"],
                "did you mean \"callback-chain\", \"callback-chain-retry\"?",
            ),
            ("xyz", &["raft", "links"], "there is \"raft\", \"links\""),
            ("xyz", &[], "there are none"),
        ] {
            assert_eq!(cure(name, known.iter().copied()), cure_);
        }
    }
}
