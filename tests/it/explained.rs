//! What explains a trace: which step decides that a property is violated, held against every set of steps that a run can take again and
//! again; which steps belong to the causal past.

use allways::prelude::*;
use allways::search::{Options, Path, Verdict};
use allways::space::{
    ActorSpace, Fairness, GeneralSpace, PropertyDecl, PropertyKind, Role, StateSpace,
};
use allways::trace::{self, About, Decided, Explanation, Shown, Style, Trace, Unknown};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::cli::Sandbox;
use crate::fair_graphs::{Edge, Graph, State, Step};
use crate::stories::trace_file;

/// A graph, a walk through it, and what is asked of its runs.
#[derive(Clone, Debug)]
struct Case {
    graph: Graph,
    walk: Vec<u32>,
    kind: PropertyKind,
}

const KINDS: [PropertyKind; 5] = [
    PropertyKind::Always,
    PropertyKind::Eventually,
    PropertyKind::LeadsTo,
    PropertyKind::InfinitelyOften,
    PropertyKind::Stabilises,
];

const FAIRNESS: [Fairness; 4] = [
    Fairness::None,
    Fairness::Weak,
    Fairness::Strong,
    Fairness::Matched,
];

fn cases() -> impl Strategy<Value = Case> {
    let role = select(&[Role::Takes, Role::Takes, Role::Enables, Role::Uses][..]);
    let shares = vec((0..2_usize, role), 0..3);
    let steps = vec((0..4_usize, 0..4_usize, shares), 1..8);
    let marks = vec(
        (any::<bool>(), any::<bool>(), proptest::bool::weighted(0.1)),
        4,
    );
    let classes = vec(select(&FAIRNESS[..]), 2);
    let choices = vec(any::<u8>(), 0..5);
    (classes, marks, steps, choices, select(&KINDS[..])).prop_map(
        |(classes, marks, steps, choices, kind)| {
            let mut graph = Graph::new(&classes);
            graph.decls.push(PropertyDecl {
                name: "always".to_owned(),
                kind: PropertyKind::Always,
            });
            for (i, (goal, premise, outside)) in marks.into_iter().enumerate() {
                graph.states.push(State {
                    goal,
                    premise,
                    outside: outside && i > 0,
                    ..State::default()
                });
            }
            for (from, to, mut shares) in steps {
                shares.retain(|&(class, role)| {
                    (role == Role::Uses) == (classes[class] == Fairness::Matched)
                        || role == Role::Takes
                });
                shares.dedup();
                graph.states[from].steps.push(Step { to, shares });
            }
            let (mut at, mut walk) = (0, Vec::new());
            for choice in choices {
                let n = graph.states[at].steps.len();
                if n == 0 {
                    break;
                }
                let step = usize::from(choice) % n;
                walk.push(step as u32);
                at = graph.states[at].steps[step].to;
            }
            if kind == PropertyKind::Eventually {
                // What contradicts it never comes to a goal.
                let mut at = 0;
                graph.states[at].goal = false;
                for &step in &walk {
                    at = graph.states[at].steps[step as usize].to;
                    graph.states[at].goal = false;
                }
            }
            Case { graph, walk, kind }
        },
    )
}

/// A walk as a trace that is said to violate the property.
fn trace_of<S: StateSpace>(space: &mut S, walk: &[u32], kind: PropertyKind) -> Trace {
    let path = Path {
        initial: 0,
        steps: walk.to_vec(),
        loop_start: None,
    };
    let path = trace::record_path(space, &path).expect("it repeats itself");
    Trace {
        format: trace::FORMAT.to_owned(),
        version: trace::VERSION,
        encoding: 1,
        model: String::new(),
        variant: String::new(),
        parameters: Vec::new(),
        hash_seed: 0,
        property: Shown {
            name: kind.word().to_owned(),
            kind,
            verdict: Verdict::Violated,
        },
        lanes: space.lanes().to_vec(),
        tie_break: true,
        paths: vec![path],
        ends: Vec::new(),
    }
}

