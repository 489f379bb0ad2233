//! The pieces that systems are built from keep what their documentation promises, and nothing more: what it says is not guaranteed can be seen to fail.

use allways::prelude::*;
use pieces::total_order::{Member, TotalOrder, Word};
use pieces::{event_store, lagging_store, lock, queue, replicated_store};

message! {
    enum Msg {
        Queue(queue::Call<u8>), Consumer(queue::Answer<u8>),
        Events(event_store::Call<char, u8>), Writer(event_store::Answer<char, u8>),
        Lock(lock::Call<()>), Holder(lock::Answer<()>),
        Store(replicated_store::Call<char, u8>), Reader(replicated_store::Answer<char, u8>),
        Replicas(Word<replicated_store::Command<char, u8>>),
        Nodes(lagging_store::Replicate<char, u8>),
        Lagging(lagging_store::Call<char, u8>), Seen(lagging_store::Answer<char, u8>),
        /// To a member of a group, and what members say.
        Say(char), Order(Word<char>),
    }
}

carries! {
    Msg: Queue(queue::Call<u8>), Consumer(queue::Answer<u8>),
        Events(event_store::Call<char, u8>), Writer(event_store::Answer<char, u8>),
        Lock(lock::Call<()>), Holder(lock::Answer<()>),
        Store(replicated_store::Call<char, u8>), Reader(replicated_store::Answer<char, u8>),
        Replicas(Word<replicated_store::Command<char, u8>>),
        Nodes(lagging_store::Replicate<char, u8>),
        Lagging(lagging_store::Call<char, u8>), Seen(lagging_store::Answer<char, u8>),
        Order(Word<char>),
}

/// Makes its calls at once, or again and again, and writes down what it is told.
struct Caller {
    calls: Vec<(Id, Msg)>,
    again: bool,
}

impl Caller {
    fn once(calls: impl IntoIterator<Item = (Id, Msg)>) -> Self {
        Caller {
            calls: calls.into_iter().collect(),
            again: false,
        }
    }

    fn call(&self, o: &mut Out<Self>) {
        for (piece, call) in &self.calls {
            o.send(*piece, call.clone());
        }
        if self.again {
            o.set_timer((), model_timeout());
        }
    }
}

impl Actor for Caller {
    type Msg = Msg;
    type State = Vec<Msg>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Vec<Msg> {
        self.call(o);
        Vec::new()
    }

    fn on_msg(&self, _: Id, told: &mut Cow<'_, Vec<Msg>>, _: Id, msg: Msg, _: &mut Out<Self>) {
        if !told.contains(&msg) {
            told.to_mut().push(msg);
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, Vec<Msg>>, _: &(), o: &mut Out<Self>) {
        self.call(o);
    }
}

/// One caller and one piece; over FIFO links what it is told is certain.
fn dialogue<A: allways::system::EncodedActor<Msg = Msg>>(
    piece: A,
    calls: impl IntoIterator<Item = Msg>,
    answers: Vec<Msg>,
) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let piece = sys.actor("piece", piece);
    let calls = calls.into_iter().map(|call| (piece.id(), call));
    let caller = sys.actor("caller", Caller::once(calls));
    sys.always("nothing else is answered", {
        let answers = answers.clone();
        move |s| answers.starts_with(&s[caller])
    });
    sys.eventually("all is answered", move |s| s[caller] == answers);
    sys
}

struct Node {
    group: TotalOrder,
}

impl Actor for Node {
    type Msg = Msg;
    type State = Member<char>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, me: Id, _: &Option<()>, _: &mut Out<Self>) -> Member<char> {
        self.group.start(me)
    }

    fn on_msg(
        &self,
        me: Id,
        state: &mut Cow<'_, Member<char>>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match msg {
            Msg::Say(item) => self.group.propose(me, state.to_mut(), item, o),
            Msg::Order(word) => self.group.hear(me, state.to_mut(), src, word, o),
            _ => {}
        }
    }
}

