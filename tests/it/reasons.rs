//! Why a property is violated, in one line: what the last step changed of what the property reads.

use allways::prelude::*;
use allways::search::{Options, Verdict};
use allways::space::{ActorSpace, GeneralSpace, StateSpace};
use allways::trace::{self, About, Trace};

/// The trace of the property of that name, which is violated.
fn trace_of<S: StateSpace>(space: &mut S, property: &str) -> Trace {
    let outcome = allways::check(space, &Options::default(), &()).expect("a sound model");
    let mut all = outcome.properties.iter();
    let found = all.find(|p| p.decl.name == property).expect("a property");
    assert_eq!(found.verdict, Verdict::Violated, "{property}");
    trace::record(space, found, &About::default())
        .expect("it repeats itself")
        .expect("it has a trace")
}

fn check<S: StateSpace>(mut space: S, property: &str, reads: &[&str], expected: &str) {
    let trace = trace_of(&mut space, property);
    assert_eq!(trace.reason(), Some(expected));
    let last = trace.paths.last().expect("a path");
    assert_eq!(last.reads, reads);
    // It survives its file, and stands under the steps.
    let read = trace::from_json(&trace::to_json(&trace)).expect("our own");
    assert_eq!(read, trace);
    let text = trace::text(&trace, &trace::Style::default());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&text).contains(&words(expected)), "{text}");
}

/// What a node is told.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
enum Msg {
    Take(u8),
    Save(u8),
    Arm,
    Ask,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Node {
    holds: u8,
    heard: u8,
}

/// Takes what it is told to, saves it, arms a timer that takes one more, or asks its peer.
struct Worker {
    peer: Option<Id>,
}

impl Actor for Worker {
    type Msg = Msg;
    type State = Node;
    type Timer = char;
    type Random = ();
    type Storage = u8;