/// The states with and without a goal that is pending, as a graph of its own: state `2 s + pending`.
struct Oracle {
    product: Graph,
    kind: PropertyKind,
}

impl Oracle {
    fn of(case: &Case) -> Self {
        let pends = |before: bool, state: &State| {
            case.kind == PropertyKind::LeadsTo && (before || state.premise) && !state.goal
        };
        let mut product = Graph::new(&case.graph.classes);
        for state in &case.graph.states {
            for pending in [false, true] {
                let steps = state.steps.iter().map(|step| {
                    let to = &case.graph.states[step.to];
                    Step {
                        to: 2 * step.to + usize::from(pends(pending, to)),
                        shares: step.shares.clone(),
                    }
                });
                product.states.push(State {
                    steps: steps.collect(),
                    ..state.clone()
                });
            }
        }
        Oracle {
            product,
            kind: case.kind,
        }
    }

    fn passes(&self, state: usize) -> bool {
        let state = &self.product.states[state];
        !state.outside && (self.kind != PropertyKind::Always || state.goal)
    }

    /// The states that a run which goes on as it has to can come to; whether it might leave the boundary.
    fn ahead(&self, from: usize) -> (Vec<usize>, bool) {
        let (mut seen, mut leaves) = (vec![from], false);
        let mut next = 0;
        while let Some(&state) = seen.get(next) {
            next += 1;
            leaves |= self.product.states[state].outside;
            let is_met = self.kind == PropertyKind::Eventually && self.product.states[state].goal;
            if !self.passes(state) || is_met {
                continue;
            }
            for step in &self.product.states[state].steps {
                if !seen.contains(&step.to) {
                    seen.push(step.to);
                }
            }
        }
        (seen, leaves)
    }

    /// Whether a run may visit just these states, and take just these steps, again and again, and satisfy the property.
    fn satisfies(&self, states: &[usize], edges: &[Edge]) -> bool {
        let goal = |state: &usize| self.product.states[*state].goal;
        let suits = match self.kind {
            PropertyKind::InfinitelyOften => states.iter().any(goal),
            PropertyKind::Stabilises => states.iter().all(goal),
            PropertyKind::LeadsTo => states.iter().any(|state| state % 2 == 0),
            _ => true,
        };
        suits
            && states.iter().all(|&state| self.passes(state))
            && self.product.is_fair(states, edges)
    }

    /// Whether some fair run from a state satisfies the property, by definition.
    fn is_satisfied(&self, from: usize) -> bool {
        let (ahead, _) = self.ahead(from);
        let ahead: Vec<usize> = ahead.into_iter().filter(|&s| self.passes(s)).collect();
        if self.kind == PropertyKind::Eventually {
            return ahead.iter().any(|&state| self.product.states[state].goal);
        }
        if ahead.iter().any(|&state| self.satisfies(&[state], &[])) {
            return true;
        }
        let mut edges: Vec<Edge> = Vec::new();
        for &from in &ahead {
            let steps = self.product.states[from].steps.iter().enumerate();
            let inside = steps.filter(|(_, step)| ahead.contains(&step.to));
            edges.extend(inside.map(|(i, step)| (from, i, step.to)));
        }
        assert!(edges.len() <= 16, "too many sets of steps");
        (1_u32..1 << edges.len()).any(|set| {
            let taken: Vec<Edge> = (edges.iter().enumerate())
                .filter(|(i, _)| set >> i & 1 == 1)
                .map(|(_, &edge)| edge)
                .collect();
            let states = Graph::states_of(&taken);
            self.satisfies(&states, &taken) && Graph::is_connected(&states, &taken)
        })
    }

    /// Whether a run may stay in a state and satisfy the property.
    fn may_stay(&self, state: usize) -> bool {
        let is_met = self.kind != PropertyKind::Eventually || self.product.states[state].goal;
        is_met && self.passes(state) && self.satisfies(&[state], &[])
    }

