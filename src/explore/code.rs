//! Paths as they stand in addresses: short, and checked against the model as it is today.
//!
//! A path is `INITIAL.CHECK STEPS`, with `.LOOP` behind it where it goes on for ever: the index of the initial state, 4 characters of its fingerprint, 6
//! characters for each step, the number of steps before the loop. A step's *code* has 36 bits: 16 of a hash of the action, 20 of the resulting
//! state's fingerprint. Among the enabled steps of a state no two have the same code: where two would, the later one is hashed again. So a code
//! means one step, exactly; the bits only tell when a model has changed.
//!
//! Knows no model: [`codes`] is given keys and fingerprints.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::Error;

/// A path has at most so many steps: an address has to hold it.
pub const STEPS_MAX: usize = 10_000;

/// Characters of a step.
pub const CODE_LENGTH: usize = 6;

/// Characters of the initial state's check.
const CHECK_LENGTH: usize = 4;

/// Bits of a step's code that say where it leads.
const STATE_BITS: u32 = 20;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What stands for a step in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(u64);

/// An address, taken apart and not yet walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) initial: usize,
    /// Not there in an address that a person typed.
    pub(super) check: Option<u64>,
    pub(super) codes: Vec<Code>,
    pub(super) loop_start: Option<usize>,
}

impl Code {
    fn of(key: &[u8], fingerprint: u64, salt: u64) -> Self {
        let action = xxh3_64_with_seed(key, salt) >> (64 - 16);
        let state = match salt {
            0 => fingerprint,
            _ => xxh3_64_with_seed(&fingerprint.to_le_bytes(), salt),
        };
        Code(action << STATE_BITS | state & ((1 << STATE_BITS) - 1))
    }

    /// Whether both are about the same action, as far as the bits say.
    pub(super) fn is_same_action(self, other: Code) -> bool {
        self.0 >> STATE_BITS == other.0 >> STATE_BITS
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&letters(self.0, CODE_LENGTH))
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The codes of a state's steps, given by key and fingerprint in semantic order: no two are equal.
pub(super) fn codes<'a>(steps: impl Iterator<Item = (&'a [u8], u64)>) -> Vec<Code> {
    let mut codes: Vec<Code> = Vec::new();
    for (key, fingerprint) in steps {
        let mut salted = (0..).map(|salt| Code::of(key, fingerprint, salt));
        let free = salted.find(|code| !codes.contains(code));
        // There are more salts than steps that a state can have.
        codes.extend(free);
    }
    codes
}

/// The check of an initial state.
pub(super) fn check(fingerprint: u64) -> u64 {
    fingerprint & ((1 << (6 * CHECK_LENGTH)) - 1)
}

/// The part of an address that comes before its steps.
pub(super) fn base(initial: usize, fingerprint: u64) -> String {
    format!("{initial}.{}", letters(check(fingerprint), CHECK_LENGTH))
}

/// The most significant letter first.
fn letters(bits: u64, n: usize) -> String {
    let digit = |i: usize| ALPHABET[(bits >> (6 * i) & 63) as usize];
    (0..n).rev().map(|i| char::from(digit(i))).collect()
}

fn bits(letters: &[u8]) -> Option<u64> {
    letters.iter().try_fold(0, |bits, letter| {
        let digit = ALPHABET.iter().position(|known| known == letter)?;
        Some(bits << 6 | digit as u64)
    })
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        Self::taken_apart(text).ok_or_else(|| {
            Error::usage("this is not the address of a path").with_cure(
                "`0` is the first initial state; everything else is made by the explorer",
            )
        })
    }

    fn taken_apart(text: &str) -> Option<Self> {
        let number = |digits: &str| -> Option<usize> {
            let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            all.then(|| digits.parse().ok()).flatten()
        };
        let mut parts = text.split('.');
        let initial = number(parts.next()?)?;
        let (second, third) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        let (walked, loop_start) = match (second, third) {
            // Digits alone are a loop: what is walked has four letters at least, and its address a check.
            (Some(digits), None) if digits.len() < CHECK_LENGTH => (None, Some(number(digits)?)),
            (walked, None) => (walked, None),
            (walked, Some(digits)) => (walked, Some(number(digits)?)),
        };
        let Some(walked) = walked.map(str::as_bytes) else {
            return Some(Address {
                initial,
                check: None,
                codes: Vec::new(),
                loop_start,
            });
        };
        let (check, steps) = walked.split_at_checked(CHECK_LENGTH)?;
        let (steps, rest) = steps.as_chunks::<CODE_LENGTH>();
        if !rest.is_empty() {
            return None;
        }
        let codes: Option<Vec<Code>> = steps.iter().map(|step| bits(step).map(Code)).collect();
        Some(Address {
            initial,
            check: Some(bits(check)?),
            codes: codes?,
            loop_start,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_as_it_was_put_together() {
        let fingerprint = 0x0123_4567_89ab_cdef;
        let steps: [(&[u8], u64); 3] = [(b"a", 1), (b"b", 2), (b"a", 3)];
        let codes = codes(steps.into_iter());
        let steps: String = codes.iter().map(Code::to_string).collect();
        let base = base(12, fingerprint);
        assert_eq!(base, "12.q83v");
        let address = Address::parse(&format!("{base}{steps}.1")).expect("an address");
        assert_eq!(address.initial, 12);
        assert_eq!(address.check, Some(check(fingerprint)));
        assert_eq!(address.codes, codes);
        assert_eq!(address.loop_start, Some(1));
        let steps = &Address::parse(&format!("{base}{steps}")).expect("one");
        assert_eq!((steps.codes.len(), steps.loop_start), (3, None));
    }

    #[test]
    fn what_a_person_types_is_an_address_too() {
        for (text, initial, loop_start) in [("0", 0, None), ("7", 7, None), ("0.0", 0, Some(0))] {
            let address = Address::parse(text).expect(text);
            assert_eq!((address.initial, address.loop_start), (initial, loop_start));
            assert_eq!((address.check, address.codes.len()), (None, 0));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            ".",
            "..",
            "x",
            "-1",
            "0.",
            "0.abcde",
            "0.ab c",
            "0.abcd.",
            "0.abcd.x",
            "0.abcd.1.2",
            "0.äöü",
            "99999999999999999999999",
            "0.abcdABCDE",
            "+1",
            "0.abc/",
            "0.ab.1",
        ] {
            let error = Address::parse(text).expect_err(text);
            assert!(error.is_usage() && error.cure().is_some(), "{text}");
        }
    }

    #[test]
    fn equal_bits_are_told_apart() {
        // The same action to states that differ above the bits that a code has.
        let same: [(&[u8], u64); 3] = [(b"a", 5), (b"a", 5 | 1 << 40), (b"a", 5 | 1 << 41)];
        let codes = codes(same.into_iter());
        assert_eq!(codes.len(), 3);
        assert!(codes[0] != codes[1] && codes[1] != codes[2] && codes[0] != codes[2]);
    }
}
