//! What can be said of the properties at each state of a path, and what a path as a whole shows.
//!
//! A safety property is satisfied in a state or it is not: that depends on the state alone. Of a liveness property a state says whether its goal is
//! met here, and the path up to here whether it is waited for: that violates nothing, since the goal may still come. Only a path with a loop can
//! contradict it.

use serde::Serialize;

use crate::space::{Judgement, PropertyDecl, PropertyKind};
use crate::trace::{contradicts, of_panic};

/// What can be said of a property at one state of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateVerdict {
    /// Satisfied in this state.
    Holds,
    /// Not satisfied in this state.
    Violated,
    /// The goal holds in this state; or it is a witness.
    Met,
    /// The goal is waited for.
    Pending,
    /// Nothing is asked here.
    Idle,
    /// One state says nothing.
    Open,
}

impl StateVerdict {
    /// The letter that stands for it.
    pub(super) fn letter(self) -> char {
        match self {
            StateVerdict::Holds => 'h',
            StateVerdict::Violated => 'v',
            StateVerdict::Met => 'm',
            StateVerdict::Pending => 'p',
            StateVerdict::Idle => 'i',
            StateVerdict::Open => 'o',
        }
    }
}

/// What a path remembers of its properties up to some state.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// `eventually`: the goal was met. `leads to`, `measure`: the goal is owed.
    bits: u64,
}

impl Memory {
    /// The verdicts at the next state of the path.
    pub(super) fn next(&mut self, decls: &[PropertyDecl], state: &Judgement) -> Vec<StateVerdict> {
        let decls = decls.iter().enumerate();
        decls
            .map(|(p, decl)| {
                let bit = 1_u64 << p;
                let holds = state.holds & bit != 0;
                let premise = state.premise & bit != 0;
                self.verdict(decl.kind, bit, holds, premise)
            })
            .collect()
    }

    fn verdict(
        &mut self,
        kind: PropertyKind,
        bit: u64,
        holds: bool,
        premise: bool,
    ) -> StateVerdict {
        use StateVerdict::{Holds, Idle, Met, Open, Pending, Violated};
        let remembered = self.bits & bit != 0;
        match kind {
            PropertyKind::Always | PropertyKind::NoDeadlock | PropertyKind::NoPanic => {
                if holds {
                    Holds
                } else {
                    Violated
                }
            }
            PropertyKind::Implies if !holds => Violated,
            PropertyKind::Implies => {
                if premise {
                    Holds
                } else {
                    Idle
                }
            }
            PropertyKind::Reachable => {
                if holds {
                    Met
                } else {
                    Open
                }
            }
            PropertyKind::Confluent => Open,
            PropertyKind::Eventually => {
                if holds {
                    self.bits |= bit;
                    Met
                } else if remembered {
                    Idle
                } else {
                    Pending
                }
            }
            PropertyKind::LeadsTo | PropertyKind::Measure => {
                if holds {
                    self.bits &= !bit;
                    Met
                } else if remembered || premise {
                    self.bits |= bit;
                    Pending
                } else {
                    Idle
                }
            }
            PropertyKind::InfinitelyOften | PropertyKind::Stabilises => {
                if holds {
                    Met
                } else {
                    Pending
                }
            }
        }
    }
}

/// A property that a path shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shows {
    /// Its number.
    pub property: usize,
    /// `violated`; or for the witness of a reachable `holds`.
    pub verdict: crate::search::Verdict,
    /// The position that shows it first; of a loop its start.
    pub step: usize,
    /// One line for people.
    pub reason: String,
    /// Why that violates the property, as the trace of the path says it, where that can be said.
    pub why: Option<String>,
    /// The parts of the state that shows it, or of those of the loop, that the property reads.
    #[serde(skip)]
    pub(super) reads: Vec<String>,
}

/// What a path shows, but not [why](Shows::tell_why): `verdicts` and `judged` have an item for each of its states. States behind one that lies outside a
/// boundary show nothing, since no check goes there.
pub(super) fn shows(
    decls: &[PropertyDecl],
    verdicts: &[Vec<StateVerdict>],
    judged: &[&Judgement],
    loop_start: Option<usize>,
) -> Vec<Shows> {
    use crate::search::Verdict;
    let outside = judged.iter().position(|state| state.outside != 0);
    let inside = outside.unwrap_or(judged.len());
    let mut found = Vec::new();
    for (property, decl) in decls.iter().enumerate() {
        let wanted = match decl.kind {
            PropertyKind::Reachable => StateVerdict::Met,
            _ => StateVerdict::Violated,
        };
        let mut states = verdicts[..inside].iter();
        let title = title(decl);
        if decl.kind.is_liveness() {
            let Some(start) = loop_start.filter(|_| outside.is_none()) else {
                continue;
            };
            // The state that a loop comes back to is the one that it begins in.
            let last = if start + 1 == judged.len() { 0 } else { 1 };
            let states = &judged[..judged.len() - last];
            if contradicts(decl.kind, property, states, start) {
                let reason = format!("{title} {}", never(decl.kind, start, judged.len() - 1));
                found.push(Shows {
                    property,
                    verdict: Verdict::Violated,
                    step: start,
                    reason,
                    why: None,
                    reads: Vec::new(),
                });
            }
        } else if let Some(step) = states.position(|state| state[property] == wanted) {
            let (verdict, word) = match decl.kind {
                PropertyKind::Reachable => (Verdict::Holds, "is reached"),
                _ => (Verdict::Violated, "is violated"),
            };
            let place = match step {
                0 => "in the initial state".to_owned(),
                n => format!("after step {n}"),
            };
            let panic = judged[step].panic.as_ref();
            let reason = match (decl.kind, panic) {
                (PropertyKind::NoPanic, Some(message)) => {
                    format!("{title} {word} {place}: {}", of_panic(message))
                }
                _ => format!("{title} {word} {place}"),
            };
            found.push(Shows {
                property,
                verdict,
                step,
                reason,
                why: None,
                reads: Vec::new(),
            });
        }
    }
    found
}

