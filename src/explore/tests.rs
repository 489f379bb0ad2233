//! What a state is said to be, and what can happen in it, of systems small enough to know by heart.

use super::{Action, Explorer, Status, View};
use crate::prelude::*;
use crate::space::{ActorSpace, StepKind};
use crate::trace::About;

message! { enum Msg { Add(u8), Added, Say(String) } }

/// Adds up what it is told, and keeps the sum; a timer that does nothing when it fires.
struct Server;

impl Actor for Server {
    type Msg = Msg;
    type State = u8;
    type Timer = &'static str;
    type Random = ();
    type Storage = u8;

    fn on_start(&self, _: Id, saved: &Option<u8>, o: &mut Out<Self>) -> u8 {
        o.set_timer("bell", model_timeout());
        saved.unwrap_or(0)
    }

    fn on_msg(&self, _: Id, sum: &mut Cow<'_, u8>, from: Id, msg: Msg, o: &mut Out<Self>) {
        if let Msg::Add(n) = msg {
            *sum.to_mut() += n;
            o.save(**sum);
            o.send(from, Msg::Added);
        }
    }
}

/// Has two numbers added, and does not listen to answers.
struct Client {
    server: Id,
}

impl Actor for Client {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.send(self.server, Msg::Add(1));
        o.send(self.server, Msg::Add(2));
        o.send(
            self.server,
            Msg::Say("<img src=x onerror=alert(1)>".to_owned()),
        );
    }
}

fn sums() -> Explorer {
    let mut sys = System::new();
    let server = sys.actor("server", Server);
    sys.actor(
        "client",
        Client {
            server: server.id(),
        },
    );
    sys.links(Link::reliable());
    sys.link(Id::from(1), server.id(), Link::reliable().fifo());
    sys.crashes(Crashes::recovery(1).of([server.id()]));
    sys.always("the sum is below three", move |s| {
        !s.is_up(server) || s[server] < 3
    });
    sys.eventually("the sum is three", move |s| {
        s.is_up(server) && s[server] == 3
    });
    explorer(sys)
}

fn explorer<M: crate::system::Message>(sys: System<M>) -> Explorer {
    let space = ActorSpace::new(sys).expect("it is whole");
    Explorer::new(space, About::default())
}

fn actions(explorer: &mut Explorer, path: &str) -> Vec<Action> {
    let next = explorer.next(path, None).expect("the model is sound");
    next.groups.into_iter().flat_map(|g| g.actions).collect()
}

/// Takes the action whose label holds this text; the path that results.
fn take(explorer: &mut Explorer, path: &str, text: &str) -> String {
    let start = explorer
        .state(path, None, View::Diff)
        .expect("a state")
        .path;
    let actions = actions(explorer, path);
    let action = actions
        .iter()
        .find(|action| action.happens.label.contains(text));
    let labels: Vec<&String> = actions.iter().map(|action| &action.happens.label).collect();
    let action = action.unwrap_or_else(|| panic!("no {text} in {labels:?}"));
    format!("{start}{}", action.code)
}

fn actor(explorer: &mut Explorer, path: &str, lane: usize) -> super::ActorView {
    let state = explorer.state(path, None, View::Full).expect("a state");
    state.actors[lane].clone()
}

#[test]
fn an_actor_is_its_state_its_timers_what_it_saved_and_what_is_on_its_way_to_it() {
    let mut explorer = sums();
    let server = actor(&mut explorer, "0", 0);
    let inbox: Vec<&str> = server
        .inbox
        .iter()
        .map(|m| m.content.text.as_str())
        .collect();
    // In the order in which they arrive, and text whatever it is.
    assert_eq!(
        inbox,
        ["Add(1)", "Add(2)", "Say(\"<img src=x onerror=alert(1)>\")"]
    );
    assert_eq!(server.ordered, [1]);
    assert!(
        server
            .inbox
            .iter()
            .all(|m| m.from == Some(1) && m.remaining.is_none())
    );
    assert_eq!(server.timers[0].text, "\"bell\"");
    assert!(server.facets.is_empty());
    let added = take(&mut explorer, "0", "Add(1)");
    let server = actor(&mut explorer, &added, 0);
    assert_eq!(server.facets[0].name, "saved");
    assert_eq!(server.facets[0].value.text, "1");
    assert_eq!(server.state.map(|state| state.text), Some("1".to_owned()));
    assert!(server.changed);
    let brief = explorer.state(&added, None, View::Diff).expect("a state");
    assert!(brief.actors[0].state.is_none() && brief.parts.is_empty());
    assert_eq!(brief.sent.len(), 1);
}

