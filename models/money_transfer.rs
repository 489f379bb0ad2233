//! A money transfer between accounts in two stores: what it takes to move all or nothing.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 12, Transactions: "Consider a money transfer from one bank account to another. If the
//! withdrawal succeeds, but the deposit fails for some reason, the funds need to be deposited back into the source account. In other words, the
//! transfer needs to execute atomically."
//!
//! A teller withdraws money from the source account and deposits it into the target account, each in a store of its own. A teller that does just that
//! (`naive`) loses the money when the deposit is refused. One that deposits it back (`compensate`) brings it home in the end, whoever crashes
//! meanwhile, but not at once: who reads both accounts in between finds money missing. Only two-phase commit (`atomic`) hides that: both stores
//! first promise and lock their account, then both carry it out, and nobody can read the two while they differ.
//!
//! To make good one has to remember. A teller that has the transfer in memory alone (`compensate-forgets`) loses the money when it crashes after
//! the withdrawal.
//!
//! Where the source leaves something open:
//! - The deposit fails because the target account is closed, which may happen at any moment, once. An account that has promised to take the money
//!   takes it even then. Depositing back is never refused.
//! - Links are fair-loss. The teller repeats what is not answered; the stores remember what they have answered, and do nothing twice. Who is told to
//!   abort before it was asked to prepare will not prepare any more.
//! - But in `naive`, which needs no such help to break, teller and stores may crash, also in the middle of a handler, and start again in the end.
//!   Stores write what they do before they say so. The teller writes that there is a transfer before it begins. When it starts again it begins
//!   again, and the answers that the stores remember lead it to where it was: no other log is needed.
//! - An account that has promised something is locked: nobody reads it. What it has promised to give is taken off the balance.
//!
//! In `naive` the shortest trace is the source's story: withdrawal, the account is closed, the deposit is refused, and that was it. In
//! `compensate-forgets` the teller crashes when it hears of the withdrawal. That money is missing for a while takes no more than a withdrawal, in all
//! three that are not atomic.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `naive` | 137 | 493 | 11 |
//! | `compensate` | 1,216 | 7,030 | 16 |
//! | `compensate-forgets` | 1,135 | 6,355 | 16 |
//! | `atomic` | 24,018 | 202,014 | 18 |

use allways::prelude::*;

message! {
    enum Msg {
        /// From the environment: to a teller, move money; to a store, close the account.
        Transfer, Close,
        /// From a teller to a store, and the answer.
        Do(Request), Done(Request), Refused(Request),
    }

    /// What a teller can ask of a store, always for one unit of money.
    #[derive(Copy)]
    enum Request {
        Withdraw, Deposit,
        /// The compensation: what was withdrawn goes back.
        DepositBack,
        /// Two-phase commit: promise; then do it, or forget it.
        PrepareWithdrawal, PrepareDeposit, Commit, Abort,
    }

    enum Timer { Retry }
}

/// How a teller moves money.
#[derive(Clone, Copy, PartialEq)]
enum Design {
    /// Withdraw, then deposit.
    Naive,
    /// If the deposit is refused, deposit it back.
    Compensate,
    /// Two-phase commit.
    Atomic,
}

state! {
    /// The account in a store.
    struct Account {
        balance: u8,
        is_closed: bool,
        /// To whom a withdrawal or a deposit is promised. Until then the account is locked.
        promised: Map<Id, Request>,
        /// What was asked and by whom, and whether it was done.
        answered: Map<(Id, Request), bool>,
    }

    /// A step of a transfer, or how it ended.
    #[derive(Copy)]
    enum Step {
        Idle,
        Withdrawing, Depositing, DepositingBack,
        Preparing, Committing, Aborting,
        Moved, Failed,
    }

    /// There is a transfer to be carried out.
    #[derive(Copy)]
    struct Order;

    struct TellerState {
        step: Step,
        /// Whose answer to this step is missing.
        missing: Set<Id>,
    }
}

impl Account {
    fn new(balance: u8) -> Self {
        Account {
            balance,
            is_closed: false,
            promised: Map::new(),
            answered: Map::new(),
        }
    }
}

struct Store {
    balance: u8,
}

impl Store {
    /// Carries a request out, or refuses.
    fn carry_out(&self, account: &mut Account, teller: Id, request: Request) -> bool {
        let is_locked = !account.promised.is_empty();
        let is_aborted = account.answered.contains_key(&(teller, Request::Abort));
        match request {
            Request::Withdraw if account.balance > 0 => account.balance -= 1,
            Request::Deposit if !account.is_closed => account.balance += 1,
            Request::DepositBack => account.balance += 1,
            Request::PrepareWithdrawal if account.balance > 0 && !is_locked && !is_aborted => {
                account.balance -= 1;
                account.promised.insert(teller, request);
            }
            Request::PrepareDeposit if !account.is_closed && !is_locked && !is_aborted => {
                account.promised.insert(teller, request);
            }
            Request::Commit => {
                if account.promised.remove(&teller) == Some(Request::PrepareDeposit) {
                    account.balance += 1;
                }
            }
            Request::Abort => {
                if account.promised.remove(&teller) == Some(Request::PrepareWithdrawal) {
                    account.balance += 1;
                }
            }
            _ => return false,
        }
        true
    }
}

