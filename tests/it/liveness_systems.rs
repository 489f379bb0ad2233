//! The classic traps of liveness, each as the smallest system that springs it: what is owed to timers, messages, choices, crashed processes,
//! partitions and the environment, and what is not.

use allways::check;
use allways::prelude::*;
use allways::search::{Options, Verdict};
use allways::space::{ActorSpace, StateSpace, from_stateright};
use allways::stateright::actor::{ActorModel, Network};
use allways::stateright::{Checker, Expectation};
use allways::trace::{About, from_json, record, replay, to_json};

/// What an actor does when something happens: from its state and what happened to its next state.
type Does = Box<dyn Fn(u8, u8, &mut Out<Node>) -> u8 + Send + Sync>;

/// What it does when it starts.
type Starts = Box<dyn Fn(&mut Out<Node>) + Send + Sync>;

/// An actor whose state, messages, timers and alternatives are small numbers. It begins in state 0, and what it is not told it ignores.
struct Node {
    start: Starts,
    hears: Does,
    wakes: Does,
    picks: Does,
}

impl Node {
    fn new(start: impl Fn(&mut Out<Node>) + Send + Sync + 'static) -> Self {
        let ignores = || -> Does { Box::new(|state, _, _| state) };
        Node {
            start: Box::new(start),
            hears: ignores(),
            wakes: ignores(),
            picks: ignores(),
        }
    }

    fn hears(self, does: impl Fn(u8, u8, &mut Out<Node>) -> u8 + Send + Sync + 'static) -> Self {
        Node {
            hears: Box::new(does),
            ..self
        }
    }

    fn wakes(self, does: impl Fn(u8, u8, &mut Out<Node>) -> u8 + Send + Sync + 'static) -> Self {
        Node {
            wakes: Box::new(does),
            ..self
        }
    }

    fn picks(self, does: impl Fn(u8, u8, &mut Out<Node>) -> u8 + Send + Sync + 'static) -> Self {
        Node {
            picks: Box::new(does),
            ..self
        }
    }
}

impl Actor for Node {
    type Msg = u8;
    type State = u8;
    type Timer = u8;
    type Random = u8;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        (self.start)(o);
        0
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, _: Id, msg: u8, o: &mut Out<Self>) {
        let next = (self.hears)(**state, msg, o);
        *state.to_mut() = next;
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, timer: &u8, o: &mut Out<Self>) {
        let next = (self.wakes)(**state, *timer, o);
        *state.to_mut() = next;
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, u8>, alternative: &u8, o: &mut Out<Self>) {
        let next = (self.picks)(**state, *alternative, o);
        *state.to_mut() = next;
    }
}

/// The actor that is set second.
fn second() -> Id {
    Id::from(1)
}

fn timer(o: &mut Out<Node>) {
    o.set_timer(0, model_timeout());
}

/// The verdict of the only liveness property, the length of its stem and of its loop. A counterexample is recorded, written, read and replayed.
fn said<S: StateSpace>(make: impl Fn() -> S) -> (Verdict, Option<(usize, usize)>) {
    let mut space = make();
    let outcome = check(&mut space, &Options::default(), &()).expect("the model is sound");
    let mut live = outcome
        .properties
        .iter()
        .filter(|p| p.decl.kind.is_liveness());
    let property = live.next().expect("a liveness property is declared");
    let about = About::default();
    let trace = record(&mut space, property, &about).expect("the model answers as before");
    assert_eq!(trace.is_some(), property.verdict == Verdict::Violated);
    if let Some(trace) = trace {
        let read = from_json(&to_json(&trace)).expect("what is written is read");
        let replayed = replay(&mut make(), &read).expect("the model is sound");
        assert!(replayed.is_same(), "{replayed:?}");
    }
    let lasso = property.paths.first().map(|path| {
        let stem = path.loop_start.expect("a lasso");
        (stem, path.steps.len() - stem)
    });
    (property.verdict, lasso)
}

const HOLDS: (Verdict, Option<(usize, usize)>) = (Verdict::Holds, None);

fn violated(stem: usize, length: usize) -> (Verdict, Option<(usize, usize)>) {
    (Verdict::Violated, Some((stem, length)))
}

