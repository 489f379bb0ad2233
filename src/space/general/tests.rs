//! General models, small enough to count by hand.

use stateright::Property;

use super::*;
use crate::search::{Options, Outcome, Verdict, search};

/// A counter from 0 that may go up by one or two, up to `max`; what happens on the way is up to its fields.
#[derive(Clone, Default)]
struct Counter {
    max: u8,
    panics_at: Option<u8>,
    actions_panic_at: Option<u8>,
    property_panics_at: Option<u8>,
    liveness: bool,
    bound: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
enum Up {
    Two,
    One,
}

impl Model for Counter {
    type State = u8;
    type Action = Up;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }
    fn actions(&self, state: &u8, actions: &mut Vec<Up>) {
        assert_ne!(self.actions_panic_at, Some(*state), "no actions");
        actions.extend([Up::Two, Up::One]);
    }
    fn next_state(&self, state: &u8, action: Up) -> Option<u8> {
        let next = match action {
            Up::Two => state + 2,
            Up::One => state + 1,
        };
        assert!(self.panics_at != Some(next), "cannot be {next}");
        (next <= self.max).then_some(next)
    }
    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("fine", |model: &Counter, &state| {
                assert_ne!(model.property_panics_at, Some(state), "not fine");
                state != 7
            }),
            Property::sometimes("end", |model: &Counter, &state| state == model.max),
        ];
        if self.liveness {
            properties.push(Property::eventually("ends", |model, &state| {
                state == model.max
            }));
        }
        properties
    }
    fn within_boundary(&self, state: &u8) -> bool {
        self.bound.is_none_or(|bound| *state <= bound)
    }
}

fn counter(max: u8) -> Counter {
    Counter {
        max,
        ..Counter::default()
    }
}

fn run<I: Identity<u8>>(space: GeneralSpace<Counter, I>) -> Outcome {
    let mut space = space;
    let one = search(&mut space, &Options::default(), &()).expect("a sound model");
    for (threads, exact) in [(2, false), (3, false), (2, true)] {
        let options = Options {
            threads,
            exact,
            ..Options::default()
        };
        let other = search(&mut space, &options, &()).expect("a sound model");
        assert_eq!(one.counts, other.counts);
        assert_eq!(
            format!("{:?}", one.properties),
            format!("{:?}", other.properties)
        );
    }
    one
}

fn verdicts(outcome: &Outcome) -> Vec<(&str, Verdict)> {
    let properties = outcome.properties.iter();
    let rows = properties.map(|p| (p.decl.name.as_str(), p.verdict));
    rows.collect()
}

#[test]
fn explores_a_model_with_its_own_properties_and_closures() {
    let outcome = run(GeneralSpace::encoded(counter(9))
        .always("small", |model, &state| state <= model.max)
        .reachable("four", |_, &state| state == 4)
        .implies("odd", |_, &state| state % 2 == 1, |_, &state| state != 5)
        .implies("huge", |_, &state| state > 100, |_, _| false));
    let counts = outcome.counts;
    assert_eq!(
        (counts.unique, counts.generated, counts.depth),
        (10, 1 + 9 + 8, 5)
    );
    let expected = [
        ("no panic", Verdict::Holds),
        ("fine", Verdict::Violated),
        ("end", Verdict::Holds),
        ("small", Verdict::Holds),
        ("four", Verdict::Holds),
        ("odd", Verdict::Violated),
        ("huge", Verdict::Vacuous),
    ];
    assert_eq!(verdicts(&outcome), expected);
    assert_eq!(outcome.properties[1].paths[0].steps, [0, 0, 0, 1]);
    assert_eq!(outcome.identity_note, None);
}

#[test]
fn the_three_identities_agree_on_a_sound_state() {
    let encoded = run(GeneralSpace::encoded(counter(20)));
    let hashed = run(GeneralSpace::hashed(counter(20)));
    let audited = run(GeneralSpace::audited(counter(20)));
    assert_eq!(encoded.counts, hashed.counts);
    assert_eq!(encoded.counts, audited.counts);
    assert_eq!(hashed.identity_note.as_deref(), Some("the model's Hash"));
    assert!(audited.identity_note.is_some());
}

#[test]
fn a_panic_of_a_step_ends_a_trace() {
    for model in [
        Counter {
            panics_at: Some(6),
            ..counter(9)
        },
        Counter {
            actions_panic_at: Some(4),
            ..counter(9)
        },
    ] {
        let outcome = run(GeneralSpace::hashed(model));
        assert_eq!(outcome.properties[0].verdict, Verdict::Violated);
        assert_eq!(outcome.properties[0].paths[0].steps.len(), 3);
        let note = outcome.properties[0].note.as_deref().expect("a reason");
        assert!(note.contains("cannot be 6") || note.contains("no actions"));
        // 7 and more are still reached, by the other steps.
        let fine = &outcome.properties[1];
        assert_eq!(fine.verdict, Verdict::Violated);
    }
}