    /// The states of a walk.
    fn states_of(&self, walk: &[u32]) -> Vec<usize> {
        let first = &self.product.states[0];
        let pending = self.kind == PropertyKind::LeadsTo && first.premise && !first.goal;
        let mut states = vec![usize::from(pending)];
        for &step in walk {
            let here = &self.product.states[states[states.len() - 1]];
            states.push(here.steps[step as usize].to);
        }
        states
    }

    /// What is to be said of a walk.
    fn decided(&self, walk: &[u32]) -> Decided {
        let states = self.states_of(walk);
        for (after, &state) in states.iter().enumerate().rev() {
            if self.is_satisfied(state) {
                assert!(
                    self.kind == PropertyKind::Always
                        || states[..after]
                            .iter()
                            .any(|&s| self.product.states[s].outside)
                        || states[..after]
                            .iter()
                            .all(|&before| self.is_satisfied(before)),
                    "what can be satisfied could be before"
                );
                if after == walk.len() {
                    return Decided::Nowhere;
                }
                return Decided::AtStep {
                    step: after + 1,
                    instead: Vec::new(),
                    may_stay: self.may_stay(state),
                };
            }
            if self.ahead(state).1 {
                let why = Unknown::Boundary;
                return Decided::Unknown { after, why };
            }
        }
        Decided::FromTheStart
    }
}

fn decided(explanation: &Explanation) -> &Decided {
    assert_eq!(explanation.paths.len(), 1);
    explanation.paths[0].decided.as_ref().expect("it was asked")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random graphs with weak, strong and matched classes: the step that decides is the one that decides by definition, and the other ways
    /// are those that a run could go.
    #[test]
    fn the_step_that_decides_is_that_of_the_definition(case in cases()) {
        let oracle = Oracle::of(&case);
        let mut graph = case.graph.clone();
        let trace = trace_of(&mut graph, &case.walk, case.kind);
        let explanation = trace::explain(&mut graph, &trace).expect("a sound space");
        let mut found = decided(&explanation).clone();
        if let Decided::AtStep { step, instead, .. } = &mut found {
            let here = oracle.states_of(&case.walk)[*step - 1];
            let steps = oracle.product.states[here].steps.iter().enumerate();
            let ways: Vec<String> = steps
                .filter(|(_, to)| oracle.is_satisfied(to.to))
                .map(|(i, _)| format!("{i:08x}"))
                .collect();
            let told: Vec<String> = instead.drain(..).map(|way| way.key).collect();
            prop_assert_eq!(told, ways);
        }
        prop_assert_eq!(found, oracle.decided(&case.walk));
    }
}

/// Goes up to 2 and is stuck, or down a long way.
struct Fork {
    long: u32,
}

impl stateright::Model for Fork {
    type State = (bool, u32);
    type Action = bool;
    fn init_states(&self) -> Vec<(bool, u32)> {
        vec![(false, 0)]
    }
    fn actions(&self, state: &(bool, u32), actions: &mut Vec<bool>) {
        match state {
            (_, 0) => actions.extend([false, true]),
            (up, n) if *n < if *up { 2 } else { self.long } => actions.push(*up),
            _ => {}
        }
    }
    fn next_state(&self, state: &(bool, u32), up: bool) -> Option<(bool, u32)> {
        Some((up, state.1 + 1))
    }
}

#[test]
fn beyond_a_limit_of_states_nothing_is_said() {
    for (long, expected) in [
        (100, None),
        (
            trace::AHEAD_STATES_MAX as u32 + 10,
            Some(trace::AHEAD_STATES_MAX),
        ),
    ] {
        let mut space = GeneralSpace::encoded(Fork { long }).always("low", |_, s| *s != (true, 2));
        let mut trace = trace_of(&mut space, &[1, 0], PropertyKind::Always);
        trace.property.name = "low".to_owned();
        let explanation = trace::explain(&mut space, &trace).expect("a sound space");
        match (expected, decided(&explanation)) {
            (
                None,
                Decided::AtStep {
                    step: 1,
                    instead,
                    may_stay: false,
                },
            ) => {
                assert_eq!(instead.len(), 1);
            }
            (Some(limit), Decided::Unknown { after: 0, why }) => {
                assert_eq!(*why, Unknown::TooMany { limit });
            }
            (_, decided) => panic!("{long}: {decided:?}"),
        }
    }
}