    fn on_start(&self, _: Id, saved: &Option<u8>, _: &mut Out<Self>) -> Node {
        Node {
            holds: saved.unwrap_or(0),
            heard: 0,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Node>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        state.heard += 1;
        match msg {
            Msg::Take(n) => state.holds = n,
            Msg::Save(n) => o.save(n),
            Msg::Arm => o.set_timer('t', model_timeout()),
            Msg::Ask => {
                if let Some(peer) = self.peer {
                    o.send(peer, Msg::Take(7));
                }
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, Node>, _: &char, _: &mut Out<Self>) {
        state.to_mut().holds += 1;
    }
}

/// Two workers, and what the environment tells them, each once.
fn workers(tells: &[(&str, usize, Msg)]) -> (System<Msg>, [Handle<Worker>; 2]) {
    let mut sys = System::new();
    let right = sys.actor("right", Worker { peer: None });
    let left = sys.actor(
        "left",
        Worker {
            peer: Some(right.id()),
        },
    );
    for (name, to, msg) in tells {
        sys.stimulus(*name, [left, right][*to].id(), msg.clone());
    }
    (sys, [left, right])
}

fn space(sys: System<Msg>) -> ActorSpace {
    ActorSpace::new(sys).expect("a complete system")
}

#[test]
fn an_always_names_what_the_last_step_changed_of_what_it_reads() {
    let tells = [("give", 0, Msg::Take(3)), ("ask", 0, Msg::Ask)];
    let (mut sys, [left, right]) = workers(&tells);
    sys.always("right is free", move |s| s[right].holds == 0);
    check(
        space(sys),
        "right is free",
        &["right"],
        "step 2 makes it false: right.holds 0 → 7, right.heard 0 → 1",
    );
    let (mut sys, [left_, right]) = workers(&tells);
    sys.always("not both", move |s| {
        s[left_].holds == 0 || s[right].holds == 0
    });
    // All of an actor is read, so all that changed of it is told; the other stands beside it.
    let mut both = space(sys);
    let trace = trace_of(&mut both, "not both");
    let reason = trace.reason().expect("a reason");
    assert!(
        reason.starts_with("step 3 makes it false: ")
            && reason.contains(".holds 0 → ")
            && reason.contains("; it also reads "),
        "{reason}"
    );
    assert_eq!(trace.paths[0].reads, ["right", "left"]);
    let _ = left;
}

#[test]
fn only_what_is_read_of_an_actor_is_told() {
    let (mut sys, [left, _]) = workers(&[("arm", 0, Msg::Arm)]);
    sys.always("no timer", move |s| !s.has_timer(left, &'t'));
    check(
        space(sys),
        "no timer",
        &["left"],
        "step 1 makes it false: left.timers {} → {'t'}",
    );
    let (mut sys, [left, _]) = workers(&[("save", 0, Msg::Save(5))]);
    sys.always("nothing saved", move |s| s.storage(left).is_none());
    check(
        space(sys),
        "nothing saved",
        &["left"],
        "step 1 makes it false: left.saved + 5",
    );
    let (mut sys, _) = workers(&[("ask", 0, Msg::Ask)]);
    sys.always("silence", |s| s.in_flight().next().is_none());
    check(
        space(sys),
        "silence",
        &["in flight"],
        "step 1 makes it false: in flight[\"left → right\"] {} → {Take(7)}",
    );
}

#[test]
fn what_is_false_from_the_beginning_says_so() {
    let (mut sys, [left, right]) = workers(&[]);
    sys.always("never", move |s| s[left].holds + s[right].holds > 0);
    check(
        space(sys),
        "never",
        &["right", "left"],
        "it is false initially: it reads right = Node{holds: 0, heard: 0}, left = Node{holds: 0, heard: 0}",
    );
}

#[test]
fn an_implies_says_which_side_moved() {
    let tells = [("give", 0, Msg::Take(3))];
    let (mut sys, [left, right]) = workers(&tells);
    sys.implies(
        "together",
        move |s| s[left].holds == 3,
        move |s| s[right].holds == 3,
    );
    check(
        space(sys),
        "together",
        &["left", "right"],
        "step 1 makes its premise true: left.holds 0 → 3, left.heard 0 → 1; its conclusion is false: it reads right = Node{holds: 0, heard: 0}",
    );
    let (mut sys, [left, right]) = workers(&tells);
    sys.implies(
        "idle",
        move |s| s[right].holds == 0,
        move |s| s[left].holds == 0,
    );
    check(
        space(sys),
        "idle",
        &["right", "left"],
        "step 1 makes its conclusion false: left.holds 0 → 3, left.heard 0 → 1; its premise holds",
    );
}

#[test]
fn a_deadlock_says_what_is_left_and_what_may_end_reads() {
    let (mut sys, [left, _]) = workers(&[("give", 0, Msg::Take(3))]);
    sys.may_end_when(move |s| s[left].holds == 3);
    check(
        space(sys),
        "no deadlock",
        &["left"],
        "nothing can happen initially: no message is in flight, no timer is set; and the run may not end there: it reads left = Node{holds: 0, heard: 0}",
    );
}

#[test]
fn two_ends_say_their_values() {
    let (mut sys, [left, _]) = workers(&[("give", 0, Msg::Take(3)), ("take", 0, Msg::Take(4))]);
    sys.confluent("the last one", move |s| s[left].holds);
    check(
        space(sys),
        "the last one",
        &["spent", "left"],
        "from the same inputs {give: 1, take: 1} run 1 ends with 3, run 2 with 4",
    );
}

#[test]
fn a_panic_keeps_its_message() {
    let (mut sys, [left, _]) = workers(&[("give", 0, Msg::Take(3))]);
    sys.always("fine", move |s| {
        assert!(s[left].holds == 0, "it holds {}", s[left].holds);
        true
    });
    let trace = trace_of(&mut space(sys), "no panic");
    assert_eq!(
        trace.reason(),
        Some("panicked: property \"fine\" panicked: it holds 3")
    );
}

/// Counts round and round.
struct Ring(u8);

impl stateright::Model for Ring {
    type State = u8;
    type Action = char;
    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }
    fn actions(&self, _: &u8, actions: &mut Vec<char>) {
        actions.push('+');
    }
    fn next_state(&self, state: &u8, _: char) -> Option<u8> {
        // A stem of one, and a loop.
        Some(if *state == self.0 { 1 } else { state + 1 })
    }
}

fn ring() -> GeneralSpace<Ring> {
    GeneralSpace::encoded(Ring(3))
}

#[test]
fn a_general_model_reads_all_of_its_state() {
    check(
        ring().always("small", |_, &n| n < 2),
        "small",
        &["state"],
        "step 2 makes it false: state 1 → 2",
    );
}

#[test]
fn a_lasso_says_what_stays_unmet() {
    let in_the_loop = ": in the loop it reads state = 1 or 2 or 3";
    check(
        ring().eventually("five", |_, &n| n == 5),
        "five",
        &["state"],
        &format!("its goal never holds{in_the_loop}"),
    );
    check(
        ring().infinitely_often("zero", |_, &n| n == 0),
        "zero",
        &["state"],
        &format!("its goal holds nowhere in the loop{in_the_loop}"),
    );
    check(
        ring().stabilises("low", |_, &n| n < 2),
        "low",
        &["state"],
        "its goal is false after step 2, in every round: it reads state = 2",
    );
    check(
        ring().leads_to("back", |_, &n| n == 1, |_, &n| n == 0),
        "back",
        &["state"],
        &format!("its premise holds after step 1, its goal neither then nor later{in_the_loop}"),
    );
    let (mut sys, [left, _]) = workers(&[]);
    sys.eventually("it takes", move |s| s[left].holds == 3);
    check(
        space(sys),
        "it takes",
        &["left"],
        "its goal never holds: where the run stays it reads left = Node{holds: 0, heard: 0}",
    );
}
