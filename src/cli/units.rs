//! Durations and sizes as people write them: `30s`, `4GiB`.

use std::time::Duration;

/// A duration: a number and `ms`, `s`, `m` or `h`; seconds without a unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let units = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("", 1_000),
    ];
    scaled(text, &units)
        .map(Duration::from_millis)
        .ok_or_else(|| "a duration is a number and ms, s, m or h: 500ms, 30s, 10m; without a unit it is seconds"
                .to_owned())
}

/// A size in bytes: a number and `KiB`, `MiB`, `GiB`, `TiB`, or the powers of ten `KB`, `MB`, `GB`, `TB`; bytes without a unit.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
        ("", 1),
    ];
    scaled(text, &units)
        .filter(|n| *n > 0)
        .ok_or_else(|| "a size is a number and B, KB, MB, GB, TB, KiB, MiB, GiB or TiB: 4GiB; without a unit it is bytes"
                .to_owned())
}

/// A decimal number before one of the units, in the least unit. The first unit that fits counts.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let (_, factor) = units.iter().find(|(u, _)| u.eq_ignore_ascii_case(unit))?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10u128.pow(fraction.len() as u32);
    let number: u128 = format!("{whole}{fraction}").parse().ok()?;
    // Below the least unit a fraction is cut off.
    u64::try_from(number.checked_mul(u128::from(*factor))? / scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("30s", 30_000),
            ("30", 30_000),
            ("500ms", 500),
            ("1.5m", 90_000),
            ("2h", 7_200_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1 s",
            "1e3",
            "1d",
            "99999999999999999999s",
            ".5s",
        ] {
            let told = duration(text).expect_err(text);
            assert!(told.contains("without a unit it is seconds"), "{told}");
        }
    }

    #[test]
    fn sizes() {
        for (text, n) in [
            ("4GiB", 4 << 30),
            ("4gib", 4 << 30),
            ("1.5KiB", 1_536),
            ("2MB", 2_000_000),
            ("17", 17),
            ("17B", 17),
        ] {
            assert_eq!(bytes(text), Ok(n), "{text}");
        }
        for text in ["", "GiB", "-4GiB", "0", "4 GiB", "4XB", "99999999TiB"] {
            let told = bytes(text).expect_err(text);
            assert!(told.contains("without a unit it is bytes"), "{told}");
        }
    }
}
