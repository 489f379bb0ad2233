//! The tests' own catalogue: what no model of `models/` is, or is on purpose: very long, hostile, slow, stuck, or another one tomorrow.

use allways::catalogue::Catalogue;

/// All of them.
pub(crate) fn catalogue() -> Catalogue {
    Catalogue::new([
        rally::entry(),
        hostile::entry(),
        slow::entry(),
        stuck::entry(),
        moody::entry(),
        ledger::entry(),
    ])
}

/// Two players and a ball, for thousands of steps.
pub(crate) mod rally {
    use allways::prelude::*;

    message! {
        #[derive(Copy)]
        struct Ball(u32);
    }

    struct Player {
        other: Id,
        serves: bool,
        strokes: u32,
    }

    impl Actor for Player {
        type Msg = Ball;
        /// The stroke that it played last.
        type State = u32;
        type Timer = ();
        type Random = ();
        type Storage = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u32 {
            if self.serves {
                o.send(self.other, Ball(1));
            }
            0
        }

        fn on_msg(&self, _: Id, last: &mut Cow<'_, u32>, src: Id, ball: Ball, o: &mut Out<Self>) {
            *last.to_mut() = ball.0;
            if ball.0 < self.strokes {
                o.send(src, Ball(ball.0 + 1));
            }
        }
    }

    params! {
        struct Params {
            /// Strokes until it ends.
            strokes: u32 = 5000, 1..=9000;
        }
    }

    fn system(p: &Params) -> System<Ball> {
        let mut sys = System::new();
        let strokes = p.strokes;
        let player = |other: Id, serves| Player {
            other,
            serves,
            strokes,
        };
        let left = sys.reserve("left");
        let right = sys.actor("right", player(left.id(), false));
        sys.set(left, player(right.id(), true));
        sys.links(Link::reliable());
        sys.always("the rally goes on", move |s| {
            s[left] < strokes && s[right] < strokes
        });
        sys
    }

    catalogue_entry! {
        "rally", Params,
        "A ball that goes back and forth.",
        source "Tennis",
        "long" => system, violates "the rally goes on";
    }
}

/// Whatever a model can name holds markup that would run if it were ever taken for HTML.
pub(crate) mod hostile {
    use allways::prelude::*;

    /// What a message holds. It would leave its trace in `window.obeyed`.
    pub(crate) const MARKUP: &str =
        "<img src=x onerror=window.obeyed=1><script>window.obeyed=2</script>";

    /// A property of that name.
    pub(crate) const PROPERTY: &str = "</h2><img src=x onerror=window.obeyed=3>${window.obeyed=4}";

    /// An actor of that name.
    pub(crate) const ACTOR: &str = "<svg onload=window.obeyed=5>";

    message! {
        struct Note(String);
    }

    struct Writer {
        reader: Option<Id>,
    }

    impl Actor for Writer {
        type Msg = Note;
        /// What it has read.
        type State = String;
        type Timer = ();
        type Random = ();
        type Storage = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> String {
            if let Some(reader) = self.reader {
                o.send(reader, Note(MARKUP.to_owned()));
            }
            String::new()
        }

        fn on_msg(&self, _: Id, read: &mut Cow<'_, String>, _: Id, note: Note, _: &mut Out<Self>) {
            *read.to_mut() = note.0;
        }
    }

    params! {
        struct Params {}
    }

    fn system(_: &Params) -> System<Note> {
        let mut sys = System::new();
        let reader = sys.actor(ACTOR, Writer { reader: None });
        sys.actor(
            "writer",
            Writer {
                reader: Some(reader.id()),
            },
        );
        sys.links(Link::reliable());
        sys.always(PROPERTY, move |s| s[reader].is_empty());
        sys
    }

    catalogue_entry! {
        "hostile", Params,
        "<img src=x onerror=window.obeyed=6>",
        source "<img src=x onerror=window.obeyed=7>",
        "markup" => system,
            violates "</h2><img src=x onerror=window.obeyed=3>${window.obeyed=4}";
    }
}

/// A property takes its time, so that a small check goes on for a while on any machine.
pub(crate) mod slow {
    use std::thread;
    use std::time::Duration;

    use allways::prelude::*;

    /// For each state; the check has about 2,000.
    const PAUSE: Duration = Duration::from_millis(1);

    struct Dials {
        dials: usize,
    }

    impl Model for Dials {
        type State = Vec<u8>;
        type Action = usize;

        fn init_states(&self) -> Vec<Vec<u8>> {
            vec![vec![0; self.dials]]
        }

        fn actions(&self, state: &Vec<u8>, actions: &mut Vec<usize>) {
            let turns = state.iter().enumerate().filter(|&(_, &dial)| dial < 2);
            actions.extend(turns.map(|(dial, _)| dial));
        }

        fn next_state(&self, state: &Vec<u8>, dial: usize) -> Option<Vec<u8>> {
            let mut next = state.clone();
            next[dial] += 1;
            Some(next)
        }

        fn properties(&self) -> Vec<Property<Self>> {
            let always = Property::always("no dial is turned too far", |_, state: &Vec<u8>| {
                thread::sleep(PAUSE);
                state.iter().all(|&dial| dial <= 2)
            });
            let reachable = Property::sometimes("a dial is turned", |_, state: &Vec<u8>| {
                state.iter().any(|&dial| dial > 0)
            });
            vec![always, reachable]
        }
    }

