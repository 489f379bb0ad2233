//! Two-phase commit: databases that all commit a transaction or all abort it, though messages get lost and processes crash.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 12, Transactions. The protocol is that of Gray, "Notes on Data Base Operating
//! Systems" (1978).
//!
//! A coordinator asks every participant to prepare. Who votes yes gives up the right to abort, and is *in doubt* until it is told the decision;
//! if all vote yes the decision is to commit, else to abort. That makes the transaction atomic: "either all the operations within a group
//! complete successfully or none of them do". It does not make it end. If the coordinator crashes and does not come back
//! (`coordinator-crash`), whoever is in doubt stays so for ever: nobody else knows, and to guess would not be atomic.
//!
//! In `recovery-log` whoever crashes starts again, and all have written to a log what they promised or decided before they said so. That is all it
//! takes, and nothing of it can be left out. Databases without a log (`no-wal`) forget what they have committed, which durability forbids: "once
//! the database commits the transaction, the changes are persisted on durable storage so that the database doesn't lose the changes if it
//! subsequently crashes". A coordinator that only logs its decisions to commit (`no-abort-log`), since without any entry it will not have committed, is
//! not even atomic.
//!
//! Where the source leaves something open:
//! - Links are fair-loss. The coordinator aborts when votes do not come in time, and repeats its decision until everybody has confirmed it. How long
//!   that is nobody knows: a time-out can come at any moment.
//! - A participant votes as it likes, once. What it has carried out it confirms as often as it is told.
//! - A coordinator that starts again without a decision in its log asks for votes again. Who has voted before stays silent, but votes that are
//!   still on their way count.
//! - In `recovery-log` and `no-abort-log` everybody may crash, also in the middle of a handler, and starts again in the end; in `no-wal` only the
//!   databases may. A database that is told to commit what it has no memory of does not answer.
//!
//! In `coordinator-crash` a participant votes yes, and the coordinator crashes. In `no-wal` both participants prepare, one commits and says so, it crashes, and
//! what it had committed is gone. Nor does the transaction end there: the coordinator waits for the confirmation of a database that has forgotten what it
//! promised; or a database that has forgotten that it aborted gets a late *prepare*, votes yes, and is in doubt for ever. (Where links duplicate as
//! well, `--set duplicating=true`, it is not atomic either.) In `no-abort-log` the coordinator times out, sends an *abort* and crashes; it starts again, the
//! votes come after all, and it commits, while the *abort* of its former life is still on its way.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `no-crash` | 1,942 | 12,154 | 14 |
//! | `coordinator-crash` | 2,703 | 17,396 | 14 |
//! | `recovery-log` | 10,329 | 88,051 | 16 |
//! | `no-wal` | 10,051 | 71,590 | 16 |
//! | `no-abort-log` | 16,960 | 143,339 | 21 |

use allways::prelude::*;

message! {
    enum Msg {
        /// From the coordinator: can you commit?
        Prepare,
        /// The vote.
        Yes, No,
        /// The decision.
        Commit, Abort,
        /// It is carried out.
        Committed, Aborted,
    }

    enum Timer {
        /// We have waited long enough for votes, or for confirmations.
        Patience,
    }
}

state! {
    struct CoordinatorState {
        decision: Option<Decision>,
        /// Whose vote is missing; after the decision, whose confirmation.
        missing: Set<Id>,
    }

    #[derive(Copy)]
    enum Decision { Commit, Abort }

    /// How far a participant is with the transaction. After a yes it is in doubt: prepared, and bound to do as it is told.
    #[derive(Copy)]
    enum Progress { Working, Prepared, Committed, Aborted }
}

/// What is written to a log before it is said.
#[derive(Clone, Copy)]
struct Logs {
    /// By participants: what they promise and do.
    promises: bool,
    /// By the coordinator: the decision to abort. It always writes the one to commit.
    aborts: bool,
}

struct Coordinator {
    participants: Set<Id>,
    logs_aborts: bool,
}

impl Coordinator {
    /// Asks those whose answer is missing.
    fn ask(&self, state: &CoordinatorState, o: &mut Out<Self>) {
        let request = match state.decision {
            None => Msg::Prepare,
            Some(Decision::Commit) => Msg::Commit,
            Some(Decision::Abort) => Msg::Abort,
        };
        for &participant in &state.missing {
            o.send(participant, request.clone());
        }
    }

    /// One timer goes on from the first question to the last confirmation.
    fn wait(&self, o: &mut Out<Self>) {
        o.set_timer(Timer::Patience, model_timeout());
    }

    /// Decides, and says so only when it is in the log.
    fn decide(&self, state: &mut CoordinatorState, decision: Decision, o: &mut Out<Self>) {
        if self.logs_aborts || decision == Decision::Commit {
            o.save(decision);
        }
        state.decision = Some(decision);
        state.missing = self.participants.clone();
        self.ask(state, o);
    }
}

