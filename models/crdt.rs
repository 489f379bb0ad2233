//! Replicated data types that need no coordination: replicas change them at once, and agree in the end all the same.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 11, Coordination Avoidance. The types are those of Shapiro, Preguiça,
//! Baquero and Zawirski, "A comprehensive study of Convergent and Commutative Replicated Data Types" (2011).
//!
//! A total order of updates "creates a scalability bottleneck" and "isn't available during network partitions". It is not always needed. Here a
//! replica carries out an update by itself, whoever else can be reached, and sends its whole state to the others, which *merge* it with their own. If
//! merging loses nothing and neither order nor repetition matters to it, replicas that know of the same updates agree. This is asked in two ways: at any
//! moment a replica shows what the updates that it knows of amount to, and all runs that end with the same updates end with the same values.
//!
//! - A *g-counter* has a count for each replica, which only that replica increments. Merging takes the greater of each, the value is the sum.
//! - An *or-set* (observed-remove) marks each adding with a tag of its own. Removing takes away the tags that were observed, so that
//!   what is added elsewhere at the same time stays.
//! - An *lww-register* (last writer wins) keeps the write with the greatest stamp.
//! - A *plain counter* is one number, and a replica takes over the number that it is told: of two increments at the same time one is lost.
//!
//! Where the source leaves something open:
//! - Links lose nothing, but deliver in any order, and more than once. One replica may be cut off from the others for a while.
//! - The same replica may crash, also in the middle of what it does, and starts again in the end. It saves what it does before it tells the others. What
//!   others have done it does not save; when it starts again, it tells what it has, and asks them.
//! - Stamps are those of Lamport's clocks, with the replica's id to break ties.
//! - States carry along which updates they know of: a ghost that no decision reads.
//!
//! In `plain-counter` the shortest trace is the textbook's: two replicas increment at the same time, and one takes over the other's count, which
//! is its own: two increments make one. So runs with the same updates end with different counts, and as an old count may come late, even replicas
//! that know of all updates may show different ones for ever.
//!
//! Two more variants show what the types take for granted. The text's crash-recovery model has processes "losing their in-memory state": in
//! `g-counter-volatile` nothing is saved, and a replica that starts again knows nothing of the increment that it has told the other of. In
//! `g-counter-silent-restart` a replica saves what it has done, but does not ask when it starts again: each message is delivered, and to a process that
//! crashes as it arrives. What avoids coordination avoids neither the disk nor the question what one has missed.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `g-counter` | 969 | 3,755 | 10 |
//! | `g-counter-volatile` | 285 | 789 | 9 |
//! | `g-counter-silent-restart` | 405 | 1,230 | 8 |
//! | `or-set` | 6,045 | 28,008 | 12 |
//! | `lww-register` | 969 | 3,755 | 10 |
//! | `plain-counter` | 7,191 | 32,971 | 14 |

use allways::prelude::*;

message! {
    enum Msg {
        /// From the environment: change something.
        Increment, Add(char), Remove(char), Write(char),
        /// Between replicas: all I have.
        State(State),
        /// From a replica that starts again: all I have, and what have you?
        Ask(State),
    }

    /// What a replica has.
    struct State {
        data: Data,
        /// The updates that have gone into it: a ghost.
        known: Set<Update>,
    }

    enum Data {
        GCounter(Map<Id, u8>),
        OrSet { added: Set<Tagged>, removed: Set<Tagged> },
        LwwRegister(Option<Stamped>),
        PlainCounter(u8),
    }

    /// An element with the tag that it was added with: the n-th of this replica.
    #[derive(Copy)]
    struct Tagged { element: char, replica: Id, n: u8 }

    /// A written value; the order of the fields is that of writes.
    #[derive(Copy)]
    struct Stamped { clock: u8, replica: Id, value: char }

    /// What was done, as it was meant.
    enum Update {
        /// The n-th of this replica.
        Incremented { replica: Id, n: usize },
        Added(Tagged),
        Removed(Set<Tagged>),
        Wrote(Stamped),
    }

    /// What a replica shows to its users.
    enum Value { Count(usize), Elements(Set<char>), Register(Option<char>) }
}

impl Data {
    /// Carries out what the environment asks for, and says what that was, if anything.
    fn update(&mut self, me: Id, msg: Msg, known: &Set<Update>) -> Option<Update> {
        match (self, msg) {
            (Data::GCounter(counts), Msg::Increment) => {
                let count = counts.entry(me).or_default();
                *count += 1;
                Some(Update::Incremented {
                    replica: me,
                    n: usize::from(*count),
                })
            }
            (Data::PlainCounter(count), Msg::Increment) => {
                *count += 1;
                let is_mine = |update: &&Update| matches!(update, Update::Incremented { replica, .. } if *replica == me);
                Some(Update::Incremented {
                    replica: me,
                    n: known.iter().filter(is_mine).count() + 1,
                })
            }
            (Data::OrSet { added, .. }, Msg::Add(element)) => {
                let n = added.iter().filter(|tagged| tagged.replica == me).count() as u8 + 1;
                let tagged = Tagged {
                    element,
                    replica: me,
                    n,
                };
                added.insert(tagged);
                Some(Update::Added(tagged))
            }
            (Data::OrSet { added, removed }, Msg::Remove(element)) => {
                let observed = added.clone().relative_complement(removed.clone());
                let observed: Set<Tagged> = observed
                    .into_iter()
                    .filter(|tagged| tagged.element == element)
                    .collect();
                *removed = removed.clone().union(observed.clone());
                (!observed.is_empty()).then_some(Update::Removed(observed))
            }
            (Data::LwwRegister(last), Msg::Write(value)) => {
                let clock = last.map_or(0, |last| last.clock) + 1;
                let stamped = Stamped {
                    clock,
                    replica: me,
                    value,
                };
                *last = Some(stamped);
                Some(Update::Wrote(stamped))
            }
            _ => None,
        }
    }