/// Three members; some have something to say, and some are told to lead.
fn group(talkers: &[usize], leaders: &[usize]) -> (System<Msg>, Handles<Node>) {
    let mut sys = System::new();
    let ids: Vec<Id> = (0..3).map(Id::from).collect();
    let nodes = sys.actors("node", 3, |_| Node {
        group: TotalOrder::among(ids.clone()),
    });
    for (&talker, item) in talkers.iter().zip('a'..) {
        sys.stimulus(format!("{item} is said"), ids[talker], Msg::Say(item));
    }
    for &leader in leaders {
        let name = format!("node[{leader}] is to lead");
        sys.stimulus(name, ids[leader], Msg::Order(Word::Lead));
    }
    let of = nodes.clone();
    sys.always("one order", move |s| {
        let decided = |node| s.state(node).map_or(&[][..], Member::decided);
        let agree = |a: &[char], b: &[char]| a.iter().zip(b).all(|(a, b)| a == b);
        of.iter()
            .all(|a| of.iter().all(|b| agree(decided(a), decided(b))))
    });
    let of = nodes.clone();
    sys.always("nothing is decided twice", move |s| {
        let mut decided = of.iter().filter_map(|node| Some(s.state(node)?.decided()));
        decided.all(|items| items.iter().collect::<Set<&char>>().len() == items.len())
    });
    (sys, nodes)
}

#[test]
fn one_order_whoever_leads_meanwhile() {
    let (mut sys, nodes) = group(&[0, 1], &[1, 2]);
    sys.links(Link::reliable().fifo());
    sys.reachable("the leader of the third epoch decides", move |s| {
        let third = &s[nodes[2]];
        third.epoch() == 2 && third.leads() && third.decided() == ['b', 'a']
    });
    assert_holds!(sys);
}

#[test]
fn everything_is_decided_in_the_end() {
    let (mut sys, nodes) = group(&[0, 2], &[1]);
    sys.links(Link::reliable().fifo());
    let [leader, successor, last] = [0, 1, 2].map(|i| nodes[i]);
    sys.crashes(Crashes::stop(1).of([leader.id()]).inside_handlers());
    sys.stabilises("in the end nothing waits", move |s| {
        let leaderless = !s.is_up(leader) && s[successor].epoch() == 0;
        let mut up = nodes.iter().filter_map(|node| s.state(node));
        leaderless || up.all(|m| m.waiting().is_empty() && m.accepted() == m.decided())
    });
    sys.reachable("the others decide without the leader", move |s| {
        !s.is_up(leader) && s[last].decided() == ['b']
    });
    assert_holds!(sys);
}

#[test]
fn a_member_that_forgets_is_no_member() {
    let (mut sys, nodes) = group(&[0, 2], &[1]);
    sys.crashes(Crashes::recovery(1).of([nodes[2].id()]));
    assert_violated!(sys, "one order");
}

/// A queue that crashes once, and a consumer that asks again and again.
fn crashing_queue(queue: queue::Queue<Msg, u8>) -> System<Msg> {
    let mut sys = System::new();
    let queue = sys.actor("queue", queue);
    let asks = Caller {
        calls: vec![(queue.id(), Msg::Queue(queue::Call::Receive))],
        again: true,
    };
    let consumer = sys.actor("consumer", asks);
    sys.link(consumer.id(), queue.id(), Link::reliable().capacity(1));
    sys.link(queue.id(), consumer.id(), Link::reliable().capacity(1));
    sys.stimulus("a job", queue.id(), Msg::Queue(queue::Call::Enqueue(7)))
        .must_happen();
    sys.crashes(Crashes::recovery(1).recovers().of([queue.id()]));
    sys.eventually("the job is delivered", move |s| {
        s[consumer].contains(&Msg::Consumer(queue::Answer::Deliver(7)))
    });
    sys.reachable("the queue crashes", move |s| !s.is_up(queue));
    sys
}

#[test]
fn a_durable_queue_outlives_a_crash() {
    assert_holds!(crashing_queue(queue::Queue::new().durable()));
    assert_violated!(crashing_queue(queue::Queue::new()), "the job is delivered");
}