impl Actor for Coordinator {
    type Msg = Msg;
    type State = CoordinatorState;
    type Timer = Timer;
    type Random = ();
    type Storage = Decision;

    fn on_start(&self, _: Id, log: &Option<Decision>, o: &mut Out<Self>) -> CoordinatorState {
        let state = CoordinatorState {
            decision: *log,
            missing: self.participants.clone(),
        };
        self.ask(&state, o);
        self.wait(o);
        state
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, CoordinatorState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let is_decided = state.decision.is_some();
        match msg {
            Msg::Yes if !is_decided => {
                let state = state.to_mut();
                state.missing.remove(&src);
                if state.missing.is_empty() {
                    self.decide(state, Decision::Commit, o);
                }
            }
            Msg::No if !is_decided => self.decide(state.to_mut(), Decision::Abort, o),
            Msg::Committed | Msg::Aborted if is_decided => {
                state.to_mut().missing.remove(&src);
            }
            // Too late, or from a former life.
            _ => {}
        }
    }

    fn on_timeout(
        &self,
        _: Id,
        state: &mut Cow<'_, CoordinatorState>,
        _: &Timer,
        o: &mut Out<Self>,
    ) {
        if state.decision.is_none() {
            self.decide(state.to_mut(), Decision::Abort, o);
            self.wait(o);
        } else if !state.missing.is_empty() {
            self.ask(state, o);
            self.wait(o);
        }
    }
}

/// A database.
struct Participant {
    coordinator: Id,
    logs: bool,
}

impl Participant {
    fn enter(&self, state: &mut Cow<'_, Progress>, progress: Progress, o: &mut Out<Self>) {
        if **state != progress {
            *state.to_mut() = progress;
            if self.logs {
                o.save(progress);
            }
        }
    }
}

impl Actor for Participant {
    type Msg = Msg;
    type State = Progress;
    type Timer = ();
    /// The vote.
    type Random = Msg;
    type Storage = Progress;