/// A property for people: `always "one leader"`; what is built in is named by its kind.
pub(super) fn title(decl: &PropertyDecl) -> String {
    match decl.kind {
        PropertyKind::NoPanic | PropertyKind::NoDeadlock => decl.kind.word().to_owned(),
        kind => format!("{} \"{}\"", kind.word(), decl.name),
    }
}

/// Why a loop contradicts a property of this kind.
fn never(kind: PropertyKind, start: usize, n_steps: usize) -> String {
    let what = match kind {
        PropertyKind::Eventually => "never comes true",
        PropertyKind::LeadsTo | PropertyKind::Measure => "is owed and never comes",
        PropertyKind::InfinitelyOften => "does not come again",
        _ => "does not stay true",
    };
    match start {
        start if start == n_steps => format!("{what}: the run stays there for ever"),
        start => format!("{what}: it goes on for ever from step {}", start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decl(kind: PropertyKind) -> Vec<PropertyDecl> {
        vec![PropertyDecl {
            name: "p".to_owned(),
            kind,
        }]
    }

    fn state(holds: bool, premise: bool) -> Judgement {
        Judgement {
            holds: u64::from(holds),
            premise: u64::from(premise),
            ..Judgement::default()
        }
    }

    /// The letters along a path; `g`: the goal (or the property) holds, `p`: the premise does, `b`: both.
    fn check(kind: PropertyKind, states: &str, expected: &str) {
        let decls = decl(kind);
        let mut memory = Memory::default();
        let letters: String = states
            .chars()
            .map(|c| {
                let state = state("gb".contains(c), "pb".contains(c));
                memory.next(&decls, &state)[0].letter()
            })
            .collect();
        assert_eq!(letters, expected, "{kind:?} {states}");
    }

    #[test]
    fn every_kind_of_property() {
        check(PropertyKind::Always, "g-g", "hvh");
        check(PropertyKind::NoPanic, "g-", "hv");
        check(PropertyKind::NoDeadlock, "g-", "hv");
        check(PropertyKind::Implies, "gb-", "ihv");
        check(PropertyKind::Reachable, "-g-", "omo");
        check(PropertyKind::Confluent, "g-", "oo");
        check(PropertyKind::Eventually, "-g-g", "pmim");
        check(PropertyKind::LeadsTo, "-p-g-b-", "ippmimi");
        check(PropertyKind::Measure, "gp-g", "mppm");
        check(PropertyKind::InfinitelyOften, "-g-", "pmp");
        check(PropertyKind::Stabilises, "-g-", "pmp");
    }

    fn shown(kind: PropertyKind, states: &[Judgement], loop_start: Option<usize>) -> Vec<Shows> {
        let decls = decl(kind);
        let mut memory = Memory::default();
        let verdicts: Vec<_> = states.iter().map(|s| memory.next(&decls, s)).collect();
        let judged: Vec<&Judgement> = states.iter().collect();
        shows(&decls, &verdicts, &judged, loop_start)
    }

    #[test]
    fn a_path_shows_what_its_first_bad_state_shows() {
        let states = [state(true, false), state(false, false), state(true, false)];
        let shown = shown(PropertyKind::Always, &states, None);
        assert_eq!((shown.len(), shown[0].step), (1, 1));
        assert_eq!(shown[0].reason, "always \"p\" is violated after step 1");
    }

    #[test]
    fn what_lies_outside_a_boundary_shows_nothing() {
        let mut outside = state(true, false);
        outside.outside = 1;
        let states = [state(true, false), outside, state(false, false)];
        assert_eq!(shown(PropertyKind::Always, &states, None), []);
    }

    #[test]
    fn only_a_loop_contradicts_a_liveness_property() {
        let states = [
            state(false, false),
            state(false, false),
            state(false, false),
        ];
        assert_eq!(shown(PropertyKind::Eventually, &states, None), []);
        let lasso = shown(PropertyKind::Eventually, &states, Some(1));
        assert_eq!(lasso[0].step, 1);
        assert_eq!(
            lasso[0].reason,
            "eventually \"p\" never comes true: it goes on for ever from step 2"
        );
        let stays = shown(PropertyKind::Eventually, &states, Some(2));
        assert!(stays[0].reason.ends_with("the run stays there for ever"));
        let met = [state(true, false), state(false, false), state(false, false)];
        assert_eq!(shown(PropertyKind::Eventually, &met, Some(1)), []);
    }
}