#[test]
fn a_queue_delivers_what_is_not_removed() {
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let queue = sys.actor("queue", queue::Queue::new());
    let calls = [
        queue::Call::Enqueue(1),
        queue::Call::Receive,
        queue::Call::Remove(1),
        queue::Call::Receive,
    ];
    let calls = calls.map(|call| (queue.id(), Msg::Queue(call)));
    let caller = sys.actor("caller", Caller::once(calls));
    sys.always("one message", move |s| s[caller].len() <= 1);
    sys.stabilises("it is removed, and the consumer waits", move |s| {
        s[queue].is_empty() && s[queue].waiting().contains(&caller.id())
    });
    sys.reachable("it is handed out again before it is removed", move |s| {
        !s[queue].visible().is_empty() && !s[caller].is_empty()
    });
    assert_holds!(sys);
}

#[test]
fn an_event_store_compares_versions_of_one_stream() {
    use event_store::{Answer, Call};
    let append = |stream, expected, event| Call::Append {
        stream,
        expected,
        event,
    };
    let calls = [
        append('x', Some(0), 1),
        append('y', Some(0), 2),
        append('x', Some(0), 3),
        Call::Offer {
            stream: 'x',
            expected: Some(1),
            event: 4,
        },
        Call::Offer {
            stream: 'x',
            expected: Some(1),
            event: 5,
        },
        append('x', None, 6),
        Call::Load('x'),
        Call::Subscribe,
        append('y', None, 8),
    ];
    let published = |position, stream, event| Answer::Published {
        position,
        stream,
        event,
    };
    let (stream, version) = ('x', 1);
    let answers = [
        Answer::Appended { stream, version },
        Answer::Appended {
            stream: 'y',
            version,
        },
        Answer::WrongVersion { stream, version },
        Answer::Appended { stream, version: 3 },
        Answer::Loaded {
            stream,
            events: vec![1, 4, 6],
        },
        published(2, 'y', 2),
        published(3, 'x', 4),
        published(4, 'x', 6),
        published(5, 'y', 8),
        Answer::Appended {
            stream: 'y',
            version: 2,
        },
    ];
    assert_holds!(dialogue(
        event_store::EventStore::new().tells(|event| event % 2 == 0),
        calls.map(Msg::Events),
        answers.map(Msg::Writer).to_vec(),
    ));
}

/// An event store that crashes once it has answered.
fn crashing_store(store: event_store::EventStore<Msg, char, u8>) -> System<Msg> {
    let mut sys = System::new();
    let store = sys.actor("store", store);
    let append = event_store::Call::Append {
        stream: 'x',
        expected: None,
        event: 1,
    };
    let writer = Caller::once([(store.id(), Msg::Events(append))]);
    let writer = sys.actor("writer", writer);
    sys.crashes(
        Crashes::recovery(1)
            .recovers()
            .of([store.id()])
            .inside_handlers(),
    );
    sys.always("what was answered is there", move |s| {
        s[writer].is_empty() || s.state(store).is_none_or(|store| store.version(&'x') == 1)
    });
    sys.reachable("it crashes after the answer", move |s| {
        !s[writer].is_empty() && !s.is_up(store)
    });
    sys
}

#[test]
fn a_durable_event_store_outlives_a_crash() {
    assert_holds!(crashing_store(event_store::EventStore::new().durable()));
    assert_violated!(
        crashing_store(event_store::EventStore::new()),
        "what was answered is there"
    );
}

#[test]
fn a_lock_is_renewed_by_its_holder_and_freed_by_its_token() {
    use lock::{Answer, Call};
    let (acquire, name) = (Call::Acquire(()), ());
    let calls = [
        acquire.clone(),
        acquire.clone(),
        Call::Release { name, token: 2 },
        acquire.clone(),
        Call::Release { name, token: 1 },
        acquire,
    ];
    // What is said twice is written down once.
    let answers = [1, 2].map(|token| Msg::Holder(Answer::Granted { name, token }));
    assert_holds!(dialogue(
        lock::Lock::held_until_released(),
        calls.map(Msg::Lock),
        answers.to_vec(),
    ));
}