/// What is said of "eventually the last actor is in state 1". `declare` is told the actors' ids.
fn eventually(
    nodes: impl Fn() -> Vec<Node>,
    declare: impl Fn(&mut System<u8>, &[Id]),
) -> (Verdict, Option<(usize, usize)>) {
    said(|| {
        let mut sys = System::new();
        let handles: Vec<Handle<Node>> = nodes()
            .into_iter()
            .enumerate()
            .map(|(i, node)| sys.actor(format!("actor {i}"), node))
            .collect();
        let ids: Vec<Id> = handles.iter().map(|handle| handle.id()).collect();
        declare(&mut sys, &ids);
        let last = *handles.last().expect("there is an actor");
        sys.eventually("the last is in state 1", move |s| s.state(last) == Some(&1));
        ActorSpace::new(sys).expect("the system is whole")
    })
}

fn as_it_is(_: &mut System<u8>, _: &[Id]) {}

#[test]
fn a_timer_set_again_for_ever_by_heartbeats_never_fires() {
    let nodes = |is_steady: bool| {
        move || {
            let heart = Node::new(timer).wakes(move |state, _, o| {
                o.send(second(), 0);
                if is_steady {
                    timer(o);
                }
                state
            });
            let monitor = Node::new(timer)
                .hears(|state, _, o| {
                    if state == 0 {
                        timer(o);
                    }
                    state
                })
                .wakes(|_, _, _| 1);
            vec![heart, monitor]
        }
    };
    let one_at_a_time = |sys: &mut System<u8>, _: &[Id]| sys.links(Link::reliable().capacity(1));
    assert_eq!(eventually(nodes(true), one_at_a_time), violated(0, 2));
    // One heartbeat puts it off, but not for ever.
    assert_eq!(eventually(nodes(false), one_at_a_time), HOLDS);
}

/// Sends one message to the second actor, which listens only once its timer has fired.
fn late_listener() -> Vec<Node> {
    let sender = Node::new(|o| o.send(second(), 0));
    let listener = Node::new(timer)
        .wakes(|_, _, _| 2)
        .hears(|state, _, _| if state == 2 { 1 } else { state });
    vec![sender, listener]
}

#[test]
fn a_message_that_is_ignored_on_arrival_is_gone() {
    // A delivery without effect uses up its message, so nothing is owed any more when somebody would listen.
    assert_eq!(eventually(late_listener, as_it_is), violated(2, 0));
    let strong = |sys: &mut System<u8>, _: &[Id]| {
        sys.assume(Steps::deliveries(), Fairness::Strong);
    };
    assert_eq!(eventually(late_listener, strong), violated(2, 0));
    // What is sent again and again also arrives once somebody listens.
    let retried = || {
        let sender = Node::new(timer).wakes(|state, _, o| {
            o.send(second(), 0);
            timer(o);
            state
        });
        let mut nodes = late_listener();
        nodes[0] = sender;
        nodes
    };
    let limited = |sys: &mut System<u8>, _: &[Id]| sys.links(Link::reliable().capacity(1));
    assert_eq!(eventually(retried, limited), HOLDS);
}

#[test]
fn a_delivery_without_effect_counts_as_a_delivery_under_strong_fairness() {
    // The second actor listens now and then; the same message is in flight again and again.
    let nodes = || {
        let sender = Node::new(timer).wakes(|state, _, o| {
            o.send(second(), 0);
            timer(o);
            state
        });
        let listener = Node::new(timer)
            .wakes(|state, _, o| {
                timer(o);
                2 - state
            })
            .hears(|state, _, _| if state == 2 { 1 } else { state });
        vec![sender, listener]
    };
    let strong = |sys: &mut System<u8>, _: &[Id]| {
        sys.links(Link::reliable().capacity(1));
        sys.assume(Steps::deliveries(), Fairness::Strong);
    };
    // Sent, ignored in state 0, to state 2 and back: four steps in which everybody gets what is owed.
    assert_eq!(eventually(nodes, strong), violated(0, 4));
}