    params! {
        struct Params {
            /// Dials with three positions each.
            dials: usize = 7, 1..=12;
        }
    }

    fn space(p: &Params) -> GeneralSpace<Dials> {
        GeneralSpace::encoded(Dials { dials: p.dials }).with_encoded_actions()
    }

    catalogue_entry! {
        "slow", Params,
        "Dials that are turned, and a property that thinks about each position.",
        source "A safe",
        "property" => space;
    }
}

/// Somebody who thinks for ever: in a handler, or in a property.
pub(crate) mod stuck {
    use std::thread;

    use allways::prelude::*;

    struct Brooder {
        broods: bool,
    }

    fn for_ever() -> ! {
        loop {
            thread::park();
        }
    }

    impl Actor for Brooder {
        type Msg = ();
        type State = bool;
        type Timer = ();
        type Random = ();
        type Storage = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
            o.set_timer((), model_timeout());
            false
        }

        fn on_timeout(&self, _: Id, woken: &mut Cow<'_, bool>, (): &(), _: &mut Out<Self>) {
            *woken.to_mut() = true;
            if self.broods {
                for_ever();
            }
        }
    }

    params! {
        struct Params {}
    }

    fn system(broods: bool, judges: bool) -> System<()> {
        let mut sys = System::new();
        let brooder = sys.actor("brooder", Brooder { broods });
        sys.always("it is known", move |s| {
            if judges && s[brooder] {
                for_ever();
            }
            true
        });
        sys
    }

    catalogue_entry! {
        "stuck", Params,
        "Somebody who thinks for ever.",
        source "Hamlet",
        "handler" => |_| system(true, false);
        "property" => |_| system(false, true);
    }
}

/// The same model on two days: what was possible on the first is not on the second.
pub(crate) mod moody {
    use allways::prelude::*;

    message! {
        #[derive(Copy)]
        enum Step {
            Walk,
            Run,
        }
    }

    struct Walker {
        runs: bool,
    }

    impl Model for Walker {
        type State = u8;
        type Action = Step;

        fn init_states(&self) -> Vec<u8> {
            vec![0]
        }

        fn actions(&self, &place: &u8, actions: &mut Vec<Step>) {
            if place < 6 {
                if place < 2 || self.runs {
                    actions.push(Step::Run);
                }
                actions.push(Step::Walk);
            }
        }

        fn next_state(&self, place: &u8, step: Step) -> Option<u8> {
            Some(match step {
                Step::Walk => place + 1,
                Step::Run => (place + 2).min(6),
            })
        }

        fn properties(&self) -> Vec<Property<Self>> {
            vec![Property::always("never arrives", |_, &place: &u8| {
                place < 6
            })]
        }
    }

    params! {
        struct Params {
            /// Whether it still runs after the first two places.
            runs: bool = true;
        }
    }

    fn space(p: &Params) -> GeneralSpace<Walker> {
        GeneralSpace::encoded(Walker { runs: p.runs }).with_encoded_actions()
    }

    catalogue_entry! {
        "moody", Params,
        "A walker that may run.",
        source "A walk",
        "walk" => space, violates "never arrives";
    }
}

/// A state within a state within a state, of which one field changes.
pub(crate) mod ledger {
    use allways::prelude::*;

    message! {
        #[derive(Copy)]
        struct Deposit { account: u8, amount: u32 }
    }

    state! {
        struct Bank {
            branch: Branch,
            open: bool,
        }

        struct Branch {
            town: String,
            accounts: Map<u8, Account>,
        }

        struct Account {
            owner: Owner,
            balance: u32,
        }

        struct Owner {
            name: String,
            visits: u8,
        }
    }

    struct Teller;

    impl Actor for Teller {
        type Msg = Deposit;
        type State = Bank;
        type Timer = ();
        type Random = ();
        type Storage = ();

        fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Bank {
            let account = |name: &str| Account {
                owner: Owner {
                    name: name.to_owned(),
                    visits: 0,
                },
                balance: 10,
            };
            Bank {
                branch: Branch {
                    town: "Aachen".to_owned(),
                    accounts: [(1, account("Ann")), (2, account("Bob"))]
                        .into_iter()
                        .collect(),
                },
                open: true,
            }
        }

        fn on_msg(&self, _: Id, bank: &mut Cow<'_, Bank>, _: Id, msg: Deposit, _: &mut Out<Self>) {
            if let Some(account) = bank.to_mut().branch.accounts.get_mut(&msg.account) {
                account.balance += msg.amount;
            }
        }
    }

    params! {
        struct Params {}
    }

    fn system(_: &Params) -> System<Deposit> {
        let mut sys = System::new();
        let teller = sys.actor("teller", Teller);
        let deposit = Deposit {
            account: 2,
            amount: 32,
        };
        sys.stimulus("Bob pays in", teller.id(), deposit);
        sys.always("nobody is richer", move |s| {
            s[teller]
                .branch
                .accounts
                .values()
                .all(|account| account.balance <= 10)
        });
        sys
    }

    catalogue_entry! {
        "ledger", Params,
        "A bank, deep inside of which one balance changes.",
        source "A bank",
        "deposit" => system, violates "nobody is richer";
    }
}