/// The first to be granted the lock never gives it back; how does the other fare?
fn never_released(lock: lock::Lock<Msg, ()>, call: lock::Call<()>) -> System<Msg> {
    let mut sys = System::new();
    let lock = sys.actor("lock", lock);
    let [a, b] = ["a", "b"].map(|name| {
        let calls = [(lock.id(), Msg::Lock(call.clone()))];
        sys.actor(name, Caller::once(calls))
    });
    sys.crashes(Crashes::recovery(1).recovers().of([lock.id()]));
    let granted = |told: &[Msg]| {
        told.iter().find_map(|msg| match msg {
            Msg::Holder(lock::Answer::Granted { token, .. }) => Some(*token),
            _ => None,
        })
    };
    sys.always("no token is granted twice", move |s| {
        let token = granted(&s[a]);
        token.is_none() || token != granted(&s[b])
    });
    sys.eventually("both are answered", move |s| {
        !s[a].is_empty() && !s[b].is_empty()
    });
    sys.stabilises("both have had it", move |s| {
        granted(&s[a]).is_some() && granted(&s[b]).is_some()
    });
    sys
}

#[test]
fn a_lock_with_a_time_comes_to_who_stands_in_line() {
    let a_while = || lock::Lock::held_for(model_timeout()).durable();
    let for_ever = || lock::Lock::held_until_released().durable();
    assert_holds!(never_released(a_while(), lock::Call::Await(())));
    assert_violated!(
        never_released(for_ever(), lock::Call::Await(())),
        "both are answered"
    );
    assert_holds!(
        never_released(for_ever(), lock::Call::Acquire(())),
        "both are answered",
        "no token is granted twice"
    );
    let forgets = never_released(lock::Lock::held_for(model_timeout()), lock::Call::Await(()));
    assert_violated!(forgets, "no token is granted twice");
}

#[test]
fn a_replicated_store_has_one_order_of_calls() {
    use replicated_store::{Answer, Call, Replica};
    let mut sys = System::new();
    sys.links(Link::reliable().fifo());
    let ids: Vec<Id> = (0..3).map(Id::from).collect();
    let replicas = sys.actors("replica", 3, |_| Replica::among(ids.clone()));
    let swap = |value| Call::Swap {
        key: 'x',
        expected: None,
        value,
    };
    let [a, b] = [(0, 1), (2, 2)].map(|(at, value)| {
        let calls = [(replicas[at].id(), Msg::Store(swap(value)))];
        sys.actor(format!("client[{at}]"), Caller::once(calls))
    });
    let stored = Msg::Reader(Answer::Stored { key: 'x' });
    let one = stored.clone();
    sys.always("one of them at most", move |s| {
        !(s[a].contains(&one) && s[b].contains(&one))
    });
    sys.stabilises(
        "one is told that it has the key, the other what is there",
        move |s| {
            let different = |value| {
                Msg::Reader(Answer::Different {
                    key: 'x',
                    value: Some(value),
                })
            };
            let (first, second) = (&s[a][..], &s[b][..]);
            first == [stored.clone()] && second == [different(1)]
                || second == [stored.clone()] && first == [different(2)]
        },
    );
    sys.stabilises("all replicas apply both", move |s| {
        let mut replicas = replicas.iter();
        replicas.all(|replica| s[replica].n_applied() == 2)
    });
    assert_holds!(sys);
}

#[test]
fn nodes_of_a_lagging_store_agree_in_the_end() {
    use lagging_store::{Answer, Call, Node};
    let mut sys = System::new();
    let ids = [0, 1].map(Id::from);
    let nodes = sys.actors("node", 2, |_| Node::among(ids).durable());
    for (at, value) in [(0, 1), (1, 2)] {
        let key = 'x';
        let calls = [Call::Put { key, value }, Call::Get { key }];
        let calls = calls.map(|call| (ids[at], Msg::Lagging(call)));
        let client = sys.actor(format!("client[{at}]"), Caller::once(calls));
        sys.eventually(format!("client[{at}] has its answers"), move |s| {
            s[client].len() == 2
        });
        sys.reachable(
            format!("client[{at}] reads what it has not written"),
            move |s| {
                s[client].iter().any(|told| match told {
                    Msg::Seen(Answer::Found { value: found, .. }) => {
                        found.as_ref().is_none_or(|found| found.value != value)
                    }
                    _ => false,
                })
            },
        );
    }
    sys.crashes(Crashes::recovery(1).recovers().of(ids));
    sys.stabilises("both nodes have the later write", move |s| {
        let [a, b] = [nodes[0], nodes[1]].map(|node| s.state(node));
        matches!((a, b), (Some(a), Some(b)) if a == b && a.value(&'x').is_some())
    });
    assert_holds!(sys);
}