#[test]
fn an_actor_that_crashed_is_down_until_it_recovers() {
    let mut explorer = sums();
    let added = take(&mut explorer, "0", "Add(1)");
    let down = take(&mut explorer, &added, "crashes");
    let server = actor(&mut explorer, &down, 0);
    assert_eq!((server.status, &server.state), (Status::Down, &None));
    assert_eq!(server.facets[0].value.text, "1");
    let up = take(&mut explorer, &down, "recovers");
    let server = actor(&mut explorer, &up, 0);
    assert_eq!(server.status, Status::Up);
    assert_eq!(server.state.map(|state| state.text), Some("1".to_owned()));
    let path = explorer.path(&up, 1, 10).expect("a path");
    assert_eq!(path.faults, [2]);
    assert_eq!(path.steps[1].changed, [0]);
}

#[test]
fn what_nothing_comes_of_is_offered_and_says_so() {
    let mut explorer = sums();
    let added = take(&mut explorer, "0", "Add(1)");
    let no_op = |actions: &[Action], text: &str| {
        let action = actions
            .iter()
            .find(|action| action.happens.label.contains(text));
        action.expect("it is enabled").happens.no_op
    };
    let next = actions(&mut explorer, &added);
    // The client does not listen; the bell means nothing.
    assert!(no_op(&next, "Added") && no_op(&next, "bell"));
    assert!(!no_op(&next, "Add(2)") && !no_op(&next, "crashes"));
}

#[test]
fn a_step_tells_what_it_would_break_and_what_it_meets() {
    let mut explorer = sums();
    let added = take(&mut explorer, "0", "Add(1)");
    let next = actions(&mut explorer, &added);
    let add = next
        .iter()
        .find(|a| a.happens.label.contains("Add(2)"))
        .expect("one");
    assert_eq!((&add.breaks[..], &add.meets[..]), (&[1][..], &[2][..]));
    assert!(
        next.iter()
            .all(|a| a.breaks.is_empty() == (a.code != add.code))
    );
    let broken = take(&mut explorer, &added, "Add(2)");
    let path = explorer.path(&broken, 1, 10).expect("a path");
    assert_eq!(path.start.verdicts, "hhp");
    assert_eq!(path.steps[1].verdicts, "hvm");
    assert_eq!(path.turns, [2]);
    assert_eq!(path.counterexamples[0].property, 1);
    let back = explorer
        .until(&broken, Some(0), Some(2), false)
        .expect("it is asked");
    assert_eq!((back.found, back.to), (true, 2));
}

#[test]
fn a_state_that_was_passed_is_seen() {
    let mut explorer = table_tennis();
    let one = take(&mut explorer, "0", "Added");
    let two = take(&mut explorer, &one, "Added");
    let seen: Vec<Option<usize>> = actions(&mut explorer, &two)
        .iter()
        .map(|a| a.seen_at)
        .collect();
    assert_eq!(seen, [Some(1)]);
    let taken = explorer.next(&two, Some(1)).expect("it is asked");
    assert!(taken.groups[0].actions[0].taken);
}

/// Hits back whatever comes.
struct Player {
    serves: bool,
}

impl Actor for Player {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) {
        if self.serves {
            o.send(Id::from(1 - usize::from(id)), Msg::Added);
        }
    }

    fn on_msg(&self, _: Id, _: &mut Cow<'_, ()>, from: Id, msg: Msg, o: &mut Out<Self>) {
        o.send(from, msg);
    }
}

fn table_tennis() -> Explorer {
    let mut sys = System::new();
    sys.actor("left", Player { serves: true });
    sys.actor("right", Player { serves: false });
    sys.infinitely_often("the left one has it", |s| {
        s.in_flight().any(|ball| usize::from(ball.dst) == 0)
    });
    explorer(sys)
}