#[test]
fn another_model_decides_nothing() {
    let mut space = GeneralSpace::encoded(Fork { long: 3 }).always("low", |_, s| *s != (true, 2));
    let mut trace = trace_of(&mut space, &[1, 0], PropertyKind::Always);
    for name in ["low", "another"] {
        trace.property.name = name.to_owned();
        trace.paths[0].steps[1].fingerprint = "0".to_owned();
        let explanation = trace::explain(&mut space, &trace).expect("a sound space");
        let why = Unknown::Differs;
        assert_eq!(*decided(&explanation), Decided::Unknown { after: 2, why });
    }
}

/// Passes a token on when it gets it, or keeps it for ever.
struct Passer {
    to: Option<Id>,
}

impl Actor for Passer {
    type Msg = u8;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();
    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> u8 {
        0
    }
    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, _: Id, n: u8, o: &mut Out<Self>) {
        *state.to_mut() = n;
        if let Some(to) = self.to {
            o.send(to, n);
        }
    }
}

fn passers() -> (System<u8>, [Handle<Passer>; 3]) {
    let mut sys = System::new();
    let last = sys.actor("last", Passer { to: None });
    let first = sys.actor(
        "first",
        Passer {
            to: Some(last.id()),
        },
    );
    let other = sys.actor("other", Passer { to: None });
    sys.stimulus("begin", first.id(), 1);
    sys.stimulus("distract", other.id(), 2);
    (sys, [first, last, other])
}

#[test]
fn what_happens_beside_a_violation_is_left_out_and_what_is_lost_is_told() {
    let (mut sys, [_, last, _]) = passers();
    sys.always("not there", move |s| s[last] == 0);
    let mut space = ActorSpace::new(sys).expect("a system");
    let outcome = allways::check(&mut space, &Options::default(), &()).expect("sound");
    let trace = trace::record(&mut space, &outcome.properties[1], &About::default());
    let mut trace = trace.expect("sound").expect("it is violated");
    let explain = |trace: &Trace| {
        let (mut sys, [_, last, _]) = passers();
        sys.always("not there", move |s| s[last] == 0);
        let mut space = ActorSpace::new(sys).expect("a system");
        trace::explain(&mut space, trace).expect("sound")
    };
    // The shortest trace has nothing to leave out; once the token is under way, fairness brings it there.
    assert_eq!(trace.len(), 2);
    let explanation = explain(&trace);
    assert_eq!(explanation.paths[0].kept, [true, true]);
    let Decided::AtStep {
        step: 1,
        instead,
        may_stay: true,
    } = decided(&explanation)
    else {
        panic!("{explanation:?}")
    };
    assert_eq!(instead.len(), 1, "{instead:?}");
    let text = trace::explained_text(
        &trace,
        &explanation,
        &Style {
            width: 400,
            ..Style::default()
        },
    );
    let told = "step 1 decides it: after it no fair run satisfies the property; before it one still could, if it went on with \
                environment ─ distract: 2 ─▶ other, or nothing any more";
    assert!(text.contains(told), "{text}");

    // A longer one, with a distraction in between.
    let mut space = {
        let (mut sys, [_, last, _]) = passers();
        sys.always("not there", move |s| s[last] == 0);
        ActorSpace::new(sys).expect("a system")
    };
    let walk = |space: &mut ActorSpace, names: &[&str]| {
        let mut steps: Vec<u32> = Vec::new();
        for name in names {
            let step = (0..8).find(|&step| {
                let path = Path {
                    initial: 0,
                    steps: [&steps[..], &[step]].concat(),
                    loop_start: None,
                };
                trace::record_path(space, &path).is_ok_and(|path| {
                    path.steps.last().is_some_and(|last| {
                        last.name.as_deref() == Some(name)
                            || last.lane == *name && last.name.is_none()
                    })
                })
            });
            steps.push(step.expect("such a step"));
        }
        let path = Path {
            initial: 0,
            steps,
            loop_start: None,
        };
        trace::record_path(space, &path).expect("sound")
    };
    let reads = trace.paths[0].reads.clone();
    trace.paths = vec![walk(&mut space, &["begin", "distract", "last"])];
    trace.paths[0].reads = reads;
    let explanation = explain(&trace);
    assert_eq!(explanation.paths[0].kept, [true, false, true]);
    let text = trace::explained_text(&trace, &explanation, &Style::default());
    assert!(text.contains("1 concurrent step left out"), "{text}");
    assert!(!text.contains("\n  2  "), "{text}");
    // What the property reads belongs to the past, whoever changed it.
    trace.paths[0].reads.push("other".to_owned());
    assert_eq!(explain(&trace).paths[0].kept, [true, true, true]);
}