#[test]
fn a_state_whose_only_step_is_a_crash() {
    let nodes = || vec![Node::new(|_| ())];
    let is_down = |crashes: Crashes| {
        said(|| {
            let mut sys = System::new();
            let node = sys.actor("node", Node::new(|_| ()));
            sys.crashes(crashes.clone());
            sys.eventually("it is down", move |s| !s.is_up(node));
            ActorSpace::new(sys).expect("the system is whole")
        })
    };
    // Nobody has to crash: the run may stay before it for ever.
    assert_eq!(is_down(Crashes::stop(1)), violated(0, 0));
    assert_eq!(is_down(Crashes::recovery(1)), violated(0, 0));
    let crash = |sys: &mut System<u8>, _: &[Id]| sys.crashes(Crashes::stop(1));
    assert_eq!(eventually(nodes, crash), violated(0, 0));
}

#[test]
fn a_crashed_process_need_not_start_again() {
    let nodes = || vec![Node::new(timer).wakes(|_, _, _| 1)];
    let crashes =
        |crashes: Crashes| move |sys: &mut System<u8>, _: &[Id]| sys.crashes(crashes.clone());
    assert_eq!(eventually(nodes, as_it_is), HOLDS);
    assert_eq!(eventually(nodes, crashes(Crashes::stop(1))), violated(1, 0));
    assert_eq!(
        eventually(nodes, crashes(Crashes::recovery(1))),
        violated(1, 0)
    );
    assert_eq!(
        eventually(nodes, crashes(Crashes::recovery(1).recovers())),
        HOLDS
    );
    // Said of somebody else it changes nothing.
    let two = || vec![Node::new(|_| ()), Node::new(timer).wakes(|_, _, _| 1)];
    let other = |sys: &mut System<u8>, ids: &[Id]| {
        sys.crashes(Crashes::recovery(1).of([ids[1]]));
        sys.assume(Steps::recoveries().of(ids[0]), Fairness::Weak);
    };
    assert_eq!(eventually(two, other), violated(1, 0));
    let declared = |sys: &mut System<u8>, ids: &[Id]| {
        sys.crashes(Crashes::recovery(1));
        sys.assume(Steps::recoveries().of(ids[0]), Fairness::Weak);
    };
    assert_eq!(eventually(nodes, declared), HOLDS);
}

#[test]
fn an_initial_state_whose_only_step_is_a_stimulus() {
    let nodes = || vec![Node::new(|_| ()).hears(|_, _, _| 1)];
    let may = |sys: &mut System<u8>, ids: &[Id]| {
        sys.stimulus("go", ids[0], 0);
    };
    assert_eq!(eventually(nodes, may), violated(0, 0));
    let must = |sys: &mut System<u8>, ids: &[Id]| {
        sys.stimulus("go", ids[0], 0).must_happen();
    };
    assert_eq!(eventually(nodes, must), HOLDS);
    // What must happen cannot, while the actor is down.
    let down = |sys: &mut System<u8>, ids: &[Id]| {
        sys.stimulus("go", ids[0], 0).must_happen();
        sys.crashes(Crashes::stop(1));
    };
    assert_eq!(eventually(nodes, down), violated(1, 0));
}

#[test]
fn a_run_that_panics_is_no_run_without_end() {
    let nodes = || {
        let choosy = Node::new(|o| o.choose_random("way", vec![0, 1]));
        vec![choosy.picks(|_, way, _| {
            assert!(way == 1, "the wrong way");
            1
        })]
    };
    // `no panic` is violated; the run that panics is not one that never comes to state 1.
    assert_eq!(eventually(nodes, as_it_is), HOLDS);
}

/// A client that asks once, or again and again, and a server that is to hear it.
fn asking(is_stubborn: bool) -> impl Fn() -> Vec<Node> {
    move || {
        let client = Node::new(move |o| {
            if is_stubborn {
                timer(o);
            } else {
                o.send(second(), 0);
            }
        });
        let client = client.wakes(|state, _, o| {
            o.send(second(), 0);
            timer(o);
            state
        });
        vec![client, Node::new(|_| ()).hears(|_, _, _| 1)]
    }
}

fn over(link: Link) -> impl Fn(&mut System<u8>, &[Id]) {
    move |sys, _| sys.links(link)
}