    /// Takes in what another replica has.
    fn merge(&mut self, theirs: Data) {
        match (self, theirs) {
            (Data::GCounter(counts), Data::GCounter(theirs)) => {
                *counts = counts.clone().union_with(theirs, |a, b| a.max(b));
            }
            (
                Data::OrSet { added, removed },
                Data::OrSet {
                    added: also_added,
                    removed: also_removed,
                },
            ) => {
                *added = added.clone().union(also_added);
                *removed = removed.clone().union(also_removed);
            }
            (Data::LwwRegister(last), Data::LwwRegister(theirs)) => *last = theirs.max(*last),
            (Data::PlainCounter(count), Data::PlainCounter(theirs)) => *count = theirs,
            _ => {}
        }
    }

    fn value(&self) -> Value {
        match self {
            Data::GCounter(counts) => Value::Count(counts.values().copied().map(usize::from).sum()),
            Data::PlainCounter(count) => Value::Count(usize::from(*count)),
            Data::OrSet { added, removed } => {
                let present = added.iter().filter(|tagged| !removed.contains(*tagged));
                Value::Elements(present.map(|tagged| tagged.element).collect())
            }
            Data::LwwRegister(last) => Value::Register(last.map(|last| last.value)),
        }
    }

    /// What these updates amount to, however they came about: the type's specification.
    fn specified(&self, updates: &Set<Update>) -> Value {
        match self {
            Data::GCounter(_) | Data::PlainCounter(_) => Value::Count(updates.len()),
            Data::OrSet { .. } => {
                let is_removed = |tagged: &Tagged| {
                    updates.iter().any(|update| matches!(update, Update::Removed(observed) if observed.contains(tagged)))
                };
                let added = updates.iter().filter_map(|update| match update {
                    Update::Added(tagged) if !is_removed(tagged) => Some(tagged.element),
                    _ => None,
                });
                Value::Elements(added.collect())
            }
            Data::LwwRegister(_) => {
                let writes = updates.iter().filter_map(|update| match update {
                    Update::Wrote(stamped) => Some(stamped),
                    _ => None,
                });
                Value::Register(writes.max().map(|last| last.value))
            }
        }
    }
}

/// What a replica does about crashes.
#[derive(Clone, Copy, PartialEq)]
enum Design {
    /// Nothing: it starts again with nothing.
    Volatile,
    /// It saves what it has whenever it does something, and starts again with that.
    Saves,
    /// And asks the others what they have.
    SavesAndAsks,
}

struct Replica {
    n_replicas: usize,
    initial: Data,
    design: Design,
}

impl Replica {
    fn send_to_others(&self, me: Id, msg: &Msg, o: &mut Out<Self>) {
        for peer in (0..self.n_replicas)
            .map(Id::from)
            .filter(|&peer| peer != me)
        {
            o.send(peer, msg.clone());
        }
    }

    fn save(&self, state: &State, o: &mut Out<Self>) {
        if self.design != Design::Volatile {
            o.save(state.clone());
        }
    }
}

impl Actor for Replica {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = State;

    fn on_start(&self, me: Id, saved: &Option<State>, o: &mut Out<Self>) -> State {
        if let Some(state) = saved {
            let again = match self.design {
                Design::SavesAndAsks => Msg::Ask(state.clone()),
                _ => Msg::State(state.clone()),
            };
            self.send_to_others(me, &again, o);
            return state.clone();
        }
        let state = State {
            data: self.initial.clone(),
            known: Set::new(),
        };
        self.save(&state, o);
        state
    }

    fn on_msg(&self, me: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::State(theirs) => merge(state, theirs),
            Msg::Ask(theirs) => {
                merge(state, theirs);
                o.send(src, Msg::State(state.clone().into_owned()));
            }
            update => {
                let mut next = state.clone().into_owned();
                if let Some(update) = next.data.update(me, update, &next.known) {
                    next.known.insert(update);
                    self.save(&next, o);
                    self.send_to_others(me, &Msg::State(next.clone()), o);
                    *state.to_mut() = next;
                }
            }
        }
    }
}