impl Actor for Store {
    type Msg = Msg;
    type State = Account;
    type Timer = ();
    type Random = ();
    type Storage = Account;

    fn on_start(&self, _: Id, saved: &Option<Account>, _: &mut Out<Self>) -> Account {
        saved.clone().unwrap_or_else(|| Account::new(self.balance))
    }

    fn on_msg(&self, _: Id, account: &mut Cow<'_, Account>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Close => {
                account.to_mut().is_closed = true;
                o.save(account.clone().into_owned());
            }
            Msg::Do(request) => {
                let before = account.answered.get(&(src, request)).copied();
                let is_done = before.unwrap_or_else(|| {
                    let account = account.to_mut();
                    let is_done = self.carry_out(account, src, request);
                    account.answered.insert((src, request), is_done);
                    o.save(account.clone());
                    is_done
                });
                o.send(
                    src,
                    if is_done {
                        Msg::Done(request)
                    } else {
                        Msg::Refused(request)
                    },
                );
            }
            Msg::Transfer | Msg::Done(_) | Msg::Refused(_) => {}
        }
    }
}

struct Teller {
    design: Design,
    /// Writes down that there is a transfer.
    logs: bool,
    source: Id,
    target: Id,
}

impl Teller {
    /// What a step asks, and of whom.
    fn requests(&self, step: Step) -> Vec<(Id, Request)> {
        let (source, target) = (self.source, self.target);
        match step {
            Step::Idle | Step::Moved | Step::Failed => vec![],
            Step::Withdrawing => vec![(source, Request::Withdraw)],
            Step::Depositing => vec![(target, Request::Deposit)],
            Step::DepositingBack => vec![(source, Request::DepositBack)],
            Step::Preparing => vec![
                (source, Request::PrepareWithdrawal),
                (target, Request::PrepareDeposit),
            ],
            Step::Committing => vec![(source, Request::Commit), (target, Request::Commit)],
            Step::Aborting => vec![(source, Request::Abort), (target, Request::Abort)],
        }
    }

    /// The step after one that was done.
    fn after(&self, step: Step) -> Step {
        match step {
            Step::Idle if self.design == Design::Atomic => Step::Preparing,
            Step::Idle => Step::Withdrawing,
            Step::Withdrawing => Step::Depositing,
            Step::Preparing => Step::Committing,
            Step::Depositing | Step::Committing | Step::Moved => Step::Moved,
            Step::DepositingBack | Step::Aborting | Step::Failed => Step::Failed,
        }
    }

    /// The step after one that was refused.
    fn instead(&self, step: Step) -> Step {
        match step {
            Step::Preparing => Step::Aborting,
            Step::Depositing if self.design == Design::Compensate => Step::DepositingBack,
            _ => Step::Failed,
        }
    }

    fn at(&self, step: Step) -> TellerState {
        let requests = self.requests(step).into_iter();
        TellerState {
            step,
            missing: requests.map(|(store, _)| store).collect(),
        }
    }

    /// Asks what is not answered.
    fn ask(&self, state: &TellerState, o: &mut Out<Self>) {
        for (store, request) in self.requests(state.step) {
            if state.missing.contains(&store) {
                o.send(store, Msg::Do(request));
            }
        }
    }

    /// To ask again, as often as it takes. One timer goes on through all steps of a transfer.
    fn patience(&self, state: &TellerState, o: &mut Out<Self>) {
        if !state.missing.is_empty() {
            o.set_timer(Timer::Retry, model_timeout());
        }
    }

    fn enter(&self, state: &mut Cow<'_, TellerState>, step: Step, o: &mut Out<Self>) {
        *state.to_mut() = self.at(step);
        self.ask(state, o);
    }
}

impl Actor for Teller {
    type Msg = Msg;
    type State = TellerState;
    type Timer = Timer;
    type Random = ();
    type Storage = Order;