#[test]
fn what_is_sent_again_and_again_over_a_fair_loss_link_arrives() {
    assert_eq!(eventually(asking(true), over(Link::fair_loss())), HOLDS);
    assert_eq!(
        eventually(asking(false), over(Link::fair_loss())),
        violated(1, 0)
    );
    assert_eq!(eventually(asking(false), over(Link::reliable())), HOLDS);
}

#[test]
fn a_link_that_loses_without_promise_may_lose_everything() {
    let losing = Link::losing().capacity(1);
    assert_eq!(eventually(asking(true), over(losing)), violated(0, 2));
    assert_eq!(eventually(asking(false), over(losing)), violated(1, 0));
    // A promise can be declared.
    let declared = move |sys: &mut System<u8>, ids: &[Id]| {
        sys.links(losing);
        let steps = Steps::deliveries().from(ids[0]).of(ids[1]);
        sys.assume(steps, Fairness::Strong);
    };
    assert_eq!(eventually(asking(true), declared), HOLDS);
}

#[test]
fn a_finite_number_of_losses_comes_to_an_end() {
    let link = Link::losing().up_to(2).capacity(1);
    assert_eq!(eventually(asking(true), over(link)), HOLDS);
    assert_eq!(eventually(asking(false), over(link)), violated(1, 0));
}

#[test]
fn a_partition_that_heals_and_one_that_does_not() {
    let cut = |partitions: fn(Partitions) -> Partitions| {
        move |sys: &mut System<u8>, ids: &[Id]| {
            sys.partitions(partitions(Partitions::between([ids[0]], [ids[1]])));
        }
    };
    let nodes = asking(false);
    assert_eq!(eventually(&nodes, cut(|p| p)), HOLDS);
    assert_eq!(
        eventually(&nodes, cut(Partitions::never_heals)),
        violated(1, 0)
    );
    // What forms again and again interrupts again and again, and yet the message gets through.
    assert_eq!(eventually(&nodes, cut(Partitions::unlimited)), HOLDS);
    let weak = |sys: &mut System<u8>, ids: &[Id]| {
        sys.partitions(Partitions::between([ids[0]], [ids[1]]).unlimited());
        sys.assume(Steps::deliveries(), Fairness::Weak);
    };
    assert_eq!(eventually(&nodes, weak), violated(0, 2));
    let stays = |sys: &mut System<u8>, ids: &[Id]| {
        sys.partitions(Partitions::between([ids[0]], [ids[1]]));
        sys.assume(Steps::heals(), Fairness::None);
    };
    assert_eq!(eventually(&nodes, stays), violated(1, 0));
}

#[test]
fn a_link_copies_for_ever_only_what_is_sent_for_ever() {
    // Every copy puts off the second actor's timer.
    let nodes = |is_stubborn: bool| {
        move || {
            let mut nodes = asking(is_stubborn)();
            nodes[1] = Node::new(timer)
                .hears(|state, _, o| {
                    if state == 0 {
                        timer(o);
                    }
                    state
                })
                .wakes(|_, _, _| 1);
            nodes
        }
    };
    let copies = || over(Link::reliable().duplicating());
    assert_eq!(eventually(nodes(false), copies()), HOLDS);
    assert_eq!(eventually(nodes(true), copies()), violated(0, 2));
    // With a budget of copies there is nothing to be assumed.
    let few = over(Link::reliable().duplicates(2));
    assert_eq!(eventually(nodes(false), few), HOLDS);
}

#[test]
fn a_head_that_is_copied_for_ever_blocks_what_stands_behind_it() {
    // A sends 0 for ever and 1 once; only 1 is of use. On a channel it waits behind a 0 that is delivered and kept.
    let nodes = || {
        let sender = Node::new(|o| {
            o.send(second(), 0);
            o.send(second(), 1);
            timer(o);
        });
        let sender = sender.wakes(|state, _, o| {
            o.send(second(), 0);
            timer(o);
            state
        });
        let receiver = Node::new(|_| ()).hears(|state, msg, _| if msg == 1 { 1 } else { state });
        vec![sender, receiver]
    };
    let link = || Link::reliable().duplicating().capacity(1);
    assert_eq!(eventually(nodes, over(link().fifo())), violated(0, 2));
    assert_eq!(eventually(nodes, over(link())), HOLDS);
    assert_eq!(
        eventually(nodes, over(Link::reliable().fifo().capacity(1))),
        HOLDS
    );
}

