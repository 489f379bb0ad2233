//! Traces of real actor systems, from the search to the screen and back.

use std::collections::BTreeSet;

use allways::prelude::*;
use allways::search::{Options, Verdict, search};
use allways::space::{ActorSpace, StateSpace, StepKind};
use allways::trace::{
    About, AtEnd, Difference, Style, Trace, from_json, record, replay, text, to_json,
};

use proptest::strategy::{Strategy, ValueTree};

use crate::random::Spec;
use crate::random_systems::{runner, space as random_space, systems};

message! {
    enum Msg {
        Join,
        Gossip(Set<Id>),
        Migrate { slot: u8, to: Id },
    }
}

state! {
    #[derive(Default)]
    struct Member {
        members: Set<Id>,
        stranger: Option<Id>,
    }
}

/// Adds a node to the members when it joins, and spreads the news, by and by.
struct Seed {
    owner: Id,
    /// Whether it asks the owner to migrate at once, or only tells it the news.
    eager: bool,
}

impl Actor for Seed {
    type Msg = Msg;
    type State = Member;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, _: &mut Out<Self>) -> Member {
        Member {
            members: [id, self.owner].into_iter().collect(),
            stranger: None,
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, Member>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Join => {
                state.to_mut().members.insert(src);
                o.set_timer((), model_timeout());
                if self.eager && id != self.owner {
                    o.send(self.owner, Msg::Migrate { slot: 3, to: src });
                }
            }
            Msg::Gossip(members) => state.to_mut().members = members,
            Msg::Migrate { to, .. } => {
                if !state.members.contains(&to) {
                    state.to_mut().stranger = Some(to);
                }
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, Member>, _: &(), o: &mut Out<Self>) {
        o.send(self.owner, Msg::Gossip(state.members.clone()));
    }
}

/// Joins when told to.
struct Joiner {
    seed: Id,
}

impl Actor for Joiner {
    type Msg = Msg;
    type State = bool;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> bool {
        false
    }

    fn on_msg(&self, _: Id, joined: &mut Cow<'_, bool>, _: Id, msg: Msg, o: &mut Out<Self>) {
        if msg == Msg::Join {
            *joined.to_mut() = true;
            o.send(self.seed, Msg::Join);
        }
    }
}

fn space(eager: bool) -> ActorSpace {
    let mut sys = System::new();
    let owner = sys.reserve::<Seed>("owner");
    let member = |eager| Seed {
        owner: owner.id(),
        eager,
    };
    sys.set(owner, member(false));
    let seed = sys.actor("seed", member(eager));
    let joiner = sys.actor("joiner", Joiner { seed: seed.id() });
    sys.stimulus("a node starts", joiner.id(), Msg::Join);
    sys.always("no migration to a stranger", move |s| {
        s[owner].stranger.is_none()
    });
    sys.reachable("the owner hears of the joiner", move |s| {
        s[owner].members.contains(&joiner.id())
    });
    ActorSpace::new(sys).expect("a complete system")
}

/// Searches, and records the trace of the property at `index`.
fn trace_of(space: &mut ActorSpace, index: usize) -> Option<Trace> {
    let outcome = search(space, &Options::default(), &()).expect("a sound model");
    let about = About {
        model: "join".to_owned(),
        variant: "eager".to_owned(),
        ..About::default()
    };
    record(space, &outcome.properties[index], &about).expect("it repeats itself")
}

#[test]
fn a_violation_is_told_step_by_step() {
    let mut space = space(true);
    let trace = trace_of(&mut space, 1).expect("it is violated");
    assert_eq!(trace.property.verdict, Verdict::Violated);
    let shown = format!("\n{}", text(&trace, &Style::default()));
    assert_eq!(
        shown,
        "
  1  environment ─ a node starts: Join ──────────▶ joiner  joiner  false → true
                                                           sends Join to seed
  2  joiner      ─ Join ─────────────────────────▶ seed
         seed.members  {owner, seed} → {owner, seed, joiner}
         seed.timers   {} → {()}
         sends Migrate{slot: 3, to: joiner} to owner
  3  seed        ─ Migrate{slot: 3, to: joiner} ─▶ owner   owner.stranger  None → Some(joiner)
     step 3 makes it false: owner.stranger None → Some(joiner)
",
        "{shown}"
    );
}

#[test]
fn a_witness_is_told_too() {
    let trace = trace_of(&mut space(false), 2).expect("it is reached");
    assert_eq!(trace.property.verdict, Verdict::Holds);
    let shown = format!(
        "\n{}",
        text(
            &trace,
            &Style {
                full: true,
                ..Style::default()
            }
        )
    );
    assert_eq!(
        shown,
        "
     initially
       owner      Member{members: {owner}, stranger: None}
       seed       Member{members: {owner, seed}, stranger: None}
       joiner     false
       spent      {a node starts: 0}
       in flight  {}
  1  environment ─ a node starts: Join ───────────▶ joiner  joiner                      false → true
                                                            spent.a node starts         0 → 1
                                                            in flight[\"joiner → seed\"]  {} → {Join}
                                                            sends Join to seed
  2  joiner      ─ Join ──────────────────────────▶ seed    seed.members                {owner, seed} → {owner, seed, joiner}
                                                            seed.timers                 {} → {()}
                                                            in flight[\"joiner → seed\"]  {Join} → {}
  3  seed         timer ()                                  seed.timers                {()} → {}
                                                            in flight[\"seed → owner\"]  {} → {Gossip({owner, seed, joiner})}
                                                            sends Gossip({owner, seed, joiner}) to owner
  4  seed        ─ Gossip({owner, seed, joiner}) ─▶ owner   owner.members              {owner} → {owner, seed, joiner}
                                                            in flight[\"seed → owner\"]  {Gossip({owner, seed, joiner})} → {}
",
        "{shown}"
    );
}

#[test]
fn a_trace_outlives_its_file_and_its_search() {
    let trace = trace_of(&mut space(true), 1).expect("it is violated");
    let read = from_json(&to_json(&trace)).expect("our own");
    assert_eq!(read, trace);
    let replayed = replay(&mut space(true), &read).expect("a sound model");
    assert!(replayed.is_same(), "{replayed:?}");
}

#[test]
fn a_repaired_model_differs_at_a_step() {
    let trace = trace_of(&mut space(true), 1).expect("it is violated");
    let replayed = replay(&mut space(false), &trace).expect("a sound model");
    assert_eq!(replayed.at_end, AtEnd::NotReached);
    let Some(Difference::AnotherState { step: 2, changes }) = &replayed.differences[0] else {
        panic!("{replayed:?}")
    };
    // The repaired seed does not ask: the message is not in flight.
    assert!(changes.iter().all(|change| change.part == "in flight"));
    assert!(!changes.is_empty());
}

#[test]
fn two_recordings_are_the_same_bytes() {
    let bytes = || {
        let mut space = space(true);
        space.seed(0);
        to_json(&trace_of(&mut space, 1).expect("it is violated"))
    };
    assert_eq!(bytes(), bytes());
}

/// Counts what it is told, and cannot count to three.
struct Counter;

impl Actor for Counter {
    type Msg = u8;
    type State = Vec<u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Vec<u8> {
        Vec::new()
    }

    fn on_msg(&self, _: Id, seen: &mut Cow<'_, Vec<u8>>, _: Id, msg: u8, _: &mut Out<Self>) {
        assert!(seen.len() < 2, "cannot count to three\u{1b}[31m");
        seen.to_mut().push(msg);
    }
}

fn counting(times: u32) -> ActorSpace {
    let mut sys = System::new();
    let counter = sys.actor("counter", Counter);
    sys.stimulus("one", counter.id(), 1).times(times);
    sys.stimulus("two", counter.id(), 2);
    sys.confluent("the order does not matter", move |s| s[counter].clone());
    ActorSpace::new(sys).expect("a complete system")
}

/// Searches, and records the trace of the property at `index`.
fn counted(times: u32, index: usize) -> Trace {
    let mut space = counting(times);
    let outcome = search(&mut space, &Options::default(), &()).expect("a sound model");
    let recorded = record(&mut space, &outcome.properties[index], &About::default());
    let trace = recorded
        .expect("it repeats itself")
        .expect("it is violated");
    let replayed = replay(&mut counting(times), &trace).expect("a sound model");
    assert!(replayed.is_same(), "{replayed:?}");
    trace
}

#[test]
fn a_panic_is_told_with_its_message() {
    let shown = format!("\n{}", text(&counted(2, 0), &Style::default()));
    assert_eq!(
        shown,
        "
  1  environment ─ one: 1 ─▶ counter  counter[0]  + 1
  2  environment ─ one: 1 ─▶ counter  counter[1]  + 1
  3  environment ─ two: 2 ─▶ counter  counter  [1, 1] → panicked(\"cannot count to three\\u{1b}[31m\")
     panicked: cannot count to three\\u{1b}[31m
",
        "{shown}"
    );
}

#[test]
fn two_runs_that_disagree_are_told_both() {
    let shown = format!("\n{}", text(&counted(1, 1), &Style::default()));
    assert_eq!(
        shown,
        "
  run 1 of 2
  1  environment ─ one: 1 ─▶ counter  counter[0]  + 1
  2  environment ─ two: 2 ─▶ counter  counter[1]  + 2

  run 2 of 2
  1  environment ─ two: 2 ─▶ counter  counter[0]  + 2
  2  environment ─ one: 1 ─▶ counter  counter[1]  + 1
     from the same inputs {one: 1, two: 1} run 1 ends with [1, 2], run 2 with [2, 1]

  where they end: run 1 → run 2
      counter  [1, 2] → [2, 1]
",
        "{shown}"
    );
}

/// Random systems whose traces are recorded and replayed.
const SYSTEMS: u32 = 1_000;

#[test]
fn traces_of_random_systems_replay_and_show_every_change() {
    let mut runner = runner(7, SYSTEMS);
    let mut kinds = BTreeSet::new();
    let mut n_traces = 0;
    for number in 0..SYSTEMS {
        let bytes = systems().new_tree(&mut runner).expect("bytes").current();
        let spec = Spec::decode(&bytes);
        let mut searched = random_space(&spec).expect("a sound system");
        let options = Options {
            depth_max: Some(8),
            ..Options::default()
        };
        let outcome = allways::check(&mut searched, &options, &()).expect("a sound system");
        for property in &outcome.properties {
            let recorded = record(&mut searched, property, &About::default());
            let Some(trace) = recorded.expect("it repeats itself") else {
                continue;
            };
            n_traces += 1;
            let what = || format!("system {number}, {}: {spec:?}", property.decl.name);
            let read = from_json(&to_json(&trace)).expect("our own");
            assert_eq!(read, trace, "{}", what());
            let replayed = replay(&mut random_space(&spec).expect("as before"), &read);
            assert!(replayed.expect("a sound system").is_same(), "{}", what());
            assert!(!text(&trace, &Style::default()).is_empty());
            for path in &trace.paths {
                let mut before = &path.fingerprint;
                for step in &path.steps {
                    kinds.insert(step.kind);
                    // A change of state is one that can be seen.
                    let changed = step.fingerprint != *before;
                    assert_eq!(!step.changes.is_empty(), changed, "{}", what());
                    before = &step.fingerprint;
                }
            }
        }
    }
    assert!(n_traces > SYSTEMS / 2, "only {n_traces} traces");
    let missing: Vec<_> = [
        StepKind::Deliver,
        StepKind::Timeout,
        StepKind::Choose,
        StepKind::Stimulus,
        StepKind::Recover,
        StepKind::Duplicate,
        StepKind::Drop,
        StepKind::Crash,
    ]
    .into_iter()
    .filter(|kind| !kinds.contains(kind))
    .collect();
    assert!(missing.is_empty(), "no trace has {missing:?}");
}