/// Takes in what another replica has.
fn merge(state: &mut Cow<'_, State>, theirs: State) {
    let mut merged = state.clone().into_owned();
    merged.data.merge(theirs.data);
    merged.known = merged.known.union(theirs.known);
    if merged != **state {
        *state.to_mut() = merged;
    }
}

params! {
    struct Params {
        /// replicas; for three take crashes=0, which is much faster
        replicas: usize = 2, 2..=3;
        /// how often each may be asked for each kind of update
        updates: u32 = 1, 1..=2;
        /// how often the first replica may be cut off from the others
        partitions: u32 = 1, 0..=1;
        /// how often the first replica may crash
        crashes: u32 = 1, 0..=1;
    }
}

fn system(p: &Params, initial: &Data, design: Design) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::reliable().duplicating());
    let replicas = sys.actors("replica", p.replicas, |_| Replica {
        n_replicas: p.replicas,
        initial: initial.clone(),
        design,
    });
    sys.partitions(
        Partitions::between([replicas[0].id()], replicas.ids().split_off(1)).times(p.partitions),
    );
    // What makes the difference must happen.
    let n_crashes = if design == Design::SavesAndAsks {
        p.crashes
    } else {
        1
    };
    let crashes = Crashes::recovery(n_crashes)
        .recovers()
        .of([replicas[0].id()]);
    sys.crashes(match design {
        Design::Volatile => crashes,
        Design::Saves | Design::SavesAndAsks => crashes.inside_handlers(),
    });
    for (replica, letter) in replicas.ids().into_iter().zip('a'..) {
        let is_first = replica == replicas[0].id();
        let updates = match initial {
            Data::GCounter(_) | Data::PlainCounter(_) => vec![("increments", Msg::Increment)],
            Data::OrSet { .. } if is_first => vec![("adds", Msg::Add('x'))],
            Data::OrSet { .. } => vec![("adds", Msg::Add('x')), ("removes", Msg::Remove('x'))],
            Data::LwwRegister(_) => vec![("writes", Msg::Write(letter))],
        };
        for (name, msg) in updates {
            let name = format!("replica[{}] {name}", usize::from(replica));
            sys.stimulus(name, replica, msg).times(p.updates);
        }
    }

    let of = replicas.clone();
    sys.always(
        "a replica shows what the updates that it knows of amount to",
        move |s| {
            let mut states = of.iter().filter_map(|r| s.state(r));
            states.all(|state| state.data.value() == state.data.specified(&state.known))
        },
    );
    let (of, all) = (replicas.clone(), replicas.clone());
    sys.confluent_given(
        "the same updates end in the same values",
        move |s| {
            Set::unions(
                of.iter()
                    .filter_map(|r| s.state(r))
                    .map(|state| state.known.clone()),
            )
        },
        move |s| {
            all.iter()
                .map(|r| s.state(r).map(|state| state.data.value()))
                .collect::<Vec<_>>()
        },
    );
    let of = replicas.clone();
    sys.stabilises("in the end all replicas show the same", move |s| {
        let value = |r: Handle<Replica>| s.state(r).map(|state| state.data.value());
        of.iter()
            .all(|r| value(r).is_some() && value(r) == value(of[0]))
    });
    if let Data::OrSet { .. } = initial {
        let of = replicas.clone();
        sys.reachable("what was added is removed", move |s| {
            let mut states = of.iter().filter_map(|r| s.state(r));
            states.any(|state| {
                let mut known = state.known.iter();
                known.any(|update| matches!(update, Update::Removed(_)))
            })
        });
    }
    if p.partitions > 0 {
        let of = replicas.clone();
        sys.reachable(
            "replicas on both sides of a partition carry out updates",
            move |s| {
                let known = |i: usize| s.state(of[i]).map(|state| &state.known);
                match (known(0), known(1)) {
                    (Some(here), Some(there)) => {
                        s.is_partitioned() && !here.is_subset(there) && !there.is_subset(here)
                    }
                    _ => false,
                }
            },
        );
    }
    sys
}

fn or_set() -> Data {
    Data::OrSet {
        added: Set::new(),
        removed: Set::new(),
    }
}

catalogue_entry! {
    "crdt", Params,
    "Replicated data types: which need no coordination to agree.",
    source "Understanding Distributed Systems: Coordination, chapter 11",
    "g-counter" => |p| system(p, &Data::GCounter(Map::new()), Design::SavesAndAsks);
    "g-counter-volatile" => |p| system(p, &Data::GCounter(Map::new()), Design::Volatile),
        violates "the same updates end in the same values",
        violates "in the end all replicas show the same";
    "g-counter-silent-restart" => |p| system(p, &Data::GCounter(Map::new()), Design::Saves),
        violates "the same updates end in the same values",
        violates "in the end all replicas show the same";
    "or-set" => |p| system(p, &or_set(), Design::SavesAndAsks);
    "lww-register" => |p| system(p, &Data::LwwRegister(None), Design::SavesAndAsks);
    "plain-counter" => |p| system(p, &Data::PlainCounter(0), Design::SavesAndAsks),
        violates "a replica shows what the updates that it knows of amount to",
        violates "the same updates end in the same values",
        violates "in the end all replicas show the same";
}