#[test]
fn a_choice_may_go_wrong_for_ever_unless_it_is_probabilistic() {
    let offer = |o: &mut Out<Node>| o.choose_random("coin", vec![0, 1]);
    let nodes = move || {
        vec![Node::new(offer).picks(move |_, picked, o| {
            if picked == 0 {
                offer(o);
            }
            picked
        })]
    };
    assert_eq!(eventually(nodes, as_it_is), violated(0, 1));
    let probabilistic = |sys: &mut System<u8>, _: &[Id]| {
        sys.assume(Steps::alternatives(), Fairness::Strong);
    };
    assert_eq!(eventually(nodes, probabilistic), HOLDS);
    // That some alternative is taken need not be promised either.
    let free = |sys: &mut System<u8>, _: &[Id]| sys.assume(Steps::choices(), Fairness::None);
    assert_eq!(eventually(nodes, free), violated(0, 0));
}

/// A graph as a stateright model: it begins in state 0, and comes to state 9 sometime.
struct Maze(&'static [(u8, u8)]);

impl Model for Maze {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        let steps = self.0.iter().filter(|(from, _)| from == state);
        actions.extend(steps.map(|&(_, to)| to));
    }

    fn next_state(&self, _: &u8, to: u8) -> Option<u8> {
        Some(to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::eventually("at nine", |_, state| *state == 9)]
    }
}

/// What Allways says, and whether stateright finds a counterexample.
fn maze(steps: &'static [(u8, u8)]) -> (Verdict, Option<(usize, usize)>, bool) {
    let theirs = Maze(steps).checker().spawn_bfs().join();
    let (verdict, lasso) = said(|| GeneralSpace::hashed(Maze(steps)));
    (verdict, lasso, theirs.discovery("at nine").is_some())
}

/// What makes a conversion worth having. Should a later stateright find these, this is the place to say so.
#[test]
fn stateright_itself_misses_cycles_loops_and_joins() {
    let verdict = Verdict::Violated;
    // Both find a run that ends elsewhere, and none where there is none.
    assert_eq!(maze(&[(0, 1)]), (verdict, Some((1, 0)), true));
    assert_eq!(maze(&[(0, 1), (1, 9)]), (Verdict::Holds, None, false));
    // A cycle, a step that leads back to its state, a join of a path through the goal and one beside it.
    assert_eq!(
        maze(&[(0, 1), (1, 0), (1, 9)]),
        (verdict, Some((0, 2)), false)
    );
    assert_eq!(maze(&[(0, 0), (0, 9)]), (verdict, Some((0, 1)), false));
    assert_eq!(
        maze(&[(0, 9), (0, 1), (9, 2), (1, 2)]),
        (verdict, Some((2, 0)), false)
    );
}

/// Wakes up for ever; the state says how often, one or two.
struct Clock;

impl Actor for Clock {
    type Msg = ();
    type State = bool;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
        o.set_timer((), model_timeout());
        false
    }

    fn on_timeout(&self, _: Id, ticks: &mut Cow<'_, bool>, (): &(), o: &mut Out<Self>) {
        *ticks.to_mut() = !**ticks;
        o.set_timer((), model_timeout());
    }
}

#[test]
fn stateright_misses_a_cycle_of_actors_too() {
    let model = || {
        ActorModel::new((), ())
            .actor(Clock)
            .init_network(Network::new_unordered_nonduplicating([]))
            .property(Expectation::Eventually, "it stops", |_, state| {
                state
                    .timers_set
                    .iter()
                    .all(|timers| timers.iter().next().is_none())
            })
    };
    let theirs = model().checker().spawn_bfs().join();
    assert!(theirs.discovery("it stops").is_none());
    let ours = said(|| from_stateright(model()).expect("it converts"));
    assert_eq!(ours, violated(0, 2));
}