    fn on_start(&self, _: Id, log: &Option<Order>, o: &mut Out<Self>) -> TellerState {
        let state = match log {
            None => self.at(Step::Idle),
            Some(Order) => self.at(self.after(Step::Idle)),
        };
        self.ask(&state, o);
        self.patience(&state, o);
        state
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, TellerState>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let step = state.step;
        let is_awaited =
            |request| state.missing.contains(&src) && self.requests(step).contains(&(src, request));
        match msg {
            Msg::Transfer => {
                if self.logs {
                    o.save(Order);
                }
                self.enter(state, self.after(Step::Idle), o);
                self.patience(state, o);
            }
            Msg::Done(request) if is_awaited(request) => {
                state.to_mut().missing.remove(&src);
                if state.missing.is_empty() {
                    self.enter(state, self.after(step), o);
                }
            }
            Msg::Refused(request) if is_awaited(request) => {
                self.enter(state, self.instead(step), o);
            }
            // The answer to what was asked twice.
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, TellerState>, _: &Timer, o: &mut Out<Self>) {
        self.ask(state, o);
        self.patience(state, o);
    }
}

params! {
    struct Params {
        /// tellers, each of whom moves one unit of money
        tellers: usize = 1, 1..=2;
        /// units of money in the source account
        money: u8 = 1, 1..=2;
        /// how often processes may crash
        crashes: u32 = 1, 0..=3;
    }
}

fn system(p: &Params, design: Design, logs: bool) -> System<Msg> {
    let mut sys = System::new();
    sys.links(Link::fair_loss());
    let money = p.money;
    let source = sys.reserve("source");
    let target = sys.reserve("target");
    let tellers = sys.actors("teller", p.tellers, |_| Teller {
        design,
        logs,
        source: source.id(),
        target: target.id(),
    });
    sys.set(source, Store { balance: money });
    sys.set(target, Store { balance: 0 });
    for teller in tellers.iter() {
        sys.stimulus("a client asks for a transfer", teller.id(), Msg::Transfer)
            .must_happen();
    }
    sys.stimulus("the target account is closed", target.id(), Msg::Close);

    // The balance that a store knows while it is up, or has written while it is down; and whether nobody can read it.
    let read = move |s: &Snapshot<'_, Msg>, store: Handle<Store>| {
        let account = s.state(store).or(s.storage(store));
        let at_first = if store == source { money } else { 0 };
        account.map_or((at_first, false), |account| {
            (account.balance, !account.promised.is_empty())
        })
    };
    let both = move |s: &Snapshot<'_, Msg>| {
        let ((here, here_locked), (there, there_locked)) = (read(s, source), read(s, target));
        (here, there, here_locked || there_locked)
    };
    sys.always("who reads both accounts finds all of the money", move |s| {
        let (here, there, is_locked) = both(s);
        is_locked || here + there == money
    });
    sys.always("no money is created", move |s| {
        let (here, there, _) = both(s);
        here + there <= money
    });
    sys.always("whatever must survive a crash is saved", move |s| {
        [(source, money), (target, 0)]
            .into_iter()
            .all(|(store, at_first)| {
                let saved = s.storage(store).cloned();
                let saved = saved.unwrap_or_else(|| Account::new(at_first));
                s.state(store).is_none_or(|account| *account == saved)
            })
    });
    let of = tellers.clone();
    let steps = move |s: &Snapshot<'_, Msg>| -> Vec<Step> {
        let steps = of.iter().filter_map(|teller| Some(s.state(teller)?.step));
        steps.collect()
    };
    let (count, n_tellers) = (steps.clone(), p.tellers);
    let moved = move |s: &Snapshot<'_, Msg>| {
        let steps = count(s);
        let moved = steps.iter().filter(|&&step| step == Step::Moved).count();
        let failed = steps.iter().filter(|&&step| step == Step::Failed).count();
        (moved + failed == n_tellers).then_some(moved)
    };
    let all = moved.clone();
    sys.implies(
        "a transfer that is over has moved all or nothing",
        move |s| moved(s).is_some(),
        move |s| {
            let (here, there, is_locked) = both(s);
            !is_locked && all(s) == Some(usize::from(there)) && here + there == money
        },
    );
    sys.stabilises("in the end all of the money is there", move |s| {
        let (here, there, is_locked) = both(s);
        !is_locked && here + there == money
    });
    let of = steps.clone();
    sys.stabilises("no transfer stays half-way", move |s| {
        let mut steps = of(s).into_iter();
        steps.all(|step| matches!(step, Step::Idle | Step::Moved | Step::Failed))
    });
    // What is asked twice, or by who starts again, makes good for what was not asked once.
    let helped = sys.observer("helped", false, |_, event| {
        matches!(event, Event::TimedOut(_) | Event::Crashed(_)).then_some(true)
    });
    sys.observer_wants(helped, |event| {
        matches!(event, Event::TimedOut(_) | Event::Crashed(_))
    });
    for (name, end) in [
        ("money moves at the first attempt", Step::Moved),
        ("a transfer fails at the first attempt", Step::Failed),
    ] {
        let of = steps.clone();
        sys.reachable(name, move |s| of(s).contains(&end) && !s[helped]);
    }
    sys
}

/// With crashes.
fn crashing(p: &Params, design: Design, logs: bool) -> System<Msg> {
    let mut sys = system(p, design, logs);
    sys.crashes(Crashes::recovery(p.crashes).recovers().inside_handlers());
    sys
}

catalogue_entry! {
    "money-transfer", Params,
    "Money moves between accounts in two stores: all or nothing, or not.",
    source "Understanding Distributed Systems: Coordination, chapter 12",
    "naive" => |p| system(p, Design::Naive, true),
        violates "who reads both accounts finds all of the money",
        violates "a transfer that is over has moved all or nothing",
        violates "in the end all of the money is there";
    "compensate" => |p| crashing(p, Design::Compensate, true),
        violates "who reads both accounts finds all of the money";
    "compensate-forgets" => |p| crashing(p, Design::Compensate, false),
        violates "who reads both accounts finds all of the money",
        violates "in the end all of the money is there";
    "atomic" => |p| crashing(p, Design::Atomic, true);
}