#[test]
fn a_panic_of_a_property_is_told_and_the_others_are_judged() {
    let model = Counter {
        property_panics_at: Some(9),
        ..counter(9)
    };
    let outcome = run(GeneralSpace::hashed(model));
    let expected = [
        ("no panic", Verdict::Violated),
        ("fine", Verdict::Violated),
        ("end", Verdict::Holds),
    ];
    assert_eq!(verdicts(&outcome), expected);
    let note = outcome.properties[0].note.as_deref().expect("a reason");
    assert!(note.contains("\"fine\" panics") && note.contains("not fine"));
}

#[test]
fn boundaries_are_named_only_where_they_cut() {
    let model = Counter {
        bound: Some(5),
        ..counter(9)
    };
    let outcome = run(GeneralSpace::encoded(model));
    assert_eq!(outcome.cuts, ["within_boundary"]);
    assert_eq!(outcome.counts.unique, 6);
    assert_eq!(outcome.properties[1].verdict, Verdict::HoldsWithinBounds);
    let outcome = run(GeneralSpace::encoded(counter(9)).within("≤ 6", |_, &state| state <= 6));
    assert_eq!(outcome.cuts, ["≤ 6"]);
    let outcome = run(GeneralSpace::encoded(counter(9)).within("≤ 9", |_, &state| state <= 9));
    assert!(outcome.cuts.is_empty());
}

#[test]
fn a_models_own_eventually_is_checked() {
    let model = Counter {
        liveness: true,
        ..counter(3)
    };
    let outcome = run(GeneralSpace::encoded(model));
    assert_eq!(verdicts(&outcome)[3], ("ends", Verdict::Holds));
    let model = Counter {
        liveness: true,
        ..counter(9)
    };
    // From the end there is no way back.
    let never = GeneralSpace::encoded(model).infinitely_often("zero", |_, &state| state == 0);
    let outcome = run(never);
    assert_eq!(verdicts(&outcome)[4], ("zero", Verdict::Violated));
    let lasso = &outcome.properties[4].paths[0];
    assert_eq!(lasso.loop_start, Some(lasso.steps.len()));
}

#[test]
fn mistakes_are_errors_with_a_cure() {
    let check = |mut space: GeneralSpace<Counter, Encoded>| {
        let error = search(&mut space, &Options::default(), &());
        error.expect_err("a mistake").to_string()
    };
    let twice = check(GeneralSpace::encoded(counter(3)).always("fine", |_, _| true));
    assert!(twice.contains("two properties"));
}

/// Two counters in one state whose `Hash` leaves one out, and floats that may be NaN.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
struct Pair(u8, f64);

impl Hash for Pair {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

struct Pairs {
    nan: bool,
}

impl Model for Pairs {
    type State = Pair;
    type Action = bool;

    fn init_states(&self) -> Vec<Pair> {
        vec![Pair(0, 0.0)]
    }
    fn actions(&self, _: &Pair, actions: &mut Vec<bool>) {
        actions.extend([false, true]);
    }
    fn next_state(&self, state: &Pair, first: bool) -> Option<Pair> {
        let mut next = state.clone();
        if first {
            next.0 += 1;
        } else {
            next.1 += if self.nan { f64::NAN } else { 1.0 };
        }
        (next.0 < 3 && (next.1.is_nan() || next.1 < 3.0)).then_some(next)
    }
}

#[test]
fn audited_and_exact_sees_through_a_poor_hash() {
    let exact = Options {
        exact: true,
        ..Options::default()
    };
    let unique = |outcome: Result<Outcome, Error>| outcome.expect("sound").counts.unique;
    let model = || Pairs { nan: false };
    let mut audited = GeneralSpace::audited(model());
    assert_eq!(unique(search(&mut audited, &exact, &())), 9);
    let mut encoded = GeneralSpace::encoded(model());
    assert_eq!(unique(search(&mut encoded, &Options::default(), &())), 9);
    // What the poor hash does without a comparison, and why the report says whose hash it is.
    let mut hashed = GeneralSpace::hashed(model());
    assert_eq!(unique(search(&mut hashed, &Options::default(), &())), 3);
}

#[test]
fn a_state_without_canonical_encoding_is_an_error() {
    let mut space = GeneralSpace::encoded(Pairs { nan: true });
    let error = search(&mut space, &Options::default(), &()).expect_err("NaN");
    assert!(error.is_model());
    assert!(error.to_string().contains("NaN"), "{error}");
}

#[test]
fn labels_say_what_is_done_and_order_it() {
    let label = |space: &mut dyn FnMut(u32) -> Label| (space(0), space(1));
    let mut by_index = GeneralSpace::hashed(counter(9));
    let mut arena = GeneralArena::default();
    by_index.initial(&mut arena).expect("a sound model");
    let (two, one) = label(&mut |step| by_index.label(&arena, 0, step).expect("a step"));
    assert_eq!(two.content, Tree::Debug("Two".into()));
    assert_eq!(one.content, Tree::Debug("One".into()));
    assert!(two.key < one.key);
    let by_encoding = GeneralSpace::hashed(counter(9)).with_encoded_actions();
    let (two, one) = label(&mut |step| by_encoding.label(&arena, 0, step).expect("a step"));
    assert!(two.key < one.key && !two.key.is_empty());
    assert_eq!(by_encoding.render(&arena, 0)[0].0, "state");
}