#[test]
fn what_was_walked_of_a_long_path_is_not_walked_again() {
    const STEPS: usize = 5_000;
    let mut explorer = table_tennis();
    let (there, back) = {
        let one = take(&mut explorer, "0", "Added");
        let two = take(&mut explorer, &one, "Added");
        (
            one[one.len() - 6..].to_owned(),
            two[two.len() - 6..].to_owned(),
        )
    };
    let (_, start) = explorer.start().expect("the model is sound");
    let long = format!("{start}{}", format!("{there}{back}").repeat(STEPS / 2));
    let path = explorer.path(&long, STEPS - 99, 500).expect("a path");
    assert_eq!((path.n_steps, path.steps.len()), (STEPS, 100));
    assert_eq!((path.id.as_str(), path.differs), (long.as_str(), None));
    // What was walked is kept: what is asked later walks no more than what is new in it. Told are the steps that were asked for, and the two above.
    let walked = (explorer.ground.len(), explorer.steps.len());
    assert!(walked.0 > STEPS && walked.1 <= 102, "{walked:?}");
    let longer = format!("{long}{there}");
    for path in [&long, &longer] {
        explorer.next(path, None).expect("it is asked");
        explorer.state(path, None, View::Full).expect("it is asked");
    }
    let now = (explorer.ground.len(), explorer.steps.len());
    assert!(
        now.0 <= walked.0 + 2 && now.1 <= walked.1 + 3,
        "{walked:?}, then {now:?}"
    );
    let window = (STEPS - 50, 50);
    let diagram = explorer
        .spacetime(&long, window, &[], Some(STEPS))
        .expect("it is asked");
    assert_eq!(diagram.events.len(), 50);
    assert_eq!(diagram.cone.map(|cone| cone.past.len()), Some(STEPS - 1));
    let lasso = explorer
        .path(&format!("{long}.4998"), 1, 1)
        .expect("a path");
    assert_eq!(lasso.loops.map(|l| (l.start, l.stays)), Some((4998, false)));
}

#[test]
fn a_loop_that_is_not_fair_is_none() {
    let mut explorer = table_tennis();
    let (_, start) = explorer.start().expect("the model is sound");
    let stays = explorer.path(&format!("{start}.0"), 1, 1).expect("a path");
    assert_eq!(stays.loops, None);
    let differs = stays.differs.expect("it is none");
    assert!(differs.message.contains("not fair"), "{}", differs.message);
}

/// Counts to nine.
#[derive(Clone)]
struct Counter;

impl Model for Counter {
    type State = u8;
    type Action = bool;

    fn init_states(&self) -> Vec<u8> {
        vec![0, 5]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<bool>) {
        if *state < 9 {
            actions.extend([false, true]);
        }
    }

    fn next_state(&self, state: &u8, up: bool) -> Option<u8> {
        Some(if up { state + 1 } else { *state })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("below seven", |_, state| *state < 7)]
    }
}

#[test]
fn a_general_model_has_parts_and_no_actors() {
    let mut explorer = Explorer::new(GeneralSpace::encoded(Counter), About::default());
    assert!(!explorer.has_actors());
    let (initial_states, start) = explorer.start().expect("the model is sound");
    assert_eq!(initial_states, 2);
    let next = explorer.next(&start, None).expect("it is asked");
    assert_eq!(next.starts.len(), 2);
    let (stays, up) = match &next.groups[0].actions[..] {
        [a, b] if a.happens.no_op => (a, b),
        [a, b] => (b, a),
        other => panic!("{other:?}"),
    };
    assert!(stays.happens.no_op && stays.seen_at == Some(0) && stays.happens.kind == StepKind::Act);
    assert!(!up.happens.no_op && up.seen_at.is_none());
    let state = explorer.state("1", None, View::Full).expect("a state");
    assert!(state.actors.is_empty());
    assert_eq!(state.parts[0].value.text, "5");
    let diagram = explorer.spacetime(&format!("{start}{}", up.code), (1, 9), &[], None);
    assert_eq!(diagram.expect("it is asked").events[0].lane, Some(0));
}