    fn on_start(&self, _: Id, log: &Option<Progress>, _: &mut Out<Self>) -> Progress {
        log.unwrap_or(Progress::Working)
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Progress>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (msg, **state) {
            (Msg::Prepare, Progress::Working) => o.choose_random("vote", vec![Msg::Yes, Msg::No]),
            (Msg::Commit, Progress::Prepared | Progress::Committed) => {
                self.enter(state, Progress::Committed, o);
                o.send(src, Msg::Committed);
            }
            (Msg::Abort, Progress::Working | Progress::Prepared | Progress::Aborted) => {
                o.choose_random("vote", vec![]);
                self.enter(state, Progress::Aborted, o);
                o.send(src, Msg::Aborted);
            }
            _ => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, Progress>, vote: &Msg, o: &mut Out<Self>) {
        let progress = match vote {
            Msg::Yes => Progress::Prepared,
            _ => Progress::Aborted,
        };
        self.enter(state, progress, o);
        o.send(self.coordinator, vote.clone());
    }
}

params! {
    struct Params {
        /// databases that take part
        participants: usize = 2, 2..=3;
        /// how often processes may crash, where they start again
        crashes: u32 = 1, 1..=3;
        /// whether links duplicate as well
        duplicating: bool = false;
    }
}

/// What a participant has come to: what it knows while it is up, what its log says while it is down.
fn progress(s: &Snapshot<'_, Msg>, participant: Handle<Participant>) -> Progress {
    let known = s.state(participant).or(s.storage(participant));
    known.copied().unwrap_or(Progress::Working)
}

/// The system without crashes, with its coordinator and participants.
fn system(p: &Params, logs: Logs) -> (System<Msg>, Handle<Coordinator>, Handles<Participant>) {
    let mut sys = System::new();
    let link = Link::fair_loss();
    sys.links(if p.duplicating {
        link.duplicating()
    } else {
        link
    });
    let coordinator = sys.reserve("coordinator");
    let participants = sys.actors("participant", p.participants, |_| Participant {
        coordinator: coordinator.id(),
        logs: logs.promises,
    });
    sys.set(
        coordinator,
        Coordinator {
            participants: participants.ids().into_iter().collect(),
            logs_aborts: logs.aborts,
        },
    );
    let confirmed = sys.observer("confirmed", Set::new(), |confirmed, event| match event {
        Event::Sent(envelope) if *envelope.msg == Msg::Committed => {
            Some(confirmed.update(envelope.src))
        }
        _ => None,
    });
    sys.observer_wants(confirmed, |event| matches!(event, Event::Sent(_)));

    let of = participants.clone();
    sys.always("all commit or all abort", move |s| {
        let has = |end| of.iter().any(|p| progress(s, p) == end);
        !(has(Progress::Committed) && has(Progress::Aborted))
    });
    let of = participants.clone();
    sys.always("what is committed is not lost", move |s| {
        let mut confirmed = of.iter().filter(|p| s[confirmed].contains(&p.id()));
        confirmed.all(|p| progress(s, p) == Progress::Committed)
    });
    let of = participants.clone();
    sys.stabilises("nobody stays in doubt", move |s| {
        of.iter().all(|p| s.state(p) != Some(&Progress::Prepared))
    });
    sys.stabilises("the transaction ends", move |s| {
        s.state(coordinator)
            .is_none_or(|state| state.decision.is_some() && state.missing.is_empty())
    });
    // What a time-out makes good, or who starts again, is seen only where there is neither.
    let helped = sys.observer("helped", false, |_, event| {
        matches!(event, Event::TimedOut(_) | Event::Crashed(_)).then_some(true)
    });
    sys.observer_wants(helped, |event| {
        matches!(event, Event::TimedOut(_) | Event::Crashed(_))
    });
    for (name, decision) in [
        (
            "all confirm a commit at the first attempt",
            Decision::Commit,
        ),
        ("all confirm an abort at the first attempt", Decision::Abort),
    ] {
        sys.reachable(name, move |s| {
            let is_over = s
                .state(coordinator)
                .is_some_and(|state| state.decision == Some(decision) && state.missing.is_empty());
            is_over && !s[helped]
        });
    }
    for (name, end) in [
        ("all commit", Progress::Committed),
        ("all abort", Progress::Aborted),
    ] {
        let of = participants.clone();
        sys.reachable(name, move |s| of.iter().all(|p| progress(s, p) == end));
    }
    (sys, coordinator, participants)
}

const WHOLE_LOG: Logs = Logs {
    promises: true,
    aborts: true,
};

/// The same, where all is in the logs: asked for, too.
fn logging(p: &Params, logs: Logs) -> (System<Msg>, Handle<Coordinator>) {
    let (mut sys, coordinator, participants) = system(p, logs);
    sys.always("whatever must survive a crash is saved", move |s| {
        let of_participant = |p| s.storage(p).unwrap_or(&Progress::Working);
        let mut up = participants.iter().filter_map(|p| Some((p, s.state(p)?)));
        let decided = s.state(coordinator).map(|state| state.decision);
        up.all(|(p, known)| known == of_participant(p))
            && decided.is_none_or(|known| known.as_ref() == s.storage(coordinator))
    });
    (sys, coordinator)
}

fn coordinator_crash(p: &Params) -> System<Msg> {
    let (mut sys, coordinator) = logging(p, WHOLE_LOG);
    sys.crashes(Crashes::stop(1).of([coordinator.id()]));
    sys
}

/// Everybody may crash, and starts again in the end.
fn recovering(p: &Params, mut sys: System<Msg>) -> System<Msg> {
    sys.crashes(Crashes::recovery(p.crashes).recovers().inside_handlers());
    sys
}

fn recovery_log(p: &Params, logs: Logs) -> System<Msg> {
    recovering(p, logging(p, logs).0)
}

fn no_abort_log(p: &Params) -> System<Msg> {
    let aborts = false;
    let logs = Logs {
        aborts,
        ..WHOLE_LOG
    };
    recovering(p, system(p, logs).0)
}

fn no_wal(p: &Params) -> System<Msg> {
    let promises = false;
    let (mut sys, _, participants) = system(
        p,
        Logs {
            promises,
            ..WHOLE_LOG
        },
    );
    sys.crashes(
        Crashes::recovery(p.crashes)
            .recovers()
            .of(participants.ids()),
    );
    sys
}

catalogue_entry! {
    "two-phase-commit", Params,
    "Databases that all commit or all abort, though messages get lost and processes crash.",
    source "Understanding Distributed Systems: Coordination, chapter 12",
    "no-crash" => |p| logging(p, WHOLE_LOG).0;
    "coordinator-crash" => coordinator_crash,
        violates "nobody stays in doubt";
    "recovery-log" => |p| recovery_log(p, WHOLE_LOG),
        mistake "aborts are not logged" => |p| recovery_log(p, Logs { aborts: false, ..WHOLE_LOG }),
        mistake "promises are not logged" => |p| recovery_log(p, Logs { promises: false, ..WHOLE_LOG });
    "no-wal" => no_wal,
        violates "what is committed is not lost",
        violates "nobody stays in doubt",
        violates "the transaction ends";
    "no-abort-log" => no_abort_log,
        violates "all commit or all abort",
        violates "the transaction ends";
}