#[test]
fn a_lasso_from_which_there_is_a_way_out_is_decided_by_no_step() {
    let (mut sys, [_, last, _]) = passers();
    sys.eventually("there", move |s| s[last] == 1);
    let mut space = ActorSpace::new(sys).expect("a system");
    let outcome = allways::check(&mut space, &Options::default(), &()).expect("sound");
    let trace = trace::record(&mut space, &outcome.properties[1], &About::default());
    let trace = trace
        .expect("sound")
        .expect("it is violated: nobody has to begin");
    let (mut sys, [_, last, _]) = passers();
    sys.eventually("there", move |s| s[last] == 1);
    let mut space = ActorSpace::new(sys).expect("a system");
    let explanation = trace::explain(&mut space, &trace).expect("sound");
    assert_eq!(*decided(&explanation), Decided::Nowhere);
}

#[test]
fn the_command_line_explains_what_it_finds_and_what_it_is_given() {
    let sandbox = Sandbox::new();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "no step decides it: no fair run from this initial state satisfies the property";
    let variant = "duva-join/fire-and-forget";
    let run = sandbox.run(&["check", variant, "-q", "--explain"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(words(&run.stdout).contains(told), "{}", run.stdout);
    let run = sandbox.run(&["check", variant, "-q", "--explain", "--json"]);
    let lines = run.stdout.lines();
    let lines = lines.map(|line| serde_json::from_str(line).expect("an object"));
    let violated: Vec<serde_json::Value> = lines
        .filter(|line: &serde_json::Value| line["type"] == "property")
        .filter(|line| line["name"] == "no migration to a stranger")
        .collect();
    let explanation = &violated[0]["explanation"];
    assert_eq!(explanation[0]["decided"], "from_the_start", "{explanation}");
    assert_eq!(explanation[0]["left_out"], serde_json::json!([]));
    let reason = violated[0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("step 2 makes it false: "), "{reason}");

    let file = trace_file(&sandbox);
    let plain = sandbox.run(&["trace", "show", &file]);
    assert!(!plain.stdout.contains("decides it"), "{}", plain.stdout);
    let explained = sandbox.run(&["trace", "show", &file, "--explain"]);
    assert!(
        words(&explained.stdout).contains(told),
        "{}",
        explained.stdout
    );
    // Only the model can say which step decides.
    let text = std::fs::read_to_string(sandbox.path(&file)).expect("a file");
    let unknown = text.replace("\"fire-and-forget\"", "\"fire-and-forgot\"");
    std::fs::write(sandbox.path("other.trace.json"), unknown).expect("it can be written");
    let run = sandbox.run(&["trace", "show", "other.trace.json", "--explain"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
}
