//! A reliable link made from a fair-loss one: what it takes.
//!
//! Source: "Understanding Distributed Systems: Coordination", chapter 6, System Models. The contracts are those of Cachin, Guerraoui and Rodrigues,
//! "Introduction to Reliable and Secure Distributed Programming" (2011), 2.4: reliable delivery, no duplication, no creation.
//!
//! A sender has messages for a receiver. The link between them may lose and duplicate whatever it carries, but what is sent again and again
//! arrives again and again. The text says that a reliable link "can be implemented on top of a fair-loss one by de-duplicating messages
//! at the receiving side". Taken literally (`dedup-only`) that is half of it: what is sent once and lost never arrives. Retransmission
//! until an acknowledgement comes is the other half, and by itself (`retransmit`) it delivers twice what the link did not even duplicate.
//! Only both together make a reliable link.
//!
//! And that link is only as good as the knowledge of who sent what. The text's third model "additionally assumes that the receiver can authenticate
//! the sender": without it (`forged`) one arbitrary process makes the receiver deliver in the sender's name what the sender never sent.
//!
//! Where the source leaves something open:
//! - Retransmission is by a timer per message, which is set again until the acknowledgement comes. Acknowledgements are lost and
//!   duplicated like everything else; the receiver acknowledges whatever it gets.
//! - The arbitrary process knows one message that is not the sender's, and sends it once, to whom and in whose name it likes.
//! - The receiver counts deliveries up to the second, which is one too many.
//!
//! With the default parameters:
//!
//! | variant | unique states | generated | depth |
//! | --- | --- | --- | --- |
//! | `raw` | 324 | 1,837 | 6 |
//! | `dedup-only` | 100 | 541 | 4 |
//! | `retransmit` | 648 | 4,393 | 7 |
//! | `retransmit-dedup` | 200 | 1,321 | 5 |
//! | `forged` | 3,800 | 38,281 | 8 |
//! | `authenticated` | 1,000 | 9,401 | 7 |

use allways::prelude::*;

message! {
    enum Msg {
        /// The application's message.
        Data(u8),
        /// It has arrived.
        Ack(u8),
    }
}

/// What is done about loss and duplication, and who else is there.
#[derive(Clone, Copy, Default)]
struct Design {
    retransmits: bool,
    deduplicates: bool,
    liar: Option<Liar>,
}

/// A process with arbitrary faults, and whether links tell who really sent a message.
#[derive(Clone, Copy, PartialEq)]
enum Liar {
    Unauthenticated,
    Authenticated,
}

struct Sender {
    receiver: Id,
    messages: u8,
    retransmits: bool,
}

impl Actor for Sender {
    type Msg = Msg;
    /// What was acknowledged.
    type State = Set<u8>;
    /// The message to send again.
    type Timer = u8;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Set<u8> {
        for message in 1..=self.messages {
            self.send(message, o);
        }
        Set::new()
    }

    fn on_msg(
        &self,
        _: Id,
        acknowledged: &mut Cow<'_, Set<u8>>,
        _: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        if let Msg::Ack(message) = msg
            && !acknowledged.contains(&message)
        {
            acknowledged.to_mut().insert(message);
            o.cancel_timer(message);
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, Set<u8>>, message: &u8, o: &mut Out<Self>) {
        self.send(*message, o);
    }
}

impl Sender {
    fn send(&self, message: u8, o: &mut Out<Self>) {
        o.send(self.receiver, Msg::Data(message));
        if self.retransmits {
            o.set_timer(message, model_timeout());
        }
    }
}

struct Receiver {
    sender: Id,
    deduplicates: bool,
}

impl Actor for Receiver {
    type Msg = Msg;
    /// How often each message was delivered to the application, up to twice.
    type State = Map<u8, u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Map<u8, u8> {
        Map::new()
    }

    fn on_msg(
        &self,
        _: Id,
        delivered: &mut Cow<'_, Map<u8, u8>>,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        if let Msg::Data(message) = msg
            && src == self.sender
        {
            let count = delivered.get(&message).copied().unwrap_or(0);
            if count == 0 || (count == 1 && !self.deduplicates) {
                delivered.to_mut().insert(message, count + 1);
            }
            o.send(src, Msg::Ack(message));
        }
    }
}

/// Has no part in the protocol.
struct Outsider;

impl Actor for Outsider {
    type Msg = Msg;
    type State = ();
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) {}
}

params! {
    struct Params {
        /// messages that the sender has
        messages: u8 = 2, 1..=7;
    }
}

fn system(p: &Params, design: Design) -> System<Msg> {
    let mut sys = System::new();
    let receiver = sys.reserve("receiver");
    let sender = Sender {
        receiver: receiver.id(),
        messages: p.messages,
        retransmits: design.retransmits,
    };
    let sender = sys.actor("sender", sender);
    let deduplicates = design.deduplicates;
    sys.set(
        receiver,
        Receiver {
            sender: sender.id(),
            deduplicates,
        },
    );
    let link = Link::fair_loss().duplicating();
    sys.links(link);

    let messages = p.messages;
    if let Some(liar) = design.liar {
        let outsider = sys.actor("outsider", Outsider);
        let lie = Msg::Data(messages + 1);
        sys.byzantine(outsider, Byzantine::new().sends(1).alphabet([lie]));
        if liar == Liar::Unauthenticated {
            sys.links(link.unauthenticated());
        }
    }
    sys.always("no creation", move |s| {
        s[receiver]
            .keys()
            .all(|message| (1..=messages).contains(message))
    });
    sys.always("no duplicate", move |s| {
        s[receiver].values().all(|&count| count == 1)
    });
    sys.eventually("every message is delivered", move |s| {
        (1..=messages).all(|message| s[receiver].contains_key(&message))
    });
    if design.retransmits {
        sys.always("what is acknowledged is not sent again", move |s| {
            let mut acknowledged = s[sender].iter();
            acknowledged.all(|message| !s.has_timer(sender, message))
        });
        // Else it would send for ever.
        sys.stabilises(
            "in the end the sender knows that all has arrived",
            move |s| (1..=messages).all(|message| s[sender].contains(&message)),
        );
    }
    if design.retransmits {
        // What is sent again makes good for what was not sent at once.
        let sent_again = sys.observer("sent again", false, |_, event| {
            matches!(event, Event::TimedOut(_)).then_some(true)
        });
        sys.observer_wants(sent_again, |event| matches!(event, Event::TimedOut(_)));
        sys.reachable("all is delivered, and nothing was sent again", move |s| {
            s[receiver].len() >= usize::from(messages) && !s[sent_again]
        });
    }
    sys.reachable("a message is delivered", move |s| !s[receiver].is_empty());
    sys
}

catalogue_entry! {
    "links", Params,
    "A reliable link from a fair-loss one: retransmission and de-duplication, each alone and both.",
    source "Understanding Distributed Systems: Coordination, chapter 6",
    "raw" => |p| system(p, Design::default()),
        violates "no duplicate",
        violates "every message is delivered";
    "dedup-only" => |p| system(p, Design { deduplicates: true, ..Design::default() }),
        violates "every message is delivered";
    "retransmit" => |p| system(p, Design { retransmits: true, ..Design::default() }),
        violates "no duplicate";
    "retransmit-dedup" => |p| system(p, Design { retransmits: true, deduplicates: true, liar: None }),
        mistake "no de-duplication" => |p| system(p, Design { retransmits: true, ..Design::default() });
    "forged" => |p| system(p, Design { retransmits: true, deduplicates: true, liar: Some(Liar::Unauthenticated) }),
        violates "no creation";
    "authenticated" => |p| system(p, Design { retransmits: true, deduplicates: true, liar: Some(Liar::Authenticated) });
}
